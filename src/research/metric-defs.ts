/** Names, formats and formulas of the figures: one list for the report, the terminal and the reference page. */

/** How a number is written. `money` carries its sign; `amount` is a size without one; `share` is shown in percent. */
export type NumberKind =
  | 'money'
  | 'amount'
  | 'share'
  | 'ratio'
  | 'ticks'
  | 'count'
  | 'days'
  | 'flag';

export interface MetricDef {
  readonly key: string;
  readonly label: string;
  readonly kind: NumberKind;
  readonly formula: string;
}

function def(key: string, label: string, kind: NumberKind, formula: string): MetricDef {
  return { key, label, kind, formula };
}

export const METRIC_DEFS: readonly MetricDef[] = [
  def('netProfit', 'Net profit', 'money', 'ΣP_d, all costs in'),
  def('totalReturn', 'Total return', 'share', 'Π(1+r_d) − 1 (equity) or ΣP_d / C (fixed)'),
  def(
    'cagr',
    'Return p.a. (CAGR)',
    'share',
    '(Π(1+r_d))^(1/years) − 1, years = calendar days / 365.25; not below one year',
  ),
  def('annualReturn', 'Simple annual return', 'share', '252 · mean(r)'),
  def('volatility', 'Volatility p.a.', 'share', '√252 · s(r)'),
  def('dailyDeviation', 'Deviation a day', 'amount', 's(P_d)'),
  def(
    'sharpe',
    'Sharpe (252)',
    'ratio',
    '√252 · mean(r) / s(r); risk-free 0, as futures profit is already an excess return',
  ),
  def(
    'sharpeError',
    'Sharpe, standard error',
    'ratio',
    '√252 · √((1 − g3·q + (g4−1)/4 · q²)/(T−1)), q = mean/s; when |lag-1 autocorrelation| > 0.1 read the bootstrap interval instead',
  ),
  def('autocorrelation', 'Lag-1 autocorrelation', 'ratio', 'of r_d'),
  def(
    'probabilisticSharpe',
    'Probabilistic Sharpe',
    'share',
    'Φ(q / SE): probability that the true ratio is above 0',
  ),
  def(
    'deflatedSharpe',
    'Deflated Sharpe',
    'share',
    'Φ((q − q*)/SE), q* the best of N useless trials',
  ),
  def(
    'sortino',
    'Sortino',
    'ratio',
    '√252 · mean(r) / √(mean(min(r,0)²)), all dates in the denominator',
  ),
  def(
    'maxDrawdown',
    'Max drawdown, settle',
    'amount',
    'largest fall of E_0 + ΣP from its peak, start included',
  ),
  def(
    'maxDrawdownShare',
    'Max drawdown, settle %',
    'share',
    'on Π(1+r) (equity) or in shares of C (fixed)',
  ),
  def(
    'maxDrawdownIntraday',
    'Max drawdown, intraday',
    'amount',
    'peak of settled equity minus the worst mark inside a date; with bars a bound',
  ),
  def(
    'maxDrawdownIntradayShare',
    'Max drawdown, intraday %',
    'share',
    'the same as a share of the peak',
  ),
  def(
    'drawdownDates',
    'Deepest drawdown, trade dates',
    'count',
    'peak to recovery, or to the end while open',
  ),
  def('drawdownDays', 'Deepest drawdown, calendar days', 'count', 'the same in calendar days'),
  def(
    'drawdownRecovered',
    'Deepest drawdown recovered',
    'flag',
    'yes when equity reached the old peak again',
  ),
  def(
    'averageDrawdown5',
    'Average of five deepest',
    'amount',
    'mean depth of the five deepest drawdowns',
  ),
  def('ulcer', 'Ulcer index', 'share', '√mean(dd%²)'),
  def('calmar', 'Calmar, whole span', 'ratio', 'annual return ÷ max drawdown %'),
  def('returnOverDrawdown', 'Return over drawdown', 'ratio', 'net ÷ max drawdown in money'),
  def('skew', 'Skew', 'ratio', 'bias-adjusted, of r_d'),
  def('excessKurtosis', 'Excess kurtosis', 'ratio', 'bias-adjusted, of r_d'),
  def('tailRatio', 'Tail ratio', 'ratio', '|q95| / |q05| of r_d'),
  def('valueAtRisk95', 'Value at risk 95 %, a day', 'money', '−q05(P_d)'),
  def('expectedShortfall95', 'Expected shortfall 95 %', 'money', '−mean(P | P ≤ q05)'),
  def('winningDates', 'Winning dates', 'share', 'share of dates with P > 0'),
  def('longestLosingStreak', 'Longest losing streak, dates', 'count', 'dates in a row with P < 0'),
  def('bestDateShare', 'Best date ÷ net profit', 'share', 'max(P) ÷ ΣP'),
  def(
    'closedTrades',
    'Closed trades',
    'count',
    'flat to flat per strategy and instrument; a roll does not end one',
  ),
  def('openTrades', 'Open trades', 'count', 'held at the end, marked at the last price'),
  def('openProfit', 'Open profit', 'money', 'Σ net of open trades'),
  def('scratchTrades', 'Scratch trades', 'count', 'gross exactly 0'),
  def('hitRate', 'Hit rate', 'share', 'net > 0 ÷ closed trades'),
  def('profitFactor', 'Profit factor', 'ratio', 'Σ net wins ÷ |Σ net losses|'),
  def('payoff', 'Payoff', 'ratio', 'mean win ÷ mean |loss|'),
  def('averageWin', 'Average win', 'money', 'mean net of winning trades'),
  def('averageLoss', 'Average loss', 'money', 'mean net of losing trades'),
  def('largestWin', 'Largest win', 'money', 'max net'),
  def('largestLoss', 'Largest loss', 'money', 'min net'),
  def('expectancy', 'Expectancy', 'money', 'mean net of closed trades'),
  def(
    'expectancyTicks',
    'Expectancy, ticks per contract',
    'ratio',
    'Σ(net ÷ tick value) ÷ Σ contracts, within one product',
  ),
  def(
    'expectancyR',
    'Expectancy, R',
    'ratio',
    'mean of net ÷ initial risk where a stop existed at entry',
  ),
  def('tradeT', 't-value of mean trade', 'ratio', '√n · mean(net) / s(net)'),
  def('averageBars', 'Average bars held', 'ratio', 'mean over closed trades'),
  def('averageHoldingDays', 'Average holding, days', 'ratio', 'mean of exit − entry'),
  def(
    'averageMaeTicks',
    'Average MAE, ticks',
    'ratio',
    'worst open result per contract, conservative end',
  ),
  def(
    'averageMfeTicks',
    'Average MFE, ticks',
    'ratio',
    'best open result per contract, conservative end',
  ),
  def('averageEtdTicks', 'Average ETD, ticks', 'ratio', 'MFE − gross result'),
  def(
    'ambiguousShare',
    'Trades on ambiguous bars',
    'share',
    'closed trades touched by an ambiguous group',
  ),
  def('grossProfit', 'Gross', 'money', 'Σ trades before commission and fees; slippage is inside'),
  def('commission', 'Commission', 'amount', 'broker, all sides'),
  def('exchangeFees', 'Exchange fees', 'amount', 'exchange and clearing, all sides'),
  def('slippageCost', 'Slippage', 'amount', 'charged by the fill model, already inside gross'),
  def('rollCost', 'Rolls', 'amount', 'cost of moving positions, already inside the above'),
  def('totalCost', 'Costs together', 'amount', 'commission + exchange fees + slippage'),
  def('costShareOfGross', 'Costs ÷ profit before costs', 'share', 'costs ÷ (gross + slippage)'),
  def(
    'currencyTranslation',
    'Currency translation',
    'money',
    'net of equity minus net of trades; 0 in one currency',
  ),
  def(
    'slippageTicks',
    'Slippage, ticks per contract and side',
    'ratio',
    'mean over filled contracts',
  ),
  def(
    'breakEvenTicks',
    'Break-even cost, ticks a side',
    'ratio',
    'net ÷ Σ(contract-sides · tick value)',
  ),
  def('contractSides', 'Contract sides', 'count', 'contracts filled, both sides'),
  def(
    'peakMargin',
    'Initial margin, peak',
    'share',
    'max over dates of the highest initial margin ÷ E',
  ),
  def(
    'meanMargin',
    'Initial margin, mean',
    'share',
    'mean over dates of the highest initial margin ÷ E',
  ),
  def(
    'peakMaintenance',
    'Maintenance margin, peak',
    'share',
    'max over dates of the highest maintenance margin ÷ E',
  ),
  def(
    'capitalNeeded',
    'Capital needed',
    'amount',
    'max over dates of highest margin + drawdown: what would have carried it',
  ),
  def('exposure', 'Exposure', 'share', 'open-session time with a position'),
  def('meanGrossNotional', 'Gross notional ÷ E, mean', 'ratio', 'mean over dates of the highest'),
  def('peakGrossNotional', 'Gross notional ÷ E, peak', 'ratio', 'max over dates of the highest'),
  def('meanNetNotional', 'Net notional ÷ E, mean', 'ratio', 'mean over dates'),
  def('peakNetNotional', 'Net notional ÷ E, peak', 'ratio', 'largest absolute value'),
  def('roundTurnsPerYear', 'Round turns a year', 'ratio', 'contract sides ÷ 2 ÷ years'),
  def(
    'notionalTurnover',
    'Notional turnover a year',
    'ratio',
    'traded notional a year ÷ mean equity',
  ),
  def('netPlus1Tick', 'Net at 1 extra tick a side', 'money', 'net − contract-sides · tick value'),
  def(
    'netPlus2Ticks',
    'Net at 2 extra ticks a side',
    'money',
    'net − 2 · contract-sides · tick value',
  ),
  def('netWithoutBest5Dates', 'Net without best 5 dates', 'money', 'ΣP less its five largest'),
  def(
    'netWithoutBest5Trades',
    'Net without best 5 trades',
    'money',
    'net less the five largest trades',
  ),
  def('netFirstHalf', 'Net, first half', 'money', 'ΣP of the first half of the dates'),
  def('netSecondHalf', 'Net, second half', 'money', 'ΣP of the rest'),
  def(
    'netOneBarLater',
    'Net, one bar later',
    'money',
    'ΣP of the same run simulated again with every order, change and cancel of the strategy reaching the venue one execution bar later; rolls are not delayed',
  ),
];

/** The twelve of the headline, in order; some stand as pairs. */
export const HEADLINE_KEYS: readonly string[] = [
  'netProfit',
  'cagr',
  'volatility',
  'sharpe',
  'sortino',
  'maxDrawdown',
  'maxDrawdownShare',
  'maxDrawdownIntraday',
  'drawdownDates',
  'calmar',
  'closedTrades',
  'hitRate',
  'profitFactor',
  'expectancy',
  'expectancyTicks',
];

export function metricDef(key: string): MetricDef {
  return METRIC_DEFS.find((one) => one.key === key) ?? def(key, key, 'ratio', '');
}
