/** Engine and bar exchange together: what each promises the other. */
import { describe, expect, it } from 'vitest';
import type { OrderView } from '../../src/core/order.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { PriceTicks } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import type { BarExchangeOptions } from '../../src/sim/bar-exchange.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import type { BarRow, World, WorldOptions } from '../support/engine-world.ts';
import { at, columns, makeWorld } from '../support/engine-world.ts';

const t = (ticks: number): PriceTicks => ticks as PriceTicks;

/** Hourly bars of day 0 and on, six a day: `o/h/l/c` each. */
function bars(...rows: string[]): BarRow[] {
  return rows.map((row, i) => {
    const [o, h, l, c] = row.split('/').map(Number) as [number, number, number, number];
    return [at(Math.floor(i / 6), 11 + (i % 6)), o, h, l, c];
  });
}

function run(
  options: Omit<WorldOptions, 'strategy'> & { readonly volumes?: readonly number[] },
  strategy: Strategy,
  venueOptions: Partial<BarExchangeOptions> = {},
): World {
  const world = makeWorld({ ...options, strategy });
  const { table } = world.config;
  const venue = createBarExchange({
    table,
    random: createRandom(1),
    participation: Infinity,
    ...venueOptions,
  });
  let feeds = world.config.feeds;
  if (options.volumes !== undefined) {
    const batch = columns(options.front, 3_600_000_000);
    options.volumes.forEach((volume, i) => (batch.volume[i] = volume));
    let isRead = false;
    const source = {
      next: () => {
        if (isRead) return null;
        isRead = true;
        return batch;
      },
      close: () => {},
    };
    feeds = [{ ...feeds[0]!, source }];
  }
  const result = runEngine({ ...world.config, venue, feeds });
  expect(result.error).toBe(null);
  return world;
}

/** Calls `act` on the n-th bar. */
function onBar(acts: Readonly<Record<number, (ctx: StrategyContext) => void>>): Strategy {
  let n = 0;
  return {
    onBar(_bar, ctx): void {
      acts[n]?.(ctx);
      n += 1;
    },
  };
}

const rulesOf = (world: World): string[] =>
  world.recorder.fills.map((f) => `${f.side * f.qty} @ ${f.priceTicks} ${f.evidence!.rule}`);
const issuesOf = (world: World, code: string): string[] =>
  world.recorder.issues.filter((issue) => issue.code === code).map((issue) => issue.message);

describe('what the engine tells the venue', () => {
  const front = bars('100/101/99/100', '97/98/96/97', '97/97/97/97');
  const buy = (limit: number): Strategy =>
    onBar({
      0: (ctx) =>
        ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          qty: 1,
          type: 'limit',
          limitTicks: t(limit),
        }),
    });

  it('makes a limit above the last close marketable, and one below it a resting one', () => {
    expect(rulesOf(run({ front }, buy(101)))).toEqual(['1 @ 97 limit-marketable']);
    // The order was the best bid while the price fell: its own price, not the better open.
    expect(rulesOf(run({ front }, buy(99)))).toEqual(['1 @ 99 limit-jump']);
  });

  it('counts the close of a bar that no series sees', () => {
    const next = bars('150/150/150/150', '140/140/140/140');
    const strategy = onBar({
      0: (ctx) =>
        ctx.submit({
          contract: 'ESM2024' as never,
          side: 1,
          qty: 1,
          type: 'limit',
          limitTicks: t(151),
        }),
    });
    expect(rulesOf(run({ front, next }, strategy))).toEqual(['1 @ 140 limit-marketable']);
  });

  it('ends the session after its last bar: a DAY order may fill on it and is gone after it', () => {
    const rows = Array.from({ length: 5 }, () => '100/100/100/100');
    const last = bars(...rows, '100/100/95/96', '90/90/90/90');
    const act = onBar({
      0: (ctx) => {
        const contract = ctx.contract('ES');
        ctx.submit({ contract, side: 1, qty: 1, type: 'limit', limitTicks: t(98) });
        ctx.submit({ contract, side: 1, qty: 1, type: 'limit', limitTicks: t(92) });
      },
    });
    const world = run({ front: last }, act);
    expect(rulesOf(world)).toEqual(['1 @ 98 limit-through']);
    expect(world.recorder.events).toContain('Expired O-000002 day-end');
  });
});

describe('what the order manager knows of a restated order', () => {
  const bracket = (ctx: StrategyContext, qty = 4): ReturnType<StrategyContext['bracket']> =>
    ctx.bracket({
      contract: ctx.contract('ES'),
      side: 1,
      qty,
      type: 'market',
      stop: { at: { offsetTicks: 10 } },
      targets: [
        { at: { offsetTicks: 4 }, qty: 1 },
        { at: { offsetTicks: 20 }, qty: qty - 1 },
      ],
    });

  it('shrinks a stop by what a target closed', () => {
    let stop: OrderView | null = null;
    let id = '';
    run(
      { front: bars('100/100/100/100', '100/101/99/100', '100/106/100/105', '105/105/105/105') },
      onBar({
        0: (ctx) => void (id = bracket(ctx).stop!),
        3: (ctx) => void (stop = ctx.order(id as never)),
      }),
    );
    expect(stop).toMatchObject({ orderQty: 3, leavesQty: 3, stopTicks: 90 });
  });

  it('moves a trailing stop', () => {
    let stop: OrderView | null = null;
    let id = '';
    run(
      { front: bars('100/100/100/100', '100/100/100/100', '101/109/101/109', '109/109/109/109') },
      onBar({
        0: (ctx) =>
          void (id = ctx.bracket({
            contract: ctx.contract('ES'),
            side: 1,
            qty: 1,
            type: 'market',
            stop: { at: { offsetTicks: 9 }, trail: { offsetTicks: 9 } },
          }).stop!),
        3: (ctx) => void (stop = ctx.order(id as never)),
      }),
    );
    expect(stop).toMatchObject({ stopTicks: 100, status: 'New' });
  });

  it('sizes the exits to what a cancelled entry had filled', () => {
    let stop: OrderView | null = null;
    let ids: ReturnType<StrategyContext['bracket']> | null = null;
    run(
      {
        front: bars('100/100/100/100', '100/100/100/100', '100/100/100/100'),
        volumes: [100, 20, 0],
      },
      onBar({
        0: (ctx) => void (ids = bracket(ctx, 6)),
        1: (ctx) => ctx.cancel(ids!.entry!),
        2: (ctx) => void (stop = ctx.order(ids!.stop!)),
      }),
      { participation: 0.1 },
    );
    expect(stop).toMatchObject({ orderQty: 2, leavesQty: 2, working: 'live' });
  });

  it('resizes the exits with their entry, larger and smaller', () => {
    for (const [qty, stopQty, first, second] of [
      [8, 8, 2, 6],
      [2, 2, 1, 1],
    ]) {
      const views: (OrderView | null)[] = [];
      let ids: ReturnType<StrategyContext['bracket']> | null = null;
      run(
        { front: bars('100/100/100/100', '100/100/100/100', '100/100/100/100') },
        {
          ...onBar({
            0: (ctx) => void (ids = bracket(ctx)),
            1: (ctx) => {
              for (const id of [ids!.stop!, ...ids!.targets]) views.push(ctx.order(id));
            },
          }),
          onOrder(event, ctx): void {
            if (event.kind === 'Accepted' && event.order.role === 'entry')
              ctx.modify(event.order.clOrdId, { qty: qty! });
          },
        },
      );
      expect(views.map((view) => view!.leavesQty)).toEqual([stopQty, first, second]);
    }
  });
});

describe('a stop that the market has passed when its entry releases it', () => {
  it('trades from the fill of the entry, never from a better level of its own', () => {
    const world = run(
      { front: bars('100/100/100/100', '100/100/100/100', '100/104/96/101', '101/101/101/101') },
      onBar({
        0: (ctx) => {
          const ids = ctx.bracket({
            contract: ctx.contract('ES'),
            side: 1,
            qty: 1,
            type: 'limit',
            limitTicks: t(98),
            timeInForce: 'gtc',
            stop: { at: { offsetTicks: 5 } },
          });
          ctx.setTimer(ids.stop!, ctx.nowUs);
        },
        1: (ctx) => {
          const stop = ctx.openOrders().find((order) => order.role === 'stop')!;
          ctx.modify(stop.clOrdId, { stopTicks: t(103) });
        },
      }),
    );
    expect(rulesOf(world)).toEqual(['1 @ 98 limit-through', '-1 @ 98 stop-touch']);
  });
});

describe('a position that loses its protection', () => {
  const day = (exitTimeInForce: 'day' | 'gtc', onOrder?: Strategy['onOrder']): World =>
    run(
      { front: bars(...Array.from({ length: 8 }, () => '100/100/100/100')) },
      {
        ...onBar({
          0: (ctx) =>
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              qty: 2,
              type: 'market',
              stop: { at: { offsetTicks: 10 } },
              exitTimeInForce,
            }),
        }),
        ...(onOrder === undefined ? {} : { onOrder }),
      },
    );

  it('is reported when its exits expire with the day', () => {
    expect(issuesOf(day('day'), 'E_POSITION_UNPROTECTED')).toEqual([
      '2 of 2 ESH2024 have no stop at work: O-000002 ended (day-end)',
    ]);
    expect(issuesOf(day('gtc'), 'E_POSITION_UNPROTECTED')).toEqual([]);
  });

  it('is not reported when the strategy protects it again at once', () => {
    const world = day('day', (event, ctx) => {
      if (event.kind === 'Expired' && event.order.role === 'stop')
        ctx.protect({ contract: event.order.contract, stop: { at: { offsetTicks: 5 } } });
    });
    expect(issuesOf(world, 'E_POSITION_UNPROTECTED')).toEqual([]);
  });

  it('is reported while exits wait for the last fill of their entry, and not when each fill releases them', () => {
    const go = (release: 'full' | 'partial'): World =>
      run(
        {
          front: bars('100/100/100/100', '100/100/100/100', '100/100/100/100'),
          volumes: [100, 20, 1000],
        },
        onBar({
          0: (ctx) =>
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              qty: 5,
              type: 'market',
              stop: { at: { offsetTicks: 10 } },
              release,
            }),
        }),
        { participation: 0.1 },
      );
    expect(issuesOf(go('full'), 'E_POSITION_UNPROTECTED')).toEqual([
      '2 of 2 ESH2024 have no stop at work: O-000002 waits until O-000001 is filled',
    ]);
    expect(issuesOf(go('partial'), 'E_POSITION_UNPROTECTED')).toEqual([]);
  });

  it('is reported when an OCO cancels the stop after a partial exit; OUO keeps it', () => {
    const go = (peers: 'oco' | 'ouo'): World =>
      run(
        {
          front: bars('100/100/100/100', '100/100/100/100', '105/105/104/104', '104/104/104/104'),
          volumes: [100, 100, 20, 0],
        },
        onBar({
          0: (ctx) =>
            ctx.bracket({
              contract: ctx.contract('ES'),
              side: 1,
              qty: 5,
              type: 'market',
              stop: { at: { offsetTicks: 10 } },
              targets: [{ at: { offsetTicks: 4 } }],
              peers,
            }),
        }),
        { participation: 0.1 },
      );
    expect(issuesOf(go('oco'), 'E_POSITION_UNPROTECTED')).toEqual([
      '3 of 3 ESH2024 have no stop at work: O-000002 ended (oco-peer)',
    ]);
    expect(issuesOf(go('ouo'), 'E_POSITION_UNPROTECTED')).toEqual([]);
  });

  it('is not reported when the strategy cancels its own stop', () => {
    const world = run(
      { front: bars(...Array.from({ length: 4 }, () => '100/100/100/100')) },
      onBar({
        0: (ctx) =>
          ctx.bracket({
            contract: ctx.contract('ES'),
            side: 1,
            qty: 1,
            type: 'market',
            stop: { at: { offsetTicks: 10 } },
          }),
        2: (ctx) => ctx.cancelAll(),
      }),
    );
    expect(issuesOf(world, 'E_POSITION_UNPROTECTED')).toEqual([]);
  });
});

describe('bars that execute nothing', () => {
  const market = onBar({
    0: (ctx) =>
      ctx.submit({
        contract: ctx.contract('ES'),
        side: 1,
        qty: 1,
        type: 'market',
        timeInForce: 'gtc',
      }),
  });

  it('are named when an order waited for them', () => {
    const front = bars('100/100/100/100', '100/99/101/100', '100/100/100/100', '102/102/102/102');
    const world = run({ front, volumes: [100, 100, 0, 100] }, market);
    expect(issuesOf(world, 'E_BAR_REFUSED')).toEqual([
      'ESH2024: a bar 100/99/101/100 (ticks) contradicts itself and executes no order',
    ]);
    expect(issuesOf(world, 'E_BAR_NO_VOLUME')).toEqual([
      'ESH2024: a bar without volume executes no order',
    ]);
    expect(rulesOf(world)).toEqual(['1 @ 102 bar-open']);
  });

  it('are not named when nothing waited', () => {
    const front = bars('100/100/100/100', '100/99/101/100', '100/100/100/100');
    const world = run({ front, volumes: [100, 100, 0] }, {});
    expect(world.recorder.issues).toEqual([]);
  });
});

describe('a trade that ends between the two legs of its roll', () => {
  it('counts the late leg, and leaves it out of the next trade', () => {
    const flat = '100/100/100/100';
    const front: BarRow[] = [
      ...bars(flat, flat, flat),
      // The old contract trades again only after the new one has been sold.
      [at(0, 16), 105, 105, 105, 105],
    ];
    const next = bars(
      '120/120/120/120',
      '120/120/120/120',
      '120/120/120/120',
      '121/121/121/121',
      '124/124/124/124',
    );
    const world = run(
      {
        front,
        next,
        roll: { us: at(0, 13), fromPrice: 100, toPrice: 120 },
        positionsOnRoll: 'roll',
        days: 1,
      },
      onBar({
        0: (ctx) => ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'market' }),
        3: (ctx) =>
          ctx.submit({
            contract: ctx.contract('ES'),
            side: -1,
            qty: 2,
            type: 'market',
            timeInForce: 'gtc',
          }),
      }),
    );
    // ES: 12.50 a tick. Long 100 → 105 and 121 → 124; then short from 124.
    expect(
      world.recorder.fills.map((f) => `${f.contract} ${f.side * f.qty} @ ${f.priceTicks}`),
    ).toEqual(['ESH2024 1 @ 100', 'ESM2024 1 @ 121', 'ESM2024 -2 @ 124', 'ESH2024 -1 @ 105']);
    expect(
      world.recorder.trades.map((trade) => [trade.side, trade.netMicros, trade.isOpen]),
    ).toEqual([
      [1, 100_000_000, false],
      [-1, 0, true],
    ]);
  });
});
