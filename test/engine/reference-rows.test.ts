/** Rows of the reference tables that need the engine around the bar venue: flags, sizes, the end of a run, rolls, trade dates. */
import { describe, expect, it } from 'vitest';
import { ContractTable } from '../../src/core/instrument.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { Portfolio } from '../../src/engine/portfolio.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { tell } from '../support/account-world.ts';
import { at, contract, hourly, makeWorld, product } from '../support/engine-world.ts';
import type { WorldOptions } from '../support/engine-world.ts';

/** Runs a world against the bar venue; a bar holds 100 contracts, of which a tenth may be ours. */
function onBars(options: Omit<WorldOptions, 'strategy'>, strategy: Strategy) {
  const base = makeWorld({ ...options, strategy });
  const { table } = base.config;
  const venue = createBarExchange({ table, random: createRandom(1) });
  const result = runEngine({ ...base.config, venue });
  return { ...base, result };
}

describe('rows of brackets on bars', () => {
  it('K24 exits that wait for the whole entry leave a partial fill bare, and the run says so', () => {
    const entryOf = (release: 'partial' | 'full') => {
      let bar = 0;
      return onBars(
        { front: hourly(0, [100, 90, 80, 80, 80]), days: 1 },
        {
          onBar(_, ctx: StrategyContext) {
            bar += 1;
            if (bar !== 1) return;
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              qty: 15 as Qty,
              type: 'limit',
              limitTicks: 95 as PriceTicks,
              timeInForce: 'gtc',
              stop: { at: { ticks: 85 as PriceTicks } },
              targets: [{ at: { ticks: 200 as PriceTicks } }],
              release,
            });
          },
        },
      );
    };
    const full = entryOf('full');
    // Ten of fifteen; the next bar passes the stop of those and brings the other five.
    expect(full.recorder.fills[0]).toMatchObject({ qty: 10, priceTicks: 95 });
    expect(full.recorder.issues.map(({ code }) => code)).toContain('E_POSITION_UNPROTECTED');
    const partial = entryOf('partial');
    expect(partial.recorder.issues).toEqual([]);
    expect(partial.recorder.fills.some((fill) => fill.role === 'stop')).toBe(true);
  });

  it('K31 an exit goes before the entry of the same close, which is sized on what the account is worth without it', () => {
    const equity: number[] = [];
    const { world } = tell({
      days: ['4000 4000 4020 4020 4020'],
      orders: { 'd0 11:00': 'buy 1', 'd0 13:00': 'sell 1, sell 2' },
      look: (ctx, when) => {
        if (when === 'd0 13:00' || when === 'd0 14:00') equity.push(ctx.account.equityMicros / 1e6);
      },
    });
    expect(world.recorder.fills.map(({ side, qty }) => side * qty)).toEqual([1, -1, -2]);
    // The open result is in it already: at the price of the exit nothing is added by closing.
    expect(equity).toEqual([101_000, 101_000]);
  });

  it('K32 a position at the end of the data stays open, marked at the last close, and its trade says so', () => {
    const { lines, world, finalEquity } = tell({
      days: ['4000 4000 4020/4030/4000/4010'],
      orders: { 'd0 11:00': 'buy 1' },
    });
    expect(lines.filter((line) => line.includes('sell'))).toEqual([]);
    expect(world.recorder.trades).toHaveLength(1);
    expect(world.recorder.trades[0]).toMatchObject({ isOpen: true, exitPrice: 4010 });
    expect(finalEquity).toBe(100_500);
  });
});

describe('rows of money on bars', () => {
  it.each(['none', 'back-difference', 'back-ratio'] as const)(
    'M13 a roll fills at the prices of its contracts, whatever the series is adjusted by: %s',
    (adjust) => {
      const seen: number[] = [];
      let bar = 0;
      const { recorder } = onBars(
        {
          front: hourly(0, [100, 100, 100, 100]),
          next: hourly(0, [120, 120, 120, 120, 124, 124]),
          roll: { us: at(0, 14), fromPrice: 100, toPrice: 120 },
          days: 1,
          positionsOnRoll: 'roll',
          adjust,
        },
        {
          onBar(_, ctx) {
            bar += 1;
            if (bar === 1)
              ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1 as Qty, type: 'market' });
            const series = ctx.series('main');
            if (bar === 5)
              for (let i = series.length - 1; i >= 0; i -= 1) seen.push(series.close(i));
          },
        },
      );
      const legs = recorder.fills.map((fill) => `${fill.contract} ${fill.side} ${fill.priceTicks}`);
      expect(legs[0]).toBe('ESH2024 1 100');
      expect(legs.every((leg) => / (100|120|124)$/.test(leg))).toBe(true);
      expect(
        recorder.fills.filter((fill) => fill.contract === 'ESM2024')[0]!.priceTicks,
      ).toBeGreaterThanOrEqual(120);
      // Only what the strategy reads is moved: 100 as 25.00, or as 30.00 beside the new contract.
      expect(seen[0]).toBe(adjust === 'none' ? 25 : 30);
    },
  );

  it('margins each product by the level of its own trade date', () => {
    const table = new ContractTable(
      [product('ES'), product('FX')],
      [contract('ES', 3, at(100, 12)), contract('FX', 3, at(100, 12))],
    );
    const level = (_: number, date: TradeDate): CashMicros =>
      (date < 20_001 ? 1e9 : 5e9) as CashMicros;
    const portfolio = new Portfolio({
      table,
      rates: { base: 'USD', rate: () => 1 },
      margin: { initialMicros: level, maintenanceMicros: level },
      capitalMicros: 1e12 as CashMicros,
    });
    for (const c of [0, 1]) portfolio.applyFill(c, 1, 1000 as PriceTicks, 0 as CashMicros);
    // One exchange has opened for the next date already.
    const dateOf = (c: number): TradeDate => (20_000 + c) as TradeDate;
    expect(portfolio.marginMicros('maintenance', dateOf)).toBe(6e9);
    expect(portfolio.marginMicros('maintenance', 20_000 as TradeDate)).toBe(2e9);
  });
});
