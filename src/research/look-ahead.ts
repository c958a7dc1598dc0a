/** The look-ahead probe: a run on the first part of the data must be the first part of the run on all of it. */
import { addDays, parseTradeDate, toIsoDate } from '../core/trade-date.ts';

type ProbeRow = Readonly<Record<string, unknown>>;

/** What one run tells the probe. Trade dates as YYYY-MM-DD; rows in order of time. */
export interface ProbedRun {
  readonly from: string;
  readonly to: string;
  readonly fills: readonly ProbeRow[];
  readonly orders: readonly ProbeRow[];
}

export interface ProbeResult {
  readonly holds: boolean;
  /** Empty when it holds. */
  readonly reason: string;
  readonly cutDate: string;
  readonly endDate: string;
  /** Compared. */
  readonly fills: number;
  readonly orders: number;
}

/** Fields that say what a strategy decided. An order's last state is not among them: it may change after the cut. */
const ORDER_FIELDS = ['contract', 'side', 'type', 'orderQty', 'createdUs', 'role'] as const;
const FILL_FIELDS = ['contract', 'side', 'qty', 'priceTicks', 'tsUs'] as const;

/**
 * Runs once to the end and once to the middle, and compares. `run(null)` is the whole span.
 *
 * @example
 * const probe = await probeLookAhead((to) => backtest({ ...options, to }));
 */
export async function probeLookAhead(
  run: (to: string | null) => Promise<ProbedRun>,
): Promise<ProbeResult> {
  const full = await run(null);
  const [first, last] = [parseTradeDate(full.from), parseTradeDate(full.to)];
  const cut = await run(toIsoDate(addDays(first, Math.floor((last - first) / 2))));
  const reason =
    firstDifference('order', cut.orders, full.orders, ORDER_FIELDS) ??
    firstDifference('fill', cut.fills, full.fills, FILL_FIELDS);
  return {
    holds: reason === null,
    reason: reason ?? '',
    cutDate: cut.to,
    endDate: full.to,
    fills: cut.fills.length,
    orders: cut.orders.length,
  };
}

function firstDifference(
  what: string,
  part: readonly ProbeRow[],
  whole: readonly ProbeRow[],
  fields: readonly string[],
): string | null {
  for (const [i, row] of part.entries()) {
    const twin = whole[i];
    if (twin === undefined) return `${what} ${i + 1} of the shorter run is not in the longer one`;
    const field = fields.find((name) => !Object.is(row[name], twin[name]));
    if (field !== undefined)
      return `${what} ${i + 1} differs in ${field}: ${String(row[field])} on the shorter data, ${String(twin[field])} on the longer`;
  }
  return null;
}
