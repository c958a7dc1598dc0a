/**
 * How the contracts of an aggressor are shared out among the orders of one price, as an ordered list of steps. Each step
 * takes what the steps before it left. Names and order follow the matching algorithms that CME publishes for Globex.
 *
 * An aggressor that takes a whole level, hidden quantity included, leaves nothing to share: it trades first in, first out.
 */

/** The order that bettered the market and is still there goes first, up to `max` contracts, if it shows at least `min`. */
export interface TopStep {
  readonly step: 'top';
  readonly min?: number;
  readonly max?: number;
}
/** Orders of lead market makers share `percent` of what is left, by size, each part rounded down. */
export interface LeadStep {
  readonly step: 'lead';
  readonly percent: number;
}
/** `percent` of what is left, rounded down, in time priority. Default 100. */
export interface FifoStep {
  readonly step: 'fifo';
  readonly percent?: number;
}
/** By shown size, each part rounded down; a part below `min` (default 2) becomes none. */
export interface ProRataStep {
  readonly step: 'pro-rata';
  readonly min?: number;
}
/** One contract each, in time priority, to orders that nothing was allotted to in this round. */
export interface LevelingStep {
  readonly step: 'leveling';
}
export type AllocationStep = TopStep | LeadStep | FifoStep | ProRataStep | LevelingStep;

/** Price and time priority alone. */
export const FIFO: readonly AllocationStep[] = [{ step: 'fifo' }];
/** Pro-rata with a minimum of two lots, the rest in time priority. */
export const PRO_RATA: readonly AllocationStep[] = [
  { step: 'top' },
  { step: 'pro-rata', min: 2 },
  { step: 'fifo' },
];

/** Whether the steps come to plain time priority. */
export function isFifoOnly(steps: readonly AllocationStep[]): boolean {
  const [first] = steps;
  return first !== undefined && first.step === 'fifo' && (first.percent ?? 100) === 100;
}
