/** `frontmonth programme <run>`: the account of a run under the rules of a funded programme. */
import { relative, resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { StartOutcome, StartTable } from '../../core/programme/by-start.ts';
import type { ProgrammeDecision } from '../../core/programme/programme.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import type { ProgrammeAnswer } from '../../research/programme-run.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { formatMicros, formatNumber } from '../format.ts';
import { renderTable, toCsv } from '../table.ts';
import { wrap } from '../wrap.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const ref = textArg(call, 0);
  const dir = await services.resolveRun(config.values.runs, ref);
  const rules = textFlag(call, 'rules');
  const file = rules === undefined ? null : resolve(call.host.cwd, rules);
  const answer = await services.judgeProgramme(dir, file);
  if (answer === null) {
    throw new TradingError('E_USAGE', 'this run has no programme of its own, and none is given', {
      where: ref,
      rule: 'a run keeps the programme that it was under: backtest --account <file>',
      fix: `name one: frontmonth programme ${ref} --rules rules.json`,
    });
  }
  const isCsv = hasFlag(call, 'csv') && !call.out.options.json;
  if (isCsv) {
    call.out.answer(csvOf(answer.table));
    return EXIT.ok;
  }
  call.out.result('frontmonth.programme/1', { ...answer }, () => textOf(call, answer, dir));
  return EXIT.ok;
}

function textOf(call: CommandCall, answer: ProgrammeAnswer, dir: string): string {
  const { programme, account, table, notes } = answer;
  const head = `${programme.name}   ${programme.currency} ${formatNumber(programme.startBalance, 0)}   ${relative(call.host.cwd, dir)}`;
  const blocks = [head];
  if (account !== null) blocks.push(accountText(call, account));
  if (table !== null) blocks.push(tableText(call, table, answer));
  const width = call.out.width('stdout');
  if (notes.length > 0)
    blocks.push(notes.flatMap((note) => wrap(`Note: ${note}.`, width, 2)).join('\n'));
  return blocks.join('\n\n');
}

function accountText(call: CommandCall, account: NonNullable<ProgrammeAnswer['account']>): string {
  const { state, view, decisions } = account;
  const amount = (micros: number | null): string =>
    micros === null ? '–' : formatNumber(micros / 1_000_000, 2);
  const inside = state.isEndedInside ? ', before its end' : '';
  const ended =
    state.endedUs === null
      ? ''
      : ` by ${state.endedBy} at ${timeOf(state.endedUs)}, on trade date ${state.dates}${inside}`;
  const lines = [
    `  account   ${state.status}${ended}`,
    `  balance   ${amount(state.balance)}, equity ${amount(state.equity)}`,
  ];
  if (view.floorMicros !== null)
    lines.push(
      `  floor     ${amount(view.floorMicros)} below ${amount(view.basisMicros)}, moves ${view.floorMoves}, left ${amount(view.leftMicros)}`,
    );
  if (state.closestMicros !== null)
    lines.push(`  closest   ${amount(state.closestMicros)} at ${timeOf(state.closestUs!)}`);
  if (view.targetLeftMicros !== null)
    lines.push(`  target    ${amount(view.targetLeftMicros)} to go`);
  if (decisions.length === 0) return [...lines, '  no limit was reached'].join('\n');
  return `${lines.join('\n')}\n\n${decisionTable(call, decisions)}`;
}

/** The end always, and the first days before it. */
const DECISIONS_SHOWN = 12;

function decisionTable(call: CommandCall, decisions: readonly ProgrammeDecision[]): string {
  const shown =
    decisions.length <= DECISIONS_SHOWN
      ? decisions
      : [...decisions.slice(0, DECISIONS_SHOWN - 1), decisions.at(-1)!];
  const more = decisions.length - shown.length;
  const text = renderTable(
    call.out,
    [
      { title: 'when', cell: (it) => timeOf(it.tsUs) },
      { title: 'rule', cell: (it) => it.rule },
      { title: 'effect', cell: (it) => it.effect },
      { title: 'value', align: 'right', cell: (it) => formatNumber(it.valueMicros / 1e6, 2) },
      { title: 'level', align: 'right', cell: (it) => formatNumber(it.levelMicros / 1e6, 2) },
      {
        title: 'from',
        align: 'right',
        priority: 3,
        cell: (it) => formatNumber(it.basisMicros / 1e6, 2),
      },
      { title: 'trigger', priority: 2, cell: (it) => it.trigger },
      { title: 'certain', priority: 1, cell: (it) => (it.isCertain ? 'yes' : 'no') },
    ],
    shown,
  );
  return more === 0 ? text : `${text}\n${more} more with --json`;
}

function tableText(
  call: CommandCall,
  table: StartTable,
  { leftOut }: Pick<ProgrammeAnswer, 'leftOut'>,
): string {
  const dates = (value: number | null): string => (value === null ? '–' : formatNumber(value, 0));
  const { closest } = table;
  const head = [
    `By start date, the first trade date of every month: ${table.outcomes.length} starts${leftOut.length === 0 ? '' : `, without ${leftOut.join(', ')}`}`,
    `  passed    ${table.passed}, median ${dates(table.medianDatesToPass)} trade dates`,
    `  closed    ${table.closed}, median ${dates(table.medianDatesToClose)} trade dates`,
    `  open      ${table.open}`,
    `  uncertain ${table.uncertain}: another order of prices inside a bar would change the outcome`,
    ...(closest === null
      ? []
      : [
          `  closest   ${formatMicros(closest.micros)} from the floor at ${timeOf(closest.tsUs)}, started ${dateOf(closest.startDate)}`,
        ]),
  ].join('\n');
  return `${head}\n\n${renderTable<StartOutcome>(
    call.out,
    [
      { title: 'start', cell: (it) => dateOf(it.startDate) },
      { title: 'outcome', cell: (it) => `${it.status}${it.isCertain ? '' : ' ?'}` },
      { title: 'rule', priority: 2, cell: (it) => it.rule ?? '–' },
      { title: 'end', cell: (it) => (it.endDate === null ? '–' : dateOf(it.endDate)) },
      { title: 'dates', align: 'right', cell: (it) => String(it.dates) },
      { title: 'profit', align: 'right', cell: (it) => formatMicros(it.profitMicros) },
      {
        title: 'closest',
        align: 'right',
        priority: 1,
        cell: (it) => (it.closestMicros === null ? '–' : formatMicros(it.closestMicros)),
      },
      { title: 'loss days', align: 'right', priority: 3, cell: (it) => String(it.lossDays) },
    ],
    table.outcomes,
  )}`;
}

function csvOf(table: StartTable | null): string {
  const names = [
    'start',
    'outcome',
    'rule',
    'end',
    'dates',
    'profit',
    'closest',
    'loss_days',
    'certain',
  ];
  const rows = (table?.outcomes ?? []).map((it) => [
    dateOf(it.startDate),
    it.status,
    it.rule ?? '',
    it.endDate === null ? '' : dateOf(it.endDate),
    it.dates,
    it.profitMicros / 1e6,
    it.closestMicros === null ? '' : it.closestMicros / 1e6,
    it.lossDays,
    it.isCertain,
  ]);
  return toCsv([names, ...rows]);
}

function dateOf(tradeDate: number): string {
  return toIsoDate(tradeDate as TradeDate);
}

function timeOf(tsUs: number): string {
  return `${toIsoUtc(tsUs as TsUs).slice(0, 19)}Z`;
}
