/** `data import` and the housekeeping of runs, with real files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-import-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const cli = (...argv: string[]): Promise<Ran> => runReal(cwd, argv);

interface Bar {
  readonly closeUtc: string;
  readonly open: number;
  readonly close: number;
  readonly volume: number;
}
async function barsOf(dataset: string): Promise<Bar[]> {
  const argv = ['data', 'show', dataset, '--contract', 'ESZ2025', '--interval', '1m', '--json'];
  const body = JSON.parse((await cli(...argv)).out) as { result: { bars: Bar[] } };
  return body.result.bars;
}

const FLAGS = ['--contract', 'ESZ2025', '--interval', '1m'];
const AT_CLOSE = ['--stamp', 'close'];

describe('an import of CSV', () => {
  it('reads local times stamped at the open, other column names, another delimiter, gzip', async () => {
    const text =
      'Date;O;H;L;C;V\n2025-11-03 09:00;6800;6801;6799.5;6800.25;10\n2025-11-03 09:01;6800.25;6802;6800;6801.5;7\n';
    writeFileSync(join(cwd, 'open.csv.gz'), gzipSync(text));
    const columns = 'time=Date,open=O,high=H,low=L,close=C,volume=V';
    const where = ['--zone', 'America/Chicago', '--stamp', 'open', '--delimiter', ';'];
    const argv = ['--into', 'local', ...FLAGS, '--columns', columns, ...where];
    const ran = await cli('data', 'import', 'open.csv.gz', ...argv);
    expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
    // 09:00 in Chicago in November is 15:00 UTC; stamped at its open, the bar ends a minute later.
    expect(await barsOf('local')).toMatchObject([
      { closeUtc: '2025-11-03T15:01:00Z', open: 6800, close: 6800.25, volume: 10 },
      { closeUtc: '2025-11-03T15:02:00Z', open: 6800.25, close: 6801.5, volume: 7 },
    ]);
  });

  it('takes a stamp at the close as the end of the bar', async () => {
    writeFileSync(
      join(cwd, 'close.csv'),
      'time,open,high,low,close,volume\n2025-11-03T15:01:00Z,6800,6801,6799.5,6800.25,10\n',
    );
    expect(
      (await cli('data', 'import', 'close.csv', '--into', 'utc', ...FLAGS, '--stamp', 'close'))
        .code,
    ).toBe(EXIT.ok);
    expect(await barsOf('utc')).toMatchObject([{ closeUtc: '2025-11-03T15:01:00Z' }]);
  });

  it.each([
    ['skips', '2025-03-09 02:30', 'does not exist'],
    ['repeats', '2025-11-02 01:30', 'happens twice'],
  ])('refuses a clock reading that a clock change %s', async (_, time, why) => {
    writeFileSync(
      join(cwd, 'clock.csv'),
      `time,open,high,low,close,volume\n${time},6800,6801,6799.5,6800.25,10\n`,
    );
    const argv = ['--into', 'clock', ...FLAGS, ...AT_CLOSE, '--zone', 'America/Chicago'];
    const ran = await cli('data', 'import', 'clock.csv', ...argv);
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain(why);
    // Nothing was imported, so nothing is listed.
    expect((await cli('data', 'list')).out).not.toContain('clock');
  });

  it('refuses a month that the product does not list', async () => {
    const argv = ['--into', 'x', '--contract', 'ESF2025', '--interval', '1m', ...AT_CLOSE];
    const ran = await cli('data', 'import', 'close.csv', ...argv);
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain('ESF2025 is not listed: ES has the months HMUZ');
  });

  it('finds bars after the last trade of their contract', async () => {
    writeFileSync(
      join(cwd, 'late.csv'),
      'time,open,high,low,close,volume\n2025-11-03T15:01:00Z,6800,6801,6799.5,6800.25,10\n',
    );
    const contract = ['--contract', 'ESU2025', '--interval', '1m'];
    await cli('data', 'import', 'late.csv', '--into', 'late', ...contract, ...AT_CLOSE);
    const ran = await cli('data', 'check', 'late');
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.out).toContain('after-last-trade');
  });

  const BAD =
    'time,open,high,low,close,volume\n2025-11-03T15:01:00Z,6800,6801,6799.5,6800.25,10\n2025-11-03T15:02:00Z,6800.1,6801,6799.5,6800.25,10\n2025-11-03T15:03:00Z,6800,abc,6799.5,6800.25,10\n';

  it('refuses a file with bad rows, each by its line, and leaves no dataset rows behind', async () => {
    writeFileSync(join(cwd, 'bad.csv'), BAD);
    const ran = await cli('data', 'import', 'bad.csv', '--into', 'bad', ...FLAGS, ...AT_CLOSE);
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain('E_IMPORT_ROWS');
    expect(ran.err).toContain('3');
    expect(ran.err).toMatch(/fix .*--quarantine/);
  });

  it('keeps the good rows with --quarantine, lists the rest, and ends with 1', async () => {
    const ran = await cli(
      'data',
      'import',
      'bad.csv',
      '--into',
      'part',
      ...FLAGS,
      ...AT_CLOSE,
      '--quarantine',
    );
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.out).toContain('1 rows imported, 2 rows with problems');
    expect(ran.err).toMatch(/warning import-row: row 3: /);
    expect(await barsOf('part')).toHaveLength(1);
    const listed = readFileSync(join(cwd, 'catalog', 'part-bad.csv.issues.jsonl'), 'utf8');
    expect(listed.trim().split('\n')).toHaveLength(2);
  });

  it.each([
    ['without an interval', ['--into', 'x', '--contract', 'ESZ2025', ...AT_CLOSE], '--interval'],
    ['without a stamp', ['--into', 'x', ...FLAGS], '--stamp open or --stamp close'],
    ['without a dataset', [...FLAGS, ...AT_CLOSE], '--into'],
    [
      'with a column that does not exist',
      ['--into', 'x', ...FLAGS, ...AT_CLOSE, '--columns', 'tme=Date'],
      'did you mean `time`?',
    ],
    [
      'with a zone that does not exist',
      ['--into', 'x', ...FLAGS, ...AT_CLOSE, '--zone', 'America/Chigago'],
      'E_FLAG_VALUE: --zone is "America/Chigago"',
    ],
  ])('says what is missing or wrong %s', async (_, argv, text) => {
    const ran = await cli('data', 'import', 'close.csv', ...argv);
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.err).toContain(text);
  });
});

describe('an import of pysystemtrade prices', () => {
  it('makes a chain of contracts from the product code of the file name', async () => {
    const rows = [
      'DATETIME,CARRY,CARRY_CONTRACT,PRICE,PRICE_CONTRACT,FORWARD,FORWARD_CONTRACT',
      '2022-01-03 23:00:00,4790.5,20220600,4780.25,20220300,4790.5,20220600',
      '2022-01-04 23:00:00,4780.5,20220600,4770.25,20220300,4780.5,20220600',
    ];
    writeFileSync(join(cwd, 'SP500.csv'), `${rows.join('\n')}\n`);
    const ran = await cli(
      'data',
      'import',
      'SP500.csv',
      '--format',
      'pysystemtrade',
      '--into',
      'pst',
      '--json',
    );
    expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
    const shown = await cli('data', 'show', 'pst');
    expect(shown.out).toMatch(/H2022/);
    expect(shown.out).toMatch(/M2022/);
  });
});

describe('the project', () => {
  it('shows each value with where it comes from', async () => {
    writeFileSync(
      join(cwd, 'frontmonth.config.json'),
      '{ "capital": 5000, "risk": { "orderQtyMax": 5 } }',
    );
    const ran = await runReal(cwd, ['config', '--origin', '--json'], {
      env: { FRONTMONTH_SEED: '9' },
    });
    const { result } = JSON.parse(ran.out) as {
      result: Record<string, { value: unknown; from: string; where: string }>;
    };
    expect(result['capital']).toMatchObject({
      value: 5000,
      from: 'project',
      where: join(cwd, 'frontmonth.config.json'),
    });
    expect(result['seed']).toMatchObject({
      value: 9,
      from: 'environment',
      where: 'FRONTMONTH_SEED',
    });
    expect(result['fills']).toMatchObject({ value: 'pessimistic', from: 'default' });
  });

  it('is checked by doctor; a secrets file that others may read fails', async () => {
    const good = await cli('doctor');
    expect(good, good.out).toMatchObject({ code: EXIT.ok });
    writeFileSync(join(cwd, '.env'), 'A=1\n', { mode: 0o644 });
    const bad = await cli('doctor');
    expect(bad.code).toBe(EXIT.answerIsNo);
    expect(bad.out).toMatch(/FAIL +secrets.*chmod 600/);
    rmSync(join(cwd, '.env'));
  });

  it('makes a project that depends on exact versions', async () => {
    expect((await cli('new', 'desk')).code).toBe(EXIT.ok);
    const made = JSON.parse(readFileSync(join(cwd, 'desk', 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const versions = Object.values({ ...made.dependencies, ...made.devDependencies });
    expect(versions.length).toBeGreaterThan(2);
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const own = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as typeof made;
    for (const [name, version] of Object.entries(made.devDependencies))
      expect({ [name]: version }).toEqual({
        [name]: own.devDependencies[name] ?? own.dependencies[name],
      });
    expect(made.devDependencies).toHaveProperty('typescript');
    for (const name of ['.env.example', '.gitignore', 'README.md', 'tsconfig.json'])
      expect(readFileSync(join(cwd, 'desk', name), 'utf8')).not.toBe('');
  });
});
