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
  /** Path of the same run without the programme; null where it was not simulated. */
  readonly marks: MarkColumns | null;
}

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
  return {
    programme: guard.evaluator.programme,
    state: guard.evaluator.state(),
    view: guard.evaluator.view(),
    decisions: guard.decisions,
    days: guard.days,
    hasActed: guard.hasActed,
    marks,
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
  const rules = [
    programme.flatBy === undefined ? '' : 'flatBy',
    programme.products === undefined ? '' : 'products',
    programme.scaling === undefined ? '' : 'scaling',
    programme.tradeCount === undefined ? '' : 'tradeCount',
  ].filter((rule) => rule !== '');
  if (rules.length > 0)
    notes.push(
      `the table follows the path of the run without the programme: it cannot show what ${rules.join(', ')} would have changed`,
    );
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
