/**
 * Bars a second of CPU time through the whole engine: sessions, marks, risk gate, journal and hash on, orders through the bar
 * exchange. Seeded. Each case stands beside the fastest single loop over typed arrays that we can write for the same fills,
 * whose own speed is printed, so that the ratio can be reviewed.
 *
 *     node --import tsx bench/engine.bench.ts [millions of bars] [pattern of a case's name] [rounds]
 */
import type { BarColumns } from '../src/core/bars.ts';
import { ContractTable } from '../src/core/instrument.ts';
import { NULL_RECORDER } from '../src/core/run-events.ts';
import type { Strategy } from '../src/core/strategy.ts';
import type { EngineConfig } from '../src/engine/config.ts';
import { runEngine } from '../src/engine/engine.ts';
import { createHashJournal } from '../src/engine/journal.ts';
import { createRunRecorder } from '../src/research/recorder.ts';
import { createBarExchange } from '../src/sim/bar-exchange.ts';
import { at, contract, makeWorld, product } from '../test/support/engine-world.ts';
import {
  Brackets,
  build,
  calendar,
  EmaCross,
  FAST,
  HOURS,
  MINUTE_US,
  MINUTES,
  runSingle,
  SLOW,
  sourceOf,
  STOP_TICKS,
  TARGET_TICKS,
} from './minute-bars.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
function cpuUs(run: () => void): number {
  const from = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(from);
  return user + system;
}

interface Case {
  readonly name: string;
  readonly bars: number;
  /** Returns what it did, to be compared: bars seen, or fills and what they came to in ticks. */
  readonly engine: () => string;
  readonly plain: () => string;
}

function single(
  batches: readonly BarColumns[],
  bars: number,
  strategy: Strategy,
  hasTables: boolean = false,
): string {
  return runSingle(sourceOf(batches), bars, strategy, (table) =>
    hasTables ? createRunRecorder({ table }) : NULL_RECORDER,
  );
}

function noOp(batches: readonly BarColumns[], bars: number): Case {
  return {
    name: 'no-op strategy, one series of 1m',
    bars,
    engine: () => {
      let seen = 0;
      single(batches, bars, { onBar: () => void (seen += 1) });
      return `${seen} bars`;
    },
    plain: () => {
      let seen = 0;
      for (const { length, high, low, close } of batches)
        for (let i = 0; i < length; i += 1)
          if (low[i]! <= close[i]! && high[i]! >= close[i]!) seen += 1;
      return `${seen} bars`;
    },
  };
}

/** Always in the market from the first cross on; the plain loop fills the reversal at the next open. */
function emaCross(batches: readonly BarColumns[], bars: number, hasTables: boolean): Case {
  return {
    name: `EMA cross 10/50, market orders${hasTables ? ', with the tables of a run' : ''}`,
    bars,
    engine: () => single(batches, bars, new EmaCross(), hasTables),
    plain: () => {
      // The first close begins both averages, so that no bar asks whether they have begun.
      let fast = batches[0]!.close[0]!;
      let slow = fast;
      let [wanted, net, fills, cash, last] = [0, 0, 0, 0, 0];
      for (const { length, open, close } of batches) {
        for (let i = 0; i < length; i += 1) {
          if (net !== wanted) {
            cash -= (wanted - net) * open[i]!;
            net = wanted;
            fills += 1;
          }
          const price = close[i]!;
          fast += FAST * (price - fast);
          slow += SLOW * (price - slow);
          if (fast > slow) wanted = 1;
          else if (fast < slow) wanted = -1;
        }
        last = close[length - 1]!;
      }
      return `${fills} fills, ${cash + net * last} ticks`;
    },
  };
}

/** A bracket of stop and target around every entry; the plain loop decides a doubtful bar against itself. */
function brackets(batches: readonly BarColumns[], bars: number, hasTables: boolean): Case {
  const [stop, target] = [STOP_TICKS, TARGET_TICKS];
  return {
    name: `a bracket on every entry, stop 20 and target 30 ticks${hasTables ? ', with the tables of a run' : ''}`,
    bars,
    engine: () => single(batches, bars, new Brackets(), hasTables),
    plain: () => {
      // Flat, the levels are out of reach: one pair of comparisons a bar.
      let [entry, stopAt, targetAt, fills, ticks, last] = [0, -1e9, 1e9, 0, 0, 0];
      let isSent = false;
      for (const { length, open, high, low, close } of batches) {
        for (let i = 0; i < length; i += 1) {
          if (isSent) {
            entry = open[i]!;
            stopAt = entry - stop;
            targetAt = entry + target;
            isSent = false;
            fills += 1;
          } else if (fills === 0) {
            isSent = true;
            continue;
          }
          if (low[i]! <= stopAt) ticks += Math.min(open[i]!, stopAt) - entry;
          else if (high[i]! > targetAt) ticks += target;
          else continue;
          fills += 1;
          stopAt = -1e9;
          targetAt = 1e9;
          isSent = true;
        }
        last = close[length - 1]!;
      }
      if (stopAt > -1e9) ticks += last - entry;
      return `${fills} fills, ${ticks} ticks`;
    },
  };
}

const ROOTS = ['ES', 'NQ', 'CL', 'GC', 'ZN', 'ZC', '6E', 'HG'];

/** Eight products, hourly bars that execute and daily bars beside them: every instant is shared by all. */
function portfolio(bars: number): Case {
  const hours = HOURS;
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
      calendars: ROOTS.map(() => calendar),
      chains: ROOTS.map((root, i) => ({ root, schedule: { root, rule, held: [i], rolls: [] } })),
      series: ROOTS.flatMap((root, i) => [
        { ...base.series[0]!, key: `${root}:1h`, root, chainIndex: i, interval: '1h' as const },
        { ...base.series[0]!, key: `${root}:1d`, root, chainIndex: i, interval: '1d' as const },
      ]),
      feeds: ROOTS.flatMap((_, i) => [
        feed(i, '1h', true, hourly[i]!),
        feed(i, '1d', false, daily[i]!),
      ]),
      recorder: NULL_RECORDER,
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
      return `${seen} bars`;
    },
    plain: () => {
      let seen = 0;
      for (const batches of [...hourly, ...daily])
        for (const { length, high, low } of batches)
          for (let i = 0; i < length; i += 1) if (low[i]! <= high[i]!) seen += 1;
      return `${seen} bars`;
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

const millions = Number(process.argv[2] ?? (IS_SMOKE ? 0.02 : 5));
const bars = Math.round(millions * 1_000_000);
const batches = build(bars, 1, MINUTES, MINUTE_US);
const only = new RegExp(process.argv[3] ?? '');
const rounds = IS_SMOKE ? 1 : Number(process.argv[4] ?? 3);
const cases = [
  noOp(batches, bars),
  emaCross(batches, bars, false),
  emaCross(batches, bars, true),
  brackets(batches, bars, false),
  brackets(batches, bars, true),
  portfolio(Math.round(bars / 5)),
].filter((one) => only.test(one.name));
for (const one of cases) {
  process.stdout.write(`${one.name}, ${(one.bars / 1e6).toFixed(2)} M bars\n`);
  let [engineUs, plainUs] = [Infinity, Infinity];
  let [did, plainDid] = ['', ''];
  for (let round = 0; round < rounds; round += 1) {
    engineUs = Math.min(
      engineUs,
      cpuUs(() => (did = one.engine())),
    );
    for (let i = 0; i < 5; i += 1)
      plainUs = Math.min(
        plainUs,
        cpuUs(() => (plainDid = one.plain())),
      );
  }
  if (did !== plainDid) throw new Error(`the engine did ${did}, the plain loop ${plainDid}`);
  const [rate, plainRate] = [one.bars / engineUs, one.bars / plainUs];
  process.stdout.write(
    `  ${rate.toFixed(2)} M bars/s of CPU, plain loop ${plainRate.toFixed(0)}, ratio ${(rate / plainRate).toFixed(4)}; ${did}\n`,
  );
}
