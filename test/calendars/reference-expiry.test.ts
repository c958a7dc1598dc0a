import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { toIsoDate } from '../../src/core/trade-date.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const calendars = createCalendars();
const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
type Row = Record<string, string>;
const read = (file: string): Row[] =>
  dir === null ? [] : readReferenceCsv(dir, `calendars/expiry/${file}`);

function datesOf(row: Row): { lastTrade: string; firstNotice: string } {
  const spec = instruments.get(row['root']!)!;
  const [year, month] = row['contract_month']!.split('-').map(Number) as [number, number];
  const dates = calendars.ruleDates(spec, year, month);
  return {
    lastTrade: toIsoDate(dates.lastTradeDate),
    firstNotice: dates.firstNoticeDate === null ? '' : toIsoDate(dates.firstNoticeDate),
  };
}

describe.skipIf(dir === null)('expiry rules', () => {
  it('give every last trade date on record, and the first notice beside it', () => {
    const rows = read('last-trade.csv');
    const wrong = rows.filter((row) => {
      const { lastTrade, firstNotice } = datesOf(row);
      // First notice is given for listed months only.
      const notice = row['first_notice_date_by_rule']!;
      return lastTrade !== row['last_trade_date'] || (notice !== '' && firstNotice !== notice);
    });
    expect(rows.length).toBe(733);
    expect(wrong).toEqual([]);
  });

  it('give every published first notice date of 2026', () => {
    const rows = read('first-notice-2026.csv');
    expect(rows.length).toBe(52);
    expect(rows.map((row) => datesOf(row).firstNotice)).toEqual(
      rows.map((row) => row['first_notice_date']),
    );
  });

  it('give the 3020 dates of 27 products from 2008 to 2027', () => {
    const rows = read('rule-derived-2008-2027.csv');
    const wrong = rows.filter((row) => {
      const { lastTrade, firstNotice } = datesOf(row);
      return lastTrade !== row['last_trade_date'] || firstNotice !== row['first_notice_date'];
    });
    expect(rows.length).toBe(3020);
    expect(wrong).toEqual([]);
  });

  it('give the exchange’s date, not the disputed one', () => {
    // The disputed values count 2021-12-31, Columbus Day and days of mourning as holidays, or, for feeder cattle, take
    // Veterans Day for one; none of them is a closed trade date at the exchange.
    const rows = read('disputed.csv');
    expect(rows.length).toBe(8);
    expect(rows.map((row) => datesOf(row).lastTrade)).toEqual(rows.map((row) => row['rule_value']));
  });
});
