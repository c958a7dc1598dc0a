/** Singapore: public holidays of the Holidays Act. */
import type { DayRule } from '../rules.ts';
import { daysOf } from './days.ts';
import { chineseFestival } from './lunar.ts';

/** Last year whose religious dates the Ministry of Manpower has published; later ones are reckoned. */
export const SINGAPORE_PUBLISHED_TO = '2027-12-31';

/**
 * Vesak Day, Hari Raya Puasa, Hari Raya Haji, Deepavali, polling days and the jubilee day of 2015, on the weekdays on which
 * they were observed.
 */
const DECREED: readonly string[] = [
  ...daysOf(2000, '03-16 05-18 10-26 12-27'),
  ...daysOf(2001, '03-06 05-07 11-14 12-17'),
  ...daysOf(2002, '05-27 11-04 12-06'),
  ...daysOf(2003, '02-12 05-15 10-24 11-25'),
  ...daysOf(2004, '02-02 06-02 11-11 11-15'),
  ...daysOf(2005, '01-21 05-23 11-01 11-03'),
  ...daysOf(2006, '01-10 05-12 10-24'),
  ...daysOf(2007, '01-02 05-31 11-08 12-20'),
  ...daysOf(2008, '05-19 10-01 10-27 12-08'),
  ...daysOf(2009, '09-21 11-27'),
  ...daysOf(2010, '05-28 09-10 11-05 11-17'),
  ...daysOf(2011, '05-17 08-30 10-26 11-07'),
  ...daysOf(2012, '08-20 10-26 11-13'),
  ...daysOf(2013, '05-24 08-08 10-15'),
  ...daysOf(2014, '05-13 07-28 10-06 10-22'),
  ...daysOf(2015, '06-01 07-17 08-07 09-11 09-24 11-10'),
  ...daysOf(2016, '07-06 09-12'),
  ...daysOf(2017, '05-10 06-26 09-01 10-18'),
  ...daysOf(2018, '05-29 06-15 08-22 11-06'),
  ...daysOf(2019, '05-20 06-05 08-12 10-28'),
  ...daysOf(2020, '05-07 05-25 07-10 07-31'),
  ...daysOf(2021, '05-13 05-26 07-20 11-04'),
  ...daysOf(2022, '05-03 05-16 07-11 10-24'),
  ...daysOf(2023, '06-02 06-29 09-01 11-13'),
  ...daysOf(2024, '04-10 05-22 06-17 10-31'),
  ...daysOf(2025, '03-31 05-12 10-20'),
  ...daysOf(2026, '05-27 06-01 11-09'),
  ...daysOf(2027, '03-10 05-17 05-20 10-28'),
  ...daysOf(2028, '02-28 05-05 05-09 11-15'),
  ...daysOf(2029, '02-15 04-25 05-28 11-05'),
  ...daysOf(2030, '04-15 05-16'),
  ...daysOf(2031, '04-03 06-04 11-14'),
  ...daysOf(2032, '01-14 03-22 05-24 11-02'),
  ...daysOf(2033, '01-03 05-13 12-23'),
  ...daysOf(2034, '03-01 06-01 11-10 12-12'),
  ...daysOf(2035, '02-19 05-22 10-30'),
];

/**
 * A holiday on a Sunday moves to the next day that is none. Source: Ministry of Manpower, public holidays 2000 to 2027, read
 * 2026-11.
 */
export const SINGAPORE_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'sunday-to-next-free' },
  {
    name: 'lunar-new-year',
    kind: 'dates',
    dates: chineseFestival('new-year', [0, 1]),
    observed: 'sunday-to-next-free',
  },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'labour', kind: 'fixed', month: 5, day: 1, observed: 'sunday-to-next-free' },
  { name: 'national', kind: 'fixed', month: 8, day: 9, observed: 'sunday-to-next-free' },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'sunday-to-next-free' },
  { name: 'decreed', kind: 'dates', dates: DECREED },
];
