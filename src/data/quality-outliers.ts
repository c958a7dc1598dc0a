/**
 * Prices that stand alone. A bar is an outlier where its high or low lies far outside of the three bars before it and the
 * price is back within five bars: news moves a market and stays, a bad print does neither. "Far" is ten times the usual true
 * range, the larger of its medians over the thirty bars before and after: a median of each side is not moved by the print, and
 * taking the larger one leaves the first bar of a busy hour alone.
 */
import type { BarColumns } from '../core/bars.ts';
import { US_PER_MINUTE } from '../core/units.ts';

/** Times the usual true range. */
export const OUTLIER_RANGES = 10;
const NEIGHBOURS = 3;
const RETURN_ROWS = 5;
const SIDE_ROWS = 30;
const SIDE_ROWS_MIN = 5;
/** A pause this long: the bars before it say nothing of the price after it. */
const PAUSE_US = 30 * US_PER_MINUTE;
/** Between two bars: another scale, not another price. */
const SCALE = 5;
const AHEAD = RETURN_ROWS + 1 + SIDE_ROWS;
const BEHIND = SIDE_ROWS + NEIGHBOURS + 1;
const BLOCK = 8192;

export interface Outlier {
  /** Number of the row in the series, from 0. */
  readonly at: number;
  readonly tsUs: number;
  readonly what: 'high' | 'low' | 'scale';
  /** Counts of the grid. */
  readonly price: number;
  /** How many usual ranges it lies outside. */
  readonly ranges: number;
}

/** Walks the bars of one series; the rows come in time order, in batches of any size. */
export class OutlierScan {
  readonly #isDaily: boolean;
  readonly #found: (outlier: Outlier) => void;
  readonly #openUs = new Float64Array(BLOCK + AHEAD + BEHIND);
  readonly #closeUs = new Float64Array(BLOCK + AHEAD + BEHIND);
  readonly #high = new Float64Array(BLOCK + AHEAD + BEHIND);
  readonly #low = new Float64Array(BLOCK + AHEAD + BEHIND);
  readonly #close = new Float64Array(BLOCK + AHEAD + BEHIND);
  readonly #side = new Float64Array(SIDE_ROWS);
  /** Rows in the buffers, the first of them not yet judged, and the number of the buffer's first row in the series. */
  #length = 0;
  #next = 0;
  #base = 0;

  constructor(isDaily: boolean, found: (outlier: Outlier) => void) {
    this.#isDaily = isDaily;
    this.#found = found;
  }

  push(bars: BarColumns): void {
    for (let from = 0; from < bars.length;) {
      const to = Math.min(bars.length, from + this.#high.length - this.#length);
      this.#openUs.set(bars.openUs.subarray(from, to), this.#length);
      this.#closeUs.set(bars.closeUs.subarray(from, to), this.#length);
      this.#high.set(bars.high.subarray(from, to), this.#length);
      this.#low.set(bars.low.subarray(from, to), this.#length);
      this.#close.set(bars.close.subarray(from, to), this.#length);
      this.#length += to - from;
      from = to;
      if (this.#length === this.#high.length) this.#judge(this.#length - AHEAD);
    }
  }

  /** Judges the last rows with what follows them. */
  end(): void {
    this.#judge(this.#length);
  }

  #judge(end: number): void {
    const [high, low, close] = [this.#high, this.#low, this.#close];
    for (let i = this.#next; i < end; i += 1) {
      // The usual row first: it stands inside of the two before it, or close to them.
      if (i >= 2) {
        const top = Math.max(high[i - 1]!, high[i - 2]!);
        const bottom = Math.min(low[i - 1]!, low[i - 2]!);
        if (high[i]! <= top && low[i]! >= bottom) continue;
      }
      const skip = this.#judgeRow(i, close[i]!);
      i += skip;
    }
    this.#next = Math.max(end, this.#next);
    const keep = Math.max(0, this.#next - BEHIND);
    for (const column of [this.#openUs, this.#closeUs, high, low, close])
      column.copyWithin(0, keep, this.#length);
    this.#length -= keep;
    this.#next -= keep;
    this.#base += keep;
  }

  /** Rows after this one that belong to the same outlier. */
  #judgeRow(i: number, closed: number): number {
    const [high, low, close] = [this.#high, this.#low, this.#close];
    const isFirst = i === 0 || this.#isAfterPause(i);
    const from = isFirst ? i + 1 : Math.max(0, i - NEIGHBOURS);
    const to = isFirst ? Math.min(this.#length, i + 1 + NEIGHBOURS) : i;
    if (from >= to) return 0;
    let [top, bottom] = [-Infinity, Infinity];
    for (let k = from; k < to; k += 1) {
      if (high[k]! > top) top = high[k]!;
      if (low[k]! < bottom) bottom = low[k]!;
    }
    const isUp = high[i]! - top > bottom - low[i]!;
    const distance = isUp ? high[i]! - top : bottom - low[i]!;
    if (!(distance > OUTLIER_RANGES)) return this.#scaleOf(i, isFirst);
    const usual = this.#usualRange(i);
    if (!(distance > OUTLIER_RANGES * usual)) return this.#scaleOf(i, isFirst);
    const isBack = (price: number): boolean =>
      isUp ? price <= top + distance / 2 : price >= bottom - distance / 2;
    let back = isFirst || isBack(closed) ? i : i + 1;
    while (back > i && back < this.#length && back <= i + RETURN_ROWS && !isBack(close[back]!))
      back += 1;
    const isLast = i === this.#length - 1;
    const hasReturned = back === i || (back < this.#length && back <= i + RETURN_ROWS);
    if (!hasReturned && !isLast) return this.#scaleOf(i, isFirst);
    this.#report(i, isUp ? 'high' : 'low', isUp ? high[i]! : low[i]!, distance / usual);
    return hasReturned ? Math.max(0, back - i - 1) : 0;
  }

  /** A price five times the one before, which stays: another unit, or another contract. */
  #scaleOf(i: number, isFirst: boolean): number {
    const [before, now] = [i === 0 ? NaN : this.#close[i - 1]!, this.#close[i]!];
    const isOther = before > 0 && now > 0 && (now > SCALE * before || before > SCALE * now);
    // A count or two more is five times a price near nothing.
    if (!isOther || Math.abs(now - before) < 100 || (isFirst && i === 0)) return 0;
    this.#report(i, 'scale', now, Math.abs(now - before) / this.#usualRange(i));
    return 0;
  }

  #report(i: number, what: Outlier['what'], price: number, ranges: number): void {
    this.#found({ at: this.#base + i, tsUs: this.#closeUs[i]!, what, price, ranges });
  }

  #isAfterPause(i: number): boolean {
    return !this.#isDaily && this.#openUs[i]! - this.#closeUs[i - 1]! > PAUSE_US;
  }

  /** The larger median of the true ranges before and after a row, at least one count; Infinity with too few rows. */
  #usualRange(i: number): number {
    const before = this.#median(Math.max(1, i - SIDE_ROWS), i);
    const from = i + RETURN_ROWS + 1;
    const after = this.#median(from, Math.min(this.#length, from + SIDE_ROWS));
    if (Number.isNaN(before) && Number.isNaN(after)) return Infinity;
    return Math.max(before || 0, after || 0, 1);
  }

  #median(from: number, to: number): number {
    const count = to - from;
    if (count < SIDE_ROWS_MIN) return NaN;
    for (let k = 0; k < count; k += 1) {
      const row = from + k;
      const before = this.#close[row - 1]!;
      this.#side[k] = Math.max(this.#high[row]!, before) - Math.min(this.#low[row]!, before);
    }
    return this.#side.subarray(0, count).sort()[count >> 1]!;
  }
}
