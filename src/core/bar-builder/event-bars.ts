/**
 * What bars that end by trading have in common: which inputs count, where a session ends, the bar in the making. The flat
 * world: scalars in fields, nothing allocated for a trade.
 */
import type { BarColumns, TradeColumns } from '../bars.ts';
import { TradingError } from '../errors.ts';
import type { TradingCalendar } from '../ports.ts';
import type { TsUs } from '../units.ts';
import { toIsoUtc, TS_MAX } from '../units.ts';
import type { BuiltBars } from './buffer.ts';
import { BarBuffer } from './buffer.ts';
import { readState, toNumber } from './state.ts';
import type { Boundary } from './stretches.ts';
import { Stretches } from './stretches.ts';
import { Tally } from './tally.ts';
import type { BarBuilder, BuilderState, UnfinishedBar } from './types.ts';

export interface EventBarOptions {
  /**
   * With a calendar, trades outside of its sessions are counted and left out, and the end of a session ends the bar in the
   * making. Without one, every trade counts and nothing but trading ends a bar.
   */
  readonly calendar?: TradingCalendar;
  /** What no bar reaches over: a session (the default), trading without a break, or all sessions of a trade date. */
  readonly boundary?: Boundary;
  /** Prices are doubles of a source without a grid, not counts. Default false. */
  readonly isFractional?: boolean;
  /** A state of a builder with the same options. Errors: E_BAR_STATE. */
  readonly state?: BuilderState;
}

/** More bars from one trade are a fault of the price or the size, not a market. */
const BARS_PER_TRADE_MAX = 100_000;

/** Bars whose end trading decides. Known at: the time of the trade that ends the bar, or the end of the session. */
export abstract class EventBarBuilder implements BarBuilder {
  readonly counts: Tally = new Tally();
  readonly #name: string;
  readonly #stretches: Stretches | null;
  readonly #trading: Stretches | null;
  readonly #buffer: BarBuffer;
  /** The stretch that inputs fall into; without a calendar all of time. */
  #startUs: number;
  #endUs: number;
  #tradeDate: number = 0;
  /** The latest time that was told. */
  #toldUs: number = -Infinity;
  /** Time of the last input; of those out of order, the latest. */
  protected nowUs: number = -Infinity;
  /** The bar in the making, if `inputs` or `isBegun` says that there is one. */
  protected openUs: number = 0;
  protected open: number = 0;
  protected high: number = 0;
  protected low: number = 0;
  protected close: number = 0;
  protected volume: number = 0;
  protected inputs: number = 0;

  constructor(name: string, options: EventBarOptions) {
    const { calendar, boundary = 'session' } = options;
    this.#name = calendar === undefined ? name : `${name} ${boundary} ${calendar.id}`;
    this.#stretches = calendar === undefined ? null : new Stretches(calendar, boundary);
    this.#trading = calendar === undefined ? null : new Stretches(calendar, 'break');
    this.#buffer = new BarBuffer(options.isFractional ?? false);
    this.#startUs = -Infinity;
    this.#endUs = calendar === undefined ? Infinity : -Infinity;
  }

  /** To be called by the class itself, once its fields stand. */
  protected begin(state: BuilderState | undefined): void {
    if (state === undefined) return;
    const value = readState(state, this.#name);
    this.#startUs = value('startUs', -Infinity);
    this.#endUs = value('endUs', this.#stretches === null ? Infinity : -Infinity);
    this.#tradeDate = value('tradeDate');
    this.#toldUs = value('toldUs', -Infinity);
    this.nowUs = value('nowUs', -Infinity);
    this.openUs = value('openUs');
    this.open = value('open');
    this.high = value('high');
    this.low = value('low');
    this.close = value('close');
    this.volume = value('volume', NaN);
    this.inputs = value('inputs');
    this.load(value);
    this.counts.restore(state.counts);
  }

  /** One trade that counts, at `nowUs`. */
  protected abstract apply(price: number, qty: number): void;
  /** One smaller bar that counts, finished at `nowUs`. Errors: E_BAR_SOURCE. */
  protected abstract applyBar(
    openUs: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void;
  /** The session ended at `atUs` with a bar in the making or without. */
  protected abstract cut(atUs: number): void;
  /** What a kind keeps beside the bar in the making. */
  protected save(): Record<string, number | null> {
    return {};
  }

  protected load(_value: (name: string, none?: number) => number): void {
    // Most kinds keep nothing else.
  }

  onTrade(tsUs: number, price: number, qty: number): void {
    if (!Number.isFinite(price) || qty <= 0) {
      this.counts.malformed += 1;
      this.counts.skip(qty);
      return;
    }
    if (this.#trading !== null && !this.#admit(tsUs, tsUs + 1, qty)) return;
    if (tsUs >= this.nowUs) this.nowUs = tsUs;
    else this.counts.unordered += 1;
    this.counts.used += 1;
    this.apply(price, qty);
  }

  onTrades(trades: TradeColumns, from: number = 0, to: number = trades.length): void {
    const { tsUs, price, qty } = trades;
    for (let row = from; row < to; row += 1) this.onTrade(tsUs[row]!, price[row]!, qty[row]!);
  }

  onBar(bars: BarColumns, row: number): void {
    const openUs = bars.openUs[row]!;
    const closeUs = bars.closeUs[row]!;
    const open = bars.open[row]!;
    const high = bars.high[row]!;
    const low = bars.low[row]!;
    const close = bars.close[row]!;
    const volume = bars.volume[row]!;
    const isFinite = open - open + (high - high) + (low - low) + (close - close) === 0;
    if (!isFinite || !(openUs < closeUs) || volume < 0) {
      this.counts.malformed += 1;
      this.counts.skip(volume);
      return;
    }
    if (openUs < this.nowUs) {
      this.counts.repeated += 1;
      this.counts.skip(volume);
      return;
    }
    if (this.#trading !== null && !this.#admit(openUs, closeUs, volume)) return;
    this.nowUs = closeUs;
    this.counts.used += 1;
    if (this.inputs === 0) this.open = open;
    this.applyBar(openUs, high, low, close, volume);
    if (closeUs >= this.#endUs) this.#end(closeUs);
  }

  onBars(bars: BarColumns, from: number = 0, to: number = bars.length): void {
    for (let row = from; row < to; row += 1) this.onBar(bars, row);
  }

  advance(tsUs: number): void {
    if (tsUs > this.#toldUs) this.#toldUs = tsUs;
    if (this.#endUs <= tsUs) this.#end(this.#endUs);
  }

  get dueUs(): number {
    return this.inputs > 0 && this.#endUs !== Infinity ? this.#endUs : TS_MAX;
  }

  get unfinished(): UnfinishedBar | null {
    if (this.inputs === 0) return null;
    const { openUs, open, high, low, close, volume, inputs } = this;
    return { openUs, lastUs: this.nowUs, open, high, low, close, volume, inputs };
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
      builder: this.#name,
      counts: this.counts.snapshot(),
      values: {
        startUs: toNumber(this.#startUs),
        endUs: toNumber(this.#endUs),
        tradeDate: this.#tradeDate,
        toldUs: toNumber(this.#toldUs),
        nowUs: toNumber(this.nowUs),
        openUs: this.openUs,
        open: this.open,
        high: this.high,
        low: this.low,
        close: this.close,
        volume: toNumber(this.volume),
        inputs: this.inputs,
        ...this.save(),
      },
    };
  }

  /** One price into the bar in the making, which begins with it if there is none. */
  protected add(price: number, qty: number): void {
    if (this.inputs === 0) {
      this.openUs = this.nowUs;
      this.open = price;
      this.high = price;
      this.low = price;
      this.volume = qty;
    } else {
      if (price > this.high) this.high = price;
      if (price < this.low) this.low = price;
      this.volume += qty;
    }
    this.close = price;
    this.inputs += 1;
  }

  /** A smaller bar into the bar in the making; `open` is set where it is the first. */
  protected addBar(openUs: number, high: number, low: number, close: number, volume: number): void {
    if (this.inputs === 0) {
      this.openUs = openUs;
      this.high = high;
      this.low = low;
      this.volume = volume;
    } else {
      if (high > this.high) this.high = high;
      if (low < this.low) this.low = low;
      this.volume += volume;
    }
    this.close = close;
    this.inputs += 1;
  }

  /** The bar in the making is complete at `closeUs`. */
  protected finish(closeUs: number, isCut: number): void {
    const { openUs, open, high, low, close, volume, inputs } = this;
    this.emit(openUs, closeUs, open, high, low, close, volume, inputs, isCut);
    this.inputs = 0;
    this.volume = 0;
  }

  protected emit(
    openUs: number,
    closeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    inputs: number,
    isCut: number,
  ): void {
    this.#buffer.push(
      openUs,
      closeUs,
      open,
      high,
      low,
      close,
      volume,
      this.#tradeDate,
      inputs,
      isCut,
    );
  }

  /** Errors: E_BAR_SOURCE when one trade would make more bars than a market makes. */
  protected checkCount(bars: number, price: number, qty: number): void {
    if (bars <= BARS_PER_TRADE_MAX) return;
    throw new TradingError(
      'E_BAR_SOURCE',
      `a trade of ${qty} at ${price} would make ${Math.ceil(bars)} bars`,
      {
        details: { price, qty, bars, tsUs: this.nowUs },
        rule: `one trade makes at most ${BARS_PER_TRADE_MAX} bars`,
        fix: 'look for a wrong price or size in the data, or build larger bars',
      },
    );
  }

  /** Whether [fromUs, toUs) is in the session in progress, or the one after it, which then is. */
  #admit(fromUs: number, toUs: number, qty: number): boolean {
    if (fromUs < this.#startUs) return this.#skipLate(qty);
    if (!this.#trading!.overlaps(fromUs, toUs)) {
      this.counts.outside += 1;
      this.counts.skip(qty);
      return false;
    }
    if (toUs <= this.#endUs) return true;
    const stretches = this.#stretches!;
    stretches.seek(fromUs);
    if (toUs > stretches.afterUs) throw this.#crossing(fromUs, toUs, stretches.endUs);
    if (stretches.endUs === this.#endUs) return true;
    if (stretches.endUs <= this.#toldUs) return this.#skipLate(qty);
    this.#end(this.#endUs);
    this.#startUs = stretches.startUs;
    this.#endUs = stretches.endUs;
    this.#tradeDate = stretches.tradeDate;
    return true;
  }

  #skipLate(qty: number): false {
    this.counts.late += 1;
    this.counts.skip(qty);
    return false;
  }

  #end(atUs: number): void {
    this.cut(atUs);
    this.#startUs = this.#endUs;
  }

  #crossing(openUs: number, closeUs: number, atUs: number): TradingError {
    const [from, to, at] = [openUs, closeUs, atUs].map((us) => toIsoUtc(us as TsUs));
    return new TradingError(
      'E_BAR_ALIGN',
      `the bar from ${from} to ${to} cannot be divided at ${at}, where a session ends`,
      {
        details: { openUs, closeUs, atUs },
        rule: 'a smaller bar lies in one session only',
        fix: 'build from smaller bars or from trades',
      },
    );
  }
}
