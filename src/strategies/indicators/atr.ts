import type { BarView, Indicator } from '../../core/strategy.ts';

/**
 * Average true range after Wilder, in price: the first value is the simple mean of `length` true ranges, then
 * `value += (trueRange - value) / length`. The first bar's true range is its high minus low. Ready from bar `length`.
 */
export class Atr implements Indicator {
  readonly length: number;
  ready: boolean = false;
  value: number = NaN;
  #count: number = 0;
  #sum: number = 0;
  #previousClose: number = NaN;

  constructor(length: number) {
    this.length = length;
  }

  update(bar: BarView): void {
    const previous = this.#previousClose;
    const isFirst = Number.isNaN(previous);
    const top = isFirst ? bar.high : Math.max(bar.high, previous);
    const bottom = isFirst ? bar.low : Math.min(bar.low, previous);
    this.#previousClose = bar.close;
    const trueRange = top - bottom;
    if (this.ready) {
      this.value += (trueRange - this.value) / this.length;
      return;
    }
    this.#count += 1;
    this.#sum += trueRange;
    if (this.#count === this.length) {
      this.value = this.#sum / this.length;
      this.ready = true;
    }
  }

  /** Ranges do not move with the level under a difference; the previous close does. */
  rebase(shift: number, factor: number): void {
    this.#previousClose = this.#previousClose * factor + shift;
    this.#sum *= factor;
    this.value *= factor;
  }

  saveState(): unknown {
    const previousClose = Number.isNaN(this.#previousClose) ? null : this.#previousClose;
    return {
      count: this.#count,
      sum: this.#sum,
      value: this.ready ? this.value : null,
      previousClose,
    };
  }

  restoreState(state: unknown): void {
    const saved = state as {
      count: number;
      sum: number;
      value: number | null;
      previousClose: number | null;
    };
    this.#count = saved.count;
    this.#sum = saved.sum;
    this.ready = saved.value !== null;
    this.value = saved.value ?? NaN;
    this.#previousClose = saved.previousClose ?? NaN;
  }
}
