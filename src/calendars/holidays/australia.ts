/** Australia, as the Australian Securities Exchange keeps it: the national days and the King's Birthday of New South Wales. */
import type { DayRule } from '../rules.ts';

/**
 * Anzac Day on a weekend is not moved, except in 2010 and 2011. Source: ASX trading calendars 2000 to 2027, read 2026-11.
 */
export const AUSTRALIA_HOLIDAYS: readonly DayRule[] = [
  { name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'next-monday' },
  { name: 'australia', kind: 'fixed', month: 1, day: 26, observed: 'next-monday' },
  { name: 'good-friday', kind: 'easter', offset: -2 },
  { name: 'easter-monday', kind: 'easter', offset: 1 },
  { name: 'anzac', kind: 'fixed', month: 4, day: 25, observed: 'none' },
  { name: 'anzac', kind: 'dates', dates: ['2010-04-26', '2011-04-26'] },
  { name: 'kings-birthday', kind: 'nth-weekday', month: 6, weekday: 1, n: 2 },
  { name: 'christmas', kind: 'fixed', month: 12, day: 25, observed: 'two-later' },
  { name: 'boxing', kind: 'fixed', month: 12, day: 26, observed: 'two-later' },
  { name: 'mourning', kind: 'dates', dates: ['2022-09-22'] },
];
