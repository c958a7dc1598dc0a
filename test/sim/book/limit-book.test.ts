/** The rows of the matching tables that concern the book alone, in words: orders left, trades right. */
import { describe, expect, it } from 'vitest';
import type { Side } from '../../../src/core/order.ts';
import type { AllocationStep } from '../../../src/sim/book/allocation.ts';
import { FIFO, PRO_RATA } from '../../../src/sim/book/allocation.ts';
import type { Aggressor, OrderHandle } from '../../../src/sim/book/limit-book.ts';
import { LimitBook } from '../../../src/sim/book/limit-book.ts';

class Desk {
  readonly book: LimitBook;
  readonly #names: Map<OrderHandle, string> = new Map();
  readonly handles: Map<string, OrderHandle> = new Map();
  readonly lines: string[] = [];

  constructor(steps: readonly AllocationStep[] = FIFO) {
    this.book = new LimitBook(steps);
  }

  /** `buy 2 @ 99`, and what else the order says. */
  rest(
    name: string,
    text: string,
    more: { display?: number; group?: number; lead?: boolean } = {},
  ): this {
    const [word, qty, , price] = text.split(' ');
    const handle = this.book.rest({
      side: word === 'buy' ? 1 : -1,
      qty: Number(qty),
      priceTicks: Number(price),
      displayQty: more.display ?? 0,
      group: more.group ?? 0,
      isLead: more.lead === true,
    });
    this.#names.set(handle, name);
    this.handles.set(name, handle);
    return this;
  }

  /** Returns what is left, after the trades as `name qty@price`. */
  send(text: string, more: Partial<Aggressor> = {}): string[] {
    const [word, qty, , price] = text.split(' ');
    const side: Side = word === 'buy' ? 1 : -1;
    const lines: string[] = [];
    const note =
      (suffix: string) =>
      (handle: OrderHandle, priceTicks: number, lastQty: number): false => {
        lines.push(`${this.#names.get(handle)} ${lastQty}@${priceTicks}${suffix}`);
        return false;
      };
    const left = this.book.match(
      {
        side,
        qty: Number(qty),
        limitTicks: price === undefined ? side * Infinity : Number(price),
        ...more,
      },
      { onTrade: note(''), onSelfTrade: note(' self') },
    );
    return left === 0 ? lines : [...lines, `left ${left}`];
  }

  queue(side: Side, priceTicks: number): string[] {
    const out: string[] = [];
    this.book.forEachAt(side, priceTicks, (handle, shown, leaves) =>
      out.push(`${this.#names.get(handle)} ${shown}/${leaves}`),
    );
    return out;
  }
}

describe('price and time priority', () => {
  const b1 = (): Desk => new Desk().rest('near', 'sell 3 @ 400').rest('far', 'sell 5 @ 401');
  it('B1: a market order walks the levels at their own prices', () => {
    expect(b1().send('buy 4')).toEqual(['near 3@400', 'far 1@401']);
  });
  it('B5: what a fill-or-kill asks for is counted to its limit and no further', () => {
    const { book } = b1();
    expect(book.available({ side: 1, qty: 9, limitTicks: 401 })).toBe(8);
    expect(book.available({ side: 1, qty: 9, limitTicks: 400 })).toBe(3);
    expect(book.available({ side: 1, qty: 2, limitTicks: 400 })).toBe(2);
    expect(book.available({ side: -1, qty: 2, limitTicks: 400 })).toBe(0);
  });
  it('B6, B7: what the limit does not reach is left, and rests behind', () => {
    const desk = b1();
    expect(desk.send('buy 10 @ 401')).toEqual(['near 3@400', 'far 5@401', 'left 2']);
    desk.rest('rest', 'buy 2 @ 401');
    expect(desk.book.bestTicks(1)).toBe(401);
    expect(desk.book.bestTicks(-1)).toBeNaN();
  });
  it('B9: a reduction keeps the place', () => {
    const desk = new Desk().rest('a', 'buy 2 @ 396').rest('b', 'buy 2 @ 396');
    expect(desk.book.reduce(desk.handles.get('a')!, 1)).toBe(true);
    expect(desk.send('sell 2 @ 396')).toEqual(['a 1@396', 'b 1@396']);
  });
  it('B10: an increase loses it', () => {
    const desk = new Desk().rest('a', 'buy 2 @ 396').rest('b', 'buy 2 @ 396');
    expect(desk.book.reduce(desk.handles.get('a')!, 3)).toBe(false);
    expect(desk.book.requeue(desk.handles.get('a')!, 396, 3)).toBe(true);
    expect(desk.send('sell 3 @ 396')).toEqual(['b 2@396', 'a 1@396']);
  });
  it('B13: the next slice of an iceberg joins behind', () => {
    const desk = new Desk()
      .rest('ice', 'sell 10 @ 404', { display: 2 })
      .rest('other', 'sell 5 @ 404');
    expect(desk.send('buy 4')).toEqual(['ice 2@404', 'other 2@404']);
    expect(desk.queue(-1, 404)).toEqual(['other 3/3', 'ice 2/8']);
    expect(desk.book.queueAhead(desk.handles.get('ice')!)).toBe(3);
  });
  it('a level that is taken whole trades what it shows and what it hides together', () => {
    const desk = new Desk()
      .rest('ice', 'sell 10 @ 404', { display: 2 })
      .rest('other', 'sell 5 @ 404');
    expect(desk.send('buy 15')).toEqual(['ice 10@404', 'other 5@404']);
  });
  it('a late handle finds nothing where another order took the slot', () => {
    const desk = new Desk().rest('gone', 'buy 2 @ 396');
    const gone = desk.handles.get('gone')!;
    expect(desk.book.cancel(gone)).toBe(2);
    desk.rest('new', 'buy 7 @ 396');
    expect(desk.book.cancel(gone)).toBe(0);
    expect(desk.book.leavesQty(gone)).toBe(0);
    expect(desk.book.queueAhead(gone)).toBeNaN();
    expect(desk.queue(1, 396)).toEqual(['new 7/7']);
  });
});

describe('self-trade prevention', () => {
  const own = (): Desk =>
    new Desk()
      .rest('first', 'buy 1 @ 396')
      .rest('own', 'buy 5 @ 396', { group: 7 })
      .rest('last', 'buy 2 @ 396');
  it('B14: the resting order goes, the aggressor trades on', () => {
    expect(own().send('sell 3 @ 395', { group: 7 })).toEqual([
      'first 1@396',
      'own 5@396 self',
      'last 2@396',
    ]);
  });
  it('the aggressor goes where its turn comes', () => {
    const desk = own();
    expect(desk.send('sell 3 @ 395', { group: 7, selfTrade: 'cancel-aggressor' })).toEqual([
      'first 1@396',
      'left -2',
    ]);
    expect(desk.queue(1, 396)).toEqual(['own 5/5', 'last 2/2']);
  });
  it('both go', () => {
    const desk = own();
    expect(desk.send('sell 3 @ 395', { group: 7, selfTrade: 'cancel-both' })).toEqual([
      'first 1@396',
      'own 5@396 self',
      'left -2',
    ]);
    expect(desk.queue(1, 396)).toEqual(['last 2/2']);
  });
  it('B15: both are made smaller, and nothing trades', () => {
    const desk = new Desk().rest('own', 'buy 5 @ 396', { group: 7 });
    expect(desk.send('sell 3 @ 395', { group: 7, selfTrade: 'decrement' })).toEqual([
      'own 3@396 self',
    ]);
    expect(desk.queue(1, 396)).toEqual(['own 2/2']);
  });
  it('does not count its own orders for a fill-or-kill', () => {
    expect(own().book.available({ side: -1, qty: 9, limitTicks: 396, group: 7 })).toBe(3);
  });
});

describe('other allocations', () => {
  it('pro-rata: by size, rounded down, nothing below two, the rest in time', () => {
    const desk = new Desk([{ step: 'pro-rata', min: 2 }, { step: 'fifo' }]);
    desk.rest('a', 'sell 3 @ 400').rest('b', 'sell 17 @ 400').rest('c', 'sell 80 @ 400');
    // Of 20: 0.6, 3.4 and 16; one is left for the first in time.
    expect(desk.send('buy 20')).toEqual(['a 1@400', 'b 3@400', 'c 16@400']);
  });
  it('the order that bettered the market goes first', () => {
    const desk = new Desk(PRO_RATA);
    desk.rest('old', 'sell 50 @ 401').rest('top', 'sell 4 @ 400').rest('big', 'sell 96 @ 400');
    expect(desk.send('buy 14')).toEqual(['top 4@400', 'big 10@400']);
    expect(desk.send('buy 96 @ 400')).toEqual(['big 86@400', 'left 10']);
  });
  it('and its privilege leaves with it: the next order in its slot has none', () => {
    const desk = new Desk([{ step: 'top' }, { step: 'pro-rata' }, { step: 'fifo' }]);
    desk.rest('top', 'sell 4 @ 400').rest('a', 'sell 50 @ 400');
    desk.book.cancel(desk.handles.get('top')!);
    desk.rest('b', 'sell 50 @ 400');
    expect(desk.send('buy 20')).toEqual(['a 10@400', 'b 10@400']);
  });
  it('nor has an iceberg whose slice was used up', () => {
    const desk = new Desk([{ step: 'top' }, { step: 'fifo' }]);
    desk.rest('ice', 'sell 9 @ 400', { display: 2 }).rest('a', 'sell 5 @ 400');
    expect(desk.send('buy 2')).toEqual(['ice 2@400']);
    expect(desk.send('buy 3')).toEqual(['a 3@400']);
  });
  it('lead market makers share their percentage, leveling gives one to those with none', () => {
    const desk = new Desk([
      { step: 'lead', percent: 20 },
      { step: 'pro-rata', min: 2 },
      { step: 'leveling' },
      { step: 'fifo' },
    ]);
    desk
      .rest('small', 'sell 1 @ 400')
      .rest('lead', 'sell 10 @ 400', { lead: true })
      .rest('big', 'sell 39 @ 400');
    // Two to the lead; of the other eight by size of 1, 8 and 39: 0, 1 (below two) and 6; then one to who has none, one in time.
    expect(desk.send('buy 10')).toEqual(['small 1@400', 'lead 3@400', 'big 6@400']);
  });
});

describe('an auction', () => {
  it('trades both sides at one price, best price and first time on each', () => {
    const desk = new Desk()
      .rest('b1', 'buy 10 @ 402')
      .rest('b2', 'buy 3 @ 401')
      .rest('s1', 'sell 6 @ 400')
      .rest('s2', 'sell 6 @ 401', { display: 1 });
    const lines: string[] = [];
    const name = (handle: OrderHandle): string =>
      [...desk.handles].find(([, each]) => each === handle)![0];
    const left = desk.book.uncross(401, 12, (bid, ask, qty) =>
      lines.push(`${name(bid)} ${name(ask)} ${qty}`),
    );
    expect(lines).toEqual(['b1 s1 6', 'b1 s2 4', 'b2 s2 2']);
    expect(left).toBe(0);
    expect(desk.queue(1, 401)).toEqual(['b2 1/1']);
    expect(desk.book.orderCount).toBe(1);
  });
});

describe('prices', () => {
  it('below zero, and far from each other, are held', () => {
    const desk = new Desk()
      .rest('low', 'buy 1 @ -3763')
      .rest('high', 'sell 1 @ 400000')
      .rest('lower', 'buy 1 @ -400000');
    expect(desk.book.bestTicks(1)).toBe(-3763);
    expect(desk.send('sell 2')).toEqual(['low 1@-3763', 'lower 1@-400000']);
  });
  it('further than the window are refused by name, and the book stays as it was', () => {
    const desk = new Desk().rest('low', 'buy 1 @ 0');
    expect(() => desk.rest('high', 'buy 1 @ 2000000')).toThrow('2000000 ticks');
    expect(desk.book.orderCount).toBe(1);
    expect(desk.queue(1, 0)).toEqual(['low 1/1']);
  });
});
