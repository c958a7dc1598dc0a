import type { BarView, Indicator } from '../../core/strategy.ts';

/**
 * Exponential moving average of closes: `value += (close - value) * 2 / (length + 1)`, seeded with the simple average of
 * the first `length` closes; ready from bar `length`. A roll moves the stored level, so the average never sees the gap.
 */
export class Ema implements Indicator {
  readonly length: number;
  ready: boolean = false;
  value: number = NaN;
  #count: number = 0;
  #sum: number = 0;

  constructor(length: number) {
    this.length = length;
  }

  update(bar: BarView): void {
    if (this.ready) {
      this.value += ((bar.close - this.value) * 2) / (this.length + 1);
      return;
    }
    this.#count += 1;
    this.#sum += bar.close;
    if (this.#count === this.length) {
      this.value = this.#sum / this.length;
      this.ready = true;
    }
  }

  rebase(shift: number, factor: number): void {
    this.value = this.value * factor + shift;
    this.#sum = this.#sum * factor + shift * this.#count;
  }

  saveState(): unknown {
    return { count: this.#count, sum: this.#sum, value: this.ready ? this.value : null };
  }

  restoreState(state: unknown): void {
    const { count, sum, value } = state as { count: number; sum: number; value: number | null };
    this.#count = count;
    this.#sum = sum;
    this.ready = value !== null;
    this.value = value ?? NaN;
  }
}
