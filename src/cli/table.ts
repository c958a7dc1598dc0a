/** Tables: low-priority columns are dropped before a row would wrap. */
import Table from 'cli-table3';
import type { Output } from './output.ts';
import { fieldLines, wrap } from './wrap.ts';

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

/** A column of text is not made narrower than its longest word, or than this. */
const TEXT_WIDTH = 24;

/** Widths after the columns of text gave what they can, the widest first; null when that is not enough. */
export function shrinkColumns(
  widths: readonly number[],
  least: readonly number[],
  total: number,
): number[] | null {
  const result = [...widths];
  let over = result.reduce((sum, width) => sum + width + GAP, -GAP) - total;
  for (; over > 0; over -= 1) {
    let widest = -1;
    result.forEach((width, i) => {
      if (width > least[i]! && (widest < 0 || width > result[widest]!)) widest = i;
    });
    if (widest < 0) return null;
    result[widest]! -= 1;
  }
  return result;
}

/**
 * Renders rows as text without borders. Columns of low priority are dropped first, and the last line says how many; then
 * columns of text break inside themselves; what still does not fit is written one field a line.
 */
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
  const shown = kept(columns);
  const body = cells.map(kept);
  const least = shown.map((column, i) => {
    const width = kept(widths)[i]!;
    return column.align === 'right' ? width : Math.min(width, leastWidth(column.title, body, i));
  });
  const final = shrinkColumns(kept(widths), least, limit);
  const dropped = isKept.filter((keep) => !keep).length;
  return [
    ...(final === null ? recordLines(shown, body, limit) : tableLines(out, shown, body, final)),
    ...(dropped > 0 ? [`(+${dropped} column${dropped === 1 ? '' : 's'}, use --wide)`] : []),
  ].join('\n');
}

function leastWidth(title: string, body: readonly (readonly string[])[], i: number): number {
  const words = [title, ...body.map((row) => row[i]!)].flatMap((text) => text.split(' '));
  return Math.min(TEXT_WIDTH, Math.max(...words.map((word) => word.length)));
}

function tableLines<Row>(
  out: Output,
  columns: readonly Column<Row>[],
  body: readonly (readonly string[])[],
  widths: readonly number[],
): string[] {
  const table = new Table({
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    head: columns.map((column) => column.title),
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  for (const row of body)
    table.push(
      row.map((text, i) => (text.length > widths[i]! ? wrap(text, widths[i]!).join('\n') : text)),
    );
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const [head, ...rest] = lines;
  return [out.style('stdout', 'bold', head ?? ''), ...rest];
}

/** Rows under each other, a field a line. */
function recordLines<Row>(
  columns: readonly Column<Row>[],
  body: readonly (readonly string[])[],
  width: number,
): string[] {
  return body.flatMap((row, i) => [
    ...(i === 0 ? [] : ['']),
    ...fieldLines(
      columns
        .map((column, k) => [column.title, row[k]!] as const)
        .filter(([, text]) => text !== ''),
      width,
    ),
  ]);
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
