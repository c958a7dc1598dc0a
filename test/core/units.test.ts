import { describe, expect, it } from 'vitest';
import {
  parseTsUs,
  roundHalfEven,
  toCashMicros,
  toIsoUtc,
  toQty,
  toTsUs,
} from '../../src/core/units.ts';
import { TradingError } from '../../src/core/errors.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof TradingError ? error.code : String(error);
  }
  return 'no error';
}

describe('units', () => {
  it.each([
    ['2024-03-08T23:00:00Z', 1_709_938_800_000_000],
    ['2024-03-08T17:00:00-06:00', 1_709_938_800_000_000],
    ['2024-03-08T23:00:00.000069Z', 1_709_938_800_000_069],
    ['1969-12-31T23:59:59.999999Z', -1],
  ])('reads %s', (text, expected) => {
    expect(parseTsUs(text)).toBe(expected);
    expect(parseTsUs(toIsoUtc(parseTsUs(text)))).toBe(expected);
  });

  it.each(['2024-03-08T23:00:00', '2024-03-08', 'yesterday', '2024-13-08T00:00:00Z'])(
    'refuses %s, which is no instant with a zone',
    (text) => {
      expect(codeOf(() => parseTsUs(text))).toBe('E_TIME');
    },
  );

  it('refuses half microseconds, half contracts and negative contracts', () => {
    expect(codeOf(() => toTsUs(0.5))).toBe('E_TIME');
    expect(codeOf(() => toQty(1.5))).toBe('E_QTY');
    expect(codeOf(() => toQty(-1))).toBe('E_QTY');
    expect(codeOf(() => toQty(NaN))).toBe('E_QTY');
    expect(toQty(0)).toBe(0);
  });

  it('keeps money inside the safe integers and never says minus zero', () => {
    expect(codeOf(() => toCashMicros(2 ** 53))).toBe('E_MONEY_RANGE');
    expect(toCashMicros(2 ** 53 - 1)).toBe(9_007_199_254_740_991);
    expect(codeOf(() => toCashMicros(0.5))).toBe('E_MONEY_RANGE');
    expect(Object.is(toCashMicros(-0), 0)).toBe(true);
  });

  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [2.4999, 2],
    [2.5001, 3],
  ])('rounds %d half to even', (value, expected) => {
    expect(roundHalfEven(value) + 0).toBe(expected);
  });
});
