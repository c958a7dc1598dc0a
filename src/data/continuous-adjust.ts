/**
 * What is added to a raw price: the frame of a continuous series, apart from any bars. Rolls known at a moment make a chain
 * of segments, each with one offset or factor for every price of its contract; volume and open interest have none.
 */
import type { Adjustment, RollRecord, RollSchedule } from '../core/roll.ts';
import { isRatioMode, segmentAdjustments } from '../core/roll.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';

/** Two different questions about time. Both may be asked together. */
export interface FrameOptions {
  /**
   * What was *known*: rolls that took effect later are unknown, and so are bars that close later. The series as a decision
   * at this moment saw it. Default: everything.
   */
  readonly asKnownAt?: TsUs;
  /**
   * Whose price is *true*: levels are relative to the contract held at this moment, which reads raw; earlier and later
   * prices are moved to it. Everything known is used, also what came after. Default: the last contract in back modes, the
   * first in forward modes. With mode `none` it changes nothing.
   */
  readonly asOf?: TsUs;
}

/** The rolls of a schedule that count at a moment, and the offset or factor of each held segment. */
export interface Frame {
  /** Rolls that had taken effect; segments 0 to `known` exist. */
  readonly known: number;
  readonly isRatio: boolean;
  /** known + 1 values: counts to add, or factors. */
  readonly adjustments: Float64Array;
}

/** Errors: E_ROLL_RATIO in ratio modes at a roll price at or below zero. */
export function frameOf(
  schedule: Pick<RollSchedule, 'rolls'>,
  adjust: Adjustment,
  options: FrameOptions = {},
): Frame {
  const { rolls } = schedule;
  const known = countKnown(rolls, options.asKnownAt ?? TS_MAX);
  const isRatio = isRatioMode(adjust);
  const adjustments = segmentAdjustments(rolls, known, adjust);
  if (options.asOf !== undefined) {
    const base = adjustments[Math.min(known, segmentAt(rolls, options.asOf))]!;
    for (let k = 0; k <= known; k += 1)
      adjustments[k] = isRatio ? adjustments[k]! / base : adjustments[k]! - base;
  }
  return { known, isRatio, adjustments };
}

/** Rolls that had taken effect at a moment: those whose new contract can have a bar by then. */
export function countKnown(rolls: readonly RollRecord[], atUs: number): number {
  let known = 0;
  while (known < rolls.length && rolls[known]!.effectiveUs <= atUs) known += 1;
  return known;
}

/** Segment that a bar which closes at `atUs` belongs to: a roll's own time stamp belongs to the old contract. */
export function segmentAt(rolls: readonly Pick<RollRecord, 'effectiveUs'>[], atUs: number): number {
  let [low, high] = [0, rolls.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rolls[middle]!.effectiveUs < atUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adjusts single prices: settlements, quotes, levels of a chart. Every price of one moment gets the same offset. */
export interface PriceAdjuster {
  /** Segment of a moment, at most the last known one. */
  segmentAt(tsUs: number): number;
  /** Counts of the contract held at that moment to adjusted counts; fractional in ratio modes. */
  toCounts(rawCounts: number, tsUs: number): number;
}

/** Errors: E_ROLL_RATIO. */
export function createAdjuster(
  schedule: Pick<RollSchedule, 'rolls'>,
  adjust: Adjustment,
  options: FrameOptions = {},
): PriceAdjuster {
  const { known, isRatio, adjustments } = frameOf(schedule, adjust, options);
  const at = (tsUs: number): number => Math.min(known, segmentAt(schedule.rolls, tsUs));
  return {
    segmentAt: at,
    toCounts: (raw, tsUs) =>
      isRatio ? raw * adjustments[at(tsUs)]! : raw + adjustments[at(tsUs)]!,
  };
}
