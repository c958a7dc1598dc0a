/** What all indicators share, none of it in a loop: rolls, saved states, inputs, and the rule for missing values. */
import type { BarView, Indicator } from '../core/strategy.ts';
import { checkChoice } from './check.ts';
import { badState } from './windows.ts';
import type { Part } from './windows.ts';

/**
 * How a kept part moves with a roll. `level`: p × factor + shift. `difference` (a range, a deviation): × factor. `free`
 * (a count, a volume, a percentage): not at all.
 */
export type Frame = 'level' | 'difference' | 'free';

interface Held {
  readonly name: string;
  readonly part: Part;
  readonly frame: Frame;
}

/**
 * An indicator in parts. Rules of all of them:
 * - `ready` is true exactly when every output is a number.
 * - A bar of which a needed value is missing (NaN or infinite) is left out, as if it were not there: the outputs of that
 *   bar are NaN, and the next bar goes on from the one before.
 * - After a roll every output is what it would be over the series adjusted to the new contract.
 */
export abstract class PartedIndicator implements Indicator {
  ready: boolean = false;
  value: number = NaN;
  readonly #name: string;
  readonly #settings: string;
  readonly #held: Held[] = [];
  #isMissing: boolean = false;

  constructor(name: string, settings: Readonly<Record<string, number | string>>) {
    this.#name = name;
    this.#settings = JSON.stringify(settings);
  }

  abstract update(bar: BarView): void;
  /** Sets the outputs from the parts. */
  protected abstract refresh(): void;
  /** Sets every output to NaN; the only one is `value` where nothing else is said. */
  protected blank(): void {
    this.value = NaN;
  }
  /** After parts have moved: for an indicator that derives one part from another. */
  protected derive(): void {}

  protected hold<P extends Part>(name: string, part: P, frame: Frame): P {
    this.#held.push({ name, part, frame });
    return part;
  }

  /** The bar has a missing value. */
  protected skip(): void {
    this.#isMissing = true;
    this.ready = false;
    this.blank();
  }

  /** The bar is whole. */
  protected accept(): void {
    this.#isMissing = false;
  }

  rebase(shift: number, factor: number): void {
    for (const { part, frame } of this.#held) {
      if (frame === 'level') part.rebase(shift, factor);
      else if (frame === 'difference') part.rebase(0, factor);
    }
    this.derive();
    if (!this.#isMissing) this.refresh();
  }

  /** Plain JSON data: the parts, from which all outputs follow to the last bit. */
  saveState(): unknown {
    return {
      indicator: this.#name,
      settings: this.#settings,
      isMissing: this.#isMissing,
      parts: Object.fromEntries(this.#held.map(({ name, part }) => [name, part.save()])),
    };
  }

  /** Errors: E_INDICATOR_STATE when the state was saved by another kind or with other settings. */
  restoreState(state: unknown): void {
    const saved = state as {
      indicator?: unknown;
      settings?: unknown;
      isMissing?: unknown;
      parts?: Readonly<Record<string, unknown>>;
    } | null;
    if (saved?.indicator !== this.#name || saved.settings !== this.#settings)
      throw badState(`this is ${this.#name} ${this.#settings}`, {
        indicator: saved?.indicator,
        settings: saved?.settings,
      });
    for (const { name, part } of this.#held) part.restore(saved.parts?.[name]);
    this.derive();
    this.refresh();
    if (saved.isMissing === true) this.skip();
    else this.accept();
  }
}

/** Which value of a bar an indicator reads. `hl2`, `hlc3` and `ohlc4` are means of the named prices. */
export type Source = 'close' | 'open' | 'high' | 'low' | 'hl2' | 'hlc3' | 'ohlc4' | 'volume';
export const SOURCES: readonly Source[] = [
  'close',
  'open',
  'high',
  'low',
  'hl2',
  'hlc3',
  'ohlc4',
  'volume',
];

export interface SourceOptions {
  /** Default `close`. */
  readonly source?: Source;
}

type SourceBar = Pick<BarView, 'open' | 'high' | 'low' | 'close' | 'volume'>;

export function readSource(bar: SourceBar, source: Source): number {
  switch (source) {
    case 'close':
      return bar.close;
    case 'open':
      return bar.open;
    case 'high':
      return bar.high;
    case 'low':
      return bar.low;
    case 'hl2':
      return (bar.high + bar.low) / 2;
    case 'hlc3':
      return (bar.high + bar.low + bar.close) / 3;
    case 'ohlc4':
      return (bar.open + bar.high + bar.low + bar.close) / 4;
    case 'volume':
      return bar.volume;
  }
}

/** An indicator of one value a bar. */
export abstract class SourceIndicator extends PartedIndicator {
  readonly source: Source;

  constructor(
    name: string,
    settings: Readonly<Record<string, number | string>>,
    source: Source = 'close',
  ) {
    super(name, { ...settings, source: checkChoice('source', source, SOURCES) });
    this.source = source;
  }

  /** Moves the parts on by a number; the outputs follow. */
  protected abstract take(value: number): void;

  /** Takes the value itself, so that indicators can be chained by hand. */
  push(value: number): void {
    if (!Number.isFinite(value)) return this.skip();
    this.accept();
    this.take(value);
    this.refresh();
  }

  update(bar: BarView): void {
    this.push(readSource(bar, this.source));
  }

  /** Volumes do not move with a roll of prices. */
  override rebase(shift: number, factor: number): void {
    if (this.source !== 'volume') super.rebase(shift, factor);
  }
}

/** The value of an indicator after each row of a column. */
export function valuesOf(indicator: SourceIndicator, values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    indicator.push(values[i]!);
    out[i] = indicator.value;
  }
  return out;
}

/** Columns of bars, one row each; `length` where the columns may be longer, as in `BarColumns`. */
export interface HighLow {
  readonly length?: number;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
}
export interface HighLowVolume extends HighLow {
  /** Contracts; NaN where unknown. */
  readonly volume: ArrayLike<number>;
}
/** With a label for each row, such as its trade date: a new label starts a new session; NaN is outside of all. */
export interface SessionBars extends HighLow {
  readonly session: ArrayLike<number>;
}
export interface SessionVolumeBars extends HighLowVolume {
  readonly session: ArrayLike<number>;
}
/** The label of a bar's session; default its trade date. NaN leaves the bar out. */
export type SessionOf = (bar: BarView) => number;

export function tradeDateOf(bar: BarView): number {
  return bar.tradeDate;
}
