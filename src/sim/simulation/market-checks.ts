/**
 * What must be true of a market after every command, whatever its participants send. It hears the reports and the prints,
 * keeps its own plain account of each order, and believes nothing that the market says about itself.
 */
import type { Side } from '../../core/order.ts';
import type { ContractMarket } from '../exchange/contract-market.ts';
import type { MarketOrder, MarketReport } from '../exchange/market-order.ts';
import { isFifoOnly } from '../book/allocation.ts';
import { InvariantBroken, must } from './world-types.ts';

interface Seen {
  readonly order: MarketOrder;
  cumQty: number;
  isTriggered: boolean;
}

export class MarketChecks {
  readonly #seen: Map<number, Seen> = new Map();
  readonly #net: Map<number, number> = new Map();
  readonly #traded: Set<number> = new Set();
  #lowTicks: number = -Infinity;
  #highTicks: number = Infinity;
  /** Sum of the sides of the trade in hand. */
  #tradeId: number = 0;
  #tradeSides: number = 0;
  #tradeGroups: number[] = [];
  /** Fills and prints of the command in hand. */
  #bought: number = 0;
  #sold: number = 0;
  #printed: number = 0;
  #lastPrint: number = NaN;
  #lastAggressor: number = 0;
  #lastAggressorId: number = 0;
  readonly #isFifo: boolean;
  /** FIFO: orders at a price by the moment from which they rest there, as reports tell it. */
  readonly #rank: Map<number, number> = new Map();
  #ranks: number = 0;

  constructor(isFifo: boolean) {
    this.#isFifo = isFifo;
  }

  static for(market: { readonly allocation?: Parameters<typeof isFifoOnly>[0] }): MarketChecks {
    return new MarketChecks(market.allocation === undefined || isFifoOnly(market.allocation));
  }

  setLimits(lowTicks: number, highTicks: number): void {
    this.#lowTicks = lowTicks;
    this.#highTicks = highTicks;
  }

  netOf(participant: number): number {
    return this.#net.get(participant) ?? 0;
  }

  /** Participants that ever traded here, with their contracts. */
  positions(): IterableIterator<[number, number]> {
    return this.#net.entries();
  }

  onReport(report: MarketReport, phase: string): void {
    const { kind, order } = report;
    if (order === null) return;
    const id = order.orderId;
    if (kind === 'Accepted') {
      must(!this.#seen.has(id), 'an order is accepted once', () => ({ id }));
      this.#seen.set(id, { order, cumQty: 0, isTriggered: false });
      this.#ranks += 1;
      this.#rank.set(id, this.#ranks);
      return;
    }
    const seen = this.#seen.get(id);
    if (seen === undefined)
      throw new InvariantBroken('a terminal order is silent for ever', { id, kind });
    if (kind === 'Fill') this.#onFill(report, seen, phase);
    if (kind === 'Triggered') {
      must(phase !== 'halted' && phase !== 'closed', 'no stop is elected while nothing trades');
      seen.isTriggered = true;
    }
    // A change that may have cost the order its place: its rank is not known any more.
    if (kind !== 'Fill') this.#rank.delete(id);
    const { qty, cumQty } = order;
    must(cumQty === seen.cumQty, 'what is filled is the sum of the fills', () => ({ id, cumQty }));
    must(cumQty <= qty, 'no more is filled than was ordered', () => ({ id, cumQty, qty }));
    if (order.place !== 'done') return;
    this.#seen.delete(id);
    this.#rank.delete(id);
    const { timeInForce, input } = order;
    if (timeInForce === 'fok')
      must(cumQty === 0 || cumQty >= qty, 'a fill-or-kill trades whole or not at all', () => ({
        id,
        cumQty,
        qty,
        reason: report.reason,
        group: input.group,
      }));
    if (timeInForce === 'ioc' && input.minQty !== undefined && report.reason !== 'self-trade')
      must(cumQty === 0 || cumQty >= input.minQty, 'a minimum quantity trades or nothing does');
  }

  #onFill(report: MarketReport, seen: Seen, phase: string): void {
    const { order } = seen;
    const { lastQty, lastPriceTicks, tradeId, tsUs } = report;
    const { input } = order;
    const { side, participant, group = 0 } = input;
    must(lastQty > 0, 'a fill has contracts');
    must(phase === 'open', 'nothing trades unless the market is open', () => ({ phase, tsUs }));
    must(
      lastPriceTicks >= this.#lowTicks && lastPriceTicks <= this.#highTicks,
      'nothing trades beyond the limits of the day',
      () => ({ lastPriceTicks, low: this.#lowTicks, high: this.#highTicks }),
    );
    seen.cumQty += lastQty;
    const isLimit =
      input.type === 'limit' || input.type === 'stop-limit' || input.type === 'limit-if-touched';
    if (isLimit)
      must((order.limitTicks - lastPriceTicks) * side >= 0, 'a limit is never passed', () => ({
        id: order.orderId,
        limitTicks: order.limitTicks,
        lastPriceTicks,
      }));
    const waits = isWaiting(order);
    must(!waits || seen.isTriggered, 'a stop trades after it was elected', () => ({
      id: order.orderId,
    }));
    if (input.expireUs !== undefined)
      must(tsUs <= input.expireUs, 'nothing is filled after its expiry', () => ({
        id: order.orderId,
        tsUs,
        expireUs: input.expireUs,
      }));
    const net = this.netOf(participant);
    if (input.reduceOnly === true)
      must(lastQty <= -side * net, 'reduce-only never opens or enlarges a position', () => ({
        id: order.orderId,
        net,
        lastQty,
      }));
    this.#net.set(participant, net + side * lastQty);
    this.#traded.add(participant);
    if (tradeId !== this.#tradeId) {
      must(this.#tradeSides === 0, 'a trade has two sides of one size', () => ({
        tradeId: this.#tradeId,
      }));
      must(tradeId === this.#tradeId + 1, 'trades are numbered without a gap', () => ({ tradeId }));
      this.#tradeId = tradeId;
      this.#tradeGroups.length = 0;
    }
    this.#tradeSides += side * lastQty;
    if (group !== 0 && report.isAggressor)
      must(!this.#tradeGroups.includes(group), 'nobody trades with the own group', () => ({
        tradeId,
        group,
      }));
    this.#tradeGroups.push(group);
    if (side === 1) this.#bought += lastQty;
    else this.#sold += lastQty;
    if (report.isAggressor) this.#checkWalk(order, side, lastPriceTicks);
  }

  /** An aggressor takes better prices before worse ones. */
  #checkWalk(order: MarketOrder, side: Side, priceTicks: number): void {
    if (this.#lastAggressorId === order.orderId)
      must((priceTicks - this.#lastAggressor) * side >= 0, 'better prices trade first', () => ({
        id: order.orderId,
        before: this.#lastAggressor,
        after: priceTicks,
      }));
    this.#lastAggressorId = order.orderId;
    this.#lastAggressor = priceTicks;
  }

  onPrint(priceTicks: number, qty: number): void {
    this.#printed += qty;
    this.#lastPrint = priceTicks;
  }

  /** After a command: the market as a whole. */
  after(market: ContractMarket): void {
    this.#lastAggressorId = 0;
    if (this.#bought !== this.#sold || this.#bought !== this.#printed || this.#tradeSides !== 0)
      throw new InvariantBroken('what is bought is sold and printed', {
        bought: this.#bought,
        sold: this.#sold,
        printed: this.#printed,
      });
    if (this.#printed > 0) {
      must(market.lastTicks === this.#lastPrint, 'the last price is that of the last trade');
      for (const participant of this.#traded) {
        const netQty = this.netOf(participant);
        if (market.positionOf(participant) !== netQty)
          throw new InvariantBroken('a position is the sum of its fills', {
            participant,
            netQty,
            said: market.positionOf(participant),
          });
      }
      this.#traded.clear();
    }
    this.#bought = 0;
    this.#sold = 0;
    this.#printed = 0;
    if (market.phase !== 'open') return;
    const bid = market.book.bestTicks(1);
    const ask = market.book.bestTicks(-1);
    if (bid >= ask) throw new InvariantBroken('an open book is not crossed', { bid, ask });
  }

  /** Every level leads to the next one, and no order stands where the levels do not lead. */
  checkLevels({ book }: ContractMarket): void {
    let count = 0;
    for (const side of [1, -1] as const)
      for (let at = book.bestTicks(side); !Number.isNaN(at); at = book.worsePrice(side, at)) {
        must(Number.isSafeInteger(at), 'every order rests on the grid', () => ({ at }));
        count += book.countAt(side, at);
      }
    must(count === book.orderCount, 'every resting order stands at a level', () => ({
      count,
      orderCount: book.orderCount,
    }));
  }

  /** Time and price priority of what rests at the best prices, where levels are shared out first in, first out. */
  checkQueues(market: ContractMarket): void {
    for (const side of [1, -1] as const) {
      const best = market.book.bestTicks(side);
      if (Number.isNaN(best)) continue;
      let last = 0;
      let shown = 0;
      let open = 0;
      market.book.forEachAt(side, best, (handle, shownQty, leavesQty) => {
        const order = market.orderAt(handle)!;
        shown += shownQty;
        open += leavesQty;
        must(order.limitTicks === best, 'an order rests at its own price');
        must(leavesQty <= order.leavesQty, 'no more rests than is open', () => ({
          id: order.orderId,
        }));
        const rank = this.#rank.get(order.orderId);
        const isPlain = order.input.type === 'limit' && order.displayQty === 0;
        if (!this.#isFifo || rank === undefined || !isPlain || order.cumQty > 0) return;
        must(rank > last, 'earlier orders stand before later ones', () => ({ id: order.orderId }));
        last = rank;
      });
      must(shown === market.book.shownQty(side, best), 'a level shows the sum of its orders');
      must(open === market.book.totalQty(side, best), 'a level holds the sum of its orders');
    }
  }

  /** After the end of a session no order of the day is left; after that of a contract none at all. */
  checkSessionEnd(isExpiry: boolean): void {
    for (const { order } of this.#seen.values()) {
      const { timeInForce } = order;
      must(
        !isExpiry &&
          timeInForce !== 'day' &&
          timeInForce !== 'at-open' &&
          timeInForce !== 'at-close',
        'a session ends its day orders, an expiry every order',
        () => ({ id: order.orderId, timeInForce }),
      );
    }
  }

  /** Orders that have not ended, by what the reports said. */
  get openCount(): number {
    return this.#seen.size;
  }
  forget(orderOf: (orderId: number) => MarketOrder | null): void {
    // After a restart the records are other objects.
    for (const [id, seen] of this.#seen) {
      const order = orderOf(id);
      if (order === null) throw new InvariantBroken('a restart loses no order', { id });
      this.#seen.set(id, { ...seen, order });
    }
  }
}

function isWaiting({ input }: MarketOrder): boolean {
  const { type } = input;
  return type !== 'market' && type !== 'market-to-limit' && type !== 'limit';
}
