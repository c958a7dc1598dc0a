/** Rows L1 to L7 of the specification, each through a whole run: what is sent left, what the strategy hears right. */
import { describe, expect, it } from 'vitest';
import type { StrategyContext } from '../../../src/core/strategy.ts';
import type { ClOrdId } from '../../../src/core/order.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { at } from '../../support/engine-world.ts';
import { quote, runTicks, T0, trade } from '../../support/tick-world.ts';

const buy = (ctx: StrategyContext, limitTicks: number, qty = 1): ClOrdId =>
  ctx.submit({
    contract: ctx.contract('ES'),
    side: 1,
    type: 'limit',
    qty: qty as Qty,
    limitTicks: limitTicks as PriceTicks,
  });
const buyMarket = (ctx: StrategyContext, qty = 1): ClOrdId =>
  ctx.submit({ contract: ctx.contract('ES'), side: 1, type: 'market', qty: qty as Qty });

const OPENING = [quote(-1000, 99, 10, 100, 10), trade(-900, 100, 1, 1)];

describe('races', () => {
  it('L1 a cancel that needs 5 ms loses to a trade after 3: the order is filled, the cancel comes too late', () => {
    const run = runTicks({
      latency: { entry: 5 },
      ticks: [...OPENING, trade(103, 97, 5, -1), quote(104, 96, 5, 97, 5)],
      script: [
        [0, (ctx, ids) => (ids['a'] = buy(ctx, 98))],
        [100, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told).toEqual([
      '0 Submitted a',
      '5 Accepted a',
      '100 CancelRequested a',
      '103 fill a 1@98',
    ]);
    // The exchange answered the cancel; a filled order does not change any more.
    expect(run.counts['eventsForTerminalOrders']).toBe(1);
  });

  it('L1 a partial fill on the way leaves the rest to the cancel', () => {
    const run = runTicks({
      latency: { entry: 5 },
      venue: { throughQty: 'printed' },
      ticks: [...OPENING, trade(103, 97, 2, -1), quote(104, 96, 5, 99, 5)],
      script: [
        [0, (ctx, ids) => (ids['a'] = buy(ctx, 98, 5))],
        [100, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told.slice(2)).toEqual([
      '100 CancelRequested a',
      '103 fill a 2@98',
      '105 Canceled a requested',
    ]);
  });

  it('L2 the same cancel wins against a trade after 7 ms', () => {
    const run = runTicks({
      latency: { entry: 5 },
      ticks: [...OPENING, trade(107, 97, 5, -1)],
      script: [
        [0, (ctx, ids) => (ids['a'] = buy(ctx, 98))],
        [100, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told.slice(2)).toEqual(['100 CancelRequested a', '105 Canceled a requested']);
  });

  it('L2 at the very moment of its arrival the market comes first', () => {
    const run = runTicks({
      latency: { entry: 5 },
      ticks: [...OPENING, trade(105, 97, 5, -1)],
      script: [
        [0, (ctx, ids) => (ids['a'] = buy(ctx, 98))],
        [100, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told.at(-1)).toBe('105 fill a 1@98');
  });

  it('L3 a cancel does not overtake the change before it', () => {
    const run = runTicks({
      latency: { entry: { new: 1, modify: 20, cancel: 1 } },
      ticks: OPENING,
      script: [
        [0, (ctx, ids) => (ids['a'] = buy(ctx, 98))],
        [100, (ctx, ids) => ctx.modify(ids['a']!, { limitTicks: 97 as PriceTicks })],
        [100.001, (ctx, ids) => ctx.cancel(ids['a']!)],
      ],
    });
    expect(run.told.slice(2)).toEqual([
      '100 ReplaceRequested a',
      '100.001 CancelRequested a',
      '120 Replaced a',
      '120 Canceled a requested',
    ]);
  });

  it('L4 an order on its way meets the market of its arrival', () => {
    const run = runTicks({
      latency: { entry: 2 },
      ticks: [...OPENING, quote(1, 100, 10, 101, 10)],
      script: [[0, (ctx, ids) => (ids['a'] = buyMarket(ctx))]],
    });
    expect(run.told).toEqual(['0 Submitted a', '2 Accepted a', '2 fill a 1@101']);
  });

  it('L5 a second order sent for want of an answer stands', () => {
    const impatient = (duplicateWindowUs: number): readonly string[] => {
      const run = runTicks({
        latency: { response: 10 },
        ticks: OPENING,
        script: [
          [0, (ctx, ids) => (ids['a'] = buyMarket(ctx))],
          [5, (ctx, ids) => (ids['b'] = buyMarket(ctx))],
        ],
        world: {
          overrides: {
            risk: {
              orderQtyMax: 100,
              positionQtyMax: 100,
              ordersPerInterval: Infinity,
              intervalUs: 1_000_000,
              collarPct: Infinity,
              duplicateWindowUs,
              tradingState: 'active',
            },
          },
        },
      });
      return run.told.filter((line) => !line.includes('Submitted') && !line.includes('Accepted'));
    };
    expect(impatient(0)).toEqual(['10 fill a 1@100', '15 fill b 1@100']);
    // Unless the guard of the risk gate is on.
    expect(impatient(1_000_000)).toEqual(['5 Denied b duplicate', '10 fill a 1@100']);
  });

  it('L6 at one moment the market comes before a timer', () => {
    const log: string[] = [];
    runTicks({
      ticks: [...OPENING, trade(50, 100, 1, 1)],
      strategy: { onTrade: (tick) => void log.push(`trade ${(tick.tsUs - T0) / 1000}`) },
      script: [[50, () => void log.push('timer')]],
    });
    expect(log.slice(-2)).toEqual(['trade 50', 'timer']);
  });

  it('L7 an order that arrives when nothing trades waits for data: it never fills at the old price', () => {
    const night = (at(0, 16) - T0) / 1000;
    const morning = (at(1, 10) - T0) / 1000;
    const run = runTicks({
      latency: { entry: 5 },
      world: { days: 2 },
      ticks: [
        ...OPENING,
        quote(morning + 60_000, 109, 5, 110, 5),
        trade(morning + 61_000, 110, 3, 1),
      ],
      script: [
        [
          night - 1,
          (ctx, ids) =>
            (ids['a'] = ctx.submit({
              contract: ctx.contract('ES'),
              side: 1,
              type: 'market',
              qty: 1 as Qty,
              timeInForce: 'gtc',
            })),
        ],
      ],
    });
    const fills = run.recorder.fills;
    expect(fills.map(({ qty, priceTicks }) => [qty, priceTicks])).toEqual([[1, 110]]);
    expect(fills[0]!.tsUs).toBeGreaterThanOrEqual(at(1, 10, 1));
  });

  it('L7 in a session without new data an order waits too, and the run says so', () => {
    const run = runTicks({
      latency: { entry: 5 },
      venue: { staleUs: 60_000_000 },
      ticks: [...OPENING, quote(300_000, 104, 5, 105, 5)],
      script: [[120_000, (ctx, ids) => (ids['a'] = buyMarket(ctx))]],
    });
    expect(run.told).toEqual([
      '120000 Submitted a',
      '120005 Accepted a',
      '300000 Unparked a',
      '300000 fill a 1@105',
    ]);
    expect(run.recorder.issues.map((issue) => issue.code)).toContain('E_TICKS_STALE');
  });

  it('quotes reach the strategy after the delay of their feed, and orders that answer them still later', () => {
    const log: string[] = [];
    const run = runTicks({
      latency: { feed: 2, entry: { timesFeed: 3 }, response: 1 } as never,
      ticks: [
        ...OPENING,
        quote(50, 100, 10, 101, 10),
        quote(55, 101, 10, 102, 10),
        quote(60, 110, 1, 111, 1),
      ],
      strategy: {
        onQuote: (tick, ctx) => {
          log.push(`${(tick.tsUs - T0) / 1000} seen at ${(ctx.nowUs - T0) / 1000}`);
          if (tick.tsUs === T0 + 50_000) buyMarket(ctx);
        },
      },
    });
    expect(log.slice(1)).toEqual(['50 seen at 52', '55 seen at 57', '60 seen at 62']);
    expect(run.told).toEqual([
      '52 Submitted O-000001',
      '59 Accepted O-000001',
      '59 fill O-000001 1@102',
    ]);
  });

  it('the log of a run does not depend on how its ticks are cut into batches', () => {
    const hashes = [1, 2, 3, 1000].map(
      (chunk) =>
        runTicks({
          chunk,
          latency: {
            feed: { quantiles: [0, 1, 8] },
            entry: { quantiles: [1, 2, 30] },
            response: { quantiles: [1, 2, 30] },
          },
          ticks: [
            ...OPENING,
            ...Array.from({ length: 60 }, (_, i) =>
              i % 3 === 0
                ? trade(Math.floor(i / 4) * 10, 99 + (i % 2), 1 + (i % 4), i % 2 === 0 ? -1 : 1)
                : quote(Math.floor(i / 4) * 10, 98 + (i % 3), 5, 99 + (i % 3), 5),
            ),
          ],
          strategy: {
            onQuote: (tick, ctx) => {
              if (tick.bidTicks === 99) buy(ctx, 99);
            },
          },
        }).hash,
    );
    expect(new Set(hashes).size).toBe(1);
  });
});
