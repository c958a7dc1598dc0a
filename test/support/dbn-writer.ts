/** Writes DBN files for tests and benchmarks, synthetic records only, and packs bytes as Zstandard without compressing them. */
import type { DbnField, DbnKind, DbnVersion } from '../../src/data/ingest/dbn/layout.ts';
import {
  DBN_SCHEMAS,
  DBN_STYPES,
  dbnLayout,
  LEVEL_BYTES,
} from '../../src/data/ingest/dbn/layout.ts';
import { Xxh64 } from '../../src/data/ingest/xxh64.ts';

export type DbnValue = number | bigint | string | readonly (number | bigint)[];
export interface DbnRecord {
  readonly kind: DbnKind;
  readonly rtype: number;
  readonly fields: Readonly<Record<string, DbnValue>>;
}
export interface DbnHead {
  readonly version?: DbnVersion;
  readonly dataset?: string;
  /** Null for a file of several. */
  readonly schema?: string | null;
  readonly start?: bigint;
  readonly end?: bigint;
  readonly stypeIn?: string | null;
  readonly stypeOut?: string;
  readonly hasTsOut?: boolean;
  readonly symbols?: readonly string[];
  readonly mappings?: readonly {
    readonly symbol: string;
    /** Days as yyyymmdd. */
    readonly intervals: readonly {
      readonly from: number;
      readonly to: number;
      readonly symbol: string;
    }[];
  }[];
}

/** Prefix and metadata. */
export function dbnHead(head: DbnHead = {}): Uint8Array {
  const version = head.version ?? 1;
  const symbolBytes = version === 1 ? 22 : 71;
  const bytes: number[] = [];
  const uint = (value: number | bigint, size: number): void => {
    for (let i = 0; i < size; i += 1) bytes.push(Number((BigInt(value) >> BigInt(8 * i)) & 255n));
  };
  const text = (value: string, size: number): void => {
    for (let i = 0; i < size; i += 1) bytes.push(i < value.length ? value.charCodeAt(i) : 0);
  };
  const { schema = 'trades', stypeIn = 'raw_symbol', stypeOut = 'instrument_id' } = head;
  text(head.dataset ?? 'GLBX.MDP3', 16);
  uint(schema === null ? 65_535 : DBN_SCHEMAS.indexOf(schema), 2);
  uint(head.start ?? 0n, 8);
  uint(head.end ?? 2n ** 64n - 1n, 8);
  uint(0, 8);
  if (version === 1) uint(0, 8);
  uint(stypeIn === null ? 255 : DBN_STYPES.indexOf(stypeIn), 1);
  uint(DBN_STYPES.indexOf(stypeOut), 1);
  uint(head.hasTsOut === true ? 1 : 0, 1);
  if (version > 1) uint(symbolBytes, 2);
  while (bytes.length < 100) bytes.push(0);
  uint(0, 4);
  const { symbols = [], mappings = [] } = head;
  uint(symbols.length, 4);
  for (const symbol of symbols) text(symbol, symbolBytes);
  uint(0, 4);
  uint(0, 4);
  uint(mappings.length, 4);
  for (const mapping of mappings) {
    text(mapping.symbol, symbolBytes);
    uint(mapping.intervals.length, 4);
    for (const interval of mapping.intervals) {
      uint(interval.from, 4);
      uint(interval.to, 4);
      text(interval.symbol, symbolBytes);
    }
  }
  const out = new Uint8Array(8 + bytes.length);
  out.set([0x44, 0x42, 0x4e, version]);
  new DataView(out.buffer).setUint32(4, bytes.length, true);
  out.set(bytes, 8);
  return out;
}

/** One record. Fields that are not given are zero. */
export function dbnRecord(record: DbnRecord, version: DbnVersion = 1, tsOut?: bigint): Uint8Array {
  const layout = dbnLayout(record.kind, version);
  const out = new Uint8Array(layout.bytes + (tsOut === undefined ? 0 : 8));
  const view = new DataView(out.buffer);
  out[0] = out.length / 4;
  for (const field of layout.fields) {
    const value = field.name === 'rtype' ? record.rtype : record.fields[field.name];
    if (value === undefined) continue;
    const values = Array.isArray(value) ? (value as (number | bigint)[]) : [value as number];
    values.forEach((each, level) => put(view, field, field.offset + level * LEVEL_BYTES, each));
  }
  if (tsOut !== undefined) view.setBigUint64(layout.bytes, tsOut, true);
  return out;
}

function put(view: DataView, field: DbnField, at: number, value: number | bigint | string): void {
  const integer = (): bigint => BigInt(value);
  switch (field.type) {
    case 'text':
      for (let i = 0; i < String(value).length; i += 1)
        view.setUint8(at + i, String(value).charCodeAt(i));
      break;
    case 'u8':
    case 'i8':
      view.setUint8(at, typeof value === 'string' ? value.charCodeAt(0) : Number(value) & 255);
      break;
    case 'u16':
    case 'i16':
      view.setUint16(at, Number(value) & 65_535, true);
      break;
    case 'u32':
    case 'i32':
    case 'u32>u64':
    case 'i32>i64':
      view.setUint32(at, Number(BigInt.asUintN(32, integer())), true);
      break;
    case 'u64':
    case 'i64':
      view.setBigUint64(at, BigInt.asUintN(64, integer()), true);
      break;
  }
}

/** A whole file. */
export function dbnFile(head: DbnHead, records: readonly DbnRecord[]): Uint8Array {
  const version = head.version ?? 1;
  return joined([
    dbnHead(head),
    ...records.map((record) => dbnRecord(record, version, head.hasTsOut === true ? 7n : undefined)),
  ]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** One Zstandard frame of raw blocks: packed by the format, smaller by nothing. */
export function zstdFrame(
  content: Uint8Array,
  options: { readonly hasChecksum?: boolean; readonly windowLog?: number } = {},
): Uint8Array {
  const { hasChecksum = true, windowLog = 17 } = options;
  const parts: Uint8Array[] = [
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, hasChecksum ? 4 : 0, (windowLog - 10) << 3),
  ];
  const size = Math.min(131_072, 2 ** windowLog);
  for (let at = 0; at === 0 || at < content.length; at += size) {
    const block = content.subarray(at, at + size);
    const isLast = at + size >= content.length;
    const word = (block.length << 3) | (isLast ? 1 : 0);
    parts.push(Uint8Array.of(word & 255, (word >> 8) & 255, word >> 16), block);
  }
  if (hasChecksum) {
    const hash = new Xxh64();
    hash.update(content);
    const sum = new Uint8Array(4);
    new DataView(sum.buffer).setUint32(0, hash.low32(), true);
    parts.push(sum);
  }
  return joined(parts);
}

/** Day and nanoseconds of 2024-03-05T15:00:00Z, in the life of ESH4. */
export const DBN_DAY = 20_240_305;
export const DBN_NS = 1_709_650_800_000_000_000n;
/** ESH4 is instrument 17 for the month. */
export const ES_MAPPING: NonNullable<DbnHead['mappings']> = [
  { symbol: 'ESH4', intervals: [{ from: 20_240_301, to: 20_240_401, symbol: '17' }] },
];

export function tradeRecord(fields: Readonly<Record<string, DbnValue>> = {}): DbnRecord {
  return {
    kind: 'trades',
    rtype: 0,
    fields: {
      publisherId: 1,
      instrumentId: 17,
      tsEvent: DBN_NS,
      tsRecv: DBN_NS + 100n,
      price: 5_100_250_000_000n,
      size: 2,
      action: 'T',
      side: 'B',
      ...fields,
    },
  };
}
