/**
 * LEAN's futures archives into a dataset. Series by series: all days of one contract, kind and resolution are read in order of
 * their dates, one entry at a time, so that memory does not grow with the folder. Whole or nothing, unless the valid rows are
 * asked for.
 */
import type { BarInterval } from '../../../core/bars.ts';
import { intervalUs } from '../../../core/bars.ts';
import { TradingError } from '../../../core/errors.ts';
import type { ContractId } from '../../../core/instrument.ts';
import { toIsoDate } from '../../../core/trade-date.ts';
import type { TradeDate } from '../../../core/units.ts';
import { US_PER_DAY } from '../../../core/units.ts';
import type { Dataset } from '../../catalog.ts';
import type { DatasetWriter } from '../../dataset-writer.ts';
import type { FileIo } from '../../file-io.ts';
import { nodeFileIo } from '../../file-io.ts';
import type { GridStatement } from '../../manifest.ts';
import type { OpenInterestFigure } from '../../open-interest.ts';
import { putOpenInterest } from '../../open-interest.ts';
import type { KindColumns } from '../../segment-codec.ts';
import type { ColumnSource } from '../../segment-source.ts';
import type { ZipDirectory, ZipEntry } from '../zip.ts';
import { readZipDirectory, readZipEntry } from '../zip.ts';
import { Refusals } from '../refusals.ts';
import { sourceError } from '../source-error.ts';
import type { SplicePart } from '../splice.ts';
import { spliceRows, writeYears } from '../splice.ts';
import type { LeanEntryName, LeanKind, LeanResolution, LeanZipName } from './names.ts';
import { contractOf, LEAN_INTERVALS, parseLeanEntry, parseLeanPath } from './names.ts';
import type { Clock, LeanRowIssue, LeanRowRules, TickRemarks } from './rows.ts';
import {
  countSeries,
  LeanRows,
  openInterest as openInterestRows,
  quoteBars,
  quoteTicks,
  tradeBars,
  tradeTicks,
} from './rows.ts';

/** One archive with what is known of it. */
export interface LeanFile {
  readonly path: string;
  readonly zip: ZipDirectory;
  readonly name: LeanZipName;
  /** Resolution of rows that hold their date; entries of a day name their own. */
  readonly resolution: LeanResolution | null;
}

/** What the rows of a product obey. */
export interface LeanProduct {
  readonly root: string;
  /** Grid and currency of a dataset that has none of this product yet. */
  readonly grid: GridStatement;
  readonly currency: string;
  readonly mayBeZeroOrBelow: boolean;
  /** Clock of the data's zone in a market; LEAN's name of it, null where the path does not say. Errors: E_USAGE. */
  clockOf(market: string | null): Clock;
  /** The last trade date whose session has ended at a moment. */
  endedBy(us: number): TradeDate;
}

export interface LeanImportOptions {
  readonly files: readonly LeanFile[];
  /** By LEAN's name of a root, in lower case. */
  readonly productOf: (leanRoot: string, path: string) => LeanProduct;
  /** Nothing else is taken. */
  readonly kinds?: readonly LeanKind[];
  readonly interval?: BarInterval;
  readonly contract?: ContractId;
  /** Of entries whose time starts over: which of their series, from 1. */
  readonly series?: number;
  /** Write the valid rows; the others go to this file as JSON lines. */
  readonly quarantine?: { readonly issuesPath: string };
  readonly io?: FileIo;
}

export interface LeanIssue extends LeanRowIssue {
  readonly path: string;
  readonly entry: string;
}

export interface LeanImportReport {
  readonly dataset: Dataset;
  /** Rows taken, by what became of them. */
  readonly rows: number;
  readonly counts: Readonly<Record<LeanKind, number>>;
  readonly refused: number;
  /** The first twenty, at most three of a kind in one entry. */
  readonly issues: readonly LeanIssue[];
  /** What a reader of the data should know. */
  readonly notes: readonly string[];
}

/** Of one contract: hundreds a day over years. */
const FIGURES_MAX = 1_000_000;

/** Errors: E_IMPORT_FILE. */
export function openLeanFile(
  path: string,
  resolution: LeanResolution | null = null,
  io?: FileIo,
): LeanFile {
  const name = parseLeanPath(path);
  return { path, zip: readZipDirectory(path, io), name, resolution: resolution ?? name.resolution };
}

/** One entry on its way into a series. */
interface Source {
  readonly file: LeanFile;
  readonly entry: ZipEntry;
  readonly name: LeanEntryName;
  readonly resolution: LeanResolution;
  readonly product: LeanProduct;
}

/** All entries of one contract, kind and resolution, in order of their dates. */
interface Series {
  readonly contract: ContractId;
  readonly kind: LeanKind;
  readonly resolution: LeanResolution;
  readonly sources: Source[];
}

/**
 * Imports archives and commits. A day's file replaces what the dataset has of its day, one of hours or days what lies between
 * its first row and its last; everything else stays, so that the same file again changes nothing.
 * Errors: E_IMPORT_FILE, E_IMPORT_ROWS with the first twenty rows, E_USAGE, and those of the writer. After any error the
 * dataset is as it was.
 */
export function importLean(dataset: Dataset, options: LeanImportOptions): LeanImportReport {
  const series = seriesOf(options);
  if (series.length === 0) throw nothingError(options);
  const writer = dataset.beginWrite();
  const issues = refusals(options);
  const run = new LeanRun(dataset, writer, options, issues);
  try {
    for (const one of series) run.describe(one);
    for (const one of series) run.write(one);
    run.finish();
    if (issues.count > 0 && options.quarantine === undefined) throw issues.error(run.rows);
    if (run.rows === 0) throw nothingError(options, issues);
    issues.close();
    const { counts, rows } = run;
    const committed = writer.commit();
    return {
      dataset: committed,
      rows,
      counts,
      refused: issues.count,
      issues: issues.first,
      notes: run.notes(),
    };
  } catch (error) {
    issues.close();
    writer.abort();
    throw error;
  }
}

class LeanRun {
  readonly #dataset: Dataset;
  readonly #writer: DatasetWriter;
  readonly #options: LeanImportOptions;
  readonly #issues: Refusals<LeanIssue>;
  readonly #remarks: TickRemarks = { empty: 0, suspicious: 0, marked: 0 };
  readonly #notes: string[] = [];
  readonly #figures = new Map<ContractId, OpenInterestFigure[]>();
  readonly #daily = new Set<string>();
  readonly #grids = new Map<string, GridStatement>();
  readonly counts: Record<LeanKind, number> = { trade: 0, quote: 0, openinterest: 0 };

  constructor(
    dataset: Dataset,
    writer: DatasetWriter,
    options: LeanImportOptions,
    issues: Refusals<LeanIssue>,
  ) {
    this.#dataset = dataset;
    this.#writer = writer;
    this.#options = options;
    this.#issues = issues;
  }

  get rows(): number {
    return this.counts.trade + this.counts.quote + this.counts.openinterest;
  }

  notes(): string[] {
    const { empty, suspicious, marked } = this.#remarks;
    if (empty > 0) this.#notes.push(`${empty} trades are of 0 contracts; they are kept`);
    if (suspicious > 0)
      this.#notes.push(`${suspicious} ticks are flagged suspicious; they are kept`);
    if (marked > 0) this.#notes.push(`conditions of ${marked} trades are not kept`);
    if (this.#daily.size > 0)
      this.#notes.push(
        `daily bars of ${[...this.#daily].join(', ')} run from midnight to midnight of the data's zone, not from session to session`,
      );
    return this.#notes;
  }

  /** A dataset keeps the grid that it has; of a new product it gets one. */
  describe(series: Series): void {
    const { root, grid, currency } = series.sources[0]!.product;
    if (this.#grids.has(root)) return;
    const stored = this.#dataset.manifest.grids[root];
    this.#grids.set(root, stored ?? grid);
    if (stored === undefined)
      this.#writer.describe({ grids: { [root]: grid }, currencies: { [root]: currency } });
  }

  write(series: Series): void {
    this.#noteCopies(series);
    const { root } = series.sources[0]!.product;
    if (series.resolution === 'daily' && series.kind !== 'openinterest') this.#daily.add(root);
    const isTick = series.resolution === 'tick';
    switch (series.kind) {
      case 'trade':
        if (isTick) this.#series(series, 'trades', (...of) => tradeTicks(...of, this.#remarks));
        else this.#series(series, 'bars', tradeBars);
        break;
      case 'quote':
        if (isTick) this.#series(series, 'quotes', (...of) => quoteTicks(...of, this.#remarks));
        else this.#series(series, 'quote-bars', quoteBars);
        break;
      case 'openinterest':
        this.#openInterest(series);
    }
  }

  #series<K extends 'bars' | 'quote-bars' | 'trades' | 'quotes'>(
    series: Series,
    kind: K,
    decode: (rows: LeanRows, rules: LeanRowRules) => Iterable<KindColumns[K]>,
  ): void {
    const { contract } = series;
    const interval = LEAN_INTERVALS[series.resolution];
    const parts = series.sources.map((source) => this.#part(source, decode));
    const stored = this.#stored(kind, contract, interval);
    try {
      writeYears(this.#writer, kind, contract, interval, spliceRows(stored, parts));
    } finally {
      stored?.close();
    }
  }

  #stored<K extends 'bars' | 'quote-bars' | 'trades' | 'quotes'>(
    kind: K,
    contract: ContractId,
    interval: BarInterval | null,
  ): ColumnSource<KindColumns[K]> | null {
    const dataset = this.#dataset;
    if (dataset.span(contract, interval, kind) === null) return null;
    const range = { contract, interval: interval! };
    const source =
      kind === 'bars'
        ? dataset.bars(range)
        : kind === 'quote-bars'
          ? dataset.quoteBars(range)
          : kind === 'trades'
            ? dataset.trades({ contract })
            : dataset.quotes({ contract });
    return source as unknown as ColumnSource<KindColumns[K]>;
  }

  /**
   * A figure may be seen at the end of the interval that its time begins, and is of the last session that had ended at its
   * start: never earlier than it was. Files of minutes, hours and days tell the same figures; all of them are kept.
   */
  #openInterest(series: Series): void {
    const figures = this.#figures.get(series.contract) ?? [];
    this.#figures.set(series.contract, figures);
    for (const source of series.sources) {
      const { product, file, entry } = source;
      for (const figure of this.#entry(source, this.#rules(source), openInterestRows)) {
        const { startUs, endUs, openInterest } = figure;
        figures.push({ knownUs: endUs, tradeDate: product.endedBy(startUs), openInterest });
        this.counts.openinterest += 1;
        if (figures.length > FIGURES_MAX)
          throw sourceError(file.path, `more than ${FIGURES_MAX} figures of open interest`, {
            at: entry.name,
            fix: 'check what the file is: open interest is published a few times a day',
          });
      }
    }
  }

  /** Writes what was collected over several series. */
  finish(): void {
    for (const [contract, figures] of this.#figures)
      if (figures.length > 0) putOpenInterest(this.#writer, this.#dataset, contract, figures);
  }

  #part<C extends { readonly length: number }>(
    source: Source,
    decode: (rows: LeanRows, rules: LeanRowRules) => Iterable<C>,
  ): SplicePart<C> {
    const rules = this.#rules(source);
    const { date, toUtc } = rules;
    return {
      ...(date === null ? {} : daySpan(date, toUtc)),
      rows: () => this.#rowsOf(source, rules, decode),
    };
  }

  *#rowsOf<C extends { readonly length: number }>(
    source: Source,
    rules: LeanRowRules,
    decode: (rows: LeanRows, rules: LeanRowRules) => Iterable<C>,
  ): Generator<C> {
    for (const batch of this.#entry(source, rules, decode)) {
      this.counts[source.name.kind] += batch.length;
      yield batch;
    }
  }

  *#entry<T>(
    source: Source,
    rules: LeanRowRules,
    decode: (rows: LeanRows, rules: LeanRowRules) => Iterable<T>,
  ): Generator<T> {
    const { file, entry } = source;
    const { io = nodeFileIo, quarantine, series } = this.#options;
    const read = (how: LeanRowRules): LeanRows =>
      new LeanRows(readZipEntry(file.zip, entry, io), how);
    try {
      if (quarantine === undefined && series === undefined) {
        yield* decode(read(rules), rules);
        return;
      }
      // What is left of two series that were mixed row by row would be neither: the whole entry is taken or none of it.
      const { count, rows, restart } = countSeries(read(rules));
      if (count === 1) yield* decode(read(rules), rules);
      else if (series !== undefined && series <= count) {
        const one = { ...rules, series };
        yield* decode(read(one), one);
      } else {
        const reason = `time starts over: the entry holds ${count} series; its ${rows} rows are left out`;
        this.#issues.add({ path: file.path, entry: entry.name, ...restart!, reason }, rows);
      }
    } catch (error) {
      // A line longer than any record: whatever this is, it is not the file that its name says.
      if (error instanceof RangeError)
        throw sourceError(file.path, error.message, { at: entry.name, cause: error });
      throw error;
    }
  }

  #rules(source: Source): LeanRowRules {
    const { file, entry, name, product, resolution } = source;
    const interval = LEAN_INTERVALS[resolution];
    return {
      grid: this.#grids.get(product.root)!,
      mayBeZeroOrBelow: product.mayBeZeroOrBelow,
      stepUs: interval === null ? 0 : intervalUs(interval),
      date: name.date,
      toUtc: product.clockOf(file.name.market),
      refuse: (issue) => this.#issues.add({ path: file.path, entry: entry.name, ...issue }),
    };
  }

  /** Two days with the same bytes: one of them is a copy of the other. */
  #noteCopies(series: Series): void {
    const seen = new Map<string, Source>();
    for (const source of series.sources) {
      const key = `${source.entry.crc}/${source.entry.bytes}`;
      const other = seen.get(key);
      seen.set(key, source);
      if (other === undefined || source.name.date === null || source.entry.bytes < 200) continue;
      this.#notes.push(
        `${source.entry.name} has the same bytes as ${other.entry.name}: one day may be a copy of the other`,
      );
    }
  }
}

function daySpan(date: TradeDate, toUtc: Clock): { fromUs?: number; toUs?: number } {
  try {
    return { fromUs: toUtc(date * US_PER_DAY), toUs: toUtc((date + 1) * US_PER_DAY) };
  } catch (error) {
    // A clock that changes at midnight: the rows themselves say what they cover.
    if (error instanceof TradingError) return {};
    throw error;
  }
}

function refusals(options: LeanImportOptions): Refusals<LeanIssue> {
  return new Refusals<LeanIssue>({
    ...options.quarantine,
    placeOf: ({ entry }) => entry,
    say: ({ entry, line, offset, reason }) => `${entry} line ${line} (byte ${offset}): ${reason}`,
    where: ({ path, entry, line }) => `${path}, ${entry}:${line}`,
    fix: (reasons) =>
      reasons.some((reason) => reason.includes('starts over'))
        ? 'see which series of the file is the right one and take it with --series 1 or --series 2'
        : reasons.some((reason) => reason.includes('is not a multiple of'))
          ? 'keep prices off the tick with --grid none, or take the valid rows with --quarantine'
          : null,
  });
}

function nothingError(options: LeanImportOptions, issues?: Refusals<LeanIssue>): TradingError {
  const [first] = options.files;
  return new TradingError('E_IMPORT_ROWS', 'there is no row that can be taken', {
    details: { files: options.files.length, refused: issues?.count ?? 0 },
    where: first?.path ?? '',
    rule: 'an import brings at least one row',
    fix: 'check the files, and the filters --kinds, --interval and --contract',
  });
}

function seriesOf(options: LeanImportOptions): Series[] {
  const all = new Map<string, Series>();
  for (const file of options.files) {
    for (const entry of file.zip.entries) {
      const source = sourceOf(file, entry, options);
      const contract = contractOf(source.product.root, source.name);
      if (!isWanted(source, contract, options)) continue;
      const { kind } = source.name;
      const key = `${contract}/${kind}/${source.resolution}`;
      const series = all.get(key) ?? { contract, kind, resolution: source.resolution, sources: [] };
      all.set(key, series);
      series.sources.push(source);
    }
  }
  for (const series of all.values()) sortSources(series.sources);
  return [...all.keys()].sort().map((key) => all.get(key)!);
}

function isWanted(source: Source, contract: ContractId, options: LeanImportOptions): boolean {
  const { kinds, interval } = options;
  return (
    (kinds === undefined || kinds.includes(source.name.kind)) &&
    (interval === undefined || LEAN_INTERVALS[source.resolution] === interval) &&
    (options.contract === undefined || options.contract === contract)
  );
}

/** Name, folder and entry must say the same. Errors: E_IMPORT_FILE, E_USAGE. */
function sourceOf(file: LeanFile, entry: ZipEntry, options: LeanImportOptions): Source {
  const name = parseLeanEntry(entry.name);
  const lie = (what: string): Error =>
    sourceError(file.path, what, {
      at: entry.name,
      rule: 'folder, file and entry name the same product, day and kind',
      fix: 'give the file the name that LEAN would, and import it alone',
    });
  if (name === null) throw lie('the entry has no name of LEAN’s futures');
  const { name: outer } = file;
  if (outer.kind !== null && outer.kind !== name.kind)
    throw lie(`the archive is of kind ${outer.kind}, the entry of ${name.kind}`);
  if (outer.root !== null && outer.root !== name.root)
    throw lie(`the archive is of ${outer.root}, the entry of ${name.root}`);
  if (outer.date !== null && outer.date !== name.date)
    throw lie(
      `the archive is of ${toIsoDate(outer.date)}, the entry of ${name.date === null ? 'no day' : toIsoDate(name.date)}`,
    );
  const isDay = name.date !== null;
  const resolution = name.resolution ?? file.resolution;
  if (resolution === null || isDay === (resolution === 'hour' || resolution === 'daily')) {
    if (resolution !== null) throw lie(`an entry of ${resolution} files`);
    throw new TradingError('E_USAGE', `${file.path}: are these bars of hours or of days?`, {
      where: file.path,
      rule: 'rows of hours and of days look alike; the folder or a flag says which',
      fix: 'put the file into a folder `hour` or `daily`, or say --interval 1h or --interval 1d',
    });
  }
  return { file, entry, name, resolution, product: options.productOf(name.root, file.path) };
}

/** Errors: E_USAGE where two files bring the same day of a contract. */
function sortSources(sources: Source[]): void {
  sources.sort((a, b) => (a.name.date ?? 0) - (b.name.date ?? 0));
  for (let i = 1; i < sources.length; i += 1) {
    const [a, b] = [sources[i - 1]!, sources[i]!];
    if (a.name.date !== b.name.date) continue;
    throw new TradingError(
      'E_USAGE',
      `${a.file.path} and ${b.file.path} both bring ${b.entry.name}`,
      {
        where: b.file.path,
        rule: 'one file brings a day of a contract, or all its hours or days',
        fix: 'import them one after the other: the later replaces what it covers',
      },
    );
  }
}
