/** What a caller hands to a calendar, checked where a wrong type or fraction would give a wrong answer. */
import { TradingError } from '../core/errors.ts';

/** E_CALENDAR_ARGUMENT. */
export function argumentError(name: string, value: unknown, rule: string): TradingError {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'bigint'
        ? `${value}n`
        : String(value);
  return new TradingError('E_CALENDAR_ARGUMENT', `${name} is ${shown}`, {
    details: { argument: name, value: shown },
    rule,
    fix: `give ${name} as the documentation of the call says`,
  });
}

/** Errors: E_CALENDAR_ARGUMENT for what is no whole number of days. */
export function checkDate(date: number): void {
  if (!Number.isInteger(date)) {
    throw argumentError(
      'date',
      date,
      'a date is a whole number of days since 1970-01-01: parseTradeDate("2025-12-19")',
    );
  }
}

/** Errors: E_CALENDAR_ARGUMENT for what is no number of microseconds. */
export function checkInstant(tsUs: number): void {
  if (typeof tsUs !== 'number') {
    throw argumentError(
      'instant',
      tsUs,
      'an instant is a number of microseconds since 1970-01-01 UTC: parseTsUs("2025-12-19T14:30:00Z")',
    );
  }
}
