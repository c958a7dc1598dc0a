/** `frontmonth compare <run…>`: only what differs. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { listArg, textFlag } from '../command.ts';
import { formatNumber } from '../format.ts';
import type { RunView } from '../services.ts';
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
  const runs: RunView[] = [];
  for (const ref of refs)
    runs.push(await services.readRun(await services.resolveRun(config.values.runs, ref)));
  const by = textFlag(call, 'by');
  const rows = differences(runs).filter(
    (row) =>
      by === undefined ||
      row.what === 'data' ||
      row.what === (by === 'params' ? 'param' : 'metric'),
  );
  const ids = runs.map((item) => item.manifest.runId);
  call.out.result('frontmonth.compare/1', { runs: ids, differences: rows }, () =>
    [
      ...ids.map((id, i) => `${String.fromCharCode(65 + i)}  ${id}`),
      '',
      rows.length === 0 ? 'no difference' : tableText(call, rows, ids.length),
    ].join('\n'),
  );
  return EXIT.ok;
}

function tableText(call: CommandCall, rows: readonly Difference[], count: number): string {
  return renderTable<Difference>(
    call.out,
    [
      { title: '', cell: (row) => row.what },
      { title: 'name', cell: (row) => row.name },
      ...Array.from({ length: count }, (_, i) => ({
        title: String.fromCharCode(65 + i),
        align: 'right' as const,
        cell: (row: Difference) => row.values[i]!,
      })),
      { title: '', priority: 1, cell: (row) => row.note },
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
    'data',
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
