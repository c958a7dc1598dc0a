/** Indicators: each as a class that a series feeds bar by bar, and as a function over whole columns with the same results. */
export { Ema, ema, Rma, rma, Sma, sma, Wma, wma } from './averages.ts';
export type {
  HighLow,
  HighLowVolume,
  SessionBars,
  SessionOf,
  SessionVolumeBars,
  Source,
  SourceOptions,
} from './base.ts';
export { CrossOver, crossOver } from './cross.ts';
export type { Line } from './cross.ts';
export { Adx, adx, Cci, cci, Macd, macd, Rsi, rsi, Stochastic, stochastic } from './oscillators.ts';
export type {
  AdxColumns,
  MacdColumns,
  MacdOptions,
  StochasticColumns,
  StochasticOptions,
} from './oscillators.ts';
export {
  Atr,
  atr,
  Donchian,
  donchian,
  Highest,
  highest,
  Keltner,
  keltner,
  Lowest,
  lowest,
} from './ranges.ts';
export type { ChannelColumns, KeltnerOptions } from './ranges.ts';
export { OpeningRange, openingRange, PivotPoints, pivotPoints } from './sessions.ts';
export type {
  OpeningRangeColumns,
  OpeningRangeOptions,
  PivotColumns,
  PivotKind,
  PivotOptions,
} from './sessions.ts';
export {
  Bollinger,
  bollinger,
  ChangeStdev,
  changeStdev,
  PercentileRank,
  percentileRank,
  RealisedVolatility,
  realisedVolatility,
  RegressionSlope,
  regressionSlope,
  RollingDeviation,
  rollingDeviation,
  ZScore,
  zScore,
} from './statistics.ts';
export type {
  BollingerColumns,
  BollingerOptions,
  DeviationKind,
  DeviationOptions,
  RealisedVolatilityOptions,
  RegressionColumns,
  ReturnKind,
} from './statistics.ts';
export {
  AnchoredVwap,
  anchoredVwap,
  Obv,
  obv,
  SessionVwap,
  sessionVwap,
  VolumeProfile,
  volumeProfile,
} from './volume.ts';
export type {
  AnchoredVwapOptions,
  ProfileColumns,
  ProfileSpread,
  SessionVwapOptions,
  VolumeProfileOptions,
  VwapColumns,
  VwapPrice,
} from './volume.ts';
