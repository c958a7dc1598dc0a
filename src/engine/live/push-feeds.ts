/**
 * Sources that rows are pushed into: what arrives from outside becomes the batches that the engine reads. Three columns
 * turn: a batch stays valid until the second-next one, and what is pushed meanwhile goes into the third.
 */
import type { BarColumns, DepthColumns, QuoteColumns, TradeColumns } from '../../core/bars.ts';
import type { BarSource } from '../../core/ports.ts';
import type { TickSource } from '../config.ts';

const ROWS_MIN = 64;
/** Rows that may wait in one feed: minutes of a busy market. */
const ROWS_MAX = 131_072;

/** Columns of one kind with room for a number of rows. */
interface Batch {
  length: number;
  room: number;
}

/** Batches in turn, with room that doubles up to a bound. */
abstract class PushSource<B extends Batch> {
  readonly #batches: readonly B[];
  readonly #none: B;
  readonly #rowsMax: number;
  #at: number = 0;
  #isEnded: boolean = false;
  /** Rows that found no room, or came in the wrong order. */
  refused: number = 0;

  constructor(create: () => B, rowsMax: number) {
    this.#batches = [create(), create(), create()];
    this.#none = create();
    this.#rowsMax = rowsMax;
  }

  /** Rows pushed and not read yet. */
  get waiting(): number {
    return this.#batches[this.#at]!.length;
  }

  /** Nothing more will come; what waits is still read. */
  end(): void {
    this.#isEnded = true;
  }

  next(): B | null {
    const batch = this.#batches[this.#at]!;
    if (batch.length === 0) return this.#isEnded ? null : this.#none;
    this.#at = (this.#at + 1) % 3;
    this.#batches[this.#at]!.length = 0;
    return batch;
  }

  close(): void {
    this.#isEnded = true;
  }

  /** The batch that takes the next row, or null: the source was closed, or its bound is reached. */
  protected place(): B | null {
    const batch = this.#batches[this.#at]!;
    if (this.#isEnded || batch.length >= this.#rowsMax) {
      this.refused += 1;
      return null;
    }
    if (batch.length === batch.room) {
      batch.room = Math.min(2 * batch.room, this.#rowsMax);
      this.grow(batch);
    }
    return batch;
  }

  /** Gives every column `room` rows and keeps what is in them. */
  protected abstract grow(batch: B): void;
}

class BarBatch implements BarColumns, Batch {
  length: number = 0;
  room: number = ROWS_MIN;
  openUs: Float64Array = new Float64Array(ROWS_MIN);
  closeUs: Float64Array = new Float64Array(ROWS_MIN);
  open: Float64Array = new Float64Array(ROWS_MIN);
  high: Float64Array = new Float64Array(ROWS_MIN);
  low: Float64Array = new Float64Array(ROWS_MIN);
  close: Float64Array = new Float64Array(ROWS_MIN);
  volume: Float64Array = new Float64Array(ROWS_MIN);
}

/** One closed bar. Units as in `BarColumns`. */
export interface PushedBar {
  readonly openUs: number;
  readonly closeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Bars of one contract and interval, as they close. */
export class PushBars extends PushSource<BarBatch> implements BarSource {
  #lastUs: number = -Infinity;

  constructor(rowsMax: number = ROWS_MAX) {
    super(() => new BarBatch(), rowsMax);
  }

  /** False where the bar is not taken: it does not close after the one before it, or there is no room. */
  push(bar: PushedBar): boolean {
    if (!(bar.closeUs > this.#lastUs)) {
      this.refused += 1;
      return false;
    }
    const batch = this.place();
    if (batch === null) return false;
    this.#lastUs = bar.closeUs;
    const at = batch.length;
    batch.openUs[at] = bar.openUs;
    batch.closeUs[at] = bar.closeUs;
    batch.open[at] = bar.open;
    batch.high[at] = bar.high;
    batch.low[at] = bar.low;
    batch.close[at] = bar.close;
    batch.volume[at] = bar.volume;
    batch.length += 1;
    return true;
  }

  /** Rows of columns, `from` to `to`; returns how many were taken. */
  pushColumns(bars: BarColumns, from: number = 0, to: number = bars.length): number {
    let taken = 0;
    for (let at = from; at < to; at += 1) {
      const isTaken = this.push({
        openUs: bars.openUs[at]!,
        closeUs: bars.closeUs[at]!,
        open: bars.open[at]!,
        high: bars.high[at]!,
        low: bars.low[at]!,
        close: bars.close[at]!,
        volume: bars.volume[at]!,
      });
      if (isTaken) taken += 1;
    }
    return taken;
  }

  protected grow(batch: BarBatch): void {
    const { room } = batch;
    batch.openUs = grown(batch.openUs, room);
    batch.closeUs = grown(batch.closeUs, room);
    batch.open = grown(batch.open, room);
    batch.high = grown(batch.high, room);
    batch.low = grown(batch.low, room);
    batch.close = grown(batch.close, room);
    batch.volume = grown(batch.volume, room);
  }
}

/** What every kind of tick has. */
class TickBatch implements Batch {
  length: number = 0;
  room: number = ROWS_MIN;
  tsUs: Float64Array = new Float64Array(ROWS_MIN);
  seq: Float64Array = new Float64Array(ROWS_MIN);
}

abstract class PushTicks<B extends TickBatch> extends PushSource<B> {
  #lastUs: number = -Infinity;

  /** A time before that of the row before it is moved up to it: the order of arrival stays. */
  protected stamp(tsUs: number, seq: number): B | null {
    const batch = this.place();
    if (batch === null) return null;
    if (tsUs > this.#lastUs) this.#lastUs = tsUs;
    batch.tsUs[batch.length] = this.#lastUs;
    batch.seq[batch.length] = seq;
    batch.length += 1;
    return batch;
  }

  protected grow(batch: B): void {
    batch.tsUs = grown(batch.tsUs, batch.room);
    batch.seq = grown(batch.seq, batch.room);
  }
}

class QuoteBatch extends TickBatch implements QuoteColumns {
  bid: Float64Array = new Float64Array(ROWS_MIN);
  ask: Float64Array = new Float64Array(ROWS_MIN);
  bidQty: Float64Array = new Float64Array(ROWS_MIN);
  askQty: Float64Array = new Float64Array(ROWS_MIN);
}

/** Quotes of one contract. False from `push`: there was no room. */
export class PushQuotes extends PushTicks<QuoteBatch> implements TickSource<QuoteColumns> {
  constructor(rowsMax: number = ROWS_MAX) {
    super(() => new QuoteBatch(), rowsMax);
  }

  push(
    tsUs: number,
    seq: number,
    bid: number,
    bidQty: number,
    ask: number,
    askQty: number,
  ): boolean {
    const batch = this.stamp(tsUs, seq);
    if (batch === null) return false;
    const at = batch.length - 1;
    batch.bid[at] = bid;
    batch.bidQty[at] = bidQty;
    batch.ask[at] = ask;
    batch.askQty[at] = askQty;
    return true;
  }

  protected override grow(batch: QuoteBatch): void {
    super.grow(batch);
    const { room } = batch;
    batch.bid = grown(batch.bid, room);
    batch.ask = grown(batch.ask, room);
    batch.bidQty = grown(batch.bidQty, room);
    batch.askQty = grown(batch.askQty, room);
  }
}

class TradeBatch extends TickBatch implements TradeColumns {
  price: Float64Array = new Float64Array(ROWS_MIN);
  qty: Float64Array = new Float64Array(ROWS_MIN);
  aggressor: Int8Array = new Int8Array(ROWS_MIN);
}

/** Trades of one contract. False from `push`: there was no room. */
export class PushTrades extends PushTicks<TradeBatch> implements TickSource<TradeColumns> {
  constructor(rowsMax: number = ROWS_MAX) {
    super(() => new TradeBatch(), rowsMax);
  }

  push(tsUs: number, seq: number, price: number, qty: number, aggressor: number): boolean {
    const batch = this.stamp(tsUs, seq);
    if (batch === null) return false;
    const at = batch.length - 1;
    batch.price[at] = price;
    batch.qty[at] = qty;
    batch.aggressor[at] = aggressor;
    return true;
  }

  protected override grow(batch: TradeBatch): void {
    super.grow(batch);
    const { room } = batch;
    batch.price = grown(batch.price, room);
    batch.qty = grown(batch.qty, room);
    batch.aggressor = grown(batch.aggressor, room);
  }
}

class DepthBatch extends TickBatch implements DepthColumns {
  side: Int8Array = new Int8Array(ROWS_MIN);
  price: Float64Array = new Float64Array(ROWS_MIN);
  qty: Float64Array = new Float64Array(ROWS_MIN);
  orderCount: Int32Array = new Int32Array(ROWS_MIN);
  isEventEnd: Uint8Array = new Uint8Array(ROWS_MIN);
}

/** Levels of the book of one contract; quantity 0 removes one. False from `push`: there was no room. */
export class PushDepth extends PushTicks<DepthBatch> implements TickSource<DepthColumns> {
  constructor(rowsMax: number = ROWS_MAX) {
    super(() => new DepthBatch(), rowsMax);
  }

  push(
    tsUs: number,
    seq: number,
    side: number,
    price: number,
    qty: number,
    isEventEnd: boolean,
  ): boolean {
    const batch = this.stamp(tsUs, seq);
    if (batch === null) return false;
    const at = batch.length - 1;
    batch.side[at] = side;
    batch.price[at] = price;
    batch.qty[at] = qty;
    batch.orderCount[at] = 0;
    batch.isEventEnd[at] = isEventEnd ? 1 : 0;
    return true;
  }

  protected override grow(batch: DepthBatch): void {
    super.grow(batch);
    const { room } = batch;
    batch.side = grown(batch.side, room);
    batch.price = grown(batch.price, room);
    batch.qty = grown(batch.qty, room);
    batch.orderCount = grown(batch.orderCount, room);
    batch.isEventEnd = grown(batch.isEventEnd, room);
  }
}

function grown<A extends Float64Array | Int32Array | Int8Array | Uint8Array>(
  from: A,
  room: number,
): A {
  const into = new (from.constructor as new (length: number) => A)(room);
  into.set(from);
  return into;
}
