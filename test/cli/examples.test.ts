/** Every example of the help is run, in process, on a small sample. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-tree.ts';
import type { CommandSpec } from '../../src/cli/command.ts';
import { programHelp } from '../../src/cli/help.ts';
import { EXIT } from '../../src/core/errors.ts';
import { BUILT_IN_STRATEGIES, donchianBreakout } from '../../src/strategies/index.ts';
import { documentProblems } from '../../src/research/json-schemas.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import { runReal } from './support.ts';

/** Long work of its own, tested elsewhere; here the sample exists already. */
const MADE_ELSEWHERE: ReadonlySet<string> = new Set([
  'frontmonth demo',
  'frontmonth demo --open',
  'frontmonth data sample',
  'frontmonth data sample --products ES,CL --seed 7',
  // Its run here may have sent no order: test/cli/explain.test.ts.
  'frontmonth explain last O-000001',
]);

function examplesOf(specs: readonly CommandSpec[]): string[] {
  return specs.flatMap((spec) => [...spec.examples, ...examplesOf(spec.children ?? [])]);
}

const first = programHelp(COMMANDS)
  .split('\n')
  .filter((line) => /^ {2}frontmonth (?!<)/.test(line));
/** Each once, in the order of the help. */
const EXAMPLES = [
  ...new Set([...first.map((line) => line.trim()), ...examplesOf(COMMANDS)]),
].filter(
  // A server runs until Ctrl-C: test/service tries it.
  (line) => !MADE_ELSEWHERE.has(line) && !line.startsWith('frontmonth exchange serve'),
);

const FIRST_TS = `import { donchianBreakout } from '../strategies.mjs';
export default { ...donchianBreakout, id: 'first', params: { ...donchianBreakout.params,
  stopTicks: { kind: 'int', default: 20, min: 1, max: 100, description: 'a distance' } } };
`;

let sample: SampleCatalog;
let cwd = '';
beforeAll(async () => {
  sample = makeSampleCatalog({
    products: donchianBreakout.instruments,
    from: '2023-01-03',
    to: '2023-12-29',
    minuteFrom: '2023-12-01',
    intervals: ['1d', '1h', '1m'],
  });
  cwd = sample.dir;
  mkdirSync(join(cwd, 'strategies'));
  const index = new URL('../../src/strategies/index.ts', import.meta.url).href;
  writeFileSync(join(cwd, 'strategies.mjs'), `export * from ${JSON.stringify(index)};\n`);
  writeFileSync(join(cwd, 'strategies', 'first.ts'), FIRST_TS);
  const bars = [
    'time,open,high,low,close,volume',
    '2025-11-03T15:01:00Z,6800,6801,6799.5,6800.25,10',
  ];
  writeFileSync(join(cwd, 'es.csv'), `${bars.join('\n')}\n`);
  const prices = [
    'DATETIME,CARRY,CARRY_CONTRACT,PRICE,PRICE_CONTRACT,FORWARD,FORWARD_CONTRACT',
    '2022-01-03 23:00:00,4790.5,20220600,4780.25,20220300,4790.5,20220600',
    '2022-01-04 23:00:00,4780.5,20220600,4770.25,20220300,4780.5,20220600',
  ];
  writeFileSync(join(cwd, 'SP500.csv.gz'), gzipSync(`${prices.join('\n')}\n`));
  const rules = { schema: 'frontmonth.programme/1', name: 'x', currency: 'USD', startBalance: 1e5 };
  const maximumLoss = { amount: 2e3, mode: 'static', tested: 'real-time', includesOpen: true };
  writeFileSync(join(cwd, 'rules.json'), JSON.stringify({ ...rules, maximumLoss }));
  // Three runs, so that `last~2` is one.
  for (let i = 0; i < 3; i += 1) {
    const argv = ['backtest', 'donchian-breakout', '--instruments', 'ES', '--no-bounds'];
    const ran = await runReal(cwd, [...argv, '--seed', String(i)], {
      nowMs: Date.UTC(2026, 10, 20 + i),
    });
    expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
  }
}, 120_000);
afterAll(() => sample.remove());

describe('the examples of the help', () => {
  it.each(EXAMPLES)(
    '%s',
    async (line) => {
      const words = line.split(' ').slice(1);
      // Two examples make the same folder.
      const isSecond = words[0] === 'new' && words.length > 2;
      const argv = isSecond ? ['new', 'other', ...words.slice(2)] : words;
      const ran = await runReal(cwd, argv, { nowMs: nextMs() });
      expect(ran.err).not.toMatch(/E_USAGE|E_CRASH|^ {4}at /m);
      expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
      expect(ran.out).not.toBe('');
      expect(ran.out).not.toContain('\u001b[');
    },
    60_000,
  );
});

let ticks = Date.UTC(2026, 10, 25);
function nextMs(): number {
  ticks += 60_000;
  return ticks;
}

describe('the documents of a real run', () => {
  it('are what the published schemas say', async () => {
    const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
    const [dir] = readdirSync(join(cwd, 'runs')).map((name) => join(cwd, 'runs', name));
    expect(documentProblems('run-manifest', read(join(dir!, 'manifest.json')))).toEqual([]);
    expect(documentProblems('run-summary', read(join(dir!, 'summary.json')))).toEqual([]);
    const dataset = join(cwd, 'catalog', 'datasets', 'sample', 'manifest.json');
    expect(documentProblems('dataset-manifest', read(dataset))).toEqual([]);
    for (const argv of [['runs', 'list'], ['config'], ['trades', 'last~77'], ['data', 'list']]) {
      const body = JSON.parse((await runReal(cwd, [...argv, '--json'])).out) as unknown;
      expect(documentProblems('envelope', body), argv.join(' ')).toEqual([]);
    }
  });
});

describe('a built-in strategy with its defaults', () => {
  it.each(Object.keys(BUILT_IN_STRATEGIES))(
    'runs on the sample: %s',
    async (name) => {
      const ran = await runReal(cwd, ['backtest', name, '--no-bounds'], { nowMs: nextMs() });
      expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
      // Minutes are there for December only, and the run says so instead of cutting in silence.
      const isShort = ['opening-range', 'limit-reversion', 'vwap-pullback'].includes(name);
      const said = 'W_SPAN_BARS: the data have 1m bars of ES from 2023-12-01 to 2023-12-29 only';
      expect(ran.out.replace(/\s+/g, ' ').includes(said)).toBe(isShort);
    },
    60_000,
  );
  it('says the flags when the asked span has no such bars', async () => {
    const asked = ['--from', '2023-03-01', '--to', '2023-12-29'];
    const ran = await runReal(cwd, ['backtest', 'opening-range', ...asked], { nowMs: nextMs() });
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toMatch(/fix +--from 2023-12-01 --to 2023-12-29/);
  });
});

/** Scripts and JSON are for programs; everything else is read by people. */
const READ = EXAMPLES.filter(
  (line) => !/--json|--csv|--open|^frontmonth (new|completion|complete|data import) /.test(line),
);

describe.each([60, 80])('on a terminal of %i columns', (columns) => {
  it.each([
    ...READ,
    ...COMMANDS.map((spec) => `frontmonth ${spec.name} --help`),
    'frontmonth --help',
    'frontmonth data import --help',
    'frontmonth data show sample --instruments ES',
    'frontmonth errors E_DATA_SPAN',
    'frontmonth fills last --limit 3',
    'frontmonth trades last --fifo --limit 3',
    // Errors too.
    'frontmonth trades last --where nonsense=1',
    'frontmonth backtest donchian-breakout --fills none',
    'frontmonth backtest donchian-breakout --from 1990-01-01 --to 1991-01-01',
  ])(
    '%s',
    async (line) => {
      const env = { CI: '1', NO_COLOR: '1' };
      const argv = line.split(' ').slice(1);
      const ran = await runReal(cwd, argv, { nowMs: nextMs(), isTty: true, columns, env });
      // Rows for a program are as long as they are.
      const out = line.endsWith('--out -') ? '' : ran.out;
      const long = `${out}\n${ran.err}`.split('\n').filter((text) => text.length > columns);
      expect(long).toEqual([]);
    },
    60_000,
  );
});
