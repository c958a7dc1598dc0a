/** Europe and Asia against the reference answers: stock calendars, the simplified Eurex, its closed days. */
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { addDays, parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';
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
  dir === null ? [] : readReferenceCsv(dir, `calendars/${file}`);

const FILES: readonly (readonly [group: string, file: string, rows: number])[] = [
  ['XHKG', 'sessions/XHKG.csv', 6331],
  ['XASX', 'sessions/XASX.csv', 6357],
  ['compat/XEUR', 'sessions/XEUR.csv', 1271],
];

const minuteOf = (us: number): string => toIsoUtc(us as TsUs).replace(/:00Z$/, 'Z');
const instantOf = (text: string): TsUs => parseTsUs(text.replace('Z', ':00Z'));

/** Sessions of a group with labels in [from, to], in the columns of the answer files. */
function ours(group: string, from: TradeDate, to: TradeDate): Row[] {
  const columns = calendars.forGroup(group).sessions(from, to);
  return Array.from({ length: columns.length }, (_, i) => {
    const at = columns.breakRow.indexOf(i);
    return {
      session: toIsoDate(columns.label[i]! as TradeDate),
      open_utc: minuteOf(columns.openUs[i]!),
      close_utc: minuteOf(columns.closeUs[i]!),
      break_start_utc: at < 0 ? '' : minuteOf(columns.breakStartUs[at]!),
      break_end_utc: at < 0 ? '' : minuteOf(columns.breakEndUs[at]!),
    };
  });
}

describe.skipIf(dir === null)('stock calendars and the simplified Eurex', () => {
  it.each(FILES)('%s agrees with every row of %s, and has no other label', (group, file, count) => {
    const rows = read(file);
    expect(rows.length).toBe(count);
    const [first, last] = [rows[0]!['session']!, rows.at(-1)!['session']!].map(parseTradeDate);
    expect(ours(group, first!, last!)).toEqual(rows);
  });

  it.each(FILES)('%s answers instants at the edges of every session of %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const wrong: string[] = [];
    for (const row of read(file)) {
      const [open, close] = [instantOf(row['open_utc']!), instantOf(row['close_utc']!)];
      const label = parseTradeDate(row['session']!);
      const isRight =
        calendar.isOpen(open) &&
        calendar.isOpen((close - 1) as TsUs) &&
        !calendar.isOpen(close) &&
        !calendar.isOpen((open - 1) as TsUs) &&
        calendar.sessionAt(open)?.label === label &&
        calendar.sessionAt((close - 1) as TsUs)?.label === label &&
        calendar.tradeDateOf(open) === label &&
        calendar.tradeDateOf((close - 1) as TsUs) === label;
      if (!isRight) wrong.push(row['session']!);
      if (row['break_start_utc'] === '') continue;
      const [start, end] = [instantOf(row['break_start_utc']!), instantOf(row['break_end_utc']!)];
      const middle = ((start + end) / 2) as TsUs;
      const isBreak =
        calendar.isOpen((start - 1) as TsUs) &&
        !calendar.isOpen(start) &&
        !calendar.isOpen(middle) &&
        calendar.isOpen(end) &&
        calendar.sessionAt(middle)?.label === label;
      if (!isBreak) wrong.push(`${row['session']} break`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(FILES)(
    '%s walks through every open and close of %s, forwards and back',
    (group, file) => {
      const calendar = calendars.forGroup(group);
      const rows = read(file);
      const segments = rows.flatMap((row) =>
        row['break_start_utc'] === ''
          ? [[row['open_utc']!, row['close_utc']!]]
          : [
              [row['open_utc']!, row['break_start_utc']!],
              [row['break_end_utc']!, row['close_utc']!],
            ],
      );
      const [opens, closes] = [0, 1].map((end) => segments.map((each) => instantOf(each[end]!)));
      let at = (opens![0]! - 1) as TsUs;
      for (const [i, open] of opens!.entries()) {
        const nextOpen = calendar.nextOpenUs(at);
        const nextClose = calendar.nextCloseUs(nextOpen);
        if (nextOpen !== open || nextClose !== closes![i]) {
          expect([nextOpen, nextClose].map(minuteOf)).toEqual(segments[i]);
        }
        at = nextClose;
      }
      for (let i = opens!.length - 1; i > 0; i -= 1) {
        const close = calendar.previousCloseUs((closes![i]! + 1) as TsUs);
        const open = calendar.previousOpenUs(close);
        if (open !== opens![i] || close !== closes![i]) {
          expect([open, close].map(minuteOf)).toEqual(segments[i]);
        }
      }
      expect(at).toBe(closes!.at(-1));
    },
  );
});

describe.skipIf(dir === null)('closed days of Eurex', () => {
  it.each(['eurex-index', 'eurex-rates'])('are those of %s, and there are no others', (group) => {
    const rows = read('cme-events/eurex_closed-days.csv').map((row) => row['date']!);
    expect(rows.length).toBe(164);
    const calendar = calendars.forGroup(group);
    const closed: string[] = [];
    const last = parseTradeDate(rows.at(-1)!);
    for (let date = parseTradeDate('2005-01-03'); date <= last; date = addDays(date, 1)) {
      const isWeekday = weekdayOf(date) % 6 !== 0;
      if (isWeekday && calendar.sessionOfLabel(date) === null) closed.push(toIsoDate(date));
    }
    expect(closed).toEqual(rows);
  });
});
