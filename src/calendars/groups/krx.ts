/** Korea Exchange, stock index futures. All times are Seoul wall time. */
import { newYears, nextOpenDays } from '../holidays/days.ts';
import { KOREA_HOLIDAYS } from '../holidays/korea.ts';
import type { DayRule } from '../rules.ts';
import type { GroupRules, Segment } from '../sessions.ts';

const SEOUL = 'Asia/Seoul';
const EARLY_OPEN_SINCE = '2023-07-31';
/** Label of the first night session, that of 2025-06-09. */
const NIGHTS_SINCE = '2025-06-10';
const BEFORE_EARLY_OPEN = '2023-07-30';
const BEFORE_NIGHTS = '2025-06-09';
const NIGHT: Segment = ['-s 18:00', '-s+1 06:00'];

/** On the day of the examination everything is an hour later, the settlement and the stock market too. */
const EXAMINATION_HOURS = {
  settle: '16:45',
  regularHours: { start: '10:00', end: '16:30', zone: SEOUL },
} as const;

/** The college entrance examination. 2017-11-16 kept the later hours although the examination was put off. */
const EXAMINATION: DayRule = {
  name: 'examination',
  kind: 'dates',
  dates: [
    '2016-11-17',
    '2017-11-16',
    '2017-11-23',
    '2018-11-15',
    '2019-11-14',
    '2020-12-03',
    '2021-11-18',
    '2022-11-17',
    '2023-11-16',
    '2024-11-14',
    '2025-11-13',
    '2026-11-19',
  ],
};

/** KOSPI 200. A night session belongs to the next business day; it takes place if its first evening is one. */
export const KRX_INDEX: GroupRules = {
  id: 'krx-index',
  name: 'KRX stock index',
  zone: SEOUL,
  from: '2016-08-01',
  publishedTo: '2026-12-31',
  to: '2035-12-31',
  businessCalendar: 'krx',
  regimes: [
    { from: '2016-08-01', hours: { segments: [['09:00', '15:45']] }, preOpen: '08:30' },
    { from: EARLY_OPEN_SINCE, hours: { segments: [['08:45', '15:45']] }, preOpen: '08:30' },
    {
      from: NIGHTS_SINCE,
      hours: { segments: [NIGHT, ['08:45', '15:45']] },
      preOpen: '-s 17:50',
      dayOpen: '08:45',
    },
  ],
  namedDays: [
    ...KOREA_HOLIDAYS,
    EXAMINATION,
    {
      name: 'first-session',
      kind: 'dates',
      dates: nextOpenDays(
        [{ name: 'new-years-day', kind: 'dates', dates: newYears() }],
        KOREA_HOLIDAYS,
      ),
    },
    {
      name: 'after-examination',
      kind: 'dates',
      dates: nextOpenDays([EXAMINATION], KOREA_HOLIDAYS),
    },
  ],
  dayRules: [
    // The first session of the year opens an hour late.
    {
      on: ['first-session'],
      to: BEFORE_EARLY_OPEN,
      shape: { kind: 'segments', segments: [['10:00', '15:45']] },
    },
    {
      on: ['first-session'],
      from: EARLY_OPEN_SINCE,
      to: BEFORE_NIGHTS,
      shape: { kind: 'segments', segments: [['09:45', '15:45']] },
    },
    {
      on: ['first-session'],
      from: NIGHTS_SINCE,
      shape: { kind: 'segments', segments: [NIGHT, ['09:45', '15:45']], preOpen: '-s 17:50' },
    },
    // On the day of the examination all hours move by one; that evening the night session opens an hour late.
    {
      on: ['examination'],
      to: BEFORE_EARLY_OPEN,
      shape: { kind: 'segments', segments: [['10:00', '16:45']], ...EXAMINATION_HOURS },
    },
    {
      on: ['examination'],
      from: EARLY_OPEN_SINCE,
      to: BEFORE_NIGHTS,
      shape: { kind: 'segments', segments: [['09:45', '16:45']], ...EXAMINATION_HOURS },
    },
    {
      on: ['examination'],
      from: NIGHTS_SINCE,
      shape: {
        kind: 'segments',
        segments: [NIGHT, ['09:45', '16:45']],
        preOpen: '-s 17:50',
        ...EXAMINATION_HOURS,
      },
    },
    {
      on: ['after-examination'],
      from: NIGHTS_SINCE,
      shape: {
        kind: 'segments',
        segments: [
          ['-s 19:00', '-s+1 06:00'],
          ['08:45', '15:45'],
        ],
        preOpen: '-s 18:50',
      },
    },
    { on: [...new Set(KOREA_HOLIDAYS.map((rule) => rule.name))], shape: { kind: 'closed' } },
  ],
  exceptions: [],
  settle: '15:45',
  regularHours: { start: '09:00', end: '15:30', zone: SEOUL },
  confidence: 'high',
  sources: [
    'Korea Exchange, KOSPI 200 futures specifications, night session and closing days, read 2026-11',
    'Financial Services Commission, 2023-06-08 (opening at 08:45 from 2023-07-31); notices on the examination days 2017 to 2025, read 2026-11',
  ],
};
