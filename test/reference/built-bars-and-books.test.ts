/** Bars and books built from the shared captures, against what the captures themselves say. */
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import { createBarBuilder } from '../../src/core/bar-builder/create.ts';
import { DepthBook } from '../../src/core/book/depth-book.ts';
import { MboBook } from '../../src/core/book/mbo-book.ts';
import { DepthRecorder, TopRecorder, TopToDepth } from '../../src/core/book/top.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTsUs } from '../../src/core/units.ts';
import { barsOf } from '../core/bar-builder/support.ts';
import { levelsOf } from '../core/book/plain-book.ts';
import { DBN_FILES, readDbnMinutes, readDbnOrders, readDbnTrades } from '../support/dbn-columns.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

/** Orders that trade before this one: at better prices, and ahead of it at its own. */
function aheadOf(mbo: MboBook, id: bigint): bigint[] {
  const { book } = mbo;
  const own = mbo.find(id);
  const side = book.sideOf(own);
  const ahead: bigint[] = [];
  for (let depth = 0; depth < book.levelCount(side); depth += 1) {
    for (let slot = book.firstAt(side, depth); slot >= 0; slot = book.nextOf(slot)) {
      if (slot === own) return ahead;
      ahead.push(book.idOf(slot));
    }
  }
  return ahead;
}

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const calendar = createCalendars().forGroup('cme-equity-index');

describe.skipIf(dir === null)('bars of the shared trades', () => {
  it('are the shared bars wherever the trades cover a minute', async () => {
    const { trades, instrumentId } = await readDbnTrades(dir!, DBN_FILES.trades);
    const minutes = barsOf(await readDbnMinutes(dir!, DBN_FILES.minutes, instrumentId));
    const builder = createBarBuilder({ kind: '1m', calendar });
    builder.onTrades(trades);
    // The capture of trades ends with its fourth minute.
    builder.advance(parseTsUs('2024-07-02T00:02:00Z'));
    const built = barsOf(builder.take());
    expect(built.length).toBe(4);
    const shared = minutes.filter(
      (bar) => bar.openUs >= built[0]!.openUs && bar.closeUs <= built.at(-1)!.closeUs,
    );
    expect(built).toEqual(shared);
    expect(builder.counts).toMatchObject({ used: trades.length, unordered: 0, skippedVolume: 0 });
  });

  it('hold every contract, whatever the kind', async () => {
    const { trades } = await readDbnTrades(dir!, DBN_FILES.trades);
    const traded = trades.qty.reduce((sum, qty) => sum + qty, 0);
    for (const kind of ['30s', '1d', 'tick-10', 'volume-25', 'range-4', 'renko-2']) {
      const builder = createBarBuilder({ kind, calendar });
      builder.onTrades(trades);
      const built = builder.take().volume.reduce((sum, volume) => sum + volume, 0);
      expect(built + (builder.unfinished?.volume ?? 0)).toBe(traded);
    }
  });

  it('are the same from shared minutes as in two steps', async () => {
    const { instrumentId } = await readDbnTrades(dir!, DBN_FILES.trades);
    const minutes: BarColumns = await readDbnMinutes(dir!, DBN_FILES.minutes, instrumentId);
    const direct = createBarBuilder({ kind: '15m', calendar });
    direct.onBars(minutes);
    const steps = createBarBuilder({ kind: '15m', calendar });
    const five = createBarBuilder({ kind: '5m', calendar });
    five.onBars(minutes);
    steps.onBars(five.take());
    const bars = barsOf(direct.take());
    expect(bars.length).toBeGreaterThanOrEqual(1);
    expect(barsOf(steps.take())).toEqual(bars);
  });
});

describe.skipIf(dir === null)('books of the shared orders', () => {
  it('are never crossed at the end of an event in continuous trading', async () => {
    const orders = await readDbnOrders(dir!, DBN_FILES.holiday);
    const mbo = new MboBook({ calendar });
    const openingPrint = parseTsUs('2023-12-25T23:00:00.000069Z');
    let before = 0;
    let after = 0;
    mbo.apply(orders, (batch, row) => {
      if (!mbo.book.isCrossed) return;
      if (batch.tsUs[row]! < openingPrint) before += 1;
      else after += 1;
    });
    expect([before, after]).toEqual([891, 0]);
    expect(mbo.counts).toEqual({
      rows: 40_000,
      events: 24_881,
      crossed: 0,
      crossedBeforeOpen: 891,
    });
    // The capture contradicts itself nowhere.
    expect(Object.values(mbo.issues).filter((count) => count !== 0)).toEqual([]);
  });

  it('stand after a snapshot with every order of it, and uncrossed through two seconds of trading', async () => {
    const snapshot = new MboBook();
    snapshot.apply(await readDbnOrders(dir!, DBN_FILES.snapshot));
    expect([snapshot.book.size, snapshot.counts.events]).toEqual([8725, 1]);
    const orders = await readDbnOrders(dir!, DBN_FILES.seconds);
    const mbo = new MboBook();
    mbo.apply(orders);
    expect(mbo.counts.crossed + mbo.counts.crossedBeforeOpen).toBe(0);
    expect(Object.values(mbo.issues).filter((count) => count !== 0)).toEqual([]);
  });

  it('have at the front of the queue, at the best price, whom the exchange fills next', async () => {
    const orders = await readDbnOrders(dir!, DBN_FILES.holiday);
    const mbo = new MboBook({ calendar });
    const openingPrint = parseTsUs('2023-12-25T23:00:00.000069Z');
    // Fills come before the cancels that take them off, so those filled in the event are passed over.
    let filled = new Set<bigint>();
    let passedOver = new Set<bigint>();
    let aggressor = 0;
    let [fills, cancelled] = [0, 0];
    const stayed: bigint[] = [];
    const icebergs = new Set<bigint>();
    let emptied: bigint[] = [];
    for (let row = 0; row < orders.length; row += 1) {
      const id = orders.orderId[row]!;
      if (orders.action[row] === 3) aggressor = orders.side[row]!;
      const isResting = orders.action[row] === 4 && orders.side[row] === -aggressor;
      if (isResting && orders.tsUs[row]! > openingPrint) {
        fills += 1;
        for (const ahead of aheadOf(mbo, id)) if (!filled.has(ahead)) passedOver.add(ahead);
        filled.add(id);
        if (orders.qty[row]! >= mbo.book.qtyOf(mbo.find(id))) emptied.push(id);
      }
      mbo.apply(orders, undefined, row, row + 1);
      if (orders.isEventEnd[row] !== 1) continue;
      // Whom the exchange passes over it cancels in the same event: an order does not trade with its own firm's.
      for (const ahead of passedOver) {
        if (mbo.find(ahead) < 0) cancelled += 1;
        else stayed.push(ahead);
      }
      // All that it showed was filled, and it still stands.
      for (const each of emptied) if (mbo.find(each) >= 0) icebergs.add(each);
      emptied = [];
      filled = new Set();
      passedOver = new Set();
    }
    // Where an iceberg stands once it was refilled is not told by the feed.
    expect(stayed.filter((id) => !icebergs.has(id))).toEqual([]);
    expect(stayed.length).toBeLessThan(fills / 100);
    expect([fills > 2500, cancelled < fills / 50]).toEqual([true, true]);
  });

  it('make the same levels from changed levels, and the same best ten from rows of ten (derived, not captured)', async () => {
    const orders = await readDbnOrders(dir!, DBN_FILES.holiday);
    const mbo = new MboBook({ calendar, isTracked: true });
    const changed = new DepthRecorder();
    const levels = new DepthBook();
    const top = new TopRecorder(10);
    const toDepth = new TopToDepth();
    const best = new DepthBook();
    let [ends, differences] = [0, 0];
    mbo.apply(orders, (batch, row) => {
      const tsUs = batch.tsUs[row]!;
      changed.sample(mbo.book, tsUs, row);
      levels.apply(changed.take());
      if (top.sample(mbo.book, tsUs, row)) {
        toDepth.apply(top.take());
        best.apply(toDepth.take());
      }
      ends += 1;
      // Every level costs much; the best of each side are looked at every time.
      for (const side of [1, -1] as const) {
        if (levels.priceAt(side, 0) !== mbo.book.priceAt(side, 0)) differences += 1;
        if (best.qtyAt(side, 9) !== mbo.book.qtyAt(side, 9)) differences += 1;
        if (ends % 500 !== 0) continue;
        const whole = levelsOf(mbo.book, side);
        expect(levelsOf(levels, side)).toEqual(whole);
        expect(levelsOf(best, side)).toEqual(whole.slice(0, 10));
      }
    });
    expect([ends, differences]).toEqual([24_881, 0]);
  });
});
