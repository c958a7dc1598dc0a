/** Lists of days made from other lists, for holiday tables and for rules that speak of "the session after". */
import { addDays, toIsoDate, toTradeDate, weekdayOf } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import type { DayRule } from '../rules.ts';
import { datesOfRules } from '../rules.ts';

/** The span for which lists are made; that of the lunar tables. */
const FROM_YEAR = 2000;
const TO_YEAR = 2050;

/** Days of one year, written `MM-DD MM-DD`. */
export function daysOf(year: number, days: string): readonly string[] {
  return days.split(' ').map((day) => `${year}-${day}`);
}

/** Every weekday on which a rule of the list closes, 2000 to 2050, in order. */
export function closedDays(rules: readonly DayRule[]): readonly string[] {
  return [...closedSet(rules)].sort((a, b) => a - b).map(toIsoDate);
}

/** Weekdays on which both lists close. */
export function commonDays(a: readonly DayRule[], b: readonly DayRule[]): readonly string[] {
  const other = new Set(closedDays(b));
  return closedDays(a).filter((day) => other.has(day));
}

/** For every date of the rules, the first weekday strictly after it that no rule of `closed` closes. */
export function nextOpenDays(
  rules: readonly DayRule[],
  closed: readonly DayRule[],
): readonly string[] {
  return adjacentDays(rules, closed, 1);
}

/** For every date of the rules, the last weekday strictly before it that no rule of `closed` closes. */
export function previousOpenDays(
  rules: readonly DayRule[],
  closed: readonly DayRule[],
): readonly string[] {
  return adjacentDays(rules, closed, -1);
}

function adjacentDays(
  rules: readonly DayRule[],
  closed: readonly DayRule[],
  step: number,
): readonly string[] {
  const isClosed = closedSet(closed);
  const dates = [...datesOfRules(rules, FROM_YEAR, TO_YEAR).values()].flat();
  return dates.map((from) => {
    let date = addDays(from, step);
    while (weekdayOf(date) % 6 === 0 || isClosed.has(date)) date = addDays(date, step);
    return toIsoDate(date);
  });
}

function closedSet(rules: readonly DayRule[]): Set<TradeDate> {
  const all = [...datesOfRules(rules, FROM_YEAR, TO_YEAR).values()].flat();
  return new Set(all.filter((date) => weekdayOf(date) % 6 !== 0));
}

/** January 1st of each year of the lists, weekends too. */
export function newYears(): readonly string[] {
  return Array.from({ length: TO_YEAR - FROM_YEAR + 1 }, (_, i) =>
    toIsoDate(toTradeDate(FROM_YEAR + i, 1, 1)),
  );
}
