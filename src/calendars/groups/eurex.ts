/** Eurex. All times are Berlin wall time unless a zone is named. */
import { EUREX_SWISS_HOLIDAYS, XEUR_HOLIDAYS } from '../holidays/eurex.ts';
import { EUREX_HOLIDAYS } from '../rules.ts';
import type { DayRule } from '../rules.ts';
import type { GroupRules, Regime } from '../sessions.ts';

const BERLIN = 'Europe/Berlin';
/** The early session is tied to Singapore, not to Berlin: 01:10 in winter, 02:10 in summer. */
const EARLY_OPEN = { at: '08:10', zone: 'Asia/Singapore' };
const EARLY_ENTRY = { at: '08:00', zone: 'Asia/Singapore' };
const FROM = '2005-01-03';
/** The Asian hours came in two steps: the benchmark futures first, others two years later. */
const ASIAN_HOURS = '2018-12-10';
const MORE_ASIAN_HOURS = '2020-12-07';
const EVENING_HOURS = '2005-11-21';

function asianHours(from: string): Regime {
  return {
    from,
    hours: { segments: [[EARLY_OPEN, '22:00']] },
    preOpen: EARLY_ENTRY,
  };
}

const INDEX_HOURS: readonly Regime[] = [
  { from: FROM, hours: { segments: [['09:00', '20:00']] } },
  { from: EVENING_HOURS, hours: { segments: [['09:00', '22:00']] } },
  { from: '2006-06-01', hours: { segments: [['08:00', '22:00']] }, preOpen: '07:30' },
];

function closedOn(rules: readonly DayRule[]): GroupRules['dayRules'] {
  return [{ on: [...new Set(rules.map((rule) => rule.name))], shape: { kind: 'closed' } }];
}

const SHARED = {
  zone: BERLIN,
  from: FROM,
  publishedTo: '2026-12-31',
  to: '2035-12-31',
  businessCalendar: 'eurex',
  namedDays: EUREX_HOLIDAYS,
  dayRules: closedOn(EUREX_HOLIDAYS),
  exceptions: [],
  confidence: 'high',
  sources: [
    'Eurex trading hours and trading calendars 2005 to 2026, read 2026-11',
    'Eurex announcements of 2005-07-06 (until 22:00 from 2005-11-21) and 2006-04-07 (from 08:00 from 2006-06-01), read 2026-11',
    'Eurex initiative "Trading hours extension" of 2018-12-10 and circular 084/20, read 2026-11',
  ],
} as const satisfies Partial<GroupRules>;
const INDEX = {
  settle: '17:30',
  regularHours: { start: '09:00', end: '17:30', zone: BERLIN },
} as const satisfies Partial<GroupRules>;
const RATES = {
  settle: '17:15',
  regularHours: { start: '08:00', end: '17:15', zone: BERLIN },
} as const satisfies Partial<GroupRules>;

export const EUREX_INDEX: GroupRules = {
  ...SHARED,
  ...INDEX,
  id: 'eurex-index',
  name: 'Eurex equity index',
  regimes: [...INDEX_HOURS, asianHours(ASIAN_HOURS)],
};

/** DAX, Mini-DAX, Micro-DAX: the family that keeps a closing day of the Frankfurt exchange. */
export const EUREX_DAX: GroupRules = {
  ...EUREX_INDEX,
  id: 'eurex-dax',
  name: 'Eurex DAX family',
  exceptions: [
    {
      date: '2018-10-03',
      shape: { kind: 'closed' },
      why: 'Day of German Unity',
      source: 'Eurex circular 055/18, read 2026-11',
    },
  ],
};

/** STOXX Europe 600 and VSTOXX: the index hours, with the Asian session from December 2020 only. */
export const EUREX_INDEX_2020: GroupRules = {
  ...SHARED,
  ...INDEX,
  id: 'eurex-index-2020',
  name: 'Eurex equity and volatility index, second step of the Asian hours',
  from: '2006-06-01',
  regimes: [...INDEX_HOURS.slice(2), asianHours(MORE_ASIAN_HOURS)],
};

export const EUREX_RATES: GroupRules = {
  ...SHARED,
  ...RATES,
  id: 'eurex-rates',
  name: 'Eurex fixed income',
  regimes: [
    { from: FROM, hours: { segments: [['08:00', '19:00']] }, preOpen: '07:30' },
    { from: EVENING_HOURS, hours: { segments: [['08:00', '22:00']] }, preOpen: '07:30' },
    asianHours(ASIAN_HOURS),
  ],
};

/** French government bonds: short hours, then the long ones with the second step of 2020. */
export const EUREX_OAT: GroupRules = {
  ...SHARED,
  ...RATES,
  id: 'eurex-oat',
  name: 'Eurex fixed income, French government bonds',
  from: ASIAN_HOURS,
  regimes: [
    { from: ASIAN_HOURS, hours: { segments: [['08:00', '19:00']] }, preOpen: '07:30' },
    asianHours(MORE_ASIAN_HOURS),
  ],
};

/** Italian government bonds keep the shorter day. */
export const EUREX_RATES_SHORT: GroupRules = {
  ...SHARED,
  ...RATES,
  id: 'eurex-rates-short',
  name: 'Eurex fixed income, short hours',
  from: ASIAN_HOURS,
  regimes: [{ from: ASIAN_HOURS, hours: { segments: [['08:00', '19:00']] }, preOpen: '07:30' }],
  confidence: 'medium',
};

/** SMI: a shorter day, and Swiss holidays besides those of the exchange. */
export const EUREX_SWISS: GroupRules = {
  ...SHARED,
  ...INDEX,
  id: 'eurex-swiss',
  name: 'Eurex Swiss index',
  from: '2016-05-27',
  businessCalendar: 'eurex-swiss',
  regimes: [{ from: '2016-05-27', hours: { segments: [['08:00', '22:00']] }, preOpen: '07:30' }],
  namedDays: EUREX_SWISS_HOLIDAYS,
  dayRules: closedOn(EUREX_SWISS_HOLIDAYS),
  settle: '17:20',
  regularHours: { start: '09:00', end: '17:20', zone: 'Europe/Zurich' },
  confidence: 'medium',
  sources: [
    'Eurex trading hours, SMI futures, and holiday regulations 2018, read 2026-11',
    'SIX Swiss Exchange trading calendars 2016 to 2026 for Ascension, Whit Monday and August 1, read 2026-11',
  ],
};

/** Another library's simplification of Eurex: 08:00 to 22:00 for ever. No product may use it. */
export const COMPAT_XEUR: GroupRules = {
  ...SHARED,
  ...INDEX,
  id: 'compat/XEUR',
  name: 'Eurex, simplified as in exchange_calendars',
  from: '2000-01-03',
  businessCalendar: 'compat/XEUR',
  tradeDates: 'label',
  regimes: [{ from: '2000-01-03', hours: { segments: [['08:00', '22:00']] } }],
  namedDays: XEUR_HOLIDAYS,
  dayRules: closedOn(XEUR_HOLIDAYS),
  confidence: 'low',
  sources: ['Calendar XEUR of the package exchange_calendars, for comparisons only'],
};
