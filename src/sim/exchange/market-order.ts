/** Orders of the exchange: what a participant sends, the record that the market keeps, and what it reports. */
import type { FillEvidence } from '../../core/execution.ts';
import type {
  OrderType,
  Side,
  TimeInForce,
  TrailSpec,
  TriggerSource,
  WorkingState,
} from '../../core/order.ts';
import type { OrderHandle, SelfTradeMode } from '../book/limit-book.ts';
import type { GroupEvent, LiveGroup } from '../groups/group-desk.ts';

/** An order as it reaches the market. Prices are ticks, quantities whole contracts, times µs UTC. */
export interface MarketOrderInput {
  /** Who sends it: positions, client ids and reduce-only are counted by participant. */
  readonly participant: number;
  /** Unique for the participant as long as the market runs. */
  readonly clOrdId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly qty: number;
  /** Default `day`. */
  readonly timeInForce?: TimeInForce;
  /** With `gtd`: the first moment at which it is void. */
  readonly expireUs?: number;
  readonly limitTicks?: number;
  readonly stopTicks?: number;
  readonly trail?: TrailSpec;
  /** Of a trailing stop-limit: its limit, in ticks beyond the trigger. */
  readonly limitOffsetTicks?: number;
  /** What elects a stop. Default `last`. */
  readonly trigger?: TriggerSource;
  /** Iceberg: contracts shown at a time. */
  readonly displayQty?: number;
  /** With `ioc`: the least that must trade at once. */
  readonly minQty?: number;
  /** An order that would trade on arrival is rejected, or rests one tick away from the other side. */
  readonly postOnly?: 'reject' | 'slide';
  /** Never opens or enlarges the participant's position. */
  readonly reduceOnly?: boolean;
  /** Ticks from the opposite best (market) or from the trigger (stop); default: the market's own. */
  readonly protectionTicks?: number;
  /** Orders of one group above 0 do not trade with each other. */
  readonly group?: number;
  readonly selfTrade?: SelfTradeMode;
  /** Belongs to a lead market maker. */
  readonly isLead?: boolean;
}

/** Changes of a working order; what is left out stays. */
export interface MarketReplaceInput {
  /** Total quantity, fills included. */
  readonly qty?: number;
  readonly limitTicks?: number;
  readonly stopTicks?: number;
  readonly displayQty?: number;
}

/**
 * Where an order is: in the book, waiting for its trigger, for the opening, for the close, for limits that let it trade, for
 * the fills of its parent, or gone.
 */
export type OrderPlace =
  | 'book'
  | 'trigger'
  | 'opening'
  | 'closing'
  | 'parked'
  | 'held'
  | 'queue'
  | 'done';

/** The record of one order. Only the market changes it. */
export class MarketOrder {
  /** Number of the order at this market: 1, 2, … in order of arrival. */
  readonly orderId: number;
  readonly input: MarketOrderInput;
  readonly arrivalUs: number;
  qty: number;
  cumQty: number = 0;
  /** NaN where the type has none. A market order gets its protection price when it trades. */
  limitTicks: number;
  stopTicks: number;
  displayQty: number;
  place: OrderPlace = 'queue';
  isTriggered: boolean = false;
  /** In the book, or among the triggers. */
  handle: OrderHandle = -1;
  /** Contracts that rest in the book: less than what is open where reduce-only caps it. */
  restingQty: number = 0;
  /** Of a trailing stop: best price seen since it was armed; NaN before. */
  bestTicks: number = NaN;
  /** Lower goes first among orders that one event elects. */
  priority: number;
  /** The group that it is a leg of, and the leg's number there; null and -1 without one. */
  live: LiveGroup | null = null;
  leg: number = -1;
  /** Contracts up to which its group lets it trade. */
  releasedQty: number = Infinity;

  constructor(input: MarketOrderInput, orderId: number, arrivalUs: number) {
    this.input = input;
    this.orderId = orderId;
    this.arrivalUs = arrivalUs;
    this.qty = input.qty;
    this.limitTicks = input.limitTicks ?? NaN;
    this.stopTicks = input.stopTicks ?? NaN;
    this.displayQty = input.displayQty ?? 0;
    this.priority = orderId;
  }

  get leavesQty(): number {
    return this.place === 'done' ? 0 : this.qty - this.cumQty;
  }

  get timeInForce(): TimeInForce {
    return this.input.timeInForce ?? 'day';
  }

  get working(): WorkingState {
    if (this.place === 'done') return 'none';
    if (this.place === 'parked' || this.place === 'held') return this.place;
    return this.isTriggered ? 'triggered' : 'live';
  }
}

export type MarketReportKind =
  | 'Accepted'
  | 'Rejected'
  | 'Fill'
  | 'Canceled'
  | 'Expired'
  | 'Triggered'
  | 'Released'
  | 'Parked'
  | 'Unparked'
  | 'Replaced'
  | 'ReplaceRejected'
  | 'CancelRejected';

/** One report. The object is used again for the next one: copy what must outlive the call. */
export interface MarketReport {
  readonly kind: MarketReportKind;
  readonly participant: number;
  readonly clOrdId: string;
  /** Null where the market knows no such order. */
  readonly order: MarketOrder | null;
  readonly tsUs: number;
  /** Stable code of a reject, cancel or expiry; empty otherwise. */
  readonly reason: string;
  /** Of a fill; 0 otherwise. */
  readonly lastQty: number;
  readonly lastPriceTicks: number;
  /** Of a fill: number of the trade at this market; both sides have the same. */
  readonly tradeId: number;
  /** Of a fill: whether the order came to the other one. False for both sides of an auction. */
  readonly isAggressor: boolean;
  /** Of a fill: the rule and what it rests on. An object of its own that may be kept. Null otherwise. */
  readonly evidence: FillEvidence | null;
}

/** Whether the market changed an order by itself, as for a peer that traded: no request is answered by that. */
export function isRestated({ kind, reason }: MarketReport): boolean {
  return kind === 'Replaced' && reason !== '' && reason !== 'price-rounded';
}

/** Market states, as venues name them. */
export type MarketPhase =
  | 'unlisted'
  | 'closed'
  | 'pre-open'
  | 'pre-open-no-cancel'
  | 'open'
  | 'halted'
  | 'post-close'
  | 'expired';

/** Hears the market. It must not call back into it. */
export interface MarketSink {
  onReport(report: MarketReport): void;
  /** A public trade. `aggressor` 0 in an auction. */
  onPrint?(priceTicks: number, qty: number, aggressor: Side | 0, tsUs: number): void;
  onPhase?(phase: MarketPhase, tsUs: number): void;
  onGroup?(event: GroupEvent): void;
  /** A command and everything that followed from it are through. */
  onQuiet?(tsUs: number): void;
}
