/**
 * The pre-trade risk gate: every order passes it, in every mode. A denial is a market outcome with a stable reason code,
 * never an exception. Cancels are never denied; neither are the two legs of a roll, which change no exposure.
 */
import type { ContractTable } from '../core/instrument.ts';
import type { GroupId, OrderSpec } from '../core/order.ts';
import type { TsUs } from '../core/units.ts';
import type { RiskLimits } from './config.ts';
import type { Order, OrderManager, ReplaceTerms } from './order-manager.ts';
import type { MarginDate, Portfolio } from './portfolio.ts';
import type { LimitState, OpeningDenial, RiskFacts, WorstCase } from './risk/opening-limits.ts';
import { OpeningGate, openingLimitsOf } from './risk/opening-limits.ts';

/** Stable: they reach disk and user interfaces. */
export type DenialReason =
  | 'halted'
  | 'reducing-only'
  | 'max-order-qty'
  | 'throttle'
  | 'duplicate'
  | 'no-price'
  | 'price-collar'
  | 'max-position'
  | 'margin'
  | 'margin-call'
  | 'near-delivery'
  | OpeningDenial;

/** Orders remembered for doubles before those outside the window are forgotten. */
const SAME_KEPT = 1024;

export interface RiskCheck {
  readonly order: Order;
  readonly nowUs: TsUs;
  readonly tradeDate: MarginDate;
}

interface Exposure {
  readonly contractIndex: number;
  buys: number;
  sells: number;
}

export class RiskGate {
  readonly #limits: RiskLimits;
  readonly #table: ContractTable;
  readonly #orders: OrderManager;
  readonly #portfolio: Portfolio;
  /** Times of orders inside the throttle's window, oldest first. */
  readonly #sentUs: number[] = [];
  readonly #lastSame: Map<string, number> = new Map();
  /** Working contracts that could enlarge a position, by contract row; rows in `#inUse` count, the others are 0. */
  readonly #buys: Float64Array;
  readonly #sells: Float64Array;
  readonly #isInUse: Uint8Array;
  readonly #inUse: number[] = [];
  /** Contracts that reduce-only orders could close, held exits among them; rows in `#withExits` count. */
  readonly #exitBuys: Float64Array;
  readonly #exitSells: Float64Array;
  readonly #withExits: Set<number> = new Set();
  /** Quantities that changes ask for and the venue has not been told yet, and the one under judgement. */
  readonly #asked: Map<Order, number> = new Map();
  #earlierAsk: number | undefined = undefined;
  readonly #groups: Map<GroupId, Exposure> = new Map();
  /** While a margin call is open nothing may be opened, and never in a contract close to its delivery. */
  isCalled: boolean = false;
  readonly isNearDelivery: Uint8Array;
  /** Null where no limit on openings is set. */
  readonly opening: OpeningGate | null;
  readonly #worst: WorstCase;

  constructor(options: {
    readonly limits: RiskLimits;
    readonly table: ContractTable;
    readonly orders: OrderManager;
    readonly portfolio: Portfolio;
    /** Without it the limits on openings are off. */
    readonly facts?: RiskFacts;
  }) {
    this.#limits = options.limits;
    this.#table = options.table;
    this.#orders = options.orders;
    this.#portfolio = options.portfolio;
    const count = options.table.contracts.length;
    this.#buys = new Float64Array(count);
    this.#sells = new Float64Array(count);
    this.#isInUse = new Uint8Array(count);
    this.#exitBuys = new Float64Array(count);
    this.#exitSells = new Float64Array(count);
    this.isNearDelivery = new Uint8Array(count);
    const limits = openingLimitsOf(options.limits);
    const { facts } = options;
    this.opening =
      limits === null || facts === undefined
        ? null
        : new OpeningGate({ ...options, limits, facts });
    this.#worst = {
      qtyOf: (order) => this.#largest(order),
      worstQty: (c) => this.#worstQty(c),
      rows: () => [
        ...this.#portfolio.held,
        ...this.#inUse.filter((c) => this.#portfolio.netQty[c] === 0),
      ],
      mayClose: (c) => this.#mayClose(c),
    };
  }

  /** Limits that can be counted, as they stand now; empty where none is set. */
  riskState(nowUs: TsUs): readonly LimitState[] {
    if (this.opening === null) return [];
    this.#scan();
    return this.opening.state(nowUs, this.#worst);
  }

  #mayClose(c: number): boolean {
    const net = this.#portfolio.netQty[c]!;
    const against =
      net > 0 ? this.#sells[c]! + this.#exitSells[c]! : this.#buys[c]! + this.#exitBuys[c]!;
    return against >= Math.abs(net);
  }

  /** The reason of a denial, or null; an allowed order counts against the throttle. The order is in the manager already. */
  check(input: RiskCheck): DenialReason | null {
    const { order } = input;
    const { spec, contractIndex } = order;
    const limits = this.#limits;
    if (limits.tradingState === 'halted') return 'halted';
    this.#scan();
    const isReducing = this.#isReducing(order);
    if (limits.tradingState === 'reducing' && !isReducing) return 'reducing-only';
    if (spec.qty > limits.orderQtyMax) return 'max-order-qty';
    if (this.#isThrottled(input.nowUs)) return 'throttle';
    if (this.#isDuplicate(input)) return 'duplicate';
    // Nothing can be said of an order's margin, or of its distance from the market, before the first price.
    if (Number.isNaN(this.#portfolio.lastTicks[contractIndex]!)) return 'no-price';
    if (!spec.reduceOnly && this.#isBeyondCollar(contractIndex, spec)) return 'price-collar';
    if (!isReducing) {
      const reason = this.#whyNotOpen(order, input);
      if (reason !== null) return reason;
    }
    if (Number.isFinite(limits.ordersPerInterval)) this.#sentUs.push(input.nowUs);
    return null;
  }

  /**
   * The reason why an open order may not be changed, or null. What only makes it smaller always passes, and so does any new
   * price of an exit; a larger quantity is judged as an order of it, a new price by the collar. An allowed quantity counts
   * from now on; `forgetChange` when the request has left, or never will.
   */
  checkChange(input: RiskCheck, changes: ReplaceTerms): DenialReason | null {
    const { order } = input;
    if (order.isRoll) return null;
    const limits = this.#limits;
    const before = this.#largest(order);
    const qty = changes.qty ?? 0;
    const isLarger = qty > before;
    const limitTicks = changes.limitTicks ?? order.limitTicks;
    const stopTicks = changes.stopTicks ?? order.stopTicks;
    const isRepriced = limitTicks !== order.limitTicks || stopTicks !== order.stopTicks;
    const isExit = order.reduceOnly || order.working === 'held';
    if (!isLarger && (isExit || !isRepriced)) return null;
    if (limits.tradingState === 'halted') return 'halted';
    if (isLarger && qty > limits.orderQtyMax) return 'max-order-qty';
    if (isExit) return null;
    if (isRepriced) {
      const spec = {
        ...order.spec,
        ...(limitTicks === null ? {} : { limitTicks }),
        ...(stopTicks === null ? {} : { stopTicks }),
      } as OrderSpec;
      if (this.#isBeyondCollar(order.contractIndex, spec)) return 'price-collar';
    }
    if (!isLarger) return null;
    const earlier = this.#asked.get(order);
    this.#asked.set(order, qty);
    this.#scan();
    const isReducing = this.#isReducing(order);
    let reason: DenialReason | null = null;
    if (!isReducing)
      reason =
        limits.tradingState === 'reducing' ? 'reducing-only' : this.#whyNotOpen(order, input);
    this.#earlierAsk = earlier;
    if (reason !== null) this.takeBackChange(order);
    return reason;
  }

  /** The change that was judged last is not made after all. */
  takeBackChange(order: Order): void {
    if (this.#earlierAsk === undefined) this.#asked.delete(order);
    else this.#asked.set(order, this.#earlierAsk);
  }

  /** The change of an order has left, where its terms stand as pending, or never will. */
  forgetChange(order: Order): void {
    if (this.#asked.size > 0) this.#asked.delete(order);
  }

  /** Largest quantity that the order may come to have: its own, or that of a change on its way. */
  #largest(order: Order): number {
    const pending = order.pending?.qty ?? 0;
    const asked = this.#asked.size === 0 ? 0 : (this.#asked.get(order) ?? 0);
    return Math.max(order.orderQty, pending, asked);
  }

  #whyNotOpen(order: Order, { tradeDate, nowUs }: RiskCheck): DenialReason | null {
    if (this.isCalled) return 'margin-call';
    if (this.isNearDelivery[order.contractIndex] === 1) return 'near-delivery';
    if (this.#worstPosition(order) > this.#limits.positionQtyMax) return 'max-position';
    const reason = this.opening?.deny(order, nowUs, this.#worst) ?? null;
    if (reason !== null) return reason;
    const needed = this.#marginNeeded(tradeDate);
    if (Number.isNaN(needed)) return 'no-price';
    return needed > this.#portfolio.equityMicros() ? 'margin' : null;
  }

  /** Whether an order can only make a position smaller; asked after `check`. */
  isReducing(order: Order): boolean {
    return this.#isReducing(order);
  }

  /** The largest weighted position that could come of what is held and of what works; asked after `check`. */
  worstContracts(weightOf: (contractIndex: number) => number): number {
    let sum = 0;
    for (const c of this.#portfolio.held)
      if (this.#isInUse[c] === 0) sum += this.#worstOf(c, weightOf);
    for (const c of this.#inUse) sum += this.#worstOf(c, weightOf);
    return sum;
  }

  #worstOf(c: number, weightOf: (contractIndex: number) => number): number {
    return this.#worstQty(c) * weightOf(c);
  }

  /**
   * Where the position of a contract could end on one side if every working order filled in the worst order: an exit that
   * fills first takes away what a reversal was to close, and then all of the reversal opens.
   */
  #furthest(c: number, side: number): number {
    const net = this.#portfolio.netQty[c]!;
    if (side === 1) return (net < 0 ? Math.min(0, net + this.#exitBuys[c]!) : net) + this.#buys[c]!;
    return (net > 0 ? Math.max(0, net - this.#exitSells[c]!) : net) - this.#sells[c]!;
  }

  /** The largest position of a contract, either way. */
  #worstQty(c: number): number {
    return Math.max(Math.abs(this.#furthest(c, 1)), Math.abs(this.#furthest(c, -1)));
  }

  /**
   * Working buys and sells that could enlarge a position, by contract: held children and reduce-only orders cannot, and
   * of a group's peers only the largest counts. One pass over the open orders, the order in hand among them.
   */
  #scan(): void {
    for (const c of this.#inUse) {
      this.#buys[c] = 0;
      this.#sells[c] = 0;
      this.#isInUse[c] = 0;
    }
    if (this.#inUse.length > 0) this.#inUse.length = 0;
    if (this.#groups.size > 0) this.#groups.clear();
    for (const c of this.#withExits) {
      this.#exitBuys[c] = 0;
      this.#exitSells[c] = 0;
    }
    if (this.#withExits.size > 0) this.#withExits.clear();
    for (const order of this.#orders.open()) {
      const c = order.contractIndex;
      if (order.reduceOnly || order.working === 'held') {
        this.#withExits.add(c);
        if (order.side === 1) this.#exitBuys[c]! += order.leavesQty;
        else this.#exitSells[c]! += order.leavesQty;
        continue;
      }
      if (this.#isInUse[c] === 0) {
        this.#isInUse[c] = 1;
        this.#inUse.push(c);
      }
      if (order.groupId !== null) this.#addToGroup(order, order.groupId);
      else if (order.side === 1) this.#buys[c]! += this.#largest(order) - order.cumQty;
      else this.#sells[c]! += this.#largest(order) - order.cumQty;
    }
    if (this.#groups.size === 0) return;
    for (const { contractIndex: c, buys, sells } of this.#groups.values()) {
      this.#buys[c]! += buys;
      this.#sells[c]! += sells;
    }
  }

  #addToGroup(order: Order, groupId: GroupId): void {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { contractIndex: order.contractIndex, buys: 0, sells: 0 };
      this.#groups.set(groupId, group);
    }
    const qty = this.#largest(order) - order.cumQty;
    if (order.side === 1) group.buys = Math.max(group.buys, qty);
    else group.sells = Math.max(group.sells, qty);
  }

  #isReducing(order: Order): boolean {
    if (order.reduceOnly) return true;
    const net = this.#portfolio.netQty[order.contractIndex]!;
    if (net === 0 || Math.sign(net) === order.side) return false;
    const working = order.side === 1 ? this.#buys : this.#sells;
    return working[order.contractIndex]! <= Math.abs(net);
  }

  #isThrottled(nowUs: TsUs): boolean {
    const { ordersPerInterval, intervalUs } = this.#limits;
    if (!Number.isFinite(ordersPerInterval)) return false;
    let stale = 0;
    while (stale < this.#sentUs.length && this.#sentUs[stale]! <= nowUs - intervalUs) stale += 1;
    if (stale > 0) this.#sentUs.splice(0, stale);
    return this.#sentUs.length >= ordersPerInterval;
  }

  #isDuplicate(input: RiskCheck): boolean {
    const { duplicateWindowUs } = this.#limits;
    if (!(duplicateWindowUs > 0)) return false;
    const { spec, groupId } = input.order;
    // Legs of one group may well be alike.
    const key = JSON.stringify([
      groupId,
      spec.contract,
      spec.side,
      spec.type,
      spec.qty,
      'limitTicks' in spec ? spec.limitTicks : null,
      'stopTicks' in spec ? spec.stopTicks : null,
    ]);
    const last = this.#lastSame.get(key);
    const isSame = last !== undefined && input.nowUs - last < duplicateWindowUs;
    if (!isSame) {
      if (this.#lastSame.size >= SAME_KEPT) this.#forgetSame(input.nowUs - duplicateWindowUs);
      this.#lastSame.set(key, input.nowUs);
    }
    return isSame;
  }

  /** What was sent before the window can be the double of nothing any more. */
  #forgetSame(beforeUs: number): void {
    for (const [key, sentUs] of this.#lastSame) if (sentUs <= beforeUs) this.#lastSame.delete(key);
  }

  /**
   * Whether the order could trade at once, or as soon as it is triggered, further from the market than the collar allows.
   * A price on the passive side rests: a buy limit far below, a stop that the market has yet to reach.
   */
  #isBeyondCollar(contractIndex: number, spec: OrderSpec): boolean {
    if (!Number.isFinite(this.#limits.collarPct)) return false;
    let from = this.#portfolio.lastTicks[contractIndex]!;
    // At prices around zero a percentage means nothing; a hundred ticks are always allowed.
    const room = Math.max((Math.abs(from) * this.#limits.collarPct) / 100, 100);
    if ('stopTicks' in spec && spec.stopTicks !== undefined) {
      const isTouch = spec.type === 'market-if-touched' || spec.type === 'limit-if-touched';
      const past = (from - spec.stopTicks) * (isTouch ? -spec.side : spec.side);
      if (past > room) return true;
      // A limit behind a trigger that has yet to be reached is judged from the trigger.
      if (past < 0) from = spec.stopTicks;
    }
    return 'limitTicks' in spec && (spec.limitTicks - from) * spec.side > room;
  }

  /** Largest absolute position of the product, over all its expiries, if every working order of one side filled. */
  #worstPosition(order: Order): number {
    const { instrumentIndex } = this.#table;
    const row = instrumentIndex[order.contractIndex]!;
    const { held, netQty } = this.#portfolio;
    let worst = 0;
    for (const c of held)
      if (instrumentIndex[c] === row) worst += order.side * this.#furthest(c, order.side);
    for (const c of this.#inUse)
      if (instrumentIndex[c] === row && netQty[c] === 0)
        worst += order.side * this.#furthest(c, order.side);
    return worst;
  }

  /** Initial margin that working orders hold back beyond that of the positions; 0 when none works. Base currency. */
  reservedMicros(tradeDate: MarginDate): number {
    this.#scan();
    return this.#marginNeeded(tradeDate) - this.#heldMargin(tradeDate);
  }

  #heldMargin(tradeDate: MarginDate): number {
    return this.#portfolio.requirement(
      'initial',
      this.#portfolio.held,
      (c) => this.#portfolio.netQty[c]!,
      tradeDate,
    );
  }

  /** Initial margin of what is held and of what could come to be held; NaN when a contract among them has no price. */
  #marginNeeded(tradeDate: MarginDate): number {
    if (this.#portfolio.hasScan) return this.#portfolioNeeded(tradeDate);
    let needed = 0;
    for (const c of this.#portfolio.held)
      if (this.#isInUse[c] === 0) needed += this.#marginOf(c, tradeDate);
    for (const c of this.#inUse) needed += this.#marginOf(c, tradeDate);
    return needed;
  }

  /**
   * Where products offset each other: the most of nothing filled, all buys, all sells, and each contract's own orders alone,
   * so that no order borrows a credit from another that may not fill.
   */
  #portfolioNeeded(tradeDate: MarginDate): number {
    const { held, netQty, lastTicks } = this.#portfolio;
    const rows = [...held, ...this.#inUse.filter((c) => netQty[c] === 0)];
    if (rows.some((c) => Number.isNaN(lastTicks[c]!))) return NaN;
    const cases: ((c: number) => number)[] = [
      (c) => netQty[c]!,
      (c) => netQty[c]! + this.#buys[c]!,
      (c) => netQty[c]! - this.#sells[c]!,
      (c) => this.#furthest(c, 1),
      (c) => this.#furthest(c, -1),
    ];
    const needed = cases.map((net) => this.#portfolio.requirement('initial', rows, net, tradeDate));
    for (const one of this.#inUse)
      for (const net of cases.slice(1))
        needed.push(
          this.#portfolio.requirement(
            'initial',
            rows,
            (c) => (c === one ? net(c) : netQty[c]!),
            tradeDate,
          ),
        );
    return Math.max(...needed);
  }

  #marginOf(c: number, tradeDate: MarginDate): number {
    const qty = this.#worstQty(c);
    if (qty === 0) return 0;
    if (Number.isNaN(this.#portfolio.lastTicks[c]!)) return NaN;
    return qty * this.#portfolio.marginPerContract('initial', c, tradeDate);
  }
}
