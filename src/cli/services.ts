/**
 * Everything the commands ask of the other layers, behind one door. The commands know these shapes only; the wiring at the
 * end of this file is the only place that knows module paths.
 */
import type { ContractNeighbours } from '../calendars/chain.ts';
import type { Symbology } from '../calendars/symbology.ts';
import type { OutsidePolicy } from '../calendars/group-calendar.ts';
import type { Calendars } from '../calendars/registry.ts';
import type { BarColumns } from '../core/bars.ts';
import type { ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { VenueCapabilities } from '../core/execution.ts';
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { OpenInterestFigure } from '../data/open-interest.ts';
import type { DataReport, IssueSeverity } from '../data/quality.ts';
import type { Programme } from '../core/programme/programme.ts';
import type { ProgrammeAnswer } from '../research/programme-run.ts';
import type {
  BacktestOptions,
  BacktestOutcome,
  RerunOptions,
  RerunOutcome,
} from '../research/backtest.ts';
import type {
  ContinuousSeries,
  ContinuousSeriesOptions,
  SavedSeries,
  SaveOptions,
} from '../research/continuous-series.ts';
import type { ContinuousPageOptions } from '../research/report/continuous-page.ts';
import type { ExplainedAmbiguity, Explanation } from '../research/explain/explain.ts';
import type { RollsAnswer, RollsOptions } from '../research/rolls.ts';
import type { RunInstrument, RunManifest, RunSummary } from '../research/run-format.ts';

export type {
  BacktestOptions,
  BacktestOutcome,
  RerunOptions,
  RerunOutcome,
  RunProgress,
} from '../research/backtest.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Problems and refusals of a run, by code. */
export interface IssueView {
  readonly code: string;
  readonly severity: string;
  readonly count: number;
  readonly first: readonly { readonly message: string }[];
}
export interface RunView {
  readonly dir: string | null;
  readonly manifest: RunManifest;
  readonly summary: RunSummary | null;
  /** Flat to flat. */
  readonly trades: readonly Row[];
  /** The same trades as lots, first in first out. */
  readonly lots: readonly Row[];
  readonly orders: readonly Row[];
  readonly fills: readonly Row[];
  readonly issues: readonly IssueView[];
}
/** A run folder without its tables; `manifest` is null when the folder is incomplete. */
export interface RunListing {
  readonly runId: string;
  readonly dir: string;
  readonly manifest: RunManifest | null;
  readonly summary: RunSummary | null;
}

export interface ReportOptions {
  readonly theme?: 'auto' | 'light' | 'dark';
  readonly prices?: boolean;
  readonly maxMb?: number;
}

export interface SegmentView {
  readonly kind: string;
  readonly contract: string;
  readonly root: string;
  readonly interval: string;
  readonly rows: number;
  readonly firstUs: number;
  readonly lastUs: number;
}
export interface DatasetView {
  readonly name: string;
  readonly description: string;
  readonly isSynthetic: boolean;
  readonly source: string;
  readonly volume: string;
  readonly stamps: string;
  readonly checksum: string;
  /** Rolls by product, where the data came with their roll calendar. */
  readonly givenRolls?: Readonly<Record<string, number>>;
  readonly segments: readonly SegmentView[];
}
export interface DatasetProblem {
  readonly file: string;
  readonly row: number | null;
  readonly reason: string;
  readonly message: string;
  readonly severity?: IssueSeverity;
  readonly contract?: string;
  readonly tsUs?: number | null;
}
export interface DatasetCheck {
  readonly rows: number;
  readonly segments: number;
  /** Problems in full by reason. */
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly DatasetProblem[];
  /** Everything that was found, for the page and for `--json`. */
  readonly report?: DataReport;
}

export interface SampleOptions {
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  readonly name: string;
  readonly products?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly minuteFrom?: string;
  readonly seed?: number;
  readonly calendars?: CalendarTexts;
  readonly onProgress?: (fraction: number, note: string) => boolean;
}
export interface ImportOptions {
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  /** By the first bytes of the files, where none is given. */
  readonly format?:
    | 'csv'
    | 'dbn'
    | 'export'
    | 'lean'
    | 'open-interest'
    | 'parquet'
    | 'pysystemtrade';
  readonly files: readonly string[];
  readonly dataset: string;
  readonly contract?: string;
  readonly instrument?: string;
  readonly interval?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly zone: string;
  /** Whether the user named the zone. */
  readonly isZoneGiven?: boolean;
  /** Which end of a bar its time is, for formats that leave it open. */
  readonly stamp?: 'open' | 'close';
  /** `none` keeps prices that are off the tick; `ticks` by default. */
  readonly grid?: 'ticks' | 'none';
  /** Kinds of data to take; all by default. */
  readonly kinds?: readonly string[];
  /** Of a file that holds a series several times: which, from 1. */
  readonly series?: number;
  /** Digits behind the point of prices that stand as whole numbers. */
  readonly decimals?: number;
  /** LEAN's market-hours database. */
  readonly marketHours?: string;
  readonly delimiter?: string;
  readonly header: boolean;
  readonly quarantine: boolean;
  readonly instrumentConfig?: string;
  readonly filled: boolean;
  /** When open interest of a trade date is published, where no column says it; `next-close` by default. */
  readonly known?: 'close' | 'next-open' | 'next-close';
  readonly calendars?: CalendarTexts;
}
export interface ImportOutcome {
  readonly dataset: DatasetView;
  readonly rows: number;
  /** Rows left out; `issues` may list only the first of them. */
  readonly refused: number;
  readonly issues: readonly {
    readonly row: number;
    readonly at?: string;
    readonly message: string;
  }[];
  readonly notes: readonly string[];
}

/** What can be asked of contracts without any data. */
export interface ContractBook {
  /** Listed contracts by delivery year, less those that never existed. Errors: E_CONTRACT_UNLISTED, E_CALENDAR_SPAN. */
  contracts(spec: InstrumentSpec, fromYear: number, toYear: number): readonly ContractSpec[];
  contract(spec: InstrumentSpec, year: number, month: number): ContractSpec;
  /** Contracts that trade on a date, nearest first. */
  chainAt(spec: InstrumentSpec, date: TradeDate, count: number): readonly ContractSpec[];
  neighbours(spec: InstrumentSpec, contract: ContractSpec): ContractNeighbours;
  readonly symbology: Symbology;
  /** Last trade and first notice rule in words; null where there is no notice. */
  rulesInWords(spec: InstrumentSpec): {
    readonly lastTrade: string;
    readonly firstNotice: string | null;
  };
}

/** Calendar files of the project, read. */
export type CalendarTexts = readonly { readonly text: string; readonly file: string }[];

/** Calendars of exchanges, and what is made of them for people. */
export interface CalendarTools {
  readonly calendars: Calendars;
  /** Ids of the session groups, in the order of the documentation. */
  readonly groups: readonly string[];
  readonly view: typeof import('../research/calendar-view.ts');
  readonly page: typeof import('../research/report/calendar-page.ts');
}

export interface Services {
  builtInStrategies(): Promise<Readonly<Record<string, AnyStrategyDefinition>>>;
  runBacktest(options: BacktestOptions): Promise<BacktestOutcome>;
  rerunRun(dir: string, options: RerunOptions): Promise<RerunOutcome>;
  /** Newest first; a damaged run too. */
  runIds(runsDir: string): Promise<readonly string[]>;
  listRuns(runsDir: string): Promise<readonly RunListing[]>;
  /** Folder of a run named by folder, id prefix, `last` or `last~2`. */
  resolveRun(runsDir: string, ref: string): Promise<string>;
  readRun(dir: string): Promise<RunView>;
  /** The life of an order, by its id, and the product it was of. Errors: E_RUN_READ, E_ORDER_NOT_FOUND. */
  explainOrder(
    dir: string,
    name: string,
  ): Promise<{ readonly told: Explanation; readonly instrument: RunInstrument }>;
  /** Bars that left several outcomes open, most at stake first. Errors: E_RUN_READ. */
  explainAmbiguities(
    dir: string,
  ): Promise<{ readonly run: RunManifest; readonly found: readonly ExplainedAmbiguity[] }>;
  /** Errors: E_PROGRAMME_FILE, E_PROGRAMME_VALUE. */
  readProgramme(file: string): Promise<Programme>;
  /** The account of a run under the programme of a file, or under its own; null where there is neither. */
  judgeProgramme(dir: string, file: string | null): Promise<ProgrammeAnswer | null>;
  tagRun(dir: string, tags: readonly string[]): Promise<void>;
  renderReport(dir: string, options: ReportOptions): Promise<string>;
  renderComparison(dirs: readonly string[], options: Pick<ReportOptions, 'theme'>): Promise<string>;
  loadInstruments(dir: string): Promise<ReadonlyMap<string, InstrumentSpec>>;
  /** Contracts, chains and symbols of the given products. */
  contractBook(specs: Iterable<InstrumentSpec>, files?: CalendarTexts): Promise<ContractBook>;
  /** Rolls of a product under a rule. */
  readRolls(options: RollsOptions): Promise<RollsAnswer>;
  /** With the calendars of the project's own files. Errors: those of `openCalendars`. */
  calendarTools(outside: OutsidePolicy, files?: CalendarTexts): Promise<CalendarTools>;
  listDatasets(catalogDir: string): Promise<readonly DatasetView[]>;
  dataset(catalogDir: string, name: string): Promise<DatasetView>;
  readBars(
    catalogDir: string,
    name: string,
    query: {
      readonly contract: string;
      readonly interval: string;
      readonly from?: TsUs;
      readonly to?: TsUs;
    },
  ): Promise<{ readonly increment: number; readonly batches: Iterable<BarColumns> }>;
  /** Published open interest of a contract; [from, to) are moments of publication. Errors: E_DATA_SPAN. */
  readOpenInterest(
    catalogDir: string,
    name: string,
    query: { readonly contract: string; readonly from?: TsUs; readonly to?: TsUs },
  ): Promise<readonly OpenInterestFigure[]>;
  checkDataset(
    catalogDir: string,
    instrumentsDir: string,
    name: string,
    calendars?: CalendarTexts,
  ): Promise<DatasetCheck>;
  readContinuous(options: ContinuousSeriesOptions): Promise<ContinuousSeries>;
  saveContinuous(options: SaveOptions): Promise<SavedSeries>;
  renderContinuousPage(series: ContinuousSeries, options: ContinuousPageOptions): Promise<string>;
  /** Null when it was stopped; nothing is written then. */
  generateSample(options: SampleOptions): Promise<DatasetView | null>;
  importFiles(options: ImportOptions): Promise<ImportOutcome>;
  /** Export, resampling, watching and checking. */
  dataTools(): Promise<typeof import('./data-tools.ts')>;
  /** The simulated exchange behind a broker's protocol. */
  exchange(): Promise<typeof import('../service/exchange.ts')>;
  /** Venues whose capabilities are known. */
  venueCapabilities(): Promise<readonly VenueCapabilities[]>;
}

export async function connectServices(): Promise<Services> {
  const { createServices } = await import('./services-wiring.ts');
  return createServices();
}
