/** The book of a market-by-order feed: what each action does, and what of the feed contradicts itself. */
import type { MboColumns } from '../bars.ts';
import type { TradingCalendar } from '../ports.ts';
import { Stretches } from '../bar-builder/stretches.ts';
import type { OrderBookOptions } from './order-book.ts';
import { OrderBook } from './order-book.ts';

/** `action` of MboColumns. */
export const MboAction = {
  add: 0,
  modify: 1,
  cancel: 2,
  trade: 3,
  fill: 4,
  clear: 5,
} as const;

/** What a feed said that cannot be so, each with what was done. Plain JSON. */
export interface BookIssues {
  /** An add of an order that is in the book: it takes the new values, behind the others. */
  readonly addKnown: number;
  /** A modify of an order that is not: it is added. */
  readonly modifyUnknown: number;
  /** A cancel of an order that is not: nothing. */
  readonly cancelUnknown: number;
  /** A cancel of more than the order has: it is removed. */
  readonly cancelTooMuch: number;
  /** A cancel that names another price or side than the order's: the id is believed. */
  readonly cancelElsewhere: number;
  /** An add or modify without a side, a price or a quantity: nothing. */
  readonly incomplete: number;
  /** An action with no code, when it ends no event: nothing. */
  readonly unknownAction: number;
}

export interface BookCounts {
  readonly rows: number;
  /** Ends of events: the book is consistent only there. */
  readonly events: number;
  /** Ends at which the book was crossed while the market traded continuously: a fault of the feed or of the book. */
  readonly crossed: number;
  /** Ends at which it was crossed before the opening print, rightly. */
  readonly crossedBeforeOpen: number;
}

export interface MboBookOptions extends OrderBookOptions {
  /** Tells sessions apart: continuous trading begins with the first trade inside one. Without it, with the first trade. */
  readonly calendar?: TradingCalendar;
  /** Called at each trade, before what it took is taken off the book. */
  readonly onTrade?: (batch: MboColumns, row: number) => void;
}

/** Called at the end of each event, when the book is consistent. `row` is that of the batch. */
export type EventEnd = (batch: MboColumns, row: number) => void;

/**
 * Rebuilds the book of one contract. A trade or fill does not touch the book: the cancel or modify that follows does. A
 * modify keeps an order's place only at the same price with no more contracts than the fills of its event left: an iceberg
 * that shows its next part goes to the back. Orders of a snapshot queue as it lists them.
 *
 * @example
 * const mbo = new MboBook({ calendar });
 * mbo.apply(batch, (_, row) => note(batch.tsUs[row], mbo.book.bestBid, mbo.book.bestAsk));
 * mbo.counts.crossed // => 0
 */
export class MboBook {
  readonly book: OrderBook;
  readonly #stretches: Stretches | null;
  readonly #onTradeRow: MboBookOptions['onTrade'];
  /** The ids of the last batch, seen as halves. */
  #idsOf: BigUint64Array = new BigUint64Array(0);
  #ids: Uint32Array = new Uint32Array(0);
  readonly #counts: { -readonly [K in keyof BookCounts]: BookCounts[K] } = {
    rows: 0,
    events: 0,
    crossed: 0,
    crossedBeforeOpen: 0,
  };
  readonly #issues: { -readonly [K in keyof BookIssues]: BookIssues[K] } = {
    addKnown: 0,
    modifyUnknown: 0,
    cancelUnknown: 0,
    cancelTooMuch: 0,
    cancelElsewhere: 0,
    incomplete: 0,
    unknownAction: 0,
  };
  /** Contracts of an order filled in the event so far, by slot, and the slots that have any. */
  #filled: Float64Array = new Float64Array(1024);
  readonly #filledSlots: number[] = [];
  #filledCount: number = 0;
  /** End of the trading during which a trade was seen. */
  #tradedUntilUs: number = -Infinity;

  constructor(options: MboBookOptions = {}) {
    this.book = new OrderBook(options);
    this.#stretches =
      options.calendar === undefined ? null : new Stretches(options.calendar, 'break');
    this.#onTradeRow = options.onTrade;
  }

  get counts(): BookCounts {
    return this.#counts;
  }

  get issues(): BookIssues {
    return this.#issues;
  }

  /** Rows [from, to) of a batch; all of it when not given. */
  apply(
    batch: MboColumns,
    onEventEnd?: EventEnd,
    from: number = 0,
    to: number = batch.length,
  ): void {
    const { orderId, action, side, price, qty, tsUs, isEventEnd } = batch;
    if (this.#idsOf !== orderId) {
      // Halves of the ids, little-endian as every typed array of the machines that run this.
      this.#ids = new Uint32Array(orderId.buffer, orderId.byteOffset, 2 * orderId.length);
      this.#idsOf = orderId;
    }
    const ids = this.#ids;
    for (let row = from; row < to; row += 1) {
      const low = ids[2 * row]!;
      const high = ids[2 * row + 1]!;
      if (action[row] === MboAction.trade) this.#onTradeRow?.(batch, row);
      // A time is read where it is needed: a number that large is allocated to be passed on.
      this.#row(action[row]!, high, low, side[row]!, price[row]!, qty[row]!, tsUs, row);
      if (isEventEnd[row] === 0) continue;
      this.#endEvent(tsUs, row);
      onEventEnd?.(batch, row);
    }
    this.#counts.rows += to - from;
  }

  /** Slot of an order by its id, or -1: for `qtyAhead` and the like. */
  find(orderId: bigint): number {
    return this.book.find(Number(orderId >> 32n), Number(orderId & 0xffffffffn));
  }

  #row(
    action: number,
    idHigh: number,
    idLow: number,
    side: number,
    price: number,
    qty: number,
    tsUs: Float64Array,
    row: number,
  ): void {
    switch (action) {
      case MboAction.add:
        this.#put(idHigh, idLow, side, price, qty, true);
        break;
      case MboAction.modify:
        this.#put(idHigh, idLow, side, price, qty, false);
        break;
      case MboAction.cancel:
        this.#cancel(idHigh, idLow, side, price, qty);
        break;
      case MboAction.trade:
        this.#onTrade(tsUs[row]!);
        break;
      case MboAction.fill:
        this.#onFill(idHigh, idLow, qty);
        break;
      case MboAction.clear:
        this.book.clear();
        break;
      default:
        this.#issues.unknownAction += 1;
    }
  }

  #put(
    idHigh: number,
    idLow: number,
    side: number,
    price: number,
    qty: number,
    isAdd: boolean,
  ): void {
    const { book } = this;
    if ((side !== 1 && side !== -1) || !Number.isFinite(price) || !(qty > 0)) {
      this.#issues.incomplete += 1;
      return;
    }
    const slot = book.find(idHigh, idLow);
    if (slot < 0) {
      if (!isAdd) this.#issues.modifyUnknown += 1;
      book.addOrder(idHigh, idLow, side, price, qty);
    } else if (isAdd) {
      this.#issues.addKnown += 1;
      this.#filled[slot] = 0;
      book.removeOrder(slot);
      book.addOrder(idHigh, idLow, side, price, qty);
    } else {
      const filled = this.#filled[slot] ?? 0;
      book.replaceOrder(slot, side, price, qty, book.qtyOf(slot) - filled);
      this.#filled[slot] = 0;
    }
  }

  #onFill(idHigh: number, idLow: number, qty: number): void {
    const slot = this.book.find(idHigh, idLow);
    if (slot < 0) return;
    if (slot >= this.#filled.length) {
      const grown = new Float64Array(2 * slot);
      grown.set(this.#filled);
      this.#filled = grown;
    }
    this.#filled[slot]! += qty;
    this.#filledSlots[this.#filledCount] = slot;
    this.#filledCount += 1;
  }

  #cancel(idHigh: number, idLow: number, side: number, price: number, qty: number): void {
    const { book } = this;
    const slot = book.find(idHigh, idLow);
    if (slot < 0) {
      this.#issues.cancelUnknown += 1;
      return;
    }
    if (side !== book.sideOf(slot) || price !== book.priceOf(slot))
      this.#issues.cancelElsewhere += 1;
    if (qty > book.qtyOf(slot)) this.#issues.cancelTooMuch += 1;
    // Without a quantity the whole order is meant.
    const by = qty > 0 ? qty : book.qtyOf(slot);
    const filled = this.#filled[slot] ?? 0;
    if (filled > 0) this.#filled[slot] = by < book.qtyOf(slot) ? Math.max(0, filled - by) : 0;
    book.reduceOrder(slot, by);
  }

  #onTrade(tsUs: number): void {
    if (tsUs < this.#tradedUntilUs) return;
    const stretches = this.#stretches;
    if (stretches === null) {
      this.#tradedUntilUs = Infinity;
      return;
    }
    stretches.seek(tsUs);
    if (tsUs >= stretches.startUs) this.#tradedUntilUs = stretches.endUs;
  }

  #endEvent(tsUs: Float64Array, row: number): void {
    this.#counts.events += 1;
    for (; this.#filledCount > 0; this.#filledCount -= 1)
      this.#filled[this.#filledSlots[this.#filledCount - 1]!] = 0;
    if (!this.book.isCrossed) return;
    if (tsUs[row]! < this.#tradedUntilUs) this.#counts.crossed += 1;
    else this.#counts.crossedBeforeOpen += 1;
  }
}
