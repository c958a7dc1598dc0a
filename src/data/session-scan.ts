/** Walks rows in time order along the sessions of a calendar. */
import type { TradingCalendar } from '../core/ports.ts';
import type { SessionColumns } from '../core/session.ts';
import { addDays } from '../core/trade-date.ts';
import type { TsUs } from '../core/units.ts';

export class SessionScan {
  readonly #calendar: TradingCalendar;
  readonly #sessions: SessionColumns;
  readonly #hasRows: Uint8Array;
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
    this.#hasRows = new Uint8Array(this.#sessions.length);
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
    this.#hasRows[session] = 1;
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

  /** Sessions between the first and the last with rows that have none. */
  emptySessions(): number {
    // A trade date of two sessions, as around Thanksgiving, has one daily bar.
    const { tradeDate, length } = this.#sessions;
    for (let i = length - 2; i >= 0 && this.#isDaily; i -= 1)
      if (tradeDate[i] === tradeDate[i + 1] && this.#hasRows[i + 1] === 1) this.#hasRows[i] = 1;
    const [first, last] = [this.#hasRows.indexOf(1), this.#hasRows.lastIndexOf(1)];
    let empty = 0;
    for (let i = first; i >= 0 && i <= last; i += 1) if (this.#hasRows[i] === 0) empty += 1;
    return empty;
  }

  /** Rows come in time order, so the search goes on from the last session; an unsorted row starts it again. */
  #find(us: number): number {
    const { openUs, closeUs, length } = this.#sessions;
    if (this.#at >= length || us < openUs[this.#at]!) this.#at = 0;
    while (this.#at < length && us >= closeUs[this.#at]!) this.#at += 1;
    return this.#at < length && us >= openUs[this.#at]! ? this.#at : -1;
  }
}
