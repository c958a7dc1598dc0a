/**
 * Run folders on disk. A run is written into `.partial-<run id>` and renamed when all of it is there, so a folder under its
 * own name is complete. A partial folder is listed as a failed run, and its journal stays readable.
 */
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TradingError } from '../core/errors.ts';
import type { FileIo } from '../data/file-io.ts';
import { nodeFileIo, writeWhole } from '../data/file-io.ts';
import type { ProgrammeRun } from './programme-run.ts';
import { MARK_KINDS } from './programme-run.ts';
import type { ColumnKind, StoredColumn, StoredTable } from './columns.ts';
import type { IssueGroup, RunTables } from './recorder.ts';
import type { PriceTape, RunData } from './run-data.ts';
import { toRunData } from './run-data.ts';
import type { RunManifest, RunOutcome, RunSummary } from './run-format.ts';
import { RUN_SCHEMA, SUMMARY_SCHEMA } from './run-format.ts';
import type { RunTableName } from './tables.ts';
import { RUN_TABLE_NAMES, RUN_TABLES } from './tables.ts';

type ArrowType = 'f64' | 'i64' | 'i32' | 'bool' | 'utf8' | 'timestamp[us, UTC]';
interface ArrowColumn {
  readonly type: ArrowType;
  readonly values: ArrayLike<number> | readonly string[];
}
/** What a run folder needs of the column store; `src/data/arrow-store.ts` fits. */
export interface TableStore {
  writeTable(
    path: string,
    columns: Readonly<Record<string, ArrowColumn>>,
    metadata?: Readonly<Record<string, string>>,
    io?: FileIo,
  ): unknown;
  readTable(path: string): Readonly<Record<string, ArrayLike<unknown>>>;
}

export const PARTIAL_PREFIX = '.partial-';
const ARROW_TYPE: Readonly<Record<ColumnKind, ArrowType>> = {
  f64: 'f64',
  money: 'i64',
  ts: 'timestamp[us, UTC]',
  i32: 'i32',
  date: 'i32',
  flag: 'bool',
  text: 'utf8',
};

export interface RunContents {
  readonly manifest: RunManifest;
  readonly summary: RunSummary;
  readonly tables: RunTables;
  readonly issues: readonly IssueGroup[];
  readonly prices?: readonly PriceTape[];
  /** Tables of the run with the other bound; equity and trades are kept, in `optimistic/`. */
  readonly optimistic?: RunTables | null;
  /** The account under its programme: `programme.json`, and the path that other starts are judged on, `marks.arrow`. */
  readonly programme?: ProgrammeRun | null;
}

/** An unfinished run folder. The journal is written into `dir` while the run goes on. */
export interface RunFolder {
  readonly dir: string;
  /** Writes everything, renames the folder and returns its final path. Errors: E_RUN_WRITE, E_RUN_EXISTS. */
  commit(contents: RunContents): string;
  /** Leaves the folder as a failed run, with the reason where the disk allows it. */
  fail(manifest: RunManifest): void;
}

/** `2026-11-20T14-03-22Z-ema-cross-7f3a`: sorts by time. `suffix` keeps runs of one second apart. */
export function toRunId(createdUtc: string, strategyId: string, suffix: string): string {
  const stamp = createdUtc.replace(/\.\d+/, '').replaceAll(':', '-');
  const name = strategyId.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `${stamp}-${name}-${suffix}`;
}

/** Makes the partial folder. `io` is for tests. Errors: E_RUN_EXISTS, E_RUN_WRITE. */
export function beginRun(
  runsDir: string,
  runId: string,
  store: TableStore,
  io: FileIo = nodeFileIo,
): RunFolder {
  const final = join(runsDir, runId);
  const dir = join(runsDir, PARTIAL_PREFIX + runId);
  if (fs.existsSync(final) || fs.existsSync(dir)) {
    throw new TradingError('E_RUN_EXISTS', `run ${runId} exists already`, {
      where: final,
      rule: 'runs are never overwritten',
      fix: 'choose another run id or another folder with --out',
    });
  }
  guardWrite(dir, () => io.mkdir(dir));
  return {
    dir,
    commit(contents) {
      guardWrite(dir, () => {
        writeContents(dir, contents, store, io);
        io.rename(dir, final);
      });
      return final;
    },
    fail(manifest) {
      guardWrite(dir, () => writeJson(join(dir, 'manifest.json'), manifest, io));
    },
  };
}

/** Writes a whole run at once into `dir`, which must not exist. */
export function writeRun(dir: string, contents: RunContents, store: TableStore): string {
  return beginRun(dirname(dir), basename(dir), store).commit(contents);
}

function writeContents(dir: string, contents: RunContents, store: TableStore, io: FileIo): void {
  for (const name of RUN_TABLE_NAMES) writeStored(dir, name, contents.tables[name], store, io);
  const { optimistic } = contents;
  if (optimistic !== undefined && optimistic !== null) {
    io.mkdir(join(dir, 'optimistic'));
    for (const name of ['equity', 'trades'] as const)
      writeStored(join(dir, 'optimistic'), name, optimistic[name], store, io);
  }
  for (const tape of contents.prices ?? []) writeTape(dir, tape, store, io);
  if (contents.programme != null) writeProgramme(dir, contents.programme, store, io);
  writeJson(join(dir, 'issues.json'), contents.issues, io);
  const summary = {
    schema: SUMMARY_SCHEMA,
    ok: contents.summary.outcome === 'completed',
    result: contents.summary,
    warnings: contents.summary.warnings,
  };
  writeJson(join(dir, 'summary.json'), summary, io);
  writeJson(join(dir, 'manifest.json'), contents.manifest, io);
}

function writeStored(
  dir: string,
  name: RunTableName,
  table: StoredTable,
  store: TableStore,
  io: FileIo,
): void {
  const columns: Record<string, ArrowColumn> = {};
  for (const column of table.columns)
    columns[column.name] = { type: ARROW_TYPE[column.kind], values: column.values };
  const path = join(dir, `${name}.arrow`);
  store.writeTable(path, columns, { schema: RUN_SCHEMA, table: name }, io);
}

function writeProgramme(dir: string, run: ProgrammeRun, store: TableStore, io: FileIo): void {
  const { marks, ...rest } = run;
  if (marks !== null) {
    const columns: Record<string, ArrowColumn> = {};
    for (const [name, kind] of Object.entries(MARK_KINDS))
      columns[name] = { type: ARROW_TYPE[kind], values: marks[name as keyof typeof MARK_KINDS] };
    const about = { schema: RUN_SCHEMA, table: 'marks' };
    store.writeTable(join(dir, 'marks.arrow'), columns, about, io);
  }
  writeJson(join(dir, 'programme.json'), { ...rest, startMicros: marks?.startMicros ?? null }, io);
}

/** The programme of a run folder, or null. */
function readProgrammeRun(dir: string, store: TableStore): ProgrammeRun | null {
  if (!fs.existsSync(join(dir, 'programme.json'))) return null;
  const { startMicros, ...rest } = readJson(join(dir, 'programme.json')) as ProgrammeRun & {
    readonly startMicros: number | null;
  };
  if (startMicros === null) return { ...rest, marks: null };
  const table = store.readTable(join(dir, 'marks.arrow'));
  const length = table['tsUs']!.length;
  const numbers = (name: string): Float64Array =>
    Float64Array.from(table[name] as ArrayLike<number>, Number);
  return {
    ...rest,
    marks: {
      length,
      startMicros,
      tradeDate: Int32Array.from(table['tradeDate'] as ArrayLike<number>, Number),
      tsUs: numbers('tsUs'),
      balance: numbers('balance'),
      equity: numbers('equity'),
      low: numbers('low'),
      high: numbers('high'),
      lowSure: numbers('lowSure'),
      highSure: numbers('highSure'),
      hasEntry: Uint8Array.from(table['hasEntry'] as ArrayLike<number>, Number),
    },
  };
}

function writeTape(dir: string, tape: PriceTape, store: TableStore, io: FileIo): void {
  io.mkdir(join(dir, 'prices'));
  // The reader of tables gives columns only; what is not a column stands beside them, and before them: a table that is
  // there can then be read.
  const about = {
    root: tape.root,
    interval: tape.interval,
    decimals: tape.decimals,
    tickSize: tape.tickSize,
    contracts: tape.contracts,
  };
  writeJson(join(dir, 'prices', `${tape.root}-${tape.interval}.json`), about, io);
  const price = (values: Int32Array | Float64Array): ArrowColumn => ({
    type: values instanceof Int32Array ? 'i32' : 'f64',
    values,
  });
  store.writeTable(
    join(dir, 'prices', `${tape.root}-${tape.interval}.arrow`),
    {
      closeUs: { type: 'timestamp[us, UTC]', values: tape.closeUs },
      open: price(tape.open),
      high: price(tape.high),
      low: price(tape.low),
      close: price(tape.close),
    },
    {
      schema: RUN_SCHEMA,
      root: tape.root,
      interval: tape.interval,
      decimals: String(tape.decimals),
      tickSize: String(tape.tickSize),
      contracts: JSON.stringify(tape.contracts),
    },
    io,
  );
}

function writeJson(path: string, value: unknown, io: FileIo): void {
  writeWhole(io, path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Failures of the disk as E_RUN_WRITE with the system's reason; what else goes wrong is a bug and stays one. */
export function guardWrite(path: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    if (cause instanceof TradingError && cause.code.startsWith('E_RUN')) throw cause;
    const errno = errnoIn(cause);
    if (errno === null) throw cause;
    throw new TradingError('E_RUN_WRITE', `cannot write the run folder ${path}: ${errno}`, {
      details: { path, errno },
      where: path,
      rule: 'a run is complete or stays a partial folder',
      fix: 'free some space, or choose another folder with --out; the journal so far stays readable',
      cause,
    });
  }
}

/** The system's code (ENOSPC, …), also from inside an error of the table store; null when no disk was at fault. */
function errnoIn(cause: unknown): string | null {
  if (cause instanceof TradingError) {
    const { reason } = cause.details;
    return cause.code === 'E_CATALOG_WRITE' && typeof reason === 'string' ? reason : null;
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  return typeof code === 'string' ? code : null;
}

export interface ReadOptions {
  /** Reads only these tables; the others are empty. */
  readonly tables?: readonly RunTableName[];
  /** Default true. */
  readonly prices?: boolean;
}

/** Reads a run folder. Tables that the folder lacks read as empty in a failed run. Errors: E_RUN_READ. */
export function readRun(dir: string, store: TableStore, options: ReadOptions = {}): RunData {
  const manifest = readJson(join(dir, 'manifest.json')) as RunManifest;
  const schema: string = manifest.schema;
  if (schema !== RUN_SCHEMA) {
    throw readFailure(dir, `its schema is not ${RUN_SCHEMA}`);
  }
  const isPartial = basename(dir).startsWith(PARTIAL_PREFIX);
  const names = options.tables ?? RUN_TABLE_NAMES;
  const tables: Partial<Record<RunTableName, StoredTable>> = {};
  for (const name of names) {
    const path = join(dir, `${name}.arrow`);
    if (fs.existsSync(path)) tables[name] = readStored(path, name, store);
    else if (!isPartial) throw readFailure(path, 'the file is missing');
  }
  const summary = readOptional(join(dir, 'summary.json')) as { result: RunSummary } | null;
  const optimistic: Partial<Record<RunTableName, StoredTable>> = {};
  for (const name of ['equity', 'trades'] as const) {
    const path = join(dir, 'optimistic', `${name}.arrow`);
    if (names.includes(name) && fs.existsSync(path))
      optimistic[name] = readStored(path, name, store);
  }
  return toRunData({
    dir,
    manifest,
    summary: summary?.result ?? null,
    issues: (readOptional(join(dir, 'issues.json')) as IssueGroup[] | null) ?? [],
    tables,
    prices: options.prices === false ? [] : readTapes(join(dir, 'prices'), store),
    optimistic: optimistic.equity === undefined ? null : optimistic,
    programme: readProgrammeRun(dir, store),
  });
}

function readStored(path: string, name: RunTableName, store: TableStore): StoredTable {
  const def: Readonly<Record<string, ColumnKind>> = RUN_TABLES[name];
  const read = store.readTable(path);
  const columns: StoredColumn[] = [];
  let length = 0;
  for (const [column, kind] of Object.entries(def)) {
    const values = read[column];
    if (values === undefined) throw readFailure(path, `column "${column}" is missing`);
    length = values.length;
    columns.push({ name: column, kind, values: values as StoredColumn['values'] });
  }
  return { length, columns };
}

function readTapes(dir: string, store: TableStore): PriceTape[] {
  if (!fs.existsSync(dir)) return [];
  const names = fs.readdirSync(dir).filter((name) => name.endsWith('.arrow'));
  return names.toSorted().map((name) => {
    const about = readJson(join(dir, name.replace(/\.arrow$/, '.json'))) as Omit<PriceTape, 'open'>;
    const columns = store.readTable(join(dir, name)) as unknown as PriceTape;
    const { closeUs, open, high, low, close } = columns;
    return { ...about, closeUs, open, high, low, close };
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (cause) {
    throw readFailure(
      path,
      cause instanceof SyntaxError ? 'it is not JSON' : 'it is missing',
      cause,
    );
  }
}

function readOptional(path: string): unknown {
  return fs.existsSync(path) ? readJson(path) : null;
}

function readFailure(path: string, reason: string, cause?: unknown): TradingError {
  return new TradingError('E_RUN_READ', `cannot read the run: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'a run folder holds manifest.json, summary.json and its tables',
    fix: 'run it again; `frontmonth runs list` shows which runs are complete',
    cause,
  });
}

/** One line of `runs list`. */
export interface RunEntry {
  readonly runId: string;
  readonly dir: string;
  readonly isComplete: boolean;
  readonly outcome: RunOutcome;
  readonly strategy: string;
  readonly createdUtc: string;
  readonly from: string;
  readonly to: string;
  readonly instruments: readonly string[];
  readonly tags: readonly string[];
  readonly netProfit: number | null;
  readonly currency: string;
}

/** All runs of a folder, oldest first. A folder that cannot be read is listed as failed, never skipped. */
export function listRuns(runsDir: string): readonly RunEntry[] {
  if (!fs.existsSync(runsDir)) return [];
  const folders = fs
    .readdirSync(runsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => name.startsWith(PARTIAL_PREFIX) || !name.startsWith('.'));
  return folders
    .map((name) => entryOf(join(runsDir, name)))
    .toSorted((a, b) => (a.runId < b.runId ? -1 : Number(a.runId > b.runId)));
}

function entryOf(dir: string): RunEntry {
  const name = basename(dir);
  const isPartial = name.startsWith(PARTIAL_PREFIX);
  const manifest = tryRead(join(dir, 'manifest.json')) as RunManifest | null;
  const summary = tryRead(join(dir, 'summary.json')) as { result?: RunSummary } | null;
  const isComplete = !isPartial && manifest !== null && summary !== null;
  return {
    runId: isPartial ? name.slice(PARTIAL_PREFIX.length) : name,
    dir,
    isComplete,
    outcome: isComplete ? manifest.outcome : 'failed',
    strategy: manifest?.strategy?.id ?? '',
    createdUtc: manifest?.createdUtc ?? '',
    from: manifest?.from ?? '',
    to: manifest?.to ?? '',
    instruments: (manifest?.instruments ?? []).map((instrument) => instrument.root),
    tags: manifest?.tags ?? [],
    netProfit: summary?.result?.metrics?.['netProfit']?.value ?? null,
    currency: manifest?.currency ?? '',
  };
}

/** The listing must show a damaged run too, so an unreadable file is an absent one here. */
function tryRead(path: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Finds a run by `last`, `last~2`, unique prefix of its id, or path. `last` counts complete runs only.
 * Errors: E_RUN_NOT_FOUND, E_RUN_AMBIGUOUS.
 */
export function resolveRun(runsDir: string, name: string): string {
  const entries = listRuns(runsDir);
  const back = /^last(?:~(\d+))?$/.exec(name);
  if (back !== null) {
    const complete = entries.filter((entry) => entry.isComplete);
    const found = complete[complete.length - 1 - Number(back[1] ?? 0)];
    if (found !== undefined) return found.dir;
    throw notFound(name, runsDir, `there are ${complete.length} complete runs`);
  }
  if (/[\\/]/.test(name) && fs.existsSync(join(resolve(name), 'manifest.json')))
    return resolve(name);
  const exact = entries.find((entry) => entry.runId === name);
  if (exact !== undefined) return exact.dir;
  const matches = name === '' ? [] : entries.filter((entry) => entry.runId.startsWith(name));
  if (matches.length === 1) return matches[0]!.dir;
  // A folder beside the working one, as `--out` makes it; the ids of the runs folder go first.
  if (matches.length === 0 && name !== '' && fs.existsSync(join(resolve(name), 'manifest.json')))
    return resolve(name);
  if (matches.length === 0) throw notFound(name, runsDir, `there are ${entries.length} runs`);
  throw new TradingError('E_RUN_AMBIGUOUS', `"${name}" fits ${matches.length} runs`, {
    details: { name, matches: matches.map((entry) => entry.runId) },
    rule: 'a prefix names one run',
    fix: `write more of the id: ${matches.map((entry) => entry.runId).join(', ')}`,
  });
}

function notFound(name: string, runsDir: string, what: string): TradingError {
  return new TradingError('E_RUN_NOT_FOUND', `no run "${name}": ${what} in ${runsDir}`, {
    details: { name, runsDir },
    rule: 'a run is named by folder, unique prefix, last or last~2',
    fix: 'see the runs with: frontmonth runs list',
  });
}
