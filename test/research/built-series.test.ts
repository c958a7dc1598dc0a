import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarInterval } from '../../src/core/bars.ts';
import { TimeBarBuilder } from '../../src/core/bar-builder/time.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { AnyStrategyDefinition, SeriesRequest } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, runBacktest, simulate } from '../../src/research/backtest.ts';
import { builtSizes, builtSource } from '../../src/research/built-series.ts';
import { barsOf } from '../core/bar-builder/support.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

const calendar = createCalendars().forInstrument(loadInstruments(INSTRUMENTS_DIR).get('ES')!);
/** The contract is rolled inside. */
const SPAN = { products: ['ES'], from: '2022-08-15', to: '2022-09-16', minuteFrom: '2022-09-01' };
const RUN = { from: '2022-09-06', to: '2022-09-14' };
let minutes: SampleCatalog;
let stored: SampleCatalog;
let built: ReturnType<typeof run>;
let read: ReturnType<typeof run>;

beforeAll(() => {
  minutes = makeSampleCatalog({ ...SPAN, intervals: ['1m', '1d'] });
  stored = makeSampleCatalog({ ...SPAN, intervals: ['1m', '1d'] });
  const dataset = openCatalog(stored.catalogDir).dataset('sample');
  const contracts = new Set(
    dataset.manifest.segments
      .filter((segment) => segment.interval === '1m')
      .map((segment) => segment.contract),
  );
  const writer = dataset.beginWrite();
  for (const contract of contracts) {
    const builder = new TimeBarBuilder({ interval: '15m', calendar });
    const source = dataset.bars({ contract, interval: '1m' });
    for (let batch = source.next(); batch !== null; batch = source.next()) builder.onBars(batch);
    source.close();
    builder.advance(dataset.manifest.segments.find((each) => each.contract === contract)!.lastUs);
    writer.putBarsByYear(contract, '15m', builder.take());
  }
  writer.commit();
  built = run(minutes, both);
  read = run(stored, both);
});
afterAll(() => {
  minutes.remove();
  stored.remove();
});

/** Turns with every second quarter of an hour, and tells what it is shown. */
function turner(series: readonly SeriesRequest[], seen: string[] = []): AnyStrategyDefinition {
  return defineStrategy({
    id: 'turner',
    version: '1',
    description: 'Turns.',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series }),
    create: () => ({
      onBar(bar, ctx): void {
        seen.push(
          `${ctx.nowUs} ${bar.key} ${bar.contract} ${bar.openUs} ${bar.open} ${bar.close} ${bar.volume}`,
        );
        if (bar.key === 'ES:1m') return;
        const side = bar.close > bar.open ? 1 : -1;
        if (ctx.netQty('ES') !== side)
          ctx.submit({ contract: ctx.contract('ES'), side, qty: 1, type: 'market' });
      },
    }),
  }) as unknown as AnyStrategyDefinition;
}

function run(
  sample: SampleCatalog,
  series: readonly SeriesRequest[],
  changes: { readonly from?: string; readonly to?: string; readonly execution?: BarInterval } = {},
): { hash: string; seen: string[]; notes: string[] } {
  const seen: string[] = [];
  const options = backtestOptions(sample, 'ema-cross', {
    strategy: turner(series, seen),
    instruments: ['ES'],
    ...RUN,
    ...changes,
  });
  const prepared = prepareRun(options);
  const journal = createHashJournal();
  const { result } = simulate(prepared, 'pessimistic', journal);
  if (result.error !== null) throw result.error.cause;
  const notes = prepared.plan.notes.map((note) => `${note.code}: ${note.message}`);
  return { hash: journal.hash(), seen, notes };
}

const both: readonly SeriesRequest[] = [
  { root: 'ES', bars: '1m' },
  { root: 'ES', bars: '15m' },
];

describe('a series of bars that the dataset has not', () => {
  it('gives the events that stored bars of this size give, to the byte', () => {
    const shown = built.seen.filter((line) => line.includes(' ES:15m '));
    expect(shown.length).toBeGreaterThan(500);
    expect(new Set(shown.map((line) => line.split(' ')[2])).size).toBe(2);
    expect(built.seen).toEqual(read.seen);
    expect(built.hash).toBe(read.hash);
  });

  it('says so, and says nothing where the size is stored', () => {
    expect(built.notes).toEqual([
      'N_SERIES_BUILT: the data have no 15m bars of ES: they are built from its 1m bars',
    ]);
    expect(read.notes).toEqual([]);
  });

  it('shows a bar of 15m after the minute that ends it, at one instant', () => {
    const { seen } = built;
    const at = seen.findIndex((line) => line.includes(' ES:15m '));
    const [nowUs] = seen[at]!.split(' ');
    expect(seen[at - 1]).toMatch(new RegExp(`^${nowUs} ES:1m `));
    expect(seen[at + 1]).not.toMatch(new RegExp(`^${nowUs} `));
  });

  it('is alike on a part of the dates: nothing is built from what comes later', () => {
    const whole = built.seen;
    const part = run(minutes, both, { to: '2022-09-08' }).seen;
    expect(part.length).toBeGreaterThan(1000);
    expect(whole.slice(0, part.length)).toEqual(part);
  });

  it('reaches the run that its reader keeps, as a note and with the data it was built from', async () => {
    const options = backtestOptions(minutes, 'ema-cross', {
      params: { interval: '15m' },
      instruments: ['ES'],
      ...RUN,
      report: false,
    });
    const { manifest, dir } = await runBacktest(options);
    const issues = readFileSync(join(dir, 'issues.json'), 'utf8');
    expect(issues).toMatch(/"N_SERIES_BUILT",\s*"severity": ?"info"/);
    expect(manifest.datasets[0]!.intervals.toSorted()).toEqual(['15m', '1m']);
  });

  it('matches no orders: for that a size must be stored', () => {
    expect(() => run(minutes, both, { execution: '15m' })).toThrow(TradingError);
  });

  it.each(['7h', '2d', '90s'] as const)(
    'is refused as before where no stored bars make it: %s',
    (bars) => {
      // 7 hours are built of minutes; 2 days and 90 seconds are not.
      const ask = (): unknown => run(minutes, [{ root: 'ES', bars }]);
      if (bars === '7h') expect(ask).not.toThrow();
      else expect(ask).toThrow(/asked/);
    },
  );
});

describe('the choice of what to build from', () => {
  const segment = (interval: BarInterval, firstDay: number, lastDay: number): never =>
    ({ interval, firstUs: firstDay * 86_400e6, lastUs: lastDay * 86_400e6 }) as never;
  const ask =
    (bars: BarInterval, stamps: 'instants' | 'labels' = 'instants') =>
    (segments: never[]) =>
      builtSizes('ES', segments, [{ root: 'ES', bars }], { stamps }).map(({ from }) => from);

  it('is the finest size of those that cover the most', () => {
    expect(ask('4h')([segment('1m', 0, 100), segment('1h', 0, 100)])).toEqual(['1m']);
    expect(ask('4h')([segment('1m', 60, 100), segment('1h', 0, 100)])).toEqual(['1h']);
    expect(ask('4h')([segment('1m', 5, 100), segment('1h', 0, 100)])).toEqual(['1m']);
  });

  it('is none for a stored size, a size that nothing divides, or labels', () => {
    expect(ask('1h')([segment('1m', 0, 100), segment('1h', 99, 100)])).toEqual([]);
    expect(ask('15m')([segment('1h', 0, 100)])).toEqual([]);
    expect(ask('90s')([segment('1m', 0, 100)])).toEqual([]);
    expect(ask('1d', 'labels')([segment('1h', 0, 100)])).toEqual([]);
  });
});

describe('a source of built bars', () => {
  it('yields the same bars for any size of batch, and none that is unfinished', () => {
    const dataset = openCatalog(minutes.catalogDir).dataset('sample');
    const { contract } = dataset.manifest.segments.find((each) => each.interval === '1m')!;
    const read = (batchRows: number): ReturnType<typeof barsOf> => {
      const source = builtSource(dataset.bars({ contract, interval: '1m', batchRows }), {
        interval: '1h',
        calendar,
        fromUs: -Infinity,
        knownUs: -Infinity,
      });
      const bars: ReturnType<typeof barsOf> = [];
      for (let batch = source.next(); batch !== null; batch = source.next())
        bars.push(...barsOf(batch));
      source.close();
      return bars;
    };
    const whole = read(65_536);
    expect(whole.length).toBeGreaterThan(100);
    for (const size of [1, 7, 60, 1000]) expect(read(size)).toEqual(whole);
  });
});
