/** Osaka Exchange. All times are Tokyo wall time. */
import { closedDays, newYears, nextOpenDays, previousOpenDays } from '../holidays/days.ts';
import { JAPAN_HOLIDAYS } from '../holidays/japan.ts';
import type { DayRule } from '../rules.ts';
import type { GroupRules, Regime, Segment, SessionException } from '../sessions.ts';

const TOKYO = 'Asia/Tokyo';
const HOLIDAY_NAMES = [...new Set(JAPAN_HOLIDAYS.map((rule) => rule.name))];
const HOLIDAY_TRADING_SINCE = '2022-09-23';

/**
 * Holidays without holiday trading, besides January 1 and 2 and December 31: system tests and system changes. Source: JPX,
 * derivatives holiday trading days 2022 to 2026, read 2026-11.
 */
const NOT_TRADED: readonly string[] = [
  '2023-01-09',
  '2024-01-08',
  '2024-08-12',
  '2024-09-16',
  '2024-11-04',
  '2025-01-13',
  '2025-09-15',
  '2026-11-23',
];

const HOLIDAY_TRADING: DayRule = {
  name: 'holiday-trading',
  kind: 'dates',
  marks: true,
  dates: closedDays(JAPAN_HOLIDAYS).filter(
    (day) =>
      day >= HOLIDAY_TRADING_SINCE &&
      !['01-01', '01-02', '12-31'].includes(day.slice(5)) &&
      !NOT_TRADED.includes(day),
  ),
};

const NEW_YEAR: readonly DayRule[] = [{ name: 'new-years-day', kind: 'dates', dates: newYears() }];
const FIRST_SESSIONS = nextOpenDays(NEW_YEAR, JAPAN_HOLIDAYS);

/** The turn of the year: half days until January 2009, without an evening session after them. */
const YEAR_TURN: readonly DayRule[] = [
  {
    name: 'last-session',
    kind: 'dates',
    marks: true,
    dates: previousOpenDays(NEW_YEAR, JAPAN_HOLIDAYS),
  },
  { name: 'first-session', kind: 'dates', marks: true, dates: FIRST_SESSIONS },
  {
    name: 'second-session',
    kind: 'dates',
    marks: true,
    dates: nextOpenDays(
      [{ name: 'first-session', kind: 'dates', dates: FIRST_SESSIONS }],
      JAPAN_HOLIDAYS,
    ),
  },
];
const HALF_DAY: Segment = ['09:00', '11:10'];
const HALF_DAYS_UNTIL = '2009-12-29';

/** Hours with a lunch break; the first evening session was that of 2007-09-18. */
const WITH_LUNCH: readonly Regime[] = [
  { from: '2000-01-04', evening: null },
  { from: '2007-09-19', evening: '-s 19:00' },
  { from: '2008-10-15', evening: '-s 20:00' },
  { from: '2010-07-21', evening: '-s 23:30' },
].map(({ from, evening }): Regime => {
  const day: readonly Segment[] = [
    ['09:00', '11:00'],
    ['12:30', '15:10'],
  ];
  const segments: readonly Segment[] = evening === null ? day : [['-s 16:30', evening], ...day];
  return { from, hours: { segments }, dayOpen: '09:00', settle: '15:10' };
});

/** Nights without a session, before a new trading system. */
const NEW_SYSTEM: readonly SessionException[] = [
  {
    date: '2016-07-19',
    shape: { kind: 'short', dayOnly: true },
    why: 'new trading system: no night session on 2016-07-15',
    source: 'Osaka Exchange, launch of the next J-GATE, read 2026-11',
  },
  {
    date: '2021-09-21',
    shape: { kind: 'short', dayOnly: true },
    why: 'new trading system: no night session on 2021-09-17',
    source: 'Osaka Exchange, launch of J-GATE 3.0, read 2026-11',
  },
];

/**
 * Nikkei 225 and TOPIX futures. A holiday with trading is a label of its own and belongs to the next business day, like the
 * night session before it; the night session after it belongs to the label after.
 */
export const OSE_INDEX: GroupRules = {
  id: 'ose-index',
  name: 'OSE stock index',
  zone: TOKYO,
  from: '2000-01-04',
  publishedTo: '2026-12-31',
  to: '2035-12-31',
  businessCalendar: 'jpx',
  regimes: [
    ...WITH_LUNCH,
    {
      from: '2011-02-14',
      hours: {
        segments: [
          ['-s 16:30', '-s 23:30'],
          ['09:00', '15:15'],
        ],
      },
      preOpen: '-s 16:15',
      dayOpen: '09:00',
      settle: '15:15',
    },
    {
      from: '2011-07-20',
      hours: {
        segments: [
          ['-s 16:30', '-s+1 03:00'],
          ['09:00', '15:15'],
        ],
      },
      preOpen: '-s 16:15',
      dayOpen: '09:00',
      settle: '15:15',
    },
    {
      // The night session of the launch day began under the new hours; that before it did not take place.
      from: '2016-07-19',
      hours: {
        segments: [
          ['-s 16:30', '-s+1 05:30'],
          ['08:45', '15:15'],
        ],
      },
      preOpen: '-s 16:15',
      dayOpen: '08:45',
      settle: '15:15',
    },
    {
      from: '2021-09-21',
      hours: {
        segments: [
          ['-s 16:30', '-s+1 06:00'],
          ['08:45', '15:15'],
        ],
      },
      preOpen: '-s 16:15',
      dayOpen: '08:45',
      settle: '15:15',
    },
    {
      from: '2024-11-05',
      hours: {
        segments: [
          ['-s 16:30', '-s+1 06:00'],
          ['08:45', '15:45'],
        ],
      },
      preOpen: '-s 16:15',
      dayOpen: '08:45',
    },
    {
      from: '2024-11-06',
      hours: {
        segments: [
          ['-s 17:00', '-s+1 06:00'],
          ['08:45', '15:45'],
        ],
      },
      dayOpen: '08:45',
    },
  ],
  namedDays: [...JAPAN_HOLIDAYS, HOLIDAY_TRADING, ...YEAR_TURN],
  dayRules: [
    {
      on: ['last-session'],
      to: '2007-09-18',
      shape: { kind: 'segments', segments: [HALF_DAY] },
    },
    {
      on: ['last-session'],
      from: '2007-09-19',
      to: '2008-10-14',
      shape: { kind: 'segments', segments: [['-s 16:30', '-s 19:00'], HALF_DAY] },
    },
    {
      on: ['last-session'],
      from: '2008-10-15',
      to: HALF_DAYS_UNTIL,
      shape: { kind: 'segments', segments: [['-s 16:30', '-s 20:00'], HALF_DAY] },
    },
    {
      on: ['first-session'],
      to: HALF_DAYS_UNTIL,
      shape: { kind: 'segments', segments: [HALF_DAY] },
    },
    { on: ['second-session'], to: HALF_DAYS_UNTIL, shape: { kind: 'short', dayOnly: true } },
    { on: HOLIDAY_NAMES, shape: { kind: 'closed' } },
    { on: ['holiday-trading'], shape: { kind: 'regular' } },
  ],
  exceptions: NEW_SYSTEM,
  settle: '15:45',
  regularHours: { start: '09:00', end: '15:30', zone: TOKYO },
  earlierRegularHours: [{ start: '09:00', end: '15:00', zone: TOKYO, until: '2024-11-04' }],
  confidence: 'high',
  sources: [
    'Osaka Exchange, trading hours and their extensions of 2011-07-19, 2016-07-19, 2021-09-21 and 2024-11-05, read 2026-11',
    'Two histories of the hours of Nikkei 225 futures since 1988, read 2026-11; TOPIX futures had other hours until 2014-03-23',
    'JPX, derivatives holiday trading days 2022 to 2026; the second half of 2023 and 2025 and the first of 2026 by the principle that all eligible holidays are traded, read 2026-11',
  ],
};

/** Ten-year government bonds: no holiday trading. */
export const OSE_JGB: GroupRules = {
  id: 'ose-jgb',
  name: 'OSE government bonds',
  zone: TOKYO,
  from: '2016-07-19',
  publishedTo: '2027-12-31',
  to: '2035-12-31',
  businessCalendar: 'jpx',
  regimes: [
    {
      from: '2016-07-19',
      hours: {
        segments: [
          ['-s 15:30', '-s+1 05:30'],
          ['08:45', '11:02'],
          ['12:30', '15:02'],
        ],
      },
      dayOpen: '08:45',
    },
    {
      from: '2021-09-21',
      hours: {
        segments: [
          ['-s 15:30', '-s+1 06:00'],
          ['08:45', '11:02'],
          ['12:30', '15:02'],
        ],
      },
      dayOpen: '08:45',
    },
  ],
  namedDays: JAPAN_HOLIDAYS,
  dayRules: [{ on: HOLIDAY_NAMES, shape: { kind: 'closed' } }],
  exceptions: NEW_SYSTEM,
  settle: '15:02',
  regularHours: { start: '08:45', end: '15:02', zone: TOKYO },
  confidence: 'medium',
  sources: ['Osaka Exchange, JGB futures contract specifications (2016 and 2026), read 2026-11'],
};
