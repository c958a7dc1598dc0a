/** What an order must be before it may meet the risk gate. A malformed order is a mistake of the strategy and throws. */
import { TradingError } from '../core/errors.ts';
import type { VenueCapabilities } from '../core/execution.ts';
import type { ContractId, ContractTable, InstrumentSpec } from '../core/instrument.ts';
import type { ExitLevel, OrderSpec, OrderType, Side } from '../core/order.ts';
import { isLegalOrderPrice, toPrice } from '../core/price-grid.ts';
import type { BracketInput, OrderInput } from '../core/strategy.ts';
import { isContinuousId } from '../core/symbology.ts';
import type { PriceTicks, Qty, TradeDate, TsUs } from '../core/units.ts';

const NEEDS_LIMIT: ReadonlySet<OrderType> = new Set(['limit', 'stop-limit', 'limit-if-touched']);
const NEEDS_STOP: ReadonlySet<OrderType> = new Set([
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
]);
const NEEDS_TRAIL: ReadonlySet<OrderType> = new Set(['trailing-stop', 'trailing-stop-limit']);

/** Row of a contract that may be traded now. Errors: E_ORDER_CONTINUOUS, E_CONTRACT_NOT_IN_RUN, E_CONTRACT_EXPIRED. */
export function tradableIndex(table: ContractTable, contract: ContractId, nowUs: TsUs): number {
  if (typeof contract === 'string' && isContinuousId(contract)) {
    throw new TradingError(
      'E_ORDER_CONTINUOUS',
      `${contract} is a continuous series, not a contract`,
      { details: { contract }, fix: 'use the contract to trade now: ctx.contract(root)' },
    );
  }
  const index = contractIndexOf(table, contract);
  const { dates } = table.contractAt(index);
  if (nowUs >= dates.lastTradeUs) {
    throw new TradingError('E_CONTRACT_EXPIRED', `contract ${contract} has expired`, {
      details: { contract, lastTradeUs: dates.lastTradeUs, nowUs },
      rule: 'orders need a contract whose last trade lies ahead',
      fix: 'use the contract to trade now: ctx.contract(root)',
    });
  }
  return index;
}

/** Errors: E_CONTRACT_NOT_IN_RUN. */
export function contractIndexOf(table: ContractTable, contract: ContractId): number {
  const index = table.indexOf(contract);
  if (index >= 0) return index;
  throw new TradingError('E_CONTRACT_NOT_IN_RUN', `contract ${contract} is not part of this run`, {
    details: { contract },
    fix: 'use ctx.contract(root) for a product that the strategy requires',
  });
}

/** A value as it would be written: text in quotes. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Errors: E_QTY. */
export function checkQty(qty: number, field: string): Qty {
  if (Number.isSafeInteger(qty) && qty >= 1) return qty as Qty;
  throw new TradingError('E_QTY', `${field} is ${qty}, not a whole number of contracts from 1`, {
    details: { field, qty },
    rule: `${field} is a whole number, 1 or more`,
    fix: 'round down, and skip the order when it becomes 0',
  });
}

/** Errors: E_PRICE_GRID. */
export function checkPrice(
  ticks: number,
  field: string,
  spec: InstrumentSpec,
  tradeDate: TradeDate,
): PriceTicks {
  if (isLegalOrderPrice(ticks as PriceTicks, spec.grid, tradeDate))
    return (ticks + 0) as PriceTicks;
  throw new TradingError(
    'E_PRICE_GRID',
    `${field} ${ticks} (price ${toPrice(ticks, spec.grid)}) is not on the grid of ${spec.root}, ${spec.grid.increment}`,
    {
      details: { field, ticks, root: spec.root, increment: spec.grid.increment },
      rule: `${field} is a whole number of ticks of ${spec.grid.increment}`,
      fix: `ctx.instrument('${spec.root}').toTicks(price) or roundToTick(price, 'down')`,
    },
  );
}

function unsupported(venue: string, what: string, value: string, known: readonly string[]): never {
  throw new TradingError('E_ORDER_UNSUPPORTED', `${venue} does not support ${what} \`${value}\``, {
    details: { venue, what, value, supported: known },
    rule: `supported: ${known.join(', ') || 'none'}`,
    fix: 'use a supported one',
  });
}

function missing(field: string, type: OrderType): never {
  throw new TradingError('E_ORDER_PRICE_MISSING', `a ${type} order needs \`${field}\``, {
    details: { field, type },
    rule: `${type}: ${field} is required`,
    fix: `give ${field}`,
  });
}

/** Checks an order against the venue's capability table. Errors: E_ORDER_UNSUPPORTED. */
export function checkCapabilities(input: OrderInput, caps: VenueCapabilities): void {
  const { venue, features } = caps;
  if (!caps.orderTypes.includes(input.type))
    unsupported(venue, 'order type', input.type, caps.orderTypes);
  const timeInForce = input.timeInForce ?? 'day';
  if (!caps.timesInForce.includes(timeInForce))
    unsupported(venue, 'time in force', timeInForce, caps.timesInForce);
  if (input.trigger !== undefined && !caps.triggers.includes(input.trigger))
    unsupported(venue, 'trigger', input.trigger, caps.triggers);
  if (input.reduceOnly === true && !features.reduceOnly) unsupportedFeature(caps, 'reduceOnly');
  if (input.postOnly === true && !features.postOnly) unsupportedFeature(caps, 'postOnly');
  if (input.displayQty !== undefined && !features.iceberg) unsupportedFeature(caps, 'displayQty');
  if (input.protectionTicks !== undefined && !features.protection)
    unsupportedFeature(caps, 'protectionTicks');
}

function unsupportedFeature({ venue, features }: VenueCapabilities, name: string): never {
  const named = Object.entries(features)
    .filter(([, has]) => has === true)
    .map(([feature]) => feature);
  unsupported(venue, 'feature', name, named);
}

/**
 * The order that a strategy wrote, checked. Prices that the type does not use are refused too: they would be lost.
 * Errors: E_ORDER_SIDE, E_QTY, E_PRICE_GRID, E_ORDER_PRICE_MISSING, E_ORDER_UNSUPPORTED.
 */
export function toOrderSpec(
  input: OrderInput,
  options: {
    readonly caps: VenueCapabilities;
    readonly spec: InstrumentSpec;
    readonly tradeDate: TradeDate;
  },
): OrderSpec {
  const { caps, spec, tradeDate } = options;
  if (input.side !== 1 && input.side !== -1) {
    throw new TradingError(
      'E_ORDER_SIDE',
      `side is ${shown(input.side)}, not Side.Buy or Side.Sell`,
      {
        details: { field: 'side', side: input.side },
        rule: 'side is Side.Buy (1) or Side.Sell (-1)',
        fix: "write side: Side.Buy, with import { Side } from 'frontmonth'",
      },
    );
  }
  const qty = checkQty(input.qty, 'qty');
  checkCapabilities(input, caps);
  const { type } = input;
  if (NEEDS_LIMIT.has(type) && input.limitTicks === undefined) missing('limitTicks', type);
  if (NEEDS_STOP.has(type) && input.stopTicks === undefined) missing('stopTicks', type);
  if (NEEDS_TRAIL.has(type) && input.trail === undefined) missing('trail', type);
  if (type === 'trailing-stop-limit' && input.limitOffsetTicks === undefined)
    missing('limitOffsetTicks', type);
  if (input.timeInForce === 'gtd' && input.expireUs === undefined) missing('expireUs', type);
  if (input.limitTicks !== undefined && !NEEDS_LIMIT.has(type))
    unsupported(caps.venue, `limitTicks on order type`, type, [...NEEDS_LIMIT]);
  if (input.stopTicks !== undefined && !NEEDS_STOP.has(type) && !NEEDS_TRAIL.has(type))
    unsupported(caps.venue, `stopTicks on order type`, type, [...NEEDS_STOP]);
  const spread: Record<string, unknown> = { ...input, qty };
  if (input.limitTicks !== undefined)
    spread['limitTicks'] = checkPrice(input.limitTicks, 'limitTicks', spec, tradeDate);
  if (input.stopTicks !== undefined)
    spread['stopTicks'] = checkPrice(input.stopTicks, 'stopTicks', spec, tradeDate);
  // Every field that the type needs was checked above.
  return spread as unknown as OrderSpec;
}

/** The level of an exit against a known or assumed entry price. */
export function levelTicks(level: ExitLevel, entryTicks: number, sign: number): number {
  return 'ticks' in level ? level.ticks : entryTicks + sign * level.offsetTicks;
}

/**
 * Refuses an inverted bracket: long needs stop < entry < target. The reference is the entry's own price or, for a market
 * entry, the last price when one is known. Errors: E_BRACKET_PRICES.
 */
export function checkBracketLevels(options: {
  readonly side: Side;
  readonly entryTicks: number;
  readonly stop: ExitLevel | null;
  readonly targets: readonly ExitLevel[];
}): void {
  const { side, entryTicks } = options;
  const refuse = (what: string, ticks: number): never => {
    throw new TradingError(
      'E_BRACKET_PRICES',
      `the ${what} at ${ticks} ticks is on the wrong side of the entry at ${entryTicks} ticks`,
      {
        details: { what, ticks, entryTicks, side },
        rule: side === 1 ? 'stop < entry < target' : 'target < entry < stop',
        fix: 'swap the levels or use positive offsets',
      },
    );
  };
  const check = (what: string, level: ExitLevel, sign: number): void => {
    if (
      'offsetTicks' in level &&
      !(Number.isSafeInteger(level.offsetTicks) && level.offsetTicks > 0)
    )
      refuse(what, level.offsetTicks);
    const ticks = levelTicks(level, entryTicks, sign);
    if (Number.isFinite(ticks) && (ticks - entryTicks) * sign <= 0) refuse(what, ticks);
  };
  if (options.stop !== null) check('stop', options.stop, -side);
  for (const target of options.targets) check('target', target, side);
  if (options.stop === null || !('ticks' in options.stop)) return;
  for (const target of options.targets)
    if ('ticks' in target && (target.ticks - options.stop.ticks) * side <= 0)
      refuse('target', target.ticks);
}

/** The price by which a bracket's exits are judged: NaN when a market entry has no last price yet. */
export function entryReference(input: BracketInput, lastTicks: number): number {
  if (input.type === 'market') return lastTicks;
  return input.limitTicks ?? input.stopTicks ?? lastTicks;
}
