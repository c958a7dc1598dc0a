/**
 * Trend and carry over many products: several speeds of trend and the carry of the curve give each product one forecast;
 * positions aim at a share of the account's volatility, in the account's currency, and move only when they leave a band.
 * One decision a product and day, with market orders. Method: R. Carver, Systematic Trading (2015).
 */
import type {
  AnyStrategyDefinition,
  BarView,
  ParamValues,
  SeriesView,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { choice, defineStrategy, int, number } from '../core/strategy.ts';
import { Ema } from '../indicators/averages.ts';
import { ChangeStdev } from '../indicators/statistics.ts';

const params = {
  fastest: int({
    default: 8,
    min: 2,
    max: 64,
    unit: 'bars',
    description: 'fast average of the first trend speed; its slow one is four times as long',
  }),
  speeds: int({
    default: 4,
    min: 1,
    max: 6,
    unit: 'speeds',
    description: 'trend speeds, each twice as slow as the one before',
  }),
  trendScale: number({
    default: 15,
    min: 0.1,
    max: 200,
    description: 'makes trend forecasts about 10 on average: this divided by √(fast length)',
  }),
  carryScale: number({
    default: 30,
    min: 0.1,
    max: 500,
    description: 'makes carry forecasts about 10 on average: times carry ÷ annual volatility',
  }),
  carryBars: int({
    default: 90,
    min: 1,
    max: 500,
    unit: 'bars',
    description: 'carry is averaged exponentially over so many bars',
  }),
  trendWeight: number({
    default: 60,
    min: 0,
    max: 100,
    unit: '% of forecast',
    description: 'weight of all trend speeds together; carry has the rest',
  }),
  forecastDiversification: number({
    default: 1.25,
    min: 1,
    max: 3,
    description: 'multiplies a forecast that was made from two rules or more',
  }),
  cap: number({
    default: 20,
    min: 1,
    max: 100,
    description: 'forecasts are cut to plus and minus this',
  }),
  volBars: int({
    default: 35,
    min: 5,
    max: 500,
    unit: 'bars',
    description: 'volatility: standard deviation of so many daily changes',
  }),
  annualVol: number({
    default: 20,
    min: 0.1,
    max: 100,
    unit: '% of capital',
    description: 'annual volatility that the whole portfolio aims at',
  }),
  correlation: number({
    default: 0.2,
    min: 0,
    max: 1,
    description:
      'assumed between the results of two products; makes the diversification multiplier √(n ÷ (1 + (n − 1) × it))',
  }),
  diversificationMax: number({
    default: 2.5,
    min: 1,
    max: 5,
    description: 'cap of that multiplier',
  }),
  buffer: number({
    default: 10,
    min: 0,
    max: 100,
    unit: '% of position',
    description: 'half width of the band without trades, in shares of the position at forecast 10',
  }),
  sizeOn: choice({
    default: 'half',
    choices: ['half', 'equity', 'fixed'],
    description:
      'capital that positions are sized on: equity; the starting capital (fixed); or the smaller of both (half)',
  }),
  maxContracts: int({
    default: 250,
    min: 1,
    max: 1000,
    unit: 'contracts',
    description: 'cap of a position',
  }),
};
type Values = ParamValues<typeof params>;

/** Trading days by which a daily standard deviation becomes an annual one. */
const DAYS_PER_YEAR = 252;
/** A product whose carry could not be measured for longer goes by its trend alone. */
const CARRY_STALE_BARS = 20;
/** A forecast of this size takes the average position. */
const AVERAGE_FORECAST = 10;

interface TrendSpeed {
  readonly fast: Ema;
  readonly slow: Ema;
  readonly scale: number;
}

interface Product {
  readonly root: string;
  readonly series: SeriesView;
  readonly speeds: readonly TrendSpeed[];
  readonly stdev: ChangeStdev;
  /** Of carry ÷ volatility: a pure number, which no roll moves. */
  readonly carry: Ema;
  carryForecast: number;
  carryAge: number;
  /** Has had a forecast: from then on it takes a share of the risk. */
  isActive: boolean;
}

interface SavedProduct {
  readonly carry: unknown;
  readonly carryForecast: number | null;
  readonly carryAge: number;
  readonly isActive: boolean;
}
interface Saved {
  readonly startEquity: number;
  readonly products: Readonly<Record<string, SavedProduct>>;
}

/** To the nearest whole contract, halves away from zero: long and short are treated alike. */
function toContracts(exact: number): number {
  return Math.sign(exact) * Math.round(Math.abs(exact));
}

class TrendCarry implements Strategy {
  readonly #params: Values;
  readonly #roots: readonly string[];
  readonly #products: Map<string, Product> = new Map();
  #startEquity: number = 0;
  #activeCount: number = 0;
  #saved: Saved | null = null;

  constructor(values: Values, roots: readonly string[]) {
    this.#params = values;
    this.#roots = roots;
  }

  onStart(ctx: StrategyContext): void {
    this.#startEquity = this.#saved?.startEquity ?? ctx.account.equityMicros / 1_000_000;
    for (const root of this.#roots) {
      const product = this.#createProduct(root, ctx);
      const saved = this.#saved?.products[root];
      if (saved !== undefined) {
        product.carry.restoreState(saved.carry);
        product.carryForecast = saved.carryForecast ?? NaN;
        product.carryAge = saved.carryAge;
        product.isActive = saved.isActive;
      }
      this.#products.set(product.series.key, product);
    }
    this.#activeCount = [...this.#products.values()].filter((each) => each.isActive).length;
  }

  #createProduct(root: string, ctx: StrategyContext): Product {
    const { fastest, speeds, trendScale, volBars, carryBars } = this.#params;
    const series = ctx.series(`${root}:daily`);
    return {
      root,
      series,
      speeds: Array.from({ length: speeds }, (_, i) => {
        const fast = fastest * 2 ** i;
        return {
          fast: series.attach(new Ema(fast)),
          slow: series.attach(new Ema(4 * fast)),
          scale: trendScale / Math.sqrt(fast),
        };
      }),
      stdev: series.attach(new ChangeStdev(volBars)),
      carry: new Ema(carryBars),
      carryForecast: NaN,
      carryAge: Infinity,
      isActive: false,
    };
  }

  onWarmUpBar(bar: BarView): void {
    const product = this.#products.get(bar.key);
    if (product !== undefined) this.#forecast(product);
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const product = this.#products.get(bar.key);
    if (product === undefined) return;
    const forecast = this.#forecast(product);
    if (Number.isNaN(forecast)) return;
    this.#trade(product, forecast, ctx);
  }

  /** Between −cap and cap; NaN while nothing can be said. */
  #forecast(product: Product): number {
    const { trendWeight, forecastDiversification, cap } = this.#params;
    const stdev = product.stdev.ready ? product.stdev.value : NaN;
    if (!(stdev > 0)) return NaN;
    this.#measureCarry(product, stdev);
    let sum = 0;
    let weights = 0;
    let rules = 0;
    const take = (value: number, weight: number): void => {
      if (weight === 0) return;
      sum += weight * this.#capped(value);
      weights += weight;
      rules += 1;
    };
    const speedWeight = trendWeight / product.speeds.length;
    for (const { fast, slow, scale } of product.speeds)
      if (fast.ready && slow.ready) take(((fast.value - slow.value) / stdev) * scale, speedWeight);
    if (product.carryAge <= CARRY_STALE_BARS) take(product.carryForecast, 100 - trendWeight);
    if (weights === 0) return NaN;
    const combined = (sum / weights) * (rules > 1 ? forecastDiversification : 1);
    if (!product.isActive) {
      product.isActive = true;
      this.#activeCount += 1;
    }
    return Math.max(-cap, Math.min(cap, combined));
  }

  #capped(forecast: number): number {
    const { cap } = this.#params;
    return Math.max(-cap, Math.min(cap, forecast));
  }

  /** A missing price of the neighbour leaves the last measure in force for a while. */
  #measureCarry(product: Product, stdev: number): void {
    const annualised = product.series.carry.annualised(0);
    product.carryAge += 1;
    if (Number.isNaN(annualised)) return;
    product.carry.push(annualised / (stdev * Math.sqrt(DAYS_PER_YEAR)));
    if (!product.carry.ready) return;
    product.carryForecast = product.carry.value * this.#params.carryScale;
    product.carryAge = 0;
  }

  #trade(product: Product, forecast: number, ctx: StrategyContext): void {
    const { buffer, maxContracts } = this.#params;
    const contract = ctx.contract(product.root);
    const pointValue = ctx.pointValue(contract);
    const risk = product.stdev.value * Math.sqrt(DAYS_PER_YEAR) * pointValue;
    const average = this.#riskShare(ctx) / risk;
    const exact = (average * forecast) / AVERAGE_FORECAST;
    const width = (average * buffer) / 100;
    const bound = (value: number): number =>
      Math.max(-maxContracts, Math.min(maxContracts, toContracts(value)));
    const [lower, upper] = [bound(exact - width), bound(exact + width)];
    const held = ctx.netQty(product.root);
    const wanted = held < lower ? lower : held > upper ? upper : held;
    if (wanted === held) return;
    ctx.note('size', { root: product.root, forecast, exact, held, wanted, pointValue });
    ctx.targetPosition(contract, wanted, { tag: wanted > held ? 'add' : 'reduce' });
  }

  /** Annual volatility, in the account's currency, that one product may have at an average forecast. */
  #riskShare(ctx: StrategyContext): number {
    const { sizeOn, annualVol, correlation, diversificationMax } = this.#params;
    const equity = ctx.account.equityMicros / 1_000_000;
    const start = this.#startEquity;
    const capital =
      sizeOn === 'fixed' ? start : sizeOn === 'equity' ? equity : Math.min(start, equity);
    const count = this.#activeCount;
    const multiplier = Math.min(
      diversificationMax,
      Math.sqrt(count / (1 + (count - 1) * correlation)),
    );
    return (Math.max(0, capital) * (annualVol / 100) * multiplier) / count;
  }

  saveState(): unknown {
    const products = [...this.#products.values()].map((product): [string, SavedProduct] => [
      product.root,
      {
        carry: product.carry.saveState(),
        carryForecast: Number.isNaN(product.carryForecast) ? null : product.carryForecast,
        carryAge: Number.isFinite(product.carryAge) ? product.carryAge : CARRY_STALE_BARS + 1,
        isActive: product.isActive,
      },
    ]);
    return { startEquity: this.#startEquity, products: Object.fromEntries(products) };
  }

  restoreState(state: unknown): void {
    this.#saved = state as Saved;
  }
}

export const trendCarry: AnyStrategyDefinition = defineStrategy({
  id: 'trend-carry',
  version: '1.0.0',
  description:
    'Trend at several speeds and carry, sized to a volatility target, over many products.',
  params,
  instruments: ['ES', 'ZN', 'GC', 'CL', 'ZC', '6E'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({
      key: `${root}:daily`,
      root,
      bars: '1d',
      history: 2,
      curve: true,
      warmUp: Math.max(
        4 * values.fastest * 2 ** (values.speeds - 1),
        values.volBars + values.carryBars,
      ),
    })),
    joins: 'staggered',
  }),
  create: (values, roots) => new TrendCarry(values, roots),
});

export default trendCarry;
