/** What is published of a book rebuilds it: by orders, by prices, and at the top. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { MboColumns } from '../../../src/core/bars.ts';
import { DepthBook } from '../../../src/core/book/depth-book.ts';
import { MboAction, MboBook } from '../../../src/core/book/mbo-book.ts';
import type { Side } from '../../../src/core/order.ts';
import { PRO_RATA } from '../../../src/sim/book/allocation.ts';
import type { ContractMarket, MarketOptions } from '../../../src/sim/exchange/contract-market.ts';
import type { MarketPhase } from '../../../src/sim/exchange/market-order.ts';
import { createPublishedMarket } from '../../../src/sim/exchange/published-book.ts';
import { bracketOf } from '../../../src/sim/groups/group-input.ts';

/** Somebody who sees the feed alone. */
class Subscriber {
  readonly orders = new MboBook();
  readonly levels = new DepthBook();
  top: number[] = [NaN, 0, NaN, 0];
  readonly lines: string[] = [];
  events = 0;
  readonly market: ContractMarket;

  constructor(options: MarketOptions = {}) {
    const names = ['add', 'modify', 'cancel', 'trade', 'fill', 'clear'];
    this.market = createPublishedMarket(
      { onReport: () => {} },
      {
        onOrder: (action, id, side, price, qty) => {
          this.lines.push(`${names[action]!} ${id} ${side} ${qty}@${price}`);
          this.orders.apply(rowOf(action, id, side, price, qty, 0));
        },
        onLevel: (side, price, qty, orders) => this.levels.setLevel(side, price, qty, orders),
        onTop: (...top) => (this.top = top),
        onEnd: () => {
          this.events += 1;
        },
      },
      options,
    );
  }

  send(clOrdId: string, side: Side, qty: number, limitTicks: number, more = {}): void {
    this.market.submit(
      { participant: 1, clOrdId, side, type: 'limit', qty, limitTicks, ...more },
      0,
    );
  }

  /** The books of the feed and the book of the exchange, side by side. */
  compare(): void {
    const { book } = this.market;
    const { orders, levels } = this;
    for (const side of [1, -1] as const) {
      let depth = 0;
      for (let at = book.bestTicks(side); !Number.isNaN(at); at = book.worsePrice(side, at)) {
        const expected = [at, book.shownQty(side, at), book.countAt(side, at)];
        for (const seen of [orders.book, levels])
          expect([
            seen.priceAt(side, depth),
            seen.qtyAt(side, depth),
            seen.ordersAt(side, depth),
          ]).toEqual(expected);
        depth += 1;
      }
      expect([orders.book.levelCount(side), levels.levelCount(side)]).toEqual([depth, depth]);
    }
    const [bid, ask] = [book.bestTicks(1), book.bestTicks(-1)];
    expect(this.top).toEqual([
      bid,
      Number.isNaN(bid) ? 0 : book.shownQty(1, bid),
      ask,
      Number.isNaN(ask) ? 0 : book.shownQty(-1, ask),
    ]);
    expect(Object.values(orders.issues).every((count) => count === 0)).toBe(true);
    expect(levels.unknownLevels).toBe(0);
  }
}

function rowOf(
  action: number,
  id: number,
  side: number,
  price: number,
  qty: number,
  tsUs: number,
): MboColumns {
  return {
    length: 1,
    tsUs: Float64Array.of(tsUs),
    seq: Float64Array.of(0),
    orderId: BigUint64Array.of(BigInt(id)),
    action: Uint8Array.of(action),
    side: Int8Array.of(side),
    price: Float64Array.of(price) as never,
    qty: Float64Array.of(qty),
    isEventEnd: Uint8Array.of(1),
  };
}

const step = fc.record({
  kind: fc.constantFrom('send', 'send', 'send', 'send', 'cancel', 'replace', 'phase', 'bracket'),
  side: fc.constantFrom<Side>(1, -1),
  qty: fc.integer({ min: 1, max: 9 }),
  at: fc.integer({ min: -5, max: 5 }),
  display: fc.constantFrom(0, 0, 1, 3),
  group: fc.constantFrom(0, 0, 1),
  mode: fc.constantFrom('cancel-resting', 'cancel-both', 'decrement'),
  pick: fc.nat(30),
  phase: fc.constantFrom<MarketPhase>('open', 'halted', 'open', 'pre-open', 'open'),
});

describe('a published book', () => {
  test.prop([fc.array(step, { minLength: 5, maxLength: 70 }), fc.boolean()], { numRuns: 60 })(
    'is rebuilt from its feed after every command, queue by queue',
    (steps, isProRata) => {
      const seen = new Subscriber(isProRata ? { allocation: PRO_RATA } : {});
      const { market } = seen;
      steps.forEach((each, k) => {
        const { side, qty, at, display, group, mode } = each;
        const picked = `o${each.pick % (k + 1)}`;
        if (each.kind === 'send')
          seen.send(`o${k}`, side, qty, at, {
            group,
            selfTrade: mode,
            ...(display > 0 ? { displayQty: Math.min(display, qty) } : {}),
          });
        else if (each.kind === 'cancel') market.cancel(1, picked, 0);
        else if (each.kind === 'replace') market.replace(1, picked, { qty, limitTicks: at }, 0);
        else if (each.kind === 'phase') market.setPhase(each.phase, 0);
        else
          market.submitGroup(
            bracketOf({
              groupId: `g${k}`,
              entry: { participant: 2, clOrdId: `e${k}`, side, type: 'limit', qty, limitTicks: at },
              stop: { clOrdId: `s${k}`, offsetTicks: 3 },
              targets: [{ clOrdId: `t${k}`, offsetTicks: 2 }],
            }),
            0,
          );
        seen.compare();
      });
    },
  );
  it('one command is one event, in the words of a market-by-order feed', () => {
    const seen = new Subscriber();
    seen.send('ice', -1, 6, 100, { displayQty: 2 });
    seen.send('b', -1, 3, 100);
    seen.lines.length = 0;
    const before = seen.events;
    seen.send('c', 1, 3, 100);
    expect(seen.lines).toEqual([
      'trade 0 1 2@100',
      'fill 1 -1 2@100',
      'modify 1 -1 2@100',
      'trade 0 1 1@100',
      'fill 2 -1 1@100',
      'cancel 2 -1 1@100',
    ]);
    expect(seen.events).toBe(before + 1);
    expect(seen.top).toEqual([NaN, 0, 100, 4]);
    seen.compare();
  });
  it('what changes nothing is no event', () => {
    const seen = new Subscriber();
    seen.send('a', 1, 1, 100);
    const before = seen.events;
    seen.send('x', 1, 0, 100);
    seen.market.cancel(1, 'y', 0);
    expect(seen.events).toBe(before);
    expect(seen.lines).toEqual([`add 1 1 1@100`]);
    expect(MboAction.add).toBe(0);
  });
});
