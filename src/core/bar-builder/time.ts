/** Bars of time, aligned to the sessions of a calendar. The flat world: scalars, nothing allocated for a trade. */
import type { BarColumns, TradeColumns } from '../bars.ts';
import { intervalUs } from '../bars.ts';
import { TradingError } from '../errors.ts';
import type { TradingCalendar } from '../ports.ts';
import type { TsUs } from '../units.ts';
import { toIsoUtc, TS_MAX, US_PER_DAY, US_PER_MINUTE } from '../units.ts';
import type { BuiltBars } from './buffer.ts';
import { BarBuffer } from './buffer.ts';
import { checkBarKind } from './kinds.ts';
import { readState, toNumber } from './state.ts';
import { Stretches } from './stretches.ts';
import { Tally } from './tally.ts';
import type { BarBuilder, BuilderState, UnfinishedBar } from './types.ts';

export interface TimeBarOptions {
  /** `30s`, `5m`, `1h`, `4h`; `1d` is one bar a trade date. At most a day. */
  readonly interval: string;
  readonly calendar: TradingCalendar;
  /**
   * `session` (the default): the first bar begins where trading begins, at the open and again after each break. `clock`: bars
   * end at multiples of the interval since local midnight, so that the first of a session that opens at 09:15 is short.
   */
  readonly align?: 'session' | 'clock';
  /** Prices are doubles of a source without a grid, not counts. Default false. */
  readonly isFractional?: boolean;
  /** A state of a builder with the same options. Errors: E_BAR_STATE. */
  readonly state?: BuilderState;
}

/**
 * Builds bars of time from trades or smaller bars.
 *
 * A bar is [openUs, closeUs): an instant at its end belongs to the next. No bar reaches over the end of a session or, `1d`
 * apart, over a break: the last one is short. A stretch without trades has no bar.
 * Known at: closeUs, the end of the interval, whenever the last trade was.
 * Errors: E_BAR_KIND, E_BAR_INTERVAL, E_BAR_ALIGN for a smaller bar that lies in two bars, E_CALENDAR_SPAN.
 *
 * @example
 * const builder = new TimeBarBuilder({ interval: '15m', calendar });
 * builder.onBars(minutes);
 * builder.take().length
 */
export class TimeBarBuilder implements BarBuilder {
  readonly counts: Tally = new Tally();
  readonly #interval: string;
  readonly #calendarId: string;
  readonly #stepUs: number;
  readonly #isClock: boolean;
  readonly #stretches: Stretches;
  /** Bars of a trade date reach over breaks, in which nothing trades all the same; null for the others. */
  readonly #trading: Stretches | null;
  readonly #buffer: BarBuffer;
  /** The window of time that inputs fall into; empty ([x, x)) where it is over. */
  #startUs: number = -Infinity;
  #endUs: number = -Infinity;
  #tradeDate: number = 0;
  /** The latest time that was told. */
  #nowUs: number = -Infinity;
  /** Time of the last trade used, and end of the last smaller bar. */
  #lastUs: number = -Infinity;
  #inputs: number = 0;
  #open: number = 0;
  #high: number = 0;
  #low: number = 0;
  #close: number = 0;
  #volume: number = 0;
  /** A smaller bar may end after its window, where trading stops. */
  #knownUs: number = -Infinity;

  constructor(options: TimeBarOptions) {
    checkBarKind({ kind: 'time', interval: options.interval });
    this.#interval = options.interval;
    this.#calendarId = options.calendar.id;
    const stepUs = intervalUs(options.interval);
    this.#stepUs = stepUs === US_PER_DAY ? Infinity : stepUs;
    this.#isClock = options.align === 'clock' && stepUs !== US_PER_DAY;
    this.#stretches = new Stretches(
      options.calendar,
      stepUs === US_PER_DAY ? 'trade-date' : 'break',
    );
    this.#trading = stepUs === US_PER_DAY ? new Stretches(options.calendar, 'break') : null;
    this.#buffer = new BarBuffer(options.isFractional ?? false);
    if (options.state !== undefined) this.#restore(options.state);
  }

  onTrade(tsUs: number, price: number, qty: number): void {
    if (!Number.isFinite(price) || qty <= 0) {
      this.counts.malformed += 1;
      this.counts.skip(qty);
      return;
    }
    // The window is empty or another one: close what is over and find the next.
    if (!(tsUs >= this.#startUs && tsUs < this.#endUs) && !this.#moveTo(tsUs, qty)) return;
    if (this.#trading !== null && !this.#trading.overlaps(tsUs, tsUs + 1)) {
      this.#skipOutside(qty);
      return;
    }
    if (tsUs < this.#lastUs) this.counts.unordered += 1;
    else this.#lastUs = tsUs;
    this.#add(price, price, price, price, qty);
  }

  onTrades(trades: TradeColumns, from: number = 0, to: number = trades.length): void {
    const { tsUs, price, qty } = trades;
    for (let row = from; row < to; row += 1) this.onTrade(tsUs[row]!, price[row]!, qty[row]!);
  }

  onBar(bars: BarColumns, row: number): void {
    this.#onBar(
      bars.openUs[row]!,
      bars.closeUs[row]!,
      bars.open[row]!,
      bars.high[row]!,
      bars.low[row]!,
      bars.close[row]!,
      bars.volume[row]!,
    );
  }

  onBars(bars: BarColumns, from: number = 0, to: number = bars.length): void {
    const { openUs, closeUs, open, high, low, close, volume } = bars;
    for (let row = from; row < to; row += 1) {
      this.#onBar(
        openUs[row]!,
        closeUs[row]!,
        open[row]!,
        high[row]!,
        low[row]!,
        close[row]!,
        volume[row]!,
      );
    }
  }

  advance(tsUs: number): void {
    if (tsUs > this.#nowUs) this.#nowUs = tsUs;
    if (this.#endUs <= tsUs) this.#finish();
  }

  get dueUs(): number {
    return this.#inputs > 0 ? this.#endUs : TS_MAX;
  }

  get unfinished(): UnfinishedBar | null {
    if (this.#inputs === 0) return null;
    return {
      openUs: this.#startUs,
      lastUs: this.#lastUs,
      open: this.#open,
      high: this.#high,
      low: this.#low,
      close: this.#close,
      volume: this.#volume,
      inputs: this.#inputs,
    };
  }

  get ready(): number {
    return this.#buffer.length;
  }

  take(): BuiltBars {
    return this.#buffer.take();
  }

  view(): BuiltBars {
    return this.#buffer.view();
  }

  clear(): void {
    this.#buffer.clear();
  }

  state(): BuilderState {
    return {
      version: 1,
      builder: this.#name(),
      counts: this.counts.snapshot(),
      values: {
        startUs: toNumber(this.#startUs),
        endUs: toNumber(this.#endUs),
        tradeDate: this.#tradeDate,
        nowUs: toNumber(this.#nowUs),
        lastUs: toNumber(this.#lastUs),
        knownUs: toNumber(this.#knownUs),
        inputs: this.#inputs,
        open: this.#open,
        high: this.#high,
        low: this.#low,
        close: this.#close,
        volume: toNumber(this.#volume),
      },
    };
  }

  #restore(state: BuilderState): void {
    const value = readState(state, this.#name());
    this.#startUs = value('startUs', -Infinity);
    this.#endUs = value('endUs', -Infinity);
    this.#tradeDate = value('tradeDate');
    this.#nowUs = value('nowUs', -Infinity);
    this.#lastUs = value('lastUs', -Infinity);
    this.#knownUs = value('knownUs', -Infinity);
    this.#inputs = value('inputs');
    this.#open = value('open');
    this.#high = value('high');
    this.#low = value('low');
    this.#close = value('close');
    this.#volume = value('volume', NaN);
    this.counts.restore(state.counts);
  }

  #name(): string {
    const align = this.#isClock ? 'clock' : 'session';
    return `${this.#interval} ${align} ${this.#calendarId}`;
  }

  #onBar(
    openUs: number,
    closeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    const isFinite = open - open + (high - high) + (low - low) + (close - close) === 0;
    if (!isFinite || !(openUs < closeUs) || volume < 0) {
      this.counts.malformed += 1;
      this.counts.skip(volume);
      return;
    }
    if (openUs < this.#lastUs || closeUs <= this.#lastUs) {
      this.counts.repeated += 1;
      this.counts.skip(volume);
      return;
    }
    if (!(openUs >= this.#startUs && closeUs <= this.#endUs)) {
      if (!this.#moveToBar(openUs, closeUs, volume)) return;
    }
    if (this.#trading !== null && !this.#trading.overlaps(openUs, closeUs)) {
      this.#skipOutside(volume);
      return;
    }
    this.#lastUs = closeUs;
    this.#add(open, high, low, close, volume);
    if (closeUs > this.#knownUs) this.#knownUs = closeUs;
    // Smaller bars do not overlap: nothing else can come into this one.
    if (closeUs >= this.#endUs) this.#finish();
  }

  #add(open: number, high: number, low: number, close: number, volume: number): void {
    this.counts.used += 1;
    if (this.#inputs === 0) {
      this.#open = open;
      this.#high = high;
      this.#low = low;
      this.#volume = volume;
    } else {
      if (high > this.#high) this.#high = high;
      if (low < this.#low) this.#low = low;
      this.#volume += volume;
    }
    this.#close = close;
    this.#inputs += 1;
  }

  /** Emits the bar, if there is one; its window is over. */
  #finish(): void {
    if (this.#inputs > 0) {
      this.#buffer.push(
        this.#startUs,
        Math.max(this.#endUs, this.#knownUs),
        this.#open,
        this.#high,
        this.#low,
        this.#close,
        this.#volume,
        this.#tradeDate,
        this.#inputs,
        0,
      );
    }
    this.#inputs = 0;
    this.#startUs = this.#endUs;
  }

  /** Makes the window of an instant the present one; false, and counted, where there is none or it is over. */
  #moveTo(tsUs: number, qty: number): boolean {
    if (tsUs < this.#startUs) return this.#skipLate(qty);
    const stretches = this.#stretches;
    stretches.seek(tsUs);
    if (tsUs < stretches.startUs) return this.#skipOutside(qty);
    return this.#enter(tsUs, qty);
  }

  /** The window of an instant inside the stretch found. */
  #enter(tsUs: number, qty: number): boolean {
    const { startUs, endUs, tradeDate } = this.#stretches;
    const fromUs = this.#windowStart(tsUs);
    const toUs = Math.min(endUs, fromUs + this.#stepUs);
    if (toUs <= this.#nowUs) return this.#skipLate(qty);
    this.#finish();
    this.#startUs = Math.max(startUs, fromUs);
    this.#endUs = toUs;
    this.#tradeDate = tradeDate;
    return true;
  }

  #windowStart(tsUs: number): number {
    const stretches = this.#stretches;
    const { startUs } = stretches;
    if (this.#stepUs === Infinity) return startUs;
    const anchorUs = this.#isClock ? startUs - stretches.startMinutes() * US_PER_MINUTE : startUs;
    return anchorUs + Math.floor((tsUs - anchorUs) / this.#stepUs) * this.#stepUs;
  }

  /** As `#moveTo`, for a smaller bar: it belongs to the one window that it has a part in. */
  #moveToBar(openUs: number, closeUs: number, volume: number): boolean {
    const stretches = this.#stretches;
    stretches.seek(openUs);
    if (closeUs <= stretches.startUs) return this.#skipOutside(volume);
    const insideUs = Math.max(openUs, stretches.startUs);
    const fromUs = this.#windowStart(insideUs);
    const toUs = Math.min(stretches.endUs, fromUs + this.#stepUs);
    const isCrossing = closeUs > toUs && (toUs < stretches.endUs || closeUs > stretches.afterUs);
    if (isCrossing) throw this.#crossing(openUs, closeUs, toUs);
    if (insideUs < this.#startUs) return this.#skipLate(volume);
    if (insideUs < this.#endUs) return true;
    return this.#enter(insideUs, volume);
  }

  #skipLate(qty: number): false {
    this.counts.late += 1;
    this.counts.skip(qty);
    return false;
  }

  #skipOutside(qty: number): false {
    this.counts.outside += 1;
    this.counts.skip(qty);
    return false;
  }

  #crossing(openUs: number, closeUs: number, atUs: number): TradingError {
    const [from, to, at] = [openUs, closeUs, atUs].map((us) => toIsoUtc(us as TsUs));
    return new TradingError(
      'E_BAR_ALIGN',
      `the bar from ${from} to ${to} cannot be divided at ${at}, where a bar of ${this.#interval} ends`,
      {
        details: { openUs, closeUs, atUs, interval: this.#interval },
        rule: 'a smaller bar lies in one bar only',
        fix: "build from smaller bars or from trades, or with align: 'clock' where they end at the full hour",
      },
    );
  }
}
