/** Stationary bootstrap of trade dates: how far a ratio could be from its value by the luck of the sample alone. */
import type { RandomSource } from '../core/ports.ts';
import { DATES_PER_YEAR } from './metrics.ts';
import { quantileSorted } from './stats.ts';

export interface BootstrapInput {
  /** Daily returns; NaN makes every interval null. */
  readonly returns: ArrayLike<number>;
  /** Daily profit in whole units, for the drawdown in money. */
  readonly pnl: ArrayLike<number>;
  /** Starting capital, whole units. */
  readonly capital: number;
  readonly returnBase: 'equity' | 'fixed';
  /** Calendar years of the span. */
  readonly years: number;
  readonly random: RandomSource;
  /** Mean block, trade dates. Default 20. */
  readonly meanBlock?: number;
  /** Default 2000. */
  readonly draws?: number;
}

export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}
export interface BootstrapIntervals {
  readonly sharpe: Interval;
  readonly cagr: Interval;
  readonly maxDrawdown: Interval;
  readonly maxDrawdownShare: Interval;
}

/** Stream of the random source that belongs to the bootstrap. */
export const BOOTSTRAP_STREAM = 7_301;
const NONE: Interval = { low: null, high: null };

/**
 * 90 % intervals (5 % and 95 % quantiles) by Politis and Romano's stationary bootstrap: blocks of geometric length that
 * start anywhere and wrap around. A draw depends on its own number only, so 2000 draws begin with the same 1000.
 */
export function bootstrapIntervals(input: BootstrapInput): BootstrapIntervals {
  const draws = input.draws ?? 2000;
  const T = input.returns.length;
  const returns = Float64Array.from(input.returns);
  if (T < 2 || returns.some((value) => !Number.isFinite(value)))
    return { sharpe: NONE, cagr: NONE, maxDrawdown: NONE, maxDrawdownShare: NONE };
  const out = {
    sharpe: new Float64Array(draws),
    cagr: new Float64Array(draws),
    maxDrawdown: new Float64Array(draws),
    maxDrawdownShare: new Float64Array(draws),
  };
  const rows = new Int32Array(T);
  const pnl = Float64Array.from(input.pnl);
  for (let draw = 0; draw < draws; draw += 1) {
    drawRows(rows, draw, input.random, input.meanBlock ?? 20);
    const sample = measure(rows, returns, pnl, input);
    out.sharpe[draw] = sample.sharpe;
    out.cagr[draw] = sample.cagr;
    out.maxDrawdown[draw] = sample.maxDrawdown;
    out.maxDrawdownShare[draw] = sample.maxDrawdownShare;
  }
  const isLongEnough = input.years >= 1 && input.returnBase === 'equity';
  return {
    sharpe: intervalOf(out.sharpe),
    cagr: isLongEnough ? intervalOf(out.cagr) : NONE,
    maxDrawdown: intervalOf(out.maxDrawdown),
    maxDrawdownShare: intervalOf(out.maxDrawdownShare),
  };
}

/** Fills `rows` with the dates of one draw. */
export function drawRows(
  rows: Int32Array,
  draw: number,
  random: RandomSource,
  meanBlock: number,
): void {
  const T = rows.length;
  const logStay = Math.log(1 - 1 / meanBlock);
  let at = 0;
  for (let block = 0; at < T; block += 1) {
    let row = Math.floor(random.uniform(BOOTSTRAP_STREAM, draw, block, 0) * T);
    const u = 1 - random.uniform(BOOTSTRAP_STREAM, draw, block, 1);
    const length = meanBlock <= 1 ? 1 : 1 + Math.floor(Math.log(u) / logStay);
    const end = Math.min(T, at + length);
    for (; at < end; at += 1) {
      rows[at] = row;
      row = row + 1 === T ? 0 : row + 1;
    }
  }
}

function measure(
  rows: Int32Array,
  returns: Float64Array,
  pnl: Float64Array,
  input: BootstrapInput,
): { sharpe: number; cagr: number; maxDrawdown: number; maxDrawdownShare: number } {
  const T = rows.length;
  const isFixed = input.returnBase === 'fixed';
  let [total, squares, index, peak, share] = [0, 0, 1, 1, 0];
  let [money, moneyPeak, fall] = [input.capital, input.capital, 0];
  for (let i = 0; i < T; i += 1) {
    const r = returns[rows[i]!]!;
    total += r;
    squares += r * r;
    index = isFixed ? index + r : index * (1 + r);
    if (index > peak) peak = index;
    const under = isFixed ? peak - index : (peak - index) / peak;
    if (under > share) share = under;
    money += pnl[rows[i]!]!;
    if (money > moneyPeak) moneyPeak = money;
    if (moneyPeak - money > fall) fall = moneyPeak - money;
  }
  const variance = (squares - (total * total) / T) / (T - 1);
  // Below this the sums have cancelled: the sample does not vary.
  const isConstant = variance <= 1e-18 * (squares / T);
  return {
    sharpe: isConstant ? NaN : (Math.sqrt(DATES_PER_YEAR) * (total / T)) / Math.sqrt(variance),
    cagr: index <= 0 ? -1 : index ** (1 / input.years) - 1,
    maxDrawdown: fall,
    maxDrawdownShare: share,
  };
}

function intervalOf(values: Float64Array): Interval {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  // Draws without variation have no ratio; an interval over the rest would leave them out in silence.
  if (known.length < values.length * 0.99) return NONE;
  return { low: quantileSorted(known, 0.05), high: quantileSorted(known, 0.95) };
}
