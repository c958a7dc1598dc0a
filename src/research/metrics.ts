/**
 * Every figure of a run as a pure function of its daily equity points, trades and fills.
 *
 * Conventions: trade dates only, A = 252, risk-free 0 (futures profit is already an excess return), sample deviations with
 * T - 1, quantiles by linear interpolation. A figure that is undefined is null with its reason; a ratio from under 30
 * trades or 63 dates keeps its value and carries the reason "too few".
 */
import type { DailyOptions, DailySeries } from './daily.ts';
import {
  drawdownsOf,
  indexCurve,
  intradayDrawdown,
  moneyCurve,
  toDailySeries,
  underwater,
} from './daily.ts';
import type { Figure, Metrics, RunInstrument } from './run-format.ts';
import {
  autocorrelation,
  mean,
  normalCdf,
  normalQuantile,
  quantileSorted,
  sampleDeviation,
  shapeOf,
  sorted,
  sum,
} from './stats.ts';
import type { EquityRow, FillRow, RollRow, TradeRow } from './tables.ts';

export const DATES_PER_YEAR = 252;
export const TOO_FEW_TRADES = 30;
export const TOO_FEW_DATES = 63;

export interface MetricsInput extends DailyOptions {
  readonly equity: readonly EquityRow[];
  readonly trades: readonly TradeRow[];
  readonly fills: readonly FillRow[];
  readonly rolls: readonly RollRow[];
  readonly instruments: readonly RunInstrument[];
  /** Base units for one unit of the root's currency; the last rate of the run. Default 1. */
  readonly rates?: ReadonlyMap<string, number>;
  /** Trials of the search that this run comes from, and the variance of their daily Sharpe. */
  readonly search?: { readonly trials: number; readonly variance: number };
  /** Net of the same run with every message one execution bar late, or why it is not known. */
  readonly oneBarLater?: Figure;
}

/** All figures of a run. Money in whole base units, shares as fractions (0.1 is 10 %). */
export function computeMetrics(input: MetricsInput): Metrics {
  const daily = toDailySeries(input.equity, input);
  return {
    ...returnFigures(daily, input),
    ...drawdownFigures(daily),
    ...distributionFigures(daily),
    ...tradeFigures(input.trades, input.instruments),
    ...costFigures(input, daily),
    ...exposureFigures(input, daily),
    ...fragilityFigures(input, daily),
  };
}

export function figure(value: number, reason: string): Figure {
  return Number.isFinite(value) ? { value: value + 0 } : { value: null, reason };
}

const NO_DATES = 'no trade dates';
const NO_TRADES = 'no closed trades';

function fewDates(value: number, reason: string, dates: number): Figure {
  const plain = figure(value, reason);
  return plain.value !== null && dates < TOO_FEW_DATES
    ? { ...plain, reason: `too few: ${dates} trade dates, ${TOO_FEW_DATES} needed` }
    : plain;
}

function fewTrades(value: number, reason: string, trades: number): Figure {
  const plain = figure(value, reason);
  return plain.value !== null && trades < TOO_FEW_TRADES
    ? { ...plain, reason: `too few: ${trades} closed trades, ${TOO_FEW_TRADES} needed` }
    : plain;
}

/** Calendar years of a span, both ends in. */
export function yearsOf(daily: Pick<DailySeries, 'length' | 'tradeDate'>): number {
  if (daily.length === 0) return 0;
  return (daily.tradeDate[daily.length - 1]! - daily.tradeDate[0]! + 1) / 365.25;
}

/** Sharpe of daily returns, annualised; NaN without at least two dates or without variation. */
export function sharpeOf(returns: ArrayLike<number>): number {
  const s = sampleDeviation(returns);
  return s === 0 ? NaN : (Math.sqrt(DATES_PER_YEAR) * mean(returns)) / s;
}

function whyUndefined(daily: DailySeries): string {
  if (daily.length === 0) return NO_DATES;
  if (daily.returnBase === 'equity' && daily.ruinedOn !== null)
    return 'equity reached zero or less, so percentages are undefined';
  return daily.length < 2 ? 'one trade date only' : 'returns do not vary';
}

function returnFigures(daily: DailySeries, input: MetricsInput): Metrics {
  const { returns, pnl } = daily;
  const T = daily.length;
  const why = whyUndefined(daily);
  const index = indexCurve(daily).level;
  const total = T === 0 ? 0 : index[T - 1]! - 1;
  const years = yearsOf(daily);
  const q = sampleDeviation(returns) === 0 ? NaN : mean(returns) / sampleDeviation(returns);
  const { skew, kurtosis } = shapeOf(returns);
  const error = Math.sqrt((1 - skew * q + ((kurtosis - 1) / 4) * q * q) / (T - 1));
  const annual = DATES_PER_YEAR * mean(returns);
  const downside = Math.sqrt(mean(Float64Array.from(returns, (r) => Math.min(r, 0) ** 2)));
  const root = Math.sqrt(DATES_PER_YEAR);
  return {
    netProfit: { value: sum(daily.pnlMicros) / 1e6 },
    totalReturn: figure(total, why),
    cagr: cagrFigure(daily, total, years, why),
    annualReturn: fewDates(annual, why, T),
    volatility: fewDates(root * sampleDeviation(returns), why, T),
    dailyDeviation: fewDates(sampleDeviation(pnl), why, T),
    sharpe: fewDates(root * q, why, T),
    sharpeError: fewDates(root * error, why, T),
    autocorrelation: fewDates(autocorrelation(returns), why, T),
    probabilisticSharpe: fewDates(normalCdf(q / error), why, T),
    deflatedSharpe: deflatedSharpe(q, error, input.search),
    sortino: fewDates(
      downside === 0 ? NaN : (root * mean(returns)) / downside,
      T > 1 && downside === 0 ? 'no losing dates' : why,
      T,
    ),
  };
}

function cagrFigure(daily: DailySeries, total: number, years: number, why: string): Figure {
  if (daily.returnBase === 'fixed')
    return { value: null, reason: 'fixed return base: see the simple annual return' };
  if (years < 1) return { value: null, reason: 'span below one year: see the total return' };
  return figure((1 + total) ** (1 / years) - 1, why);
}

/** Probability that the Sharpe ratio is above what the best of N useless trials would show. */
function deflatedSharpe(q: number, error: number, search: MetricsInput['search']): Figure {
  if (search === undefined) return { value: null, reason: 'trials unknown' };
  return figure(
    normalCdf((q - bestOfTrials(search.trials, search.variance)) / error),
    'Sharpe is undefined',
  );
}

/** Expected best daily Sharpe of N independent trials without skill; `variance` is that of the trials' daily Sharpe. */
export function bestOfTrials(trials: number, variance: number): number {
  if (trials <= 1) return 0;
  const gamma = 0.577_215_664_901_532_9;
  return (
    Math.sqrt(variance) *
    ((1 - gamma) * normalQuantile(1 - 1 / trials) +
      gamma * normalQuantile(1 - 1 / (trials * Math.E)))
  );
}

function drawdownFigures(daily: DailySeries): Metrics {
  const money = moneyCurve(daily);
  const index = indexCurve(daily);
  const isShare = daily.returnBase === 'equity';
  const why = daily.length < 1 ? NO_DATES : whyUndefined(daily);
  const all = drawdownsOf(money.start, money.level);
  const deepest = all.toSorted((a, b) => b.depth - a.depth);
  const worst = deepest[0];
  const shares = underwater(index.start, index.level, isShare);
  const worstShare = daily.length === 0 ? NaN : maxOf(shares);
  const net = sum(daily.pnlMicros) / 1e6;
  const annual =
    daily.returnBase === 'equity' && yearsOf(daily) >= 1
      ? (index.level[daily.length - 1] ?? NaN) ** (1 / yearsOf(daily)) - 1
      : DATES_PER_YEAR * mean(daily.returns);
  const flat = 'no drawdown';
  return {
    maxDrawdown: { value: worst?.depth ?? 0 },
    maxDrawdownShare: figure(worstShare, why),
    maxDrawdownIntraday: { value: intradayDrawdown(money, false) },
    maxDrawdownIntradayShare: figure(
      daily.length === 0 || Number.isNaN(worstShare) ? NaN : intradayDrawdown(index, isShare),
      why,
    ),
    drawdownDates: { value: worst === undefined ? 0 : lengthInDates(worst, daily.length) },
    drawdownDays: { value: worst === undefined ? 0 : lengthInDays(worst, daily) },
    drawdownRecovered: worst === undefined ? { value: null, reason: flat } : recovered(worst),
    averageDrawdown5:
      deepest.length === 0
        ? { value: 0 }
        : { value: mean(deepest.slice(0, 5).map((drawdown) => drawdown.depth)) },
    ulcer: fewDates(Math.sqrt(mean(shares.map((x) => x * x))), why, daily.length),
    calmar: fewDates(
      worstShare === 0 ? NaN : annual / worstShare,
      worstShare === 0 ? flat : why,
      daily.length,
    ),
    returnOverDrawdown:
      worst === undefined ? { value: null, reason: flat } : { value: net / worst.depth },
  };
}

function recovered(drawdown: { readonly recovery: number }): Figure {
  return drawdown.recovery >= 0 ? { value: 1 } : { value: 0, reason: 'not recovered' };
}

function maxOf(values: ArrayLike<number>): number {
  let top = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i]!)) return NaN;
    top = Math.max(top, values[i]!);
  }
  return top;
}

/** Peak to recovery, or to the last date while open, in trade dates. */
export function lengthInDates(
  drawdown: { readonly peak: number; readonly recovery: number },
  dates: number,
): number {
  return (drawdown.recovery >= 0 ? drawdown.recovery : dates - 1) - drawdown.peak;
}

/** The same in calendar days; a peak at the start counts from the first date. */
export function lengthInDays(
  drawdown: { readonly peak: number; readonly recovery: number },
  daily: Pick<DailySeries, 'length' | 'tradeDate'>,
): number {
  const last = drawdown.recovery >= 0 ? drawdown.recovery : daily.length - 1;
  return daily.tradeDate[last]! - daily.tradeDate[Math.max(drawdown.peak, 0)]!;
}

function distributionFigures(daily: DailySeries): Metrics {
  const { returns, pnl, length: T } = daily;
  const why = whyUndefined(daily);
  const g = shapeOf(returns);
  const order = sorted(returns);
  const money = sorted(pnl);
  const q05 = quantileSorted(money, 0.05);
  const tail = Array.from(money).filter((value) => value <= q05);
  const lowReturn = Math.abs(quantileSorted(order, 0.05));
  const net = sum(daily.pnlMicros) / 1e6;
  const best = T === 0 ? NaN : money[T - 1]!;
  const skew = (Math.sqrt(T * (T - 1)) / (T - 2)) * g.skew;
  const kurtosis = ((T - 1) / ((T - 2) * (T - 3))) * ((T + 1) * (g.kurtosis - 3) + 6);
  return {
    skew: fewDates(T < 3 ? NaN : skew, T < 3 ? 'fewer than 3 trade dates' : why, T),
    excessKurtosis: fewDates(T < 4 ? NaN : kurtosis, T < 4 ? 'fewer than 4 trade dates' : why, T),
    tailRatio: fewDates(
      lowReturn === 0 ? NaN : Math.abs(quantileSorted(order, 0.95)) / lowReturn,
      lowReturn === 0 ? 'the 5 % quantile is zero' : why,
      T,
    ),
    valueAtRisk95: fewDates(-q05, NO_DATES, T),
    expectedShortfall95: fewDates(-mean(tail), NO_DATES, T),
    winningDates: figure(pnl.filter((value) => value > 0).length / T, NO_DATES),
    longestLosingStreak: { value: longestRun(pnl) },
    bestDateShare: net > 0 ? figure(best / net, NO_DATES) : { value: null, reason: 'no profit' },
  };
}

function longestRun(pnl: ArrayLike<number>): number {
  let longest = 0;
  let current = 0;
  for (let i = 0; i < pnl.length; i += 1) {
    current = pnl[i]! < 0 ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

/** Net of a trade in base units. */
export function baseNet(trade: Pick<TradeRow, 'netMicros' | 'rate'>): number {
  return baseMicros(trade.netMicros, trade.rate) / 1e6;
}

/** Contract currency to base; exact where the rate is 1. */
export function baseMicros(micros: number, rate: number): number {
  return rate === 1 || Number.isNaN(rate) ? micros : Math.round(micros * rate);
}

/** Figures of closed trades. Open ones count only in `openTrades` and `openProfit`. */
export function tradeFigures(
  trades: readonly TradeRow[],
  instruments: readonly RunInstrument[],
): Metrics {
  const closed = trades.filter((trade) => !trade.isOpen);
  const open = trades.filter((trade) => trade.isOpen);
  const n = closed.length;
  const net = closed.map((trade) => baseMicros(trade.netMicros, trade.rate));
  const wins = net.filter((value) => value > 0);
  const losses = net.filter((value) => value < 0);
  const few = (value: number, reason: string): Figure =>
    fewTrades(value, n === 0 ? NO_TRADES : reason, n);
  const deviation = sampleDeviation(net);
  const noLoss = 'no losses';
  return {
    closedTrades: { value: n },
    openTrades: { value: open.length },
    openProfit: { value: sum(open.map((trade) => baseMicros(trade.netMicros, trade.rate))) / 1e6 },
    scratchTrades: { value: closed.filter((trade) => trade.grossMicros === 0).length },
    hitRate: few(wins.length / n, NO_TRADES),
    profitFactor: few(losses.length === 0 ? NaN : sum(wins) / -sum(losses), noLoss),
    payoff: few(mean(wins) / -mean(losses), losses.length === 0 ? noLoss : 'no wins'),
    averageWin: few(mean(wins) / 1e6, 'no wins'),
    averageLoss: few(mean(losses) / 1e6, noLoss),
    largestWin: few(wins.length === 0 ? NaN : Math.max(...wins) / 1e6, 'no wins'),
    largestLoss: few(losses.length === 0 ? NaN : Math.min(...losses) / 1e6, noLoss),
    expectancy: few(mean(net) / 1e6, NO_TRADES),
    expectancyTicks: ticksExpectancy(closed, instruments),
    expectancyR: riskExpectancy(closed, instruments),
    tradeT: few(
      deviation === 0 ? NaN : (Math.sqrt(n) * mean(net)) / deviation,
      n === 1 ? 'one closed trade only' : 'results do not vary',
    ),
    averageBars: few(mean(closed.map((trade) => trade.bars)), NO_TRADES),
    averageMaeTicks: singleProduct(closed, (trade) => trade.maeTicks),
    averageMfeTicks: singleProduct(closed, (trade) => trade.mfeTicks),
    averageEtdTicks: singleProduct(closed, (trade) => trade.mfeTicks - trade.grossTicksPerContract),
    averageHoldingDays: few(
      mean(closed.map((trade) => (trade.exitUs - trade.entryUs) / 86_400e6)),
      NO_TRADES,
    ),
    ambiguousShare: few(closed.filter((trade) => trade.isAmbiguous).length / n, NO_TRADES),
  };
}

/** `Σ(net ÷ tick value) ÷ Σ contracts`, within one product only. */
function ticksExpectancy(
  closed: readonly TradeRow[],
  instruments: readonly RunInstrument[],
): Figure {
  const roots = new Set(closed.map((trade) => trade.root));
  if (roots.size > 1)
    return { value: null, reason: 'ticks of several products do not add up; see each instrument' };
  const tickValue = instruments.find((instrument) => roots.has(instrument.root))?.tickValue ?? NaN;
  const ticks = sum(closed.map((trade) => trade.netMicros / 1e6 / tickValue));
  return fewTrades(ticks / sum(closed.map((trade) => trade.entryQty)), NO_TRADES, closed.length);
}

function singleProduct(closed: readonly TradeRow[], of: (trade: TradeRow) => number): Figure {
  if (new Set(closed.map((trade) => trade.root)).size > 1)
    return { value: null, reason: 'ticks of several products do not add up; see each instrument' };
  const known = closed.map(of).filter(Number.isFinite);
  return fewTrades(mean(known), closed.length === 0 ? NO_TRADES : 'not recorded', closed.length);
}

/** Net of a trade as a multiple of its initial risk; NaN without a stop at entry. */
export function riskMultiple(trade: TradeRow, tickValue: number): number {
  const risk = trade.initialRiskTicks * tickValue * 1e6 * trade.maxQty;
  return risk > 0 ? trade.netMicros / risk : NaN;
}

function riskExpectancy(
  closed: readonly TradeRow[],
  instruments: readonly RunInstrument[],
): Figure {
  const tickValues = new Map(instruments.map((one) => [one.root, one.tickValue]));
  const multiples = closed
    .map((trade) => riskMultiple(trade, tickValues.get(trade.root) ?? NaN))
    .filter(Number.isFinite);
  return fewTrades(
    mean(multiples),
    closed.length === 0 ? NO_TRADES : 'no trade had a stop at entry',
    multiples.length,
  );
}

interface FillTotals {
  /** Σ contracts over fills. */
  readonly sides: number;
  /** Σ contracts × tick value in base units: what one tick a side costs. */
  readonly tickSides: number;
  readonly slippage: number;
  readonly slippageTicks: number;
  readonly notional: number;
}

export function fillTotals(
  input: Pick<MetricsInput, 'fills' | 'instruments' | 'rates'>,
  root: string | null = null,
): FillTotals {
  const byRoot = new Map(input.instruments.map((instrument) => [instrument.root, instrument]));
  const out = { sides: 0, tickSides: 0, slippage: 0, slippageTicks: 0, notional: 0 };
  for (const fill of input.fills) {
    const instrument = byRoot.get(fill.root);
    if (instrument === undefined || (root !== null && root !== fill.root)) continue;
    const rate = input.rates?.get(fill.root) ?? 1;
    const tick = fill.qty * instrument.tickValue * rate;
    out.sides += fill.qty;
    out.tickSides += tick;
    out.slippage += tick * fill.slippageTicks;
    out.slippageTicks += fill.qty * fill.slippageTicks;
    out.notional += Math.abs(
      fill.priceTicks * instrument.tickSize * instrument.multiplier * fill.qty * rate,
    );
  }
  return out;
}

/**
 * Costs. `gross − commission − exchangeFees = netProfit` up to `currencyTranslation` (0 in one currency): the difference
 * between trades at their own rate and equity at each date's rate.
 */
function costFigures(input: MetricsInput, daily: DailySeries): Metrics {
  const { trades } = input;
  const total = (of: (trade: TradeRow) => number): number =>
    sum(trades.map((trade) => baseMicros(of(trade), trade.rate))) / 1e6;
  const gross = total((trade) => trade.grossMicros);
  const commission = total((trade) => trade.commissionMicros);
  const exchangeFees = total(
    (trade) => trade.grossMicros - trade.netMicros - trade.commissionMicros,
  );
  const fills = fillTotals(input);
  const rollCost =
    sum(input.rolls.map((roll) => baseMicros(roll.costMicros, input.rates?.get(roll.root) ?? 1))) /
    1e6;
  const net = total((trade) => trade.netMicros);
  const costs = commission + exchangeFees + fills.slippage;
  const before = gross + fills.slippage;
  return {
    grossProfit: { value: gross },
    commission: { value: commission },
    exchangeFees: { value: exchangeFees },
    slippageCost: { value: fills.slippage },
    rollCost: { value: rollCost },
    totalCost: { value: costs },
    costShareOfGross:
      before > 0 ? { value: costs / before } : { value: null, reason: 'no profit before costs' },
    currencyTranslation: { value: round6(sum(daily.pnlMicros) / 1e6 - net) },
    slippageTicks: figure(fills.slippageTicks / fills.sides, 'no fills'),
    breakEvenTicks: figure(net / fills.tickSides, 'no fills'),
    contractSides: { value: fills.sides },
  };
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6 + 0;
}

function exposureFigures(input: MetricsInput, daily: DailySeries): Metrics {
  const { equity } = input;
  const T = daily.length;
  const share = (of: (point: EquityRow) => number): number[] =>
    equity.map((point) => (point.equityMicros > 0 ? of(point) / (point.equityMicros / 1e6) : NaN));
  const margin = share((point) => point.initialMarginMicros / 1e6);
  const maintenance = share((point) => point.maintenanceMarginMicros / 1e6);
  const gross = share((point) => point.grossNotional);
  const net = share((point) => point.netNotional);
  const money = moneyCurve(daily);
  const falls = underwater(money.start, money.level, false);
  const need = equity.map((point, d) => point.initialMarginMicros / 1e6 + falls[d]!);
  const fills = fillTotals(input);
  const years = yearsOf(daily);
  const why = T === 0 ? NO_DATES : 'equity reached zero or less';
  return {
    peakMargin: figure(maxOf(margin), why),
    meanMargin: figure(mean(margin), why),
    peakMaintenance: figure(maxOf(maintenance), why),
    capitalNeeded: figure(maxOf(need), NO_DATES),
    exposure: figure(
      sum(equity.map((point) => point.exposedUs)) / sum(equity.map((point) => point.openUs)),
      T === 0 ? NO_DATES : 'open session time not recorded',
    ),
    meanGrossNotional: figure(mean(gross), why),
    peakGrossNotional: figure(maxOf(gross), why),
    meanNetNotional: figure(mean(net), why),
    peakNetNotional: figure(maxOf(net.map(Math.abs)), why),
    roundTurnsPerYear: fewDates(fills.sides / 2 / years, NO_DATES, T),
    notionalTurnover: fewDates(fills.notional / years / mean(daily.equity), why, T),
  };
}

/** How much of the result hangs on little: extra ticks, the best dates and trades, one half of the span. */
function fragilityFigures(input: MetricsInput, daily: DailySeries): Metrics {
  const net = sum(daily.pnlMicros);
  const { tickSides } = fillTotals(input);
  const dates = Array.from(daily.pnlMicros).toSorted((a, b) => b - a);
  const trades = input.trades
    .filter((trade) => !trade.isOpen)
    .map((trade) => baseMicros(trade.netMicros, trade.rate))
    .toSorted((a, b) => b - a);
  const half = Math.floor(daily.length / 2);
  const enough = (have: number, value: number, what: string): Figure =>
    have > 5 ? { value } : { value: null, reason: `five ${what} or fewer` };
  return {
    netPlus1Tick: { value: round6(net / 1e6 - tickSides) },
    netPlus2Ticks: { value: round6(net / 1e6 - 2 * tickSides) },
    netWithoutBest5Dates: enough(dates.length, (net - sum(dates.slice(0, 5))) / 1e6, 'trade dates'),
    netWithoutBest5Trades: enough(
      trades.length,
      (net - sum(trades.slice(0, 5))) / 1e6,
      'closed trades',
    ),
    netFirstHalf: { value: sum(daily.pnlMicros.subarray(0, half)) / 1e6 },
    netSecondHalf: { value: sum(daily.pnlMicros.subarray(half)) / 1e6 },
    netOneBarLater: input.oneBarLater ?? { value: null, reason: 'not simulated' },
  };
}
