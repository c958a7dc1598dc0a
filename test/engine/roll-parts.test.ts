/** A position that follows its chain in parts: whole contracts at each close, exits with them, and the profit of the average gap. */
import { describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { RollPart, RollSchedule } from '../../src/core/roll.ts';
import { gapOf } from '../../src/core/roll.ts';
import type { Strategy } from '../../src/core/strategy.ts';
import type { PriceTicks, TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import type { World, WorldOptions } from '../support/engine-world.ts';
import { hourly, makeWorld } from '../support/engine-world.ts';

/** Old and new contract over three days; the new one stands 20, 24 and 22 ticks above at the three closes of the parts. */
const OLD = [100, 101, 102, 103, 104, 105];
const GAPS = [20, 24, 22];
const front = [...hourly(0, OLD), ...hourly(1, [110, 112, 114, 116, 118, 120])];
const next = [
  ...hourly(
    0,
    OLD.map((price) => price + 20),
  ),
  ...hourly(1, [130, 136, 136, 140, 141, 142]),
];
/** The first three closes of day 1: old 110, 112, 114; new 130, 136, 136. */
const parts: RollPart[] = [0, 1, 2].map((k) => ({
  atUs: front[6 + k]![0] as TsUs,
  tradeDate: Math.floor(front[6 + k]![0] / US_PER_DAY) as TradeDate,
  share: 1,
  of: 3,
  fromPrice: front[6 + k]![4],
  toPrice: next[6 + k]![4],
  isInferred: false,
}));

function worldOf(
  strategy: Strategy,
  more: Partial<WorldOptions> = {},
  change: (schedule: RollSchedule) => RollSchedule = (schedule) => schedule,
): World {
  const last = parts[2]!;
  const options: WorldOptions = {
    front,
    next,
    roll: { us: last.atUs, fromPrice: last.fromPrice, toPrice: last.toPrice },
    days: 2,
    strategy,
    ...more,
  };
  const plain = makeWorld(options);
  const { root, schedule } = plain.config.chains[0]!;
  const rolls = schedule.rolls.map((roll) => ({ ...roll, parts }));
  const chains = [{ root, schedule: change({ ...schedule, rolls }) }];
  const world = makeWorld({ ...options, overrides: { ...options.overrides, chains } });
  const result = runEngine(world.config);
  if (result.error !== null) throw result.error.cause;
  return world;
}

/** Buys at the first bar of day 0 and keeps it. */
function holds(qty: number): Strategy {
  let isSent = false;
  return {
    onBar(_bar, ctx): void {
      if (isSent) return;
      isSent = true;
      ctx.submit({
        type: 'market',
        contract: ctx.contract('ES'),
        side: Side.Buy,
        qty,
        timeInForce: 'gtc',
      });
    },
  };
}

const moves = (world: World): [string, number][] =>
  world.recorder.fills
    .filter((fill) => fill.tag === 'roll')
    .map((fill) => [fill.contract === world.front ? 'old' : 'new', fill.side * fill.qty]);

describe('a position that rolls in parts', () => {
  it('moves whole contracts, a share of what is left each time, and all of it in the end', () => {
    expect(moves(worldOf(holds(3)))).toEqual([
      ['old', -1],
      ['new', 1],
      ['old', -1],
      ['new', 1],
      ['old', -1],
      ['new', 1],
    ]);
    // A single contract cannot be split: half of it and more counts as one.
    expect(moves(worldOf(holds(1)))).toEqual([
      ['old', -1],
      ['new', 1],
    ]);
    expect(moves(worldOf(holds(7))).map(([, qty]) => qty)).toEqual([-2, 2, -3, 3, -2, 2]);
  });

  it('is one roll in the record, with the costs of all its fills', () => {
    const { recorder } = worldOf(holds(3), { feeMicros: 1_000_000 });
    expect(recorder.rolls).toMatchObject([{ netQty: 3, policy: 'roll', costMicros: 6_000_000 }]);
    expect(recorder.trades).toMatchObject([{ rolls: 1, isOpen: true }]);
  });

  it('earns the change of the contracts less the average gap, filled at the prices of its parts', () => {
    const world = worldOf(holds(3), { overrides: { rollFills: 'record' } });
    const entry = world.recorder.fills[0]!.priceTicks;
    const end = next.at(-1)![4];
    const gap = gapOf({ fromPrice: 0, toPrice: 0, parts });
    expect(gap).toBe((GAPS[0]! + GAPS[1]! + GAPS[2]!) / 3);
    // 12.50 a tick, three contracts.
    expect(world.recorder.trades[0]!.grossMicros).toBe((end - entry - gap) * 3 * 12_500_000);
  });

  it('stays on the old contract until the last part, and moves levels by the average gap then', () => {
    const seen: string[] = [];
    let shift = NaN;
    const inner = holds(3);
    worldOf({
      onBar(bar, ctx): void {
        inner.onBar?.(bar, ctx);
        seen.push(ctx.contract('ES').slice(2, 3));
      },
      onRoll(event): void {
        shift = event.shift;
      },
    });
    expect(seen.join('')).toBe('HHHHHHHHHMMM');
    expect(shift).toBe(22 * 0.25);
  });

  it('keeps every contract protected: exits shrink on the old side and move by their own gap', () => {
    let isSent = false;
    const stops: string[] = [];
    worldOf({
      onBar(_bar, ctx): void {
        if (!isSent) {
          isSent = true;
          ctx.bracket({
            contract: ctx.contract('ES'),
            side: Side.Buy,
            qty: 3,
            type: 'market',
            timeInForce: 'gtc',
            stop: { at: { offsetTicks: 60 } },
            targets: [{ at: { offsetTicks: 200 } }],
          });
          return;
        }
        const open = ctx.openOrders().filter((order) => order.role === 'stop');
        const text = open.map(
          (order) => `${order.contract.slice(2, 3)}${order.leavesQty}@${order.stopTicks}`,
        );
        stops.push(text.toSorted().join(' '));
      },
    });
    // Entry at 100, stop 60 below; the gaps of the parts are 20, 24 and 22.
    expect([...new Set(stops)]).toEqual([
      'H3@40',
      'H2@40 M1@60',
      'H1@40 M1@60 M1@64',
      'M1@60 M1@62 M1@64',
    ]);
  });

  it.each([
    [
      'says so where a stop was sent while a share was on its way',
      true,
      ['E_POSITION_UNPROTECTED'],
    ],
    ['says nothing where each share had arrived by then', false, []],
  ])('%s', (_, isThin, issues) => {
    const inner = holds(3);
    let isSent = false;
    const strategy: Strategy = {
      onBar: inner.onBar!,
      onFill(fill, ctx): void {
        if (isSent || fill.tag !== 'roll' || fill.side !== Side.Buy) return;
        isSent = true;
        ctx.submit({
          contract: ctx.contract('ES'),
          side: Side.Sell,
          qty: ctx.position(ctx.contract('ES')).netQty,
          type: 'stop',
          stopTicks: 40 as PriceTicks,
          timeInForce: 'gtc',
        });
      },
    };
    // Without its bar at 12:00 the old contract has not closed the first share when the second is decided.
    const rows = isThin ? front.filter((row) => row[0] !== front[7]![0]) : front;
    const { recorder } = worldOf(strategy, { front: rows });
    expect(isSent).toBe(true);
    expect(recorder.issues.map((issue) => issue.code)).toEqual(issues);
  });

  it('begun at the end of the data is moved as far as it has come', () => {
    const cut = worldOf(holds(3), {}, (schedule) => {
      const { from, to, fromIndex, toIndex } = schedule.rolls[0]!;
      const underway = { from, to, fromIndex, toIndex, parts: parts.slice(0, 2) };
      return { ...schedule, held: schedule.held.slice(0, 1), rolls: [], underway };
    });
    expect(moves(cut)).toEqual(moves(worldOf(holds(3))).slice(0, 4));
    expect(cut.recorder.rolls).toEqual([]);
  });

  it('is left to the strategy under manual, and closed at the last part under flatten', () => {
    expect(moves(worldOf(holds(3), { positionsOnRoll: 'manual' }))).toEqual([]);
    expect(moves(worldOf(holds(3), { positionsOnRoll: 'flatten' }))).toEqual([['old', -3]]);
  });
});
