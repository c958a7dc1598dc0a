/** Small statistics as pure functions over columns of numbers. Empty or too short input gives NaN; callers say why. */

export type NumberColumn = ArrayLike<number>;

export function sum(values: NumberColumn): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i]!;
  return total;
}

export function mean(values: NumberColumn): number {
  return sum(values) / values.length;
}

/** Sample deviation, divisor n - 1. Values that are all equal give exactly 0. */
export function sampleDeviation(values: NumberColumn): number {
  const m = mean(values);
  let squares = 0;
  let isConstant = true;
  for (let i = 0; i < values.length; i += 1) {
    squares += (values[i]! - m) ** 2;
    if (values[i] !== values[0]) isConstant = false;
  }
  if (values.length < 2) return NaN;
  return isConstant ? 0 : Math.sqrt(squares / (values.length - 1));
}

/** Population central moment of order k. */
export function centralMoment(values: NumberColumn, k: number): number {
  const m = mean(values);
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += (values[i]! - m) ** k;
  return total / values.length;
}

/** Population skew g3 and plain kurtosis g4 (normal: 3). */
export function shapeOf(values: NumberColumn): { skew: number; kurtosis: number } {
  const variance = centralMoment(values, 2);
  return {
    skew: centralMoment(values, 3) / variance ** 1.5,
    kurtosis: centralMoment(values, 4) / variance ** 2,
  };
}

/** Quantile by linear interpolation between order statistics; `sorted` ascending. */
export function quantileSorted(sorted: NumberColumn, q: number): number {
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

export function sorted(values: NumberColumn): Float64Array {
  return Float64Array.from(values).sort();
}

/** Lag-1 autocorrelation with the population variance below. */
export function autocorrelation(values: NumberColumn): number {
  const m = mean(values);
  let above = 0;
  let below = 0;
  for (let i = 0; i < values.length; i += 1) {
    below += (values[i]! - m) ** 2;
    if (i > 0) above += (values[i]! - m) * (values[i - 1]! - m);
  }
  return above / below;
}

export function covariance(a: NumberColumn, b: NumberColumn): number {
  const [ma, mb] = [mean(a), mean(b)];
  let total = 0;
  for (let i = 0; i < a.length; i += 1) total += (a[i]! - ma) * (b[i]! - mb);
  return total / (a.length - 1);
}

/** Φ(x) of the standard normal, by the series near 0 and the continued fraction of the tail (error below 1e-14). */
export function normalCdf(x: number): number {
  const size = Math.abs(x);
  if (size > 38) return x > 0 ? 1 : 0;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (size < 3) {
    let term = x;
    let total = x;
    for (let k = 1; k < 80; k += 1) {
      term *= (x * x) / (2 * k + 1);
      total += term;
    }
    return 0.5 + density * total;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k -= 1) fraction = k / (size + fraction);
  const tail = density / (size + fraction);
  return x > 0 ? 1 - tail : tail;
}

/** Φ⁻¹ by bisection on Φ: slow, exact enough, and called a few times a run. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return NaN;
  let [low, high] = [-39, 39];
  for (let i = 0; i < 100; i += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
