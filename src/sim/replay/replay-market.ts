/**
 * The market of one contract as a record tells it, with our orders over it. Quotes, trades, levels or single orders of the
 * record move it; commands are those of `ContractMarket`, with its types, times in force, phases and protections. The record
 * never changes because of us: what we took is withheld from us until new size is shown, and what rests fills only by an
 * event that must have reached it. See docs/explanation/fills.md.
 */
import type { DepthColumns, MboColumns, QuoteColumns, TradeColumns } from '../../core/bars.ts';
import { DepthBook } from '../../core/book/depth-book.ts';
import { MboBook } from '../../core/book/mbo-book.ts';
import type { BookView } from '../../core/book/types.ts';
import { TradingError } from '../../core/errors.ts';
import type { Side } from '../../core/order.ts';
import type { TradingCalendar } from '../../core/ports.ts';
import type { MarketOptions } from '../exchange/contract-market.ts';
import { ContractMarket } from '../exchange/contract-market.ts';
import type { MarketPhase, MarketSink } from '../exchange/market-order.ts';
import { AggressorRule } from './aggressor.ts';
import type { LedgerMode } from './ledger.ts';
import type { OwnOrder } from './own-orders.ts';
import type { QueueModel } from './queue-model.ts';
import { QuoteBook } from './quote-book.ts';
import type { Noted } from './replay-book.ts';
import { ReplayBook } from './replay-book.ts';

/** What the record holds: the best bid and ask, levels, single orders, or trades alone. Trades may come with each. */
export type ReplayFeed = 'quotes' | 'depth' | 'mbo' | 'trades';

export interface ReplayOptions extends MarketOptions {
  /** Default `quotes`. */
  readonly feed?: ReplayFeed;
  /** Default: `mbo` where single orders are recorded, `back` elsewhere. */
  readonly queue?: QueueModel;
  /** What is left of shown size that we took. Default `replenish-on-increase`. */
  readonly ledger?: LedgerMode;
  /** A resting order that the market went through: all of it fills (default), or no more than was printed or is shown. */
  readonly throughQty?: 'all' | 'printed';
  /** A trade whose aggressor cannot be known moves the queue (default), or fills either side too. */
  readonly unknownAggressor?: 'advance' | 'both';
  /** A market order that wants more than is shown: the rest ends, or gets a worse price, flagged. Default: `slip` where the
   * record shows no more than the best level, `no-liquidity` elsewhere. */
  readonly depthExhausted?: 'no-liquidity' | 'slip';
  /** With `slip`: ticks beyond the last level for each contract, rounded up, at least one tick. Default 0. */
  readonly impactTicksPerLot?: number;
  /** With trades alone: bid and ask lie this many ticks around the last trade. Default 0. */
  readonly assumedHalfSpreadTicks?: number;
  /** The record tells changed sizes before the trade of the same moment that changed them. Default false. */
  readonly isDepthFirst?: boolean;
  /** After a phase without trading the first trade is the auction, unless quotes go on for so long without one. Default 1 s. */
  readonly auctionWaitUs?: number;
  /**
   * Execution ids of our own live fills. A trade of the record that has one of them was ours: it fills, elects and counts for
   * nothing, because what our orders do now takes its place. Default: none.
   */
  readonly ownExecutions?: ReadonlySet<string>;
  /** With single orders: tells sessions apart, for the count of crossed ends. */
  readonly calendar?: TradingCalendar;
}

/** What of the record was not used, and what was seen. Plain JSON. */
export interface ReplayCounts {
  quotes: number;
  trades: number;
  /** Rows of levels or of single orders. */
  rows: number;
  /** Quotes, and ends of events, with the bid above the ask while the market traded. */
  crossed: number;
  /** Earlier than what its stream told before. */
  backward: number;
  /** Without a price, a quantity or a side that can be. */
  malformed: number;
  /** Trades while the market did not trade. */
  outsideTrading: number;
  /** Trades that were ours when the record was made. */
  own: number;
  /** Events and rows of another kind than the feed: two records of one market would move it twice. */
  unused: number;
}

export class ReplayMarket {
  readonly counts: ReplayCounts = {
    quotes: 0,
    trades: 0,
    rows: 0,
    crossed: 0,
    backward: 0,
    malformed: 0,
    outsideTrading: 0,
    own: 0,
    unused: 0,
  };
  readonly #feed: ReplayFeed;
  readonly #options: ReplayOptions;
  readonly #queue: QueueModel;
  readonly #view: BookView;
  readonly #quotes: QuoteBook = new QuoteBook();
  readonly #depth: DepthBook = new DepthBook();
  readonly #mbo: MboBook;
  readonly #book: ReplayBook;
  readonly #market: ContractMarket;
  readonly #rule: AggressorRule = new AggressorRule();
  #nowUs: number = -Infinity;
  /** Of the last used quote, row of a book, and trade. */
  #bookUs: number = -Infinity;
  #tradeUs: number = -Infinity;
  /** Since when an auction of the record is awaited; NaN while none is. */
  #awaitsSinceUs: number = NaN;
  /** Best prices when the quotes were looked at last. */
  #bid: number = NaN;
  #ask: number = NaN;
  readonly #scratch: OwnOrder[] = [];
  /** Contracts of the present print that our orders took. */
  #spentQty: number = 0;

  /** Errors: E_SIM_OPTION. */
  constructor(sink: MarketSink, options: ReplayOptions = {}) {
    const feed = options.feed ?? 'quotes';
    this.#feed = feed;
    this.#options = options;
    this.#queue = options.queue ?? { name: feed === 'mbo' ? 'mbo' : 'back' };
    checkOptions(options, feed, this.#queue);
    this.#mbo = new MboBook({
      ...(options.calendar === undefined ? {} : { calendar: options.calendar }),
      onTrade: ({ price, qty, side, tsUs, execId }, row) => {
        if (!this.#isOwn(execId?.[row]))
          this.#print(price[row]!, qty[row]!, side[row]! as Side | 0, tsUs[row]!);
      },
    });
    this.#view = feed === 'mbo' ? this.#mbo.book : feed === 'depth' ? this.#depth : this.#quotes;
    const showsBestOnly = feed === 'quotes' || feed === 'trades';
    this.#book = new ReplayBook({
      view: this.#view,
      isWhole: feed === 'mbo',
      ...(feed === 'mbo' ? { orders: this.#mbo.book } : {}),
      queue: this.#queue,
      ledger: options.ledger ?? 'replenish-on-increase',
      isSlipping: (options.depthExhausted ?? (showsBestOnly ? 'slip' : 'no-liquidity')) === 'slip',
      impactTicksPerLot: options.impactTicksPerLot ?? 0,
      ...(feed === 'trades' ? { flags: ['synthetic-quote'] } : {}),
    });
    this.#market = new ContractMarket(sink, options, this.#book);
  }

  // ------------------------------------------------------------------------------------------------- commands

  /** The order handling, to be read: orders, positions, groups. */
  get market(): Omit<ContractMarket, 'setPhase'> {
    return this.#market;
  }

  /** The record as it stands, and where our orders stand in it. */
  get book(): ReplayBook {
    return this.#book;
  }

  get phase(): MarketPhase {
    return this.#market.phase;
  }

  /** What the feed of single orders contradicted itself in, and its events. */
  get mbo(): Pick<MboBook, 'book' | 'counts' | 'issues'> {
    return this.#mbo;
  }

  submit: ContractMarket['submit'] = (input, tsUs) => this.#market.submit(input, this.#time(tsUs));
  submitGroup: ContractMarket['submitGroup'] = (input, tsUs) =>
    this.#market.submitGroup(input, this.#time(tsUs));
  cancel: ContractMarket['cancel'] = (participant, clOrdId, tsUs) =>
    this.#market.cancel(participant, clOrdId, this.#time(tsUs));
  replace: ContractMarket['replace'] = (participant, clOrdId, change, tsUs) =>
    this.#market.replace(participant, clOrdId, change, this.#time(tsUs));
  setLimits: ContractMarket['setLimits'] = (lowTicks, highTicks, tsUs) =>
    this.#market.setLimits(lowTicks, highTicks, this.#time(tsUs));
  setPosition: ContractMarket['setPosition'] = (participant, netQty, tsUs) =>
    this.#market.setPosition(participant, netQty, this.#time(tsUs));
  setMark: ContractMarket['setMark'] = (priceTicks, tsUs) =>
    this.#market.setMark(priceTicks, this.#time(tsUs));
  setReference: ContractMarket['setReference'] = (priceTicks) =>
    this.#market.setReference(priceTicks);
  positionOf: ContractMarket['positionOf'] = (participant) => this.#market.positionOf(participant);
  orderOf: ContractMarket['orderOf'] = (participant, clOrdId) =>
    this.#market.orderOf(participant, clOrdId);
  /** GTD orders whose moment has come expire. */
  advance: ContractMarket['advance'] = (tsUs) => this.#market.advance(this.#time(tsUs));

  /** Contracts before a working order, our own that came earlier included; NaN where it does not rest or is not known. */
  queueAhead(participant: number, clOrdId: string): number {
    const order = this.#market.orderOf(participant, clOrdId);
    return order === null ? NaN : this.#book.queueAhead(order.handle);
  }

  /** Opening from a phase without trading waits for the record's auction, its first trade; `isAuction` false: there is none. */
  setPhase(phase: MarketPhase, tsUs: number, isAuction: boolean = true): void {
    const from = this.#market.phase;
    if (phase === 'closed' || phase === 'expired') this.#book.clearMarks();
    const isOpening = phase === 'open' && from !== 'open' && from !== 'post-close';
    if (isOpening) this.#awaitsSinceUs = isAuction ? tsUs : NaN;
    this.#market.setPhase(phase, this.#time(tsUs));
    if (isOpening && !isAuction) this.#market.openWithout();
  }

  // --------------------------------------------------------------------------------------------- market events

  /** The best bid and ask. A side that is empty: price NaN, quantity 0. */
  onQuote(bidTicks: number, bidQty: number, askTicks: number, askQty: number, tsUs: number): void {
    if (this.#feed !== 'quotes') {
      this.counts.unused += 1;
      return;
    }
    this.counts.quotes += 1;
    if (!isLevel(bidTicks, bidQty) || !isLevel(askTicks, askQty)) {
      this.counts.malformed += 1;
      return;
    }
    if (tsUs < this.#bookUs) {
      this.counts.backward += 1;
      return;
    }
    if (bidTicks > askTicks && this.#market.phase === 'open') {
      this.counts.crossed += 1;
      return;
    }
    this.#begin(tsUs);
    this.#bookUs = tsUs;
    const quotes = this.#quotes;
    const lastBid = quotes.bestBid;
    const lastAsk = quotes.bestAsk;
    quotes.bestBid = bidQty > 0 ? bidTicks : NaN;
    quotes.bestAsk = askQty > 0 ? askTicks : NaN;
    quotes.bidQty = bidQty;
    quotes.askQty = askQty;
    this.#moveSide(1, lastBid, quotes.bestBid, bidQty, tsUs);
    this.#moveSide(-1, lastAsk, quotes.bestAsk, askQty, tsUs);
    this.#lookAtQuotes();
  }

  /** A trade of the record. `aggressor` 0 where it is not told; `execId` of the venue, where a live record has it. */
  onTrade(
    priceTicks: number,
    qty: number,
    aggressor: Side | 0,
    tsUs: number,
    execId?: string | null,
  ): void {
    if (this.#feed === 'mbo') {
      this.counts.unused += 1;
      return;
    }
    if (tsUs < this.#tradeUs) {
      this.counts.trades += 1;
      this.counts.backward += 1;
      return;
    }
    if (!(Number.isSafeInteger(priceTicks) && Number.isSafeInteger(qty) && qty > 0)) {
      this.counts.trades += 1;
      this.counts.malformed += 1;
      return;
    }
    this.#tradeUs = tsUs;
    if (this.#isOwn(execId)) return;
    this.#begin(tsUs);
    this.#print(priceTicks, qty, aggressor, tsUs);
    if (this.#feed !== 'trades') return;
    // Nothing else is known: a bid and an ask around the trade, as large as it was, each time anew.
    const half = this.#options.assumedHalfSpreadTicks ?? 0;
    this.#book.clearMarks();
    this.#quotes.bestBid = priceTicks - half;
    this.#quotes.bestAsk = priceTicks + half;
    this.#quotes.bidQty = qty;
    this.#quotes.askQty = qty;
  }

  /** Rows [from, to) of changed levels; all of the batch when not given. */
  onDepth(batch: DepthColumns, from: number = 0, to: number = batch.length): void {
    const { side, price, qty, orderCount, tsUs, isEventEnd } = batch;
    for (let row = from; row < to; row += 1) {
      this.onLevel(
        side[row]! as Side,
        price[row]!,
        qty[row]!,
        tsUs[row]!,
        isEventEnd[row] !== 0,
        orderCount[row]!,
      );
    }
  }

  /** One changed level; a quantity of 0 takes it away. The book is looked at where an event ends. */
  onLevel(
    side: Side,
    priceTicks: number,
    qty: number,
    tsUs: number,
    isEventEnd: boolean,
    orders: number = 0,
  ): void {
    if (this.#feed !== 'depth') {
      this.counts.unused += 1;
      return;
    }
    this.counts.rows += 1;
    if ((side !== 1 && side !== -1) || !Number.isSafeInteger(priceTicks) || !(qty >= 0)) {
      this.counts.malformed += 1;
    } else if (tsUs < this.#bookUs) {
      this.counts.backward += 1;
    } else {
      this.#begin(tsUs);
      this.#bookUs = tsUs;
      this.#depth.setLevel(side, priceTicks, qty, orders);
      this.#book.onShown(side);
      this.#book.onSize(side, priceTicks, qty, tsUs);
    }
    if (isEventEnd) this.#lookAtQuotes();
  }

  /** Rows [from, to) of single orders; all of the batch when not given. */
  onMbo(batch: MboColumns, from: number = 0, to: number = batch.length): void {
    const { tsUs, isEventEnd } = batch;
    if (this.#feed !== 'mbo') {
      this.counts.unused += to - from;
      return;
    }
    this.counts.rows += to - from;
    for (let row = from; row < to; row += 1) {
      const now = tsUs[row]!;
      if (now < this.#bookUs) {
        this.counts.backward += 1;
        continue;
      }
      this.#bookUs = now;
      this.#begin(now);
      this.#mbo.apply(batch, undefined, row, row + 1);
      if (isEventEnd[row] !== 0) this.#endOrders();
    }
  }

  /** Columns of trades and quotes, row by row. */
  onTrades({ price, qty, aggressor, tsUs, execId }: TradeColumns, from: number, to: number): void {
    for (let row = from; row < to; row += 1)
      this.onTrade(price[row]!, qty[row]!, aggressor[row]! as Side | 0, tsUs[row]!, execId?.[row]);
  }
  onQuotes({ bid, bidQty, ask, askQty, tsUs }: QuoteColumns, from: number, to: number): void {
    for (let row = from; row < to; row += 1)
      this.onQuote(bid[row]!, bidQty[row]!, ask[row]!, askQty[row]!, tsUs[row]!);
  }

  /** The record's auction: one price for what takes part. Its first trade after a phase without trading is one by itself. */
  onAuction(priceTicks: number, qty: number, tsUs: number): void {
    this.#begin(tsUs);
    this.#auction(priceTicks, qty);
  }

  // ---------------------------------------------------------------------------------------------------- inside

  #time(tsUs: number): number {
    if (tsUs > this.#nowUs) this.#nowUs = tsUs;
    return this.#nowUs;
  }

  #isOwn(execId: string | null | undefined): boolean {
    if (execId == null || this.#options.ownExecutions?.has(execId) !== true) return false;
    this.counts.trades += 1;
    this.counts.own += 1;
    return true;
  }

  #begin(tsUs: number): void {
    this.#book.event.tsUs = tsUs;
    if (tsUs <= this.#nowUs) return;
    this.#nowUs = tsUs;
    this.#market.recordTime(tsUs);
  }

  /** The best of one side of the quotes moved. */
  #moveSide(side: Side, from: number, to: number, qty: number, tsUs: number): void {
    const book = this.#book;
    book.onShown(side);
    book.onBest(side, to);
    if (from !== to && !Number.isNaN(from)) {
      // Behind the new best it is still there, out of sight.
      const level = book.own(side).at(from);
      if (level !== undefined) for (const order of level) order.place.onHidden();
    }
    if (!Number.isNaN(to)) book.onSize(side, to, qty, tsUs);
  }

  #endOrders(): void {
    const book = this.#book;
    book.onShown(1);
    book.onShown(-1);
    this.#endQueues();
    this.#lookAtQuotes();
  }

  /** Contracts that were told as traded have left the book where an event ends. */
  readonly #printedPlaces: OwnOrder[] = [];
  #endQueues(): void {
    const places = this.#printedPlaces;
    // To set a length costs more than to look at it.
    if (places.length === 0) return;
    for (const order of places) order.place.onEventEnd();
    places.length = 0;
  }

  // -------------------------------------------------------------------------------------- fills by what is shown

  /** The best prices after a change: orders of ours that they reach fill, then they elect. */
  #lookAtQuotes(): void {
    const bid = this.#view.bestBid;
    const ask = this.#view.bestAsk;
    const market = this.#market;
    if (market.phase !== 'open') return;
    if (bid > ask) {
      // Before the auction a book is crossed rightly.
      if (Number.isNaN(this.#awaitsSinceUs)) this.counts.crossed += 1;
      return;
    }
    this.#book.eventCount += 1;
    if (!Number.isNaN(this.#awaitsSinceUs)) {
      const wait = this.#options.auctionWaitUs ?? 1_000_000;
      if (this.#nowUs < this.#awaitsSinceUs + wait) return;
      this.#awaitsSinceUs = NaN;
      market.openWithout();
    }
    const book = this.#book;
    if (book.inside.length > 0) this.#book.leaveInside();
    const isMoved = bid !== this.#bid || ask !== this.#ask;
    const fromBid = this.#bid;
    const fromAsk = this.#ask;
    this.#bid = bid;
    this.#ask = ask;
    const isReached =
      book.own(1).best >= ask || book.own(-1).best <= bid || (isMoved && market.quoteBeyond() >= 0);
    if (isReached) this.#sweepQuotes(fromBid, fromAsk);
    if (isMoved || isReached) market.settle();
  }

  /** What the quote passed first comes first: at each price what rests, then what it elects, carried out before the next. */
  #sweepQuotes(fromBid: number, fromAsk: number): void {
    const market = this.#market;
    const [bid, ask] = [this.#bid, this.#ask];
    const buys = this.#book.own(1);
    const sells = this.#book.own(-1);
    let buy = buys.best;
    let sell = sells.best;
    for (;;) {
      const fromBuy = buy >= ask ? buy - ask : -1;
      const fromSell = sell <= bid ? bid - sell : -1;
      market.holdQuoteBack(0);
      const far = Math.max(fromBuy, fromSell, market.quoteBeyond());
      if (far < 0) return;
      market.holdQuoteBack(far, fromBid, fromAsk);
      if (fromBuy === far) {
        this.#fillShown(buys.at(buy), ask);
        buy = buys.worse(buy);
      } else if (fromSell === far) {
        this.#fillShown(sells.at(sell), bid);
        sell = sells.worse(sell);
      }
      market.settle();
      // The market was put on hold, or all is done.
      if (market.phase !== 'open') break;
    }
    market.holdQuoteBack(0);
  }

  /** Our orders at a price that the opposite best has reached. */
  #fillShown(level: readonly OwnOrder[] | undefined, opposite: number): void {
    if (level === undefined) return;
    for (const order of this.#eligible(level)) this.#fillShownOrder(order, opposite);
  }

  #fillShownOrder(order: OwnOrder, opposite: number): void {
    const book = this.#book;
    if (!book.isResting(order)) return;
    const { side, priceTicks } = order;
    const isThrough = (priceTicks - opposite) * side > 0;
    const ahead = book.aheadOf(order);
    // Whom the market went through has nobody before it; where it only met us the queue decides.
    if (!isThrough && !(ahead === 0)) return;
    const isAll = isThrough && !order.isInside && this.#options.throughQty !== 'printed';
    const other: Side = side === 1 ? -1 : 1;
    let open = order.leavesQty;
    let shownQty = 0;
    let withheldQty = 0;
    let taken = 0;
    let depth = 0;
    for (let at = opposite; open > 0 && (priceTicks - at) * side >= (ahead === 0 ? 0 : 1);) {
      const shown = book.shownQty(other, at);
      const available = book.totalQty(other, at);
      shownQty += shown;
      withheldQty += shown - available;
      const part = Math.min(open, available);
      if (part > 0) book.consume(other, at, part);
      open -= part;
      taken += part;
      depth += 1;
      at = this.#view.priceAt(other, depth);
    }
    const qty = isAll ? order.leavesQty : taken;
    if (qty === 0) return;
    const isCertain = isThrough || this.#queue.name !== 'front';
    this.#fill(order, priceTicks, qty, isThrough ? 'quote-through' : 'quote-lock', isCertain, {
      marketPriceTicks: opposite,
      marketQty: shownQty,
      ...(isThrough ? {} : { queueAhead: ahead, queueAheadAfter: 0, policy: this.#queue.name }),
      ...(withheldQty > 0 ? { withheldQty } : {}),
    });
  }

  /** The orders of a level that were there before this event. */
  #eligible(level: readonly OwnOrder[]): readonly OwnOrder[] {
    const scratch = this.#scratch;
    scratch.length = 0;
    for (const order of level) if (order.sinceEvent < this.#book.eventCount) scratch.push(order);
    return scratch;
  }

  #fill(
    order: OwnOrder,
    priceTicks: number,
    qty: number,
    rule: string,
    isCertain: boolean,
    more: Noted,
  ): void {
    const book = this.#book;
    const leaves = book.takeOff(order, qty);
    book.note(rule, isCertain, more);
    this.#market.recordFill(order.handle, priceTicks, qty, leaves);
    book.evidence = null;
  }

  // ----------------------------------------------------------------------------------------------- fills by trades

  /** A trade of the record: the prices on its way one after the other, at each first what rests, then what it elects. */
  #print(priceTicks: number, qty: number, told: Side | 0, tsUs: number): void {
    this.counts.trades += 1;
    const market = this.#market;
    if (market.phase !== 'open') {
      this.counts.outsideTrading += 1;
      return;
    }
    this.#book.eventCount += 1;
    const rule = this.#rule;
    rule.note(priceTicks, told, this.#view.bestBid, this.#view.bestAsk);
    const book = this.#book;
    const { event } = book;
    event.priceTicks = priceTicks;
    event.qty = qty;
    event.aggressor = rule.side;
    event.from = rule.from;
    if (!Number.isNaN(this.#awaitsSinceUs)) {
      this.#auction(priceTicks, qty);
      return;
    }
    const isBookNewer =
      this.#bookUs > tsUs ||
      (this.#bookUs === tsUs && this.#options.isDepthFirst === true && this.#feed !== 'mbo');
    if (!isBookNewer && rule.side !== 0) book.onPrint(rule.side === 1 ? -1 : 1, priceTicks, qty);
    this.#spentQty = 0;
    if (book.orderCount > 0 || !Number.isNaN(market.nextTrigger(priceTicks)))
      this.#sweep(priceTicks);
    if (book.orderCount > 0) this.#fillAt(priceTicks, qty, isBookNewer, tsUs);
    market.recordPrint(priceTicks);
  }

  /** From far to near the price of the trade. */
  #sweep(to: number): void {
    const buys = this.#book.own(1);
    const sells = this.#book.own(-1);
    let buy = buys.best;
    let sell = sells.best;
    for (;;) {
      const trigger = this.#market.nextTrigger(to);
      const fromBuy = buy > to ? buy - to : 0;
      const fromSell = sell < to ? to - sell : 0;
      const fromTrigger = Number.isNaN(trigger) ? 0 : Math.abs(trigger - to);
      const far = Math.max(fromBuy, fromSell, fromTrigger);
      if (far === 0) return;
      if (fromBuy === far) {
        this.#fillThrough(buys.at(buy), 1);
        buy = buys.worse(buy);
      } else if (fromSell === far) {
        this.#fillThrough(sells.at(sell), -1);
        sell = sells.worse(sell);
      } else {
        this.#market.recordPass(trigger, to);
      }
    }
  }

  /** The market went through this price of ours. */
  #fillThrough(level: readonly OwnOrder[] | undefined, side: Side): void {
    if (level === undefined) return;
    const { event } = this.#book;
    for (const order of this.#eligible(level)) {
      if (!this.#book.isResting(order)) continue;
      const isAll = this.#options.throughQty !== 'printed' && !order.isInside;
      // What rests across the market is reached only by who comes to it.
      if (order.isInside && event.aggressor === side) continue;
      const qty = isAll
        ? order.leavesQty
        : Math.min(order.leavesQty, Math.max(0, event.qty - this.#spentQty));
      this.#spentQty += qty;
      if (qty === 0) continue;
      this.#fill(order, order.priceTicks, qty, 'trade-through', true, this.#tradeEvidence());
    }
    this.#market.settle();
  }

  #tradeEvidence(): Noted {
    const { priceTicks, qty, aggressor, from } = this.#book.event;
    return {
      marketPriceTicks: priceTicks,
      marketQty: qty,
      aggressor,
      ...(from === null ? {} : { aggressorFrom: from }),
    };
  }

  /** What went past those before us at the very price of the trade. */
  #fillAt(priceTicks: number, qty: number, isBookNewer: boolean, tsUs: number): void {
    const { aggressor } = this.#book.event;
    if (aggressor !== 1) this.#fillAtSide(1, priceTicks, qty, isBookNewer, tsUs);
    if (aggressor !== -1) this.#fillAtSide(-1, priceTicks, qty, isBookNewer, tsUs);
  }

  #fillAtSide(
    side: Side,
    priceTicks: number,
    qty: number,
    isBookNewer: boolean,
    tsUs: number,
  ): void {
    const book = this.#book;
    const level = book.own(side).at(priceTicks);
    if (level === undefined) return;
    const mayFill = book.event.aggressor !== 0 || this.#options.unknownAggressor === 'both';
    const isEmpty = book.isEmptyAt(side, priceTicks);
    const orders = this.#eligible(level);
    // The next part of an iceberg stands behind all others: it is looked at again after them.
    for (let k = 0; k < orders.length; k += 1) {
      const order = orders[k]!;
      if (!book.isResting(order)) continue;
      const before = book.aheadOf(order);
      const past = isBookNewer
        ? order.place.onTradeAfter(qty, tsUs)
        : order.place.onTrade(qty, isEmpty);
      if (this.#queue.name === 'mbo') this.#printedPlaces.push(order);
      const part = mayFill ? Math.min(order.sliceQty, Math.max(0, past - this.#spentQty)) : 0;
      if (part === 0) continue;
      this.#spentQty += part;
      const isExhausted = part === order.sliceQty && part < order.leavesQty;
      this.#fill(order, priceTicks, part, 'trade-at', this.#queue.name === 'mbo', {
        ...this.#tradeEvidence(),
        queueAhead: before,
        queueAheadAfter: 0,
        policy: this.#queue.name,
      });
      if (isExhausted && !isBookNewer) this.#scratch.push(order);
    }
  }

  // ------------------------------------------------------------------------------------------------------ auctions

  #auction(priceTicks: number, qty: number): void {
    this.#awaitsSinceUs = NaN;
    this.#spentQty = 0;
    const { event } = this.#book;
    Object.assign(event, { priceTicks, qty, aggressor: 0, from: null });
    this.#market.openAt(priceTicks, () => {
      for (const side of [1, -1] as const) {
        this.#spentQty = 0;
        const own = this.#book.own(side);
        for (let at = own.best; (at - priceTicks) * side >= 0; at = own.worse(at))
          for (const order of own.at(at)!.slice()) this.#fillInAuction(order, priceTicks, qty);
      }
      this.#book.note('auction', true, this.#tradeEvidence());
    });
    this.#book.evidence = null;
  }

  /** A better price than the auction's is filled; at its own price the queue decides how much of it. */
  #fillInAuction(order: OwnOrder, priceTicks: number, qty: number): void {
    const book = this.#book;
    if (!book.isResting(order)) return;
    const isBetter = order.priceTicks !== priceTicks;
    const ahead = book.aheadOf(order);
    const past = Math.max(0, order.place.onTrade(qty) - this.#spentQty);
    const part = isBetter ? order.leavesQty : Math.min(order.leavesQty, past);
    this.#spentQty += part;
    if (part === 0) return;
    this.#fill(order, priceTicks, part, 'auction', isBetter, {
      marketPriceTicks: priceTicks,
      marketQty: qty,
      aggressor: 0,
      ...(isBetter ? {} : { queueAhead: ahead, queueAheadAfter: 0, policy: this.#queue.name }),
    });
  }
}

function isLevel(priceTicks: number, qty: number): boolean {
  if (Number.isNaN(priceTicks)) return qty === 0;
  return Number.isSafeInteger(priceTicks) && qty >= 0 && qty < Infinity;
}

function checkOptions(options: ReplayOptions, feed: ReplayFeed, queue: QueueModel): void {
  const { impactTicksPerLot = 0, assumedHalfSpreadTicks = 0, auctionWaitUs = 0 } = options;
  if (queue.name === 'mbo' && feed !== 'mbo')
    refuse('queue', queue.name, 'the queue model `mbo` needs a record of single orders');
  if (!(Number.isSafeInteger(queue.power ?? 1) && (queue.power ?? 1) >= 1))
    refuse('queue.power', queue.power, 'a power is a whole number of at least 1');
  if (!(impactTicksPerLot >= 0 && impactTicksPerLot < Infinity))
    refuse('impactTicksPerLot', impactTicksPerLot, 'an impact is a number of 0 or more ticks');
  if (!(Number.isSafeInteger(assumedHalfSpreadTicks) && assumedHalfSpreadTicks >= 0))
    refuse('assumedHalfSpreadTicks', assumedHalfSpreadTicks, 'a whole number of 0 or more ticks');
  if (!(auctionWaitUs >= 0)) refuse('auctionWaitUs', auctionWaitUs, 'a time is 0 or more µs');
}

function refuse(field: string, value: unknown, rule: string): never {
  throw new TradingError('E_SIM_OPTION', `${field} of a replay cannot be ${String(value)}`, {
    details: { field, value },
    rule,
    fix: `correct \`${field}\``,
  });
}
