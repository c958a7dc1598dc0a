/** CME Group interest rate futures: Treasuries, SOFR, Fed Funds. */
import type { GroupRules } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CHICAGO,
  closeAt,
  CLOSED,
  CME_FROM,
  CME_NAMED_DAYS,
  CME_SOURCE,
  CME_TO,
  EARLY_FRIDAYS,
  EARLY_FRIDAY_EXCEPTIONS,
  MONDAY_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  SEPTEMBER_2001,
} from './cme-common.ts';

export const CME_INTEREST_RATE: GroupRules = {
  id: 'cme-interest-rate',
  name: 'CME interest rates',
  zone: CHICAGO,
  from: CME_FROM,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [{ from: CME_FROM, hours: { segments: [['-1 17:00', '16:00']] } }],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: ['good-friday-payrolls'], shape: closeAt('10:15') },
    ...EARLY_FRIDAYS,
    {
      on: [...MONDAY_HOLIDAYS, 'juneteenth', 'independence', 'thanksgiving'],
      shape: closeAt('12:00'),
    },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:15') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:15') },
  ],
  // On 2012-10-29 the session ended early at a time that sources do not agree on; it stands here as regular.
  exceptions: [
    ...SEPTEMBER_2001,
    ...EARLY_FRIDAY_EXCEPTIONS,
    { date: '2018-12-05', shape: CLOSED, why: 'day of mourning for President Bush' },
    { date: '2025-01-09', shape: closeAt('12:15'), why: 'day of mourning for President Carter' },
  ],
  settle: '14:00',
  regularHours: { start: '07:20', end: '14:00', zone: CHICAGO },
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Hours before 2006 are those of 2006: the earlier platform’s are not sourced.',
  ],
};
