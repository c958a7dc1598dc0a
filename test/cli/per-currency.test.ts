/**
 * Products of several currencies that begin one after another, as samples with labels: accounts by currency, joining late,
 * and what a fill on a sample costs. Prices are made up here.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLE_STORE } from '../../src/research/backtest.ts';
import { parseCapitals, toAccounts } from '../../src/research/per-currency.ts';
import type { RunSummary } from '../../src/research/run-format.ts';
import { readRun } from '../../src/research/run-store.ts';
import { runReal } from './support.ts';
import type { Ran } from './support.ts';

const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-accounts-'));
let nowMs = Date.UTC(2026, 10, 21, 12);
const cli = (...argv: string[]): Promise<Ran> => {
  nowMs += 60_000;
  return runReal(cwd, argv, { nowMs });
};

/** One price a day; a quarterly contract is left ten days before the end of its month. */
function samples(from: string, days: number, start: number): string {
  const lines = ['DATETIME,CARRY,CARRY_CONTRACT,PRICE,PRICE_CONTRACT,FORWARD,FORWARD_CONTRACT'];
  const first = Date.parse(`${from}T23:00:00Z`);
  const month = (quarter: number): string =>
    `${Math.floor(quarter / 4)}${String((quarter % 4) * 3 + 3).padStart(2, '0')}00`;
  for (let i = 0; i < days; i += 1) {
    const date = new Date(first + i * 86_400_000);
    if (date.getUTCDay() % 6 === 0) continue;
    const quarter =
      Math.floor((date.getTime() + 20 * 86_400_000) / (86_400_000 * 91.3125)) + 1970 * 4;
    const price = start + Math.round(40 * Math.sin(i / 25)) + Math.floor(i / 3);
    const label = date.toISOString().slice(0, 19).replace('T', ' ');
    const [held, next] = [month(quarter), month(quarter + 1)];
    lines.push(`${label},${price + 10},${next},${price},${held},${price + 10},${next}`);
  }
  return `${lines.join('\n')}\n`;
}

const WANT = [
  '--data',
  'made',
  '--no-bounds',
  '--json',
  '--param',
  'fastest=2',
  '--param',
  'speeds=2',
];
const MORE = ['--param', 'volBars=10', '--param', 'carryBars=5'];
const trend = (...more: string[]): Promise<Ran> =>
  cli('backtest', 'trend-carry', ...WANT, ...MORE, ...more);

interface Account {
  readonly currency: string;
  readonly capital: number;
  readonly roots: readonly string[];
  readonly dir: string;
  readonly summary: RunSummary;
}
const accountsOf = (ran: Ran): Account[] =>
  (JSON.parse(ran.out) as { result: { accounts: Account[] } }).result.accounts;
const summaryOf = (ran: Ran): RunSummary & { dir: string } =>
  (JSON.parse(ran.out) as { result: RunSummary & { dir: string } }).result;

beforeAll(async () => {
  writeFileSync(join(cwd, 'SP500.csv'), samples('2018-01-02', 900, 2800));
  writeFileSync(join(cwd, 'EUROSTX.csv'), samples('2019-01-02', 535, 3400));
  const files = ['SP500.csv', 'EUROSTX.csv'].map((name) => join(cwd, name));
  const ran = await cli('data', 'import', ...files, '--format', 'pysystemtrade', '--into', 'made');
  expect(ran.err).toBe('');
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

describe('results per currency', () => {
  const both = ['--instruments', 'ES,FESX', '--per-currency', 'USD=1000000,EUR=400000'];

  it('are a run for each account, in its currency, with its capital and its products', async () => {
    const ran = await trend(...both);
    expect(ran.err).toBe('');
    const accounts = accountsOf(ran);
    expect(accounts.map(({ currency, capital, roots }) => [currency, capital, roots])).toEqual([
      ['USD', 1_000_000, ['ES']],
      ['EUR', 400_000, ['FESX']],
    ]);
    for (const { currency, capital, roots, dir, summary } of accounts) {
      const { manifest, fills } = readRun(join(cwd, dir), TABLE_STORE);
      expect([manifest.currency, manifest.capitalMicros]).toEqual([currency, capital * 1e6]);
      expect(summary.currency).toBe(currency);
      expect(fills.length).toBeGreaterThan(10);
      expect(new Set(fills.map(({ root }) => root))).toEqual(new Set(roots));
    }
  });

  it('equal the runs of the products alone', async () => {
    const [usd] = accountsOf(await trend(...both));
    const alone = summaryOf(await trend('--instruments', 'ES', '--capital', '1000000'));
    const hashOf = ({ dir }: { dir: string }): string =>
      readRun(join(cwd, dir), TABLE_STORE).manifest.eventHash;
    expect(hashOf(alone)).toBe(hashOf(usd!));
  });

  it('repeat by rerun', async () => {
    const accounts = accountsOf(await trend(...both));
    for (const { dir } of accounts) {
      const ran = await cli('rerun', basename(dir), '--json');
      expect(JSON.parse(ran.out)).toMatchObject({ result: { same: true } });
    }
  });

  it('stand side by side as text, and say that nothing is added up', async () => {
    const ran = await cli(
      'backtest',
      'trend-carry',
      '--data',
      'made',
      '--no-bounds',
      ...MORE,
      ...both,
    );
    expect(ran.out).toMatch(/^USD +ES .*\nEUR +FESX /m);
    expect(ran.out).toContain('nothing is added up');
    expect(ran.out).toContain('EUR W_STAMPS_LABELS');
    for (const line of ran.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('go into a folder each below --out', async () => {
    await trend(...both, '--out', 'apart');
    expect(readdirSync(join(cwd, 'apart')).toSorted()).toEqual(['EUR', 'USD']);
  });

  it.each([
    ['USD=1000000', 'FESX is in EUR, which has no capital'],
    ['USD=1,EUR=1,KRW=1', 'no product of the run is in KRW'],
    ['USD=1000000,EUR', '"EUR" is not the capital'],
    ['USD=1,USD=2', '"USD=2" is not the capital'],
    ['USD=0,EUR=1', '"USD=0" is not the capital'],
    ['usd=5,EUR=1', '"usd=5" is not the capital'],
  ])('refuse %s: %s', async (capitals, message) => {
    const ran = await cli(
      'backtest',
      'trend-carry',
      '--data',
      'made',
      '--instruments',
      'ES,FESX',
      '--per-currency',
      capitals,
    );
    expect(ran.code).not.toBe(0);
    expect(ran.err).toContain('E_PER_CURRENCY');
    expect(ran.err).toContain(message);
  });

  it.each(['--capital=5', '--rates=rates.csv'])('exclude %s', async (flag) => {
    writeFileSync(join(cwd, 'rates.csv'), 'date,currency,rate\n2000-01-01,EUR,1.1\n');
    const ran = await trend(...both, flag);
    expect(ran.out).toContain('exclude each other');
  });

  it('keep the order of the list, and of the products', () => {
    const specs = new Map([
      ['A', { currency: 'USD' }],
      ['B', { currency: 'EUR' }],
      ['C', { currency: 'USD' }],
    ]);
    const accounts = toAccounts(['C', 'B', 'A'], specs, parseCapitals('EUR=2_000.5, USD=1'));
    expect(accounts).toEqual([
      { currency: 'EUR', capital: 2000.5, roots: ['B'] },
      { currency: 'USD', capital: 1, roots: ['C', 'A'] },
    ]);
  });
});

describe('products that begin one after another', () => {
  const rates = ['--rates', 'rates.csv', '--capital', '1000000'];

  it('join with their first bar where the strategy says so', async () => {
    writeFileSync(join(cwd, 'rates.csv'), 'date,currency,rate\n2000-01-01,EUR,1.1\n');
    const summary = summaryOf(await trend('--instruments', 'ES,FESX', ...rates));
    expect(summary.from < '2018-04-01').toBe(true);
    const note = summary.warnings.find(({ code }) => code === 'W_PRODUCT_JOINS');
    expect(note?.message).toContain('FESX (2019-01-02)');
    const { fills, manifest } = readRun(join(cwd, summary.dir), TABLE_STORE);
    const firstOf = (root: string): string =>
      new Date(fills.find((fill) => fill.root === root)!.tsUs / 1000).toISOString().slice(0, 10);
    expect(firstOf('ES') < '2018-06-01').toBe(true);
    expect(firstOf('FESX') > '2019-01-15').toBe(true);
    expect(firstOf('FESX') < '2019-06-01').toBe(true);
    // The warm-up that the report shades is that of the products that were there.
    expect(manifest.warmUp!.until! < '2018-06-01').toBe(true);
  });

  it('change nothing of the first product before they join', async () => {
    const both = summaryOf(await trend('--instruments', 'ES,FESX', ...rates));
    const alone = summaryOf(await trend('--instruments', 'ES', '--capital', '1000000'));
    const joinUs = Date.parse('2019-01-02T00:00:00Z') * 1000;
    const before = ({ dir }: { dir: string }): unknown[] =>
      readRun(join(cwd, dir), TABLE_STORE)
        .fills.filter(({ tsUs }) => tsUs < joinUs)
        .map(({ contract, side, qty, priceTicks, tsUs }) => [
          contract,
          side,
          qty,
          priceTicks,
          tsUs,
        ]);
    expect(before(both).length).toBeGreaterThan(10);
    expect(before(both)).toEqual(before(alone));
  });

  it('begin together with another strategy, and end together with any', async () => {
    const ran = await cli(
      'backtest',
      'donchian-breakout',
      '--data',
      'made',
      '--instruments',
      'ES,FESX',
      '--no-bounds',
      '--json',
      ...rates,
    );
    expect(summaryOf(ran).from >= '2019-01-02').toBe(true);
    const early = await trend('--instruments', 'ES,FESX', '--from', '2017-01-02', ...rates);
    expect(early.out).toContain('E_DATA_SPAN');
  });
});

describe('a fill on a sample', () => {
  it('pays its slippage whole: one price has no range to stay within', async () => {
    const summary = summaryOf(await trend('--instruments', 'ES', '--capital', '1000000'));
    const { fills, manifest } = readRun(join(cwd, summary.dir), TABLE_STORE);
    const { slippageTicks } = manifest.costs['ES']!;
    expect(slippageTicks).toBeGreaterThan(0);
    for (const fill of fills) expect(fill.slippageTicks).toBeCloseTo(slippageTicks, 9);
    expect(summary.warnings.map(({ code }) => code)).not.toContain('W_SLIPPAGE_CUT');
  });
});
