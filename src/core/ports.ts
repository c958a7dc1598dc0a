/** Ports: what the engine needs from its neighbours. `core` never implements one. */
import type { BarColumns, DepthColumns, MboColumns, QuoteColumns, TradeColumns } from './bars.ts';
import type {
  AmbiguityAlternative,
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from './execution.ts';
import type { ContractDates, InstrumentSpec } from './instrument.ts';
import type { LiveEvent } from './live.ts';
import type { ClOrdId, GroupId, Side } from './order.ts';
import type { AccountMark } from './programme/evaluator.ts';
import type { ProgrammeDecision } from './programme/programme.ts';
import type {
  CalendarBasis,
  MarketState,
  Session,
  SessionColumns,
  SpecialDay,
  TimeSpan,
  WhyClosed,
} from './session.ts';
import type { CashMicros, Qty, TradeDate, TsUs } from './units.ts';

/** The only source of "now". In a backtest the engine drives it; live it is the wall clock. */
export interface Clock {
  nowUs(): TsUs;
}

/**
 * The only source of chance: counter-based, so that a draw depends on its own coordinates and not on how many draws came
 * before. Adding an instrument or a log line shifts nothing.
 */
export interface RandomSource {
  readonly seed: number;
  /** Uniform in [0, 1) for these coordinates; the same coordinates give the same number. */
  uniform(stream: number, a: number, b: number, c: number): number;
}

/** A batch reader of bars in time order. `next` is synchronous, so that no promise stands in the event loop. */
export interface BarSource {
  /** The next batch, or null at the end. A returned batch stays valid until the second-next call. */
  next(): BarColumns | null;
  close(): void;
}

export interface TradingCalendar {
  /** Product group, such as `cme-equity-index`. */
  readonly id: string;
  /** IANA zone of the exchange. */
  readonly zone: string;
  /** Sessions whose trade date is in [from, to]. Errors: E_CALENDAR_SPAN outside the sourced span. */
  sessions(from: TradeDate, to: TradeDate): SessionColumns;
  /** The session that contains the instant, or null when closed (a break inside a session is not closed). */
  sessionAt(tsUs: TsUs): Session | null;
  /** Breaks count as closed. */
  isOpen(tsUs: TsUs): boolean;
  nextOpenUs(tsUs: TsUs): TsUs;
  nextCloseUs(tsUs: TsUs): TsUs;
  /** The trade date of an instant; when closed, that of the next session. */
  tradeDateOf(tsUs: TsUs): TradeDate;
  /** Moves by business days as expiry rules count them. */
  addBusinessDays(date: TradeDate, days: number): TradeDate;
  /** Minutes from local midnight of an instant, for reports and session windows. */
  localMinutes(tsUs: TsUs): number;
}

/**
 * The calendar of an exchange's product group, with the questions that live trading, tools and reports ask. Where nothing
 * else is said: errors E_CALENDAR_SPAN outside the span, and a binary search over columns.
 */
export interface ExchangeCalendar extends TradingCalendar {
  /** The session that the instant belongs to: the one that contains it or, when closed, the next. */
  sessionOf(tsUs: TsUs): Session;
  /** The session with this label, or null on a closed day. */
  sessionOfLabel(label: TradeDate): Session | null;
  /** Sessions that overlap [fromUs, toUs). */
  sessionsBetween(fromUs: TsUs, toUs: TsUs): SessionColumns;
  /** The last open or close strictly before the instant. */
  previousOpenUs(tsUs: TsUs): TsUs;
  previousCloseUs(tsUs: TsUs): TsUs;
  /** Minutes of trading in [fromUs, toUs), breaks left out; negative when the two are the other way round. */
  openMinutesBetween(fromUs: TsUs, toUs: TsUs): number;
  /**
   * Trading time of a session inside its regular hours (`RTH`) or outside of them (`ETH`), breaks left out. Without regular
   * hours, as on a shortened holiday session, `RTH` is empty.
   */
  windowOf(label: TradeDate, window: 'RTH' | 'ETH'): readonly TimeSpan[];
  /** When the settlement price of a label is taken; null on a closed day. */
  settleUs(label: TradeDate): TsUs | null;
  /** When order entry opens for a label, the open itself where nothing earlier is known; null on a closed day. */
  preOpenUs(label: TradeDate): TsUs | null;
  stateAt(tsUs: TsUs): MarketState;
  /** Null when the market is open. */
  whyClosed(tsUs: TsUs): WhyClosed | null;
  /** Days in [from, to] that are not regular, by label. */
  specialDays(from: TradeDate, to: TradeDate): readonly SpecialDay[];
  /** What an answer about this label rests on. Never fails. */
  confidenceOf(date: TradeDate): CalendarBasis;
  /** Answers the hot questions without a search when time moves forward. */
  cursor(): CalendarCursor;
}

/** Answers of one calendar for instants that mostly increase; a jump back costs a search. Nothing is allocated. */
export interface CalendarCursor {
  isOpen(tsUs: TsUs): boolean;
  /** Row of `columns` that contains the instant, breaks included; -1 when closed. */
  rowAt(tsUs: TsUs): number;
  /** Row that the instant belongs to: as `rowAt` or, when closed, the next. Errors: E_CALENDAR_SPAN after the last. */
  rowOf(tsUs: TsUs): number;
  tradeDateOf(tsUs: TsUs): TradeDate;
  /** The first open or close strictly after the instant. */
  nextOpenUs(tsUs: TsUs): TsUs;
  nextCloseUs(tsUs: TsUs): TsUs;
  /** What the rows number; ask again after every answer where a calendar gives answers outside its span. */
  readonly columns: SessionColumns;
}

export interface CalendarSource {
  /** Errors: E_CALENDAR_UNKNOWN with the known ids. */
  forInstrument(spec: InstrumentSpec): TradingCalendar;
  contractDates(spec: InstrumentSpec, year: number, month: number): ContractDates;
}

/** What a venue tells the order manager. Called inside the loop only; adapters translate and enqueue. */
export interface ExecutionSink {
  onReport(report: ExecutionReport): void;
  /** A simulated venue had to choose between outcomes that its data cannot tell apart. */
  onAmbiguity(event: AmbiguityEvent): void;
  /** A simulated venue could not use a bar that an order waited for, or had to leave a position bare. */
  onVenueIssue?(event: VenueIssue): void;
  /** What a live venue tells, reports left out. */
  onLive?(event: LiveEvent): void;
  /** Who holds a group for the venue asks for a market order: contracts without protection, or traded too much. */
  onMustClose?(close: MustClose): void;
}

export interface MustClose {
  readonly contractIndex: number;
  readonly side: Side;
  readonly qty: Qty;
  /** On the order and its fills; names the group. */
  readonly tag: string;
}

export interface VenueIssue {
  /** Stable error code with a page of its own. */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly contractIndex: number;
  readonly tsUs: TsUs;
}

export interface AmbiguityEvent {
  readonly groupId: GroupId;
  readonly contractIndex: number;
  readonly barOpenUs: TsUs;
  readonly barCloseUs: TsUs;
  readonly policy: string;
  readonly chosen: number;
  readonly alternatives: readonly AmbiguityAlternative[];
  readonly qty: number;
}

/** A venue, simulated or real. Every call returns at once; outcomes arrive at the sink. */
export interface ExecutionClient {
  readonly capabilities: VenueCapabilities;
  connect(sink: ExecutionSink): void;
  submit(request: NewOrderRequest): void;
  submitGroup(request: OrderGroupRequest): void;
  replace(request: ReplaceRequest): void;
  cancel(request: CancelRequest): void;
}

/** Flags of a bar for matching. */
export const BarFlag = {
  /** The first bar after an open or reopening that trading had stopped before: its open is an auction price. */
  auctionOpen: 1,
  /** The last bar of its session. */
  sessionLast: 2,
  /** The bar was refused by validation: no execution. */
  quarantined: 4,
} as const;

/** Recorded market data finer than bars. */
export type TickKind = 'quotes' | 'trades' | 'depth' | 'mbo';
export type TickColumns = QuoteColumns | TradeColumns | DepthColumns | MboColumns;

/** Phase of a contract as its calendar knows it. `halted`: a break inside a trade date, after which orders are still there. */
export type VenuePhase = 'open' | 'halted' | 'closed';

/** What the calendar tells with an opening. */
export interface OpeningDetails {
  /** When trading began: earlier than the moment it is told where a run begins in mid-session. */
  readonly sinceUs: TsUs;
  /** Trading had stopped before, and what the run sees of it begins with that: its first trade is the auction. */
  readonly isAuction: boolean;
  /** The close of the trade date, for orders that wait for it; TS_MAX where a later session of it follows. */
  readonly closeUs: TsUs;
}

/**
 * A simulated venue that the engine feeds with market data. The engine calls `onBar` only when
 * `low <= wakeLow[c] || high >= wakeHigh[c]`; -Infinity and Infinity mean that no price can matter, and a waiting market
 * order sets `wakeHigh` to -Infinity so that any bar wakes it.
 */
export interface SimulatedVenue extends ExecutionClient {
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  /**
   * Where the venue has it: last close by contract, NaN until known. The engine writes it after every execution bar, also
   * after one that it does not deliver; it tells the venue whether an arriving order is already marketable or elected.
   */
  readonly lastTicks?: Float64Array;
  /** Matches row `row` of `bars`; reports go to the sink before it returns. `volumeKnown` false lifts the cap. */
  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void;
  /** End of a session: DAY orders expire after the last market event. */
  onSessionClose(contractIndex: number, closeUs: TsUs): void;
  /** Last trade of a contract: all its orders are cancelled with reason `contract-expired`. */
  onContractExpiry(contractIndex: number, tsUs: TsUs): void;
  /** GTD expiries due at or before `nowUs`. */
  onTime(nowUs: TsUs): void;
  /** The next GTD expiry, or TS_MAX. */
  nextTimerUs(): TsUs;
  /** Signed position of a contract as the venue sees it, for reduce-only. */
  setPosition(contractIndex: number, netQty: number): void;
  /**
   * A venue that delays messages lets those for this contract arrive now: the engine is about to cancel and re-create the
   * orders of a position at a roll. Others leave it out.
   */
  hasten?(contractIndex: number, nowUs: TsUs): void;

  /** 1 for each contract that matches on ticks: its bars reach the strategy and match nothing. Without it all match on bars. */
  readonly matchesTicks?: Uint8Array;
  /** Applies row `row` of recorded data and evaluates resting orders; reports go to the sink before it returns. */
  onTick?(kind: TickKind, contractIndex: number, columns: TickColumns, row: number): void;
  /** A contract that matches on ticks opens or is halted; its close is told by `onSessionClose`. */
  onPhase?(contractIndex: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void;
  /** The moment at which the last message on its way will have arrived; TS_MIN without one. */
  onTheWayUs?(): TsUs;
  /** Delay of the market data that the strategy is answering now, in µs; 0 again after it. */
  setLag?(lagUs: number): void;
  /** Delay of one market event on its way to the strategy, in µs; `seq` tells events of one time apart. */
  feedLagUs?(tsUs: number, seq: number): number;

  /** A live venue: when the first of its events that wait arrived, or TS_MAX. */
  inboxUs?(): TsUs;
  /** A live venue hands the first event that waits to the sink. */
  takeEvent?(): void;
  /** A live venue is asked for an order by our id, or for the whole account; the answer arrives as an event. */
  ask?(clOrdId: ClOrdId | null): void;
  /** A report that reading the account brought up, where whoever holds groups must hear it before the engine does. */
  hear?(report: ExecutionReport): void;
}

/**
 * Rules over a whole account, watched while it trades. The engine tells what happened, asks before an order leaves, and closes
 * what may not be held; the guard only says. `row` is a row of instruments.
 */
export interface AccountGuard {
  /** Nothing is kept of `mark`. */
  onMark(mark: AccountMark): void;
  /** A fill that is no move of a position at a roll. */
  onFill(clOrdId: string, netBefore: number, signedQty: number): void;
  /**
   * The last close of a trade date. Base currency, millionths; `atStops` is what equity changes by when every working stop
   * fills at its price, null where a position has none.
   */
  onDayEnd(
    tradeDate: TradeDate,
    tsUs: TsUs,
    balance: number,
    equity: number,
    atStops: number | null,
  ): void;
  /** A moment of its own has come, `nextUs` or later. */
  onTime(nowUs: TsUs): void;
  /** The next moment at which the guard may change its mind by itself, or TS_MAX. */
  nextUs(): number;
  /** Why nothing of this product may be held on this trade date, or null. */
  flatReason(row: number, tradeDate: TradeDate): string | null;
  /** Stable reason of a denial, or null; `contracts` is the largest weighted position that could come of it. */
  deny(row: number, tradeDate: TradeDate, contracts: number): string | null;
  weightOf(row: number): number;
  /** What was decided since the last call, for the journal. */
  takeDecisions(): readonly ProgrammeDecision[];
}

/** Append-only event log. Lines are canonical JSON; the running hash is over their bytes. */
export interface JournalPort {
  /** `body` must be plain data; key order is kept as given. Returns the sequence number. */
  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number;
  /** SHA-256 in hex over all bytes so far. */
  hash(): string;
  flush(): void;
  close(): void;
}

/** Margin per contract, by trade date, in millionths of the instrument's currency. */
export interface MarginModel {
  initialMicros(contractIndex: number, tradeDate: TradeDate, markTicks: number): CashMicros;
  maintenanceMicros(contractIndex: number, tradeDate: TradeDate, markTicks: number): CashMicros;
}

/** Currency conversion. A missing rate is an error, never 1. */
export interface CurrencyRates {
  readonly base: string;
  /** Units of base for one unit of `currency` at this date. Errors: E_CURRENCY_RATE. */
  rate(currency: string, tradeDate: TradeDate): number;
}
