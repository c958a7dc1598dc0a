/** CME equity index futures: ES, NQ, RTY, YM, their micros, NKD. */
import type { GroupRules } from '../sessions.ts';
import {
  ALWAYS_CLOSED,
  CARTER,
  CHICAGO,
  closeAt,
  CLOSED,
  CME_FROM,
  CME_NAMED_DAYS,
  CME_ORDER_ENTRY,
  CME_PUBLISHED_TO,
  CME_SOURCE,
  CME_TO,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  NOTICE_2001,
  NOTICE_2012,
  NOTICE_2018,
  NOTICE_2025,
  SEPTEMBER_2001,
  MOURNING_LIST,
  sourced,
} from './cme-common.ts';

export const CME_EQUITY_INDEX: GroupRules = {
  id: 'cme-equity-index',
  name: 'CME equity index',
  zone: CHICAGO,
  from: CME_FROM,
  publishedTo: CME_PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'cme-trade-date',
  regimes: [
    {
      // The next trade date began at 15:30, with a pause from 16:30 to 17:00; after a weekend or a halt at 17:00.
      from: CME_FROM,
      hours: {
        segments: [
          ['-1 15:30', '-1 16:30'],
          ['-1 17:00', '15:15'],
        ],
        afterGap: [['-1 17:00', '15:15']],
      },
    },
    {
      from: '2012-11-19',
      ...CME_ORDER_ENTRY,
      hours: {
        segments: [
          ['-1 17:00', '15:15'],
          ['15:30', '16:15'],
        ],
      },
    },
    {
      from: '2015-09-21',
      ...CME_ORDER_ENTRY,
      hours: {
        segments: [
          ['-1 17:00', '15:15'],
          ['15:30', '16:00'],
        ],
      },
    },
    { from: '2021-06-28', ...CME_ORDER_ENTRY, hours: { segments: [['-1 17:00', '16:00']] } },
  ],
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    ALWAYS_CLOSED,
    { on: ['good-friday-payrolls'], shape: closeAt('08:15') },
    { on: HALTED_HOLIDAYS, to: '2014-05-25', shape: closeAt('10:30') },
    { on: HALTED_HOLIDAYS, from: '2014-05-26', shape: closeAt('12:00') },
    // With the stock market, whose short day on a Wednesday dates from 2013; futures had one already in 2012, on a Tuesday.
    { on: ['independence-eve'], weekdays: [1, 2, 4], shape: closeAt('12:15') },
    { on: ['independence-eve'], from: '2013-01-01', weekdays: [3], shape: closeAt('12:15') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('12:15') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('12:15') },
  ],
  exceptions: sourced(MOURNING_LIST, [
    ...SEPTEMBER_2001,
    { date: '2001-09-13', shape: CLOSED, why: 'closed after the attacks', source: NOTICE_2001 },
    { date: '2001-09-14', shape: CLOSED, why: 'closed after the attacks', source: NOTICE_2001 },
    {
      date: '2001-09-17',
      shape: { kind: 'short', open: '08:30' },
      why: 'reopened at 08:30',
      source: NOTICE_2001,
    },
    {
      date: '2004-06-11',
      shape: CLOSED,
      why: 'day of mourning for President Reagan',
      tradeDate: null,
    },
    {
      date: '2007-01-02',
      shape: closeAt('08:15'),
      why: 'day of mourning for President Ford',
      tradeDate: null,
    },
    { date: '2012-10-29', shape: closeAt('08:15'), why: 'hurricane Sandy', source: NOTICE_2012 },
    { date: '2012-10-30', shape: closeAt('08:15'), why: 'hurricane Sandy', source: NOTICE_2012 },
    {
      date: '2018-12-05',
      shape: closeAt('08:30'),
      why: 'day of mourning for President Bush',
      source: NOTICE_2018,
      tradeDate: null,
    },
    {
      date: '2025-01-09',
      shape: closeAt('08:30'),
      why: CARTER,
      source: NOTICE_2025,
      tradeDate: null,
    },
  ]),
  settle: '15:00',
  regularHours: { start: '08:30', end: '15:00', zone: CHICAGO },
  confidence: 'high',
  sources: [
    CME_SOURCE,
    'Days before 2009 rest on rules and single notices; the day before July 4 then follows the stock market.',
    'In September 2001 the Nikkei contracts reopened on the 13th already, with the other groups.',
  ],
};
