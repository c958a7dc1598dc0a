/** CME cryptocurrency futures: BTC, ETH and their micros. All times are Chicago wall time. */
import type { DayShapeRule, GroupRules } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CHICAGO,
  closeAt,
  CLOSED,
  CME_NAMED_DAYS,
  CME_ORDER_ENTRY,
  CME_PUBLISHED_TO,
  CME_SOURCE,
  CME_TO,
  FRIDAY,
  HALTED_HOLIDAYS,
  MONDAY_HOLIDAYS,
  MONDAY_TO_THURSDAY,
} from './cme-common.ts';

/** First trade date of trading around the clock, which began on Friday 2026-05-29 at 16:00. */
const AROUND_THE_CLOCK = '2026-06-01';
const LAST_WITH_CLOSES = '2026-05-29';

/** Rules of the days on which the market still closed. */
const UNTIL_2026: readonly DayShapeRule[] = [
  ALWAYS_CLOSED,
  { on: ['good-friday-payrolls'], to: '2021-12-31', shape: closeAt('08:15') },
  { on: ['good-friday-payrolls'], from: '2022-01-01', shape: closeAt('10:15') },
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
  {
    on: ['independence-eve'],
    to: '2019-12-31',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:15'),
  },
  { on: ['thanksgiving'], offset: 1, to: '2020-12-31', shape: closeAt('12:15') },
  {
    on: ['thanksgiving'],
    offset: 1,
    from: '2021-01-01',
    to: '2024-12-31',
    shape: closeAt('12:45'),
  },
  { on: ['thanksgiving'], offset: 1, from: '2025-01-01', shape: closeAt('13:45') },
  {
    on: ['christmas-eve'],
    to: '2023-12-31',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:15'),
  },
  {
    on: ['christmas-eve'],
    from: '2024-01-01',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:45'),
  },
];

export const CME_CRYPTO: GroupRules = {
  id: 'cme-crypto',
  name: 'CME cryptocurrencies',
  zone: CHICAGO,
  from: '2017-12-18',
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    { from: '2017-12-18', ...CME_ORDER_ENTRY, hours: { segments: [['-1 17:00', '16:00']] } },
    {
      // What is traded from Friday 16:00 on, and on a holiday, belongs to the next business day.
      from: AROUND_THE_CLOCK,
      hours: { segments: [['-b 16:00', '16:00']] },
      weeklyBreaks: [{ weekday: 6, from: '02:00', to: '04:00' }],
    },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ...UNTIL_2026.map((rule) => ({ ...rule, to: rule.to ?? LAST_WITH_CLOSES })),
    // No label of their own, but not closed: the next business day's session runs through them.
    {
      on: ['new-year', 'good-friday', 'christmas', ...HALTED_HOLIDAYS],
      from: AROUND_THE_CLOCK,
      shape: CLOSED,
    },
  ],
  exceptions: [],
  settle: '15:00',
  regularHours: { start: '08:30', end: '15:00', zone: CHICAGO },
  confidence: 'medium',
  sources: [
    CME_SOURCE,
    'CME Group announcement of trading around the clock from 2026-05-29, read 2026-11',
    'The weekly pause is announced as two hours or more. The close of 2024-11-29 is not settled by the sources.',
  ],
};
