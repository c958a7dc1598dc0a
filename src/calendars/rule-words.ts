/** Date rules in words, for people. */
import type { DateRule } from '../core/instrument.ts';

const ORDINALS = 'zeroth first second third fourth fifth sixth seventh eighth ninth tenth'.split(
  ' ',
);
const WEEKDAYS: Readonly<Record<string, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
};
const HOLIDAYS: Readonly<Record<string, string>> = {
  'new-year': 'New Year',
  christmas: 'Christmas',
};

/**
 * A rule as a sentence part.
 *
 * @example
 * describeDateRule(es.lastTrade) // 'third Friday of the contract month (if closed, the business day before)'
 */
export function describeDateRule(rule: DateRule): string {
  const base = baseWords(rule);
  const then = rule['thenBusinessDays'];
  const isRelative = rule.rule === 'from-last-trade' || rule.rule === 'table';
  if (isRelative || typeof then !== 'number' || then === 0) return base;
  return `${businessDays(Math.abs(then))} ${then < 0 ? 'before' : 'after'} the ${base}`;
}

function baseWords(rule: DateRule): string {
  switch (rule.rule) {
    case 'nth-weekday':
      return `${nth(Number(rule['n']))} ${WEEKDAYS[String(rule['weekday'])]} of the ${monthWords(rule)}${otherwise(rule)}`;
    case 'nth-business-day':
      return `${nth(Number(rule['n']))} business day of the ${monthWords(rule)}${eves(rule)}`;
    case 'calendar-day':
      return `${dayWords(Number(rule['day']))} of the ${monthWords(rule)}${otherwise(rule)}`;
    case 'calendar-days-before': {
      const anchor = describeDateRule(rule['anchor'] as DateRule);
      return `date ${Number(rule['days'])} days before the ${anchor}${otherwise(rule)}`;
    }
    case 'from-last-trade': {
      const then = Number(rule['thenBusinessDays']);
      if (then === 0) return 'last trade date';
      return `${businessDays(Math.abs(then))} ${then < 0 ? 'before' : 'after'} the last trade date`;
    }
    case 'last-clear-thursday':
      return 'last Thursday of the contract month (November: the one before Thanksgiving) that is a business day, as are the four weekdays before it; else a week earlier';
    case 'table':
      return `${businessDays(Math.abs(Number(rule['thenBusinessDays'])))} before USDA announces the Class III price`;
    default:
      return `rule "${rule.rule}"`;
  }
}

function nth(n: number): string {
  if (n === -1) return 'last';
  const word = ORDINALS[Math.abs(n)] ?? dayWords(Math.abs(n));
  return n < 0 ? `${word} last` : word;
}

function dayWords(day: number): string {
  const isTeen = day % 100 >= 11 && day % 100 <= 13;
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${ending}`;
}

function monthWords(rule: DateRule): string {
  const offset = Number(rule['monthOffset'] ?? 0);
  if (offset === 0) return 'contract month';
  const count = Math.abs(offset);
  const which = count === 1 ? 'month' : `${nth(count)} month`;
  return `${which} ${offset < 0 ? 'before' : 'after'} the contract month`;
}

function otherwise(rule: DateRule): string {
  const mode = rule['ifNotBusinessDay'];
  if (mode === 'previous') return ' (if closed, the business day before)';
  if (mode === 'next') return ' (if closed, the next business day)';
  return '';
}

function eves(rule: DateRule): string {
  const exceptions = rule['exceptions'];
  if (!Array.isArray(exceptions) || exceptions.length === 0) return '';
  const names = exceptions.map(
    (one: unknown) => HOLIDAYS[String((one as Record<string, unknown>)['holiday'])],
  );
  return ` (a business day earlier when that is the day before ${names.join(' or ')})`;
}

function businessDays(count: number): string {
  return count === 1 ? '1 business day' : `${count} business days`;
}
