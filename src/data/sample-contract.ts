/** Turns a spot path into the bars of one contract. Flat world. */
import type { BarColumns } from '../core/bars.ts';
import type { ContractSpec } from '../core/instrument.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_MINUTE } from '../core/units.ts';
import type { DayPath, PathColumns } from './sample-path.ts';
import { draw32, streamKey } from './sample-random.ts';

/** Growable bar columns with whole-count prices. */
export class BarBuffer {
  length = 0;
  openUs: Float64Array;
  closeUs: Float64Array;
  open: Int32Array;
  high: Int32Array;
  low: Int32Array;
  close: Int32Array;
  volume: Float64Array;

  constructor(capacity: number) {
    this.openUs = new Float64Array(capacity);
    this.closeUs = new Float64Array(capacity);
    this.open = new Int32Array(capacity);
    this.high = new Int32Array(capacity);
    this.low = new Int32Array(capacity);
    this.close = new Int32Array(capacity);
    this.volume = new Float64Array(capacity);
  }

  reserve(rows: number): void {
    if (this.length + rows <= this.openUs.length) return;
    const grown = new BarBuffer(2 * (this.length + rows));
    grown.openUs.set(this.openUs);
    grown.closeUs.set(this.closeUs);
    grown.open.set(this.open);
    grown.high.set(this.high);
    grown.low.set(this.low);
    grown.close.set(this.close);
    grown.volume.set(this.volume);
    Object.assign(this, grown, { length: this.length });
  }

  /** Starts a row with the bounds of an interval. */
  startRow(openUs: number, closeUs: number): number {
    const row = this.length;
    this.openUs[row] = openUs;
    this.closeUs[row] = closeUs;
    this.volume[row] = 0;
    this.length = row + 1;
    return row;
  }

  /** Adds the bar `from[source]` to a row. */
  fold(row: number, open: number, high: number, low: number, close: number, volume: number): void {
    if (this.volume[row] === 0) {
      this.open[row] = open;
      this.high[row] = high;
      this.low[row] = low;
    } else {
      if (high > this.high[row]!) this.high[row] = high;
      if (low < this.low[row]!) this.low[row] = low;
    }
    this.close[row] = close;
    this.volume[row] = this.volume[row]! + volume;
  }

  /** The rows so far as columns of exactly that length; the buffer is empty afterwards. */
  take(): BarColumns {
    const { length } = this;
    this.length = 0;
    return {
      length,
      openUs: this.openUs.slice(0, length),
      closeUs: this.closeUs.slice(0, length),
      open: this.open.slice(0, length),
      high: this.high.slice(0, length),
      low: this.low.slice(0, length),
      close: this.close.slice(0, length),
      volume: this.volume.slice(0, length),
    };
  }
}

/** Buffers of one contract, one per interval. */
export interface BufferSet {
  readonly minutes: BarBuffer;
  readonly hours: BarBuffer;
  readonly days: BarBuffer;
}

/** Lends grown buffers to the next contract: only three are alive at once, and growing is what costs. */
export class BufferPool {
  readonly #free: BufferSet[] = [];

  lend(): BufferSet {
    return (
      this.#free.pop() ?? {
        minutes: new BarBuffer(65_536),
        hours: new BarBuffer(8192),
        days: new BarBuffer(512),
      }
    );
  }

  /** The set must be empty: all its rows taken. */
  giveBack(set: BufferSet): void {
    this.#free.push(set);
  }
}

/** What a contract needs beside its specification. Dates are trade dates. */
export interface ContractPlan {
  readonly spec: ContractSpec;
  /** First session in which the next contract trades more than this one. */
  readonly crossDate: TradeDate;
  /** First date whose minutes are written. */
  readonly minuteDate: TradeDate;
  /** Price against other months, 1 without a season. */
  readonly season: number;
}

/** Bars of one contract in all intervals. Days are folded from hours, and hours from minutes where there are any. */
export class ContractBars {
  readonly plan: ContractPlan;
  readonly #key: number;
  readonly #pool: BufferPool;
  #buffers: BufferSet | null = null;

  constructor(plan: ContractPlan, seed: number, pool: BufferPool) {
    this.plan = plan;
    this.#key = streamKey(seed, plan.spec.id);
    this.#pool = pool;
  }

  /** Buffers with the rows since they were last taken; lent on first use. */
  get buffers(): BufferSet {
    this.#buffers ??= this.#pool.lend();
    return this.#buffers;
  }

  /** Gives the buffers back, after the last rows were taken. */
  release(): void {
    if (this.#buffers !== null) this.#pool.giveBack(this.#buffers);
    this.#buffers = null;
  }

  /**
   * Adds one trade date. `countsPerSpot` turns a spot price into counts of this contract, `share` is its part of the
   * product's volume. An interval without volume has no bar.
   */
  addDay(path: DayPath, countsPerSpot: number, share: number, hasMinutes: boolean): void {
    const { minutes, hours, days } = this.buffers;
    const firstHour = hours.length;
    hours.reserve(path.hours.length);
    if (hasMinutes) {
      const firstMinute = minutes.length;
      minutes.reserve(path.minutes.length);
      this.#addRows(minutes, path.minutes, countsPerSpot, share);
      this.#foldHours(path, firstMinute);
    } else this.#addRows(hours, path.hours, countsPerSpot, share);
    if (hours.length === firstHour) return;
    days.reserve(1);
    const day = days.startRow(
      path.openUs,
      Math.min(path.closeUs, this.plan.spec.dates.lastTradeUs),
    );
    for (let row = firstHour; row < hours.length; row += 1) foldRow(days, day, hours, row);
  }

  /** Rows of a path as bars of this contract, up to its last trade. */
  #addRows(into: BarBuffer, path: PathColumns, countsPerSpot: number, share: number): void {
    const { lastTradeUs } = this.plan.spec.dates;
    const { openUs, closeUs, open, high, low, close, volume } = path;
    let at = into.length;
    for (let i = 0; i < path.length && openUs[i]! < lastTradeUs; i += 1) {
      const startUs = openUs[i]!;
      const chance = (draw32(this.#key, startUs / US_PER_MINUTE) >>> 0) / 4_294_967_296;
      const traded = Math.floor(volume[i]! * share + chance);
      if (traded === 0) continue;
      const last = toCounts(close[i]!, countsPerSpot);
      // One contract is one price.
      const isSingle = traded === 1;
      into.openUs[at] = startUs;
      into.closeUs[at] = Math.min(closeUs[i]!, lastTradeUs);
      into.open[at] = isSingle ? last : toCounts(open[i]!, countsPerSpot);
      into.high[at] = isSingle ? last : toCounts(high[i]!, countsPerSpot);
      into.low[at] = isSingle ? last : toCounts(low[i]!, countsPerSpot);
      into.close[at] = last;
      into.volume[at] = traded;
      at += 1;
    }
    into.length = at;
  }

  #foldHours(path: DayPath, firstMinute: number): void {
    const { minutes, hours } = this.buffers;
    const { lastTradeUs } = this.plan.spec.dates;
    let [hour, row, i] = [-1, -1, 0];
    for (let at = firstMinute; at < minutes.length; at += 1) {
      const us = minutes.openUs[at]!;
      while (path.minutes.openUs[i]! < us) i += 1;
      if (path.hourOf[i] !== hour) {
        hour = path.hourOf[i]!;
        const endUs = Math.min(path.hours.closeUs[hour]!, lastTradeUs);
        row = hours.startRow(path.hours.openUs[hour]!, endUs);
      }
      foldRow(hours, row, minutes, at);
    }
  }
}

/** Nearest whole count, at least one: the sample has no prices at or below zero. */
function toCounts(spot: number, countsPerSpot: number): number {
  return Math.max(1, Math.floor(spot * countsPerSpot + 0.5));
}

function foldRow(into: BarBuffer, row: number, from: BarBuffer, at: number): void {
  into.fold(row, from.open[at]!, from.high[at]!, from.low[at]!, from.close[at]!, from.volume[at]!);
}
