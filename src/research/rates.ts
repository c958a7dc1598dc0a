/** Currency rates from a user's file. A missing rate is an error, never 1. */
import { TradingError } from '../core/errors.ts';
import type { CurrencyRates } from '../core/ports.ts';
import { parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';

/** Only the base currency converts. */
export function baseOnly(base: string): CurrencyRates {
  return {
    base,
    rate: (currency, date) => (currency === base ? 1 : missing(base, currency, date)),
  };
}

function missing(base: string, currency: string, date: TradeDate): never {
  throw new TradingError(
    'E_CURRENCY_RATE',
    `no rate from ${currency} to ${base} on ${toIsoDate(date)}`,
    {
      details: { base, currency, date: toIsoDate(date) },
      rule: 'a currency without a rate is an error, never 1.0',
      fix: `give a file with --rates (columns date,currency,rate), keep the account in ${currency} (FRONTMONTH_CURRENCY=${currency}, or currency in frontmonth.config.ts), or give each currency an account of its own with --per-currency ${base}=…,${currency}=…`,
    },
  );
}

/**
 * Parses `date,currency,rate` lines (header required): units of base for one unit of currency, known at the end of that
 * date and used from the next one on. Errors: E_RATES_FILE with the line.
 */
export function parseRates(text: string, base: string, file: string): CurrencyRates {
  const series = new Map<string, { dates: number[]; rates: number[] }>();
  const lines = text.split(/\r?\n/);
  if (lines[0]?.trim() !== 'date,currency,rate') {
    throw new TradingError(
      'E_RATES_FILE',
      `${file} line 1: the header must be "date,currency,rate"`,
      { where: file },
    );
  }
  for (let i = 1; i < lines.length; i += 1) {
    const line = lines[i]!.trim();
    if (line === '') continue;
    const [date, currency, rateText, extra] = line.split(',');
    const rate = Number(rateText);
    if (extra !== undefined || currency === undefined || !(Number.isFinite(rate) && rate > 0)) {
      throw new TradingError(
        'E_RATES_FILE',
        `${file} line ${i + 1}: "${line}" is not date,currency,rate with a rate above 0`,
        {
          where: `${file}:${i + 1}`,
        },
      );
    }
    const day = parseTradeDate(date!);
    const column = series.get(currency) ?? { dates: [], rates: [] };
    if (column.dates.length > 0 && column.dates.at(-1)! >= day) {
      throw new TradingError(
        'E_RATES_FILE',
        `${file} line ${i + 1}: dates of ${currency} are not increasing`,
        {
          where: `${file}:${i + 1}`,
        },
      );
    }
    column.dates.push(day);
    column.rates.push(rate);
    series.set(currency, column);
  }
  return {
    base,
    rate(currency, date) {
      if (currency === base) return 1;
      const column = series.get(currency);
      if (column === undefined) return missing(base, currency, date);
      const row = lastBefore(column.dates, date);
      return row < 0 ? missing(base, currency, date) : column.rates[row]!;
    },
  };
}

/** Index of the last date before `date`; a rate of a date is known only after it. -1 when there is none. */
function lastBefore(dates: readonly number[], date: number): number {
  let low = 0;
  let high = dates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (dates[middle]! < date) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
