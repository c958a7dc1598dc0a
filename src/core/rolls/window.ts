/** Windows: on which trade dates a rule may leave a contract. Pure; business days come from the calendar given. */
import { TradingError } from '../errors.ts';
import type { ContractSpec } from '../instrument.ts';
import type { TradingCalendar } from '../ports.ts';
import type { ConditionRule, DateRule, RollDeadline, RollRule, RollWindow } from '../roll.ts';
import { addDays, toTradeDate } from '../trade-date.ts';
import type { TradeDate } from '../units.ts';

/** What a window needs of a calendar. */
export type RollCalendar = Pick<TradingCalendar, 'addBusinessDays' | 'tradeDateOf'>;

/**
 * The window of one contract. A given schedule has a window per roll and not per contract: it is open until last trade.
 * Errors: E_ROLL_SCHEDULE for an anchor that the contract lacks.
 */
export function rollWindow(
  rule: RollRule,
  contract: ContractSpec,
  calendar: RollCalendar,
): RollWindow {
  switch (rule.kind) {
    case 'volume':
    case 'open-interest':
      return conditionWindow(rule, contract, calendar, null);
    case 'after': {
      const from = rollWindow(rule.date, contract, calendar);
      return conditionWindow(rule.condition, contract, calendar, from);
    }
    case 'liquid-forward': {
      const approximate = rollWindow(
        { ...rule, kind: 'approximate', expiry: 'last-day' },
        contract,
        calendar,
      );
      const { desired, ends } = approximate;
      return {
        desired,
        conditionFrom: rule.nearDays === null ? null : addDays(desired!, 1 - rule.nearDays),
        opens: calendar.addBusinessDays(ends, -1),
        ends,
      };
    }
    case 'weighted':
    case 'nearest-date':
      return rollWindow(rule.base, contract, calendar);
    case 'given':
      return {
        desired: null,
        conditionFrom: null,
        opens: earlierOf(contract),
        ends: contract.dates.lastTradeDate,
      };
    default:
      return dateWindow(rule, contract, calendar);
  }
}

/** The rule that names the day, of any rule; null for a pure condition and for given rolls. */
export function dateRuleOf(rule: RollRule): DateRule | null {
  switch (rule.kind) {
    case 'after':
      return rule.date;
    case 'weighted':
    case 'nearest-date':
      return dateRuleOf(rule.base);
    case 'volume':
    case 'open-interest':
    case 'liquid-forward':
    case 'given':
      return null;
    default:
      return rule;
  }
}

/** The part of a rule that reads market data; null where dates alone decide. */
export function conditionOf(
  rule: RollRule,
): ConditionRule | Extract<RollRule, { kind: 'liquid-forward' }> | null {
  switch (rule.kind) {
    case 'volume':
    case 'open-interest':
    case 'liquid-forward':
      return rule;
    case 'after':
      return rule.condition;
    case 'weighted':
      return conditionOf(rule.base);
    default:
      return null;
  }
}

/** First day of the contract month. */
export function firstOfMonth(contract: Pick<ContractSpec, 'year' | 'month'>): TradeDate {
  return toTradeDate(contract.year, contract.month, 1);
}

function dateWindow(rule: DateRule, contract: ContractSpec, calendar: RollCalendar): RollWindow {
  const { lastTradeDate } = contract.dates;
  if (rule.kind === 'first-day' || rule.kind === 'last-day') {
    const first = firstOfMonth(contract);
    const anchor = (
      rule.kind === 'first-day' ? Math.min(first, lastTradeDate) : lastTradeDate
    ) as TradeDate;
    // The close before that day moves the chain, so that the day itself is the new contract's. Both still trade after it.
    return {
      desired: anchor,
      conditionFrom: null,
      opens: calendar.addBusinessDays(anchor, -1),
      ends: addDays(lastTradeDate, 1),
    };
  }
  if (rule.kind === 'approximate') {
    const expiry = addDays(firstOfMonth(contract), rule.expiryOffsetDays);
    const end = addDays(expiry, rule.expiry === 'last-day' ? 1 : 0);
    // Exact and approximate: the earlier ends the window.
    const ends = Math.min(end, lastTradeDate + 1) as TradeDate;
    const desired = addDays(expiry, rule.rollOffsetDays);
    const opens = Math.min(desired, calendar.addBusinessDays(ends, -1)) as TradeDate;
    return { desired, conditionFrom: null, opens, ends };
  }
  const anchor = anchorOf(rule.anchor, contract);
  const desired =
    rule.count === 'business'
      ? calendar.addBusinessDays(anchor, -rule.days)
      : addDays(anchor, -rule.days);
  return {
    desired,
    conditionFrom: null,
    opens: rule.count === 'business' ? desired : calendar.addBusinessDays(addDays(desired, 1), -1),
    ends: Math.min(anchor, lastTradeDate) as TradeDate,
  };
}

function conditionWindow(
  rule: ConditionRule,
  contract: ContractSpec,
  calendar: RollCalendar,
  from: RollWindow | null,
): RollWindow {
  const deadline: RollDeadline =
    rule.kind === 'volume' ? { days: rule.deadlineDays, anchor: 'earlier' } : rule.deadline;
  const ends = deadline.anchor === 'earlier' ? earlierOf(contract) : contract.dates.lastTradeDate;
  return {
    desired: from?.desired ?? null,
    conditionFrom: from?.opens ?? null,
    opens: calendar.addBusinessDays(ends, -deadline.days),
    ends,
  };
}

function earlierOf(contract: ContractSpec): TradeDate {
  const { lastTradeDate, firstNoticeDate } = contract.dates;
  return Math.min(lastTradeDate, firstNoticeDate ?? lastTradeDate) as TradeDate;
}

function anchorOf(
  anchor: Extract<DateRule, { kind: 'calendar' }>['anchor'],
  contract: ContractSpec,
): TradeDate {
  if (anchor === 'earlier') return earlierOf(contract);
  if (anchor === 'last-trade') return contract.dates.lastTradeDate;
  if (contract.dates.firstNoticeDate !== null) return contract.dates.firstNoticeDate;
  throw new TradingError('E_ROLL_SCHEDULE', `${contract.id} has no first notice date`, {
    details: { contract: contract.id, anchor },
    rule: 'a rule anchored at first notice needs contracts that are delivered',
    fix: "anchor the rule at 'last-trade' or 'earlier'",
  });
}
