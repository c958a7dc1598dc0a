/**
 * Parquet bars into a dataset, one row group in memory. Columns are found by name or mapped; times, prices and volumes are read
 * in whatever type they stand. Whole or nothing over all files of an import, unless the valid rows are asked for.
 */
import type { BarInterval, BarStamp } from '../../core/bars.ts';
import { intervalUs } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import { GRID_TOLERANCE } from '../../core/price-grid.ts';
import { suggest } from '../../core/suggest.ts';
import { parseContractId } from '../../core/symbology.ts';
import type { TsUs } from '../../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../../core/units.ts';
import type { Dataset } from '../catalog.ts';
import type { DatasetWriter } from '../dataset-writer.ts';
import type { FileIo } from '../file-io.ts';
import type { GridStatement } from '../manifest.ts';
import type { ParquetCells, ParquetFile, ParquetSourceColumn } from '../parquet.ts';
import { openParquet } from '../parquet.ts';
import {
  CONTRACT_COLUMNS,
  ContractColumn,
  contractColumnFix,
  contractOf,
} from './contract-column.ts';
import { parseDecimal, timeParser } from './csv-text.ts';
import { Refusals } from './refusals.ts';
import { BarSeries } from './splice.ts';

/** Columns of the file by our names. */
export type ParquetField =
  | 'time'
  | 'openTime'
  | 'closeTime'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'contract'
  | 'interval';
export const PARQUET_FIELDS: readonly ParquetField[] = [
  'time',
  'openTime',
  'closeTime',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'contract',
  'interval',
];

/** Names that are looked for, in this order, whatever their case. */
const NAMES: Readonly<Record<ParquetField, readonly string[]>> = {
  time: [
    'time',
    'ts_event',
    'timestamp',
    'datetime',
    'date_time',
    'date',
    'ts',
    '__index_level_0__',
    'index',
  ],
  openTime: ['open_time'],
  closeTime: ['close_time'],
  open: ['open', 'o', 'open_price'],
  high: ['high', 'h', 'high_price'],
  low: ['low', 'l', 'low_price'],
  close: ['close', 'c', 'close_price', 'last'],
  volume: ['volume', 'vol', 'v', 'total_volume'],
  contract: CONTRACT_COLUMNS,
  interval: ['interval'],
};

/** What a file says before its rows are read. */
export interface ParquetShape {
  readonly fields: Readonly<Partial<Record<ParquetField, string>>>;
  /** Columns that are not taken. */
  readonly unused: readonly string[];
  /** From the metadata of the file; null where it says none. */
  readonly contract: ContractId | null;
  readonly interval: string | null;
  /** Digits behind the point of whole numbers; null where nothing says them. */
  readonly decimals: number | null;
  readonly stamp: BarStamp | null;
}

export interface ParquetProduct {
  readonly grid: GridStatement;
  readonly currency: string;
  readonly mayBeZeroOrBelow: boolean;
}

export interface ParquetImportOptions {
  readonly files: readonly string[];
  /** Columns of the file by our names, where they are not the ones that are looked for. */
  readonly columns?: Readonly<Partial<Record<ParquetField, string>>>;
  /** The contract of all rows; those that name another are refused. */
  readonly contract?: ContractId;
  /** Of files that do not say. */
  readonly interval?: BarInterval;
  readonly stamp?: BarStamp;
  /** Whether there is a product of this root, for columns that name no contract. */
  readonly isProduct?: (root: string) => boolean;
  /** Digits behind the point of prices and volumes that stand as whole numbers: 9 for counts of a billionth. */
  readonly decimals?: number;
  /** By root. Errors: E_INSTRUMENT_UNKNOWN. */
  readonly productOf: (root: string) => ParquetProduct;
  /** Instant of a clock reading (µs as if UTC). Throws for a reading that does not exist or happens twice. */
  readonly toUtc: (wallUs: number) => number;
  /** Open and close of the session of a date (µs of its midnight as if UTC); null: not a trading day. */
  readonly sessionOf: (
    root: string,
    wallDateUs: number,
  ) => { openUs: number; closeUs: number } | null;
  readonly quarantine?: { readonly issuesPath: string };
  readonly io?: FileIo;
}

export interface ParquetIssue {
  readonly path: string;
  /** From 1, counted over the whole file. */
  readonly row: number;
  /** Row group, from 1. */
  readonly group: number;
  readonly reason: string;
}

export interface ParquetImportReport {
  readonly dataset: Dataset;
  readonly rows: number;
  readonly refused: number;
  /** The first twenty, at most three of a kind in one file. */
  readonly issues: readonly ParquetIssue[];
  readonly notes: readonly string[];
}

/** Reads the footer only. Errors: E_IMPORT_FILE, E_IMPORT_MAPPING. */
export function inspectParquet(
  path: string,
  options: Pick<ParquetImportOptions, 'columns' | 'io'> = {},
): ParquetShape {
  const file = openParquet(path, options.io);
  try {
    return shapeOf(file, options.columns ?? {});
  } finally {
    file.close();
  }
}

/**
 * Imports files of bars and commits. What a file has of a contract replaces what lies between its first bar and its last; the
 * rest stays, so that the same file again changes nothing. The files of a contract must follow each other in time.
 * Errors: E_IMPORT_FILE, E_IMPORT_MAPPING, E_IMPORT_ROWS with the first twenty rows, and those of the writer. After any error
 * the dataset is as it was.
 */
export function importParquet(
  dataset: Dataset,
  options: ParquetImportOptions,
): ParquetImportReport {
  const writer = dataset.beginWrite();
  const run = new ParquetRun(dataset, writer, options);
  try {
    for (const path of options.files) run.file(path);
    return run.finish();
  } catch (error) {
    run.abort();
    writer.abort();
    throw error;
  }
}

/** A contract on its way into the dataset. */
interface Target {
  readonly root: string;
  readonly series: BarSeries;
  readonly product: ParquetProduct;
  readonly grid: GridStatement;
}

class ParquetRun {
  readonly #dataset: Dataset;
  readonly #writer: DatasetWriter;
  readonly #options: ParquetImportOptions;
  readonly #refusals: Refusals<ParquetIssue>;
  readonly #targets = new Map<string, Target>();
  readonly #grids = new Map<string, GridStatement>();
  readonly #notes: string[] = [];
  /** Files by the columns of theirs that are not taken. */
  readonly #unused = new Map<string, number>();
  readonly #isVolumeKnown: boolean;
  #rows = 0;
  #volume = NaN;
  #isVolumeConstant = true;
  #close = 'close';

  constructor(dataset: Dataset, writer: DatasetWriter, options: ParquetImportOptions) {
    this.#dataset = dataset;
    this.#writer = writer;
    this.#options = options;
    this.#isVolumeKnown = dataset.manifest.volume === 'known';
    this.#refusals = new Refusals<ParquetIssue>({
      ...options.quarantine,
      placeOf: ({ path }) => path,
      say: ({ row, group, reason }) => `row ${row} (row group ${group}): ${reason}`,
      where: ({ path, row }) => `${path}, row ${row}`,
      fix: (reasons) =>
        reasons.some((reason) => reason.includes('is not a multiple of'))
          ? 'keep prices off the tick with --grid none, or take the valid rows with --quarantine'
          : contractColumnFix(reasons),
    });
  }

  file(path: string): void {
    const { columns = {}, io } = this.#options;
    const file = openParquet(path, io);
    try {
      this.#rowsOf(file, shapeOf(file, columns));
    } finally {
      file.close();
    }
  }

  finish(): ParquetImportReport {
    if (this.#refusals.count > 0 && this.#options.quarantine === undefined)
      throw this.#refusals.error(this.#rows);
    if (this.#rows === 0) throw emptyError(this.#options.files[0]!, this.#refusals.count);
    for (const { series } of this.#targets.values()) series.finish();
    this.#refusals.close();
    for (const [names, files] of this.#unused)
      this.#notes.push(
        `columns that are not taken: ${names}${files > 1 ? ` (${files} files)` : ''}`,
      );
    if (this.#isVolumeConstant && this.#rows > 20 && this.#volume > 0)
      this.#notes.push(
        `every bar has the volume ${this.#volume}: if that stands for none, leave it out: --columns close=${this.#close}`,
      );
    return {
      dataset: this.#writer.commit(),
      rows: this.#rows,
      refused: this.#refusals.count,
      issues: this.#refusals.first,
      notes: this.#notes,
    };
  }

  abort(): void {
    this.#refusals.close();
    for (const { series } of this.#targets.values()) series.abort();
  }

  #rowsOf(file: ParquetFile, shape: ParquetShape): void {
    const { path } = file;
    if (shape.unused.length > 0) {
      const unused = shape.unused.join(', ');
      this.#unused.set(unused, (this.#unused.get(unused) ?? 0) + 1);
    }
    this.#close = shape.fields.close!;
    const reader = new RowReader(file, shape, this.#options, this.#isVolumeKnown);
    if (reader.note !== null) this.#notes.push(`${path}: ${reader.note}`);
    let row = 0;
    for (const [group, rows] of file.groups.entries()) {
      reader.load(group);
      for (let i = 0; i < rows; i += 1) {
        row += 1;
        const reason = this.#row(reader, i);
        if (reason !== null) this.#refusals.add({ path, row, group: group + 1, reason });
      }
    }
  }

  #row(reader: RowReader, i: number): string | null {
    const other = reader.otherContract(i);
    if (other !== null) return other;
    const id = reader.contract(i);
    const target = this.#targets.get(id) ?? this.#begin(id, reader.interval);
    if (typeof target === 'string') return target;
    const reason =
      reader.times(i, target.root) ??
      reader.prices(i, target.grid, target.product.mayBeZeroOrBelow) ??
      reader.quantity(i);
    if (reason !== null) return reason;
    const { openUs, closeUs, volume } = reader;
    const { series } = target;
    if (closeUs <= series.lastCloseUs)
      return closeUs === series.lastCloseUs
        ? `the time of another row: closes at ${iso(closeUs)}`
        : `not in order: closes at ${iso(closeUs)}, the row before at ${iso(series.lastCloseUs)}`;
    series.push(openUs, closeUs, reader.counts, volume);
    this.#rows += 1;
    if (Number.isNaN(this.#volume)) this.#volume = volume;
    else if (volume !== this.#volume) this.#isVolumeConstant = false;
    return null;
  }

  #begin(id: string, interval: BarInterval): Target | string {
    const contract = contractOf(id);
    if (contract === null) return `contract: "${id}" is not a contract id such as ESZ2025`;
    const { root } = parseContractId(contract);
    const product = this.#options.productOf(root);
    const grid = this.#gridOf(root, product);
    const stored =
      this.#dataset.span(contract, interval) === null
        ? null
        : this.#dataset.bars({ contract, interval });
    const series = new BarSeries(this.#writer, stored, contract, interval);
    const target: Target = { root, series, product, grid };
    this.#targets.set(id, target);
    return target;
  }

  #gridOf(root: string, product: ParquetProduct): GridStatement {
    const known = this.#grids.get(root);
    if (known !== undefined) return known;
    const stored = this.#dataset.manifest.grids[root];
    if (stored === undefined)
      this.#writer.describe({
        grids: { [root]: product.grid },
        currencies: { [root]: product.currency },
      });
    const grid = stored ?? product.grid;
    this.#grids.set(root, grid);
    return grid;
  }
}

type Cells = (number | bigint | string | Uint8Array | null | undefined)[];

/** Reads the rows of a row group into its own fields, without an object for each. */
class RowReader {
  readonly #file: ParquetFile;
  readonly #names: readonly string[];
  readonly #fields: readonly ParquetField[];
  readonly #columns: Readonly<Partial<Record<ParquetField, ParquetSourceColumn>>>;
  readonly #options: ParquetImportOptions;
  readonly #contract: string;
  /** What the file says of contracts, where one is named for all rows. */
  readonly #named: ContractColumn | null;
  readonly #stamp: BarStamp | null;
  readonly #stepUs: number;
  readonly #isVolumeKnown: boolean;
  readonly #number: Readonly<Partial<Record<ParquetField, Numbers>>>;
  readonly #time: Readonly<Partial<Record<ParquetField, Times>>>;
  #cells: Partial<Record<ParquetField, Cells>> = {};
  readonly interval: BarInterval;
  /** The rows say their interval: one for the whole file. */
  readonly #hasIntervals: boolean;
  readonly counts = new Float64Array(4);
  openUs = 0;
  closeUs = 0;
  volume = NaN;

  constructor(
    file: ParquetFile,
    shape: ParquetShape,
    options: ParquetImportOptions,
    isVolumeKnown: boolean,
  ) {
    this.#file = file;
    this.#options = options;
    this.#isVolumeKnown = isVolumeKnown;
    const { fields } = shape;
    this.#fields = Object.keys(fields) as ParquetField[];
    this.#names = this.#fields.map((field) => fields[field]!);
    const columns: Partial<Record<ParquetField, ParquetSourceColumn>> = {};
    for (const field of this.#fields)
      columns[field] = file.columns.find(({ name }) => name === fields[field])!;
    this.#columns = columns;
    this.#contract = contractFor(file.path, shape, options);
    this.#named = namedIn(file, shape, options);
    this.interval = intervalFor(file, shape, options);
    this.#hasIntervals = options.interval === undefined && fields.interval !== undefined;
    this.#stepUs = intervalUs(this.interval);
    this.#stamp = stampFor(file.path, shape, columns, options);
    const decimals = options.decimals ?? shape.decimals;
    const numbers: Partial<Record<ParquetField, Numbers>> = {};
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const)
      if (columns[field] !== undefined)
        numbers[field] = numbersOf(file.path, columns[field], decimals, field === 'volume');
    this.#number = numbers;
    const times: Partial<Record<ParquetField, Times>> = {};
    for (const field of ['time', 'openTime', 'closeTime'] as const)
      if (columns[field] !== undefined)
        times[field] = timesOf(file.path, columns[field], options.toUtc);
    this.#time = times;
  }

  load(group: number): void {
    const cells: Partial<Record<ParquetField, Cells>> = {};
    for (const [k, pages] of this.#file.read(group, this.#names).entries())
      cells[this.#fields[k]!] = joined(pages);
    this.#cells = cells;
  }

  contract(i: number): string {
    return this.#contract === '' ? nameText(this.#cells.contract?.[i]).trim() : this.#contract;
  }

  /** Why the row is not of the contract that is named for all; null where it is. */
  otherContract(i: number): string | null {
    return this.#named?.refusal(nameText(this.#cells.contract![i])) ?? null;
  }

  get note(): string | null {
    return this.#named?.note ?? null;
  }

  times(i: number, root: string): string | null {
    if (this.#hasIntervals && this.#cells.interval![i] !== this.interval)
      return `interval: ${cellText(this.#cells.interval![i])} in a file of ${this.interval}`;
    if (this.#time.openTime !== undefined) {
      const [open, close] = [this.#moment('openTime', i), this.#moment('closeTime', i)];
      if (typeof open === 'string') return open;
      if (typeof close === 'string') return close;
      if (!(open < close)) return `time: closes at ${iso(close)}, opens at ${iso(open)}`;
      [this.openUs, this.closeUs] = [open, close];
      return null;
    }
    const us = this.#moment('time', i);
    if (typeof us === 'string') return us;
    if (this.#columns.time!.meaning.kind === 'date') {
      const session = this.#options.sessionOf(root, us);
      if (session === null) return `time: ${iso(us).slice(0, 10)} is not a trading day`;
      [this.openUs, this.closeUs] = [session.openUs, session.closeUs];
      return null;
    }
    this.openUs = this.#stamp === 'open' ? us : us - this.#stepUs;
    this.closeUs = this.openUs + this.#stepUs;
    return null;
  }

  prices(i: number, grid: GridStatement, mayBeZeroOrBelow: boolean): string | null {
    for (const [k, name] of (['open', 'high', 'low', 'close'] as const).entries()) {
      const cell = this.#cells[name]![i];
      const price = cell === null || cell === undefined ? NaN : this.#number[name]!(cell);
      if (!Number.isFinite(price)) return `${name}: ${cellText(cell)} is not a number`;
      if (price <= 0 && !mayBeZeroOrBelow)
        return `${name}: ${price} is not above zero, as prices of this product are`;
      const exact = price / grid.increment;
      const count = Math.round(exact);
      // A float of 32 bits is off by its own rounding.
      const near =
        this.#columns[name]!.width === 4 && this.#columns[name]!.meaning.kind === 'float'
          ? Math.max(GRID_TOLERANCE, Math.abs(exact) * 2 ** -23)
          : GRID_TOLERANCE;
      const isOnGrid = Math.abs(exact - count) <= Math.min(near, 0.25);
      if (!isOnGrid && grid.kind === 'ticks')
        return `${name}: ${price} is not a multiple of ${grid.increment}`;
      this.counts[k] = isOnGrid ? count + 0 : exact;
    }
    const [open, high, low, close] = this.counts as unknown as [number, number, number, number];
    return high < Math.max(open, low, close) || low > Math.min(open, close)
      ? 'high is not the highest or low is not the lowest of the row'
      : null;
  }

  quantity(i: number): string | null {
    const read = this.#number.volume;
    const cell = read === undefined ? null : this.#cells.volume![i];
    const isEmpty = cell === null || cell === undefined || Number.isNaN(cell);
    this.volume = isEmpty ? NaN : read!(cell);
    if (isEmpty) return this.#isVolumeKnown ? 'volume: it is empty' : null;
    if (Number.isNaN(this.volume)) return `volume: ${cellText(cell)} is not a number`;
    if (this.volume < 0) return `volume: ${this.volume} is negative`;
    return this.#isVolumeKnown && !Number.isSafeInteger(this.volume)
      ? `volume: ${this.volume} is not a whole number below 2^53`
      : null;
  }

  #moment(field: 'time' | 'openTime' | 'closeTime', i: number): number | string {
    const cell = this.#cells[field]![i];
    if (cell === null || cell === undefined) return 'time: it is empty';
    try {
      const us = this.#time[field]!(cell);
      if (typeof us === 'string') return us;
      return us >= EARLIEST_US && us < LATEST_US
        ? us
        : `time: ${cellText(cell)} is not in the years 1900 to 2199`;
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return `time: ${error.message}`;
    }
  }
}

type Cell = number | bigint | string | Uint8Array;
type Numbers = (cell: Cell) => number;
/** µs UTC, or µs of a midnight as if UTC for a date; a text says why there is none. */
type Times = (cell: Cell) => number | string;

/** The years 1900 to 2199, those of contract ids. */
const EARLIEST_US = -25_567 * US_PER_DAY;
const LATEST_US = 84_006 * US_PER_DAY;
/** Whole prices beyond this are counts of something whose size the file does not say. */
const WHOLE_PRICE_MAX = 1e7;

function numbersOf(
  path: string,
  column: ParquetSourceColumn,
  decimals: number | null,
  isVolume: boolean,
): Numbers {
  const { meaning, name, width } = column;
  switch (meaning.kind) {
    case 'float':
      return (cell) => (typeof cell === 'number' ? cell : NaN);
    case 'text':
      return (cell) => (typeof cell === 'string' ? parseDecimal(cell) : NaN);
    case 'decimal': {
      const { scale } = meaning;
      return (cell) => scaled(cell instanceof Uint8Array ? bigEndian(cell) : toBig(cell), scale);
    }
    case 'int':
    case 'uint': {
      const toValue = (cell: Cell): bigint =>
        meaning.kind === 'uint' ? BigInt.asUintN(width * 8, toBig(cell)) : toBig(cell);
      if (decimals !== null) return (cell) => scaled(toValue(cell), decimals);
      return (cell) => {
        const value = Number(toValue(cell));
        if (isVolume || Math.abs(value) <= WHOLE_PRICE_MAX) return value;
        throw mappingError(
          `${name}: ${value} is no whole price, and nothing says how many digits stand behind its point`,
          path,
          [],
          'say it with --decimals, such as --decimals 9 for counts of a billionth',
        );
      };
    }
    case 'bytes': {
      // Raw little-endian integers of 8 or 16 bytes, as some writers of fixed-point prices have them.
      if (decimals !== null && (width === 8 || width === 16))
        return (cell) =>
          cell instanceof Uint8Array
            ? scaled(littleEndian(cell), width === 16 ? 16 : decimals)
            : NaN;
      break;
    }
    default:
  }
  throw mappingError(
    `${name}: numbers are not read from a column of this type (${meaning.kind === 'other' ? 'not known' : meaning.kind})`,
    path,
    [],
    'map another column with --columns',
  );
}

function timesOf(path: string, column: ParquetSourceColumn, toUtc: (us: number) => number): Times {
  const { meaning, name } = column;
  switch (meaning.kind) {
    case 'timestamp': {
      const { unit, isInstant } = meaning;
      const toUs = (cell: Cell): number => microseconds(toBig(cell), unit);
      return isInstant ? toUs : (cell) => toUtc(toUs(cell));
    }
    case 'int':
    case 'uint':
      return (cell) => {
        const value = toBig(cell);
        return microseconds(value, unitOf(value));
      };
    case 'date':
      return (cell) => Number(toBig(cell)) * US_PER_DAY;
    case 'text': {
      const parse = timeParser('iso')!;
      return (cell) => {
        const time = parse(String(cell));
        if (time === null) return `time: "${String(cell)}" is not an ISO time`;
        return time.kind === 'utc' ? time.us : toUtc(time.us);
      };
    }
    default:
      throw mappingError(
        `${name}: times are not read from a column of this type (${meaning.kind === 'other' ? 'not known' : meaning.kind})`,
        path,
        [],
        'map another column with --columns time=…',
      );
  }
}

/** Unit of a count since 1970 without a type: from 1973 to 5138 each unit has digits of its own. */
function unitOf(value: bigint): 's' | 'ms' | 'us' | 'ns' {
  const size = value < 0n ? -value : value;
  if (size >= 10n ** 17n) return 'ns';
  if (size >= 10n ** 14n) return 'us';
  return size >= 10n ** 11n ? 'ms' : 's';
}

function microseconds(value: bigint, unit: 's' | 'ms' | 'us' | 'ns'): number {
  switch (unit) {
    case 's':
      return Number(value) * 1_000_000;
    case 'ms':
      return Number(value) * 1000;
    case 'us':
      return Number(value);
    case 'ns':
      return Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
  }
}

function toBig(cell: Cell): bigint {
  return typeof cell === 'bigint' ? cell : typeof cell === 'number' ? BigInt(cell) : 0n;
}

/** Both sides exact where the value fits a double, so that the one division rounds as the decimal would. */
function scaled(value: bigint, decimals: number): number {
  const plain = Number(value);
  if (Number.isSafeInteger(plain) || decimals === 0) return plain / 10 ** decimals;
  const unit = 10n ** BigInt(decimals);
  return Number(value / unit) + Number(value % unit) / 10 ** decimals;
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bigEndian(bytes.toReversed());
}

function joined(pages: readonly ParquetCells[]): Cells {
  if (pages.length === 1) return pages[0] as unknown as Cells;
  const out: Cells = [];
  for (const page of pages) for (let i = 0; i < page.length; i += 1) out.push(page[i]);
  return out;
}

function cellText(cell: Cell | null | undefined): string {
  return cell === null || cell === undefined ? 'an empty cell' : `"${String(cell).slice(0, 40)}"`;
}

/** Errors: E_IMPORT_MAPPING. */
function shapeOf(
  file: ParquetFile,
  asked: Readonly<Partial<Record<ParquetField, string>>>,
): ParquetShape {
  const names = file.columns.map(({ name }) => name);
  const fields: Partial<Record<ParquetField, string>> = {};
  for (const field of PARQUET_FIELDS) {
    const name = asked[field];
    if (name !== undefined && !names.includes(name)) {
      const near = suggest(name, names);
      throw mappingError(
        `${field}: the file has no column "${name}"`,
        file.path,
        names,
        near === null ? `choose from: ${names.join(', ')}` : `did you mean ${near}?`,
      );
    }
    const found =
      name ?? NAMES[field].map((each) => sameName(names, each)).find((each) => each !== null);
    if (found !== undefined && found !== null) fields[field] = found;
  }
  dropTimes(fields, asked);
  // A map that names columns and leaves the volume out says that there is none, as it does for CSV.
  if (Object.keys(asked).length > 0 && asked.volume === undefined) delete fields.volume;
  const missing = (['open', 'high', 'low', 'close'] as const).filter(
    (name) => fields[name] === undefined,
  );
  if (fields.time === undefined && fields.openTime === undefined) missing.unshift('time' as 'open');
  if (missing.length > 0)
    throw mappingError(
      `no column for ${missing.join(', ')}`,
      file.path,
      names,
      `map them: --columns ${missing.map((name) => `${name}=…`).join(',')}; the file has ${names.join(', ')}`,
    );
  const used = new Set(Object.values(fields));
  const twice = [...used].find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined)
    throw mappingError(
      `the file has several columns "${twice}"`,
      file.path,
      names,
      'rename one of them in the file, or map another with --columns',
    );
  return {
    fields,
    unused: names.filter((name) => !used.has(name)),
    ...statedBy(file.metadata),
  };
}

/** Both ends of a bar, or one time. */
function dropTimes(
  fields: Partial<Record<ParquetField, string>>,
  asked: Readonly<Partial<Record<ParquetField, string>>>,
): void {
  const hasBoth = fields.openTime !== undefined && fields.closeTime !== undefined;
  if (hasBoth && asked.time === undefined) delete fields.time;
  else {
    delete fields.openTime;
    delete fields.closeTime;
  }
}

function sameName(names: readonly string[], wanted: string): string | null {
  return names.find((name) => name.toLowerCase() === wanted) ?? null;
}

const STEPS: Readonly<Record<string, string>> = { SECOND: 's', MINUTE: 'm', HOUR: 'h', DAY: 'd' };

/**
 * What the file's own metadata say: `instrument_id` (HG=2021F.SIM), `bar_type` (…-1-DAY-MID-EXTERNAL) and `price_precision`
 * stand beside fixed-point prices with nine digits behind the point, stamped at the close.
 */
function statedBy(
  metadata: ReadonlyMap<string, string>,
): Pick<ParquetShape, 'contract' | 'interval' | 'decimals' | 'stamp'> {
  const type = metadata.get('bar_type');
  const step = /-(\d+)-(SECOND|MINUTE|HOUR|DAY)-/.exec(type ?? '');
  const id = metadata.get('instrument_id');
  const isFixed = type !== undefined && metadata.has('price_precision');
  return {
    contract: id === undefined ? null : contractOf(id.replace(/\.[^.]*$/, '')),
    interval: step === null ? null : `${step[1]}${STEPS[step[2]!]}`,
    decimals: isFixed ? 9 : null,
    stamp: type === undefined ? null : 'close',
  };
}

/** Empty where a column says it. Errors: E_IMPORT_MAPPING. */
function contractFor(path: string, shape: ParquetShape, options: ParquetImportOptions): string {
  if (options.contract !== undefined) return options.contract;
  if (shape.fields.contract !== undefined) return '';
  if (shape.contract !== null) return shape.contract;
  throw mappingError(
    'nothing says of which contract the rows are',
    path,
    [],
    'name it with --contract ESZ2025, or map a column: --columns contract=…',
  );
}

/** Errors: E_IMPORT_MAPPING for a file whose metadata name another contract. */
function namedIn(
  file: ParquetFile,
  shape: ParquetShape,
  { contract, isProduct }: ParquetImportOptions,
): ContractColumn | null {
  if (contract === undefined) return null;
  const column = shape.fields.contract;
  if (column === undefined) {
    if (shape.contract === null || shape.contract === contract) return null;
    throw mappingError(
      `the file says that it is of ${shape.contract}, --contract says ${contract}`,
      file.path,
      [],
      'leave --contract out, or check the file',
    );
  }
  const named = new ContractColumn({
    contract,
    column,
    ...(isProduct === undefined ? {} : { isProduct }),
  });
  for (const group of file.groups.keys())
    for (const page of file.read(group, [column])[0]!)
      for (let i = 0; i < page.length; i += 1)
        if (!named.look(nameText((page as unknown as Cells)[i]))) return named;
  return named;
}

function nameText(cell: Cell | null | undefined): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell ?? '');
}

function intervalFor(
  file: ParquetFile,
  shape: ParquetShape,
  options: ParquetImportOptions,
): BarInterval {
  const { path } = file;
  const column = shape.fields.interval;
  const cell = column === undefined ? null : firstCell(file, column);
  const interval = options.interval ?? shape.interval ?? (typeof cell === 'string' ? cell : null);
  if (interval !== null) {
    intervalUs(interval);
    return interval as BarInterval;
  }
  throw mappingError('nothing says how long a bar is', path, [], 'such as --interval 1m');
}

function firstCell(file: ParquetFile, column: string): Cell | null {
  const group = file.groups.findIndex((rows) => rows > 0);
  return group < 0 ? null : (file.read(group, [column])[0]![0]?.[0] ?? null);
}

function stampFor(
  path: string,
  shape: ParquetShape,
  columns: Readonly<Partial<Record<ParquetField, ParquetSourceColumn>>>,
  options: ParquetImportOptions,
): BarStamp | null {
  const stamp = options.stamp ?? shape.stamp;
  if (stamp !== null) return stamp;
  if (columns.openTime !== undefined || columns.time?.meaning.kind === 'date') return null;
  throw mappingError(
    'nothing says whether a bar carries the time of its open or of its close',
    path,
    [],
    '--stamp open or --stamp close, as the source of the file says',
  );
}

function mappingError(
  message: string,
  path: string,
  columns: readonly string[],
  fix: string,
): TradingError {
  return new TradingError('E_IMPORT_MAPPING', `${path}: ${message}`, {
    details: { path, columns },
    where: path,
    rule: 'a bar needs time, open, high, low, close, its contract and its length',
    fix,
  });
}

function emptyError(path: string, refused: number): TradingError {
  return new TradingError('E_IMPORT_ROWS', 'there is no row that can be taken', {
    details: { path, refused },
    where: path,
    rule: 'an import brings at least one row',
    fix: 'check the file and its columns',
  });
}

function iso(us: number): string {
  return Number.isSafeInteger(us) ? toIsoUtc(us as TsUs) : String(us);
}
