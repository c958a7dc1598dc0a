/**
 * The nearest-date rule: of all common closes the one nearest to a desired day, before or after it. It reads prices after
 * the day that it rolls on, so it is for history only, and everything made with it says so.
 */
import type { ContractId, ContractSpec } from '../instrument.ts';
import type { RollCost, RollHole, RollRecord, RollRule, RollSchedule } from '../roll.ts';
import { cutRolls, describeRollRule } from '../roll.ts';
import { toIsoDate } from '../trade-date.ts';
import type { TradeDate, TsUs } from '../units.ts';
import { US_PER_DAY } from '../units.ts';
import type { RollCalendar } from './window.ts';
import { rollWindow } from './window.ts';

interface Closes {
  readonly length: number;
  readonly closeUs: Float64Array;
  readonly close: ArrayLike<number>;
}

export interface NearestInput {
  readonly root: string;
  readonly rule: Extract<RollRule, { kind: 'nearest-date' }>;
  readonly chain: readonly ContractSpec[];
  readonly calendar: RollCalendar;
  readonly indexOf: (position: number) => number;
  readonly closes: (position: number) => Closes | null;
  /** Carry contract of a position; where it is the earlier one it must have a price, too. */
  readonly carryOf: (
    position: number,
  ) => { readonly id: ContractId; readonly closes: Closes | null } | null;
  readonly tradeDateOf: (us: number) => TradeDate;
  readonly from: TradeDate;
  readonly to: TradeDate;
  readonly costOf: (fromIndex: number, toIndex: number) => RollCost | null;
}

/**
 * Walks the chain. A contract without a common close is skipped while nothing was rolled, and ends the schedule later. No
 * roll is made whose desired day lies after `to`.
 */
export function nearestDateSchedule(input: NearestInput): RollSchedule {
  const rolls: RollRecord[] = [];
  const holes: RollHole[] = [];
  let previousUs = -Infinity;
  let position = input.chain.findIndex((_, at) => (input.closes(at)?.length ?? 0) > 0);
  if (position < 0) position = 0;
  for (; position + 1 < input.chain.length; position += 1) {
    const window = rollWindow(input.rule, input.chain[position]!, input.calendar);
    const desired = window.desired!;
    if (desired > input.to) break;
    const desiredUs = desired * US_PER_DAY;
    const pair = nearest(input, position, desiredUs, previousUs);
    if (pair === null) {
      const what = rolls.length > 0 ? 'stopped' : 'skipped';
      holes.push({ what, from: input.chain[position]!.id, to: input.chain[position + 1]!.id });
    }
    if (pair === null && rolls.length > 0) break;
    previousUs = desiredUs;
    if (pair === null) continue;
    const us = pair.us as TsUs;
    const tradeDate = input.tradeDateOf(us);
    const days = daysBetween(pair.us, desiredUs);
    const [fromIndex, toIndex] = [input.indexOf(position), input.indexOf(position + 1)];
    const [old, next] = [input.chain[position]!, input.chain[position + 1]!];
    const carry = input.carryOf(position)?.id;
    rolls.push({
      root: input.root,
      from: old.id,
      to: next.id,
      fromIndex,
      toIndex,
      decidedUs: us,
      effectiveUs: us,
      tradeDate,
      fromPrice: pair.fromPrice,
      toPrice: pair.toPrice,
      pricesUs: us,
      isInferred: false,
      reason: `${describeRollRule(input.rule)}: common close nearest to ${toIsoDate(desired)}, ${days} whole ${days === 1 ? 'day' : 'days'} away`,
      fromPriceUs: us,
      toPriceUs: us,
      looksAhead: true,
      window,
      evidence: {
        trigger: 'date',
        fromVolume: null,
        toVolume: null,
        fromOpenInterest: null,
        toOpenInterest: null,
        openInterestUs: null,
        lastTradeDate: old.dates.lastTradeDate,
        firstNoticeDate: old.dates.firstNoticeDate,
      },
      ...(carry === undefined ? {} : { carry }),
      cost: input.costOf(fromIndex, toIndex),
    });
  }
  return {
    root: input.root,
    rule: input.rule,
    ...cutRolls(rolls, input.from, input.to, input.indexOf(position)),
    looksAhead: true,
    ...(holes.length === 0 ? {} : { holes }),
  };
}

interface Pair {
  readonly us: number;
  readonly fromPrice: number;
  readonly toPrice: number;
}

/** Whole days between two moments, rounded down before the sign is dropped: half a day before counts one, after none. */
function daysBetween(us: number, desiredUs: number): number {
  return Math.abs(Math.floor((us - desiredUs) / US_PER_DAY));
}

function nearest(
  input: NearestInput,
  position: number,
  desiredUs: number,
  afterUs: number,
): Pair | null {
  const [old, next] = [input.closes(position), input.closes(position + 1)];
  if (old === null || next === null) return null;
  const pairs = commonCloses(old, next).filter((pair) => pair.us > afterUs);
  const carries = [position, position + 1].map((at) => input.carryOf(at));
  const isEarlier = carries[0] !== null && isBefore(carries[0]!.id, input.chain[position]!);
  const withCarry = isEarlier
    ? pairs.filter((pair) => carries.every((carry) => hasClose(carry?.closes ?? null, pair.us)))
    : pairs;
  let best: Pair | null = null;
  for (const pair of withCarry.length > 0 ? withCarry : pairs)
    if (best === null || daysBetween(pair.us, desiredUs) < daysBetween(best.us, desiredUs))
      best = pair;
  return best;
}

function commonCloses(old: Closes, next: Closes): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < old.length && j < next.length;) {
    const [a, b] = [old.closeUs[i]!, next.closeUs[j]!];
    if (a === b && !Number.isNaN(old.close[i]! + next.close[j]!))
      pairs.push({ us: a, fromPrice: old.close[i]!, toPrice: next.close[j]! });
    if (a <= b) i += 1;
    if (b <= a) j += 1;
  }
  return pairs;
}

function hasClose(closes: Closes | null, us: number): boolean {
  if (closes === null) return false;
  let [low, high] = [0, closes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (closes.closeUs[middle]! < us) low = middle + 1;
    else high = middle;
  }
  return low < closes.length && closes.closeUs[low] === us && !Number.isNaN(closes.close[low]!);
}

function isBefore(id: ContractId, contract: ContractSpec): boolean {
  // Year and month by number: the tail of an id is letter and year.
  const year = Number(id.slice(-4));
  const month = 'FGHJKMNQUVXZ'.indexOf(id.slice(-5, -4)) + 1;
  return (year - contract.year || month - contract.month) < 0;
}
