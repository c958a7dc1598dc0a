/**
 * What a check found in a dataset, as one static HTML file without a script: verdict, findings, a heat map of coverage by
 * contract and month, gaps, and what every rule means.
 */
import { toIsoDate } from '../../core/trade-date.ts';
import type { TsUs } from '../../core/units.ts';
import { toIsoUtc, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from '../../core/units.ts';
import type { DataReport, IssueSeverity, SeriesReport } from '../../data/quality.ts';
import { ISSUE_SEVERITY } from '../../data/quality.ts';
import { readAsset } from '../report/assets.ts';
import { escapeHtml, htmlPage } from '../report/render.ts';
import { RULES } from './rules.ts';

export interface QualityPageInput {
  readonly dataset: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly {
    readonly reason: string;
    readonly file: string;
    readonly row: number | null;
    readonly message: string;
    readonly contract?: string;
    readonly tsUs?: number | null;
  }[];
  readonly report: DataReport;
}

export interface QualityPageOptions {
  readonly theme?: 'auto' | 'light' | 'dark';
  /** Made with this program, for the foot of the page. */
  readonly madeBy?: string;
}

const PROBLEMS_MAX = 500;
const LISTED_MAX = 60;
const LEVELS: readonly IssueSeverity[] = ['error', 'warning', 'note'];

/** The page. Pure: the same findings give the same bytes. Errors: E_REPORT_ASSET. */
export function renderQualityPage(
  input: QualityPageInput,
  options: QualityPageOptions = {},
): string {
  const parts = [
    '<main>',
    header(input),
    findings(input),
    heatMaps(input.report),
    coverageTable(input.report),
    gapTables(input.report),
    problemTable(input),
    rules(input),
    footer(input, options),
    '</main>',
  ];
  return htmlPage({
    title: `${input.dataset}: data quality`,
    theme: options.theme ?? 'auto',
    style: readAsset('quality.css'),
    data: [],
    scripts: [],
  }).replace('<div id="app"></div>', () => parts.join('\n'));
}

function severityOf(reason: string): IssueSeverity {
  return (ISSUE_SEVERITY as Readonly<Record<string, IssueSeverity>>)[reason] ?? 'warning';
}

function header({ dataset, report, counts }: QualityPageInput): string {
  const sums = LEVELS.map((level) => ({
    level,
    count: Object.entries(counts)
      .filter(([reason]) => severityOf(reason) === level)
      .reduce((sum, [, count]) => sum + count, 0),
  }));
  const [errors, warnings] = [sums[0]!.count, sums[1]!.count];
  const [word, kind] =
    errors > 0
      ? ['Not fit for use', 'error']
      : warnings > 0
        ? ['Fit, with warnings', 'warning']
        : ['No problems', 'good'];
  const spans = report.series.filter((one) => one.rows > 0);
  const first = Math.min(...spans.map((one) => one.firstUs));
  const last = Math.max(...spans.map((one) => one.lastUs));
  const cards: [string, string][] = [
    ['rows', number(report.rows)],
    ['contracts', number(new Set(report.series.map((one) => one.contract)).size)],
    ['span', spans.length === 0 ? '–' : `${day(first)} to ${day(last)}`],
    ['coverage', percent(total(report, 'present'), total(report, 'expected'))],
    ['gaps', number(report.gapCount)],
    ['sessions without a bar', number(report.emptySessions)],
    ['volume', `stated as ${report.statements.volume}`],
    ['rows of no volume', number(report.zeroVolumeRows)],
    ...(report.unknownVolumeRows === 0
      ? []
      : ([['volume unknown', `${number(report.unknownVolumeRows)} rows`]] as [string, string][])),
  ];
  const list = cards.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  const counted = sums
    .map(
      ({ level, count }) =>
        `<li class="${count === 0 ? 'note' : level}">${number(count)} ${level}${count === 1 ? '' : 's'}</li>`,
    )
    .join('');
  const about = report.statements.isSynthetic ? '<p class="synthetic">Synthetic data</p>' : '';
  return `<header><h1>${escapeHtml(dataset)}</h1><p class="about">${escapeHtml(report.statements.description)}</p>${about}<p class="verdict ${kind}">${word}</p><ul class="sums">${counted}</ul><dl class="cards">${list.join('')}</dl></header>`;
}

function findings({ counts }: QualityPageInput): string {
  const rows = Object.entries(counts)
    .toSorted(([a], [b]) => LEVELS.indexOf(severityOf(a)) - LEVELS.indexOf(severityOf(b)))
    .map(
      ([reason, count]) =>
        `<tr><th scope="row">${escapeHtml(reason)}</th><td class="${severityOf(reason)}">${severityOf(reason)}</td><td class="n">${number(count)}</td><td>${escapeHtml(RULES[reason]?.what ?? '')}</td></tr>`,
    );
  if (rows.length === 0) return section('Findings', '<p>Nothing was found.</p>');
  return section(
    'Findings',
    table('Findings by reason', ['Reason', 'Level', '#Count', 'What it is'], rows),
  );
}

/** A map for every bar interval: contracts down, months across. */
function heatMaps(report: DataReport): string {
  const intervals = [
    ...new Set(report.series.filter((one) => one.coverage !== null).map((one) => one.interval!)),
  ];
  if (intervals.length === 0)
    return section(
      'Coverage',
      '<p>There is no calendar to compare with, so nobody can say which bars are missing.</p>',
    );
  const maps = intervals.map((interval) =>
    heatMap(
      interval,
      report.series.filter((one) => one.interval === interval && one.coverage !== null),
    ),
  );
  const key = [0, 1, 2, 3, 4]
    .map((step) => `<li><span class="cell c${step}"></span> ${STEP_WORDS[step]!}</li>`)
    .join('');
  return section(
    'Coverage by contract and month',
    `<p>Bars that are there, of those that the calendar has room for between the first and the last bar of the contract.</p><ul class="key">${key}</ul>${maps.join('')}`,
  );
}

const STEP_WORDS = ['none', 'below half', '50 to 90 %', '90 to 99 %', '99 % and more'] as const;

function stepOf(present: number, expected: number): number {
  const share = expected === 0 ? 1 : present / expected;
  if (present === 0) return 0;
  return share < 0.5 ? 1 : share < 0.9 ? 2 : share < 0.99 ? 3 : 4;
}

function heatMap(interval: string, series: readonly SeriesReport[]): string {
  const months = [
    ...new Set(series.flatMap((one) => one.coverage!.map(({ month }) => month))),
  ].sort();
  const years = new Map<string, number>();
  for (const month of months) years.set(month.slice(0, 4), (years.get(month.slice(0, 4)) ?? 0) + 1);
  const yearCells = [...years].map(
    ([year, count]) =>
      `<th scope="colgroup" colspan="${count}">${count > 2 ? year : `’${year.slice(2)}`}</th>`,
  );
  const heads = months.map(
    (month) =>
      `<th scope="col" abbr="${month}"><span aria-hidden="true">${Number(month.slice(5))}</span><span class="said">${month}</span></th>`,
  );
  const rows = series.map((one) => {
    const byMonth = new Map(one.coverage!.map((cell) => [cell.month, cell]));
    const cells = months.map((month) => {
      const cell = byMonth.get(month);
      if (cell === undefined) return '<td></td>';
      const { present, expected } = cell;
      const text = `${one.contract} ${month}: ${percent(present, expected)}, ${number(present)} of ${number(expected)} bars`;
      return `<td class="cell c${stepOf(present, expected)}" title="${escapeHtml(text)}"><span class="said">${percent(present, expected)}</span></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(one.contract)}</th>${cells.join('')}</tr>`;
  });
  return `<h3>${escapeHtml(interval)} bars</h3><div class="scroll" role="region" tabindex="0" aria-label="Coverage of ${escapeHtml(interval)} bars"><table class="heat"><caption class="said">Coverage of ${escapeHtml(interval)} bars by contract and month</caption><thead><tr><td></td>${yearCells.join('')}</tr><tr><th scope="col">contract</th>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function coverageTable(report: DataReport): string {
  const rows = report.series.flatMap((series) => {
    const years = new Map<string, { present: number; expected: number }>();
    for (const { month, present, expected } of series.coverage ?? []) {
      const year = month.slice(0, 4);
      const sum = years.get(year) ?? { present: 0, expected: 0 };
      years.set(year, { present: sum.present + present, expected: sum.expected + expected });
    }
    return [...years].map(
      ([year, { present, expected }]) =>
        `<tr><th scope="row">${escapeHtml(series.contract)}</th><td>${escapeHtml(series.interval ?? series.kind)}</td><td>${year}</td><td class="n">${number(present)}</td><td class="n">${number(expected)}</td><td class="n">${percent(present, expected)}</td></tr>`,
    );
  });
  if (rows.length === 0) return '';
  const body = table(
    'Coverage by contract and year',
    ['Contract', 'Interval', 'Year', '#Bars', '#Possible', '#Coverage'],
    rows,
  );
  return section(
    'Coverage by contract and year',
    rows.length > 30
      ? `<details><summary>${number(rows.length)} rows</summary>${body}</details>`
      : body,
  );
}

function gapTables(report: DataReport): string {
  const gaps = report.gaps
    .slice(0, LISTED_MAX)
    .map(
      (gap) =>
        `<tr><th scope="row">${escapeHtml(gap.contract)}</th><td>${escapeHtml(gap.interval)}</td><td>${toIsoDate(gap.tradeDate)}</td><td>${iso(gap.fromUs)}</td><td>${iso(gap.toUs)}</td><td class="n">${duration(gap.durationUs)}</td><td class="n">${number(gap.missingBars)}</td><td>${gap.isUnusual ? '<span class="warning">unusual</span>' : ''}</td></tr>`,
    );
  const sessions = report.gapSessions
    .slice(0, LISTED_MAX)
    .map(
      (one) =>
        `<tr><th scope="row">${escapeHtml(one.contract)}</th><td>${escapeHtml(one.interval)}</td><td>${toIsoDate(one.tradeDate)}</td><td class="n">${number(one.gaps)}</td><td class="n">${number(one.missingBars)}</td></tr>`,
    );
  const missing = report.missingSessions
    .slice(0, LISTED_MAX)
    .map(
      (one) =>
        `<tr><th scope="row">${escapeHtml(one.contract)}</th><td>${escapeHtml(one.interval)}</td><td>${toIsoDate(one.tradeDate)}</td></tr>`,
    );
  if (gaps.length + missing.length === 0) return section('Gaps', '<p>There are none.</p>');
  const parts = [
    gaps.length === 0
      ? ''
      : `<h3>The longest, of ${number(report.gapCount)}</h3>${table('The longest gaps', ['Contract', 'Interval', 'Trade date', 'From (UTC)', 'To (UTC)', '#Trading time', '#Bars missing', ''], gaps)}`,
    sessions.length === 0
      ? ''
      : `<h3>The sessions that miss most</h3>${table('Gaps by session', ['Contract', 'Interval', 'Trade date', '#Gaps', '#Bars missing'], sessions)}`,
    missing.length === 0
      ? ''
      : `<h3>Sessions without a bar, ${number(report.emptySessions)} of them</h3>${table('Sessions without a bar', ['Contract', 'Interval', 'Trade date'], missing)}`,
  ];
  return section('Gaps', parts.join(''));
}

function problemTable({ problems }: QualityPageInput): string {
  if (problems.length === 0) return '';
  const rows = problems
    .slice(0, PROBLEMS_MAX)
    .map(
      (one) =>
        `<tr><th scope="row">${escapeHtml(one.reason)}</th><td class="${severityOf(one.reason)}">${severityOf(one.reason)}</td><td>${escapeHtml(one.contract ?? '')}</td><td>${one.tsUs === null || one.tsUs === undefined ? '' : iso(one.tsUs)}</td><td>${escapeHtml(one.message)}</td><td class="file">${escapeHtml(one.file.replace(/^segments\//, ''))}</td><td class="n">${one.row ?? ''}</td></tr>`,
    );
  const rest =
    problems.length > PROBLEMS_MAX
      ? `<p>The first ${PROBLEMS_MAX} of ${number(problems.length)} that were listed.</p>`
      : '';
  return section(
    'Rows to look at',
    rest +
      table(
        'Rows to look at',
        ['Reason', 'Level', 'Contract', 'Time (UTC)', 'What was found', 'File', '#Row'],
        rows,
      ),
  );
}

function rules({ counts }: QualityPageInput): string {
  const items = Object.entries(RULES).map(
    ([reason, { what, why }]) =>
      `<div${counts[reason] === undefined ? '' : ' class="found"'}><dt>${reason} <span class="${severityOf(reason)}">${severityOf(reason)}</span></dt><dd>${escapeHtml(what)} ${escapeHtml(why)}</dd></div>`,
  );
  return section(
    'What is looked for',
    `<details><summary>${items.length} rules</summary><dl class="rules">${items.join('')}</dl></details>`,
  );
}

function footer({ report }: QualityPageInput, options: QualityPageOptions): string {
  const made = options.madeBy === undefined ? '' : ` ${options.madeBy}.`;
  return `<footer><p>Source of the data: ${escapeHtml(report.statements.source)}. Times are UTC, trade dates as the exchange labels them. Nothing was changed.${escapeHtml(made)}</p></footer>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>${body}</section>`;
}

/** A heading that begins with # is of a column of numbers. */
function table(label: string, heads: readonly string[], rows: readonly string[]): string {
  const cells = heads.map((head) =>
    head === ''
      ? '<td></td>'
      : head.startsWith('#')
        ? `<th scope="col" class="n">${head.slice(1)}</th>`
        : `<th scope="col">${head}</th>`,
  );
  return `<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table><caption class="said">${label}</caption><thead><tr>${cells.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function total(report: DataReport, what: 'present' | 'expected'): number {
  return report.series.reduce(
    (sum, series) => (series.coverage ?? []).reduce((part, month) => part + month[what], sum),
    0,
  );
}

/** What is not whole is never shown as whole. */
function percent(present: number, expected: number): string {
  if (expected === 0) return '–';
  return `${(Math.floor((present / expected) * 1000) / 10).toFixed(1)} %`;
}

function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function iso(us: number): string {
  const isTime = Number.isSafeInteger(us) && Math.abs(us) < 8.64e15;
  return isTime
    ? toIsoUtc(us as TsUs)
        .replace('T', ' ')
        .replace('Z', '')
    : String(us);
}

function day(us: number): string {
  return iso(us).slice(0, 10);
}

/** `3 h 20 min`. */
function duration(us: number): string {
  const hours = Math.floor(us / US_PER_HOUR);
  const minutes = Math.floor((us % US_PER_HOUR) / US_PER_MINUTE);
  const seconds = Math.floor((us % US_PER_MINUTE) / US_PER_SECOND);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min${seconds > 0 ? ` ${seconds} s` : ''}` : `${seconds} s`;
}
