/** Columns of each kind: how they are named and stored on disk, and how they come back to memory. */
import type {
  BarColumns,
  DefinitionColumns,
  DepthColumns,
  MarketDataKind,
  MboColumns,
  OpenInterestColumns,
  PriceColumn,
  QuoteBarColumns,
  QuoteColumns,
  StatisticColumns,
  TradeColumns,
} from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type {
  ArrowFileReader,
  ColumnBatch,
  ColumnSpec,
  ColumnType,
  RawColumn,
} from './arrow-store.ts';
import { doublesToInt64, int64ToDoubles, nanosToMicros } from './int64.ts';
import type { GridStatement } from './manifest.ts';

/** Nanosecond times of a source that has them, beside the microseconds. `seq` orders rows that share a microsecond. */
export interface NanoColumn {
  readonly tsNs?: BigInt64Array;
}
export interface KindColumns {
  readonly bars: BarColumns;
  readonly trades: TradeColumns & NanoColumn;
  readonly quotes: QuoteColumns & NanoColumn;
  readonly 'quote-bars': QuoteBarColumns;
  readonly depth: DepthColumns & NanoColumn;
  readonly mbo: MboColumns & NanoColumn;
  readonly 'open-interest': OpenInterestColumns & NanoColumn;
  readonly statistics: StatisticColumns & NanoColumn;
  readonly definitions: DefinitionColumns & NanoColumn;
}

/** What a column holds, whatever its type on disk. */
export type Role =
  | 'time'
  | 'tick-time'
  | 'seq'
  | 'price'
  | 'qty'
  | 'count'
  | 'date'
  | 'real'
  | 'i8'
  | 'u8'
  | 'i32'
  | 'u64'
  | 'bool';
export interface LayoutColumn {
  readonly disk: string;
  readonly memory: string;
  readonly role: Role;
}

const col = (disk: string, memory: string, role: Role): LayoutColumn => ({ disk, memory, role });
const tick = (...rest: LayoutColumn[]): readonly LayoutColumn[] => [
  col('time', 'tsUs', 'tick-time'),
  col('seq', 'seq', 'seq'),
  ...rest,
];
/** The documented columns of every kind, in their order on disk. */
const LAYOUT: Readonly<Record<MarketDataKind, readonly LayoutColumn[]>> = {
  bars: [
    col('open_time', 'openUs', 'time'),
    col('close_time', 'closeUs', 'time'),
    col('open', 'open', 'price'),
    col('high', 'high', 'price'),
    col('low', 'low', 'price'),
    col('close', 'close', 'price'),
    col('volume', 'volume', 'qty'),
  ],
  trades: tick(
    col('price', 'price', 'price'),
    col('qty', 'qty', 'qty'),
    col('aggressor', 'aggressor', 'i8'),
  ),
  quotes: tick(
    col('bid', 'bid', 'price'),
    col('ask', 'ask', 'price'),
    col('bid_qty', 'bidQty', 'qty'),
    col('ask_qty', 'askQty', 'qty'),
  ),
  'quote-bars': [
    col('open_time', 'openUs', 'time'),
    col('close_time', 'closeUs', 'time'),
    col('bid_open', 'bidOpen', 'price'),
    col('bid_high', 'bidHigh', 'price'),
    col('bid_low', 'bidLow', 'price'),
    col('bid_close', 'bidClose', 'price'),
    col('bid_qty', 'bidQty', 'qty'),
    col('ask_open', 'askOpen', 'price'),
    col('ask_high', 'askHigh', 'price'),
    col('ask_low', 'askLow', 'price'),
    col('ask_close', 'askClose', 'price'),
    col('ask_qty', 'askQty', 'qty'),
  ],
  depth: tick(
    col('side', 'side', 'i8'),
    col('price', 'price', 'price'),
    col('qty', 'qty', 'qty'),
    col('order_count', 'orderCount', 'i32'),
    col('event_end', 'isEventEnd', 'bool'),
  ),
  mbo: tick(
    col('order_id', 'orderId', 'u64'),
    col('action', 'action', 'u8'),
    col('side', 'side', 'i8'),
    col('price', 'price', 'price'),
    col('qty', 'qty', 'qty'),
    col('event_end', 'isEventEnd', 'bool'),
  ),
  'open-interest': tick(
    col('trade_date', 'tradeDate', 'date'),
    col('open_interest', 'openInterest', 'count'),
  ),
  statistics: tick(
    col('ref_time', 'refUs', 'time'),
    col('stat_type', 'statType', 'i32'),
    col('price', 'price', 'real'),
    col('quantity', 'quantity', 'real'),
    col('flags', 'flags', 'u8'),
    col('deleted', 'isDeleted', 'bool'),
  ),
  definitions: tick(
    col('activation', 'activationUs', 'time'),
    col('expiration', 'expirationUs', 'time'),
    col('increment', 'increment', 'real'),
    col('unit_qty', 'unitQty', 'real'),
    col('maturity', 'maturity', 'i32'),
    col('instrument_id', 'instrumentId', 'count'),
    col('deleted', 'isDeleted', 'bool'),
  ),
};

/** The documented columns of a kind. */
export function layoutOf(kind: MarketDataKind): readonly LayoutColumn[] {
  return LAYOUT[kind];
}

/** How one segment stores what may differ between segments. */
export interface SegmentShape {
  readonly kind: MarketDataKind;
  readonly price: 'i32' | 'i64' | 'f64';
  /** `i64` where volume is known, else `f64` with NaN for unknown. */
  readonly qty: 'i64' | 'f64';
  readonly isNano: boolean;
}

type AnyColumns = KindColumns[MarketDataKind];
type Fields = Readonly<Record<string, RawColumn | undefined>>;

/** The shape that the first batch asks for. Prices on ticks become int32, or int64 when a count needs it. */
export function shapeFor(
  kind: MarketDataKind,
  first: AnyColumns | null,
  grid: GridStatement,
  isVolumeKnown: boolean,
): SegmentShape {
  const fields = first as unknown as Fields | null;
  const prices = LAYOUT[kind].filter((column) => column.role === 'price');
  const fits = prices.every((column) => {
    const values = fields?.[column.memory];
    return !(values instanceof Float64Array) || fitsInt32(values, first!.length);
  });
  return {
    kind,
    // A side of a quote bar may be empty, which only a double can say.
    price: grid.kind === 'float' || kind === 'quote-bars' ? 'f64' : fits ? 'i32' : 'i64',
    qty: isVolumeKnown ? 'i64' : 'f64',
    isNano: fields?.['tsNs'] !== undefined,
  };
}

function fitsInt32(values: Float64Array, length: number): boolean {
  for (let i = 0; i < length; i += 1) {
    // Stated so that NaN passes: it is refused later, with its row.
    if (values[i]! > 2_147_483_647 || values[i]! < -2_147_483_648) return false;
  }
  return true;
}

export function columnSpecs(shape: SegmentShape, grid: GridStatement): ColumnSpec[] {
  return LAYOUT[shape.kind].map((column) => ({
    name: column.disk,
    type: diskType(column.role, shape),
    ...(column.role === 'price'
      ? { metadata: { unit: 'counts', increment: String(grid.increment) } }
      : {}),
    ...(column.role === 'date' ? { metadata: { unit: 'days since 1970-01-01' } } : {}),
  }));
}

function diskType(role: Role, shape: SegmentShape): ColumnType {
  switch (role) {
    case 'time':
      return 'timestamp[us, UTC]';
    case 'tick-time':
      return shape.isNano ? 'timestamp[ns, UTC]' : 'timestamp[us, UTC]';
    case 'seq':
    case 'count':
      return 'i64';
    case 'date':
      return 'i32';
    case 'real':
      return 'f64';
    case 'price':
      return shape.price;
    case 'qty':
      return shape.qty;
    default:
      return role;
  }
}

/** Memory to disk. Errors: E_DATA_VALUE naming column and row (counted from `firstRow`). */
export function encodeBatch(batch: AnyColumns, shape: SegmentShape, firstRow: number): ColumnBatch {
  const fields = batch as unknown as Fields;
  const { length } = batch;
  const columns = LAYOUT[shape.kind].map((column) => {
    const values = fields[column.memory]!;
    switch (column.role) {
      case 'tick-time':
        if (shape.isNano) return fields['tsNs'] ?? missingNanos(firstRow);
        return integers(column.disk, values as Float64Array, length, firstRow);
      case 'time':
      case 'seq':
      case 'count':
        return integers(column.disk, values as Float64Array, length, firstRow);
      case 'qty':
        return shape.qty === 'f64'
          ? values
          : integers(column.disk, values as Float64Array, length, firstRow);
      case 'price':
        return encodePrice(column.disk, values as PriceColumn, shape.price, length, firstRow);
      default:
        return values;
    }
  });
  return { length, columns };
}

function encodePrice(
  name: string,
  values: PriceColumn,
  type: SegmentShape['price'],
  length: number,
  firstRow: number,
): RawColumn {
  if (type === 'f64') return values instanceof Float64Array ? values : Float64Array.from(values);
  if (type === 'i64') return integers(name, values, length, firstRow);
  if (values instanceof Int32Array) return values;
  const out = new Int32Array(length);
  for (let i = 0; i < length; i += 1) {
    out[i] = values[i]!;
    if (out[i] !== values[i])
      throw valueError(name, firstRow + i, values[i]!, 'a whole count of the grid in 32 bits');
  }
  return out;
}

function integers(
  name: string,
  values: ArrayLike<number>,
  length: number,
  firstRow: number,
): RawColumn {
  for (let i = 0; i < length; i += 1) {
    if (!Number.isSafeInteger(values[i]))
      throw valueError(name, firstRow + i, values[i]!, 'a whole number below 2^53');
  }
  return doublesToInt64(values, length);
}

function valueError(column: string, row: number, value: number, rule: string): TradingError {
  return new TradingError('E_DATA_VALUE', `${column} ${value} at row ${row} is not ${rule}`, {
    details: { column, row, value: String(value) },
    rule: `${column} is ${rule}`,
    fix: 'correct the row, or state that the volume is unknown or that prices have no grid',
  });
}

function missingNanos(row: number): never {
  throw new TradingError('E_DATA_VALUE', `tsNs is absent at row ${row}, the first batch had it`, {
    details: { column: 'time', row },
  });
}

/** Disk to memory. Int32 and float64 columns are views on the bytes read; 64-bit integers become doubles. */
export function decodeBatch<K extends MarketDataKind>(
  kind: K,
  reader: ArrowFileReader,
  k: number,
): KindColumns[K] {
  const batch = reader.readBatch(k);
  const out: Record<string, unknown> = { length: batch.length };
  for (const column of LAYOUT[kind]) {
    const index = reader.columnIndex(column.disk);
    const { type } = reader.schema.columns[index]!;
    const values = batch.columns[index]!;
    checkType(reader.path, column, type);
    if (column.role === 'tick-time' && type === 'timestamp[ns, UTC]') {
      out['tsUs'] = nanosToMicros(values as BigInt64Array);
      out['tsNs'] = values;
    } else {
      out[column.memory] = values instanceof BigInt64Array ? int64ToDoubles(values) : values;
    }
  }
  return out as unknown as KindColumns[K];
}

function checkType(path: string, column: LayoutColumn, type: ColumnType): void {
  const shapes: readonly SegmentShape[] = [
    { kind: 'bars', price: 'i32', qty: 'i64', isNano: false },
    { kind: 'bars', price: 'i64', qty: 'f64', isNano: true },
    { kind: 'bars', price: 'f64', qty: 'f64', isNano: true },
  ];
  if (shapes.some((shape) => diskType(column.role, shape) === type)) return;
  throw new TradingError('E_DATA_FORMAT', `${path}: column ${column.disk} has the type ${type}`, {
    details: { path, column: column.disk, type },
    where: path,
    fix: 'import the data with: frontmonth data import',
  });
}

/** The rows [start, end) as views. */
export function sliceColumns<C extends { readonly length: number }>(
  batch: C,
  start: number,
  end: number,
): C {
  if (start === 0 && end === batch.length) return batch;
  const out: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(batch)) {
    out[name] = ArrayBuffer.isView(values)
      ? (values as unknown as RawColumn).subarray(start, end)
      : values;
  }
  out['length'] = end - start;
  return out as C;
}

/** Time by which the rows of a kind are sorted and found: the close of a bar, the time of the rest. */
export function sortTimeOf(batch: AnyColumns): Float64Array {
  return 'closeUs' in batch ? batch.closeUs : batch.tsUs;
}

/** Start of each row: the open of a bar, the time of the rest. */
export function startTimeOf(batch: AnyColumns): Float64Array {
  return 'openUs' in batch ? batch.openUs : batch.tsUs;
}

/** Names of the price columns in memory. */
export function priceColumnsOf(kind: MarketDataKind): string[] {
  return LAYOUT[kind].filter((column) => column.role === 'price').map((column) => column.memory);
}
