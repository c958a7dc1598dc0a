/**
 * Orders that wait for a price: stops, touched orders and trailing stops of one contract and one source of prices. Which
 * of them an event elects costs nothing for those that it does not, however many wait; trailing stops alone are looked at
 * one by one, because each price may move them.
 */
import type { TriggerSource } from '../../core/order.ts';
import { LimitBook } from '../book/limit-book.ts';
import type { MarketOrder, MarketOrderInput } from './market-order.ts';

/** Orders that look at one price together. By the quote a touched order looks at the side that a stop does not. */
export type TriggerKey = TriggerSource | 'bid-ask-touched';

export function triggerKey({ trigger = 'last', type }: MarketOrderInput): TriggerKey {
  const isTouched = type === 'market-if-touched' || type === 'limit-if-touched';
  return trigger === 'bid-ask' && isTouched ? 'bid-ask-touched' : trigger;
}

/** Types that wait for a favourable price: they are elected where a stop of the other side would be. */
export function isTouched(order: MarketOrder): boolean {
  return order.input.type === 'market-if-touched' || order.input.type === 'limit-if-touched';
}

export function isTrailing(order: MarketOrder): boolean {
  return order.input.type === 'trailing-stop' || order.input.type === 'trailing-stop-limit';
}

/** 1: elected at or above its trigger; -1: at or below. */
export function triggerDir(order: MarketOrder): 1 | -1 {
  const { side } = order.input;
  return isTouched(order) ? (side === 1 ? -1 : 1) : side;
}

export class TriggerBook {
  /** A trigger that waits for a rise stands like an offer, one that waits for a fall like a bid. */
  readonly #book: LimitBook = new LimitBook();
  readonly #byHandle: Map<number, MarketOrder> = new Map();
  readonly #trailing: Set<MarketOrder> = new Set();

  get size(): number {
    return this.#byHandle.size + this.#trailing.size;
  }

  /** Errors: E_BOOK_RANGE. */
  add(order: MarketOrder): void {
    if (isTrailing(order)) {
      this.#trailing.add(order);
      return;
    }
    const handle = this.#book.restAt(
      triggerDir(order) === 1 ? -1 : 1,
      order.stopTicks,
      1,
      0,
      0,
      false,
    );
    order.handle = handle;
    this.#byHandle.set(handle, order);
  }

  remove(order: MarketOrder): void {
    if (this.#trailing.delete(order)) return;
    this.#book.cancel(order.handle);
    this.#byHandle.delete(order.handle);
    order.handle = -1;
  }

  /** Whether this price elects the order now. */
  static isElected(order: MarketOrder, rising: number, falling: number): boolean {
    return triggerDir(order) === 1 ? rising >= order.stopTicks : falling <= order.stopTicks;
  }

  /**
   * Takes out what a price elects, into `into`, and moves trailing stops after it. `rising` is compared with triggers that
   * wait for a rise, `falling` with the others; a trade has one price for both. Order: what the price passed first.
   * `mayFollow` false: a price that is not final yet, as of an auction, moves no trail.
   */
  elect(rising: number, falling: number, into: MarketOrder[], mayFollow = true): void {
    const from = into.length;
    this.#electSide(-1, rising, into);
    this.#electSide(1, falling, into);
    for (const order of this.#trailing) {
      if (isElectedTrail(order, rising, falling)) {
        this.#trailing.delete(order);
        into.push(order);
      } else if (mayFollow) ratchet(order, order.input.side === 1 ? rising : falling);
    }
    if (into.length - from > 1) sortElected(into, from, rising, falling);
  }

  #electSide(side: 1 | -1, price: number, into: MarketOrder[]): void {
    if (Number.isNaN(price)) return;
    for (let best = this.#book.bestTicks(side); (price - best) * -side >= 0;) {
      this.#book.forEachAt(side, best, (handle) => into.push(this.#byHandle.get(handle)!));
      for (let k = into.length - 1; k >= 0 && into[k]!.handle >= 0; k -= 1) {
        const order = into[k]!;
        if (order.stopTicks !== best) break;
        this.#book.cancel(order.handle);
        this.#byHandle.delete(order.handle);
        order.handle = -1;
      }
      best = this.#book.bestTicks(side);
    }
  }

  /** Every order that waits, in the order in which they came to wait. */
  inOrder(): MarketOrder[] {
    return [...this.#byHandle.values(), ...this.#trailing];
  }

  /** The trigger that a move to this price passes first, in ticks, or NaN. */
  firstPassed(priceTicks: number): number {
    let first = NaN;
    for (const side of [-1, 1] as const) {
      const best = this.#book.bestTicks(side);
      const beyond = (priceTicks - best) * -side;
      if (beyond >= 0 && !(Math.abs(priceTicks - first) >= beyond)) first = best;
    }
    for (const order of this.#trailing) {
      if (!isElectedTrail(order, priceTicks, priceTicks)) continue;
      const beyond = Math.abs(priceTicks - order.stopTicks);
      if (!(Math.abs(priceTicks - first) >= beyond)) first = order.stopTicks;
    }
    return first;
  }

  /** The farthest that these prices lie beyond a trigger that they reach, in ticks; -1 where they reach none. */
  farthestBeyond(rising: number, falling: number): number {
    const above = rising - this.#book.bestTicks(-1);
    const below = this.#book.bestTicks(1) - falling;
    // An empty side compares as false.
    let far = above >= 0 ? above : -1;
    if (below > far) far = below;
    for (const order of this.#trailing) {
      if (!isElectedTrail(order, rising, falling)) continue;
      far = Math.max(
        far,
        order.input.side === 1 ? rising - order.stopTicks : order.stopTicks - falling,
      );
    }
    return far;
  }

  /** Every order that waits, in order of arrival. */
  all(): MarketOrder[] {
    return [...this.#byHandle.values(), ...this.#trailing].sort((a, b) => a.orderId - b.orderId);
  }
}

function isElectedTrail(order: MarketOrder, rising: number, falling: number): boolean {
  return !Number.isNaN(order.stopTicks) && TriggerBook.isElected(order, rising, falling);
}

/** Distance of a trailing stop at that price, in ticks; a part of the price is rounded away from the market. */
export function trailDistance(order: MarketOrder, priceTicks: number): number {
  const { offsetTicks, offsetPpm } = order.input.trail!;
  return offsetTicks ?? Math.ceil((Math.abs(priceTicks) * offsetPpm!) / 1e6);
}

/** The old trigger was tested before; now the best price and the trigger follow the market, never back. */
export function ratchet(order: MarketOrder, priceTicks: number): void {
  if (Number.isNaN(priceTicks)) return;
  const { side, trail } = order.input;
  const arms = trail!.activationTicks;
  // A sell is armed by a rise to its activation, a buy by a fall.
  if (Number.isNaN(order.bestTicks) && arms !== undefined && (priceTicks - arms) * side > 0) return;
  const isBetter = Number.isNaN(order.bestTicks) || (order.bestTicks - priceTicks) * side > 0;
  if (!isBetter) return;
  order.bestTicks = priceTicks;
  const exact = priceTicks + side * trailDistance(order, priceTicks);
  // A middle or a mark may lie between two ticks; a trigger does not: it is rounded away from the market.
  const trigger = side === 1 ? Math.ceil(exact) : Math.floor(exact);
  if (Number.isNaN(order.stopTicks) || (order.stopTicks - trigger) * side > 0)
    order.stopTicks = trigger;
}

/**
 * The trigger that the price passed first goes first: triggers above from low to high, triggers below from high to low.
 * Both kinds together by how far the price went beyond them, then by priority; so neither side comes first by its name.
 */
function sortElected(orders: MarketOrder[], from: number, rising: number, falling: number): void {
  const beyond = (order: MarketOrder): number =>
    triggerDir(order) === 1 ? rising - order.stopTicks : order.stopTicks - falling;
  const elected = orders.splice(from);
  elected.sort((a, b) => beyond(b) - beyond(a) || a.priority - b.priority);
  orders.push(...elected);
}
