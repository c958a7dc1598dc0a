/**
 * Conversion between 64-bit integers on disk and doubles in memory, by halves: several times faster than through BigInt.
 * Typed arrays of a little-endian host hold the low half first; Arrow files are little-endian too.
 */
import { assert } from '../core/errors.ts';

const TWO_32 = 4_294_967_296;
const SAFE_HIGH = 2_097_152; // 2^53 / 2^32

/** Row of the first value beyond 2^53 in magnitude, or -1. */
export function firstUnsafe(values: BigInt64Array): number {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i += 1) {
    const high = halves[2 * i + 1]!;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) return i;
  }
  return -1;
}

/** Nanoseconds whose microseconds, rounded down, are within 2^53: from 1684 to 2255. */
export const NANOS_MIN: bigint = BigInt(Number.MIN_SAFE_INTEGER) * 1000n;
export const NANOS_MAX: bigint = BigInt(Number.MAX_SAFE_INTEGER) * 1000n + 999n;
const NANOS_HIGH = SAFE_HIGH * 1000;

/** Row of the first value outside `NANOS_MIN` to `NANOS_MAX`, or -1. */
export function firstUnsafeNanos(values: BigInt64Array): number {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i += 1) {
    const high = halves[2 * i + 1]!;
    // The lowest high half holds both: the value itself decides.
    if (
      high >= NANOS_HIGH ||
      high < -NANOS_HIGH ||
      (high === -NANOS_HIGH && values[i]! < NANOS_MIN)
    )
      return i;
  }
  return -1;
}

/** Exact for |value| <= 2^53. */
export function int64ToDoubles(values: BigInt64Array): Float64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    out[i] = halves[2 * i + 1]! * TWO_32 + (halves[2 * i]! >>> 0);
  }
  return out;
}

/** The values must be safe integers. */
export function doublesToInt64(values: ArrayLike<number>, length: number): BigInt64Array {
  const out = new BigInt64Array(length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < length; i += 1) {
    const value = values[i]!;
    assert(Number.isSafeInteger(value), 'only safe integers are written as int64');
    const high = Math.floor(value / TWO_32);
    halves[2 * i + 1] = high;
    halves[2 * i] = (value - high * TWO_32) | 0;
  }
  return out;
}

/** Whole microseconds of nanoseconds, rounded down. Exact: the division runs on the halves. */
export function nanosToMicros(values: BigInt64Array): Float64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) {
    const high = halves[2 * i + 1]!;
    const thousands = Math.floor(high / 1000);
    const rest = (high - thousands * 1000) * TWO_32 + (halves[2 * i]! >>> 0);
    out[i] = thousands * TWO_32 + Math.floor(rest / 1000);
  }
  return out;
}
