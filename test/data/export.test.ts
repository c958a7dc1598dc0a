import * as fs from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';
import { readTable } from '../../src/data/arrow-store.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { exportDataset } from '../../src/data/export/export.ts';
import { priceText, TimeText } from '../../src/data/export/text.ts';
import { importExported, isExportedCsv, statementBeside } from '../../src/data/ingest/exported.ts';
import { faultIo } from './fault-io.ts';
import { ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const OTHER = 'ESH2025' as ContractId;

interface Seeds {
  readonly rows: number;
  readonly counts: readonly number[];
  readonly qty: readonly number[];
  readonly hasNanos: boolean;
  readonly isFloat: boolean;
  readonly isVolumeKnown: boolean;
  readonly startDay: number;
}

const seeds: fc.Arbitrary<Seeds> = fc
  .record({ isFloat: fc.boolean(), isVolumeKnown: fc.boolean() })
  .chain(({ isFloat, isVolumeKnown }) =>
    fc.record({
      rows: fc.integer({ min: 1, max: 30 }),
      counts: fc.array(
        isFloat
          ? fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
          : fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        { minLength: 30, maxLength: 30 },
      ),
      qty: fc.array(
        isVolumeKnown
          ? fc.nat(Number.MAX_SAFE_INTEGER)
          : fc.oneof(fc.constant(NaN), fc.double({ min: 0, max: 1e9, noNaN: true })),
        { minLength: 30, maxLength: 30 },
      ),
      hasNanos: fc.boolean(),
      isFloat: fc.constant(isFloat),
      isVolumeKnown: fc.constant(isVolumeKnown),
      // Before 1970, too, and over the end of a year.
      startDay: fc.constantFrom(-400, -1, 0, 365 * 30 + 6, 19_722),
    }),
  );

/** Every kind of rows, two contracts, two intervals, perhaps two years. */
function makeDataset(folder: string, one: Seeds, increment: number): Dataset {
  const grid = { kind: one.isFloat ? 'float' : 'ticks', increment } as const;
  const started = openCatalog(folder, { sync: false }).createDataset(
    metaOf('one', {
      grids: { ES: grid },
      volume: one.isVolumeKnown ? 'known' : 'unknown',
      extra: { note: 'kept' },
    }),
  );
  const { rows, counts, qty } = one;
  const writer = started.beginWrite();
  const first = one.startDay * US_PER_DAY + 23 * 60 * US_PER_MINUTE;
  const tsUs = Float64Array.from({ length: rows }, (_, i) => first + i * 137);
  const prices = Float64Array.from(counts.slice(0, rows));
  const qtys = Float64Array.from(qty.slice(0, rows));
  const sides = Int8Array.from({ length: rows }, (_, i) => (i % 3) - 1);
  const ends = Uint8Array.from({ length: rows }, (_, i) => i % 2);
  const tick = {
    length: rows,
    tsUs,
    seq: Float64Array.from({ length: rows }, (_, i) => i * 3),
    ...(one.hasNanos
      ? { tsNs: BigInt64Array.from(tsUs, (us, i) => BigInt(us) * 1000n + BigInt(i % 1000)) }
      : {}),
  };
  const year = new Date(first / 1000).getUTCFullYear();
  const bars = (stepUs: number): BarColumns => ({
    length: rows,
    openUs: Float64Array.from({ length: rows }, (_, i) => first + i * stepUs),
    // Session ends cut bars short.
    closeUs: Float64Array.from({ length: rows }, (_, i) => first + (i + 1) * stepUs - (i % 2)),
    open: prices,
    high: prices,
    low: prices,
    close: prices,
    volume: qtys,
  });
  for (const contract of [ES, OTHER]) {
    writer.putBarsByYear(contract, '1m', bars(US_PER_MINUTE));
    writer.putBarsByYear(contract, '1d', bars(US_PER_DAY));
    writer.put('trades', contract, year, { ...tick, price: prices, qty: qtys, aggressor: sides });
    const sidesOf = { bid: prices, ask: prices, bidQty: qtys, askQty: qtys };
    writer.put('quotes', contract, year, { ...tick, ...sidesOf });
    const level = { side: sides, price: prices, qty: qtys, isEventEnd: ends };
    const orderCount = Int32Array.from({ length: rows }, (_, i) => i);
    writer.put('depth', contract, year, { ...tick, ...level, orderCount });
    const orderId = BigUint64Array.from({ length: rows }, (_, i) => 2n ** 63n + BigInt(i));
    const action = Uint8Array.from({ length: rows }, (_, i) => i % 6);
    writer.put('mbo', contract, year, { ...tick, ...level, orderId, action });
    writer.put('open-interest', contract, year, {
      ...tick,
      tradeDate: Int32Array.from({ length: rows }, (_, i) => one.startDay + i),
      openInterest: Float64Array.from({ length: rows }, (_, i) => i * 1000),
    });
  }
  return writer.commit();
}

function csvFiles(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.csv'))
    .map((name) => join(folder, name));
}

describe('an export as CSV', () => {
  test.prop([seeds, fc.constantFrom(0.25, 0.01, 1 / 64, 1, 0.0000005)], { numRuns: 40 })(
    'imports again as the identical dataset, every kind of rows',
    async (one, increment) => {
      const dataset = makeDataset(tempFolder(), one, increment);
      const out = join(tempFolder(), 'out');
      const done = await exportDataset(dataset, {
        format: 'csv',
        target: { folder: out },
        // Prices off a grid come back exactly from their counts.
        prices: one.isFloat ? 'both' : 'decimal',
      });
      const files = csvFiles(out);
      expect(files).toHaveLength(7);
      expect(done!.rows).toBe(
        dataset.manifest.segments.reduce((sum, segment) => sum + segment.rows, 0),
      );
      const meta = statementBeside(files[0]!)!;
      const copy = openCatalog(tempFolder(), { sync: false }).createDataset({
        ...meta,
        name: 'one',
      });
      const { dataset: again, rows } = importExported(copy, files);
      expect(rows).toBe(done!.rows);
      const { generation: _, ...want } = dataset.manifest;
      expect(again.manifest).toMatchObject(want);
      expect(again.manifest.checksum).toBe(want.checksum);
    },
  );

  it('writes exact decimals, instants in UTC, and nothing where a volume is unknown', async () => {
    const meta = metaOf('one', { volume: 'unknown' });
    const writer = openCatalog(tempFolder()).createDataset(meta).beginWrite();
    writer.putBars(ES, '1m', 2024, { ...minuteBars(2), volume: Float64Array.of(7, NaN) });
    let text = '';
    await exportDataset(writer.commit(), {
      format: 'csv',
      target: { text: (part) => (text += part) },
      prices: 'both',
    });
    expect(text).toBe(
      [
        'contract,interval,open_time,close_time,open,open_count,high,high_count,low,low_count,close,close_count,volume',
        'ESZ2024,1m,2024-03-04T14:30:00Z,2024-03-04T14:31:00Z,4999.75,19999,5000.50,20002,4999.25,19997,5000.00,20000,7',
        'ESZ2024,1m,2024-03-04T14:31:00Z,2024-03-04T14:32:00Z,5000.00,20000,5000.75,20003,4999.50,19998,5000.25,20001,',
        '',
      ].join('\n'),
    );
  });

  const LINES = [
    'contract,interval,open_time,close_time,open,high,low,close,volume',
    'ESZ2024,1m,2024-03-04T14:30:00Z,2024-03-04T14:31:00Z,5000.00,5000.00,5000.00,5000.00,1',
  ];
  it.each([
    ['a price between ticks', LINES[1]!.replace('5000.00', '5000.10'), 'open: "5000.10"'],
    [
      'a time without a zone',
      LINES[1]!.replace('30:00Z', '30:00'),
      'open_time: "2024-03-04T14:30:00"',
    ],
    ['a cell too many', `${LINES[1]!},1`, '10 cells'],
    ['a volume beyond 2^53', LINES[1]!.replace(/,1$/, ',9007199254740993'), '9007199254740992'],
    ['a contract that is none', LINES[1]!.replace('ESZ2024', 'ES'), '"ES" is not a contract id'],
    ['rows out of order', `${LINES[1]!}\n${LINES[1]!}`, 'follows'],
  ])('is refused whole with %s', (_, row, reason) => {
    const folder = tempFolder();
    const file = join(folder, 'bars.csv');
    fs.writeFileSync(file, `${LINES[0]!}\n${row}\n`);
    expect(isExportedCsv(file)).toBe(true);
    const dataset = openCatalog(folder).createDataset(metaOf('one'));
    expect(() => importExported(dataset, [file])).toThrow(reason);
    expect(openCatalog(folder).dataset('one').manifest).toEqual(dataset.manifest);
    expect(fs.readdirSync(join(dataset.folder, 'segments'))).toEqual([]);
  });

  it('refuses rows of a contract that do not stand together', () => {
    const file = join(tempFolder(), 'bars.csv');
    const other = LINES[1]!.replace('ESZ2024', 'ESH2025');
    const third = LINES[1]!.replaceAll('T14:3', 'T15:3');
    fs.writeFileSync(file, `${[...LINES, other, third].join('\n')}\n`);
    const dataset = openCatalog(tempFolder()).createDataset(metaOf('one'));
    expect(() => importExported(dataset, [file])).toThrow('line 4: rows of a contract');
  });
});

describe('an export to files', () => {
  function small(): Dataset {
    const writer = openCatalog(tempFolder()).createDataset(metaOf('one')).beginWrite();
    writer.putBars(ES, '1m', 2024, minuteBars(10));
    writer.putBars(OTHER, '1m', 2024, minuteBars(5, 100));
    return writer.commit();
  }

  it('reads back from Arrow with contracts, plain prices and counts', async () => {
    const file = join(tempFolder(), 'bars.arrow');
    await exportDataset(small(), { format: 'arrow', target: { file }, prices: 'both' });
    const table = readTable(file);
    expect(table['contract']).toEqual([
      ...Array.from({ length: 5 }, () => OTHER),
      ...Array.from({ length: 10 }, () => ES),
    ]);
    const counts = [...(table['close_count'] as Int32Array)];
    expect([...(table['close'] as Float64Array)]).toEqual(counts.map((count) => count * 0.25));
    expect((table['open_time'] as Float64Array)[5]).toBe(START);
  });

  it('replaces no file unless it is told to, and then whole', async () => {
    const file = join(tempFolder(), 'bars.csv');
    fs.writeFileSync(file, 'mine');
    const run = (isForced: boolean) =>
      exportDataset(small(), { format: 'csv', target: { file }, isForced });
    await expect(run(false)).rejects.toMatchObject({ code: 'E_EXPORT_EXISTS' });
    expect(fs.readFileSync(file, 'utf8')).toBe('mine');
    await run(true);
    expect(fs.readFileSync(file, 'utf8').split('\n')).toHaveLength(17);
  });

  it.each(['csv', 'arrow', 'parquet'] as const)(
    'leaves the folder as it was when the disk refuses at any operation of %s',
    async (format) => {
      const dataset = small();
      const attempt = async (at: number): Promise<number> => {
        const folder = tempFolder();
        // Once: what cleans up afterwards is let through.
        const { io, count } = faultIo('ENOSPC', (operation) => operation === at);
        const target = { file: join(folder, `bars.${format}`) };
        const outcome = exportDataset(dataset, { format, target, io });
        if (at === 0) {
          await outcome;
          return count();
        }
        await expect(outcome, `operation ${at}`).rejects.toMatchObject({
          code: 'E_EXPORT_WRITE',
          fix: expect.stringContaining('free space') as string,
        });
        expect(fs.readdirSync(folder)).toEqual([]);
        return 0;
      };
      const operations = await attempt(0);
      for (let at = 1; at <= operations; at += 1) await attempt(at);
    },
  );

  it('stops when asked and leaves nothing', async () => {
    const folder = tempFolder();
    const target = { file: join(folder, 'bars.csv') };
    const outcome = await exportDataset(small(), { format: 'csv', target, onProgress: () => true });
    expect(outcome).toBeNull();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('says which tables there are when one file cannot hold them', async () => {
    const writer = small().beginWrite();
    writer.putBars(ES, '1d', 2024, minuteBars(1));
    const target = { file: join(tempFolder(), 'all.csv') };
    await expect(exportDataset(writer.commit(), { format: 'csv', target })).rejects.toMatchObject({
      code: 'E_EXPORT_TABLES',
      message: expect.stringContaining('bars-1d, bars-1m') as string,
    });
  });

  it('takes the rows of the chosen contracts and times only', async () => {
    let text = '';
    const outcome = await exportDataset(small(), {
      format: 'csv',
      target: { text: (part) => (text += part) },
      selection: { contracts: [ES] },
      rangeOf: () => ({ to: (START + 2 * US_PER_MINUTE) as never }),
    });
    expect(outcome!.rows).toBe(2);
    expect(text).not.toContain(OTHER);
    await expect(
      exportDataset(small(), {
        format: 'csv',
        target: { text: () => undefined },
        selection: { contracts: ['ESZ2023'] },
      }),
    ).rejects.toMatchObject({ code: 'E_DATA_SPAN', fix: 'did you mean ESZ2024?' });
  });
});

describe('prices as text', () => {
  test.prop([
    fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
    fc.constantFrom(
      [0.25, 25n, 2],
      [0.01, 1n, 2],
      [1 / 128, 78_125n, 7],
      [5, 5n, 0],
      [0.0000005, 5n, 7],
    ) as fc.Arbitrary<readonly [number, bigint, number]>,
  ])('are exact, and read back as the same count', (count, [increment, unit, decimals]) => {
    const prices = priceText({ kind: 'ticks', increment });
    const digits = String(BigInt(Math.abs(count)) * unit).padStart(decimals + 1, '0');
    const sign = count < 0 ? '-' : '';
    const want =
      decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
    expect(prices.write(count)).toBe(sign + want);
    expect(prices.read(prices.write(count))).toBe(count);
    // One unit of the last decimal further lies between the ticks.
    if (unit > 1n)
      expect(prices.read(`${sign}${want.slice(0, -1)}${(Number(want.at(-1)) + 1) % 10}`)).toBeNaN();
  });

  it('writes times with the digits that they need', () => {
    const times = new TimeText();
    expect(times.micros(0)).toBe('1970-01-01T00:00:00Z');
    expect(times.micros(-1)).toBe('1969-12-31T23:59:59.999999Z');
    expect(times.micros(1_500_000)).toBe('1970-01-01T00:00:01.500Z');
    expect(times.nanos(-1n, -1)).toBe('1969-12-31T23:59:59.999999999Z');
  });
});
