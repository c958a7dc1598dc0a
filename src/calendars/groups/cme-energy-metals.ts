/** NYMEX energy and COMEX metals: the same hours and holidays, other settlement times. */
import type { DayShapeRule, GroupRules, SessionException } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CHICAGO,
  closeAt,
  CLOSED,
  CME_FROM,
  CME_NAMED_DAYS,
  CME_ORDER_ENTRY,
  CME_PUBLISHED_TO,
  CME_SOURCE,
  CME_TO,
  FRIDAY,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  NEW_YORK,
  NOTICE_2001,
  REGULAR,
  SEPTEMBER_2001,
  LISTED_BY_OTHERS,
  sourced,
} from './cme-common.ts';

const DAY_RULES: readonly DayShapeRule[] = [
  ALWAYS_CLOSED,
  { on: HALTED_HOLIDAYS, to: '2014-05-25', shape: closeAt('12:15') },
  { on: HALTED_HOLIDAYS, from: '2014-05-26', to: '2021-12-31', shape: closeAt('12:00') },
  { on: HALTED_HOLIDAYS, from: '2022-01-01', shape: closeAt('13:30') },
  // Observed on a Friday there is no evening to reopen for.
  {
    on: ['juneteenth', 'independence'],
    from: '2014-05-26',
    weekdays: FRIDAY,
    shape: closeAt('12:00'),
  },
  { on: ['thanksgiving'], offset: 1, to: '2024-12-31', shape: closeAt('12:45') },
  { on: ['thanksgiving'], offset: 1, from: '2025-01-01', shape: closeAt('13:45') },
  { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:45') },
];

/** The Friday before a long weekend ended an hour early from 2009 to January 2011. */
const EARLY_FRIDAYS: readonly SessionException[] = [
  ['2009-05-22', 'Memorial Day'],
  ['2009-09-04', 'Labor Day'],
  ['2009-10-09', 'Columbus Day'],
  ['2010-01-15', 'Martin Luther King Day'],
  ['2010-02-12', 'Presidents Day'],
  ['2010-05-28', 'Memorial Day'],
  ['2010-07-02', 'Independence Day'],
  ['2010-09-03', 'Labor Day'],
  ['2010-10-08', 'Columbus Day'],
  ['2011-01-14', 'Martin Luther King Day'],
].map(([date, holiday]) => ({
  date: date!,
  shape: closeAt('15:15'),
  why: `Friday before ${holiday!}`,
}));

const SHARED: Omit<GroupRules, 'id' | 'name' | 'settle' | 'regularHours'> = {
  zone: CHICAGO,
  from: CME_FROM,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    { from: CME_FROM, ...CME_ORDER_ENTRY, hours: { segments: [['-1 17:00', '16:15']] } },
    { from: '2015-09-21', ...CME_ORDER_ENTRY, hours: { segments: [['-1 17:00', '16:00']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: DAY_RULES,
  exceptions: sourced(LISTED_BY_OTHERS, [
    ...SEPTEMBER_2001,
    { date: '2001-09-13', shape: CLOSED, why: 'closed after the attacks', source: NOTICE_2001 },
    { date: '2001-09-14', shape: CLOSED, why: 'closed after the attacks', source: NOTICE_2001 },
    { date: '2009-01-19', shape: REGULAR, why: 'full session on Martin Luther King Day of 2009' },
    { date: '2009-02-16', shape: REGULAR, why: 'full session on Presidents Day of 2009' },
    { date: '2009-07-03', shape: closeAt('12:30'), why: 'Independence Day observed on a Friday' },
    ...EARLY_FRIDAYS,
    {
      date: '2010-12-31',
      shape: closeAt('15:15'),
      why: 'New Year’s Eve of 2010',
      source: 'CME Group New Year’s trading schedule of 2010, read 2026-11',
    },
  ]),
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Hours before 2006 are those of 2006: the floor traded the day session. The close of 2024-11-29 is not settled.',
    'The length of the closure of September 2001 rests on one source.',
  ],
};

export const CME_ENERGY: GroupRules = {
  ...SHARED,
  id: 'cme-energy',
  name: 'NYMEX energy',
  settle: { at: '14:30', zone: NEW_YORK },
  regularHours: { start: '09:00', end: '14:30', zone: NEW_YORK },
};

/** Gold. Aluminium and steel settle by other markets' prices; here they are taken with gold. */
export const CME_METALS: GroupRules = {
  ...SHARED,
  id: 'cme-metals',
  name: 'COMEX and NYMEX metals',
  settle: { at: '13:30', zone: NEW_YORK },
  regularHours: { start: '08:20', end: '13:30', zone: NEW_YORK },
};

/** Same sessions as gold, settled at the end of their own floor hours. */
function metal(root: string, name: string, start: string, end: string): GroupRules {
  return {
    ...CME_METALS,
    id: `cme-metals/${root}`,
    name,
    settle: { at: end, zone: NEW_YORK },
    regularHours: { start, end, zone: NEW_YORK },
  };
}

export const CME_METALS_BY_ROOT: readonly GroupRules[] = [
  metal('SI', 'COMEX silver', '08:25', '13:25'),
  metal('SIL', 'COMEX micro silver', '08:25', '13:25'),
  metal('HG', 'COMEX copper', '08:10', '13:00'),
  metal('MHG', 'COMEX micro copper', '08:10', '13:00'),
  metal('PL', 'NYMEX platinum', '08:20', '13:05'),
  metal('PA', 'NYMEX palladium', '08:30', '13:00'),
];
