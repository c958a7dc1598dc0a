/** `frontmonth rerun <run>`: the same inputs must give the same event hash. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { toTsUs } from '../../core/units.ts';
import type { CommandCall } from '../command.ts';
import { textArg } from '../command.ts';
import { watchInterrupts } from '../interrupt.ts';
import { createProgress } from '../progress.ts';
import { loadStrategy } from '../strategy-loader.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const dir = await services.resolveRun(config.values.runs, textArg(call, 0));
  const { manifest } = await services.readRun(dir);
  if (manifest.outcome !== 'completed') {
    throw new TradingError('E_RUN_UNFINISHED', `run ${manifest.runId} is ${manifest.outcome}`, {
      rule: 'only a run that came to its end can be proved by a second one',
      fix: 'run it again to its end, then rerun that one',
    });
  }
  const builtIn = await services.builtInStrategies();
  // A strategy's path is relative to the project; a run made in a sub-folder is found from there.
  const isInCwd = existsSync(join(call.host.cwd, manifest.strategy.file));
  const strategy = await loadStrategy(manifest.strategy.file, {
    cwd: isInCwd ? call.host.cwd : config.root,
    builtIn,
  });
  if (strategy.sourceSha256 !== manifest.strategy.sourceSha256)
    call.out.warn('source-changed', `${manifest.strategy.file} has changed since the run`);
  const interrupts = watchInterrupts(call.host);
  const progress = createProgress(call.out);
  try {
    const result = await services.rerunRun(dir, {
      catalogDir: config.values.catalog,
      instrumentsDir: instrumentsDirOf(config),
      strategy: strategy.definition,
      clock: () => toTsUs(Math.round(call.host.nowMs() * 1000)),
      onProgress: (state) => {
        progress.update(state.phase, state.fraction, state.tradeDate ?? '');
        return interrupts.isStopping();
      },
    });
    progress.stop();
    if (interrupts.isStopping()) return interrupts.exitCode()!;
    if (result.isDataChanged)
      call.out.warn('data-changed', 'the data that the run read have changed since');
    const body = { runId: manifest.runId, wasEventHash: manifest.eventHash, ...result };
    call.out.result('frontmonth.rerun/1', body, () => rerunText(manifest.eventHash, result));
    return result.same ? EXIT.ok : EXIT.answerIsNo;
  } finally {
    progress.stop();
  }
}

function rerunText(
  hash: string,
  result: {
    readonly same: boolean;
    readonly firstDifference: {
      readonly seq: number;
      readonly was: string;
      readonly now: string;
    } | null;
  },
): string {
  if (result.same) return `same event hash ${hash}`;
  const first = result.firstDifference;
  if (first === null) return 'the event hash differs';
  return [
    `the runs differ from event ${first.seq} on`,
    `  was  ${first.was}`,
    `  now  ${first.now}`,
  ].join('\n');
}
