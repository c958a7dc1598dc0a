/** The check on real bars: faults that are put into them are found, and the bars around stay as they were judged before. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { DataReport, IssueReason } from '../../src/data/quality.ts';
import { checkDataset } from '../../src/data/quality.ts';
import { resampleDataset } from '../../src/data/resample.ts';
import { runReal } from '../cli/support.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { collect, metaOf } from './support.ts';

const dir = referenceDataDir();
const lean = dir === null ? '' : join(dir, 'lean', 'future', 'cme');
const SPEC = loadInstruments(
  fileURLToPath(new URL('../../catalog/instruments', import.meta.url)),
).get('ES')!;
const CALENDAR = createCalendars().forInstrument(SPEC);
const FRONT = 'ESZ2013' as ContractId;
type Field = 'open' | 'high' | 'low' | 'close';
const FIELDS: readonly Field[] = ['open', 'high', 'low', 'close'];
type Bars = BarColumns & Readonly<Record<Field, Float64Array>>;

describe.skipIf(dir === null || !existsSync(lean))(
  `data check on real minutes (${dir === null ? NO_REFERENCE_DATA : 'LEAN'})`,
  () => {
    let cwd = '';
    let dataset: Dataset;
    let clean: DataReport;
    beforeAll(async () => {
      cwd = mkdtempSync(join(tmpdir(), 'frontmonth-quality-'));
      const ran = await runReal(cwd, ['data', 'import', lean, '--into', 'lean']);
      expect(ran.err).not.toContain('error');
      dataset = openCatalog(join(cwd, 'catalog')).dataset('lean');
      clean = check(() => undefined);
    });
    afterAll(() => rmSync(cwd, { recursive: true, force: true }));

    /** The minutes of the front contract, edited, with those of the next one beside them. */
    function check(edit: (bars: Bars) => void): DataReport {
      const folder = mkdtempSync(join(cwd, 'edited-'));
      const writer = openCatalog(folder, { sync: false })
        .createDataset(metaOf('one', { grids: dataset.manifest.grids }))
        .beginWrite({ isValidated: false });
      for (const contract of [FRONT, 'ESH2014' as ContractId]) {
        const columns = collect(dataset.bars({ contract, interval: '1m' }));
        const float = (name: string): Float64Array => Float64Array.from(columns[name]!.map(Number));
        const bars: Bars = {
          length: columns['openUs']!.length,
          openUs: float('openUs'),
          closeUs: float('closeUs'),
          open: float('open'),
          high: float('high'),
          low: float('low'),
          close: float('close'),
          volume: float('volume'),
        };
        if (contract === FRONT) edit(bars);
        writer.putBarsByYear(contract, '1m', bars);
      }
      return checkDataset(writer.commit(), {
        calendars: () => CALENDAR,
        specs: () => SPEC,
        listed: 500,
      });
    }

    /** What an edit adds to the findings. */
    function added(edit: (bars: Bars) => void): Record<string, number> {
      const { counts } = check(edit);
      const more = Object.entries(counts).map(
        ([reason, count]) => [reason, count - (clean.counts[reason as IssueReason] ?? 0)] as const,
      );
      return Object.fromEntries(more.filter(([, count]) => count !== 0));
    }

    const ROW = 5000;
    it('has no error and no stale run in them', () => {
      expect(clean.isFit).toBe(true);
      expect(clean.counts.stale ?? 0).toBe(0);
      expect(clean.rows).toBeGreaterThan(20_000);
    });

    it.each([
      ['outlier', (bars: Bars): void => void (bars.high[ROW]! += 400)],
      ['zero-volume', (bars: Bars): void => void (bars.volume[ROW] = 0)],
      [
        'high-low',
        (bars: Bars): void => {
          bars.low[ROW] = bars.close[ROW]! + 1;
          bars.open[ROW] = bars.close[ROW]! + 1;
        },
      ],
      ['duplicate-time', (bars: Bars): void => void (bars.closeUs[ROW] = bars.closeUs[ROW - 1]!)],
      ['negative-volume', (bars: Bars): void => void (bars.volume[ROW] = -1)],
      [
        'stale',
        (bars: Bars): void => {
          for (const name of FIELDS) bars[name].fill(bars.close[ROW - 1]!, ROW, ROW + 60);
        },
      ],
    ] as const)('finds %s that was put into them, and nothing else', (reason, edit) => {
      expect(added(edit)).toEqual({ [reason]: 1 });
    });

    it('builds hours from them that hold every minute once', () => {
      const report = resampleDataset({
        catalog: openCatalog(join(cwd, 'catalog')),
        dataset: 'lean',
        from: '1m',
        to: '1h',
        into: 'hours',
        contracts: [FRONT],
        calendarOf: () => CALENDAR,
        createdBy: 'test',
      })!;
      const minutes = collect(dataset.bars({ contract: FRONT, interval: '1m' }));
      const hours = collect(report.dataset.bars({ contract: FRONT, interval: '1h' }));
      const last = hours['closeUs']!.at(-1)!;
      const sum = (values: readonly (number | bigint)[]): number =>
        values.reduce<number>((total, value) => total + Number(value), 0);
      const within = minutes['volume']!.filter((_, i) => minutes['closeUs']![i]! <= last);
      expect(report.contracts[0]!.skipped).toBe(0);
      expect(sum(hours['volume']!)).toBe(sum(within));
    });
  },
);
