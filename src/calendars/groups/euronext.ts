/** Euronext derivatives, Paris and Amsterdam. All times are Paris wall time. */
import { TARGET_HOLIDAYS } from '../rules.ts';
import type { DayRule } from '../rules.ts';
import type { DayShape, GroupRules } from '../sessions.ts';

const PARIS = 'Europe/Paris';
const NAMED_DAYS: readonly DayRule[] = [
  ...TARGET_HOLIDAYS,
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'none' },
];

function dayRules(halfDay: DayShape): GroupRules['dayRules'] {
  return [
    {
      on: [...new Set(TARGET_HOLIDAYS.map((rule) => rule.name))],
      shape: { kind: 'closed' },
    },
    { on: ['christmas-eve', 'new-years-eve'], shape: halfDay },
  ];
}

const SHARED = {
  zone: PARIS,
  publishedTo: '2026-12-31',
  to: '2035-12-31',
  businessCalendar: 'euronext',
  namedDays: NAMED_DAYS,
  exceptions: [],
} as const satisfies Partial<GroupRules>;

/**
 * CAC 40 and AEX. One session: the break between day and evening trading of earlier years was one of clearing, and lasted
 * five minutes at most.
 */
export const EURONEXT_INDEX: GroupRules = {
  ...SHARED,
  id: 'euronext-index',
  name: 'Euronext equity index',
  from: '2008-11-03',
  regimes: [{ from: '2008-11-03', hours: { segments: [['08:00', '22:00']] } }],
  dayRules: dayRules({ kind: 'short', close: '14:05' }),
  settle: '17:35',
  regularHours: { start: '09:00', end: '17:30', zone: PARIS },
  confidence: 'medium',
  sources: [
    'Euronext contract specifications FCE and FTI (2016-02 and 2026), read 2026-11',
    'Euronext bulletin 2008-026: normal hours again from 2008-11-03, read 2026-11',
    'Euronext calendars: half days on December 24 and 31; the minute of the close rests on the cash market',
  ],
};

/** Milling wheat. */
export const EURONEXT_AGS: GroupRules = {
  ...SHARED,
  id: 'euronext-ags',
  name: 'Euronext commodities',
  from: '2014-11-07',
  regimes: [{ from: '2014-11-07', hours: { segments: [['10:45', '18:30']] } }],
  dayRules: dayRules({ kind: 'short', close: '14:00' }),
  settle: '18:30',
  regularHours: { start: '10:45', end: '18:30', zone: PARIS },
  confidence: 'medium',
  sources: [
    'Euronext contract specification EBM of 2014-11-07 and of today, read 2026-11',
    'Market news on the half day of 2021-12-31, read 2026-11',
  ],
};
