/** Entry `frontmonth/research`: backtests, runs, figures and reports. */
export type { BacktestOptions, BacktestOutcome, RerunOutcome } from './backtest.ts';
export { rerunRun, runBacktest, TABLE_STORE } from './backtest.ts';
export type { BacktestRun, ShortBacktestOptions } from './short-backtest.ts';
export { backtest } from './short-backtest.ts';
export { openCalendars, readCalendarFiles } from './calendar-files.ts';
export { compareRuns } from './compare.ts';
export type {
  ContinuousSeries,
  ContinuousSeriesOptions,
  SavedSeries,
  SaveOptions,
} from './continuous-series.ts';
export { readContinuousSeries, saveContinuousSeries } from './continuous-series.ts';
export { RESEARCH_ERRORS } from './errors.ts';
export { computeMetrics } from './metrics.ts';
export { METRIC_DEFS } from './metric-defs.ts';
export type { ProgrammeAnswer, ProgrammeRun } from './programme-run.ts';
export { judgeRun } from './programme-run.ts';
export { parseProgramme, readProgramme } from './programme.ts';
export type {
  AccountMark,
  EvaluatorOptions,
  ProgrammeState,
  ProgrammeView,
} from '../core/programme/evaluator.ts';
export { ProgrammeEvaluator } from '../core/programme/evaluator.ts';
export type { Programme, ProgrammeDecision, ProgrammeRule } from '../core/programme/programme.ts';
export { renderReport } from './report/render.ts';
export type { ProbedRun, ProbeResult } from './look-ahead.ts';
export { probeLookAhead } from './look-ahead.ts';
export type { RunData } from './run-data.ts';
export type { Figure, Metrics, RunManifest, RunSummary, SampleFigures } from './run-format.ts';
export { listRuns, readRun, resolveRun } from './run-store.ts';
export { summarise } from './summary.ts';
export * from './frames/index.ts';
