/** Which columns of a Parquet file are taken, and how it is said that one is not. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ContractId } from '../../src/core/instrument.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { importParquet } from '../../src/data/ingest/parquet.ts';
import { createParquetWriter } from '../../src/data/parquet.ts';
import { metaOf, useTempFolder } from './support.ts';

const folder = useTempFolder();
const T0 = Date.UTC(2024, 2, 4, 14, 30) * 1000;

function rowsOf(names: readonly string[], time: 'timestamp[us, UTC]' | 'f64'): number {
  const path = join(folder(), 'bars.parquet');
  const columns = [
    { name: 'time', type: time, isNullable: false },
    ...names.map((name) => ({ name, type: 'f64' as const, isNullable: false })),
  ];
  const writer = createParquetWriter(path, { columns });
  const values = [Float64Array.of(T0), ...names.map(() => Float64Array.of(100))];
  writer.write({ length: 1, columns: values });
  writer.finish();
  const dataset = openCatalog(folder(), { sync: false }).createDataset(metaOf('mine'));
  return importParquet(dataset, {
    files: [path],
    contract: 'ESZ2024' as ContractId,
    interval: '1m',
    stamp: 'close',
    productOf: () => ({
      grid: { kind: 'ticks', increment: 0.25 },
      currency: 'USD',
      mayBeZeroOrBelow: false,
    }),
    toUtc: (us) => us,
    sessionOf: (_, us) => ({ openUs: us - 3_600_000_000, closeUs: us + 3_600_000_000 }),
  }).rows;
}

const BARS = ['open', 'high', 'low', 'close', 'volume'];

it('takes each column once, and does not choose between two of one name', () => {
  expect(rowsOf([...BARS, 'extra', 'extra'], 'timestamp[us, UTC]')).toBe(1);
  expect(() => rowsOf([...BARS, 'close'], 'timestamp[us, UTC]')).toThrow(
    expect.objectContaining({
      code: 'E_IMPORT_MAPPING',
      message: expect.stringContaining('several columns "close"'),
    }),
  );
});

it('says of which type a column is whose times it does not read', () => {
  expect(() => rowsOf(BARS, 'f64')).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('times are not read from a column of this type (float)'),
    }),
  );
});
