/** Prices of Treasury futures as the floor wrote them: 110'16.5 is 110 and 16.5 thirty-seconds. For the eye only. */

/** Digits after the point of the thirty-seconds; null where a tick is not 1/32 or a half, quarter or eighth of it. */
export function fractionDigits(tickSize: number): 0 | 1 | 2 | 3 | null {
  const parts = 1 / (32 * tickSize);
  // The parts are powers of two, exact in a double: 1/2, 1/4 and 1/8 have one, two and three digits.
  return parts === 1 ? 0 : parts === 2 ? 1 : parts === 4 ? 2 : parts === 8 ? 3 : null;
}

/**
 * `110'16.5`; null where the product is not quoted in thirty-seconds, or the price, such as an average of fills, lies
 * between its ticks.
 */
export function toFractionText(price: number, tickSize: number): string | null {
  const digits = fractionDigits(tickSize);
  if (digits === null || !Number.isFinite(price)) return null;
  const ticks = Math.abs(price) / tickSize;
  if (Math.abs(ticks - Math.round(ticks)) > 1e-6) return null;
  const units = Math.round(ticks) * tickSize * 32;
  const whole = Math.floor(units / 32);
  const rest = (units - whole * 32).toFixed(digits).padStart(digits === 0 ? 2 : 3 + digits, '0');
  return `${price < 0 ? '-' : ''}${whole}'${rest}`;
}
