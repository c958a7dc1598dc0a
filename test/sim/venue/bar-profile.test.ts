/** Runs on bars as on a venue: where it differs from the ideal exchange, and where a bar cannot tell. */
import { describe, expect, it } from 'vitest';
import type { OrderInput, Strategy, StrategyContext } from '../../../src/core/strategy.ts';
import type { ClOrdId } from '../../../src/core/order.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { VENUE_PROFILES } from '../../../src/core/venues/profiles.ts';
import type { VenueProfile, VenueProfileName } from '../../../src/core/venues/types.ts';
import { runEngine } from '../../../src/engine/engine.ts';
import { createBarExchange } from '../../../src/sim/bar-exchange.ts';
import type { BarExchangeOptions } from '../../../src/sim/bar-options.ts';
import type { BarRow, TestRecorder, World } from '../../support/engine-world.ts';
import { at, makeWorld, plainCalendar } from '../../support/engine-world.ts';

type Act = (ctx: StrategyContext, ids: Record<string, ClOrdId>) => void;
/** Hours of day 0 from 10:00 on: open, high, low, close. */
type Hours = readonly (readonly [o: number, h: number, l: number, c: number])[];

const FLAT = [100, 101, 99, 100] as const;

/** What is done after the bars that end at these hours. */
function play(
  name: VenueProfileName | VenueProfile,
  hours: Hours,
  acts: Readonly<Record<number, Act>>,
  more: Partial<BarExchangeOptions> = {},
  days = 1,
): World & { readonly recorder: TestRecorder; readonly events: readonly string[] } {
  const ids: Record<string, ClOrdId> = {};
  const strategy: Strategy = {
    onBar: (bar, ctx) => {
      for (const [hour, act] of Object.entries(acts))
        if (bar.closeUs === at(0, Number(hour))) act(ctx, ids);
    },
  };
  const front = hours.map((prices, i): BarRow => [at(0, 11 + i), ...prices]);
  const world = makeWorld({ front, days, strategy });
  const calendar = plainCalendar();
  const venue = createBarExchange({
    table: world.config.table,
    random: world.config.random,
    participation: Infinity,
    profile: typeof name === 'string' ? VENUE_PROFILES[name] : name,
    isTrading: (_c, tsUs) => calendar.isOpen(tsUs as never),
    ...more,
  });
  const result = runEngine({ ...world.config, venue });
  if (result.error !== null) throw result.error.cause;
  return { ...world, events: world.recorder.events };
}

const send = (ctx: StrategyContext, side: 1 | -1, more: object, qty = 2): ClOrdId =>
  ctx.submit({
    contract: ctx.contract('ES'),
    side,
    qty: qty as Qty,
    ...more,
  } as unknown as OrderInput);
const bracket =
  (stop: number, target: number): Act =>
  (ctx, ids) => {
    const group = ctx.bracket({
      contract: ctx.contract('ES'),
      side: 1,
      type: 'market',
      qty: 2 as Qty,
      stop: { at: { offsetTicks: stop } },
      targets: [{ at: { offsetTicks: target } }],
    });
    ids['stop'] = group.stop!;
    ids['target'] = group.targets[0]!;
  };
const netOf = ({ recorder }: World): number =>
  recorder.fills.reduce((sum, fill) => sum + fill.side * fill.qty, 0);
const BROKERS = ['projectx', 'ib', 'cqg'] as const;

describe('bars as on a venue', () => {
  /** Long 2 at 100 with exits at 94 and 106; flat by a sale at the next open; then a fall through the stop. */
  const flattened = (name: VenueProfileName): World =>
    play(name, [FLAT, FLAT, FLAT, [99, 100, 90, 92], [92, 93, 91, 92]], {
      11: bracket(6, 6),
      12: (ctx) => void send(ctx, -1, { type: 'market' }),
    });

  it('K26 exits of the ideal exchange end with the position', () => {
    const run = flattened('ideal');
    expect(netOf(run)).toBe(0);
    expect(run.recorder.fills).toHaveLength(2);
  });

  it.each(BROKERS)('K26 those of %s stay as they are: the stop opens a short', (name) => {
    const run = flattened(name);
    expect(run.recorder.fills.map((fill) => fill.side * fill.qty)).toEqual([2, -2, -2]);
    expect(netOf(run)).toBe(-2);
  });

  it.each(['ideal', ...BROKERS] as const)('one exit fills and the other goes, as on %s', (name) => {
    const run = play(name, [FLAT, FLAT, [100, 107, 99, 105], [105, 106, 90, 92]], {
      11: bracket(6, 6),
    });
    expect(run.recorder.fills.map((fill) => fill.priceTicks)).toEqual([100, 106]);
    expect(netOf(run)).toBe(0);
  });

  it('ProjectX refuses a stop nearer than 4 ticks, and takes one of 4', () => {
    const near = play('projectx', [FLAT, FLAT], { 11: bracket(3, 6) });
    expect(near.events.filter((line) => line.includes('stop-too-near'))).toHaveLength(3);
    expect(play('projectx', [FLAT, FLAT], { 11: bracket(4, 6) }).recorder.fills).toHaveLength(1);
    expect(play('ib', [FLAT, FLAT], { 11: bracket(3, 6) }).recorder.fills).toHaveLength(1);
  });

  it.each(['ideal', ...BROKERS] as const)(
    'a stop that the market has reached is elected or rejected as %s does',
    (name) => {
      const run = play(name, [FLAT, FLAT, FLAT], {
        11: (ctx) => void send(ctx, 1, { type: 'stop', stopTicks: 100 }),
      });
      const isRejected = VENUE_PROFILES[name].stopInMarket === 'reject';
      expect(run.recorder.fills).toHaveLength(isRejected ? 0 : 1);
      expect(run.events.some((line) => line.includes('stop-in-market'))).toBe(isRejected);
    },
  );

  it('and one that it has not reached rests everywhere', () => {
    for (const name of BROKERS) {
      const run = play(name, [FLAT, FLAT, [101, 104, 100, 103]], {
        11: (ctx) => void send(ctx, 1, { type: 'stop', stopTicks: 102 }),
      });
      expect(run.recorder.fills.map((fill) => fill.priceTicks)).toEqual([102]);
    }
  });

  it.each(['ideal', ...BROKERS] as const)(
    'an order that is sent at the close waits or is rejected as on %s',
    (name) => {
      const run = play(name, [FLAT, FLAT, FLAT, FLAT, FLAT, FLAT], {
        16: (ctx) => void send(ctx, 1, { type: 'market' }),
      });
      const isRejected = VENUE_PROFILES[name].closed === 'reject';
      expect(run.events.some((line) => line.includes('market-closed'))).toBe(isRejected);
    },
  );

  const straddle: Act = (ctx) => {
    const base = { contract: ctx.contract('ES'), qty: 1 as Qty };
    ctx.oco([
      { ...base, side: 1, type: 'stop', stopTicks: 104 as PriceTicks },
      { ...base, side: -1, type: 'stop', stopTicks: 96 as PriceTicks },
    ] as never);
  };
  it.each([
    ['ideal', 2],
    // Type 1 of IB cancels all of the group.
    ['ib', 2],
    ['projectx', 1],
    ['cqg', 1],
  ] as const)('cancelling one order of an OCO as on %s ends %d', (name, count) => {
    const run = play(name, [FLAT, FLAT, FLAT], {
      11: straddle,
      12: (ctx) => ctx.cancel(ctx.openOrders()[0]!.clOrdId),
    });
    expect(run.events.filter((line) => line.startsWith('Canceled'))).toHaveLength(count);
  });

  it('of a trailing order CQG changes the size alone', () => {
    const trail: Act = (ctx, ids) => {
      ids['t'] = send(ctx, -1, { type: 'trailing-stop', trail: { offsetTicks: 20 } });
    };
    const change = (name: VenueProfileName, what: object): string =>
      play(name, [FLAT, FLAT, FLAT], {
        11: trail,
        12: (ctx, ids) => ctx.modify(ids['t']!, what),
      }).events.join('\n');
    expect(change('cqg', { stopTicks: 82 as PriceTicks })).toContain('unsupported-replace');
    expect(change('cqg', { qty: 1 as Qty })).not.toContain('unsupported-replace');
    expect(change('ideal', { stopTicks: 82 as PriceTicks })).not.toContain('unsupported-replace');
  });

  it('protection that a venue adds holds a market order to its limit', () => {
    const guarded: VenueProfile = { ...VENUE_PROFILES.ib, protectionTicks: 2 };
    const buys: Act = (ctx) => void send(ctx, 1, { type: 'stop', stopTicks: 102 });
    const hours: Hours = [FLAT, FLAT, [106, 108, 105, 107], [107, 108, 106, 107]];
    expect(play('ib', hours, { 11: buys }).recorder.fills.map((one) => one.priceTicks)).toEqual([
      106,
    ]);
    // Elected beyond 104, it rests there, and the market does not come back.
    expect(play(guarded, hours, { 11: buys }).recorder.fills).toEqual([]);
  });

  it('judges an order when it arrives, not when it is sent', () => {
    const act = {
      15: (ctx: StrategyContext): void => void send(ctx, 1, { type: 'market' }),
    };
    const hours: Hours = [FLAT, FLAT, FLAT, FLAT, FLAT, FLAT];
    expect(play('projectx', hours, act).recorder.fills).toHaveLength(1);
    // One bar later is the close.
    const late = play('projectx', hours, act, { delayBars: 1 });
    expect(late.events.join('\n')).toContain('market-closed');
  });
});
