/**
 * Groups of orders as a pure state machine: what happened to one leg goes in, what must be done to the others comes out.
 * A group is a forest: a leg may wait for the fills of its parent (OTO), and legs of one set are peers (OCO, OUO). The
 * machine knows contracts and nothing else: no prices, no book, no clock.
 *
 * The state of a group is plain data, whole numbers and strings: `JSON.stringify` of it is its snapshot, and the functions
 * below go on from a parsed one. A market shows its groups with `groups()` and messages on their way with `messages()`.
 */
import type { PeerRule } from '../order.ts';
import { releaseShares, rescaleShares } from './shares.ts';

/** `target` and `stop` legs of a set share its contracts among their kind; a `peer` stands for all of them. */
export type LegRole = 'entry' | 'stop' | 'target' | 'peer';

export interface GroupLeg {
  readonly role: LegRole;
  /** Number of the leg whose fills release it, or -1. */
  readonly parent: number;
  /** Number of its set of peers, or -1. */
  readonly set: number;
  /** Contracts that it is for when its parent is filled. */
  share: number;
  /** Quantity of the order now: its share, less what its peers took. */
  qty: number;
  cum: number;
  /** Contracts that fills of the parent have released; its share without a parent. */
  released: number;
  /** Contracts up to which it may have traded now: it works for `upTo - cum`. */
  upTo: number;
  isOpen: boolean;
  /** The group has told it to go. */
  isTold: boolean;
}

export interface GroupSet {
  /** Parent of all its legs, or -1. */
  readonly parent: number;
  readonly rule: PeerRule;
  /** Contracts that its legs have traded together. */
  executed: number;
  /** Without a parent: contracts for which the set stands. */
  base: number;
  /** With a parent: contracts that a change by the user took off the parent's. */
  trim: number;
  /** Contracts without a stop, as last told. */
  exposed: number;
}

export interface GroupState {
  readonly groupId: string;
  /** `partial`: children follow each fill of the parent; `full`: they wait for the last one. */
  readonly release: 'partial' | 'full';
  /** What the end of a leg, other than by its fills or the group, does to its peers. */
  readonly onLegCancel: 'cancel' | 'keep';
  /** What the first fill of a child does to the rest of its parent. */
  readonly onChildFill: 'keep' | 'cancel-parent';
  /** µs that an action needs to reach the exchange; -1: the exchange holds the group, and acts at once. */
  readonly messageUs: number;
  readonly legs: GroupLeg[];
  readonly sets: GroupSet[];
}

export interface LegShape {
  readonly role: LegRole;
  readonly qty: number;
  readonly parent: number;
  readonly set: number;
}

export type GroupFlag = 'oco-overfill' | 'unprotected-remainder';
/** What must be done to a leg, in order. */
export type GroupAction =
  | { readonly kind: 'cancel'; readonly leg: number; readonly reason: string }
  | { readonly kind: 'resize'; readonly leg: number; readonly qty: number; readonly reason: string }
  /** The leg works until it has traded `upTo` contracts. */
  | { readonly kind: 'work'; readonly leg: number; readonly upTo: number }
  /** `qty`: contracts too many, or without a stop. `leg`: whose event showed it. */
  | { readonly kind: 'flag'; readonly leg: number; readonly qty: number; readonly flag: GroupFlag };

export interface GroupRules {
  readonly groupId: string;
  readonly peers: PeerRule;
  readonly release: 'partial' | 'full';
  readonly onLegCancel: 'cancel' | 'keep';
  readonly onChildFill: 'keep' | 'cancel-parent';
  readonly messageUs: number;
}

/** A group before anything has happened. The shape has been checked. */
export function openGroup(rules: GroupRules, shapes: readonly LegShape[]): GroupState {
  const { groupId, release, onLegCancel, onChildFill, messageUs, peers } = rules;
  const legs = shapes.map(({ role, qty, parent, set }): GroupLeg => {
    const free = parent < 0 ? qty : 0;
    return {
      role,
      parent,
      set,
      share: qty,
      qty,
      cum: 0,
      released: free,
      upTo: free,
      isOpen: true,
      isTold: false,
    };
  });
  const count = Math.max(-1, ...shapes.map((shape) => shape.set)) + 1;
  const sets = Array.from({ length: count }, (_, index): GroupSet => {
    const parent = legs.find((leg) => leg.set === index)!.parent;
    return { parent, rule: peers, executed: 0, base: 0, trim: 0, exposed: 0 };
  });
  const state = { groupId, release, onLegCancel, onChildFill, messageUs, legs, sets };
  sets.forEach((set, index) => (set.base = set.parent < 0 ? largestLane(state, index) : 0));
  return state;
}

/** A leg traded `qty` more contracts. */
export function legFilled(state: GroupState, index: number, qty: number, out: GroupAction[]): void {
  const leg = state.legs[index]!;
  leg.cum += qty;
  if (leg.cum >= leg.qty) leg.isOpen = false;
  if (leg.set >= 0) {
    const set = state.sets[leg.set]!;
    set.executed += qty;
    const excess = set.rule === 'none' ? 0 : set.executed - targetNow(state, set);
    if (excess > 0) out.push({ kind: 'flag', leg: index, qty: excess, flag: 'oco-overfill' });
    if (set.rule === 'oco') tellPeers(state, index, 'oco-peer', out);
  }
  const parent = state.legs[leg.parent];
  if (parent !== undefined && state.onChildFill === 'cancel-parent')
    tell(state, leg.parent, 'child-filled', out);
  if (leg.isOpen) releaseChildren(state, index, out);
  else endChildren(state, index, out);
  if (leg.set >= 0) refresh(state, leg.set, index, out);
}

export interface LegEnd {
  /** It went because the group told it to. */
  readonly isByGroup: boolean;
  /** The exchange would not have it. */
  readonly isFailure: boolean;
}

/** A leg ended before it was filled: cancelled, expired or rejected. */
export function legEnded(state: GroupState, index: number, end: LegEnd, out: GroupAction[]): void {
  const leg = state.legs[index]!;
  if (!leg.isOpen) return;
  leg.isOpen = false;
  const set = state.sets[leg.set];
  if (set !== undefined && !end.isByGroup) {
    // One that fails on arrival takes its peers along; exits of a fill stay, for they protect it.
    const isAlone = end.isFailure && leg.parent < 0;
    if (isAlone || state.onLegCancel === 'cancel') tellPeers(state, index, 'oco-peer', out);
  }
  if (end.isFailure && leg.parent >= 0) tell(state, leg.parent, 'child-failed', out);
  endChildren(state, index, out);
  if (leg.set >= 0) refresh(state, leg.set, index, out);
}

/** Why a leg may not have that quantity, or null. */
export function legQtyProblem(state: GroupState, index: number, qty: number): string | null {
  const leg = state.legs[index]!;
  if (leg.parent < 0) return null;
  const set = state.sets[leg.set];
  const parent = state.legs[leg.parent]!;
  const most = (parent.isOpen ? parent.qty : parent.cum) - (set?.executed ?? leg.cum);
  const others = set === undefined ? 0 : laneLeaves(state, index) - (leg.qty - leg.cum);
  return others + qty - leg.cum > most ? 'group-qty' : null;
}

/** The user gave a leg another quantity. */
export function legReplaced(
  state: GroupState,
  index: number,
  qty: number,
  out: GroupAction[],
): void {
  const leg = state.legs[index]!;
  const before = leg.qty;
  if (qty === before) return;
  const isFree = isWhole(state, leg);
  leg.share = qty;
  leg.qty = qty;
  if (isFree) leg.released = leg.upTo = qty;
  rescaleChildren(state, index, before, out);
  const set = state.sets[leg.set];
  if (set === undefined) {
    if (state.legs[leg.parent]?.isOpen === true) releaseChildren(state, leg.parent, out);
    return;
  }
  const parent = state.legs[leg.parent];
  if (set.rule === 'ouo') {
    const left = laneLeaves(state, index);
    if (parent === undefined) set.base = set.executed + left;
    else set.trim = (parent.isOpen ? parent.qty : parent.cum) - set.executed - left;
    state.legs.forEach((peer, k) => {
      if (k === index || peer.set !== leg.set || !peer.isOpen || peer.isTold) return;
      if (isSameLane(peer, leg)) return;
      const isOnly = laneOf(state, k).filter((each) => each.isOpen).length === 1;
      const leaves = isOnly ? left : Math.min(left, peer.qty - peer.cum);
      resize(state, k, peer.cum + leaves, out);
      peer.share = peer.qty;
    });
  } else if (parent === undefined) set.base = largestLane(state, leg.set);
  if (parent?.isOpen === true) releaseChildren(state, leg.parent, out);
  refresh(state, leg.set, index, out);
}

/** Self-trade prevention made the order smaller; its peers stay. */
export function legCut(state: GroupState, index: number, qty: number, out: GroupAction[]): void {
  const leg = state.legs[index]!;
  leg.qty = qty;
  if (leg.parent < 0) leg.upTo = Math.min(leg.upTo, qty);
  if (leg.set >= 0) refresh(state, leg.set, index, out);
}

/** Whether all of the order may work: its parent is through, or it has none. */
export function isReleased(state: GroupState, index: number): boolean {
  return isWhole(state, state.legs[index]!);
}

/** Whether fills of its parent may still release more of a leg. */
export function mayGrow(state: GroupState, index: number): boolean {
  const leg = state.legs[index]!;
  return leg.parent >= 0 && state.legs[leg.parent]!.isOpen && !leg.isTold;
}

/** Whether nothing of the group can trade any more. */
export function isGroupDone(state: GroupState): boolean {
  return state.legs.every((leg) => !leg.isOpen);
}

// ------------------------------------------------------------------------------------------------------- rules

/** Contracts that the set may have traded by now. */
function targetNow(state: GroupState, set: GroupSet): number {
  if (set.parent < 0) return set.base;
  return Math.min(releasedBy(state, set.parent), reachOf(state, set));
}

/** Contracts that the set may come to trade, once its parent is through. */
function reachOf(state: GroupState, set: GroupSet): number {
  const parent = state.legs[set.parent];
  if (parent === undefined) return set.base;
  return (parent.isOpen ? parent.qty : parent.cum) - set.trim;
}

/** Contracts of a parent that its children may close. */
function releasedBy(state: GroupState, parent: number): number {
  const { isOpen, cum, qty } = state.legs[parent]!;
  if (state.release === 'partial') return cum;
  return isOpen || cum < qty ? 0 : cum;
}

/** Sizes the legs of a set by what is left, and tells what has no stop. */
function refresh(state: GroupState, index: number, cause: number, out: GroupAction[]): void {
  const set = state.sets[index]!;
  const isReduced = set.rule === 'ouo';
  const parent = state.legs[set.parent];
  const isLast = parent !== undefined && !parent.isOpen;
  const left = reachOf(state, set) - set.executed;
  const open = targetNow(state, set) - set.executed;
  let stopQty = 0;
  let hasStop = false;
  state.legs.forEach((leg, k) => {
    if (leg.set !== index) return;
    hasStop ||= leg.role === 'stop';
    if (!leg.isOpen || leg.isTold) return;
    // What the parent has not released by its end it never will.
    const room = Math.min(isLast ? leg.released : leg.qty, isReduced ? leg.cum + left : Infinity);
    if (room <= leg.cum) {
      tell(state, k, isLast && leg.released <= leg.cum ? 'parent-ended' : 'oco-peer', out);
      return;
    }
    const qty = Math.min(leg.qty, room);
    const most = isReduced ? Math.min(qty - leg.cum, open) : qty - leg.cum;
    if (!isWhole(state, leg))
      work(leg, k, leg.cum + Math.max(0, Math.min(leg.released - leg.cum, most)), out);
    resize(state, k, qty, out);
    if (leg.role === 'stop') stopQty += leg.upTo - leg.cum;
  });
  if (!hasStop) return;
  const held = (set.parent < 0 ? set.base : state.legs[set.parent]!.cum) - set.executed;
  const exposed = Math.max(0, held - stopQty);
  if (exposed === set.exposed) return;
  set.exposed = exposed;
  if (exposed > 0)
    out.push({ kind: 'flag', leg: cause, qty: exposed, flag: 'unprotected-remainder' });
}

function resize(state: GroupState, index: number, qty: number, out: GroupAction[]): void {
  const leg = state.legs[index]!;
  if (qty === leg.qty) return;
  const isFree = isWhole(state, leg);
  leg.qty = qty;
  if (isFree) leg.released = leg.upTo = qty;
  out.push({ kind: 'resize', leg: index, qty, reason: 'ouo-peer' });
}

/** Nothing of the leg waits for a parent any more: all of it may work. */
function isWhole(state: GroupState, leg: GroupLeg): boolean {
  return !(state.legs[leg.parent]?.isOpen ?? false) && leg.upTo === leg.qty;
}

function work(leg: GroupLeg, index: number, upTo: number, out: GroupAction[]): void {
  if (upTo === leg.upTo) return;
  leg.upTo = upTo;
  out.push({ kind: 'work', leg: index, upTo });
}

function tell(state: GroupState, index: number, reason: string, out: GroupAction[]): void {
  const leg = state.legs[index]!;
  if (!leg.isOpen || leg.isTold) return;
  leg.isTold = true;
  out.push({ kind: 'cancel', leg: index, reason });
}

function tellPeers(state: GroupState, index: number, reason: string, out: GroupAction[]): void {
  const { set } = state.legs[index]!;
  state.legs.forEach((peer, k) => {
    if (k !== index && peer.set === set) tell(state, k, reason, out);
  });
}

// ---------------------------------------------------------------------------------------------------- children

/** Sets of the children of a leg; -1 stands for children without peers. */
function childSets(state: GroupState, parent: number): Set<number> {
  return new Set(state.legs.filter((leg) => leg.parent === parent).map((leg) => leg.set));
}

function releaseChildren(state: GroupState, parent: number, out: GroupAction[]): void {
  const qty = releasedBy(state, parent);
  const isFlagged = state.release === 'full' && state.legs[parent]!.cum > 0;
  for (const set of childSets(state, parent)) {
    if (qty > 0) apportion(state, parent, set, qty);
    if (set < 0) workAlone(state, parent, out);
    else if (qty > 0 || isFlagged) refresh(state, set, parent, out);
  }
}

/** Children without peers. */
function workAlone(state: GroupState, parent: number, out: GroupAction[]): void {
  state.legs.forEach((leg, k) => {
    if (leg.parent === parent && leg.set < 0 && leg.isOpen && !leg.isTold)
      work(leg, k, Math.max(leg.cum, Math.min(leg.released, leg.qty)), out);
  });
}

/** The parent trades no more: children stay for what it traded, and only for that. */
function endChildren(state: GroupState, parent: number, out: GroupAction[]): void {
  const qty = releasedBy(state, parent);
  for (const set of childSets(state, parent)) if (qty > 0) apportion(state, parent, set, qty);
  state.legs.forEach((leg, k) => {
    if (leg.parent !== parent || !leg.isOpen || leg.isTold) return;
    if (leg.released <= leg.cum) tell(state, k, 'parent-ended', out);
    else if (leg.set < 0 && leg.released < leg.qty) resize(state, k, leg.released, out);
  });
  for (const set of childSets(state, parent)) {
    if (set >= 0) refresh(state, set, parent, out);
    else workAlone(state, parent, out);
  }
}

/** Shares out what the parent has traded. */
function apportion(state: GroupState, parent: number, set: number, cum: number): void {
  const { qty } = state.legs[parent]!;
  for (const lane of lanesOf(state, parent, set)) releaseShares(lane, cum, qty);
}

/** The quantity of the parent changed: each child keeps its part of it. */
function rescaleChildren(
  state: GroupState,
  parent: number,
  before: number,
  out: GroupAction[],
): void {
  const after = state.legs[parent]!.qty;
  for (const set of childSets(state, parent)) {
    for (const lane of lanesOf(state, parent, set)) {
      rescaleShares(lane, after, before);
      lane.forEach((leg) => {
        if (!leg.isOpen || leg.isTold) return;
        const index = state.legs.indexOf(leg);
        if (leg.share <= leg.cum) tell(state, index, 'parent-resized', out);
        else resize(state, index, leg.share, out);
      });
    }
    if (set >= 0) state.sets[set]!.trim = 0;
  }
  if (state.legs[parent]!.isOpen) releaseChildren(state, parent, out);
}

// ------------------------------------------------------------------------------------------------------- lanes

function isSameLane(a: GroupLeg, b: GroupLeg): boolean {
  return a.set === b.set && a.set >= 0 && a.role === b.role && isShared(a);
}

function isShared(leg: GroupLeg): boolean {
  return leg.role === 'stop' || leg.role === 'target';
}

/** Legs that share the contracts of their set with this one, itself included. */
function laneOf(state: GroupState, index: number): GroupLeg[] {
  const leg = state.legs[index]!;
  return state.legs.filter((each) => each === leg || isSameLane(each, leg));
}

function lanesOf(state: GroupState, parent: number, set: number): GroupLeg[][] {
  const legs = state.legs.filter((leg) => leg.parent === parent && leg.set === set);
  return legs
    .filter((leg, k) => legs.findIndex((each) => each === leg || isSameLane(each, leg)) === k)
    .map((first) => legs.filter((leg) => leg === first || isSameLane(leg, first)));
}

function laneLeaves(state: GroupState, index: number): number {
  let sum = 0;
  for (const leg of laneOf(state, index)) if (leg.isOpen) sum += leg.qty - leg.cum;
  return sum;
}

/** Contracts for which a set without a parent stands. */
function largestLane(state: GroupState, set: number): number {
  let most = 0;
  for (const lane of lanesOf(state, -1, set))
    most = Math.max(
      most,
      lane.reduce((sum, leg) => sum + leg.qty, 0),
    );
  return most;
}
