/**
 * The whole state of a market as plain data, so that it can be written down, compared and gone on from: restored, it answers
 * every later command as the original would have. A snapshot names its version; one of another version is refused.
 */
import type { PlainEnded, PlainIdSet } from '../../core/ended-ids.ts';
import { TradingError } from '../../core/errors.ts';
import type { TriggerKey } from './triggers.ts';
import type { BookRow } from '../book/limit-book.ts';
import type { GroupRow, MessageRow } from '../groups/group-desk.ts';
import type { PlainBreaker } from './breaker.ts';
import type { MarketOptions, SessionTimes } from './contract-market.ts';
import type { MarketOrderInput, MarketPhase } from './market-order.ts';
import { MarketOrder } from './market-order.ts';

/** Raised by every change after which an older snapshot would mean something else. */
export const MARKET_SNAPSHOT_VERSION = 1;

/** A number that JSON can hold: NaN and the infinities are written as text. */
export type PlainNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export function plainNumber(value: number): PlainNumber {
  return Number.isFinite(value) ? value : (String(value) as PlainNumber);
}

/** An order as plain data: every field of `MarketOrder` but its handle in the book. */
export interface OrderRow {
  readonly orderId: number;
  readonly arrivalUs: number;
  readonly input: MarketOrderInput;
  readonly [field: string]: unknown;
}

export interface MarketSnapshot {
  readonly kind: 'frontmonth-market';
  readonly version: typeof MARKET_SNAPSHOT_VERSION;
  readonly options: MarketOptions;
  readonly nowUs: PlainNumber;
  readonly phase: MarketPhase;
  readonly lastTicks: PlainNumber;
  readonly markTicks: PlainNumber;
  readonly referenceTicks: PlainNumber;
  readonly lowLimit: PlainNumber;
  readonly highLimit: PlainNumber;
  readonly orderCount: number;
  readonly tradeCount: number;
  readonly priority: number;
  /** Orders that work, and the latest that ended; of older ones their ids. */
  readonly orders: readonly OrderRow[];
  readonly ended: PlainEnded<OrderRow>;
  readonly book: readonly BookRow[];
  /** Ids of orders in the order in which the market holds them. */
  readonly triggers: readonly { readonly source: TriggerKey; readonly orders: number[] }[];
  readonly opening: readonly number[];
  readonly parked: readonly number[];
  readonly dated: readonly number[];
  readonly held: readonly number[];
  readonly closing: readonly number[];
  readonly session: SessionTimes;
  readonly sessionTicks: PlainNumber;
  /** The end of a hold, and the window that the breaker looks back on; null without one. */
  readonly resumeUs: PlainNumber;
  readonly breaker: PlainBreaker | null;
  readonly expiryUs: PlainNumber;
  readonly groups: readonly GroupRow[];
  /** Of groups that a broker holds: what is on its way. */
  readonly messages: readonly MessageRow[];
  /** Orders that ended while their group goes on. */
  readonly endedLegs: readonly OrderRow[];
  readonly groupIds: PlainIdSet;
  readonly reducing: readonly { readonly participant: number; readonly orders: number[] }[];
  readonly positions: readonly { readonly participant: number; readonly netQty: number }[];
}

/** Handles are places in a book of one process, and are given anew; a group names its orders itself. */
export function orderRow(order: MarketOrder): OrderRow {
  const { handle: _handle, live: _live, ...fields } = order;
  for (const [key, value] of Object.entries(fields))
    if (typeof value === 'number') (fields as Record<string, unknown>)[key] = plainNumber(value);
  return fields;
}

export function orderOfRow(row: OrderRow): MarketOrder {
  const order = new MarketOrder(row.input, row.orderId, row.arrivalUs);
  for (const [key, value] of Object.entries(row)) {
    const isText = value === 'NaN' || value === 'Infinity' || value === '-Infinity';
    (order as unknown as Record<string, unknown>)[key] = isText ? Number(value) : value;
  }
  return order;
}

/** Errors: E_SNAPSHOT. */
export function checkSnapshot(snapshot: MarketSnapshot): void {
  const { kind, version } = snapshot as { kind?: unknown; version?: unknown };
  if (kind !== 'frontmonth-market') throw refusal('kind', kind, "is 'frontmonth-market'");
  if (version !== MARKET_SNAPSHOT_VERSION)
    throw refusal('version', version, `is ${MARKET_SNAPSHOT_VERSION}, that of this program`);
  const resting = new Map(snapshot.orders.map((row) => [row.orderId, row['restingQty']]));
  for (const row of snapshot.book) {
    if (resting.get(row.orderId) !== row.leavesQty)
      throw refusal('book', row.orderId, 'names orders of the snapshot with their open contracts');
  }
}

/** Of a market over a record: its book is the record's, and a run begins it anew. */
export function noSnapshot(): TradingError {
  return new TradingError('E_SNAPSHOT', 'a market over recorded data has no snapshot', {
    details: { field: 'liquidity', value: 'recorded' },
    rule: 'a market with a book of its own can be written down',
    fix: 'replay the record from its beginning',
  });
}

function refusal(field: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_SNAPSHOT', `a snapshot with ${field} ${String(value)} is refused`, {
    details: { field, value },
    rule: `the field ${field} of a snapshot ${rule}`,
    fix: 'restore it with the version that wrote it, or replay the journal from its beginning',
  });
}
