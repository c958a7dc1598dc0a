import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ConditionRule, DateRule, RollRule, RollSchedule } from '../../src/core/roll.ts';
import { gapOf } from '../../src/core/roll.ts';
import type { RollInputEvent, RollStepperState } from '../../src/core/rolls/stepper.ts';
import { createRollStepper } from '../../src/core/rolls/stepper.ts';
import { addDays, parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { buildRollSchedule, rollEvents } from '../../src/data/roll.ts';
import type { RollInput } from '../../src/data/roll.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { cutAt, dailyBars } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar, true);
const chain = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month, calendars));
const from = parseTradeDate('2014-01-02');
const to = parseTradeDate('2014-11-20');
const SEED = 20_141_121;

const dateRules: fc.Arbitrary<DateRule> = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    anchor: fc.constantFrom('last-trade', 'first-notice', 'earlier'),
    days: fc.integer({ min: 1, max: 12 }),
    count: fc.constantFrom('business', 'calendar'),
  }),
  fc.record({
    kind: fc.constant('approximate' as const),
    rollOffsetDays: fc.integer({ min: -30, max: 0 }),
    expiryOffsetDays: fc.integer({ min: -12, max: 19 }),
    expiry: fc.constantFrom('last-day', 'end-exclusive'),
  }),
  fc.constantFrom({ kind: 'first-day' as const }, { kind: 'last-day' as const }),
);
const conditionRules: fc.Arbitrary<ConditionRule> = fc.oneof(
  fc.record({
    kind: fc.constant('volume' as const),
    sessions: fc.integer({ min: 1, max: 3 }),
    deadlineDays: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({
    kind: fc.constant('open-interest' as const),
    within: fc.constantFrom('next', 'year'),
    sessions: fc.integer({ min: 1, max: 2 }),
    deadline: fc.record({
      days: fc.integer({ min: 1, max: 8 }),
      anchor: fc.constantFrom('last-trade', 'earlier'),
    }),
  }),
);
/** Every rule that decides as data arrive. */
const rules: fc.Arbitrary<RollRule> = fc.oneof(
  dateRules,
  conditionRules,
  fc.record({
    kind: fc.constant('after' as const),
    date: dateRules,
    condition: conditionRules,
  }),
  fc.record({
    kind: fc.constant('liquid-forward' as const),
    rollOffsetDays: fc.integer({ min: -20, max: 0 }),
    expiryOffsetDays: fc.integer({ min: 0, max: 19 }),
    span: fc.integer({ min: 1, max: 5 }),
    minShare: fc.constantFrom(0.01, 0.5),
    minVolume: fc.constantFrom(100, 700),
    nearDays: fc.constantFrom(null, 10),
  }),
  fc.record({
    kind: fc.constant('weighted' as const),
    days: fc.integer({ min: 2, max: 5 }),
    base: fc.oneof(dateRules, conditionRules),
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
    // Published in the morning after the session, as figures of all contracts at one moment.
    openInterest: (index) => {
      const { length, closeUs } = bars[index]!;
      return {
        length,
        knownUs: closeUs.map((us) => us + 9 * 3_600_000_000),
        openInterest: closeUs.map((us) => noise(seed + 3, index, us / 3_600_000_000)),
      };
    },
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
          dailyCloses: (index) => cutAt(input.dailyCloses(index) as never, cut),
          openInterest: (index) => {
            const readings = input.openInterest!(index)!;
            const cutUs = (cut + 1) * 86_400_000_000;
            const length = readings.knownUs.findLastIndex((us) => us <= cutUs) + 1;
            return { ...readings, length };
          },
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
          const isJump = JSON.stringify(rule).includes('"year"');
          if (!isJump) expect(roll.toIndex).toBe(roll.fromIndex + 1);
          expect(roll.toIndex).toBeGreaterThan(roll.fromIndex);
          expect(roll.tradeDate).toBeLessThanOrEqual(chain[roll.fromIndex]!.dates.lastTradeDate);
          expect(roll.tradeDate).toBeLessThan(roll.window!.ends);
          expect(roll.pricesUs).toBeLessThanOrEqual(roll.effectiveUs);
          expect(roll.looksAhead).toBe(false);
          if (roll.evidence!.trigger !== 'condition')
            expect(roll.tradeDate).toBeGreaterThanOrEqual(roll.window!.opens);
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

  it('in parts moves every share once and has the average of their gaps, weighted by the shares', () => {
    let seen = 0;
    fc.assert(
      fc.property(
        rules.filter((rule) => rule.kind === 'weighted'),
        market,
        (rule, { seed, holes }) => {
          for (const roll of build(inputOf(rule, seed, holes))?.rolls ?? []) {
            const parts = roll.parts!;
            seen += 1;
            const of = parts[0]!.of;
            expect(parts.reduce((sum, part) => sum + part.share, 0)).toBe(of);
            expect(parts.at(-1)!.atUs).toBe(roll.effectiveUs);
            const mean = parts.reduce(
              (sum, p) => sum + (p.share / of) * (p.toPrice - p.fromPrice),
              0,
            );
            expect(gapOf(roll)).toBeCloseTo(mean, 9);
          }
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
    expect(seen).toBeGreaterThan(20);
  });
});

describe('the stepper', () => {
  function eventsOf(input: RollInput): RollInputEvent[] {
    return rollEvents(
      input,
      chain.map((_, index) => input.dailyCloses(index)),
    );
  }

  it('saved, restored and continued answers byte for byte as if it had never stopped', () => {
    let outputs = 0;
    fc.assert(
      fc.property(rules, market, fc.double({ min: 0, max: 1, noNaN: true }), (rule, m, cut) => {
        const input = inputOf(rule, m.seed, m.holes);
        const { allowInferred } = input;
        const options = {
          rule,
          chain: { root: 'ES', contracts: chain },
          calendar,
          allowInferred: allowInferred!,
        };
        const events = eventsOf(input);
        // Most rolls of these markets happen early: half of the cuts fall into the first sixteenth.
        const at = Math.floor(cut ** 4 * events.length);
        const whole = createRollStepper(options);
        const first = createRollStepper(options);
        const said: unknown[] = [];
        const heard: unknown[] = [];
        for (const event of events) said.push(...whole.push(event));
        for (const event of events.slice(0, at)) heard.push(...first.push(event));
        const text = JSON.stringify(first.save());
        const second = createRollStepper(options, JSON.parse(text) as RollStepperState);
        expect(JSON.stringify(second.save())).toBe(text);
        for (const event of events.slice(at)) heard.push(...second.push(event));
        expect(JSON.stringify(heard)).toBe(JSON.stringify(said));
        expect(JSON.stringify(second.save())).toBe(JSON.stringify(whole.save()));
        outputs += said.length;
      }),
      { seed: SEED, numRuns: 250 },
    );
    expect(outputs).toBeGreaterThan(200);
  });

  it('told the time after every moment, or only by the next one, gives the same rolls', () => {
    fc.assert(
      fc.property(rules, market, (rule, { seed, holes }) => {
        const input = inputOf(rule, seed, holes);
        const options = { rule, chain: { root: 'ES', contracts: chain }, calendar };
        const events = eventsOf(input);
        const [plain, timed] = [createRollStepper(options), createRollStepper(options)];
        const rolls: unknown[][] = [[], []];
        for (const [i, event] of events.entries()) {
          rolls[0]!.push(...plain.push(event));
          rolls[1]!.push(...timed.push(event));
          if (events[i + 1]?.tsUs !== event.tsUs)
            rolls[1]!.push(...timed.push({ kind: 'time', tsUs: event.tsUs }));
        }
        if (events.length > 0)
          rolls[0]!.push(...plain.push({ kind: 'time', tsUs: events.at(-1)!.tsUs }));
        expect(JSON.stringify(rolls[1])).toBe(JSON.stringify(rolls[0]));
      }),
      { seed: SEED, numRuns: 80 },
    );
  });

  it('feels a constant added to all prices nowhere but in the prices', () => {
    fc.assert(
      fc.property(rules, market, fc.integer({ min: -5000, max: 5000 }), (rule, m, shift) => {
        const input = inputOf(rule, m.seed, m.holes);
        const moved: RollInput = {
          ...input,
          dailyCloses: (index) => {
            const closes = input.dailyCloses(index)!;
            return { ...closes, close: Float64Array.from(closes.close, (price) => price + shift) };
          },
        };
        const [a, b] = [build(input), build(moved)];
        expect(b === null).toBe(a === null);
        if (a === null || b === null) return;
        expect(b.rolls.map((roll) => roll.effectiveUs)).toEqual(a.rolls.map((r) => r.effectiveUs));
        for (const [i, roll] of b.rolls.entries())
          expect(gapOf(roll)).toBeCloseTo(gapOf(a.rolls[i]!), 9);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});
