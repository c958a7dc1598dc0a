/** In-sample and out-of-sample: the same figures of two parts of one run, and the spans that charts shade. */
import { parseTradeDate } from '../core/trade-date.ts';
import type { MetricsInput } from './metrics.ts';
import { computeMetrics } from './metrics.ts';
import type { Metrics, RunManifest, SampleFigures } from './run-format.ts';

/** Figures that a part of a run has of its own: those of its dates and of the trades entered in it. */
export const SAMPLE_KEYS: readonly string[] = [
  'netProfit',
  'totalReturn',
  'cagr',
  'annualReturn',
  'volatility',
  'sharpe',
  'sharpeError',
  'sortino',
  'maxDrawdown',
  'maxDrawdownShare',
  'drawdownDates',
  'calmar',
  'winningDates',
  'closedTrades',
  'hitRate',
  'profitFactor',
  'payoff',
  'expectancy',
  'tradeT',
];

/**
 * Splits a run at a trade date. Null where one of the parts would have no trade date.
 * Units: `from` in days since 1970-01-01; `from` itself belongs to the second part.
 */
export function sampleFigures(
  input: MetricsInput,
  outOfSampleFrom: string | null,
): SampleFigures | null {
  if (outOfSampleFrom === null) return null;
  const from = parseTradeDate(outOfSampleFrom);
  const before = input.equity.filter((point) => point.tradeDate < from);
  const last = before.at(-1);
  if (last === undefined || before.length === input.equity.length) return null;
  return {
    outOfSampleFrom,
    inSample: partOf(input, (date) => date < from, 0),
    outOfSample: partOf(input, (date) => date >= from, last.equityMicros - input.capitalMicros),
  };
}

/** `gainMicros` is what the run had earned before the part. */
function partOf(
  input: MetricsInput,
  has: (tradeDate: number) => boolean,
  gainMicros: number,
): Metrics {
  const isFixed = input.returnBase === 'fixed';
  // A fixed base stays the base of every part: its equity then starts at the capital again.
  const shift = isFixed ? gainMicros : 0;
  const figures = computeMetrics({
    equity: input.equity
      .filter((point) => has(point.tradeDate))
      .map((point) => ({
        ...point,
        equityMicros: point.equityMicros - shift,
        lowEquityMicros: point.lowEquityMicros - shift,
      })),
    trades: input.trades.filter((trade) => has(trade.entryTradeDate)),
    // Costs and exposure are not split.
    fills: [],
    rolls: [],
    instruments: input.instruments,
    ...(input.rates === undefined ? {} : { rates: input.rates }),
    capitalMicros: input.capitalMicros + gainMicros - shift,
    returnBase: input.returnBase,
  });
  return Object.fromEntries(SAMPLE_KEYS.map((key) => [key, figures[key]!]));
}

/** A span of trade dates as days since 1970-01-01, both ends in. */
export interface RunSpan {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

/** What the run itself says about its dates: the warm-up before them, and what is out of sample. */
export function spansOf(manifest: RunManifest): readonly RunSpan[] {
  const spans: RunSpan[] = [];
  const [first, last] = [parseTradeDate(manifest.from), parseTradeDate(manifest.to)];
  const { warmUp, outOfSample } = manifest;
  if (warmUp !== undefined && warmUp !== null) {
    const to = warmUp.until === null ? last : parseTradeDate(warmUp.until) - 1;
    const from = parseTradeDate(warmUp.from);
    if (to >= from) spans.push({ label: 'warm-up', from, to });
  }
  if (outOfSample !== undefined && outOfSample !== null) {
    const from = Math.max(first, parseTradeDate(outOfSample));
    if (from <= last) spans.push({ label: 'out of sample', from, to: last });
  }
  return spans;
}

/** Label of the title block: which side of the out-of-sample date the run lies on; null where none was named. */
export function sampleLabel(
  manifest: Pick<RunManifest, 'from' | 'to' | 'outOfSample'>,
): string | null {
  const { from, to, outOfSample } = manifest;
  if (outOfSample === undefined || outOfSample === null) return null;
  if (outOfSample > to) return 'IN-SAMPLE';
  return outOfSample <= from ? 'OUT OF SAMPLE' : `OUT OF SAMPLE FROM ${outOfSample}`;
}
