/** The book of a depth feed: levels without orders, from rows of changed levels. */
import type { DepthColumns } from '../bars.ts';
import { Ladder } from './ladder.ts';
import type { BookSide, BookView } from './types.ts';

/** Called at the end of each event, when the book is consistent. */
export type DepthEventEnd = (batch: DepthColumns, row: number) => void;

/** Levels as the feed tells them; a quantity of 0 takes one away. The flat world. */
export class DepthBook implements BookView {
  readonly #bids: Ladder;
  readonly #asks: Ladder;
  #qty: Float64Array;
  #orders: Int32Array;
  /** Free slots, a stack. */
  #free: Int32Array;
  #freeCount: number = 0;
  #end: number = 0;
  /** Levels taken away that were not there. */
  unknownLevels: number = 0;
  /** Rows without a side, a price or a quantity. */
  incomplete: number = 0;

  constructor(levels: number = 256) {
    const capacity = Math.max(2, levels);
    this.#bids = new Ladder(1, capacity);
    this.#asks = new Ladder(-1, capacity);
    this.#qty = new Float64Array(capacity);
    this.#orders = new Int32Array(capacity);
    this.#free = new Int32Array(capacity);
  }

  get bestBid(): number {
    return this.#bids.priceAt(0);
  }

  get bestAsk(): number {
    return this.#asks.priceAt(0);
  }

  get isCrossed(): boolean {
    return this.bestBid >= this.bestAsk;
  }

  levelCount(side: BookSide): number {
    return this.#ladder(side).length;
  }

  priceAt(side: BookSide, depth: number): number {
    return this.#ladder(side).priceAt(depth);
  }

  qtyAt(side: BookSide, depth: number): number {
    const slot = this.#ladder(side).slotAt(depth);
    return slot < 0 ? 0 : this.#qty[slot]!;
  }

  ordersAt(side: BookSide, depth: number): number {
    const slot = this.#ladder(side).slotAt(depth);
    return slot < 0 ? 0 : this.#orders[slot]!;
  }

  depthOf(side: BookSide, price: number): number {
    return this.#ladder(side).depthOf(price);
  }

  /** Rows [from, to) of a batch; all of it when not given. */
  apply(
    batch: DepthColumns,
    onEventEnd?: DepthEventEnd,
    from: number = 0,
    to: number = batch.length,
  ): void {
    const { side, price, qty, orderCount, isEventEnd } = batch;
    for (let row = from; row < to; row += 1) {
      const way = side[row]!;
      if ((way === 1 || way === -1) && Number.isFinite(price[row]) && qty[row]! >= 0)
        this.setLevel(way, price[row]!, qty[row]!, orderCount[row]!);
      else this.incomplete += 1;
      if (isEventEnd[row] !== 0) onEventEnd?.(batch, row);
    }
  }

  setLevel(side: BookSide, price: number, qty: number, orders: number): void {
    const ladder = this.#ladder(side);
    let slot = ladder.slotOf(price);
    if (qty === 0) {
      if (slot < 0) {
        this.unknownLevels += 1;
        return;
      }
      ladder.remove(price);
      this.#free[this.#freeCount] = slot;
      this.#freeCount += 1;
      return;
    }
    if (slot < 0) {
      slot = this.#take();
      ladder.insert(price, slot);
    }
    this.#qty[slot] = qty;
    this.#orders[slot] = orders;
  }

  clear(): void {
    this.#bids.length = 0;
    this.#asks.length = 0;
    this.#freeCount = 0;
    this.#end = 0;
  }

  #ladder(side: BookSide): Ladder {
    return side > 0 ? this.#bids : this.#asks;
  }

  #take(): number {
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      return this.#free[this.#freeCount]!;
    }
    if (this.#end === this.#qty.length) {
      const capacity = 2 * this.#end;
      const qty = new Float64Array(capacity);
      const orders = new Int32Array(capacity);
      const free = new Int32Array(capacity);
      qty.set(this.#qty);
      orders.set(this.#orders);
      free.set(this.#free);
      this.#qty = qty;
      this.#orders = orders;
      this.#free = free;
    }
    this.#end += 1;
    return this.#end - 1;
  }
}
