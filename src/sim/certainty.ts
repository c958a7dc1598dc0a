/**
 * What a bar proves about a bracket, as pure functions. A bar stands for every tick path that starts at its open, ends
 * at its close and has exactly its range; an outcome is possible when one such path leads to it.
 *
 * Everything is stated for a long; a short is the same with all prices negated (`mirrorBar`). Levels are *reach* levels:
 * the price that a path must visit for the leg to execute. For a stop that is its trigger; for a limit that fills only
 * when traded through it lies just beyond its price.
 */

export interface BarRange {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** How the position of a bracket comes to be: it stands at the open, or an order below or above the open makes it. */
export type EntryKind = 'open' | 'falling' | 'rising';

/** Bits of a set of outcomes. */
export const OutcomeBit = {
  /** The entry is not reached. */
  noTrade: 1,
  /** In the position at the close. */
  open: 2,
  stop: 4,
  target: 8,
} as const;

/**
 * The outcomes of one entry with a stop and a target (-Infinity and Infinity where a leg is absent), stop < entry <
 * target. With kind `open` the entry level is ignored and the legs lie around the open: legs that the open itself
 * reaches belong to the jump and are decided before. A set with one bit is certain.
 */
export function bracketOutcomes(
  kind: EntryKind,
  entry: number,
  stop: number,
  target: number,
  bar: BarRange,
): number {
  const { open, stop: stopBit, target: targetBit, noTrade } = OutcomeBit;
  const isStopIn = bar.low <= stop;
  const isTargetIn = bar.high >= target;
  if (kind === 'falling' && bar.low > entry) return noTrade;
  if (kind === 'rising' && bar.high < entry) return noTrade;
  if (isStopIn && isTargetIn) return stopBit | targetBit;
  if (!isStopIn && !isTargetIn) return open;
  // The low comes at or after an entry on the way down, the high at or after one on the way up; the other extreme may
  // have come before it, and then only the close can prove that its leg was reached.
  if (isStopIn) return kind !== 'rising' || bar.close <= stop ? stopBit : stopBit | open;
  return kind !== 'falling' || bar.close >= target ? targetBit : targetBit | open;
}

/** What a bar proves about a position with a trailing stop, and perhaps a target. */
export interface TrailingOutcomes {
  /** Bits of `OutcomeBit`; `stop` is the trailing exit. */
  readonly outcomes: number;
  /** Lowest and highest price at which the trailing exit can happen; NaN when it cannot. */
  readonly exitLow: number;
  readonly exitHigh: number;
  /** Trigger when the position stays: the part of the ratchet that every such path shares. */
  readonly stayTrigger: number;
}

/**
 * Outcomes for a long whose stop trails by `triggerOf(best)` (best price minus the offset, monotone). The trigger never
 * falls below `trigger0`, and starts at the larger of it and `triggerOf` of the price where the position begins.
 * `targetReach` is the level that fills the target, `targetBest` the highest price seen before it fills.
 * The open itself did not elect `trigger0`: that exit belongs to the jump.
 */
export function trailingOutcomes(
  kind: EntryKind,
  entry: number,
  trigger0: number,
  triggerOf: (best: number) => number,
  targetReach: number,
  targetBest: number,
  bar: BarRange,
): TrailingOutcomes {
  const { high, low, close } = bar;
  const isReached = kind === 'open' || (kind === 'falling' ? low <= entry : high >= entry);
  if (!isReached) return NOT_REACHED;
  const start = kind === 'open' ? bar.open : entry;
  const first = Math.max(trigger0, triggerOf(start));
  // A limit entry that is proven only where the trail already triggers.
  if (first >= start) {
    return { outcomes: OutcomeBit.stop, exitLow: first, exitHigh: first, stayTrigger: first };
  }
  const isTargetIn = high >= targetReach;
  const last = Math.max(first, triggerOf(isTargetIn ? targetBest : high));
  const canExit = low <= last;
  const stay =
    kind === 'falling'
      ? Math.max(first, triggerOf(Math.max(entry, close)))
      : Math.max(first, triggerOf(high));
  let outcomes = isTargetIn ? OutcomeBit.target : 0;
  if (canExit) outcomes |= OutcomeBit.stop;
  if (canStay(kind, isTargetIn, first, stay, targetReach, bar)) outcomes |= OutcomeBit.open;
  return {
    outcomes,
    exitLow: canExit ? Math.max(first, low) : NaN,
    exitHigh: canExit ? last : NaN,
    stayTrigger: stay,
  };
}

const NOT_REACHED: TrailingOutcomes = {
  outcomes: OutcomeBit.noTrade,
  exitLow: NaN,
  exitHigh: NaN,
  stayTrigger: NaN,
};

/** Whether some path leaves the position open at the close. */
function canStay(
  kind: EntryKind,
  isTargetIn: boolean,
  first: number,
  stay: number,
  targetReach: number,
  bar: BarRange,
): boolean {
  // On the way down the high may lie before the entry, and the low after it decides.
  if (kind === 'falling') return bar.low > first && bar.close < targetReach;
  if (isTargetIn) return false;
  // The high is visited in the position; the low too when it stood at the open, but it may come first.
  if (kind === 'open') return bar.low > first && bar.close > stay;
  return bar.close > stay;
}
