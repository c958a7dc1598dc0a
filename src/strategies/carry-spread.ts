/**
 * Carry by calendar spread: the contract that is held by the chain against the next one, in two legs of real contracts. Long
 * the near one while its carry pays, short while it costs; sized by the volatility of the spread.
 *
 * Decided once a day, from the curve. The legs go out together, on a bar in which both contracts traded, and not at the end
 * of a session. Where one does not follow the other in time, the leg that trades best goes back, so that none stands alone
 * overnight. At a roll both legs are closed: the next decision opens the next pair.
 *
 * Nothing is decided on positions alone while an order could still change them: a contract has one order at a time, a cancel
 * is believed when it is answered, and what fills in spite of it is followed.
 */
import type { Fill } from '../core/execution.ts';
import type { ContractId } from '../core/instrument.ts';
import type { OrderView } from '../core/order.ts';
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
import { choice, defineStrategy, int, number } from '../core/strategy.ts';
import type { TsUs } from '../core/units.ts';
import { Ema } from '../indicators/averages.ts';
import { ChangeStdev, RollingDeviation } from '../indicators/statistics.ts';

const params = {
  legBars: choice({
    default: '1h',
    choices: ['1m', '5m', '15m', '1h', '1d'],
    description: 'bars on which the legs are sent, when both contracts traded in one',
  }),
  carryBars: int({
    default: 10,
    min: 1,
    max: 250,
    unit: 'bars',
    description: 'carry is averaged exponentially over so many daily bars',
  }),
  volBars: int({
    default: 40,
    min: 5,
    max: 250,
    unit: 'bars',
    description: 'volatility of the product and of the spread: so many daily changes',
  }),
  enterCarry: number({
    default: 0.3,
    min: 0,
    max: 10,
    description:
      'a spread is opened when carry ÷ annual volatility of the product is this far from zero',
  }),
  exitCarry: number({
    default: 0.1,
    min: -10,
    max: 10,
    description: 'and closed when less than this is left of it on the spread’s side',
  }),
  annualVol: number({
    default: 5,
    min: 0.1,
    max: 100,
    unit: '% of equity',
    description: 'annual volatility that the spread of each product aims at',
  }),
  maxContracts: int({
    default: 10,
    min: 1,
    max: 500,
    unit: 'contracts',
    description: 'cap of each leg',
  }),
  legWaitMinutes: int({
    default: 60,
    min: 0,
    max: 1440,
    unit: 'minutes',
    description:
      'after the first fill of a pair the other leg has so long; then the pair is made even',
  }),
  lastMinutes: int({
    default: 150,
    min: 0,
    max: 1440,
    unit: 'minutes',
    description:
      'no legs are sent so near to the end of a session; at half of it the legs are made even. Two leg bars at least',
  }),
};
type Values = ParamValues<typeof params>;

const DAYS_PER_YEAR = 252;
const US_PER_MINUTE = 60_000_000;
const LONE_LEG = 'lone-leg';
const ROLL = 'roll';

interface Pair {
  readonly near: ContractId;
  readonly far: ContractId;
}

interface Product {
  readonly root: string;
  readonly daily: SeriesView;
  readonly outright: ChangeStdev;
  /** Of carry ÷ annual volatility: a pure number. */
  readonly carry: Ema;
  /** Of the daily changes of one spread; a change of pair is no change of price. */
  readonly spread: RollingDeviation;
  spreadPair: string;
  lastSpread: number;
  /** The pair in which there is, or may be, a position. */
  pair: Pair | null;
  /** Signed contracts of the near leg that are wanted; the far leg is its opposite. */
  wanted: number;
  /** Cap that a refusal taught: half of what was refused. */
  limit: number;
  /** The chain has left the pair, and what fills now is closed at once. */
  closing: boolean;
  /** Legs were made even while orders were on their way: what fills now is made even at once. */
  settling: boolean;
  /** Trade date on which legs were last sent: once a date, so that a market without a far leg is not tried all day. */
  triedDate: number;
}

interface SavedProduct extends Pick<
  Product,
  'pair' | 'wanted' | 'limit' | 'closing' | 'settling' | 'triedDate' | 'spreadPair' | 'lastSpread'
> {
  readonly carry: unknown;
  readonly spread: unknown;
}

class CarrySpread implements Strategy {
  readonly #params: Values;
  readonly #roots: readonly string[];
  readonly #products: Map<string, Product> = new Map();
  #saved: Readonly<Record<string, SavedProduct>> = {};

  constructor(values: Values, roots: readonly string[]) {
    this.#params = values;
    this.#roots = roots;
  }

  onStart(ctx: StrategyContext): void {
    const { volBars, carryBars } = this.#params;
    for (const root of this.#roots) {
      const daily = ctx.series(`${root}:daily`);
      const product: Product = {
        root,
        daily,
        outright: daily.attach(new ChangeStdev(volBars)),
        carry: new Ema(carryBars),
        spread: new RollingDeviation(volBars),
        spreadPair: '',
        lastSpread: NaN,
        pair: null,
        wanted: 0,
        limit: this.#params.maxContracts,
        closing: false,
        settling: false,
        triedDate: NaN,
      };
      const saved = this.#saved[root];
      if (saved !== undefined) {
        const { carry, spread, ...fields } = saved;
        product.carry.restoreState(carry);
        product.spread.restoreState(spread);
        Object.assign(product, fields);
        // JSON has no NaN.
        product.lastSpread ??= NaN;
        product.triedDate ??= NaN;
      }
      this.#products.set(root, product);
    }
  }

  onWarmUpBar(bar: BarView): void {
    const product = this.#products.get(bar.root);
    if (product !== undefined && bar.key === product.daily.key) this.#measure(product);
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const product = this.#products.get(bar.root);
    if (product === undefined) return;
    if (bar.key === product.daily.key) {
      this.#measure(product);
      this.#decide(product, ctx);
    }
    const isLegBar = bar.key !== product.daily.key || this.#params.legBars === '1d';
    if (isLegBar) this.#sendLegs(product, bar, ctx);
  }

  /** One daily bar into carry and the volatility of the spread. */
  #measure(product: Product): void {
    const { daily, outright, carry, spread } = product;
    const annualised = daily.carry.annualised(0);
    if (outright.ready && outright.value > 0 && !Number.isNaN(annualised))
      carry.push(annualised / (outright.value * Math.sqrt(DAYS_PER_YEAR)));
    const pair = `${daily.contract}-${daily.forward.contractAt(0) ?? ''}`;
    const price = daily.rawClose(0) - daily.forward.close(0);
    if (Number.isNaN(price)) return;
    if (pair === product.spreadPair) spread.push(price - product.lastSpread);
    product.spreadPair = pair;
    product.lastSpread = price;
  }

  #decide(product: Product, ctx: StrategyContext): void {
    const { enterCarry, exitCarry, annualVol } = this.#params;
    const { carry, spread, daily } = product;
    if (!carry.ready || !spread.ready) return;
    const side = Math.sign(product.wanted);
    if (side !== 0 && side * carry.value >= exitCarry) return;
    const isEntry = Math.abs(carry.value) >= enterCarry && daily.forward.contract !== null;
    const qty = isEntry
      ? ctx.size.volatilityTarget({
          contract: ctx.contract(product.root),
          annualVol: annualVol / 100,
          dailyPriceStdev: spread.value,
          max: product.limit,
        })
      : 0;
    const wanted = qty === 0 ? 0 : Math.sign(carry.value) * qty;
    if (wanted === product.wanted) return;
    product.wanted = wanted;
    ctx.note('spread', { root: product.root, carry: carry.value, stdev: spread.value, wanted });
  }

  /** Both legs in one moment, or none. */
  #sendLegs(product: Product, bar: BarView, ctx: StrategyContext): void {
    const legs = ctx.series(bar.key);
    const { root, wanted } = product;
    // An order on its way still belongs to its pair, and is followed until it has ended.
    if (ctx.openOrders({ root }).length > 0) return;
    product.settling = false;
    product.closing = false;
    if (product.pair !== null && this.#isFlat(product.pair, ctx)) product.pair = null;
    const far = legs.forward.contract;
    const pair = product.pair ?? (far === null ? null : { near: ctx.contract(root), far });
    if (pair === null || !this.#isTime(bar, ctx)) return;
    if (product.triedDate === bar.tradeDate) return;
    // A pair that the chain has left is only ever closed.
    const isCurrent = pair.near === ctx.contract(root);
    const target = isCurrent ? wanted : 0;
    const held = ctx.position(pair.near).netQty;
    const isDone = held === target && ctx.position(pair.far).netQty === 0 - target;
    if (isDone) return;
    const hasBoth = legs.forward.contractAt(0) === pair.far && !Number.isNaN(legs.forward.close(0));
    if (isCurrent && !hasBoth) return;
    product.pair = pair;
    product.triedDate = bar.tradeDate;
    const tag = target === 0 ? 'close' : target > 0 ? 'carry-pays' : 'carry-costs';
    ctx.targetPosition(pair.near, target, { tag });
    ctx.targetPosition(pair.far, 0 - target, { tag });
  }

  /** Not near the end of a session, unless it has but one bar. */
  #isTime(bar: BarView, ctx: StrategyContext): boolean {
    if (bar.isSessionLast) return bar.isSessionFirst;
    const session = ctx.session(bar.root);
    const lastUs = this.#params.lastMinutes * US_PER_MINUTE;
    return session !== null && bar.closeUs < session.closeUs - lastUs;
  }

  #isFlat({ near, far }: Pair, ctx: StrategyContext): boolean {
    return ctx.position(near).netQty === 0 && ctx.position(far).netQty === 0;
  }

  /** Contracts of one leg that the other does not match; positive where the sum is long. */
  #excess({ near, far }: Pair, ctx: StrategyContext): number {
    return ctx.position(near).netQty + ctx.position(far).netQty;
  }

  onFill(fill: Fill, ctx: StrategyContext): void {
    const { root } = ctx.contractSpec(fill.contract);
    const product = this.#products.get(root);
    if (product === undefined || product.pair === null) return;
    this.#follow(product, ctx);
    if (this.#excess(product.pair, ctx) === 0) ctx.cancelTimer(root);
    else this.#wait(product, ctx);
  }

  /** Gives a lone leg so long to be followed by the other. */
  #wait({ root }: Product, ctx: StrategyContext): void {
    const { legWaitMinutes, lastMinutes } = this.#params;
    const waitUs = ctx.nowUs + legWaitMinutes * US_PER_MINUTE;
    const session = ctx.session(root);
    const endUs = session === null ? waitUs : session.closeUs - (lastMinutes / 2) * US_PER_MINUTE;
    ctx.setTimer(root, Math.max(ctx.nowUs, Math.min(waitUs, Math.floor(endUs))) as TsUs);
  }

  /** A leg that is refused (margin, limits) takes the other one back; the next attempt is half as large. */
  onOrder(event: OrderEvent, ctx: StrategyContext): void {
    const { root } = ctx.contractSpec(event.order.contract);
    const product = this.#products.get(root);
    if (product === undefined) return;
    if (event.kind === 'Canceled') this.#follow(product, ctx);
    if (event.kind !== 'Denied' && event.kind !== 'Rejected') return;
    // A reduce-only order that comes too late finds nothing to close.
    if (event.order.tag === LONE_LEG || event.order.tag === ROLL) return;
    if (product.wanted !== 0) {
      product.limit = Math.floor(Math.abs(product.wanted) / 2);
      product.wanted = Math.sign(product.wanted) * product.limit;
    }
    this.#cancel(ctx.openOrders({ root }), ctx);
    ctx.note('leg-refused', { root, reason: event.reason, limit: product.limit });
  }

  onTimer(name: string, ctx: StrategyContext): void {
    const product = this.#products.get(name);
    if (product !== undefined) this.#giveUp(product, ctx);
  }

  /** A lone leg that the session before could not take back. */
  onSessionOpen(root: string, _session: unknown, ctx: StrategyContext): void {
    const product = this.#products.get(root);
    if (product !== undefined) this.#giveUp(product, ctx);
  }

  /** The other leg had its time: what still works is cancelled, and the legs are made even without it. */
  #giveUp(product: Product, ctx: StrategyContext): void {
    const { pair, root } = product;
    if (pair === null || this.#excess(pair, ctx) === 0) return;
    const { contract, target } = this.#even(pair, root, ctx);
    const orders = ctx.openOrders({ root });
    product.settling = true;
    product.closing = false;
    const own = orders.filter((order) => order.contract === contract);
    // What makes the legs even already is left alone.
    const isUnderWay = own.length > 0 && this.#expected(contract, own, ctx) === target;
    this.#cancel(isUnderWay ? orders.filter((order) => order.contract !== contract) : orders, ctx);
    if (own.length === 0) this.#balance(product, ctx);
  }

  /**
   * Gives the leg that trades best, which is the contract that the chain stands on, the size that the other one has: an
   * entry is taken back, an exit too. One order at a time: while one works, its end is waited for.
   */
  #balance(product: Product, ctx: StrategyContext): void {
    const { pair, root } = product;
    if (pair === null || this.#excess(pair, ctx) === 0) return;
    const { contract, target } = this.#even(pair, root, ctx);
    if (ctx.openOrders({ contract }).length > 0) return;
    const net = ctx.position(contract).netQty;
    ctx.note(LONE_LEG, { root, contract, net, target });
    ctx.submit({
      contract,
      side: net > target ? -1 : 1,
      qty: Math.abs(net - target),
      type: 'market',
      tag: LONE_LEG,
    });
  }

  /** The leg that follows, and the position that makes the pair even. */
  #even(
    pair: Pair,
    root: string,
    ctx: StrategyContext,
  ): { readonly contract: ContractId; readonly target: number } {
    const isNear = pair.near === ctx.contract(root);
    const [contract, other] = isNear ? [pair.near, pair.far] : [pair.far, pair.near];
    return { contract, target: 0 - ctx.position(other).netQty };
  }

  /** The position in a contract once `orders` of it have filled; those that are being cancelled are taken not to. */
  #expected(contract: ContractId, orders: readonly OrderView[], ctx: StrategyContext): number {
    let net: number = ctx.position(contract).netQty;
    for (const order of orders)
      if (order.status !== 'PendingCancel') net += order.side * order.leavesQty;
    return net;
  }

  /** Asks once for each order: the answer may take its time. */
  #cancel(orders: readonly OrderView[], ctx: StrategyContext): void {
    for (const order of orders) if (order.status !== 'PendingCancel') ctx.cancel(order.clOrdId);
  }

  /** After a fill or a cancel: what it leaves behind, where its legs were given up before it came. */
  #follow(product: Product, ctx: StrategyContext): void {
    const { pair, closing, settling } = product;
    if (pair === null) return;
    if (closing) this.#close(pair, ctx);
    else if (settling) this.#balance(product, ctx);
  }

  /** Closes what no order works on. */
  #close({ near, far }: Pair, ctx: StrategyContext): void {
    for (const contract of [near, far])
      if (ctx.openOrders({ contract }).length === 0) ctx.flatten({ contract }, ROLL);
  }

  /** The near leg leaves the chain: both are closed at once, and the next decision opens the next pair. */
  onRoll(event: RollEvent, ctx: StrategyContext): void {
    const product = this.#products.get(event.root);
    if (product === undefined || !event.keys.includes(product.daily.key)) return;
    product.wanted = 0;
    if (product.pair === null) return;
    product.closing = true;
    const { root } = product;
    this.#cancel(
      ctx.openOrders({ root }).filter((order) => order.tag !== ROLL),
      ctx,
    );
    this.#close(product.pair, ctx);
  }

  saveState(): unknown {
    return Object.fromEntries(
      [...this.#products].map(([root, product]): [string, SavedProduct] => {
        const { carry, spread, pair, wanted, limit, closing, settling, ...rest } = product;
        const { triedDate, spreadPair, lastSpread } = rest;
        const fields = {
          pair,
          wanted,
          limit,
          closing,
          settling,
          triedDate,
          spreadPair,
          lastSpread,
        };
        return [root, { ...fields, carry: carry.saveState(), spread: spread.saveState() }];
      }),
    );
  }

  restoreState(state: unknown): void {
    this.#saved = state as Readonly<Record<string, SavedProduct>>;
  }
}

export const carrySpread: AnyStrategyDefinition = defineStrategy({
  id: 'carry-spread',
  version: '1.0.0',
  description: 'Calendar spreads: long the near contract against the next while carry pays.',
  params,
  instruments: ['CL', 'ZC', 'HG'],
  requires: (values, roots) => ({
    series: roots.flatMap((root) => [
      {
        key: `${root}:daily`,
        root,
        bars: '1d',
        history: 2,
        curve: true,
        warmUp: 2 * values.volBars + values.carryBars,
      },
      ...(values.legBars === '1d'
        ? []
        : [{ key: `${root}:legs`, root, bars: values.legBars, history: 2, curve: true }]),
    ]),
    positionsOnRoll: 'manual',
  }),
  create: (values, roots) => new CarrySpread(values, roots),
});

export default carrySpread;
