/** The cash sessions of New York and London: references for windows and comparisons, not calendars of a futures product. */
import type { DayRule } from '../rules.ts';
import { ENGLAND_HOLIDAYS, US_HOLIDAYS, US_SHORT_DAYS } from '../rules.ts';
import type { GroupRules, SessionException } from '../sessions.ts';
import {
  CLOSED,
  closeAt,
  MONDAY_TO_THURSDAY,
  NEW_YORK,
  MOURNING_LIST,
  sourced,
} from './cme-common.ts';

/** Days on which New York's stock market stayed closed for the country. */
export const NYSE_MOURNING: readonly SessionException[] = [
  { date: '2004-06-11', shape: CLOSED, why: 'day of mourning for President Reagan' },
  { date: '2007-01-02', shape: CLOSED, why: 'day of mourning for President Ford' },
  { date: '2018-12-05', shape: CLOSED, why: 'day of mourning for President Bush' },
  { date: '2025-01-09', shape: CLOSED, why: 'day of mourning for President Carter' },
];
export const NYSE_SANDY: readonly SessionException[] = [
  { date: '2012-10-29', shape: CLOSED, why: 'hurricane Sandy' },
  { date: '2012-10-30', shape: CLOSED, why: 'hurricane Sandy' },
];
const ATTACKS = 'closed after the attacks';

export const XNYS: GroupRules = {
  id: 'XNYS',
  name: 'New York Stock Exchange',
  zone: NEW_YORK,
  from: '2000-01-03',
  publishedTo: '2028-12-31',
  to: '2035-12-31',
  businessCalendar: 'nyse',
  tradeDates: 'label',
  regimes: [{ from: '2000-01-03', hours: { segments: [['09:30', '16:00']] } }],
  namedDays: [...US_HOLIDAYS, ...US_SHORT_DAYS],
  dayRules: [
    { on: US_HOLIDAYS.map(({ name }) => name), shape: CLOSED },
    { on: ['independence-eve'], weekdays: [1, 2, 4], shape: closeAt('13:00') },
    { on: ['independence-eve'], from: '2013-01-01', weekdays: [3], shape: closeAt('13:00') },
    // Before 2013 the Friday after a Thursday holiday was the short day.
    {
      on: ['independence'],
      offset: 1,
      to: '2012-12-31',
      weekdays: [5],
      shape: closeAt('13:00'),
    },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('13:00') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:00') },
  ],
  exceptions: sourced(MOURNING_LIST, [
    { date: '2001-09-11', shape: CLOSED, why: ATTACKS },
    { date: '2001-09-12', shape: CLOSED, why: ATTACKS },
    { date: '2001-09-13', shape: CLOSED, why: ATTACKS },
    { date: '2001-09-14', shape: CLOSED, why: ATTACKS },
    { date: '2003-12-26', shape: closeAt('13:00'), why: 'Friday after Christmas' },
    ...NYSE_SANDY,
    ...NYSE_MOURNING,
  ]),
  settle: '16:00',
  regularHours: { start: '09:30', end: '16:00', zone: NEW_YORK },
  confidence: 'high',
  sources: ['New York Stock Exchange holidays and trading hours, 2000 to 2028, read 2026-11.'],
};

const LONDON = 'Europe/London';
/** Half days; on a weekend the Friday before. */
export const LONDON_HALF_DAYS: readonly DayRule[] = [
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'friday-before' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'friday-before' },
];

export const XLON: GroupRules = {
  id: 'XLON',
  name: 'London Stock Exchange',
  zone: LONDON,
  from: '2000-01-04',
  publishedTo: '2026-12-31',
  to: '2035-12-31',
  businessCalendar: 'london-bank',
  tradeDates: 'label',
  regimes: [{ from: '2000-01-04', hours: { segments: [['08:00', '16:30']] } }],
  namedDays: [...ENGLAND_HOLIDAYS, ...LONDON_HALF_DAYS],
  dayRules: [
    { on: ['christmas-eve', 'new-years-eve'], shape: closeAt('12:30') },
    { on: [...new Set(ENGLAND_HOLIDAYS.map(({ name }) => name))], shape: CLOSED },
  ],
  exceptions: [],
  settle: '16:30',
  regularHours: { start: '08:00', end: '16:30', zone: LONDON },
  confidence: 'high',
  sources: ['London Stock Exchange business days and half days, 2000 to 2026, read 2026-11.'],
};
