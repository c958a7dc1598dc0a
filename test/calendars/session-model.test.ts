/** The rule language, on groups made for the test: what each way of writing a rule does to sessions. */
import { describe, expect, it } from 'vitest';
import { BusinessCalendars } from '../../src/calendars/business-days.ts';
import type { DayRule } from '../../src/calendars/rules.ts';
import { datesOfRules } from '../../src/calendars/rules.ts';
import type { BuiltSessions } from '../../src/calendars/rule-book.ts';
import { RuleBook } from '../../src/calendars/rule-book.ts';
import type { GroupRules } from '../../src/calendars/sessions.ts';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { toIsoUtc } from '../../src/core/units.ts';

const zones = new ZoneTables();
const business = new BusinessCalendars();

function made(rules: Partial<GroupRules>): GroupRules {
  return {
    id: 'test',
    name: 'Test',
    zone: 'UTC',
    from: '2024-01-01',
    to: '2024-12-31',
    businessCalendar: 'weekdays',
    regimes: [{ from: '2024-01-01', hours: { segments: [['09:00', '17:00']] } }],
    namedDays: [],
    dayRules: [],
    exceptions: [],
    settle: '16:00',
    regularHours: { start: '09:00', end: '17:00', zone: 'UTC' },
    confidence: 'low',
    sources: [],
    ...rules,
  };
}

function built(rules: Partial<GroupRules>): BuiltSessions {
  const group = made(rules);
  const book = new RuleBook(group, zones, business.get(group.businessCalendar));
  return book.build(parseTradeDate(group.from), parseTradeDate(group.to));
}

const clock = (us: number): string => toIsoUtc(us as TsUs).slice(5, 16);

/** `label > trade date: segment, segment` of the first sessions, all in UTC. */
function drawn(rules: Partial<GroupRules>, count: number): string[] {
  const { columns } = built(rules);
  return Array.from({ length: Math.min(count, columns.length) }, (_, row) => {
    const breaks = [...columns.breakRow.keys()].filter((b) => columns.breakRow[b] === row);
    const opens = [columns.openUs[row]!, ...breaks.map((b) => columns.breakEndUs[b]!)];
    const closes = [...breaks.map((b) => columns.breakStartUs[b]!), columns.closeUs[row]!];
    const dates = [columns.label[row]!, columns.tradeDate[row]!].map((date) =>
      toIsoDate(date as TradeDate).slice(5),
    );
    return `${dates.join(' > ')}: ${opens.map((open, i) => `${clock(open)}-${clock(closes[i]!)}`).join(', ')}`;
  });
}

describe('a day before the label', () => {
  it('is the evening before, or any number of days before or after', () => {
    const rules = (open: string, close: string): Partial<GroupRules> => ({
      from: '2024-01-03',
      regimes: [{ from: '2024-01-03', hours: { segments: [[open, close]] } }],
    });
    expect(drawn(rules('-1 17:00', '16:00'), 1)).toEqual([
      '01-03 > 01-03: 01-02T17:00-01-03T16:00',
    ]);
    expect(drawn(rules('-2 17:00', '-1 16:00'), 1)).toEqual([
      '01-03 > 01-03: 01-01T17:00-01-02T16:00',
    ]);
    expect(drawn(rules('22:00', '+1 02:00'), 1)).toEqual([
      '01-03 > 01-03: 01-03T22:00-01-04T02:00',
    ]);
  });

  it('is the business day before: the night session of Friday belongs to Monday', () => {
    const night: Partial<GroupRules> = {
      from: '2024-01-05',
      regimes: [
        {
          from: '2024-01-05',
          hours: {
            segments: [
              ['-b 16:30', '-b+1 06:00'],
              ['08:45', '15:15'],
            ],
          },
        },
      ],
    };
    expect(drawn(night, 2)).toEqual([
      '01-05 > 01-05: 01-04T16:30-01-05T06:00, 01-05T08:45-01-05T15:15',
      '01-08 > 01-08: 01-05T16:30-01-06T06:00, 01-08T08:45-01-08T15:15',
    ]);
  });

  it('goes over the holidays of the business calendar', () => {
    // The Monday and the Tuesday after Easter: London has no business on Good Friday and Easter Monday.
    const rules: Partial<GroupRules> = {
      from: '2024-04-02',
      to: '2024-04-30',
      businessCalendar: 'london-bank',
      regimes: [{ from: '2024-04-02', hours: { segments: [['-b 20:00', '16:00']] } }],
    };
    expect(drawn(rules, 1)).toEqual(['04-02 > 04-02: 03-28T20:00-04-02T16:00']);
  });

  it('is the label before, also one that is a holiday with a session', () => {
    const rules: Partial<GroupRules> = {
      from: '2024-03-28',
      businessCalendar: 'london-bank',
      namedDays: [{ name: 'good-friday', kind: 'easter', offset: -2 }],
      dayRules: [{ on: ['good-friday'], shape: { kind: 'closed' } }],
      regimes: [{ from: '2024-03-28', hours: { segments: [['-s 20:00', '16:00']] } }],
    };
    expect(drawn(rules, 3)).toEqual([
      '03-28 > 03-28: 03-27T20:00-03-28T16:00',
      '04-01 > 04-02: 03-28T20:00-04-01T16:00',
      '04-02 > 04-02: 04-01T20:00-04-02T16:00',
    ]);
  });

  it('has the offset of its own date: a Friday before the clocks change is not moved by Monday', () => {
    const rules = (from: string): Partial<GroupRules> => ({
      from,
      zone: 'America/Chicago',
      regimes: [{ from, hours: { segments: [['-b 16:00', '16:00']] } }],
    });
    expect(drawn(rules('2024-03-08'), 2)).toEqual([
      '03-08 > 03-08: 03-07T22:00-03-08T22:00',
      '03-11 > 03-11: 03-08T22:00-03-11T21:00',
    ]);
    expect(drawn(rules('2024-11-04'), 2)).toEqual([
      '11-04 > 11-04: 11-01T21:00-11-04T22:00',
      '11-05 > 11-05: 11-04T22:00-11-05T22:00',
    ]);
  });

  it('has the offset of its own date over a holiday too: Thursday before an Easter on which clocks change', () => {
    const rules: Partial<GroupRules> = {
      from: '2024-04-02',
      to: '2024-04-30',
      zone: 'Europe/London',
      businessCalendar: 'london-bank',
      regimes: [{ from: '2024-04-02', hours: { segments: [['-b 20:00', '16:00']] } }],
    };
    expect(drawn(rules, 1)).toEqual(['04-02 > 04-02: 03-28T20:00-04-02T15:00']);
  });

  it('may follow the clock of another zone', () => {
    const rules = (from: string): Partial<GroupRules> => ({
      from,
      zone: 'Australia/Sydney',
      regimes: [
        {
          from,
          hours: {
            segments: [['-b 17:10', { at: '-b 16:00', zone: 'America/New_York' }]],
          },
        },
      ],
    });
    // 16:00 in New York is 07:00 in Sydney while both summers differ, 08:00 in the northern winter.
    expect(drawn(rules('2024-07-02'), 1)).toEqual(['07-02 > 07-02: 07-01T07:10-07-01T20:00']);
    expect(drawn(rules('2024-01-03'), 1)).toEqual(['01-03 > 01-03: 01-02T06:10-01-02T21:00']);
  });

  it.each(['-x 17:00', '-b+ 17:00', '1 17:00', '-1  17:00', '17', '-b 24:30'])(
    'is not written %s',
    (text) => {
      const hours = { segments: [[text, '16:00']] as const };
      expect(() => built({ regimes: [{ from: '2024-01-01', hours }] })).toThrow(
        expect.objectContaining({ code: 'E_TIME' }),
      );
    },
  );
});

describe('a market around the clock', () => {
  const rules: Partial<GroupRules> = {
    from: '2024-01-05',
    to: '2024-01-31',
    businessCalendar: 'cme-trade-date',
    namedDays: [{ name: 'mlk', kind: 'nth-weekday', month: 1, weekday: 1, n: 3 }],
    dayRules: [{ on: ['mlk'], shape: { kind: 'closed' } }],
    regimes: [
      {
        from: '2024-01-05',
        hours: { segments: [['-b 16:00', '16:00']] },
        weeklyBreaks: [{ weekday: 6, from: '02:00', to: '04:00' }],
      },
    ],
  };

  it('gives a weekend and a holiday to the next business day and pauses on Saturday', () => {
    expect(drawn(rules, 8).filter((_, i) => [0, 1, 2, 6].includes(i))).toEqual([
      '01-05 > 01-05: 01-04T16:00-01-05T16:00',
      '01-08 > 01-08: 01-05T16:00-01-06T02:00, 01-06T04:00-01-08T16:00',
      '01-09 > 01-09: 01-08T16:00-01-09T16:00',
      '01-16 > 01-16: 01-12T16:00-01-13T02:00, 01-13T04:00-01-16T16:00',
    ]);
  });

  it('closes on Saturday only: labels that touch are one stretch of trading', () => {
    const { segmentOpenUs, segmentCloseUs } = built(rules);
    expect(Array.from(segmentOpenUs.slice(0, 3), clock)).toEqual([
      '01-04T16:00',
      '01-06T04:00',
      '01-13T04:00',
    ]);
    expect(Array.from(segmentCloseUs.slice(0, 2), clock)).toEqual(['01-06T02:00', '01-13T02:00']);
  });
});

describe('exceptions', () => {
  it('take the night session away, or give a Saturday a session', () => {
    const rules: Partial<GroupRules> = {
      from: '2024-01-04',
      regimes: [
        {
          from: '2024-01-04',
          hours: {
            segments: [
              ['-b 17:00', '-b 23:00'],
              ['09:00', '16:00'],
            ],
          },
        },
      ],
      exceptions: [
        {
          date: '2024-01-05',
          shape: { kind: 'segments', segments: [['09:00', '16:00']] },
          why: 'no night session on the eve',
          source: 'notice of the test',
        },
        {
          date: '2024-01-06',
          shape: { kind: 'segments', segments: [['09:00', '12:00']] },
          why: 'special session on a Saturday',
          tradeDate: '2024-01-06',
        },
        // The night of Friday would belong to Monday and be older than the special session.
        { date: '2024-01-08', shape: { kind: 'closed' }, why: 'test' },
      ],
    };
    expect(drawn(rules, 4)).toEqual([
      '01-04 > 01-04: 01-03T17:00-01-03T23:00, 01-04T09:00-01-04T16:00',
      '01-05 > 01-05: 01-05T09:00-01-05T16:00',
      '01-06 > 01-06: 01-06T09:00-01-06T12:00',
      '01-09 > 01-09: 01-08T17:00-01-08T23:00, 01-09T09:00-01-09T16:00',
    ]);
  });

  it('may name the trade date where the policy does not settle it', () => {
    const on = (tradeDate: string | null): string[] =>
      drawn(
        {
          from: '2024-03-29',
          businessCalendar: 'london-bank',
          exceptions: [
            {
              date: '2024-03-29',
              shape: { kind: 'short', close: '10:15' },
              why: 'test',
              tradeDate,
            },
          ],
        },
        1,
      );
    expect(on('2024-03-29')).toEqual(['03-29 > 03-29: 03-29T09:00-03-29T10:15']);
    expect(on(null)).toEqual(['03-29 > 04-02: 03-29T09:00-03-29T10:15']);
  });
});

describe('trade dates', () => {
  it('are the labels on a stock exchange, also where nobody clears', () => {
    const rules = { from: '2024-03-29', businessCalendar: 'london-bank' } as const;
    expect(drawn({ ...rules, tradeDates: 'label' }, 1)).toEqual([
      '03-29 > 03-29: 03-29T09:00-03-29T17:00',
    ]);
    expect(drawn(rules, 1)).toEqual(['03-29 > 04-02: 03-29T09:00-03-29T17:00']);
  });
});

describe('order entry', () => {
  it('opens before the regular open, by weekday, and not before a late open', () => {
    const { preOpenUs, columns } = built({
      from: '2024-01-08',
      regimes: [
        {
          from: '2024-01-08',
          hours: { segments: [['-1 17:00', '16:00']] },
          preOpen: '-1 16:45',
          preOpenByWeekday: { 1: '-1 16:00' },
        },
      ],
      exceptions: [{ date: '2024-01-10', shape: { kind: 'short', open: '08:30' }, why: 'test' }],
    });
    expect(Array.from(preOpenUs.slice(0, 4), clock)).toEqual([
      '01-07T16:00',
      '01-08T16:45',
      '01-10T08:30',
      '01-10T16:45',
    ]);
    expect(clock(columns.openUs[0]!)).toBe('01-07T17:00');
  });
});

describe('holidays that move', () => {
  const dates = (rules: readonly DayRule[], year: number): string[] =>
    [...datesOfRules(rules, year, year).values()].flat().map((date) => toIsoDate(date).slice(5));

  it('to the next day that no other holiday takes', () => {
    // Japan 2020: Constitution Day fell on a Sunday, the 4th and the 5th were taken.
    const goldenWeek: DayRule[] = [3, 4, 5].map((day) => ({
      name: `may-${day}`,
      kind: 'fixed',
      month: 5,
      day,
      observed: 'sunday-to-next-free',
    }));
    expect(dates(goldenWeek, 2020)).toEqual(['05-06', '05-04', '05-05']);
    // 2014: Sunday the 4th moved behind Monday the 5th. Saturdays never move.
    expect(dates(goldenWeek, 2014)).toEqual(['05-06', '05-05']);
    const weekend: DayRule = {
      name: 'national',
      kind: 'fixed',
      month: 10,
      day: 3,
      observed: 'weekend-to-next-free',
    };
    expect([2020, 2021, 2022].map((year) => dates([weekend], year)[0])).toEqual([
      '10-05',
      '10-04',
      '10-03',
    ]);
  });

  it('to a weekday on or before a day of the year', () => {
    const victoria: DayRule = {
      name: 'victoria',
      kind: 'weekday-on-or-before',
      month: 5,
      day: 24,
      weekday: 1,
    };
    expect([2021, 2022, 2026].map((year) => dates([victoria], year)[0])).toEqual([
      '05-24',
      '05-23',
      '05-18',
    ]);
    const after: DayRule = { ...victoria, kind: 'weekday-on-or-after' };
    expect([2021, 2022].map((year) => dates([after], year)[0])).toEqual(['05-24', '05-30']);
  });

  it('with the sun in Japan', () => {
    const equinox = (season: 'spring' | 'autumn'): DayRule => ({
      name: season,
      kind: 'japan-equinox',
      season,
      observed: 'none',
    });
    expect([2012, 2016, 2017, 2025].map((year) => dates([equinox('autumn')], year)[0])).toEqual([
      undefined,
      '09-22',
      undefined,
      '09-23',
    ]);
    expect([2023, 2024, 2025].map((year) => dates([equinox('spring')], year)[0])).toEqual([
      '03-21',
      '03-20',
      '03-20',
    ]);
  });
});
