/**
 * The probe of a strategy's honesty. Run twice over the same data it must do the same (deterministic); run on the first part
 * of the data it must do what it did there in the run on all of it (no look-ahead). The second says something only where
 * the first holds, and only where there are orders to compare.
 */
import { addDays, parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';

type ProbeRow = Readonly<Record<string, unknown>>;

/** What one run tells the probe. Trade dates as YYYY-MM-DD; rows in order of time. */
export interface ProbedRun {
  readonly from: string;
  readonly to: string;
  readonly fills: readonly ProbeRow[];
  readonly orders: readonly ProbeRow[];
  /** Hash of the event log; tells two runs apart whose orders agree. */
  readonly eventHash?: string;
}

export type ProbeCode = 'E_STRATEGY_NOT_DETERMINISTIC' | 'E_STRATEGY_LOOK_AHEAD';

/** One shorter run. */
export interface ProbeCut {
  /** Last trade date of its data. */
  readonly to: string;
  /** Compared. */
  readonly fills: number;
  readonly orders: number;
}

export interface ProbeResult {
  readonly holds: boolean;
  /** Null when it holds. */
  readonly code: ProbeCode | null;
  /** Empty when it holds. */
  readonly reason: string;
  /** False when nothing speaks against the strategy only because it did nothing that could be compared. */
  readonly isProof: boolean;
  /** Why it is no proof; empty when it is. */
  readonly doubt: string;
  readonly cuts: readonly ProbeCut[];
  /** The last cut, the one that failed if one did; the end of the whole run before the first cut. */
  readonly cutDate: string;
  readonly endDate: string;
  /** Compared in that cut. */
  readonly fills: number;
  readonly orders: number;
}

export interface ProbeOptions {
  /** Shorter runs; default 3. */
  readonly cuts?: number;
}

/** Fields that say what a strategy decided. */
const ORDER_FIELDS = ['contract', 'side', 'type', 'createdUs', 'role'] as const;
/** The last state of an order: the same only where it was last touched at the same moment, before the cut. */
const STATE_FIELDS = ['orderQty', 'limitTicks', 'stopTicks', 'status'] as const;
const FILL_FIELDS = ['contract', 'side', 'qty', 'priceTicks', 'tsUs'] as const;

/**
 * Runs twice to the end, then to several dates before it, and compares. `run(null)` is the whole span, `run(to)` the part up
 * to a trade date. The cuts lie on days on which the strategy sent orders, a quarter of its orders apart: there a look into
 * the future changes something.
 *
 * @example
 * const probe = await probeLookAhead((to) => backtest({ ...options, to }));
 */
export async function probeLookAhead(
  run: (to: string | null) => Promise<ProbedRun>,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const full = await run(null);
  const unlike = differenceOfTwins(full, await run(null));
  const cuts: ProbeCut[] = [];
  if (unlike !== null) return resultOf(full, cuts, 'E_STRATEGY_NOT_DETERMINISTIC', unlike);
  for (const to of cutDates(full, options.cuts ?? 3)) {
    const part = await run(to);
    cuts.push({ to: part.to, fills: part.fills.length, orders: part.orders.length });
    const words = [`on the data to ${part.to}`, `on the data to ${full.to}`] as const;
    const reason =
      firstDifference('order', part.orders, full.orders, ORDER_FIELDS, words) ??
      firstDifference('fill', part.fills, full.fills, FILL_FIELDS, words);
    if (reason !== null) return resultOf(full, cuts, 'E_STRATEGY_LOOK_AHEAD', reason);
  }
  return resultOf(full, cuts, null, '');
}

function resultOf(
  full: ProbedRun,
  cuts: readonly ProbeCut[],
  code: ProbeCode | null,
  reason: string,
): ProbeResult {
  const last = cuts.at(-1);
  const doubt = code === null ? doubtOf(full, cuts) : '';
  return {
    holds: code === null,
    code,
    reason,
    isProof: code === null && doubt === '',
    doubt,
    cuts,
    cutDate: last?.to ?? full.to,
    endDate: full.to,
    fills: last?.fills ?? 0,
    orders: last?.orders ?? 0,
  };
}

/** Why a probe that found nothing proves nothing. */
function doubtOf(full: ProbedRun, cuts: readonly ProbeCut[]): string {
  if (full.orders.length === 0) return 'the strategy sent no order';
  const denied = full.orders.filter((order) => order['status'] === 'Denied');
  if (denied.length === full.orders.length) {
    const [first] = denied;
    return `all ${denied.length} orders were denied, the first at ${textOf('createdUs', first!['createdUs'])} with the reason ${String(first!['reason'])}`;
  }
  if (full.fills.length === 0) return `none of ${full.orders.length} orders was filled`;
  const longest = Math.max(0, ...cuts.map((cut) => cut.orders));
  return longest === 0 ? 'no shorter run sent an order' : '';
}

/** Trade dates on which orders were sent, spread evenly over the orders; the middle of the span without any. */
function cutDates(full: ProbedRun, count: number): readonly string[] {
  const [first, last] = [parseTradeDate(full.from), parseTradeDate(full.to)];
  const middle = addDays(first, Math.floor((last - first) / 2));
  const { orders } = full;
  const days = orders
    .map((order) => Math.floor(Number(order['createdUs']) / US_PER_DAY))
    .filter((day) => day >= first && day < last);
  if (days.length === 0) return [toIsoDate(middle)];
  const dates = Array.from(
    { length: count },
    (_, k) => days[Math.floor(((k + 1) * days.length) / (count + 1))]!,
  );
  return [...new Set(dates)].map((day) => toIsoDate(day as TradeDate));
}

function differenceOfTwins(a: ProbedRun, b: ProbedRun): string | null {
  const words = ['in the first run', 'in the second'] as const;
  const [more, fewer] = a.orders.length >= b.orders.length ? [a, b] : [b, a];
  const difference =
    firstDifference('order', a.orders, b.orders, ORDER_FIELDS, words) ??
    firstDifference('fill', a.fills, b.fills, FILL_FIELDS, words);
  if (difference !== null) return difference;
  if (more.orders.length !== fewer.orders.length)
    return `one run sent ${more.orders.length} orders, the other ${fewer.orders.length}`;
  if (a.fills.length !== b.fills.length)
    return `one run had ${a.fills.length} fills, the other ${b.fills.length}`;
  return a.eventHash === b.eventHash
    ? null
    : 'orders and fills agree, the event logs do not: what the strategy modifies, cancels, notes or plots differs';
}

function firstDifference(
  what: string,
  part: readonly ProbeRow[],
  whole: readonly ProbeRow[],
  fields: readonly string[],
  words: readonly [string, string],
): string | null {
  for (const [i, row] of part.entries()) {
    const twin = whole[i];
    if (twin === undefined) return `${what} ${i + 1} (${describe(row)}) is there only ${words[0]}`;
    const isSameState = row['updatedUs'] !== undefined && row['updatedUs'] === twin['updatedUs'];
    const field = [...fields, ...(isSameState ? STATE_FIELDS : [])].find(
      (name) => !Object.is(row[name], twin[name]),
    );
    if (field !== undefined)
      return `${what} ${i + 1} differs in ${field}: ${textOf(field, row[field])} ${words[0]}, ${textOf(field, twin[field])} ${words[1]}`;
  }
  return null;
}

function describe(row: ProbeRow): string {
  const us = row['createdUs'] ?? row['tsUs'];
  return `${String(row['contract'])} at ${textOf('tsUs', us)}`;
}

/** Times as ISO UTC, everything else as it is. */
function textOf(field: string, value: unknown): string {
  return field.endsWith('Us') && typeof value === 'number' && Number.isFinite(value)
    ? toIsoUtc(value as TsUs)
    : String(value);
}
