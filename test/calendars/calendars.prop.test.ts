import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupCalendar } from '../../src/calendars/group-calendar.ts';
import { createCalendars, sessionGroupIds } from '../../src/calendars/registry.ts';
import { addDays, parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';

const calendars = createCalendars();
const SEED = { seed: 20261121, numRuns: 400 };
const group = fc.constantFrom(...sessionGroupIds());
/** A share of a calendar's span, away from its ends. */
const share = fc.double({ min: 0.002, max: 0.998, noNaN: true });

function instantOf(calendar: GroupCalendar, part: number): TsUs {
  const from = parseTradeDate(calendar.rules.from) * US_PER_DAY;
  const to = parseTradeDate(calendar.rules.to) * US_PER_DAY;
  return (Math.round((from + part * (to - from)) / US_PER_MINUTE) * US_PER_MINUTE) as TsUs;
}

function wholeSpan(calendar: GroupCalendar) {
  // The trade date of the last label can lie beyond the span only on a holiday, which no span ends with.
  return calendar.sessions(parseTradeDate(calendar.rules.from), parseTradeDate(calendar.rules.to));
}

describe('every session group', () => {
  it.each(sessionGroupIds())('%s has ordered, disjoint sessions with breaks inside', (id) => {
    const calendar = calendars.forGroup(id);
    const all = wholeSpan(calendar);
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
      // No session is longer than a day, nor shorter than an hour; around the clock one runs through a long weekend.
      const length = all.closeUs[i]! - all.openUs[i]!;
      const days = calendar.rules.regimes.some((regime) => regime.weeklyBreaks) ? 5.02 : 1.02;
      const isSane = length <= days * US_PER_DAY && length >= 60 * US_PER_MINUTE;
      if (!(isOrdered && isAfter && isSane)) wrong.push(`row ${i}`);
    }
    for (let b = 0; b < all.breakRow.length; b += 1) {
      const row = all.breakRow[b]!;
      const isInside =
        all.openUs[row]! < all.breakStartUs[b]! &&
        all.breakStartUs[b]! < all.breakEndUs[b]! &&
        all.breakEndUs[b]! < all.closeUs[row]!;
      if (!isInside) wrong.push(`break ${b}`);
    }
    expect(all.length).toBeGreaterThan(3000);
    expect(wrong).toEqual([]);
  });

  it('has a session on every business day except the days of mourning and halts', () => {
    for (const id of sessionGroupIds()) {
      const calendar = calendars.forGroup(id);
      const listed = new Set(
        calendar.rules.exceptions
          .filter((exception) => exception.shape.kind === 'closed')
          .map((exception) => parseTradeDate(exception.date)),
      );
      const labels = new Set<number>(wholeSpan(calendar).label);
      const missing: number[] = [];
      const to = parseTradeDate(calendar.rules.to);
      for (let date = parseTradeDate(calendar.rules.from); date <= to; date = addDays(date, 1)) {
        if (calendar.isBusinessDay(date) && !labels.has(date) && !listed.has(date))
          missing.push(date);
      }
      expect(missing).toEqual([]);
    }
  });

  it('answers open or closed as its sessions and breaks say', () => {
    fc.assert(
      fc.property(group, share, (id, part) => {
        const calendar = calendars.forGroup(id);
        const at = instantOf(calendar, part);
        const session = calendar.sessionAt(at);
        const near = calendar.sessions(
          (Math.floor(at / US_PER_DAY) - 3) as TradeDate,
          (Math.floor(at / US_PER_DAY) + 6) as TradeDate,
        );
        let row = -1;
        for (let i = 0; i < near.length; i += 1) {
          if (near.openUs[i]! <= at && at < near.closeUs[i]!) row = i;
        }
        const isBreak = near.breakRow.some(
          (breakRow, b) =>
            breakRow === row && near.breakStartUs[b]! <= at && at < near.breakEndUs[b]!,
        );
        expect(session?.openUs ?? null).toBe(row < 0 ? null : near.openUs[row]!);
        expect(calendar.isOpen(at)).toBe(row >= 0 && !isBreak);
        if (session !== null) expect(calendar.tradeDateOf(at)).toBe(session.tradeDate);
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
        // Open now means that the market closes before it opens again.
        expect(calendar.isOpen(at)).toBe(close <= open);
      }),
      SEED,
    );
  });

  it('gives trade dates that never go back in time, each a business day', () => {
    fc.assert(
      fc.property(group, share, fc.integer({ min: 0, max: 20_000 }), (id, part, minutes) => {
        const calendar = calendars.forGroup(id);
        const at = instantOf(calendar, part);
        const date = calendar.tradeDateOf(at);
        expect(calendar.isBusinessDay(date)).toBe(true);
        const later = instantOf(calendar, Math.min(0.998, part + 0.0005)) + minutes;
        expect(calendar.tradeDateOf(later as TsUs)).toBeGreaterThanOrEqual(date);
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
        const from = Math.floor(instantOf(calendar, part * 0.99) / US_PER_DAY) as TradeDate;
        const to = addDays(from, days);
        const cut = calendar.sessions(from, to);
        const all = wholeSpan(calendar);
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
});
