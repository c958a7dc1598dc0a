/** Frames of a dataset, a continuous series and a run hold what these hold; SQL reads the same rows. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractId } from '../../../src/core/instrument.ts';
import type { Dataset } from '../../../src/data/catalog.ts';
import { openCatalog } from '../../../src/data/catalog.ts';
import { readContinuousSeries } from '../../../src/research/continuous-series.ts';
import { continuousFrame, datasetFrame, runFrame } from '../../../src/research/frames/sources.ts';
import { openSql, query } from '../../../src/research/frames/sql.ts';
import { backtest } from '../../../src/research/short-backtest.ts';
import { emaCross } from '../../../src/strategies/ema-cross.ts';
import type { SampleCatalog } from '../../support/sample-catalog.ts';
import { makeSampleCatalog } from '../../support/sample-catalog.ts';

let sample: SampleCatalog;
let dataset: Dataset;
let catalogDir: string;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES', 'CL'], intervals: ['1d', '1h'], to: '2021-12-30' });
  catalogDir = join(sample.dir, 'catalog');
  dataset = openCatalog(catalogDir).dataset('sample');
}, 120_000);
afterAll(() => sample.remove());

function barsOf(
  contract: ContractId,
  interval: '1d' | '1h',
): { close: number[]; closeUs: number[] } {
  const [close, closeUs]: number[][] = [[], []];
  const source = dataset.bars({ contract, interval });
  for (let batch = source.next(); batch !== null; batch = source.next()) {
    close!.push(...batch.close.subarray(0, batch.length));
    closeUs!.push(...batch.closeUs.subarray(0, batch.length));
  }
  return { close: close!, closeUs: closeUs! };
}

describe('a frame of a dataset', () => {
  it('holds the bars of a contract: decimal prices are counts times the grid', () => {
    const contract = dataset.contracts('ES')[1]!;
    const frame = datasetFrame(dataset, { contract, interval: '1h', prices: 'both' });
    const { close, closeUs } = barsOf(contract, '1h');
    expect(frame.length).toBeGreaterThan(1_000);
    expect([...(frame.column('close_count').values as Int32Array)]).toEqual(close);
    expect([...frame.numbers('close_time')]).toEqual(closeUs);
    const { increment } = dataset.manifest.grids['ES']!;
    expect([...frame.numbers('close')]).toEqual(close.map((count) => count * increment));
    expect(new Set(frame.column('contract').values as string[])).toEqual(new Set([contract]));
    expect(frame.metadata).toMatchObject({ dataset: 'sample', volume: 'known' });
  });

  it('holds all contracts of a product, one after the other, and a span of them', () => {
    const all = datasetFrame(dataset, { root: 'CL', interval: '1d' });
    const contracts = [...new Set(all.column('contract').values as string[])];
    expect(contracts).toEqual(dataset.contracts('CL'));
    const part = datasetFrame(dataset, {
      root: 'CL',
      interval: '1d',
      from: '2021-06-01T00:00:00Z',
      to: '2021-07-01T00:00:00Z',
    });
    const inside = all
      .rows()
      .filter(
        (row) =>
          (row['open_time'] as number) >= Date.UTC(2021, 5, 1) * 1000 &&
          (row['close_time'] as number) <= Date.UTC(2021, 6, 1) * 1000,
      );
    expect(inside.length).toBeGreaterThan(20);
    expect(part.rows()).toEqual(inside);
  });

  it('is refused when sizes would be mixed, and when there is nothing', () => {
    expect(() => datasetFrame(dataset, { root: 'ES' })).toThrow(
      expect.objectContaining({ code: 'E_FRAME_COLUMN', fix: expect.stringContaining('interval') }),
    );
    expect(() => datasetFrame(dataset, { root: 'GC', interval: '1d' })).toThrow(
      expect.objectContaining({ code: 'E_DATA_SPAN' }),
    );
  });

  it('is refused for a span without a row, and the span that there is taken', () => {
    const all = datasetFrame(dataset, { root: 'CL', interval: '1d' });
    let error: unknown;
    try {
      datasetFrame(dataset, { root: 'CL', interval: '1d', from: '2031-01-01T00:00:00Z' });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'E_DATA_SPAN',
      message: 'sample has no bars-1d from 2031-01-01T00:00:00Z',
      rule: expect.stringMatching(/^of what was asked, bars-1d go from 20\d\d-.*Z to 2021-12-.*Z$/),
    });
    const { first, last } = (error as { details: { first: string; last: string } }).details;
    const named = datasetFrame(dataset, { root: 'CL', interval: '1d', from: first, to: last });
    expect(named.length).toBe(all.length);
  });
});

it('a frame of a continuous series holds its adjusted prices and its contracts', () => {
  const instrumentsDir = join(import.meta.dirname, '../../../catalog/instruments');
  const series = readContinuousSeries({
    catalogDir,
    instrumentsDir,
    dataset: 'sample',
    root: 'ES',
    bars: '1d',
  });
  const frame = continuousFrame(series);
  expect(frame.numbers('close')).toBe(series.columns.close);
  expect(frame.column('contract').values[0]).toBe(
    series.contracts[series.columns.contractIndex[0]!],
  );
  expect(new Set(frame.column('contract').values as string[]).size).toBe(
    series.schedule.held.length,
  );
});

describe('a frame of a run', () => {
  it('holds the tables of its folder; money is in millionths', async () => {
    const run = await backtest(emaCross, {
      catalog: catalogDir,
      runs: join(sample.dir, 'runs'),
      instruments: ['ES'],
      bounds: false,
      report: false,
    });
    const fills = runFrame(run, 'fills');
    expect(fills.length).toBe(run.fills.length);
    expect(fills.length).toBeGreaterThan(0);
    expect(fills.rows(2)).toEqual(run.fills.slice(0, 2));
    expect([...runFrame(run.dir, 'equity').numbers('equityMicros')]).toEqual(
      run.equity.map((row) => row.equityMicros),
    );
    expect(() => runFrame(run, 'nothing' as 'fills')).toThrow(
      expect.objectContaining({ code: 'E_RUN_READ' }),
    );
    expect(() => runFrame({ dir: null }, 'fills')).toThrow(
      expect.objectContaining({ code: 'E_RUN_READ' }),
    );
  }, 60_000);
});

describe('SQL over a dataset', () => {
  it('reads the rows that a frame holds', async () => {
    const frame = datasetFrame(dataset, { interval: '1d', prices: 'both' });
    const rows = await query(dataset, 'SELECT * FROM bars_1d ORDER BY contract, close_time');
    expect(rows.names).toEqual(frame.names);
    for (const name of frame.names)
      expect([...rows.column(name).values], name).toEqual([...frame.column(name).values]);
  }, 60_000);

  it('exports only the tables that a query names, and each state of the dataset once', async () => {
    const cache = join(sample.dir, 'cache');
    const files = (): string[] =>
      fs
        .readdirSync(cache, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.parquet'));
    const session = await openSql(dataset, { cache });
    try {
      expect(session.tables).toEqual(['bars_1d', 'bars_1h']);
      expect(fs.existsSync(cache)).toBe(false);
      const days = await session.query('SELECT count(*) AS n FROM BARS_1D;');
      expect(days.rows()).toEqual([{ n: datasetFrame(dataset, { interval: '1d' }).length }]);
      const [file] = files();
      expect(files()).toEqual([expect.stringMatching(/^sample\/[0-9a-f]{16}\/bars_1d\.parquet$/)]);
      const before = fs.statSync(join(cache, file!)).mtimeMs;
      await query(dataset, 'SELECT 1 AS x FROM bars_1d LIMIT 1', { cache });
      expect(fs.statSync(join(cache, file!)).mtimeMs).toBe(before);
    } finally {
      session.close();
    }
    const other = join(cache, 'sample', '0123456789abcdef');
    fs.mkdirSync(other);
    await query(dataset, 'SELECT count(*) AS n FROM bars_1h', { cache });
    expect(fs.existsSync(other)).toBe(false);
    expect(files()).toHaveLength(2);
  }, 60_000);

  it('joins a frame with the dataset', async () => {
    const session = await openSql(dataset);
    try {
      const contract = dataset.contracts('ES')[0]!;
      const frame = datasetFrame(dataset, { contract, interval: '1d' }).select(
        'contract',
        'close_time',
      );
      await session.register('wanted', frame);
      const back = await session.query(
        'SELECT b.close_time FROM bars_1d b JOIN wanted w USING (contract, close_time) ORDER BY 1',
      );
      expect([...back.numbers('close_time')]).toEqual([...frame.numbers('close_time')]);
      for (const name of ['wanted', 'bars_1d', 'no name'])
        await expect(session.register(name, frame)).rejects.toMatchObject({ code: 'E_SQL' });
      await expect(session.query('SELECT x FROM bars_1d')).rejects.toMatchObject({
        code: 'E_SQL',
        rule: expect.stringContaining('bars_1h'),
      });
    } finally {
      session.close();
    }
  }, 60_000);
});
