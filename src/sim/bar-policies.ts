/** Policies for outcomes that a bar cannot tell apart. A policy never changes a certain outcome. */
import type { RandomSource } from '../core/ports.ts';
import type { BarRange } from './certainty.ts';

export const PATH_POLICIES = [
  'pessimistic',
  'optimistic',
  'ohlc',
  'olhc',
  'nearest',
  'close-direction',
  'seeded',
  'drilldown',
] as const;
/**
 * `pessimistic` and `optimistic` take the worst and the best outcome of each group, valued at the bar's close; `seeded`
 * draws one; the others follow one path: open, high, low, close (`ohlc`), its mirror (`olhc`), the nearer extreme first
 * (`nearest`), or the extreme against the bar's direction first (`close-direction`). `drilldown` matches on the finest bars
 * or ticks that the venue is given, and is `pessimistic` where these leave several outcomes or there are none.
 */
export type PathPolicy = (typeof PATH_POLICIES)[number];

/** Streams of the counter-based random source: draws of paths, and of touched limits. */
export const PATH_STREAM = 0x7061;
export const TOUCH_STREAM = 0x746f;

/** Whether the policy follows one path of turning points. */
export function isOnePath(policy: PathPolicy): boolean {
  return (
    policy === 'ohlc' || policy === 'olhc' || policy === 'nearest' || policy === 'close-direction'
  );
}

/** Whether the policy's path visits the high before the low. Only for policies that follow one path. */
export function isHighFirst(policy: PathPolicy, bar: BarRange): boolean {
  if (policy === 'ohlc') return true;
  if (policy === 'olhc') return false;
  if (policy === 'close-direction' && bar.close !== bar.open) return bar.close < bar.open;
  // Equal distances go to the low first.
  return bar.high - bar.open < bar.open - bar.low;
}

/** Index of the chosen outcome among values (profit of the group at the close), or -1 when a path decides. */
export function chooseOutcome(
  policy: PathPolicy,
  values: readonly number[],
  random: RandomSource,
  a: number,
  b: number,
  c: number,
): number {
  if (policy === 'seeded') {
    return Math.min(
      values.length - 1,
      Math.floor(random.uniform(PATH_STREAM, a, b, c) * values.length),
    );
  }
  if (policy !== 'pessimistic' && policy !== 'optimistic' && policy !== 'drilldown') return -1;
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    const isBetter = values[i]! > values[best]!;
    const isWorse = values[i]! < values[best]!;
    if (policy === 'optimistic' ? isBetter : isWorse) best = i;
  }
  return best;
}
