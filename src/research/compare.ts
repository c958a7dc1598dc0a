/** Runs side by side: what differs first, one column per run, every difference against the first run. */
import { TradingError } from '../core/errors.ts';
import { METRIC_DEFS } from './metric-defs.ts';
import type { NumberKind } from './metric-defs.ts';
import type { RunData } from './run-data.ts';
import type { RunSummary } from './run-format.ts';
import { summarise } from './summary.ts';
import type { TradeRow } from './tables.ts';
import { baseNet } from './metrics.ts';

export interface CompareRow {
  readonly key: string;
  readonly label: string;
  readonly kind: NumberKind | 'text';
  readonly values: readonly (number | string | null)[];
  /** Value minus that of the baseline; null where either is undefined, and for texts. */
  readonly deltas: readonly (number | null)[];
  /** True where the 90 % intervals of run and baseline overlap; null where one has none. */
  readonly isWithinUncertainty: readonly (boolean | null)[];
  readonly isEqual: boolean;
}

/** Trades of two runs by instrument, side and entry time. Money in base units. */
export interface TradeAlignment {
  readonly both: number;
  readonly onlyA: readonly {
    readonly root: string;
    readonly side: number;
    readonly entryUs: number;
    readonly net: number;
  }[];
  readonly onlyB: readonly {
    readonly root: string;
    readonly side: number;
    readonly entryUs: number;
    readonly net: number;
  }[];
  readonly different: readonly {
    readonly root: string;
    readonly side: number;
    readonly entryUs: number;
    readonly netA: number;
    readonly netB: number;
  }[];
}

export interface Comparison {
  /** The first is the baseline. */
  readonly runs: readonly { readonly runId: string; readonly strategy: string }[];
  /** What was put in: span, data, version, policy, parameters. Rows that differ come first. */
  readonly inputs: readonly CompareRow[];
  readonly metrics: readonly CompareRow[];
  /** Daily profit since the start, in base units from zero, by trade date. */
  readonly equity: readonly { readonly tradeDate: Int32Array; readonly fromZero: Float64Array }[];
  /** For two runs only. */
  readonly trades: TradeAlignment | null;
}

/** Errors: E_COMPARE_COUNT for fewer than 2 or more than 20 runs. */
export function compareRuns(runs: readonly RunData[]): Comparison {
  if (runs.length < 2 || runs.length > 20) {
    throw new TradingError('E_COMPARE_COUNT', `${runs.length} runs cannot be compared`, {
      details: { runs: runs.length },
      rule: 'a comparison takes 2 to 20 runs',
      fix: 'name between 2 and 20 runs, for example: frontmonth compare last~1 last',
    });
  }
  const summaries = runs.map((run) => run.summary ?? summarise(run, null, { random: null }));
  return {
    runs: summaries.map(({ runId, strategy }) => ({ runId, strategy })),
    inputs: inputRows(runs).toSorted((a, b) => Number(a.isEqual) - Number(b.isEqual)),
    metrics: METRIC_DEFS.map(({ key, label, kind }) => metricRow(key, label, kind, summaries)),
    equity: runs.map((run) => ({
      tradeDate: Int32Array.from(run.equity, (point) => point.tradeDate),
      fromZero: Float64Array.from(
        run.equity,
        (point) => (point.equityMicros - run.manifest.capitalMicros) / 1e6,
      ),
    })),
    trades: runs.length === 2 ? alignTrades(runs[0]!.trades, runs[1]!.trades) : null,
  };
}

function textRow(key: string, label: string, values: readonly (string | number)[]): CompareRow {
  return {
    key,
    label,
    kind: 'text',
    values,
    deltas: values.map(() => null),
    isWithinUncertainty: values.map(() => null),
    isEqual: values.every((value) => value === values[0]),
  };
}

function inputRows(runs: readonly RunData[]): CompareRow[] {
  const of = (key: string, label: string, get: (run: RunData) => unknown): CompareRow =>
    textRow(
      key,
      label,
      runs.map((run) => textOf(get(run))),
    );
  const names = new Set(runs.flatMap((run) => Object.keys(run.manifest.params)));
  return [
    of(
      'strategy',
      'Strategy',
      ({ manifest }) => `${manifest.strategy.id} ${manifest.strategy.version}`,
    ),
    of('source', 'Strategy source', ({ manifest }) => manifest.strategy.sourceSha256?.slice(0, 12)),
    of('program', 'Program', ({ manifest }) => manifest.program.version),
    of('instruments', 'Instruments', ({ manifest }) =>
      manifest.instruments.map((one) => one.root).join(' '),
    ),
    of('span', 'Span', ({ manifest }) => `${manifest.from} to ${manifest.to}`),
    of('outOfSample', 'Out of sample from', ({ manifest }) => manifest.outOfSample),
    of('data', 'Data read', ({ manifest }) =>
      manifest.datasets.map((one) => `${one.name}@${one.checksum.slice(0, 10)}`).join(' '),
    ),
    of('fills', 'Fill policy', ({ manifest }) => manifest.fillPolicy),
    of('seed', 'Seed', ({ manifest }) => manifest.seed),
    of(
      'capital',
      'Capital',
      ({ manifest }) => `${manifest.capitalMicros / 1e6} ${manifest.currency}`,
    ),
    of('base', 'Return base', ({ manifest }) => manifest.returnBase),
    of('costs', 'Costs', ({ manifest }) => JSON.stringify(manifest.costs)),
    of('rolls', 'Roll rules', ({ manifest }) => JSON.stringify(manifest.rollRules)),
    ...[...names].map((name) => of(`param.${name}`, name, ({ manifest }) => manifest.params[name])),
  ];
}

function metricRow(
  key: string,
  label: string,
  kind: NumberKind,
  summaries: readonly RunSummary[],
): CompareRow {
  const values = summaries.map((summary) => summary.metrics[key]?.value ?? null);
  const base = values[0] ?? null;
  const ranges = summaries.map((summary) => summary.intervals90[key]);
  return {
    key,
    label,
    kind,
    values,
    deltas: values.map((value) => (value === null || base === null ? null : value - base)),
    isWithinUncertainty: ranges.map((range) => overlap(range, ranges[0])),
    isEqual: values.every((value) => value === base),
  };
}

type Range = RunSummary['intervals90'][string] | undefined;
function overlap(a: Range, b: Range): boolean | null {
  if (a === undefined || b === undefined) return null;
  if (a.low === null || a.high === null || b.low === null || b.high === null) return null;
  return a.low <= b.high && b.low <= a.high;
}

function alignTrades(a: readonly TradeRow[], b: readonly TradeRow[]): TradeAlignment {
  const keyOf = (trade: TradeRow): string => `${trade.root} ${trade.side} ${trade.entryUs}`;
  const inB = new Map(b.map((trade) => [keyOf(trade), trade]));
  const inA = new Set(a.map(keyOf));
  const brief = (
    trade: TradeRow,
  ): { root: string; side: number; entryUs: number; net: number } => ({
    root: trade.root,
    side: trade.side,
    entryUs: trade.entryUs,
    net: baseNet(trade),
  });
  const common = a.filter((trade) => inB.has(keyOf(trade)));
  return {
    both: common.length,
    onlyA: a.filter((trade) => !inB.has(keyOf(trade))).map(brief),
    onlyB: b.filter((trade) => !inA.has(keyOf(trade))).map(brief),
    different: common
      .map((trade) => ({
        root: trade.root,
        side: trade.side,
        entryUs: trade.entryUs,
        netA: baseNet(trade),
        netB: baseNet(inB.get(keyOf(trade))!),
      }))
      .filter((one) => one.netA !== one.netB),
  };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
