/**
 * Decodes DBN into columns. Pure: bytes in, columns out, no file and no clock. Bytes may come in pieces of any size; memory
 * is one piece, the metadata and one batch of columns.
 *
 * This is the flat world. A run of records of one type and length is decoded field by field: each field has one loop over
 * a fixed stride, and 64-bit fields are copied by halves, so no BigInt is made.
 */
import type { TradingError } from '../../../core/errors.ts';
import type { DbnField, DbnFieldType, DbnKind, DbnLayout, DbnVersion } from './layout.ts';
import { dbnKindOf, dbnLayout, HEADER_BYTES, LEVEL_BYTES } from './layout.ts';
import type { DbnMetadata } from './metadata.ts';
import {
  formatError,
  isDbn,
  parseMetadata,
  parsePrefix,
  PREFIX_BYTES,
  textAt,
} from './metadata.ts';

/** Columns of every kind. Each has `length` rows, in the order of the file. */
export interface DbnHeaderColumns {
  readonly length: number;
  /** Byte of each record in the unpacked file. */
  readonly offset: Float64Array;
  readonly rtype: Uint8Array;
  readonly publisherId: Uint16Array;
  readonly instrumentId: Uint32Array;
  /** ns UTC; of bars the start of the interval. */
  readonly tsEvent: BigUint64Array;
  /** ns UTC at which the gateway sent the record; null where the file has no such times. */
  readonly tsOut: BigUint64Array | null;
}

/** Prices are units of 1e-9, `UNDEF_PRICE` where there is none. `action`, `side` are ASCII codes. */
export interface DbnTradeColumns extends DbnHeaderColumns {
  readonly kind: 'trades';
  readonly price: BigInt64Array;
  readonly size: Uint32Array;
  readonly action: Uint8Array;
  readonly side: Uint8Array;
  readonly flags: Uint8Array;
  readonly depth: Uint8Array;
  readonly tsRecv: BigUint64Array;
  readonly tsInDelta: Int32Array;
  readonly sequence: Uint32Array;
}

/** Row i has level k at `i * levels + k`: 1 level of `mbp-1`, 10 of `mbp-10`. */
export interface DbnLevelColumns {
  readonly bidPx: BigInt64Array;
  readonly askPx: BigInt64Array;
  readonly bidSz: Uint32Array;
  readonly askSz: Uint32Array;
  readonly bidCt: Uint32Array;
  readonly askCt: Uint32Array;
}
export interface DbnMbp1Columns extends Omit<DbnTradeColumns, 'kind'>, DbnLevelColumns {
  readonly kind: 'mbp-1';
}
export interface DbnMbp10Columns extends Omit<DbnTradeColumns, 'kind'>, DbnLevelColumns {
  readonly kind: 'mbp-10';
}
export interface DbnBboColumns extends DbnHeaderColumns, DbnLevelColumns {
  readonly kind: 'bbo';
  readonly price: BigInt64Array;
  readonly size: Uint32Array;
  readonly side: Uint8Array;
  readonly flags: Uint8Array;
  readonly tsRecv: BigUint64Array;
  readonly sequence: Uint32Array;
}
interface DbnConsolidatedColumns extends DbnHeaderColumns {
  readonly price: BigInt64Array;
  readonly size: Uint32Array;
  readonly side: Uint8Array;
  readonly flags: Uint8Array;
  readonly tsRecv: BigUint64Array;
  readonly bidPx: BigInt64Array;
  readonly askPx: BigInt64Array;
  readonly bidSz: Uint32Array;
  readonly askSz: Uint32Array;
  /** Publisher of the best bid and of the best offer. */
  readonly bidPb: Uint16Array;
  readonly askPb: Uint16Array;
}
export interface DbnCmbp1Columns extends DbnConsolidatedColumns {
  readonly kind: 'cmbp-1';
  readonly action: Uint8Array;
  readonly tsInDelta: Int32Array;
}
export interface DbnCbboColumns extends DbnConsolidatedColumns {
  readonly kind: 'cbbo';
}

export interface DbnMboColumns extends DbnHeaderColumns {
  readonly kind: 'mbo';
  readonly orderId: BigUint64Array;
  readonly price: BigInt64Array;
  readonly size: Uint32Array;
  readonly flags: Uint8Array;
  readonly channelId: Uint8Array;
  readonly action: Uint8Array;
  readonly side: Uint8Array;
  readonly tsRecv: BigUint64Array;
  readonly tsInDelta: Int32Array;
  readonly sequence: Uint32Array;
}

/** The record type tells the interval. */
export interface DbnOhlcvColumns extends DbnHeaderColumns {
  readonly kind: 'ohlcv';
  readonly open: BigInt64Array;
  readonly high: BigInt64Array;
  readonly low: BigInt64Array;
  readonly close: BigInt64Array;
  readonly volume: BigUint64Array;
}

/** The fields that every version has and an importer needs; the rest is there by its name in the layout. */
export interface DbnDefinitionColumns extends DbnHeaderColumns {
  readonly kind: 'definition';
  readonly tsRecv: BigUint64Array;
  readonly minPriceIncrement: BigInt64Array;
  readonly displayFactor: BigInt64Array;
  /** ns UTC. */
  readonly expiration: BigUint64Array;
  readonly activation: BigUint64Array;
  readonly unitOfMeasureQty: BigInt64Array;
  readonly minPriceIncrementAmount: BigInt64Array;
  readonly contractMultiplier: Int32Array;
  readonly maturityYear: Uint16Array;
  readonly maturityMonth: Uint8Array;
  readonly instrumentClass: Uint8Array;
  readonly securityUpdateAction: Uint8Array;
  readonly currency: readonly string[];
  readonly rawSymbol: readonly string[];
  readonly group: readonly string[];
  readonly exchange: readonly string[];
  readonly asset: readonly string[];
  readonly securityType: readonly string[];
}

/** `quantity` is 64 bits wide whatever the version; the largest value means none. */
export interface DbnStatisticColumns extends DbnHeaderColumns {
  readonly kind: 'statistics';
  readonly tsRecv: BigUint64Array;
  readonly tsRef: BigUint64Array;
  readonly price: BigInt64Array;
  readonly quantity: BigInt64Array;
  readonly sequence: Uint32Array;
  readonly tsInDelta: Int32Array;
  readonly statType: Uint16Array;
  readonly channelId: Uint16Array;
  readonly updateAction: Uint8Array;
  readonly statFlags: Uint8Array;
}

export interface DbnSymbolMappingColumns extends DbnHeaderColumns {
  readonly kind: 'symbol-mapping';
  readonly stypeInSymbol: readonly string[];
  readonly stypeOutSymbol: readonly string[];
  readonly startTs: BigUint64Array;
  readonly endTs: BigUint64Array;
}

/** Messages of the gateway. */
export interface DbnMessageColumns extends DbnHeaderColumns {
  readonly kind: 'system' | 'error';
  readonly message: readonly string[];
}

/** Trading status and auction imbalances: decoded, by the names in the layout. */
export interface DbnOtherColumns extends DbnHeaderColumns {
  readonly kind: 'status' | 'imbalance';
}

export type DbnBatch =
  | DbnTradeColumns
  | DbnMbp1Columns
  | DbnMbp10Columns
  | DbnBboColumns
  | DbnCmbp1Columns
  | DbnCbboColumns
  | DbnMboColumns
  | DbnOhlcvColumns
  | DbnDefinitionColumns
  | DbnStatisticColumns
  | DbnSymbolMappingColumns
  | DbnMessageColumns
  | DbnOtherColumns;

/** Why bytes were not decoded. After `lost-framing` and `truncated` nothing more is read. */
export type DbnIssueReason = 'unknown-type' | 'record-size' | 'lost-framing' | 'truncated';

export interface DbnIssue {
  /** Byte of the first such record in the unpacked file. */
  readonly offset: number;
  readonly reason: DbnIssueReason;
  /** Records of the same kind that follow each other without a gap. */
  readonly records: number;
  readonly message: string;
}

export interface DbnSink {
  /** Once, before the first batch. */
  readonly onMetadata?: (metadata: DbnMetadata) => void;
  /** Records of one kind, in the order of the file. */
  readonly onBatch: (batch: DbnBatch) => void;
  readonly onIssue: (issue: DbnIssue) => void;
}

export interface DbnDecoderOptions {
  /** Rows of a full batch; by default as many as 384 KiB hold. */
  readonly batchRows?: number;
  /** The columns of a batch are overwritten by the next one: faster, for a receiver that keeps none. Default false. */
  readonly isReused?: boolean;
}

/** Bytes of the records of a full batch: what is written stays near the processor. */
const BATCH_BYTES = 393_216;
const BUFFER_BYTES = 262_144;
const UNDEF_INT32 = 2_147_483_647;
const LEVELS = 10;
const LEVEL_WORDS = LEVEL_BYTES / 4;

type Column =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | string[];

/**
 * Takes the bytes of one file, unpacked, piece by piece.
 * Errors: E_DBN_FORMAT of `push` for bytes that are not DBN or metadata that contradict themselves, and of `finish` for a
 * file that ends inside them. Whatever is wrong with records is an issue, never an error.
 *
 * @example
 * const decoder = new DbnDecoder({ onBatch: (batch) => use(batch), onIssue: (issue) => count(issue) });
 * for await (const bytes of pieces) decoder.push(bytes);
 * decoder.finish();
 */
export class DbnDecoder {
  readonly #sink: DbnSink;
  readonly #batchRows: number | null;
  readonly #isReused: boolean;
  readonly #idle = new Map<DbnLayout, Pending>();
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #source = new Source(this.#bytes);
  readonly #layouts = new Map<DbnKind, DbnLayout>();
  /** Bytes of the buffer that hold data. */
  #filled = 0;
  /** Byte of the file at the start of the buffer. */
  #base = 0;
  #version: DbnVersion = 1;
  #metadataBytes = -1;
  /** Metadata longer than the buffer gather here. */
  #metadata: Uint8Array | null = null;
  #metadataFilled = 0;
  #isInRecords = false;
  #hasTsOut = false;
  #hasEnded = false;
  #pending: Pending | null = null;
  /** Records decoded so far. */
  records = 0;

  constructor(sink: DbnSink, options: DbnDecoderOptions = {}) {
    this.#sink = sink;
    this.#batchRows = options.batchRows ?? null;
    this.#isReused = options.isReused ?? false;
  }

  /** Whether the rest of the file cannot be read, so that more bytes have no use. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#hasEnded) {
      const take = Math.min(chunk.length - at, BUFFER_BYTES - this.#filled);
      this.#bytes.set(chunk.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      const used = this.#isInRecords ? this.#readRecords(0) : this.#readHead();
      this.#base += used;
      this.#bytes.copyWithin(0, used, this.#filled);
      this.#filled -= used;
    }
  }

  finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#isInRecords) {
      // The prefix says best what is wrong with a short file of another format.
      if (this.#metadataBytes < 0) throw shortFile(this.#bytes.slice(0, this.#filled));
      throw formatError(
        this.#base + this.#filled,
        `the file ends inside the ${this.#metadataBytes} bytes of its metadata`,
      );
    }
    this.#flush();
    if (this.#filled > 0)
      this.#sink.onIssue({
        offset: this.#base,
        reason: 'truncated',
        records: 1,
        message: `the file ends ${this.#filled} bytes into a record`,
      });
  }

  /** Prefix and metadata; returns the bytes used. */
  #readHead(): number {
    let used = 0;
    if (this.#metadataBytes < 0) {
      if (this.#filled < PREFIX_BYTES) return 0;
      const prefix = parsePrefix(this.#bytes.slice(0, PREFIX_BYTES));
      this.#version = prefix.version;
      this.#metadataBytes = prefix.metadataBytes;
      used = PREFIX_BYTES;
    }
    const available = this.#filled - used;
    if (this.#metadata === null && available < this.#metadataBytes && this.#filled < BUFFER_BYTES)
      return used;
    // Grows with the bytes that came, not with the length that the file claims.
    const take = Math.min(available, this.#metadataBytes - this.#metadataFilled);
    const needed = this.#metadataFilled + take;
    if (this.#metadata === null || needed > this.#metadata.length) {
      const grown = new Uint8Array(Math.min(this.#metadataBytes, Math.max(needed, 2 * needed)));
      if (this.#metadata !== null) grown.set(this.#metadata.subarray(0, this.#metadataFilled));
      this.#metadata = grown;
    }
    this.#metadata.set(this.#bytes.subarray(used, used + take), this.#metadataFilled);
    this.#metadataFilled = needed;
    used += take;
    if (this.#metadataFilled < this.#metadataBytes) return used;
    const metadata = parseMetadata(this.#version, this.#metadata.subarray(0, this.#metadataBytes));
    this.#metadata = null;
    this.#hasTsOut = metadata.hasTsOut;
    this.#isInRecords = true;
    this.#sink.onMetadata?.(metadata);
    // Fields are read through 32-bit views, so records begin where the buffer does.
    this.#base += used;
    this.#bytes.copyWithin(0, used, this.#filled);
    this.#filled -= used;
    return this.#readRecords(0);
  }

  /** Whole records from `at` on; returns the bytes used. */
  #readRecords(at: number): number {
    const bytes = this.#bytes;
    const end = this.#filled;
    while (at + HEADER_BYTES <= end) {
      const words = bytes[at]!;
      const rtype = bytes[at + 1]!;
      const size = words * 4;
      if (size < HEADER_BYTES) {
        this.#flush();
        this.#sink.onIssue({
          offset: this.#base + at,
          reason: 'lost-framing',
          records: 1,
          message: `a record of ${size} bytes cannot hold its header of ${HEADER_BYTES}; where the next one begins is not known`,
        });
        this.#hasEnded = true;
        return end;
      }
      if (at + size > end) break;
      let next = at + size;
      let count = 1;
      while (next + size <= end && bytes[next] === words && bytes[next + 1] === rtype) {
        next += size;
        count += 1;
      }
      this.#run(rtype, at, size, count);
      at = next;
    }
    return at;
  }

  #run(rtype: number, at: number, size: number, count: number): void {
    const kind = dbnKindOf(rtype);
    if (kind === undefined) {
      const shown = `0x${rtype.toString(16).padStart(2, '0')}`;
      this.#refuse(at, 'unknown-type', count, `${shown} is not a record type of DBN`);
      return;
    }
    const layout = this.#layoutOf(kind);
    const extra = size - layout.bytes;
    if (extra !== 0 && !(extra === 8 && this.#hasTsOut)) {
      const rule = `one of version ${this.#version} has ${layout.bytes}`;
      this.#refuse(at, 'record-size', count, `a record ${kind} of ${size} bytes; ${rule}`);
      return;
    }
    this.records += count;
    const rowsMax = this.#batchRows ?? Math.floor(BATCH_BYTES / layout.bytes);
    while (count > 0) {
      if (this.#pending?.layout !== layout) {
        this.#flush();
        this.#pending = this.#idle.get(layout) ?? new Pending(layout, this.#hasTsOut);
      }
      const pending = this.#pending!;
      const take = Math.min(count, rowsMax - pending.length);
      pending.append(this.#source, at, size, take, rowsMax, this.#base);
      at += take * size;
      count -= take;
      if (pending.length === rowsMax) this.#flush();
    }
  }

  #refuse(at: number, reason: DbnIssueReason, records: number, message: string): void {
    this.#flush();
    this.#sink.onIssue({ offset: this.#base + at, reason, records, message });
  }

  #layoutOf(kind: DbnKind): DbnLayout {
    const known = this.#layouts.get(kind);
    if (known !== undefined) return known;
    const layout = dbnLayout(kind, this.#version);
    this.#layouts.set(kind, layout);
    return layout;
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null || pending.length === 0) return;
    this.#sink.onBatch(pending.batch());
    if (!this.#isReused) return;
    pending.clear();
    this.#idle.set(pending.layout, pending);
  }
}

/** The buffer under every width that fields have. */
class Source {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;

  constructor(bytes: Uint8Array) {
    const { buffer } = bytes;
    this.u8 = bytes;
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
  }
}

const FIRST_ROWS = 64;
const TS_OUT: Omit<DbnField, 'offset'> = { name: 'tsOut', type: 'u64', bytes: 0, levels: 1 };

/** Columns of one batch that fill. */
class Pending {
  readonly layout: DbnLayout;
  readonly #fields: readonly DbnField[];
  #columns: Column[] = [];
  #offset = new Float64Array(0);
  #capacity = 0;
  length = 0;

  constructor(layout: DbnLayout, hasTsOut: boolean) {
    this.layout = layout;
    this.#fields = hasTsOut
      ? [...layout.fields, { ...TS_OUT, offset: layout.bytes }]
      : layout.fields;
  }

  append(
    source: Source,
    at: number,
    size: number,
    count: number,
    rowsMax: number,
    base: number,
  ): void {
    const from = this.length;
    this.#reserve(from + count, rowsMax);
    const offset = this.#offset;
    for (let i = 0, byte = base + at; i < count; i += 1, byte += size) offset[from + i] = byte;
    for (let f = 0; f < this.#fields.length; f += 1) {
      const field = this.#fields[f]!;
      // Messages of a gateway may come without the time of sending that data carry.
      if (field.offset >= size)
        (this.#columns[f] as BigUint64Array).fill(2n ** 64n - 1n, from, from + count);
      else copyField(field, this.#columns[f]!, from, source, at, size, count);
    }
    this.length = from + count;
  }

  clear(): void {
    this.length = 0;
    for (const column of this.#columns) if (Array.isArray(column)) column.length = 0;
  }

  batch(): DbnBatch {
    const { length } = this;
    const out: Record<string, unknown> = {
      kind: this.layout.kind,
      length,
      offset: this.#offset.subarray(0, length),
      tsOut: null,
    };
    this.#fields.forEach((field, f) => {
      const column = this.#columns[f]!;
      out[field.name] = Array.isArray(column)
        ? column.slice()
        : column.subarray(0, length * field.levels);
    });
    return out as unknown as DbnBatch;
  }

  #reserve(rows: number, rowsMax: number): void {
    if (rows <= this.#capacity) return;
    const capacity = Math.min(rowsMax, Math.max(rows, 2 * this.#capacity, FIRST_ROWS));
    const offset = new Float64Array(capacity);
    offset.set(this.#offset.subarray(0, this.length));
    this.#offset = offset;
    this.#columns = this.#fields.map((field, f) => {
      const old = this.#columns[f];
      if (Array.isArray(old)) return old;
      const grown = newColumn(field.type, capacity * field.levels);
      if (old !== undefined && !Array.isArray(grown))
        grown.set(old.subarray(0, this.length * field.levels) as never);
      return grown;
    });
    this.#capacity = capacity;
  }
}

function newColumn(type: DbnFieldType, rows: number): Column {
  switch (type) {
    case 'u8':
      return new Uint8Array(rows);
    case 'i8':
      return new Int8Array(rows);
    case 'u16':
      return new Uint16Array(rows);
    case 'i16':
      return new Int16Array(rows);
    case 'u32':
      return new Uint32Array(rows);
    case 'i32':
      return new Int32Array(rows);
    case 'u64':
    case 'u32>u64':
      return new BigUint64Array(rows);
    case 'i64':
    case 'i32>i64':
      return new BigInt64Array(rows);
    case 'text':
      return [];
  }
}

/** One field of `count` records, `size` bytes apart, into rows from `from` on. */
function copyField(
  field: DbnField,
  column: Column,
  from: number,
  source: Source,
  at: number,
  size: number,
  count: number,
): void {
  const byte = at + field.offset;
  const row = from * field.levels;
  switch (field.type) {
    case 'u8':
      return copyU8(column as Uint8Array, row, source.u8, byte, size, count);
    case 'i8':
      return copyI8(column as Int8Array, row, source.i8, byte, size, count);
    case 'u16':
      return copyU16(column as Uint16Array, row, source.u16, byte >> 1, size >> 1, count);
    case 'i16':
      return copyI16(column as Int16Array, row, source.i16, byte >> 1, size >> 1, count);
    case 'i32':
      return copyI32(column as Int32Array, row, source.i32, byte >> 2, size >> 2, count);
    case 'u32':
      if (field.levels > 1)
        return levels32(column as Uint32Array, row, source.u32, byte >> 2, size >> 2, count);
      return copyU32(column as Uint32Array, row, source.u32, byte >> 2, size >> 2, count);
    case 'u64':
    case 'i64':
      if (field.levels > 1)
        return levels64(halves(column), row, source.i32, byte >> 2, size >> 2, count);
      return copy64(halves(column), row, source.i32, byte >> 2, size >> 2, count);
    case 'u32>u64':
      return widenU32(column as BigUint64Array, row, source.u32, byte >> 2, size >> 2, count);
    case 'i32>i64':
      return widenI32(column as BigInt64Array, row, source.i32, byte >> 2, size >> 2, count);
    case 'text':
      for (let i = 0; i < count; i += 1)
        (column as string[]).push(textAt(source.u8, byte + i * size, field.bytes));
  }
}

function halves(column: Column): Int32Array {
  const { buffer, byteOffset, length } = column as BigInt64Array;
  return new Int32Array(buffer, byteOffset, length * 2);
}

// One function a width: a loop that met columns of several types would be many times slower.

function copyU8(
  out: Uint8Array,
  row: number,
  from: Uint8Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copyI8(
  out: Int8Array,
  row: number,
  from: Int8Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copyU16(
  out: Uint16Array,
  row: number,
  from: Uint16Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copyI16(
  out: Int16Array,
  row: number,
  from: Int16Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copyU32(
  out: Uint32Array,
  row: number,
  from: Uint32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copyI32(
  out: Int32Array,
  row: number,
  from: Int32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = from[at]!;
}
function copy64(
  out: Int32Array,
  row: number,
  from: Int32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0, k = 2 * row; i < count; i += 1, k += 2, at += stride) {
    out[k] = from[at]!;
    out[k + 1] = from[at + 1]!;
  }
}
/** Ten levels of a record, one after the other, so that the column is written from end to end. */
function levels32(
  out: Uint32Array,
  row: number,
  from: Uint32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0, k = row; i < count; i += 1, at += stride)
    for (let p = at; p < at + LEVEL_WORDS * LEVELS; p += LEVEL_WORDS, k += 1) out[k] = from[p]!;
}
function levels64(
  out: Int32Array,
  row: number,
  from: Int32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0, k = 2 * row; i < count; i += 1, at += stride) {
    for (let p = at; p < at + LEVEL_WORDS * LEVELS; p += LEVEL_WORDS, k += 2) {
      out[k] = from[p]!;
      out[k + 1] = from[p + 1]!;
    }
  }
}
function widenU32(
  out: BigUint64Array,
  row: number,
  from: Uint32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) out[row + i] = BigInt(from[at]!);
}
function widenI32(
  out: BigInt64Array,
  row: number,
  from: Int32Array,
  at: number,
  stride: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1, at += stride) {
    const value = from[at]!;
    out[row + i] = value === UNDEF_INT32 ? 9_223_372_036_854_775_807n : BigInt(value);
  }
}

function shortFile(head: Uint8Array): TradingError {
  return isDbn(head)
    ? formatError(head.length, `the file ends after ${head.length} bytes, inside its prefix`)
    : formatError(0, `the file has ${head.length} bytes and does not begin with "DBN"`);
}

/** A whole file that is in memory, unpacked. */
export interface DbnFile {
  readonly metadata: DbnMetadata;
  readonly batches: readonly DbnBatch[];
  readonly issues: readonly DbnIssue[];
  readonly records: number;
}

/** Decodes unpacked bytes at once. Errors: E_DBN_FORMAT. */
export function decodeDbn(
  bytes: Uint8Array,
  options: { readonly batchRows?: number } = {},
): DbnFile {
  let metadata: DbnMetadata | null = null;
  const batches: DbnBatch[] = [];
  const issues: DbnIssue[] = [];
  const decoder = new DbnDecoder(
    {
      onMetadata: (read) => (metadata = read),
      onBatch: (batch) => batches.push(batch),
      onIssue: (issue) => issues.push(issue),
    },
    options,
  );
  decoder.push(bytes);
  decoder.finish();
  return { metadata: metadata!, batches, issues, records: decoder.records };
}
