/** Options of bar matching from a run's configuration to its fills, and drill-down into the catalog. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { Side } from '../../src/core/order.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { rerunRun } from '../../src/research/backtest.ts';
import type { BacktestRun, ShortBacktestOptions } from '../../src/research/short-backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import { systemClock } from '../../src/research/system-clock.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2022-01-03',
    to: '2022-02-04',
    minuteFrom: '2022-01-03',
    intervals: ['1m', '1h'],
  });
}, 60_000);
afterAll(() => sample.remove());

/** A bracket of a few ticks at every close without a position: most of its hours hold both exits. */
const tight = defineStrategy({
  id: 'tight',
  version: '1',
  description: 'a bracket of a few ticks at every close',
  params: {},
  instruments: ['ES'],
  requires: (_, roots) => ({
    series: roots.map((root) => ({ root, bars: '1h' as const, history: 2, warmUp: 1 })),
  }),
  create: () => ({
    onBar(bar, ctx) {
      if (ctx.netQty(bar.root) !== 0) return;
      const at = { at: { offsetTicks: 10 } };
      const contract = ctx.contract(bar.root);
      ctx.bracket({ contract, side: Side.Buy, qty: 1, type: 'market', stop: at, targets: [at] });
    },
  }),
});

const run = (options: Partial<ShortBacktestOptions>): Promise<BacktestRun> =>
  backtest(tight, {
    catalog: sample.catalogDir,
    runs: sample.runsDir,
    from: '2022-01-10',
    to: '2022-01-14',
    costs: { default: { slippageTicks: 0 } },
    execution: '1h',
    bounds: false,
    report: false,
    ...options,
  });
const tradesOf = ({ fills }: BacktestRun) =>
  fills.map(({ side, qty, priceTicks }) => `${side} ${qty} ${priceTicks}`);

describe('drill-down', () => {
  it('trades as a run that matches on the finer bars, and leaves no group open that they decide', async () => {
    const barFills = { participation: 'all' } as const;
    const hours = await run({ barFills });
    const drilled = await run({ barFills, fills: 'drilldown' });
    const minutes = await run({ barFills, execution: '1m' });
    expect(hours.ambiguities.length).toBeGreaterThan(3);
    expect(drilled.ambiguities.length).toBeLessThan(hours.ambiguities.length / 3);
    expect(tradesOf(drilled)).toEqual(tradesOf(minutes));
    expect(tradesOf(drilled)).not.toEqual(tradesOf(hours));
    expect(drilled.manifest.executionIntervals).toEqual({ ES: '1h' });
  });

  it('counts the finer files in the fingerprint of the run, and runs again to the same log', async () => {
    const hours = await run({});
    const drilled = await run({ fills: 'drilldown', barFills: { participation: 0.5 } });
    expect(drilled.manifest.datasets[0]!.checksum).not.toBe(hours.manifest.datasets[0]!.checksum);
    const again = await rerunRun(drilled.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: tight,
      clock: systemClock,
    });
    expect(again).toMatchObject({ same: true, isDataChanged: false });
  });
});

describe('barFills', () => {
  it('reaches the venue', async () => {
    const short: typeof run = (options) => run({ to: '2022-01-10', ...options });
    const rules = ({ fills }: BacktestRun): Set<string> => new Set(fills.map((fill) => fill.rule));
    expect(rules(await short({}))).not.toContain('same-bar-close');
    expect(rules(await short({ barFills: { fillOn: 'close' } }))).toContain('same-bar-close');
    expect(rules(await short({ barFills: { latencyMs: 20 } }))).toContain('latency-subbar');
    const [plain, wide] = [await short({}), await short({ barFills: { spreadTicks: 2 } })];
    expect(wide.fills[0]!.priceTicks - plain.fills[0]!.priceTicks).toBe(2);
    const byTime = { ES: [{ from: '00:00', ticks: 3 }] };
    const timed = await short({ barFills: { spreadByTime: byTime } });
    expect(timed.fills[0]!.priceTicks - plain.fills[0]!.priceTicks).toBe(3);
  });

  it.each([
    [{ touch: { prob: 2 } }, 'barFills.touch.prob'],
    [{ participation: 0 }, 'barFills.participation'],
    [{ spreadByTime: { ES: [{ from: '8:30', ticks: 1 }] } }, 'barFills.spreadByTime.ES.0.from'],
    [{ latencyMs: -1 }, 'barFills.latencyMs'],
    [{ fill: 'close' }, 'barFills.fill'],
  ])('%j is refused by name', async (barFills, field) => {
    const error: unknown = await run({ barFills: barFills as never }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(TradingError);
    expect(error).toMatchObject({ code: 'E_BACKTEST_OPTION', details: { field } });
  });
});

describe('data that are not there', () => {
  const missing = async (options: Partial<ShortBacktestOptions>): Promise<string[]> => {
    const { summary } = await run({ to: '2022-01-10', ...options });
    return summary.warnings.map(({ code }) => code).filter((code) => code.endsWith('_NONE'));
  };
  it('are named where a drill-down finds nothing finer, and not where it does', async () => {
    expect(await missing({ fills: 'drilldown', execution: '1m' })).toEqual(['W_DRILLDOWN_NONE']);
    expect(await missing({ fills: 'drilldown' })).toEqual([]);
  });
  it('are named where quote bars are asked for', async () => {
    expect(await missing({ barFills: { quoteBars: true } })).toEqual(['W_QUOTE_BARS_NONE']);
    expect(await missing({})).toEqual([]);
  });
});

describe('bounds of a policy', () => {
  it('stand beside one that is neither of them, with the quantiles of seeded draws', async () => {
    const seeded = await run({ fills: 'seeded', bounds: true, barFills: { seededRuns: 5 } });
    const { bounds, seeded: draws } = seeded.summary.ambiguity;
    const worst = await run({});
    const best = await run({ fills: 'optimistic' });
    const netOf = ({ summary }: BacktestRun) => summary.metrics['netProfit']!.value;
    expect(bounds).toEqual({ worst: netOf(worst), best: netOf(best) });
    expect(draws!.runs).toBe(5);
    const ranks = [draws!.p05, draws!.p25, draws!.p50, draws!.p75, draws!.p95];
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(draws!.p05).toBeLessThan(draws!.p95);
    expect(seeded.summary.ambiguity.isBarResolutionSensitive).toBe(true);
  });

  it('are left out beside the headline, whose other bound has a column of its own', async () => {
    const { summary } = await run({ bounds: true });
    expect(summary.ambiguity.bounds).toBeUndefined();
    expect(summary.optimistic).not.toBeNull();
  });
});
