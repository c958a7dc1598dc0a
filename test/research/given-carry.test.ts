/** Data that came with their own rolls name a carry contract for each held one: run and view read that one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLabelCalendar } from '../../src/calendars/label-calendar.ts';
import type { SeriesRequest } from '../../src/core/strategy.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { importPysystemtrade } from '../../src/data/ingest/pysystemtrade.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { openCalendars } from '../../src/research/calendar-files.ts';
import { readContinuousSeries } from '../../src/research/continuous-series.ts';
import type { ContinuousSeriesOptions } from '../../src/research/continuous-series.ts';
import { planRun } from '../../src/research/plan.ts';
import type { RunPlan } from '../../src/research/plan.ts';
import { INSTRUMENTS_DIR } from '../support/sample-catalog.ts';

/** Held March with carry three months before, April with one, May with May itself; prices invented. */
const FILE = `DATETIME,PRICE,PRICE_CONTRACT,FORWARD,FORWARD_CONTRACT,CARRY,CARRY_CONTRACT
2020-01-06 23:00:00,60,20200300,61,20200400,57,20191200
2020-01-07 23:00:00,61,20200300,62,20200400,,20191200
2020-01-08 23:00:00,62,20200300,63,20200400,59,20191200
2020-01-09 23:00:00,64,20200400,65,20200500,63,20200300
2020-01-10 23:00:00,65,20200400,66,20200500,64,20200300
2020-01-13 23:00:00,67,20200500,68,20200600,67,20200500
2020-01-14 23:00:00,68,20200500,69,20200600,68,20200500
`;

describe('the carry contract that the data name', () => {
  const catalogDir = mkdtempSync(join(tmpdir(), 'frontmonth-given-carry-'));
  afterAll(() => {
    rmSync(catalogDir, { recursive: true, force: true });
  });
  const specs = loadInstruments(INSTRUMENTS_DIR);
  const { dataset } = importPysystemtrade({
    catalog: openCatalog(catalogDir),
    dataset: 'given',
    createdBy: 'test',
    files: [{ code: 'CRUDE_W', file: 'CRUDE_W.csv', bytes: new TextEncoder().encode(FILE) }],
    specOf: (root) => specs.get(root),
  });
  const plan = (curve: SeriesRequest['curve']): RunPlan =>
    planRun({
      dataset,
      specs,
      calendars: openCalendars(),
      labelCalendar: createLabelCalendar,
      requirements: { series: [{ root: 'CL', bars: '1d', curve: curve ?? false }] },
      roots: ['CL'],
    });
  /** Carry contract and years to it, by held contract. */
  const carryOf = (from: RunPlan): unknown[] => {
    const { carry, carryYears } = from.series[0]!.curve!;
    return from.chains[0]!.schedule.held.map((own) => [
      from.table.contractAt(own).id,
      carry[own]! < 0 ? null : from.table.contractAt(carry[own]!).id,
      carryYears[own],
    ]);
  };

  it('is read by a run, with its bars, whatever step of the cycle it is; itself is none', () => {
    const own = plan(true);
    expect(carryOf(own)).toEqual([
      ['CLH2020', 'CLZ2019', -0.25],
      ['CLJ2020', 'CLH2020', expect.closeTo(-1 / 12, 12)],
      ['CLK2020', null, NaN],
    ]);
    expect(own.feeds.map(({ contract }) => contract)).toContain('CLZ2019');
  });

  it('gives way to a strategy that asks for a side', () => {
    expect(carryOf(plan({ carryOffset: 1 }))).toEqual([
      ['CLH2020', 'CLJ2020', expect.closeTo(1 / 12, 12)],
      ['CLJ2020', 'CLK2020', expect.closeTo(1 / 12, 12)],
      ['CLK2020', 'CLM2020', expect.closeTo(1 / 12, 12)],
    ]);
  });

  it('is what the view outside a run shows, row by row', () => {
    const rows = (curve: ContinuousSeriesOptions['curve']): unknown[] => {
      const read = readContinuousSeries({
        catalogDir,
        instrumentsDir: INSTRUMENTS_DIR,
        dataset: 'given',
        root: 'CL',
        bars: '1d',
        ...(curve === undefined ? {} : { curve }),
      });
      const { carryIndex, carry } = read.curve!;
      return Array.from(carryIndex, (index, row) => [
        index < 0 ? null : read.contracts[index],
        Math.round(carry[row]! * 100) / 100,
      ]);
    };
    expect(rows(true)).toEqual([
      ['CLZ2019', 57],
      ['CLZ2019', NaN],
      ['CLZ2019', 59],
      ['CLH2020', 63],
      ['CLH2020', 64],
      [null, NaN],
      [null, NaN],
    ]);
    expect(rows({ carryOffset: 1 })).toEqual([
      ['CLJ2020', 61],
      ['CLJ2020', 62],
      ['CLJ2020', 63],
      ['CLK2020', 65],
      ['CLK2020', 66],
      ['CLM2020', 68],
      ['CLM2020', 69],
    ]);
  });
});
