/**
 * XXH64, the checksum of Zstandard frames, by halves of 32 bits: Node before 22.15 has no Zstandard of its own, and the
 * decompressor used there does not check.
 *
 * Source: the algorithm's description by its author, "xxHash fast digest algorithm", read 2026-11. Only seed 0 is needed.
 */
const STRIPE = 32;
// The five primes, high and low half.
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

/** Takes bytes in pieces of any size. */
export class Xxh64 {
  /** Four lanes, low half first. */
  readonly #lanes: Int32Array;
  readonly #rest = new Uint8Array(STRIPE);
  #restLength = 0;
  #length = 0;
  /** The value in hand: low and high half. */
  #low = 0;
  #high = 0;

  constructor() {
    const [one, two] = [
      [P1L, P1H],
      [P2L, P2H],
    ] as const;
    this.#low = one[0] | 0;
    this.#high = one[1] | 0;
    this.#add(two[0], two[1]);
    this.#lanes = Int32Array.of(this.#low, this.#high, P2L, P2H, 0, 0, 0, 0);
    this.#low = 0;
    this.#high = 0;
    this.#sub(P1L, P1H);
    this.#lanes[6] = this.#low;
    this.#lanes[7] = this.#high;
  }

  update(bytes: Uint8Array): void {
    let at = 0;
    this.#length += bytes.length;
    if (this.#restLength > 0) {
      at = Math.min(bytes.length, STRIPE - this.#restLength);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < STRIPE) return;
      stripe(this.#lanes, this.#rest, 0);
      this.#restLength = 0;
    }
    const last = bytes.length - STRIPE;
    for (; at <= last; at += STRIPE) stripe(this.#lanes, bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#restLength = bytes.length - at;
  }

  /** The low 32 bits of the checksum, which is what a frame stores. */
  low32(): number {
    return Number(this.digest() & 0xffffffffn);
  }

  /** Of all bytes so far. Runs on BigInt: once a frame. */
  digest(): bigint {
    const mask = (1n << 64n) - 1n;
    const rotl = (value: bigint, bits: bigint): bigint =>
      ((value << bits) | (value >> (64n - bits))) & mask;
    const p1 = join64(P1H, P1L);
    const p2 = join64(P2H, P2L);
    const p3 = join64(P3H, P3L);
    const p4 = join64(P4H, P4L);
    const p5 = join64(P5H, P5L);
    const round = (lane: bigint, input: bigint): bigint =>
      (rotl((lane + input * p2) & mask, 31n) * p1) & mask;
    let hash = p5;
    if (this.#length >= STRIPE) {
      const lane = (k: number): bigint => join64(this.#lanes[2 * k + 1]!, this.#lanes[2 * k]!);
      hash =
        (rotl(lane(0), 1n) + rotl(lane(1), 7n) + rotl(lane(2), 12n) + rotl(lane(3), 18n)) & mask;
      for (let k = 0; k < 4; k += 1) hash = ((hash ^ round(0n, lane(k))) * p1 + p4) & mask;
    }
    hash = (hash + BigInt(this.#length)) & mask;
    const rest = new DataView(this.#rest.buffer, 0, this.#restLength);
    let at = 0;
    for (; at + 8 <= this.#restLength; at += 8)
      hash = (rotl(hash ^ round(0n, rest.getBigUint64(at, true)), 27n) * p1 + p4) & mask;
    for (; at + 4 <= this.#restLength; at += 4)
      hash = (rotl(hash ^ ((BigInt(rest.getUint32(at, true)) * p1) & mask), 23n) * p2 + p3) & mask;
    for (; at < this.#restLength; at += 1)
      hash = (rotl(hash ^ ((BigInt(rest.getUint8(at)) * p5) & mask), 11n) * p1) & mask;
    hash = ((hash ^ (hash >> 33n)) * p2) & mask;
    hash = ((hash ^ (hash >> 29n)) * p3) & mask;
    return hash ^ (hash >> 32n);
  }

  #add(low: number, high: number): void {
    const sum = (this.#low >>> 0) + (low >>> 0);
    this.#high = (this.#high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.#low = sum | 0;
  }

  #sub(low: number, high: number): void {
    const difference = (this.#low >>> 0) - (low >>> 0);
    this.#high = (this.#high - high - (difference < 0 ? 1 : 0)) | 0;
    this.#low = difference | 0;
  }
}

function join64(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** 32 bytes into the four lanes: lane = rotl(lane + input * P2, 31) * P1. */
function stripe(lanes: Int32Array, bytes: Uint8Array, at: number): void {
  for (let k = 0; k < 8; k += 2, at += 8) {
    const inLow =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const inHigh =
      bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    // input * P2
    let low = Math.imul(inLow, P2L);
    let high = (upper(inLow, P2L) + Math.imul(inHigh, P2L) + Math.imul(inLow, P2H)) | 0;
    // + lane
    const sum = (low >>> 0) + (lanes[k]! >>> 0);
    high = (high + lanes[k + 1]! + (sum > 0xffffffff ? 1 : 0)) | 0;
    low = sum | 0;
    // rotl 31
    const turnedLow = (low << 31) | (high >>> 1);
    const turnedHigh = (high << 31) | (low >>> 1);
    // * P1
    lanes[k] = Math.imul(turnedLow, P1L);
    lanes[k + 1] =
      (upper(turnedLow, P1L) + Math.imul(turnedHigh, P1L) + Math.imul(turnedLow, P1H)) | 0;
  }
}

/** High half of the product of two unsigned 32-bit numbers. */
function upper(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  // `first` stays below 2^32, so its upper bits are a division away from a sign.
  return (aHigh * bHigh + Math.floor(first / 65_536) + Math.floor(second / 65_536)) | 0;
}
