/**
 * An indicator of your own, attached to a series. The engine feeds it before `onBar`, and calls `rebase` when the series
 * rolls: a stored price that is not moved there would see the gap between two contracts as a move of the market.
 */
import { defineStrategy, int, Side, type BarView, type Indicator } from 'frontmonth';
import { backtestForTest } from 'frontmonth/testing';

/** Middle of the last `length` bars: (highest high + lowest low) / 2, in price. */
class Midpoint implements Indicator {
  readonly length: number;
  #highs: number[] = [];
  #lows: number[] = [];

  constructor(length: number) {
    this.length = length;
  }

  get ready(): boolean {
    return this.#highs.length === this.length;
  }

  get value(): number {
    return (Math.max(...this.#highs) + Math.min(...this.#lows)) / 2;
  }

  update(bar: BarView): void {
    this.#highs = [...this.#highs, bar.high].slice(-this.length);
    this.#lows = [...this.#lows, bar.low].slice(-this.length);
  }

  rebase(shift: number, factor: number): void {
    this.#highs = this.#highs.map((price) => price * factor + shift);
    this.#lows = this.#lows.map((price) => price * factor + shift);
  }

  saveState(): unknown {
    return { highs: this.#highs, lows: this.#lows };
  }

  restoreState(state: unknown): void {
    const saved = state as { highs: number[]; lows: number[] };
    this.#highs = [...saved.highs];
    this.#lows = [...saved.lows];
  }
}

const midpointCross = defineStrategy({
  id: 'midpoint-cross',
  version: '1',
  description: 'Long above the middle of the last bars, short below it.',
  params: {
    length: int({ default: 20, min: 2, max: 250, unit: 'bars', description: 'Bars of the middle' }),
  },
  instruments: ['ES'],
  requires: ({ length }, roots) => ({
    series: roots.map((root) => ({ root, bars: '1d', warmUp: length })),
  }),
  create: ({ length }, roots) => {
    const middles = new Map<string, Midpoint>();
    return {
      onStart(ctx) {
        for (const root of roots) {
          const series = ctx.series(`${root}:1d`);
          middles.set(series.key, series.attach(new Midpoint(length)));
        }
      },
      onBar(bar, ctx) {
        const middle = middles.get(bar.key)!;
        const wanted = bar.close > middle.value ? Side.Buy : Side.Sell;
        ctx.plot('middle', middle.value, { root: bar.root });
        ctx.targetPosition(ctx.contract(bar.root), wanted, { tag: 'cross' });
      },
    };
  },
});

const run = await backtestForTest(midpointCross, { from: '2022-06-01', to: '2022-12-30' });
const rolls = run.trades.reduce((sum, trade) => sum + trade.rolls, 0);
console.log(
  `${run.trades.length} trades, ${rolls} rolls of a position, hash ${run.eventHash.slice(0, 8)}`,
);
