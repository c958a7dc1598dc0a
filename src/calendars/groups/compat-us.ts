/**
 * Calendars under the names of another library, with its simplifications: one calendar for all of CME Group, all of ICE
 * Futures U.S. and all of Cboe Futures. They exist to be compared with; no product may use them.
 */
import type { DayRule } from '../rules.ts';
import { US_HOLIDAYS, US_SHORT_DAYS } from '../rules.ts';
import type { GroupRules } from '../sessions.ts';
import {
  CHICAGO,
  CLOSED,
  closeAt,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  NEW_YORK,
  MOURNING_LIST,
  sourced,
} from './cme-common.ts';
import { NYSE_MOURNING, NYSE_SANDY } from './stocks-us-uk.ts';

const NAMED_DAYS: readonly DayRule[] = [...US_HOLIDAYS, ...US_SHORT_DAYS];
const CLOSED_DAYS = ['new-year', 'good-friday', 'christmas'];
const HALTED_DAYS = HALTED_HOLIDAYS.filter((name) => name !== 'juneteenth');
const SHARED: Pick<
  GroupRules,
  'from' | 'to' | 'tradeDates' | 'namedDays' | 'confidence' | 'sources'
> = {
  from: '2000-01-03',
  to: '2035-12-31',
  tradeDates: 'label',
  namedDays: NAMED_DAYS,
  confidence: 'low',
  sources: [
    'Rules of the calendar of this name in the package exchange_calendars, read 2026-11; not those of any product.',
  ],
};

export const COMPAT_CMES: GroupRules = {
  ...SHARED,
  id: 'compat/CMES',
  name: 'All of CME Group, simplified',
  zone: CHICAGO,
  businessCalendar: 'cme-closed',
  regimes: [{ from: '2000-01-03', hours: { segments: [['-1 17:00', '17:00']] } }],
  dayRules: [
    { on: HALTED_HOLIDAYS, shape: closeAt('12:00') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:00') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:00') },
    { on: CLOSED_DAYS, shape: CLOSED },
  ],
  exceptions: sourced(MOURNING_LIST, NYSE_MOURNING),
  settle: '15:00',
  regularHours: { start: '08:30', end: '15:00', zone: CHICAGO },
};

export const COMPAT_IEPA: GroupRules = {
  ...SHARED,
  id: 'compat/IEPA',
  // Its rules beyond the Juneteenth of 2022 are not known.
  to: '2021-12-31',
  name: 'All of ICE Futures U.S., simplified',
  zone: NEW_YORK,
  businessCalendar: 'cme-closed',
  regimes: [{ from: '2000-01-03', hours: { segments: [['-1 20:00', '18:00']] } }],
  dayRules: [
    { on: HALTED_DAYS, shape: closeAt('13:00') },
    { on: CLOSED_DAYS, shape: CLOSED },
  ],
  exceptions: sourced(MOURNING_LIST, [
    ...NYSE_MOURNING.filter(({ date }) => date < '2012'),
    { date: '2012-10-29', shape: CLOSED, why: 'hurricane Sandy' },
    ...NYSE_MOURNING.filter(({ date }) => date > '2012' && date <= '2021'),
  ]),
  settle: '16:00',
  regularHours: { start: '09:30', end: '16:00', zone: NEW_YORK },
};

export const COMPAT_XCBF: GroupRules = {
  ...SHARED,
  id: 'compat/XCBF',
  name: 'Cboe Futures, regular hours only',
  zone: CHICAGO,
  businessCalendar: 'nyse',
  regimes: [{ from: '2000-01-03', hours: { segments: [['08:30', '15:15']] } }],
  dayRules: [
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:15') },
    { on: US_HOLIDAYS.map(({ name }) => name), shape: CLOSED },
  ],
  exceptions: sourced(
    MOURNING_LIST,
    [...NYSE_MOURNING, ...NYSE_SANDY].toSorted((a, b) => (a.date < b.date ? -1 : 1)),
  ),
  settle: '15:15',
  regularHours: { start: '08:30', end: '15:15', zone: CHICAGO },
};
