/** The only file of the command line that knows which module does what. Every module is loaded when it is first asked for. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutsidePolicy } from '../calendars/group-calendar.ts';
import type { Calendars } from '../calendars/registry.ts';
import type { BarColumns, BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import { parseContractId } from '../core/symbology.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';
import type { VenueCapabilities } from '../core/execution.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import type { BarSource, CalendarSource, TradingCalendar } from '../core/ports.ts';
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import { parseTradeDate } from '../core/trade-date.ts';
import type { Catalog } from '../data/catalog.ts';
import type { DatasetManifest } from '../data/manifest.ts';
import type { RunData } from '../research/run-data.ts';
import type { ProgrammeAnswer } from '../research/programme-run.ts';
import type { RunTableName } from '../research/tables.ts';
import { programVersion } from './package-root.ts';
import type {
  CalendarTexts,
  CalendarTools,
  ContractBook,
  DatasetCheck,
  DatasetView,
  ImportOptions,
  ImportOutcome,
  ReportOptions,
  RunListing,
  RunView,
  SampleOptions,
  Services,
} from './services.ts';

export function createServices(): Services {
  return {
    builtInStrategies,
    runBacktest: async (options) => (await backtestModule()).runBacktest(options),
    rerunRun: async (dir, options) => (await backtestModule()).rerunRun(dir, options),
    runIds: async (runsDir) =>
      (await import('../research/run-store.ts'))
        .listRuns(runsDir)
        .map((run) => run.runId)
        .toReversed(),
    listRuns,
    resolveRun: async (runsDir, ref) =>
      (await import('../research/run-store.ts')).resolveRun(runsDir, ref),
    readRun,
    explainOrder: async (dir, name) => {
      const run = await pricedRun(dir);
      const { explainOrder } = await import('../research/explain/explain.ts');
      const told = explainOrder(run, name);
      const instrument = run.manifest.instruments.find((one) => one.root === told.root)!;
      return { told, instrument };
    },
    explainAmbiguities: async (dir) => {
      const run = await runData(dir, true);
      const { explainAmbiguities } = await import('../research/explain/explain.ts');
      return { run: run.manifest, found: explainAmbiguities(run) };
    },
    readProgramme: async (file) => (await import('../research/programme.ts')).readProgramme(file),
    judgeProgramme,
    tagRun,
    renderReport,
    renderComparison,
    loadInstruments: async (dir) => (await import('../data/instruments.ts')).loadInstruments(dir),
    contractBook,
    calendarTools,
    readRolls: async (options) => (await import('../research/rolls.ts')).readRolls(options),
    listDatasets: async (catalogDir) => (await catalogOf(catalogDir)).listDatasets().map(viewOf),
    dataset: async (catalogDir, name) =>
      viewOf((await catalogOf(catalogDir)).dataset(name).manifest),
    readBars,
    readOpenInterest,
    checkDataset,
    readContinuous: async (options) =>
      (await import('../research/continuous-series.ts')).readContinuousSeries(options),
    saveContinuous: async (options) =>
      (await import('../research/continuous-series.ts')).saveContinuousSeries(options),
    renderContinuousPage: async (series, options) =>
      (await import('../research/report/continuous-page.ts')).renderContinuousPage(series, options),
    generateSample,
    importFiles,
    dataTools: () => import('./data-tools.ts'),
    exchange: () => import('../service/exchange.ts'),
    venueCapabilities,
  };
}

async function builtInStrategies(): Promise<Readonly<Record<string, AnyStrategyDefinition>>> {
  return (await import('../strategies/index.ts')).BUILT_IN_STRATEGIES;
}

function backtestModule(): Promise<typeof import('../research/backtest.ts')> {
  return import('../research/backtest.ts');
}

/** The one place of the command line that opens calendars: the package's, and those of the project's own files. */
async function openCalendars(
  files: CalendarTexts = [],
  outside?: OutsidePolicy,
): Promise<Calendars> {
  return (await import('../research/calendar-files.ts')).openCalendars(files, outside);
}

async function runData(
  dir: string,
  isLight: boolean,
  tables: readonly RunTableName[] = [],
): Promise<RunData> {
  const { readRun: read } = await import('../research/run-store.ts');
  const store = await import('../data/arrow-store.ts');
  return read(dir, store, isLight ? { tables, prices: false } : { prices: true });
}

/** The bars behind the price chart, and no table. */
async function pricedRun(dir: string): Promise<RunData> {
  const { readRun: read } = await import('../research/run-store.ts');
  return read(dir, await import('../data/arrow-store.ts'), { tables: [], prices: true });
}

async function judgeProgramme(dir: string, file: string | null): Promise<ProgrammeAnswer | null> {
  const { judgeRun } = await import('../research/programme-run.ts');
  const { readProgramme } = await import('../research/programme.ts');
  const given = file === null ? null : readProgramme(file);
  return judgeRun(await runData(dir, true, ['equity', 'trades']), given);
}

async function readRun(dir: string): Promise<RunView> {
  const run = await runData(dir, false);
  const { tradeViewRows } = await import('../research/trades-view.ts');
  return {
    dir,
    manifest: run.manifest,
    summary: run.summary,
    issues: run.issues,
    get trades() {
      return run.trades as unknown as RunView['trades'];
    },
    get lots() {
      return tradeViewRows(run, 'fifo') as unknown as RunView['lots'];
    },
    get orders() {
      return run.orders as unknown as RunView['orders'];
    },
    get fills() {
      return run.fills as unknown as RunView['fills'];
    },
  };
}

async function listRuns(runsDir: string): Promise<readonly RunListing[]> {
  const { listRuns: list } = await import('../research/run-store.ts');
  const listings: RunListing[] = [];
  for (const { runId, dir } of list(runsDir)) {
    try {
      const { manifest, summary } = await runData(dir, true);
      listings.push({ runId, dir, manifest, summary });
    } catch (error) {
      // A damaged run is listed as failed; reading it by name says why.
      if (!(error instanceof TradingError)) throw error;
      listings.push({ runId, dir, manifest: null, summary: null });
    }
  }
  return listings;
}

async function tagRun(dir: string, tags: readonly string[]): Promise<void> {
  const file = join(dir, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...manifest, tags }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

async function renderReport(dir: string, options: ReportOptions): Promise<string> {
  const { renderReport: render } = await import('../research/report/render.ts');
  return render(await runData(dir, false), options);
}

async function renderComparison(
  dirs: readonly string[],
  options: Pick<ReportOptions, 'theme'>,
): Promise<string> {
  const { compareRuns } = await import('../research/compare.ts');
  const { renderComparison: render } = await import('../research/report/compare-page.ts');
  const runs = await Promise.all(dirs.map((dir) => runData(dir, true, ['equity', 'trades'])));
  return render(compareRuns(runs), options);
}

async function contractBook(
  specs: Iterable<InstrumentSpec>,
  files: CalendarTexts = [],
): Promise<ContractBook> {
  const { createSymbology } = await import('../calendars/symbology.ts');
  const { describeDateRule } = await import('../calendars/rule-words.ts');
  const chains = await import('../calendars/chain.ts');
  const calendars = await openCalendars(files);
  return {
    contracts: (spec, fromYear, toYear) =>
      chains.buildChain(spec, calendars, fromYear, toYear, { cycle: 'listed' }),
    contract: (spec, year, month) => chains.buildContract(spec, calendars, year, month),
    chainAt: (spec, date, count) => chains.chainAt(spec, calendars, date, { count }).contracts,
    neighbours: (spec, contract) => chains.contractNeighbours(spec, calendars, contract),
    symbology: createSymbology(specs, calendars),
    rulesInWords: (spec) => ({
      lastTrade: describeDateRule(spec.lastTrade),
      firstNotice: spec.firstNotice === null ? null : describeDateRule(spec.firstNotice),
    }),
  };
}

async function calendarTools(
  outside: OutsidePolicy,
  files: CalendarTexts = [],
): Promise<CalendarTools> {
  const { SESSION_GROUPS } = await import('../calendars/registry.ts');
  const calendars = await openCalendars(files, outside);
  const known = SESSION_GROUPS.map(({ id }) => id);
  return {
    calendars,
    groups: [...known, ...calendars.groupIds().filter((id) => !known.includes(id))],
    view: await import('../research/calendar-view.ts'),
    page: await import('../research/report/calendar-page.ts'),
  };
}

async function catalogOf(dir: string): Promise<Catalog> {
  return (await import('../data/catalog.ts')).openCatalog(dir);
}

function viewOf(manifest: DatasetManifest): DatasetView {
  return {
    name: manifest.name,
    description: manifest.description,
    isSynthetic: manifest.isSynthetic,
    source: manifest.source,
    volume: manifest.volume,
    stamps: manifest.stamps,
    checksum: manifest.checksum,
    givenRolls: givenRollsOf(manifest),
    segments: manifest.segments.map((segment) => ({
      ...segment,
      interval: segment.interval ?? segment.kind,
    })),
  };
}

function givenRollsOf(manifest: DatasetManifest): Record<string, number> {
  const calendars = (manifest.extra?.['rollCalendars'] ?? {}) as Readonly<
    Record<string, { readonly rolls: readonly unknown[] }>
  >;
  return Object.fromEntries(
    Object.entries(calendars).map(([root, calendar]) => [root, calendar.rolls.length]),
  );
}

async function readBars(
  catalogDir: string,
  name: string,
  query: Parameters<Services['readBars']>[2],
): Promise<{ readonly increment: number; readonly batches: Iterable<BarColumns> }> {
  const dataset = (await catalogOf(catalogDir)).dataset(name);
  const { parseContractId } = await import('../core/symbology.ts');
  const { id, root } = parseContractId(query.contract);
  const source = dataset.bars({
    contract: id,
    interval: query.interval as BarInterval,
    ...(query.from === undefined ? {} : { from: query.from }),
    ...(query.to === undefined ? {} : { to: query.to }),
  });
  return { increment: dataset.manifest.grids[root]?.increment ?? 1, batches: batchesOf(source) };
}

async function readOpenInterest(
  catalogDir: string,
  name: string,
  query: Parameters<Services['readOpenInterest']>[2],
): ReturnType<Services['readOpenInterest']> {
  const dataset = (await catalogOf(catalogDir)).dataset(name);
  const { readOpenInterestFigures } = await import('../data/open-interest.ts');
  const { id } = parseContractId(query.contract);
  const { contract: _, ...range } = query;
  // A contract without any is an error that says what is there.
  dataset.openInterest({ contract: id }).close();
  return readOpenInterestFigures(dataset, id, range);
}

function* batchesOf(source: BarSource): Generator<BarColumns, void> {
  try {
    for (let batch = source.next(); batch !== null; batch = source.next()) yield batch;
  } finally {
    source.close();
  }
}

async function checkDataset(
  catalogDir: string,
  instrumentsDir: string,
  name: string,
  calendarFiles: CalendarTexts = [],
): Promise<DatasetCheck> {
  const dataset = (await catalogOf(catalogDir)).dataset(name);
  const { loadInstruments } = await import('../data/instruments.ts');
  const { checkDataset: check } = await import('../data/quality.ts');
  const specs = loadInstruments(instrumentsDir);
  const calendars = await openCalendars(calendarFiles);
  const { createLabelCalendar } = await import('../calendars/label-calendar.ts');
  const calendarOf = (root: string): TradingCalendar | null => {
    if (dataset.manifest.stamps === 'labels') return createLabelCalendar();
    const spec = specs.get(root);
    return spec === undefined ? null : calendarOrNull(calendars, spec);
  };
  const report = check(dataset, {
    calendars: calendarOf,
    specs: (root) => specs.get(root) ?? null,
  });
  const late = afterLastTrade(dataset.manifest, specs, calendars);
  return {
    rows: report.rows,
    segments: report.segments,
    counts:
      late.length === 0 ? report.counts : { ...report.counts, 'after-last-trade': late.length },
    problems: [...report.issues, ...late],
    report,
  };
}

/** Files with rows of a contract after its last trade. Labels are no instants, and some products have no exact dates. */
function afterLastTrade(
  manifest: DatasetManifest,
  specs: ReadonlyMap<string, InstrumentSpec>,
  calendars: CalendarSource,
): DatasetCheck['problems'] {
  if (manifest.stamps === 'labels') return [];
  return manifest.segments.flatMap((segment) => {
    const spec = specs.get(segment.root);
    const endUs = spec === undefined ? null : lastTradeUs(spec, segment.contract, calendars);
    // A longer bar in which the contract ends may end after it; none may begin there.
    const lengthUs = segment.interval === null ? 0 : intervalUs(segment.interval);
    if (endUs === null || segment.lastUs - lengthUs < endUs) return [];
    const message = `${segment.contract} ended trading ${toIsoUtc(endUs)}, the file has rows up to ${toIsoUtc(segment.lastUs as TsUs)}`;
    const { file, contract } = segment;
    return [
      { file, contract, row: null, reason: 'after-last-trade', severity: 'warning', message },
    ];
  });
}

function lastTradeUs(spec: InstrumentSpec, id: string, calendars: CalendarSource): TsUs | null {
  const { year, month } = parseContractId(id);
  try {
    const dates = calendars.contractDates(spec, year, month);
    return dates.kind === 'exact' ? dates.lastTradeUs : null;
  } catch (error) {
    if (error instanceof TradingError) return null;
    throw error;
  }
}

/** A product group without a calendar is checked without sessions. */
function calendarOrNull(calendars: CalendarSource, spec: InstrumentSpec): TradingCalendar | null {
  try {
    return calendars.forInstrument(spec);
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_CALENDAR_UNKNOWN') return null;
    throw error;
  }
}

/** Leaves the generator in the middle; the writer gives up its work. */
class Stopped extends Error {}

async function generateSample(options: SampleOptions): Promise<DatasetView | null> {
  const { loadInstruments } = await import('../data/instruments.ts');
  const { generateSample: generate } = await import('../data/sample-dataset.ts');
  try {
    const dataset = generate({
      catalog: await catalogOf(options.catalogDir),
      createdBy: `frontmonth ${programVersion()}`,
      name: options.name,
      instruments: [...loadInstruments(options.instrumentsDir).values()],
      calendars: await openCalendars(options.calendars),
      ...(options.products === undefined ? {} : { products: options.products }),
      ...(options.from === undefined ? {} : { from: parseTradeDate(options.from) }),
      ...(options.to === undefined ? {} : { to: parseTradeDate(options.to) }),
      ...(options.minuteFrom === undefined
        ? {}
        : { minuteFrom: parseTradeDate(options.minuteFrom) }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      onProgress: ({ fraction, product }) => {
        if (options.onProgress?.(fraction, product) === true) throw new Stopped();
      },
    });
    return viewOf(dataset.manifest);
  } catch (error) {
    if (error instanceof Stopped) return null;
    throw error;
  }
}

async function importFiles(options: ImportOptions): Promise<ImportOutcome> {
  const { importFiles: read } = await import('./import-data.ts');
  const { dataset, rows, issues, refused = issues.length, notes = [] } = await read(options);
  return { dataset: viewOf(dataset.manifest), rows, refused, issues, notes };
}

async function venueCapabilities(): Promise<readonly VenueCapabilities[]> {
  return (await import('../research/venues.ts')).KNOWN_VENUES;
}
