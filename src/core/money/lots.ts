/**
 * First in, first out: the open lots of one position, oldest first. All lots have one sign. Each keeps its entry price and its
 * reference, which is the last settlement or, for what was opened since, the entry price itself.
 *
 * Prices are counts of the grid; quantities whole contracts. A ring that grows: nothing is allocated once it is large enough.
 */
export class LotQueue {
  #qty: Float64Array = new Float64Array(8);
  #price: Float64Array = new Float64Array(8);
  #ref: Float64Array = new Float64Array(8);
  #head: number = 0;
  #count: number = 0;
  /** Σ signed qty × price of the open lots, and the same over references. */
  costCounts: number = 0;
  refCounts: number = 0;
  /** Side of the open lots; 0 when flat. */
  #sign: number = 0;

  /** Open lots, oldest first. */
  lots(): readonly {
    readonly netQty: number;
    readonly priceTicks: number;
    readonly refTicks: number;
  }[] {
    return Array.from({ length: this.#count }, (_, i) => {
      const at = this.#at(i);
      return {
        netQty: this.#qty[at]! * this.#sign,
        priceTicks: this.#price[at]!,
        refTicks: this.#ref[at]!,
      };
    });
  }

  /** Into an empty queue: lots as `lots` gave them. */
  restore(lots: ReturnType<LotQueue['lots']>): void {
    for (const { netQty, priceTicks, refTicks } of lots) {
      this.#sign = Math.sign(netQty);
      this.#push(Math.abs(netQty), priceTicks);
      this.#ref[this.#at(this.#count - 1)] = refTicks;
      this.costCounts += netQty * priceTicks;
      this.refCounts += netQty * refTicks;
    }
  }

  /** Closes the oldest lots first; what is left of the fill opens a lot at the same price. */
  apply(signedQty: number, priceTicks: number): void {
    let left = Math.abs(signedQty);
    const sign = Math.sign(signedQty);
    while (left > 0 && this.#count > 0 && this.#sign !== sign) left -= this.#closeOldest(left);
    if (left === 0) return;
    this.#sign = sign;
    this.#push(left, priceTicks);
    this.costCounts += sign * left * priceTicks;
    this.refCounts += sign * left * priceTicks;
  }

  /** Daily settlement: every open lot refers to this price from now on. */
  settle(settleTicks: number): void {
    let qty = 0;
    for (let i = 0; i < this.#count; i += 1) {
      this.#ref[this.#at(i)] = settleTicks;
      qty += this.#qty[this.#at(i)]!;
    }
    this.refCounts = qty === 0 ? 0 : this.#sign * qty * settleTicks;
  }

  #closeOldest(limit: number): number {
    const at = this.#head;
    const closed = Math.min(limit, this.#qty[at]!);
    this.costCounts -= this.#sign * closed * this.#price[at]!;
    this.refCounts -= this.#sign * closed * this.#ref[at]!;
    this.#qty[at]! -= closed;
    if (this.#qty[at] === 0) {
      this.#head = (this.#head + 1) % this.#qty.length;
      this.#count -= 1;
    }
    if (this.#count === 0) {
      this.#sign = 0;
      this.costCounts = 0;
      this.refCounts = 0;
    }
    return closed;
  }

  #push(qty: number, price: number): void {
    if (this.#count === this.#qty.length) this.#grow();
    const at = this.#at(this.#count);
    this.#qty[at] = qty;
    this.#price[at] = price;
    this.#ref[at] = price;
    this.#count += 1;
  }

  #grow(): void {
    const wider = (from: Float64Array): Float64Array => {
      const to = new Float64Array(from.length * 2);
      for (let i = 0; i < this.#count; i += 1) to[i] = from[this.#at(i)]!;
      return to;
    };
    [this.#qty, this.#price, this.#ref] = [wider(this.#qty), wider(this.#price), wider(this.#ref)];
    this.#head = 0;
  }

  #at(i: number): number {
    return (this.#head + i) % this.#qty.length;
  }
}
