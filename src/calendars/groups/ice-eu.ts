/** ICE Futures Europe. Brent and gasoil keep New York's clock, everything else London's. */
import type { DayRule } from '../rules.ts';
import { ENGLAND_HOLIDAYS, ICE_ENERGY_HOLIDAYS, TARGET_HOLIDAYS, US_HOLIDAYS } from '../rules.ts';
import type { GroupRules } from '../sessions.ts';
import { CLOSED, closeAt, CME_TO, HALTED_HOLIDAYS, NEW_YORK } from './cme-common.ts';

const LONDON = 'Europe/London';
const PUBLISHED_TO = '2026-12-31';
const SOURCE =
  'ICE Futures Europe trading schedules and Christmas circulars 2016 to 2026, read 2026-11.';
const EVES: readonly DayRule[] = [
  { name: 'christmas-eve', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'new-years-eve', kind: 'fixed', month: 12, day: 31, observed: 'none' },
];
const UK_DAYS = [...new Set(ENGLAND_HOLIDAYS.map(({ name }) => name))];

const ENERGY_DAYS: readonly DayRule[] = [
  ...ICE_ENERGY_HOLIDAYS,
  ...US_HOLIDAYS.filter(({ name }) => HALTED_HOLIDAYS.includes(name)),
  ...EVES,
];

export const ICE_EU_ENERGY: GroupRules = {
  id: 'ice-eu-energy',
  name: 'ICE Brent crude',
  zone: NEW_YORK,
  from: '2010-01-04',
  publishedTo: PUBLISHED_TO,
  to: CME_TO,
  // Not the calendar of the expiry rules: trading on a bank holiday of London keeps its own date.
  businessCalendar: 'ice-eu-energy',
  regimes: [
    {
      from: '2010-01-04',
      hours: { segments: [['-1 20:00', '18:00']] },
      byWeekday: { 1: { segments: [['-1 18:00', '18:00']] } },
    },
  ],
  namedDays: ENERGY_DAYS,
  dayRules: [
    { on: HALTED_HOLIDAYS, shape: closeAt('13:30') },
    { on: ['thanksgiving'], offset: 1, shape: closeAt('14:00') },
    { on: ['christmas-eve'], shape: closeAt('14:00') },
    { on: ['new-years-eve'], shape: closeAt('15:00') },
    { on: ICE_ENERGY_HOLIDAYS.map(({ name }) => name), shape: CLOSED },
  ],
  exceptions: [],
  settle: { at: '19:30', zone: LONDON },
  regularHours: { start: '08:00', end: '19:30', zone: LONDON },
  confidence: 'medium',
  sources: [SOURCE, 'Hours before 2016 are those of 2016.'],
};

/** Gasoil settles three hours before Brent. */
export const ICE_EU_GASOIL: GroupRules = {
  ...ICE_EU_ENERGY,
  id: 'ice-eu-energy/G',
  name: 'ICE low sulphur gasoil',
  settle: { at: '16:30', zone: LONDON },
  regularHours: { start: '08:00', end: '16:30', zone: LONDON },
};

const LIFFE_FROM = '2015-01-02';
const LONDON_DAYS: Omit<
  GroupRules,
  'id' | 'name' | 'regimes' | 'dayRules' | 'settle' | 'regularHours'
> = {
  zone: LONDON,
  from: LIFFE_FROM,
  publishedTo: PUBLISHED_TO,
  to: CME_TO,
  businessCalendar: 'ice-eu',
  namedDays: [...ENGLAND_HOLIDAYS, ...EVES],
  exceptions: [],
  confidence: 'medium',
  sources: [
    SOURCE,
    'The span begins when the contracts had moved to ICE; hours before 2019 are those of today.',
  ],
};

interface Soft {
  readonly id: string;
  readonly name: string;
  readonly open: string;
  readonly close: string;
  readonly settle: string;
}

function soft({ id, name, open, close, settle }: Soft): GroupRules {
  return {
    ...LONDON_DAYS,
    id,
    name,
    regimes: [{ from: LIFFE_FROM, hours: { segments: [[open, close]] } }],
    dayRules: [
      { on: ['christmas-eve'], shape: closeAt('12:23') },
      { on: UK_DAYS, shape: CLOSED },
    ],
    settle,
    regularHours: { start: open, end: close, zone: LONDON },
  };
}

export const ICE_EU_SOFTS: GroupRules = soft({
  id: 'ice-eu-softs',
  name: 'ICE robusta coffee',
  open: '09:00',
  close: '17:30',
  settle: '17:30',
});

export const ICE_EU_COCOA: GroupRules = soft({
  id: 'ice-eu-softs/C',
  name: 'ICE London cocoa',
  open: '09:30',
  close: '16:55',
  settle: '16:50',
});

const WHITE_SUGAR = soft({
  id: 'ice-eu-softs/W',
  name: 'ICE white sugar',
  open: '08:45',
  close: '17:55',
  settle: '17:55',
});

/** White sugar ends an hour early when raw sugar does not trade in New York. */
export const ICE_EU_WHITE_SUGAR: GroupRules = {
  ...WHITE_SUGAR,
  namedDays: [
    ...WHITE_SUGAR.namedDays,
    ...US_HOLIDAYS.filter(({ name }) => HALTED_HOLIDAYS.includes(name)),
  ],
  dayRules: [{ on: HALTED_HOLIDAYS, shape: closeAt('17:00') }, ...WHITE_SUGAR.dayRules],
};

export const ICE_EU_EQUITY: GroupRules = {
  ...LONDON_DAYS,
  id: 'ice-eu-equity',
  name: 'ICE FTSE 100',
  regimes: [{ from: LIFFE_FROM, hours: { segments: [['01:00', '21:00']] } }],
  dayRules: [
    { on: ['christmas-eve', 'new-years-eve'], shape: closeAt('12:50') },
    { on: UK_DAYS, shape: CLOSED },
  ],
  settle: '16:30',
  regularHours: { start: '08:00', end: '16:30', zone: LONDON },
};

const GILT_DAYS: GroupRules['dayRules'] = [
  { on: ['christmas-eve', 'new-years-eve'], shape: closeAt('12:15') },
  { on: UK_DAYS, shape: CLOSED },
];

export const ICE_EU_RATES: GroupRules = {
  ...LONDON_DAYS,
  id: 'ice-eu-rates',
  name: 'ICE long gilt',
  regimes: [{ from: LIFFE_FROM, hours: { segments: [['08:00', '18:00']] } }],
  dayRules: GILT_DAYS,
  settle: '16:15',
  regularHours: { start: '08:00', end: '16:15', zone: LONDON },
};

export const ICE_EU_SONIA: GroupRules = {
  ...LONDON_DAYS,
  id: 'ice-eu-rates/SO3',
  name: 'ICE SONIA',
  regimes: [{ from: LIFFE_FROM, hours: { segments: [['07:30', '18:00']] } }],
  dayRules: GILT_DAYS,
  settle: '16:15',
  regularHours: { start: '07:30', end: '18:00', zone: LONDON },
};

/** Euribor keeps the days of the euro, not London's bank holidays. */
export const ICE_EU_EURIBOR: GroupRules = {
  ...LONDON_DAYS,
  id: 'ice-eu-rates/I',
  name: 'ICE Euribor',
  businessCalendar: 'target',
  regimes: [{ from: LIFFE_FROM, hours: { segments: [['01:00', '21:00']] } }],
  namedDays: [...TARGET_HOLIDAYS, ...EVES],
  dayRules: [
    { on: ['christmas-eve', 'new-years-eve'], shape: closeAt('12:15') },
    { on: TARGET_HOLIDAYS.map(({ name }) => name), shape: CLOSED },
  ],
  settle: '16:15',
  regularHours: { start: '07:30', end: '16:15', zone: LONDON },
};
