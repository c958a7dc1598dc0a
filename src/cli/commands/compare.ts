/** `frontmonth compare <run…>`: only what differs. */
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, listArg, textFlag } from '../command.ts';
import { formatBytes, formatNumber } from '../format.ts';
import type { RunView, Services } from '../services.ts';
import { renderTable } from '../table.ts';

interface Difference {
  readonly what: 'data' | 'param' | 'metric';
  readonly name: string;
  readonly values: readonly string[];
  readonly note: string;
}

export async function run(call: CommandCall): Promise<ExitCode> {
  const refs = listArg(call, 0);
  if (refs.length < 2) {
    throw new TradingError('E_USAGE', 'compare wants two runs or more', {
      fix: 'such as: frontmonth compare last~1 last',
    });
  }
  const config = await call.config();
  const services = await call.services();
  const dirs: string[] = [];
  const runs: RunView[] = [];
  for (const ref of refs) {
    const dir = await services.resolveRun(config.values.runs, ref);
    dirs.push(dir);
    runs.push(await services.readRun(dir));
  }
  const by = textFlag(call, 'by');
  const rows = differences(runs).filter(
    (row) =>
      by === undefined ||
      row.what === 'data' ||
      row.what === (by === 'params' ? 'param' : 'metric'),
  );
  const ids = runs.map((item) => item.manifest.runId);
  const page = await writePage(call, services, dirs);
  call.out.result(
    'frontmonth.compare/1',
    { runs: ids, differences: rows, ...(page === null ? {} : { page }) },
    () =>
      [
        ...ids.map((id, i) => `${String.fromCharCode(65 + i)}  ${id}`),
        '',
        rows.length === 0 ? 'no difference' : tableText(call, rows, ids.length),
        ...(page === null
          ? []
          : ['', `page  ${relative(call.host.cwd, page.file)} (${formatBytes(page.bytes)})`]),
      ].join('\n'),
  );
  if (page !== null && hasFlag(call, 'open')) await call.host.openInBrowser(page.file);
  return EXIT.ok;
}

/** Any flag of the page asks for it. */
async function writePage(
  call: CommandCall,
  services: Services,
  dirs: readonly string[],
): Promise<{ readonly file: string; readonly bytes: number } | null> {
  const [out, theme] = [textFlag(call, 'out'), textFlag(call, 'theme')];
  const isAsked = hasFlag(call, 'html') || hasFlag(call, 'open');
  if (!isAsked && out === undefined && theme === undefined) return null;
  const html = await services.renderComparison(dirs, {
    theme: (theme ?? 'auto') as 'auto' | 'light' | 'dark',
  });
  const file = out === undefined ? join(dirs.at(-1)!, 'compare.html') : resolve(call.host.cwd, out);
  writeFileSync(file, html);
  return { file, bytes: Buffer.byteLength(html) };
}

function tableText(call: CommandCall, rows: readonly Difference[], count: number): string {
  return renderTable<Difference>(
    call.out,
    [
      { title: '', priority: 1, cell: (row) => row.what },
      { title: 'name', cell: (row) => row.name },
      ...Array.from({ length: count }, (_, i) => ({
        title: String.fromCharCode(65 + i),
        align: 'right' as const,
        cell: (row: Difference) => row.values[i]!,
      })),
      { title: '', priority: 2, cell: (row) => row.note },
    ],
    rows,
  );
}

/** Rows in which the runs differ; metrics that stand inside each other's interval say so. */
export function differences(runs: readonly RunView[]): Difference[] {
  const rows: Difference[] = [];
  const add = (
    what: Difference['what'],
    name: string,
    values: readonly string[],
    note = '',
  ): void => {
    if (new Set(values).size > 1) rows.push({ what, name, values, note });
  };
  const text = (value: unknown): string =>
    value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
  add(
    'data',
    'strategy',
    runs.map((item) => `${item.manifest.strategy.id} ${item.manifest.strategy.version}`),
  );
  add(
    'data',
    'source',
    runs.map((item) => item.manifest.strategy.sourceSha256?.slice(0, 8) ?? 'built-in'),
  );
  add(
    'data',
    'data read',
    runs.map((item) =>
      item.manifest.datasets.map((set) => `${set.name}@${set.checksum.slice(0, 8)}`).join(' '),
    ),
  );
  add(
    'data',
    'instruments',
    runs.map((item) => item.manifest.instruments.map((i) => i.root).join(' ')),
  );
  add(
    'data',
    'span',
    runs.map((item) => `${item.manifest.from} ${item.manifest.to}`),
  );
  add(
    'data',
    'capital',
    runs.map((item) => text(item.manifest.capitalMicros / 1_000_000)),
  );
  add(
    'data',
    'fills',
    runs.map((item) => item.manifest.fillPolicy),
  );
  add(
    'data',
    'seed',
    runs.map((item) => text(item.manifest.seed)),
  );
  for (const name of namesOf(runs.map((item) => item.manifest.params)))
    add(
      'param',
      name,
      runs.map((item) => text(item.manifest.params[name])),
    );
  for (const name of namesOf(runs.map((item) => item.summary?.metrics ?? {}))) {
    const values = runs.map((item) => item.summary?.metrics[name]?.value ?? null);
    add('metric', name, values.map(figureText), uncertaintyNote(runs, name));
  }
  return rows;
}

function namesOf(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function figureText(value: number | null): string {
  if (value === null) return '–';
  return Number.isInteger(value)
    ? formatNumber(value, 0)
    : formatNumber(value, Math.abs(value) < 100 ? 3 : 2);
}

function uncertaintyNote(runs: readonly RunView[], name: string): string {
  const intervals = runs.map((item) => item.summary?.intervals90[name]);
  const lows = intervals.map((interval) => interval?.low ?? null);
  const highs = intervals.map((interval) => interval?.high ?? null);
  if (lows.includes(null) || highs.includes(null)) return '';
  const isOverlap = Math.max(...(lows as number[])) <= Math.min(...(highs as number[]));
  return isOverlap ? 'within uncertainty' : 'apart';
}
