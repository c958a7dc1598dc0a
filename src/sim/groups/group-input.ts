/** Groups as a participant sends them, how they are built in a few words, and what must be true of one before it is taken. */
import type { PeerRule } from '../../core/order.ts';
import type { MarketOrderInput } from '../exchange/market-order.ts';
import type { GroupRules, LegRole, LegShape } from '../../core/groups/group-state.ts';

/** One order of a group. */
export interface MarketLegInput {
  readonly order: MarketOrderInput;
  readonly role: LegRole;
  /** OTO: number of the leg, in the list, whose fills release this one. It stands before it. */
  readonly after?: number;
  /** Number of its set of peers: 0, 1, … All legs of a set have the same `after`. */
  readonly peers?: number;
  /**
   * Level in ticks from the average price of the leg that releases it, instead of a price: a target beyond it, a stop on
   * the other side. Rounded away from the market.
   */
  readonly offsetTicks?: number;
}

/** A group: it is accepted or rejected as a whole. */
export interface MarketGroupInput {
  /** Unique for the participant. */
  readonly groupId: string;
  readonly legs: readonly MarketLegInput[];
  /** What a fill does to the peers of the leg. `oco`: they go. `ouo`: they shrink to what is left. Default `ouo`. */
  readonly peers?: PeerRule;
  /** Children follow each fill of their parent (default), or wait until it is filled. */
  readonly release?: 'partial' | 'full';
  /** A leg that is cancelled, expires or is rejected takes its peers along. Default: with `oco` it does. */
  readonly onLegCancel?: 'cancel' | 'keep';
  /** What the first fill of an exit does to the rest of its entry. Default `keep`. */
  readonly onChildFill?: 'keep' | 'cancel-parent';
  /**
   * µs from a fill until what follows from it reaches the exchange, for a group that a broker holds: legs can then trade
   * too much. Default: the exchange holds the group, and nothing comes between.
   */
  readonly messageUs?: number;
}

export interface BracketInput {
  readonly groupId: string;
  readonly entry: MarketOrderInput;
  readonly stop: ExitInput;
  /** Quantities that are left out share what the others leave, the first ones more. */
  readonly targets: readonly ExitInput[];
  readonly release?: 'partial' | 'full';
  readonly peers?: PeerRule;
  readonly onLegCancel?: 'cancel' | 'keep';
  readonly onChildFill?: 'keep' | 'cancel-parent';
  readonly messageUs?: number;
}
/** An exit of a bracket: side, participant and quantity follow from the entry. */
export type ExitInput = Partial<MarketOrderInput> & {
  readonly clOrdId: string;
  readonly offsetTicks?: number;
};

/**
 * A bracket: the entry's fills release a stop and one or more targets, which shrink with each other's fills (OUO) and never
 * open a position (reduce-only), unless said otherwise. A target is a limit order, a stop a stop order.
 */
export function bracketOf(input: BracketInput): MarketGroupInput {
  const { groupId, entry, stop, targets, ...rules } = input;
  const given = targets.reduce((sum, target) => sum + (target.qty ?? 0), 0);
  const open = targets.filter((target) => target.qty === undefined).length;
  const left = entry.qty - given;
  let seen = 0;
  const exit = (each: ExitInput, role: 'stop' | 'target', qty: number): MarketLegInput => {
    const { offsetTicks, ...own } = each;
    const order: MarketOrderInput = {
      participant: entry.participant,
      side: entry.side === 1 ? -1 : 1,
      type: role === 'stop' ? 'stop' : 'limit',
      timeInForce: 'gtc',
      reduceOnly: true,
      ...(entry.group === undefined ? {} : { group: entry.group }),
      ...own,
      qty,
    };
    return {
      order,
      role,
      after: 0,
      peers: 0,
      ...(offsetTicks === undefined ? {} : { offsetTicks }),
    };
  };
  const exits = targets.map((target) => {
    if (target.qty !== undefined) return exit(target, 'target', target.qty);
    seen += 1;
    return exit(target, 'target', Math.floor(left / open) + (seen <= left % open ? 1 : 0));
  });
  return {
    groupId,
    legs: [{ order: entry, role: 'entry' }, ...exits, exit(stop, 'stop', stop.qty ?? entry.qty)],
    ...rules,
  };
}

/** Orders of which one is meant to trade. Default: the first fill cancels the others. */
export function ocoOf(
  groupId: string,
  orders: readonly (MarketOrderInput & { readonly role?: LegRole })[],
  rules: Omit<MarketGroupInput, 'groupId' | 'legs'> = {},
): MarketGroupInput {
  const legs = orders.map(({ role = 'peer', ...order }) => ({ order, role, peers: 0 }));
  return { groupId, legs, peers: 'oco', ...rules };
}

/**
 * Interactive Brokers' OCA types as rules. 1: cancel the rest. 2: reduce the rest, one order at a time at the exchange, so
 * that nothing overfills. 3: reduce the rest by messages, which may come too late. Source: TWS API, field `ocaType`.
 */
export function ocaRules(
  ocaType: 1 | 2 | 3,
  messageUs: number,
): Pick<MarketGroupInput, 'peers' | 'onLegCancel' | 'messageUs'> {
  if (ocaType === 1) return { peers: 'oco', onLegCancel: 'cancel' };
  if (ocaType === 2) return { peers: 'ouo', onLegCancel: 'keep' };
  return { peers: 'ouo', onLegCancel: 'keep', messageUs };
}

export function rulesOf(input: MarketGroupInput): GroupRules {
  const peers = input.peers ?? 'ouo';
  return {
    groupId: input.groupId,
    peers,
    release: input.release ?? 'partial',
    onLegCancel: input.onLegCancel ?? (peers === 'oco' ? 'cancel' : 'keep'),
    onChildFill: input.onChildFill ?? 'keep',
    messageUs: input.messageUs ?? -1,
  };
}

export function shapesOf(input: MarketGroupInput): LegShape[] {
  return input.legs.map(({ order, role, after = -1, peers = -1 }) => ({
    role,
    qty: order.qty,
    parent: after,
    set: peers,
  }));
}

export interface LegProblem {
  /** Number of the leg at fault. */
  readonly leg: number;
  readonly reason: string;
}

const LEGS_MAX = 32;

/** The order of a leg, with a level in place of one that is not known yet, so that the rest can be looked at. */
export function withLevel({ order, offsetTicks }: MarketLegInput): MarketOrderInput {
  if (offsetTicks === undefined) return order;
  const { type, stopTicks, limitTicks } = order;
  if (type === 'limit') return { ...order, limitTicks: limitTicks ?? 0 };
  // A limit keeps its distance from the trigger: it needs both.
  if (type === 'stop-limit' || type === 'limit-if-touched') return order;
  return { ...order, stopTicks: stopTicks ?? 0 };
}

/**
 * What is wrong with the shape of a group, and with which of its legs, or null. `lastTicks`, NaN where unknown: what a
 * market entry is compared with.
 */
export function groupProblem(input: MarketGroupInput, lastTicks: number): LegProblem | null {
  const { legs, messageUs } = input;
  const isShort = legs.length < 2 || legs.length > LEGS_MAX;
  const isLate = messageUs !== undefined && !(Number.isSafeInteger(messageUs) && messageUs >= 0);
  if (isShort || isLate) return { leg: 0, reason: 'invalid-group' };
  for (let leg = 0; leg < legs.length; leg += 1) {
    const reason = legProblem(legs, leg) ?? levelProblem(legs, leg, lastTicks);
    if (reason !== null) return { leg, reason };
  }
  return shareProblem(legs);
}

function legProblem(legs: readonly MarketLegInput[], index: number): string | null {
  const { order, role, after = -1, peers = -1, offsetTicks } = legs[index]!;
  if (!(Number.isInteger(after) && after >= -1 && after < index)) return 'invalid-group';
  if (!(Number.isInteger(peers) && peers >= -1 && peers < LEGS_MAX)) return 'invalid-group';
  // A leg that nothing releases and that has no peers is the root of the group.
  if (after < 0 && peers < 0 && (index > 0 || role !== 'entry')) return 'invalid-group';
  if (order.participant !== legs[0]!.order.participant) return 'invalid-group';
  const set = legs.filter((leg) => (leg.peers ?? -1) === peers && peers >= 0);
  if (set.some((leg) => (leg.after ?? -1) !== after)) return 'invalid-group';
  for (let k = 0; k < peers; k += 1)
    if (!legs.some((leg) => leg.peers === k)) return 'invalid-group';
  const isImmediate = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
  if (isImmediate && (after >= 0 || peers >= 0)) return 'unsupported-time-in-force';
  if (offsetTicks === undefined) return null;
  if (after < 0 || role === 'entry' || role === 'peer') return 'invalid-group';
  return Number.isSafeInteger(offsetTicks) && offsetTicks > 0 ? null : 'off-grid';
}

/** Exits that stand on the wrong side of their entry. */
function levelProblem(
  legs: readonly MarketLegInput[],
  index: number,
  lastTicks: number,
): string | null {
  const { order, role, after = -1, offsetTicks } = legs[index]!;
  if (role !== 'stop' && role !== 'target') return null;
  const entry = legs[after]?.order;
  if (entry === undefined) return peerLevelProblem(legs, index);
  if (order.side === entry.side) return 'invalid-group';
  if (offsetTicks !== undefined) return null;
  const reference = referenceOf(entry, lastTicks);
  const level = levelOf(order, role);
  const away = role === 'stop' ? -entry.side : entry.side;
  return (level - reference) * away <= 0 ? 'inverted-bracket' : peerLevelProblem(legs, index);
}

/** A stop stands on its side of the targets of its set. */
function peerLevelProblem(legs: readonly MarketLegInput[], index: number): string | null {
  const { order, role, peers } = legs[index]!;
  if (role !== 'stop') return null;
  for (const each of legs) {
    if (each.role !== 'target' || each.peers !== peers || each.offsetTicks !== undefined) continue;
    if (each.order.side !== order.side) return 'invalid-group';
    const beyond = levelOf(each.order, 'target') - levelOf(order, 'stop');
    if (beyond * -order.side <= 0) return 'inverted-bracket';
  }
  return null;
}

/** The price at which an entry is expected. NaN where it is not known: then nothing is compared. */
function referenceOf(entry: MarketOrderInput, lastTicks: number): number {
  if (entry.type === 'limit' || entry.type === 'limit-if-touched') return entry.limitTicks ?? NaN;
  return entry.stopTicks ?? lastTicks;
}

/** A trailing stop without a trigger has no level yet. */
function levelOf(order: MarketOrderInput, role: 'stop' | 'target'): number {
  const [first, second] =
    role === 'stop' ? [order.stopTicks, order.limitTicks] : [order.limitTicks, order.stopTicks];
  return first ?? second ?? NaN;
}

/** Exits of one kind are not for more than their entry is. */
function shareProblem(legs: readonly MarketLegInput[]): LegProblem | null {
  for (let leg = 0; leg < legs.length; leg += 1) {
    const { role, after = -1, peers = -1, order } = legs[leg]!;
    if (after < 0) continue;
    const lane = legs.filter(
      (each) =>
        each === legs[leg] ||
        (role !== 'peer' &&
          role !== 'entry' &&
          peers >= 0 &&
          each.peers === peers &&
          each.role === role),
    );
    const sum = lane.reduce((total, each) => total + each.order.qty, 0);
    if (sum > legs[after]!.order.qty || !(order.qty > 0)) return { leg, reason: 'group-qty' };
  }
  return null;
}
