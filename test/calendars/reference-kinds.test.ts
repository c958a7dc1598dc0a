/** Session files of CME Group: the kind of every day, and walks from open to open over the whole range. */
import { describe, expect, it } from 'vitest';
import type { GroupCalendar } from '../../src/calendars/group-calendar.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TsUs } from '../../src/core/units.ts';
import { parseTsUs } from '../../src/core/units.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const calendars = createCalendars();
type Row = Record<string, string>;
const read = (file: string): Row[] =>
  dir === null ? [] : readReferenceCsv(dir, `calendars/cme-events/${file}`);
const instant = (text: string): TsUs => parseTsUs(text.replace('Z', ':00Z'));

const FILES: readonly (readonly [group: string, file: string, leftOut: readonly string[]])[] = [
  ['cme-equity-index', 'equity-index_sessions.csv', []],
  ['cme-interest-rate', 'interest-rates_sessions.csv', ['2012-10-29']],
  ['cme-energy', 'energy_sessions.csv', ['2024-11-29']],
  [
    'cme-grains',
    'grains_sessions.csv',
    [
      '2016-07-01',
      '2021-07-02',
      '2021-12-23',
      '2022-07-01',
      '2022-12-23',
      '2023-07-03',
      '2023-12-22',
    ],
  ],
];

/** In the words of the files: an early close is one before the group's own, a day-only session has no evening. */
function kindOf(calendar: GroupCalendar, label: string): string {
  const session = calendar.sessionOfLabel(parseTradeDate(label));
  if (session === null) return 'closed';
  const regime = calendar.rules.regimes.filter((one) => one.from <= label).at(-1)!;
  const [hours, minutes] = (regime.hours.segments.at(-1)![1] as string).split(':').map(Number);
  const isEarly = calendar.localMinutes(session.closeUs) < hours! * 60 + minutes!;
  const isDayOnly = calendar.localMinutes(session.openUs) < 12 * 60;
  if (isDayOnly) return isEarly ? 'day-only+early' : 'day-only';
  return isEarly ? 'early' : 'regular';
}

describe.skipIf(dir === null)('session files of CME Group', () => {
  it.each(FILES)('%s has the kind of every row of %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const wrong = read(file).filter((row) => row['kind'] !== kindOf(calendar, row['session']!));
    expect(wrong).toEqual([]);
    expect(new Set(read(file).map((row) => row['kind'])).size).toBeGreaterThan(1);
  });

  it.each(FILES)('%s walks from open to open and from close to close through %s', (...row) => {
    const [group, file, leftOut] = row;
    const calendar = calendars.forGroup(group);
    const rows = read(file);
    // A break closes and reopens. What a left-out day adds is not in the file, so it is taken out of the walk.
    const isLeftOut = (us: TsUs): boolean => {
      const session = calendar.sessionAt(us) ?? calendar.sessionAt((us - 1) as TsUs);
      return session !== null && leftOut.includes(toIsoDate(session.label));
    };
    const opens = rows.flatMap((one) =>
      [one['open_utc']!, one['break_end_utc']!].filter(Boolean).map(instant),
    );
    const closes = rows.flatMap((one) =>
      [one['break_start_utc']!, one['close_utc']!].filter(Boolean).map(instant),
    );
    const walk = (from: TsUs, to: TsUs, step: (us: TsUs) => TsUs): TsUs[] => {
      const list: TsUs[] = [];
      for (let us = from; us <= to === from <= to && us !== to; us = step(us)) list.push(us);
      return [...list, to].filter((us) => !isLeftOut(us));
    };
    const [firstOpen, lastOpen] = [opens[0]!, opens.at(-1)!];
    const [firstClose, lastClose] = [closes[0]!, closes.at(-1)!];
    expect(walk(firstOpen, lastOpen, (us) => calendar.nextOpenUs(us))).toEqual(opens);
    expect(walk(firstClose, lastClose, (us) => calendar.nextCloseUs(us))).toEqual(closes);
    expect(walk(lastOpen, firstOpen, (us) => calendar.previousOpenUs(us))).toEqual(
      opens.toReversed(),
    );
    expect(walk(lastClose, firstClose, (us) => calendar.previousCloseUs(us))).toEqual(
      closes.toReversed(),
    );
  });
});
