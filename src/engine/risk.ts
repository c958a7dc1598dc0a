/**
 * The pre-trade risk gate: every order passes it, in every mode. A denial is a market outcome with a stable reason code,
 * never an exception. Cancels are never denied; neither are the two legs of a roll, which change no exposure.
 */
import type { ContractTable } from '../core/instrument.ts';
import type { GroupId, OrderSpec } from '../core/order.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { RiskLimits } from './config.ts';
import type { Order, OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';

/** Stable: they reach disk and user interfaces. */
export type DenialReason =
  | 'halted'
  | 'reducing-only'
  | 'max-order-qty'
  | 'throttle'
  | 'duplicate'
  | 'price-collar'
  | 'max-position'
  | 'margin';

export interface RiskCheck {
  readonly order: Order;
  readonly nowUs: TsUs;
  readonly tradeDate: TradeDate;
}

interface Exposure {
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

  constructor(options: {
    readonly limits: RiskLimits;
    readonly table: ContractTable;
    readonly orders: OrderManager;
    readonly portfolio: Portfolio;
  }) {
    this.#limits = options.limits;
    this.#table = options.table;
    this.#orders = options.orders;
    this.#portfolio = options.portfolio;
  }

  /** The reason of a denial, or null; an allowed order counts against the throttle. The order is in the manager already. */
  check(input: RiskCheck): DenialReason | null {
    const { order } = input;
    const { spec, contractIndex } = order;
    const limits = this.#limits;
    if (limits.tradingState === 'halted') return 'halted';
    const isReducing = this.#isReducing(order);
    if (limits.tradingState === 'reducing' && !isReducing) return 'reducing-only';
    if (spec.qty > limits.orderQtyMax) return 'max-order-qty';
    if (this.#isThrottled(input.nowUs)) return 'throttle';
    if (this.#isDuplicate(input)) return 'duplicate';
    if (!spec.reduceOnly && this.#isBeyondCollar(contractIndex, spec)) return 'price-collar';
    if (!isReducing) {
      if (this.#worstPosition(order) > limits.positionQtyMax) return 'max-position';
      if (this.#lacksMargin(input)) return 'margin';
    }
    this.#sentUs.push(input.nowUs);
    return null;
  }

  /**
   * Working buys and sells of a contract that could enlarge a position: held children and reduce-only orders cannot, and
   * of a group's peers only the largest counts.
   */
  #working(contractIndex: number): Exposure {
    const total: Exposure = { buys: 0, sells: 0 };
    const byGroup = new Map<GroupId, Exposure>();
    for (const order of this.#orders.open()) {
      if (order.contractIndex !== contractIndex || order.reduceOnly || order.working === 'held')
        continue;
      addOrder(order, total, byGroup);
    }
    for (const group of byGroup.values()) {
      total.buys += group.buys;
      total.sells += group.sells;
    }
    return total;
  }

  #isReducing(order: Order): boolean {
    if (order.reduceOnly) return true;
    const net = this.#portfolio.netQty[order.contractIndex]!;
    if (net === 0 || Math.sign(net) === order.side) return false;
    const working = this.#working(order.contractIndex);
    return (order.side === 1 ? working.buys : working.sells) <= Math.abs(net);
  }

  #isThrottled(nowUs: TsUs): boolean {
    const { ordersPerInterval, intervalUs } = this.#limits;
    if (!Number.isFinite(ordersPerInterval)) {
      this.#sentUs.length = 0;
      return false;
    }
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
    if (!isSame) this.#lastSame.set(key, input.nowUs);
    return isSame;
  }

  #isBeyondCollar(contractIndex: number, spec: OrderSpec): boolean {
    const last = this.#portfolio.lastTicks[contractIndex]!;
    if (Number.isNaN(last) || !Number.isFinite(this.#limits.collarPct)) return false;
    // At prices around zero a percentage means nothing; a hundred ticks are always allowed.
    const room = Math.max((Math.abs(last) * this.#limits.collarPct) / 100, 100);
    const limit = 'limitTicks' in spec ? spec.limitTicks : last;
    const stop = 'stopTicks' in spec && spec.stopTicks !== undefined ? spec.stopTicks : last;
    return Math.abs(limit - last) > room || Math.abs(stop - last) > room;
  }

  /** Largest absolute position of the product, over all its expiries, if every working order of one side filled. */
  #worstPosition(order: Order): number {
    const row = this.#table.instrumentIndex[order.contractIndex]!;
    let worst = this.#portfolio.netQtyOfInstrument(row);
    for (const c of this.#contractsInUse()) {
      if (this.#table.instrumentIndex[c] !== row) continue;
      const working = this.#working(c);
      worst += order.side === 1 ? working.buys : -working.sells;
    }
    return Math.abs(worst);
  }

  #lacksMargin(input: RiskCheck): boolean {
    let needed = 0;
    for (const c of this.#contractsInUse()) {
      const net = this.#portfolio.netQty[c]!;
      const working = this.#working(c);
      const qty = Math.max(Math.abs(net + working.buys), Math.abs(net - working.sells));
      if (qty !== 0)
        needed += qty * this.#portfolio.marginPerContract('initial', c, input.tradeDate);
    }
    return needed > this.#portfolio.equityMicros();
  }

  /** Contracts with a position or an open order, the order in hand included. */
  #contractsInUse(): Set<number> {
    const contracts = new Set<number>(this.#portfolio.touched);
    for (const order of this.#orders.open()) contracts.add(order.contractIndex);
    return contracts;
  }
}

function addOrder(order: Order, total: Exposure, byGroup: Map<GroupId, Exposure>): void {
  const buys = order.side === 1 ? order.leavesQty : 0;
  const sells = order.side === -1 ? order.leavesQty : 0;
  if (order.groupId === null) {
    total.buys += buys;
    total.sells += sells;
    return;
  }
  const group = byGroup.get(order.groupId) ?? { buys: 0, sells: 0 };
  group.buys = Math.max(group.buys, buys);
  group.sells = Math.max(group.sells, sells);
  byGroup.set(order.groupId, group);
}
