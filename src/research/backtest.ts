/**
 * The backtest: chooses the parts, wires them, runs the engine, and leaves a run folder. This is a composition root; the
 * logic stands in the layers it joins.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BarInterval } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import type { CurrencyRates, JournalPort, RandomSource, SimulatedVenue } from '../core/ports.ts';
import { describeRollRule } from '../core/roll.ts';
import { ProgrammeGuard } from '../core/programme/guard.ts';
import type { Programme } from '../core/programme/programme.ts';
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import { resolveParams } from '../core/strategy.ts';
import { parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { MICROS_PER_UNIT, toCashMicros, toIsoUtc, US_PER_DAY } from '../core/units.ts';
import { createLabelCalendar, labelDate } from '../calendars/label-calendar.ts';
import { readTable, writeTable } from '../data/arrow-store.ts';
import type { Dataset } from '../data/catalog.ts';
import { openCatalog } from '../data/catalog.ts';
import type { FileIo } from '../data/file-io.ts';
import { LineFile, nodeFileIo, writeWhole } from '../data/file-io.ts';
import { loadInstruments } from '../data/instruments.ts';
import { checksumOf } from '../data/manifest.ts';
import { verifySegments } from '../data/verify.ts';
import type { EngineResult, RiskLimits } from '../engine/config.ts';
import { openingLimitsOf } from '../engine/risk/opening-limits.ts';
import { runEngine } from '../engine/engine.ts';
import { Journal, SilentJournal } from '../engine/journal.ts';
import { createRandom } from '../engine/rng.ts';
import type { FeeModel, TradeDateAt } from '../sim/fee-model.ts';
import { createImitation } from '../sim/imitations/imitation-venue.ts';
import { isImitation } from '../sim/imitations/profiles.ts';
import { barOptionsOf, besideSegments } from './bar-fills.ts';
import { barRunNotes } from './bar-notes.ts';
import { drawOf, netProfitOf, spreadOf } from './fill-spread.ts';
import type { BarFillConfig } from './define-config.ts';
import { createFeeModel } from '../sim/fee-model.ts';
import { createMarginModel } from '../sim/margin-model.ts';
import type { AccountInputs } from './account.ts';
import { accountRulesOf, feeEntriesOf, marginRulesOf } from './account.ts';
import { costsOf, fillCostOf } from './costs.ts';
import type { ProgrammeRun } from './programme-run.ts';
import { programmeRunOf } from './programme-run.ts';
import { openCalendars } from './calendar-files.ts';
import type { CostOverride } from './costs.ts';
import { checkStamps } from './stamp-check.ts';
import { DatesSeen } from './dates-seen.ts';
import { dataNotes } from './data-notes.ts';
import type { RunPlan } from './plan.ts';
import { planRun } from './plan.ts';
import { readPriceTapes } from './price-tape.ts';
import { PROGRAM_VERSION } from './program.ts';
import { flatDeadlines, programmeMismatch } from './programme.ts';
import { baseOnly, parseRates } from './rates.ts';
import type { IssueGroup, TableRecorder } from './recorder.ts';
import { createRunRecorder } from './recorder.ts';
import type { VenueConfig } from './define-config.ts';
import {
  checkVenueSettings,
  createRunVenue,
  hasQueueModel,
  isOnTicks,
  venueNotes,
} from './run-venue.ts';
import { renderReport } from './report/render.ts';
import type { RunData } from './run-data.ts';
import { toRunData } from './run-data.ts';
import type {
  FillPolicy,
  RunCosts,
  RunDataset,
  RunInstrument,
  RunManifest,
  RunOutcome,
  RunSummary,
} from './run-format.ts';
import { RUN_SCHEMA } from './run-format.ts';
import type { RunFolder, TableStore } from './run-store.ts';
import { beginRun, guardWrite, readRun, toRunId } from './run-store.ts';
import { summarise } from './summary.ts';

/** Apache Arrow files through the one door of the data layer. */
export const TABLE_STORE: TableStore = { writeTable, readTable };

export interface RunProgress {
  readonly phase: string;
  /** 0 to 1. */
  readonly fraction: number;
  readonly bars: number;
  readonly tradeDate: string | null;
}

export interface BacktestOptions extends AccountInputs {
  /** Built-in name or path, as the user gave it. */
  readonly strategyFile: string;
  readonly strategy: AnyStrategyDefinition;
  readonly sourceSha256: string | null;
  readonly instruments?: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  readonly dataset: string;
  /** Trade dates, inclusive; the whole dataset when not given. */
  readonly from?: string;
  readonly to?: string;
  /** Whole units of `currency`. */
  readonly capital: number;
  readonly currency: string;
  /** Content and name of a file `date,currency,rate`. */
  readonly rates?: { readonly text: string; readonly file: string };
  /** Content and names of the user's own calendar files. */
  readonly calendars?: readonly { readonly text: string; readonly file: string }[];
  readonly returnBase: 'equity' | 'fixed';
  readonly seed: number;
  readonly fills: FillPolicy;
  readonly barFills?: BarFillConfig;
  /** Simulate the optimistic bound too, and the run with every order one bar late. */
  readonly bounds: boolean;
  readonly execution?: BarInterval;
  /** First trade date that the strategy was not fitted on; its figures are given apart. */
  readonly outOfSample?: string;
  readonly costs?: Readonly<Record<string, CostOverride>>;
  readonly risk?: Partial<RiskLimits>;
  /** What orders match on, as on which venue, and how long messages take. Default: bars, ideal, no time. */
  readonly venue?: VenueConfig;
  /** Rules of a funded account: the run acts under them. Capital and currency are those of the programme. */
  readonly programme?: Programme;
  readonly runsDir: string;
  /** Run folder in place of one below `runsDir`. */
  readonly out?: string;
  readonly report?: boolean;
  readonly command: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  /** For the run's id and duration only; never for the simulation. */
  readonly clock: () => TsUs;
  /** File operations of the run folder. Default: the real ones; a test may fail each of them. */
  readonly io?: FileIo;
  /** Return true to stop cleanly. */
  readonly onProgress?: (progress: RunProgress) => boolean;
}

export interface BacktestOutcome {
  readonly dir: string;
  readonly manifest: RunManifest;
  readonly summary: RunSummary;
  readonly reportFile: string | null;
  readonly reportBytes: number;
  /** What the strategy threw, with the hook and the moment; null otherwise. */
  readonly error: EngineResult['error'];
}

const DEFAULT_RISK: RiskLimits = {
  orderQtyMax: 500,
  positionQtyMax: 1000,
  ordersPerInterval: 200,
  intervalUs: 60_000_000,
  collarPct: 20,
  duplicateWindowUs: 0,
  tradingState: 'active',
};

/** The stricter of two limits holds. */
export function mergeRisk(given: Partial<RiskLimits> = {}): RiskLimits {
  const strict = (
    key: 'orderQtyMax' | 'positionQtyMax' | 'ordersPerInterval' | 'collarPct',
  ): number => Math.min(DEFAULT_RISK[key], given[key] ?? Infinity);
  return {
    orderQtyMax: strict('orderQtyMax'),
    positionQtyMax: strict('positionQtyMax'),
    ordersPerInterval: strict('ordersPerInterval'),
    intervalUs: given.intervalUs ?? DEFAULT_RISK.intervalUs,
    collarPct: strict('collarPct'),
    duplicateWindowUs: given.duplicateWindowUs ?? DEFAULT_RISK.duplicateWindowUs,
    tradingState: given.tradingState ?? DEFAULT_RISK.tradingState,
    ...openingLimitsOf(given),
  };
}

/** Everything that both bounds, a rerun and a look-ahead probe share. */
export interface PreparedRun {
  readonly options: BacktestOptions;
  readonly plan: RunPlan;
  readonly dataset: Dataset;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly roots: readonly string[];
  readonly costs: Readonly<Record<string, RunCosts>>;
  readonly risk: RiskLimits;
  readonly rates: CurrencyRates;
}

/** Loads and plans; nothing is simulated or written. Errors: those of the catalog, the plan and the parameters. */
export function prepareRun(options: BacktestOptions): PreparedRun {
  const { strategy } = options;
  if (options.programme !== undefined) {
    const mismatch = programmeMismatch(options.programme, options);
    if (mismatch !== null) throw mismatch;
  }
  if (options.outOfSample !== undefined) parseTradeDate(options.outOfSample);
  const params = resolveParams(strategy.params, options.params) as PreparedRun['params'];
  const roots = options.instruments ?? strategy.instruments;
  const specs = loadInstruments(options.instrumentsDir);
  const dataset = openCatalog(options.catalogDir).dataset(options.dataset);
  const requirements = strategy.requires(params, roots);
  const planned = planRun({
    dataset,
    specs,
    calendars: openCalendars(options.calendars),
    labelCalendar: createLabelCalendar,
    requirements,
    roots,
    fillCost: (spec) => fillCostOf(costsOf(spec, options.costs)),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.execution === undefined ? {} : { execution: options.execution }),
    ...(options.venue?.matching === undefined ? {} : { matching: options.venue.matching }),
  });
  checkVenueSettings(options, planned);
  const plan = withBeside(planned, dataset, options);
  verifySegments(dataset, plan.segments);
  const instruments = plan.table.instruments;
  const costs = Object.fromEntries(
    instruments.map((spec) => [spec.root, costsOf(spec, options.costs)]),
  );
  const rates =
    options.rates === undefined
      ? baseOnly(options.currency)
      : parseRates(options.rates.text, options.currency, options.rates.file);
  // Fails before the first bar where a currency has no rate at all.
  for (const spec of instruments) rates.rate(spec.currency, plan.from);
  checkMarginSpan(options, plan);
  for (const currency of accountRulesOf(options, plan.table).feeCurrency)
    if (currency !== null) rates.rate(currency, plan.from);
  const risk = mergeRisk(options.risk);
  const prepared = { options, plan, dataset, params, roots, costs, risk, rates };
  checkFeeSpan(prepared);
  const stamps =
    dataset.manifest.stamps === 'labels' ? [] : checkStamps(plan, dataset.manifest.name);
  return stamps.length === 0
    ? prepared
    : { ...prepared, plan: { ...plan, notes: [...plan.notes, ...stamps] } };
}

/** The plan with the segments that bar matching may read beside its feeds. */
function withBeside(plan: RunPlan, dataset: Dataset, options: BacktestOptions): RunPlan {
  const isDrilldown = options.fills === 'drilldown';
  const hasQuotes = options.barFills?.quoteBars === true;
  if (!isDrilldown && !hasQuotes) return plan;
  const { table, executionInterval } = plan;
  const beside = besideSegments(dataset, table, executionInterval, isDrilldown, hasQuotes);
  const notes = [...plan.notes];
  for (const root of Object.keys(executionInterval)) {
    if (plan.matching[root] !== 'bars') continue;
    const kinds = new Set(beside.filter((each) => each.root === root).map(({ kind }) => kind));
    if (hasQuotes && !kinds.delete('quote-bars')) {
      const message = `\`quoteBars\` is on, and ${dataset.name} has no quote bars of ${root}: buys and sells match on bars of trades`;
      notes.push({ code: 'W_QUOTE_BARS_NONE', message });
    }
    if (isDrilldown && kinds.size === 0) {
      const message = `${dataset.name} has nothing finer than the ${executionInterval[root]} bars of ${root} that match orders: ambiguous groups are resolved against you, as under pessimistic`;
      notes.push({ code: 'W_DRILLDOWN_NONE', message });
    }
  }
  return { ...plan, notes, segments: [...new Set([...plan.segments, ...beside])] };
}

export interface Pass {
  readonly result: EngineResult;
  readonly recorder: TableRecorder;
  readonly dates: DatesSeen;
  /** Null without a programme. */
  readonly guard: ProgrammeGuard | null;
}

/** The venue of a pass: what the data prove, or what another program would have made of them. Errors: E_SIM_OPTION. */
function venueOf(
  prepared: PreparedRun,
  policy: FillPolicy,
  random: RandomSource,
  delayBars: number,
): SimulatedVenue {
  const { options, plan, costs } = prepared;
  const { table } = plan;
  const fees = feesOf(prepared);
  if (isImitation(policy)) return createImitation({ table, program: policy, fees });
  return createRunVenue({
    plan,
    config: options.venue ?? {},
    random,
    isOptimistic: policy === 'optimistic',
    bars: {
      table,
      policy,
      random,
      delayBars,
      slippageTicks: Object.fromEntries(
        table.instruments.map((spec) => [spec.root, costs[spec.root]!.slippageTicks]),
      ),
      // A sample is one price: it has no range that slippage could be kept within.
      ...(plan.rollFills === 'record' ? { maxSlipBeyondBarTicks: Infinity } : {}),
      ...barOptionsOf({
        config: options.barFills ?? {},
        isDrilldown: options.fills === 'drilldown',
        dataset: prepared.dataset,
        table,
        calendars: plan.calendars,
        settlements: accountRulesOf(options, table).settlements,
        tradeDateAt: tradeDates(plan, prepared.dataset.manifest.stamps === 'labels'),
      }),
      fees,
    },
  });
}

/** One pass of the engine over a prepared run; with `delayBars` the strategy's messages arrive that much later. */
export function simulate(
  prepared: PreparedRun,
  policy: FillPolicy,
  journal: JournalPort,
  onProgress?: (bars: number, nowUs: TsUs) => boolean,
  delayBars: number = 0,
  draw: number = 0,
  isObserver: boolean = false,
): Pass {
  const { options, plan } = prepared;
  const { table } = plan;
  const random = createRandom(options.seed);
  const guard = guardOf(prepared, policy, isObserver);
  const recorder = createRunRecorder({ table });
  const dates = new DatesSeen(plan.calendars, plan.from, plan.to);
  const feeds = plan.feeds.map((feed) => ({
    ...feed,
    source: dates.watch(table.instrumentIndex[feed.contractIndex]!, plan.open(feed)),
  }));
  const result = runEngine({
    mode: 'backtest',
    strategy: options.strategy,
    params: prepared.params,
    instruments: prepared.roots,
    table,
    calendars: plan.calendars,
    chains: plan.chains,
    series: plan.series,
    feeds,
    ticks: plan.ticks.map((each) => plan.openTicks(each)),
    venue: venueOf(prepared, policy, drawOf(random, draw), delayBars),
    random,
    journal,
    recorder,
    risk: prepared.risk,
    ...(guard === null ? {} : { guard }),
    margin: createMarginModel(table, marginRulesOf(options, table.instruments)),
    account: accountRulesOf(options, table),
    rates: prepared.rates,
    capitalMicros: toCashMicros(Math.round(options.capital * MICROS_PER_UNIT)),
    from: plan.from,
    to: plan.to,
    rollFills: plan.rollFills,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  for (const feed of feeds) feed.source.close();
  return { result, recorder, dates, guard };
}

function guardOf(
  { options, plan }: PreparedRun,
  policy: FillPolicy,
  isObserver: boolean,
): ProgrammeGuard | null {
  const { programme } = options;
  if (programme === undefined) return null;
  return new ProgrammeGuard({
    programme,
    against: policy !== 'optimistic',
    roots: plan.table.instruments.map((spec) => spec.root),
    deadlines: flatDeadlines(programme, plan.calendars, plan.from, plan.to),
    isObserver,
  });
}

/** A run that begins before its margins would end at its first order. A product that joins later is asked then. */
function checkMarginSpan(options: BacktestOptions, plan: RunPlan): void {
  for (const [root, rule] of Object.entries(marginRulesOf(options, plan.table.instruments))) {
    const first = rule.kind === 'fixed' ? rule.levels[0]!.from : plan.from;
    if (first <= plan.from || plan.joinsLate.includes(root)) continue;
    throw new TradingError(
      'E_MARGIN_SCHEDULE',
      `the margins of ${root} begin on ${toIsoDate(first)}, the run on ${toIsoDate(plan.from)}`,
      {
        details: { root, first: toIsoDate(first) },
        where: options.margins!.file,
        rule: 'a level is in force on every trade date of the run',
        fix: `add an earlier level of ${root}, or begin later: --from ${toIsoDate(first)}`,
      },
    );
  }
}

/** The fees of a run, dated where its account says so. */
export function feesOf({ options, plan, costs, dataset }: PreparedRun): FeeModel {
  const { instruments } = plan.table;
  const { entries, rounding } = feeEntriesOf(options, instruments, costs);
  const tradeDateAt = tradeDates(plan, dataset.manifest.stamps === 'labels');
  return createFeeModel(plan.table, entries, rounding, tradeDateAt);
}

/** Trade date of a moment inside a session, or at its very end. */
function tradeDates({ table, calendars }: RunPlan, isLabels: boolean): TradeDateAt {
  if (isLabels) return (_, tsUs) => labelDate(tsUs);
  return (c, tsUs) => {
    const calendar = calendars[table.instrumentIndex[c]!]!;
    const session = calendar.sessionAt(tsUs) ?? calendar.sessionAt((tsUs - 1) as TsUs);
    return session?.tradeDate ?? calendar.tradeDateOf(tsUs);
  };
}

/** A run that begins before its fees would end at its first fill. A product that joins later is asked then. */
function checkFeeSpan(prepared: PreparedRun): void {
  const { options, plan, costs } = prepared;
  feesOf(prepared);
  const { entries } = feeEntriesOf(options, plan.table.instruments, costs);
  for (const [root, rows] of Object.entries(entries)) {
    const first = rows[0]!.from;
    if (first <= plan.from || plan.joinsLate.includes(root)) continue;
    throw new TradingError(
      'E_FEE_SCHEDULE',
      `the fees of ${root} begin on ${toIsoDate(first)}, the run on ${toIsoDate(plan.from)}`,
      {
        details: { root, first: toIsoDate(first) },
        rule: 'an entry is in force on every trade date of the run',
        fix: `leave \`from\` out of the first entry of ${root}, or begin later: --from ${toIsoDate(first)}`,
      },
    );
  }
}

/** Runs a backtest and writes its folder, summary and report. */
export async function runBacktest(options: BacktestOptions): Promise<BacktestOutcome> {
  const startUs = options.clock();
  const prepared = prepareRun(options);
  const createdUtc = toIsoUtc(startUs);
  const runId = toRunId(createdUtc, options.strategy.id, suffixOf(startUs, options));
  const folder =
    options.out === undefined
      ? beginRun(options.runsDir, runId, TABLE_STORE, options.io)
      : beginRun(dirname(options.out), basename(options.out), TABLE_STORE, options.io);
  const describe = (
    result: EngineResult | null,
    outcome: RunOutcome,
    error: RunManifest['error'],
  ): RunManifest =>
    manifestOf({
      prepared,
      runId,
      createdUtc,
      result,
      outcome,
      error,
      startUs,
      endUs: options.clock(),
    });
  // Until the end replaces it: a run that is killed, or finds the disk full, still says what it was.
  folder.fail(describe(null, 'failed', { code: 'E_RUN_UNFINISHED', ...UNFINISHED }));
  try {
    return finish(folder, prepared, describe);
  } catch (error) {
    const known = error instanceof TradingError ? error : null;
    tryToFail(
      folder,
      describe(null, 'failed', {
        code: known?.code ?? 'E_BUG',
        message: error instanceof Error ? error.message : String(error),
        where: known?.where ?? null,
      }),
    );
    throw error;
  }
}

/** A span between two sessions is inside the data and holds none of them. */
function noBars(plan: RunPlan, options: BacktestOptions): TradingError {
  const [from, to] = [toIsoDate(plan.from), toIsoDate(plan.to)];
  return new TradingError('E_DATA_SPAN', `${options.dataset} has no bar from ${from} to ${to}`, {
    details: { dataset: options.dataset, from, to },
    where: `--from ${from} --to ${to}`,
    rule: 'a run without a single bar is an error, never a result',
    fix: `choose a longer span; see what is there: frontmonth data show ${options.dataset}`,
  });
}

const UNFINISHED = { message: 'the run was not finished', where: null };

/** The disk may be what failed: the first error matters more than a second one from writing about it. */
function tryToFail(folder: RunFolder, manifest: RunManifest): void {
  try {
    folder.fail(manifest);
  } catch {
    return;
  }
}

/** Whatever ends the simulation, the lines so far reach the disk where it takes them. */
function closing<T>(journal: Journal, step: () => T): T {
  let value: T;
  try {
    value = step();
  } catch (error) {
    try {
      journal.close();
    } catch {
      // The disk failed as well, or first: the error in hand is the one to report.
    }
    throw error;
  }
  journal.close();
  return value;
}

function suffixOf(startUs: TsUs, options: BacktestOptions): string {
  let hash = startUs % 0x7fffffff;
  const of = [options.dataset, options.instruments, options.currency, options.from, options.to];
  for (const char of `${of.join(' ')} ${JSON.stringify(options.params)}`) {
    hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  }
  return (hash % 0x10000).toString(16).padStart(4, '0');
}

function finish(
  folder: RunFolder,
  prepared: PreparedRun,
  describe: (
    result: EngineResult | null,
    outcome: RunOutcome,
    error: RunManifest['error'],
  ) => RunManifest,
): BacktestOutcome {
  const { options, plan } = prepared;
  const io = options.io ?? nodeFileIo;
  const journal = fileJournal(join(folder.dir, 'journal.jsonl'), io);
  const progress = (phase: string, from: number, share: number) => (bars: number, nowUs: TsUs) =>
    options.onProgress?.({
      phase,
      fraction: from + share * fractionOf(plan, nowUs),
      bars,
      tradeDate: toIsoUtc(nowUs).slice(0, 10),
    }) ?? false;
  const main = closing(journal, () =>
    simulate(prepared, options.fills, journal, progress('simulate', 0, options.bounds ? 0.4 : 1)),
  );
  if (main.result.bars === 0 && main.result.outcome === 'completed') throw noBars(plan, options);
  const bound = boundOf(prepared, main, progress('optimistic bound', 0.4, 0.3));
  const late = oneBarLaterOf(prepared, main, progress('one bar later', 0.7, 0.3));
  const programme = programmePass(prepared, main, progress('without the programme', 0.9, 0.1));
  const manifest = describe(main.result, main.result.outcome, errorOf(main.result));
  const netOf = (pass: Pass): number =>
    netProfitOf(toRunData({ manifest, tables: pass.recorder.tables() }));
  const spread = spreadOf(prepared, main, bound, simulate, netOf);
  const prices = readPriceTapes(plan);
  const notes = dataNotes(
    { ...plan, notes: [...plan.notes, ...venueNotesOf(prepared)] },
    prepared.dataset.manifest,
    main.recorder.tables().fills,
    // An imitation charges no slippage, so none is missing.
    isImitation(options.fills) ? {} : prepared.costs,
    main.result.outcome === 'completed' ? main.dates.missing() : null,
  );
  notes.push(...barRunNotes(prepared, main.recorder.tables()));
  const assumed = assumedMargins(prepared);
  const issues = [...main.recorder.issues(), ...assumed, ...notes];
  const optimistic = bound === null ? null : bound.recorder.tables();
  const data = toRunData({
    manifest,
    tables: main.recorder.tables(),
    issues,
    prices,
    optimistic,
    programme,
  });
  const boundData =
    bound === null ? null : toRunData({ manifest, tables: bound.recorder.tables() });
  const summary = summarise(data, boundData, {
    random: createRandom(options.seed),
    oneBarLater:
      typeof late === 'string' ? late : toRunData({ manifest, tables: late.recorder.tables() }),
    ...spread,
  });
  const dir = folder.commit({
    manifest,
    summary,
    tables: main.recorder.tables(),
    issues,
    prices,
    optimistic,
    programme,
  });
  const report =
    options.report === false ? null : writeReport(dir, { ...data, dir, summary } as RunData, io);
  return {
    dir,
    manifest,
    summary,
    reportFile: report === null ? null : report.file,
    reportBytes: report === null ? 0 : report.bytes,
    error: main.result.error,
  };
}

function venueNotesOf({ options, plan }: PreparedRun): RunPlan['notes'] {
  return venueNotes(plan, options.venue ?? {}, options.barFills ?? {}, createRandom(options.seed));
}

/** A margin file that lacks a product of the run leaves it with the assumption: said, so that nobody relies on it. */
function assumedMargins({ options, plan }: PreparedRun): readonly IssueGroup[] {
  if (options.margins === undefined) return [];
  const rules = marginRulesOf(options, plan.table.instruments);
  const roots = Object.keys(rules).filter((root) => rules[root]!.kind === 'notional');
  if (roots.length === 0) return [];
  const code = 'W_MARGIN_ASSUMED';
  const severity = 'warning';
  const message = `${options.margins.file} has no margin of ${roots.join(', ')}: a percentage of the notional was assumed`;
  const tsUs = (plan.from * US_PER_DAY) as TsUs;
  return [{ code, severity, count: 1, first: [{ code, severity, message, tsUs }] }];
}

type PassProgress = (bars: number, nowUs: TsUs) => boolean;

/** The optimistic bound, or null where it is not simulated or did not reach its end. */
function boundOf(prepared: PreparedRun, main: Pass, onProgress: PassProgress): Pass | null {
  const { options } = prepared;
  const isWanted =
    options.bounds && (options.fills === 'pessimistic' || options.fills === 'drilldown');
  if (!isWanted || main.result.outcome !== 'completed') return null;
  // Policies differ in ambiguous groups only: without one, the other bound is this very run.
  const isModelled = hasQueueModel(prepared.plan, options.venue ?? {});
  if (main.recorder.tables().ambiguities.length === 0 && !isModelled) return main;
  const bound = simulate(prepared, 'optimistic', new SilentJournal(), onProgress);
  return bound.result.outcome === 'completed' ? bound : null;
}

/**
 * The account under its programme. Other starts are judged on the path of the run that nothing stopped: where the programme
 * acted, that is one more simulation.
 */
function programmePass(
  prepared: PreparedRun,
  main: Pass,
  onProgress: PassProgress,
): ProgrammeRun | null {
  const { options } = prepared;
  const { guard } = main;
  if (guard === null) return null;
  if (!guard.hasActed) return programmeRunOf(guard, guard.marks.columns());
  if (!options.bounds) return programmeRunOf(guard, null);
  const free = simulate(prepared, options.fills, new SilentJournal(), onProgress, 0, 0, true);
  return programmeRunOf(
    guard,
    free.result.outcome === 'completed' ? free.guard!.marks.columns() : null,
  );
}

/** The run with every message of the strategy one execution bar late, or why there is none. */
function oneBarLaterOf(prepared: PreparedRun, main: Pass, onProgress: PassProgress): Pass | string {
  const { options } = prepared;
  if (!options.bounds) return 'not simulated: --no-bounds';
  if (main.result.outcome !== 'completed') return 'not simulated: the run did not reach its end';
  if (isImitation(options.fills)) return `not simulated: fills imitate ${options.fills}`;
  if (isOnTicks(prepared.plan))
    return 'not simulated: orders match on ticks; give a latency instead';
  // Who sends nothing cannot be late.
  if (main.recorder.tables().orders.length === 0) return main;
  const late = simulate(prepared, options.fills, new SilentJournal(), onProgress, 1);
  if (late.result.outcome === 'completed') return late;
  const error = errorOf(late.result);
  return error === null
    ? 'not simulated: the program was asked to stop'
    : `one bar later the strategy fails: ${error.message}`;
}

/** The run is complete already; a report that the disk refuses can be written later. */
function writeReport(dir: string, run: RunData, io: FileIo): { file: string; bytes: number } {
  const html = renderReport(run);
  const file = join(dir, 'report.html');
  try {
    return { file, bytes: writeWhole(io, file, html) };
  } catch (cause) {
    throw new TradingError(
      'E_RUN_WRITE',
      `the run is complete, its report cannot be written: ${(cause as Error).message}`,
      {
        details: { path: file },
        where: file,
        rule: 'a report is whole or absent',
        fix: `free some space, then: frontmonth report ${run.manifest.runId}`,
        cause,
      },
    );
  }
}

/** Errors of the disk surface as E_RUN_WRITE; the lines written so far stay readable. */
function fileJournal(path: string, io: FileIo): Journal {
  let file: LineFile | null = null;
  return new Journal(
    (chunk) =>
      guardWrite(path, () => {
        file ??= new LineFile(path, io);
        file.append(chunk);
      }),
    () => file?.close(),
  );
}

function fractionOf(plan: RunPlan, nowUs: TsUs): number {
  const [from, to] = [plan.from * 86_400_000_000, (plan.to + 1) * 86_400_000_000];
  return Math.max(0, Math.min(1, (nowUs - from) / (to - from)));
}

function errorOf(result: EngineResult): RunManifest['error'] {
  if (result.error === null) return null;
  const { cause, hook } = result.error;
  return {
    code: cause instanceof TradingError ? cause.code : 'E_STRATEGY_THREW',
    message: cause instanceof Error ? cause.message : String(cause),
    where: `${hook} at ${toIsoUtc(result.error.tsUs)}`,
  };
}

function manifestOf(input: {
  readonly prepared: PreparedRun;
  readonly runId: string;
  readonly createdUtc: string;
  readonly result: EngineResult | null;
  readonly outcome: RunOutcome;
  readonly error: RunManifest['error'];
  readonly startUs: TsUs;
  readonly endUs: TsUs;
}): RunManifest {
  const { prepared, result } = input;
  const { options, plan } = prepared;
  const { strategy } = options;
  return {
    schema: RUN_SCHEMA,
    runId: input.runId,
    createdUtc: input.createdUtc,
    outcome: input.outcome,
    error: input.error,
    program: { name: 'frontmonth', version: PROGRAM_VERSION },
    strategy: {
      id: strategy.id,
      version: strategy.version,
      description: strategy.description,
      file: options.strategyFile,
      sourceSha256: options.sourceSha256,
      paramSchema: strategy.params,
    },
    params: prepared.params,
    instruments: plan.table.instruments.map((spec, row) =>
      instrumentOf(spec, plan.calendars[row]!.zone),
    ),
    datasets: [datasetOf(prepared)],
    from: toIsoDate(plan.from),
    to: toIsoDate(plan.to),
    warmUp: result === null ? null : warmUpOf(plan, result),
    outOfSample: options.outOfSample ?? null,
    seed: options.seed,
    fillPolicy: options.fills,
    capitalMicros: Math.round(options.capital * MICROS_PER_UNIT),
    currency: options.currency,
    returnBase: options.returnBase,
    costs: prepared.costs,
    rollRules: Object.fromEntries(
      plan.chains.map((chain) => [chain.root, describeRollRule(chain.schedule.rule)]),
    ),
    adjustments: Object.fromEntries(plan.series.map((series) => [series.key, series.adjust])),
    executionIntervals: plan.executionInterval,
    ...(isOnTicks(plan) ? { matching: plan.matching } : {}),
    eventHash: result?.eventHash ?? '',
    events: result?.counts['journalLines'] ?? 0,
    bars: result?.bars ?? 0,
    wallSeconds: (input.endUs - input.startUs) / 1_000_000,
    command: options.command,
    config: options.config,
    tags: [],
  };
}

/** From the first bar to the first trade date of the run on which every series is warm whose product was there at its start. */
function warmUpOf(
  plan: RunPlan,
  result: EngineResult,
): { readonly from: string; readonly until: string | null } | null {
  const { firstBarUs, warmUs } = result;
  if (firstBarUs === null || plan.series.every((series) => (series.warmUp ?? 0) === 0)) return null;
  const rowOf = (root: string): number =>
    plan.table.instruments.findIndex((spec) => spec.root === root);
  const dates = plan.calendars.map((calendar) => calendar.tradeDateOf(firstBarUs));
  let until = plan.from;
  for (const [i, series] of plan.series.entries()) {
    if (plan.joinsLate.includes(series.root)) continue;
    const readyUs = warmUs[i] ?? null;
    if (readyUs === null) return { from: toIsoDate(minOf(dates)), until: null };
    // A bar that closes with its session belongs to that session, not to the next.
    const ready = plan.calendars[rowOf(series.root)]!.tradeDateOf((readyUs - 1) as TsUs);
    if (ready > until) until = ready;
  }
  return { from: toIsoDate(minOf(dates)), until: toIsoDate(until) };
}

function minOf(dates: readonly TradeDate[]): TradeDate {
  return Math.min(...dates) as TradeDate;
}

function instrumentOf(spec: InstrumentSpec, zone: string): RunInstrument {
  return {
    root: spec.root,
    name: spec.name,
    currency: spec.currency,
    tickSize: spec.grid.increment,
    decimals: spec.grid.decimals,
    tickValue: spec.countValue.num / spec.countValue.den / MICROS_PER_UNIT,
    multiplier: spec.multiplier,
    zone,
    sessionGroup: spec.sessionGroup,
  };
}

function datasetOf(prepared: PreparedRun): RunDataset {
  const { manifest } = prepared.dataset;
  const roots = prepared.plan.table.instruments.map((spec) => spec.root);
  return {
    name: manifest.name,
    checksum: checksumOf(prepared.plan.segments),
    isSynthetic: manifest.isSynthetic,
    intervals: [...new Set(prepared.plan.feeds.map((feed) => feed.interval))],
    volume: manifest.volume,
    stamps: manifest.stamps,
    isOnGrid: roots.every((root) => manifest.grids[root]?.kind === 'ticks'),
    source: manifest.source,
  };
}

// ------------------------------------------------------------------------------------------------------- rerun

export interface RerunOptions {
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  readonly strategy: AnyStrategyDefinition;
  readonly clock: () => TsUs;
  readonly onProgress?: (progress: RunProgress) => boolean;
}
export interface RerunOutcome {
  readonly same: boolean;
  readonly eventHash: string;
  /** The data that the run read have changed since. */
  readonly isDataChanged: boolean;
  /** First journal line that differs; `seq` counts from 0. */
  readonly firstDifference: {
    readonly seq: number;
    readonly was: string;
    readonly now: string;
  } | null;
}

/** Runs a finished run again, from its manifest, and compares the event logs line by line. */
export async function rerunRun(dir: string, options: RerunOptions): Promise<RerunOutcome> {
  const { manifest } = readRun(dir, TABLE_STORE);
  const chunks: string[] = [];
  const journal = new Journal((chunk) => {
    chunks.push(chunk);
  });
  const prepared = prepareRun(optionsOf(manifest, options));
  const { result } = simulate(
    prepared,
    manifest.fillPolicy,
    journal,
    (bars, nowUs) =>
      options.onProgress?.({
        phase: 'rerun',
        fraction: fractionOf(prepared.plan, nowUs),
        bars,
        tradeDate: null,
      }) ?? false,
  );
  journal.close();
  const same = result.eventHash === manifest.eventHash;
  return {
    same,
    eventHash: result.eventHash,
    isDataChanged: datasetOf(prepared).checksum !== manifest.datasets[0]!.checksum,
    firstDifference: same
      ? null
      : firstDifference(readFileSync(join(dir, 'journal.jsonl'), 'utf8'), chunks.join('')),
  };
}

function optionsOf(manifest: RunManifest, options: RerunOptions): BacktestOptions {
  const execution = manifest.config['execution'];
  const rates = manifest.config['rates'];
  const calendars = manifest.config['calendars'];
  const barFills = manifest.config['barFills'];
  const venue = manifest.config['venue'] as VenueConfig | undefined;
  const programme = manifest.config['programme'];
  return {
    strategyFile: manifest.strategy.file,
    strategy: options.strategy,
    sourceSha256: null,
    instruments:
      (manifest.config['instruments'] as readonly string[] | undefined) ??
      manifest.instruments.map((instrument) => instrument.root),
    params: manifest.params,
    catalogDir: options.catalogDir,
    instrumentsDir: options.instrumentsDir,
    dataset: manifest.datasets[0]!.name,
    from: manifest.from,
    to: manifest.to,
    capital: manifest.capitalMicros / MICROS_PER_UNIT,
    currency: manifest.currency,
    ...(rates === undefined ? {} : { rates: rates as { text: string; file: string } }),
    ...accountInputsOf(manifest.config),
    ...(calendars === undefined
      ? {}
      : { calendars: calendars as readonly { text: string; file: string }[] }),
    ...(programme === undefined ? {} : { programme: programme as Programme }),
    returnBase: manifest.returnBase,
    seed: manifest.seed,
    fills: manifest.fillPolicy,
    ...(barFills === undefined ? {} : { barFills: barFills as BarFillConfig }),
    bounds: false,
    ...(typeof execution === 'string' ? { execution: execution as BarInterval } : {}),
    costs: manifest.costs,
    ...(venue === undefined ? {} : { venue }),
    risk: (manifest.config['risk'] as Partial<RiskLimits> | undefined) ?? {},
    runsDir: '',
    command: [],
    config: manifest.config,
    clock: options.clock,
  };
}

/** What the manifest keeps of an account. */
function accountInputsOf(config: RunManifest['config']): AccountInputs {
  const { account, margins, settlements } = config as AccountInputs;
  return {
    ...(account === undefined ? {} : { account }),
    ...(margins === undefined ? {} : { margins }),
    ...(settlements === undefined ? {} : { settlements }),
  };
}

function firstDifference(was: string, now: string): RerunOutcome['firstDifference'] {
  const [a, b] = [was.split('\n'), now.split('\n')];
  const length = Math.max(a.length, b.length);
  for (let seq = 0; seq < length; seq += 1) {
    if (a[seq] !== b[seq]) return { seq, was: a[seq] ?? '(end)', now: b[seq] ?? '(end)' };
  }
  return null;
}
