/**
 * SQL over a dataset with DuckDB, an optional package. Tables that a query names are exported to Parquet once, into a cache
 * beside the dataset; DuckDB reads those, and its columns come back chunk by chunk as typed arrays.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { TradingError } from '../../core/errors.ts';
import type { Dataset } from '../../data/catalog.ts';
import { exportDataset } from '../../data/export/export.ts';
import type { ExportTable } from '../../data/export/tables.ts';
import { tablesOf } from '../../data/export/tables.ts';
import type { FrameInput, FrameType } from './frame.ts';
import { Frame } from './frame.ts';
import { writeParquet } from './parquet.ts';

export interface SqlOptions {
  /** Folder for the Parquet files; default `.state/sql` of the catalog. May be deleted at any time between sessions. */
  readonly cache?: string;
  /** Threads of DuckDB; default 1. Rows without ORDER BY keep their order with any number. */
  readonly threads?: number;
  /** Memory that DuckDB may take before it uses the disk, in MB. Default: its own. */
  readonly memoryMb?: number;
}

/** An open DuckDB over one dataset. */
export interface SqlSession {
  /** Tables of the dataset, such as `bars_1m`, `trades`, `open_interest`. */
  readonly tables: readonly string[];
  /**
   * Runs one SELECT. Whole numbers beyond 64 bits and decimals become what a frame has: see the page of frames.
   * Errors: E_SQL with what DuckDB said, for a second statement, and once the session is closed; E_FRAME_VALUE for whole
   * numbers beyond 2^53, decimals with more digits than a double keeps, and empty cells that are not doubles.
   */
  query(sql: string): Promise<Frame>;
  /** Makes a frame a table of this name, beside those of the dataset. Errors: E_SQL for a name that is none or is taken. */
  register(name: string, frame: Frame): Promise<void>;
  close(): void;
}

/**
 * Opens a session; nothing is exported before a query needs it. Errors: E_FRAME_PACKAGE when DuckDB is not installed.
 *
 * @example
 * const sql = await openSql(openCatalog('catalog').dataset('sample'));
 * const days = await sql.query('SELECT contract, count(*) AS bars FROM bars_1d GROUP BY contract ORDER BY contract');
 * sql.close();
 */
export async function openSql(dataset: Dataset, options: SqlOptions = {}): Promise<SqlSession> {
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 1),
    // Nothing is fetched: what a query needs is built in.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.memoryMb === undefined ? {} : { memory_limit: `${options.memoryMb}MB` }),
  });
  const connection = await instance.connect();
  // Times come back as they are stored, whatever the zone of the machine.
  await connection.run("SET TimeZone = 'UTC'");
  return new Session(dataset, options, instance, connection);
}

/** One query in a session of its own. Errors: those of `openSql` and of its `query`. */
export async function query(
  dataset: Dataset,
  sql: string,
  options: SqlOptions = {},
): Promise<Frame> {
  const session = await openSql(dataset, options);
  try {
    return await session.query(sql);
  } finally {
    session.close();
  }
}

class Session implements SqlSession {
  readonly tables: readonly string[];
  readonly #dataset: Dataset;
  readonly #byName: ReadonlyMap<string, ExportTable>;
  readonly #cache: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #known = new Set<string>();
  #isClosed = false;

  constructor(
    dataset: Dataset,
    options: SqlOptions,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.#dataset = dataset;
    this.#instance = instance;
    this.#connection = connection;
    const tables = dataset.manifest.segments.some(({ rows }) => rows > 0)
      ? tablesOf(dataset, {})
      : [];
    this.#byName = new Map(tables.map((table) => [table.name.replaceAll('-', '_'), table]));
    this.tables = [...this.#byName.keys()];
    const root = options.cache ?? join(dirname(dirname(dataset.folder)), '.state', 'sql');
    this.#cache = join(root, dataset.name);
  }

  async query(sql: string): Promise<Frame> {
    this.#mustBeOpen();
    await this.#guard(sql, () => mustBeOne(this.#connection, sql));
    for (const [name, table] of this.#byName)
      if (!this.#known.has(name) && new RegExp(`\\b${name}\\b`, 'i').test(sql))
        await this.#open(name, table);
    return this.#guard(sql, () => readResult(this.#connection, sql.trim().replace(/;\s*$/, '')));
  }

  async register(name: string, frame: Frame): Promise<void> {
    this.#mustBeOpen();
    if (!/^[a-z_][a-z0-9_]*$/i.test(name) || this.#byName.has(name) || this.#known.has(name))
      throw new TradingError('E_SQL', `"${name}" cannot be the name of a table`, {
        details: { name, tables: this.tables },
        rule: 'letters, digits and _, not a name that is taken',
        fix: 'choose another name',
      });
    const folder = this.#newFolder();
    const path = join(folder, `${name}.parquet`);
    try {
      await writeParquet(inMicros(frame), path);
      // A copy in memory: the file is gone when the call returns.
      const columns = frame.names.map((column) => backTo(column, frame.column(column).type));
      const list = columns.length === 0 ? '*' : columns.join(', ');
      await this.#guard(name, () =>
        this.#connection.run(`CREATE TABLE ${name} AS SELECT ${list} FROM ${fileOf(path)}`),
      );
      this.#known.add(name);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** Exports the table unless this state of the dataset is in the cache, and names it in DuckDB. */
  async #open(name: string, table: ExportTable): Promise<void> {
    const state = this.#dataset.manifest.checksum.slice(0, 16);
    const file = join(this.#cache, state, `${name}.parquet`);
    if (!fs.existsSync(file)) {
      this.#removeOld(state);
      // Another process may do the same: each writes a folder of its own, and the rename puts a whole file in place.
      const folder = this.#newFolder();
      try {
        await exportDataset(this.#dataset, {
          format: 'parquet',
          target: { file: join(folder, 'table.parquet') },
          selection: {
            kinds: [table.kind],
            ...(table.interval === null ? {} : { intervals: [table.interval] }),
          },
          prices: 'both',
        });
        fs.mkdirSync(dirname(file), { recursive: true });
        fs.renameSync(join(folder, 'table.parquet'), file);
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    }
    await this.#guard(name, () =>
      this.#connection.run(`CREATE VIEW ${name} AS SELECT * FROM ${fileOf(file)}`),
    );
    this.#known.add(name);
  }

  #newFolder(): string {
    fs.mkdirSync(this.#cache, { recursive: true });
    return fs.mkdtempSync(join(this.#cache, '.part-'));
  }

  /** Files of states that the dataset has left. */
  #removeOld(state: string): void {
    if (!fs.existsSync(this.#cache)) return;
    for (const other of fs.readdirSync(this.#cache))
      if (other !== state && !other.startsWith('.part-'))
        fs.rmSync(join(this.#cache, other), { recursive: true, force: true });
  }

  #mustBeOpen(): void {
    if (!this.#isClosed) return;
    throw new TradingError('E_SQL', 'the session is closed', {
      details: { dataset: this.#dataset.name },
      rule: 'a session answers until its close()',
      fix: 'open another with openSql(), or close it after the last query',
    });
  }

  async #guard<T>(sql: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      if (cause instanceof TradingError) throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new TradingError('E_SQL', text.split('\n')[0]!, {
        details: { sql, tables: this.tables },
        rule: `the dataset has the tables ${this.tables.join(', ') || '(none)'}`,
        fix:
          this.tables.length === 0
            ? 'correct the query'
            : `correct the query; DESCRIBE ${this.tables[0]!} lists columns`,
        cause,
      });
    }
  }
}

/** DuckDB would answer the last of several statements, and say nothing of the others' answers. */
async function mustBeOne(connection: DuckDBConnection, sql: string): Promise<void> {
  const countOf = async (text: string): Promise<number> => {
    try {
      return (await connection.extractStatements(text)).count;
    } catch {
      return 0; // Empty, or no SQL: running it says why.
    }
  };
  const statements = await countOf(sql);
  if (statements < 2) return;
  // Only its parser knows which semicolon ends the first one, and which is part of a text or a comment.
  let second = '';
  for (let at = sql.indexOf(';'); at >= 0 && second === ''; at = sql.indexOf(';', at + 1)) {
    const rest = sql.slice(at + 1);
    if ((await countOf(sql.slice(0, at))) === 1 && (await countOf(rest)) === statements - 1)
      second = rest.trim().replace(/\s+/g, ' ');
  }
  throw new TradingError('E_SQL', `${statements} statements, the second is: ${short(second)}`, {
    details: { sql, statements, second },
    rule: 'a query is one statement, and a frame its answer',
    fix: 'send them one by one: a query each',
  });
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function fileOf(path: string): string {
  return `read_parquet('${path.replaceAll("'", "''")}')`;
}

/** DuckDB's times in UTC end at microseconds, and it would round those before 1970 towards it. */
function inMicros(frame: Frame): Frame {
  const nanos = frame.names.filter((name) => frame.column(name).type === 'timestamp[ns, UTC]');
  return nanos.reduce((one, name) => one.cast(name, 'timestamp[us, UTC]'), frame);
}

/** Parquet has fewer widths of integers than frames. */
function backTo(name: string, type: FrameType): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  const to = type === 'i8' ? 'TINYINT' : type === 'u8' ? 'UTINYINT' : null;
  return to === null ? column : `CAST(${column} AS ${to}) AS ${column}`;
}

/** A column of a result: its type in a frame, and what its chunks bring. */
interface Plan {
  readonly type: FrameType;
  /** Read by its typed array; else value by value. */
  readonly isTyped: boolean;
  readonly unit?: string;
}

/** DuckDB's types as they are read; what is not here is turned by `CASTS`. */
const PLANS: Readonly<Record<string, Plan>> = {
  DOUBLE: { type: 'f64', isTyped: true },
  FLOAT: { type: 'f64', isTyped: true },
  TINYINT: { type: 'i8', isTyped: true },
  UTINYINT: { type: 'u8', isTyped: true },
  SMALLINT: { type: 'i32', isTyped: true },
  USMALLINT: { type: 'i32', isTyped: true },
  INTEGER: { type: 'i32', isTyped: true },
  BIGINT: { type: 'i64', isTyped: true },
  UBIGINT: { type: 'u64', isTyped: true },
  BOOLEAN: { type: 'bool', isTyped: false },
  VARCHAR: { type: 'utf8', isTyped: false },
  DATE: { type: 'i32', isTyped: true, unit: 'days since 1970-01-01' },
  TIMESTAMP: { type: 'timestamp[us, UTC]', isTyped: true },
  'TIMESTAMP WITH TIME ZONE': { type: 'timestamp[us, UTC]', isTyped: true },
  TIMESTAMP_NS: { type: 'timestamp[ns, UTC]', isTyped: true },
};
/** Decimals have no typed array: one by one they take nine times as long. Digits that a double loses are an error. */
const CASTS: readonly (readonly [RegExp, string])[] = [
  [/^DECIMAL/, 'DOUBLE'],
  [/^(U?HUGEINT|UINTEGER)$/, 'BIGINT'],
  [/^TIMESTAMP_(S|MS)$/, 'TIMESTAMP'],
  [/^(ENUM|UUID|TIME$)/, 'VARCHAR'],
];

async function readResult(connection: DuckDBConnection, sql: string): Promise<Frame> {
  const asked = await connection.stream(sql);
  const names = asked.deduplicatedColumnNames();
  const types = names.map((_, i) => String(asked.columnType(i)));
  const casts = types.map((type) => CASTS.find(([pattern]) => pattern.test(type))?.[1] ?? null);
  if (casts.every((cast) => cast === null)) return collect(asked, names, types);
  // Through a table, whose rows keep the order of the query.
  await connection.run(`CREATE OR REPLACE TEMP TABLE frontmonth_result AS ${sql}`);
  try {
    const list = names.map((name, i) => {
      const column = `"${name.replaceAll('"', '""')}"`;
      if (casts[i] === null) return column;
      // Through text each decimal becomes the double that is nearest to it.
      const from = isLongDecimal(types[i]!) ? `CAST(${column} AS VARCHAR)` : column;
      return `CAST(${from} AS ${casts[i]}) AS ${column}`;
    });
    for (const [i, type] of types.entries())
      if (isLongDecimal(type)) await mustKeepDigits(connection, names[i]!, type);
    const result = await connection.stream(`SELECT ${list.join(', ')} FROM frontmonth_result`);
    return await collect(
      result,
      names,
      types.map((type, i) => casts[i] ?? type),
    );
  } finally {
    await connection.run('DROP TABLE frontmonth_result');
  }
}

/** A double keeps any 15 digits. */
function isLongDecimal(type: string): boolean {
  const digits = /^DECIMAL\((\d+),/.exec(type)?.[1];
  return digits !== undefined && Number(digits) > 15;
}

/** A decimal whose nearest double prints as another number would have lost digits. */
async function mustKeepDigits(
  connection: DuckDBConnection,
  name: string,
  type: string,
): Promise<void> {
  const column = `"${name.replaceAll('"', '""')}"`;
  const text = `CAST(${column} AS VARCHAR)`;
  const back = `TRY_CAST(CAST(CAST(${text} AS DOUBLE) AS VARCHAR) AS ${type})`;
  const found = await connection.runAndReadAll(
    `SELECT CAST(rowid AS INTEGER), ${text} FROM frontmonth_result WHERE ${back} IS DISTINCT FROM ${column} ORDER BY rowid LIMIT 1`,
  );
  const [first] = found.getRows();
  if (first === undefined) return;
  const [row, value] = [Number(first[0]), String(first[1])];
  throw new TradingError('E_FRAME_VALUE', `column ${name}, row ${row}: ${value} is no double`, {
    details: { column: name, row, value, type },
    rule: 'a double keeps 15 to 17 digits',
    fix: `take it as text in the query: ${name}::VARCHAR, or rounded: ${name}::DOUBLE`,
  });
}

type Result = Awaited<ReturnType<DuckDBConnection['stream']>>;
type Numbers = Float64Array | Int32Array | BigInt64Array | BigUint64Array;
/** What the vectors of DuckDB hold; the package's types keep it to itself. */
interface TypedVector {
  readonly items: ArrayLike<number> & ArrayLike<bigint>;
  readonly validity: { itemValid(row: number): boolean };
}

async function collect(
  result: Result,
  names: readonly string[],
  types: readonly string[],
): Promise<Frame> {
  const plans = types.map((type, i) => planOf(type, names[i]!));
  const parts = plans.map((): unknown[][] | ArrayLike<unknown>[] => []);
  let length = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
    const rows = chunk.rowCount;
    if (rows === 0) break;
    plans.forEach((plan, k) => {
      const vector = chunk!.getColumnVector(k);
      const values = plan.isTyped
        ? typedPart(plan, vector as unknown as TypedVector, rows, names[k]!, length)
        : Array.from({ length: rows }, (_, i) => full(vector.getItem(i), names[k]!, length + i));
      (parts[k] as ArrayLike<unknown>[]).push(values);
    });
    length += rows;
  }
  return Frame.of(
    Object.fromEntries(
      names.map((name, k) => {
        const { type, unit } = plans[k]!;
        const values = joined(plans[k]!, parts[k] as ArrayLike<unknown>[], length);
        return [name, { type, values, ...(unit === undefined ? {} : { metadata: { unit } }) }];
      }),
    ),
  );
}

function planOf(type: string, name: string): Plan {
  const plan = PLANS[type];
  if (plan !== undefined) return plan;
  throw new TradingError('E_SQL', `column ${name} has the type ${type}`, {
    details: { column: name, type },
    rule: 'a frame holds numbers, times, booleans and texts',
    fix: `cast it in the query: ${name}::VARCHAR, or choose its parts`,
  });
}

/** DuckDB uses the memory of a chunk again: the values are copied out. */
function typedPart(
  plan: Plan,
  { items, validity }: TypedVector,
  rows: number,
  name: string,
  before: number,
): ArrayLike<unknown> {
  const part = partOf(plan, rows);
  for (let i = 0; i < rows; i += 1) {
    if (validity.itemValid(i)) part[i] = items[i]!;
    else if (plan.type === 'f64') part[i] = NaN;
    else full(null, name, before + i);
  }
  return part;
}

function partOf({ type }: Plan, rows: number): Numbers {
  if (type === 'f64') return new Float64Array(rows);
  if (type === 'u64') return new BigUint64Array(rows);
  if (type === 'i64' || type === 'timestamp[us, UTC]' || type === 'timestamp[ns, UTC]')
    return new BigInt64Array(rows);
  return new Int32Array(rows);
}

function joined(
  plan: Plan,
  parts: readonly ArrayLike<unknown>[],
  length: number,
): FrameInput['values'] {
  if (!plan.isTyped) return parts.flatMap((part) => part as unknown[]) as string[];
  const out = partOf(plan, length);
  let at = 0;
  for (const part of parts) {
    out.set(part as never, at);
    at += part.length;
  }
  return out;
}

function full<T>(value: T | null, name: string, row: number): T {
  if (value !== null) return value;
  throw new TradingError('E_FRAME_VALUE', `column ${name}, row ${row}: an empty cell`, {
    details: { column: name, row, value: null },
    rule: 'only columns of doubles have empty cells, as NaN',
    fix: `give it a value in the query: coalesce(${name}, …), or cast it to DOUBLE`,
  });
}

async function loadDuckdb(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw new TradingError('E_FRAME_PACKAGE', 'the package @duckdb/node-api is not installed', {
      details: { package: '@duckdb/node-api' },
      rule: 'SQL needs the package; everything else works without it',
      fix: 'npm install @duckdb/node-api@1.5.5-r.5',
      cause,
    });
  }
}
