/** What the bar venue tells: reports of orders, evidence of fills, and the prices that must wake it. */
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  ReplaceRequest,
  VenueFill,
} from '../core/execution.ts';
import type { WorkingState } from '../core/order.ts';
import type { PriceTicks, Qty, TsUs } from '../core/units.ts';
import type { SimOrder } from './orders.ts';
import { Fresh, Kind, State } from './orders.ts';

/** A report in one shape, whatever it tells: fields that it leaves out are undefined. */
class Report {
  readonly kind: ExecutionReport['kind'];
  readonly clOrdId: SimOrder['clOrdId'];
  readonly orderId: string;
  readonly contractIndex: number;
  readonly tsUs: TsUs;
  readonly orderQty: Qty;
  readonly cumQty: Qty;
  readonly leavesQty: Qty;
  readonly working: WorkingState;
  readonly limitTicks: PriceTicks | undefined;
  readonly stopTicks: PriceTicks | undefined;
  readonly reason: string | undefined;
  readonly fill: VenueFill | undefined;

  constructor(
    kind: ExecutionReport['kind'],
    order: SimOrder,
    tsUs: number,
    reason: string | undefined,
    fill: VenueFill | undefined,
  ) {
    const isEarlyEnd = kind === 'Canceled' || kind === 'Expired';
    this.kind = kind;
    this.clOrdId = order.clOrdId;
    this.orderId = order.orderId;
    this.contractIndex = order.contractIndex;
    this.tsUs = tsUs as TsUs;
    this.orderQty = order.qty as Qty;
    this.cumQty = order.cum as Qty;
    this.leavesQty = (isEarlyEnd ? 0 : order.leaves) as Qty;
    this.working = WORKING_BY_STATE[order.state]!;
    this.limitTicks = isNaN(order.limit) ? undefined : (order.limit as PriceTicks);
    this.stopTicks = isNaN(order.stop) ? undefined : (order.stop as PriceTicks);
    this.reason = reason;
    this.fill = fill;
  }
}

const WORKING_BY_STATE: Readonly<Record<number, WorkingState>> = {
  [State.held]: 'held',
  [State.live]: 'live',
  [State.elected]: 'triggered',
  [State.done]: 'none',
};

export function reportOf(
  kind: ExecutionReport['kind'],
  order: SimOrder,
  tsUs: number,
  reason?: string,
  fill?: VenueFill,
): ExecutionReport {
  // Absent and undefined are one to a reader of reports.
  return new Report(kind, order, tsUs, reason, fill) as ExecutionReport;
}

/** Sets the range outside which a bar of the contract may change an order. */
export function wakeBounds(
  orders: readonly SimOrder[],
  contractIndex: number,
  wakeLow: Float64Array,
  wakeHigh: Float64Array,
  isAlways: boolean,
  spreadTicks: number,
): void {
  let low = -Infinity;
  let high = isAlways ? -Infinity : Infinity;
  for (let i = 0; i < orders.length; i += 1) {
    const order = orders[i]!;
    const isImmediate = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
    const isLimit = order.isLimitNow();
    const isDormant = order.isDormant();
    const dir = isLimit || isDormant ? -order.side : order.triggerDir();
    const trigger = order.isBidAsk ? order.stop - order.side * spreadTicks : order.stop;
    const level = isLimit ? order.limit : isDormant ? order.activation : trigger;
    const isRatchet = order.kind === Kind.trailing && !isLimit && !isDormant && dir !== 0;
    const ratchetAt = isRatchet ? order.nextRatchet() : NaN;
    const isAnyBar =
      order.isMarketNow() ||
      isImmediate ||
      order.fresh !== Fresh.no ||
      order.timeInForce === 'at-open' ||
      order.timeInForce === 'at-close' ||
      ratchetAt === -Infinity;
    if (isAnyBar) high = -Infinity;
    else if (dir > 0) {
      high = Math.min(high, level);
      if (!isNaN(ratchetAt)) low = Math.max(low, ratchetAt);
    } else {
      low = Math.max(low, level);
      if (!isNaN(ratchetAt)) high = Math.min(high, ratchetAt);
    }
  }
  wakeLow[contractIndex] = low;
  wakeHigh[contractIndex] = high;
}

/** The venue takes no order from this request. */
export function rejectionOf(request: NewOrderRequest, reason: string): ExecutionReport {
  return {
    kind: 'Rejected',
    clOrdId: request.clOrdId,
    orderId: null,
    contractIndex: request.contractIndex,
    tsUs: request.sentUs,
    reason,
  };
}

/** A change or cancel that is not carried out. `endedAt`: the contract of an order that has ended, if it was one. */
export function refusalOf(
  kind: 'ReplaceRejected' | 'CancelRejected',
  request: ReplaceRequest | CancelRequest,
  reason: string,
  order: SimOrder | undefined,
  endedAt: number | undefined,
): ExecutionReport {
  return {
    kind,
    clOrdId: request.clOrdId,
    orderId: order?.orderId ?? request.orderId,
    contractIndex: order?.contractIndex ?? endedAt ?? -1,
    tsUs: request.sentUs,
    reason,
  };
}
