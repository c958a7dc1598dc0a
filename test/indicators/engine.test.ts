/** Attached in a run with rolls, every indicator reads what its column form reads over the series as known at that moment. */
import { expect, it } from 'vitest';
import type { Indicator, SeriesView, Strategy } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { backtestForTest } from '../../src/testing/index.ts';
import type { Bars } from './support.ts';
import { CASES, columnsOf, valueOf } from './support.ts';

const HISTORY = 600;

function barsOf(series: SeriesView, sessions: readonly number[], openUs: readonly number[]): Bars {
  const rows = series.length;
  const column = (read: (ago: number) => number): Float64Array =>
    Float64Array.from({ length: rows }, (_, i) => read(rows - 1 - i));
  return {
    open: column((ago) => series.open(ago)),
    high: column((ago) => series.high(ago)),
    low: column((ago) => series.low(ago)),
    close: column((ago) => series.close(ago)),
    volume: column((ago) => series.volume(ago)),
    session: Float64Array.from(sessions),
    openUs: Float64Array.from(openUs),
    closeUs: column((ago) => series.closeUs(ago)),
  };
}

it.each(['back-difference', 'back-ratio'] as const)(
  'reads the same through the rolls of a run, adjusted by %s',
  async (adjust) => {
    const seen = { bars: 0, rolls: 0, compared: 0, ready: new Set<string>() };
    const strategy = defineStrategy({
      id: 'reads-indicators',
      version: '1',
      description: 'Compares; trades once, so that there is a run to look at.',
      params: {},
      instruments: ['ES'],
      requires: () => ({ series: [{ root: 'ES', bars: '1d', adjust, history: HISTORY }] }),
      create: (): Strategy => {
        const all: Indicator[] = CASES.map(({ make }) => make());
        const sessions: number[] = [];
        const openUs: number[] = [];
        return {
          onStart(ctx) {
            for (const indicator of all) ctx.series('ES:1d').attach(indicator);
          },
          onRoll() {
            seen.rolls += 1;
          },
          onBar(bar, ctx) {
            sessions.push(bar.tradeDate);
            openUs.push(bar.openUs);
            seen.bars += 1;
            // Every twentieth bar, and the bars after a roll.
            if (seen.bars % 20 !== 0) return;
            const bars = barsOf(ctx.series('ES:1d'), sessions, openUs);
            CASES.forEach((one, k) => {
              const columns = columnsOf(one.kernel(bars));
              for (const name of Object.keys(one.outputs)) {
                const wanted = columns[name]![bars.close.length - 1]!;
                const value = valueOf(all[k]!, name);
                const isNear = Number.isNaN(wanted)
                  ? Number.isNaN(value)
                  : Math.abs(value - wanted) <= 1e-7 * Math.max(1, Math.abs(wanted));
                if (!isNear)
                  throw new Error(`${one.key} ${name} is ${value}, over the history ${wanted}`);
                seen.compared += 1;
              }
              if (all[k]!.ready) seen.ready.add(one.key);
            });
          },
        };
      },
    });
    await backtestForTest(strategy);
    expect(seen.rolls).toBeGreaterThan(4);
    expect(seen.compared).toBeGreaterThan(500);
    // A day's bar is longer than the range of three minutes, so that this one has nothing to say.
    expect([...seen.ready].toSorted()).toEqual(
      [...new Set(CASES.map(({ key }) => key))].filter((key) => key !== 'opening-range').toSorted(),
    );
  },
);
