/** The holiday table of CME Group, cell by cell: what each day does to each group, written by hand. */
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TsUs } from '../../src/core/units.ts';

const calendars = createCalendars();
const GROUPS = [
  'cme-equity-index',
  'cme-interest-rate',
  'cme-fx',
  'cme-energy',
  'cme-metals',
  'cme-crypto',
  'cme-grains',
  'cme-livestock',
] as const;

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0')).join(':');
}

/**
 * Close of the label in Chicago: `C` without a session, `R` with the close of an ordinary day of that time, `-` before the
 * group's span. `D` in front: a day session without its evening.
 */
function cell(group: string, date: string): string {
  const calendar = calendars.forGroup(group);
  const label = parseTradeDate(date);
  if (!calendar.covers(label)) return '-';
  const session = calendar.sessionOfLabel(label);
  if (session === null) return 'C';
  const regime = calendar.rules.regimes.filter((one) => one.from <= date).at(-1)!;
  const hours = regime.byWeekday?.[weekdayOf(label)] ?? regime.hours;
  const close = clock(calendar.localMinutes(session.closeUs));
  const open = clock(calendar.localMinutes(session.openUs));
  const hasEvening =
    (hours.segments[0]![0] as string).startsWith('-') && hours.afterGap === undefined;
  const prefix = hasEvening && open > '07:00' && open < '12:00' ? 'D' : '';
  return prefix + (close === hours.segments.at(-1)![1] ? 'R' : close);
}

/** Date, then one cell a group: equity, rates, FX, energy, metals, crypto, grains, livestock. */
function table(text: string): (readonly [date: string, cells: string])[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [date, ...cells] = line.trim().split(/\s+/);
      return [date!, cells.join(' ')] as const;
    });
}

const row = (date: string): string => GROUPS.map((group) => cell(group, date)).join(' ');

describe('New Year and Christmas close every group', () => {
  it.each(
    table(`
      2008-01-01 C C C C C - C C
      2009-12-25 C C C C C - C C
      2010-12-24 C C C C C - C C
      2011-12-26 C C C C C - C C
      2012-01-02 C C C C C - C C
      2016-12-26 C C C C C - C C
      2018-01-01 C C C C C C C C
      2021-12-24 C C C C C C C C
      2022-12-26 C C C C C C C C
      2023-01-02 C C C C C C C C
      2025-12-25 C C C C C C C C
      2027-01-01 C C C C C C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each(
    table(`
      2010-12-31 R 12:15 12:15 15:15 15:15 - R 12:15
      2021-12-31 R R R R R R R R
      2011-01-03 R R R R R - R R
      2022-01-03 R R R R R R R R
    `),
  )('a New Year on a Saturday is not moved: %s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });
});

describe('Monday holidays', () => {
  it.each(
    table(`
      2009-01-19 10:30 12:00 12:00 R R - C C
      2009-02-16 10:30 12:00 12:00 R R - C C
      2009-05-25 10:30 12:00 12:00 12:15 12:15 - C C
      2012-01-16 10:30 12:00 12:00 12:15 12:15 - C C
      2013-05-27 10:30 12:00 12:00 12:15 12:15 - C C
      2014-01-20 10:30 12:00 12:00 12:15 12:15 - C C
      2014-02-17 10:30 12:00 12:00 12:15 12:15 - C C
      2014-05-26 12:00 12:00 12:00 12:00 12:00 - C C
      2014-09-01 12:00 12:00 12:00 12:00 12:00 - C C
      2018-02-19 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2020-01-20 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2021-01-18 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2021-09-06 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2022-01-17 12:00 12:00 R 13:30 13:30 R C C
      2022-02-21 12:00 12:00 R 13:30 13:30 R C C
      2022-05-30 12:00 12:00 R 13:30 13:30 R C C
      2022-09-05 12:00 12:00 R 13:30 13:30 R C C
      2026-01-19 12:00 12:00 R 13:30 13:30 R C C
      2026-05-25 12:00 12:00 R 13:30 13:30 R C C
      2026-09-07 12:00 12:00 R 13:30 13:30 C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each([
    ['1997-01-20', false],
    ['2000-01-17', true],
  ])('Martin Luther King Day is one since 1998: %s', (date, isHoliday) => {
    const days = calendars.businessCalendar('cme-trade-date');
    expect(days.isBusinessDay(parseTradeDate(date))).toBe(!isHoliday);
  });

  it.each(['2012-10-08', '2019-10-14', '2019-11-11', '2025-10-13', '2025-11-11'])(
    'Columbus Day and Veterans Day are ordinary days: %s',
    (date) => {
      expect(row(date)).toBe(date < '2017-12' ? 'R R R R R - R R' : 'R R R R R R R R');
    },
  );
});

describe('Juneteenth', () => {
  it.each(
    table(`
      2021-06-18 R R R R R R R R
      2022-06-20 12:00 12:00 R 13:30 13:30 R C C
      2023-06-19 12:00 12:00 R 13:30 13:30 R C C
      2024-06-19 12:00 12:00 R 13:30 13:30 R C C
      2025-06-19 12:00 12:00 R 13:30 13:30 R C C
      2026-06-19 12:00 12:00 12:00 12:00 12:00 C C C
      2027-06-18 12:00 12:00 12:00 12:00 12:00 C C C
      2032-06-18 12:00 12:00 12:00 12:00 12:00 C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });
});

describe('Independence Day', () => {
  it.each(
    table(`
      2008-07-04 10:30 12:00 12:00 12:15 12:15 - C C
      2009-07-03 10:30 12:00 12:00 12:30 12:30 - C C
      2010-07-05 10:30 12:00 12:00 12:15 12:15 - C C
      2012-07-04 10:30 12:00 12:00 12:15 12:15 - C C
      2014-07-04 12:00 12:00 12:00 12:00 12:00 - C C
      2015-07-03 12:00 12:00 12:00 12:00 12:00 - C C
      2018-07-04 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2020-07-03 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2021-07-05 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2022-07-04 12:00 12:00 R 13:30 13:30 R C C
      2023-07-04 12:00 12:00 R 13:30 13:30 R C C
      2024-07-04 12:00 12:00 R 13:30 13:30 R C C
      2025-07-04 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2026-07-03 12:00 12:00 12:00 12:00 12:00 C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each(
    table(`
      2011-07-01 R 15:15 15:15 R R - R R
      2012-07-03 12:15 R R R R - 12:00 12:15
      2013-07-03 12:15 R R R R - 12:00 12:15
      2014-07-03 12:15 R R R R - 12:00 12:15
      2015-07-02 R R R R R - 12:00 12:15
      2016-07-01 R R R R R - R R
      2017-07-03 12:15 R R R R - 12:05 12:15
      2018-07-03 12:15 R R R R 12:15 12:05 12:15
      2019-07-03 12:15 R R R R 12:15 12:05 12:15
      2020-07-02 R R R R R R 12:05 12:15
      2021-07-02 R R R R R R R R
      2022-07-01 R R R R R R R R
      2023-07-03 12:15 R R R R R R R
      2024-07-03 12:15 R R R R R R R
      2025-07-03 12:15 R R R R R R R
      2026-07-02 R R R R R R R R
      2029-07-03 12:15 R R R R R R R
    `),
  )('the day before: %s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each([
    ['2013-07-05', 'DR'],
    ['2018-07-05', 'DR'],
    ['2022-07-05', 'DR'],
    ['2026-07-06', 'R'],
  ])('grains have no evening on the holiday: %s is %s', (date, want) => {
    expect(cell('cme-grains', date)).toBe(want);
  });
});

describe('Thanksgiving', () => {
  it.each(
    table(`
      2009-11-26 10:30 12:00 12:00 12:15 12:15 - C C
      2013-11-28 10:30 12:00 12:00 12:15 12:15 - C C
      2014-11-27 12:00 12:00 12:00 12:00 12:00 - C C
      2021-11-25 12:00 12:00 12:00 12:00 12:00 12:00 C C
      2022-11-24 12:00 12:00 R 13:30 13:30 R C C
      2025-11-27 12:00 12:00 R 13:30 13:30 R C C
      2026-11-26 12:00 12:00 R 13:30 13:30 C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each(
    table(`
      2009-11-27 12:15 12:15 12:15 12:45 12:45 - D12:00 12:15
      2014-11-28 12:15 12:15 12:15 12:45 12:45 - D12:00 12:15
      2015-11-27 12:15 12:15 12:15 12:45 12:45 - D12:05 12:15
      2018-11-23 12:15 12:15 12:15 12:45 12:45 12:15 D12:05 12:15
      2019-11-29 12:15 12:15 12:15 12:45 12:45 12:15 D12:05 12:15
      2020-11-27 12:15 12:15 12:15 12:45 12:45 12:15 D12:05 12:05
      2021-11-26 12:15 12:15 12:15 12:45 12:45 12:45 D12:05 12:05
      2023-11-24 12:15 12:15 12:15 12:45 12:45 12:45 D12:05 12:05
      2025-11-28 12:15 12:15 13:45 13:45 13:45 13:45 D12:05 12:05
      2026-11-27 12:15 12:15 13:45 13:45 13:45 R D12:05 12:05
    `),
  )('the Friday after: %s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });
});

describe('the last days of the year', () => {
  it.each(
    table(`
      2009-12-24 12:15 12:15 12:15 12:45 12:45 - 12:00 12:15
      2012-12-24 12:15 12:15 12:15 12:45 12:45 - 12:00 12:15
      2015-12-24 12:15 12:15 12:15 12:45 12:45 - 12:05 12:15
      2016-12-23 R R R R R - 12:05 12:05
      2017-12-22 R R R R R R 12:05 12:15
      2018-12-24 12:15 12:15 12:15 12:45 12:45 12:15 12:05 12:15
      2019-12-24 12:15 12:15 12:15 12:45 12:45 12:15 12:05 12:15
      2020-12-24 12:15 12:15 12:15 12:45 12:45 12:15 12:05 12:05
      2022-12-23 R R R R R R R R
      2024-12-24 12:15 12:15 12:15 12:45 12:45 12:45 12:05 12:05
      2025-12-24 12:15 12:15 12:45 12:45 12:45 12:45 12:05 12:15
      2026-12-24 12:15 12:15 12:45 12:45 12:45 R 12:05 12:15
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it.each(['2015-12-31', '2018-12-31', '2024-12-31', '2025-12-31'])(
    'December 31 is an ordinary day without an evening: %s',
    (date) => {
      for (const group of GROUPS) {
        if (cell(group, date) === '-') continue;
        const calendar = calendars.forGroup(group);
        const session = calendar.sessionOfLabel(parseTradeDate(date))!;
        const isLastOfWeek = group === 'cme-livestock' && date === '2015-12-31';
        expect(`${group} ${cell(group, date)}`).toBe(`${group} ${isLastOfWeek ? '13:55' : 'R'}`);
        // Nothing opens before the evening of New Year's Day.
        expect(calendar.nextOpenUs(session.closeUs) - session.closeUs).toBeGreaterThan(
          24 * 3_600_000_000,
        );
      }
    },
  );

  it.each([
    ['cme-equity-index', '2025-12-26', '12-25T23:00'],
    ['cme-grains', '2025-12-26', '12-26T14:30'],
    ['cme-grains', '2026-01-02', '01-02T14:30'],
    ['cme-rice', '2026-01-02', '01-02T14:30'],
    ['cme-dairy', '2025-12-26', '12-25T23:00'],
    ['cme-livestock', '2025-12-26', '12-26T14:30'],
  ])('%s begins %s at %s UTC', (group, date, open) => {
    const session = calendars.forGroup(group).sessionOfLabel(parseTradeDate(date))!;
    expect(isoMinute(session.openUs)).toBe(open);
  });
});

describe('Good Friday', () => {
  it.each(
    table(`
      2009-04-10 C C C C C - C C
      2010-04-02 08:15 10:15 10:15 C C - C C
      2011-04-22 C C C C C - C C
      2012-04-06 08:15 10:15 10:15 C C - C C
      2015-04-03 08:15 10:15 10:15 C C - C C
      2018-03-30 C C C C C C C C
      2020-04-10 C C C C C C C C
      2021-04-02 08:15 10:15 10:15 C C 08:15 C C
      2022-04-15 C C C C C C C C
      2023-04-07 08:15 10:15 10:15 C C 10:15 C C
      2024-03-29 C C C C C C C C
      2025-04-18 C C C C C C C C
      2026-04-03 08:15 10:15 10:15 C C 10:15 C C
      2027-03-26 C C C C C C C C
      2028-04-14 C C C C C C C C
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it('ended the week of livestock on Thursday at 13:55 until 2016', () => {
    expect(
      ['2011-04-21', '2013-03-28', '2014-04-17', '2015-04-02', '2016-03-24'].map((date) =>
        cell('cme-livestock', date),
      ),
    ).toEqual(['13:55', '13:55', '13:55', '13:55', 'R']);
  });
});

describe('early ends before a long weekend', () => {
  it.each(
    table(`
      2005-12-23 R 15:15 15:15 R R - R R
      2006-01-13 R 15:15 15:15 R R - R R
      2009-01-16 R 15:15 15:15 R R - R R
      2009-04-09 R 15:15 15:15 R R - R 13:55
      2009-05-22 R 15:15 15:15 15:15 15:15 - R R
      2009-10-09 R 15:15 15:15 15:15 15:15 - R R
      2010-07-02 R 15:15 15:15 15:15 15:15 - R R
      2011-01-14 R 15:15 15:15 15:15 15:15 - R R
      2011-02-18 R 15:15 15:15 R R - R R
      2012-10-05 R 15:15 15:15 R R - R R
      2013-10-11 R R R R R - R R
      2014-08-29 R 15:15 15:15 R R - R R
      2015-05-22 R 15:15 15:15 R R - R R
      2015-09-04 R R R R R - R R
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });
});

describe('single days', () => {
  it.each(
    table(`
      2001-09-10 R R R R R - R R
      2001-09-11 09:15 09:15 09:15 09:15 09:15 - 07:15 09:15
      2001-09-12 C C C C C - C C
      2001-09-13 C R R C C - R R
      2001-09-14 C R R C C - R R
      2001-09-17 R R R R R - R R
      2004-06-11 C R R R R - R R
      2007-01-02 08:15 R R R R - DR R
      2012-10-29 08:15 11:00 R R R - R R
      2012-10-30 08:15 R R R R - R R
      2012-10-31 R R R R R - R R
      2018-12-04 R R R R R R R R
      2018-12-05 08:30 C R R R R R R
      2018-12-06 R R R R R R R R
      2025-01-09 08:30 12:15 R R R R 12:15 12:15
    `),
  )('%s: %s', (date, cells) => {
    expect(row(date)).toBe(cells);
  });

  it('reopen on the same evening', () => {
    for (const [group, date, open] of [
      ['cme-equity-index', '2012-10-29', '10-29T22:00'],
      ['cme-interest-rate', '2012-10-29', '10-29T22:00'],
      ['cme-equity-index', '2018-12-05', '12-05T23:00'],
      ['cme-interest-rate', '2018-12-04', '12-05T23:00'],
      ['cme-equity-index', '2025-01-09', '01-09T23:00'],
    ] as const) {
      const calendar = calendars.forGroup(group);
      const session = calendar.sessionOfLabel(parseTradeDate(date))!;
      expect(isoMinute(calendar.nextOpenUs(session.closeUs))).toBe(open);
    }
  });
});

describe('trade dates of holiday sessions', () => {
  it.each([
    ['cme-equity-index', '2026-01-19', '2026-01-20'],
    ['cme-equity-index', '2023-02-20', '2023-02-21'],
    ['cme-equity-index', '2024-07-04', '2024-07-05'],
    ['cme-fx', '2022-01-17', '2022-01-18'],
    ['cme-interest-rate', '2026-06-19', '2026-06-22'],
    ['cme-energy', '2025-11-27', '2025-11-28'],
    ['cme-crypto', '2025-06-19', '2025-06-20'],
  ])('%s: the session of %s clears on %s', (group, label, tradeDate) => {
    const session = calendars.forGroup(group).sessionOfLabel(parseTradeDate(label))!;
    expect(toIsoDate(session.tradeDate)).toBe(tradeDate);
  });
});

function isoMinute(us: TsUs): string {
  return new Date(us / 1000).toISOString().slice(5, 16);
}
