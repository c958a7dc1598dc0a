import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeBarBuilder } from '../../../src/core/bar-builder/time.ts';
import type { TimeBarOptions } from '../../../src/core/bar-builder/time.ts';
import { US_PER_DAY } from '../../../src/core/units.ts';
import type { Trade } from './support.ts';
import {
  barColumns,
  barsOf,
  feedInPieces,
  MIDNIGHT,
  plainTimeBars,
  rowsOf,
  testCalendar,
  tradeColumns,
  tradesArbitrary,
} from './support.ts';

const END = MIDNIGHT + 30 * US_PER_DAY;
const intervals = fc.constantFrom('1s', '30s', '1m', '5m', '7m', '15m', '1h', '4h', '23h', '1d');
const aligns = fc.constantFrom('session' as const, 'clock' as const);
const pieces = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

function builderOf(options: Partial<TimeBarOptions> & { interval: string }): TimeBarBuilder {
  return new TimeBarBuilder({ calendar: testCalendar(), ...options });
}

function build(trades: readonly Trade[], interval: string, align: 'session' | 'clock' = 'session') {
  const builder = builderOf({ interval, align });
  builder.onTrades(tradeColumns(trades));
  builder.advance(END);
  return { bars: builder.take(), counts: builder.counts };
}

function rebuild(bars: Parameters<TimeBarBuilder['onBars']>[0], interval: string) {
  const builder = builderOf({ interval });
  builder.onBars(bars);
  builder.advance(END);
  return builder.take();
}

describe('bars of time, from trades at random', () => {
  it('are those of a plain grouping', () => {
    fc.assert(
      fc.property(tradesArbitrary, intervals, aligns, (trades, interval, align) => {
        const expected = plainTimeBars(trades, testCalendar(), interval, align);
        expect(barsOf(build(trades, interval, align).bars)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('do not depend on how the trades are cut into batches', () => {
    fc.assert(
      fc.property(tradesArbitrary, intervals, pieces, (trades, interval, lengths) => {
        const whole = builderOf({ interval });
        whole.onTrades(tradeColumns(trades));
        const cut = builderOf({ interval });
        expect(feedInPieces(cut, trades, lengths)).toEqual(rowsOf(whole.take()));
        expect(cut.counts).toEqual(whole.counts);
        expect(cut.unfinished).toEqual(whole.unfinished);
      }),
      { seed: 2 },
    );
  });

  it('use nothing that comes after they close', () => {
    fc.assert(
      fc.property(tradesArbitrary, intervals, fc.nat(), (trades, interval, pick) => {
        if (trades.length === 0) return;
        const nowUs = trades[pick % trades.length]!.tsUs;
        const known = builderOf({ interval });
        known.onTrades(tradeColumns(trades.filter((trade) => trade.tsUs < nowUs)));
        known.advance(nowUs);
        const all = barsOf(build(trades, interval).bars).filter((bar) => bar.closeUs <= nowUs);
        expect(barsOf(known.take())).toEqual(all);
      }),
      { seed: 3 },
    );
  });

  it('go on from a saved state as if nothing had happened', () => {
    fc.assert(
      fc.property(tradesArbitrary, intervals, fc.nat(), (trades, interval, pick) => {
        const at = trades.length === 0 ? 0 : pick % trades.length;
        const columns = tradeColumns(trades);
        const first = builderOf({ interval });
        first.onTrades(columns, 0, at);
        const before = rowsOf(first.take());
        const state = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
        const second = builderOf({ interval, state });
        second.onTrades(columns, at);
        second.advance(END);
        const whole = build(trades, interval);
        expect([...before, ...rowsOf(second.take())]).toEqual(rowsOf(whole.bars));
        expect(second.counts).toEqual(whole.counts);
      }),
      { seed: 4 },
    );
  });

  it('hold every contract that traded inside a session, and count the others', () => {
    fc.assert(
      fc.property(tradesArbitrary, intervals, (trades, interval) => {
        const { bars, counts } = build(trades, interval);
        const traded = trades.reduce((sum, trade) => sum + trade.qty, 0);
        const built = bars.volume.reduce((sum, volume) => sum + volume, 0);
        expect(built + counts.skippedVolume).toBe(traded);
        expect(counts.used + counts.outside).toBe(trades.length);
      }),
      { seed: 5 },
    );
  });

  it.each([
    ['1m', '5m'],
    ['1m', '1h'],
    ['5m', '1h'],
    ['30s', '15m'],
    ['1h', '4h'],
    ['15m', '1d'],
    ['4h', '1d'],
    ['1d', '1d'],
  ])('of %s make the bars of %s that the trades make', (small, large) => {
    fc.assert(
      fc.property(tradesArbitrary, (trades) => {
        const direct = build(trades, large).bars;
        const inSteps = rebuild(build(trades, small).bars, large);
        expect(barsOf(inSteps)).toEqual(barsOf(direct));
        expect([...inSteps.tradeDate]).toEqual([...direct.tradeDate]);
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  it('of 1h are the same from 1m as from 5m made of 1m', () => {
    fc.assert(
      fc.property(tradesArbitrary, (trades) => {
        const minutes = build(trades, '1m').bars;
        expect(rebuild(rebuild(minutes, '5m'), '1h')).toEqual({
          ...rebuild(minutes, '1h'),
          inputs: expect.anything() as unknown,
        });
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('are finished by the smaller bar that ends with them, without a look at the clock', () => {
    fc.assert(
      fc.property(tradesArbitrary, (trades) => {
        const minutes = barsOf(build(trades, '1m').bars);
        const builder = builderOf({ interval: '15m' });
        const twin = builderOf({ interval: '15m' });
        for (const minute of minutes) {
          builder.onBar(barColumns([minute]), 0);
          twin.onBar(barColumns([minute]), 0);
          twin.advance(minute.closeUs);
          expect(barsOf(builder.take())).toEqual(barsOf(twin.take()));
        }
      }),
      { seed: 8, numRuns: 60 },
    );
  });
});
