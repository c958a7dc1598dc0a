/** Holiday rules as data: named days, when they fall, and which of them are no business days. */
import {
  addDays,
  daysInMonth,
  toTradeDate,
  weekdayOf,
  parseTradeDate,
} from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';

/**
 * What happens when a day falls on a weekend. `none`: it is not observed at all.
 * `nearest`: Saturday to Friday, Sunday to Monday. `two-later`: both weekend days move by two, so that two days in a row
 * keep two substitutes (Christmas and Boxing Day in England). `friday-before`: either weekend day moves to the Friday before it.
 * `sunday-to-next-free`, `weekend-to-next-free`: a Sunday, or either weekend day, moves to the next weekday that no other
 * rule of the same list takes (Japan and Hong Kong; Korea).
 */
export type Observance =
  | 'none'
  | 'sunday-to-monday'
  | 'nearest'
  | 'next-monday'
  | 'two-later'
  | 'friday-before'
  | 'sunday-to-next-free'
  | 'weekend-to-next-free';

export type DayRule = {
  /** Name under which day shapes refer to the day. */
  readonly name: string;
  /** First and last year in which the rule holds. */
  readonly fromYear?: number;
  readonly toYear?: number;
  /** Years in which the day was moved or cancelled by decree; give the replacement as a `dates` rule. */
  readonly exceptYears?: readonly number[];
  /** Marks days that other rules of the list make holidays; it takes no day from those that move to the next free one. */
  readonly marks?: true;
} & (
  | {
      readonly kind: 'fixed';
      readonly month: number;
      readonly day: number;
      readonly observed: Observance;
    }
  | {
      /** `n` counts from 1, or from -1 at the end of the month; weekday 0 is Sunday. */
      readonly kind: 'nth-weekday';
      readonly month: number;
      readonly weekday: number;
      readonly n: number;
    }
  | {
      /** The last such weekday on or before a day of the year, or the first on or after it. */
      readonly kind: 'weekday-on-or-before' | 'weekday-on-or-after';
      readonly month: number;
      readonly day: number;
      readonly weekday: number;
    }
  | {
      /** The day of the equinox in Japan, 1980 to 2099. */
      readonly kind: 'japan-equinox';
      readonly season: 'spring' | 'autumn';
      readonly observed: Observance;
    }
  | { readonly kind: 'easter'; readonly offset: number }
  | {
      readonly kind: 'dates';
      readonly dates: readonly string[];
      /** What happens to those on a weekend; as listed when not given. */
      readonly observed?: Observance;
    }
);

/** Western Easter Sunday. Source: the anonymous Gregorian computus, as in Meeus, Astronomical Algorithms, chapter 8. */
export function easterSunday(year: number): TradeDate {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return toTradeDate(year, month, ((h + l - 7 * m + 114) % 31) + 1);
}

/** The n-th weekday of a month; negative n counts from the end. Null when the month has no such day. */
export function nthWeekdayOf(
  year: number,
  month: number,
  weekday: number,
  n: number,
): TradeDate | null {
  const first = toTradeDate(year, month, 1);
  const length = daysInMonth(year, month);
  const firstMatch = (weekday - weekdayOf(first) + 7) % 7;
  const count = Math.floor((length - 1 - firstMatch) / 7) + 1;
  const index = n > 0 ? n - 1 : count + n;
  return index >= 0 && index < count ? addDays(first, firstMatch + 7 * index) : null;
}

/**
 * Dates of a list of rules over a span of years, by name, as weekdays on which they are observed. A weekday is taken by the
 * days that fall on it first; what moves to the next free day comes after them, in time order.
 */
export function datesOfRules(
  rules: readonly DayRule[],
  fromYear: number,
  toYear: number,
): ReadonlyMap<string, readonly TradeDate[]> {
  const byName = new Map<string, TradeDate[]>();
  const taken = new Set<TradeDate>();
  const moving: { readonly name: string; readonly date: TradeDate }[] = [];
  for (const rule of rules) {
    const dates = byName.get(rule.name) ?? [];
    byName.set(rule.name, dates);
    const observance = observanceOf(rule);
    for (const date of rawDatesOfRule(rule, fromYear, toYear)) {
      if (movesToNextFree(observance, date)) moving.push({ name: rule.name, date });
      else {
        const observed = observedDate(date, observance);
        if (observed === null) continue;
        dates.push(observed);
        if (rule.marks !== true) taken.add(observed);
      }
    }
  }
  for (const { name, date } of moving.sort((a, b) => a.date - b.date)) {
    let free = addDays(date, 1);
    while (taken.has(free) || isWeekend(free)) free = addDays(free, 1);
    taken.add(free);
    byName.get(name)!.push(free);
  }
  return byName;
}

/** Dates of one rule in a year, as `datesOfRules` gives them when no other rule stands in the way. */
export function datesOfRule(rule: DayRule, year: number): readonly TradeDate[] {
  return datesOfRules([rule], year, year).get(rule.name)!;
}

/** Before anything is moved off a weekend. */
function rawDatesOfRule(rule: DayRule, fromYear: number, toYear: number): readonly TradeDate[] {
  const first = Math.max(fromYear, rule.fromYear ?? fromYear);
  const last = Math.min(toYear, rule.toYear ?? toYear);
  const except = rule.exceptYears ?? [];
  if (rule.kind === 'dates') {
    return rule.dates.filter((text) => isIn(Number(text.slice(0, 4)))).map(parseTradeDate);
  }
  const dates: TradeDate[] = [];
  for (let year = first; year <= last; year += 1) {
    const date = isIn(year) ? dateInYear(rule, year) : null;
    if (date !== null) dates.push(date);
  }
  return dates;

  function isIn(year: number): boolean {
    return year >= first && year <= last && !except.includes(year);
  }
}

function dateInYear(
  rule: Exclude<DayRule, { readonly kind: 'dates' }>,
  year: number,
): TradeDate | null {
  switch (rule.kind) {
    case 'fixed':
      // February 29 is a day of leap years only.
      return rule.day > daysInMonth(year, rule.month)
        ? null
        : toTradeDate(year, rule.month, rule.day);
    case 'nth-weekday':
      return nthWeekdayOf(year, rule.month, rule.weekday, rule.n);
    case 'weekday-on-or-before': {
      const day = Math.min(rule.day, daysInMonth(year, rule.month));
      const date = toTradeDate(year, rule.month, day);
      return addDays(date, -((weekdayOf(date) - rule.weekday + 7) % 7));
    }
    case 'weekday-on-or-after': {
      const date = toTradeDate(year, rule.month, rule.day);
      return addDays(date, (rule.weekday - weekdayOf(date) + 7) % 7);
    }
    case 'japan-equinox':
      return japanEquinox(year, rule.season);
    case 'easter':
      return addDays(easterSunday(year), rule.offset);
  }
}

/** Source: the approximation of the Japanese ephemeris in common use; exact for every announced year since 1980. */
function japanEquinox(year: number, season: 'spring' | 'autumn'): TradeDate {
  const since = year - 1980;
  const base = season === 'spring' ? 20.8431 : 23.2488;
  const day = Math.floor(base + 0.242194 * since - Math.floor(since / 4));
  return toTradeDate(year, season === 'spring' ? 3 : 9, day);
}

/** `null`: listed days stay where they are. */
function observanceOf(rule: DayRule): Observance | null {
  if (rule.kind === 'fixed' || rule.kind === 'japan-equinox') return rule.observed;
  return rule.kind === 'dates' ? (rule.observed ?? null) : null;
}

function movesToNextFree(observed: Observance | null, date: TradeDate): boolean {
  if (observed === 'sunday-to-next-free') return weekdayOf(date) === 0;
  return observed === 'weekend-to-next-free' && isWeekend(date);
}

function isWeekend(date: TradeDate): boolean {
  const weekday = weekdayOf(date);
  return weekday === 0 || weekday === 6;
}

function observedDate(date: TradeDate, observed: Observance | null): TradeDate | null {
  const weekday = weekdayOf(date);
  if (observed === null || !isWeekend(date)) return date;
  switch (observed) {
    case 'none':
    case 'sunday-to-next-free':
    case 'weekend-to-next-free':
      return null;
    case 'sunday-to-monday':
      return weekday === 0 ? addDays(date, 1) : null;
    case 'nearest':
      return addDays(date, weekday === 0 ? 1 : -1);
    case 'next-monday':
      return addDays(date, weekday === 0 ? 1 : 2);
    case 'two-later':
      return addDays(date, 2);
    case 'friday-before':
      return addDays(date, weekday === 0 ? -2 : -1);
  }
}

/**
 * The ten days that are no trade dates at CME Group. A Saturday New Year is not moved; the other fixed days are.
 * Source: CME Group holiday calendars 2009 to 2026, read 2026-11.
 */
export const US_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'sunday-to-monday' },
  { name: 'mlk', kind: 'nth-weekday', month: 1, weekday: 1, n: 3, fromYear: 1998 },
  { name: 'presidents', kind: 'nth-weekday', month: 2, weekday: 1, n: 3 },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'memorial', kind: 'nth-weekday', month: 5, weekday: 1, n: -1 },
  { name: 'juneteenth', kind: 'fixed', month: 6, day: 19, observed: 'nearest', fromYear: 2022 },
  { name: 'independence', kind: 'fixed', month: 7, day: 4, observed: 'nearest' },
  { name: 'labor', kind: 'nth-weekday', month: 9, weekday: 1, n: 1 },
  { name: 'thanksgiving', kind: 'nth-weekday', month: 11, weekday: 4, n: 4 },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'nearest' },
];

/** Days that only change hours in the United States. Business days all the same. */
export const US_SHORT_DAYS: readonly DayRule[] = [
  {
    // Good Friday on the day of the employment report: listed, because the report's date is not a rule.
    name: 'good-friday-payrolls',
    kind: 'dates',
    // The next that may become one is 2034; it stays closed until a schedule says otherwise.
    dates: ['2010-04-02', '2012-04-06', '2015-04-03', '2021-04-02', '2023-04-07', '2026-04-03'],
  },
  { name: 'independence-eve', kind: 'fixed', month: 7, day: 3, observed: 'none' },
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
];

/**
 * Bank holidays of England and Wales. Source: Banking and Financial Dealings Act 1971, schedule 1, and the royal
 * proclamations that moved or added days, read 2026-11.
 */
export const ENGLAND_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'next-monday', fromYear: 1974 },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'easter-monday', kind: 'easter', offset: 1 },
  {
    name: 'early-may',
    kind: 'nth-weekday',
    month: 5,
    weekday: 1,
    n: 1,
    fromYear: 1978,
    exceptYears: [1995, 2020],
  },
  {
    name: 'spring',
    kind: 'nth-weekday',
    month: 5,
    weekday: 1,
    n: -1,
    exceptYears: [2002, 2012, 2022],
  },
  { name: 'summer', kind: 'nth-weekday', month: 8, weekday: 1, n: -1 },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'two-later' },
  { name: 'boxing', kind: 'fixed', month: 12, day: 26, observed: 'two-later' },
  {
    name: 'proclaimed',
    kind: 'dates',
    dates: [
      '1995-05-08',
      '1999-12-31',
      '2002-06-03',
      '2002-06-04',
      '2011-04-29',
      '2012-06-04',
      '2012-06-05',
      '2020-05-08',
      '2022-06-02',
      '2022-06-03',
      '2022-09-19',
      '2023-05-08',
    ],
  },
];

/**
 * Closed days of Brent and gasoil: a Sunday one moves to Monday, a Saturday one is not moved.
 * Source: ICE Futures Europe trading schedules 2019 to 2026, read 2026-11.
 */
export const ICE_ENERGY_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'sunday-to-monday' },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'sunday-to-monday' },
];

/** TARGET closing days since 2002, also the holidays of Euronext. Source: European Central Bank, read 2026-11. */
export const TARGET_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'none' },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'easter-monday', kind: 'easter', offset: 1 },
  { name: 'may-day', kind: 'fixed', month: 5, day: 1, observed: 'none' },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'none' },
  { name: 'boxing', kind: 'fixed', month: 12, day: 26, observed: 'none' },
];

/** Eurex index and fixed income futures. Source: Eurex trading calendars 2005 to 2026, read 2026-11. */
export const EUREX_HOLIDAYS: readonly DayRule[] = [
  ...TARGET_HOLIDAYS,
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'none' },
  { name: 'whit-monday', kind: 'dates', dates: ['2015-05-25'] },
];
