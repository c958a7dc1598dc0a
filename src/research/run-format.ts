/**
 * The run folder on disk: what a run writes and every reader (report, tables, compare, rerun) reads.
 *
 * ```
 * runs/<run id>/
 *   manifest.json    what ran on what: versions, checksums, parameters, seed, hash
 *   summary.json     envelope `frontmonth.run-summary/1`
 *   journal.jsonl    event log; its SHA-256 is `eventHash`
 *   orders.arrow fills.arrow trades.arrow positions.arrow equity.arrow rolls.arrow ambiguities.arrow plots.arrow
 *   issues.json      data problems, denials and rejects, by code with counts and the first twenty of each
 *   programme.json   of a run under a programme: its rules, how the account ended; marks.arrow: the path without it
 *   report.html      written by `report` and by `backtest`
 * ```
 * Money in files is integer millionths with a currency; prices are grid counts with the tick size beside them; times are
 * microseconds UTC in JSON columns named `…Us` and `timestamp[us, UTC]` in Arrow.
 */
import type { BarInterval } from '../core/bars.ts';
import type { ParamDef } from '../core/strategy.ts';
import type { Imitation } from '../sim/imitations/profiles.ts';

export const RUN_SCHEMA = 'frontmonth.run/1';
export const SUMMARY_SCHEMA = 'frontmonth.run-summary/1';

export type RunOutcome = 'completed' | 'stopped' | 'strategy-error' | 'failed';
export type FillPolicy =
  | 'pessimistic'
  | 'optimistic'
  | 'ohlc'
  | 'olhc'
  | 'nearest'
  | 'close-direction'
  | 'seeded'
  | 'drilldown'
  | Imitation;

/** A product as far as tables and the report need it. */
export interface RunInstrument {
  readonly root: string;
  readonly name: string;
  readonly currency: string;
  readonly tickSize: number;
  readonly decimals: number;
  /** Whole currency units. */
  readonly tickValue: number;
  readonly multiplier: number;
  readonly zone: string;
  readonly sessionGroup: string;
}

export interface RunDataset {
  readonly name: string;
  /** SHA-256 over the manifest's segment checksums that this run read. */
  readonly checksum: string;
  readonly isSynthetic: boolean;
  readonly intervals: readonly BarInterval[];
  readonly volume: 'known' | 'unknown' | 'placeholder';
  readonly stamps: 'instants' | 'labels';
  readonly isOnGrid: boolean;
  readonly source: string;
}

export interface RunCosts {
  /** Per contract and side, whole units of the instrument's currency. */
  readonly commissionPerSide: number;
  readonly exchangeFeePerSide: number;
  readonly slippageTicks: number;
}

export interface RunManifest {
  readonly schema: typeof RUN_SCHEMA;
  readonly runId: string;
  readonly createdUtc: string;
  readonly outcome: RunOutcome;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly where: string | null;
  } | null;
  readonly program: { readonly name: 'frontmonth'; readonly version: string };
  readonly strategy: {
    readonly id: string;
    readonly version: string;
    readonly description: string;
    /** As given: built-in name or path relative to the project. */
    readonly file: string;
    readonly sourceSha256: string | null;
    readonly paramSchema: Readonly<Record<string, ParamDef>>;
  };
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly instruments: readonly RunInstrument[];
  readonly datasets: readonly RunDataset[];
  readonly from: string;
  readonly to: string;
  /**
   * Trade dates: of the first bar, and the first one on which every series had its warm-up (null: never in this run).
   * Null where no series asked for one; absent in runs before this field.
   */
  readonly warmUp?: { readonly from: string; readonly until: string | null } | null;
  /** First trade date that the strategy was not fitted on, as the user says; null when nothing was said. */
  readonly outOfSample?: string | null;
  readonly seed: number;
  readonly fillPolicy: FillPolicy;
  readonly capitalMicros: number;
  readonly currency: string;
  readonly returnBase: 'equity' | 'fixed';
  readonly costs: Readonly<Record<string, RunCosts>>;
  readonly rollRules: Readonly<Record<string, string>>;
  readonly adjustments: Readonly<Record<string, string>>;
  readonly executionIntervals: Readonly<Record<string, string>>;
  /** What orders matched on, by root; absent where that was bars. The settings of the venue stand in `config.venue`. */
  readonly matching?: Readonly<Record<string, string>>;
  readonly eventHash: string;
  readonly events: number;
  readonly bars: number;
  /** Excluded from every comparison of runs. */
  readonly wallSeconds: number;
  readonly command: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
}

/** A ratio or figure; null always comes with a reason. */
export interface Figure {
  readonly value: number | null;
  readonly reason?: string;
}
/** The figures of user-facing tables; names as in docs/reference/metrics.md. Money in whole base currency units. */
export type Metrics = Readonly<Record<string, Figure>>;

/**
 * Dates belong to the part that they lie in; a trade to the part in which it was entered. Percentages of the second part are
 * of the equity at its start.
 */
export interface SampleFigures {
  /** First trade date of the second part, as named; not always a trade date of the run. */
  readonly outOfSampleFrom: string;
  readonly inSample: Metrics;
  readonly outOfSample: Metrics;
}

export interface RunSummary {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly isSynthetic: boolean;
  readonly strategy: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly instruments: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly capitalMicros: number;
  readonly returnBase: 'equity' | 'fixed';
  readonly fillPolicy: FillPolicy;
  readonly verdict: string;
  /** Of the headline policy (pessimistic by default). */
  readonly metrics: Metrics;
  /** Of the optimistic re-simulation; null when it was not run. */
  readonly optimistic: Metrics | null;
  /**
   * Of the same run with every message of the strategy one execution bar late; null when it was not simulated. Runs
   * before this field lack it.
   */
  readonly oneBarLater?: Metrics | null;
  /** Apart before and from the out-of-sample date; null where the run has one part only, or none was named. */
  readonly samples?: SampleFigures | null;
  readonly intervals90: Readonly<
    Record<string, { readonly low: number | null; readonly high: number | null }>
  >;
  readonly trades: { readonly closed: number; readonly open: number; readonly ambiguous: number };
  readonly ambiguity: {
    readonly groups: number;
    readonly atStakeMicros: number;
    readonly isBarResolutionSensitive: boolean;
    /** Net profit with every ambiguous group against us and for us; runs of other policies than `pessimistic`. */
    readonly bounds?: { readonly worst: number; readonly best: number };
    /** With `seeded`: net profit over that many draws, nearest ranks. */
    readonly seeded?: {
      readonly runs: number;
      readonly p05: number;
      readonly p25: number;
      readonly p50: number;
      readonly p75: number;
      readonly p95: number;
    };
  };
  readonly rolls: {
    readonly chains: number;
    readonly positions: number;
    readonly costMicros: number;
  };
  readonly orders: {
    readonly submitted: number;
    readonly filled: number;
    readonly denied: Readonly<Record<string, number>>;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly eventHash: string;
  readonly bars: number;
}
