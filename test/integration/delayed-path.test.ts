/** Engine and a delayed bar exchange together: a run whose messages take a bar, rolls and expiries included. */
import { describe, expect, it } from 'vitest';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { RollPart, RollRecord } from '../../src/core/roll.ts';
import type { PriceTicks, TradeDate, TsUs } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import type { BarRow, World, WorldOptions } from '../support/engine-world.ts';
import { at, DAY0, makeWorld } from '../support/engine-world.ts';

const t = (ticks: number): PriceTicks => ticks as PriceTicks;

/** Hourly bars of day 0 and on, six a day: `o/h/l/c` each. */
function bars(...rows: string[]): BarRow[] {
  return rows.map((row, i) => {
    const [o, h, l, c] = row.split('/').map(Number) as [number, number, number, number];
    return [at(Math.floor(i / 6), 11 + (i % 6)), o, h, l, c];
  });
}

function run(
  options: Omit<WorldOptions, 'strategy'>,
  strategy: Strategy,
  delayBars: number = 1,
  parts: readonly RollPart[] = [],
): World {
  const world = makeWorld({ ...options, strategy });
  if (parts.length > 0) {
    const rolls = world.config.chains[0]!.schedule.rolls as RollRecord[];
    rolls[0] = { ...rolls[0], parts, effectiveUs: parts.at(-1)!.atUs } as RollRecord;
  }
  const { table } = world.config;
  const random = createRandom(1);
  const venue = createBarExchange({ table, random, participation: Infinity, delayBars });
  const result = runEngine({ ...world.config, venue });
  expect(result.error).toBe(null);
  return world;
}

/** Calls `act` on the n-th bar of the series. */
function onBar(acts: Readonly<Record<number, (ctx: StrategyContext) => void>>): Strategy {
  let n = 0;
  return {
    onBar(_bar, ctx): void {
      acts[n]?.(ctx);
      n += 1;
    },
  };
}

const fillsOf = (world: World): string[] =>
  world.recorder.fills.map((f) => `${f.contract} ${f.side * f.qty} @ ${f.priceTicks}`);
const issuesOf = (world: World): string[] => world.recorder.issues.map((issue) => issue.code);

const buy = (ctx: StrategyContext): void =>
  void ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'market' });
const bracket = (ctx: StrategyContext, qty = 1): ReturnType<StrategyContext['bracket']> =>
  ctx.bracket({
    contract: ctx.contract('ES'),
    side: 1,
    qty,
    type: 'market',
    stop: { at: { offsetTicks: 10 } },
    targets: [{ at: { offsetTicks: 40 } }],
  });

const rising = bars('100/101/99/100', '102/103/101/102', '104/105/103/104', '106/107/105/106');

it('a market order decided at the close of a bar fills at the open of the one after the next', () => {
  expect(fillsOf(run({ front: rising }, onBar({ 0: buy }), 0))).toEqual(['ESH2024 1 @ 102']);
  expect(fillsOf(run({ front: rising }, onBar({ 0: buy }), 1))).toEqual(['ESH2024 1 @ 104']);
});

it('a target position counts what is on the way: it is not sent twice', () => {
  const strategy: Strategy = {
    onBar: (_bar, ctx) => void ctx.targetPosition(ctx.contract('ES'), 1),
  };
  expect(fillsOf(run({ front: rising }, strategy))).toEqual(['ESH2024 1 @ 104']);
});

it('a strategy that reads only its position sends twice, as it would on any line that takes time', () => {
  const strategy: Strategy = {
    onBar: (_bar, ctx) => (ctx.netQty('ES') === 0 ? buy(ctx) : undefined),
  };
  expect(fillsOf(run({ front: rising }, strategy, 0))).toHaveLength(1);
  expect(fillsOf(run({ front: rising }, strategy, 1))).toHaveLength(2);
});

describe('at a roll', () => {
  /** Flat until the roll; then every bar has a price of its own, which tells when a leg filled. */
  const flat = (price: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => {
      const p = price + Math.max(0, i - 3);
      return `${p}/${p}/${p}/${p}`;
    });
  const roll = { us: at(0, 14), fromPrice: 100, toPrice: 150 };
  const world = (strategy: Strategy, delayBars: number): World =>
    run(
      { front: bars(...flat(100, 12)), next: bars(...flat(150, 12)), roll, days: 2 },
      strategy,
      delayBars,
    );

  it('the position and its exits move when they would without a delay', () => {
    const moves = (delayBars: number): string[] => fillsOf(world(onBar({ 0: bracket }), delayBars));
    expect(moves(0)).toEqual(['ESH2024 1 @ 100', 'ESH2024 -1 @ 101', 'ESM2024 1 @ 151']);
    expect(moves(1)).toEqual(moves(0));
    const late = world(onBar({ 0: bracket }), 1);
    expect(issuesOf(late)).toEqual([]);
    expect(late.recorder.rolls).toMatchObject([{ netQty: 1, ordersRecreated: 2, policy: 'roll' }]);
  });

  it('a change of a stop that is on the way is part of what moves', () => {
    let stop = '';
    const strategy = (): Strategy =>
      onBar({
        0: (ctx) => void (stop = bracket(ctx).stop!),
        // The bar of the roll: the change has not reached the venue when the exits are read.
        3: (ctx) => ctx.modify(stop as never, { stopTicks: t(97) }),
        // Then every working order is listed once, on the new contract.
        6: (ctx) => {
          const open = ctx.openOrders().map((o) => `${o.contract} ${o.role} ${o.stopTicks}`);
          expect(open).toEqual(['ESM2024 stop 147', 'ESM2024 target null']);
        },
      });
    const late = world(strategy(), 1);
    expect(late.recorder.rolls[0]!.ordersRecreated).toBe(2);
  });

  it('a roll in parts moves each share when it would without a delay, and cuts the exits at once', () => {
    const part = (us: TsUs, share: number): RollPart => ({
      atUs: us,
      tradeDate: DAY0 as TradeDate,
      share,
      of: 2,
      fromPrice: 100,
      toPrice: 150,
      isInferred: false,
    });
    const moves = (delayBars: number): { fills: string[]; exits: string[] } => {
      let exits: string[] = [];
      const strategy: Strategy = {
        ...onBar({
          0: (ctx) => {
            bracket(ctx, 2);
            // A second after the first share moved, before any bar could end.
            ctx.setTimer('look', (at(0, 14) + 1_000_000) as TsUs);
          },
        }),
        onTimer: (_name, ctx) =>
          void (exits = ctx.openOrders().map((o) => `${o.contract} ${o.role} ${o.orderQty}`)),
      };
      const options = { front: bars(...flat(100, 12)), next: bars(...flat(150, 12)), days: 2 };
      const late = run({ ...options, roll }, strategy, delayBars, [
        part(at(0, 14), 1),
        part(at(0, 16), 1),
      ]);
      return { fills: fillsOf(late), exits };
    };
    const plain = moves(0);
    expect(plain.fills).toHaveLength(5);
    expect(plain.exits).toContain('ESH2024 stop 1');
    expect(moves(1)).toEqual(plain);
  });

  it('an order of the strategy that is on the way to the old contract ends there', () => {
    const late = world(onBar({ 3: buy }), 1);
    expect(fillsOf(late)).toEqual([]);
    expect(late.recorder.events).toEqual([
      'Submitted O-000001',
      'Accepted O-000001',
      'CancelRequested O-000001 roll',
      'Canceled O-000001 requested',
    ]);
  });
});

it('an order that is on the way to a contract when it expires is refused, not lost', () => {
  const strategy = onBar({ 1: buy });
  const late = run({ front: rising, frontExpiryUs: at(0, 12, 30) }, strategy);
  expect(fillsOf(late)).toEqual([]);
  expect(late.recorder.events).toEqual([
    'Submitted O-000001',
    'Rejected O-000001 contract-expired',
  ]);
});
