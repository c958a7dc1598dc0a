/**
 * The prices of one side in order, worst first, so that what changes most, the best, stands at the end and little is moved.
 * The flat world: two arrays that grow by doubling.
 */
import type { BookSide } from './types.ts';

/** Levels looked at one by one from the best before the search begins. */
const NEAR = 6;

export class Ladder {
  readonly side: BookSide;
  length: number = 0;
  /** side × price, increasing: bids and asks are searched alike. */
  #keys: Float64Array;
  #slots: Int32Array;

  constructor(side: BookSide, capacity: number) {
    this.side = side;
    this.#keys = new Float64Array(capacity);
    this.#slots = new Int32Array(capacity);
  }

  /** NaN below the last level. */
  priceAt(depth: number): number {
    const row = this.length - 1 - depth;
    return row >= 0 && depth >= 0 ? this.side * this.#keys[row]! : NaN;
  }

  /** -1 below the last level. */
  slotAt(depth: number): number {
    const row = this.length - 1 - depth;
    return row >= 0 && depth >= 0 ? this.#slots[row]! : -1;
  }

  /** Slot of a price, or -1. */
  slotOf(price: number): number {
    const row = this.#rowOf(price);
    return this.#isAt(row, price) ? this.#slots[row]! : -1;
  }

  depthOf(price: number): number {
    const row = this.#rowOf(price);
    return this.#isAt(row, price) ? this.length - 1 - row : -1;
  }

  /** A price that is not there yet. */
  insert(price: number, slot: number): void {
    const row = this.#rowOf(price);
    if (this.length === this.#keys.length) this.#grow();
    this.#keys.copyWithin(row + 1, row, this.length);
    this.#slots.copyWithin(row + 1, row, this.length);
    this.#keys[row] = this.side * price;
    this.#slots[row] = slot;
    this.length += 1;
  }

  /** A price that is there. */
  remove(price: number): void {
    const row = this.#rowOf(price);
    this.#keys.copyWithin(row, row + 1, this.length);
    this.#slots.copyWithin(row, row + 1, this.length);
    this.length -= 1;
  }

  #isAt(row: number, price: number): boolean {
    return row < this.length && this.#keys[row] === this.side * price;
  }

  /** The first row whose key is at or above that of the price. */
  #rowOf(price: number): number {
    const key = this.side * price;
    const keys = this.#keys;
    let high = this.length;
    const near = Math.max(0, high - NEAR);
    while (high > near && keys[high - 1]! >= key) high -= 1;
    if (high > near || high === 0) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const capacity = 2 * this.#keys.length;
    const keys = new Float64Array(capacity);
    const slots = new Int32Array(capacity);
    keys.set(this.#keys);
    slots.set(this.#slots);
    this.#keys = keys;
    this.#slots = slots;
  }
}
