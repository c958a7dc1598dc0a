/** Roll records and adjustment: pure rules over values. Storage lives in `data`; time zones in `calendars`. */
import { assert, TradingError } from './errors.ts';
import type { ContractId } from './instrument.ts';
import type { TradeDate, TsUs } from './units.ts';

/** When a chain moves to its next contract. */
export type RollRule =
  | {
      /** A fixed number of days before last trade or first notice; the earlier where both are named. */
      readonly kind: 'calendar';
      readonly anchor: 'last-trade' | 'first-notice' | 'earlier';
      readonly days: number;
      readonly count: 'business' | 'calendar';
    }
  | {
      /** The next contract's session volume exceeded the current one's on `sessions` sessions in a row. */
      readonly kind: 'volume';
      readonly sessions: number;
      /** Never later than this many business days before the earlier of last trade and first notice. */
      readonly deadlineDays: number;
    }
  | {
      /** Given dates: the roll takes effect at the close of the named moment. */
      readonly kind: 'given';
      readonly name: string;
    };

export type Adjustment =
  | 'none'
  | 'back-difference'
  | 'forward-difference'
  | 'back-ratio'
  | 'forward-ratio';

/** One move of a chain. Prices are those of one instant; `effectiveUs` is the first moment of the new contract. */
export interface RollRecord {
  readonly root: string;
  readonly from: ContractId;
  readonly to: ContractId;
  readonly fromIndex: number;
  readonly toIndex: number;
  /** When the decision could be made. */
  readonly decidedUs: TsUs;
  /** From this moment on the new contract is current; never before `decidedUs`. */
  readonly effectiveUs: TsUs;
  readonly tradeDate: TradeDate;
  /** Prices of both contracts in counts at `pricesUs`. */
  readonly fromPrice: number;
  readonly toPrice: number;
  readonly pricesUs: TsUs;
  /** True when a missing price was carried from an earlier moment. */
  readonly isInferred: boolean;
  /** In words: why this date. */
  readonly reason: string;
}

export interface RollSchedule {
  readonly root: string;
  readonly rule: RollRule;
  /** Contract indexes in order of holding; one more than there are rolls. */
  readonly held: readonly number[];
  readonly rolls: readonly RollRecord[];
}

export function gapOf(roll: Pick<RollRecord, 'fromPrice' | 'toPrice'>): number {
  return roll.toPrice - roll.fromPrice;
}

/** Errors: E_ROLL_RATIO at a price at or below zero. */
export function ratioOf(roll: RollRecord): number {
  if (!(roll.fromPrice > 0 && roll.toPrice > 0)) {
    throw new TradingError(
      'E_ROLL_RATIO',
      `ratio adjustment of ${roll.from} to ${roll.to} meets a price at or below zero`,
      {
        details: { from: roll.fromPrice, to: roll.toPrice },
        fix: 'use back-difference or forward-difference for this instrument',
      },
    );
  }
  return roll.toPrice / roll.fromPrice;
}

/**
 * Offset (difference modes) or factor (ratio modes) of each held segment, once `known` rolls have happened.
 * Segment k is the span of `held[k]`. Shapes: returns known + 1 values.
 * Back modes leave the last known segment raw, forward modes the first.
 */
export function segmentAdjustments(
  rolls: readonly RollRecord[],
  known: number,
  mode: Adjustment,
): Float64Array {
  assert(known >= 0 && known <= rolls.length, 'known rolls are a prefix of the schedule');
  const isRatio = mode === 'back-ratio' || mode === 'forward-ratio';
  const out = new Float64Array(known + 1).fill(isRatio ? 1 : 0);
  if (mode === 'back-difference')
    for (let k = known - 1; k >= 0; k -= 1) out[k] = out[k + 1]! + gapOf(rolls[k]!);
  if (mode === 'forward-difference')
    for (let k = 0; k < known; k += 1) out[k + 1] = out[k]! - gapOf(rolls[k]!);
  if (mode === 'back-ratio')
    for (let k = known - 1; k >= 0; k -= 1) out[k] = out[k + 1]! * ratioOf(rolls[k]!);
  if (mode === 'forward-ratio')
    for (let k = 0; k < known; k += 1) out[k + 1] = out[k]! / ratioOf(rolls[k]!);
  return out;
}

export function isRatioMode(mode: Adjustment): boolean {
  return mode === 'back-ratio' || mode === 'forward-ratio';
}

/** Stable text of a rule for ids, manifests and reports. */
export function describeRollRule(rule: RollRule): string {
  if (rule.kind === 'calendar')
    return `calendar(${rule.days} ${rule.count} days before ${rule.anchor})`;
  if (rule.kind === 'volume')
    return `volume(${rule.sessions} sessions, deadline ${rule.deadlineDays} days)`;
  return `given(${rule.name})`;
}
