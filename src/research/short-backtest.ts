/** A backtest in one call, for programs and notebooks: what the command line does, with its defaults. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BarInterval } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { Programme } from '../core/programme/programme.ts';
import type { AnyStrategyDefinition, ParamSchema, ParamValues } from '../core/strategy.ts';
import type { StrategyDefinition } from '../core/strategy.ts';
import { toIsoUtc } from '../core/units.ts';
import type { RunProgress } from './backtest.ts';
import { runBacktest, TABLE_STORE } from './backtest.ts';
import { accountTexts } from './account-files.ts';
import { readCalendarFiles } from './calendar-files.ts';
import type { FrontmonthConfig } from './define-config.ts';
import { parseProgramme, readProgramme } from './programme.ts';
import type { RunData } from './run-data.ts';
import type { RunSummary } from './run-format.ts';
import { readRun } from './run-store.ts';
import { checkShortOptions } from './short-options.ts';
import { systemClock } from './system-clock.ts';

/**
 * The keys of `frontmonth.config.ts` with their defaults, so that a project's configuration can be spread in, and the span and
 * choices of one run. Paths are relative to the working folder.
 */
export interface ShortBacktestOptions<P extends ParamSchema = ParamSchema> extends Omit<
  FrontmonthConfig,
  'instruments'
> {
  /** Products; default: those of the strategy. */
  readonly instruments?: readonly string[];
  /** Parameters that differ from their defaults. */
  readonly params?: Partial<ParamValues<P>>;
  /** Trade dates YYYY-MM-DD, inclusive; default: what the data hold. */
  readonly from?: string;
  readonly to?: string;
  /** Rules of a funded account, or the file that holds them; the capital is its start balance. */
  readonly programme?: Programme | string;
  /** Bars that match orders; default: the finest that covers the span. */
  readonly execution?: BarInterval;
  /** Folder of this run in place of one below `runs`. */
  readonly out?: string;
  /** Write `report.html` into the run folder. Default true. */
  readonly report?: boolean;
  /** File of the strategy, so that `frontmonth rerun` finds it; default: its id, which fits built-in ones. */
  readonly file?: string;
  /** Folder of product specifications; default: those of the package. */
  readonly instrumentsDir?: string;
  /** Return true to stop; what was simulated until then is kept and returned. */
  readonly onProgress?: (progress: RunProgress) => boolean;
}

/** A finished run: its summary, manifest and tables, which decode on first access. */
export interface BacktestRun extends RunData {
  readonly dir: string;
  readonly summary: RunSummary;
  /** Null with `report: false`. */
  readonly reportFile: string | null;
}

/**
 * Runs a strategy over recorded bars and reads the run back. Money in tables is integer millionths, prices are grid counts,
 * times microseconds UTC; figures of `summary.metrics` are whole units of the account's currency.
 *
 * Errors: E_BACKTEST_OPTION; those of catalog, plan and parameters; E_STRATEGY_THREW or the strategy's own TradingError when it throws, with the
 * folder in which the run up to there is kept.
 *
 * @example
 * const run = await backtest(donchianBreakout, { instruments: ['ES'], from: '2022-01-03', params: { entryBars: 20 } });
 * console.log(run.summary.verdict, run.trades.length, run.reportFile);
 */
export async function backtest<P extends ParamSchema>(
  definition: StrategyDefinition<P>,
  options: ShortBacktestOptions<P> = {},
): Promise<BacktestRun> {
  checkShortOptions(options);
  // The engine passes what `resolveParams` returned, so the parameter types cannot disagree.
  const strategy = definition as unknown as AnyStrategyDefinition;
  const { instruments, from, to, execution, outOfSample, onProgress } = options;
  const rates = options.rates === undefined ? undefined : ratesOf(options.rates);
  const calendars =
    options.calendars === undefined ? undefined : readCalendarFiles(options.calendars);
  const risk = options.risk ?? {};
  const programme = programmeOf(options.programme);
  const instrumentsDir = resolve(options.instrumentsDir ?? INSTRUMENTS_OF_PACKAGE);
  const account = accountTexts(options, instrumentsDir, instruments ?? strategy.instruments);
  const outcome = await runBacktest({
    strategyFile: options.file === undefined ? strategy.id : relative('.', options.file),
    strategy,
    sourceSha256: options.file === undefined ? null : hashOf(options.file),
    ...(instruments === undefined ? {} : { instruments }),
    params: options.params ?? {},
    catalogDir: resolve(options.catalog ?? 'catalog'),
    instrumentsDir,
    dataset: options.dataset ?? 'sample',
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    capital: options.capital ?? programme?.startBalance ?? 100_000,
    currency: options.currency ?? 'USD',
    returnBase: options.returnBase ?? 'equity',
    seed: options.seed ?? 1,
    fills: options.fills ?? 'pessimistic',
    ...(options.barFills === undefined ? {} : { barFills: options.barFills }),
    bounds: options.bounds ?? true,
    ...(execution === undefined ? {} : { execution }),
    ...(outOfSample === undefined ? {} : { outOfSample }),
    ...(rates === undefined ? {} : { rates }),
    ...(calendars === undefined ? {} : { calendars }),
    ...account,
    ...(programme === undefined ? {} : { programme }),
    costs: options.costs ?? {},
    risk,
    runsDir: resolve(options.runs ?? 'runs'),
    ...(options.out === undefined ? {} : { out: resolve(options.out) }),
    report: options.report ?? true,
    command: ['backtest()'],
    // What `rerun` reads back.
    config: {
      ...(instruments === undefined ? {} : { instruments }),
      ...(execution === undefined ? {} : { execution }),
      ...(rates === undefined ? {} : { rates }),
      ...(calendars === undefined ? {} : { calendars }),
      ...account,
      ...(programme === undefined ? {} : { programme }),
      ...(options.barFills === undefined ? {} : { barFills: options.barFills }),
      risk,
    },
    clock: systemClock,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (outcome.error !== null) throw thrownBy(outcome.error, outcome.dir);
  const { dir, summary, reportFile } = outcome;
  return Object.assign(readRun(dir, TABLE_STORE), { dir, summary, reportFile });
}

const INSTRUMENTS_OF_PACKAGE: string = fileURLToPath(
  new URL('../../catalog/instruments', import.meta.url),
);

/** Checked even where it comes as an object: programs in JavaScript reach it unchecked. */
function programmeOf(given: Programme | string | undefined): Programme | undefined {
  if (given === undefined) return undefined;
  return typeof given === 'string'
    ? readProgramme(given)
    : parseProgramme(given, 'backtest({ programme })');
}

function ratesOf(file: string): { readonly text: string; readonly file: string } {
  return { text: readFileSync(file, 'utf8'), file: resolve(file) };
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The error of a strategy with the hook, the moment and the folder; its code stays where it has one. */
function thrownBy(
  error: { readonly cause: unknown; readonly hook: string; readonly tsUs: number },
  dir: string,
): TradingError {
  const { cause, hook, tsUs } = error;
  const known = cause instanceof TradingError ? cause : null;
  const fix = known?.fix === undefined ? 'correct the strategy' : known.fix;
  return new TradingError(
    known?.code ?? 'E_STRATEGY_THREW',
    cause instanceof Error ? cause.message : String(cause),
    {
      details: { ...known?.details, dir },
      where: `${hook} at ${toIsoUtc(tsUs as never)}`,
      ...(known?.rule === undefined ? {} : { rule: known.rule }),
      fix: `${fix}; the run up to there is kept in ${dir}`,
      cause,
    },
  );
}
