/**
 * The obvious twin of the programme evaluator: the outcome of an account worked out from the full list of what happened,
 * with loops over prefixes and no state. Slow and plain on purpose.
 */
import type { AccountMark } from '../../src/core/programme/evaluator.ts';
import type { Programme } from '../../src/core/programme/programme.ts';

export type Step =
  | { readonly kind: 'mark'; readonly mark: AccountMark }
  | {
      readonly kind: 'fill';
      readonly clOrdId: string;
      readonly before: number;
      readonly qty: number;
    }
  | {
      readonly kind: 'day';
      readonly tsUs: number;
      readonly balance: number;
      readonly equity: number;
    };

export interface Outcome {
  readonly status: 'open' | 'passed' | 'closed';
  readonly endedBy: string | null;
  readonly endedUs: number | null;
  readonly closestMicros: number | null;
  readonly floorMicros: number | null;
  readonly dayFloorMicros: number | null;
  readonly isDayFired: boolean;
}

const UNIT = 1_000_000;

export function naiveOutcome(
  programme: Programme,
  steps: readonly Step[],
  against: boolean,
): Outcome {
  let closest: number | null = null;
  for (let i = 0; i < steps.length; i += 1) {
    const part = steps.slice(0, i + 1);
    const end = verdictAt(programme, part, against);
    if (end.left !== null && (closest === null || end.left < closest)) closest = end.left;
    if (end.status !== 'open')
      return {
        status: end.status,
        endedBy: end.rule,
        endedUs: timeOf(steps[i]!),
        closestMicros: closest,
        floorMicros: floorAfter(programme, part, against, true),
        dayFloorMicros: dayFloorAfter(programme, part, against),
        isDayFired: wasFired(programme, part, against),
      };
  }
  return {
    status: 'open',
    endedBy: null,
    endedUs: null,
    closestMicros: closest,
    floorMicros: floorAfter(programme, steps, against, false),
    dayFloorMicros: dayFloorAfter(programme, steps, against),
    isDayFired: wasFired(programme, steps, against),
  };
}

function timeOf(step: Step): number | null {
  if (step.kind === 'fill') return null;
  return step.kind === 'mark' ? step.mark.tsUs : step.tsUs;
}

/** What a step says of the account; a day's end is an instant. */
function valuesOf(step: Step): AccountMark | null {
  if (step.kind === 'mark') return step.mark;
  if (step.kind === 'fill') return null;
  const { tsUs, balance, equity } = step;
  return { tsUs, balance, equity, low: equity, high: equity, lowSure: equity, highSure: equity };
}

function floorOf(programme: Programme, peak: number): number {
  const rule = programme.maximumLoss!;
  const first = (programme.startBalance - rule.amount) * UNIT;
  const floor = peak - rule.amount * UNIT;
  if (rule.lockAt === undefined) return floor;
  return Math.min(floor, Math.max((programme.startBalance + rule.lockAt) * UNIT, first));
}

function peakOf(
  programme: Programme,
  steps: readonly Step[],
  isSure: boolean,
  isLastDayOut: boolean,
): number {
  const rule = programme.maximumLoss!;
  let peak = programme.startBalance * UNIT;
  for (const [i, step] of steps.entries()) {
    const at = valuesOf(step);
    if (at === null || rule.mode === 'static') continue;
    if (rule.mode === 'trailing-intraday') {
      const high = isSure ? at.highSure : at.high;
      peak = Math.max(peak, rule.raisedBy === 'balance' ? at.balance : high);
    } else if (step.kind === 'day') {
      if (isLastDayOut && i === steps.length - 1) continue;
      peak = Math.max(peak, rule.raisedBy === 'equity' ? at.equity : at.balance);
    }
  }
  return peak;
}

function floorAfter(
  programme: Programme,
  steps: readonly Step[],
  against: boolean,
  isLastDayOut: boolean,
): number | null {
  if (programme.maximumLoss === undefined) return null;
  return floorOf(programme, peakOf(programme, steps, !against, isLastDayOut));
}

/** The steps of the trade date that the last step belongs to, and the day's end before them. */
function today(steps: readonly Step[]): { before: readonly Step[]; day: readonly Step[] } {
  let from = 0;
  for (let i = 0; i < steps.length - 1; i += 1) if (steps[i]!.kind === 'day') from = i + 1;
  return { before: steps.slice(0, from), day: steps.slice(from) };
}

function anchorOf(programme: Programme, steps: readonly Step[], isSure: boolean): number {
  const { before, day } = today(steps);
  const rule = programme.dailyLoss!;
  const last = before.at(-1);
  let anchor = programme.startBalance * UNIT;
  if (last?.kind === 'day') {
    if (rule.from === 'balance') anchor = last.balance;
    else if (rule.from === 'equity') anchor = last.equity;
    else anchor = Math.max(last.balance, last.equity);
  }
  for (const step of day) {
    const at = valuesOf(step);
    if (at === null) continue;
    if (rule.trailing === 'realised') anchor = Math.max(anchor, at.balance);
    if (rule.trailing === 'floating') anchor = Math.max(anchor, isSure ? at.highSure : at.high);
  }
  return anchor;
}

/** The limit for the step that comes next. */
function dayFloorAfter(
  programme: Programme,
  steps: readonly Step[],
  against: boolean,
): number | null {
  const rule = programme.dailyLoss;
  if (rule === undefined) return null;
  const isAtEnd = steps.at(-1)?.kind === 'day' && verdictOpen(programme, steps, against);
  const of: readonly Step[] = isAtEnd
    ? [...steps, { kind: 'fill', clOrdId: '', before: 0, qty: 0 }]
    : steps;
  return anchorOf(programme, of, !against) - rule.amount * UNIT;
}

function verdictOpen(programme: Programme, steps: readonly Step[], against: boolean): boolean {
  return verdictAt(programme, steps, against).status === 'open';
}

/** Whether a step of the day in hand reached its limit, and whether the last one was the first to. */
function fired(
  programme: Programme,
  steps: readonly Step[],
  against: boolean,
): 'no' | 'now' | 'before' {
  const rule = programme.dailyLoss;
  if (rule === undefined) return 'no';
  const { before, day } = today(steps);
  for (let i = 0; i < day.length; i += 1) {
    const at = valuesOf(day[i]!);
    if (at === null) continue;
    const upTo = [...before, ...day.slice(0, i + 1)];
    const earlier = [...before, ...day.slice(0, i), zero];
    const limit = rule.amount * UNIT;
    const sureBefore = anchorOf(programme, earlier, true) - limit;
    const sureAfter = anchorOf(programme, upTo, true) - limit;
    const may = anchorOf(programme, upTo, false) - limit;
    const low = rule.includesOpen ? at.low : at.balance;
    const lowSure = rule.includesOpen ? at.lowSure : at.balance;
    const last = rule.includesOpen ? at.equity : at.balance;
    const isSure = lowSure <= sureBefore || last <= sureAfter;
    if (against ? low <= may : isSure) return i === day.length - 1 ? 'now' : 'before';
  }
  return 'no';
}

const zero: Step = { kind: 'fill', clOrdId: '', before: 0, qty: 0 };

function wasFired(programme: Programme, steps: readonly Step[], against: boolean): boolean {
  if (steps.at(-1)?.kind === 'day' && verdictOpen(programme, steps, against)) return false;
  return fired(programme, steps, against) !== 'no';
}

interface Verdict {
  readonly status: 'open' | 'passed' | 'closed';
  readonly rule: string | null;
  /** Distance to the floor at this step. */
  readonly left: number | null;
}

/** Whether the last step ends the account, given that no earlier one did. */
function verdictAt(programme: Programme, steps: readonly Step[], against: boolean): Verdict {
  const step = steps.at(-1)!;
  const at = valuesOf(step);
  if (at === null) return { status: 'open', rule: null, left: null };
  const isPassed = reaches(programme, steps, against);
  const passed = { status: 'passed', rule: 'profit-target', left: null } as const;
  if (!against && isPassed) return passed;
  const when = fired(programme, steps, against);
  if (when === 'now' && programme.dailyLoss!.action === 'close')
    return { status: 'closed', rule: 'daily-loss', left: null };
  let left: number | null = null;
  const rule = programme.maximumLoss;
  if (rule !== undefined && (rule.tested === 'real-time' || step.kind === 'day')) {
    const earlier = steps.slice(0, -1);
    const isEnd = rule.tested === 'end-of-day';
    const last = rule.includesOpen ? at.equity : at.balance;
    const low = rule.includesOpen && !isEnd ? at.low : last;
    const lowSure = rule.includesOpen && !isEnd ? at.lowSure : last;
    const level = floorAfter(programme, steps, against, true)!;
    let isSure =
      lowSure <= floorOf(programme, peakOf(programme, earlier, true, false)) ||
      last <= floorOf(programme, peakOf(programme, steps, true, true));
    if (when === 'now' && at.low < at.high && programme.dailyLoss!.action !== 'none') {
      const dayLevel = anchorOf(programme, steps, !against) - programme.dailyLoss!.amount * UNIT;
      if (dayLevel > level) isSure = false;
    }
    left = Math.min(against ? low : lowSure, last) - level;
    if (against ? low <= level : isSure) return { status: 'closed', rule: 'maximum-loss', left };
  }
  return against && isPassed ? { ...passed, left } : { status: 'open', rule: null, left };
}

function reaches(programme: Programme, steps: readonly Step[], against: boolean): boolean {
  const target = programme.profitTarget;
  const step = steps.at(-1)!;
  const at = valuesOf(step);
  if (target === undefined || at === null || target.onReach === 'continue') return false;
  if (target.tested === 'end-of-day' && step.kind !== 'day') return false;
  const value = target.basis === 'balance' ? at.balance : against ? at.highSure : at.high;
  if (value < (programme.startBalance + target.amount) * UNIT) return false;
  // Results and entries by trade date, the one in hand last.
  const days: { result: number; isTraded: boolean }[] = [];
  let start = programme.startBalance * UNIT;
  let isTraded = false;
  for (const one of steps.slice(0, -1)) {
    if (one.kind === 'fill') isTraded ||= isEntry(one.before, one.qty);
    if (one.kind !== 'day') continue;
    days.push({ result: one.balance - start, isTraded });
    start = one.balance;
    isTraded = false;
  }
  days.push({ result: at.balance - start, isTraded });
  const { minimumDays, bestDay } = programme;
  if (minimumDays !== undefined) {
    const least = minimumDays.profit === undefined ? 1 : minimumDays.profit * UNIT;
    const enough = days.filter((day) =>
      minimumDays.counts === 'traded' ? day.isTraded : day.result >= least,
    );
    if (enough.length < minimumDays.days) return false;
  }
  if (bestDay === undefined) return true;
  const whole =
    bestDay.of === 'target' ? target.amount * UNIT : at.balance - programme.startBalance * UNIT;
  const best = Math.max(0, ...days.map((day) => day.result));
  return whole > 0 && best * 100 <= whole * bestDay.sharePct;
}

function isEntry(before: number, qty: number): boolean {
  return before === 0 || Math.abs(before + qty) > Math.abs(before) || before * (before + qty) < 0;
}
