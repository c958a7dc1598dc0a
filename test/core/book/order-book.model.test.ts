import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DepthBook } from '../../../src/core/book/depth-book.ts';
import { MboBook } from '../../../src/core/book/mbo-book.ts';
import { OrderBook } from '../../../src/core/book/order-book.ts';
import { DepthRecorder, TopRecorder, topQuotes, TopToDepth } from '../../../src/core/book/top.ts';
import { eventsArbitrary, levelsOf, mboColumns, PlainBook } from './plain-book.ts';

/** Small on purpose: the arrays must grow, and free slots be used again. */
const SMALL = { orders: 2, levels: 2 };
const SIDES = [1, -1] as const;

describe('a book of orders', () => {
  it('holds after every row the levels, queues and places of a plain list', () => {
    fc.assert(
      fc.property(eventsArbitrary, (events) => {
        const mbo = new MboBook(SMALL);
        const plain = new PlainBook();
        const columns = mboColumns(events);
        for (const [row, event] of events.entries()) {
          mbo.apply(columns, undefined, row, row + 1);
          plain.apply(event);
          expect(mbo.book.size).toBe(plain.orders.length);
          for (const side of SIDES) {
            const levels = plain.levels(side);
            expect(levelsOf(mbo.book, side)).toEqual(levels);
            for (const [depth, { price }] of levels.entries()) {
              expect(mbo.book.depthOf(side, price)).toBe(depth);
              let slot = mbo.book.firstAt(side, depth);
              let ahead = 0;
              for (const [place, order] of plain.queue(side, price).entries()) {
                expect(mbo.book.idOf(slot)).toBe(order.id);
                expect(mbo.find(order.id)).toBe(slot);
                expect([mbo.book.qtyAhead(slot), mbo.book.ordersAhead(slot)]).toEqual([
                  ahead,
                  place,
                ]);
                ahead += order.qty;
                slot = mbo.book.nextOf(slot);
              }
              expect(slot).toBe(-1);
            }
          }
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('finds no order by a reference once it is gone, whoever has its slot', () => {
    fc.assert(
      fc.property(eventsArbitrary, (events) => {
        const mbo = new MboBook(SMALL);
        const columns = mboColumns(events);
        // References with the id that they were taken for; an order that left and came back is another one.
        const refs = new Map<number, bigint>();
        for (const [row, { id, action }] of events.entries()) {
          const before = mbo.find(id);
          const ref = before < 0 ? -1 : mbo.book.refOf(before);
          mbo.apply(columns, undefined, row, row + 1);
          const after = mbo.find(id);
          if (after >= 0) refs.set(mbo.book.refOf(after), id);
          const isAddedAgain = action === 0 && mbo.issues.addKnown > 0;
          if (ref >= 0 && after >= 0 && !isAddedAgain) expect(mbo.book.refOf(after)).toBe(ref);
          for (const [known, of] of refs) {
            const slot = mbo.book.slotOf(known);
            if (slot >= 0) expect(mbo.book.idOf(slot)).toBe(of);
            else refs.delete(known);
          }
          const standing = [...refs.values()].filter((each) => each === id).length;
          expect(standing).toBe(after >= 0 ? 1 : 0);
        }
      }),
      { seed: 2 },
    );
  });

  it('is the same however the rows are cut into calls', () => {
    fc.assert(
      fc.property(eventsArbitrary, fc.integer({ min: 1, max: 20 }), (events, size) => {
        const columns = mboColumns(events);
        const whole = new MboBook();
        let wholeEnds = 0;
        whole.apply(columns, () => (wholeEnds += 1));
        const cut = new MboBook(SMALL);
        let ends = 0;
        for (let from = 0; from < events.length; from += size)
          cut.apply(columns, () => (ends += 1), from, Math.min(events.length, from + size));
        expect([cut.counts, cut.issues, ends]).toEqual([whole.counts, whole.issues, wholeEnds]);
        for (const side of SIDES)
          expect(levelsOf(cut.book, side)).toEqual(levelsOf(whole.book, side));
      }),
      { seed: 3 },
    );
  });

  it('told as changed levels makes the same book of levels', () => {
    fc.assert(
      fc.property(eventsArbitrary, (events) => {
        const mbo = new MboBook({ ...SMALL, isTracked: true });
        const recorder = new DepthRecorder();
        const depth = new DepthBook(2);
        mbo.apply(mboColumns(events), (batch, row) => {
          recorder.sample(mbo.book, batch.tsUs[row]!, row);
          depth.apply(recorder.take());
          for (const side of SIDES) expect(levelsOf(depth, side)).toEqual(levelsOf(mbo.book, side));
        });
        expect([depth.unknownLevels, depth.incomplete]).toEqual([0, 0]);
      }),
      { seed: 4 },
    );
  });

  it('told as its best levels makes a book of just these', () => {
    fc.assert(
      fc.property(eventsArbitrary, fc.integer({ min: 1, max: 4 }), (events, count) => {
        const mbo = new MboBook(SMALL);
        const recorder = new TopRecorder(count);
        const toDepth = new TopToDepth();
        const depth = new DepthBook(2);
        mbo.apply(mboColumns(events), (batch, row) => {
          if (!recorder.sample(mbo.book, batch.tsUs[row]!, row)) return;
          const top = recorder.take();
          toDepth.apply(top);
          depth.apply(toDepth.take());
          for (const side of SIDES)
            expect(levelsOf(depth, side)).toEqual(levelsOf(mbo.book, side).slice(0, count));
          const quotes = topQuotes(top);
          expect([quotes.bid[0], quotes.ask[0]]).toEqual([mbo.book.bestBid, mbo.book.bestAsk]);
          expect(quotes.bidQty[0]).toBe(mbo.book.qtyAt(1, 0));
        });
        expect(depth.unknownLevels).toBe(0);
      }),
      { seed: 5 },
    );
  });

  it('writes a row of the best levels only when one of them changed', () => {
    const book = new OrderBook();
    const recorder = new TopRecorder(1);
    expect(recorder.sample(book, 0, 0)).toBe(true);
    expect(recorder.sample(book, 1, 1)).toBe(false);
    const slot = book.addOrder(0, 1, 1, 100, 5);
    expect(recorder.sample(book, 2, 2)).toBe(true);
    book.addOrder(0, 2, 1, 99, 5);
    expect(recorder.sample(book, 3, 3)).toBe(false);
    book.reduceOrder(slot, 1);
    expect(recorder.sample(book, 4, 4)).toBe(true);
    expect([...recorder.take().bidQty]).toEqual([0, 5, 4]);
  });
});

describe('priority', () => {
  const queueOf = (book: OrderBook): bigint[] => {
    const ids: bigint[] = [];
    for (let slot = book.firstAt(1, 0); slot >= 0; slot = book.nextOf(slot))
      ids.push(book.idOf(slot));
    return ids;
  };
  const bookOf = (): OrderBook => {
    const book = new OrderBook();
    for (const id of [1, 2, 3]) book.addOrder(0, id, 1, 100, 5);
    return book;
  };

  it.each([
    ['a smaller quantity keeps', 100, 4, true, [1n, 2n, 3n]],
    ['the same quantity keeps', 100, 5, true, [1n, 2n, 3n]],
    ['a larger quantity loses', 100, 6, false, [2n, 3n, 1n]],
    ['another price loses', 99, 4, false, [2n, 3n]],
  ])('%s the place', (_, price, qty, isKept, queue) => {
    const book = bookOf();
    expect(book.replaceOrder(book.find(0, 1), 1, price, qty)).toBe(isKept);
    expect(queueOf(book)).toEqual(queue);
  });

  it('a partial cancel keeps the place, a whole one frees it', () => {
    const book = bookOf();
    book.reduceOrder(book.find(0, 1), 4);
    expect(queueOf(book)).toEqual([1n, 2n, 3n]);
    expect(book.qtyAhead(book.find(0, 3))).toBe(6);
    book.reduceOrder(book.find(0, 1), 1);
    expect(queueOf(book)).toEqual([2n, 3n]);
    expect(book.find(0, 1)).toBe(-1);
  });

  it('counts what a feed contradicts itself in, with the reason', () => {
    const mbo = new MboBook();
    const row = { id: 1n, action: 0, side: 1, price: 100, qty: 5, isEventEnd: false };
    mbo.apply(
      mboColumns([
        row,
        row,
        { ...row, id: 2n, action: 1 },
        { ...row, id: 3n, action: 2 },
        { ...row, action: 2, price: 99, qty: 1 },
        { ...row, action: 2, qty: 9 },
        { ...row, side: 0 },
        { ...row, qty: 0 },
        { ...row, action: 9 },
      ]),
    );
    expect(mbo.issues).toEqual({
      addKnown: 1,
      modifyUnknown: 1,
      cancelUnknown: 1,
      cancelTooMuch: 1,
      cancelElsewhere: 1,
      incomplete: 2,
      unknownAction: 1,
    });
    expect(mbo.book.size).toBe(1);
  });
});
