import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CALENDAR_ERRORS } from '../../src/calendars/errors.ts';
import { createLabelCalendar } from '../../src/calendars/label-calendar.ts';
import { createCalendars, SESSION_GROUPS } from '../../src/calendars/registry.ts';
import {
  datesOfRule,
  easterSunday,
  ENGLAND_HOLIDAYS,
  nthWeekdayOf,
} from '../../src/calendars/rules.ts';
import type { DayRule } from '../../src/calendars/rules.ts';
import { TradingError } from '../../src/core/errors.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';

const root = join(import.meta.dirname, '../..');
const calendars = createCalendars();
const day = parseTradeDate;
const at = parseTsUs;

function errorOf(act: () => unknown): TradingError {
  try {
    act();
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Sessions by label as `label open-close (breaks) > trade date`, in local time. */
function drawn(group: string, from: string, to: string): string[] {
  const calendar = calendars.forGroup(group);
  const all = calendar.sessions(day(from), addDays(day(to), 5));
  const clock = (us: number): string => {
    const minutes = calendar.localMinutes(us as TsUs);
    return [Math.floor(minutes / 60), minutes % 60]
      .map((n) => String(n).padStart(2, '0'))
      .join(':');
  };
  const lines: string[] = [];
  for (let i = 0; i < all.length; i += 1) {
    const label = all.label[i]! as TradeDate;
    if (label > day(to)) break;
    const breaks = [...all.breakRow.keys()]
      .filter((b) => all.breakRow[b] === i)
      .map((b) => ` (${clock(all.breakStartUs[b]!)}-${clock(all.breakEndUs[b]!)})`);
    const tradeDate = toIsoDate(all.tradeDate[i]! as TradeDate).slice(5);
    lines.push(
      `${toIsoDate(label).slice(5)} ${clock(all.openUs[i]!)}-${clock(all.closeUs[i]!)}${breaks.join('')} > ${tradeDate}`,
    );
  }
  return lines;
}

describe('a holiday week', () => {
  it('is Thanksgiving 2025, group by group', () => {
    const lines: Record<string, string[]> = {
      'cme-equity-index': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-12:00 > 11-28',
        '11-28 17:00-12:15 > 11-28',
      ],
      'cme-interest-rate': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-12:00 > 11-28',
        '11-28 17:00-12:15 > 11-28',
      ],
      'cme-fx': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-16:00 > 11-28',
        '11-28 17:00-13:45 > 11-28',
      ],
      'cme-energy': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-13:30 > 11-28',
        '11-28 17:00-13:45 > 11-28',
      ],
      'cme-metals': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-13:30 > 11-28',
        '11-28 17:00-13:45 > 11-28',
      ],
      'cme-grains': ['11-26 19:00-13:20 (07:45-08:30) > 11-26', '11-28 08:30-12:05 > 11-28'],
      'cme-rice': ['11-26 19:00-13:20 (21:00-08:30) > 11-26', '11-28 08:30-12:05 > 11-28'],
      'cme-livestock': ['11-26 08:30-13:05 > 11-26', '11-28 08:30-12:05 > 11-28'],
      'cfe-vix': [
        '11-26 17:00-16:00 > 11-26',
        '11-27 17:00-10:30 > 11-28',
        '11-28 17:00-12:15 > 11-28',
      ],
      'eurex-index': [
        '11-26 01:10-22:00 > 11-26',
        '11-27 01:10-22:00 > 11-27',
        '11-28 01:10-22:00 > 11-28',
      ],
      'eurex-rates': [
        '11-26 01:10-22:00 > 11-26',
        '11-27 01:10-22:00 > 11-27',
        '11-28 01:10-22:00 > 11-28',
      ],
      'eurex-rates-short': [
        '11-26 08:00-19:00 > 11-26',
        '11-27 08:00-19:00 > 11-27',
        '11-28 08:00-19:00 > 11-28',
      ],
    };
    const week = Object.fromEntries(
      Object.keys(lines).map((id) => [id, drawn(id, '2025-11-26', '2025-11-28')]),
    );
    expect(week).toEqual(lines);
  });

  it('is Martin Luther King Day 2026: one trade date, two open intervals', () => {
    expect(drawn('cme-equity-index', '2026-01-16', '2026-01-20')).toEqual([
      '01-16 17:00-16:00 > 01-16',
      '01-19 17:00-12:00 > 01-20',
      '01-20 17:00-16:00 > 01-20',
    ]);
    const both = calendars
      .forGroup('cme-equity-index')
      .sessions(day('2026-01-20'), day('2026-01-20'));
    expect(both.length).toBe(2);
  });

  it('is a Good Friday: short for stocks and bonds only on the day of the employment report', () => {
    const closes = (group: string): (string | null)[] =>
      ['2023-04-07', '2024-03-29', '2025-04-18', '2026-04-03'].map((label) => {
        const session = calendars.forGroup(group).sessionOfLabel(day(label));
        return session === null ? null : toIsoUtc(session.closeUs).slice(11, 16);
      });
    expect(closes('cme-equity-index')).toEqual(['13:15', null, null, '13:15']);
    expect(closes('cme-interest-rate')).toEqual(['15:15', null, null, '15:15']);
    expect(closes('cme-energy')).toEqual([null, null, null, null]);
    expect(closes('cme-grains')).toEqual([null, null, null, null]);
  });

  it('is a day of mourning: no copy of the stock exchange', () => {
    const isOpenAtNoon = (group: string, date: string): boolean =>
      calendars.forGroup(group).isOpen(at(`${date}T18:00:00Z`));
    expect(
      ['cme-equity-index', 'cme-interest-rate', 'cme-energy', 'cfe-vix'].map((group) =>
        isOpenAtNoon(group, '2018-12-05'),
      ),
    ).toEqual([false, false, true, false]);
    expect(calendars.forGroup('cme-interest-rate').sessionOfLabel(day('2018-12-05'))).toBeNull();
    expect(calendars.forGroup('cme-energy').isOpen(at('2025-01-09T21:30:00Z'))).toBe(true);
  });
});

describe('hours that changed', () => {
  it.each([
    ['cme-equity-index', '2012-11-16', '15:30-15:15 (16:30-17:00)'],
    ['cme-equity-index', '2012-11-19', '17:00-16:15 (15:15-15:30)'],
    ['cme-equity-index', '2015-09-21', '17:00-16:00 (15:15-15:30)'],
    ['cme-equity-index', '2021-06-28', '17:00-16:00'],
    ['cme-metals', '2015-09-18', '17:00-16:15'],
    ['cme-metals', '2015-09-21', '17:00-16:00'],
    ['cme-grains', '2012-05-18', '18:00-13:15 (07:15-09:30)'],
    ['cme-grains', '2012-05-21', '17:00-14:00'],
    ['cme-grains', '2013-04-08', '19:00-13:15 (07:45-08:30)'],
    ['cme-grains', '2015-07-06', '19:00-13:20 (07:45-08:30)'],
    ['cme-livestock', '2014-10-24', '17:00-13:55'],
    ['cme-livestock', '2014-10-27', '09:05-16:00'],
    ['cme-livestock', '2016-02-29', '08:30-13:05'],
    ['cfe-vix', '2013-10-25', '07:00-15:15'],
    ['cfe-vix', '2013-10-29', '15:30-15:15 (16:15-07:00)'],
    ['cfe-vix', '2014-06-23', '17:00-15:15'],
    ['cfe-vix', '2014-06-24', '15:30-15:15'],
    ['cfe-vix', '2015-04-03', '15:30-08:15'],
    ['eurex-rates', '2018-12-07', '08:00-22:00'],
    ['eurex-rates', '2018-12-10', '01:10-22:00'],
    ['eurex-rates', '2025-07-01', '02:10-22:00'],
  ])('%s on %s: %s', (group, label, hours) => {
    expect(drawn(group, label, label).map((line) => line.split(' > ')[0]!.slice(6))).toEqual([
      hours,
    ]);
  });
});

describe('instants', () => {
  const equity = calendars.forGroup('cme-equity-index');

  it('of Sunday evening belong to Monday', () => {
    expect(toIsoDate(equity.tradeDateOf(at('2024-07-07T22:00:00Z')))).toBe('2024-07-08');
  });

  it('between sessions belong to the next one', () => {
    expect(equity.sessionAt(at('2024-07-02T21:30:00Z'))).toBeNull();
    expect(toIsoDate(equity.tradeDateOf(at('2024-07-02T21:30:00Z')))).toBe('2024-07-03');
    expect(toIsoDate(equity.tradeDateOf(at('2024-07-06T12:00:00Z')))).toBe('2024-07-08');
  });

  it('open at the open and not at the close', () => {
    const session = equity.sessionAt(at('2024-07-02T15:00:00Z'))!;
    expect([session.openUs, session.closeUs].map(toIsoUtc)).toEqual([
      '2024-07-01T22:00:00Z',
      '2024-07-02T21:00:00Z',
    ]);
    expect([-1, 0].map((d) => equity.isOpen((session.openUs + d) as TsUs))).toEqual([false, true]);
    expect([-1, 0].map((d) => equity.isOpen((session.closeUs + d) as TsUs))).toEqual([true, false]);
  });

  it('of settlement are the group’s, and the close of a session that ends before', () => {
    const settle = (group: string, label: string): string =>
      toIsoUtc(calendars.forGroup(group).sessionOfLabel(day(label))!.settleUs);
    expect(settle('cme-equity-index', '2024-07-02')).toBe('2024-07-02T20:00:00Z');
    expect(settle('cme-equity-index', '2024-07-03')).toBe('2024-07-03T17:15:00Z');
    expect(settle('cme-energy', '2024-07-02')).toBe('2024-07-02T18:30:00Z');
    expect(settle('cme-grains', '2024-07-02')).toBe('2024-07-02T18:15:00Z');
    expect(settle('eurex-index', '2024-07-02')).toBe('2024-07-02T15:30:00Z');
  });

  it('outside the span are refused with the span', () => {
    const error = errorOf(() => equity.sessionAt(at('1999-06-01T00:00:00Z')));
    expect(error.code).toBe('E_CALENDAR_SPAN');
    expect(error.message).toBe(
      '1999-06-01T00:00:00Z is outside the calendar cme-equity-index, 2000-01-03 to 2035-12-31',
    );
    expect(errorOf(() => equity.sessions(day('2024-01-01'), day('2036-01-02'))).code).toBe(
      'E_CALENDAR_SPAN',
    );
    expect(errorOf(() => equity.nextOpenUs(at('2035-12-31T23:00:00Z'))).code).toBe(
      'E_CALENDAR_SPAN',
    );
    expect(errorOf(() => equity.tradeDateOf(NaN as TsUs)).code).toBe('E_CALENDAR_SPAN');
    expect(errorOf(() => equity.addBusinessDays(day('2050-12-30'), 5)).code).toBe(
      'E_CALENDAR_SPAN',
    );
  });
});

describe('the registry', () => {
  it('names the nearest groups when asked for another, never all of them', () => {
    const far = errorOf(() => calendars.forGroup('cme-cheese'));
    expect(far.code).toBe('E_CALENDAR_UNKNOWN');
    expect(far.message).toBe('session group "cme-cheese" has no calendar yet');
    expect(far.fix).toMatch(/^did you mean one of cme-[a-z-]+, cme-[a-z-]+, cme-[a-z-]+\? all \d+/);
    expect(far.details['known']).toContain('XNYS');
    const near = errorOf(() => calendars.forGroup('cme-fxx'));
    expect(near.fix).toBe('did you mean `cme-fx`?');
  });

  it('builds a group once', () => {
    expect(calendars.forGroup('cme-fx')).toBe(calendars.forGroup('cme-fx'));
    expect(createCalendars().forGroup('cme-fx')).not.toBe(calendars.forGroup('cme-fx'));
  });

  it('has a page for every error code of the layer', () => {
    expect(Object.keys(CALENDAR_ERRORS).sort()).toEqual([
      'E_CALENDAR_ARGUMENT',
      'E_CALENDAR_FILE',
      'E_CALENDAR_RULE',
      'E_CALENDAR_SPAN',
      'E_CALENDAR_UNKNOWN',
      'E_DATE_RULE',
      'E_SYMBOL_AMBIGUOUS',
      'E_SYMBOL_UNKNOWN',
      'E_SYMBOL_VENUE',
      'E_SYMBOL_YEAR',
      'E_ZONE',
    ]);
  });

  it('gives the same sessions under any zone of the host', () => {
    const digest = `
      import { createHash } from 'node:crypto';
      import { createCalendars, sessionGroupIds } from './src/calendars/registry.ts';
            const hash = createHash('sha256');
      const calendars = createCalendars();
      for (const id of sessionGroupIds()) {
        // The last thousand sessions of every group.
        const all = calendars.forGroup(id).columns;
        for (const column of Object.values(all)) if (typeof column !== 'number') hash.update(new Uint8Array(column.slice(-1000).buffer));
      }
      console.log(hash.digest('hex'), new Date(0).getTimezoneOffset());
    `;
    const run = (zone: string): string[] => {
      const child = spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', digest],
        { cwd: root, env: { ...process.env, TZ: zone }, encoding: 'utf8' },
      );
      expect(child.stderr).toBe('');
      return child.stdout.trim().split(' ');
    };
    const hosts = ['Asia/Tokyo', 'America/Chicago', 'Europe/Berlin'].map(run);
    expect(hosts.map(([, offset]) => offset)).toEqual(['-540', '360', '-60']);
    expect(hosts[0]![0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hosts.map(([hash]) => hash)).size).toBe(1);
  }, 120_000);
});

describe('Cboe on 2025-01-09', () => {
  it('trades until the regular hours begin, for the next business day', () => {
    const cfe = calendars.forGroup('cfe-vix');
    const session = cfe.sessionOfLabel(parseTradeDate('2025-01-09'))!;
    expect([
      toIsoUtc(session.openUs),
      toIsoUtc(session.closeUs),
      toIsoDate(session.tradeDate),
    ]).toEqual(['2025-01-08T23:00:00Z', '2025-01-09T14:30:00Z', '2025-01-10']);
    expect(cfe.windowOf(parseTradeDate('2025-01-09'), 'RTH')).toEqual([]);
    expect(cfe.sessionOfLabel(parseTradeDate('2018-12-05'))).toBeNull();
  });
});

describe('every exception', () => {
  it('has its date, its reason and a source', () => {
    let count = 0;
    for (const { id, exceptions } of SESSION_GROUPS) {
      for (const { date, why, source } of exceptions) {
        count += 1;
        expect([id, date, why.length > 5, (source ?? '').length > 10]).toEqual([
          id,
          date,
          true,
          true,
        ]);
      }
    }
    expect(count).toBeGreaterThan(290);
  });
});

describe('what a calendar is asked with', () => {
  const calendar = calendars.forGroup('cme-equity-index');
  const date = parseTradeDate('2024-01-02');
  it.each<[string, () => unknown]>([
    ['half a business day', () => calendar.addBusinessDays(date, 1.5)],
    ['no number of business days', () => calendar.addBusinessDays(date, NaN)],
    ['half a date', () => calendar.sessionOfLabel(19_800.5 as TradeDate)],
    ['half a date for a business day', () => calendar.isBusinessDay(19_800.5 as TradeDate)],
    ['a text for a date', () => calendar.sessionOfLabel('2024-01-02' as never)],
    ['a window that is none', () => calendar.windowOf(date, 'xyz' as never)],
    ['a bigint instant', () => calendar.isOpen(1_700_000_000_000_000n as never)],
    ['a text for an instant', () => calendar.isOpen('2024-01-02' as never)],
  ])('is refused when it is %s', (_, ask) => {
    expect(ask).toThrow(expect.objectContaining({ code: 'E_CALENDAR_ARGUMENT' }));
  });

  it('is answered otherwise', () => {
    expect(toIsoDate(calendar.addBusinessDays(date, -1))).toBe('2023-12-29');
    expect(calendar.isOpen(1_700_010_000_000_000 as TsUs)).toBe(true);
  });
});

describe('holiday rules', () => {
  it('know February 29 in leap years only', () => {
    const rule: DayRule = { name: 'leap', kind: 'fixed', month: 2, day: 29, observed: 'none' };
    const dates = [2023, 2024, 2025, 2028].map((year) => datesOfRule(rule, year).map(toIsoDate));
    expect(dates).toEqual([[], ['2024-02-29'], [], ['2028-02-29']]);
    const own = createCalendars({ businessCalendars: { mine: [rule] } }).businessCalendar('mine');
    expect(own.isBusinessDay(parseTradeDate('2023-03-01'))).toBe(true);
    expect(own.isBusinessDay(parseTradeDate('2024-02-29'))).toBe(false);
    const before: DayRule = {
      name: 'b',
      kind: 'weekday-on-or-before',
      month: 2,
      day: 29,
      weekday: 3,
    };
    // March 1 of 2023 was a Wednesday.
    expect(datesOfRule(before, 2023).map(toIsoDate)).toEqual(['2023-02-22']);
  });

  it('keep Good Friday 2034 closed until a schedule says otherwise', () => {
    const label = parseTradeDate('2034-04-07');
    for (const group of ['cme-equity-index', 'cme-interest-rate', 'cme-fx'])
      expect(calendars.forGroup(group).sessionOfLabel(label)).toBeNull();
  });

  it('find Easter', () => {
    const years = [2000, 2008, 2011, 2019, 2024, 2025, 2026, 2038];
    expect(years.map((year) => toIsoDate(easterSunday(year)))).toEqual([
      '2000-04-23',
      '2008-03-23',
      '2011-04-24',
      '2019-04-21',
      '2024-03-31',
      '2025-04-20',
      '2026-04-05',
      '2038-04-25',
    ]);
  });

  it('find the n-th weekday from both ends, and none where the month has none', () => {
    expect(toIsoDate(nthWeekdayOf(2025, 11, 4, 4)!)).toBe('2025-11-27');
    expect(toIsoDate(nthWeekdayOf(2025, 5, 1, -1)!)).toBe('2025-05-26');
    expect(nthWeekdayOf(2025, 2, 1, 5)).toBeNull();
    expect(nthWeekdayOf(2025, 2, 1, -5)).toBeNull();
  });

  it('move the bank holidays of England as they were moved', () => {
    const of = (year: number): string[] =>
      ENGLAND_HOLIDAYS.flatMap((rule) => datesOfRule(rule, year))
        .map(toIsoDate)
        .sort();
    expect(of(2022)).toEqual([
      '2022-01-03',
      '2022-04-15',
      '2022-04-18',
      '2022-05-02',
      '2022-06-02',
      '2022-06-03',
      '2022-08-29',
      '2022-09-19',
      '2022-12-26',
      '2022-12-27',
    ]);
    expect(of(2021).slice(-2)).toEqual(['2021-12-27', '2021-12-28']);
    expect(of(2020)).toContain('2020-05-08');
    expect(of(2020)).not.toContain('2020-05-04');
  });
});

describe('the label calendar', () => {
  const labels = createLabelCalendar();

  it('takes the date of a stamp for its trade date, whatever the hour', () => {
    for (const time of ['00:00:00', '12:00:00', '23:00:00', '23:59:59']) {
      expect(toIsoDate(labels.tradeDateOf(at(`1987-10-19T${time}Z`)))).toBe('1987-10-19');
    }
    expect(labels.localMinutes(at('1987-10-19T23:00:00Z'))).toBe(1380);
  });

  it('lists one session each weekday, and gives a weekend label to Monday', () => {
    const week = labels.sessions(day('2024-03-08'), day('2024-03-12'));
    expect([...week.label].map((label) => toIsoDate(label as TradeDate))).toEqual([
      '2024-03-08',
      '2024-03-11',
      '2024-03-12',
    ]);
    const saturday = at('2024-03-09T23:00:00Z');
    expect(toIsoDate(labels.tradeDateOf(saturday))).toBe('2024-03-11');
    expect(toIsoDate(labels.sessionAt(saturday)!.tradeDate)).toBe('2024-03-11');
    expect(toIsoUtc(labels.sessionAt(saturday)!.openUs)).toBe('2024-03-09T00:00:00Z');
    expect(toIsoUtc(labels.nextOpenUs(saturday))).toBe('2024-03-12T00:00:00Z');
    expect(toIsoUtc(labels.nextCloseUs(saturday))).toBe('2024-03-12T00:00:00Z');
  });

  it('ends a session with the last sample of its date where the samples are known', () => {
    const ends = ['2024-03-07T23:00:00Z', '2024-03-08T21:00:00Z', '2024-03-12T00:00:00Z'].map(at);
    const sampled = createLabelCalendar(Float64Array.from(ends));
    const { length, openUs, closeUs, tradeDate } = sampled.sessions(
      day('2024-03-08'),
      day('2024-03-15'),
    );
    expect(length).toBe(2);
    expect(Array.from(tradeDate, (date) => toIsoDate(date as TradeDate))).toEqual([
      '2024-03-08',
      '2024-03-11',
    ]);
    expect(Array.from(closeUs)).toEqual(ends.slice(1));
    expect(Array.from(openUs, (us) => toIsoUtc(us as TsUs))).toEqual([
      '2024-03-08T00:00:00Z',
      '2024-03-09T00:00:00Z',
    ]);
    expect(sampled.sessionAt(at('2024-03-08T21:00:00Z'))).toBeNull();
    expect(toIsoDate(sampled.sessionAt(at('2024-03-08T20:59:59Z'))!.tradeDate)).toBe('2024-03-08');
    expect(toIsoUtc(sampled.nextOpenUs(at('2024-03-08T21:00:00Z')))).toBe('2024-03-09T00:00:00Z');
    const twice = Float64Array.from(['2024-03-08T21:00:00Z', '2024-03-08T22:00:00Z'], (t) => at(t));
    expect(errorOf(() => createLabelCalendar(twice)).code).toBe('E_TRADE_DATE');
  });

  it('moves by weekdays, and refuses a date that is none', () => {
    expect(toIsoDate(labels.addBusinessDays(day('2024-03-08'), 1))).toBe('2024-03-11');
    expect(toIsoDate(labels.addBusinessDays(day('2024-03-09'), -1))).toBe('2024-03-08');
    expect(errorOf(() => labels.addBusinessDays(NaN as TradeDate, 1)).code).toBe('E_TRADE_DATE');
  });
});
