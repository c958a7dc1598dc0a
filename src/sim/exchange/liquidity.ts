/**
 * What the orders of a market trade with: the book of its participants, or a record that our orders lie over. The market
 * decides what an order may do; the liquidity says what is there, keeps what rests and shares out what trades.
 */
import type { FillEvidence } from '../../core/execution.ts';
import type { Side } from '../../core/order.ts';
import type {
  Aggressor,
  BookRow,
  MatchSink,
  OrderHandle,
  SelfTradeMode,
} from '../book/limit-book.ts';

/** In place of the handle of a resting order: the other side of a trade is the record, which has no orders of ours. */
export const RECORD: OrderHandle = -1;

/** What can be read of it. `LimitBook` says what each means. */
export interface ReadLiquidity {
  readonly orderCount: number;
  bestTicks(side: Side): number;
  shownQty(side: Side, priceTicks: number): number;
  totalQty(side: Side, priceTicks: number): number;
  countAt(side: Side, priceTicks: number): number;
  worsePrice(side: Side, priceTicks: number): number;
  forEachAt(
    side: Side,
    priceTicks: number,
    each: (handle: OrderHandle, shownQty: number, leavesQty: number) => void,
  ): void;
  queueAhead(handle: OrderHandle): number;
}

export interface Liquidity extends ReadLiquidity {
  /** The other side of trades is a record: it holds its own auctions, and our trades are not the market's prices. */
  readonly isRecorded?: boolean;
  /** Whether the last match was stopped by its sink: what is left may be matched again. */
  readonly isPaused: boolean;
  /** Of the trade that is being reported. Null or left out: the market says which rule it was. */
  readonly evidence?: FillEvidence | null;
  restAt(
    side: Side,
    priceTicks: number,
    qty: number,
    displayQty: number,
    group: number,
    isLead: boolean,
  ): OrderHandle;
  cancel(handle: OrderHandle): number;
  reduce(handle: OrderHandle, leavesQty: number): boolean;
  available(aggressor: Aggressor): number;
  /** The handle that the sink hears is `RECORD` where the record is the other side. */
  matchAt(
    side: Side,
    limitTicks: number,
    qty: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number;
  /**
   * Trades what a model says lies behind the end of the record, for a market order that found nothing more. Left out:
   * nothing. `limitTicks`: the worst price of the day.
   */
  beyond?(side: Side, limitTicks: number, qty: number, sink: MatchSink): void;
  uncross(
    priceTicks: number,
    qty: number,
    onTrade: (bid: OrderHandle, ask: OrderHandle, qty: number) => void,
    mayTrade?: (bid: OrderHandle, ask: OrderHandle) => boolean,
  ): number;
  /** What rests as plain data, and back into an empty one. Left out: a market over it cannot be written down. */
  snapshot?(orderIdOf: (handle: OrderHandle) => number): BookRow[];
  restore?(rows: readonly BookRow[], onRest: (orderId: number, handle: OrderHandle) => void): void;
}
