/** CME foreign exchange futures. */
import type { GroupRules } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CHICAGO,
  closeAt,
  CME_FROM,
  CME_NAMED_DAYS,
  CME_ORDER_ENTRY,
  CME_PUBLISHED_TO,
  CME_SOURCE,
  CME_TO,
  EARLY_FRIDAYS,
  EARLY_FRIDAY_EXCEPTIONS,
  FRIDAY,
  MONDAY_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  SEPTEMBER_2001,
  LISTED_BY_OTHERS,
  sourced,
} from './cme-common.ts';

export const CME_FX: GroupRules = {
  id: 'cme-fx',
  name: 'CME foreign exchange',
  zone: CHICAGO,
  from: CME_FROM,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [{ from: CME_FROM, ...CME_ORDER_ENTRY, hours: { segments: [['-1 17:00', '16:00']] } }],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: ['good-friday-payrolls'], shape: closeAt('10:15') },
    ...EARLY_FRIDAYS,
    // From 2022 the session is as long as any other; it still clears on the next business day.
    {
      on: [...MONDAY_HOLIDAYS, 'independence', 'thanksgiving'],
      to: '2021-12-31',
      shape: closeAt('12:00'),
    },
    {
      on: ['juneteenth', 'independence'],
      from: '2022-01-01',
      weekdays: FRIDAY,
      shape: closeAt('12:00'),
    },
    { on: ['thanksgiving'], offset: 1, to: '2024-12-31', shape: closeAt('12:15') },
    { on: ['thanksgiving'], offset: 1, from: '2025-01-01', shape: closeAt('13:45') },
    {
      on: ['christmas-eve'],
      to: '2024-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:15'),
    },
    {
      on: ['christmas-eve'],
      from: '2025-01-01',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:45'),
    },
  ],
  exceptions: sourced(LISTED_BY_OTHERS, [...SEPTEMBER_2001, ...EARLY_FRIDAY_EXCEPTIONS]),
  settle: '14:00',
  regularHours: { start: '07:20', end: '14:00', zone: CHICAGO },
  confidence: 'medium',
  sources: [
    CME_SOURCE,
    'Hours before 2006 are those of 2006, as for interest rates; the close of 2024-11-29 is not settled by the sources.',
  ],
};
