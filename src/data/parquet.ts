/**
 * Parquet in and out: the only door to the packages that know the format. Both ways hold one row group in memory, however long
 * the file is.
 */
import { crc32 } from 'node:zlib';
import type { ColumnMetaData, FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { parquetMetadata, parquetSchema } from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { parquetHeader, readColumn } from 'hyparquet/src/column.js';
import { assert, TradingError } from '../core/errors.ts';
import type { FileIo } from './file-io.ts';
import { closeQuietly, errnoOf, nodeFileIo, unlinkQuietly } from './file-io.ts';
import { asSourceError, sourceError } from './ingest/source-error.ts';

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

/** What a column of a file holds, in the terms of whoever wrote it. */
export type ParquetMeaning =
  | { readonly kind: 'int' | 'uint' | 'float' | 'bool' | 'text' | 'bytes' | 'date' | 'other' }
  | { readonly kind: 'decimal'; readonly scale: number }
  /** `isInstant`: counted in UTC; else a clock reading. */
  | {
      readonly kind: 'timestamp';
      readonly unit: 'ms' | 'us' | 'ns';
      readonly isInstant: boolean;
    };

export interface ParquetSourceColumn {
  readonly name: string;
  readonly meaning: ParquetMeaning;
  /** 4 for a float of 32 bits. */
  readonly width: number;
}

/** Whole values as numbers or bigint, as they are stored; text as strings; null or undefined for an empty cell. */
export type ParquetCells = ArrayLike<number | bigint | string | Uint8Array | null | undefined>;

export interface ParquetFile {
  readonly path: string;
  readonly rows: number;
  /** Columns with one value a row; others have the meaning `other`. */
  readonly columns: readonly ParquetSourceColumn[];
  /** Key and value metadata of the file. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Rows of each row group. */
  readonly groups: readonly number[];
  /** The cells of some columns of one row group, page after page. Errors: E_IMPORT_FILE. */
  read(group: number, names: readonly string[]): ParquetCells[][];
  close(): void;
}

/** What a file may ask for. More is refused by name, never tried. */
const READ_LIMITS = {
  footerBytes: 64 * 2 ** 20,
  groupRows: 2 ** 23,
  chunkBytes: 2 ** 29,
  pageBytes: 2 ** 28,
  columns: 10_000,
  /** Continued bytes of one number: the package would add them up for ever. */
  highBytes: 4096,
} as const;

/** Whether bytes begin as Parquet does. */
export function isParquet(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x41 && head[2] === 0x52 && head[3] === 0x31;
}

/**
 * Opens a file and reads its footer. Every page is checked before the package decodes it: sizes, counts and run lengths that
 * lie are errors, not memory.
 * Errors: E_IMPORT_FILE.
 */
export function openParquet(path: string, io: FileIo = nodeFileIo): ParquetFile {
  let fd = -1;
  try {
    fd = io.open(path, 'r');
    return new FileParquet(path, io, fd);
  } catch (cause) {
    if (fd >= 0) closeQuietly(io, fd);
    throw damagedError(path, cause);
  }
}

class FileParquet implements ParquetFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly ParquetSourceColumn[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly groups: readonly number[];
  readonly #io: FileIo;
  readonly #fd: number;
  readonly #size: number;
  readonly #footer: FileMetaData;
  readonly #tree: SchemaTree;
  #isOpen = true;

  constructor(path: string, io: FileIo, fd: number) {
    this.path = path;
    this.#io = io;
    this.#fd = fd;
    this.#size = io.size(fd);
    this.#footer = this.#readFooter();
    this.#tree = parquetSchema(this.#footer);
    this.columns = this.#tree.children.map(columnOf);
    this.metadata = new Map(
      (this.#footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
    );
    this.groups = this.#footer.row_groups.map((group) => Number(group.num_rows));
    this.rows = this.groups.reduce((sum, rows) => sum + rows, 0);
    this.#checkFooter();
  }

  read(group: number, names: readonly string[]): ParquetCells[][] {
    assert(this.#isOpen, 'a closed file is not read');
    return names.map((name) => {
      try {
        return this.#readChunk(group, name);
      } catch (cause) {
        throw damagedError(this.path, cause, `column ${name}, row group ${group + 1}`);
      }
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeQuietly(this.#io, this.#fd);
  }

  #readFooter(): FileMetaData {
    if (this.#size < 12 || !isParquet(this.#bytes(0, 4)))
      throw sourceError(this.path, 'it is not a Parquet file', { fix: 'check what the file is' });
    const tail = this.#bytes(this.#size - 8, 8);
    if (Buffer.from(tail.subarray(4)).toString('latin1') === 'PARE')
      throw sourceError(this.path, 'it is encrypted', { fix: 'write it without encryption' });
    if (!isParquet(tail.subarray(4)))
      throw sourceError(this.path, 'it is cut short: its footer is missing');
    const bytes = new DataView(tail.buffer).getUint32(0, true);
    if (bytes + 12 > this.#size || bytes > READ_LIMITS.footerBytes)
      throw sourceError(this.path, `its footer of ${bytes} bytes is damaged`);
    const footer = this.#bytes(this.#size - 8 - bytes, bytes + 8);
    checkNumbers(footer);
    return parquetMetadata(footer, { geoparquet: false });
  }

  #checkFooter(): void {
    const { schema, row_groups: groups } = this.#footer;
    if (schema.length > READ_LIMITS.columns)
      throw new Error(`it has ${schema.length} columns, more than ${READ_LIMITS.columns}`);
    for (const [k, group] of groups.entries()) {
      const rows = Number(group.num_rows);
      if (!(Number.isSafeInteger(rows) && rows >= 0))
        throw new Error(`row group ${k + 1} is damaged`);
      if (rows > READ_LIMITS.groupRows)
        throw sourceError(this.path, `row group ${k + 1} has ${rows} rows`, {
          rule: `at most ${READ_LIMITS.groupRows} rows in one row group, which is held in memory`,
          fix: 'write the file with smaller row groups, such as row_group_size=1_000_000',
        });
    }
    if (Number(this.#footer.num_rows) !== this.rows)
      throw new Error(`it says ${this.#footer.num_rows} rows, its row groups hold ${this.rows}`);
  }

  #readChunk(group: number, name: string): ParquetCells[] {
    const child = this.#tree.children.find(({ element }) => element.name === name);
    const rows = this.groups[group]!;
    if (child === undefined || child.children.length > 0) throw new Error('it is not a column');
    if (rows === 0) return [];
    const chunk = this.#footer.row_groups[group]!.columns.find(
      (one) =>
        one.meta_data?.path_in_schema.length === 1 && one.meta_data.path_in_schema[0] === name,
    );
    const meta = chunk?.meta_data;
    if (meta === undefined || chunk?.file_path) throw new Error('its data are in another file');
    const start = Number(
      meta.dictionary_page_offset !== undefined && meta.dictionary_page_offset > 0n
        ? meta.dictionary_page_offset
        : meta.data_page_offset,
    );
    const length = Number(meta.total_compressed_size);
    if (!(start >= 4 && length > 0 && start + length <= this.#size))
      throw new Error('its place is outside of the file');
    if (length > READ_LIMITS.chunkBytes)
      throw new Error(`it has ${length} bytes, too many to hold`);
    if (meta.type !== child.element.type || Number(meta.num_values) !== rows)
      throw new Error('its description contradicts the schema');
    const bytes = this.#bytes(start, length);
    const pages = checkPages(bytes, meta, child.element, rows);
    const element = physical(child.element);
    const path = [this.#tree, { ...child, element }];
    const decoder = {
      ...meta,
      pathInSchema: [name],
      element,
      schemaPath: path,
      parsers: PARSERS,
      // Unpacked already, in this order.
      compressors: { [meta.codec]: () => pages.shift()! },
    } as unknown as Parameters<typeof readColumn>[2];
    const { data } = readColumn(
      { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
      { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows },
      decoder,
    );
    const found = data.reduce((sum, page) => sum + page.length, 0);
    if (found !== rows) throw new Error(`it holds ${found} values of ${rows}`);
    return data as unknown as ParquetCells[];
  }

  #bytes(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (this.#io.read(this.#fd, bytes, at) !== length)
      throw sourceError(this.path, 'the file is cut short');
    return bytes;
  }
}

/** What the package throws says where it stumbled, not what that means. */
function damagedError(path: string, cause: unknown, at?: string): unknown {
  const parts = at === undefined ? {} : { at };
  const errno = errnoOf(cause);
  if (cause instanceof TradingError || (errno !== '' && !errno.startsWith('ERR_')))
    return asSourceError(path, cause, parts);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return sourceError(path, `it is damaged: ${reason}`, { ...parts, cause });
}

/** Values as they are stored: the caller knows what they mean. Text is decoded, once for each entry of a dictionary. */
function physical(element: SchemaElement): SchemaElement {
  const { converted_type: _, logical_type: __, ...rest } = element;
  return isText(element) ? { ...rest, converted_type: 'UTF8' } : rest;
}

const asIs = (value: bigint): bigint => value;
const PARSERS = {
  timestampFromNanoseconds: asIs,
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined =>
    bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8'),
} as const;

function isText({ type, converted_type, logical_type }: SchemaElement): boolean {
  return (
    type === 'BYTE_ARRAY' &&
    (converted_type === 'UTF8' || converted_type === 'ENUM' || logical_type?.type === 'STRING')
  );
}

function columnOf({ element, children }: SchemaTree): ParquetSourceColumn {
  const { name, type, repetition_type: repetition } = element;
  const isFlat = children.length === 0 && repetition !== 'REPEATED' && type !== undefined;
  const width =
    type === 'FLOAT' || type === 'INT32' ? 4 : (element.type_length ?? (type === 'INT96' ? 12 : 8));
  return { name, meaning: isFlat ? meaningOf(element) : { kind: 'other' }, width };
}

function meaningOf(element: SchemaElement): ParquetMeaning {
  const { type, converted_type: converted, logical_type: logical, scale } = element;
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL')
    return { kind: 'decimal', scale: (logical?.type === 'DECIMAL' ? logical.scale : scale) ?? 0 };
  if (logical?.type === 'TIMESTAMP') {
    const unit = logical.unit === 'MILLIS' ? 'ms' : logical.unit === 'MICROS' ? 'us' : 'ns';
    return { kind: 'timestamp', unit, isInstant: logical.isAdjustedToUTC };
  }
  if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS')
    return {
      kind: 'timestamp',
      unit: converted === 'TIMESTAMP_MILLIS' ? 'ms' : 'us',
      isInstant: true,
    };
  if (type === 'INT96') return { kind: 'timestamp', unit: 'ns', isInstant: false };
  if (logical?.type === 'DATE' || converted === 'DATE') return { kind: 'date' };
  switch (type) {
    case 'INT32':
    case 'INT64': {
      const isUnsigned =
        (converted?.startsWith('UINT_') ?? false) ||
        (logical?.type === 'INTEGER' && !logical.isSigned);
      const isTime = logical?.type === 'TIME' || (converted?.startsWith('TIME_') ?? false);
      return { kind: isTime ? 'other' : isUnsigned ? 'uint' : 'int' };
    }
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'float' };
    case 'BOOLEAN':
      return { kind: 'bool' };
    case 'BYTE_ARRAY':
      return { kind: isText(element) ? 'text' : 'bytes' };
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: logical === undefined && converted === undefined ? 'bytes' : 'other' };
    default:
      return { kind: 'other' };
  }
}

/** A long run of continued bytes is no number that a footer holds. */
function checkNumbers(bytes: Uint8Array): void {
  let run = 0;
  for (const byte of bytes) {
    run = byte < 0x80 ? 0 : run + 1;
    if (run > READ_LIMITS.highBytes) throw new Error('its footer is damaged');
  }
}

type Codec = (input: Uint8Array, length: number) => Uint8Array;
const CODECS = {
  ...compressors,
  UNCOMPRESSED: (input: Uint8Array) => input,
  // With a target of the stated size, whatever the frame itself says.
  ZSTD: (input: Uint8Array, length: number) => decompressZstd(input, new Uint8Array(length)),
} as Readonly<Record<string, Codec | undefined>>;

/** Walks the pages of a chunk. Returns them unpacked, those that the package asks for. Throws a plain error for what lies. */
function checkPages(
  bytes: Uint8Array,
  meta: ColumnMetaData,
  element: SchemaElement,
  rows: number,
): Uint8Array[] {
  const codec = CODECS[meta.codec];
  if (codec === undefined)
    throw new Error(`its compression ${meta.codec} is not one that can be read`);
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  const isOptional = element.repetition_type === 'OPTIONAL';
  const out: Uint8Array[] = [];
  let values = 0;
  let unpacked = 0;
  let hasDictionary = false;
  while (values < rows) {
    if (reader.offset >= bytes.length - 1) throw new Error(`it holds ${values} values of ${rows}`);
    const header = parquetHeader(reader);
    const [size, packed] = [header.uncompressed_page_size, header.compressed_page_size];
    const at = reader.offset;
    if (!(packed >= 0 && at + packed <= bytes.length)) throw new Error('a page is cut');
    if (!(size >= 0 && size <= READ_LIMITS.pageBytes)) throw new Error(`a page says ${size} bytes`);
    unpacked += size;
    if (unpacked > READ_LIMITS.chunkBytes) throw new Error('it unpacks to more than can be held');
    const body = bytes.subarray(at, at + packed);
    // Of the bytes as they stand, levels and all; few writers leave one.
    if (header.crc !== undefined && crc32(body) !== header.crc >>> 0)
      throw new Error('the bytes of a page do not match its checksum');
    reader.offset = at + packed;
    const unpack = (input: Uint8Array, length: number, isPacked: boolean): Uint8Array => {
      // Some writers pack a page of no bytes, some do not.
      const page = length === 0 ? new Uint8Array(0) : isPacked ? codec(input, length) : input;
      if (page.length !== length)
        throw new Error(`a page holds ${page.length} bytes and says ${length}`);
      if (isPacked && meta.codec !== 'UNCOMPRESSED') out.push(page);
      return page;
    };
    if (header.type === 'DICTIONARY_PAGE') {
      const count = header.dictionary_page_header?.num_values ?? -1;
      const page = unpack(body, size, true);
      checkPlain(page.length, count, element);
      hasDictionary = true;
      continue;
    }
    const v1 = header.type === 'DATA_PAGE' ? header.data_page_header : undefined;
    const v2 = header.type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined;
    const count = v1?.num_values ?? v2?.num_values ?? -1;
    if (!(count >= 0 && values + count <= rows)) throw new Error(`a page says ${count} values`);
    values += count;
    if (String((v1 ?? v2)?.encoding).endsWith('_DICTIONARY') && !hasDictionary)
      throw new Error('a page is of indices and there is no dictionary');
    if (v1 !== undefined) {
      const page = unpack(body, size, true);
      const view = viewOf(page);
      let start = 0;
      let present = count;
      if (isOptional) {
        start = 4 + view.getUint32(0, true);
        if (start > page.length) throw new Error('the levels of a page are cut');
        present = checkRuns(page, 4, start, 1, count);
      }
      checkValues(page, start, present, v1.encoding, element);
    } else if (v2 !== undefined) {
      const levels = v2.definition_levels_byte_length;
      if (
        v2.repetition_levels_byte_length !== 0 ||
        !(levels >= 0 && levels <= packed && levels <= size)
      )
        throw new Error('the levels of a page are cut');
      const present = isOptional ? checkRuns(body, 0, levels, 1, count) : count;
      if (present !== count - v2.num_nulls) throw new Error('a page says another number of values');
      const page = unpack(body.subarray(levels), size - levels, v2.is_compressed !== false);
      checkValues(page, 0, present, v2.encoding, element);
    } else throw new Error(`a page of type ${header.type}`);
  }
  return out;
}

function checkValues(
  page: Uint8Array,
  start: number,
  count: number,
  encoding: string,
  element: SchemaElement,
): void {
  switch (encoding) {
    case 'PLAIN':
    case 'BYTE_STREAM_SPLIT':
      checkPlain(page.length - start, count, element);
      return;
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (count === 0) return;
      const width = page[start] ?? 255;
      if (width > 32) throw new Error('the indices of a page are damaged');
      if (width > 0) checkRuns(page, start + 1, page.length, width, count);
      return;
    }
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY':
      checkDelta(page, start);
      return;
    default:
      throw new Error(`the encoding ${encoding} is not supported`);
  }
}

/** Block sizes as every writer has them; the package would set aside whatever stands there. */
function checkDelta(page: Uint8Array, start: number): void {
  const at = { offset: start };
  const block = varint(page, at, page.length);
  const minis = varint(page, at, page.length);
  if (!(block > 0 && block <= 65_536 && minis > 0 && minis <= 1024 && block % minis === 0))
    throw new Error('the blocks of a page are damaged');
}

function checkPlain(
  bytes: number,
  count: number,
  { type, type_length: length }: SchemaElement,
): void {
  const width =
    type === 'INT32' || type === 'FLOAT' || type === 'BYTE_ARRAY'
      ? 4
      : type === 'INT96'
        ? 12
        : type === 'BOOLEAN'
          ? 1 / 8
          : type === 'FIXED_LEN_BYTE_ARRAY'
            ? (length ?? 0)
            : 8;
  if (!(count >= 0 && width > 0 && Math.ceil(count * width) <= bytes))
    throw new Error(`${bytes} bytes cannot hold ${count} values`);
}

/**
 * Walks runs of the hybrid encoding and holds them to `count` values. Returns how many of them are 1, for levels of one bit.
 */
function checkRuns(
  bytes: Uint8Array,
  from: number,
  end: number,
  width: number,
  count: number,
): number {
  const at = { offset: from };
  const wide = (width + 7) >> 3;
  let seen = 0;
  let ones = 0;
  while (seen < count) {
    const header = varint(bytes, at, end);
    const left = count - seen;
    if ((header & 1) === 1) {
      // Groups of eight. Writers fill up the last one, some of them more than that; every byte of it is there.
      const groups = header >>> 1;
      const values = Math.min(left, groups * 8);
      const isWhole = at.offset + groups * width <= end;
      const isCutInLast =
        (groups - 1) * 8 < left && at.offset + Math.ceil((values * width) / 8) <= end;
      if (groups === 0 || !(isWhole || isCutInLast))
        throw new Error('a run is longer than its page');
      if (width === 1)
        for (let i = 0; i < values; i += 1) ones += (bytes[at.offset + (i >> 3)]! >> (i & 7)) & 1;
      at.offset += groups * width;
      seen += values;
    } else {
      const values = header >>> 1;
      if (values === 0 || values > left) throw new Error('a run is longer than its page');
      if (at.offset + wide > end) throw new Error('a run is cut');
      if (width === 1 && (bytes[at.offset]! & 1) === 1) ones += values;
      at.offset += wide;
      seen += values;
    }
  }
  return ones;
}

function varint(bytes: Uint8Array, at: { offset: number }, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (at.offset >= end) throw new Error('a run is cut');
    const byte = bytes[at.offset]!;
    at.offset += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value < 2 ** 32 ? value >>> 0 : 2 ** 32 - 1;
  }
  throw new Error('a run is damaged');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
