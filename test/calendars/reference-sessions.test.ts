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
  dir === null ? [] : readReferenceCsv(dir, `calendars/cme-events/${file}`);

/** Days that the answers leave out because their sources disagree. Every other weekday without a row is closed. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'cme-equity-index': [],
  'cme-interest-rate': ['2012-10-29'],
  'cme-energy': ['2024-11-29'],
  'cme-grains': [
    '2016-07-01',
    '2021-07-02',
    '2021-12-23',
    '2022-07-01',
    '2022-12-23',
    '2023-07-03',
    '2023-12-22',
  ],
};
const FILES: readonly (readonly [group: string, file: string])[] = [
  ['cme-equity-index', 'equity-index_sessions.csv'],
  ['cme-interest-rate', 'interest-rates_sessions.csv'],
  ['cme-energy', 'energy_sessions.csv'],
  ['cme-grains', 'grains_sessions.csv'],
];

/** Sessions of a group with labels in [from, to], in the columns of the answer files. */
function ours(group: string, from: TradeDate, to: TradeDate): Row[] {
  const columns = calendars.forGroup(group).sessions(from, addDays(to, 7));
  const rows: Row[] = [];
  for (let i = 0; i < columns.length; i += 1) {
    const label = columns.label[i]! as TradeDate;
    if (label < from || label > to) continue;
    const at = columns.breakRow.indexOf(i);
    rows.push({
      session: toIsoDate(label),
      open_utc: minuteOf(columns.openUs[i]!),
      close_utc: minuteOf(columns.closeUs[i]!),
      break_start_utc: at < 0 ? '' : minuteOf(columns.breakStartUs[at]!),
      break_end_utc: at < 0 ? '' : minuteOf(columns.breakEndUs[at]!),
      trade_date: toIsoDate(columns.tradeDate[i]! as TradeDate),
    });
  }
  return rows;
}

function minuteOf(us: number): string {
  return toIsoUtc(us as TsUs).replace(/:00Z$/, 'Z');
}

describe.skipIf(dir === null)('session files of CME Group', () => {
  it.each(FILES)('%s agrees with every row of %s, and has no other label', (group, file) => {
    const rows = read(file);
    const skipped = LEFT_OUT[group]!;
    const got = ours(
      group,
      parseTradeDate(rows[0]!['session']!),
      parseTradeDate(rows.at(-1)!['session']!),
    ).filter((row) => !skipped.includes(row['session']!));
    const want = rows.map(({ kind: _, trade_date, ...row }, i) => ({
      ...row,
      // Empty where sources disagree: any answer will do.
      trade_date: trade_date === '' ? (got[i]?.['trade_date'] ?? '') : trade_date!,
    }));
    expect(rows.length).toBeGreaterThan(2500);
    expect(got).toEqual(want);
  });

  it.each(FILES)('%s answers instants at the edges of every session of %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const wrong: string[] = [];
    for (const row of read(file)) {
      const open = parseTsUs(row['open_utc']!.replace('Z', ':00Z'));
      const close = parseTsUs(row['close_utc']!.replace('Z', ':00Z'));
      const label = parseTradeDate(row['session']!);
      const isRight =
        calendar.isOpen(open) &&
        calendar.isOpen((close - 1) as TsUs) &&
        !calendar.isOpen(close) &&
        calendar.sessionAt(open)?.label === label &&
        calendar.sessionAt((open - 1) as TsUs)?.label !== label &&
        calendar.tradeDateOf(open) === calendar.tradeDateOf((close - 1) as TsUs) &&
        calendar.nextOpenUs((open - 1) as TsUs) === open &&
        calendar.nextCloseUs((close - 1) as TsUs) === close;
      if (!isRight) wrong.push(row['session']!);
      if (row['break_start_utc'] !== '') {
        const start = parseTsUs(row['break_start_utc']!.replace('Z', ':00Z'));
        const end = parseTsUs(row['break_end_utc']!.replace('Z', ':00Z'));
        const middle = ((start + end) / 2) as TsUs;
        const isBreak =
          !calendar.isOpen(middle) &&
          calendar.sessionAt(middle)?.label === label &&
          calendar.nextOpenUs(middle) === end &&
          calendar.nextCloseUs((start - 1) as TsUs) === start;
        if (!isBreak) wrong.push(`${row['session']} break`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(dir === null)('days around holidays, 2009 to 2023', () => {
  it.each([
    ['cme-equity-index', 'equity-index_verified-days.csv'],
    ['cme-interest-rate', 'interest-rates_verified-days.csv'],
  ])('%s agrees with %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const rows = read(file);
    const wrong = rows.filter((row) => {
      const label = parseTradeDate(row['session']!);
      const session = calendar.sessionOfLabel(label);
      if (row['status'] === 'closed' || session === null) {
        return !(row['status'] === 'closed' && session === null);
      }
      const close = minuteOf(session.closeUs);
      if (row['status'] === 'early') return close !== row['close_utc'];
      // The regular close and open printed for labels before 2015-09-21 are not those of the time.
      const isSinceRegime = row['session']! >= '2015-09-21';
      return (
        isSinceRegime &&
        (close !== row['close_utc'] || minuteOf(session.openUs) !== row['open_utc'])
      );
    });
    expect(rows.length).toBeGreaterThan(400);
    expect(wrong).toEqual([]);
  });

  it('a regular day of the equity index before 2015-09-21 is as long as its neighbours', () => {
    const calendar = calendars.forGroup('cme-equity-index');
    const wrong = read('equity-index_verified-days.csv').filter((row) => {
      if (row['status'] !== 'regular' || row['session']! >= '2015-09-21') return false;
      const session = calendar.sessionOfLabel(parseTradeDate(row['session']!))!;
      const close = row['session']! < '2012-11-19' ? 15 * 60 + 15 : 16 * 60 + 15;
      return calendar.localMinutes(session.closeUs) !== close;
    });
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(dir === null)('holidays', () => {
  it('the trade-date holidays of CME Group are those of the list, 2000 to 2030', () => {
    const days = calendars.businessCalendar('cme-trade-date');
    const holidays: string[] = [];
    for (
      let date = parseTradeDate('2000-01-01');
      date <= parseTradeDate('2030-12-31');
      date = addDays(date, 1)
    ) {
      if (isWeekday(date) && !days.isBusinessDay(date)) holidays.push(toIsoDate(date));
    }
    expect(holidays).toEqual(read('trade-date-holidays_2000-2030.csv').map((row) => row['date']));
  });

  it('the closed days of Eurex are those of the list, 2005 to 2030', () => {
    const calendar = calendars.forGroup('eurex-index');
    const closed: string[] = [];
    for (
      let date = parseTradeDate('2005-01-03');
      date <= parseTradeDate('2030-12-31');
      date = addDays(date, 1)
    ) {
      if (isWeekday(date) && calendar.sessionOfLabel(date) === null) closed.push(toIsoDate(date));
    }
    expect(closed).toEqual(read('eurex_closed-days.csv').map((row) => row['date']));
  });
});

function isWeekday(date: TradeDate): boolean {
  return weekdayOf(date) >= 1 && weekdayOf(date) <= 5;
}
