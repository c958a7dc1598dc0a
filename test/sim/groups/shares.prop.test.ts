/** What exits may close after each fill of their entry: on bars and on the exchange the same, and never more than the fill. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { NewOrderRequest } from '../../../src/core/execution.ts';
import type { ClOrdId, OrderRole, Side } from '../../../src/core/order.ts';
import type { Qty, TsUs } from '../../../src/core/units.ts';
import { bracketOf } from '../../../src/sim/groups/group-input.ts';
import { MarketDesk } from '../../support/market-desk.ts';
import { SimHarness } from '../../support/sim-harness.ts';

/** Fills of the entry, one after the other, and at one point another quantity for it. */
interface Story {
  readonly targets: readonly number[];
  readonly fills: readonly number[];
  readonly resizeAfter?: number;
  readonly newQty?: number;
}
type Sent = { type: string; side: Side; qty: number; limitTicks?: number; stopTicks?: number };
const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);

/** Contracts of each target that may trade after the fills, and of the stop at the end of the list. */
function onExchange({ targets, fills, resizeAfter, newQty }: Story): number[] {
  const desk = new MarketDesk();
  desk.group(
    bracketOf({
      groupId: 'g',
      entry: desk.order('e', `buy ${sum(targets)} limit 400`),
      stop: { clOrdId: 'sl', stopTicks: 300 },
      targets: targets.map((qty, k) => ({ clOrdId: `t${k}`, limitTicks: 420 + k, qty })),
    }),
  );
  fills.forEach((qty, k) => {
    if (k === resizeAfter) desk.replace('e', { qty: newQty! });
    desk.send(`x${k}`, `sell ${qty} limit 400`, { participant: 2, timeInForce: 'ioc' });
  });
  const ids = [...targets.map((_, k) => `t${k}`), 'sl'];
  return ids.map((id) => desk.market.orderOf(1, id)!.releasedQty);
}

/** The same on bars: what a bar through that target alone closes, and what one through the stop does. */
function onBars({ targets, fills, resizeAfter, newQty }: Story): number[] {
  const closedBy = (id: string, alone: number): number => {
    const harness = new SimHarness({ participation: 1 });
    const order = (id: string, role: OrderRole, spec: Sent): NewOrderRequest =>
      harness.order(id, spec, role);
    harness.group(
      order('e', 'entry', { type: 'limit', side: 1, qty: sum(targets), limitTicks: 400 }),
      [
        order('sl', 'stop', { type: 'stop', side: -1, qty: sum(targets), stopTicks: 300 }),
        ...targets.map((qty, k) =>
          order(`t${k}`, 'target', {
            type: 'limit',
            side: -1,
            qty,
            limitTicks: k === alone ? 420 : 450,
          }),
        ),
      ],
    );
    fills.forEach((qty, k) => {
      if (k === resizeAfter)
        harness.venue.replace({
          clOrdId: 'e' as ClOrdId,
          orderId: null,
          qty: newQty as Qty,
          sentUs: harness.nowUs as TsUs,
        });
      harness.barTicks(402, 403, 399, 401, { volume: qty });
    });
    if (alone >= 0) harness.barTicks(410, 430, 409, 410, { volume: 1000 });
    else {
      // The entry would go on filling on the way down.
      harness.run('cancel e');
      harness.barTicks(401, 401, 290, 300, { volume: 1000 });
    }
    const fillsOf = harness.fills().filter((fill) => fill.id === id);
    return sum(fillsOf.map((fill) => fill.qty));
  };
  return [...targets.map((_, k) => closedBy(`t${k}`, k)), closedBy('sl', -1)];
}

const story = fc
  .record({
    targets: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
    cuts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
    resizeAfter: fc.option(fc.nat(6), { nil: undefined }),
    extra: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ targets, cuts, resizeAfter, extra }): Story => {
    const isResized = resizeAfter !== undefined && resizeAfter < cuts.length;
    const before = sum(cuts.slice(0, resizeAfter ?? 0));
    const total = sum(targets);
    // Less than it is filled for is refused.
    const newQty = isResized && before < total ? before + 1 + extra : total;
    const fills: number[] = [];
    for (const [k, qty] of cuts.entries()) {
      const most = isResized && k >= resizeAfter ? newQty : total;
      const part = Math.min(qty, most - sum(fills));
      if (part <= 0) break;
      fills.push(part);
    }
    const isKept = isResized && resizeAfter < fills.length && newQty !== total;
    return isKept ? { targets, fills, resizeAfter, newQty } : { targets, fills };
  });

describe('exits that share an entry', () => {
  it('of 2, 3 and 5 contracts close four after four single fills', () => {
    const four = { targets: [2, 3, 5], fills: [1, 1, 1, 1] };
    expect(onExchange(four)).toEqual([2, 1, 1, 4]);
    expect(onBars(four)).toEqual([2, 1, 1, 4]);
    // At once they get their parts of it.
    expect(onExchange({ targets: [2, 3, 5], fills: [4] })).toEqual([1, 1, 2, 4]);
    expect(onBars({ targets: [2, 3, 5], fills: [4] })).toEqual([1, 1, 2, 4]);
  });

  it('close no more than the entry when it is made smaller after uneven fills', () => {
    const smaller = { targets: [2, 3, 5], fills: [1, 1, 1, 1, 1], resizeAfter: 4, newQty: 5 };
    expect(onExchange(smaller)).toEqual([2, 1, 2, 5]);
    expect(onBars(smaller)).toEqual([2, 1, 2, 5]);
  });

  test.prop([story], { numRuns: Number(process.env['SHARES_RUNS'] ?? 100) })(
    'close what it has filled, on bars as on the exchange, however it is split and filled',
    (given) => {
      const filled = sum(given.fills);
      const released = onExchange(given);
      expect(released.pop()).toBe(filled);
      expect(sum(released)).toBe(filled);
      expect(onBars(given)).toEqual([...released, filled]);
    },
  );
});
