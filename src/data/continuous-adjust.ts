/**
 * What is added to a raw price: the frame of a continuous series, apart from any bars. The rolls known at a moment make a
 * chain of spans, each with one offset or factor for every price in it; volume and open interest have none.
 */
import { TradingError } from '../core/errors.ts';
import type { Adjustment, RollPart, RollRecord, RollSchedule } from '../core/roll.ts';
import { isRatioMode, ratioOf } from '../core/roll.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MAX, TS_MIN } from '../core/units.ts';

/** Two different questions about time, and a convention. */
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
  /**
   * Whose bar is the one that closes at the very moment of a roll. `old` (default): the roll was decided from it, and the
   * new contract is current after it. `new`: that row shows the new contract. Adjusted differences are the same.
   */
  readonly rollStamp?: 'old' | 'new';
}

/**
 * A stretch between two rolls, or between two parts of a roll in parts. While a roll is under way the price is a blend:
 * `moved` of `of` shares are `toIndex`'s, the rest `contractIndex`'s.
 */
export interface FrameSpan {
  /** Place in `held` of the schedule. */
  readonly segment: number;
  readonly contractIndex: number;
  /** -1 outside a roll in parts. */
  readonly toIndex: number;
  readonly moved: number;
  readonly of: number;
  /** Bars that close after this … */
  readonly afterUs: TsUs;
  /** … and not after this. */
  readonly untilUs: TsUs;
  /** Counts to add in difference modes, the factor in ratio modes. */
  readonly adjustment: number;
}

export interface Frame {
  readonly isRatio: boolean;
  /** In time order, without gaps; at least one. */
  readonly spans: readonly FrameSpan[];
}

/** One move of the price from one contract, or blend, to the next. `before` and `after` are its prices at that moment. */
interface Step {
  readonly atUs: number;
  readonly roll: number;
  /** Shares moved after this step, of `of`. */
  readonly moved: number;
  readonly of: number;
  /** Gap in counts times the shares moved: divided by `of` once, after adding up, so that whole averages stay whole. */
  readonly gapShares: number;
  readonly before: number;
  readonly after: number;
}

/** Errors: E_ROLL_RATIO in ratio modes at a roll price at or below zero. */
export function frameOf(
  schedule: Pick<RollSchedule, 'rolls' | 'held' | 'underway'>,
  adjust: Adjustment,
  options: FrameOptions = {},
): Frame {
  const { rolls, held, underway } = schedule;
  const isRatio = isRatioMode(adjust);
  const knownUs = options.asKnownAt ?? TS_MAX;
  const begun = underway === undefined ? [] : stepsOfParts(underway.parts, rolls.length);
  const steps = [...rolls.flatMap(stepsOf), ...begun].filter((step) => step.atUs <= knownUs);
  if (isRatio) for (const step of steps) checkRatio(step, rolls[step.roll]);
  const adjustments = adjustmentsOf(steps, adjust);
  const shiftUs = options.rollStamp === 'new' ? 1 : 0;
  const edges = steps.map((step) => step.atUs - shiftUs);
  if (options.asOf !== undefined) {
    const { asOf } = options;
    const base = adjustments[edges.findLastIndex((us) => us < asOf) + 1]!;
    for (let i = 0; i < adjustments.length; i += 1)
      adjustments[i] = isRatio ? adjustments[i]! / base : adjustments[i]! - base;
  }
  const spans = Array.from(adjustments, (adjustment, i): FrameSpan => {
    const step = steps[i - 1];
    const isWhole = step === undefined || step.moved === step.of;
    const segment = step === undefined ? 0 : step.roll + (isWhole ? 1 : 0);
    return {
      segment,
      contractIndex: held[segment]!,
      toIndex: isWhole ? -1 : (held[segment + 1] ?? underway!.toIndex),
      moved: isWhole ? 0 : step.moved,
      of: isWhole ? 1 : step.of,
      afterUs: (i === 0 ? TS_MIN : edges[i - 1]!) as TsUs,
      untilUs: (edges[i] ?? TS_MAX) as TsUs,
      adjustment,
    };
  });
  return { isRatio, spans };
}

function stepsOf(roll: RollRecord, index: number): Step[] {
  const { parts } = roll;
  if (parts === undefined || parts.length === 0) {
    const { effectiveUs: atUs, fromPrice: before, toPrice: after } = roll;
    return [{ atUs, roll: index, moved: 1, of: 1, gapShares: after - before, before, after }];
  }
  return stepsOfParts(parts, index);
}

function stepsOfParts(parts: readonly RollPart[], index: number): Step[] {
  let moved = 0;
  return parts.map((part) => {
    const { share, of, fromPrice, toPrice } = part;
    const before = ((of - moved) * fromPrice + moved * toPrice) / of;
    moved += share;
    const after = ((of - moved) * fromPrice + moved * toPrice) / of;
    const gapShares = share * (toPrice - fromPrice);
    return { atUs: part.atUs, roll: index, moved, of, gapShares, before, after };
  });
}

/** Errors: E_ROLL_RATIO, also for a roll whose last part is still to come. */
function checkRatio(step: Step, roll: RollRecord | undefined): void {
  if (roll !== undefined) ratioOf(roll);
  else if (!(step.before > 0 && step.after > 0))
    throw new TradingError('E_ROLL_RATIO', 'a roll under way meets a price at or below zero', {
      details: { before: step.before, after: step.after },
      fix: 'use back-difference or forward-difference for this instrument',
    });
}

/** steps + 1 values. Gaps of one roll are added up as shares, and divided once. */
function adjustmentsOf(steps: readonly Step[], adjust: Adjustment): Float64Array {
  const n = steps.length;
  const out = new Float64Array(n + 1).fill(isRatioMode(adjust) ? 1 : 0);
  if (adjust === 'back-ratio')
    for (let i = n - 1; i >= 0; i -= 1) out[i] = out[i + 1]! * (steps[i]!.after / steps[i]!.before);
  if (adjust === 'forward-ratio')
    for (let i = 0; i < n; i += 1) out[i + 1] = out[i]! / (steps[i]!.after / steps[i]!.before);
  if (adjust === 'back-difference') {
    let [base, shares] = [0, 0];
    for (let i = n - 1; i >= 0; i -= 1) {
      const step = steps[i]!;
      if (step.roll !== steps[i + 1]?.roll) [base, shares] = [out[i + 1]!, 0];
      shares += step.gapShares;
      out[i] = base + shares / step.of;
    }
  }
  if (adjust === 'forward-difference') {
    let [base, shares] = [0, 0];
    for (let i = 0; i < n; i += 1) {
      const step = steps[i]!;
      if (step.roll !== steps[i - 1]?.roll) [base, shares] = [out[i]!, 0];
      shares += step.gapShares;
      out[i + 1] = base - shares / step.of;
    }
  }
  return out;
}

/** Adjusts single prices: settlements, quotes, levels of a chart. Every price of one moment gets the same offset. */
export interface PriceAdjuster {
  spanAt(tsUs: number): FrameSpan;
  /** Counts of the contract held at that moment to adjusted counts; fractional in ratio modes. */
  toCounts(rawCounts: number, tsUs: number): number;
}

/** Errors: E_ROLL_RATIO. */
export function createAdjuster(
  schedule: Pick<RollSchedule, 'rolls' | 'held' | 'underway'>,
  adjust: Adjustment,
  options: FrameOptions = {},
): PriceAdjuster {
  const { isRatio, spans } = frameOf(schedule, adjust, options);
  const spanAt = (tsUs: number): FrameSpan => {
    let [low, high] = [0, spans.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (spans[middle]!.untilUs < tsUs) low = middle + 1;
      else high = middle;
    }
    return spans[low]!;
  };
  return {
    spanAt,
    toCounts: (raw, tsUs) => {
      const { adjustment } = spanAt(tsUs);
      return isRatio ? raw * adjustment : raw + adjustment;
    },
  };
}
