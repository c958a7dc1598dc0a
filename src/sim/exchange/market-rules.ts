/** What an order must say by itself, whatever the state of the market. */
import type { OrderType, TimeInForce } from '../../core/order.ts';
import { ORDER_TYPE_CODE, TIME_IN_FORCE_CODE } from '../../core/order.ts';
import type { MarketOrderInput, MarketReplaceInput } from './market-order.ts';

/** Waits for a price before it is an order. */
export function needsTrigger(type: OrderType): boolean {
  return type !== 'market' && type !== 'market-to-limit' && type !== 'limit';
}

/** Trades without a limit of its own once it may. */
export function isMarketType(type: OrderType): boolean {
  return (
    type === 'market' ||
    type === 'market-to-limit' ||
    type === 'stop' ||
    type === 'market-if-touched' ||
    type === 'trailing-stop'
  );
}

export function isImmediate(timeInForce: TimeInForce): boolean {
  return timeInForce === 'ioc' || timeInForce === 'fok';
}

/** What becomes of a price between two ticks. */
export type OffGrid = 'reject' | 'passive' | 'nearest';

type Prices = Pick<MarketReplaceInput, 'limitTicks' | 'stopTicks'>;

/**
 * Prices on the grid. `passive`: never more aggressive, and never elected earlier; `nearest`: the nearer tick, half a tick
 * the passive way. The same object comes back where nothing is between ticks.
 */
export function toGrid<T extends Prices>(
  prices: T,
  side: 1 | -1,
  type: OrderType,
  mode: OffGrid,
): T {
  const { limitTicks, stopTicks } = prices;
  const isOff = [limitTicks, stopTicks].some(
    (price) => price !== undefined && Number.isFinite(price) && !Number.isInteger(price),
  );
  if (mode === 'reject' || !isOff) return prices;
  // A limit away from the market; a trigger where the market has farther to go.
  const isTouched = type === 'market-if-touched' || type === 'limit-if-touched';
  const stop = isTouched ? -side : side;
  return {
    ...prices,
    ...(limitTicks === undefined ? {} : { limitTicks: roundTo(limitTicks, -side, mode) }),
    ...(stopTicks === undefined ? {} : { stopTicks: roundTo(stopTicks, stop, mode) }),
  };
}

/** `up` above 0 rounds up, below 0 down; to the nearest tick only a half does. */
function roundTo(price: number, up: number, mode: OffGrid): number {
  if (mode === 'passive') return up > 0 ? Math.ceil(price) : Math.floor(price);
  return up > 0 ? Math.floor(price + 0.5) : Math.ceil(price - 0.5);
}

const isWhole = (value: number | undefined): boolean => Number.isSafeInteger(value);

/** Stable reason why an order is refused as it stands, or null. */
export function inputProblem(input: MarketOrderInput, nowUs: number): string | null {
  const { type, qty, displayQty, minQty, group } = input;
  const tif = input.timeInForce ?? 'day';
  if (input.side !== 1 && input.side !== -1) return 'invalid-side';
  // Words from outside may be any: an unknown one is no order for the day.
  if (!Object.hasOwn(ORDER_TYPE_CODE, type)) return 'unsupported-order-type';
  if (!Object.hasOwn(TIME_IN_FORCE_CODE, tif)) return 'unsupported-time-in-force';
  if (!(isWhole(qty) && qty > 0 && qty <= 1e9)) return 'invalid-qty';
  if (displayQty !== undefined && !(isWhole(displayQty) && displayQty > 0 && displayQty <= qty))
    return 'invalid-display-qty';
  if (minQty !== undefined && !(isWhole(minQty) && minQty > 0 && minQty <= qty && tif === 'ioc'))
    return 'invalid-min-qty';
  if (group !== undefined && !(isWhole(group) && group >= 0)) return 'invalid-group';
  if (tif === 'gtd' && !(isWhole(input.expireUs) && input.expireUs! > nowUs))
    return 'invalid-expiry';
  const hasLimit = type === 'limit' || type === 'stop-limit' || type === 'limit-if-touched';
  if (hasLimit !== (input.limitTicks !== undefined)) return 'invalid-limit';
  if (hasLimit && !isWhole(input.limitTicks)) return 'off-grid';
  if (input.postOnly !== undefined && (type !== 'limit' || isImmediate(tif)))
    return 'invalid-post-only';
  if ((isImmediate(tif) || tif === 'at-close') && needsTrigger(type))
    return 'unsupported-time-in-force';
  return triggerProblem(input) ?? protectionProblem(input);
}

function triggerProblem(input: MarketOrderInput): string | null {
  const { type, stopTicks, trail, trigger = 'last' } = input;
  if (!['last', 'bid-ask', 'mid', 'mark'].includes(trigger)) return 'unsupported-trigger';
  const isTrail = type === 'trailing-stop' || type === 'trailing-stop-limit';
  if (stopTicks !== undefined && !needsTrigger(type)) return 'invalid-stop';
  if (stopTicks !== undefined && !isWhole(stopTicks)) return 'off-grid';
  if (!isTrail) {
    if (trail !== undefined) return 'invalid-trail';
    return needsTrigger(type) && stopTicks === undefined ? 'invalid-stop' : null;
  }
  if (trail === undefined) return 'invalid-trail';
  const { offsetTicks, offsetPpm, activationTicks } = trail;
  if ((offsetTicks === undefined) === (offsetPpm === undefined)) return 'invalid-trail';
  if (offsetTicks !== undefined && !(isWhole(offsetTicks) && offsetTicks > 0))
    return 'invalid-trail';
  if (offsetPpm !== undefined && !(offsetPpm > 0 && offsetPpm < 1e6)) return 'invalid-trail';
  if (activationTicks !== undefined && !isWhole(activationTicks)) return 'off-grid';
  if (type === 'trailing-stop-limit' && !isWhole(input.limitOffsetTicks)) return 'invalid-limit';
  return null;
}

function protectionProblem(input: MarketOrderInput): string | null {
  const { protectionTicks } = input;
  if (protectionTicks === undefined) return null;
  if (!isMarketType(input.type)) return 'invalid-protection';
  return isWhole(protectionTicks) && protectionTicks >= 0 ? null : 'invalid-protection';
}
