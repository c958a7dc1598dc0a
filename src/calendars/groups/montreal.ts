/** Montréal Exchange. All times are Toronto wall time, which is Montréal's. */
import { MONTREAL_HOLIDAYS } from '../holidays/canada.ts';
import type { DayRule } from '../rules.ts';
import type { GroupRules } from '../sessions.ts';
import { CLOSED, closeAt, CME_TO } from './cme-common.ts';

const TORONTO = 'America/Toronto';
const NOTICE_2015 = 'Montréal Exchange notice of 2015-11-10, read 2026-11';
const NOTICE_2016 = 'Montréal Exchange notice of 2016-07-01, read 2026-11';
/** Bonds end early on the last trading day before Christmas and New Year, also when that is a Friday. */
const BOND_EVES: readonly DayRule[] = [
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'friday-before' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'friday-before' },
];
const EQUITY_EVES: readonly DayRule[] = [
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
];
const CLOSED_DAYS = MONTREAL_HOLIDAYS.map(({ name }) => name);

const SHARED: Omit<
  GroupRules,
  'id' | 'name' | 'namedDays' | 'dayRules' | 'settle' | 'regularHours'
> = {
  zone: TORONTO,
  from: '2010-01-04',
  publishedTo: '2026-12-31',
  to: CME_TO,
  businessCalendar: 'mx',
  regimes: [
    { from: '2010-01-04', hours: { segments: [['06:00', '16:30']] } },
    { from: '2018-10-09', hours: { segments: [['02:00', '16:30']] } },
    { from: '2021-09-20', hours: { segments: [['-1 20:00', '16:30']] } },
  ],
  exceptions: [],
  confidence: 'medium',
  sources: [
    'Montréal Exchange trading hours and TMX Group holiday schedules 2015 to 2025, read 2026-11.',
    'The first days of the hours of 2018 and 2021 rest on one source; pauses of the years before 2018 are not modelled.',
  ],
};

export const MX_RATES: GroupRules = {
  ...SHARED,
  id: 'mx-rates',
  name: 'Montréal interest rates',
  namedDays: [...MONTREAL_HOLIDAYS, ...BOND_EVES],
  dayRules: [
    { on: ['christmas-eve', 'new-years-eve'], shape: closeAt('13:30') },
    { on: CLOSED_DAYS, shape: CLOSED },
  ],
  exceptions: [
    {
      date: '2015-11-10',
      shape: closeAt('13:30'),
      why: 'day before Remembrance Day',
      source: NOTICE_2015,
    },
    { date: '2015-11-11', shape: CLOSED, why: 'Remembrance Day', source: NOTICE_2015 },
    {
      date: '2016-06-30',
      shape: closeAt('13:30'),
      why: 'day before Canada Day',
      source: NOTICE_2016,
    },
  ],
  settle: '15:00',
  regularHours: { start: '08:00', end: '15:00', zone: TORONTO },
};

export const MX_INDEX: GroupRules = {
  ...SHARED,
  id: 'mx-index',
  name: 'Montréal index futures',
  namedDays: [...MONTREAL_HOLIDAYS, ...EQUITY_EVES],
  dayRules: [
    { on: ['christmas-eve'], shape: closeAt('13:00') },
    { on: CLOSED_DAYS, shape: CLOSED },
  ],
  settle: '16:00',
  regularHours: { start: '09:30', end: '16:00', zone: TORONTO },
};
