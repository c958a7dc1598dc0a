/**
 * Where one of our orders stands in a queue that the record shows only as a size. Known: what was there when we joined, what
 * traded, and by how much the level shrank. Not known without single orders: whether those who left stood before us.
 *
 * `front`: nobody is before us, the optimistic bound. `never`: only a trade beyond our price fills us, the pessimistic one.
 * `back`: those who leave stood behind us as long as that is possible. `prob`: they stood before us in proportion to a share.
 * `orders`: each order is in the record, so the queue is exact; see `OrderQueue`.
 */

export type QueueModelName = 'front' | 'back' | 'prob' | 'never';

/** Share of the contracts before us that a rule of `prob` gives weight: power of the quantity, a whole number of at least 1. */
export interface QueueModel {
  readonly name: QueueModelName;
  /** For `prob`: weights are quantities to this power. Default 1. Whole, so that no run depends on a library's `pow`. */
  readonly power?: number;
}

/** One order in one queue. Quantities in contracts; `ahead` may be a fraction under `prob`. */
export class QueuePosition {
  readonly #model: QueueModel;
  /** Contracts before us; NaN while our price has not been shown since we came. */
  ahead: number;
  /** Traded at our price since the record last showed its size: the decrease that explains is not counted again. */
  #tradedQty: number = 0;
  #shownQty: number;

  /** `shownQty`: what the record shows at our price; NaN where it does not show that price. */
  constructor(model: QueueModel, shownQty: number) {
    this.#model = model;
    this.#shownQty = shownQty;
    this.ahead = this.#initial(shownQty);
  }

  #initial(shownQty: number): number {
    if (this.#model.name === 'front') return 0;
    return this.#model.name === 'never' ? Infinity : shownQty;
  }

  /**
   * A trade at our price against our side. Returns how much of it went past those before us. `ownQty`: contracts of it that
   * orders of ours before this one took.
   */
  onTrade(qty: number, ownQty: number = 0): number {
    const rest = qty - ownQty;
    this.#tradedQty += rest;
    if (this.#model.name === 'never' || Number.isNaN(this.ahead)) return 0;
    const past = Math.max(0, rest - this.ahead);
    this.ahead = Math.max(0, this.ahead - rest);
    // A part of a contract fills nobody.
    return Math.floor(past);
  }

  /** The record shows a size at our price, 0 where the level is empty. */
  onSize(shownQty: number): void {
    const before = this.#shownQty;
    const traded = this.#tradedQty;
    this.#shownQty = shownQty;
    if (Number.isNaN(before)) {
      // Seen for the first time since we came: everybody shown was there first.
      if (Number.isNaN(this.ahead)) this.ahead = this.#initial(shownQty);
      this.#tradedQty = 0;
      return;
    }
    const less = before - shownQty;
    this.#tradedQty = Math.max(0, traded - Math.max(0, less));
    const left = Math.max(0, less - traded);
    if (left > 0) this.#onLeave(left, shownQty);
    if (this.#model.name !== 'never') this.ahead = Math.min(this.ahead, shownQty);
  }

  /** The price is not shown any more: it moved away, or the level is empty for now. */
  onHidden(): void {
    this.#tradedQty = 0;
    if (!Number.isNaN(this.#shownQty)) this.#shownQty = Infinity;
  }

  /** Contracts left the level without a trade. */
  #onLeave(qty: number, shownQty: number): void {
    if (this.#model.name !== 'prob' || !(this.ahead > 0)) return;
    const before = shownQty + qty;
    const behind = Math.max(0, before - this.ahead);
    const power = this.#model.power ?? 1;
    const front = weight(this.ahead, power);
    const back = weight(behind, power);
    const share = front / (front + back);
    this.ahead = Math.max(0, this.ahead - qty * share);
  }
}

function weight(qty: number, power: number): number {
  let product = qty;
  for (let k = 1; k < power; k += 1) product *= qty;
  return product;
}

/** A queue whose orders are in the record: exact. Holds what stood before us when we joined. */
export class OrderQueue {
  readonly #open: Map<bigint, number> = new Map();
  ahead: number = 0;

  /** `orders`: id and open contracts of those before us, in any order. */
  constructor(orders: Iterable<readonly [bigint, number]>) {
    for (const [id, qty] of orders) {
      this.#open.set(id, qty);
      this.ahead += qty;
    }
  }

  /** One of the record's orders has `qty` open now and kept its place. Those that joined after us are not known here. */
  onOrder(id: bigint, qty: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.ahead -= open - qty;
    if (qty === 0) this.#open.delete(id);
    else this.#open.set(id, qty);
  }

  /** One of the record's orders left, or lost its place. */
  onLeave(id: bigint): void {
    this.onOrder(id, 0);
  }
}
