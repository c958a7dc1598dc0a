/** Rolling statistics: deviation, z-score, Bollinger bands, regression line, percentile rank, realised volatility. */
import { SourceIndicator, valuesOf } from './base.ts';
import type { Source, SourceOptions } from './base.ts';
import { checkChoice, checkLength, checkPositive } from './check.ts';
import { Kept } from './parts.ts';
import type { ChannelColumns } from './ranges.ts';
import { LineWindow, MomentWindow, PlainWindow, RankWindow, SAME_PRICE } from './windows.ts';

/** `sample` divides by length − 1, `population` by length. */
export type DeviationKind = 'sample' | 'population';
const DEVIATION_KINDS: readonly DeviationKind[] = ['sample', 'population'];

export interface DeviationOptions extends SourceOptions {
  /** Default `sample`. */
  readonly kind?: DeviationKind;
}

function divisorOf(length: number, kind: DeviationKind): number {
  return kind === 'sample' ? length - 1 : length;
}
function leastOf(kind: DeviationKind): number {
  return kind === 'sample' ? 2 : 1;
}

/** Standard deviation of the last `length` values, in price; ready from bar `length`. Amortised O(1). */
export class RollingDeviation extends SourceIndicator {
  readonly length: number;
  readonly #window: MomentWindow;
  readonly #divisor: number;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: DeviationOptions = {}) {
    const kind = checkChoice('kind', options.kind ?? 'sample', DEVIATION_KINDS);
    super(
      'deviation',
      { length: checkLength('length', length, leastOf(kind)), kind },
      options.source,
    );
    this.length = length;
    this.#divisor = divisorOf(length, kind);
    this.#window = this.hold('window', new MomentWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    this.value = Math.sqrt(this.#window.squares() / this.#divisor);
    this.ready = this.#window.isFull;
  }
}

/** `RollingDeviation` of a column. Errors: E_INDICATOR_PARAM. */
export function rollingDeviation(
  values: ArrayLike<number>,
  length: number,
  options: { readonly kind?: DeviationKind } = {},
): Float64Array {
  return valuesOf(new RollingDeviation(length, options), values);
}

/** Distance from the mean of the last `length` values in their standard deviations; 0 where nothing moved. Amortised O(1). */
export class ZScore extends SourceIndicator {
  readonly length: number;
  readonly #window: MomentWindow;
  readonly #divisor: number;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: DeviationOptions = {}) {
    const kind = checkChoice('kind', options.kind ?? 'sample', DEVIATION_KINDS);
    super(
      'z-score',
      { length: checkLength('length', length, leastOf(kind)), kind },
      options.source,
    );
    this.length = length;
    this.#divisor = divisorOf(length, kind);
    this.#window = this.hold('window', new MomentWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    const window = this.#window;
    const deviation = Math.sqrt(window.squares() / this.#divisor);
    const mean = window.mean();
    const isFlat = deviation <= SAME_PRICE * Math.abs(mean);
    this.value = isFlat ? 0 : (window.last - mean) / deviation;
    this.ready = window.isFull;
  }
}

/** `ZScore` of a column. Errors: E_INDICATOR_PARAM. */
export function zScore(
  values: ArrayLike<number>,
  length: number,
  options: { readonly kind?: DeviationKind } = {},
): Float64Array {
  return valuesOf(new ZScore(length, options), values);
}

export interface BollingerOptions {
  /** Default 20. */
  readonly length?: number;
  /** Distance of the bands, in population standard deviations; default 2. */
  readonly deviations?: number;
  readonly source?: Source;
}

/**
 * Bollinger bands: the mean of the last `length` values and bands `deviations` population standard deviations away.
 * `percentB`: 0 on the lower band, 1 on the upper, 0.5 where they meet. `bandwidth`: distance of the bands ÷ mean; no
 * number where the mean is 0, and of little sense on difference-adjusted prices. Ready from bar `length`. Amortised O(1).
 */
export class Bollinger extends SourceIndicator {
  upper: number = NaN;
  lower: number = NaN;
  percentB: number = NaN;
  bandwidth: number = NaN;
  readonly #window: MomentWindow;
  readonly #deviations: number;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: BollingerOptions = {}) {
    const length = checkLength('length', options.length ?? 20);
    const deviations = checkPositive('deviations', options.deviations ?? 2);
    super('bollinger', { length, deviations }, options.source);
    this.#deviations = deviations;
    this.#window = this.hold('window', new MomentWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    const window = this.#window;
    const mean = window.mean();
    const distance = this.#deviations * Math.sqrt(window.squares() / window.length);
    this.value = mean;
    this.upper = mean + distance;
    this.lower = mean - distance;
    const isFlat = distance <= SAME_PRICE * Math.abs(mean);
    this.percentB = isFlat ? 0.5 : (window.last - this.lower) / (2 * distance);
    this.bandwidth = mean === 0 ? NaN : (2 * distance) / mean;
    this.ready = window.isFull;
  }

  protected override blank(): void {
    this.value = this.upper = this.lower = this.percentB = this.bandwidth = NaN;
  }
}

export interface BollingerColumns extends ChannelColumns {
  readonly percentB: Float64Array;
  readonly bandwidth: Float64Array;
}

/** `Bollinger` of a column. Errors: E_INDICATOR_PARAM. */
export function bollinger(
  values: ArrayLike<number>,
  options: BollingerOptions = {},
): BollingerColumns {
  const bands = new Bollinger(options);
  const rows = values.length;
  const value = new Float64Array(rows);
  const upper = new Float64Array(rows);
  const lower = new Float64Array(rows);
  const percentB = new Float64Array(rows);
  const bandwidth = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    bands.push(values[i]!);
    value[i] = bands.value;
    upper[i] = bands.upper;
    lower[i] = bands.lower;
    percentB[i] = bands.percentB;
    bandwidth[i] = bands.bandwidth;
  }
  return { value, upper, lower, percentB, bandwidth };
}

/**
 * Least-squares line through the last `length` values. `value`: its slope, price a bar; `fitted`: the line at this bar.
 * Ready from bar `length`. Amortised O(1).
 */
export class RegressionSlope extends SourceIndicator {
  readonly length: number;
  fitted: number = NaN;
  readonly #window: LineWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('regression', { length: checkLength('length', length, 2) }, options.source);
    this.length = length;
    this.#window = this.hold('window', new LineWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    const window = this.#window;
    this.value = window.slope();
    this.fitted = window.mean() + (this.value * (this.length - 1)) / 2;
    this.ready = window.isFull;
  }

  protected override blank(): void {
    this.value = this.fitted = NaN;
  }
}

export interface RegressionColumns {
  /** Slope. */
  readonly value: Float64Array;
  readonly fitted: Float64Array;
}

/** `RegressionSlope` of a column. Errors: E_INDICATOR_PARAM. */
export function regressionSlope(values: ArrayLike<number>, length: number): RegressionColumns {
  const line = new RegressionSlope(length);
  const value = new Float64Array(values.length);
  const fitted = new Float64Array(values.length);
  for (let i = 0; i < value.length; i += 1) {
    line.push(values[i]!);
    value[i] = line.value;
    fitted[i] = line.fitted;
  }
  return { value, fitted };
}

/**
 * Rank of this bar's value among the last `length`, 0 the lowest to 100 the highest; equal values count half. 50 where nothing
 * moved. Ready from bar `length`. O(log length) comparisons and a move of memory.
 */
export class PercentileRank extends SourceIndicator {
  readonly length: number;
  readonly #window: RankWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('percentile-rank', { length: checkLength('length', length, 2) }, options.source);
    this.length = length;
    this.#window = this.hold('window', new RankWindow(length), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    const window = this.#window;
    this.ready = window.isFull;
    // The value itself is one of the equal ones.
    this.value = this.ready
      ? (50 * (window.twiceRankOf(window.last) - 1)) / (this.length - 1)
      : NaN;
  }
}

/** `PercentileRank` of a column. Errors: E_INDICATOR_PARAM. */
export function percentileRank(values: ArrayLike<number>, length: number): Float64Array {
  return valuesOf(new PercentileRank(length), values);
}

/**
 * `log`: ln(close ÷ close before); for raw or ratio-adjusted prices above zero. `change`: close − close before, in price; for
 * difference-adjusted prices, whose level means nothing, and for prices at zero or below.
 */
export type ReturnKind = 'log' | 'change';

export interface RealisedVolatilityOptions extends SourceOptions {
  /** Default `log`. */
  readonly returns?: ReturnKind;
  /** Bars in a year; the result is multiplied by its root. Default 1: volatility of one bar. */
  readonly barsPerYear?: number;
  /** `zero` (default) takes the mean return as 0; `sample` takes it off and divides by length − 1. */
  readonly mean?: 'zero' | 'sample';
}

/**
 * Realised volatility: √(barsPerYear × mean of r²) over the last `length` returns. A share (0.16 is 16 %) with `log`, a
 * price with `change`. With `log`, no number while a price at zero or below is in the window. Ready from bar length + 1.
 * Amortised O(1).
 */
export class RealisedVolatility extends SourceIndicator {
  readonly length: number;
  readonly #closes: PlainWindow;
  readonly #returns: MomentWindow;
  readonly #previous: Kept;
  readonly #isLog: boolean;
  readonly #isZeroMean: boolean;
  readonly #barsPerYear: number;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: RealisedVolatilityOptions = {}) {
    const returns = checkChoice('returns', options.returns ?? 'log', ['log', 'change']);
    const mean = checkChoice('mean', options.mean ?? 'zero', ['zero', 'sample']);
    const barsPerYear = checkPositive('barsPerYear', options.barsPerYear ?? 1);
    checkLength('length', length, mean === 'sample' ? 2 : 1);
    super('realised-volatility', { length, returns, mean, barsPerYear }, options.source);
    this.length = length;
    this.#isLog = returns === 'log';
    this.#isZeroMean = mean === 'zero';
    this.#barsPerYear = barsPerYear;
    this.#closes = this.hold('closes', new PlainWindow(length + 1), 'level');
    this.#previous = this.hold('previous', new Kept(), 'level');
    // Returns are made again from the closes: a shift changes every one of them.
    this.#returns = new MomentWindow(length);
  }

  protected take(value: number): void {
    const previous = this.#previous.value;
    this.#previous.value = value;
    this.#closes.push(value);
    if (!Number.isNaN(previous)) this.#returns.push(this.#returnOf(previous, value));
  }

  #returnOf(previous: number, value: number): number {
    if (!this.#isLog) return value - previous;
    return previous > 0 && value > 0 ? Math.log(value / previous) : NaN;
  }

  protected override derive(): void {
    const closes = new Float64Array(this.length + 1);
    const returns = new Float64Array(Math.max(0, this.#closes.copyTo(closes) - 1));
    for (let i = 0; i < returns.length; i += 1)
      returns[i] = this.#returnOf(closes[i]!, closes[i + 1]!);
    this.#returns.reload(returns, Math.max(0, this.#closes.count - 1));
  }

  protected refresh(): void {
    const { length } = this;
    const squares = this.#returns.squares();
    const mean = this.#isZeroMean ? this.#returns.mean() : 0;
    const variance = this.#isZeroMean ? squares / length + mean * mean : squares / (length - 1);
    this.value = Math.sqrt(variance * this.#barsPerYear);
    this.ready = !Number.isNaN(this.value);
  }
}

/** `RealisedVolatility` of a column. Errors: E_INDICATOR_PARAM. */
export function realisedVolatility(
  values: ArrayLike<number>,
  length: number,
  options: Omit<RealisedVolatilityOptions, 'source'> = {},
): Float64Array {
  return valuesOf(new RealisedVolatility(length, options), values);
}

/**
 * Sample standard deviation of the last `length` close-to-close changes, in price: the deviation that sizing by volatility
 * wants. Ready from bar `length + 1`. O(length): two passes over the window.
 */
export class ChangeStdev extends SourceIndicator {
  readonly length: number;
  readonly #changes: PlainWindow;
  readonly #previous: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('change-stdev', { length: checkLength('length', length, 2) }, options.source);
    this.length = length;
    this.#changes = this.hold('changes', new PlainWindow(length), 'difference');
    this.#previous = this.hold('previous', new Kept(), 'level');
  }

  protected take(value: number): void {
    const previous = this.#previous.value;
    this.#previous.value = value;
    if (!Number.isNaN(previous)) this.#changes.push(value - previous);
  }

  protected refresh(): void {
    this.ready = this.#changes.isFull;
    this.value = this.ready ? this.#changes.sampleDeviation() : NaN;
  }
}

/** `ChangeStdev` of a column. Errors: E_INDICATOR_PARAM. */
export function changeStdev(values: ArrayLike<number>, length: number): Float64Array {
  return valuesOf(new ChangeStdev(length), values);
}
