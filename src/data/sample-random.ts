/**
 * Chance for the sample market: counter-based, so that a draw depends on its coordinates alone, and built from 32-bit
 * integer arithmetic, additions and one division, so that every machine draws the same doubles.
 */

/** A bijection of 32-bit integers whose output bits all depend on all input bits. */
export function mix32(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Key of a named stream under a seed. */
export function streamKey(seed: number, name: string): number {
  let hash = mix32(seed ^ 0x5bd1e995) ^ mix32(Math.floor(seed / 4_294_967_296));
  for (let i = 0; i < name.length; i += 1) hash = mix32(Math.imul(hash, 31) + name.charCodeAt(i));
  return hash;
}

/** Draw number `index` of a stream, as 32 bits. */
export function draw32(key: number, index: number): number {
  return mix32(mix32(Math.imul(index, 0x9e3779b1) ^ key) + key);
}

/** Uniform in [0, 1). */
export function uniformAt(key: number, index: number): number {
  return (draw32(key, index) >>> 0) / 4_294_967_296;
}

/** 1 / sqrt(4 × (2^32 - 1) / 12): four uniform 16-bit integers have this inverse standard deviation. */
const GAUSS_SCALE = 1 / Math.sqrt((4 * (65_536 * 65_536 - 1)) / 12);

/** Nearly normal, mean 0 and variance 1: the sum of four uniforms. Fat tails come from the volatility, not from here. */
export function gaussAt(key: number, index: number): number {
  const a = draw32(key, index);
  const b = mix32(a + 0x68bc21eb);
  return ((a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) - 131_070) * GAUSS_SCALE;
}
