import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { AnyStrategyDefinition } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { parseContractId } from '../../src/core/symbology.ts';
import type { BacktestOutcome } from '../../src/research/backtest.ts';
import { mergeRisk, rerunRun, runBacktest, TABLE_STORE } from '../../src/research/backtest.ts';
import { benchmarkOf } from '../../src/research/benchmark.ts';
import { readRun } from '../../src/research/run-store.ts';
import { BUILT_IN_STRATEGIES } from '../../src/strategies/index.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

async function codeOf(run: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await run();
  } catch (error) {
    if (error instanceof TradingError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'no error', message: '' };
}

/** Buys once on hours, and looks at the next bar whether it holds. */
function oneShot(id: string, onNext: (isFilled: boolean) => void): AnyStrategyDefinition {
  return defineStrategy({
    id,
    version: '1',
    description: 'Buys once.',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series: [{ root: 'ES', bars: '1h' }] }),
    create: () => {
      let bars = 0;
      return {
        onBar(_bar, ctx): void {
          bars += 1;
          if (bars === 1)
            ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'market' });
          if (bars === 2) onNext(ctx.netQty('ES') !== 0);
        },
      };
    },
  }) as unknown as AnyStrategyDefinition;
}

let sample: SampleCatalog;
let donchian: BacktestOutcome;
const FAST = { entryBars: 10, exitBars: 5 };

beforeAll(async () => {
  sample = makeSampleCatalog();
  donchian = await runBacktest(backtestOptions(sample, 'donchian-breakout', { params: FAST }));
});
afterAll(() => sample.remove());

describe('a backtest on the sample', () => {
  it('trades, rolls and writes its folder with a report', () => {
    expect(donchian.manifest.outcome).toBe('completed');
    expect(donchian.summary.trades.closed).toBeGreaterThan(10);
    expect(donchian.summary.rolls.positions).toBeGreaterThan(0);
    expect(donchian.summary.isSynthetic).toBe(true);
    const files = readdirSync(donchian.dir);
    for (const name of [
      'manifest.json',
      'summary.json',
      'journal.jsonl',
      'fills.arrow',
      'orders.arrow',
      'positions.arrow',
      'equity.arrow',
      'report.html',
    ]) {
      expect(files).toContain(name);
    }
  });

  it('has one result where no bar was ambiguous, as a run of the other policy proves', async () => {
    expect(donchian.summary.ambiguity.groups).toBe(0);
    const other = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        params: FAST,
        fills: 'optimistic',
        report: false,
      }),
    );
    // The run one bar later stands beside the headline policy only.
    const { netOneBarLater: _late, ...metrics } = other.summary.metrics;
    const { netOneBarLater: _none, ...bound } = donchian.summary.optimistic!;
    expect(metrics).toEqual(bound);
  });

  it('runs a third time with every order one bar late, and says what is left', async () => {
    const { metrics, oneBarLater } = donchian.summary;
    expect(metrics['netOneBarLater']).toEqual(oneBarLater!['netProfit']);
    expect(oneBarLater!['netProfit']!.value).not.toBe(metrics['netProfit']!.value);
    expect(oneBarLater!['closedTrades']!.value).toBeGreaterThan(10);
    const again = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', { params: FAST, report: false }),
    );
    expect(again.summary.oneBarLater).toEqual(oneBarLater);
    // The log is that of the run itself: a third simulation leaves no trace in it.
    const alone = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', { params: FAST, bounds: false, report: false }),
    );
    expect(alone.summary.eventHash).toBe(donchian.summary.eventHash);
    expect(alone.summary.oneBarLater).toBe(null);
    expect(alone.summary.metrics['netOneBarLater']).toEqual({
      value: null,
      reason: 'not simulated: --no-bounds',
    });
  });

  it('is nothing but its costs one bar later where a position is held from the start', async () => {
    const hold = oneShot('hold', () => {});
    const out = await runBacktest(
      backtestOptions(sample, 'hold', { strategy: hold, instruments: ['ES'], report: false }),
    );
    const { fills } = readRun(out.dir, TABLE_STORE);
    const first = fills[0]!;
    // The benchmark is this very strategy without its costs, but for the bar that each leg of a roll takes to fill.
    const run = readRun(out.dir, TABLE_STORE);
    const held = benchmarkOf(run)!;
    const gain = (run.equity.at(-1)!.equityMicros - run.equity[0]!.equityMicros) / 1e6;
    const costs = out.summary.metrics['totalCost']!.value!;
    // Eight ticks a roll.
    expect(Math.abs(held.at(-1)! - gain - costs)).toBeLessThan(run.rolls.length * 8 * 12.5);
    const late = out.summary.metrics['netOneBarLater']!.value!;
    const net = out.summary.metrics['netProfit']!.value!;
    // The two entries are one hourly bar apart: their opens differ by a few points, at 50 USD a point.
    expect(late).not.toBe(net);
    expect(Math.abs(late - net)).toBeLessThan(first.priceTicks * 0.25 * 0.05 * 50);
  });

  it('keeps the figure of a strategy that sends nothing, and names the error of one that cannot be late', async () => {
    const silent = defineStrategy({
      id: 'silent',
      version: '1',
      description: 'Looks on.',
      params: {},
      instruments: ['ES'],
      requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }),
      create: () => ({}),
    });
    const none = await runBacktest(
      backtestOptions(sample, 'silent', { strategy: silent, instruments: ['ES'], report: false }),
    );
    expect(none.summary.metrics['netOneBarLater']).toEqual({ value: 0 });
    const impatient = oneShot('impatient', (isFilled) => {
      if (!isFilled) throw new Error('my order must be there by now');
    });
    const out = await runBacktest(
      backtestOptions(sample, 'impatient', {
        strategy: impatient,
        instruments: ['ES'],
        report: false,
      }),
    );
    expect(out.manifest.outcome).toBe('completed');
    expect(out.summary.metrics['netOneBarLater']).toEqual({
      value: null,
      reason: 'one bar later the strategy fails: my order must be there by now',
    });
  });

  it('simulates both bounds where bars were ambiguous', async () => {
    // A stop and a target inside most daily bars, and nothing finer to look into.
    const daily = makeSampleCatalog({ products: ['ES'], intervals: ['1d'] });
    const tight = defineStrategy({
      id: 'tight',
      version: '1',
      description: 'A bracket that many bars reach on both sides.',
      params: {},
      instruments: ['ES'],
      requires: () => ({ series: [{ root: 'ES', bars: '1d' }] }),
      create: () => ({
        onBar(_bar, ctx) {
          if (ctx.netQty('ES') !== 0) return;
          ctx.bracket({
            contract: ctx.contract('ES'),
            side: 1,
            qty: 1,
            type: 'market',
            stop: { at: { offsetTicks: 40 } },
            targets: [{ at: { offsetTicks: 40 } }],
          });
        },
      }),
    });
    const out = await runBacktest(
      backtestOptions(daily, 'tight', { strategy: tight, instruments: ['ES'], report: false }),
    );
    const net = (metrics: typeof out.summary.optimistic): number => metrics!['netProfit']!.value!;
    expect(out.summary.ambiguity.groups).toBeGreaterThan(20);
    expect(net(out.summary.optimistic)).toBeGreaterThan(net(out.summary.metrics));
    daily.remove();
  });

  it('begins on the first date with minutes though its warm-up has none', async () => {
    const minutes = makeSampleCatalog({
      products: ['ES'],
      from: '2022-03-01',
      minuteFrom: '2022-11-01',
      intervals: ['1m', '1h', '1d'],
    });
    // Forty daily bars before it reach into a contract that was rolled out before the first minute.
    const out = await runBacktest(
      backtestOptions(minutes, 'donchian-breakout', {
        instruments: ['ES'],
        from: '2022-11-02',
        bounds: false,
        report: false,
      }),
    );
    expect(out.manifest).toMatchObject({ outcome: 'completed', executionIntervals: { ES: '1m' } });
    expect(out.manifest.warmUp!.from < '2022-09-10').toBe(true);
    expect(out.manifest.warmUp!.until).toBe('2022-11-02');
    minutes.remove();
  }, 60_000);

  it('counts the lines of its log', () => {
    const lines = readFileSync(join(donchian.dir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    expect(donchian.manifest.events).toBe(lines.length);
  });

  it('fills hourly bars for a daily strategy and says so', () => {
    expect(donchian.manifest.executionIntervals).toEqual({ ES: '1h', CL: '1h' });
  });

  it('keeps the identities: trades, days and positions add up to the same net profit', () => {
    const run = readRun(donchian.dir, TABLE_STORE);
    const net = run.equity.at(-1)!.equityMicros - run.manifest.capitalMicros;
    const trades = run.trades.reduce((sum, trade) => sum + trade.netMicros, 0);
    const days = run.positions.reduce((sum, day) => sum + day.pnlMicros, 0);
    expect(trades).toBe(net);
    expect(days).toBe(net);
    const fees = run.fills.reduce((sum, fill) => sum + fill.feeMicros, 0);
    const gross = run.trades.reduce((sum, trade) => sum + trade.grossMicros, 0);
    expect(gross - fees).toBe(net);
    expect(donchian.summary.metrics['netProfit']!.value).toBeCloseTo(net / 1e6, 9);
  });

  it('fills real contracts only, inside their life', () => {
    const run = readRun(donchian.dir, TABLE_STORE);
    expect(run.fills.length).toBeGreaterThan(20);
    for (const fill of run.fills) expect(() => parseContractId(fill.contract)).not.toThrow();
  });

  it('ends every position with its protection: no fill leaves a position without a working stop', () => {
    const run = readRun(donchian.dir, TABLE_STORE);
    const stops = run.orders.filter(
      (order) => order.role === 'stop' && order.status !== 'Rejected',
    );
    const entries = run.trades.length;
    expect(stops.length).toBeGreaterThanOrEqual(entries);
  });

  it('says when it was warm: before its first date by default, later where the data begin too late', async () => {
    const { manifest } = donchian;
    // The demo asks for a warm-up and leaves its first date to the data.
    expect(manifest.warmUp).toEqual({ from: '2021-01-04', until: manifest.from });
    const short = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        params: FAST,
        from: '2021-01-05',
        bounds: false,
        report: false,
      }),
    );
    expect(short.manifest.from).toBe('2021-01-05');
    expect(short.manifest.warmUp!.from).toBe('2021-01-04');
    expect(short.manifest.warmUp!.until! > '2021-01-12').toBe(true);
    expect(short.manifest.warmUp!.until! < '2021-02-15').toBe(true);
    const never = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        params: { ...FAST, entryBars: 400 },
        from: '2021-01-05',
        to: '2021-03-31',
        bounds: false,
        report: false,
      }),
    );
    expect(never.manifest.warmUp!.until).toBe(null);
    const none = await runBacktest(
      backtestOptions(sample, 'hold', {
        strategy: oneShot('cold', () => {}),
        instruments: ['ES'],
        bounds: false,
        report: false,
      }),
    );
    expect(none.manifest.warmUp).toBe(null);
  });

  it('judges the dates from the out-of-sample date on apart, and simulates the same', async () => {
    const out = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        params: FAST,
        outOfSample: '2022-01-03',
        bounds: false,
        report: false,
      }),
    );
    expect(out.summary.eventHash).toBe(donchian.summary.eventHash);
    expect(out.manifest.outOfSample).toBe('2022-01-03');
    const { inSample, outOfSample } = out.summary.samples!;
    expect(inSample['netProfit']!.value! + outOfSample['netProfit']!.value!).toBeCloseTo(
      out.summary.metrics['netProfit']!.value!,
      6,
    );
    expect(donchian.summary.samples).toBe(null);
    const wrong = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { outOfSample: '2022-13-01' })),
    );
    expect(wrong.code).toBe('E_TRADE_DATE');
  });

  it('runs again to the same event hash', async () => {
    const again = await rerunRun(donchian.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: BUILT_IN_STRATEGIES['donchian-breakout']!,
      clock: backtestOptions(sample, 'donchian-breakout').clock,
    });
    expect(again).toMatchObject({ same: true, firstDifference: null, isDataChanged: false });
  });

  it('shows the first line that differs when a parameter changed', async () => {
    const definition = BUILT_IN_STRATEGIES['donchian-breakout']!;
    const other = {
      ...definition,
      create: (params: never, roots: readonly string[]) =>
        definition.create({ ...(params as object), stopAtr: 2 } as never, roots),
    };
    const again = await rerunRun(donchian.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: other as typeof definition,
      clock: backtestOptions(sample, 'donchian-breakout').clock,
    });
    expect(again.same).toBe(false);
    expect(again.firstDifference!.was).not.toBe(again.firstDifference!.now);
  });

  it('does not look ahead: a run on less data is a prefix of the run on more', async () => {
    const short = await runBacktest(
      backtestOptions(sample, 'donchian-breakout', {
        params: FAST,
        to: '2022-03-31',
        bounds: false,
        report: false,
      }),
    );
    const decisions = (dir: string): string[] =>
      readFileSync(join(dir, 'journal.jsonl'), 'utf8')
        .split('\n')
        .slice(1)
        .filter((line) => line.includes('"fill"') || line.includes('"roll"'));
    const [less, more] = [decisions(short.dir), decisions(donchian.dir)];
    expect(less.length).toBeGreaterThan(10);
    // The last moments differ: a run ends where its data end.
    const common = less.slice(0, -4);
    expect(more.slice(0, common.length)).toEqual(common);
  });

  it.each(['ema-cross', 'opening-range'])(
    'runs %s, which is flat or protected as it promises',
    async (name) => {
      const minute = makeSampleCatalog({
        products: ['ES'],
        from: '2022-06-01',
        to: '2022-12-30',
        minuteFrom: '2022-11-01',
        intervals: ['1m', '1h', '1d'],
      });
      const out = await runBacktest(
        backtestOptions(minute, name, {
          instruments: ['ES'],
          params: name === 'ema-cross' ? { fast: 3, slow: 10 } : {},
          ...(name === 'opening-range' ? { from: '2022-11-15' } : {}),
          bounds: true,
        }),
      );
      expect(out.manifest.error).toBeNull();
      expect(out.summary.trades.closed).toBeGreaterThan(2);
      if (name === 'opening-range') {
        expect(out.manifest.executionIntervals).toEqual({ ES: '1m' });
        const run = readRun(out.dir, TABLE_STORE);
        for (const day of run.positions) expect(day.netQty).toBe(0);
      }
      minute.remove();
    },
  );
});

describe('bad input', () => {
  it('says what the data have when the span is outside', async () => {
    const seen = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { from: '2015-01-02' })),
    );
    expect(seen.code).toBe('E_DATA_SPAN');
    expect(seen.message).toContain('ES from 2021-01-04 to 2022-12-30');
    expect(seen.message).toContain('2015-01-02');
  });

  it('names a product that the dataset or the specifications lack', async () => {
    const inSpecs = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { instruments: ['GC'] })),
    );
    expect(inSpecs).toMatchObject({ code: 'E_DATA_PRODUCT' });
    const nowhere = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { instruments: ['XX'] })),
    );
    expect(nowhere).toMatchObject({ code: 'E_INSTRUMENT_UNKNOWN' });
  });

  it('says which bar sizes there are when a strategy reads another', async () => {
    const seen = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'opening-range', { instruments: ['ES'] })),
    );
    expect(seen.code).toBe('E_DATA_SPAN');
    expect(seen.message).toContain('1m');
  });

  it('refuses a parameter out of its bounds before anything is read', async () => {
    const seen = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { params: { entryBars: 1000 } })),
    );
    expect(seen).toMatchObject({ code: 'E_PARAM_RANGE' });
  });

  it('refuses a currency without a rate', async () => {
    const seen = await codeOf(() =>
      runBacktest(backtestOptions(sample, 'donchian-breakout', { currency: 'EUR' })),
    );
    expect(seen.code).toBe('E_CURRENCY_RATE');
  });

  it('combines risk limits by the stricter value', () => {
    expect(mergeRisk({ orderQtyMax: 3 }).orderQtyMax).toBe(3);
    expect(mergeRisk({ orderQtyMax: 1e9 }).orderQtyMax).toBe(500);
  });
});
