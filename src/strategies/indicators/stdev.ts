import type { BarView, Indicator } from '../../core/strategy.ts';

/**
 * Sample standard deviation of the last `length` close-to-close changes, in price. Changes are kept, not levels, so a
 * roll under a difference adjustment leaves it untouched. Ready from bar `length + 1`.
 */
export class ChangeStdev implements Indicator {
  readonly length: number;
  ready: boolean = false;
  value: number = NaN;
  readonly #changes: Float64Array;
  #count: number = 0;
  #previousClose: number = NaN;

  constructor(length: number) {
    this.length = length;
    this.#changes = new Float64Array(length);
  }

  update(bar: BarView): void {
    const previous = this.#previousClose;
    this.#previousClose = bar.close;
    if (Number.isNaN(previous)) return;
    this.#changes[this.#count % this.length] = bar.close - previous;
    this.#count += 1;
    if (this.#count >= this.length) {
      this.ready = true;
      this.value = sampleStdev(this.#changes);
    }
  }

  rebase(shift: number, factor: number): void {
    this.#previousClose = this.#previousClose * factor + shift;
    for (let i = 0; i < this.length; i += 1) this.#changes[i]! *= factor;
    this.value *= factor;
  }

  saveState(): unknown {
    const previousClose = Number.isNaN(this.#previousClose) ? null : this.#previousClose;
    return { changes: [...this.#changes], count: this.#count, previousClose };
  }

  restoreState(state: unknown): void {
    const saved = state as { changes: number[]; count: number; previousClose: number | null };
    this.#changes.set(saved.changes);
    this.#count = saved.count;
    this.#previousClose = saved.previousClose ?? NaN;
    this.ready = this.#count >= this.length;
    this.value = this.ready ? sampleStdev(this.#changes) : NaN;
  }
}

/** Two passes over a short window: no running sum whose error would grow with the data. */
function sampleStdev(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i += 1) squares += (values[i]! - mean) * (values[i]! - mean);
  return Math.sqrt(squares / (values.length - 1));
}
