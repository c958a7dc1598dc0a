/** A user's own calendar files: what they can do, and what is said about those that are wrong. */
import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/calendars/check-rules.ts';
import { createCalendars, SESSION_GROUPS } from '../../src/calendars/registry.ts';
import { parseUserCalendars } from '../../src/calendars/user-calendar.ts';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';

type Json = Record<string, unknown>;

function group(changes: Json = {}): Json {
  return {
    id: 'my-market',
    name: 'My market',
    zone: 'Europe/Vienna',
    from: '2024-01-01',
    to: '2024-12-31',
    businessCalendar: 'my-bank',
    regimes: [{ from: '2024-01-01', hours: { segments: [['09:00', '17:00']] } }],
    namedDays: [{ name: 'national', kind: 'fixed', month: 10, day: 26, observed: 'none' }],
    dayRules: [{ on: ['national'], shape: { kind: 'closed' } }],
    exceptions: [],
    settle: '16:30',
    regularHours: { start: '09:00', end: '17:00', zone: 'Europe/Vienna' },
    confidence: 'low',
    sources: ['made for a test'],
    ...changes,
  };
}

function fileOf(content: Json): string {
  return JSON.stringify(
    {
      schema: 'frontmonth.calendar/1',
      businessCalendars: {
        'my-bank': [{ name: 'new-year', kind: 'fixed', month: 1, day: 1, observed: 'none' }],
      },
      ...content,
    },
    null,
    2,
  );
}

const parsed = (content: Json) => parseUserCalendars([{ file: 'my.json', text: fileOf(content) }]);

/** `code field: message` and what stands on the line that the error names. */
function refusal(content: Json | string): { text: string; line: string; rule: string } {
  const text = typeof content === 'string' ? content : fileOf(content);
  try {
    parseUserCalendars([{ file: 'my.json', text }]);
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    const { line, field } = error.details as { line: number; field?: string };
    expect(error.where).toBe(`my.json:${line}`);
    expect(error.fix).toBeTruthy();
    return {
      text: `${error.code} ${field ?? ''}: ${error.message}`,
      line: text.split('\n')[line - 1]!.trim(),
      rule: error.rule!,
    };
  }
  throw new Error('nothing was refused');
}

describe('a calendar file', () => {
  it('adds a group with a business calendar of its own', () => {
    const calendars = createCalendars(parsed({ groups: [group()] }));
    expect(calendars.groupIds()).toContain('my-market');
    const calendar = calendars.forGroup('my-market');
    expect(calendar.isOpen(parseTsUs('2024-07-01T07:00:00Z'))).toBe(true);
    expect(calendar.isOpen(parseTsUs('2024-07-01T06:59:59Z'))).toBe(false);
    // A Monday that Vienna's bank works on; the day after New Year is the first business day.
    expect(calendar.isBusinessDay(parseTradeDate('2024-01-01'))).toBe(false);
    expect(calendar.isBusinessDay(parseTradeDate('2024-05-01'))).toBe(true);
    expect(calendars.hasCalendar({ sessionGroup: 'my-market' })).toBe(true);
    expect(createCalendars().hasCalendar({ sessionGroup: 'my-market' })).toBe(false);
  });

  it('overrides a group of ours: an early close of the user’s broker, and no other day', () => {
    const override = {
      group: 'cme-equity-index',
      exceptions: [
        { date: '2025-07-08', shape: { kind: 'short', close: '12:00' }, why: 'broker shuts early' },
        // Ours says 12:15 on this day.
        { date: '2025-11-28', shape: { kind: 'short', close: '11:00' }, why: 'broker shuts early' },
      ],
    };
    const changed = createCalendars(parsed({ overrides: [override] })).forGroup('cme-equity-index');
    const plain = createCalendars().forGroup('cme-equity-index');
    const differing = Array.from(changed.columns.closeUs, (us, row) =>
      us === plain.columns.closeUs[row] ? null : `${toIsoUtc(us as never).slice(0, 16)}`,
    ).filter((text) => text !== null);
    expect(differing).toEqual(['2025-07-08T17:00', '2025-11-28T17:00']);
    expect(changed.whyClosed(parseTsUs('2025-07-08T18:00:00Z'))!.text).toContain(
      'broker shuts early, Tue 2025-07-08',
    );
  });

  it('changes what an earlier file brought', () => {
    const files = [
      { file: 'a.json', text: fileOf({ groups: [group()] }) },
      {
        file: 'b.json',
        text: fileOf({
          overrides: [
            {
              group: 'my-market',
              namedDays: [{ name: 'half', kind: 'dates', dates: ['2024-12-24'] }],
              dayRules: [{ on: ['half'], shape: { kind: 'short', close: '12:00' } }],
            },
          ],
        }),
      },
    ];
    const calendar = createCalendars(parseUserCalendars(files)).forGroup('my-market');
    const days = calendar.specialDays(parseTradeDate('2024-01-01'), parseTradeDate('2024-12-31'));
    expect(days.map(({ label, kind, name }) => `${toIsoDate(label)} ${kind} ${name}`)).toEqual([
      '2024-12-24 early-close half',
    ]);
  });

  it('replaces the schedule of a venue, or adds one', () => {
    const windows = [
      {
        weekdays: [1],
        from: '23:00',
        to: '01:00',
        zone: 'UTC',
        effect: 'down',
        what: 'own restart',
      },
    ];
    const calendars = createCalendars(
      parsed({ venues: [{ venue: 'ib', windows, sources: ['ours'] }] }),
    );
    const venue = calendars.venueMaintenance('ib');
    expect(venue.isDown(parseTsUs('2024-07-01T23:30:00Z'))).toBe(true);
    expect(venue.isDown(parseTsUs('2024-07-02T23:30:00Z'))).toBe(false);
    expect(calendars.venueMaintenance('cqg').schedule.windows).toEqual([]);
  });
});

describe('a calendar file that is unusual', () => {
  it('may begin with a byte order mark', () => {
    const text = `\uFEFF${fileOf({ groups: [group()] })}`;
    expect(parseUserCalendars([{ file: 'my.json', text }]).groups.length).toBe(1);
  });

  it('may have a short day that lies inside the regular one', () => {
    const exceptions = [
      { date: '2024-05-06', shape: { kind: 'short', open: '10:00', close: '12:00' }, why: 'x' },
    ];
    const calendar = createCalendars(parsed({ groups: [group({ exceptions })] })).forGroup(
      'my-market',
    );
    const session = calendar.sessionOfLabel(parseTradeDate('2024-05-06'))!;
    expect(toIsoUtc(session.closeUs)).toBe('2024-05-06T10:00:00Z');
  });
});

describe('a wrong calendar file', () => {
  it.each<[string, Json | string, string, string]>([
    [
      'is no JSON',
      '{\n "schema": 1,\n oops\n}',
      'E_CALENDAR_FILE : cannot read my.json as JSON',
      'oops',
    ],
    [
      'has another schema',
      { schema: 'frontmonth.calendar/9' },
      'E_CALENDAR_FILE schema: my.json:2: schema is "frontmonth.calendar/9"',
      '"schema": "frontmonth.calendar/9",',
    ],
    [
      'has a field that is none',
      { groups: [group({ colour: 'red' })] },
      'E_CALENDAR_FILE groups[0].colour: my.json:65: groups[0].colour is "red"',
      '"colour": "red"',
    ],
    [
      'lacks a field',
      { groups: [{ ...group(), zone: undefined }] },
      'groups[0].zone is missing',
      '{',
    ],
    [
      'has an hour that is none',
      { groups: [group({ settle: '25:00' })] },
      'groups[0].settle is "25:00"',
      '"settle": "25:00",',
    ],
    [
      'has a zone that is none',
      { groups: [group({ zone: 'Europe/Atlantis' })] },
      'E_CALENDAR_RULE groups[0].zone: my.json:18: calendar my-market, zone: "Europe/Atlantis" is not a time zone',
      '"zone": "Europe/Atlantis",',
    ],
    [
      'has a date that does not exist',
      { groups: [group({ from: '2024-02-30' })] },
      'E_CALENDAR_RULE groups[0].from: my.json:19: calendar my-market, from: "2024-02-30" is not a date',
      '"from": "2024-02-30",',
    ],
    [
      'names a day that is not defined',
      { groups: [group({ dayRules: [{ on: ['carnival'], shape: { kind: 'closed' } }] })] },
      'dayRules[0].on[0]: there is no day named "carnival"',
      '"carnival"',
    ],
    [
      'has regimes out of order',
      {
        groups: [
          group({
            regimes: ['2024-01-01', '2024-06-01', '2024-03-01'].map((from) => ({
              from,
              hours: { segments: [['09:00', '17:00']] },
            })),
          }),
        ],
      },
      'regimes[2].from: 2024-03-01 is not after 2024-06-01',
      '"from": "2024-03-01",',
    ],
    [
      'begins before its first regime',
      { groups: [group({ from: '2023-01-01' })] },
      'regimes[0].from: 2024-01-01 is after the span begins, 2023-01-01',
      '"from": "2024-01-01",',
    ],
    [
      'has an exception outside its span',
      {
        groups: [
          group({
            exceptions: [{ date: '2025-03-03', shape: { kind: 'closed' }, why: 'flood' }],
          }),
        ],
      },
      'exceptions[0].date: 2025-03-03 is outside the span, 2024-01-01 to 2024-12-31',
      '"date": "2025-03-03",',
    ],
    [
      'has two exceptions for one date',
      {
        groups: [
          group({
            exceptions: ['flood', 'fire'].map((why) => ({
              date: '2024-03-04',
              shape: { kind: 'closed' },
              why,
            })),
          }),
        ],
      },
      'exceptions[1].date: 2024-03-04 stands in exceptions[0] too',
      '"date": "2024-03-04",',
    ],
    [
      'has segments that overlap',
      {
        groups: [
          group({
            regimes: [
              {
                from: '2024-01-01',
                hours: {
                  segments: [
                    ['09:00', '12:30'],
                    ['12:00', '17:00'],
                  ],
                },
              },
            ],
          }),
        ],
      },
      'calendar my-market, regimes[0]: on 2024-01-01 two segments overlap',
      '{',
    ],
    [
      'has a session that begins inside the one before it',
      {
        groups: [
          group({
            exceptions: [
              {
                date: '2024-03-05',
                shape: { kind: 'segments', segments: [['-1 16:00', '17:00']] },
                why: 'long day',
              },
            ],
          }),
        ],
      },
      'exceptions[0]: on 2024-03-05 the session begins before the one before it ends',
      '{',
    ],
    [
      'counts the days of a business calendar that is not there',
      { groups: [group({ businessCalendar: 'my-bonk' })] },
      'E_CALENDAR_UNKNOWN groups[0].businessCalendar: my.json:21: business calendar "my-bonk"',
      '"businessCalendar": "my-bonk",',
    ],
    [
      'has a group of our name',
      { groups: [group({ id: 'cme-fx' })] },
      'calendar cme-fx, id: there is a group "cme-fx" already',
      '"id": "cme-fx",',
    ],
    [
      'overrides a group that is not there',
      { overrides: [{ group: 'cme-cheese' }] },
      'E_CALENDAR_UNKNOWN overrides[0].group: my.json:16: session group "cme-cheese"',
      '"group": "cme-cheese"',
    ],
    [
      'overrides a group with hours that overlap, counted in the file’s own numbers',
      {
        overrides: [
          {
            group: 'cme-equity-index',
            exceptions: [
              { date: '2025-07-08', shape: { kind: 'short', close: '12:00' }, why: 'a' },
              {
                date: '2025-07-09',
                shape: { kind: 'segments', segments: [['-1 11:00', '12:00']] },
                why: 'b',
              },
            ],
          },
        ],
      },
      'calendar cme-equity-index, exceptions[1]: on 2025-07-09 the session begins before',
      '{',
    ],
    [
      'has a holiday on a day that no month has',
      {
        businessCalendars: {
          'my-bank': [{ name: 'odd', kind: 'fixed', month: 2, day: 31, observed: 'none' }],
        },
      },
      'businessCalendars.my-bank[0].day: my.json:9: calendar my-bank, [0].day: month 2 has no day 31',
      '"day": 31,',
    ],
    [
      'has a window of a venue in no zone',
      {
        venues: [
          {
            venue: 'x',
            sources: [],
            windows: [
              {
                weekdays: [1],
                from: '01:00',
                to: '02:00',
                zone: 'Mars',
                effect: 'down',
                what: 'y',
              },
            ],
          },
        ],
      },
      'E_ZONE venues[0]: my.json:15: "Mars" is not a time zone',
      '{',
    ],
    ...(
      [
        ['close', { close: '08:30' }, 'it is not after the regular open, 09:00 to 17:00', '08:30'],
        ['close', { close: '18:30' }, 'it is after the regular close, 09:00 to 17:00', '18:30'],
        ['open', { open: '17:00' }, 'it is not before the regular close', '17:00'],
        ['open', { open: '08:00' }, 'it is before the regular open', '08:00'],
        ['close', { open: '14:00', close: '12:00' }, '12:00 is not after the open, 14:00', '12:00'],
        ['', {}, 'a short day says neither open nor close nor dayOnly', ''],
      ] as const
    ).map(([field, times, says, value]): [string, Json, string, string] => [
      `has a short day with ${JSON.stringify(times)}`,
      {
        groups: [
          group({
            exceptions: [{ date: '2024-05-06', shape: { kind: 'short', ...times }, why: 'x' }],
          }),
        ],
      },
      `calendar my-market, exceptions[0].shape${field === '' ? '' : `.${field}`}: ${says}`,
      field === '' ? '"shape": {' : `"${field}": "${value}"`,
    ]),
    [
      'has a rule for a short day that leaves nothing',
      {
        groups: [
          group({
            dayRules: [{ on: ['national'], shape: { kind: 'short', close: '09:00' } }],
          }),
        ],
      },
      'dayRules[0].shape.close: it is not after the regular open',
      '"close": "09:00"',
    ],
    [
      'changes a group of ours to a day that ends before it begins',
      {
        overrides: [
          {
            group: 'eurex-index',
            exceptions: [
              { date: '2024-05-06', shape: { kind: 'short', close: '12:00' }, why: 'x' },
              { date: '2024-05-07', shape: { kind: 'short', close: '01:30' }, why: 'x' },
            ],
          },
        ],
      },
      'exceptions[1].shape.close: it is not after the regular open, 08:10 Asia/Singapore to 22:00',
      '"close": "01:30"',
    ],
    [
      'settles after the close',
      { groups: [group({ settle: '18:00' })] },
      'settle: the settlement, 18:00, is after the close, 17:00',
      '"settle": "18:00",',
    ],
    [
      'says something twice',
      '{\n  "schema": "frontmonth.calendar/1",\n  "groups": [],\n  "groups": []\n}',
      'E_CALENDAR_FILE : my.json:4: the key "groups" stands twice',
      '"groups": []',
    ],
  ])('that %s is refused with file, line, entry and rule', (_, content, message, line) => {
    const answer = refusal(content);
    expect(answer.text).toContain(message);
    expect(answer.line).toBe(line);
    expect(answer.rule).not.toBe('');
  });
});

describe('the groups of the package', () => {
  it.each(SESSION_GROUPS.map((rules) => [rules.id, rules] as const))(
    '%s keeps every rule that a file must keep',
    (_, rules) => {
      expect(() => checkRules(rules, new ZoneTables())).not.toThrow();
    },
  );
});
