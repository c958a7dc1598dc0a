/** What holds in every session group, whatever its rules say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BusinessCalendars } from '../../src/calendars/business-days.ts';
import type { GroupCalendar } from '../../src/calendars/group-calendar.ts';
import { createCalendars, SESSION_GROUPS, sessionGroupIds } from '../../src/calendars/registry.ts';
import { RuleBook } from '../../src/calendars/rule-book.ts';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import type { SessionColumns } from '../../src/core/session.ts';
import { addDays, parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { toIsoUtc, US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';

const calendars = createCalendars();
const wide = createCalendars({ outside: 'rules' });
const zones = new ZoneTables();
const business = new BusinessCalendars();
const SEED = { seed: 20261121, numRuns: 400 };
const IDS = sessionGroupIds();
const group = fc.constantFrom(...IDS);
/** A share of a calendar's span, away from its ends. */
const share = fc.double({ min: 0.002, max: 0.998, noNaN: true });

const fromOf = (calendar: GroupCalendar): TradeDate => parseTradeDate(calendar.rules.from);
const toOf = (calendar: GroupCalendar): TradeDate => parseTradeDate(calendar.rules.to);

function instantOf(calendar: GroupCalendar, part: number): TsUs {
  const from = (fromOf(calendar) + 14) * US_PER_DAY;
  const to = (toOf(calendar) - 14) * US_PER_DAY;
  return (Math.round((from + part * (to - from)) / US_PER_MINUTE) * US_PER_MINUTE) as TsUs;
}

/** Trading time of a range, session by session. */
function openUsOf(columns: SessionColumns, fromUs: number, toUs: number): number {
  const within = (open: number, close: number): number =>
    Math.max(0, Math.min(close, toUs) - Math.max(open, fromUs));
  let sum = 0;
  for (let i = 0; i < columns.length; i += 1)
    sum += within(columns.openUs[i]!, columns.closeUs[i]!);
  for (let b = 0; b < columns.breakRow.length; b += 1)
    sum -= within(columns.breakStartUs[b]!, columns.breakEndUs[b]!);
  return sum;
}

describe.each(IDS)('%s', (id) => {
  const calendar = calendars.forGroup(id);
  const all = calendar.columns;

  it('has ordered, disjoint sessions with breaks inside', () => {
    const wrong: string[] = [];
    for (let i = 0; i < all.length; i += 1) {
      const isOrdered =
        all.openUs[i]! < all.closeUs[i]! &&
        all.settleUs[i]! <= all.closeUs[i]! &&
        all.tradeDate[i]! >= all.label[i]!;
      const isAfter =
        i === 0 ||
        (all.openUs[i]! >= all.closeUs[i - 1]! &&
          all.label[i]! > all.label[i - 1]! &&
          all.tradeDate[i]! >= all.tradeDate[i - 1]!);
      // A night session can stand a fortnight of holidays before its day; a day session is an hour or more.
      const length = all.closeUs[i]! - all.openUs[i]!;
      const isSane = length <= 14 * US_PER_DAY && length >= 60 * US_PER_MINUTE;
      const preOpen = calendar.preOpenUs(all.label[i]! as TradeDate)!;
      const isEntryBefore = preOpen <= all.openUs[i]! && all.openUs[i]! - preOpen <= US_PER_DAY;
      if (!(isOrdered && isAfter && isSane && isEntryBefore))
        wrong.push(toIsoDate(all.label[i]! as TradeDate));
    }
    for (let b = 0; b < all.breakRow.length; b += 1) {
      const row = all.breakRow[b]!;
      const isInside =
        all.openUs[row]! < all.breakStartUs[b]! &&
        all.breakStartUs[b]! < all.breakEndUs[b]! &&
        all.breakEndUs[b]! < all.closeUs[row]!;
      if (!isInside) wrong.push(`break ${toIsoUtc(all.breakStartUs[b]! as TsUs)}`);
    }
    expect(all.length).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  });

  it('has a reason for every weekday without a session', () => {
    const labels = new Set<number>(all.label);
    const closed = new Map(
      calendar
        .specialDays(fromOf(calendar), toOf(calendar))
        .filter(({ kind }) => kind === 'closed')
        .map((day) => [day.label, day]),
    );
    const wrong: string[] = [];
    for (let date = fromOf(calendar); date <= toOf(calendar); date = addDays(date, 1)) {
      const weekday = weekdayOf(date);
      const hasReason = closed.has(date) && closed.get(date)!.name !== '';
      const isMissing = weekday !== 0 && weekday !== 6 && !labels.has(date);
      if (isMissing !== hasReason) wrong.push(toIsoDate(date));
    }
    expect(wrong).toEqual([]);
  });

  it('has the hours of its rules on every regular day, each converted by itself', () => {
    const { rules } = calendar;
    const book = new RuleBook(rules, zones, business.get(rules.businessCalendar));
    const special = book.shapes(fromOf(calendar), toOf(calendar));
    const wrong: string[] = [];
    for (let row = 1, b = 0; row < all.length; row += 1) {
      const label = all.label[row]! as TradeDate;
      const own: number[] = [all.openUs[row]!];
      while (b < all.breakRow.length && all.breakRow[b]! < row) b += 1;
      for (; all.breakRow[b] === row; b += 1) own.push(all.breakStartUs[b]!, all.breakEndUs[b]!);
      own.push(all.closeUs[row]!);
      // What follows a shortened session may have hours of its own; that is not converted but decided.
      const isAfterSpecial = special.has(all.label[row - 1]! as TradeDate);
      if (special.has(label) || isAfterSpecial) continue;
      const regular = book.regularSpans(label, all.label[row - 1]! as TradeDate).flat();
      if (regular.join() !== own.join()) wrong.push(toIsoDate(label));
    }
    expect(wrong).toEqual([]);
  });

  it('goes from open to open and from close to close over its whole span, and back', () => {
    const opens: number[] = [];
    const cursor = calendar.cursor();
    let at = (fromOf(calendar) * US_PER_DAY) as TsUs;
    const end = (toOf(calendar) - 7) * US_PER_DAY;
    while (at < end) {
      const open = calendar.nextOpenUs(at);
      const close = calendar.nextCloseUs(open);
      if (opens.length > 0 && calendar.previousOpenUs(open) !== opens.at(-1)) break;
      if (cursor.nextOpenUs(at) !== open || cursor.nextCloseUs(open) !== close) break;
      if (!cursor.isOpen(open) || cursor.isOpen(close)) break;
      opens.push(open);
      at = close;
    }
    expect(at).toBeGreaterThanOrEqual(end);
    // Every break opens again, every session opens; those that touch are one stretch.
    const starts = new Set([...all.openUs, ...all.breakEndUs]);
    const ends = new Set([...all.closeUs, ...all.breakStartUs]);
    const expected = [...starts]
      .filter((us) => !ends.has(us) && us > fromOf(calendar) * US_PER_DAY)
      .sort((a, b) => a - b);
    expect(opens).toEqual(expected.slice(0, opens.length));
  });
});

describe('every session group', () => {
  it('answers open or closed as its sessions and breaks say, and knows why', () => {
    fc.assert(
      fc.property(group, share, (id, part) => {
        const calendar = calendars.forGroup(id);
        const at = instantOf(calendar, part);
        const session = calendar.sessionAt(at);
        const near = calendar.sessionsBetween((at - US_PER_DAY) as TsUs, (at + 1) as TsUs);
        let row = -1;
        for (let i = 0; i < near.length; i += 1) {
          if (near.openUs[i]! <= at && at < near.closeUs[i]!) row = i;
        }
        const isBreak = near.breakRow.some(
          (breakRow, b) =>
            breakRow === row && near.breakStartUs[b]! <= at && at < near.breakEndUs[b]!,
        );
        const isOpen = row >= 0 && !isBreak;
        expect(session?.openUs ?? null).toBe(row < 0 ? null : near.openUs[row]!);
        expect(calendar.isOpen(at)).toBe(isOpen);
        const { phase, session: of, untilUs, why } = calendar.stateAt(at);
        expect(calendar.whyClosed(at)).toEqual(why);
        expect(why === null).toBe(isOpen);
        expect(phase === 'open').toBe(isOpen);
        expect(phase === 'break').toBe(isBreak);
        expect(untilUs).toBe(isOpen ? calendar.nextCloseUs(at) : calendar.nextOpenUs(at));
        expect(of).toEqual(calendar.sessionOf(at));
        expect(of!.tradeDate).toBe(calendar.tradeDateOf(at));
        if (phase === 'pre-open') expect(at).toBeGreaterThanOrEqual(calendar.preOpenUs(of!.label)!);
        if (why !== null) {
          // A pause of days, between a night session and its day, is called by the weekend or holiday in it.
          if (why.kind === 'break') expect(isBreak).toBe(true);
          expect(why.untilUs).toBe(untilUs);
          expect(why.sinceUs).toBe(calendar.previousCloseUs((at + 1) as TsUs));
          expect(why.text).toMatch(/^closed: .+; opens /);
          expect(why.name !== null).toBe(['holiday', 'exception'].includes(why.kind));
        }
      }),
      SEED,
    );
  });

  it('goes to the next open and back, and to the next close and back', () => {
    fc.assert(
      fc.property(group, share, (id, part) => {
        const calendar = calendars.forGroup(id);
        const at = instantOf(calendar, part);
        const open = calendar.nextOpenUs(at);
        const close = calendar.nextCloseUs(at);
        expect(open).toBeGreaterThan(at);
        expect(calendar.isOpen(open)).toBe(true);
        expect(calendar.previousOpenUs(calendar.nextOpenUs(open))).toBe(open);
        expect(calendar.nextOpenUs(calendar.previousOpenUs(open))).toBe(open);
        expect(calendar.previousCloseUs(calendar.nextCloseUs(close))).toBe(close);
        expect(calendar.isOpen((close - 1) as TsUs)).toBe(true);
        expect(calendar.isOpen(close)).toBe(false);
        // Open now means that the market closes before it opens again.
        expect(calendar.isOpen(at)).toBe(close < open);
      }),
      SEED,
    );
  });

  it('gives trade dates that never go back in time', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: 0, max: 20_000 }), (id, part, minutes) => {
        const calendar = calendars.forGroup(id);
        const at = instantOf(calendar, part);
        const later = (at + minutes * US_PER_MINUTE) as TsUs;
        const [date, next] = [calendar.tradeDateOf(at), calendar.tradeDateOf(later)];
        expect(next).toBeGreaterThanOrEqual(date);
        if ((calendar.rules.tradeDates ?? 'next-business-day') === 'label')
          expect(date).toBe(calendar.sessionOf(at).label);
        else expect(calendar.isBusinessDay(date)).toBe(true);
      }),
      SEED,
    );
  });

  it('counts business days forth and back', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: -300, max: 300 }), (id, part, days) => {
        const calendar = calendars.forGroup(id);
        const start = calendar.addBusinessDays(
          Math.floor(instantOf(calendar, part) / US_PER_DAY) as TradeDate,
          1,
        );
        const moved = calendar.addBusinessDays(start, days);
        expect(calendar.addBusinessDays(moved, -days)).toBe(start);
        const business = calendars.businessCalendar(calendar.rules.businessCalendar);
        const [low, high] = days < 0 ? [moved, start] : [start, moved];
        expect(business.countBetween(low, high)).toBe(Math.abs(days) + 1);
      }),
      SEED,
    );
  });

  it('cuts a range of trade dates as a filter of the whole span would', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: 0, max: 60 }), (id, part, days) => {
        const calendar = calendars.forGroup(id);
        const from = Math.floor(instantOf(calendar, part * 0.95) / US_PER_DAY) as TradeDate;
        const to = addDays(from, days);
        const cut = calendar.sessions(from, to);
        const all = calendar.columns;
        const rows = [...all.tradeDate.keys()].filter(
          (row) => all.tradeDate[row]! >= from && all.tradeDate[row]! <= to,
        );
        expect([...cut.openUs]).toEqual(rows.map((row) => all.openUs[row]));
        expect([...cut.label]).toEqual(rows.map((row) => all.label[row]));
        const breaks = [...all.breakRow.keys()].filter((b) => rows.includes(all.breakRow[b]!));
        expect([...cut.breakRow]).toEqual(breaks.map((b) => all.breakRow[b]! - (rows[0] ?? 0)));
        expect([...cut.breakEndUs]).toEqual(breaks.map((b) => all.breakEndUs[b]));
      }),
      { ...SEED, numRuns: 60 },
    );
  });

  it('adds open minutes up over any points, and counts the windows of a session', () => {
    fc.assert(
      fc.property(group, fc.tuple(share, share, share), (id, parts) => {
        const calendar = calendars.forGroup(id);
        const [a, b, c] = parts.map((part) => instantOf(calendar, part)) as [TsUs, TsUs, TsUs];
        const between = (from: TsUs, to: TsUs): number => calendar.openMinutesBetween(from, to);
        expect(between(a, b) + between(b, c)).toBeCloseTo(between(a, c), 6);
        expect(between(a, b) + between(b, a)).toBe(0);
        const [from, to] = a < b ? [a, b] : [b, a];
        expect(between(from, to)).toBe(openUsOf(calendar.columns, from, to) / US_PER_MINUTE);
        const session = calendar.sessionOf(c);
        const windows = [
          ...calendar.windowOf(session.label, 'RTH'),
          ...calendar.windowOf(session.label, 'ETH'),
        ].toSorted((x, y) => x.openUs - y.openUs);
        expect(windows[0]!.openUs).toBe(session.openUs);
        expect(windows.at(-1)!.closeUs).toBe(session.closeUs);
        const sum = windows.reduce((total, { openUs, closeUs }) => total + closeUs - openUs, 0);
        expect(sum / US_PER_MINUTE).toBe(between(session.openUs, session.closeUs));
        for (let i = 1; i < windows.length; i += 1)
          expect(windows[i]!.openUs).toBeGreaterThanOrEqual(windows[i - 1]!.closeUs);
      }),
      { ...SEED, numRuns: 200 },
    );
  });

  it('answers through a cursor as through a search, also when time jumps', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 3 * 1440 }) },
        { weight: 2, arbitrary: fc.integer({ min: -40 * 1440, max: 40 * 1440 }) },
      ),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(group, share, steps, (id, part, minutes) => {
        const calendar = calendars.forGroup(id);
        const cursor = calendar.cursor();
        let at = instantOf(calendar, 0.02 + part * 0.9);
        for (const step of minutes) {
          const next = (at + step * US_PER_MINUTE) as TsUs;
          if (next > instantOf(calendar, 0) && next < instantOf(calendar, 1)) at = next;
          // Each question alone may be the one that moves the cursor.
          const questions = [
            () => expect(cursor.isOpen(at)).toBe(calendar.isOpen(at)),
            () => expect(cursor.rowAt(at)).toBe(calendar.rowAt(at)),
            () => expect(cursor.rowOf(at)).toBe(calendar.rowOf(at)),
            () => expect(cursor.tradeDateOf(at)).toBe(calendar.tradeDateOf(at)),
            () => expect(cursor.nextOpenUs(at)).toBe(calendar.nextOpenUs(at)),
            () => expect(cursor.nextCloseUs(at)).toBe(calendar.nextCloseUs(at)),
          ];
          const first = Math.abs(step) % questions.length;
          questions[first]!();
          for (const question of questions) question();
        }
      }),
      { ...SEED, numRuns: 150 },
    );
  });

  it('gives the same sessions when its span is cut anywhere', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: 1, max: 400 }), (id, part, days) => {
        const rules = SESSION_GROUPS.find((candidate) => candidate.id === id)!;
        const calendar = calendars.forGroup(id);
        const from = Math.floor(instantOf(calendar, part) / US_PER_DAY) as TradeDate;
        const to = addDays(from, Math.min(days, toOf(calendar) - from));
        // Far enough from the start, so that the days before the cut are in the span.
        if (from < fromOf(calendar) + 40) return;
        const book = new RuleBook(rules, zones, business.get(rules.businessCalendar));
        const cut = book.build(from, to).columns;
        const all = calendar.columns;
        const rows = [...all.label.keys()].filter(
          (row) => all.label[row]! >= from && all.label[row]! <= to,
        );
        const drawn = (columns: SessionColumns, row: number): string =>
          [columns.label, columns.tradeDate, columns.openUs, columns.closeUs, columns.settleUs]
            .map((column) => column[row])
            .join(' ');
        expect(Array.from(cut.label, (_, row) => drawn(cut, row))).toEqual(
          rows.map((row) => drawn(all, row)),
        );
      }),
      { ...SEED, numRuns: 60 },
    );
  });

  it('stays what it is inside its span where answers outside are asked for, and marks those', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: 1971, max: 2048 }), (id, part, year) => {
        const [narrow, open] = [calendars.forGroup(id), wide.forGroup(id)];
        const date = parseTradeDate(`${year}-06-03`);
        const far = open.sessions(date, addDays(date, 10));
        expect(far.length).toBeGreaterThan(3);
        const session = open.sessionOf(far.openUs[0]! as TsUs);
        expect(session.basis).toBe(narrow.confidenceOf(session.label));
        expect(session.basis === 'outside').toBe(!narrow.covers(session.label));
        const at = instantOf(narrow, part);
        expect(open.sessionOf(at)).toEqual(narrow.sessionOf(at));
        expect(open.isOpen(at)).toBe(narrow.isOpen(at));
        expect(open.nextOpenUs(at)).toBe(narrow.nextOpenUs(at));
        const later = (at + 400 * US_PER_DAY) as TsUs;
        if (later < toOf(narrow) * US_PER_DAY)
          expect(open.openMinutesBetween(at, later)).toBe(narrow.openMinutesBetween(at, later));
      }),
      { ...SEED, numRuns: 150 },
    );
  });
});
