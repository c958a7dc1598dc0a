/**
 * The catalog: datasets of Arrow segments under one folder.
 *
 * ```
 * <root>/datasets/<name>/manifest.json        what is there; replacing it is the commit
 *                       /write.lock           the one writer
 *                       /segments/*.arrow     one year of one contract each, named by content
 * ```
 * A `Dataset` is the state its manifest had when it was opened. A commit leaves the files of the state before it in
 * place; the next writer removes them.
 */
import { join } from 'node:path';
import type { BarInterval, MarketDataKind } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { ContractId } from '../core/instrument.ts';
import type { BarSource } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';
import { readError, writeError } from './arrow-store.ts';
import type { DatasetWriter } from './dataset-writer.ts';
import { createDatasetWriter, writeManifest } from './dataset-writer.ts';
import type { FileIo } from './file-io.ts';
import { errnoOf, nodeFileIo, readBytes } from './file-io.ts';
import type { ProcessProbe } from './lock.ts';
import { systemProbe, takeLock } from './lock.ts';
import type { DatasetManifest, DatasetMeta, SegmentEntry } from './manifest.ts';
import {
  checksumOf,
  manifestError,
  MANIFEST_BYTES_MAX,
  MANIFEST_VERSION,
  parseManifest,
} from './manifest.ts';
import type { KindColumns } from './segment-codec.ts';
import type { ColumnSource } from './segment-source.ts';
import { openSegments } from './segment-source.ts';

export interface CatalogOptions {
  readonly io?: FileIo;
  readonly probe?: ProcessProbe;
  /** Wait for the disk at each commit (default true). Without it a crash of the machine, not of the process, may tear. */
  readonly sync?: boolean;
}

export interface Catalog {
  readonly root: string;
  /** Names of the datasets, sorted, without reading them. */
  names(): string[];
  /** Manifests, sorted by name. Errors: E_MANIFEST. */
  listDatasets(): DatasetManifest[];
  /** Errors: E_DATASET_UNKNOWN with the known names, E_MANIFEST. */
  dataset(name: string): Dataset;
  /** A new dataset without segments. Errors: E_DATASET_EXISTS, E_DATASET_NAME, E_CATALOG_WRITE. */
  createDataset(meta: DatasetMeta): Dataset;
}

/** A range of one contract's rows. Times are µs UTC. */
export interface TickRange {
  readonly contract: ContractId;
  /** Inclusive. */
  readonly from?: TsUs;
  /** Exclusive. */
  readonly to?: TsUs;
  /** Largest batch; rows on disk come in batches of 64 Ki. */
  readonly batchRows?: number;
}
/** Bars whose whole interval lies in [from, to]: `openUs >= from` and `closeUs <= to`. */
export interface BarRange extends TickRange {
  readonly interval: BarInterval;
}

/** What is there of one contract, kind and interval. */
export interface SeriesSpan {
  readonly rows: number;
  readonly firstUs: TsUs;
  readonly lastUs: TsUs;
}

/** One state of one dataset. Reading holds a batch at a time, whatever the size of the range. */
export interface Dataset {
  readonly name: string;
  /** Folder of the dataset. */
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** Contracts with rows of a kind, sorted; of one product when `root` is given. */
  contracts(root?: string, kind?: MarketDataKind): ContractId[];
  /** Bar intervals stored for a contract. */
  intervals(contract: ContractId): BarInterval[];
  /** Null when nothing is stored. */
  span(
    contract: ContractId,
    interval: BarInterval | null,
    kind?: MarketDataKind,
  ): SeriesSpan | null;
  /** Errors: E_DATA_SPAN when the contract has no bars of the interval; an empty range is an empty source. */
  bars(range: BarRange): BarSource;
  trades(range: TickRange): ColumnSource<KindColumns['trades']>;
  quotes(range: TickRange): ColumnSource<KindColumns['quotes']>;
  quoteBars(range: BarRange): ColumnSource<KindColumns['quote-bars']>;
  depth(range: TickRange): ColumnSource<KindColumns['depth']>;
  mbo(range: TickRange): ColumnSource<KindColumns['mbo']>;
  /** Figures that became known in [from, to); see `readOpenInterest` for a whole contract. */
  openInterest(range: TickRange): ColumnSource<KindColumns['open-interest']>;
  statistics(range: TickRange): ColumnSource<KindColumns['statistics']>;
  definitions(range: TickRange): ColumnSource<KindColumns['definitions']>;
  /** Takes the lock. Errors: E_CATALOG_LOCKED, E_CATALOG_WRITE. */
  beginWrite(options?: WriteOptions): DatasetWriter;
  /** Absolute or catalog-relative path of a segment's file. */
  pathOf(segment: SegmentEntry): string;
}

export interface WriteOptions {
  /** False stores rows as they are, unsorted ones too; `checkDataset` then reports them. Default true. */
  readonly isValidated?: boolean;
}

/** Opens a catalog folder; it need not exist yet. */
export function openCatalog(root: string, options: CatalogOptions = {}): Catalog {
  const context: StoreContext = {
    io: options.io ?? nodeFileIo,
    probe: options.probe ?? systemProbe,
    sync: options.sync ?? true,
  };
  return new FolderCatalog(root, context);
}

/** Names of datasets, which become folders. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export interface StoreContext {
  readonly io: FileIo;
  readonly probe: ProcessProbe;
  readonly sync: boolean;
}

class FolderCatalog implements Catalog {
  readonly root: string;
  readonly #context: StoreContext;

  constructor(root: string, context: StoreContext) {
    this.root = root;
    this.#context = context;
  }

  names(): string[] {
    const { io } = this.#context;
    const folder = join(this.root, 'datasets');
    try {
      return io.list(folder).filter((name) => io.exists(join(folder, name, 'manifest.json')));
    } catch (cause) {
      throw readError(folder, cause);
    }
  }

  listDatasets(): DatasetManifest[] {
    return this.names().map((name) => this.dataset(name).manifest);
  }

  dataset(name: string): Dataset {
    const folder = join(this.root, 'datasets', name);
    // A name that could not be given to a dataset could lead out of the catalog.
    const manifest = NAME.test(name) ? readManifest(this.#context.io, folder) : null;
    if (manifest === null) throw unknownDataset(name, this.names(), this.root);
    return new FolderDataset(folder, manifest, this.#context);
  }

  createDataset(meta: DatasetMeta): Dataset {
    const { io, probe } = this.#context;
    if (!NAME.test(meta.name)) {
      throw new TradingError('E_DATASET_NAME', `"${meta.name}" is not a dataset name`, {
        details: { name: meta.name },
        rule: 'lower-case letters, digits, dot, dash and underscore; at most 64; not a dot first',
        fix: 'choose a name such as es-minutes',
      });
    }
    const folder = join(this.root, 'datasets', meta.name);
    try {
      io.mkdir(join(folder, 'segments'));
      const lock = takeLock(io, join(folder, 'write.lock'), probe);
      try {
        if (io.exists(join(folder, 'manifest.json'))) throw existingDataset(meta.name, folder);
        const manifest = emptyManifest(meta);
        writeManifest(this.#context, folder, manifest);
        return new FolderDataset(folder, manifest, this.#context);
      } finally {
        lock.release();
      }
    } catch (cause) {
      throw errnoOf(cause) === '' ? cause : writeError(folder, cause);
    }
  }
}

class FolderDataset implements Dataset {
  readonly name: string;
  readonly folder: string;
  readonly manifest: DatasetManifest;
  readonly #context: StoreContext;

  constructor(folder: string, manifest: DatasetManifest, context: StoreContext) {
    this.name = manifest.name;
    this.folder = folder;
    this.manifest = manifest;
    this.#context = context;
  }

  contracts(root?: string, kind: MarketDataKind = 'bars'): ContractId[] {
    const found = this.manifest.segments.filter(
      (entry) => entry.kind === kind && (root === undefined || entry.root === root),
    );
    return [...new Set(found.map((entry) => entry.contract))].sort();
  }

  intervals(contract: ContractId): BarInterval[] {
    const found = this.manifest.segments.filter(
      (entry) => entry.contract === contract && entry.kind === 'bars',
    );
    return [...new Set(found.flatMap((entry) => entry.interval ?? []))];
  }

  span(
    contract: ContractId,
    interval: BarInterval | null,
    kind: MarketDataKind = 'bars',
  ): SeriesSpan | null {
    const found = this.#segments(kind, contract, interval).filter((entry) => entry.rows > 0);
    if (found.length === 0) return null;
    return {
      rows: found.reduce((sum, entry) => sum + entry.rows, 0),
      firstUs: found[0]!.firstUs as TsUs,
      lastUs: found.at(-1)!.lastUs as TsUs,
    };
  }

  bars(range: BarRange): BarSource {
    return this.#open('bars', range, range.interval);
  }
  trades(range: TickRange): ColumnSource<KindColumns['trades']> {
    return this.#open('trades', range, null);
  }
  quotes(range: TickRange): ColumnSource<KindColumns['quotes']> {
    return this.#open('quotes', range, null);
  }
  quoteBars(range: BarRange): ColumnSource<KindColumns['quote-bars']> {
    return this.#open('quote-bars', range, range.interval);
  }
  depth(range: TickRange): ColumnSource<KindColumns['depth']> {
    return this.#open('depth', range, null);
  }
  mbo(range: TickRange): ColumnSource<KindColumns['mbo']> {
    return this.#open('mbo', range, null);
  }
  openInterest(range: TickRange): ColumnSource<KindColumns['open-interest']> {
    return this.#open('open-interest', range, null);
  }
  statistics(range: TickRange): ColumnSource<KindColumns['statistics']> {
    return this.#open('statistics', range, null);
  }
  definitions(range: TickRange): ColumnSource<KindColumns['definitions']> {
    return this.#open('definitions', range, null);
  }

  beginWrite(options: WriteOptions = {}): DatasetWriter {
    return createDatasetWriter(this.#context, this.folder, options.isValidated ?? true, {
      read: () => readManifest(this.#context.io, this.folder) ?? this.manifest,
      reopen: (manifest) => new FolderDataset(this.folder, manifest, this.#context),
    });
  }

  pathOf(segment: SegmentEntry): string {
    return join(this.folder, segment.file);
  }

  #segments(
    kind: MarketDataKind,
    contract: ContractId,
    interval: BarInterval | null,
  ): SegmentEntry[] {
    return this.manifest.segments
      .filter((s) => s.kind === kind && s.contract === contract && s.interval === interval)
      .sort((a, b) => a.year - b.year);
  }

  #open<K extends MarketDataKind>(
    kind: K,
    range: TickRange,
    interval: BarInterval | null,
  ): ColumnSource<KindColumns[K]> {
    const segments = this.#segments(kind, range.contract, interval);
    if (segments.length === 0) throw this.#nothingStored(kind, range.contract, interval);
    return openSegments(kind, this.folder, segments, range, this.#context.io);
  }

  #nothingStored(
    kind: MarketDataKind,
    contract: ContractId,
    interval: BarInterval | null,
  ): TradingError {
    const asked = interval === null ? kind : `${interval} ${kind}`;
    const known = this.contracts(undefined, kind);
    const intervals = this.intervals(contract);
    const span = intervals[0] === undefined ? null : this.span(contract, intervals[0]);
    const there =
      span === null
        ? `it has ${known.length === 0 ? `no ${kind}` : listSome(known)}`
        : `it has ${intervals.join(', ')} from ${toIsoUtc(span.firstUs)} to ${toIsoUtc(span.lastUs)}`;
    const near = suggest(contract, known);
    return new TradingError(
      'E_DATA_SPAN',
      `${this.name} has no ${asked} of ${contract}; ${there}`,
      {
        details: { dataset: this.name, contract, kind, interval, contracts: known, intervals },
        where: this.folder,
        rule: 'data are read only where the dataset has them',
        fix:
          near !== null && span === null
            ? `did you mean ${near}? frontmonth data show ${this.name}`
            : `see what is there: frontmonth data show ${this.name}`,
      },
    );
  }
}

function readManifest(io: FileIo, folder: string): DatasetManifest | null {
  const path = join(folder, 'manifest.json');
  let bytes: Uint8Array;
  try {
    bytes = readBytes(io, path, MANIFEST_BYTES_MAX);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    if (errnoOf(error) === 'EFBIG') throw manifestError(path, 'it is far larger than a manifest');
    throw readError(path, error);
  }
  return parseManifest(new TextDecoder().decode(bytes), path);
}

function emptyManifest(meta: DatasetMeta): DatasetManifest {
  return {
    ...meta,
    schemaVersion: MANIFEST_VERSION,
    generation: 0,
    segments: [],
    checksum: checksumOf([]),
  };
}

function listSome(names: readonly string[]): string {
  return names.length <= 8
    ? names.join(', ')
    : `${names.slice(0, 4).join(', ')}, … ${names.at(-1)} (${names.length} contracts)`;
}

function unknownDataset(name: string, known: readonly string[], root: string): TradingError {
  const near = suggest(name, known);
  const list = known.length === 0 ? 'the catalog is empty' : `there are: ${known.join(', ')}`;
  return new TradingError('E_DATASET_UNKNOWN', `no dataset "${name}"; ${list}`, {
    details: { name, known },
    where: root,
    rule: 'a dataset is a folder with a manifest in <catalog>/datasets',
    fix:
      near !== null
        ? `did you mean ${near}?`
        : known.length === 0
          ? 'make the synthetic one: frontmonth data sample'
          : 'choose one of those',
  });
}

function existingDataset(name: string, folder: string): TradingError {
  return new TradingError('E_DATASET_EXISTS', `the dataset "${name}" exists already`, {
    details: { name },
    where: folder,
    rule: 'creating never replaces',
    fix: 'choose another name, or write into the existing dataset',
  });
}
