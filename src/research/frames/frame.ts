/**
 * A frame: named columns of one length, with the types of Arrow. It is what research passes around between a dataset, a run,
 * SQL and the table libraries of others; each of these ways leads through here.
 */
import { TradingError } from '../../core/errors.ts';
import type { ArrowTable, ColumnType, TableColumn } from '../../data/arrow-store.ts';
import {
  fromArrowTable,
  openArrowFile,
  readTable,
  toArrowTable,
  writeTable,
} from '../../data/arrow-store.ts';
import {
  firstUnsafe,
  firstUnsafeNanos,
  int64ToDoubles,
  NANOS_MAX,
  NANOS_MIN,
  nanosToMicros,
} from '../../data/int64.ts';
import type { ArqueroModule, ArqueroVerbs } from './arquero.ts';
import type { DanfoModule } from './danfo.ts';

export type FrameType = ColumnType;

/**
 * Values by type: `f64` Float64Array, missing is NaN; `i32` Int32Array, `i8` Int8Array, `u8` Uint8Array; `i64` and
 * `timestamp[us, UTC]` whole numbers within 2^53 in a Float64Array; `u64` and `timestamp[ns, UTC]` (years 1684 to 2255)
 * arrays of BigInt;
 * `bool` a Uint8Array of 0 and 1; `utf8` texts.
 */
export type FrameValues =
  | Float64Array
  | Int32Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

export interface FrameColumn {
  readonly type: FrameType;
  readonly values: FrameValues;
  /** Such as the grid of a column of counts. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a column may be made from: also plain arrays, and booleans for `bool`. */
export interface FrameInput {
  readonly type: FrameType;
  readonly values: ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string> | ArrayLike<boolean>;
  readonly metadata?: Readonly<Record<string, string>>;
}

export type FrameCell = number | bigint | string | boolean;

/** Columns are shared, never copied, where their type allows it: do not write into them. */
export class Frame {
  readonly length: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #columns: ReadonlyMap<string, FrameColumn>;

  private constructor(
    length: number,
    columns: ReadonlyMap<string, FrameColumn>,
    metadata: Readonly<Record<string, string>>,
  ) {
    this.length = length;
    this.#columns = columns;
    this.metadata = metadata;
  }

  /**
   * Errors: E_FRAME_COLUMN for columns of different length; E_FRAME_VALUE with column and row for a value that its type
   * cannot hold.
   *
   * @example
   * Frame.of({ close: { type: 'f64', values: [1.25, NaN] }, root: { type: 'utf8', values: ['ES', 'CL'] } }).length // 2
   */
  static of(
    columns: Readonly<Record<string, FrameInput>>,
    metadata: Readonly<Record<string, string>> = {},
  ): Frame {
    let [length, first] = [-1, ''];
    const checked = new Map<string, FrameColumn>();
    for (const [name, input] of Object.entries(columns)) {
      const rows = input.values.length;
      if (length < 0) [length, first] = [rows, name];
      if (rows !== length)
        throw new TradingError('E_FRAME_COLUMN', `${name} has ${rows} rows, ${first} ${length}`, {
          details: { column: name, rows, expected: length },
          rule: 'the columns of a frame are equally long',
          fix: `give ${name} ${length} values`,
        });
      const about = input.metadata === undefined ? {} : { metadata: input.metadata };
      checked.set(name, { type: input.type, values: valuesOf(name, input), ...about });
    }
    return new Frame(Math.max(0, length), checked, metadata);
  }

  /** Errors: E_DATA_FORMAT for a type that a frame has not, or missing values in a column that is not of doubles. */
  static fromArrow(table: ArrowTable): Frame {
    const { columns, metadata } = fromArrowTable(table);
    return Frame.of(columns as Record<string, FrameInput>, metadata);
  }

  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** Name and type of each column. */
  get types(): Readonly<Record<string, FrameType>> {
    return Object.fromEntries([...this.#columns].map(([name, { type }]) => [name, type]));
  }

  /** Errors: E_FRAME_COLUMN with the names that there are. */
  column(name: string): FrameColumn {
    const column = this.#columns.get(name);
    if (column !== undefined) return column;
    throw new TradingError('E_FRAME_COLUMN', `there is no column ${name}`, {
      details: { column: name, columns: this.names },
      rule: `the columns are ${this.names.join(', ')}`,
      fix: 'choose one of them',
    });
  }

  /** Values of a column of numbers that doubles hold: every type but BigInts and texts. Errors: E_FRAME_COLUMN. */
  numbers(name: string): Exclude<FrameValues, BigInt64Array | BigUint64Array | readonly string[]> {
    const { type, values } = this.column(name);
    if (type !== 'utf8' && type !== 'u64' && type !== 'timestamp[ns, UTC]')
      return values as Float64Array;
    throw new TradingError('E_FRAME_COLUMN', `column ${name} is ${type}, not numbers`, {
      details: { column: name, type },
      rule: 'numbers are doubles, or integers that a double holds',
      fix:
        type === 'utf8'
          ? 'read it with column()'
          : `convert it: frame.cast('${name}', '${WIDER[type]}')`,
    });
  }

  /** These columns in this order. Errors: E_FRAME_COLUMN. */
  select(...names: readonly string[]): Frame {
    const columns = new Map(names.map((name) => [name, this.column(name)]));
    return new Frame(this.length, columns, this.metadata);
  }

  /** Rows from `from` to before `to`, as views. */
  slice(from: number, to: number = this.length): Frame {
    const [start, end] = [clamp(from, this.length), clamp(to, this.length)];
    const part = ({ values }: FrameColumn): FrameValues =>
      ArrayBuffer.isView(values) ? values.subarray(start, end) : values.slice(start, end);
    const columns = [...this.#columns].map(
      ([name, column]) => [name, { ...column, values: part(column) }] as const,
    );
    return new Frame(Math.max(0, end - start), new Map(columns), this.metadata);
  }

  /** Adds columns, or replaces those of the same name. Errors: those of `Frame.of`. */
  with(columns: Readonly<Record<string, FrameInput>>): Frame {
    return Frame.of({ ...Object.fromEntries(this.#columns), ...columns }, this.metadata);
  }

  /**
   * Changes the type of a column: nanoseconds to microseconds (rounded down), whole numbers to doubles or other whole
   * numbers, anything to text. Errors: E_FRAME_COLUMN, E_FRAME_VALUE where the new type cannot hold a value.
   */
  cast(name: string, type: FrameType): Frame {
    const { type: from, values, metadata } = this.column(name);
    const about = metadata === undefined ? {} : { metadata };
    return this.with({ [name]: { type, values: castValues(name, from, values, type), ...about } });
  }

  /** Small objects, one a row, for printing: booleans as such. Not for millions of rows. */
  rows(limit: number = Infinity): Readonly<Record<string, FrameCell>>[] {
    const entries = [...this.#columns];
    return Array.from({ length: Math.min(limit, this.length) }, (_, i) =>
      Object.fromEntries(
        entries.map(([name, { type, values }]) => [
          name,
          type === 'bool' ? values[i] === 1 : values[i]!,
        ]),
      ),
    );
  }

  /** An Apache Arrow table; doubles and 32-bit and 8-bit integers share their memory with the frame. */
  toArrow(): ArrowTable {
    return toArrowTable(Object.fromEntries(this.#columns), this.metadata);
  }

  /** See `toArquero`. */
  toArquero<T = ArqueroVerbs>(arquero?: ArqueroModule<T>): Promise<T> {
    // Loaded when asked for: without the package everything else works.
    return import('./arquero.ts').then((door) => door.toArquero(this, arquero));
  }

  /** See `toDanfo`. */
  toDanfo<D>(danfo: DanfoModule<D>): Promise<D> {
    return import('./danfo.ts').then((door) => door.toDanfo(this, danfo));
  }

  /** Writes an Arrow file, replacing it at once. Errors: E_CATALOG_WRITE. */
  write(path: string): void {
    writeTable(
      path,
      Object.fromEntries(this.#columns) as Record<string, TableColumn>,
      this.metadata,
    );
  }
}

/** Reads an Arrow file of ours whole: a table of a run folder, a segment of a dataset, or what `write` wrote. */
export function readFrame(path: string): Frame {
  const reader = openArrowFile(path);
  const { metadata } = reader;
  const { columns } = reader.schema;
  reader.close();
  const values = readTable(path) as Record<string, FrameInput['values']>;
  return Frame.of(
    Object.fromEntries(
      columns.map(({ name, type, metadata: about }) => [
        name,
        { type, values: values[name]!, ...(about === undefined ? {} : { metadata: about }) },
      ]),
    ),
    metadata,
  );
}

const WIDER = { u64: 'utf8', 'timestamp[ns, UTC]': 'timestamp[us, UTC]' } as const;

function clamp(row: number, length: number): number {
  return Math.min(length, Math.max(0, Math.trunc(row)));
}

function valueError(name: string, row: number, value: unknown, rule: string): TradingError {
  return new TradingError('E_FRAME_VALUE', `column ${name}, row ${row}: ${String(value)}`, {
    details: { column: name, row, value: String(value) },
    rule,
    fix: 'choose a type that holds the value, or leave the row out',
  });
}

const RANGE = {
  i32: [-2_147_483_648, 2_147_483_647, Int32Array],
  i8: [-128, 127, Int8Array],
  u8: [0, 255, Uint8Array],
  i64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, Float64Array],
  'timestamp[us, UTC]': [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, Float64Array],
} as const;
const BIG = {
  u64: [0n, 2n ** 64n - 1n, BigUint64Array],
  // Beyond, no time of the project could hold it: microseconds end at 2^53.
  'timestamp[ns, UTC]': [NANOS_MIN, NANOS_MAX, BigInt64Array],
} as const;

/** The values in the array of their type, each looked at where the array itself does not say enough. */
function valuesOf(name: string, { type, values }: FrameInput): FrameValues {
  const cells = values as ArrayLike<unknown>;
  switch (type) {
    case 'utf8': {
      for (let i = 0; i < cells.length; i += 1)
        if (typeof cells[i] !== 'string') throw valueError(name, i, cells[i], 'utf8 is text');
      return Array.isArray(values) ? (values as string[]) : Array.from(values as ArrayLike<string>);
    }
    case 'f64':
      if (values instanceof Float64Array) return values;
      return Float64Array.from(cells, (value, i) => {
        if (typeof value === 'number') return value;
        if (value === null || value === undefined) return NaN;
        throw valueError(name, i, value, 'f64 is a number');
      });
    case 'bool': {
      if (values instanceof Uint8Array) {
        const bad = values.findIndex((value) => value > 1);
        if (bad >= 0) throw valueError(name, bad, values[bad], 'bool is 0, 1, true or false');
        return values;
      }
      return Uint8Array.from(cells, (value, i) => {
        if (value === true || value === 1) return 1;
        if (value === false || value === 0) return 0;
        throw valueError(name, i, value, 'bool is 0, 1, true or false');
      });
    }
    case 'u64':
    case 'timestamp[ns, UTC]': {
      const [low, high, Values] = BIG[type];
      const isOwn = values instanceof Values;
      if (isOwn && !(values instanceof BigInt64Array && firstUnsafeNanos(values) >= 0))
        return values;
      const out = new Values(cells.length);
      for (let i = 0; i < cells.length; i += 1) {
        const cell = cells[i];
        const value = Number.isSafeInteger(cell) ? BigInt(cell as number) : cell;
        if (typeof value !== 'bigint' || value < low || value > high)
          throw valueError(name, i, cell, `${type} is a whole number from ${low} to ${high}`);
        out[i] = value;
      }
      return out;
    }
    default: {
      const [low, high, Values] = RANGE[type];
      if (values instanceof BigInt64Array && Values === Float64Array && firstUnsafe(values) < 0)
        return int64ToDoubles(values);
      const isOwn = values instanceof Values;
      const out = isOwn ? values : new Values(cells.length);
      if (isOwn && Values !== Float64Array) return out;
      for (let i = 0; i < cells.length; i += 1) {
        const cell = cells[i];
        const value = typeof cell === 'bigint' ? Number(cell) : cell;
        if (!Number.isInteger(value) || (value as number) < low || (value as number) > high)
          throw valueError(name, i, cell, `${type} is a whole number from ${low} to ${high}`);
        if (!isOwn) out[i] = value as number;
      }
      return out;
    }
  }
}

function castValues(
  name: string,
  from: FrameType,
  values: FrameValues,
  to: FrameType,
): FrameInput['values'] {
  if (from === to) return values;
  if (to === 'utf8')
    return Array.from(values as ArrayLike<unknown>, (value) =>
      from === 'bool' ? String(value === 1) : String(value),
    );
  if (from === 'utf8') throw castError(name, from, to);
  if (from === 'timestamp[ns, UTC]' && to === 'timestamp[us, UTC]')
    return nanosToMicros(values as BigInt64Array);
  if (from === 'timestamp[us, UTC]' && to === 'timestamp[ns, UTC]')
    return Array.from(values as Float64Array, (us) => BigInt(us) * 1000n);
  if (from === 'bool' || to === 'bool') throw castError(name, from, to);
  return Array.from(values as ArrayLike<number | bigint>, (value, row) => {
    const number = Number(value);
    const isExact = typeof value !== 'bigint' || BigInt(number) === value;
    if (to !== 'f64' || isExact) return value as number;
    throw valueError(name, row, value, 'a double holds whole numbers within 2^53');
  });
}

function castError(name: string, from: FrameType, to: FrameType): TradingError {
  return new TradingError('E_FRAME_COLUMN', `column ${name} cannot go from ${from} to ${to}`, {
    details: { column: name, from, to },
    rule: 'numbers become other numbers, anything becomes text',
    fix: `make the column yourself: frame.with({ ${name}: … })`,
  });
}
