/** Batches as typed columns of a file for other programs. Flat world. */
import type { ColumnSpec, ColumnType, RawColumn } from '../arrow-store.ts';
import { openArrowFile } from '../arrow-store.ts';
import type { Dataset } from '../catalog.ts';
import type { FileIo } from '../file-io.ts';
import { doublesToInt64 } from '../int64.ts';
import type { GridStatement, SegmentEntry } from '../manifest.ts';
import type { KindColumns } from '../segment-codec.ts';
import type { ExportColumn, ExportTable } from './tables.ts';
import { priceText } from './text.ts';

/** Unit of a column of dates. */
export const DAYS = 'days since 1970-01-01';

type AnyBatch = KindColumns[keyof KindColumns];
type Fields = Readonly<Record<string, RawColumn | undefined>>;

/** Types that hold the rows of every segment of a table. */
interface TableTypes {
  readonly isNano: boolean;
  readonly counts: 'i32' | 'i64' | 'f64';
  readonly qty: 'i64' | 'f64';
}

/** The columns of a table with their types, and what makes them of a batch. */
export interface TypedTable {
  readonly specs: readonly ColumnSpec[];
  columnsOf(batch: AnyBatch, segment: SegmentEntry): RawColumn[];
}

/** Reads the footers of the segments only. Errors: those of `openArrowFile`. */
export function typedTable(
  dataset: Dataset,
  table: ExportTable,
  columns: readonly ExportColumn[],
  io: FileIo,
): TypedTable {
  const types = typesOf(dataset, table, columns, io);
  const contracts = [...new Set(table.segments.map((one) => one.contract))];
  const intervals = [table.interval ?? ''];
  const specs = columns.map((column): ColumnSpec => {
    const type = typeOf(column, types);
    const { name } = column;
    if (column.source === 'contract') return { name, type, dictionary: contracts };
    if (column.source === 'interval') return { name, type, dictionary: intervals };
    const metadata = aboutOf(dataset, table, column);
    return { name, type, ...(metadata === null ? {} : { metadata }) };
  });
  return {
    specs,
    columnsOf(batch, segment) {
      const grid = gridOf(dataset, segment.root);
      const code = contracts.indexOf(segment.contract);
      return columns.map((column, k) => {
        if (column.layout === null) return new Int32Array(batch.length).fill(k === 0 ? code : 0);
        return valuesOf(batch, column, specs[k]!.type, grid);
      });
    },
  };
}

export function gridOf(dataset: Dataset, root: string): GridStatement {
  return dataset.manifest.grids[root] ?? { kind: 'float', increment: 1 };
}

function typesOf(
  dataset: Dataset,
  table: ExportTable,
  columns: readonly ExportColumn[],
  io: FileIo,
): TableTypes {
  const seen = new Set<string>();
  for (const segment of table.segments) {
    const reader = openArrowFile(dataset.pathOf(segment), io);
    try {
      for (const { name, type } of reader.schema.columns) seen.add(`${name} ${type}`);
    } finally {
      reader.close();
    }
  }
  const has = (role: string, type: string): boolean =>
    columns.some(({ layout }) => layout?.role === role && seen.has(`${layout.disk} ${type}`));
  return {
    isNano: seen.has('time timestamp[ns, UTC]'),
    counts: has('price', 'f64') ? 'f64' : has('price', 'i64') ? 'i64' : 'i32',
    qty: has('qty', 'f64') ? 'f64' : 'i64',
  };
}

function typeOf(column: ExportColumn, types: TableTypes): ColumnType {
  if (column.layout === null) return 'utf8';
  const { role } = column.layout;
  switch (role) {
    case 'time':
      return 'timestamp[us, UTC]';
    case 'tick-time':
      return types.isNano ? 'timestamp[ns, UTC]' : 'timestamp[us, UTC]';
    case 'seq':
    case 'count':
      return 'i64';
    case 'date':
      return 'i32';
    case 'price':
      return column.source === 'counts' ? types.counts : 'f64';
    case 'qty':
      return types.qty;
    case 'real':
      return 'f64';
    default:
      return role;
  }
}

/** Increment of a column of counts, where all products of the table have the same. */
function aboutOf(
  dataset: Dataset,
  table: ExportTable,
  column: ExportColumn,
): Record<string, string> | null {
  if (column.layout?.role === 'date') return { unit: DAYS };
  if (column.source !== 'counts') return null;
  const roots = new Set(table.segments.map((one) => one.root));
  const steps = new Set([...roots].map((root) => gridOf(dataset, root).increment));
  return { unit: 'counts', ...(steps.size === 1 ? { increment: String([...steps][0]) } : {}) };
}

function valuesOf(
  batch: AnyBatch,
  column: ExportColumn,
  type: ColumnType,
  grid: GridStatement,
): RawColumn {
  const { length } = batch;
  const fields = batch as unknown as Fields;
  const values = fields[column.layout!.memory]!;
  if (column.source === 'decimal') {
    const prices = priceText(grid);
    const counts = values as Int32Array | Float64Array;
    const out = new Float64Array(length);
    for (let i = 0; i < length; i += 1) out[i] = prices.value(counts[i]!);
    return out;
  }
  if (type === 'timestamp[ns, UTC]') {
    const nanos = fields['tsNs'];
    if (nanos !== undefined) return nanos;
    return doublesToInt64(values as Float64Array, length).map((us) => us * 1000n);
  }
  if (type === 'i64' || type === 'timestamp[us, UTC]')
    return doublesToInt64(values as Float64Array, length);
  if (type === 'f64' && !(values instanceof Float64Array))
    return Float64Array.from(values as Int32Array);
  return values;
}
