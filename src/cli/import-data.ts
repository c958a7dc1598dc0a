/** Wires the importers of the data layer to the files, zones and sessions that they ask for. */
import { readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import { monthLetter, parseContractId } from '../core/symbology.ts';
import { addDays, toIsoDate } from '../core/trade-date.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../core/units.ts';
import type { ZoneTable } from '../calendars/wall-time.ts';
import { ZoneTables } from '../calendars/wall-time.ts';
import type { Dataset } from '../data/catalog.ts';
import { openCatalog } from '../data/catalog.ts';
import type { CsvColumns, PublicationOfDate } from '../data/ingest/csv.ts';
import { importCsv } from '../data/ingest/csv.ts';
import type { OpenInterestCsvColumns } from '../data/ingest/open-interest.ts';
import { importOpenInterest } from '../data/ingest/open-interest.ts';
import { importPysystemtrade, parseInstrumentConfig } from '../data/ingest/pysystemtrade.ts';
import { loadInstruments } from '../data/instruments.ts';
import type { GridStatement } from '../data/manifest.ts';
import { openCalendars } from '../research/calendar-files.ts';
import { importExports } from './import-export.ts';
import { programVersion } from './package-root.ts';
import type { ImportOptions } from './services.ts';
import { didYouMean } from '../core/suggest.ts';
import { detectFormat } from './detect-format.ts';

export interface Imported {
  readonly dataset: Dataset;
  readonly rows: number;
  /** Rows left out, where `issues` lists only the first of them. */
  readonly refused?: number;
  readonly issues: readonly {
    readonly row: number;
    /** Where it is, for files without rows. */
    readonly at?: string;
    readonly message: string;
  }[];
  /** What a reader of the data should know. */
  readonly notes?: readonly string[];
}

/** Errors: those of the importers; E_USAGE for flags that are missing, E_INSTRUMENT_UNKNOWN. */
export async function importFiles(options: ImportOptions): Promise<Imported> {
  const isThere = openCatalog(options.catalogDir).names().includes(options.dataset);
  try {
    const format = options.format ?? detectFormat(options.files);
    switch (format) {
      case 'csv':
        return await csv(options);
      case 'export':
        return importExports(options);
      case 'open-interest':
        return openInterest(options);
      case 'pysystemtrade':
        return pysystemtrade(options);
      case 'lean':
        return (await import('./import-lean.ts')).importLeanFiles(options);
      case 'dbn':
        return await (await import('./import-dbn.ts')).importDbnFiles(options);
      case 'parquet':
        return (await import('./import-parquet.ts')).importParquetFiles(options);
    }
  } catch (error) {
    if (!isThere) removeIfEmpty(options.catalogDir, options.dataset);
    throw error;
  }
}

/** A dataset that a failed import has begun and never filled would be offered as one that exists. */
export function removeIfEmpty(catalogDir: string, name: string): void {
  const catalog = openCatalog(catalogDir);
  if (!catalog.names().includes(name)) return;
  const { folder, manifest } = catalog.dataset(name);
  if (manifest.segments.length === 0) rmSync(folder, { recursive: true, force: true });
}

/** Errors: E_CONTRACT_ID for a month that the product does not list. */
export function checkListed(options: ImportOptions, spec: InstrumentSpec): void {
  if (options.contract === undefined || !/^[FGHJKMNQUVXZ]+$/.test(spec.listedMonths)) return;
  const { id, month } = parseContractId(options.contract);
  if (spec.listedMonths.includes(monthLetter(month))) return;
  throw new TradingError(
    'E_CONTRACT_ID',
    `${id} is not listed: ${spec.root} has the months ${spec.listedMonths}`,
    {
      where: `--contract ${options.contract}`,
      rule: 'data belong to a contract that the exchange lists',
      fix: `frontmonth contracts ${spec.root}`,
    },
  );
}

const CREATED_BY = (): string => `frontmonth ${programVersion()}`;

async function csv(options: ImportOptions): Promise<Imported> {
  const root = rootOf(options);
  const spec = specOf(options, root);
  checkListed(options, spec);
  const interval = options.interval;
  if (interval === undefined)
    throw new TradingError('E_USAGE', '--interval is missing', { fix: 'such as --interval 1m' });
  intervalUs(interval);
  const stamp = stampOf(options);
  const zones = new ZoneTables();
  if (options.zone !== 'UTC') checkZone(zones, options.zone);
  const catalog = openCatalog(options.catalogDir);
  const isThere = catalog.names().includes(options.dataset);
  let dataset = isThere ? catalog.dataset(options.dataset) : createFor(options, spec);
  const calendar = openCalendars(options.calendars).forInstrument(spec);
  const sessions = sessionFinder(calendar);
  const published = publication(calendar, options.known ?? 'next-close');
  let rows = 0;
  const issues: { row: number; message: string }[] = [];
  const notes: string[] = [];
  const isProduct = productFinder(options);
  for (const [k, path] of options.files.entries()) {
    const report = await importCsv(dataset, {
      path: resolve(path),
      columns: columnsOf(options),
      ...(options.contract === undefined ? {} : { contract: parseContractId(options.contract).id }),
      isProduct,
      interval: interval as BarInterval,
      stamp,
      zone: options.zone,
      toUtc: (wallUs, zone) => instantOf(zones.get(zone), wallUs, zone),
      openInterestOf: (_root, closeUs) => {
        const tradeDate = calendar.tradeDateOf((closeUs - 1) as TsUs);
        return { tradeDate, knownUs: published(tradeDate) };
      },
      sessionOf: (_root, wallDateUs) => sessions(Math.floor(wallDateUs / US_PER_DAY) as TradeDate),
      ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
      hasHeader: options.header,
      // Later files of one command add to the earlier ones.
      isAppend: k > 0,
      ...quarantineOf(options, path),
    });
    rows += report.rows;
    dataset = report.dataset;
    for (const issue of report.issues) issues.push({ row: issue.line, message: issue.reason });
    for (const note of report.notes) notes.push(`${path}: ${note}`);
  }
  return { dataset, rows, issues, notes };
}

/**
 * Moment at which the open interest of a trade date may be seen, where the file does not say. Exchanges publish the figure of a
 * date on the next one, some of them twice; the close of that next session is early for none of them.
 */
function publication(
  calendar: TradingCalendar,
  known: NonNullable<ImportOptions['known']>,
): (date: TradeDate) => PublicationOfDate['knownUs'] {
  return (date) => {
    const own = calendar.sessions(date, date);
    const last = own.length - 1;
    // A date without a session: whatever comes next publishes its figure.
    const closeUs = last < 0 ? date * US_PER_DAY : own.closeUs[last]!;
    if (known === 'close') return closeUs;
    return known === 'next-open'
      ? calendar.nextOpenUs(closeUs as TsUs)
      : calendar.nextCloseUs(closeUs as TsUs);
  };
}

/** Files of open interest alone. */
function openInterest(options: ImportOptions): Imported {
  const root = rootOf(options);
  const spec = specOf(options, root);
  checkListed(options, spec);
  const zones = new ZoneTables();
  if (options.zone !== 'UTC') checkZone(zones, options.zone);
  const catalog = openCatalog(options.catalogDir);
  const isThere = catalog.names().includes(options.dataset);
  let dataset = isThere ? catalog.dataset(options.dataset) : createFor(options, spec);
  const calendar = openCalendars(options.calendars).forInstrument(spec);
  const published = publication(calendar, options.known ?? 'next-close');
  let rows = 0;
  const issues: { row: number; message: string }[] = [];
  for (const path of options.files) {
    const report = importOpenInterest(dataset, {
      path: resolve(path),
      root,
      columns: interestColumnsOf(options),
      ...(options.contract === undefined ? {} : { contract: parseContractId(options.contract).id }),
      toUtc: (wallUs) =>
        options.zone === 'UTC' ? wallUs : instantOf(zones.get(options.zone), wallUs, options.zone),
      knownOf: published,
      // What is published now is of the last session that has ended.
      tradeDateOf: (knownUs) => lastEnded(calendar, knownUs),
      ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
      isQuarantined: options.quarantine,
    });
    rows += report.rows;
    dataset = report.dataset;
    for (const issue of report.issues) issues.push({ row: issue.line, message: issue.reason });
  }
  return { dataset, rows, issues };
}

export function lastEnded(calendar: TradingCalendar, us: number): TradeDate {
  const date = calendar.tradeDateOf(us as TsUs);
  // Ten days hold a session before every holiday.
  const { length, tradeDate, closeUs } = calendar.sessions(addDays(date, -10), date);
  let row = length - 1;
  while (row > 0 && closeUs[row]! > us) row -= 1;
  return (row < 0 ? addDays(date, -1) : tradeDate[row]!) as TradeDate;
}

const INTEREST_COLUMNS = ['known', 'date', 'contract', 'openInterest'];

/** Names of the file by ours; the same names where nothing is said. */
function interestColumnsOf(options: ImportOptions): OpenInterestCsvColumns {
  for (const name of Object.keys(options.columns ?? {})) {
    if (INTEREST_COLUMNS.includes(name)) continue;
    throw new TradingError('E_FLAG_VALUE', `--columns has no column \`${name}\``, {
      rule: `columns: ${INTEREST_COLUMNS.join(', ')}`,
      fix: didYouMean(name, INTEREST_COLUMNS, 'use one of these'),
    });
  }
  return options.columns ?? {};
}

/** Errors: E_FLAG_VALUE for a zone that this runtime does not know: once, not for every row. */
export function checkZone(zones: ZoneTables, zone: string): void {
  try {
    zones.get(zone);
  } catch (cause) {
    throw new TradingError('E_FLAG_VALUE', `--zone is "${zone}", which is not a time zone`, {
      where: `--zone ${zone}`,
      rule: 'a zone of the IANA data of this runtime, such as America/Chicago, or UTC',
      fix: didYouMean(
        zone,
        Intl.supportedValuesOf('timeZone'),
        'name the zone of the clock that the file was written by',
      ),
      cause,
    });
  }
}

/** Errors: E_TIME. */
export function instantOf(table: ZoneTable, wallUs: number, zone: string): number {
  const date = Math.floor(wallUs / US_PER_DAY) as TradeDate;
  const minutes = Math.floor((wallUs - date * US_PER_DAY) / US_PER_MINUTE);
  const rest = wallUs - date * US_PER_DAY - minutes * US_PER_MINUTE;
  return onlyInstant(table, date, minutes, zone) + rest;
}

/** The one instant of a clock reading. A reading that a clock change skips or repeats is refused, never chosen. */
function onlyInstant(table: ZoneTable, date: TradeDate, minutes: number, zone: string): number {
  const us = table.toUtcUs(date, minutes);
  const reads = (at: number): boolean =>
    table.localDate(at) === date && Math.floor(table.localMinutes(at)) === Math.floor(minutes);
  const isTwice = reads(us - US_PER_HOUR) || reads(us + US_PER_HOUR);
  if (reads(us) && !isTwice) return us;
  throw new TradingError(
    'E_TIME',
    `${toIsoDate(date)} ${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(Math.floor(minutes % 60)).padStart(2, '0')} ${isTwice ? 'happens twice' : 'does not exist'} in ${zone}`,
    { fix: 'give the time in UTC, or with its offset' },
  );
}

export function rootOf(options: ImportOptions): string {
  if (options.contract !== undefined) return parseContractId(options.contract).root;
  if (options.instrument !== undefined) return options.instrument.toUpperCase();
  throw new TradingError('E_USAGE', 'the product of the file is not known', {
    fix: 'name the contract of all rows with --contract ESZ2025, or the product with --instrument ES and a contract column',
  });
}

/** Whether there is a product of a root. */
export function productFinder(options: ImportOptions): (root: string) => boolean {
  const specs = loadInstruments(options.instrumentsDir);
  return (root) => specs.has(root);
}

export function specOf(options: ImportOptions, root: string): InstrumentSpec {
  const specs = loadInstruments(options.instrumentsDir);
  const spec = specs.get(root);
  if (spec !== undefined) return spec;
  throw new TradingError('E_INSTRUMENT_UNKNOWN', `there is no product ${root}`, {
    where:
      options.contract === undefined ? `--instrument ${root}` : `--contract ${options.contract}`,
    fix: didYouMean(root, [...specs.keys()], '`frontmonth contracts` lists the products'),
  });
}

/** Where the rows that a file's import refuses are written, when the user asked for a quarantine. */
export function quarantineOf(
  options: ImportOptions,
  path: string,
): { readonly quarantine?: { readonly issuesPath: string } } {
  if (!options.quarantine) return {};
  const name = `${options.dataset}-${basename(path)}.issues.jsonl`;
  return { quarantine: { issuesPath: join(options.catalogDir, name) } };
}

export function createFor(options: ImportOptions, ...specs: readonly InstrumentSpec[]): Dataset {
  return openCatalog(options.catalogDir).createDataset({
    name: options.dataset,
    createdBy: CREATED_BY(),
    isSynthetic: false,
    description: `${options.format === 'open-interest' ? 'Open interest' : 'Bars'} imported from ${options.files.map((file) => basename(file)).join(', ')}.`,
    source: options.files.map((file) => basename(file)).join(', '),
    grids: Object.fromEntries(specs.map((spec) => [spec.root, gridOf(options, spec)])),
    volume: options.columns !== undefined && !('volume' in options.columns) ? 'unknown' : 'known',
    stamps: 'instants',
    barStamp: options.stamp ?? 'close',
    currencies: Object.fromEntries(specs.map((spec) => [spec.root, spec.currency])),
  });
}

/** Prices count ticks, unless the user says that those of the source need not. */
export function gridOf({ grid }: ImportOptions, spec: InstrumentSpec): GridStatement {
  return { kind: grid === 'none' ? 'float' : 'ticks', increment: spec.grid.increment };
}

const COLUMN_NAMES = [
  'time',
  'date',
  'clock',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'contract',
  'openInterest',
  'known',
];

function columnsOf(options: ImportOptions): CsvColumns {
  const given = options.columns ?? {};
  const columns: Record<string, string | number> = {};
  for (const [name, column] of Object.entries(given)) {
    if (!COLUMN_NAMES.includes(name)) {
      throw new TradingError('E_FLAG_VALUE', `--columns has no column \`${name}\``, {
        rule: `columns: ${COLUMN_NAMES.join(', ')}`,
        fix: didYouMean(name, COLUMN_NAMES, 'use one of these'),
      });
    }
    columns[name] = options.header ? column : Number(column);
  }
  const isPositional = !options.header;
  for (const [i, name] of ['time', 'open', 'high', 'low', 'close', 'volume'].entries()) {
    const hasTime = name === 'time' && 'date' in columns;
    const isOptional = name === 'volume' && options.columns !== undefined;
    if (columns[name] === undefined && !hasTime && !isOptional)
      columns[name] = isPositional ? i : name;
  }
  return columns as unknown as CsvColumns;
}

/** Errors: E_USAGE. */
export function stampOf({ stamp }: ImportOptions): 'open' | 'close' {
  if (stamp !== undefined) return stamp;
  throw new TradingError('E_USAGE', '--stamp is missing', {
    rule: 'whether a bar carries the time of its open or of its close cannot be guessed',
    fix: '--stamp open or --stamp close, as the source of the file says',
  });
}

/** Open and close of the session of a trade date; null when there is none. */
export function sessionFinder(
  calendar: TradingCalendar,
): (date: TradeDate) => { openUs: number; closeUs: number } | null {
  return (date) => {
    const { length, openUs, closeUs } = calendar.sessions(date, addDays(date, 0));
    return length === 0 ? null : { openUs: openUs[0]!, closeUs: closeUs[length - 1]! };
  };
}

function pysystemtrade(options: ImportOptions): Imported {
  const specs = loadInstruments(options.instrumentsDir);
  const codes = options.files.map(
    (file) => options.instrument ?? basename(file).replace(/\..*$/, ''),
  );
  function* files(): Generator<{
    code: string;
    file: string;
    bytes: Uint8Array;
    isFilled: boolean;
  }> {
    for (const [i, file] of options.files.entries())
      yield { code: codes[i]!, file, bytes: readFileSync(file), isFilled: options.filled };
  }
  const { dataset, reports } = importPysystemtrade({
    catalog: openCatalog(options.catalogDir),
    dataset: options.dataset,
    createdBy: CREATED_BY(),
    files: files(),
    specOf: (root) => specs.get(root),
    quarantine: options.quarantine,
    ...(options.instrumentConfig === undefined
      ? {}
      : { config: parseInstrumentConfig(readFileSync(options.instrumentConfig, 'utf8')) }),
  });
  return {
    dataset,
    rows: reports.reduce((sum, report) => sum + report.rows, 0),
    issues: reports.flatMap((report) =>
      report.issues.map((issue) => ({
        row: issue.row,
        message: `${report.code}: ${issue.reason}`,
      })),
    ),
  };
}
