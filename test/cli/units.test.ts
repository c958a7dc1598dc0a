import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { lacksOf, usesOf } from '../../src/cli/commands/check.ts';
import { SHELLS, completionScript } from '../../src/cli/commands/completion.ts';
import { differences } from '../../src/cli/commands/compare.ts';
import { errorCatalogs } from '../../src/cli/error-pages.ts';
import { formatMoney, formatTime } from '../../src/cli/format.ts';
import { loadModule } from '../../src/cli/load-module.ts';
import { hasColor, isAnimated, Output, toJson } from '../../src/cli/output.ts';
import { frameInFile } from '../../src/cli/report-error.ts';
import { loadStrategy } from '../../src/cli/strategy-loader.ts';
import { summaryText } from '../../src/cli/summary-view.ts';
import type { Column } from '../../src/cli/table.ts';
import { fitColumns, renderTable, toCsv } from '../../src/cli/table.ts';
import { wrap } from '../../src/cli/wrap.ts';
import { EXIT } from '../../src/core/errors.ts';
import { KNOWN_VENUES } from '../../src/research/venues.ts';
import { donchianBreakout } from '../../src/strategies/index.ts';
import { envNameOf, resolveConfig } from '../../src/research/project-config.ts';
import { fakeManifest, fakeSummary, run } from './support.ts';

const root = mkdtempSync(join(tmpdir(), 'frontmonth-cli-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let cwd = '';
let count = 0;
beforeEach(() => {
  count += 1;
  cwd = join(root, String(count));
  mkdirSync(cwd);
});

describe('colour and animation', () => {
  const tty = { isTTY: true, write: () => true };
  const pipe = { isTTY: false, write: () => true };
  it.each([
    ['a terminal', tty, {}, null, true],
    ['a pipe', pipe, {}, null, false],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, null, false],
    ['an empty NO_COLOR', tty, { NO_COLOR: '' }, null, true],
    ['TERM=dumb', tty, { TERM: 'dumb' }, null, false],
    ['FORCE_COLOR on a pipe', pipe, { FORCE_COLOR: '1' }, null, true],
    ['--no-color over FORCE_COLOR', tty, { FORCE_COLOR: '1' }, false, false],
    ['--color on a pipe', pipe, {}, true, true],
    ['CI, which does not matter', tty, { CI: '1' }, null, true],
  ])('colour follows %s', (_, stream, env, flag, expected) => {
    expect(hasColor(stream, env, flag)).toBe(expected);
  });
  it('nothing moves in CI, on a pipe or on a dumb terminal', () => {
    expect(isAnimated(tty, {})).toBe(true);
    expect(isAnimated(tty, { CI: 'true' })).toBe(false);
    expect(isAnimated(pipe, {})).toBe(false);
    expect(isAnimated(tty, { TERM: 'dumb' })).toBe(false);
  });
});

describe('numbers and times', () => {
  it('always show the sign of money, and never a minus on zero', () => {
    expect([18_412.5, -0.001, 0, -9875, null].map((value) => formatMoney(value))).toEqual([
      '+18,412.50',
      '0.00',
      '0.00',
      '-9,875.00',
      '–',
    ]);
  });
  it('are shown in the zone of the exchange through a change of the clock', () => {
    expect(formatTime(Date.UTC(2024, 2, 8, 15, 30) * 1000, 'America/Chicago')).toBe(
      '2024-03-08 09:30',
    );
    expect(formatTime(Date.UTC(2024, 2, 11, 15, 30) * 1000, 'America/Chicago')).toBe(
      '2024-03-11 10:30',
    );
  });
  it('never write NaN or Infinity into JSON', () => {
    expect(toJson({ a: NaN, b: Infinity, c: 1n })).toBe('{"a":null,"b":null,"c":"1"}');
  });
});

describe('text', () => {
  it('breaks at spaces, and inside a word that is longer than a line', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('  a bbbbbbbbbbbb c', 8, 2)).toEqual(['  a bbbb', '  bbbbbb', '  bb c']);
    expect(wrap('', 8)).toEqual(['']);
  });
  it('loses no character and keeps to the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 }),
        fc.integer({ min: 5, max: 40 }),
        fc.integer({ min: 0, max: 4 }),
        (words, width, indent) => {
          const lines = wrap(words.join(' '), width, indent);
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
        },
      ),
    );
  });
  it('shows fees without the sign of a gain', async () => {
    const fills = [{ contract: 'ESZ2023', side: 1, qty: 1, feeMicros: 2_250_000 }];
    const view = { dir: '', manifest: fakeManifest(), summary: null, trades: [], lots: [] };
    const services = {
      readRun: () => Promise.resolve({ ...view, orders: [], issues: [], fills }),
    };
    const ran = await run(['fills', 'last'], { services });
    expect(ran.out).toContain('2.25');
    expect(ran.out).not.toContain('+2.25');
  });
});

it('prices of Treasuries read as fractions on request, and as counts in CSV', async () => {
  const [es] = fakeManifest().instruments;
  const instruments = [{ ...es!, root: 'ZN', tickSize: 1 / 64, decimals: 6 }];
  const fills = [
    { contract: 'ZNZ2023', root: 'ZN', side: 1, qty: 1, priceTicks: 110 * 64 + 33 },
    { contract: 'ESZ2023', root: 'ES', side: 1, qty: 1, priceTicks: 20_001 },
  ];
  const manifest = { ...fakeManifest(), instruments: [...instruments, { ...es!, root: 'ES' }] };
  const view = { dir: '', manifest, summary: null, trades: [], lots: [], orders: [], issues: [] };
  const services = { readRun: () => Promise.resolve({ ...view, fills }) };
  const plain = await run(['fills', 'last'], { services });
  expect(plain.out).toContain('110.515625');
  const shown = await run(['fills', 'last', '--fractions'], { services });
  expect(shown.out).toContain("110'16.5");
  expect(shown.out).toContain('5000.25');
  const csv = await run(['fills', 'last', '--fractions', '--csv'], { services });
  expect(csv.out).toContain(',7073');
  expect(csv.out).not.toContain("'");
});

describe('tables', () => {
  it('drop the least important columns first and keep the others in place', () => {
    expect(fitColumns([10, 10, 10, 10], [0, 3, 1, 2], 24)).toEqual([true, false, true, false]);
    expect(fitColumns([50, 50], [0, 0], 60)).toEqual([true, true]);
  });
  it('say how many columns were dropped, and show them with --wide', async () => {
    const narrow = await run(['errors'], { isTty: true, columns: 60, env: { NO_COLOR: '1' } });
    expect(narrow.code).toBe(EXIT.ok);
    for (const line of narrow.out.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    const listed = await run(['runs', 'list'], {
      services: {
        listRuns: () =>
          Promise.resolve([
            { runId: 'x'.repeat(60), dir: '', manifest: fakeManifest(), summary: fakeSummary() },
          ]),
      },
    });
    expect(listed.out).toMatch(/\(\+\d columns, use --wide\)/);
    for (const line of listed.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
  const render = (columns: number, columnsOf: readonly Column<string>[]): string =>
    renderTable(
      new Output(
        { stdout: { isTTY: true, columns, write: () => true }, env: { NO_COLOR: '1' } } as never,
        { wide: false, color: null } as never,
      ),
      columnsOf,
      ['one two three four five six'],
    );
  it('break columns of text inside themselves when nothing more can be dropped', () => {
    const text: Column<string> = { title: 'text', cell: (row) => row };
    const figure: Column<string> = { title: 'n', align: 'right', cell: () => '12,345,678,901,234' };
    expect(render(40, [text, figure]).split('\n')).toEqual([
      'text                                 n',
      'one two three four  12,345,678,901,234',
      'five six',
    ]);
  });
  it('write one field a line when even that is not enough', () => {
    const figure = (title: string): Column<string> => ({
      title,
      align: 'right',
      cell: () => '12,345,678,901,234,567',
    });
    expect(render(40, [figure('a'), figure('bb')]).split('\n')).toEqual([
      '  a   12,345,678,901,234,567',
      '  bb  12,345,678,901,234,567',
    ]);
  });
  it('quote what CSV must quote', () => {
    expect(toCsv([['a,b', 'c"d', null, true]])).toBe('"a,b","c""d",,true');
  });
});

describe('the summary of a run', () => {
  const show = (changes: Parameters<typeof fakeSummary>[0]): string => {
    const summary = fakeSummary({ optimistic: null, fillPolicy: 'ohlc', ...changes });
    const out = new Output(
      { stdout: { isTTY: true, columns: 200, write: () => true }, env: { NO_COLOR: '1' } } as never,
      { wide: true, color: null } as never,
    );
    const parts = { summary, manifest: fakeManifest(), dir: '', reportFile: null, previous: null };
    return summaryText(out, { ...parts, reportBytes: 0 });
  };
  const open = { atStakeMicros: 0, isBarResolutionSensitive: false };

  it('counts the ambiguous groups that left no trade, and only those', () => {
    const trades = { closed: 12, open: 0, ambiguous: 1 };
    const more = show({ trades, ambiguity: { ...open, groups: 38 } });
    expect(more).toContain('1 of 12 depend on ambiguous bars; 38 ambiguous groups');
    expect(show({ trades, ambiguity: { ...open, groups: 1 } })).not.toContain('groups');
  });
  it('says where its net lies outside the bounds, which hold for each group', () => {
    const outside = show({
      ambiguity: { ...open, groups: 1, bounds: { worst: 19_000, best: 20_000 } },
    });
    expect(outside).toContain('they bound each group, not the run');
    const inside = show({
      ambiguity: { ...open, groups: 1, bounds: { worst: 18_000, best: 20_000 } },
    });
    expect(inside).not.toContain('they bound');
  });
});

describe('configuration', () => {
  const resolveIn = (
    env: Record<string, string> = {},
    flags: Record<string, unknown> = {},
    file: string | null = null,
  ) => resolveConfig({ cwd, env: { HOME: cwd, ...env }, file, flags, loadModule });
  const write = (value: unknown): void =>
    writeFileSync(join(cwd, 'frontmonth.config.json'), JSON.stringify(value));

  it('takes the flag before the environment, the project, the user and the default, and says which', async () => {
    write({ capital: 3, seed: 3, currency: 'EUR' });
    mkdirSync(join(cwd, '.config', 'frontmonth'), { recursive: true });
    writeFileSync(
      join(cwd, '.config', 'frontmonth', 'config.json'),
      JSON.stringify({ capital: 4, returnBase: 'fixed', currency: 'GBP' }),
    );
    const { values, origins } = await resolveIn(
      { FRONTMONTH_CAPITAL: '2', FRONTMONTH_SEED: '2' },
      { capital: 1 },
    );
    expect(values).toMatchObject({
      capital: 1,
      seed: 2,
      currency: 'EUR',
      returnBase: 'fixed',
      fills: 'pessimistic',
    });
    expect(
      Object.fromEntries(Object.entries(origins).map(([key, { from }]) => [key, from])),
    ).toMatchObject({
      capital: 'flag',
      seed: 'environment',
      currency: 'project',
      returnBase: 'user',
      fills: 'default',
    });
  });
  it('finds the project from a folder below it, and paths stand on the file that names them', async () => {
    write({ runs: 'r' });
    const below = join(cwd, 'strategies');
    mkdirSync(below);
    const config = await resolveConfig({
      cwd: below,
      env: { HOME: cwd },
      file: null,
      flags: {},
      loadModule,
    });
    expect(config.values.runs).toBe(join(cwd, 'r'));
    expect(config.values.catalog).toBe(join(cwd, 'catalog'));
  });
  it('combines risk limits by the stricter value, not by precedence', async () => {
    write({ risk: { orderQtyMax: 10, positionQtyMax: 5 } });
    mkdirSync(join(cwd, '.config', 'frontmonth'), { recursive: true });
    writeFileSync(
      join(cwd, '.config', 'frontmonth', 'config.json'),
      JSON.stringify({ risk: { orderQtyMax: 3, positionQtyMax: 50 } }),
    );
    expect((await resolveIn()).values.risk).toEqual({ orderQtyMax: 3, positionQtyMax: 5 });
  });
  it.each([
    ['a date in another form', { outOfSample: '3 Jan 2022' }, 'E_CONFIG_VALUE', 'outOfSample'],
    ['an unknown key', { captal: 5 }, 'E_CONFIG_KEY', 'did you mean `capital`?'],
    [
      'an unknown key inside',
      { risk: { orderQtyMx: 5 } },
      'E_CONFIG_KEY',
      'did you mean `orderQtyMax`?',
    ],
    ['a value of another type', { capital: 'much' }, 'E_CONFIG_VALUE', '`capital` is "much"'],
    ['a value out of bounds', { costs: { ES: { slippageTicks: -1 } } }, 'E_CONFIG_VALUE', 'costs'],
    ['something that is no object', [1], 'E_CONFIG_LOAD', 'does not export an object'],
    [
      'a value deep inside, which alone is shown',
      { account: { liquidation: { policy: 'immediate', bufferPct: -1 } } },
      'E_CONFIG_VALUE',
      '`account.liquidation.bufferPct` is -1',
    ],
    [
      'the file of a programme as the account',
      { account: 'rules.json' },
      'E_CONFIG_VALUE',
      'backtest --account <file>',
    ],
    [
      'a programme as the account',
      { account: { schema: 'frontmonth.programme/1', name: 'x', startBalance: 50_000 } },
      'E_CONFIG_KEY',
      'backtest --account <file>',
    ],
    [
      'a programme as a key',
      { programme: 'rules.json' },
      'E_CONFIG_KEY',
      'backtest --account <file>',
    ],
  ])('refuses %s with exit 3', async (_, value, code, text) => {
    write(value);
    const ran = await run(['config'], { cwd });
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain(code);
    expect(ran.err).toContain(text);
    expect(ran.err).toContain('frontmonth.config.json');
  });
  it('names the variable of a bad value', async () => {
    const ran = await run(['config'], { cwd, env: { FRONTMONTH_CAPITAL: 'x' } });
    expect(ran.err).toContain('in       FRONTMONTH_CAPITAL');
    expect(envNameOf('returnBase')).toBe('FRONTMONTH_RETURN_BASE');
  });
  it('refuses a file that is not there', async () => {
    expect((await run(['config', '--config', 'none.json'], { cwd })).err).toContain(
      'E_CONFIG_LOAD',
    );
  });
});

describe('strategy files', () => {
  const load = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text);
    return loadStrategy(name, { cwd, builtIn: {} });
  };
  it('load with the checksum of their source', async () => {
    const text =
      'export default { id: "f", version: "1", description: "", params: {}, instruments: [], requires() {}, create() {} };';
    const loaded = await load('good.mjs', text);
    expect(loaded).toMatchObject({ file: 'good.mjs', definition: { id: 'f' } });
    expect(loaded.sourceSha256).toMatch(/^[0-9a-f]{64}$/);
  });
  it.each([
    ['no-default.mjs', 'export const a = 1;', 'has no default export'],
    ['number.mjs', 'export default 3;', 'does not export a strategy'],
    [
      'no-create.mjs',
      'export default { id: "f", version: "1", description: "", params: {}, instruments: [], requires() {} };',
      'without `create()`',
    ],
    ['throws.mjs', 'const a = 1;\nthrow new Error("at load");\nexport default a;', 'at load'],
  ])('that are wrong are refused: %s', async (name, text, message) => {
    await expect(load(name, text)).rejects.toMatchObject({
      code: 'E_STRATEGY_LOAD',
      message: expect.stringContaining(message),
    });
  });
  it('are not found in another file of the same name', () => {
    const stack = 'Error: x\n    at f (file:///lib/engine/first.ts:9:1)';
    expect(frameInFile(stack, '/p/strategies/first.ts', '/p')).toBeNull();
  });
  it('are found in a stack by their own line, whatever the loader adds to the path', () => {
    const stack = `Error: x\n    at f (file:///p/core.js:9:1)\n    at Object.onBar (file:///p/strategies/first.ts?namespace=1:31:9)`;
    expect(frameInFile(stack, '/p/strategies/first.ts', '/p')).toBe('strategies/first.ts:31');
    expect(
      frameInFile('Error: x\n    at f (/p/core.js:9:1)', '/p/strategies/first.ts', '/p'),
    ).toBeNull();
  });
});

describe('new', () => {
  it.each(['minimal', 'bracket', 'portfolio', 'notebook'])(
    'makes a whole project from %s',
    async (template) => {
      const ran = await run(['new', 'My Desk', '--template', template], { cwd });
      expect(ran.code).toBe(EXIT.ok);
      const read = (name: string): string => readFileSync(join(cwd, 'My Desk', name), 'utf8');
      const made = JSON.parse(read('package.json')) as {
        name: string;
        dependencies: Record<string, string>;
      };
      expect(made.name).toBe('my-desk');
      expect(made.dependencies['frontmonth']).toMatch(/^\d+\.\d+\.\d+$/);
      expect(read('strategies/first.ts')).toContain('export default defineStrategy');
      expect(read('.gitignore')).toContain('runs/');
      expect(read('README.md')).not.toContain('{{');
      if (template === 'notebook')
        expect(() => JSON.parse(read('notebooks/01-first.ipynb')) as unknown).not.toThrow();
      expect(ran.out).toContain('npm run backtest');
    },
  );
  it('never overwrites: it lists what is in the way and leaves it alone', async () => {
    mkdirSync(join(cwd, 'desk', 'strategies'), { recursive: true });
    writeFileSync(join(cwd, 'desk', 'strategies', 'first.ts'), 'mine');
    const ran = await run(['new', 'desk'], { cwd });
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain('E_NEW_EXISTS');
    expect(ran.err).toContain('strategies/first.ts');
    expect(readFileSync(join(cwd, 'desk', 'strategies', 'first.ts'), 'utf8')).toBe('mine');
  });
  it('depends on a tarball by its absolute path', async () => {
    await run(['new', 'desk', '--frontmonth', './frontmonth-0.1.0.tgz'], { cwd });
    expect(readFileSync(join(cwd, 'desk', 'package.json'), 'utf8')).toContain(
      `file:${cwd}/frontmonth-0.1.0.tgz`,
    );
  });
});

describe('compare', () => {
  it('shows only what differs and marks what lies within uncertainty', () => {
    const view = (params: Record<string, number>, net: number) => ({
      dir: '',
      manifest: fakeManifest({ params }),
      summary: fakeSummary({
        metrics: { netProfit: { value: net }, sharpe: { value: net / 10_000 } },
      }),
      trades: [],
      lots: [],
      orders: [],
      fills: [],
      issues: [],
    });
    const rows = differences([view({ a: 1, b: 2 }, 100), view({ a: 1, b: 3 }, 200)]);
    expect(rows.map((row) => row.name)).toEqual(['b', 'netProfit', 'sharpe']);
    expect(rows[2]!.note).toBe('within uncertainty');
  });
});

describe('error pages', () => {
  it('stand in exactly one catalog each', async () => {
    const seen = new Map<string, string>();
    const twice: string[] = [];
    for (const [name, catalog] of await errorCatalogs())
      for (const code of Object.keys(catalog)) {
        if (seen.has(code)) twice.push(`${code} in ${seen.get(code)} and ${name}`);
        seen.set(code, name);
      }
    expect(twice).toEqual([]);
  });
  it('have a cause, a cure and a documented exit code', async () => {
    const exits = new Set<number>(Object.values(EXIT));
    for (const catalog of (await errorCatalogs()).values())
      for (const [code, page] of Object.entries(catalog)) {
        expect(code).toMatch(/^E_[A-Z_]+$/);
        expect(page.cause.length * page.cure.length * page.title.length, code).toBeGreaterThan(0);
        expect(exits.has(page.exit), code).toBe(true);
      }
  });
  it('are printed by code, with or without its prefix', async () => {
    const ran = await run(['errors', 'param_range']);
    expect(ran.out).toContain('E_PARAM_RANGE: A parameter is out of its bounds');
    expect((await run(['errors', 'E_PARAM_RANG'])).err).toContain('did you mean `E_PARAM_RANGE`?');
  });
});

describe('completion', () => {
  it.each(SHELLS)('script of %s asks the program and registers itself', (shell) => {
    const script = completionScript(shell);
    expect(script).toContain('frontmonth complete');
    expect(script).toMatch(/complete -F|compdef|complete -c|Register-ArgumentCompleter/);
  });

  // The other three run in their shells: scripts/completion-check.ts.
  it('script of PowerShell closes what it opens and passes an array whatever is typed', () => {
    const script = completionScript('powershell');
    const code = script.replace(/^#.*$/gm, '').replace(/'[^']*'/g, "''");
    for (const [open, close] of ['()', '{}', '[]'])
      expect(code.split(open!).length, open).toBe(code.split(close!).length);
    expect(script.split("'").length % 2).toBe(1);
    expect(script).toContain('$next = @(if');
  });

  const services = {
    runIds: () => Promise.resolve(['2026-b', '2026-a']),
    builtInStrategies: () => Promise.resolve({ 'donchian-breakout': donchianBreakout }),
  };
  it.each([
    ['commands', ['comp'], ['compare', 'completion']],
    ['subcommands', ['runs', 't'], ['tag']],
    ['flags', ['backtest', 'x', '--cap'], ['--capital']],
    ['choices of a flag', ['backtest', 'x', '--fills', 'o'], ['optimistic', 'ohlc', 'olhc']],
    ['runs', ['trades', ''], ['last', '2026-b', '2026-a']],
    ['runs after a run', ['compare', 'last', '2026-a'], ['2026-a']],
    ['datasets', ['data', 'show', 's'], ['sample']],
    ['a list of products', ['backtest', 'x', '--instruments', 'es,6'], /^es,6[A-Z]$/],
    ['parameters', ['backtest', 'donchian-breakout', '--param', 'entry'], ['entryBars=']],
    ['strategies', ['check', 'don'], ['donchian-breakout']],
    ['nothing for free text', ['backtest', 'x', '--seed', ''], []],
    ['nothing for an unknown strategy', ['check', 'nobody', '--param', 'a'], []],
  ])('offers %s', async (_, words, wanted) => {
    const ran = await run(['complete', '--', ...words], { services });
    const found = ran.out.split('\n').filter((line) => line !== '');
    expect(ran).toMatchObject({ code: EXIT.ok, err: '' });
    if (!(wanted instanceof RegExp)) expect(found).toEqual(wanted);
    else {
      expect(found.length).toBeGreaterThan(3);
      for (const line of found) expect(line).toMatch(wanted);
    }
  });

  it('is not listed in the help', async () => {
    expect((await run(['--help'])).out).not.toMatch(/^ {2}complete /m);
  });
});

describe('what a strategy uses', () => {
  const order = (type: string, groupId = '', role = 'single') => ({
    type,
    timeInForce: 'gtc',
    groupId,
    role,
    reduceOnly: false,
  });
  it('is compared with what a venue has', () => {
    const orders = [
      order('market', 'g', 'entry'),
      order('limit', 'g', 'target'),
      order('limit', 'g', 'target'),
      order('market-on-close'),
    ];
    const uses = usesOf(orders, { series: [], quotes: ['ES'] });
    expect(uses).toEqual({
      orderTypes: ['limit', 'market', 'market-on-close'],
      timesInForce: ['gtc'],
      groups: ['bracket', 'multi-target'],
      reduceOnly: false,
      feeds: ['quotes'],
    });
    const [venue] = KNOWN_VENUES;
    expect(lacksOf(venue!, uses)).toEqual(['market-on-close']);
    expect(lacksOf(venue!, { ...uses, orderTypes: ['market'] })).toEqual([]);
  });
});
