/** A run in memory, however it came there: from a recorder, from its folder, or from a test. */
import type { ProgrammeRun } from './programme-run.ts';
import type { StoredTable, TableDef, RowOf } from './columns.ts';
import { emptyTable, toRows } from './columns.ts';
import type { IssueGroup } from './recorder.ts';
import type { RunInstrument, RunManifest, RunSummary } from './run-format.ts';
import type { EquityRow, RunTableName, TradeRow } from './tables.ts';
import { RUN_TABLE_NAMES, RUN_TABLES } from './tables.ts';

/**
 * Bars behind the price chart: raw contract prices of the front chain, in counts of the tick.
 * Shapes: all columns have one row per bar, sorted by time. `contracts[i]` holds from bar `fromBar` on.
 */
export interface PriceTape {
  readonly root: string;
  readonly interval: string;
  readonly decimals: number;
  readonly tickSize: number;
  readonly closeUs: Float64Array;
  readonly open: Int32Array | Float64Array;
  readonly high: Int32Array | Float64Array;
  readonly low: Int32Array | Float64Array;
  readonly close: Int32Array | Float64Array;
  readonly contracts: readonly { readonly fromBar: number; readonly contract: string }[];
}

/** What is kept of the re-simulation with the other bound. */
export interface BoundData {
  readonly equity: readonly EquityRow[];
  readonly trades: readonly TradeRow[];
}

/** The rows of every table by its name: `run.orders`, `run.fills`. They decode on first access. */
export type RunRows = {
  readonly [N in RunTableName]: readonly RowOf<(typeof RUN_TABLES)[N]>[];
};

export interface RunData extends RunRows {
  readonly dir: string | null;
  readonly manifest: RunManifest;
  readonly summary: RunSummary | null;
  readonly issues: readonly IssueGroup[];
  readonly prices: readonly PriceTape[];
  readonly optimistic: BoundData | null;
  /** Null where the run was not under a programme. */
  readonly programme: ProgrammeRun | null;
}

export interface RunDataInput {
  readonly dir?: string | null;
  readonly manifest: RunManifest;
  readonly summary?: RunSummary | null;
  readonly issues?: readonly IssueGroup[];
  /** A missing table reads as empty. */
  readonly tables: Readonly<Partial<Record<RunTableName, StoredTable>>>;
  readonly prices?: readonly PriceTape[];
  /** Tables of the optimistic run; equity and trades are enough. */
  readonly optimistic?: Readonly<Partial<Record<RunTableName, StoredTable>>> | null;
  readonly programme?: ProgrammeRun | null;
}

export function toRunData(input: RunDataInput): RunData {
  const bound = input.optimistic ?? null;
  return withRows(
    {
      dir: input.dir ?? null,
      manifest: input.manifest,
      summary: input.summary ?? null,
      issues: input.issues ?? [],
      prices: input.prices ?? [],
      programme: input.programme ?? null,
      optimistic: bound === null ? null : withRows({}, bound),
    },
    input.tables,
  );
}

/** Adds a getter for every table; a table that is never asked for is never decoded. */
function withRows<T extends object>(
  target: T,
  tables: Readonly<Partial<Record<RunTableName, StoredTable>>>,
): T & RunRows {
  for (const name of RUN_TABLE_NAMES) {
    const def: TableDef = RUN_TABLES[name];
    let rows: readonly unknown[] | null = null;
    Object.defineProperty(target, name, {
      enumerable: true,
      get: () => (rows ??= toRows(tables[name] ?? emptyTable(def), def)),
    });
  }
  return target as T & RunRows;
}

export function instrumentsByRoot(manifest: RunManifest): ReadonlyMap<string, RunInstrument> {
  return new Map(manifest.instruments.map((instrument) => [instrument.root, instrument]));
}
