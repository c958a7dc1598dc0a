/** Where a bar must end: the sessions of a calendar as disjoint stretches of time, found without a search as time moves on. */
import { TradingError } from '../errors.ts';
import type { TradingCalendar } from '../ports.ts';
import type { SessionColumns } from '../session.ts';
import { addDays } from '../trade-date.ts';
import type { TradeDate, TsUs } from '../units.ts';

/**
 * What no bar may reach over. `break`: a stretch is trading without interruption; `session`: a session with its breaks;
 * `trade-date`: all sessions of a trade date.
 */
export type Boundary = 'break' | 'session' | 'trade-date';

/** Trade dates read from the calendar at once, on both sides of the one asked for. */
const DAYS_BEFORE = 12;
const DAYS_AFTER = 60;
const STEPS_MAX = 4;

/** Stretches of one calendar. After `seek` the fields hold the stretch that contains the instant or, when closed, the next. */
export class Stretches {
  readonly #calendar: TradingCalendar;
  readonly #boundary: Boundary;
  #starts: Float64Array = new Float64Array(0);
  #ends: Float64Array = new Float64Array(0);
  #dates: Int32Array = new Int32Array(0);
  #at: number = 0;
  startUs: number = NaN;
  endUs: number = NaN;
  tradeDate: number = 0;
  /** End of the stretch before and start of the one after, infinite where the calendar knows none. */
  beforeUs: number = NaN;
  afterUs: number = NaN;

  constructor(calendar: TradingCalendar, boundary: Boundary) {
    this.#calendar = calendar;
    this.#boundary = boundary;
  }

  /** Errors: E_CALENDAR_SPAN where the calendar has no answer. */
  seek(tsUs: number): void {
    // Stated positively, so that NaN, before the first answer, fails. What lies before the first stretch read is not known.
    if (tsUs < this.endUs && tsUs >= (this.#at > 0 ? this.beforeUs : this.startUs)) return;
    let at = this.#find(tsUs);
    // A neighbour is missing: read again around the instant.
    if (at <= 0 || at >= this.#ends.length - 1) {
      this.#load(tsUs);
      at = this.#search(tsUs);
    }
    this.#use(at);
  }

  /** Row of the instant among those read, or -1. */
  #find(tsUs: number): number {
    const ends = this.#ends;
    const { length } = ends;
    if (length === 0 || tsUs < this.#starts[0]! || tsUs >= ends[length - 1]!) return -1;
    let at = this.#at;
    if (at > 0 && ends[at - 1]! > tsUs) return this.#search(tsUs);
    const last = Math.min(length, at + STEPS_MAX);
    while (at < last && ends[at]! <= tsUs) at += 1;
    return at < last ? at : this.#search(tsUs);
  }

  /** Whether any of [fromUs, toUs) lies in the first stretch that ends after `fromUs`. */
  overlaps(fromUs: number, toUs: number): boolean {
    this.seek(fromUs);
    return toUs > this.startUs;
  }

  /** Minutes of the stretch's start since local midnight. */
  startMinutes(): number {
    return this.#calendar.localMinutes(this.startUs as TsUs);
  }

  #use(at: number): void {
    this.#at = at;
    this.startUs = this.#starts[at]!;
    this.endUs = this.#ends[at]!;
    this.tradeDate = this.#dates[at]!;
    this.beforeUs = at > 0 ? this.#ends[at - 1]! : -Infinity;
    this.afterUs = at + 1 < this.#starts.length ? this.#starts[at + 1]! : Infinity;
  }

  #search(tsUs: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! <= tsUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #load(tsUs: number): void {
    const date = this.#calendar.tradeDateOf(tsUs as TsUs);
    this.#flatten(this.#sessionsAround(date));
    if (this.#search(tsUs) >= this.#ends.length) {
      throw new TradingError(
        'E_CALENDAR_SPAN',
        `no session after ${tsUs} in ${this.#calendar.id}`,
        {
          details: { tsUs, calendar: this.#calendar.id },
        },
      );
    }
  }

  /** As much as the calendar can answer for: near an end of its span only the date itself. */
  #sessionsAround(date: TradeDate): SessionColumns {
    const spans = [
      [DAYS_BEFORE, DAYS_AFTER],
      [DAYS_BEFORE, 0],
      [0, DAYS_AFTER],
      [0, 0],
    ] as const;
    for (const [before, after] of spans) {
      try {
        return this.#calendar.sessions(addDays(date, -before), addDays(date, after));
      } catch (error) {
        const isSpan = error instanceof TradingError && error.code === 'E_CALENDAR_SPAN';
        if (!isSpan || before + after === 0) throw error;
      }
    }
    return this.#calendar.sessions(date, date);
  }

  #flatten(sessions: SessionColumns): void {
    const starts: number[] = [];
    const ends: number[] = [];
    const dates: number[] = [];
    let pause = 0;
    for (let row = 0; row < sessions.length; row += 1) {
      const date = sessions.tradeDate[row]!;
      const isJoined = this.#boundary === 'trade-date' && dates.at(-1) === date;
      if (isJoined) ends.pop();
      else {
        starts.push(sessions.openUs[row]!);
        dates.push(date);
      }
      for (; pause < sessions.breakRow.length && sessions.breakRow[pause]! <= row; pause += 1) {
        if (sessions.breakRow[pause]! < row || this.#boundary !== 'break') continue;
        ends.push(sessions.breakStartUs[pause]!);
        starts.push(sessions.breakEndUs[pause]!);
        dates.push(date);
      }
      ends.push(sessions.closeUs[row]!);
    }
    this.#starts = Float64Array.from(starts);
    this.#ends = Float64Array.from(ends);
    this.#dates = Int32Array.from(dates);
  }
}
