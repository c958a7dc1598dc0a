import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { InstrumentSpec } from '../../src/core/instrument.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';
import type { TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { rollCost } from '../../src/core/rolls/cost.ts';
import { collectContinuous } from '../../src/data/continuous.ts';
import {
  givenScheduleOf,
  importPysystemtrade,
  parseInstrumentConfig,
  readPysystemtrade,
} from '../../src/data/ingest/pysystemtrade.ts';
import type {
  PysystemtradeFile,
  PysystemtradeOptions,
} from '../../src/data/ingest/pysystemtrade.ts';
import { plainInstrument } from '../support/plain-calendar.ts';

/** Columns out of their usual order on purpose; prices invented. */
const HEADER = 'DATETIME,PRICE,PRICE_CONTRACT,CARRY,CARRY_CONTRACT,FORWARD,FORWARD_CONTRACT';
const ROWS = [
  '2020-03-02 15:00:00,100.1,20200300,101.5,20200600,101.5,20200600',
  '2020-03-02 23:00:00,100.5,20200300,,20200600,102,20200600',
  '2020-03-03 23:00:00,101,20200300,,20200600,103,20200600',
  '2020-03-03 23:00:01,103.25,20200600,,20200900,,20200900',
  '2020-03-04 11:00:00,,20200600,105,20200900,,20200900',
  '2020-03-04 23:00:00,104,20200600,,20200900,106,20200900',
];
const bytesOf = (rows: readonly string[], header: string = HEADER): Uint8Array =>
  new TextEncoder().encode([header, ...rows, ''].join('\n'));
const es = plainInstrument('ES');
const specs: Readonly<Record<string, InstrumentSpec>> = { ES: es };
const options: PysystemtradeOptions = { specOf: (root) => specs[root] };
const file = (rows: readonly string[] = ROWS, more: Partial<PysystemtradeFile> = {}) => ({
  code: 'SP500',
  file: 'SP500.csv',
  bytes: bytesOf(rows),
  ...more,
});

function errorOf(run: () => unknown): TradingError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return error as TradingError;
  }
  throw new Error('nothing was thrown');
}

describe('reading multiple prices', () => {
  it('takes a sample of every contract that has a price, and none where it is empty', () => {
    const { samples } = readPysystemtrade(file(), options);
    expect([...samples.keys()]).toEqual(['ESH2020', 'ESM2020', 'ESU2020']);
    const june = samples.get('ESM2020' as never)!;
    expect(Array.from(june.closeUs, (us) => toIsoUtc(us as TsUs))).toEqual([
      '2020-03-02T15:00:00Z',
      '2020-03-02T23:00:00Z',
      '2020-03-03T23:00:00Z',
      '2020-03-03T23:00:01Z',
      '2020-03-04T23:00:00Z',
    ]);
    expect(Array.from(june.close)).toEqual([406, 408, 412, 413, 416]);
    expect(june.open).toEqual(june.high);
    expect(june.volume.every(Number.isNaN)).toBe(true);
  });

  it('keeps prices between ticks as fractional counts', () => {
    const { samples } = readPysystemtrade(file(), options);
    expect(samples.get('ESH2020' as never)!.close[0]).toBeCloseTo(400.4, 9);
  });

  it('gives a sample no length, so that nothing trades on it before its label', () => {
    const { samples } = readPysystemtrade(file(), options);
    for (const bars of samples.values()) {
      for (let i = 0; i < bars.length; i += 1) {
        expect(bars.openUs[i]!).toBe(bars.closeUs[i]!);
        if (i > 0) expect(bars.openUs[i]!).toBeGreaterThan(bars.closeUs[i - 1]!);
      }
    }
  });

  it('takes the rolls and their prices from the last row of the old contract', () => {
    const { rolls } = readPysystemtrade(file(), options);
    expect(rolls).toEqual([
      {
        from: 'ESH2020',
        to: 'ESM2020',
        atUs: parseTsUs('2020-03-03T23:00:00Z'),
        fromPrice: 404,
        toPrice: 412,
        isInferred: false,
      },
    ]);
  });

  it('takes the carry contract of each held contract from its first row, and says which rows name another', () => {
    const plain = readPysystemtrade(file(), options);
    expect(plain.carry).toEqual({ ESH2020: 'ESM2020', ESM2020: 'ESU2020' });
    expect(plain.report.issues).toEqual([]);
    const rows = [
      ROWS[0]!.replace('101.5,20200600,', '99,20191200,'),
      ...ROWS.slice(1, 4),
      ...ROWS.slice(4).map((row) => row.replace('20200900', '20200600')),
    ];
    const { carry, report, samples } = readPysystemtrade(file(rows), options);
    expect(carry).toEqual({ ESH2020: 'ESZ2019', ESM2020: 'ESU2020' });
    expect(report.issues.filter(({ reason }) => reason.includes('name '))).toEqual([
      {
        row: 3,
        reason:
          '2 row(s) from here on name 202006 as carry contract of 202003, the first one 201912: carry of 202003 is measured against 201912',
      },
      {
        row: 6,
        reason:
          '2 row(s) from here on name 202006 as carry contract of 202006, the first one 202009: carry of 202006 is measured against 202009',
      },
    ]);
    expect(samples.get('ESZ2019' as never)!.length).toBe(1);
  });

  it('makes one daily bar a date, at the last label with a held price', () => {
    const { days } = readPysystemtrade(file(), options);
    const labels = (id: string): string[] =>
      Array.from(days.get(id as never)!.closeUs, (us) => toIsoUtc(us as TsUs));
    expect(labels('ESH2020')).toEqual(['2020-03-02T23:00:00Z']);
    expect(labels('ESM2020')).toEqual([
      '2020-03-02T23:00:00Z',
      '2020-03-03T23:00:01Z',
      '2020-03-04T23:00:00Z',
    ]);
  });

  it('tells gzip by its first bytes and takes a byte-order mark and CRLF', () => {
    const plain = readPysystemtrade(file(), options);
    expect(readPysystemtrade(file(ROWS, { bytes: gzipSync(bytesOf(ROWS)) }), options)).toEqual(
      plain,
    );
    const windows = new TextEncoder().encode(`\uFEFF${[HEADER, ...ROWS].join('\r\n')}`);
    expect(readPysystemtrade(file(ROWS, { bytes: windows }), options)).toEqual(plain);
  });

  it('refuses a roll without both prices, and takes it filled, marked as inferred', () => {
    const rows = ROWS.with(2, '2020-03-03 23:00:00,101,20200300,,20200600,,20200600');
    const error = errorOf(() => readPysystemtrade(file(rows), options));
    expect(error.code).toBe('E_ROLL_SCHEDULE');
    expect(error.message).toContain('ESH2020 to ESM2020');
    const filled = readPysystemtrade(file(rows, { isFilled: true }), options);
    expect(filled.rolls[0]).toMatchObject({ fromPrice: 404, toPrice: 408, isInferred: true });
    expect(filled.report.filled).toBeGreaterThan(0);
    // The filled next price is no sample of that contract.
    const june = filled.samples.get('ESM2020' as never)!;
    expect(june.closeUs.includes(parseTsUs('2020-03-03T23:00:00Z'))).toBe(false);
  });

  it.each([
    ['a label that is none', '2020-13-02 15:00:00,1,20200300,,20200600,,20200600', 'DATETIME'],
    ['a label that goes back', '2020-03-02 14:00:00,1,20200300,,20200600,,20200600', 'not later'],
    ['text for a price', '2020-03-05 15:00:00,abc,20200300,,20200600,,20200600', 'PRICE "abc"'],
    [
      'a contract without a month',
      '2020-03-05 15:00:00,1,20201500,,20200600,,20200600',
      'PRICE_CONTRACT',
    ],
    ['a missing cell', '2020-03-05 15:00:00,1', 'PRICE_CONTRACT ""'],
  ])('refuses the whole file for %s, naming row and reason', (_, row, reason) => {
    const error = errorOf(() => readPysystemtrade(file([ROWS[0]!, row]), options));
    expect(error.code).toBe('E_IMPORT_ROWS');
    expect(error.where).toBe('SP500.csv, row 3');
    expect(error.message).toContain(reason);
    const { report } = readPysystemtrade(file([ROWS[0]!, row]), { ...options, quarantine: true });
    expect(report).toMatchObject({ rows: 1, issues: [{ row: 3 }] });
  });

  it('refuses files of another shape', () => {
    const shape = (bytes: Uint8Array): string =>
      errorOf(() => readPysystemtrade(file(ROWS, { bytes }), options)).code;
    expect(shape(bytesOf(ROWS, 'DATETIME,PRICE'))).toBe('E_PYSYSTEMTRADE_FORMAT');
    expect(shape(bytesOf([]))).toBe('E_PYSYSTEMTRADE_FORMAT');
    expect(shape(gzipSync(bytesOf(ROWS)).subarray(0, 40))).toBe('E_PYSYSTEMTRADE_FORMAT');
  });

  it('refuses codes it does not know and products whose point is worth something else', () => {
    const codeOf = (run: PysystemtradeOptions, code = 'SP500'): string =>
      errorOf(() => readPysystemtrade(file(ROWS, { code }), run)).message;
    expect(codeOf(options, 'XYZ')).toContain('known codes are');
    expect(codeOf({ specOf: () => plainInstrument('ES', { multiplier: 5 }) })).toContain(
      'a point is 50',
    );
    expect(codeOf({ specOf: () => plainInstrument('ES', { currency: 'EUR' }) })).toContain(
      'currency',
    );
    expect(codeOf({ specOf: () => undefined })).toContain('no specification');
    const config = parseInstrumentConfig('Instrument,Pointsize,Currency\nSP500,500,USD\n');
    expect(codeOf({ ...options, config })).toContain('500 in its configuration');
    const products = [{ code: 'XYZ', root: 'ES', pointSize: 50, currency: 'USD' }];
    expect(
      readPysystemtrade(file(ROWS, { code: 'XYZ' }), { ...options, products }).report.root,
    ).toBe('ES');
  });
});

describe('importing into a catalog', () => {
  it('reads back as a continuous series by its own roll calendar, and leaves other products alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-import-'));
    try {
      const catalog = openCatalog(folder, { sync: false });
      const run = (files: readonly PysystemtradeFile[]) =>
        importPysystemtrade({
          ...options,
          specOf: (root) => (root === 'ZC' ? plainInstrument('ZC') : specs[root]),
          catalog,
          dataset: 'psy',
          createdBy: 'test',
          files,
        });
      run([file(ROWS, { code: 'CORN' })]);
      const { dataset } = run([file()]);
      expect(dataset.contracts('ZC').length).toBe(3);
      const contracts = dataset.contracts('ES');
      const schedule = givenScheduleOf(dataset.manifest, 'ES', (id) => contracts.indexOf(id))!;
      expect(schedule.rule).toEqual({ kind: 'given', name: 'pysystemtrade/SP500' });
      expect(schedule.rolls.length).toBeGreaterThan(0);
      // Without a cost model a record has no cost; with one every roll has.
      expect(schedule.rolls.filter((roll) => roll.cost !== undefined)).toEqual([]);
      const cost = rollCost(es, { feesMicros: 2_000_000, halfSpreadTicks: 1 });
      const withCost = givenScheduleOf(dataset.manifest, 'ES', (id) => contracts.indexOf(id), cost);
      expect(withCost!.rolls.map((roll) => roll.cost?.totalMicros)).toEqual(
        schedule.rolls.map(() => 2 * 2_000_000 + 2 * 12_500_000),
      );
      const read = (interval: '1h' | '1d'): number[] =>
        Array.from(
          collectContinuous({
            schedule,
            adjust: 'back-difference',
            grid: es.grid,
            bars: (index) => dataset.bars({ contract: contracts[index]!, interval }),
          }).close,
        );
      expect(read('1h').map((x) => Math.round(x * 1e6) / 1e6)).toEqual([
        102.1, 102.5, 103, 103.25, 104,
      ]);
      expect(read('1d')).toEqual([102.5, 103.25, 104]);
      expect(givenScheduleOf(dataset.manifest, 'CL', () => 0)).toBeNull();
      expect(() => run([file([...ROWS, 'bad'])])).toThrow(/cannot be read/);
      expect(catalog.dataset('psy').manifest.checksum).toBe(dataset.manifest.checksum);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
