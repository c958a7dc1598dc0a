/**
 * Columns for a web page: numbers as scaled integers, delta coded, as variable-length bytes; texts as row numbers in a list;
 * all of it raw-deflated and in base64. `page.js` holds the reader. Exact while scaled differences stay below 2^51 (2.2e9 units
 * of money in millionths).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface PackColumn {
  readonly name: string;
  /** Decimals kept of numbers. Default 0. NaN stays none. */
  readonly decimals?: number;
  /** Stores values instead of differences: for columns that are differences already. */
  readonly isPlain?: boolean;
  readonly values: ArrayLike<number> | readonly string[];
}
export interface PackedColumn {
  readonly name: string;
  readonly length: number;
  readonly bytes: number;
  readonly decimals: number;
  readonly isPlain: boolean;
  /** Distinct texts; null for numbers. */
  readonly texts: readonly string[] | null;
}
export interface Packed {
  readonly columns: readonly PackedColumn[];
  readonly base64: string;
}

export function packColumns(columns: readonly PackColumn[]): Packed {
  const parts: Uint8Array[] = [];
  const described = columns.map((column) => {
    const { codes, texts } = toCodes(column);
    const bytes = encodeDeltas(codes, column.isPlain ?? false);
    parts.push(bytes);
    return {
      name: column.name,
      length: column.values.length,
      bytes: bytes.length,
      decimals: column.decimals ?? 0,
      isPlain: column.isPlain ?? false,
      texts,
    };
  });
  const raw = Buffer.concat(parts);
  return { columns: described, base64: deflateRawSync(raw, { level: 9 }).toString('base64') };
}

function toCodes(column: PackColumn): { codes: ArrayLike<number>; texts: string[] | null } {
  const { values } = column;
  if (values.length > 0 && typeof values[0] === 'string') {
    const rows = new Map<string, number>();
    const codes = Array.from(values as readonly string[], (text) => {
      const known = rows.get(text);
      if (known !== undefined) return known;
      rows.set(text, rows.size);
      return rows.size - 1;
    });
    return { codes, texts: [...rows.keys()] };
  }
  const factor = 10 ** (column.decimals ?? 0);
  return {
    codes: scaled(values as ArrayLike<number>, factor),
    texts: null,
  };
}

/** A loop, not `Float64Array.from` with a function: this runs over every bar of the price chart. */
function scaled(values: ArrayLike<number>, factor: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) out[i] = Math.round(values[i]! * factor);
  return out;
}

/** 0 is "none"; otherwise 1 + zigzag of the difference to the last value that was there. */
function encodeDeltas(codes: ArrayLike<number>, isPlain: boolean): Uint8Array {
  let bytes = new Uint8Array(codes.length * 2 + 16);
  let at = 0;
  let before = 0;
  for (let i = 0; i < codes.length; i += 1) {
    if (at + 10 > bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    const value = codes[i]!;
    let rest = 0;
    if (Number.isFinite(value)) {
      const delta = value - before;
      rest = 1 + (delta < 0 ? -delta * 2 - 1 : delta * 2);
      if (!isPlain) before = value;
    }
    if (rest < 128) {
      bytes[at++] = rest;
      continue;
    }
    // Division, not shifts: microseconds do not fit 32 bits.
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128;
    bytes[at++] = rest;
  }
  return bytes.subarray(0, at);
}

/** The inverse of `packColumns`, as the page does it; for tests and for readers of a report file. */
export function unpackColumns(packed: Packed): Readonly<Record<string, (number | string)[]>> {
  const raw = inflateRawSync(Buffer.from(packed.base64, 'base64'));
  const out: Record<string, (number | string)[]> = {};
  let at = 0;
  for (const column of packed.columns) {
    const end = at + column.bytes;
    const values: (number | string)[] = [];
    let before = 0;
    while (at < end) {
      let code = 0;
      let scale = 1;
      for (; raw[at]! >= 128; scale *= 128) code += (raw[at++]! - 128) * scale;
      code += raw[at++]! * scale;
      const delta = (code - 1) % 2 === 0 ? (code - 1) / 2 : -code / 2;
      if (code > 0) before = column.isPlain ? delta : before + delta;
      const value = code === 0 ? NaN : before / 10 ** column.decimals;
      values.push(column.texts === null ? value : column.texts[before]!);
    }
    out[column.name] = values;
  }
  return out;
}
