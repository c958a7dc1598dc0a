/**
 * Branded numbers. A unit is a plain number at run time and a distinct type at compile time, so that a price can never
 * be passed where a quantity is meant. Values are branded once, at the edge, in `toX` or `parseX`.
 */
import { TradingError } from './errors.ts';

declare const unit: unique symbol;

/** A number that carries the name of its unit in its type only. */
export type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Integer microseconds since the Unix epoch, UTC. Exact to the year 2255. */
export type TsUs = Unit<'TsUs'>;
/** Integer microseconds of elapsed time. */
export type DurationUs = Unit<'DurationUs'>;
/**
 * Integer counts of an instrument's price grid. May be negative (CL traded at -37.63), so neither 0 nor -1 ever means
 * "none". In columns of sampled data without a grid the counts may be fractional; an order's price never is.
 */
export type PriceTicks = Unit<'PriceTicks'>;
/** Whole contracts, never negative. */
export type Qty = Unit<'Qty'>;
/** Signed whole contracts: long is positive. */
export type NetQty = Unit<'NetQty'>;
/** Integer millionths of a currency. */
export type CashMicros = Unit<'CashMicros'>;
/** Whole days since 1970-01-01 of the exchange's business date. See `trade-date.ts`. */
export type TradeDate = Unit<'TradeDate'>;

export const US_PER_SECOND = 1_000_000;
export const US_PER_MINUTE = 60_000_000;
export const US_PER_HOUR = 3_600_000_000;
export const US_PER_DAY = 86_400_000_000;
export const MICROS_PER_UNIT = 1_000_000;

/** A moment before all data and one after; both are safe integers. */
export const TS_MIN: TsUs = -8_640_000_000_000_000 as TsUs;
export const TS_MAX: TsUs = 8_640_000_000_000_000 as TsUs;

/** Brands integer microseconds. Errors: E_TIME when not a safe integer. */
export function toTsUs(value: number): TsUs {
  if (!Number.isSafeInteger(value)) {
    throw new TradingError('E_TIME', `time ${value} is not a whole number of microseconds`, {
      details: { value },
    });
  }
  return value as TsUs;
}

/** Parses an ISO-8601 instant with a zone (`2024-03-08T23:00:00Z`). Errors: E_TIME. */
export function parseTsUs(text: string): TsUs {
  const match =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const ms = match === null ? NaN : Date.parse(`${match[1]}T${match[2]}${match[4]}`);
  if (match === null || Number.isNaN(ms)) {
    throw new TradingError('E_TIME', `"${text}" is not an instant such as 2024-03-08T23:00:00Z`, {
      details: { text },
    });
  }
  const fraction = (match[3] ?? '').padEnd(6, '0').slice(0, 6);
  return toTsUs(ms * 1000 + Number(fraction === '' ? 0 : fraction));
}

/** ISO-8601 in UTC with as many decimals of a second as the value needs (0, 3 or 6). */
export function toIsoUtc(tsUs: TsUs): string {
  const ms = Math.floor(tsUs / 1000);
  const us = tsUs - ms * 1000;
  const iso = new Date(ms).toISOString();
  if (us !== 0) return `${iso.slice(0, -1)}${String(us).padStart(3, '0')}Z`;
  return iso.endsWith('.000Z') ? `${iso.slice(0, -5)}Z` : iso;
}

/** Brands a whole, non-negative number of contracts. Errors: E_QTY. */
export function toQty(value: number): Qty {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new TradingError(
      'E_QTY',
      `quantity ${value} is not a whole number of contracts, 0 or more`,
      { details: { value } },
    );
  }
  return value as Qty;
}

/** Checks the result of cash arithmetic. Errors: E_MONEY_RANGE beyond 2^53 millionths (9.007e9 units) or not whole. */
export function toCashMicros(value: number): CashMicros {
  if (!Number.isSafeInteger(value)) {
    throw new TradingError('E_MONEY_RANGE', `cash ${value} millionths is not a safe integer`, {
      details: { value },
    });
  }
  // -0 and 0 are the same money; one of them must not reach a journal.
  return (value + 0) as CashMicros;
}

/** Rounds half to even, exact for |value| < 2^52. The one rounding rule for money. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
