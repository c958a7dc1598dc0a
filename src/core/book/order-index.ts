/**
 * From a venue's 64-bit order id to the slot of the order. Open addressing over halves of ids: a `Map` of bigints makes an
 * object for every lookup. The flat world.
 */

export class OrderIndex {
  /** Slot + 1; 0 is empty. A power of two long, at most half full. */
  #table: Int32Array;
  #mask: number;
  #high: Uint32Array;
  #low: Uint32Array;
  size: number = 0;

  constructor(capacity: number) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * capacity)));
    this.#table = new Int32Array(length);
    this.#mask = length - 1;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
  }

  /** Slots below `capacity` may be used. */
  reserve(capacity: number): void {
    if (capacity <= this.#high.length) return;
    const high = new Uint32Array(capacity);
    const low = new Uint32Array(capacity);
    high.set(this.#high);
    low.set(this.#low);
    this.#high = high;
    this.#low = low;
  }

  idOf(slot: number): bigint {
    return (BigInt(this.#high[slot]!) << 32n) | BigInt(this.#low[slot]!);
  }

  /** -1 where the id is not known. */
  find(high: number, low: number): number {
    const table = this.#table;
    for (let at = hashOf(high, low) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = table[at]! - 1;
      if (slot < 0) return -1;
      if (this.#low[slot] === low && this.#high[slot] === high) return slot;
    }
  }

  /** An id that is not known yet. */
  insert(high: number, low: number, slot: number): void {
    if (2 * (this.size + 1) > this.#table.length) this.#rehash();
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#place(slot);
    this.size += 1;
  }

  /** The id of a slot that is known. Those that were pushed on by it move back, so no marks remain. */
  remove(slot: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let hole = hashOf(this.#high[slot]!, this.#low[slot]!) & mask;
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const other = table[at]! - 1;
      const home = hashOf(this.#high[other]!, this.#low[other]!) & mask;
      // It may fill the hole unless its home lies behind the hole.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table[hole] = table[at]!;
      hole = at;
    }
    table[hole] = 0;
    this.size -= 1;
  }

  clear(): void {
    this.#table.fill(0);
    this.size = 0;
  }

  #place(slot: number): void {
    const table = this.#table;
    let at = hashOf(this.#high[slot]!, this.#low[slot]!) & this.#mask;
    while (table[at] !== 0) at = (at + 1) & this.#mask;
    table[at] = slot + 1;
  }

  #rehash(): void {
    const old = this.#table;
    this.#table = new Int32Array(2 * old.length);
    this.#mask = this.#table.length - 1;
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
  }
}

/** Ids of a venue count up: every bit of both halves must reach the low bits. */
function hashOf(high: number, low: number): number {
  let hash = low ^ Math.imul(high, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
