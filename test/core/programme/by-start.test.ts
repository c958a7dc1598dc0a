import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monthStarts, outcomeFrom, startTable } from '../../../src/core/programme/by-start.ts';
import type { AccountMark } from '../../../src/core/programme/evaluator.ts';
import { ProgrammeEvaluator } from '../../../src/core/programme/evaluator.ts';
import { MarkLog } from '../../../src/core/programme/mark-log.ts';
import type { MarkColumns } from '../../../src/core/programme/mark-log.ts';
import type { Programme } from '../../../src/core/programme/programme.ts';

const U = 1_000_000;

function instant(tsUs: number, units: number): AccountMark {
  const equity = units * U;
  return {
    tsUs,
    balance: equity,
    equity,
    low: equity,
    high: equity,
    lowSure: equity,
    highSure: equity,
  };
}

/** Values of an account by trade date; the last of each is its end. */
function path(dates: readonly (readonly number[])[], start = 50_000, capacity = 1000): MarkColumns {
  const log = new MarkLog(start * U, capacity);
  let tsUs = 0;
  for (const [date, values] of dates.entries()) {
    for (const [i, units] of values.entries()) {
      tsUs += 1;
      if (i < values.length - 1) log.onMark(instant(tsUs, units), true);
      else log.onDayEnd(date, instant(tsUs, units));
    }
  }
  return log.columns();
}

const RULES: Programme = {
  schema: 'frontmonth.programme/1',
  name: 'test',
  currency: 'USD',
  startBalance: 50_000,
  profitTarget: { amount: 1000, basis: 'balance', tested: 'real-time', onReach: 'stop' },
  maximumLoss: { amount: 1000, mode: 'static', tested: 'real-time', includesOpen: true },
};
const DAILY: Programme = {
  ...RULES,
  dailyLoss: {
    amount: 300,
    from: 'balance',
    includesOpen: true,
    trailing: 'none',
    action: 'block-day',
  },
};

describe('an account opened on another day', () => {
  const dates = [[50_400], [50_900, 50_800], [50_100], [49_700], [50_500]];

  it('starts from its own balance', () => {
    const marks = path(dates);
    // +400, then +900 at most, then down to -300.
    expect(outcomeFrom(RULES, marks, 0)).toMatchObject({ status: 'open', profitMicros: 500 * U });
    // From 50,400: +500, then -300, then -700 and back.
    expect(outcomeFrom(RULES, marks, 1)).toMatchObject({ startDate: 1, status: 'open', dates: 4 });
    // From 50,800: -700, then -1,100.
    expect(outcomeFrom(RULES, marks, 3)).toMatchObject({
      startDate: 2,
      endDate: 3,
      status: 'closed',
      rule: 'maximum-loss',
      dates: 2,
      closestMicros: -100 * U,
    });
  });

  it('ends a day at its daily limit and goes on with the results of the next days', () => {
    // Down 400 and up again on the first date, then +600.
    const marks = path([[49_600, 50_200], [50_800]]);
    expect(outcomeFrom(RULES, marks, 0).profitMicros).toBe(800 * U);
    const limited = outcomeFrom(DAILY, marks, 0);
    // An instant below the limit is the price at which it ended: 49,600, and 600 on the next date.
    expect(limited).toMatchObject({ lossDays: 1, profitMicros: 200 * U, status: 'open' });
  });

  it('counts the dates to pass and to close, and finds the closest approach', () => {
    const marks = path([[50_100], [50_600], [51_200], [50_150], [50_100]]);
    const starts = [0, 1, 2, 3, 4];
    const table = startTable(RULES, marks, starts);
    expect(table.outcomes.map((it) => `${it.status} ${it.dates}`)).toEqual([
      'passed 3',
      'passed 2',
      'open 3',
      'closed 1',
      'open 1',
    ]);
    expect(table).toMatchObject({
      passed: 2,
      closed: 1,
      open: 2,
      uncertain: 0,
      medianDatesToPass: 2.5,
      medianDatesToClose: 1,
      closest: { micros: -50 * U, startDate: 3 },
    });
  });

  it('marks an outcome that the order inside a stretch decides', () => {
    const log = new MarkLog(50_000 * U);
    log.onMark({ ...instant(1, 50_000), low: 48_900 * U }, true);
    log.onDayEnd(0, instant(2, 50_000));
    const unsure = outcomeFrom(RULES, log.columns(), 0);
    expect(unsure).toMatchObject({ status: 'closed', isCertain: false });
    const sure = new MarkLog(50_000 * U);
    sure.onMark({ ...instant(1, 50_000), low: 48_900 * U, lowSure: 48_900 * U }, true);
    sure.onDayEnd(0, instant(2, 50_000));
    expect(outcomeFrom(RULES, sure.columns(), 0)).toMatchObject({
      status: 'closed',
      isCertain: true,
    });
  });
});

it('months start with their first trade date in the path, not with one inside a date', () => {
  const marks = path([[1, 2], [3], [4, 5, 6], [7], [8]]);
  expect(monthStarts(marks, (date) => Math.floor(date / 2))).toEqual([0, 3, 7]);
});

const days = fc.array(
  fc.array(
    fc.integer({ min: -30, max: 30 }).map((n) => 50_000 + n * 50),
    {
      minLength: 1,
      maxLength: 6,
    },
  ),
  { minLength: 1, maxLength: 12 },
);

it('a long history of one balance stays within the capacity', () => {
  const log = new MarkLog(50_000 * U, 64);
  for (let i = 0; i < 20_000; i += 1) {
    const at = { ...instant(i, 50_000 + (i % 777)), balance: 50_000 * U };
    if (i % 1000 === 999) log.onDayEnd(i / 1000, at);
    else log.onMark(at, false);
  }
  const marks = log.columns();
  expect(marks.length).toBeLessThanOrEqual(64);
  expect(marks.length).toBeGreaterThan(32);
  expect(Math.max(...marks.high)).toBe(50_776 * U);
});

describe('over any path', () => {
  it('a start at the first row ends as the account itself did', () => {
    fc.assert(
      fc.property(days, (dates) => {
        const marks = path(dates);
        const evaluator = new ProgrammeEvaluator(RULES, { against: true });
        let row = 0;
        for (const values of dates) {
          for (const [i, units] of values.entries()) {
            const at = instant(row + 1, units);
            if (evaluator.status === 'open') evaluator.onMark(at);
            if (evaluator.status === 'open' && i === values.length - 1)
              evaluator.onDayEnd(at.tsUs, at.balance, at.equity);
            row += 1;
          }
        }
        const state = evaluator.state();
        const outcome = outcomeFrom(RULES, marks, 0);
        expect([outcome.status, outcome.rule]).toEqual([state.status, state.endedBy]);
        if (state.status !== 'open') expect(outcome.profitMicros).toBe(state.equity - 50_000 * U);
      }),
    );
  });

  it('a log that is too small keeps every end and every extreme of a date', () => {
    fc.assert(
      fc.property(days, fc.constantFrom(2, 4, 8), (dates, capacity) => {
        const small = path(dates, 50_000, capacity);
        const rows = Array.from({ length: small.length }, (_, i) => i);
        for (const [date, values] of dates.entries()) {
          const own = rows.filter((i) => small.tradeDate[i] === date);
          expect(small.equity[own.at(-1)!]).toBe(values.at(-1)! * U);
          expect(Math.min(...own.map((i) => small.low[i]!))).toBe(Math.min(...values) * U);
          expect(Math.max(...own.map((i) => small.high[i]!))).toBe(Math.max(...values) * U);
        }
      }),
    );
  });

  it('joined rows never make a sure outcome wrong', () => {
    const trailing: Programme = {
      ...RULES,
      maximumLoss: {
        amount: 800,
        mode: 'trailing-intraday',
        tested: 'real-time',
        includesOpen: true,
      },
    };
    fc.assert(
      fc.property(days, (dates) => {
        const whole = outcomeFrom(trailing, path(dates), 0);
        const joined = outcomeFrom(trailing, path(dates, 50_000, 4), 0);
        expect(whole.isCertain).toBe(true);
        if (joined.isCertain)
          expect([joined.status, joined.endDate]).toEqual([whole.status, whole.endDate]);
      }),
    );
  });
});
