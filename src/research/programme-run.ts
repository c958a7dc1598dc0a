/** The account of a run under a programme: how it ended, what it went through, and how it fares from other starts. */
import type { ProgrammeState, ProgrammeView } from '../core/programme/evaluator.ts';
import type { StartTable } from '../core/programme/by-start.ts';
import { monthStarts, startTable } from '../core/programme/by-start.ts';
import type { ProgrammeDay, ProgrammeGuard } from '../core/programme/guard.ts';
import type { MarkColumns } from '../core/programme/mark-log.ts';
import type { Programme, ProgrammeDecision } from '../core/programme/programme.ts';
import { toCivilDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import type { ColumnKind } from './columns.ts';
import type { RunData } from './run-data.ts';

/** What a run folder keeps. Money in millionths. */
export interface ProgrammeRun {
  readonly programme: Programme;
  readonly state: ProgrammeState;
  readonly view: ProgrammeView;
  /** In order; raises of the floor stand in the journal only. */
  readonly decisions: readonly ProgrammeDecision[];
  /** Levels by trade date, until the account ended. */
  readonly days: readonly ProgrammeDay[];
  /** Whether the programme denied or closed anything. */
  readonly hasActed: boolean;
  /** Path of the same run, under `pathRules` only; null where it was not simulated. */
  readonly marks: MarkColumns | null;
  /** Rules that held on the path: those that do not depend on the day on which an account was opened. */
  readonly pathRules?: readonly PathRule[];
}

const PATH_RULES = ['flatBy', 'products', 'tradeCount'] as const;
export type PathRule = (typeof PATH_RULES)[number];

export const MARK_KINDS: Readonly<
  Record<Exclude<keyof MarkColumns, 'length' | 'startMicros'>, ColumnKind>
> = {
  tradeDate: 'date',
  tsUs: 'ts',
  balance: 'money',
  equity: 'money',
  low: 'money',
  high: 'money',
  lowSure: 'money',
  highSure: 'money',
  hasEntry: 'flag',
};

export function programmeRunOf(guard: ProgrammeGuard, marks: MarkColumns | null): ProgrammeRun {
  const { programme } = guard.evaluator;
  return {
    programme,
    state: guard.evaluator.state(),
    view: guard.evaluator.view(),
    decisions: guard.decisions,
    days: guard.days,
    hasActed: guard.hasActed,
    marks,
    pathRules: PATH_RULES.filter((rule) => programme[rule] !== undefined),
  };
}

export interface ProgrammeAnswer {
  readonly programme: Programme;
  /** The account as the run was under the same programme, or null. */
  readonly account: Omit<ProgrammeRun, 'marks' | 'programme'> | null;
  /** From the first trade date of every month; null where there is no path. */
  readonly table: StartTable | null;
  /** What the path is made of: marks inside the day, or one row a trade date. */
  readonly resolution: 'marks' | 'days' | 'none';
  /** Rules of the programme that the path of the table was not under. */
  readonly leftOut: readonly string[];
  readonly notes: readonly string[];
}

/** A programme over a finished run: its own where it has one and no other is given. */
export function judgeRun(run: RunData, given: Programme | null): ProgrammeAnswer | null {
  const own = run.programme;
  const programme = given ?? own?.programme ?? null;
  if (programme === null) return null;
  const isOwn = own !== null && JSON.stringify(own.programme) === JSON.stringify(programme);
  const notes: string[] = [];
  let marks: MarkColumns | null = null;
  let resolution: ProgrammeAnswer['resolution'] = 'days';
  if (own === null) {
    marks = dailyMarks(run);
    notes.push(
      'one row a trade date: the order of high and low inside a day is not known, and closed trades are not told apart from open ones; run the backtest with --account for the path inside the day',
    );
  } else if (own.marks === null) {
    resolution = 'none';
    notes.push(
      'no table by start date: the run without the programme was not simulated (--no-bounds)',
    );
  } else {
    marks = own.marks;
    resolution = 'marks';
  }
  // Where the run's own programme has the very same rule, its path was under it from the first day on.
  const isUnder = (rule: (typeof PATH_RULES)[number]): boolean =>
    own?.marks != null &&
    own.pathRules?.includes(rule) === true &&
    JSON.stringify(own.programme[rule]) === JSON.stringify(programme[rule]);
  const leftOut = [
    ...PATH_RULES.filter((rule) => programme[rule] !== undefined && !isUnder(rule)),
    ...(programme.scaling === undefined ? [] : ['scaling']),
  ];
  if (leftOut.length > 0)
    notes.push(
      `the path of the table was not under ${leftOut.join(', ')}: it cannot show what that would have changed`,
    );
  const foreign = isOwn ? [] : (own?.pathRules ?? []).filter((rule) => !isUnder(rule));
  if (foreign.length > 0)
    notes.push(`the path was under ${foreign.join(', ')} of the run's own programme`);
  return {
    programme,
    account: isOwn
      ? {
          state: own.state,
          view: own.view,
          decisions: own.decisions,
          days: own.days,
          hasActed: own.hasActed,
        }
      : null,
    table: marks === null ? null : startTable(programme, marks, monthStarts(marks, monthOf)),
    resolution,
    leftOut,
    notes,
  };
}

function monthOf(tradeDate: number): number {
  const { year, month } = toCivilDate(tradeDate as TradeDate);
  return year * 12 + month;
}

/** The equity table as a path: of a day only its end is sure. */
function dailyMarks(run: RunData): MarkColumns {
  const { equity } = run;
  const entries = new Set(run.trades.map((trade) => trade.entryTradeDate));
  const column = (of: (row: (typeof equity)[number]) => number): Float64Array =>
    Float64Array.from(equity, of);
  const ends = column((row) => row.equityMicros);
  return {
    length: equity.length,
    startMicros: run.manifest.capitalMicros,
    tradeDate: Int32Array.from(equity, (row) => row.tradeDate),
    tsUs: column((row) => row.tsUs),
    balance: ends,
    equity: ends,
    low: column((row) => row.lowEquityMicros),
    high: column((row) => row.highEquityMicros),
    lowSure: ends,
    highSure: ends,
    hasEntry: Uint8Array.from(equity, (row) => (entries.has(row.tradeDate) ? 1 : 0)),
  };
}
