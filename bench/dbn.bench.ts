/**
 * Decoding DBN into columns against reading the same bytes once: records a second of CPU time, medians. Unpacking is measured apart.
 * Records come from a small integer generator; FRONTMONTH_BENCH_SMOKE makes it short.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractId } from '../src/core/instrument.ts';
import type { TradeDate } from '../src/core/units.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { DbnDecoder } from '../src/data/ingest/dbn/decode.ts';
import { importDbn } from '../src/data/ingest/dbn/import.ts';
import type { DbnKind } from '../src/data/ingest/dbn/layout.ts';
import { dbnLayout, RTYPE } from '../src/data/ingest/dbn/layout.ts';
import { unpackZstd, zstdEngine } from '../src/data/ingest/zstd.ts';
import { dbnHead, dbnRecord, ES_MAPPING, DBN_NS, zstdFrame } from '../test/support/dbn-writer.ts';

const isSmoke = (process.env['FRONTMONTH_BENCH_SMOKE'] ?? '') !== '';
const records = isSmoke ? 20_000 : 2_000_000;
const rounds = isSmoke ? 1 : 7;
const BLOCK = 4096;

/** A block of records of the same length, with times, prices and sizes that vary. */
function block(kind: DbnKind, rtype: number): Uint8Array {
  let state = 12_345;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state * below) / 2_147_483_648);
  };
  const parts = Array.from({ length: BLOCK }, (_, k) => {
    const price = 5_000_000_000_000n + BigInt(next(400)) * 250_000_000n;
    const time = DBN_NS + BigInt(k) * 1000n;
    return dbnRecord({
      kind,
      rtype,
      fields: {
        publisherId: 1,
        instrumentId: 17,
        tsEvent: time,
        tsRecv: time,
        orderId: BigInt(k),
        price,
        size: 1 + next(20),
        action: kind === 'trades' ? 'T' : 'A',
        side: next(2) === 0 ? 'A' : 'B',
        flags: 128,
        sequence: k,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: next(1000),
        bidPx: Array.from({ length: kind === 'mbp-10' ? 10 : 1 }, () => price),
        askPx: Array.from({ length: kind === 'mbp-10' ? 10 : 1 }, () => price + 250_000_000n),
      },
    });
  });
  const out = new Uint8Array(parts.length * parts[0]!.length);
  parts.forEach((part, k) => out.set(part, k * part.length));
  return out;
}

function median(run: () => number): { seconds: number; rows: number } {
  let rows = 0;
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    rows = run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return { seconds: times.sort((a, b) => a - b)[rounds >> 1]!, rows };
}

/** Every 32-bit word of the bytes once, in one loop. */
function sum(bytes: Uint8Array, times: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let total = 0;
  for (let k = 0; k < times; k += 1)
    for (let i = 0; i < words.length; i += 1) total = (total + words[i]!) | 0;
  return total;
}

console.log(`decoding ${records} records; CPU time, median of ${rounds}`);
console.log('kind      bytes   M records/s   reading the bytes   ratio');
let checksum = 0;
for (const [kind, rtype] of [
  ['trades', RTYPE.trades],
  ['mbo', RTYPE.mbo],
  ['ohlcv', RTYPE.ohlcv1m],
  ['mbp-1', RTYPE.mbp1],
  ['mbp-10', RTYPE.mbp10],
] as const) {
  const bytes = block(kind, rtype);
  // Ten levels are 368 bytes: fewer records make the same bytes.
  const times = Math.max(1, Math.round(records / BLOCK / (kind === 'mbp-10' ? 5 : 1)));
  const decoded = median(() => {
    let rows = 0;
    const decoder = new DbnDecoder(
      {
        onBatch: (batch) => {
          rows += batch.length;
          checksum = (checksum + batch.instrumentId[batch.length - 1]!) | 0;
        },
        onIssue: (issue) => {
          throw new Error(issue.message);
        },
      },
      { isReused: true },
    );
    decoder.push(dbnHead({ schema: kind === 'ohlcv' ? 'ohlcv-1m' : kind }));
    for (let k = 0; k < times; k += 1) decoder.push(bytes);
    decoder.finish();
    return rows;
  });
  const read = median(() => {
    checksum = (checksum + sum(bytes, times)) | 0;
    return times * BLOCK;
  });
  const [own, plain] = [decoded.rows / decoded.seconds / 1e6, read.rows / read.seconds / 1e6];
  console.log(
    `${kind.padEnd(8)} ${String(dbnLayout(kind, 1).bytes).padStart(6)} ${own.toFixed(1).padStart(13)} ${plain.toFixed(1).padStart(19)} ${(own / plain).toFixed(2).padStart(7)}`,
  );
}

const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-bench-'));
try {
  const body = block('trades', RTYPE.trades);
  const repeats = isSmoke ? 1 : 100;
  const path = join(folder, 'trades.dbn');
  const file = fs.openSync(path, 'w');
  fs.writeSync(file, dbnHead({ mappings: ES_MAPPING }));
  for (let k = 0; k < repeats; k += 1) {
    // Later by as much as the block is long.
    const view = new DataView(body.buffer);
    if (k > 0)
      for (let at = 0; at < body.length; at += 48)
        view.setBigUint64(at + 32, view.getBigUint64(at + 32, true) + 4_096_000n, true);
    fs.writeSync(file, body);
  }
  fs.closeSync(file);
  const dataset = openCatalog(folder, { sync: false }).createDataset({
    name: 'bench',
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'bench',
    source: 'bench',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'open',
  });
  const before = process.cpuUsage();
  const report = await importDbn(dataset, {
    paths: [path],
    contractOf: () => ({ contract: 'ESH2024' as ContractId }),
    productOf: () => null,
    tradeDateOf: () => 0 as TradeDate,
  });
  const { user, system } = process.cpuUsage(before);
  const rate = report.records / (user + system);
  console.log(`import of trades into a dataset: ${rate.toFixed(2)} M records/s of CPU time`);

  const plain = fs.readFileSync(path);
  const packed = zstdFrame(plain, { windowLog: 21 });
  for (const engine of zstdEngine() === 'runtime'
    ? (['own', 'runtime'] as const)
    : (['own'] as const)) {
    const start = process.cpuUsage();
    let bytes = 0;
    for await (const piece of unpackZstd([packed], 'bench', engine)) bytes += piece.length;
    const used = process.cpuUsage(start);
    console.log(
      `unpacking stored blocks in a window of 2 MiB (${engine}): ${(bytes / (used.user + used.system)).toFixed(0)} MB/s of CPU time`,
    );
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
if (checksum === 1) console.log('');
