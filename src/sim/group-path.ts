/**
 * Decides what happens inside one bar, after its open, to orders that depend on each other. It reads orders and returns
 * a plan; the venue carries it out, because volume and position may still limit each fill.
 */
import type { AmbiguityAlternative } from '../core/execution.ts';
import type { RandomSource } from '../core/ports.ts';
import type { PathPolicy } from './bar-policies.ts';
import { chooseOutcome, isHighFirst } from './bar-policies.ts';
import type { BarRange, EntryKind, TrailingOutcomes } from './certainty.ts';
import { bracketOutcomes, OutcomeBit, trailingOutcomes } from './certainty.ts';
import type { SimGroup, SimOrder } from './orders.ts';
import { Kind, State } from './orders.ts';
import type { PathGroup, PathLeg, PathStatus } from './path-search.ts';
import {
  LegState,
  legState,
  packStatus,
  remainingQty,
  searchOutcomes,
  startStatus,
  walkPath,
} from './path-search.ts';
import { slippedTicks } from './slippage.ts';

/** What the price functions need to know of a contract. Ticks. */
export interface MatchSettings {
  readonly slipTicks: number;
  /** Half the spread of this bar. */
  spreadTicks: number;
  readonly beyondTicks: number;
  /** The bar that finer ones replace: slippage stays within its range. Null without drill-down. */
  outer: BarRange | null;
  /** How far the quotes of this bar lie from its trades; null without quote bars. */
  quotes: QuoteShift | null;
}

/** What quote bars add to the prices of a trade bar, by the side of the order: the ask for a buy, the bid for a sell. */
export interface QuoteShift {
  readonly buy: SideShift;
  readonly sell: SideShift;
}
export interface SideShift {
  open: number;
  high: number;
  low: number;
  close: number;
}

/** What a buy pays above the trade price, or a sell gets below it; negative where the quotes lie the other way. */
export function halfSpread(side: number, settings: MatchSettings): number {
  const { quotes } = settings;
  if (quotes === null) return settings.spreadTicks;
  return side > 0 ? quotes.buy.open : -quotes.sell.open;
}

/** What lies between the trade price and the price that elects the order, where the path comes to it going `dir`. */
export function triggerShift(order: SimOrder, dir: number, settings: MatchSettings): number {
  if (!order.isBidAsk) return 0;
  if (settings.quotes === null) return order.side * settings.spreadTicks;
  return limitShift(order.side, dir, settings);
}

/** The same for a resting limit: quotes alone move it. */
export function limitShift(side: number, dir: number, settings: MatchSettings): number {
  const { quotes } = settings;
  if (quotes === null) return 0;
  const shift = side > 0 ? quotes.buy : quotes.sell;
  return dir > 0 ? shift.high : shift.low;
}
export interface PolicyContext {
  readonly policy: PathPolicy;
  readonly random: RandomSource;
  /** Coordinates of a draw: the contract, the bar. */
  readonly drawA: number;
  readonly drawB: number;
}

/** One step of a plan. `elect` only triggers the order: its limit was not reached. */
export interface PlanStep {
  readonly order: SimOrder;
  readonly action: 'fill' | 'elect';
  /** Price before slippage and rounding. */
  readonly baseTicks: number;
  readonly certain: boolean;
}
export interface PathPlan {
  readonly steps: readonly PlanStep[];
  readonly ambiguity: {
    readonly alternatives: readonly AmbiguityAlternative[];
    readonly chosen: number;
    readonly qty: number;
  } | null;
  /** New trigger of a trailing stop that stays; NaN for none. */
  readonly trail: SimOrder | null;
  readonly trailTrigger: number;
}

/**
 * The price that a path must visit for a resting limit to fill: its own, or the first price beyond it, which is the next
 * tick; on sampled bars whose extreme lies between the two, that extreme.
 */
export function limitReach(
  side: number,
  limit: number,
  bar: BarRange,
  isTouchFilled: boolean,
): number {
  if (isTouchFilled) return limit;
  const extreme = side > 0 ? bar.low : bar.high;
  const beyond = side * (limit - extreme);
  return beyond > 0 && beyond < 1 ? extreme : limit - side;
}

/** Price of a fill inside the bar, before rounding: a resting limit at its own, a trigger worse by the slippage. */
export function pathPrice(
  order: SimOrder,
  baseTicks: number,
  bar: BarRange,
  settings: MatchSettings,
): number {
  if (isPassive(order)) return baseTicks;
  const { side } = order;
  const price = order.isBidAsk
    ? quotedTicks(order, baseTicks, bar, settings)
    : aggressiveTicks(side, baseTicks, bar, settings);
  const limit = order.limitAt(baseTicks);
  if (isNaN(limit)) return price;
  return side > 0 ? Math.min(price, limit) : Math.max(price, limit);
}

/** An order that the quote elects trades at that quote: the spread is in its trigger already. */
function quotedTicks(
  order: SimOrder,
  baseTicks: number,
  bar: BarRange,
  settings: MatchSettings,
): number {
  const { side } = order;
  const range = settings.outer ?? bar;
  const extreme = (side > 0 ? range.high : range.low) + triggerShift(order, side, settings);
  return slippedTicks(side, baseTicks, settings.slipTicks, extreme, settings.beyondTicks);
}

export function aggressiveTicks(
  side: number,
  baseTicks: number,
  bar: BarRange,
  settings: MatchSettings,
): number {
  const range = settings.outer ?? bar;
  const extreme = side > 0 ? range.high : range.low;
  const slipped = slippedTicks(side, baseTicks, settings.slipTicks, extreme, settings.beyondTicks);
  return slipped + side * halfSpread(side, settings);
}

/** Whether the order would fill as a resting limit, also after an election that leaves it resting. */
function isPassive(order: SimOrder): boolean {
  return order.isLimitNow() || restsAfterElection(order);
}

function restsAfterElection(order: SimOrder): boolean {
  return !isNaN(order.limit) && order.side * (order.limit - order.stop) < 0;
}

function triggerDirOf(order: SimOrder): 1 | -1 {
  const isStop = order.kind !== Kind.touchMarket && order.kind !== Kind.touchLimit;
  return (isStop ? order.side : -order.side) as 1 | -1;
}

/** First level that the order waits for after the open, and whether reaching it is enough. */
function reachOf(
  order: SimOrder,
  bar: BarRange,
  settings: MatchSettings,
): { dir: 1 | -1; level: number } {
  if (order.isLimitNow()) return limitReachOf(order, bar, settings);
  const dir = triggerDirOf(order);
  return { dir, level: order.stop - triggerShift(order, dir, settings) };
}

function limitReachOf(
  order: SimOrder,
  bar: BarRange,
  settings: MatchSettings,
): { dir: 1 | -1; level: number } {
  const dir = -order.side as 1 | -1;
  const own = order.limit - limitShift(order.side, dir, settings);
  return { dir, level: limitReach(order.side, own, bar, order.touchQty > 0) };
}

function baseOf(order: SimOrder): number {
  return isPassive(order) ? order.limit : order.stop;
}

/** Whether the bar's range reaches the order's first level. Allocates nothing. */
export function isReached(order: SimOrder, bar: BarRange, settings: MatchSettings): boolean {
  if (order.isLimitNow()) {
    const own = order.limit - limitShift(order.side, -order.side, settings);
    const level = limitReach(order.side, own, bar, order.touchQty > 0);
    return order.side > 0 ? bar.low <= level : bar.high >= level;
  }
  const dir = triggerDirOf(order);
  const level = order.stop - triggerShift(order, dir, settings);
  return dir > 0 ? bar.high >= level : bar.low <= level;
}

function legOf(order: SimOrder, bar: BarRange, settings: MatchSettings): PathLeg {
  const { dir, level } = reachOf(order, bar, settings);
  const isStaged = !order.isLimitNow() && restsAfterElection(order);
  const { group } = order;
  const isEntry = group !== null && group.entry === order;
  return {
    dir,
    level,
    second: isStaged ? limitReachOf(order, bar, settings) : null,
    part: isEntry ? 'entry' : order.role === 'stop' ? 'stop' : 'other',
    qty: order.state === State.held ? order.share : order.liveQty(),
    isHeld: order.state === State.held,
  };
}

/** Plans one order that depends on no other. Null when nothing happens. */
export function planSingle(
  order: SimOrder,
  bar: BarRange,
  settings: MatchSettings,
  context: PolicyContext,
): PathPlan | null {
  if (order.kind === Kind.trailing && order.state === State.live) {
    return planTrailing(null, order, null, bar, settings, context);
  }
  if (!isReached(order, bar, settings)) return null;
  return planLegs([order], null, bar, settings, context);
}

/**
 * Plans a group: `legs` are its orders that can act in this bar, the entry first when it still works, and then the exits
 * that it holds. Null when nothing happens.
 */
export function planGroup(
  group: SimGroup,
  legs: readonly SimOrder[],
  bar: BarRange,
  settings: MatchSettings,
  context: PolicyContext,
): PathPlan | null {
  const trail = legs.find((leg) => leg.kind === Kind.trailing && leg.state !== State.elected);
  if (trail !== undefined) {
    const target = legs.find((leg) => leg.role === 'target') ?? null;
    const entry = legs[0] === group.entry ? legs[0]! : null;
    return planTrailing(entry, trail, target, bar, settings, context);
  }
  let isAnyReached = false;
  for (const leg of legs) {
    if (leg.state !== State.held && isReached(leg, bar, settings)) isAnyReached = true;
  }
  return isAnyReached ? planLegs(legs, group, bar, settings, context) : null;
}

function planLegs(
  orders: readonly SimOrder[],
  group: SimGroup | null,
  bar: BarRange,
  settings: MatchSettings,
  context: PolicyContext,
): PathPlan | null {
  const entry = group !== null && orders[0] === group.entry ? orders[0]! : null;
  const exitQty = group === null ? Infinity : (entry?.liveQty() ?? 0) + group.exitQtyNow();
  const path: PathGroup = {
    legs: orders.map((order) => legOf(order, bar, settings)),
    rule: group?.rule ?? 'none',
    exitQty,
  };
  const outcomes = tableOutcomes(orders, entry, path, bar) ?? searchOutcomes(path, bar);
  if (outcomes.length === 1) return certainPlan(orders, path, outcomes[0]!);
  const values = outcomes.map((status) => valueOf(orders, path, status, bar, settings));
  const draw = drawOf(orders);
  let chosen = chooseOutcome(
    context.policy,
    values,
    context.random,
    context.drawA,
    context.drawB,
    draw,
  );
  if (chosen < 0) chosen = outcomes.indexOf(walkPath(path, bar, turningPoints(context, bar)));
  // A path that the policy draws is one of the paths searched.
  if (chosen < 0) chosen = 0;
  const qty = groupQtyOf(orders, path);
  const alternatives = outcomes.map((status, i) =>
    alternativeOf(orders, path, status, bar, settings, (values[i]! - values[chosen]!) / qty),
  );
  return {
    steps: stepsOf(orders, path, outcomes[chosen]!, outcomes),
    ambiguity: { alternatives, chosen, qty },
    trail: null,
    trailTrigger: NaN,
  };
}

function turningPoints(context: PolicyContext, bar: BarRange): number[] {
  return isHighFirst(context.policy, bar)
    ? [bar.open, bar.high, bar.low, bar.close]
    : [bar.open, bar.low, bar.high, bar.close];
}

function drawOf(orders: readonly SimOrder[]): number {
  const first = orders[0]!;
  return isNaN(first.stop) ? first.limit : first.stop;
}

function groupQtyOf(orders: readonly SimOrder[], path: PathGroup): number {
  if (Number.isFinite(path.exitQty) && path.exitQty > 0) return path.exitQty;
  return Math.max(1, ...orders.map((order) => order.liveQty()));
}

function certainPlan(
  orders: readonly SimOrder[],
  path: PathGroup,
  status: PathStatus,
): PathPlan | null {
  const steps = stepsOf(orders, path, status, [status]);
  return steps.length === 0 ? null : { steps, ambiguity: null, trail: null, trailTrigger: NaN };
}

/** The certainty table, for the shape that it covers: at most one entry, one stop and one target of one side. */
function tableOutcomes(
  orders: readonly SimOrder[],
  entry: SimOrder | null,
  path: PathGroup,
  bar: BarRange,
): PathStatus[] | null {
  if (path.rule === 'none' || orders.length > 3) return null;
  let stop = -1;
  let target = -1;
  const side = entry === null ? -orders[0]!.side : entry.side;
  for (let i = 0; i < orders.length; i += 1) {
    const order = orders[i]!;
    if (path.legs[i]!.second !== null) return null;
    if (order === entry) continue;
    if (order.side === side || (entry !== null && !path.legs[i]!.isHeld)) return null;
    if (order.role === 'stop' && stop < 0) stop = i;
    else if (order.role === 'target' && target < 0) target = i;
    else return null;
  }
  const seen = mirrorBar(bar, side);
  const stopLevel = stop < 0 ? -Infinity : side * path.legs[stop]!.level;
  const targetLevel = target < 0 ? Infinity : side * path.legs[target]!.level;
  const kind = kindOf(entry, path, side);
  const entryLevel = entry === null ? seen.open : side * path.legs[0]!.level;
  if (!(stopLevel < entryLevel && entryLevel < targetLevel)) return null;
  const bits = bracketOutcomes(kind, entryLevel, stopLevel, targetLevel, seen);
  return statusesOf(path, bits, entry !== null, stop, target);
}

function kindOf(entry: SimOrder | null, path: PathGroup, side: number): EntryKind {
  if (entry === null) return 'open';
  return path.legs[0]!.dir === -side ? 'falling' : 'rising';
}

export function mirrorBar(bar: BarRange, side: number): BarRange {
  if (side > 0) return bar;
  return { open: -bar.open, high: -bar.low, low: -bar.high, close: -bar.close };
}

function statusesOf(
  path: PathGroup,
  bits: number,
  hasEntry: boolean,
  stop: number,
  target: number,
): PathStatus[] {
  if (bits === OutcomeBit.noTrade) return [startStatus(path)];
  const { filled, cancelled, live } = LegState;
  const status = (stopState: number, targetState: number): PathStatus =>
    packStatus(
      path.legs.map((_, i) => (i === stop ? stopState : i === target ? targetState : filled)),
    );
  const out: PathStatus[] = [];
  if ((bits & OutcomeBit.open) !== 0) {
    out.push(hasEntry ? status(live, live) : startStatus(path));
  }
  if ((bits & OutcomeBit.stop) !== 0) out.push(status(filled, cancelled));
  if ((bits & OutcomeBit.target) !== 0) out.push(status(cancelled, filled));
  return out;
}

/** Profit of an outcome in ticks times contracts, valued at the bar's close. */
function valueOf(
  orders: readonly SimOrder[],
  path: PathGroup,
  status: PathStatus,
  bar: BarRange,
  settings: MatchSettings,
): number {
  let value = 0;
  for (let i = 0; i < orders.length; i += 1) {
    if (legState(status, i) !== LegState.filled) continue;
    const order = orders[i]!;
    const leg = path.legs[i]!;
    const qty = leg.part === 'stop' ? Math.min(leg.qty, remainingQty(path, status)) : leg.qty;
    value += order.side * (bar.close - pathPrice(order, baseOf(order), bar, settings)) * qty;
  }
  return value;
}

function alternativeOf(
  orders: readonly SimOrder[],
  path: PathGroup,
  status: PathStatus,
  bar: BarRange,
  settings: MatchSettings,
  pnlDeltaTicks: number,
): AmbiguityAlternative {
  let leg = -1;
  for (let i = 0; i < orders.length; i += 1) {
    const isExit = path.legs[i]!.part !== 'entry';
    if (isExit && legState(status, i) === LegState.filled) {
      if (leg < 0 || path.legs[leg]!.part !== 'stop') leg = i;
    }
  }
  // -0 and 0 are the same number, and only one of them may reach a journal.
  const delta = pnlDeltaTicks + 0;
  if (leg < 0) return { leg: null, role: 'open', priceTicks: bar.close, pnlDeltaTicks: delta };
  const order = orders[leg]!;
  return {
    leg: order.clOrdId,
    role: order.role,
    priceTicks: pathPrice(order, baseOf(order), bar, settings),
    pnlDeltaTicks: delta,
  };
}

/** What to do for a status, in the order of any path that leads to it: entry, nearer legs, stops. */
function stepsOf(
  orders: readonly SimOrder[],
  path: PathGroup,
  status: PathStatus,
  outcomes: readonly PathStatus[],
): PlanStep[] {
  const rank = (i: number): number =>
    path.legs[i]!.part === 'entry' ? 0 : path.legs[i]!.part === 'other' ? 1 : 2;
  const indexes = orders.map((_, i) => i);
  indexes.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (path.legs[a]!.level - path.legs[b]!.level) * path.legs[a]!.dir ||
      orders[a]!.seq - orders[b]!.seq,
  );
  const steps: PlanStep[] = [];
  for (const i of indexes) {
    const state = legState(status, i);
    if (state !== LegState.filled && state !== LegState.elected) continue;
    const certain = outcomes.every((other) => legState(other, i) === state);
    const action = state === LegState.filled ? 'fill' : 'elect';
    steps.push({ order: orders[i]!, action, baseTicks: baseOf(orders[i]!), certain });
  }
  return steps;
}

interface TrailCandidate {
  readonly order: SimOrder | null;
  readonly baseTicks: number;
  readonly priceTicks: number;
}

/** Plans a trailing stop, alone or as the stop of a bracket with at most one target. */
function planTrailing(
  entry: SimOrder | null,
  trail: SimOrder,
  target: SimOrder | null,
  bar: BarRange,
  settings: MatchSettings,
  context: PolicyContext,
): PathPlan | null {
  const side = -trail.side;
  if (entry === null && !canTrailAct(trail, target, bar, settings)) return null;
  const seen = mirrorBar(bar, side);
  const targetReach = target === null ? Infinity : side * reachOf(target, bar, settings).level;
  const isDormant = trail.isDormant();
  const arming = side * trail.activation;
  if (isDormant && (seen.high < arming || targetReach <= arming)) {
    // The trail sleeps through this bar; the others are left.
    const others = [entry, target].filter((order) => order !== null);
    const isAny = others.some((o) => o.state !== State.held && isReached(o, bar, settings));
    return isAny ? planLegs(others, trail.group, bar, settings, context) : null;
  }
  const reach = entry === null ? null : reachOf(entry, bar, settings);
  // A sleeping trail begins where it is armed, beyond any entry on the same way.
  const kind = isDormant
    ? 'rising'
    : reach === null
      ? 'open'
      : reach.dir === -side
        ? 'falling'
        : 'rising';
  const entryLevel = isDormant ? arming : reach === null ? seen.open : side * reach.level;
  // The trail starts at the entry's own price: the reach of a limit lies a tick beyond it.
  const startOf = (best: number): number =>
    side *
    trail.trailTrigger(
      side * (best === entryLevel && entry !== null && !isDormant ? side * baseOf(entry) : best),
    );
  const trigger0 = isNaN(trail.stop) ? -Infinity : side * trail.stop;
  // The highest price before the target fills: its limit, or the tick before it where a touch fills.
  const targetBest =
    target === null
      ? Infinity
      : side * (target.limit - limitShift(target.side, side, settings)) -
        (target.touchQty > 0 ? 1 : 0);
  const found = trailingOutcomes(
    kind,
    entryLevel,
    trigger0,
    startOf,
    targetReach,
    targetBest,
    seen,
  );
  if (found.outcomes === OutcomeBit.noTrade) return null;
  const candidates = trailCandidates(found, trail, target, side, bar, settings);
  const entrySteps: PlanStep[] =
    entry === null
      ? []
      : [{ order: entry, action: 'fill', baseTicks: baseOf(entry), certain: true }];
  const values = candidates.map((candidate) => side * candidate.priceTicks);
  let chosen =
    candidates.length === 1
      ? 0
      : chooseOutcome(
          context.policy,
          values,
          context.random,
          context.drawA,
          context.drawB,
          side * trigger0,
        );
  let stay = found.stayTrigger;
  if (chosen < 0) {
    const walked = walkTrailing(
      kind,
      entryLevel,
      trigger0,
      startOf,
      targetReach,
      turningPoints(context, bar).map((price) => side * price),
    );
    stay = walked.trigger;
    chosen = insertWalked(candidates, walked, side, trail, target, bar, settings);
  }
  const pick = candidates[chosen]!;
  const isCertain = candidates.length === 1;
  const exitSteps: PlanStep[] =
    pick.order === null
      ? []
      : [{ order: pick.order, action: 'fill', baseTicks: pick.baseTicks, certain: isCertain }];
  const qty = entry === null ? trail.liveQty() : entry.liveQty();
  const alternatives = candidates.map((candidate) => ({
    leg: candidate.order?.clOrdId ?? null,
    role: candidate.order?.role ?? ('open' as const),
    priceTicks: candidate.priceTicks,
    pnlDeltaTicks: side * (candidate.priceTicks - pick.priceTicks) + 0,
  }));
  return {
    steps: [...entrySteps, ...exitSteps],
    ambiguity: isCertain ? null : { alternatives, chosen, qty },
    trail: pick.order === null ? trail : null,
    trailTrigger: pick.order === null ? side * stay : NaN,
  };
}

/** Whether the bar can exit, ratchet or reach the target. Allocates nothing. */
function canTrailAct(
  trail: SimOrder,
  target: SimOrder | null,
  bar: BarRange,
  settings: MatchSettings,
): boolean {
  const best = trail.side < 0 ? bar.high : bar.low;
  if (target !== null && isReached(target, bar, settings)) return true;
  if (trail.isDormant()) return trail.side * (best - trail.activation) <= 0;
  if (trail.side * (trail.trailTrigger(best) - trail.stop) < 0) return true;
  return isReached(trail, bar, settings);
}

function trailCandidates(
  found: TrailingOutcomes,
  trail: SimOrder,
  target: SimOrder | null,
  side: number,
  bar: BarRange,
  settings: MatchSettings,
): TrailCandidate[] {
  const out: TrailCandidate[] = [];
  const exitAt = (base: number): void => {
    out.push({ order: trail, baseTicks: base, priceTicks: pathPrice(trail, base, bar, settings) });
  };
  if ((found.outcomes & OutcomeBit.open) !== 0) {
    out.push({ order: null, baseTicks: NaN, priceTicks: bar.close });
  }
  if ((found.outcomes & OutcomeBit.stop) !== 0) {
    exitAt(side * found.exitLow);
    if (found.exitHigh !== found.exitLow) exitAt(side * found.exitHigh);
  }
  if ((found.outcomes & OutcomeBit.target) !== 0) {
    out.push({ order: target, baseTicks: target!.limit, priceTicks: target!.limit });
  }
  return out;
}

interface Walked {
  readonly bit: number;
  readonly price: number;
  readonly trigger: number;
}

/** Follows one path of turning points, as a long sees it. */
export function walkTrailing(
  kind: EntryKind,
  entry: number,
  trigger0: number,
  triggerOf: (best: number) => number,
  targetReach: number,
  points: readonly number[],
): Walked {
  let isIn = kind === 'open';
  let trigger = Math.max(trigger0, isIn ? triggerOf(points[0]!) : -Infinity);
  for (let i = 1; i < points.length; i += 1) {
    const to = points[i]!;
    if (!isIn && (kind === 'rising' ? to >= entry : to <= entry)) {
      isIn = true;
      trigger = Math.max(trigger0, triggerOf(entry));
    }
    if (!isIn) continue;
    if (to >= targetReach) return { bit: OutcomeBit.target, price: NaN, trigger };
    if (to <= trigger) return { bit: OutcomeBit.stop, price: trigger, trigger };
    trigger = Math.max(trigger, triggerOf(to));
  }
  return { bit: OutcomeBit.open, price: NaN, trigger };
}

/** Index of the candidate that the walk reached; an exit between the two bounds becomes a candidate of its own. */
function insertWalked(
  candidates: TrailCandidate[],
  walked: Walked,
  side: number,
  trail: SimOrder,
  target: SimOrder | null,
  bar: BarRange,
  settings: MatchSettings,
): number {
  if (walked.bit === OutcomeBit.open) return candidates.findIndex((c) => c.order === null);
  if (walked.bit === OutcomeBit.target) return candidates.findIndex((c) => c.order === target);
  const base = side * walked.price;
  const at = candidates.findIndex((c) => c.order === trail && c.baseTicks === base);
  if (at >= 0) return at;
  const priceTicks = pathPrice(trail, base, bar, settings);
  candidates.push({ order: trail, baseTicks: base, priceTicks });
  return candidates.length - 1;
}
