import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { AnyStrategyDefinition, DataRequirements } from '../../src/core/strategy.ts';
import type { TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
const FROM = Date.UTC(2022, 9, 3) * 1000;
const TO = Date.UTC(2022, 9, 28) * 1000;
const HOUR = 3_600_000_000;

beforeAll(() => {
  sample = makeSampleCatalog({ from: '2022-08-01', to: '2022-11-30', products: ['ES', 'CL'] });
  const dataset = openCatalog(sample.catalogDir).dataset('sample');
  const rows = Array.from({ length: Math.floor((TO - FROM) / HOUR) }, (_, i) => FROM + i * HOUR);
  const writer = dataset.beginWrite({ isValidated: false });
  writer.put('trades', 'ESZ2022' as never, 2022, {
    length: rows.length,
    tsUs: Float64Array.from(rows),
    seq: Float64Array.from(rows, (_, i) => i),
    price: Int32Array.from(rows, (_, i) => 15_000 + (i % 7)),
    qty: new Float64Array(rows.length).fill(1),
    aggressor: new Int8Array(rows.length),
  });
  writer.commit();
});
afterAll(() => sample.remove());

function reader(more: Partial<DataRequirements>, seen: [TsUs, number][]): AnyStrategyDefinition {
  return defineStrategy({
    id: 'reader',
    version: '1',
    description: 'Reads trades.',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series: [{ root: 'ES', bars: '1h' }], ...more }),
    create: () => ({
      onTrade: (trade, ctx) => {
        expect(trade.contract).toBe(ctx.contract('ES'));
        seen.push([trade.tsUs, trade.priceTicks]);
      },
    }),
  });
}

function run(more: Partial<DataRequirements>, from: string, to: string): [TsUs, number][] {
  const seen: [TsUs, number][] = [];
  const options = backtestOptions(sample, 'donchian-breakout', {
    strategy: reader(more, seen),
    instruments: ['ES'],
    from,
    to,
  });
  const { result } = simulate(prepareRun(options), 'pessimistic', createHashJournal());
  if (result.error !== null) throw result.error.cause;
  return seen;
}

function refusal(more: Partial<DataRequirements>, from: string, to: string): string {
  try {
    run(more, from, to);
  } catch (error) {
    if (error instanceof TradingError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('ticks of a dataset', () => {
  it('reach the strategy within the span of the run', () => {
    const seen = run({ trades: ['ES'] }, '2022-10-05', '2022-10-20');
    expect(seen.length).toBeGreaterThan(300);
    // The trade date of the 5th begins in the evening of the 4th.
    expect(seen[0]![0]).toBeGreaterThanOrEqual(Date.UTC(2022, 9, 4, 20) * 1000);
    expect(seen.at(-1)![0]).toBeLessThanOrEqual(Date.UTC(2022, 9, 20, 23) * 1000);
    expect(seen.every(([, ticks]) => ticks >= 15_000 && ticks < 15_007)).toBe(true);
  });

  it('are not read unless they are declared', () => {
    expect(run({}, '2022-10-05', '2022-10-20')).toEqual([]);
  });

  it('are refused where the dataset has none of their kind or product', () => {
    expect(refusal({ quotes: ['ES'] }, '2022-10-05', '2022-10-20')).toBe(
      'E_DATA_PRODUCT dataset sample has no quotes of ES',
    );
    expect(refusal({ depth: ['ES'] }, '2022-10-05', '2022-10-20')).toContain('no depth of ES');
    expect(refusal({ trades: ['CL'] }, '2022-10-05', '2022-10-20')).toContain(
      'E_STRATEGY_DATA trades of CL without a series of CL',
    );
  });

  it('are refused beyond their span, and the refusal says what is there', () => {
    expect(refusal({ trades: ['ES'] }, '2022-10-05', '2022-11-20')).toContain(
      'E_DATA_SPAN sample has trades of ESZ2022 from 2022-10-03 to 2022-10-27',
    );
  });
});
