/** Delays between attempts: they double up to a most, and jitter keeps many clients from coming back together. */

export interface BackoffOptions {
  readonly firstUs: number;
  readonly maxUs: number;
}

/**
 * Delay before attempt `attempt` (0 is the first repetition), in µs: between half and the whole of the doubled delay.
 * @param uniform chance in [0, 1)
 */
export function backoffUs(attempt: number, uniform: number, options: BackoffOptions): number {
  const full = Math.min(options.maxUs, options.firstUs * 2 ** Math.min(attempt, 40));
  return Math.floor(full / 2 + (full / 2) * uniform);
}

/** Chance that was injected: uniform in [0, 1). */
export type Uniform = () => number;
