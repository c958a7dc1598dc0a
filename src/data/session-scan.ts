/** Walks rows in time order along the sessions of a calendar. */
import type { TradingCalendar } from '../core/ports.ts';
import type { SessionColumns } from '../core/session.ts';
import { addDays } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';

/** Rows of one session. */
export interface SessionCoverage {
  readonly tradeDate: TradeDate;
  /** Rows that fit into its trading time. */
  readonly expected: number;
  readonly present: number;
}

export class SessionScan {
  readonly #calendar: TradingCalendar;
  readonly #sessions: SessionColumns;
  /** Rows by session. */
  readonly #rows: Int32Array;
  readonly #hasBreaks: boolean;
  readonly #isDaily: boolean;
  #at = 0;
  #lastEndUs = NaN;
  #lastSession = -1;
  /** After `judge`: trading time without rows since the row before, inside one session and outside its breaks; 0 when there is none. */
  gapUs = 0;
  /** Where that time begins. */
  gapFromUs = 0;
  #breakAt = 0;

  /** Errors: E_CALENDAR_SPAN of the calendar. */
  constructor(calendar: TradingCalendar, firstUs: TsUs, lastUs: TsUs, isDaily: boolean) {
    this.#calendar = calendar;
    const from = addDays(calendar.tradeDateOf(firstUs), -1);
    this.#sessions = calendar.sessions(from, addDays(calendar.tradeDateOf(lastUs), 1));
    this.#rows = new Int32Array(this.#sessions.length);
    this.#hasBreaks = this.#sessions.breakRow.length > 0;
    this.#isDaily = isDaily;
  }

  /** Why [startUs, endUs] is not trading time, or an empty text. */
  judge(startUs: number, endUs: number): string {
    this.gapUs = 0;
    // A daily bar is the session it closes in; an intraday one lies in the session it opens in.
    // A sample has no length and stands at the end of what it names.
    const isEnd = this.#isDaily || startUs === endUs;
    const session = this.#find(isEnd ? endUs - 1 : startUs);
    const [lastEndUs, lastSession] = [this.#lastEndUs, this.#lastSession];
    [this.#lastEndUs, this.#lastSession] = [endUs, session];
    if (session < 0) return 'the exchange is closed';
    this.#rows[session]! += 1;
    if (this.#isDaily) return '';
    if (endUs > this.#sessions.closeUs[session]!) return 'ends after the session';
    if (this.#hasBreaks && !this.#calendar.isOpen(startUs as TsUs)) return 'lies in a break';
    this.gapFromUs = lastEndUs;
    if (lastSession === session && startUs > lastEndUs)
      this.gapUs = startUs - lastEndUs - this.#breakUs(session, lastEndUs, startUs);
    return '';
  }

  /** Time of [fromUs, toUs] that lies in breaks of a session. */
  #breakUs(session: number, fromUs: number, toUs: number): number {
    if (!this.#hasBreaks) return 0;
    const { breakRow, breakStartUs, breakEndUs } = this.#sessions;
    let sum = 0;
    // Breaks stand in the order of their sessions; an unsorted row starts the search again.
    if (this.#breakAt > 0 && breakRow[this.#breakAt - 1]! >= session) this.#breakAt = 0;
    while (this.#breakAt < breakRow.length && breakRow[this.#breakAt]! < session)
      this.#breakAt += 1;
    for (let i = this.#breakAt; i < breakRow.length && breakRow[i] === session; i += 1) {
      sum += Math.max(0, Math.min(toUs, breakEndUs[i]!) - Math.max(fromUs, breakStartUs[i]!));
    }
    return sum;
  }

  /** Trade date of the session of the last row judged; NaN outside of every session. */
  get tradeDate(): TradeDate {
    const session = this.#lastSession;
    return (session < 0 ? NaN : this.#sessions.tradeDate[session]!) as TradeDate;
  }

  /** Sessions between the first and the last with rows that have none, by trade date. */
  emptySessions(): TradeDate[] {
    return this.coverage(1, -Infinity, Infinity)
      .filter((one) => one.present === 0)
      .map((one) => one.tradeDate);
  }

  /**
   * How many of the possible rows each session has, from the first to the last session with rows. Time before `firstUs` and
   * after `lastUs` is not expected to have any. Units: µs.
   */
  coverage(stepUs: number, firstUs: number, lastUs: number): SessionCoverage[] {
    const { tradeDate, openUs, closeUs, length } = this.#sessions;
    const rows = this.#rows;
    const has = (i: number): boolean => rows[i]! > 0;
    // A trade date of two sessions, as around Thanksgiving, has one daily bar.
    const isPart = (i: number): boolean =>
      this.#isDaily && i + 1 < length && tradeDate[i] === tradeDate[i + 1];
    const first = rows.findIndex((count) => count > 0);
    let last = length - 1;
    while (last >= 0 && !has(last)) last -= 1;
    const result: SessionCoverage[] = [];
    for (let i = first; i >= 0 && i <= last; i += 1) {
      if (isPart(i)) continue;
      const from = Math.max(openUs[i]!, firstUs);
      const to = Math.min(closeUs[i]!, lastUs);
      const slots = this.#isDaily ? 1 : this.#slots(i, from, to, stepUs);
      const present = this.#isDaily
        ? Number(has(i) || (i > 0 && isPart(i - 1) && has(i - 1)))
        : rows[i]!;
      // Bars laid by the clock and not by the session's open may be one more a stretch: what is there was possible.
      const expected = Math.max(slots, present);
      result.push({ tradeDate: tradeDate[i]! as TradeDate, expected, present });
    }
    return result;
  }

  /** Bars that fit into [from, to) of a session, between its breaks. */
  #slots(session: number, from: number, to: number, stepUs: number): number {
    const { breakRow, breakStartUs, breakEndUs } = this.#sessions;
    const fit = (length: number): number => Math.max(0, Math.ceil(length / stepUs));
    if (!this.#hasBreaks) return fit(to - from);
    let [sum, at] = [0, from];
    for (let i = 0; i < breakRow.length; i += 1) {
      if (breakRow[i] !== session) continue;
      sum += fit(Math.min(to, breakStartUs[i]!) - at);
      at = Math.max(at, breakEndUs[i]!);
    }
    return sum + fit(to - at);
  }

  /** Rows come in time order, so the search goes on from the last session; an unsorted row starts it again. */
  #find(us: number): number {
    const { openUs, closeUs, length } = this.#sessions;
    if (this.#at >= length || us < openUs[this.#at]!) this.#at = 0;
    while (this.#at < length && us >= closeUs[this.#at]!) this.#at += 1;
    return this.#at < length && us >= openUs[this.#at]! ? this.#at : -1;
  }
}
