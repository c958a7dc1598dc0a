import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractsToClose } from '../../../src/core/money/liquidation.ts';
import type { ScanRules } from '../../../src/core/money/scan-margin.ts';
import { scanMargin, scanProblem } from '../../../src/core/money/scan-margin.ts';

const rules: ScanRules = {
  products: [
    { root: 'ES', rangeMicros: 12_000e6, interMonthMicros: 500e6 },
    { root: 'NQ', rangeMicros: 18_000e6, interMonthMicros: 800e6 },
  ],
  credits: [
    {
      legs: [
        { root: 'ES', ratio: 3 },
        { root: 'NQ', ratio: 2 },
      ],
      creditPct: 50,
    },
  ],
  initialFactor: 1.1,
};
const net = (long: number, short: number, rate: number = 1) => ({ long, short, rate });

describe('margin by price scan', () => {
  it('asks for the worst move of the net position, not for each side of a hedge', () => {
    const outright = scanMargin(rules, [net(2, 0), net(0, 0)]);
    expect(outright.maintenanceMicros).toBe(24_000e6);
    expect(outright.initialMicros).toBeCloseTo(26_400e6, 3);
    const spread = scanMargin(rules, [net(2, 2), net(0, 0)]);
    expect(spread).toMatchObject({ scanMicros: 0, interMonthMicros: 1_000e6 });
  });

  it('credits products on opposite sides by the ratio, and not those on the same side', () => {
    const hedge = scanMargin(rules, [net(3, 0), net(0, 4)]);
    // 3 ES against 2 of the 4 NQ: half of 36000 and of 36000.
    expect(hedge).toMatchObject({ scanMicros: 108_000e6, creditMicros: 36_000e6 });
    expect(scanMargin(rules, [net(3, 0), net(4, 0)]).creditMicros).toBe(0);
  });

  it('is even, never negative, and never more than the products one by one', () => {
    const qty = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(qty, qty, qty, qty, (a, b, c, d) => {
        const one = scanMargin(rules, [net(a, b), net(c, d)]).maintenanceMicros;
        const mirrored = scanMargin(rules, [net(b, a), net(d, c)]).maintenanceMicros;
        const alone =
          scanMargin(rules, [net(a, b), net(0, 0)]).maintenanceMicros +
          scanMargin(rules, [net(0, 0), net(c, d)]).maintenanceMicros;
        expect(one).toBeCloseTo(mirrored, 3);
        expect(one).toBeGreaterThanOrEqual(0);
        expect(one).toBeLessThanOrEqual(alone + 1);
      }),
      { seed: 8, numRuns: 300 },
    );
  });

  it('names rules that contradict each other', () => {
    expect(scanProblem(rules)).toBeNull();
    expect(scanProblem({ ...rules, products: [rules.products[0]!] })).toContain('NQ');
    expect(scanProblem({ ...rules, initialFactor: 0.9 })).toContain('initialFactor');
  });
});

describe('what a margin call closes', () => {
  it('is the largest maintenance first, then the lower rank, and as little as will do', () => {
    const held = [
      { contractIndex: 4, rank: 1, netQty: 2, maintenanceMicros: 10 },
      { contractIndex: 5, rank: 0, netQty: -2, maintenanceMicros: 10 },
      { contractIndex: 6, rank: 2, netQty: 3, maintenanceMicros: 30 },
    ];
    const each = [5, 5, 10];
    const need = (left: readonly number[]): number =>
      left.reduce((sum, qty, i) => sum + Math.abs(qty) * each[i]!, 0);
    expect(contractsToClose(held, 50, 0, need)).toEqual([]);
    expect(contractsToClose(held, 49, 0, need)).toEqual([{ contractIndex: 6, qty: 1 }]);
    expect(contractsToClose(held, 12, 0, need)).toEqual([
      { contractIndex: 6, qty: 3 },
      { contractIndex: 5, qty: 2 },
    ]);
    expect(contractsToClose(held, 40, 0.25, need)).toEqual([{ contractIndex: 6, qty: 2 }]);
    expect(contractsToClose(held, -1, 0, need).map((step) => step.qty)).toEqual([3, 2, 2]);
  });

  it('always satisfies the call or closes everything, and would not with one contract less', () => {
    const position = fc.record({
      netQty: fc.integer({ min: -9, max: 9 }).filter((qty) => qty !== 0),
      each: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.array(position, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: -50, max: 2000 }),
        (positions, equity) => {
          const held = positions.map(({ netQty, each }, i) => ({
            contractIndex: i,
            rank: i,
            netQty,
            maintenanceMicros: Math.abs(netQty) * each,
          }));
          const need = (left: readonly number[]): number =>
            left.reduce((sum, qty, i) => sum + Math.abs(qty) * positions[i]!.each, 0);
          const steps = contractsToClose(held, equity, 0, need);
          const left = held.map((one) => {
            const closed = steps.find((step) => step.contractIndex === one.contractIndex)?.qty ?? 0;
            return Math.abs(one.netQty) - closed;
          });
          expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
          expect(equity >= need(left) || left.every((qty) => qty === 0)).toBe(true);
          const last = steps.at(-1);
          if (last === undefined) return;
          left[last.contractIndex]! += 1;
          expect(equity).toBeLessThan(need(left));
        },
      ),
      { seed: 9, numRuns: 300 },
    );
  });
});
