/** `frontmonth backtest <strategy>`. */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { BarInterval } from '../../core/bars.ts';
import { intervalUs } from '../../core/bars.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { Programme } from '../../core/programme/programme.ts';
import { checkParam, resolveParams } from '../../core/strategy.ts';
import { toTsUs } from '../../core/units.ts';
import type { VenueConfig } from '../../research/define-config.ts';
import type { ResolvedConfig } from '../../research/project-config.ts';
import { SUMMARY_SCHEMA } from '../../research/run-format.ts';
import type { RunSummary } from '../../research/run-format.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { dateFlag, numberFlag, spanOf } from '../flag-values.ts';
import { formatCount } from '../format.ts';
import type { Interrupts } from '../interrupt.ts';
import { watchInterrupts } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { createProgress } from '../progress.ts';
import { frameInFile, isTradingError, stackOf } from '../report-error.ts';
import type { BacktestOptions, BacktestOutcome, RunProgress, Services } from '../services.ts';
import type { LoadedStrategy } from '../strategy-loader.ts';
import { loadStrategy, readParams, splitRoots, withWhere } from '../strategy-loader.ts';
import { summaryText } from '../summary-view.ts';
import { unknownProduct } from './contracts.ts';
import { ensureSample } from './data.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  return backtest(call, textArg(call, 0));
}

export async function backtest(
  call: CommandCall,
  name: string,
  defaults: { readonly capital?: number } = {},
): Promise<ExitCode> {
  const services = await call.services();
  const account = textFlag(call, 'account');
  const programme =
    account === undefined ? null : await services.readProgramme(resolve(call.host.cwd, account));
  const config = await call.config(configFlags(call, programme?.startBalance ?? defaults.capital));
  const strategy = await loadStrategy(name, {
    cwd: call.host.cwd,
    builtIn: await services.builtInStrategies(),
  });
  const options = await backtestOptions(call, config, strategy, programme);
  await checkProducts(services, options);
  const interrupts = watchInterrupts(call.host);
  if ((await ensureSample(call, config, interrupts)) === 'stopped') return interrupts.exitCode()!;
  if (textFlag(call, 'perCurrency') !== undefined) {
    const { backtestAccounts } = await import('./backtest-accounts.ts');
    return backtestAccounts(call, {
      services,
      options,
      strategy,
      interrupts,
      simulate: (account) => simulate(call.out, services, account, interrupts, strategy),
    });
  }
  const outcome = await simulate(call.out, services, options, interrupts, strategy);
  return present(call, config, services, outcome, interrupts, strategy);
}

function configFlags(call: CommandCall, capital?: number): Record<string, unknown> {
  return {
    dataset: textFlag(call, 'data'),
    capital: numberFlag(call, 'capital', { min: 1, max: 9_000_000_000, isWhole: false }) ?? capital,
    seed: numberFlag(call, 'seed', { min: 0 }),
    fills: textFlag(call, 'fills'),
    rates: textFlag(call, 'rates'),
    margins: textFlag(call, 'margins'),
    settlements: textFlag(call, 'settlements'),
    outOfSample: dateFlag(call, 'outOfSample'),
    ...(call.flags['bounds'] === false ? { bounds: false } : {}),
  };
}

async function backtestOptions(
  call: CommandCall,
  config: ResolvedConfig,
  strategy: LoadedStrategy,
  programme: Programme | null,
): Promise<BacktestOptions> {
  const { values } = config;
  const texts = call.flags['param'];
  const params = readParams(strategy.definition, Array.isArray(texts) ? (texts as string[]) : []);
  checkParams(strategy, params);
  const span = spanOf(call);
  const instruments = splitRoots(textFlag(call, 'instruments'));
  const out = textFlag(call, 'out');
  const execution = textFlag(call, 'execution');
  if (execution !== undefined) withWhere(`--execution ${execution}`, () => intervalUs(execution));
  const rates = readRates(values.rates);
  const calendars = await calendarTextsOf(config);
  const account = await accountOf(config, instruments ?? strategy.definition.instruments);
  const venue = venueOf(call, values.venue);
  const isVenueSet = Object.keys(venue).length > 0;
  return {
    strategyFile: strategy.file,
    strategy: strategy.definition,
    sourceSha256: strategy.sourceSha256,
    ...(instruments === undefined ? {} : { instruments }),
    params,
    catalogDir: values.catalog,
    instrumentsDir: instrumentsDirOf(config),
    dataset: values.dataset,
    ...span,
    capital: values.capital,
    currency: values.currency,
    returnBase: values.returnBase,
    seed: values.seed,
    fills: values.fills,
    barFills: values.barFills,
    bounds: values.bounds,
    costs: values.costs,
    risk: values.risk,
    ...(isVenueSet ? { venue } : {}),
    ...(values.outOfSample === null ? {} : { outOfSample: values.outOfSample }),
    ...(programme === null ? {} : { programme }),
    runsDir: values.runs,
    ...(out === undefined ? {} : { out: resolve(call.host.cwd, out) }),
    ...(execution === undefined ? {} : { execution: execution as BarInterval }),
    ...(rates === undefined ? {} : { rates }),
    ...(calendars.length === 0 ? {} : { calendars }),
    ...account,
    command: call.command,
    // `rerun` reads back what stands before `values`.
    config: {
      ...(isVenueSet ? { venue } : {}),
      ...(instruments === undefined ? {} : { instruments }),
      ...(execution === undefined ? {} : { execution }),
      ...(rates === undefined ? {} : { rates }),
      ...(calendars.length === 0 ? {} : { calendars }),
      ...(programme === null ? {} : { programme }),
      ...account,
      ...(Object.keys(values.barFills).length === 0 ? {} : { barFills: values.barFills }),
      risk: values.risk,
      values,
      origins: config.origins,
    },
    clock: () => toTsUs(Math.round(call.host.nowMs() * 1000)),
  };
}

/** The project's venue with what flags change of it. */
function venueOf(call: CommandCall, venue: VenueConfig): VenueConfig {
  const matching = textFlag(call, 'matching') as VenueConfig['matching'];
  const profile = textFlag(call, 'venue') as VenueConfig['profile'];
  const ms = numberFlag(call, 'latency', { min: 0, max: 86_400_000, isWhole: false });
  return {
    ...venue,
    ...(matching === undefined ? {} : { matching }),
    ...(profile === undefined ? {} : { profile }),
    ...(ms === undefined ? {} : { latency: { ...venue.latency, entry: ms, response: ms } }),
  };
}

/** Before anything is generated or read, with a suggestion. */
async function checkProducts(services: Services, options: BacktestOptions): Promise<void> {
  if (options.instruments === undefined) return;
  const known = [...(await services.loadInstruments(options.instrumentsDir)).keys()];
  const unknown = options.instruments.find((root) => !known.includes(root));
  if (unknown !== undefined) throw unknownProduct(unknown, known, `--instruments ${unknown}`);
}

/** Nothing is loaded where the account is not configured. */
async function accountOf(
  config: ResolvedConfig,
  roots: readonly string[],
): Promise<Pick<BacktestOptions, 'account' | 'margins' | 'settlements'>> {
  const { account, margins, settlements } = config.values;
  if (Object.keys(account).length === 0 && margins === null && settlements === null) return {};
  const { accountTexts } = await import('../../research/account-files.ts');
  return accountTexts(config.values, instrumentsDirOf(config), roots);
}

function readRates(file: string | null): { text: string; file: string } | undefined {
  return file === null ? undefined : { text: readFileSync(file, 'utf8'), file };
}

/** Bounds are checked before anything is read, so that a wrong parameter costs no time. */
function checkParams(strategy: LoadedStrategy, params: Readonly<Record<string, unknown>>): void {
  const schema = strategy.definition.params;
  for (const [name, value] of Object.entries(params)) {
    try {
      withWhere(`--param ${name}=${String(value)}`, () => checkParam(name, schema[name]!, value));
    } catch (error) {
      if (!isTradingError(error)) throw error;
      throw new TradingError('E_PARAM_RANGE', error.message, {
        ...(error.details === undefined ? {} : { details: error.details }),
        ...(error.where === undefined ? {} : { where: error.where }),
        ...(error.rule === undefined ? {} : { rule: error.rule }),
        fix: `choose a value inside the range; see all parameters with: frontmonth check ${strategy.file}`,
      });
    }
  }
  resolveParams(schema, params);
}

async function simulate(
  out: Output,
  services: Services,
  options: BacktestOptions,
  interrupts: Interrupts,
  strategy: LoadedStrategy,
): Promise<BacktestOutcome> {
  const progress = createProgress(out);
  const startedMs = out.host.nowMs();
  const onProgress = (state: RunProgress): boolean => {
    const seconds = Math.max(0.001, (out.host.nowMs() - startedMs) / 1000);
    const speed = `${formatCount(Math.round(state.bars / seconds))}/s`;
    progress.update(
      state.phase,
      state.fraction,
      [state.tradeDate ?? '', `${formatCount(state.bars)} bars`, speed].filter(Boolean).join('  '),
    );
    return interrupts.isStopping();
  };
  try {
    return await services.runBacktest({ ...options, onProgress });
  } catch (error) {
    progress.stop();
    throw withStrategyPlace(error, strategy, out.host.cwd);
  } finally {
    progress.stop();
  }
}

/** An error that a strategy's own line caused says which line. */
export function withStrategyPlace(error: unknown, strategy: LoadedStrategy, cwd: string): unknown {
  if (strategy.path === null || !isTradingError(error)) return error;
  const line = frameInFile(stackOf(error), strategy.path, cwd);
  // What the strategy threw was placed when it was caught.
  if (line === null || error.where?.startsWith(line) === true) return error;
  const where = error.where === undefined ? line : `${line}, ${error.where}`;
  return new TradingError(error.code as `E_${string}`, error.message, {
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.rule === undefined ? {} : { rule: error.rule }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    where,
    cause: error,
  });
}

async function present(
  call: CommandCall,
  config: ResolvedConfig,
  services: Services,
  outcome: BacktestOutcome,
  interrupts: Interrupts,
  strategy: LoadedStrategy,
): Promise<ExitCode> {
  const { out, host } = call;
  const { summary, manifest } = outcome;
  const shown = (path: string): string => relative(host.cwd, path) || '.';
  const parts = {
    summary,
    manifest,
    dir: shown(outcome.dir),
    isOutside: textFlag(call, 'out') !== undefined,
    reportFile: outcome.reportFile === null ? null : shown(outcome.reportFile),
    reportBytes: outcome.reportBytes,
    previous: await previousRun(services, config.values.runs, outcome),
  };
  for (const warning of summary.warnings) out.warnings.push(warning);
  const hasTrades = summary.trades.closed + summary.trades.open > 0;
  if (!hasTrades) out.warnings.push({ code: 'no-trades', message: 'the run made no trade' });
  // One document: it is the error, and it names the run that was kept.
  if (manifest.outcome === 'strategy-error' && out.options.json)
    throw strategyError(outcome, strategy, host.cwd);
  const result = { ...summary, dir: parts.dir, reportFile: parts.reportFile };
  out.result(SUMMARY_SCHEMA, result, () => summaryText(out, parts));
  if (!hasTrades && !out.options.json) out.talk('warning no-trades: the run made no trade');
  if (hasFlag(call, 'open') && outcome.reportFile !== null)
    await host.openInBrowser(outcome.reportFile);
  if (manifest.outcome === 'strategy-error') throw strategyError(outcome, strategy, host.cwd);
  if (summary.outcome === 'stopped') {
    out.talk(
      `stopped; what was simulated is kept in ${parts.dir}. Run again: ${call.command.join(' ')}`,
    );
    return interrupts.exitCode() ?? EXIT.interrupted;
  }
  if (manifest.outcome === 'failed') return EXIT.strategy;
  const signalled = interrupts.exitCode();
  if (signalled !== null) {
    out.talk('the simulation had already ended: the run is complete');
    return signalled;
  }
  return hasFlag(call, 'strict') && out.warnings.length > 0 ? EXIT.answerIsNo : EXIT.ok;
}

/** What the strategy threw, with its line, the hook and the moment; the cure is that of the first error. */
export function strategyError(
  { manifest, dir, error }: BacktestOutcome,
  strategy: LoadedStrategy,
  cwd: string,
  kept: string = `the run up to there is kept in ${relative(cwd, dir) || dir}`,
): TradingError {
  const cause = error?.cause;
  const line =
    strategy.path === null || cause === undefined
      ? null
      : frameInFile(stackOf(cause), strategy.path, cwd);
  const known = isTradingError(cause) ? cause : null;
  const code = (manifest.error?.code ?? 'E_STRATEGY_THREW') as `E_${string}`;
  return new TradingError(code, manifest.error?.message ?? 'the strategy threw', {
    where: [line, manifest.error?.where].filter((part) => part != null).join(', '),
    details: { ...known?.details, runId: manifest.runId, dir },
    ...(known?.rule === undefined ? {} : { rule: known.rule }),
    fix: known?.fix === undefined ? `correct the strategy; ${kept}` : `${known.fix}; ${kept}`,
    cause,
  });
}

/** The latest complete run of the same strategy on the same data and span of products. */
export async function previousRun(
  services: Services,
  runsDir: string,
  outcome: BacktestOutcome,
): Promise<{ runId: string; summary: RunSummary } | null> {
  const { manifest, summary } = outcome;
  // A part of a run says nothing against a whole one.
  if (manifest.outcome !== 'completed') return null;
  const runs = await services.listRuns(runsDir);
  const same = runs.filter(
    (run) =>
      run.runId !== summary.runId &&
      run.manifest?.outcome === 'completed' &&
      run.summary !== null &&
      run.manifest.strategy.id === manifest.strategy.id &&
      run.manifest.datasets.map((set) => set.name).join() ===
        manifest.datasets.map((set) => set.name).join() &&
      run.summary.instruments.join() === summary.instruments.join() &&
      run.manifest.capitalMicros === manifest.capitalMicros &&
      run.manifest.currency === manifest.currency &&
      run.manifest.createdUtc <= manifest.createdUtc,
  );
  const latest = same.toSorted((a, b) =>
    a.manifest!.createdUtc < b.manifest!.createdUtc ? 1 : -1,
  )[0];
  return latest?.summary == null ? null : { runId: latest.runId, summary: latest.summary };
}
