/** Stock and compatibility calendars of New York, London and Chicago against every row of their answers. */
import { describe, expect, it } from 'vitest';
import { loadInstruments } from '../../src/data/instruments.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
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

const FILES: readonly (readonly [group: string, file: string, rows: number])[] = [
  ['XNYS', 'XNYS.csv', 5796],
  ['XLON', 'XLON.csv', 5986],
  ['compat/CMES', 'CMES.csv', 7102],
  ['compat/IEPA', 'IEPA.csv', 4526],
  ['compat/XCBF', 'XCBF.csv', 5889],
];
const read = (file: string): Row[] =>
  dir === null ? [] : readReferenceCsv(dir, `calendars/sessions/${file}`);
const instant = (text: string): TsUs => parseTsUs(text.replace('Z', ':00Z'));
const minuteOf = (us: number): string => toIsoUtc(us as TsUs).replace(/:00Z$/, 'Z');

/** Sessions with labels in [from, to], in the columns of the answer files. */
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

describe.skipIf(dir === null)('stock and compatibility calendars', () => {
  it.each(FILES)('%s agrees with every row of %s, and has no other label', (group, file, count) => {
    const rows = read(file);
    const got = ours(
      group,
      parseTradeDate(rows[0]!['session']!),
      parseTradeDate(rows.at(-1)!['session']!),
    );
    expect(rows.length).toBe(count);
    expect(got).toEqual(rows);
  });

  it.each(FILES)('%s answers instants at the edges of every session of %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const rows = read(file);
    const wrong: string[] = [];
    rows.forEach((row, i) => {
      const open = instant(row['open_utc']!);
      const close = instant(row['close_utc']!);
      const label = parseTradeDate(row['session']!);
      // Sessions of one calendar may touch: then the close is the next open.
      const isTouching = rows[i + 1]?.['open_utc'] === row['close_utc'];
      const wasTouching = rows[i - 1]?.['close_utc'] === row['open_utc'];
      const isRight =
        calendar.isOpen(open) &&
        calendar.isOpen((close - 1) as TsUs) &&
        calendar.isOpen(close) === isTouching &&
        calendar.isOpen((open - 1) as TsUs) === wasTouching &&
        calendar.sessionAt(open)?.label === label &&
        calendar.sessionAt((close - 1) as TsUs)?.label === label &&
        calendar.sessionAt(close)?.label !== label &&
        calendar.sessionAt((open - 1) as TsUs)?.label !== label &&
        calendar.tradeDateOf(open) === label;
      if (!isRight) wrong.push(row['session']!);
    });
    expect(wrong).toEqual([]);
  });

  it.each(FILES)('%s goes from open to open and from close to close through %s', (group, file) => {
    const calendar = calendars.forGroup(group);
    const rows = read(file);
    // Where one session follows another at once, trading neither closes nor opens.
    const opens = rows
      .filter((row, i) => rows[i - 1]?.['close_utc'] !== row['open_utc'])
      .map((row) => instant(row['open_utc']!));
    const closes = rows
      .filter((row, i) => i === rows.length - 1 || rows[i + 1]!['open_utc'] !== row['close_utc'])
      .map((row) => instant(row['close_utc']!))
      .slice(0, -1);
    const chain = (first: TsUs, count: number, step: (us: TsUs) => TsUs): TsUs[] => {
      const list = [first];
      while (list.length < count) list.push(step(list.at(-1)!));
      return list;
    };
    expect(chain(opens[0]!, opens.length, (us) => calendar.nextOpenUs(us))).toEqual(opens);
    expect(chain(closes[0]!, closes.length, (us) => calendar.nextCloseUs(us))).toEqual(closes);
    expect(chain(opens.at(-1)!, opens.length, (us) => calendar.previousOpenUs(us))).toEqual(
      opens.toReversed(),
    );
    expect(chain(closes.at(-1)!, closes.length, (us) => calendar.previousCloseUs(us))).toEqual(
      closes.toReversed(),
    );
  });

  it('are no product’s', () => {
    const specs = [...loadInstruments('catalog/instruments').values()];
    const used = specs
      .filter((spec) => calendars.hasCalendar(spec))
      .map((spec) => calendars.forInstrument(spec).id);
    expect(used.length).toBeGreaterThan(90);
    expect(used.filter((id) => id.startsWith('compat/') || id.startsWith('X'))).toEqual([]);
  });
});
