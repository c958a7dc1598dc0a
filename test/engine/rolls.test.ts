import { describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { Indicator, Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { PriceTicks } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import type { BarRow, WorldOptions } from '../support/engine-world.ts';
import { at, hourly, makeWorld } from '../support/engine-world.ts';

const roll = { us: at(1, 10), fromPrice: 100, toPrice: 120 };

/** The old contract stands at 100, the new one 20 ticks above it; the chain rolls at the open of day 1. */
function options(strategy: Strategy, more: Partial<WorldOptions> = {}): WorldOptions {
  return {
    front: [...hourly(0, [100, 100, 100]), ...hourly(1, [100, 100, 100])],
    next: [...hourly(0, [120, 120, 120]), ...hourly(1, [120, 124, 128])],
    roll,
    days: 2,
    strategy,
    ...more,
  };
}

function run(world: ReturnType<typeof makeWorld>): ReturnType<typeof makeWorld> {
  const result = runEngine(world.config);
  if (result.error !== null) throw result.error.cause;
  return world;
}

function bracketOnce(timeInForce: 'day' | 'gtc' = 'day'): Strategy {
  let isSent = false;
  return {
    onBar(_bar, ctx): void {
      if (isSent) return;
      isSent = true;
      ctx.bracket({
        contract: ctx.contract('ES'),
        side: Side.Buy,
        qty: 2,
        type: 'market',
        timeInForce,
        stop: { at: { offsetTicks: 30 } },
        targets: [{ at: { offsetTicks: 60 } }],
      });
    },
  };
}

class LastClose implements Indicator {
  ready: boolean = false;
  value: number = NaN;
  update(bar: { close: number }): void {
    this.value = bar.close;
    this.ready = true;
  }
  rebase(shift: number, factor: number): void {
    this.value = this.value * factor + shift;
  }
  saveState(): unknown {
    return this.value;
  }
  restoreState(): void {}
}

describe('a roll of a held position', () => {
  it('closes the old leg, opens the new one, and re-creates the exits at levels moved by the gap', () => {
    const world = run(makeWorld(options(bracketOnce(), { feeMicros: 1_000_000 })));
    const { recorder, venue, front, next } = world;
    expect(recorder.events.filter((event) => event.startsWith('CancelRequested'))).toEqual([
      'CancelRequested O-000002 roll',
      'CancelRequested O-000003 roll',
    ]);
    expect(recorder.fills.map((f) => [f.contract, f.side * f.qty, f.priceTicks, f.tag])).toEqual([
      [front, 2, 100, ''],
      [front, -2, 100, 'roll'],
      [next, 2, 120, 'roll'],
    ]);
    const exits = venue.requests.filter((r) => r.spec.contract === next && r.role !== 'entry');
    expect(
      exits.map((r) => [
        r.role,
        r.spec.reduceOnly,
        'stopTicks' in r.spec ? r.spec.stopTicks : null,
        'limitTicks' in r.spec ? r.spec.limitTicks : null,
      ]),
    ).toEqual([
      ['stop', true, 90, null],
      ['target', true, null, 180],
    ]);
    expect(recorder.rolls).toMatchObject([
      { netQty: 2, costMicros: 4_000_000, ordersRecreated: 2, policy: 'roll' },
    ]);
  });

  it('does not end the trade, whose result leaves the gap out', () => {
    const { recorder } = run(makeWorld(options(bracketOnce())));
    expect(recorder.trades).toHaveLength(1);
    // 8 ticks of 12.50 on two contracts, all of it after the roll.
    expect(recorder.trades[0]).toMatchObject({
      rolls: 1,
      isOpen: true,
      grossMicros: 200_000_000,
      mfeTicks: 8,
      maeTicks: 0,
    });
  });

  it('leaves no order working in the old contract', () => {
    const open: number[] = [];
    const inner = bracketOnce();
    const strategy: Strategy = {
      onBar(bar, ctx): void {
        inner.onBar?.(bar, ctx);
        open.push(ctx.openOrders().filter((order) => order.contract === 'ESH2024').length);
      },
    };
    run(makeWorld(options(strategy)));
    expect(open).toEqual([3, 2, 2, 0, 0, 0]);
  });

  it('closes the position under the policy flatten and leaves it alone under manual', () => {
    const flat = run(makeWorld(options(bracketOnce(), { positionsOnRoll: 'flatten' })));
    expect(flat.recorder.fills.map((f) => f.contract)).toEqual([flat.front, flat.front]);
    expect(flat.recorder.trades).toMatchObject([{ isOpen: false, rolls: 0 }]);
    expect(flat.recorder.rolls).toMatchObject([{ policy: 'flatten', netQty: 2 }]);
    const manual = run(makeWorld(options(bracketOnce(), { positionsOnRoll: 'manual' })));
    expect(manual.recorder.fills).toHaveLength(1);
    expect(manual.recorder.rolls).toMatchObject([{ policy: 'manual', netQty: 2 }]);
  });

  it('records a roll without a position as flat, at no cost', () => {
    const { recorder } = run(makeWorld(options({})));
    expect(recorder.rolls).toMatchObject([{ policy: 'flat', costMicros: 0 }]);
  });
});

describe('series across a roll', () => {
  function read(adjust: WorldOptions['adjust']): {
    closes: number[];
    indicator: number;
    shift: number;
    raw: number;
  } {
    const out = { closes: [] as number[], indicator: NaN, shift: NaN, raw: NaN };
    let last: LastClose;
    const strategy: Strategy = {
      onStart(ctx): void {
        last = ctx.series('main').attach(new LastClose());
      },
      onRoll(event, ctx: StrategyContext): void {
        out.indicator = last.value;
        out.shift = event.shift;
        expect(event.keys).toEqual(['main']);
        expect(ctx.contract('ES')).toBe('ESM2024');
      },
      onBar(_bar, ctx): void {
        const series = ctx.series('main');
        out.closes = Array.from({ length: series.length }, (_, i) =>
          series.close(series.length - 1 - i),
        );
        out.raw = series.toRawTicks(series.close(0), 'nearest');
      },
    };
    run(makeWorld(options(strategy, adjust === undefined ? {} : { adjust })));
    return out;
  }

  it('moves history by the gap in back mode and reads the current contract raw', () => {
    const out = read('back-difference');
    expect(out.closes).toEqual([30, 30, 30, 30, 31, 32]);
    expect([out.indicator, out.shift, out.raw]).toEqual([30, 5, 128]);
  });

  it('keeps the level of the first contract in forward mode', () => {
    const out = read('forward-difference');
    expect(out.closes).toEqual([25, 25, 25, 25, 26, 27]);
    expect([out.indicator, out.shift, out.raw]).toEqual([25, 0, 128]);
  });

  it('scales history by the ratio, and the current contract stays exact', () => {
    const out = read('back-ratio');
    expect(out.closes).toEqual([30, 30, 30, 30, 31, 32]);
    expect(out.indicator).toBe(30);
    expect(out.raw).toBe(128);
    expect(read('forward-ratio').closes[5]).toBeCloseTo(32 / 1.2, 12);
  });

  it('shows raw prices without adjustment', () => {
    expect(read('none').closes).toEqual([25, 25, 25, 30, 31, 32]);
  });

  it('has only bars of the contract that was current', () => {
    const seen: string[] = [];
    run(makeWorld(options({ onBar: (bar) => void seen.push(bar.contract) })));
    expect(seen).toEqual([...Array(3).fill('ESH2024'), ...Array(3).fill('ESM2024')]);
  });
});

describe('protect', () => {
  it('places exits around the average price of a position', () => {
    let n = 0;
    const strategy: Strategy = {
      onBar(_bar, ctx): void {
        if (n === 0)
          ctx.submit({ contract: ctx.contract('ES'), side: Side.Sell, qty: 3, type: 'market' });
        if (n === 1) {
          ctx.protect({
            contract: ctx.contract('ES'),
            stop: { at: { offsetTicks: 10 } },
            targets: [{ at: { ticks: 80 as PriceTicks } }, { at: { offsetTicks: 40 } }],
          });
        }
        n += 1;
      },
    };
    const { venue } = run(makeWorld({ front: hourly(0, [100, 100, 100]), days: 1, strategy }));
    expect(
      venue.requests
        .slice(1)
        .map((r) => [
          r.role,
          r.spec.side * r.spec.qty,
          'stopTicks' in r.spec
            ? r.spec.stopTicks
            : 'limitTicks' in r.spec
              ? r.spec.limitTicks
              : null,
        ]),
    ).toEqual([
      ['stop', 3, 110],
      ['target', 2, 80],
      ['target', 1, 60],
    ]);
  });
});

describe('single stops', () => {
  /** Buys 5 and protects them by single stops, which say nothing of each other. */
  function guarded(quantities: readonly number[]): Strategy {
    let isSent = false;
    return {
      onBar(_bar, ctx): void {
        if (isSent) return;
        isSent = true;
        const contract = ctx.contract('ES');
        ctx.submit({ contract, side: Side.Buy, qty: 5, type: 'market', timeInForce: 'gtc' });
        quantities.forEach((qty, i) =>
          ctx.submit({
            contract,
            side: Side.Sell,
            qty,
            type: 'stop',
            stopTicks: (70 - 10 * i) as PriceTicks,
            timeInForce: 'gtc',
          }),
        );
      },
    };
  }

  it.each([
    ['that share the position all move with it', [2, 3], [5], [2, 3]],
    ['for less than the position leave the rest as it was', [1, 2], [3, 2], [1, 2]],
    ['that each stand for all of it move as such', [5, 5], [5], [5, 5]],
  ])('%s', (_, quantities, opened, stops) => {
    const { venue, next } = run(makeWorld(options(guarded(quantities))));
    const sent = venue.requests.filter((r) => r.spec.contract === next);
    const qtyOf = (role: (r: (typeof sent)[number]) => boolean): number[] =>
      sent.filter(role).map((r) => r.spec.qty);
    expect(qtyOf((r) => r.spec.side === Side.Buy)).toEqual(opened);
    expect(qtyOf((r) => r.spec.side === Side.Sell)).toEqual(stops);
  });
});

describe('more exits than position', () => {
  it('moves the stop, though targets without one were there before it', () => {
    const inner = bracketOnce();
    const strategy: Strategy = {
      onBar(bar, ctx): void {
        inner.onBar?.(bar, ctx);
        if (bar.closeUs !== at(0, 13)) return;
        const old = ctx.openOrders().find((order) => order.role === 'stop')!;
        ctx.cancel(old.clOrdId);
        ctx.protect({ contract: bar.contract, stop: { at: { offsetTicks: 25 } } });
      },
    };
    const { venue, next } = run(makeWorld(options(strategy)));
    const sent = venue.requests.filter((r) => r.spec.contract === next);
    expect(sent.map((r) => [r.role, r.spec.qty])).toEqual([
      ['entry', 2],
      ['stop', 2],
    ]);
  });
});

describe('a venue that refuses the re-created bracket', () => {
  it('still moves the position and protects it once it is there', () => {
    const world = makeWorld(options(bracketOnce()));
    const { venue, next } = world;
    const submitGroup = venue.submitGroup.bind(venue);
    let sink: Parameters<typeof venue.connect>[0];
    const connect = venue.connect.bind(venue);
    venue.connect = (given): void => {
      sink = given;
      connect(given);
    };
    venue.submitGroup = (group): void => {
      if (group.entry === null || group.entry.contractIndex === 0) return submitGroup(group);
      for (const order of [group.entry, ...group.children.map((child) => child.order)])
        sink.onReport({
          kind: 'Rejected',
          clOrdId: order.clOrdId,
          orderId: null,
          contractIndex: order.contractIndex,
          tsUs: order.sentUs,
          reason: 'inverted-bracket',
        });
    };
    run(world);
    expect(world.recorder.fills.map((f) => f.side * f.qty)).toEqual([2, -2, 2]);
    const exits = venue.requests.filter((r) => r.spec.contract === next && r.role !== 'single');
    expect(exits.map((r) => [r.role, r.spec.qty])).toEqual([
      ['stop', 2],
      ['target', 2],
    ]);
    expect(world.recorder.trades).toMatchObject([{ rolls: 1, isOpen: true }]);
    expect(world.recorder.issues.map((i) => i.code)).toContain('E_ROLL_INCOMPLETE');
  });
});

describe('the money of a trade whose legs end out of order', () => {
  /** The new contract falls to the moved stop before the old one has its first bar after the roll. */
  function early(strategy: Strategy): ReturnType<typeof makeWorld> {
    return run(
      makeWorld(
        options(strategy, {
          front: [...hourly(0, [100, 100, 100]), [at(1, 13), 97, 97, 97, 97]],
          next: [
            [at(1, 11), 120, 120, 85, 88],
            [at(1, 12), 88, 90, 88, 90],
            [at(1, 14), 95, 95, 95, 95],
          ],
          feeMicros: 1_000_000,
        }),
      ),
    );
  }

  function equityChange(world: ReturnType<typeof makeWorld>): number {
    return world.recorder.equity.at(-1)!.equityMicros - world.config.capitalMicros;
  }

  function sumOfTrades(world: ReturnType<typeof makeWorld>): number {
    return world.recorder.trades.reduce((sum, trade) => sum + trade.netMicros, 0);
  }

  it('keeps it when the re-created stop fills before the old leg is closed', () => {
    const world = early(bracketOnce());
    expect(world.recorder.fills.map((f) => [f.contract, f.side * f.qty, f.priceTicks])).toEqual([
      [world.front, 2, 100],
      [world.next, 2, 120],
      [world.next, -2, 90],
      [world.front, -2, 97],
    ]);
    // (97 − 100) + (90 − 120) ticks of 12.50 on two contracts, and eight fees.
    expect(world.recorder.trades).toMatchObject([
      { grossMicros: -825_000_000, netMicros: -833_000_000, rolls: 1, isOpen: false },
    ]);
    expect(sumOfTrades(world)).toBe(equityChange(world));
  });

  it('keeps it when the next trade begins before the old leg of the last one is closed', () => {
    const inner = bracketOnce();
    let isBack = false;
    const strategy: Strategy = {
      onBar: (bar, ctx) => {
        inner.onBar?.(bar, ctx);
        if (bar.closeUs !== at(1, 11)) return;
        isBack = true;
        ctx.submit({ contract: bar.contract, side: Side.Buy, qty: 1, type: 'market' });
      },
    };
    const world = early(strategy);
    expect(isBack).toBe(true);
    expect(world.recorder.trades.map((t) => [t.grossMicros, t.rolls, t.isOpen])).toEqual([
      [-825_000_000, 1, false],
      [87_500_000, 0, true],
    ]);
    expect(sumOfTrades(world)).toBe(equityChange(world));
  });

  it('values both legs when the old one never closes', () => {
    const world = run(
      makeWorld(
        options(bracketOnce(), {
          front: hourly(0, [100, 100, 101]),
          next: [[at(1, 11), 120, 124, 119, 123] as const],
        }),
      ),
    );
    expect(world.recorder.fills).toHaveLength(2);
    // One tick on the old contract and three on the new one, two of each.
    expect(world.recorder.trades).toMatchObject([{ grossMicros: 100_000_000, isOpen: true }]);
    expect(sumOfTrades(world)).toBe(equityChange(world));
  });

  it('ends a spread when both of its expiries are flat, at the sum of both', () => {
    let n = 0;
    const strategy: Strategy = {
      onBar(_bar, ctx): void {
        const side = n === 0 ? Side.Buy : Side.Sell;
        n += 1;
        if (n > 2) return;
        ctx.submit({ contract: 'ESH2024' as never, side, qty: 1, type: 'market' });
        ctx.submit({
          contract: 'ESM2024' as never,
          side: -side as Side,
          qty: 1,
          type: 'market',
        });
      },
    };
    const world = run(
      makeWorld({
        front: hourly(0, [100, 103, 105, 105]),
        next: hourly(0, [120, 121, 122, 122]),
        days: 1,
        strategy,
      }),
    );
    expect(world.recorder.fills).toHaveLength(4);
    expect(world.recorder.trades).toMatchObject([{ grossMicros: 25_000_000, isOpen: false }]);
    expect(sumOfTrades(world)).toBe(equityChange(world));
  });
});

describe('a roll on sampled data', () => {
  /** One sample a day; the old contract has none after the roll, which is decided at its last one. */
  const daily = (rows: readonly (readonly [day: number, price: number])[]): BarRow[] =>
    rows.map(([day, price]) => [at(day, 12), price, price, price, price]);

  function sampled(
    strategy: Strategy,
    rollFills: 'market' | 'record',
    more: Partial<WorldOptions> = {},
  ): ReturnType<typeof makeWorld> {
    return run(
      makeWorld({
        front: daily([
          [0, 100],
          [1, 101],
          [2, 102],
        ]),
        next: daily([
          [3, 125],
          [4, 126],
        ]),
        roll: { us: at(2, 12), fromPrice: 102, toPrice: 123 },
        lengthUs: 0,
        days: 5,
        feeMicros: 1_000_000,
        strategy,
        overrides: { rollFills },
        ...more,
      }),
    );
  }

  it('fills both legs at the prices of the record, right after the roll, and says so', () => {
    const { recorder, front, next } = sampled(bracketOnce('gtc'), 'record');
    expect(recorder.fills.map((f) => [f.contract, f.side * f.qty, f.priceTicks, f.tsUs])).toEqual([
      [front, 2, 101, at(1, 12)],
      [front, -2, 102, at(2, 12) + 1],
      [next, 2, 123, at(2, 12) + 1],
    ]);
    expect(recorder.rolls).toMatchObject([{ policy: 'roll', costMicros: 4_000_000 }]);
    expect(recorder.trades).toMatchObject([{ rolls: 1, isOpen: true, grossMicros: 100_000_000 }]);
    expect(recorder.issues).toMatchObject([{ code: 'E_ROLL_AT_RECORD', severity: 'info' }]);
    expect(recorder.issues[0]!.message).toContain('1 roll ');
  });

  it('leaves the old leg open in the market mode, which is why the other one exists', () => {
    const { recorder, front } = sampled(bracketOnce('gtc'), 'market');
    expect(recorder.fills.filter((f) => f.contract === front)).toHaveLength(1);
    expect(recorder.issues.map((issue) => issue.code)).not.toContain('E_ROLL_AT_RECORD');
  });

  it('fills the closing leg of the policy flatten, and what onRoll sends under manual', () => {
    const flat = sampled(bracketOnce('gtc'), 'record', { positionsOnRoll: 'flatten' });
    expect(flat.recorder.fills.map((f) => f.side * f.qty)).toEqual([2, -2]);
    const inner = bracketOnce('gtc');
    const strategy: Strategy = {
      onBar: (bar, ctx) => inner.onBar?.(bar, ctx),
      onRoll: (event, ctx) =>
        void ctx.submit({ contract: event.roll.from, side: Side.Sell, qty: 2, type: 'market' }),
    };
    const manual = sampled(strategy, 'record', { positionsOnRoll: 'manual' });
    expect(manual.recorder.fills.map((f) => [f.side * f.qty, f.priceTicks])).toEqual([
      [2, 101],
      [-2, 102],
    ]);
  });

  it('keeps a day order of the last sample of a date for the next one, and ends it there', () => {
    let isSent = false;
    const strategy: Strategy = {
      onBar(bar, ctx): void {
        if (isSent) return;
        isSent = true;
        const order = { contract: bar.contract, side: Side.Buy, qty: 1 } as const;
        ctx.submit({ ...order, type: 'market' });
        ctx.submit({ ...order, type: 'limit', limitTicks: 50 as PriceTicks });
      },
    };
    const { recorder } = sampled(strategy, 'record');
    expect(recorder.fills[0]).toMatchObject({ priceTicks: 101, tsUs: at(1, 12) });
    expect(recorder.events).toContain('Expired O-000002 day-end');
  });

  it('feeds nothing when no position is held', () => {
    const { recorder } = sampled({}, 'record');
    expect(recorder.issues).toEqual([]);
  });
});
