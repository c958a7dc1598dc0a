/**
 * A dynamic circuit breaker: trades may not move further than a variant from the extremes of a look-back window. What would
 * go beyond puts the market on hold, and an auction opens it again.
 * Source: CME Group, Dynamic Circuit Breakers (rolling look-back, two minutes of reserved state, five seconds at the close).
 */
export interface BreakerRule {
  /** Ticks from the lowest (for buyers) or highest (for sellers) trade of the window. */
  readonly variantTicks: number;
  readonly lookBackUs: number;
  /** Default: two minutes. */
  readonly reservedUs?: number;
  /** Within this time of the close, as `setSession` gives it, a hold is shorter. Default 0. */
  readonly nearCloseUs?: number;
  /** Default: five seconds. */
  readonly nearCloseReservedUs?: number;
}

export interface PlainExtreme {
  readonly prices: readonly number[];
  readonly times: readonly number[];
}
export interface PlainBreaker {
  readonly high: PlainExtreme;
  readonly low: PlainExtreme;
}

/** The extreme of a window that moves: of each run of prices only those that may still be it are kept. */
class Extreme {
  readonly #sign: 1 | -1;
  readonly #times: number[] = [];
  readonly #prices: number[] = [];
  #head: number = 0;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  push(priceTicks: number, tsUs: number): void {
    while (
      this.#prices.length > this.#head &&
      (priceTicks - this.#prices.at(-1)!) * this.#sign >= 0
    ) {
      this.#prices.pop();
      this.#times.pop();
    }
    this.#prices.push(priceTicks);
    this.#times.push(tsUs);
  }

  /** NaN where nothing traded since. */
  since(fromUs: number): number {
    while (this.#head < this.#times.length && this.#times[this.#head]! < fromUs) this.#head += 1;
    if (this.#head > 256) {
      this.#times.splice(0, this.#head);
      this.#prices.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#prices[this.#head] ?? NaN;
  }

  /** Prices and times of the window as plain data, and back. */
  toPlain(): PlainExtreme {
    return { prices: this.#prices.slice(this.#head), times: this.#times.slice(this.#head) };
  }
  take({ prices, times }: PlainExtreme): void {
    this.clear();
    this.#prices.push(...prices);
    this.#times.push(...times);
  }

  clear(): void {
    this.#times.length = 0;
    this.#prices.length = 0;
    this.#head = 0;
  }
}

export class CircuitBreaker {
  readonly #rule: BreakerRule;
  readonly #high: Extreme = new Extreme(1);
  readonly #low: Extreme = new Extreme(-1);

  constructor(rule: BreakerRule) {
    this.#rule = rule;
  }

  onTrade(priceTicks: number, tsUs: number): void {
    this.#high.push(priceTicks, tsUs);
    this.#low.push(priceTicks, tsUs);
  }

  /** The worst price that an aggressor of this side may trade at now; ±Infinity without trades in the window. */
  boundTicks(side: 1 | -1, nowUs: number): number {
    const { variantTicks, lookBackUs } = this.#rule;
    const from = (side === 1 ? this.#low : this.#high).since(nowUs - lookBackUs);
    return Number.isNaN(from) ? side * Infinity : from + side * variantTicks;
  }

  /** µs that a hold lasts. `closeUs`: when the session ends, or Infinity. */
  holdUs(nowUs: number, closeUs: number): number {
    const { reservedUs = 120e6, nearCloseUs = 0, nearCloseReservedUs = 5e6 } = this.#rule;
    return closeUs - nowUs <= nearCloseUs ? nearCloseReservedUs : reservedUs;
  }

  /** After a hold the window begins with the auction. */
  clear(): void {
    this.#high.clear();
    this.#low.clear();
  }

  toPlain(): PlainBreaker {
    return { high: this.#high.toPlain(), low: this.#low.toPlain() };
  }
  take({ high, low }: PlainBreaker): void {
    this.#high.take(high);
    this.#low.take(low);
  }
}
