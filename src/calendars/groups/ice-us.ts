/** ICE Futures U.S. All times are New York wall time unless a zone is named. */
import { CANOLA_HOLIDAYS } from '../holidays/canada.ts';
import type { DayRule } from '../rules.ts';
import { ENGLAND_HOLIDAYS, US_HOLIDAYS, US_SHORT_DAYS } from '../rules.ts';
import type {
  ClockPoint,
  DayShape,
  DayShapeRule,
  GroupRules,
  Regime,
  SessionException,
} from '../sessions.ts';
import {
  CARTER,
  CLOSED,
  closeAt,
  CME_NAMED_DAYS,
  CME_TO,
  DAY_ONLY,
  HALTED_HOLIDAYS,
  MONDAY_TO_THURSDAY,
  NEW_YORK,
  LISTED_BY_OTHERS,
  sourced,
} from './cme-common.ts';

const SOURCE =
  'ICE Futures U.S. trading hours, holiday calendars and notices 2013 to 2026, read 2026-11.';
const PUBLISHED_TO = '2026-12-31';
/** First label of today's hours; the notices between October 2013 and February 2014 name both sets. */
const SINCE_2014 = '2014-01-13';
const US_DAYS = US_HOLIDAYS.map(({ name }) => name);

function london(at: string): ClockPoint {
  return { at, zone: 'Europe/London' };
}

function openAt(open: string): DayShape {
  return { kind: 'short', open };
}

const UK_HOLIDAYS: readonly DayRule[] = ENGLAND_HOLIDAYS.map((rule) => ({
  ...rule,
  name: `uk-${rule.name}`,
}));
const UK_DAYS = [...new Set(UK_HOLIDAYS.map(({ name }) => name))];

/** What follows London: a later open when London is closed, and on the first days after Christmas and New Year. */
const LATE_OPENS: readonly DayShapeRule[] = [
  { on: UK_DAYS, shape: openAt('07:30') },
  {
    on: ['christmas'],
    offset: 1,
    from: '2013-01-01',
    weekdays: [2, 3, 4, 5],
    shape: openAt('08:00'),
  },
  // Christmas on a Friday, or observed on it.
  { on: ['christmas'], offset: 3, from: '2013-01-01', weekdays: [1], shape: openAt('08:00') },
];
const LATE_OPEN_EXCEPTIONS: readonly SessionException[] = [
  { date: '2013-01-02', shape: openAt('07:30'), why: 'first day after New Year' },
  { date: '2014-01-02', shape: openAt('08:00'), why: 'first day after New Year' },
  { date: '2015-01-02', shape: openAt('08:00'), why: 'first day after New Year' },
];
const SANDY: SessionException = { date: '2012-10-29', shape: CLOSED, why: 'hurricane Sandy' };

interface LondonTied {
  readonly id: string;
  readonly name: string;
  /** London wall time of the open, up to and since January 2014. */
  readonly opens: readonly [string, string];
  readonly closes: readonly [string, string];
  readonly settle: ClockPoint;
  readonly dayRules: readonly DayShapeRule[];
}

/** Sugar, coffee and cocoa open by London's clock and close by New York's. */
function londonTied({ id, name, opens, closes, settle, dayRules }: LondonTied): GroupRules {
  return {
    id,
    name,
    zone: NEW_YORK,
    from: '2009-01-02',
    publishedTo: PUBLISHED_TO,
    to: CME_TO,
    businessCalendar: 'ice-us',
    regimes: [
      { from: '2009-01-02', hours: { segments: [[london(opens[0]), closes[0]]] } },
      { from: SINCE_2014, hours: { segments: [[london(opens[1]), closes[1]]] } },
    ],
    namedDays: [...UK_HOLIDAYS, ...US_HOLIDAYS, ...US_SHORT_DAYS],
    dayRules: [...LATE_OPENS, ...dayRules, { on: US_DAYS, shape: CLOSED }],
    exceptions: sourced(LISTED_BY_OTHERS, [SANDY, ...LATE_OPEN_EXCEPTIONS]),
    settle,
    regularHours: { start: '08:00', end: closes[1], zone: NEW_YORK },
    confidence: 'medium',
    sources: [SOURCE, 'The closes before 2014 and the day of the change of hours are not sourced.'],
  };
}

/** The Friday after Thanksgiving was short until 2016; December 24 is. */
const THIRTEEN: readonly DayShapeRule[] = [
  { on: ['thanksgiving'], offset: 1, to: '2016-12-31', shape: closeAt('13:00') },
  {
    on: ['christmas-eve'],
    to: '2014-12-31',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('13:00'),
  },
  {
    on: ['christmas-eve'],
    from: '2015-01-01',
    weekdays: MONDAY_TO_THURSDAY,
    shape: closeAt('13:05'),
  },
];

export const ICE_US_SUGAR: GroupRules = londonTied({
  id: 'ice-us-sugar',
  name: 'ICE sugar No. 11',
  opens: ['07:30', '08:30'],
  closes: ['14:00', '13:00'],
  settle: '13:00',
  // The later time of December 24 is after the regular close.
  dayRules: THIRTEEN.slice(0, 2),
});

export const ICE_US_COFFEE: GroupRules = londonTied({
  id: 'ice-us-coffee',
  name: 'ICE coffee C',
  opens: ['08:30', '09:15'],
  closes: ['14:00', '13:30'],
  settle: '13:25',
  dayRules: THIRTEEN,
});

/** Cocoa also settles by London's clock. */
export const ICE_US_COCOA: GroupRules = londonTied({
  id: 'ice-us-cocoa',
  name: 'ICE cocoa',
  opens: ['09:00', '09:45'],
  closes: ['14:00', '13:30'],
  settle: london('16:50'),
  dayRules: THIRTEEN,
});

const AMERICAN_SOFT: Omit<
  GroupRules,
  'id' | 'name' | 'regimes' | 'dayRules' | 'settle' | 'regularHours'
> = {
  zone: NEW_YORK,
  from: SINCE_2014,
  publishedTo: PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'ice-us',
  namedDays: CME_NAMED_DAYS,
  exceptions: [],
  confidence: 'medium',
  sources: [SOURCE, 'The times of short days rest on one source.'],
};

/** Cotton keeps an evening session; after the holidays without an evening it opens at 08:00. */
export const ICE_US_COTTON: GroupRules = {
  ...AMERICAN_SOFT,
  id: 'ice-us-cotton',
  name: 'ICE cotton No. 2',
  regimes: [
    {
      from: SINCE_2014,
      dayOpen: '08:00',
      hours: { segments: [['-1 21:00', '14:20']] },
    },
  ],
  dayRules: [
    {
      on: ['new-year', 'independence', 'thanksgiving', 'christmas'],
      offset: 1,
      shape: DAY_ONLY,
    },
    { on: ['christmas'], offset: 3, weekdays: [1], shape: DAY_ONLY },
    {
      on: ['thanksgiving'],
      offset: 1,
      shape: { kind: 'short', dayOnly: true, close: '13:30' },
    },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:05') },
    { on: US_DAYS, shape: CLOSED },
  ],
  settle: '14:15',
  regularHours: { start: '08:00', end: '14:20', zone: NEW_YORK },
};

export const ICE_US_OJ: GroupRules = {
  ...AMERICAN_SOFT,
  id: 'ice-us-oj',
  name: 'ICE orange juice',
  regimes: [{ from: SINCE_2014, hours: { segments: [['08:00', '14:00']] } }],
  dayRules: [
    { on: ['thanksgiving'], offset: 1, shape: closeAt('13:30') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:05') },
    { on: US_DAYS, shape: CLOSED },
  ],
  settle: '13:30',
  regularHours: { start: '08:00', end: '14:00', zone: NEW_YORK },
};

const FINANCIAL_FROM = '2013-01-02';

/** Opens at 20:00, on Sunday at 18:00. */
function evenings(close: string): readonly Regime[] {
  return [
    {
      from: FINANCIAL_FROM,
      hours: { segments: [['-1 20:00', close]] },
      byWeekday: { 1: { segments: [['-1 18:00', close]] } },
    },
  ];
}

/** The Dollar Index: currencies, halted at 13:00 on United States holidays and open again the same evening. */
export const ICE_US_FINANCIAL: GroupRules = {
  id: 'ice-us-financial',
  name: 'ICE U.S. Dollar Index',
  zone: NEW_YORK,
  from: FINANCIAL_FROM,
  publishedTo: PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'ice-us',
  regimes: evenings('17:00'),
  namedDays: CME_NAMED_DAYS,
  dayRules: [
    { on: ['new-year', 'good-friday', 'christmas'], shape: CLOSED },
    { on: HALTED_HOLIDAYS, shape: closeAt('13:00') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('13:15') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:15') },
  ],
  exceptions: [],
  settle: '15:00',
  regularHours: { start: '08:00', end: '15:00', zone: NEW_YORK },
  confidence: 'medium',
  sources: [
    SOURCE,
    'Halts are listed as open with an early close; the time is that of the currency contracts of CME.',
  ],
};

/** MSCI indices: as the equity index contracts of CME on short days. */
const MSCI: Omit<GroupRules, 'id' | 'name'> = {
  ...ICE_US_FINANCIAL,
  regimes: evenings('18:00'),
  dayRules: [
    { on: ['new-year', 'good-friday', 'christmas'], shape: CLOSED },
    { on: HALTED_HOLIDAYS, to: '2014-05-25', shape: closeAt('11:30') },
    { on: HALTED_HOLIDAYS, from: '2014-05-26', shape: closeAt('13:00') },
    { on: ['independence-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:15') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('13:15') },
    { on: ['christmas-eve'], weekdays: MONDAY_TO_THURSDAY, shape: closeAt('13:15') },
  ],
  exceptions: sourced(LISTED_BY_OTHERS, [
    {
      date: '2018-12-05',
      shape: closeAt('09:30'),
      why: 'day of mourning for President Bush',
      tradeDate: null,
    },
    { date: '2025-01-09', shape: closeAt('09:30'), why: CARTER, tradeDate: null },
  ]),
  settle: '16:00',
  regularHours: { start: '09:30', end: '16:00', zone: NEW_YORK },
  confidence: 'low',
};

export const ICE_US_MSCI_EAFE: GroupRules = {
  ...MSCI,
  id: 'ice-us-financial/MFS',
  name: 'ICE MSCI EAFE',
};
export const ICE_US_MSCI_EM: GroupRules = {
  ...MSCI,
  id: 'ice-us-financial/MME',
  name: 'ICE MSCI Emerging Markets',
};

/** Canola follows Canadian holidays and the hours of Chicago's grains. */
export const ICE_US_CANOLA: GroupRules = {
  id: 'ice-us-canola',
  name: 'ICE canola',
  zone: NEW_YORK,
  from: '2012-06-25',
  publishedTo: PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'ice-canola',
  regimes: [
    { from: '2012-06-25', settle: '15:00', hours: { segments: [['-1 20:00', '15:00']] } },
    { from: '2013-04-08', hours: { segments: [['-1 20:00', '14:15']] } },
    { from: '2015-07-06', hours: { segments: [['-1 20:00', '14:20']] } },
  ],
  namedDays: CANOLA_HOLIDAYS,
  dayRules: [{ on: CANOLA_HOLIDAYS.map(({ name }) => name), shape: CLOSED }],
  exceptions: [],
  settle: '14:15',
  regularHours: { start: '09:30', end: '14:20', zone: NEW_YORK },
  confidence: 'medium',
  sources: [
    SOURCE,
    'ICE Futures Canada notices of 2012-06 and 2013-03. The close of 14:20 is dated by Chicago’s; no short days are sourced.',
  ],
};
