/**
 * Columns on disk: Arrow IPC files, uncompressed, without nulls. The only file that knows the Arrow package.
 *
 * Reading is synchronous and holds one record batch at a time: the footer tells where each batch lies, one `read` brings
 * it in, and the typed arrays returned are views on those bytes.
 */
import { createHash } from 'node:crypto';
import {
  Bool,
  Data,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  Int8,
  makeData,
  Message,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampNanosecond,
  Uint64,
  Uint8,
  Utf8,
  Vector,
} from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { assert, TradingError } from '../core/errors.ts';
import type { FileIo } from './file-io.ts';
import { closeQuietly, errnoOf, nodeFileIo } from './file-io.ts';
import { findBadMetadata } from './flatbuffer-check.ts';
import { doublesToInt64, firstUnsafe, int64ToDoubles } from './int64.ts';

export type ColumnType =
  | 'f64'
  | 'i32'
  | 'i64'
  | 'i8'
  | 'u8'
  | 'u64'
  | 'bool'
  | 'utf8'
  | 'timestamp[us, UTC]'
  | 'timestamp[ns, UTC]';

export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** For `utf8` only: the distinct texts. The column itself holds their row numbers. */
  readonly dictionary?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}
export interface TableSchema {
  readonly columns: readonly ColumnSpec[];
}

/**
 * Raw columns. `f64` Float64Array; `i32` Int32Array; `i64` and timestamps BigInt64Array; `i8` Int8Array; `u8` and `bool`
 * (one byte, 0 or 1) Uint8Array; `u64` BigUint64Array; `utf8` Int32Array of row numbers in the dictionary.
 */
export type RawColumn =
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Int8Array
  | Uint8Array
  | BigUint64Array;
/** Rows of all columns, in the order of the schema. Every column has at least `length` rows. */
export interface ColumnBatch {
  readonly length: number;
  readonly columns: readonly RawColumn[];
}

export interface WrittenFile {
  readonly rows: number;
  readonly bytes: number;
  /** Of the file's bytes, in hex. */
  readonly sha256: string;
}

/** Rows of a record batch on disk. */
export const BATCH_ROWS = 65_536;
const WRITE_BUFFER_BYTES = 1_048_576;

// ------------------------------------------------------------------------------------------------------- writing

/** Collects the writer's many small chunks and hashes what leaves. */
class HashingSink {
  readonly #io: FileIo;
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = new Uint8Array(WRITE_BUFFER_BYTES);
  #used = 0;
  bytes = 0;

  constructor(io: FileIo, fd: number) {
    this.#io = io;
    this.#fd = fd;
  }

  write(chunk: Uint8Array): void {
    if (this.#used + chunk.length > this.#buffer.length) this.flush();
    if (chunk.length >= this.#buffer.length) {
      this.#out(chunk);
    } else {
      this.#buffer.set(chunk, this.#used);
      this.#used += chunk.length;
    }
  }

  flush(): void {
    if (this.#used > 0) this.#out(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  #out(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#io.write(this.#fd, bytes);
    this.bytes += bytes.length;
  }
}

/** The package's writer queues chunks for an asynchronous reader; this one hands them on at once, so memory stays bounded. */
class SyncFileWriter extends RecordBatchFileWriter {
  readonly sink: HashingSink;

  constructor(sink: HashingSink) {
    super();
    this.sink = sink;
  }

  protected override _write(chunk: ArrayBufferView | ArrayBufferLike): this {
    if (!this._started) return this;
    const bytes = ArrayBuffer.isView(chunk)
      ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      : new Uint8Array(chunk);
    this.sink.write(bytes);
    this._position += bytes.length;
    return this;
  }
}

/**
 * Writes an Arrow file from batches, holding one batch in memory. The file must not exist; it is synced to disk.
 * Record batches on disk have 64 Ki rows, however the rows came.
 * Errors: those of the file system, as they come; `BugError` for columns that do not fit the schema.
 */
export function writeArrowFile(
  path: string,
  schema: TableSchema,
  batches: Iterable<ColumnBatch>,
  metadata: Readonly<Record<string, string>> = {},
  io: FileIo = nodeFileIo,
  sync = true,
): WrittenFile {
  const writer = createArrowWriter(path, schema, metadata, io, sync);
  try {
    for (const batch of batches) writer.write(batch);
    return writer.finish();
  } catch (error) {
    writer.abort();
    throw error;
  }
}

export interface ArrowFileWriter {
  write(batch: ColumnBatch): void;
  /** Footer, sync, close. */
  finish(): WrittenFile;
  /** Closes without a footer; the caller removes the file. Never throws. */
  abort(): void;
}

/** The same as `writeArrowFile` for callers that push their batches. */
export function createArrowWriter(
  path: string,
  schema: TableSchema,
  metadata: Readonly<Record<string, string>>,
  io: FileIo = nodeFileIo,
  sync = true,
): ArrowFileWriter {
  const { arrow, dictionaries } = toArrowSchema(schema, metadata);
  const fd = io.open(path, 'wx');
  const sink = new HashingSink(io, fd);
  const writer = new SyncFileWriter(sink);
  const pending = new PendingRows(schema);
  let rows = 0;
  let isOpen = true;
  const put = (batch: ColumnBatch, start: number, end: number): void => {
    writer.write(toRecordBatch(arrow, schema, batch, start, end, dictionaries));
    rows += end - start;
  };
  writer.reset(undefined, arrow);
  return {
    write(batch): void {
      checkColumns(schema, batch);
      let start = 0;
      while (start < batch.length) {
        if (pending.length === 0 && batch.length - start >= BATCH_ROWS) {
          put(batch, start, start + BATCH_ROWS);
          start += BATCH_ROWS;
        } else {
          start = pending.take(batch, start);
          if (pending.length === BATCH_ROWS) put(pending.drain(), 0, BATCH_ROWS);
        }
      }
    },
    finish(): WrittenFile {
      const rest = pending.drain();
      if (rest.length > 0) put(rest, 0, rest.length);
      // A dictionary must be in the file even when no row follows.
      if (rows === 0 && dictionaries.some((values) => values !== null)) {
        const empty = {
          length: 0,
          columns: schema.columns.map((column) => emptyColumn(column.type)),
        };
        writer.write(toRecordBatch(arrow, schema, empty, 0, 0, dictionaries));
      }
      writer.finish();
      sink.flush();
      if (sync) io.fsync(fd);
      isOpen = false;
      io.close(fd);
      return { rows, bytes: sink.bytes, sha256: sink.digest() };
    },
    abort(): void {
      if (!isOpen) return;
      isOpen = false;
      closeQuietly(io, fd);
    },
  };
}

/** Gathers small batches, so that files do not fragment however the rows came. */
class PendingRows {
  readonly #schema: TableSchema;
  #columns: RawColumn[] = [];
  #capacity = 0;
  length = 0;

  constructor(schema: TableSchema) {
    this.#schema = schema;
  }

  /** Copies rows from `start` on until full; returns the first row not taken. */
  take(batch: ColumnBatch, start: number): number {
    const end = Math.min(batch.length, start + BATCH_ROWS - this.length);
    this.#reserve(this.length + end - start);
    this.#columns.forEach((column, i) => {
      column.set(batch.columns[i]!.subarray(start, end) as never, this.length);
    });
    this.length += end - start;
    return end;
  }

  /** The rows gathered; the columns are used again. */
  drain(): ColumnBatch {
    const length = this.length;
    this.length = 0;
    return { length, columns: this.#columns };
  }

  /** Grows by doubling: hundreds of short segments may be open at once. */
  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    const capacity = Math.min(BATCH_ROWS, Math.max(rows, 2 * this.#capacity, 1024));
    this.#columns = this.#schema.columns.map((column, i) => {
      const grown = newColumn(column.type, capacity);
      const old = this.#columns[i];
      if (old !== undefined) grown.set(old.subarray(0, this.length) as never);
      return grown;
    });
    this.#capacity = capacity;
  }
}

function checkColumns(schema: TableSchema, batch: ColumnBatch): void {
  assert(batch.columns.length === schema.columns.length, 'a batch has the columns of its schema');
  schema.columns.forEach((column, i) => {
    const values = batch.columns[i]!;
    assert(values.length >= batch.length, 'a column has the rows of its batch');
    assert(values.constructor === emptyColumn(column.type).constructor, 'a column has its type');
  });
}

function newColumn(type: ColumnType, rows: number): RawColumn {
  const Column = emptyColumn(type).constructor as new (length: number) => RawColumn;
  return new Column(rows);
}

function toArrowSchema(
  schema: TableSchema,
  metadata: Readonly<Record<string, string>>,
): { arrow: Schema; dictionaries: (Vector<Utf8> | null)[] } {
  const fields = schema.columns.map((column, index) => {
    const type =
      column.type === 'utf8'
        ? new Dictionary(new Utf8(), new Int32(), index)
        : plainArrowType(column.type);
    return new Field(column.name, type, false, new Map(Object.entries(column.metadata ?? {})));
  });
  const dictionaries = schema.columns.map((column) =>
    column.type === 'utf8' ? new Vector([utf8Data(column.dictionary ?? [])]) : null,
  );
  return { arrow: new Schema(fields, new Map(Object.entries(metadata))), dictionaries };
}

function plainArrowType(type: Exclude<ColumnType, 'utf8'>) {
  switch (type) {
    case 'f64':
      return new Float64();
    case 'i32':
      return new Int32();
    case 'i64':
      return new Int64();
    case 'i8':
      return new Int8();
    case 'u8':
      return new Uint8();
    case 'u64':
      return new Uint64();
    case 'bool':
      return new Bool();
    case 'timestamp[us, UTC]':
      return new TimestampMicrosecond('UTC');
    case 'timestamp[ns, UTC]':
      return new TimestampNanosecond('UTC');
  }
}

function utf8Data(texts: readonly string[]): Data<Utf8> {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(texts.length + 1);
  encoded.forEach((bytes, i) => (offsets[i + 1] = offsets[i]! + bytes.length));
  const data = new Uint8Array(offsets[texts.length]!);
  encoded.forEach((bytes, i) => data.set(bytes, offsets[i]!));
  return makeData({
    type: new Utf8(),
    length: texts.length,
    nullCount: 0,
    valueOffsets: offsets,
    data,
  });
}

function toRecordBatch(
  arrow: Schema,
  schema: TableSchema,
  batch: ColumnBatch,
  start: number,
  end: number,
  dictionaries: readonly (Vector<Utf8> | null)[],
): RecordBatch {
  const length = end - start;
  const children = schema.columns.map((column, i) => {
    const values = batch.columns[i]!;
    const slice = values.subarray(start, end);
    const type = arrow.fields[i]!.type;
    const data = column.type === 'bool' ? packBits(slice as Uint8Array) : slice;
    const dictionary = dictionaries[i];
    return dictionary === null || dictionary === undefined
      ? makeData({ type, length, nullCount: 0, data } as never)
      : makeData({ type, length, nullCount: 0, data, dictionary } as never);
  });
  const struct = makeData({ type: new Struct(arrow.fields), length, nullCount: 0, children });
  return new RecordBatch(arrow, struct as never);
}

function emptyColumn(type: ColumnType): RawColumn {
  switch (type) {
    case 'f64':
      return new Float64Array(0);
    case 'i32':
    case 'utf8':
      return new Int32Array(0);
    case 'i8':
      return new Int8Array(0);
    case 'u8':
    case 'bool':
      return new Uint8Array(0);
    case 'u64':
      return new BigUint64Array(0);
    case 'i64':
    case 'timestamp[us, UTC]':
    case 'timestamp[ns, UTC]':
      return new BigInt64Array(0);
  }
}

function packBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array((bytes.length + 7) >> 3);
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] !== 0) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

// ------------------------------------------------------------------------------------------------------- reading

/** One open Arrow file. */
export interface ArrowFileReader {
  readonly path: string;
  readonly schema: TableSchema;
  readonly metadata: Readonly<Record<string, string>>;
  /** Counted from the batch headers the first time it is asked. */
  readonly numRows: number;
  readonly numBatches: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Position of a column. Errors: E_DATA_FORMAT when it is absent. */
  columnIndex(name: string): number;
  /** Batch `k`; its columns are views on memory of their own, so it stays valid. Errors: E_DATA_CORRUPT, E_DATA_FORMAT. */
  readBatch(k: number): ColumnBatch;
  close(): void;
}

interface Block {
  readonly offset: number;
  readonly metaDataLength: number;
  readonly bodyLength: number;
}

const MAGIC = 'ARROW1';
const TAIL_BYTES = 10; // int32 footer length and the magic

/**
 * Opens an Arrow file and reads its footer. Damaged bytes cost no more time and memory than the file is long: every count
 * is compared with the bytes that must hold it before anything is made of its size.
 * Errors: E_DATA_READ when it is absent, a folder, or refused; E_DATA_CORRUPT when it is cut short or is not Arrow;
 * E_DATA_FORMAT for types outside `ColumnType`.
 */
export function openArrowFile(path: string, io: FileIo = nodeFileIo): ArrowFileReader {
  let fd: number;
  try {
    fd = io.open(path, 'r');
  } catch (cause) {
    throw readError(path, cause);
  }
  try {
    return decoding(path, () => new SyncFileReader(path, io, fd));
  } catch (error) {
    closeQuietly(io, fd);
    throw error;
  }
}

class SyncFileReader implements ArrowFileReader {
  readonly path: string;
  readonly schema: TableSchema;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #io: FileIo;
  readonly #fd: number;
  readonly bytes: number;
  readonly #blocks: readonly Block[];
  #numRows = -1;
  #isOpen = true;

  constructor(path: string, io: FileIo, fd: number) {
    this.path = path;
    this.#io = io;
    this.#fd = fd;
    this.bytes = io.size(fd);
    const footer = this.#readFooter();
    this.#blocks = [...footer.recordBatches()];
    const dictionaryBlocks: readonly Block[] = [...footer.dictionaryBatches()];
    this.#checkBlocks([...this.#blocks, ...dictionaryBlocks]);
    const dictionaries = this.#readDictionaries(dictionaryBlocks);
    this.metadata = Object.fromEntries(footer.schema.metadata);
    this.schema = {
      columns: footer.schema.fields.map((field) => toColumnSpec(field, dictionaries, path)),
    };
  }

  get numBatches(): number {
    return this.#blocks.length;
  }

  get numRows(): number {
    if (this.#numRows < 0) this.#numRows = decoding(this.path, () => this.#countRows());
    return this.#numRows;
  }

  #countRows(): number {
    assert(this.#isOpen, 'a closed file is not read');
    let rows = 0;
    for (const block of this.#blocks)
      rows += this.#header(this.#readAt(block.offset, block.metaDataLength), block).length;
    return rows;
  }

  columnIndex(name: string): number {
    const index = this.schema.columns.findIndex((column) => column.name === name);
    if (index < 0) {
      throw formatError(this.path, `column ${name} is absent`, {
        column: name,
        columns: this.schema.columns.map((column) => column.name),
      });
    }
    return index;
  }

  readBatch(k: number): ColumnBatch {
    assert(this.#isOpen, 'a closed file is not read');
    return decoding(this.path, () => this.#decodeBatch(k));
  }

  #decodeBatch(k: number): ColumnBatch {
    const block = this.#blocks[k];
    assert(block !== undefined, 'a batch number is below numBatches');
    const bytes = this.#readAt(block.offset, block.metaDataLength + block.bodyLength);
    const header = this.#header(bytes, block);
    if (header.compression !== null && header.compression !== undefined)
      throw formatError(this.path, 'the file is compressed', { batch: k });
    const body = bytes.byteOffset + block.metaDataLength;
    const { nodes, buffers, length } = header;
    if (nodes.length !== this.schema.columns.length || buffers.length !== 2 * nodes.length)
      throw corrupt(this.path, `batch ${k} does not have the columns of the schema`);
    const columns = this.schema.columns.map((column, i) => {
      if (nodes[i]!.nullCount !== 0)
        throw formatError(this.path, `column ${column.name} holds nulls`, { batch: k });
      const region = buffers[2 * i + 1]!;
      const needed = byteLengthOf(column.type, length);
      if (
        nodes[i]!.length !== length ||
        region.length < needed ||
        region.offset < 0 ||
        region.offset + needed > block.bodyLength
      )
        throw corrupt(this.path, `column ${column.name} of batch ${k} lies outside its batch`);
      return viewColumn(column.type, bytes.buffer, body + region.offset, length);
    });
    return { length, columns };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeQuietly(this.#io, this.#fd);
  }

  #readFooter(): Footer {
    const size = this.bytes;
    if (size < 8 + TAIL_BYTES) throw corrupt(this.path, `the file has only ${size} bytes`);
    const head = this.#readAt(0, 6);
    const tail = this.#readAt(size - TAIL_BYTES, TAIL_BYTES);
    if (ascii(head) !== MAGIC) throw corrupt(this.path, 'the file is not an Arrow file');
    if (ascii(tail.subarray(4)) !== MAGIC)
      throw corrupt(this.path, 'the end of the file is missing');
    const length = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
    if (length <= 0 || length + TAIL_BYTES + 8 > size)
      throw corrupt(this.path, `the footer length ${length} is impossible`);
    const bytes = this.#readAt(size - TAIL_BYTES - length, length);
    const fault = findBadMetadata(bytes, 'Footer');
    if (fault !== '') throw corrupt(this.path, `the footer is damaged: ${fault}`);
    return Footer.decode(bytes);
  }

  #readDictionaries(blocks: readonly Block[]): ReadonlyMap<number, readonly string[]> {
    const byId = new Map<number, string[]>();
    for (const block of blocks) {
      const bytes = this.#readAt(block.offset, block.metaDataLength + block.bodyLength);
      const message = decodeMessage(bytes, this.path);
      if (!message.isDictionaryBatch())
        throw corrupt(this.path, 'a dictionary block holds no dictionary');
      const { id, data, isDelta } = message.header();
      const [, offsets, texts] = data.buffers;
      if (offsets === undefined || texts === undefined || data.compression)
        throw formatError(this.path, 'a dictionary is compressed or is not of texts', { id });
      const decoded = decodeTexts(
        bytes.subarray(block.metaDataLength),
        data.length,
        offsets,
        texts,
      );
      if (decoded === null) throw corrupt(this.path, 'the texts of a dictionary lie outside it');
      const known = byId.get(id);
      if (!isDelta || known === undefined) byId.set(id, decoded);
      else for (const text of decoded) known.push(text);
    }
    return byId;
  }

  #header(bytes: Uint8Array, block: Block) {
    const message = decodeMessage(bytes, this.path);
    if (!message.isRecordBatch()) throw corrupt(this.path, 'a batch block holds no batch');
    const header = message.header();
    // No column type of ours takes less than a bit a row.
    const isPossible = header.length >= 0 && header.length <= 8 * block.bodyLength;
    if (!isPossible) throw corrupt(this.path, `a batch of ${header.length} rows is impossible`);
    return header;
  }

  /** Blocks lie inside the file and not over each other: reading all of them reads the file at most once. */
  #checkBlocks(blocks: readonly Block[]): void {
    let total = 0;
    for (const { offset, metaDataLength, bodyLength } of blocks) {
      const end = offset + metaDataLength + bodyLength;
      total += metaDataLength + bodyLength;
      const isInside = offset >= 8 && metaDataLength > 8 && bodyLength >= 0 && end <= this.bytes;
      if (!isInside || total > this.bytes)
        throw corrupt(this.path, 'a batch lies outside the file or over another');
    }
  }

  #readAt(offset: number, length: number): Uint8Array {
    // Not from the pool: the buffer starts at 0, so 8-byte columns are aligned.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    if (this.#io.read(this.#fd, bytes, offset) !== length)
      throw corrupt(this.path, `bytes ${offset} to ${offset + length} are missing`);
    return bytes;
  }
}

/** Damaged bytes make the package throw errors of many kinds; to a reader they are one: the file is damaged. */
function decoding<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const isForeign = error instanceof RangeError || error instanceof TypeError;
    const isPlain = error instanceof Error && error.constructor === Error && errnoOf(error) === '';
    if (isForeign || isPlain) throw corrupt(path, 'the bytes cannot be decoded', error);
    throw readError(path, error);
  }
}

function decodeMessage(bytes: Uint8Array, path: string): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getInt32(4, true);
  if (view.getInt32(0, true) !== -1 || length <= 0 || length + 8 > bytes.length)
    throw corrupt(path, 'a batch header is damaged');
  const metadata = bytes.subarray(8, 8 + length);
  const fault = findBadMetadata(metadata, 'Message');
  if (fault !== '') throw corrupt(path, `a batch header is damaged: ${fault}`);
  return Message.decode(metadata);
}

/** Texts of a dictionary, or null when its offsets leave their bytes or run backwards. */
function decodeTexts(
  body: Uint8Array,
  count: number,
  offsetsAt: { readonly offset: number; readonly length: number },
  textsAt: { readonly offset: number; readonly length: number },
): string[] | null {
  if (count === 0) return [];
  const fits = (at: number, bytes: number): boolean => at >= 0 && at + bytes <= body.length;
  if (count < 0 || 4 * (count + 1) > offsetsAt.length) return null;
  if (!fits(offsetsAt.offset, offsetsAt.length) || !fits(textsAt.offset, textsAt.length))
    return null;
  const view = new DataView(body.buffer, body.byteOffset + offsetsAt.offset, 4 * (count + 1));
  const decoder = new TextDecoder();
  const out: string[] = [];
  let start = view.getInt32(0, true);
  for (let i = 1; i <= count; i += 1) {
    const end = view.getInt32(4 * i, true);
    if (start < 0 || end < start || end > textsAt.length) return null;
    out.push(decoder.decode(body.subarray(textsAt.offset + start, textsAt.offset + end)));
    start = end;
  }
  return out;
}

function toColumnSpec(
  field: Field,
  dictionaries: ReadonlyMap<number, readonly string[]>,
  path: string,
): ColumnSpec {
  const metadata = Object.fromEntries(field.metadata);
  const isDictionary = field.type instanceof Dictionary;
  const isText = isDictionary && String(field.type) === 'Dictionary<Int32, Utf8>';
  const type = isDictionary ? 'utf8' : ARROW_NAMES[String(field.type)];
  if (type === undefined || (isDictionary && !isText)) {
    throw formatError(path, `column ${field.name} has the type ${String(field.type)}`, {
      column: field.name,
    });
  }
  const dictionary = isDictionary ? (dictionaries.get((field.type as Dictionary).id) ?? []) : [];
  return { name: field.name, type, metadata, ...(isDictionary ? { dictionary } : {}) };
}

const ARROW_NAMES: Readonly<Record<string, ColumnType>> = {
  Float64: 'f64',
  Int32: 'i32',
  Int64: 'i64',
  Int8: 'i8',
  Uint8: 'u8',
  Uint64: 'u64',
  Bool: 'bool',
  'Timestamp<MICROSECOND, UTC>': 'timestamp[us, UTC]',
  'Timestamp<NANOSECOND, UTC>': 'timestamp[ns, UTC]',
};

function byteLengthOf(type: ColumnType, rows: number): number {
  // Not by a shift, which keeps 32 bits only.
  if (type === 'bool') return Math.ceil(rows / 8);
  return rows * emptyColumn(type).BYTES_PER_ELEMENT;
}

function viewColumn(
  type: ColumnType,
  buffer: ArrayBufferLike,
  offset: number,
  rows: number,
): RawColumn {
  switch (type) {
    case 'f64':
      return new Float64Array(buffer, offset, rows);
    case 'i32':
    case 'utf8':
      return new Int32Array(buffer, offset, rows);
    case 'i8':
      return new Int8Array(buffer, offset, rows);
    case 'u8':
      return new Uint8Array(buffer, offset, rows);
    case 'u64':
      return new BigUint64Array(buffer, offset, rows);
    case 'bool': {
      const bits = new Uint8Array(buffer, offset, (rows + 7) >> 3);
      return Uint8Array.from({ length: rows }, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1);
    }
    case 'i64':
    case 'timestamp[us, UTC]':
    case 'timestamp[ns, UTC]':
      return new BigInt64Array(buffer, offset, rows);
  }
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function corrupt(path: string, reason: string, cause?: unknown): TradingError {
  return new TradingError('E_DATA_CORRUPT', `${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'a data file is a complete Arrow IPC file',
    fix: 'find all damaged files with: frontmonth data check <dataset>; then import that segment again',
    ...(cause === undefined ? {} : { cause }),
  });
}

function formatError(
  path: string,
  reason: string,
  details: Readonly<Record<string, unknown>>,
): TradingError {
  return new TradingError('E_DATA_FORMAT', `${path}: ${reason}`, {
    details: { path, reason, ...details },
    where: path,
    rule: 'our files are uncompressed, without nulls, in the documented columns',
    fix: 'import the data with: frontmonth data import',
  });
}

// -------------------------------------------------------------------------------------------------- whole tables

/** Values of one column of a small table; booleans, numbers, bigints or texts as the type asks. */
export interface TableColumn {
  readonly type: ColumnType;
  readonly values: ArrayLike<number> | ArrayLike<bigint> | readonly string[] | readonly boolean[];
  /** Of the field, such as the unit of its numbers. */
  readonly metadata?: Readonly<Record<string, string>>;
}
/**
 * A column as `readTable` gives it: `i64` and µs timestamps as doubles, `bool` as bytes 0 or 1, `utf8` as texts, the rest as
 * stored (`u64` and ns timestamps as BigInt arrays).
 */
export type TableValues = RawColumn | string[];

/**
 * Writes a small table, replacing the file at once by a rename. Times in µs, integers as numbers or bigints.
 * Errors: E_DATA_VALUE for a value that its column cannot hold, E_CATALOG_WRITE when the disk refuses.
 */
export function writeTable(
  path: string,
  columns: Readonly<Record<string, TableColumn>>,
  metadata: Readonly<Record<string, string>> = {},
  io: FileIo = nodeFileIo,
): WrittenFile {
  const specs: ColumnSpec[] = [];
  const raw: RawColumn[] = [];
  let length = -1;
  for (const [name, column] of Object.entries(columns)) {
    if (length >= 0)
      assert(column.values.length === length, 'the columns of a table are equally long');
    length = column.values.length;
    const encoded = encodeColumn(name, column);
    specs.push({
      name,
      type: column.type,
      ...(encoded.dictionary && { dictionary: encoded.dictionary }),
      ...(column.metadata && { metadata: column.metadata }),
    });
    raw.push(encoded.values);
  }
  const batch = { length: Math.max(0, length), columns: raw };
  const temp = `${path}.tmp`;
  try {
    if (io.exists(temp)) io.unlink(temp);
    const written = writeArrowFile(temp, { columns: specs }, [batch], metadata, io, false);
    io.rename(temp, path);
    return written;
  } catch (cause) {
    throw errnoOf(cause) === '' ? cause : writeError(path, cause);
  }
}

/** Reads a small table whole. Errors: E_DATA_READ, E_DATA_CORRUPT, E_DATA_FORMAT. */
export function readTable(path: string, io: FileIo = nodeFileIo): Record<string, TableValues> {
  const reader = openArrowFile(path, io);
  try {
    const batches = Array.from({ length: reader.numBatches }, (_, k) => reader.readBatch(k));
    return Object.fromEntries(
      reader.schema.columns.map((column, i) => {
        const joined = joinColumns(column.type, batches, i);
        return [column.name, decodeColumn(path, column, joined)];
      }),
    );
  } finally {
    reader.close();
  }
}

/** A refusal to read as our own error; errors of our own pass through. */
export function readError(path: string, cause: unknown): unknown {
  const reason = errnoOf(cause);
  if (reason === '') return cause;
  return new TradingError('E_DATA_READ', `cannot read ${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'a dataset is readable as a whole',
    fix: 'check the path, its permissions and the disk',
    cause,
  });
}

/** A refusal of the file system as our own error, with its cause. */
export function writeError(path: string, cause: unknown): TradingError {
  const reason = errnoOf(cause);
  return new TradingError('E_CATALOG_WRITE', `cannot write ${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'a write is whole or leaves the old state',
    fix:
      reason === 'ENOSPC'
        ? 'free space on the disk, then write again'
        : 'check disk and permissions',
    cause,
  });
}

function encodeColumn(
  name: string,
  column: TableColumn,
): { values: RawColumn; dictionary?: readonly string[] } {
  const values = column.values as ArrayLike<unknown>;
  switch (column.type) {
    case 'utf8': {
      const codes = new Map<string, number>();
      const rows = Int32Array.from(values as ArrayLike<string> as string[], (text) => {
        const known = codes.get(text);
        if (known !== undefined) return known;
        codes.set(text, codes.size);
        return codes.size - 1;
      });
      return { values: rows, dictionary: [...codes.keys()] };
    }
    case 'bool':
      return { values: Uint8Array.from(values as ArrayLike<number>, (value) => (value ? 1 : 0)) };
    case 'f64':
      return { values: Float64Array.from(values as ArrayLike<number>) };
    case 'u64':
      return {
        values: BigUint64Array.from(Array.from(values as ArrayLike<number>, (v) => BigInt(v))),
      };
    case 'i32':
      checkIntegers(name, values, -2_147_483_648, 2_147_483_647);
      return { values: Int32Array.from(values as ArrayLike<number>) };
    case 'i8':
      checkIntegers(name, values, -128, 127);
      return { values: Int8Array.from(values as ArrayLike<number>) };
    case 'u8':
      checkIntegers(name, values, 0, 255);
      return { values: Uint8Array.from(values as ArrayLike<number>) };
    case 'i64':
    case 'timestamp[us, UTC]':
    case 'timestamp[ns, UTC]':
      if (values.length > 0 && typeof values[0] === 'bigint')
        return { values: BigInt64Array.from(values as ArrayLike<bigint> as bigint[]) };
      checkIntegers(name, values, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      return { values: doublesToInt64(values as ArrayLike<number>, values.length) };
  }
}

function checkIntegers(name: string, values: ArrayLike<unknown>, low: number, high: number): void {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (!(Number.isInteger(value) && (value as number) >= low && (value as number) <= high)) {
      throw new TradingError(
        'E_DATA_VALUE',
        `column ${name}, row ${i}: ${String(value)} is not a whole number from ${low} to ${high}`,
        {
          details: { column: name, row: i, value: String(value) },
        },
      );
    }
  }
}

function joinColumns(type: ColumnType, batches: readonly ColumnBatch[], index: number): RawColumn {
  if (batches.length === 1) return batches[0]!.columns[index]!;
  const rows = batches.reduce((sum, batch) => sum + batch.length, 0);
  const out = newColumn(type, rows);
  let at = 0;
  for (const batch of batches) {
    out.set(batch.columns[index]! as never, at);
    at += batch.length;
  }
  return out;
}

function decodeColumn(path: string, column: ColumnSpec, values: RawColumn): TableValues {
  if (column.type === 'utf8') {
    return Array.from(values as Int32Array, (code, row) => {
      const text = column.dictionary![code];
      if (text === undefined)
        throw corrupt(path, `column ${column.name}, row ${row}: there is no text ${code}`);
      return text;
    });
  }
  if (column.type !== 'i64' && column.type !== 'timestamp[us, UTC]') return values;
  const unsafe = firstUnsafe(values as BigInt64Array);
  if (unsafe >= 0)
    throw formatError(path, `column ${column.name}, row ${unsafe} is beyond 2^53`, { row: unsafe });
  return int64ToDoubles(values as BigInt64Array);
}

// ------------------------------------------------------------------------------------------------- tables in memory

/** An Apache Arrow table, as any program of its JavaScript library takes it. */
export type ArrowTable = Table;

/**
 * One record batch over the columns; the bytes of doubles and of 8-bit and 32-bit integers are shared, not copied.
 * Errors: E_DATA_VALUE for a value that its column cannot hold.
 */
export function toArrowTable(
  columns: Readonly<Record<string, TableColumn>>,
  metadata: Readonly<Record<string, string>> = {},
): ArrowTable {
  const specs: ColumnSpec[] = [];
  const raw: RawColumn[] = [];
  for (const [name, column] of Object.entries(columns)) {
    const { type, values } = column;
    const isRaw = values.constructor === emptyColumn(type).constructor && type !== 'utf8';
    const encoded = isRaw ? { values: values as RawColumn } : encodeColumn(name, column);
    const { dictionary } = encoded as { dictionary?: readonly string[] };
    const about = column.metadata === undefined ? {} : { metadata: column.metadata };
    specs.push({ name, type, ...(dictionary === undefined ? {} : { dictionary }), ...about });
    raw.push(encoded.values);
  }
  const schema = { columns: specs };
  const { arrow, dictionaries } = toArrowSchema(schema, metadata);
  const length = raw[0]?.length ?? 0;
  const batch = { length, columns: raw };
  checkColumns(schema, batch);
  return new Table(arrow, [toRecordBatch(arrow, schema, batch, 0, length, dictionaries)]);
}

/**
 * The columns of a table from elsewhere, its batches joined. Narrower numbers become the next type of ours, a missing value in
 * a column of doubles becomes NaN. Values as `readTable` gives them.
 * Errors: E_DATA_FORMAT for a type that is none of ours, for a missing value in any other column, beyond 2^53.
 */
export function fromArrowTable(table: ArrowTable): {
  readonly length: number;
  readonly columns: Readonly<Record<string, TableColumn>>;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const columns = table.schema.fields.map((field, i): [string, TableColumn] => {
    const metadata = Object.fromEntries(field.metadata);
    return [field.name, { ...fromVector(field, table.getChildAt(i)!), metadata }];
  });
  return {
    length: table.numRows,
    columns: Object.fromEntries(columns),
    metadata: Object.fromEntries(table.schema.metadata),
  };
}

/** What other programs write beside our own types, by the name of the Arrow type. */
const WIDENED: Readonly<Record<string, ColumnType>> = {
  Float32: 'f64',
  Int16: 'i32',
  Uint16: 'i32',
  Uint32: 'i64',
  Utf8: 'utf8',
  LargeUtf8: 'utf8',
};

function fromVector(field: Field, vector: Vector): TableColumn {
  const name = String(field.type);
  const isText = field.type instanceof Dictionary && field.type.dictionary instanceof Utf8;
  const type = isText ? 'utf8' : (ARROW_NAMES[name] ?? WIDENED[name]);
  const where = 'the table';
  if (type === undefined)
    throw formatError(where, `column ${field.name} has the type ${name}`, { column: field.name });
  if (vector.nullCount > 0 && type !== 'f64')
    throw formatError(where, `column ${field.name} has ${vector.nullCount} missing values`, {
      column: field.name,
    });
  if (type === 'utf8') return { type, values: [...(vector as Iterable<string>)] };
  const values = newColumn(type, vector.length);
  let at = 0;
  for (const part of vector.data) {
    const rows = part.length;
    if (type === 'bool') {
      const bits = part.values as Uint8Array;
      for (let i = 0; i < rows; i += 1) {
        const bit = part.offset + i;
        values[at + i] = (bits[bit >> 3]! >> (bit & 7)) & 1;
      }
    } else if (name === 'Uint32')
      for (let i = 0; i < rows; i += 1) values[at + i] = BigInt(part.values[i] as number);
    else values.set((part.values as RawColumn).subarray(0, rows) as never, at);
    for (let i = 0; part.nullCount > 0 && i < rows; i += 1)
      if (!part.getValid(i)) values[at + i] = NaN;
    at += rows;
  }
  const { name: column } = field;
  return { type, values: decodeColumn(where, { name: column, type }, values) };
}
