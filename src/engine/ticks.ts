/**
 * Quotes, trades and depth for the hooks: a k-way merge in the order of the tie key, delivered as reused views. Ticks are
 * data only: orders match on bars until the exchange simulates a book.
 *
 * Order among ticks: time, rank of the instrument, sequence of the source, then depth, quote, trade, then contract. At one
 * instant they come after the bars that end there and after rolls: such a bar holds what traded before that instant.
 */
import type { DepthColumns, PriceColumn, QuoteColumns, TradeColumns } from '../core/bars.ts';
import type { ContractId, ContractTable } from '../core/instrument.ts';
import type { DepthView, QuoteView, TradeView } from '../core/strategy.ts';
import type { PriceTicks, TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';
import type { TickFeed, TickSource } from './config.ts';

const KIND_ORDER = { depth: 0, quotes: 1, trades: 2 } as const;

type TickColumns = QuoteColumns | TradeColumns | DepthColumns;

export interface TickHooks {
  readonly onQuote: (quote: QuoteView) => void;
  readonly onTrade: (trade: TradeView) => void;
  readonly onDepth: (depth: DepthView) => void;
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
    this.tsUs = columns.tsUs[at]! as TsUs;
    const side = columns.side[at]! > 0 ? this.#bids : this.#asks;
    side.set(columns.price[at]!, columns.qty[at]!);
  }
}

/** A feed and its cursor. */
class TickCursor {
  readonly kind: TickFeed['kind'];
  readonly contractIndex: number;
  readonly row: number;
  readonly contract: ContractId;
  readonly book: Book;
  readonly source: TickSource<TickColumns>;
  columns: TickColumns | null = null;
  at: number = 0;
  tsUs: number = TS_MAX;
  seq: number = 0;

  constructor(feed: TickFeed, table: ContractTable) {
    this.kind = feed.kind;
    this.contractIndex = feed.contractIndex;
    this.row = table.instrumentIndex[feed.contractIndex]!;
    this.contract = table.contractAt(feed.contractIndex).id;
    this.book = new Book(this.contract);
    this.source = feed.source;
    this.at = -1;
    this.step();
  }

  /** To the next row; `tsUs` is TS_MAX past the end. */
  step(): void {
    this.at += 1;
    while (this.columns === null || this.at >= this.columns.length) {
      this.columns = this.source.next();
      this.at = 0;
      if (this.columns !== null) continue;
      this.tsUs = TS_MAX;
      return;
    }
    this.tsUs = this.columns.tsUs[this.at]!;
    this.seq = this.columns.seq[this.at]!;
  }
}

/** A handful of feeds: the earliest is found by looking at each. */
export class TickMerge {
  readonly #cursors: readonly TickCursor[];
  readonly #hooks: TickHooks;
  readonly #quote: MutableQuote = new MutableQuote();
  readonly #trade: MutableTrade = new MutableTrade();
  #top: TickCursor | null = null;

  /** Rows before `startUs` build books and are not delivered. */
  constructor(feeds: readonly TickFeed[], table: ContractTable, startUs: TsUs, hooks: TickHooks) {
    this.#hooks = hooks;
    this.#cursors = feeds
      .map((feed) => new TickCursor(feed, table))
      .toSorted(
        (a, b) =>
          a.row - b.row ||
          KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
          a.contractIndex - b.contractIndex,
      );
    for (const cursor of this.#cursors) {
      while (cursor.tsUs < startUs) {
        if (cursor.kind === 'depth') cursor.book.apply(cursor.columns as DepthColumns, cursor.at);
        cursor.step();
      }
    }
    this.#find();
  }

  /** Time of the next tick, or TS_MAX. */
  topTs(): number {
    return this.#top === null ? TS_MAX : this.#top.tsUs;
  }

  /** Delivers the next tick when it is of a contract that `isWanted`, and steps over it. */
  deliver(isWanted: (row: number, contractIndex: number) => boolean): void {
    const cursor = this.#top!;
    const { columns, at } = cursor;
    const isDelivered = isWanted(cursor.row, cursor.contractIndex);
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
      case 'depth': {
        const depth = columns as DepthColumns;
        cursor.book.apply(depth, at);
        // Inside an event of the source the book may be crossed: it is shown when the event is whole.
        if (isDelivered && depth.isEventEnd[at] === 1) this.#hooks.onDepth(cursor.book);
      }
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

function ticksAt(column: PriceColumn, at: number): PriceTicks {
  return column[at]! as PriceTicks;
}
