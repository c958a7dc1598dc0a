/** Checks of roll rules as values: a rule may come from a strategy, a file or a command line. */
import { TradingError } from '../errors.ts';
import type { RollRule } from '../roll.ts';
import { conditionOf } from './window.ts';

/** Errors: E_ROLL_RULE naming the rule's part and what is allowed. */
export function checkRollRule(rule: RollRule): void {
  switch (rule.kind) {
    case 'calendar':
      // The window ends before the anchor, so a roll on the anchor itself could never happen.
      return whole(rule, rule.days, 1, 'a calendar rule needs', 'whole days');
    case 'approximate':
      offsets(rule, rule.rollOffsetDays, rule.expiryOffsetDays);
      return;
    case 'volume':
      whole(rule, rule.sessions, 1, 'a volume rule needs', 'sessions');
      return whole(rule, rule.deadlineDays, 1, 'a volume rule needs a deadline of', 'days');
    case 'open-interest':
      whole(rule, rule.sessions, 1, 'an open-interest rule needs', 'sessions');
      return whole(
        rule,
        rule.deadline.days,
        1,
        'an open-interest rule needs a deadline of',
        'days',
      );
    case 'after':
      checkRollRule(rule.date);
      return checkRollRule(rule.condition);
    case 'liquid-forward':
      offsets(rule, rule.rollOffsetDays, rule.expiryOffsetDays);
      whole(rule, rule.span, 1, 'a liquid-forward rule smooths over', 'sessions');
      if (rule.nearDays !== null)
        whole(rule, rule.nearDays, 0, 'a liquid-forward rule is near within', 'whole days');
      if (!(rule.minShare >= 0 && rule.minVolume >= 0))
        throw badRule(
          rule,
          `a liquid-forward rule needs a share and a volume of 0 or more, not ${rule.minShare} and ${rule.minVolume}`,
          { rule: 'numbers, 0 or more', fix: 'correct minShare or minVolume' },
        );
      return;
    case 'weighted':
      whole(rule, rule.days, 2, 'a weighted rule spreads over', 'sessions');
      return checkRollRule(rule.base);
    case 'nearest-date':
      return checkRollRule(rule.base);
    case 'first-day':
    case 'last-day':
    case 'given':
      return;
    default:
      throw badRule(rule, `"${String((rule as RollRule).kind)}" is not a roll rule`);
  }
}

function offsets(rule: RollRule, roll: number, expiry: number): void {
  if (!(Number.isInteger(roll) && roll <= 0)) {
    throw badRule(rule, `a roll offset is zero or negative whole days, not ${roll}`, {
      rule: 'a whole number, 0 or less',
      fix: `write 0 in place of ${roll}, or a negative whole number`,
    });
  }
  if (!Number.isInteger(expiry)) {
    throw badRule(rule, `an expiry offset is a number of whole days, not ${expiry}`, {
      rule: 'a whole number',
      fix: `write a whole number in place of ${expiry}`,
    });
  }
}

function whole(rule: RollRule, value: number, min: number, start: string, unit: string): void {
  if (!(Number.isInteger(value) && value >= min)) {
    throw badRule(rule, `${start} ${min} or more ${unit}, not ${value}`, {
      rule: `a whole number, ${min} or more`,
      fix: `write ${min} in place of ${value}, or a larger whole number`,
    });
  }
}

function badRule(
  rule: RollRule,
  message: string,
  how: { readonly rule?: string; readonly fix: string } = { fix: 'correct the roll rule' },
): TradingError {
  return new TradingError('E_ROLL_RULE', message, { details: { rule }, ...how });
}

/** Whether a rule reads open interest. */
export function needsOpenInterest(rule: RollRule): boolean {
  return conditionOf(rule)?.kind === 'open-interest';
}

/** Whether a rule reads session volumes. */
export function needsVolume(rule: RollRule): boolean {
  const condition = conditionOf(rule);
  return condition !== null && condition.kind !== 'open-interest';
}
