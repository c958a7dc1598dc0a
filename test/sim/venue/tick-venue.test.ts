/** Orders of a strategy that match on ticks, through a whole run: what the record shows left, what is told right. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { OrderInput, StrategyContext } from '../../../src/core/strategy.ts';
import type { ClOrdId } from '../../../src/core/order.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { VENUE_PROFILES } from '../../../src/core/venues/profiles.ts';
import { at } from '../../support/engine-world.ts';
import type { Tick, TickRun, TickWorldOptions } from '../../support/tick-world.ts';
import { level, quote, runTicks, T0, tickFeeds, trade } from '../../support/tick-world.ts';

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
const ticks = (value: number): PriceTicks => value as PriceTicks;
const OPENING = [quote(-1000, 99, 10, 100, 10), trade(-900, 100, 1, 1)];
const msOf = (us: number): number => (us - T0) / 1000;

/** A long of `qty` with a stop at 97 and a target at 104. */
function bracketed(options: Partial<TickWorldOptions>, after: readonly Tick[], qty = 2): TickRun {
  return runTicks({
    ticks: [...OPENING, ...after],
    script: [
      [
        0,
        (ctx, ids) => {
          const group = ctx.bracket({
            contract: ctx.contract('ES'),
            side: 1,
            type: 'market',
            qty: qty as Qty,
            stop: { at: { ticks: ticks(97) } },
            targets: [{ at: { ticks: ticks(104) } }],
          });
          ids['entry'] = group.entry!;
          ids['stop'] = group.stop!;
          ids['target'] = group.targets[0]!;
        },
      ],
    ],
    ...options,
  });
}

describe('matching on ticks', () => {
  it('walks the levels that are shown and takes none twice', () => {
    const run = runTicks({
      matching: 'depth',
      ticks: [level(-10, 1, 99, 10), level(-10, -1, 100, 3), level(-10, -1, 101, 5)],
      script: [
        [0, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'market' }, 4))],
        [1, (ctx, ids) => (ids['b'] = order(ctx, 1, { type: 'market' }, 4))],
      ],
    });
    expect(run.told.filter((line) => line.includes('fill'))).toEqual([
      '0 fill a 3@100',
      '0 fill a 1@101',
      '1 fill b 4@101',
    ]);
  });

  it('keeps an order for the day to the close, and drops it there', () => {
    const run = runTicks({
      world: { days: 2 },
      ticks: OPENING,
      script: [
        [0, (ctx, ids) => (ids['day'] = order(ctx, 1, { type: 'limit', limitTicks: 90 }))],
        [
          0,
          (ctx, ids) =>
            (ids['gtc'] = order(ctx, 1, { type: 'limit', limitTicks: 90, timeInForce: 'gtc' })),
        ],
      ],
    });
    expect(run.told.at(-1)).toBe(`${msOf(at(0, 16))} Expired day day-end`);
  });

  it('T2 lets a trade at the very moment of a GTD order come before its end', () => {
    const gtd = (tradeMs: number): readonly string[] =>
      runTicks({
        ticks: [...OPENING, trade(tradeMs, 95, 5, -1)],
        script: [
          [
            0,
            (ctx, ids) =>
              (ids['a'] = order(ctx, 1, {
                type: 'limit',
                limitTicks: 97,
                timeInForce: 'gtd',
                expireUs: T0 + 50_000,
              })),
          ],
        ],
      }).told.slice(2);
    expect(gtd(50)).toEqual(['50 fill a 1@97']);
    expect(gtd(51)).toEqual(['50.001 Expired a gtd']);
  });

  it('keeps an order that is sent after the close for the next opening', () => {
    const morning = msOf(at(1, 10));
    const run = runTicks({
      world: { days: 2 },
      ticks: [...OPENING, trade(morning + 5, 106, 2, 1), quote(morning + 6, 105, 3, 107, 3)],
      script: [
        [msOf(at(0, 16)) + 1, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'market' }))],
        [
          msOf(at(0, 16)) + 2,
          (ctx, ids) => (ids['b'] = order(ctx, -1, { type: 'limit', limitTicks: 105 })),
        ],
      ],
    });
    // The first trade is the auction: both take part at its price.
    expect(
      run.recorder.fills.map((fill) => `${fill.side} at ${fill.priceTicks}`).toSorted(),
    ).toEqual(['-1 at 106', '1 at 106']);
  });

  it('rejects it where the venue does', () => {
    const run = runTicks({
      world: { days: 2 },
      profile: VENUE_PROFILES.projectx,
      ticks: [...OPENING, trade(msOf(at(1, 10)) + 5, 106, 2, 1)],
      script: [[msOf(at(0, 16)) + 1, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'market' }))]],
    });
    expect(run.told.at(-1)).toContain('Rejected a market-closed');
  });

  it('changes and cancels an order that waits, and lets one go with the first data', () => {
    const run = runTicks({
      ticks: [trade(50, 88, 4, -1), quote(51, 87, 5, 89, 5)],
      script: [
        [0, (ctx, ids) => (ids['a'] = order(ctx, 1, { type: 'limit', limitTicks: 90 }))],
        [1, (ctx, ids) => ctx.modify(ids['a']!, { limitTicks: ticks(91), qty: 3 as Qty })],
        [2, (ctx, ids) => ctx.cancel(ids['a']!)],
        [3, (ctx, ids) => (ids['b'] = order(ctx, 1, { type: 'market' }))],
      ],
    });
    // Bars tell the risk gate a price before the first tick.
    expect(run.told.filter((line) => line.includes(' a'))).toEqual([
      '0 Submitted a',
      '0 Accepted a',
      '1 ReplaceRequested a',
      '1 Replaced a',
      '2 CancelRequested a',
      '2 Canceled a requested',
    ]);
    expect(run.told.filter((line) => line.includes('fill'))).toHaveLength(1);
    expect(run.recorder.fills[0]!.tsUs).toBeGreaterThanOrEqual(T0 + 50_000);
  });

  it('lets a stop follow the quote where the data have no trades', () => {
    const run = runTicks({
      ticks: [quote(-10, 99, 10, 100, 10), quote(5, 96, 10, 97, 10)],
      script: [
        [0, (ctx, ids) => (ids['in'] = order(ctx, 1, { type: 'market' }))],
        [1, (ctx, ids) => (ids['stop'] = order(ctx, -1, { type: 'stop', stopTicks: 97 }))],
      ],
    });
    expect(run.told.slice(-2)).toEqual(['5 Triggered stop', '5 fill stop 1@96']);
  });

  it('does not, where it has', () => {
    const run = runTicks({
      ticks: [...OPENING, quote(5, 96, 10, 97, 10), trade(9, 97, 1, 1)],
      script: [
        [0, (ctx, ids) => (ids['in'] = order(ctx, 1, { type: 'market' }))],
        [1, (ctx, ids) => (ids['stop'] = order(ctx, -1, { type: 'stop', stopTicks: 97 }))],
      ],
    });
    expect(run.told.slice(-2)).toEqual(['9 Triggered stop', '9 fill stop 1@96']);
  });

  it('marks a position to every trade, and its excursions are those of its life', () => {
    const run = runTicks({
      ticks: [
        ...OPENING,
        trade(-500, 90, 1, 0),
        trade(10, 103, 1, 1),
        trade(20, 98, 1, -1),
        quote(25, 100, 5, 101, 5),
        trade(40, 120, 1, 1),
      ],
      script: [
        [0, (ctx, ids) => (ids['in'] = order(ctx, 1, { type: 'market' }))],
        [30, (ctx, ids) => (ids['out'] = order(ctx, -1, { type: 'market' }))],
      ],
    });
    const [closed] = run.recorder.trades;
    expect(closed).toMatchObject({ mfeTicks: 3, maeTicks: -2 });
    // Bought at 100, sold at 100: the market after it is of no account.
    expect(run.finalEquityMicros).toBe(100_000_000_000);
  });
});

describe('brackets on ticks', () => {
  it('one exit fills, the other goes at once', () => {
    const run = bracketed({}, [trade(10, 105, 5, 1), trade(10, 96, 5, -1)]);
    expect(run.told.slice(6)).toEqual([
      '0 fill entry 2@100',
      '0 Released stop',
      '0 Released target',
      '10 fill target 2@104',
      '10 Canceled stop oco-peer',
    ]);
  });

  it('K27 by messages of 13 ms, as on ProjectX, both can fill: the run says so', () => {
    const run = bracketed({ profile: VENUE_PROFILES.projectx }, [
      trade(100, 105, 5, 1),
      quote(100, 95, 5, 96, 5),
      trade(110, 96, 5, -1),
    ]);
    const fills = run.recorder.fills.map((fill) => fill.side * fill.qty);
    expect(fills).toEqual([2, -2, -2]);
    expect(run.recorder.issues.map((issue) => issue.code)).toContain('E_GROUP_OVERFILL');
  });

  it('K27 and one trade 14 ms later cannot', () => {
    const run = bracketed({ profile: VENUE_PROFILES.projectx }, [
      trade(100, 105, 5, 1),
      quote(100, 95, 5, 96, 5),
      trade(114, 96, 5, -1),
    ]);
    expect(run.recorder.fills.map((fill) => fill.side * fill.qty)).toEqual([2, -2]);
    expect(run.told.at(-1)).toBe('113.001 Canceled stop oco-peer');
  });

  it('refuses a stop that stands too near for the venue', () => {
    const run = runTicks({
      profile: VENUE_PROFILES.projectx,
      ticks: OPENING,
      script: [
        [
          0,
          (ctx) => {
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              type: 'market',
              qty: 1 as Qty,
              stop: { at: { offsetTicks: 3 } },
              targets: [{ at: { offsetTicks: 8 } }],
            });
          },
        ],
      ],
    });
    expect(run.told.filter((line) => line.includes('stop-too-near'))).toHaveLength(3);
    expect(run.recorder.fills).toEqual([]);
  });

  it.each([
    ['projectx', { type: 'stop-limit', stopTicks: 105, limitTicks: 106 }, 'stop-limit'],
    ['projectx', { type: 'market', timeInForce: 'ioc' }, 'ioc'],
    ['projectx', { type: 'market', reduceOnly: true }, 'reduceOnly'],
    [
      'cqg',
      { type: 'trailing-stop-limit', trail: { offsetTicks: 4 }, limitOffsetTicks: 1 },
      'trailing-stop-limit',
    ],
    ['ib', { type: 'limit', limitTicks: 90, postOnly: true }, 'postOnly'],
  ] as const)('as on %s refuses %o', (name, input, word) => {
    const sends = (profile: keyof typeof VENUE_PROFILES): TickRun =>
      runTicks({
        profile: VENUE_PROFILES[profile],
        ticks: OPENING,
        script: [[0, (ctx) => void order(ctx, 1, input)]],
      });
    expect(() => sends(name)).toThrow(new RegExp(`does not support .*\`${word}\``));
    expect(() => sends('ideal')).not.toThrow();
  });
});

const price = fc.integer({ min: 94, max: 106 });
const anyTick = fc.oneof(
  fc.record({
    kind: fc.constant('trade' as const),
    price,
    qty: fc.integer({ min: 1, max: 4 }),
    side: fc.constantFrom(1, -1, 0),
  }),
  fc.record({
    kind: fc.constant('quote' as const),
    price,
    qty: fc.integer({ min: 1, max: 4 }),
    side: fc.constantFrom(1, 2),
  }),
);

describe('over any record', () => {
  const runs = Number(process.env['FRONTMONTH_PROPERTY_RUNS'] ?? 25);
  test.prop(
    [
      fc.array(anyTick, { minLength: 1, maxLength: 40 }),
      fc.array(
        fc.record({
          ms: fc.nat(400),
          side: fc.constantFrom(1, -1),
          type: fc.constantFrom('market', 'limit', 'stop', 'bracket'),
          price,
          qty: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 8 },
      ),
      fc.constantFrom('ideal', 'projectx', 'ib', 'cqg'),
      fc.nat(30),
    ],
    { numRuns: runs },
  )(
    'the account agrees with its fills, and batches change nothing',
    (record, sent, profile, ms) => {
      const all: Tick[] = record.map((each, k) =>
        each.kind === 'trade'
          ? trade(k * 10, each.price, each.qty, each.side as 1)
          : quote(k * 10, each.price, each.qty, each.price + each.side, each.qty),
      );
      const run = (chunk: number): TickRun =>
        runTicks({
          chunk,
          profile: VENUE_PROFILES[profile as 'ideal'],
          latency: { entry: ms, response: { quantiles: [0, ms] }, feed: 1 },
          ticks: [...OPENING, ...all],
          script: sent.map((each) => [
            each.ms,
            (ctx) => {
              const side = each.side as 1 | -1;
              const { qty } = each;
              if (each.type === 'market') order(ctx, side, { type: 'market' }, qty);
              else if (each.type === 'limit')
                order(ctx, side, { type: 'limit', limitTicks: each.price }, qty);
              else if (each.type === 'stop')
                order(ctx, side, { type: 'stop', stopTicks: each.price }, qty);
              else
                ctx.bracket({
                  contract: ctx.contract('ES'),
                  side,
                  type: 'market',
                  qty: qty as Qty,
                  stop: { at: { offsetTicks: 4 } },
                  targets: [{ at: { offsetTicks: 3 } }],
                });
            },
          ]),
        });
      const whole = run(1000);
      expect(run(1).hash).toBe(whole.hash);
      // Cash by hand: every fill at its price, what is left at the last mark. 12.5 a tick.
      const { fills, days } = whole.recorder;
      const net = fills.reduce((sum, fill) => sum + fill.side * fill.qty, 0);
      const flow = fills.reduce((sum, fill) => sum - fill.side * fill.qty * fill.priceTicks, 0);
      const mark = days.at(-1)?.settleTicks ?? 0;
      expect(whole.finalEquityMicros).toBe(100_000_000_000 + (flow + net * mark) * 12_500_000);
      for (const fill of fills) {
        expect(fill.evidence).not.toBeNull();
        expect(fill.knownUs).toBeGreaterThanOrEqual(fill.tsUs);
      }
    },
  );
});

/** Rows of every kind that one contract may have, and of a second contract. */
const anyRow = fc.record({
  kind: fc.constantFrom('trade', 'quote', 'level'),
  price,
  qty: fc.integer({ min: 0, max: 4 }),
  side: fc.constantFrom(1, -1),
});

describe('batches of the sources', () => {
  const runs = Number(process.env['FRONTMONTH_PROPERTY_RUNS'] ?? 25);
  test.prop(
    [
      fc.array(anyRow, { minLength: 1, maxLength: 60 }),
      fc.array(anyRow, { maxLength: 20 }),
      fc.constantFrom('quotes', 'depth', 'trades'),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0, 7),
    ],
    { numRuns: runs },
  )(
    'the event log is the same however they are cut: quotes, trades, depth, two contracts, several at one moment',
    (record, second, matching, sizes, feedMs) => {
      const ticksOf = (rows: typeof record): Tick[] =>
        rows.map(({ kind, price: at, qty, side }, k) => {
          // Three of them share a moment.
          const ms = Math.floor(k / 3) * 10;
          if (kind === 'trade') return trade(ms, at, Math.max(1, qty), side as 1);
          return kind === 'quote'
            ? quote(ms, at, qty, at + 1, qty)
            : level(ms, side as 1, side === 1 ? Math.min(at, 99) : Math.max(at, 100), qty);
        });
      const heard: string[][] = [];
      const run = (chunk: number): string => {
        const lines: string[] = [];
        heard.push(lines);
        const other = tickFeeds(ticksOf(second), { contractIndex: 1, chunk });
        const opening =
          matching === 'depth'
            ? [level(-1000, 1, 99, 10), level(-1000, -1, 100, 10), trade(-900, 100, 1, 1)]
            : OPENING;
        return runTicks({
          chunk,
          matching,
          latency: { feed: feedMs, entry: 3, response: { quantiles: [0, 5] } },
          ticks: [...opening, ...ticksOf(record)],
          world: { overrides: { ticks: other } },
          strategy: {
            onQuote: (view) => void lines.push(`${view.tsUs} ${view.bidTicks} ${view.askTicks}`),
            onTrade: (view) => void lines.push(`${view.tsUs} ${view.priceTicks}`),
            onDepth: (view) =>
              void lines.push(`${view.tsUs} ${view.bid(0)?.ticks} ${view.ask(0)?.qty}`),
          },
          script: [
            [-500, (ctx) => void order(ctx, 1, { type: 'limit', limitTicks: 98 }, 2)],
            [15, (ctx) => void order(ctx, -1, { type: 'stop', stopTicks: 97 })],
            [30, (ctx) => void order(ctx, 1, { type: 'market' }, 3)],
            [60, (ctx) => void order(ctx, -1, { type: 'limit', limitTicks: 102 }, 2)],
          ],
        }).hash;
      };
      const whole = run(1000);
      for (const size of sizes) {
        expect(run(size)).toBe(whole);
        expect(heard.at(-1)).toEqual(heard[0]);
      }
    },
  );
});
