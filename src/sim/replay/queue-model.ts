/**
 * Where one of our orders stands in a queue of the record. Known: what was there when we joined, what traded, and by how much
 * the level shrank. Not known without single orders: whether those who left stood before us.
 *
 * `front`: nobody is before us, the optimistic bound. `never`: only a trade beyond our price fills us, the pessimistic one.
 * `back`: those who leave stood behind us as long as that is possible. `prob`: they stood before us in proportion to a share.
 * `mbo`: each order is in the record, so the queue is exact.
 */

export type QueueModelName = 'front' | 'back' | 'prob' | 'mbo' | 'never';

/** Share of the contracts before us that a rule of `prob` gives weight: power of the quantity, a whole number of at least 1. */
export interface QueueModel {
  readonly name: QueueModelName;
  /** For `prob`: weights are quantities to this power. Default 1. Whole, so that no run depends on a library's `pow`. */
  readonly power?: number;
}

/** One order in one queue. Quantities in contracts; `ahead` may be a fraction under `prob`. */
export class QueuePosition {
  readonly #model: QueueModel;
  /** Contracts of the record before us; NaN while our price has not been shown since we came. */
  ahead: number;
  /** Traded at our price since the record last showed its size: the decrease that explains is not counted again. */
  #tradedQty: number = 0;
  #shownQty: number;
  /** How far `ahead` fell at one moment without a trade: the trade that explains it may come after it. */
  #droppedQty: number = 0;
  #droppedUs: number = -Infinity;
  /** For `mbo`: orders that joined the level later stand behind us. */
  readonly #joinSeq: number;

  /** `shownQty`: what the record shows at our price; NaN where it does not show that price. */
  constructor(model: QueueModel, shownQty: number, joinSeq: number = Infinity) {
    this.#model = model;
    this.#shownQty = shownQty;
    this.#joinSeq = joinSeq;
    this.ahead = this.#initial(shownQty);
  }

  #initial(shownQty: number): number {
    if (this.#model.name === 'front') return 0;
    return this.#model.name === 'never' ? Infinity : shownQty;
  }

  /** Contracts before us now. `isEmpty`: the record shows that nobody else is at our price. */
  aheadNow(isEmpty: boolean): number {
    if (this.#model.name === 'never') return Infinity;
    if (this.#model.name === 'mbo') return Math.max(0, this.ahead - this.#tradedQty);
    return isEmpty ? 0 : this.ahead;
  }

  /**
   * A trade at our price against our side, `qty` contracts. Returns how many of them went past those before us; what our own
   * orders take of it is the caller's to subtract.
   */
  onTrade(qty: number, isEmpty = false): number {
    const before = this.aheadNow(isEmpty);
    this.#tradedQty += qty;
    if (before === Infinity || Number.isNaN(before)) return 0;
    // Single orders leave by themselves, one row after the other.
    if (this.#model.name !== 'mbo') this.ahead = Math.max(0, before - qty);
    // A part of a contract fills nobody.
    return Math.floor(Math.max(0, qty - before));
  }

  /** A trade that the shown size has in it already, because the record tells its sizes first. */
  onTradeAfter(qty: number, tsUs: number): number {
    if (this.#model.name === 'never' || Number.isNaN(this.ahead)) return 0;
    const back = this.#droppedUs >= tsUs ? Math.min(this.#droppedQty, qty) : 0;
    this.#droppedQty -= back;
    const before = this.ahead + back;
    this.ahead = Math.max(0, before - qty);
    return Math.floor(Math.max(0, qty - before));
  }

  /** The record shows a size at our price, 0 where the level is empty. */
  onSize(shownQty: number, tsUs: number = -Infinity): void {
    const before = this.#shownQty;
    const traded = this.#tradedQty;
    this.#shownQty = shownQty;
    if (this.#model.name === 'mbo') return;
    if (Number.isNaN(before)) {
      // Seen for the first time since we came: everybody shown was there first.
      if (Number.isNaN(this.ahead)) this.ahead = this.#initial(shownQty);
      this.#tradedQty = 0;
      return;
    }
    const less = before - shownQty;
    this.#tradedQty = Math.max(0, traded - Math.max(0, less));
    const left = Math.max(0, less - traded);
    const stood = this.ahead;
    // What left while the price was not shown is not known.
    if (left > 0 && left < Infinity) this.#onLeave(left, shownQty);
    if (this.#model.name !== 'never') this.ahead = Math.min(this.ahead, shownQty);
    if (!(this.ahead < stood)) return;
    if (this.#droppedUs !== tsUs) this.#droppedQty = 0;
    this.#droppedUs = tsUs;
    this.#droppedQty += stood - this.ahead;
  }

  /** The price is not shown any more: it moved away, or the level is empty for now. */
  onHidden(): void {
    if (this.#model.name === 'mbo') return;
    this.#tradedQty = 0;
    if (!Number.isNaN(this.#shownQty)) this.#shownQty = Infinity;
  }

  /** For `mbo`: an order of our level has `qty` contracts less, or left with them. */
  onOrder(joinSeq: number, qty: number): void {
    if (joinSeq > this.#joinSeq) return;
    this.ahead -= qty;
    this.#tradedQty = Math.max(0, this.#tradedQty - qty);
  }

  /** For `mbo`: what was told as traded has left the book by now. */
  onEventEnd(): void {
    this.#tradedQty = 0;
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
