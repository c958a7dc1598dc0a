/** Sessions of runs on ticks: where a run begins inside one, pre-open, breaks, closes, rolls, and brackets of each holder. */
import { describe, expect, it } from 'vitest';
import type { Fill } from '../../../src/core/execution.ts';
import type { ClOrdId } from '../../../src/core/order.ts';
import type { TradingCalendar } from '../../../src/core/ports.ts';
import type { OrderInput, StrategyContext } from '../../../src/core/strategy.ts';
import type { PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import { VENUE_PROFILES } from '../../../src/core/venues/profiles.ts';
import { at, DAY0, hourly, plainCalendar } from '../../support/engine-world.ts';
import type { Tick, TickRun, TickWorldOptions } from '../../support/tick-world.ts';
import { quote, runTicks, T0, tickFeeds, trade } from '../../support/tick-world.ts';

const msOf = (us: number): number => (us - T0) / 1000;
const order = (
  ctx: StrategyContext,
  side: 1 | -1,
  more: Record<string, unknown>,
  qty = 1,
): ClOrdId =>
  ctx.submit({
    contract: ctx.contract('ES'),
    side,
    qty: qty as Qty,
    ...more,
  } as unknown as OrderInput);
const said = ({ side, qty, priceTicks, evidence }: Fill): string =>
  `${side * qty}@${priceTicks} ${evidence!.rule}`;

/** Bars, and so the run, begin at this hour. */
const barsFrom = (hour: number): { front: ReturnType<typeof hourly> } => ({
  front: hourly(0, [100, 100, 100, 100, 100, 100]).slice(hour - 10),
});
/** A break from 12:00 to 13:00. */
const withBreak: TradingCalendar = {
  ...plainCalendar(),
  sessions: (from, to) => ({
    ...plainCalendar().sessions(from, to),
    breakRow: Int32Array.of(DAY0 - from),
    breakStartUs: Float64Array.of(at(0, 12)),
    breakEndUs: Float64Array.of(at(0, 13)),
  }),
};

describe('a run that begins inside a session', () => {
  const noon = msOf(at(0, 12));
  /** Too old to trade on; without any price the risk gate lets nothing through. */
  const before = (ms: number): Tick => quote(ms - 1_000_000, 80, 10, 81, 10);
  /** A bid of 98 from the start of the run; the record shows 99 to 100 and then prints at 97. */
  const begun = (hour: number, options: Partial<TickWorldOptions> = {}): TickRun => {
    const ms = msOf(at(0, hour));
    return runTicks({
      ticks: [before(ms), quote(ms + 5, 99, 10, 100, 10), trade(ms + 6, 97, 5, -1)],
      strategy: {
        onSessionOpen: (_root, _session, ctx) =>
          void order(ctx, 1, { type: 'limit', limitTicks: 98 }),
      },
      world: barsFrom(hour),
      ...options,
    });
  };

  it('trades at the market that it finds: the first trade is no opening', () => {
    expect(begun(12).recorder.fills.map(said)).toEqual(['1@98 trade-through']);
  });

  it('and one that begins with the session takes part in the opening', () => {
    expect(begun(10).recorder.fills.map(said)).toEqual(['1@97 auction']);
  });

  it('finds the market open: a venue that rejects orders while closed takes one', () => {
    const profile = VENUE_PROFILES.projectx;
    expect(begun(12, { profile }).recorder.fills.map(said)).toEqual(['1@98 trade-through']);
  });

  it('finds it closed inside a break, and the first trade after the break is an auction', () => {
    const world = { ...barsFrom(12), overrides: { calendars: [withBreak] } };
    const ms = msOf(at(0, 13));
    const ticks = [before(noon), quote(ms + 5, 99, 10, 100, 10), trade(ms + 6, 97, 5, -1)];
    expect(begun(12, { world, ticks }).recorder.fills.map(said)).toEqual(['1@97 auction']);
    const lines = begun(12, { world, ticks, profile: VENUE_PROFILES.projectx }).told;
    expect(lines.join('\n')).toContain('market-closed');
  });

  it('knows what was shown shortly before it began', () => {
    const ticks = [quote(noon - 3000, 96, 10, 98, 10), trade(noon + 6000, 97, 5, -1)];
    const run = begun(12, { ticks });
    expect(run.recorder.fills.map(said)).toEqual(['1@98 take-shown']);
    expect(run.recorder.fills[0]!.tsUs).toBe(at(0, 12));
  });
});

describe('a break in the calendar', () => {
  const noon = msOf(at(0, 12));
  const one = msOf(at(0, 13));
  const OPENING = [quote(-1000, 99, 10, 100, 10), trade(-900, 100, 1, 1)];
  const halted = (after: readonly Tick[], options: Partial<TickWorldOptions> = {}): TickRun =>
    runTicks({
      ticks: [...OPENING, ...after],
      world: { overrides: { calendars: [withBreak] } },
      ...options,
    });

  it('T6 keeps orders, elects nothing, and lets a stop take part in the auction after it', () => {
    const run = halted(
      [trade(noon + 1000, 90, 9, -1), trade(one + 7, 95, 9, -1), quote(one + 8, 94, 5, 96, 5)],
      {
        script: [
          [0, (ctx, ids) => (ids['in'] = order(ctx, 1, { type: 'market' }))],
          [1, (ctx, ids) => (ids['stop'] = order(ctx, -1, { type: 'stop', stopTicks: 98 }))],
        ],
      },
    );
    expect(run.recorder.fills.map(said)).toEqual(['1@100 take-shown', '-1@95 auction']);
    expect(run.told.slice(-2)).toEqual([`${one + 7} Triggered stop`, `${one + 7} fill stop 1@95`]);
  });

  it('keeps an order for the day: it is not the end of one', () => {
    const run = halted([trade(one + 7, 95, 9, -1)], {
      script: [[0, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'limit', limitTicks: 96 }))]],
    });
    expect(run.recorder.fills.map(said)).toEqual(['1@95 auction']);
  });

  it('cancels at once what is cancelled inside it', () => {
    const run = halted([trade(one + 7, 95, 9, -1)], {
      script: [
        [0, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'limit', limitTicks: 96 }))],
        [noon + 5, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told.at(-1)).toBe(`${noon + 5} Canceled a requested`);
    expect(run.recorder.fills).toEqual([]);
  });

  it.each(['ideal', 'projectx', 'ib', 'cqg'] as const)(
    'takes a new order or rejects it as %s does while closed',
    (name) => {
      const profile = VENUE_PROFILES[name];
      const run = halted([trade(one + 7, 95, 9, -1)], {
        profile,
        script: [[noon + 5, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'market' }))]],
      });
      if (profile.closed === 'queue')
        expect(run.recorder.fills.map(said)).toEqual(['1@95 auction']);
      else expect(run.told.at(-1)).toBe(`${noon + 5} Rejected a market-closed`);
    },
  );
});

describe('the end of a session', () => {
  const close = msOf(at(0, 16));
  const OPENING = [quote(-1000, 99, 10, 100, 10), trade(-900, 100, 1, 1)];
  const atClose = (
    sentMs: number,
    more: Record<string, unknown> = {},
    options: Partial<TickWorldOptions> = {},
  ): TickRun =>
    runTicks({
      ticks: [...OPENING, quote(close - 60_000, 106, 5, 108, 5), trade(close - 50_000, 107, 2, 1)],
      script: [
        [
          sentMs,
          (ctx, ids) =>
            (ids['a'] = order(ctx, 1, { type: 'market', timeInForce: 'at-close', ...more })),
        ],
      ],
      ...options,
    });

  it('fills an order for the close at the last trade, before orders for the day end', () => {
    const run = atClose(0);
    expect(run.recorder.fills.map(said)).toEqual(['1@107 at-close']);
    expect(run.recorder.fills[0]!.tsUs).toBe(at(0, 16));
  });

  it('fills one with a limit only where the close is within it', () => {
    expect(atClose(0, { type: 'limit', limitTicks: 107 }).recorder.fills).toHaveLength(1);
    const run = atClose(0, { type: 'limit', limitTicks: 106 });
    expect(run.recorder.fills).toEqual([]);
    expect(run.told.at(-1)).toBe(`${close} Expired a auction-over`);
  });

  it('T5 rejects one that comes after the cut-off', () => {
    const venue = { closeCutoffUs: 600_000_000 };
    const late = atClose(close - 599_999, {}, { venue });
    expect(late.told.at(-1)).toContain('Rejected a at-close-late');
    expect(atClose(close - 600_000, {}, { venue }).recorder.fills).toHaveLength(1);
  });

  it('is refused where the venue has no such order', () => {
    expect(() => atClose(0, {}, { profile: VENUE_PROFILES.projectx })).toThrow(/`at-close`/);
    expect(atClose(0, {}, { profile: VENUE_PROFILES.cqg }).recorder.fills).toHaveLength(1);
  });

  it('an order from before the open is parked, and takes part in the opening as it stands', () => {
    const open = msOf(at(1, 10));
    const run = runTicks({
      world: { days: 2 },
      ticks: [...OPENING, trade(open + 50, 98, 3, 1), quote(open + 60, 97, 3, 99, 3)],
      script: [
        [
          close + 1,
          (ctx) => {
            order(ctx, 1, { type: 'limit', limitTicks: 97, tag: 'far' });
            order(ctx, 1, { type: 'limit', limitTicks: 99, tag: 'near' });
            order(ctx, -1, { type: 'market', timeInForce: 'at-open', tag: 'open' });
          },
        ],
      ],
    });
    expect(run.recorder.fills.map((fill) => `${fill.tag} ${said(fill)}`).toSorted()).toEqual([
      'near 1@98 auction',
      'open -1@98 auction',
    ]);
    expect(run.told.filter((line) => line.includes('Unparked'))).toHaveLength(3);
  });
});

describe('a roll of a position on ticks', () => {
  const rollUs = at(0, 13, 30) as TsUs;
  const rolled = (nextTicks: readonly Tick[], options: Partial<TickWorldOptions> = {}): TickRun => {
    const ms = msOf(rollUs);
    return runTicks({
      ticks: [
        quote(-1000, 99, 10, 100, 10),
        trade(-900, 100, 1, 1),
        quote(ms - 1000, 103, 5, 104, 5),
        quote(ms + 120_000, 80, 5, 81, 5),
      ],
      script: [[0, (ctx, ids) => (ids['in'] = order(ctx, 1, { type: 'market' }, 2))]],
      world: {
        front: hourly(0, [100, 100, 100, 100, 100, 100]),
        next: hourly(0, [110, 110, 110, 110, 110, 110]),
        roll: { us: rollUs, fromPrice: 103, toPrice: 113 },
        overrides: { ticks: tickFeeds(nextTicks, { contractIndex: 1 }) },
      },
      ...options,
    });
  };
  const ms = msOf(rollUs);

  it('closes and opens at the quotes of its moment', () => {
    const run = rolled([quote(ms - 2000, 112, 9, 114, 9), trade(ms - 1900, 113, 1, 1)]);
    expect(
      run.recorder.fills.map(
        (fill) => `${fill.contract === run.next ? 'next' : 'front'} ${said(fill)}`,
      ),
    ).toEqual(['front 2@100 take-shown', 'front -2@103 take-shown', 'next 2@114 take-shown']);
    expect(run.recorder.rolls).toHaveLength(1);
  });

  it('waits for data of the new contract where there are none that are fresh', () => {
    const run = rolled([quote(ms + 5000, 115, 9, 116, 9), trade(ms + 5001, 116, 1, 1)]);
    const [, out, into] = run.recorder.fills;
    expect([out!.tsUs, said(out!)]).toEqual([rollUs, '-2@103 take-shown']);
    expect(into!.tsUs).toBeGreaterThanOrEqual(rollUs + 5_000_000);
    expect(run.recorder.issues.map((issue) => issue.code)).toContain('E_TICKS_STALE');
  });

  it.each(['projectx', 'ib', 'cqg'] as const)('moves its exits too, as on %s', (name) => {
    const run = rolled([quote(ms - 2000, 112, 9, 114, 9), trade(ms - 1900, 113, 1, 1)], {
      profile: VENUE_PROFILES[name],
      latency: { entry: 20, response: 10 },
      script: [
        [
          0,
          (ctx) => {
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              type: 'market',
              qty: 2 as Qty,
              timeInForce: 'gtc',
              stop: { at: { ticks: 90 as PriceTicks } },
              targets: [{ at: { ticks: 140 as PriceTicks } }],
            });
          },
        ],
      ],
    });
    const net = run.recorder.fills.reduce((sum, fill) => sum + fill.side * fill.qty, 0);
    expect(net).toBe(2);
    const last = run.recorder.fills.at(-1)!;
    expect(last.contract).toBe(run.next);
    // The old exits are gone; the new ones stand as far from the new contract.
    expect(run.recorder.events.filter((line) => line.startsWith('Canceled')).length).toBe(2);
  });
});

describe('who holds a bracket on ticks', () => {
  const OPENING = [quote(-1000, 99, 10, 100, 10), trade(-900, 100, 1, 1)];
  /** Long 2 with exits at 97 and 104; the strategy sells by itself, then the market falls to 96. */
  const flattened = (name: keyof typeof VENUE_PROFILES): TickRun =>
    runTicks({
      profile: VENUE_PROFILES[name],
      ticks: [...OPENING, trade(50, 96, 5, -1), quote(51, 95, 5, 96, 5)],
      script: [
        [
          0,
          (ctx) => {
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              type: 'market',
              qty: 2 as Qty,
              stop: { at: { offsetTicks: 4 } },
              targets: [{ at: { offsetTicks: 4 } }],
            });
          },
        ],
        [20, (ctx) => void order(ctx, -1, { type: 'market' }, 2)],
      ],
    });
  const net = (run: TickRun): number =>
    run.recorder.fills.reduce((sum, fill) => sum + fill.side * fill.qty, 0);

  it('K26 exits that follow the position end with it', () => {
    const run = flattened('ideal');
    expect(net(run)).toBe(0);
    expect(run.recorder.events.filter((line) => line.startsWith('Canceled'))).toHaveLength(2);
  });

  it.each(['projectx', 'ib', 'cqg'] as const)(
    'and those of %s do not: what is left opens a position',
    (name) => {
      expect(net(flattened(name))).toBe(-2);
    },
  );
});
