/** A backtest on the shared orders of a holiday evening, from files to the journal, against a plain recount of the records. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../src/cli/import-data.ts';
import type { MboColumns, TradeColumns } from '../../src/core/bars.ts';
import { createBarBuilder } from '../../src/core/bar-builder/create.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { Strategy } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { PriceTicks, Qty } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { BacktestOptions, BacktestOutcome } from '../../src/research/backtest.ts';
import { rerunRun, runBacktest } from '../../src/research/backtest.ts';
import type { VenueConfig } from '../../src/research/define-config.ts';
import { DBN_FILES } from '../support/dbn-columns.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { backtestOptions, INSTRUMENTS_DIR } from '../support/sample-catalog.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const CONTRACT = 'ESH2024' as never;
const [ADD, MODIFY, CANCEL, TRADE, FILL, CLEAR] = [0, 1, 2, 3, 4, 5];

/** A row of the record. */
interface Row {
  readonly tsUs: number;
  readonly action: number;
  readonly side: number;
  readonly price: number;
  readonly qty: number;
  readonly id: bigint;
  readonly isEventEnd: boolean;
}

interface Resting {
  readonly side: number;
  readonly price: number;
  readonly place: number;
  qty: number;
  /** Filled in this event; its cancel or modify follows. */
  filled: number;
}

/** The orders of the record, kept the plainest way. */
class PlainBook {
  readonly orders: Map<bigint, Resting> = new Map();
  /** Contracts by price, for each side. */
  readonly #sizes: Record<string, Map<number, number>> = { '1': new Map(), '-1': new Map() };
  readonly #touched: Resting[] = [];
  #places = 0;

  /** The best price of a side, or NaN. */
  best(side: number): number {
    let best = NaN;
    for (const price of this.#sizes[side]!.keys()) if (!((price - best) * side <= 0)) best = price;
    return best;
  }

  sizeAt(side: number, price: number): number {
    return this.#sizes[side]!.get(price) ?? 0;
  }

  #count({ side, price }: Resting, change: number): void {
    const sizes = this.#sizes[side]!;
    const now = (sizes.get(price) ?? 0) + change;
    if (now > 0) sizes.set(price, now);
    else sizes.delete(price);
  }

  apply({ action, side, price, qty, id, isEventEnd }: Row): void {
    const known = this.orders.get(id);
    if (action === CLEAR) {
      this.orders.clear();
      this.#sizes['1']!.clear();
      this.#sizes['-1']!.clear();
    }
    if (action === ADD) this.#put(id, side, price, qty);
    if (action === MODIFY) {
      const keeps =
        known?.side === side && known.price === price && qty <= known.qty - known.filled;
      if (keeps) {
        this.#count(known, qty - known.qty);
        Object.assign(known, { qty, filled: 0 });
      } else this.#put(id, side, price, qty);
    }
    if (action === CANCEL && known !== undefined) {
      this.#count(known, -Math.min(qty, known.qty));
      known.qty -= qty;
      known.filled = Math.max(0, known.filled - qty);
      if (known.qty <= 0) this.orders.delete(id);
    }
    if (action === FILL && known !== undefined) {
      known.filled += qty;
      this.#touched.push(known);
    }
    if (!isEventEnd) return;
    for (const each of this.#touched) each.filled = 0;
    this.#touched.length = 0;
  }

  /** Orders of a side, best price and oldest place first. */
  side(side: number): [bigint, Resting][] {
    return [...this.orders]
      .filter(([, each]) => each.side === side)
      .sort(([, a], [, b]) => (b.price - a.price) * side || a.place - b.place);
  }

  #put(id: bigint, side: number, price: number, qty: number): void {
    this.#places += 1;
    const before = this.orders.get(id);
    if (before !== undefined) this.#count(before, -before.qty);
    this.orders.delete(id);
    const order = { side, price, place: this.#places, qty, filled: 0 };
    this.orders.set(id, order);
    this.#count(order, qty);
  }
}

interface Fill {
  readonly clOrdId: string;
  readonly side: 1 | -1;
  readonly qty: number;
  readonly priceTicks: number;
  readonly tsUs: number;
}

interface Sent {
  readonly clOrdId: string;
  readonly side: 1 | -1;
  readonly qty: number;
  readonly limitTicks: number | null;
  readonly sentUs: number;
}

interface Ours {
  readonly order: Sent;
  readonly price: number;
  readonly ids: ReadonlyMap<bigint, number>;
  left: number;
}

describe.skipIf(dir === null)('a backtest on the orders of an evening', () => {
  let work = '';
  const rows: Row[] = [];
  const now = { us: 1e15 };

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'frontmonth-mbo-'));
    await importFiles({
      catalogDir: work,
      instrumentsDir: INSTRUMENTS_DIR,
      files: [DBN_FILES.snapshot, DBN_FILES.holiday].map((file) => join(dir!, 'databento', file)),
      dataset: 'evening',
      quarantine: false,
    } as never);
    const dataset = openCatalog(work).dataset('evening');
    const builder = createBarBuilder({
      kind: '1m',
      calendar: createCalendars().forGroup('cme-equity-index'),
    });
    const trades = dataset.trades({ contract: CONTRACT });
    for (let batch: TradeColumns | null = trades.next(); batch !== null; batch = trades.next())
      builder.onTrades(batch);
    trades.close();
    const writer = dataset.beginWrite({ isValidated: false });
    writer.putBars(CONTRACT, '1m', 2023, builder.take());
    writer.commit();
    const orders = openCatalog(work).dataset('evening').mbo({ contract: CONTRACT });
    for (let batch: MboColumns | null = orders.next(); batch !== null; batch = orders.next())
      for (let i = 0; i < batch.length; i += 1)
        rows.push({
          tsUs: batch.tsUs[i]!,
          action: batch.action[i]!,
          side: batch.side[i]!,
          price: batch.price[i]!,
          qty: batch.qty[i]!,
          id: batch.orderId[i]!,
          isEventEnd: batch.isEventEnd[i] === 1,
        });
    orders.close();
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  /** By turns a market order and, at the last close, a limit. */
  function trader(sent: Sent[]): Strategy {
    let count = 0;
    const send = (ctx: Parameters<NonNullable<Strategy['onBar']>>[1], order: object): void => {
      const clOrdId = ctx.submit(order as never);
      const { side, qty, limitTicks } = order as Partial<Sent>;
      sent.push({
        clOrdId,
        side: side!,
        qty: qty!,
        limitTicks: limitTicks ?? null,
        sentUs: ctx.nowUs,
      });
    };
    return {
      onBar: (bar, ctx) => {
        const contract = ctx.contract('ES');
        const side = count % 2 === 0 ? 1 : -1;
        count += 1;
        send(ctx, { contract, side, type: 'market', qty: (count % 5) + 1 });
        for (const back of [0, 1, 3])
          send(ctx, {
            contract,
            side: -side,
            type: 'limit',
            qty: 1 as Qty,
            limitTicks: (bar.close / 0.25 + side * back) as PriceTicks,
          });
      },
    };
  }

  const venueOf = (entry: number): VenueConfig => ({
    matching: 'mbo',
    ...(entry === 0 ? {} : { latency: { entry } }),
  });

  const options = (latencyMs: number, sent: Sent[] = []): BacktestOptions =>
    backtestOptions(
      { dir: work, catalogDir: work, runsDir: join(work, 'runs'), now, remove: () => {} },
      'one',
      {
        catalogDir: work,
        dataset: 'evening',
        strategy: defineStrategy({
          id: 'one',
          version: '1',
          description: 'Trades by turns.',
          params: {},
          instruments: ['ES'],
          requires: () => ({ series: [{ root: 'ES', bars: '1m' }] }),
          create: () => trader(sent),
        }),
        instruments: ['ES'],
        venue: venueOf(latencyMs),
        config: { venue: venueOf(latencyMs) },
        bounds: false,
      },
    );

  function journal(run: BacktestOutcome): { kind: string; body: Record<string, unknown> }[] {
    return readFileSync(join(run.dir, 'journal.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as never);
  }

  /** What the rules give for these orders, counted from the rows: quotes of a level, ids before ours, prints at our price. */
  function recount(sent: readonly Sent[], latencyMs: number): Fill[] {
    const book = new PlainBook();
    const fills: Fill[] = [];
    const ours: Ours[] = [];
    /** By side and price: what is shown, and what of it we have not taken. */
    const taken = new Map<string, { seen: number; avail: number }>();
    const coming = sent.map((each) => ({ ...each, tsUs: each.sentUs + latencyMs * 1000 }));
    const fill = ({ clOrdId, side }: Sent, priceTicks: number, qty: number, tsUs: number): void => {
      fills.push({ clOrdId, side, qty, priceTicks, tsUs });
    };
    const levels = (side: number): Map<number, number> => {
      const sizes = new Map<number, number>();
      for (const [, { price, qty }] of book.side(side))
        sizes.set(price, (sizes.get(price) ?? 0) + qty);
      return sizes;
    };
    const refresh = (): void => {
      for (const [key, entry] of taken) {
        const [side, price] = key.split(':').map(Number) as [number, number];
        const now = book.sizeAt(side, price);
        if (now === 0) taken.delete(key);
        entry.avail = Math.min(now, entry.avail + Math.max(0, now - entry.seen));
        entry.seen = now;
      }
    };
    const arrive = (order: Sent & { tsUs: number }): void => {
      let left = order.qty;
      for (const [price, size] of levels(-order.side)) {
        const isBeyond = order.limitTicks !== null && (price - order.limitTicks) * order.side > 0;
        if (left === 0 || isBeyond) break;
        const key = `${-order.side}:${price}`;
        const entry = taken.get(key) ?? { seen: size, avail: size };
        taken.set(key, entry);
        // One account does not trade with itself: what rests of ours gives way as soon as it is met.
        for (const own of ours)
          if (own.order.side === -order.side && own.price === price && left > aheadOf(own))
            own.left = 0;
        const part = Math.min(left, entry.avail);
        if (part === 0) continue;
        entry.avail -= part;
        left -= part;
        fill(order, price, part, order.tsUs);
      }
      if (left === 0 || order.limitTicks === null) return;
      const ids = book.side(order.side).filter(([, each]) => each.price === order.limitTicks);
      ours.push({
        order,
        left,
        price: order.limitTicks,
        ids: new Map(ids.map(([id, each]) => [id, each.place])),
      });
    };
    const aheadOf = ({ ids }: Ours): number => {
      let ahead = 0;
      for (const [id, place] of ids) {
        const each = book.orders.get(id);
        if (each?.place === place) ahead += each.qty - each.filled;
      }
      return ahead;
    };
    let next = 0;
    let isAtEnd = true;
    for (const row of rows) {
      for (; next < coming.length && isAtEnd && coming[next]!.tsUs < row.tsUs; next += 1)
        arrive(coming[next]!);
      if (row.action === TRADE) {
        let spent = 0;
        for (const own of ours) {
          if (own.left === 0 || own.order.side !== -row.side) continue;
          const beyond = (own.price - row.price) * own.order.side;
          if (beyond < 0) continue;
          const part = beyond > 0 ? own.left : Math.min(own.left, row.qty - aheadOf(own) - spent);
          if (part <= 0) continue;
          if (beyond === 0) spent += part;
          own.left -= part;
          fill(own.order, own.price, part, row.tsUs);
        }
      }
      book.apply(row);
      isAtEnd = row.isEventEnd;
      if (!isAtEnd) continue;
      if (taken.size > 0) refresh();
      for (const own of ours) {
        if (own.left === 0) continue;
        const { side } = own.order;
        const best = book.best(-side);
        const beyond = (own.price - best) * side;
        if (beyond > 0 || (beyond === 0 && aheadOf(own) === 0)) {
          fill(own.order, own.price, own.left, row.tsUs);
          own.left = 0;
        }
      }
    }
    return fills;
  }

  /** Fills of one order at one price and moment, together. */
  function text(fills: readonly Fill[]): string[] {
    const sums = new Map<string, number>();
    for (const { clOrdId, side, qty, priceTicks, tsUs } of fills) {
      const key = `${clOrdId} ${side} at ${priceTicks}, ${tsUs}`;
      sums.set(key, (sums.get(key) ?? 0) + qty);
    }
    return [...sums].map(([key, qty]) => `${key}: ${qty}`).toSorted();
  }

  it.each([40])('fills what a recount gives, %d ms after it was sent', async (latencyMs) => {
    const sent: Sent[] = [];
    const run = await runBacktest(options(latencyMs, sent));
    const fills = journal(run)
      .filter(({ kind }) => kind === 'fill')
      .map(({ body }) => body as unknown as Fill);
    expect(text(fills)).toEqual(text(recount(sent, latencyMs)));
    const passive = fills.filter(({ tsUs }) => tsUs % 1_000_000 !== latencyMs * 1000);
    expect([sent.length > 90, fills.length > 60, passive.length > 20]).toEqual([true, true, true]);
    const again = await rerunRun(run.dir, {
      catalogDir: work,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: options(latencyMs).strategy,
      clock: () => 0 as never,
    });
    expect(again).toMatchObject({ same: true, firstDifference: null });
  });
});
