/** Errors of the roll rules, each naming contracts, window and what to do. */
import { TradingError } from '../errors.ts';
import type { ContractSpec } from '../instrument.ts';
import type { GivenRoll, RollRule, RollWindow } from '../roll.ts';
import { describeRollRule } from '../roll.ts';
import { addDays, toIsoDate } from '../trade-date.ts';
import type { TradeDate, TsUs } from '../units.ts';
import { toIsoUtc } from '../units.ts';
import { conditionOf } from './window.ts';

export function noCommonPrice(
  old: ContractSpec,
  next: ContractSpec,
  window: RollWindow,
): TradingError {
  const span = `${toIsoDate(window.opens)} to ${toIsoDate(addDays(window.ends, -1))}`;
  if (window.desired !== null && window.desired >= window.ends)
    return namedTooLate(old, next, window.desired, span);
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `${old.id} cannot roll to ${next.id}: no session close of both from ${span}`,
    {
      details: { from: old.id, to: next.id, window: span },
      rule: 'a roll needs a price of both contracts at the same session close inside its window',
      fix: `import daily bars of ${old.id} and ${next.id} for ${span}, choose another roll rule, or run the data before and after it by themselves (--from, --to)`,
    },
  );
}

/** The day that a rule names lies behind the end of the contract, so that one session is all the window there is. */
function namedTooLate(
  old: ContractSpec,
  next: ContractSpec,
  desired: TradeDate,
  span: string,
): TradingError {
  const last = toIsoDate(old.dates.lastTradeDate);
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `${old.id} cannot roll to ${next.id}: the rule names ${toIsoDate(desired)}, after the expiry of ${old.id} (last trade ${last})`,
    {
      details: { from: old.id, to: next.id, window: span, desired: toIsoDate(desired), last },
      rule: `a roll is before the expiry; of the window only ${span} is left, without a session close of both`,
      fix: 'choose offsets that fit this product, such as approx:-5,-12, or count from its dates: calendar:5b@earlier',
    },
  );
}

/** A given roll on a trade date from which on no close of both contracts came. */
export function noGivenClose(
  row: number,
  roll: GivenRoll,
  old: ContractSpec,
  window: RollWindow,
): TradingError {
  const { lastTradeDate } = old.dates;
  const day = toIsoDate(window.opens);
  const isLate = window.opens > lastTradeDate;
  const why = isLate
    ? `${old.id} trades until ${toIsoDate(lastTradeDate)} only`
    : `there is no session close of both from ${day} to ${toIsoDate(addDays(window.ends, -1))}`;
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `given roll ${row + 1}, ${roll.from} to ${roll.to} on ${day}: ${why}`,
    {
      details: { row, from: roll.from, to: roll.to, lastTradeDate: toIsoDate(lastTradeDate) },
      rule: isLate
        ? 'a contract is left on or before its last trade date'
        : 'a given roll happens at a close that both contracts have, or brings both prices and its moment',
      fix: isLate
        ? `give a date up to ${toIsoDate(lastTradeDate)}`
        : 'correct this row of the schedule, or import daily bars of both contracts',
    },
  );
}

export function chainEnds(last: ContractSpec, window: RollWindow, date: TradeDate): TradingError {
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `the chain ends with ${last.id}, which must be left before ${toIsoDate(window.ends)}; the data go on to ${toIsoDate(date)}`,
    {
      details: { contract: last.id, windowEnds: toIsoDate(window.ends) },
      rule: 'every contract but the last needs a next one to roll into',
      fix: 'import the next contract, or end the span earlier',
    },
  );
}

/** A given roll that brings no prices, at a moment without a close of both. */
export function noGivenPrice(row: number, roll: GivenRoll): TradingError {
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `given roll ${row + 1}, ${roll.from} to ${roll.to} at ${toIsoUtc(roll.atUs)}: there is no price of both contracts at that time`,
    {
      details: { row, from: roll.from, to: roll.to },
      rule: 'a given roll brings both prices, or happens at a close that both contracts have',
      fix: 'correct this row of the schedule, or give its prices',
    },
  );
}

/** The deadline has come and the condition could never be looked at. */
export function noConditionData(contract: ContractSpec, rule: RollRule): TradingError {
  const isVolume = conditionOf(rule)?.kind !== 'open-interest';
  const what = isVolume ? 'volumes' : 'open interest';
  return new TradingError(
    'E_ROLL_DATA',
    `${contract.id} has no known ${what}, so ${describeRollRule(rule)} cannot decide`,
    {
      details: { contract: contract.id, rule: describeRollRule(rule), missing: what },
      rule: isVolume
        ? 'a volume crossover needs the session volumes of both contracts'
        : 'an open-interest rule needs figures of both contracts, published at one time',
      fix: isVolume
        ? 'use a calendar rule for a dataset whose volume is unknown'
        : 'import open interest of both contracts (frontmonth data import --format open-interest), or use a calendar or volume rule',
    },
  );
}

export function outOfOrder(
  event: { readonly kind: string; readonly tsUs: number },
  nowUs: number,
): TradingError {
  return new TradingError(
    'E_ROLL_ORDER',
    `a ${event.kind} of ${toIsoUtc(event.tsUs as TsUs)} comes after ${toIsoUtc(nowUs as TsUs)} was worked off`,
    {
      details: { kind: event.kind, tsUs: event.tsUs, nowUs },
      rule: 'a roll stepper is fed in order of time',
      fix: 'sort the events, and tell the time only when everything up to it was delivered',
    },
  );
}
