/** Civil-date arithmetic on whole days since 1970-01-01, proleptic Gregorian, without `Date` or a zone. */
import { TradingError } from './errors.ts';
import type { TradeDate } from './units.ts';

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** Days since the epoch of a civil date. The fields are taken as valid. */
export function toTradeDate(year: number, month: number, day: number): TradeDate {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) as TradeDate;
}

export function toCivilDate(date: TradeDate): CivilDate {
  const z = date + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * mp + 2) / 5) + 1,
  };
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(date: TradeDate): number {
  return (((date + 4) % 7) + 7) % 7;
}

export function addDays(date: TradeDate, days: number): TradeDate {
  return (date + days) as TradeDate;
}

export function daysInMonth(year: number, month: number): number {
  const next = month === 12 ? toTradeDate(year + 1, 1, 1) : toTradeDate(year, month + 1, 1);
  return next - toTradeDate(year, month, 1);
}

/** `YYYY-MM-DD`. */
export function toIsoDate(date: TradeDate): string {
  const { year, month, day } = toCivilDate(date);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Parses `YYYY-MM-DD`. Errors: E_TRADE_DATE, also for days that do not exist. */
export function parseTradeDate(text: string): TradeDate {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match !== null) {
    const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
    if (month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))
      return toTradeDate(year, month, day);
  }
  throw new TradingError('E_TRADE_DATE', `"${text}" is not a date of the form YYYY-MM-DD`, {
    details: { text },
  });
}
