/** CBOT grains and oilseeds, rough rice, and CME livestock. */
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
  MONDAY_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  SEPTEMBER_2001,
} from './cme-common.ts';

const CLOSED_HOLIDAYS = [...MONDAY_HOLIDAYS, 'juneteenth', 'independence', 'thanksgiving'];

export const CME_GRAINS: GroupRules = {
  id: 'cme-grains',
  name: 'CBOT grains and oilseeds',
  zone: CHICAGO,
  from: CME_FROM,
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
    { from: '2012-05-21', dayOpen: '09:30', hours: { segments: [['-1 17:00', '14:00']] } },
    {
      from: '2013-04-08',
      dayOpen: '08:30',
      hours: {
        segments: [
          ['-1 19:00', '07:45'],
          ['08:30', '13:15'],
        ],
      },
    },
    {
      from: '2015-07-06',
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
  dayRules: [
    ALWAYS_CLOSED,
    { on: CLOSED_HOLIDAYS, shape: CLOSED },
    // No evening session on the holiday itself: the next day has its day session only.
    {
      on: ['new-year', 'independence', 'thanksgiving', 'christmas'],
      offset: 1,
      shape: { kind: 'short', dayOnly: true },
    },
    {
      on: ['thanksgiving'],
      offset: 1,
      shape: { kind: 'short', dayOnly: true, close: '12:05' },
    },
    {
      on: ['independence'],
      offset: -1,
      from: '2012-01-01',
      to: '2014-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:00'),
    },
    {
      on: ['independence'],
      offset: -1,
      from: '2015-01-01',
      to: '2020-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:05'),
    },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:05') },
  ],
  exceptions: [
    ...SEPTEMBER_2001,
    { date: '2016-12-23', shape: closeAt('12:05'), why: 'Friday before Christmas' },
    { date: '2017-12-22', shape: closeAt('12:05'), why: 'Friday before Christmas' },
    { date: '2025-01-09', shape: closeAt('12:15'), why: 'day of mourning for President Carter' },
  ],
  settle: '13:15',
  regularHours: { start: '08:30', end: '13:20', zone: CHICAGO },
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Fridays before Independence Day and Christmas of 2016 and 2021 to 2023 are not settled by the sources.',
  ],
};

/** The evening session of rice is two hours long; everything else is as for grains. */
export const CME_RICE: GroupRules = {
  ...CME_GRAINS,
  id: 'cme-rice',
  name: 'CBOT rough rice',
  from: '2015-07-06',
  regimes: [
    {
      from: '2015-07-06',
      dayOpen: '08:30',
      hours: {
        segments: [
          ['-1 19:00', '-1 21:00'],
          ['08:30', '13:20'],
        ],
      },
    },
  ],
  confidence: 'medium',
  sources: [CME_SOURCE],
};

export const CME_LIVESTOCK: GroupRules = {
  id: 'cme-livestock',
  name: 'CME livestock',
  zone: CHICAGO,
  from: CME_FROM,
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
        5: { segments: [['08:00', '13:55']] },
      },
    },
    { from: '2016-02-29', hours: { segments: [['08:30', '13:05']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: CLOSED_HOLIDAYS, shape: CLOSED },
    {
      on: ['independence-eve'],
      from: '2012-01-01',
      to: '2020-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:15'),
    },
    { on: ['thanksgiving'], offset: 1, to: '2019-12-31', shape: closeAt('12:15') },
    { on: ['thanksgiving'], offset: 1, from: '2020-01-01', shape: closeAt('12:05') },
    {
      on: ['christmas-eve'],
      to: '2019-12-31',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:15'),
    },
    {
      on: ['christmas-eve'],
      from: '2020-01-01',
      weekdays: MONDAY_TO_THURSDAY,
      shape: closeAt('12:05'),
    },
  ],
  exceptions: [
    ...SEPTEMBER_2001,
    { date: '2025-01-09', shape: closeAt('12:15'), why: 'day of mourning for President Carter' },
  ],
  settle: '13:00',
  regularHours: { start: '08:30', end: '13:05', zone: CHICAGO },
  confidence: 'medium',
  sources: [CME_SOURCE],
};
