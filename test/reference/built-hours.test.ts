/** Hours built from LEAN's minutes against the hours that LEAN ships. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { TimeBarBuilder } from '../../src/core/bar-builder/time.ts';
import type { TsUs } from '../../src/core/units.ts';
import { toIsoUtc } from '../../src/core/units.ts';
import type { Bar } from '../core/bar-builder/support.ts';
import { barColumns, barsOf } from '../core/bar-builder/support.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const calendars = createCalendars();

/** Lines of each contract's file in an archive, by contract month. */
function linesOf(path: string): [month: string, cells: string[][]][] {
  return Object.entries(unzipSync(readFileSync(path))).map(([name, bytes]) => [
    /_(\d{6})\.csv$/.exec(name)![1]!,
    strFromU8(bytes)
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(',')),
  ]);
}

function dayUs(date: string): number {
  return Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6, 8)) * 1000;
}

/** Prices in tenths of a cent, whole. */
function barOf(openUs: number, length: number, cells: readonly string[]): Bar {
  const [open, high, low, close] = cells.map((cell) =>
    Math.round(Number(cell) * 1000),
  ) as never as number[];
  const volume = Number(cells[4]);
  return {
    openUs,
    closeUs: openUs + length,
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume,
  };
}

function minutesOf(market: string, code: string): Map<string, Bar[]> {
  const minutes = new Map<string, Bar[]>();
  const folder = join(dir!, 'lean/future', market, 'minute', code);
  for (const file of readdirSync(folder).toSorted()) {
    if (!file.endsWith('_trade.zip')) continue;
    for (const [month, lines] of linesOf(join(folder, file))) {
      const own = lines.map((cells) =>
        barOf(dayUs(file) + Number(cells[0]) * 1000, MINUTE, cells.slice(1)),
      );
      minutes.set(month, [...(minutes.get(month) ?? []), ...own]);
    }
  }
  return minutes;
}

function hoursOf(market: string, code: string): Map<string, Bar> {
  const hours = new Map<string, Bar>();
  for (const [month, lines] of linesOf(
    join(dir!, 'lean/future', market, 'hour', `${code}_trade.zip`),
  ))
    for (const cells of lines) {
      const openUs = dayUs(cells[0]!) + Number(cells[0]!.slice(9, 11)) * HOUR;
      hours.set(`${month} ${toIsoUtc(openUs as TsUs)}`, barOf(openUs, HOUR, cells.slice(1)));
    }
  return hours;
}

/** Hours of the clock, of minutes for which `isUsed` holds. The halt inside one makes two bars of it here and one there: its parts are joined. */
function built(
  market: string,
  code: string,
  group: string,
  isUsed: (minute: Bar) => boolean = () => true,
): Map<string, Bar> {
  const hours = new Map<string, Bar>();
  for (const [month, all] of minutesOf(market, code)) {
    const minutes = all.filter(isUsed);
    if (minutes.length === 0) continue;
    const calendar = calendars.forGroup(group);
    const builder = new TimeBarBuilder({ interval: '1h', calendar, align: 'clock' });
    builder.onBars(barColumns(minutes));
    builder.advance(minutes.at(-1)!.closeUs + HOUR);
    expect(builder.counts).toMatchObject({ used: minutes.length, skippedVolume: 0 });
    for (const bar of barsOf(builder.take())) {
      const openUs = Math.floor(bar.openUs / HOUR) * HOUR;
      const key = `${month} ${toIsoUtc(openUs as TsUs)}`;
      const before = hours.get(key);
      hours.set(key, {
        openUs,
        closeUs: openUs + HOUR,
        open: before?.open ?? bar.open,
        high: Math.max(before?.high ?? -Infinity, bar.high),
        low: Math.min(before?.low ?? Infinity, bar.low),
        close: bar.close,
        volume: (before?.volume ?? 0) + bar.volume,
      });
    }
  }
  return hours;
}

/** Hours of both, and those of them that differ. */
function compare(market: string, code: string, group: string): { both: number; differ: string[] } {
  const shipped = hoursOf(market, code);
  const pairs = [...built(market, code, group)].filter(([key]) => shipped.has(key));
  const differ = pairs
    .filter(([key, bar]) => JSON.stringify(bar) !== JSON.stringify(shipped.get(key)))
    .map(([key]) => key);
  return { both: pairs.length, differ };
}

describe.skipIf(dir === null)('hours built from minutes', () => {
  it('of gold are the shipped hours, all of them', () => {
    const { both, differ } = compare('comex', 'gc', 'cme-metals');
    expect(both).toBeGreaterThan(450);
    expect(differ).toEqual([]);
  });

  it('of the E-mini are the shipped hours, but for two ways in which the shipped ones differ', () => {
    const { both, differ } = compare('cme', 'es', 'cme-equity-index');
    expect(both).toBeGreaterThan(300);
    expect(differ.length).toBe(16);
    // The shipped file begins those days at the regular open, 14:30 UTC in winter.
    const late = built('cme', 'es', 'cme-equity-index', ({ openUs }) => {
      const minuteOfDay = Math.floor(openUs / MINUTE) % 1440;
      return minuteOfDay >= 870 || minuteOfDay < 840;
    });
    const shipped = hoursOf('cme', 'es');
    const prices = (bar: Bar): Bar => ({ ...bar, volume: 0 });
    for (const key of differ) {
      const [mine, theirs] = [late.get(key)!, shipped.get(key)!];
      expect(prices(mine)).toEqual(prices(theirs));
      // On this day its hours count about a twentieth more contracts than its own minutes do, at the same prices.
      if (!key.includes('2020-01-06')) expect(mine.volume).toBe(theirs.volume);
      else expect(Math.abs(theirs.volume / mine.volume - 1.05)).toBeLessThan(0.02);
    }
  });
});
