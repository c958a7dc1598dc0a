/** Oscillators: RSI, stochastic, MACD, CCI, and Wilder's directional movement. */
import type { BarView } from '../core/strategy.ts';
import { PartedIndicator, SourceIndicator, valuesOf } from './base.ts';
import type { HighLow, Source, SourceOptions } from './base.ts';
import { checkLength, rowsOf } from './check.ts';
import { Kept, RecursiveMean } from './parts.ts';
import { trueRange } from './ranges.ts';
import { ExtremeWindow, MeanWindow, SAME_PRICE } from './windows.ts';

/**
 * Relative strength index after Wilder, 0 to 100: gains against gains and losses, each a Wilder mean of close-to-close
 * changes. 50 where nothing moved. Ready from bar `length + 1`. O(1).
 */
export class Rsi extends SourceIndicator {
  readonly length: number;
  readonly #gain: RecursiveMean;
  readonly #loss: RecursiveMean;
  readonly #previous: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number = 14, options: SourceOptions = {}) {
    super('rsi', { length: checkLength('length', length) }, options.source);
    this.length = length;
    this.#gain = this.hold('gain', new RecursiveMean(length, { of: 'rma' }), 'difference');
    this.#loss = this.hold('loss', new RecursiveMean(length, { of: 'rma' }), 'difference');
    this.#previous = this.hold('previous', new Kept(), 'level');
  }

  protected take(value: number): void {
    const change = value - this.#previous.value;
    this.#previous.value = value;
    if (!Number.isNaN(change)) {
      this.#gain.push(change > 0 ? change : 0);
      this.#loss.push(change < 0 ? -change : 0);
    }
  }

  protected refresh(): void {
    const gain = this.#gain.value;
    const moved = gain + this.#loss.value;
    const isFlat = moved <= SAME_PRICE * Math.abs(this.#previous.value);
    this.value = isFlat ? 50 : (100 * gain) / moved;
    this.ready = !Number.isNaN(this.value);
  }
}

/** `Rsi` of a column. Errors: E_INDICATOR_PARAM. */
export function rsi(values: ArrayLike<number>, length: number = 14): Float64Array {
  return valuesOf(new Rsi(length), values);
}

export interface StochasticOptions {
  /** Bars of the range; default 14. */
  readonly length?: number;
  /** Simple mean over raw %K; default 3, 1 for the fast stochastic. */
  readonly smoothK?: number;
  /** Simple mean over %K; default 3. */
  readonly smoothD?: number;
}

/**
 * Stochastic, 0 to 100: where the close stands in the range of the last `length` bars. `value` is %K, `d` its mean. 50 where
 * the range is empty. Ready from bar length + smoothK + smoothD − 2. Amortised O(1).
 */
export class Stochastic extends PartedIndicator {
  d: number = NaN;
  readonly #highs: ExtremeWindow;
  readonly #lows: ExtremeWindow;
  readonly #k: MeanWindow;
  readonly #d: MeanWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: StochasticOptions = {}) {
    const length = checkLength('length', options.length ?? 14);
    const smoothK = checkLength('smoothK', options.smoothK ?? 3);
    const smoothD = checkLength('smoothD', options.smoothD ?? 3);
    super('stochastic', { length, smoothK, smoothD });
    this.#highs = this.hold('highs', new ExtremeWindow(length, 1), 'level');
    this.#lows = this.hold('lows', new ExtremeWindow(length, -1), 'level');
    this.#k = this.hold('k', new MeanWindow(smoothK), 'free');
    this.#d = this.hold('d', new MeanWindow(smoothD), 'free');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close);
  }

  push(high: number, low: number, close: number): void {
    if (!Number.isFinite(high + low + close)) return this.skip();
    this.accept();
    this.#highs.push(high);
    this.#lows.push(low);
    if (this.#highs.isFull) {
      const bottom = this.#lows.extreme();
      const range = this.#highs.extreme() - bottom;
      const isFlat = range <= SAME_PRICE * Math.abs(bottom);
      this.#k.push(isFlat ? 50 : (100 * (close - bottom)) / range);
      if (this.#k.isFull) this.#d.push(this.#k.mean());
    }
    this.refresh();
  }

  protected refresh(): void {
    this.value = this.#k.mean();
    this.d = this.#d.mean();
    this.ready = this.#d.isFull;
  }

  protected override blank(): void {
    this.value = this.d = NaN;
  }
}

export interface StochasticColumns {
  /** %K. */
  readonly value: Float64Array;
  readonly d: Float64Array;
}

/** `Stochastic` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function stochastic(bars: HighLow, options: StochasticOptions = {}): StochasticColumns {
  const rows = rowsOf(bars, ['high', 'low', 'close']);
  const position = new Stochastic(options);
  const out = { value: new Float64Array(rows), d: new Float64Array(rows) };
  for (let i = 0; i < rows; i += 1) {
    position.push(bars.high[i]!, bars.low[i]!, bars.close[i]!);
    out.value[i] = position.value;
    out.d[i] = position.d;
  }
  return out;
}

export interface MacdOptions {
  /** Default 12. */
  readonly fast?: number;
  /** Default 26. */
  readonly slow?: number;
  /** Default 9. */
  readonly signal?: number;
  readonly source?: Source;
}

/**
 * MACD, in price: fast EMA less slow EMA; `signal` is an EMA of that, `histogram` the difference. Each average is seeded with
 * its own first values. `value` from bar `slow`, ready from bar slow + signal − 1. O(1).
 */
export class Macd extends SourceIndicator {
  signal: number = NaN;
  histogram: number = NaN;
  readonly #fast: RecursiveMean;
  readonly #slow: RecursiveMean;
  readonly #signal: RecursiveMean;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: MacdOptions = {}) {
    const fast = checkLength('fast', options.fast ?? 12);
    const slow = checkLength('slow', options.slow ?? 26);
    const signal = checkLength('signal', options.signal ?? 9);
    super('macd', { fast, slow, signal }, options.source);
    this.#fast = this.hold('fast', new RecursiveMean(fast, { of: 'ema' }), 'level');
    this.#slow = this.hold('slow', new RecursiveMean(slow, { of: 'ema' }), 'level');
    this.#signal = this.hold('signal', new RecursiveMean(signal, { of: 'ema' }), 'difference');
  }

  protected take(value: number): void {
    this.#fast.push(value);
    this.#slow.push(value);
    const gap = this.#fast.value - this.#slow.value;
    if (!Number.isNaN(gap)) this.#signal.push(gap);
  }

  protected refresh(): void {
    this.value = this.#fast.value - this.#slow.value;
    this.signal = this.#signal.value;
    this.histogram = this.value - this.signal;
    this.ready = !Number.isNaN(this.histogram);
  }

  protected override blank(): void {
    this.value = this.signal = this.histogram = NaN;
  }
}

export interface MacdColumns {
  readonly value: Float64Array;
  readonly signal: Float64Array;
  readonly histogram: Float64Array;
}

/** `Macd` of a column. Errors: E_INDICATOR_PARAM. */
export function macd(values: ArrayLike<number>, options: MacdOptions = {}): MacdColumns {
  const lines = new Macd(options);
  const rows = values.length;
  const value = new Float64Array(rows);
  const signal = new Float64Array(rows);
  const histogram = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    lines.push(values[i]!);
    value[i] = lines.value;
    signal[i] = lines.signal;
    histogram[i] = lines.histogram;
  }
  return { value, signal, histogram };
}

/** Lambert's constant: most values then lie between -100 and 100. */
const CCI_SCALE = 0.015;

/**
 * Commodity channel index: distance of the typical price (high + low + close) / 3 from its mean over `length` bars, in 0.015
 * mean absolute deviations. 0 where nothing moved. Ready from bar `length`. O(length): the deviation is from a mean that
 * moves with each bar.
 */
export class Cci extends PartedIndicator {
  readonly length: number;
  readonly #window: MeanWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number = 20) {
    super('cci', { length: checkLength('length', length) });
    this.length = length;
    this.#window = this.hold('window', new MeanWindow(length), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close);
  }

  push(high: number, low: number, close: number): void {
    const typical = (high + low + close) / 3;
    if (!Number.isFinite(typical)) return this.skip();
    this.accept();
    this.#window.push(typical);
    this.refresh();
  }

  protected refresh(): void {
    const window = this.#window;
    const mean = window.mean();
    const deviation = window.meanDistance(mean);
    const isFlat = deviation <= SAME_PRICE * Math.abs(mean);
    this.value = isFlat ? 0 : (window.last - mean) / (CCI_SCALE * deviation);
    this.ready = window.isFull;
  }
}

/** `Cci` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function cci(bars: HighLow, length: number = 20): Float64Array {
  const out = new Float64Array(rowsOf(bars, ['high', 'low', 'close']));
  const index = new Cci(length);
  for (let i = 0; i < out.length; i += 1) {
    index.push(bars.high[i]!, bars.low[i]!, bars.close[i]!);
    out[i] = index.value;
  }
  return out;
}

/**
 * Wilder's directional movement, 0 to 100. `plusDi` and `minusDi`: Wilder mean of up and down moves against that of true
 * ranges, from bar length + 1. `value`: Wilder mean of DX = 100 × |+DI − −DI| / (+DI + −DI), ready from bar 2 × length.
 * 0 where nothing moved. O(1).
 */
export class Adx extends PartedIndicator {
  readonly length: number;
  plusDi: number = NaN;
  minusDi: number = NaN;
  readonly #plus: RecursiveMean;
  readonly #minus: RecursiveMean;
  readonly #range: RecursiveMean;
  readonly #dx: RecursiveMean;
  readonly #previousHigh: Kept;
  readonly #previousLow: Kept;
  readonly #previousClose: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number = 14) {
    super('adx', { length: checkLength('length', length) });
    this.length = length;
    const of = 'rma';
    this.#plus = this.hold('plus', new RecursiveMean(length, { of }), 'difference');
    this.#minus = this.hold('minus', new RecursiveMean(length, { of }), 'difference');
    this.#range = this.hold('range', new RecursiveMean(length, { of }), 'difference');
    this.#dx = this.hold('dx', new RecursiveMean(length, { of }), 'free');
    this.#previousHigh = this.hold('previousHigh', new Kept(), 'level');
    this.#previousLow = this.hold('previousLow', new Kept(), 'level');
    this.#previousClose = this.hold('previousClose', new Kept(), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close);
  }

  push(high: number, low: number, close: number): void {
    if (!Number.isFinite(high + low + close)) return this.skip();
    this.accept();
    const up = high - this.#previousHigh.value;
    const down = this.#previousLow.value - low;
    const previousClose = this.#previousClose.value;
    this.#previousHigh.value = high;
    this.#previousLow.value = low;
    this.#previousClose.value = close;
    if (!Number.isNaN(previousClose)) {
      const least = SAME_PRICE * Math.abs(high);
      this.#plus.push(up - down > least && up > least ? up : 0);
      this.#minus.push(down - up > least && down > least ? down : 0);
      this.#range.push(trueRange(high, low, previousClose));
      const dx = this.#directionalIndex();
      if (!Number.isNaN(dx)) this.#dx.push(dx);
    }
    this.refresh();
  }

  /** The scale of the true range cancels out. */
  #directionalIndex(): number {
    const plus = this.#plus.value;
    const sum = plus + this.#minus.value;
    return sum === 0 ? 0 : (100 * Math.abs(plus - this.#minus.value)) / sum;
  }

  protected refresh(): void {
    const range = this.#range.value;
    this.plusDi = range === 0 ? 0 : (100 * this.#plus.value) / range;
    this.minusDi = range === 0 ? 0 : (100 * this.#minus.value) / range;
    this.value = this.#dx.value;
    this.ready = !Number.isNaN(this.value);
  }

  protected override blank(): void {
    this.value = this.plusDi = this.minusDi = NaN;
  }
}

export interface AdxColumns {
  /** ADX. */
  readonly value: Float64Array;
  readonly plusDi: Float64Array;
  readonly minusDi: Float64Array;
}

/** `Adx` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function adx(bars: HighLow, length: number = 14): AdxColumns {
  const rows = rowsOf(bars, ['high', 'low', 'close']);
  const movement = new Adx(length);
  const value = new Float64Array(rows);
  const plusDi = new Float64Array(rows);
  const minusDi = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    movement.push(bars.high[i]!, bars.low[i]!, bars.close[i]!);
    value[i] = movement.value;
    plusDi[i] = movement.plusDi;
    minusDi[i] = movement.minusDi;
  }
  return { value, plusDi, minusDi };
}
