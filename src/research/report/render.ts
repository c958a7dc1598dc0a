/** One self-contained HTML file: no request leaves it, every script is named by its hash in the policy. */
import { createHash } from 'node:crypto';
import { TradingError } from '../../core/errors.ts';
import type { PriceTape, RunData } from '../run-data.ts';
import { readAsset } from './assets.ts';
import type { BuiltModel, ReportOptions, TapeSlice } from './model.ts';
import { buildReportModel, lowerBound } from './model.ts';

/** Bars kept on each side of a trade when all prices do not fit. */
export const BARS_AROUND_TRADE = 120;
const MB = 1_000_000;

/**
 * Renders a run. When the file would pass `maxMb`, prices are kept around trades only, then left out; the chart says so.
 * Errors: E_REPORT_SIZE when even the tables do not fit, E_REPORT_ASSET.
 */
export function renderReport(run: RunData, options: ReportOptions = {}): string {
  const limit = (options.maxMb ?? 5) * MB;
  // Files of a folder come in order of name; the chart offers products in the order of the run.
  const roots = run.manifest.instruments.map((one) => one.root);
  const prices = run.prices.toSorted((a, b) => roots.indexOf(a.root) - roots.indexOf(b.root));
  const attempts: (() => { tapes: readonly TapeSlice[]; note: string })[] =
    options.prices === false
      ? [() => ({ tapes: [], note: 'Prices were left out on request.' })]
      : [
          () => ({ tapes: prices.map((tape) => ({ tape, rows: null })), note: '' }),
          () => ({
            tapes: prices.map((tape) => aroundTrades(tape, run)),
            note: `All prices do not fit in ${options.maxMb ?? 5} MB: bars within ${BARS_AROUND_TRADE} of a trade are shown, the others are cut out.`,
          }),
          () => ({
            tapes: [],
            note: `Prices do not fit in ${options.maxMb ?? 5} MB and are left out.`,
          }),
        ];
  let size = 0;
  for (const attempt of attempts) {
    const html = toHtml(buildReportModel(run, options, attempt()), run);
    size = Buffer.byteLength(html);
    if (size <= limit) return html;
  }
  throw new TradingError(
    'E_REPORT_SIZE',
    `the report needs ${(size / MB).toFixed(1)} MB without prices`,
    {
      details: { size, limit },
      rule: `a report is at most ${options.maxMb ?? 5} MB (--max-mb)`,
      fix: `raise the limit: --max-mb ${Math.ceil(size / MB)}`,
    },
  );
}

function aroundTrades(tape: PriceTape, run: RunData): TapeSlice {
  const { length } = tape.closeUs;
  const keep = new Uint8Array(length);
  for (const trade of run.trades) {
    if (trade.root !== tape.root) continue;
    for (const moment of [trade.entryUs, trade.exitUs]) {
      const bar = lowerBound(tape.closeUs, moment);
      keep.fill(1, Math.max(0, bar - BARS_AROUND_TRADE), bar + BARS_AROUND_TRADE);
    }
  }
  return { tape, rows: Int32Array.from(keep.keys()).filter((row) => keep[row] === 1) };
}

function toHtml({ model, packed }: BuiltModel, run: RunData): string {
  const { manifest } = run;
  const title = `${manifest.strategy.id} · ${manifest.instruments.map((one) => one.root).join(' ')} · ${manifest.from} to ${manifest.to}`;
  const scripts = ['uplot.js', 'lightweight-charts.js', 'page.js'] as const;
  return htmlPage({
    title,
    theme: model.theme,
    style: readAsset('uplot.css') + readAsset('page.css'),
    data: [
      { id: 'model', type: 'application/json', text: safeJson(model) },
      { id: 'columns', type: 'text/plain', text: packed.base64 },
    ],
    scripts: scripts.map(readAsset),
  });
}

/** JSON that cannot end a script element: `<` and the two line separators are escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The frame of every page. Scripts must not contain a closing script tag; libraries and page are checked by a test. */
export function htmlPage(page: {
  readonly title: string;
  readonly theme: string;
  readonly style: string;
  readonly data: readonly { readonly id: string; readonly type: string; readonly text: string }[];
  readonly scripts: readonly string[];
}): string {
  const hashes = page.scripts.map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.length === 0 ? "'none'" : hashes.join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return [
    '<!doctype html>',
    `<html lang="en" data-theme="${escapeHtml(page.theme)}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(page.title)}</title>`,
    `<style>${page.style}</style>`,
    '</head>',
    '<body>',
    ...(page.scripts.length === 0
      ? []
      : [
          '<noscript>This report draws itself with the scripts inside this file; please allow them. Nothing is loaded from anywhere.</noscript>',
        ]),
    '<div id="app"></div>',
    ...page.data.map((one) => `<script type="${one.type}" id="${one.id}">${one.text}</script>`),
    ...page.scripts.map((script) => `<script>${script}</script>`),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
