import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC_DEFS } from '../../src/research/metric-defs.ts';
import { metricsReference } from '../../src/research/metric-reference.ts';
import { computeMetrics } from '../../src/research/metrics.ts';
import { metricsInput } from '../../src/research/summary.ts';
import { fixtureRun } from './support.ts';

describe('the reference page of the metrics', () => {
  it('is what the definitions say (npx tsx scripts/gen-docs.ts)', () => {
    const file = new URL('../../docs/reference/metrics.md', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(metricsReference());
  });

  it('names each figure of a summary, and no other', () => {
    const metrics = computeMetrics(metricsInput(fixtureRun({ dates: 30, tradesPerRoot: 4 })));
    expect(METRIC_DEFS.map((def) => def.key).toSorted()).toEqual(Object.keys(metrics).toSorted());
  });
});
