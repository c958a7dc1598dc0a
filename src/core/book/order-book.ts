/**
 * A book of orders: price levels in order, and in each the orders by priority. It knows no feed and no rule of a market but
 * one: what keeps an order's place. The flat world: arrays by slot, lists through them, free slots used again.
 */
import { assert } from '../errors.ts';
import { Ladder } from './ladder.ts';
import { OrderIndex } from './order-index.ts';
import type { BookSide, BookView } from './types.ts';

/** An order from outside: the slot with the generation that it had, so that a slot used again is told from the order before. */
export type OrderRef = number;

/** Slots of a reference; generations take the bits above. */
const SLOTS_MAX = 2 ** 26;
const GENERATIONS = 2 ** 26;
const NONE = -1;

export interface OrderBookOptions {
  /** Slots to begin with; the arrays double when they are full. */
  readonly orders?: number;
  readonly levels?: number;
  /** Collects which levels change, for whoever tells of them. Default false. */
  readonly isTracked?: boolean;
}

/** Hears each change of a book while it happens. It must not change the book. */
export interface BookWatch {
  /** An order has `by` contracts less, or left its place with them. `joinSeq`: when it joined that place. */
  onLess(side: BookSide, price: number, joinSeq: number, by: number): void;
  /** A level has this many contracts now; 0 where it is gone. */
  onLevel(side: BookSide, price: number, qty: number): void;
}

/** Levels that changed, each once or more, since the last `clear`. */
export class LevelChanges {
  length: number = 0;
  side: Int8Array = new Int8Array(64);
  price: Float64Array = new Float64Array(64);

  add(side: BookSide, price: number): void {
    const last = this.length - 1;
    if (last >= 0 && this.side[last] === side && this.price[last] === price) return;
    if (this.length === this.side.length) {
      const sides = new Int8Array(2 * this.length);
      const prices = new Float64Array(2 * this.length);
      sides.set(this.side);
      prices.set(this.price);
      this.side = sides;
      this.price = prices;
    }
    this.side[this.length] = side;
    this.price[this.length] = price;
    this.length += 1;
  }

  clear(): void {
    this.length = 0;
  }
}

/**
 * Ids are 64 bits in two unsigned halves; `find` and `addOrder` of a number id: `(id / 2 ** 32) >>> 0`, `id >>> 0`.
 *
 * @example
 * const book = new OrderBook();
 * const slot = book.addOrder(0, 7, 1, 100, 5);
 * book.qtyAhead(slot) // => 0
 */
export class OrderBook implements BookView {
  readonly bids: Ladder;
  readonly asks: Ladder;
  readonly changes: LevelChanges | null;
  watch: BookWatch | null = null;
  /** Counts every order that joined the end of a level. */
  joinSeq: number = 0;
  readonly #index: OrderIndex;
  // Orders by slot. A free slot's `next` is the next free one.
  #orderNext: Int32Array;
  #orderPrev: Int32Array;
  #orderLevel: Int32Array;
  #orderQty: Float64Array;
  /** `joinSeq` when the order took its place. */
  #orderJoined: Float64Array;
  #generation: Uint32Array;
  #freeOrder: number = NONE;
  #orderEnd: number = 0;
  // Levels by slot.
  #levelPrice: Float64Array;
  #levelSide: Int8Array;
  #levelQty: Float64Array;
  #levelOrders: Int32Array;
  #levelHead: Int32Array;
  #levelTail: Int32Array;
  #freeLevel: number = NONE;
  #levelEnd: number = 0;

  constructor(options: OrderBookOptions = {}) {
    const orders = Math.max(2, options.orders ?? 1024);
    const levels = Math.max(2, options.levels ?? 256);
    this.bids = new Ladder(1, levels);
    this.asks = new Ladder(-1, levels);
    this.changes = options.isTracked === true ? new LevelChanges() : null;
    this.#index = new OrderIndex(orders);
    this.#orderNext = new Int32Array(orders);
    this.#orderPrev = new Int32Array(orders);
    this.#orderLevel = new Int32Array(orders).fill(NONE);
    this.#orderQty = new Float64Array(orders);
    this.#orderJoined = new Float64Array(orders);
    this.#generation = new Uint32Array(orders);
    this.#levelPrice = new Float64Array(levels);
    this.#levelSide = new Int8Array(levels);
    this.#levelQty = new Float64Array(levels);
    this.#levelOrders = new Int32Array(levels);
    this.#levelHead = new Int32Array(levels);
    this.#levelTail = new Int32Array(levels);
  }

  /** Orders in the book. */
  get size(): number {
    return this.#index.size;
  }

  get bestBid(): number {
    return this.bids.priceAt(0);
  }

  get bestAsk(): number {
    return this.asks.priceAt(0);
  }

  get isCrossed(): boolean {
    return this.bids.priceAt(0) >= this.asks.priceAt(0);
  }

  levelCount(side: BookSide): number {
    return this.#ladder(side).length;
  }

  priceAt(side: BookSide, depth: number): number {
    return this.#ladder(side).priceAt(depth);
  }

  qtyAt(side: BookSide, depth: number): number {
    const level = this.#ladder(side).slotAt(depth);
    return level === NONE ? 0 : this.#levelQty[level]!;
  }

  ordersAt(side: BookSide, depth: number): number {
    const level = this.#ladder(side).slotAt(depth);
    return level === NONE ? 0 : this.#levelOrders[level]!;
  }

  depthOf(side: BookSide, price: number): number {
    return this.#ladder(side).depthOf(price);
  }

  /** Slot of an order, or -1. */
  find(idHigh: number, idLow: number): number {
    return this.#index.find(idHigh, idLow);
  }

  /** The order of highest priority at a level, or -1. */
  firstAt(side: BookSide, depth: number): number {
    const level = this.#ladder(side).slotAt(depth);
    return level === NONE ? NONE : this.#levelHead[level]!;
  }

  /** The order behind another in its level, or -1. */
  nextOf(slot: number): number {
    return this.#orderNext[slot]!;
  }

  idOf(slot: number): bigint {
    return this.#index.idOf(slot);
  }

  sideOf(slot: number): BookSide {
    return this.#levelSide[this.#orderLevel[slot]!]! as BookSide;
  }

  priceOf(slot: number): number {
    return this.#levelPrice[this.#orderLevel[slot]!]!;
  }

  qtyOf(slot: number): number {
    return this.#orderQty[slot]!;
  }

  /** Contracts that trade before this order at its price. Costs a step for each order ahead. */
  qtyAhead(slot: number): number {
    let ahead = 0;
    for (let at = this.#orderPrev[slot]!; at !== NONE; at = this.#orderPrev[at]!)
      ahead += this.#orderQty[at]!;
    return ahead;
  }

  ordersAhead(slot: number): number {
    let ahead = 0;
    for (let at = this.#orderPrev[slot]!; at !== NONE; at = this.#orderPrev[at]!) ahead += 1;
    return ahead;
  }

  /** A reference that outlives the order: `slotOf` says whether it still stands. */
  refOf(slot: number): OrderRef {
    return this.#generation[slot]! * SLOTS_MAX + slot;
  }

  /** -1 once the order is gone, also when its slot has another one. */
  slotOf(ref: OrderRef): number {
    const slot = ref % SLOTS_MAX;
    const isSame = this.#generation[slot] === Math.floor(ref / SLOTS_MAX);
    return isSame && this.#orderLevel[slot] !== NONE ? slot : NONE;
  }

  /** Adds an order behind all others of its price. The id must not be in the book; `qty` is above 0. */
  addOrder(idHigh: number, idLow: number, side: BookSide, price: number, qty: number): number {
    assert(qty > 0, 'an order in the book has a quantity');
    const slot = this.#takeOrder();
    this.#index.insert(idHigh, idLow, slot);
    this.#orderQty[slot] = qty;
    this.#append(slot, side, price);
    return slot;
  }

  /** Takes contracts off an order, which keeps its place; with none left it leaves the book. */
  reduceOrder(slot: number, by: number): void {
    const left = this.#orderQty[slot]! - by;
    if (left <= 0) {
      this.removeOrder(slot);
      return;
    }
    const level = this.#orderLevel[slot]!;
    this.#orderQty[slot] = left;
    this.#levelQty[level]! -= by;
    if (this.watch !== null) this.#tellLess(slot, level, by);
    this.#touch(level);
  }

  removeOrder(slot: number): void {
    this.#unlink(slot);
    this.#index.remove(slot);
    this.#orderLevel[slot] = NONE;
    this.#generation[slot] = (this.#generation[slot]! + 1) % GENERATIONS;
    this.#orderNext[slot] = this.#freeOrder;
    this.#freeOrder = slot;
  }

  /**
   * Gives an order a new side, price and quantity. It keeps its place only at the same price with no more contracts than
   * `keepsUpTo`, its present quantity when not given; else it goes behind all others of the price. True when it kept its place.
   */
  replaceOrder(
    slot: number,
    side: BookSide,
    price: number,
    qty: number,
    keepsUpTo: number = this.#orderQty[slot]!,
  ): boolean {
    assert(qty > 0, 'an order in the book has a quantity');
    const level = this.#orderLevel[slot]!;
    const before = this.#orderQty[slot]!;
    const isHere = this.#levelSide[level] === side && this.#levelPrice[level] === price;
    if (isHere && qty <= keepsUpTo) {
      this.#orderQty[slot] = qty;
      this.#levelQty[level]! += qty - before;
      if (qty === before) return true;
      if (this.watch !== null) this.#tellLess(slot, level, before - qty);
      this.#touch(level);
      return true;
    }
    this.#unlink(slot);
    this.#orderQty[slot] = qty;
    this.#append(slot, side, price);
    return false;
  }

  /** Removes every order. References to them no longer stand. */
  clear(): void {
    for (const side of [1, -1] as const) {
      while (this.levelCount(side) > 0) {
        for (let slot = this.firstAt(side, 0); slot !== NONE; slot = this.firstAt(side, 0))
          this.removeOrder(slot);
      }
    }
  }

  #ladder(side: BookSide): Ladder {
    return side > 0 ? this.bids : this.asks;
  }

  #touch(level: number): void {
    const side = this.#levelSide[level]! as BookSide;
    const price = this.#levelPrice[level]!;
    if (this.changes !== null) this.changes.add(side, price);
    if (this.watch !== null) this.watch.onLevel(side, price, this.#levelQty[level]!);
  }

  #tellLess(slot: number, level: number, by: number): void {
    const side = this.#levelSide[level]! as BookSide;
    this.watch!.onLess(side, this.#levelPrice[level]!, this.#orderJoined[slot]!, by);
  }

  #append(slot: number, side: BookSide, price: number): void {
    const ladder = this.#ladder(side);
    let level = ladder.slotOf(price);
    if (level === NONE) {
      level = this.#takeLevel(side, price);
      ladder.insert(price, level);
    }
    const tail = this.#levelTail[level]!;
    this.#orderLevel[slot] = level;
    this.#orderPrev[slot] = tail;
    this.#orderNext[slot] = NONE;
    if (tail === NONE) this.#levelHead[level] = slot;
    else this.#orderNext[tail] = slot;
    this.#levelTail[level] = slot;
    this.joinSeq += 1;
    this.#orderJoined[slot] = this.joinSeq;
    this.#levelQty[level]! += this.#orderQty[slot]!;
    this.#levelOrders[level]! += 1;
    this.#touch(level);
  }

  #unlink(slot: number): void {
    const level = this.#orderLevel[slot]!;
    const prev = this.#orderPrev[slot]!;
    const next = this.#orderNext[slot]!;
    if (prev === NONE) this.#levelHead[level] = next;
    else this.#orderNext[prev] = next;
    if (next === NONE) this.#levelTail[level] = prev;
    else this.#orderPrev[next] = prev;
    this.#levelQty[level]! -= this.#orderQty[slot]!;
    this.#levelOrders[level]! -= 1;
    if (this.watch !== null) this.#tellLess(slot, level, this.#orderQty[slot]!);
    this.#touch(level);
    if (this.#levelHead[level] !== NONE) return;
    this.#ladder(this.#levelSide[level]! as BookSide).remove(this.#levelPrice[level]!);
    this.#levelHead[level] = this.#freeLevel;
    this.#freeLevel = level;
  }

  #takeOrder(): number {
    const free = this.#freeOrder;
    if (free !== NONE) {
      this.#freeOrder = this.#orderNext[free]!;
      return free;
    }
    if (this.#orderEnd === this.#orderQty.length) this.#growOrders();
    this.#orderEnd += 1;
    return this.#orderEnd - 1;
  }

  /** The list of free levels runs through `head`. */
  #takeLevel(side: BookSide, price: number): number {
    let level = this.#freeLevel;
    if (level !== NONE) this.#freeLevel = this.#levelHead[level]!;
    else {
      if (this.#levelEnd === this.#levelQty.length) this.#growLevels();
      level = this.#levelEnd;
      this.#levelEnd += 1;
    }
    this.#levelPrice[level] = price;
    this.#levelSide[level] = side;
    this.#levelQty[level] = 0;
    this.#levelOrders[level] = 0;
    this.#levelHead[level] = NONE;
    this.#levelTail[level] = NONE;
    return level;
  }

  #growOrders(): void {
    const capacity = 2 * this.#orderQty.length;
    assert(capacity <= SLOTS_MAX, 'a book holds at most 67 million orders');
    this.#orderNext = grown(this.#orderNext, new Int32Array(capacity));
    this.#orderPrev = grown(this.#orderPrev, new Int32Array(capacity));
    this.#orderLevel = grown(this.#orderLevel, new Int32Array(capacity).fill(NONE));
    this.#orderQty = grown(this.#orderQty, new Float64Array(capacity));
    this.#orderJoined = grown(this.#orderJoined, new Float64Array(capacity));
    this.#generation = grown(this.#generation, new Uint32Array(capacity));
    this.#index.reserve(capacity);
  }

  #growLevels(): void {
    const capacity = 2 * this.#levelQty.length;
    this.#levelPrice = grown(this.#levelPrice, new Float64Array(capacity));
    this.#levelSide = grown(this.#levelSide, new Int8Array(capacity));
    this.#levelQty = grown(this.#levelQty, new Float64Array(capacity));
    this.#levelOrders = grown(this.#levelOrders, new Int32Array(capacity));
    this.#levelHead = grown(this.#levelHead, new Int32Array(capacity));
    this.#levelTail = grown(this.#levelTail, new Int32Array(capacity));
  }
}

function grown<Column extends Float64Array | Int32Array | Int8Array | Uint32Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}
