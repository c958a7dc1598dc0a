/**
 * Bars and books: events a second of each builder and of the book, beside a plain loop over the same columns that sums what a
 * minute needs and no more. Integer trades and orders from a counter, so that every run is of the same events. CPU time of
 * this process, best of several.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BarColumns, MboColumns, TradeColumns } from '../src/core/bars.ts';
import { createBarBuilder } from '../src/core/bar-builder/create.ts';
import { MboBook } from '../src/core/book/mbo-book.ts';
import { TopRecorder } from '../src/core/book/top.ts';
import { createCalendars } from '../src/calendars/registry.ts';
import { UniformGrid } from '../src/core/price-grid.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';

/** Each part runs in a process of its own, so that none warms another up or makes its calls slower. */
const PARTS = [
  'plain',
  '1m',
  '1d',
  'tick-100',
  'volume-500',
  'dollar-50000000',
  'range-8',
  'renko-8',
  'bars 1m',
  'bars 1d',
  'orders',
];
const part = process.env['FRONTMONTH_BENCH_PART'];
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
/** The parent joins the lines with the plain loop. */
function report(name: string, rate: number, beside: 'trades' | 'orders'): void {
  console.log(JSON.stringify({ name, rate, beside }));
}

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

function runTrades(kind: string): void {
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
  report(`${kind} from trades`, rate, 'trades');
}

function runBars(kind: string): void {
  const seconds = createBarBuilder({ kind: '1s', calendar });
  seconds.onTrades(trades);
  const bars: BarColumns = seconds.take();
  const rate = best(bars.length, () => {
    const builder = createBarBuilder({ kind, calendar });
    builder.onBars(bars);
    return builder.ready;
  });
  report(`${kind} from bars of 1s`, rate, 'trades');
}

function runOrders(): void {
  const orders = makeOrders(ORDERS);
  /** Quantities by price in one array, without orders, queues or levels in order. */
  const plain = best(ORDERS, () => {
    const levels = new Float64Array(65_536);
    const { action, price, qty, length } = orders;
    for (let k = 0; k < length; k += 1) levels[price[k]!]! += action[k] === 2 ? -qty[k]! : qty[k]!;
    return levels[20_000]!;
  });
  report('plain loop, quantity by price', plain, 'orders');
  const book = best(ORDERS, () => {
    const mbo = new MboBook({ calendar });
    mbo.apply(orders);
    return mbo.book.size;
  });
  report('book of orders', book, 'orders');
  const top = best(ORDERS, () => {
    const mbo = new MboBook({ calendar });
    const recorder = new TopRecorder(10);
    let rows = 0;
    const sample = (batch: MboColumns, row: number): void =>
      void recorder.sample(mbo.book, batch.tsUs[row]!, row);
    for (let from = 0; from < ORDERS; from += BATCH) {
      mbo.apply(orders, sample, from, Math.min(ORDERS, from + BATCH));
      rows += recorder.take().length;
    }
    return rows;
  });
  report('book of orders, ten best as rows', top, 'orders');
}

const trades = makeTrades(part === undefined || part === 'orders' ? 1 : TRADES);
if (part === undefined) runAll();
else if (part === 'plain')
  report('plain loop, minutes of the clock', best(TRADES, plainMinutes), 'trades');
else if (part === 'orders') runOrders();
else if (part.startsWith('bars ')) runBars(part.slice(5));
else runTrades(part);
if (!Number.isFinite(sink)) throw new Error('a builder made nothing');

function runAll(): void {
  console.log(
    `${TRADES.toLocaleString('en')} trades, ${ORDERS.toLocaleString('en')} orders; events a second of CPU time`,
  );
  const plain = new Map<string, number>();
  for (const each of PARTS) {
    const env = { ...process.env, FRONTMONTH_BENCH_PART: each };
    const file = fileURLToPath(import.meta.url);
    const run = spawnSync(process.execPath, ['--import', 'tsx', file], { env, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    for (const line of run.stdout.trim().split('\n')) {
      const { name, rate, beside } = JSON.parse(line) as {
        name: string;
        rate: number;
        beside: string;
      };
      if (!plain.has(beside)) plain.set(beside, rate);
      const shown = `${(rate / 1e6).toFixed(1)} M/s`.padStart(10);
      const ratio = (rate / plain.get(beside)!).toFixed(2);
      console.log(`${name.padEnd(34)} ${shown}   ${ratio} of the plain loop`);
    }
  }
}
