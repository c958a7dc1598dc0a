/** Limit reversion and VWAP pullback: what they do on bars made for it, and what they keep on any bars. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { limitReversion } from '../../src/strategies/limit-reversion.ts';
import { targetQtys, vwapPullback } from '../../src/strategies/vwap-pullback.ts';
import { lookAheadForTest, backtestForTest } from '../../src/testing/index.ts';
import type { BarRow } from '../support/engine-world.ts';
import { at } from '../support/engine-world.ts';
import { BARS_PER_DAY, countOf, fillsOf, fives, play, walk, watchman } from './support.ts';

const flat = (price: number, count: number): string[] =>
  Array.from({ length: count }, () => `${price}/${price}/${price}/${price}`);
const wobble = (price: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const close = price + (i % 2 === 0 ? 8 : -8);
    return `${price}/${price + 10}/${price - 10}/${close}`;
  });

describe('limit-reversion', () => {
  // Closes of 8 above and below: mean 1000, deviation 8, bands of 2 at 984 and 1016.
  const params = {
    length: 10,
    armDeviations: 1,
    minTargetTicks: 2,
    maxBars: 20,
    stopDeviations: 4,
  };

  it('rests a limit at the band, fills at its own price, and leaves at the mean', () => {
    const rows = fives(0, [
      ...wobble(1000, 10),
      // The last close leans below the mean: a limit at 984 works. This bar trades through it.
      '992/993/980/986',
      '986/1004/986/1003',
      '1003/1003/1003/1003',
    ]);
    const world = play(limitReversion, rows, { params });
    const [entry, exit] = world.recorder.fills;
    expect(fillsOf(world)[0]).toBe('1 @ 984 below-band');
    expect(exit!.side).toBe(-1);
    expect(exit!.tag).toBe('mean');
    // The mean of the ten closes up to the entry's bar, rounded up: the target had moved there.
    expect(exit!.priceTicks).toBe(Math.ceil((4 * 8 - 5 * 8 - 14) / 10 + 1000));
    expect(entry!.evidence!.rule).toBe('limit-through');
  });

  it('rests at the band of the closes so far, never beyond the market, and moves with it', () => {
    const rows = fives(0, [
      ...wobble(1000, 10),
      '992/993/990/991',
      '991/992/989/990',
      '990/992/988/989',
      '989/991/988/990',
      // A fall to far below the band: the limit stands at the close.
      '990/990/986/986',
      '986/986/982/983',
      '983/984/980/981',
      '981/982/978/979',
    ]);
    const world = play(limitReversion, rows, { params: { ...params, minTargetTicks: 1 } });
    const closes = rows.map((row) => row[4]);
    const bandAt = (ts: number): number => {
      const last = rows.findIndex((row) => row[0] === ts);
      const window = closes.slice(last - 9, last + 1);
      const mean = window.reduce((sum, close) => sum + close, 0) / 10;
      const squares = window.reduce((sum, close) => sum + (close - mean) ** 2, 0);
      return Math.min(Math.floor(mean - 2 * Math.sqrt(squares / 10)), closes[last]!);
    };
    const sent = world.journal
      .lines()
      .map((line) => JSON.parse(line) as { kind: string; body: Record<string, unknown> })
      .filter(({ kind, body }) => kind === 'order' && body['id'] === 'O-000001')
      .filter(({ body }) => body['event'] === 'Submitted' || body['event'] === 'Replaced')
      .map(({ body }) => [body['at'], body['limitTicks']]);
    expect(sent.length).toBeGreaterThan(3);
    expect(sent).toEqual(sent.map(([ts]) => [ts, bandAt(ts as number)]));
    expect(countOf(world, 'ReplaceRejected')).toBe(0);
  });

  it('stands at the close where that is beyond the band: it does not cross the market', () => {
    const rows = fives(0, [...wobble(1000, 10), '1000/1001/999/1000', '1000/1000/960/960']);
    const world = play(limitReversion, rows, { params });
    const entries = world.journal
      .lines()
      .map((line) => JSON.parse(line) as { body: Record<string, unknown> })
      .filter(({ body }) => body['role'] === 'entry');
    expect(entries.at(-1)!.body['limitTicks']).toBe(960);
  });

  it('pulls the entry when the price is back at the mean', () => {
    const rows = fives(0, [...wobble(1000, 10), '1000/1001/999/1001', '1001/1001/970/1000']);
    const world = play(limitReversion, rows, { params });
    expect(countOf(world, 'CancelRequested')).toBe(1);
    expect(world.recorder.fills).toEqual([]);
  });

  it('leaves out a band that is nearer than its costs', () => {
    const rows = fives(0, [...wobble(1000, 10), '992/993/980/986', '986/1004/986/1003']);
    const world = play(limitReversion, rows, { params: { ...params, minTargetTicks: 40 } });
    expect(countOf(world, 'Submitted')).toBe(0);
  });

  it('gives up after its bars', () => {
    const rows = fives(0, [...wobble(1000, 10), '992/993/982/984', ...flat(984, 8)]);
    const world = play(limitReversion, rows, { params: { ...params, maxBars: 3, length: 10 } });
    const exits = world.recorder.fills.filter((fill) => fill.side < 0);
    expect(exits.map((fill) => fill.tag)).toEqual(['time-stop']);
    // Entered on bar 11; bars 11, 12 and 13 are held at their close, and the order trades on bar 14.
    expect(exits[0]!.evidence!.barOpenUs).toBe(at(0, 10, 65));
  });

  it('keeps the stop when the closing order finds no bar, and leaves with the next session', () => {
    const until = [...wobble(1000, 58), '992/993/980/986', ...flat(990, 8)];
    const rows = [...fives(0, until), ...fives(1, flat(988, 5))];
    const ends: string[] = [];
    const world = play(limitReversion, rows, {
      // Entries to the end but for three bars; nothing trades after 15:35.
      params: { ...params, noEntryMinutes: 16, flatMinutes: 15, maxBars: 100 },
      watch: (inner) => ({
        ...Object.fromEntries(
          ['onStart', 'onBar', 'onOrder', 'onFill', 'onTimer', 'onSessionOpen'].map((name) => [
            name,
            (inner as Record<string, unknown>)[name] === undefined
              ? undefined
              : (...args: unknown[]) =>
                  (inner as Record<string, (...all: unknown[]) => void>)[name]!.bind(inner)(
                    ...args,
                  ),
          ]),
        ),
        onSessionClose: (root, _session, ctx) => {
          const stops = ctx.openOrders({ root }).filter((order) => order.role === 'stop');
          ends.push(`${ctx.netQty(root)} held, ${stops.length} stop`);
        },
      }),
    });
    expect(ends[0]).toBe('1 held, 1 stop');
    const exits = world.recorder.fills.filter((fill) => fill.side < 0);
    expect(exits.map((fill) => fill.tag)).toEqual(['left-over']);
    expect(ends[1]).toBe('0 held, 0 stop');
  });

  it('does not repeat a refused entry in the same session', () => {
    const rows = [...fives(0, wobble(1000, 40)), ...fives(1, wobble(1000, 40))];
    const world = play(limitReversion, rows, { params, initialMargin: 10 ** 14 });
    expect(countOf(world, 'Denied')).toBeGreaterThan(1);
    // One bracket of three orders a session.
    expect(countOf(world, 'Denied')).toBe(6);
  });
});

describe('vwap-pullback', () => {
  const up = (from: number, count: number, step = 4): string[] =>
    Array.from({ length: count }, (_, i) => {
      const open = from + i * step;
      return `${open}/${open + step + 1}/${open - 1}/${open + step}`;
    });
  const params = { trendBars: 5, atrBars: 5, stretchAtr: 1, stopAtr: 2, minDriftAtr: 0.1 };
  const trend = up(1000, 20);
  /** VWAP of typical prices with equal volumes. */
  const vwapOf = (texts: readonly string[]): number => {
    const typical = texts.map((text) => {
      const [, h, l, c] = text.split('/').map(Number) as [number, number, number, number];
      return (h + l + c) / 3;
    });
    return typical.reduce((a, b) => a + b, 0) / typical.length;
  };

  it('buys the return to the VWAP, takes a part at 1 R, and the rest leaves at the entry', () => {
    // Down through the VWAP, up through the first target, down to the entry again.
    const rows = fives(0, [
      ...trend,
      '1080/1080/1030/1045',
      '1045/1058/1045/1056',
      '1056/1056/1020/1030',
    ]);
    const world = play(vwapPullback, rows, { params: { ...params, qty: 2 } });
    const [entry, first, second] = world.recorder.fills;
    expect(entry!.tag).toBe('pullback-up');
    expect(entry!.qty).toBe(2);
    expect(entry!.priceTicks).toBe(Math.floor(vwapOf(trend)));
    // True range 6 a bar, twice that is the risk.
    expect(first).toMatchObject({ tag: 'target 1R', qty: 1, priceTicks: entry!.priceTicks + 12 });
    expect(second).toMatchObject({ tag: 'stop', qty: 1, priceTicks: entry!.priceTicks });
    expect(world.recorder.trades).toHaveLength(1);
  });

  it('leaves the stop where it was when told so', () => {
    const rows = fives(0, [
      ...trend,
      '1080/1080/1030/1045',
      '1045/1058/1045/1056',
      '1056/1056/1020/1030',
    ]);
    const world = play(vwapPullback, rows, { params: { ...params, qty: 2, breakEven: false } });
    const [entry, , second] = world.recorder.fills;
    expect(second).toMatchObject({ tag: 'stop', priceTicks: entry!.priceTicks - 12 });
  });

  it('sells short in a falling market, as the mirror of the other side', () => {
    const mirror = (text: string): string => {
      const [o, h, l, c] = text.split('/').map(Number) as [number, number, number, number];
      return [o, l, h, c].map((price) => 2000 - price).join('/');
    };
    const texts = [...trend, '1080/1080/1030/1045', '1045/1058/1045/1056', '1056/1056/1020/1030'];
    const long = play(vwapPullback, fives(0, texts), { params: { ...params, qty: 2 } });
    const short = play(vwapPullback, fives(0, texts.map(mirror)), {
      params: { ...params, qty: 2 },
    });
    const mirrored = long.recorder.fills.map((f) => [-f.side * f.qty, 2000 - f.priceTicks]);
    expect(short.recorder.fills.map((f) => [f.side * f.qty, f.priceTicks])).toEqual(mirrored);
    expect(short.recorder.fills.length).toBe(3);
  });

  it('enters one tick beyond the bar that touched, where a stop is wanted', () => {
    const touch = '1080/1080/1038/1045';
    const rows = fives(0, [...trend, touch, '1045/1085/1045/1084', ...flat(1084, 2)]);
    const world = play(vwapPullback, rows, { params: { ...params, entry: 'stop', qty: 2 } });
    const [entry] = world.recorder.fills;
    expect(entry).toMatchObject({ tag: 'pullback-up', priceTicks: 1081 });
    expect(entry!.evidence!.rule).toBe('stop-touch');
  });

  it('does nothing without a trend or without a stretch', () => {
    const rows = fives(0, [...trend, '1080/1080/1030/1045']);
    const none = play(vwapPullback, rows, { params: { ...params, minDriftAtr: 20 } });
    expect(countOf(none, 'Submitted')).toBe(0);
    const near = play(vwapPullback, rows, { params: { ...params, stretchAtr: 50 } });
    expect(countOf(near, 'Submitted')).toBe(0);
  });

  it('sizes by the loss at the stop, up to its contracts', () => {
    const rows = fives(0, [...trend, '1080/1080/1030/1045']);
    const qtyOf = (riskPct: number): number =>
      play(vwapPullback, rows, { params: { ...params, qty: 50, riskPct } }).recorder.fills[0]
        ?.qty ?? 0;
    // 12 ticks of 12.50 are 150 a contract; the account has 100 000.
    expect(qtyOf(1)).toBe(6);
    expect(qtyOf(10)).toBe(50);
    expect(qtyOf(0.1)).toBe(0);
  });

  it('stops after its trades of a date', () => {
    const back = '1080/1080/1030/1045';
    const day = [
      ...trend,
      back,
      ...up(1060, 8),
      '1092/1092/1030/1050',
      ...up(1060, 8),
      '1092/1092/1030/1050',
    ];
    const entries = (maxTrades: number): number =>
      play(vwapPullback, fives(0, day), { params: { ...params, maxTrades } }).recorder.fills.filter(
        (fill) => fill.tag === 'pullback-up',
      ).length;
    expect(entries(1)).toBe(1);
    expect(entries(10)).toBeGreaterThan(1);
  });

  it.each([
    [7, 3, [0, 0], [3, 2, 2]],
    [2, 3, [0, 0], [1, 1, 0]],
    [1, 2, [0, 0], [1, 0]],
    [10, 3, [50, 30], [5, 3, 2]],
    [3, 2, [50, 0], [1, 2]],
    [4, 2, [100, 0], [4, 0]],
    [4, 3, [80, 80], [3, 1, 0]],
    [5, 1, [40, 0], [5]],
  ] as const)('splits %i contracts over %i targets by %j as %j', (qty, targets, shares, wanted) => {
    expect(targetQtys(qty, targets, shares)).toEqual(wanted);
  });

  test.prop([
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 1, max: 3 }),
    fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 })),
  ])('splits every contract to one target', (qty, targets, shares) => {
    const parts = targetQtys(qty, targets, shares);
    expect(parts).toHaveLength(targets);
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
    expect(parts.reduce((a, b) => a + b, 0)).toBe(qty);
  });
});

// -------------------------------------------------------------------------------------------------------- any bars

const SHORT = { noEntryMinutes: 30, flatMinutes: 15 };
const market = {
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  hole: fc.constantFrom(Infinity, 2, 3, 7),
  volume: fc.constantFrom(5, 20, 1000),
  delayBars: fc.constantFrom(0, 0, 1, 2),
  qty: fc.integer({ min: 1, max: 7 }),
};
const CASES = [
  {
    definition: limitReversion,
    params: fc.record({
      length: fc.integer({ min: 5, max: 20 }),
      bandDeviations: fc.constantFrom(0.5, 1, 2),
      armDeviations: fc.constantFrom(0, 0.5, 1),
      stopDeviations: fc.constantFrom(0.3, 1, 3),
      minTargetTicks: fc.constantFrom(1, 4),
      maxBars: fc.constantFrom(1, 4, 50),
      repriceTicks: fc.constantFrom(1, 5),
    }),
  },
  {
    definition: vwapPullback,
    params: fc.record({
      trendBars: fc.integer({ min: 2, max: 10 }),
      atrBars: fc.integer({ min: 2, max: 10 }),
      minDriftAtr: fc.constantFrom(0, 0.1),
      stretchAtr: fc.constantFrom(0, 0.5, 1),
      stopAtr: fc.constantFrom(0.3, 1, 3),
      entry: fc.constantFrom('limit', 'stop'),
      target3R: fc.constantFrom(0, 3),
      share1Pct: fc.constantFrom(0, 30, 100),
      share2Pct: fc.constantFrom(0, 50),
      breakEven: fc.boolean(),
      maxTrades: fc.constant(100),
    }),
  },
] as const;

describe.each(CASES)('$definition.id on any bars', ({ definition, params }) => {
  let held = 0;
  test.prop([fc.record(market), params as fc.Arbitrary<Record<string, unknown>>], { numRuns: 60 })(
    'always has a stop for what it holds, never more than its contracts, one entry, none near the close',
    ({ seed, hole, volume, delayBars, qty }, given) => {
      const guard = watchman({ qty, ...SHORT, lateBars: delayBars });
      const world = play(definition, walk(seed, 2, hole), {
        params: { ...given, ...SHORT, qty },
        days: 2,
        volume,
        participation: 0.1,
        delayBars,
        watch: guard.watch,
      });
      held += guard.seen.held;
      // A thin bar may leave the closing order unfilled: its stop then stands, which is checked; the close is not.
      expect(guard.faults.filter((text) => !text.includes('over the close'))).toEqual([]);
      const issues = world.recorder.issues.map((issue) => issue.code);
      expect(issues).not.toContain('E_POSITION_UNPROTECTED');
    },
  );

  test.prop([fc.record(market), params as fc.Arbitrary<Record<string, unknown>>], { numRuns: 40 })(
    'holds nothing over the close of a session that has a bar to leave on',
    ({ seed, hole, delayBars, qty }, given) => {
      const guard = watchman({ qty, ...SHORT, lateBars: delayBars });
      const rows = walk(seed, 2, hole);
      play(definition, rows, {
        params: { ...given, ...SHORT, qty },
        days: 2,
        delayBars,
        watch: guard.watch,
      });
      expect(guard.seen.sessions).toBe(2);
      expect(guard.faults).toEqual([]);
    },
  );

  it('held something in those runs', () => {
    expect(held).toBeGreaterThan(200);
  });

  test.prop([fc.record(market), params as fc.Arbitrary<Record<string, unknown>>, fc.nat()], {
    numRuns: 60,
  })('on the first bars does what it did there in the whole run', ({ seed, qty }, given, cut) => {
    const rows = walk(seed, 2);
    const count = 10 + (cut % (2 * BARS_PER_DAY - 10));
    const lines = (part: readonly BarRow[], untilUs: number): object[] =>
      play(definition, part, { params: { ...given, qty }, days: 2 })
        .journal.lines()
        .map((line) => JSON.parse(line) as { kind: string; tsUs: number })
        .filter((line) => line.tsUs <= untilUs && line.kind !== 'run-end');
    const untilUs = rows[count - 1]![0];
    expect(lines(rows.slice(0, count), untilUs)).toEqual(lines(rows, untilUs));
  });

  it('goes on from its saved state', () => {
    const rows = walk(5, 2);
    const half = rows[BARS_PER_DAY + 30]![0];
    let saved: unknown;
    const hash = (restart: boolean): string[] => {
      const world = play(definition, rows, {
        params: { ...SHORT, interval: '5m' },
        days: 2,
        watch: (inner) => {
          let now = inner;
          return {
            onStart: (ctx) => now.onStart?.(ctx),
            onOrder: (event, ctx) => now.onOrder?.(event, ctx),
            onFill: (fill, ctx) => now.onFill?.(fill, ctx),
            onTimer: (name, ctx) => now.onTimer?.(name, ctx),
            onSessionOpen: (...args) => now.onSessionOpen?.(...args),
            onBar: (bar, ctx) => {
              if (bar.closeUs === half) saved = JSON.parse(JSON.stringify(now.saveState?.()));
              if (restart && bar.closeUs === half) inner.restoreState?.(saved);
              now.onBar?.(bar, ctx);
            },
          };
        },
      });
      return fillsOf(world);
    };
    expect(hash(true)).toEqual(hash(false));
    expect(saved).toBeTypeOf('object');
  });
});

describe('on the sample market', () => {
  const from = '2023-11-01';
  it.each([
    ['limit-reversion', limitReversion, ['ES', '6E']],
    ['vwap-pullback', vwapPullback, ['ES', 'CL']],
  ] as const)('%s does not look ahead, on two products', async (_id, definition, instruments) => {
    const probe = await lookAheadForTest(definition, { instruments, from, to: '2023-11-10' });
    expect(probe).toMatchObject({ holds: true, isProof: true });
  });

  it.each([
    [
      'limit-reversion',
      limitReversion,
      '87ce3f8ee3ee32e06373b324e96718418bf3170996c862003243cf19138f84fe',
    ],
    [
      'vwap-pullback',
      vwapPullback,
      '79ec8a62e28b3d5d5a8ccfd75c37ee5c9e62dacaffb19d89ab6fd25692d6c1cd',
    ],
  ] as const)('%s has the same events on every machine', async (_id, definition, golden) => {
    const run = await backtestForTest(definition, { from, to: '2023-11-30' });
    expect(run.trades.length).toBeGreaterThan(20);
    expect(run.eventHash).toBe(golden);
  });
});
