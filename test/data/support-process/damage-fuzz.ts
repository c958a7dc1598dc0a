/**
 * Damages files thousands of times and reads them through every door: `damage-fuzz.ts <folder> <seed> <rounds>`. Prints one
 * line of JSON. Its parent ends it when a damaged file makes it hang.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { ContractId } from '../../../src/core/instrument.ts';
import { TradingError } from '../../../src/core/errors.ts';
import { openArrowFile, readTable, writeTable } from '../../../src/data/arrow-store.ts';
import { openCatalog } from '../../../src/data/catalog.ts';
import { checkDataset } from '../../../src/data/quality.ts';

const [folder = '', seed = '1', rounds = '100'] = process.argv.slice(2);
const contract = 'ESZ2024' as ContractId;
const MINUTE = 60_000_000;
const START = Date.UTC(2024, 2, 4, 14, 30) * 1000;

let state = Number(seed);
const below = (range: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * range);
};

const rows = 40;
const openUs = Float64Array.from({ length: rows }, (_, i) => START + i * MINUTE);
const prices = Int32Array.from({ length: rows }, (_, i) => 100 + i);
const writer = openCatalog(folder, { sync: false })
  .createDataset({
    name: 'fuzz',
    createdBy: 'test',
    isSynthetic: true,
    description: 'fuzz',
    source: 'fuzz',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  })
  .beginWrite();
const entry = writer.putBars(contract, '1m', 2024, {
  length: rows,
  openUs,
  closeUs: openUs.map((us) => us + MINUTE),
  open: prices,
  high: prices,
  low: prices,
  close: prices,
  volume: new Float64Array(rows).fill(1),
});
const dataset = writer.commit();
const table = join(folder, 'table.arrow');
const words = Array.from({ length: rows }, (_, i) => `word ${i % 5}`);
writeTable(table, {
  word: { type: 'utf8', values: words },
  other: { type: 'utf8', values: words.map((word) => `${word}!`) },
  flag: { type: 'bool', values: words.map((_, i) => i % 2 === 0) },
  x: { type: 'f64', values: openUs },
});

const LENGTHS = [0x7fffffff, 0x40000000, 0x00ffffff, -1, -2_147_483_648, 0, 1, 2, 4, 65_536];

/** One to four changes: flipped bits, a length in the place of four bytes, a cut, bytes copied from elsewhere. */
function damage(good: Buffer): Buffer {
  let bytes = Buffer.from(good);
  // Metadata stand at both ends; the middle is values, of which every bit pattern is possible.
  const place = (): number =>
    below(3) === 0 ? below(bytes.length) : Math.max(0, bytes.length - 1 - below(1800));
  for (let left = 1 + below(4); left > 0 && bytes.length > 16; left -= 1) {
    const at = Math.min(place(), bytes.length - 8);
    const kind = below(20);
    if (kind < 6) bytes[at]! ^= 1 << below(8);
    else if (kind < 15) bytes.writeInt32LE(LENGTHS[below(LENGTHS.length)]!, at & ~3);
    else if (kind < 17) bytes.writeBigInt64LE(BigInt(LENGTHS[below(LENGTHS.length)]!), at & ~7);
    else if (kind < 19) bytes.copy(bytes, at, below(bytes.length - 8), below(bytes.length));
    else bytes = Buffer.from(bytes.subarray(0, below(bytes.length)));
  }
  return bytes;
}

const outcomes: Record<string, number> = {};
let most = 0;
/** What a read gives: a readable file, or an error of our own. Anything else ends this process. */
function tried(read: () => unknown): void {
  let outcome = 'read';
  try {
    read();
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    outcome = error.code;
  }
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const { rss } = process.memoryUsage();
  most = Math.max(most, rss);
}

const segment = dataset.pathOf(entry);
const goodTable = fs.readFileSync(table);
const goodSegment = fs.readFileSync(segment);
const before = process.memoryUsage().rss;
for (let round = 0; round < Number(rounds); round += 1) {
  fs.writeFileSync(table, damage(goodTable));
  tried(() => readTable(table));
  const bytes = damage(goodSegment);
  fs.writeFileSync(segment, bytes);
  tried(() => {
    const source = dataset.bars({ contract, interval: '1m' });
    while (source.next() !== null);
  });
  tried(() => {
    const reader = openArrowFile(segment);
    try {
      for (let k = 0; k < reader.numBatches; k += 1) reader.readBatch(k);
    } finally {
      reader.close();
    }
  });
  const isSame = bytes.equals(goodSegment);
  if (checkDataset(dataset).isFit !== isSame) throw new Error(`round ${round}: damage not found`);
}
process.stdout.write(
  `${JSON.stringify({ outcomes, grownMegabytes: Math.round((most - before) / 1e6) })}\n`,
);
