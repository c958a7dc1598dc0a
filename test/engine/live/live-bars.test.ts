/** Bars made live against bars made from the whole day at once: whatever the moment of joining, the same ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeBarBuilder } from '../../../src/core/bar-builder/time.ts';
import type { BarColumns, BarInterval } from '../../../src/core/bars.ts';
import type { LiveVenue } from '../../../src/core/live.ts';
import type { PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import { LiveBars } from '../../../src/engine/live/live-bars.ts';
import type { PushBars } from '../../../src/engine/live/push-feeds.ts';
import { at, plainCalendar } from '../../support/engine-world.ts';
import { Draws } from '../../support/fuzz-world.ts';
import { VirtualScheduler } from '../../support/live-world.ts';

interface Print {
  readonly tsUs: number;
  readonly price: number;
  readonly qty: number;
}

/** Trades over two hours from 10:00, thick and thin. */
function day(seed: number): Print[] {
  const draws = new Draws(seed, 9);
  const prints: Print[] = [];
  let [tsUs, price] = [at(0, 10) as number, 100];
  while (tsUs < at(0, 12)) {
    price += draws.int(-2, 2);
    prints.push({ tsUs, price, qty: draws.int(1, 9) });
    tsUs += draws.pick([0, 1000, 700_000, 9_000_000, 80_000_000]);
  }
  return prints;
}

/** The bars of all prints, as a backtest has them. */
function barsOf(prints: readonly Print[], interval: BarInterval): BarColumns {
  const builder = new TimeBarBuilder({ interval, calendar: plainCalendar() });
  for (const { tsUs, price, qty } of prints) builder.onTrade(tsUs, price, qty);
  builder.advance(at(0, 16));
  return builder.take();
}

function rowsOf(bars: BarColumns, untilUs: number = Infinity): string[] {
  const rows: string[] = [];
  for (let i = 0; i < bars.length; i += 1) {
    if (bars.closeUs[i]! > untilUs) continue;
    const { openUs, closeUs, open, high, low, close, volume } = bars;
    rows.push([openUs[i], closeUs[i], open[i], high[i], low[i], close[i], volume[i]].join(' '));
  }
  return rows;
}

function drain(source: PushBars): string[] {
  const rows: string[] = [];
  for (let bars = source.next(); bars !== null && bars.length > 0; bars = source.next())
    rows.push(...rowsOf(bars));
  return rows;
}

/** History of all prints up to the moment of asking. */
function venueOf(
  scheduler: VirtualScheduler,
  prints: readonly Print[],
  failures: { left: number } = { left: 0 },
): Pick<LiveVenue, 'history'> {
  return {
    history: (_c, interval, fromUs, toUs) => {
      if (failures.left > 0) {
        failures.left -= 1;
        return Promise.reject(new Error('no answer'));
      }
      const nowUs = scheduler.nowUs();
      const bars = barsOf(
        prints.filter((print) => print.tsUs < Math.min(toUs, nowUs)),
        interval,
      );
      const rows = Array.from({ length: bars.length }, (_, i) => i).filter(
        (i) => bars.openUs[i]! >= fromUs && bars.closeUs[i]! <= Math.min(toUs, nowUs),
      );
      const pick = (from: ArrayLike<number>): Float64Array =>
        Float64Array.from(rows, (i) => from[i]!);
      return Promise.resolve({
        length: rows.length,
        openUs: pick(bars.openUs),
        closeUs: pick(bars.closeUs),
        open: pick(bars.open),
        high: pick(bars.high),
        low: pick(bars.low),
        close: pick(bars.close),
        volume: pick(bars.volume),
      });
    },
  };
}

const trade = ({ tsUs, price, qty }: Print) =>
  ({
    kind: 'trade',
    contractIndex: 0,
    tsUs: tsUs as TsUs,
    priceTicks: price as PriceTicks,
    qty: qty as Qty,
    aggressor: 0,
  }) as const;

describe('bars made live', () => {
  it('are those of the whole day, whenever the trades begin to flow and whenever the line is lost', async () => {
    const intervals: readonly BarInterval[] = ['1m', '5m', '30m'];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 0, max: 3600 }),
        fc.integer({ min: 0, max: 3600 }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 0, max: 2 }),
        async (seed, joinS, lostAfterS, lostForS, failures) => {
          const prints = day(seed);
          const scheduler = new VirtualScheduler((at(0, 10) + joinS * 1e6) as TsUs);
          const bars = new LiveBars({
            scheduler,
            venue: venueOf(scheduler, prints, { left: failures }),
            onArrival: () => {},
          });
          const sources = intervals.map((interval) =>
            bars.add({
              contractIndex: 0,
              interval,
              calendar: plainCalendar(),
              fromUs: at(0, 10),
            }),
          );
          await bars.flow();
          const lostUs = scheduler.nowUs() + lostAfterS * 1e6;
          const backUs = lostUs + lostForS * 1e6;
          const until = async (us: number): Promise<void> => {
            if (us > scheduler.nowUs()) await scheduler.pass(us - scheduler.nowUs());
          };
          let [isLost, isBack] = [false, false];
          let arrivesUs = 0;
          const beganUs = scheduler.nowUs();
          for (const print of prints) {
            // Prints arrive up to a fifth of a second late.
            arrivesUs = Math.max(arrivesUs, print.tsUs + (print.tsUs % 200_000));
            if (!isLost && arrivesUs >= lostUs) {
              await until(lostUs);
              bars.lost();
              isLost = true;
            }
            if (!isBack && arrivesUs >= backUs) {
              await until(backUs);
              await bars.flow();
              isBack = true;
            }
            if (arrivesUs < beganUs) continue;
            await until(arrivesUs);
            bars.onMarket(trade(print));
          }
          if (isLost && !isBack) {
            await until(backUs);
            await bars.flow();
          }
          await until(at(0, 16));
          expect(sources.map(drain)).toEqual(
            intervals.map((interval) => rowsOf(barsOf(prints, interval))),
          );
          expect(sources.map((source) => source.refused)).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it('that end together are released together, a moment after their end, and not by the next trade', async () => {
    const scheduler = new VirtualScheduler(at(0, 10));
    const arrivals: number[] = [];
    const bars = new LiveBars({
      scheduler,
      venue: venueOf(scheduler, []),
      onArrival: () => arrivals.push(scheduler.nowUs() - at(0, 10)),
    });
    const add = (contractIndex: number, interval: BarInterval) =>
      bars.add({ contractIndex, interval, calendar: plainCalendar(), fromUs: at(0, 10) });
    const sources = [add(0, '1m'), add(1, '1m'), add(0, '5m')];
    await bars.flow();
    const minute = 60e6;
    await scheduler.pass(9 * minute);
    for (const contractIndex of [0, 1])
      bars.onMarket({ ...trade({ tsUs: at(0, 10, 9), price: 100, qty: 1 }), contractIndex });
    await scheduler.pass(minute + 100_000);
    // The next bar of one of them has begun.
    bars.onMarket(trade({ tsUs: at(0, 10, 10) + 50_000, price: 101, qty: 1 }));
    expect(sources.map((source) => source.waiting)).toEqual([0, 0, 0]);
    // A trade that came late is still in its bar.
    bars.onMarket({
      ...trade({ tsUs: at(0, 10, 10) - 1, price: 99, qty: 2 }),
      contractIndex: 1,
    });
    await scheduler.pass(200_000);
    expect(sources.map((source) => source.waiting)).toEqual([1, 1, 1]);
    expect(sources[1]!.next()!.low[0]).toBe(99);
    expect(arrivals).toEqual([10 * minute + 300_000]);
  });

  it('wait for history where the venue does not answer', async () => {
    const prints = day(5);
    const scheduler = new VirtualScheduler(at(0, 10, 30));
    const failures = { left: 4 };
    const bars = new LiveBars({
      scheduler,
      venue: venueOf(scheduler, prints, failures),
      onArrival: () => {},
    });
    const source = bars.add({
      contractIndex: 0,
      interval: '1m',
      calendar: plainCalendar(),
      fromUs: at(0, 10),
    });
    await bars.flow();
    expect(source.waiting).toBe(0);
    await scheduler.pass(65e6);
    expect(source.waiting).toBe(0);
    await scheduler.pass(20e6);
    expect(failures.left).toBe(0);
    expect(drain(source)).toEqual(rowsOf(barsOf(prints, '1m'), at(0, 10, 31)));
  });
});
