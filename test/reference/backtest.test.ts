/**
 * Decades of real samples through the command line, as the tutorial tells it: import, look, check, backtest with rolls in
 * two currencies, report. Needs the reference data; skips without.
 */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServices } from '../../src/cli/services-wiring.ts';
import { run } from '../cli/support.ts';
import type { Ran } from '../cli/support.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const reference = referenceDataDir();
const data = reference === null ? undefined : join(reference, 'pysystemtrade');

interface Summary {
  readonly ok: boolean;
  readonly result: {
    readonly currency: string;
    readonly trades: { readonly closed: number };
    readonly rolls: { readonly count?: number };
    readonly warnings: readonly { readonly code: string; readonly message: string }[];
  };
}

describe.skipIf(data === undefined)(
  data === undefined ? `decades of samples (${NO_REFERENCE_DATA})` : 'decades of samples',
  () => {
    const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-decades-'));
    const cli = (...argv: string[]): Promise<Ran> => run(argv, { cwd, services: createServices() });
    const inEuro = (...argv: string[]): Promise<Ran> =>
      run(argv, { cwd, services: createServices(), env: { FRONTMONTH_CURRENCY: 'EUR' } });
    const donchian = ['backtest', 'donchian-breakout', '--data', 'decades', '--no-bounds'] as const;
    let imported: Ran;

    beforeAll(async () => {
      for (const code of ['CORN', 'EUROSTX', 'KR3']) {
        const file = join(data!, 'multiple_prices', `${code}.csv.gz`);
        expect(existsSync(file)).toBe(true);
        copyFileSync(file, join(cwd, `${code}.csv.gz`));
      }
      copyFileSync(join(data!, 'config/instrumentconfig.csv'), join(cwd, 'instrumentconfig.csv'));
      const from = ['CORN.csv.gz', 'EUROSTX.csv.gz', '--format', 'pysystemtrade'];
      const flags = ['--into', 'decades', '--instrument-config', 'instrumentconfig.csv'];
      const back = process.cwd();
      process.chdir(cwd);
      try {
        imported = await cli('data', 'import', ...from, ...flags);
      } finally {
        process.chdir(back);
      }
    }, 300_000);

    afterAll(() => {
      rmSync(cwd, { recursive: true, force: true });
    });

    it('imports them and says what they are', async () => {
      expect(imported.err).toBe('');
      expect(imported.code).toBe(0);
      const shown = await cli('data', 'show', 'decades');
      expect(shown.code).toBe(0);
      expect(shown.out).toContain('volume    unknown, stamps labels');
      // Told by product: hundreds of contracts are no answer.
      expect(shown.out).toMatch(/ZC +1d +105 +1972-10-18 +2023-08-30 +33,042 +51/);
      expect(shown.out).toMatch(/FESX +1d +39 /);
      expect(shown.out.split('\n').length).toBeLessThan(25);
      const contracts = await cli('data', 'show', 'decades', '--instruments', 'FESX');
      expect(contracts.out).toMatch(/FESXZ2023 +1h/);
      const wrong = await cli('data', 'show', 'decades', '--instruments', 'FESY');
      expect(wrong.err).toContain('E_DATA_PRODUCT');
    });

    it('checks them: prices between ticks once a sample, nothing outside its session', async () => {
      const checked = await cli('data', 'check', 'decades', '--json');
      const { counts } = (JSON.parse(checked.out) as { result: { counts: object } }).result;
      expect(Object.keys(counts).toSorted()).toEqual(['off-grid', 'outlier', 'stale']);
    });

    it('runs fifty years of a December-only chain, every roll at the prices of its record', async () => {
      const ran = await cli(...donchian, '--instruments', 'ZC', '--json');
      expect(ran.code).toBe(0);
      const { result } = JSON.parse(ran.out) as Summary;
      expect(result.trades.closed).toBeGreaterThan(100);
      const codes = result.warnings.map((warning) => warning.code);
      expect(codes).toContain('W_VOLUME_UNKNOWN');
      expect(codes).toContain('W_FILL_ROUNDED');
      expect(codes).not.toContain('E_ROLL_INCOMPLETE');
      expect(codes).not.toContain('E_HELD_TO_EXPIRY');
      const page = readFileSync(join(cwd, 'runs', lastRun(ran), 'report.html'), 'utf8');
      expect(page.length).toBeLessThan(2_000_000);
      expect(page).toContain('W_FILL_ROUNDED');
    });

    it('refuses a euro product in a dollar account, and says both cures', async () => {
      const ran = await cli(...donchian, '--instruments', 'FESX');
      expect(ran.code).toBe(3);
      expect(ran.err).toContain('E_CURRENCY_RATE');
      expect(ran.err).toContain('--rates');
      expect(ran.err).toContain('FRONTMONTH_CURRENCY=EUR');
    });

    it('keeps the account in euro when asked', async () => {
      const ran = await inEuro(...donchian, '--instruments', 'FESX', '--json');
      const { result } = JSON.parse(ran.out) as Summary;
      expect(result.currency).toBe('EUR');
      expect(result.trades.closed).toBeGreaterThan(5);
    });

    it('converts with a file of rates', async () => {
      writeFileSync(join(cwd, 'rates.csv'), 'date,currency,rate\n2014-01-01,EUR,1.25\n');
      const argv = [...donchian, '--instruments', 'FESX', '--rates', join(cwd, 'rates.csv')];
      const ran = await cli(...argv, '--json');
      expect(ran.err).not.toContain('E_CURRENCY_RATE');
      const { result } = JSON.parse(ran.out) as Summary;
      expect(result.currency).toBe('USD');
      expect(result.trades.closed).toBeGreaterThan(5);
    });

    it('imports a product without a specification for its prices, and refuses to trade it', async () => {
      const file = join(cwd, 'KR3.csv.gz');
      const kr3 = ['data', 'import', file, '--format', 'pysystemtrade', '--into', 'korea'];
      expect((await cli(...kr3)).code).toBe(0);
      const argv = ['backtest', 'donchian-breakout', '--data', 'korea', '--instruments', 'KTB3'];
      const refused = await cli(...argv);
      expect(refused.err).toContain('E_INSTRUMENT_UNKNOWN');
      expect(refused.code).not.toBe(0);
    });

    function lastRun(ran: Ran): string {
      return (JSON.parse(ran.out) as { result: { runId: string } }).result.runId;
    }
  },
);
