/** The shared orders through the replay market: its places in the queue against a plain recount of ids. */
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { MboColumns } from '../../src/core/bars.ts';
import { MboBook } from '../../src/core/book/mbo-book.ts';
import type { Side } from '../../src/core/order.ts';
import { parseTsUs } from '../../src/core/units.ts';
import { ReplayMarket } from '../../src/sim/replay/replay-market.ts';
import { DBN_FILES, readDbnOrders } from '../support/dbn-columns.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const calendar = createCalendars().forGroup('cme-equity-index');
const OPENING_US = parseTsUs('2023-12-25T23:00:00.000069Z');

interface Plain {
  readonly side: number;
  readonly price: number;
  /** A new one each time it loses its place. */
  readonly place: number;
  qty: number;
  /** Contracts filled in the event: an order that is shown smaller by them keeps its place. */
  filled: number;
}

/** The orders of the record, oldest place first: a Map keeps the order in which keys came. */
class PlainOrders {
  readonly orders = new Map<bigint, Plain>();
  #places = 0;

  apply(batch: MboColumns, row: number): void {
    const id = batch.orderId[row]!;
    const [side, price, qty] = [batch.side[row]!, batch.price[row]!, batch.qty[row]!];
    const known = this.orders.get(id);
    switch (batch.action[row]) {
      case 0:
        this.orders.delete(id);
        this.#put(id, side, price, qty);
        break;
      case 1: {
        const keeps =
          known?.side === side && known.price === price && qty <= known.qty - known.filled;
        if (keeps) Object.assign(known, { qty, filled: 0 });
        else {
          this.orders.delete(id);
          this.#put(id, side, price, qty);
        }
        break;
      }
      case 2:
        if (known === undefined) break;
        known.qty -= qty;
        known.filled = Math.max(0, known.filled - qty);
        if (known.qty <= 0) this.orders.delete(id);
        break;
      case 4:
        if (known !== undefined) known.filled += qty;
        break;
      case 5:
        this.orders.clear();
        break;
      default:
    }
    if (batch.isEventEnd[row] === 1) for (const each of this.orders.values()) each.filled = 0;
  }

  #put(id: bigint, side: number, price: number, qty: number): void {
    this.#places += 1;
    this.orders.set(id, { side, price, place: this.#places, qty, filled: 0 });
  }

  /** Ids at a price with their places. */
  at(side: number, price: number): Map<bigint, number> {
    const found = [...this.orders].filter(([, each]) => each.side === side && each.price === price);
    return new Map(found.map(([id, { place }]) => [id, place]));
  }

  /** Contracts of those of them that still stand where they stood. */
  left(places: ReadonlyMap<bigint, number>): number {
    let qty = 0;
    for (const [id, place] of places) {
      const order = this.orders.get(id);
      if (order?.place === place) qty += order.qty - order.filled;
    }
    return qty;
  }
}

describe.skipIf(dir === null)('the shared orders with ours over them', () => {
  it('keep our places as a count of ids by hand does, and fill what a trade leaves for us', async () => {
    const orders = await readDbnOrders(dir!, DBN_FILES.holiday);
    const fills = new Map<string, number>();
    const market = new ReplayMarket(
      {
        onReport: ({ kind, clOrdId, lastQty }) => {
          if (kind === 'Fill') fills.set(clOrdId, (fills.get(clOrdId) ?? 0) + lastQty);
        },
      },
      { feed: 'mbo', startPhase: 'pre-open', calendar },
    );
    const plain = new PlainOrders();
    /** By order of ours: the ids that stood before it when it came. */
    const before = new Map<string, { side: Side; price: number; ids: Map<bigint, number> }>();
    let [placed, compared, most, filled] = [0, 0, 0, 0];
    const differences: string[] = [];
    for (let row = 0; row < orders.length; row += 1) {
      const tsUs = orders.tsUs[row]!;
      if (market.phase === 'pre-open' && tsUs >= OPENING_US) market.setPhase('open', tsUs);
      // What a plain count says a trade leaves for the first of ours at its price.
      const isTrade = orders.action[row] === 3 && tsUs > OPENING_US;
      const expected: [string, number][] = [];
      if (isTrade)
        for (const [name, own] of before) {
          const isHit = own.price === orders.price[row] && own.side === -orders.side[row]!;
          if (!isHit || market.orderOf(1, name)!.place === 'done') continue;
          expected.push([name, Math.min(1, Math.max(0, orders.qty[row]! - plain.left(own.ids)))]);
        }
      market.onMbo(orders, row, row + 1);
      for (const [name, qty] of expected) {
        const got = fills.get(name) ?? 0;
        if (got !== qty) differences.push(`row ${row} ${name}: filled ${got}, by hand ${qty}`);
        filled += got;
      }
      plain.apply(orders, row);
      for (const name of before.keys())
        if (market.orderOf(1, name)!.place === 'done') before.delete(name);
      if (orders.isEventEnd[row] !== 1 || market.phase !== 'open') continue;
      for (const [name, own] of before) {
        const ahead = plain.left(own.ids);
        const ours = market.queueAhead(1, name);
        compared += 1;
        if (ours !== ahead) differences.push(`row ${row} ${name}: ${ours} ahead, by hand ${ahead}`);
      }
      // One contract on either side, now and then, one to four levels from the best.
      if (row % 97 > 3 || before.size > 30) continue;
      for (const side of [1, -1] as const) {
        const best = market.book.bestTicks(side);
        const price = best - side * (placed % 4);
        if (
          Number.isNaN(best) ||
          [...before.values()].some((own) => own.side === side && own.price === price)
        )
          continue;
        const clOrdId = `o${placed}`;
        placed += 1;
        before.set(clOrdId, { side, price, ids: plain.at(side, price) });
        market.submit(
          { participant: 1, clOrdId, side, type: 'limit', qty: 1, limitTicks: price },
          tsUs,
        );
        most = Math.max(most, market.queueAhead(1, clOrdId));
      }
    }
    expect(differences.slice(0, 5)).toEqual([]);
    expect(market.counts).toMatchObject({ rows: 40_000, crossed: 0, backward: 0, malformed: 0 });
    expect(market.mbo.counts).toMatchObject({ crossed: 0, crossedBeforeOpen: 891 });
    // The comparison was worth it.
    expect(placed).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(10_000);
    expect([most > 20, filled > 10]).toEqual([true, true]);
  });

  it('agree with themselves: what trades is filled, and what is filled leaves its order', async () => {
    const orders = await readDbnOrders(dir!, DBN_FILES.holiday);
    const mbo = new MboBook({ calendar });
    const filled = new Map<bigint, number>();
    const left = new Map<bigint, number>();
    const qtyOf = (id: bigint): number => {
      const slot = mbo.find(id);
      return slot < 0 ? 0 : mbo.book.qtyOf(slot);
    };
    let [traded, given, aggressor] = [0, 0, 0];
    let [events, auctions, refilled] = [0, 0, 0];
    const differences: number[] = [];
    for (let row = 0; row < orders.length; row += 1) {
      const id = orders.orderId[row]!;
      const action = orders.action[row]!;
      if (action === 3) {
        traded += orders.qty[row]!;
        aggressor = orders.side[row]!;
      }
      // In an auction nobody comes to the other: both sides are filled.
      if (action === 4 && (aggressor === 0 || orders.side[row] === -aggressor)) {
        given += orders.qty[row]!;
        filled.set(id, (filled.get(id) ?? 0) + orders.qty[row]!);
      }
      const before = qtyOf(id);
      mbo.apply(orders, undefined, row, row + 1);
      if (action !== 3 && action !== 4) left.set(id, (left.get(id) ?? 0) + before - qtyOf(id));
      if (orders.isEventEnd[row] !== 1) continue;
      if (traded > 0) {
        events += 1;
        auctions += aggressor === 0 ? 1 : 0;
        if (given !== (aggressor === 0 ? 2 : 1) * traded) differences.push(row);
        for (const [each, qty] of filled) {
          if (left.get(each) === qty) continue;
          // More was filled than was shown, or it shows again: an iceberg.
          if (qty > (left.get(each) ?? 0)) refilled += 1;
          else differences.push(row);
        }
      }
      [traded, given, aggressor] = [0, 0, 0];
      filled.clear();
      left.clear();
    }
    expect(differences).toEqual([]);
    expect([events > 1500, auctions]).toEqual([true, 1]);
    expect(refilled).toBeLessThan(events / 20);
  });
});
