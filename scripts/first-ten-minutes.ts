/**
 * A stranger's first ten minutes, from the packed tarball in a folder outside the repository. Needs the package registry for
 * the dependencies, nothing else. Run: node --import tsx scripts/first-ten-minutes.ts [--keep]
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

const repository: string = fileURLToPath(new URL('..', import.meta.url));
const folder: string = mkdtempSync(join(tmpdir(), 'frontmonth-first-'));
const desk: string = join(folder, 'my-desk');
const strategy: string = join(desk, 'strategies', 'first.ts');
const timings: [string, number][] = [];

function run(cwd: string, words: readonly string[]): Ran {
  const startMs = performance.now();
  const [program, ...args] = words;
  // A terminal's settings and this repository's own configuration must not reach the stranger.
  const env = {
    ...process.env,
    CI: '1',
    NO_COLOR: '1',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
  const child = spawnSync(program!, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 26 });
  const seconds = (performance.now() - startMs) / 1000;
  return { code: child.status ?? -1, out: child.stdout, err: child.stderr, seconds };
}

/** Runs one step; a wrong exit code shows everything that was printed. */
function step(name: string, cwd: string, line: string, expected: number, secondsMax: number): Ran {
  const ran = run(cwd, line.split(' '));
  timings.push([name, ran.seconds]);
  console.log(`${ran.seconds.toFixed(1).padStart(6)} s  ${name}`);
  assert.equal(ran.code, expected, `${line}\n${ran.out}\n${ran.err}`);
  assert.ok(ran.seconds <= secondsMax, `${name} took ${ran.seconds} s, at most ${secondsMax} s`);
  return ran;
}

function holds(text: string, pattern: RegExp): void {
  assert.match(text, pattern);
}

try {
  const packed = step('npm pack', repository, `npm pack --pack-destination ${folder}`, 0, 120);
  const tarball = join(folder, packed.out.trim().split('\n').at(-1)!);
  step('install the tarball', folder, `npm install --prefix tool ${tarball}`, 0, 120);
  const bin = join(folder, 'tool', 'node_modules', '.bin', 'frontmonth');
  step('--version', folder, `${bin} --version`, 0, 2);

  const made = step('frontmonth new', folder, `${bin} new my-desk --frontmonth ${tarball}`, 0, 5);
  holds(made.out, /npm run backtest/);
  assert.equal(step('new again', folder, `${bin} new my-desk`, 3, 5).out, '');
  step('npm install', desk, 'npm install', 0, 120);

  const first = step('npm run backtest', desk, 'npm run backtest', 0, 90);
  holds(first.err, /generating the synthetic sample market/);
  holds(first.out, /SYNTHETIC DATA/);
  holds(first.out, /net profit/);
  const report = step('report', desk, 'npx frontmonth report last', 0, 20);
  assert.ok(existsSync(join(desk, report.out.split(' ')[0]!)));

  const second = step('another parameter', desk, 'npm run backtest -- --param stopTicks=30', 0, 60);
  holds(second.out, /vs previous/);
  const compared = step('compare', desk, 'npx frontmonth compare last~1 last', 0, 10);
  holds(compared.out, /stopTicks +20 +30/);

  const text = readFileSync(strategy, 'utf8');
  const broken = text.replace(
    'const series = ctx.series(bar.key);',
    'const series = ctx.series(bar.key);\n      ctx.instrument(bar.root).toTicks(bar.close + 0.1);',
  );
  assert.notEqual(broken, text);
  writeFileSync(strategy, broken);
  const line = broken.split('\n').findIndex((words) => words.includes('+ 0.1')) + 1;
  const failed = step(
    'an off-grid price',
    desk,
    'npx frontmonth backtest strategies/first.ts',
    4,
    60,
  );
  holds(failed.err, /error E_PRICE_GRID: price [\d.]+ is not a multiple of 0\.25/);
  holds(failed.err, new RegExp(`in +strategies/first\\.ts:${line}`));
  assert.doesNotMatch(failed.err, /^ {4}at /m);

  writeFileSync(strategy, text);
  step('fixed', desk, 'npm run backtest', 0, 60);
  holds(step('runs list', desk, 'npx frontmonth runs list', 0, 10).out, /strategy-error|failed/);
  const bad = step(
    'out of bounds',
    desk,
    'npx frontmonth backtest strategies/first.ts --param stopTicks=0',
    3,
    10,
  );
  holds(bad.err, /E_PARAM_RANGE/);
  holds(step('rerun', desk, 'npx frontmonth rerun last', 0, 60).out, /same event hash/);
  step('npm run check', desk, 'npm run check', 0, 120);
  step('npm test', desk, 'npm test', 0, 180);
  console.log(`first ten minutes: ${timings.length} steps, all as they should be`);
} finally {
  if (process.argv.includes('--keep')) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
