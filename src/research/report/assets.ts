/** Files that a report carries inside: chart libraries, page script and style. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TradingError } from '../../core/errors.ts';

export type AssetName =
  | 'uplot.js'
  | 'uplot.css'
  | 'lightweight-charts.js'
  | 'page.js'
  | 'page.css'
  | 'calendar.css'
  | 'quality.css'
  | 'continuous.js';

/** Where a clone has each file; a built package has all of them in `dist/assets/` under the names above. */
const IN_CLONE: Readonly<Record<AssetName, string>> = {
  'uplot.js': 'node_modules/uplot/dist/uPlot.iife.min.js',
  'uplot.css': 'node_modules/uplot/dist/uPlot.min.css',
  'lightweight-charts.js':
    'node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.js',
  'page.js': 'src/research/report/page/page.js',
  'page.css': 'src/research/report/page/page.css',
  'calendar.css': 'src/research/report/page/calendar.css',
  'quality.css': 'src/research/report/page/quality.css',
  'continuous.js': 'src/research/report/page/continuous.js',
};

/** What the build copies into `dist/assets/`: name there, path in the clone. */
export const REPORT_ASSETS: readonly { readonly name: AssetName; readonly from: string }[] =
  Object.entries(IN_CLONE).map(([name, from]) => ({ name: name as AssetName, from }));

/** Reads an asset as text. Errors: E_REPORT_ASSET. */
export function readAsset(name: AssetName): string {
  const places = [
    new URL(`./page/${name}`, import.meta.url),
    new URL(`../assets/${name}`, import.meta.url),
    new URL(`../../assets/${name}`, import.meta.url),
    new URL(`../../../${IN_CLONE[name]}`, import.meta.url),
  ].map((url) => fileURLToPath(url));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new TradingError('E_REPORT_ASSET', `the report asset ${name} is missing`, {
      details: { name, places },
      rule: 'a clone has it in node_modules, a package in dist/assets',
      fix: 'run npm ci in the clone, or install the package again',
    });
  }
  return readFileSync(found, 'utf8');
}
