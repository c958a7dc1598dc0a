import { fileURLToPath } from 'node:url';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { TradingCalendar } from '../../src/core/ports.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { US_PER_MINUTE } from '../../src/core/units.ts';
import type { Catalog, Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { ResampleOptions, ResampleReport } from '../../src/data/resample.ts';
import { resampleDataset } from '../../src/data/resample.ts';
import { sliceColumns } from '../../src/data/segment-codec.ts';
import { collect, ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const OTHER = 'ESH2025' as ContractId;
const SPEC = loadInstruments(
  fileURLToPath(new URL('../../catalog/instruments', import.meta.url)),
).get('ES')!;
const CALENDAR: TradingCalendar = createCalendars().forInstrument(SPEC);

function run(catalog: Catalog, patch: Partial<ResampleOptions> = {}): ResampleReport {
  return resampleDataset({
    catalog,
    dataset: 'one',
    from: '1m',
    to: '5m',
    calendarOf: () => CALENDAR,
    createdBy: 'test',
    ...patch,
  })!;
}

/** Minutes of two sessions and the pause between them, some of them without a bar. */
function marketBars(keep: readonly boolean[], prices: readonly number[]): BarColumns {
  const from = parseTradeDate('2024-03-05');
  const { openUs, closeUs } = CALENDAR.sessions(from, (from + 1) as never);
  const starts: number[] = [];
  for (let s = 0; s < 2; s += 1) {
    const minutes = (closeUs[s]! - openUs[s]!) / US_PER_MINUTE;
    // The last hour of one session and the first of the next.
    const first = s === 0 ? minutes - 60 : 0;
    for (let m = 0; m < 60; m += 1)
      if (keep[(s * 60 + m) % keep.length]!) starts.push(openUs[s]! + (first + m) * US_PER_MINUTE);
  }
  const at = (k: number): Int32Array =>
    Int32Array.from(starts, (_, i) => 20_000 + prices[(i * 4 + k) % prices.length]!);
  const [open, close] = [at(0), at(1)];
  return {
    length: starts.length,
    openUs: Float64Array.from(starts),
    closeUs: Float64Array.from(starts, (us) => us + US_PER_MINUTE),
    open,
    high: open.map((value, i) => Math.max(value, close[i]!) + 2),
    low: open.map((value, i) => Math.min(value, close[i]!) - 3),
    close,
    volume: Float64Array.from(starts, (_, i) => 1 + (i % 5)),
  };
}

/** The obvious way: every bar goes to the window of its session that it begins in. */
function naive(bars: BarColumns, stepUs: number) {
  const windows = new Map<number, number[]>();
  for (let i = 0; i < bars.length; i += 1) {
    const session = CALENDAR.sessionAt(bars.openUs[i]! as never)!;
    const at = session.openUs + Math.floor((bars.openUs[i]! - session.openUs) / stepUs) * stepUs;
    windows.set(at, [...(windows.get(at) ?? []), i]);
  }
  return [...windows].map(([openUs, rows]) => ({
    openUs,
    closeUs: Math.min(openUs + stepUs, CALENDAR.sessionAt(openUs as never)!.closeUs),
    open: bars.open[rows[0]!]!,
    high: Math.max(...rows.map((i) => bars.high[i]!)),
    low: Math.min(...rows.map((i) => bars.low[i]!)),
    close: bars.close[rows.at(-1)!]!,
    volume: rows.reduce((sum, i) => sum + bars.volume[i]!, 0),
  }));
}

function rowsOf(dataset: Dataset, interval: string, contract: ContractId = ES) {
  const columns = collect(dataset.bars({ contract, interval: interval as never }));
  return (columns['openUs'] ?? []).map((_, i) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])),
  );
}

function started(contracts: Readonly<Record<string, BarColumns>>): Catalog {
  const catalog = openCatalog(tempFolder(), { sync: false });
  const writer = catalog.createDataset(metaOf('one')).beginWrite();
  for (const [contract, bars] of Object.entries(contracts))
    writer.putBarsByYear(contract as ContractId, '1m', bars);
  writer.commit();
  return catalog;
}

const market = fc.record({
  keep: fc.array(fc.boolean(), { minLength: 7, maxLength: 40 }).filter((all) => all.includes(true)),
  prices: fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 3, maxLength: 17 }),
  cuts: fc.array(fc.nat(120), { maxLength: 3 }),
  step: fc.constantFrom(5, 15, 60),
});

describe('data resample', () => {
  test.prop([market], { numRuns: 60 })(
    'builds what the obvious way builds, but for a last bar that may still grow',
    ({ keep, prices, step }) => {
      const bars = marketBars(keep, prices);
      const catalog = started({ [ES]: bars });
      const report = run(catalog, { to: `${step}m` });
      const want = naive(bars, step * US_PER_MINUTE);
      const asOf = bars.closeUs[bars.length - 1]!;
      const done = want.filter((bar) => bar.closeUs <= asOf);
      expect(rowsOf(report.dataset, `${step}m`)).toEqual(done);
      expect(report.contracts[0]!.unfinished).toBe(want.length - done.length);
    },
  );

  test.prop([market], { numRuns: 40 })(
    'gives the same files however the source came in',
    ({ keep, prices, cuts, step }) => {
      const bars = marketBars(keep, prices);
      const whole = run(started({ [ES]: bars }), { to: `${step}m` });
      const catalog = openCatalog(tempFolder(), { sync: false });
      catalog.createDataset(metaOf('one'));
      const ends = [...cuts.map((cut) => cut % bars.length), bars.length].sort((a, b) => a - b);
      let start = 0;
      for (const end of ends) {
        if (end === start) continue;
        const writer = catalog.dataset('one').beginWrite();
        writer.appendBars(ES, '1m', 2024, sliceColumns(bars, start, end));
        writer.commit();
        run(catalog, { to: `${step}m` });
        start = end;
      }
      expect(catalog.dataset('one').manifest.checksum).toBe(whole.dataset.manifest.checksum);
      expect(catalog.dataset('one').manifest.extra).toEqual(whole.dataset.manifest.extra);
    },
  );

  it('changes nothing when it is run again', () => {
    const catalog = started({ [ES]: minuteBars(12) });
    const first = run(catalog);
    const second = run(catalog);
    expect(second.isChanged).toBe(false);
    expect(second.dataset.manifest).toEqual(first.dataset.manifest);
    // Two minutes of the third window are there; it is held back.
    expect(second.contracts[0]).toMatchObject({ bars: 2, unfinished: 1 });
  });

  it('ends a bar that waited when another contract shows that its time is over', () => {
    const catalog = started({ [ES]: minuteBars(12) });
    run(catalog);
    const writer = catalog.dataset('one').beginWrite();
    writer.putBars(OTHER, '1m', 2024, minuteBars(1, 14));
    writer.commit();
    const report = run(catalog);
    expect(report.contracts.find((one) => one.contract === ES)).toMatchObject({
      bars: 3,
      unfinished: 0,
    });
  });

  it('builds anew what its source corrected, and leaves the other contracts alone', () => {
    const catalog = started({ [ES]: minuteBars(10), [OTHER]: minuteBars(10) });
    run(catalog);
    const writer = catalog.dataset('one').beginWrite();
    const bars = minuteBars(10);
    (bars.high as Int32Array)[3] = 99_999;
    writer.putBars(ES, '1m', 2024, bars);
    writer.commit();
    const report = run(catalog);
    expect(report.contracts.map((one) => [one.contract, one.isChanged])).toEqual([
      [OTHER, false],
      [ES, true],
    ]);
    expect(rowsOf(report.dataset, '5m')[0]).toMatchObject({ high: 99_999 });
  });

  it('replaces bars of a source only when it is told to', () => {
    const catalog = started({ [ES]: minuteBars(10) });
    const writer = catalog.dataset('one').beginWrite();
    writer.putBars(ES, '5m', 2024, sliceColumns(minuteBars(1), 0, 1));
    const before = writer.commit();
    expect(() => run(catalog)).toThrow('were not built by resampling');
    expect(catalog.dataset('one').manifest).toEqual(before.manifest);
    expect(run(catalog, { isForced: true }).contracts[0]!.bars).toBe(2);
  });

  it('writes into another dataset with the same statements', () => {
    const catalog = started({ [ES]: minuteBars(10) });
    const { dataset } = run(catalog, { into: 'five' });
    expect(dataset.manifest).toMatchObject({ name: 'five', volume: 'known', isSynthetic: true });
    expect(dataset.manifest.extra!['resampled']).toMatchObject({
      '5m': { from: '1m', dataset: 'one', align: 'session' },
    });
    expect(dataset.intervals(ES)).toEqual(['5m']);
  });

  it('builds from trades', () => {
    const catalog = openCatalog(tempFolder(), { sync: false });
    const writer = catalog.createDataset(metaOf('one')).beginWrite();
    const tsUs = Float64Array.of(START, START + 1, START + 6 * US_PER_MINUTE);
    writer.put('trades', ES, 2024, {
      length: 3,
      tsUs,
      seq: Float64Array.of(0, 1, 2),
      price: Int32Array.of(20_000, 20_004, 20_001),
      qty: Float64Array.of(1, 2, 3),
      aggressor: Int8Array.of(1, -1, 0),
    });
    writer.commit();
    const report = run(catalog, { from: 'trades' });
    expect(rowsOf(report.dataset, '5m')).toMatchObject([
      { openUs: START, open: 20_000, high: 20_004, low: 20_000, close: 20_004, volume: 3 },
    ]);
  });

  it.each([
    ['1m', 'shorter than its source', '5m', '1m'],
    ['no multiple', 'no multiple', '5m', '12m'],
    ['two days', 'more than a day', '1h', '2d'],
  ])('refuses an interval that is %s', (_, __, from, to) => {
    const catalog = started({ [ES]: minuteBars(10) });
    expect(() => run(catalog, { from: from as never, to: to as never })).toThrow(
      expect.objectContaining({ code: 'E_RESAMPLE_INTERVAL' }),
    );
  });

  it('refuses labels, and products without a calendar', () => {
    const catalog = started({ [ES]: minuteBars(10) });
    expect(() => run(catalog, { calendarOf: () => null })).toThrow('no calendar for ES');
    const writer = catalog.createDataset(metaOf('labels', { stamps: 'labels' })).beginWrite();
    writer.putBars(ES, '1m', 2024, minuteBars(10));
    writer.commit();
    expect(() => run(catalog, { dataset: 'labels' })).toThrow('are labels');
  });
});
