/** Bars of a fixed height. */
import { TradingError } from '../errors.ts';
import type { EventBarOptions } from './event-bars.ts';
import { EventBarBuilder } from './event-bars.ts';
import { checkBarKind } from './kinds.ts';

export interface RangeBarOptions extends EventBarOptions {
  /** Height of a bar, in counts of the grid. */
  readonly counts: number;
  /**
   * A price that jumps over the end of a bar. `real` (the default): the bar ends with that trade and is higher than asked;
   * every price of a bar was traded, and the next begins with the next trade. `fill`: every bar has exactly the height; the
   * jump is cut into bars, those in between with no trade, and each begins where the one before ended.
   */
  readonly gaps?: 'real' | 'fill';
}

/**
 * Bars that end with the trade that makes high − low reach the height. Built from trades: a bar does not say in which order
 * it reached its prices. Errors: E_BAR_KIND, E_BAR_SOURCE.
 */
export class RangeBarBuilder extends EventBarBuilder {
  readonly #height: number;
  readonly #isFilled: boolean;
  /** `fill`: where the last bar of the session ended; NaN before its first. */
  #level: number = NaN;

  constructor(options: RangeBarOptions) {
    const { counts } = checkBarKind({ kind: 'range', counts: options.counts });
    const { gaps = 'real' } = options;
    super(`range-${counts} ${gaps}`, options);
    this.#height = counts;
    this.#isFilled = gaps === 'fill';
    this.begin(options.state);
  }

  protected apply(price: number, qty: number): void {
    if (this.#isFilled) this.#fillTo(price);
    if (this.inputs === 0 && this.#isFilled && !Number.isNaN(this.#level))
      this.#addFrom(price, qty);
    else this.add(price, qty);
    if (this.high - this.low < this.#height) return;
    this.#level = price;
    this.finish(this.nowUs, 0);
  }

  /** The first trade of a bar that begins at the end of the one before. */
  #addFrom(price: number, qty: number): void {
    this.add(this.#level, qty);
    if (price > this.high) this.high = price;
    if (price < this.low) this.low = price;
    this.close = price;
  }

  /** Ends every bar that the price is beyond: up from its low, or down from its high. */
  #fillTo(price: number): void {
    const height = this.#height;
    let hasBar = this.inputs > 0;
    if (!hasBar && Number.isNaN(this.#level)) return;
    let low = hasBar ? this.low : this.#level;
    let high = hasBar ? this.high : this.#level;
    this.checkCount((Math.max(price, high) - Math.min(price, low)) / height, price, 0);
    while (price - low > height || high - price > height) {
      const isUp = price > low + height;
      const end = isUp ? low + height : high - height;
      if (hasBar) {
        this.close = end;
        if (isUp) this.high = end;
        else this.low = end;
        this.finish(this.nowUs, 0);
      } else {
        const start = this.#level;
        this.emit(
          this.nowUs,
          this.nowUs,
          start,
          Math.max(start, end),
          Math.min(start, end),
          end,
          0,
          0,
          0,
        );
      }
      hasBar = false;
      this.#level = end;
      low = end;
      high = end;
    }
  }

  protected applyBar(): void {
    throw new TradingError('E_BAR_SOURCE', 'range bars are built from trades, not from bars', {
      rule: 'a bar does not say in which order it reached its prices',
      fix: 'import trades, or build renko bricks, which can be made of closes',
    });
  }

  protected cut(atUs: number): void {
    if (this.inputs > 0) this.finish(atUs, 1);
    this.#level = NaN;
  }

  protected override save(): Record<string, number | null> {
    return { level: Number.isNaN(this.#level) ? null : this.#level };
  }

  protected override load(value: (name: string, none?: number) => number): void {
    this.#level = value('level', NaN);
  }
}
