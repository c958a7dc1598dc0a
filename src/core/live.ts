/**
 * Ports of live trading: what a broker's adapter offers, and what it tells. An adapter translates and enqueues; nothing
 * trades inside a network callback. The loop takes the events from one queue, in order of arrival.
 */
import type { BarColumns, BarInterval } from './bars.ts';
import type { ErrorCode } from './errors.ts';
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from './execution.ts';
import type { ClOrdId, OrderType, OrdStatus, Side, VenueOrderId } from './order.ts';
import type { Clock } from './ports.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from './units.ts';

/** Time that passes by itself: the wall clock, or a virtual one in tests and in a simulation of the whole system. */
export interface Scheduler extends Clock {
  /** Runs `task` once, not before `delayUs` have passed; the returned function takes it back. */
  after(delayUs: number, task: () => void): () => void;
}

/** Connections that fail apart: requests, the account's events, market data. */
export type LinkPlane = 'requests' | 'account' | 'market';
/** `stale`: connected, but what was missed has not been read again; no new risk is taken then. */
export type LinkState = 'connecting' | 'up' | 'stale' | 'down' | 'closed';

/** An order as the venue shows it. Null: the venue does not say. */
export interface VenueOrder {
  /** Ours, where the venue carries it; null for an order that we did not send. */
  readonly clOrdId: ClOrdId | null;
  readonly orderId: VenueOrderId;
  readonly contractIndex: number;
  readonly side: Side;
  readonly type: OrderType;
  readonly status: OrdStatus;
  /** Accepted and waiting for its entry. */
  readonly isHeld: boolean;
  readonly orderQty: Qty;
  readonly cumQty: Qty;
  readonly avgPriceTicks: number | null;
  readonly limitTicks: PriceTicks | null;
  readonly stopTicks: PriceTicks | null;
  /** Entry of an exit that the venue holds. */
  readonly parentId: VenueOrderId | null;
  readonly createdUs: TsUs;
  readonly updatedUs: TsUs;
  /** Text or code of the venue for a reject; empty otherwise. */
  readonly reason: string;
}

/** An execution as the venue's history shows it. */
export interface VenueExecution {
  readonly execId: string;
  readonly orderId: VenueOrderId;
  /** Ours, where the venue carries it or the adapter knows the order. */
  readonly clOrdId: ClOrdId | null;
  readonly contractIndex: number;
  readonly side: Side;
  readonly qty: Qty;
  readonly priceTicks: PriceTicks;
  readonly tsUs: TsUs;
  readonly feeMicros: CashMicros;
  readonly commissionMicros: CashMicros;
  /** Taken back by the venue: it never happened. */
  readonly isBusted: boolean;
}

/** A position as the venue shows it; flat contracts are left out of a snapshot. */
export interface VenuePosition {
  readonly contractIndex: number;
  /** Signed. */
  readonly netQty: number;
  readonly avgPriceTicks: number;
}

export interface VenueAccount {
  readonly id: string;
  readonly name: string;
  /** Realised cash as the venue states it. */
  readonly balanceMicros: CashMicros;
  readonly canTrade: boolean;
  /** The venue says that the account is simulated; null where it does not say. No safety switch. */
  readonly isSimulated: boolean | null;
}

/**
 * The venue's word on an account, read after the subscriptions stood. `orders` holds every working order, held exits
 * included, and the orders that ended since `sinceUs`; `executions` those since `sinceUs`, oldest first.
 */
export interface VenueSnapshot {
  readonly sinceUs: TsUs;
  /** When the reading began: what happened later may or may not be in it. */
  readonly readUs: TsUs;
  readonly account: VenueAccount;
  readonly orders: readonly VenueOrder[];
  readonly executions: readonly VenueExecution[];
  readonly positions: readonly VenuePosition[];
  /** Orders and positions in contracts that the run does not know, in the venue's words. */
  readonly unknown: readonly string[];
}

/** What a live venue tells, one queue for all; `receivedUs` is our clock at receipt. */
export type LiveEvent =
  | { readonly kind: 'report'; readonly receivedUs: TsUs; readonly report: ExecutionReport }
  /** A request whose outcome is not known: timed out, or the connection went. It may or may not have been carried out. */
  | {
      readonly kind: 'uncertain';
      readonly receivedUs: TsUs;
      readonly clOrdId: ClOrdId;
      readonly request: 'new' | 'replace' | 'cancel';
      readonly reason: string;
    }
  | {
      readonly kind: 'link';
      readonly receivedUs: TsUs;
      readonly plane: LinkPlane;
      readonly state: LinkState;
      readonly reason: string;
    }
  | { readonly kind: 'snapshot'; readonly receivedUs: TsUs; readonly snapshot: VenueSnapshot }
  /** The answer of `findOrder`, asked at `askedUs`; adapters do not send it. */
  | {
      readonly kind: 'found';
      readonly receivedUs: TsUs;
      readonly askedUs: TsUs;
      readonly clOrdId: ClOrdId;
      readonly order: VenueOrder | null;
    }
  | { readonly kind: 'account'; readonly receivedUs: TsUs; readonly account: VenueAccount }
  /** The venue's own position: compared with ours, never booked. */
  | { readonly kind: 'position'; readonly receivedUs: TsUs; readonly position: VenuePosition }
  /** An order that we did not send. */
  | { readonly kind: 'foreign-order'; readonly receivedUs: TsUs; readonly order: VenueOrder }
  | {
      readonly kind: 'foreign-execution';
      readonly receivedUs: TsUs;
      readonly execution: VenueExecution;
    }
  | { readonly kind: 'market'; readonly receivedUs: TsUs; readonly market: MarketEvent }
  /** What the venue can do is not what it was: the new table, and why. */
  | {
      readonly kind: 'capabilities';
      readonly receivedUs: TsUs;
      readonly capabilities: VenueCapabilities;
      readonly reason: string;
    }
  /** Something that the adapter could not use, such as a message with an unknown status: named, never dropped in silence. */
  | {
      readonly kind: 'issue';
      readonly receivedUs: TsUs;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** One market event of one contract. Sizes are NaN where the venue does not state them; prices NaN on an empty side. */
export type MarketEvent =
  | {
      readonly kind: 'quote';
      readonly contractIndex: number;
      readonly tsUs: TsUs;
      readonly bidTicks: number;
      readonly askTicks: number;
      readonly bidQty: number;
      readonly askQty: number;
    }
  | {
      readonly kind: 'trade';
      readonly contractIndex: number;
      readonly tsUs: TsUs;
      readonly priceTicks: PriceTicks;
      readonly qty: Qty;
      /** 1 buyer, -1 seller, 0 not known. */
      readonly aggressor: Side | 0;
    }
  /** One level of the book; `qty` 0 removes it. `reset`: both sides are empty before it, and price is NaN. */
  | {
      readonly kind: 'level';
      readonly contractIndex: number;
      readonly tsUs: TsUs;
      readonly side: Side;
      readonly priceTicks: number;
      readonly qty: number;
      readonly reset: boolean;
    };

/** Takes events and returns at once. */
export interface LiveSink {
  onEvent(event: LiveEvent): void;
}

/**
 * A broker's adapter for one account. Requests return at once; whatever comes of them, a failure to send included, arrives
 * at the sink as an event. An order is carried under its `clOrdId`, so that it can be found again after a time-out.
 */
export interface LiveVenue {
  readonly capabilities: VenueCapabilities;
  /**
   * Logs in, connects, subscribes. Resolves when events flow and a snapshot may be read; later drops are mended by the
   * adapter itself, told as `link` events: `stale` after a reconnect, until `snapshot` was read.
   * Errors: E_VENUE_AUTH, E_VENUE_ACCOUNT, E_VENUE_CONNECT, E_VENUE_CLOCK.
   */
  open(sink: LiveSink): Promise<void>;
  /** Leaves orders as they are. */
  close(): Promise<void>;
  submit(request: NewOrderRequest): void;
  submitGroup(request: OrderGroupRequest): void;
  /**
   * Why the venue cannot hold this group as it is meant, in words; null when it can. What it cannot hold is held by us. A venue
   * without it holds none.
   */
  whyNotHeld?(request: OrderGroupRequest): string | null;
  replace(request: ReplaceRequest): void;
  cancel(request: CancelRequest): void;
  /** Reads the account whole. Errors: E_VENUE_REQUEST, with `retry` saying whether it may be asked again. */
  snapshot(sinceUs: TsUs): Promise<VenueSnapshot>;
  /** The order of this id, working or ended; null when the venue is sure that it never got one. */
  findOrder(clOrdId: ClOrdId): Promise<VenueOrder | null>;
  subscribeMarket(contractIndex: number, kinds: readonly ('quotes' | 'trades' | 'depth')[]): void;
  /** Closed bars in [fromUs, toUs), oldest first; the forming one is left out. */
  history(
    contractIndex: number,
    interval: BarInterval,
    fromUs: TsUs,
    toUs: TsUs,
  ): Promise<BarColumns>;
}
