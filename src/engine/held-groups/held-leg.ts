/** An order of a group that we hold: what the group wants of it, and what the venue has of it. */
import type { NewOrderRequest, OrderGroupRequest } from '../../core/execution.ts';
import type { GroupState, LegShape } from '../../core/groups/group-state.ts';
import { openGroup } from '../../core/groups/group-state.ts';
import type { VenueOrderId } from '../../core/order.ts';
import type { PriceTicks, Qty } from '../../core/units.ts';

/** The order as the venue has it. One that was taken off comes back as another, under an id of its own. */
export interface Wire {
  readonly id: string;
  orderId: VenueOrderId | null;
  qty: number;
  cum: number;
  limitTicks: number | null;
  stopTicks: number | null;
  /** The request that was sent and not answered. */
  pending: 'new' | 'replace' | 'cancel' | null;
  /** The user asked for it, and hears the answer. */
  isByUser: boolean;
  /** Nobody knows what became of the request. */
  isLost: boolean;
  asked: {
    readonly qty: number;
    readonly limitTicks: number | null;
    readonly stopTicks: number | null;
  };
}

export interface Leg {
  readonly order: NewOrderRequest;
  /** Ticks from the average price of the entry, or null. */
  readonly offsetTicks: number | null;
  limitTicks: number | null;
  stopTicks: number | null;
  /** The engine was told that it is accepted. */
  isAccepted: boolean;
  /** Quantity that the engine was told last, and contracts that were released. */
  toldQty: number;
  toldUpTo: number;
  /** Ids used so far. */
  wires: number;
  wire: Wire | null;
  /** Contracts that earlier wires traded. */
  priorCum: number;
  costTicks: number;
  /** Why the group ended it. */
  reason: string;
  hasEnded: boolean;
  /** The venue would not have it. */
  hasFailed: boolean;
}

export interface Held {
  readonly request: OrderGroupRequest;
  readonly state: GroupState;
  readonly legs: readonly Leg[];
  /** Since when contracts of the entry stand without a confirmed stop; Infinity while none do. */
  bareUs: number;
  isFlattening: boolean;
  /** Contracts that were sent to be closed: those left bare, and those traded too much. */
  flattenedQty: number;
  excessQty: number;
  closedExcessQty: number;
}

export function openHeld(request: OrderGroupRequest): Held {
  const { entry, children, peers, release, groupId } = request;
  const parent = entry === null ? -1 : 0;
  const set = peers === 'none' ? -1 : 0;
  const shapes: LegShape[] = [];
  const legs: Leg[] = [];
  const add = (
    order: NewOrderRequest,
    shape: Omit<LegShape, 'role' | 'qty'>,
    qty: number,
    offsetTicks: number | null,
  ): void => {
    const role = order.role === 'single' ? 'peer' : order.role;
    shapes.push({ role, qty, ...shape });
    const { spec } = order;
    legs.push({
      order,
      offsetTicks,
      limitTicks: 'limitTicks' in spec ? spec.limitTicks : null,
      stopTicks: 'stopTicks' in spec ? (spec.stopTicks ?? null) : null,
      isAccepted: false,
      toldQty: qty,
      toldUpTo: 0,
      wires: 0,
      wire: null,
      priorCum: 0,
      costTicks: 0,
      reason: '',
      hasEnded: false,
      hasFailed: false,
    });
  };
  if (entry !== null) add(entry, { parent: -1, set: -1 }, entry.spec.qty, null);
  for (const { order, level, groupQty } of children)
    add(
      order,
      { parent, set },
      Math.min(groupQty, order.spec.qty),
      level !== undefined && 'offsetTicks' in level ? level.offsetTicks : null,
    );
  const rules = {
    groupId,
    peers,
    release,
    onLegCancel: peers === 'oco' ? 'cancel' : 'keep',
    onChildFill: 'keep',
    messageUs: 0,
  } as const;
  return {
    request,
    state: openGroup(rules, shapes),
    legs,
    bareUs: Infinity,
    isFlattening: false,
    flattenedQty: 0,
    excessQty: 0,
    closedExcessQty: 0,
  };
}

/** The request for a wire of `qty` contracts. A venue without reduce-only is not told of it: the quantity sees to it. */
export function wireRequest(
  leg: Leg,
  wire: Wire,
  hasReduceOnly: boolean,
  sentUs: NewOrderRequest['sentUs'],
): NewOrderRequest {
  const { reduceOnly, ...plain } = leg.order.spec;
  const spec = {
    ...plain,
    ...(hasReduceOnly && reduceOnly === true ? { reduceOnly } : {}),
    qty: wire.qty as Qty,
    ...(wire.limitTicks === null ? {} : { limitTicks: wire.limitTicks as PriceTicks }),
    ...(wire.stopTicks === null ? {} : { stopTicks: wire.stopTicks as PriceTicks }),
  } as NewOrderRequest['spec'];
  return {
    ...leg.order,
    clOrdId: wire.id as NewOrderRequest['clOrdId'],
    spec,
    groupId: null,
    sentUs,
  };
}

/** Level of an exit that follows its entry: a fractional average never brings it nearer to the market. */
export function followEntry(held: Held, leg: Leg, role: string): void {
  if (leg.offsetTicks === null) return;
  const cum = held.state.legs[0]!.cum;
  if (cum === 0) return;
  const average = held.legs[0]!.costTicks / cum;
  const isBelow = (role === 'stop') === leg.order.spec.side < 0;
  const ticks = isBelow
    ? Math.floor(average) - leg.offsetTicks
    : Math.ceil(average) + leg.offsetTicks;
  const { type } = leg.order.spec;
  if (type === 'limit') {
    leg.limitTicks = ticks;
    return;
  }
  // A trail that has begun does not fall back, and a limit keeps its distance from the stop.
  if (type.startsWith('trailing') && leg.wires > 0) return;
  if (leg.limitTicks !== null && leg.stopTicks !== null) leg.limitTicks += ticks - leg.stopTicks;
  leg.stopTicks = ticks;
}
