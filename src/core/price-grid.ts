/**
 * Price grids. A price in memory is an integer count of the grid's increment; which counts an order may use can vary by
 * price and by date. No arithmetic assumes one tick for ever: ask the grid.
 */
import { TradingError } from './errors.ts';
import type { PriceTicks, TradeDate } from './units.ts';

/** A decimal is accepted as a count when it is this near to one, in increments. */
export const GRID_TOLERANCE = 1e-6;

export type RoundMode = 'down' | 'up' | 'nearest';

export interface PriceGrid {
  readonly kind: string;
  /** Price of one count. */
  readonly increment: number;
  /** Decimals that show every count exactly. */
  readonly decimals: number;
  /** Counts between legal order prices at this price and date; 1 on a plain tick. */
  minMove(price: PriceTicks, tradeDate: TradeDate): number;
}

/** The same tick at every price and date. */
export class UniformGrid implements PriceGrid {
  readonly kind: string = 'uniform';
  readonly increment: number;
  readonly decimals: number;

  constructor(increment: number) {
    if (!(Number.isFinite(increment) && increment > 0)) {
      throw new TradingError('E_INSTRUMENT', `tick size ${increment} is not a positive number`, {
        details: { increment },
      });
    }
    this.increment = increment;
    this.decimals = decimalsOf(increment);
  }

  minMove(): number {
    return 1;
  }
}

export interface TickBand {
  /** Effective from this trade date, inclusive. */
  readonly fromDate: TradeDate;
  /** Legal move in counts for prices whose absolute count is at least `fromCounts`. */
  readonly fromCounts: number;
  readonly move: number;
}

/** A grid whose legal move depends on price and date. Bands are sorted by date, then by price. */
export class BandedGrid implements PriceGrid {
  readonly kind: string = 'banded';
  readonly increment: number;
  readonly decimals: number;
  readonly bands: readonly TickBand[];

  constructor(increment: number, bands: readonly TickBand[]) {
    const base = new UniformGrid(increment);
    this.increment = base.increment;
    this.decimals = base.decimals;
    if (bands.length === 0)
      throw new TradingError('E_INSTRUMENT', 'a banded grid needs at least one band');
    for (let i = 1; i < bands.length; i += 1) {
      const [a, b] = [bands[i - 1]!, bands[i]!];
      if (b.fromDate < a.fromDate || (b.fromDate === a.fromDate && b.fromCounts <= a.fromCounts)) {
        throw new TradingError(
          'E_INSTRUMENT',
          'the bands of a price grid are not sorted by date, then by price',
          {
            details: { band: i },
          },
        );
      }
    }
    this.bands = bands;
  }

  minMove(price: PriceTicks, tradeDate: TradeDate): number {
    let date = -Infinity;
    for (const band of this.bands) if (band.fromDate <= tradeDate) date = band.fromDate;
    let move = this.bands[0]!.move;
    for (const band of this.bands) {
      if (band.fromDate === date && Math.abs(price) >= band.fromCounts) move = band.move;
    }
    return move;
  }
}

/** The number of decimals that write a step exactly (0.015625 has 6). */
export function decimalsOf(step: number): number {
  for (let decimals = 0; decimals <= 12; decimals += 1) {
    if (Math.abs(Number(step.toFixed(decimals)) - step) <= step * 1e-9) return decimals;
  }
  throw new TradingError('E_INSTRUMENT', `tick size ${step} has more than 12 decimals`, {
    details: { step },
  });
}

/**
 * Decimal price to counts; off the grid is an error, never a rounding.
 * Errors: E_PRICE_GRID, also for NaN.
 */
export function toPriceTicks(price: number, grid: PriceGrid): PriceTicks {
  const exact = price / grid.increment;
  const counts = Math.round(exact);
  // Stated positively, so that NaN also fails the test.
  if (!(Math.abs(exact - counts) <= GRID_TOLERANCE)) {
    throw new TradingError(
      'E_PRICE_GRID',
      `price ${price} is not a multiple of ${grid.increment}`,
      {
        details: { price, increment: grid.increment },
        rule: `prices of this instrument are multiples of ${grid.increment}`,
        fix: "instrument.roundToTick(price, 'down') or 'up'",
      },
    );
  }
  return (counts + 0) as PriceTicks;
}

/** Counts to a decimal price, correctly rounded to the grid's decimals. */
export function toPrice(ticks: number, grid: PriceGrid): number {
  const price = ticks * grid.increment;
  if (!Number.isInteger(ticks)) return price;
  // Both sides of one division are whole, so it is correctly rounded: what a reading of the decimals would give.
  const scale = POWERS_OF_TEN[grid.decimals];
  if (scale !== undefined) {
    const counts = Math.round(price * scale);
    if (Math.abs(counts) < EXACT_BELOW && Math.abs(price * scale - counts) < 1e-4)
      return counts / scale + 0;
  }
  return Number(price.toFixed(grid.decimals));
}

/** Powers of ten that a double holds exactly, as far as grids have decimals. */
const POWERS_OF_TEN: readonly number[] = Array.from(
  { length: 13 },
  (_, decimals) => 10 ** decimals,
);
/** Counts up to here are far enough below 2^53 for their nearest whole number to be beyond doubt. */
const EXACT_BELOW = 2 ** 40;

/** Rounds a decimal price onto the grid in the named direction. Errors: E_PRICE_GRID for NaN and infinities. */
export function roundToTicks(price: number, grid: PriceGrid, mode: RoundMode): PriceTicks {
  const exact = price / grid.increment;
  if (!Number.isFinite(exact)) {
    throw new TradingError('E_PRICE_GRID', `price ${price} is not a number`, {
      details: { price },
    });
  }
  return roundCounts(exact, mode);
}

/** Rounds fractional counts to whole ones; a value within the tolerance of a count is that count in every mode. */
export function roundCounts(exact: number, mode: RoundMode): PriceTicks {
  const nearest = Math.round(exact);
  const onGrid = Math.abs(exact - nearest) <= GRID_TOLERANCE;
  const counts =
    onGrid || mode === 'nearest' ? nearest : mode === 'down' ? Math.floor(exact) : Math.ceil(exact);
  return (counts + 0) as PriceTicks;
}

/** Whether an order may carry this price on this date. */
export function isLegalOrderPrice(
  ticks: PriceTicks,
  grid: PriceGrid,
  tradeDate: TradeDate,
): boolean {
  return Number.isSafeInteger(ticks) && ticks % grid.minMove(ticks, tradeDate) === 0;
}
