/** Requests of the engine as the market of one contract understands them. */
import type { NewOrderRequest, OrderGroupRequest } from '../../core/execution.ts';
import type { TriggerSource } from '../../core/order.ts';
import type { MarketOrderInput } from '../exchange/market-order.ts';
import type { MarketGroupInput, MarketLegInput } from '../groups/group-input.ts';
import type { GroupRules, VenueProfile } from '../../core/venues/types.ts';

/** The one participant: the account of the run. Its orders do not trade with each other. */
export const ACCOUNT = 1;

export interface OrderRules {
  readonly profile: VenueProfile;
  /** What elects a stop that does not say: the quote, where the data have no prints. */
  readonly trigger: TriggerSource;
  /** µs of a message between the orders of a group that we hold. */
  readonly ownMessageUs: number;
}

export function toMarketOrder(request: NewOrderRequest, rules: OrderRules): MarketOrderInput {
  const { spec, clOrdId } = request;
  const { features } = rules.profile.capabilities;
  const { expireUs, displayQty, protectionTicks, trigger = rules.trigger } = spec;
  return {
    participant: ACCOUNT,
    group: ACCOUNT,
    clOrdId,
    side: spec.side,
    type: spec.type,
    qty: spec.qty,
    timeInForce: spec.timeInForce ?? 'day',
    trigger,
    ...('limitTicks' in spec ? { limitTicks: spec.limitTicks } : {}),
    ...('stopTicks' in spec && spec.stopTicks !== undefined ? { stopTicks: spec.stopTicks } : {}),
    ...('trail' in spec ? { trail: spec.trail } : {}),
    ...('limitOffsetTicks' in spec ? { limitOffsetTicks: spec.limitOffsetTicks } : {}),
    ...(spec.type === 'limit' && spec.postOnly === true ? { postOnly: 'reject' as const } : {}),
    ...(expireUs === undefined ? {} : { expireUs }),
    ...(displayQty === undefined ? {} : { displayQty }),
    ...(protectionTicks === undefined ? {} : { protectionTicks }),
    // A venue without reduce-only has the exits of a group as plain orders.
    ...(spec.reduceOnly === true && features.reduceOnly ? { reduceOnly: true } : {}),
  };
}

export function toMarketGroup(request: OrderGroupRequest, rules: OrderRules): MarketGroupInput {
  const { entry, children, peers, release, groupId } = request;
  const { groups } = rules.profile;
  const isAtomic = groups.isAtomic || (entry === null && isBlocked(peers, groups));
  const legs: MarketLegInput[] = [];
  if (entry !== null) legs.push({ order: toMarketOrder(entry, rules), role: 'entry' });
  for (const { order, level, groupQty } of children) {
    const input = toMarketOrder(order, rules);
    const at =
      level !== undefined && 'ticks' in level
        ? { ...input, ...atLevel(input, level.ticks) }
        : input;
    legs.push({
      order: { ...at, qty: groupQty },
      role: order.role === 'stop' || order.role === 'target' ? order.role : 'peer',
      ...(entry === null ? {} : { after: 0 }),
      ...(peers === 'none' && entry !== null ? {} : { peers: 0 }),
      ...(level !== undefined && 'offsetTicks' in level ? { offsetTicks: level.offsetTicks } : {}),
    });
  }
  return {
    groupId,
    legs,
    peers,
    release,
    ...(peers === 'oco' && isAtomic ? {} : { onLegCancel: groups.onLegCancel }),
    ...(isAtomic ? {} : { messageUs: messageUsOf(request, rules) }),
  };
}

/** A broker that blocks lets no peer fill while one does. */
function isBlocked(peers: OrderGroupRequest['peers'], { blocks }: GroupRules): boolean {
  return peers !== 'none' && blocks.includes(peers);
}

/** What the venue cannot hold we do: a fill must reach us before our message can leave. */
function messageUsOf(request: OrderGroupRequest, { profile, ownMessageUs }: OrderRules): number {
  const { entry, children, peers } = request;
  const targets = children.filter((child) => child.order.role === 'target').length;
  const kind = targets > 1 ? 'multi-target' : entry !== null ? 'bracket' : peers;
  const isOurs = profile.emulated.some(({ what }) => what === kind);
  return isOurs ? ownMessageUs : profile.groups.actionMs * 1000;
}

function atLevel(input: MarketOrderInput, ticks: number): Partial<MarketOrderInput> {
  return input.type === 'limit' ? { limitTicks: ticks } : { stopTicks: ticks };
}

/** Why the venue refuses a group by its own rules, or null. */
export function profileProblem(request: OrderGroupRequest, profile: VenueProfile): string | null {
  for (const { level, order } of request.children) {
    if (order.role !== 'stop' || level === undefined || !('offsetTicks' in level)) continue;
    if (level.offsetTicks < profile.stopTicksMin) return 'stop-too-near';
  }
  return null;
}
