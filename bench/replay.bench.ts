/**
 * A recorded market with orders of ours over it: single orders with 0, 10 and 1,000 of ours, quotes and trades, each beside a
 * plain loop over the same columns. CPU time, best of the rounds; what was allocated on the way, collected or not, by sampling in
 * a round of its own; and what of it is kept.
 *
 *     node --expose-gc --import tsx bench/replay.bench.ts
 */
import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import type { MboColumns, QuoteColumns, TradeColumns } from '../src/core/bars.ts';
import { createRandom } from '../src/engine/rng.ts';
import { ReplayMarket } from '../src/sim/replay/replay-market.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const ROWS = IS_SMOKE ? 20_000 : 1_000_000;
const ROUNDS = IS_SMOKE ? 1 : 5;

/** A time of today: too large for a small integer, as every real one. */
const START_US = 1_700_000_000_000_000;
const random = createRandom(7);
const draw = (i: number, stream: number): number => random.uniform(stream, i, 0, 0);

/** Single orders around a price that walks, some 3,000 open: added, cancelled, changed, traded; never crossed. */
function makeOrders(count: number): MboColumns {
  const orderId = new BigUint64Array(count);
  const action = new Uint8Array(count);
  const side = new Int8Array(count);
  const price = new Int32Array(count);
  const qty = new Float64Array(count);
  const isEventEnd = new Uint8Array(count).fill(1);
  interface Open {
    readonly id: number;
    readonly side: number;
    readonly price: number;
    qty: number;
  }
  let open: Open[] = [];
  let middle = 20_000;
  let row = 0;
  const put = (id: number, what: number, way: number, at: number, lots: number): void => {
    if (row === count) return;
    orderId[row] = BigInt(id);
    action[row] = what;
    side[row] = way;
    price[row] = at;
    qty[row] = lots;
    row += 1;
  };
  const drop = (order: Open): void => put(order.id, 2, order.side, order.price, order.qty);
  const remove = (pick: number): void => {
    open[pick] = open.at(-1)!;
    open.pop();
  };
  for (let id = 1; row < count; id += 1) {
    if (id % 1024 === 0) {
      middle += draw(id, 9) < 0.5 ? 1 : -1;
      const isWrong = (order: Open): boolean => (order.price - middle) * order.side >= 0;
      for (const order of open.filter(isWrong)) drop(order);
      open = open.filter((order) => !isWrong(order));
    }
    const what = draw(id, 1);
    const pick = Math.floor(draw(id, 2) * open.length);
    const order = open[pick];
    if (order === undefined || open.length < 2500 || (what < 0.45 && open.length < 3500)) {
      const way = draw(id, 3) < 0.5 ? 1 : -1;
      const at = middle - way * (1 + Math.floor(draw(id, 4) ** 2 * 40));
      const lots = 1 + Math.floor(draw(id, 5) * 9);
      put(id, 0, way, at, lots);
      open.push({ id, side: way, price: at, qty: lots });
    } else if (what < 0.9) {
      drop(order);
      remove(pick);
    } else if (what < 0.95) {
      order.qty += 1;
      put(order.id, 1, order.side, order.price, order.qty);
    } else {
      // A trade, the fill of a resting order and its cancel: one event.
      put(0, 3, -order.side, order.price, order.qty);
      put(order.id, 4, order.side, order.price, order.qty);
      drop(order);
      isEventEnd.fill(0, row - 3, row - 1);
      remove(pick);
    }
  }
  const rowNumbers = Float64Array.from({ length: count }, (_, i) => START_US + i);
  return {
    length: count,
    tsUs: rowNumbers,
    seq: rowNumbers,
    orderId,
    action,
    side,
    price,
    qty,
    isEventEnd,
  };
}

let fills = 0;
const sink = {
  onReport: (report: { kind: string }): void => void (fills += report.kind === 'Fill' ? 1 : 0),
};

/** Orders of ours on either side, far enough not to fill, over `levels` prices. */
function rest(market: ReplayMarket, count: number, tsUs: number): void {
  for (let k = 0; k < count; k += 1) {
    const side = k % 2 === 0 ? 1 : -1;
    market.submit(
      {
        participant: 1,
        clOrdId: `o${k}`,
        side,
        type: 'limit',
        timeInForce: 'gtc',
        qty: 1_000_000,
        limitTicks: 20_000 - side * (20 + ((k >> 1) % 200)),
      },
      tsUs,
    );
  }
}

function cpu(act: () => void): number {
  const from = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

interface Row {
  readonly name: string;
  readonly events: number;
  /** Makes a fresh market and returns what runs its first and its second half. */
  readonly make: () => (from: number, to: number) => void;
}

const orders = makeOrders(ROWS);
const quoteBid = new Int32Array(ROWS);
const quoteAsk = new Int32Array(ROWS);
const quoteQty = new Float64Array(ROWS);
const quoteUs = Float64Array.from({ length: ROWS }, (_, i) => START_US + i);
for (let i = 0; i < ROWS; i += 1) {
  quoteBid[i] = 20_000 + Math.round(Math.sin(i / 5000) * 30) + (draw(i, 20) < 0.1 ? 1 : 0);
  quoteAsk[i] = quoteBid[i]! + 1;
  quoteQty[i] = 1 + Math.floor(draw(i, 21) * 50);
}

const stamps = { length: ROWS, tsUs: quoteUs, seq: quoteUs };
const quotes: QuoteColumns = {
  ...stamps,
  bid: quoteBid,
  bidQty: quoteQty,
  ask: quoteAsk,
  askQty: quoteQty,
};
const trades: TradeColumns = {
  ...stamps,
  price: quoteBid,
  qty: new Float64Array(ROWS).fill(1),
  aggressor: new Int8Array(ROWS).fill(-1),
};
const quoteLoop = (own: number) => () => {
  const market = new ReplayMarket(sink, { feed: 'quotes', queue: { name: 'never' } });
  market.onQuote(20_000, 5, 20_001, 5, -1);
  for (let k = 0; k < own; k += 1) {
    const side = k % 2 === 0 ? 1 : -1;
    const limitTicks = 20_000 - side * (100 + (k >> 1));
    const input = {
      participant: 1,
      clOrdId: `o${k}`,
      side,
      qty: 1,
      limitTicks,
      timeInForce: 'gtc',
    } as const;
    market.submit({ ...input, type: 'limit' }, -1);
  }
  return (from: number, to: number): void => {
    for (let i = from; i < to; i += 4) {
      market.onQuotes(quotes, i, i + 3);
      market.onTrades(trades, i + 3, i + 4);
    }
  };
};

let sum = 0;
const rows: Row[] = [
  {
    name: 'plain loop over the columns',
    events: ROWS,
    make: () => (from, to) => {
      for (let i = from; i < to; i += 1)
        sum += orders.action[i]! + orders.side[i]! * orders.price[i]! * orders.qty[i]!;
    },
  },
  ...[0, 10, 1000].map((own) => ({
    name: `single orders, ${own} of ours`,
    events: ROWS,
    make: () => {
      const market = new ReplayMarket(sink, { feed: 'mbo' });
      market.onMbo(orders, 0, 5000);
      rest(market, own, START_US + 5000);
      return (from: number, to: number) => market.onMbo(orders, Math.max(from, 5000), to);
    },
  })),
  ...[0, 10, 1000].map((own) => ({
    name: `quotes and trades, ${own} of ours`,
    events: ROWS,
    make: quoteLoop(own),
  })),
];

/** Bytes an event that its second half allocates, those included that were collected again. */
async function allocated(make: Row['make'], events: number): Promise<number> {
  const run = make();
  run(0, events / 2);
  const session = new Session();
  session.connect();
  const settings = {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  };
  await session.post('HeapProfiler.startSampling', settings);
  run(events / 2, events);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  return sumOf(profile.head) / (events / 2);
}

function sumOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + sumOf(child), selfSize);
}

const gc = (globalThis as { gc?: () => void }).gc;
console.log(
  '| Record | Events | Events/s of CPU | ns an event | To the plain loop | Allocated, bytes an event | Kept of it |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
let plain = NaN;
for (const { name, events, make } of rows) {
  let best = Infinity;
  let kept = NaN;
  for (let round = 0; round < ROUNDS; round += 1) {
    const run = make();
    const half = events / 2;
    const first = cpu(() => run(0, half));
    gc?.();
    const heap = process.memoryUsage().heapUsed;
    const second = cpu(() => run(half, events));
    gc?.();
    kept = process.memoryUsage().heapUsed - heap;
    best = Math.min(best, first + second);
  }
  if (Number.isNaN(plain)) plain = best;
  const grown =
    gc === undefined
      ? 'needs --expose-gc | '
      : `${(await allocated(make, events)).toFixed(1)} | ${(kept / 1024).toFixed(0)} kB`;
  console.log(
    `| ${name} | ${events.toLocaleString('en')} | ${Math.round(events / best).toLocaleString('en')} | ${((best * 1e9) / events).toFixed(0)} | ${(best / plain).toFixed(1)} | ${grown} |`,
  );
}
console.log(`(${fills} fills, ${sum === 0 ? 0 : 1})`);
