/** What working orders hold back: the risk gate's own figure, through every way in which an order can end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractTable } from '../../src/core/instrument.ts';
import { defaultAccountRules } from '../../src/core/money/account-rules.ts';
import type { OrderSpec } from '../../src/core/order.ts';
import { toClOrdId } from '../../src/core/order.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate } from '../../src/core/units.ts';
import { OrderManager } from '../../src/engine/order-manager.ts';
import { Portfolio } from '../../src/engine/portfolio.ts';
import { RiskGate } from '../../src/engine/risk.ts';
import { at, contract, product } from '../support/engine-world.ts';

const SPECS = [product('ES', 0.25, 50), product('NQ', 0.25, 20)];
const table = new ContractTable(
  SPECS,
  SPECS.map((spec) => contract(spec.root, 3, at(100, 12))),
);
const DATE = 20_000 as TradeDate;
const EACH = [10_000e6, 18_000e6];

function create(isScan: boolean): { orders: OrderManager; portfolio: Portfolio; risk: RiskGate } {
  const margin = (c: number): CashMicros => EACH[c] as CashMicros;
  const portfolio = new Portfolio({
    table,
    rates: { base: 'USD', rate: () => 1 },
    margin: { initialMicros: margin, maintenanceMicros: margin },
    capitalMicros: 1e12 as CashMicros,
    account: {
      ...defaultAccountRules(2),
      scan: isScan
        ? {
            products: [
              { root: 'ES', rangeMicros: 10_000e6, interMonthMicros: 0 },
              { root: 'NQ', rangeMicros: 18_000e6, interMonthMicros: 0 },
            ],
            credits: [
              {
                legs: [
                  { root: 'ES', ratio: 1 },
                  { root: 'NQ', ratio: 1 },
                ],
                creditPct: 50,
              },
            ],
            initialFactor: 1,
          }
        : null,
    },
  });
  portfolio.setRateDate(DATE);
  portfolio.lastTicks.fill(16_000);
  const orders = new OrderManager();
  const limits = {
    orderQtyMax: 100,
    positionQtyMax: 100,
    ordersPerInterval: Infinity,
    intervalUs: 1,
    collarPct: Infinity,
    duplicateWindowUs: 0,
    tradingState: 'active',
  } as const;
  return { orders, portfolio, risk: new RiskGate({ limits, table, orders, portfolio }) };
}

function work(
  orders: OrderManager,
  id: number,
  c: number,
  side: 1 | -1,
  qty: number,
  more: { groupId?: number; isHeld?: boolean; reduceOnly?: boolean } = {},
): void {
  const spec = {
    contract: table.contractAt(c).id,
    side,
    qty,
    type: 'limit',
    limitTicks: 16_000,
    ...(more.reduceOnly === true ? { reduceOnly: true } : {}),
  } as OrderSpec;
  orders.create({
    clOrdId: toClOrdId('O', id),
    contractIndex: c,
    spec,
    role: 'single',
    groupId: more.groupId === undefined ? null : toClOrdId('G', more.groupId),
    nowUs: at(0, 10),
    isHeld: more.isHeld ?? false,
    isRoll: false,
  });
  orders.applyReport({
    kind: 'Accepted',
    clOrdId: toClOrdId('O', id),
    orderId: null,
    contractIndex: c,
    tsUs: at(0, 10),
  } as never);
}

describe('the margin that working orders reserve', () => {
  it('is the worse of all buys and all sells, held exits and peers of an OCO left out', () => {
    const { orders, portfolio, risk } = create(false);
    work(orders, 1, 0, 1, 2);
    work(orders, 2, 0, -1, 3);
    expect(risk.reservedMicros(DATE)).toBe(30_000e6);
    work(orders, 3, 0, -1, 5, { isHeld: true });
    work(orders, 4, 0, -1, 5, { reduceOnly: true });
    expect(risk.reservedMicros(DATE)).toBe(30_000e6);
    // A group counts its largest peer once.
    work(orders, 5, 1, 1, 1, { groupId: 1 });
    work(orders, 6, 1, 1, 2, { groupId: 1 });
    expect(risk.reservedMicros(DATE)).toBe(30_000e6 + 36_000e6);
    // A position that the order would close frees it: long three, sell three.
    portfolio.applyFill(0, 3, 16_000 as PriceTicks, 0 as CashMicros);
    expect(risk.reservedMicros(DATE)).toBe(20_000e6 + 36_000e6);
  });

  it('lends no order of a portfolio a credit from another that may not fill', () => {
    const { orders, portfolio, risk } = create(true);
    work(orders, 1, 0, 1, 1);
    work(orders, 2, 1, -1, 1);
    // Both filled need 14000, either alone 10000 or 18000.
    expect(risk.reservedMicros(DATE)).toBe(18_000e6);
    portfolio.applyFill(0, 1, 16_000 as PriceTicks, 0 as CashMicros);
    expect(portfolio.marginMicros('initial', DATE)).toBe(10_000e6);
  });

  it('returns to zero when nothing works, whatever was sent, filled and cancelled', () => {
    const step = fc.record({
      c: fc.integer({ min: 0, max: 1 }),
      side: fc.constantFrom(1 as const, -1 as const),
      qty: fc.integer({ min: 1, max: 6 }),
      end: fc.constantFrom('fill' as const, 'cancel' as const, 'expire' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, isScan) => {
        const { orders, portfolio, risk } = create(isScan);
        steps.forEach(({ c, side, qty }, i) => {
          work(orders, i + 1, c, side, qty);
          expect(risk.reservedMicros(DATE)).toBeGreaterThanOrEqual(0);
        });
        steps.forEach(({ c, side, qty, end }, i) => {
          const common = {
            clOrdId: toClOrdId('O', i + 1),
            orderId: null,
            contractIndex: c,
            tsUs: at(0, 11),
          };
          if (end === 'fill') {
            portfolio.applyFill(c, side * qty, 16_000 as PriceTicks, 0 as CashMicros);
            orders.applyReport({
              ...common,
              kind: 'Fill',
              fill: {
                execId: `X${i}`,
                lastQty: qty as Qty,
                lastPriceTicks: 16_000 as PriceTicks,
                feeMicros: 0 as CashMicros,
                commissionMicros: 0 as CashMicros,
              },
            });
          } else orders.applyReport({ ...common, kind: end === 'cancel' ? 'Canceled' : 'Expired' });
        });
        expect(orders.openCount).toBe(0);
        expect(risk.reservedMicros(DATE)).toBe(0);
      }),
      { seed: 16, numRuns: Number(process.env['FRONTMONTH_MONEY_RUNS'] ?? 200) },
    );
  });
});
