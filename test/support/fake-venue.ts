/** A venue simple enough to be obviously right: bars only, no slippage, full fills, one fee a contract. */
import type { BarColumns } from '../../src/core/bars.ts';
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../src/core/execution.ts';
import type { ExecutionSink, SimulatedVenue } from '../../src/core/ports.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import { TS_MAX } from '../../src/core/units.ts';

interface Resting {
  readonly request: NewOrderRequest;
  readonly group: OrderGroupRequest | null;
  stop: number | null;
  limit: number | null;
  isHeld: boolean;
  qty: number;
}

export const FAKE_CAPABILITIES: VenueCapabilities = {
  venue: 'fake',
  orderTypes: ['market', 'limit', 'stop'],
  timesInForce: ['day', 'gtc', 'gtd'],
  triggers: ['last'],
  features: {
    replace: true,
    reduceOnly: true,
    postOnly: false,
    iceberg: false,
    protection: false,
    groups: ['bracket', 'oco', 'ouo', 'multi-target'],
  },
};

export class FakeVenue implements SimulatedVenue {
  readonly capabilities: VenueCapabilities = FAKE_CAPABILITIES;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly requests: NewOrderRequest[] = [];
  readonly #feeMicros: number;
  readonly #resting: Map<string, Resting> = new Map();
  #sink: ExecutionSink | null = null;
  #fills = 0;

  constructor(contracts: number, feeMicros = 0) {
    this.wakeLow = new Float64Array(contracts).fill(-Infinity);
    this.wakeHigh = new Float64Array(contracts).fill(Infinity);
    this.#feeMicros = feeMicros;
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  submit(request: NewOrderRequest): void {
    this.#rest(request, null, false);
  }

  submitGroup(group: OrderGroupRequest): void {
    if (group.entry !== null) this.#rest(group.entry, group, false);
    for (const child of group.children) this.#rest(child.order, group, group.entry !== null);
  }

  replace(request: ReplaceRequest): void {
    const order = this.#resting.get(request.clOrdId);
    if (order === undefined)
      return this.#report('ReplaceRejected', request.clOrdId, 0, request.sentUs);
    if (request.qty !== undefined) order.qty = request.qty;
    if (request.limitTicks !== undefined) order.limit = request.limitTicks;
    if (request.stopTicks !== undefined) order.stop = request.stopTicks;
    this.#report('Replaced', request.clOrdId, order.request.contractIndex, request.sentUs, {
      orderQty: order.qty as Qty,
      ...(order.limit === null ? {} : { limitTicks: order.limit as PriceTicks }),
      ...(order.stop === null ? {} : { stopTicks: order.stop as PriceTicks }),
    });
  }

  cancel(request: CancelRequest): void {
    const order = this.#resting.get(request.clOrdId);
    if (order === undefined)
      return this.#report('CancelRejected', request.clOrdId, 0, request.sentUs);
    this.#drop(order, request.sentUs, 'user');
    if (order.group?.entry?.clOrdId === request.clOrdId)
      for (const child of this.#peers(order))
        if (child.isHeld) this.#drop(child, request.sentUs, 'entry-gone');
  }

  onBar(contractIndex: number, bars: BarColumns, row: number): void {
    const openUs = bars.openUs[row]!;
    const closeUs = bars.closeUs[row]! as TsUs;
    const isSample = openUs === closeUs;
    const [open, high, low] = [bars.open[row]!, bars.high[row]!, bars.low[row]!];
    for (const order of Array.from(this.#resting.values())) {
      const { request } = order;
      if (request.contractIndex !== contractIndex || order.isHeld) continue;
      if (!this.#resting.has(request.clOrdId)) continue;
      if (isSample ? request.sentUs >= openUs : request.sentUs > openUs) continue;
      const price = fillPrice(order, open, high, low);
      if (price !== null) this.#fill(order, price, closeUs);
    }
    this.#wake(contractIndex);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    for (const order of Array.from(this.#resting.values())) {
      const { request } = order;
      const isDay = (request.spec.timeInForce ?? 'day') === 'day';
      if (request.contractIndex !== contractIndex || !isDay || request.sentUs >= closeUs) continue;
      this.#resting.delete(request.clOrdId);
      this.#report('Expired', request.clOrdId, contractIndex, closeUs, { reason: 'day-end' });
    }
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    for (const order of Array.from(this.#resting.values()))
      if (order.request.contractIndex === contractIndex)
        this.#drop(order, tsUs, 'contract-expired');
  }

  onTime(nowUs: TsUs): void {
    for (const order of Array.from(this.#resting.values())) {
      if ((order.request.spec.expireUs ?? TS_MAX) > nowUs) continue;
      this.#resting.delete(order.request.clOrdId);
      this.#report('Expired', order.request.clOrdId, order.request.contractIndex, nowUs, {
        reason: 'gtd',
      });
    }
  }

  nextTimerUs(): TsUs {
    let next = TS_MAX;
    for (const { request } of this.#resting.values())
      if (request.spec.expireUs !== undefined && request.spec.expireUs < next)
        next = request.spec.expireUs;
    return next;
  }

  setPosition(): void {}

  #rest(request: NewOrderRequest, group: OrderGroupRequest | null, isHeld: boolean): void {
    const { spec } = request;
    this.requests.push(request);
    this.#resting.set(request.clOrdId, {
      request,
      group,
      stop: 'stopTicks' in spec ? (spec.stopTicks ?? null) : null,
      limit: 'limitTicks' in spec ? spec.limitTicks : null,
      isHeld,
      qty: spec.qty,
    });
    this.#wake(request.contractIndex);
    this.#report('Accepted', request.clOrdId, request.contractIndex, request.sentUs, {
      orderId: `V-${request.clOrdId}`,
      working: isHeld ? 'held' : 'live',
    });
  }

  #fill(order: Resting, price: number, tsUs: TsUs): void {
    const { clOrdId, contractIndex } = order.request;
    this.#resting.delete(clOrdId);
    this.#fills += 1;
    this.#report('Fill', clOrdId, contractIndex, tsUs, {
      fill: {
        execId: `F-${this.#fills}`,
        lastQty: order.qty as Qty,
        lastPriceTicks: price as PriceTicks,
        feeMicros: (order.qty * this.#feeMicros) as CashMicros,
        commissionMicros: 0 as CashMicros,
      },
    });
    const isEntry = order.group?.entry?.clOrdId === clOrdId;
    for (const peer of this.#peers(order)) {
      if (isEntry) this.#release(peer, order, price, tsUs);
      else if (order.group!.peers !== 'none') this.#drop(peer, tsUs, 'oco-peer');
    }
  }

  #release(child: Resting, entry: Resting, price: number, tsUs: TsUs): void {
    child.isHeld = false;
    const level = child.group!.children.find(
      (c) => c.order.clOrdId === child.request.clOrdId,
    )!.level;
    if (level !== undefined && 'offsetTicks' in level) {
      const sign = child.stop !== null ? -entry.request.spec.side : entry.request.spec.side;
      if (child.stop !== null) child.stop = price + sign * level.offsetTicks;
      else child.limit = price + sign * level.offsetTicks;
    }
    this.#report('Released', child.request.clOrdId, child.request.contractIndex, tsUs, {
      ...(child.stop === null ? {} : { stopTicks: child.stop as PriceTicks }),
      ...(child.limit === null ? {} : { limitTicks: child.limit as PriceTicks }),
    });
  }

  #peers(order: Resting): Resting[] {
    if (order.group === null) return [];
    return Array.from(this.#resting.values()).filter(
      (other) => other.group === order.group && other !== order,
    );
  }

  #drop(order: Resting, tsUs: TsUs, reason: string): void {
    if (!this.#resting.delete(order.request.clOrdId)) return;
    this.#report('Canceled', order.request.clOrdId, order.request.contractIndex, tsUs, { reason });
  }

  #wake(contractIndex: number): void {
    const isWaiting = Array.from(this.#resting.values()).some(
      (o) => o.request.contractIndex === contractIndex,
    );
    this.wakeHigh[contractIndex] = isWaiting ? -Infinity : Infinity;
  }

  #report(
    kind: ExecutionReport['kind'],
    clOrdId: string,
    contractIndex: number,
    tsUs: TsUs,
    more: Partial<ExecutionReport> = {},
  ): void {
    this.#sink!.onReport({
      kind,
      clOrdId: clOrdId as ExecutionReport['clOrdId'],
      orderId: null,
      contractIndex,
      tsUs,
      ...more,
    });
  }
}

function fillPrice(order: Resting, open: number, high: number, low: number): number | null {
  const { side } = order.request.spec;
  if (order.stop !== null) {
    if (side === 1) return high >= order.stop ? Math.max(open, order.stop) : null;
    return low <= order.stop ? Math.min(open, order.stop) : null;
  }
  if (order.limit !== null) {
    if (side === 1) return low < order.limit ? order.limit : null;
    return high > order.limit ? order.limit : null;
  }
  return open;
}
