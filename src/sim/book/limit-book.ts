/**
 * The resting orders of one contract: a real limit order book. Levels stand in columns indexed by price, orders in slots
 * linked in time priority, free slots in a list; best prices are found through a set of levels. Nothing is allocated for an
 * order, a trade or a cancel once the columns have grown to their size.
 *
 * The book matches and rests quantity; what an order may do (types, times in force, sessions) is decided above it.
 * Prices are ticks and may be zero or below; quantities are whole contracts.
 */
import { assert, TradingError } from '../../core/errors.ts';
import type { Side } from '../../core/order.ts';
import type { AllocationStep } from './allocation.ts';
import { FIFO, isFifoOnly } from './allocation.ts';
import { LevelSet } from './level-set.ts';

/**
 * Names one order of one book for as long as it rests. The slot of an order that left is used again under another
 * generation, so a late handle finds nothing instead of a stranger's order.
 */
export type OrderHandle = number;

/** What happens where an aggressor meets a resting order of its own group. Decided by the aggressor. */
export type SelfTradeMode = 'cancel-resting' | 'cancel-aggressor' | 'cancel-both' | 'decrement';

/** Hears what a match does, in the order in which it happens. It must not change the book meanwhile. */
export interface MatchSink {
  /**
   * A resting order traded `qty` at its own price; `leavesQty` of it is still open. True stops the match there, so that the
   * book can be changed before it goes on; `isPaused` tells.
   */
  onTrade(resting: OrderHandle, priceTicks: number, qty: number, leavesQty: number): boolean;
  /** A used-up iceberg shows its next slice, at the end of its level. */
  onRefill?(resting: OrderHandle, priceTicks: number, shownQty: number): void;
  /** `qty` of a resting order was taken off because it met its own group; `leavesQty` of it is still open. */
  onSelfTrade(resting: OrderHandle, priceTicks: number, qty: number, leavesQty: number): void;
  /** Asked in place of the groups, where the aggressor's group is `ASK`. */
  readonly meet?: Meeting;
}

/** What happens where an aggressor meets this resting order; null: they trade. */
export type Meeting = (resting: OrderHandle) => SelfTradeMode | null;

/** In place of an aggressor's group: whom it may not trade with, `meet` says for each order. */
export const ASK = -1;

/** Of an order that comes to rest. */
export interface RestingOrder {
  readonly side: Side;
  readonly priceTicks: number;
  /** Open contracts, at least 1. */
  readonly qty: number;
  /** Iceberg: contracts shown at a time. Default: all. */
  readonly displayQty?: number;
  /** Orders of one group above 0 do not trade with each other. Default 0: with everyone. */
  readonly group?: number;
  /** Belongs to a lead market maker. */
  readonly isLead?: boolean;
}

/** Of an aggressor. */
export interface Aggressor {
  readonly side: Side;
  /** The worst price it takes; Infinity or -Infinity for none. */
  readonly limitTicks: number;
  readonly qty: number;
  readonly group?: number;
  /** Default `cancel-resting`. */
  readonly selfTrade?: SelfTradeMode;
  /** With the group `ASK`. */
  readonly meet?: Meeting;
}

/** One resting order of a snapshot. Rows stand best price first, and in time priority at one price. */
export interface BookRow {
  /** What the owner of the book calls the order. */
  readonly orderId: number;
  readonly side: Side;
  readonly priceTicks: number;
  /** Open contracts, and the part of them in the queue. */
  readonly leavesQty: number;
  readonly shownQty: number;
  readonly displayQty: number;
  readonly group: number;
  readonly isLead: boolean;
  /** It bettered the market last. */
  readonly isTop: boolean;
}

const NONE = -1;
const SLOT_LIMIT = 2 ** 22;
/** Levels from the lowest to the highest price of one side. */
const WINDOW_MAX = 32 ** 4;
const WINDOW_STEP = 32;
const Flag = { lead: 1 } as const;

/** One side: its levels in columns. `sign` 1 where a higher price is better. */
class BookSide {
  readonly sign: 1 | -1;
  /** Price of row 0. */
  base: number = 0;
  levels: LevelSet = new LevelSet(32);
  head: Int32Array = new Int32Array(0);
  tail: Int32Array = new Int32Array(0);
  count: Int32Array = new Int32Array(0);
  /** Contracts that can be seen, and those behind icebergs. */
  shown: Float64Array = new Float64Array(0);
  hidden: Float64Array = new Float64Array(0);
  /** Row of the best level, or -1. */
  best: number = NONE;
  /** The order that bettered the market last and still rests, or -1. */
  top: number = NONE;

  constructor(sign: 1 | -1) {
    this.sign = sign;
  }

  /** The row of a price; columns are moved or grown where it lies outside them. Errors: E_BOOK_RANGE. */
  rowOf(priceTicks: number): number {
    const row = priceTicks - this.base;
    if (row >= 0 && row < this.head.length) return row;
    return this.#makeRoom(priceTicks);
  }

  /** Rows of the columns that hold the price, or -1. */
  rowIfAny(priceTicks: number): number {
    const row = priceTicks - this.base;
    return row >= 0 && row < this.head.length && this.levels.has(row) ? row : NONE;
  }

  /** The next level away from the market, or -1. */
  worse(row: number): number {
    return this.sign > 0 ? this.levels.before(row) : this.levels.after(row);
  }

  isBetter(row: number, than: number): boolean {
    return this.sign > 0 ? row > than : row < than;
  }

  refreshBest(): void {
    this.best = this.sign > 0 ? this.levels.last() : this.levels.first();
  }

  #makeRoom(priceTicks: number): number {
    const first = this.levels.first();
    const [low, high] =
      first < 0
        ? [priceTicks, priceTicks]
        : [
            Math.min(priceTicks, this.base + first),
            Math.max(priceTicks, this.base + this.levels.last()),
          ];
    let size = Math.max(1024, this.levels.size);
    // Half of the window stays free, so that a walk of the market does not move it every few ticks.
    while (size < (high - low + 1) * 2 && size < WINDOW_MAX) size *= WINDOW_STEP;
    if (high - low + 1 > size) {
      throw new TradingError(
        'E_BOOK_RANGE',
        `a price of ${priceTicks} ticks lies ${high - low} ticks from another order of its side`,
        {
          details: { priceTicks, lowTicks: low, highTicks: high },
          rule: `the orders of one side lie within ${WINDOW_MAX} ticks`,
          fix: 'give the venue a price band, so that such an order is rejected',
        },
      );
    }
    this.#move(Math.floor((low + high - size) / 2), size);
    return priceTicks - this.base;
  }

  #move(base: number, size: number): void {
    const [from, old] = [this.levels, this.base];
    const [head, tail, count, shown, hidden] = [
      this.head,
      this.tail,
      this.count,
      this.shown,
      this.hidden,
    ];
    this.base = base;
    this.levels = new LevelSet(size);
    this.head = new Int32Array(size).fill(NONE);
    this.tail = new Int32Array(size).fill(NONE);
    this.count = new Int32Array(size);
    this.shown = new Float64Array(size);
    this.hidden = new Float64Array(size);
    for (let row = from.first(); row >= 0; row = from.after(row)) {
      const to = row + old - base;
      this.levels.add(to);
      this.head[to] = head[row]!;
      this.tail[to] = tail[row]!;
      this.count[to] = count[row]!;
      this.shown[to] = shown[row]!;
      this.hidden[to] = hidden[row]!;
    }
    this.refreshBest();
  }
}
export class LimitBook {
  readonly #bids: BookSide = new BookSide(1);
  readonly #asks: BookSide = new BookSide(-1);
  readonly #steps: readonly AllocationStep[];
  readonly #isFifo: boolean;
  #price: Int32Array = new Int32Array(0);
  #side: Int8Array = new Int8Array(0);
  /** Open contracts, hidden ones included, and the part in the queue. */
  #leaves: Int32Array = new Int32Array(0);
  #shown: Int32Array = new Int32Array(0);
  /** Shown at a time; 0 shows all. */
  #display: Int32Array = new Int32Array(0);
  #group: Int32Array = new Int32Array(0);
  #flags: Uint8Array = new Uint8Array(0);
  #next: Int32Array = new Int32Array(0);
  #prev: Int32Array = new Int32Array(0);
  #generation: Int32Array = new Int32Array(0);
  /** Of a round that shares out: contracts per slot. */
  #share: Int32Array = new Int32Array(0);
  /** Slots that never held an order begin here; the free list holds the others. */
  #used: number = 0;
  #free: number = NONE;
  #openCount: number = 0;
  #isPaused: boolean = false;

  /** `allocation`: how a level is shared out. Default: price and time priority. */
  constructor(allocation: readonly AllocationStep[] = FIFO) {
    assert(allocation.length > 0, 'an allocation has at least one step');
    this.#steps = allocation;
    this.#isFifo = isFifoOnly(allocation);
  }

  /** Whether the last match was stopped by its sink: what is left may be matched again. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Orders that rest. */
  get orderCount(): number {
    return this.#openCount;
  }

  /** Best price of a side in ticks, or NaN. */
  bestTicks(side: Side): number {
    const own = this.#of(side);
    return own.best < 0 ? NaN : own.base + own.best;
  }

  /** Contracts shown at a price. */
  shownQty(side: Side, priceTicks: number): number {
    const own = this.#of(side);
    const row = own.rowIfAny(priceTicks);
    return row < 0 ? 0 : own.shown[row]!;
  }

  /** Contracts at a price, those behind icebergs included. */
  totalQty(side: Side, priceTicks: number): number {
    const own = this.#of(side);
    const row = own.rowIfAny(priceTicks);
    return row < 0 ? 0 : own.shown[row]! + own.hidden[row]!;
  }

  /** Orders at a price. */
  countAt(side: Side, priceTicks: number): number {
    const own = this.#of(side);
    const row = own.rowIfAny(priceTicks);
    return row < 0 ? 0 : own.count[row]!;
  }

  /** The next price with orders away from the market, or NaN. */
  worsePrice(side: Side, priceTicks: number): number {
    const own = this.#of(side);
    const row = own.worse(priceTicks - own.base);
    return row < 0 ? NaN : own.base + row;
  }

  /** Calls for each order of a price in time priority: handle, shown and open contracts. */
  forEachAt(
    side: Side,
    priceTicks: number,
    each: (handle: OrderHandle, shownQty: number, leavesQty: number) => void,
  ): void {
    const own = this.#of(side);
    const row = own.rowIfAny(priceTicks);
    if (row < 0) return;
    for (let slot = own.head[row]!; slot !== NONE; slot = this.#next[slot]!)
      each(this.#handleOf(slot), this.#shown[slot]!, this.#leaves[slot]!);
  }

  /** Open contracts of an order; 0 for one that does not rest here. */
  leavesQty(handle: OrderHandle): number {
    const slot = this.#slotOf(handle);
    return slot < 0 ? 0 : this.#leaves[slot]!;
  }

  /** Price of an order in ticks; NaN for one that does not rest here. */
  priceTicks(handle: OrderHandle): number {
    const slot = this.#slotOf(handle);
    return slot < 0 ? NaN : this.#price[slot]!;
  }

  /** Contracts shown in front of an order at its price; NaN for one that does not rest here. */
  queueAhead(handle: OrderHandle): number {
    const slot = this.#slotOf(handle);
    if (slot < 0) return NaN;
    let ahead = 0;
    for (let other = this.#prev[slot]!; other !== NONE; other = this.#prev[other]!)
      ahead += this.#shown[other]!;
    return ahead;
  }

  /** Every resting order as plain data, bids before offers. Handles are no part of it: `orderIdOf` names the orders. */
  snapshot(orderIdOf: (handle: OrderHandle) => number): BookRow[] {
    const rows: BookRow[] = [];
    for (const side of [1, -1] as const) {
      const own = this.#of(side);
      for (let row = own.best; row >= 0; row = own.worse(row))
        for (let slot = own.head[row]!; slot !== NONE; slot = this.#next[slot]!)
          rows.push({
            orderId: orderIdOf(this.#handleOf(slot)),
            side,
            priceTicks: own.base + row,
            leavesQty: this.#leaves[slot]!,
            shownQty: this.#shown[slot]!,
            displayQty: this.#display[slot]!,
            group: this.#group[slot]!,
            isLead: (this.#flags[slot]! & Flag.lead) !== 0,
            isTop: own.top === slot,
          });
    }
    return rows;
  }

  /** Puts the orders of a snapshot into this book, which must be empty. Handles are new ones. Errors: E_BOOK_RANGE. */
  restore(rows: readonly BookRow[], onRest: (orderId: number, handle: OrderHandle) => void): void {
    assert(this.#openCount === 0, 'a snapshot is restored into an empty book');
    const tops: [bid: number, ask: number] = [NONE, NONE];
    for (const { orderId, side, priceTicks, leavesQty, ...more } of rows) {
      const { displayQty, group, isLead, shownQty } = more;
      const handle = this.restAt(side, priceTicks, leavesQty, displayQty, group, isLead);
      const slot = this.#slotOf(handle);
      const [own, less] = [this.#of(side), this.#shown[slot]! - shownQty];
      // A slice that had traded in part goes on where it was.
      this.#shown[slot] = shownQty;
      own.shown[priceTicks - own.base]! -= less;
      own.hidden[priceTicks - own.base]! += less;
      if (more.isTop) tops[side === 1 ? 0 : 1] = slot;
      onRest(orderId, handle);
    }
    [this.#bids.top, this.#asks.top] = tops;
  }

  /** Puts an order at the end of its price. It may cross: what trades first is the caller's. Errors: E_BOOK_RANGE. */
  rest(order: RestingOrder): OrderHandle {
    return this.restAt(
      order.side,
      order.priceTicks,
      order.qty,
      order.displayQty ?? 0,
      order.group ?? 0,
      order.isLead === true,
    );
  }

  /** `rest` without an object, for loops. `displayQty` 0 shows all. */
  restAt(
    side: Side,
    priceTicks: number,
    qty: number,
    displayQty: number,
    group: number,
    isLead: boolean,
  ): OrderHandle {
    const own = this.#of(side);
    const row = own.rowOf(priceTicks);
    const slot = this.#takeSlot();
    this.#price[slot] = priceTicks;
    this.#side[slot] = side;
    this.#leaves[slot] = qty;
    this.#display[slot] = displayQty;
    this.#group[slot] = group;
    this.#flags[slot] = isLead ? Flag.lead : 0;
    this.#openCount += 1;
    this.#enqueue(own, row, slot);
    return this.#handleOf(slot);
  }

  /** Takes an order off the book. Returns its open contracts; 0 where it does not rest here. */
  cancel(handle: OrderHandle): number {
    const slot = this.#slotOf(handle);
    if (slot < 0) return 0;
    const leaves = this.#leaves[slot]!;
    this.#remove(slot);
    return leaves;
  }

  /** Makes an order smaller where it stands: it keeps its place. Hidden contracts go first. */
  reduce(handle: OrderHandle, leavesQty: number): boolean {
    const slot = this.#slotOf(handle);
    if (slot < 0 || leavesQty < 1 || leavesQty > this.#leaves[slot]!) return false;
    const own = this.#of(this.#side[slot] as Side);
    const row = this.#price[slot]! - own.base;
    const before = this.#leaves[slot]!;
    const shown = Math.min(this.#shown[slot]!, leavesQty);
    const shownLess = this.#shown[slot]! - shown;
    own.shown[row]! -= shownLess;
    own.hidden[row]! -= before - leavesQty - shownLess;
    this.#leaves[slot] = leavesQty;
    this.#shown[slot] = shown;
    return true;
  }

  /** Moves an order to the end of a price, with another quantity: it loses its place. The handle stays. */
  requeue(handle: OrderHandle, priceTicks: number, leavesQty: number): boolean {
    const slot = this.#slotOf(handle);
    if (slot < 0 || leavesQty < 1) return false;
    const own = this.#of(this.#side[slot] as Side);
    // The window is made first: an error must leave the order where it is.
    own.rowOf(priceTicks);
    this.#dequeue(own, slot);
    this.#price[slot] = priceTicks;
    this.#leaves[slot] = leavesQty;
    this.#enqueue(own, own.rowOf(priceTicks), slot);
    return true;
  }

  /**
   * Contracts that an aggressor could take now, up to its quantity: hidden ones are counted, those of its own group are
   * not, nor what stands behind them where they would end it. A fill-or-kill asks this first.
   */
  available(aggressor: Aggressor): number {
    const other = this.#of(aggressor.side === 1 ? -1 : 1);
    const group = aggressor.group ?? 0;
    if (group === ASK) return this.#availableTo(aggressor, other);
    let sum = 0;
    for (let row = other.best; row >= 0 && sum < aggressor.qty; row = other.worse(row)) {
      if (!isWithin(other.base + row, aggressor.limitTicks, aggressor.side)) break;
      const own = group === 0 ? NONE : this.#firstOfGroup(other, row, group);
      if (own < 0) sum += other.shown[row]! + other.hidden[row]!;
      else if ((aggressor.selfTrade ?? 'cancel-resting') === 'cancel-resting') {
        for (let slot = other.head[row]!; slot !== NONE; slot = this.#next[slot]!)
          if (this.#group[slot] !== group) sum += this.#leaves[slot]!;
      } else {
        // It ends, or becomes smaller, where it meets its own group.
        const wanted = aggressor.qty - sum;
        const before = this.#beforeSlot(other, row, own, wanted);
        return before >= wanted ? aggressor.qty : sum + before;
      }
    }
    return Math.min(sum, aggressor.qty);
  }

  /** The same where each order is asked about. */
  #availableTo({ side, limitTicks, qty, meet }: Aggressor, other: BookSide): number {
    let sum = 0;
    for (let row = other.best; row >= 0 && sum < qty; row = other.worse(row)) {
      if (!isWithin(other.base + row, limitTicks, side)) break;
      const isSwept = qty - sum >= other.shown[row]! + other.hidden[row]!;
      const wanted = qty - sum;
      let before = 0;
      let all = 0;
      for (let slot = other.head[row]!; slot !== NONE; slot = this.#next[slot]!) {
        const mode = meet!(this.#handleOf(slot));
        if (mode === null) {
          before += isSwept ? this.#leaves[slot]! : this.#shown[slot]!;
          all += this.#leaves[slot]!;
        } else if (mode !== 'cancel-resting') {
          // It ends, or becomes smaller, where it meets this one; where a level is shared out, before all others.
          if (!isSwept && !this.#isFifo) return sum;
          return before >= wanted ? qty : sum + before;
        }
      }
      sum += all;
    }
    return Math.min(sum, qty);
  }

  #firstOfGroup(other: BookSide, row: number, group: number): number {
    let slot = other.head[row]!;
    while (slot !== NONE && this.#group[slot] !== group) slot = this.#next[slot]!;
    return slot;
  }

  /** Contracts that an aggressor of `qty` trades at a level before it meets the order in a slot. */
  #beforeSlot(other: BookSide, row: number, slot: number, qty: number): number {
    const isSwept = qty >= other.shown[row]! + other.hidden[row]!;
    // Where a level is shared out, its own group's orders are dealt with first.
    if (!isSwept && !this.#isFifo) return 0;
    let sum = 0;
    for (let ahead = this.#prev[slot]!; ahead !== NONE; ahead = this.#prev[ahead]!)
      sum += isSwept ? this.#leaves[ahead]! : this.#shown[ahead]!;
    return sum;
  }

  /**
   * Trades an aggressor against the other side, best price first, each at the resting price, and returns what is left of
   * it. A negative answer is what self-trade prevention took from it: that many contracts are cancelled, not left to rest.
   */
  match(aggressor: Aggressor, sink: MatchSink): number {
    const mode = aggressor.selfTrade ?? 'cancel-resting';
    return this.matchAt(
      aggressor.side,
      aggressor.limitTicks,
      aggressor.qty,
      aggressor.group ?? 0,
      mode,
      sink,
    );
  }

  /** `match` without an object, for loops. */
  matchAt(
    side: Side,
    limitTicks: number,
    qty: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    const other = this.#of(side === 1 ? -1 : 1);
    let left = qty;
    this.#isPaused = false;
    while (left > 0 && other.best >= 0 && !this.#isPaused) {
      const row = other.best;
      if (!isWithin(other.base + row, limitTicks, side)) break;
      if (left >= other.shown[row]! + other.hidden[row]!)
        left = this.#sweep(other, row, left, group, mode, sink);
      else if (this.#isFifo) left = this.#fifo(other, row, left, group, mode, sink);
      else {
        left = this.#preventAtLevel(other, row, left, group, mode, sink);
        // What was there may have changed: whether the level is swept is asked again.
        if (left > 0 && this.#isShared(other, row, left))
          left = this.#shareOut(other, row, left, sink);
      }
    }
    return left;
  }

  #isShared(other: BookSide, row: number, left: number): boolean {
    return other.best === row && left < other.shown[row]! + other.hidden[row]!;
  }

  /**
   * Trades bids against asks at one price, best price and first time on each side, hidden contracts included, up to `qty`;
   * the auction of an opening. Every crossing order must reach the price. Returns what was not traded. `mayTrade` keeps two
   * orders apart: where it says no, it has taken one of them off the book.
   */
  uncross(
    priceTicks: number,
    qty: number,
    onTrade: (bid: OrderHandle, ask: OrderHandle, qty: number) => void,
    mayTrade: (bid: OrderHandle, ask: OrderHandle) => boolean = () => true,
  ): number {
    let left = qty;
    while (left > 0 && this.#bids.best >= 0 && this.#asks.best >= 0) {
      const bidTicks = this.#bids.base + this.#bids.best;
      const askTicks = this.#asks.base + this.#asks.best;
      if (bidTicks < priceTicks || askTicks > priceTicks) break;
      const bid = this.#bids.head[this.#bids.best]!;
      const ask = this.#asks.head[this.#asks.best]!;
      const part = Math.min(left, this.#leaves[bid]!, this.#leaves[ask]!);
      const handles = [this.#handleOf(bid), this.#handleOf(ask)] as const;
      if (!mayTrade(...handles)) continue;
      this.#takeOff(bid, part);
      this.#takeOff(ask, part);
      left -= part;
      onTrade(handles[0], handles[1], part);
    }
    return left;
  }

  /** Less of an order, where it stands. */
  #takeOff(slot: number, qty: number): void {
    const leaves = this.#leaves[slot]! - qty;
    if (leaves === 0) this.#remove(slot);
    else this.reduce(this.#handleOf(slot), leaves);
  }

  /** Every order, hidden and shown, in time priority. Negative: what self-trade prevention cancelled. */
  #sweep(
    other: BookSide,
    row: number,
    left: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    const price = other.base + row;
    for (let slot = other.head[row]!; slot !== NONE && left > 0 && !this.#isPaused;) {
      const next = this.#next[slot]!;
      const met = group === 0 ? null : this.#meets(slot, group, mode, sink);
      if (met !== null) {
        left = this.#selfTrade(price, slot, left, met, sink);
      } else {
        const handle = this.#handleOf(slot);
        const qty = this.#leaves[slot]!;
        left -= qty;
        this.#remove(slot);
        this.#isPaused = sink.onTrade(handle, price, qty, 0);
      }
      slot = next;
    }
    return left;
  }

  /**
   * Time priority; a slice that is used up is followed by one at the end of the queue. Returns early where self-trade
   * prevention changed the level. Negative: what it cancelled.
   */
  #fifo(
    other: BookSide,
    row: number,
    left: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    while (left > 0 && !this.#isPaused) {
      const slot = other.head[row]!;
      const met = group === 0 ? null : this.#meets(slot, group, mode, sink);
      if (met !== null) return this.#selfTrade(other.base + row, slot, left, met, sink);
      const qty = Math.min(left, this.#shown[slot]!);
      this.#tradeShown(other, row, slot, qty, sink);
      left -= qty;
    }
    return left;
  }

  /** Where a level is shared out nobody's turn comes first: its own group's orders are dealt with before. */
  #preventAtLevel(
    other: BookSide,
    row: number,
    left: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    if (group === 0) return left;
    for (let slot = other.head[row]!; slot !== NONE && left > 0;) {
      const next = this.#next[slot]!;
      const met = this.#meets(slot, group, mode, sink);
      if (met !== null) left = this.#selfTrade(other.base + row, slot, left, met, sink);
      slot = next;
    }
    return left;
  }

  /** What happens where the aggressor meets an order, or null: they trade. */
  #meets(slot: number, group: number, mode: SelfTradeMode, sink: MatchSink): SelfTradeMode | null {
    if (group === ASK) return sink.meet!(this.#handleOf(slot));
    return this.#group[slot] === group ? mode : null;
  }

  /** One resting order of the aggressor's own group. Returns what is left of the aggressor; negative: cancelled. */
  #selfTrade(
    priceTicks: number,
    slot: number,
    left: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    if (mode === 'cancel-aggressor') return -left;
    const handle = this.#handleOf(slot);
    const leaves = this.#leaves[slot]!;
    const qty = mode === 'decrement' ? Math.min(left, leaves) : leaves;
    if (qty === leaves) this.#remove(slot);
    else this.reduce(handle, leaves - qty);
    sink.onSelfTrade(handle, priceTicks, qty, leaves - qty);
    if (mode === 'cancel-both') return -left;
    return mode === 'decrement' ? left - qty : left;
  }

  /** Trades shown contracts of one order. */
  #tradeShown(other: BookSide, row: number, slot: number, qty: number, sink: MatchSink): void {
    const handle = this.#handleOf(slot);
    const leaves = this.#leaves[slot]! - qty;
    if (leaves === 0) {
      this.#remove(slot);
    } else {
      this.#leaves[slot] = leaves;
      this.#shown[slot]! -= qty;
      other.shown[row]! -= qty;
    }
    this.#isPaused = sink.onTrade(handle, other.base + row, qty, leaves);
    if (leaves === 0 || this.#shown[slot] !== 0) return;
    this.#refill(other, row, slot);
    sink.onRefill?.(handle, other.base + row, this.#shown[slot]!);
  }

  /** The next slice of an iceberg joins the end of its level. */
  #refill(own: BookSide, row: number, slot: number): void {
    const slice = Math.min(this.#display[slot]!, this.#leaves[slot]!);
    this.#shown[slot] = slice;
    own.shown[row]! += slice;
    own.hidden[row]! -= slice;
    if (own.top === slot) own.top = NONE;
    this.#unlink(own, row, slot);
    this.#link(own, row, slot);
  }

  /** The steps of the allocation, round after round: a round ends where every shown contract is spoken for. */
  #shareOut(other: BookSide, row: number, left: number, sink: MatchSink): number {
    while (left > 0 && !this.#isPaused) {
      let open = left;
      for (const step of this.#steps) {
        if (open === 0) break;
        open -= this.#allot(step, other, row, open);
      }
      // What no step claims goes in time priority: a round always moves on.
      if (open === left) open -= this.#allotFifo(other, row, open);
      for (let slot = other.head[row]!, count = other.count[row]!; count > 0; count -= 1) {
        const next = this.#next[slot]!;
        const qty = this.#share[slot]!;
        this.#share[slot] = 0;
        // After a pause the shares of the round are void; what is left is shared out anew.
        if (qty > 0 && !this.#isPaused) {
          this.#tradeShown(other, row, slot, qty, sink);
          left -= qty;
        }
        slot = next;
      }
    }
    return left;
  }

  /** Adds one step's parts to the shares of the round and returns their sum. */
  #allot(step: AllocationStep, other: BookSide, row: number, open: number): number {
    switch (step.step) {
      case 'fifo':
        return this.#allotFifo(other, row, Math.floor((open * (step.percent ?? 100)) / 100));
      case 'top': {
        const slot = other.top;
        if (slot < 0 || this.#price[slot] !== other.base + row) return 0;
        if (this.#shown[slot]! < (step.min ?? 1)) return 0;
        return this.#allotTo(slot, Math.min(open, step.max ?? open));
      }
      case 'lead':
        return this.#allotBySize(other, row, Math.floor((open * step.percent) / 100), 1, true);
      case 'pro-rata':
        return this.#allotBySize(other, row, open, step.min ?? 2, false);
      case 'leveling': {
        let sum = 0;
        for (let slot = other.head[row]!; slot !== NONE && sum < open; slot = this.#next[slot]!)
          if (this.#share[slot] === 0) sum += this.#allotTo(slot, 1);
        return sum;
      }
    }
  }

  #allotTo(slot: number, qty: number): number {
    const part = Math.min(qty, this.#shown[slot]! - this.#share[slot]!);
    this.#share[slot]! += part;
    return part;
  }

  #allotFifo(other: BookSide, row: number, qty: number): number {
    let sum = 0;
    for (let slot = other.head[row]!; slot !== NONE && sum < qty; slot = this.#next[slot]!)
      sum += this.#allotTo(slot, qty - sum);
    return sum;
  }

  /** By the shown size that no earlier step took. */
  #allotBySize(
    other: BookSide,
    row: number,
    qty: number,
    min: number,
    isLeadOnly: boolean,
  ): number {
    let size = 0;
    for (let slot = other.head[row]!; slot !== NONE; slot = this.#next[slot]!)
      if (!isLeadOnly || (this.#flags[slot]! & Flag.lead) !== 0)
        size += this.#shown[slot]! - this.#share[slot]!;
    if (size === 0) return 0;
    let sum = 0;
    for (let slot = other.head[row]!; slot !== NONE; slot = this.#next[slot]!) {
      if (isLeadOnly && (this.#flags[slot]! & Flag.lead) === 0) continue;
      const part = Math.floor((qty * (this.#shown[slot]! - this.#share[slot]!)) / size);
      if (part >= min) sum += this.#allotTo(slot, part);
    }
    return sum;
  }

  #enqueue(own: BookSide, row: number, slot: number): void {
    const leaves = this.#leaves[slot]!;
    const display = this.#display[slot]!;
    const shown = display === 0 ? leaves : Math.min(display, leaves);
    this.#shown[slot] = shown;
    own.shown[row]! += shown;
    own.hidden[row]! += leaves - shown;
    own.count[row]! += 1;
    this.#link(own, row, slot);
    if (own.count[row] !== 1) return;
    own.levels.add(row);
    if (own.best >= 0 && !own.isBetter(row, own.best)) return;
    own.best = row;
    own.top = slot;
  }

  #dequeue(own: BookSide, slot: number): void {
    const row = this.#price[slot]! - own.base;
    const shown = this.#shown[slot]!;
    own.shown[row]! -= shown;
    own.hidden[row]! -= this.#leaves[slot]! - shown;
    own.count[row]! -= 1;
    this.#unlink(own, row, slot);
    if (own.top === slot) own.top = NONE;
    if (own.count[row] !== 0) return;
    own.levels.delete(row);
    if (own.best === row) own.best = own.worse(row);
  }

  #link(own: BookSide, row: number, slot: number): void {
    const last = own.tail[row]!;
    this.#prev[slot] = last;
    this.#next[slot] = NONE;
    if (last === NONE) own.head[row] = slot;
    else this.#next[last] = slot;
    own.tail[row] = slot;
  }

  #unlink(own: BookSide, row: number, slot: number): void {
    const next = this.#next[slot]!;
    const prev = this.#prev[slot]!;
    if (prev === NONE) own.head[row] = next;
    else this.#next[prev] = next;
    if (next === NONE) own.tail[row] = prev;
    else this.#prev[next] = prev;
  }

  #remove(slot: number): void {
    this.#dequeue(this.#of(this.#side[slot] as Side), slot);
    this.#side[slot] = 0;
    this.#generation[slot]! += 1;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#openCount -= 1;
  }

  #takeSlot(): number {
    if (this.#free !== NONE) {
      const slot = this.#free;
      this.#free = this.#next[slot]!;
      return slot;
    }
    if (this.#used === this.#price.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const length = Math.max(256, this.#price.length * 2);
    assert(length <= SLOT_LIMIT, 'a book holds at most four million orders');
    const grown = (from: Int32Array): Int32Array => {
      const to = new Int32Array(length);
      to.set(from);
      return to;
    };
    const side = new Int8Array(length);
    side.set(this.#side);
    this.#side = side;
    const flags = new Uint8Array(length);
    flags.set(this.#flags);
    this.#flags = flags;
    this.#price = grown(this.#price);
    this.#leaves = grown(this.#leaves);
    this.#shown = grown(this.#shown);
    this.#display = grown(this.#display);
    this.#group = grown(this.#group);
    this.#next = grown(this.#next);
    this.#prev = grown(this.#prev);
    this.#generation = grown(this.#generation);
    this.#share = grown(this.#share);
  }

  #handleOf(slot: number): OrderHandle {
    return this.#generation[slot]! * SLOT_LIMIT + slot;
  }

  /** The slot of an order that rests here, or -1. */
  #slotOf(handle: OrderHandle): number {
    const slot = handle % SLOT_LIMIT;
    if (!(slot >= 0 && slot < this.#used) || this.#side[slot] === 0) return NONE;
    return this.#handleOf(slot) === handle ? slot : NONE;
  }

  #of(side: Side): BookSide {
    return side === 1 ? this.#bids : this.#asks;
  }
}

/** Whether an aggressor with that limit takes that price. */
function isWithin(priceTicks: number, limitTicks: number, side: Side): boolean {
  return side === 1 ? priceTicks <= limitTicks : priceTicks >= limitTicks;
}
