import { describe, expect, it } from 'vitest';
import {
  drawdownsOf,
  indexCurve,
  intradayDrawdown,
  moneyCurve,
  toDailySeries,
  underwater,
} from '../../src/research/daily.ts';
import { bestOfTrials, computeMetrics, sharpeOf } from '../../src/research/metrics.ts';
import {
  autocorrelation,
  normalCdf,
  normalQuantile,
  quantileSorted,
} from '../../src/research/stats.ts';
import type { EquityRow, FillRow, RollRow, TradeRow } from '../../src/research/tables.ts';
import type { TradeViewRow } from '../../src/research/trades-view.ts';
import { tradeViewRows } from '../../src/research/trades-view.ts';
import { equityRow, fixtureRun, instrumentOf } from './support.ts';
import { metricsInput } from '../../src/research/summary.ts';

/** Four dates by hand: 100 -> 110 -> 99 -> 99 -> 108.9; returns +10 %, -10 %, 0, +10 %. */
const LEVELS = [110, 99, 99, 108.9];
function equityOf(levels: readonly number[], patch: Partial<EquityRow> = {}): EquityRow[] {
  return levels.map((level, d) =>
    equityRow({
      tradeDate: 19_000 + d,
      equityMicros: Math.round(level * 1e6),
      lowEquityMicros: Math.round(level * 1e6),
      ...patch,
    }),
  );
}
function metricsOf(levels: readonly number[], patch: object = {}): Record<string, number | null> {
  const metrics = computeMetrics({
    equity: equityOf(levels),
    trades: [],
    fills: [],
    rolls: [],
    instruments: [instrumentOf('ES')],
    capitalMicros: 100e6,
    returnBase: 'equity',
    ...patch,
  });
  return Object.fromEntries(Object.entries(metrics).map(([key, figure]) => [key, figure.value]));
}

describe('figures of daily equity', () => {
  const m = metricsOf(LEVELS);
  it.each([
    ['netProfit', 8.9],
    ['totalReturn', 0.089],
    // mean 0.025, s = √((0.075² + 0.125² + 0.025² + 0.075²)/3) = √(0.0275/3)
    ['annualReturn', 252 * 0.025],
    ['volatility', Math.sqrt(252) * Math.sqrt(0.0275 / 3)],
    ['sharpe', (Math.sqrt(252) * 0.025) / Math.sqrt(0.0275 / 3)],
    // only one loss: √(0.01 / 4) = 0.05
    ['sortino', (Math.sqrt(252) * 0.025) / 0.05],
    ['maxDrawdown', 11],
    ['maxDrawdownShare', 0.1],
    ['drawdownDates', 3],
    ['drawdownDays', 3],
    ['drawdownRecovered', 0],
    ['averageDrawdown5', 11],
    // dd% 0, 0.1, 0.1, 0.01
    ['ulcer', Math.sqrt((0.01 + 0.01 + 0.0001) / 4)],
    ['calmar', (252 * 0.025) / 0.1],
    ['returnOverDrawdown', 8.9 / 11],
    ['winningDates', 0.5],
    ['longestLosingStreak', 1],
    ['bestDateShare', 10 / 8.9],
    // P sorted: -11, 0, 9.9, 10; q05 at 0.15 of the first step
    ['valueAtRisk95', 11 * 0.85],
    ['expectedShortfall95', 11],
    // r sorted -0.1, 0, 0.1, 0.1: q95 = 0.1, q05 = -0.085
    ['tailRatio', 0.1 / 0.085],
    ['netFirstHalf', -1],
    ['netSecondHalf', 9.9],
  ])('%s is what the formula gives by hand', (key, expected) => {
    expect(m[key]).toBeCloseTo(expected, 9);
  });

  it('gives the bias-adjusted skew and excess kurtosis of a worked sample', () => {
    // r: 0.1, -0.1, 0, 0.1. m2 = 0.0275/4, m3 = (0.075³·2 − 0.125³ − 0.025³)/4, m4 = (0.075⁴·2 + 0.125⁴ + 0.025⁴)/4.
    const m2 = 0.0275 / 4;
    const m3 = (2 * 0.075 ** 3 - 0.125 ** 3 - 0.025 ** 3) / 4;
    const m4 = (2 * 0.075 ** 4 + 0.125 ** 4 + 0.025 ** 4) / 4;
    expect(m['skew']).toBeCloseTo((Math.sqrt(12) / 2) * (m3 / m2 ** 1.5), 9);
    expect(m['excessKurtosis']).toBeCloseTo((3 / 2) * (5 * (m4 / m2 ** 2 - 3) + 6), 9);
  });

  it('gives the standard error of Sharpe from skew and kurtosis', () => {
    const q = 0.025 / Math.sqrt(0.0275 / 3);
    const m2 = 0.0275 / 4;
    const g3 = (2 * 0.075 ** 3 - 0.125 ** 3 - 0.025 ** 3) / 4 / m2 ** 1.5;
    const g4 = (2 * 0.075 ** 4 + 0.125 ** 4 + 0.025 ** 4) / 4 / m2 ** 2;
    const error = Math.sqrt((1 - g3 * q + ((g4 - 1) / 4) * q * q) / 3);
    expect(m['sharpeError']).toBeCloseTo(Math.sqrt(252) * error, 9);
    expect(m['probabilisticSharpe']).toBeCloseTo(normalCdf(q / error), 9);
  });

  it('uses sums instead of products on a fixed base and shows no CAGR', () => {
    const fixed = metricsOf(LEVELS, { returnBase: 'fixed' });
    expect(fixed['totalReturn']).toBeCloseTo(0.089, 12);
    expect(fixed['maxDrawdownShare']).toBeCloseTo(0.11, 12);
    expect(fixed['cagr']).toBeNull();
    expect(fixed['annualReturn']).toBeCloseTo((252 * 0.089) / 4, 9);
  });

  it('shows CAGR from one calendar year on, with elapsed days', () => {
    const year = computeMetrics({
      equity: [
        equityRow({ tradeDate: 0, equityMicros: 100e6 }),
        equityRow({ tradeDate: 730, equityMicros: 121e6 }),
      ],
      trades: [],
      fills: [],
      rolls: [],
      instruments: [],
      capitalMicros: 100e6,
      returnBase: 'equity',
    });
    expect(year['cagr']!.value).toBeCloseTo(1.21 ** (365.25 / 731) - 1, 12);
    expect(m['cagr']).toBeNull();
  });

  it('leaves percentages undefined once equity reached zero, and says so', () => {
    const ruined = computeMetrics({
      equity: equityOf([50, -10, 20, 30]),
      trades: [],
      fills: [],
      rolls: [],
      instruments: [],
      capitalMicros: 100e6,
      returnBase: 'equity',
    });
    expect(ruined['sharpe']).toEqual({
      value: null,
      reason: 'equity reached zero or less, so percentages are undefined',
    });
    expect(ruined['maxDrawdown']!.value).toBe(110);
    expect(ruined['maxDrawdownShare']!.value).toBeNull();
  });

  it('never gives a number that is not finite, and never null without a reason', () => {
    for (const levels of [[], [100], [100, 100], [0], [-5, -6, -7], LEVELS]) {
      const metrics = computeMetrics({
        equity: equityOf(levels),
        trades: [],
        fills: [],
        rolls: [],
        instruments: [],
        capitalMicros: 100e6,
        returnBase: 'equity',
      });
      for (const [key, figure] of Object.entries(metrics)) {
        if (figure.value === null) expect(figure.reason, key).toBeTruthy();
        else expect(Number.isFinite(figure.value), key).toBe(true);
      }
    }
  });

  it('marks ratios from too few dates', () => {
    const few = computeMetrics({
      equity: equityOf(LEVELS),
      trades: [],
      fills: [],
      rolls: [],
      instruments: [],
      capitalMicros: 100e6,
      returnBase: 'equity',
    });
    expect(few['sharpe']!.reason).toBe('too few: 4 trade dates, 63 needed');
  });

  it('removes deposits from profit and drawdown', () => {
    const daily = toDailySeries(equityOf([110, 159]), {
      capitalMicros: 100e6,
      returnBase: 'equity',
      depositsMicros: new Map([[19_001, 50e6]]),
    });
    expect([...daily.pnl]).toEqual([10, -1]);
    expect(daily.returns[1]).toBeCloseTo(-1 / 160, 12);
    expect([...moneyCurve(daily).level]).toEqual([110, 109]);
  });
});

describe('drawdowns', () => {
  it('counts the start as a peak and ends one at the date that reaches the peak again', () => {
    expect(drawdownsOf(100, [90, 95, 100, 104, 101, 103])).toEqual([
      { peak: -1, trough: 0, recovery: 2, depth: 10 },
      { peak: 3, trough: 4, recovery: -1, depth: 3 },
    ]);
  });

  it('measures the intraday fall from the settled peak before the date', () => {
    const daily = toDailySeries(
      [
        equityRow({ tradeDate: 1, equityMicros: 110e6, lowEquityMicros: 95e6 }),
        equityRow({ tradeDate: 2, equityMicros: 108e6, lowEquityMicros: 99e6 }),
      ],
      { capitalMicros: 100e6, returnBase: 'equity' },
    );
    expect(intradayDrawdown(moneyCurve(daily), false)).toBe(11);
    expect(intradayDrawdown(indexCurve(daily), true)).toBeCloseTo(0.1, 12);
    expect([...underwater(100, [110, 108], false)]).toEqual([0, 2]);
  });
});

/** Net 487.5 - 4, -262.5 - 4, 0 - 4 in 12.5-dollar ticks. */
function tradeOf(patch: Partial<TradeRow>): TradeRow {
  const ticks = patch.grossTicksPerContract ?? 0;
  const qty = patch.entryQty ?? 1;
  const gross = ticks * 12.5e6 * qty;
  return {
    tradeId: 1,
    root: 'ES',
    entryContract: 'ESH2020',
    exitContract: 'ESH2020',
    side: 1,
    maxQty: qty,
    entryQty: qty,
    entryUs: 0,
    exitUs: 86_400e6,
    entryTradeDate: 19_000,
    exitTradeDate: 19_001,
    entryPrice: 100,
    exitPrice: 101,
    entryTag: '',
    exitTag: '',
    grossMicros: gross,
    feesMicros: 4e6 * qty,
    commissionMicros: 1.5e6 * qty,
    netMicros: gross - 4e6 * qty,
    currency: 'USD',
    rate: 1,
    grossTicksPerContract: ticks,
    slippageTicks: 0,
    maeTicks: -10,
    maeTicksBest: -8,
    mfeTicks: 50,
    mfeTicksBest: 52,
    initialRiskTicks: NaN,
    bars: 10,
    rolls: 0,
    rollCostMicros: 0,
    isAmbiguous: false,
    isOpen: false,
    fills: '',
    ...patch,
  };
}

describe('figures of trades', () => {
  const trades = [
    tradeOf({ grossTicksPerContract: 40, initialRiskTicks: 20 }),
    tradeOf({ grossTicksPerContract: -20, entryQty: 2, isAmbiguous: true }),
    tradeOf({ grossTicksPerContract: 0 }),
    tradeOf({ grossTicksPerContract: 8, isOpen: true }),
  ];
  const fill = {
    contract: 'ESH2020',
    root: 'ES',
    qty: 4,
    slippageTicks: 1,
    priceTicks: 400,
  } as FillRow;
  const m = metricsOf(LEVELS, { trades, fills: [fill] });
  // Nets: 496, -508, -4; open 96.
  it.each([
    ['closedTrades', 3],
    ['openTrades', 1],
    ['openProfit', 96],
    ['scratchTrades', 1],
    ['hitRate', 1 / 3],
    ['profitFactor', 496 / 512],
    ['payoff', 496 / 256],
    ['averageWin', 496],
    ['averageLoss', -256],
    ['expectancy', -16 / 3],
    ['expectancyTicks', -16 / 12.5 / 4],
    ['expectancyR', 496 / 250],
    ['ambiguousShare', 1 / 3],
    ['averageMaeTicks', -10],
    ['averageMfeTicks', 50],
    ['averageEtdTicks', (10 + 70 + 50) / 3],
    ['grossProfit', 500 - 500 + 0 + 100],
    ['commission', 1.5 * 5],
    ['exchangeFees', 2.5 * 5],
    ['slippageCost', 50],
    ['breakEvenTicks', 80 / 50],
    ['netPlus1Tick', 8.9 - 50],
    ['netPlus2Ticks', 8.9 - 100],
  ])('%s is what the formula gives by hand', (key, expected) => {
    expect(m[key]).toBeCloseTo(expected, 9);
  });

  it('gives the t-value of the mean trade', () => {
    const mean = -16 / 3;
    const s = Math.sqrt([496, -508, -4].reduce((a, x) => a + (x - mean) ** 2, 0) / 2);
    expect(m['tradeT']).toBeCloseTo((Math.sqrt(3) * mean) / s, 9);
  });

  it('says "no losses" instead of infinity', () => {
    const only = computeMetrics({
      equity: equityOf(LEVELS),
      trades: [tradeOf({ grossTicksPerContract: 4 })],
      fills: [],
      rolls: [],
      instruments: [instrumentOf('ES')],
      capitalMicros: 100e6,
      returnBase: 'equity',
    });
    expect(only['profitFactor']).toEqual({ value: null, reason: 'no losses' });
  });

  it('adds no ticks of different products', () => {
    const mixed = metricsOf(LEVELS, { trades: [tradeOf({}), tradeOf({ root: 'NQ' })] });
    expect(mixed['expectancyTicks']).toBeNull();
  });

  it('reads margin, need, exposure and turnover from the daily points', () => {
    const equity = [
      equityRow({
        tradeDate: 1,
        equityMicros: 100e6,
        initialMarginMicros: 20e6,
        maintenanceMarginMicros: 10e6,
        grossNotional: 300,
        netNotional: -300,
        exposedUs: 30,
        openUs: 60,
      }),
      equityRow({
        tradeDate: 2,
        equityMicros: 80e6,
        initialMarginMicros: 40e6,
        maintenanceMarginMicros: 20e6,
        grossNotional: 80,
        netNotional: 80,
        exposedUs: 0,
        openUs: 60,
      }),
    ];
    const one = metricsOf([], { equity, fills: [fill] });
    expect(one['peakMargin']).toBe(0.5);
    expect(one['meanMargin']).toBeCloseTo(0.35, 12);
    expect(one['capitalNeeded']).toBe(60);
    expect(one['exposure']).toBe(0.25);
    expect(one['peakGrossNotional']).toBe(3);
    expect(one['peakNetNotional']).toBe(3);
    expect(one['meanNetNotional']).toBe(-1);
    expect(one['roundTurnsPerYear']).toBeCloseTo(2 / (2 / 365.25), 9);
    expect(one['notionalTurnover']).toBeCloseTo((4 * 400 * 0.25 * 50) / (2 / 365.25) / 90, 6);
  });
});

/** Each figure that no table above has; with the tables, every definition is worked by hand once. */
describe('the remaining figures', () => {
  const DAY_US = 86_400e6;
  const trades = [
    tradeOf({ grossTicksPerContract: 40, bars: 30, exitUs: 3 * DAY_US }),
    tradeOf({ grossTicksPerContract: -20, entryQty: 2, bars: 10, exitUs: DAY_US }),
    tradeOf({ grossTicksPerContract: -8, bars: 20, exitUs: 2 * DAY_US }),
    ...[10, 20, 30, 50].map((ticks) =>
      tradeOf({ grossTicksPerContract: ticks, bars: 20, exitUs: 2 * DAY_US }),
    ),
  ];
  const fills = [
    { contract: 'ESH2020', root: 'ES', qty: 4, slippageTicks: 1, priceTicks: 400 },
    { contract: 'ESH2020', root: 'ES', qty: 1, slippageTicks: -2, priceTicks: 400 },
  ] as FillRow[];
  const rolls = [
    { root: 'ES', costMicros: 9e6 },
    { root: 'ES', costMicros: 3e6 },
  ] as RollRow[];
  const equity = [
    equityRow({
      tradeDate: 0,
      equityMicros: 104e6,
      lowEquityMicros: 90e6,
      maintenanceMarginMicros: 26e6,
      grossNotional: 208,
      netNotional: 104,
      initialMarginMicros: 52e6,
    }),
    equityRow({
      tradeDate: 1,
      equityMicros: 102e6,
      lowEquityMicros: 101e6,
      maintenanceMarginMicros: 51e6,
      grossNotional: 102,
      netNotional: 0,
      initialMarginMicros: 0,
    }),
    equityRow({ tradeDate: 2, equityMicros: 105e6, lowEquityMicros: 102e6 }),
    equityRow({ tradeDate: 3, equityMicros: 101e6, lowEquityMicros: 100e6 }),
    equityRow({ tradeDate: 4, equityMicros: 106e6, lowEquityMicros: 106e6 }),
    equityRow({ tradeDate: 5, equityMicros: 107e6, lowEquityMicros: 107e6 }),
  ];
  const m = metricsOf([], { equity, trades, fills, rolls, search: { trials: 10, variance: 0.01 } });
  // P: 4, -2, 3, -4, 5, 1. Nets: 496, -508, -104, 121, 246, 371, 621 = 1243; gross 1275, fees 32.
  it.each([
    ['largestWin', 621],
    ['largestLoss', -508],
    ['averageBars', (30 + 10 + 20 * 5) / 7],
    ['averageHoldingDays', (3 + 1 + 2 * 5) / 7],
    ['slippageCost', (4 - 2) * 12.5],
    ['slippageTicks', 2 / 5],
    ['contractSides', 5],
    ['rollCost', 12],
    ['totalCost', 32 + 25],
    ['costShareOfGross', 57 / (1275 + 25)],
    ['currencyTranslation', 7 - 1243],
    // The start at 100 is the peak before the first date, whose worst mark is 90.
    ['maxDrawdownIntraday', 10],
    ['maxDrawdownIntradayShare', 0.1],
    ['peakMaintenance', 0.5],
    ['meanGrossNotional', (2 + 1) / 6],
    ['netWithoutBest5Dates', -4],
    ['netWithoutBest5Trades', 7 - (621 + 496 + 371 + 246 + 121)],
  ])('%s is what the formula gives by hand', (key, expected) => {
    expect(m[key]).toBeCloseTo(expected, 9);
  });

  it('gives the deviation of daily profit and its autocorrelation', () => {
    const P = [4, -2, 3, -4, 5, 1];
    const mean = 7 / 6;
    const s = Math.sqrt(P.reduce((a, x) => a + (x - mean) ** 2, 0) / 5);
    expect(m['dailyDeviation']).toBeCloseTo(s, 9);
    const r = [4 / 100, -2 / 104, 3 / 102, -4 / 105, 5 / 101, 1 / 106];
    const average = r.reduce((a, x) => a + x, 0) / 6;
    const around = r.map((x) => x - average);
    const lag = around.slice(1).reduce((a, x, i) => a + x * around[i]!, 0);
    expect(m['autocorrelation']).toBeCloseTo(lag / around.reduce((a, x) => a + x * x, 0), 9);
  });

  it('deflates Sharpe by the best of the trials', () => {
    const q = m['sharpe']! / Math.sqrt(252);
    const error = m['sharpeError']! / Math.sqrt(252);
    expect(m['deflatedSharpe']).toBeCloseTo(normalCdf((q - bestOfTrials(10, 0.01)) / error), 9);
  });

  it('gives efficiency from the prices while held, mirrored for a short', () => {
    // Held between 10 ticks below and 50 above the entry; out at 40.
    const row = (patch: Partial<TradeRow>): TradeViewRow =>
      tradeViewRows({
        trades: [tradeOf(patch)],
        fills: [],
        positions: [],
        manifest: { instruments: [instrumentOf('ES')] },
      })[0]!;
    for (const side of [1, -1]) {
      const one = row({ grossTicksPerContract: 40, side });
      expect(one.entryEfficiency).toBeCloseTo(50 / 60, 12);
      expect(one.exitEfficiency).toBeCloseTo(50 / 60, 12);
      expect(one.totalEfficiency).toBeCloseTo(40 / 60, 12);
      expect([one.maeMoney, one.mfeMoney, one.etd, one.etdMoney]).toEqual([-125, 625, 10, 125]);
    }
    expect(row({ maeTicks: 0, mfeTicks: 0 }).entryEfficiency).toBeNaN();
  });
});

describe('identities', () => {
  it.each([1, 2, 3])('hold on a random run to the millionth (seed %i)', (seed) => {
    const run = fixtureRun({ seed, roots: ['ES', 'NQ', 'CL'], dates: 300, tradesPerRoot: 40 });
    const m = computeMetrics(metricsInput(run));
    const net = Math.round(m['netProfit']!.value! * 1e6);
    const trades = run.trades.reduce((total, trade) => total + trade.netMicros, 0);
    const days = run.positions.reduce((total, day) => total + day.pnlMicros, 0);
    expect(trades).toBe(net);
    expect(days).toBe(net);
    const left = m['grossProfit']!.value! - m['commission']!.value! - m['exchangeFees']!.value!;
    expect(left).toBeCloseTo(m['netProfit']!.value!, 6);
    expect(m['currencyTranslation']!.value).toBe(0);
  });
});

describe('statistics', () => {
  it('knows the normal distribution', () => {
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 12);
    expect(normalCdf(-5)).toBeCloseTo(2.866515718791939e-7, 18);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 9);
  });
  it('interpolates quantiles linearly', () => {
    expect(quantileSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantileSorted([1, 2, 3, 4], 0.05)).toBeCloseTo(1.15, 12);
  });
  it('expects more of the best of many trials', () => {
    expect(bestOfTrials(1, 1)).toBe(0);
    // (1-γ)·Φ⁻¹(0.9) + γ·Φ⁻¹(1 − 1/(10e)) = 0.42278·1.28155 + 0.57722·1.78935
    expect(bestOfTrials(10, 1)).toBeCloseTo(1.5746, 3);
  });
  it('finds the lag-1 autocorrelation and no Sharpe without variation', () => {
    expect(autocorrelation([1, -1, 1, -1])).toBeCloseTo(-0.75, 12);
    expect(sharpeOf([0.01, 0.01])).toBeNaN();
  });
});
