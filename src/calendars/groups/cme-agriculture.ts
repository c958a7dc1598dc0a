/** CBOT grains and oilseeds, rough rice, and CME livestock, dairy and lumber. */
import type { DayShapeRule, GroupRules, Regime, SessionException } from '../sessions.ts';
import {
  AGRICULTURE_2025,
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
  DAY_ONLY,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  SEPTEMBER_2001,
  LISTED_BY_OTHERS,
  sourced,
} from './cme-common.ts';

/** From this label the day session ends at 13:20, and a short one at 12:05 instead of 12:00. */
const SINCE_1320 = '2015-07-06';
const LAST_1315 = '2015-07-05';

const GRAIN_DAYS: readonly DayShapeRule[] = [
  ALWAYS_CLOSED,
  { on: HALTED_HOLIDAYS, shape: CLOSED },
  // No evening session on the holiday itself: the next day has its day session only.
  {
    on: ['new-year', 'independence', 'thanksgiving', 'christmas'],
    offset: 1,
    shape: DAY_ONLY,
  },
  {
    on: ['thanksgiving'],
    offset: 1,
    to: LAST_1315,
    shape: { kind: 'short', dayOnly: true, close: '12:00' },
  },
  {
    on: ['thanksgiving'],
    offset: 1,
    from: SINCE_1320,
    shape: { kind: 'short', dayOnly: true, close: '12:05' },
  },
  {
    on: ['independence'],
    offset: -1,
    from: '2012-01-01',
    to: LAST_1315,
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:00'),
  },
  {
    on: ['independence'],
    offset: -1,
    from: SINCE_1320,
    to: '2020-12-31',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:05'),
  },
  { on: ['christmas-eve'], to: LAST_1315, weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:00') },
  {
    on: ['christmas-eve'],
    from: SINCE_1320,
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('12:05'),
  },
];

const GRAIN_EXCEPTIONS: readonly SessionException[] = [
  { date: '2016-12-23', shape: closeAt('12:05'), why: 'Friday before Christmas' },
  { date: '2017-12-22', shape: closeAt('12:05'), why: 'Friday before Christmas' },
  AGRICULTURE_2025,
];

export const CME_GRAINS: GroupRules = {
  id: 'cme-grains',
  name: 'CBOT grains and oilseeds',
  zone: CHICAGO,
  from: CME_FROM,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    {
      from: CME_FROM,
      dayOpen: '09:30',
      hours: {
        segments: [
          ['-1 18:00', '07:15'],
          ['09:30', '13:15'],
        ],
      },
    },
    {
      from: '2012-05-21',
      ...CME_ORDER_ENTRY,
      dayOpen: '09:30',
      hours: { segments: [['-1 17:00', '14:00']] },
    },
    {
      from: '2013-04-08',
      ...CME_ORDER_ENTRY,
      dayOpen: '08:30',
      hours: {
        segments: [
          ['-1 19:00', '07:45'],
          ['08:30', '13:15'],
        ],
      },
    },
    {
      from: SINCE_1320,
      ...CME_ORDER_ENTRY,
      dayOpen: '08:30',
      hours: {
        segments: [
          ['-1 19:00', '07:45'],
          ['08:30', '13:20'],
        ],
      },
    },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: GRAIN_DAYS,
  exceptions: sourced(LISTED_BY_OTHERS, [...SEPTEMBER_2001, ...GRAIN_EXCEPTIONS]),
  settle: '13:15',
  regularHours: { start: '08:30', end: '13:20', zone: CHICAGO },
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Fridays before Independence Day and Christmas of 2016 and 2021 to 2023 are not settled by the sources.',
  ],
};

/** Grain groups other than the full contracts: known since the last change of hours. */
const GRAIN_SIBLING: Omit<GroupRules, 'id' | 'name' | 'regimes'> = {
  zone: CHICAGO,
  from: SINCE_1320,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  namedDays: CME_NAMED_DAYS,
  dayRules: GRAIN_DAYS,
  exceptions: sourced(LISTED_BY_OTHERS, GRAIN_EXCEPTIONS),
  settle: '13:15',
  regularHours: { start: '08:30', end: '13:20', zone: CHICAGO },
  confidence: 'medium',
  sources: [CME_SOURCE, 'Holidays are taken to be those of the full contracts.'],
};

function sinceLastChange(segments: Regime['hours']['segments']): readonly Regime[] {
  return [{ from: SINCE_1320, ...CME_ORDER_ENTRY, dayOpen: '08:30', hours: { segments } }];
}

/** XC, XK, XW: the day session runs on to 13:45. */
export const CME_MINI_GRAINS: GroupRules = {
  ...GRAIN_SIBLING,
  id: 'cme-mini-grains',
  name: 'CBOT mini-sized grains',
  regimes: sinceLastChange([
    ['-1 19:00', '07:45'],
    ['08:30', '13:45'],
  ]),
};

/** The evening session of rice is two hours long; everything else is as for grains. */
export const CME_RICE: GroupRules = {
  ...GRAIN_SIBLING,
  id: 'cme-rice',
  name: 'CBOT rough rice',
  regimes: sinceLastChange([
    ['-1 19:00', '-1 21:00'],
    ['08:30', '13:20'],
  ]),
};

const SINCE_2016 = '2016-02-29';
/** The week of livestock and dairy ended at 13:55, on Friday or on the Thursday before a closed Friday. */
const LAST_WEEKLY = '2016-02-28';

export const CME_LIVESTOCK: GroupRules = {
  id: 'cme-livestock',
  name: 'CME livestock',
  zone: CHICAGO,
  from: CME_FROM,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    {
      // One long week from Monday 09:05 to Friday 13:55; after a holiday it begins anew in the morning.
      from: CME_FROM,
      hours: { segments: [['-1 17:00', '16:00']], afterGap: [['09:05', '16:00']] },
      byWeekday: {
        5: { segments: [['-1 17:00', '13:55']], afterGap: [['09:05', '13:55']] },
      },
    },
    {
      from: '2014-10-27',
      hours: { segments: [['08:00', '16:00']] },
      byWeekday: {
        1: { segments: [['09:05', '16:00']] },
        // After a closed Monday the week begins on Tuesday.
        2: { segments: [['08:00', '16:00']], afterGap: [['09:05', '16:00']] },
        5: { segments: [['08:00', '13:55']] },
      },
    },
    { from: SINCE_2016, hours: { segments: [['08:30', '13:05']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: HALTED_HOLIDAYS, shape: CLOSED },
    { on: ['good-friday'], offset: -1, to: LAST_WEEKLY, shape: closeAt('13:55') },
    { on: ['new-year'], offset: -1, to: LAST_WEEKLY, weekdays: [4], shape: closeAt('13:55') },
    {
      on: ['independence'],
      offset: -1,
      from: '2012-01-01',
      to: '2020-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:15'),
    },
    { on: ['thanksgiving'], offset: 1, to: '2019-12-31', shape: closeAt('12:15') },
    { on: ['thanksgiving'], offset: 1, from: '2020-01-01', shape: closeAt('12:05') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:15') },
    {
      on: ['christmas-eve'],
      from: '2020-01-01',
      to: '2024-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:05'),
    },
  ],
  exceptions: sourced(LISTED_BY_OTHERS, [
    ...SEPTEMBER_2001,
    { date: '2010-12-31', shape: closeAt('12:15'), why: 'short New Year’s Eve of 2010' },
    {
      date: '2011-11-25',
      shape: { kind: 'segments', segments: [['-1 17:00', '12:15']] },
      why: 'reopened on the evening of Thanksgiving',
    },
    {
      date: '2012-11-23',
      shape: { kind: 'segments', segments: [['-1 17:00', '12:15']] },
      why: 'reopened on the evening of Thanksgiving',
    },
    { date: '2016-12-23', shape: closeAt('12:05'), why: 'Friday before Christmas' },
    { date: '2017-12-22', shape: closeAt('12:15'), why: 'Friday before Christmas' },
    AGRICULTURE_2025,
  ]),
  settle: '13:00',
  regularHours: { start: '08:30', end: '13:05', zone: CHICAGO },
  confidence: 'medium',
  sources: [CME_SOURCE, 'Short days of the years before 2011 rest on rules.'],
};

/** Class III milk and the other dairy products: closed on holidays, open again on their evening. */
export const CME_DAIRY: GroupRules = {
  id: 'cme-dairy',
  name: 'CME dairy',
  zone: CHICAGO,
  from: '2011-01-03',
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    {
      from: '2011-01-03',
      ...CME_ORDER_ENTRY,
      hours: { segments: [['-1 17:00', '16:00']] },
      byWeekday: { 5: { segments: [['-1 17:00', '13:55']] } },
    },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: HALTED_HOLIDAYS, shape: CLOSED },
    { on: ['good-friday'], offset: -1, to: LAST_WEEKLY, shape: closeAt('13:55') },
    {
      on: ['independence'],
      offset: -1,
      from: '2013-01-01',
      to: '2020-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:00'),
    },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:00') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:00') },
  ],
  exceptions: [AGRICULTURE_2025],
  settle: '13:10',
  regularHours: { start: '08:30', end: '13:10', zone: CHICAGO },
  confidence: 'low',
  sources: [
    CME_SOURCE,
    'Hours and closed days are sourced; short days after 2015 carry the pattern of 2011 to 2015 on.',
  ],
};

/** LBR; its predecessor LBS is not a product here. */
export const CME_LUMBER: GroupRules = {
  id: 'cme-lumber',
  name: 'CME lumber',
  zone: CHICAGO,
  from: '2022-08-08',
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [{ from: '2022-08-08', hours: { segments: [['09:00', '15:05']] } }],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: HALTED_HOLIDAYS, shape: CLOSED },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:05') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:05') },
  ],
  exceptions: [AGRICULTURE_2025],
  settle: '15:00',
  regularHours: { start: '09:00', end: '15:05', zone: CHICAGO },
  confidence: 'medium',
  sources: [CME_SOURCE, 'Short days are taken to be those of livestock.'],
};
