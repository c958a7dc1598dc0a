/** In-sample and out-of-sample parts of a run, and the spans that charts shade. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { computeMetrics } from '../../src/research/metrics.ts';
import { buildReportModel } from '../../src/research/report/model.ts';
import { toRunData } from '../../src/research/run-data.ts';
import type { RunData } from '../../src/research/run-data.ts';
import type { Metrics } from '../../src/research/run-format.ts';
import { sampleFigures, sampleLabel, spansOf } from '../../src/research/samples.ts';
import { metricsInput, summarise } from '../../src/research/summary.ts';
import { equityRow, fixtureRun, hashRandom, manifestOf, tradeDates } from './support.ts';

const value = (metrics: Metrics, key: string): number => metrics[key]!.value!;
const isoAt = (run: RunData, d: number): string => toIsoDate(run.equity[d]!.tradeDate as TradeDate);

describe('the two parts of a run', () => {
  const run = fixtureRun({ dates: 300 });

  it('share its dates and closed trades, and their nets add up to its own, wherever it is split', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 299 }), (d) => {
        const parts = sampleFigures(metricsInput(run), isoAt(run, d))!;
        const sumOf = (key: string): number =>
          value(parts.inSample, key) + value(parts.outOfSample, key);
        expect(sumOf('netProfit')).toBeCloseTo(value(run.summary!.metrics, 'netProfit'), 6);
        expect(sumOf('closedTrades')).toBe(run.summary!.trades.closed);
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  it('compound: the return of the whole is that of the first part on that of the second', () => {
    const parts = sampleFigures(metricsInput(run), isoAt(run, 120))!;
    const whole = value(run.summary!.metrics, 'totalReturn');
    const [a, b] = [value(parts.inSample, 'totalReturn'), value(parts.outOfSample, 'totalReturn')];
    expect((1 + a) * (1 + b) - 1).toBeCloseTo(whole, 12);
  });

  it('are the figures of a run that ended there, and of one that began there with that equity', () => {
    const input = metricsInput(run);
    const [d, from] = [120, run.equity[120]!.tradeDate];
    const parts = sampleFigures(input, isoAt(run, d))!;
    const first = computeMetrics({
      ...input,
      equity: run.equity.slice(0, d),
      trades: run.trades.filter((trade) => trade.entryTradeDate < from),
    });
    const second = computeMetrics({
      ...input,
      equity: run.equity.slice(d),
      trades: run.trades.filter((trade) => trade.entryTradeDate >= from),
      capitalMicros: run.equity[d - 1]!.equityMicros,
    });
    for (const key of ['sharpe', 'maxDrawdown', 'maxDrawdownShare', 'hitRate', 'profitFactor']) {
      expect(parts.inSample[key]).toEqual(first[key]);
      expect(parts.outOfSample[key]).toEqual(second[key]);
    }
  });

  it('keep the capital as base of both where the base is fixed', () => {
    const dates = tradeDates(4);
    const equity = [100, 110, 120, 90].map((units, d) =>
      equityRow({ tradeDate: dates[d]!, equityMicros: units * 1e6 }),
    );
    const manifest = manifestOf({ capitalMicros: 100e6, returnBase: 'fixed' });
    const input = { ...metricsInput(toRunData({ manifest, tables: {} })), equity };
    const parts = sampleFigures(input, toIsoDate(dates[2] as TradeDate))!;
    // 10 of 100 twice, then 30 down: of 100 again, not of 120.
    expect(value(parts.inSample, 'totalReturn')).toBeCloseTo(0.1, 12);
    expect(value(parts.outOfSample, 'totalReturn')).toBeCloseTo(-0.2, 12);
    expect(value(parts.outOfSample, 'maxDrawdown')).toBe(30);
    expect(value(parts.outOfSample, 'maxDrawdownShare')).toBeCloseTo(0.3, 12);
  });

  it('are not given where no date was named or one part has no trade date', () => {
    const input = metricsInput(run);
    expect(sampleFigures(input, null)).toBe(null);
    expect(sampleFigures(input, isoAt(run, 0))).toBe(null);
    expect(sampleFigures(input, '2030-01-01')).toBe(null);
    expect(sampleFigures(input, isoAt(run, 1))).not.toBe(null);
    expect(sampleFigures(input, isoAt(run, 299))).not.toBe(null);
  });
});

describe('spans and label', () => {
  const base = { from: '2021-03-01', to: '2022-12-30' };
  const day = (text: string): number => parseTradeDate(text);

  it('shade the warm-up up to the day before the first warm date, and the out-of-sample part to the end', () => {
    const manifest = manifestOf({
      ...base,
      warmUp: { from: '2021-01-04', until: '2021-03-01' },
      outOfSample: '2022-01-03',
    });
    expect(spansOf(manifest)).toEqual([
      { label: 'warm-up', from: day('2021-01-04'), to: day('2021-02-28') },
      { label: 'out of sample', from: day('2022-01-03'), to: day('2022-12-30') },
    ]);
  });

  it('shade all of a run that never became warm', () => {
    const manifest = manifestOf({ ...base, warmUp: { from: '2021-03-01', until: null } });
    expect(spansOf(manifest)).toEqual([
      { label: 'warm-up', from: day('2021-03-01'), to: day('2022-12-30') },
    ]);
  });

  it.each([
    ['nothing named', null, null, 0],
    ['a date after the run', '2023-01-02', 'IN-SAMPLE', 0],
    ['a date before it', '2020-01-02', 'OUT OF SAMPLE', 1],
    ['its first date', '2021-03-01', 'OUT OF SAMPLE', 1],
    ['the date after that', '2021-03-02', 'OUT OF SAMPLE FROM 2021-03-02', 1],
    ['its last date', '2022-12-30', 'OUT OF SAMPLE FROM 2022-12-30', 1],
  ])('of %s', (_name, outOfSample, label, spans) => {
    const manifest = manifestOf({ ...base, outOfSample });
    expect(sampleLabel(manifest)).toBe(label);
    expect(spansOf(manifest)).toHaveLength(spans);
  });

  it('a run written before these fields has none', () => {
    const { warmUp: _w, outOfSample: _o, ...old } = manifestOf(base);
    expect(spansOf(old)).toEqual([]);
    expect(sampleLabel(old)).toBe(null);
  });
});

it('the report shades the spans of the run itself and puts the parts side by side', () => {
  const plain = fixtureRun({ dates: 300 });
  const manifest = {
    ...plain.manifest,
    outOfSample: isoAt(plain, 200),
    warmUp: { from: '2000-12-01', until: plain.manifest.from },
  };
  const split = { ...plain, manifest } as RunData;
  const summary = summarise(split, null, { random: hashRandom(1), draws: 200 });
  const { model } = buildReportModel({ ...split, summary }, {}, { tapes: [], note: '' });
  expect(model.spans.map((span) => span.label)).toEqual(['warm-up', 'out of sample']);
  expect(model.labels).toContain(`OUT OF SAMPLE FROM ${manifest.outOfSample}`);
  const [table] = model.tables['equity']!;
  expect(table!.rows.map((row) => [row[0], row[3]])).toEqual([
    ['in sample', 200],
    ['out of sample', 100],
  ]);
  expect(table!.rows.map((row) => row[4])).toEqual(
    [summary.samples!.inSample, summary.samples!.outOfSample].map((part) =>
      value(part, 'netProfit'),
    ),
  );
  const without = buildReportModel(plain, {}, { tapes: [], note: '' }).model;
  expect(without.spans).toEqual([]);
  expect(without.tables['equity']).toEqual([]);
});
