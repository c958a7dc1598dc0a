/**
 * Donchian breakout with an ATR stop. Enters with a stop order one tick beyond the highest high (or lowest low) of the
 * entry window; the exit is a protective stop at a multiple of the average true range, which trails the shorter exit
 * window and never loosens. Levels are in the adjusted series and move with each roll; orders carry raw ticks.
 */
import type { ContractId } from '../core/instrument.ts';
import type { Side } from '../core/order.ts';
import type {
  AnyStrategyDefinition,
  BarView,
  OrderEvent,
  SeriesView,
  ParamValues,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { defineStrategy, int, number } from '../core/strategy.ts';
import { Atr } from '../indicators/ranges.ts';

const params = {
  entryBars: int({
    default: 40,
    min: 2,
    max: 400,
    unit: 'trade dates',
    description: 'window of the breakout',
  }),
  exitBars: int({
    default: 15,
    min: 1,
    max: 200,
    unit: 'trade dates',
    description: 'window that the stop trails',
  }),
  atrBars: int({
    default: 20,
    min: 2,
    max: 200,
    unit: 'trade dates',
    description: 'length of the average true range',
  }),
  stopAtr: number({
    default: 3,
    min: 0.5,
    max: 20,
    unit: 'ATR',
    description: 'distance of the first stop',
  }),
  riskPct: number({
    default: 0.6,
    min: 0.01,
    max: 10,
    unit: '% of equity',
    description: 'loss at the first stop',
  }),
  maxContracts: int({
    default: 25,
    min: 1,
    max: 1000,
    unit: 'contracts',
    description: 'cap per product',
  }),
};
type Values = ParamValues<typeof params>;

interface Product {
  readonly root: string;
  readonly series: SeriesView;
  readonly atr: Atr;
}

class DonchianBreakout implements Strategy {
  readonly #params: Values;
  readonly #roots: readonly string[];
  readonly #products: Map<string, Product> = new Map();

  constructor(values: Values, roots: readonly string[]) {
    this.#params = values;
    this.#roots = roots;
  }

  onStart(ctx: StrategyContext): void {
    for (const root of this.#roots) {
      const series = ctx.series(`${root}:daily`);
      this.#products.set(series.key, {
        root,
        series,
        atr: series.attach(new Atr(this.#params.atrBars)),
      });
    }
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const product = this.#products.get(bar.key);
    if (
      product === undefined ||
      !product.atr.ready ||
      product.series.length < this.#params.entryBars
    )
      return;
    const top = product.series.highest(this.#params.entryBars);
    const bottom = product.series.lowest(this.#params.entryBars);
    ctx.plot('entry high', top, { root: product.root });
    ctx.plot('entry low', bottom, { root: product.root });
    if (ctx.netQty(product.root) === 0) this.#placeEntries(product, top, bottom, ctx);
    else this.#trailStop(product, ctx);
  }

  /** Yesterday's unfilled entries have expired with their session; today's stand at today's window. */
  #placeEntries(product: Product, top: number, bottom: number, ctx: StrategyContext): void {
    const contract = ctx.contract(product.root);
    const isBusy = ctx.openOrders({ root: product.root }).length > 0;
    if (isBusy) return;
    this.#enter(product, contract, 1, top, ctx);
    this.#enter(product, contract, -1, bottom, ctx);
  }

  #enter(
    product: Product,
    contract: ContractId,
    side: Side,
    level: number,
    ctx: StrategyContext,
  ): void {
    const instrument = ctx.instrument(product.root);
    const stopTicks = product.series.toRawTicks(level, side > 0 ? 'up' : 'down');
    const entryTicks = instrument.roundToTick(instrument.toPrice(stopTicks + side), 'nearest');
    const riskTicks = Math.max(
      1,
      Math.round((product.atr.value * this.#params.stopAtr) / instrument.tickSize),
    );
    const qty = ctx.size.riskPerStop({
      contract,
      entryTicks,
      stopTicks: entryTicks - side * riskTicks,
      riskFraction: this.#params.riskPct / 100,
      max: this.#params.maxContracts,
    });
    if (qty === 0) return;
    ctx.bracket({
      contract,
      side,
      qty,
      type: 'stop',
      stopTicks: entryTicks,
      timeInForce: 'day',
      tag: side > 0 ? 'breakout-up' : 'breakout-down',
      stop: { at: { offsetTicks: riskTicks }, tag: 'atr-stop' },
    });
  }

  /** The opposite entry of the day must not turn the position round behind the stop's back. */
  onOrder(event: OrderEvent, ctx: StrategyContext): void {
    if (event.kind !== 'Fill' && event.kind !== 'PartialFill') return;
    if (event.order.role !== 'entry') return;
    for (const order of ctx.openOrders({ contract: event.order.contract })) {
      if (order.role === 'entry' && order.side !== event.order.side) ctx.cancel(order.clOrdId);
    }
  }

  /** Moves the stop to the exit window's far side when that is nearer to the market. Never away from it. */
  #trailStop(product: Product, ctx: StrategyContext): void {
    const contract = ctx.contract(product.root);
    const net = ctx.position(contract).netQty;
    if (net === 0) return;
    const level =
      net > 0
        ? product.series.lowest(this.#params.exitBars)
        : product.series.highest(this.#params.exitBars);
    if (Number.isNaN(level)) return;
    const wanted = product.series.toRawTicks(level, net > 0 ? 'down' : 'up');
    for (const stop of ctx.openOrders({ contract })) {
      if (stop.role !== 'stop' || stop.stopTicks === null) continue;
      const isTighter = net > 0 ? wanted > stop.stopTicks : wanted < stop.stopTicks;
      if (isTighter) ctx.modify(stop.clOrdId, { stopTicks: wanted });
    }
  }
}

export const donchianBreakout: AnyStrategyDefinition = defineStrategy({
  id: 'donchian-breakout',
  version: '1.0.0',
  description: 'Buys new highs and sells new lows, with an ATR stop that trails a shorter window.',
  params,
  instruments: ['ES', 'NQ', 'ZN', '6E', 'CL', 'GC', 'HG', 'ZC'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({
      key: `${root}:daily`,
      root,
      bars: '1d',
      history: Math.max(values.entryBars, values.exitBars) + 1,
      warmUp: Math.max(values.entryBars, values.atrBars) + 1,
    })),
  }),
  create: (values, roots) => new DonchianBreakout(values, roots),
});

export default donchianBreakout;
