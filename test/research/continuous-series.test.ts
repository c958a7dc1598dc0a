/** The continuous series that a user reads from TypeScript, on a small sample. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContinuousSeries } from '../../src/research/continuous-series.ts';
import { INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';

describe('a continuous series from TypeScript', () => {
  let sample: SampleCatalog;
  beforeAll(() => {
    sample = makeSampleCatalog({ products: ['ES'], from: '2021-01-04', to: '2021-12-30' });
  });
  afterAll(() => {
    sample.remove();
  });

  const read = (adjust: 'none' | 'back-difference') =>
    readContinuousSeries({
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      dataset: 'sample',
      root: 'ES',
      bars: '1d',
      adjust,
    });

  it('holds one contract at a time and adds the later gaps to its prices', () => {
    const { columns, schedule, contracts } = read('back-difference');
    const raw = read('none').columns;
    expect(schedule.rolls.length).toBeGreaterThanOrEqual(3);
    expect(columns.length).toBe(raw.length);
    expect(columns.length).toBeGreaterThan(240);
    for (let i = 0; i < columns.length; i += 1) {
      const later = schedule.rolls.filter((roll) => roll.effectiveUs >= columns.closeUs[i]!);
      const gap = later.reduce((sum, roll) => sum + roll.toPrice - roll.fromPrice, 0);
      expect(columns.close[i]).toBeCloseTo(raw.close[i]! + gap * 0.25, 9);
      expect(raw.close[i]).toBe(raw.rawClose[i]! * 0.25);
    }
    expect(contracts[columns.contractIndex[columns.length - 1]!]).toBe(schedule.rolls.at(-1)!.to);
  });

  it('reads the trade dates that were asked for, and says what there is instead of others', () => {
    const options = {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      dataset: 'sample',
      root: 'ES',
      bars: '1d',
    } as const;
    const { columns } = readContinuousSeries({ ...options, from: '2021-06-01', to: '2021-06-30' });
    expect(columns.length).toBe(22);
    expect(() => readContinuousSeries({ ...options, to: '2031-01-01' })).toThrow(
      /asked from its start to 2031-01-01/,
    );
  });
});
