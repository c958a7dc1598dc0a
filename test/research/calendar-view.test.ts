import { describe, expect, it } from 'vitest';
import { createCalendars, SESSION_GROUPS } from '../../src/calendars/registry.ts';
import type { InstrumentSpec } from '../../src/core/instrument.ts';
import { parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { CalendarYear } from '../../src/research/calendar-view.ts';
import {
  calendarYear,
  sessionViews,
  specialText,
  usualHours,
  weekdaysText,
} from '../../src/research/calendar-view.ts';
import { calendarFileName, renderCalendarYear } from '../../src/research/report/calendar-page.ts';

const calendars = createCalendars();
const specs = loadInstruments(new URL('../../catalog/instruments', import.meta.url).pathname);
const specOf = (root: string): InstrumentSpec => specs.get(root)!;
const yearOf = (root: string, year: number): CalendarYear => {
  const spec = specOf(root);
  return calendarYear(calendars, { calendar: calendars.forInstrument(spec), spec }, year);
};
const hoursOf = (root: string, from: string, to: string): string[] =>
  usualHours(calendars.forInstrument(specOf(root)), parseTradeDate(from), parseTradeDate(to)).map(
    ({ from: begin, weekdays, text }) => `${toIsoDate(begin)} ${weekdaysText(weekdays)}: ${text}`,
  );

describe('usual hours', () => {
  it('say which day an evening belongs to', () => {
    expect(hoursOf('ES', '2026-01-01', '2026-12-31')).toEqual([
      '2026-01-01 Mon to Fri: 17:00 the day before to 16:00',
    ]);
  });
  it('count business days where Monday begins on Friday', () => {
    expect(hoursOf('HSI', '2026-03-01', '2026-03-31')).toEqual([
      '2026-03-01 Mon to Fri: 17:15 the business day before to 03:00, 09:15 to 12:00, 13:00 to 16:30',
    ]);
  });
  it('are told apart when they change inside the span', () => {
    const lines = hoursOf('BTC', '2026-05-01', '2026-06-30');
    expect(lines[0]).toBe('2026-05-01 Mon to Fri: 17:00 the day before to 16:00');
    expect(lines.slice(1).join('\n')).toContain(
      '2026-06-01 Mon: 16:00 on Friday to 02:00 on Saturday',
    );
  });
});

describe('sessions', () => {
  it('name the weekday of a time that is not on the date of the label', () => {
    const calendar = calendars.forInstrument(specOf('ES'));
    const from = parseTradeDate('2026-11-25');
    const views = sessionViews(calendar, from, parseTradeDate('2026-11-29'));
    expect(views.map(({ label, hours }) => `${toIsoDate(label)} ${hours}`)).toEqual([
      '2026-11-25 17:00 (Tue)–16:00',
      '2026-11-26 17:00 (Wed)–12:00',
      '2026-11-27 17:00 (Thu)–12:15',
    ]);
    expect(views[1]!.special?.name).toBe('Thanksgiving');
    expect(toIsoDate(views[1]!.tradeDate)).toBe('2026-11-27');
    expect(specialText(calendar, views[2]!.special!)).toBe('closes 12:15');
  });
});

describe('a year', () => {
  const rows = (view: CalendarYear): string[] =>
    view.contracts.map(({ contract: { id, dates }, rollDate, rollTo }) =>
      [
        id,
        rollDate === null ? '–' : toIsoDate(rollDate),
        rollTo ?? '–',
        dates.firstNoticeDate === null ? '–' : toIsoDate(dates.firstNoticeDate),
        toIsoDate(dates.lastTradeDate),
      ].join(' '),
    );

  it('has the rolls of the product by its own rule, which needs no data', () => {
    const view = yearOf('ES', 2026);
    expect(rows(view)).toEqual([
      'ESH2026 2026-03-12 ESM2026 – 2026-03-20',
      'ESM2026 2026-06-10 ESU2026 – 2026-06-18',
      'ESU2026 2026-09-10 ESZ2026 – 2026-09-18',
      'ESZ2026 2026-12-10 ESH2027 – 2026-12-18',
    ]);
    expect(view.rollRule).toBe('6 business days before last trade');
    expect(view.notes).toEqual([]);
  });
  it('has first notices, and contracts named for another year', () => {
    const view = yearOf('CL', 2026);
    expect(rows(view).at(-1)).toBe('CLF2027 2026-12-14 CLG2027 2026-12-23 2026-12-21');
    expect(rows(view)[0]).toMatch(/^CLG2026 /);
    // Brent ends two months before its name.
    expect(rows(yearOf('B', 2026)).at(-1)).toMatch(/^BG2027 .* 2026-12-/);
  });
  it('names the months that are listed and not held', () => {
    const { contracts } = yearOf('EBM', 2026);
    expect(contracts.map(({ contract, isHeld }) => `${contract.id} ${isHeld}`)).toEqual([
      'EBMH2026 false',
      'EBMK2026 false',
      'EBMU2026 false',
      'EBMZ2026 true',
    ]);
  });
  it('is cut at the ends of the calendar, and says so', () => {
    const group = SESSION_GROUPS.find(({ id }) => id === 'cme-crypto')!;
    const calendar = calendars.forGroup(group.id);
    const view = calendarYear(calendars, { calendar, spec: null }, 2017);
    expect(toIsoDate(view.from)).toBe(group.from);
    expect(view.notes).toContain(`The calendar begins ${group.from}.`);
    expect(() => calendarYear(calendars, { calendar, spec: null }, 2010)).toThrow(
      /2010-01-01 is outside/,
    );
  });
  it('by the nearest rules alone is marked', () => {
    const wide = createCalendars({ outside: 'rules' });
    const spec = specOf('ES');
    const view = calendarYear(wide, { calendar: wide.forInstrument(spec), spec }, 2040);
    expect(view.notes[0]).toMatch(/^By the nearest rules alone/);
    expect(view.specialDays.every(({ basis }) => basis === 'outside')).toBe(true);
    expect(view.contracts.map(({ rollDate }) => rollDate)).not.toContain(null);
  });
  it('after the published tables says that it rests on rules', () => {
    expect(yearOf('ES', 2028).notes[0]).toMatch(/^By rule after 2026-12-31/);
  });
  it('of a product that has ended says when', () => {
    expect(yearOf('GE', 2026).notes.join(' ')).toContain('Its last contract was GE2023M');
  });

  it.each([...specs.keys()])('holds together: %s', (root) => {
    const view = yearOf(root, 2026);
    const { calendar } = view;
    const held = view.contracts.filter(({ isHeld }) => isHeld);
    for (const { contract, rollDate, rollTo } of held) {
      if (rollDate === null) continue;
      expect(calendar.sessionOfLabel(rollDate), contract.id).not.toBeNull();
      expect(rollDate).toBeLessThanOrEqual(contract.dates.lastTradeDate);
      expect(rollTo).not.toBe(contract.id);
    }
    held.slice(1).forEach(({ contract }, k) => expect(held[k]!.rollTo).toBe(contract.id));
    for (const { label, session, kind } of view.specialDays) {
      expect(label >= view.from && label <= view.to).toBe(true);
      expect(session === null).toBe(kind === 'closed');
    }
  });
});

describe('the page of a year', () => {
  const html = renderCalendarYear(yearOf('CL', 2026), { madeBy: 'a test' });

  it('has no script, no request and no machine in it', () => {
    expect(html).toContain("default-src 'none'; script-src 'none'");
    expect(html).not.toMatch(/<script|https?:\/\/|src=|url\(|noscript/);
    expect(html).toBe(renderCalendarYear(yearOf('CL', 2026), { madeBy: 'a test' }));
  });
  it('shows every day once, on the weekday that it is', () => {
    const days = [...html.matchAll(/<time datetime="([^"]+)">(\d+)<\/time>/g)];
    expect(days).toHaveLength(365);
    expect(new Set(days.map(([, date]) => date)).size).toBe(365);
    const january = /<caption>January<\/caption>.*?<\/table>/s.exec(html)![0];
    const firstWeek = /<tbody><tr>(.*?)<\/tr>/s.exec(january)![1]!;
    // Monday first: 1 January 2026 is a Thursday.
    expect(
      firstWeek
        .split('<td')
        .slice(1)
        .findIndex((cell) => cell.includes('2026-01-01')),
    ).toBe(3);
    expect(weekdayOf(parseTradeDate('2026-01-01'))).toBe(4);
  });
  it('says in words and signs what happens on a day', () => {
    const cell = (date: string): string =>
      new RegExp(`<td[^>]*><time datetime="${date}">.*?</td>`).exec(html)![0];
    expect(cell('2026-04-03')).toContain('class="closed"');
    expect(cell('2026-04-03')).toContain('Good Friday: closed');
    expect(cell('2026-11-27')).toContain('<i>13:45</i>');
    expect(cell('2026-12-21')).toContain('●F27');
    expect(cell('2026-12-21')).toContain('last trade of CLF2027');
    expect(cell('2026-12-14')).toContain('→F27');
    expect(cell('2026-12-23')).toContain('◇F27');
    expect(cell('2026-06-06')).toContain('class="rest"');
    expect(cell('2026-06-08')).not.toContain('class');
  });
  it('lists the same days as tables', () => {
    for (const { name } of yearOf('CL', 2026).specialDays)
      expect(html).toContain(name.replaceAll("'", "'"));
    expect(html).toContain('<th scope="row">CLF2027</th>');
    expect(html).toContain('5 business days before last trade');
  });
  it('takes names as text', () => {
    const view = yearOf('ES', 2026);
    const spec = { ...view.spec!, name: '<b onload=1>"', root: 'E<S' };
    const page = renderCalendarYear({ ...view, spec });
    expect(page).toContain('&lt;b onload=1&gt;&quot;');
    expect(page).not.toContain('<b onload');
  });
  it('has a name that is a file', () => {
    const calendar = calendars.forGroup('cme-metals/SI');
    const view = calendarYear(calendars, { calendar, spec: null }, 2026);
    expect(calendarFileName(view)).toBe('calendar-cme-metals-SI-2026.html');
  });
});
