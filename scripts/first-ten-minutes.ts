/**
 * A stranger's first ten minutes, from the packed tarball in a folder outside the repository. Needs the package registry for
 * the dependencies, nothing else. Run: node --import tsx scripts/first-ten-minutes.ts [--keep]
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isUnsourced } from './unsourced.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
  /** Of the process and its children: the machine may be shared. */
  readonly cpuSeconds: number;
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly hasInstallScript?: boolean; readonly optional?: boolean }>
  >;
}

const repository: string = fileURLToPath(new URL('..', import.meta.url));
const folder: string = mkdtempSync(join(tmpdir(), 'frontmonth-first-'));
const desk: string = join(folder, 'my-desk');
const strategy: string = join(desk, 'strategies', 'first.ts');
const timings: [string, number][] = [];

function run(cwd: string, words: readonly string[]): Ran {
  const startMs = performance.now();
  const before = childCpuSeconds();
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
  const cpuSeconds = childCpuSeconds() - before;
  return { code: child.status ?? -1, out: child.stdout, err: child.stderr, seconds, cpuSeconds };
}

/** CPU time of all ended children, from the kernel; NaN where it does not tell. */
function childCpuSeconds(): number {
  if (!existsSync('/proc/self/stat')) return NaN;
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // Fields 16 and 17 of proc(5), in ticks of 10 ms.
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function bytesBelow(path: string): number {
  const about = lstatSync(path);
  if (!about.isDirectory()) return about.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

/** What the tarball holds: each source with its script, each declaration with its map and source or with neither, a short list. */
function checkContents(files: readonly { readonly path: string }[]): void {
  const paths = files.map(({ path }) => path);
  const known = new Set(paths);
  const sources = paths.filter((path) => /^src\/.*\.ts$/.test(path) && !path.endsWith('.d.ts'));
  assert.ok(sources.length > 100, 'the sources are in the package');
  const built = paths.filter((path) => /^dist\/.*\.(js|d\.ts|d\.ts\.map)$/.test(path));
  const stemOf = (path: string): string => path.replace(/^src/, 'dist').replace(/\.ts$/, '');
  for (const path of sources) assert.ok(known.has(`${stemOf(path)}.js`), `${path} is not built`);
  for (const path of built.filter((each) => each.endsWith('.d.ts'))) {
    const source = path.replace(/^dist/, 'src').replace(/\.d\.ts$/, '.ts');
    const isLeft = isUnsourced(path.replace('dist/', ''));
    for (const needed of [source, `${path}.map`])
      assert.equal(known.has(needed), !isLeft, `${path} leads to ${needed}`);
  }
  const rest = paths
    .filter((path) => !sources.includes(path) && !built.includes(path))
    .map((path) => path.replace(/^(catalog\/instruments|dist\/assets)\/.*/, '$1/*'))
    .map((path) =>
      path.replace(/^(dist|src)\/(cli\/templates|research\/report\/page)\/.*/, '$1/$2/*'),
    )
    .map((path) => path.replace(/^schemas\/.*\.json$/, 'schemas/*.json'));
  assert.deepEqual([...new Set(rest)].toSorted(), GOLDEN_REST);
}

/** Everything in the tarball that is not a source or made from one. */
const GOLDEN_REST: readonly string[] = [
  'CHANGELOG.md',
  'LICENSE',
  'NOTICE',
  'README.md',
  'bin/frontmonth.js',
  'catalog/instruments/*',
  'dist/assets/*',
  'dist/cli/templates/*',
  'package.json',
  'schemas/*.json',
];

/** A stranger's type check, with the checks of all declaration files on. */
const SMOKE = `import { defineConfig, defineStrategy, int, Side } from 'frontmonth';
import * as calendars from 'frontmonth/calendars';
import * as data from 'frontmonth/data';
import * as indicators from 'frontmonth/indicators';
import * as research from 'frontmonth/research';
import * as sim from 'frontmonth/sim';
import * as strategies from 'frontmonth/strategies';
import * as testing from 'frontmonth/testing';
export const config = defineConfig({ capital: 50_000 });
export default defineStrategy({
  id: 'smoke', version: '1', description: '', instruments: ['ES'],
  params: { length: int({ default: 5, min: 2, max: 9, description: '' }) },
  requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }),
  create: ({ length }) => {
    const whole: number = length;
    return { onBar: (bar, ctx) => { if (whole > 2) ctx.submit({ contract: ctx.contract(bar.root), side: Side.Buy, qty: 1, type: 'market' }); } };
  },
});
export const parts = [calendars, data, indicators, research, sim, strategies, testing];
`;

function smokeTypes(dir: string): void {
  writeFileSync(join(dir, 'smoke.ts'), SMOKE);
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const file = `tsconfig.${moduleResolution}.json`;
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      noEmit: true,
      module,
      moduleResolution,
      skipLibCheck: false,
    };
    writeFileSync(join(dir, file), JSON.stringify({ compilerOptions, files: ['smoke.ts'] }));
    step(`types under ${moduleResolution}`, dir, `npx tsc -p ${file}`, 0, 120);
  }
}

/** Runs one step; a wrong exit code shows everything that was printed. */
function step(name: string, cwd: string, line: string, expected: number, secondsMax: number): Ran {
  const ran = run(cwd, line.split(' '));
  timings.push([name, ran.seconds]);
  const figures = [ran.seconds, ran.cpuSeconds].map((value) => value.toFixed(2).padStart(7));
  console.log(`${figures[0]} s  ${figures[1]} s cpu  ${name}`);
  assert.equal(ran.code, expected, `${line}\n${ran.out}\n${ran.err}`);
  // On a shared machine the wall says little; the work of the step says what it costs.
  const cost = Number.isNaN(ran.cpuSeconds) ? ran.seconds : ran.cpuSeconds;
  assert.ok(cost <= secondsMax, `${name} took ${cost} s, at most ${secondsMax} s`);
  return ran;
}

function holds(text: string, pattern: RegExp): void {
  assert.match(text, pattern);
}

try {
  const packed = step(
    'npm pack',
    repository,
    `npm pack --json --pack-destination ${folder}`,
    0,
    120,
  );
  const [about] = JSON.parse(packed.out.slice(packed.out.indexOf('[\n'))) as {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  const tarball = join(folder, about!.filename);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  console.log(
    `           tarball ${megabytes(about!.size)}, unpacked ${megabytes(about!.unpackedSize)}`,
  );
  assert.ok(about!.size <= 1_500_000, 'the tarball is at most 1.5 MB');
  assert.ok(about!.unpackedSize <= 6_000_000, 'unpacked it is at most 6 MB');
  checkContents(about!.files);
  const publint = join(repository, 'node_modules', 'publint', 'src', 'cli.js');
  step('publint', repository, `node ${publint} run --strict ${tarball}`, 0, 60);
  step('install the tarball', folder, `npm install --prefix tool ${tarball}`, 0, 120);
  console.log(`           installed ${megabytes(bytesBelow(join(folder, 'tool')))}, aim 120 MB`);
  const lock = readFileSync(join(folder, 'tool', 'node_modules', '.package-lock.json'), 'utf8');
  const scripted = Object.entries((JSON.parse(lock) as Lock).packages)
    .filter(([, item]) => item.hasInstallScript === true && item.optional !== true)
    .map(([name]) => name.replace('node_modules/', ''));
  // The loader's compiler has a script that only swaps its launcher; it works without.
  console.log(`           packages with an install script: ${scripted.join(' ') || 'none'}`);
  const bin = join(folder, 'tool', 'node_modules', '.bin', 'frontmonth');
  step('--version', folder, `${bin} --version`, 0, 2);
  const help = step('--help', folder, `${bin} --help`, 0, 2);
  for (const row of help.out.split('\n')) assert.ok(row.length <= 80, row);

  const made = step('frontmonth new', folder, `${bin} new my-desk --frontmonth ${tarball}`, 0, 5);
  holds(made.out, /npm run backtest/);
  assert.equal(step('new again', folder, `${bin} new my-desk`, 3, 5).out, '');
  // No script of any package may be needed.
  step('npm install', desk, 'npm install --ignore-scripts', 0, 120);

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
  smokeTypes(desk);
  for (const template of ['bracket', 'portfolio', 'notebook']) {
    const other = join(desk, `desk-${template}`);
    // Inside the first one: the packages are found from there, and the sample is the same.
    step(
      `new --template ${template}`,
      desk,
      `npx frontmonth new desk-${template} --template ${template}`,
      0,
      10,
    );
    const env = `npx frontmonth backtest strategies/first.ts --data sample`;
    writeFileSync(
      join(other, 'frontmonth.config.json'),
      '{ "catalog": "../catalog", "capital": 1000000 }',
    );
    const ran = step(
      `backtest of ${template}`,
      other,
      `${env} --config frontmonth.config.json`,
      0,
      120,
    );
    holds(ran.out, /net profit/);
    assert.doesNotMatch(ran.out, /NO TRADES/);
  }
  console.log(`first ten minutes: ${timings.length} steps, all as they should be`);
} finally {
  if (process.argv.includes('--keep')) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
