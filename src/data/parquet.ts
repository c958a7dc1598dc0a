/**
 * Parquet in and out: the only door to the packages that know the format. Both ways hold one row group in memory, however long
 * the file is.
 */
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { assert, TradingError } from '../core/errors.ts';
import type { FileIo } from './file-io.ts';
import { closeQuietly, nodeFileIo, unlinkQuietly } from './file-io.ts';

/**
 * Types of columns, as other programs name them. `decimal` is stored as whole numbers of its last digit in 64 bits; a reader
 * sees the exact decimal.
 */
export type ParquetType =
  | 'i32'
  | 'i64'
  | 'u64'
  | 'f64'
  | 'bool'
  | 'text'
  | 'date'
  | 'timestamp[us, UTC]'
  | 'timestamp[ns, UTC]'
  | { readonly decimal: { readonly precision: number; readonly scale: number } };

export interface ParquetColumn {
  readonly name: string;
  readonly type: ParquetType;
  /** NaN in a column of doubles, or null in an array, is an empty cell. */
  readonly isNullable?: boolean;
}

/**
 * Values of a column by its type: `i32`, `date` (days since 1970-01-01) and `f64` any array of numbers; `i64`, `u64`,
 * timestamps (µs or ns since 1970) and decimals (whole numbers of the last digit) also arrays of bigint; `bool` 0 and 1 or
 * booleans; `text` strings.
 */
export type ParquetValues =
  | ArrayLike<number | null>
  | ArrayLike<bigint | null>
  | ArrayLike<boolean | null>
  | ArrayLike<string | null>;

export interface ParquetBatch {
  readonly length: number;
  /** In the order of the columns; longer arrays are cut to `length`. */
  readonly columns: readonly ParquetValues[];
}

export interface ParquetFileWriter {
  /** Rows as they come; they are copied. A full row group is written out. */
  write(batch: ParquetBatch): void;
  /** Writes what is left and the footer; rows and bytes of the whole file. */
  finish(): { readonly rows: number; readonly bytes: number };
  /** Removes the file. Never throws; a second call does nothing. */
  abort(): void;
}

export interface ParquetWriterOptions {
  readonly columns: readonly ParquetColumn[];
  /** Key and value metadata of the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Program and version that the file names as its maker. */
  readonly createdBy?: string;
  readonly rowGroupRows?: number;
  readonly io?: FileIo;
}

/** Rows of a row group: large enough to be read in one go, small enough to be held. */
export const ROW_GROUP_ROWS = 131_072;

/**
 * A new file; compressed with Snappy. After an error the file is removed. The same rows give the same bytes however they were
 * divided into batches.
 * Errors: those of the file system as they are (EEXIST where the path exists); E_DATA_VALUE for a value that its type cannot hold.
 */
export function createParquetWriter(
  path: string,
  options: ParquetWriterOptions,
): ParquetFileWriter {
  return new FileParquetWriter(path, options);
}

type Column = (number | bigint | boolean | string | null)[];

class FileParquetWriter implements ParquetFileWriter {
  readonly #path: string;
  readonly #io: FileIo;
  readonly #columns: readonly ParquetColumn[];
  readonly #groupRows: number;
  readonly #writer: ParquetWriter;
  readonly #fd: number;
  readonly #buffer: Column[];
  #rows = 0;
  #bytes = 0;
  #isOpen = true;

  constructor(path: string, options: ParquetWriterOptions) {
    const { columns, metadata = {}, io = nodeFileIo } = options;
    this.#path = path;
    this.#io = io;
    this.#columns = columns;
    this.#groupRows = Math.max(1, options.rowGroupRows ?? ROW_GROUP_ROWS);
    this.#buffer = columns.map(() => []);
    this.#fd = io.open(path, 'wx');
    const bytes = new ByteWriter(1 << 16) as ByteWriter & { flush?: () => void };
    const flush = (): void => {
      const piece = new Uint8Array(bytes.buffer, 0, bytes.index);
      io.write(this.#fd, piece);
      this.#bytes += piece.length;
      bytes.index = 0;
    };
    bytes.flush = flush;
    bytes.finish = flush;
    this.#writer = new ParquetWriter({
      writer: bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(elementOf)],
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: options.createdBy ?? 'frontmonth',
    });
  }

  write(batch: ParquetBatch): void {
    assert(this.#isOpen, 'a file that has ended takes no rows');
    assert(batch.columns.length === this.#columns.length, 'a batch has the columns of the file');
    this.#guard(() => {
      for (let from = 0; from < batch.length;) {
        const room = this.#groupRows - this.#buffer[0]!.length;
        const to = Math.min(batch.length, from + room);
        for (const [k, column] of this.#columns.entries())
          append(this.#buffer[k]!, batch.columns[k]!, from, to, column, this.#rows);
        this.#rows += to - from;
        from = to;
        if (this.#buffer[0]!.length === this.#groupRows) this.#flushGroup();
      }
    });
  }

  finish(): { readonly rows: number; readonly bytes: number } {
    assert(this.#isOpen, 'a file ends once');
    return this.#guard(() => {
      this.#flushGroup();
      void this.#writer.finish();
      this.#io.fsync(this.#fd);
      this.#isOpen = false;
      this.#io.close(this.#fd);
      return { rows: this.#rows, bytes: this.#bytes };
    });
  }

  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeQuietly(this.#io, this.#fd);
    unlinkQuietly(this.#io, this.#path);
  }

  #flushGroup(): void {
    if ((this.#buffer[0]?.length ?? 0) === 0) return;
    void this.#writer.write({
      columnData: this.#columns.map(({ name }, k) => ({ name, data: this.#buffer[k]! })),
      rowGroupSize: this.#groupRows,
    });
    for (const column of this.#buffer) column.length = 0;
  }

  #guard<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      this.abort();
      throw error;
    }
  }
}

function elementOf({ name, type, isNullable }: ParquetColumn): SchemaElement {
  const repetition_type = isNullable === true ? 'OPTIONAL' : 'REQUIRED';
  const base = { name, repetition_type } as const;
  if (typeof type === 'object') {
    const { precision, scale } = type.decimal;
    assert(precision >= 1 && precision <= 18 && scale >= 0, 'a decimal has at most 18 digits');
    return {
      ...base,
      type: 'INT64',
      converted_type: 'DECIMAL',
      logical_type: { type: 'DECIMAL', precision, scale },
      precision,
      scale,
    };
  }
  switch (type) {
    case 'i32':
      return { ...base, type: 'INT32' };
    case 'i64':
      return { ...base, type: 'INT64' };
    case 'u64':
      // Without the logical type, whose bit width the package writes in a form that others refuse.
      return { ...base, type: 'INT64', converted_type: 'UINT_64' };
    case 'f64':
      return { ...base, type: 'DOUBLE' };
    case 'bool':
      return { ...base, type: 'BOOLEAN' };
    case 'text':
      return {
        ...base,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        logical_type: { type: 'STRING' },
      };
    case 'date':
      return { ...base, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'timestamp[us, UTC]':
      return {
        ...base,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      };
    case 'timestamp[ns, UTC]':
      return {
        ...base,
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' },
      };
  }
}

function append(
  target: Column,
  values: ParquetValues,
  from: number,
  to: number,
  column: ParquetColumn,
  firstRow: number,
): void {
  const toCell = cellOf(column.type);
  for (let i = from; i < to; i += 1) {
    const value = values[i];
    if (value === null || (column.isNullable === true && Number.isNaN(value))) {
      if (column.isNullable === true) target.push(null);
      else throw valueError(column, firstRow + i - from, value);
      continue;
    }
    const cell = value === undefined ? null : toCell(value);
    if (cell === null) throw valueError(column, firstRow + i - from, value);
    target.push(cell);
  }
}

type Cell = number | bigint | boolean | string;

/** A value as the format's package wants it; null where the type cannot hold it. */
function cellOf(type: ParquetType): (value: Cell) => Cell | null {
  switch (type) {
    case 'f64':
      return (value) => (typeof value === 'number' ? value : null);
    case 'i32':
    case 'date':
      return (value) => (typeof value === 'number' && (value | 0) === value ? value : null);
    case 'bool':
      return (value) =>
        typeof value === 'boolean' ? value : value === 0 || value === 1 ? value === 1 : null;
    case 'text':
      return (value) => (typeof value === 'string' ? value : null);
    case 'u64':
      return (value) => {
        const whole = toWhole(value);
        return whole !== null && whole >= 0n && whole < 1n << 64n ? whole : null;
      };
    default:
      return (value) => {
        const whole = toWhole(value);
        return whole !== null && BigInt.asIntN(64, whole) === whole ? whole : null;
      };
  }
}

function toWhole(value: Cell): bigint | null {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null;
}

function valueError(column: ParquetColumn, row: number, value: unknown): TradingError {
  const type = typeof column.type === 'string' ? column.type : 'decimal';
  return new TradingError(
    'E_DATA_VALUE',
    `${column.name} ${String(value)} at row ${row} is not ${type}`,
    {
      details: { column: column.name, row, value: String(value) },
      rule: `${column.name} is ${type}${column.isNullable === true ? ' or empty' : ''}`,
      fix: 'choose a type that holds the value, or leave the row out',
    },
  );
}
