import { describe, expect, it } from 'vitest';
import type { TradingError } from '../../src/core/errors.ts';
import type { RollRule } from '../../src/core/roll.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { buildRollSchedule, defaultRollRule, holdChain } from '../../src/data/roll.ts';
import type { RollInput, SessionCloses } from '../../src/data/roll.ts';
import {
  PlainCalendar,
  PlainCalendars,
  plainContract,
  plainInstrument,
} from '../support/plain-calendar.ts';
import { dailyBars, sessionCloseUs } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const spec = plainInstrument('ES');
const chain = [
  plainContract('ES', 2014, 3),
  plainContract('ES', 2014, 6),
  plainContract('ES', 2014, 9),
];
const date = parseTradeDate;
const span = { from: date('2014-01-02'), to: date('2014-08-01') };

/** Third Fridays: 2014-03-21 and 2014-06-20. Prices 100, 200, 300. */
function input(
  rule: RollRule,
  overrides: Partial<RollInput> = {},
  closes: Partial<Record<number, SessionCloses | null>> = {},
): RollInput {
  return {
    root: 'ES',
    chain,
    rule,
    calendar,
    dailyCloses: (index) =>
      closes[index] === undefined
        ? dailyBars(calendar, chain[index]!, span, () => 100 * (index + 1))
        : closes[index],
    ...span,
    ...overrides,
  };
}

const calendarRule = (days: number, count: 'business' | 'calendar' = 'business'): RollRule => ({
  kind: 'calendar',
  anchor: 'last-trade',
  days,
  count,
});
const volumeRule: RollRule = { kind: 'volume', sessions: 1, deadlineDays: 2 };

function errorOf(run: () => unknown): TradingError {
  try {
    run();
  } catch (error) {
    return error as TradingError;
  }
  throw new Error('nothing was thrown');
}

describe('calendar rules', () => {
  it('roll at the close of the named business day, with both prices of that close', () => {
    const schedule = buildRollSchedule(input(calendarRule(5)));
    expect(schedule.held).toEqual([0, 1, 2]);
    expect(schedule.rolls[0]).toMatchObject({
      from: 'ESH2014',
      to: 'ESM2014',
      tradeDate: date('2014-03-14'),
      effectiveUs: sessionCloseUs(date('2014-03-14')),
      decidedUs: sessionCloseUs(date('2014-03-14')),
      pricesUs: sessionCloseUs(date('2014-03-14')),
      fromPrice: 100,
      toPrice: 200,
      isInferred: false,
    });
    expect(toIsoDate(schedule.rolls[1]!.tradeDate)).toBe('2014-06-13');
  });

  it('counted in calendar days take the last session on or before a closed day', () => {
    // 2014-03-21 less five days is a Sunday.
    const schedule = buildRollSchedule(input(calendarRule(5, 'calendar')));
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-14');
  });

  it('take the earlier of first notice and last trade when so asked', () => {
    const calendars = new PlainCalendars(calendar, true);
    const noticed = [3, 6, 9].map((month) => plainContract('ES', 2014, month, calendars));
    const rule: RollRule = { kind: 'calendar', anchor: 'earlier', days: 2, count: 'business' };
    const schedule = buildRollSchedule(input(rule, { chain: noticed }));
    // First business day of March 2014 is Monday 3.
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-02-27');
  });

  it('wait inside the window for the first close that both contracts have', () => {
    const late = dailyBars(calendar, chain[1]!, span, (day) =>
      day < date('2014-03-18') ? NaN : 200,
    );
    const schedule = buildRollSchedule(input(calendarRule(5), {}, { 1: late }));
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-18');
  });

  it('stop with contract and window when no close is common', () => {
    const late = dailyBars(calendar, chain[1]!, span, (day) =>
      day < date('2014-03-21') ? NaN : 200,
    );
    const error = errorOf(() => buildRollSchedule(input(calendarRule(5), {}, { 1: late })));
    expect(error.code).toBe('E_ROLL_SCHEDULE');
    expect(error.message).toContain('ESH2014 cannot roll to ESM2014');
    expect(error.message).toContain('2014-03-14 to 2014-03-20');
  });

  it('may carry a price of the session before in the last session of the window, and say so', () => {
    const gone = dailyBars(calendar, chain[0]!, span, (day) =>
      day < date('2014-03-13') ? 100 : day === date('2014-03-19') ? 101 : NaN,
    );
    const late = dailyBars(calendar, chain[1]!, span, (day) =>
      day < date('2014-03-20') ? NaN : 200,
    );
    const closes = { 0: gone, 1: late };
    const schedule = buildRollSchedule(input(calendarRule(5), { allowInferred: true }, closes));
    expect(schedule.rolls[0]).toMatchObject({ isInferred: true, fromPrice: 101, toPrice: 200 });
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-20');
    expect(errorOf(() => buildRollSchedule(input(calendarRule(5), {}, closes))).code).toBe(
      'E_ROLL_SCHEDULE',
    );
  });

  it('carry it at that close, not when the window is over', () => {
    const gone = dailyBars(calendar, chain[0]!, span, (day) =>
      day === date('2014-03-19') ? 101 : NaN,
    );
    const late = dailyBars(calendar, chain[1]!, span, (day) =>
      day < date('2014-03-20') ? NaN : 200,
    );
    const known = { allowInferred: true, to: date('2014-03-20') };
    expect(
      buildRollSchedule(input(calendarRule(5), known, { 0: gone, 1: late })).rolls,
    ).toMatchObject([{ isInferred: true, tradeDate: date('2014-03-20') }]);
    const before = { allowInferred: true, to: date('2014-03-19') };
    expect(buildRollSchedule(input(calendarRule(5), before, { 0: gone, 1: late })).rolls).toEqual(
      [],
    );
  });

  it('refuse to carry a price that is two sessions old', () => {
    const gone = dailyBars(calendar, chain[0]!, span, (day) =>
      day <= date('2014-03-13') || day === date('2014-03-18') ? 100 : NaN,
    );
    const late = dailyBars(calendar, chain[1]!, span, (day) =>
      day < date('2014-03-20') ? NaN : 200,
    );
    expect(
      errorOf(() =>
        buildRollSchedule(input(calendarRule(5), { allowInferred: true }, { 0: gone, 1: late })),
      ).code,
    ).toBe('E_ROLL_SCHEDULE');
  });

  it('refuse zero days, first notice of a cash-settled contract, and a chain out of order or mixed', () => {
    const notice: RollRule = {
      kind: 'calendar',
      anchor: 'first-notice',
      days: 2,
      count: 'business',
    };
    expect(errorOf(() => buildRollSchedule(input(calendarRule(0)))).message).toContain('1 or more');
    expect(errorOf(() => buildRollSchedule(input(notice))).message).toContain('no first notice');
    const mixed = { chain: [chain[0]!, { ...chain[1]!, root: 'MES' }] };
    expect(errorOf(() => buildRollSchedule(input(calendarRule(5), mixed))).message).toContain(
      'a mini and a full contract make no chain',
    );
    const reversed = { chain: chain.toReversed() };
    expect(errorOf(() => buildRollSchedule(input(calendarRule(5), reversed))).message).toContain(
      'does not come after',
    );
  });

  it('stop when the chain ends before the data do', () => {
    const error = errorOf(() =>
      buildRollSchedule(input(calendarRule(5), { chain: chain.slice(0, 2) })),
    );
    expect(error.message).toContain('chain ends with ESM2014');
  });

  it('start with the contract that is current at the first date', () => {
    const schedule = buildRollSchedule(input(calendarRule(5), { from: date('2014-04-01') }));
    expect(schedule.held).toEqual([1, 2]);
    const whole = buildRollSchedule(input(calendarRule(5)));
    expect(schedule.rolls).toEqual(whole.rolls.slice(1));
  });

  it('number contracts as the run does', () => {
    const indexOf = (id: string): number => 10 + chain.findIndex((contract) => contract.id === id);
    const dailyCloses = (index: number) =>
      dailyBars(calendar, chain[index - 10]!, span, () => 100 * (index - 9));
    const schedule = buildRollSchedule(input(calendarRule(5), { indexOf, dailyCloses }));
    expect(schedule.held).toEqual([10, 11, 12]);
    expect(schedule.rolls[0]).toMatchObject({ fromIndex: 10, toIndex: 11 });
  });
});

describe('the volume rule', () => {
  const crossing = (at: TradeDate, isFront: boolean) => (day: TradeDate) =>
    day >= at === isFront ? 40 : 100;
  const closes = (at: TradeDate) => ({
    0: dailyBars(calendar, chain[0]!, span, () => 100, crossing(at, true)),
    1: dailyBars(calendar, chain[1]!, span, () => 200, crossing(at, false)),
  });

  it('rolls at the close of the session whose totals cross, so that the next session is the new contract', () => {
    const schedule = buildRollSchedule(
      input(volumeRule, { to: date('2014-05-01') }, closes(date('2014-03-12'))),
    );
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-12');
    expect(schedule.rolls[0]!.effectiveUs).toBe(sessionCloseUs(date('2014-03-12')));
  });

  it('wants as many sessions in a row as it says', () => {
    const rule: RollRule = { kind: 'volume', sessions: 3, deadlineDays: 2 };
    const schedule = buildRollSchedule(
      input(rule, { to: date('2014-05-01') }, closes(date('2014-03-12'))),
    );
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-14');
  });

  it('starts counting anew when the row is interrupted', () => {
    const rule: RollRule = { kind: 'volume', sessions: 2, deadlineDays: 2 };
    const above = new Set([date('2014-03-10'), date('2014-03-12'), date('2014-03-13')]);
    const volume = (day: TradeDate): number => (above.has(day) ? 200 : 50);
    const next = dailyBars(calendar, chain[1]!, span, () => 200, volume);
    const schedule = buildRollSchedule(input(rule, { to: date('2014-05-01') }, { 1: next }));
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-13');
  });

  it('never goes back when the volumes cross again', () => {
    const there = date('2014-03-10');
    const back = date('2014-03-13');
    const isBack = (day: TradeDate): boolean => day >= there && day < back;
    const schedule = buildRollSchedule(
      input(
        volumeRule,
        { to: date('2014-05-01') },
        {
          0: dailyBars(
            calendar,
            chain[0]!,
            span,
            () => 100,
            (day) => (isBack(day) ? 1 : 50),
          ),
          1: dailyBars(
            calendar,
            chain[1]!,
            span,
            () => 200,
            (day) => (isBack(day) ? 50 : 1),
          ),
          2: dailyBars(
            calendar,
            chain[2]!,
            span,
            () => 300,
            () => 0,
          ),
        },
      ),
    );
    expect(schedule.held).toEqual([0, 1]);
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-10');
  });

  it('rolls at the deadline when the volumes never cross', () => {
    const schedule = buildRollSchedule(input(volumeRule, { to: date('2014-05-01') }));
    expect(toIsoDate(schedule.rolls[0]!.tradeDate)).toBe('2014-03-19');
  });

  it('refuses data whose volumes are unknown', () => {
    const unknown = (index: number) =>
      dailyBars(
        calendar,
        chain[index]!,
        span,
        () => 100,
        () => NaN,
      );
    const error = errorOf(() => buildRollSchedule(input(volumeRule, { dailyCloses: unknown })));
    expect(error.message).toContain('no known volumes');
  });
});

describe('given rolls', () => {
  const rule: RollRule = { kind: 'given', name: 'file' };
  const at = sessionCloseUs(date('2014-03-06')) as TsUs;
  const roll = { from: chain[0]!.id, to: chain[1]!.id, atUs: at };

  it('take prices from the closes where they bring none', () => {
    const schedule = buildRollSchedule(input(rule, { given: [roll] }));
    expect(schedule.held).toEqual([0, 1]);
    expect(schedule.rolls[0]).toMatchObject({ fromPrice: 100, toPrice: 200, effectiveUs: at });
  });

  it('keep the prices they bring, fractional ones too', () => {
    const schedule = buildRollSchedule(
      input(rule, { given: [{ ...roll, fromPrice: 99.5, toPrice: 201.25 }] }),
    );
    expect(schedule.rolls[0]).toMatchObject({ fromPrice: 99.5, toPrice: 201.25 });
  });

  it('are refused when they lack a price, name an unknown contract or do not follow each other', () => {
    const off = { ...roll, atUs: (at + 1) as TsUs };
    expect(errorOf(() => buildRollSchedule(input(rule, { given: [off] }))).message).toContain(
      'no price of both',
    );
    const unknown = { ...roll, to: plainContract('ES', 2020, 3).id };
    expect(errorOf(() => buildRollSchedule(input(rule, { given: [unknown] }))).message).toContain(
      'ESH2020 is not in the chain',
    );
    expect(
      errorOf(() => buildRollSchedule(input(rule, { given: [roll, roll] }))).message,
    ).toContain('does not follow');
    expect(errorOf(() => buildRollSchedule(input(rule))).message).toContain('no rolls with it');
  });
});

describe('chains and default rules', () => {
  it('hold the cycle from the first contract that still trades to some beyond the last date', () => {
    const ids = holdChain({
      spec,
      calendars: new PlainCalendars(),
      from: date('2014-03-22'),
      to: date('2014-12-01'),
    }).map((contract) => contract.id);
    expect(ids).toEqual(['ESM2014', 'ESU2014', 'ESZ2014', 'ESH2015']);
  });

  it('follow the hint of the product', () => {
    expect(defaultRollRule(spec)).toEqual(calendarRule(5));
    expect(defaultRollRule({ rollHint: { anchor: 'firstNotice', businessDays: -2 } })).toEqual({
      kind: 'calendar',
      anchor: 'first-notice',
      days: 2,
      count: 'business',
    });
    expect(defaultRollRule({ rollHint: null })).toMatchObject({ anchor: 'earlier' });
  });

  it('leave weekends out of the window', () => {
    for (let days = 1; days < 9; days += 1) {
      const { rolls } = buildRollSchedule(input(calendarRule(days)));
      expect(rolls[0]!.tradeDate).toBe(calendar.addBusinessDays(date('2014-03-21'), -days));
      expect(addDays(rolls[0]!.tradeDate, 0)).toBeLessThan(date('2014-03-21'));
    }
  });
});
