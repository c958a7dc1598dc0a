import { afterAll, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { checkDataset } from '../../src/data/quality.ts';
import { INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

// Grains trade in a day and an evening part; the others pause once a day.
const sample = makeSampleCatalog({
  products: ['ES', 'CL', 'ZC'],
  from: '2022-10-03',
  to: '2022-12-30',
  minuteFrom: '2022-12-01',
  intervals: ['1m', '1h', '1d'],
});
afterAll(() => sample.remove());

it('the check of the sample has no finding: no issue, no gap, no session without bars', () => {
  const specs = loadInstruments(INSTRUMENTS_DIR);
  const calendars = createCalendars();
  const dataset = openCatalog(sample.catalogDir).dataset('sample');
  const report = checkDataset(dataset, {
    calendars: (root) => calendars.forInstrument(specs.get(root)!),
    specs: (root) => specs.get(root) ?? null,
  });
  expect(report.rows).toBeGreaterThan(50_000);
  expect(report).toMatchObject({ isFit: true, counts: {}, issues: [] });
  expect({ gaps: report.gaps, gapCount: report.gapCount, empty: report.emptySessions }).toEqual({
    gaps: [],
    gapCount: 0,
    empty: 0,
  });
});
