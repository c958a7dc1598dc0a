/** Reading bars through the catalog against reading the same bytes with plain `fs`. Prints the ratio; needs no clock but the process's. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import { openCatalog } from '../src/data/catalog.ts';

const contract = 'ESZ2024' as ContractId;
const rows = 500_000;
const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-bench-'));
const openUs = Float64Array.from(
  { length: rows },
  (_, i) => 1_704_200_000_000_000 + i * 60_000_000,
);
const prices = Int32Array.from({ length: rows }, (_, i) => 20_000 + (i % 97));
const writer = openCatalog(folder, { sync: false })
  .createDataset({
    name: 'bench',
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'bench',
    source: 'bench',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  })
  .beginWrite();
const entry = writer.putBars(contract, '1m', 2024, {
  length: rows,
  openUs,
  closeUs: openUs.map((us) => us + 60_000_000),
  open: prices,
  high: prices,
  low: prices,
  close: prices,
  volume: new Float64Array(rows).fill(1),
});
const dataset = writer.commit();

function median(run: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start);
  });
  return times.sort((a, b) => a - b)[3]!;
}

const plain = median(() => void fs.readFileSync(dataset.pathOf(entry)));
const catalog = median(() => {
  const source = dataset.bars({ contract, interval: '1m' });
  while (source.next() !== null);
});
process.stdout.write(
  `catalog read ${(rows / (catalog / 1e9) / 1e6).toFixed(1)} M bars/s, ${(catalog / plain).toFixed(2)} x plain fs\n`,
);
fs.rmSync(folder, { recursive: true });
