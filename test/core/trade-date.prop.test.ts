import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  daysInMonth,
  parseTradeDate,
  toCivilDate,
  toIsoDate,
  toTradeDate,
  weekdayOf,
} from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';

const days = fc.integer({ min: -200_000, max: 200_000 }).map((n) => n as TradeDate);

describe('trade dates', () => {
  it('agrees with the platform for every day tried', () => {
    fc.assert(
      fc.property(days, (day) => {
        const date = new Date(day * 86_400_000);
        expect(toCivilDate(day)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        });
        expect(weekdayOf(day)).toBe(date.getUTCDay());
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000, max: 100_000 }).map((n) => n as TradeDate),
        (day) => {
          expect(parseTradeDate(toIsoDate(day))).toBe(day);
        },
      ),
      { seed: 7 },
    );
  });

  it.each(['2023-02-29', '2024-00-10', '2024-1-1', '20240101', ''])('refuses %s', (text) => {
    expect(() => parseTradeDate(text)).toThrow(/not a date of the form/);
  });

  it('knows leap years', () => {
    expect(daysInMonth(2024, 2)).toBe(29);
    expect(daysInMonth(2100, 2)).toBe(28);
    expect(toIsoDate(toTradeDate(2000, 2, 29))).toBe('2000-02-29');
  });
});
