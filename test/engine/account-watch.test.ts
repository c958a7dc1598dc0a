/** A programme at work in a run: what it denies, what it closes, and when. */
import { describe, expect, it } from 'vitest';
import { ProgrammeGuard } from '../../src/core/programme/guard.ts';
import type { Programme } from '../../src/core/programme/programme.ts';
import { DAY0, OPEN_HOUR, at, makeWorld } from '../support/engine-world.ts';
import type { BarRow, World, WorldOptions } from '../support/engine-world.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { Qty, TradeDate } from '../../src/core/units.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { createFeeModel } from '../../src/sim/fee-model.ts';

const START = 100_000;

function programme(rules: Partial<Programme>): Programme {
  return {
    schema: 'frontmonth.programme/1',
    name: 'test',
    currency: 'USD',
    startBalance: START,
    ...rules,
  };
}

const BLOCK: Partial<Programme> = {
  dailyLoss: {
    amount: 500,
    from: 'balance',
    includesOpen: true,
    trailing: 'none',
    action: 'block-day',
  },
};
const FLOOR: Partial<Programme> = {
  maximumLoss: { amount: 1000, mode: 'static', tested: 'real-time', includesOpen: true },
};

/** Bars of one day from their open, high, low and close in ticks; a tick is 12.50. */
function bars(day: number, rows: readonly (readonly [number, number, number, number])[]): BarRow[] {
  return rows.map((row, i) => [at(day, OPEN_HOUR + 1 + i), ...row]);
}

interface Told {
  readonly world: World;
  readonly guard: ProgrammeGuard;
  /** Orders by their last status and reason. */
  readonly events: readonly string[];
  /** Side, quantity, price and tag of each fill. */
  readonly fills: readonly string[];
  readonly decisions: readonly string[];
}

function run(
  rules: Partial<Programme>,
  options: Omit<WorldOptions, 'strategy'> & {
    readonly onBar: (ctx: StrategyContext, bar: number, c: World['front']) => void;
    readonly flatAt?: readonly { readonly day: number; readonly hour: number }[];
    readonly against?: boolean;
    readonly isObserver?: boolean;
    readonly isUnguarded?: boolean;
    /** The venue refuses closing orders before this moment. */
    readonly refusesUntil?: number;
  },
): Told {
  let count = 0;
  const strategy: Strategy = {
    onBar: (bar, ctx) => {
      count += 1;
      options.onBar(ctx, count, bar.contract);
    },
  };
  const base = makeWorld({ ...options, strategy });
  const { table } = base.config;
  const guard = new ProgrammeGuard({
    programme: programme(rules),
    against: options.against ?? true,
    roots: ['ES'],
    deadlines: (options.flatAt ?? []).map(({ day, hour }) => ({
      tsUs: at(day, hour),
      row: 0,
      tradeDate: (DAY0 + day) as TradeDate,
    })),
    isObserver: options.isObserver ?? false,
  });
  const config = {
    ...base.config,
    ...(options.isUnguarded === true ? {} : { guard }),
    venue: createBarExchange({
      table,
      policy: 'pessimistic',
      random: base.config.random,
      slippageTicks: { ES: 0 },
      fees: createFeeModel(table, {
        ES: [{ from: 0 as TradeDate, commissionMicros: 0, exchangeMicros: 0 }],
      }),
    }),
  };
  const { refusesUntil } = options;
  if (refusesUntil !== undefined) {
    const { venue } = config;
    const [attach, submit] = [venue.connect.bind(venue), venue.submit.bind(venue)];
    let sink: Parameters<typeof attach>[0] | null = null;
    venue.connect = (to) => attach((sink = to));
    venue.submit = (request) => {
      const isClosing = request.spec.tag?.startsWith('programme') === true;
      if (!isClosing || request.sentUs >= refusesUntil) return submit(request);
      sink!.onReport({
        kind: 'Rejected',
        clOrdId: request.clOrdId,
        orderId: null,
        contractIndex: request.contractIndex,
        tsUs: request.sentUs,
        reason: 'market-closed',
      });
    };
  }
  new Engine(config).run();
  const { fills, events } = base.recorder;
  return {
    world: base,
    guard,
    events,
    fills: fills.map(
      (fill) => `${fill.side === 1 ? 'buy' : 'sell'} ${fill.qty} at ${fill.priceTicks} ${fill.tag}`,
    ),
    decisions: guard.decisions.map((it) => `${it.rule} ${it.effect}${it.isCertain ? '' : ' ?'}`),
  };
}

const buy = (ctx: StrategyContext, contract: World['front'], qty = 1): void =>
  void ctx.submit({ type: 'market', contract, side: 1, qty: qty as Qty, tag: 'in' });

describe('a daily loss that blocks the day', () => {
  const front = [
    // Bought at 1000 with the second bar; the third goes to 959, 41 ticks or 512.50 lower, and comes back.
    ...bars(0, [
      [1000, 1000, 1000, 1000],
      [1000, 1001, 999, 1000],
      [1000, 1000, 959, 995],
      [996, 997, 996, 997],
      [997, 997, 997, 997],
    ]),
    ...bars(1, [
      [990, 990, 990, 990],
      [991, 991, 991, 991],
    ]),
  ];

  it('sends a closing order that was rejected once more after a while, and not at every moment', () => {
    const refused = (until: number): readonly string[] =>
      run(BLOCK, {
        front,
        refusesUntil: until,
        onBar: (ctx, bar, contract) => {
          if (bar === 1) buy(ctx, contract);
        },
      }).events.filter((event) => event.startsWith('Rejected'));
    // Of the moments of one day, each an hour apart, none brings a second one.
    expect(refused(at(0, OPEN_HOUR + 4))).toHaveLength(1);
    expect(refused(at(0, OPEN_HOUR + 5))).toHaveLength(2);
    // One more at the close itself; while the market is closed nothing is sent.
    expect(refused(at(0, 16) + 1)).toHaveLength(4);
    expect(refused(at(1, OPEN_HOUR))).toHaveLength(4);
  });

  it('closes at the market with the next bar, cancels what works, denies until the next date', () => {
    const told = run(BLOCK, {
      front,
      onBar: (ctx, bar, contract) => {
        if (bar === 1) {
          buy(ctx, contract);
          ctx.submit({
            type: 'limit',
            contract,
            side: -1,
            qty: 1 as Qty,
            limitTicks: 1100 as never,
            reduceOnly: true,
          });
        }
        if (bar === 4 || bar === 6) buy(ctx, contract);
      },
    });
    expect(told.decisions).toEqual(['daily-loss blocked']);
    expect(told.fills).toEqual([
      'buy 1 at 1000 in',
      'sell 1 at 996 programme:daily-loss',
      'buy 1 at 991 in',
    ]);
    expect(told.events).toContain('Canceled O-000002 requested');
    expect(told.events.filter((event) => event.startsWith('Denied'))).toEqual([
      'Denied O-000004 programme-daily-loss',
    ]);
  });

  it('does nothing one tick earlier', () => {
    const near = front.map((row): BarRow => [
      row[0],
      row[1],
      row[2],
      Math.max(row[3], 961),
      row[4],
    ]);
    const told = run(BLOCK, { front: near, onBar: (ctx, bar, c) => bar === 1 && buy(ctx, c) });
    expect(told.decisions).toEqual([]);
    expect(told.fills).toEqual(['buy 1 at 1000 in']);
  });

  it('only watches when it is asked to, and sees the same', () => {
    const told = run(BLOCK, {
      front,
      isObserver: true,
      onBar: (ctx, bar, c) => bar === 1 && buy(ctx, c),
    });
    expect(told.decisions).toEqual(['daily-loss blocked']);
    expect(told.fills).toEqual(['buy 1 at 1000 in']);
    expect(told.world.journal.lines().some((line) => line.includes('"kind":"programme"'))).toBe(
      false,
    );
  });

  it('that only watches is under the rules that are the same for every start: time, products, count', () => {
    const rules = {
      ...BLOCK,
      flatBy: { time: '13:00', zone: 'UTC', beforeEarlyCloseMinutes: 10 },
      tradeCount: { max: 1, counts: 'entries' as const },
    };
    const told = run(rules, {
      front,
      isObserver: true,
      flatAt: [{ day: 0, hour: OPEN_HOUR + 3 }],
      onBar: (ctx, bar, c) => void (bar !== 3 && bar < 7 && buy(ctx, c)),
    });
    // The loss of the day is noted and stops nothing; the time to be flat does, and the second entry of a date.
    expect(told.decisions).toEqual(['daily-loss blocked']);
    expect(told.fills).toEqual([
      'buy 1 at 1000 in',
      'sell 1 at 996 programme:flat-by',
      'buy 1 at 991 in',
    ]);
    expect(told.events.filter((event) => event.startsWith('Denied'))).toEqual([
      'Denied O-000002 programme-trade-count',
      'Denied O-000004 programme-trade-count',
      'Denied O-000005 programme-trade-count',
    ]);
  });

  it('writes when and why into the journal', () => {
    const told = run(BLOCK, { front, onBar: (ctx, bar, c) => bar === 1 && buy(ctx, c) });
    const lines = told.world.journal.lines().filter((line) => line.includes('"kind":"programme"'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      tsUs: at(0, OPEN_HOUR + 3),
      body: {
        rule: 'daily-loss',
        effect: 'blocked',
        valueMicros: 99_487_500_000,
        levelMicros: 99_500_000_000,
        basisMicros: 100_000_000_000,
        trigger: 'floating',
        isCertain: true,
      },
    });
  });
});

describe('a short position', () => {
  it('is tested at the high, as a long one at the low: the mirror gives the mirror', () => {
    const rows = [
      [1000, 1000, 1000, 1000],
      [1000, 1004, 998, 1001],
      [1001, 1050, 990, 1010],
      [1010, 1090, 1000, 1005],
      [1005, 1006, 1004, 1005],
    ] as const;
    const mirror = rows.map(([o, h, l, c]) => [2000 - o, 2000 - l, 2000 - h, 2000 - c] as const);
    const outcome = (front: BarRow[], side: 1 | -1): unknown => {
      const told = run(FLOOR, {
        front,
        onBar: (ctx, bar, contract) =>
          bar === 1 && ctx.submit({ type: 'market', contract, side, qty: 1 as Qty }),
      });
      return { decisions: told.guard.decisions, state: told.guard.state() };
    };
    const short = outcome(bars(0, rows), -1);
    expect(short).toEqual(outcome(bars(0, mirror), 1));
    expect((short as { decisions: unknown[] }).decisions).toHaveLength(1);
  });
});

describe('the bar of an entry', () => {
  // Prices go to 880, 120 ticks or 1,500 below 1000.
  const front = bars(0, [
    [1000, 1000, 1000, 1000],
    [1000, 1010, 880, 1005],
    [1005, 1006, 1004, 1005],
  ]);
  const enter =
    (spec: object) =>
    (ctx: StrategyContext, bar: number, contract: World['front']): void => {
      if (bar === 1) ctx.submit({ contract, side: 1, qty: 1 as Qty, ...spec } as never);
    };

  it('at the open proves that the low came later', () => {
    const told = run(FLOOR, { front, onBar: enter({ type: 'market' }) });
    expect(told.decisions).toEqual(['maximum-loss closed']);
  });

  it('by a limit proves it as well', () => {
    const told = run(FLOOR, {
      front,
      against: false,
      onBar: enter({ type: 'limit', limitTicks: 990 }),
    });
    expect(told.decisions).toEqual(['maximum-loss closed']);
  });

  it('by a stop does not: against the account it is closed, for it not', () => {
    const stop = enter({ type: 'stop', stopTicks: 1004 });
    expect(run(FLOOR, { front, onBar: stop }).decisions).toEqual(['maximum-loss closed ?']);
    expect(run(FLOOR, { front, against: false, onBar: stop }).decisions).toEqual([]);
  });
});

describe('the bar of an exit', () => {
  const rows = (low: number, high: number): BarRow[] =>
    bars(0, [
      [1000, 1000, 1000, 1000],
      [1000, 1000, 1000, 1000],
      [1000, high, low, 1000],
      [1000, 1000, 1000, 1000],
    ]);
  const bracket = (
    exit: object,
  ): ((ctx: StrategyContext, bar: number, c: World['front']) => void) => {
    return (ctx, bar, contract) => {
      if (bar === 1) buy(ctx, contract);
      if (bar === 2)
        ctx.submit({ contract, side: -1, qty: 1 as Qty, reduceOnly: true, ...exit } as never);
    };
  };

  it('by a stop ends the loss at the stop', () => {
    const told = run(FLOOR, {
      front: rows(880, 1000),
      onBar: bracket({ type: 'stop', stopTicks: 950 }),
    });
    expect(told.decisions).toEqual([]);
    expect(told.fills).toEqual(['buy 1 at 1000 in', 'sell 1 at 950 ']);
  });

  it('by a target may have seen the low before', () => {
    const target = bracket({ type: 'limit', limitTicks: 1010 });
    const front = rows(880, 1020);
    expect(run(FLOOR, { front, onBar: target }).decisions).toEqual(['maximum-loss closed ?']);
    expect(run(FLOOR, { front, against: false, onBar: target }).decisions).toEqual([]);
  });
});

describe('the bar in which a position grows', () => {
  // Bought at 1000 with the second bar; the third goes down to 950 and up to 1100.
  const front = bars(0, [
    [1000, 1000, 1000, 1000],
    [1000, 1000, 1000, 1000],
    [1000, 1100, 950, 1060],
    [1060, 1060, 1060, 1060],
  ]);
  const grow =
    (more: object) =>
    (ctx: StrategyContext, bar: number, contract: World['front']): void => {
      if (bar === 1) buy(ctx, contract);
      if (bar === 2) ctx.submit({ contract, side: 1, qty: 1 as Qty, ...more } as never);
    };
  const lowest = (more: object): number[] => {
    const marks = run({}, { front, onBar: grow(more) }).guard.marks.columns();
    return [Math.min(...marks.low), Math.min(...marks.lowSure)].map((it) => it / 1_000_000 - START);
  };

  it('by a limit may have had its low with the larger position, by a stop too', () => {
    // Two contracts from 990 and 1000 down to 950: 90 ticks.
    expect(lowest({ type: 'limit', limitTicks: 990 })).toEqual([-1125, 0]);
    // Two contracts from 1000 and 1050 down to 950: 150 ticks, if the high came first.
    expect(lowest({ type: 'stop', stopTicks: 1050 })).toEqual([-1875, 0]);
  });
});

describe('flat by a time', () => {
  const front = [
    ...bars(0, [
      [1000, 1000, 1000, 1000],
      [1001, 1001, 1001, 1001],
      [1002, 1002, 1002, 1002],
      [1003, 1003, 1003, 1003],
    ]),
    ...bars(1, [
      [1004, 1004, 1004, 1004],
      [1005, 1005, 1005, 1005],
    ]),
  ];

  it('closes from that moment on, denies new positions, and lets go on the next date', () => {
    const told = run(
      { flatBy: { time: '12:00', zone: 'UTC', beforeEarlyCloseMinutes: 10 } },
      {
        front,
        flatAt: [{ day: 0, hour: OPEN_HOUR + 2 }],
        onBar: (ctx, bar, contract) => {
          if (bar === 1 || bar === 3 || bar === 5) buy(ctx, contract);
        },
      },
    );
    expect(told.fills).toEqual([
      'buy 1 at 1001 in',
      'sell 1 at 1002 programme:flat-by',
      'buy 1 at 1005 in',
    ]);
    expect(told.events).toContain('Denied O-000003 programme-flat-by');
  });
});

describe('orders', () => {
  const front = bars(0, [
    [1000, 1000, 1000, 1000],
    [1000, 1000, 1000, 1000],
    [1000, 1000, 1000, 1000],
    [1000, 1000, 1000, 1000],
    [1000, 1000, 1000, 1000],
  ]);

  it('beyond the scale are denied with what works already in the sum; reducing ones never', () => {
    const told = run(
      { scaling: { basis: 'day-start', steps: [{ profit: 0, contracts: 2 }] } },
      {
        front,
        onBar: (ctx, bar, contract) => {
          if (bar === 1) {
            buy(ctx, contract, 2);
            buy(ctx, contract, 1);
          }
          if (bar === 2)
            ctx.submit({ type: 'market', contract, side: -1, qty: 1 as Qty, tag: 'out' });
          if (bar === 3) buy(ctx, contract, 2);
          if (bar === 4) buy(ctx, contract, 1);
        },
      },
    );
    expect(told.events.filter((event) => event.startsWith('Denied'))).toEqual([
      'Denied O-000002 programme-scaling',
      'Denied O-000004 programme-scaling',
    ]);
    expect(told.fills).toHaveLength(3);
  });

  it('after the last trade of the day are denied, and the position stays', () => {
    const told = run(
      { tradeCount: { max: 1, counts: 'entries' } },
      { front, onBar: (ctx, bar, contract) => bar < 4 && buy(ctx, contract) },
    );
    expect(told.fills).toEqual(['buy 1 at 1000 in']);
    expect(told.events.filter((event) => event.startsWith('Denied'))).toHaveLength(2);
  });

  it('in a product that is not allowed are denied', () => {
    const told = run(
      { products: ['CL'] },
      { front, onBar: (ctx, bar, c) => bar === 1 && buy(ctx, c) },
    );
    expect(told.events).toContain('Denied O-000001 programme-products');
  });

  it('after the target are denied, and the position is closed', () => {
    const up = bars(0, [
      [1000, 1000, 1000, 1000],
      [1000, 1000, 1000, 1000],
      [1000, 1090, 1000, 1085],
      [1084, 1084, 1084, 1084],
      [1084, 1084, 1084, 1084],
    ]);
    const told = run(
      {
        profitTarget: { amount: 1000, basis: 'equity', tested: 'real-time', onReach: 'stop' },
      },
      { front: up, onBar: (ctx, bar, c) => (bar === 1 || bar === 4) && buy(ctx, c) },
    );
    expect(told.decisions).toEqual(['profit-target passed']);
    expect(told.fills).toEqual(['buy 1 at 1000 in', 'sell 1 at 1084 programme:profit-target']);
    expect(told.events).toContain('Denied O-000003 programme-passed');
  });
});

describe('a run without a guard', () => {
  it('has the same journal as one whose rules never act', () => {
    const front = bars(0, [
      [1000, 1000, 1000, 1000],
      [1000, 1010, 990, 1005],
      [1005, 1006, 1004, 1005],
    ]);
    const onBar = (ctx: StrategyContext, bar: number, c: World['front']): unknown =>
      bar === 1 && buy(ctx, c);
    const watched = run(FLOOR, { front, onBar: onBar as never });
    const free = run({}, { front, onBar: onBar as never, isUnguarded: true });
    expect(watched.world.journal.lines()).toEqual(free.world.journal.lines());
  });
});
