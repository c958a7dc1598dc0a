/** The account under its programme, as tables of the report. */
import type { ProgrammeDecision } from '../../core/programme/programme.ts';
import type { ProgrammeAnswer } from '../programme-run.ts';
import { judgeRun } from '../programme-run.ts';
import type { ProgrammeDay } from '../../core/programme/guard.ts';
import type { DailySeries } from '../daily.ts';
import type { PackColumn } from './pack.ts';
import type { RunData } from '../run-data.ts';
import type { Cell, ReportTable } from './sections.ts';
import { column } from './sections.ts';

/** Empty for a run without a programme. */
export function accountTables(run: RunData): readonly ReportTable[] {
  if (run.programme === null) return [];
  const answer = judgeRun(run, null)!;
  return [stateTable(answer), decisionTable(answer), ...startTables(answer)];
}

/** Levels by trade date for the charts; NaN where there is none. No column for a run without a programme. */
export function programmeColumns(
  run: RunData,
  daily: Pick<DailySeries, 'tradeDate'>,
): PackColumn[] {
  if (run.programme === null) return [];
  const byDate = new Map(run.programme.days.map((day) => [day.tradeDate, day]));
  const levels = (name: string, of: (day: ProgrammeDay) => number | null): PackColumn => ({
    name: `day.${name}`,
    decimals: 2,
    values: Array.from(daily.tradeDate, (date) => {
      const day = byDate.get(date);
      const micros = day === undefined ? null : of(day);
      return micros === null ? NaN : micros / 1_000_000;
    }),
  });
  return [
    levels('accountEquity', (day) => day.equityMicros),
    levels('floor', (day) => day.floorMicros),
    levels('dayFloor', (day) => day.dayFloorMicros),
    levels('floorLeft', (day) => day.leftMicros),
    levels('floorAtStops', (day) => day.leftAtStopsMicros),
    levels('floorClosest', (day) => day.closestMicros),
  ];
}

function stateTable({ programme, account }: ProgrammeAnswer): ReportTable {
  const { state, view } = account!;
  const rows: Cell[][] = [
    ['Start balance', programme.startBalance],
    ['Balance at the end', units(state.balance)],
    ['Equity at the end', units(state.equity)],
    ['Floor of the maximum loss', units(view.floorMicros)],
    ['Basis of the floor', units(view.basisMicros)],
    ['Left to the floor', units(view.leftMicros)],
    ['Closest approach to the floor', units(state.closestMicros)],
    ['Left to the target', units(view.targetLeftMicros)],
  ];
  const ended = state.endedBy === null ? '' : ` by ${state.endedBy}`;
  const moves = view.floorMoves === null ? '' : `; the floor moves: ${view.floorMoves}`;
  return {
    id: 'account-state',
    title: `${programme.name}: ${state.status}${ended}`,
    columns: [column('what', 'What', 'text'), column('amount', programme.currency, 'amount')],
    rows: rows.filter((row) => row[1] !== null),
    note: `${state.dates} trade dates${state.isEndedInside ? ' (the last one not to its end)' : ''}, ${state.tradedDates} with an entry${moves}.`,
  };
}

/** The page stays small; the rest stands in programme.json. */
const SHOWN = 200;

function decisionTable({ account }: ProgrammeAnswer): ReportTable {
  const { decisions } = account!;
  const row = (it: ProgrammeDecision): Cell[] => [
    new Date(it.tsUs / 1000).toISOString().slice(0, 19).replace('T', ' '),
    it.rule,
    it.effect,
    units(it.valueMicros),
    units(it.levelMicros),
    units(it.basisMicros),
    it.trigger,
    it.isCertain ? 'yes' : 'no',
  ];
  const more = decisions.length - SHOWN;
  return {
    id: 'account-decisions',
    title: 'When and why',
    columns: [
      column('when', 'When (UTC)', 'text'),
      column('rule', 'Rule', 'text'),
      column('effect', 'Effect', 'text'),
      column('value', 'Value', 'amount'),
      column('level', 'Level', 'amount'),
      column('basis', 'From', 'amount'),
      column('trigger', 'Trigger', 'text'),
      column('certain', 'Certain', 'text'),
    ],
    rows: decisions.slice(0, SHOWN).map(row),
    note: `${more > 0 ? `${more} more in programme.json. ` : ''}Not certain: the order of prices inside a bar decides, and the bar does not say.`,
  };
}

function startTables({
  table,
  notes,
  leftOut,
  programme,
}: ProgrammeAnswer): readonly ReportTable[] {
  if (table === null) return [];
  const dates = (value: number | null): string => (value === null ? '–' : String(value));
  return [
    {
      id: 'account-starts',
      title: `By start date: ${table.passed} passed, ${table.closed} closed, ${table.open} still open${leftOut.length === 0 ? '' : ` (without ${leftOut.join(', ')})`}`,
      columns: [
        column('start', 'Start', 'date'),
        column('outcome', 'Outcome', 'text'),
        column('rule', 'Rule', 'text'),
        column('end', 'End', 'date'),
        column('dates', 'Trade dates', 'count'),
        column('profit', `Profit ${programme.currency}`, 'money'),
        column('closest', 'Closest to the floor', 'money'),
        column('lossDays', 'Loss days', 'count'),
      ],
      rows: table.outcomes.map((it) => [
        it.startDate,
        it.isCertain ? it.status : `${it.status} ?`,
        it.rule ?? '',
        it.endDate,
        it.dates,
        units(it.profitMicros),
        units(it.closestMicros),
        it.lossDays,
      ]),
      note: [
        `Median trade dates: to pass ${dates(table.medianDatesToPass)}, to close ${dates(table.medianDatesToClose)}. ${table.uncertain} outcomes marked ? would differ with another order of prices inside a bar.`,
        ...notes.map((note) => `${note[0]!.toUpperCase()}${note.slice(1)}.`),
      ].join(' '),
    },
  ];
}

function units(micros: number | null): number | null {
  return micros === null ? null : micros / 1_000_000;
}
