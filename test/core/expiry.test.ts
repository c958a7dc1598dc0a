import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseContractMonth } from '../../src/core/cycle.ts';
import {
  approximateExpiry,
  asEndExclusive,
  asLastDay,
  endOf,
  exactExpiryOf,
  lastDayOf,
  rollWindowOf,
  windowEnd,
} from '../../src/core/expiry.ts';
import type { ApproximateExpiry, ExactExpiry } from '../../src/core/expiry.ts';
import type { ContractDates } from '../../src/core/instrument.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY } from '../../src/core/units.ts';

const exact = (text: string): ExactExpiry => {
  const date = parseTradeDate(text);
  return { kind: 'exact', bound: 'lastDay', date, endUs: (date * US_PER_DAY) as TsUs };
};

describe('an approximate expiry', () => {
  it.each([
    // Parameters of the published configuration: expiry offset, roll offset, desired roll date.
    ['2023Z', 19, -25, '2023-11-25'],
    ['2023X', -11, -40, '2023-09-11'],
    ['2021H', 14, -5, '2021-03-10'],
    ['2024H', -4, -35, '2024-01-22'],
  ])('of %s with %i and %i rolls from %s', (name, offset, roll, opens) => {
    const window = rollWindowOf(
      approximateExpiry(parseContractMonth(name), offset, 'lastDay'),
      roll,
    );
    expect(toIsoDate(window.opens)).toBe(opens);
  });

  it('as the first day after: 2021H with 14 and -5 has the window 10 to 15 March', () => {
    const expiry = approximateExpiry(parseContractMonth('2021H'), 14, 'endExclusive');
    const window = rollWindowOf(expiry, -5);
    expect([window.opens, window.ends].map(toIsoDate)).toEqual(['2021-03-10', '2021-03-15']);
    // The same number read as the last day keeps that day inside.
    const last = approximateExpiry(parseContractMonth('2021H'), 14, 'lastDay');
    expect(toIsoDate(rollWindowOf(last, -5).ends)).toBe('2021-03-16');
  });

  test.prop([fc.integer({ min: 0, max: 11 }), fc.integer({ min: -60, max: 60 })], { seed: 7 })(
    'is the same day in either convention: one adds 1 to the offset',
    (m, offset) => {
      const month = { year: 2024, month: m + 1 };
      const last = approximateExpiry(month, offset, 'lastDay');
      const end = approximateExpiry(month, offset + 1, 'endExclusive');
      expect(asEndExclusive(last)).toEqual(end);
      expect(asLastDay(end)).toEqual(last);
      expect(lastDayOf(last)).toBe(lastDayOf(end));
      expect(endOf(last)).toBe(addDays(lastDayOf(last), 1));
      expect(asLastDay(last)).toBe(last);
    },
  );

  it('takes whole offsets only, and a roll offset that is not positive', () => {
    expect(() => approximateExpiry({ year: 2024, month: 1 }, 1.5, 'lastDay')).toThrow('1.5');
    const expiry = approximateExpiry({ year: 2024, month: 1 }, 14, 'lastDay');
    expect(() => rollWindowOf(expiry, 5)).toThrow('a roll offset is 5');
    expect(() => rollWindowOf(expiry, -0.5)).toThrow('a roll offset is -0.5');
  });

  it('cannot stand where an exact one is asked, by its type', () => {
    const endsAt = (expiry: ExactExpiry): TsUs => expiry.endUs;
    const approximate: ApproximateExpiry = approximateExpiry(
      { year: 2024, month: 1 },
      1,
      'lastDay',
    );
    // @ts-expect-error an approximate expiry has no instant
    expect(endsAt(approximate)).toBeUndefined();
  });
});

describe('an exact expiry', () => {
  const dates = (kind: ContractDates['kind']): ContractDates => ({
    kind,
    lastTradeDate: parseTradeDate('2021-03-19'),
    lastTradeUs: 0 as TsUs,
    firstNoticeDate: null,
  });
  const id = toContractId('ES', 2021, 3);

  it('is the last day, never the day after', () => {
    const expiry = exactExpiryOf({ id, dates: dates('exact') });
    expect(toIsoDate(lastDayOf(expiry))).toBe('2021-03-19');
    expect(toIsoDate(endOf(expiry))).toBe('2021-03-20');
  });

  it('is refused where only approximate dates are known', () => {
    expect(() => exactExpiryOf({ id, dates: dates('approximate') })).toThrow(
      'the expiry of ESH2021 is approximate',
    );
  });

  it('ends the window when it is the earlier of the two', () => {
    const approximate = approximateExpiry(parseContractMonth('2021H'), 14, 'lastDay');
    expect(toIsoDate(windowEnd(approximate, exact('2021-03-19')))).toBe('2021-03-16');
    expect(toIsoDate(windowEnd(approximate, exact('2021-03-12')))).toBe('2021-03-13');
    const early = rollWindowOf(approximate, -5, exact('2021-03-12'));
    expect([early.opens, early.ends].map(toIsoDate)).toEqual(['2021-03-10', '2021-03-13']);
  });

  it('leaves one day to roll when it comes before the desired date', () => {
    const approximate = approximateExpiry(parseContractMonth('2021H'), 14, 'lastDay');
    const window = rollWindowOf(approximate, -5, exact('2021-03-05'));
    expect([window.opens, window.ends].map((d: TradeDate) => toIsoDate(d))).toEqual([
      '2021-03-05',
      '2021-03-06',
    ]);
  });
});
