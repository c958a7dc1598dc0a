/** Orders of the core as the venue takes them; what it lacks is refused by name, never approximated. */
import type { OrderGroupRequest, VenueCapabilities } from '../../core/execution.ts';
import type { ClOrdId, OrderSpec } from '../../core/order.ts';
import type { PlaceOrder, PxBracket } from './endpoints.ts';
import type { VenueContract } from './venue-contract.ts';

/** The venue's own limit, in ticks, of a trailing stop that is placed. */
const TRAIL_TICKS_MAX = 1000;
const STOP_TICKS_MIN = 4;

export function capabilitiesOf(options: {
  readonly hasBrackets: boolean;
  readonly hasDay: boolean;
}): VenueCapabilities {
  return {
    venue: 'PROJECTX',
    orderTypes: ['market', 'limit', 'stop', 'trailing-stop'],
    // The venue has no such field: the adapter cancels what has an end.
    timesInForce: options.hasDay ? ['gtc', 'day', 'gtd'] : ['gtc', 'gtd'],
    triggers: ['last'],
    features: {
      replace: true,
      reduceOnly: false,
      postOnly: false,
      iceberg: false,
      protection: false,
      groups: options.hasBrackets ? ['bracket'] : [],
    },
  };
}

/**
 * What stands in the way of this order, in words; null when the venue has all that it asks for. Reduce-only is left to the
 * engine, which refuses it to a strategy here and asks for it itself only where it knows the position.
 */
export function whyNotOrder(spec: OrderSpec, capabilities: VenueCapabilities): string | null {
  if (!capabilities.orderTypes.includes(spec.type)) return `the venue has no ${spec.type} orders`;
  const timeInForce = spec.timeInForce ?? 'day';
  if (!capabilities.timesInForce.includes(timeInForce))
    return `time in force ${timeInForce} cannot be kept`;
  if (timeInForce === 'gtd' && spec.expireUs === undefined) return 'gtd without a time';
  if (spec.displayQty !== undefined) return 'the venue has no iceberg orders';
  if (spec.protectionTicks !== undefined) return 'the venue has no protection of market orders';
  if (spec.trigger !== undefined && spec.trigger !== 'last')
    return `the venue triggers on the last trade, not on ${spec.trigger}`;
  if (spec.type === 'limit' && spec.postOnly === true) return 'the venue has no post-only orders';
  if (spec.type === 'trailing-stop') {
    if (spec.trail.offsetTicks === undefined) return 'a trail is stated in ticks';
    if (spec.trail.activationTicks !== undefined) return 'a trail cannot wait for a price';
  }
  return null;
}

/** The fields of a request by type. `lastPrice` NaN: not known. Returns a reason where it cannot be priced. */
export function pricesOf(
  spec: OrderSpec,
  contract: VenueContract,
  lastPrice: number,
): Pick<PlaceOrder, 'type' | 'limitPrice' | 'stopPrice' | 'trailPrice'> | string {
  switch (spec.type) {
    case 'market':
      return { type: 'market' };
    case 'limit':
      return { type: 'limit', limitPrice: contract.toPrice(spec.limitTicks) };
    case 'stop':
      return { type: 'stop', stopPrice: contract.toPrice(spec.stopTicks) };
    case 'trailing-stop': {
      const distance = contract.toVenueTicks(spec.trail.offsetTicks ?? NaN);
      if (distance === null || distance < 1) return 'invalid-trail';
      if (distance > TRAIL_TICKS_MAX) return 'trail-too-far';
      if (Number.isNaN(lastPrice)) return 'no-last-price';
      // A level, which the venue turns back into a distance from its last price, cut to whole ticks.
      const last = Math.round(lastPrice / contract.grid.increment);
      const level = last + spec.side * distance * contract.countsPerTick;
      return { type: 'trailing-stop', trailPrice: contract.toPrice(level as never) };
    }
    default:
      return 'venue-capability';
  }
}

export interface BracketPlan {
  readonly bracket: PxBracket;
  readonly stopId: ClOrdId | null;
  readonly targetId: ClOrdId | null;
}

/** A bracket that the venue holds exactly as it is meant; otherwise what stands in the way, in words. */
export function toBracket(
  request: OrderGroupRequest,
  contract: VenueContract,
  capabilities: VenueCapabilities,
): BracketPlan | string {
  const { entry, children } = request;
  if (!capabilities.features.groups.includes('bracket'))
    return 'the account has no Auto OCO brackets';
  if (entry === null) return 'the venue holds exits of an entry only';
  const why = whyNotOrder(entry.spec, capabilities);
  if (why !== null) return `its entry: ${why}`;
  if (request.peers === 'none' && children.length > 1) return 'the venue cancels the other exit';
  if (request.release === 'full' && entry.spec.qty > 1)
    return 'the venue releases exits with the first fill of the entry';
  let [stopId, targetId]: [ClOrdId | null, ClOrdId | null] = [null, null];
  let bracket: PxBracket = {};
  for (const { order, level, groupQty } of children) {
    const { spec } = order;
    if (spec.qty !== entry.spec.qty || groupQty !== entry.spec.qty)
      return 'an exit of the venue has the size of its entry';
    if ((spec.timeInForce ?? 'day') !== 'gtc') return 'an exit of the venue has no end in time';
    const whyExit = whyNotOrder(spec, capabilities);
    if (whyExit !== null) return `an exit: ${whyExit}`;
    if (level === undefined || !('offsetTicks' in level))
      return 'the venue places exits in ticks from the fill, not at a price';
    const ticks = contract.toVenueTicks(level.offsetTicks);
    if (ticks === null || ticks < 1) return 'an exit lies between ticks';
    if (spec.type === 'stop' || spec.type === 'trailing-stop') {
      if (stopId !== null) return 'the venue holds one stop';
      if (ticks < STOP_TICKS_MIN) return `a stop lies at least ${STOP_TICKS_MIN} ticks away`;
      if (spec.type === 'trailing-stop' && spec.trail.offsetTicks !== level.offsetTicks)
        return 'a trailing stop starts at its own distance';
      stopId = order.clOrdId;
      bracket = { ...bracket, stopTicks: ticks, isTrailing: spec.type === 'trailing-stop' };
    } else if (spec.type === 'limit') {
      if (targetId !== null) return 'the venue holds one target';
      targetId = order.clOrdId;
      bracket = { ...bracket, targetTicks: ticks };
    } else return `the venue holds no ${spec.type} as an exit`;
  }
  return children.length === 0 ? 'it has no exits' : { bracket, stopId, targetId };
}
