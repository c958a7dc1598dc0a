/** `frontmonth data import --watch`. */
import { resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textFlag } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { formatNumber } from '../format.ts';
import { watchInterrupts } from '../interrupt.ts';
import type { ImportOptions } from '../services.ts';
import type { FileOutcome } from '../watch.ts';
import { watchFolder } from '../watch.ts';

const SETTLE_SECONDS = 2;

export async function dataWatch(call: CommandCall, options: ImportOptions): Promise<ExitCode> {
  const [folder, ...others] = options.files;
  if (folder === undefined || others.length > 0)
    throw new TradingError('E_USAGE', '--watch looks at one folder', {
      fix: 'frontmonth data import incoming/ --watch --into mine …',
    });
  const interrupts = watchInterrupts(call.host);
  const isOnce = hasFlag(call, 'once');
  const setAside = textFlag(call, 'setAside');
  const settle = numberFlag(call, 'settle', { min: 0, isWhole: false }) ?? SETTLE_SECONDS;
  const isJson = call.out.options.json;
  if (!isOnce) call.out.talk(`watching ${folder}; Ctrl-C ends`);
  const summary = await watchFolder({
    folder,
    options,
    settleMs: settle * 1000,
    isOnce,
    ...(setAside === undefined ? {} : { setAside: resolve(call.host.cwd, setAside) }),
    isStopping: interrupts.isStopping,
    onFile: (one) => {
      if (isJson) call.out.row({ schema: 'frontmonth.watched-file/1', ...one });
      else if (one.outcome === 'refused')
        call.out.warn('import-refused', `${one.file}: ${one.code}: ${one.message}`);
      else call.out.answer(describe(one));
    },
    onIdle: () => call.out.verbose('every file that was there has been looked at'),
  });
  const { files, rows, refused } = summary;
  const line = `${formatNumber(files, 0)} files imported, ${formatNumber(rows, 0)} rows added, ${formatNumber(refused, 0)} files refused`;
  if (isJson) call.out.row({ schema: 'frontmonth.watch/1', ...summary });
  else call.out.answer(line);
  const stopped = interrupts.exitCode();
  if (stopped !== null) return stopped;
  return refused > 0 ? EXIT.answerIsNo : EXIT.ok;
}

function describe({ file, outcome, added, stored, left }: FileOutcome): string {
  switch (outcome) {
    case 'known':
      return `${file}: imported before`;
    case 'growing':
      return `${file}: still growing, left for later`;
    default: {
      const parts = [
        `${formatNumber(added, 0)} rows added`,
        ...(stored === 0 ? [] : [`${formatNumber(stored, 0)} stored before`]),
        ...(left === 0 ? [] : [`${formatNumber(left, 0)} left out`]),
      ];
      return `${file}: ${parts.join(', ')}`;
    }
  }
}
