/**
 * Mean reversion with limit entries. While the price leans away from its mean, a limit rests at the Bollinger band on that
 * side, never beyond the market; it moves with the band and is pulled once the price is back at the mean. Its stop travels
 * with it, the target follows the mean. Out after `maxBars`, and before the session ends. One entry at a time and product.
 */
import type { OrderView, Side } from '../core/order.ts';
import type {
  AnyStrategyDefinition,
  BarView,
  OrderEvent,
  ParamValues,
  SeriesView,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { choice, defineStrategy, int, number } from '../core/strategy.ts';
import type { Fill } from '../core/execution.ts';
import type { Session } from '../core/session.ts';
import type { PriceTicks } from '../core/units.ts';
import { Bollinger } from '../indicators/statistics.ts';
import { cancelEntries, closeAtMarket, SessionWindow, sessionParams } from './session-window.ts';

const params = {
  interval: choice({
    default: '1m',
    choices: ['1m', '5m', '15m', '1h'],
    description: 'bar size that is read',
  }),
  length: int({ default: 60, min: 5, max: 1000, unit: 'bars', description: 'length of the mean' }),
  bandDeviations: number({
    default: 2,
    min: 0.25,
    max: 10,
    unit: 'deviations',
    description: 'distance of the entry from the mean',
  }),
  armDeviations: number({
    default: 1,
    min: 0,
    max: 10,
    unit: 'deviations',
    description: 'distance of the close from the mean at which the entry is sent',
  }),
  stopDeviations: number({
    default: 2,
    min: 0.1,
    max: 20,
    unit: 'deviations',
    description: 'distance of the stop from the entry',
  }),
  minTargetTicks: int({
    default: 4,
    min: 1,
    max: 1000,
    unit: 'ticks',
    description: 'no entry when the mean is nearer than this: it would not pay its costs',
  }),
  maxBars: int({ default: 60, min: 1, max: 5000, unit: 'bars', description: 'time stop' }),
  repriceTicks: int({
    default: 1,
    min: 1,
    max: 100,
    unit: 'ticks',
    description: 'orders move when their level has moved by this',
  }),
  ...sessionParams,
  qty: int({ default: 1, min: 1, max: 1000, unit: 'contracts', description: 'contracts a trade' }),
};
type Values = ParamValues<typeof params>;

/** What outlives a restart. */
interface State {
  /** Offset of the stop that the working entry carries. */
  stopOffset: number;
  /** When the position was opened, and bars since. */
  enteredUs: number;
  barsHeld: number;
  /** When an entry was last denied or rejected; it is not tried again in that session. */
  refusedUs: number;
}

interface Product extends State {
  readonly root: string;
  readonly series: SeriesView;
  readonly band: Bollinger;
}

interface Entry {
  readonly side: Side;
  readonly limitTicks: PriceTicks;
  readonly targetOffset: number;
  readonly stopOffset: number;
}

class LimitReversion implements Strategy {
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
    const { interval, length, bandDeviations } = this.#params;
    for (const root of this.#roots) {
      const series = ctx.series(`${root}:${interval}`);
      const band = series.attach(new Bollinger({ length, deviations: bandDeviations }));
      const state = this.#restored[root] ?? {
        stopOffset: 0,
        enteredUs: 0,
        barsHeld: 0,
        refusedUs: 0,
      };
      this.#products.set(root, { root, series, band, ...state });
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
    this.#plot(product, ctx);
    const isHeld = ctx.netQty(bar.root) !== 0;
    product.barsHeld = isHeld ? product.barsHeld + 1 : 0;
    if (this.#window.keepEnd(bar.root, ctx)) return;
    if (isHeld) this.#manage(product, ctx);
    else this.#seek(product, bar, ctx);
  }

  onOrder(event: OrderEvent, ctx: StrategyContext): void {
    const { kind, order } = event;
    if (order.role !== 'entry' || (kind !== 'Denied' && kind !== 'Rejected')) return;
    const product = this.#products.get(ctx.contractSpec(order.contract).root);
    if (product !== undefined) product.refusedUs = event.tsUs;
  }

  onFill(fill: Fill, ctx: StrategyContext): void {
    const order = ctx.order(fill.clOrdId);
    if (order?.role !== 'entry') return;
    const product = this.#products.get(ctx.contractSpec(fill.contract).root);
    if (product !== undefined && product.barsHeld === 0) product.enteredUs = fill.tsUs;
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
      Math.abs(wanted.stopOffset - product.stopOffset) > Math.max(1, product.stopOffset / 4);
    const isStale = working.contract !== ctx.contract(product.root);
    // A cancelled entry is sent anew, with other exits or on the other side, once it is known to be gone.
    if (wanted === null || wanted.side !== working.side || hasNewStop || isStale)
      ctx.cancel(working.clOrdId);
    else if (Math.abs(wanted.limitTicks - working.limitTicks!) >= this.#params.repriceTicks)
      ctx.modify(working.clOrdId, { limitTicks: wanted.limitTicks });
  }

  /** Null where no entry should work now. */
  #wantedEntry(
    product: Product,
    bar: BarView,
    working: OrderView | undefined,
    ctx: StrategyContext,
  ): Entry | null {
    const { band, series, root } = product;
    const { bandDeviations, stopDeviations, armDeviations } = this.#params;
    if (!band.ready || !this.#window.isEntryTime(root, ctx)) return null;
    if (product.refusedUs >= ctx.session(root)!.openUs) return null;
    const deviation = (band.upper - band.value) / bandDeviations;
    const distance = band.value - bar.close;
    const side: Side = distance > 0 ? 1 : -1;
    // One that works stays until the price is back at the mean; a new one needs a price that leans away from it.
    const least = working !== undefined && working.side === side ? 0 : armDeviations * deviation;
    if (!(Math.abs(distance) > 0) || Math.abs(distance) < least) return null;
    const level = side > 0 ? Math.min(band.lower, bar.close) : Math.max(band.upper, bar.close);
    const limitTicks = series.toRawTicks(level, side > 0 ? 'down' : 'up');
    const meanTicks = series.toRawTicks(band.value, 'nearest');
    const targetOffset = side * (meanTicks - limitTicks);
    if (targetOffset < this.#params.minTargetTicks) return null;
    const stopOffset = Math.round((deviation * stopDeviations) / ctx.instrument(root).tickSize);
    return { side, limitTicks, targetOffset, stopOffset: Math.max(1, stopOffset) };
  }

  #enter(product: Product, entry: Entry, ctx: StrategyContext): void {
    product.stopOffset = entry.stopOffset;
    ctx.bracket({
      contract: ctx.contract(product.root),
      side: entry.side,
      qty: this.#params.qty,
      type: 'limit',
      limitTicks: entry.limitTicks,
      timeInForce: 'day',
      tag: entry.side > 0 ? 'below-band' : 'above-band',
      stop: { at: { offsetTicks: entry.stopOffset }, tag: 'stop' },
      targets: [{ at: { offsetTicks: entry.targetOffset }, tag: 'mean' }],
    });
  }

  #manage(product: Product, ctx: StrategyContext): void {
    cancelEntries(product.root, ctx);
    const session = ctx.session(product.root);
    if (product.barsHeld >= this.#params.maxBars)
      return closeAtMarket(product.root, 'time-stop', ctx);
    // The last session had no bar on which the closing order could trade.
    if (session !== null && product.enteredUs < session.openUs)
      return closeAtMarket(product.root, 'left-over', ctx);
    this.#moveTarget(product, ctx);
  }

  #moveTarget(product: Product, ctx: StrategyContext): void {
    const { series, band, root } = product;
    const open = ctx.openOrders({ root });
    const target = open.find((order) => order.role === 'target');
    const stop = open.find((order) => order.role === 'stop' && order.working !== 'held');
    if (target === undefined || stop?.stopTicks == null || !band.ready) return;
    // The exits of a long sell: target above, stop below.
    const isLong = target.side < 0;
    const mean = series.toRawTicks(band.value, isLong ? 'up' : 'down');
    const isBeyondStop = isLong ? mean <= stop.stopTicks : mean >= stop.stopTicks;
    if (isBeyondStop || Math.abs(mean - target.limitTicks!) < this.#params.repriceTicks) return;
    ctx.modify(target.clOrdId, { limitTicks: mean });
  }

  #plot({ root, band }: Product, ctx: StrategyContext): void {
    if (!band.ready) return;
    ctx.plot('mean', band.value, { root });
    ctx.plot('lower', band.lower, { root });
    ctx.plot('upper', band.upper, { root });
  }

  saveState(): unknown {
    const stateOf = ({ stopOffset, enteredUs, barsHeld, refusedUs }: Product): State => {
      return { stopOffset, enteredUs, barsHeld, refusedUs };
    };
    return Object.fromEntries([...this.#products].map(([root, each]) => [root, stateOf(each)]));
  }

  restoreState(state: unknown): void {
    this.#restored = state as Readonly<Record<string, State>>;
  }
}

export const limitReversion: AnyStrategyDefinition = defineStrategy({
  id: 'limit-reversion',
  version: '1.0.0',
  description:
    'Fades a stretch with a limit at the band, back to the mean; stop, time stop, flat by the close.',
  params,
  instruments: ['ES'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({ root, bars: values.interval, history: 2 })),
    positionsOnRoll: 'flatten',
  }),
  create: (values, roots) => new LimitReversion(values, roots),
});

export default limitReversion;
