/** NYMEX energy and COMEX metals: the same hours and holidays, other settlement times. */
import type { DayShapeRule, GroupRules } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CHICAGO,
  closeAt,
  CME_FROM,
  CME_NAMED_DAYS,
  CME_SOURCE,
  CME_TO,
  FRIDAY,
  MONDAY_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  REGULAR,
  SEPTEMBER_2001,
} from './cme-common.ts';

const NEW_YORK = 'America/New_York';
const HALTED_HOLIDAYS = [...MONDAY_HOLIDAYS, 'juneteenth', 'independence', 'thanksgiving'];

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

const SHARED: Omit<GroupRules, 'id' | 'name' | 'settle' | 'regularHours'> = {
  zone: CHICAGO,
  from: CME_FROM,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    { from: CME_FROM, hours: { segments: [['-1 17:00', '16:15']] } },
    { from: '2015-09-21', hours: { segments: [['-1 17:00', '16:00']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: DAY_RULES,
  exceptions: [
    ...SEPTEMBER_2001,
    { date: '2009-01-19', shape: REGULAR, why: 'full session on Martin Luther King Day of 2009' },
    { date: '2009-02-16', shape: REGULAR, why: 'full session on Presidents Day of 2009' },
  ],
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Hours before 2006 are those of 2006: the floor traded the day session. The close of 2024-11-29 is not settled.',
  ],
};

export const CME_ENERGY: GroupRules = {
  ...SHARED,
  id: 'cme-energy',
  name: 'NYMEX energy',
  settle: { at: '14:30', zone: NEW_YORK },
  regularHours: { start: '09:00', end: '14:30', zone: NEW_YORK },
};

/** Settlement is gold's; silver settles five and copper thirty minutes earlier. */
export const CME_METALS: GroupRules = {
  ...SHARED,
  id: 'cme-metals',
  name: 'COMEX and NYMEX metals',
  settle: { at: '13:30', zone: NEW_YORK },
  regularHours: { start: '08:20', end: '13:30', zone: NEW_YORK },
};
