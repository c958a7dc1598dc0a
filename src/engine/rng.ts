/**
 * Counter-based chance: a draw is a pure function of (seed, stream, a, b, c). 32-bit integer arithmetic only, so every
 * machine and runtime gives the same numbers.
 */
import type { RandomSource } from '../core/ports.ts';

/** Finaliser of MurmurHash3 (public domain, A. Appleby): every input bit reaches every output bit. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** Folds one safe integer, both halves, into a running hash. */
function fold(hash: number, value: number): number {
  const low = value | 0;
  const high = Math.floor(value / 4_294_967_296) | 0;
  return mix32(Math.imul(mix32(hash ^ low) + 0x9e3779b9, 5) ^ mix32(high + 0x7f4a7c15));
}

/**
 * Makes a random source. Coordinates are safe integers; fractions are floored.
 *
 * @example
 * createRandom(7).uniform(1, 0, 0, 0) === createRandom(7).uniform(1, 0, 0, 0) // => true
 */
export function createRandom(seed: number): RandomSource {
  return {
    seed,
    uniform(stream: number, a: number, b: number, c: number): number {
      const hash = fold(fold(fold(fold(fold(0x243f6a88, seed), stream), a), b), c);
      const high = mix32(hash ^ 0x13198a2e) >>> 5;
      const low = mix32(hash + 0x03707344) >>> 6;
      return (high * 67_108_864 + low) / 9_007_199_254_740_992;
    },
  };
}
