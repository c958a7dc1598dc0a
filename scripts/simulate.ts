/**
 * A whole seeded market place in virtual time, with everything that must be true checked all the time.
 *
 * npm run simulate -- --seed 7 --hours 48
 * npm run simulate -- --seeds 1..200 --hours 8
 * npm run simulate -- --seed 7 --hours 48 --trace
 */
import { parseArgs } from 'node:util';
import { OrderManager } from '../src/engine/order-manager.ts';
import { createRandom } from '../src/engine/rng.ts';
import { HOUR_US, InvariantBroken } from '../src/sim/simulation/world-types.ts';
import type { WorldCounts, WorldResult } from '../src/sim/simulation/world-types.ts';
import { World } from '../src/sim/simulation/world.ts';
import { EngineAccount } from './simulated-account.ts';

const USAGE = `npm run simulate -- [options]
  --seed N           the world to simulate; default 1
  --seeds A..B       every seed from A to B
  --until-failure    from --seed on, one after the other, until an invariant breaks
  --hours H          simulated hours of each world; default 24
  --day-hours D      hours of one trading day; default 24, or a quarter of a shorter world
  --rate R           orders and changes of the crowd per market and hour; default 240
  --trace            every report and event as a line
  --quiet            one line for all worlds together`;

/** Lines before a failure that are shown. */
const LAST_LINES = 25;

interface Asked {
  readonly hours: number;
  readonly dayHours?: number;
  readonly rate?: number;
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    hours: { type: 'string' },
    'day-hours': { type: 'string' },
    rate: { type: 'string' },
    trace: { type: 'boolean' },
    quiet: { type: 'boolean' },
    'until-failure': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

process.exitCode = main();

function main(): number {
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const hours = numberOf('hours', values.hours ?? '24', 0.1);
  const asked: Asked = {
    hours,
    ...(values['day-hours'] === undefined
      ? {}
      : { dayHours: numberOf('day-hours', values['day-hours'], 0.1) }),
    ...(values.rate === undefined ? {} : { rate: numberOf('rate', values.rate, 1) }),
  };
  const [from, to] = seedsOf();
  const results: WorldResult[] = [];
  const began = process.cpuUsage();
  for (let seed = from; seed <= to; seed += 1) {
    const trace = values.trace === true ? (line: string) => console.log(line) : undefined;
    const result = simulate(seed, asked, trace);
    if (result === null) return 1;
    results.push(result);
    if (values.quiet !== true) console.log(lineOf(result));
  }
  const { user, system } = process.cpuUsage(began);
  console.log(summaryOf(results, (user + system) / 1e6));
  return 0;
}

/** Null where an invariant broke; then what is needed to see it again has been printed. */
function simulate(seed: number, asked: Asked, trace?: (line: string) => void): WorldResult | null {
  const world = worldOf(seed, asked, trace);
  try {
    return world.run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    report(seed, asked, error, world.nowUs);
    return null;
  }
}

function worldOf(seed: number, asked: Asked, trace?: (line: string) => void): World {
  return new World({
    ...asked,
    seed,
    random: createRandom(seed),
    makeOrders: () => new OrderManager(),
    makeAccount: (setup) => new EngineAccount(setup),
    ...(trace === undefined ? {} : { trace }),
  });
}

/** The same world again, this time with its lines: the last ones lead to the failure. */
function report(seed: number, asked: Asked, error: Error, nowUs: number): void {
  const lines: string[] = [];
  try {
    worldOf(seed, asked, (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
    }).run();
  } catch {
    // The failure that is being reported.
  }
  const isInvariant = error instanceof InvariantBroken;
  const flags = [`--seed ${seed}`, `--hours ${asked.hours}`];
  if (asked.dayHours !== undefined) flags.push(`--day-hours ${asked.dayHours}`);
  if (asked.rate !== undefined) flags.push(`--rate ${asked.rate}`);
  console.error(`seed ${seed} FAILED at ${nowUs} µs (hour ${(nowUs / HOUR_US).toFixed(3)})`);
  console.error(
    `  ${isInvariant ? `invariant: ${error.invariant}` : (error.stack ?? error.message)}`,
  );
  if (isInvariant) console.error(`  values: ${JSON.stringify(error.details)}`);
  console.error('  what led to it:');
  for (const line of lines) console.error(`    ${line}`);
  console.error(`  to see it again: npm run simulate -- ${flags.join(' ')} --trace`);
}

function lineOf({ seed, hours, counts, hash }: WorldResult): string {
  const { commands, orders, trades, groups, halts, exchangeRestarts, clientRestarts } = counts;
  return (
    `seed ${seed}: ${hours} h, ${commands} commands, ${orders} orders, ${groups} groups, ${trades} trades, ` +
    `${halts} halts, ${exchangeRestarts}+${clientRestarts} restarts, hash ${hash}`
  );
}

function summaryOf(results: readonly WorldResult[], cpuSeconds: number): string {
  const sum = (key: keyof WorldCounts): string =>
    results.reduce((total, { counts }) => total + counts[key], 0).toLocaleString('en');
  const hours = results.reduce((total, result) => total + result.hours, 0);
  const rows: readonly [string, string][] = [
    ['worlds', `${results.length}, every invariant held`],
    [
      'simulated',
      `${hours.toLocaleString('en')} h, ${Math.round(hours / cpuSeconds)} h per CPU second`,
    ],
    ['events', `${sum('events')}; ${sum('commands')} commands, ${sum('reports')} reports`],
    [
      'orders',
      `${sum('orders')}, of them in ${sum('groups')} groups of clients; ${sum('trades')} trades`,
    ],
    [
      'sessions',
      `${sum('contracts')} contracts, ${sum('auctions')} auctions, ${sum('settlements')} settlements`,
    ],
    [
      'accounts',
      `${sum('accounts')} with risk gate and money: ${sum('accountFills')} fills, ${sum('denied')} orders denied, ${sum('marginCalls')} margin calls`,
    ],
    [
      'forced',
      `${sum('liquidations')} orders of margin calls, ${sum('forcedFlats')} before a delivery, ${sum('programmeFlats')} of a programme`,
    ],
    ['halts', `${sum('halts')}, ${sum('breakers')} fast moves`],
    [
      'messages',
      `${sum('messages')}: ${sum('lost')} lost, ${sum('repeated')} repeated, ${sum('late')} late, ${sum('neverArrived')} never arrived`,
    ],
    [
      'failures',
      `${sum('disconnects')} lost connections, ${sum('clientRestarts')} restarts of clients, ${sum('exchangeRestarts')} of the exchange`,
    ],
    [
      'replays',
      `${sum('marks')} snapshots, each equal to the one before it and the commands between`,
    ],
  ];
  return rows.map(([name, text]) => `${name.padEnd(10)} ${text}`).join('\n');
}

function seedsOf(): [from: number, to: number] {
  if (values.seeds !== undefined) {
    const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(values.seeds) ?? [];
    if (from === undefined || Number(from) > Number(to))
      fail('--seeds is written A..B, A not above B');
    return [Number(from), Number(to)];
  }
  const seed = numberOf('seed', values.seed ?? '1', 0);
  if (!Number.isInteger(seed)) fail('--seed is a whole number');
  return [seed, values['until-failure'] === true ? Number.MAX_SAFE_INTEGER : seed];
}

function numberOf(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value >= least))
    fail(`--${flag} is a number of ${least} or more`);
  return value;
}

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}
