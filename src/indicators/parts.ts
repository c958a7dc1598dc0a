/** The small parts of indicators: recursive means, compensated sums, single values. Flat world. */
import { badState, parseSavedNumber, toJsonNumber } from './windows.ts';
import type { Part } from './windows.ts';

/**
 * A recursive mean, seeded with the simple mean of the first `length` values, then
 * `mean += (x − mean) × numerator ÷ denominator`: 2 and length + 1 for an EMA, 1 and length for Wilder's.
 * An error of rounding fades with the values, so nothing drifts.
 */
export class RecursiveMean implements Part {
  readonly length: number;
  readonly #numerator: number;
  readonly #denominator: number;
  #count: number = 0;
  #sum: number = 0;
  /** NaN until `length` values were seen. */
  value: number = NaN;

  constructor(length: number, weight: { readonly of: 'ema' | 'rma' }) {
    this.length = length;
    this.#numerator = weight.of === 'ema' ? 2 : 1;
    this.#denominator = weight.of === 'ema' ? length + 1 : length;
  }

  push(x: number): void {
    if (this.#count >= this.length) {
      this.value += ((x - this.value) * this.#numerator) / this.#denominator;
      return;
    }
    this.#count += 1;
    this.#sum += x;
    if (this.#count === this.length) this.value = this.#sum / this.length;
  }

  rebase(shift: number, factor: number): void {
    this.value = this.value * factor + shift;
    this.#sum = this.#sum * factor + shift * this.#count;
  }

  save(): unknown {
    return { count: this.#count, sum: this.#sum, value: toJsonNumber(this.value) };
  }

  restore(state: unknown): void {
    const saved = state as { count?: unknown; sum?: unknown; value?: unknown } | null;
    if (typeof saved?.count !== 'number') throw badState('no mean stands there', state);
    this.#count = saved.count;
    this.#sum = parseSavedNumber(saved.sum, 'sum');
    this.value = parseSavedNumber(saved.value, 'value');
  }
}

/** A sum that carries what rounding took from it (Neumaier 1974): its error does not grow with the number of values. */
export class CompensatedSum implements Part {
  #sum: number = 0;
  #carry: number = 0;

  add(x: number): void {
    const next = this.#sum + x;
    this.#carry += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - next + x : x - next + this.#sum;
    this.#sum = next;
  }

  get value(): number {
    return this.#sum + this.#carry;
  }

  clear(): void {
    this.#sum = 0;
    this.#carry = 0;
  }

  /** Sums of distances scale and do not shift: the shift is not used. */
  rebase(_shift: number, factor: number): void {
    this.#sum *= factor;
    this.#carry *= factor;
  }

  save(): unknown {
    return [this.#sum, this.#carry];
  }

  restore(state: unknown): void {
    if (!Array.isArray(state) || state.length !== 2) throw badState('no sum stands there', state);
    this.#sum = parseSavedNumber(state[0], 'sum');
    this.#carry = parseSavedNumber(state[1], 'carry');
  }
}

/** A single number that is kept: a previous close, a high so far, a label. */
export class Kept implements Part {
  value: number;

  constructor(value: number = NaN) {
    this.value = value;
  }

  rebase(shift: number, factor: number): void {
    this.value = this.value * factor + shift;
  }

  save(): unknown {
    return toJsonNumber(this.value);
  }

  restore(state: unknown): void {
    this.value = parseSavedNumber(state, 'a kept value');
  }
}
