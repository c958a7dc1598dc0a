/** Draws of one actor: a pure function of seed, actor and the number of the draw, whatever others draw meanwhile. */
import type { RandomSource } from '../../core/ports.ts';

export class Chance {
  readonly #random: RandomSource;
  readonly #stream: number;
  readonly #actor: number;
  #count: number = 0;

  constructor(random: RandomSource, stream: number, actor: number) {
    this.#random = random;
    this.#stream = stream;
    this.#actor = actor;
  }

  /** In [0, 1). */
  share(): number {
    this.#count += 1;
    return this.#random.uniform(this.#stream, this.#actor, this.#count, 0);
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.share() * (to - from + 1));
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.share() * n < 1;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!;
  }

  /** A waiting time around a mean, without logarithms: triangular between 0 and twice the mean. */
  waitUs(meanUs: number): number {
    return 1 + Math.floor((this.share() + this.share()) * meanUs);
  }
}
