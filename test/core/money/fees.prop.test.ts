import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeeEntry } from '../../../src/core/money/fees.ts';
import { chargeFill, feeEntryOn, FeeTab, feeProblem } from '../../../src/core/money/fees.ts';
import type { TradeDate } from '../../../src/core/units.ts';

const entry = (more: Partial<FeeEntry> = {}): FeeEntry => ({
  from: 0 as TradeDate,
  commissionMicros: 500_000,
  exchangeMicros: 1_000_000,
  ...more,
});

describe('fees', () => {
  it('of the fills of an order add up to the fee of the order, however it was filled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 3_000_000 }),
        fc.integer({ min: 0, max: 20_000_000 }),
        fc.constantFrom(null, 10_000, 1_000_000),
        (parts, perContract, minimum, unit) => {
          const rounding = unit === null ? null : { per: 'order' as const, unitMicros: unit };
          const fees = entry({ commissionMicros: perContract, minimumPerOrderMicros: minimum });
          const total = (qtys: readonly number[]): number => {
            const tab = new FeeTab();
            return qtys
              .map((qty) => chargeFill(fees, rounding, qty, 'taker', tab).feeMicros as number)
              .reduce((sum, fee) => sum + fee, 0);
          };
          expect(total(parts)).toBe(total([parts.reduce((sum, qty) => sum + qty, 0)]));
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it('charge the minimum of an order with its first fill, and what is above it later', () => {
    const tab = new FeeTab();
    const fees = entry({ minimumPerOrderMicros: 1_200_000, exchangeMicros: 0 });
    const charge = (qty: number): number => chargeFill(fees, null, qty, 'taker', tab).feeMicros;
    expect([charge(1), charge(1), charge(1), charge(1)]).toEqual([1_200_000, 0, 300_000, 500_000]);
  });

  it('round each fill, or the order, half to even', () => {
    const fees = entry({ commissionMicros: 2_125_000, exchangeMicros: 0 });
    const charges = (per: 'fill' | 'order'): number[] => {
      const tab = new FeeTab();
      const rounding = { per, unitMicros: 10_000 };
      return [1, 1, 1].map((qty) => chargeFill(fees, rounding, qty, 'taker', tab).feeMicros);
    };
    expect(charges('fill')).toEqual([2_120_000, 2_120_000, 2_120_000]);
    expect(charges('order')).toEqual([2_120_000, 2_130_000, 2_130_000]);
  });

  it('tell makers from takers, and take neither for an auction', () => {
    const fees = entry({
      makerMicros: -200_000,
      takerMicros: 300_000,
      clearingMicros: 40_000,
      regulatoryMicros: 20_000,
    });
    const charge = (role: 'maker' | 'taker' | 'unknown'): number =>
      chargeFill(fees, null, 10, role, new FeeTab()).feeMicros / 10;
    expect(charge('maker')).toBe(500_000 - 200_000 + 60_000);
    expect(charge('taker')).toBe(500_000 + 300_000 + 60_000);
    expect(charge('unknown')).toBe(500_000 + 1_000_000 + 60_000);
  });

  it('are those of their date, and none before the first', () => {
    const rows = [entry({ from: 10 as TradeDate }), entry({ from: 20 as TradeDate })];
    expect(feeEntryOn(rows, 9 as TradeDate)).toBeNull();
    expect(feeEntryOn(rows, 19 as TradeDate)).toBe(rows[0]);
    expect(feeEntryOn(rows, 20 as TradeDate)).toBe(rows[1]);
  });

  it('name what is wrong with a schedule', () => {
    expect(feeProblem([])).toBe('there is no entry');
    expect(feeProblem([entry({ clearingMicros: 0.5 })])).toContain('not a whole number');
    expect(feeProblem([entry(), entry()])).toContain('does not start later');
    expect(feeProblem([entry()])).toBeNull();
  });
});
