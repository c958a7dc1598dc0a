/** Chance for delays, for programs that use an adapter by itself: nothing is decided by it. */
import type { Uniform } from './backoff.ts';

export const systemUniform: Uniform = () => {
  const word = new Uint32Array(1);
  globalThis.crypto.getRandomValues(word);
  return word[0]! / 2 ** 32;
};
