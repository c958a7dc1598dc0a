/** What the bar venue tells: reports of orders, evidence of fills, and the prices that must wake it. */
import type { ExecutionReport } from '../core/execution.ts';
import type { WorkingState } from '../core/order.ts';
import type { PriceTicks, Qty, TsUs } from '../core/units.ts';
import type { SimOrder } from './orders.ts';
import { Fresh, Kind, State } from './orders.ts';

export function reportOf(
  kind: ExecutionReport['kind'],
  order: SimOrder,
  tsUs: number,
): ExecutionReport {
  const working: WorkingState =
    order.state === State.held
      ? 'held'
      : order.state === State.live
        ? 'live'
        : order.state === State.elected
          ? 'triggered'
          : 'none';
  const isEarlyEnd = kind === 'Canceled' || kind === 'Expired';
  const report = {
    kind,
    clOrdId: order.clOrdId,
    orderId: order.orderId,
    contractIndex: order.contractIndex,
    tsUs: tsUs as TsUs,
    orderQty: order.qty as Qty,
    cumQty: order.cum as Qty,
    leavesQty: (isEarlyEnd ? 0 : order.leaves) as Qty,
    working,
  };
  if (isNaN(order.limit) && isNaN(order.stop)) return report;
  if (isNaN(order.limit)) return { ...report, stopTicks: order.stop as PriceTicks };
  if (isNaN(order.stop)) return { ...report, limitTicks: order.limit as PriceTicks };
  return {
    ...report,
    limitTicks: order.limit as PriceTicks,
    stopTicks: order.stop as PriceTicks,
  };
}

/** Sets the range outside which a bar of the contract may change an order. */
export function wakeBounds(
  orders: readonly SimOrder[],
  contractIndex: number,
  wakeLow: Float64Array,
  wakeHigh: Float64Array,
): void {
  let low = -Infinity;
  let high = Infinity;
  for (let i = 0; i < orders.length; i += 1) {
    const order = orders[i]!;
    const isImmediate = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
    const dir = order.isLimitNow() ? -order.side : order.triggerDir();
    const level = order.isLimitNow() ? order.limit : order.stop;
    const ratchetAt = order.kind === Kind.trailing && dir !== 0 ? order.nextRatchet() : NaN;
    const isAnyBar =
      order.isMarketNow() || isImmediate || order.fresh !== Fresh.no || ratchetAt === -Infinity;
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
