/** Our resting orders over a record: by side and price, and at a price in our own time priority. */
import type { Side } from '../../core/order.ts';
import type { OrderHandle } from '../book/limit-book.ts';
import type { QueuePosition } from './queue-model.ts';

export class OwnOrder {
  readonly handle: OrderHandle;
  readonly side: Side;
  readonly priceTicks: number;
  /** Iceberg: contracts in the queue at a time; 0 for all. */
  readonly displayQty: number;
  /** Open contracts, and those in the queue. */
  leavesQty: number;
  sliceQty: number = 0;
  place: QueuePosition;
  /** Events of the record before it came: the one that made it come does not fill it. */
  sinceEvent: number;
  /** It came to rest across the market, because we had taken what is shown there: what is shown fills it only when it is new. */
  isInside: boolean;

  constructor(
    handle: OrderHandle,
    side: Side,
    priceTicks: number,
    qty: number,
    displayQty: number,
    place: QueuePosition,
    sinceEvent: number,
    isInside: boolean,
  ) {
    this.handle = handle;
    this.side = side;
    this.priceTicks = priceTicks;
    this.leavesQty = qty;
    this.displayQty = displayQty;
    this.place = place;
    this.sinceEvent = sinceEvent;
    this.isInside = isInside;
    this.slice();
  }

  /** Puts the next part of an iceberg into the queue. */
  slice(): void {
    this.sliceQty =
      this.displayQty === 0 ? this.leavesQty : Math.min(this.displayQty, this.leavesQty);
  }
}

/** One side. Prices best first; there is no level without an order. */
export class OwnSide {
  readonly #side: Side;
  readonly prices: number[] = [];
  readonly #levels: Map<number, OwnOrder[]> = new Map();

  constructor(side: Side) {
    this.#side = side;
  }

  /** Best price in ticks, or NaN. */
  get best(): number {
    return this.prices.length === 0 ? NaN : this.prices[0]!;
  }

  /** The best price worse than this one, or NaN. */
  worse(priceTicks: number): number {
    const row = this.#rowOf(priceTicks);
    const next = this.prices[row] === priceTicks ? row + 1 : row;
    return next < this.prices.length ? this.prices[next]! : NaN;
  }

  at(priceTicks: number): readonly OwnOrder[] | undefined {
    return this.#levels.get(priceTicks);
  }

  add(order: OwnOrder): void {
    const level = this.#levels.get(order.priceTicks);
    if (level !== undefined) {
      level.push(order);
      return;
    }
    this.#levels.set(order.priceTicks, [order]);
    this.prices.splice(this.#rowOf(order.priceTicks), 0, order.priceTicks);
  }

  remove(order: OwnOrder): void {
    const level = this.#levels.get(order.priceTicks)!;
    if (level.length > 1) {
      level.splice(level.indexOf(order), 1);
      return;
    }
    this.#levels.delete(order.priceTicks);
    this.prices.splice(this.#rowOf(order.priceTicks), 1);
  }

  /** The first row whose price is this one or worse. */
  #rowOf(priceTicks: number): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.prices[middle]! - priceTicks) * this.#side > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
