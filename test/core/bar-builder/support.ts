/** Trades at random over plain sessions, and builders so plain that they can be read at a glance. */
import fc from 'fast-check';
import type { BarColumns, TradeColumns } from '../../../src/core/bars.ts';
import { intervalUs } from '../../../src/core/bars.ts';
import type { BuiltBars } from '../../../src/core/bar-builder/buffer.ts';
import type { BarBuilder } from '../../../src/core/bar-builder/types.ts';
import type { TradingCalendar } from '../../../src/core/ports.ts';
import { addDays, toTradeDate } from '../../../src/core/trade-date.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from '../../../src/core/units.ts';
import { PlainCalendar } from '../../support/plain-calendar.ts';

/** A Tuesday. */
export const DAY = toTradeDate(2024, 7, 2);
export const MIDNIGHT = DAY * US_PER_DAY;

/** Sessions from 23:00 to 22:00 UTC with a break from 12:00 to 12:45; the Wednesday's closes at 18:00 and belongs to Thursday. */
export function testCalendar(): PlainCalendar {
  return new PlainCalendar({ pause: [12, 12.75], mergedHolidays: [addDays(DAY, 1)] });
}

export interface Trade {
  readonly tsUs: number;
  readonly price: number;
  readonly qty: number;
}

export interface Bar {
  readonly openUs: number;
  readonly closeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Trades of four days, some of them outside every session, in order of time. */
export const tradesArbitrary: fc.Arbitrary<Trade[]> = fc
  .record({
    start: fc.integer({ min: 0, max: 30 * 60 }),
    steps: fc.array(
      fc.record({
        gap: fc.oneof(
          { weight: 5, arbitrary: fc.integer({ min: 0, max: 90 * US_PER_SECOND }) },
          { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }).map((m) => m * US_PER_MINUTE) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }).map((h) => h * US_PER_HOUR) },
        ),
        move: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: -3, max: 3 }) },
          { weight: 1, arbitrary: fc.integer({ min: -40, max: 40 }) },
        ),
        qty: fc.oneof(
          { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
        ),
      }),
      { maxLength: 120 },
    ),
  })
  .map(({ start, steps }) => {
    let tsUs = MIDNIGHT - 2 * US_PER_HOUR + start * US_PER_MINUTE;
    let price = 20;
    return steps.map(({ gap, move, qty }) => {
      tsUs += gap;
      price += move;
      return { tsUs, price, qty };
    });
  });

export function tradeColumns(trades: readonly Trade[]): TradeColumns {
  return {
    length: trades.length,
    tsUs: Float64Array.from(trades, (trade) => trade.tsUs),
    seq: Float64Array.from(trades, (_, row) => row),
    price: Int32Array.from(trades, (trade) => trade.price),
    qty: Float64Array.from(trades, (trade) => trade.qty),
    aggressor: new Int8Array(trades.length),
  };
}

export function barColumns(bars: readonly Bar[]): BarColumns {
  return {
    length: bars.length,
    openUs: Float64Array.from(bars, (bar) => bar.openUs),
    closeUs: Float64Array.from(bars, (bar) => bar.closeUs),
    open: Int32Array.from(bars, (bar) => bar.open),
    high: Int32Array.from(bars, (bar) => bar.high),
    low: Int32Array.from(bars, (bar) => bar.low),
    close: Int32Array.from(bars, (bar) => bar.close),
    volume: Float64Array.from(bars, (bar) => bar.volume),
  };
}

export function barsOf(columns: BarColumns): Bar[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    openUs: columns.openUs[row]!,
    closeUs: columns.closeUs[row]!,
    open: columns.open[row]!,
    high: columns.high[row]!,
    low: columns.low[row]!,
    close: columns.close[row]!,
    volume: columns.volume[row]!,
  }));
}

/** All columns of built bars, for comparisons of builders. */
export function rowsOf(
  columns: BuiltBars,
): (Bar & { date: number; inputs: number; cut: number })[] {
  return barsOf(columns).map((bar, row) => ({
    ...bar,
    date: columns.tradeDate[row]!,
    inputs: columns.inputs[row]!,
    cut: columns.isCut[row]!,
  }));
}

/** Feeds trades in pieces of these lengths, over and over. */
export function feedInPieces(
  builder: BarBuilder,
  trades: readonly Trade[],
  pieces: readonly number[],
): ReturnType<typeof rowsOf> {
  const columns = tradeColumns(trades);
  const out: ReturnType<typeof rowsOf> = [];
  for (let from = 0, k = 0; from < trades.length; k += 1) {
    const to = Math.min(trades.length, from + Math.max(1, pieces[k % pieces.length] ?? 1));
    builder.onTrades(columns, from, to);
    if (k % 2 === 0) out.push(...rowsOf(builder.take()));
    from = to;
  }
  return [...out, ...rowsOf(builder.take())];
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly date: number;
}

/** What no bar reaches over, as a list. */
export function spansOf(
  calendar: TradingCalendar,
  boundary: 'break' | 'session' | 'trade-date',
): Span[] {
  const all = calendar.sessions(addDays(DAY, -7), addDays(DAY, 9));
  const spans: Span[] = [];
  for (let row = 0; row < all.length; row += 1) {
    const date = all.tradeDate[row]!;
    let from = all.openUs[row]!;
    const to = all.closeUs[row]!;
    if (boundary === 'trade-date' && spans.at(-1)?.date === date) {
      from = spans.pop()!.from;
    }
    if (boundary === 'break') {
      for (let b = 0; b < all.breakRow.length; b += 1) {
        if (all.breakRow[b] !== row) continue;
        spans.push({ from, to: all.breakStartUs[b]!, date });
        from = all.breakEndUs[b]!;
      }
    }
    spans.push({ from, to, date });
  }
  return spans;
}

export function isTrading(calendar: TradingCalendar, tsUs: number): boolean {
  return spansOf(calendar, 'break').some(({ from, to }) => from <= tsUs && tsUs < to);
}

/** Time bars by grouping: every trade finds its window by itself; the last window is kept too. */
export function plainTimeBars(
  trades: readonly Trade[],
  calendar: TradingCalendar,
  interval: string,
  align: 'session' | 'clock',
): Bar[] {
  const isDay = interval === '1d';
  const step = isDay ? Infinity : intervalUs(interval);
  const spans = spansOf(calendar, isDay ? 'trade-date' : 'break');
  const groups = new Map<number, { closeUs: number; trades: Trade[] }>();
  for (const trade of trades) {
    const span = spans.find(({ from, to }) => from <= trade.tsUs && trade.tsUs < to);
    if (span === undefined || !isTrading(calendar, trade.tsUs)) continue;
    const base =
      align === 'clock' && !isDay
        ? span.from - calendar.localMinutes(span.from as TsUs) * US_PER_MINUTE
        : span.from;
    let openUs = span.from;
    let closeUs = span.to;
    if (!isDay) {
      const count = Math.floor((trade.tsUs - base) / step);
      openUs = Math.max(span.from, base + count * step);
      closeUs = Math.min(span.to, base + (count + 1) * step);
    }
    const group = groups.get(openUs) ?? { closeUs, trades: [] };
    group.trades.push(trade);
    groups.set(openUs, group);
  }
  return [...groups].map(([openUs, group]) => barOf(openUs, group.closeUs, group.trades));
}

export function barOf(openUs: number, closeUs: number, trades: readonly Trade[]): Bar {
  const prices = trades.map((trade) => trade.price);
  return {
    openUs,
    closeUs,
    open: prices[0]!,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1)!,
    volume: trades.reduce((sum, trade) => sum + trade.qty, 0),
  };
}
