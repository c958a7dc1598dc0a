import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { RollRule, RollSchedule } from '../../src/core/roll.ts';
import { addDays, parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { buildRollSchedule } from '../../src/data/roll.ts';
import type { RollInput } from '../../src/data/roll.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { cutAt, dailyBars } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar, true);
const chain = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month, calendars));
const from = parseTradeDate('2014-01-02');
const to = parseTradeDate('2014-11-20');
const SEED = 20_141_121;

const rules: fc.Arbitrary<RollRule> = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    anchor: fc.constantFrom('last-trade', 'first-notice', 'earlier'),
    days: fc.integer({ min: 1, max: 12 }),
    count: fc.constantFrom('business', 'calendar'),
  }),
  fc.record({
    kind: fc.constant('volume' as const),
    sessions: fc.integer({ min: 1, max: 3 }),
    deadlineDays: fc.integer({ min: 1, max: 8 }),
  }),
);

/** Holes and volumes from a small hash, so that a counterexample is only two numbers. */
function noise(seed: number, index: number, date: number): number {
  let x = Math.imul(
    seed ^ Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(date, 0x85ebca6b),
    0xc2b2ae35,
  );
  x ^= x >>> 15;
  return (Math.imul(x, 0x27d4eb2f) >>> 0) % 1000;
}

const market = fc.record({ seed: fc.nat(100_000), holes: fc.constantFrom(0, 100, 300, 600, 850) });

function inputOf(rule: RollRule, seed: number, holes: number): RollInput {
  const bars = chain.map((contract, index) =>
    dailyBars(
      calendar,
      contract,
      { from, to },
      (date) => (noise(seed, index, date) < holes ? NaN : 1000 + noise(seed + 1, index, date)),
      (date) => noise(seed + 2, index, date),
    ),
  );
  return {
    root: 'ES',
    chain,
    rule,
    calendar,
    from,
    to,
    dailyCloses: (index) => bars[index]!,
    allowInferred: seed % 2 === 0,
  };
}

/** Null when the market has a window without a common price. */
function build(input: RollInput): RollSchedule | null {
  try {
    return buildRollSchedule(input);
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return null;
  }
}

describe('any schedule built by rule', () => {
  it('of a history cut at t is a prefix of the full one', () => {
    let compared = 0;
    fc.assert(
      fc.property(rules, market, fc.integer({ min: 0, max: 320 }), (rule, { seed, holes }, day) => {
        const input = inputOf(rule, seed, holes);
        const full = build(input);
        if (full === null) return;
        const cut = addDays(from, day);
        const known = build({
          ...input,
          to: Math.min(cut, to) as TradeDate,
          dailyCloses: (index) =>
            cutAt(inputOf(rule, seed, holes).dailyCloses(index) as never, cut),
        });
        if (known === null) {
          // Only a history without a single bar may fail where the whole does not.
          expect(cut).toBeLessThanOrEqual(addDays(from, 5));
          return;
        }
        compared += 1;
        expect(known.rolls).toEqual(full.rolls.slice(0, known.rolls.length));
        expect(full.rolls.filter((roll) => roll.tradeDate <= cut)).toEqual(known.rolls);
      }),
      { seed: SEED, numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('rolls strictly later each time, to the next contract, before the anchor, at real prices of one close', () => {
    fc.assert(
      fc.property(rules, market, (rule, { seed, holes }) => {
        const input = inputOf(rule, seed, holes);
        const schedule = build(input);
        if (schedule === null) return;
        expect(schedule.held.length).toBe(schedule.rolls.length + 1);
        for (const [i, roll] of schedule.rolls.entries()) {
          const before = schedule.rolls[i - 1];
          if (before !== undefined) expect(roll.effectiveUs).toBeGreaterThan(before.effectiveUs);
          expect(roll.toIndex).toBe(roll.fromIndex + 1);
          expect(roll.tradeDate).toBeLessThan(chain[roll.fromIndex]!.dates.lastTradeDate);
          expect(roll.decidedUs).toBeLessThanOrEqual(roll.effectiveUs);
          for (const [index, price] of [
            [roll.fromIndex, roll.fromPrice],
            [roll.toIndex, roll.toPrice],
          ] as const) {
            if (roll.isInferred) continue;
            const closes = input.dailyCloses(index)!;
            expect(closes.close[closes.closeUs.indexOf(roll.pricesUs)]).toBe(price);
          }
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
