/** The program as a process: streams, terminals, signals, exit codes. Few processes, because each one costs a start. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';

const BIN = fileURLToPath(new URL('../../bin/frontmonth.js', import.meta.url));
const MAX_MS = 120_000;
/** util-linux: runs a command on a pseudo-terminal. */
const HAS_PTY = spawnSync('script', ['--version']).status === 0;

let sample: SampleCatalog;
let cwd = '';
beforeAll(() => {
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2021-01-04',
    to: '2022-12-30',
    minuteFrom: '2022-11-01',
    intervals: ['1h', '1d'],
  });
  cwd = sample.dir;
}, MAX_MS);
afterAll(() => sample.remove());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
/** A plain environment: the terminal of whoever runs the tests must not matter. */
const ENV = { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', TERM: 'xterm' };

function cli(argv: readonly string[], env: Record<string, string> = {}): Ran {
  const child = spawnSync(process.execPath, [BIN, ...argv], {
    cwd,
    env: { ...ENV, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return { code: child.status ?? -1, out: child.stdout, err: child.stderr };
}

/** Both streams on a terminal of 60 columns, as one text without carriage returns. */
function onTerminal(line: string, env: Record<string, string> = {}, redirect = ''): Ran {
  const command = `stty cols 60; ${process.execPath} ${BIN} ${line} ${redirect}`;
  const child = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { ...ENV, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return { code: child.status ?? -1, out: child.stdout.replaceAll('\r\n', '\n'), err: '' };
}

const BACKTEST = ['backtest', 'donchian-breakout', '--instruments', 'ES', '--capital', '1000000'];
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;

describe('a strategy in a folder of its own', () => {
  it.each([
    ['no package.json', null],
    ['a package.json without a type', '{ "name": "mine" }'],
    ['a package.json of CommonJS', '{ "type": "commonjs" }'],
  ])('loads as an ES module of TypeScript, with its imports, under %s', (_, manifest) => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-own-'));
    try {
      if (manifest !== null) writeFileSync(join(folder, 'package.json'), manifest);
      writeFileSync(join(folder, 'helper.ts'), 'export const version: string = "7";\n');
      writeFileSync(
        join(folder, 'mine.ts'),
        `import { version } from './helper.ts';
interface Nothing { readonly none?: never }
const hooks: Nothing = {};
export default {
  id: 'mine', version, description: 'does nothing', params: {}, instruments: ['ES'],
  requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }), create: () => hooks,
};
`,
      );
      const ran = cli(['check', join(folder, 'mine.ts')]);
      expect(ran.err).toBe('');
      expect(ran.out).toMatch(/^mine 7/);
      // Its neighbour that cannot load says why.
      writeFileSync(join(folder, 'mine.ts'), `import './missing.ts';\n`);
      const bad = cli(['check', join(folder, 'mine.ts')]);
      expect(bad.err).toContain('E_STRATEGY_LOAD');
      expect(bad.err).toContain('missing.ts');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('what a strategy imports from the package', () => {
  const STRATEGY = `import { defineStrategy, TradingError } from 'frontmonth';
import * as sim from 'frontmonth/sim';
import { donchianBreakout } from 'frontmonth/strategies';
interface Nothing { readonly none?: never }
const hooks: Nothing = {};
if (Object.keys(sim).length === 0 || donchianBreakout.id === '') throw new TypeError('empty');
export default defineStrategy({
  id: 'imports', version: '7', description: 'does nothing', params: {}, instruments: ['ES'],
  requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }),
  create: () => {
    // Known to the program that runs it only when both are the same instance.
    throw new TradingError('E_MINE', 'my own words');
    return hooks;
  },
});
`;
  it.each([
    ['without any package.json', null],
    ['of CommonJS', '{ "type": "commonjs" }'],
    ['of ES modules', '{ "type": "module" }'],
  ])('is the running copy, in a folder %s that has installed nothing', (_, manifest) => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-imports-'));
    try {
      if (manifest !== null) writeFileSync(join(folder, 'package.json'), manifest);
      const file = join(folder, 'mine.ts');
      writeFileSync(file, STRATEGY);
      // A run loads it in a thread of its own.
      const ran = cli(['backtest', file, '--capital', '1000000', '--no-bounds']);
      expect(ran.out + ran.err).not.toContain('E_STRATEGY_LOAD');
      expect(ran.err).toContain('E_MINE');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is refused by name where the package has no such part', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-imports-'));
    try {
      const file = join(folder, 'mine.ts');
      writeFileSync(file, STRATEGY.replace('frontmonth/sim', 'frontmonth/simm'));
      const ran = cli(['check', file]);
      expect(ran.err).toContain('E_STRATEGY_LOAD');
      expect(ran.err).toContain('frontmonth/simm');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a run on daily bars', () => {
  it('executes on days of two sessions, around the halt of a holiday, without a warning', () => {
    const ran = cli([...BACKTEST, '--execution', '1d', '--no-bounds', '--json']);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).not.toContain('E_BAR_OUT_OF_SESSION');
  });
});

describe('a pipe', () => {
  it('gets the answer and nothing else, 100 columns wide', () => {
    const ran = cli(BACKTEST);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toMatch(/^run 2/);
    expect(ran.out).toContain('SYNTHETIC DATA');
    expect(ran.out + ran.err).not.toMatch(CONTROL);
    // No progress, no hint: nobody is at a terminal.
    expect(ran.err).toBe('');
    for (const line of ran.out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('gets exactly one JSON document with --json, also for an error', () => {
    const good = cli([...BACKTEST, '--json', '--no-bounds']);
    expect(JSON.parse(good.out)).toMatchObject({ schema: 'frontmonth.run-summary/1', ok: true });
    const bad = cli(['backtest', 'donchian-breakout', '--instruments', 'ESS', '--json']);
    expect(bad.code).toBe(EXIT.input);
    expect(JSON.parse(bad.out)).toMatchObject({
      schema: 'frontmonth.error/1',
      ok: false,
      error: { code: 'E_INSTRUMENT_UNKNOWN', fix: 'did you mean `ES`?' },
    });
  });

  it('gets one JSON object a line from the tables', () => {
    const ran = cli(['fills', 'last', '--json']);
    const rows = ran.out.trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(JSON.parse(row)).toMatchObject({ root: 'ES' });
  });

  it('may be closed by its reader', () => {
    const child = spawnSync('sh', ['-c', `${process.execPath} ${BIN} contracts | head -1`], {
      cwd,
      env: ENV,
      encoding: 'utf8',
    });
    expect(child.stdout).toMatch(/^root/);
    expect(child.stderr).toBe('');
  });
});

describe.skipIf(!HAS_PTY)('a terminal of 60 columns', () => {
  it('shows progress and colour, and no row is wrapped', () => {
    const ran = onTerminal(BACKTEST.join(' '));
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('\u001b[');
    expect(ran.out).toContain('simulate');
    // oxlint-disable-next-line no-control-regex
    const plain = ran.out.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
    const summary = plain.slice(plain.indexOf('\nrun 2') + 1).split('\n');
    expect(summary.length).toBeGreaterThan(8);
    for (const line of summary)
      // Paths and command lines stay whole, so that they can be copied.
      if (!/runs\/|frontmonth |^run |^previous/.test(line))
        expect(line.length, line).toBeLessThanOrEqual(60);
  });

  it.each([
    ['NO_COLOR', { NO_COLOR: '1', CI: '1' }],
    ['a dumb terminal', { TERM: 'dumb' }],
  ])('shows no control codes with %s', (_, env) => {
    const ran = onTerminal('trades last', env);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).not.toMatch(CONTROL);
    for (const line of ran.out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(60);
    expect(ran.out).toMatch(/\(\+\d+ columns, use --wide\)/);
  });
});

describe('exit codes of the process', () => {
  const slow = (): string => {
    writeFileSync(
      join(cwd, 'slow.mjs'),
      `export default {
  id: 'slow', version: '1', description: '', params: {}, instruments: ['ES'],
  requires: () => ({ series: [{ root: 'ES', bars: '1h' }] }),
  create: () => ({
    onBar(bar, ctx) {
      for (const end = Date.now() + 1; Date.now() < end; );
      if (ctx.netQty(bar.root) === 0) ctx.targetPosition(ctx.contract(bar.root), 1);
    },
  }),
};
`,
    );
    return 'slow.mjs';
  };

  /** Starts a slow run and signals it when its journal stands on disk. */
  function signalled(signal: 'SIGINT' | 'SIGTERM'): Promise<Ran> {
    const before = existsSync(join(cwd, 'runs')) ? readdirSync(join(cwd, 'runs')).length : 0;
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [BIN, 'backtest', slow(), '--no-bounds'], {
        cwd,
        env: ENV,
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const poll = setInterval(() => {
        const runs = existsSync(join(cwd, 'runs')) ? readdirSync(join(cwd, 'runs')) : [];
        if (runs.length <= before || !runs.some((name) => name.startsWith('.partial-'))) return;
        clearInterval(poll);
        child.kill(signal);
      }, 20);
      child.on('close', (code) => {
        clearInterval(poll);
        resolve({ code: code ?? -1, out, err });
      });
    });
  }

  it.each([
    ['SIGINT', EXIT.interrupted],
    ['SIGTERM', EXIT.terminated],
  ] as const)(
    'are 130 and 143 after a signal: %s keeps what is written and says how to go on',
    async (signal, code) => {
      const ran = await signalled(signal);
      expect(ran.err).toContain('stopping cleanly');
      expect(ran.err).toMatch(/is kept in runs\/\S+\. Run again: frontmonth backtest slow\.mjs/);
      expect(ran.code).toBe(code);
      expect(ran.out).toContain('STOPPED');
      const [dir] = /runs\/\S+?-slow-[0-9a-f]{4}/.exec(ran.err)!;
      const manifest = JSON.parse(readFileSync(join(cwd, dir, 'manifest.json'), 'utf8')) as {
        outcome: string;
        to: string;
      };
      expect(manifest.outcome).toBe('stopped');
      const partial = readdirSync(join(cwd, 'runs')).filter((name) => name.startsWith('.partial-'));
      expect(partial.join()).not.toContain('-slow-');
      expect(cli(['runs', 'list', '--limit', '1']).out).toContain('stopped');
    },
    MAX_MS,
  );

  it(
    'are 1, 4 and 5, each by a real case (0, 2 and 3 above; 8 and 70 in process)',
    () => {
      writeFileSync(
        join(cwd, 'throws.mjs'),
        "export default { id: 'throws', version: '1', description: '', params: {}, instruments: ['ES'], requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }), create: () => ({ onBar() { throw new Error('mine'); } }) };\n",
      );
      const none = cli([...BACKTEST, '--param', 'entryBars=400', '--capital', '1000', '--strict']);
      expect(none.out).toContain('NO TRADES');
      expect(none.code).toBe(EXIT.answerIsNo);
      const threw = cli(['backtest', 'throws.mjs']);
      expect(threw.code).toBe(EXIT.strategy);
      expect(threw.err).toContain('throws.mjs:1, onBar at 2021-');
      expect(threw.err).not.toMatch(/^ {4}at /m);
      const asked = cli(['runs', 'prune', '--keep', '0']);
      expect(asked.code).toBe(EXIT.refused);
      expect(asked.err).toContain('--yes');
    },
    MAX_MS,
  );
});

/** A file system of a few hundred kilobytes, where mounting is allowed. */
const small = join('/tmp', `frontmonth-small-${process.pid}`);
const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  spawnSync('mkdir', ['-p', small]);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', small]).status === 0;
})();
afterAll(() => {
  if (canMount) spawnSync('umount', [small]);
  rmSync(small, { recursive: true, force: true });
});

describe.skipIf(!canMount)('a small file system', () => {
  it('that fills up in the middle of a run is named with ENOSPC, and the journal stays readable', () => {
    const ran = cli([...BACKTEST, '--no-bounds'], { FRONTMONTH_RUNS: small });
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toMatch(/^error E_RUN_WRITE: .*ENOSPC/m);
    expect(ran.err).toContain('fix      free some space');
    const listed = cli(['runs', 'list'], { FRONTMONTH_RUNS: small });
    expect(listed.out).toMatch(/donchian-breakout-\w+ +failed/);
    const [partial] = readdirSync(small);
    expect(partial).toMatch(/^\.partial-/);
    const [first] = readFileSync(join(small, partial!, 'journal.jsonl'), 'utf8').split('\n');
    expect(() => JSON.parse(first!) as unknown).not.toThrow();
  });
});
