/** Limits on what opens a position, each at its bound and one step beyond, through a whole run. */
import { describe, expect, it } from 'vitest';
import { toClOrdId } from '../../src/core/order.ts';
import type { StrategyContext } from '../../src/core/strategy.ts';
import type { PriceTicks, Qty } from '../../src/core/units.ts';
import type { RiskLimits } from '../../src/engine/config.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { CLOSE_HOUR, hourly, makeWorld, plainCalendar } from '../support/engine-world.ts';

const LIMITS: RiskLimits = {
  orderQtyMax: 50,
  positionQtyMax: 50,
  ordersPerInterval: 100,
  intervalUs: 1,
  collarPct: 50,
  duplicateWindowUs: 0,
  tradingState: 'active',
};

type Act = (ctx: StrategyContext) => unknown;

/** Denials of a run over two days of bars, an hour each; a tick is 12.50 and a contract of 10000 ticks worth 125000. */
function denials(
  risk: Partial<RiskLimits>,
  acts: Readonly<Record<number, Act>>,
  path: readonly number[] = [10_000, 10_000, 10_000, 10_000],
): string[] {
  let n = 0;
  const { config, recorder } = makeWorld({
    front: [...hourly(0, path), ...hourly(1, path)],
    days: 2,
    overrides: { risk: { ...LIMITS, ...risk } },
    strategy: {
      onBar: (_bar, ctx) => {
        acts[n]?.(ctx);
        n += 1;
      },
    },
  });
  const result = runEngine(config);
  if (result.error !== null) throw result.error.cause;
  return recorder.events
    .filter((event) => event.startsWith('Denied') || event.startsWith('ReplaceRejected'))
    .map((event) => event.split(' ').at(-1)!);
}

const market =
  (side: 1 | -1, qty = 1): Act =>
  (ctx) =>
    ctx.submit({ type: 'market', contract: ctx.contract('ES'), side, qty: qty as Qty });
const resting =
  (side: 1 | -1, qty = 1): Act =>
  (ctx) =>
    ctx.submit({
      type: 'limit',
      contract: ctx.contract('ES'),
      side,
      qty: qty as Qty,
      limitTicks: (10_000 - side * 900) as PriceTicks,
    });
const all =
  (...acts: Act[]): Act =>
  (ctx) =>
    acts.forEach((act) => act(ctx));

describe('an order that opens a position', () => {
  it('is denied in a product that is not allowed', () => {
    expect(denials({ products: ['NQ'] }, { 0: market(1) })).toEqual(['product-not-allowed']);
    expect(denials({ products: ['NQ', 'ES'] }, { 0: market(1) })).toEqual([]);
  });

  it('is denied outside the hours, and shortly before the close', () => {
    expect(plainCalendar().localMinutes(0 as never)).toBe(0);
    expect(denials({ entryHours: [{ from: '00:01', to: '23:59' }] }, { 0: market(1) })).toEqual([
      'outside-hours',
    ]);
    expect(denials({ entryHours: [{ from: '23:00', to: '00:01' }] }, { 0: market(1) })).toEqual([]);
    // The fourth bar closes two hours before the session.
    expect(CLOSE_HOUR).toBe(16);
    expect(denials({ lastMinutes: 120 }, { 3: market(1) })).toEqual(['near-close']);
    expect(denials({ lastMinutes: 119 }, { 3: market(1) })).toEqual([]);
  });

  it('is denied as a second one in a direction, whether the first fills or works', () => {
    const on = { isSingleEntry: true };
    expect(denials(on, { 0: all(market(1), market(1)) })).toEqual(['already-in-position']);
    expect(denials(on, { 0: market(1), 2: market(1) })).toEqual(['already-in-position']);
    expect(denials(on, { 0: all(resting(1), resting(-1)), 2: resting(1) })).toEqual([
      'already-in-position',
    ]);
    expect(denials(on, { 0: market(1), 2: market(-1, 2) })).toEqual([]);
  });

  it('is denied when worth too much, alone or with all that works', () => {
    const each = 10_000 * 12.5;
    expect(denials({ orderNotionalMax: each }, { 0: market(1) })).toEqual([]);
    expect(denials({ orderNotionalMax: each - 1 }, { 0: market(1) })).toEqual([
      'max-order-notional',
    ]);
    const two = { 0: all(market(1), market(1)) };
    expect(denials({ totalNotionalMax: 2 * each }, two)).toEqual([]);
    expect(denials({ totalNotionalMax: 2 * each - 1 }, two)).toEqual(['max-total-notional']);
    expect(denials({ totalQtyMax: 2 }, two)).toEqual([]);
    expect(denials({ totalQtyMax: 1 }, two)).toEqual(['max-total-position']);
  });

  it('is denied after the loss of the day, open or closed, until the next date', () => {
    // Bought at 10000, 40 ticks lower an hour later and back again: 500 were lost for a moment.
    const path = [10_000, 10_000, 9_960, 10_000];
    const acts = { 0: market(1), 3: market(1), 4: market(1) };
    expect(denials({ dailyLossMax: 500 }, acts, path)).toEqual(['daily-loss']);
    expect(denials({ dailyLossMax: 501 }, acts, path)).toEqual([]);
    const exit = { 0: market(1), 3: market(-1) };
    expect(denials({ dailyLossMax: 500 }, exit, path)).toEqual([]);
  });

  it('is denied while equity is too far below its peak, and not when it is back', () => {
    const path = [10_000, 10_040, 10_000, 10_040];
    const acts = { 0: market(1), 2: market(1), 3: market(1) };
    expect(denials({ drawdownMax: 500 }, acts, path)).toEqual(['drawdown']);
    expect(denials({ drawdownMax: 501 }, acts, path)).toEqual([]);
  });

  it('is denied for a while after losses, as many in a row as are set', () => {
    const path = [10_000, 10_000, 9_990, 9_990];
    const lost = { 0: market(1), 2: market(-1), 3: market(1), 4: market(1) };
    expect(denials({ cooldownLosses: 1 }, lost, [...path, 9_990])).toEqual([
      'cool-down',
      'cool-down',
    ]);
    expect(denials({ cooldownLosses: 2 }, lost, [...path, 9_990])).toEqual([]);
    expect(denials({ cooldownMinutes: 60 }, lost, [...path, 9_990])).toEqual(['cool-down']);
    expect(denials({ cooldownMinutes: 61 }, lost, [...path, 9_990])).toEqual([
      'cool-down',
      'cool-down',
    ]);
  });

  it('is denied as one trade too many, by positions or by orders', () => {
    const turns = { 0: market(1), 1: market(-1), 2: market(1) };
    expect(denials({ tradesPerDay: 1 }, turns)).toEqual(['max-trades']);
    expect(denials({ tradesPerDay: 2 }, turns)).toEqual([]);
    // Each of the two could open a position of its own.
    expect(denials({ tradesPerDay: 1 }, { 0: all(resting(1), resting(-1)) })).toEqual([
      'max-trades',
    ]);
    const byOrders = { tradesCount: 'orders' as const };
    expect(denials({ tradesPerDay: 3, ...byOrders }, turns)).toEqual(['max-trades']);
    expect(denials({ tradesPerDay: 4, ...byOrders }, turns)).toEqual([]);
  });
});

describe('a change of an order', () => {
  it('to more contracts passes the same limits, and leaves the order as it was', () => {
    const enlarge =
      (qty: number): Act =>
      (ctx) => {
        ctx.modify(toClOrdId('O', 1), { qty: qty as Qty });
      };
    expect(denials({ positionQtyMax: 3 }, { 0: resting(1), 1: enlarge(4) })).toEqual([
      'max-position',
    ]);
    expect(denials({ positionQtyMax: 3 }, { 0: resting(1), 1: enlarge(3) })).toEqual([]);
    expect(denials({ totalQtyMax: 3 }, { 0: resting(1), 1: enlarge(4) })).toEqual([
      'max-total-position',
    ]);
    expect(
      denials({ positionQtyMax: 3 }, { 0: resting(1), 1: all(enlarge(3), market(1)) }),
    ).toEqual(['max-position']);
  });
});
