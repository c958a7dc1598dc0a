/**
 * EMA cross: long while the fast average of closes is above the slow one, short while it is below. Market orders, always
 * in the market once both averages are warm, sized to a share of equity at risk per day.
 */
import type { ContractId } from '../core/instrument.ts';
import type {
  AnyStrategyDefinition,
  BarView,
  ParamValues,
  SeriesView,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { choice, defineStrategy, int, number } from '../core/strategy.ts';
import { ChangeStdev } from '../indicators/statistics.ts';
import { Ema } from '../indicators/averages.ts';

const params = {
  fast: int({
    default: 10,
    min: 2,
    max: 200,
    unit: 'bars',
    description: 'length of the fast average',
  }),
  slow: int({
    default: 50,
    min: 3,
    max: 500,
    unit: 'bars',
    description: 'length of the slow average',
  }),
  interval: choice({
    default: '1d',
    choices: ['1m', '5m', '15m', '1h', '1d'],
    description: 'bar size that the averages read',
  }),
  annualVol: number({
    default: 10,
    min: 0.1,
    max: 100,
    unit: '% of equity',
    description:
      'annual volatility that each product aims at (on daily bars; otherwise one contract)',
  }),
  minContracts: int({
    default: 1,
    min: 0,
    max: 1000,
    unit: 'contracts',
    description: 'floor: a small account takes more than its target instead of nothing',
  }),
  maxContracts: int({ default: 20, min: 1, max: 1000, unit: 'contracts', description: 'cap' }),
};
type Values = ParamValues<typeof params>;

interface Product {
  readonly root: string;
  readonly series: SeriesView;
  readonly fast: Ema;
  readonly slow: Ema;
  readonly stdev: ChangeStdev;
  wanted: -1 | 0 | 1;
}

class EmaCross implements Strategy {
  readonly #params: Values;
  readonly #roots: readonly string[];
  readonly #products: Map<string, Product> = new Map();
  #restored: Readonly<Record<string, -1 | 0 | 1>> = {};

  constructor(values: Values, roots: readonly string[]) {
    this.#params = values;
    this.#roots = roots;
  }

  onStart(ctx: StrategyContext): void {
    for (const root of this.#roots) {
      const series = ctx.series(`${root}:signal`);
      this.#products.set(series.key, {
        root,
        series,
        fast: series.attach(new Ema(this.#params.fast)),
        slow: series.attach(new Ema(this.#params.slow)),
        stdev: series.attach(new ChangeStdev(this.#params.slow)),
        wanted: this.#restored[series.key] ?? 0,
      });
    }
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const product = this.#products.get(bar.key);
    if (product === undefined || !product.fast.ready || !product.slow.ready || !product.stdev.ready)
      return;
    const side =
      product.fast.value > product.slow.value
        ? 1
        : product.fast.value < product.slow.value
          ? -1
          : product.wanted;
    ctx.plot('fast', product.fast.value, { root: product.root });
    ctx.plot('slow', product.slow.value, { root: product.root });
    if (side === product.wanted) return;
    product.wanted = side;
    const contract = ctx.contract(product.root);
    ctx.targetPosition(contract, side * this.#qty(contract, product, ctx), {
      tag: side > 0 ? 'cross-up' : 'cross-down',
    });
  }

  #qty(contract: ContractId, product: Product, ctx: StrategyContext): number {
    if (this.#params.interval !== '1d') return 1;
    const qty = ctx.size.volatilityTarget({
      contract,
      annualVol: this.#params.annualVol / 100,
      dailyPriceStdev: product.stdev.value,
      max: this.#params.maxContracts,
    });
    return Math.max(qty, this.#params.minContracts);
  }

  saveState(): unknown {
    return Object.fromEntries([...this.#products].map(([key, product]) => [key, product.wanted]));
  }

  restoreState(state: unknown): void {
    this.#restored = state as Readonly<Record<string, -1 | 0 | 1>>;
  }
}

export const emaCross: AnyStrategyDefinition = defineStrategy({
  id: 'ema-cross',
  version: '1.0.0',
  description:
    'Long above, short below: a fast against a slow exponential average, sized to volatility.',
  params,
  instruments: ['ES'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({
      key: `${root}:signal`,
      root,
      bars: values.interval,
      history: 2,
      warmUp: values.slow + 1,
    })),
  }),
  create: (values, roots) => new EmaCross(values, roots),
});

export default emaCross;
