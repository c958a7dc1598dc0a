import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BandedGrid,
  isLegalOrderPrice,
  roundToTicks,
  toPrice,
  toPriceTicks,
  UniformGrid,
} from '../../src/core/price-grid.ts';
import { countValueOf } from '../../src/core/instrument.ts';
import type { PriceTicks, TradeDate } from '../../src/core/units.ts';

const tick = fc.constantFrom(
  0.25,
  0.01,
  0.1,
  1,
  5,
  0.015625,
  0.0078125,
  0.00005,
  0.0000005,
  0.05,
  0.005,
);
const counts = fc.integer({ min: -5_000_000, max: 5_000_000 });

describe('price grids', () => {
  it('reads back every count on every tick', () => {
    fc.assert(
      fc.property(tick, counts, (size, k) => {
        const grid = new UniformGrid(size);
        expect(toPriceTicks(toPrice(k, grid), grid)).toBe(k);
        expect(toPriceTicks(k * size, grid)).toBe(k);
      }),
      { seed: 11, numRuns: 1000 },
    );
  });

  it('rounds down, up and to the nearest without moving a price that is on the grid', () => {
    fc.assert(
      fc.property(
        tick,
        counts,
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (size, k, part) => {
          const grid = new UniformGrid(size);
          const price = (k + part) * size;
          expect(roundToTicks(price, grid, 'down')).toBe(k);
          expect(roundToTicks(price, grid, 'up')).toBe(k + 1);
          expect(roundToTicks(k * size, grid, 'up')).toBe(k);
          expect(roundToTicks(k * size, grid, 'down')).toBe(k);
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });

  it.each([
    [5000.1, 0.25],
    [NaN, 0.25],
    [Infinity, 0.25],
    [-37.635, 0.01],
  ])('refuses %d on a grid of %d', (price, size) => {
    expect(() => toPriceTicks(price, new UniformGrid(size))).toThrow(/not a multiple/);
  });

  it('takes a negative price', () => {
    expect(toPriceTicks(-37.63, new UniformGrid(0.01))).toBe(-3763);
  });

  it('lets the legal move of a banded grid depend on price and date', () => {
    const early = 10_000 as TradeDate;
    const late = 12_000 as TradeDate;
    const grid = new BandedGrid(0.01, [
      { fromDate: early, fromCounts: 0, move: 1 },
      { fromDate: early, fromCounts: 1000, move: 5 },
      { fromDate: late, fromCounts: 0, move: 5 },
    ]);
    expect(isLegalOrderPrice(999 as PriceTicks, grid, early)).toBe(true);
    expect(isLegalOrderPrice(1001 as PriceTicks, grid, early)).toBe(false);
    expect(isLegalOrderPrice(1005 as PriceTicks, grid, early)).toBe(true);
    expect(isLegalOrderPrice(999 as PriceTicks, grid, late)).toBe(false);
    expect(isLegalOrderPrice(1000.5 as PriceTicks, grid, early)).toBe(false);
  });

  it('writes a count as a reading of its decimals would, for every grid, however large', () => {
    fc.assert(
      fc.property(tick, fc.oneof(fc.integer(), fc.maxSafeInteger()), (size, ticks) => {
        const grid = new UniformGrid(size);
        const read = Number((ticks * size).toFixed(grid.decimals));
        expect(Object.is(toPrice(ticks, grid), read)).toBe(true);
      }),
    );
  });

  it.each([
    [50, 0.25, 12_500_000, 1],
    [1000, 0.015625, 15_625_000, 1],
    [12_500_000, 0.0000005, 6_250_000, 1],
    [2000, 0.00390625, 7_812_500, 1],
  ])('one count of %d x %d is exact', (multiplier, size, num, den) => {
    expect(countValueOf(multiplier, size)).toEqual({ num, den });
  });
});
