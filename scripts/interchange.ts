/** Writes a seeded dataset and, beside it, its source values as CSV: `tsx scripts/interchange.ts <folder>`. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import { openCatalog } from '../src/data/catalog.ts';

const folder = process.argv[2]!;
const rows = 70_000;
const contract = 'ESZ2024' as ContractId;
let state = 1;
const next = (range: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * range);
};

const column = (make: (i: number) => number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => make(i));
const openUs = column((i) => 1_704_200_000_000_000 + i * 60_000_000);
const bars = {
  length: rows,
  openUs,
  closeUs: openUs.map((us) => us + 60_000_000),
  open: Int32Array.from(column(() => next(200_000) - 100_000)),
  high: Int32Array.from(column(() => next(200_000) - 100_000)),
  low: Int32Array.from(column(() => next(200_000) - 100_000)),
  close: Int32Array.from(column(() => next(200_000) - 100_000)),
  volume: column(() => next(5_000)),
};
const tsNs = BigInt64Array.from(
  { length: rows },
  (_, i) => 1_704_200_000_000_000_001n + BigInt(i) * 777n,
);
const trades = {
  length: rows,
  tsUs: Float64Array.from(tsNs, (ns) => Number(ns / 1000n)),
  tsNs,
  seq: column((i) => i),
  price: Int32Array.from(column(() => next(1_000) - 500)),
  qty: column(() => 1 + next(50)),
  aggressor: Int8Array.from(column(() => next(3) - 1)),
};

const writer = openCatalog(folder)
  .createDataset({
    name: 'interchange',
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'seeded values for other readers',
    source: 'seed 1',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  })
  .beginWrite();
const files = [
  [
    writer.putBars(contract, '1m', 2024, bars),
    'open_time,close_time,open,high,low,close,volume',
    [bars.openUs, bars.closeUs, bars.open, bars.high, bars.low, bars.close, bars.volume],
  ],
  [
    writer.putTrades(contract, 2024, trades),
    'time,seq,price,qty,aggressor',
    [tsNs, trades.seq, trades.price, trades.qty, trades.aggressor],
  ],
] as const;
const dataset = writer.commit();
const list = files.map(([entry, header, columns]) => {
  const lines = Array.from({ length: rows }, (_, i) =>
    columns.map((values) => String(values[i])).join(','),
  );
  const csv = join(folder, `${entry.kind}.csv`);
  fs.writeFileSync(csv, `${header}\n${lines.join('\n')}\n`);
  return { arrow: dataset.pathOf(entry), csv };
});
fs.writeFileSync(join(folder, 'files.json'), JSON.stringify(list));
