/**
 * The engine advanced by events: whatever pieces the data come in, and however often it is asked to advance, the event log
 * is that of the backtest, byte for byte.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Side } from '../../../src/core/order.ts';
import type { Strategy } from '../../../src/core/strategy.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { TS_MAX } from '../../../src/core/units.ts';
import { Engine, runEngine } from '../../../src/engine/engine.ts';
import { PushBars, PushTrades } from '../../../src/engine/live/push-feeds.ts';
import { columns, at, hourly, makeWorld } from '../../support/engine-world.ts';
import { ACTIONS, Draws, runFuzz } from '../../support/fuzz-world.ts';
import { runInSteps } from '../../support/stepped.ts';
import type { Tick } from '../../support/tick-world.ts';
import { level, quote, runTicks, T0, trade } from '../../support/tick-world.ts';

vi.setConfig({ testTimeout: 120_000 });

function timesOf(lines: readonly string[]): number[] {
  return lines.map((line) => (JSON.parse(line) as { tsUs: number }).tsUs);
}

function intOf(seed: number): (from: number, to: number) => number {
  const draws = new Draws(seed, 77);
  return (from, to) => draws.int(from, to);
}

/** A busy tape of one product: quotes, trades and levels, several of them at one instant. */
function tape(seed: number): Tick[] {
  const draws = new Draws(seed, 3);
  const ticks: Tick[] = [];
  let price = 100;
  for (let ms = 0; ms < 4000; ms += draws.pick([0, 0, 1, 7, 40])) {
    price += draws.int(-1, 1);
    const kind = draws.int(0, 3);
    if (kind < 2) ticks.push(quote(ms, price - 1, draws.int(1, 9), price + 1, draws.int(1, 9)));
    else if (kind === 2) ticks.push(trade(ms, price, draws.int(1, 5), draws.pick([1, -1, 0])));
    else ticks.push(level(ms, draws.pick([1, -1]), price + draws.int(-3, 3), draws.int(0, 9)));
    if (ticks.length > 400) break;
  }
  return ticks;
}

/** Trades on quotes and timers. */
function tickTrader(): Strategy {
  let seen = 0;
  return {
    onQuote(view, ctx) {
      seen += 1;
      if (seen % 23 === 0)
        ctx.bracket({
          contract: view.contract,
          side: seen % 2 === 0 ? Side.Buy : Side.Sell,
          qty: 2,
          type: 'market',
          stop: { at: { offsetTicks: 5 } },
          targets: [{ at: { offsetTicks: 4 } }],
        });
      if (seen % 31 === 0) ctx.setTimer('soon', (ctx.nowUs + 13_000) as TsUs);
      if (seen % 47 === 0) ctx.flatten({ contract: view.contract });
    },
    onTimer: (name, ctx) => ctx.note(name, { equity: ctx.account.equityMicros }),
    onTrade: (view, ctx) => {
      if (view.qty === 5) ctx.note('print', { at: view.tsUs, price: view.priceTicks });
    },
  };
}

describe('an engine advanced in steps', () => {
  it('writes the event log of the backtest on bars, whatever the cut of its data', () => {
    let steps = 0;
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 1, max: 2 ** 31 }),
          days: fc.integer({ min: 1, max: 4 }),
          cut: fc.integer({ min: 1, max: 2 ** 31 }),
          hasParts: fc.boolean(),
          delayBars: fc.constantFrom(0, 0, 1),
        }),
        ({ seed, days, cut, hasParts, delayBars }) => {
          const input = { seed, days, actions: ACTIONS };
          const whole = runFuzz(input, { hasParts, delayBars });
          const timesUs = timesOf(whole.journal.lines());
          const stepped = runFuzz(input, {
            hasParts,
            delayBars,
            run: (config) =>
              runInSteps(config, { int: intOf(cut), timesUs, onStep: () => (steps += 1) }),
          });
          expect(stepped.journal.lines()).toEqual(whole.journal.lines());
          expect(stepped.result).toEqual(whole.result);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    expect(steps).toBeGreaterThan(1000);
  });

  it.each(['quotes', 'trades', 'depth'] as const)(
    'writes the event log of the backtest on ticks that match as %s, latency included',
    (matching) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 2 ** 31 }),
          fc.integer({ min: 1, max: 2 ** 31 }),
          fc.boolean(),
          (seed, cut, isLate) => {
            const options = {
              ticks: tape(seed),
              matching,
              ...(isLate ? { latency: { feed: 3, entry: 5, response: 2 } } : {}),
            };
            const whole = runTicks({ ...options, strategy: tickTrader() });
            const timesUs = timesOf(whole.journal.lines());
            const stepped = runTicks({
              ...options,
              strategy: tickTrader(),
              run: (config) => runInSteps(config, { int: intOf(cut), timesUs }),
            });
            expect(stepped.journal.lines()).toEqual(whole.journal.lines());
          },
        ),
        { numRuns: 25, seed: 11 },
      );
    },
  );
});

describe('data that come late', () => {
  const rows = hourly(0, [100, 101, 102, 103]);
  const world = (strategy: Strategy) => {
    const source = new PushBars();
    const made = makeWorld({ front: [], days: 1, strategy });
    const feeds = [{ ...made.config.feeds[0]!, source, isLive: true }];
    const engine = new Engine({ ...made.config, feeds, startUs: at(0, 10) });
    const push = (from: number, to: number) =>
      source.pushColumns(columns(rows.slice(from, to), 3_600_000_000));
    return { ...made, engine, source, push };
  };

  it('take the time that the clock has reached, and keep their own on the bar', () => {
    const told: string[] = [];
    const { engine, push } = world({
      onStart: (ctx) => ctx.setTimer('t', (at(0, 11) + 5_000_000) as TsUs),
      onTimer: (_, ctx) => told.push(`timer ${ctx.nowUs}`),
      onBar: (bar, ctx) => told.push(`bar ${bar.closeUs} at ${ctx.nowUs}`),
    });
    engine.open();
    engine.advance((at(0, 11) + 6_000_000) as TsUs);
    push(0, 1);
    engine.advance((at(0, 11) + 7_000_000) as TsUs);
    push(1, 2);
    engine.advance(at(0, 12));
    expect(told).toEqual([
      `timer ${at(0, 11) + 5_000_000}`,
      `bar ${at(0, 11)} at ${at(0, 11) + 5_000_000}`,
      `bar ${at(0, 12)} at ${at(0, 12)}`,
    ]);
    expect(engine.finish().outcome).toBe('completed');
  });

  it('are refused where their feed has moved on, and nothing before its time is delivered', () => {
    const told: number[] = [];
    const { engine, push, source } = world({ onBar: (bar) => told.push(bar.closeUs) });
    engine.open();
    expect(push(0, 3)).toBe(3);
    expect(push(1, 2)).toBe(0);
    expect(source.refused).toBe(1);
    engine.advance(at(0, 12));
    expect(told).toEqual([at(0, 11), at(0, 12)]);
    expect(engine.dueUs).toBe(at(0, 13));
    engine.advance(at(0, 13));
    expect(told).toHaveLength(3);
    // The session is still open: nothing but its close is due.
    expect(engine.dueUs).toBe(at(0, 16));
  });

  it('of ticks too: both hooks see them in the order of arrival', () => {
    const told: string[] = [];
    const made = makeWorld({
      front: [],
      days: 1,
      strategy: {
        onStart: (ctx) => ctx.setTimer('t', (T0 + 500) as TsUs),
        onTimer: (_, ctx) => told.push(`timer ${ctx.nowUs - T0}`),
        onTrade: (view, ctx) =>
          told.push(`${view.priceTicks} of ${view.tsUs - T0} at ${ctx.nowUs - T0}`),
      },
    });
    const source = new PushTrades();
    const ticks = [{ kind: 'trades' as const, contractIndex: 0, source, isLive: true }];
    const engine = new Engine({ ...made.config, ticks, startUs: at(0, 10) });
    engine.open();
    source.push(T0 + 100, 1, 100, 1, 0);
    engine.advance((T0 + 200) as TsUs);
    engine.advance((T0 + 600) as TsUs);
    source.push(T0 + 300, 2, 101, 1, 0);
    source.push(T0 + 250, 3, 102, 1, 0);
    source.push(T0 + 700, 4, 103, 1, 0);
    engine.advance((T0 + 700) as TsUs);
    expect(told).toEqual([
      '100 of 100 at 100',
      'timer 500',
      '101 of 300 at 500',
      '102 of 300 at 500',
      '103 of 700 at 700',
    ]);
  });
});

describe('a stepped run', () => {
  it('stops at the moment it is finished: no session closes before its time', () => {
    const told: string[] = [];
    const source = new PushBars();
    const made = makeWorld({
      front: [],
      days: 1,
      strategy: {
        onSessionClose: () => told.push('close'),
        onStop: (ctx) => told.push(`stop ${ctx.nowUs}`),
      },
    });
    const engine = new Engine({
      ...made.config,
      feeds: [{ ...made.config.feeds[0]!, source, isLive: true }],
      startUs: at(0, 10),
    });
    engine.open();
    source.pushColumns(columns(hourly(0, [100]), 3_600_000_000));
    engine.advance(at(0, 11));
    engine.finish();
    expect(told).toEqual([`stop ${at(0, 11)}`]);
  });

  it('ends with the error of a strategy, and does nothing after it', () => {
    const made = makeWorld({
      front: hourly(0, [100, 101, 102]),
      days: 1,
      strategy: {
        onBar: () => {
          throw new Error('no');
        },
      },
    });
    const engine = new Engine(made.config);
    engine.open();
    expect(engine.advance(at(0, 11))).toBe(false);
    expect(engine.advance(TS_MAX)).toBe(false);
    const result = engine.finish();
    expect(result).toMatchObject({ outcome: 'strategy-error', error: { hook: 'onBar' }, bars: 0 });
    const whole = makeWorld({
      front: hourly(0, [100, 101, 102]),
      days: 1,
      strategy: {
        onBar: () => {
          throw new Error('no');
        },
      },
    });
    expect(runEngine(whole.config).eventHash).toBe(result.eventHash);
  });

  it('refuses live feeds without a beginning', () => {
    const made = makeWorld({ front: [], days: 1, strategy: {} });
    const feeds = [{ ...made.config.feeds[0]!, source: new PushBars(), isLive: true }];
    expect(() => new Engine({ ...made.config, feeds })).toThrow(/startUs/);
  });
});

describe('a pushed feed', () => {
  it('keeps a batch as it is until the second-next one, and refuses rows beyond its bound', () => {
    const source = new PushTrades(100);
    for (let k = 0; k < 90; k += 1) expect(source.push(k, k, 100 + k, 1, 0)).toBe(true);
    const first = source.next()!;
    for (let k = 0; k < 100; k += 1) source.push(100 + k, 100 + k, 7, 1, 0);
    expect(source.push(999, 999, 7, 1, 0)).toBe(false);
    expect([source.refused, source.waiting]).toEqual([1, 100]);
    const second = source.next()!;
    source.push(300, 300, 8, 1, 0);
    expect([first.length, first.price[89], second.length, second.price[0]]).toEqual([
      90, 189, 100, 7,
    ]);
    expect(source.next()!.price[0]).toBe(8);
    // Nothing yet is not the end.
    expect(source.next()!.length).toBe(0);
    source.end();
    expect(source.next()).toBeNull();
    expect(source.push(400, 400, 9, 1, 0)).toBe(false);
  });
});

describe('history before the present', () => {
  it('warms the strategy up on the day itself, and is acted on from the present on', () => {
    const told: string[] = [];
    const source = new PushBars();
    const made = makeWorld({
      front: [],
      days: 1,
      strategy: {
        onSessionOpen: (_, session, ctx) => told.push(`open ${ctx.nowUs - session.openUs}`),
        onWarmUpBar: (bar) => told.push(`history ${4 * bar.close}`),
        onBar: (bar, ctx) => {
          told.push(`bar ${4 * bar.close}`);
          ctx.targetPosition(ctx.contract('ES'), 1);
        },
      },
    });
    const hour = 3_600_000_000;
    const engine = new Engine({
      ...made.config,
      feeds: [{ ...made.config.feeds[0]!, source, isLive: true }],
      startUs: at(0, 10),
      actFromUs: at(0, 12, 30),
    });
    engine.open();
    source.pushColumns(columns(hourly(0, [100, 101]), hour));
    expect(engine.dueUs).toBeLessThanOrEqual(at(0, 12));
    engine.advance(at(0, 12, 40));
    source.pushColumns(columns(hourly(0, [100, 101, 102, 103]).slice(2), hour));
    engine.advance(at(0, 14));
    expect(told).toEqual([
      'history 100',
      'history 101',
      `open ${2.5 * hour}`,
      'bar 102',
      'bar 103',
    ]);
    expect(made.venue.requests).toHaveLength(1);
  });
});
