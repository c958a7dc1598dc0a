/**
 * Pullback to the session's VWAP, with the trend. The trend is the side on which the VWAP drifts; once the price has
 * stretched away from it on that side, the return to the VWAP is entered, by a limit on it or by a stop beyond the bar that
 * touched it. One bracket: a stop, and up to three targets at multiples of the risk R. Flat before the session ends.
 */
import type { Fill } from '../core/execution.ts';
import type { OrderView, Side } from '../core/order.ts';
import type { Session } from '../core/session.ts';
import type {
  AnyStrategyDefinition,
  BarView,
  OrderEvent,
  ParamValues,
  RollEvent,
  SeriesView,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { boolean, choice, defineStrategy, int, number } from '../core/strategy.ts';
import type { PriceTicks } from '../core/units.ts';
import { Atr } from '../indicators/ranges.ts';
import { SessionVwap } from '../indicators/volume.ts';
import { cancelEntries, closeAtMarket, SessionWindow, sessionParams } from './session-window.ts';

const params = {
  interval: choice({ default: '1m', choices: ['1m', '5m'], description: 'bar size that is read' }),
  vwapFrom: choice({
    default: 'session',
    choices: ['session', 'entryFrom'],
    description: 'where the VWAP begins: with the session, or at `entryFrom`',
  }),
  trendBars: int({
    default: 30,
    min: 2,
    max: 500,
    unit: 'bars',
    description: 'bars over which the drift of the VWAP is measured',
  }),
  minDriftAtr: number({
    default: 0.25,
    min: 0,
    max: 20,
    unit: 'ATR',
    description: 'least drift of the VWAP over those bars',
  }),
  atrBars: int({
    default: 30,
    min: 2,
    max: 500,
    unit: 'bars',
    description: 'length of the average true range (ATR)',
  }),
  stretchAtr: number({
    default: 3,
    min: 0,
    max: 50,
    unit: 'ATR',
    description: 'how far a close must have been from the VWAP before a return is a pullback',
  }),
  entry: choice({
    default: 'limit',
    choices: ['limit', 'stop'],
    description: 'a limit on the VWAP, or a stop one tick beyond the bar that touched it',
  }),
  stopAtr: number({
    default: 3,
    min: 0.1,
    max: 50,
    unit: 'ATR',
    description: 'distance of the stop from the entry: the risk R',
  }),
  target1R: number({ default: 1, min: 0.1, max: 50, unit: 'R', description: 'first target' }),
  target2R: number({
    default: 2,
    min: 0,
    max: 50,
    unit: 'R',
    description: 'second target; 0 for none',
  }),
  target3R: number({
    default: 0,
    min: 0,
    max: 50,
    unit: 'R',
    description: 'third target; 0 for none',
  }),
  share1Pct: int({
    default: 0,
    min: 0,
    max: 100,
    unit: '% of contracts',
    description: 'share of the first target, rounded down; 0 splits all targets evenly',
  }),
  share2Pct: int({
    default: 0,
    min: 0,
    max: 100,
    unit: '% of contracts',
    description: 'share of the second of three targets; the last target takes what is left',
  }),
  breakEven: boolean({
    default: true,
    description: 'moves the stop to the entry once the first target has filled',
  }),
  qty: int({
    default: 2,
    min: 1,
    max: 1000,
    unit: 'contracts',
    description: 'contracts a trade, at most',
  }),
  riskPct: number({
    default: 0,
    min: 0,
    max: 10,
    unit: '% of equity',
    description: 'loss at the stop that sizes a trade; 0 always takes `qty`',
  }),
  maxTrades: int({
    default: 3,
    min: 1,
    max: 100,
    unit: 'entries',
    description: 'filled entries a session and product',
  }),
  ...sessionParams,
};
type Values = ParamValues<typeof params>;

/** What outlives a restart. */
interface State {
  /** When the session in hand opened. */
  sessionUs: number;
  /** Its VWAPs, oldest first, at most `trendBars` + 1. */
  vwaps: number[];
  /** The side on which the price has stretched, and not come back since. */
  armed: Side | 0;
  trades: number;
  /** Stop offset of the working entry. */
  riskTicks: number;
  enteredUs: number;
  /** When an entry was last denied or rejected; it is not tried again in that session. */
  refusedUs: number;
}

interface Product extends State {
  readonly root: string;
  readonly series: SeriesView;
  readonly vwap: SessionVwap;
  readonly atr: Atr;
}

interface Entry {
  readonly side: Side;
  readonly priceTicks: PriceTicks;
  readonly riskTicks: number;
}

/**
 * Contracts of each target, nearest first: the given shares rounded down and the rest to the last, or an even split with the
 * odd contracts to the nearest. They add up to `qty`; a target may get none.
 */
export function targetQtys(qty: number, targets: number, sharesPct: readonly number[]): number[] {
  let rest = qty;
  return Array.from({ length: targets }, (_, i) => {
    const isLast = i === targets - 1;
    const given = Math.floor((qty * (sharesPct[i] ?? 0)) / 100);
    const share = sharesPct[0] === 0 ? Math.ceil(rest / (targets - i)) : given;
    const taken = isLast ? rest : Math.min(share, rest);
    rest -= taken;
    return taken;
  });
}

class VwapPullback implements Strategy {
  readonly #params: Values;
  readonly #roots: readonly string[];
  readonly #window: SessionWindow;
  readonly #products: Map<string, Product> = new Map();
  #restored: Readonly<Record<string, State>> = {};

  constructor(values: Values, roots: readonly string[]) {
    this.#params = values;
    this.#window = new SessionWindow(values);
    this.#roots = roots;
  }

  onStart(ctx: StrategyContext): void {
    const { interval, atrBars, vwapFrom } = this.#params;
    for (const root of this.#roots) {
      const series = ctx.series(`${root}:${interval}`);
      const calendar = ctx.calendar(root);
      // A trade date around a holiday may have two sessions; each has its own VWAP.
      const sessionOf = (bar: BarView): number =>
        vwapFrom === 'session' || this.#window.contains(calendar.localMinutes(bar.openUs))
          ? (calendar.sessionAt(bar.openUs)?.openUs ?? NaN)
          : NaN;
      this.#products.set(root, {
        root,
        series,
        vwap: series.attach(new SessionVwap({ sessionOf })),
        atr: series.attach(new Atr(atrBars)),
        sessionUs: 0,
        vwaps: [],
        armed: 0,
        trades: 0,
        riskTicks: 0,
        enteredUs: 0,
        refusedUs: 0,
        ...this.#restored[root],
      });
    }
  }

  onSessionOpen(root: string, session: Session, ctx: StrategyContext): void {
    this.#window.setTimers(root, session, ctx);
  }

  onTimer(name: string, ctx: StrategyContext): void {
    const root = this.#window.rootOf(name);
    if (this.#products.has(root)) this.#window.keepEnd(root, ctx);
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const product = this.#products.get(bar.root);
    if (product === undefined) return;
    this.#follow(product, bar, ctx);
    if (this.#window.keepEnd(bar.root, ctx)) return;
    if (ctx.netQty(bar.root) === 0) this.#seek(product, bar, ctx);
    else this.#manage(product, ctx);
  }

  /** Takes the bar into the trend and the state of the pullback. */
  #follow(product: Product, bar: BarView, ctx: StrategyContext): void {
    const { vwap, atr } = product;
    const sessionUs = ctx.session(product.root)?.openUs ?? product.sessionUs;
    if (product.sessionUs !== sessionUs) {
      product.sessionUs = sessionUs;
      product.vwaps = [];
      product.armed = 0;
      product.trades = 0;
    }
    if (!vwap.ready) return;
    ctx.plot('vwap', vwap.value, { root: product.root });
    product.vwaps.push(vwap.value);
    if (product.vwaps.length > this.#params.trendBars + 1) product.vwaps.shift();
    const side = this.#trendOf(product);
    const stretch = side * (bar.close - vwap.value);
    // Lost with the trend, or when a bar closes on the other side.
    if (side === 0 || side !== product.armed || stretch < 0) product.armed = 0;
    if (side !== 0 && stretch >= this.#params.stretchAtr * atr.value) product.armed = side;
  }

  #trendOf({ vwaps, atr }: Product): Side | 0 {
    const { trendBars, minDriftAtr } = this.#params;
    if (vwaps.length <= trendBars || !atr.ready) return 0;
    const drift = vwaps.at(-1)! - vwaps[0]!;
    if (drift === 0 || Math.abs(drift) < minDriftAtr * atr.value) return 0;
    return drift > 0 ? 1 : -1;
  }

  #seek(product: Product, bar: BarView, ctx: StrategyContext): void {
    const open = ctx.openOrders({ root: product.root });
    const working = open.find((order) => order.role === 'entry');
    const wanted = this.#wantedEntry(product, bar, working, ctx);
    if (working === undefined) {
      // What is still open here is an exit that is about to end.
      if (wanted !== null && open.length === 0) this.#enter(product, wanted, ctx);
      return;
    }
    const hasNewStop =
      wanted !== null &&
      Math.abs(wanted.riskTicks - product.riskTicks) > Math.max(1, product.riskTicks / 4);
    const isStale = working.contract !== ctx.contract(product.root);
    // A cancelled entry is sent anew, with other exits or on the other side, once it is known to be gone.
    if (wanted === null || wanted.side !== working.side || hasNewStop || isStale)
      return ctx.cancel(working.clOrdId);
    if (wanted.priceTicks === (working.limitTicks ?? working.stopTicks)) return;
    const isLimit = working.type === 'limit';
    ctx.modify(
      working.clOrdId,
      isLimit ? { limitTicks: wanted.priceTicks } : { stopTicks: wanted.priceTicks },
    );
  }

  /** Null where no entry should work now. */
  #wantedEntry(
    product: Product,
    bar: BarView,
    working: OrderView | undefined,
    ctx: StrategyContext,
  ): Entry | null {
    const { root, armed: side, vwap, atr, series } = product;
    const { maxTrades, stopAtr, entry } = this.#params;
    if (side === 0 || product.trades >= maxTrades || !vwap.ready || !atr.ready) return null;
    if (!this.#window.isEntryTime(root, ctx)) return null;
    if (product.refusedUs >= ctx.session(root)!.openUs) return null;
    const instrument = ctx.instrument(root);
    const riskTicks = Math.max(1, Math.round((atr.value * stopAtr) / instrument.tickSize));
    if (entry === 'limit') {
      const priceTicks = series.toRawTicks(vwap.value, side > 0 ? 'down' : 'up');
      return { side, priceTicks, riskTicks };
    }
    const hasTouched = side > 0 ? bar.low <= vwap.value : bar.high >= vwap.value;
    // Without a new touch, a stop that works stays where it is.
    if (!hasTouched)
      return working === undefined ? null : { side, priceTicks: working.stopTicks!, riskTicks };
    const edge = series.toRawTicks(side > 0 ? bar.high : bar.low, side > 0 ? 'up' : 'down');
    const beyond = instrument.toPrice(edge) + side * instrument.tickSize;
    return { side, priceTicks: instrument.roundToTick(beyond, 'nearest'), riskTicks };
  }

  #enter(product: Product, { side, priceTicks, riskTicks }: Entry, ctx: StrategyContext): void {
    const { entry, target1R, target2R, target3R, share1Pct, share2Pct } = this.#params;
    const contract = ctx.contract(product.root);
    const qty = this.#qtyOf(contract, priceTicks, priceTicks - side * riskTicks, ctx);
    if (qty === 0) return;
    product.riskTicks = riskTicks;
    const multiples = [target1R, target2R, target3R].filter((multiple) => multiple > 0);
    const qtys = targetQtys(qty, multiples.length, [share1Pct, share2Pct]);
    const targets = multiples.map((multiple, i) => ({
      at: { offsetTicks: Math.max(1, Math.round(multiple * riskTicks)) },
      qty: qtys[i]!,
      tag: `target ${multiple}R`,
    }));
    ctx.bracket({
      contract,
      side,
      qty,
      type: entry,
      ...(entry === 'limit' ? { limitTicks: priceTicks } : { stopTicks: priceTicks }),
      timeInForce: 'day',
      tag: side > 0 ? 'pullback-up' : 'pullback-down',
      stop: { at: { offsetTicks: riskTicks }, tag: 'stop' },
      targets: targets.filter((target) => target.qty > 0),
    });
  }

  #qtyOf(
    contract: OrderView['contract'],
    entryTicks: number,
    stopTicks: number,
    ctx: StrategyContext,
  ): number {
    const { qty, riskPct } = this.#params;
    if (riskPct === 0) return qty;
    const riskFraction = riskPct / 100;
    return ctx.size.riskPerStop({ contract, entryTicks, stopTicks, riskFraction, max: qty });
  }

  onFill(fill: Fill, ctx: StrategyContext): void {
    const order = ctx.order(fill.clOrdId);
    const product = this.#products.get(ctx.contractSpec(fill.contract).root);
    if (product === undefined || order?.role !== 'entry' || order.cumQty > fill.qty) return;
    // The first fill of an entry: the pullback is used up.
    product.enteredUs = fill.tsUs;
    product.trades += 1;
    product.armed = 0;
  }

  onOrder(event: OrderEvent, ctx: StrategyContext): void {
    const { kind, order } = event;
    const product = this.#products.get(ctx.contractSpec(order.contract).root);
    if (product === undefined) return;
    if (order.role === 'entry' && (kind === 'Denied' || kind === 'Rejected'))
      product.refusedUs = event.tsUs;
    if (order.role !== 'target' || (kind !== 'Fill' && kind !== 'PartialFill')) return;
    cancelEntries(product.root, ctx);
    if (this.#params.breakEven) this.#moveStopToEntry(product, order, ctx);
  }

  /** Never away from the market: the second target finds the stop there already. */
  #moveStopToEntry(product: Product, target: OrderView, ctx: StrategyContext): void {
    const { netQty, avgPriceTicks } = ctx.position(target.contract);
    if (netQty === 0 || target.groupId === null) return;
    const instrument = ctx.instrument(product.root);
    const entry = instrument.toPrice(avgPriceTicks as PriceTicks);
    const wanted = instrument.roundToTick(entry, netQty > 0 ? 'up' : 'down');
    for (const stop of ctx.openOrders({ groupId: target.groupId })) {
      if (stop.role !== 'stop' || stop.stopTicks === null) continue;
      const isTighter = netQty > 0 ? wanted > stop.stopTicks : wanted < stop.stopTicks;
      if (isTighter) ctx.modify(stop.clOrdId, { stopTicks: wanted });
    }
  }

  /** Kept VWAPs are prices of the old contract. */
  onRoll({ root, shift, factor }: RollEvent): void {
    const product = this.#products.get(root);
    if (product !== undefined) product.vwaps = product.vwaps.map((vwap) => vwap * factor + shift);
  }

  #manage(product: Product, ctx: StrategyContext): void {
    cancelEntries(product.root, ctx);
    const session = ctx.session(product.root);
    // The last session had no bar on which the closing order could trade.
    if (session !== null && product.enteredUs < session.openUs)
      closeAtMarket(product.root, 'left-over', ctx);
  }

  saveState(): unknown {
    const stateOf = (each: Product): State => ({
      sessionUs: each.sessionUs,
      vwaps: each.vwaps,
      armed: each.armed,
      trades: each.trades,
      riskTicks: each.riskTicks,
      enteredUs: each.enteredUs,
      refusedUs: each.refusedUs,
    });
    return Object.fromEntries([...this.#products].map(([root, each]) => [root, stateOf(each)]));
  }

  restoreState(state: unknown): void {
    this.#restored = state as Readonly<Record<string, State>>;
  }
}

export const vwapPullback: AnyStrategyDefinition = defineStrategy({
  id: 'vwap-pullback',
  version: '1.0.0',
  description:
    'Enters the return to the session VWAP with its trend; a stop, targets at multiples of R, flat by the close.',
  params,
  instruments: ['ES'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({ root, bars: values.interval, history: 2 })),
    positionsOnRoll: 'flatten',
  }),
  create: (values, roots) => new VwapPullback(values, roots),
});

export default vwapPullback;
