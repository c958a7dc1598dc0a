/**
 * A continuous view over twenty years of minute bars beside a scan of the raw columns: eighty quarterly contracts, 7 million
 * bars of whole counts, the same loop over both. CPU time, median of several rounds; the ratio is raw ÷ view.
 *
 *     node --import tsx bench/continuous.bench.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BarColumns, PriceColumn } from '../src/core/bars.ts';
import type { ContractId } from '../src/core/instrument.ts';
import type { BarSource } from '../src/core/ports.ts';
import { UniformGrid } from '../src/core/price-grid.ts';
import type { Adjustment, RollSchedule } from '../src/core/roll.ts';
import { toContractId } from '../src/core/symbology.ts';
import type { TsUs } from '../src/core/units.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { readContinuous } from '../src/data/continuous.ts';
import type { ContinuousSpan } from '../src/data/continuous.ts';
import { toGivenSchedule } from '../src/data/roll.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const CONTRACTS = IS_SMOKE ? 4 : 80;
const ROWS = IS_SMOKE ? 2000 : 90_000;
const ROUNDS = IS_SMOKE ? 1 : 9;
const CHUNK = 65_536;
const MINUTE = 60_000_000;
const START = 1_136_073_600_000_000;

const ids = Array.from({ length: CONTRACTS }, (_, k) =>
  toContractId('ES', 2006 + Math.floor(k / 4), 3 * ((k % 4) + 1)),
);

/** Bars of contract k: its own quarter, cut into batches. */
function build(k: number): BarColumns[] {
  const batches: BarColumns[] = [];
  let [price, seed] = [5000 + k, 1 + k];
  for (let from = 0; from < ROWS; from += CHUNK) {
    const length = Math.min(CHUNK, ROWS - from);
    const int = (): Int32Array => new Int32Array(length);
    const [open, high, low, close] = [int(), int(), int(), int()];
    const openUs = new Float64Array(length);
    const closeUs = new Float64Array(length);
    const volume = new Float64Array(length);
    for (let i = 0; i < length; i += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const step = (seed % 9) - 4;
      openUs[i] = START + (k * ROWS + from + i) * MINUTE;
      closeUs[i] = openUs[i]! + MINUTE;
      open[i] = price;
      close[i] = price + step;
      high[i] = Math.max(price, price + step) + 1;
      low[i] = Math.min(price, price + step) - 1;
      volume[i] = seed % 1000;
      price += step;
    }
    batches.push({ length, openUs, closeUs, open, high, low, close, volume });
  }
  return batches;
}

function sourceOf(batches: readonly BarColumns[]): BarSource {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
}

type Source = (contractIndex: number) => BarSource;

const grid = new UniformGrid(0.25);
const schedule: RollSchedule = toGivenSchedule({
  root: 'ES',
  name: 'bench',
  first: ids[0]!,
  rolls: ids.slice(1).map((to, k) => ({
    from: ids[k]!,
    to,
    atUs: (START + (k + 1) * ROWS * MINUTE) as TsUs,
    fromPrice: 5000,
    toPrice: 4990 + (k % 21),
  })),
  indexOf: (id: ContractId) => ids.indexOf(id),
});

const view = (bars: Source, adjust: Adjustment): Iterable<ContinuousSpan> =>
  readContinuous({ schedule, grid, adjust, bars });

const sum = (column: PriceColumn, length: number, shift: number): number => {
  let total = 0;
  for (let i = 0; i < length; i += 1) total += column[i]! + shift;
  return total;
};

function* rawBatches(bars: Source): Generator<BarColumns, void> {
  for (let k = 0; k < CONTRACTS; k += 1) {
    const source = bars(k);
    for (let batch = source.next(); batch !== null; batch = source.next()) yield batch;
    source.close();
  }
}

interface Case {
  readonly name: string;
  readonly raw: () => number;
  readonly view: () => number;
}

/** Four prices of every bar; `counts` reads the view as counts and offset, the other as decimals. */
function cases(label: string, bars: Source): Case[] {
  const raw = (): number => {
    let total = 0;
    for (const { length, open, high, low, close } of rawBatches(bars))
      total +=
        sum(open, length, 0) + sum(high, length, 0) + sum(low, length, 0) + sum(close, length, 0);
    return total;
  };
  /** The same columns as decimal prices: what a reader of the raw file has to do too. */
  const rawDecimals = (): number => {
    const prices = new Float64Array(CHUNK);
    let total = 0;
    for (const batch of rawBatches(bars)) {
      for (const column of [batch.open, batch.high, batch.low, batch.close]) {
        for (let i = 0; i < batch.length; i += 1) prices[i] = column[i]! * 0.25;
        total += sum(prices, batch.length, 0);
      }
    }
    return total;
  };
  const counts = (): number => {
    let total = 0;
    for (const span of view(bars, 'back-difference')) {
      const { length, offset } = span;
      total += sum(span.rawOpen, length, offset) + sum(span.rawHigh, length, offset);
      total += sum(span.rawLow, length, offset) + sum(span.rawClose, length, offset);
    }
    return total;
  };
  const decimals = (adjust: Adjustment) => (): number => {
    let total = 0;
    for (const span of view(bars, adjust)) {
      const { length } = span;
      total += sum(span.open, length, 0) + sum(span.high, length, 0);
      total += sum(span.low, length, 0) + sum(span.close, length, 0);
    }
    return total;
  };
  return [
    { name: `${label}: adjusted counts ÷ raw counts`, raw, view: counts },
    { name: `${label}: adjusted decimals ÷ raw counts`, raw, view: decimals('back-difference') },
    {
      name: `${label}: adjusted decimals ÷ raw decimals`,
      raw: rawDecimals,
      view: decimals('back-difference'),
    },
    {
      name: `${label}: ratio-adjusted decimals ÷ raw decimals`,
      raw: rawDecimals,
      view: decimals('back-ratio'),
    },
  ];
}

function cpuUs(run: () => number): number {
  const from = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(from);
  return user + system;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

function measure(one: Case): void {
  const rawUs: number[] = [];
  const viewUs: number[] = [];
  one.raw();
  one.view();
  for (let round = 0; round < ROUNDS; round += 1) {
    rawUs.push(cpuUs(one.raw));
    viewUs.push(cpuUs(one.view));
  }
  const [raw, seen] = [median(rawUs), median(viewUs)];
  const rate = (us: number): string => `${((CONTRACTS * ROWS) / us).toFixed(1)} M bars/s`;
  process.stdout.write(
    `${one.name}\n  ${(raw / seen).toFixed(2)} of the raw speed (view ${rate(seen)}, raw ${rate(raw)})\n`,
  );
}

const memory = ids.map((_, k) => build(k));
for (const one of cases('in memory', (k) => sourceOf(memory[k]!))) measure(one);

const folder = mkdtempSync(join(tmpdir(), 'frontmonth-bench-'));
try {
  const meta = {
    name: 'bench',
    createdBy: 'bench',
    isSynthetic: true,
    description: '',
    source: 'bench',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  } as const;
  const writer = openCatalog(folder, { sync: false }).createDataset(meta).beginWrite();
  ids.forEach((id, k) => writer.putBarsByYear(id, '1m', memory[k]!));
  const dataset = writer.commit();
  const stored = (k: number): BarSource => dataset.bars({ contract: ids[k]!, interval: '1m' });
  for (const one of cases('through the catalog', stored)) measure(one);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
