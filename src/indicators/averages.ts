/** Moving averages: simple, exponential, Wilder's and linearly weighted. */
import { SourceIndicator } from './base.ts';
import type { SourceOptions } from './base.ts';
import { checkLength } from './check.ts';
import { RecursiveMean } from './parts.ts';
import { LineWindow, MeanWindow } from './windows.ts';

/** Simple mean of the last `length` values; ready from bar `length`. Amortised O(1). */
export class Sma extends SourceIndicator {
  readonly length: number;
  readonly #window: MeanWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('sma', { length: checkLength('length', length) }, options.source);
    this.length = length;
    this.#window = this.hold('window', new MeanWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    this.value = this.#window.mean();
    this.ready = this.#window.isFull;
  }
}

/** A mean that follows with a fixed weight: shared by the EMA and Wilder's mean. */
abstract class Recursive extends SourceIndicator {
  readonly length: number;
  readonly #mean: RecursiveMean;

  constructor(of: 'ema' | 'rma', length: number, options: SourceOptions) {
    super(of, { length: checkLength('length', length) }, options.source);
    this.length = length;
    this.#mean = this.hold('mean', new RecursiveMean(length, { of }), 'level');
  }

  protected take(value: number): void {
    this.#mean.push(value);
  }

  protected refresh(): void {
    this.value = this.#mean.value;
    this.ready = !Number.isNaN(this.value);
  }
}

/**
 * Exponential moving average: `value += (x − value) × 2 / (length + 1)`, seeded with the simple mean of the first `length`
 * values; ready from bar `length`. A roll moves the stored level, so the average never sees the gap. O(1).
 */
export class Ema extends Recursive {
  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('ema', length, options);
  }
}

/** Wilder's mean: `value += (x − value) / length`, seeded with the simple mean; ready from bar `length`. O(1). */
export class Rma extends Recursive {
  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('rma', length, options);
  }
}

/** Mean with weights 1 (the oldest) to `length` (the newest); ready from bar `length`. Amortised O(1). */
export class Wma extends SourceIndicator {
  readonly length: number;
  readonly #window: LineWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('wma', { length: checkLength('length', length) }, options.source);
    this.length = length;
    this.#window = this.hold('window', new LineWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    this.value = this.#window.weightedMean();
    this.ready = this.#window.isFull;
  }
}

/** `Sma` of a column. Row i is known with row i of the input; NaN before row `length − 1`. Errors: E_INDICATOR_PARAM. */
export function sma(values: ArrayLike<number>, length: number): Float64Array {
  checkLength('length', length);
  const window = new MeanWindow(length);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    const x = values[i]!;
    if (Number.isFinite(x)) {
      window.push(x);
      out[i] = window.mean();
    } else out[i] = NaN;
  }
  return out;
}

function recursive(values: ArrayLike<number>, mean: RecursiveMean): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    const x = values[i]!;
    if (Number.isFinite(x)) {
      mean.push(x);
      out[i] = mean.value;
    } else out[i] = NaN;
  }
  return out;
}

/** `Ema` of a column. Errors: E_INDICATOR_PARAM. */
export function ema(values: ArrayLike<number>, length: number): Float64Array {
  checkLength('length', length);
  return recursive(values, new RecursiveMean(length, { of: 'ema' }));
}

/** `Rma` of a column. Errors: E_INDICATOR_PARAM. */
export function rma(values: ArrayLike<number>, length: number): Float64Array {
  checkLength('length', length);
  return recursive(values, new RecursiveMean(length, { of: 'rma' }));
}

/** `Wma` of a column. Errors: E_INDICATOR_PARAM. */
export function wma(values: ArrayLike<number>, length: number): Float64Array {
  checkLength('length', length);
  const window = new LineWindow(length);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    const x = values[i]!;
    if (Number.isFinite(x)) {
      window.push(x);
      out[i] = window.weightedMean();
    } else out[i] = NaN;
  }
  return out;
}
