/** Ranges and channels: average true range, highest, lowest, Donchian, Keltner. */
import type { BarView } from '../core/strategy.ts';
import { PartedIndicator, SourceIndicator } from './base.ts';
import type { HighLow, Source, SourceOptions } from './base.ts';
import { checkLength, checkPositive, rowsOf } from './check.ts';
import { Kept, RecursiveMean } from './parts.ts';
import { ExtremeWindow } from './windows.ts';

/** Of a bar, with the close before it; the first bar's is its high minus its low. */
export function trueRange(high: number, low: number, previousClose: number): number {
  // Stated so that NaN, before the first bar, changes nothing.
  const top = previousClose > high ? previousClose : high;
  const bottom = previousClose < low ? previousClose : low;
  return top - bottom;
}

/**
 * Average true range after Wilder, in price: the first value is the simple mean of `length` true ranges, then
 * `value += (trueRange - value) / length`. The first bar's true range is its high minus low. Ready from bar `length`. O(1).
 */
export class Atr extends PartedIndicator {
  readonly length: number;
  readonly #mean: RecursiveMean;
  readonly #previousClose: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number) {
    super('atr', { length: checkLength('length', length) });
    this.length = length;
    this.#mean = this.hold('mean', new RecursiveMean(length, { of: 'rma' }), 'difference');
    this.#previousClose = this.hold('previousClose', new Kept(), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close);
  }

  push(high: number, low: number, close: number): void {
    if (!Number.isFinite(high + low + close)) return this.skip();
    this.accept();
    this.#mean.push(trueRange(high, low, this.#previousClose.value));
    this.#previousClose.value = close;
    this.refresh();
  }

  protected refresh(): void {
    this.value = this.#mean.value;
    this.ready = !Number.isNaN(this.value);
  }
}

const HIGH_LOW_CLOSE = ['high', 'low', 'close'] as const;

/** `Atr` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function atr(bars: HighLow, length: number): Float64Array {
  const out = new Float64Array(rowsOf(bars, HIGH_LOW_CLOSE));
  const mean = new RecursiveMean(checkLength('length', length), { of: 'rma' });
  const { high, low, close } = bars;
  let previous = NaN;
  for (let i = 0; i < out.length; i += 1) {
    const [h, l, c] = [high[i]!, low[i]!, close[i]!];
    if (Number.isFinite(h + l + c)) {
      mean.push(trueRange(h, l, previous));
      previous = c;
      out[i] = mean.value;
    } else out[i] = NaN;
  }
  return out;
}

abstract class Extreme extends SourceIndicator {
  readonly length: number;
  readonly #window: ExtremeWindow;

  constructor(name: string, sign: 1 | -1, length: number, source: Source) {
    super(name, { length: checkLength('length', length) }, source);
    this.length = length;
    this.#window = this.hold('window', new ExtremeWindow(length, sign), 'level');
  }

  protected take(value: number): void {
    this.#window.push(value);
  }

  protected refresh(): void {
    this.value = this.#window.extreme();
    this.ready = this.#window.isFull;
  }
}

/** Highest of the last `length` values, by default of highs, this bar's included; ready from bar `length`. Amortised O(1). */
export class Highest extends Extreme {
  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('highest', 1, length, options.source ?? 'high');
  }
}

/** Lowest of the last `length` values, by default of lows, this bar's included; ready from bar `length`. Amortised O(1). */
export class Lowest extends Extreme {
  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number, options: SourceOptions = {}) {
    super('lowest', -1, length, options.source ?? 'low');
  }
}

function extreme(values: ArrayLike<number>, length: number, sign: 1 | -1): Float64Array {
  const window = new ExtremeWindow(checkLength('length', length), sign);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    const x = values[i]!;
    if (Number.isFinite(x)) {
      window.push(x);
      out[i] = window.extreme();
    } else out[i] = NaN;
  }
  return out;
}

/** `Highest` of a column. Errors: E_INDICATOR_PARAM. */
export function highest(values: ArrayLike<number>, length: number): Float64Array {
  return extreme(values, length, 1);
}
/** `Lowest` of a column. Errors: E_INDICATOR_PARAM. */
export function lowest(values: ArrayLike<number>, length: number): Float64Array {
  return extreme(values, length, -1);
}

/**
 * Donchian channel: highest high and lowest low of the last `length` bars, this bar's included; `value` is the middle. Read
 * it before the next bar: a breakout compares the next bar with this one's channel. Ready from bar `length`. Amortised O(1).
 */
export class Donchian extends PartedIndicator {
  readonly length: number;
  upper: number = NaN;
  lower: number = NaN;
  readonly #highs: ExtremeWindow;
  readonly #lows: ExtremeWindow;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(length: number) {
    super('donchian', { length: checkLength('length', length) });
    this.length = length;
    this.#highs = this.hold('highs', new ExtremeWindow(length, 1), 'level');
    this.#lows = this.hold('lows', new ExtremeWindow(length, -1), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low);
  }

  push(high: number, low: number): void {
    if (!Number.isFinite(high + low)) return this.skip();
    this.accept();
    this.#highs.push(high);
    this.#lows.push(low);
    this.refresh();
  }

  protected refresh(): void {
    this.upper = this.#highs.extreme();
    this.lower = this.#lows.extreme();
    this.value = (this.upper + this.lower) / 2;
    this.ready = this.#highs.isFull;
  }

  protected override blank(): void {
    this.value = this.upper = this.lower = NaN;
  }
}

/** Upper line, middle and lower line of a channel, one row a bar. */
export interface ChannelColumns {
  readonly value: Float64Array;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

export function channelColumns(rows: number): ChannelColumns {
  return {
    value: new Float64Array(rows),
    upper: new Float64Array(rows),
    lower: new Float64Array(rows),
  };
}

/** `Donchian` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function donchian(
  bars: Pick<HighLow, 'length' | 'high' | 'low'>,
  length: number,
): ChannelColumns {
  const rows = rowsOf({ ...bars, close: bars.high }, ['high', 'low']);
  const channel = new Donchian(length);
  const out = channelColumns(rows);
  for (let i = 0; i < rows; i += 1) {
    channel.push(bars.high[i]!, bars.low[i]!);
    out.value[i] = channel.value;
    out.upper[i] = channel.upper;
    out.lower[i] = channel.lower;
  }
  return out;
}

export interface KeltnerOptions {
  /** Length of the EMA of closes; default 20. */
  readonly length?: number;
  /** Length of the ATR; default 10. */
  readonly atrLength?: number;
  /** Distance of the lines, in ATR; default 2. */
  readonly multiple?: number;
}

/**
 * Keltner channel: an EMA of closes with lines `multiple` average true ranges above and below. Ready from bar
 * max(length, atrLength). O(1).
 */
export class Keltner extends PartedIndicator {
  upper: number = NaN;
  lower: number = NaN;
  readonly #multiple: number;
  readonly #mean: RecursiveMean;
  readonly #range: RecursiveMean;
  readonly #previousClose: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: KeltnerOptions = {}) {
    const length = checkLength('length', options.length ?? 20);
    const atrLength = checkLength('atrLength', options.atrLength ?? 10);
    const multiple = checkPositive('multiple', options.multiple ?? 2);
    super('keltner', { length, atrLength, multiple });
    this.#multiple = multiple;
    this.#mean = this.hold('mean', new RecursiveMean(length, { of: 'ema' }), 'level');
    this.#range = this.hold('range', new RecursiveMean(atrLength, { of: 'rma' }), 'difference');
    this.#previousClose = this.hold('previousClose', new Kept(), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close);
  }

  push(high: number, low: number, close: number): void {
    if (!Number.isFinite(high + low + close)) return this.skip();
    this.accept();
    this.#mean.push(close);
    this.#range.push(trueRange(high, low, this.#previousClose.value));
    this.#previousClose.value = close;
    this.refresh();
  }

  protected refresh(): void {
    const distance = this.#multiple * this.#range.value;
    this.value = this.#mean.value;
    this.upper = this.value + distance;
    this.lower = this.value - distance;
    this.ready = !Number.isNaN(this.upper);
  }

  protected override blank(): void {
    this.value = this.upper = this.lower = NaN;
  }
}

/** `Keltner` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function keltner(bars: HighLow, options: KeltnerOptions = {}): ChannelColumns {
  const rows = rowsOf(bars, HIGH_LOW_CLOSE);
  const channel = new Keltner(options);
  const out = channelColumns(rows);
  for (let i = 0; i < rows; i += 1) {
    channel.push(bars.high[i]!, bars.low[i]!, bars.close[i]!);
    out.value[i] = channel.value;
    out.upper[i] = channel.upper;
    out.lower[i] = channel.lower;
  }
  return out;
}
