/**
 * Reads CSV files that `data export` wrote back into a dataset: every kind of rows, the same segments to the byte. Bounded
 * memory: one block of text and one batch of rows. The import is whole or nothing.
 */
import * as fs from 'node:fs';
import { z } from 'zod';
import type { BarInterval, MarketDataKind } from '../../core/bars.ts';
import { intervalUs, MARKET_DATA_KINDS } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import { parseContractId } from '../../core/symbology.ts';
import { parseTradeDate } from '../../core/trade-date.ts';
import { parseTsUs } from '../../core/units.ts';
import type { Dataset } from '../catalog.ts';
import type { DatasetWriter, TickKind } from '../dataset-writer.ts';
import { yearOf } from '../dataset-writer.ts';
import { exportColumns } from '../export/tables.ts';
import type { PriceText } from '../export/text.ts';
import { priceText } from '../export/text.ts';
import { errnoOf } from '../file-io.ts';
import type { DatasetMeta } from '../manifest.ts';
import type { KindColumns, LayoutColumn } from '../segment-codec.ts';
import { layoutOf } from '../segment-codec.ts';

const BATCH_ROWS = 65_536;
/** Most groups are short: their first batch is. */
const FIRST_ROWS = 4096;
const BLOCK_BYTES = 1_048_576;
/** Longer lines are no rows of ours. */
const LINE_BYTES_MAX = 65_536;

export interface ExportedReport {
  readonly dataset: Dataset;
  readonly rows: number;
}

/** The kind of rows that a header line of an exported file names; null for any other text. */
export function exportedKind(header: string): MarketDataKind | null {
  const line = header.trim();
  for (const kind of MARKET_DATA_KINDS)
    for (const prices of ['decimal', 'both', 'counts'] as const)
      if (
        exportColumns(kind, prices)
          .map((one) => one.name)
          .join() === line
      )
        return kind;
  return null;
}

/** Whether a file is CSV that `data export` wrote. Errors: none; a file that cannot be read is not one. */
export function isExportedCsv(path: string): boolean {
  try {
    return exportedKind(firstLine(path)) !== null;
  } catch {
    return false;
  }
}

const statement = z.object({
  schema: z.literal('frontmonth.export/1'),
  dataset: z.object({
    createdBy: z.string(),
    isSynthetic: z.boolean(),
    description: z.string(),
    source: z.string(),
    license: z.string().optional(),
    grids: z.record(
      z.string(),
      z.object({ kind: z.enum(['ticks', 'float']), increment: z.number().positive() }),
    ),
    volume: z.enum(['known', 'unknown', 'placeholder']),
    stamps: z.enum(['instants', 'labels']),
    barStamp: z.enum(['open', 'close']),
    currencies: z.record(z.string(), z.string()).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** What the exported dataset stated of itself; null where no statement stands beside the file. Errors: E_IMPORT_FILE. */
export function statementBeside(path: string): Omit<DatasetMeta, 'name'> | null {
  const places = [`${path}.json`, path.replace(/[^/\\]*$/, 'dataset.json')];
  for (const place of places) {
    if (!fs.existsSync(place)) continue;
    let json: unknown;
    try {
      json = JSON.parse(fs.readFileSync(place, 'utf8'));
    } catch (cause) {
      throw fileError(place, 'it is not JSON', cause);
    }
    const parsed = statement.safeParse(json);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw fileError(place, `${issue.path.join('.')}: ${issue.message}`);
    }
    return parsed.data.dataset as Omit<DatasetMeta, 'name'>;
  }
  return null;
}

/**
 * Imports exported files and commits once. A year of a contract that the files bring is replaced.
 * Errors: E_IMPORT_FILE, E_IMPORT_ROWS naming the line, and those of the writer. After any error the dataset is as it was.
 */
export function importExported(dataset: Dataset, paths: readonly string[]): ExportedReport {
  const writer = dataset.beginWrite();
  const done = new Set<string>();
  let rows = 0;
  try {
    for (const path of paths) {
      const reader = new ExportedReader(path, dataset, done);
      try {
        rows += reader.into(writer);
      } finally {
        reader.close();
      }
    }
    return { dataset: writer.commit(), rows };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

type Column = Float64Array | Int32Array | Int8Array | Uint8Array | BigUint64Array | BigInt64Array;

/** Reads one cell into a row of the batch. False when it cannot. */
type Cell = (text: string, row: number) => boolean;

interface Group {
  readonly contract: ContractId;
  readonly interval: BarInterval | null;
  readonly year: number;
  readonly isNano: boolean;
}

class ExportedReader {
  readonly #path: string;
  readonly #dataset: Dataset;
  readonly #done: Set<string>;
  readonly #lines: LineReader;
  readonly #kind: MarketDataKind;
  readonly #names: readonly string[];
  #fields: readonly string[] | null = null;

  constructor(path: string, dataset: Dataset, done: Set<string>) {
    this.#path = path;
    this.#dataset = dataset;
    this.#done = done;
    this.#lines = new LineReader(path);
    const header = this.#lines.next() ?? '';
    const kind = exportedKind(header);
    if (kind === null) {
      this.#lines.close();
      throw fileError(path, 'its first line is not the header of an export');
    }
    this.#kind = kind;
    this.#names = header.trim().split(',');
    this.#advance();
  }

  into(writer: DatasetWriter): number {
    let rows = 0;
    while (this.#fields !== null) {
      const group = this.#group(this.#fields);
      const key = `${this.#kind}/${group.contract}/${group.interval}/${group.year}`;
      if (this.#done.has(key))
        throw this.#rowError(
          'rows of a contract do not stand together',
          'sort by contract, then by time',
        );
      this.#done.add(key);
      const batches = this.#batches(group);
      const entry =
        this.#kind === 'bars'
          ? writer.putBars(
              group.contract,
              group.interval!,
              group.year,
              batches as Iterable<KindColumns['bars']>,
            )
          : this.#kind === 'quote-bars'
            ? writer.putQuoteBars(
                group.contract,
                group.interval!,
                group.year,
                batches as Iterable<KindColumns['quote-bars']>,
              )
            : writer.put(
                this.#kind,
                group.contract,
                group.year,
                batches as Iterable<KindColumns[TickKind]>,
              );
      rows += entry.rows;
    }
    return rows;
  }

  close(): void {
    this.#lines.close();
  }

  #advance(): void {
    const line = this.#lines.next();
    if (line === null) {
      this.#fields = null;
      return;
    }
    const fields = line.split(',');
    if (fields.length !== this.#names.length)
      throw this.#rowError(`${fields.length} cells, the header has ${this.#names.length}`);
    this.#fields = fields;
  }

  /** What a row belongs to; rows of one group follow each other. */
  #group(fields: readonly string[]): Group {
    const contract = this.#contract(fields[0]!);
    const isBars = this.#kind === 'bars' || this.#kind === 'quote-bars';
    const interval = isBars ? fields[1]! : null;
    if (interval !== null && !isInterval(interval))
      throw this.#rowError(`interval: "${interval}" is not a bar interval such as 1m`);
    const at = isBars ? 2 : 1;
    const us = this.#time(this.#names[at]!, fields[at]!);
    const isNano = !isBars && NANO.test(fields[at]!);
    return { contract, interval: interval as BarInterval | null, year: yearOf(us), isNano };
  }

  #contract(text: string): ContractId {
    try {
      const { id, root } = parseContractId(text);
      if (this.#dataset.manifest.grids[root] !== undefined) return id;
    } catch {
      throw this.#rowError(`contract: "${text}" is not a contract id such as ESZ2025`);
    }
    throw this.#rowError(`contract: the dataset states no price grid for ${text}`);
  }

  #time(name: string, text: string): number {
    try {
      return parseTsUs(text);
    } catch {
      throw this.#rowError(`${name}: "${text}" is not an instant such as 2024-03-04T14:30:00Z`);
    }
  }

  *#batches(group: Group): Generator<KindColumns[MarketDataKind]> {
    const { root } = parseContractId(group.contract);
    const prices = priceText(this.#dataset.manifest.grids[root]!);
    for (let rows = FIRST_ROWS; this.#fields !== null; rows = BATCH_ROWS) {
      const { columns, cells } = newBatch(this.#kind, this.#names, group.isNano, prices, rows);
      let length = 0;
      while (length < rows && this.#fields !== null && this.#belongs(group)) {
        for (const [k, cell] of cells) {
          const text = this.#fields[k]!;
          if (!cell(text, length))
            throw this.#rowError(`${this.#names[k]!}: "${text}" cannot be read`);
        }
        length += 1;
        this.#advance();
      }
      if (length === 0) return;
      yield { length, ...columns } as unknown as KindColumns[MarketDataKind];
    }
  }

  #belongs(group: Group): boolean {
    const fields = this.#fields!;
    if (fields[0] !== group.contract) return false;
    const isBars = group.interval !== null;
    if (isBars && fields[1] !== group.interval) return false;
    const text = fields[isBars ? 2 : 1]!;
    return text.startsWith(String(group.year).padStart(4, '0'));
  }

  #rowError(reason: string, fix = 'export the rows again'): TradingError {
    const { line } = this.#lines;
    return new TradingError('E_IMPORT_ROWS', `line ${line}: ${reason}; nothing was imported`, {
      details: { path: this.#path, line, reason },
      where: `${this.#path}:${line}`,
      rule: 'an import is whole or nothing',
      fix,
    });
  }
}

const NANO = /\.\d{9}Z$/;

function isInterval(text: string): boolean {
  try {
    return intervalUs(text) > 0;
  } catch {
    return false;
  }
}

/** Empty columns of a kind, and what fills them from the cells of a line. */
function newBatch(
  kind: MarketDataKind,
  names: readonly string[],
  isNano: boolean,
  prices: PriceText,
  rows: number,
): { columns: Record<string, Column>; cells: (readonly [number, Cell])[] } {
  const columns: Record<string, Column> = {};
  const cells: (readonly [number, Cell])[] = [];
  for (const layout of layoutOf(kind)) {
    const [decimal, counts] = [names.indexOf(layout.disk), names.indexOf(`${layout.disk}_count`)];
    // Counts are exact where both stand.
    const at = counts >= 0 ? counts : decimal;
    const made = cellOf(layout, isNano, counts >= 0 ? null : prices, rows);
    Object.assign(columns, made.columns);
    cells.push([at, made.cell]);
  }
  return { columns, cells };
}

function cellOf(
  { role, memory }: LayoutColumn,
  isNano: boolean,
  prices: PriceText | null,
  rows: number,
): { columns: Record<string, Column>; cell: Cell } {
  const doubles = (): Float64Array => new Float64Array(rows);
  const number = (values: Exclude<Column, BigUint64Array | BigInt64Array>) => ({
    columns: { [memory]: values },
    cell: (text: string, row: number): boolean => {
      values[row] = NUMBER.test(text) ? Number(text) : NaN;
      return text !== '' && values[row] === Number(text);
    },
  });
  switch (role) {
    case 'time':
    case 'tick-time': {
      const us = doubles();
      const ns = isNano && role === 'tick-time' ? new BigInt64Array(rows) : null;
      return {
        columns: { [memory]: us, ...(ns === null ? {} : { tsNs: ns }) },
        cell(text, row) {
          us[row] = instantOf(text);
          if (ns === null) return !Number.isNaN(us[row]) && (role === 'time' || !NANO.test(text));
          if (!NANO.test(text)) return false;
          ns[row] = BigInt(us[row]!) * 1000n + BigInt(text.slice(-4, -1));
          return true;
        },
      };
    }
    case 'price': {
      const values = doubles();
      return {
        columns: { [memory]: values },
        cell(text, row) {
          // One side of a quote may be empty.
          values[row] = text === '' ? NaN : prices === null ? Number(text) : prices.read(text);
          return text === '' ? /^(bid|ask)/.test(memory) : !Number.isNaN(values[row]);
        },
      };
    }
    case 'qty':
    case 'real': {
      const values = doubles();
      return {
        columns: { [memory]: values },
        cell(text, row) {
          values[row] = text === '' ? NaN : NUMBER.test(text) ? Number(text) : Infinity;
          return values[row] !== Infinity;
        },
      };
    }
    case 'date': {
      const values = new Int32Array(rows);
      return {
        columns: { [memory]: values },
        cell(text, row) {
          try {
            values[row] = parseTradeDate(text);
            return true;
          } catch {
            return false;
          }
        },
      };
    }
    case 'bool': {
      const values = new Uint8Array(rows);
      return {
        columns: { [memory]: values },
        cell(text, row) {
          values[row] = text === 'true' ? 1 : 0;
          return text === 'true' || text === 'false';
        },
      };
    }
    case 'u64': {
      const values = new BigUint64Array(rows);
      return {
        columns: { [memory]: values },
        cell(text, row) {
          if (!/^\d{1,20}$/.test(text)) return false;
          values[row] = BigInt(text);
          return String(values[row]) === text;
        },
      };
    }
    case 'i8':
      return number(new Int8Array(rows));
    case 'u8':
      return number(new Uint8Array(rows));
    case 'i32':
      return number(new Int32Array(rows));
    case 'seq':
    case 'count':
      return number(doubles());
  }
}

const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** µs of `2024-03-04T14:30:00.123456789Z`, NaN for any other text. */
function instantOf(text: string): number {
  try {
    return parseTsUs(text);
  } catch {
    return NaN;
  }
}

function firstLine(path: string): string {
  const reader = new LineReader(path);
  try {
    return reader.next() ?? '';
  } finally {
    reader.close();
  }
}

/** Lines of a file, one block in memory. Errors: E_IMPORT_FILE. */
class LineReader {
  readonly #path: string;
  readonly #fd: number;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #text = '';
  #at = 0;
  #position = 0;
  #isEnd = false;
  #isOpen = true;
  line = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = fs.openSync(path, 'r');
    } catch (cause) {
      throw fileError(path, errnoOf(cause), cause);
    }
  }

  next(): string | null {
    for (;;) {
      const end = this.#text.indexOf('\n', this.#at);
      if (end >= 0) return this.#take(end, end + 1);
      if (this.#isEnd) {
        if (this.#at >= this.#text.length) return null;
        return this.#take(this.#text.length, this.#text.length);
      }
      this.#fill();
    }
  }

  close(): void {
    if (this.#isOpen) fs.closeSync(this.#fd);
    this.#isOpen = false;
  }

  #take(end: number, next: number): string {
    const line = this.#text.slice(this.#at, end);
    this.#at = next;
    this.line += 1;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #fill(): void {
    const rest = this.#text.slice(this.#at);
    if (rest.length > LINE_BYTES_MAX)
      throw fileError(this.#path, `line ${this.line + 1} is longer than ${LINE_BYTES_MAX} bytes`);
    let read: number;
    try {
      read = fs.readSync(this.#fd, this.#block, 0, BLOCK_BYTES, this.#position);
    } catch (cause) {
      throw fileError(this.#path, errnoOf(cause), cause);
    }
    this.#position += read;
    this.#isEnd = read === 0;
    // Exports are ASCII, so no character lies across two blocks.
    this.#text = rest + this.#block.toString('latin1', 0, read);
    this.#at = 0;
  }
}

function fileError(path: string, reason: string, cause?: unknown): TradingError {
  return new TradingError('E_IMPORT_FILE', `cannot read ${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'the source is read to its end',
    fix: reason === 'ENOENT' ? 'check the path' : 'check the file',
    ...(cause === undefined ? {} : { cause }),
  });
}
