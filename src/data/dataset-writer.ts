/**
 * Writing a dataset. Segments are written beside the old ones under names of their own; nothing changes for a reader until
 * the manifest is replaced by one rename. Before that the old state stands, after it the new one.
 */
import { join } from 'node:path';
import type { BarColumns, BarInterval, MarketDataKind, QuoteBarColumns } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { assert, TradingError } from '../core/errors.ts';
import type { ContractId } from '../core/instrument.ts';
import { parseContractId } from '../core/symbology.ts';
import { toCivilDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { ArrowFileWriter } from './arrow-store.ts';
import { createArrowWriter, writeError } from './arrow-store.ts';
import type { Dataset, StoreContext } from './catalog.ts';
import { errnoOf } from './file-io.ts';
import type { Lock } from './lock.ts';
import { removeDeadTokens, takeLock } from './lock.ts';
import type { DatasetManifest, DatasetMeta, GridStatement, SegmentEntry } from './manifest.ts';
import { checksumOf, formatManifest, segmentKey, sortSegments } from './manifest.ts';
import type { KindColumns, SegmentShape } from './segment-codec.ts';
import {
  columnSpecs,
  encodeBatch,
  priceColumnsOf,
  shapeFor,
  sliceColumns,
  sortTimeOf,
  startTimeOf,
} from './segment-codec.ts';
import { openSegments } from './segment-source.ts';

type OneOrMany<C> = C | Iterable<C>;
/** Everything but bars, which have an interval. */
export type TickKind = Exclude<MarketDataKind, 'bars' | 'quote-bars'>;

/**
 * The one writer of a dataset. `put…` replaces a segment, `append…` adds rows after its last one (the year's file is
 * written anew). Nothing is visible before `commit`. Batches must be in time order; one is held at a time.
 * Errors of every put and append: E_DATASET_GRID, E_DATA_UNSORTED, E_DATA_VALUE, E_SEGMENT_YEAR, E_CATALOG_WRITE.
 */
export interface DatasetWriter {
  putBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry;
  appendBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry;
  /** The same as `putBars` for callers that push; `isAppend` begins with the rows that are there. */
  beginBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    isAppend?: boolean,
  ): SegmentSink<BarColumns>;
  /** Splits sorted bars by the UTC year of their open and puts each year. */
  putBarsByYear(
    contract: ContractId,
    interval: BarInterval,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry[];
  putQuoteBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<QuoteBarColumns>,
  ): SegmentEntry;
  /** Puts a segment of any kind but bars. */
  put<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
    rows: OneOrMany<KindColumns[K]>,
  ): SegmentEntry;
  /** Appends to a segment of any kind but bars. */
  append<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
    rows: OneOrMany<KindColumns[K]>,
  ): SegmentEntry;
  /** The same as `put` for callers that push. */
  begin<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
  ): SegmentSink<KindColumns[K]>;
  /** Removes a segment from the new state; absent ones are ignored. */
  removeSegment(key: Pick<SegmentEntry, 'contract' | 'kind' | 'interval' | 'year'>): void;
  /** Starts the new state without segments. */
  clear(): void;
  /** Changes statements of the new state; grids and currencies are merged by product. Errors: E_DATASET_GRID. */
  describe(patch: Partial<Omit<DatasetMeta, 'name'>>): void;
  /** Makes the new state the dataset's and releases the lock. Errors: E_SEGMENT_ORDER, E_CATALOG_WRITE. */
  commit(): Dataset;
  /** Leaves the old state and releases the lock. Never throws; a second call does nothing. */
  abort(): void;
}

/** Takes the rows of one segment as they come. After an error of `push` or `finish` the sink is aborted. */
export interface SegmentSink<C> {
  push(batch: C): void;
  /** Puts the segment into the writer's new state. */
  finish(): SegmentEntry;
  /** Forgets the rows. Never throws; a second call does nothing. */
  abort(): void;
}

type SegmentKey = Pick<SegmentEntry, 'kind' | 'contract' | 'interval' | 'year' | 'root'>;

export interface WriterHooks {
  read(): DatasetManifest;
  reopen(manifest: DatasetManifest): Dataset;
}

/** Takes the lock and removes what earlier writers left. */
export function createDatasetWriter(
  context: StoreContext,
  folder: string,
  isValidated: boolean,
  hooks: WriterHooks,
): DatasetWriter {
  const { io, probe } = context;
  let lock: Lock | null = null;
  try {
    lock = takeLock(io, join(folder, 'write.lock'), probe);
    const manifest = hooks.read();
    io.mkdir(join(folder, 'segments'));
    removeLeftovers(context, folder, manifest);
    removeDeadTokens(io, join(folder, 'write.lock'), probe);
    return new FolderWriter(context, folder, isValidated, hooks, manifest, lock);
  } catch (cause) {
    releaseQuietly(lock);
    throw errnoOf(cause) === '' ? cause : writeError(folder, cause);
  }
}

/** Temp file, sync, rename, sync of the folder: a reader sees the old text or the new one. */
export function writeManifest(
  context: StoreContext,
  folder: string,
  manifest: DatasetManifest,
): void {
  const { io, sync } = context;
  const [path, temp] = [join(folder, 'manifest.json'), join(folder, 'manifest.json.tmp')];
  if (io.exists(temp)) io.unlink(temp);
  const fd = io.open(temp, 'wx');
  try {
    io.write(fd, new TextEncoder().encode(formatManifest(manifest)));
    if (sync) io.fsync(fd);
  } finally {
    io.close(fd);
  }
  io.rename(temp, path);
  if (sync) io.fsyncFolder(folder);
}

/** Files that the current manifest does not name: what a killed writer left, and the state before the last commit. */
function removeLeftovers(context: StoreContext, folder: string, manifest: DatasetManifest): void {
  const { io } = context;
  const named = new Set(manifest.segments.map((entry) => entry.file));
  for (const file of io.list(join(folder, 'segments')))
    if (!named.has(`segments/${file}`)) io.unlink(join(folder, 'segments', file));
  for (const file of io.list(folder))
    if (file === 'manifest.json.tmp') io.unlink(join(folder, file));
}

function releaseQuietly(lock: Lock | null): void {
  try {
    lock?.release();
  } catch {
    // The first error is the one to report; a lock of a dead process is removed by the next writer.
  }
}

class FolderWriter implements DatasetWriter {
  readonly #context: StoreContext;
  readonly #folder: string;
  readonly #isValidated: boolean;
  readonly #hooks: WriterHooks;
  readonly #lock: Lock;
  #manifest: DatasetManifest;
  readonly #entries: Map<string, SegmentEntry>;
  readonly #written = new Set<string>();
  readonly #before: ReadonlySet<string>;
  #files = 0;
  #isOpen = true;

  constructor(
    context: StoreContext,
    folder: string,
    isValidated: boolean,
    hooks: WriterHooks,
    manifest: DatasetManifest,
    lock: Lock,
  ) {
    this.#context = context;
    this.#folder = folder;
    this.#isValidated = isValidated;
    this.#hooks = hooks;
    this.#manifest = manifest;
    this.#lock = lock;
    this.#entries = new Map(manifest.segments.map((entry) => [segmentKey(entry), entry]));
    this.#before = new Set(manifest.segments.map((entry) => entry.file));
  }

  putBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry {
    intervalUs(interval);
    return this.#put('bars', contract, interval, year, toIterable(bars));
  }

  appendBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry {
    intervalUs(interval);
    return this.#append('bars', contract, interval, year, toIterable(bars));
  }

  beginBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    isAppend = false,
  ): SegmentSink<BarColumns> {
    intervalUs(interval);
    const sink = this.#begin('bars', contract, interval, year);
    const old = this.#entries.get(segmentKey({ kind: 'bars', contract, interval, year }));
    if (!isAppend || old === undefined) return sink;
    const source = openSegments('bars', this.#folder, [old], {}, this.#context.io);
    try {
      for (let batch = source.next(); batch !== null; batch = source.next()) sink.push(batch);
    } catch (error) {
      sink.abort();
      throw error;
    } finally {
      source.close();
    }
    return sink;
  }

  putBarsByYear(
    contract: ContractId,
    interval: BarInterval,
    bars: OneOrMany<BarColumns>,
  ): SegmentEntry[] {
    intervalUs(interval);
    const split = new YearSplitter(toIterable(bars)[Symbol.iterator]());
    const entries: SegmentEntry[] = [];
    for (let year = split.year(); year !== null; year = split.year())
      entries.push(this.#put('bars', contract, interval, year, split.rowsOf(year)));
    return entries;
  }

  putQuoteBars(
    contract: ContractId,
    interval: BarInterval,
    year: number,
    bars: OneOrMany<QuoteBarColumns>,
  ): SegmentEntry {
    intervalUs(interval);
    return this.#put('quote-bars', contract, interval, year, toIterable(bars));
  }

  put<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
    rows: OneOrMany<KindColumns[K]>,
  ): SegmentEntry {
    return this.#put(kind, contract, null, year, toIterable(rows));
  }

  append<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
    rows: OneOrMany<KindColumns[K]>,
  ): SegmentEntry {
    return this.#append(kind, contract, null, year, toIterable(rows));
  }

  begin<K extends TickKind>(
    kind: K,
    contract: ContractId,
    year: number,
  ): SegmentSink<KindColumns[K]> {
    return this.#begin<K>(kind, contract, null, year);
  }

  removeSegment(key: Pick<SegmentEntry, 'contract' | 'kind' | 'interval' | 'year'>): void {
    this.#entries.delete(segmentKey(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  describe(patch: Partial<Omit<DatasetMeta, 'name'>>): void {
    const stored = new Set([...this.#entries.values()].map((entry) => entry.root));
    for (const [root, grid] of Object.entries(patch.grids ?? {})) {
      const old = this.#manifest.grids[root];
      const isSame = old?.kind === grid.kind && old.increment === grid.increment;
      if (old !== undefined && !isSame && stored.has(root)) throw gridChange(root, old, grid);
    }
    this.#manifest = {
      ...this.#manifest,
      ...patch,
      name: this.#manifest.name,
      grids: { ...this.#manifest.grids, ...patch.grids },
      ...(patch.currencies && {
        currencies: { ...this.#manifest.currencies, ...patch.currencies },
      }),
    };
  }

  commit(): Dataset {
    assert(this.#isOpen, 'a writer commits once');
    const segments = sortSegments(this.#entries.values());
    if (this.#isValidated) checkSegmentOrder(segments);
    const manifest: DatasetManifest = {
      ...this.#manifest,
      generation: this.#manifest.generation + 1,
      segments,
      checksum: checksumOf(segments),
    };
    try {
      if (this.#context.sync) this.#context.io.fsyncFolder(join(this.#folder, 'segments'));
      writeManifest(this.#context, this.#folder, manifest);
      this.#isOpen = false;
      this.#lock.release();
    } catch (cause) {
      this.#isOpen = false;
      releaseQuietly(this.#lock);
      throw errnoOf(cause) === '' ? cause : writeError(this.#folder, cause);
    }
    return this.#hooks.reopen(manifest);
  }

  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const file of this.#written) if (!this.#before.has(file)) this.#removeQuietly(file);
    releaseQuietly(this.#lock);
  }

  #append<K extends MarketDataKind>(
    kind: K,
    contract: ContractId,
    interval: BarInterval | null,
    year: number,
    rows: Iterable<KindColumns[K]>,
  ): SegmentEntry {
    const old = this.#entries.get(segmentKey({ kind, contract, interval, year }));
    if (old === undefined) return this.#put(kind, contract, interval, year, rows);
    const source = openSegments(kind, this.#folder, [old], {}, this.#context.io);
    try {
      return this.#put(kind, contract, interval, year, chain(source, rows));
    } finally {
      source.close();
    }
  }

  #put<K extends MarketDataKind>(
    kind: K,
    contract: ContractId,
    interval: BarInterval | null,
    year: number,
    rows: Iterable<KindColumns[K]>,
  ): SegmentEntry {
    const sink = this.#begin<K>(kind, contract, interval, year);
    try {
      for (const batch of rows) sink.push(batch);
    } catch (error) {
      sink.abort();
      throw error;
    }
    return sink.finish();
  }

  #begin<K extends MarketDataKind>(
    kind: K,
    contract: ContractId,
    interval: BarInterval | null,
    year: number,
  ): SegmentSink<KindColumns[K]> {
    assert(this.#isOpen, 'a writer that has ended writes nothing');
    const { root } = parseContractId(contract);
    const grid = this.#manifest.grids[root];
    if (grid === undefined) throw gridMissing(root, this.#manifest.name);
    const key: SegmentKey = { kind, contract, interval, year, root };
    this.#files += 1;
    const temp = `segments/tmp-${this.#files}.arrow`;
    const isVolumeKnown = this.#manifest.volume === 'known';
    return new FileSink<KindColumns[K]>(
      this.#context,
      join(this.#folder, temp),
      key,
      grid,
      isVolumeKnown,
      this.#metadata(key, grid),
      new RowCheck(key, this.#isValidated),
      (entry) => {
        assert(this.#isOpen, 'a writer that has ended writes nothing');
        this.#context.io.rename(join(this.#folder, temp), join(this.#folder, entry.file));
        this.#written.add(entry.file);
        this.#entries.set(segmentKey(entry), entry);
      },
      () => this.#removeQuietly(temp),
    );
  }

  #metadata(key: SegmentKey, grid: GridStatement): Record<string, string> {
    return {
      schema: 'frontmonth.segment/1',
      kind: key.kind,
      contract: key.contract,
      root: key.root,
      interval: key.interval ?? '',
      year: String(key.year),
      grid: grid.kind,
      increment: String(grid.increment),
      price: 'price = count * increment',
      volume: this.#manifest.volume,
      stamps: this.#manifest.stamps,
      bar_stamp: this.#manifest.barStamp,
      synthetic: String(this.#manifest.isSynthetic),
    };
  }

  #removeQuietly(file: string): void {
    try {
      this.#context.io.unlink(join(this.#folder, file));
    } catch {
      // Already gone, or the disk fails: the next writer removes what no manifest names.
    }
  }
}

/** One segment being written to a temporary file. */
class FileSink<C extends KindColumns[MarketDataKind]> implements SegmentSink<C> {
  readonly #context: StoreContext;
  readonly #temp: string;
  readonly #key: SegmentKey;
  readonly #grid: GridStatement;
  readonly #isVolumeKnown: boolean;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #check: RowCheck;
  readonly #place: (entry: SegmentEntry) => void;
  readonly #discard: () => void;
  #file: ArrowFileWriter | null = null;
  #shape: SegmentShape | null = null;
  #isOpen = true;

  constructor(
    context: StoreContext,
    temp: string,
    key: SegmentKey,
    grid: GridStatement,
    isVolumeKnown: boolean,
    metadata: Readonly<Record<string, string>>,
    check: RowCheck,
    place: (entry: SegmentEntry) => void,
    discard: () => void,
  ) {
    this.#context = context;
    this.#temp = temp;
    this.#key = key;
    this.#grid = grid;
    this.#isVolumeKnown = isVolumeKnown;
    this.#metadata = metadata;
    this.#check = check;
    this.#place = place;
    this.#discard = discard;
  }

  push(batch: C): void {
    assert(this.#isOpen, 'a segment that has ended takes no rows');
    if (batch.length === 0) return;
    this.#guard(() => {
      const file = this.#start(batch);
      const firstRow = this.#check.rows;
      this.#check.batch(batch);
      file.write(encodeBatch(batch, this.#shape!, firstRow));
    });
  }

  finish(): SegmentEntry {
    assert(this.#isOpen, 'a segment ends once');
    return this.#guard(() => {
      const { rows, bytes, sha256 } = this.#start(null).finish();
      const { kind, contract, root, interval, year } = this.#key;
      const { firstUs, lastUs } = this.#check;
      const name = [contract, kind, ...(interval === null ? [] : [interval]), year];
      const file = `segments/${name.join('-')}-${sha256.slice(0, 16)}.arrow`;
      const entry = {
        kind,
        contract,
        root,
        interval,
        year,
        file,
        rows,
        firstUs,
        lastUs,
        sha256,
        bytes,
      };
      this.#place(entry);
      this.#isOpen = false;
      return entry;
    });
  }

  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file?.abort();
    this.#discard();
  }

  /** The file opens with the first batch, which decides the types of its columns. */
  #start(first: C | null): ArrowFileWriter {
    if (this.#file !== null) return this.#file;
    const { io, sync } = this.#context;
    this.#shape = shapeFor(this.#key.kind, first, this.#grid, this.#isVolumeKnown);
    const columns = columnSpecs(this.#shape, this.#grid);
    this.#file = createArrowWriter(this.#temp, { columns }, this.#metadata, io, sync);
    return this.#file;
  }

  #guard<T>(step: () => T): T {
    try {
      return step();
    } catch (cause) {
      this.abort();
      throw errnoOf(cause) === '' ? cause : writeError(this.#temp, cause);
    }
  }
}

/** The rules of rows in one segment. Unvalidated writing keeps only the bookkeeping. */
class RowCheck {
  readonly #key: Pick<SegmentEntry, 'kind' | 'contract' | 'year'>;
  readonly #isValidated: boolean;
  #lastSeq = -Infinity;
  rows = 0;
  firstUs = 0;
  lastUs = 0;

  constructor(key: Pick<SegmentEntry, 'kind' | 'contract' | 'year'>, isValidated: boolean) {
    this.#key = key;
    this.#isValidated = isValidated;
  }

  batch(batch: KindColumns[MarketDataKind]): void {
    const [starts, times] = [startTimeOf(batch), sortTimeOf(batch)];
    const last = batch.length - 1;
    if (this.#isValidated) {
      this.#checkOrder(batch, starts, times);
      this.#checkPrices(batch);
      this.#checkYear(starts[0]!, times[0]!, this.rows);
      this.#checkYear(starts[last]!, times[last]!, this.rows + last);
    }
    if (this.rows === 0) this.firstUs = starts[0]!;
    this.lastUs = times[last]!;
    this.rows += batch.length;
  }

  #checkOrder(batch: KindColumns[MarketDataKind], starts: Float64Array, times: Float64Array): void {
    const seq = 'seq' in batch ? batch.seq : null;
    let previous = this.rows === 0 ? -Infinity : this.lastUs;
    for (let i = 0; i < batch.length; i += 1) {
      const [time, order] = [times[i]!, seq === null ? -Infinity : seq[i]!];
      const isLater =
        time > previous || (seq !== null && time === previous && order >= this.#lastSeq);
      // Stated positively, so that NaN fails.
      if (!(isLater && starts[i]! <= time)) throw this.#unsorted(this.rows + i, time, previous);
      previous = time;
      this.#lastSeq = order;
    }
  }

  #unsorted(row: number, time: number, previous: number): TradingError {
    const { contract, kind } = this.#key;
    return new TradingError(
      'E_DATA_UNSORTED',
      `row ${row} of ${contract} ${kind} at ${isoOf(time)} follows ${isoOf(previous)}`,
      {
        details: { contract, kind, row, time: String(time), previous: String(previous) },
        rule:
          kind === 'bars' || kind === 'quote-bars'
            ? 'each bar closes after the one before it and not before its own open'
            : 'rows are in the order of time, then seq',
        fix: 'sort the source by time and remove duplicates',
      },
    );
  }

  #checkPrices(batch: KindColumns[MarketDataKind]): void {
    const fields = batch as unknown as Readonly<Record<string, ArrayLike<number>>>;
    for (const name of priceColumnsOf(this.#key.kind)) {
      const values = fields[name]!;
      if (values instanceof Int32Array) continue;
      // A quote may have an empty side: NaN there, in quotes on float grids only.
      const mayBeNaN = this.#key.kind === 'quotes' || this.#key.kind === 'quote-bars';
      for (let i = 0; i < batch.length; i += 1) {
        if (Number.isFinite(values[i]) || (mayBeNaN && Number.isNaN(values[i]))) continue;
        const { contract, kind } = this.#key;
        const row = this.rows + i;
        throw new TradingError(
          'E_DATA_VALUE',
          `${name} is ${values[i]} at row ${row} of ${contract} ${kind}`,
          {
            details: { contract, kind, column: name, row, value: String(values[i]) },
            rule: 'every price is a finite number',
            fix: 'correct the row or leave it out of the source',
          },
        );
      }
    }
  }

  #checkYear(startUs: number, endUs: number, row: number): void {
    const { contract, year } = this.#key;
    if (yearOf(startUs) === year || yearOf(endUs) === year) return;
    throw new TradingError(
      'E_SEGMENT_YEAR',
      `row ${row} of ${contract} at ${isoOf(startUs)} is not in ${year}`,
      {
        details: { contract, year, row, openUs: startUs, closeUs: endUs },
        rule: 'a segment holds one UTC year',
        fix: 'split the rows by year: writer.putBarsByYear(contract, interval, bars)',
      },
    );
  }
}

function checkSegmentOrder(sorted: readonly SegmentEntry[]): void {
  for (let i = 1; i < sorted.length; i += 1) {
    const [a, b] = [sorted[i - 1]!, sorted[i]!];
    const isSeries = a.contract === b.contract && a.kind === b.kind && a.interval === b.interval;
    if (!isSeries || a.rows === 0 || b.rows === 0 || (b.lastUs > a.lastUs && b.firstUs >= a.lastUs))
      continue;
    throw new TradingError(
      'E_SEGMENT_ORDER',
      `${b.contract} ${b.kind} of ${b.year} start at ${isoOf(b.firstUs)}, those of ${a.year} end at ${isoOf(a.lastUs)}`,
      {
        details: { contract: b.contract, kind: b.kind, years: [a.year, b.year] },
        rule: 'the years of a contract follow each other without overlap',
        fix: 'split all years by the year of the open time',
      },
    );
  }
}

/** Splits a stream of bars by the UTC year of their open, without holding more than a batch. */
class YearSplitter {
  readonly #bars: Iterator<BarColumns>;
  #batch: BarColumns | null = null;
  #row = 0;

  constructor(bars: Iterator<BarColumns>) {
    this.#bars = bars;
  }

  /** Year of the next row, or null at the end. */
  year(): number | null {
    while (this.#batch === null || this.#row >= this.#batch.length) {
      const next = this.#bars.next();
      if (next.done === true) return null;
      [this.#batch, this.#row] = [next.value, 0];
    }
    return yearOf(this.#batch.openUs[this.#row]!);
  }

  *rowsOf(year: number): Generator<BarColumns> {
    while (this.year() === year) {
      const batch = this.#batch!;
      const start = this.#row;
      let end = start;
      while (end < batch.length && yearOf(batch.openUs[end]!) === year) end += 1;
      this.#row = end;
      yield sliceColumns(batch, start, end);
    }
  }
}

function* chain<C>(source: { next(): C | null }, rest: Iterable<C>): Generator<C> {
  for (let batch = source.next(); batch !== null; batch = source.next()) yield batch;
  yield* rest;
}

function toIterable<C extends object>(value: OneOrMany<C>): Iterable<C> {
  return Symbol.iterator in value ? value : [value];
}

/** UTC year of an instant. */
export function yearOf(us: number): number {
  return Number.isFinite(us) ? toCivilDate(Math.floor(us / US_PER_DAY) as TradeDate).year : NaN;
}

function isoOf(us: number): string {
  return Number.isSafeInteger(us) && Math.abs(us) < 8.64e15 ? toIsoUtc(us as TsUs) : String(us);
}

function gridMissing(root: string, dataset: string): TradingError {
  return new TradingError(
    'E_DATASET_GRID',
    `the dataset ${dataset} states no price grid for ${root}`,
    {
      details: { root, dataset },
      rule: 'prices are counts of a grid that the dataset states',
      fix: `writer.describe({ grids: { ${root}: { kind: 'ticks', increment } } })`,
    },
  );
}

function gridChange(root: string, old: GridStatement, grid: GridStatement): TradingError {
  return new TradingError(
    'E_DATASET_GRID',
    `the grid of ${root} is ${old.kind} ${old.increment}, not ${grid.kind} ${grid.increment}`,
    {
      details: { root, old, new: grid },
      rule: 'stored counts keep their meaning',
      fix: 'write a new dataset, or clear this one first',
    },
  );
}
