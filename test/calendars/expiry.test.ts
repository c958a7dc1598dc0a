import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BusinessCalendars } from '../../src/calendars/business-days.ts';
import { buildChain, buildContract } from '../../src/calendars/chain.ts';
import { ruleDates } from '../../src/calendars/expiry.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { DateRule, InstrumentSpec } from '../../src/core/instrument.ts';
import { toIsoDate } from '../../src/core/trade-date.ts';
import { toIsoUtc } from '../../src/core/units.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const calendars = createCalendars();
const spec = (root: string): InstrumentSpec => instruments.get(root)!;
const days = new BusinessCalendars().get('cme-trade-date');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TradingError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('contract dates', () => {
  it.each([
    ['ES', 2026, 6, '2026-06-18', '2026-06-18T13:30:00Z', 'Juneteenth moves the third Friday'],
    ['6E', 2025, 2, '2025-02-14', '2025-02-14T15:16:00Z', 'Presidents Day does not count'],
    ['6E', 2024, 6, '2024-06-17', '2024-06-17T14:16:00Z', 'the anchor itself is a holiday'],
    ['CL', 2020, 5, '2020-04-21', '2020-04-21T18:30:00Z', 'the day after the price of -37.63'],
    ['VX', 2025, 3, '2025-03-18', '2025-03-18T13:00:00Z', 'Good Friday moves the anchor'],
    ['ZN', 2025, 3, '2025-03-20', '2025-03-20T17:01:00Z', 'seven days before the last'],
    ['BZ', 2020, 10, '2020-08-28', '2020-08-28T18:30:00Z', 'a bank holiday in London'],
    ['BZ', 2026, 2, '2025-12-30', '2025-12-30T19:30:00Z', 'one day before New Year’s Eve'],
    ['GF', 2017, 11, '2017-11-16', '2017-11-16T18:00:00Z', 'the Thursday before Thanksgiving'],
    ['FDAX', 2025, 3, '2025-03-21', '2025-03-21T12:00:00Z', 'Berlin is still on winter time'],
  ])('%s %i-%i ends %s at %s: %s', (root, year, month, date, instant) => {
    const dates = calendars.contractDates(spec(root), year, month);
    expect([dates.kind, toIsoDate(dates.lastTradeDate), toIsoUtc(dates.lastTradeUs)]).toEqual([
      'exact',
      date,
      instant,
    ]);
  });

  it('take the session close when no time of day is stated', () => {
    // HRC: business day before the last Wednesday; the metals session ends at 16:00 Chicago.
    const dates = calendars.contractDates(spec('HRC'), 2025, 7);
    expect(toIsoDate(dates.lastTradeDate)).toBe('2025-07-29');
    expect(toIsoUtc(dates.lastTradeUs)).toBe('2025-07-29T21:00:00Z');
  });

  it('never end after the session of the day', () => {
    // The short Friday after Thanksgiving ends at 12:45 Chicago, ahead of the usual 14:30 New York.
    const dates = calendars.contractDates(spec('HO'), 2024, 12);
    expect(toIsoDate(dates.lastTradeDate)).toBe('2024-11-29');
    expect(toIsoUtc(dates.lastTradeUs)).toBe('2024-11-29T18:45:00Z');
  });

  it('are approximate where no holiday is sourced, and exact by rule where the holidays are rules', () => {
    expect(calendars.contractDates(spec('ZC'), 1975, 3).kind).toBe('approximate');
    expect(calendars.contractDates(spec('ZC'), 2036, 3).kind).toBe('approximate');
    expect(calendars.contractDates(spec('ZC'), 2030, 3)).toMatchObject({
      kind: 'exact',
      basis: 'rule',
    });
    expect(calendars.contractDates(spec('ZC'), 2025, 3)).toMatchObject({ kind: 'exact' });
    expect(calendars.contractDates(spec('ZC'), 2025, 3).basis).toBeUndefined();
    // China decrees its holidays year by year: after the last table nothing is known.
    expect(calendars.contractDates(spec('CN'), 2034, 3).kind).toBe('approximate');
  });

  it('end with the session before where the last trade date has none, and say so', () => {
    // Typhoon Nesat closed the market on the last trade date of September 2011.
    for (const root of ['HSI', 'MHI', 'HHI', 'MCH']) {
      const dates = calendars.contractDates(spec(root), 2011, 9);
      expect([toIsoDate(dates.lastTradeDate), toIsoUtc(dates.lastTradeUs)]).toEqual([
        '2011-09-29',
        '2011-09-28T08:15:00Z',
      ]);
      expect(dates).toMatchObject({
        kind: 'approximate',
        why: 'there was no session on 2011-09-29, typhoon Nesat; trading ended with the one before',
      });
    }
    expect(calendars.contractDates(spec('HSI'), 2011, 8).kind).toBe('exact');
  });

  it('are marked where the sources do not agree: VSTOXX counted from a Good Friday', () => {
    expect(calendars.contractDates(spec('FVS'), 2025, 3)).toMatchObject({
      kind: 'approximate',
      confidence: 'low',
      why: expect.stringContaining('Good Friday'),
    });
    expect(calendars.contractDates(spec('FVS'), 2025, 4)).not.toHaveProperty('confidence');
    expect(calendars.contractDates(spec('FVS'), 2025, 4).kind).toBe('exact');
  });

  it('by rule alone refuse a month that is none', () => {
    expect(codeOf(() => calendars.ruleDates(spec('CL'), 2024, 13))).toContain('E_CONTRACT_ID');
    expect(codeOf(() => calendars.ruleDates(spec('CL'), 2024.5, 1))).toContain('E_CONTRACT_ID');
    expect(codeOf(() => calendars.ruleDates(spec('CL'), 2024, 12))).toBe('no error');
  });

  it('exist for every product', () => {
    const failures = [...instruments.values()].flatMap((one) => {
      // Eurodollars ended in 2023.
      const result = codeOf(() => buildChain(one, calendars, 2023, 2026));
      return result === 'no error' ? [] : [`${one.root} ${result.split(':')[0]}`];
    });
    expect(failures).toEqual([]);
  });
});

describe('date rules', () => {
  const dates = (rule: Record<string, unknown>): string =>
    codeOf(() =>
      ruleDates({ root: 'XX', lastTrade: rule as DateRule, firstNotice: null }, 2025, 2, days),
    );

  it('name the product, the contract month, the field and its value', () => {
    expect(dates({ rule: 'nth-weekday', n: 3, weekday: 'sat', monthOffset: 0 })).toBe(
      'E_DATE_RULE: XX 2025-02: weekday of rule "nth-weekday" is "sat"',
    );
    expect(dates({ rule: 'calendar-day', day: 2.5, monthOffset: 0 })).toContain('day of rule');
    expect(
      dates({ rule: 'nth-business-day', n: 23, monthOffset: 0, thenBusinessDays: 0 }),
    ).toContain('n of rule "nth-business-day" is 23');
    expect(dates({ rule: 'full-moon' })).toContain('rule of rule "full-moon"');
    expect(dates({ rule: 'from-last-trade', thenBusinessDays: 1 })).toContain('E_DATE_RULE');
  });

  it('refuse a table of dates that is not part of the program', () => {
    expect(dates({ rule: 'table', table: 'moon-phases', thenBusinessDays: -1 })).toContain(
      'E_DATE_RULE: XX 2025-02: table of rule "table" is "moon-phases"',
    );
    // USDA's days are known by rule from 2012 on; before, another report was released on another weekday.
    expect(codeOf(() => calendars.contractDates(spec('DC'), 2012, 2))).toContain('E_DATE_RULE');
    expect(codeOf(() => calendars.contractDates(spec('DC'), 2012, 3))).toBe('no error');
  });

  it.each([
    // Recorded at a broker, with the announcement as the real expiration: 3 April and 1 May 2024.
    [2024, 3, '2024-04-02'],
    [2024, 4, '2024-04-30'],
    // A holiday on Monday to Wednesday moves the release to Thursday; beyond the 5th the week before counts.
    [2022, 12, '2023-01-04'],
    [2023, 6, '2023-06-27'],
    [2024, 12, '2024-12-31'],
  ])(
    'Class III milk of %i-%i ends the business day before the price is announced: %s',
    (year, month, last) => {
      const milk = calendars.contractDates(spec('DC'), year, month);
      expect([milk.kind, toIsoDate(milk.lastTradeDate)]).toEqual(['approximate', last]);
    },
  );

  it('have an earlier form for Brent before March 2016, of medium confidence', () => {
    const brent = (year: number, month: number): (string | undefined)[] => {
      const result = calendars.contractDates(spec('B'), year, month);
      return [toIsoDate(result.lastTradeDate), result.confidence];
    };
    // 15 days before 1 February 2016 is a Sunday: from the Friday one day back.
    expect(brent(2016, 2)).toEqual(['2016-01-14', 'medium']);
    expect(brent(2015, 6)).toEqual(['2015-05-14', 'medium']);
    expect(brent(2016, 3)).toEqual(['2016-01-29', undefined]);
  });

  it('refuse a business calendar without rules by name', () => {
    const nowhere = { ...spec('HSI'), businessCalendar: 'atlantis' };
    expect(codeOf(() => calendars.contractDates(nowhere, 2025, 2))).toMatch(
      /^E_CALENDAR_UNKNOWN: business calendar "atlantis" has no rules yet$/,
    );
  });
});

describe('a contract that never existed', () => {
  it.each([
    ['MES', 2019, 3, 'there was no contract MESH2019: MES has traded since 2019-05-06 only'],
    ['RTY', 2017, 6, 'RTY has traded since 2017-07-10 only'],
    ['SR3', 2005, 9, 'the first contract of SR3 was 2018M, which has traded since 2018-05-07'],
    ['SR3', 2018, 3, 'the first contract of SR3 was 2018M'],
    ['SR3', 2018, 6, 'no error'],
    ['BTC', 2017, 12, 'the first contract of BTC was 2018F'],
    ['BTC', 2018, 1, 'no error'],
    ['HTI', 2010, 3, 'HTI has traded since 2020-11-23 only'],
    ['HTI', 2020, 11, 'no error'],
    ['225MC', 2010, 3, '225MC has traded since 2023-05-29 only'],
    ['MNG', 2015, 1, 'MNG has traded since 2023-11-06 only'],
    ['TN', 2010, 3, 'the first contract of TN was 2016H'],
    ['FSXE', 2015, 3, 'FSXE has traded since 2021-04-19 only'],
    ['FDXM', 2015, 9, 'FDXM has traded since 2015-10-28 only'],
    ['FDXM', 2015, 12, 'no error'],
    ['SIL', 2013, 7, 'the first contract of SIL was 2013U'],
    ['UB', 2009, 12, 'the first contract of UB was 2010H'],
    ['GE', 2023, 9, 'the last contract of GE was 2023M'],
    ['ES', 2024, 1, 'ES does not list month F'],
    ['EBM', 2015, 12, 'no error'],
    ['EBM', 2014, 12, 'EBM does not list month Z'],
    ['EBM', 2015, 11, 'EBM does not list month X'],
    ['EBM', 2014, 11, 'no error'],
    ['MES', 2019, 6, 'no error'],
    ['GE', 2023, 6, 'no error'],
    ['6E', 2025, 2, 'no error'],
    ['ES', 2024, 13, 'month 13 is not 1 to 12'],
    ['ES', 24, 3, 'year 24 is not a four-digit year'],
  ])('%s %i-%i: %s', (root, year, month, says) => {
    expect(codeOf(() => calendars.contractDates(spec(root), year, month))).toContain(says);
  });
});

describe('chains', () => {
  it('list the hold cycle in order of delivery, last trade dates ascending', () => {
    const chain = buildChain(spec('GC'), calendars, 2024, 2025);
    expect(chain.map((contract) => contract.id)).toEqual(
      'GCG2024 GCJ2024 GCM2024 GCQ2024 GCZ2024 GCG2025 GCJ2025 GCM2025 GCQ2025 GCZ2025'.split(' '),
    );
    const last = chain.map((contract) => contract.dates.lastTradeUs);
    expect(last).toEqual([...last].sort((a, b) => a - b));
  });

  it('take another cycle of listed months, and refuse a month that is not listed', () => {
    expect(buildChain(spec('ZS'), calendars, 2025, 2025, { cycle: 'XF' }).map((c) => c.id)).toEqual(
      ['ZSF2025', 'ZSX2025'],
    );
    expect(codeOf(() => buildChain(spec('ZS'), calendars, 2025, 2025, { cycle: 'FG' }))).toContain(
      'E_CONTRACT_ID: ZS has no contract of month letter "G"',
    );
  });

  it('give first notice before last trade for grains, and none for cash-settled products', () => {
    const corn = buildContract(spec('ZC'), calendars, 2025, 12);
    expect(toIsoDate(corn.dates.firstNoticeDate!)).toBe('2025-11-28');
    expect(buildContract(spec('ES'), calendars, 2025, 12).dates.firstNoticeDate).toBeNull();
  });
});
