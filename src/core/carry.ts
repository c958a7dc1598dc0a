/** Annualised carry: what a held contract earns by coming nearer to its neighbour on the curve. Pure arithmetic. */

import type { ContractMonth } from './cycle.ts';

/** One day: the smallest distance that carry is divided by. */
export const CARRY_FLOOR_YEARS: number = 1 / 365.25;

/** Signed distance from `current` to `carry` in years, by contract months; never nearer to zero than one day. */
export function carryYears(current: ContractMonth, carry: ContractMonth): number {
  const years = carry.year - current.year + (carry.month - current.month) / 12;
  if (Math.abs(years) >= CARRY_FLOOR_YEARS) return years;
  return years < 0 ? -CARRY_FLOOR_YEARS : CARRY_FLOOR_YEARS;
}

/**
 * (price of current − price of carry) ÷ (year fraction of carry − year fraction of current), in price units a year.
 * Positive: holding the current contract pays, the curve staying as it is (a nearer contract that is dearer, or a farther
 * one that is cheaper). Units: raw prices of one instant, both decimal or both counts.
 * NaN where a price is missing, and where both are equal: that is a stale or copied price far more often than a flat curve.
 *
 * @example
 * annualisedCarry(80, { year: 2023, month: 12 }, 80.4, { year: 2023, month: 11 }) // 4.8
 */
export function annualisedCarry(
  currentPrice: number,
  current: ContractMonth,
  carryPrice: number,
  carry: ContractMonth,
): number {
  const difference = currentPrice - carryPrice;
  if (difference === 0) return NaN;
  return difference / carryYears(current, carry);
}
