/**
 * Orders and their three-part state: FIX status, working state, certainty. All types and times in force are here from
 * the first version; what a venue or a simulator lacks is refused by its capability table, never approximated.
 */
import { assert } from './errors.ts';
import type { ContractId } from './instrument.ts';
import type { PriceTicks, Qty, TsUs } from './units.ts';

declare const clOrdIdBrand: unique symbol;
/** Our id: deterministic, unique in a run and across restarts. */
export type ClOrdId = string & { readonly [clOrdIdBrand]: true };
/** The venue's id: opaque, may change on a modify. */
export type VenueOrderId = string;
export type GroupId = string;

/** 1 buys, -1 sells. */
export type Side = 1 | -1;
export const Side = { Buy: 1, Sell: -1 } as const;

export type OrderType =
  | 'market'
  | 'market-to-limit'
  | 'limit'
  | 'stop'
  | 'stop-limit'
  | 'market-if-touched'
  | 'limit-if-touched'
  | 'trailing-stop'
  | 'trailing-stop-limit';
export type TimeInForce = 'day' | 'gtc' | 'gtd' | 'ioc' | 'fok' | 'at-open' | 'at-close';
/** What elects a stop: last trade (futures default), the quote, its middle, or a mark. */
export type TriggerSource = 'last' | 'bid-ask' | 'mid' | 'mark';

/** Numeric codes that reach disk. Never renumbered or reused. */
export const ORDER_TYPE_CODE: Readonly<Record<OrderType, number>> = {
  market: 1,
  limit: 2,
  stop: 3,
  'stop-limit': 4,
  'market-if-touched': 5,
  'limit-if-touched': 6,
  'trailing-stop': 7,
  'trailing-stop-limit': 8,
  'market-to-limit': 9,
};
export const TIME_IN_FORCE_CODE: Readonly<Record<TimeInForce, number>> = {
  day: 0,
  gtc: 1,
  'at-open': 2,
  ioc: 3,
  fok: 4,
  gtd: 6,
  'at-close': 7,
};

/** Trailing offset: from the best price seen, in ticks, or in parts per million of price. */
export interface TrailSpec {
  readonly offsetTicks?: number;
  readonly offsetPpm?: number;
  /** Arms the trail; before this price it neither ratchets nor triggers. */
  readonly activationTicks?: PriceTicks;
}

/** Everything an order says that does not depend on its type. */
interface OrderCommon {
  readonly contract: ContractId;
  readonly side: Side;
  readonly qty: Qty;
  /** Default `day`. */
  readonly timeInForce?: TimeInForce;
  /** With `gtd`: the first moment at which it is void. */
  readonly expireUs?: TsUs;
  /** Never opens or enlarges a position; checked at accept and at each fill. */
  readonly reduceOnly?: boolean;
  /** Iceberg: contracts shown at a time. */
  readonly displayQty?: Qty;
  readonly trigger?: TriggerSource;
  /** Protection in ticks from the opposite best (market) or the trigger (stop). */
  readonly protectionTicks?: number;
  /** Free text of the strategy, kept on order, fills and trades: `entry`, `stop`, `target`, `session-end`, … */
  readonly tag?: string;
}

/** Prices that each type needs; the compiler refuses a stop without its trigger. */
export type OrderSpec = OrderCommon &
  (
    | { readonly type: 'market' | 'market-to-limit' }
    | { readonly type: 'limit'; readonly limitTicks: PriceTicks; readonly postOnly?: boolean }
    | { readonly type: 'stop' | 'market-if-touched'; readonly stopTicks: PriceTicks }
    | {
        readonly type: 'stop-limit' | 'limit-if-touched';
        readonly stopTicks: PriceTicks;
        readonly limitTicks: PriceTicks;
      }
    | { readonly type: 'trailing-stop'; readonly trail: TrailSpec; readonly stopTicks?: PriceTicks }
    | {
        readonly type: 'trailing-stop-limit';
        readonly trail: TrailSpec;
        readonly stopTicks?: PriceTicks;
        /** Limit = trigger plus (buy) or minus (sell) this many ticks. */
        readonly limitOffsetTicks: number;
      }
  );

/** FIX OrdStatus, plus `Denied`: refused by our own risk gate before it left. */
export type OrdStatus =
  | 'Denied'
  | 'PendingNew'
  | 'New'
  | 'PartiallyFilled'
  | 'Filled'
  | 'PendingReplace'
  | 'PendingCancel'
  | 'Canceled'
  | 'Rejected'
  | 'Expired';
export const ORD_STATUS_CODE: Readonly<Record<OrdStatus, number>> = {
  New: 0,
  PartiallyFilled: 1,
  Filled: 2,
  Canceled: 4,
  PendingCancel: 6,
  Rejected: 8,
  PendingNew: 10,
  Expired: 12,
  PendingReplace: 14,
  Denied: 100,
};

/** `held`: a child not yet released; `parked`: accepted but cannot trade now; `triggered`: a stop was elected. */
export type WorkingState = 'held' | 'parked' | 'live' | 'triggered' | 'none';
/** `unknown` after a time-out or a lost connection: reconcile before acting. */
export type Certainty = 'known' | 'unknown';

/** What can happen to an order, from our side or the venue's. */
export type OrderEventKind =
  | 'Submitted'
  | 'Denied'
  | 'Accepted'
  | 'Rejected'
  | 'Released'
  | 'Parked'
  | 'Unparked'
  | 'Triggered'
  | 'PartialFill'
  | 'Fill'
  | 'ReplaceRequested'
  | 'Replaced'
  | 'ReplaceRejected'
  | 'CancelRequested'
  | 'CancelRejected'
  | 'Canceled'
  | 'Expired'
  | 'Lost'
  | 'Reconciled';

const TERMINAL: ReadonlySet<OrdStatus> = new Set([
  'Denied',
  'Filled',
  'Canceled',
  'Rejected',
  'Expired',
]);
export function isTerminal(status: OrdStatus): boolean {
  return TERMINAL.has(status);
}

/**
 * The transition table of the status. `=` keeps the status, `back` returns from a pending request to what the fills say
 * (New or PartiallyFilled). A missing entry is illegal. A terminal order has no row: it never changes again.
 */
export const ORDER_TRANSITIONS: Readonly<
  Partial<Record<OrdStatus, Readonly<Partial<Record<OrderEventKind, OrdStatus | '=' | 'back'>>>>>
> = {
  PendingNew: {
    Accepted: 'New',
    Rejected: 'Rejected',
    Denied: 'Denied',
    PartialFill: 'PartiallyFilled',
    Fill: 'Filled',
    Canceled: 'Canceled',
    Expired: 'Expired',
    Triggered: '=',
    Released: '=',
    Parked: '=',
    Unparked: '=',
    Lost: '=',
    Reconciled: '=',
    CancelRequested: 'PendingCancel',
  },
  New: {
    PartialFill: 'PartiallyFilled',
    Fill: 'Filled',
    Canceled: 'Canceled',
    Expired: 'Expired',
    Triggered: '=',
    Released: '=',
    Parked: '=',
    Unparked: '=',
    Replaced: '=',
    ReplaceRequested: 'PendingReplace',
    CancelRequested: 'PendingCancel',
    Rejected: 'Rejected',
    Lost: '=',
    Reconciled: '=',
    Accepted: '=',
  },
  // An exit that has traded is released again when its entry fills more. An acceptance may come after the fill.
  PartiallyFilled: {
    Accepted: '=',
    PartialFill: '=',
    Fill: 'Filled',
    Canceled: 'Canceled',
    Expired: 'Expired',
    Triggered: '=',
    Released: '=',
    Parked: '=',
    Unparked: '=',
    Replaced: '=',
    ReplaceRequested: 'PendingReplace',
    CancelRequested: 'PendingCancel',
    Lost: '=',
    Reconciled: '=',
  },
  // A fill that empties the order wins over the pending request. While a request is on its way the order lives on: all that
  // can happen to a working order can happen here, its rejection by the market that it waited for included.
  PendingReplace: {
    Accepted: '=',
    Rejected: 'Rejected',
    Replaced: 'back',
    ReplaceRejected: 'back',
    PartialFill: '=',
    Fill: 'Filled',
    Canceled: 'Canceled',
    Expired: 'Expired',
    CancelRequested: 'PendingCancel',
    Triggered: '=',
    Released: '=',
    Parked: '=',
    Unparked: '=',
    Lost: '=',
    Reconciled: 'back',
  },
  PendingCancel: {
    Canceled: 'Canceled',
    CancelRejected: 'back',
    PartialFill: '=',
    Fill: 'Filled',
    Expired: 'Expired',
    Triggered: '=',
    Released: '=',
    Parked: '=',
    Unparked: '=',
    Accepted: '=',
    Rejected: 'Rejected',
    Replaced: '=',
    ReplaceRejected: '=',
    Lost: '=',
    Reconciled: 'back',
  },
};

/** The next status, or null when the event is not legal in this status. `hasFills` decides where `back` leads. */
export function nextStatus(
  status: OrdStatus,
  event: OrderEventKind,
  hasFills: boolean,
): OrdStatus | null {
  const next = ORDER_TRANSITIONS[status]?.[event];
  if (next === undefined) return null;
  if (next === '=') return status;
  if (next === 'back') return hasFills ? 'PartiallyFilled' : 'New';
  return next;
}

/** Role of an order inside a group. */
export type OrderRole = 'single' | 'entry' | 'stop' | 'target' | 'peer';

/** The public, read-only face of an order. Only the order manager changes one. */
export interface OrderView {
  readonly clOrdId: ClOrdId;
  readonly orderId: VenueOrderId | null;
  readonly contract: ContractId;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderQty: Qty;
  readonly cumQty: Qty;
  /** `orderQty = cumQty + leavesQty` while open; 0 when terminal. */
  readonly leavesQty: Qty;
  readonly avgPriceTicks: number;
  readonly limitTicks: PriceTicks | null;
  readonly stopTicks: PriceTicks | null;
  readonly trail: TrailSpec | null;
  readonly reduceOnly: boolean;
  readonly status: OrdStatus;
  readonly working: WorkingState;
  readonly certainty: Certainty;
  readonly groupId: GroupId | null;
  readonly role: OrderRole;
  readonly tag: string;
  readonly createdUs: TsUs;
  readonly updatedUs: TsUs;
  /** Stable reason code of a denial, reject, cancel or expiry; empty otherwise. */
  readonly reason: string;
}

/** Groups: what a fill of one order does to its peers. */
export type PeerRule = 'oco' | 'ouo' | 'none';

/** Whether the venue or we hold a group's logic. */
export type GroupHolder = 'venue' | 'us';

/** Prices of a bracket's exits: an absolute level, or an offset in ticks from the entry's average fill price. */
export type ExitLevel = { readonly ticks: PriceTicks } | { readonly offsetTicks: number };

export function isBuy(side: Side): boolean {
  return side === 1;
}

export function oppositeSide(side: Side): Side {
  return side === 1 ? -1 : 1;
}

/** Formats a clOrdId: run-unique, sortable, a pure function of its parts. */
export function toClOrdId(prefix: string, sequence: number): ClOrdId {
  assert(
    Number.isSafeInteger(sequence) && sequence >= 0,
    'a client order id has a whole sequence number',
  );
  return `${prefix}-${String(sequence).padStart(6, '0')}` as ClOrdId;
}
