import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-tree.ts';
import type { CommandSpec } from '../../src/cli/command.ts';
import type { BacktestOptions, BacktestOutcome } from '../../src/cli/services.ts';
import { EXIT, TradingError } from '../../src/core/errors.ts';
import type { RunManifest, RunSummary } from '../../src/research/run-format.ts';
import { fakeManifest, fakeSummary, run } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'frontmonth-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function outcome(
  summary: Partial<RunSummary> = {},
  manifest: Partial<RunManifest> = {},
): BacktestOutcome {
  return {
    dir: `${folder}/runs/one`,
    manifest: fakeManifest(manifest),
    summary: fakeSummary(summary),
    reportFile: `${folder}/runs/one/report.html`,
    reportBytes: 1_300_000,
    error: null,
  };
}

function backtesting(made: BacktestOutcome, seen: BacktestOptions[] = []) {
  return {
    runBacktest: (options: BacktestOptions) => {
      seen.push(options);
      return Promise.resolve(made);
    },
  };
}

/** Every leaf of the tree with the words that reach it. */
function leaves(
  specs: readonly CommandSpec[],
  path: readonly string[] = [],
): [string[], CommandSpec][] {
  return specs.flatMap((spec) => {
    const words = [...path, spec.name];
    return spec.children === undefined
      ? [[words, spec] as [string[], CommandSpec]]
      : leaves(spec.children, words);
  });
}

describe('usage', () => {
  it.each([
    ['an unknown command', ['bactest'], 'did you mean `backtest`?'],
    ['an unknown subcommand', ['data', 'shw'], 'did you mean `show`?'],
    ['an unknown flag', ['backtest', 'x', '--capitl', '5'], 'did you mean `--capital`?'],
    ['a missing argument', ['backtest'], 'frontmonth backtest --help'],
    ['an argument too many', ['doctor', 'now'], 'frontmonth doctor --help'],
    ['a value outside the list', ['report', '--theme', 'pink'], 'frontmonth report --help'],
    ['a flag without its value', ['backtest', 'x', '--seed'], 'frontmonth backtest --help'],
  ])('answers %s with exit 2 and a cure', async (_, argv, cure) => {
    const ran = await run(argv);
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.out).toBe('');
    expect(ran.err).toMatch(/^error E_(USAGE|FLAG_VALUE): /);
    expect(ran.err).toContain(cure);
    expect(ran.err).not.toContain('    at ');
  });

  it('prints a usage error as one JSON document with --json', async () => {
    const ran = await run(['bactest', '--json']);
    const body = JSON.parse(ran.out) as { ok: boolean; error: { code: string; fix: string } };
    expect(body.ok).toBe(false);
    expect(body.error).toMatchObject({ code: 'E_USAGE', fix: 'did you mean `backtest`?' });
  });

  it('adds the stack only with --debug', async () => {
    expect((await run(['bactest', '--debug'])).err).toContain('    at ');
  });

  it('says what it can do when nothing is asked, with exit 2 and nothing on stdout', async () => {
    const ran = await run([]);
    expect(ran).toMatchObject({ code: EXIT.usage, out: '' });
    expect(ran.err).toContain('frontmonth demo');
  });
});

describe('help', () => {
  it.each(leaves(COMMANDS).map(([words, spec]) => [words.join(' '), words, spec] as const))(
    'of `%s` begins with two examples and fits in 80 columns',
    async (_, words, spec) => {
      const ran = await run([...words, '--help']);
      expect(ran.code).toBe(EXIT.ok);
      expect(spec.examples.length).toBe(2);
      expect(ran.out.indexOf(spec.examples[0]!)).toBeLessThan(ran.out.indexOf('Usage'));
      for (const line of ran.out.split('\n'))
        if (!line.includes('frontmonth ')) expect(line.length, line).toBeLessThanOrEqual(80);
    },
  );

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await run(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
  });
});

describe('backtest', () => {
  it('prints both bounds, the report and the next step', async () => {
    const ran = await run(['backtest', 'donchian-breakout'], {
      cwd: folder,
      services: backtesting(outcome()),
    });
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('SYNTHETIC DATA');
    expect(ran.out).toMatch(/net profit USD\s+\+18,412\.50\s+\+21,067\.50/);
    expect(ran.out).toContain('90 % interval 0.02 … 1.38');
    expect(ran.out).toContain('runs/one/report.html (1.3 MB)');
    expect(ran.out).not.toContain('\u001b[');
  });

  it('passes parameters, products, span and overrides on', async () => {
    const seen: BacktestOptions[] = [];
    const argv = [
      'backtest',
      'donchian-breakout',
      '--param',
      'entryBars=30',
      '--instruments',
      'es,cl',
      '--from',
      '2020-01-02',
      '--capital',
      '50_000',
      '--out-of-sample',
      '2022-01-03',
      '--no-bounds',
    ];
    await run(argv, { cwd: folder, services: backtesting(outcome(), seen) });
    expect(seen[0]).toMatchObject({
      params: { entryBars: 30 },
      instruments: ['ES', 'CL'],
      from: '2020-01-02',
      capital: 50_000,
      outOfSample: '2022-01-03',
      bounds: false,
      fills: 'pessimistic',
    });
  });

  it('prints one envelope and nothing else with --json', async () => {
    const ran = await run(['backtest', 'donchian-breakout', '--json'], {
      cwd: folder,
      services: backtesting(outcome()),
    });
    const body = JSON.parse(ran.out) as { schema: string; ok: boolean; result: { runId: string } };
    expect(body).toMatchObject({ schema: 'frontmonth.run-summary/1', ok: true });
    expect(ran.err).toBe('');
  });

  it('compares with the latest earlier run of the same strategy and data', async () => {
    const earlier = {
      runId: 'earlier',
      dir: 'x',
      manifest: fakeManifest({ runId: 'earlier', createdUtc: '2026-11-21T11:00:00Z' }),
      summary: fakeSummary({ runId: 'earlier', metrics: { netProfit: { value: 10_000 } } }),
    };
    const services = { ...backtesting(outcome()), listRuns: () => Promise.resolve([earlier]) };
    const ran = await run(['backtest', 'donchian-breakout'], { cwd: folder, services });
    expect(ran.out).toMatch(/vs previous[\s\S]*Δ \+8,41[23]/);
  });

  it('never ends a run without trades as a quiet success', async () => {
    const empty = outcome({
      trades: { closed: 0, open: 0, ambiguous: 0 },
      orders: { submitted: 3, filled: 0, denied: { 'position-limit': 3 }, rejected: {} },
    });
    const ran = await run(['backtest', 'donchian-breakout'], {
      cwd: folder,
      services: backtesting(empty),
    });
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('NO TRADES');
    expect(ran.out).toContain('position-limit 3');
    expect(ran.err).toContain('warning no-trades');
    const strict = await run(['backtest', 'donchian-breakout', '--strict'], {
      cwd: folder,
      services: backtesting(empty),
    });
    expect(strict.code).toBe(EXIT.answerIsNo);
  });

  it.each([
    ['an unknown strategy', ['donchian-breakou'], EXIT.input, 'did you mean `donchian-breakout`?'],
    ['a missing file', ['strategies/none.ts'], EXIT.input, 'E_STRATEGY_LOAD'],
    [
      'an unknown parameter',
      ['donchian-breakout', '--param', 'entryBar=3'],
      EXIT.usage,
      'did you mean `entryBars`?',
    ],
    [
      'a parameter out of bounds',
      ['donchian-breakout', '--param', 'entryBars=100000'],
      EXIT.input,
      'frontmonth check donchian-breakout',
    ],
    [
      'a parameter of another type',
      ['donchian-breakout', '--param', 'entryBars=many'],
      EXIT.input,
      'E_PARAM_TYPE',
    ],
    [
      'a parameter without a value',
      ['donchian-breakout', '--param', 'entryBars'],
      EXIT.usage,
      'key=value',
    ],
    [
      'a date that does not exist',
      ['donchian-breakout', '--from', '2023-02-30'],
      EXIT.usage,
      '--from 2023-02-30',
    ],
    [
      'an out-of-sample date that does not exist',
      ['donchian-breakout', '--out-of-sample', '2023-02-30'],
      EXIT.usage,
      '--out-of-sample 2023-02-30',
    ],
    [
      'a span backwards',
      ['donchian-breakout', '--from', '2023-02-02', '--to', '2022-01-03'],
      EXIT.usage,
      'exchange the two dates',
    ],
    ['a capital of zero', ['donchian-breakout', '--capital', '0'], EXIT.usage, '--capital'],
    ['a bad interval', ['donchian-breakout', '--execution', '1x'], EXIT.usage, 'E_BAR_INTERVAL'],
  ])('refuses %s before anything is read', async (_, argv, code, text) => {
    const ran = await run(['backtest', ...argv], { cwd: folder });
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(text);
    expect(ran.err).toMatch(/\n {2}in /);
    expect(ran.err).toMatch(/\n {2}fix /);
  });

  it('reports what a strategy threw with its line, the moment and exit 4', async () => {
    const cause = new TradingError('E_PRICE_GRID', 'price 5000.1 is not a multiple of 0.25', {
      fix: 'round it',
    });
    cause.stack = `TradingError: x\n    at toTicks (file:///lib/core.js:1:2)\n    at Object.onBar (file://${folder}/first.mjs:2:7)`;
    writeFileSync(
      join(folder, 'first.mjs'),
      'export default { id: "f", version: "1", description: "", params: {}, instruments: ["ES"], requires: () => ({ series: [] }), create: () => ({}) };\n',
    );
    const error = {
      code: 'E_PRICE_GRID',
      message: cause.message,
      where: 'onBar at 2021-03-02T15:35:00Z',
    };
    const made = {
      ...outcome({ outcome: 'strategy-error' }, { outcome: 'strategy-error', error }),
      error: { cause, hook: 'onBar', tsUs: 0 as never },
    };
    const ran = await run(['backtest', 'first.mjs'], { cwd: folder, services: backtesting(made) });
    expect(ran.code).toBe(EXIT.strategy);
    expect(ran.err).toContain('in       first.mjs:2, onBar at 2021-03-02T15:35:00Z');
    expect(ran.err).toContain('round it; the run up to there is kept in runs/one');
  });

  it('keeps what was simulated when a signal stops it', async () => {
    const stopped = outcome({ outcome: 'stopped' }, { outcome: 'stopped' });
    for (const [signal, code] of [
      ['SIGINT', EXIT.interrupted],
      ['SIGTERM', EXIT.terminated],
    ] as const) {
      const ran = await run(['backtest', 'donchian-breakout'], {
        cwd: folder,
        signal,
        services: backtesting(stopped),
      });
      expect(ran.code).toBe(code);
      expect(ran.err).toContain('is kept in runs/one');
    }
  });

  it('makes the sample when it is missing, and says so', async () => {
    let made = 0;
    const services = {
      ...backtesting(outcome()),
      listDatasets: () => Promise.resolve([]),
      generateSample: () => {
        made += 1;
        return Promise.resolve(null);
      },
    };
    const ran = await run(['backtest', 'donchian-breakout'], {
      cwd: folder,
      services,
      signal: 'SIGINT',
    });
    expect(made).toBe(1);
    expect(ran.err).toContain('generating the synthetic sample market');
    expect(ran.code).toBe(EXIT.interrupted);
  });
});

describe('exit codes', () => {
  it('are 8 for a locked catalog, 3 for a full disk and 70 with a crash file for a fault of ours', async () => {
    const throwing = (error: Error) => ({ listDatasets: () => Promise.reject(error) });
    const locked = await run(['data', 'list'], {
      services: throwing(new TradingError('E_CATALOG_LOCKED', 'another process writes')),
    });
    expect(locked.code).toBe(EXIT.locked);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const disk = await run(['data', 'list'], { services: throwing(full) });
    expect(disk.code).toBe(EXIT.input);
    expect(disk.err).toContain('free space');
    const bug = await run(['data', 'list'], { services: throwing(new Error('unthinkable')) });
    expect(bug.code).toBe(EXIT.bug);
    const file = /crash file (\S+)/.exec(bug.err)![1]!;
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ command: ['data', 'list'] });
    rmSync(file);
  });

  it('is 1 when the hash of a rerun differs, naming the first event', async () => {
    const services = {
      readRun: () =>
        Promise.resolve({
          dir: '',
          manifest: fakeManifest(),
          summary: null,
          trades: [],
          orders: [],
          fills: [],
          lots: [],
          issues: [],
        }),
      rerunRun: () =>
        Promise.resolve({
          same: false,
          eventHash: 'bb',
          isDataChanged: true,
          firstDifference: { seq: 17, was: 'a', now: 'b' },
        }),
    };
    const ran = await run(['rerun', 'last'], { services });
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.out).toContain('differ from event 17');
    expect(ran.err).toContain('data-changed');
  });

  it('is 5 when an answer is needed and nobody can be asked', async () => {
    const listed = {
      runId: 'old',
      dir: join(folder, 'old'),
      manifest: fakeManifest({ runId: 'old' }),
      summary: null,
    };
    const ran = await run(['runs', 'prune', '--keep', '0'], {
      services: { listRuns: () => Promise.resolve([listed]) },
    });
    expect(ran.code).toBe(EXIT.refused);
    expect(ran.err).toContain('add --yes');
  });

  it('is 1 when a dataset has problems', async () => {
    const problem = {
      file: 'a.arrow',
      row: 3,
      reason: 'unsorted',
      message: 'row 3 is before row 2',
    };
    const services = {
      checkDataset: () =>
        Promise.resolve({ rows: 10, segments: 1, counts: { unsorted: 1 }, problems: [problem] }),
    };
    const ran = await run(['data', 'check'], { services });
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.out).toContain('row 3 is before row 2');
    expect(ran.out).toContain('10 rows in 1 segment, 1 problem, 1 error\n');
  });
});

describe('runs prune', () => {
  it('keeps tagged runs and, with --dry-run, deletes nothing', async () => {
    const listed = (runId: string, tags: string[], createdUtc: string) => ({
      runId,
      dir: join(folder, runId),
      manifest: fakeManifest({ runId, tags, createdUtc }),
      summary: null,
    });
    const runs = [
      listed('a', [], '2026-01-01T00:00:00Z'),
      listed('b', ['base'], '2026-01-02T00:00:00Z'),
      listed('c', [], '2026-01-03T00:00:00Z'),
    ];
    const ran = await run(['runs', 'prune', '--keep', '1', '--dry-run'], {
      services: { listRuns: () => Promise.resolve(runs) },
    });
    expect(ran.out).toBe('would delete a\n');
  });
});

describe('tables', () => {
  const trades = [
    {
      tradeId: 1,
      root: 'ES',
      side: 1,
      entryUs: 1_614_699_300_000_000,
      netMicros: 250_000_000,
      maeTicks: -4,
    },
    {
      tradeId: 2,
      root: 'ES',
      side: -1,
      entryUs: 1_614_785_700_000_000,
      netMicros: -125_000_000,
      maeTicks: -10,
    },
    {
      tradeId: 3,
      root: 'CL',
      side: -1,
      entryUs: 1_614_872_100_000_000,
      netMicros: 10_000_000,
      maeTicks: NaN,
    },
  ];
  const services = {
    readRun: () =>
      Promise.resolve({
        dir: '',
        manifest: fakeManifest(),
        summary: null,
        trades,
        orders: [],
        fills: [],
        lots: [],
        issues: [],
      }),
  };

  it('filters, sorts and limits by the words of the field', async () => {
    const ran = await run(['trades', 'last', '--where', 'instrument=ES net<0', '--json'], {
      services,
    });
    expect(
      ran.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { tradeId: number }).tradeId),
    ).toEqual([2]);
    const sorted = await run(['trades', 'last', '--sort', 'mae', '--limit', '1', '--csv'], {
      services,
    });
    expect(sorted.out.split('\n')[1]).toMatch(/^2,ES,-1,2021-03-03/);
    const short = await run(['trades', 'last', '--where', 'side=short', '--csv'], { services });
    expect(short.out.trim().split('\n')).toHaveLength(3);
  });

  it("shows times in the exchange's zone, and in UTC with --utc", async () => {
    expect((await run(['trades', 'last'], { services })).out).toContain('2021-03-02 09:35');
    expect((await run(['trades', 'last', '--utc'], { services })).out).toContain(
      '2021-03-02 15:35',
    );
  });

  it('names the columns when a filter has an unknown one', async () => {
    const ran = await run(['trades', 'last', '--where', 'instrumnt=ES'], { services });
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.err).toContain('did you mean `instrument`?');
  });
});
