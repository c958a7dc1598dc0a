/** Levels of a session: pivot points of the one before, and the opening range. */
import type { BarView } from '../core/strategy.ts';
import type { TsUs } from '../core/units.ts';
import { PartedIndicator, tradeDateOf } from './base.ts';
import type { SessionBars, SessionOf } from './base.ts';
import { checkChoice, checkPositive, rowsOf } from './check.ts';
import { Kept } from './parts.ts';

export type PivotKind = 'classic' | 'fibonacci' | 'camarilla' | 'woodie';
const PIVOT_KINDS: readonly PivotKind[] = ['classic', 'fibonacci', 'camarilla', 'woodie'];

export interface PivotOptions {
  /** Default `classic`. */
  readonly kind?: PivotKind;
  /** Label of a bar's session. Default the trade date; NaN leaves the bar out. */
  readonly sessionOf?: SessionOf;
}

/** Multiples of the range, first to third level, added to the pivot (Fibonacci) or to the close (Camarilla). */
const STEPS: Readonly<Record<'fibonacci' | 'camarilla', readonly [number, number, number]>> = {
  fibonacci: [0.382, 0.618, 1],
  camarilla: [1.1 / 12, 1.1 / 6, 1.1 / 4],
};

/**
 * Pivot points from high H, low L and close C of the session before: the pivot as `value`, resistances r1 to r3 above it and
 * supports s1 to s3 below. Ready from the first bar of the second session. O(1).
 */
export class PivotPoints extends PartedIndicator {
  r1: number = NaN;
  r2: number = NaN;
  r3: number = NaN;
  s1: number = NaN;
  s2: number = NaN;
  s3: number = NaN;
  readonly #kind: PivotKind;
  readonly #sessionOf: SessionOf;
  readonly #session: Kept;
  readonly #high: Kept;
  readonly #low: Kept;
  readonly #close: Kept;
  readonly #lastHigh: Kept;
  readonly #lastLow: Kept;
  readonly #lastClose: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: PivotOptions = {}) {
    const kind = checkChoice('kind', options.kind ?? 'classic', PIVOT_KINDS);
    super('pivot-points', { kind });
    this.#kind = kind;
    this.#sessionOf = options.sessionOf ?? tradeDateOf;
    this.#session = this.hold('session', new Kept(), 'free');
    this.#high = this.hold('high', new Kept(), 'level');
    this.#low = this.hold('low', new Kept(), 'level');
    this.#close = this.hold('close', new Kept(), 'level');
    this.#lastHigh = this.hold('lastHigh', new Kept(), 'level');
    this.#lastLow = this.hold('lastLow', new Kept(), 'level');
    this.#lastClose = this.hold('lastClose', new Kept(), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close, this.#sessionOf(bar));
  }

  push(high: number, low: number, close: number, session: number): void {
    if (!Number.isFinite(high + low + close + session)) return this.skip();
    this.accept();
    if (session === this.#session.value) {
      if (high > this.#high.value) this.#high.value = high;
      if (low < this.#low.value) this.#low.value = low;
    } else {
      this.#session.value = session;
      this.#lastHigh.value = this.#high.value;
      this.#lastLow.value = this.#low.value;
      this.#lastClose.value = this.#close.value;
      this.#high.value = high;
      this.#low.value = low;
    }
    this.#close.value = close;
    this.refresh();
  }

  protected refresh(): void {
    const [high, low, close] = [this.#lastHigh.value, this.#lastLow.value, this.#lastClose.value];
    const range = high - low;
    const isWoodie = this.#kind === 'woodie';
    const pivot = isWoodie ? (high + low + 2 * close) / 4 : (high + low + close) / 3;
    this.value = pivot;
    this.ready = !Number.isNaN(pivot);
    if (this.#kind === 'fibonacci' || this.#kind === 'camarilla') {
      const middle = this.#kind === 'fibonacci' ? pivot : close;
      const [one, two, three] = STEPS[this.#kind];
      this.r1 = middle + one * range;
      this.r2 = middle + two * range;
      this.r3 = middle + three * range;
      this.s1 = middle - one * range;
      this.s2 = middle - two * range;
      this.s3 = middle - three * range;
      return;
    }
    this.r1 = 2 * pivot - low;
    this.s1 = 2 * pivot - high;
    this.r2 = pivot + range;
    this.s2 = pivot - range;
    this.r3 = high + 2 * (pivot - low);
    this.s3 = low - 2 * (high - pivot);
  }

  protected override blank(): void {
    this.value = this.r1 = this.r2 = this.r3 = this.s1 = this.s2 = this.s3 = NaN;
  }
}

const PIVOT_OUTPUTS = ['value', 'r1', 'r2', 'r3', 's1', 's2', 's3'] as const;
export type PivotColumns = Readonly<Record<(typeof PIVOT_OUTPUTS)[number], Float64Array>>;

/** `PivotPoints` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function pivotPoints(
  bars: SessionBars,
  options: Pick<PivotOptions, 'kind'> = {},
): PivotColumns {
  const rows = rowsOf(bars, ['high', 'low', 'close', 'session']);
  const points = new PivotPoints(options);
  const column = (): Float64Array => new Float64Array(rows);
  const out = {
    value: column(),
    r1: column(),
    r2: column(),
    r3: column(),
    s1: column(),
    s2: column(),
    s3: column(),
  };
  for (let i = 0; i < rows; i += 1) {
    points.push(bars.high[i]!, bars.low[i]!, bars.close[i]!, bars.session[i]!);
    out.value[i] = points.value;
    out.r1[i] = points.r1;
    out.r2[i] = points.r2;
    out.r3[i] = points.r3;
    out.s1[i] = points.s1;
    out.s2[i] = points.s2;
    out.s3[i] = points.s3;
  }
  return out;
}

export interface OpeningRangeOptions {
  /** Length of the range in minutes. */
  readonly minutes: number;
  /** Label of a bar's session. Default the trade date; NaN leaves the bar out. */
  readonly sessionOf?: SessionOf;
  /** When the session of a bar opens. Default: the first bar of the session opens it, so say it where that bar can be missing. */
  readonly openOf?: (bar: BarView) => TsUs;
}

const MINUTE_US = 60_000_000;

/**
 * Highest and lowest price of the first minutes of a session, from the bars that lie inside them; `value` is the middle. Ready
 * from the bar that closes at or after the end of the range, to the end of the session. O(1).
 */
export class OpeningRange extends PartedIndicator {
  upper: number = NaN;
  lower: number = NaN;
  readonly #lengthUs: number;
  readonly #sessionOf: SessionOf;
  readonly #openOf: ((bar: BarView) => TsUs) | undefined;
  readonly #session: Kept;
  readonly #openUs: Kept;
  readonly #closeUs: Kept;
  readonly #high: Kept;
  readonly #low: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: OpeningRangeOptions) {
    const minutes = checkPositive('minutes', options.minutes);
    super('opening-range', { minutes });
    this.#lengthUs = minutes * MINUTE_US;
    this.#sessionOf = options.sessionOf ?? tradeDateOf;
    this.#openOf = options.openOf;
    this.#session = this.hold('session', new Kept(), 'free');
    this.#openUs = this.hold('openUs', new Kept(), 'free');
    this.#closeUs = this.hold('closeUs', new Kept(), 'free');
    this.#high = this.hold('high', new Kept(), 'level');
    this.#low = this.hold('low', new Kept(), 'level');
  }

  update(bar: BarView): void {
    const sessionOpenUs = this.#openOf === undefined ? bar.openUs : this.#openOf(bar);
    this.push(bar.high, bar.low, bar.openUs, bar.closeUs, this.#sessionOf(bar), sessionOpenUs);
  }

  /** Times in µs UTC; `sessionOpenUs` is read from the first bar of a session alone. */
  push(
    high: number,
    low: number,
    openUs: number,
    closeUs: number,
    session: number,
    sessionOpenUs: number = openUs,
  ): void {
    if (!Number.isFinite(high + low + openUs + closeUs + session)) return this.skip();
    this.accept();
    if (session !== this.#session.value) {
      this.#session.value = session;
      this.#openUs.value = sessionOpenUs;
      this.#high.value = this.#low.value = NaN;
    }
    this.#closeUs.value = closeUs;
    const start = this.#openUs.value;
    if (openUs >= start && closeUs <= start + this.#lengthUs) {
      // Stated so that NaN, before the first bar, gives way.
      if (!(high <= this.#high.value)) this.#high.value = high;
      if (!(low >= this.#low.value)) this.#low.value = low;
    }
    this.refresh();
  }

  protected refresh(): void {
    const isOver = this.#closeUs.value >= this.#openUs.value + this.#lengthUs;
    this.upper = isOver ? this.#high.value : NaN;
    this.lower = isOver ? this.#low.value : NaN;
    this.value = (this.upper + this.lower) / 2;
    this.ready = !Number.isNaN(this.value);
  }

  protected override blank(): void {
    this.value = this.upper = this.lower = NaN;
  }
}

export interface OpeningRangeColumns {
  readonly value: Float64Array;
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/**
 * `OpeningRange` of columns. `sessionOpenUs` gives each row the open of its session; without it the first row of a session
 * opens it. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS.
 */
export function openingRange(
  bars: Omit<SessionBars, 'close'> & {
    readonly openUs: ArrayLike<number>;
    readonly closeUs: ArrayLike<number>;
    readonly sessionOpenUs?: ArrayLike<number>;
  },
  options: Pick<OpeningRangeOptions, 'minutes'>,
): OpeningRangeColumns {
  const names = ['high', 'low', 'openUs', 'closeUs', 'session'];
  const all = bars.sessionOpenUs === undefined ? names : [...names, 'sessionOpenUs'];
  const rows = rowsOf({ ...bars, close: bars.high }, all);
  const range = new OpeningRange(options);
  const value = new Float64Array(rows);
  const upper = new Float64Array(rows);
  const lower = new Float64Array(rows);
  const opens = bars.sessionOpenUs ?? bars.openUs;
  for (let i = 0; i < rows; i += 1) {
    range.push(
      bars.high[i]!,
      bars.low[i]!,
      bars.openUs[i]!,
      bars.closeUs[i]!,
      bars.session[i]!,
      opens[i]!,
    );
    value[i] = range.value;
    upper[i] = range.upper;
    lower[i] = range.lower;
  }
  return { value, upper, lower };
}
