/**
 * DBN files into a dataset: bars, trades, quotes, depth, orders, statistics, definitions and open interest, by contract. One pass,
 * bounded memory. Files of one schema are one transaction unless they overlap; it is whole or nothing. Rows of a file replace what
 * is stored between its first and its last moment, so importing a file again changes nothing.
 */
import * as fs from 'node:fs';
import { basename } from 'node:path';
import type { BarInterval } from '../../../core/bars.ts';
import { TradingError } from '../../../core/errors.ts';
import type { ContractId } from '../../../core/instrument.ts';
import { parseContractId } from '../../../core/symbology.ts';
import type { TradeDate } from '../../../core/units.ts';
import type { Dataset } from '../../catalog.ts';
import type { DatasetWriter } from '../../dataset-writer.ts';
import { errnoOf } from '../../file-io.ts';
import type { GridStatement, SegmentEntry } from '../../manifest.ts';
import { segmentKey } from '../../manifest.ts';
import type { OpenInterestFigure } from '../../open-interest.ts';
import { putOpenInterest } from '../../open-interest.ts';
import type { ZstdEngine } from '../zstd.ts';
import { isZstd, unpackZstd } from '../zstd.ts';
import type { DbnBatch, DbnIssueReason } from './decode.ts';
import { DbnDecoder } from './decode.ts';
import { DbnLane } from './lanes.ts';
import type { DbnMetadata } from './metadata.ts';
import { isDbn } from './metadata.ts';
import type { DbnGrid, DbnLeftOut, DbnRefusal } from './rows.ts';
import { DbnRows } from './rows.ts';
import type { DbnContractOf } from './symbols.ts';
import { DbnSymbols } from './symbols.ts';

/** What an import needs to know of a product. */
export interface DbnProduct {
  /** What a dataset that has none of the product states. */
  readonly grid: GridStatement;
  readonly currency: string;
  /** Whether zero and below are prices. */
  readonly mayBeZeroOrBelow: boolean;
}

export interface DbnImportOptions {
  /** Plain or Zstandard, told apart by the first bytes. */
  readonly paths: readonly string[];
  readonly contractOf: DbnContractOf;
  /** Null for a product without a specification: its records are left out. */
  readonly productOf: (root: string) => DbnProduct | null;
  /** The trade date that open interest published at a moment is of, where the record does not say. */
  readonly tradeDateOf: (root: string, knownUs: number) => TradeDate;
  /** The contract of every record, for files without a mapping. */
  readonly contract?: ContractId;
  /** Take the valid records; the others go to this file as JSON lines. */
  readonly quarantine?: { readonly issuesPath: string };
  /** Called now and then with the records read. */
  readonly onProgress?: (records: number) => void;
  /** A test names the decompressor. */
  readonly zstd?: ZstdEngine;
}

/** One refused record, or a run of them. */
export interface DbnImportIssue {
  readonly path: string;
  /** Byte in the unpacked file. */
  readonly offset: number;
  readonly reason: DbnRefusal | DbnIssueReason;
  readonly records: number;
  readonly message: string;
}

/** Records that are no data of a contract, by reason. */
export interface DbnLeftOutCount {
  readonly reason: DbnLeftOut;
  readonly records: number;
  /** The first five symbols or messages. */
  readonly symbols: readonly string[];
}

export interface DbnImportReport {
  readonly dataset: Dataset;
  /** False where the dataset held every row already. */
  readonly isChanged: boolean;
  /** Rows written, by kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly records: number;
  /** Records refused; 0 unless quarantine was asked for. */
  readonly refused: number;
  readonly counts: Readonly<Record<string, number>>;
  /** The first twenty. */
  readonly issues: readonly DbnImportIssue[];
  readonly leftOut: readonly DbnLeftOutCount[];
  /** Records whose bad receive time was replaced by that of the record before. */
  readonly clamped: number;
}

const LISTED = 20;
const SYMBOLS_LISTED = 5;
const PIECE_BYTES = 262_144;

/** Whether the first bytes of a file are those of DBN or of Zstandard. Errors: E_IMPORT_FILE. */
export function looksLikeDbn(path: string): 'dbn' | 'zstd' | null {
  const head = readHead(path, 8);
  return isDbn(head) ? 'dbn' : isZstd(head) ? 'zstd' : null;
}

/** The metadata alone. Errors: E_IMPORT_FILE, E_DBN_FORMAT. */
export async function readDbnMetadata(path: string, zstd?: ZstdEngine): Promise<DbnMetadata> {
  let metadata: DbnMetadata | null = null;
  const decoder = new DbnDecoder({
    onMetadata: (read) => (metadata = read),
    onBatch: () => undefined,
    onIssue: () => undefined,
  });
  for await (const piece of unpacked(path, zstd)) {
    decoder.push(piece);
    if (metadata !== null) return metadata;
  }
  decoder.finish();
  // `finish` has thrown for a file that ends before.
  return metadata!;
}

/**
 * Reads every record of a file in order, with its metadata first.
 * Errors: E_IMPORT_FILE, E_DBN_FORMAT; records that cannot be read are issues.
 */
export async function readDbn(
  path: string,
  sink: ConstructorParameters<typeof DbnDecoder>[0],
  options: { readonly zstd?: ZstdEngine; readonly isReused?: boolean } = {},
): Promise<number> {
  const decoder = new DbnDecoder(sink, { isReused: options.isReused ?? false });
  for await (const piece of unpacked(path, options.zstd)) {
    decoder.push(piece);
    if (decoder.hasEnded) break;
  }
  decoder.finish();
  return decoder.records;
}

async function* unpacked(path: string, zstd: ZstdEngine | undefined): AsyncGenerator<Uint8Array> {
  const isPacked = isZstd(readHead(path, 4));
  const file = fs.createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    const pieces = reading(file, path);
    if (isPacked) yield* unpackZstd(pieces, path, zstd);
    else yield* pieces;
  } finally {
    file.destroy();
  }
}

async function* reading(file: fs.ReadStream, path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of file) yield piece as Uint8Array;
  } catch (cause) {
    throw errnoOf(cause) === '' ? cause : fileError(path, cause);
  }
}

function readHead(path: string, count: number): Uint8Array {
  const head = new Uint8Array(count);
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    try {
      if (!fs.fstatSync(fd).isFile())
        throw Object.assign(new Error('not a regular file'), { code: 'ENOTSUP' });
      return head.subarray(0, fs.readSync(fd, head, 0, count, 0));
    } finally {
      fs.closeSync(fd);
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
}

function fileError(path: string, cause: unknown): TradingError {
  const reason = errnoOf(cause) || (cause instanceof Error ? cause.message : String(cause));
  return new TradingError('E_IMPORT_FILE', `cannot read ${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'the source is a file that is read to its end',
    fix: reason === 'ENOENT' ? 'check the path' : 'check the file and its permissions',
    cause,
  });
}

interface Source {
  readonly path: string;
  readonly metadata: DbnMetadata;
}

/** Definitions first, since they name the numbers of the other files; the rest by schema, then by time. */
const ORDER = [
  'definition',
  'statistics',
  'mbo',
  'mbp-10',
  'mbp-1',
  'tbbo',
  'bbo-1s',
  'bbo-1m',
  'trades',
];

/**
 * Imports files and commits.
 * Errors: E_IMPORT_FILE, E_DBN_FORMAT, E_IMPORT_ROWS with the first twenty records, those of the writer. After an error the files
 * of the transaction have changed nothing; files of another schema, named earlier in the order above, stay imported.
 */
export async function importDbn(
  dataset: Dataset,
  options: DbnImportOptions,
): Promise<DbnImportReport> {
  const sources: Source[] = [];
  for (const path of options.paths)
    sources.push({ path, metadata: await readDbnMetadata(path, options.zstd) });
  sources.sort(compareSources);
  const symbols = new DbnSymbols(options.contractOf, options.contract ?? null);
  const tally = new Tally(options);
  let current = dataset;
  let isChanged = false;
  let at = 0;
  try {
    while (at < sources.length) {
      const run = new Transaction(current, options, symbols, tally);
      const { schema } = sources[at]!.metadata;
      try {
        let isNext = true;
        while (isNext) {
          await run.file(sources[at]!);
          at += 1;
          const next = sources[at];
          isNext =
            next !== undefined && next.metadata.schema === schema && run.isBefore(next.metadata);
        }
        if (tally.refused > 0 && options.quarantine === undefined) throw tally.error();
        // Nothing to take from one file is no fault while another brings rows.
        if (at === sources.length && !tally.hasRows && !run.hasRows) throw tally.emptyError();
        const result = run.commit();
        current = result.dataset;
        isChanged ||= result.isChanged;
      } catch (error) {
        run.abort();
        throw error;
      }
    }
    tally.close();
    return tally.report(current, isChanged);
  } catch (error) {
    tally.abort();
    throw error;
  }
}

function compareSources(a: Source, b: Source): number {
  const rank = ({ metadata: { schema } }: Source): number => {
    const found = ORDER.indexOf(schema ?? '');
    return found < 0 ? ORDER.length : found;
  };
  const [one, other] = [a.metadata, b.metadata];
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (one.schema !== other.schema) return (one.schema ?? '') < (other.schema ?? '') ? -1 : 1;
  return one.start < other.start ? -1 : one.start > other.start ? 1 : 0;
}

/** Files whose rows become visible together. */
class Transaction {
  readonly #dataset: Dataset;
  readonly #options: DbnImportOptions;
  readonly #symbols: DbnSymbols;
  readonly #tally: Tally;
  readonly #writer: DatasetWriter;
  readonly #rows: DbnRows;
  readonly #lanes = new Map<string, DbnLane>();
  readonly #grids = new Map<string, DbnGrid | null>();
  readonly #interest = new Map<ContractId, OpenInterestFigure[]>();
  readonly #segments: SegmentEntry[] = [];
  #lastKey = '';
  #lastLane: DbnLane | null = null;
  #hasDescribed = false;
  #path = '';

  constructor(dataset: Dataset, options: DbnImportOptions, symbols: DbnSymbols, tally: Tally) {
    this.#dataset = dataset;
    this.#options = options;
    this.#symbols = symbols;
    this.#tally = tally;
    this.#writer = dataset.beginWrite();
    this.#rows = new DbnRows({
      symbols,
      gridOf: (contract) => this.#gridOf(contract),
      lane: (contract, kind, interval) => this.#lane(contract, kind, interval ?? null),
      refuse: (offset, reason, message) =>
        tally.refuse({ path: this.#path, offset, reason, records: 1, message }),
      leaveOut: (reason, symbol, records) => tally.leaveOut(reason, symbol, records),
      openInterest: (contract, figure) => {
        const figures = this.#interest.get(contract);
        if (figures === undefined) this.#interest.set(contract, [figure]);
        else figures.push(figure);
      },
      tradeDateOf: (contract, knownUs) =>
        options.tradeDateOf(parseContractId(contract).root, knownUs),
    });
  }

  get hasRows(): boolean {
    return [...this.#lanes.values()].some((lane) => lane.rows > 0);
  }

  async file({ path, metadata }: Source): Promise<void> {
    this.#path = path;
    this.#symbols.beginFile(metadata);
    this.#rows.beginFile(metadata.schema);
    const { onProgress } = this.#options;
    let read = 0;
    let shown = 0;
    const only = this.#options.contract === undefined ? null : new Set<number>();
    const records = await readDbn(
      path,
      {
        onBatch: (batch) => {
          if (only !== null) checkOne(path, batch, only);
          this.#rows.batch(batch);
          read += batch.length;
          if (read - shown >= 1_000_000) {
            shown = read;
            onProgress?.(this.#tally.records + read);
          }
        },
        onIssue: (issue) => this.#tally.refuse({ path, ...issue }),
      },
      { ...(this.#options.zstd === undefined ? {} : { zstd: this.#options.zstd }), isReused: true },
    );
    this.#tally.records += records;
  }

  /** Whether a file begins after everything that was taken, so that it can follow in the same segments. */
  isBefore(next: DbnMetadata): boolean {
    let lastUs = -Infinity;
    for (const lane of this.#lanes.values()) lastUs = Math.max(lastUs, lane.lastUs);
    return Number(next.start / 1000n) > lastUs;
  }

  commit(): { readonly dataset: Dataset; readonly isChanged: boolean } {
    for (const lane of this.#lanes.values()) lane.finish();
    const before = new Map(this.#dataset.manifest.segments.map((s) => [segmentKey(s), s.file]));
    let isChanged =
      this.#hasDescribed || this.#segments.some((s) => before.get(segmentKey(s)) !== s.file);
    for (const [contract, figures] of this.#interest) {
      const writer: Pick<DatasetWriter, 'put'> = {
        put: (kind, id, year, rows) => {
          const entry = this.#writer.put(kind, id, year, rows);
          isChanged ||= before.get(segmentKey(entry)) !== entry.file;
          return entry;
        },
      };
      putOpenInterest(writer, this.#dataset, contract, figures);
      this.#tally.add('open-interest', figures.length);
    }
    for (const lane of this.#lanes.values()) this.#tally.add(lane.kind, lane.rows);
    this.#tally.clamped += this.#rows.clamped;
    if (isChanged) return { dataset: this.#writer.commit(), isChanged };
    this.#writer.abort();
    return { dataset: this.#dataset, isChanged };
  }

  abort(): void {
    for (const lane of this.#lanes.values()) lane.abort();
    this.#writer.abort();
  }

  #lane(contract: ContractId, kind: DbnLane['kind'], interval: BarInterval | null): DbnLane {
    const key = `${kind} ${interval ?? ''} ${contract}`;
    if (key === this.#lastKey) return this.#lastLane!;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new DbnLane(this.#dataset, this.#writer, this.#segments, contract, kind, interval);
      this.#lanes.set(key, lane);
    }
    this.#lastKey = key;
    this.#lastLane = lane;
    return lane;
  }

  /** The dataset's own grid, or the product's, which the dataset then states. */
  #gridOf(contract: ContractId): DbnGrid | null {
    const { root } = parseContractId(contract);
    const known = this.#grids.get(root);
    if (known !== undefined) return known;
    const stated = this.#dataset.manifest.grids[root];
    const product = this.#options.productOf(root);
    const mayBeZeroOrBelow = product?.mayBeZeroOrBelow ?? true;
    let grid: DbnGrid | null = null;
    if (stated !== undefined) {
      const isTicks = stated.kind === 'ticks';
      grid = { nanos: toNanos(root, stated.increment), isTicks, mayBeZeroOrBelow };
    } else if (product !== null) {
      const isTicks = product.grid.kind === 'ticks';
      grid = { nanos: toNanos(root, product.grid.increment), isTicks, mayBeZeroOrBelow };
      this.#writer.describe({
        grids: { [root]: product.grid },
        currencies: { [root]: product.currency },
      });
      this.#hasDescribed = true;
    }
    this.#grids.set(root, grid);
    return grid;
  }
}

/** Errors: E_IMPORT_ROWS for a second number in a file that was said to be of one contract. */
function checkOne(path: string, batch: DbnBatch, seen: Set<number>): void {
  for (let i = 0; i < batch.length; i += 1) {
    if (seen.has(batch.instrumentId[i]!)) continue;
    seen.add(batch.instrumentId[i]!);
    if (seen.size < 2) continue;
    const [first, second] = [...seen];
    throw new TradingError(
      'E_IMPORT_ROWS',
      `${path} holds the instruments ${first} and ${second}; --contract names one contract for all`,
      {
        details: { path, offset: batch.offset[i]!, instrumentIds: [first, second] },
        where: `${path}, byte ${batch.offset[i]!}`,
        rule: 'a contract given for a whole file is the only one in it',
        fix: 'leave --contract away: the file names its contracts itself; or give its definitions in the same command',
      },
    );
  }
}

function toNanos(root: string, increment: number): number {
  const nanos = Math.round(increment * 1e9);
  if (nanos > 0 && Math.abs(nanos / 1e9 - increment) <= increment * 1e-9) return nanos;
  throw new TradingError(
    'E_DATASET_GRID',
    `the increment ${increment} of ${root} is no multiple of 0.000000001`,
    {
      details: { root, increment },
      rule: 'prices of a DBN file are units of 1e-9',
      fix: 'correct the grid of the product, or import into another dataset',
    },
  );
}

/** What is counted over all files of a command. */
class Tally {
  readonly #options: DbnImportOptions;
  readonly #counts: Record<string, number> = {};
  readonly #issues: DbnImportIssue[] = [];
  readonly #leftOut = new Map<DbnLeftOut, { records: number; symbols: Set<string> }>();
  readonly #rows: Record<string, number> = {};
  #file = -1;
  records = 0;
  refused = 0;
  clamped = 0;

  constructor(options: DbnImportOptions) {
    this.#options = options;
  }

  get hasRows(): boolean {
    return Object.values(this.#rows).some((rows) => rows > 0);
  }

  add(kind: string, rows: number): void {
    if (rows > 0) this.#rows[kind] = (this.#rows[kind] ?? 0) + rows;
  }

  refuse(issue: DbnImportIssue): void {
    this.refused += issue.records;
    this.#counts[issue.reason] = (this.#counts[issue.reason] ?? 0) + issue.records;
    if (this.#issues.length < LISTED) this.#issues.push(issue);
    const { quarantine } = this.#options;
    if (quarantine === undefined) return;
    try {
      if (this.#file < 0) this.#file = fs.openSync(quarantine.issuesPath, 'w');
      fs.writeSync(this.#file, `${JSON.stringify(issue)}\n`);
    } catch (cause) {
      throw new TradingError('E_CATALOG_WRITE', `cannot write ${quarantine.issuesPath}`, {
        details: { path: quarantine.issuesPath, reason: errnoOf(cause) },
        where: quarantine.issuesPath,
        fix: 'check disk and permissions',
        cause,
      });
    }
  }

  leaveOut(reason: DbnLeftOut, symbol: string, records: number): void {
    let entry = this.#leftOut.get(reason);
    if (entry === undefined) {
      entry = { records: 0, symbols: new Set() };
      this.#leftOut.set(reason, entry);
    }
    entry.records += records;
    if (entry.symbols.size < SYMBOLS_LISTED) entry.symbols.add(symbol);
  }

  report(dataset: Dataset, isChanged: boolean): DbnImportReport {
    return {
      dataset,
      isChanged,
      rows: this.#rows,
      records: this.records,
      refused: this.refused,
      counts: this.#counts,
      issues: this.#issues,
      leftOut: this.#left(),
      clamped: this.clamped,
    };
  }

  error(): TradingError {
    const lines = this.#issues.map(
      ({ path, offset, message }) => `${basename(path)}, byte ${offset}: ${message}`,
    );
    const rest =
      this.refused > this.#issues.length
        ? `\n  … and ${this.refused - this.#issues.length} more`
        : '';
    const first = this.#issues[0]!;
    return new TradingError(
      'E_IMPORT_ROWS',
      `${this.refused} records cannot be taken, nothing was imported\n  ${lines.join('\n  ')}${rest}`,
      {
        details: { refused: this.refused, counts: this.#counts, issues: this.#issues },
        where: `${first.path}, byte ${first.offset} of the unpacked file`,
        rule: 'an import is whole or nothing',
        fix: 'fetch the file again, or take the valid records with --quarantine',
      },
    );
  }

  emptyError(): TradingError {
    const left = this.#left();
    const lines = left.map(
      ({ reason, records, symbols }) => `\n  ${records} ${reason}: ${symbols.join(', ')}`,
    );
    const paths = this.#options.paths.map((path) => basename(path)).join(', ');
    return new TradingError('E_IMPORT_ROWS', `${paths}: no record can be taken${lines.join('')}`, {
      details: { paths: this.#options.paths, records: this.records, leftOut: left },
      where: this.#options.paths[0]!,
      rule: 'an import brings at least one row',
      fix: left.some(({ reason }) => reason === 'no-symbol')
        ? 'give the definitions of the same days in the same command, or name the contract with --contract'
        : '`frontmonth contracts` lists the products; a product of your own is a file in the folder `instruments` of the configuration',
    });
  }

  close(): void {
    if (this.#file >= 0) fs.closeSync(this.#file);
    this.#file = -1;
  }

  abort(): void {
    if (this.#file < 0) return;
    this.close();
    fs.rmSync(this.#options.quarantine!.issuesPath, { force: true });
  }

  #left(): DbnLeftOutCount[] {
    return [...this.#leftOut].map(([reason, { records, symbols }]) => ({
      reason,
      records,
      symbols: [...symbols],
    }));
  }
}
