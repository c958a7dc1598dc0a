/**
 * Expiries. An exact one comes from the exchange's rule or the broker, an approximate one is the first day of the
 * contract month plus some days; they are different types, because live trading and margin may use the exact one only.
 * Each says which day it names: the last on which the contract trades, or the first on which it no longer does.
 */
import type { ContractMonth } from './cycle.ts';
import { TradingError } from './errors.ts';
import type { ContractDates, ContractSpec } from './instrument.ts';
import { addDays, toTradeDate } from './trade-date.ts';
import type { TradeDate, TsUs } from './units.ts';

/** `lastDay`: the contract still trades on the date. `endExclusive`: the first day after its last. */
export type ExpiryBound = 'lastDay' | 'endExclusive';

/** From the exchange's rule over published trade dates, or from the broker. */
export interface ExactExpiry {
  readonly kind: 'exact';
  readonly bound: 'lastDay';
  readonly date: TradeDate;
  /** The instant at which trading ends on that date, exclusive. */
  readonly endUs: TsUs;
}

/** First day of the contract month plus `offsetDays` calendar days. For laying out historical schedules only. */
export interface ApproximateExpiry<Bound extends ExpiryBound = ExpiryBound> {
  readonly kind: 'approximate';
  readonly bound: Bound;
  readonly date: TradeDate;
  /** Negative for contracts that expire before their month (CL, NG). */
  readonly offsetDays: number;
}

export type Expiry = ExactExpiry | ApproximateExpiry;

/** Trade dates on which a roll may be decided. */
export interface RollWindow {
  /** The desired roll date, inclusive. */
  readonly opens: TradeDate;
  /** Exclusive. */
  readonly ends: TradeDate;
}

/**
 * The exact expiry of a contract, for code that must not take an approximate one: live deadlines. A backtest does not ask.
 * Errors: E_EXPIRY_APPROXIMATE when the dates are approximate.
 */
export function exactExpiryOf(contract: Pick<ContractSpec, 'id' | 'dates'>): ExactExpiry {
  const { dates } = contract;
  if (dates.kind !== 'exact') {
    throw new TradingError(
      'E_EXPIRY_APPROXIMATE',
      `the expiry of ${contract.id} is approximate: ${dates.why ?? 'its source is not exact'}`,
      {
        details: { contract: contract.id, date: dates.lastTradeDate },
        rule: 'an exact expiry is asked for',
        fix: 'take the date from the broker or the exchange notice',
      },
    );
  }
  return exactExpiry(dates);
}

function exactExpiry(dates: ContractDates): ExactExpiry {
  return { kind: 'exact', bound: 'lastDay', date: dates.lastTradeDate, endUs: dates.lastTradeUs };
}

/**
 * The approximate expiry of a contract month. Give the convention of the source of `offsetDays`: pysystemtrade's
 * ExpiryOffset names the last day (SP500: 14), pyfutures' expiry_offset the first day after it (MES: 15).
 *
 * @example
 * approximateExpiry({ year: 2023, month: 12 }, 19, 'lastDay').date // 2023-12-20
 */
export function approximateExpiry<Bound extends ExpiryBound>(
  month: ContractMonth,
  offsetDays: number,
  bound: Bound,
): ApproximateExpiry<Bound> {
  if (!Number.isInteger(offsetDays)) {
    throw new TradingError('E_EXPIRY_OFFSET', `an expiry offset is ${offsetDays}`, {
      details: { offsetDays },
      rule: 'an expiry offset is a whole number of calendar days',
      fix: 'give a whole number, negative when the contract expires before its month',
    });
  }
  const date = addDays(toTradeDate(month.year, month.month, 1), offsetDays);
  return { kind: 'approximate', bound, date, offsetDays };
}

/** The last day on which the contract trades. */
export function lastDayOf(expiry: Expiry): TradeDate {
  return expiry.bound === 'lastDay' ? expiry.date : addDays(expiry.date, -1);
}

/** The first day on which the contract no longer trades. */
export function endOf(expiry: Expiry): TradeDate {
  return expiry.bound === 'endExclusive' ? expiry.date : addDays(expiry.date, 1);
}

/** The same approximate expiry as its last day. */
export function asLastDay(expiry: ApproximateExpiry): ApproximateExpiry<'lastDay'> {
  return expiry.bound === 'lastDay'
    ? (expiry as ApproximateExpiry<'lastDay'>)
    : {
        kind: 'approximate',
        bound: 'lastDay',
        date: addDays(expiry.date, -1),
        offsetDays: expiry.offsetDays - 1,
      };
}

/** The same approximate expiry as the first day after it. */
export function asEndExclusive(expiry: ApproximateExpiry): ApproximateExpiry<'endExclusive'> {
  return expiry.bound === 'endExclusive'
    ? (expiry as ApproximateExpiry<'endExclusive'>)
    : {
        kind: 'approximate',
        bound: 'endExclusive',
        date: addDays(expiry.date, 1),
        offsetDays: expiry.offsetDays + 1,
      };
}

/** The end of a window, exclusive: the earlier where an exact and an approximate expiry are known. */
export function windowEnd(...expiries: readonly [Expiry, ...Expiry[]]): TradeDate {
  return Math.min(...expiries.map(endOf)) as TradeDate;
}

/**
 * The roll window of an approximate expiry: `rollOffsetDays` (zero or negative calendar days) before the date as its
 * source writes it, up to the end; the end is the exact one where that is earlier.
 *
 * The opening is counted from the named date in either convention, so a source that names the first day after the last
 * opens its windows a day later with the same roll offset: SP500 2021H with 14 (`lastDay`) and -5 opens on 2021-03-10, MES
 * 2021H with 15 (`endExclusive`) and -5 on 2021-03-11; both end before 2021-03-16. A window never opens after its last day.
 */
export function rollWindowOf(
  expiry: ApproximateExpiry,
  rollOffsetDays: number,
  exact?: ExactExpiry,
): RollWindow {
  if (!(Number.isInteger(rollOffsetDays) && rollOffsetDays <= 0)) {
    throw new TradingError('E_EXPIRY_OFFSET', `a roll offset is ${rollOffsetDays}`, {
      details: { rollOffsetDays },
      rule: 'a roll offset is a whole number of calendar days, zero or negative',
      fix: 'give a number such as -5',
    });
  }
  const opens = addDays(expiry.date, rollOffsetDays);
  const ends = exact === undefined ? endOf(expiry) : windowEnd(expiry, exact);
  return { opens: Math.min(opens, addDays(ends, -1)) as TradeDate, ends };
}
