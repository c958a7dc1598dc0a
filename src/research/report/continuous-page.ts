/** The page of a continuous series: raw against adjusted, every roll marked, and the table of rolls. Self-contained. */
import { gapOf } from '../../core/roll.ts';
import { toPrice } from '../../core/price-grid.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import { toIsoUtc } from '../../core/units.ts';
import type { TsUs } from '../../core/units.ts';
import type { ContinuousSeries } from '../continuous-series.ts';
import { readAsset } from './assets.ts';
import { packColumns } from './pack.ts';
import { escapeHtml, htmlPage, safeJson } from './render.ts';

export interface ContinuousPageOptions {
  readonly theme?: 'auto' | 'light' | 'dark';
  readonly dataset: string;
  readonly interval: string;
  /** The rule in words. */
  readonly rule: string;
  readonly isSynthetic?: boolean;
}

/** Rows drawn at most; of longer series every n-th is shown, the last of each contract always. */
export const PAGE_ROWS_MAX = 40_000;

export function renderContinuousPage(
  series: ContinuousSeries,
  options: ContinuousPageOptions,
): string {
  const { columns, spec, adjust, schedule } = series;
  const rows = rowsToDraw(series);
  const { decimals } = spec.grid;
  const pick = (column: ArrayLike<number>): Float64Array =>
    Float64Array.from(rows, (row) => column[row]!);
  const raw = Float64Array.from(rows, (row) => toPrice(columns.rawClose[row]!, spec.grid));
  const isRatio = adjust.endsWith('ratio');
  const packed = packColumns([
    { name: 'seconds', values: pick(columns.closeUs).map((us) => Math.round(us / 1e6)) },
    { name: 'raw', decimals: decimals + 2, values: raw },
    { name: 'adjusted', decimals: decimals + (isRatio ? 4 : 2), values: pick(columns.close) },
    { name: 'contract', values: Array.from(rows, (row) => nameAt(series, row)) },
  ]);
  const what = `${spec.root} ${words(adjust)}${series.depth === 0 ? '' : `, depth ${series.depth}`}`;
  const model = {
    columns: packed.columns,
    decimals,
    rolls: schedule.rolls.map((roll) => ({
      seconds: Math.round(roll.effectiveUs / 1e6),
      label: `${roll.from} to ${roll.to}`,
    })),
    adjust: words(adjust),
  };
  const note =
    rows.length < columns.length
      ? `<p class="note">${rows.length} of ${columns.length} bars are drawn: evenly spaced, the last of each contract always.</p>`
      : '';
  const parts = [
    '<div class="layout"><header class="top">',
    `<h1>${escapeHtml(what)}</h1>`,
    `<p class="note">${escapeHtml(`${spec.name}, ${options.interval} bars of ${options.dataset}${options.isSynthetic === true ? ' (synthetic)' : ''}. Rolled by ${options.rule}.`)}</p>`,
    '</header><main>',
    '<section><h2>Raw and adjusted</h2>',
    '<p class="note">Raw is the price of the contract held, as traded; it jumps at a roll. Adjusted is the same price with the gaps taken out. Drag to zoom, double-click to see all. Vertical lines are rolls.</p>',
    '<div id="chart" role="img" aria-label="Raw and adjusted price"></div>',
    note,
    '</section>',
    `<section><h2>Rolls</h2>${rollTable(series)}</section>`,
    '</main></div>',
  ];
  return htmlPage({
    title: `${what} · ${options.dataset}`,
    theme: options.theme ?? 'auto',
    style: readAsset('uplot.css') + readAsset('page.css') + STYLE,
    data: [
      { id: 'model', type: 'application/json', text: safeJson(model) },
      { id: 'columns', type: 'text/plain', text: packed.base64 },
    ],
    scripts: [readAsset('uplot.js'), readAsset('continuous.js')],
  }).replace('<div id="app"></div>', () => parts.join('\n'));
}

const STYLE = `
#chart { min-height: 420px; }
#chart .u-legend { font-variant-numeric: tabular-nums; text-align: left; }
#chart .u-legend th, #chart .u-legend td { border: 0; background: none; position: static; }
@media (min-width: 1100px) { .layout { grid-template-columns: minmax(0, 1fr); } }
@media (min-width: 721px) { .rolls td.wrap { min-width: 18rem; } }
@page { margin: 12mm; }
@media print {
  #chart { min-height: 0; break-inside: avoid; }
  #chart .uplot { max-width: 100%; }
  .rolls table { width: 100%; font-size: 7.5pt; }
  .rolls th, .rolls td { padding: 0.12rem 0.35rem; position: static; }
  .rolls th { white-space: normal; }
  .rolls td.wrap { min-width: 0; }
  thead { display: table-header-group; }
}
`;

function words(adjust: string): string {
  return adjust === 'none' ? 'not adjusted' : adjust.replace('-', ' adjusted by ');
}

function nameAt(series: ContinuousSeries, row: number): string {
  const { columns, contracts } = series;
  const name = contracts[columns.contractIndex[row]!]!;
  const to = columns.toIndex[row]!;
  return to < 0 ? name : `${name} + ${contracts[to]!}`;
}

function rowsToDraw({ columns }: ContinuousSeries): Int32Array {
  const { length, contractIndex } = columns;
  const step = Math.max(1, Math.ceil(length / PAGE_ROWS_MAX));
  const rows: number[] = [];
  for (let row = 0; row < length; row += 1) {
    const isEdge = row + 1 === length || contractIndex[row] !== contractIndex[row + 1];
    if (row % step === 0 || isEdge) rows.push(row);
  }
  return Int32Array.from(rows);
}

function rollTable(series: ContinuousSeries): string {
  const { schedule, spec } = series;
  if (schedule.rolls.length === 0) return '<p class="note">One contract, no roll.</p>';
  const price = (counts: number): string => toPrice(counts, spec.grid).toFixed(spec.grid.decimals);
  const head = ['Trade date', 'Moment UTC', 'From', 'To', 'From price', 'To price', 'Gap', 'Why']
    .map((title, i) => `<th scope="col"${classOf(i)}>${title}</th>`)
    .join('');
  const body = schedule.rolls.map((roll) => {
    const inferred = roll.isInferred ? ' (a price is inferred)' : '';
    const ahead = roll.looksAhead === true ? ' (looks ahead)' : '';
    const cells = [
      toIsoDate(roll.tradeDate),
      toIsoUtc(roll.effectiveUs as TsUs),
      roll.from,
      roll.to,
      price(roll.fromPrice),
      price(roll.toPrice),
      price(gapOf(roll)),
      `${roll.reason}${inferred}${ahead}`,
    ];
    return `<tr>${cells.map((cell, i) => `<td${classOf(i)}>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll rolls" tabindex="0" role="region" aria-label="Rolls"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** Words to the left; the reason may break into lines. */
function classOf(column: number): string {
  if (column === 7) return ' class="text wrap"';
  return column < 4 ? ' class="text"' : '';
}
