/** What a run on bars must say of its fills: orders that waited for a reopening, and options that had nothing to act on. */
import type { RunIssue } from '../core/run-events.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_HOUR } from '../core/units.ts';
import { isOnePath } from '../sim/bar-policies.ts';
import type { PathPolicy } from '../sim/bar-policies.ts';
import { PATH_POLICIES } from '../sim/bar-policies.ts';
import type { PreparedRun } from './backtest.ts';
import { toRows } from './columns.ts';
import { group } from './data-notes.ts';
import type { IssueGroup, RunTables } from './recorder.ts';
import { AMBIGUITY_COLUMNS, FILL_COLUMNS, ORDER_COLUMNS } from './tables.ts';

/** Fills of a kind that are listed one by one. */
const LISTED = 20;

export function barRunNotes(prepared: PreparedRun, tables: RunTables): IssueGroup[] {
  const { plan } = prepared;
  if (!Object.values(plan.matching).includes('bars')) return [];
  return [gapNote(tables), volumeNote(prepared), seededNote(prepared, tables)].filter(
    (note) => note !== null,
  );
}

/**
 * Orders for the next open whose next bar did not follow at once: over a night, a weekend, a holiday or a hole in the data they
 * fill at the reopening, at a price that nobody could see when they were sent.
 */
function gapNote(tables: RunTables): IssueGroup | null {
  const sentUs = new Map(
    toRows(tables.orders, ORDER_COLUMNS).map((order) => [order.clOrdId, order.createdUs]),
  );
  const seen = new Set<string>();
  let count = 0;
  let [longest, longestText] = [0, ''];
  const first: RunIssue[] = [];
  for (const fill of toRows(tables.fills, FILL_COLUMNS)) {
    // Only the first fill of an order waited; what volume left over was at the market in between.
    if (seen.has(fill.clOrdId)) continue;
    seen.add(fill.clOrdId);
    const isNext = fill.rule === 'bar-open' || fill.rule === 'limit-marketable';
    const waitedUs = fill.barOpenUs - (sentUs.get(fill.clOrdId) ?? NaN);
    if (!isNext || !(waitedUs > fill.barCloseUs - fill.barOpenUs)) continue;
    count += 1;
    const text = `${fill.clOrdId} in ${fill.contract} waited ${(waitedUs / US_PER_HOUR).toFixed(1)} hours, until ${toIsoUtc(fill.barOpenUs as TsUs)}`;
    if (waitedUs > longest) [longest, longestText] = [waitedUs, text];
    if (first.length < LISTED) first.push(issue('N_FILL_GAP', text, fill.tsUs as TsUs));
  }
  if (count === 0) return null;
  const message = `${count} orders for the next open waited longer than a bar, for a reopening or over a hole in the data, and filled at its first price; the longest: ${longestText}`;
  return {
    code: 'N_FILL_GAP',
    severity: 'info',
    count,
    first: [issue('N_FILL_GAP', message, first[0]!.tsUs), ...first],
  };
}

function issue(code: string, message: string, tsUs: TsUs): RunIssue {
  return { code, severity: 'info', message, tsUs };
}

/** `volumeOver` divides the volume of a bar along its path: without a path, or without a cap, it does nothing. */
function volumeNote({ options, dataset }: PreparedRun): IssueGroup | null {
  const { volumeOver, participation } = options.barFills ?? {};
  if (volumeOver === undefined || volumeOver === 'bar') return null;
  const isPath = PATH_POLICIES.includes(options.fills as PathPolicy);
  const why =
    !isPath || !isOnePath(options.fills as PathPolicy)
      ? `fills ${options.fills} follows no single path`
      : participation === 'all'
        ? 'participation is all'
        : dataset.manifest.volume === 'known'
          ? null
          : `${dataset.manifest.name} has ${dataset.manifest.volume} volume`;
  if (why !== null) {
    const message = `volumeOver is ${volumeOver} and did nothing: ${why}`;
    return group('W_VOLUME_OVER_UNUSED', 'warning', message);
  }
  const parts =
    volumeOver === 'path'
      ? 'its three legs by their length'
      : 'the open and its three legs by quarters';
  const message = `the volume of a bar that orders may take was divided over ${parts}, along the path of ${options.fills}`;
  return group('N_VOLUME_OVER', 'info', message);
}

/** `seededRuns` counts the draws of one policy; draws of a run without an open group are that run again. */
function seededNote({ options }: PreparedRun, tables: RunTables): IssueGroup | null {
  const { seededRuns, touch } = options.barFills ?? {};
  if (seededRuns === undefined && options.fills !== 'seeded') return null;
  if (options.fills !== 'seeded' || !options.bounds) {
    const why =
      options.fills === 'seeded' ? 'no bounds were asked for' : `fills is ${options.fills}`;
    if (seededRuns === undefined) return null;
    return group(
      'W_SEEDED_RUNS_UNUSED',
      'warning',
      `seededRuns is ${seededRuns} and nothing was drawn: ${why}`,
    );
  }
  const isOpen = toRows(tables.ambiguities, AMBIGUITY_COLUMNS).length > 0;
  if (isOpen || typeof touch === 'object') return null;
  return group(
    'N_SEEDED_ALIKE',
    'info',
    'no group of this run was ambiguous: every draw of seeded is this very run, and its quantiles are one figure',
  );
}
