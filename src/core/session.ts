/** Sessions: one open-to-close span each, labelled by the exchange's business date. */
import type { TradeDate, TsUs } from './units.ts';

/**
 * Sessions of one product group as columns, sorted by `openUs`, disjoint. All columns have `length` rows.
 * A session is `[openUs, closeUs)`; breaks inside it are listed in the `break…` columns with the row they belong to.
 */
export interface SessionColumns {
  readonly length: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  /** Session label: the date on which the session closes. */
  readonly label: Int32Array;
  /** The clearing date; differs from the label on some holidays. */
  readonly tradeDate: Int32Array;
  /** When the day's settlement price is taken. */
  readonly settleUs: Float64Array;
  readonly breakRow: Int32Array;
  readonly breakStartUs: Float64Array;
  readonly breakEndUs: Float64Array;
}

/**
 * What an answer rests on: a published holiday table, the same rules carried on beyond the last one, or the nearest rules
 * to a date outside the calendar's span (only where the caller asked for such answers).
 */
export type CalendarBasis = 'published' | 'rule' | 'outside';

export interface Session {
  readonly openUs: TsUs;
  readonly closeUs: TsUs;
  readonly label: TradeDate;
  readonly tradeDate: TradeDate;
  readonly settleUs: TsUs;
  /** Given by calendars of an exchange. */
  readonly basis?: CalendarBasis;
}

/** A stretch of time, [openUs, closeUs). */
export interface TimeSpan {
  readonly openUs: TsUs;
  readonly closeUs: TsUs;
}

/** `break`: inside a session; `pre-open`: orders are taken, nothing is matched; `closed`: neither. */
export type MarketPhase = 'open' | 'break' | 'pre-open' | 'closed';

/** Why a market is closed at an instant. */
export interface WhyClosed {
  /**
   * `break`: a pause inside a session. `daily-pause`: between two sessions of neighbouring days. `weekend`: between two
   * weeks. `holiday`: a named day. `exception`: a single date, such as a day of mourning.
   */
  readonly kind: 'break' | 'daily-pause' | 'weekend' | 'holiday' | 'exception';
  /** The holiday or what the exception says; null for the other kinds. */
  readonly name: string | null;
  /** Notice or publication behind an exception, where one is given. */
  readonly source: string | null;
  /** The date that the holiday or exception stands on; otherwise that of the session before or in progress. */
  readonly label: TradeDate;
  /** Since the last close, or from the start of the break; null before the first session. */
  readonly sinceUs: TsUs | null;
  /** The next open; null after the last session. */
  readonly untilUs: TsUs | null;
  /** One sentence with local times. */
  readonly text: string;
}

/** A market at one instant. */
export interface MarketState {
  readonly phase: MarketPhase;
  /** The session in progress or, when closed, the next one; null after the last. */
  readonly session: Session | null;
  /** The next change between open and not open; null after the last session. */
  readonly untilUs: TsUs | null;
  readonly why: WhyClosed | null;
}

/** A day that is not regular: closed, shortened, late, or a session where none would be. */
export interface SpecialDay {
  readonly label: TradeDate;
  readonly kind: 'closed' | 'early-close' | 'late-open' | 'shortened' | 'other-hours' | 'extra';
  /** The holiday, or what the exception says. */
  readonly name: string;
  readonly isException: boolean;
  readonly source: string | null;
  /** Null when closed. */
  readonly session: Session | null;
  readonly basis: CalendarBasis;
}

/** A named window inside a session, such as RTH, in exchange-local wall time. */
export interface SessionWindow {
  readonly name: string;
  /** `HH:MM` local. */
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}
