/**
 * Ticks through the whole engine: quotes and trades of a walk over many sessions, with a strategy that looks on, one that hears
 * every tick, and one that keeps orders working. Events a second of CPU, best of the rounds, beside a plain loop over the columns.
 *
 *     node --expose-gc --import tsx bench/ticks.bench.ts
 */
import type { QuoteColumns, TradeColumns } from '../src/core/bars.ts';
import type { Strategy } from '../src/core/strategy.ts';
import type { PriceTicks, Qty, TsUs } from '../src/core/units.ts';
import { VENUE_PROFILES } from '../src/core/venues/profiles.ts';
import type { TickFeed } from '../src/engine/config.ts';
import { runEngine } from '../src/engine/engine.ts';
import { createHashJournal } from '../src/engine/journal.ts';
import { createRandom } from '../src/engine/rng.ts';
import { LatencyModel } from '../src/sim/latency/model.ts';
import { LatencyVenue } from '../src/sim/latency/venue.ts';
import { createTickVenue } from '../src/sim/venue/tick-venue.ts';
import { at, hourly, makeWorld } from '../test/support/engine-world.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const DAYS = IS_SMOKE ? 1 : 4;
/** Of each kind in a session of six hours. */
const ROWS = IS_SMOKE ? 5000 : 50_000;
const ROUNDS = IS_SMOKE ? 1 : 2;
const random = createRandom(7);

interface Day {
  readonly quotes: QuoteColumns;
  readonly trades: TradeColumns;
}

function makeDay(day: number): Day {
  const tsUs = new Float64Array(ROWS);
  const seq = new Float64Array(ROWS);
  const bid = new Int32Array(ROWS);
  const ask = new Int32Array(ROWS);
  const size = new Float64Array(ROWS);
  const price = new Int32Array(ROWS);
  const aggressor = new Int8Array(ROWS);
  const stepUs = Math.floor((6 * 3_600_000_000) / ROWS);
  let middle = 20_000;
  for (let i = 0; i < ROWS; i += 1) {
    const u = random.uniform(1, day, i, 0);
    if (u < 0.05) middle -= 1;
    else if (u > 0.95) middle += 1;
    tsUs[i] = at(day, 10) + i * stepUs;
    seq[i] = 2 * i;
    bid[i] = middle;
    ask[i] = middle + 1;
    size[i] = 1 + Math.floor(u * 50);
    aggressor[i] = u * 100 - Math.floor(u * 100) < 0.5 ? -1 : 1;
    price[i] = aggressor[i]! < 0 ? middle : middle + 1;
  }
  const stamps = { length: ROWS, tsUs, seq };
  return {
    quotes: { ...stamps, bid, bidQty: size, ask, askQty: size },
    trades: { ...stamps, seq: seq.map((each) => each + 1), price, qty: size, aggressor },
  };
}

const days = Array.from({ length: DAYS }, (_, day) => makeDay(day));
const sourceOf = <C>(batches: readonly C[]): { next: () => C | null; close: () => void } => {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
};

/** Two limits near the market, sent anew every ten seconds of a session. */
function quoter(): Strategy {
  let closeUs = 0;
  return {
    onSessionOpen: (_root, session, ctx) => {
      ({ closeUs } = session);
      ctx.setTimer('look', (ctx.nowUs + 1e6) as TsUs);
    },
    onTimer: (_name, ctx) => {
      for (const order of ctx.openOrders()) ctx.cancel(order.clOrdId);
      for (const side of [1, -1] as const)
        ctx.submit({
          contract: ctx.contract('ES'),
          side,
          type: 'limit',
          qty: 1 as Qty,
          limitTicks: (20_000 - side * 30) as PriceTicks,
        });
      if (ctx.nowUs + 10e6 < closeUs) ctx.setTimer('look', (ctx.nowUs + 10e6) as TsUs);
    },
  };
}

let heard = 0;
const listener: Strategy = {
  onQuote: (quote) => void (heard += quote.bidQty),
  onTrade: (trade) => void (heard += trade.qty),
};

function run(strategy: Strategy, isDelivered: boolean, latencyMs: number): () => number {
  return () => {
    const world = makeWorld({
      front: days.flatMap((_, day) =>
        hourly(day, [20_000, 20_000, 20_000, 20_000, 20_000, 20_000]),
      ),
      days: DAYS,
      strategy,
    });
    const { table } = world.config;
    const bare = createTickVenue({
      table,
      matching: table.contracts.map(() => 'quotes' as const),
      hasPrints: Uint8Array.from(table.contracts, () => 1),
      profile: VENUE_PROFILES.ideal,
    });
    const model = new LatencyModel({ feed: 1, entry: latencyMs, response: latencyMs }, random);
    const venue = latencyMs === 0 ? bare : new LatencyVenue(bare, model);
    const use = { contractIndex: 0, isMarket: true, isDelivered };
    const ticks: TickFeed[] = [
      { kind: 'quotes', ...use, source: sourceOf(days.map((day) => day.quotes)) },
      { kind: 'trades', ...use, source: sourceOf(days.map((day) => day.trades)) },
    ];
    const journal = createHashJournal();
    const result = runEngine({ ...world.config, journal, venue, ticks });
    if (result.error !== null) throw result.error.cause;
    return result.counts['ticks']!;
  };
}

function plainLoop(): number {
  let sum = 0;
  for (const { quotes, trades } of days) {
    for (let i = 0; i < quotes.length; i += 1) sum += quotes.bid[i]! + quotes.ask[i]!;
    for (let i = 0; i < trades.length; i += 1) sum += trades.price[i]! * trades.qty[i]!;
  }
  heard += sum;
  return 2 * DAYS * ROWS;
}

const cases = [
  ['plain loop over the columns', plainLoop],
  ['engine, nobody listens', run({}, false, 0)],
  ['engine, every tick is heard', run(listener, true, 0)],
  ['the same, 5 ms on the way', run(listener, true, 5)],
  ['two orders kept working', run(quoter(), false, 5)],
] as const;

console.log('| Case | Ticks | Ticks/s of CPU | ns a tick | Kept at the end |');
console.log('| --- | ---: | ---: | ---: | ---: |');
const gc = (globalThis as { gc?: () => void }).gc;
for (const [name, play] of cases) {
  let best = Infinity;
  let count = 0;
  gc?.();
  const heap = process.memoryUsage().heapUsed;
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = process.cpuUsage();
    count = play();
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1e6);
  }
  gc?.();
  const kept = ((process.memoryUsage().heapUsed - heap) / 1024).toFixed(0);
  const line = [
    name,
    count.toLocaleString('en'),
    Math.round(count / best).toLocaleString('en'),
    ((best * 1e9) / count).toFixed(0),
    gc === undefined ? 'needs --expose-gc' : `${kept} kB`,
  ];
  console.log(`| ${line.join(' | ')} |`);
}
console.log(`(${heard === 0 ? 0 : 1})`);
