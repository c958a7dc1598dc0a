/** `frontmonth data resample`. */
import type { BarInterval } from '../../core/bars.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { parseContractId } from '../../core/symbology.ts';
import type { ResampledContract } from '../../data/resample.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { listFlag } from '../flag-values.ts';
import { formatNumber } from '../format.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { watchInterrupts } from '../interrupt.ts';
import { createProgress } from '../progress.ts';
import { splitRoots } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';

export async function dataResample(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const name = textArg(call, 0) || config.values.dataset;
  const [from, to] = [intervalFlag(call, 'from', '1m'), intervalFlag(call, 'to', '5m')];
  const into = textFlag(call, 'into');
  const contracts = listFlag(call, 'contract')?.map((text) => parseContractId(text).id);
  const roots = splitRoots(textFlag(call, 'instruments'));
  const interrupts = watchInterrupts(call.host);
  const progress = createProgress(call.out);
  const { resampleData } = await (await call.services()).dataTools();
  try {
    const report = resampleData(
      {
        catalogDir: config.values.catalog,
        instrumentsDir: instrumentsDirOf(config),
        calendars: await calendarTextsOf(config),
      },
      {
        dataset: name,
        from: from as BarInterval | 'trades',
        to: to as BarInterval,
        ...(into === undefined ? {} : { into }),
        ...(contracts === undefined ? {} : { contracts }),
        ...(roots === undefined ? {} : { roots }),
        align: textFlag(call, 'align') === 'clock' ? 'clock' : 'session',
        isForced: hasFlag(call, 'force'),
        onProgress: (done, total, contract) => {
          progress.update('resample', done / total, contract);
          return interrupts.isStopping();
        },
      },
    );
    progress.stop();
    if (report === null) {
      call.out.talk('stopped; nothing was written');
      return interrupts.exitCode() ?? EXIT.interrupted;
    }
    const target = report.dataset.name;
    call.out.result(
      'frontmonth.resample/1',
      {
        dataset: name,
        into: target,
        from,
        to,
        isChanged: report.isChanged,
        checksum: report.dataset.manifest.checksum,
        contracts: report.contracts,
      },
      () => describe(call, `${target}: ${to} from ${from} of ${name}`, report.contracts),
    );
    return EXIT.ok;
  } finally {
    progress.stop();
  }
}

function describe(
  call: CommandCall,
  title: string,
  contracts: readonly ResampledContract[],
): string {
  const changed = contracts.filter((one) => one.isChanged);
  const waiting = contracts.filter((one) => one.unfinished > 0).length;
  const bars = contracts.reduce((sum, one) => sum + one.bars, 0);
  const counts = `${formatNumber(bars, 0)} bars of ${contracts.length} contracts, ${changed.length} built now`;
  const rest =
    waiting === 0 ? '' : `\n${waiting} last bars wait for rows after their end and are left out`;
  if (changed.length === 0) return `${title}\n${counts}: nothing has changed${rest}`;
  const table = renderTable(
    call.out,
    [
      { title: 'contract', cell: (one) => one.contract },
      { title: 'rows read', align: 'right', cell: (one) => formatNumber(one.read, 0) },
      { title: 'bars', align: 'right', cell: (one) => formatNumber(one.bars, 0) },
      {
        title: 'in no bar',
        align: 'right',
        priority: 1,
        cell: (one) => formatNumber(one.skipped, 0),
      },
      {
        title: 'waiting',
        align: 'right',
        priority: 2,
        cell: (one) => (one.unfinished === 0 ? '–' : '1'),
      },
    ],
    changed,
  );
  return `${title}\n${counts}${rest}\n\n${table}`;
}

function intervalFlag(call: CommandCall, name: string, example: string): string {
  const text = textFlag(call, name);
  if (text !== undefined) return text;
  throw new TradingError('E_USAGE', `--${name} is missing`, {
    fix: `--${name} wants a bar interval, such as ${example}`,
  });
}
