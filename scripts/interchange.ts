/**
 * Shows that other programs read our files as we wrote them: seeded values of every kind go into a dataset, and beside it as
 * CSV; pyarrow, polars and DuckDB must give the same values, of the files of the dataset and of what `data export` makes of them.
 *
 *     node --import tsx scripts/interchange.ts <python with pyarrow, polars and duckdb>
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { EXPORT_FORMATS, exportDataset } from '../src/data/export/export.ts';
import type { SegmentEntry } from '../src/data/manifest.ts';

/** More than one record batch. */
const ROWS = 70_000;
const INCREMENT = 0.25;
const contract = 'ESZ2024' as ContractId;

let state = 1;
const below = (range: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * range);
};
const column = (make: (i: number) => number): Float64Array =>
  Float64Array.from({ length: ROWS }, (_, i) => make(i));
const bytes = (make: () => number): Uint8Array => Uint8Array.from({ length: ROWS }, make);
const sides = (): Int8Array => Int8Array.from({ length: ROWS }, () => below(3) - 1);
const counts = (range: number): Int32Array =>
  Int32Array.from({ length: ROWS }, () => below(2 * range) - range);

const openUs = column((i) => 1_704_200_000_000_000 + i * 60_000_000);
const closeUs = openUs.map((us) => us + 60_000_000);
const bars = {
  length: ROWS,
  openUs,
  closeUs,
  open: counts(100_000),
  high: counts(100_000),
  low: counts(100_000),
  close: counts(100_000),
  volume: column(() => below(5_000)),
};
const tsNs = BigInt64Array.from(
  { length: ROWS },
  (_, i) => 1_704_200_000_000_000_001n + BigInt(i) * 777n,
);
const tick = {
  length: ROWS,
  tsUs: Float64Array.from(tsNs, (ns) => Number(ns / 1000n)),
  tsNs,
  seq: column((i) => i),
};
const quantity = (): Float64Array => column(() => 1 + below(50));
const trades = { ...tick, price: counts(500), qty: quantity(), aggressor: sides() };
const quotes = {
  ...tick,
  bid: counts(500),
  ask: counts(500),
  bidQty: quantity(),
  askQty: quantity(),
};
const depth = {
  ...tick,
  side: sides(),
  price: counts(500),
  qty: quantity(),
  orderCount: Int32Array.from({ length: ROWS }, () => below(9)),
  isEventEnd: bytes(() => below(2)),
};
const mbo = {
  ...tick,
  orderId: BigUint64Array.from({ length: ROWS }, (_, i) => 2n ** 63n + BigInt(i) * 7919n),
  action: bytes(() => below(6)),
  side: sides(),
  // Counts that need 64 bits, as fine increments of a data source do.
  price: column(() => 6_000_000_000_000 + below(1_000_000)),
  qty: quantity(),
  isEventEnd: bytes(() => below(2)),
};
/** A product whose source gives neither volumes nor a grid. */
const loose = {
  ...bars,
  open: column(() => below(1_000_000) / 7),
  high: column(() => below(1_000_000) / 7),
  low: column(() => below(1_000_000) / 7),
  close: column(() => below(1_000_000) / 7),
  volume: column(() => (below(3) === 0 ? NaN : below(100))),
};

type Values = ArrayLike<number | bigint>;
interface Written {
  /** The same rows as `data export` writes them, by format, with prices and counts. */
  readonly exported: Readonly<Record<string, string>>;
  readonly arrow: string;
  readonly csv: string;
  /** Plain prices by column. */
  readonly prices: Readonly<Record<string, readonly number[]>>;
}

async function write(folder: string): Promise<Written[]> {
  const meta = {
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'seeded values for other readers',
    source: 'seed 1',
    stamps: 'instants',
    barStamp: 'close',
  } as const;
  const catalog = openCatalog(folder, { sync: false });
  const ticks = { ES: { kind: 'ticks', increment: INCREMENT } } as const;
  const known = catalog
    .createDataset({ ...meta, name: 'known', grids: ticks, volume: 'known' })
    .beginWrite({ isValidated: false });
  const floats = { ES: { kind: 'float', increment: 1 } } as const;
  const unknown = catalog
    .createDataset({ ...meta, name: 'unknown', grids: floats, volume: 'unknown' })
    .beginWrite({ isValidated: false });
  const of = (...columns: readonly (readonly [string, Values])[]) => columns;
  const time = [['time', tsNs] as const, ['seq', tick.seq] as const];
  const barColumns = (rows: typeof bars | typeof loose) =>
    of(
      ['open_time', rows.openUs],
      ['close_time', rows.closeUs],
      ['open', rows.open],
      ['high', rows.high],
      ['low', rows.low],
      ['close', rows.close],
      ['volume', rows.volume],
    );
  const plan = [
    [known.putBars(contract, '1m', 2024, bars), barColumns(bars), ['open', 'close']],
    [
      known.put('trades', contract, 2024, trades),
      of(...time, ['price', trades.price], ['qty', trades.qty], ['aggressor', trades.aggressor]),
      ['price'],
    ],
    [
      known.put('quotes', contract, 2024, quotes),
      of(
        ...time,
        ['bid', quotes.bid],
        ['ask', quotes.ask],
        ['bid_qty', quotes.bidQty],
        ['ask_qty', quotes.askQty],
      ),
      ['bid', 'ask'],
    ],
    [
      known.put('depth', contract, 2024, depth),
      of(
        ...time,
        ['side', depth.side],
        ['price', depth.price],
        ['qty', depth.qty],
        ['order_count', depth.orderCount],
        ['event_end', depth.isEventEnd],
      ),
      ['price'],
    ],
    [
      known.put('mbo', contract, 2024, mbo),
      of(
        ...time,
        ['order_id', mbo.orderId],
        ['action', mbo.action],
        ['side', mbo.side],
        ['price', mbo.price],
        ['qty', mbo.qty],
        ['event_end', mbo.isEventEnd],
      ),
      ['price'],
    ],
    [unknown.putBars(contract, '1m', 2024, loose), barColumns(loose), []],
  ] as const satisfies readonly (readonly [
    SegmentEntry,
    readonly (readonly [string, Values])[],
    readonly string[],
  ])[];
  const stored = [known.commit(), unknown.commit()];
  const exportOf = (name: string, format: string): string =>
    join(folder, `export-${name}-${format}`);
  for (const dataset of stored)
    for (const format of EXPORT_FORMATS)
      await exportDataset(dataset, {
        format,
        target: { folder: exportOf(dataset.name, format) },
        prices: 'both',
      });
  return plan.map(([entry, columns, prices], k) => {
    const csv = join(folder, `${k}.csv`);
    fs.writeFileSync(csv, toCsv(columns));
    const plain = columns.filter(([name]) => (prices as readonly string[]).includes(name));
    const { name } = stored[k === plan.length - 1 ? 1 : 0]!;
    const table = entry.interval === null ? entry.kind : `${entry.kind}-${entry.interval}`;
    return {
      exported: Object.fromEntries(
        EXPORT_FORMATS.map((format) => [
          format,
          join(exportOf(name, format), `${table}.${format}`),
        ]),
      ),
      arrow: stored[k === plan.length - 1 ? 1 : 0]!.pathOf(entry),
      csv,
      prices: Object.fromEntries(
        plain.map(([name, values]) => [
          name,
          Array.from(values as ArrayLike<number>, (count) => count * INCREMENT),
        ]),
      ),
    };
  });
}

function toCsv(columns: readonly (readonly [string, Values])[]): string {
  const isFraction = (values: Values): boolean =>
    Array.prototype.some.call(
      values,
      (value: number | bigint) => typeof value === 'number' && !Number.isInteger(value),
    );
  const show = columns.map(([name, values]) => {
    if (name === 'event_end') return (i: number) => (values[i] === 1 ? 'true' : 'false');
    if (!isFraction(values)) return (i: number) => String(values[i]);
    return (i: number) => (Number.isInteger(values[i]) ? `${values[i]}.0` : String(values[i]));
  });
  const lines = Array.from({ length: ROWS }, (_, i) => show.map((text) => text(i)).join(','));
  return `${columns.map(([name]) => name).join(',')}\n${lines.join('\n')}\n`;
}

const python = process.argv[2];
if (python === undefined) {
  console.error('usage: node --import tsx scripts/interchange.ts <python>');
  process.exit(2);
}
const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-interchange-'));
try {
  fs.writeFileSync(join(folder, 'files.json'), JSON.stringify(await write(folder)));
  const compare = join(import.meta.dirname, 'interchange.py');
  process.exitCode = spawnSync(python, [compare, folder], { stdio: 'inherit' }).status ?? 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
