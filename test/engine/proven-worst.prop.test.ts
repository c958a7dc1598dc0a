/**
 * What bars prove about equity inside them: paths of several contracts are drawn step by step, their bars are shown to the day
 * book, and the worst equity that it claims must have come about on the path.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractTable } from '../../src/core/instrument.ts';
import type { CashMicros, PriceTicks, TradeDate } from '../../src/core/units.ts';
import { DayBook } from '../../src/engine/day-book.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { Portfolio } from '../../src/engine/portfolio.ts';
import { at, contract, product, TestRecorder } from '../support/engine-world.ts';

const MONTHS = [3, 6, 9];
const table = new ContractTable(
  [product()],
  MONTHS.map((month) => contract('ES', month, at(100, 12))),
);
/** A tick of one contract. */
const TICK = 12.5e6;

interface Claim {
  readonly claimed: number;
  readonly lowest: number;
  readonly atClose: number;
}

/** `steps[k][c]`: change of contract c at step k, null where it does not trade. `opens[c]`: start of its bar. */
function claimOf(
  nets: readonly number[],
  steps: readonly (readonly (number | null)[])[],
  opens: readonly number[] = [0, 0, 0],
): Claim {
  const portfolio = new Portfolio({
    table,
    rates: { base: 'USD', rate: () => 1 },
    margin: { initialMicros: () => 0 as CashMicros, maintenanceMicros: () => 0 as CashMicros },
    capitalMicros: 1e12 as CashMicros,
  });
  for (const [c, net] of nets.entries())
    if (net !== 0) portfolio.applyFill(c, net, 1000 as PriceTicks, 0 as CashMicros);
  const book = new DayBook({
    table,
    portfolio,
    recorder: new TestRecorder(),
    journal: new MemoryJournal(),
    closes: new Map([[20_000 as TradeDate, at(0, 16)]]),
  });
  const prices = nets.map(() => 1000);
  const bars = nets.map(() => ({ high: -Infinity, low: Infinity, hasTraded: false }));
  const equityOf = (): number =>
    1e12 + nets.reduce((sum, net, c) => sum + net * (prices[c]! - 1000) * TICK, 0);
  let lowest = Infinity;
  for (const step of steps) {
    for (const [c, change] of step.entries()) {
      if (change === null) continue;
      prices[c]! += change;
      const bar = bars[c]!;
      bar.high = Math.max(bar.high, prices[c]!);
      bar.low = Math.min(bar.low, prices[c]!);
      bar.hasTraded = true;
      lowest = Math.min(lowest, equityOf());
    }
  }
  book.guardMicros = Infinity;
  for (const [c, bar] of bars.entries()) {
    if (!bar.hasTraded || nets[c] === 0) continue;
    const moved = portfolio.moveMicros(c, prices[c]!);
    book.onMove(moved);
    portfolio.lastTicks[c] = prices[c]!;
    book.onBar(c, bar.high, bar.low, opens[c]!, moved);
  }
  book.endMoment();
  return { claimed: book.takeWorst(), lowest: Math.min(lowest, equityOf()), atClose: equityOf() };
}

const net = fc.integer({ min: -3, max: 3 });
const change = fc.option(fc.integer({ min: -4, max: 4 }), { nil: null, freq: 3 });
const path = fc.array(fc.tuple(change, change, change), { maxLength: 6 });

describe('the worst equity inside bars', () => {
  it('of one contract is that of its worst price', () => {
    fc.assert(
      fc.property(net, path, (held, steps) => {
        const own = steps.map(([first]) => [first, null, null]);
        const { claimed, lowest } = claimOf([held, 0, 0], own);
        expect(claimed).toBe(held === 0 ? 1e12 : lowest);
      }),
    );
  });

  it('of several is never lower than the path was, and never above the close', () => {
    fc.assert(
      fc.property(fc.tuple(net, net, net), path, (nets, steps) => {
        const { claimed, lowest, atClose } = claimOf(nets, steps);
        expect(claimed).toBeGreaterThanOrEqual(lowest);
        expect(claimed).toBeLessThanOrEqual(atClose);
      }),
      { numRuns: 500 },
    );
  });

  it('of two that fall together is below the close that they recovered to', () => {
    // Both lose 4 ticks and come back: at its low each was with the other at 1000 at best.
    const { claimed, atClose } = claimOf(
      [1, 1, 0],
      [
        [-4, -4, null],
        [4, 4, null],
      ],
    );
    expect([claimed, atClose]).toEqual([1e12 - 4 * TICK, 1e12]);
  });

  it('of bars of other spans is that of the close: nothing says where the one stood at the low of the other', () => {
    const steps = [
      [-4, -4, null],
      [4, 4, null],
    ];
    expect(claimOf([1, 1, 0], steps, [0, 30, 0]).claimed).toBe(1e12);
  });
});
