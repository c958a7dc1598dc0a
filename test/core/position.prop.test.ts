import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Position } from '../../src/core/position.ts';
import type { CashMicros, PriceTicks } from '../../src/core/units.ts';
import type { InstrumentSpec } from '../../src/core/instrument.ts';

const spec = { countValue: { num: 12_500_000, den: 1 } } as unknown as InstrumentSpec;
const fills = fc.array(
  fc.record({
    qty: fc.integer({ min: -9, max: 9 }).filter((n) => n !== 0),
    price: fc.integer({ min: -4000, max: 4000 }),
  }),
  { maxLength: 60 },
);
const NO_FEE = 0 as CashMicros;

describe('positions', () => {
  it('realised and unrealised together are the cash of the fills, to the last millionth when flat', () => {
    fc.assert(
      fc.property(fills, fc.integer({ min: -4000, max: 4000 }), (list, last) => {
        const position = new Position(spec);
        let cash = 0;
        let net = 0;
        for (const { qty, price } of list) {
          position.applyFill(qty, price as PriceTicks, NO_FEE);
          cash -= qty * price * 12_500_000;
          net += qty;
          expect(position.netQty).toBe(net);
        }
        if (net !== 0) position.applyFill(-net, last as PriceTicks, NO_FEE);
        cash += net * last * 12_500_000;
        expect(position.realisedMicros).toBe(cash + 0);
        expect(position.unrealisedMicros()).toBe(0);
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it('splits a fill through zero into a close and an open at one price', () => {
    const position = new Position(spec);
    position.applyFill(1, 16_000 as PriceTicks, NO_FEE);
    expect(position.applyFill(-3, 16_032 as PriceTicks, NO_FEE)).toBe(400_000_000);
    expect(position.netQty).toBe(-2);
    expect(position.avgPriceTicks()).toBe(16_032);
  });

  it('keeps negative prices right', () => {
    const position = new Position({
      countValue: { num: 10_000_000, den: 1 },
    } as unknown as InstrumentSpec);
    position.applyFill(1, -3763 as PriceTicks, NO_FEE);
    expect(position.applyFill(-1, 1001 as PriceTicks, NO_FEE)).toBe(47_640_000_000);
  });
});
