/** Hong Kong Futures Exchange, stock index futures, and the Hong Kong stock market. All times are Hong Kong wall time. */
import { closedDays, nextOpenDays } from '../holidays/days.ts';
import { HONG_KONG_HOLIDAYS, HONG_KONG_WEATHER } from '../holidays/hong-kong.ts';
import { chineseFestival } from '../holidays/lunar.ts';
import type { DayRule } from '../rules.ts';
import { datesOfRules } from '../rules.ts';
import type { Segment, SessionException } from '../sessions.ts';
import type { GroupRules } from '../sessions.ts';
import { toIsoDate } from '../../core/trade-date.ts';

const HONG_KONG = 'Asia/Hong_Kong';
const HOLIDAY_NAMES = [...new Set(HONG_KONG_HOLIDAYS.map((rule) => rule.name))];

const HALF_DAYS: readonly DayRule[] = [
  { name: 'half-day', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'half-day', kind: 'fixed', month: 12, day: 31, observed: 'none' },
  {
    name: 'lunar-eve',
    kind: 'dates',
    dates: chineseFestival('new-year', [-1]),
    observed: 'none',
  },
];

/** The last Monday of May, when it is a holiday in London and in New York, and none in Hong Kong. */
function londonAndNewYorkHolidays(): readonly string[] {
  const closed = new Set(closedDays(HONG_KONG_HOLIDAYS));
  const rule: DayRule = {
    name: 'both',
    kind: 'nth-weekday',
    month: 5,
    weekday: 1,
    n: -1,
    exceptYears: [2002, 2012, 2022],
  };
  return [...datesOfRules([rule], 2013, 2050).values()]
    .flat()
    .map(toIsoDate)
    .filter((day) => !closed.has(day));
}

const WITHOUT_EVENING: readonly DayRule[] = [
  ...HALF_DAYS,
  { name: 'both', kind: 'dates', dates: londonAndNewYorkHolidays() },
];

const NAMED_DAYS: readonly DayRule[] = [
  ...HONG_KONG_HOLIDAYS,
  ...HALF_DAYS,
  {
    // Labels whose night session, on the evening of a half day or of a London and New York holiday, does not take place.
    name: 'no-night',
    kind: 'dates',
    dates: nextOpenDays(WITHOUT_EVENING, HONG_KONG_HOLIDAYS),
  },
];

const MORNING: Segment = ['09:15', '12:00'];
const AFTERNOON: Segment = ['13:00', '16:30'];
const EARLY_AFTERNOON: Segment = ['13:00', '16:15'];
/** The night session since June 2019. */
const LATE_NIGHT: Segment = ['-s 17:15', '-s+1 03:00'];

const WEATHER: readonly SessionException[] = HONG_KONG_WEATHER.map(({ date, why }) => ({
  date,
  why,
  shape: { kind: 'closed' },
  source: 'HKEX market communications, read 2026-11',
}));

const WEATHER_SOURCE =
  'HKEX news on severe weather, as listed by others: exchange_calendars and reports of the day, read 2026-11';

function afternoonOnly(date: string, why: string, segments: readonly Segment[]): SessionException {
  return {
    date,
    why: `${why}: no morning session`,
    shape: { kind: 'segments', segments },
    source: WEATHER_SOURCE,
  };
}

/** HSI, HHI and TECH futures. A night session belongs to the next day with a session. */
export const HKFE_INDEX: GroupRules = {
  id: 'hkfe-index',
  name: 'HKFE stock index',
  zone: HONG_KONG,
  from: '2007-01-08',
  publishedTo: '2027-12-31',
  to: '2035-12-31',
  businessCalendar: 'hkex',
  regimes: [
    {
      from: '2007-01-08',
      hours: {
        segments: [
          ['09:45', '12:30'],
          ['14:30', '16:15'],
        ],
      },
      preOpen: '09:15',
      settle: '16:15',
    },
    {
      from: '2011-03-07',
      hours: { segments: [MORNING, ['13:30', '16:15']] },
      preOpen: '08:45',
      settle: '16:15',
    },
    {
      from: '2012-03-05',
      hours: { segments: [MORNING, EARLY_AFTERNOON] },
      preOpen: '08:45',
      settle: '16:15',
    },
    {
      // The first night was that of 2013-04-08, a Monday; a regime begins with the label that it belongs to.
      from: '2013-04-09',
      hours: { segments: [['-s 17:00', '-s 23:00'], MORNING, EARLY_AFTERNOON] },
      dayOpen: '09:15',
      settle: '16:15',
    },
    {
      from: '2014-11-04',
      hours: { segments: [['-s 17:00', '-s 23:45'], MORNING, EARLY_AFTERNOON] },
      dayOpen: '09:15',
      settle: '16:15',
    },
    {
      from: '2016-07-25',
      hours: { segments: [['-s 17:00', '-s 23:45'], MORNING, AFTERNOON] },
      dayOpen: '09:15',
    },
    {
      from: '2016-07-26',
      hours: { segments: [['-s 17:15', '-s 23:45'], MORNING, AFTERNOON] },
      dayOpen: '09:15',
    },
    {
      from: '2017-11-07',
      hours: { segments: [['-s 17:15', '-s+1 01:00'], MORNING, AFTERNOON] },
      dayOpen: '09:15',
    },
    {
      from: '2019-06-18',
      hours: { segments: [['-s 17:15', '-s+1 03:00'], MORNING, AFTERNOON] },
      dayOpen: '09:15',
    },
  ],
  namedDays: NAMED_DAYS,
  dayRules: [
    { on: ['no-night'], from: '2013-04-09', shape: { kind: 'short', dayOnly: true } },
    {
      on: ['half-day', 'lunar-eve'],
      to: '2011-03-06',
      shape: { kind: 'short', close: '12:30' },
    },
    {
      on: ['half-day', 'lunar-eve'],
      from: '2011-03-07',
      to: '2016-07-24',
      shape: { kind: 'short', close: '12:00' },
    },
    {
      // The morning is half an hour longer than on a full day.
      on: ['half-day', 'lunar-eve'],
      from: '2016-07-25',
      to: '2017-11-06',
      shape: {
        kind: 'segments',
        segments: [
          ['-s 17:15', '-s 23:45'],
          ['09:15', '12:30'],
        ],
      },
    },
    {
      on: ['half-day', 'lunar-eve'],
      from: '2017-11-07',
      to: '2019-06-17',
      shape: {
        kind: 'segments',
        segments: [
          ['-s 17:15', '-s+1 01:00'],
          ['09:15', '12:30'],
        ],
      },
    },
    {
      on: ['half-day', 'lunar-eve'],
      from: '2019-06-18',
      shape: {
        kind: 'segments',
        segments: [
          ['-s 17:15', '-s+1 03:00'],
          ['09:15', '12:30'],
        ],
      },
    },
    { on: HOLIDAY_NAMES, shape: { kind: 'closed' } },
  ],
  exceptions: [
    ...WEATHER.filter(({ date }) => date >= '2007-01-08'),
    afternoonOnly('2008-06-25', 'typhoon Fengshen', [['14:30', '16:15']]),
    afternoonOnly('2009-09-15', 'typhoon Koppu', [['14:30', '16:15']]),
    afternoonOnly('2012-07-24', 'typhoon Vicente', [EARLY_AFTERNOON]),
    afternoonOnly('2013-05-22', 'rainstorm', [['-s 17:00', '-s 23:00'], EARLY_AFTERNOON]),
    afternoonOnly('2013-09-23', 'typhoon Usagi', [['-s 17:00', '-s 23:00'], EARLY_AFTERNOON]),
    {
      ...afternoonOnly('2014-09-16', 'typhoon Kalmaegi', [
        ['-s 17:00', '-s 22:45'],
        EARLY_AFTERNOON,
      ]),
      source: 'HKEX news of 2014-09-15 on the night session; exchange_calendars, read 2026-11',
    },
    {
      date: '2015-07-10',
      shape: { kind: 'short', dayOnly: true },
      why: 'typhoon Linfa: no night session on 2015-07-09',
      source: WEATHER_SOURCE,
    },
    {
      date: '2016-08-03',
      shape: { kind: 'segments', segments: [['-s 17:15', '-s 20:55'], MORNING, AFTERNOON] },
      why: 'typhoon Nida: the night session of 2016-08-01 ended early',
      source: WEATHER_SOURCE,
    },
    {
      date: '2017-06-13',
      shape: { kind: 'segments', segments: [['-s 17:15', '-s 17:35'], MORNING, AFTERNOON] },
      why: 'typhoon Merbok: the night session of 2017-06-12 ended early',
      source: WEATHER_SOURCE,
    },
    afternoonOnly('2020-08-19', 'typhoon Higos', [LATE_NIGHT, AFTERNOON]),
    afternoonOnly('2021-06-28', 'black rainstorm', [LATE_NIGHT, ['13:30', '16:30']]),
    {
      // Of 2021-10-12; the next day with a session is two holidays later.
      date: '2021-10-15',
      shape: { kind: 'segments', segments: [['-s 17:15', '-s 17:35'], MORNING, AFTERNOON] },
      why: 'typhoon Kompasu: the night session of 2021-10-12 ended early',
      source: 'HKEX news of 2021-10-12, read 2026-11',
    },
    {
      ...afternoonOnly('2022-08-25', 'typhoon Ma-on', [AFTERNOON]),
      why: 'typhoon Ma-on: no night session on 2022-08-24, no morning session',
    },
    {
      date: '2022-11-02',
      shape: { kind: 'segments', segments: [LATE_NIGHT, MORNING, ['13:00', '13:55']] },
      why: 'typhoon Nalgae: trading ended early',
      source: WEATHER_SOURCE,
    },
    {
      date: '2022-11-03',
      shape: { kind: 'short', dayOnly: true },
      why: 'typhoon Nalgae: no night session on 2022-11-02',
      source: WEATHER_SOURCE,
    },
    afternoonOnly('2023-10-09', 'typhoon Koinu', [LATE_NIGHT, ['14:00', '16:30']]),
    {
      date: '2024-09-09',
      shape: { kind: 'segments', segments: [['-s 17:15', '-s 18:35'], MORNING, AFTERNOON] },
      why: 'typhoon Yagi: the night session of 2024-09-05 ended early',
      source: 'HKEX news of 2024-09-05, read 2026-11',
    },
  ],
  settle: '16:30',
  regularHours: { start: '09:15', end: '16:30', zone: HONG_KONG },
  confidence: 'medium',
  sources: [
    'HKEX news releases on trading hours: 2006-12-04, 2011-01-24, 2012-03-01, 2014-10, 2016-07 (closing auction), 2017-10-12, 2019-05-20, read 2026-11',
    'HKEX holiday schedules of the derivatives market 2007 to 2027, read 2026-11',
    'Severe weather has no longer closed the market since 2024-09-23. Nights cut short by weather before that are those on record; there may be more.',
  ],
};

/** The Hong Kong stock market, as the public calendar libraries have it: the lunch break is that of 2012 throughout. */
export const XHKG: GroupRules = {
  id: 'XHKG',
  name: 'Hong Kong stocks',
  zone: HONG_KONG,
  from: '2000-01-03',
  publishedTo: '2027-12-31',
  to: '2035-12-31',
  businessCalendar: 'hkex',
  tradeDates: 'label',
  regimes: [
    {
      from: '2000-01-03',
      hours: {
        segments: [
          ['10:00', '12:00'],
          ['13:00', '16:00'],
        ],
      },
    },
    {
      from: '2011-03-07',
      hours: {
        segments: [
          ['09:30', '12:00'],
          ['13:00', '16:00'],
        ],
      },
    },
  ],
  namedDays: [...HONG_KONG_HOLIDAYS, ...HALF_DAYS],
  dayRules: [
    {
      on: ['half-day'],
      to: '2011-03-06',
      shape: { kind: 'segments', segments: [['10:00', '12:30']] },
    },
    {
      on: ['half-day'],
      from: '2011-03-07',
      shape: { kind: 'segments', segments: [['09:30', '12:00']] },
    },
    {
      on: ['lunar-eve'],
      from: '2011-03-07',
      shape: { kind: 'segments', segments: [['09:30', '12:00']] },
    },
    { on: HOLIDAY_NAMES, shape: { kind: 'closed' } },
  ],
  // The two days of September 2023 stand as sessions in the reference answers; see the calendar disputes.
  exceptions: WEATHER.filter(({ date }) => !date.startsWith('2023-09')),
  settle: '16:00',
  regularHours: { start: '09:30', end: '16:00', zone: HONG_KONG },
  confidence: 'medium',
  sources: [
    'Calendar XHKG of the package exchange_calendars; HKEX holiday schedules, read 2026-11',
  ],
};
