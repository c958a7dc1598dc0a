/** What the groups of CME Group share. All times are Chicago wall time. */
import type { DayRule } from '../rules.ts';
import { US_HOLIDAYS, US_SHORT_DAYS } from '../rules.ts';
import type { DayShape, DayShapeRule, Regime, SessionException } from '../sessions.ts';

export const CHICAGO = 'America/Chicago';
export const NEW_YORK = 'America/New_York';
export const CME_FROM = '2000-01-03';
/** The last year of the published holiday calendars. */
export const CME_PUBLISHED_TO = '2026-12-31';
/** Holidays are rules: they carry on. */
export const CME_TO = '2035-12-31';
export const CME_NAMED_DAYS: readonly DayRule[] = [...US_HOLIDAYS, ...US_SHORT_DAYS];
export const CME_SOURCE =
  'CME Group trading hours and holiday calendars 2009 to 2026, read 2026-11.';
export const NOTICE_2001 = 'Exchange notices of September 2001, read 2026-11';
export const NOTICE_2012 = 'CME Group notices of 2012-10-28 and 2012-10-29, read 2026-11';
export const NOTICE_2018 = 'CME Group notice of December 2018, read 2026-11';
export const NOTICE_2025 = 'CME Group notice of 2024-12-30, read 2026-11';

export const CLOSED: DayShape = { kind: 'closed' };
export const REGULAR: DayShape = { kind: 'regular' };
/** No evening session before it: the day session alone, from the regime's `dayOpen`. */
export const DAY_ONLY: DayShape = { kind: 'short', dayOnly: true };
export const MONDAY_HOLIDAYS: readonly string[] = ['mlk', 'presidents', 'memorial', 'labor'];
/** Holidays on which no group of CME Group closes as a whole. */
export const HALTED_HOLIDAYS: readonly string[] = [
  ...MONDAY_HOLIDAYS,
  'juneteenth',
  'independence',
  'thanksgiving',
];
export const MONDAY_TO_THURSDAY: readonly number[] = [1, 2, 3, 4];
export const FRIDAY: readonly number[] = [5];
/** Order entry opens at 16:45, and at 16:00 on Sunday. */
export const CME_ORDER_ENTRY: Pick<Regime, 'preOpen' | 'preOpenByWeekday'> = {
  preOpen: '-1 16:45',
  preOpenByWeekday: { 1: '-1 16:00' },
};

export function closeAt(close: string): DayShape {
  return { kind: 'short', close };
}

/** Closed in every group, except where a group adds a rule for Good Friday with the employment report. */
export const ALWAYS_CLOSED: DayShapeRule = {
  on: ['new-year', 'good-friday', 'christmas'],
  shape: CLOSED,
};

/** Halt of 2001-09-11 and the closed day after it. */
export const SEPTEMBER_2001: readonly SessionException[] = [
  {
    date: '2001-09-11',
    shape: closeAt('09:15'),
    why: 'halted after the attacks, about 09:15',
    source: NOTICE_2001,
  },
  { date: '2001-09-12', shape: CLOSED, why: 'closed after the attacks', source: NOTICE_2001 },
];

export const CARTER = 'day of mourning for President Carter';
export const AGRICULTURE_2025: SessionException = {
  date: '2025-01-09',
  shape: closeAt('12:15'),
  why: CARTER,
  source: NOTICE_2025,
};

/** Interest rates and FX ended the day before a long weekend at 15:15 until May 2015. */
export const EARLY_FRIDAYS: readonly DayShapeRule[] = [
  { on: MONDAY_HOLIDAYS, offset: -3, to: '2015-05-22', shape: closeAt('15:15') },
];
export const EARLY_FRIDAY_EXCEPTIONS: readonly SessionException[] = [
  {
    date: '2005-12-23',
    shape: closeAt('15:15'),
    why: 'Friday before Christmas',
    source: 'CME Christmas trading schedule of 2005, read 2026-11',
  },
  { date: '2009-04-09', shape: closeAt('15:15'), why: 'day before Good Friday' },
  { date: '2009-10-09', shape: closeAt('15:15'), why: 'Friday before Columbus Day' },
  { date: '2010-07-02', shape: closeAt('15:15'), why: 'Friday before Independence Day' },
  { date: '2010-10-08', shape: closeAt('15:15'), why: 'Friday before Columbus Day' },
  { date: '2010-12-31', shape: closeAt('12:15'), why: 'short New Year’s Eve of 2010' },
  { date: '2011-07-01', shape: closeAt('15:15'), why: 'Friday before Independence Day' },
  { date: '2011-10-07', shape: closeAt('15:15'), why: 'Friday before Columbus Day' },
  { date: '2012-10-05', shape: closeAt('15:15'), why: 'Friday before Columbus Day' },
];

/** What exceptions without a notice of their own rest on. */
export const LISTED_BY_OTHERS =
  'Exchange notices as listed by others: LEAN’s market-hours file and pandas_market_calendars, read 2026-11';
export const MOURNING_LIST =
  'Days of mourning and closures as listed by exchange_calendars and pandas_market_calendars, read 2026-11';

/** Gives each exception that names no source of its own the one they share. */
export function sourced(
  source: string,
  exceptions: readonly SessionException[],
): readonly SessionException[] {
  return exceptions.map((one) => (one.source === undefined ? { ...one, source } : one));
}
