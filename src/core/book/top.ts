/** The best levels of a book as rows (`mbp-1`, `mbp-10`), and rows of a book as changed levels. */
import type { DepthColumns, QuoteColumns } from '../bars.ts';
import { DepthBook } from './depth-book.ts';
import type { OrderBook } from './order-book.ts';
import type { BookSide, BookView } from './types.ts';

/**
 * The best levels of both sides, a row an event that changed them. Shapes: tsUs and seq have `length` rows, the others
 * `length * levels`; level k of row i stands at `i * levels + k`. A level that is not there: price NaN, quantity 0.
 * Known at: tsUs[i].
 */
export interface TopColumns {
  readonly length: number;
  readonly levels: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  readonly bid: Float64Array;
  readonly ask: Float64Array;
  readonly bidQty: Float64Array;
  readonly askQty: Float64Array;
  readonly bidOrders: Int32Array;
  readonly askOrders: Int32Array;
}

const ROWS_FIRST = 256;

/** Writes a row whenever one of the best levels differs from the row before. */
export class TopRecorder {
  readonly levels: number;
  #length: number = 0;
  #hasLast: boolean = false;
  #tsUs: Float64Array = new Float64Array(ROWS_FIRST);
  #seq: Float64Array = new Float64Array(ROWS_FIRST);
  /** Bids, then asks: prices, quantities, orders of each row. */
  #prices: Float64Array;
  #qty: Float64Array;
  #orders: Int32Array;
  readonly #lastPrices: Float64Array;
  readonly #lastQty: Float64Array;
  readonly #lastOrders: Int32Array;

  constructor(levels: number) {
    this.levels = levels;
    this.#prices = new Float64Array(2 * levels * ROWS_FIRST);
    this.#qty = new Float64Array(2 * levels * ROWS_FIRST);
    this.#orders = new Int32Array(2 * levels * ROWS_FIRST);
    this.#lastPrices = new Float64Array(2 * levels);
    this.#lastQty = new Float64Array(2 * levels);
    this.#lastOrders = new Int32Array(2 * levels);
  }

  /** To be called at the end of an event. True when a row was written. */
  sample(book: BookView, tsUs: number, seq: number): boolean {
    const { levels } = this;
    let isSame = this.#hasLast;
    for (let depth = 0; depth < levels; depth += 1) {
      for (const side of [1, -1] as const) {
        const at = side > 0 ? depth : levels + depth;
        const price = book.priceAt(side, depth);
        const qty = book.qtyAt(side, depth);
        const orders = book.ordersAt(side, depth);
        const last = this.#lastPrices[at]!;
        if (isSame)
          isSame =
            (price === last || (price !== price && last !== last)) &&
            qty === this.#lastQty[at] &&
            orders === this.#lastOrders[at];
        this.#lastPrices[at] = price;
        this.#lastQty[at] = qty;
        this.#lastOrders[at] = orders;
      }
    }
    if (isSame) return false;
    this.#hasLast = true;
    if (this.#length === this.#tsUs.length) this.#grow();
    const row = this.#length;
    this.#tsUs[row] = tsUs;
    this.#seq[row] = seq;
    this.#prices.set(this.#lastPrices, 2 * levels * row);
    this.#qty.set(this.#lastQty, 2 * levels * row);
    this.#orders.set(this.#lastOrders, 2 * levels * row);
    this.#length = row + 1;
    return true;
  }

  /** The rows since the last call. */
  take(): TopColumns {
    const { levels } = this;
    const length = this.#length;
    this.#length = 0;
    const part = <Column extends Float64Array | Int32Array>(
      from: Column,
      to: Column,
      offset: number,
    ): Column => {
      for (let row = 0; row < length; row += 1) {
        const start = 2 * levels * row + offset;
        to.set(from.subarray(start, start + levels), levels * row);
      }
      return to;
    };
    const size = length * levels;
    return {
      length,
      levels,
      tsUs: this.#tsUs.slice(0, length),
      seq: this.#seq.slice(0, length),
      bid: part(this.#prices, new Float64Array(size), 0),
      ask: part(this.#prices, new Float64Array(size), levels),
      bidQty: part(this.#qty, new Float64Array(size), 0),
      askQty: part(this.#qty, new Float64Array(size), levels),
      bidOrders: part(this.#orders, new Int32Array(size), 0),
      askOrders: part(this.#orders, new Int32Array(size), levels),
    };
  }

  #grow(): void {
    this.#tsUs = doubled(this.#tsUs, Float64Array);
    this.#seq = doubled(this.#seq, Float64Array);
    this.#prices = doubled(this.#prices, Float64Array);
    this.#qty = doubled(this.#qty, Float64Array);
    this.#orders = doubled(this.#orders, Int32Array);
  }
}

/** Quotes of rows with any number of levels: the best of each. A side that is empty: price NaN, quantity 0. */
export function topQuotes(top: TopColumns): QuoteColumns {
  const { length, levels } = top;
  const best = (column: Float64Array): Float64Array =>
    Float64Array.from({ length }, (_, row) => column[row * levels]!);
  return {
    length,
    tsUs: top.tsUs,
    seq: top.seq,
    bid: best(top.bid),
    ask: best(top.ask),
    bidQty: best(top.bidQty),
    askQty: best(top.askQty),
  };
}

/**
 * Rows of the best levels as rows of changed levels, so that a book of them holds exactly those levels: what falls below the
 * last one is taken away. Feed the rows in order, in batches of any size.
 */
export class TopToDepth {
  readonly #out: DepthWriter = new DepthWriter();
  #last: { price: Float64Array; qty: Float64Array; orders: Int32Array }[] = [];

  apply(top: TopColumns): void {
    const { length, levels } = top;
    const columns = [
      [top.bid, top.bidQty, top.bidOrders, 1],
      [top.ask, top.askQty, top.askOrders, -1],
    ] as const;
    for (let row = 0; row < length; row += 1) {
      const start = row * levels;
      const first = this.#out.length;
      for (const [k, [price, qty, orders, side]] of columns.entries()) {
        const now = {
          price: price.slice(start, start + levels),
          qty: qty.slice(start, start + levels),
          orders: orders.slice(start, start + levels),
        };
        this.#diff(this.#last[k], now, side, top.tsUs[row]!, top.seq[row]!);
        this.#last[k] = now;
      }
      if (this.#out.length > first) this.#out.endEvent();
    }
  }

  take(): DepthColumns {
    return this.#out.take();
  }

  #diff(
    before: { price: Float64Array; qty: Float64Array; orders: Int32Array } | undefined,
    now: { price: Float64Array; qty: Float64Array; orders: Int32Array },
    side: 1 | -1,
    tsUs: number,
    seq: number,
  ): void {
    for (const price of before?.price ?? []) {
      if (Number.isFinite(price) && !now.price.includes(price))
        this.#out.add(tsUs, seq, side, price, 0, 0);
    }
    for (const [k, price] of now.price.entries()) {
      if (!Number.isFinite(price)) continue;
      const at = before === undefined ? -1 : before.price.indexOf(price);
      const isSame =
        at >= 0 && before!.qty[at] === now.qty[k] && before!.orders[at] === now.orders[k];
      if (!isSame) this.#out.add(tsUs, seq, side, price, now.qty[k]!, now.orders[k]!);
    }
  }
}

/**
 * Tells which levels of a tracked book of orders changed, as rows: L3 in, L2 out. Call it at the end of each event; a level
 * that came and went inside an event is not told.
 */
export class DepthRecorder {
  readonly #out: DepthWriter = new DepthWriter();
  /** What was told so far. */
  readonly #told: DepthBook = new DepthBook();

  /** The book must be made with `isTracked`. */
  sample(book: OrderBook, tsUs: number, seq: number): void {
    const { changes } = book;
    if (changes === null || changes.length === 0) return;
    const first = this.#out.length;
    for (let at = 0; at < changes.length; at += 1) {
      const side = changes.side[at]! as BookSide;
      const price = changes.price[at]!;
      const depth = book.depthOf(side, price);
      const qty = depth < 0 ? 0 : book.qtyAt(side, depth);
      const orders = depth < 0 ? 0 : book.ordersAt(side, depth);
      const told = this.#told.depthOf(side, price);
      const toldQty = told < 0 ? 0 : this.#told.qtyAt(side, told);
      if (qty === toldQty && (told < 0 || orders === this.#told.ordersAt(side, told))) continue;
      this.#told.setLevel(side, price, qty, orders);
      this.#out.add(tsUs, seq, side, price, qty, orders);
    }
    changes.clear();
    if (this.#out.length > first) this.#out.endEvent();
  }

  take(): DepthColumns {
    return this.#out.take();
  }
}

/** Depth rows that grow. */
class DepthWriter {
  length: number = 0;
  #tsUs: Float64Array = new Float64Array(ROWS_FIRST);
  #seq: Float64Array = new Float64Array(ROWS_FIRST);
  #side: Int8Array = new Int8Array(ROWS_FIRST);
  #price: Float64Array = new Float64Array(ROWS_FIRST);
  #qty: Float64Array = new Float64Array(ROWS_FIRST);
  #orders: Int32Array = new Int32Array(ROWS_FIRST);
  #isEventEnd: Uint8Array = new Uint8Array(ROWS_FIRST);

  add(tsUs: number, seq: number, side: 1 | -1, price: number, qty: number, orders: number): void {
    const at = this.length;
    if (at === this.#tsUs.length) this.#grow();
    this.#tsUs[at] = tsUs;
    this.#seq[at] = seq;
    this.#side[at] = side;
    this.#price[at] = price;
    this.#qty[at] = qty;
    this.#orders[at] = orders;
    this.#isEventEnd[at] = 0;
    this.length = at + 1;
  }

  endEvent(): void {
    if (this.length > 0) this.#isEventEnd[this.length - 1] = 1;
  }

  /** Between events only. */
  take(): DepthColumns {
    const end = this.length;
    this.length = 0;
    return {
      length: end,
      tsUs: this.#tsUs.slice(0, end),
      seq: this.#seq.slice(0, end),
      side: this.#side.slice(0, end),
      price: this.#price.slice(0, end),
      qty: this.#qty.slice(0, end),
      orderCount: this.#orders.slice(0, end),
      isEventEnd: this.#isEventEnd.slice(0, end),
    };
  }

  #grow(): void {
    this.#tsUs = doubled(this.#tsUs, Float64Array);
    this.#seq = doubled(this.#seq, Float64Array);
    this.#side = doubled(this.#side, Int8Array);
    this.#price = doubled(this.#price, Float64Array);
    this.#qty = doubled(this.#qty, Float64Array);
    this.#orders = doubled(this.#orders, Int32Array);
    this.#isEventEnd = doubled(this.#isEventEnd, Uint8Array);
  }
}

function doubled<Column extends Float64Array | Int32Array | Int8Array | Uint8Array>(
  from: Column,
  make: new (length: number) => Column,
): Column {
  const to = new make(2 * from.length);
  to.set(from);
  return to;
}
