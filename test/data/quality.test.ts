import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { TradingCalendar } from '../../src/core/ports.ts';
import type { SessionColumns } from '../../src/core/session.ts';
import { parseTsUs, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { DatasetMeta } from '../../src/data/manifest.ts';
import { checkDataset } from '../../src/data/quality.ts';
import { ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();

function stored(bars: BarColumns, meta: Partial<DatasetMeta> = {}): Dataset {
  const dataset = openCatalog(tempFolder()).createDataset(metaOf('one', meta));
  const writer = dataset.beginWrite({ isValidated: false });
  writer.putBars(ES, '1m', 2024, bars);
  return writer.commit();
}

/** Ten good bars, changed by `edit`. */
function bars(edit: (columns: BarColumns) => void, isFloat = false): BarColumns {
  const good = minuteBars(10);
  const prices = (values: ArrayLike<number>): Int32Array | Float64Array =>
    isFloat ? Float64Array.from(values) : Int32Array.from(values);
  const copy = {
    ...good,
    open: prices(good.open),
    high: prices(good.high),
    low: prices(good.low),
    close: prices(good.close),
  };
  edit(copy);
  return copy;
}

/** Sessions from 14:30 to 14:40 UTC on every day, perhaps with a break between two minutes of it. */
function tinyCalendar(pause: readonly [number, number] | null = null): TradingCalendar {
  const dayOf = (us: number): number => Math.floor(us / US_PER_DAY);
  const open = (day: number): number => day * US_PER_DAY + 14.5 * US_PER_HOUR;
  const inBreak = (day: number, end: 0 | 1): number =>
    open(day) + (pause?.[end] ?? 0) * US_PER_MINUTE;
  const calendar = {
    id: 'tiny',
    zone: 'UTC',
    tradeDateOf: (us: number) => dayOf(us),
    sessions(from: number, to: number): SessionColumns {
      const days = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      return {
        length: days.length,
        openUs: Float64Array.from(days, open),
        closeUs: Float64Array.from(days, (day) => open(day) + 10 * US_PER_MINUTE),
        label: Int32Array.from(days),
        tradeDate: Int32Array.from(days),
        settleUs: Float64Array.from(days, open),
        breakRow: Int32Array.from(pause === null ? [] : days.keys()),
        breakStartUs: Float64Array.from(pause === null ? [] : days, (day) => inBreak(day, 0)),
        breakEndUs: Float64Array.from(pause === null ? [] : days, (day) => inBreak(day, 1)),
      };
    },
    isOpen: (us: number) => us < inBreak(dayOf(us), 0) || us >= inBreak(dayOf(us), 1),
  };
  return calendar as unknown as TradingCalendar;
}

describe('checkDataset', () => {
  it('finds nothing in good data', () => {
    const report = checkDataset(stored(minuteBars(10)), { calendars: () => tinyCalendar() });
    expect(report).toMatchObject({
      isFit: true,
      rows: 10,
      segments: 1,
      counts: {},
      issues: [],
      gapCount: 0,
    });
  });

  it.each([
    ['unsorted', 4, (b: BarColumns) => b.closeUs.set([START], 4), false],
    ['duplicate-time', 5, (b: BarColumns) => b.closeUs.set([b.closeUs[4]!], 5), false],
    ['open-after-close', 3, (b: BarColumns) => b.openUs.set([b.closeUs[3]! + 1], 3), false],
    ['high-low', 6, (b: BarColumns) => b.high.set([b.low[6]! - 1], 6), false],
    ['high-low', 2, (b: BarColumns) => b.close.set([b.high[2]! + 1], 2), false],
    ['negative-volume', 7, (b: BarColumns) => b.volume.set([-1], 7), false],
    ['not-a-number', 1, (b: BarColumns) => b.low.set([NaN], 1), true],
    ['off-grid', 8, (b: BarColumns) => b.close.set([b.close[8]! + 0.5], 8), true],
    ['out-of-session', 0, (b: BarColumns) => b.openUs.set([START - 1], 0), false],
  ] as const)('reports %s with file, row and reason', (reason, row, edit, isFloat) => {
    const meta: Partial<DatasetMeta> = isFloat
      ? { grids: { ES: { kind: 'float', increment: 0.25 } } }
      : {};
    const dataset = stored(bars(edit, isFloat), meta);
    const report = checkDataset(dataset, { calendars: () => tinyCalendar() });
    expect(report.counts[reason]).toBe(1);
    const issue = report.issues.find((entry) => entry.reason === reason)!;
    expect(issue).toMatchObject({ row, file: dataset.manifest.segments[0]!.file, contract: ES });
    expect(report.isFit).toBe(!report.issues.some((entry) => entry.severity === 'error'));
    expect(report.rows).toBe(10);
  });

  it('reports a changed byte, a missing tail and a missing file', () => {
    const change = (edit: (path: string) => void): string[] => {
      const dataset = stored(minuteBars(10));
      edit(dataset.pathOf(dataset.manifest.segments[0]!));
      return checkDataset(dataset).issues.map((issue) => issue.reason);
    };
    const flip = (path: string): void => {
      const bytes = fs.readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      fs.writeFileSync(path, bytes);
    };
    expect(change(flip)).toContain('file-corrupt');
    expect(change((path) => fs.truncateSync(path, fs.statSync(path).size - 1))).toEqual([
      'file-truncated',
    ]);
    expect(change((path) => fs.unlinkSync(path))).toEqual(['file-missing']);
  });

  it('never throws whichever byte of a file is changed', () => {
    const dataset = stored(minuteBars(3));
    const path = dataset.pathOf(dataset.manifest.segments[0]!);
    const good = fs.readFileSync(path);
    for (let at = 0; at < good.length; at += 11) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 0xff;
      fs.writeFileSync(path, bytes);
      expect(checkDataset(dataset).isFit, `byte ${at}`).toBe(false);
    }
  });

  it('counts zero and unknown volumes without calling them wrong', () => {
    const unknown = bars((b) => b.volume.set([0, NaN, NaN]));
    const report = checkDataset(stored(unknown, { volume: 'unknown' }));
    expect(report).toMatchObject({ isFit: true, zeroVolumeRows: 1, unknownVolumeRows: 2 });
  });

  it('reports gaps inside a session and sessions without bars', () => {
    const all = minuteBars(10);
    const keep = [0, 1, 5, 6].map((row) => all.openUs[row]!);
    const openUs = Float64Array.from([...keep, START + 2 * US_PER_DAY]);
    const some = { ...minuteBars(5), openUs, closeUs: openUs.map((us) => us + US_PER_MINUTE) };
    const report = checkDataset(stored(some), { calendars: () => tinyCalendar() });
    expect(report).toMatchObject({ isFit: true, gapCount: 1, emptySessions: 1 });
    expect(report.gaps[0]).toMatchObject({ missingBars: 3, toUs: all.openUs[5] });
  });

  it('does not count a break as a gap, nor hide a gap behind one, and finds rows inside it', () => {
    const rowsAt = (minutes: readonly number[]): BarColumns => {
      const openUs = Float64Array.from(minutes, (minute) => START + minute * US_PER_MINUTE);
      const closeUs = openUs.map((us) => us + US_PER_MINUTE);
      return { ...minuteBars(minutes.length), openUs, closeUs };
    };
    const check = (minutes: readonly number[]) =>
      checkDataset(stored(rowsAt(minutes)), { calendars: () => tinyCalendar([3, 6]) });
    expect(check([0, 1, 2, 6, 7, 8, 9])).toMatchObject({ counts: {}, gapCount: 0 });
    const around = check([0, 1, 7, 8]);
    expect(around).toMatchObject({ counts: {}, gapCount: 1 });
    // Two minutes are missing: one before the break and one after it.
    expect(around.gaps[0]).toMatchObject({
      missingBars: 2,
      fromUs: START + 2 * US_PER_MINUTE,
      toUs: START + 7 * US_PER_MINUTE,
    });
    expect(check([0, 1, 2, 4, 6]).counts).toEqual({ 'out-of-session': 1 });
  });

  it('does not ask a calendar about rows that are only labelled', () => {
    const night = minuteBars(10, 0, parseTsUs('2024-03-04T02:00:00Z'));
    expect(checkDataset(stored(night), { calendars: () => tinyCalendar() }).counts).toEqual({
      'out-of-session': 10,
    });
    expect(
      checkDataset(stored(night, { stamps: 'labels' }), { calendars: () => tinyCalendar() }).counts,
    ).toEqual({});
  });

  it('lists no more issues of a kind than asked, and counts them all', () => {
    const report = checkDataset(stored(bars((b) => b.volume.fill(-1))), { listed: 3 });
    expect(report.issues).toHaveLength(3);
    expect(report.counts).toEqual({ 'negative-volume': 10 });
  });

  it('leaves every file as it was', () => {
    const dataset = stored(bars((b) => b.high.fill(0)));
    const path = join(dataset.folder, dataset.manifest.segments[0]!.file);
    const before = fs.readFileSync(path);
    checkDataset(dataset);
    expect(fs.readFileSync(path).equals(before)).toBe(true);
  });
});
