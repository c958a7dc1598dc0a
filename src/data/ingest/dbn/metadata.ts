/** The head of a DBN file: what was asked for, and which symbol an instrument number stands for on which days. */
import { TradingError } from '../../../core/errors.ts';
import { toCivilDate, toTradeDate } from '../../../core/trade-date.ts';
import type { TradeDate } from '../../../core/units.ts';
import { DBN_SCHEMAS, DBN_STYPES, SYMBOL_BYTES_V1 } from './layout.ts';
import type { DbnVersion } from './layout.ts';

/** Days are UTC; `from` inclusive, `to` exclusive. */
export interface DbnMappingInterval {
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** In the symbology `stypeOut`; empty where nothing was found for these days. */
  readonly symbol: string;
}
export interface DbnMapping {
  /** In the symbology `stypeIn`, or a raw symbol where a whole product was asked for. */
  readonly symbol: string;
  readonly intervals: readonly DbnMappingInterval[];
}

export interface DbnMetadata {
  readonly version: DbnVersion;
  /** Such as `GLBX.MDP3`. */
  readonly dataset: string;
  /** Null in a file of several schemas. */
  readonly schema: string | null;
  /** ns UTC, as asked for. `end` is exclusive; all ones where it was not given. */
  readonly start: bigint;
  readonly end: bigint;
  /** 0 where there was none. */
  readonly limit: bigint;
  /** Null in a file of several symbologies. */
  readonly stypeIn: string | null;
  readonly stypeOut: string;
  /** Each record is followed by the time at which it was sent. */
  readonly hasTsOut: boolean;
  readonly symbols: readonly string[];
  readonly partial: readonly string[];
  readonly notFound: readonly string[];
  readonly mappings: readonly DbnMapping[];
  /** Bytes before the first record. */
  readonly bytes: number;
}

/** Magic, version and length. */
export const PREFIX_BYTES = 8;
/** Fixed part of the metadata after the prefix. */
const FIXED_BYTES = 100;
/** A year of every symbol of an exchange takes some 100 MB. */
export const METADATA_BYTES_MAX = 268_435_456;

/** Whether bytes begin as a DBN file does. Two bytes may be a part of the magic; fewer than three are not enough to say yes. */
export function isDbn(head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x44 && head[1] === 0x42 && head[2] === 0x4e;
}

/** Version and length of the metadata from the first eight bytes. Errors: E_DBN_FORMAT. */
export function parsePrefix(head: Uint8Array): { version: DbnVersion; metadataBytes: number } {
  if (!isDbn(head)) {
    const shown = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
    throw formatError(0, `the file begins with ${shown.join(' ')}, not with "DBN"`, {
      fix: 'give a file in DBN encoding, plain or .zst; CSV and JSON of the same vendor are other formats',
    });
  }
  const version = head[3]!;
  if (version < 1 || version > 3) {
    throw formatError(3, `the version of the file is ${version}; versions 1 to 3 are known`, {
      fix: "convert the file with the vendor's `dbn` tool, or update frontmonth",
    });
  }
  const metadataBytes = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
  if (metadataBytes < FIXED_BYTES || metadataBytes > METADATA_BYTES_MAX) {
    throw formatError(4, `the metadata would have ${metadataBytes} bytes`, {
      rule: `metadata have ${FIXED_BYTES} to ${METADATA_BYTES_MAX} bytes`,
    });
  }
  return { version: version as DbnVersion, metadataBytes };
}

/** Parses the metadata behind the prefix. Errors: E_DBN_FORMAT with the offset of what is wrong. */
export function parseMetadata(version: DbnVersion, body: Uint8Array): DbnMetadata {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const schema = view.getUint16(16, true);
  // Version 1 has a record count between the limit and the symbologies, and symbols of a fixed length.
  const types = version === 1 ? 50 : 42;
  const symbolBytes = version === 1 ? SYMBOL_BYTES_V1 : view.getUint16(45, true);
  const [stypeIn, stypeOut, tsOut] = [body[types]!, body[types + 1]!, body[types + 2]!];
  if (symbolBytes < 2 || symbolBytes > 4096)
    throw formatError(PREFIX_BYTES + 45, `a symbol would have ${symbolBytes} bytes`);
  if (DBN_SCHEMAS[schema] === undefined && schema !== 65_535)
    throw formatError(PREFIX_BYTES + 16, `the schema is number ${schema}, which is not known`);
  if (DBN_STYPES[stypeIn] === undefined && stypeIn !== 255)
    throw formatError(
      PREFIX_BYTES + types,
      `the symbology is number ${stypeIn}, which is not known`,
    );
  if (DBN_STYPES[stypeOut] === undefined)
    throw formatError(
      PREFIX_BYTES + types + 1,
      `the symbology is number ${stypeOut}, which is not known`,
    );
  if (tsOut > 1)
    throw formatError(
      PREFIX_BYTES + types + 2,
      `the mark of sending times is ${tsOut}, not 0 or 1`,
    );
  const lists = new ListReader(body, view, symbolBytes, FIXED_BYTES);
  lists.skipSchemaDefinition();
  return {
    version,
    dataset: textAt(body, 0, 16),
    schema: DBN_SCHEMAS[schema] ?? null,
    start: view.getBigUint64(18, true),
    end: view.getBigUint64(26, true),
    limit: view.getBigUint64(34, true),
    stypeIn: DBN_STYPES[stypeIn] ?? null,
    stypeOut: DBN_STYPES[stypeOut]!,
    hasTsOut: tsOut === 1,
    symbols: lists.symbols(),
    partial: lists.symbols(),
    notFound: lists.symbols(),
    mappings: lists.mappings(),
    bytes: PREFIX_BYTES + body.length,
  };
}

/** Lists of unknown length: every count is compared with the bytes that must hold it before anything is made of its size. */
class ListReader {
  readonly #body: Uint8Array;
  readonly #view: DataView;
  readonly #symbolBytes: number;
  #at: number;

  constructor(body: Uint8Array, view: DataView, symbolBytes: number, at: number) {
    this.#body = body;
    this.#view = view;
    this.#symbolBytes = symbolBytes;
    this.#at = at;
  }

  skipSchemaDefinition(): void {
    const bytes = this.#count(1, 'bytes of a schema');
    this.#at += bytes;
  }

  symbols(): string[] {
    const count = this.#count(this.#symbolBytes, 'symbols');
    return Array.from({ length: count }, () => this.#symbol());
  }

  mappings(): DbnMapping[] {
    const count = this.#count(this.#symbolBytes + 4, 'mappings');
    return Array.from({ length: count }, () => {
      const symbol = this.#symbol();
      const intervals = this.#count(this.#symbolBytes + 8, 'intervals');
      return {
        symbol,
        intervals: Array.from({ length: intervals }, () => ({
          from: this.#date(),
          to: this.#date(),
          symbol: this.#symbol(),
        })),
      };
    });
  }

  #count(bytesEach: number, what: string): number {
    this.#need(4, `the number of ${what}`);
    const count = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    const rest = this.#body.length - this.#at;
    if (count * bytesEach > rest)
      throw formatError(
        PREFIX_BYTES + this.#at - 4,
        `${count} ${what} do not fit into the ${rest} bytes that follow`,
      );
    return count;
  }

  #symbol(): string {
    this.#need(this.#symbolBytes, 'a symbol');
    const text = textAt(this.#body, this.#at, this.#symbolBytes);
    this.#at += this.#symbolBytes;
    return text;
  }

  /** A day as the number yyyymmdd. */
  #date(): TradeDate {
    this.#need(4, 'a date');
    const raw = this.#view.getUint32(this.#at, true);
    const [year, month, day] = [Math.floor(raw / 10_000), Math.floor(raw / 100) % 100, raw % 100];
    const date = toTradeDate(year, month, day);
    const civil = toCivilDate(date);
    // Days beyond the end of a month would run on into the next one.
    if (year > 9999 || civil.year !== year || civil.month !== month || civil.day !== day)
      throw formatError(PREFIX_BYTES + this.#at, `${raw} is not a date`);
    this.#at += 4;
    return date;
  }

  #need(bytes: number, what: string): void {
    if (this.#at + bytes > this.#body.length)
      throw formatError(PREFIX_BYTES + this.#at, `the metadata end inside ${what}`);
  }
}

/** Text up to the first zero. Bytes beyond ASCII are shown as they are in Latin-1; symbols have none. */
export function textAt(bytes: Uint8Array, start: number, length: number): string {
  let text = '';
  for (let i = start; i < start + length && bytes[i] !== 0; i += 1)
    text += String.fromCharCode(bytes[i]!);
  return text;
}

export function formatError(
  offset: number,
  message: string,
  more: { readonly rule?: string; readonly fix?: string; readonly cause?: unknown } = {},
): TradingError {
  return new TradingError('E_DBN_FORMAT', `byte ${offset}: ${message}`, {
    details: { offset },
    rule: more.rule ?? 'a DBN file is its magic, its version, its metadata, then records',
    fix: more.fix ?? 'fetch the file again; it is damaged or is not DBN',
    ...(more.cause === undefined ? {} : { cause: more.cause }),
  });
}
