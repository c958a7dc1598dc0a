import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { ContractId } from '../../src/core/instrument.ts';
import { toTsUs } from '../../src/core/units.ts';
import type { TableColumn } from '../../src/data/arrow-store.ts';
import { readTable, writeTable } from '../../src/data/arrow-store.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { GridStatement } from '../../src/data/manifest.ts';
import { collect, ES, metaOf, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const RUNS = 30;

/** Whole counts of a grid: small ones, those that need 64 bits, and both signs. */
const ticks = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31)),
  fc.maxSafeInteger(),
);
const small = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const loose = fc.double({ noNaN: true, noDefaultInfinity: true });
const quantity = fc.integer({ min: 0, max: 1_000_000 });

interface Market {
  readonly rows: number;
  /** Steps in time from row to row; zero shares a microsecond. */
  readonly steps: readonly number[];
  readonly grid: GridStatement;
  readonly prices: readonly number[];
  readonly qty: readonly number[];
  readonly isVolumeKnown: boolean;
  readonly nanos: readonly number[] | null;
  readonly cuts: readonly number[];
}

const market = (stepMin: number): fc.Arbitrary<Market> =>
  fc
    .record({
      rows: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom('int32', 'ticks', 'float'),
      isVolumeKnown: fc.boolean(),
      hasNanos: fc.boolean(),
    })
    .chain(({ rows, kind, isVolumeKnown, hasNanos }) => {
      const column = <T>(value: fc.Arbitrary<T>, length = rows): fc.Arbitrary<T[]> =>
        fc.array(value, { minLength: length, maxLength: length });
      return fc.record({
        rows: fc.constant(rows),
        steps: column(fc.integer({ min: stepMin, max: 3 })),
        grid: fc.constant<GridStatement>(
          kind === 'float' ? { kind: 'float', increment: 1 } : { kind: 'ticks', increment: 0.25 },
        ),
        prices: column<number>(
          kind === 'float' ? loose : kind === 'ticks' ? ticks : small,
          4 * rows,
        ),
        qty: column(isVolumeKnown ? quantity : fc.oneof(quantity, fc.constant(NaN)), 2 * rows),
        isVolumeKnown: fc.constant(isVolumeKnown),
        nanos: hasNanos ? column(fc.integer({ min: 0, max: 999 })) : fc.constant(null),
        cuts: fc.array(fc.integer({ min: 0, max: rows }), { maxLength: 3 }),
      });
    });

/** The same rows in batches, cut anywhere; the first may lack what a later one needs. */
function batchesOf<C extends { readonly length: number }>(whole: C, cuts: readonly number[]): C[] {
  const ends = [...cuts, whole.length].sort((a, b) => a - b);
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    const part = Object.entries(whole).map(([name, values]) => [
      name,
      ArrayBuffer.isView(values)
        ? (values as unknown as Float64Array).subarray(start, end)
        : end - start,
    ]);
    return Object.fromEntries(part) as C;
  });
}

function writerFor(one: Market) {
  const volume = one.isVolumeKnown ? 'known' : 'unknown';
  return openCatalog(tempFolder(), { sync: false })
    .createDataset(metaOf('one', { grids: { ES: one.grid }, volume }))
    .beginWrite();
}

function expectSame(read: Record<string, unknown>, want: object, rows: number): void {
  if (rows === 0) {
    expect(read).toEqual({});
    return;
  }
  for (const [name, values] of Object.entries(want))
    if (ArrayBuffer.isView(values))
      expect(read[name], name).toEqual([...(values as unknown as Iterable<number>)]);
}

function columnsOf(one: Market) {
  const { rows, prices, qty } = one;
  let at = START;
  const tsUs = Float64Array.from(one.steps, (step) => (at += step));
  const tsNs =
    one.nanos === null
      ? null
      : BigInt64Array.from(tsUs, (us, i) => BigInt(us) * 1000n + BigInt(one.nanos![i]!));
  const tick = {
    length: rows,
    tsUs,
    seq: Float64Array.from({ length: rows }, (_, i) => i),
    ...(tsNs === null ? {} : { tsNs }),
  };
  const price = (k: number): Float64Array =>
    Float64Array.from(prices.slice(k * rows, (k + 1) * rows));
  const volume = (k: number): Float64Array =>
    Float64Array.from(qty.slice(k * rows, (k + 1) * rows));
  const sign = Int8Array.from({ length: rows }, (_, i) => (i % 3) - 1);
  const flag = Uint8Array.from({ length: rows }, (_, i) => i % 2);
  return { tick, price, volume, sign, flag };
}

describe('rows of any values', () => {
  test.prop([market(1)], { numRuns: RUNS, seed: 11 })(
    'come back from bars as they were written, in whatever batches',
    (one) => {
      const { tick, price, volume } = columnsOf(one);
      const bars = {
        length: one.rows,
        openUs: tick.tsUs.map((us) => us - 1),
        closeUs: tick.tsUs,
        open: price(0),
        high: price(1),
        low: price(2),
        close: price(3),
        volume: volume(0),
      };
      const needs64 = one.prices.some((value) => Math.abs(value) > 2 ** 31 - 1);
      // The first batch decides the width of the columns.
      const cuts = needs64 ? [] : one.cuts;
      const writer = writerFor(one);
      writer.putBars(ES, '1m', 2024, batchesOf(bars, cuts));
      const dataset = writer.commit();
      const read = collect(dataset.bars({ contract: ES, interval: '1m' }));
      expectSame(read, bars, one.rows);
    },
  );

  test.prop([market(0)], { numRuns: RUNS, seed: 12 })(
    'come back from trades, quotes, depth and orders, with nanoseconds and equal times in order',
    (one) => {
      const { tick, price, volume, sign, flag } = columnsOf(one);
      const rows = one.rows;
      const trades = { ...tick, price: price(0), qty: volume(0), aggressor: sign };
      const quotes = {
        ...tick,
        bid: price(0),
        ask: price(1),
        bidQty: volume(0),
        askQty: volume(1),
      };
      const depth = {
        ...tick,
        side: sign,
        price: price(2),
        qty: volume(1),
        orderCount: Int32Array.from({ length: rows }, (_, i) => i * 7),
        isEventEnd: flag,
      };
      const mbo = {
        ...tick,
        orderId: BigUint64Array.from({ length: rows }, (_, i) => 2n ** 64n - 1n - BigInt(i)),
        action: flag,
        side: sign,
        price: price(3),
        qty: volume(0),
        isEventEnd: flag,
      };
      const writer = writerFor(one);
      writer.put('trades', ES, 2024, trades);
      writer.put('quotes', ES, 2024, quotes);
      writer.put('depth', ES, 2024, depth);
      writer.put('mbo', ES, 2024, mbo);
      const dataset = writer.commit();
      for (const [kind, want] of Object.entries({ trades, quotes, depth, mbo }))
        expectSame(collect(dataset[kind as 'trades']({ contract: ES })), want, rows);
    },
  );

  test.prop(
    [
      fc.array(
        fc.record({
          text: fc.string({ unit: 'grapheme', maxLength: 6 }),
          whole: fc.maxSafeInteger(),
          narrow: small,
          real: fc.double(),
          flag: fc.boolean(),
        }),
        { maxLength: 30 },
      ),
    ],
    { numRuns: RUNS, seed: 13 },
  )('come back from a small table, texts of any script too', (rows) => {
    const path = `${tempFolder()}/table.arrow`;
    const columns: Record<string, TableColumn> = {
      text: { type: 'utf8', values: rows.map((row) => row.text) },
      whole: { type: 'i64', values: rows.map((row) => row.whole) },
      narrow: { type: 'i32', values: rows.map((row) => row.narrow) },
      real: { type: 'f64', values: rows.map((row) => row.real) },
      flag: { type: 'bool', values: rows.map((row) => row.flag) },
    };
    writeTable(path, columns);
    const read = readTable(path);
    for (const [name, { values }] of Object.entries(columns)) {
      const want = Array.from(values as ArrayLike<unknown>, (value) =>
        typeof value === 'boolean' ? Number(value) : value,
      );
      // -0 is not a whole number of its own.
      const isWhole = name === 'whole' || name === 'narrow';
      expect(Array.from(read[name] as ArrayLike<unknown>), name).toEqual(
        isWhole ? want.map((value) => (value as number) + 0) : want,
      );
    }
    fs.rmSync(path);
  });
});

describe('a range', () => {
  const EVERY = 60_000_000;
  /** Three record batches on disk in one year and one in the next. */
  const rows = 140_000;
  const contract = 'ESZ2024' as ContractId;
  const startUs = Date.UTC(2024, 9, 1) * 1000;
  const openUs = Float64Array.from({ length: rows }, (_, i) => startUs + i * EVERY);
  const close = Int32Array.from({ length: rows }, (_, i) => i);
  const closeUs = openUs.map((us) => us + EVERY);
  const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-range-'));
  let dataset: Dataset;
  beforeAll(() => {
    const writer = openCatalog(folder, { sync: false }).createDataset(metaOf('one')).beginWrite();
    const bars = { length: rows, openUs, closeUs, open: close, high: close, low: close, close };
    writer.putBarsByYear(contract, '1m', { ...bars, volume: new Float64Array(rows).fill(1) });
    dataset = writer.commit();
    expect(dataset.manifest.segments.map((entry) => entry.year)).toEqual([2024, 2025]);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test.prop(
    [
      fc.oneof(fc.integer({ min: -5, max: rows + 5 }), fc.constantFrom(65_536, 131_072, 132_479)),
      fc.integer({ min: 0, max: 70_000 }),
    ],
    { numRuns: 25, seed: 14 },
  )('across batches and years holds exactly the bars inside', (first, span) => {
    const [from, to] = [startUs + first * EVERY, startUs + (first + span) * EVERY];
    const source = dataset.bars({ contract, interval: '1m', from: toTsUs(from), to: toTsUs(to) });
    let next = Math.max(0, first);
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      expect(batch.close[0]).toBe(next);
      expect(batch.close[batch.length - 1]).toBe(next + batch.length - 1);
      next += batch.length;
    }
    expect(next).toBe(Math.max(0, first, Math.min(rows, first + span)));
  });
});
