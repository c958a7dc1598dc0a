/**
 * Quotes, trades and depth for the hooks, and for a venue that matches on them: a k-way merge in the order of the tie key,
 * delivered as reused views.
 *
 * Where no venue matches on ticks, each is delivered as it comes. Where one does, all ticks of an instant reach it first;
 * what the strategy is to see of them waits in columns until then, or until the delay of its feed is over.
 *
 * Order among ticks: time, rank of the instrument, sequence of the source, then depth, quote, trade, then contract. At one
 * instant they come after the bars that end there and after rolls: such a bar holds what traded before that instant.
 */
import type { DepthColumns, PriceColumn, QuoteColumns, TradeColumns } from '../core/bars.ts';
import type { ContractId, ContractTable } from '../core/instrument.ts';
import type { TickColumns, TickKind } from '../core/ports.ts';
import type { DepthView, QuoteView, TradeView } from '../core/strategy.ts';
import type { PriceTicks, TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';
import type { TickFeed, TickSource } from './config.ts';

const KIND_ORDER = { mbo: 0, depth: 0, quotes: 1, trades: 2 } as const;
const COLUMNS_MIN = 64;

export interface TickHooks {
  readonly onQuote: (quote: QuoteView) => void;
  readonly onTrade: (trade: TradeView) => void;
  readonly onDepth: (depth: DepthView) => void;
}

/** The venue's end of the merge. */
export interface TickMarket {
  readonly onTick: (
    kind: TickKind,
    contractIndex: number,
    columns: TickColumns,
    row: number,
  ) => void;
  /** Delay of an event on its way to the strategy, in µs. */
  readonly lagUs: (tsUs: number, seq: number) => number;
}

class MutableQuote implements QuoteView {
  contract: ContractId = '' as ContractId;
  tsUs: TsUs = 0 as TsUs;
  bidTicks: PriceTicks = 0 as PriceTicks;
  askTicks: PriceTicks = 0 as PriceTicks;
  bidQty: number = 0;
  askQty: number = 0;
}

class MutableTrade implements TradeView {
  contract: ContractId = '' as ContractId;
  tsUs: TsUs = 0 as TsUs;
  priceTicks: PriceTicks = 0 as PriceTicks;
  qty: number = 0;
  aggressor: 1 | -1 | 0 = 0;
}

/** One side of a book by level, best first. `sign` is 1 for bids: a higher price is better. */
class BookSide {
  readonly #sign: 1 | -1;
  readonly #ticks: number[] = [];
  readonly #qty: number[] = [];

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  set(ticks: number, qty: number): void {
    const at = this.#find(ticks);
    const isKnown = this.#ticks[at] === ticks;
    if (qty === 0) {
      if (!isKnown) return;
      this.#ticks.splice(at, 1);
      this.#qty.splice(at, 1);
    } else if (isKnown) {
      this.#qty[at] = qty;
    } else {
      this.#ticks.splice(at, 0, ticks);
      this.#qty.splice(at, 0, qty);
    }
  }

  level(at: number): { readonly ticks: PriceTicks; readonly qty: number } | null {
    if (!(at >= 0 && at < this.#ticks.length)) return null;
    return { ticks: this.#ticks[at]! as PriceTicks, qty: this.#qty[at]! };
  }

  /** Changes cluster at the top, so the search begins there. */
  #find(ticks: number): number {
    let at = 0;
    while (at < this.#ticks.length && (this.#ticks[at]! - ticks) * this.#sign > 0) at += 1;
    return at;
  }
}

class Book implements DepthView {
  readonly contract: ContractId;
  tsUs: TsUs = 0 as TsUs;
  readonly #bids: BookSide = new BookSide(1);
  readonly #asks: BookSide = new BookSide(-1);

  constructor(contract: ContractId) {
    this.contract = contract;
  }

  bid(level: number): ReturnType<DepthView['bid']> {
    return this.#bids.level(level);
  }
  ask(level: number): ReturnType<DepthView['ask']> {
    return this.#asks.level(level);
  }

  apply(columns: DepthColumns, at: number): void {
    this.set(columns.tsUs[at]!, columns.side[at]!, columns.price[at]!, columns.qty[at]!);
  }

  set(tsUs: number, side: number, ticks: number, qty: number): void {
    this.tsUs = tsUs as TsUs;
    (side > 0 ? this.#bids : this.#asks).set(ticks, qty);
  }
}

/** A feed and its cursor. */
class TickCursor {
  readonly kind: TickFeed['kind'];
  readonly isDelivered: boolean;
  readonly isMarket: boolean;
  readonly contractIndex: number;
  readonly row: number;
  readonly contract: ContractId;
  readonly book: Book;
  readonly source: TickSource<TickColumns>;
  columns: TickColumns | null = null;
  at: number = 0;
  tsUs: number = TS_MAX;
  seq: number = 0;
  readonly isLive: boolean;
  /** A live feed whose rows are all taken. */
  isWaiting: boolean = false;
  /** Rows that came late are taken at this time. */
  floorUs: number = -Infinity;

  constructor(feed: TickFeed, table: ContractTable) {
    this.kind = feed.kind;
    this.isDelivered = feed.isDelivered !== false && feed.kind !== 'mbo';
    this.isMarket = feed.isMarket === true;
    this.contractIndex = feed.contractIndex;
    this.row = table.instrumentIndex[feed.contractIndex]!;
    this.contract = table.contractAt(feed.contractIndex).id;
    this.book = new Book(this.contract);
    this.source = feed.source;
    this.isLive = feed.isLive === true;
    this.at = -1;
    this.step();
  }

  /** To the next row; `tsUs` is TS_MAX past the end. */
  step(): void {
    this.at += 1;
    while (this.columns === null || this.at >= this.columns.length) {
      this.columns = this.source.next();
      this.at = 0;
      if (this.columns !== null && !(this.isLive && this.columns.length === 0)) continue;
      this.isWaiting = this.columns !== null;
      this.tsUs = TS_MAX;
      return;
    }
    const tsUs = this.columns.tsUs[this.at]!;
    this.tsUs = tsUs < this.floorUs ? this.floorUs : tsUs;
    this.seq = this.columns.seq[this.at]!;
  }

  /** Of a live feed that waits: its rows so far, if there are any. */
  wake(): void {
    this.isWaiting = false;
    this.at -= 1;
    this.step();
  }

  lift(nowUs: number): void {
    this.floorUs = nowUs;
    if (this.tsUs < nowUs) this.tsUs = nowUs;
  }
}

/** Rows that the strategy has still to see, first in first out: a ring of columns. */
class WaitingRows {
  #size: number = COLUMNS_MIN;
  #head: number = 0;
  length: number = 0;
  cursor: Int32Array = new Int32Array(COLUMNS_MIN);
  dueUs: Float64Array = new Float64Array(COLUMNS_MIN);
  tsUs: Float64Array = new Float64Array(COLUMNS_MIN);
  /** Bid, ask and their quantities; price, quantity and aggressor; or side, price, quantity and end of the event. */
  a: Float64Array = new Float64Array(COLUMNS_MIN);
  b: Float64Array = new Float64Array(COLUMNS_MIN);
  c: Float64Array = new Float64Array(COLUMNS_MIN);
  d: Float64Array = new Float64Array(COLUMNS_MIN);
  #lastDueUs: number = -Infinity;

  get headDueUs(): number {
    return this.length === 0 ? TS_MAX : this.dueUs[this.#head]!;
  }

  /** Row to be written. Nothing overtakes what waits already. */
  add(cursor: number, tsUs: number, dueUs: number): number {
    if (this.length === this.#size) this.#grow();
    const row = (this.#head + this.length) % this.#size;
    this.length += 1;
    this.cursor[row] = cursor;
    this.tsUs[row] = tsUs;
    this.#lastDueUs = Math.max(dueUs, this.#lastDueUs);
    this.dueUs[row] = this.#lastDueUs;
    return row;
  }

  /** Row to be read. */
  take(): number {
    const row = this.#head;
    this.#head = (row + 1) % this.#size;
    this.length -= 1;
    return row;
  }

  #grow(): void {
    const grown = <A extends Int32Array | Float64Array>(from: A, into: A): A => {
      for (let k = 0; k < this.length; k += 1) into[k] = from[(this.#head + k) % this.#size]!;
      return into;
    };
    const size = 2 * this.#size;
    this.cursor = grown(this.cursor, new Int32Array(size));
    this.dueUs = grown(this.dueUs, new Float64Array(size));
    this.tsUs = grown(this.tsUs, new Float64Array(size));
    this.a = grown(this.a, new Float64Array(size));
    this.b = grown(this.b, new Float64Array(size));
    this.c = grown(this.c, new Float64Array(size));
    this.d = grown(this.d, new Float64Array(size));
    this.#head = 0;
    this.#size = size;
  }
}

/** A handful of feeds: the earliest is found by looking at each. */
export class TickMerge {
  readonly #cursors: readonly TickCursor[];
  readonly #hooks: TickHooks;
  readonly #quote: MutableQuote = new MutableQuote();
  readonly #trade: MutableTrade = new MutableTrade();
  readonly #market: TickMarket | null;
  readonly #waiting: WaitingRows = new WaitingRows();
  readonly #live: readonly TickCursor[];
  readonly #startUs: TsUs;
  #top: TickCursor | null = null;

  /** Rows before `startUs` build books and are not delivered. */
  constructor(
    feeds: readonly TickFeed[],
    table: ContractTable,
    startUs: TsUs,
    hooks: TickHooks,
    market: TickMarket | null = null,
  ) {
    this.#hooks = hooks;
    this.#market = market;
    this.#cursors = feeds
      .map((feed) => new TickCursor(feed, table))
      .toSorted(
        (a, b) => a.row - b.row || orderOf(a) - orderOf(b) || a.contractIndex - b.contractIndex,
      );
    this.#live = this.#cursors.filter((cursor) => cursor.isLive);
    this.#startUs = startUs;
    this.#find();
    this.#skipEarly();
  }

  /** A live feed may still have rows. */
  get isWaiting(): boolean {
    for (const cursor of this.#live) if (cursor.isWaiting) return true;
    return false;
  }

  /** Live feeds that have rows again join the merge; a row from before `nowUs` is taken at it. */
  takeArrivals(nowUs: number): void {
    if (this.#live.length === 0) return;
    for (const cursor of this.#live) if (cursor.isWaiting) cursor.wake();
    this.#find();
    this.#skipEarly();
    for (const cursor of this.#live) cursor.lift(nowUs);
    this.#find();
  }

  #skipEarly(): void {
    for (let top = this.#top; top !== null && top.tsUs < this.#startUs; top = this.#top) {
      if (top.isMarket) this.#market?.onTick(top.kind, top.contractIndex, top.columns!, top.at);
      if (top.kind === 'depth') top.book.apply(top.columns as DepthColumns, top.at);
      top.step();
      this.#find();
    }
  }

  /** Time of the next tick, or TS_MAX. */
  topTs(): number {
    return this.#top === null ? TS_MAX : this.#top.tsUs;
  }

  /** Delivers the next tick when it is of a contract that `isWanted`, and steps over it. */
  deliver(isWanted: (row: number, contractIndex: number) => boolean): void {
    const cursor = this.#top!;
    const { columns, at } = cursor;
    const isDelivered = cursor.isDelivered && isWanted(cursor.row, cursor.contractIndex);
    // The row is taken before a hook runs; the batch stays valid until the second-next one is read.
    cursor.step();
    this.#find();
    switch (cursor.kind) {
      case 'quotes':
        if (isDelivered) this.#deliverQuote(cursor, columns as QuoteColumns, at);
        return;
      case 'trades':
        if (isDelivered) this.#deliverTrade(cursor, columns as TradeColumns, at);
        return;
      case 'mbo':
        return;
      case 'depth': {
        const depth = columns as DepthColumns;
        cursor.book.apply(depth, at);
        // Inside an event of the source the book may be crossed: it is shown when the event is whole.
        if (isDelivered && depth.isEventEnd[at] === 1) this.#hooks.onDepth(cursor.book);
      }
    }
  }

  /** When the first row that waits is to be delivered, or TS_MAX. */
  nextDueUs(): number {
    return this.#waiting.headDueUs;
  }

  /** Every tick of this instant reaches the venue; what the hooks are to see of it waits. */
  applyAt(tsUs: number): void {
    const market = this.#market!;
    for (let cursor = this.#top; cursor !== null && cursor.tsUs === tsUs; cursor = this.#top) {
      const { at } = cursor;
      const columns = cursor.columns!;
      if (cursor.isMarket) market.onTick(cursor.kind, cursor.contractIndex, columns, at);
      if (cursor.isDelivered) this.#keep(cursor, columns, at, market.lagUs(tsUs, cursor.seq));
      cursor.step();
      this.#find();
    }
  }

  /** Delivers the first row that waits when it is of a contract that `isWanted`. */
  deliverDue(isWanted: (row: number, contractIndex: number) => boolean): void {
    const waiting = this.#waiting;
    const row = waiting.take();
    const cursor = this.#cursors[waiting.cursor[row]!]!;
    const tsUs = waiting.tsUs[row]! as TsUs;
    const isDelivered = isWanted(cursor.row, cursor.contractIndex);
    if (cursor.kind === 'depth') {
      const { book } = cursor;
      book.set(tsUs, waiting.a[row]!, waiting.b[row]!, waiting.c[row]!);
      if (isDelivered && waiting.d[row] === 1) this.#hooks.onDepth(book);
    } else if (!isDelivered) return;
    else if (cursor.kind === 'quotes') {
      const view = this.#quote;
      view.contract = cursor.contract;
      view.tsUs = tsUs;
      view.bidTicks = waiting.a[row]! as PriceTicks;
      view.askTicks = waiting.b[row]! as PriceTicks;
      view.bidQty = waiting.c[row]!;
      view.askQty = waiting.d[row]!;
      this.#hooks.onQuote(view);
    } else {
      const view = this.#trade;
      view.contract = cursor.contract;
      view.tsUs = tsUs;
      view.priceTicks = waiting.a[row]! as PriceTicks;
      view.qty = waiting.b[row]!;
      view.aggressor = waiting.c[row]! as 1 | -1 | 0;
      this.#hooks.onTrade(view);
    }
  }

  #keep(cursor: TickCursor, columns: TickColumns, at: number, lagUs: number): void {
    const waiting = this.#waiting;
    const row = waiting.add(this.#cursors.indexOf(cursor), cursor.tsUs, cursor.tsUs + lagUs);
    if (cursor.kind === 'quotes') {
      const { bid, ask, bidQty, askQty } = columns as QuoteColumns;
      waiting.a[row] = bid[at]!;
      waiting.b[row] = ask[at]!;
      waiting.c[row] = bidQty[at]!;
      waiting.d[row] = askQty[at]!;
    } else if (cursor.kind === 'trades') {
      const { price, qty, aggressor } = columns as TradeColumns;
      waiting.a[row] = price[at]!;
      waiting.b[row] = qty[at]!;
      waiting.c[row] = Math.sign(aggressor[at]!);
    } else {
      const { side, price, qty, isEventEnd } = columns as DepthColumns;
      waiting.a[row] = side[at]!;
      waiting.b[row] = price[at]!;
      waiting.c[row] = qty[at]!;
      waiting.d[row] = isEventEnd[at]!;
    }
  }

  close(): void {
    for (const { source } of this.#cursors) source.close();
  }

  #deliverQuote(cursor: TickCursor, columns: QuoteColumns, at: number): void {
    const view = this.#quote;
    view.contract = cursor.contract;
    view.tsUs = columns.tsUs[at]! as TsUs;
    view.bidTicks = ticksAt(columns.bid, at);
    view.askTicks = ticksAt(columns.ask, at);
    view.bidQty = columns.bidQty[at]!;
    view.askQty = columns.askQty[at]!;
    this.#hooks.onQuote(view);
  }

  #deliverTrade(cursor: TickCursor, columns: TradeColumns, at: number): void {
    const view = this.#trade;
    view.contract = cursor.contract;
    view.tsUs = columns.tsUs[at]! as TsUs;
    view.priceTicks = ticksAt(columns.price, at);
    view.qty = columns.qty[at]!;
    view.aggressor = Math.sign(columns.aggressor[at]!) as 1 | -1 | 0;
    this.#hooks.onTrade(view);
  }

  #find(): void {
    let top: TickCursor | null = null;
    for (const cursor of this.#cursors) {
      if (cursor.tsUs === TS_MAX) continue;
      const isFirst =
        top === null ||
        cursor.tsUs < top.tsUs ||
        // Cursors are sorted by rank: an equal time wins only inside the instrument, by the source's own order.
        (cursor.tsUs === top.tsUs && cursor.row === top.row && cursor.seq < top.seq);
      if (isFirst) top = cursor;
    }
    this.#top = top;
  }
}

/** To a venue a print comes before the sizes that it left: what it met is still shown. */
function orderOf(cursor: TickCursor): number {
  return cursor.isMarket && cursor.kind === 'trades' ? -1 : KIND_ORDER[cursor.kind];
}

function ticksAt(column: PriceColumn, at: number): PriceTicks {
  return column[at]! as PriceTicks;
}
