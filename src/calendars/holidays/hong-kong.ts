/** Hong Kong: general holidays of the General Holidays Ordinance (cap. 149), and days that weather closed. */
import type { DayRule } from '../rules.ts';
import { chineseFestival } from './lunar.ts';

/**
 * A holiday on a Sunday moves to the next day that is none. Two holidays on one weekday keep a substitute too; those are
 * listed. Source: Government Gazette, general holidays for 2000 to 2027, read 2026-11.
 */
export const HONG_KONG_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'sunday-to-next-free' },
  {
    // Until 2011 the day before the first day stood in for a Sunday; a weekday only in 2000 and 2003.
    name: 'lunar-new-year',
    kind: 'dates',
    dates: [...chineseFestival('new-year', [0, 1, 2]), '2000-02-04', '2003-01-31'],
    observed: 'none',
    toYear: 2011,
  },
  {
    name: 'lunar-new-year',
    kind: 'dates',
    dates: chineseFestival('new-year', [0, 1, 2]),
    observed: 'sunday-to-next-free',
    fromYear: 2012,
  },
  {
    name: 'ching-ming',
    kind: 'dates',
    dates: chineseFestival('ching-ming'),
    observed: 'sunday-to-next-free',
  },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'easter-monday', kind: 'easter', offset: 1 },
  { name: 'labour', kind: 'fixed', month: 5, day: 1, observed: 'sunday-to-next-free' },
  {
    name: 'buddha',
    kind: 'dates',
    dates: chineseFestival('buddha'),
    observed: 'sunday-to-next-free',
  },
  {
    name: 'tuen-ng',
    kind: 'dates',
    dates: chineseFestival('dragon-boat'),
    observed: 'sunday-to-next-free',
  },
  { name: 'establishment', kind: 'fixed', month: 7, day: 1, observed: 'sunday-to-next-free' },
  {
    // Until 2011 the festival itself, a Saturday, stood in for a Sunday.
    name: 'mid-autumn',
    kind: 'dates',
    dates: chineseFestival('mid-autumn', [1]),
    observed: 'none',
    toYear: 2011,
  },
  {
    name: 'mid-autumn',
    kind: 'dates',
    dates: chineseFestival('mid-autumn', [1]),
    observed: 'sunday-to-next-free',
    fromYear: 2012,
  },
  { name: 'national', kind: 'fixed', month: 10, day: 1, observed: 'sunday-to-next-free' },
  {
    name: 'chung-yeung',
    kind: 'dates',
    dates: chineseFestival('double-ninth'),
    observed: 'sunday-to-next-free',
  },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'sunday-to-next-free' },
  { name: 'boxing', kind: 'fixed', month: 12, day: 26, observed: 'sunday-to-next-free' },
  {
    // Two holidays on one day (Ching Ming on Easter Monday, the day after Mid-Autumn on National Day), and the victory day.
    name: 'substitute',
    kind: 'dates',
    dates: ['2001-10-02', '2010-04-06', '2012-10-02', '2015-09-03', '2031-10-02', '2033-10-03'],
  },
];

/** Days on which a typhoon or a rainstorm closed the markets all day. Source: HKEX market communications, read 2026-11. */
export const HONG_KONG_WEATHER: readonly { readonly date: string; readonly why: string }[] = [
  { date: '2001-07-06', why: 'typhoon Utor' },
  { date: '2001-07-25', why: 'typhoon Yutu' },
  { date: '2008-08-06', why: 'typhoon Kammuri' },
  { date: '2008-08-22', why: 'typhoon Nuri' },
  { date: '2011-09-29', why: 'typhoon Nesat' },
  { date: '2013-08-14', why: 'typhoon Utor' },
  { date: '2016-08-02', why: 'typhoon Nida' },
  { date: '2016-10-21', why: 'typhoon Haima' },
  { date: '2017-08-23', why: 'typhoon Hato' },
  { date: '2020-10-13', why: 'typhoon Nangka' },
  { date: '2021-10-13', why: 'typhoon Kompasu' },
  { date: '2023-07-17', why: 'typhoon Talim' },
  { date: '2023-09-01', why: 'typhoon Saola' },
  { date: '2023-09-08', why: 'black rainstorm' },
  { date: '2024-09-06', why: 'typhoon Yagi' },
];
