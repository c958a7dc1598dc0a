/** The order manager where the venue is right: late, doubled, reordered, unknown, and too much. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecutionReport } from '../../../src/core/execution.ts';
import type { ContractId } from '../../../src/core/instrument.ts';
import type { OrdStatus } from '../../../src/core/order.ts';
import { isTerminal, Side, toClOrdId } from '../../../src/core/order.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import { TS_MIN } from '../../../src/core/units.ts';
import type { Order } from '../../../src/engine/order-manager.ts';
import { OrderManager } from '../../../src/engine/order-manager.ts';

const ID = toClOrdId('ABCD-O', 1);

function create(manager: OrderManager, qty: number, number = 1): Order {
  return manager.create({
    clOrdId: toClOrdId('ABCD-O', number),
    contractIndex: 0,
    spec: {
      type: 'limit',
      limitTicks: 100 as PriceTicks,
      contract: 'ESZ2025' as ContractId,
      side: Side.Buy,
      qty: qty as Qty,
    },
    role: 'single',
    groupId: null,
    nowUs: 0 as TsUs,
    isHeld: false,
    isRoll: false,
  });
}

type Told = Partial<ExecutionReport> & { readonly kind: ExecutionReport['kind'] };

function report(told: Told): ExecutionReport {
  return { clOrdId: ID, orderId: 'V1', contractIndex: 0, tsUs: 1 as TsUs, ...told };
}

function fill(execId: string, qty: number, more: Partial<ExecutionReport> = {}): ExecutionReport {
  return report({
    kind: 'Fill',
    ...more,
    fill: {
      execId,
      lastQty: qty as Qty,
      lastPriceTicks: 100 as PriceTicks,
      feeMicros: 0 as CashMicros,
      commissionMicros: 0 as CashMicros,
    },
  });
}

const state = (kind: ExecutionReport['kind'], more: Partial<ExecutionReport> = {}) =>
  report({ kind, ...more });
const total = (cumQty: number) => fill('', 0, { cumQty: cumQty as Qty });

interface Row {
  readonly why: string;
  readonly qty?: number;
  readonly told: readonly ExecutionReport[];
  readonly status: OrdStatus;
  readonly cumQty: number;
  readonly surprises?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    why: 'a fill comes before the accept',
    told: [fill('a', 1), state('Accepted')],
    status: 'PartiallyFilled',
    cumQty: 1,
  },
  {
    why: 'the accept comes after the last fill',
    told: [fill('a', 2), state('Accepted')],
    status: 'Filled',
    cumQty: 2,
  },
  {
    why: 'a fill is told three times',
    told: [fill('a', 1), fill('a', 1), state('Accepted'), fill('a', 1)],
    status: 'PartiallyFilled',
    cumQty: 1,
  },
  {
    why: 'fills change places',
    told: [fill('b', 1), fill('a', 1)],
    status: 'Filled',
    cumQty: 2,
  },
  {
    why: 'the cancel of a filled order is confirmed',
    told: [fill('a', 2), state('Canceled')],
    status: 'Filled',
    cumQty: 2,
  },
  {
    why: 'the fill of a cancelled order is not lost, and does not bring it back',
    told: [state('Canceled'), fill('a', 2)],
    status: 'Canceled',
    cumQty: 2,
    surprises: ['after-end'],
  },
  {
    why: 'nor is it booked twice',
    told: [state('Canceled'), fill('a', 1), fill('a', 1), state('Accepted'), state('Canceled')],
    status: 'Canceled',
    cumQty: 1,
    surprises: ['after-end'],
  },
  {
    why: 'an order that was refused was filled all the same',
    told: [state('Rejected'), fill('a', 1)],
    status: 'Rejected',
    cumQty: 1,
    surprises: ['after-end'],
  },
  {
    why: 'the venue fills more than was asked for',
    told: [fill('a', 1), fill('b', 4)],
    status: 'Filled',
    cumQty: 5,
    surprises: ['beyond-quantity'],
  },
  {
    why: 'a venue without ids of executions tells totals: doubled, and one of them late',
    told: [total(1), total(1), total(2), total(1)],
    status: 'Filled',
    cumQty: 2,
  },
  {
    why: 'totals of a cancelled order',
    told: [total(1), state('Canceled'), total(1), total(2)],
    status: 'Canceled',
    cumQty: 2,
    surprises: ['after-end'],
  },
  {
    why: 'a fill of no contracts',
    told: [fill('a', 0)],
    status: 'PendingNew',
    cumQty: 0,
  },
  {
    why: 'a fill without a word on it',
    told: [state('Fill')],
    status: 'PendingNew',
    cumQty: 0,
  },
];

describe('an order at a real venue', () => {
  it.each(ROWS)(
    'ends as it should when $why',
    ({ qty = 2, told, status, cumQty, surprises = [] }) => {
      const manager = new OrderManager({ isLive: true });
      const order = create(manager, qty);
      const seen: string[] = [];
      let booked = 0;
      for (const one of told) {
        const applied = manager.applyReport(one);
        booked += applied?.fill?.lastQty ?? 0;
        if (applied?.surprise !== undefined) seen.push(applied.surprise);
      }
      expect(order).toMatchObject({ status, cumQty });
      expect(booked).toBe(cumQty);
      expect(seen).toEqual(surprises);
      expect(order.leavesQty).toBe(isTerminal(status) ? 0 : order.orderQty - cumQty);
      if (cumQty > 0) expect(order.avgPriceTicks).toBe(100);
      expect([...manager.open()].includes(order)).toBe(!isTerminal(status));
      if (told.some((one) => one.kind === 'Accepted')) expect(order.orderId).toBe('V1');
    },
  );

  it('keeps a fill apart from its double after thousands of others', () => {
    const manager = new OrderManager({ isLive: true });
    for (let n = 1; n <= 6000; n += 1) {
      create(manager, 1, n);
      manager.applyReport({ ...fill(`x${n}`, 1), clOrdId: toClOrdId('ABCD-O', n) });
    }
    expect(manager.applyReport({ ...fill('x1', 1), clOrdId: toClOrdId('ABCD-O', 1) })).toBeNull();
    expect(manager.ignored.duplicateFill).toBe(1);
    // Its neighbour, a fill that was never told, is booked on the order of long ago.
    const late = manager.applyReport({ ...fill('y1', 1), clOrdId: toClOrdId('ABCD-O', 1) });
    expect(late).toMatchObject({ surprise: 'after-end', order: { cumQty: 2, status: 'Filled' } });
  });

  it('takes fills of a larger quantity before it hears that its replace was carried out', () => {
    const manager = new OrderManager({ isLive: true });
    const order = create(manager, 2);
    manager.applyReport(state('Accepted'));
    manager.applyReplaceRequest(order, 2 as TsUs, { qty: 5 });
    expect(manager.applyReport(fill('a', 3))).not.toHaveProperty('surprise');
    expect(order).toMatchObject({ status: 'PendingReplace', orderQty: 5, cumQty: 3, leavesQty: 2 });
    manager.applyReport(state('Replaced', { orderQty: 5 as Qty }));
    expect(order).toMatchObject({ status: 'PartiallyFilled', leavesQty: 2, pending: null });
  });

  it('does not go back to older terms', () => {
    const manager = new OrderManager({ isLive: true });
    const order = create(manager, 2);
    manager.applyReport(state('Accepted'));
    const terms = (limitTicks: number, tsUs: number) =>
      state('Restated', { limitTicks: limitTicks as PriceTicks, tsUs: tsUs as TsUs });
    manager.applyReport(terms(103, 30));
    expect(manager.applyReport(terms(102, 20))).toBeNull();
    expect(order.limitTicks).toBe(103);
    manager.applyReport(terms(104, 40));
    expect(order.limitTicks).toBe(104);
  });
});

describe('an order in doubt', () => {
  const lost = (request: 'new' | 'replace' | 'cancel') => {
    const manager = new OrderManager({ isLive: true });
    const order = create(manager, 2);
    if (request !== 'new') manager.applyReport(state('Accepted'));
    if (request === 'replace')
      manager.applyReplaceRequest(order, 1 as TsUs, { limitTicks: 104 as PriceTicks });
    if (request === 'cancel') manager.applyCancelRequest(order, 1 as TsUs);
    manager.applyLost(order, 2 as TsUs, request);
    return { manager, order };
  };

  it.each([
    { request: 'new', told: state('Accepted'), certainty: 'known', status: 'New' },
    { request: 'new', told: fill('a', 1), certainty: 'known', status: 'PartiallyFilled' },
    { request: 'new', told: state('Rejected'), certainty: 'known', status: 'Rejected' },
    { request: 'cancel', told: fill('a', 1), certainty: 'unknown', status: 'PendingCancel' },
    { request: 'cancel', told: state('Triggered'), certainty: 'unknown', status: 'PendingCancel' },
    { request: 'cancel', told: fill('a', 2), certainty: 'known', status: 'Filled' },
    { request: 'cancel', told: state('Canceled'), certainty: 'known', status: 'Canceled' },
    { request: 'cancel', told: state('CancelRejected'), certainty: 'known', status: 'New' },
    { request: 'replace', told: fill('a', 1), certainty: 'unknown', status: 'PendingReplace' },
    { request: 'replace', told: state('Restated'), certainty: 'unknown', status: 'PendingReplace' },
    { request: 'replace', told: state('Replaced'), certainty: 'known', status: 'New' },
    { request: 'replace', told: state('ReplaceRejected'), certainty: 'known', status: 'New' },
  ] as const)(
    'about a $request is $certainty after $told.kind',
    ({ request, told, certainty, status }) => {
      const { manager, order } = lost(request);
      expect(order.certainty).toBe('unknown');
      manager.applyReport(told);
      expect(order).toMatchObject({ certainty, status });
      expect(order.doubt).toBe(certainty === 'known' ? null : request);
    },
  );

  it('is known when the venue was asked', () => {
    const { manager, order } = lost('cancel');
    expect(manager.applyReconciled(order, 3 as TsUs)).toBe(true);
    expect(order).toMatchObject({ certainty: 'known', doubt: null, status: 'New' });
  });
});

/** What a venue did with an order, in the order in which it did it. */
interface Truth {
  readonly qty: number;
  readonly fills: readonly number[];
  readonly end: 'Canceled' | 'Expired' | null;
  readonly moves: number;
  readonly hasIds: boolean;
}

const truths: fc.Arbitrary<Truth> = fc.record({
  qty: fc.integer({ min: 1, max: 6 }),
  fills: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
  end: fc.constantFrom('Canceled' as const, 'Expired' as const, null),
  moves: fc.integer({ min: 0, max: 2 }),
  hasIds: fc.boolean(),
});

/** Its messages, and the plainest account of where they lead. */
function play(truth: Truth): {
  readonly told: ExecutionReport[];
  readonly cumQty: number;
  readonly status: OrdStatus;
  readonly limit: number;
} {
  const told: ExecutionReport[] = [state('Accepted')];
  let [cumQty, limit] = [0, 100];
  truth.fills.forEach((lot, k) => {
    const qty = Math.min(lot, truth.qty - cumQty);
    if (qty === 0) return;
    cumQty += qty;
    told.push(truth.hasIds ? fill(`e${k}`, qty) : total(cumQty));
  });
  if (cumQty === truth.qty) return { told, cumQty, status: 'Filled', limit };
  for (let k = 0; k < truth.moves; k += 1) {
    limit += 1;
    told.push(state('Restated', { limitTicks: limit as PriceTicks, tsUs: (10 + limit) as TsUs }));
  }
  if (truth.end !== null) told.push(state(truth.end));
  return { told, cumQty, status: truth.end ?? (cumQty > 0 ? 'PartiallyFilled' : 'New'), limit };
}

describe('any order of the messages of a true history', () => {
  it('leads to the truth, whatever is doubled, late or out of order', () => {
    fc.assert(
      fc.property(truths, fc.infiniteStream(fc.nat()), (truth, stream) => {
        const next = (): number => stream.next().value as number;
        const { told, cumQty, status, limit } = play(truth);
        const heard = [...told];
        for (const one of told) if (next() % 3 === 0) heard.push(one);
        for (let i = heard.length - 1; i > 0; i -= 1) {
          const j = next() % (i + 1);
          [heard[i], heard[j]] = [heard[j]!, heard[i]!];
        }
        const manager = new OrderManager({ isLive: true });
        const order = create(manager, truth.qty);
        let booked = 0;
        for (const one of heard) {
          const before = order.status;
          booked += manager.applyReport(one)?.fill?.lastQty ?? 0;
          if (isTerminal(before)) expect(order.status).toBe(before);
        }
        expect({ status: order.status, cumQty: order.cumQty, booked }).toEqual({
          status,
          cumQty,
          booked: cumQty,
        });
        if (!isTerminal(status)) expect(order.limitTicks).toBe(limit);
        expect(order.certainty).toBe('known');
        expect(order.termsUs).toBe(order.limitTicks === 100 ? TS_MIN : 10 + order.limitTicks!);
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});
