/** Tables: low-priority columns are dropped before a row would wrap. */
import Table from 'cli-table3';
import type { Output } from './output.ts';

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of the highest number are dropped first; 0 (default) is kept always. */
  readonly priority?: number;
  readonly cell: (row: Row) => string;
}

const GAP = 2;

/** The columns that fit, in their given order. */
export function fitColumns(
  widths: readonly number[],
  priorities: readonly number[],
  total: number,
): boolean[] {
  const isKept = widths.map(() => true);
  const used = (): number =>
    widths.reduce((sum, width, i) => sum + (isKept[i] ? width + GAP : 0), -GAP);
  while (used() > total) {
    let worst = -1;
    priorities.forEach((priority, i) => {
      if (isKept[i] && priority > 0 && (worst < 0 || priority >= priorities[worst]!)) worst = i;
    });
    if (worst < 0) break;
    isKept[worst] = false;
  }
  return isKept;
}

/** Renders rows as text without borders. The last line says how many columns were left out. */
export function renderTable<Row>(
  out: Output,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, i) =>
    cells.reduce((max, row) => Math.max(max, row[i]!.length), column.title.length),
  );
  const limit = out.options.wide ? Infinity : out.width('stdout');
  const isKept = fitColumns(
    widths,
    columns.map((column) => column.priority ?? 0),
    limit,
  );
  const kept = <T>(items: readonly T[]): T[] => items.filter((_, i) => isKept[i]);
  const table = new Table({
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    head: kept(columns).map((column) => column.title),
    colAligns: kept(columns).map((column) => column.align ?? 'left'),
  });
  for (const row of cells) table.push(kept(row));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const [head, ...body] = lines;
  const dropped = isKept.filter((kept) => !kept).length;
  return [
    out.style('stdout', 'bold', head ?? ''),
    ...body,
    ...(dropped > 0 ? [`(+${dropped} columns, use --wide)`] : []),
  ].join('\n');
}

const NO_BORDER = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const;

/** Quotes a CSV field where it must be. */
export function toCsv(rows: readonly (readonly (string | number | boolean | null)[])[]): string {
  const field = (value: string | number | boolean | null): string => {
    const text = value === null ? '' : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join(',')).join('\n');
}
