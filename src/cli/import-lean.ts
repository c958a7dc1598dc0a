/** Wires the importer of LEAN's archives to files, products, zones and sessions. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import type { BarInterval } from '../core/bars.ts';
import { parseContractId } from '../core/symbology.ts';
import { didYouMean } from '../core/suggest.ts';
import { ZoneTables } from '../calendars/wall-time.ts';
import { openCatalog } from '../data/catalog.ts';
import type { LeanFile, LeanProduct } from '../data/ingest/lean/import.ts';
import { importLean, openLeanFile } from '../data/ingest/lean/import.ts';
import { leanZones, zoneOfMarket } from '../data/ingest/lean/market-hours.ts';
import type { LeanKind, LeanResolution } from '../data/ingest/lean/names.ts';
import {
  LEAN_INTERVALS,
  LEAN_KINDS,
  LEAN_RESOLUTIONS,
  parseLeanPath,
} from '../data/ingest/lean/names.ts';
import { mayBeZeroOrBelow } from '../data/ingest/price-rule.ts';
import { asSourceError, sourceError } from '../data/ingest/source-error.ts';
import { loadInstruments } from '../data/instruments.ts';
import { openCalendars } from '../research/calendar-files.ts';
import type { Imported } from './import-data.ts';
import { checkZone, createFor, gridOf, instantOf, lastEnded, quarantineOf } from './import-data.ts';
import type { ImportOptions } from './services.ts';

/** Errors: those of the importer; E_USAGE for what files and flags leave open, E_INSTRUMENT_UNKNOWN. */
export function importLeanFiles(options: ImportOptions): Imported {
  const found = findArchives(options.files);
  const files = found.paths.map((path) => openLeanFile(path, resolutionOf(path, options)));
  const products = productsOf(options, files);
  const catalog = openCatalog(options.catalogDir);
  const isThere = catalog.names().includes(options.dataset);
  const specs = [...products.values()].map(({ spec }) => spec);
  const dataset = isThere
    ? catalog.dataset(options.dataset)
    : createFor({ ...options, stamp: 'open' }, ...specs);
  const { interval, contract, series, kinds } = options;
  const report = importLean(dataset, {
    files,
    productOf: (leanRoot) => products.get(leanRoot)!.product,
    ...(interval === undefined ? {} : { interval: interval as BarInterval }),
    ...(contract === undefined ? {} : { contract: parseContractId(contract).id }),
    ...(series === undefined ? {} : { series }),
    ...(kinds === undefined ? {} : { kinds: kinds.map(kindOf) }),
    ...quarantineOf(options, options.files[0]!),
  });
  return {
    dataset: report.dataset,
    rows: report.rows,
    refused: report.refused,
    issues: report.issues.map((issue) => ({
      row: issue.line,
      message: `${issue.entry} (byte ${issue.offset}): ${issue.reason}`,
    })),
    notes: [...found.notes, ...report.notes],
  };
}

/** Zip files as given, and all that lie below a folder, by name. */
function findArchives(paths: readonly string[]): { paths: string[]; notes: string[] } {
  const archives = new Set<string>();
  const others = new Map<string, number>();
  const walk = (path: string, isGiven: boolean): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) walk(join(path, name), false);
    } else if (isGiven || isArchiveName(path)) archives.add(path);
    else {
      const kind = basename(dirname(path));
      others.set(kind, (others.get(kind) ?? 0) + 1);
    }
  };
  for (const path of paths) {
    try {
      walk(resolve(path), true);
    } catch (cause) {
      throw asSourceError(path, cause);
    }
  }
  if (archives.size === 0)
    throw sourceError(paths[0]!, 'the folder has no archive of LEAN’s futures', {
      rule: 'archives are named <YYYYMMDD>_<kind>.zip or <root>_<kind>.zip, kinds trade, quote, openinterest',
      fix: 'give a zip file, the folder of a product, or future/<market>',
    });
  const count = [...others.values()].reduce((sum, each) => sum + each, 0);
  const notes =
    count === 0
      ? []
      : [
          `not market data, left alone: ${count} files (${[...others].map(([kind, each]) => `${each} in ${kind}`).join(', ')})`,
        ];
  return { paths: [...archives], notes };
}

function isArchiveName(path: string): boolean {
  return parseLeanPath(path).kind !== null;
}

/** Of bars of hours and days outside LEAN's folders, the interval is asked for. */
function resolutionOf(path: string, { interval }: ImportOptions): LeanResolution | null {
  const { resolution } = parseLeanPath(path);
  if (resolution !== null || interval === undefined) return resolution;
  return LEAN_RESOLUTIONS.find((each) => LEAN_INTERVALS[each] === interval) ?? null;
}

function kindOf(text: string): LeanKind {
  const kind = LEAN_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new TradingError('E_FLAG_VALUE', `--kinds has no kind \`${text}\``, {
    rule: `kinds: ${LEAN_KINDS.join(', ')}`,
    fix: didYouMean(text, LEAN_KINDS, 'use one of these'),
  });
}

interface Product {
  readonly spec: InstrumentSpec;
  readonly product: LeanProduct;
}

/** By LEAN's names of the roots. Errors: E_INSTRUMENT_UNKNOWN, E_USAGE. */
function productsOf(options: ImportOptions, files: readonly LeanFile[]): Map<string, Product> {
  const specs = loadInstruments(options.instrumentsDir);
  const roots = new Map<string, LeanFile>();
  for (const file of files)
    for (const root of rootsOf(file)) if (!roots.has(root)) roots.set(root, file);
  if (options.instrument !== undefined && roots.size > 1)
    throw new TradingError(
      'E_USAGE',
      `--instrument names one product, the files are of ${roots.size}`,
      {
        where: `--instrument ${options.instrument}`,
        fix: `leave it out, or give the files of one of ${[...roots.keys()].join(', ')}`,
      },
    );
  const calendars = openCalendars(options.calendars);
  const clock = clocks(options, files);
  const products = new Map<string, Product>();
  for (const [leanRoot, file] of roots) {
    const root = (options.instrument ?? leanRoot).toUpperCase();
    const spec = specs.get(root);
    if (spec === undefined)
      throw new TradingError('E_INSTRUMENT_UNKNOWN', `there is no product ${root}`, {
        where: file.path,
        fix: didYouMean(root, [...specs.keys()], 'say which product it is with --instrument'),
      });
    const calendar = calendars.forInstrument(spec);
    products.set(leanRoot, {
      spec,
      product: {
        root,
        grid: gridOf(options, spec),
        currency: spec.currency,
        mayBeZeroOrBelow: mayBeZeroOrBelow(spec),
        // Outside of LEAN's folders, the exchange of the product says which market's clock it was.
        clockOf: (market) => clock(market ?? spec.exchange.toLowerCase(), leanRoot, file.path),
        endedBy: (us) => lastEnded(calendar, us),
      },
    });
  }
  return products;
}

function rootsOf(file: LeanFile): string[] {
  const roots = new Set<string>();
  for (const { name } of file.zip.entries) {
    const match = /^(?:\d{8}_)?([a-z0-9]+)_/i.exec(name.split('/').at(-1)!);
    if (match !== null) roots.add(match[1]!.toLowerCase());
  }
  if (file.name.root !== null) roots.add(file.name.root);
  return [...roots];
}

type ClockOf = (market: string, leanRoot: string, path: string) => (wallUs: number) => number;

/** The flag, else LEAN's own table (given, or beside the data), else what is known of the market. */
function clocks(options: ImportOptions, files: readonly LeanFile[]): ClockOf {
  const zones = new ZoneTables();
  const given = options.isZoneGiven === true ? options.zone : null;
  if (given !== null && given !== 'UTC') checkZone(zones, given);
  const table = options.marketHours ?? besideData(files);
  const known = table === null ? null : leanZones(readText(table), table);
  return (market, leanRoot, path) => {
    const zone = given ?? known?.(market, leanRoot) ?? zoneOfMarket(market);
    if (zone === null)
      throw new TradingError('E_USAGE', `the time zone of ${path} is not known`, {
        where: path,
        rule: `${market} is none of the markets whose data zone is known here`,
        fix: 'say it with --zone, or with --market-hours and LEAN’s market-hours-database.json',
      });
    if (zone === 'UTC') return (wallUs) => wallUs;
    return (wallUs) => instantOf(zones.get(zone), wallUs, zone);
  };
}

/** `market-hours/market-hours-database.json` beside the folder `future`. */
function besideData(files: readonly LeanFile[]): string | null {
  for (const { path } of files) {
    const at = path.split(/[\\/]/).lastIndexOf('future');
    if (at < 0) continue;
    const parts = path.split(/[\\/]/).slice(0, at);
    const table = join(parts.join('/') || '/', 'market-hours', 'market-hours-database.json');
    if (existsSync(table)) return table;
  }
  return null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw asSourceError(path, cause);
  }
}
