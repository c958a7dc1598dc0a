/** `frontmonth explain` on a real run: what a person reads, in a narrow and a wide terminal, and what a program reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import { runBacktest } from '../../src/research/backtest.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, makeSampleCatalog } from '../support/sample-catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

let sample: SampleCatalog;
beforeAll(async () => {
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2022-09-01',
    to: '2022-12-30',
    minuteFrom: '2022-12-01',
    intervals: ['1m', '1h', '1d'],
  });
  const span = { instruments: ['ES'], from: '2022-12-05', to: '2022-12-07', bounds: false };
  await runBacktest(backtestOptions(sample, 'limit-reversion', span));
}, 60_000);
afterAll(() => sample.remove());

const explain = (argv: readonly string[], columns = 100): Promise<Ran> =>
  runReal(sample.dir, ['explain', 'last', ...argv], {
    isTty: true,
    columns,
    env: { NO_COLOR: '1' },
  });

async function filled(): Promise<string> {
  const ran = await runReal(sample.dir, ['orders', 'last', '--where', 'status=Filled', '--json']);
  return (JSON.parse(ran.out.split('\n')[0]!) as { clOrdId: string }).clOrdId;
}

describe('frontmonth explain', () => {
  it.each([60, 80])('fits a terminal of %i columns', async (columns) => {
    const { code, out } = await explain([await filled()], columns);
    expect(code).toBe(EXIT.ok);
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  });
  it('says what it was, what became of it, its life, and why it filled', async () => {
    const { out } = await explain([await filled()]);
    expect(out).toMatch(/^O-\d+ {2}.*(buy|sell) 1 ES[A-Z]\d+ /);
    expect(out).toContain('Filled 1 of 1 at ');
    expect(out).toContain('life, times of America/Chicago, and UTC');
    expect(out).toMatch(/why 1 filled at \d+\.\d\d\n/);
    expect(out).toMatch(/Fees \d+\.\d\d USD, of which commission/);
    expect(out).toMatch(/^> +\d{4}-\d\d-\d\d \d\d:\d\d CST( +\d+\.\d\d){4}$/m);
  });
  it('folds many changes, and shows each with --all', async () => {
    const id = await filled();
    const [short, long] = [await explain([id]), await explain([id, '--all'])];
    expect(long.out.length).toBeGreaterThanOrEqual(short.out.length);
    expect(long.out).not.toContain('more changes');
  });
  it('is one document with --json, times in UTC', async () => {
    const { out } = await explain([await filled(), '--json']);
    const body = JSON.parse(out) as { schema: string; result: { fills: { tsUs: string }[] } };
    expect(body.schema).toBe('frontmonth.explanation/1');
    expect(body.result.fills[0]!.tsUs).toMatch(/^2022-12-0\dT.*Z$/);
  });
  it('suggests near ids for one that is not there', async () => {
    const { code, err } = await explain(['O-999999']);
    expect(code).toBe(EXIT.input);
    expect(err.replace(/\s+/g, ' ')).toMatch(/error E_ORDER_NOT_FOUND: .*near: O-\d+/);
  });
  it('wants an order or --ambiguous, and not both', async () => {
    expect((await explain([])).code).toBe(EXIT.usage);
    expect((await explain(['1', '--ambiguous'])).code).toBe(EXIT.usage);
    expect((await explain(['--ambiguous'])).code).toBe(EXIT.ok);
  });
});
