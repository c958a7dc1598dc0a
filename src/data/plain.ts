/** Counts to plain prices, for people and other programs. On disk: price = count * increment (schema metadata `increment`). */
import type { PriceColumn } from '../core/bars.ts';
import { decimalsOf } from '../core/price-grid.ts';
import type { GridStatement } from './manifest.ts';

/** Prices of the first `length` counts; whole counts come out correctly rounded to the decimals of the increment. */
export function plainPrices(
  counts: PriceColumn,
  length: number,
  grid: GridStatement,
): Float64Array {
  const decimals = decimalsOf(grid.increment);
  return Float64Array.from({ length }, (_, i) => {
    const price = counts[i]! * grid.increment;
    return Number.isInteger(counts[i]) ? Number(price.toFixed(decimals)) : price;
  });
}
