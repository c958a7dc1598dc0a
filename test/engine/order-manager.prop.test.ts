import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecutionReport } from '../../src/core/execution.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { OrdStatus } from '../../src/core/order.ts';
import { isTerminal, ORDER_TRANSITIONS, Side, toClOrdId } from '../../src/core/order.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import { OrderManager } from '../../src/engine/order-manager.ts';
import type { Order } from '../../src/engine/order-manager.ts';

const ID = toClOrdId('O', 1);
const KINDS: readonly ExecutionReport['kind'][] = [
  'Accepted',
  'Rejected',
  'Canceled',
  'Expired',
  'Triggered',
  'Released',
  'Parked',
  'Unparked',
  'Replaced',
  'ReplaceRejected',
  'CancelRejected',
  'Restated',
];

function create(manager: OrderManager, qty: number): Order {
  return manager.create({
    clOrdId: ID,
    contractIndex: 0,
    spec: { type: 'market', contract: 'ESZ2025' as ContractId, side: Side.Buy, qty: qty as Qty },
    role: 'single',
    groupId: null,
    nowUs: 0 as TsUs,
    isHeld: false,
    isRoll: false,
  });
}

function report(
  kind: ExecutionReport['kind'],
  more: Partial<ExecutionReport> = {},
): ExecutionReport {
  return { kind, clOrdId: ID, orderId: 'V1', contractIndex: 0, tsUs: 1 as TsUs, ...more };
}

function fill(execId: string, qty: number, price = 100): ExecutionReport {
  return report('Fill', {
    fill: {
      execId,
      lastQty: qty as Qty,
      lastPriceTicks: price as PriceTicks,
      feeMicros: 0 as CashMicros,
      commissionMicros: 0 as CashMicros,
    },
  });
}

type Step =
  | { readonly kind: 'report'; readonly report: ExecutionReport['kind']; readonly qty: number }
  | { readonly kind: 'fill'; readonly exec: number; readonly qty: number }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'replace' }
  | { readonly kind: 'lost' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('report' as const),
    report: fc.constantFrom(...KINDS),
    qty: fc.integer({ min: 1, max: 9 }),
  }),
  // Few execution ids on purpose: duplicates must be common.
  fc.record({
    kind: fc.constant('fill' as const),
    exec: fc.integer({ min: 0, max: 5 }),
    qty: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'replace' as const, 'lost' as const) }),
);

function apply(manager: OrderManager, order: Order, one: Step): boolean {
  if (one.kind === 'cancel') return manager.applyCancelRequest(order, 2 as TsUs);
  if (one.kind === 'replace') return manager.applyReplaceRequest(order, 2 as TsUs);
  if (one.kind === 'lost') return manager.applyLost(order, 2 as TsUs);
  if (one.kind === 'fill') {
    // A venue never fills more than it holds; that it would is a bug and asserted.
    const qty = Math.min(one.qty, order.leavesQty);
    return qty > 0 && manager.applyReport(fill(`X${one.exec}`, qty)) !== null;
  }
  const restated =
    one.report === 'Replaced' || one.report === 'Restated' ? { orderQty: one.qty as Qty } : {};
  return manager.applyReport(report(one.report, restated)) !== null;
}

describe('order state', () => {
  it('keeps its invariants under any sequence of events', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const manager = new OrderManager();
        const order = create(manager, 6);
        const execs = new Set<string>();
        let filled = 0;
        for (const one of steps) {
          const before = { ...order.snapshot() };
          const isDuplicate = one.kind === 'fill' && execs.has(`X${one.exec}`);
          const changed = apply(manager, order, one);
          if (changed && one.kind === 'fill') {
            expect(isDuplicate).toBe(false);
            execs.add(`X${one.exec}`);
            filled += order.cumQty - before.cumQty;
          }
          if (!changed || isTerminal(before.status)) expect(order.snapshot()).toEqual(before);
          const leaves = isTerminal(order.status) ? 0 : order.orderQty - order.cumQty;
          expect(order.leavesQty).toBe(leaves);
          expect(order.cumQty).toBe(filled);
          expect(order.cumQty).toBeLessThanOrEqual(order.orderQty);
          expect(order.status === 'Filled').toBe(
            order.cumQty === order.orderQty && order.status === 'Filled',
          );
          expect([...manager.open()].includes(order)).toBe(!isTerminal(order.status));
          if (order.status !== before.status)
            expect(
              Object.values(ORDER_TRANSITIONS[before.status as OrdStatus] ?? {}).some(
                (to) => to === order.status || to === 'back',
              ),
            ).toBe(true);
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('takes fills while a cancel is pending, and a fill that empties the order wins', () => {
    const manager = new OrderManager();
    const order = create(manager, 2);
    manager.applyReport(report('Accepted'));
    manager.applyCancelRequest(order, 1 as TsUs);
    expect(manager.applyReport(fill('A', 1))!.kind).toBe('PartialFill');
    expect(order.status).toBe('PendingCancel');
    expect(manager.applyReport(fill('B', 1, 103))!.kind).toBe('Fill');
    expect(order).toMatchObject({ status: 'Filled', leavesQty: 0, avgPriceTicks: 101.5 });
    expect(manager.applyReport(report('Canceled'))).toBeNull();
    expect(manager.ignored.terminalOrder).toBe(1);
  });

  it('returns from a rejected cancel to what the fills say', () => {
    const manager = new OrderManager();
    const order = create(manager, 2);
    manager.applyReport(report('Accepted'));
    manager.applyReport(fill('A', 1));
    manager.applyCancelRequest(order, 1 as TsUs);
    manager.applyReport(report('CancelRejected'));
    expect(order.status).toBe('PartiallyFilled');
  });

  it('knows a late duplicate of an order that ended thousands of orders ago', () => {
    const manager = new OrderManager();
    const of = (n: number): ExecutionReport => ({
      ...fill(`x-${n}`, 1),
      clOrdId: toClOrdId('O', n),
    });
    for (let n = 1; n <= 5000; n += 1) {
      manager.create({
        clOrdId: toClOrdId('O', n),
        contractIndex: 0,
        spec: { type: 'market', contract: 'ESZ2025' as ContractId, side: Side.Buy, qty: 1 as Qty },
        role: 'single',
        groupId: null,
        nowUs: 0 as TsUs,
        isHeld: false,
        isRoll: false,
      });
      expect(manager.applyReport(of(n))?.kind).toBe('Fill');
    }
    expect(manager.openCount).toBe(0);
    // The first is known by its id alone; the last is still there, and so is the id of its fill.
    expect(manager.get(toClOrdId('O', 1))).toBeNull();
    expect(manager.hasEnded(toClOrdId('O', 1))).toBe(true);
    expect(manager.applyReport(of(1))).toBeNull();
    expect(manager.ignored.terminalOrder).toBe(1);
    expect(manager.get(toClOrdId('O', 5000))?.status).toBe('Filled');
    expect(manager.applyReport(of(5000))).toBeNull();
    expect(manager.ignored.duplicateFill).toBe(1);
    // Its neighbour never was.
    expect(manager.applyReport(of(5001))).toBeNull();
    expect(manager.ignored.unknownOrder).toBe(1);
    expect(() => create(manager, 1)).toThrow('unique');
  });

  it('counts a duplicate execution and changes nothing', () => {
    const manager = new OrderManager();
    const order = create(manager, 2);
    manager.applyReport(fill('A', 1));
    expect(manager.applyReport(fill('A', 1))).toBeNull();
    expect(order.cumQty).toBe(1);
    expect(manager.ignored.duplicateFill).toBe(1);
  });

  it('treats a fill beyond the order as a bug', () => {
    const manager = new OrderManager();
    create(manager, 2);
    expect(() => manager.applyReport(fill('A', 3))).toThrow(/cumQty never exceeds orderQty/);
  });

  it('counts reports of orders that it does not know', () => {
    const manager = new OrderManager();
    expect(manager.applyReport(report('Accepted'))).toBeNull();
    expect(manager.ignored.unknownOrder).toBe(1);
  });
});
