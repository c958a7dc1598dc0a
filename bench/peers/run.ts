/**
 * The same bars and the same EMA cross in frontmonth and in programs of others, side by side: every fill and the profit
 * compared, then time and memory. What is switched on in each stands in README.md. Slow programs run on `--slow-bars`; ours run
 * on both numbers, and a ratio is taken between runs over the same number.
 *
 *     npm run bench:peers -- [--bars 1000000] [--slow-bars 200000] [--runs 4] [--venv folder] [--python python3]
 *                            [--only name,name] [--no-build] [--json file] [--smoke]
 *
 * Makes a virtual environment with pip, in a temporary folder unless `--venv` names one. Exits with 1 when a program comes
 * to other fills or another profit, and when fewer than three programs of others ran.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { PeerResult } from './bars.ts';
import { plan, ratiosOf } from './compare.ts';
import type { Planned } from './compare.ts';
import { makeMarket } from './market.ts';
import type { FillAt } from './plain.ts';

interface Program extends Planned {
  readonly script: string;
  readonly rest?: readonly string[];
  /** Where it fills, and so which plain loop judges it. */
  readonly at: FillAt;
  /** Compiles at first use and keeps the code on disk. */
  readonly hasCache?: boolean;
}

const PROGRAMS: readonly Program[] = [
  { id: 'plain', script: 'ours-plain.ts', needs: null, at: 'open' },
  { id: 'frontmonth', script: 'ours.ts', needs: null, at: 'open' },
  { id: 'frontmonth-engine', script: 'ours.ts', rest: ['engine'], needs: null, at: 'open' },
  { id: 'nautilus', script: 'run_nautilus.py', needs: 'nautilus_trader', at: 'open', isSlow: true },
  {
    id: 'nautilus-close',
    script: 'run_nautilus.py',
    rest: ['close'],
    needs: 'nautilus_trader',
    at: 'close',
    isSlow: true,
  },
  {
    id: 'backtesting',
    script: 'run_backtesting.py',
    needs: 'backtesting',
    at: 'open',
    isSlow: true,
  },
  { id: 'backtrader', script: 'run_backtrader.py', needs: 'backtrader', at: 'open', isSlow: true },
  {
    id: 'vectorbt',
    script: 'run_vectorbt.py',
    needs: 'vectorbt',
    at: 'open',
    hasCache: true,
  },
  {
    id: 'vectorbt-order-func',
    script: 'run_vectorbt.py',
    rest: ['order_func'],
    needs: 'vectorbt',
    at: 'open',
    hasCache: true,
  },
];
const PEERS_MIN = 3;

const { values } = parseArgs({
  options: {
    bars: { type: 'string' },
    'slow-bars': { type: 'string' },
    runs: { type: 'string' },
    venv: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    only: { type: 'string' },
    json: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});
const count = (name: 'bars' | 'slow-bars' | 'runs', otherwise: number, min: number): number => {
  const value = Number(values[name] ?? otherwise);
  if (Number.isSafeInteger(value) && value >= min) return value;
  console.error(`--${name} ${values[name]}: a whole number of at least ${min}`);
  process.exit(2);
};
// Beyond the limit the market of `market.ts` would outlive its only contract.
const BARS_MAX = 14_000_000;
const bars = count('bars', values.smoke ? 30_000 : 1_000_000, 2_000);
const slowBars = Math.min(bars, count('slow-bars', values.smoke ? 5_000 : 200_000, 2_000));
const runs = count('runs', values.smoke ? 2 : 4, 2);
if (bars > BARS_MAX) {
  console.error(`--bars ${bars}: at most ${BARS_MAX}`);
  process.exit(2);
}
const only = values.only?.split(',');
const unknown = only?.find((id) => PROGRAMS.every((program) => program.id !== id));
if (unknown !== undefined) {
  console.error(`--only ${unknown}: one of ${PROGRAMS.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
const chosen = PROGRAMS.filter(({ id }) => only === undefined || only.includes(id));

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'frontmonth-peers-'));
process.exitCode = 1;
try {
  process.exitCode = main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** A program that ran, and what it disagrees in; null where it agrees. */
interface Row {
  readonly program: Program;
  readonly result: PeerResult;
  /** CPU and clock of a second process, which finds the compiled code on disk. */
  readonly again: PeerResult | null;
  readonly judge: PeerResult;
  readonly fault: string | null;
}

function main(): number {
  if (!values['no-build']) build();
  const missing = new Map<string, string>();
  const python = environment(missing);
  const tasks = plan(chosen, bars, slowBars);
  for (const size of new Set(tasks.map((task) => task.bars))) makeMarket(marketOf(size), size);
  const judges = new Map<string, PeerResult>();
  const judgeOf = (size: number, at: FillAt): PeerResult => {
    const key = `${size} ${at}`;
    const plain: Program = { ...PROGRAMS[0]!, rest: [at] };
    if (!judges.has(key)) judges.set(key, start(plain, size, runs, '', `judge-${key}`));
    return judges.get(key)!;
  };
  const rows: Row[] = [];
  for (const { program, bars: size } of tasks) {
    if (program.needs !== null && missing.has(program.needs)) continue;
    const label = `${program.id}-${size}`;
    const judge = judgeOf(size, program.at);
    try {
      const result = start(program, size, runs, python, label);
      const again =
        program.hasCache === true && !values.smoke
          ? start(program, size, 1, python, `${label}-again`)
          : null;
      rows.push({ program, result, again, judge, fault: faultOf(result, judge) });
      if (values.json !== undefined)
        writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
      // Minutes may pass until the table: a sign of life, which a pipe of the table does not see.
      console.error(`${program.id}: ${result.warmCpu.toFixed(3)} s of CPU for ${size} bars`);
    } catch (error) {
      missing.set(program.needs ?? program.id, `${program.id}: ${(error as Error).message}`);
    }
  }
  report(rows, missing);
  const peers = new Set(rows.flatMap(({ program }) => program.needs ?? []));
  const wanted = new Set(chosen.flatMap(({ needs }) => needs ?? []));
  const isEnough = peers.size >= Math.min(PEERS_MIN, wanted.size);
  if (!isEnough) console.log(`only ${peers.size} programs of others ran, ${PEERS_MIN} are needed`);
  return isEnough && rows.every(({ fault }) => fault === null) ? 0 : 1;
}

/** Users run the built package: `dist` is compiled anew, so that it is of these sources, with the flags of `scripts/build.ts`. */
function build(): void {
  const flags = ['declaration', 'declarationMap', 'isolatedDeclarations'];
  const off = flags.flatMap((flag) => [`--${flag}`, 'false']);
  const args = [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ];
  const run = spawnSync(process.execPath, [...args, ...off, '--removeComments'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`the package does not build\n${run.stdout}${run.stderr}`);
}

/** The interpreter of an environment with what could be installed; reasons for the rest go into `missing`. */
function environment(missing: Map<string, string>): string {
  const folder = values.venv ?? join(work, 'venv');
  const python = join(folder, 'bin', 'python');
  const pins = readFileSync(join(here, 'requirements.txt'), 'utf8').split('\n');
  const names = [...new Set(chosen.flatMap(({ needs }) => needs ?? []))];
  if (names.length === 0) return python;
  if (!existsSync(python)) {
    const made = spawnSync(values.python, ['-m', 'venv', folder], { encoding: 'utf8' });
    if (made.status !== 0) {
      for (const name of names) missing.set(name, `no virtual environment: ${lastLine(made)}`);
      return python;
    }
  }
  for (const name of names) {
    const pin = pins.find((line) => line.startsWith(`${name}==`));
    if (pin === undefined) throw new Error(`requirements.txt has no line for ${name}`);
    const constraints = join(here, 'constraints.txt');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    const run = spawnSync(python, [...pip, '-c', constraints, pin], { encoding: 'utf8' });
    if (run.status !== 0) missing.set(name, `not installed: ${lastLine(run)}`);
  }
  return python;
}

function lastLine(run: {
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly error?: Error;
}): string {
  const lines = `${run.stdout ?? ''}\n${run.stderr ?? ''}\n${run.error?.message ?? ''}`;
  return lines.trim().split('\n').at(-1)!.trim();
}

/** One process of one program. Nothing compiled is found on disk unless an earlier process of this run left it. */
function start(
  program: Program,
  size: number,
  times: number,
  python: string,
  label: string,
): PeerResult {
  const fillsFile = join(work, `${label.replaceAll(' ', '-')}.csv`);
  const market = program.script === 'ours.ts' ? [marketOf(size), join(root, 'dist')] : [];
  const rest = [...market, ...(program.rest ?? [])];
  const args = [join(here, program.script), `${size}`, `${times}`, fillsFile, ...rest];
  const isPython = program.script.endsWith('.py');
  const command = isPython
    ? ([python, ['-W', 'ignore', ...args]] as const)
    : ([process.execPath, ['--import', 'tsx', ...args]] as const);
  const run = spawnSync(command[0], command[1], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
    env: {
      ...process.env,
      PEER_STARTED: `${Date.now() / 1000}`,
      NUMBA_CACHE_DIR: join(work, `numba-${program.id}`),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const line = (run.stdout ?? '').trim().split('\n').at(-1) ?? '';
  if (run.status !== 0 || !line.startsWith('{')) throw new Error(`ended with ${lastLine(run)}`);
  return JSON.parse(line) as PeerResult;
}

function marketOf(size: number): string {
  return join(work, `market-${size}`);
}

/** What is different, by the first row; null where bars, fills and profit are the same. */
function faultOf(result: PeerResult, judge: PeerResult): string | null {
  if (result.checksum !== judge.checksum)
    return `other bars: checksum ${result.checksum}, expected ${judge.checksum}`;
  const [own, expected] = [result, judge].map(({ fillsFile }) =>
    readFileSync(fillsFile, 'utf8').trim().split('\n'),
  );
  const at = expected!.findIndex((line, i) => line !== own![i]);
  if (at >= 0) return `fill ${at + 1}: ${own![at] ?? 'none'}, expected ${expected![at]}`;
  if (own!.length > expected!.length) return `${own!.length - expected!.length} fills too many`;
  if (result.profitCents !== judge.profitCents)
    return `profit ${result.profitCents} cents, expected ${judge.profitCents}`;
  return null;
}

function fillCount({ fillsFile }: PeerResult): number {
  return readFileSync(fillsFile, 'utf8').trim().split('\n').length;
}

function report(rows: readonly Row[], missing: ReadonlyMap<string, string>): void {
  const nsOf = ({ result }: Row): number => (result.warmCpu / result.bars) * 1e9;
  const factor = (value: number | undefined): string => value?.toFixed(2) ?? '';
  const seconds = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
  console.log(
    `CPU seconds of all threads, ${runs - 1} warm runs; Node ${process.version}, ${cpus().length} cores${values.smoke ? '; a smoke run: the times mean nothing' : ''}\n`,
  );
  table([
    [
      'program',
      'version',
      'bars',
      'cold',
      'again',
      'warm',
      'bars/s',
      'ns/bar',
      'cold to ours',
      'warm to ours',
      'peak MB',
    ],
    ...rows.map((row) => {
      const ratios = ratiosOf(row.result, rows);
      return [
        row.result.program,
        row.result.version.split(',')[0]!,
        thousands(row.result.bars),
        seconds(row.result.coldCpu),
        row.again === null ? '' : seconds(row.again.coldCpu),
        row.result.warmCpu.toFixed(3),
        thousands(row.result.bars / row.result.warmCpu),
        nsOf(row).toFixed(0),
        factor(ratios?.cold),
        factor(ratios?.warm),
        row.result.peakMb.toFixed(0),
      ];
    }),
  ]);
  console.log(
    '\nto ours: CPU as a multiple of that of frontmonth over the same number of bars; below 1 the other takes less\n',
  );
  for (const { result, judge, fault } of rows)
    console.log(
      fault === null
        ? `${result.program}, ${thousands(result.bars)} bars: ${fillCount(result)} fills and ${money(result.profitCents)} agree, checksum ${result.checksum}`
        : `${result.program}, ${thousands(result.bars)} bars: DIFFERS from the plain loop (${fillCount(judge)} fills): ${fault}`,
    );
  for (const [name, why] of missing) console.log(`${name}: not run: ${why}`);
}

function money(cents: number): string {
  return `${(cents / 100).toFixed(2)} USD`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function table(lines: readonly (readonly string[])[]): void {
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  );
  for (const line of lines)
    console.log(
      line
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
}
