import * as fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fromZonedTime } from 'date-fns-tz';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { parseTsUs, US_PER_MINUTE } from '../../src/core/units.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { CsvImportOptions } from '../../src/data/ingest/csv.ts';
import { importCsv } from '../../src/data/ingest/csv.ts';
import { faultIo } from './fault-io.ts';
import { collect, ES, metaOf, useTempFolder } from './support.ts';
import type { DatasetMeta } from '../../src/data/manifest.ts';

const tempFolder = useTempFolder();
const HEADER = 'Time,Open,High,Low,Close,Volume';
const ROWS = [
  '2024-03-04 08:30,5000.25,5001,5000,5000.75,12',
  '2024-03-04 08:31,5000.75,5001.5,5000.5,5001.25,7',
];
const COLUMNS = {
  time: 'Time',
  open: 'Open',
  high: 'High',
  low: 'Low',
  close: 'Close',
  volume: 'Volume',
};

function chicago(wallUs: number, zone: string): number {
  const text = new Date(wallUs / 1000).toISOString().slice(0, -1);
  return fromZonedTime(text, zone).getTime() * 1000;
}

function setUp(
  text: string | Buffer,
  patch: Partial<CsvImportOptions> = {},
  meta: Partial<DatasetMeta> = {},
): { dataset: Dataset; options: CsvImportOptions; folder: string } {
  const folder = tempFolder();
  const path = join(folder, 'bars.csv');
  fs.writeFileSync(path, text);
  const dataset = openCatalog(folder).createDataset(metaOf('one', meta));
  const options: CsvImportOptions = {
    path,
    columns: COLUMNS,
    contract: ES,
    interval: '1m',
    stamp: 'open',
    zone: 'America/Chicago',
    toUtc: chicago,
    ...patch,
  };
  return { dataset, options, folder };
}

async function failure(promise: Promise<unknown>): Promise<TradingError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TradingError);
  return error as TradingError;
}

describe('CSV import', () => {
  it('places a bar stamped at its open in a zone on the right instants and counts', async () => {
    const { dataset, options } = setUp([HEADER, ...ROWS].join('\n'));
    const report = await importCsv(dataset, options);
    const first = parseTsUs('2024-03-04T14:30:00Z');
    expect(report).toMatchObject({ rows: 2, quarantined: 0 });
    expect(collect(report.dataset.bars({ contract: ES, interval: '1m' }))).toEqual({
      openUs: [first, first + US_PER_MINUTE],
      closeUs: [first + US_PER_MINUTE, first + 2 * US_PER_MINUTE],
      open: [20_001, 20_003],
      high: [20_004, 20_006],
      low: [20_000, 20_002],
      close: [20_003, 20_005],
      volume: [12, 7],
    });
  });

  it('shifts a bar stamped at its close by the interval', async () => {
    const { dataset, options } = setUp([HEADER, ...ROWS].join('\n'), { stamp: 'close' });
    const report = await importCsv(dataset, options);
    const read = collect(report.dataset.bars({ contract: ES, interval: '1m' }));
    expect(read['closeUs']![0]).toBe(parseTsUs('2024-03-04T14:30:00Z'));
    expect(read['openUs']![0]).toBe(parseTsUs('2024-03-04T14:29:00Z'));
  });

  it.each([
    ['gzip', gzipSync([HEADER, ...ROWS].join('\n')), {}],
    ['a byte order mark and carriage returns', `\uFEFF${[HEADER, ...ROWS].join('\r\n')}\r\n`, {}],
    ['semicolons', [HEADER, ...ROWS].join('\n').replaceAll(',', ';'), {}],
    ['quotes', [HEADER, ...ROWS.map((row) => row.replace(/^([^,]*)/, '"$1"'))].join('\n'), {}],
    [
      'no header',
      ROWS.join('\n'),
      { hasHeader: false, columns: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 } },
    ],
    [
      'the contract in a column',
      [`${HEADER},Id`, ...ROWS.map((row) => `${row},ESZ2024`)].join('\n'),
      { columns: { ...COLUMNS, contract: 'Id' }, contract: undefined },
    ],
    [
      'date and clock apart in another order',
      ['D,T,Open,High,Low,Close,Volume', ...ROWS]
        .join('\n')
        .replaceAll(/2024-03-04 (\d\d:\d\d)/g, '04/03/2024,$1'),
      {
        columns: { ...COLUMNS, time: undefined, date: 'D', clock: 'T' },
        timeFormat: 'DD/MM/YYYY HH:mm',
      },
    ],
    [
      'instants as a count of seconds',
      [HEADER, ...ROWS]
        .join('\n')
        .replace('2024-03-04 08:30', '1709562600')
        .replace('2024-03-04 08:31', '1709562660'),
      { timeFormat: 'epoch-s', zone: 'UTC' },
    ],
    [
      'offsets in the times',
      [HEADER, ...ROWS].join('\n').replaceAll(/(08:3\d)/g, '$1:00-06:00'),
      {},
    ],
  ] as const)('reads the same bars from a file with %s', async (_name, text, patch) => {
    const clean = (value: object): Partial<CsvImportOptions> =>
      JSON.parse(JSON.stringify(value)) as Partial<CsvImportOptions>;
    const { dataset, options } = setUp(text, clean(patch));
    if ('contract' in patch) delete (options as { contract?: unknown }).contract;
    const report = await importCsv(dataset, options);
    const read = collect(report.dataset.bars({ contract: ES, interval: '1m' }));
    expect(read['close']).toEqual([20_003, 20_005]);
    expect(read['openUs']![0]).toBe(parseTsUs('2024-03-04T14:30:00Z'));
  });

  it.each([
    [
      'a price off the grid',
      '2024-03-04 08:32,5000.3,5001,5000,5000.75,12',
      'open: 5000.3 is not a multiple of 0.25',
    ],
    [
      'a price that is no number',
      '2024-03-04 08:32,n/a,5001,5000,5000.75,12',
      'open: "n/a" is not a number',
    ],
    ['a missing price', '2024-03-04 08:32,,5001,5000,5000.75,12', 'open: "" is not a number'],
    [
      'a duplicate time',
      '2024-03-04 08:31,5000.25,5001,5000,5000.75,12',
      'the time of another row',
    ],
    ['a row out of order', '2024-03-04 08:29,5000.25,5001,5000,5000.75,12', 'not in order'],
    [
      'a day that does not exist',
      '2024-02-30 08:32,5000.25,5001,5000,5000.75,12',
      'time: "2024-02-30 08:32" is not iso',
    ],
    ['high below low', '2024-03-04 08:32,5000.25,5000,5001,5000.75,12', 'high is not the highest'],
    ['negative volume', '2024-03-04 08:32,5000.25,5001,5000,5000.75,-1', 'volume: -1 is negative'],
    [
      'volume in parts',
      '2024-03-04 08:32,5000.25,5001,5000,5000.75,1.5',
      'volume: 1.5 is not a whole number',
    ],
    [
      'volume beyond 2^53',
      '2024-03-04 08:32,5000.25,5001,5000,5000.75,9007199254740993',
      'volume: 9007199254740993 is beyond 2^53',
    ],
    [
      'a quote that is not closed',
      '"2024-03-04 08:32,5000.25,5001,5000,5000.75,12',
      'a quote is not closed',
    ],
  ])('refuses the whole file for %s, naming line and reason', async (_name, row, reason) => {
    const { dataset, options } = setUp([HEADER, ...ROWS, row].join('\n'));
    const error = await failure(importCsv(dataset, options));
    expect(error.code).toBe('E_IMPORT_ROWS');
    expect(error.message).toContain(`line 4: ${reason}`);
    expect(error.where).toBe(`${options.path}:4`);
    const after = openCatalog(join(dataset.folder, '../..')).dataset('one');
    expect(after.manifest.generation).toBe(0);
    expect(fs.readdirSync(join(dataset.folder, 'segments'))).toEqual([]);
  });

  it('lists the first twenty bad rows and counts the rest', async () => {
    const { dataset, options } = setUp(
      [HEADER, ...ROWS, ...Array<string>(25).fill('x')].join('\n'),
    );
    const error = await failure(importCsv(dataset, options));
    expect(error.details['issues']).toHaveLength(20);
    expect(error.message).toContain('25 rows');
    expect(error.message).toContain('and 5 more');
  });

  it('writes the valid rows and lists the others when quarantine is asked for', async () => {
    const { dataset, options, folder } = setUp([HEADER, ROWS[0], 'x', ROWS[1]].join('\n'));
    const issuesPath = join(folder, 'issues.jsonl');
    const report = await importCsv(dataset, { ...options, quarantine: { issuesPath } });
    expect(report).toMatchObject({ rows: 2, quarantined: 1 });
    expect(JSON.parse(fs.readFileSync(issuesPath, 'utf8'))).toMatchObject({ line: 3, text: 'x' });
  });

  it('adds to what is there when asked to append', async () => {
    const { dataset, options, folder } = setUp([HEADER, ROWS[0]].join('\n'));
    const first = await importCsv(dataset, options);
    const path = join(folder, 'more.csv');
    fs.writeFileSync(path, [HEADER, ROWS[1]].join('\n'));
    const report = await importCsv(first.dataset, { ...options, path, isAppend: true });
    expect(collect(report.dataset.bars({ contract: ES, interval: '1m' }))['close']).toEqual([
      20_003, 20_005,
    ]);
    const error = await failure(importCsv(report.dataset, { ...options, path, isAppend: true }));
    expect(error.message).toContain('the time of another row');
  });

  it('splits several years and contracts that come interleaved', async () => {
    const rows = [
      '2023-12-29 08:30,5000,5000,5000,5000,1,ESH2024',
      '2023-12-29 08:30,5010,5010,5010,5010,1,ESM2024',
      '2024-01-02 08:30,5001,5001,5001,5001,1,ESH2024',
      '2024-01-02 08:30,5011,5011,5011,5011,1,ESM2024',
    ];
    const { dataset, options } = setUp([`${HEADER},Id`, ...rows].join('\n'), {
      columns: { ...COLUMNS, contract: 'Id' },
    });
    delete (options as { contract?: unknown }).contract;
    const report = await importCsv(dataset, options);
    expect(report.dataset.manifest.segments.map((s) => [s.contract, s.year, s.rows])).toEqual([
      ['ESH2024', 2023, 1],
      ['ESH2024', 2024, 1],
      ['ESM2024', 2023, 1],
      ['ESM2024', 2024, 1],
    ]);
  });

  it('keeps prices between ticks as fractional counts where the dataset has no grid', async () => {
    const row = '2024-03-04 08:30,5000.3,5001,5000,5000.75,';
    const { dataset, options } = setUp(
      [HEADER, row].join('\n'),
      {},
      {
        grids: { ES: { kind: 'float', increment: 0.25 } },
        volume: 'unknown',
      },
    );
    const report = await importCsv(dataset, options);
    const read = collect(report.dataset.bars({ contract: ES, interval: '1m' }));
    expect((read['open']![0] as number) * 0.25).toBeCloseTo(5000.3, 9);
    expect(read['volume']).toEqual([NaN]);
  });

  it('takes the session of a date for daily rows', async () => {
    const { dataset, options } = setUp(
      [HEADER, '2024-03-04,5000,5001,5000,5000.75,12'].join('\n'),
      {
        interval: '1d',
        sessionOf: (_root, us) => ({ openUs: us - 3_600_000_000, closeUs: us + 79_200_000_000 }),
      },
    );
    const report = await importCsv(dataset, options);
    const read = collect(report.dataset.bars({ contract: ES, interval: '1d' }));
    expect(read['openUs']).toEqual([parseTsUs('2024-03-03T23:00:00Z')]);
    expect(read['closeUs']).toEqual([parseTsUs('2024-03-04T22:00:00Z')]);
  });

  it('suggests the column that was meant', async () => {
    const { dataset, options } = setUp([HEADER, ...ROWS].join('\n'), {
      columns: { ...COLUMNS, close: 'Clos' },
    });
    const error = await failure(importCsv(dataset, options));
    expect(error).toMatchObject({ code: 'E_IMPORT_MAPPING', fix: 'did you mean Close?' });
  });

  it('refuses a gzip file that is cut short instead of taking what came through', async () => {
    const many = Array.from({ length: 50 }, (_, i) => {
      const minute = String(i).padStart(2, '0');
      return `2024-03-04 09:${minute},5000.25,5001,5000,5000.75,${i}`;
    });
    const whole = gzipSync([HEADER, ...many].join('\n'));
    const { dataset, options } = setUp(whole.subarray(0, whole.length - 12));
    expect((await failure(importCsv(dataset, options))).code).toBe('E_IMPORT_FILE');
    expect((await failure(importCsv(dataset, { ...options, path: '/absent' }))).code).toBe(
      'E_IMPORT_FILE',
    );
    dataset.beginWrite().abort();
  });

  it('takes prices at zero and below, which some products have', async () => {
    const { dataset, options } = setUp([HEADER, '2024-03-04 08:30,-37.50,0,-40.25,0,7'].join('\n'));
    const { dataset: after } = await importCsv(dataset, options);
    expect(collect(after.bars({ contract: ES, interval: '1m' }))).toMatchObject({
      open: [-150],
      high: [0],
      low: [-161],
      close: [0],
    });
  });

  it.each([
    ['a page of a web server', '<!doctype html>\n<html><body>404</body></html>\n'],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['nothing', ''],
  ])('refuses a file that is %s', async (_, text) => {
    const { dataset, options } = setUp(text);
    expect((await failure(importCsv(dataset, options))).code).toMatch(/^E_IMPORT_(MAPPING|ROWS)$/);
    expect(fs.readdirSync(join(dataset.folder, 'segments'))).toEqual([]);
  });

  it('leaves the dataset as it was when the disk is full at any moment, and says so', async () => {
    // Two contracts of two years: several files, more than one buffer each.
    const lines = ['ESH2024', 'ESM2024'].flatMap((contract) =>
      Array.from({ length: 1500 }, (_, i) => {
        const year = i < 700 ? 2023 : 2024;
        const clock = `${String(Math.floor((i % 700) / 60)).padStart(2, '0')}:${String((i % 700) % 60).padStart(2, '0')}`;
        const day = i < 1400 ? '05' : '06';
        return `${year}-06-${day} ${clock},5000.25,5001,5000,5000.75,${i},${contract}`;
      }),
    );
    const text = [`${HEADER},C`, ...lines].join('\n');
    const attempt = async (at: number): Promise<number> => {
      const { folder, options } = setUp(text);
      const before = openCatalog(folder).dataset('one').manifest;
      const writes = ['write', 'fsync', 'rename', 'fsyncFolder'];
      const { io, count } = faultIo(
        'ENOSPC',
        (operation, name) => at > 0 && operation >= at && writes.includes(name),
      );
      const { contract: _, ...rest } = options;
      const columns = { ...COLUMNS, contract: 'C' };
      const dataset = openCatalog(folder, { io }).dataset('one');
      const started = count();
      const done = importCsv(dataset, { ...rest, columns });
      if (at === 0) {
        await done;
        return count() - started;
      }
      const error = await failure(done);
      expect(error.code).toBe('E_CATALOG_WRITE');
      expect(error.fix).toContain('free space');
      expect(openCatalog(folder).dataset('one').manifest).toEqual(before);
      return 0;
    };
    const operations = await attempt(0);
    expect(operations).toBeGreaterThan(20);
    // From the first operation of the import on, but for the release of its lock after the commit.
    for (let at = 4; at < operations; at += 3) await attempt(at);
  });
});
