import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { openCatalog } from '../../src/data/catalog.ts';
import { ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const BATCH = 65_536;

it('takes no more memory to read eight times the data', { timeout: 120_000 }, () => {
  const root = tempFolder();
  const script = join(import.meta.dirname, 'support-process/read-memory.ts');
  const chunk = minuteBars(BATCH);
  const [once, eightfold] = [2, 16].map((batches) => {
    const name = `b${batches}`;
    const writer = openCatalog(root, { sync: false })
      .createDataset(metaOf(name))
      .beginWrite({ isValidated: false });
    // Times do not matter here: the same rows over and over.
    const rows = Array.from({ length: batches }, () => chunk);
    const entry = writer.putBars(ES, '1m', new Date(START / 1000).getUTCFullYear(), rows);
    expect(entry.rows).toBe(batches * BATCH);
    writer.commit();
    const child = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', script, root, name],
      {
        encoding: 'utf8',
      },
    );
    const result = JSON.parse(child.stdout) as { rows: number; grownMegabytes: number };
    expect(result.rows).toBe(entry.rows);
    return { ...result, megabytes: entry.bytes / 1e6 };
  });
  // The larger file has 42 MB, a batch 2.6 MB and as much again as doubles.
  expect(eightfold!.megabytes).toBeGreaterThan(40);
  expect(once!.grownMegabytes).toBeGreaterThan(2);
  expect(eightfold!.grownMegabytes - once!.grownMegabytes).toBeLessThan(8);
});

it('takes no more memory to import eight times the Parquet', { timeout: 180_000 }, async () => {
  const script = join(import.meta.dirname, 'support-process/import-parquet-memory.ts');
  const db = await (await DuckDBInstance.create()).connect();
  const grown: number[] = [];
  for (const rows of [100_000, 800_000]) {
    const root = tempFolder();
    const file = join(root, 'bars.parquet');
    await db.run(
      `copy (select ${START} + i * 60000000 as time, 100.0 + (i % 400) / 4 as open, 300.0::double as high, 1.0::double as low,
       100.0 + (i % 399) / 4 as close, i % 977 as volume from range(${rows}) t(i) order by i)
       to '${file}' (format parquet, row_group_size 20480)`,
    );
    const child = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', script, root, file],
      { encoding: 'utf8' },
    );
    const result = JSON.parse(child.stdout) as { rows: number; grownMegabytes: number };
    expect(result.rows).toBe(rows);
    grown.push(result.grownMegabytes);
  }
  db.closeSync();
  expect(grown[0]).toBeGreaterThan(2);
  // A year of bars more has a segment and a file more to be named, nothing else.
  expect(grown[1]! - grown[0]!).toBeLessThan(8);
});
