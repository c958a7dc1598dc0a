/** Questions about instants and labels, on days that one can look up. */
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';

const calendars = createCalendars();
const equity = calendars.forGroup('cme-equity-index');
const grains = calendars.forGroup('cme-grains');
const day = parseTradeDate;
const at = parseTsUs;

describe('why a market is closed', () => {
  const why = (group: string, instant: string): string | null =>
    calendars.forGroup(group).whyClosed(at(instant))?.text ?? null;

  it.each([
    // Before the open on Sunday, and one microsecond inside.
    [
      'cme-equity-index',
      '2025-07-06T21:59:59.999999Z',
      'closed: the weekend; opens Sun 2025-07-06 17:00 America/Chicago',
    ],
    ['cme-equity-index', '2025-07-06T22:00:00Z', null],
    [
      'cme-equity-index',
      '2025-07-08T21:30:00Z',
      'closed: between two sessions; opens Tue 2025-07-08 17:00 America/Chicago',
    ],
    [
      'cme-grains',
      '2025-07-08T13:00:00Z',
      'closed: a pause inside the session; opens Tue 2025-07-08 08:30 America/Chicago',
    ],
    // Christmas Eve 2025: shut early at 12:15, the holiday from 17:00 on.
    [
      'cme-equity-index',
      '2025-12-24T19:00:00Z',
      'closed: Christmas Eve, Wed 2025-12-24; opens Thu 2025-12-25 17:00 America/Chicago',
    ],
    [
      'cme-equity-index',
      '2025-12-25T01:00:00Z',
      'closed: Christmas, Thu 2025-12-25; opens Thu 2025-12-25 17:00 America/Chicago',
    ],
    // After the regular close of the day before, the holiday is what keeps the evening shut.
    [
      'cme-equity-index',
      '2025-12-24T22:30:00Z',
      'closed: Christmas, Thu 2025-12-25; opens Thu 2025-12-25 17:00 America/Chicago',
    ],
    // A closed Monday: the weekend until Sunday evening, then the holiday.
    [
      'cme-grains',
      '2026-01-18T12:00:00Z',
      'closed: the weekend; opens Mon 2026-01-19 19:00 America/Chicago',
    ],
    [
      'cme-grains',
      '2026-01-19T15:00:00Z',
      'closed: Martin Luther King Day, Mon 2026-01-19; opens Mon 2026-01-19 19:00 America/Chicago',
    ],
    [
      'cme-equity-index',
      '2025-11-28T20:00:00Z',
      'closed: day after Thanksgiving, Fri 2025-11-28; opens Sun 2025-11-30 17:00 America/Chicago',
    ],
  ])('%s at %s: %s', (group, instant, text) => {
    expect(why(group, instant)).toBe(text);
  });

  it('names a day of mourning with its date and the next open', () => {
    const answer = calendars.forGroup('cme-interest-rate').whyClosed(at('2018-12-05T18:00:00Z'))!;
    expect(answer.kind).toBe('exception');
    expect(answer.name).toContain('Bush');
    expect(toIsoDate(answer.label)).toBe('2018-12-05');
    expect(toIsoUtc(answer.untilUs!)).toBe('2018-12-05T23:00:00Z');
    expect(toIsoUtc(answer.sinceUs!)).toBe('2018-12-04T22:00:00Z');
  });
});

describe('the state of a market', () => {
  it('takes orders before it matches them', () => {
    const phases = ['20:59:59', '21:00:00', '21:59:59', '22:00:00'].map(
      (time) => equity.stateAt(at(`2025-07-06T${time}Z`)).phase,
    );
    const preOpen = equity.preOpenUs(day('2025-07-07'))!;
    // Without a known order entry the market is closed until it opens.
    const before = preOpen < at('2025-07-06T22:00:00Z') ? 'pre-open' : 'closed';
    expect(phases).toEqual(['closed', before, before, 'open']);
  });

  it('says until when, and which session it is', () => {
    const state = equity.stateAt(at('2025-12-24T19:00:00Z'));
    expect(state.phase).toBe('closed');
    expect(toIsoDate(state.session!.label)).toBe('2025-12-26');
    expect(toIsoUtc(state.untilUs!)).toBe('2025-12-25T23:00:00Z');
    const open = grains.stateAt(at('2025-07-08T12:00:00Z'));
    expect([open.phase, toIsoUtc(open.untilUs!)]).toEqual(['open', '2025-07-08T12:45:00Z']);
  });
});

describe('windows of a session', () => {
  const drawn = (group: string, label: string, window: 'RTH' | 'ETH'): string[] =>
    calendars
      .forGroup(group)
      .windowOf(day(label), window)
      .map(({ openUs, closeUs }) =>
        [openUs, closeUs].map((us) => toIsoUtc(us).slice(5, 16)).join(' '),
      );

  it('are the regular hours and what lies around them', () => {
    expect(drawn('cme-equity-index', '2025-07-08', 'RTH')).toEqual(['07-08T13:30 07-08T20:00']);
    expect(drawn('cme-equity-index', '2025-07-08', 'ETH')).toEqual([
      '07-07T22:00 07-08T13:30',
      '07-08T20:00 07-08T21:00',
    ]);
  });

  it('leave breaks out', () => {
    expect(drawn('cme-grains', '2025-07-08', 'ETH')).toEqual(['07-08T00:00 07-08T12:45']);
    expect(drawn('cme-grains', '2025-07-08', 'RTH')).toEqual(['07-08T13:30 07-08T18:20']);
  });

  it('are cut by an early close', () => {
    expect(drawn('cme-equity-index', '2025-11-28', 'RTH')).toEqual(['11-28T14:30 11-28T18:15']);
  });

  it('have no regular hours on a shortened holiday session, nor on a closed day', () => {
    expect(drawn('cme-equity-index', '2025-11-27', 'RTH')).toEqual([]);
    expect(drawn('cme-equity-index', '2025-11-27', 'ETH')).toEqual(['11-26T23:00 11-27T18:00']);
    expect(drawn('cme-equity-index', '2025-12-25', 'RTH')).toEqual([]);
    expect(drawn('cme-equity-index', '2025-12-25', 'ETH')).toEqual([]);
    // The stock market was shut: 08:30 is where the futures stopped.
    expect(drawn('cme-equity-index', '2025-01-09', 'RTH')).toEqual([]);
  });
});

describe('answers by label', () => {
  it('give settlement and order entry, and nothing on a closed day', () => {
    expect(toIsoUtc(equity.settleUs(day('2025-07-08'))!)).toBe('2025-07-08T20:00:00Z');
    expect(equity.settleUs(day('2025-12-25'))).toBeNull();
    expect(equity.preOpenUs(day('2025-12-25'))).toBeNull();
  });

  it('list the special days of a span', () => {
    const days = equity
      .specialDays(day('2025-11-20'), day('2026-01-05'))
      .map(
        ({ label, kind, name, session }) =>
          `${toIsoDate(label)} ${kind} ${name} ${session === null ? '-' : toIsoUtc(session.closeUs).slice(11, 16)}`,
      );
    expect(days).toEqual([
      '2025-11-27 early-close Thanksgiving 18:00',
      '2025-11-28 early-close day after Thanksgiving 18:15',
      '2025-12-24 early-close Christmas Eve 18:15',
      '2025-12-25 closed Christmas -',
      "2026-01-01 closed New Year's Day -",
    ]);
  });
});

describe('open minutes', () => {
  it('leave out breaks, nights and weekends', () => {
    const minutes = (from: string, to: string): number =>
      grains.openMinutesBetween(at(from), at(to));
    // 19:00 to 07:45 and 08:30 to 13:20 in Chicago.
    expect(minutes('2025-07-07T20:00:00Z', '2025-07-08T20:00:00Z')).toBe(765 + 290);
    expect(minutes('2025-07-08T12:44:00Z', '2025-07-08T13:31:00Z')).toBe(2);
    expect(minutes('2025-07-11T18:20:00Z', '2025-07-14T00:00:00Z')).toBe(0);
    expect(minutes('2025-07-08T13:31:00Z', '2025-07-08T12:44:00Z')).toBe(-2);
    expect(minutes('2025-07-08T13:30:00Z', '2025-07-08T13:30:30Z')).toBe(0.5);
  });
});

describe('what an answer rests on', () => {
  it('is a published table, a rule, or neither', () => {
    expect(equity.confidenceOf(day('2025-07-08'))).toBe('published');
    expect(equity.confidenceOf(day('1999-07-08'))).toBe('outside');
    expect(equity.confidenceOf(day('2036-07-08'))).toBe('outside');
    const { publishedTo, to } = equity.rules;
    expect(publishedTo! < to).toBe(true);
    expect(equity.confidenceOf((day(publishedTo!) + 1) as TradeDate)).toBe('rule');
    expect(equity.sessionOfLabel(day('2025-07-08'))!.basis).toBe('published');
    expect(equity.sessionOfLabel(day('2034-07-11'))!.basis).toBe('rule');
  });

  it('is refused outside the span, or answered by rule and marked by choice', () => {
    const instant = at('2040-07-10T15:00:00Z');
    expect(() => equity.sessionOf(instant)).toThrow(
      expect.objectContaining({ code: 'E_CALENDAR_SPAN' }),
    );
    const wide = createCalendars({ outside: 'rules' }).forGroup('cme-equity-index');
    const session = wide.sessionOf(instant);
    expect([toIsoUtc(session.openUs), session.basis]).toEqual(['2040-07-09T22:00:00Z', 'outside']);
    // Independence Day 2040 is a Wednesday: the rule goes on.
    expect(toIsoUtc(wide.sessionOfLabel(day('2040-07-04'))!.closeUs)).toBe('2040-07-04T17:00:00Z');
    expect(() => wide.isOpen(at('2060-01-01T00:00:00Z'))).toThrow(
      expect.objectContaining({ code: 'E_CALENDAR_SPAN' }),
    );
    expect(() => wide.isOpen(NaN as TsUs)).toThrow(
      expect.objectContaining({ code: 'E_CALENDAR_SPAN' }),
    );
  });
});

describe('sessions between two instants', () => {
  it('are those that overlap, the ends not counted', () => {
    const labels = (from: string, to: string): string[] =>
      Array.from(equity.sessionsBetween(at(from), at(to)).label, (label) =>
        toIsoDate(label as TradeDate),
      );
    expect(labels('2025-07-07T21:00:00Z', '2025-07-08T22:00:00Z')).toEqual(['2025-07-08']);
    expect(labels('2025-07-07T20:59:59Z', '2025-07-08T22:00:01Z')).toEqual([
      '2025-07-07',
      '2025-07-08',
      '2025-07-09',
    ]);
    expect(labels('2025-07-05T00:00:00Z', '2025-07-06T00:00:00Z')).toEqual([]);
    expect(labels('2025-07-08T15:00:00Z', '2025-07-07T15:00:00Z')).toEqual([]);
  });
});
