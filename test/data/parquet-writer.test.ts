/** Parquet as other software reads it: DuckDB is the independent reader. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ParquetBatch, ParquetColumn } from '../../src/data/parquet.ts';
import { createParquetWriter } from '../../src/data/parquet.ts';
import { faultIo } from './fault-io.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'frontmonth-parquet-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const COLUMNS: readonly ParquetColumn[] = [
  { name: 'ns', type: 'timestamp[ns, UTC]' },
  { name: 'us', type: 'timestamp[us, UTC]' },
  { name: 'price', type: { decimal: { precision: 18, scale: 2 } } },
  { name: 'value', type: 'f64', isNullable: true },
  { name: 'count', type: 'i32' },
  { name: 'volume', type: 'i64', isNullable: true },
  { name: 'order_id', type: 'u64' },
  { name: 'contract', type: 'text' },
  { name: 'is_end', type: 'bool' },
  { name: 'day', type: 'date' },
];
const ROWS = 1000;

function rows(from: number, to: number): ParquetBatch {
  const at = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    length: at.length,
    columns: [
      BigInt64Array.from(at, (i) => 1_700_000_000_123_456_789n + BigInt(i)),
      Float64Array.from(at, (i) => 1.7e15 + i),
      Float64Array.from(at, (i) => (i % 100) * 25 - 100),
      Float64Array.from(at, (i) => (i % 7 === 0 ? NaN : i / 8)),
      Int32Array.from(at, (i) => -i),
      Float64Array.from(at, (i) => (i % 5 === 0 ? NaN : i * 2 ** 40)),
      BigUint64Array.from(at, (i) => 2n ** 64n - 1n - BigInt(i)),
      at.map((i) => `ESZ${2000 + (i % 3)}`),
      Uint8Array.from(at, (i) => i % 2),
      Int32Array.from(at, (i) => 19_000 + i),
    ],
  };
}

function write(path: string, cuts: readonly number[]): void {
  const writer = createParquetWriter(path, {
    columns: COLUMNS,
    metadata: { increment: '0.25' },
    rowGroupRows: 300,
  });
  for (let i = 1; i < cuts.length; i += 1) writer.write(rows(cuts[i - 1]!, cuts[i]!));
  expect(writer.finish().rows).toBe(ROWS);
}

describe('a Parquet file', () => {
  it('is read by DuckDB with every value, empty cells and row groups as they were written', async () => {
    const path = join(dir, 'all.parquet');
    write(path, [0, 1, 299, 700, ROWS]);
    const db = await (await DuckDBInstance.create()).connect();
    const ask = async (sql: string): Promise<unknown[][]> =>
      (await db.runAndReadAll(sql.replaceAll('FILE', `'${path}'`))).getRowsJson();
    const found = await ask(
      `select epoch_ns(ns)::text, epoch_us(us)::text, price::text, value, count, volume::text, order_id::text,
       contract, is_end, (day - date '1970-01-01')::int from FILE`,
    );
    expect(found).toHaveLength(ROWS);
    for (const [i, row] of found.entries()) {
      expect(row).toEqual([
        // DuckDB’s zoned time ends at microseconds; the nanoseconds are seen by the round trip.
        `${(1_700_000_000_123_456_789n + BigInt(i)) / 1000n}000`,
        String(1.7e15 + i),
        (((i % 100) * 25 - 100) / 100).toFixed(2),
        i % 7 === 0 ? null : i / 8,
        0 - i,
        i % 5 === 0 ? null : String(i * 2 ** 40),
        String(2n ** 64n - 1n - BigInt(i)),
        `ESZ${2000 + (i % 3)}`,
        i % 2 === 1,
        19_000 + i,
      ]);
    }
    expect(
      await ask('select count(distinct row_group_id)::int from parquet_metadata(FILE)'),
    ).toEqual([[4]]);
    expect(
      await ask(
        `select decode(value) from parquet_kv_metadata(FILE) where decode(key) = 'increment'`,
      ),
    ).toEqual([['0.25']]);
    expect(
      await ask(`select column_name, column_type from (describe select ns, us, price from FILE)`),
    ).toEqual([
      ['ns', 'TIMESTAMP WITH TIME ZONE'],
      ['us', 'TIMESTAMP WITH TIME ZONE'],
      ['price', 'DECIMAL(18,2)'],
    ]);
    db.closeSync();
  });

  it('has the same bytes however its rows were divided into batches', () => {
    write(join(dir, 'a.parquet'), [0, ROWS]);
    write(join(dir, 'b.parquet'), [0, 3, 4, 450, 451, 999, ROWS]);
    const bytes = (name: string): Buffer => readFileSync(join(dir, name));
    expect(bytes('a.parquet').equals(bytes('b.parquet'))).toBe(true);
  });

  it('without rows is a file that has the columns', async () => {
    const path = join(dir, 'empty.parquet');
    expect(createParquetWriter(path, { columns: COLUMNS }).finish().rows).toBe(0);
    const db = await (await DuckDBInstance.create()).connect();
    const found = await db.runAndReadAll(`select count(*)::int, count(price)::int from '${path}'`);
    expect(found.getRowsJson()).toEqual([[0, 0]]);
    db.closeSync();
  });

  it.each([
    ['i32', 2 ** 31],
    ['i64', 2 ** 53],
    ['i64', 0.5],
    ['i64', NaN],
    ['u64', -1],
    ['text', 1],
    ['bool', 2],
  ] as const)(
    'refuses a value that its type cannot hold, and leaves no file: %s %s',
    (type, value) => {
      const path = join(dir, 'bad.parquet');
      const writer = createParquetWriter(path, { columns: [{ name: 'x', type }] });
      expect(() => writer.write({ length: 1, columns: [[value]] })).toThrow(
        expect.objectContaining({
          code: 'E_DATA_VALUE',
          message: expect.stringContaining(`x ${value} at row 0`),
        }),
      );
      expect(() => readFileSync(path)).toThrow('ENOENT');
    },
  );

  it('refuses a path that exists', () => {
    const path = join(dir, 'twice.parquet');
    createParquetWriter(path, { columns: COLUMNS }).finish();
    expect(() => createParquetWriter(path, { columns: COLUMNS })).toThrow('EEXIST');
  });

  it('leaves nothing when the disk fills up at any write', () => {
    for (let failing = 1; failing <= 8; failing += 1) {
      const path = join(dir, `full-${failing}.parquet`);
      let writes = 0;
      const { io } = faultIo('ENOSPC', (_, name) => name === 'write' && (writes += 1) === failing);
      const run = (): void => {
        const writer = createParquetWriter(path, { columns: COLUMNS, rowGroupRows: 300, io });
        writer.write(rows(0, ROWS));
        writer.finish();
      };
      if (failing <= 5) {
        expect(run).toThrow('ENOSPC');
        expect(() => readFileSync(path)).toThrow('ENOENT');
      } else expect(run).not.toThrow();
    }
  });
});
