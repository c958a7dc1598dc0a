/** What an order must say by itself, whatever the state of the market. */
import type { OrderType, TimeInForce } from '../../core/order.ts';
import type { MarketOrderInput } from './market-order.ts';

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

const isWhole = (value: number | undefined): boolean => Number.isSafeInteger(value);

/** Stable reason why an order is refused as it stands, or null. */
export function inputProblem(input: MarketOrderInput, nowUs: number): string | null {
  const { type, qty, displayQty, minQty, group } = input;
  const tif = input.timeInForce ?? 'day';
  if (input.side !== 1 && input.side !== -1) return 'invalid-side';
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
  if (isImmediate(tif) && needsTrigger(type)) return 'unsupported-time-in-force';
  return triggerProblem(input) ?? protectionProblem(input);
}

function triggerProblem(input: MarketOrderInput): string | null {
  const { type, stopTicks, trail } = input;
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
