/** Session groups of Europe and Asia-Pacific, written out by hand: one case a regime, one a kind of exceptional day. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars, SESSION_GROUPS } from '../../src/calendars/registry.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { InstrumentSpec } from '../../src/core/instrument.ts';
import { addDays, parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const calendars = createCalendars();
const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const day = parseTradeDate;

/**
 * Sessions with labels in [from, to], in local time, as `MM-DD > MM-DD: open-close, open-close`: the label, the trade date,
 * the segments. An open on another day than the label's names its day.
 */
function drawn(group: string, from: string, to: string = from): string[] {
  const calendar = calendars.forGroup(group);
  const all = calendar.columns;
  const dateTime = new Intl.DateTimeFormat('sv-SE', {
    timeZone: calendar.zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const local = (us: number): string => dateTime.format(us / 1000);
  const lines: string[] = [];
  for (let row = 0; row < all.length; row += 1) {
    if (all.label[row]! < day(from) || all.label[row]! > day(to)) continue;
    const label = toIsoDate(all.label[row]! as TradeDate);
    const tradeDate = toIsoDate(all.tradeDate[row]! as TradeDate);
    const breaks = [...all.breakRow.keys()].filter((b) => all.breakRow[b] === row);
    const opens = [all.openUs[row]!, ...breaks.map((b) => all.breakEndUs[b]!)].map(local);
    const closes = [...breaks.map((b) => all.breakStartUs[b]!), all.closeUs[row]!].map(local);
    const segments = opens.map((open, i) => {
      const shown = open.startsWith(label) ? open.slice(11) : open.slice(5);
      return `${shown}-${closes[i]!.slice(11)}`;
    });
    lines.push(`${label.slice(5)} > ${tradeDate.slice(5)}: ${segments.join(', ')}`);
  }
  return lines;
}

/** The only session of a label, without its dates. */
const hours = (group: string, label: string): string | undefined =>
  drawn(group, label)[0]?.split(': ')[1];

/** Weekdays of a year without a session that settles: closed, or a holiday with trading for the next business day. */
function restingDays(group: string, year: number): string {
  const calendar = calendars.forGroup(group);
  const dates: string[] = [];
  for (let date = day(`${year}-01-01`); date <= day(`${year}-12-31`); date = addDays(date, 1)) {
    if (weekdayOf(date) % 6 !== 0 && calendar.sessionOfLabel(date)?.tradeDate !== date) {
      dates.push(toIsoDate(date).slice(5));
    }
  }
  return dates.join(' ');
}

describe('hours that changed', () => {
  it.each([
    ['eurex-rates', '2005-11-18', '08:00-19:00'],
    ['eurex-rates', '2005-11-21', '08:00-22:00'],
    ['eurex-rates', '2018-12-07', '08:00-22:00'],
    ['eurex-rates', '2018-12-10', '01:10-22:00'],
    ['eurex-rates', '2026-07-01', '02:10-22:00'],
    ['eurex-index', '2005-11-18', '09:00-20:00'],
    ['eurex-index', '2005-11-21', '09:00-22:00'],
    ['eurex-index', '2006-05-31', '09:00-22:00'],
    ['eurex-index', '2006-06-01', '08:00-22:00'],
    ['eurex-index', '2018-12-10', '01:10-22:00'],
    ['eurex-dax', '2018-12-10', '01:10-22:00'],
    ['eurex-index-2020', '2020-12-04', '08:00-22:00'],
    ['eurex-index-2020', '2020-12-07', '01:10-22:00'],
    ['eurex-oat', '2020-12-04', '08:00-19:00'],
    ['eurex-oat', '2020-12-07', '01:10-22:00'],
    ['eurex-rates-short', '2026-07-01', '08:00-19:00'],
    ['eurex-swiss', '2026-07-01', '08:00-22:00'],
    ['euronext-index', '2026-07-01', '08:00-22:00'],
    ['euronext-ags', '2026-07-01', '10:45-18:30'],
    ['hkfe-index', '2011-03-04', '09:45-12:30, 14:30-16:15'],
    ['hkfe-index', '2011-03-07', '09:15-12:00, 13:30-16:15'],
    ['hkfe-index', '2012-03-05', '09:15-12:00, 13:00-16:15'],
    ['hkfe-index', '2013-04-08', '09:15-12:00, 13:00-16:15'],
    ['hkfe-index', '2013-04-09', '04-08 17:00-23:00, 09:15-12:00, 13:00-16:15'],
    ['hkfe-index', '2014-11-03', '10-31 17:00-23:00, 09:15-12:00, 13:00-16:15'],
    ['hkfe-index', '2014-11-04', '11-03 17:00-23:45, 09:15-12:00, 13:00-16:15'],
    ['hkfe-index', '2016-07-25', '07-22 17:00-23:45, 09:15-12:00, 13:00-16:30'],
    ['hkfe-index', '2016-07-26', '07-25 17:15-23:45, 09:15-12:00, 13:00-16:30'],
    ['hkfe-index', '2017-11-07', '11-06 17:15-01:00, 09:15-12:00, 13:00-16:30'],
    ['hkfe-index', '2019-06-18', '06-17 17:15-03:00, 09:15-12:00, 13:00-16:30'],
    ['sgx-nikkei', '2025-07-01', '06-30 14:45-05:15, 07:30-14:30'],
    ['sgx-nikkei', '2026-07-01', '06-30 14:45-05:15, 07:15-14:30'],
    ['sgx-china', '2026-07-01', '06-30 17:00-05:15, 09:00-16:35'],
    ['sgx-taiwan', '2024-03-28', '03-27 14:15-05:15, 08:45-13:50'],
    ['sgx-taiwan', '2026-07-01', '06-30 14:05-05:15, 08:30-13:50'],
    ['sgx-commodity', '2019-07-01', '06-28 20:15-04:45, 07:25-20:00'],
    ['sgx-commodity', '2026-07-01', '06-30 20:15-05:15, 07:25-20:00'],
    ['ose-index', '2007-09-18', '09:00-11:00, 12:30-15:10'],
    ['ose-index', '2007-09-19', '09-18 16:30-19:00, 09:00-11:00, 12:30-15:10'],
    ['ose-index', '2008-10-15', '10-14 16:30-20:00, 09:00-11:00, 12:30-15:10'],
    ['ose-index', '2010-07-21', '07-20 16:30-23:30, 09:00-11:00, 12:30-15:10'],
    ['ose-index', '2011-02-15', '02-14 16:30-23:30, 09:00-15:15'],
    ['ose-index', '2011-07-19', '07-15 16:30-23:30, 09:00-15:15'],
    ['ose-index', '2011-07-20', '07-19 16:30-03:00, 09:00-15:15'],
    ['ose-index', '2016-07-14', '07-13 16:30-03:00, 09:00-15:15'],
    ['ose-index', '2016-07-20', '07-19 16:30-05:30, 08:45-15:15'],
    ['ose-index', '2021-09-22', '09-21 16:30-06:00, 08:45-15:15'],
    ['ose-index', '2024-11-05', '11-01 16:30-06:00, 08:45-15:45'],
    ['ose-index', '2024-11-06', '11-05 17:00-06:00, 08:45-15:45'],
    ['ose-jgb', '2021-09-17', '09-16 15:30-05:30, 08:45-11:02, 12:30-15:02'],
    ['ose-jgb', '2026-07-01', '06-30 15:30-06:00, 08:45-11:02, 12:30-15:02'],
    ['asx-spi', '2026-07-01', '06-30 17:10-07:00, 09:50-16:30'],
    ['asx-spi', '2026-01-15', '01-14 17:10-08:00, 09:50-16:30'],
    ['asx-rates', '2026-07-01', '06-30 17:12-07:00, 08:32-16:30'],
    ['asx-rates', '2026-01-15', '01-14 17:12-07:30, 08:32-16:30'],
    ['asx-bills', '2026-01-15', '01-14 17:08-07:30, 08:28-16:30'],
    ['krx-index', '2023-07-28', '09:00-15:45'],
    ['krx-index', '2023-07-31', '08:45-15:45'],
    ['krx-index', '2025-06-09', '08:45-15:45'],
    ['krx-index', '2025-06-10', '06-09 18:00-06:00, 08:45-15:45'],
  ])('%s on %s: %s', (group, label, want) => {
    expect(hours(group, label)).toBe(want);
  });

  it('of Eurex follow Singapore on the first day of European summer time', () => {
    const opens = ['2026-03-27', '2026-03-30', '2026-10-23', '2026-10-26'].map((label) => {
      const session = calendars.forGroup('eurex-index').sessionOfLabel(day(label))!;
      return toIsoUtc(session.openUs).slice(11, 16);
    });
    expect(opens).toEqual(['00:10', '00:10', '00:10', '00:10']);
    expect(hours('eurex-index', '2026-03-27')).toBe('01:10-22:00');
    expect(hours('eurex-index', '2026-03-30')).toBe('02:10-22:00');
  });

  it('of the Australian night change with New York, from the Tuesday after', () => {
    // New York changed on 2024-03-10 and 2024-11-03, Sydney on 2024-04-07 and 2024-10-06.
    expect(drawn('asx-spi', '2024-03-11', '2024-03-12')).toEqual([
      '03-11 > 03-11: 03-08 17:10-08:00, 09:50-16:30',
      '03-12 > 03-12: 03-11 17:10-07:00, 09:50-16:30',
    ]);
    expect(drawn('asx-spi', '2024-11-04', '2024-11-05')).toEqual([
      '11-04 > 11-04: 11-01 17:10-07:00, 09:50-16:30',
      '11-05 > 11-05: 11-04 17:10-08:00, 09:50-16:30',
    ]);
    expect(hours('asx-spi', '2024-10-08')).toBe('10-07 17:10-07:00, 09:50-16:30');
  });
});

describe('a night session', () => {
  it('of Friday belongs to Monday, its Saturday morning too', () => {
    for (const group of [
      'hkfe-index',
      'sgx-china',
      'ose-index',
      'ose-jgb',
      'asx-spi',
      'krx-index',
    ]) {
      const calendar = calendars.forGroup(group);
      const friday = parseTsUs('2026-07-10T13:00:00Z');
      const [night, morning] = [friday, parseTsUs('2026-07-10T18:30:00Z')];
      expect(calendar.isOpen(night)).toBe(true);
      expect(toIsoDate(calendar.tradeDateOf(night))).toBe('2026-07-13');
      expect(calendar.isOpen(morning)).toBe(true);
      expect(toIsoDate(calendar.tradeDateOf(morning))).toBe('2026-07-13');
      // Saturday noon in Asia is closed, and nothing opens before Monday.
      expect(calendar.isOpen(parseTsUs('2026-07-11T04:00:00Z'))).toBe(false);
      expect(toIsoUtc(calendar.nextOpenUs(morning)) > '2026-07-12T21:00:00Z').toBe(true);
    }
  });

  it('before a Hong Kong holiday takes place and belongs to the day after it', () => {
    expect(drawn('hkfe-index', '2022-10-03', '2022-10-05')).toEqual([
      '10-03 > 10-03: 09-30 17:15-03:00, 09:15-12:00, 13:00-16:30',
      '10-05 > 10-05: 10-03 17:15-03:00, 09:15-12:00, 13:00-16:30',
    ]);
  });

  it('does not take place on the evening of a half day', () => {
    expect(drawn('hkfe-index', '2025-12-24', '2026-01-02')).toEqual([
      '12-24 > 12-24: 12-23 17:15-03:00, 09:15-12:30',
      '12-29 > 12-29: 09:15-12:00, 13:00-16:30',
      '12-30 > 12-30: 12-29 17:15-03:00, 09:15-12:00, 13:00-16:30',
      '12-31 > 12-31: 12-30 17:15-03:00, 09:15-12:30',
      '01-02 > 01-02: 09:15-12:00, 13:00-16:30',
    ]);
    expect(drawn('hkfe-index', '2025-01-28', '2025-02-03')).toEqual([
      '01-28 > 01-28: 01-27 17:15-03:00, 09:15-12:30',
      '02-03 > 02-03: 09:15-12:00, 13:00-16:30',
    ]);
    expect(hours('hkfe-index', '2015-02-18')).toBe('02-17 17:00-23:45, 09:15-12:00');
    expect(hours('hkfe-index', '2010-12-24')).toBe('09:45-12:30');
  });

  it('does not take place when London and New York both rest, and does when only one of them does', () => {
    expect(hours('hkfe-index', '2025-05-27')).toBe('09:15-12:00, 13:00-16:30');
    // The spring bank holiday of 2022 was moved to June.
    expect(hours('hkfe-index', '2022-05-31')).toBe('05-30 17:15-03:00, 09:15-12:00, 13:00-16:30');
    // A holiday in Hong Kong too: the night before Tuesday is that of Friday.
    expect(hours('hkfe-index', '2026-05-26')).toBe('05-22 17:15-03:00, 09:15-12:00, 13:00-16:30');
  });

  it('of Korea takes place before holidays, on its first evening a business day', () => {
    expect(drawn('krx-index', '2025-10-02', '2025-10-10')).toEqual([
      '10-02 > 10-02: 10-01 18:00-06:00, 08:45-15:45',
      '10-10 > 10-10: 10-02 18:00-06:00, 08:45-15:45',
    ]);
  });

  it.each(['ose-index', 'ose-jgb'])('of %s did not take place before a new system', (group) => {
    expect(hours(group, '2016-07-19')).toMatch(/^08:45/);
    expect(hours(group, '2021-09-21')).toMatch(/^08:45/);
  });
});

describe('weather in Hong Kong', () => {
  it('closes a day; the night before it belongs to the next session', () => {
    expect(drawn('hkfe-index', '2023-09-07', '2023-09-11')).toEqual([
      '09-07 > 09-07: 09-06 17:15-03:00, 09:15-12:00, 13:00-16:30',
      '09-11 > 09-11: 09-07 17:15-03:00, 09:15-12:00, 13:00-16:30',
    ]);
  });

  it('takes a morning, a night or the end of a night', () => {
    expect(hours('hkfe-index', '2008-06-25')).toBe('14:30-16:15');
    expect(hours('hkfe-index', '2013-09-23')).toBe('09-19 17:00-23:00, 13:00-16:15');
    expect(hours('hkfe-index', '2015-07-10')).toBe('09:15-12:00, 13:00-16:15');
    expect(hours('hkfe-index', '2016-08-03')).toBe('08-01 17:15-20:55, 09:15-12:00, 13:00-16:30');
    expect(hours('hkfe-index', '2017-06-13')).toBe('06-12 17:15-17:35, 09:15-12:00, 13:00-16:30');
    expect(hours('hkfe-index', '2014-09-16')).toBe('09-15 17:00-22:45, 13:00-16:15');
    expect(hours('hkfe-index', '2020-08-19')).toBe('08-18 17:15-03:00, 13:00-16:30');
    expect(hours('hkfe-index', '2021-06-28')).toBe('06-25 17:15-03:00, 13:30-16:30');
    expect(hours('hkfe-index', '2022-08-25')).toBe('13:00-16:30');
    expect(hours('hkfe-index', '2023-10-09')).toBe('10-06 17:15-03:00, 14:00-16:30');
    // The day of a typhoon and a holiday lie between the night and its day session.
    expect(hours('hkfe-index', '2021-10-15')).toBe('10-12 17:15-17:35, 09:15-12:00, 13:00-16:30');
    expect(hours('hkfe-index', '2024-09-09')).toBe('09-05 17:15-18:35, 09:15-12:00, 13:00-16:30');
    expect(drawn('hkfe-index', '2022-11-02', '2022-11-04')).toEqual([
      '11-02 > 11-02: 11-01 17:15-03:00, 09:15-12:00, 13:00-13:55',
      '11-03 > 11-03: 09:15-12:00, 13:00-16:30',
      '11-04 > 11-04: 11-03 17:15-03:00, 09:15-12:00, 13:00-16:30',
    ]);
  });

  it('is the reason, also where it lies between a night session and its day session', () => {
    const why = (at: string) => {
      const { kind, name } = calendars.forGroup('hkfe-index').whyClosed(parseTsUs(at))!;
      return [kind, name];
    };
    expect(why('2023-09-08T03:00:00Z')).toEqual(['exception', 'black rainstorm']);
    expect(why('2023-09-09T03:00:00Z')).toEqual(['weekend', null]);
    expect(why('2022-10-04T03:00:00Z')).toEqual(['holiday', 'Chung Yeung Festival']);
    // Early on Monday, between the night and the morning; and at lunch.
    expect(why('2023-09-10T23:00:00Z')).toEqual(['break', null]);
    expect(why('2023-09-11T04:30:00Z')).toEqual(['break', null]);
  });
});

describe('holiday trading in Osaka', () => {
  it('gives the holiday, the night before it and the night after it to the next business day', () => {
    expect(drawn('ose-index', '2022-09-22', '2022-09-27')).toEqual([
      '09-22 > 09-22: 09-21 16:30-06:00, 08:45-15:15',
      '09-23 > 09-26: 09-22 16:30-06:00, 08:45-15:15',
      '09-26 > 09-26: 09-23 16:30-06:00, 08:45-15:15',
      '09-27 > 09-27: 09-26 16:30-06:00, 08:45-15:15',
    ]);
  });

  it('runs through several holidays in a row', () => {
    expect(drawn('ose-index', '2024-05-02', '2024-05-08')).toEqual([
      '05-02 > 05-02: 05-01 16:30-06:00, 08:45-15:15',
      '05-03 > 05-07: 05-02 16:30-06:00, 08:45-15:15',
      '05-06 > 05-07: 05-03 16:30-06:00, 08:45-15:15',
      '05-07 > 05-07: 05-06 16:30-06:00, 08:45-15:15',
      '05-08 > 05-08: 05-07 16:30-06:00, 08:45-15:15',
    ]);
  });

  it('leaves out the turn of the year and days of system tests', () => {
    expect(drawn('ose-index', '2024-12-30', '2025-01-06')).toEqual([
      '12-30 > 12-30: 12-27 17:00-06:00, 08:45-15:45',
      '01-03 > 01-06: 12-30 17:00-06:00, 08:45-15:45',
      '01-06 > 01-06: 01-03 17:00-06:00, 08:45-15:45',
    ]);
    const label = (date: string) => calendars.forGroup('ose-index').sessionOfLabel(day(date));
    expect(['2023-01-09', '2024-08-12', '2024-11-04', '2026-11-23'].map(label)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(['2023-01-03', '2024-07-15', '2026-11-03'].map((date) => label(date) !== null)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is not for bonds, and did not exist before', () => {
    expect(drawn('ose-jgb', '2024-05-02', '2024-05-07')).toEqual([
      '05-02 > 05-02: 05-01 15:30-06:00, 08:45-11:02, 12:30-15:02',
      '05-07 > 05-07: 05-02 15:30-06:00, 08:45-11:02, 12:30-15:02',
    ]);
    expect(drawn('ose-index', '2022-09-16', '2022-09-20')).toEqual([
      '09-16 > 09-16: 09-15 16:30-06:00, 08:45-15:15',
      '09-20 > 09-20: 09-16 16:30-06:00, 08:45-15:15',
    ]);
  });
});

describe('the turn of the year in Osaka', () => {
  it('had half days without an evening until January 2009', () => {
    expect(drawn('ose-index', '2007-12-28', '2008-01-08')).toEqual([
      '12-28 > 12-28: 12-27 16:30-19:00, 09:00-11:10',
      '01-04 > 01-04: 09:00-11:10',
      '01-07 > 01-07: 09:00-11:00, 12:30-15:10',
      '01-08 > 01-08: 01-07 16:30-19:00, 09:00-11:00, 12:30-15:10',
    ]);
    expect(drawn('ose-index', '2008-12-30', '2009-01-06')).toEqual([
      '12-30 > 12-30: 12-29 16:30-20:00, 09:00-11:10',
      '01-05 > 01-05: 09:00-11:10',
      '01-06 > 01-06: 09:00-11:00, 12:30-15:10',
    ]);
  });

  it('has full days since', () => {
    expect(drawn('ose-index', '2009-12-30', '2010-01-04')).toEqual([
      '12-30 > 12-30: 12-29 16:30-20:00, 09:00-11:00, 12:30-15:10',
      '01-04 > 01-04: 12-30 16:30-20:00, 09:00-11:00, 12:30-15:10',
    ]);
  });
});

describe('Australian holidays', () => {
  it('keep both nights: Australia Day 2026', () => {
    expect(drawn('asx-spi', '2026-01-23', '2026-01-27')).toEqual([
      '01-23 > 01-23: 01-22 17:10-08:00, 09:50-16:30',
      '01-26 > 01-27: 01-23 17:10-08:00',
      '01-27 > 01-27: 01-26 17:10-08:00, 09:50-16:30',
    ]);
  });

  it('that are international rest wholly: Easter 2026, with the Thursday night until midnight', () => {
    expect(drawn('asx-rates', '2026-04-02', '2026-04-08')).toEqual([
      '04-02 > 04-02: 04-01 17:12-07:00, 08:32-16:30',
      '04-07 > 04-07: 04-02 17:12-00:00, 08:32-16:30',
      '04-08 > 04-08: 04-07 17:12-07:00, 08:32-16:30',
    ]);
  });

  it('at Christmas: a half day on December 24, no night after it', () => {
    expect(drawn('asx-spi', '2025-12-24', '2026-01-02')).toEqual([
      '12-24 > 12-24: 12-23 17:10-08:00, 09:50-14:30',
      '12-29 > 12-29: 09:50-16:30',
      '12-30 > 12-30: 12-29 17:10-08:00, 09:50-16:30',
      '12-31 > 12-31: 12-30 17:10-08:00, 09:50-14:30',
      '01-02 > 01-02: 09:50-16:30',
    ]);
    expect(hours('asx-rates', '2025-12-24')).toBe('12-23 17:12-07:30, 08:32-12:30');
  });

  it('at Christmas 2022: full days before the weekend, but no nights', () => {
    expect(drawn('asx-spi', '2022-12-23', '2023-01-03')).toEqual([
      '12-23 > 12-23: 12-22 17:10-08:00, 09:50-16:30',
      '12-28 > 12-28: 09:50-16:30',
      '12-29 > 12-29: 12-28 17:10-08:00, 09:50-16:30',
      '12-30 > 12-30: 12-29 17:10-08:00, 09:50-16:30',
      '01-03 > 01-03: 09:50-16:30',
    ]);
  });
});

describe('late days in Korea', () => {
  it('are the first session of a year', () => {
    expect(hours('krx-index', '2023-01-02')).toBe('10:00-15:45');
    expect(hours('krx-index', '2024-01-02')).toBe('09:45-15:45');
    expect(hours('krx-index', '2026-01-02')).toBe('12-30 18:00-06:00, 09:45-15:45');
  });

  it('are the days of the college entrance examination, and the night after', () => {
    expect(hours('krx-index', '2020-12-03')).toBe('10:00-16:45');
    expect(hours('krx-index', '2023-11-16')).toBe('09:45-16:45');
    expect(drawn('krx-index', '2025-11-13', '2025-11-17')).toEqual([
      '11-13 > 11-13: 11-12 18:00-06:00, 09:45-16:45',
      '11-14 > 11-14: 11-13 19:00-06:00, 08:45-15:45',
      '11-17 > 11-17: 11-14 18:00-06:00, 08:45-15:45',
    ]);
  });
});

describe('the day of the examination in Korea', () => {
  const krx = calendars.forGroup('krx-index');
  const window = (label: string, name: 'RTH' | 'ETH'): string[] =>
    krx
      .windowOf(day(label), name)
      .map(
        ({ openUs, closeUs }) =>
          `${toIsoUtc(openUs).slice(11, 16)}-${toIsoUtc(closeUs).slice(11, 16)}`,
      );

  it.each(['2020-12-03', '2023-11-16', '2025-11-13'])(
    'moves settlement and regular hours by one hour too: %s',
    (label) => {
      expect(toIsoUtc(krx.settleUs(day(label))!)).toBe(`${label}T07:45:00Z`);
      expect(window(label, 'RTH')).toEqual(['01:00-07:30']);
    },
  );

  it('leaves the days beside it as they are', () => {
    expect(toIsoUtc(krx.settleUs(day('2025-11-12'))!)).toBe('2025-11-12T06:45:00Z');
    expect(window('2025-11-12', 'RTH')).toEqual(['00:00-06:30']);
  });

  it('is why nothing trades at nine', () => {
    expect(krx.whyClosed(parseTsUs('2026-11-19T00:00:00Z'))).toMatchObject({
      kind: 'holiday',
      name: expect.stringMatching(/examination/i),
    });
    // The pause between night and day is an ordinary one.
    expect(krx.whyClosed(parseTsUs('2026-11-18T22:00:00Z'))).toMatchObject({ kind: 'break' });
    expect(krx.whyClosed(parseTsUs('2026-11-17T22:00:00Z'))).toMatchObject({ kind: 'break' });
  });
});

describe('single days in Europe', () => {
  it('rest for the DAX family alone on the Day of German Unity 2018', () => {
    const open = ['eurex-dax', 'eurex-index', 'eurex-rates'].map(
      (group) => calendars.forGroup(group).sessionOfLabel(day('2018-10-03')) !== null,
    );
    expect(open).toEqual([false, true, true]);
    expect(hours('eurex-dax', '2019-10-03')).toBe('02:10-22:00');
  });

  it('rest for the Swiss index alone', () => {
    const label = (group: string, date: string) =>
      calendars.forGroup(group).sessionOfLabel(day(date)) !== null;
    for (const date of ['2018-01-02', '2026-05-14', '2026-05-25', '2025-08-01']) {
      expect([date, label('eurex-swiss', date), label('eurex-index', date)]).toEqual([
        date,
        false,
        true,
      ]);
    }
  });

  it('end early at Euronext on December 24 and 31, and rest at Eurex', () => {
    expect(hours('euronext-index', '2026-12-24')).toBe('08:00-14:05');
    expect(hours('euronext-ags', '2021-12-31')).toBe('10:45-14:00');
    expect(hours('euronext-ags', '2025-12-24')).toBe('10:45-14:00');
    expect(hours('eurex-index', '2026-12-24')).toBeUndefined();
    expect(hours('euronext-index', '2026-05-01')).toBeUndefined();
  });
});

describe('Singapore', () => {
  it('trades Chinese products on holidays of either market alone', () => {
    // National Day week in China, 2024; Singapore's National Day, 2024-08-09.
    expect(drawn('sgx-china', '2024-10-01', '2024-10-02').length).toBe(2);
    expect(hours('sgx-china', '2024-08-09')).toBe('08-08 17:00-05:15, 09:00-16:35');
  });

  it('rests on common holidays: the first two days of the Lunar New Year 2024', () => {
    // 2024-02-12 is a holiday in both; on the 13th only China rests.
    expect(drawn('sgx-china', '2024-02-08', '2024-02-13')).toEqual([
      '02-08 > 02-08: 02-07 17:00-05:15, 09:00-16:35',
      '02-09 > 02-09: 02-08 17:00-05:15, 09:00-16:35',
      '02-13 > 02-13: 02-09 17:00-05:15, 09:00-16:35',
    ]);
  });

  it('keeps iron ore open unless London rests too', () => {
    const open = ['2024-12-25', '2024-12-26', '2024-08-09', '2024-03-29'].map(
      (date) => calendars.forGroup('sgx-commodity').sessionOfLabel(day(date)) !== null,
    );
    expect(open).toEqual([false, true, true, false]);
  });
});

describe('days that are no trade dates, year by year', () => {
  it.each([
    [
      'hkfe-index',
      2021,
      '01-01 02-12 02-15 04-02 04-05 04-06 05-19 06-14 07-01 09-22 10-01 10-13 10-14 12-27',
    ],
    [
      'hkfe-index',
      2026,
      '01-01 02-17 02-18 02-19 04-03 04-06 04-07 05-01 05-25 06-19 07-01 10-01 10-19 12-25',
    ],
    [
      'ose-jgb',
      2019,
      '01-01 01-02 01-03 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-06 07-15 08-12 09-16 09-23 10-14 10-22 11-04 12-31',
    ],
    [
      'ose-index',
      2026,
      '01-01 01-02 01-12 02-11 02-23 03-20 04-29 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23 12-31',
    ],
    [
      'ose-jgb',
      2032,
      '01-01 01-02 01-12 02-11 02-23 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-21 09-22 10-11 11-03 11-23 12-31',
    ],
    [
      'krx-index',
      2025,
      '01-01 01-27 01-28 01-29 01-30 03-03 05-01 05-05 05-06 06-03 06-06 08-15 10-03 10-06 10-07 10-08 10-09 12-25 12-31',
    ],
    [
      'krx-index',
      2026,
      '01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05 10-09 12-25 12-31',
    ],
    ['asx-spi', 2022, '01-03 01-26 04-15 04-18 04-25 06-13 09-22 12-26 12-27'],
    ['asx-spi', 2026, '01-01 01-26 04-03 04-06 06-08 12-25 12-28'],
    ['euronext-index', 2026, '01-01 04-03 04-06 05-01 12-25'],
    ['eurex-index', 2026, '01-01 04-03 04-06 05-01 12-24 12-25 12-31'],
    ['eurex-swiss', 2026, '01-01 01-02 04-03 04-06 05-01 05-14 05-25 12-24 12-25 12-31'],
  ])('%s in %i', (group, year, days) => {
    expect(restingDays(group, year)).toBe(days);
  });
});

describe('contract dates', () => {
  const lastTrades = (root: string, year: number, months: readonly number[]): string => {
    const spec = instruments.get(root)!;
    return months
      .map((month) => toIsoDate(calendars.ruleDates(spec, year, month).lastTradeDate).slice(5))
      .join(' ');
  };
  const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const QUARTERS = [3, 6, 9, 12];

  it.each([
    ['HSI', 2018, ALL, '01-30 02-27 03-28 04-27 05-30 06-28 07-30 08-30 09-27 10-30 11-29 12-28'],
    ['HSI', 2019, ALL, '01-30 02-27 03-28 04-29 05-30 06-27 07-30 08-29 09-27 10-30 11-28 12-30'],
    ['MHI', 2025, ALL, '01-27 02-27 03-28 04-29 05-29 06-27 07-30 08-28 09-29 10-30 11-27 12-30'],
    // Around the Lunar New Year: 2014-01-31, 2017-01-28, 2022-02-01 and 2028-01-26.
    ['HSI', 2014, [1], '01-29'],
    ['HSI', 2017, [1], '01-26'],
    ['HHI', 2022, [1], '01-28'],
    ['HTI', 2028, [1], '01-25'],
    ['CN', 2022, [1, 9], '01-27 09-29'],
    ['CN', 2023, [9], '09-27'],
    ['CN', 2025, [1, 9], '01-24 09-29'],
    ['TWN', 2023, [1, 2], '01-30 02-23'],
    ['TWN', 2025, [1, 2], '01-21 02-26'],
    ['FEF', 2026, [10], '10-30'],
    ['FEF', 2025, [3], '03-28'],
    ['NK', 2026, QUARTERS, '03-12 06-11 09-10 12-10'],
    ['NK225', 2026, QUARTERS, '03-12 06-11 09-10 12-10'],
    ['225M', 2025, [1, 2, 8], '01-09 02-13 08-07'],
    ['JBL', 2026, QUARTERS, '03-13 06-15 09-14 12-14'],
    ['JBL', 2015, [9], '09-14'],
    ['AP', 2026, ALL, '01-15 02-19 03-19 04-16 05-21 06-18 07-16 08-20 09-17 10-15 11-19 12-17'],
    ['IR', 2026, QUARTERS, '03-12 06-11 09-10 12-10'],
    ['XT', 2026, QUARTERS, '03-16 06-15 09-15 12-15'],
    ['K200', 2026, QUARTERS, '03-12 06-11 09-10 12-10'],
    ['K200', 2024, QUARTERS, '03-14 06-13 09-12 12-12'],
    ['FESX', 2025, QUARTERS, '03-21 06-20 09-19 12-19'],
    ['FGBL', 2026, QUARTERS, '03-06 06-08 09-08 12-08'],
    ['FCE', 2026, [4, 12], '04-17 12-18'],
    ['EBM', 2026, [3, 5, 9, 12], '03-10 05-11 09-10 12-10'],
  ] as const)('of %s in %i, months %j', (root, year, months, dates) => {
    expect(lastTrades(root, year, months)).toBe(dates);
  });

  /** Null for a month or a time in which the exchange listed no such contract. */
  function lastTradeOfListed(spec: InstrumentSpec, year: number, month: number): number | null {
    try {
      return calendars.contractDates(spec, year, month).lastTradeUs;
    } catch (error) {
      if (error instanceof TradingError && error.code === 'E_CONTRACT_UNLISTED') return null;
      throw error;
    }
  }

  it('exist for every product of these exchanges, 2010 to 2030, on a business day of the right month', () => {
    const exchanges = ['EUREX', 'EURONEXT', 'HKFE', 'SGX', 'OSE', 'ASX', 'KRX'];
    const products = [...instruments.values()].filter((spec) => exchanges.includes(spec.exchange));
    const wrong: string[] = [];
    for (const spec of products) {
      const days = calendars.businessCalendar(spec.businessCalendar);
      for (let year = 2010; year <= 2030; year += 1) {
        for (const month of ALL) {
          const { lastTradeDate } = calendars.ruleDates(spec, year, month);
          const lastTradeUs = lastTradeOfListed(spec, year, month) ?? lastTradeDate * 86_400e6;
          const isInMonth = toIsoDate(lastTradeDate).startsWith(
            `${year}-${String(month).padStart(2, '0')}`,
          );
          const isThatDay = Math.abs(lastTradeUs / 86_400e6 - lastTradeDate) < 1.5;
          if (!isInMonth || !days.isBusinessDay(lastTradeDate) || !isThatDay) {
            wrong.push(`${spec.root} ${year}-${month}: ${toIsoDate(lastTradeDate)}`);
          }
        }
      }
    }
    expect(products.length).toBe(36);
    expect(wrong).toEqual([]);
  });

  it('fall on days with a session of the product, wherever its sessions are known', () => {
    const exchanges = ['EUREX', 'EURONEXT', 'HKFE', 'SGX', 'OSE', 'ASX', 'KRX'];
    const wrong: string[] = [];
    for (const spec of instruments.values()) {
      if (!exchanges.includes(spec.exchange)) continue;
      const calendar = calendars.forInstrument(spec);
      for (let year = 2010; year <= 2030; year += 1) {
        for (const month of ALL) {
          const { lastTradeDate } = calendars.ruleDates(spec, year, month);
          if (!calendar.covers(lastTradeDate)) continue;
          const session = calendar.sessionOfLabel(lastTradeDate);
          // A typhoon closed that day; the rule counts the business days that were planned.
          if (toIsoDate(lastTradeDate) === '2011-09-29' && spec.exchange === 'HKFE') continue;
          if (session?.tradeDate !== lastTradeDate) {
            wrong.push(`${spec.root} ${toIsoDate(lastTradeDate)}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('every group of these exchanges', () => {
  const WORLD = SESSION_GROUPS.filter(({ id }) =>
    /^(eurex|euronext|hkfe|sgx|ose|asx|krx|XHKG|XASX|compat\/XEUR)/.test(id),
  );

  it('states its span, its sources and how sure it is', () => {
    expect(WORLD.length).toBe(23);
    for (const rules of WORLD) {
      expect(rules.sources.length).toBeGreaterThan(0);
      // They are printed one after the other, each as a sentence.
      for (const source of rules.sources)
        expect(source).not.toMatch(/^[a-z]|(?:the|and|of|least)$/);
      expect(rules.publishedTo! <= rules.to).toBe(true);
      expect(rules.regimes[0]!.from).toBe(rules.from);
      expect(calendars.forGroup(rules.id).sessionOfLabel(day(rules.from))).not.toBeNull();
    }
  });

  it('has a calendar for each of its products', () => {
    for (const spec of instruments.values()) {
      if (['EUREX', 'EURONEXT', 'HKFE', 'SGX', 'OSE', 'ASX', 'KRX'].includes(spec.exchange)) {
        expect([spec.root, calendars.hasCalendar(spec)]).toEqual([spec.root, true]);
        expect(spec.sessionGroup).not.toMatch(/^(compat\/|X)/);
      }
    }
  });

  it.each(WORLD.map(({ id }) => id))('%s opens at its opens and not before', (id) => {
    const calendar = calendars.forGroup(id);
    const { rules, columns } = calendar;
    const last = day(rules.publishedTo!);
    const wrong: string[] = [];
    for (let row = 0; row < columns.length && columns.label[row]! <= last; row += 7) {
      const at = columns.openUs[row]! as TsUs;
      if (!calendar.isOpen(at) || calendar.isOpen((at - 1) as TsUs)) wrong.push(toIsoUtc(at));
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['eurex-rates', '2018-12-07', '07:30'],
    ['eurex-rates', '2026-07-01', '02:00'],
    ['hkfe-index', '2012-03-06', '08:45'],
    ['ose-index', '2023-07-04', '16:15'],
    ['krx-index', '2023-08-01', '08:30'],
    ['krx-index', '2026-07-01', '17:50'],
    ['krx-index', '2025-11-14', '18:50'],
  ])('%s takes orders for %s from %s', (group, label, time) => {
    const calendar = calendars.forGroup(group);
    const minutes = calendar.localMinutes(calendar.preOpenUs(day(label))!);
    const clock = [Math.floor(minutes / 60), minutes % 60];
    expect(clock.map((n) => String(n).padStart(2, '0')).join(':')).toBe(time);
  });
});
