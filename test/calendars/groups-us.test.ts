/** Crypto, agriculture beside grains, Cboe, ICE and Montréal: every regime and every kind of exceptional day, by hand. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const calendars = createCalendars();
const day = parseTradeDate;
const at = parseTsUs;

/** `open-close (pause) > trade date` in the group's local time; `closed` without a session. */
function drawn(group: string, label: string): string {
  const calendar = calendars.forGroup(group);
  const session = calendar.sessionOfLabel(day(label));
  if (session === null) return 'closed';
  const clock = (us: number): string => {
    const minutes = calendar.localMinutes(us as TsUs);
    return [Math.floor(minutes / 60), minutes % 60]
      .map((n) => String(n).padStart(2, '0'))
      .join(':');
  };
  const all = calendar.sessions(session.tradeDate, session.tradeDate);
  const i = all.label.indexOf(session.label);
  const pauses = [...all.breakRow.keys()]
    .filter((b) => all.breakRow[b] === i)
    .map((b) => ` (${clock(all.breakStartUs[b]!)}-${clock(all.breakEndUs[b]!)})`);
  const tradeDate =
    session.tradeDate === session.label ? '' : ` > ${toIsoDate(session.tradeDate).slice(5)}`;
  return `${clock(session.openUs)}-${clock(session.closeUs)}${pauses.join('')}${tradeDate}`;
}

const openUtc = (group: string, label: string): string =>
  toIsoUtc(calendars.forGroup(group).sessionOfLabel(day(label))!.openUs).slice(5, 16);
const closeUtc = (group: string, label: string): string =>
  toIsoUtc(calendars.forGroup(group).sessionOfLabel(day(label))!.closeUs).slice(5, 16);

describe('crypto', () => {
  it.each([
    ['2017-12-18', '17:00-16:00'],
    ['2018-07-03', '17:00-12:15'],
    ['2021-04-02', '17:00-08:15 > 04-05'],
    ['2022-06-20', '17:00-16:00 > 06-21'],
    ['2023-07-03', '17:00-16:00'],
    ['2026-04-03', '17:00-10:15 > 04-06'],
    ['2026-05-25', '17:00-16:00 > 05-26'],
    ['2026-05-29', '17:00-16:00'],
    ['2026-06-02', '16:00-16:00'],
    ['2026-06-19', 'closed'],
    ['2026-12-25', 'closed'],
  ])('%s: %s', (label, want) => {
    expect(drawn('cme-crypto', label)).toBe(want);
  });

  it('trades around the clock since 2026-05-29, with a pause on Saturday', () => {
    const calendar = calendars.forGroup('cme-crypto');
    const first = calendar.sessionOfLabel(day('2026-06-01'))!;
    expect(toIsoUtc(first.openUs)).toBe('2026-05-29T21:00:00Z');
    expect(toIsoUtc(first.closeUs)).toBe('2026-06-01T21:00:00Z');
    // Saturday 02:00 to 04:00 in Chicago.
    expect(calendar.isOpen(at('2026-05-30T06:59:59Z'))).toBe(true);
    expect(calendar.isOpen(at('2026-05-30T07:00:00Z'))).toBe(false);
    expect(calendar.isOpen(at('2026-05-30T08:59:59Z'))).toBe(false);
    expect(calendar.isOpen(at('2026-05-30T09:00:00Z'))).toBe(true);
    expect(toIsoUtc(calendar.nextCloseUs(at('2026-06-01T12:00:00Z')))).toBe('2026-06-06T07:00:00Z');
    expect(toIsoUtc(calendar.nextOpenUs(at('2026-06-01T12:00:00Z')))).toBe('2026-06-06T09:00:00Z');
  });

  it.each([
    // A Sunday, a holiday on a Friday and the weekend after it, Christmas on a Friday.
    ['2026-06-07T15:00:00Z', '2026-06-08'],
    ['2026-06-18T21:00:00Z', '2026-06-22'],
    ['2026-06-19T18:00:00Z', '2026-06-22'],
    ['2026-06-21T18:00:00Z', '2026-06-22'],
    ['2026-11-26T18:00:00Z', '2026-11-27'],
    ['2026-12-25T18:00:00Z', '2026-12-28'],
    ['2026-12-24T21:59:59Z', '2026-12-24'],
    ['2026-12-24T22:00:00Z', '2026-12-28'],
  ])('what trades at %s belongs to %s', (instant, tradeDate) => {
    const calendar = calendars.forGroup('cme-crypto');
    expect(calendar.isOpen(at(instant))).toBe(true);
    expect(toIsoDate(calendar.tradeDateOf(at(instant)))).toBe(tradeDate);
  });

  it('loses an hour to the summer and wins it back, inside a session', () => {
    const calendar = calendars.forGroup('cme-crypto');
    const hours = (label: string): number => {
      const session = calendar.sessionOfLabel(day(label))!;
      return (session.closeUs - session.openUs) / 3_600_000_000;
    };
    expect(['2027-03-08', '2027-03-15', '2026-11-02', '2026-11-09'].map(hours)).toEqual([
      72, 71, 73, 72,
    ]);
  });
});

describe('agriculture', () => {
  it.each([
    ['cme-mini-grains', '2024-07-02', '19:00-13:45 (07:45-08:30)'],
    ['cme-mini-grains', '2024-11-29', '08:30-12:05'],
    ['cme-rice', '2024-07-02', '19:00-13:20 (21:00-08:30)'],
    ['cme-rice', '2025-01-09', '19:00-12:15 (21:00-08:30)'],
    ['cme-rice', '2024-11-29', '08:30-12:05'],
    ['cme-dairy', '2024-07-02', '17:00-16:00'],
    ['cme-dairy', '2024-06-28', '17:00-13:55'],
    ['cme-dairy', '2024-07-04', 'closed'],
    ['cme-dairy', '2015-04-02', '17:00-13:55'],
    ['cme-dairy', '2025-01-09', '17:00-12:15'],
    ['cme-lumber', '2024-07-02', '09:00-15:05'],
    ['cme-lumber', '2023-02-20', 'closed'],
    ['cme-lumber', '2025-01-09', '09:00-12:15'],
    ['cme-livestock', '2011-06-07', '17:00-16:00'],
    ['cme-livestock', '2011-06-06', '09:05-16:00'],
    ['cme-livestock', '2011-06-10', '17:00-13:55'],
    ['cme-livestock', '2011-11-25', '17:00-12:15'],
    ['cme-livestock', '2013-11-29', '09:05-12:15'],
    ['cme-livestock', '2013-12-26', '09:05-16:00'],
    ['cme-livestock', '2014-12-26', '08:00-13:55'],
    ['cme-livestock', '2015-01-20', '09:05-16:00'],
    ['cme-livestock', '2015-01-21', '08:00-16:00'],
    ['cme-livestock', '2016-02-26', '08:00-13:55'],
    ['cme-livestock', '2016-02-29', '08:30-13:05'],
    ['cme-grains', '2012-11-23', '09:30-12:00'],
    ['cme-grains', '2024-06-20', '19:00-13:20 (07:45-08:30)'],
  ])('%s on %s: %s', (group, label, want) => {
    expect(drawn(group, label)).toBe(want);
  });

  it('grains reopen on the evening of a Monday holiday and of Juneteenth, not of the others', () => {
    const opens = ['2024-01-16', '2024-06-20', '2024-07-05', '2024-11-29', '2024-12-26'];
    expect(opens.map((label) => openUtc('cme-grains', label))).toEqual([
      '01-16T01:00',
      '06-20T00:00',
      '07-05T13:30',
      '11-29T14:30',
      '12-26T14:30',
    ]);
  });
});

describe('Cboe VIX futures', () => {
  it.each([
    ['2005-03-24', '07:00-15:15'],
    ['2013-10-25', '07:00-15:15'],
    ['2013-10-28', '07:00-15:15'],
    ['2013-10-29', '15:30-15:15 (16:15-07:00)'],
    ['2013-11-05', '15:30-15:15 (16:15-02:00)'],
    ['2014-06-20', '15:30-15:15 (16:15-02:00)'],
    ['2014-06-23', '17:00-15:15'],
    ['2014-06-24', '15:30-15:15'],
    ['2018-02-23', '15:30-15:15'],
    ['2018-02-26', '17:00-16:00 (15:15-15:30)'],
    ['2020-12-04', '17:00-16:00 (15:15-15:30)'],
    ['2020-12-07', '17:00-16:00'],
    // Holidays: closed until 2014, a morning since.
    ['2014-05-26', 'closed'],
    ['2014-07-04', '17:00-10:30 > 07-07'],
    ['2014-11-27', '15:30-10:30 > 11-28'],
    ['2016-05-30', '17:00-10:30 > 05-31'],
    ['2016-05-31', '17:00-15:15'],
    ['2023-02-20', '17:00-10:30 > 02-21'],
    ['2022-06-20', '17:00-10:30 > 06-21'],
    ['2026-06-19', '17:00-10:30 > 06-22'],
    ['2015-04-03', '15:30-08:15 > 04-06'],
    ['2026-04-03', '17:00-08:15 > 04-06'],
    ['2024-03-29', 'closed'],
    ['2012-04-06', 'closed'],
    ['2012-07-03', '07:00-12:15'],
    ['2013-07-03', '07:00-12:15'],
    ['2015-07-02', '15:30-15:15'],
    ['2025-11-28', '17:00-12:15'],
    ['2025-12-24', '17:00-12:15'],
    ['2012-10-29', 'closed'],
    ['2012-10-30', 'closed'],
    ['2018-12-05', 'closed'],
    ['2025-01-09', '17:00-08:30 > 01-10'],
  ])('%s: %s', (label, want) => {
    expect(drawn('cfe-vix', label)).toBe(want);
  });
});

describe('ICE Futures U.S.', () => {
  it.each([
    ['ice-us-sugar', '2024-07-02', '03:30-13:00'],
    ['ice-us-coffee', '2024-07-02', '04:15-13:30'],
    ['ice-us-cocoa', '2024-07-02', '04:45-13:30'],
    ['ice-us-oj', '2024-07-02', '08:00-14:00'],
    ['ice-us-cotton', '2024-07-02', '21:00-14:20'],
    ['ice-us-canola', '2024-07-02', '20:00-14:20'],
    ['ice-us-financial', '2024-07-02', '20:00-17:00'],
    ['ice-us-financial', '2024-07-01', '18:00-17:00'],
    ['ice-us-financial/MFS', '2024-07-02', '20:00-18:00'],
    // London's clock: weeks in which only one of the two has summer time.
    ['ice-us-sugar', '2014-03-07', '03:30-13:00'],
    ['ice-us-sugar', '2014-03-10', '04:30-13:00'],
    ['ice-us-sugar', '2014-03-28', '04:30-13:00'],
    ['ice-us-sugar', '2014-03-31', '03:30-13:00'],
    ['ice-us-coffee', '2016-03-11', '04:15-13:30'],
    ['ice-us-coffee', '2016-03-14', '05:15-13:30'],
    ['ice-us-coffee', '2016-03-24', '05:15-13:30'],
    ['ice-us-coffee', '2016-03-29', '04:15-13:30'],
    ['ice-us-cocoa', '2017-10-30', '05:45-13:30'],
    ['ice-us-cocoa', '2017-11-03', '05:45-13:30'],
    ['ice-us-cocoa', '2017-11-06', '04:45-13:30'],
    ['ice-us-sugar', '2013-10-28', '03:30-14:00'],
    ['ice-us-sugar', '2013-11-04', '02:30-14:00'],
    ['ice-us-coffee', '2013-11-04', '03:30-14:00'],
    ['ice-us-cocoa', '2013-11-04', '04:00-14:00'],
    ['ice-us-oj', '2016-03-14', '08:00-14:00'],
    // Bank holidays of London.
    ['ice-us-coffee', '2012-04-09', '07:30-14:00'],
    ['ice-us-coffee', '2019-04-22', '07:30-13:30'],
    ['ice-us-sugar', '2024-08-26', '07:30-13:00'],
    ['ice-us-sugar', '2022-06-03', '07:30-13:00'],
    ['ice-us-sugar', '2022-09-19', '07:30-13:00'],
    ['ice-us-sugar', '2024-05-27', 'closed'],
    ['ice-us-oj', '2024-08-26', '08:00-14:00'],
    ['ice-us-cotton', '2024-08-26', '21:00-14:20'],
    ['ice-us-coffee', '2010-12-28', '07:30-14:00'],
    ['ice-us-coffee', '2012-12-26', '07:30-14:00'],
    ['ice-us-coffee', '2013-12-26', '08:00-14:00'],
    ['ice-us-coffee', '2015-12-28', '08:00-13:30'],
    ['ice-us-coffee', '2016-12-27', '08:00-13:30'],
    ['ice-us-coffee', '2013-01-02', '07:30-14:00'],
    ['ice-us-coffee', '2014-01-02', '08:00-14:00'],
    ['ice-us-coffee', '2016-01-04', '04:15-13:30'],
    // Short days.
    ['ice-us-coffee', '2014-11-28', '04:15-13:00'],
    ['ice-us-coffee', '2018-11-23', '04:15-13:30'],
    ['ice-us-coffee', '2014-12-24', '04:15-13:00'],
    ['ice-us-coffee', '2015-12-24', '04:15-13:05'],
    ['ice-us-cotton', '2022-11-25', '08:00-13:30'],
    ['ice-us-cotton', '2018-07-05', '08:00-14:20'],
    ['ice-us-cotton', '2024-01-16', '21:00-14:20'],
    ['ice-us-cotton', '2020-12-28', '08:00-14:20'],
    // Holidays, storms and mourning.
    ['ice-us-sugar', '2024-01-15', 'closed'],
    ['ice-us-oj', '2025-06-19', 'closed'],
    ['ice-us-cotton', '2026-06-19', 'closed'],
    ['ice-us-coffee', '2012-10-29', 'closed'],
    ['ice-us-coffee', '2012-10-30', '04:30-14:00'],
    ['ice-us-sugar', '2018-12-05', '03:30-13:00'],
    ['ice-us-cotton', '2025-01-09', '21:00-14:20'],
    ['ice-us-financial', '2024-07-04', '20:00-13:00 > 07-05'],
    ['ice-us-financial', '2024-07-05', '20:00-17:00'],
    ['ice-us-financial', '2025-01-20', '18:00-13:00 > 01-21'],
    ['ice-us-financial', '2024-07-03', '20:00-17:00'],
    ['ice-us-financial', '2025-12-24', '20:00-13:15'],
    ['ice-us-financial', '2026-04-03', 'closed'],
    ['ice-us-financial/MME', '2013-07-04', '20:00-11:30 > 07-05'],
    ['ice-us-financial/MME', '2024-07-03', '20:00-13:15'],
    ['ice-us-financial/MME', '2025-01-09', '20:00-09:30'],
  ])('%s on %s: %s', (group, label, want) => {
    expect(drawn(group, label)).toBe(want);
  });

  it.each([
    ['2012-06-25', '20:00-15:00'],
    ['2013-04-08', '20:00-14:15'],
    ['2015-07-06', '20:00-14:20'],
    ['2025-01-01', 'closed'],
    ['2025-01-20', '20:00-14:20'],
    ['2025-02-17', 'closed'],
    ['2025-04-18', 'closed'],
    ['2025-05-19', 'closed'],
    ['2025-05-26', '20:00-14:20'],
    ['2025-06-19', '20:00-14:20'],
    ['2024-07-01', 'closed'],
    ['2025-07-04', '20:00-14:20'],
    ['2025-08-04', 'closed'],
    ['2025-09-01', 'closed'],
    ['2025-09-30', 'closed'],
    ['2020-09-30', '20:00-14:20'],
    ['2022-10-10', 'closed'],
    ['2025-11-11', 'closed'],
    ['2025-11-27', '20:00-14:20'],
    ['2025-12-25', 'closed'],
    ['2025-12-26', 'closed'],
  ])('canola keeps Manitoba’s holidays: %s %s', (label, want) => {
    expect(drawn('ice-us-canola', label)).toBe(want);
  });
});

describe('ICE Futures Europe', () => {
  it.each([
    // Both clocks in step, then New York an hour ahead of it, then in step again.
    ['2024-03-08', '03-08T01:00', '03-08T23:00'],
    ['2024-03-11', '03-10T22:00', '03-11T22:00'],
    ['2024-03-12', '03-12T00:00', '03-12T22:00'],
    ['2024-04-02', '04-02T00:00', '04-02T22:00'],
    ['2024-10-29', '10-29T00:00', '10-29T22:00'],
    ['2024-11-05', '11-05T01:00', '11-05T23:00'],
  ])('Brent follows New York’s clock: %s from %s to %s UTC', (label, open, close) => {
    expect([openUtc('ice-eu-energy', label), closeUtc('ice-eu-energy', label)]).toEqual([
      open,
      close,
    ]);
  });

  it.each([
    ['ice-eu-energy', '2024-01-01', 'closed'],
    ['ice-eu-energy', '2023-01-02', 'closed'],
    ['ice-eu-energy', '2022-01-03', '18:00-18:00'],
    ['ice-eu-energy', '2024-03-29', 'closed'],
    ['ice-eu-energy', '2026-04-03', 'closed'],
    ['ice-eu-energy', '2024-04-01', '18:00-18:00'],
    ['ice-eu-energy', '2024-08-26', '18:00-18:00'],
    ['ice-eu-energy', '2021-12-24', '20:00-14:00'],
    ['ice-eu-energy', '2021-12-27', '18:00-18:00'],
    ['ice-eu-energy', '2022-12-26', 'closed'],
    ['ice-eu-energy', '2024-12-26', '20:00-18:00'],
    ['ice-eu-energy', '2016-05-30', '18:00-13:30'],
    ['ice-eu-energy', '2025-06-19', '20:00-13:30'],
    ['ice-eu-energy', '2026-07-03', '20:00-13:30'],
    ['ice-eu-energy', '2026-07-06', '18:00-18:00'],
    ['ice-eu-energy', '2024-11-28', '20:00-13:30'],
    ['ice-eu-energy', '2024-11-29', '20:00-14:00'],
    ['ice-eu-energy', '2024-12-24', '20:00-14:00'],
    ['ice-eu-energy', '2024-12-31', '20:00-15:00'],
    ['ice-eu-softs', '2024-07-02', '09:00-17:30'],
    ['ice-eu-softs/C', '2024-07-02', '09:30-16:55'],
    ['ice-eu-softs/W', '2024-07-02', '08:45-17:55'],
    ['ice-eu-softs', '2026-12-24', '09:00-12:23'],
    ['ice-eu-softs', '2024-12-31', '09:00-17:30'],
    ['ice-eu-softs', '2024-04-01', 'closed'],
    ['ice-eu-softs', '2023-02-20', '09:00-17:30'],
    ['ice-eu-softs/W', '2023-02-20', '08:45-17:00'],
    ['ice-eu-equity', '2024-07-02', '01:00-21:00'],
    ['ice-eu-equity', '2018-12-24', '01:00-12:50'],
    ['ice-eu-equity', '2018-12-31', '01:00-12:50'],
    ['ice-eu-equity', '2022-09-19', 'closed'],
    ['ice-eu-equity', '2020-05-08', 'closed'],
    ['ice-eu-equity', '2020-05-04', '01:00-21:00'],
    ['ice-eu-equity', '2026-05-01', '01:00-21:00'],
    ['ice-eu-rates', '2024-07-02', '08:00-18:00'],
    ['ice-eu-rates', '2026-12-31', '08:00-12:15'],
    ['ice-eu-rates', '2023-05-08', 'closed'],
    ['ice-eu-rates/SO3', '2024-07-02', '07:30-18:00'],
    ['ice-eu-rates/SO3', '2022-06-03', 'closed'],
    ['ice-eu-rates/I', '2024-07-02', '01:00-21:00'],
    ['ice-eu-rates/I', '2026-05-01', 'closed'],
    ['ice-eu-rates/I', '2026-05-04', '01:00-21:00'],
    ['ice-eu-rates/I', '2026-08-31', '01:00-21:00'],
    ['ice-eu-rates/I', '2026-12-28', '01:00-21:00'],
  ])('%s on %s: %s', (group, label, want) => {
    expect(drawn(group, label)).toBe(want);
  });
});

describe('Montréal', () => {
  it.each([
    ['mx-rates', '2018-10-05', '06:00-16:30'],
    ['mx-rates', '2018-10-09', '02:00-16:30'],
    ['mx-rates', '2021-09-17', '02:00-16:30'],
    ['mx-rates', '2021-09-20', '20:00-16:30'],
    ['mx-index', '2024-07-02', '20:00-16:30'],
    ['mx-rates', '2021-12-24', '20:00-13:30'],
    ['mx-index', '2021-12-24', '20:00-13:00'],
    ['mx-rates', '2021-12-31', '20:00-13:30'],
    ['mx-index', '2021-12-31', '20:00-16:30'],
    ['mx-rates', '2017-12-22', '06:00-13:30'],
    ['mx-index', '2017-12-22', '06:00-16:30'],
    ['mx-rates', '2017-12-29', '06:00-13:30'],
    ['mx-rates', '2025-12-31', '20:00-13:30'],
    ['mx-rates', '2015-11-11', 'closed'],
    ['mx-index', '2015-11-11', '06:00-16:30'],
    ['mx-rates', '2016-06-30', '06:00-13:30'],
  ])('%s on %s: %s', (group, label, want) => {
    expect(drawn(group, label)).toBe(want);
  });

  it.each([
    ['2024-01-01', false],
    ['2024-02-19', false],
    ['2007-02-19', true],
    ['2024-03-29', false],
    ['2024-04-01', true],
    ['2024-05-20', false],
    ['2021-05-24', false],
    ['2026-05-18', false],
    ['2026-05-25', true],
    ['2024-06-24', true],
    ['2024-07-01', false],
    ['2023-07-03', false],
    ['2024-08-05', false],
    ['2024-09-02', false],
    ['2024-09-30', true],
    ['2024-10-14', false],
    ['2024-11-11', true],
    ['2020-12-28', false],
    ['2021-12-27', false],
    ['2021-12-28', false],
    ['2022-01-03', false],
    ['2024-12-26', false],
    // United States holidays are open.
    ['2024-05-27', true],
    ['2024-07-04', true],
    ['2024-11-28', true],
  ])('is a business day: %s %s', (date, isOpen) => {
    expect(calendars.businessCalendar('mx').isBusinessDay(day(date))).toBe(isOpen);
  });
});

describe('products', () => {
  const specs = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));

  it.each([
    ['ES', 'cme-equity-index'],
    ['BTC', 'cme-crypto'],
    ['DX', 'ice-us-financial'],
    ['MFS', 'ice-us-financial/MFS'],
    ['B', 'ice-eu-energy'],
    ['G', 'ice-eu-energy/G'],
    ['RC', 'ice-eu-softs'],
    ['W', 'ice-eu-softs/W'],
    ['R', 'ice-eu-rates'],
    ['I', 'ice-eu-rates/I'],
    ['CGB', 'mx-rates'],
  ])('%s trades by %s', (root, group) => {
    expect(calendars.forInstrument(specs.get(root)!).id).toBe(group);
  });

  it.each([
    ['GC', '17:30'],
    ['SI', '17:25'],
    ['SIL', '17:25'],
    ['HG', '17:00'],
    ['PL', '17:05'],
    ['PA', '17:00'],
    ['CL', '18:30'],
    ['ES', '20:00'],
    ['ZN', '19:00'],
    ['ZC', '18:15'],
    ['VX', '20:00'],
    ['KC', '17:25'],
    ['CC', '15:50'],
    ['B', '18:30'],
    ['G', '15:30'],
    ['R', '15:15'],
    ['CGB', '19:00'],
  ])('%s settles at %s UTC in July', (root, want) => {
    const calendar = calendars.forInstrument(specs.get(root)!);
    const session = calendar.sessionOfLabel(day('2024-07-02'))!;
    expect(toIsoUtc(session.settleUs).slice(11, 16)).toBe(want);
  });

  it('of North America and ICE have contract dates on their business days, 2010 to 2030', () => {
    const exchanges = ['CME', 'CBOT', 'NYMEX', 'COMEX', 'CFE', 'ICEUS', 'ICEEU', 'MX'];
    const wrong: string[] = [];
    let count = 0;
    for (const spec of specs.values()) {
      if (!exchanges.includes(spec.exchange)) continue;
      const business = calendars.businessCalendar(spec.businessCalendar);
      for (let year = 2010; year <= 2030; year += 1) {
        for (let month = 1; month <= 12; month += 1) {
          if (!spec.listedMonths.includes('FGHJKMNQUVXZ'[month - 1]!)) continue;
          let dates;
          try {
            dates = calendars.contractDates(spec, year, month);
          } catch {
            // A rule that reads a table of publication dates knows the years of the table.
            continue;
          }
          count += 1;
          const { lastTradeDate, firstNoticeDate, lastTradeUs } = dates;
          const isRight =
            business.isBusinessDay(lastTradeDate) &&
            (firstNoticeDate === null || business.isBusinessDay(firstNoticeDate)) &&
            // The last moment lies on that day, in any zone.
            Math.abs(lastTradeUs / 86_400e6 - (lastTradeDate + 0.5)) < 1.1;
          if (!isRight) wrong.push(`${spec.root} ${year}-${month}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(11_500);
  });
});

describe('spans', () => {
  it.each([
    ['cme-equity-index', '2000-01-03', '2026-12-31'],
    ['cme-crypto', '2017-12-18', '2026-12-31'],
    ['cme-lumber', '2022-08-08', '2026-12-31'],
    ['ice-us-coffee', '2009-01-02', '2026-12-31'],
    ['ice-us-cotton', '2014-01-13', '2026-12-31'],
    ['ice-eu-energy', '2010-01-04', '2026-12-31'],
    ['ice-eu-softs', '2015-01-02', '2026-12-31'],
    ['mx-index', '2010-01-04', '2026-12-31'],
    ['XNYS', '2000-01-03', '2028-12-31'],
  ])('%s begins %s, is published to %s and goes on by rule to 2035', (group, from, publishedTo) => {
    const calendar = calendars.forGroup(group);
    expect([calendar.rules.from, calendar.rules.publishedTo, calendar.rules.to]).toEqual([
      from,
      publishedTo,
      '2035-12-31',
    ]);
    expect(calendar.covers(day(from))).toBe(true);
    expect(calendar.covers(addDays(day(from), -1))).toBe(false);
    expect(calendar.covers(addDays(day('2035-12-31'), 1) as TradeDate)).toBe(false);
  });
});
