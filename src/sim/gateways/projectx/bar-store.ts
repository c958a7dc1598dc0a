/**
 * Bars of one contract, built from its trades: seconds, minutes, hours and days are kept, each in a ring of bounded length;
 * every other size is made from them when somebody asks. Times are µs UTC of the open; a stretch without trades has no bar.
 */
import { US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from '../../../core/units.ts';

/** Where a trading day begins and how it is called: days since 1970-01-01 of the trade date. */
export interface DaySource {
  /** Open of the session that this moment belongs to. */
  openUs(tsUs: number): number;
  tradeDate(tsUs: number): number;
}

export interface Bar {
  /** Open of its interval. */
  tsUs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** As in requests: second, minute, hour, day, week, month, tick. */
export type BarUnit = 1 | 2 | 3 | 4 | 5 | 6 | 7;

const KEPT: Readonly<Record<'second' | 'minute' | 'hour' | 'day' | 'tick', number>> = {
  second: 90_000,
  minute: 100_000,
  hour: 10_000,
  day: 4_000,
  tick: 50_000,
};

/** Bars of one size, oldest first; the last one may still be forming. */
class Series {
  readonly bars: Bar[] = [];
  readonly #kept: number;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(tsUs: number, open: number, high: number, low: number, close: number, volume: number): void {
    const { bars } = this;
    const last = bars[bars.length - 1];
    if (last !== undefined && last.tsUs >= tsUs) {
      last.high = Math.max(last.high, high);
      last.low = Math.min(last.low, low);
      last.close = close;
      last.volume += volume;
      return;
    }
    bars.push({ tsUs, open, high, low, close, volume });
    // In one go, and seldom: a shift costs as much as there is.
    if (bars.length > this.#kept * 1.25) bars.splice(0, bars.length - this.#kept);
  }
}

export interface BarQuery {
  readonly unit: BarUnit;
  readonly unitNumber: number;
  /** The open of a bar lies in [fromUs, toUs]. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Bars at most, the latest of them. */
  readonly limit: number;
  /** The moment of the request: what ends after it is still forming. */
  readonly nowUs: number;
  readonly includesPartial: boolean;
}

export class BarStore {
  readonly #days: DaySource;
  readonly #seconds: Series = new Series(KEPT.second);
  readonly #minutes: Series = new Series(KEPT.minute);
  readonly #hours: Series = new Series(KEPT.hour);
  readonly #dayBars: Series = new Series(KEPT.day);
  readonly #ticks: Series = new Series(KEPT.tick);
  #tickCount: number = 0;
  #dayOpenUs: number = -Infinity;
  #dayOf: number = -Infinity;

  constructor(days: DaySource) {
    this.#days = days;
  }

  onTrade(tsUs: number, price: number, qty: number): void {
    this.#seconds.add(floorTo(tsUs, US_PER_SECOND), price, price, price, price, qty);
    this.#coarse(tsUs, price, price, price, price, qty);
    this.#tickCount += 1;
    // One row a trade: times that are equal must not melt together, so rows are kept by number and carry their time.
    const { bars } = this.#ticks;
    bars.push({ tsUs, open: price, high: price, low: price, close: price, volume: qty });
    if (bars.length > KEPT.tick * 1.25) bars.splice(0, bars.length - KEPT.tick);
  }

  /** A bar of a minute or less from before the gateway began. Oldest first. */
  onBar(
    openUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    this.#coarse(openUs, open, high, low, close, volume);
  }

  /** Newest first. Null where the unit is not known. */
  query(query: BarQuery): Bar[] | null {
    const { unit, unitNumber, fromUs, toUs, limit, nowUs, includesPartial } = query;
    if (unit === 7) return this.#tickBars(query);
    const out: Bar[] = [];
    const source = this.#sourceOf(unit, unitNumber);
    if (source === null) return null;
    const { bars } = source;
    let group: Bar | null = null;
    const close = (): void => {
      if (group === null || group.tsUs > toUs || group.tsUs < fromUs) return;
      if (includesPartial || this.#endUs(unit, unitNumber, group.tsUs) <= nowUs) out.push(group);
    };
    // From the newest backwards, so that a limit ends the work.
    for (let k = bars.length - 1; k >= 0; k -= 1) {
      const bar = bars[k]!;
      const startUs = this.#startUs(unit, unitNumber, bar.tsUs);
      if (group !== null && group.tsUs === startUs) {
        group.open = bar.open;
        group.high = Math.max(group.high, bar.high);
        group.low = Math.min(group.low, bar.low);
        group.volume += bar.volume;
        continue;
      }
      close();
      group = null;
      if (out.length >= limit || startUs < fromUs) return out;
      if (startUs <= toUs) group = { ...bar, tsUs: startUs };
    }
    close();
    return out;
  }

  #coarse(
    tsUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    this.#minutes.add(floorTo(tsUs, US_PER_MINUTE), open, high, low, close, volume);
    this.#hours.add(floorTo(tsUs, US_PER_HOUR), open, high, low, close, volume);
    if (floorTo(tsUs, US_PER_MINUTE) !== this.#dayOf) {
      this.#dayOf = floorTo(tsUs, US_PER_MINUTE);
      this.#dayOpenUs = this.#days.openUs(tsUs);
    }
    this.#dayBars.add(this.#dayOpenUs, open, high, low, close, volume);
  }

  #sourceOf(unit: BarUnit, unitNumber: number): Series | null {
    switch (unit) {
      case 1:
        return unitNumber % 60 === 0 ? this.#minutes : this.#seconds;
      case 2:
        return unitNumber % 60 === 0 ? this.#hours : this.#minutes;
      case 3:
        return this.#hours;
      default:
        return unit >= 4 && unit <= 6 ? this.#dayBars : null;
    }
  }

  /** Where the bar begins that holds one that begins at `tsUs`. */
  #startUs(unit: BarUnit, count: number, tsUs: number): number {
    if (unit <= 3) return floorTo(tsUs, stepOf(unit, count));
    const date = this.#days.tradeDate(tsUs);
    if (unit === 4 && count === 1) return tsUs;
    const first = firstDate(unit, count, date);
    // The open of the first session of the group that there is: walk back over its days.
    let startUs = tsUs;
    for (let back = tsUs; ;) {
      const before = this.#days.openUs(back - 1);
      if (before >= back || this.#days.tradeDate(before) < first) return startUs;
      startUs = before;
      back = before;
    }
  }

  #endUs(unit: BarUnit, count: number, startUs: number): number {
    if (unit <= 3) return startUs + stepOf(unit, count);
    const date = this.#days.tradeDate(startUs);
    const next = nextDate(unit, count, firstDate(unit, count, date));
    // The end of a day is the open of the next one: enough for a bar that forms.
    return startUs + Math.max(1, next - date) * 24 * US_PER_HOUR;
  }

  #tickBars({ unitNumber, fromUs, toUs, limit, includesPartial }: BarQuery): Bar[] {
    const { bars } = this.#ticks;
    const out: Bar[] = [];
    const total = this.#tickCount;
    // Groups are counted from the first trade of all, so that a bar never changes by what is forgotten.
    let end = total - (total % unitNumber);
    const partial = total - end;
    const oldest = total - bars.length;
    const groupOf = (from: number, to: number): Bar => {
      const rows = bars.slice(from - oldest, to - oldest);
      const bar = { ...rows[0]! };
      for (const row of rows.slice(1)) {
        bar.high = Math.max(bar.high, row.high);
        bar.low = Math.min(bar.low, row.low);
        bar.close = row.close;
        bar.volume += row.volume;
      }
      return bar;
    };
    const take = (bar: Bar): void => {
      if (bar.tsUs >= fromUs && bar.tsUs <= toUs && out.length < limit) out.push(bar);
    };
    if (partial > 0 && includesPartial && end >= oldest) take(groupOf(end, total));
    for (; end - unitNumber >= oldest && out.length < limit; end -= unitNumber) {
      const bar = groupOf(end - unitNumber, end);
      if (bar.tsUs < fromUs) break;
      take(bar);
    }
    return out;
  }
}

function floorTo(tsUs: number, stepUs: number): number {
  return Math.floor(tsUs / stepUs) * stepUs;
}

function stepOf(unit: BarUnit, count: number): number {
  return count * (unit === 1 ? US_PER_SECOND : unit === 2 ? US_PER_MINUTE : US_PER_HOUR);
}

/** First trade date of the group of days, weeks (from Monday) or months that a date is in. */
function firstDate(unit: BarUnit, count: number, date: number): number {
  if (unit === 4) return Math.floor(date / count) * count;
  // 1970-01-05 was a Monday.
  if (unit === 5) return Math.floor((date - 4) / (7 * count)) * 7 * count + 4;
  const at = new Date(date * 86_400_000);
  const months = at.getUTCFullYear() * 12 + at.getUTCMonth();
  return dateOfMonth(months - (months % count));
}

function nextDate(unit: BarUnit, count: number, first: number): number {
  if (unit === 4) return first + count;
  if (unit === 5) return first + 7 * count;
  const at = new Date(first * 86_400_000);
  return dateOfMonth(at.getUTCFullYear() * 12 + at.getUTCMonth() + count);
}

/** Days since 1970-01-01 of the first of a month, counted from the year 0. */
function dateOfMonth(months: number): number {
  return Date.UTC(Math.floor(months / 12), months % 12) / 86_400_000;
}
