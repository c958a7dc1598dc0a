/** What the reader of a run must know about its data before believing it: unknown volume, prices between ticks. */
import type { RunIssue } from '../core/run-events.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { MICROS_PER_UNIT } from '../core/units.ts';
import type { DatasetManifest } from '../data/manifest.ts';
import type { StoredTable } from './columns.ts';
import { toRows } from './columns.ts';
import type { RunPlan } from './plan.ts';
import type { IssueGroup } from './recorder.ts';
import type { RunCosts } from './run-format.ts';
import { FILL_COLUMNS } from './tables.ts';

/** What binary fractions leave of a whole number of ticks. */
export const TICK_NOISE = 1e-6;

/** Issue groups for the summary and the report, after those that the run itself recorded. */
export function dataNotes(
  plan: RunPlan,
  manifest: DatasetManifest,
  fills: StoredTable,
  costs: Readonly<Record<string, RunCosts>>,
  missing: { readonly dates: readonly TradeDate[]; readonly of: number } | null,
): IssueGroup[] {
  const notes = plan.notes.map((note) =>
    group(note.code, note.code.startsWith('N_') ? 'info' : 'warning', note.message),
  );
  if (manifest.volume !== 'known') {
    const message = `${manifest.name} has ${manifest.volume} volume: orders fill in full whatever their size`;
    notes.push(group('W_VOLUME_UNKNOWN', 'warning', message));
  }
  if (missing !== null && missing.dates.length >= missing.of * MANY_DATES)
    notes.push(emptyDates(missing));
  if (manifest.stamps === 'labels') {
    const message = `times of ${manifest.name} are ordered labels, not instants: dates and the order of rows hold, times of day do not, and every row is a sample of one price`;
    notes.push(group('W_STAMPS_LABELS', 'warning', message));
  }
  const rounded = roundedFills(plan, fills);
  if (rounded !== null) notes.push(rounded);
  const cut = cutSlippage(plan, fills, costs);
  if (cut !== null) notes.push(cut);
  return notes;
}

/** Holidays that a calendar of labels does not know are fewer than this. */
const MANY_DATES = 0.1;

/** The dates stay in the run: a position may be held over them. But ratios over dates then say little. */
function emptyDates({
  dates,
  of,
}: {
  readonly dates: readonly TradeDate[];
  readonly of: number;
}): IssueGroup {
  const [first, last] = [toIsoDate(dates[0]!), toIsoDate(dates.at(-1)!)];
  const message = `on ${dates.length} of ${of} trade dates no product has a bar (${first} to ${last}): they count as dates without a return in Sharpe, volatility and every figure over dates`;
  return group('W_DATES_EMPTY', 'warning', message);
}

/** Market and stop fills whose slippage the range of their bar cut short: an optimism that must be seen. */
function cutSlippage(
  plan: RunPlan,
  fills: StoredTable,
  costs: Readonly<Record<string, RunCosts>>,
): IssueGroup | null {
  const specs = new Map(plan.table.instruments.map((spec) => [spec.root, spec]));
  const aggressive = toRows(fills, FILL_COLUMNS).filter(
    (fill) =>
      plan.matching[fill.root] === 'bars' &&
      !fill.orderType.includes('limit') &&
      !Number.isNaN(fill.slippageTicks),
  );
  const missing = new Map<string, number>();
  let count = 0;
  for (const { root, slippageTicks, qty } of aggressive) {
    const short = (costs[root]?.slippageTicks ?? 0) - slippageTicks;
    if (!(short > TICK_NOISE)) continue;
    count += 1;
    const { currency, countValue } = specs.get(root)!;
    const micros = (short * qty * countValue.num) / countValue.den;
    missing.set(currency, (missing.get(currency) ?? 0) + micros);
  }
  if (count === 0) return null;
  const sums = [...missing].map(
    ([currency, micros]) => `${(micros / MICROS_PER_UNIT).toFixed(2)} ${currency}`,
  );
  const message = `${count} of ${aggressive.length} market and stop fills paid less than their slippage, because a fill stays inside the range of its bar: ${sums.join(' and ')} less in all`;
  return group('W_SLIPPAGE_CUT', 'warning', message);
}

function roundedFills(plan: RunPlan, fills: StoredTable): IssueGroup | null {
  const specs = new Map(plan.table.instruments.map((spec) => [spec.root, spec]));
  const rows = toRows(fills, FILL_COLUMNS).filter((fill) => fill.roundedTicks > TICK_NOISE);
  if (rows.length === 0) return null;
  const costs = new Map<string, number>();
  for (const { root, roundedTicks, qty } of rows) {
    const { currency, countValue } = specs.get(root)!;
    const micros = (roundedTicks * qty * countValue.num) / countValue.den;
    costs.set(currency, (costs.get(currency) ?? 0) + micros);
  }
  const sums = [...costs].map(
    ([currency, micros]) => `${(micros / MICROS_PER_UNIT).toFixed(2)} ${currency}`,
  );
  const first = rows.slice(0, 20).map((fill): RunIssue => {
    const amount = fill.roundedTicks.toFixed(3);
    return {
      code: 'W_FILL_ROUNDED',
      severity: 'warning',
      message: `${fill.execId} in ${fill.contract} was rounded by ${amount} ticks`,
      tsUs: fill.tsUs as TsUs,
    };
  });
  const summary = `fills from prices between ticks were rounded to the tick against us, ${sums.join(' and ')} in all`;
  return {
    code: 'W_FILL_ROUNDED',
    severity: 'warning',
    count: rows.length,
    first: [{ ...first[0]!, message: summary }, ...first],
  };
}

export function group(code: string, severity: RunIssue['severity'], message: string): IssueGroup {
  return { code, severity, count: 1, first: [{ code, severity, message, tsUs: 0 as TsUs }] };
}
