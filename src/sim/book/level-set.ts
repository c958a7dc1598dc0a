/**
 * An ordered set of small whole numbers: the price levels of one side that hold orders. A word of 32 bits says which of 32
 * numbers are in; a word above says which of 32 words are not empty; and so on. Each question costs one word a layer.
 */
import { assert } from '../../core/errors.ts';

const BITS = 5;
const WIDTH = 32;

/** Lowest set bit of a word that is not 0. */
const lowestOf = (word: number): number => 31 - Math.clz32(word & -word);
/** Highest set bit of a word that is not 0. */
const highestOf = (word: number): number => 31 - Math.clz32(word);

export class LevelSet {
  /** Numbers that it can hold: 0 up to, not including, this. */
  readonly size: number;
  readonly #layers: readonly Int32Array[];

  /** `size`: a power of 32, at least 32. */
  constructor(size: number) {
    const layers: Int32Array[] = [];
    for (let words = size / WIDTH; ; words /= WIDTH) {
      assert(Number.isInteger(words) && words >= 1, 'the size of a level set is a power of 32');
      layers.push(new Int32Array(words));
      if (words === 1) break;
    }
    this.size = size;
    this.#layers = layers;
  }

  has(index: number): boolean {
    return (this.#layers[0]![index >> BITS]! & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    for (const layer of this.#layers) {
      const word = index >> BITS;
      const before = layer[word]!;
      layer[word] = before | (1 << (index & 31));
      if (before !== 0) return;
      index = word;
    }
  }

  delete(index: number): void {
    for (const layer of this.#layers) {
      const word = index >> BITS;
      const after = layer[word]! & ~(1 << (index & 31));
      layer[word] = after;
      if (after !== 0) return;
      index = word;
    }
  }

  /** The lowest number in the set, or -1. */
  first(): number {
    return this.#down(this.#layers.length, 0, lowestOf);
  }

  /** The highest number in the set, or -1. */
  last(): number {
    return this.#down(this.#layers.length, 0, highestOf);
  }

  /** The lowest number above `index`, or -1. */
  after(index: number): number {
    for (let k = 0; k < this.#layers.length; k += 1) {
      const word = index >> BITS;
      const bit = index & 31;
      const rest = bit === 31 ? 0 : this.#layers[k]![word]! & (-1 << (bit + 1));
      if (rest !== 0) return this.#down(k, (word << BITS) + lowestOf(rest), lowestOf);
      index = word;
    }
    return -1;
  }

  /** The highest number below `index`, or -1. */
  before(index: number): number {
    for (let k = 0; k < this.#layers.length; k += 1) {
      const word = index >> BITS;
      const rest = this.#layers[k]![word]! & ((1 << (index & 31)) - 1);
      if (rest !== 0) return this.#down(k, (word << BITS) + highestOf(rest), highestOf);
      index = word;
    }
    return -1;
  }

  /** From an entry of layer `k` (the layers' count: the root) down to the number that `pick` chooses in each word. */
  #down(k: number, index: number, pick: (word: number) => number): number {
    for (let layer = k - 1; layer >= 0; layer -= 1) {
      const word = this.#layers[layer]![index]!;
      if (word === 0) return -1;
      index = (index << BITS) + pick(word);
    }
    return index;
  }
}
