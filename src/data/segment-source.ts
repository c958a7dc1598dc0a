/** Reads the rows of a range across segments, one batch in memory. */
import { join } from 'node:path';
import type { MarketDataKind } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { TsUs } from '../core/units.ts';
import type { ArrowFileReader } from './arrow-store.ts';
import { openArrowFile } from './arrow-store.ts';
import type { FileIo } from './file-io.ts';
import type { SegmentEntry } from './manifest.ts';
import type { KindColumns } from './segment-codec.ts';
import { decodeBatch, sliceColumns, sortTimeOf, startTimeOf } from './segment-codec.ts';

/** A batch reader in time order. A batch stays valid after later calls. `close` may come at any time. */
export interface ColumnSource<C> {
  /** The next batch, never empty, or null at the end. */
  next(): C | null;
  close(): void;
}

export interface SourceRange {
  readonly from?: TsUs;
  readonly to?: TsUs;
  readonly batchRows?: number;
}

/** Segments in time order. Errors while reading: E_DATA_READ, E_DATA_CORRUPT, E_DATA_FORMAT, E_DATASET_CHANGED. */
export function openSegments<K extends MarketDataKind>(
  kind: K,
  folder: string,
  segments: readonly SegmentEntry[],
  range: SourceRange,
  io: FileIo,
): ColumnSource<KindColumns[K]> {
  const { from = -Infinity as TsUs, to = Infinity as TsUs } = range;
  const wanted = segments.filter(
    (entry) => entry.rows > 0 && entry.lastUs >= from && entry.firstUs <= to,
  );
  return new SegmentSource(kind, folder, wanted, from, to, range.batchRows ?? Infinity, io);
}

class SegmentSource<K extends MarketDataKind> implements ColumnSource<KindColumns[K]> {
  readonly #kind: K;
  readonly #folder: string;
  readonly #segments: readonly SegmentEntry[];
  readonly #from: number;
  readonly #to: number;
  readonly #batchRows: number;
  readonly #io: FileIo;
  #segment = -1;
  #reader: ArrowFileReader | null = null;
  #nextBatch = 0;
  #batch: KindColumns[K] | null = null;
  #row = 0;
  #end = 0;

  constructor(
    kind: K,
    folder: string,
    segments: readonly SegmentEntry[],
    from: number,
    to: number,
    batchRows: number,
    io: FileIo,
  ) {
    this.#kind = kind;
    this.#folder = folder;
    this.#segments = segments;
    this.#from = from;
    this.#to = to;
    this.#batchRows = Math.max(1, batchRows);
    this.#io = io;
  }

  next(): KindColumns[K] | null {
    while (this.#row >= this.#end) if (!this.#load()) return null;
    const start = this.#row;
    this.#row = Math.min(this.#end, start + this.#batchRows);
    return sliceColumns(this.#batch!, start, this.#row);
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
    this.#segment = this.#segments.length;
    this.#row = this.#end;
  }

  /** Brings in the next batch and finds its rows of the range; false at the end. */
  #load(): boolean {
    if (this.#reader === null || this.#nextBatch >= this.#reader.numBatches) {
      this.#reader?.close();
      this.#reader = null;
      this.#segment += 1;
      const entry = this.#segments[this.#segment];
      if (entry === undefined) return false;
      this.#reader = openSegmentFile(this.#folder, entry, this.#io);
      this.#nextBatch = this.#firstBatch(this.#reader);
      if (this.#nextBatch >= this.#reader.numBatches) return true;
    }
    const batch = decodeBatch(this.#kind, this.#reader, this.#nextBatch);
    this.#nextBatch += 1;
    this.#batch = batch;
    this.#row = lowerBound(startTimeOf(batch), batch.length, this.#from);
    const times = sortTimeOf(batch);
    // A bar belongs to the range up to and with its close; a tick at the end itself is outside.
    const isBars = this.#kind === 'bars' || this.#kind === 'quote-bars';
    const limit = isBars ? nextUp(this.#to) : this.#to;
    this.#end = lowerBound(times, batch.length, limit);
    if (this.#end < batch.length) this.#finish();
    return true;
  }

  /** Rows beyond the range follow: the batch in hand is the last. */
  #finish(): void {
    this.#reader?.close();
    this.#reader = null;
    this.#segment = this.#segments.length;
  }

  /** The first batch that can hold a row of the range, by halving; each probe reads one batch. */
  #firstBatch(reader: ArrowFileReader): number {
    if (this.#from === -Infinity || reader.numBatches < 3) return 0;
    let low = 0;
    let high = reader.numBatches - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const batch = decodeBatch(this.#kind, reader, middle);
      if (batch.length > 0 && startTimeOf(batch)[batch.length - 1]! < this.#from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Opens a segment's file and compares its size and rows with the manifest; the checksum is `checkDataset`'s.
 * Errors: E_DATASET_CHANGED when the file is gone, E_DATA_READ, E_DATA_CORRUPT, E_DATA_FORMAT.
 */
export function openSegmentFile(folder: string, entry: SegmentEntry, io: FileIo): ArrowFileReader {
  const path = join(folder, entry.file);
  const reader = openExisting(path, entry, io);
  try {
    compareWithManifest(path, 'bytes', reader.bytes, entry.bytes);
    compareWithManifest(path, 'rows', reader.numRows, entry.rows);
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

function openExisting(path: string, entry: SegmentEntry, io: FileIo): ArrowFileReader {
  try {
    return openArrowFile(path, io);
  } catch (cause) {
    if (!(cause instanceof TradingError) || cause.details['reason'] !== 'ENOENT') throw cause;
    throw new TradingError('E_DATASET_CHANGED', `the file ${entry.file} is gone`, {
      details: { file: entry.file },
      where: path,
      rule: 'a dataset keeps the files of its last two states',
      fix: 'open the dataset again; if it still fails: frontmonth data check',
      retry: 'safe',
      cause,
    });
  }
}

function compareWithManifest(
  path: string,
  what: 'bytes' | 'rows',
  found: number,
  stated: number,
): void {
  if (found === stated) return;
  throw new TradingError(
    'E_DATA_CORRUPT',
    `${path}: the file has ${found} ${what}, the manifest says ${stated}`,
    {
      details: { path, what, found, stated },
      where: path,
      rule: 'a segment is the file that its manifest describes',
      fix: 'find all damaged files with: frontmonth data check <dataset>; then import that segment again',
    },
  );
}

/** First row whose value is not below the limit. */
function lowerBound(values: Float64Array, length: number, limit: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Times are whole microseconds, so the next possible one is one later. */
function nextUp(us: number): number {
  return us + 1;
}
