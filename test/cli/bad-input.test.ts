/** Bad input: each case says code, where, rule and cure, ends with its code, and leaves what was written readable. */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

let sample: SampleCatalog;
let cwd = '';
let ticks = Date.UTC(2026, 10, 25);
const cli = (...argv: string[]): Promise<Ran> => {
  ticks += 60_000;
  return runReal(cwd, argv, { nowMs: ticks });
};

/** A strategy file whose `onBar` is the given code; `ctx` and `bar` are in scope, `n` counts the bars. */
function strategy(name: string, onBar: string): string {
  const text = `let n = 0;
export default {
  id: '${name}', version: '1', description: 'a test',
  params: { length: { kind: 'int', default: 10, min: 2, max: 50, description: 'bars' } },
  instruments: ['ES'],
  requires: (_, roots) => ({ series: roots.map((root) => ({ root, bars: '1d' })) }),
  create: () => ({
    onBar(bar, ctx) {
      n += 1;
      ${onBar}
    },
  }),
};
`;
  writeFileSync(join(cwd, `${name}.mjs`), text);
  return `${name}.mjs`;
}

/** Line of `onBar`'s code in such a file. */
const LINE = 10;

beforeAll(() => {
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2022-01-03',
    to: '2022-12-30',
    minuteFrom: '2022-12-01',
    intervals: ['1d'],
  });
  cwd = sample.dir;
}, 60_000);
afterAll(() => sample.remove());

/** All five parts, and no stack. */
function expectWhole(ran: Ran, code: string, exit: number): void {
  expect(ran.err).toMatch(new RegExp(`(^|\\n)error ${code}: .+`));
  for (const part of ['in', 'rule', 'fix', 'more'])
    expect(ran.err, ran.err).toMatch(new RegExp(`\\n {2}${part} +\\S`));
  expect(ran.err).not.toMatch(/^ {4}at /m);
  expect(ran.code).toBe(exit);
}

describe('what the caller gets wrong', () => {
  it.each([
    ['a wrong flag', ['backtest', 'x', '--capitall', '1'], 'E_USAGE', EXIT.usage, '`--capital`'],
    [
      'a span without data, saying what is there',
      [
        'backtest',
        'donchian-breakout',
        '--instruments',
        'ES',
        '--from',
        '2015-01-02',
        '--to',
        '2016-01-04',
      ],
      'E_DATA_SPAN',
      EXIT.input,
      '2022-01-03',
    ],
    [
      'a product without data',
      ['backtest', 'donchian-breakout', '--instruments', 'CL'],
      'E_DATA_PRODUCT',
      EXIT.input,
      'ES',
    ],
    [
      'an unknown product',
      ['backtest', 'donchian-breakout', '--instruments', 'ESS'],
      'E_INSTRUMENT_UNKNOWN',
      EXIT.input,
      'did you mean `ES`?',
    ],
    [
      'an unknown dataset',
      ['backtest', 'donchian-breakout', '--data', 'sampel'],
      'E_DATASET_UNKNOWN',
      EXIT.input,
      'did you mean sample?',
    ],
    [
      'an unknown strategy',
      ['backtest', 'ema-cros'],
      'E_STRATEGY_UNKNOWN',
      EXIT.input,
      'did you mean `ema-cross`?',
    ],
    [
      'a parameter out of bounds',
      ['backtest', 'ema-cross', '--param', 'fast=100000'],
      'E_PARAM_RANGE',
      EXIT.input,
      '--param fast=100000',
    ],
    ['an unknown run', ['trades', 'last~77'], 'E_RUN_NOT_FOUND', EXIT.input, 'runs list'],
  ])('answers %s', async (_, argv, code, exit, text) => {
    const ran = await cli(...argv);
    expectWhole(ran, code, exit);
    expect(ran.err).toContain(text);
    expect(ran.out).toBe('');
  });
});

describe('what a strategy does wrong', () => {
  const submit = (fields: string): string =>
    `ctx.submit({ contract: ctx.contract(bar.root), side: 1, qty: 1, type: 'market', ${fields} });`;
  it.each([
    ['throws', 'if (n === 20) throw new Error("no idea");', 'E_STRATEGY_THREW', 'no idea'],
    [
      'reads a field that is not there',
      'if (n === 20) ctx.nothing.there();',
      'E_STRATEGY_THREW',
      'undefined',
    ],
    [
      'asks for a price off the grid',
      'if (n === 20) ctx.instrument(bar.root).toTicks(5000.1);',
      'E_PRICE_GRID',
      '5000.1 is not a multiple of 0.25',
    ],
    [
      'orders at a level off the grid',
      `if (n === 20) ${submit("type: 'limit', limitTicks: 20000.4")}`,
      'E_PRICE_GRID',
      '20000.4',
    ],
    [
      'names a side in words',
      `if (n === 20) ${submit("side: 'buy'")}`,
      'E_ORDER_SIDE',
      'side is "buy"',
    ],
    ['orders a quantity of zero', `if (n === 20) ${submit('qty: 0')}`, 'E_QTY', 'qty is 0'],
    [
      'orders in an expired contract',
      `globalThis.first ??= ctx.contract(bar.root); if (ctx.contract(bar.root) !== globalThis.first && n > 90) ${submit('contract: globalThis.first')}`,
      'E_CONTRACT_EXPIRED',
      'ESH2022 has expired',
    ],
    [
      'orders on a continuous series',
      `if (n === 20) ${submit("contract: 'ES.c.0'")}`,
      'E_',
      'ES.c.0',
    ],
    [
      'uses an order type that is not simulated',
      `if (n === 20) ${submit("type: 'market-on-close'")}`,
      'E_ORDER_UNSUPPORTED',
      'market-on-close',
    ],
  ])('%s', async (name, onBar, code, text) => {
    const file = strategy(name.replaceAll(' ', '-'), onBar);
    const ran = await cli('backtest', file);
    expectWhole(ran, code === 'E_' ? 'E_[A-Z_]+' : code, EXIT.strategy);
    expect(ran.err).toContain(text);
    // File and line, the hook, and the moment.
    expect(ran.err).toMatch(new RegExp(`in +${file}:${LINE}, onBar at 2022-`));
    expect(ran.err).toMatch(/kept in runs\//);

    const listed = await cli('runs', 'list', '--limit', '1');
    expect(listed.out).toContain('strategy-error');
    expect(await cli('orders', 'last')).toMatchObject({ code: EXIT.ok });
    const shown = JSON.parse((await cli('runs', 'show', 'last', '--json')).out) as {
      result: { manifest: { outcome: string; error: { message: string } } };
    };
    expect(shown.result.manifest.outcome).toBe('strategy-error');
    expect(shown.result.manifest.error.message).toContain(text);
    expect((await cli('report', 'last')).code).toBe(EXIT.ok);
  });

  it('has one JSON document that says so', async () => {
    const file = strategy('json-throws', 'if (n === 20) throw new Error("no idea");');
    const ran = await cli('backtest', file, '--json');
    const body = JSON.parse(ran.out) as { ok: boolean; error: { code: string; fix: string } };
    expect(body.ok).toBe(false);
    expect(body.error).toMatchObject({ code: 'E_STRATEGY_THREW' });
    expect(ran.code).toBe(EXIT.strategy);
  });

  it('is found by `check` too', async () => {
    const file = strategy('check-throws', 'if (n === 20) throw new Error("no idea");');
    const ran = await cli('check', file);
    expectWhole(ran, 'E_STRATEGY_THREW', EXIT.strategy);
    expect(ran.err).toContain(`${file}:${LINE}`);
  });
});

describe('a run that does nothing', () => {
  it('says so in words, and fails with --strict', async () => {
    const file = strategy('idle', '');
    const ran = await cli('backtest', file);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('NO TRADES');
    expect(ran.err).toContain('warning no-trades');
    expect((await cli('backtest', file, '--strict')).code).toBe(EXIT.answerIsNo);
    const json = JSON.parse((await cli('backtest', file, '--json')).out) as {
      warnings: { code: string }[];
    };
    expect(json.warnings.map((warning) => warning.code)).toContain('no-trades');
  });

  it('is an error without a single bar', async () => {
    const ran = await cli(
      'backtest',
      strategy('idle', ''),
      '--from',
      '2022-07-02',
      '--to',
      '2022-07-03',
    );
    expectWhole(ran, 'E_DATA_[A-Z]+', EXIT.input);
  });
});

describe('a full disk', () => {
  const fs = createRequire(import.meta.url)('node:fs') as typeof import('node:fs');
  const real = { openSync: fs.openSync, writeSync: fs.writeSync };
  /** Writing to files whose path matches `name` fails from now on. */
  function fill(name: RegExp): void {
    const full = new Set<number>();
    fs.openSync = ((path: string, ...rest: never[]) => {
      const fd = (real.openSync as (...args: unknown[]) => number)(path, ...rest);
      if (name.test(String(path))) full.add(fd);
      else full.delete(fd);
      return fd;
    }) as typeof fs.openSync;
    fs.writeSync = ((fd: number, ...rest: never[]) => {
      if (!full.has(fd)) return (real.writeSync as (...args: unknown[]) => number)(fd, ...rest);
      const message = 'ENOSPC: no space left on device, write';
      throw Object.assign(new Error(message), { code: 'ENOSPC', syscall: 'write' });
    }) as typeof fs.writeSync;
    syncBuiltinESMExports();
  }
  function free(): void {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }

  it.each([
    ['while the journal is written', /journal\.jsonl/],
    ['while the tables are described', /issues\.json|manifest\.json/],
    ['while the report is written', /report\.html/],
  ])('%s is named, and the runs before stay readable', async (_, name) => {
    expect((await cli('backtest', strategy('idle', ''))).code).toBe(EXIT.ok);
    const before = (await cli('runs', 'list', '--json')).out;
    fill(name);
    let ran: Ran;
    try {
      ran = await cli('backtest', strategy('idle', ''));
    } finally {
      free();
    }
    expectWhole(ran, 'E_RUN_WRITE', EXIT.input);
    expect(ran.err).toContain('free some space');
    const ids = (text: string): string[] =>
      (JSON.parse(text) as { result: { runId: string }[] }).result.map((item) => item.runId);
    const after = (await cli('runs', 'list', '--json')).out;
    expect(ids(after)).toEqual(expect.arrayContaining(ids(before)));
    expect((await cli('orders', 'last')).code).toBe(EXIT.ok);
    for (const dir of readdirSync(join(cwd, 'runs')))
      expect(readdirSync(join(cwd, 'runs', dir)).join()).not.toMatch(/\.tmp|\.new/);
  });
});

describe('what is damaged on disk', () => {
  it('is refused with its name: a dataset manifest', async () => {
    const file = join(cwd, 'catalog', 'datasets', 'sample', 'manifest.json');
    const text = readFileSync(file, 'utf8');
    try {
      for (const broken of [text.slice(0, 500), text.replace('"known"', '"perhaps"')]) {
        writeFileSync(file, broken);
        for (const argv of [
          ['backtest', 'donchian-breakout'],
          ['data', 'show', 'sample'],
          ['data', 'check', 'sample'],
        ])
          expectWhole(await cli(...argv), 'E_MANIFEST', EXIT.input);
      }
    } finally {
      writeFileSync(file, text);
    }
    expect((await cli('data', 'check', 'sample')).code).toBe(EXIT.ok);
  });

  it('is refused with its name: a run manifest; the run is listed as failed, the others stay', async () => {
    await cli('backtest', strategy('idle', ''), '--out', join(cwd, 'runs', 'zzz-broken'));
    const file = join(cwd, 'runs', 'zzz-broken', 'manifest.json');
    writeFileSync(file, '{');
    const listed = await cli('runs', 'list');
    expect(listed.code).toBe(EXIT.ok);
    expect(listed.out).toMatch(/zzz-broken +failed/);
    expectWhole(await cli('trades', 'zzz-broken'), 'E_RUN_READ', EXIT.input);
    rmSync(join(cwd, 'runs', 'zzz-broken'), { recursive: true });
  });

  it('is refused with its name: a segment of the data', async () => {
    const folder = join(cwd, 'catalog', 'datasets', 'sample', 'segments');
    const name = readdirSync(folder).find((file) => file.startsWith('ESH2022'))!;
    const bytes = readFileSync(join(folder, name));
    try {
      writeFileSync(join(folder, name), bytes.subarray(0, bytes.length >> 1));
      const ran = await cli('backtest', strategy('idle', ''));
      expectWhole(ran, 'E_[A-Z_]+', EXIT.input);
      expect(ran.err).toContain(name);
      expect((await cli('data', 'check', 'sample')).code).not.toBe(EXIT.ok);
    } finally {
      writeFileSync(join(folder, name), bytes);
    }
  });

  it('is named with its file and line: a configuration', async () => {
    writeFileSync(join(cwd, 'bad.json'), '{ "capitel": 5 }');
    const ran = await cli('config', '--config', 'bad.json');
    expectWhole(ran, 'E_CONFIG_KEY', EXIT.input);
    expect(ran.err).toContain('did you mean `capital`?');
    appendFileSync(join(cwd, 'bad.json'), '}');
    expectWhole(await cli('config', '--config', 'bad.json'), 'E_CONFIG_LOAD', EXIT.input);
  });
});

describe('a writer that is at work', () => {
  it('locks the catalog: exit 8', async () => {
    const { openCatalog } = await import('../../src/data/catalog.ts');
    const writer = openCatalog(join(cwd, 'catalog')).dataset('sample').beginWrite();
    try {
      mkdirSync(join(cwd, 'in'), { recursive: true });
      writeFileSync(
        join(cwd, 'in', 'es.csv'),
        'time,open,high,low,close,volume\n2025-11-03T15:01:00Z,6800,6801,6799.5,6800.25,10\n',
      );
      const argv = ['--into', 'sample', '--contract', 'ESZ2025', '--interval', '1m'];
      argv.push('--stamp', 'close');
      expectWhole(
        await cli('data', 'import', 'in/es.csv', ...argv),
        'E_CATALOG_LOCKED',
        EXIT.locked,
      );
    } finally {
      writer.abort();
    }
  });
});
