import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LotQueue } from '../../../src/core/money/lots.ts';

/** The obvious twin: one entry a contract. */
class NaiveLots {
  contracts: { price: number; ref: number }[] = [];
  sign: number = 0;

  apply(signedQty: number, price: number): void {
    for (let i = 0; i < Math.abs(signedQty); i += 1) {
      const side = Math.sign(signedQty);
      if (this.contracts.length > 0 && this.sign !== side) this.contracts.shift();
      else {
        this.sign = side;
        this.contracts.push({ price, ref: price });
      }
    }
  }

  settle(ref: number): void {
    for (const one of this.contracts) one.ref = ref;
  }
}

const step = fc.oneof(
  fc.record({
    qty: fc.integer({ min: -12, max: 12 }).filter((qty) => qty !== 0),
    price: fc.integer({ min: -5000, max: 5000 }),
  }),
  fc.record({ settle: fc.integer({ min: -5000, max: 5000 }) }),
);

describe('lots, first in first out', () => {
  it('are what counting contract by contract says, whatever is traded and settled', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const lots = new LotQueue();
        const naive = new NaiveLots();
        for (const one of steps) {
          if ('settle' in one) {
            lots.settle(one.settle);
            naive.settle(one.settle);
          } else {
            lots.apply(one.qty, one.price);
            naive.apply(one.qty, one.price);
          }
          const sign = naive.contracts.length === 0 ? 0 : naive.sign;
          const sum = (key: 'price' | 'ref'): number =>
            naive.contracts.reduce((total, contract) => total + sign * contract[key], 0);
          expect(lots.costCounts).toBe(sum('price'));
          expect(lots.refCounts).toBe(sum('ref'));
          const open = lots.lots();
          expect(open.reduce((total, lot) => total + lot.netQty, 0)).toBe(
            sign * naive.contracts.length,
          );
          expect(
            open.flatMap((lot) =>
              Array.from({ length: Math.abs(lot.netQty) }, () => lot.priceTicks),
            ),
          ).toEqual(naive.contracts.map((contract) => contract.price));
        }
      }),
      { seed: 3, numRuns: Number(process.env['FRONTMONTH_MONEY_RUNS'] ?? 300) },
    );
  });

  it('close the oldest and leave the newer ones', () => {
    const lots = new LotQueue();
    lots.apply(2, 100);
    lots.apply(1, 110);
    lots.apply(-2, 120);
    expect(lots.lots()).toEqual([{ netQty: 1, priceTicks: 110, refTicks: 110 }]);
    lots.apply(-3, 105);
    expect(lots.lots()).toEqual([{ netQty: -2, priceTicks: 105, refTicks: 105 }]);
  });
});
