/**
 * The exchange of one contract: many participants, one real limit order book. It decides what an order may do — types,
 * times in force, phases, bands, limits, protections, self-trade prevention, reduce-only — and the book matches.
 *
 * A command is carried out whole before the next one: an aggressor trades, then what its trades elect joins the end of the
 * arrivals, until the market is quiet. Nothing is read from a clock: times come with the commands and never go back.
 */
import { EndedOrders, IdSet } from '../../core/ended-ids.ts';
import { assert, TradingError } from '../../core/errors.ts';
import type { FillEvidence } from '../../core/execution.ts';
import type { Side } from '../../core/order.ts';
import type { AllocationStep } from '../book/allocation.ts';
import type { MatchSink, Meeting, OrderHandle, SelfTradeMode } from '../book/limit-book.ts';
import { ASK, LimitBook } from '../book/limit-book.ts';
import type { GroupEvent, GroupMessage, LiveGroup } from '../groups/group-desk.ts';
import { GroupDesk } from '../groups/group-desk.ts';
import type { LegProblem, MarketGroupInput, MarketLegInput } from '../groups/group-input.ts';
import { groupProblem, withLevel } from '../groups/group-input.ts';
import { legQtyProblem } from '../../core/groups/group-state.ts';
import type { Indication } from './auction.ts';
import type { BreakerRule } from './breaker.ts';
import { CircuitBreaker } from './breaker.ts';
import { findAuctionPrice } from './auction.ts';
import type { Liquidity, ReadLiquidity } from './liquidity.ts';
import { RECORD } from './liquidity.ts';
import type {
  MarketOrderInput,
  MarketPhase,
  MarketReplaceInput,
  MarketReport,
  MarketReportKind,
  MarketSink,
} from './market-order.ts';
import { MarketOrder } from './market-order.ts';
import type { OffGrid } from './market-rules.ts';
import { inputProblem, isImmediate, isMarketType, needsTrigger, toGrid } from './market-rules.ts';
import type { MarketSnapshot } from './snapshot.ts';
import {
  checkSnapshot,
  noSnapshot,
  MARKET_SNAPSHOT_VERSION,
  orderOfRow,
  orderRow,
  plainNumber,
} from './snapshot.ts';
import type { TriggerKey } from './triggers.ts';
import { isTrailing, ratchet, TriggerBook, triggerKey } from './triggers.ts';

export interface MarketOptions {
  /** How a level is shared out. Default: price and time priority. */
  readonly allocation?: readonly AllocationStep[];
  /** Ticks that a market order may go beyond the opposite best. Default: no protection. */
  readonly protectionTicks?: number;
  /** Ticks that an elected stop may go beyond its trigger. Default: as `protectionTicks`. */
  readonly stopProtectionTicks?: number;
  /** What a protected order does with the rest: it rests at the protection price (default), or is cancelled. */
  readonly remainder?: 'rest' | 'cancel';
  /** A stop whose price has been reached when it arrives: it is elected at once (default), or rejected. */
  readonly stopInMarket?: 'trigger' | 'reject';
  /** Where a stop's protection is counted from: its trigger (default), or the price that it meets. */
  readonly protectFrom?: 'trigger' | 'quote';
  /** A price between two ticks: rejected (default), moved the way that trades later, or to the nearest tick. */
  readonly offGrid?: OffGrid;
  /** Contracts that one order may have. Default: no limit. */
  readonly maxQty?: number;
  /** A change to no more than what is filled: rejected (default), or the end of the order. */
  readonly reduceToFilled?: 'reject' | 'cancel';
  /** Moves that put the market on hold. Default: none do. */
  readonly breaker?: BreakerRule;
  /**
   * Limit prices farther than this from the last trade of the session, else the indicative price, else the reference, are
   * rejected. Default: no band.
   */
  readonly bandTicks?: number;
  /** Market orders that arrive while the market is not open wait for it. Default: they are rejected. */
  readonly queueMarket?: boolean;
  /** Orders that arrive while the market is closed are parked until its next phase. Default: they are rejected. */
  readonly queueClosed?: boolean;
  /** Default `open`. */
  readonly startPhase?: MarketPhase;
}

/** Times of a session, in µs UTC; what is left out does not come. */
export interface SessionTimes {
  /** From here on orders for the opening or the close are neither taken, changed nor cancelled. */
  readonly openCutOffUs?: number;
  readonly closeCutOffUs?: number;
  /** The end of trading, for holds that are shorter near it. */
  readonly closeUs?: number;
}

/** What became of a group. */
export interface GroupAnswer {
  readonly isAccepted: boolean;
  /** The order at fault; of an accepted group its first. */
  readonly clOrdId: string;
  /** Stable code of a reject; empty otherwise. */
  readonly reason: string;
}

/** Arrivals and elections of one command; more is a loop that does not end. */
const ROUNDS_MAX = 10_000;

interface MutableReport {
  kind: MarketReportKind;
  participant: number;
  clOrdId: string;
  order: MarketOrder | null;
  tsUs: number;
  reason: string;
  lastQty: number;
  lastPriceTicks: number;
  tradeId: number;
  isAggressor: boolean;
  evidence: FillEvidence | null;
}

/** Fills of a book need no more words than these. */
const BOOK_TRADE: FillEvidence = {
  rule: 'book-trade',
  certain: true,
  roundedTicks: 0,
  slippageTicks: 0,
};
const AUCTION: FillEvidence = { ...BOOK_TRADE, rule: 'auction' };
/** A record has no auction at its close: orders for it get the last price. */
const AT_CLOSE: FillEvidence = { ...BOOK_TRADE, rule: 'at-close' };

export class ContractMarket {
  readonly #options: MarketOptions;
  readonly #sink: MarketSink;
  readonly #book: Liquidity;
  readonly #triggers: Map<TriggerKey, TriggerBook> = new Map();
  readonly #byHandle: Map<OrderHandle, MarketOrder> = new Map();
  /** Orders that have not ended, and those that have: the latest whole, of the others their ids. */
  readonly #byClient: Map<string, MarketOrder> = new Map();
  #ended: EndedOrders<MarketOrder> = new EndedOrders();
  /** Orders for the opening alone, and market orders that wait for it, in order of arrival. */
  readonly #opening: Set<MarketOrder> = new Set();
  /** Orders for the close alone, in order of arrival. */
  readonly #closing: Set<MarketOrder> = new Set();
  readonly #breaker: CircuitBreaker | null;
  /** When a hold ends; Infinity without one. */
  #resumeUs: number = Infinity;
  #session: SessionTimes = {};
  /** The last trade of this session, or NaN. */
  #sessionTicks: number = NaN;
  readonly #parked: Set<MarketOrder> = new Set();
  /** Legs of groups that may not trade before their parent does. */
  readonly #held: Set<MarketOrder> = new Set();
  #groupIds: IdSet = new IdSet();
  readonly #desk: GroupDesk;
  /** Orders with a date of expiry. */
  readonly #dated: Set<MarketOrder> = new Set();
  /** Reduce-only orders at work, by participant. */
  readonly #reducing: Map<number, Set<MarketOrder>> = new Map();
  readonly #positions: Map<number, number> = new Map();
  readonly #report: MutableReport;
  readonly #matchSink: MatchSink;
  /** Of an aggressor with peers. */
  readonly #peerSink: MatchSink & { readonly meet: Meeting };
  #arrivals: MarketOrder[] = [];
  /** Prices of the trades that elections have not seen yet. */
  readonly #prints: number[] = [];
  #printCount: number = 0;
  #aggressor: MarketOrder | null = null;
  /** The order that the aggressor met last is a peer of it. */
  #isPeerMet: boolean = false;
  #phase: MarketPhase;
  #nowUs: number = -Infinity;
  /** The first date of an order, at the latest. */
  #expiryUs: number = Infinity;
  #lastTicks: number = NaN;
  #markTicks: number = NaN;
  #referenceTicks: number = NaN;
  #heldBack: number = 0;
  #fromBid: number = NaN;
  #fromAsk: number = NaN;
  #lowLimit: number = -Infinity;
  #highLimit: number = Infinity;
  #orderCount: number = 0;
  #tradeCount: number = 0;
  #priority: number = 0;

  /** `liquidity`: what orders trade with. Default: a book of their own, shared out as `options.allocation` says. */
  constructor(sink: MarketSink, options: MarketOptions = {}, liquidity?: Liquidity) {
    this.#sink = sink;
    this.#options = options;
    this.#breaker = options.breaker === undefined ? null : new CircuitBreaker(options.breaker);
    this.#phase = options.startPhase ?? 'open';
    this.#book = liquidity ?? new LimitBook(options.allocation);
    this.#report = {
      kind: 'Accepted',
      participant: 0,
      clOrdId: '',
      order: null,
      tsUs: 0,
      reason: '',
      lastQty: 0,
      lastPriceTicks: NaN,
      tradeId: 0,
      isAggressor: false,
      evidence: null,
    };
    this.#matchSink = {
      onTrade: (handle, price, qty, leaves) => this.#onTrade(handle, price, qty, leaves),
      onSelfTrade: (handle, _price, qty, leaves) => this.#onSelfTrade(handle, qty, leaves),
    };
    this.#peerSink = { ...this.#matchSink, meet: (handle) => this.#meet(handle) };
    this.#desk = new GroupDesk({
      cancelLeg: (order, reason) => this.#end(order, 'Canceled', reason),
      resizeLeg: (order, qty, reason) => this.#resizeLeg(order, qty, reason),
      shrinkLeg: (order) => this.#shrink(order),
      tellGroup: (kind, live, order, qty) => this.#tellGroup(kind, live, order, qty),
    });
  }

  /** The book, to be read. */
  get book(): ReadLiquidity {
    return this.#book;
  }
  get phase(): MarketPhase {
    return this.#phase;
  }
  /** Price of the last trade in ticks, or NaN. */
  get lastTicks(): number {
    return this.#lastTicks;
  }

  /** Signed contracts of a participant, as the fills of this market left them. */
  positionOf(participant: number): number {
    return this.#positions.get(participant) ?? 0;
  }

  /** Contracts that a participant brings along. Working reduce-only orders follow. */
  setPosition(participant: number, netQty: number, tsUs: number): void {
    this.#advance(tsUs);
    this.#positions.set(participant, netQty);
    this.#capReducing(participant);
    this.#settle();
  }

  /** Null for an id that the market never saw, and for an order that ended long ago. */
  orderOf(participant: number, clOrdId: string): MarketOrder | null {
    const key = keyOf(participant, clOrdId);
    return this.#byClient.get(key) ?? this.#ended.get(key) ?? null;
  }

  /** Orders that have not ended, of everybody or of one participant, in order of arrival. */
  openOrders(participant?: number): MarketOrder[] {
    const all = [...this.#byClient.values()];
    return participant === undefined
      ? all
      : all.filter((each) => each.input.participant === participant);
  }

  /** Groups that are not over, by participant and id; their rules stand in plain data. */
  groups(): ReadonlyMap<string, LiveGroup> {
    return this.#desk.groups;
  }

  /** What brokers' groups have on its way to this market, in order of arrival. */
  messages(): readonly GroupMessage[] {
    return this.#desk.messages;
  }

  /**
   * When something happens here by itself: a date, a message of a broker's group, the end of a hold; Infinity for nothing.
   * A command or `advance` of a later time carries it out.
   */
  get dueUs(): number {
    return this.#nextDueUs();
  }

  /** The order behind a handle of the book, or null. */
  orderAt(handle: OrderHandle): MarketOrder | null {
    return this.#byHandle.get(handle) ?? null;
  }

  // ------------------------------------------------------------------------------------------------- snapshots

  /** The state between two commands as plain data. Errors: E_SNAPSHOT over liquidity that cannot be written down. */
  snapshot(): MarketSnapshot {
    const book = this.#book.snapshot?.((handle) => this.#byHandle.get(handle)!.orderId);
    if (book === undefined) throw noSnapshot();
    const { groups, messages } = this.#desk.snapshot();
    const legs = [...this.#desk.groups.values()].flatMap(({ orders }) => orders);
    const ids = (orders: Iterable<MarketOrder>): number[] =>
      [...orders].map(({ orderId }) => orderId);
    return {
      kind: 'frontmonth-market',
      version: MARKET_SNAPSHOT_VERSION,
      options: this.#options,
      nowUs: plainNumber(this.#nowUs),
      phase: this.#phase,
      lastTicks: plainNumber(this.#lastTicks),
      markTicks: plainNumber(this.#markTicks),
      referenceTicks: plainNumber(this.#referenceTicks),
      lowLimit: plainNumber(this.#lowLimit),
      highLimit: plainNumber(this.#highLimit),
      orderCount: this.#orderCount,
      tradeCount: this.#tradeCount,
      priority: this.#priority,
      orders: [...this.#byClient.values()].map(orderRow),
      ended: this.#ended.toPlain(orderRow),
      book,
      triggers: [...this.#triggers].map(([source, held]) => ({
        source,
        orders: ids(held.inOrder()),
      })),
      opening: ids(this.#opening),
      parked: ids(this.#parked),
      dated: ids([...this.#dated].filter(({ place }) => place !== 'done')),
      held: ids(this.#held),
      closing: ids(this.#closing),
      session: this.#session,
      sessionTicks: plainNumber(this.#sessionTicks),
      resumeUs: plainNumber(this.#resumeUs),
      breaker: this.#breaker?.toPlain() ?? null,
      expiryUs: plainNumber(this.#expiryUs),
      groups,
      messages,
      endedLegs: legs.filter(({ place }) => place === 'done').map(orderRow),
      groupIds: this.#groupIds.toPlain(),
      reducing: [...this.#reducing].map(([participant, orders]) => ({
        participant,
        orders: ids(orders),
      })),
      positions: [...this.#positions].map(([participant, netQty]) => ({ participant, netQty })),
    };
  }

  /** A market that goes on from a snapshot as the original would have. Errors: E_SNAPSHOT, E_BOOK_RANGE. */
  static restore(snapshot: MarketSnapshot, sink: MarketSink): ContractMarket {
    checkSnapshot(snapshot);
    const market = new ContractMarket(sink, snapshot.options);
    market.#nowUs = Number(snapshot.nowUs);
    market.#phase = snapshot.phase;
    market.#lastTicks = Number(snapshot.lastTicks);
    market.#markTicks = Number(snapshot.markTicks);
    market.#referenceTicks = Number(snapshot.referenceTicks);
    market.#lowLimit = Number(snapshot.lowLimit);
    market.#highLimit = Number(snapshot.highLimit);
    market.#orderCount = snapshot.orderCount;
    market.#tradeCount = snapshot.tradeCount;
    market.#priority = snapshot.priority;
    const orders = new Map<number, MarketOrder>();
    for (const row of snapshot.orders) {
      const order = orderOfRow(row);
      orders.set(order.orderId, order);
      market.#byClient.set(keyOf(order.input.participant, order.input.clOrdId), order);
    }
    market.#ended = EndedOrders.fromPlain(snapshot.ended, orderOfRow);
    market.#book.restore!(snapshot.book, (orderId, handle) => {
      const order = orders.get(orderId)!;
      order.handle = handle;
      market.#byHandle.set(handle, order);
    });
    for (const { source, orders: ids } of snapshot.triggers) {
      market.#triggersOf(source);
      for (const id of ids) {
        const order = orders.get(id)!;
        market.#triggersOf(triggerKey(order.input)).add(order);
      }
    }
    for (const id of snapshot.opening) market.#opening.add(orders.get(id)!);
    for (const id of snapshot.parked) market.#parked.add(orders.get(id)!);
    for (const id of snapshot.dated) market.#dated.add(orders.get(id)!);
    for (const id of snapshot.closing) market.#closing.add(orders.get(id)!);
    market.#session = snapshot.session;
    market.#sessionTicks = Number(snapshot.sessionTicks);
    market.#resumeUs = Number(snapshot.resumeUs);
    if (snapshot.breaker !== null) market.#breaker?.take(snapshot.breaker);
    for (const id of snapshot.held) market.#held.add(orders.get(id)!);
    market.#expiryUs = Number(snapshot.expiryUs);
    for (const row of snapshot.endedLegs) {
      const { participant, clOrdId } = row.input;
      orders.set(row.orderId, market.orderOf(participant, clOrdId) ?? orderOfRow(row));
    }
    market.#desk.restore(snapshot.groups, snapshot.messages, (id) => orders.get(id)!);
    market.#groupIds = IdSet.fromPlain(snapshot.groupIds);
    for (const { participant, orders: ids } of snapshot.reducing)
      market.#reducing.set(participant, new Set(ids.map((id) => orders.get(id)!)));
    for (const { participant, netQty } of snapshot.positions)
      market.#positions.set(participant, netQty);
    return market;
  }

  // ------------------------------------------------------------------------------------------------- commands

  submit(sent: MarketOrderInput, tsUs: number): MarketOrder | null {
    this.#advance(tsUs);
    const input = this.#toGrid(sent);
    const reason = this.#submitProblem(input);
    if (reason !== null) {
      this.#tellNone('Rejected', input.participant, input.clOrdId, reason);
      return null;
    }
    const order = this.#register(input);
    this.#tell('Accepted', order, input === sent ? '' : 'price-rounded');
    this.#arrive(order);
    this.#settle();
    return order;
  }

  /**
   * Accepts a group whole, or rejects it whole: then the answer names the order at fault, whose report carries the reason;
   * those of the others say `group-rejected`.
   */
  submitGroup(sent: MarketGroupInput, tsUs: number): GroupAnswer {
    this.#advance(tsUs);
    const legs = sent.legs.map((leg) => ({ ...leg, order: this.#toGrid(leg.order) }));
    const input = { ...sent, legs };
    const problem = this.#groupProblem(input);
    if (problem !== null) {
      const { leg, reason } = problem;
      input.legs.forEach(({ order }, k) => {
        const why = k === leg ? reason : 'group-rejected';
        this.#tellNone('Rejected', order.participant, order.clOrdId, why);
      });
      const { participant = 0, clOrdId = '' } = input.legs[leg]?.order ?? {};
      const { groupId } = input;
      this.#sink.onGroup?.({
        kind: 'rejected',
        participant,
        groupId,
        clOrdId,
        qty: 0,
        reason,
        tsUs,
      });
      this.#settle();
      return { isAccepted: false, clOrdId, reason };
    }
    const orders = input.legs.map(({ order }) => this.#register(order));
    this.#groupIds.add(keyOf(orders[0]!.input.participant, input.groupId));
    const live = this.#desk.open(input, orders);
    this.#tellGroup('accepted', live, orders[0]!, 0);
    for (const [leg, order] of orders.entries()) {
      const isHeld = order.releasedQty === 0;
      order.place = isHeld ? 'held' : 'queue';
      if (isHeld) this.#held.add(order);
      this.#tell('Accepted', order, order.input === sent.legs[leg]!.order ? '' : 'price-rounded');
      if (!isHeld) this.#arrivals.push(order);
    }
    this.#settle();
    return { isAccepted: true, clOrdId: orders[0]!.input.clOrdId, reason: '' };
  }

  cancel(participant: number, clOrdId: string, tsUs: number): void {
    this.#advance(tsUs);
    const order = this.orderOf(participant, clOrdId);
    const reason =
      order === null ? this.#unknown(participant, clOrdId) : this.#changeProblem(order);
    if (reason !== null) this.#tellNone('CancelRejected', participant, clOrdId, reason);
    else this.#end(order!, 'Canceled', 'user');
    this.#settle();
  }

  /** A replace that is rejected leaves price, place and quantity as they were. */
  replace(participant: number, clOrdId: string, change: MarketReplaceInput, tsUs: number): void {
    this.#advance(tsUs);
    const order = this.orderOf(participant, clOrdId);
    const { side = 1, type = 'limit' } = order?.input ?? {};
    const onGrid = toGrid(change, side, type, this.#options.offGrid ?? 'reject');
    const reason =
      order === null ? this.#unknown(participant, clOrdId) : this.#replaceProblem(order, onGrid);
    if (reason === 'qty-below-filled' && this.#options.reduceToFilled === 'cancel') {
      this.#end(order!, 'Canceled', reason);
    } else if (reason !== null) this.#tellNone('ReplaceRejected', participant, clOrdId, reason);
    else this.#replace(order!, onGrid, onGrid === change ? '' : 'price-rounded');
    this.#settle();
  }

  /** Cut-offs and the end of a session. */
  setSession(times: SessionTimes): void {
    this.#session = times;
  }

  /** Moves the market on. Opening from a phase without matching holds an auction first. */
  setPhase(phase: MarketPhase, tsUs: number): void {
    this.#advance(tsUs);
    const from = this.#phase;
    if (from === phase) return;
    assert(from !== 'expired', 'an expired contract has no further phase');
    this.#resumeUs = Infinity;
    if (from === 'open' && (phase === 'closed' || phase === 'post-close' || phase === 'expired'))
      this.#closingAuction();
    const wasShut = this.#isShut;
    // What was parked takes part in the auction of the opening.
    this.#phase = phase === 'open' && from === 'closed' ? 'pre-open' : phase;
    if (wasShut && phase !== 'expired') {
      this.#unpark();
      this.#settle();
    }
    this.#phase = phase;
    this.#sink.onPhase?.(phase, tsUs);
    // A record holds its auctions itself: `openAt`.
    if (phase === 'open' && from !== 'post-close' && this.#book.isRecorded !== true)
      this.#auction();
    if (phase === 'closed' || phase === 'expired') this.#endSession(phase === 'expired');
    this.#settle();
  }

  /** GTD orders whose moment has come expire. Market events of the same moment come before. */
  advance(tsUs: number): void {
    this.#advance(tsUs);
    this.#settle();
  }

  /** Prices that may trade today. Orders outside wait where they may, and end where they may not. */
  setLimits(lowTicks: number, highTicks: number, tsUs: number): void {
    this.#advance(tsUs);
    this.#lowLimit = lowTicks;
    this.#highLimit = highTicks;
    for (const order of this.#working()) {
      if (order.place === 'book' && !this.#isInLimits(order.limitTicks)) this.#parkOrEnd(order);
    }
    this.#unpark();
    this.#settle();
  }

  /** The price from which bands are measured and which breaks ties of an auction: the last settlement, mostly. */
  setReference(priceTicks: number): void {
    this.#referenceTicks = priceTicks;
  }

  /** The price that elects orders with the trigger `mark`. */
  setMark(priceTicks: number, tsUs: number): void {
    this.#advance(tsUs);
    this.#markTicks = priceTicks;
    this.#settle();
  }

  /** What an auction at this moment would trade, or null where nothing crosses. */
  indication(): Indication | null {
    return findAuctionPrice(
      this.#book,
      this.#openingQty(1),
      this.#openingQty(-1),
      this.#tieTicks(),
      this.#lowLimit,
      this.#highLimit,
    );
  }

  // --------------------------------------------------------------------------------------- driven by a record

  /** The record's time moves on; what is due at it comes with `settle`. */
  recordTime(tsUs: number): void {
    if (tsUs >= this.#nowUs && tsUs <= this.#nextDueUs()) this.#nowUs = tsUs;
    else this.#advance(tsUs);
  }

  /** The record filled a resting order, of which `leavesQty` still rests: the liquidity has taken it off already. */
  recordFill(handle: OrderHandle, priceTicks: number, qty: number, leavesQty: number): void {
    const order = this.#byHandle.get(handle)!;
    this.#tradeCount += 1;
    order.restingQty -= qty;
    if (leavesQty === 0) this.#forget(order);
    this.#fill(order, priceTicks, qty, false);
    this.#capped.push(order);
    this.#capAfterTrades();
  }

  /** The record traded at a price, or passed it on its way: it elects, and what it elects is carried out. */
  recordPrint(priceTicks: number): void {
    this.#sessionTicks = this.#lastTicks = priceTicks;
    this.#keepPrint(priceTicks);
    this.#settle();
  }

  /** The record passed a price on its way to another: it elects what waits in that direction. */
  recordPass(priceTicks: number, to: number): void {
    this.#lastTicks = priceTicks;
    const isRising = priceTicks < to;
    const elected: MarketOrder[] = [];
    this.#triggers
      .get('last')
      ?.elect(isRising ? priceTicks : NaN, isRising ? NaN : priceTicks, elected);
    for (const order of elected) this.#elect(order);
    this.#settle();
  }

  /** The trigger that a move of the record to this price passes first, in ticks, or NaN. */
  nextTrigger(priceTicks: number): number {
    return this.#triggers.get('last')?.firstPassed(priceTicks) ?? NaN;
  }

  /**
   * The farthest that the record's quote went beyond a trigger that waits for quotes, in ticks; -1 where it reached none.
   */
  quoteBeyond(): number {
    let far = -1;
    if (this.#triggers.size === 0) return far;
    for (const [source, triggers] of this.#triggers) {
      if (source === 'last' || source === 'mark' || triggers.size === 0) continue;
      const [rising, falling] = this.#sourcePrices(source);
      far = Math.max(far, triggers.farthestBeyond(rising, falling));
    }
    return far;
  }

  /** The record's quote goes from these prices to what it shows now and is this many ticks short of it; 0: it is there. */
  holdQuoteBack(ticks: number, fromBid: number = NaN, fromAsk: number = NaN): void {
    this.#heldBack = ticks;
    this.#fromBid = fromBid;
    this.#fromAsk = fromAsk;
  }

  /** Elections by what the record shows now, and everything that follows. */
  settle(): void {
    this.#settle();
  }

  /** The record's auction: stops that its price elects take part, then `fillResting`, then orders without a limit. */
  openAt(priceTicks: number, fillResting: () => void): void {
    this.#sessionTicks = this.#lastTicks = priceTicks;
    this.#electForAuction(priceTicks);
    fillResting();
    for (const order of this.#opening) {
      if (!Number.isNaN(order.limitTicks) || order.place === 'done') continue;
      const qty = this.#tradableQty(order);
      if (qty === 0) continue;
      this.#tradeCount += 1;
      this.#fill(order, priceTicks, qty, false, AUCTION);
      this.#capped.push(order);
      this.#capAfterTrades();
    }
    this.#keepPrint(priceTicks);
    this.#endAuction();
    this.#settle();
  }

  /** The record trades again without an auction: what waited for it, and what rests across the market, arrives now. */
  openWithout(): void {
    for (const order of this.#byHandle.values()) {
      const { side } = order.input;
      if (!((order.limitTicks - this.#book.bestTicks(side === 1 ? -1 : 1)) * side >= 0)) continue;
      this.#leavePlace(order);
      order.place = 'queue';
      this.#arrivals.push(order);
    }
    for (const order of this.#opening) {
      this.#opening.delete(order);
      if (order.place !== 'opening') continue;
      order.place = 'queue';
      this.#arrivals.push(order);
    }
    this.#settle();
  }

  // ------------------------------------------------------------------------------------------------- arrivals

  /** What was due before this moment happens first, each at its own time. Events of the very moment come before it. */
  #advance(tsUs: number): void {
    assert(tsUs >= this.#nowUs, 'the time of a market never goes back');
    for (let dueUs = this.#nextDueUs(); dueUs < tsUs; dueUs = this.#nextDueUs()) {
      this.#nowUs = Math.max(this.#nowUs, dueUs);
      this.#desk.deliver(dueUs);
      for (const order of this.#dated) {
        if (order.place === 'done') this.#dated.delete(order);
        else if (order.input.expireUs! <= dueUs) this.#end(order, 'Expired', 'gtd');
      }
      this.#expiryUs = Infinity;
      for (const { input } of this.#dated)
        this.#expiryUs = Math.min(this.#expiryUs, input.expireUs!);
      if (this.#resumeUs <= dueUs) this.#resume();
      this.#settle();
    }
    this.#nowUs = tsUs;
  }

  #nextDueUs(): number {
    return Math.min(this.#expiryUs, this.#desk.dueUs, this.#resumeUs);
  }

  /** A trade would move the market too far: nothing trades until an auction opens it again. */
  #hold(): void {
    // What traded before elects as ever; what it elects waits.
    this.#electAll();
    const { closeUs = Infinity } = this.#session;
    this.#resumeUs = this.#nowUs + this.#breaker!.holdUs(this.#nowUs, closeUs);
    this.#phase = 'halted';
    this.#sink.onPhase?.('halted', this.#nowUs);
  }

  #resume(): void {
    this.#resumeUs = Infinity;
    this.#breaker!.clear();
    this.#phase = 'open';
    this.#sink.onPhase?.('open', this.#nowUs);
    this.#auction();
  }

  #toGrid(input: MarketOrderInput): MarketOrderInput {
    return toGrid(input, input.side, input.type, this.#options.offGrid ?? 'reject');
  }

  #register(input: MarketOrderInput): MarketOrder {
    this.#orderCount += 1;
    const order = new MarketOrder(input, this.#orderCount, this.#nowUs);
    this.#priority += 1;
    order.priority = this.#priority;
    this.#byClient.set(keyOf(input.participant, input.clOrdId), order);
    if (order.timeInForce === 'gtd') {
      this.#dated.add(order);
      this.#expiryUs = Math.min(this.#expiryUs, input.expireUs!);
    }
    return order;
  }

  #submitProblem(input: MarketOrderInput): string | null {
    const key = keyOf(input.participant, input.clOrdId);
    if (this.#byClient.has(key) || this.#ended.has(key)) return 'duplicate-client-order-id';
    return this.#inputProblem(input) ?? this.#arrivalProblem(input);
  }

  #inputProblem(input: MarketOrderInput): string | null {
    const problem = inputProblem(input, this.#nowUs);
    if (problem !== null) return problem;
    return input.qty > (this.#options.maxQty ?? Infinity) ? 'max-qty' : null;
  }

  #groupProblem(input: MarketGroupInput): LegProblem | null {
    const { legs } = input;
    const ids = legs.map(({ order }) => order.clOrdId);
    const shape = groupProblem(input, this.#lastTicks);
    if (shape !== null) return shape;
    if (this.#groupIds.has(keyOf(legs[0]!.order.participant, input.groupId)))
      return { leg: 0, reason: 'duplicate-group-id' };
    for (let leg = 0; leg < legs.length; leg += 1) {
      const reason =
        ids.indexOf(ids[leg]!) === leg ? this.#legProblem(legs[leg]!) : 'duplicate-client-order-id';
      if (reason !== null) return { leg, reason };
    }
    return null;
  }

  #legProblem(leg: MarketLegInput): string | null {
    const { after = -1, offsetTicks } = leg;
    const order = withLevel(leg);
    const limitTicks = offsetTicks === undefined ? (order.limitTicks ?? NaN) : NaN;
    if (after < 0) return this.#submitProblem(order) ?? this.#immediateProblem(order);
    if (this.#byClient.has(keyOf(order.participant, order.clOrdId)))
      return 'duplicate-client-order-id';
    // The state of the market concerns a child only when it is released.
    return (
      this.#inputProblem(order) ??
      this.#phaseProblem() ??
      this.#priceProblem(limitTicks, order.timeInForce ?? 'day')
    );
  }

  #phaseProblem(): string | null {
    const phase = this.#phase;
    if (phase === 'expired') return 'contract-expired';
    if (phase === 'unlisted') return 'contract-not-listed';
    return this.#isShut && this.#options.queueClosed !== true ? 'market-closed' : null;
  }

  /** What the book would do to an order at once. */
  #immediateProblem({
    side,
    type,
    limitTicks,
    postOnly,
    timeInForce,
  }: MarketOrderInput): string | null {
    if (this.#phase !== 'open' || needsTrigger(type)) return null;
    const opposite = this.#book.bestTicks(side === 1 ? -1 : 1);
    if (isMarketType(type) && timeInForce !== 'at-close')
      return Number.isNaN(opposite) ? 'no-opposite' : null;
    return postOnly === 'reject' && (limitTicks! - opposite) * side >= 0 ? 'would-take' : null;
  }

  #arrivalProblem(input: MarketOrderInput): string | null {
    const closed = this.#phaseProblem();
    if (closed !== null) return closed;
    const phase = this.#phase;
    const tif = input.timeInForce ?? 'day';
    if (tif === 'at-open' && phase === 'open') return 'auction-over';
    const { openCutOffUs = Infinity, closeCutOffUs = Infinity } = this.#session;
    if (tif === 'at-open' && this.#nowUs >= openCutOffUs) return 'cut-off';
    if (tif === 'at-close' && this.#nowUs >= closeCutOffUs) return 'cut-off';
    const isWaiting = phase !== 'open';
    if (isWaiting && isImmediate(tif)) return 'market-not-open';
    const isMarket = isMarketType(input.type) && tif !== 'at-open' && tif !== 'at-close';
    if (isWaiting && isMarket && this.#options.queueMarket !== true) return 'market-not-open';
    if (input.reduceOnly === true && -input.side * this.positionOf(input.participant) <= 0)
      return 'reduce-only-exhausted';
    return this.#priceProblem(input.limitTicks ?? NaN, tif) ?? this.#stopProblem(input);
  }

  /** Bands and limits for a limit price. */
  #priceProblem(limitTicks: number, tif: string): string | null {
    if (Number.isNaN(limitTicks)) return null;
    const { bandTicks } = this.#options;
    if (bandTicks !== undefined && Math.abs(limitTicks - this.#bandTicks()) > bandTicks)
      return 'price-band';
    const mayWait = tif === 'gtc' || tif === 'gtd';
    return this.#isInLimits(limitTicks) || mayWait ? null : 'price-limit';
  }

  /** What a band is measured from. */
  #bandTicks(): number {
    if (!Number.isNaN(this.#sessionTicks)) return this.#sessionTicks;
    const indicative = this.#phase === 'open' ? undefined : this.indication()?.priceTicks;
    return indicative ?? this.#tieTicks();
  }

  #stopProblem(input: MarketOrderInput): string | null {
    if (this.#options.stopInMarket !== 'reject' || !needsTrigger(input.type)) return null;
    const probe = new MarketOrder(input, 0, this.#nowUs);
    const [rising, falling] = this.#sourcePrices(triggerKey(input));
    if (Number.isNaN(probe.stopTicks)) return null;
    return TriggerBook.isElected(probe, rising, falling) ? 'stop-in-market' : null;
  }

  #isInLimits(limitTicks: number): boolean {
    return (
      Number.isNaN(limitTicks) || (limitTicks >= this.#lowLimit && limitTicks <= this.#highLimit)
    );
  }

  /** Puts an accepted order where it belongs, or trades it. */
  #arrive(order: MarketOrder): void {
    if (this.#isShut) this.#park(order);
    else if (needsTrigger(order.input.type) && !order.isTriggered) this.#awaitTrigger(order);
    else if (order.timeInForce === 'at-close') {
      order.place = 'closing';
      this.#closing.add(order);
    } else if (!this.#isInLimits(order.limitTicks)) this.#parkOrEnd(order);
    else if (this.#phase === 'open') this.#execute(order);
    else this.#awaitOpening(order);
  }

  #awaitTrigger(order: MarketOrder): void {
    const source = triggerKey(order.input);
    const [rising, falling] = this.#sourcePrices(source);
    const price = order.input.side === 1 ? rising : falling;
    if (isTrailing(order) && Number.isNaN(order.stopTicks)) ratchet(order, price);
    const isReached =
      this.#phase === 'open' &&
      !Number.isNaN(order.stopTicks) &&
      TriggerBook.isElected(order, rising, falling);
    if (isReached) {
      this.#elect(order);
      return;
    }
    if (isTrailing(order) && Number.isNaN(order.bestTicks)) ratchet(order, price);
    order.place = 'trigger';
    this.#triggersOf(source).add(order);
    if (order.input.reduceOnly === true) this.#watch(order);
  }

  #awaitOpening(order: MarketOrder): void {
    const isMarket = Number.isNaN(order.limitTicks);
    if (isImmediate(order.timeInForce)) {
      this.#end(order, 'Expired', order.timeInForce);
      return;
    }
    if (isMarket || order.timeInForce === 'at-open') this.#opening.add(order);
    if (isMarket) order.place = 'opening';
    else this.#rest(order);
  }

  get #isShut(): boolean {
    return this.#phase === 'closed' || this.#phase === 'post-close';
  }

  #unpark(): void {
    if (this.#isShut) return;
    for (const order of this.#parked) {
      if (!this.#isInLimits(order.limitTicks)) continue;
      this.#parked.delete(order);
      order.place = 'queue';
      this.#tell('Unparked', order);
      this.#arrivals.push(order);
    }
  }

  #park(order: MarketOrder): void {
    order.place = 'parked';
    this.#parked.add(order);
    this.#tell('Parked', order);
  }

  #parkOrEnd(order: MarketOrder): void {
    this.#leavePlace(order);
    if (order.timeInForce === 'gtc' || order.timeInForce === 'gtd') this.#park(order);
    else this.#end(order, 'Canceled', 'price-limit');
  }

  // ------------------------------------------------------------------------------------------------ execution

  /** Trades what can be traded at once and rests or ends the remainder. */
  #execute(order: MarketOrder): void {
    const { side, type } = order.input;
    const opposite = this.#book.bestTicks(side === 1 ? -1 : 1);
    const isMarket = isMarketType(type) && Number.isNaN(order.limitTicks);
    if (isMarket && Number.isNaN(opposite)) {
      this.#refuse(order, 'no-opposite');
      return;
    }
    const limit = isMarket ? this.#marketLimit(order, opposite) : order.limitTicks;
    if (order.input.postOnly !== undefined && (limit - opposite) * side >= 0) {
      if (order.input.postOnly === 'reject') {
        this.#refuse(order, 'would-take');
        return;
      }
      order.limitTicks = opposite - side;
      if (!this.#isInLimits(order.limitTicks)) {
        this.#parkOrEnd(order);
        return;
      }
      this.#rest(order);
      this.#tell('Replaced', order, 'post-only-slide');
      return;
    }
    if (!this.#canTradeEnough(order, limit)) {
      this.#end(order, 'Expired', order.timeInForce === 'fok' ? 'fok' : 'ioc');
      return;
    }
    this.#trade(order, limit);
    if (order.leavesQty > 0 && order.place !== 'held') this.#placeRemainder(order, limit, isMarket);
  }

  /** On arrival the venue refuses an order; one that was elected, or has traded, was accepted and ends. */
  #refuse(order: MarketOrder, reason: string): void {
    const isKnown = order.isTriggered || order.cumQty > 0;
    this.#end(order, isKnown ? 'Canceled' : 'Rejected', reason);
  }

  /** The worst price of a market order: its protection, or its first price for market-to-limit. */
  #marketLimit(order: MarketOrder, opposite: number): number {
    const { side, type } = order.input;
    if (type === 'market-to-limit') return opposite;
    const own = order.input.protectionTicks;
    const ticks = order.isTriggered
      ? (own ?? this.#options.stopProtectionTicks ?? this.#options.protectionTicks)
      : (own ?? this.#options.protectionTicks);
    if (ticks === undefined) return side * Infinity;
    const isFromTrigger = order.isTriggered && this.#options.protectFrom !== 'quote';
    const from = isFromTrigger || Number.isNaN(opposite) ? order.stopTicks : opposite;
    return from + side * ticks;
  }

  /** FOK asks for everything, a minimum quantity for some. */
  #canTradeEnough(order: MarketOrder, limitTicks: number): boolean {
    const { side, minQty = 0 } = order.input;
    const wanted = order.timeInForce === 'fok' ? order.leavesQty : minQty;
    if (wanted === 0) return true;
    const qty = this.#tradableQty(order);
    const bounded = this.#boundedLimit(side, limitTicks);
    const { group = 0, selfTrade = 'cancel-resting' } = order.input;
    const apart = peersOf(order) < 0 ? { group } : { group: ASK, meet: this.#peerSink.meet };
    this.#aggressor = order;
    const there = this.#book.available({ side, limitTicks: bounded, qty, selfTrade, ...apart });
    const isEnough = there >= wanted && this.#isSurelyThere(order, bounded, wanted);
    this.#aggressor = null;
    return isEnough;
  }

  /** Whether enough is left when orders that take from each other count once: reduce-only ones, and peers of an OCO. */
  #isSurelyThere(aggressor: MarketOrder, limitTicks: number, wanted: number): boolean {
    if (this.#book.isRecorded === true) return true;
    const { side, group = 0 } = aggressor.input;
    const hasPeers = peersOf(aggressor) >= 0;
    const other: Side = side === 1 ? -1 : 1;
    const taken = new Map<number, number>();
    const filled = new Set<string>();
    let sum = 0;
    let at = this.#book.bestTicks(other);
    for (; sum < wanted && (limitTicks - at) * side >= 0; at = this.#book.worsePrice(other, at))
      this.#book.forEachAt(other, at, (handle, _shown, leavesQty) => {
        const order = this.#byHandle.get(handle)!;
        const isApart = hasPeers
          ? this.#peerSink.meet(handle) !== null
          : group !== 0 && order.input.group === group;
        if (isApart) return;
        const { participant, reduceOnly } = order.input;
        const before = taken.get(participant) ?? 0;
        let qty = leavesQty;
        if (reduceOnly === true)
          qty = Math.max(0, Math.min(qty, -other * this.positionOf(participant) - before));
        const { live, leg } = order;
        const set = live?.state.legs[leg]!.set ?? -1;
        if (live !== null && set >= 0 && live.state.sets[set]!.rule === 'oco') {
          const key = `${participant} ${live.state.groupId} ${set}`;
          if (filled.has(key) && live.state.messageUs < 0) qty = 0;
          else if (qty > 0) filled.add(key);
        }
        taken.set(participant, before + qty);
        sum += qty;
      });
    return sum >= wanted;
  }

  /** Contracts that its group and reduce-only let it trade now. */
  #tradableQty(order: MarketOrder): number {
    const qty = Math.min(order.leavesQty, order.releasedQty - order.cumQty);
    if (order.input.reduceOnly !== true) return Math.max(0, qty);
    const closable = -order.input.side * this.positionOf(order.input.participant);
    return Math.max(0, Math.min(qty, closable));
  }

  /** No trade beyond the day's limits, nor beyond what puts the market on hold. */
  #boundedLimit(side: Side, limitTicks: number): number {
    const bound = this.#breaker?.boundTicks(side, this.#nowUs) ?? side * Infinity;
    return side === 1
      ? Math.min(limitTicks, this.#highLimit, bound)
      : Math.max(limitTicks, this.#lowLimit, bound);
  }

  /** Whether only the breaker keeps an order from trading on. */
  #isBraked(side: Side, limitTicks: number): boolean {
    if (this.#breaker === null || this.#phase !== 'open') return false;
    const limit =
      side === 1 ? Math.min(limitTicks, this.#highLimit) : Math.max(limitTicks, this.#lowLimit);
    const opposite = this.#book.bestTicks(side === 1 ? -1 : 1);
    const bound = this.#breaker.boundTicks(side, this.#nowUs);
    return (limit - opposite) * side >= 0 && (opposite - bound) * side > 0;
  }

  #trade(order: MarketOrder, limitTicks: number): void {
    const { side } = order.input;
    const { group = 0, selfTrade = 'cancel-resting' } = order.input;
    const hasPeers = peersOf(order) >= 0;
    const apart = hasPeers ? ASK : group;
    const sink = hasPeers ? this.#peerSink : this.#matchSink;
    const limit = this.#boundedLimit(side, limitTicks);
    this.#aggressor = order;
    for (;;) {
      const qty = this.#tradableQty(order);
      if (qty === 0) break;
      const before = order.cumQty;
      this.#isPeerMet = false;
      const left = this.#book.matchAt(side, limit, qty, apart, selfTrade, sink);
      const traded = order.cumQty - before;
      // What self-trade prevention took from the aggressor.
      const prevented = left < 0 ? -left : qty - traded - left;
      if (prevented > 0) {
        if (left < 0 || prevented === order.leavesQty) {
          if (left < 0 && this.#isPeerMet) this.#desk.cancelPeer(order);
          else this.#end(order, 'Canceled', 'self-trade');
          break;
        }
        order.qty -= prevented;
        this.#desk.onCut(order, this.#nowUs);
        this.#tell('Replaced', order, 'self-trade');
      }
      this.#capAfterTrades();
      if (left > 0 && limitTicks === side * Infinity && !this.#book.isPaused) {
        this.#book.beyond?.(side, limit, left, sink);
        break;
      }
      // A reduce-only order that is through with its part may have more to close by now.
      if (left < 0 || (left > 0 && !this.#book.isPaused && !this.#isCrossing(side, limit))) break;
    }
    this.#aggressor = null;
    this.#capAfterTrades();
    if (order.leavesQty > 0 && this.#tradableQty(order) > 0 && this.#isBraked(side, limitTicks))
      this.#hold();
    if (order.leavesQty > 0 && this.#tradableQty(order) === 0) this.#giveUp(order);
  }

  /** What a decremented order had behind its shown part is back in the book, across from the one that took it. */
  #isCrossing(side: Side, limitTicks: number): boolean {
    if (this.#book.isRecorded === true) return false;
    return (limitTicks - this.#book.bestTicks(side === 1 ? -1 : 1)) * side >= 0;
  }

  /** An order that may trade nothing now: it waits for more of its parent, or ends. */
  #giveUp(order: MarketOrder): void {
    if (!this.#desk.isWaiting(order)) {
      this.#end(order, 'Canceled', 'reduce-only-exhausted');
      return;
    }
    this.#leavePlace(order);
    order.place = 'held';
    this.#held.add(order);
  }

  #onTrade(handle: OrderHandle, price: number, qty: number, leaves: number): boolean {
    const aggressor = this.#aggressor!;
    this.#tradeCount += 1;
    if (handle === RECORD) {
      this.#fill(aggressor, price, qty, true);
      this.#capped.push(aggressor);
      return aggressor.live !== null || this.#reducing.has(aggressor.input.participant);
    }
    const resting = this.#byHandle.get(handle)!;
    this.#sessionTicks = this.#lastTicks = price;
    this.#breaker?.onTrade(price, this.#nowUs);
    this.#keepPrint(price);
    resting.restingQty -= qty;
    if (leaves === 0) this.#forget(resting);
    this.#fill(resting, price, qty, false);
    this.#fill(aggressor, price, qty, true);
    this.#sink.onPrint?.(price, qty, aggressor.input.side, this.#nowUs);
    this.#capped.push(resting, aggressor);
    // What the trade does to other orders of the two is done before the match goes on.
    return (
      resting.live !== null ||
      aggressor.live !== null ||
      this.#reducing.has(resting.input.participant) ||
      this.#reducing.has(aggressor.input.participant)
    );
  }

  /** Orders whose participants traded since reduce-only was looked at. */
  #capped: MarketOrder[] = [];

  #capAfterTrades(): void {
    this.#desk.drain();
    const traded = this.#capped;
    if (traded.length === 0) return;
    this.#capped = [];
    for (const order of traded) {
      this.#capReducing(order.input.participant);
      if (order.place === 'book' && order.restingQty === 0 && order.leavesQty > 0)
        this.#rest(order);
    }
    this.#desk.drain();
  }

  /** Resting reduce-only orders never show more than the position that they may still close. */
  #capReducing(participant: number): void {
    const orders = this.#reducing.get(participant);
    if (orders === undefined) return;
    for (const order of orders) {
      const allowed = this.#tradableQty(order);
      if (allowed === 0) this.#giveUp(order);
      else this.#shrink(order);
    }
  }

  /** What rests of an order is never more than may trade. */
  #shrink(order: MarketOrder): void {
    if (order.place !== 'book' && order.place !== 'trigger') return;
    const allowed = this.#tradableQty(order);
    if (allowed === 0) {
      // A position that is gone is looked at after the trades.
      if (order.releasedQty <= order.cumQty && order.leavesQty > 0) this.#giveUp(order);
      return;
    }
    if (order.place !== 'book' || allowed >= order.restingQty) return;
    this.#book.reduce(order.handle, allowed);
    order.restingQty = allowed;
  }

  #resizeLeg(order: MarketOrder, qty: number, reason: string): void {
    const isMore = qty > order.qty;
    order.qty = qty;
    this.#tell('Replaced', order, reason);
    if (!isMore) this.#shrink(order);
    else if (order.place === 'book') this.#arrivals.push(order);
  }

  /** Sets an exit to its distance from what its parent has traded at. True where it stood at another level. */
  #follow(order: MarketOrder): boolean {
    const level = this.#desk.levelOf(order);
    const { type } = order.input;
    const isLimit = type === 'limit';
    const before = isLimit ? order.limitTicks : order.stopTicks;
    // What was elected stays where it is, and a trail that has followed the market does not fall back.
    const isFixed = !isLimit && order.place !== 'held' && order.place !== 'trigger';
    const isTrail = isTrailing(order) && !Number.isNaN(order.bestTicks);
    if (Number.isNaN(level) || level === before || isFixed || isTrail) return false;
    const wasHeld = order.place === 'held';
    this.#leavePlace(order);
    if (isLimit) order.limitTicks = level;
    else {
      if (!isTrailing(order)) order.limitTicks += level - before;
      order.stopTicks = level;
    }
    order.place = 'held';
    return !wasHeld;
  }

  /** More of a child may trade: it arrives, or what rests of it is larger and joins the end. */
  #release(order: MarketOrder): void {
    const { type } = order.input;
    const isMoved = this.#follow(order);
    this.#tell('Released', order);
    if (isMoved) this.#tell('Replaced', order, 'follows-parent');
    if (order.place !== 'held' && order.place !== 'book') return;
    // What rests stays there until its turn: those who come before it still meet it.
    if (order.place === 'held') {
      // One that has been through once waits for its price anew.
      if (needsTrigger(type)) {
        order.isTriggered = false;
        if (isMarketType(type)) order.limitTicks = NaN;
      }
      this.#leavePlace(order);
      order.place = 'queue';
    }
    this.#arrivals.push(order);
  }

  /** What rests of it is less than may trade: it leaves its place and comes in again. */
  #rejoin(order: MarketOrder): void {
    if (order.place !== 'book' || order.restingQty >= this.#tradableQty(order)) return;
    this.#leavePlace(order);
    order.place = 'queue';
    this.#arrive(order);
  }

  #onSelfTrade(handle: OrderHandle, qty: number, leaves: number): void {
    const resting = this.#byHandle.get(handle)!;
    resting.restingQty = leaves;
    if (leaves === 0 && this.#arePeers(resting, this.#aggressor!)) {
      this.#forget(resting);
      this.#desk.cancelPeer(resting);
      return;
    }
    const isCut = this.#aggressor!.input.selfTrade === 'decrement' && resting.leavesQty > qty;
    if (leaves === 0 && !isCut) {
      this.#forget(resting);
      this.#finish(resting, 'Canceled', 'self-trade');
      return;
    }
    if (leaves === 0) {
      // More of it is open than rested: that comes to rest after the match.
      this.#forget(resting);
      this.#capped.push(resting);
    }
    resting.qty -= qty;
    this.#desk.onCut(resting, this.#nowUs);
    this.#tell('Replaced', resting, 'self-trade');
  }

  #fill(
    order: MarketOrder,
    price: number,
    qty: number,
    isAggressor: boolean,
    rule = BOOK_TRADE,
  ): void {
    const { participant, side } = order.input;
    order.cumQty += qty;
    this.#positions.set(participant, this.positionOf(participant) + side * qty);
    if (order.cumQty === order.qty) order.place = 'done';
    const report = this.#report;
    report.lastQty = qty;
    report.lastPriceTicks = price;
    report.tradeId = this.#tradeCount;
    report.isAggressor = isAggressor;
    report.evidence = this.#book.evidence ?? rule;
    this.#tell('Fill', order);
    report.lastQty = 0;
    report.lastPriceTicks = NaN;
    report.tradeId = 0;
    report.isAggressor = false;
    report.evidence = null;
    if (order.place === 'done') {
      this.#reducing.get(participant)?.delete(order);
      this.#retire(order);
    }
    this.#desk.onFill(order, qty, price, this.#nowUs);
  }

  #retire(order: MarketOrder): void {
    const key = keyOf(order.input.participant, order.input.clOrdId);
    this.#byClient.delete(key);
    this.#ended.set(key, order);
  }

  #placeRemainder(order: MarketOrder, limitTicks: number, isMarket: boolean): void {
    if (isImmediate(order.timeInForce)) {
      this.#end(order, 'Expired', 'ioc');
      return;
    }
    if (isMarket) {
      const isOpenEnded = !Number.isFinite(limitTicks);
      if (isOpenEnded && this.#phase !== 'open') {
        this.#awaitOpening(order);
        return;
      }
      const mayRest =
        order.input.type === 'market-to-limit' || this.#options.remainder !== 'cancel';
      if (isOpenEnded || !mayRest) {
        this.#end(order, 'Canceled', isOpenEnded ? 'no-liquidity' : 'protection');
        return;
      }
      order.limitTicks = limitTicks;
      if (!this.#isInLimits(limitTicks)) {
        this.#parkOrEnd(order);
        return;
      }
    }
    this.#rest(order);
  }

  #rest(order: MarketOrder): void {
    const { side, isLead = false, reduceOnly, group = 0 } = order.input;
    const qty = this.#tradableQty(order);
    if (qty === 0) {
      this.#giveUp(order);
      return;
    }
    order.place = 'book';
    order.restingQty = qty;
    order.handle = this.#book.restAt(side, order.limitTicks, qty, order.displayQty, group, isLead);
    this.#byHandle.set(order.handle, order);
    if (reduceOnly === true) this.#watch(order);
  }

  /** A reduce-only order that follows the position. */
  #watch(order: MarketOrder): void {
    const { participant } = order.input;
    const orders = this.#reducing.get(participant) ?? new Set();
    orders.add(order);
    this.#reducing.set(participant, orders);
  }

  // ----------------------------------------------------------------------------------------------- elections

  /** Elections and elected orders, one after the other, until nothing more happens. */
  #settle(): void {
    for (let rounds = 0; ; rounds += 1) {
      if (rounds > ROUNDS_MAX) {
        throw new TradingError(
          'E_SIM_LOOP',
          'the orders of a market elect each other without end',
          {
            details: { tsUs: this.#nowUs, rounds },
            rule: `a command comes to rest within ${ROUNDS_MAX} elections`,
          },
        );
      }
      this.#desk.drain();
      for (let order = this.#desk.nextRelease(); order !== null; order = this.#desk.nextRelease())
        this.#release(order);
      this.#electAll();
      const next = this.#arrivals.shift();
      if (next === undefined) {
        this.#sink.onQuiet?.(this.#nowUs);
        return;
      }
      if (next.place === 'queue') this.#arrive(next);
      else this.#rejoin(next);
    }
  }

  #electAll(): void {
    if (this.#phase !== 'open' || !this.#hasTriggers()) {
      this.#printCount = 0;
      return;
    }
    const elected: MarketOrder[] = [];
    const prints = this.#prints;
    const onLast = this.#triggers.get('last');
    if (onLast !== undefined)
      for (let k = 0; k < this.#printCount; k += 1) onLast.elect(prints[k]!, prints[k]!, elected);
    this.#printCount = 0;
    for (const [source, triggers] of this.#triggers) {
      if (source === 'last' || triggers.size === 0) continue;
      const [rising, falling] = this.#sourcePrices(source);
      // On its way a quote passes prices; a trail follows where it came to.
      triggers.elect(rising, falling, elected, this.#heldBack === 0);
    }
    for (const order of elected) this.#elect(order);
  }

  #keepPrint(priceTicks: number): void {
    this.#prints[this.#printCount] = priceTicks;
    this.#printCount += 1;
  }

  #hasTriggers(): boolean {
    for (const triggers of this.#triggers.values()) if (triggers.size > 0) return true;
    return false;
  }

  /** An elected order joins the end of the arrivals with a new priority. */
  #elect(order: MarketOrder): void {
    order.isTriggered = true;
    order.place = 'queue';
    this.#priority += 1;
    order.priority = this.#priority;
    if (order.input.type === 'trailing-stop-limit')
      order.limitTicks = order.stopTicks + order.input.side * (order.input.limitOffsetTicks ?? 0);
    this.#tell('Triggered', order);
    this.#arrivals.push(order);
  }

  /**
   * The price that triggers above wait for, and the one that triggers below wait for. By the quote a buy looks at the ask, where
   * it would trade, and a sell at the bid.
   */
  #sourcePrices(source: TriggerKey): [rising: number, falling: number] {
    if (source === 'last') return [this.#lastTicks, this.#lastTicks];
    if (source === 'mark') return [this.#markTicks, this.#markTicks];
    const bid = this.#bestOnItsWay(1);
    const ask = this.#bestOnItsWay(-1);
    if (source === 'mid') return [(bid + ask) / 2, (bid + ask) / 2];
    return source === 'bid-ask' ? [ask, bid] : [bid, ask];
  }

  /** The best price of a side; while the record's quote is on its way, where it is by then. */
  #bestOnItsWay(side: Side): number {
    const to = this.#book.bestTicks(side);
    if (this.#heldBack === 0) return to;
    const from = side === 1 ? this.#fromBid : this.#fromAsk;
    const back = Math.min(this.#heldBack, Math.abs(from - to));
    return back > 0 ? to + Math.sign(from - to) * back : to;
  }

  #triggersOf(source: TriggerKey): TriggerBook {
    const there = this.#triggers.get(source);
    if (there !== undefined) return there;
    const fresh = new TriggerBook();
    this.#triggers.set(source, fresh);
    return fresh;
  }

  // ------------------------------------------------------------------------------------------------- auction

  #openingQty(side: Side): number {
    let sum = 0;
    for (const order of this.#opening)
      if (order.input.side === side && Number.isNaN(order.limitTicks)) sum += order.leavesQty;
    return sum;
  }

  #tieTicks(): number {
    const ticks = Number.isNaN(this.#referenceTicks) ? this.#lastTicks : this.#referenceTicks;
    return Math.max(this.#lowLimit, Math.min(this.#highLimit, ticks));
  }

  /** One price for all that crosses; stops that it elects join, until the price stands. */
  #auction(): void {
    let found = this.indication();
    for (let rounds = 0; found !== null; rounds += 1) {
      assert(rounds <= ROUNDS_MAX, 'the stops of an auction elect each other without end');
      if (!this.#electForAuction(found.priceTicks)) break;
      found = this.indication();
    }
    if (found !== null && found.qty > 0) this.#uncross(found);
    this.#endAuction();
  }

  /** Stops that the price of an auction elects take part in it. False where there are none. */
  #electForAuction(priceTicks: number): boolean {
    const elected: MarketOrder[] = [];
    this.#triggers.get('last')?.elect(priceTicks, priceTicks, elected, false);
    for (const order of elected) {
      this.#elect(order);
      this.#arrivals.pop();
      // Protected from its trigger, or without a limit.
      const limit = isMarketType(order.input.type) ? this.#marketLimit(order, NaN) : NaN;
      if (Number.isFinite(limit))
        order.limitTicks = Math.max(this.#lowLimit, Math.min(this.#highLimit, limit));
      if (this.#isInLimits(order.limitTicks)) this.#awaitOpening(order);
      else this.#parkOrEnd(order);
    }
    return elected.length > 0;
  }

  #endAuction(): void {
    for (const order of this.#opening) {
      this.#opening.delete(order);
      if (order.place === 'done') continue;
      this.#leavePlace(order);
      if (order.timeInForce === 'at-open' || order.timeInForce === 'at-close')
        this.#end(order, 'Expired', 'auction-over');
      else {
        order.place = 'queue';
        this.#arrivals.push(order);
      }
    }
  }

  /** Orders for the close meet everything else at one price; of a record, at its last one. */
  #closingAuction(): void {
    if (this.#closing.size === 0) return;
    const orders = [...this.#closing];
    for (const order of orders) {
      this.#closing.delete(order);
      const last = this.#lastTicks;
      if (this.#book.isRecorded !== true) {
        if (this.#isInLimits(order.limitTicks)) this.#awaitOpening(order);
        continue;
      }
      const isReached = !((last - order.limitTicks) * order.input.side > 0) && !Number.isNaN(last);
      const qty = isReached && order.place !== 'done' ? this.#tradableQty(order) : 0;
      if (qty === 0) continue;
      this.#tradeCount += 1;
      this.#fill(order, last, qty, false, AT_CLOSE);
      this.#capped.push(order);
      this.#capAfterTrades();
    }
    if (this.#book.isRecorded !== true) this.#auction();
    for (const order of orders) this.#end(order, 'Expired', 'auction-over');
  }

  #uncross({ priceTicks, qty }: Indication): void {
    // A market order stands before every limit: one tick beyond the best of its side, or of the price.
    const orders = [...this.#opening].filter((order) => Number.isNaN(order.limitTicks));
    for (const order of orders) {
      const { side } = order.input;
      const best = this.#book.bestTicks(side);
      const beyond = Number.isNaN(best) || (best - priceTicks) * side < 0 ? priceTicks : best;
      const isOwn = orders.some((each) => each.place === 'book' && each.limitTicks === best);
      order.limitTicks = isOwn ? best : beyond + side;
      this.#rest(order);
    }
    this.#sessionTicks = this.#lastTicks = priceTicks;
    this.#breaker?.onTrade(priceTicks, this.#nowUs);
    const onTrade = (bid: OrderHandle, ask: OrderHandle, part: number): void => {
      this.#tradeCount += 1;
      for (const handle of [bid, ask]) {
        const order = this.#byHandle.get(handle)!;
        order.restingQty -= part;
        if (order.restingQty === 0) this.#forget(order);
        this.#fill(order, priceTicks, part, false, AUCTION);
        this.#capped.push(order);
      }
      this.#sink.onPrint?.(priceTicks, part, 0, this.#nowUs);
      this.#capAfterTrades();
    };
    const mayTrade = (bid: OrderHandle, ask: OrderHandle): boolean => this.#mayMeet(bid, ask);
    this.#book.uncross(priceTicks, qty, onTrade, mayTrade);
    for (const order of orders) {
      this.#leavePlace(order);
      order.limitTicks = NaN;
    }
    this.#keepPrint(priceTicks);
    this.#rearriveCrossed();
  }

  /** Of two peers of one group only one may trade: that which came first. The other one goes. */
  #mayMeet(bid: OrderHandle, ask: OrderHandle): boolean {
    const [buy, sell] = [this.#byHandle.get(bid)!, this.#byHandle.get(ask)!];
    if (!this.#arePeers(buy, sell)) return true;
    this.#desk.cancelPeer(buy.priority > sell.priority ? buy : sell);
    this.#desk.drain();
    return false;
  }

  #arePeers(a: MarketOrder, b: MarketOrder): boolean {
    return a.live !== null && a.live === b.live && peersOf(a) >= 0 && peersOf(a) === peersOf(b);
  }

  /**
   * What happens where the aggressor meets an order, if it has peers. A trade between two of them would be two executions where
   * one ends the other, whatever their self-trade groups are. Of two peers one goes whole: nothing is traded that the other could
   * be smaller by. With all others the groups decide.
   */
  #meet(handle: OrderHandle): SelfTradeMode | null {
    const resting = this.#byHandle.get(handle)!;
    const aggressor = this.#aggressor!;
    const { group = 0, selfTrade = 'cancel-resting' } = aggressor.input;
    this.#isPeerMet = this.#arePeers(resting, aggressor);
    if (this.#isPeerMet) return selfTrade === 'decrement' ? 'cancel-resting' : selfTrade;
    return group !== 0 && resting.input.group === group ? selfTrade : null;
  }

  /** Fills of an auction can end orders that it counted on, or set others free: what crosses then arrives anew. */
  #rearriveCrossed(): void {
    const crosses = (): boolean => this.#book.bestTicks(1) >= this.#book.bestTicks(-1);
    if (!crosses()) return;
    const resting = [...this.#byHandle.values()].sort((a, b) => b.priority - a.priority);
    const late: MarketOrder[] = [];
    for (const order of resting) {
      if (!crosses()) break;
      const { side } = order.input;
      const opposite = this.#book.bestTicks(side === 1 ? -1 : 1);
      if (order.place !== 'book' || (order.limitTicks - opposite) * side < 0) continue;
      this.#leavePlace(order);
      order.place = 'queue';
      late.push(order);
    }
    this.#arrivals.push(...late.reverse());
  }

  // --------------------------------------------------------------------------------------- changes and endings

  /** An id of long ago is known to have ended, whatever became of its order. */
  #unknown(participant: number, clOrdId: string): string {
    return this.#ended.has(keyOf(participant, clOrdId)) ? 'too-late' : 'unknown-order';
  }

  /** Why an order may be neither changed nor cancelled now, or null. */
  #changeProblem(order: MarketOrder): string | null {
    if (order.place === 'done') return order.cumQty === order.qty ? 'already-filled' : 'too-late';
    if (this.#phase === 'pre-open-no-cancel') return 'no-cancel-phase';
    const { openCutOffUs = Infinity, closeCutOffUs = Infinity } = this.#session;
    const { timeInForce } = order;
    const cutOff =
      timeInForce === 'at-open'
        ? openCutOffUs
        : timeInForce === 'at-close'
          ? closeCutOffUs
          : Infinity;
    return this.#nowUs >= cutOff ? 'cut-off' : null;
  }

  #replaceProblem(order: MarketOrder, change: MarketReplaceInput): string | null {
    const problem = this.#changeProblem(order);
    if (problem !== null) return problem;
    const { qty, limitTicks, stopTicks, displayQty } = change;
    if (qty !== undefined && !(Number.isSafeInteger(qty) && qty > 0)) return 'invalid-qty';
    if (qty !== undefined && qty > (this.#options.maxQty ?? 1e9)) return 'max-qty';
    if (qty !== undefined && qty <= order.cumQty) return 'qty-below-filled';
    for (const price of [limitTicks, stopTicks])
      if (price !== undefined && !Number.isSafeInteger(price)) return 'off-grid';
    if (displayQty !== undefined && !(Number.isSafeInteger(displayQty) && displayQty >= 0))
      return 'invalid-display-qty';
    if (limitTicks !== undefined && Number.isNaN(order.limitTicks)) return 'unsupported-replace';
    if (stopTicks !== undefined && !needsTrigger(order.input.type)) return 'unsupported-replace';
    if (stopTicks !== undefined && order.isTriggered) return 'already-triggered';
    if (limitTicks !== undefined) return this.#priceProblem(limitTicks, order.timeInForce);
    if (qty === undefined || order.live === null) return null;
    return legQtyProblem(order.live.state, order.leg, qty);
  }

  #replace(order: MarketOrder, change: MarketReplaceInput, reason: string): void {
    const isSmallerOnly =
      isSame(change.limitTicks, order.limitTicks) &&
      isSame(change.stopTicks, order.stopTicks) &&
      isSame(change.displayQty, order.displayQty) &&
      (change.qty ?? order.qty) <= order.qty;
    if (isSmallerOnly) {
      order.qty = change.qty ?? order.qty;
      if (order.place === 'book') {
        order.restingQty = Math.min(order.restingQty, order.leavesQty);
        this.#book.reduce(order.handle, order.restingQty);
      }
      this.#tell('Replaced', order, reason);
      this.#desk.onReplaced(order, this.#nowUs);
      return;
    }
    const place = order.place;
    this.#leavePlace(order);
    order.qty = change.qty ?? order.qty;
    order.limitTicks = change.limitTicks ?? order.limitTicks;
    order.stopTicks = change.stopTicks ?? order.stopTicks;
    order.displayQty = change.displayQty ?? order.displayQty;
    this.#priority += 1;
    order.priority = this.#priority;
    order.place = 'queue';
    if (order.live !== null && (change.limitTicks ?? change.stopTicks) !== undefined)
      order.live.offsetTicks[order.leg] = 0;
    this.#tell('Replaced', order, reason);
    this.#desk.onReplaced(order, this.#nowUs);
    if (place === 'held') {
      order.place = place;
      this.#held.add(order);
    } else if (place === 'parked' && !this.#isInLimits(order.limitTicks)) {
      order.place = 'parked';
      this.#parked.add(order);
    } else this.#arrive(order);
  }

  /** DAY orders end with their session, all orders with their contract. */
  #endSession(isExpiry: boolean): void {
    this.#sessionTicks = NaN;
    this.#session = {};
    this.#breaker?.clear();
    for (const order of this.#working()) {
      if (isExpiry) this.#end(order, 'Canceled', 'contract-expired');
      else if (order.timeInForce !== 'gtc' && order.timeInForce !== 'gtd')
        this.#end(order, 'Expired', 'day-end');
    }
  }

  #working(): MarketOrder[] {
    const orders = [
      ...this.#byHandle.values(),
      ...[...this.#triggers.values()].flatMap((triggers) => triggers.all()),
      ...this.#opening,
      ...this.#parked,
      ...this.#held,
      ...this.#closing,
    ];
    return [...new Set(orders)].sort((a, b) => a.orderId - b.orderId);
  }

  /** Takes the order out of wherever it stands. */
  #leavePlace(order: MarketOrder): void {
    if (order.handle >= 0 && this.#byHandle.get(order.handle) === order) {
      this.#book.cancel(order.handle);
      this.#forget(order);
    } else if (order.place === 'trigger') this.#triggersOf(triggerKey(order.input)).remove(order);
    this.#parked.delete(order);
    this.#held.delete(order);
    this.#closing.delete(order);
    this.#reducing.get(order.input.participant)?.delete(order);
  }

  /** The book does not have it any more. */
  #forget(order: MarketOrder): void {
    this.#byHandle.delete(order.handle);
    order.handle = -1;
    order.restingQty = 0;
  }

  #end(order: MarketOrder, kind: 'Canceled' | 'Expired' | 'Rejected', reason: string): void {
    if (order.place === 'done') return;
    this.#leavePlace(order);
    this.#opening.delete(order);
    this.#finish(order, kind, reason);
  }

  #finish(order: MarketOrder, kind: 'Canceled' | 'Expired' | 'Rejected', reason: string): void {
    this.#reducing.get(order.input.participant)?.delete(order);
    order.place = 'done';
    this.#tell(kind, order, reason);
    this.#retire(order);
    this.#desk.onEnd(order, kind === 'Rejected' || reason === 'price-limit', this.#nowUs);
  }

  #tell(kind: MarketReportKind, order: MarketOrder, reason = ''): void {
    const report = this.#report;
    report.kind = kind;
    report.order = order;
    report.participant = order.input.participant;
    report.clOrdId = order.input.clOrdId;
    report.tsUs = this.#nowUs;
    report.reason = reason;
    this.#sink.onReport(report as MarketReport);
  }

  #tellGroup(kind: GroupEvent['kind'], live: LiveGroup, order: MarketOrder, qty: number): void {
    const { participant, state } = live;
    let open = qty;
    if (kind === 'unprotected-remainder') {
      // What was closed otherwise needs no stop.
      const { side } = live.orders[state.legs.findIndex((leg) => leg.role === 'stop')]!.input;
      open = Math.min(qty, -side * this.positionOf(participant));
      if (open <= 0) return;
    }
    const { groupId } = state;
    const { clOrdId } = order.input;
    const tsUs = this.#nowUs;
    this.#sink.onGroup?.({ kind, participant, groupId, clOrdId, qty: open, reason: '', tsUs });
  }

  /** A report of an order that the market does not have. */
  #tellNone(kind: MarketReportKind, participant: number, clOrdId: string, reason: string): void {
    const report = this.#report;
    report.kind = kind;
    report.order = null;
    report.participant = participant;
    report.clOrdId = clOrdId;
    report.tsUs = this.#nowUs;
    report.reason = reason;
    this.#sink.onReport(report as MarketReport);
  }
}

/**
 * Number of the set in which the order has peers that go or shrink with it, or -1. Of a group that a broker holds the exchange
 * knows nothing: its orders may trade with each other.
 */
function peersOf({ live, leg }: MarketOrder): number {
  if (live === null || live.state.messageUs >= 0) return -1;
  const { set } = live.state.legs[leg]!;
  return set >= 0 && live.state.sets[set]!.rule !== 'none' ? set : -1;
}

/** Whether a change leaves a value as it is. */
function isSame(next: number | undefined, now: number): boolean {
  return next === undefined || next === now;
}

function keyOf(participant: number, clOrdId: string): string {
  return `${participant}|${clOrdId}`;
}
