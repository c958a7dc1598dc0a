import { describe, expect, it } from 'vitest';
import type { DepthColumns, QuoteColumns, TradeColumns } from '../../src/core/bars.ts';
import { Side } from '../../src/core/order.ts';
import type { QuoteView, Strategy, TradeView } from '../../src/core/strategy.ts';
import type { TickFeed, TickSource } from '../../src/engine/config.ts';
import { runEngine } from '../../src/engine/engine.ts';
import type { WorldOptions } from '../support/engine-world.ts';
import { at, hourly, makeWorld } from '../support/engine-world.ts';

function sourceOf<C>(batches: readonly C[]): TickSource<C> {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
}

/** Rows [time, sequence, price]; one contract each. */
function trades(
  contractIndex: number,
  rows: readonly (readonly [number, number, number])[],
  chunk: number = 100,
): TickFeed {
  const batches: TradeColumns[] = [];
  for (let from = 0; from < rows.length; from += chunk) {
    const part = rows.slice(from, from + chunk);
    batches.push({
      length: part.length,
      tsUs: Float64Array.from(part, (row) => row[0]),
      seq: Float64Array.from(part, (row) => row[1]),
      price: Int32Array.from(part, (row) => row[2]),
      qty: new Float64Array(part.length).fill(1),
      aggressor: Int8Array.from(part, () => -1),
    });
  }
  return { kind: 'trades', contractIndex, source: sourceOf(batches) };
}

/** Rows [time, sequence, bid]; the ask is one tick above. */
function quotes(
  contractIndex: number,
  rows: readonly (readonly [number, number, number])[],
): TickFeed {
  const columns: QuoteColumns = {
    length: rows.length,
    tsUs: Float64Array.from(rows, (row) => row[0]),
    seq: Float64Array.from(rows, (row) => row[1]),
    bid: Int32Array.from(rows, (row) => row[2]),
    ask: Int32Array.from(rows, (row) => row[2] + 1),
    bidQty: new Float64Array(rows.length).fill(5),
    askQty: new Float64Array(rows.length).fill(6),
  };
  return { kind: 'quotes', contractIndex, source: sourceOf([columns]) };
}

/** Rows [time, side, price, quantity, last of its event]. */
function depth(
  contractIndex: number,
  rows: readonly (readonly [number, 1 | -1, number, number, 0 | 1])[],
): TickFeed {
  const columns: DepthColumns = {
    length: rows.length,
    tsUs: Float64Array.from(rows, (row) => row[0]),
    seq: Float64Array.from(rows, (_, i) => i),
    side: Int8Array.from(rows, (row) => row[1]),
    price: Int32Array.from(rows, (row) => row[2]),
    qty: Float64Array.from(rows, (row) => row[3]),
    orderCount: new Int32Array(rows.length),
    isEventEnd: Uint8Array.from(rows, (row) => row[4]),
  };
  return { kind: 'depth', contractIndex, source: sourceOf([columns]) };
}

function run(
  strategy: Strategy,
  ticks: readonly TickFeed[],
  more: Partial<WorldOptions> = {},
): ReturnType<typeof makeWorld> & { hash: string } {
  const world = makeWorld({ front: hourly(0, [100, 101, 102]), days: 1, strategy, ...more });
  const result = runEngine({ ...world.config, ticks });
  if (result.error !== null) throw result.error.cause;
  return { ...world, hash: result.eventHash };
}

/** Writes down what arrives, and that it is never later than now. */
function scribe(log: string[]): Strategy {
  return {
    onBar: (bar, ctx) => {
      log.push(`bar ${bar.rawCloseTicks} @${(ctx.nowUs - at(0, 10)) / 60e6}`);
    },
    onQuote: (quote, ctx) => {
      expect(quote.tsUs).toBe(ctx.nowUs);
      log.push(`quote ${quote.bidTicks}/${quote.askTicks}`);
    },
    onTrade: (trade, ctx) => {
      expect(trade.tsUs).toBe(ctx.nowUs);
      log.push(`trade ${trade.priceTicks}`);
    },
    onDepth: (book, ctx) => {
      expect(book.tsUs).toBe(ctx.nowUs);
      log.push(`depth ${book.bid(0)?.ticks ?? '-'}/${book.ask(0)?.ticks ?? '-'}`);
    },
  };
}

describe('ticks', () => {
  it('arrive in the order of time, between the bars, and after a bar that ends at the same instant', () => {
    const log: string[] = [];
    run(scribe(log), [
      trades(0, [
        [at(0, 10, 30), 0, 99],
        [at(0, 11), 1, 100],
        [at(0, 12, 30), 2, 98],
      ]),
    ]);
    expect(log).toEqual([
      'trade 99',
      'bar 100 @60',
      'trade 100',
      'bar 101 @120',
      'trade 98',
      'bar 102 @180',
    ]);
  });

  it('of one instant keep the sequence of their source, and depth goes before quote before trade', () => {
    const log: string[] = [];
    const us = at(0, 10, 30);
    run(scribe(log), [
      trades(0, [
        [us, 2, 99],
        [us, 4, 98],
      ]),
      quotes(0, [
        [us, 1, 90],
        [us, 3, 91],
        [us, 4, 92],
      ]),
      depth(0, [[us, 1, 80, 1, 1]]),
    ]);
    expect(log.slice(0, 6)).toEqual([
      'depth 80/-',
      'quote 90/91',
      'trade 99',
      'quote 91/92',
      'quote 92/93',
      'trade 98',
    ]);
  });

  it('build a book that is shown only when an event of the source is whole', () => {
    const log: string[] = [];
    const levels: unknown[] = [];
    const inner = scribe(log);
    const strategy: Strategy = {
      onDepth: (book, ctx) => {
        inner.onDepth!(book, ctx);
        levels.push([book.bid(0), book.bid(1), book.bid(2), book.ask(0), book.ask(-1)]);
      },
    };
    const us = at(0, 10, 30);
    run(strategy, [
      depth(0, [
        // Before the run: it builds the book and is not told.
        [at(0, 9), 1, 95, 7, 1],
        [us, 1, 97, 2, 0],
        [us, -1, 99, 3, 0],
        [us, 1, 96, 4, 1],
        [us + 1, 1, 97, 0, 0],
        [us + 1, -1, 98, 1, 1],
      ]),
    ]);
    expect(log).toEqual(['depth 97/99', 'depth 96/98']);
    expect(levels[0]).toEqual([
      { ticks: 97, qty: 2 },
      { ticks: 96, qty: 4 },
      { ticks: 95, qty: 7 },
      { ticks: 99, qty: 3 },
      null,
    ]);
  });

  it('are of the contract that the chain trades, before and after a roll', () => {
    const log: string[] = [];
    run(
      scribe(log),
      [
        trades(0, [
          [at(0, 10, 30), 0, 100],
          [at(0, 12), 1, 101],
          [at(0, 12, 30), 2, 102],
        ]),
        trades(1, [
          [at(0, 10, 30), 0, 120],
          [at(0, 12), 1, 121],
          [at(0, 12, 30), 2, 122],
        ]),
      ],
      {
        front: hourly(0, [100, 100, 100]),
        next: hourly(0, [120, 120, 120]),
        roll: { us: at(0, 12), fromPrice: 100, toPrice: 120 },
      },
    );
    expect(log.filter((line) => line.startsWith('trade'))).toEqual([
      'trade 100',
      'trade 121',
      'trade 122',
    ]);
  });

  it('stay silent during the warm-up', () => {
    const log: string[] = [];
    run(
      scribe(log),
      [
        trades(0, [
          [at(0, 10, 30), 0, 100],
          [at(1, 10, 30), 1, 101],
        ]),
      ],
      { front: [...hourly(0, [100]), ...hourly(1, [100])], days: 2, fromDay: 1 },
    );
    expect(log).toEqual(['trade 101', 'bar 100 @1500']);
  });

  it('can send an order, which fills on the next bar that opens after them', () => {
    let isSent = false;
    const strategy: Strategy = {
      onTrade(trade, ctx): void {
        if (isSent) return;
        isSent = true;
        ctx.submit({ contract: trade.contract, side: Side.Buy, qty: 1, type: 'market' });
      },
    };
    const { recorder } = run(strategy, [trades(0, [[at(0, 11, 30), 0, 500]])]);
    // The bar from 11:00 to 12:00 holds the trade; the one from 12:00 opens at 101.
    expect(recorder.fills).toMatchObject([{ priceTicks: 101, tsUs: at(0, 13) }]);
  });

  it('do not change the event log by their batches, and a view lives for one call', () => {
    const rows = Array.from({ length: 50 }, (_, i) => [at(0, 10, 5 + i), i, 100 + i] as const);
    const seen: TradeView[] = [];
    const strategy: Strategy = {
      onTrade: (trade, ctx) => {
        seen.push(trade);
        ctx.note('trade', { ticks: trade.priceTicks });
      },
    };
    const whole = run(strategy, [trades(0, rows)]);
    expect(run(strategy, [trades(0, rows, 7)]).hash).toBe(whole.hash);
    expect(new Set(seen).size).toBe(2);
  });

  it('end with the run: a tick after the last session is not delivered', () => {
    const log: string[] = [];
    const views: QuoteView[] = [];
    run({ onQuote: (quote) => void views.push(quote) }, [
      quotes(0, [
        [at(0, 15), 0, 100],
        [at(1, 12), 1, 101],
      ]),
    ]);
    expect(log).toEqual([]);
    expect(views).toHaveLength(1);
  });
});
