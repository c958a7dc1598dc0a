/**
 * Whether bars carry the stamp that their dataset declares, as far as sessions can tell. Bars stamped at their open and read as
 * stamped at their close stand one bar early: they are known before they happened. The first bar of every session then ends
 * at the very open, where nothing can have traded, and none ends at the close.
 */
import type { BarColumns } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { SessionColumns } from '../core/session.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { TsUs } from '../core/units.ts';
import type { FeedPlan, RunPlan } from './plan.ts';

/** Sessions with such a bar from which on it is no accident. */
const SESSIONS_SURE = 5;
/** Bars that count as just before or after. */
const BARS_NEAR = 5;
/** Rows and contracts looked at for each product. */
const ROWS_READ = 60_000;
const CONTRACTS_READ = 2;

export interface StampEvidence {
  /** Sessions with a bar that ends at the open, begins at the open, ends at the close, begins at the close. */
  endsAtOpen: number;
  beginsAtOpen: number;
  endsAtClose: number;
  beginsAtClose: number;
  /** Other bars in the closed time just before an open, and just after a close: the sessions are other ones, not the stamps. */
  beforeOpen: number;
  afterClose: number;
  /** A bar that ends at an open; NaN where there is none. */
  exampleUs: number;
}

export function newEvidence(): StampEvidence {
  const counts = { endsAtOpen: 0, beginsAtOpen: 0, endsAtClose: 0, beginsAtClose: 0 };
  return { ...counts, beforeOpen: 0, afterClose: 0, exampleUs: NaN };
}

/** Adds what bars within a day say. Both columns increase. Sessions that touch say nothing at the touching edge. */
export function weighStamps(
  sessions: SessionColumns,
  { openUs, closeUs, length }: BarColumns,
  into: StampEvidence,
): void {
  if (length === 0 || closeUs[0]! - openUs[0]! >= US_PER_DAY || closeUs[0] === openUs[0]) return;
  let bar = 0;
  for (let row = 0; row < sessions.length; row += 1) {
    const [from, to] = [sessions.openUs[row]!, sessions.closeUs[row]!];
    if (to < openUs[0]!) continue;
    const near = BARS_NEAR * (closeUs[0]! - openUs[0]!);
    while (bar < length && closeUs[bar]! < from) {
      const [begin, end] = [openUs[bar]!, closeUs[bar]!];
      // The bars before may be of the session before: a break is often shorter than a few bars.
      const shutUs = row === 0 ? Infinity : sessions.closeUs[row - 1]!;
      if (begin >= shutUs && end >= from - near) into.beforeOpen += 1;
      if (begin > shutUs && begin <= shutUs + near) into.afterClose += 1;
      bar += 1;
    }
    const isApart = row === 0 || sessions.closeUs[row - 1]! < from;
    const isApartAfter = row + 1 >= sessions.length || sessions.openUs[row + 1]! > to;
    let k = bar;
    for (; k < length && openUs[k]! <= to; k += 1) {
      if (isApart && closeUs[k] === from) {
        into.endsAtOpen += 1;
        into.exampleUs = from;
      }
      if (openUs[k] === from) into.beginsAtOpen += 1;
      if (closeUs[k] === to) into.endsAtClose += 1;
      if (isApartAfter && openUs[k] === to) into.beginsAtClose += 1;
    }
    if (k >= length) return;
  }
}

/** `early` bars give a look-ahead; `late` ones are known one bar after they ended. Null where nothing is sure. */
export function stampFault(seen: StampEvidence): 'early' | 'late' | null {
  const { endsAtOpen, endsAtClose, beginsAtOpen, beginsAtClose, beforeOpen, afterClose } = seen;
  if (endsAtOpen >= SESSIONS_SURE && endsAtClose === 0 && beforeOpen === 0) return 'early';
  if (beginsAtClose >= SESSIONS_SURE && beginsAtOpen === 0 && afterClose === 0) return 'late';
  return null;
}

/** Looks at the beginning of the bars that match orders. Errors: E_BAR_STAMP. Returns a note for bars that are late. */
export function checkStamps(plan: RunPlan, dataset: string): RunPlan['notes'][number][] {
  const notes: RunPlan['notes'][number][] = [];
  for (const [row, spec] of plan.table.instruments.entries()) {
    const feeds = plan.feeds
      .filter((feed) => feed.isExecution && plan.table.instrumentIndex[feed.contractIndex] === row)
      .slice(0, CONTRACTS_READ);
    const seen = newEvidence();
    const sessions = plan.calendars[row]!.sessions(plan.from, plan.to);
    for (const feed of feeds) weighFeed(plan, feed, sessions, seen);
    const fault = stampFault(seen);
    if (fault === null) continue;
    const { interval } = feeds[0]!;
    if (fault === 'late') {
      const message = `the ${interval} bars of ${spec.root} in ${dataset} begin at the close of ${seen.beginsAtClose} sessions and never at an open: they look stamped at their close and imported as stamped at their open, one bar late`;
      notes.push({ code: 'W_BAR_STAMP', message });
      continue;
    }
    throw new TradingError(
      'E_BAR_STAMP',
      `the ${interval} bars of ${spec.root} in ${dataset} end at the open of ${seen.endsAtOpen} sessions and never at a close, such as at ${toIsoUtc(seen.exampleUs as TsUs)}`,
      {
        details: { root: spec.root, interval, ...seen },
        rule: 'no bar ends when its session opens: bars stamped at their open were read as stamped at their close, and would be known before they happened',
        fix: 'import them again with --stamp open',
      },
    );
  }
  return notes;
}

function weighFeed(
  plan: RunPlan,
  feed: FeedPlan,
  sessions: SessionColumns,
  into: StampEvidence,
): void {
  const source = plan.open(feed);
  let rows = 0;
  for (let batch = source.next(); batch !== null && rows < ROWS_READ; batch = source.next()) {
    weighStamps(sessions, batch, into);
    rows += batch.length;
  }
  source.close();
}
