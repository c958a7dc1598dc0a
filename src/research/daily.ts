/** Daily series: equity, profit and returns by trade date, and the drawdowns on them. Everything annual starts here. */
import type { EquityRow } from './tables.ts';

export type ReturnBase = 'equity' | 'fixed';

/**
 * One row per trade date. Money in whole base units.
 * `returns` is NaN from the first date on whose equity before it is zero or less (base `equity`).
 */
export interface DailySeries {
  readonly length: number;
  readonly tradeDate: Int32Array;
  readonly equity: Float64Array;
  readonly lowEquity: Float64Array;
  /** Profit of the date in whole units and, exactly, in millionths. */
  readonly pnl: Float64Array;
  readonly pnlMicros: Float64Array;
  readonly returns: Float64Array;
  /** Equity at the start of the date, deposits in. */
  readonly base: Float64Array;
  readonly capital: number;
  readonly returnBase: ReturnBase;
  /** The first trade date whose equity is zero or less; null when there is none. */
  readonly ruinedOn: number | null;
}

type DailyInput = Pick<EquityRow, 'tradeDate' | 'equityMicros' | 'lowEquityMicros'>;

export interface DailyOptions {
  readonly capitalMicros: number;
  readonly returnBase: ReturnBase;
  /** Deposits by trade date, millionths, booked at the start of the date; negative for withdrawals. */
  readonly depositsMicros?: ReadonlyMap<number, number>;
}

/** `P_d = E_d − E_{d−1} − F_d`; `r_d = P_d / (E_{d−1} + F_d)` (equity) or `P_d / C` (fixed). */
export function toDailySeries(points: readonly DailyInput[], options: DailyOptions): DailySeries {
  const { length } = points;
  const out = {
    tradeDate: new Int32Array(length),
    equity: new Float64Array(length),
    lowEquity: new Float64Array(length),
    pnl: new Float64Array(length),
    pnlMicros: new Float64Array(length),
    returns: new Float64Array(length),
    base: new Float64Array(length),
  };
  let before = options.capitalMicros;
  let ruinedOn: number | null = null;
  points.forEach((point, d) => {
    const deposit = options.depositsMicros?.get(point.tradeDate) ?? 0;
    const base = before + deposit;
    const pnlMicros = point.equityMicros - base;
    out.tradeDate[d] = point.tradeDate;
    out.equity[d] = point.equityMicros / 1e6;
    out.lowEquity[d] = Math.min(point.lowEquityMicros, point.equityMicros) / 1e6;
    out.base[d] = base / 1e6;
    out.pnlMicros[d] = pnlMicros;
    out.pnl[d] = pnlMicros / 1e6;
    out.returns[d] = returnOf(pnlMicros, base, options, ruinedOn !== null);
    if (ruinedOn === null && point.equityMicros <= 0) ruinedOn = point.tradeDate;
    before = point.equityMicros;
  });
  const { capitalMicros, returnBase } = options;
  return { length, ...out, capital: capitalMicros / 1e6, returnBase, ruinedOn };
}

function returnOf(pnl: number, base: number, options: DailyOptions, isRuined: boolean): number {
  if (options.returnBase === 'fixed') return pnl / options.capitalMicros;
  return isRuined || base <= 0 ? NaN : pnl / base;
}

/** A curve that drawdowns are read from, with its value before the first date and its worst mark inside each date. */
export interface Curve {
  readonly start: number;
  readonly level: Float64Array;
  readonly low: Float64Array;
}

/** Money: `E_0 + ΣP`, deposits removed. */
export function moneyCurve(daily: DailySeries): Curve {
  const level = new Float64Array(daily.length);
  const low = new Float64Array(daily.length);
  let micros = Math.round(daily.capital * 1e6);
  for (let d = 0; d < daily.length; d += 1) {
    micros += daily.pnlMicros[d]!;
    level[d] = micros / 1e6;
    low[d] = level[d]! - (daily.equity[d]! - daily.lowEquity[d]!);
  }
  return { start: daily.capital, level, low };
}

/** Index: `Π(1+r)` for base `equity`, `1 + Σr` for `fixed`. NaN after ruin. */
export function indexCurve(daily: DailySeries): Curve {
  const level = new Float64Array(daily.length);
  const low = new Float64Array(daily.length);
  const isFixed = daily.returnBase === 'fixed';
  let index = 1;
  for (let d = 0; d < daily.length; d += 1) {
    const before = index;
    const lowReturn =
      (daily.lowEquity[d]! - daily.base[d]!) / (isFixed ? daily.capital : daily.base[d]!);
    index = isFixed ? before + daily.returns[d]! : before * (1 + daily.returns[d]!);
    level[d] = index;
    low[d] = isFixed ? before + lowReturn : before * (1 + lowReturn);
  }
  return { start: 1, level, low };
}

/** One fall from a peak. Indexes are rows of the series, -1 the start; `recovery` is -1 while it is open. */
export interface Drawdown {
  readonly peak: number;
  readonly trough: number;
  readonly recovery: number;
  readonly depth: number;
}

/** All drawdowns of a curve in order; the start counts as a peak. */
export function drawdownsOf(start: number, level: ArrayLike<number>): Drawdown[] {
  const found: Drawdown[] = [];
  let peak = -1;
  let top = start;
  let trough = -1;
  let bottom = start;
  for (let d = 0; d < level.length; d += 1) {
    const value = level[d]!;
    if (value >= top) {
      if (bottom < top) found.push({ peak, trough, recovery: d, depth: top - bottom });
      [peak, top, trough, bottom] = [d, value, d, value];
    } else if (value < bottom) [trough, bottom] = [d, value];
  }
  if (bottom < top) found.push({ peak, trough, recovery: -1, depth: top - bottom });
  return found;
}

/** Peak so far minus now, per date; the start counts. With `share`, as a share of the peak. */
export function underwater(start: number, level: ArrayLike<number>, share: boolean): Float64Array {
  const out = new Float64Array(level.length);
  let top = start;
  for (let d = 0; d < level.length; d += 1) {
    top = Math.max(top, level[d]!);
    out[d] = share ? (top - level[d]!) / top : top - level[d]!;
  }
  return out;
}

/** Largest distance from the peak of the settled curve before the date to the worst mark inside the date. */
export function intradayDrawdown(curve: Curve, share: boolean): number {
  let top = curve.start;
  let worst = 0;
  for (let d = 0; d < curve.level.length; d += 1) {
    const fall = (top - curve.low[d]!) / (share ? top : 1);
    worst = Math.max(worst, fall);
    top = Math.max(top, curve.level[d]!);
    worst = Math.max(worst, (top - curve.level[d]!) / (share ? top : 1));
  }
  return worst;
}
