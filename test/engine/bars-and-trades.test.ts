import { describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { TradingCalendar } from '../../src/core/ports.ts';
import type { Strategy } from '../../src/core/strategy.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { FeedHeap, Timers } from '../../src/engine/event-queue.ts';
import { splitTargets } from '../../src/engine/context.ts';
import type { BarRow, WorldOptions } from '../support/engine-world.ts';
import { at, DAY0, hourly, makeWorld, plainCalendar, sourceOf } from '../support/engine-world.ts';
import { US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';

function run(options: WorldOptions): ReturnType<typeof makeWorld> {
  const world = makeWorld(options);
  const result = runEngine(world.config);
  if (result.error !== null) throw result.error.cause;
  return world;
}

function buyThenProtect(): Strategy {
  let n = 0;
  return {
    onBar(_bar, ctx): void {
      if (n === 0)
        ctx.bracket({
          contract: ctx.contract('ES'),
          side: Side.Buy,
          qty: 1,
          type: 'market',
          tag: 'breakout',
          stop: { at: { offsetTicks: 10 } },
          targets: [{ at: { offsetTicks: 20 } }],
        });
      n += 1;
    },
  };
}

describe('excursions', () => {
  // Entry at 100 in the bar of 12:00, exit at 120 in the bar of 14:00.
  const front: BarRow[] = [
    [at(0, 11), 100, 100, 100, 100],
    [at(0, 12), 100, 108, 93, 101],
    [at(0, 13), 101, 105, 97, 104],
    [at(0, 14), 104, 130, 91, 125],
    [at(0, 15), 125, 125, 125, 125],
  ];

  it('keeps conservative and best ends apart where entry and exit bars are uncertain', () => {
    const [trade] = run({ front, days: 1, strategy: buyThenProtect() }).recorder.trades;
    expect(trade).toMatchObject({
      entryPrice: 25,
      exitPrice: 30,
      entryTag: 'breakout',
      exitTag: 'target',
      initialRiskTicks: 10,
      maeTicks: -9,
      maeTicksBest: -3,
      mfeTicks: 20,
      mfeTicksBest: 30,
      bars: 3,
    });
  });

  it('counts the entry fill of a trade once, and its groups’ tags', () => {
    const { recorder } = run({ front, days: 1, strategy: buyThenProtect() });
    expect(recorder.trades).toHaveLength(1);
    expect(recorder.trades[0]!.fills).toEqual(['F-1', 'F-2']);
    expect(recorder.events.at(-1)).toBe('Canceled O-000002 oco-peer');
  });
});

describe('bars and sessions', () => {
  const buyFirst = (): Strategy => {
    let isSent = false;
    return {
      onBar(_bar, ctx): void {
        if (isSent) return;
        isSent = true;
        ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          qty: 1,
          type: 'market',
          timeInForce: 'gtc',
        });
      },
    };
  };

  it('shows a bar outside the sessions and executes nothing on it', () => {
    const front: BarRow[] = [
      ...hourly(0, [100]),
      [at(0, 18), 50, 50, 50, 50],
      ...hourly(1, [101, 102]),
    ];
    const { recorder } = run({ front, days: 2, strategy: buyFirst() });
    expect(recorder.issues.map((issue) => issue.code)).toEqual(['E_BAR_OUT_OF_SESSION']);
    expect(recorder.fills.map((fill) => fill.priceTicks)).toEqual([101]);
  });

  it('takes samples at any hour, and never fills an order on its own sample', () => {
    const front: BarRow[] = [
      [at(0, 23), 100.5, 100.5, 100.5, 100.5],
      [at(1, 23), 101.25, 101.25, 101.25, 101.25],
    ];
    const { recorder } = run({ front, days: 4, lengthUs: 0, strategy: buyFirst() });
    expect(recorder.issues).toEqual([]);
    expect(recorder.fills.map((fill) => fill.tsUs)).toEqual([at(1, 23)]);
  });

  it('treats a break as closed and the first bar after it as an auction', () => {
    const calendar: TradingCalendar = {
      ...plainCalendar(),
      sessions: (from, to) => ({
        ...plainCalendar().sessions(from, to),
        breakRow: Int32Array.of(DAY0 - from),
        breakStartUs: Float64Array.of(at(0, 12)),
        breakEndUs: Float64Array.of(at(0, 13)),
      }),
    };
    const flags: number[] = [];
    const world = makeWorld({
      front: hourly(0, [100, 100, 100, 100, 100]),
      days: 1,
      strategy: {},
      overrides: { calendars: [calendar] },
    });
    world.venue.wakeHigh.fill(-Infinity);
    world.venue.onBar = (_c, _bars, _row, flag?: number): void => void flags.push(flag!);
    runEngine(world.config);
    expect(world.recorder.issues.map((issue) => issue.tsUs)).toEqual([at(0, 13)]);
    expect(flags).toEqual([1, 0, 1, 0]);
    expect(world.recorder.equity[0]!.openUs).toBe(5 * US_PER_HOUR);
  });

  it.each([
    ['none where a session begins where the last one ended', 0, [0, 0, 0, 0, 0]],
    ['one after a close of a minute', 1, [1, 0, 0, 1, 0]],
  ])('makes the first bar of a session an auction: %s', (_, minutes, expected) => {
    // Around the clock, from 10:00 to 10:00.
    const calendar: TradingCalendar = {
      ...plainCalendar(),
      sessions: (from, to) => {
        const days = plainCalendar().sessions(from, to);
        const closeUs = days.openUs.map((us) => us + (24 * 60 - minutes) * US_PER_MINUTE);
        return { ...days, closeUs, settleUs: closeUs };
      },
    };
    const flags: number[] = [];
    const opened: number[] = [];
    const world = makeWorld({
      front: [at(0, 12), at(0, 13), at(1, 9), at(1, 10, 30), at(1, 11)].map((us): BarRow => [
        us,
        100,
        100,
        100,
        100,
      ]),
      lengthUs: 30 * US_PER_MINUTE,
      days: 2,
      strategy: { onSessionOpen: (_root, session) => void opened.push(session.openUs) },
      overrides: { calendars: [calendar] },
    });
    world.venue.wakeHigh.fill(-Infinity);
    world.venue.onBar = (_c, _bars, _row, flag?: number): void => void flags.push(flag! & 1);
    runEngine(world.config);
    expect(world.recorder.issues).toEqual([]);
    expect(flags).toEqual(expected);
    // The session itself begins all the same.
    expect(opened).toEqual([at(0, 10), at(1, 10)]);
  });

  it('delivers bars of one instant in the order in which series were declared, after all histories moved', () => {
    const seen: string[] = [];
    const world = makeWorld({
      front: hourly(0, [100, 101]),
      days: 1,
      strategy: {
        onBar: (bar, ctx) =>
          void seen.push(`${bar.key} ${ctx.series('slow').length} ${ctx.series('main').length}`),
      },
    });
    const slow = { ...world.config.series[0]!, key: 'slow', interval: '2h' as const };
    const feed = {
      ...world.config.feeds[0]!,
      interval: '2h' as const,
      isExecution: false,
      source: sourceOf([[at(0, 12), 100, 101, 100, 101]], 2 * US_PER_HOUR),
    };
    runEngine({
      ...world.config,
      series: [slow, world.config.series[0]!],
      feeds: [feed, ...world.config.feeds],
    });
    expect(seen).toEqual(['main 0 1', 'slow 1 2', 'main 1 2']);
  });

  it('expires a gtd order at its time without a bar', () => {
    const { recorder } = run({
      front: hourly(0, [100, 100, 100]),
      days: 1,
      strategy: {
        onBar(_bar, ctx): void {
          if (ctx.order('O-000001' as never) === null)
            ctx.submit({
              contract: ctx.contract('ES'),
              side: 1,
              qty: 1,
              type: 'limit',
              limitTicks: 1 as never,
              timeInForce: 'gtd',
              expireUs: at(0, 11, 30),
            });
        },
        onOrder(event, ctx): void {
          if (event.kind === 'Expired') ctx.note(`expired ${(ctx.nowUs - at(0, 11)) / 60_000_000}`);
        },
      },
    });
    expect(recorder.notes).toEqual(['expired 30']);
  });

  it('ends a run without data as completed, with no bar and no equity moved', () => {
    const world = makeWorld({ front: [], days: 2, strategy: {} });
    expect(runEngine(world.config)).toMatchObject({ outcome: 'completed', bars: 0 });
  });
});

describe('queues', () => {
  it('merges by time, then by ordinal', () => {
    const heap = new FeedHeap(4);
    [
      [5, 2],
      [3, 3],
      [5, 0],
      [3, 1],
    ].forEach(([ts, id]) => heap.push(ts!, id!));
    const out: string[] = [];
    expect(heap.secondTs()).toBe(3);
    while (heap.length > 0) {
      out.push(`${heap.topTs()}/${heap.topId()}`);
      heap.pop();
    }
    expect(out).toEqual(['3/1', '3/3', '5/0', '5/2']);
  });

  it('fires timers of one instant in the order of their times, then of their setting', () => {
    const timers = new Timers();
    timers.set('b', 20 as never);
    timers.set('a', 20 as never);
    timers.set('c', 10 as never);
    timers.set('gone', 5 as never);
    timers.cancel('gone');
    const fired = [
      timers.takeDue(20 as never),
      timers.takeDue(20 as never),
      timers.takeDue(20 as never),
      timers.takeDue(20 as never),
    ];
    expect(fired).toEqual(['c', 'b', 'a', null]);
  });

  it.each([
    [3, [undefined, undefined], [2, 1]],
    [1, [undefined, undefined], [1, 0]],
    [5, [2, undefined], [2, 3]],
  ])('splits %i contracts over targets', (qty, wanted, expected) => {
    const targets = wanted.map((q) => ({
      at: { offsetTicks: 1 },
      ...(q === undefined ? {} : { qty: q }),
    }));
    expect(splitTargets(qty, targets)).toEqual(expected);
  });
});
