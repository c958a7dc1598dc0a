/** A delayed venue against its plain twin, over random messages and bars. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Side } from '../../src/core/order.ts';
import type { ClOrdId } from '../../src/core/order.ts';
import type { PriceTicks, TsUs } from '../../src/core/units.ts';
import { SimHarness } from '../support/sim-harness.ts';

vi.setConfig({ testTimeout: 60_000 });

const RUNS = { seed: 20_261, numRuns: 300 };

interface Step {
  readonly open: number;
  readonly up: number;
  readonly down: number;
  readonly volume: number;
  readonly isSessionEnd: boolean;
  readonly messages: readonly Message[];
}
type Message =
  | {
      readonly kind: 'order';
      readonly type: 'market' | 'limit' | 'stop';
      readonly side: Side;
      readonly away: number;
      readonly timeInForce: 'day' | 'gtc' | 'ioc';
    }
  | {
      readonly kind: 'bracket';
      readonly side: Side;
      readonly stop: number;
      readonly target: number;
    }
  | { readonly kind: 'cancel' | 'replace'; readonly of: number; readonly away: number };

const side = fc.constantFrom<Side>(1, -1);
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    type: fc.constantFrom('market' as const, 'limit' as const, 'stop' as const),
    side,
    away: fc.integer({ min: -4, max: 8 }),
    timeInForce: fc.constantFrom('day' as const, 'gtc' as const, 'ioc' as const),
  }),
  fc.record({
    kind: fc.constant('bracket' as const),
    side,
    stop: fc.integer({ min: 1, max: 6 }),
    target: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constantFrom('cancel' as const, 'replace' as const),
    of: fc.nat({ max: 12 }),
    away: fc.integer({ min: -6, max: 6 }),
  }),
);
const step: fc.Arbitrary<Step> = fc.record({
  open: fc.integer({ min: 390, max: 410 }),
  up: fc.nat({ max: 6 }),
  down: fc.nat({ max: 6 }),
  volume: fc.constantFrom(0, 20, 1000),
  isSessionEnd: fc.boolean(),
  messages: fc.array(message, { maxLength: 2 }),
});
const steps = fc.array(step, { minLength: 1, maxLength: 12 });

/** Sends one message; ids depend on when it was decided, so that both venues see the same ones. */
function send(harness: SimHarness, one: Message, id: string, ids: readonly string[]): void {
  if (one.kind === 'order') {
    const ticks = (400 - one.side * one.away) as PriceTicks;
    const price =
      one.type === 'limit'
        ? { limitTicks: ticks }
        : one.type === 'stop'
          ? { stopTicks: ticks }
          : {};
    const { type, timeInForce } = one;
    harness.venue.submit(
      harness.order(id, { type, side: one.side, qty: 1, timeInForce, ...price } as never),
    );
  } else if (one.kind === 'bracket') {
    const exit = { side: -one.side as Side, qty: 1, reduceOnly: true };
    const [stopTicks, limitTicks] = [400, 400];
    harness.group(harness.order(id, { type: 'market', side: one.side, qty: 1 }, 'entry'), [
      {
        order: harness.order(`${id}s`, { ...exit, type: 'stop', stopTicks } as never, 'stop'),
        groupQty: 1 as never,
        level: { offsetTicks: one.stop },
      },
      {
        order: harness.order(`${id}t`, { ...exit, type: 'limit', limitTicks } as never, 'target'),
        groupQty: 1 as never,
        level: { offsetTicks: one.target },
      },
    ]);
  } else {
    const clOrdId = (ids[one.of] ?? 'nobody') as ClOrdId;
    const sentUs = harness.nowUs as TsUs;
    if (one.kind === 'cancel') harness.venue.cancel({ clOrdId, orderId: null, sentUs });
    else {
      const limitTicks = (400 + one.away) as PriceTicks;
      harness.venue.replace({ clOrdId, orderId: null, limitTicks, sentUs });
    }
  }
}

/**
 * Plays the steps. With `heldBack` the harness itself sends each message only when the delayed venue would have let it
 * arrive: at the close of the n-th bar after the one at whose close it was decided.
 */
function play(all: readonly Step[], delayBars: number, heldBack: number): SimHarness {
  const harness = new SimHarness({ delayBars, participation: 0.1 });
  const waiting: { at: number; go: () => void }[] = [];
  const ids: string[] = [];
  all.forEach((one, k) => {
    const close = one.open + ((one.up + one.down) % 3) - 1;
    harness.barTicks(
      one.open,
      Math.max(one.open, close) + one.up,
      Math.min(one.open, close) - one.down,
      close,
      { volume: one.volume },
    );
    for (const each of waiting) if (each.at === k) each.go();
    if (one.isSessionEnd) harness.run('session-close');
    one.messages.forEach((each, i) => {
      const id = `o${k}-${i}`;
      // Only what is known when it is decided may be named by a cancel, in either venue.
      const known = [...ids];
      const go = (): void => send(harness, each, id, known);
      if (each.kind === 'order' || each.kind === 'bracket') ids.push(id);
      if (heldBack === 0) go();
      else waiting.push({ at: k + heldBack, go });
    });
  });
  return harness;
}

describe('a delay of n bars', () => {
  it('is the plain venue with every message sent n bars later', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 }), (all, n) => {
        // A change of an order that nobody knows is refused at once; it is not part of the comparison.
        const isOfOrder = (harness: SimHarness): unknown[] =>
          harness.reports.filter((report) => (report.clOrdId as string) !== 'nobody');
        const [late, heldBack] = [play(all, n, 0), play(all, 0, n)];
        expect(isOfOrder(late)).toEqual(isOfOrder(heldBack));
        // Bars that wake only the line, not the venue behind it, are not counted as met.
        expect(late.venue.counts).toEqual(heldBack.venue.counts);
      }),
      RUNS,
    );
  });

  it('of zero bars is the plain venue, report for report', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const plain = new SimHarness({ participation: 0.1 });
        expect(play(all, 0, 0).venue.constructor).toBe(plain.venue.constructor);
      }),
      { ...RUNS, numRuns: 5 },
    );
  });

  it('gives the same reports twice', () => {
    fc.assert(
      fc.property(steps, (all) => {
        expect(play(all, 1, 0).reports).toEqual(play(all, 1, 0).reports);
      }),
      { ...RUNS, numRuns: 50 },
    );
  });
});
