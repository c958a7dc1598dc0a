/**
 * Every outcome of a group of orders inside one bar, by searching all price paths that the bar allows. Paths are searched
 * over the few price levels that matter, which loses nothing: between two neighbouring levels no order can act.
 *
 * Used where the certainty table does not reach: several targets, peers, inverted stop-limits, exits that work while
 * their entry is still filling.
 */
import { assert } from '../core/errors.ts';
import type { BarRange } from './certainty.ts';

/** One leg. It is hit when the price reaches `level` going its way (`dir` 1: at or above, -1: at or below). */
export interface PathLeg {
  readonly dir: 1 | -1;
  readonly level: number;
  /** After the first hit the leg waits for this one: an elected stop-limit whose limit is not yet marketable. */
  readonly second: { readonly dir: 1 | -1; readonly level: number } | null;
  readonly part: 'entry' | 'stop' | 'other';
  readonly qty: number;
  readonly isHeld: boolean;
}
export interface PathGroup {
  readonly legs: readonly PathLeg[];
  readonly rule: 'oco' | 'ouo' | 'none';
  /** Contracts that the exits may still close together; with an entry, what it opens counts in. */
  readonly exitQty: number;
}

/** State of a leg in an outcome. */
export const LegState = { held: 0, live: 1, elected: 2, filled: 3, cancelled: 4 } as const;

/** States of all legs, packed in base 5. */
export type PathStatus = number;

/** Legs that one group may have in the search: 5^12 states still pack exactly beside three levels. */
export const PATH_LEGS_MAX = 12;

export function legState(status: PathStatus, leg: number): number {
  return Math.floor(status / 5 ** leg) % 5;
}

function withState(status: PathStatus, leg: number, state: number): PathStatus {
  return status + (state - legState(status, leg)) * 5 ** leg;
}

export function packStatus(states: readonly number[]): PathStatus {
  let status = 0;
  for (let i = states.length - 1; i >= 0; i -= 1) status = status * 5 + states[i]!;
  return status;
}

export function startStatus(group: PathGroup): PathStatus {
  return packStatus(group.legs.map((leg) => (leg.isHeld ? LegState.held : LegState.live)));
}

/** All statuses that some path of the bar ends in, in a fixed order. */
export function searchOutcomes(group: PathGroup, bar: BarRange): PathStatus[] {
  const levels = levelsOf(group, bar);
  const n = levels.length;
  const start = levels.indexOf(bar.open);
  const end = levels.indexOf(bar.close);
  const seen = new Set<number>();
  const outcomes = new Set<PathStatus>();
  const stack: number[] = [];
  const push = (status: PathStatus, at: number, low: number, high: number): void => {
    const key = ((status * n + at) * n + low) * n + high;
    if (seen.has(key)) return;
    seen.add(key);
    stack.push(key);
    if (at === end && low === 0 && high === n - 1) outcomes.add(status);
  };
  push(startStatus(group), start, start, start);
  while (stack.length > 0) {
    const key = stack.pop()!;
    const high = key % n;
    const low = Math.floor(key / n) % n;
    const at = Math.floor(key / (n * n)) % n;
    const status = Math.floor(key / (n * n * n));
    if (at > 0) push(visit(group, status, levels[at - 1]!), at - 1, Math.min(low, at - 1), high);
    if (at < n - 1)
      push(visit(group, status, levels[at + 1]!), at + 1, low, Math.max(high, at + 1));
  }
  return [...outcomes].sort(byFirstLeg(group.legs.length));
}

/** Orders statuses by the state of the first leg, then of the next: a mirrored group keeps its order. */
function byFirstLeg(legCount: number): (a: PathStatus, b: PathStatus) => number {
  return (a, b) => {
    for (let i = 0; i < legCount; i += 1) {
      const difference = legState(a, i) - legState(b, i);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

/** The status after one path through the given turning points, which start at the bar's open. */
export function walkPath(
  group: PathGroup,
  bar: BarRange,
  turningPoints: readonly number[],
): PathStatus {
  const levels = levelsOf(group, bar);
  let at = levels.indexOf(bar.open);
  let status = startStatus(group);
  for (const point of turningPoints) {
    const target = levels.indexOf(point);
    while (at !== target) {
      at += at < target ? 1 : -1;
      status = visit(group, status, levels[at]!);
    }
  }
  return status;
}

function levelsOf(group: PathGroup, bar: BarRange): number[] {
  assert(group.legs.length <= PATH_LEGS_MAX, 'a group in the path search has at most 12 legs');
  const levels = new Set([bar.open, bar.high, bar.low, bar.close]);
  for (const leg of group.legs) {
    if (leg.level > bar.low && leg.level < bar.high) levels.add(leg.level);
    const second = leg.second?.level ?? NaN;
    if (second > bar.low && second < bar.high) levels.add(second);
  }
  return [...levels].sort((a, b) => a - b);
}

function isHit(dir: number, level: number, price: number): boolean {
  return dir > 0 ? price >= level : price <= level;
}

/** The price arrives at a level: legs act until none does. */
function visit(group: PathGroup, from: PathStatus, price: number): PathStatus {
  let status = from;
  let isQuiet = false;
  while (!isQuiet) {
    isQuiet = true;
    for (let i = 0; i < group.legs.length; i += 1) {
      const leg = group.legs[i]!;
      const state = legState(status, i);
      const isFirst = state === LegState.live && isHit(leg.dir, leg.level, price);
      const isSecond =
        state === LegState.elected && isHit(leg.second!.dir, leg.second!.level, price);
      if (!isFirst && !isSecond) continue;
      status =
        isFirst && leg.second !== null
          ? withState(status, i, LegState.elected)
          : filled(group, status, i);
      isQuiet = false;
    }
  }
  return status;
}

/** A leg fills whole: an entry releases the exits; an exit or peer ends or reduces the others. */
function filled(group: PathGroup, from: PathStatus, index: number): PathStatus {
  let status = withState(from, index, LegState.filled);
  const { legs, rule } = group;
  if (legs[index]!.part === 'entry') {
    for (let i = 0; i < legs.length; i += 1) {
      if (legState(status, i) === LegState.held) status = withState(status, i, LegState.live);
    }
    return status;
  }
  const endsAll =
    rule === 'oco' ||
    (rule === 'ouo' && (legs[index]!.part === 'stop' || remainingQty(group, status) <= 0));
  if (!endsAll) return status;
  for (let i = 0; i < legs.length; i += 1) {
    const isOpen = legState(status, i) < LegState.filled;
    if (isOpen && legs[i]!.part !== 'entry') status = withState(status, i, LegState.cancelled);
  }
  return status;
}

/** Contracts left for a stop: all, less what the other legs have filled. */
export function remainingQty(group: PathGroup, status: PathStatus): number {
  let qty = group.exitQty;
  for (let i = 0; i < group.legs.length; i += 1) {
    const leg = group.legs[i]!;
    if (leg.part === 'other' && legState(status, i) === LegState.filled) qty -= leg.qty;
  }
  return qty;
}
