/** A backtest in one call. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { defineStrategy, int } from '../../src/core/strategy.ts';
import { rerunRun, runBacktest } from '../../src/research/backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import { donchianBreakout } from '../../src/strategies/index.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES'], intervals: ['1d'] });
}, 60_000);
afterAll(() => sample.remove());

const places = (): { catalog: string; runs: string } => ({
  catalog: sample.catalogDir,
  runs: sample.runsDir,
});

describe('an option of backtest()', () => {
  it.each([
    [{ capital: -1 }, 'capital', -1, />\s?0/],
    [{ capital: NaN }, 'capital', NaN, /number/],
    [{ seed: 1.5 }, 'seed', 1.5, /int/],
    [{ instruments: [] }, 'instruments', [], /one product or more/],
    [{ instruments: ['ES', ''] }, 'instruments.1', '', /character/],
    [{ from: '2022-02-30' }, 'from', '2022-02-30', /date/],
    [{ from: '2022-02-03', to: '2022-02-02' }, 'from', '2022-02-03', /not after `to`/],
    [{ outOfSample: 'soon' }, 'outOfSample', 'soon', /date/],
    [{ execution: '1x' }, 'execution', '1x', /bar interval/],
    [{ costs: { ES: { slippageTicks: -1 } } }, 'costs.ES.slippageTicks', -1, />=\s?0/],
  ])('%j is refused by name, value and rule', async (options, field, value, rule) => {
    const error: unknown = await backtest(donchianBreakout, {
      ...places(),
      ...options,
    } as never).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TradingError);
    expect(error).toMatchObject({ code: 'E_BACKTEST_OPTION', details: { field, value } });
    expect((error as TradingError).message).toContain(field);
    expect((error as TradingError).rule).toMatch(rule);
  });

  it('is refused when it is misspelt, with the nearest name', async () => {
    await expect(
      backtest(donchianBreakout, { ...places(), capitl: 5 } as never),
    ).rejects.toMatchObject({
      code: 'E_BACKTEST_OPTION',
      details: { field: 'capitl' },
      fix: 'did you mean `capital`?',
    });
    await expect(
      backtest(donchianBreakout, { ...places(), risk: { orderQty: 5 } } as never),
    ).rejects.toMatchObject({ details: { field: 'risk.orderQty' } });
  });

  it('counts as left out when it is undefined', async () => {
    await expect(
      backtest({ ...donchianBreakout, instruments: ['ES'] }, {
        ...places(),
        capital: undefined,
        bounds: false,
        report: false,
      } as never),
    ).resolves.toMatchObject({ reportFile: null });
  });
});

describe('backtest(strategy, options)', () => {
  it('is the run that all options written out give', async () => {
    const run = await backtest(donchianBreakout, {
      ...places(),
      instruments: ['ES'],
      capital: 1_000_000,
      params: { entryBars: 10, exitBars: 5 },
    });
    const long = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        instruments: ['ES'],
        params: { entryBars: 10, exitBars: 5 },
      }),
    );
    expect(run.manifest.eventHash).toBe(long.manifest.eventHash);
    expect(run.summary.metrics).toEqual(long.summary.metrics);
    expect(run.trades.length).toBe(run.summary.trades.closed + run.summary.trades.open);
    expect(run.fills.length).toBeGreaterThan(0);
    expect(existsSync(run.reportFile!)).toBe(true);
    expect(run.dir.startsWith(sample.runsDir)).toBe(true);
  });

  it('needs no option but where the data are, and can leave out report and bounds', async () => {
    const run = await backtest(
      { ...donchianBreakout, instruments: ['ES'] },
      { ...places(), report: false, bounds: false },
    );
    expect(run.manifest).toMatchObject({ currency: 'USD', seed: 1, fillPolicy: 'pessimistic' });
    expect(run.manifest.capitalMicros).toBe(100_000 * 1e6);
    expect(run.reportFile).toBe(null);
    expect(run.summary.optimistic).toBe(null);
  });

  it('can be run again by its folder', async () => {
    const run = await backtest(donchianBreakout, {
      ...places(),
      instruments: ['ES'],
      capital: 1_000_000,
      risk: { orderQtyMax: 2 },
      report: false,
      bounds: false,
    });
    const again = await rerunRun(run.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: donchianBreakout as never,
      clock: () => 0 as never,
    });
    expect(again.same).toBe(true);
  });

  it('throws what the strategy throws, with hook, moment and folder', async () => {
    const broken = defineStrategy({
      id: 'broken',
      version: '1',
      description: 'Throws.',
      params: { at: int({ default: 5, min: 1, max: 9, description: 'bar' }) },
      instruments: ['ES'],
      requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }),
      create: ({ at }) => {
        let bars = 0;
        return {
          onBar(): void {
            bars += 1;
            if (bars === at) throw new Error('no idea');
          },
        };
      },
    });
    const error = await backtest(broken, { ...places(), params: { at: 3 } }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(TradingError);
    const { code, message, where, fix } = error as TradingError;
    expect([code, message]).toEqual(['E_STRATEGY_THREW', 'no idea']);
    expect(where).toMatch(/^onBar at 2021-01-\d\dT/);
    expect(fix).toContain(sample.runsDir);
  });

  it('names the file of a strategy for rerun, and refuses a parameter out of bounds', async () => {
    const file = join(sample.dir, 'mine.mjs');
    writeFileSync(file, 'export default 1;\n');
    const run = await backtest(donchianBreakout, {
      ...places(),
      instruments: ['ES'],
      file,
      report: false,
      bounds: false,
    });
    expect(run.manifest.strategy.file).toMatch(/mine\.mjs$/);
    expect(run.manifest.strategy.sourceSha256).toHaveLength(64);
    await expect(
      backtest(donchianBreakout, { ...places(), params: { entryBars: 100_000 } }),
    ).rejects.toMatchObject({ code: 'E_PARAM_RANGE' });
  });
});
