import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Side } from '../../../src/core/order.ts';
import type { AllocationStep } from '../../../src/sim/book/allocation.ts';
import { FIFO, PRO_RATA } from '../../../src/sim/book/allocation.ts';
import { LevelSet } from '../../../src/sim/book/level-set.ts';
import type { MatchSink, SelfTradeMode } from '../../../src/sim/book/limit-book.ts';
import { ASK, LimitBook } from '../../../src/sim/book/limit-book.ts';
import type { NaiveEvent } from '../../support/naive-book.ts';
import { NaiveBook } from '../../support/naive-book.ts';

type Command =
  | {
      readonly do: 'send';
      readonly side: Side;
      readonly price: number;
      readonly qty: number;
      readonly display: number;
      readonly group: number;
      /** Orders of one set above 0 are peers. */
      readonly set: number;
      readonly mode: SelfTradeMode;
      readonly isLead: boolean;
      readonly isMarket: boolean;
    }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'reduce'; readonly pick: number; readonly qty: number }
  | { readonly do: 'requeue'; readonly pick: number; readonly price: number; readonly qty: number };

const MODES: readonly SelfTradeMode[] = [
  'cancel-resting',
  'cancel-aggressor',
  'cancel-both',
  'decrement',
];
const side = fc.constantFrom<Side>(1, -1);
/** Mostly near each other, so that orders meet; now and then far away, so that the window moves. */
const price = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -4, max: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: -40_000, max: 40_000 }) },
);
const send = fc.record({
  do: fc.constant('send' as const),
  side,
  price,
  qty: fc.integer({ min: 1, max: 30 }),
  display: fc.constantFrom(0, 0, 0, 1, 2, 5),
  group: fc.constantFrom(0, 0, 1, 2),
  set: fc.constantFrom(0, 0, 0, 1, 2),
  mode: fc.constantFrom(...MODES),
  isLead: fc.boolean(),
  isMarket: fc.constantFrom(false, false, false, true),
});
const pick = fc.nat(40);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: send },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reduce' as const),
      pick,
      qty: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('requeue' as const),
      pick,
      price,
      qty: fc.integer({ min: 1, max: 30 }),
    }),
  },
);
const ALLOCATIONS: Readonly<Record<string, readonly AllocationStep[]>> = {
  fifo: FIFO,
  'pro-rata': PRO_RATA,
  split: [
    { step: 'top', min: 2, max: 5 },
    { step: 'lead', percent: 30 },
    { step: 'fifo', percent: 40 },
    { step: 'pro-rata' },
    { step: 'leveling' },
    { step: 'fifo' },
  ],
  'pro-rata alone': [{ step: 'pro-rata', min: 3 }],
};

/** Runs commands through both books and compares every event, and the whole book after each command. */
function compare(
  steps: readonly AllocationStep[],
  commands: readonly Command[],
  isPausing = false,
): number {
  const [book, naive] = [new LimitBook(steps), new NaiveBook(steps)];
  const handles = new Map<number, number>();
  const ids = new Map<number, number>();
  const sets = new Map<number, number>();
  let sent = 0;
  let trades = 0;
  const heard: NaiveEvent[] = [];
  const sink: MatchSink = {
    onTrade: (handle, priceTicks, qty, leaves) => {
      heard.push({ kind: 'trade', id: ids.get(handle)!, price: priceTicks, qty, leaves });
      return isPausing;
    },
    onSelfTrade: (handle, priceTicks, qty, leaves) =>
      void heard.push({ kind: 'self', id: ids.get(handle)!, price: priceTicks, qty, leaves }),
  };
  for (const each of commands) {
    heard.length = 0;
    const expected: NaiveEvent[] = [];
    // An old id is picked now and then: its slot may belong to another order by then.
    const id = each.do === 'send' ? 0 : sent - each.pick;
    const handle = handles.get(id) ?? -1;
    if (each.do === 'cancel') expect(book.cancel(handle)).toBe(naive.cancel(id));
    else if (each.do === 'reduce')
      expect(book.reduce(handle, each.qty)).toBe(naive.reduce(id, each.qty));
    else if (each.do === 'requeue') {
      // What would cross is the exchange's to match first; the book just holds it.
      const opposite = naive.of(naive.orders.find((o) => o.id === id)?.side === 1 ? -1 : 1)[0];
      const order = naive.orders.find((o) => o.id === id);
      const crosses =
        order !== undefined &&
        opposite !== undefined &&
        (each.price - opposite.price) * order.side >= 0;
      if (!crosses)
        expect(book.requeue(handle, each.price, each.qty)).toBe(
          naive.requeue(id, each.price, each.qty),
        );
    } else {
      const limit = each.isMarket ? each.side * Infinity : each.price;
      const meet = (other: {
        readonly id: number;
        readonly group: number;
      }): SelfTradeMode | null => {
        if (each.set !== 0 && sets.get(other.id) === each.set)
          return each.mode === 'decrement' ? 'cancel-resting' : each.mode;
        return each.group !== 0 && other.group === each.group ? each.mode : null;
      };
      const asked = (other: number): SelfTradeMode | null =>
        meet(naive.orders.find((order) => order.id === ids.get(other))!);
      const apart = each.set === 0 ? { group: each.group } : { group: ASK, meet: asked };
      const ask = {
        side: each.side,
        limitTicks: limit,
        qty: each.qty,
        selfTrade: each.mode,
        ...apart,
      };
      const there = book.available(ask);
      const wouldTrade = naive.available(each.side, limit, each.qty, meet);
      expect(there >= each.qty).toBe(wouldTrade >= each.qty);
      if (each.mode === 'cancel-resting') expect(there).toBe(wouldTrade);
      const known = new Map(naive.orders.map((order) => [order.id, { ...order }]));
      const whole = { ...sink, meet: (other: number) => meet(known.get(ids.get(other)!)!) };
      let left = book.match(ask, whole);
      while (left > 0 && book.isPaused) left = book.match({ ...ask, qty: left }, whole);
      expect(left).toBe(naive.match(each.side, limit, each.qty, meet, expected));
      if (left > 0 && !each.isMarket) {
        sent += 1;
        const rest = { ...each, priceTicks: each.price, qty: left, displayQty: each.display };
        const fresh = book.rest(rest);
        handles.set(sent, fresh);
        ids.set(fresh, sent);
        sets.set(sent, each.set);
        naive.rest(sent, each.side, each.price, left, each.display, each.group, each.isLead);
      }
    }
    expect(heard).toEqual(expected);
    trades += heard.filter((event) => event.kind === 'trade').length;
    expectSame(book, naive, ids);
  }
  return trades;
}

function expectSame(book: LimitBook, naive: NaiveBook, ids: ReadonlyMap<number, number>): void {
  expect(book.orderCount).toBe(naive.orders.length);
  for (const each of [1, -1] as const) {
    const expected = naive.of(each);
    const seen: unknown[] = [];
    const handles: number[] = [];
    for (let at = book.bestTicks(each); !Number.isNaN(at); at = book.worsePrice(each, at)) {
      let [count, shown, total] = [0, 0, 0];
      book.forEachAt(each, at, (handle, shownQty, leavesQty) => {
        seen.push([ids.get(handle), at, shownQty, leavesQty]);
        expect(book.queueAhead(handle)).toBe(shown);
        expect(book.leavesQty(handle)).toBe(leavesQty);
        handles.push(handle);
        count += 1;
        shown += shownQty;
        total += leavesQty;
      });
      expect([book.countAt(each, at), book.shownQty(each, at), book.totalQty(each, at)]).toEqual([
        count,
        shown,
        total,
      ]);
    }
    expect(seen).toEqual(expected.map((o) => [o.id, o.price, o.shown, o.leaves]));
    expect(new Set(handles).size).toBe(handles.length);
  }
}

describe('the limit order book says what its naive twin says', () => {
  for (const [name, steps] of Object.entries(ALLOCATIONS))
    test.prop([fc.array(command, { minLength: 1, maxLength: 120 })], { numRuns: 150 })(
      `after every command of a random history, allocation ${name}`,
      (commands) => {
        compare(steps, commands);
      },
    );
  test.prop([fc.array(command, { minLength: 1, maxLength: 120 })], { numRuns: 100 })(
    'and in time priority a match that is stopped after every trade comes to the same',
    (commands) => {
      compare(FIFO, commands, true);
    },
  );
  it('and those histories do trade', () => {
    const histories = fc.sample(fc.array(command, { minLength: 60, maxLength: 120 }), {
      numRuns: 20,
      seed: 7,
    });
    const trades = histories.map((commands) => compare(FIFO, commands));
    expect(trades.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(200);
  });
});

describe('a level set', () => {
  test.prop([
    fc.constantFrom(32, 1024, 32_768),
    fc.array(fc.tuple(fc.boolean(), fc.nat(32_767)), { maxLength: 200 }),
  ])('answers as a sorted array does', (size, steps) => {
    const set = new LevelSet(size);
    const plain = new Set<number>();
    for (const [isAdd, raw] of steps) {
      const index = raw % size;
      if (isAdd) {
        set.add(index);
        plain.add(index);
      } else {
        set.delete(index);
        plain.delete(index);
      }
      const sorted = [...plain].sort((a, b) => a - b);
      expect(set.first()).toBe(sorted[0] ?? -1);
      expect(set.last()).toBe(sorted.at(-1) ?? -1);
      expect(set.has(index)).toBe(isAdd);
      expect(set.after(index)).toBe(sorted.find((each) => each > index) ?? -1);
      expect(set.before(index)).toBe(sorted.findLast((each) => each < index) ?? -1);
    }
  });
});
