/**
 * Watches one account under a programme: fed mark by mark, the same in a backtest and live. Its state is plain data, and the
 * state after a list of marks does not depend on how the list was cut.
 *
 * A mark is an instant or an interval. Of an interval the bounds of equity are known (`low`, `high`) and how much of them
 * was surely seen (`lowSure`, `highSure`); the order of the two is not. Every level is therefore kept twice, as it may be and
 * as it surely is. `against` decides what is open against the account, as pessimistic fills do; otherwise for it.
 */
import { assert } from '../errors.ts';
import { MICROS_PER_UNIT } from '../units.ts';
import type { Programme, ProgrammeDecision, ProgrammeDenial, ProgrammeRule } from './programme.ts';

/** Equity and balance of an account, in millionths. An instant has one value in all five fields of equity. */
export interface AccountMark {
  tsUs: number;
  /** Closed trades and fees only. */
  balance: number;
  /** At the end of the interval. */
  equity: number;
  low: number;
  high: number;
  lowSure: number;
  highSure: number;
}

/** A mark to be filled, by one owner. */
export function newAccountMark(): AccountMark {
  return { tsUs: 0, balance: 0, equity: 0, low: 0, high: 0, lowSure: 0, highSure: 0 };
}

/** A level and the same as far as it is sure. */
interface Peak {
  may: number;
  sure: number;
}

export interface ProgrammeState {
  status: 'open' | 'passed' | 'closed';
  /** Target reached under `onReach: continue`. */
  isTargetReached: boolean;
  endedUs: number | null;
  endedBy: ProgrammeRule | null;
  balance: number;
  equity: number;
  /** What the floor of the maximum loss follows. */
  peak: Peak;
  isLockNoted: boolean;
  /** What the limit of the day is counted from. */
  day: Peak;
  dayStartBalance: number;
  isDayFired: boolean;
  /** Orders that counted today, each with its kind. */
  counted: string[];
  dayCount: number;
  hasTraded: boolean;
  /** Trade dates before this one; of an account that has ended, with the one in which it did. */
  dates: number;
  tradedDates: number;
  /** True where the account ended before the last close of its last trade date. */
  isEndedInside: boolean;
  profitableDates: number;
  bestDayMicros: number;
  /** Smallest distance to the floor so far, and when; Infinity is written as null. */
  closestMicros: number | null;
  closestUs: number | null;
}

/** What a screen shows of an account. Money in millionths; null where there is no such rule. */
export interface ProgrammeView {
  readonly status: ProgrammeState['status'];
  readonly floorMicros: number | null;
  readonly basisMicros: number | null;
  readonly floorMoves:
    | 'never'
    | 'locked'
    | 'at the end of the trade date'
    | 'with every new high'
    | null;
  readonly leftMicros: number | null;
  /** The same when every working stop fills at its price; null as well where a position has no stop. */
  readonly leftAtStopsMicros: number | null;
  readonly dayFloorMicros: number | null;
  readonly dayLeftMicros: number | null;
  readonly targetLeftMicros: number | null;
  readonly tradesLeft: number | null;
  readonly contractsMax: number | null;
}

export interface EvaluatorOptions {
  readonly against: boolean;
  readonly onDecision?: (decision: ProgrammeDecision) => void;
  /** Continues a saved account. */
  readonly state?: ProgrammeState;
}

export class ProgrammeEvaluator {
  readonly programme: Programme;
  readonly #against: boolean;
  readonly #onDecision: (decision: ProgrammeDecision) => void;
  readonly #start: number;
  readonly #s: ProgrammeState;
  /** The mark in hand; one object for all. */
  readonly #exact: AccountMark = newAccountMark();

  constructor(programme: Programme, options: EvaluatorOptions) {
    this.programme = programme;
    this.#against = options.against;
    this.#onDecision = options.onDecision ?? (() => {});
    this.#start = micros(programme.startBalance);
    this.#s =
      options.state === undefined ? freshState(this.#start) : structuredClone(options.state);
  }

  get status(): ProgrammeState['status'] {
    return this.#s.status;
  }

  get endedUs(): number | null {
    return this.#s.endedUs;
  }

  /** True while no position may be held: after the end, and while a limit of the day that liquidates is passed. */
  get mustBeFlat(): boolean {
    const s = this.#s;
    if (s.status !== 'open') return true;
    const action = this.programme.dailyLoss?.action;
    if (!s.isDayFired || action === undefined || action === 'none') return false;
    return action !== 'liquidate' || this.#dayValue(s.balance, s.equity) <= this.dayFloorMicros!;
  }

  /** The rule behind `mustBeFlat`. */
  get flatRule(): ProgrammeRule | null {
    if (this.#s.status !== 'open') return this.#s.endedBy;
    return this.mustBeFlat ? 'daily-loss' : null;
  }

  get floorMicros(): number | null {
    return this.programme.maximumLoss === undefined ? null : this.#floor(this.#held(this.#s.peak));
  }

  get dayFloorMicros(): number | null {
    const rule = this.programme.dailyLoss;
    return rule === undefined ? null : this.#held(this.#s.day) - micros(rule.amount);
  }

  /** A copy, plain data. */
  state(): ProgrammeState {
    return structuredClone(this.#s);
  }

  /** An instant or an interval of the account. Times do not decrease. Nothing is kept of `mark`. */
  onMark(mark: AccountMark): void {
    this.#test(mark, false);
  }

  /**
   * A fill of an order in one contract: `netBefore` is the position before it. Moves of a position at a roll are no trades
   * and are left out.
   */
  onFill(clOrdId: string, netBefore: number, signedQty: number): void {
    const s = this.#s;
    const after = netBefore + signedQty;
    const isExit = netBefore !== 0 && Math.sign(netBefore) !== Math.sign(signedQty);
    const isEntry = !isExit || Math.sign(after) === Math.sign(signedQty);
    const isClosed = isExit && (after === 0 || isEntry);
    if (isEntry) s.hasTraded = true;
    const counts = this.programme.tradeCount?.counts;
    if (counts === undefined) return;
    if (isEntry && (counts === 'entries' || counts === 'entries-and-exits'))
      this.#count(`entry ${clOrdId}`);
    if (isExit && (counts === 'exits' || counts === 'entries-and-exits'))
      this.#count(`exit ${clOrdId}`);
    if (isClosed && counts === 'round-turns') this.#count(`turn ${clOrdId}`);
  }

  /** The last close of a trade date: levels of the day are tested and moved, and a new date begins. */
  onDayEnd(tsUs: number, balance: number, equity: number): void {
    const s = this.#s;
    this.#test(this.#instant(tsUs, balance, equity), true);
    if (s.status !== 'open') {
      if (s.endedUs === tsUs) s.isEndedInside = false;
      return;
    }
    const { maximumLoss, dailyLoss } = this.programme;
    this.#endDate(balance);
    if (maximumLoss?.mode === 'trailing-end-of-day') {
      const before = this.floorMicros!;
      raise(s.peak, maximumLoss.raisedBy === 'equity' ? equity : balance);
      const floor = this.floorMicros!;
      if (floor > before)
        this.#decide(tsUs, 'maximum-loss', 'floor-raised', floor, floor, this.#held(s.peak), true);
      this.#noteLock(tsUs);
    }
    s.dayStartBalance = balance;
    s.hasTraded = false;
    s.isDayFired = false;
    s.dayCount = 0;
    s.counted.length = 0;
    const from = dailyLoss?.from ?? 'balance';
    const anchor =
      from === 'balance' ? balance : from === 'equity' ? equity : Math.max(balance, equity);
    s.day.may = anchor;
    s.day.sure = anchor;
  }

  /**
   * Why an order that can enlarge a position is denied, or null. `contracts` is the largest position that could come of it
   * and of everything at work, in the units of `weightOf`.
   */
  deny(root: string, contracts: number): ProgrammeDenial | null {
    const s = this.#s;
    if (s.status === 'closed') return 'programme-closed';
    if (s.status === 'passed') return 'programme-passed';
    const { products, dailyLoss, tradeCount } = this.programme;
    const isBlocked =
      s.isDayFired && (dailyLoss?.action === 'block-day' || dailyLoss?.action === 'close');
    if (isBlocked || this.mustBeFlat) return 'programme-daily-loss';
    if (products !== undefined && !products.includes(root)) return 'programme-products';
    if (tradeCount !== undefined && s.dayCount >= tradeCount.max) return 'programme-trade-count';
    // A weight such as 0.1 is no binary fraction: ten micros are one contract, not a little more.
    const most = this.contractsMax();
    return most !== null && contracts > most + 1e-9 ? 'programme-scaling' : null;
  }

  weightOf(root: string): number {
    return this.programme.scaling?.weights?.[root] ?? 1;
  }

  /** Contracts that the balance allows; null without the rule. */
  contractsMax(): number | null {
    const rule = this.programme.scaling;
    if (rule === undefined) return null;
    const s = this.#s;
    const profit = (rule.basis === 'day-start' ? s.dayStartBalance : s.balance) - this.#start;
    let most = 0;
    for (const step of rule.steps) if (profit >= micros(step.profit)) most = step.contracts;
    return most;
  }

  /** `stopsMicros`: what equity changes by when every working stop fills; null where a position has none. */
  view(stopsMicros: number | null = null): ProgrammeView {
    const s = this.#s;
    const { maximumLoss, profitTarget, tradeCount } = this.programme;
    const floor = this.floorMicros;
    const value = maximumLoss?.includesOpen === false ? s.balance : s.equity;
    const left = floor === null ? null : value - floor;
    const dayFloor = this.dayFloorMicros;
    const reached = profitTarget?.basis === 'equity' ? s.equity : s.balance;
    return {
      status: s.status,
      floorMicros: floor,
      basisMicros: floor === null ? null : this.#held(s.peak),
      floorMoves: this.#floorMoves(),
      leftMicros: left,
      leftAtStopsMicros:
        floor === null || stopsMicros === null ? null : s.equity + stopsMicros - floor,
      dayFloorMicros: dayFloor,
      dayLeftMicros: dayFloor === null ? null : this.#dayValue(s.balance, s.equity) - dayFloor,
      targetLeftMicros:
        profitTarget === undefined ? null : this.#start + micros(profitTarget.amount) - reached,
      tradesLeft: tradeCount === undefined ? null : Math.max(0, tradeCount.max - s.dayCount),
      contractsMax: this.contractsMax(),
    };
  }

  #floorMoves(): ProgrammeView['floorMoves'] {
    const rule = this.programme.maximumLoss;
    if (rule === undefined) return null;
    if (rule.mode === 'static') return 'never';
    if (this.#isLocked()) return 'locked';
    return rule.mode === 'trailing-intraday'
      ? 'with every new high'
      : 'at the end of the trade date';
  }

  #test(mark: AccountMark, isDayEnd: boolean): void {
    const s = this.#s;
    s.balance = mark.balance;
    s.equity = mark.equity;
    if (s.status !== 'open') return;
    const wasFired = s.isDayFired;
    if (!this.#against) this.#testTarget(mark, isDayEnd);
    this.#testDay(mark);
    this.#testFloor(mark, isDayEnd, !wasFired);
    if (this.#against) this.#testTarget(mark, isDayEnd);
  }

  #testDay(mark: AccountMark): void {
    const rule = this.programme.dailyLoss;
    const s = this.#s;
    if (rule === undefined || s.status !== 'open') return;
    const before = s.day.sure - micros(rule.amount);
    if (rule.trailing === 'realised') raise(s.day, mark.balance);
    else if (rule.trailing === 'floating') raise(s.day, mark.high, mark.highSure);
    if (s.isDayFired) return;
    const { includesOpen } = rule;
    const low = includesOpen ? mark.low : mark.balance;
    const sureLow = includesOpen ? mark.lowSure : mark.balance;
    const last = includesOpen ? mark.equity : mark.balance;
    const isSure = sureLow <= before || last <= s.day.sure - micros(rule.amount);
    const level = this.dayFloorMicros!;
    if (!(this.#against ? low <= level : isSure)) return;
    s.isDayFired = true;
    const effect = {
      none: 'noted',
      liquidate: 'liquidated',
      'block-day': 'blocked',
      close: 'closed',
    } as const;
    const value = Math.min(this.#against ? low : sureLow, last);
    const { tsUs, balance } = mark;
    this.#decide(
      tsUs,
      'daily-loss',
      effect[rule.action],
      value,
      level,
      this.#held(s.day),
      isSure,
      balance,
    );
    if (rule.action === 'close') this.#end('closed', 'daily-loss', tsUs);
  }

  #testFloor(mark: AccountMark, isDayEnd: boolean, mayFireDay: boolean): void {
    const rule = this.programme.maximumLoss;
    const s = this.#s;
    if (rule === undefined || s.status !== 'open') return;
    const before = this.#floor(s.peak.sure);
    if (rule.mode === 'trailing-intraday') {
      if (rule.raisedBy === 'balance') raise(s.peak, mark.balance);
      else raise(s.peak, mark.high, mark.highSure);
      this.#noteLock(mark.tsUs);
    }
    const isTested = rule.tested === 'real-time' || isDayEnd;
    if (!isTested) return;
    const { includesOpen } = rule;
    const isExact = rule.tested === 'end-of-day';
    const last = includesOpen ? mark.equity : mark.balance;
    const low = includesOpen && !isExact ? mark.low : last;
    const sureLow = includesOpen && !isExact ? mark.lowSure : last;
    let isSure = sureLow <= before || last <= this.#floor(s.peak.sure);
    // The limit of the day may have closed the positions on the way down, inside this very interval.
    if (mayFireDay && s.isDayFired && mark.low < mark.high && this.#wasClosedAbove())
      isSure = false;
    const level = this.floorMicros!;
    const value = Math.min(this.#against ? low : sureLow, last);
    if (s.closestMicros === null || value - level < s.closestMicros) {
      s.closestMicros = value - level;
      s.closestUs = mark.tsUs;
    }
    if (!(this.#against ? low <= level : isSure)) return;
    const { tsUs, balance } = mark;
    this.#decide(tsUs, 'maximum-loss', 'closed', value, level, this.#held(s.peak), isSure, balance);
    this.#end('closed', 'maximum-loss', tsUs);
  }

  #wasClosedAbove(): boolean {
    const action = this.programme.dailyLoss?.action;
    return action !== 'none' && this.dayFloorMicros! > this.floorMicros!;
  }

  #testTarget(mark: AccountMark, isDayEnd: boolean): void {
    const rule = this.programme.profitTarget;
    const s = this.#s;
    if (rule === undefined || s.status !== 'open' || s.isTargetReached) return;
    if (rule.tested === 'end-of-day' && !isDayEnd) return;
    const isOpenCounted = rule.basis === 'equity';
    const sure = isOpenCounted ? mark.highSure : mark.balance;
    const value = !isOpenCounted || this.#against ? sure : mark.high;
    const level = this.#start + micros(rule.amount);
    if (value < level || !this.#mayPass(mark.balance)) return;
    s.isTargetReached = true;
    const { tsUs, balance } = mark;
    this.#decide(
      tsUs,
      'profit-target',
      'passed',
      value,
      level,
      this.#start,
      sure >= level,
      balance,
    );
    if (rule.onReach === 'stop') this.#end('passed', 'profit-target', tsUs);
  }

  /** Whether the other conditions of passing hold, the trade date in hand among the days. */
  #mayPass(balance: number): boolean {
    const s = this.#s;
    const { minimumDays, bestDay, profitTarget } = this.programme;
    const today = balance - s.dayStartBalance;
    if (minimumDays !== undefined) {
      const least = minimumDays.profit === undefined ? 1 : micros(minimumDays.profit);
      const days =
        minimumDays.counts === 'traded'
          ? s.tradedDates + (s.hasTraded ? 1 : 0)
          : s.profitableDates + (today >= least ? 1 : 0);
      if (days < minimumDays.days) return false;
    }
    if (bestDay === undefined) return true;
    const whole = bestDay.of === 'target' ? micros(profitTarget!.amount) : balance - this.#start;
    const best = Math.max(s.bestDayMicros, today);
    return whole > 0 && best * 100 <= whole * bestDay.sharePct;
  }

  #count(key: string): void {
    const s = this.#s;
    if (s.counted.includes(key)) return;
    s.counted.push(key);
    s.dayCount += 1;
  }

  #end(status: 'passed' | 'closed', rule: ProgrammeRule, tsUs: number): void {
    const s = this.#s;
    s.status = status;
    s.endedBy = rule;
    s.endedUs = tsUs;
    s.isEndedInside = true;
    this.#endDate(s.balance);
  }

  /** Counts the trade date in hand. */
  #endDate(balance: number): void {
    const s = this.#s;
    const { minimumDays } = this.programme;
    const result = balance - s.dayStartBalance;
    s.dates += 1;
    if (s.hasTraded) s.tradedDates += 1;
    const least = minimumDays?.profit === undefined ? 1 : micros(minimumDays.profit);
    if (result >= least) s.profitableDates += 1;
    s.bestDayMicros = Math.max(s.bestDayMicros, result);
  }

  #held(peak: Peak): number {
    return this.#against ? peak.may : peak.sure;
  }

  /** The floor below a peak, not above its lock. */
  #floor(peak: number): number {
    const { amount, lockAt } = this.programme.maximumLoss!;
    const floor = peak - micros(amount);
    return lockAt === undefined ? floor : Math.min(floor, this.#lock(lockAt));
  }

  /** A lock below the first floor would lower it: the floor never falls. */
  #lock(lockAt: number): number {
    return Math.max(
      this.#start + micros(lockAt),
      this.#start - micros(this.programme.maximumLoss!.amount),
    );
  }

  #isLocked(): boolean {
    const { amount, lockAt } = this.programme.maximumLoss!;
    return lockAt !== undefined && this.#held(this.#s.peak) - micros(amount) >= this.#lock(lockAt);
  }

  #noteLock(tsUs: number): void {
    const s = this.#s;
    if (s.isLockNoted || !this.#isLocked()) return;
    s.isLockNoted = true;
    const floor = this.floorMicros!;
    this.#decide(tsUs, 'maximum-loss', 'floor-locked', floor, floor, this.#held(s.peak), true);
  }

  #dayValue(balance: number, equity: number): number {
    return this.programme.dailyLoss?.includesOpen === false ? balance : equity;
  }

  #decide(
    tsUs: number,
    rule: ProgrammeRule,
    effect: ProgrammeDecision['effect'],
    valueMicros: number,
    levelMicros: number,
    basisMicros: number,
    isCertain: boolean,
    balance: number = this.#s.balance,
  ): void {
    const isUp = rule === 'profit-target';
    this.#onDecision({
      tsUs,
      rule,
      effect,
      valueMicros,
      levelMicros,
      basisMicros,
      balanceMicros: this.#s.balance,
      equityMicros: this.#s.equity,
      trigger: (isUp ? balance >= levelMicros : balance <= levelMicros) ? 'realised' : 'floating',
      isCertain,
    });
  }

  #instant(tsUs: number, balance: number, equity: number): AccountMark {
    const mark = this.#exact;
    mark.tsUs = tsUs;
    mark.balance = balance;
    mark.equity = mark.low = mark.high = mark.lowSure = mark.highSure = equity;
    return mark;
  }
}

function freshState(start: number): ProgrammeState {
  return {
    status: 'open',
    isTargetReached: false,
    endedUs: null,
    endedBy: null,
    balance: start,
    equity: start,
    peak: { may: start, sure: start },
    isLockNoted: false,
    day: { may: start, sure: start },
    dayStartBalance: start,
    isDayFired: false,
    counted: [],
    dayCount: 0,
    hasTraded: false,
    dates: 0,
    tradedDates: 0,
    isEndedInside: false,
    profitableDates: 0,
    bestDayMicros: 0,
    closestMicros: null,
    closestUs: null,
  };
}

function raise(peak: Peak, may: number, sure: number = may): void {
  if (may > peak.may) peak.may = may;
  if (sure > peak.sure) peak.sure = sure;
}

function micros(units: number): number {
  const value = Math.round(units * MICROS_PER_UNIT);
  assert(Number.isSafeInteger(value), 'amounts of a programme are within the range of money');
  return value;
}
