/** Walks the sessions of one product along the clock: cursors over columns, never a calendar call for a bar. */
import type { Session, SessionColumns } from '../core/session.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { TS_MAX, TS_MIN } from '../core/units.ts';

export type SessionEdge = 'open' | 'pause' | 'reopen' | 'close';

export class SessionTrack {
  readonly #columns: SessionColumns;
  #row: number = 0;
  #break: number = 0;
  isOpen: boolean = false;
  isPaused: boolean = false;
  /** Of the session in progress or, when closed, of the next one. */
  openUs: number = TS_MAX;
  closeUs: number = TS_MAX;
  tradeDate: TradeDate = 0 as TradeDate;
  /** The next edge, or TS_MAX after the last session. */
  nextUs: number = TS_MAX;
  nextEdge: SessionEdge = 'open';
  /** Since when contracts trade without interruption: the open, or the last reopening. */
  liveSinceUs: number = TS_MAX;
  /** The last pause of the session; NaN before one. */
  #pauseStartUs: number = NaN;
  #pauseEndUs: number = NaN;

  constructor(columns: SessionColumns, startUs: TsUs) {
    this.#columns = columns;
    while (this.#row < columns.length && columns.closeUs[this.#row]! < startUs) this.#row += 1;
    while (this.#break < columns.breakRow.length && columns.breakRow[this.#break]! < this.#row)
      this.#break += 1;
    this.#load();
  }

  get isFinished(): boolean {
    return this.#row >= this.#columns.length;
  }

  /** End of the last session. */
  get lastCloseUs(): number {
    const { length, closeUs } = this.#columns;
    return length === 0 ? TS_MIN : closeUs[length - 1]!;
  }

  /** True when the session in progress is the last one of its trade date. */
  get isLastOfTradeDate(): boolean {
    const next = this.#row + 1;
    return next >= this.#columns.length || this.#columns.tradeDate[next] !== this.tradeDate;
  }

  /** The session of this row began where the one before it ended: trading did not stop, so its first trade is no auction. */
  get isContinued(): boolean {
    const { openUs, closeUs } = this.#columns;
    return this.#row > 0 && closeUs[this.#row - 1] === openUs[this.#row];
  }

  /** Contracts trade now. */
  get isTrading(): boolean {
    return this.isOpen && !this.isPaused;
  }

  /** Contracts trade at this moment of the session in progress: no break of it contains it. */
  tradesAt(tsUs: number): boolean {
    const { breakRow, breakStartUs, breakEndUs } = this.#columns;
    for (let i = 0; i < breakRow.length; i += 1) {
      const isIn = tsUs >= breakStartUs[i]! && tsUs < breakEndUs[i]!;
      if (breakRow[i] === this.#row && isIn) return false;
    }
    return true;
  }

  /** A bar is inside when its whole interval is, breaks at either end excepted. */
  contains(openUs: number, closeUs: number): boolean {
    if (!this.isOpen || openUs < this.openUs || closeUs > this.closeUs) return false;
    if (this.isPaused) return openUs < this.#pauseStartUs;
    return !(openUs >= this.#pauseStartUs && closeUs <= this.#pauseEndUs);
  }

  /**
   * A bar of a day is inside when it begins in the sessions of the trade date in progress, which may be several: two around
   * the halt of a holiday, or a night and a day session.
   */
  containsDay(openUs: number, closeUs: number): boolean {
    if (!this.isOpen || closeUs > this.closeUs) return false;
    const { openUs: opens, tradeDate } = this.#columns;
    let first = this.#row;
    while (first > 0 && tradeDate[first - 1] === this.tradeDate) first -= 1;
    return openUs >= opens[first]!;
  }

  session(): Session {
    const row = this.#row;
    return {
      openUs: this.#columns.openUs[row]! as TsUs,
      closeUs: this.#columns.closeUs[row]! as TsUs,
      label: this.#columns.label[row]! as TradeDate,
      tradeDate: this.#columns.tradeDate[row]! as TradeDate,
      settleUs: this.#columns.settleUs[row]! as TsUs,
    };
  }

  /** Steps over the next edge. */
  advance(): void {
    switch (this.nextEdge) {
      case 'open':
        this.isOpen = true;
        this.liveSinceUs = this.nextUs;
        break;
      case 'pause':
        this.isPaused = true;
        this.#pauseStartUs = this.nextUs;
        break;
      case 'reopen':
        this.isPaused = false;
        this.liveSinceUs = this.nextUs;
        this.#pauseEndUs = this.nextUs;
        this.#break += 1;
        break;
      case 'close':
        this.isOpen = false;
        this.isPaused = false;
        this.#pauseStartUs = NaN;
        this.#pauseEndUs = NaN;
        this.#row += 1;
        this.#skipBreaks();
        break;
    }
    this.#load();
  }

  #skipBreaks(): void {
    const { breakRow } = this.#columns;
    while (this.#break < breakRow.length && breakRow[this.#break]! < this.#row) this.#break += 1;
  }

  #load(): void {
    const { length, openUs, closeUs, tradeDate } = this.#columns;
    if (this.#row >= length) {
      this.nextUs = TS_MAX;
      this.openUs = TS_MAX;
      this.closeUs = TS_MAX;
      if (length > 0) this.tradeDate = (tradeDate[length - 1]! + 1) as TradeDate;
      return;
    }
    this.openUs = openUs[this.#row]!;
    this.closeUs = closeUs[this.#row]!;
    this.tradeDate = tradeDate[this.#row]! as TradeDate;
    if (!this.isOpen) {
      this.nextEdge = 'open';
      this.nextUs = this.openUs;
      return;
    }
    const { breakRow, breakStartUs, breakEndUs } = this.#columns;
    const hasBreak = this.#break < breakRow.length && breakRow[this.#break] === this.#row;
    if (this.isPaused) {
      this.nextEdge = 'reopen';
      this.nextUs = breakEndUs[this.#break]!;
    } else if (hasBreak) {
      this.nextEdge = 'pause';
      this.nextUs = breakStartUs[this.#break]!;
    } else {
      this.nextEdge = 'close';
      this.nextUs = this.closeUs;
    }
  }
}
