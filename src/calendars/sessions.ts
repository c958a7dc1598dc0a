/**
 * Session rules as data.
 *
 * A group has regimes (regular hours with an effective-from label), day rules (what a named day does to a session, the
 * last match winning) and exceptions (single dates, winning over rules). A session is a list of one or more segments;
 * the gaps between them are its breaks. `rule-book.ts` turns the rules into sessions.
 */
import type { ClockPoint, Segment } from './clock-point.ts';
import type { DayRule } from './rules.ts';

export type { ClockPoint, Segment } from './clock-point.ts';

/** A weekly pause, local wall time of the group's zone, cut out of whatever session lies over it. */
export interface WeeklyBreak {
  /** 0 Sunday to 6 Saturday. */
  readonly weekday: number;
  readonly from: string;
  readonly to: string;
}

/** Hours of one weekday. */
export interface DayHours {
  readonly segments: readonly Segment[];
  /** Used instead when the calendar day before had no session or a shortened one. */
  readonly afterGap?: readonly Segment[];
}

export interface Regime {
  /** First label (YYYY-MM-DD) on which these hours hold. */
  readonly from: string;
  readonly hours: DayHours;
  /** By weekday, 0 Sunday to 6 Saturday, where it differs from `hours`. */
  readonly byWeekday?: Readonly<Record<number, DayHours>>;
  /** Open of a day session without the evening before it, for shapes that say `dayOnly`. */
  readonly dayOpen?: string;
  /** Weekdays that carry labels, 0 Sunday to 6 Saturday; Monday to Friday when not given. */
  readonly weekdays?: readonly number[];
  readonly weeklyBreaks?: readonly WeeklyBreak[];
  /** When order entry opens before a session that opens at its regular time; no entry before the open when not given. */
  readonly preOpen?: ClockPoint;
  /** By weekday of the label, where it differs from `preOpen`. */
  readonly preOpenByWeekday?: Readonly<Record<number, ClockPoint>>;
  /** Settlement time of these hours, where it differs from the group's. */
  readonly settle?: ClockPoint;
}

/** What happens to a session. `regular` undoes an earlier rule. */
export type DayShape =
  | { readonly kind: 'closed' }
  | { readonly kind: 'regular' }
  /** An early close, a late open or a session without its evening; what is not given stays regular. */
  | {
      readonly kind: 'short';
      readonly close?: ClockPoint;
      readonly open?: ClockPoint;
      readonly dayOnly?: true;
    }
  /** Hours of its own: half days, a day without its night session, a Saturday session. */
  | {
      readonly kind: 'segments';
      readonly segments: readonly Segment[];
      readonly preOpen?: ClockPoint;
      /** Settlement and regular hours of such a day, where they move with it. */
      readonly settle?: ClockPoint;
      readonly regularHours?: RegularHours;
    };

export interface DayShapeRule {
  /** Names of days, from the group's holidays and named days. */
  readonly on: readonly string[];
  /** Calendar days from the named day; -3 is the Friday before a Monday. */
  readonly offset?: number;
  /** Labels in [from, to], YYYY-MM-DD. */
  readonly from?: string;
  readonly to?: string;
  /** Weekdays of the label, 0 Sunday to 6 Saturday. A rule opens a weekend day only when it names it here. */
  readonly weekdays?: readonly number[];
  readonly shape: DayShape;
}

/** A single date. It wins over rules, and may open a day that has no label otherwise, such as a Saturday. */
export interface SessionException {
  readonly date: string;
  readonly shape: DayShape;
  readonly why: string;
  /** Notice or publication it rests on; the sources of the group when not given. */
  readonly source?: string;
  /**
   * Trade date of this session where it is not the group's policy. `null` says that the sources do not settle it; the policy
   * is used all the same.
   */
  readonly tradeDate?: string | null;
}

/**
 * `next-business-day`: a session whose label is no business day belongs to the next one, as at CME Group.
 * `label`: the trade date is the label, as on stock exchanges.
 */
export type TradeDatePolicy = 'next-business-day' | 'label';

/** Usual trading hours of the underlying, local wall time. */
export interface RegularHours {
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}

export interface GroupRules {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** First label, YYYY-MM-DD: the first day of the first sourced regime. */
  readonly from: string;
  /** Last label of the last published holiday table; `to` when not given. Later labels rest on rules alone. */
  readonly publishedTo?: string;
  /** Last label. Beyond `publishedTo` only where the group's holidays are rules. */
  readonly to: string;
  readonly businessCalendar: string;
  /** `next-business-day` when not given. */
  readonly tradeDates?: TradeDatePolicy;
  readonly regimes: readonly Regime[];
  /** Named days that shapes refer to; being named closes nothing. */
  readonly namedDays: readonly DayRule[];
  readonly dayRules: readonly DayShapeRule[];
  readonly exceptions: readonly SessionException[];
  /** When the settlement price is taken, on the label's date; on a session that ends before, its close. */
  readonly settle: ClockPoint;
  /** Usual trading hours of the underlying, for session windows and reports. */
  readonly regularHours: RegularHours;
  /** Regular hours of earlier times, each up to and including its last label, in time order. */
  readonly earlierRegularHours?: readonly (RegularHours & { readonly until: string })[];
  /** How sure the rules are, and by what. */
  readonly confidence: 'high' | 'medium' | 'low';
  readonly sources: readonly string[];
}
