/**
 * Reading bars through the catalog against reading the same bytes with plain `fs`. Prints the rate and the ratio, medians
 * of seven; FRONTMONTH_BENCH_SMOKE makes it short.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import { openCatalog } from '../src/data/catalog.ts';

const isSmoke = (process.env['FRONTMONTH_BENCH_SMOKE'] ?? '') !== '';
const contract = 'ESZ2024' as ContractId;
const rows = isSmoke ? 70_000 : 500_000;
const rounds = isSmoke ? 1 : 7;
const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-bench-'));

function median(run: () => void): number {
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return times.sort((a, b) => a - b)[rounds >> 1]!;
}

try {
  const openUs = Float64Array.from(
    { length: rows },
    (_, i) => 1_704_200_000_000_000 + i * 60_000_000,
  );
  const prices = Int32Array.from({ length: rows }, (_, i) => 20_000 + (i % 97));
  const bars = {
    length: rows,
    openUs,
    closeUs: openUs.map((us) => us + 60_000_000),
    open: prices,
    high: prices,
    low: prices,
    close: prices,
    volume: new Float64Array(rows).fill(1),
  };
  const started = openCatalog(folder, { sync: false }).createDataset({
    name: 'bench',
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'bench',
    source: 'bench',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  });
  const write = median(() => {
    const writer = started.beginWrite();
    writer.putBars(contract, '1m', 2024, bars);
    writer.commit();
  });
  const dataset = openCatalog(folder).dataset('bench');
  const path = dataset.pathOf(dataset.manifest.segments[0]!);
  const plain = median(() => void fs.readFileSync(path));
  const catalog = median(() => {
    const source = dataset.bars({ contract, interval: '1m' });
    while (source.next() !== null);
  });
  const bytes = fs.statSync(path).size;
  const perSecond = (us: number): string => (rows / us).toFixed(1);
  process.stdout.write(
    `catalog read ${perSecond(catalog)} M bars per CPU second, ${(catalog / plain).toFixed(2)} x plain fs\n` +
      `catalog write ${perSecond(write)} M bars per CPU second, with checks and SHA-256\n` +
      `${(bytes / rows).toFixed(1)} bytes a bar\n`,
  );
} finally {
  fs.rmSync(folder, { recursive: true });
}
