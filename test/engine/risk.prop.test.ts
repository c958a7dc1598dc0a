/** The risk gate under random histories: what it lets pass never takes a position beyond its limit, whatever fills first. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractTable } from '../../src/core/instrument.ts';
import { defaultAccountRules } from '../../src/core/money/account-rules.ts';
import type { ClOrdId, OrderSpec } from '../../src/core/order.ts';
import { toClOrdId } from '../../src/core/order.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate } from '../../src/core/units.ts';
import type { RiskLimits } from '../../src/engine/config.ts';
import type { Order } from '../../src/engine/order-manager.ts';
import { OrderManager } from '../../src/engine/order-manager.ts';
import { Portfolio } from '../../src/engine/portfolio.ts';
import { RiskGate } from '../../src/engine/risk.ts';
import { at, contract, product } from '../support/engine-world.ts';

const SPECS = [product('ES', 0.25, 50)];
const table = new ContractTable(SPECS, [contract('ES', 3, at(100, 12))]);
const DATE = 20_000 as TradeDate;
const LIMIT = 4;

class World {
  readonly orders: OrderManager = new OrderManager();
  readonly portfolio: Portfolio;
  readonly risk: RiskGate;
  #next: number = 1;
  #fills: number = 1;

  constructor(limits: Partial<RiskLimits> = {}) {
    const margin = (): CashMicros => 1_000e6 as CashMicros;
    this.portfolio = new Portfolio({
      table,
      rates: { base: 'USD', rate: () => 1 },
      margin: { initialMicros: margin, maintenanceMicros: margin },
      capitalMicros: 1e12 as CashMicros,
      account: defaultAccountRules(1),
    });
    this.portfolio.setRateDate(DATE);
    this.portfolio.lastTicks.fill(16_000);
    this.risk = new RiskGate({
      limits: {
        orderQtyMax: 100,
        positionQtyMax: LIMIT,
        ordersPerInterval: Infinity,
        intervalUs: 1,
        collarPct: Infinity,
        duplicateWindowUs: 0,
        tradingState: 'active',
        ...limits,
      },
      table,
      orders: this.orders,
      portfolio: this.portfolio,
    });
  }

  get net(): number {
    return this.portfolio.netQty[0]!;
  }

  submit(side: 1 | -1, qty: number, reduceOnly = false): string | null {
    const spec = {
      contract: table.contractAt(0).id,
      side,
      qty,
      type: 'limit',
      limitTicks: 16_000,
      ...(reduceOnly ? { reduceOnly } : {}),
    } as OrderSpec;
    const order = this.orders.create({
      clOrdId: toClOrdId('O', this.#next++),
      contractIndex: 0,
      spec,
      role: 'single',
      groupId: null,
      nowUs: at(0, 10),
      isHeld: false,
      isRoll: false,
    });
    const reason = this.risk.check({ order, nowUs: at(0, 10), tradeDate: () => DATE });
    if (reason !== null) this.orders.applyDenial(order, reason, at(0, 10));
    return reason;
  }

  change(order: Order, qty: number): string | null {
    const check = { order, nowUs: at(0, 10), tradeDate: () => DATE };
    const reason = this.risk.checkChange(check, { qty });
    if (reason === null) {
      this.risk.forgetChange(order);
      this.orders.applyReplaceRequest(order, at(0, 10), { qty });
    }
    return reason;
  }

  tell(order: Order, kind: string, more: object = {}): void {
    const { clOrdId } = order;
    const common = { clOrdId, orderId: null, contractIndex: 0, tsUs: at(0, 11) };
    this.orders.applyReport({ ...common, kind, ...more } as never);
  }

  /** As the venue fills: a reduce-only order never more than the position. */
  fill(order: Order, asked: number): void {
    const { net } = this;
    const room = net * order.side < 0 ? Math.abs(net) : 0;
    const qty = Math.min(asked, order.leavesQty, order.reduceOnly ? room : Infinity);
    if (qty <= 0) return;
    this.portfolio.applyFill(0, order.side * qty, 16_000 as PriceTicks, 0 as CashMicros);
    const fill = {
      execId: `X${this.#fills++}`,
      lastQty: qty as Qty,
      lastPriceTicks: 16_000 as PriceTicks,
      feeMicros: 0 as CashMicros,
      commissionMicros: 0 as CashMicros,
    };
    this.tell(order, 'Fill', { fill });
  }

  open(): Order[] {
    return [...this.orders.open()];
  }

  order(id: number): Order {
    return this.orders.get(toClOrdId('O', id) as ClOrdId)!;
  }
}

/** The largest position that some order of the fills can lead to, found by trying them all. */
function worstOf(net: number, open: readonly Order[]): number {
  let worst = Math.abs(net);
  open.forEach((order, i) => {
    const rest = open.filter((_, j) => j !== i);
    const leaves = Math.max(order.orderQty, order.pending?.qty ?? 0) - order.cumQty;
    const room = net * order.side < 0 ? Math.abs(net) : 0;
    const qty = order.reduceOnly ? Math.min(leaves, room) : leaves;
    if (qty > 0) worst = Math.max(worst, worstOf(net + order.side * qty, rest));
  });
  return worst;
}

const side = fc.constantFrom(1 as const, -1 as const);
const qty = fc.integer({ min: 1, max: 9 });
const at5 = fc.nat({ max: 4 });
const step = fc.oneof(
  fc.record({ do: fc.constant('submit' as const), side, qty, exit: fc.boolean() }),
  fc.record({ do: fc.constant('change' as const), at: at5, qty }),
  fc.record({ do: fc.constant('fill' as const), at: at5, qty }),
  fc.record({
    do: fc.constantFrom('Accepted', 'Canceled', 'Rejected', 'Lost', 'Replaced', 'ReplaceRejected'),
    at: at5,
  }),
);

describe('the position limit', () => {
  it('holds at every instant even if all that works or is unknown fills, in any order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          const open = world.open();
          if ('side' in one) {
            if (open.length < 5) world.submit(one.side, one.qty, one.exit);
          } else {
            const order = open[one.at];
            if (order === undefined) continue;
            if (one.do === 'change' && 'qty' in one) world.change(order, one.qty);
            else if (one.do === 'fill' && 'qty' in one) world.fill(order, one.qty);
            else if (one.do === 'Lost') world.orders.applyLost(order, at(0, 11));
            else if (one.do === 'Replaced' && order.pending?.qty !== undefined)
              world.tell(order, 'Replaced', { orderQty: order.pending.qty });
            else if (one.do !== 'Replaced') world.tell(order, one.do);
          }
          expect(worstOf(world.net, world.open())).toBeLessThanOrEqual(LIMIT);
        }
      }),
      { seed: 11, numRuns: Number(process.env['FRONTMONTH_MONEY_RUNS'] ?? 600) },
    );
  });

  it('counts an exit that may fill before a reversal does', () => {
    const short4 = (): World => {
      const world = new World();
      world.submit(-1, 4);
      world.fill(world.order(1), 4);
      return world;
    };
    expect(short4().submit(1, 5)).toBeNull();
    const world = short4();
    expect(world.submit(1, 4, true)).toBeNull();
    expect(world.submit(1, 5)).toBe('max-position');
    expect(world.submit(1, 4)).toBeNull();
  });

  it('counts a larger quantity that was asked for and not yet answered', () => {
    const world = new World();
    world.submit(1, 1);
    world.tell(world.order(1), 'Accepted');
    expect(world.change(world.order(1), 5)).toBe('max-position');
    expect(world.order(1).status).toBe('New');
    expect(world.change(world.order(1), 3)).toBeNull();
    expect(world.submit(1, 2)).toBe('max-position');
    expect(world.submit(1, 1)).toBeNull();
  });
});

describe('a change', () => {
  const accepted = (limits: Partial<RiskLimits>, isExit = false): World => {
    const world = new World(limits);
    if (isExit) {
      world.portfolio.applyFill(0, -2, 16_000 as PriceTicks, 0 as CashMicros);
    }
    world.submit(1, 2, isExit);
    world.tell(world.order(1), 'Accepted');
    return world;
  };
  const priced = (world: World, limitTicks: number): string | null =>
    world.risk.checkChange(
      { order: world.order(1), nowUs: at(0, 10), tradeDate: () => DATE },
      { limitTicks: limitTicks as PriceTicks },
    );

  it('to a smaller quantity passes every limit, and one to a larger does not', () => {
    expect(accepted({ orderQtyMax: 2 }).change(accepted({}).order(1), 1)).toBeNull();
    const world = accepted({ orderQtyMax: 2 });
    expect(world.change(world.order(1), 3)).toBe('max-order-qty');
  });

  it('of the price is judged by the collar, that of an exit is not', () => {
    expect(priced(accepted({ collarPct: 10 }), 17_600)).toBeNull();
    expect(priced(accepted({ collarPct: 10 }), 17_601)).toBe('price-collar');
    expect(priced(accepted({ collarPct: 10 }, true), 17_601)).toBeNull();
  });
});
