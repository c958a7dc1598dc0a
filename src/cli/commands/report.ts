/** `frontmonth report [run…]`. */
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, listArg, textFlag } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { formatBytes } from '../format.ts';
import { wrap } from '../wrap.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const refs = listArg(call, 0).length === 0 ? ['last'] : listArg(call, 0);
  const out = textFlag(call, 'out');
  if (out !== undefined && refs.length > 1) {
    throw new TradingError('E_USAGE', '--out names one file, but several runs are given', {
      fix: 'leave --out away: each report goes into the folder of its run',
    });
  }
  const config = await call.config();
  const services = await call.services();
  const maxMb = numberFlag(call, 'maxMb', { min: 0.2, max: 1000, isWhole: false }) ?? 5;
  const theme = (textFlag(call, 'theme') ?? 'auto') as 'auto' | 'light' | 'dark';
  const files: { run: string; file: string; bytes: number }[] = [];
  for (const ref of refs) {
    const dir = await services.resolveRun(config.values.runs, ref);
    const html = await services.renderReport(dir, {
      theme,
      prices: call.flags['prices'] !== false,
      maxMb,
    });
    const file = out === undefined ? join(dir, 'report.html') : resolve(call.host.cwd, out);
    writeFileSync(file, html);
    files.push({ run: dir, file, bytes: Buffer.byteLength(html) });
  }
  call.out.result('frontmonth.report/1', files, () =>
    files
      .flatMap(({ file, bytes }) =>
        wrap(
          `${relative(call.host.cwd, file)} (${formatBytes(bytes)})`,
          call.out.width('stdout'),
          2,
        ),
      )
      .join('\n'),
  );
  if (hasFlag(call, 'open')) for (const { file } of files) await call.host.openInBrowser(file);
  return EXIT.ok;
}
