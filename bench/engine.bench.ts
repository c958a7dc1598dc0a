/**
 * Bars a second of CPU time through the whole engine: sessions, marks, journal and hash on, orders through the bar
 * exchange. Seeded. Each case stands beside the shortest typed-array loop that comes to the same bars or fills, so that
 * the ratio can be reviewed.
 *
 *     node --import tsx bench/engine.bench.ts [millions of bars]
 */
import type { BarColumns } from '../src/core/bars.ts';
import { ContractTable } from '../src/core/instrument.ts';
import type { BarSource } from '../src/core/ports.ts';
import { Side } from '../src/core/order.ts';
import type { Strategy } from '../src/core/strategy.ts';
import type { EngineConfig } from '../src/engine/config.ts';
import { runEngine } from '../src/engine/engine.ts';
import { createHashJournal } from '../src/engine/journal.ts';
import { createRandom } from '../src/engine/rng.ts';
import { toCashMicros } from '../src/core/units.ts';
import { createBarExchange } from '../src/sim/bar-exchange.ts';
import {
  at,
  CLOSE_HOUR,
  contract,
  makeWorld,
  OPEN_HOUR,
  plainCalendar,
  product,
} from '../test/support/engine-world.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const MINUTE_US = 60_000_000;
const MINUTES = (CLOSE_HOUR - OPEN_HOUR) * 60;
const CHUNK = 65_536;
const FAST = 2 / 21;
const SLOW = 2 / 101;

function build(bars: number, seed: number, perDay: number, lengthUs: number): BarColumns[] {
  const random = createRandom(seed);
  const batches: BarColumns[] = [];
  let price = 20_000;
  for (let from = 0; from < bars; from += CHUNK) {
    const length = Math.min(CHUNK, bars - from);
    const int = (): Int32Array => new Int32Array(length);
    const batch = {
      length,
      openUs: new Float64Array(length),
      closeUs: new Float64Array(length),
      open: int(),
      high: int(),
      low: int(),
      close: int(),
      volume: new Float64Array(length).fill(1000),
    };
    for (let i = 0; i < length; i += 1) {
      const bar = from + i;
      const step = Math.floor(random.uniform(0, bar, 0, 0) * 9) - 4;
      batch.openUs[i] = at(Math.floor(bar / perDay), OPEN_HOUR) + (bar % perDay) * lengthUs;
      batch.closeUs[i] = batch.openUs[i]! + lengthUs;
      batch.open[i] = price;
      batch.close[i] = price + step;
      batch.high[i] = Math.max(price, price + step) + 1;
      batch.low[i] = Math.min(price, price + step) - 1;
      price += step;
    }
    batches.push(batch);
  }
  return batches;
}

function sourceOf(batches: readonly BarColumns[]): BarSource {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
}

function cpuUs(run: () => void): number {
  const from = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(from);
  return user + system;
}

interface Case {
  readonly name: string;
  readonly bars: number;
  /** Returns what it did, to be compared: bars seen or fills. */
  readonly engine: () => number;
  readonly plain: () => number;
}

function single(
  batches: readonly BarColumns[],
  bars: number,
  strategy: Strategy,
): { fills: number } {
  const days = Math.ceil(bars / MINUTES);
  const world = makeWorld({ front: [], days, frontExpiryUs: at(days + 10, 12), strategy });
  const { config } = world;
  const feeds = [{ ...config.feeds[0]!, interval: '1m' as const, source: sourceOf(batches) }];
  const series = config.series.map((one) => ({ ...one, interval: '1m' as const }));
  const venue = createBarExchange({ table: config.table, random: config.random });
  const capitalMicros = toCashMicros(1e15);
  const parts = { feeds, series, venue, capitalMicros, journal: createHashJournal() };
  const result = runEngine({ ...config, ...parts });
  if (result.error !== null) throw result.error.cause;
  return { fills: world.recorder.fills.length };
}

function noOp(batches: readonly BarColumns[], bars: number): Case {
  return {
    name: 'no-op strategy, one series of 1m',
    bars,
    engine: () => {
      let seen = 0;
      single(batches, bars, { onBar: () => void (seen += 1) });
      return seen;
    },
    plain: () => {
      let seen = 0;
      for (const { length, high, low, close, closeUs } of batches)
        for (let i = 0; i < length; i += 1)
          if (low[i]! <= close[i]! && high[i]! >= close[i]! && closeUs[i]! > 0) seen += 1;
      return seen;
    },
  };
}

/** Always in the market from the first cross on; the plain loop fills the reversal at the next open. */
function emaCross(batches: readonly BarColumns[], bars: number): Case {
  return {
    name: 'EMA cross 20/100, market orders',
    bars,
    engine: () => {
      let fast = NaN;
      let slow = NaN;
      let wanted = 0;
      return single(batches, bars, {
        onBar: (bar, ctx) => {
          const close = bar.rawCloseTicks;
          fast = Number.isNaN(fast) ? close : fast + FAST * (close - fast);
          slow = Number.isNaN(slow) ? close : slow + SLOW * (close - slow);
          const side = fast > slow ? 1 : fast < slow ? -1 : wanted;
          if (side === wanted) return;
          wanted = side;
          ctx.targetPosition(bar.contract, side);
        },
      }).fills;
    },
    plain: () => {
      let [fast, slow, wanted, net, fills, cash] = [NaN, NaN, 0, 0, 0, 0];
      for (const { length, open, close } of batches) {
        for (let i = 0; i < length; i += 1) {
          if (net !== wanted) {
            cash -= (wanted - net) * open[i]!;
            net = wanted;
            fills += 1;
          }
          const price = close[i]!;
          fast = fast !== fast ? price : fast + FAST * (price - fast);
          slow = slow !== slow ? price : slow + SLOW * (price - slow);
          wanted = fast > slow ? 1 : fast < slow ? -1 : wanted;
        }
      }
      return cash === Infinity ? 0 : fills;
    },
  };
}

/** A bracket of stop and target around every entry; the plain loop decides a doubtful bar against itself. */
function brackets(batches: readonly BarColumns[], bars: number): Case {
  const [stop, target] = [20, 30];
  return {
    name: 'a bracket on every entry, stop 20 and target 30 ticks',
    bars,
    engine: () =>
      single(batches, bars, {
        onBar: (bar, ctx) => {
          if (ctx.netQty('ES') !== 0 || ctx.openOrders().length > 0) return;
          ctx.bracket({
            contract: bar.contract,
            side: Side.Buy,
            qty: 1,
            type: 'market',
            stop: { at: { offsetTicks: stop } },
            targets: [{ at: { offsetTicks: target } }],
          });
        },
      }).fills,
    plain: () => {
      let [entry, fills, cash] = [NaN, 0, 0];
      let isSent = false;
      for (const { length, open, high, low } of batches) {
        for (let i = 0; i < length; i += 1) {
          if (isSent) {
            entry = open[i]!;
            isSent = false;
            fills += 1;
          }
          if (entry === entry) {
            if (low[i]! <= entry - stop) cash += Math.min(open[i]!, entry - stop) - entry;
            else if (high[i]! > entry + target) cash += target;
            else continue;
            fills += 1;
            entry = NaN;
          }
          isSent = true;
        }
      }
      return cash === Infinity ? 0 : fills;
    },
  };
}

const ROOTS = ['ES', 'NQ', 'CL', 'GC', 'ZN', 'ZC', '6E', 'HG'];

/** Eight products, hourly bars that execute and daily bars beside them: every instant is shared by all. */
function portfolio(bars: number): Case {
  const hours = CLOSE_HOUR - OPEN_HOUR;
  const days = Math.ceil(bars / ROOTS.length / (hours + 1));
  const hourUs = 60 * MINUTE_US;
  const hourly = ROOTS.map((_, i) => build(days * hours, i + 1, hours, hourUs));
  const daily = ROOTS.map((_, i) => build(days, i + 1, 1, hours * hourUs));
  const farUs = at(days + 10, 12);
  const config = (strategy: Strategy): EngineConfig => {
    const base = makeWorld({ front: [], days, frontExpiryUs: farUs, strategy }).config;
    const table = new ContractTable(
      ROOTS.map((root) => product(root)),
      ROOTS.map((root) => contract(root, 3, farUs)),
    );
    const rule = { kind: 'given', name: 'bench' } as const;
    return {
      ...base,
      table,
      instruments: ROOTS,
      calendars: ROOTS.map(() => plainCalendar()),
      chains: ROOTS.map((root, i) => ({ root, schedule: { root, rule, held: [i], rolls: [] } })),
      series: ROOTS.flatMap((root, i) => [
        { ...base.series[0]!, key: `${root}:1h`, root, chainIndex: i, interval: '1h' as const },
        { ...base.series[0]!, key: `${root}:1d`, root, chainIndex: i, interval: '1d' as const },
      ]),
      feeds: ROOTS.flatMap((_, i) => [
        feed(i, '1h', true, hourly[i]!),
        feed(i, '1d', false, daily[i]!),
      ]),
      venue: createBarExchange({ table, random: base.random }),
      journal: createHashJournal(),
    };
  };
  return {
    name: 'eight products, hourly and daily series, no-op strategy',
    bars: days * (hours + 1) * ROOTS.length,
    engine: () => {
      let seen = 0;
      const result = runEngine(config({ onBar: () => void (seen += 1) }));
      if (result.error !== null) throw result.error.cause;
      return seen;
    },
    plain: () => {
      let seen = 0;
      for (const batches of [...hourly, ...daily])
        for (const { length, high, low } of batches)
          for (let i = 0; i < length; i += 1) if (low[i]! <= high[i]!) seen += 1;
      return seen;
    },
  };
}

function feed(
  contractIndex: number,
  interval: '1h' | '1d',
  isExecution: boolean,
  batches: readonly BarColumns[],
): EngineConfig['feeds'][number] {
  return { contractIndex, interval, isExecution, isVolumeKnown: true, source: sourceOf(batches) };
}

const millions = Number(process.argv[2] ?? (IS_SMOKE ? 0.02 : 3));
const bars = Math.round(millions * 1_000_000);
const batches = build(bars, 1, MINUTES, MINUTE_US);
const only = process.argv[3];
const cases = [
  noOp(batches, bars),
  emaCross(batches, bars),
  brackets(batches, bars),
  portfolio(Math.round(bars / 2)),
].filter((one) => only === undefined || one.name.includes(only));
for (const one of cases) {
  process.stdout.write(`${one.name}\n`);
  for (let round = 0; round < (IS_SMOKE ? 1 : 3); round += 1) {
    let [did, did2] = [0, 0];
    const engineUs = cpuUs(() => (did = one.engine()));
    const plainUs = cpuUs(() => (did2 = one.plain()));
    process.stdout.write(
      `  ${(one.bars / engineUs).toFixed(2)} M bars/s of CPU, ${(engineUs / plainUs).toFixed(1)} x the plain loop; engine ${did}, plain ${did2}\n`,
    );
  }
}
