/**
 * The days on which USDA announces the Class III milk price: by rule, because the dates themselves are published year by year.
 *
 * Sources, read 2026-11: 7 CFR 1000.53 (the price of a month is announced on or before the 5th of the next); USDA, National
 * Dairy Products Sales Report, whose weekly prices the announcement averages: released on Wednesdays, a day later in a week
 * with a federal holiday up to that Wednesday, since April 2012. Two recorded contracts agree (March and April 2024).
 */
import { addDays, toCivilDate, toTradeDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import type { DayRule } from './rules.ts';
import { datesOfRule } from './rules.ts';

/** The first month whose price was announced under this rule. */
export const CLASS_III_FROM = { year: 2012, month: 3 } as const;

/** Federal holidays that can fall on a Monday, Tuesday or Wednesday. */
const FEDERAL_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'nearest' },
  { name: 'mlk', kind: 'nth-weekday', month: 1, weekday: 1, n: 3 },
  { name: 'presidents', kind: 'nth-weekday', month: 2, weekday: 1, n: 3 },
  { name: 'memorial', kind: 'nth-weekday', month: 5, weekday: 1, n: -1 },
  { name: 'juneteenth', kind: 'fixed', month: 6, day: 19, observed: 'nearest', fromYear: 2021 },
  { name: 'independence', kind: 'fixed', month: 7, day: 4, observed: 'nearest' },
  { name: 'labor', kind: 'nth-weekday', month: 9, weekday: 1, n: 1 },
  { name: 'columbus', kind: 'nth-weekday', month: 10, weekday: 1, n: 2 },
  { name: 'veterans', kind: 'fixed', month: 11, day: 11, observed: 'nearest' },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'nearest' },
];

/** The day on which the Class III price of a month is announced: the last release on or before the 5th of the next. */
export function classThreeAnnouncement(year: number, month: number): TradeDate {
  const fifth = month === 12 ? toTradeDate(year + 1, 1, 5) : toTradeDate(year, month + 1, 5);
  const wednesday = addDays(fifth, -((weekdayOf(fifth) + 4) % 7));
  const release = releaseOf(wednesday);
  return release <= fifth ? release : releaseOf(addDays(wednesday, -7));
}

function releaseOf(wednesday: TradeDate): TradeDate {
  const isLate = [-2, -1, 0].some((step) => isFederalHoliday(addDays(wednesday, step)));
  return isLate ? addDays(wednesday, 1) : wednesday;
}

function isFederalHoliday(date: TradeDate): boolean {
  // New Year's Day on a Saturday is observed in the year before; that Friday does not matter here.
  const { year } = toCivilDate(date);
  return FEDERAL_HOLIDAYS.some((rule) => datesOfRule(rule, year).includes(date));
}
