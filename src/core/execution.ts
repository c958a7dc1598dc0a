/** Messages between the order manager and a venue. Requests go out and return at once; outcomes come as reports. */
import type { ContractId } from './instrument.ts';
import type {
  ClOrdId,
  ExitLevel,
  GroupId,
  OrderRole,
  OrderSpec,
  OrderType,
  PeerRule,
  Side,
  TimeInForce,
  VenueOrderId,
  WorkingState,
} from './order.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from './units.ts';

/** One order to a venue. `contractIndex` is the row in the run's contract table. */
export interface NewOrderRequest {
  readonly clOrdId: ClOrdId;
  readonly contractIndex: number;
  readonly spec: OrderSpec;
  readonly role: OrderRole;
  readonly groupId: GroupId | null;
  readonly sentUs: TsUs;
  readonly sender?: MessageSender;
}

/**
 * Who sent a message, where it was not the strategy: the engine, to move a position and its orders at a roll, or the account,
 * to close what a margin call, a delivery or a programme forbids.
 */
export type MessageSender = 'roll' | 'account';

/**
 * A group to a venue: an entry that releases exits (OTO), with the rule between the exits; or peers without an entry
 * (OCO), or exits for a position that exists. Either the whole group is accepted or the whole is rejected.
 */
export interface OrderGroupRequest {
  readonly groupId: GroupId;
  readonly entry: NewOrderRequest | null;
  /** Exits or peers. With an entry they start `held`; an exit may state its level as an offset from the entry's fill. */
  readonly children: readonly GroupChild[];
  readonly peers: PeerRule;
  /** `partial`: children follow each fill of the entry; `full`: they wait for the last one. */
  readonly release: 'partial' | 'full';
  readonly sentUs: TsUs;
}
export interface GroupChild {
  readonly order: NewOrderRequest;
  /** Present when the level depends on the entry's average fill price; `spec` then carries a placeholder level. */
  readonly level?: ExitLevel;
  /** For a stop-limit or trailing exit: as on the order. Share of the entry quantity for several targets. */
  readonly groupQty: Qty;
}

export interface ReplaceRequest {
  readonly clOrdId: ClOrdId;
  readonly orderId: VenueOrderId | null;
  readonly qty?: Qty;
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
  readonly sentUs: TsUs;
  readonly sender?: MessageSender;
}

export interface CancelRequest {
  readonly clOrdId: ClOrdId;
  readonly orderId: VenueOrderId | null;
  readonly sentUs: TsUs;
  readonly sender?: MessageSender;
}

/** How sure a simulated fill is, and by which rule. Real venues leave it out. */
export interface FillEvidence {
  /** Stable rule name: `bar-open`, `limit-through`, `stop-touch`, `auction-open`, … */
  readonly rule: string;
  readonly certain: boolean;
  /** Path policy that chose, for an ambiguous outcome. */
  readonly policy?: string;
  /** Ticks by which the price was rounded against us onto the grid; 0 on gridded data. */
  readonly roundedTicks: number;
  /** Slippage in ticks that the model charged, already inside the price. */
  readonly slippageTicks: number;
  /** Row of the bar: open and close of its interval. */
  readonly barOpenUs?: TsUs;
  readonly barCloseUs?: TsUs;
  /** The event of the record that filled: its time, price, contracts and aggressor (1 buyer, -1 seller, 0 not known). */
  readonly marketUs?: TsUs;
  readonly marketPriceTicks?: PriceTicks;
  readonly marketQty?: Qty;
  readonly aggressor?: Side | 0;
  /** Where the aggressor is known from: the record says it, the quotes around the trade, or the trade before it. */
  readonly aggressorFrom?: 'record' | 'quotes' | 'ticks';
  /** Contracts that stood before the order at its price, before and after the event; ours that came earlier included. */
  readonly queueAhead?: number;
  readonly queueAheadAfter?: number;
  /** Contracts that the record shows there, but that the ledger withheld because we took them before. */
  readonly withheldQty?: Qty;
  /** What was assumed: `synthetic-liquidity`, `synthetic-quote`. */
  readonly flags?: readonly string[];
  /** The order reached the exchange inside this bar, so shortly after its open that it was let in there. */
  readonly latencySubbar?: true;
}

/** One alternative of an ambiguous bar. `pnlTicks` is signed, per contract, relative to the chosen one. */
export interface AmbiguityAlternative {
  readonly leg: ClOrdId | null;
  readonly role: OrderRole | 'open';
  readonly priceTicks: number;
  readonly pnlDeltaTicks: number;
}

/** A report of one order. `cumQty` and `leavesQty` may be unknown (null) from some venues. */
export interface ExecutionReport {
  readonly kind:
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
    | 'CancelRejected'
    | 'Restated';
  readonly clOrdId: ClOrdId;
  readonly orderId: VenueOrderId | null;
  readonly contractIndex: number;
  /** When it happened at the venue. */
  readonly tsUs: TsUs;
  /** Stable reason code for rejects, cancels and expiries, such as `oco-peer`, `day-end`, `no-opposite`. */
  readonly reason?: string;
  /** The venue's own words beside the code, where it gave any. */
  readonly text?: string;
  /** After the event, where the venue tells: */
  readonly orderQty?: Qty;
  readonly cumQty?: Qty;
  readonly leavesQty?: Qty;
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
  readonly working?: WorkingState;
  /** For `Fill`. */
  readonly fill?: VenueFill;
}

export interface VenueFill {
  /** Unique at the venue; a second one of the same id is a duplicate and changes nothing. */
  readonly execId: string;
  readonly lastQty: Qty;
  readonly lastPriceTicks: PriceTicks;
  /** Fees of this fill, positive is a cost: in the instrument's currency, or the one in which the account is charged. */
  readonly feeMicros: CashMicros;
  /** Part of `feeMicros` that is the broker's commission; the rest is exchange and clearing. */
  readonly commissionMicros: CashMicros;
  readonly evidence?: FillEvidence;
}

/** A fill as everything downstream sees it: raw contract prices only. */
export interface Fill {
  readonly execId: string;
  readonly clOrdId: ClOrdId;
  readonly orderId: VenueOrderId | null;
  readonly contract: ContractId;
  readonly contractIndex: number;
  readonly side: Side;
  readonly qty: Qty;
  readonly priceTicks: PriceTicks;
  readonly tsUs: TsUs;
  /** When we could know it. */
  readonly knownUs: TsUs;
  readonly feeMicros: CashMicros;
  readonly commissionMicros: CashMicros;
  /** What was paid, where fees are charged in another currency; the two amounts above are its worth at the date's rates. */
  readonly feePaid?: {
    readonly currency: string;
    readonly feeMicros: CashMicros;
    readonly commissionMicros: CashMicros;
  };
  readonly role: OrderRole;
  readonly tag: string;
  readonly groupId: GroupId | null;
  readonly orderType: OrderType;
  readonly evidence: FillEvidence | null;
}

/** What a venue can and cannot do, as data that a user can read. */
export interface VenueCapabilities {
  readonly venue: string;
  readonly orderTypes: readonly OrderType[];
  readonly timesInForce: readonly TimeInForce[];
  readonly triggers: readonly ('last' | 'bid-ask' | 'mid' | 'mark')[];
  readonly features: {
    readonly replace: boolean;
    readonly reduceOnly: boolean;
    readonly postOnly: boolean;
    readonly iceberg: boolean;
    readonly protection: boolean;
    /** Group kinds that the venue holds itself. */
    readonly groups: readonly ('bracket' | 'oco' | 'ouo' | 'multi-target')[];
  };
}
