/** Roll records and adjustment: pure rules over values. Storage lives in `data`; time zones in `calendars`. */
import { assert, TradingError } from './errors.ts';
import type { ContractId } from './instrument.ts';
import type { TradeDate, TsUs } from './units.ts';

/** A day that the calendar alone names: no market data decide. */
export type DateRule =
  | {
      /** A fixed number of days before last trade or first notice; the earlier where both are named. */
      readonly kind: 'calendar';
      readonly anchor: 'last-trade' | 'first-notice' | 'earlier';
      readonly days: number;
      readonly count: 'business' | 'calendar';
    }
  | {
      /**
       * An approximate expiry, the first of the contract month plus `expiryOffsetDays`, and a desired day
       * `rollOffsetDays` (zero or negative) from it, all in calendar days. The window runs from the desired day to the end.
       */
      readonly kind: 'approximate';
      readonly rollOffsetDays: number;
      readonly expiryOffsetDays: number;
      /** Whether the expiry is the last day that still trades, or the first day after it. */
      readonly expiry: 'last-day' | 'end-exclusive';
    }
  | {
      /** The new contract from the first day of the delivery month on, or from the last trade date if that is earlier. */
      readonly kind: 'first-day';
    }
  | {
      /** The old contract up to the day before its last trade date. */
      readonly kind: 'last-day';
    };

/** A latest day: business days before the earlier of last trade and first notice, or before last trade. */
export interface RollDeadline {
  readonly days: number;
  readonly anchor: 'last-trade' | 'earlier';
}

/** What market data must show. `sessions` in a row; a deadline decides where they never do. */
export type ConditionRule =
  | {
      /** The next contract's session volume exceeded the current one's on `sessions` sessions in a row. */
      readonly kind: 'volume';
      readonly sessions: number;
      /** Never later than this many business days before the earlier of last trade and first notice. */
      readonly deadlineDays: number;
    }
  | {
      /**
       * Open interest above the current contract's: of the next contract, or (`within: 'year'`) of the contract with the
       * most among those of the next twelve months, which may jump over some.
       */
      readonly kind: 'open-interest';
      readonly within: 'next' | 'year';
      /** Publications in a row. */
      readonly sessions: number;
      readonly deadline: RollDeadline;
    };

/** When a chain moves to its next contract. A contract that was left is never taken again. */
export type RollRule =
  | DateRule
  | ConditionRule
  | {
      /** A date filter and then a condition: nothing counts before the day that `date` names. */
      readonly kind: 'after';
      readonly date: DateRule;
      readonly condition: ConditionRule;
    }
  | {
      /**
       * The forward contract is liquid: its smoothed volume is above the current one's, or above `minShare` of it and
       * above `minVolume` contracts. With `nearDays` only when the desired day is that near; null takes it at once. The
       * end of the window decides where it never is.
       */
      readonly kind: 'liquid-forward';
      readonly rollOffsetDays: number;
      readonly expiryOffsetDays: number;
      /** Sessions of the exponential average. */
      readonly span: number;
      readonly minShare: number;
      readonly minVolume: number;
      readonly nearDays: number | null;
    }
  | {
      /** `days` equal parts at as many closes, the first where `base` rolls. */
      readonly kind: 'weighted';
      readonly days: number;
      readonly base: DateRule | ConditionRule;
    }
  | {
      /**
       * The common close nearest to the day that `base` names, before or after it. Looks ahead: for history only, and
       * marked so wherever it is used.
       */
      readonly kind: 'nearest-date';
      readonly base: DateRule;
    }
  | {
      /** Given dates: the roll takes effect at the close of the named moment. */
      readonly kind: 'given';
      readonly name: string;
      /** Where the rolls do not come with the data. */
      readonly rolls?: readonly GivenRoll[];
    };

/** A roll whose date somebody else decided. Prices may be left out where the session closes have both. */
export interface GivenRoll {
  readonly from: ContractId;
  readonly to: ContractId;
  /** The last moment of the old contract. */
  readonly atUs: TsUs;
  /** Instead of the moment: the first common close on or after this trade date; `atUs` is then its midnight UTC. */
  readonly tradeDate?: TradeDate;
  /** In counts. */
  readonly fromPrice?: number;
  readonly toPrice?: number;
  readonly isInferred?: boolean;
  /** Carry contract of the old one, where the source names it. */
  readonly carry?: ContractId;
}

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
  /** The times of the two prices themselves: one is earlier than `pricesUs` where it was carried. */
  readonly fromPriceUs?: TsUs;
  readonly toPriceUs?: TsUs;
  /** True when later data chose the date: such a roll could not have been made live. */
  readonly looksAhead?: boolean;
  /** Carry contract of the old one, where somebody asked. */
  readonly carry?: ContractId;
  readonly window?: RollWindow;
  /** The numbers that decided. */
  readonly evidence?: RollEvidence;
  /** Of a roll in parts: the closes at which a share moved, in order; the last one is `effectiveUs`. */
  readonly parts?: readonly RollPart[];
  /** What moving one contract costs, where a cost model was given. */
  readonly cost?: RollCost | null;
}

/** The days on which a rule may roll out of a contract. */
export interface RollWindow {
  /** The day that the rule itself names, closed days included; null for a rule that names none. */
  readonly desired: TradeDate | null;
  /** A condition counts from this day on; null when it always does, or when there is none. */
  readonly conditionFrom: TradeDate | null;
  /** From the close of this trade date on the rule rolls without any condition. */
  readonly opens: TradeDate;
  /** Exclusive: on this trade date the old contract is no longer held. */
  readonly ends: TradeDate;
}

/** What decided: the day, the condition, the deadline of a condition, or somebody else. */
export type RollTrigger = 'date' | 'condition' | 'deadline' | 'given';

/** Plain JSON; null where not known or not used. Volumes and open interest in contracts. */
export interface RollEvidence {
  readonly trigger: RollTrigger;
  readonly fromVolume: number | null;
  readonly toVolume: number | null;
  readonly fromOpenInterest: number | null;
  readonly toOpenInterest: number | null;
  /** When that open interest became known. */
  readonly openInterestUs: TsUs | null;
  readonly lastTradeDate: TradeDate;
  readonly firstNoticeDate: TradeDate | null;
}

/** `share` of `of` equal shares moved at the close `atUs`, at these prices in counts. */
export interface RollPart {
  readonly atUs: TsUs;
  readonly tradeDate: TradeDate;
  readonly share: number;
  readonly of: number;
  readonly fromPrice: number;
  readonly toPrice: number;
  readonly isInferred: boolean;
}

/** A roll in parts whose last one is still to come. */
export interface RollUnderway {
  readonly from: ContractId;
  readonly to: ContractId;
  readonly fromIndex: number;
  readonly toIndex: number;
  readonly parts: readonly RollPart[];
}

/** Two fills, one in each contract. Per contract; null where a part is not known. */
export interface RollCost {
  /** Commissions and fees of both fills, millionths of the product's currency. */
  readonly feesMicros: number | null;
  /** Half-spreads and slippage of both fills, in counts. */
  readonly slippageTicks: number | null;
  readonly slippageMicros: number | null;
  /** All of it; null where a part is not known. */
  readonly totalMicros: number | null;
}

export interface RollSchedule {
  readonly root: string;
  readonly rule: RollRule;
  /** Contract indexes in order of holding; one more than there are rolls. */
  readonly held: readonly number[];
  readonly rolls: readonly RollRecord[];
  /** A roll in parts that had begun and not ended when the data did. */
  readonly underway?: RollUnderway;
  /** Every contract of the chain in order, also those that a rule jumps over. */
  readonly chain?: readonly number[];
  /** True when later data chose a date of it. */
  readonly looksAhead?: boolean;
  /** Contracts that the chain passed over or ended with, because they had no close in common with the next one. */
  readonly holes?: readonly RollHole[];
}

/** A roll that could not be made; the next contract was tried instead, or the chain ended. */
export interface RollHole {
  readonly what: 'skipped' | 'stopped';
  readonly from: ContractId;
  readonly to: ContractId;
}

/** The rolls with trade dates in [from, to], and the contracts held through them; `first` is held where there is no roll. */
export function cutRolls(
  rolls: readonly RollRecord[],
  from: TradeDate,
  to: TradeDate,
  first: number,
): Pick<RollSchedule, 'rolls' | 'held'> {
  const kept = rolls.filter((roll) => roll.tradeDate >= from && roll.tradeDate <= to);
  const before = rolls.findLast((roll) => roll.tradeDate < from);
  return {
    rolls: kept,
    held: [kept[0]?.fromIndex ?? before?.toIndex ?? first, ...kept.map((roll) => roll.toIndex)],
  };
}

/** New minus old in counts. Of a roll in parts: the average of the daily gaps, weighted by the share moved. */
export function gapOf(roll: Pick<RollRecord, 'fromPrice' | 'toPrice' | 'parts'>): number {
  const { parts } = roll;
  if (parts === undefined || parts.length === 0) return roll.toPrice - roll.fromPrice;
  let sum = 0;
  for (const part of parts) sum += part.share * (part.toPrice - part.fromPrice);
  return sum / parts[0]!.of;
}

/** New over old; of a roll in parts, average new over average old. Errors: E_ROLL_RATIO at a price at or below zero. */
export function ratioOf(roll: RollRecord): number {
  let [from, to] = [0, 0];
  for (const part of roll.parts ?? [{ share: 1, ...pricesOf(roll) }]) {
    if (!(part.fromPrice > 0 && part.toPrice > 0)) {
      throw new TradingError(
        'E_ROLL_RATIO',
        `ratio adjustment of ${roll.from} to ${roll.to} meets a price at or below zero`,
        {
          details: { from: part.fromPrice, to: part.toPrice },
          fix: 'use back-difference or forward-difference for this instrument',
        },
      );
    }
    from += part.share * part.fromPrice;
    to += part.share * part.toPrice;
  }
  return to / from;
}

function pricesOf(roll: RollRecord): { fromPrice: number; toPrice: number } {
  return { fromPrice: roll.fromPrice, toPrice: roll.toPrice };
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

/** Whether rolls of this rule are chosen with later data. */
export function looksAhead(rule: RollRule): boolean {
  return rule.kind === 'nearest-date';
}

/** The contract `depth` places behind the current one of segment k; negative when the chain ends before. */
export function contractAtDepth(
  schedule: Pick<RollSchedule, 'held' | 'chain'>,
  k: number,
  depth: number,
): number {
  const { chain, held } = schedule;
  if (depth === 0 || chain === undefined) return held[k + depth] ?? -1;
  // By the chain, not by what is held later: a rule that jumps over a contract decides that only then.
  const at = chain.indexOf(held[k] ?? -1);
  return at < 0 ? -1 : (chain[at + depth] ?? -1);
}

/** Stable text of a rule for ids, manifests and reports. */
export function describeRollRule(rule: RollRule): string {
  switch (rule.kind) {
    case 'calendar':
      return `calendar(${count(rule.days, `${rule.count} day`)} before ${rule.anchor})`;
    case 'approximate':
      return `approximate(${count(rule.rollOffsetDays, 'day')} from first of month ${signed(rule.expiryOffsetDays)}, ${rule.expiry})`;
    case 'first-day':
      return 'first-day(of the delivery month)';
    case 'last-day':
      return 'last-day(before the last trade date)';
    case 'volume':
      return `volume(${count(rule.sessions, 'session')}, deadline ${count(rule.deadlineDays, 'day')})`;
    case 'open-interest':
      return `open-interest(${rule.within}, ${count(rule.sessions, 'session')}, deadline ${count(rule.deadline.days, 'day')} before ${rule.deadline.anchor})`;
    case 'after':
      return `after(${describeRollRule(rule.date)}; ${describeRollRule(rule.condition)})`;
    case 'liquid-forward':
      return `liquid-forward(${count(rule.rollOffsetDays, 'day')} from first of month ${signed(rule.expiryOffsetDays)}, span ${rule.span}, share ${rule.minShare}, volume ${rule.minVolume}, ${rule.nearDays === null ? 'at once' : `within ${count(rule.nearDays, 'day')}`})`;
    case 'weighted':
      return `weighted(${rule.days} days; ${describeRollRule(rule.base)})`;
    case 'nearest-date':
      return `nearest-date(${describeRollRule(rule.base)}; looks ahead)`;
    case 'given':
      return `given(${rule.name})`;
  }
}

function count(value: number, what: string): string {
  return `${value} ${what}${Math.abs(value) === 1 ? '' : 's'}`;
}

function signed(days: number): string {
  return days < 0 ? `- ${-days}` : `+ ${days}`;
}
