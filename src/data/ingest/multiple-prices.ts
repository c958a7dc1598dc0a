/**
 * Reads pysystemtrade's `multiple_prices` files: the held, the next and the carry contract side by side.
 * Columns are found by name; stamps are labels without a zone, taken as if they were UTC.
 */
import { gunzipSync } from 'node:zlib';
import { TradingError } from '../../core/errors.ts';
import { parseTsUs } from '../../core/units.ts';

const COLUMNS = [
  'DATETIME',
  'PRICE',
  'PRICE_CONTRACT',
  'FORWARD',
  'FORWARD_CONTRACT',
  'CARRY',
  'CARRY_CONTRACT',
] as const;
type ColumnName = (typeof COLUMNS)[number];

export interface RowIssue {
  /** Line of the file; the header is line 1. */
  readonly row: number;
  readonly reason: string;
}

/**
 * The file as columns of `length` rows. Labels are µs of a clock without a zone; prices decimal, NaN where empty;
 * contracts year × 100 + month.
 */
export interface MultiplePrices {
  readonly length: number;
  readonly labelUs: Float64Array;
  readonly price: Float64Array;
  readonly priceContract: Int32Array;
  readonly forward: Float64Array;
  readonly forwardContract: Int32Array;
  readonly carry: Float64Array;
  readonly carryContract: Int32Array;
  /** Rows that are left out, with the reason. */
  readonly issues: readonly RowIssue[];
}

/**
 * Parses a file, plain or gzip-compressed (told by its first bytes). Bad rows are left out and listed.
 * Errors: E_PYSYSTEMTRADE_FORMAT when there is no readable header or row.
 */
export function parseMultiplePrices(bytes: Uint8Array, file: string): MultiplePrices {
  const lines = decode(bytes, file).split(/\r?\n/);
  const at = headerColumns(lines[0] ?? '', file);
  const issues: RowIssue[] = [];
  const capacity = lines.length;
  const out = {
    labelUs: new Float64Array(capacity),
    price: new Float64Array(capacity),
    priceContract: new Int32Array(capacity),
    forward: new Float64Array(capacity),
    forwardContract: new Int32Array(capacity),
    carry: new Float64Array(capacity),
    carryContract: new Int32Array(capacity),
  };
  let length = 0;
  for (let line = 1; line < lines.length; line += 1) {
    const text = lines[line]!;
    if (text === '') continue;
    const cells = text.split(',');
    const cell = (name: ColumnName): string => (cells[at[name]] ?? '').trim();
    const labelUs = parseLabel(cell('DATETIME'));
    out.labelUs[length] = labelUs;
    out.price[length] = parsePrice(cell('PRICE'));
    out.priceContract[length] = parseMonth(cell('PRICE_CONTRACT'));
    out.forward[length] = parsePrice(cell('FORWARD'));
    out.forwardContract[length] = parseMonth(cell('FORWARD_CONTRACT'));
    out.carry[length] = parsePrice(cell('CARRY'));
    out.carryContract[length] = parseMonth(cell('CARRY_CONTRACT'));
    const reason = faultOf(cell, labelUs, length === 0 ? -Infinity : out.labelUs[length - 1]!);
    if (reason === null) length += 1;
    else issues.push({ row: line + 1, reason });
  }
  if (length === 0) throw formatError(file, 'it has no valid row');
  return { length, ...cut(out, length), issues };
}

function cut(
  columns: Readonly<Record<string, Float64Array | Int32Array>>,
  length: number,
): Omit<MultiplePrices, 'length' | 'issues'> {
  const entries = Object.entries(columns).map(([name, column]) => [name, column.slice(0, length)]);
  return Object.fromEntries(entries) as Omit<MultiplePrices, 'length' | 'issues'>;
}

function decode(bytes: Uint8Array, file: string): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(isGzip ? gunzipSync(bytes) : bytes);
  } catch (cause) {
    throw formatError(file, 'its bytes are not UTF-8 text or not valid gzip data', cause);
  }
}

function headerColumns(header: string, file: string): Record<ColumnName, number> {
  const names = header
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((name) => name.trim());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw formatError(file, `its header "${header.slice(0, 120)}" lacks ${missing.join(', ')}`);
  return Object.fromEntries(COLUMNS.map((name) => [name, names.indexOf(name)])) as Record<
    ColumnName,
    number
  >;
}

/** What is wrong with a row, or null. */
function faultOf(
  cell: (name: ColumnName) => string,
  labelUs: number,
  before: number,
): string | null {
  if (Number.isNaN(labelUs))
    return `DATETIME "${cell('DATETIME')}" is not of the form YYYY-MM-DD HH:MM:SS`;
  if (labelUs <= before) return `DATETIME ${cell('DATETIME')} is not later than the row before`;
  for (const name of ['PRICE_CONTRACT', 'FORWARD_CONTRACT', 'CARRY_CONTRACT'] as const)
    if (parseMonth(cell(name)) === 0)
      return `${name} "${cell(name)}" is not a year and month such as 20231200`;
  for (const name of ['PRICE', 'FORWARD', 'CARRY'] as const)
    if (Number.isNaN(parsePrice(cell(name))) && cell(name) !== '')
      return `${name} "${cell(name)}" is not a number`;
  return null;
}

/** NaN when it is not a label. */
function parseLabel(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})$/.exec(text);
  if (match === null) return NaN;
  try {
    return parseTsUs(`${match[1]}T${match[2]}Z`);
  } catch {
    // A day or time that does not exist is a malformed label like any other.
    return NaN;
  }
}

/** NaN for an empty cell and for text. */
function parsePrice(text: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return NaN;
  return Number(text);
}

/** `20231200` is 202312; 0 when it is not a contract month. */
function parseMonth(text: string): number {
  if (!/^(19|20|21)\d{6}$/.test(text)) return 0;
  const month = Number(text.slice(0, 6));
  return month % 100 >= 1 && month % 100 <= 12 ? month : 0;
}

function formatError(file: string, why: string, cause?: unknown): TradingError {
  return new TradingError(
    'E_PYSYSTEMTRADE_FORMAT',
    `${file} is not a multiple-prices file: ${why}`,
    {
      details: { file },
      where: file,
      rule: `the first line names ${COLUMNS.join(', ')}`,
      fix: 'give a file of multiple_prices_csv, plain or gzip-compressed',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/**
 * Carries the held and the next price forward over empty cells, each column by itself. Some published series were made
 * that way. Returns new columns and the number of cells filled.
 */
export function fillPrices(prices: MultiplePrices): {
  readonly prices: MultiplePrices;
  readonly filled: number;
} {
  let filled = 0;
  const fill = (column: Float64Array): Float64Array => {
    const out = column.slice();
    for (let row = 1; row < out.length; row += 1) {
      if (!Number.isNaN(out[row]!) || Number.isNaN(out[row - 1]!)) continue;
      out[row] = out[row - 1]!;
      filled += 1;
    }
    return out;
  };
  const [price, forward] = [fill(prices.price), fill(prices.forward)];
  return { prices: { ...prices, price, forward }, filled };
}
