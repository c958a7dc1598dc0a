/**
 * What is left of a recorded book after our own trades. The record does not know that we took part, so each level that we
 * touched is kept twice: what the record shows, and what we may still take. Only size that the record adds makes up for
 * what we took; a level that shrinks or stays gives nothing back.
 */

/** `replenish-on-increase` (default), `reset-on-change`: a changed size is all there again, `off`: we leave no mark. */
export type LedgerMode = 'replenish-on-increase' | 'reset-on-change' | 'off';

interface Level {
  /** Contracts that the record shows. */
  seen: number;
  /** Of these, contracts that we did not take. */
  available: number;
}

/** The marks on one side of a recorded book. Prices in ticks, quantities in contracts. */
export class ConsumptionLedger {
  readonly #mode: LedgerMode;
  readonly #levels: Map<number, Level> = new Map();

  constructor(mode: LedgerMode = 'replenish-on-increase') {
    this.#mode = mode;
  }

  /** Levels with a mark: those that we touched and that the record still shows. */
  get size(): number {
    return this.#levels.size;
  }

  /** Contracts that may be taken at a price where the record shows `shownQty`. */
  available(priceTicks: number, shownQty: number): number {
    return this.#levels.get(priceTicks)?.available ?? shownQty;
  }

  /** Marks `qty` as taken. `shownQty` is what the record shows now. */
  take(priceTicks: number, shownQty: number, qty: number): void {
    if (this.#mode === 'off') return;
    const level = this.#levels.get(priceTicks) ?? { seen: shownQty, available: shownQty };
    level.available = Math.max(0, level.available - qty);
    this.#levels.set(priceTicks, level);
  }

  /**
   * A print took `qty` of what is shown, which the record has not told yet: what we took stays taken beside it.
   */
  onPrint(priceTicks: number, shownQty: number, qty: number): void {
    if (this.#mode === 'off') return;
    const available = Math.max(0, this.available(priceTicks, shownQty) - qty);
    const seen = this.#levels.get(priceTicks)?.seen ?? shownQty;
    this.#levels.set(priceTicks, { seen: Math.max(0, seen - qty), available });
  }

  /** The record shows another size at a price; 0 where the level is gone. */
  onSize(priceTicks: number, shownQty: number): void {
    const level = this.#levels.get(priceTicks);
    if (level === undefined) return;
    if (shownQty === 0 || (this.#mode === 'reset-on-change' && shownQty !== level.seen)) {
      this.#levels.delete(priceTicks);
      return;
    }
    const added = Math.max(shownQty - level.seen, 0);
    level.available = Math.min(level.available + added, shownQty);
    level.seen = shownQty;
  }

  /** Forgets the marks of prices that are better than the best price shown now: those levels are gone. */
  dropBetterThan(bestTicks: number, side: 1 | -1): void {
    if (this.#levels.size === 0) return;
    for (const priceTicks of this.#levels.keys())
      if (!((priceTicks - bestTicks) * side <= 0)) this.#levels.delete(priceTicks);
  }

  clear(): void {
    this.#levels.clear();
  }
}
