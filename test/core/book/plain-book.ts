/** An order book as a list, and order events at random: few ids and prices, so that every contradiction comes about. */
import fc from 'fast-check';
import type { MboColumns } from '../../../src/core/bars.ts';
import type { BookView } from '../../../src/core/book/types.ts';

export interface OrderEvent {
  readonly id: bigint;
  readonly action: number;
  readonly side: number;
  readonly price: number;
  readonly qty: number;
  readonly isEventEnd: boolean;
}

interface PlainOrder {
  readonly id: bigint;
  side: number;
  price: number;
  qty: number;
}

/** All orders, those of a price by priority. */
export class PlainBook {
  orders: PlainOrder[] = [];
  /** Contracts filled in the event, by order. */
  #filled = new Map<PlainOrder, number>();

  apply(event: OrderEvent): void {
    this.#applyRow(event);
    if (event.isEventEnd) this.#filled = new Map();
  }

  #applyRow({ id, action, side, price, qty }: OrderEvent): void {
    const known = this.orders.find((order) => order.id === id);
    if (action === 5) this.orders = [];
    if (action === 2 && known !== undefined) {
      const by = qty > 0 ? qty : known.qty;
      known.qty -= by;
      this.#filled.set(known, Math.max(0, (this.#filled.get(known) ?? 0) - by));
      this.orders = this.orders.filter((order) => order.qty > 0);
    }
    if (action === 4 && known !== undefined)
      this.#filled.set(known, (this.#filled.get(known) ?? 0) + qty);
    if (action > 1 || side === 0 || !(qty > 0)) return;
    const left = known === undefined ? 0 : known.qty - (this.#filled.get(known) ?? 0);
    const keepsPlace = action === 1 && known?.side === side && known.price === price && qty <= left;
    if (keepsPlace) {
      known.qty = qty;
      this.#filled.delete(known);
    } else {
      this.orders = this.orders.filter((order) => order.id !== id);
      this.orders.push({ id, side, price, qty });
    }
  }

  levels(side: number): { price: number; qty: number; orders: number }[] {
    const own = this.orders.filter((order) => order.side === side);
    const prices = [...new Set(own.map((order) => order.price))].toSorted((a, b) => side * (b - a));
    return prices.map((price) => {
      const at = own.filter((order) => order.price === price);
      return { price, qty: at.reduce((sum, order) => sum + order.qty, 0), orders: at.length };
    });
  }

  queue(side: number, price: number): PlainOrder[] {
    return this.orders.filter((order) => order.side === side && order.price === price);
  }
}

export function levelsOf(
  book: BookView,
  side: 1 | -1,
): { price: number; qty: number; orders: number }[] {
  return Array.from({ length: book.levelCount(side) }, (_, depth) => ({
    price: book.priceAt(side, depth),
    qty: book.qtyAt(side, depth),
    orders: book.ordersAt(side, depth),
  }));
}

/** Ids that differ in the high half only, in the low half only, and beyond 2^53. */
const ids = fc
  .tuple(fc.nat(2), fc.nat(7))
  .map(([high, low]) => (BigInt(high) << 62n) | BigInt(low));

export const eventsArbitrary: fc.Arbitrary<OrderEvent[]> = fc.array(
  fc.record({
    id: ids,
    action: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 4, arbitrary: fc.constant(1) },
      { weight: 4, arbitrary: fc.constant(2) },
      { weight: 3, arbitrary: fc.constantFrom(3, 4, 4, 4, 255) },
      { weight: 1, arbitrary: fc.constantFrom(2, 2, 2, 2, 5) },
    ),
    side: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(1, -1) },
      { weight: 1, arbitrary: fc.constant(0) },
    ),
    price: fc.integer({ min: -4, max: 9 }),
    qty: fc.integer({ min: 0, max: 5 }),
    isEventEnd: fc.boolean(),
  }),
  { maxLength: 150 },
);

export function mboColumns(events: readonly OrderEvent[]): MboColumns {
  return {
    length: events.length,
    tsUs: Float64Array.from(events, (_, row) => row),
    seq: Float64Array.from(events, (_, row) => row),
    orderId: BigUint64Array.from(events.map((event) => event.id)),
    action: Uint8Array.from(events, (event) => event.action),
    side: Int8Array.from(events, (event) => event.side),
    price: Int32Array.from(events, (event) => event.price),
    qty: Float64Array.from(events, (event) => event.qty),
    isEventEnd: Uint8Array.from(events, (event) => (event.isEventEnd ? 1 : 0)),
  };
}
