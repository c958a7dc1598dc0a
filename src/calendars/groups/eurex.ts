/** Eurex index and fixed income futures. All times are Berlin wall time unless a zone is named. */
import { EUREX_HOLIDAYS } from '../rules.ts';
import type { GroupRules, Regime } from '../sessions.ts';

const BERLIN = 'Europe/Berlin';
/** The early session is tied to Singapore, not to Berlin: 01:10 in winter, 02:10 in summer. */
const EARLY_OPEN = { at: '08:10', zone: 'Asia/Singapore' };
const SINCE_2018: Regime = {
  from: '2018-12-10',
  hours: { segments: [[EARLY_OPEN, '22:00']] },
};

const SHARED: Omit<GroupRules, 'id' | 'name' | 'settle' | 'regularHours'> = {
  zone: BERLIN,
  from: '2005-01-03',
  to: '2030-12-31',
  businessCalendar: 'eurex',
  regimes: [{ from: '2005-01-03', hours: { segments: [['08:00', '22:00']] } }, SINCE_2018],
  namedDays: EUREX_HOLIDAYS,
  dayRules: [
    { on: [...new Set(EUREX_HOLIDAYS.map((rule) => rule.name))], shape: { kind: 'closed' } },
  ],
  exceptions: [],
  confidence: 'high',
  sources: ['Eurex trading hours and trading calendars 2005 to 2026, read 2026-11'],
};

export const EUREX_INDEX: GroupRules = {
  ...SHARED,
  id: 'eurex-index',
  name: 'Eurex equity index',
  exceptions: [],
  settle: '17:30',
  regularHours: { start: '09:00', end: '17:30', zone: BERLIN },
  sources: [...SHARED.sources, 'The DAX family alone was closed on 2018-10-03.'],
};

export const EUREX_RATES: GroupRules = {
  ...SHARED,
  id: 'eurex-rates',
  name: 'Eurex fixed income',
  settle: '17:15',
  regularHours: { start: '08:00', end: '17:15', zone: BERLIN },
};

/** Italian government bonds keep the shorter day. */
export const EUREX_RATES_SHORT: GroupRules = {
  ...SHARED,
  id: 'eurex-rates-short',
  name: 'Eurex fixed income, short hours',
  from: '2018-12-10',
  regimes: [{ from: '2018-12-10', hours: { segments: [['08:00', '19:00']] } }],
  settle: '17:15',
  regularHours: { start: '08:00', end: '17:15', zone: BERLIN },
  confidence: 'medium',
};
