import { describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { CashMicros, PriceTicks, TradeDate } from '../../src/core/units.ts';
import { toCashMicros, US_PER_HOUR } from '../../src/core/units.ts';
import type { RiskLimits } from '../../src/engine/config.ts';
import { runEngine } from '../../src/engine/engine.ts';
import type { BarRow, WorldOptions } from '../support/engine-world.ts';
import { at, DAY0, hourly, makeWorld, product } from '../support/engine-world.ts';

const ticks = (value: number): PriceTicks => value as PriceTicks;

/** Calls `act` on the n-th bar of the run, counted from 0. */
function onBars(acts: Readonly<Record<number, (ctx: StrategyContext) => void>>): Strategy {
  let n = 0;
  return {
    onBar(_bar, ctx): void {
      acts[n]?.(ctx);
      n += 1;
    },
  };
}

function market(side: 1 | -1, qty: number): (ctx: StrategyContext) => void {
  return (ctx) => void ctx.submit({ contract: ctx.contract('ES'), side, qty, type: 'market' });
}

function run(
  options: WorldOptions,
): ReturnType<typeof makeWorld> & { result: ReturnType<typeof runEngine> } {
  const world = makeWorld(options);
  const result = runEngine(world.config);
  if (result.error !== null && options.overrides === undefined) throw result.error.cause;
  return { ...world, result };
}

const usd = (value: number): number => value * 1_000_000;

describe('money', () => {
  it('M1: a mark moves cash and not equity, and the trade keeps its own result', () => {
    // Points of 4000, 4010, 4005 on a tick of 0.25.
    const front = [
      ...hourly(0, [16000, 16000, 16040]),
      ...hourly(1, [16040, 16020, 16020, 16020], 16040),
    ];
    const { recorder } = run({
      front,
      days: 2,
      strategy: onBars({ 0: market(Side.Buy, 1), 4: market(Side.Sell, 1) }),
    });
    expect(recorder.days.map((day) => day.pnlMicros)).toEqual([usd(500), usd(-250)]);
    expect(recorder.trades.map((trade) => trade.grossMicros)).toEqual([usd(250)]);
    expect(recorder.equity.map((point) => point.equityMicros)).toEqual([
      usd(100_500),
      usd(100_250),
    ]);
    expect(recorder.equity[0]!.cashMicros).toBe(usd(100_500));
  });

  it('M2: realised and variation of one day stand apart', () => {
    const front = hourly(0, [16000, 16000, 16008, 16008, 16004]);
    const { recorder, journal } = run({
      front,
      days: 1,
      strategy: onBars({ 0: market(Side.Buy, 2), 2: market(Side.Sell, 1) }),
    });
    const settle = journal
      .lines()
      .map((line) => JSON.parse(line))
      .find((line) => line.kind === 'settle');
    expect(settle.body.variationMicros).toBe(usd(50));
    expect(recorder.days[0]!.pnlMicros).toBe(usd(150));
  });

  it('M3: a fill through zero closes against the mark and opens at its price', () => {
    const front = [
      ...hourly(0, [16000, 16000, 16040]),
      ...hourly(1, [16032, 16032, 16032, 16032], 16032),
    ];
    const { recorder, config } = run({
      front,
      days: 2,
      strategy: onBars({ 0: market(Side.Buy, 1), 3: market(Side.Sell, 3) }),
    });
    expect(recorder.days[1]!.pnlMicros).toBe(usd(-100));
    expect(recorder.trades.map((trade) => [trade.side, trade.isOpen, trade.grossMicros])).toEqual([
      [1, false, usd(400)],
      [-1, true, 0],
    ]);
    expect(config.venue.capabilities.venue).toBe('fake');
  });

  it('M4: fees add up to the cent and reach trades and equity alike', () => {
    const { recorder, result } = run({
      front: hourly(0, [100, 100, 100, 100]),
      days: 1,
      feeMicros: 2_150_000,
      strategy: onBars({ 0: market(Side.Buy, 9) }),
    });
    expect(recorder.fills[0]!.feeMicros).toBe(19_350_000);
    expect(result.finalEquityMicros).toBe(usd(100_000) - 19_350_000);
    expect(recorder.trades[0]!.netMicros).toBe(-19_350_000);
  });

  it('M5: a second contract without margin is denied and one is accepted', () => {
    const { recorder } = run({
      front: hourly(0, [100, 100, 100]),
      days: 1,
      initialMargin: usd(60_000),
      strategy: onBars({ 0: market(Side.Buy, 2), 1: market(Side.Buy, 1) }),
    });
    expect(recorder.events[0]).toBe('Denied O-000001 margin');
    expect(recorder.fills).toHaveLength(1);
  });

  it('M6: stop and target of a position need no margin of their own', () => {
    const { recorder } = run({
      front: hourly(0, [100, 100, 100]),
      days: 1,
      initialMargin: usd(60_000),
      strategy: onBars({
        0: (ctx) => {
          ctx.bracket({
            contract: ctx.contract('ES'),
            side: Side.Buy,
            qty: 1,
            type: 'market',
            stop: { at: { offsetTicks: 10 } },
            targets: [{ at: { offsetTicks: 20 } }],
          });
        },
      }),
    });
    expect(recorder.events.filter((event) => event.startsWith('Denied'))).toEqual([]);
    expect(recorder.equity[0]!.initialMarginMicros).toBe(usd(60_000));
  });

  it('M6b: a position that is gone by the close had its margin, and the next date has none', () => {
    const { recorder } = run({
      front: [...hourly(0, [100, 100, 100, 100]), ...hourly(1, [100, 100])],
      days: 2,
      initialMargin: usd(40_000),
      strategy: onBars({
        0: market(Side.Buy, 2),
        1: market(Side.Sell, 1),
        2: market(Side.Sell, 1),
      }),
    });
    expect(recorder.equity.map((point) => point.initialMarginMicros)).toEqual([usd(80_000), 0]);
    expect(recorder.equity.map((point) => point.grossNotional)).toEqual([2 * 100 * 0.25 * 50, 0]);
  });

  it('M14: prices below zero are legal', () => {
    const front = hourly(0, [-3700, -3700, -3763, -3763]);
    const { recorder } = run({
      front,
      days: 1,
      spec: product('ES', 0.01, 1000),
      strategy: onBars({ 0: market(Side.Sell, 1), 2: market(Side.Buy, 1) }),
    });
    expect(recorder.trades[0]!.grossMicros).toBe(usd(630));
    expect(recorder.trades[0]!.exitPrice).toBe(-37.63);
  });

  it('M16: what is bought after the close belongs to the next trade date', () => {
    const front = [...hourly(0, [100, 100, 100, 100, 100, 100]), ...hourly(1, [100, 104], 100)];
    const { recorder } = run({ front, days: 2, strategy: onBars({ 5: market(Side.Buy, 1) }) });
    expect(recorder.days.map((day) => day.tradeDate)).toEqual([DAY0 + 1]);
    expect(recorder.trades[0]!.entryTradeDate).toBe(DAY0 + 1);
  });
});

describe('time', () => {
  it('fills an order of a bar on the next bar at the earliest', () => {
    const { recorder } = run({
      front: hourly(0, [100, 110, 120]),
      days: 1,
      strategy: onBars({ 0: market(Side.Buy, 1) }),
    });
    expect(recorder.fills.map((fill) => [fill.tsUs, fill.priceTicks])).toEqual([[at(0, 12), 100]]);
  });

  it('keeps the venue’s last prices up to date, so that it knows what is marketable on arrival', () => {
    const seen: number[] = [];
    const lastTicks = new Float64Array(2).fill(NaN);
    const world = makeWorld({
      front: hourly(0, [100, 101]),
      days: 1,
      strategy: { onBar: () => void seen.push(lastTicks[0]!) },
    });
    runEngine({ ...world.config, venue: Object.assign(world.venue, { lastTicks }) });
    expect(seen).toEqual([100, 101]);
  });

  it('fires timers between bars and without any', () => {
    const fired: string[] = [];
    run({
      front: hourly(0, [100]),
      days: 1,
      strategy: {
        onStart: (ctx) => ctx.setTimer('early', at(0, 10, 30)),
        onTimer(name, ctx): void {
          fired.push(`${name} ${(ctx.nowUs - at(0, 10)) / 60_000_000}`);
          if (name === 'early') ctx.setTimer('late', at(0, 15, 59));
        },
      },
    });
    expect(fired).toEqual(['early 30', 'late 359']);
  });

  it('opens and closes every session around its bars', () => {
    const seen: string[] = [];
    run({
      front: [...hourly(0, [100, 100, 100, 100, 100, 100]), ...hourly(1, [100])],
      days: 2,
      strategy: {
        onSessionOpen: (_root, session) => void seen.push(`open ${session.tradeDate - DAY0}`),
        onBar: (bar) =>
          void seen.push(
            `bar${bar.isSessionFirst ? ' first' : ''}${bar.isSessionLast ? ' last' : ''}`,
          ),
        onSessionClose: (_root, session) => void seen.push(`close ${session.tradeDate - DAY0}`),
      },
    });
    expect(seen).toEqual([
      'open 0',
      'bar first',
      'bar',
      'bar',
      'bar',
      'bar',
      'bar last',
      'close 0',
      'open 1',
      'bar first',
      'close 1',
    ]);
  });

  it('keeps a day order sent at the close for the next session', () => {
    const front = [...hourly(0, [100, 100, 100, 100, 100, 100]), ...hourly(1, [100, 104], 100)];
    const { recorder } = run({ front, days: 2, strategy: onBars({ 5: market(Side.Buy, 1) }) });
    expect(recorder.events).not.toContain('Expired O-000001 day-end');
    expect(recorder.fills).toHaveLength(1);
  });

  it('feeds the warm-up to history and refuses orders in it', () => {
    const warm: number[] = [];
    const live: number[] = [];
    const front = [...hourly(0, [100, 101]), ...hourly(1, [102, 103])];
    run({
      front,
      days: 2,
      fromDay: 1,
      strategy: {
        onWarmUpBar: (bar) => void warm.push(bar.close),
        onBar: (_bar, ctx) => void live.push(ctx.series('main').length),
      },
    });
    expect(warm).toEqual([25, 25.25]);
    expect(live).toEqual([3, 4]);
    const { result } = run({
      front,
      days: 2,
      fromDay: 1,
      overrides: {},
      strategy: { onWarmUpBar: (_bar, ctx) => market(Side.Buy, 1)(ctx) },
    });
    expect(result.outcome).toBe('strategy-error');
    expect((result.error!.cause as TradingError).code).toBe('E_ORDER_WARM_UP');
    expect(result.error!.hook).toBe('onWarmUpBar');
  });
});

describe('bad input of a strategy', () => {
  const stop = { at: { ticks: ticks(90) } };
  it.each<[string, (ctx: StrategyContext) => void]>([
    ['E_QTY', market(Side.Buy, 0)],
    ['E_QTY', market(Side.Buy, 1.5)],
    ['E_ORDER_SIDE', market('buy' as never, 1)],
    ['E_ORDER_SIDE', market(0 as never, 1)],
    [
      'E_PRICE_GRID',
      (ctx) =>
        void ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          qty: 1,
          type: 'limit',
          limitTicks: ticks(99.5),
        }),
    ],
    [
      'E_ORDER_PRICE_MISSING',
      (ctx) => void ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'limit' }),
    ],
    [
      'E_ORDER_UNSUPPORTED',
      (ctx) =>
        void ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'market-to-limit' }),
    ],
    [
      'E_ORDER_UNSUPPORTED',
      (ctx) =>
        void ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          qty: 1,
          type: 'market',
          timeInForce: 'fok',
        }),
    ],
    [
      'E_ORDER_CONTINUOUS',
      (ctx) =>
        void ctx.submit({
          contract: ctx.series('main').id as never,
          side: 1,
          qty: 1,
          type: 'market',
        }),
    ],
    [
      'E_CONTRACT_NOT_IN_RUN',
      (ctx) => void ctx.submit({ contract: 'NQZ2024' as never, side: 1, qty: 1, type: 'market' }),
    ],
    [
      'E_BRACKET_PRICES',
      (ctx) =>
        void ctx.bracket({ contract: ctx.contract('ES'), side: -1, qty: 1, type: 'market', stop }),
    ],
    ['E_ORDER_GROUP', (ctx) => void ctx.protect({ contract: ctx.contract('ES'), stop })],
    ['E_ORDER_GROUP', (ctx) => void ctx.oco([])],
    ['E_ORDER_UNKNOWN', (ctx) => ctx.cancel('O-999999' as never)],
    ['E_SERIES_UNKNOWN', (ctx) => void ctx.series('other')],
    ['E_SERIES_HISTORY', (ctx) => void ctx.series('main').close(8)],
    ['E_SERIES_FUTURE', (ctx) => void ctx.series('main').close(-1)],
    ['E_SERIES_FUTURE', (ctx) => void ctx.series('main').close(NaN)],
    ['E_TIMER', (ctx) => ctx.setTimer('x', NaN as never)],
  ])('stops with %s', (code, act) => {
    const { result } = run({
      front: hourly(0, [100, 100]),
      days: 1,
      overrides: {},
      strategy: onBars({ 0: act }),
    });
    expect(result.outcome).toBe('strategy-error');
    expect((result.error!.cause as TradingError).code).toBe(code);
    expect((result.error!.cause as TradingError).message.length).toBeGreaterThan(10);
  });

  it('refuses an asynchronous hook before the first bar', () => {
    let calls = 0;
    const { result } = run({
      front: hourly(0, [100, 100]),
      days: 1,
      overrides: {},
      strategy: {
        onBar: (async () => {
          calls += 1;
        }) as () => void,
      },
    });
    expect(result.outcome).toBe('strategy-error');
    expect(result.error!.cause).toMatchObject({ code: 'E_STRATEGY_ASYNC' });
    expect(calls).toBe(0);
  });

  it('refuses an order in an expired contract and settles what was held', () => {
    const { result, recorder } = run({
      front: hourly(0, [100, 100, 104]),
      days: 1,
      frontExpiryUs: at(0, 13),
      overrides: {},
      strategy: {
        ...onBars({ 0: market(Side.Buy, 1), 2: (ctx) => ctx.setTimer('after', at(0, 14)) }),
        onTimer: (_name, ctx) => market(Side.Buy, 1)(ctx),
      },
    });
    expect(recorder.issues.map((issue) => issue.code)).toContain('E_HELD_TO_EXPIRY');
    expect(recorder.trades[0]!.grossMicros).toBe(usd(50));
    expect((result.error!.cause as TradingError).code).toBe('E_CONTRACT_EXPIRED');
  });

  it('keeps what was recorded when a strategy throws, and tries to save its state', () => {
    const { result, recorder } = run({
      front: hourly(0, [100, 100, 100]),
      days: 1,
      overrides: {},
      strategy: {
        ...onBars({
          0: market(Side.Buy, 1),
          2: () => {
            throw new Error('boom');
          },
        }),
        saveState: () => ({ kept: true }),
      },
    });
    expect(result.outcome).toBe('strategy-error');
    expect(result.error).toMatchObject({ hook: 'onBar', tsUs: at(0, 13) });
    expect(result.savedState).toEqual({ kept: true });
    expect(recorder.trades[0]!.isOpen).toBe(true);
  });

  it('reports a strategy that answers its own orders for ever as a bug', () => {
    const world = makeWorld({
      front: hourly(0, [100, 100]),
      days: 1,
      strategy: {
        onBar: (_bar, ctx) => ctx.setTimer('x', ctx.nowUs),
        onTimer: (_n, ctx) => ctx.setTimer('x', ctx.nowUs),
      },
    });
    expect(() => runEngine(world.config)).toThrow(/10000 rounds/);
  });
});

describe('risk gate', () => {
  const limits: RiskLimits = {
    orderQtyMax: 5,
    positionQtyMax: 3,
    ordersPerInterval: 2,
    intervalUs: US_PER_HOUR,
    collarPct: 10,
    duplicateWindowUs: 0,
    tradingState: 'active',
  };
  function denials(
    risk: Partial<RiskLimits>,
    acts: Record<number, (ctx: StrategyContext) => void>,
  ): string[] {
    const { recorder } = run({
      front: hourly(0, [10000, 10000, 10000, 10000]),
      days: 1,
      overrides: { risk: { ...limits, ...risk } },
      strategy: onBars(acts),
    });
    return recorder.events
      .filter((event) => event.startsWith('Denied'))
      .map((event) => event.split(' ')[2]!);
  }
  const limit =
    (at: number, side: Side = Side.Buy) =>
    (ctx: StrategyContext): void =>
      void ctx.submit({
        contract: ctx.contract('ES'),
        side,
        qty: 1,
        type: 'limit',
        limitTicks: ticks(at),
      });
  const stop =
    (at: number, side: Side) =>
    (ctx: StrategyContext): void =>
      void ctx.submit({
        contract: ctx.contract('ES'),
        side,
        qty: 1,
        type: 'stop',
        stopTicks: ticks(at),
      });

  it('names a stable reason for each denial', () => {
    expect(denials({}, { 0: market(Side.Buy, 6) })).toEqual(['max-order-qty']);
    expect(denials({}, { 0: market(Side.Buy, 4) })).toEqual(['max-position']);
    expect(denials({}, { 0: limit(11001) })).toEqual(['price-collar']);
    expect(denials({}, { 0: limit(11000) })).toEqual([]);
    expect(denials({ tradingState: 'halted' }, { 0: market(Side.Buy, 1) })).toEqual(['halted']);
    expect(denials({ tradingState: 'reducing' }, { 0: market(Side.Buy, 1) })).toEqual([
      'reducing-only',
    ]);
  });

  it('lets prices far away rest, and denies those that would trade at once beyond the collar', () => {
    const { Buy, Sell } = Side;
    expect(denials({}, { 0: limit(8999, Sell) })).toEqual(['price-collar']);
    expect(denials({}, { 0: limit(9000, Sell) })).toEqual([]);
    expect(denials({}, { 0: limit(1, Buy) })).toEqual([]);
    expect(denials({}, { 0: limit(20000, Sell) })).toEqual([]);
    expect(denials({}, { 0: stop(20000, Buy) })).toEqual([]);
    expect(denials({}, { 0: stop(1, Sell) })).toEqual([]);
    expect(denials({}, { 0: stop(8999, Buy) })).toEqual(['price-collar']);
    expect(denials({}, { 0: stop(9000, Buy) })).toEqual([]);
    expect(denials({}, { 0: stop(11001, Sell) })).toEqual(['price-collar']);
  });

  it('denies an order in a contract that has no price yet, and the run goes on', () => {
    const { result, recorder } = run({
      front: hourly(0, [10000, 10000, 10000]),
      next: [],
      days: 1,
      // A margin by notional is what a missing price breaks.
      overrides: {
        margin: {
          initialMicros: (_c, _d, mark) => toCashMicros(mark * 1000),
          maintenanceMicros: (_c, _d, mark) => toCashMicros(mark * 1000),
        },
      },
      strategy: onBars({
        0: (ctx) =>
          void ctx.submit({ contract: 'ESM2024' as never, side: 1, qty: 1, type: 'market' }),
        1: market(Side.Buy, 1),
      }),
    });
    expect(result.outcome).toBe('completed');
    expect(recorder.events.filter((event) => event.startsWith('Denied'))).toEqual([
      'Denied O-000001 no-price',
    ]);
    expect(recorder.fills).toHaveLength(1);
  });

  it('counts orders in flight against the position', () => {
    const twice = (ctx: StrategyContext): void => {
      market(Side.Buy, 2)(ctx);
      market(Side.Buy, 2)(ctx);
    };
    expect(denials({}, { 0: twice })).toEqual(['max-position']);
  });

  it('throttles the third order of an interval and lets cancels pass', () => {
    const three = (ctx: StrategyContext): void => {
      limit(9900)(ctx);
      limit(9901)(ctx);
      limit(9902)(ctx);
      ctx.cancelAll();
    };
    expect(denials({}, { 0: three })).toEqual(['throttle']);
  });

  it('refuses the same order inside the window, and takes it after it', () => {
    const twice = (ctx: StrategyContext): void => {
      limit(9900)(ctx);
      limit(9900)(ctx);
    };
    expect(denials({ duplicateWindowUs: 1 }, { 0: twice })).toEqual(['duplicate']);
    expect(denials({ duplicateWindowUs: US_PER_HOUR }, { 0: limit(9900), 1: limit(9900) })).toEqual(
      [],
    );
  });
});

describe('state and accounts', () => {
  it('restores the saved state before onStart', () => {
    const order: string[] = [];
    const { result } = run({
      front: hourly(0, [100]),
      days: 1,
      overrides: { savedState: { n: 3 } },
      strategy: {
        restoreState: (state) => void order.push(`restore ${(state as { n: number }).n}`),
        onStart: () => void order.push('start'),
        saveState: () => ({ n: 4 }),
      },
    });
    expect(order).toEqual(['restore 3', 'start']);
    expect(result.savedState).toEqual({ n: 4 });
  });

  it('moves to a target position once, orders in flight counted', () => {
    const { recorder } = run({
      front: hourly(0, [100, 100, 100]),
      days: 1,
      strategy: onBars({
        0: (ctx) => {
          expect(ctx.targetPosition(ctx.contract('ES'), 2)).not.toBeNull();
          expect(ctx.targetPosition(ctx.contract('ES'), 2)).toBeNull();
        },
        1: (ctx) => void ctx.targetPosition(ctx.contract('ES'), -1),
      }),
    });
    expect(recorder.fills.map((fill) => fill.side * fill.qty)).toEqual([2, -3]);
  });

  it('bounds equity inside the day by the extremes of the bars', () => {
    const front: BarRow[] = [
      [at(0, 11), 100, 100, 100, 100],
      [at(0, 12), 100, 100, 100, 100],
      [at(0, 13), 100, 130, 60, 100],
    ];
    const { recorder } = run({ front, days: 1, strategy: onBars({ 0: market(Side.Buy, 1) }) });
    expect(recorder.equity[0]!.lowEquityMicros).toBe(usd(100_000 - 40 * 12.5));
    expect(recorder.equity[0]!.highEquityMicros).toBe(usd(100_000 + 30 * 12.5));
    expect(recorder.trades[0]).toMatchObject({ maeTicks: -40, mfeTicks: 30 });
    expect(recorder.equity[0]!.openUs).toBe(6 * US_PER_HOUR);
    expect(recorder.equity[0]!.exposedUs).toBe(4 * US_PER_HOUR);
  });

  it('sizes by the risk to the stop', () => {
    let qty = -1;
    run({
      front: hourly(0, [100]),
      days: 1,
      strategy: onBars({
        0: (ctx) => {
          qty = ctx.size.riskPerStop({
            contract: ctx.contract('ES'),
            entryTicks: 100,
            stopTicks: 80,
            riskFraction: 0.01,
          });
        },
      }),
    });
    // 1 % of 100,000 over 20 ticks of 12.50.
    expect(qty).toBe(4);
  });

  it('stops when the progress callback asks for it, and calls onStop', () => {
    const closes = Array.from({ length: 6 }, () => 100);
    const front = Array.from({ length: 700 }, (_, day) => hourly(day, closes)).flat();
    let stopped = false;
    const { result } = run({
      front,
      days: 700,
      overrides: { onProgress: () => true },
      frontExpiryUs: at(20_000, 12),
      strategy: { onStop: () => void (stopped = true) },
    });
    expect(result.outcome).toBe('stopped');
    expect(result.bars).toBeGreaterThan(1000);
    expect(result.bars).toBeLessThan(4200);
    expect(stopped).toBe(true);
  });

  it('asks for progress often enough to land in a small run, and the event log does not know', () => {
    const hashOf = (onProgress?: () => boolean): string => {
      const front = Array.from({ length: 300 }, (_, day) => hourly(day, [100, 101, 102])).flat();
      return run({
        front,
        days: 300,
        frontExpiryUs: at(1000, 12),
        strategy: onBars({ 0: market(Side.Buy, 1) }),
        ...(onProgress === undefined ? {} : { overrides: { onProgress } }),
      }).result.eventHash;
    };
    let calls = 0;
    const count = (): boolean => {
      calls += 1;
      return false;
    };
    expect(hashOf(count)).toBe(hashOf());
    expect(calls).toBeGreaterThan(0);
  });

  it('converts a foreign currency and refuses a run whose currency has no rate', () => {
    const options: WorldOptions = {
      front: hourly(0, [100, 100, 104]),
      days: 1,
      spec: product('ES', 0.25, 50, 'EUR'),
      strategy: onBars({ 0: market(Side.Buy, 1) }),
      overrides: { rates: { base: 'USD', rate: () => 2 } },
    };
    expect(run(options).result.finalEquityMicros).toBe(usd(100_100));
    const missing = (_c: string, _d: TradeDate): number => {
      throw new TradingError('E_CURRENCY_RATE', 'no rate for EUR');
    };
    const world = makeWorld({
      ...options,
      strategy: onBars({ 0: market(Side.Buy, 1) }),
      overrides: { rates: { base: 'USD', rate: missing } },
    });
    expect(() => runEngine(world.config)).toThrow(/no rate/);
    expect(world.recorder.equity).toEqual([]);
  });

  it('matches Σ position days, Σ trades and the change of equity', () => {
    const front = [0, 1, 2].flatMap((day) => hourly(day, [100, 107, 95, 103, 99, 111], 100));
    const { recorder, result } = run({
      front,
      feeMicros: 1_230_000,
      strategy: {
        ...onBars(
          Object.fromEntries(
            Array.from({ length: 18 }, (_, i) => [i, market(i % 3 === 0 ? -1 : 1, 1 + (i % 4))]),
          ),
        ),
      },
    });
    const change = result.finalEquityMicros - (usd(100_000) as CashMicros);
    expect(recorder.days.reduce((sum, day) => sum + day.pnlMicros, 0)).toBe(change);
    expect(recorder.trades.reduce((sum, trade) => sum + trade.netMicros, 0)).toBe(change);
    expect(recorder.trades.reduce((sum, trade) => sum + trade.feesMicros, 0)).toBe(
      recorder.fills.reduce((sum, fill) => sum + fill.feeMicros, 0),
    );
  });
});
