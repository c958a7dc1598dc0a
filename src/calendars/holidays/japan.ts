/** Japan: national holidays (Act on National Holidays, 1948) and the year-end days of the exchanges. */
import { addDays, toIsoDate } from '../../core/trade-date.ts';
import type { DayRule } from '../rules.ts';
import { datesOfRule, nthWeekdayOf } from '../rules.ts';

const AUTUMN: DayRule = {
  name: 'autumn-equinox',
  kind: 'japan-equinox',
  season: 'autumn',
  observed: 'sunday-to-next-free',
};

/** A weekday between two holidays is one too: a Tuesday in September of some years. */
function daysBetweenSeptemberHolidays(): readonly string[] {
  const days: string[] = [];
  for (let year = 2003; year <= 2050; year += 1) {
    const agedDay = nthWeekdayOf(year, 9, 1, 3)!;
    if (datesOfRule(AUTUMN, year)[0] === agedDay + 2) days.push(toIsoDate(addDays(agedDay, 1)));
  }
  return days;
}

/**
 * Days on which the Tokyo and Osaka stock and bond markets are closed. A holiday on a Sunday moves to the next day that is
 * none. Source: Cabinet Office, national holidays 1990 to 2027; JPX market holidays, read 2026-11.
 */
export const JAPAN_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'none' },
  { name: 'january-2', kind: 'fixed', month: 1, day: 2, observed: 'none' },
  { name: 'january-3', kind: 'fixed', month: 1, day: 3, observed: 'none' },
  { name: 'coming-of-age', kind: 'nth-weekday', month: 1, weekday: 1, n: 2, fromYear: 2000 },
  { name: 'foundation', kind: 'fixed', month: 2, day: 11, observed: 'sunday-to-next-free' },
  {
    name: 'emperor',
    kind: 'fixed',
    month: 2,
    day: 23,
    observed: 'sunday-to-next-free',
    fromYear: 2020,
  },
  {
    name: 'spring-equinox',
    kind: 'japan-equinox',
    season: 'spring',
    observed: 'sunday-to-next-free',
  },
  { name: 'showa', kind: 'fixed', month: 4, day: 29, observed: 'sunday-to-next-free' },
  { name: 'constitution', kind: 'fixed', month: 5, day: 3, observed: 'sunday-to-next-free' },
  { name: 'greenery', kind: 'fixed', month: 5, day: 4, observed: 'none', toYear: 2006 },
  {
    name: 'greenery',
    kind: 'fixed',
    month: 5,
    day: 4,
    observed: 'sunday-to-next-free',
    fromYear: 2007,
  },
  { name: 'children', kind: 'fixed', month: 5, day: 5, observed: 'sunday-to-next-free' },
  {
    name: 'marine',
    kind: 'fixed',
    month: 7,
    day: 20,
    observed: 'sunday-to-next-free',
    fromYear: 1996,
    toYear: 2002,
  },
  {
    name: 'marine',
    kind: 'nth-weekday',
    month: 7,
    weekday: 1,
    n: 3,
    fromYear: 2003,
    exceptYears: [2020, 2021],
  },
  {
    name: 'mountain',
    kind: 'fixed',
    month: 8,
    day: 11,
    observed: 'sunday-to-next-free',
    fromYear: 2016,
    exceptYears: [2020, 2021],
  },
  {
    name: 'aged',
    kind: 'fixed',
    month: 9,
    day: 15,
    observed: 'sunday-to-next-free',
    toYear: 2002,
  },
  { name: 'aged', kind: 'nth-weekday', month: 9, weekday: 1, n: 3, fromYear: 2003 },
  AUTUMN,
  { name: 'between', kind: 'dates', dates: daysBetweenSeptemberHolidays() },
  {
    name: 'sports',
    kind: 'nth-weekday',
    month: 10,
    weekday: 1,
    n: 2,
    fromYear: 2000,
    exceptYears: [2020, 2021],
  },
  { name: 'culture', kind: 'fixed', month: 11, day: 3, observed: 'sunday-to-next-free' },
  { name: 'labour', kind: 'fixed', month: 11, day: 23, observed: 'sunday-to-next-free' },
  {
    name: 'emperor',
    kind: 'fixed',
    month: 12,
    day: 23,
    observed: 'sunday-to-next-free',
    fromYear: 1989,
    toYear: 2018,
  },
  {
    // The enthronement of 2019, and the holidays moved for the Olympic Games of 2020 and 2021.
    name: 'decreed',
    kind: 'dates',
    dates: [
      '2019-04-30',
      '2019-05-01',
      '2019-05-02',
      '2019-10-22',
      '2020-07-23',
      '2020-07-24',
      '2020-08-10',
      '2021-07-22',
      '2021-07-23',
      '2021-08-09',
    ],
  },
  { name: 'december-31', kind: 'fixed', month: 12, day: 31, observed: 'none' },
];
