/** Rows as CSV lines. Flat world: one string a chunk of rows, no object a row. */
import type { GridStatement } from '../manifest.ts';
import type { KindColumns } from '../segment-codec.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import type { ExportColumn } from './tables.ts';
import { priceText, TimeText } from './text.ts';

type AnyBatch = KindColumns[keyof KindColumns];
type Cell = (row: number) => string;
type Fields = Readonly<Record<string, ArrayLike<number> | ArrayLike<bigint> | undefined>>;

const CHUNK_ROWS = 4096;

export function csvHeader(columns: readonly ExportColumn[]): string {
  return `${columns.map((column) => column.name).join(',')}\n`;
}

/** Lines of a batch, some thousand rows a text. */
export function* csvLines(
  batch: AnyBatch,
  columns: readonly ExportColumn[],
  about: {
    readonly contract: string;
    readonly interval: string | null;
    readonly grid: GridStatement;
  },
): Generator<string> {
  const cells = columns.map((column) => cellOf(batch, column, about));
  const count = cells.length;
  let text = '';
  for (let row = 0; row < batch.length; row += 1) {
    text += cells[0]!(row);
    for (let k = 1; k < count; k += 1) text += `,${cells[k]!(row)}`;
    text += '\n';
    if ((row + 1) % CHUNK_ROWS !== 0) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function cellOf(
  batch: AnyBatch,
  column: ExportColumn,
  about: Parameters<typeof csvLines>[2],
): Cell {
  if (column.layout === null) {
    const text = column.source === 'contract' ? about.contract : (about.interval ?? '');
    return () => text;
  }
  const fields = batch as unknown as Fields;
  const values = fields[column.layout.memory] as ArrayLike<number>;
  switch (column.layout.role) {
    case 'time': {
      const times = new TimeText();
      return (row) => times.micros(values[row]!);
    }
    case 'tick-time': {
      const times = new TimeText();
      const nanos = fields['tsNs'] as ArrayLike<bigint> | undefined;
      if (nanos === undefined) return (row) => times.micros(values[row]!);
      return (row) => times.nanos(nanos[row]!, values[row]!);
    }
    case 'price': {
      if (column.source === 'counts') return (row) => numberText(values[row]!);
      const prices = priceText(about.grid);
      return (row) => prices.write(values[row]!);
    }
    case 'date':
      return (row) => toIsoDate(values[row]! as TradeDate);
    case 'bool':
      return (row) => (values[row] === 1 ? 'true' : 'false');
    default:
      return (row) => numberText(values[row]!);
  }
}

/** Empty where unknown. */
function numberText(value: number): string {
  return value !== value ? '' : Object.is(value, -0) ? '-0' : String(value);
}
