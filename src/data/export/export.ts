/**
 * A dataset, or a part of it, as files for other programs: one file for each kind of rows and bar interval. Memory holds one
 * batch, whatever the size of the dataset. Files are written under temporary names and renamed when all of them are whole.
 */
import { basename, dirname, join } from 'node:path';
import { TradingError } from '../../core/errors.ts';
import type { ColumnType } from '../arrow-store.ts';
import { createArrowWriter } from '../arrow-store.ts';
import type { Dataset } from '../catalog.ts';
import type { FileIo } from '../file-io.ts';
import { closeQuietly, errnoOf, nodeFileIo, unlinkQuietly } from '../file-io.ts';
import type { DatasetManifest, DatasetMeta } from '../manifest.ts';
import type { KindColumns } from '../segment-codec.ts';
import { openSegments } from '../segment-source.ts';
import type { ParquetType } from '../parquet.ts';
import type { TypedTable } from './columns.ts';
import { DAYS, gridOf, typedTable } from './columns.ts';
import { csvHeader, csvLines } from './csv.ts';
import type {
  ExportColumn,
  ExportRange,
  ExportSelection,
  ExportTable,
  PriceView,
} from './tables.ts';
import { exportColumns, tablesOf } from './tables.ts';

export const EXPORT_FORMATS = ['csv', 'parquet', 'arrow'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Where the rows go: one file, a folder with a file for each table, or text that somebody takes (CSV only). */
export type ExportTarget =
  | { readonly file: string }
  | { readonly folder: string }
  | { readonly text: (text: string) => void };

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly target: ExportTarget;
  readonly selection?: ExportSelection;
  /** What of a product is wanted; null for nothing of it. All by default. */
  readonly rangeOf?: (root: string) => ExportRange | null;
  readonly prices?: PriceView;
  /** Replace files that exist. Default false. */
  readonly isForced?: boolean;
  readonly io?: FileIo;
  /** Called after every batch with the rows so far; true stops the export, and nothing is left behind. */
  readonly onProgress?: (rows: number, total: number) => boolean;
}

export interface ExportedFile {
  /** Empty for text. */
  readonly path: string;
  readonly kind: string;
  readonly interval: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly string[];
}

/** The statements that stand beside exported CSV, and inside Parquet and Arrow files. */
export interface ExportStatement {
  readonly schema: 'frontmonth.export/1';
  readonly dataset: DatasetMeta;
  readonly files: readonly (Omit<ExportedFile, 'path'> & { readonly file: string })[];
}

/** Null when it was stopped. */
export type ExportOutcome = {
  readonly files: readonly ExportedFile[];
  readonly rows: number;
} | null;

const EXTENSION: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  parquet: 'parquet',
  arrow: 'arrow',
};

/**
 * Errors: E_DATA_SPAN when nothing is chosen, E_EXPORT_TABLES for several tables and one file, E_EXPORT_EXISTS,
 * E_EXPORT_WRITE when the disk refuses, and those of reading. After any error no file has changed.
 */
export async function exportDataset(
  dataset: Dataset,
  options: ExportOptions,
): Promise<ExportOutcome> {
  const tables = rangedTables(tablesOf(dataset, options.selection ?? {}), options);
  if (tables.length === 0)
    throw new TradingError('E_DATA_SPAN', `${dataset.name} has no rows between these dates`, {
      rule: 'an export holds at least one row',
      fix: `see what is there: frontmonth data show ${dataset.name}`,
    });
  if (!('folder' in options.target) && tables.length > 1) throw severalTables(tables);
  const job = new ExportJob(dataset, options, tables);
  try {
    return await job.run();
  } catch (error) {
    job.abort();
    throw error;
  }
}

function rangedTables(tables: readonly ExportTable[], options: ExportOptions): ExportTable[] {
  const { rangeOf } = options;
  if (rangeOf === undefined) return [...tables];
  const ranges = new Map<string, ExportRange | null>();
  return tables
    .map((table) => ({
      ...table,
      segments: table.segments.filter((one) => {
        if (!ranges.has(one.root)) ranges.set(one.root, rangeOf(one.root));
        const range = ranges.get(one.root)!;
        if (range === null) return false;
        return one.lastUs >= (range.from ?? -Infinity) && one.firstUs <= (range.to ?? Infinity);
      }),
    }))
    .filter((table) => table.segments.length > 0);
}

function severalTables(tables: readonly ExportTable[]): TradingError {
  const names = tables.map((table) => table.name);
  const first = tables[0]!;
  const choice = first.interval === null ? `--kind ${first.kind}` : `--interval ${first.interval}`;
  return new TradingError(
    'E_EXPORT_TABLES',
    `one file holds rows of one kind, and these are ${names.length}: ${names.join(', ')}`,
    {
      details: { tables: names },
      rule: 'every kind of rows, and every bar interval, has its own file',
      fix: `choose one, such as ${choice}, or name a folder: --out export/`,
    },
  );
}

/** What one format does with the rows of one table. */
interface TableSink {
  write(
    batch: KindColumns[keyof KindColumns],
    table: ExportTable,
    at: number,
  ): void | Promise<void>;
  /** Ends the file and returns its bytes. */
  finish(): number | Promise<number>;
  /** Never throws. */
  abort(): void;
}

class Stopped extends Error {}

class ExportJob {
  readonly #dataset: Dataset;
  readonly #options: ExportOptions;
  readonly #tables: readonly ExportTable[];
  readonly #io: FileIo;
  readonly #temps: { readonly temp: string; readonly path: string }[] = [];
  readonly #total: number;
  readonly #renamed: string[] = [];
  #sink: TableSink | null = null;
  #rows = 0;

  constructor(dataset: Dataset, options: ExportOptions, tables: readonly ExportTable[]) {
    this.#dataset = dataset;
    this.#options = options;
    this.#tables = tables;
    this.#io = options.io ?? nodeFileIo;
    this.#total = tables.flatMap((one) => one.segments).reduce((sum, one) => sum + one.rows, 0);
  }

  async run(): Promise<ExportOutcome> {
    const plan = this.#tables.map((table) => ({ table, path: this.#pathOf(table) }));
    const statement = this.#statementPath(plan.map((one) => one.path));
    for (const path of [...plan.map((one) => one.path), statement]) this.#refuseExisting(path);
    const files: ExportedFile[] = [];
    try {
      for (const { table, path } of plan) files.push(await this.#writeTable(table, path));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      this.abort();
      return null;
    }
    if (statement !== '') this.#writeStatement(statement, files);
    for (const { temp, path } of this.#temps) {
      this.#guard(path, () => this.#io.rename(temp, path));
      this.#renamed.push(path);
    }
    this.#temps.length = 0;
    return { files, rows: this.#rows };
  }

  abort(): void {
    this.#sink?.abort();
    this.#sink = null;
    for (const { temp } of this.#temps.splice(0)) unlinkQuietly(this.#io, temp);
    // Files that were replaced are whole in their new state; the others were not there.
    const isForced = this.#options.isForced === true;
    for (const path of isForced ? [] : this.#renamed.splice(0)) unlinkQuietly(this.#io, path);
  }

  #pathOf(table: ExportTable): string {
    const { target, format } = this.#options;
    if ('text' in target) return '';
    if ('file' in target) return target.file;
    return join(target.folder, `${table.name}.${EXTENSION[format]}`);
  }

  /** CSV says nothing of grids and volumes by itself. */
  #statementPath(paths: readonly string[]): string {
    const { target, format } = this.#options;
    if ('text' in target || format !== 'csv') return '';
    return 'folder' in target ? join(target.folder, 'dataset.json') : `${paths[0]!}.json`;
  }

  #refuseExisting(path: string): void {
    const exists = this.#guard(path, () => path !== '' && this.#io.exists(path));
    if (this.#options.isForced === true || !exists) return;
    throw new TradingError('E_EXPORT_EXISTS', `${path} exists`, {
      details: { path },
      where: path,
      rule: 'an export replaces nothing unless it is told to',
      fix: 'choose another name, or replace it with --force',
    });
  }

  async #writeTable(table: ExportTable, path: string): Promise<ExportedFile> {
    const columns = exportColumns(table.kind, this.#options.prices ?? 'decimal');
    const temp = path === '' ? '' : this.#newTemp(path);
    const sink = await this.#guardAsync(path, () => this.#openSink(table, columns, temp));
    this.#sink = sink;
    let rows = 0;
    for (const [at, segment] of table.segments.entries()) {
      const range = this.#options.rangeOf?.(segment.root) ?? {};
      const source = openSegments(table.kind, this.#dataset.folder, [segment], range, nodeFileIo);
      try {
        for (let batch = source.next(); batch !== null; batch = source.next()) {
          const rowsOfBatch = batch;
          await this.#guardAsync(path, () => sink.write(rowsOfBatch, table, at));
          rows += batch.length;
          this.#rows += batch.length;
          if (this.#options.onProgress?.(this.#rows, this.#total) === true) throw new Stopped();
        }
      } finally {
        source.close();
      }
    }
    const bytes = await this.#guardAsync(path, () => sink.finish());
    this.#sink = null;
    const { kind, interval } = table;
    return { path, kind, interval, rows, bytes, columns: columns.map((column) => column.name) };
  }

  #openSink(
    table: ExportTable,
    columns: readonly ExportColumn[],
    temp: string,
  ): TableSink | Promise<TableSink> {
    const { target, format } = this.#options;
    if ('text' in target) return textSink(this.#dataset, columns, target.text);
    if (format === 'csv') return csvSink(this.#dataset, columns, this.#io, temp);
    const metadata = { frontmonth: JSON.stringify(this.#statement([])) };
    const typed = typedTable(this.#dataset, table, columns, nodeFileIo);
    if (format === 'parquet')
      return parquetSink(typed, temp, metadata, this.#dataset.manifest.createdBy, this.#io);
    const writer = createArrowWriter(temp, { columns: typed.specs }, metadata, this.#io);
    return {
      write(batch, { segments }, at) {
        const values = typed.columnsOf(batch, segments[at]!);
        writer.write({ length: batch.length, columns: values });
      },
      finish: () => writer.finish().bytes,
      abort: () => writer.abort(),
    };
  }

  #newTemp(path: string): string {
    const temp = join(dirname(path), `.${basename(path)}.tmp`);
    this.#guard(path, () => {
      this.#io.mkdir(dirname(path));
      if (this.#io.exists(temp)) this.#io.unlink(temp);
    });
    this.#temps.push({ temp, path });
    return temp;
  }

  #statement(files: readonly ExportedFile[]): ExportStatement {
    return {
      schema: 'frontmonth.export/1',
      dataset: metaOf(this.#dataset.manifest),
      files: files.map(({ path, ...rest }) => ({ file: basename(path), ...rest })),
    };
  }

  #writeStatement(path: string, files: readonly ExportedFile[]): void {
    const temp = this.#newTemp(path);
    const text = `${JSON.stringify(this.#statement(files), null, 2)}\n`;
    this.#guard(path, () => {
      const fd = this.#io.open(temp, 'wx');
      try {
        this.#io.write(fd, new TextEncoder().encode(text));
        this.#io.fsync(fd);
      } finally {
        this.#io.close(fd);
      }
    });
  }

  #guard<T>(path: string, step: () => T): T {
    try {
      return step();
    } catch (cause) {
      throw exportError(path, cause);
    }
  }

  async #guardAsync<T>(path: string, step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      throw exportError(path, cause);
    }
  }
}

/** Texts stand in full, and NaN, an unknown quantity, is an empty cell. */
async function parquetSink(
  typed: TypedTable,
  temp: string,
  metadata: Readonly<Record<string, string>>,
  createdBy: string,
  io: FileIo,
): Promise<TableSink> {
  const { createParquetWriter } = await import('../parquet.ts');
  const { specs } = typed;
  const columns = specs.map(({ name, type, metadata: about }) => ({
    name,
    type: about?.['unit'] === DAYS ? ('date' as const) : PARQUET_TYPE[type],
    isNullable: type === 'f64',
  }));
  const writer = createParquetWriter(temp, { columns, metadata, createdBy, io });
  return {
    write(batch, { segments }, at) {
      const values = typed.columnsOf(batch, segments[at]!).map((column, k) => {
        const { dictionary } = specs[k]!;
        if (dictionary === undefined) return column;
        return Array.from(column as Int32Array, (code) => dictionary[code]!);
      });
      writer.write({ length: batch.length, columns: values });
    },
    finish: () => writer.finish().bytes,
    abort: () => writer.abort(),
  };
}

const PARQUET_TYPE: Readonly<Record<ColumnType, Extract<ParquetType, string>>> = {
  f64: 'f64',
  i32: 'i32',
  i64: 'i64',
  i8: 'i32',
  u8: 'i32',
  u64: 'u64',
  bool: 'bool',
  utf8: 'text',
  'timestamp[us, UTC]': 'timestamp[us, UTC]',
  'timestamp[ns, UTC]': 'timestamp[ns, UTC]',
};

/** What the maker of a dataset states, without what the catalog keeps of it. */
function metaOf(manifest: DatasetManifest): DatasetMeta {
  const { schemaVersion: _v, generation: _g, segments: _s, checksum: _c, ...meta } = manifest;
  return meta;
}

function textSink(
  dataset: Dataset,
  columns: readonly ExportColumn[],
  put: (text: string) => void,
): TableSink {
  let bytes = 0;
  const out = (text: string): void => {
    bytes += Buffer.byteLength(text);
    put(text);
  };
  out(csvHeader(columns));
  return {
    write(batch, { segments }, at) {
      const { contract, interval, root } = segments[at]!;
      const about = { contract, interval, grid: gridOf(dataset, root) };
      for (const lines of csvLines(batch, columns, about)) out(lines);
    },
    finish: () => bytes,
    abort: () => undefined,
  };
}

function csvSink(
  dataset: Dataset,
  columns: readonly ExportColumn[],
  io: FileIo,
  temp: string,
): TableSink {
  const fd = io.open(temp, 'wx');
  let isOpen = true;
  const encoder = new TextEncoder();
  const abort = (): void => {
    if (isOpen) closeQuietly(io, fd);
    isOpen = false;
  };
  try {
    const sink = textSink(dataset, columns, (text) => io.write(fd, encoder.encode(text)));
    return {
      write: sink.write,
      finish() {
        const bytes = sink.finish();
        io.fsync(fd);
        isOpen = false;
        io.close(fd);
        return bytes;
      },
      abort,
    };
  } catch (error) {
    abort();
    throw error;
  }
}

function exportError(path: string, cause: unknown): unknown {
  const reason = errnoOf(cause);
  if (reason === '') return cause;
  return new TradingError(
    'E_EXPORT_WRITE',
    `cannot write ${path}: ${reason === 'ENOSPC' ? 'the disk is full' : reason}`,
    {
      details: { path, reason },
      where: path,
      rule: 'an export is whole or leaves nothing behind',
      fix:
        reason === 'ENOSPC'
          ? 'free space, choose another disk, or export less: --contract, --from, --to'
          : 'check the folder, its permissions and the disk',
      cause,
    },
  );
}
