/** The comparison as one static HTML file: tables and an overlaid line drawing, without a script. */
import type { CompareRow, Comparison, TradeAlignment } from '../compare.ts';
import { readAsset } from './assets.ts';
import { escapeHtml, htmlPage } from './render.ts';

const COLOURS = ['gain', 'loss', 'third', 'fourth'] as const;
const DASHES = ['', '', '6 4', '2 3'] as const;

export function renderComparison(
  comparison: Comparison,
  options: { readonly theme?: 'auto' | 'light' | 'dark' } = {},
): string {
  const { runs, inputs, metrics, trades } = comparison;
  const head = `<thead><tr><th scope="col" class="text">Run</th>${runs.map((run, i) => `<th scope="col">${escapeHtml(run.runId)}${i === 0 ? ' (baseline)' : ''}</th>`).join('')}</tr></thead>`;
  const table = (label: string, rows: readonly CompareRow[]): string =>
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table>${head}<tbody>${rows.map(rowHtml).join('')}</tbody></table></div>`;
  const folded = (rows: readonly CompareRow[]): string =>
    rows.length === 0
      ? ''
      : `<details><summary>${rows.length} rows are equal in all runs</summary>${table('Equal rows', rows)}</details>`;
  const parts = [
    '<div class="layout"><header class="top"><h1>Comparison of runs</h1></header><main>',
    '<section><h2>What differs</h2>',
    table(
      'Inputs that differ',
      inputs.filter((row) => !row.isEqual),
    ),
    folded(inputs.filter((row) => row.isEqual)),
    '</section><section><h2>Equity from zero</h2>',
    overlaidEquity(comparison),
    '</section><section><h2>Figures</h2><p class="note">Differences against the baseline; ≈ where the 90 % intervals overlap.</p>',
    table(
      'Figures that differ',
      metrics.filter((row) => !row.isEqual),
    ),
    folded(metrics.filter((row) => row.isEqual)),
    '</section>',
    trades === null ? '' : tradeSection(trades),
    '</main></div>',
  ];
  return htmlPage({
    title: 'Comparison of runs',
    theme: options.theme ?? 'auto',
    style: readAsset('page.css'),
    data: [],
    scripts: [],
  }).replace('<div id="app"></div>', () => parts.join('\n'));
}

const TRADES_SHOWN = 100;

/** Trades by instrument, side and moment of entry; those with the largest part in the difference first. */
function tradeSection(trades: TradeAlignment): string {
  type Line = readonly [
    root: string,
    side: number,
    entryUs: number,
    a: number | null,
    b: number | null,
  ];
  const lines: readonly (readonly [string, readonly Line[]])[] = [
    [
      'In both, with another result',
      trades.different.map((one): Line => [one.root, one.side, one.entryUs, one.netA, one.netB]),
    ],
    [
      'Only in the baseline',
      trades.onlyA.map((one): Line => [one.root, one.side, one.entryUs, one.net, null]),
    ],
    [
      'Only in the other run',
      trades.onlyB.map((one): Line => [one.root, one.side, one.entryUs, null, one.net]),
    ],
  ];
  const gap = (line: Line): number => (line[4] ?? 0) - (line[3] ?? 0);
  const row = (line: Line): string => {
    const [root, side, entryUs, a, b] = line;
    const money = [a, b, gap(line)].map((value) => `<td>${formatValue('money', value, true)}</td>`);
    const when = new Date(entryUs / 1000).toISOString().slice(0, 16).replace('T', ' ');
    return `<tr><th scope="row" class="text">${escapeHtml(root)} ${side > 0 ? 'long' : 'short'}</th><td>${when}</td>${money.join('')}</tr>`;
  };
  const tables = lines
    .filter(([, some]) => some.length > 0)
    .map(([title, some]) => {
      const order = some.toSorted((x, y) => Math.abs(gap(y)) - Math.abs(gap(x)));
      const left = order.length - TRADES_SHOWN;
      return `<details${order.length <= 20 ? ' open' : ''}><summary>${title}: ${order.length} trades</summary><div class="scroll tall" tabindex="0" role="region" aria-label="${title}"><table><thead><tr><th scope="col" class="text">Trade</th><th scope="col">Entry, UTC</th><th scope="col">Baseline</th><th scope="col">Other</th><th scope="col">Difference</th></tr></thead><tbody>${order.slice(0, TRADES_SHOWN).map(row).join('')}</tbody></table></div>${left > 0 ? `<p class="note">The ${TRADES_SHOWN} with the largest difference; ${left} more are not shown.</p>` : ''}</details>`;
    });
  return `<section><h2>Trade by trade</h2><p>${trades.both} trades begin alike, ${trades.different.length} of them end with another result; ${trades.onlyA.length} are only in the baseline, ${trades.onlyB.length} only in the other run.</p>${tables.join('')}</section>`;
}

function rowHtml(row: CompareRow): string {
  const cells = row.values.map((value, i) => {
    const delta = row.deltas[i] ?? null;
    const mark = i > 0 && row.isWithinUncertainty[i] === true ? ' ≈' : '';
    const change =
      i === 0 || delta === null
        ? ''
        : `<br><span class="muted">${escapeHtml(formatValue(row.kind, delta, true))}${mark}</span>`;
    return `<td>${escapeHtml(formatValue(row.kind, value, false))}${change}</td>`;
  });
  return `<tr><th scope="row" class="text">${escapeHtml(row.label)}</th>${cells.join('')}</tr>`;
}

function formatValue(
  kind: CompareRow['kind'],
  value: number | string | null,
  isDelta: boolean,
): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  const decimals =
    kind === 'count' || kind === 'days' || kind === 'ticks' || kind === 'flag' ? 0 : 2;
  const shown = kind === 'share' ? value * 100 : value;
  const digits = kind === 'share' && Math.abs(shown) >= 1 ? 1 : decimals;
  const [whole, rest] = Math.abs(shown).toFixed(digits).split('.') as [string, string | undefined];
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (rest === undefined ? '' : `.${rest}`);
  const isZero = !/[1-9]/.test(text);
  const sign = isZero ? '' : shown < 0 ? '-' : isDelta || kind === 'money' ? '+' : '';
  return `${sign}${text}${kind === 'share' ? ' %' : ''}`;
}

/** All runs on one axis of money. */
function overlaidEquity({ equity, runs }: Comparison): string {
  const dates = equity.flatMap((one) => [one.tradeDate[0], one.tradeDate.at(-1)]);
  const known = dates.filter((date) => date !== undefined);
  if (known.length === 0) return '<p>No trade dates.</p>';
  const [from, to] = [Math.min(...known), Math.max(...known)];
  const extremes = equity.map((one) => [
    one.fromZero.reduce((a, b) => Math.min(a, b), 0),
    one.fromZero.reduce((a, b) => Math.max(a, b), 0),
  ]);
  const low = Math.min(...extremes.map((one) => one[0]!));
  const high = Math.max(low + 1, ...extremes.map((one) => one[1]!));
  const x = (date: number): string =>
    (80 + ((date - from) / Math.max(1, to - from)) * 900).toFixed(1);
  const y = (value: number): string => (290 - ((value - low) / (high - low)) * 270).toFixed(1);
  const lines = equity.map((one, i) => {
    const points = Array.from(one.fromZero, (value, d) => `${x(one.tradeDate[d]!)},${y(value)}`);
    const colour = COLOURS[i % COLOURS.length]!;
    const dash = DASHES[i % DASHES.length]!;
    return `<polyline fill="none" stroke="var(--${colour})" stroke-width="1.6" stroke-dasharray="${dash}" points="${points.join(' ')}"><title>${escapeHtml(runs[i]!.runId)}</title></polyline>`;
  });
  const ends = equity.map(
    (one, i) => `${runs[i]!.runId} ends at ${formatValue('money', one.fromZero.at(-1) ?? 0, true)}`,
  );
  const label = (value: number): string =>
    `<text x="74" y="${y(value)}" text-anchor="end">${escapeHtml(formatValue('count', value, false))}</text>`;
  const legend = runs.map(
    (run, i) =>
      `<span><i style="border-top-color:var(--${COLOURS[i % COLOURS.length]!})"></i>${escapeHtml(run.runId)}</span>`,
  );
  return `<figure><figcaption>${escapeHtml(ends.join('; '))}.</figcaption><div class="legend">${legend.join('')}</div><svg viewBox="0 0 1000 300" role="img" aria-label="Equity of the runs from zero"><line x1="80" x2="980" y1="${y(0)}" y2="${y(0)}" stroke="var(--line)"/>${label(0)}${label(low)}${label(high)}${lines.join('')}</svg></figure>`;
}
