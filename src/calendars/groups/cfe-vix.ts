/** Cboe Futures Exchange: VX and VXM. All times are Chicago wall time. */
import type { GroupRules } from '../sessions.ts';
import {
  CARTER,
  CHICAGO,
  closeAt,
  CLOSED,
  CME_NAMED_DAYS,
  CME_PUBLISHED_TO,
  CME_TO,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  MOURNING_LIST,
  sourced,
} from './cme-common.ts';

const EVENINGS_SINCE = '2014-06-23';

export const CFE_VIX: GroupRules = {
  id: 'cfe-vix',
  name: 'Cboe VIX futures',
  zone: CHICAGO,
  from: '2004-03-26',
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cfe',
  regimes: [
    { from: '2004-03-26', settle: '15:15', hours: { segments: [['07:00', '15:15']] } },
    {
      from: '2013-10-28',
      settle: '15:15',
      hours: {
        segments: [
          ['-1 15:30', '-1 16:15'],
          ['07:00', '15:15'],
        ],
        afterGap: [['07:00', '15:15']],
      },
    },
    {
      from: '2013-11-04',
      settle: '15:15',
      hours: {
        segments: [
          ['-1 15:30', '-1 16:15'],
          ['02:00', '15:15'],
        ],
        afterGap: [['02:00', '15:15']],
      },
    },
    {
      from: EVENINGS_SINCE,
      settle: '15:15',
      hours: { segments: [['-1 15:30', '15:15']], afterGap: [['-1 17:00', '15:15']] },
    },
    {
      // With the new trading system the evening opens at 17:00 and the half hour after the day belongs to the same date.
      from: '2018-02-26',
      settle: '15:15',
      hours: {
        segments: [
          ['-1 17:00', '15:15'],
          ['15:30', '16:00'],
        ],
      },
    },
    { from: '2020-12-07', hours: { segments: [['-1 17:00', '16:00']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    { on: ['new-year', 'good-friday', 'christmas'], shape: CLOSED },
    { on: ['good-friday-payrolls'], from: EVENINGS_SINCE, shape: closeAt('08:15') },
    { on: HALTED_HOLIDAYS, to: '2014-06-22', shape: CLOSED },
    { on: HALTED_HOLIDAYS, from: EVENINGS_SINCE, shape: closeAt('10:30') },
    { on: ['independence-eve'], weekdays: [1, 2, 4], shape: closeAt('12:15') },
    // The stock market's short day before a Thursday holiday dates from 2013.
    { on: ['independence-eve'], from: '2013-01-01', weekdays: [3], shape: closeAt('12:15') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:15') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:15') },
  ],
  exceptions: sourced(MOURNING_LIST, [
    { date: '2004-06-11', shape: CLOSED, why: 'day of mourning for President Reagan' },
    { date: '2007-01-02', shape: CLOSED, why: 'day of mourning for President Ford' },
    { date: '2012-10-29', shape: CLOSED, why: 'hurricane Sandy' },
    { date: '2012-10-30', shape: CLOSED, why: 'hurricane Sandy' },
    { date: '2018-12-05', shape: CLOSED, why: 'day of mourning for President Bush' },
    {
      // Closed in its regular hours: the evening and morning before them are cleared with the next business day.
      date: '2025-01-09',
      shape: closeAt('08:30'),
      tradeDate: '2025-01-10',
      why: CARTER,
      source: 'Cboe press release of 2024-12-30, read 2026-11',
    },
  ]),
  settle: '15:00',
  regularHours: { start: '08:30', end: '15:00', zone: CHICAGO },
  earlierRegularHours: [{ start: '08:30', end: '15:15', zone: CHICAGO, until: '2020-12-06' }],
  confidence: 'medium',
  sources: [
    'Cboe Futures Exchange trading hours, rule filing CFE-2014-010 and holiday notices, read 2026-11.',
    'The first days of the hours of 2018 and of today’s (2020-12-07) rest on one source each.',
  ],
};
