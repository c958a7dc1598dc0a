import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarBuilderOptions } from '../../../src/core/bar-builder/create.ts';
import { createBarBuilder } from '../../../src/core/bar-builder/create.ts';
import type { BarBuilder } from '../../../src/core/bar-builder/types.ts';
import { UniformGrid } from '../../../src/core/price-grid.ts';
import { US_PER_DAY } from '../../../src/core/units.ts';
import type { Bar, Trade } from './support.ts';
import {
  barOf,
  barsOf,
  feedInPieces,
  isTrading,
  MIDNIGHT,
  rowsOf,
  spansOf,
  testCalendar,
  tradeColumns,
  tradesArbitrary,
} from './support.ts';

const END = MIDNIGHT + 30 * US_PER_DAY;
const calendar = testCalendar();
const instrument = { grid: new UniformGrid(0.25), multiplier: 50 };
const sizes = fc.integer({ min: 1, max: 12 });

function build(trades: readonly Trade[], options: BarBuilderOptions): BarBuilder {
  const builder = createBarBuilder({ calendar, instrument, ...options });
  builder.onTrades(tradeColumns(trades));
  builder.advance(END);
  return builder;
}

/** Trades by session, those outside left out. */
function bySession(trades: readonly Trade[]): { closeUs: number; trades: Trade[] }[] {
  return spansOf(calendar, 'session')
    .map(({ from, to }) => ({
      closeUs: to,
      trades: trades.filter(({ tsUs }) => from <= tsUs && tsUs < to && isTrading(calendar, tsUs)),
    }))
    .filter((session) => session.trades.length > 0);
}

/** Parts of a list, each ended by the item at which `isFull` says so; the rest is cut by the session. */
function partsOf(items: readonly Trade[], isFull: (part: readonly Trade[]) => boolean): Trade[][] {
  const parts: Trade[][] = [[]];
  for (const item of items) {
    parts.at(-1)!.push(item);
    if (isFull(parts.at(-1)!)) parts.push([]);
  }
  return parts;
}

/** Bars of the parts of each session. */
function plainParts(
  trades: readonly Trade[],
  isFull: (part: readonly Trade[]) => boolean,
  split: (trades: readonly Trade[]) => readonly Trade[] = (all) => all,
): Bar[] {
  return bySession(trades).flatMap((session) =>
    partsOf(split(session.trades), isFull)
      .filter((part) => part.length > 0)
      .map((part) =>
        barOf(part[0]!.tsUs, isFull(part) ? part.at(-1)!.tsUs : session.closeUs, part),
      ),
  );
}

const singles = (trades: readonly Trade[]): Trade[] =>
  trades.flatMap((trade) => Array.from({ length: trade.qty }, () => ({ ...trade, qty: 1 })));
const sum = (trades: readonly Trade[], of: (trade: Trade) => number): number =>
  trades.reduce((total, trade) => total + of(trade), 0);
const height = (part: readonly Trade[]): number =>
  Math.max(...part.map(({ price }) => price)) - Math.min(...part.map(({ price }) => price));
const notional = ({ price, qty }: Trade): number => Math.abs(price * 0.25 * 50) * qty;

/** A path in steps of one count to `to`, which is its last point also when it begins there. */
function walk(from: number, to: number): number[] {
  const step = Math.sign(to - from);
  return [
    ...Array.from(
      { length: Math.max(0, Math.abs(to - from) - 1) },
      (_, k) => from + (k + 1) * step,
    ),
    to,
  ];
}

/** Range bars of exact height, by walking every count: what lies between two trades has no volume. */
function plainFilledRange(trades: readonly Trade[], counts: number): Bar[] {
  const bars: Bar[] = [];
  for (const session of bySession(trades)) {
    let bar: Bar | null = null;
    let last: number | null = null;
    for (const { tsUs, price, qty } of session.trades) {
      const path = walk(last ?? price, price);
      for (const [k, step] of path.entries()) {
        const start = last ?? step;
        bar ??= {
          openUs: tsUs,
          closeUs: 0,
          open: start,
          high: start,
          low: start,
          close: start,
          volume: 0,
        };
        const volume: number = bar.volume + (k === path.length - 1 ? qty : 0);
        bar = {
          ...bar,
          high: Math.max(bar.high, step),
          low: Math.min(bar.low, step),
          close: step,
          volume,
        };
        last = step;
        if (bar.high - bar.low < counts) continue;
        bars.push({ ...bar, closeUs: tsUs });
        bar = null;
      }
    }
    if (bar !== null) bars.push({ ...bar, closeUs: session.closeUs });
  }
  return bars;
}

interface RenkoCase {
  readonly reversal: number;
  readonly wicks: boolean;
  readonly base: 'grid' | 'first';
  readonly sessions: 'continue' | 'restart';
}

/** Bricks, by walking every count and by looking back at the trades since the last brick. */
function plainRenko(trades: readonly Trade[], counts: number, given: RenkoCase): Bar[] {
  const sessions = bySession(trades).map((session) => session.trades);
  const runs = given.sessions === 'restart' ? sessions : [sessions.flat()];
  return runs.flatMap((run) => {
    const bricks: Bar[] = [];
    let since: Trade[] = [];
    let touched: number[] = [];
    let level = NaN;
    let side = 0;
    let last = NaN;
    for (const trade of run) {
      if (Number.isNaN(level)) {
        level = trade.price;
        if (given.base === 'grid') while (level % counts !== 0) level -= 1;
        last = level;
      }
      since.push(trade);
      touched.push(trade.price);
      let openUs = since[0]!.tsUs;
      for (const step of walk(last, trade.price)) {
        const way = step > level ? 1 : -1;
        const need = side === -way ? given.reversal * counts : counts;
        if (Math.abs(step - level) < need) continue;
        const open = step - way * counts;
        const wick = given.wicks ? touched : [];
        bricks.push({
          openUs,
          closeUs: trade.tsUs,
          open,
          high: way > 0 ? step : Math.max(open, ...wick),
          low: way < 0 ? step : Math.min(open, ...wick),
          close: step,
          volume: sum(since, ({ qty }) => qty),
        });
        level = step;
        side = way;
        since = [];
        touched = [];
        openUs = trade.tsUs;
      }
      if (since.length === 0) touched = [trade.price];
      last = trade.price;
    }
    return bricks;
  });
}

describe('bars that trading ends, against plain twins', () => {
  it('tick bars are every n trades of a session', () => {
    fc.assert(
      fc.property(tradesArbitrary, sizes, (trades, n) => {
        const bars = barsOf(build(trades, { kind: `tick-${n}` }).take());
        expect(bars).toEqual(plainParts(trades, (part) => part.length === n));
      }),
      { seed: 1 },
    );
  });

  it('volume bars are every n contracts of a session, or end with the trade that fills them', () => {
    fc.assert(
      fc.property(tradesArbitrary, sizes, (trades, n) => {
        const split = barsOf(build(trades, { kind: `volume-${n}` }).take());
        expect(split).toEqual(plainParts(trades, (part) => part.length === n, singles));
        const kept = barsOf(build(trades, { kind: `volume-${n}`, largeTrades: 'keep' }).take());
        const isFull = (part: readonly Trade[]): boolean => sum(part, ({ qty }) => qty) >= n;
        expect(kept).toEqual(plainParts(trades, isFull));
      }),
      { seed: 2 },
    );
  });

  it('dollar bars end with the contract, or the trade, that reaches the amount', () => {
    fc.assert(
      fc.property(tradesArbitrary, fc.integer({ min: 1, max: 5000 }), (trades, amount) => {
        const isFull = (part: readonly Trade[]): boolean => sum(part, notional) >= amount;
        const split = barsOf(build(trades, { kind: `dollar-${amount}` }).take());
        expect(split).toEqual(plainParts(trades, isFull, singles));
        const kept = barsOf(
          build(trades, { kind: `dollar-${amount}`, largeTrades: 'keep' }).take(),
        );
        expect(kept).toEqual(plainParts(trades, isFull));
      }),
      { seed: 3 },
    );
  });

  it('range bars end with the trade that makes the height', () => {
    fc.assert(
      fc.property(tradesArbitrary, sizes, (trades, n) => {
        const bars = barsOf(build(trades, { kind: `range-${n}` }).take());
        expect(bars).toEqual(plainParts(trades, (part) => height(part) >= n));
      }),
      { seed: 4 },
    );
  });

  it('range bars with filled gaps are those of a walk over every count', () => {
    fc.assert(
      fc.property(tradesArbitrary, sizes, (trades, n) => {
        const bars = barsOf(build(trades, { kind: `range-${n}`, gaps: 'fill' }).take());
        expect(bars).toEqual(plainFilledRange(trades, n));
      }),
      { seed: 5 },
    );
  });

  it('bricks are those of a walk over every count', () => {
    const cases = fc.record({
      reversal: fc.integer({ min: 1, max: 3 }),
      wicks: fc.boolean(),
      base: fc.constantFrom('grid' as const, 'first' as const),
      sessions: fc.constantFrom('continue' as const, 'restart' as const),
    });
    fc.assert(
      fc.property(tradesArbitrary, sizes, cases, (trades, n, given) => {
        const bars = barsOf(build(trades, { kind: `renko-${n}`, ...given }).take());
        expect(bars).toEqual(plainRenko(trades, n, given));
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

const anyOptions: fc.Arbitrary<BarBuilderOptions> = fc
  .record({
    name: fc.constantFrom('tick', 'volume', 'dollar', 'range', 'renko'),
    size: fc.integer({ min: 1, max: 30 }),
    largeTrades: fc.constantFrom('split' as const, 'keep' as const),
    gaps: fc.constantFrom('real' as const, 'fill' as const),
    reversal: fc.integer({ min: 1, max: 3 }),
    wicks: fc.boolean(),
    base: fc.constantFrom('grid' as const, 'first' as const),
    sessions: fc.constantFrom('continue' as const, 'restart' as const),
    boundary: fc.constantFrom('break' as const, 'session' as const, 'trade-date' as const),
    hasCalendar: fc.boolean(),
  })
  .map(({ name, size, hasCalendar, ...rest }) => ({
    kind: `${name}-${name === 'dollar' ? size * 100 : size}`,
    ...rest,
    instrument,
    ...(hasCalendar ? { calendar } : {}),
  }));

describe('every kind of bar that trading ends', () => {
  it('does not depend on how the trades are cut into batches', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tradesArbitrary, anyOptions, pieces, (trades, options, lengths) => {
        const whole = createBarBuilder(options);
        whole.onTrades(tradeColumns(trades));
        const cut = createBarBuilder(options);
        expect(feedInPieces(cut, trades, lengths)).toEqual(rowsOf(whole.take()));
        expect(cut.counts).toEqual(whole.counts);
        expect(cut.unfinished).toEqual(whole.unfinished);
      }),
      { seed: 11 },
    );
  });

  it('uses nothing that comes after a bar closes', () => {
    fc.assert(
      fc.property(tradesArbitrary, anyOptions, fc.nat(), (trades, options, pick) => {
        if (trades.length === 0) return;
        const nowUs = trades[pick % trades.length]!.tsUs;
        const known = createBarBuilder(options);
        known.onTrades(tradeColumns(trades.filter(({ tsUs }) => tsUs <= nowUs)));
        known.advance(nowUs);
        const whole = createBarBuilder(options);
        whole.onTrades(tradeColumns(trades));
        whole.advance(END);
        const all = barsOf(whole.take()).filter((bar) => bar.closeUs <= nowUs);
        expect(barsOf(known.take())).toEqual(all);
      }),
      { seed: 12 },
    );
  });

  it('goes on from a saved state as if nothing had happened', () => {
    fc.assert(
      fc.property(tradesArbitrary, anyOptions, fc.nat(), (trades, options, pick) => {
        const at = trades.length === 0 ? 0 : pick % trades.length;
        const columns = tradeColumns(trades);
        const first = createBarBuilder(options);
        first.onTrades(columns, 0, at);
        const before = rowsOf(first.take());
        const state = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
        const second = createBarBuilder({ ...options, state });
        second.onTrades(columns, at);
        const whole = createBarBuilder(options);
        whole.onTrades(columns);
        expect([...before, ...rowsOf(second.take())]).toEqual(rowsOf(whole.take()));
        expect(second.state()).toEqual(whole.state());
      }),
      { seed: 13 },
    );
  });

  it('loses no contract: each is in one bar, in the making, or counted', () => {
    fc.assert(
      fc.property(tradesArbitrary, anyOptions, (trades, options) => {
        const builder = createBarBuilder(options);
        builder.onTrades(tradeColumns(trades));
        const built = builder.take().volume.reduce((total, volume) => total + volume, 0);
        const { skippedVolume, abandonedVolume } = builder.counts;
        const open = builder.unfinished?.volume ?? 0;
        expect(built + open + skippedVolume + abandonedVolume).toBe(sum(trades, ({ qty }) => qty));
      }),
      { seed: 14 },
    );
  });

  it('closes in order of time, never before it opens, with the close inside the range', () => {
    fc.assert(
      fc.property(tradesArbitrary, anyOptions, (trades, options) => {
        let lastUs = -Infinity;
        for (const bar of barsOf(build(trades, options).take())) {
          expect(bar.closeUs).toBeGreaterThanOrEqual(Math.max(bar.openUs, lastUs));
          expect(Math.min(bar.open, bar.close)).toBeGreaterThanOrEqual(bar.low);
          expect(Math.max(bar.open, bar.close)).toBeLessThanOrEqual(bar.high);
          lastUs = bar.closeUs;
        }
      }),
      { seed: 15 },
    );
  });
});
