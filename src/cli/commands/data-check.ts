/** `frontmonth data check`. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { DataReport, IssueSeverity } from '../../data/quality.ts';
import { ISSUE_SEVERITY } from '../../data/quality.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { formatNumber } from '../format.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { programVersion } from '../package-root.ts';
import type { DatasetCheck } from '../services.ts';
import { renderTable } from '../table.ts';

const LEVELS: readonly IssueSeverity[] = ['note', 'warning', 'error'];
/** More series than this are told by product. */
const SERIES_ROWS_MAX = 40;

export async function dataCheck(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const name = textArg(call, 0) || config.values.dataset;
  const limit = numberFlag(call, 'limit', { min: 1 }) ?? 20;
  const page = pageOf(call);
  const check = await services.checkDataset(
    config.values.catalog,
    instrumentsDirOf(config),
    name,
    await calendarTextsOf(config),
  );
  const shown = new Map<string, number>();
  const problems = check.problems.filter((problem) => {
    const count = (shown.get(problem.reason) ?? 0) + 1;
    shown.set(problem.reason, count);
    return count <= limit;
  });
  if (page !== null && check.report !== undefined) await writePage(page, check, name);
  const { report, ...rest } = check;
  const path = page === null ? null : relative(call.host.cwd, page) || page;
  call.out.result(
    'frontmonth.data-check/1',
    { dataset: name, ...report, ...rest, problems, issues: undefined, page: path },
    () => describe(call, name, { ...check, problems }, path),
  );
  return exitOf(call, check);
}

/** A counted reason of ours, or one that the command line added. */
function severityOf(reason: string): IssueSeverity {
  return (ISSUE_SEVERITY as Readonly<Record<string, IssueSeverity>>)[reason] ?? 'warning';
}

function totalOf(check: Pick<DatasetCheck, 'counts'>, level: IssueSeverity): number {
  return Object.entries(check.counts)
    .filter(([reason]) => severityOf(reason) === level)
    .reduce((sum, [, count]) => sum + count, 0);
}

function exitOf(call: CommandCall, check: DatasetCheck): ExitCode {
  const level = textFlag(call, 'failOn') ?? 'warning';
  if (level === 'never') return EXIT.ok;
  const counted = LEVELS.slice(LEVELS.indexOf(level as IssueSeverity));
  return counted.some((one) => totalOf(check, one) > 0) ? EXIT.answerIsNo : EXIT.ok;
}

function describe(
  call: CommandCall,
  name: string,
  check: DatasetCheck,
  page: string | null,
): string {
  const { report } = check;
  const found = LEVELS.toReversed()
    .map((level) => [totalOf(check, level), level] as const)
    .filter(([count]) => count > 0)
    .map(([count, level]) => counted(count, level));
  const total = totalOf(check, 'error') + totalOf(check, 'warning');
  const verdict = total === 0 ? ['no problems', ...found] : [counted(total, 'problem'), ...found];
  return [
    `${name}: ${formatNumber(check.rows, 0)} rows in ${counted(check.segments, 'segment')}, ${verdict.join(', ')}`,
    ...Object.entries(check.counts).map(
      ([reason, count]) => `  ${reason.padEnd(20)} ${count}  ${severityOf(reason)}`,
    ),
    ...(report === undefined ? [] : factsOf(report)),
    ...(page === null ? [] : [`  ${'page'.padEnd(20)} ${page}`]),
    ...(check.problems.length === 0 ? [] : ['', problemTable(call, check)]),
    ...(report === undefined || report.series.length === 0 ? [] : ['', seriesTable(call, report)]),
  ].join('\n');
}

function counted(count: number, word: string): string {
  return `${formatNumber(count, 0)} ${word}${count === 1 ? '' : 's'}`;
}

function factsOf(report: DataReport): string[] {
  const fact = (title: string, text: string): string => `  ${title.padEnd(20)} ${text}`;
  return [
    fact('volume stated', report.statements.volume),
    ...(report.zeroVolumeRows === 0
      ? []
      : [fact('rows of no volume', formatNumber(report.zeroVolumeRows, 0))]),
    ...(report.unknownVolumeRows === 0
      ? []
      : [fact('volume unknown', formatNumber(report.unknownVolumeRows, 0))]),
    ...(report.gapCount === 0 ? [] : [fact('gaps in sessions', formatNumber(report.gapCount, 0))]),
    ...(report.emptySessions === 0
      ? []
      : [fact('sessions without bar', formatNumber(report.emptySessions, 0))]),
  ];
}

function problemTable(call: CommandCall, check: DatasetCheck): string {
  return renderTable(
    call.out,
    [
      { title: 'reason', cell: (problem) => problem.reason },
      { title: 'row', align: 'right', cell: (problem) => String(problem.row ?? '') },
      { title: 'contract', priority: 1, cell: (problem) => problem.contract ?? '' },
      { title: 'file', priority: 2, cell: (problem) => problem.file },
      { title: 'problem', cell: (problem) => problem.message },
    ],
    check.problems,
  );
}

interface CoverageRow {
  readonly what: string;
  readonly interval: string;
  readonly year: string;
  expected: number;
  present: number;
  gaps: number;
}

/** Percent of the possible bars, by contract and year, or by product and year where there are many. */
function seriesTable(call: CommandCall, report: DataReport): string {
  const isMany = report.series.length > SERIES_ROWS_MAX;
  const rows = new Map<string, CoverageRow>();
  for (const series of report.series) {
    for (const { month, expected, present } of series.coverage ?? []) {
      const what = isMany ? series.root : series.contract;
      const year = month.slice(0, 4);
      const key = `${what} ${series.interval} ${year}`;
      const row = rows.get(key) ?? {
        what,
        interval: series.interval ?? '',
        year,
        expected: 0,
        present: 0,
        gaps: 0,
      };
      row.expected += expected;
      row.present += present;
      rows.set(key, row);
    }
  }
  if (rows.size === 0) return 'no coverage: there is no calendar to compare with';
  return renderTable<CoverageRow>(
    call.out,
    [
      { title: isMany ? 'product' : 'contract', cell: (row) => row.what },
      { title: 'interval', cell: (row) => row.interval },
      { title: 'year', cell: (row) => row.year },
      { title: 'bars', align: 'right', cell: (row) => formatNumber(row.present, 0) },
      {
        title: 'possible',
        align: 'right',
        priority: 1,
        cell: (row) => formatNumber(row.expected, 0),
      },
      { title: 'coverage', align: 'right', cell: (row) => percent(row.present, row.expected) },
    ],
    [...rows.values()].toSorted(
      (a, b) => order(a.what, b.what) || order(a.interval, b.interval) || order(a.year, b.year),
    ),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function percent(present: number, expected: number): string {
  if (expected === 0) return '–';
  // What is not whole is never shown as whole.
  const share = Math.floor((present / expected) * 1000) / 10;
  return `${share.toFixed(1)} %`;
}

function pageOf(call: CommandCall): string | null {
  const text = textFlag(call, 'page');
  if (text === undefined) return null;
  const path = resolve(call.host.cwd, text);
  if (hasFlag(call, 'force') || !existsSync(path)) return path;
  throw new TradingError('E_EXPORT_EXISTS', `${text} exists`, {
    where: `--page ${text}`,
    rule: 'a page replaces nothing unless it is told to',
    fix: 'choose another name, or replace it with --force',
  });
}

async function writePage(path: string, check: DatasetCheck, name: string): Promise<void> {
  const { renderQualityPage } = await import('../../research/quality-page/render.ts');
  const html = renderQualityPage(
    { dataset: name, counts: check.counts, problems: check.problems, report: check.report! },
    { madeBy: `frontmonth ${programVersion()}` },
  );
  try {
    writeFileSync(`${path}.tmp`, html);
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? '';
    throw new TradingError('E_EXPORT_WRITE', `cannot write ${path}: ${reason}`, {
      where: path,
      rule: 'a page is whole or not there',
      fix: reason === 'ENOSPC' ? 'free space on the disk' : 'check the folder and its permissions',
      cause,
    });
  }
}
