/**
 * Compares every value that the decoder reads with what Databento's own library reads, over captures of the reference data in
 * versions 1, 2 and 3, ten levels derived from their orders, and synthetic records of the schemas that have no capture.
 * Usage: dbn-check.ts <python with databento-dbn, numpy and zstandard> [folder of the reference data].
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toIsoDate } from '../src/core/trade-date.ts';
import type { DbnBatch } from '../src/data/ingest/dbn/decode.ts';
import { readDbn } from '../src/data/ingest/dbn/import.ts';
import { dbnLayout } from '../src/data/ingest/dbn/layout.ts';
import type { DbnMetadata } from '../src/data/ingest/dbn/metadata.ts';
import { zstdEngine } from '../src/data/ingest/zstd.ts';

interface Theirs {
  readonly file: string;
  readonly records: number;
  readonly fields: Readonly<Record<string, readonly [count: number, sha256: string]>>;
  readonly [name: string]: unknown;
}

const [python = 'python3', data = process.env['FRONTMONTH_REFERENCE_DATA'] ?? '../shared/data'] =
  process.argv.slice(2);
const captures = join(data, 'databento');
const work = mkdtempSync(join(tmpdir(), 'frontmonth-dbn-check-'));
const faults: string[] = [];
let files = 0;
let values = 0;
let records = 0;
const versionsSeen = new Set<string>();

try {
  const script = fileURLToPath(new URL('dbn_check.py', import.meta.url));
  const run = spawnSync(python, [script, work, ...(existsSync(captures) ? [captures] : [])], {
    encoding: 'utf8',
    maxBuffer: 268_435_456,
  });
  if (run.status !== 0) throw new Error(`dbn_check.py: ${run.stderr}`);
  for (const line of run.stdout.trim().split('\n')) await compare(JSON.parse(line) as Theirs);
  if (!existsSync(captures)) console.log(`no captures in ${captures}: synthetic records only`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
console.log(
  `${files} files (versions ${[...versionsSeen].toSorted().join(', ')}), ${records} records, ${values} values compared, ${faults.length} differ; Zstandard: ${zstdEngine()}`,
);
process.exitCode = faults.length === 0 && files > 0 ? 0 : 1;

async function compare(theirs: Theirs): Promise<void> {
  let metadata: DbnMetadata | null = null;
  const ours = new Map<string, { readonly hash: ReturnType<typeof createHash>; count: number }>();
  const fault = (text: string): unknown => faults.push(`${theirs.file}: ${text}`);
  const read = await readDbn(join(work, theirs.file), {
    onMetadata: (head) => (metadata = head),
    onBatch: (batch) => add(batch, metadata!, ours),
    onIssue: (issue) => fault(`byte ${issue.offset}: ${issue.message}`),
  });
  files += 1;
  records += read;
  if (read !== theirs.records) fault(`${read} records, there ${theirs.records}`);
  for (const [name, value] of Object.entries(headOf(metadata!)))
    if (JSON.stringify(value) !== JSON.stringify(theirs[name]))
      fault(`${name} is ${JSON.stringify(value)}, there ${JSON.stringify(theirs[name])}`);
  for (const [name, [count, digest]] of Object.entries(theirs.fields)) {
    const own = ours.get(name);
    values += count;
    if (own === undefined) fault(`${name} is not read`);
    else if (own.count !== count || own.hash.digest('hex') !== digest)
      fault(`${name}: ${own.count} values differ from ${count}`);
    ours.delete(name);
  }
  for (const name of ours.keys()) fault(`${name} is read, there it does not exist`);
}

/** Adds the values of a batch as lines of text, under the names of the other library. */
function add(
  batch: DbnBatch,
  { version }: DbnMetadata,
  into: Map<string, { readonly hash: ReturnType<typeof createHash>; count: number }>,
): void {
  versionsSeen.add(String(version));
  // Bars of every interval are one class on the other side.
  const type = batch.kind === 'ohlcv' ? 32 : batch.rtype[0]!;
  const put = (name: string, at: (row: number) => unknown): void => {
    let entry = into.get(name);
    if (entry === undefined) into.set(name, (entry = { hash: createHash('sha256'), count: 0 }));
    for (let row = 0; row < batch.length; row += 1) {
      entry.hash.update(`${entry.count === 0 ? '' : '\n'}${String(at(row))}`, 'latin1');
      entry.count += 1;
    }
  };
  const levels = ['mbp-1', 'mbp-10', 'bbo', 'cmbp-1', 'cbbo'].includes(batch.kind);
  for (const field of dbnLayout(batch.kind, version).fields) {
    const column = (batch as unknown as Record<string, ArrayLike<unknown>>)[field.name]!;
    const name = theirName(batch, field.name);
    if (levels && /^(bid|ask)(Px|Sz|Ct|Pb)$/.test(field.name))
      for (let k = 0; k < field.levels; k += 1)
        put(
          `${type}.${name}_${String(k).padStart(2, '0')}`,
          (row) => column[row * field.levels + k],
        );
    else put(`${type}.${name}`, (row) => column[row]);
  }
  const { tsOut } = batch;
  if (tsOut !== null) put(`${type}.ts_out`, (row) => tsOut[row]);
}

function theirName(batch: DbnBatch, name: string): string {
  if (name === 'message') return batch.kind === 'error' ? 'err' : 'msg';
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function headOf(metadata: DbnMetadata): Record<string, unknown> {
  const { version, dataset, schema, start, end, stypeIn, stypeOut, hasTsOut, symbols } = metadata;
  return {
    version,
    dataset,
    schema,
    start: String(start),
    end: String(end),
    stypeIn,
    stypeOut,
    hasTsOut,
    symbols,
    mappings: metadata.mappings
      .map(({ symbol, intervals }) => [
        symbol,
        intervals.map((each) => [toIsoDate(each.from), toIsoDate(each.to), each.symbol]),
      ])
      .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  };
}
