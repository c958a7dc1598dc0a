/** Growing typed columns: the flat world between a running engine and the files of a run. */
import { assert } from '../core/errors.ts';

/**
 * `money` and `ts` are integers kept in doubles (millionths; microseconds UTC) and 64-bit integers on disk; `date` is a
 * trade date in days; `flag` is 0 or 1.
 */
export type ColumnKind = 'f64' | 'money' | 'ts' | 'i32' | 'date' | 'flag' | 'text';
export type TableDef = Readonly<Record<string, ColumnKind>>;
export type CellOf<K extends ColumnKind> = K extends 'text'
  ? string
  : K extends 'flag'
    ? boolean
    : number;
export type RowOf<D extends TableDef> = { readonly [N in keyof D]: CellOf<D[N]> };
export type ColumnValues = Float64Array | Int32Array | Uint8Array | readonly string[];

/** One column as it goes to or comes from a file. */
export interface StoredColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly values: ColumnValues;
}
export interface StoredTable {
  readonly length: number;
  readonly columns: readonly StoredColumn[];
}

type Numbers = Float64Array | Int32Array | Uint8Array;

/** A column that doubles its space when it is full. */
export class GrowingColumn {
  readonly kind: ColumnKind;
  length: number = 0;
  #numbers: Numbers;
  readonly #isText: boolean;
  readonly #texts: string[] = [];

  constructor(kind: ColumnKind) {
    this.kind = kind;
    this.#isText = kind === 'text';
    this.#numbers = makeNumbers(kind, 64);
  }

  push(value: number | string | boolean): void {
    this.set(this.length, value);
  }

  /** Writes a row that exists, or the one after the last. */
  set(row: number, value: number | string | boolean): void {
    assert(row <= this.length, 'a column is written without holes');
    if (this.#isText) this.#texts[row] = typeof value === 'string' ? value : String(value);
    else {
      if (row === this.#numbers.length) {
        const larger = makeNumbers(this.kind, this.#numbers.length * 2);
        larger.set(this.#numbers);
        this.#numbers = larger;
      }
      this.#numbers[row] = typeof value === 'number' ? value : Number(value);
    }
    if (row === this.length) this.length += 1;
  }

  values(): ColumnValues {
    return this.#isText ? this.#texts : this.#numbers.slice(0, this.length);
  }
}

function makeNumbers(kind: ColumnKind, size: number): Numbers {
  if (kind === 'i32' || kind === 'date') return new Int32Array(size);
  if (kind === 'flag') return new Uint8Array(size);
  return new Float64Array(size);
}

/** A table of growing columns with a fixed definition. */
export class GrowingTable<D extends TableDef> {
  readonly def: D;
  readonly columns: Readonly<Record<keyof D, GrowingColumn>>;
  readonly #list: readonly (readonly [string, GrowingColumn])[];

  constructor(def: D) {
    this.def = def;
    this.#list = Object.keys(def).map((name) => [name, new GrowingColumn(def[name]!)] as const);
    this.columns = Object.fromEntries(this.#list) as Record<keyof D, GrowingColumn>;
  }

  get length(): number {
    return this.#list[0]?.[1].length ?? 0;
  }

  append(row: RowOf<D>): number {
    const index = this.length;
    this.set(index, row);
    return index;
  }

  set(index: number, row: RowOf<D>): void {
    const list = this.#list;
    for (let i = 0; i < list.length; i += 1) {
      const entry = list[i]!;
      entry[1].set(index, row[entry[0] as keyof D] as number);
    }
  }

  toStored(): StoredTable {
    return {
      length: this.length,
      columns: this.#list.map(([name, column]) => ({
        name,
        kind: column.kind,
        values: column.values(),
      })),
    };
  }
}

/** Decodes rows of a definition; columns that the table lacks read as NaN, false or an empty text. */
export function toRows<D extends TableDef>(table: StoredTable, def: D): RowOf<D>[] {
  const byName = new Map(table.columns.map((column) => [column.name, column.values]));
  const readers = Object.entries(def).map(
    ([name, kind]) => [name, kind, byName.get(name)] as const,
  );
  const rows: RowOf<D>[] = [];
  for (let i = 0; i < table.length; i += 1) {
    const row: Record<string, unknown> = {};
    for (const [name, kind, values] of readers) row[name] = readCell(kind, values, i);
    rows.push(row as RowOf<D>);
  }
  return rows;
}

function readCell(kind: ColumnKind, values: ColumnValues | undefined, row: number): unknown {
  const value = values?.[row];
  if (kind === 'text') return value ?? '';
  if (kind === 'flag') return value === 1;
  return value === undefined ? NaN : Number(value);
}

export function emptyTable(def: TableDef): StoredTable {
  return new GrowingTable(def).toStored();
}
