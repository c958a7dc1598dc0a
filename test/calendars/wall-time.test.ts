import { formatInTimeZone, fromZonedTime } from 'date-fns-tz';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWallTime, ZoneTable } from '../../src/calendars/wall-time.ts';
import { parseTradeDate, toIsoDate, toTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';

const ZONES = [
  'America/Chicago',
  'America/New_York',
  'Europe/Berlin',
  'Europe/London',
  'Asia/Tokyo',
  'Asia/Singapore',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  // Half hours, a day that was skipped, two changes within a month.
  'Asia/Kolkata',
  'Pacific/Apia',
  'Africa/Cairo',
  'UTC',
];
const tables = new Map(ZONES.map((zone) => [zone, new ZoneTable(zone)]));
const chicago = tables.get('America/Chicago')!;
const zone = fc.constantFrom(...ZONES);
/** Inside and outside the table. */
const minuteOf = (from: string, to: string) =>
  fc.integer({ min: Date.parse(from) / 60_000, max: Date.parse(to) / 60_000 });

describe('wall time', () => {
  it('agrees with date-fns-tz on the local time of any minute, 1985 to 2044', () => {
    fc.assert(
      fc.property(zone, minuteOf('1985-01-01', '2044-12-31'), (name, minute) => {
        const table = tables.get(name)!;
        const us = minute * 60_000_000;
        const minutes = table.localMinutes(us);
        const hhmm = [Math.floor(minutes / 60), minutes % 60].map((n) =>
          String(n).padStart(2, '0'),
        );
        const want = formatInTimeZone(new Date(minute * 60_000), name, 'yyyy-MM-dd HH:mm');
        expect(`${toIsoDate(table.localDate(us))} ${hhmm.join(':')}`).toBe(want);
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });

  it('comes back from any local time that exists once', () => {
    fc.assert(
      fc.property(zone, minuteOf('1999-02-01', '2037-12-01'), (name, minute) => {
        const table = tables.get(name)!;
        const us = minute * 60_000_000;
        const back = table.toUtcUs(table.localDate(us), table.localMinutes(us));
        // Of a repeated hour the first reading is taken, so that the way back may be an hour short, never long.
        const isRepeated = table.offsetUsAt(us) < table.offsetUsAt(us - 3_600_000_000);
        expect(isRepeated ? back <= us && us - back <= 3_600_000_000 : back === us).toBe(true);
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });

  it('agrees with date-fns-tz at noon and at 17:00 of every day around a change', () => {
    for (const name of ZONES) {
      const table = tables.get(name)!;
      for (const changeUs of table.transitionsUs(1999, 2037)) {
        for (const step of [-1, 0, 1]) {
          const date = (table.localDate(changeUs) + step) as TradeDate;
          for (const time of ['12:00', '17:00']) {
            const want = fromZonedTime(`${toIsoDate(date)}T${time}:00`, name).getTime() * 1000;
            const got = table.toUtcUs(date, parseWallTime(time));
            // A day that Samoa skipped has no right answer.
            if (table.localDate(got) === date) expect(got).toBe(want);
          }
        }
      }
    }
  });

  it('gives the same answers whatever years were asked first', () => {
    const years = fc.array(fc.integer({ min: 1960, max: 2110 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(zone, years, (name, asked) => {
        const table = new ZoneTable(name);
        for (const year of asked) {
          const us = toTradeDate(year, 7, 1) * 86_400_000_000;
          expect(table.offsetUsAt(us)).toBe(new ZoneTable(name).offsetUsAt(us));
        }
        const whole = tables.get(name)!.transitionsUs(1973, 2100);
        expect(table.transitionsUs(1990, 2030)).toEqual(
          whole.filter((us) => us >= Date.UTC(1990, 0) * 1000 && us < Date.UTC(2031, 0) * 1000),
        );
        for (const us of whole.filter((_, i) => i % 7 === 0)) {
          for (const near of [us - 1, us]) {
            expect(table.offsetUsAt(near)).toBe(tables.get(name)!.offsetUsAt(near));
          }
        }
      }),
      { seed: 20261121, numRuns: 60 },
    );
  });

  it('finds both changes of every year in Chicago', () => {
    const changes = chicago.transitionsUs(1999, 2037).map((us) => toIsoUtc(us as never));
    expect(changes).toContain('2024-03-10T08:00:00Z');
    expect(changes).toContain('2024-11-03T07:00:00Z');
    expect(changes.length).toBe(39 * 2);
  });

  it('reads a skipped time as the span after the gap began, a repeated one as its first', () => {
    expect(toIsoUtc(chicago.toUtcUs(parseTradeDate('2024-03-10'), 150))).toBe(
      '2024-03-10T08:30:00Z',
    );
    expect(toIsoUtc(chicago.toUtcUs(parseTradeDate('2024-11-03'), 90))).toBe(
      '2024-11-03T06:30:00Z',
    );
  });

  it('takes minutes before midnight and after it', () => {
    const date = toTradeDate(2024, 7, 2);
    expect(toIsoUtc(chicago.toUtcUs(date, -60))).toBe('2024-07-02T04:00:00Z');
    expect(toIsoUtc(chicago.toUtcUs(date, 1500))).toBe('2024-07-03T06:00:00Z');
    expect(chicago.localMinutes(parseTsUs('2024-07-02T13:30:30Z'))).toBe(510.5);
  });

  it('refuses a zone that does not exist and a time that is none', () => {
    expect(() => new ZoneTable('America/Chikago')).toThrowError(
      expect.objectContaining({ code: 'E_ZONE' }),
    );
    for (const text of ['8:30', '24:01', '12:60', 'noon', '']) {
      expect(() => parseWallTime(text)).toThrowError(expect.objectContaining({ code: 'E_TIME' }));
    }
    expect(parseWallTime('24:00')).toBe(1440);
  });
});
