import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeDateRule } from '../../src/calendars/rule-words.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));

describe('a date rule in words', () => {
  it.each([
    ['ES', 'third Friday of the contract month (if closed, the business day before)'],
    ['6E', '2 business days before the third Wednesday of the contract month'],
    [
      'CL',
      '3 business days before the 25th of the month before the contract month (if closed, the business day before)',
    ],
    ['GC', 'third last business day of the contract month'],
    ['OJ', '15th last business day of the contract month'],
    [
      'SR3',
      '1 business day before the third Wednesday of the third month after the contract month',
    ],
    [
      'B',
      'last business day of the second month before the contract month (a business day earlier when that is the day before Christmas or New Year)',
    ],
    ['W', 'date 16 days before the 1st of the contract month (if closed, the business day before)'],
    ['DC', '1 business day before USDA announces the Class III price'],
  ])('of %s is: %s', (root, words) => {
    expect(describeDateRule(instruments.get(root)!.lastTrade)).toBe(words);
  });

  it('counts notice from the last trade', () => {
    expect(describeDateRule(instruments.get('CL')!.firstNotice!)).toBe(
      '2 business days after the last trade date',
    );
    expect(describeDateRule({ rule: 'from-last-trade', thenBusinessDays: 0 })).toBe(
      'last trade date',
    );
  });

  it('has no gap for any product', () => {
    for (const spec of instruments.values()) {
      for (const rule of [spec.lastTrade, spec.firstNotice]) {
        if (rule !== null) expect(describeDateRule(rule)).not.toMatch(/undefined|NaN|rule "/);
      }
    }
  });
});
