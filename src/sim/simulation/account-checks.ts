/**
 * What must be true of an account, counted from the messages on its connection and from nothing else: every limit, with the
 * orders that are on their way. It knows neither the risk gate nor the order manager.
 */
import type { AccountLimits, Told } from './account-port.ts';
import type { Request } from './desk.ts';
import type { MarketOrderInput } from '../exchange/market-order.ts';
import { must } from './world-types.ts';

interface Sent {
  readonly contractIndex: number;
  readonly side: 1 | -1;
  readonly isReduceOnly: boolean;
  readonly groupId: string | null;
  qty: number;
  cumQty: number;
  isHeld: boolean;
}

/** Contracts of both sides that could come of what works, in one contract. */
interface Exposure {
  buys: number;
  sells: number;
}

const marketOf = (contractIndex: number): number => Math.floor(contractIndex / 1000);

export class AccountChecks {
  readonly #limits: AccountLimits;
  readonly #orders: Map<string, Sent> = new Map();
  readonly #net: Map<number, number> = new Map();
  /** Of the orders inside the interval. */
  #sentUs: number[] = [];
  readonly #same: Map<string, number> = new Map();

  constructor(limits: AccountLimits) {
    this.#limits = limits;
  }

  netOf(contractIndex: number): number {
    return this.#net.get(contractIndex) ?? 0;
  }

  /** A request leaves. `equityMicros` and `lastTicks`: what the account knew when it decided. */
  onSend(
    request: Request,
    isForced: boolean,
    nowUs: number,
    account: { equityMicros(): number; lastTicks(contractIndex: number): number },
  ): void {
    if (request.kind === 'cancel' || request.kind === 'replace') return;
    const { contractIndex } = request;
    const legs =
      request.kind === 'new'
        ? [{ order: request.input, after: -1 }]
        : request.input.legs.map(({ order, after = -1 }) => ({ order, after }));
    const groupId = request.kind === 'group' ? request.input.groupId : null;
    for (const { order, after } of legs)
      this.#orders.set(order.clOrdId, {
        contractIndex,
        side: order.side,
        isReduceOnly: order.reduceOnly === true,
        groupId,
        qty: order.qty,
        cumQty: 0,
        isHeld: after >= 0,
      });
    if (isForced) {
      for (const { order } of legs)
        must(
          order.reduceOnly === true,
          'what the account closes by itself can only reduce',
          () => ({
            clOrdId: order.clOrdId,
          }),
        );
      return;
    }
    const exposure = this.#exposure();
    for (const { order, after } of legs)
      if (after < 0) this.#check(contractIndex, order, groupId, exposure, nowUs, account);
  }

  #check(
    contractIndex: number,
    order: MarketOrderInput,
    groupId: string | null,
    exposure: ReadonlyMap<number, Exposure>,
    nowUs: number,
    account: { equityMicros(): number; lastTicks(contractIndex: number): number },
  ): void {
    const limits = this.#limits;
    const { clOrdId, side, qty } = order;
    must(limits.tradingState !== 'halted', 'nothing leaves a halted account', () => ({ clOrdId }));
    must(qty <= limits.orderQtyMax, 'no order is larger than allowed', () => ({ clOrdId, qty }));
    this.#sentUs = this.#sentUs.filter((sentUs) => sentUs > nowUs - limits.intervalUs);
    this.#sentUs.push(nowUs);
    must(
      this.#sentUs.length <= limits.ordersPerInterval,
      'no more orders leave in an interval than allowed',
      () => ({ clOrdId, count: this.#sentUs.length }),
    );
    const { type, limitTicks, stopTicks } = order;
    if (groupId === null) {
      const key = [contractIndex, side, type, qty, limitTicks, stopTicks].join(' ');
      const before = this.#same.get(key) ?? -Infinity;
      must(nowUs - before >= limits.duplicateWindowUs, 'no order is sent twice', () => ({
        clOrdId,
        key,
      }));
      this.#same.set(key, nowUs);
    }
    const last = account.lastTicks(contractIndex);
    if (type === 'limit' && order.reduceOnly !== true) {
      const room = Math.max((Math.abs(last) * limits.collarPct) / 100, 100);
      must((limitTicks! - last) * side <= room, 'no price lies beyond the collar', () => ({
        clOrdId,
        limitTicks,
        last,
      }));
    }
    const { buys, sells } = exposure.get(contractIndex) ?? { buys: 0, sells: 0 };
    const net = this.netOf(contractIndex);
    const working = side === 1 ? buys : sells;
    const isReducing = order.reduceOnly === true || (net * side < 0 && working <= Math.abs(net));
    if (isReducing) return;
    must(limits.tradingState === 'active', 'an account that may only reduce does no more', () => ({
      clOrdId,
    }));
    const market = marketOf(contractIndex);
    let worst = 0;
    for (const [c, netQty] of this.#net) if (marketOf(c) === market) worst += netQty;
    for (const [c, each] of exposure)
      if (marketOf(c) === market) worst += side === 1 ? each.buys : -each.sells;
    must(
      Math.abs(worst) <= limits.positionQtyMax,
      'what is held and what is on its way stay within the largest position',
      () => ({ clOrdId, worst }),
    );
    const needed = this.#margin(exposure);
    must(
      needed <= account.equityMicros(),
      'initial margin is there for all that could fill',
      () => ({
        clOrdId,
        needed,
        equityMicros: account.equityMicros(),
      }),
    );
  }

  #margin(exposure: ReadonlyMap<number, Exposure>): number {
    let needed = 0;
    for (const c of new Set([...this.#net.keys(), ...exposure.keys()])) {
      const { buys, sells } = exposure.get(c) ?? { buys: 0, sells: 0 };
      const net = this.netOf(c);
      const qty = Math.max(Math.abs(net + buys), Math.abs(net - sells));
      needed += qty * this.#limits.initialMicros[marketOf(c)]!;
    }
    return needed;
  }

  /** Orders that could enlarge a position; of a group's members on one side only the largest. */
  #exposure(): Map<number, Exposure> {
    const out = new Map<number, Exposure>();
    const groups = new Map<string, Exposure>();
    for (const {
      contractIndex,
      side,
      isReduceOnly,
      isHeld,
      groupId,
      qty,
      cumQty,
    } of this.#orders.values()) {
      if (isReduceOnly || isHeld) continue;
      const open = qty - cumQty;
      const each = out.get(contractIndex) ?? { buys: 0, sells: 0 };
      out.set(contractIndex, each);
      const field = side === 1 ? 'buys' : 'sells';
      if (groupId === null) {
        each[field] += open;
        continue;
      }
      const group = groups.get(groupId) ?? { buys: 0, sells: 0 };
      groups.set(groupId, group);
      const more = Math.max(group[field], open) - group[field];
      group[field] += more;
      each[field] += more;
    }
    return out;
  }

  /** The account hears something. */
  onTold(told: Told): void {
    if (told.kind === 'settled' && told.isFinal) this.#net.delete(told.contractIndex);
    if (told.kind !== 'report') return;
    const { kind, clOrdId, fill, orderQty, contractIndex } = told.report;
    const sent = this.#orders.get(clOrdId);
    if (sent === undefined) return;
    if (fill !== undefined) {
      sent.cumQty += fill.lastQty;
      sent.isHeld = false;
      this.#net.set(contractIndex, this.netOf(contractIndex) + sent.side * fill.lastQty);
    } else if (orderQty !== undefined) sent.qty = orderQty;
    if (kind === 'Released') sent.isHeld = false;
    const isOver = kind === 'Canceled' || kind === 'Expired' || kind === 'Rejected';
    if (isOver || sent.cumQty >= sent.qty) this.#orders.delete(clOrdId);
  }

  /** A fill at the exchange, with the positions there. */
  onFill(isForced: boolean, clOrdId: string, before: number, after: number, sum: number): void {
    must(
      Math.abs(sum) <= this.#limits.positionQtyMax,
      'a position never exceeds its limit',
      () => ({ clOrdId, sum }),
    );
    if (isForced)
      must(
        Math.abs(after) < Math.abs(before) && after * before >= 0,
        'liquidation only shrinks positions',
        () => ({ clOrdId, before, after }),
      );
  }
}
