/**
 * The obvious twin of the limit order book: one array of orders, sorted when it is asked, nothing kept beside it. It says
 * what the fast book must say, with ids of its own in place of handles.
 */
import type { Side } from '../../src/core/order.ts';
import type { AllocationStep } from '../../src/sim/book/allocation.ts';
import type { SelfTradeMode } from '../../src/sim/book/limit-book.ts';

export interface NaiveOrder {
  readonly id: number;
  readonly side: Side;
  price: number;
  leaves: number;
  shown: number;
  readonly display: number;
  readonly group: number;
  readonly isLead: boolean;
  /** Lower goes first. */
  priority: number;
}

export type NaiveEvent = {
  readonly kind: 'trade' | 'self';
  readonly id: number;
  price: number;
  qty: number;
  leaves: number;
};

/** What happens where an aggressor meets an order; null: they trade. */
export type NaiveMeeting = (order: NaiveOrder) => SelfTradeMode | null;

export class NaiveBook {
  orders: NaiveOrder[] = [];
  readonly #steps: readonly AllocationStep[];
  #clock = 0;
  /** The order that bettered its side last, while it keeps its place. */
  readonly #top: Record<string, number | null> = { '1': null, '-1': null };

  constructor(steps: readonly AllocationStep[]) {
    this.#steps = steps;
  }

  of(side: Side): NaiveOrder[] {
    return this.orders
      .filter((order) => order.side === side)
      .sort((a, b) => (b.price - a.price) * side || a.priority - b.priority);
  }

  rest(
    id: number,
    side: Side,
    price: number,
    qty: number,
    display: number,
    group: number,
    isLead: boolean,
  ): void {
    const shown = display === 0 ? qty : Math.min(display, qty);
    this.#clock += 1;
    const order = {
      id,
      side,
      price,
      leaves: qty,
      shown,
      display,
      group,
      isLead,
      priority: this.#clock,
    };
    this.#noteTop(order);
    this.orders.push(order);
  }

  #noteTop(order: NaiveOrder): void {
    const best = this.of(order.side)[0];
    if (best === undefined || (order.price - best.price) * order.side > 0)
      this.#top[order.side] = order.id;
  }

  cancel(id: number): number {
    const order = this.orders.find((each) => each.id === id);
    if (order === undefined) return 0;
    this.#drop(order);
    return order.leaves;
  }

  #drop(order: NaiveOrder): void {
    this.orders = this.orders.filter((each) => each !== order);
    if (this.#top[order.side] === order.id) this.#top[order.side] = null;
  }

  reduce(id: number, leaves: number): boolean {
    const order = this.orders.find((each) => each.id === id);
    if (order === undefined || leaves < 1 || leaves > order.leaves) return false;
    order.leaves = leaves;
    order.shown = Math.min(order.shown, leaves);
    return true;
  }

  requeue(id: number, price: number, leaves: number): boolean {
    const order = this.orders.find((each) => each.id === id);
    if (order === undefined || leaves < 1) return false;
    this.#drop(order);
    this.rest(id, order.side, price, leaves, order.display, order.group, order.isLead);
    return true;
  }

  /** What it would trade: tried out on a copy. */
  available(side: Side, limit: number, qty: number, meet: NaiveMeeting): number {
    const copy = new NaiveBook(this.#steps);
    copy.orders = this.orders.map((order) => ({ ...order }));
    copy.#clock = this.#clock;
    Object.assign(copy.#top, this.#top);
    const events: NaiveEvent[] = [];
    copy.match(side, limit, qty, meet, events);
    return events.reduce((sum, event) => sum + (event.kind === 'trade' ? event.qty : 0), 0);
  }

  match(side: Side, limit: number, qty: number, meet: NaiveMeeting, events: NaiveEvent[]): number {
    const [first] = this.#steps;
    const isFifo = first?.step === 'fifo' && (first.percent ?? 100) === 100;
    let left = qty;
    for (;;) {
      const best = this.of(side === 1 ? -1 : 1)[0];
      if (left === 0 || best === undefined || (limit - best.price) * side < 0) return left;
      const level = this.of(best.side).filter((order) => order.price === best.price);
      const total = level.reduce((sum, order) => sum + order.leaves, 0);
      const isSwept = left >= total;
      if (isSwept || isFifo) {
        const mode = meet(best);
        if (mode !== null) {
          const after = this.#selfTrade(best, left, mode, events);
          if (after < 0) return after;
          left = after;
        } else {
          // A sweep once begun takes what each order has; it would still be one after each of its steps.
          const part = isSwept ? best.leaves : Math.min(left, best.shown);
          this.#trade(best, part, isSwept, events);
          left -= part;
        }
        continue;
      }
      const own = level.filter((order) => meet(order) !== null);
      if (own.length > 0) {
        for (const order of own) {
          if (left === 0) break;
          const after = this.#selfTrade(order, left, meet(order)!, events);
          if (after < 0) return after;
          left = after;
        }
        continue;
      }
      left -= this.#round(level, left, events);
    }
  }

  /** One round of shares over a level. */
  #round(level: readonly NaiveOrder[], left: number, events: NaiveEvent[]): number {
    const share = new Map(level.map((order) => [order, 0]));
    const room = (order: NaiveOrder): number => order.shown - share.get(order)!;
    const give = (order: NaiveOrder, qty: number): number => {
      const part = Math.min(qty, room(order));
      share.set(order, share.get(order)! + part);
      return part;
    };
    const inTime = (qty: number): number => {
      let sum = 0;
      for (const order of level) sum += give(order, qty - sum);
      return sum;
    };
    const bySize = (among: readonly NaiveOrder[], qty: number, min: number): number => {
      const size = among.reduce((sum, order) => sum + room(order), 0);
      if (size === 0) return 0;
      const parts = among.map((order) => Math.floor((qty * room(order)) / size));
      return among.reduce(
        (sum, order, k) => sum + (parts[k]! >= min ? give(order, parts[k]!) : 0),
        0,
      );
    };
    let open = left;
    for (const step of this.#steps) {
      if (step.step === 'fifo') open -= inTime(Math.floor((open * (step.percent ?? 100)) / 100));
      if (step.step === 'pro-rata') open -= bySize(level, open, step.min ?? 2);
      if (step.step === 'lead') {
        const leads = level.filter((order) => order.isLead);
        open -= bySize(leads, Math.floor((open * step.percent) / 100), 1);
      }
      if (step.step === 'top') {
        const top = level.find((order) => order.id === this.#top[order.side]);
        if (top !== undefined && top.shown >= (step.min ?? 1))
          open -= give(top, Math.min(open, step.max ?? open));
      }
      if (step.step === 'leveling')
        for (const order of level) if (open > 0 && share.get(order) === 0) open -= give(order, 1);
    }
    if (open === left) open -= inTime(open);
    for (const order of level)
      if (share.get(order)! > 0) this.#trade(order, share.get(order)!, false, events);
    return left - open;
  }

  #trade(order: NaiveOrder, qty: number, isSwept: boolean, events: NaiveEvent[]): void {
    order.leaves -= qty;
    order.shown -= isSwept ? order.shown : qty;
    events.push({ kind: 'trade', id: order.id, price: order.price, qty, leaves: order.leaves });
    if (order.leaves === 0) this.#drop(order);
    else if (order.shown === 0) {
      order.shown = Math.min(order.display, order.leaves);
      this.#clock += 1;
      order.priority = this.#clock;
      if (this.#top[order.side] === order.id) this.#top[order.side] = null;
    }
  }

  #selfTrade(order: NaiveOrder, left: number, mode: SelfTradeMode, events: NaiveEvent[]): number {
    if (mode === 'cancel-aggressor') return -left;
    const qty = mode === 'decrement' ? Math.min(left, order.leaves) : order.leaves;
    order.leaves -= qty;
    order.shown = Math.min(order.shown, order.leaves);
    events.push({ kind: 'self', id: order.id, price: order.price, qty, leaves: order.leaves });
    if (order.leaves === 0) this.#drop(order);
    if (mode === 'cancel-both') return -left;
    return mode === 'decrement' ? left - qty : left;
  }
}
