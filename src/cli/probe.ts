/** The probe of `check`: a strategy run again and again in a folder that is deleted afterwards, and its result in words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toTsUs } from '../core/units.ts';
import type { ProbeResult } from '../research/look-ahead.ts';
import { probeLookAhead } from '../research/look-ahead.ts';
import type { ResolvedConfig } from '../research/project-config.ts';
import type { CommandCall } from './command.ts';
import { strategyError, withStrategyPlace } from './commands/backtest.ts';
import { ensureSample } from './commands/data.ts';
import { calendarTextsOf } from './calendar-texts.ts';
import { instrumentsDirOf } from './instruments-dir.ts';
import type { Interrupts } from './interrupt.ts';
import { createProgress } from './progress.ts';
import type { Row } from './services.ts';
import type { LoadedStrategy } from './strategy-loader.ts';

export interface ProbeChoice {
  readonly roots: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly from?: string;
  readonly to?: string;
}

export interface Probed {
  readonly result: ProbeResult;
  /** Of the whole span. */
  readonly orders: readonly Row[];
}

/** Null, or a result that says nothing, after a stop by the user. Errors: those of a backtest, and what the strategy throws. */
export async function runProbe(
  call: CommandCall,
  config: ResolvedConfig,
  strategy: LoadedStrategy,
  interrupts: Interrupts,
  choice: ProbeChoice,
): Promise<Probed | null> {
  const services = await call.services();
  const runsDir = mkdtempSync(join(tmpdir(), 'frontmonth-check-'));
  const progress = createProgress(call.out);
  const { values } = config;
  try {
    if ((await ensureSample(call, config, interrupts)) === 'stopped') return null;
    let orders: readonly Row[] | null = null;
    let count = 0;
    const result = await probeLookAhead(async (to) => {
      count += 1;
      const phase = `probe, run ${count}`;
      const outcome = await services.runBacktest({
        strategyFile: strategy.file,
        strategy: strategy.definition,
        sourceSha256: strategy.sourceSha256,
        instruments: choice.roots,
        params: choice.params,
        catalogDir: values.catalog,
        instrumentsDir: instrumentsDirOf(config),
        calendars: await calendarTextsOf(config),
        dataset: values.dataset,
        ...(choice.from === undefined ? {} : { from: choice.from }),
        ...(to === null ? (choice.to === undefined ? {} : { to: choice.to }) : { to }),
        capital: values.capital,
        currency: values.currency,
        returnBase: values.returnBase,
        seed: values.seed,
        fills: values.fills,
        bounds: false,
        costs: values.costs,
        risk: values.risk,
        report: false,
        // Each run of the probe in a folder of its own: they may begin within one second.
        runsDir: join(runsDir, String(count)),
        command: call.command,
        config: {},
        clock: () => toTsUs(Math.round(call.host.nowMs() * 1000)),
        onProgress: ({ fraction, tradeDate }) => {
          progress.update(phase, fraction, tradeDate ?? '');
          return interrupts.isStopping();
        },
      });
      if (outcome.manifest.outcome === 'strategy-error')
        throw strategyError(outcome, strategy, call.host.cwd, 'the run of the probe is not kept');
      const run = await services.readRun(outcome.dir);
      orders ??= run.orders;
      const { from, to: end, eventHash } = outcome.manifest;
      return { from, to: end, fills: run.fills, orders: run.orders, eventHash };
    });
    return { result, orders: orders ?? [] };
  } catch (error) {
    throw withStrategyPlace(error, strategy, call.host.cwd);
  } finally {
    progress.stop();
    rmSync(runsDir, { recursive: true, force: true });
  }
}

/** Lines of the answer. */
export function probeText(
  probe: ProbeResult | null,
  account: { readonly capital: number; readonly currency: string },
): string[] {
  if (probe === null) return ['probe: skipped'];
  if (probe.code === 'E_STRATEGY_NOT_DETERMINISTIC') {
    return [
      'probe: FAILED, NOT DETERMINISTIC: two runs over the same data differ',
      `  where    ${probe.reason}`,
    ];
  }
  if (probe.code !== null) {
    return [
      `probe: FAILED, LOOK-AHEAD: a run to ${probe.cutDate} is not the first part of the run to ${probe.endDate}`,
      `  where    ${probe.reason}`,
      `  more     frontmonth errors ${probe.code}`,
    ];
  }
  const twice = 'probe: deterministic (two runs alike)';
  if (!probe.isProof) {
    return [
      `${twice}; look-ahead: PROVES NOTHING YET, ${probe.doubt}`,
      `  try      more capital (now ${account.capital} ${account.currency}: --capital 10000000), other parameters (--param), a longer span (--from, --to)`,
    ];
  }
  const cuts = probe.cuts.map(
    (cut) => `  to ${cut.to}: the first ${cut.orders} orders and ${cut.fills} fills are the same`,
  );
  return [`${twice}; no look-ahead found against the run to ${probe.endDate}`, ...cuts];
}
