/** Rules of groups over many bars with little volume, so that entries and exits fill in parts. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ExecutionReport } from '../../src/core/execution.ts';
import type { OrderEventKind, OrdStatus, Side } from '../../src/core/order.ts';
import { isTerminal, nextStatus } from '../../src/core/order.ts';
import type { PathPolicy } from '../../src/sim/bar-policies.ts';
import { PATH_POLICIES } from '../../src/sim/bar-policies.ts';
import { SimHarness } from '../support/sim-harness.ts';

// A loaded machine must not fail a property by the clock.
vi.setConfig({ testTimeout: 60_000 });

const RUNS = { seed: 61_803, numRuns: 300 };

interface Plan {
  readonly side: Side;
  readonly entryType: 'market' | 'limit' | 'stop';
  readonly entry: number;
  readonly shares: readonly number[];
  readonly stop: number;
  readonly target: number;
  readonly isOffset: boolean;
  readonly isTrailing: boolean;
  readonly rule: 'oco' | 'ouo';
  readonly release: 'partial' | 'full';
  readonly cancelAfter: number;
  readonly policy: PathPolicy;
  readonly bars: readonly { readonly moves: readonly number[]; readonly volume: number }[];
}
const distance = fc.integer({ min: 1, max: 4 });
const plans: fc.Arbitrary<Plan> = fc.record({
  side: fc.constantFrom<Side>(1, -1),
  entryType: fc.constantFrom<Plan['entryType']>('market', 'limit', 'stop'),
  entry: distance,
  shares: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  stop: distance,
  target: distance,
  isOffset: fc.boolean(),
  isTrailing: fc.boolean(),
  rule: fc.constantFrom<Plan['rule']>('ouo', 'oco'),
  release: fc.constantFrom<Plan['release']>('partial', 'full'),
  cancelAfter: fc.integer({ min: 0, max: 12 }),
  policy: fc.constantFrom(...PATH_POLICIES),
  bars: fc.array(
    fc.record({
      moves: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 4 }),
      volume: fc.constantFrom(0, 10, 20, 50, NaN),
    }),
    { minLength: 2, maxLength: 8 },
  ),
});

function submitBracket(harness: SimHarness, plan: Plan): void {
  const { side, shares, isOffset } = plan;
  const qty = shares.reduce((sum, share) => sum + share, 0);
  const away = plan.entryType === 'limit' ? -side : side;
  const at = plan.entryType === 'market' ? 0 : away * plan.entry;
  const level = plan.entryType === 'limit' ? { limitTicks: at } : { stopTicks: at };
  const entry = {
    type: plan.entryType,
    side,
    qty,
    ...(plan.entryType === 'market' ? {} : level),
  };
  const exit = { side: -side as Side, reduceOnly: true };
  const isTrailing = plan.isTrailing && shares.length === 1;
  const stopLevel = { stopTicks: at - side * plan.stop };
  const stop = isTrailing
    ? { ...exit, qty, type: 'trailing-stop', trail: { offsetTicks: plan.stop }, ...stopLevel }
    : { ...exit, qty, type: 'stop', ...stopLevel };
  const withLevel = (order: ReturnType<SimHarness['order']>, offsetTicks: number) => ({
    order,
    groupQty: order.spec.qty,
    ...(isOffset ? { level: { offsetTicks } } : {}),
  });
  const targets = shares.map((share, i) => {
    const limitTicks = at + side * (plan.target + i);
    const spec = { ...exit, qty: share, type: 'limit', limitTicks };
    return withLevel(harness.order(`t${i}`, spec as never, 'target'), plan.target + i);
  });
  harness.group(
    harness.order('e', entry as never, 'entry'),
    [withLevel(harness.order('s', stop as never, 'stop'), plan.stop), ...targets],
    plan.rule,
    plan.release,
  );
}

function play(plan: Plan): SimHarness {
  const harness = new SimHarness({ policy: plan.policy, participation: 0.1, last: 0 });
  submitBracket(harness, plan);
  let price = 0;
  plan.bars.forEach(({ moves, volume }, i) => {
    const path = moves.reduce((all, move) => [...all, all.at(-1)! + move], [price]);
    // Every other bar jumps from the close before it.
    if (i % 2 === 1) path.shift();
    price = path.at(-1)!;
    harness.barTicks(path[0]!, Math.max(...path), Math.min(...path), price, { volume });
    if (i === plan.cancelAfter) harness.run('cancel e');
  });
  return harness;
}

const EVENT: Readonly<Record<string, OrderEventKind>> = {
  Accepted: 'Accepted',
  Rejected: 'Rejected',
  Canceled: 'Canceled',
  Expired: 'Expired',
  Triggered: 'Triggered',
  Released: 'Released',
};

/** Runs the reports through the transition table; returns the last status by order. */
function statusesOf(reports: readonly ExecutionReport[]): Map<string, OrdStatus> {
  const statuses = new Map<string, OrdStatus>();
  const cum = new Map<string, number>();
  for (const report of reports) {
    const { kind, clOrdId, fill } = report;
    if (kind === 'CancelRejected') continue;
    const status = statuses.get(clOrdId) ?? 'PendingNew';
    expect(isTerminal(status), `${clOrdId} ${kind} after its end`).toBe(false);
    if (fill !== undefined) cum.set(clOrdId, (cum.get(clOrdId) ?? 0) + fill.lastQty);
    expect(report.cumQty ?? 0).toBe(cum.get(clOrdId) ?? 0);
    const event =
      fill === undefined ? EVENT[kind] : report.leavesQty === 0 ? 'Fill' : 'PartialFill';
    if (event !== 'Canceled' && event !== 'Expired' && report.orderQty !== undefined) {
      expect(report.cumQty! + report.leavesQty!).toBe(report.orderQty);
    }
    if (event === undefined) continue;
    const next = nextStatus(status, event, (cum.get(clOrdId) ?? 0) > 0);
    expect(next, `${clOrdId} ${event} in ${status}`).not.toBeNull();
    statuses.set(clOrdId, next!);
  }
  return statuses;
}

describe('brackets over many bars', () => {
  it('report only legal transitions, with quantities that add up', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        statusesOf(play(plan).reports);
      }),
      RUNS,
    );
  });

  it('never close more than their entry has opened', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        let open = 0;
        for (const fill of play(plan).fills()) {
          open += fill.id === 'e' ? fill.qty : -fill.qty;
          expect(open).toBeGreaterThanOrEqual(0);
        }
      }),
      RUNS,
    );
  });

  it('leave no order behind once the position is closed, and no position without its stop under OUO', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const harness = play(plan);
        const statuses = statusesOf(harness.reports);
        const isOpen = (id: string): boolean => !isTerminal(statuses.get(id)!);
        const position = harness
          .fills()
          .reduce((sum, fill) => sum + (fill.id === 'e' ? fill.qty : -fill.qty), 0);
        if (!isOpen('e') && position === 0) {
          for (const id of statuses.keys()) expect(isOpen(id), id).toBe(false);
        }
        if (position > 0 && plan.rule === 'ouo') expect(isOpen('s')).toBe(true);
      }),
      RUNS,
    );
  });

  it('close whole when the stop is passed on a bar with volume', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        fc.pre(plan.rule === 'ouo' && plan.release === 'partial');
        const harness = play(plan);
        harness.run('cancel e');
        const far = -plan.side * 1000;
        harness.barTicks(far, far, far, far, { volume: NaN });
        const position = harness
          .fills()
          .reduce((sum, fill) => sum + (fill.id === 'e' ? fill.qty : -fill.qty), 0);
        expect(position).toBe(0);
        expect(harness.barTicks(far, far + 2000, far - 2000, far)).toBe(false);
      }),
      RUNS,
    );
  });

  it('release targets that sum to what the entry has filled', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        fc.pre(plan.rule === 'ouo' && plan.release === 'partial' && plan.entryType === 'market');
        const harness = new SimHarness({ participation: 0.1, last: 0 });
        submitBracket(harness, { ...plan, stop: 500, isTrailing: false });
        const entryBar = { volume: 10 * (1 + (plan.cancelAfter % 5)) };
        harness.barTicks(0, 0, 0, 0, entryBar);
        harness.run('cancel e');
        const far = plan.side * 100;
        harness.barTicks(far, far, far, far, { volume: NaN });
        const opened = harness.fills().filter((fill) => fill.id === 'e');
        const closed = harness.fills().filter((fill) => fill.id !== 'e');
        const sum = (fills: { qty: number }[]): number => fills.reduce((n, f) => n + f.qty, 0);
        expect(sum(closed)).toBe(sum(opened));
      }),
      RUNS,
    );
  });
});

describe('peers over many bars', () => {
  it('execute one leg of an OCO only', () => {
    const bars = fc.array(fc.tuple(distance, distance, distance), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(bars, fc.constantFrom(...PATH_POLICIES), (moves, policy) => {
        const harness = new SimHarness({ policy, participation: 0.1, last: 0 });
        const leg = (id: string, side: Side, stopTicks: number) =>
          harness.order(id, { type: 'stop', side, qty: 5, stopTicks } as never, 'peer');
        harness.group(null, [leg('a', 1, 3), leg('b', -1, -3)], 'oco');
        for (const [up, down, close] of moves) {
          harness.barTicks(0, up, -down, Math.min(up, close) - down < 0 ? -down : up, {
            volume: 20,
          });
        }
        const legs = new Set(harness.fills().map((fill) => fill.id));
        expect(legs.size).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });
});
