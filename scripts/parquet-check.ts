/** Parquet in and out beside pyarrow: what it writes in its many types comes in the same, what we write it reads the same. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { importParquet } from '../src/data/ingest/parquet.ts';
import { createParquetWriter } from '../src/data/parquet.ts';

const python = process.argv[2];
if (python === undefined) throw new Error('usage: parquet-check.ts <python with pyarrow>');
const folder = mkdtempSync(join(tmpdir(), 'frontmonth-parquet-'));
const script = join(import.meta.dirname, 'parquet_check.py');
const call = (...args: string[]): string =>
  execFileSync(python, [script, ...args], { encoding: 'utf8' });
const NAMED = ['contracts.parquet', 'raw-8.parquet', 'raw-16.parquet'];

try {
  const { rows, first, step } = JSON.parse(call('write', folder)) as {
    rows: number;
    first: string;
    step: string;
  };
  const [firstUs, stepUs] = [Number(first) / 1000, Number(step) / 1000];
  const files = readdirSync(folder).sort();
  let wrong = 0;
  for (const file of files) {
    const isEmptyAllowed = file.startsWith('empty');
    const catalog = openCatalog(join(folder, `catalog-${file}`), { sync: false });
    const dataset = catalog.createDataset({
      name: 'check',
      createdBy: 'parquet-check',
      isSynthetic: true,
      description: '',
      source: file,
      grids: {},
      volume: isEmptyAllowed ? 'unknown' : 'known',
      stamps: 'instants',
      barStamp: 'close',
    });
    const report = importParquet(dataset, {
      files: [join(folder, file)],
      ...(NAMED.includes(file) ? {} : { contract: 'ESZ2023' as ContractId }),
      interval: '1m',
      stamp: 'close',
      productOf: () => ({
        grid: { kind: 'ticks', increment: 0.25 },
        currency: 'USD',
        mayBeZeroOrBelow: false,
      }),
      toUtc: (us) => us,
      sessionOf: () => null,
    });
    const bars = report.dataset.bars({ contract: 'ESZ2023' as ContractId, interval: '1m' });
    let row = 0;
    for (let batch = bars.next(); batch !== null; batch = bars.next())
      for (let i = 0; i < batch.length; i += 1, row += 1) {
        const open = 400 + (row % 40);
        const volume = isEmptyAllowed && row % 10 === 0 ? NaN : row;
        const expected = [firstUs + row * stepUs, open, open + 20, open - 20, open + 4, volume];
        const { closeUs, high, low, close } = batch;
        const found = [closeUs[i], batch.open[i], high[i], low[i], close[i], batch.volume[i]];
        if (expected.every((value, k) => Object.is(value, found[k]))) continue;
        wrong += 1;
        if (wrong < 10)
          console.log(`${file} row ${row}: ${found.join()} instead of ${expected.join()}`);
      }
    bars.close();
    if (row !== rows) throw new Error(`${file}: ${row} rows of ${rows}`);
  }
  console.log(`${files.length} files of pyarrow, ${rows} rows each: ${wrong} rows differ`);

  const path = join(folder, 'ours.parquet');
  const writer = createParquetWriter(path, {
    columns: [
      { name: 'time', type: 'timestamp[ns, UTC]' },
      { name: 'price', type: { decimal: { precision: 18, scale: 2 } } },
      { name: 'volume', type: 'i64', isNullable: true },
    ],
    metadata: { increment: '0.25' },
    rowGroupRows: 1000,
  });
  const at = Array.from({ length: rows }, (_, i) => i);
  writer.write({
    length: rows,
    columns: [
      at.map((i) => BigInt(first) + BigInt(i) * BigInt(step) + BigInt(i)),
      at.map((i) => i * 25 - 500),
      at.map((i) => (i % 7 === 0 ? null : i)),
    ],
  });
  writer.finish();
  process.stdout.write(call('read', path));
  if (wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
