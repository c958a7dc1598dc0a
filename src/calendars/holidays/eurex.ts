/** Days of Eurex products that do not keep the exchange's own calendar. */
import type { DayRule } from '../rules.ts';
import { EUREX_HOLIDAYS, TARGET_HOLIDAYS } from '../rules.ts';

/**
 * Swiss index futures rest on Swiss holidays too. Source: Eurex holiday regulations 2018; SIX Swiss Exchange trading calendars
 * 2016 to 2026, read 2026-11.
 */
export const EUREX_SWISS_HOLIDAYS: readonly DayRule[] = [
  ...EUREX_HOLIDAYS,
  { name: 'berchtold', kind: 'fixed', month: 1, day: 2, observed: 'none' },
  { name: 'ascension', kind: 'easter', offset: 39 },
  { name: 'swiss-whit-monday', kind: 'easter', offset: 50 },
  { name: 'swiss-national', kind: 'fixed', month: 8, day: 1, observed: 'none' },
];

/** The simplified Eurex of another library: no Whit Monday, ever. */
export const XEUR_HOLIDAYS: readonly DayRule[] = [
  ...TARGET_HOLIDAYS,
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'none' },
];
