/** The summary of a run: what `summary.json` holds, the terminal prints and the report repeats number by number. */
import type { RandomSource } from '../core/ports.ts';
import type { BootstrapIntervals } from './bootstrap.ts';
import { bootstrapIntervals } from './bootstrap.ts';
import { toDailySeries } from './daily.ts';
import type { MetricsInput } from './metrics.ts';
import { baseMicros, computeMetrics, TOO_FEW_DATES, yearsOf } from './metrics.ts';
import { roundHalfEven } from '../core/units.ts';
import type { RunData } from './run-data.ts';
import { instrumentsByRoot } from './run-data.ts';
import type { Figure, Metrics, RunSummary } from './run-format.ts';
import { sampleFigures } from './samples.ts';
import { isBarResolutionSensitive, verdictOf } from './verdict.ts';

export interface SummaryOptions {
  /** For the bootstrap; without one the intervals are null. Seed it with the seed of the run. */
  readonly random: RandomSource | null;
  readonly draws?: number;
  readonly search?: { readonly trials: number; readonly variance: number };
  /** The same run with every message one execution bar late, or why there is none. */
  readonly oneBarLater?: RunData | string;
  /** Net profits of the other policies, where they were simulated. */
  readonly bounds?: RunSummary['ambiguity']['bounds'];
  readonly seeded?: RunSummary['ambiguity']['seeded'];
}

/** `optimistic` is the same run with every ambiguous group resolved for us. */
export function summarise(
  run: RunData,
  optimistic: RunData | null,
  options: SummaryOptions,
): RunSummary {
  const { manifest } = run;
  const late = options.oneBarLater;
  const oneBarLater =
    late === undefined || typeof late === 'string' ? null : metricsOf(late, options, NO_THIRD_RUN);
  const lateNet = lateNetOf(oneBarLater, late);
  const metrics = metricsOf(run, options, lateNet);
  const bound = optimistic === null ? null : metricsOf(optimistic, options, NO_THIRD_RUN);
  const intervals = intervalsOf(run, options);
  const closed = run.trades.filter((trade) => !trade.isOpen);
  const ambiguous = closed.filter((trade) => trade.isAmbiguous).length;
  const open = run.trades.length - closed.length;
  return {
    runId: manifest.runId,
    outcome: manifest.outcome,
    isSynthetic: manifest.datasets.some((dataset) => dataset.isSynthetic),
    strategy: manifest.strategy.id,
    params: manifest.params,
    instruments: manifest.instruments.map((instrument) => instrument.root),
    from: manifest.from,
    to: manifest.to,
    currency: manifest.currency,
    capitalMicros: manifest.capitalMicros,
    returnBase: manifest.returnBase,
    fillPolicy: manifest.fillPolicy,
    verdict: verdictOf({
      currency: manifest.currency,
      fillPolicy: manifest.fillPolicy,
      metrics,
      optimistic: bound,
      ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
      sharpeInterval: intervals?.sharpe ?? { low: null, high: null },
      closed: closed.length,
      open,
      ambiguous,
      bars: manifest.bars,
    }),
    metrics,
    optimistic: bound,
    oneBarLater,
    samples: sampleFigures(metricsInput(run), manifest.outOfSample ?? null),
    intervals90: intervals === null ? {} : { ...intervals },
    trades: { closed: closed.length, open, ambiguous },
    ambiguity: {
      groups: run.ambiguities.length,
      atStakeMicros: stakeOf(run),
      isBarResolutionSensitive: isBarResolutionSensitive(metrics, bound, options.bounds),
      ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
      ...(options.seeded === undefined ? {} : { seeded: options.seeded }),
    },
    rolls: rollsOf(run),
    orders: ordersOf(run),
    warnings: run.issues
      .filter((group) => group.severity !== 'info')
      .map((group) => ({
        code: group.code,
        message: `${group.first[0]?.message ?? group.code}${group.count > 1 ? ` (${group.count} times)` : ''}`,
      })),
    eventHash: manifest.eventHash,
    bars: manifest.bars,
  };
}

/** The input of the metrics, from a run. */
export function metricsInput(run: RunData): MetricsInput {
  return {
    equity: run.equity,
    trades: run.trades,
    fills: run.fills,
    rolls: run.rolls,
    instruments: run.manifest.instruments,
    rates: ratesOf(run),
    capitalMicros: run.manifest.capitalMicros,
    returnBase: run.manifest.returnBase,
  };
}

/** The delayed run stands beside the headline policy only. */
const NO_THIRD_RUN: Figure = { value: null, reason: 'simulated for the headline policy only' };

function lateNetOf(late: Metrics | null, given: SummaryOptions['oneBarLater']): Figure {
  if (late !== null) return late['netProfit']!;
  return { value: null, reason: typeof given === 'string' ? given : 'not simulated' };
}

function metricsOf(run: RunData, options: SummaryOptions, oneBarLater: Figure): Metrics {
  return computeMetrics({
    ...metricsInput(run),
    oneBarLater,
    ...(options.search === undefined ? {} : { search: options.search }),
  });
}

/** The last rate of each root to the base currency. */
export function ratesOf(run: RunData): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const trade of run.trades) rates.set(trade.root, trade.rate);
  for (const day of run.positions) rates.set(day.root, day.rate);
  return rates;
}

function intervalsOf(run: RunData, options: SummaryOptions): BootstrapIntervals | null {
  if (options.random === null) return null;
  const daily = toDailySeries(run.equity, run.manifest);
  // From so few dates an interval is narrow because nothing is known.
  if (daily.length < TOO_FEW_DATES) return null;
  return bootstrapIntervals({
    returns: daily.returns,
    pnl: daily.pnl,
    capital: daily.capital,
    returnBase: daily.returnBase,
    years: yearsOf(daily),
    random: options.random,
    ...(options.draws === undefined ? {} : { draws: options.draws }),
  });
}

function stakeOf(run: RunData): number {
  const instruments = instrumentsByRoot(run.manifest);
  const rates = ratesOf(run);
  let total = 0;
  for (const group of run.ambiguities) {
    const tickValue = instruments.get(group.root)?.tickValue ?? 0;
    const micros = roundHalfEven(group.stakeTicks * group.qty * tickValue * 1e6);
    total += baseMicros(micros, rates.get(group.root) ?? 1);
  }
  return total;
}

function rollsOf(run: RunData): RunSummary['rolls'] {
  const rates = ratesOf(run);
  const held = run.rolls.filter((roll) => roll.netQty !== 0);
  return {
    chains: run.rolls.length,
    positions: held.length,
    costMicros: held.reduce(
      (total, roll) => total + baseMicros(roll.costMicros, rates.get(roll.root) ?? 1),
      0,
    ),
  };
}

function ordersOf(run: RunData): RunSummary['orders'] {
  const denied: Record<string, number> = {};
  const rejected: Record<string, number> = {};
  let filled = 0;
  for (const order of run.orders) {
    const reason = order.reason === '' ? 'unspecified' : order.reason;
    if (order.status === 'Denied') denied[reason] = (denied[reason] ?? 0) + 1;
    if (order.status === 'Rejected') rejected[reason] = (rejected[reason] ?? 0) + 1;
    if (order.cumQty > 0) filled += 1;
  }
  return { submitted: run.orders.length, filled, denied, rejected };
}
