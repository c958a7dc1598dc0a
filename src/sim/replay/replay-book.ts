/**
 * A record with our orders over it: what they trade with in replay mode. The record never changes because of us; what we
 * took is kept in a ledger, and each resting order of ours in its place of the record's queue. All orders here are ours, so
 * they never trade with each other, whatever their group.
 */
import type { BookWatch, OrderBook } from '../../core/book/order-book.ts';
import type { BookSide, BookView } from '../../core/book/types.ts';
import type { FillEvidence } from '../../core/execution.ts';
import type { Side } from '../../core/order.ts';
import type { Aggressor, MatchSink, OrderHandle, SelfTradeMode } from '../book/limit-book.ts';
import type { Liquidity } from '../exchange/liquidity.ts';
import { RECORD } from '../exchange/liquidity.ts';
import type { LedgerMode } from './ledger.ts';
import { ConsumptionLedger } from './ledger.ts';
import { OwnOrder, OwnSide } from './own-orders.ts';
import type { QueueModel } from './queue-model.ts';
import { QueuePosition } from './queue-model.ts';

export interface ReplayBookOptions {
  /** What the record shows; the caller keeps it up to date. */
  readonly view: BookView;
  /** Whether a price beyond the worst level is empty (true) or only not shown. */
  readonly isWhole: boolean;
  /** The same book, where the record has single orders. */
  readonly orders?: OrderBook;
  readonly queue: QueueModel;
  readonly ledger: LedgerMode;
  readonly isSlipping: boolean;
  readonly impactTicksPerLot: number;
  /** Said of every trade with what is shown. */
  readonly flags?: readonly string[];
}

/** The event of the record that is being carried out. */
export interface MarketEvent {
  tsUs: number;
  priceTicks: number;
  qty: number;
  aggressor: Side | 0;
  from: 'record' | 'quotes' | 'ticks' | null;
}

/** Half of what a print took and the record has not shown yet: everything better than its price, and some at it. */
interface Printed {
  priceTicks: number;
  qty: number;
}

/** Evidence before its numbers get their units. */
export type Noted = {
  readonly [K in keyof FillEvidence]?: FillEvidence[K] extends number | undefined
    ? number
    : FillEvidence[K];
};

export class ReplayBook implements Liquidity, BookWatch {
  readonly isRecorded: boolean = true;
  isPaused: boolean = false;
  evidence: FillEvidence | null = null;
  /** Events of the record so far. */
  eventCount: number = 0;
  readonly event: MarketEvent = { tsUs: NaN, priceTicks: NaN, qty: NaN, aggressor: 0, from: null };
  readonly #ownBids: OwnSide = new OwnSide(1);
  readonly #ownAsks: OwnSide = new OwnSide(-1);
  /** Orders that came to rest across the market, as long as the market stays there. */
  inside: OwnOrder[] = [];
  readonly #options: ReplayBookOptions;
  readonly #view: BookView;
  readonly #orders: OrderBook | null;
  readonly #bidLedger: ConsumptionLedger;
  readonly #askLedger: ConsumptionLedger;
  readonly #bidsPrinted: Printed = { priceTicks: NaN, qty: 0 };
  readonly #asksPrinted: Printed = { priceTicks: NaN, qty: 0 };
  readonly #byHandle: Map<OrderHandle, OwnOrder> = new Map();
  #lastHandle: OrderHandle = 0;

  constructor(options: ReplayBookOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#orders = options.orders ?? null;
    this.#bidLedger = new ConsumptionLedger(options.ledger);
    this.#askLedger = new ConsumptionLedger(options.ledger);
  }

  /** Our orders of a side. */
  own(side: Side): OwnSide {
    return side > 0 ? this.#ownBids : this.#ownAsks;
  }

  #ledgerOf(side: Side): ConsumptionLedger {
    return side > 0 ? this.#bidLedger : this.#askLedger;
  }

  #printedOf(side: Side): Printed {
    return side > 0 ? this.#bidsPrinted : this.#asksPrinted;
  }

  // -------------------------------------------------------------------------------------------------- reading

  get orderCount(): number {
    return this.#byHandle.size;
  }

  bestTicks(side: Side): number {
    return this.#view.priceAt(side, 0);
  }

  /** Contracts that the record shows. */
  shownQty(side: Side, priceTicks: number): number {
    const depth = this.#view.depthOf(side, priceTicks);
    return depth < 0 ? 0 : this.#view.qtyAt(side, depth);
  }

  /** Contracts that the record shows and that we did not take. */
  totalQty(side: Side, priceTicks: number): number {
    return this.#availableAt(side, priceTicks, this.shownQty(side, priceTicks));
  }

  countAt(side: Side, priceTicks: number): number {
    return this.own(side).at(priceTicks)?.length ?? 0;
  }

  worsePrice(side: Side, priceTicks: number): number {
    const depth = this.#view.depthOf(side, priceTicks);
    return depth < 0 ? NaN : this.#view.priceAt(side, depth + 1);
  }

  /** Our orders at a price. */
  forEachAt(
    side: Side,
    priceTicks: number,
    each: (handle: OrderHandle, shownQty: number, leavesQty: number) => void,
  ): void {
    for (const order of this.own(side).at(priceTicks) ?? [])
      each(order.handle, order.sliceQty, order.leavesQty);
  }

  /** Contracts before an order of ours: those of the record, and our own that came earlier. */
  queueAhead(handle: OrderHandle): number {
    const order = this.#byHandle.get(handle);
    return order === undefined ? NaN : this.aheadOf(order);
  }

  aheadOf(order: OwnOrder): number {
    let ahead = order.place.aheadNow(this.isEmptyAt(order.side, order.priceTicks));
    for (const other of this.own(order.side).at(order.priceTicks)!) {
      if (other === order) break;
      ahead += other.sliceQty;
    }
    return ahead;
  }

  isResting(order: OwnOrder): boolean {
    return this.#byHandle.has(order.handle);
  }

  /** The record shows that nobody stands at the price, because all its levels of that side are worse. */
  isEmptyAt(side: Side, priceTicks: number): boolean {
    return !((priceTicks - this.#view.priceAt(side, 0)) * side <= 0);
  }

  /** Contracts at a price; NaN where the record does not reach so far. */
  #seenQty(side: Side, priceTicks: number): number {
    const depth = this.#view.depthOf(side, priceTicks);
    if (depth >= 0) return this.#view.qtyAt(side, depth);
    if (this.#options.isWhole || this.isEmptyAt(side, priceTicks)) return 0;
    const worst = this.#view.priceAt(side, this.#view.levelCount(side) - 1);
    return (priceTicks - worst) * side < 0 ? NaN : 0;
  }

  #availableAt(side: Side, priceTicks: number, shownQty: number): number {
    const available = this.#ledgerOf(side).available(priceTicks, shownQty);
    return Math.max(0, available - this.#printedAt(side, priceTicks, shownQty));
  }

  #printedAt(side: Side, priceTicks: number, shownQty: number): number {
    const printed = this.#printedOf(side);
    if (priceTicks === printed.priceTicks) return printed.qty;
    return (priceTicks - printed.priceTicks) * side > 0 ? shownQty : 0;
  }

  // ------------------------------------------------------------------------------------------- resting orders

  restAt(side: Side, priceTicks: number, qty: number, displayQty: number): OrderHandle {
    this.#lastHandle += 1;
    const isInside = (priceTicks - this.bestTicks(side === 1 ? -1 : 1)) * side >= 0;
    const order = new OwnOrder(
      this.#lastHandle,
      side,
      priceTicks,
      qty,
      displayQty,
      this.#join(side, priceTicks),
      this.eventCount,
      isInside,
    );
    this.own(side).add(order);
    if (isInside) this.inside.push(order);
    this.#byHandle.set(order.handle, order);
    this.#watch();
    return order.handle;
  }

  #join(side: Side, priceTicks: number): QueuePosition {
    return new QueuePosition(
      this.#options.queue,
      this.#seenQty(side, priceTicks),
      this.#orders?.joinSeq,
    );
  }

  cancel(handle: OrderHandle): number {
    const order = this.#byHandle.get(handle);
    if (order === undefined) return 0;
    this.#byHandle.delete(handle);
    this.own(order.side).remove(order);
    this.#watch();
    return order.leavesQty;
  }

  reduce(handle: OrderHandle, leavesQty: number): boolean {
    const order = this.#byHandle.get(handle);
    if (order === undefined || leavesQty < 1 || leavesQty > order.leavesQty) return false;
    order.leavesQty = leavesQty;
    order.sliceQty = Math.min(order.sliceQty, leavesQty);
    return true;
  }

  /** Takes filled contracts off an order; an iceberg shows its next part at the end of the queue. Returns what is open. */
  takeOff(order: OwnOrder, qty: number): number {
    const leaves = order.leavesQty - qty;
    if (leaves === 0) {
      this.cancel(order.handle);
      return 0;
    }
    order.leavesQty = leaves;
    order.sliceQty -= qty;
    if (order.sliceQty > 0) return leaves;
    order.slice();
    order.place = this.#join(order.side, order.priceTicks);
    const own = this.own(order.side);
    own.remove(order);
    own.add(order);
    return leaves;
  }

  /** Changes of single orders and levels are heard only while something of ours depends on them. */
  #watch(): void {
    if (this.#orders === null) return;
    const isNeeded =
      this.#byHandle.size > 0 || this.#ledgerOf(1).size > 0 || this.#ledgerOf(-1).size > 0;
    this.#orders.watch = isNeeded ? this : null;
  }

  // --------------------------------------------------------------------------------------------- taking what is shown

  available(aggressor: Aggressor): number {
    const { side, limitTicks, qty, selfTrade = 'cancel-resting' } = aggressor;
    const isStopped = selfTrade === 'cancel-aggressor' || selfTrade === 'cancel-both';
    const other: Side = side === 1 ? -1 : 1;
    const first = isStopped ? this.own(other).best : NaN;
    let sum = 0;
    for (let depth = 0; sum < qty; depth += 1) {
      const price = this.#view.priceAt(other, depth);
      if (!((limitTicks - price) * side >= 0) || (price - first) * side >= 0) break;
      sum += this.#availableAt(other, price, this.#view.qtyAt(other, depth));
    }
    return Math.min(sum, qty);
  }

  matchAt(
    side: Side,
    limitTicks: number,
    qty: number,
    _group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    const other: Side = side === 1 ? -1 : 1;
    let left = qty;
    let depth = 0;
    let price = NaN;
    this.isPaused = false;
    while (left > 0 && !this.isPaused) {
      const recorded = this.#view.priceAt(other, depth);
      const own = Number.isNaN(price) ? this.own(other).best : this.own(other).worse(price);
      price = (own - recorded) * side < 0 || Number.isNaN(recorded) ? own : recorded;
      if (!((limitTicks - price) * side >= 0)) break;
      const shown = price === recorded ? this.#view.qtyAt(other, depth) : 0;
      if (price === recorded) depth += 1;
      left = this.#takeLevel(other, price, shown, left, mode, sink);
    }
    return left;
  }

  /** What is shown at one price; an order of ours is met where those before it are gone. Negative: prevented. */
  #takeLevel(
    other: Side,
    price: number,
    shown: number,
    qty: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    const before = this.#availableAt(other, price, shown);
    const gone = shown - before;
    let available = before;
    let left = qty;
    const own = this.own(other).at(price);
    if (own !== undefined) {
      for (const order of own.slice()) {
        if (left === 0) return 0;
        const ahead = Math.max(0, (order.place.aheadNow(shown === 0) || 0) - gone);
        const part = Math.min(left, available, Math.max(0, ahead - (before - available)));
        available -= part;
        left = this.#take(other, price, shown, part, left, sink);
        if (left === 0 || this.isPaused) return left;
        // All orders here are ours: those that are no peers are kept apart all the same.
        left = this.#selfTrade(order, left, sink.meet?.(order.handle) ?? mode, sink);
        if (left < 0) return left;
      }
    }
    return this.#take(other, price, shown, Math.min(left, available), left, sink);
  }

  #take(
    other: Side,
    price: number,
    shown: number,
    part: number,
    left: number,
    sink: MatchSink,
  ): number {
    if (!(part > 0)) return left;
    const ledger = this.#ledgerOf(other);
    const withheld = shown - this.#availableAt(other, price, shown);
    this.consume(other, price, part);
    this.note('take-shown', this.#options.flags === undefined, {
      marketPriceTicks: price,
      marketQty: shown,
      ...(withheld > 0 && ledger.size > 0 ? { withheldQty: withheld } : {}),
    });
    const isPaused = sink.onTrade(RECORD, price, part, 0);
    this.evidence = null;
    this.isPaused = isPaused;
    return left - part;
  }

  /** Marks shown contracts as taken by us. */
  consume(side: Side, priceTicks: number, qty: number): void {
    const shown = this.shownQty(side, priceTicks);
    const ledger = this.#ledgerOf(side);
    const printed = this.#printedOf(side);
    const fromPrint = this.#printedAt(side, priceTicks, shown);
    if (fromPrint > 0) {
      ledger.onPrint(priceTicks, shown, fromPrint);
      if (printed.priceTicks === priceTicks && this.#options.ledger !== 'off') printed.qty = 0;
    }
    ledger.take(priceTicks, shown - fromPrint, qty);
    this.#watch();
  }

  #selfTrade(order: OwnOrder, left: number, mode: SelfTradeMode, sink: MatchSink): number {
    if (mode === 'cancel-aggressor') return -left;
    const leaves = order.leavesQty;
    const qty = mode === 'decrement' ? Math.min(left, leaves) : leaves;
    if (qty === leaves) this.cancel(order.handle);
    else this.reduce(order.handle, leaves - qty);
    sink.onSelfTrade(order.handle, order.priceTicks, qty, leaves - qty);
    if (mode === 'cancel-both') return -left;
    return mode === 'decrement' ? left - qty : left;
  }

  /** One price for what the record does not show: a tick beyond its worst, or more by the size. */
  beyond(side: Side, limitTicks: number, qty: number, sink: MatchSink): void {
    if (!this.#options.isSlipping) return;
    const other: Side = side === 1 ? -1 : 1;
    const worst = this.#view.priceAt(other, this.#view.levelCount(other) - 1);
    if (Number.isNaN(worst)) return;
    const slip = Math.max(1, Math.ceil(this.#options.impactTicksPerLot * qty));
    const price = worst + side * slip;
    if ((limitTicks - price) * side < 0) return;
    this.note('take-synthetic', false, {
      marketPriceTicks: worst,
      marketQty: 0,
      slippageTicks: slip,
      flags: ['synthetic-liquidity', ...(this.#options.flags ?? [])],
    });
    sink.onTrade(RECORD, price, qty, 0);
    this.evidence = null;
  }

  /** Auctions are the record's: `ReplayMarket` fills what took part. */
  uncross(_priceTicks: number, qty: number): number {
    return qty;
  }

  /** Says what the next fills rest on. */
  note(rule: string, isCertain: boolean, more: Noted): void {
    const { event } = this;
    this.evidence = {
      rule,
      certain: isCertain,
      roundedTicks: 0,
      slippageTicks: 0,
      marketUs: event.tsUs,
      ...(this.#options.flags === undefined ? {} : { flags: this.#options.flags }),
      ...more,
    } as FillEvidence;
  }

  // ------------------------------------------------------------------------------------- the record moves on

  /** A print took contracts of a side that the record still shows. */
  onPrint(side: Side, priceTicks: number, qty: number): void {
    const printed = this.#printedOf(side);
    if (printed.priceTicks === priceTicks) printed.qty += qty;
    else if (!((priceTicks - printed.priceTicks) * side > 0)) {
      printed.priceTicks = priceTicks;
      printed.qty = qty;
    }
  }

  /** The record shows a side as it is now, prints included. */
  onShown(side: Side): void {
    this.#printedOf(side).priceTicks = NaN;
  }

  /** Another size at a price; 0 where the level is gone or out of sight. */
  onSize(side: Side, priceTicks: number, qty: number, tsUs: number): void {
    const ledger = this.#ledgerOf(side);
    if (ledger.size > 0) ledger.onSize(priceTicks, qty);
    this.#onOwnLevel(side, priceTicks, qty, tsUs);
  }

  #onOwnLevel(side: Side, priceTicks: number, qty: number, tsUs: number): void {
    const own = this.own(side);
    if (own.prices.length === 0) return;
    const level = own.at(priceTicks);
    if (level === undefined) return;
    for (let k = 0; k < level.length; k += 1) {
      if (qty === 0) level[k]!.place.onHidden();
      else level[k]!.place.onSize(qty, tsUs);
    }
  }

  /** The best price of a side is this one now: levels that would be better are gone. */
  onBest(side: Side, priceTicks: number): void {
    const ledger = this.#ledgerOf(side);
    if (ledger.size > 0) ledger.dropBetterThan(priceTicks, side);
  }

  onLess(side: BookSide, price: number, joinSeq: number, by: number): void {
    const level = this.own(side).at(price);
    if (level === undefined) return;
    for (let k = 0; k < level.length; k += 1) level[k]!.place.onOrder(joinSeq, by);
  }

  onLevel(side: BookSide, price: number, qty: number): void {
    const ledger = this.#ledgerOf(side);
    if (ledger.size > 0) ledger.onSize(price, qty);
    // Places by single orders follow `onLess`.
    if (this.#options.queue.name !== 'mbo') this.#onOwnLevel(side, price, qty, this.event.tsUs);
  }

  /** Orders across the market are like others once the market has moved away from them. */
  leaveInside(): void {
    for (const order of this.inside) {
      const opposite = this.#view.priceAt(order.side === 1 ? -1 : 1, 0);
      if (!((order.priceTicks - opposite) * order.side >= 0)) order.isInside = false;
    }
    this.inside = this.inside.filter((order) => order.isInside && this.isResting(order));
  }

  /** Forgets what we took: a session's book is another one. */
  clearMarks(): void {
    for (const side of [1, -1] as const) {
      this.#ledgerOf(side).clear();
      this.onShown(side);
    }
    this.#watch();
  }
}
