/** ASX 24 and the Australian stock market. All times are Sydney wall time. */
import { addDays, toIsoDate, toCivilDate, parseTradeDate } from '../../core/trade-date.ts';
import { AUSTRALIA_HOLIDAYS } from '../holidays/australia.ts';
import { newYears, nextOpenDays, previousOpenDays } from '../holidays/days.ts';
import type { DayRule } from '../rules.ts';
import { nthWeekdayOf } from '../rules.ts';
import type { GroupRules, Regime } from '../sessions.ts';

const SYDNEY = 'Australia/Sydney';
const FROM = '2016-10-04';
const TO = '2035-12-31';

/** All markets rest, nights too. */
const INTERNATIONAL = [
  'new-year',
  'good-friday',
  'easter-monday',
  'christmas',
  'boxing',
  'mourning',
];
/** The day session rests; the night sessions of the evening before and of the holiday itself take place. */
const AUSTRALIAN = ['australia', 'anzac', 'kings-birthday'];

const CHRISTMAS: DayRule = {
  name: 'christmas-day',
  kind: 'dates',
  dates: newYears().map((day) => `${day.slice(0, 4)}-12-25`),
};
const NEW_YEAR: DayRule = { name: 'new-years-day', kind: 'dates', dates: newYears() };

const NAMED_DAYS: readonly DayRule[] = [
  ...AUSTRALIA_HOLIDAYS,
  { name: 'half-day', kind: 'fixed', month: 12, day: 24, observed: 'none' },
  { name: 'half-day', kind: 'fixed', month: 12, day: 31, observed: 'none' },
  {
    // There is no night session on the last business day before Christmas and before the New Year.
    name: 'no-night',
    kind: 'dates',
    dates: nextOpenDays([CHRISTMAS, NEW_YEAR], AUSTRALIA_HOLIDAYS),
  },
  {
    name: 'after-easter',
    kind: 'dates',
    dates: nextOpenDays([{ name: 'easter', kind: 'easter', offset: 1 }], AUSTRALIA_HOLIDAYS),
  },
];

interface Hours {
  readonly night: string;
  /** End of the night while New York keeps summer time, and otherwise. */
  readonly summerEnd: string;
  readonly winterEnd: string;
  readonly day: readonly [open: string, close: string];
  readonly halfDayClose: string;
}

/**
 * The night ends an hour or half an hour later while New York keeps standard time. The first night under a new end is that of
 * the Monday after the change, which belongs to the Tuesday.
 */
function regimesOf({ night, summerEnd, winterEnd, day }: Hours): readonly Regime[] {
  const regime = (from: string, end: string): Regime => ({
    from,
    hours: { segments: [[`-s ${night}`, `-s+1 ${end}`], day] },
    dayOpen: day[0],
  });
  const regimes = [regime(FROM, summerEnd)];
  const firstYear = toCivilDate(parseTradeDate(FROM)).year;
  const lastYear = toCivilDate(parseTradeDate(TO)).year;
  for (let year = firstYear; year <= lastYear; year += 1) {
    const [spring, autumn] = [nthWeekdayOf(year, 3, 0, 2)!, nthWeekdayOf(year, 11, 0, 1)!];
    for (const [sunday, end] of [
      [spring, summerEnd],
      [autumn, winterEnd],
    ] as const) {
      const from = toIsoDate(addDays(sunday, 2));
      if (from > FROM) regimes.push(regime(from, end));
    }
  }
  return regimes;
}

function dayRulesOf({ night, day, halfDayClose }: Hours): GroupRules['dayRules'] {
  return [
    { on: ['half-day'], shape: { kind: 'short', close: halfDayClose } },
    { on: ['no-night'], shape: { kind: 'short', dayOnly: true } },
    {
      // The night session of the Thursday before Good Friday ends at midnight.
      on: ['after-easter'],
      shape: { kind: 'segments', segments: [[`-s ${night}`, '-s+1 00:00'], day] },
    },
    { on: AUSTRALIAN, shape: { kind: 'short', close: '-s+1 09:00' } },
    { on: INTERNATIONAL, shape: { kind: 'closed' } },
  ];
}

const SHARED = {
  zone: SYDNEY,
  from: FROM,
  publishedTo: '2026-12-31',
  to: TO,
  businessCalendar: 'asx',
  namedDays: NAMED_DAYS,
  exceptions: [],
  settle: '16:30',
  regularHours: { start: '10:00', end: '16:00', zone: SYDNEY },
  confidence: 'medium',
  sources: [
    'ASX 24 trading hours and trading calendar 2026; ASX notice 1252.22.11 on Christmas 2022, read 2026-11',
    'Notice on trading hours from 2016-10-02, read 2026-11',
    'The night session of the day of mourning in 2022 is taken as closed with the day.',
  ],
} as const satisfies Partial<GroupRules>;

const SPI_HOURS: Hours = {
  night: '17:10',
  summerEnd: '07:00',
  winterEnd: '08:00',
  day: ['09:50', '16:30'],
  halfDayClose: '14:30',
};
/** Ten-year bonds; three-year bonds open two minutes earlier, bank bills four. */
const BOND_HOURS: Hours = {
  night: '17:12',
  summerEnd: '07:00',
  winterEnd: '07:30',
  day: ['08:32', '16:30'],
  halfDayClose: '12:30',
};
const BILL_HOURS: Hours = { ...BOND_HOURS, night: '17:08', day: ['08:28', '16:30'] };

export const ASX_SPI: GroupRules = {
  ...SHARED,
  id: 'asx-spi',
  name: 'ASX SPI 200',
  regimes: regimesOf(SPI_HOURS),
  dayRules: dayRulesOf(SPI_HOURS),
};

export const ASX_RATES: GroupRules = {
  ...SHARED,
  id: 'asx-rates',
  name: 'ASX government bonds',
  regimes: regimesOf(BOND_HOURS),
  dayRules: dayRulesOf(BOND_HOURS),
  regularHours: { start: '08:32', end: '16:30', zone: SYDNEY },
};

export const ASX_BILLS: GroupRules = {
  ...SHARED,
  id: 'asx-bills',
  name: 'ASX bank bills',
  regimes: regimesOf(BILL_HOURS),
  dayRules: dayRulesOf(BILL_HOURS),
  regularHours: { start: '08:28', end: '16:30', zone: SYDNEY },
};

/** The Australian stock market. */
export const XASX: GroupRules = {
  id: 'XASX',
  name: 'Australian stocks',
  zone: SYDNEY,
  from: '2000-01-04',
  publishedTo: '2026-12-31',
  to: TO,
  businessCalendar: 'asx',
  tradeDates: 'label',
  regimes: [{ from: '2000-01-04', hours: { segments: [['10:00', '16:00']] } }],
  namedDays: [
    ...AUSTRALIA_HOLIDAYS,
    {
      name: 'half-day',
      kind: 'dates',
      dates: previousOpenDays([CHRISTMAS, NEW_YEAR], AUSTRALIA_HOLIDAYS),
    },
  ],
  dayRules: [
    { on: ['half-day'], from: '2010-01-01', shape: { kind: 'short', close: '14:10' } },
    { on: [...INTERNATIONAL, ...AUSTRALIAN], shape: { kind: 'closed' } },
  ],
  exceptions: ['2022-12-23', '2022-12-30'].map((date) => ({
    date,
    shape: { kind: 'regular' },
    why: 'a full day in 2022',
    source: 'ASX trading calendar 2022, read 2026-11',
  })),
  settle: '16:00',
  regularHours: { start: '10:00', end: '16:00', zone: SYDNEY },
  confidence: 'high',
  sources: [
    'ASX cash market trading calendars 2000 to 2026; calendar XASX of the package exchange_calendars, read 2026-11',
  ],
};
