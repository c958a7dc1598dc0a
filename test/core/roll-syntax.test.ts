import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConditionRule, DateRule, RollRule } from '../../src/core/roll.ts';
import { formatRollRule, parseRollRule, RULE_FORMS } from '../../src/core/rolls/syntax.ts';

const days = fc.integer({ min: 1, max: 60 });
const date: fc.Arbitrary<DateRule> = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    anchor: fc.constantFrom('last-trade', 'first-notice', 'earlier'),
    days,
    count: fc.constantFrom('business', 'calendar'),
  }),
  fc.record({
    kind: fc.constant('approximate' as const),
    rollOffsetDays: fc.integer({ min: -90, max: 0 }),
    expiryOffsetDays: fc.integer({ min: -40, max: 40 }),
    expiry: fc.constantFrom('last-day', 'end-exclusive'),
  }),
  fc.constantFrom({ kind: 'first-day' as const }, { kind: 'last-day' as const }),
);
const condition: fc.Arbitrary<ConditionRule> = fc.oneof(
  fc.record({ kind: fc.constant('volume' as const), sessions: days, deadlineDays: days }),
  fc.record({
    kind: fc.constant('open-interest' as const),
    within: fc.constantFrom('next', 'year'),
    sessions: days,
    deadline: fc.record({ days, anchor: fc.constantFrom('last-trade', 'earlier') }),
  }),
);
const rules: fc.Arbitrary<RollRule> = fc.oneof(
  date,
  condition,
  fc.record({ kind: fc.constant('after' as const), date, condition }),
  fc.record({
    kind: fc.constant('weighted' as const),
    days: fc.integer({ min: 2, max: 9 }),
    base: fc.oneof(date, condition),
  }),
  fc.record({ kind: fc.constant('nearest-date' as const), base: date }),
  fc.record({
    kind: fc.constant('liquid-forward' as const),
    rollOffsetDays: fc.integer({ min: -90, max: 0 }),
    expiryOffsetDays: fc.integer({ min: -40, max: 40 }),
    span: fc.constant(3),
    minShare: fc.constant(0.01),
    minVolume: fc.constant(100),
    nearDays: fc.constantFrom(null, 10),
  }),
);

describe('a roll rule as a word', () => {
  it('is read back as the rule it was written from', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        expect(parseRollRule(formatRollRule(rule))).toEqual(rule);
      }),
      { seed: 11, numRuns: 400 },
    );
  });

  it.each(RULE_FORMS)('%s is one', (text) => {
    expect(parseRollRule(text)).toBeDefined();
  });

  it('takes the mapping modes by number', () => {
    expect(parseRollRule('lean:0')).toEqual({ kind: 'last-day' });
    expect(parseRollRule('lean:1')).toEqual({ kind: 'first-day' });
    expect(parseRollRule('lean:2')).toMatchObject({ kind: 'open-interest', within: 'next' });
    expect(parseRollRule('lean:3')).toMatchObject({ kind: 'open-interest', within: 'year' });
  });

  it.each([
    ['calender:5b@earlier', 1, 'one of'],
    ['calendar:5z@earlier', 11, 'b (business days)'],
    ['calendar:5b', 12, '"@"'],
    ['calendar:5b@expiry', 13, 'last-trade, first-notice or earlier'],
    ['calendar:b@earlier', 10, 'a whole number'],
    ['approx:-5', 10, '","'],
    ['approx:-5,15,open', 14, 'exclusive'],
    ['volume:1x', 9, 'the end'],
    ['volume:1@2:last-trade', 11, 'the end'],
    ['oi@1:notice', 6, 'last-trade or earlier'],
    ['after:volume:1/volume:1', 7, 'a rule that names a date'],
    ['after:first-day/last-day', 17, 'volume or oi'],
    ['weighted:5/nearest/first-day', 12, 'a date rule'],
    ['nearest/oi', 9, 'a rule that names a date'],
    ['lean:4', 6, 'a mapping mode 0, 1, 2 or 3'],
    ['given:', 7, 'a name or a file'],
    ['', 1, 'one of'],
  ])('%s is refused at position %i', (text, position, expected) => {
    expect(() => parseRollRule(text)).toThrow(`position ${position}: expected ${expected}`);
  });

  it.each([
    ['calendar:0b@earlier', '1 or more whole days'],
    ['approx:5,14', 'zero or negative'],
    ['volume:0', '1 or more sessions'],
    ['weighted:1/first-day', '2 or more sessions'],
    ['liquid:-5,14,-1', '0 or more whole days'],
  ])('%s is refused for its number', (text, why) => {
    expect(() => parseRollRule(text)).toThrow(why);
  });
});
