/**
 * Bars and books: events a second of each builder and of the book, beside a plain loop over the same columns that sums what a
 * minute needs and no more. Integer trades and orders from a counter, so that every run is of the same events. CPU time of
 * this process, best of several.
 */
import type { BarColumns, MboColumns, TradeColumns } from '../src/core/bars.ts';
import { createBarBuilder } from '../src/core/bar-builder/create.ts';
import { MboBook } from '../src/core/book/mbo-book.ts';
import { TopRecorder } from '../src/core/book/top.ts';
import { createCalendars } from '../src/calendars/registry.ts';
import { UniformGrid } from '../src/core/price-grid.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';

const isSmoke = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const TRADES = isSmoke ? 50_000 : 5_000_000;
const ORDERS = isSmoke ? 20_000 : 1_000_000;
const ROUNDS = isSmoke ? 1 : 7;
const BATCH = 65_536;
const calendar = createCalendars().forGroup('cme-equity-index');
const instrument = { grid: new UniformGrid(0.25), multiplier: 50 };

function hash(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Trades inside sessions of 2024, some 4 a second. */
function makeTrades(count: number): TradeColumns {
  const sessions = calendar.sessions(parseTradeDate('2024-01-03'), parseTradeDate('2024-12-30'));
  const tsUs = new Float64Array(count);
  const price = new Int32Array(count);
  const qty = new Float64Array(count);
  let row = 0;
  let at = sessions.openUs[0]!;
  let last = 20_000;
  for (let k = 0; k < count; k += 1) {
    at += hash(k) % 500_000;
    if (at >= sessions.closeUs[row]!) {
      row += 1;
      at = sessions.openUs[row]!;
    }
    last += (hash(k + 7) % 3) - 1;
    tsUs[k] = at;
    price[k] = last;
    qty[k] = 1 + (hash(k + 13) % 5);
  }
  const seq = Float64Array.from({ length: count }, (_, k) => k);
  return { length: count, tsUs, seq, price, qty, aggressor: new Int8Array(count) };
}

/** Adds, changes and cancels around a price that wanders, never crossing: a book of some 2,000 orders. */
function makeOrders(count: number): MboColumns {
  const orderId = new BigUint64Array(count);
  const action = new Uint8Array(count);
  const side = new Int8Array(count);
  const price = new Int32Array(count);
  const qty = new Float64Array(count);
  const live: { id: number; side: number; price: number; qty: number }[] = [];
  for (let k = 0; k < count; k += 1) {
    const dice = hash(k) % 100;
    const pick = hash(k + 3) % Math.max(1, live.length);
    if (live.length < 2000 || dice < 40) {
      const way = hash(k + 5) % 2 === 0 ? 1 : -1;
      // Near the best more often than far from it.
      const far = (hash(k + 9) % 40) * (hash(k + 11) % 40);
      const order = {
        id: 6_412_777_000_000 + k,
        side: way,
        price: 20_000 - way * (1 + Math.floor(far / 40)),
        qty: 1 + (hash(k + 15) % 9),
      };
      live.push(order);
      put(k, 0, order);
    } else if (dice < 60) {
      const order = live[pick]!;
      order.qty = 1 + (hash(k + 17) % 9);
      put(k, 1, order);
    } else {
      const order = live[pick]!;
      put(k, 2, order);
      live[pick] = live.at(-1)!;
      live.pop();
    }
  }
  function put(
    k: number,
    code: number,
    order: { id: number; side: number; price: number; qty: number },
  ): void {
    orderId[k] = BigInt(order.id);
    action[k] = code;
    side[k] = order.side;
    price[k] = order.price;
    qty[k] = order.qty;
  }
  const counter = Float64Array.from({ length: count }, (_, k) => k);
  const isEventEnd = new Uint8Array(count).fill(1);
  return {
    length: count,
    tsUs: counter,
    seq: counter,
    orderId,
    action,
    side,
    price,
    qty,
    isEventEnd,
  };
}

/** Best events a second by CPU time. */
function best(count: number, run: () => number): number {
  let fastest = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    sink += run();
    const { user, system } = process.cpuUsage(start);
    fastest = Math.max(fastest, (count / (user + system)) * 1e6);
  }
  return fastest;
}

let sink = 0;
const millions = (rate: number): string => `${(rate / 1e6).toFixed(1)} M/s`.padStart(10);

function report(name: string, rate: number, plain: number): void {
  console.log(
    `${name.padEnd(34)} ${millions(rate)}   ${(rate / plain).toFixed(2)} of the plain loop`,
  );
}

const trades = makeTrades(TRADES);

/** Minutes of the clock, without sessions, counts, late trades or checks. */
function plainMinutes(): number {
  const { tsUs, price, qty, length } = trades;
  const closes = new Int32Array(length >> 4);
  let bars = 0;
  let endUs = -Infinity;
  let [high, low, close, volume, total] = [0, 0, 0, 0, 0];
  for (let k = 0; k < length; k += 1) {
    const at = tsUs[k]!;
    const now = price[k]!;
    if (at >= endUs) {
      closes[bars] = close;
      bars += 1;
      total += volume + high - low;
      endUs = (Math.floor(at / 60_000_000) + 1) * 60_000_000;
      high = now;
      low = now;
      volume = 0;
    }
    if (now > high) high = now;
    if (now < low) low = now;
    close = now;
    volume += qty[k]!;
  }
  return total + closes[0]!;
}

console.log(`${TRADES.toLocaleString('en')} trades`);
const plain = best(TRADES, plainMinutes);
report('plain loop, minutes of the clock', plain, plain);
for (const kind of [
  '1m',
  '1d',
  'tick-100',
  'volume-500',
  'dollar-50000000',
  'range-8',
  'renko-8',
]) {
  const rate = best(TRADES, () => {
    const builder = createBarBuilder({ kind, calendar, instrument });
    let bars = 0;
    for (let from = 0; from < TRADES; from += BATCH) {
      builder.onTrades(trades, from, Math.min(TRADES, from + BATCH));
      bars += builder.ready;
      builder.clear();
    }
    return bars;
  });
  report(`${kind} from trades`, rate, plain);
}

const minutes: BarColumns = (() => {
  const builder = createBarBuilder({ kind: '1s', calendar });
  builder.onTrades(trades);
  return builder.take();
})();
console.log(`\n${minutes.length.toLocaleString('en')} bars of a second`);
for (const kind of ['1m', '1d']) {
  const rate = best(minutes.length, () => {
    const builder = createBarBuilder({ kind, calendar });
    builder.onBars(minutes);
    return builder.ready;
  });
  report(`${kind} from bars`, rate, plain);
}

const orders = makeOrders(ORDERS);
console.log(`\n${ORDERS.toLocaleString('en')} orders, each an event`);
/** Quantities by price in one array, without orders, queues or levels in order. */
const plainBook = best(ORDERS, () => {
  const levels = new Float64Array(65_536);
  const { action, price, qty, length } = orders;
  for (let k = 0; k < length; k += 1) levels[price[k]!]! += action[k] === 2 ? -qty[k]! : qty[k]!;
  return levels[20_000]!;
});
report('plain loop, quantity by price', plainBook, plainBook);
const book = best(ORDERS, () => {
  const mbo = new MboBook({ calendar });
  mbo.apply(orders);
  return mbo.book.size;
});
report('book of orders', book, plainBook);
const top = best(ORDERS, () => {
  const mbo = new MboBook({ calendar });
  const recorder = new TopRecorder(10);
  let rows = 0;
  for (let from = 0; from < ORDERS; from += BATCH) {
    const to = Math.min(ORDERS, from + BATCH);
    mbo.apply(
      orders,
      (batch, row) => void recorder.sample(mbo.book, batch.tsUs[row]!, row),
      from,
      to,
    );
    rows += recorder.take().length;
  }
  return rows;
});
report('book of orders, ten best as rows', top, plainBook);
if (!Number.isFinite(sink)) throw new Error('a builder made nothing');
