/** `frontmonth data export`. */
import { extname, relative, resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { ExportFormat, ExportTarget } from '../../data/export/export.ts';
import type { PriceView } from '../../data/export/tables.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { listFlag, spanOf } from '../flag-values.ts';
import { formatBytes, formatNumber } from '../format.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { watchInterrupts } from '../interrupt.ts';
import { createProgress } from '../progress.ts';
import { splitRoots } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';

const FORMATS: readonly ExportFormat[] = ['csv', 'parquet', 'arrow'];

export async function dataExport(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const name = textArg(call, 0) || config.values.dataset;
  const out = outOf(call);
  const format = formatOf(call, out);
  const target = targetOf(call, out, format);
  const interrupts = watchInterrupts(call.host);
  const progress = createProgress(call.out);
  const { exportData } = await (await call.services()).dataTools();
  const lists = {
    contracts: listFlag(call, 'contract'),
    roots: splitRoots(textFlag(call, 'instruments')),
    kinds: listFlag(call, 'kind'),
    intervals: listFlag(call, 'interval'),
  };
  try {
    const outcome = await exportData(
      {
        catalogDir: config.values.catalog,
        instrumentsDir: instrumentsDirOf(config),
        calendars: await calendarTextsOf(config),
      },
      name,
      spanOf(call),
      {
        format,
        target,
        selection: Object.fromEntries(
          Object.entries(lists).filter(([, value]) => value !== undefined),
        ),
        prices: (textFlag(call, 'prices') ?? 'decimal') as PriceView,
        isForced: hasFlag(call, 'force'),
        onProgress: (rows, total) => {
          progress.update('export', total === 0 ? 1 : rows / total, formatNumber(rows, 0));
          return interrupts.isStopping();
        },
      },
    );
    if (outcome === null) {
      call.out.talk('stopped; nothing was written');
      return interrupts.exitCode() ?? EXIT.interrupted;
    }
    if ('text' in target) return EXIT.ok;
    const files = outcome.files.map((file) => ({
      ...file,
      path: relative(call.host.cwd, file.path) || file.path,
    }));
    progress.stop();
    call.out.result('frontmonth.export/1', { dataset: name, rows: outcome.rows, files }, () =>
      renderTable(
        call.out,
        [
          { title: 'file', cell: (file) => file.path },
          { title: 'rows', align: 'right', cell: (file) => formatNumber(file.rows, 0) },
          { title: 'size', align: 'right', priority: 1, cell: (file) => formatBytes(file.bytes) },
        ],
        files,
      ),
    );
    return EXIT.ok;
  } finally {
    progress.stop();
  }
}

function outOf(call: CommandCall): string {
  const out = textFlag(call, 'out');
  if (out !== undefined && out !== '') return out;
  throw new TradingError('E_USAGE', '--out is missing', {
    fix: '--out es.csv, --out export/ for a folder, or --out - for CSV on stdout',
  });
}

/** `--format`, else what the name of the file says. */
function formatOf(call: CommandCall, out: string): ExportFormat {
  const given = textFlag(call, 'format');
  if (given !== undefined) return given as ExportFormat;
  if (out === '-' || isFolder(out)) return 'csv';
  const extension = extname(out).slice(1).toLowerCase();
  const known = FORMATS.find((format) => format === extension);
  if (known !== undefined) return known;
  if (extension === 'feather' || extension === 'ipc') return 'arrow';
  if (extension === 'pq') return 'parquet';
  throw new TradingError('E_USAGE', `the format of ${out} is not known`, {
    where: `--out ${out}`,
    rule: `formats: ${FORMATS.join(', ')}`,
    fix: didYouMean(extension, [...FORMATS], 'name it: --format csv, parquet or arrow'),
  });
}

function targetOf(call: CommandCall, out: string, format: ExportFormat): ExportTarget {
  if (out === '-') {
    if (format === 'csv' && !call.out.options.json)
      return { text: (text) => void call.host.stdout.write(text) };
    throw new TradingError('E_USAGE', `--out - is for CSV alone`, {
      where: '--out -',
      rule: 'other formats, and --json, need a file',
      fix: `--out export.${format}`,
    });
  }
  const path = resolve(call.host.cwd, out);
  return isFolder(out) ? { folder: path } : { file: path };
}

function isFolder(out: string): boolean {
  return /[/\\]$/.test(out) || extname(out) === '';
}
