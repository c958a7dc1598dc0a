/**
 * Last trade and first notice dates by structured rule.
 *
 * Evaluation: shift the contract month by `monthOffset`; find the anchor; if it is no business day apply
 * `ifNotBusinessDay`; then move `thenBusinessDays` business days, the start itself not counted.
 */
import { formatContractMonth, monthIndexOf, parseContractMonth } from '../core/cycle.ts';
import { TradingError } from '../core/errors.ts';
import type { DateRule, InstrumentSpec } from '../core/instrument.ts';
import { addDays, toCivilDate, toTradeDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import { nthWeekdayOf } from './rules.ts';
import { CLASS_III_FROM, classThreeAnnouncement } from './usda.ts';

const WEEKDAYS: Readonly<Record<string, number>> = { mon: 1, tue: 2, wed: 3, thu: 4, fri: 5 };

/** Contract dates as the rules give them, without a time of day. */
export interface RuleDates {
  readonly lastTradeDate: TradeDate;
  readonly firstNoticeDate: TradeDate | null;
  /** In words, where a rule gives no more than an approximate date. */
  readonly approximate?: string;
  /** How well the rules are known, where they are not those of today. */
  readonly confidence?: 'high' | 'medium' | 'low';
}

/** The fields of a specification that decide the dates of a contract. */
export type DatedSpec = Pick<
  InstrumentSpec,
  'root' | 'lastTrade' | 'lastTradeDoubt' | 'firstNotice' | 'earlierRules'
>;

/** A rule, the contract it is asked for, and the days it counts. */
interface RuleContext {
  readonly root: string;
  readonly year: number;
  readonly month: number;
  readonly days: BusinessCalendar;
  readonly lastTradeDate: TradeDate | null;
}

/**
 * Last trade date and first notice date of one contract month, listed or not.
 * Errors: E_DATE_RULE, E_CALENDAR_SPAN.
 */
export function ruleDates(
  spec: DatedSpec,
  year: number,
  month: number,
  days: BusinessCalendar,
): RuleDates {
  checkMonth(spec.root, year, month);
  const index = monthIndexOf({ year, month });
  const earlier = spec.earlierRules?.find(
    (rules) => index <= monthIndexOf(parseContractMonth(rules.toContract)),
  );
  const { lastTrade, firstNotice } = earlier ?? spec;
  const context = { root: spec.root, year, month, days, lastTradeDate: null };
  const lastTradeDate = evaluateDateRule(lastTrade, context);
  return {
    lastTradeDate,
    firstNoticeDate:
      firstNotice === null ? null : evaluateDateRule(firstNotice, { ...context, lastTradeDate }),
    ...(earlier === undefined ? {} : { confidence: earlier.confidence }),
    ...doubtOf(lastTrade, spec.lastTradeDoubt?.why, context),
  };
}

function checkMonth(root: string, year: number, month: number): void {
  if (Number.isInteger(year) && Number.isInteger(month) && month >= 1 && month <= 12) return;
  throw new TradingError('E_CONTRACT_ID', `${root}: ${year}-${month} is no contract month`, {
    details: { root, year, month },
    rule: 'a contract month has a year and a month from 1 to 12, whole numbers',
    fix: 'correct year or month',
  });
}

/** Where a rule gives no more than a likely date. */
function doubtOf(
  rule: DateRule,
  why: string | undefined,
  context: RuleContext,
): Pick<RuleDates, 'approximate' | 'confidence'> {
  if (rule.rule === 'table') return { approximate: CLASS_III_WHY };
  if (rule.rule !== 'calendar-days-before' || why === undefined) return {};
  const anchor = rule['anchor'] as DateRule;
  const unmoved = evaluateDateRule({ ...anchor, ifNotBusinessDay: 'none' }, context);
  const isMoved = unmoved !== evaluateDateRule(anchor, context);
  return isMoved ? { approximate: why, confidence: 'low' } : {};
}

const CLASS_III_TABLE = 'usda-class-iii-announcement';
const CLASS_III_WHY =
  'USDA publishes its announcement days year by year; this is the rule behind them';

/** Evaluates one rule. Errors: E_DATE_RULE, E_CALENDAR_SPAN. */
export function evaluateDateRule(rule: DateRule, context: RuleContext): TradeDate {
  switch (rule.rule) {
    case 'nth-weekday':
      return nthWeekdayRule(rule, context);
    case 'nth-business-day':
      return nthBusinessDayRule(rule, context);
    case 'calendar-day':
      return calendarDayRule(rule, context);
    case 'calendar-days-before':
      return calendarDaysBeforeRule(rule, context);
    case 'from-last-trade':
      return fromLastTradeRule(rule, context);
    case 'last-clear-thursday':
      return lastClearThursdayRule(rule, context);
    case 'table':
      return tableRule(rule, context);
    default:
      throw bad(rule, context, 'rule', 'one of the known kinds of rule');
  }
}

function nthWeekdayRule(rule: DateRule, context: RuleContext): TradeDate {
  const { year, month } = shifted(rule, context);
  const weekday = WEEKDAYS[String(rule['weekday'])];
  if (weekday === undefined) throw bad(rule, context, 'weekday', 'mon, tue, wed, thu or fri');
  const date = nthWeekdayOf(year, month, weekday, integer(rule, context, 'n'));
  if (date === null) throw bad(rule, context, 'n', 'a weekday that the month has');
  return settled(date, rule, context);
}

function nthBusinessDayRule(rule: DateRule, context: RuleContext): TradeDate {
  const { year, month } = shifted(rule, context);
  const date = context.days.nthOfMonth(year, month, integer(rule, context, 'n'));
  if (date === null) throw bad(rule, context, 'n', 'a business day that the month has');
  const moved = context.days.add(date, integer(rule, context, 'thenBusinessDays'));
  const exceptions = rule['exceptions'];
  return Array.isArray(exceptions)
    ? exceptions.reduce((at: TradeDate, one: unknown) => applyEve(at, one, rule, context), moved)
    : moved;
}

/** Moves once more when the date is the last business day before the named holiday. */
function applyEve(
  date: TradeDate,
  exception: unknown,
  rule: DateRule,
  context: RuleContext,
): TradeDate {
  const { holiday, thenBusinessDays } = exception as Record<string, unknown>;
  const { year } = toCivilDate(date);
  // Of the holiday itself, not of the day on which it is observed.
  const holidayDate =
    holiday === 'christmas'
      ? toTradeDate(year, 12, 25)
      : holiday === 'new-year'
        ? toTradeDate(year + 1, 1, 1)
        : null;
  if (holidayDate === null || !Number.isInteger(thenBusinessDays)) {
    throw bad(rule, context, 'exceptions', 'christmas or new-year with a whole number of days');
  }
  const isEve = date < holidayDate && context.days.add(date, 1) > holidayDate;
  return isEve ? context.days.add(date, thenBusinessDays as number) : date;
}

function calendarDayRule(rule: DateRule, context: RuleContext): TradeDate {
  const { year, month } = shifted(rule, context);
  const date = toTradeDate(year, month, integer(rule, context, 'day'));
  return settled(date, rule, context);
}

function calendarDaysBeforeRule(rule: DateRule, context: RuleContext): TradeDate {
  const anchor = rule['anchor'];
  if (typeof anchor !== 'object' || anchor === null) {
    throw bad(rule, context, 'anchor', 'a rule to count back from');
  }
  const from = evaluateDateRule(anchor as DateRule, context);
  const date = adjusted(addDays(from, -integer(rule, context, 'days')), rule, context);
  const then = rule['thenBusinessDays'];
  return then === undefined
    ? date
    : context.days.add(date, integer(rule, context, 'thenBusinessDays'));
}

/** Days that somebody else announces. One table is known, and that by the rule behind it. */
function tableRule(rule: DateRule, context: RuleContext): TradeDate {
  const { year, month } = context;
  if (rule['table'] !== CLASS_III_TABLE) {
    throw bad(rule, context, 'table', `a known table, ${CLASS_III_TABLE}`, {
      fix: 'give the contract dates yourself; this table is not part of the program',
    });
  }
  if (monthIndexOf(context) < monthIndexOf(CLASS_III_FROM)) {
    throw bad(
      rule,
      context,
      'table',
      `a table that covers the month; this one begins with ${formatContractMonth(CLASS_III_FROM)}`,
      { fix: `choose contracts from ${formatContractMonth(CLASS_III_FROM)} on` },
    );
  }
  const announced = classThreeAnnouncement(year, month);
  return context.days.add(announced, integer(rule, context, 'thenBusinessDays'));
}

function fromLastTradeRule(rule: DateRule, context: RuleContext): TradeDate {
  if (context.lastTradeDate === null) {
    throw bad(rule, context, 'rule', 'a last trade rule that stands by itself');
  }
  return context.days.add(context.lastTradeDate, integer(rule, context, 'thenBusinessDays'));
}

/**
 * Feeder cattle: the last Thursday (November: the one before Thanksgiving) that is a business day, as are Monday to
 * Wednesday of its week and the Friday before; else a week earlier, and so on.
 */
function lastClearThursdayRule(rule: DateRule, context: RuleContext): TradeDate {
  const { year, month } = shifted(rule, context);
  const isNovember = month === 11 && rule['novemberUsesThursdayBeforeThanksgiving'] === true;
  let thursday = isNovember
    ? addDays(nthWeekdayOf(year, 11, 4, 4)!, -7)
    : nthWeekdayOf(year, month, 4, -1)!;
  while (
    ![0, -1, -2, -3, -6].every((step) => context.days.isBusinessDay(addDays(thursday, step)))
  ) {
    thursday = addDays(thursday, -7);
  }
  return thursday;
}

function settled(date: TradeDate, rule: DateRule, context: RuleContext): TradeDate {
  return context.days.add(
    adjusted(date, rule, context),
    integer(rule, context, 'thenBusinessDays'),
  );
}

function adjusted(date: TradeDate, rule: DateRule, context: RuleContext): TradeDate {
  const mode = rule['ifNotBusinessDay'];
  if (mode !== 'previous' && mode !== 'next' && mode !== 'none') {
    throw bad(rule, context, 'ifNotBusinessDay', 'previous, next or none');
  }
  if (mode === 'none' || context.days.isBusinessDay(date)) return date;
  return context.days.add(date, mode === 'previous' ? -1 : 1);
}

function shifted(rule: DateRule, context: RuleContext): { year: number; month: number } {
  const index = context.year * 12 + context.month - 1 + integer(rule, context, 'monthOffset');
  return { year: Math.floor(index / 12), month: (index % 12) + 1 };
}

function integer(rule: DateRule, context: RuleContext, field: string): number {
  const value = rule[field];
  if (!Number.isInteger(value)) throw bad(rule, context, field, 'a whole number');
  return value as number;
}

function bad(
  rule: DateRule,
  context: RuleContext,
  field: string,
  must: string,
  options: { fix?: string } = {},
): TradingError {
  const value = rule[field];
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  return new TradingError(
    'E_DATE_RULE',
    `${context.root} ${context.year}-${String(context.month).padStart(2, '0')}: ${field} of rule "${rule.rule}" is ${shown}`,
    {
      details: { root: context.root, year: context.year, month: context.month, field, value },
      rule: `${field} is ${must}`,
      fix: options.fix ?? `correct ${field} in the instrument file of ${context.root}`,
    },
  );
}
