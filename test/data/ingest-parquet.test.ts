/** Bars from Parquet: in whatever types they stand, what is refused, and that damage does no more than that. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { fc, it as prop } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { parseTsUs, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { ParquetImportOptions, ParquetImportReport } from '../../src/data/ingest/parquet.ts';
import { importParquet } from '../../src/data/ingest/parquet.ts';
import type { DatasetMeta } from '../../src/data/manifest.ts';
import type { ParquetColumn, ParquetValues } from '../../src/data/parquet.ts';
import { createParquetWriter, openParquet } from '../../src/data/parquet.ts';
import { faultIo } from './fault-io.ts';
import { collect, metaOf, useTempFolder } from './support.ts';

const folder = useTempFolder();
const ES = 'ESZ2024' as ContractId;
const T0 = parseTsUs('2024-03-04T14:30:00Z');
const zones = new ZoneTables();

interface Bars {
  openUs: number[];
  closeUs: number[];
  close: number[];
  volume: number[];
}
const barsOf = (dataset: Dataset, contract = ES): Bars =>
  collect(dataset.bars({ contract, interval: '1m' })) as unknown as Bars;

function dataset(patch: Partial<DatasetMeta> = {}): Dataset {
  return openCatalog(folder(), { sync: false }).createDataset(metaOf('mine', patch));
}

function run(
  into: Dataset,
  files: readonly string[],
  patch: Partial<ParquetImportOptions> = {},
): ParquetImportReport {
  return importParquet(into, {
    files,
    contract: ES,
    interval: '1m',
    stamp: 'close',
    productOf: () => ({
      grid: { kind: 'ticks', increment: 0.25 },
      currency: 'USD',
      mayBeZeroOrBelow: false,
    }),
    toUtc: (us) => us,
    sessionOf: (_, us) => ({ openUs: us - US_PER_HOUR, closeUs: us + 22 * US_PER_HOUR }),
    ...patch,
  });
}

/** Runs SQL with FILE in place of the path that it answers. */
async function written(sql: string): Promise<string> {
  const path = join(folder(), 'bars.parquet');
  const db = await (await DuckDBInstance.create()).connect();
  await db.run(sql.replaceAll('FILE', `'${path}'`));
  db.closeSync();
  return path;
}

const PRICES = `100.25::double as open, 101::double as high, 99.5::double as low, 100.0::double + i / 4 as close, 10 + i as volume`;

/** Three bars with their times by an expression of i. */
const timed = (time: string): Promise<string> =>
  written(
    `copy (select ${time}, ${PRICES} from range(3) t(i) order by i) to FILE (format parquet)`,
  );

const MS = String(T0 / 1000);

/** Three bars by pyarrow 26 with a checksum a page: pages of version 1 as they are, of version 2 with snappy. Base64. */
const CHECKED = {
  'version 1':
    'UEFSMRUAFTwVPBWMnPq+AhwVBhUAFQYVBhwAAAACAAAABgEAin6P1hIGAAAREpPWEgYAAJilltYSBgAVBBUQFRAVqO6Oygw8FQIVABIAAAAAAAAAEFlAFQAV' +
    'EhUSFcfypPYKHBUGFRAVBhUGHAAAAAIAAAAGAQEGABUEFRAVEBXI1O+BATwVAhUAEgAAAAAAAABAWUAVABUSFRIVx/Kk9gocFQYVEBUGFQYcAAAAAgAAAAYB' +
    'AQYAFQQVEBUQFfWbi/gGPBUCFQASAAAAAAAAAOBYQBUAFRIVEhXH8qT2ChwVBhUQFQYVBhwAAAACAAAABgEBBgAVABU8FTwVz8LMyAccFQYVABUGFQYcAAAA' +
    'AgAAAAYBAAAAAAAAWUAAAAAAABBZQAAAAAAAIFlAFQAVPBU8Fc2S7LIDHBUGFQAVBhUGHAAAAAIAAAAGAQoAAAAAAAAACwAAAAAAAAAMAAAAAAAAABUEGXw1' +
    'ABgGc2NoZW1hFQwAFQQlAhgEdGltZSUUTIwRHCwAAAAAABUKJQIYBG9wZW4AFQolAhgEaGlnaAAVCiUCGANsb3cAFQolAhgFY2xvc2UAFQQlAhgGdm9sdW1l' +
    'ABYGGRwZbCYAHBUEGSUGABkYBHRpbWUVABYGFm4WbiYISRwVABUAFQIAPCkGGSYABgAAACYAHBUKGTUABhAZGARvcGVuFQAWBhZ8FnwmrgEmdiksFQQVABUC' +
    'ABUAFRAVAgA8KQYZJgAGAAAAJgAcFQoZNQAGEBkYBGhpZ2gVABYGFnwWfCaqAibyASksFQQVABUCABUAFRAVAgA8KQYZJgAGAAAAJgAcFQoZNQAGEBkYA2xv' +
    'dxUAFgYWfBZ8JqYDJu4CKSwVBBUAFQIAFQAVEBUCADwpBhkmAAYAAAAmABwVChklBgAZGAVjbG9zZRUAFgYWbhZuJuoDSRwVABUAFQIAPCkGGSYABgAAACYA' +
    'HBUEGSUGABkYBnZvbHVtZRUAFgYWbhZuJtgESRwVABUAFQIAPCkGGSYABgAAABa+BRYGJggWvgUAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAu' +
    'MRlsHAAAHAAAHAAAHAAAHAAAHAAAAN0BAABQQVIx',
  'version 2':
    'UEFSMRUGFTQVNBXd+c+zB0wVBhUAFQYVABUEFQASHAAAAAYBAIp+j9YSBgAAERKT1hIGAACYpZbWEgYAFQQVEBUUFcuLq80IPBUCFQASAAAIHAAAAAAAEFlA' +
    'FQYVChUKFa3eypsLTBUGFQAVBhUQFQQVABIcAAAABgEBBgAVBBUQFRQVq7HKhgU8FQIVABIAAAgcAAAAAABAWUAVBhUKFQoVrd7KmwtMFQYVABUGFRAVBBUA' +
    'EhwAAAAGAQEGABUEFRAVFBWW/q7/AjwVAhUAEgAACBwAAAAAAOBYQBUGFQoVChWt3sqbC0wVBhUAFQYVEBUEFQASHAAAAAYBAQYAFQYVNBUwFczGl6UCTBUG' +
    'FQAVBhUAFQQVABEcAAAABgEYAAAFAQRZQAUHKBBZQAAAAAAAIFlAFQYVNBUyFe69lP4BTBUGFQAVBhUAFQQVABEcAAAABgEYBAoACQE8CwAAAAAAAAAMAAAA' +
    'AAAAABUEGXw1ABgGc2NoZW1hFQwAFQQlAhgEdGltZSUUTIwRHCwAAAAAABUKJQIYBG9wZW4AFQolAhgEaGlnaAAVCiUCGANsb3cAFQolAhgFY2xvc2UAFQQl' +
    'AhgGdm9sdW1lABYGGRwZbCYAHBUEGSUGABkYBHRpbWUVAhYGFnAWcCYISRwVABUAFQIAPCkGGSYABgAAACYAHBUKGTUABhAZGARvcGVuFQIWBhZ+FoIBJrQB' +
    'JngpLBUEFQAVAgAVABUQFQIAPCkGGSYABgAAACYAHBUKGTUABhAZGARoaWdoFQIWBhZ+FoIBJrYCJvoBKSwVBBUAFQIAFQAVEBUCADwpBhkmAAYAAAAmABwV' +
    'Chk1AAYQGRgDbG93FQIWBhZ+FoIBJrgDJvwCKSwVBBUAFQIAFQAVEBUCADwpBhkmAAYAAAAmABwVChklBgAZGAVjbG9zZRUCFgYWcBZsJv4DSRwVABUAFQIA' +
    'PCkGGSYABgAAACYAHBUEGSUGABkYBnZvbHVtZRUCFgYWcBZuJuoESRwVABUAFQIAPCkGGSYABgAAABbKBRYGJggW0AUAKCBwYXJxdWV0LWNwcC1hcnJvdyB2' +
    'ZXJzaW9uIDI2LjAuMRlsHAAAHAAAHAAAHAAAHAAAHAAAAOABAABQQVIx',
};

describe('times of Parquet', () => {
  it.each([
    ['zoned microseconds', `to_timestamp(${T0 / 1e6}) + interval (i) minute as time`],
    ['naive microseconds', `make_timestamp(${T0} + i * 60000000) as "timestamp"`],
    ['milliseconds', `make_timestamp(${T0} + i * 60000000)::timestamp_ms as ts`],
    ['seconds', `make_timestamp(${T0} + i * 60000000)::timestamp_s as datetime`],
    ['nanoseconds', `make_timestamp(${T0} + i * 60000000)::timestamp_ns as time`],
    ['whole nanoseconds', `((${T0} + i * 60000000) * 1000)::ubigint as ts_event`],
    ['whole microseconds', `(${T0} + i * 60000000)::bigint as TIME`],
    ['whole milliseconds', `(${MS} + i * 60000)::bigint as time`],
    ['whole seconds', `(${T0 / 1e6} + i * 60)::integer as time`],
    ['text', `strftime(make_timestamp(${T0} + i * 60000000), '%Y-%m-%dT%H:%M:%SZ') as date`],
  ])('are taken as %s', async (_, time) => {
    const { dataset: into } = run(dataset(), [await timed(time)]);
    expect([...barsOf(into).closeUs]).toEqual([T0, T0 + US_PER_MINUTE, T0 + 2 * US_PER_MINUTE]);
  });

  it('of a clock are read in the zone, an instant is not', async () => {
    const chicago = zones.get('America/Chicago');
    const toUtc = (wallUs: number): number => {
      const date = Math.floor(wallUs / US_PER_DAY) as TradeDate;
      return chicago.toUtcUs(date, (wallUs - date * US_PER_DAY) / US_PER_MINUTE);
    };
    const naive = await timed(`make_timestamp(${T0} + i * 60000000) as time`);
    const zoned = await timed(`to_timestamp(${T0 / 1e6}) + interval (i) minute as time`);
    expect(barsOf(run(dataset(), [naive], { toUtc }).dataset).closeUs[0]).toBe(
      T0 + 6 * US_PER_HOUR,
    );
    expect(barsOf(run(dataset(), [zoned], { toUtc }).dataset).closeUs[0]).toBe(T0);
  });

  it('as dates are those of the session, and both ends are taken where both stand', async () => {
    const daily = await timed(`date '2024-03-04' + i::int as date`);
    const { dataset: into } = run(dataset(), [daily], { interval: '1d' });
    const bars = collect(into.bars({ contract: ES, interval: '1d' })) as unknown as Bars;
    const day = parseTsUs('2024-03-04T00:00:00Z');
    expect([bars.openUs[0], bars.closeUs[0]]).toEqual([day - US_PER_HOUR, day + 22 * US_PER_HOUR]);
    const both = await timed(
      `make_timestamp(${T0} + i * 60000000) as open_time, make_timestamp(${T0} + i * 60000000 + 30000000) as close_time`,
    );
    const ends = barsOf(run(dataset(), [both]).dataset);
    expect([ends.openUs[1], ends.closeUs[1]]).toEqual([T0 + US_PER_MINUTE, T0 + 90_000_000]);
  });
});

describe('prices and volumes of Parquet', () => {
  const one = async (columns: string): Promise<string> =>
    written(`copy (select ${T0}::bigint as time, ${columns}) to FILE (format parquet)`);

  it.each([
    [
      'doubles',
      '100.25::double o, 101.5::double h, 99.75::double l, 100.5::double c, 7::bigint v',
      {},
    ],
    [
      'floats of 32 bits',
      '100.25::float o, 101.5::float h, 99.75::float l, 100.5::float c, 7::float v',
      {},
    ],
    [
      'decimals',
      '100.25::decimal(9,2) o, 101.5::decimal(18,4) h, 99.75::decimal(38,6) l, 100.5::decimal(4,1) c, 7::decimal(20,0) v',
      {},
    ],
    [
      'whole numbers with their digits',
      '100250000000::bigint o, 101500000000::bigint h, 99750000000::ubigint l, 100500000000::bigint c, 7000000000::ubigint v',
      { decimals: 9 },
    ],
    ['text', `'100.25' o, '101.5' h, '99.75' l, '1005e-1' c, '7' v`, {}],
  ])('are taken as %s', async (_, columns, patch) => {
    const { dataset: into } = run(dataset(), [await one(columns)], patch);
    const bars = collect(into.bars({ contract: ES, interval: '1m' }));
    expect(
      [bars.open, bars.high, bars.low, bars.close, bars.volume].map((values) => values![0]),
    ).toEqual([401, 406, 399, 402, 7]);
  });

  it.each([
    [
      '100.3::double o, 101::double h, 99::double l, 100::double c, 7 v',
      '100.3 is not a multiple of 0.25',
    ],
    [
      'null::double o, 101::double h, 99::double l, 100::double c, 7 v',
      'open: an empty cell is not a number',
    ],
    [
      `'nan'::double o, 101::double h, 99::double l, 100::double c, 7 v`,
      'open: "NaN" is not a number',
    ],
    ['0::double o, 101::double h, 0::double l, 100::double c, 7 v', 'open: 0 is not above zero'],
    ['-1::double o, 101::double h, -2::double l, 100::double c, 7 v', 'open: -1 is not above zero'],
    ['100::double o, 99::double h, 99::double l, 100::double c, 7 v', 'high is not the highest'],
    ['100::double o, 100::double h, 100::double l, 100::double c, -7 v', 'volume: -7 is negative'],
    [
      '100::double o, 100::double h, 100::double l, 100::double c, 7.5::double v',
      'volume: 7.5 is not a whole number',
    ],
    [
      '100::double o, 100::double h, 100::double l, 100::double c, 9007199254740993::ubigint v',
      'not a whole number below 2^53',
    ],
    [
      '100::double o, 100::double h, 100::double l, 100::double c, null::bigint v',
      'volume: it is empty',
    ],
  ])('that cannot be taken are named, and nothing is imported: %s', async (columns, reason) => {
    const into = dataset();
    const path = await one(columns);
    expect(() => run(into, [path])).toThrow(
      expect.objectContaining({
        code: 'E_IMPORT_ROWS',
        message: expect.stringContaining(`row 1 (row group 1): `),
        where: `${path}, row 1`,
      }),
    );
    expect(() => run(into, [path])).toThrow(reason);
    expect(openCatalog(join(into.folder, '../..')).dataset('mine').manifest).toEqual(into.manifest);
  });

  it('as large whole numbers without a word on their digits are refused', async () => {
    const path = await one(
      '100250000000::bigint o, 101500000000::bigint h, 99750000000::bigint l, 100500000000::bigint c, 7 v',
    );
    expect(() => run(dataset(), [path])).toThrow(/how many digits stand behind its point/);
  });

  it('without a volume are bars of unknown volume', async () => {
    const path = await one('100::double o, 100::double h, 100::double l, 100::double c');
    const into = run(dataset({ volume: 'unknown' }), [path]).dataset;
    expect(barsOf(into).volume[0]).toBeNaN();
  });
});

describe('a Parquet file', () => {
  it('in many compressions and row groups gives the same bars, bit for bit', async () => {
    const sql = (options: string): string =>
      `copy (select ${T0} + i * 60000000 as time, 100 + (i % 50) / 4 as open, 113.5 as high, 100.0 as low,
       case when i % 3 = 0 then 101.25 else 102 end::double as close, (i % 7)::bigint as volume from range(9000) t(i) order by i)
       to FILE (format parquet, row_group_size 2048${options})`;
    const sums = new Set<string>();
    for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])
      for (const version of ['v1', 'v2'])
        sums.add(
          run(dataset(), [await written(sql(`, compression ${codec}, parquet_version ${version}`))])
            .dataset.manifest.checksum,
        );
    expect(sums.size).toBe(1);
  });

  it('of many contracts puts each where it belongs', async () => {
    const path = await written(
      `copy (select ${T0} + (i // 2) * 60000000 as time, case i % 2 when 0 then 'ESZ2024' else 'ESH2025' end as symbol,
       100.0 + i / 4 as open, 200.0 as high, 1.0 as low, 100.0 as close, i as volume from range(200) t(i) order by i) to FILE (format parquet)`,
    );
    const { contract: _, ...rest } = { contract: ES };
    const report = importParquet(dataset(), {
      ...rest,
      files: [path],
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
    expect(report.dataset.contracts()).toEqual(['ESH2025', 'ESZ2024']);
    expect([...barsOf(report.dataset, 'ESH2025' as ContractId).volume].slice(0, 3)).toEqual([
      1, 3, 5,
    ]);
  });

  it('whose metadata name another contract than --contract are refused', async () => {
    const of = (id: string): Promise<string> =>
      written(
        `copy (select ${T0} + i * 60000000 as time, ${PRICES} from range(3) t(i)) to FILE (format parquet, kv_metadata {instrument_id: '${id}.SIM'})`,
      );
    expect(run(dataset(), [await of('ESZ2024')]).rows).toBe(3);
    const other = await of('ESH2025');
    expect(() => run(dataset(), [other])).toThrow(
      'the file says that it is of ESH2025, --contract says ESZ2024',
    );
  });

  it('imported again changes nothing; one that overlaps replaces what it covers', async () => {
    const part = (from: number, to: number, close: number): Promise<string> =>
      written(
        `copy (select ${T0} + i * 60000000 as time, 100.0 as open, 200.0 as high, 1.0 as low, ${close}::double as close, i as volume
         from range(${from}, ${to}) t(i) order by i) to FILE (format parquet)`,
      );
    const first = await part(0, 10, 100);
    const into = run(dataset(), [first]).dataset;
    expect(run(into, [first]).dataset.manifest.checksum).toBe(into.manifest.checksum);
    const both = run(into, [await part(20, 22, 101)]).dataset;
    const mended = run(both, [await part(4, 6, 102)]).dataset;
    expect([...barsOf(mended).close].map((count) => count / 4)).toEqual([
      100, 100, 100, 100, 102, 102, 100, 100, 100, 100, 101, 101,
    ]);
  });

  it('whose time goes back is refused; with --quarantine the row is left out and listed', async () => {
    const path = await written(
      `copy (select unnest([0, 1, 3, 2, 4]) * 60000000 + ${T0} as time, 100.0 as open, 200.0 as high, 1.0 as low, 100.0 as close, 1 as volume) to FILE (format parquet)`,
    );
    expect(() => run(dataset(), [path])).toThrow(/row 4 \(row group 1\): not in order/);
    const issuesPath = join(folder(), 'issues.jsonl');
    expect(run(dataset(), [path], { quarantine: { issuesPath } })).toMatchObject({
      rows: 4,
      refused: 1,
    });
    expect(JSON.parse(readFileSync(issuesPath, 'utf8'))).toMatchObject({ path, row: 4, group: 1 });
  });

  it.each([
    [{ close: 'last_px' }, 'close: the file has no column "last_px"'],
    [{ volume: 'vol' }, 'volume: the file has no column "vol"'],
  ])('with a map that does not fit names the column: %j', async (columns, reason) => {
    const path = await timed(`${T0}::bigint + i * 60000000 as time`);
    expect(() => run(dataset(), [path], { columns })).toThrow(
      expect.objectContaining({
        code: 'E_IMPORT_MAPPING',
        message: expect.stringContaining(reason),
      }),
    );
  });

  it.each([
    ['text', () => Buffer.from('time,open,high,low,close\n'), 'it is not a Parquet file'],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20), 'its footer is missing'],
    ['of no bytes', () => Buffer.alloc(0), 'it is not a Parquet file'],
  ] as const)('that is %s is refused', async (_, change, reason) => {
    const path = await timed(`${T0}::bigint + i * 60000000 as time`);
    writeFileSync(path, change(readFileSync(path)));
    expect(() => run(dataset(), [path])).toThrow(
      expect.objectContaining({ code: 'E_IMPORT_FILE', message: expect.stringContaining(reason) }),
    );
  });

  it('on a disk that fills up leaves the dataset as it was', async () => {
    const path = await timed(`${T0}::bigint + i * 60000000 as time`);
    const dir = folder();
    const before = openCatalog(dir, { sync: false }).createDataset(metaOf('mine')).manifest;
    let failures = 0;
    for (let failing = 1; failing < 100; failing += 1) {
      let count = 0;
      const { io } = faultIo(
        'ENOSPC',
        (_, name) =>
          ['write', 'open', 'mkdir', 'rename'].includes(name) && (count += 1) === failing,
      );
      let error: unknown = null;
      try {
        run(openCatalog(dir, { io, sync: false }).dataset('mine'), [path]);
      } catch (thrown) {
        error = thrown;
      }
      if (error === null) break;
      failures += 1;
      expect(error).toBeInstanceOf(TradingError);
      expect(openCatalog(dir).dataset('mine').manifest).toEqual(before);
    }
    expect(failures).toBeGreaterThan(4);
  });
});

/** A file with dictionaries, levels, plain and packed pages. */
function sample(path: string, isNullable: boolean): void {
  const rows = 3000;
  const at = Array.from({ length: rows }, (_, i) => i);
  const column = (name: string, type: ParquetColumn['type'], values: ParquetValues) => ({
    name,
    type,
    isNullable,
    values,
  });
  const columns = [
    column(
      'time',
      'timestamp[us, UTC]',
      at.map((i) => T0 + i * US_PER_MINUTE),
    ),
    column(
      'open',
      'f64',
      at.map((i) => 100 + (i % 9) / 4),
    ),
    column(
      'high',
      { decimal: { precision: 12, scale: 2 } },
      at.map(() => 20_000),
    ),
    column(
      'low',
      'f64',
      at.map(() => 1),
    ),
    column(
      'close',
      'i32',
      at.map((i) => 100 + (i % 5)),
    ),
    column(
      'volume',
      'i64',
      at.map((i) => i),
    ),
    column(
      'contract',
      'text',
      at.map(() => 'ESZ2024'),
    ),
  ];
  const writer = createParquetWriter(path, { columns, rowGroupRows: 1000 });
  writer.write({ length: rows, columns: columns.map(({ values }) => values) });
  writer.finish();
}

describe('damaged Parquet', () => {
  prop.prop(
    [
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      fc.constantFrom('all', 'footer', 'pages'),
    ],
    { numRuns: 150 },
  )(
    'is read, or refused with a typed error, in bounded memory',
    (isNullable, changes, cut, where) => {
      const path = join(folder(), 'a.parquet');
      sample(path, isNullable);
      const bytes = readFileSync(path);
      const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
      for (const [at, value] of changes) {
        const [from, length] =
          where === 'all'
            ? [0, bytes.length]
            : where === 'footer'
              ? [bytes.length - footer, footer]
              : [4, bytes.length - footer - 4];
        bytes[from + (at % length)] = value;
      }
      writeFileSync(
        path,
        cut === undefined ? bytes : bytes.subarray(0, Math.floor(bytes.length * cut)),
      );
      try {
        const file = openParquet(path);
        try {
          for (const [group, rows] of file.groups.entries())
            for (const pages of file.read(
              group,
              file.columns.map(({ name }) => name),
            ))
              expect(pages.reduce((sum, page) => sum + page.length, 0)).toBe(rows);
        } finally {
          file.close();
        }
        run(dataset(), [path]);
      } catch (error) {
        expect(error).toBeInstanceOf(TradingError);
      }
    },
  );
});

describe('Parquet with checksums of pages', () => {
  const NAMES = ['time', 'open', 'high', 'low', 'close', 'volume'];
  const valuesOf = (path: string): unknown => {
    const file = openParquet(path);
    try {
      return file.read(0, NAMES).map((pages) => pages.map((page) => Array.from(page as never)));
    } finally {
      file.close();
    }
  };

  it.each(Object.entries(CHECKED))('is taken whole, pages of %s', (_, base64) => {
    const path = join(folder(), 'bars.parquet');
    writeFileSync(path, Buffer.from(base64, 'base64'));
    const bars = barsOf(run(dataset(), [path]).dataset);
    expect([...bars.volume]).toEqual([10, 11, 12]);
    expect([...bars.close]).toEqual([400, 401, 402]);
  });

  it.each(Object.entries(CHECKED))(
    'gives no other value for any flipped bit, pages of %s',
    (_, base64) => {
      const path = join(folder(), 'bars.parquet');
      const whole = Buffer.from(base64, 'base64');
      writeFileSync(path, whole);
      const values = valuesOf(path);
      const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
      let refused = 0;
      for (let at = 4; at < footer; at += 1)
        for (const bit of [1, 16]) {
          const bytes = Buffer.from(whole);
          bytes[at]! ^= bit;
          writeFileSync(path, bytes);
          try {
            expect(valuesOf(path)).toEqual(values);
          } catch (error) {
            if (!(error instanceof TradingError)) throw error;
            expect(error.code).toBe('E_IMPORT_FILE');
            refused += 1;
          }
        }
      expect(refused).toBeGreaterThan(footer);
    },
  );

  it('is refused with the reason, and nothing is imported', () => {
    const path = join(folder(), 'bars.parquet');
    const bytes = Buffer.from(CHECKED['version 1'], 'base64');
    const at = bytes.indexOf(Buffer.from(new BigInt64Array([11n]).buffer));
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    const into = dataset();
    expect(() => run(into, [path])).toThrow('do not match its checksum');
    expect(into.manifest.segments).toEqual([]);
  });
});
