/** Checks of requests at the venue. Each returns a stable reason code, or null when the request is good. */
import type {
  GroupChild,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
} from '../core/execution.ts';
import type { OrderSpec } from '../core/order.ts';
import { BAR_VENUE_CAPABILITIES } from './capabilities.ts';
import type { SimOrder } from './orders.ts';
import { State } from './orders.ts';

/** Reason why the venue refuses an order by itself, or null. */
export function orderProblem(request: NewOrderRequest): string | null {
  const { spec } = request;
  const { orderTypes, timesInForce, triggers } = BAR_VENUE_CAPABILITIES;
  if (!orderTypes.includes(spec.type)) return 'unsupported-order-type';
  const timeInForce = spec.timeInForce ?? 'day';
  if (!timesInForce.includes(timeInForce)) return 'unsupported-time-in-force';
  const isImmediate = timeInForce === 'ioc' || timeInForce === 'fok';
  if (isImmediate && spec.type !== 'market' && spec.type !== 'limit') {
    return 'unsupported-time-in-force';
  }
  const isAuction = timeInForce === 'at-open' || timeInForce === 'at-close';
  if (isAuction && spec.type !== 'market' && spec.type !== 'limit') {
    return 'unsupported-time-in-force';
  }
  const isPostOnly = spec.type === 'limit' && spec.postOnly === true;
  if (isPostOnly && (isImmediate || isAuction)) return 'unsupported-time-in-force';
  const isTrail = spec.type === 'trailing-stop' || spec.type === 'trailing-stop-limit';
  if (spec.trigger !== undefined && !triggers.includes(spec.trigger)) return 'unsupported-trigger';
  // A trail follows the trades; the quote beside them is not known between the waypoints of a bar.
  if (isTrail && spec.trigger === 'bid-ask') return 'unsupported-trigger';
  if (!(Number.isSafeInteger(spec.qty) && spec.qty > 0)) return 'invalid-qty';
  const { displayQty, protectionTicks } = spec;
  if (displayQty !== undefined) {
    if (!('limitTicks' in spec)) return 'unsupported-iceberg';
    const isShown = Number.isSafeInteger(displayQty) && displayQty > 0 && displayQty <= spec.qty;
    if (!isShown) return 'invalid-display-qty';
  }
  if (protectionTicks !== undefined) {
    if ('limitTicks' in spec || spec.type === 'trailing-stop-limit' || isAuction) {
      return 'unsupported-protection';
    }
    if (!(Number.isSafeInteger(protectionTicks) && protectionTicks >= 0)) {
      return 'invalid-protection';
    }
  }
  if (timeInForce === 'gtd' && !(spec.expireUs !== undefined && spec.expireUs > request.sentUs)) {
    return 'invalid-expiry';
  }
  return priceProblem(spec);
}

function priceProblem(spec: OrderSpec): string | null {
  if ('limitTicks' in spec && !Number.isSafeInteger(spec.limitTicks)) return 'off-grid';
  if (
    'stopTicks' in spec &&
    spec.stopTicks !== undefined &&
    !Number.isSafeInteger(spec.stopTicks)
  ) {
    return 'off-grid';
  }
  if (!('trail' in spec)) return null;
  const { offsetTicks, offsetPpm, activationTicks } = spec.trail;
  if (activationTicks !== undefined && !Number.isSafeInteger(activationTicks)) return 'off-grid';
  if (spec.type === 'trailing-stop-limit') {
    const { limitOffsetTicks } = spec;
    if (!(Number.isSafeInteger(limitOffsetTicks) && limitOffsetTicks >= 0)) return 'invalid-trail';
  }
  if ((offsetTicks === undefined) === (offsetPpm === undefined)) return 'invalid-trail';
  const offset = offsetTicks ?? offsetPpm!;
  return offset > 0 && Number.isFinite(offset) ? null : 'invalid-trail';
}

/** Reason why the venue refuses a group as a whole, or null. `lastTicks` is NaN where the last price is not known. */
export function groupProblem(request: OrderGroupRequest, lastTicks: number): string | null {
  const { entry, children } = request;
  if (children.length === 0 || children.length > 11) return 'invalid-group';
  for (const child of children) {
    const problem = orderProblem(child.order) ?? childProblem(child, children);
    if (problem !== null) return problem;
    if (entry !== null && child.order.contractIndex !== entry.contractIndex) return 'invalid-group';
    if (child.order.contractIndex !== children[0]!.order.contractIndex) return 'invalid-group';
  }
  if (entry === null) return null;
  return orderProblem(entry) ?? bracketProblem(entry, children, lastTicks);
}

function childProblem(child: GroupChild, children: readonly GroupChild[]): string | null {
  if (!(Number.isSafeInteger(child.groupQty) && child.groupQty > 0)) return 'invalid-qty';
  const timeInForce = child.order.spec.timeInForce ?? 'day';
  if (timeInForce !== 'day' && timeInForce !== 'gtc' && timeInForce !== 'gtd') {
    return 'unsupported-time-in-force';
  }
  if (!('trail' in child.order.spec)) return null;
  const others = children.filter((other) => other !== child);
  const isPair = others.length === 0 || (others.length === 1 && others[0]!.order.role === 'target');
  return child.order.role === 'stop' && isPair ? null : 'unsupported-trailing-group';
}

function bracketProblem(
  entry: NewOrderRequest,
  children: readonly GroupChild[],
  lastTicks: number,
): string | null {
  const { spec } = entry;
  if ('trail' in spec) return 'unsupported-trailing-group';
  const isStaged =
    (spec.type === 'stop-limit' || spec.type === 'limit-if-touched') &&
    spec.side * (spec.limitTicks - spec.stopTicks) < 0;
  const reference =
    'limitTicks' in spec && spec.type !== 'stop-limit'
      ? spec.limitTicks
      : 'stopTicks' in spec && spec.stopTicks !== undefined
        ? spec.stopTicks
        : lastTicks;
  for (const child of children) {
    const { order, level } = child;
    if (order.spec.side === spec.side) return 'invalid-group';
    if ('trail' in order.spec) {
      if (isStaged) return 'unsupported-trailing-group';
      const { activationTicks } = order.spec.trail;
      if (activationTicks !== undefined && !canArm(spec, activationTicks)) {
        return 'unsupported-trailing-group';
      }
    }
    if (level !== undefined && 'offsetTicks' in level) {
      if (!(Number.isSafeInteger(level.offsetTicks) && level.offsetTicks > 0)) return 'off-grid';
      continue;
    }
    const price = level?.ticks ?? priceOf(order.spec);
    if (!(price === null || Number.isSafeInteger(price))) return 'off-grid';
    const away = order.role === 'stop' ? -spec.side : spec.side;
    if (price !== null && (price - reference) * away <= 0) return 'inverted-bracket';
  }
  return null;
}

/** A sleeping trail can be judged behind an entry at the open, or behind one on the way to where it is armed. */
function canArm(entry: OrderSpec, activation: number): boolean {
  if (entry.type === 'market' || entry.type === 'market-to-limit') return true;
  const isOnTheWay = entry.type === 'stop' || entry.type === 'stop-limit';
  return isOnTheWay && entry.side * (activation - entry.stopTicks) >= 0;
}

function priceOf(spec: OrderSpec): number | null {
  if ('stopTicks' in spec && spec.stopTicks !== undefined) return spec.stopTicks;
  return 'limitTicks' in spec ? spec.limitTicks : null;
}

/** Reason why the venue refuses a change of a working order, or null. */
export function replaceProblem(order: SimOrder, request: ReplaceRequest): string | null {
  const { qty, limitTicks, stopTicks } = request;
  if (qty !== undefined && !(Number.isSafeInteger(qty) && qty > 0)) return 'invalid-qty';
  if (qty !== undefined && qty <= order.cum) return 'qty-below-filled';
  if (limitTicks !== undefined && !Number.isSafeInteger(limitTicks)) return 'off-grid';
  if (stopTicks !== undefined && !Number.isSafeInteger(stopTicks)) return 'off-grid';
  if (limitTicks !== undefined && isNaN(order.limit)) return 'unsupported-replace';
  if (stopTicks !== undefined && isNaN(order.stop)) return 'unsupported-replace';
  if (stopTicks !== undefined && order.state === State.elected) return 'already-triggered';
  return null;
}
