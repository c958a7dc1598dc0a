/** A file that says of which contract its rows are, beside one contract named for all rows: CSV and Parquet alike. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { parseTsUs, US_PER_MINUTE } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { importCsv } from '../../src/data/ingest/csv.ts';
import { importParquet } from '../../src/data/ingest/parquet.ts';
import { createParquetWriter } from '../../src/data/parquet.ts';
import { ES, metaOf, useTempFolder } from './support.ts';

const folder = useTempFolder();
const T0 = parseTsUs('2024-03-04T14:30:00Z');

interface Outcome {
  readonly rows: number;
  readonly refused: number;
  readonly notes: readonly string[];
  /** Contracts that the dataset has. */
  readonly stored: readonly string[];
  /** Lines of the list of rows that were left out. */
  readonly left: readonly string[];
}
interface Asked {
  readonly column?: string;
  readonly quarantine?: boolean;
}
type Importer = (cells: readonly (string | null)[], asked?: Asked) => Promise<Outcome>;

const linesOf = (path: string, isThere: boolean): string[] =>
  isThere ? readFileSync(path, 'utf8').trim().split('\n') : [];

const csv: Importer = async (cells, { column = 'Symbol', quarantine = false } = {}) => {
  const path = join(folder(), 'bars.csv');
  const rows = cells.map(
    (cell, i) =>
      `${new Date(T0 / 1000 + i * 60_000).toISOString()},${cell ?? ''},5000,5001,4999,5000.5,7`,
  );
  writeFileSync(path, `time,${column},open,high,low,close,volume\n${rows.join('\n')}\n`);
  const issuesPath = `${path}.jsonl`;
  const { dataset, notes, ...report } = await importCsv(
    openCatalog(folder(), { sync: false }).createDataset(metaOf('mine')),
    {
      path,
      columns: {
        time: 'time',
        open: 'open',
        high: 'high',
        low: 'low',
        close: 'close',
        volume: 'volume',
      },
      contract: ES,
      isProduct: (root) => ['ES', 'NQ'].includes(root),
      interval: '1m',
      stamp: 'close',
      zone: 'UTC',
      ...(quarantine ? { quarantine: { issuesPath } } : {}),
    },
  );
  const refused = report.quarantined;
  const stored = dataset.contracts();
  return { rows: report.rows, refused, notes, stored, left: linesOf(issuesPath, refused > 0) };
};

const parquet: Importer = async (cells, { column = 'Symbol', quarantine = false } = {}) => {
  const path = join(folder(), 'bars.parquet');
  const writer = createParquetWriter(path, {
    columns: [
      { name: 'time', type: 'timestamp[us, UTC]' },
      { name: column, type: 'text', isNullable: true },
      ...['open', 'high', 'low', 'close'].map((name) => ({ name, type: 'f64' as const })),
      { name: 'volume', type: 'i64' },
    ],
  });
  writer.write({
    length: cells.length,
    columns: [
      cells.map((_, i) => T0 + i * US_PER_MINUTE),
      cells,
      ...[5000, 5001, 4999, 5000.5].map((value) => cells.map(() => value)),
      cells.map(() => 7),
    ],
  });
  writer.finish();
  const issuesPath = `${path}.jsonl`;
  const { dataset, rows, refused, notes } = importParquet(
    openCatalog(folder(), { sync: false }).createDataset(metaOf('mine')),
    {
      files: [path],
      contract: ES,
      isProduct: (root) => ['ES', 'NQ'].includes(root),
      interval: '1m',
      stamp: 'close',
      productOf: () => ({
        grid: { kind: 'ticks', increment: 0.25 },
        currency: 'USD',
        mayBeZeroOrBelow: false,
      }),
      toUtc: (us) => us,
      sessionOf: () => null,
      ...(quarantine ? { quarantine: { issuesPath } } : {}),
    },
  );
  return {
    rows,
    refused,
    notes,
    stored: dataset.contracts(),
    left: linesOf(issuesPath, refused > 0),
  };
};

const failure = async (outcome: Promise<unknown>): Promise<TradingError> => {
  const error: unknown = await outcome.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TradingError);
  return error as TradingError;
};

describe.each([
  ['CSV', csv],
  ['Parquet', parquet],
])('a column of contracts beside --contract, in %s', (_, run) => {
  it.each([
    ['another month', ['ESZ2024', 'ESH2025', 'ESZ2024']],
    ['another product', ['ESZ2024', 'NQZ2024', 'ESZ2024']],
    ['the short form of another month', ['ESZ4', 'ESH5', 'ESZ24']],
    ['a foreign text between', ['ESZ2024', 'ES 03-25', 'ESZ2024']],
    ['an empty cell between', ['ESZ2024', null, 'ESZ2024']],
  ])('refuses the file for %s, with the row', async (_name, cells) => {
    const error = await failure(run(cells));
    expect(error.code).toBe('E_IMPORT_ROWS');
    expect(error.message).toMatch(/^1 rows cannot be taken/);
    expect(error.message).toMatch(/(line 3|row 2 \(row group 1\)): Symbol: /);
    expect(error.message).toContain('--contract');
    expect(error.fix).toContain('without --contract');
  });

  it.each([
    ['empty above the first name', [null, null, 'ESZ2024'], 2],
    ['all of another contract', ['ESH2025', 'ESH2025'], 2],
    ['all of another contract in short', ['ESH5', 'ESH5'], 2],
    ['all of another product', ['NQ', 'NQ'], 2],
    ['all of another product as its series', ['NQ=F', 'NQ=F'], 2],
    ['two foreign texts', ['ES 12-24', 'ES 12-24', 'ES 03-25'], 3],
  ])('refuses rows that are %s', async (_name, cells, rows) => {
    expect((await failure(run(cells))).message).toMatch(new RegExp(`^${rows} rows cannot`));
  });

  it('takes the rows of the one contract with quarantine, and lists the others', async () => {
    const cells = ['ESH2025', 'ESZ2024', 'NQZ2024', 'ESZ2024', null];
    const { rows, refused, stored, left } = await run(cells, { quarantine: true });
    expect({ rows, refused, stored }).toEqual({ rows: 2, refused: 3, stored: [ES] });
    expect(left).toHaveLength(3);
    expect(left[1]).toContain('NQZ2024');
  });

  it.each([
    ['the same contract', ['ESZ2024', 'ESZ2024']],
    ['its short forms', ['ESZ4', 'ESZ24', 'ESZ2024']],
    ['nothing at all', [null, null, null]],
  ])('takes a column of %s without a note', async (_name, cells) => {
    expect(await run(cells)).toMatchObject({ rows: cells.length, stored: [ES], notes: [] });
  });

  it('takes one foreign text in every row, and says so', async () => {
    for (const text of ['ES', 'ES=F', 'CON.F.US.EP']) {
      const { rows, notes } = await run([text, text]);
      expect(rows).toBe(2);
      expect(notes.join()).toContain(`Symbol is "${text}" in every row`);
    }
  });

  it.each(['contract', 'TICKER', 'instrument'])('finds a column called %s', async (column) => {
    expect((await failure(run(['ESZ2024', 'ESH2025'], { column }))).code).toBe('E_IMPORT_ROWS');
  });

  it('leaves a column of another name alone', async () => {
    expect(await run(['ESZ2024', 'ESH2025'], { column: 'next' })).toMatchObject({ rows: 2 });
  });
});
