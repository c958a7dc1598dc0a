/** A run in memory, however it came there: from a recorder, from its folder, or from a test. */
import type { StoredTable, TableDef, RowOf } from './columns.ts';
import { emptyTable, toRows } from './columns.ts';
import type { IssueGroup } from './recorder.ts';
import type { RunInstrument, RunManifest, RunSummary } from './run-format.ts';
import type {
  AmbiguityRow,
  EquityRow,
  FillRow,
  LevelRow,
  OrderRow,
  PlotRow,
  PositionRow,
  RollRow,
  RunTableName,
  TradeRow,
} from './tables.ts';
import { RUN_TABLES } from './tables.ts';

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

/** Rows decode on first access. */
export interface RunData {
  readonly dir: string | null;
  readonly manifest: RunManifest;
  readonly summary: RunSummary | null;
  readonly issues: readonly IssueGroup[];
  readonly orders: readonly OrderRow[];
  readonly levels: readonly LevelRow[];
  readonly fills: readonly FillRow[];
  readonly trades: readonly TradeRow[];
  readonly positions: readonly PositionRow[];
  readonly equity: readonly EquityRow[];
  readonly rolls: readonly RollRow[];
  readonly ambiguities: readonly AmbiguityRow[];
  readonly plots: readonly PlotRow[];
  readonly prices: readonly PriceTape[];
  readonly optimistic: BoundData | null;
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
}

export function toRunData(input: RunDataInput): RunData {
  const rows = new LazyRows(input.tables);
  const bound = input.optimistic ?? null;
  return {
    dir: input.dir ?? null,
    manifest: input.manifest,
    summary: input.summary ?? null,
    issues: input.issues ?? [],
    prices: input.prices ?? [],
    optimistic: bound === null ? null : new LazyRows(bound),
    get orders() {
      return rows.orders;
    },
    get levels() {
      return rows.levels;
    },
    get fills() {
      return rows.fills;
    },
    get trades() {
      return rows.trades;
    },
    get positions() {
      return rows.positions;
    },
    get equity() {
      return rows.equity;
    },
    get rolls() {
      return rows.rolls;
    },
    get ambiguities() {
      return rows.ambiguities;
    },
    get plots() {
      return rows.plots;
    },
  };
}

class LazyRows implements BoundData {
  readonly #tables: Readonly<Partial<Record<RunTableName, StoredTable>>>;
  readonly #rows: Map<RunTableName, readonly unknown[]> = new Map();

  constructor(tables: Readonly<Partial<Record<RunTableName, StoredTable>>>) {
    this.#tables = tables;
  }

  get orders(): readonly OrderRow[] {
    return this.#decode('orders');
  }
  get levels(): readonly LevelRow[] {
    return this.#decode('levels');
  }
  get fills(): readonly FillRow[] {
    return this.#decode('fills');
  }
  get trades(): readonly TradeRow[] {
    return this.#decode('trades');
  }
  get positions(): readonly PositionRow[] {
    return this.#decode('positions');
  }
  get equity(): readonly EquityRow[] {
    return this.#decode('equity');
  }
  get rolls(): readonly RollRow[] {
    return this.#decode('rolls');
  }
  get ambiguities(): readonly AmbiguityRow[] {
    return this.#decode('ambiguities');
  }
  get plots(): readonly PlotRow[] {
    return this.#decode('plots');
  }

  #decode<N extends RunTableName>(name: N): readonly RowOf<(typeof RUN_TABLES)[N]>[] {
    const known = this.#rows.get(name);
    if (known !== undefined) return known as readonly RowOf<(typeof RUN_TABLES)[N]>[];
    const def: TableDef = RUN_TABLES[name];
    const rows = toRows(this.#tables[name] ?? emptyTable(def), def);
    this.#rows.set(name, rows);
    return rows as readonly RowOf<(typeof RUN_TABLES)[N]>[];
  }
}

export function instrumentsByRoot(manifest: RunManifest): ReadonlyMap<string, RunInstrument> {
  return new Map(manifest.instruments.map((instrument) => [instrument.root, instrument]));
}
