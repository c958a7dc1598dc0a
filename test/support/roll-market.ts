/** Session closes and bars of invented contracts, for roll and continuous tests. */
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractSpec } from '../../src/core/instrument.ts';
import type { BarSource } from '../../src/core/ports.ts';
import { addDays } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';
import type { SessionCloses } from '../../src/data/roll.ts';
import type { PlainCalendar } from './plain-calendar.ts';

export type DayBars = BarColumns & SessionCloses;

/** Bars from rows of [openUs, closeUs, price, volume], open = high = low = close. */
export function barsOf(rows: readonly (readonly [number, number, number, number])[]): DayBars {
  const price = Float64Array.from(rows, (row) => row[2]);
  return {
    length: rows.length,
    openUs: Float64Array.from(rows, (row) => row[0]),
    closeUs: Float64Array.from(rows, (row) => row[1]),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: Float64Array.from(rows, (row) => row[3]),
  };
}

/** Close of a plain session. */
export function sessionCloseUs(date: TradeDate): number {
  return date * US_PER_DAY + 22 * US_PER_HOUR;
}

/** Daily bars of a contract from `from` to its last trade, priced and traded as asked; NaN or null leaves a day out. */
export function dailyBars(
  calendar: PlainCalendar,
  contract: ContractSpec,
  span: { readonly from: TradeDate; readonly to: TradeDate },
  priceOf: (date: TradeDate) => number,
  volumeOf: (date: TradeDate) => number = () => 100,
): DayBars {
  const rows: [number, number, number, number][] = [];
  const end = Math.min(span.to, contract.dates.lastTradeDate);
  for (let date = calendar.addBusinessDays(addDays(span.from, -1), 1); date <= end;) {
    const closeUs = sessionCloseUs(date);
    const price = priceOf(date);
    if (!Number.isNaN(price))
      rows.push([closeUs - 23 * US_PER_HOUR, closeUs, price, volumeOf(date)]);
    date = calendar.addBusinessDays(date, 1);
  }
  return barsOf(rows);
}

/** A source that gives bars in batches of `batchRows`. */
export function sourceOf(bars: BarColumns, batchRows: number = Infinity): BarSource {
  let at = 0;
  return {
    next(): BarColumns | null {
      if (at >= bars.length) return null;
      const [start, end] = [at, Math.min(bars.length, at + batchRows)];
      at = end;
      return {
        length: end - start,
        openUs: bars.openUs.subarray(start, end),
        closeUs: bars.closeUs.subarray(start, end),
        open: bars.open.subarray(start, end),
        high: bars.high.subarray(start, end),
        low: bars.low.subarray(start, end),
        close: bars.close.subarray(start, end),
        volume: bars.volume.subarray(start, end),
      };
    },
    close(): void {},
  };
}

/** Everything that closes by the end of a trade date. */
export function cutAt(bars: DayBars, date: TradeDate): DayBars {
  const length = bars.closeUs.findLastIndex((us) => us <= sessionCloseUs(date)) + 1;
  return { ...bars, length };
}
