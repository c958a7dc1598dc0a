/**
 * CSV bars into a dataset. One pass, one buffer per segment in memory. The import is whole or nothing: a row that cannot
 * be taken refuses the file, unless `quarantine` asks for the valid rows and a list of the others.
 */
import * as fs from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { BarBuffer, BarColumns, BarInterval, BarStamp } from '../../core/bars.ts';
import { intervalUs, newBarBuffer } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import { GRID_TOLERANCE } from '../../core/price-grid.ts';
import { parseContractId } from '../../core/symbology.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import { writeError } from '../arrow-store.ts';
import type { Dataset } from '../catalog.ts';
import type { DatasetWriter, SegmentSink } from '../dataset-writer.ts';
import { yearOf } from '../dataset-writer.ts';
import type { OpenInterestFigure } from '../open-interest.ts';
import { putOpenInterest } from '../open-interest.ts';
import { suggest } from '../../core/suggest.ts';
import { errnoOf } from '../file-io.ts';
import type { GridStatement, SegmentEntry } from '../manifest.ts';
import { CONTRACT_COLUMNS, ContractColumn, contractColumnFix } from './contract-column.ts';
import type { TimeFormat, TimeParser } from './csv-text.ts';
import { guessDelimiter, parseDecimal, splitFields, timeParser } from './csv-text.ts';

/** A column by its name in the header, or by its position from 0. */
export type CsvColumn = string | number;
/** Either `time` holds date and time, or `date` and `clock` hold them apart and are joined with a blank. */
export interface CsvColumns {
  readonly time?: CsvColumn;
  readonly date?: CsvColumn;
  readonly clock?: CsvColumn;
  readonly open: CsvColumn;
  readonly high: CsvColumn;
  readonly low: CsvColumn;
  readonly close: CsvColumn;
  readonly volume?: CsvColumn;
  /** Contract ids such as ESZ2025. */
  readonly contract?: CsvColumn;
  /** Contracts open at the end of the trade date; an empty cell is no figure. */
  readonly openInterest?: CsvColumn;
  /** When that figure was published; where there is no column, `openInterestOf` says it. */
  readonly known?: CsvColumn;
}

export interface CsvImportOptions {
  /** Plain or gzip, told apart by the first bytes. */
  readonly path: string;
  readonly columns: CsvColumns;
  /** The contract of all rows; those whose column names another are refused. */
  readonly contract?: ContractId;
  /** Whether there is a product of this root, for columns that name no contract. */
  readonly isProduct?: (root: string) => boolean;
  readonly interval: BarInterval;
  /** Which end of the bar its time is. */
  readonly stamp: BarStamp;
  /** IANA zone of times without an offset. */
  readonly zone: string;
  /** Instant of a clock reading (µs as if UTC) in a zone. Needed unless the zone is UTC. Throws for a reading that does not exist. */
  readonly toUtc?: (wallUs: number, zone: string) => number;
  /** Open and close of the session of a date (µs of its midnight as if UTC), for daily rows that hold a date only. Null: not a trading day. */
  readonly sessionOf?: (
    root: string,
    wallDateUs: number,
  ) => { openUs: number; closeUs: number } | null;
  /** Trade date of a bar by its close, and when its open interest is published. Needed where open interest is mapped. */
  readonly openInterestOf?: (root: string, closeUs: number) => PublicationOfDate;
  readonly timeFormat?: TimeFormat;
  /** Guessed from the first line when absent. */
  readonly delimiter?: string;
  readonly hasHeader?: boolean;
  /** Add to the segments that are there instead of replacing them. */
  readonly isAppend?: boolean;
  /** Write the valid rows; the others go to this file as JSON lines. */
  readonly quarantine?: { readonly issuesPath: string };
  /** Called now and then with the rows read. */
  readonly onProgress?: (rows: number) => void;
}

/** Units: µs UTC. */
export interface PublicationOfDate {
  readonly tradeDate: TradeDate;
  readonly knownUs: number;
}

export interface CsvIssue {
  /** Line in the file, from 1, the header counted. */
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}
export interface CsvImportReport {
  readonly dataset: Dataset;
  readonly rows: number;
  readonly segments: readonly SegmentEntry[];
  /** Rows left out; 0 unless quarantine was asked for. */
  readonly quarantined: number;
  /** The first twenty of them. */
  readonly issues: readonly CsvIssue[];
  /** What a reader of the data should know. */
  readonly notes: readonly string[];
}

const LISTED = 20;
const BUFFER_ROWS = 1024;

/**
 * Imports a CSV file of bars and commits.
 * Errors: E_IMPORT_FILE, E_IMPORT_MAPPING, E_IMPORT_ROWS with the first twenty rows, and those of the writer. After any error the
 * dataset is as it was.
 */
export async function importCsv(
  dataset: Dataset,
  options: CsvImportOptions,
): Promise<CsvImportReport> {
  checkOptions(dataset, options);
  const named = await namedIn(options);
  const writer = dataset.beginWrite();
  const rows = new CsvRows(writer, dataset, options, named);
  try {
    await readLines(options, (line, text) => {
      rows.line(line, text);
      return true;
    });
    const segments = rows.finish();
    for (const [contract, figures] of rows.figures)
      putOpenInterest(writer, dataset, contract, figures);
    const committed = writer.commit();
    return {
      dataset: committed,
      rows: rows.taken,
      segments,
      quarantined: rows.refused,
      issues: rows.issues,
      notes: named === null || named.column.note === null ? [] : [named.column.note],
    };
  } catch (error) {
    rows.abort();
    writer.abort();
    throw error;
  }
}

/** Where the file says of which contract a row is, beside a contract that is named for all. */
interface NamedContract {
  readonly column: ContractColumn;
  readonly position: number;
}

async function namedIn(options: CsvImportOptions): Promise<NamedContract | null> {
  const { contract, isProduct, hasHeader = true } = options;
  if (contract === undefined) return null;
  let { delimiter = '' } = options;
  let named: NamedContract | null = null;
  let isHead = true;
  await readLines(options, (_, text) => {
    if (text.trim() === '') return true;
    if (delimiter === '') delimiter = guessDelimiter(text);
    const fields = splitFields(text, delimiter);
    if (isHead) {
      isHead = false;
      const names = fields ?? [];
      const position = contractPosition(options, names);
      if (position === null) return false;
      const column = hasHeader ? names[position]!.trim() : `column ${position}`;
      named = {
        column: new ContractColumn({
          contract,
          column,
          ...(isProduct === undefined ? {} : { isProduct }),
        }),
        position,
      };
      if (hasHeader) return true;
    }
    return fields === null || named!.column.look(fields[named!.position] ?? '');
  });
  return named;
}

/** Of the column that is mapped, or that is called like one of contracts and mapped to nothing else. */
function contractPosition(options: CsvImportOptions, first: readonly string[]): number | null {
  const mapped = positionsOf(options, first);
  if (mapped.contract !== undefined) return mapped.contract;
  if (!(options.hasHeader ?? true)) return null;
  const taken = new Set(Object.values(mapped));
  const names = first.map((name) => name.trim().toLowerCase());
  const found = CONTRACT_COLUMNS.map((name) => names.indexOf(name)).find(
    (position) => position >= 0 && !taken.has(position),
  );
  return found ?? null;
}

/** `take` answers false where the rest is not needed. */
async function readLines(
  options: CsvImportOptions,
  take: (line: number, text: string) => boolean,
): Promise<void> {
  let failure: unknown = null;
  const isPacked = isGzip(options.path);
  const file = fs.createReadStream(options.path);
  const stream = isPacked ? file.pipe(createGunzip()) : file;
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  // Some versions of Node end the lines quietly when the input fails; that must not pass for the end of the file.
  const fail = (error: unknown): void => {
    failure = error;
    lines.close();
  };
  file.on('error', fail);
  if (stream !== file) stream.on('error', fail);
  let line = 0;
  let isTaking = false;
  try {
    for await (const text of lines) {
      line += 1;
      isTaking = true;
      const isWanted = take(line, line === 1 ? text.replace(/^\uFEFF/, '') : text);
      isTaking = false;
      if (!isWanted) break;
    }
  } catch (error) {
    throw isTaking ? error : fileError(options.path, error);
  } finally {
    file.destroy();
    stream.destroy();
  }
  if (failure !== null) throw fileError(options.path, failure);
}

function isGzip(path: string): boolean {
  const head = new Uint8Array(2);
  try {
    const fd = fs.openSync(path, 'r');
    try {
      fs.readSync(fd, head, 0, 2, 0);
    } finally {
      fs.closeSync(fd);
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
  return head[0] === 0x1f && head[1] === 0x8b;
}

type Field = keyof CsvColumns;

/** Rows of one contract on their way into segments. */
interface ContractState {
  readonly contract: ContractId;
  readonly grid: GridStatement;
  readonly buffer: BarBuffer;
  sink: SegmentSink<BarColumns> | null;
  year: number;
  lastCloseUs: number;
}

class CsvRows {
  readonly #writer: DatasetWriter;
  readonly #dataset: Dataset;
  readonly #options: CsvImportOptions;
  readonly #named: NamedContract | null;
  readonly #parse: TimeParser;
  readonly #stepUs: number;
  readonly #states = new Map<string, ContractState>();
  readonly #segments: SegmentEntry[] = [];
  readonly issues: CsvIssue[] = [];
  /** Open interest by contract; one a trade date and moment of publication, the last of the file counts. */
  readonly figures = new Map<ContractId, OpenInterestFigure[]>();
  #positions: Partial<Record<Field, number>> | null = null;
  #delimiter: string;
  #issueFile = -1;
  taken = 0;
  refused = 0;

  constructor(
    writer: DatasetWriter,
    dataset: Dataset,
    options: CsvImportOptions,
    named: NamedContract | null,
  ) {
    this.#named = named;
    this.#writer = writer;
    this.#dataset = dataset;
    this.#options = options;
    this.#parse = timeParser(options.timeFormat ?? 'iso')!;
    this.#stepUs = intervalUs(options.interval);
    this.#delimiter = options.delimiter ?? '';
  }

  line(line: number, text: string): void {
    if (text.trim() === '') return;
    if (this.#delimiter === '') this.#delimiter = guessDelimiter(text);
    const fields = splitFields(text, this.#delimiter);
    if (this.#positions === null) {
      this.#positions = positionsOf(this.#options, fields ?? []);
      if (this.#options.hasHeader ?? true) return;
    }
    const reason = fields === null ? 'a quote is not closed' : this.#row(fields);
    if (reason !== '') this.#refuse({ line, reason, text: text.slice(0, 200) });
    if ((line & 0xffff) === 0) this.#options.onProgress?.(line);
  }

  /** Ends all segments. Errors: E_IMPORT_ROWS. */
  finish(): SegmentEntry[] {
    if (this.refused > 0 && this.#options.quarantine === undefined) throw this.#rowsError();
    if (this.taken === 0) throw this.#emptyError();
    for (const state of this.#states.values()) this.#endSegment(state);
    this.#closeIssues();
    return this.#segments;
  }

  abort(): void {
    for (const state of this.#states.values()) state.sink?.abort();
    this.#closeIssues();
  }

  /** Takes a row, or says why not. */
  #row(fields: readonly string[]): string {
    const at = this.#positions!;
    const named = this.#named;
    const other = named?.column.refusal(fields[named.position] ?? '') ?? null;
    if (other !== null) return other;
    const id = this.#options.contract ?? (fields[at.contract!] ?? '').trim();
    const state = this.#states.get(id) ?? this.#newState(id);
    if (typeof state === 'string') return state;
    const times = this.#times(fields, state.contract);
    if (typeof times === 'string') return times;
    const { openUs, closeUs } = times;
    if (closeUs <= state.lastCloseUs) {
      const last = toIsoUtc(state.lastCloseUs as TsUs);
      if (closeUs === state.lastCloseUs) return `the time of another row: closes at ${last}`;
      return `not in order: closes at ${toIsoUtc(closeUs as TsUs)}, the row before at ${last}`;
    }
    const prices = this.#prices(fields, state.grid);
    if (typeof prices === 'string') return prices;
    const volume = this.#volume(fields);
    if (typeof volume === 'string') return volume;
    const figure = this.#openInterest(fields, state.contract, closeUs);
    if (typeof figure === 'string') return figure;
    this.#store(state, openUs, closeUs, prices, volume);
    if (figure !== null) this.#keep(state.contract, figure);
    return '';
  }

  #newState(id: string): ContractState | string {
    let parsed: { id: ContractId; root: string };
    try {
      parsed = parseContractId(id);
    } catch {
      return `contract: "${id}" is not a contract id such as ESZ2025`;
    }
    const grid = this.#dataset.manifest.grids[parsed.root];
    if (grid === undefined) return `contract: the dataset states no price grid for ${parsed.root}`;
    const span = this.#options.isAppend
      ? this.#dataset.span(parsed.id, this.#options.interval)
      : null;
    const state: ContractState = {
      contract: parsed.id,
      grid,
      buffer: newBarBuffer(BUFFER_ROWS),
      sink: null,
      year: NaN,
      lastCloseUs: span?.lastUs ?? -Infinity,
    };
    this.#states.set(id, state);
    return state;
  }

  #times(
    fields: readonly string[],
    contract: ContractId,
  ): { openUs: number; closeUs: number } | string {
    const at = this.#positions!;
    const text =
      at.time !== undefined
        ? (fields[at.time] ?? '')
        : `${fields[at.date!] ?? ''}${at.clock === undefined ? '' : ` ${fields[at.clock] ?? ''}`}`;
    const parsed = this.#parse(text);
    if (parsed === null) return `time: "${text}" is not ${this.#options.timeFormat ?? 'iso'}`;
    const { sessionOf, stamp } = this.#options;
    if (parsed.isDateOnly && sessionOf !== undefined) {
      const session = sessionOf(parseContractId(contract).root, parsed.us);
      return session ?? `time: ${text} is not a trading day`;
    }
    const us = this.#instantOf(parsed);
    if (typeof us === 'string') return `time: ${us}`;
    return stamp === 'open'
      ? { openUs: us, closeUs: us + this.#stepUs }
      : { openUs: us - this.#stepUs, closeUs: us };
  }

  /** The instant of a reading, or why there is none. */
  #instantOf(parsed: NonNullable<ReturnType<TimeParser>>): number | string {
    const { zone, toUtc } = this.#options;
    if (parsed.kind !== 'wall' || zone === 'UTC') return parsed.us;
    try {
      return toUtc!(parsed.us, zone);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return error.message;
    }
  }

  #prices(fields: readonly string[], grid: GridStatement): readonly number[] | string {
    const counts: number[] = [];
    for (const name of ['open', 'high', 'low', 'close'] as const) {
      const text = fields[this.#positions![name]!] ?? '';
      const price = parseDecimal(text);
      if (Number.isNaN(price)) return `${name}: "${text}" is not a number`;
      const exact = price / grid.increment;
      const count = Math.round(exact);
      const isOnGrid = Math.abs(exact - count) <= GRID_TOLERANCE;
      if (grid.kind === 'ticks' && !isOnGrid)
        return `${name}: ${text} is not a multiple of ${grid.increment}`;
      counts.push(isOnGrid ? count + 0 : exact);
    }
    const [open, high, low, close] = counts as [number, number, number, number];
    if (high < Math.max(open, low, close) || low > Math.min(open, close))
      return 'high is not the highest or low is not the lowest of the row';
    return counts;
  }

  #volume(fields: readonly string[]): number | string {
    const at = this.#positions!.volume;
    if (at === undefined) return NaN;
    const text = fields[at] ?? '';
    const isKnown = this.#dataset.manifest.volume === 'known';
    if (text.trim() === '' && !isKnown) return NaN;
    const volume = parseDecimal(text);
    if (Number.isNaN(volume)) return `volume: "${text}" is not a number`;
    if (volume < 0) return `volume: ${text} is negative`;
    if (volume > Number.MAX_SAFE_INTEGER) return `volume: ${text} is beyond 2^53`;
    if (isKnown && !Number.isSafeInteger(volume)) return `volume: ${text} is not a whole number`;
    return volume;
  }

  /** Null where the row has none. */
  #openInterest(
    fields: readonly string[],
    contract: ContractId,
    closeUs: number,
  ): OpenInterestFigure | null | string {
    const at = this.#positions!;
    const text = at.openInterest === undefined ? '' : (fields[at.openInterest] ?? '').trim();
    if (text === '') return null;
    const openInterest = parseDecimal(text);
    if (!Number.isSafeInteger(openInterest) || openInterest < 0)
      return `openInterest: "${text}" is not a whole number, zero or more`;
    let published: PublicationOfDate;
    try {
      published = this.#options.openInterestOf!(parseContractId(contract).root, closeUs);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return `openInterest: ${error.message}`;
    }
    if (at.known === undefined) return { ...published, openInterest };
    const knownText = fields[at.known] ?? '';
    const known = this.#parse(knownText);
    if (known === null || known.isDateOnly) return `known: "${knownText}" is not a moment`;
    const knownUs = this.#instantOf(known);
    if (typeof knownUs === 'string') return `known: ${knownUs}`;
    if (knownUs < closeUs)
      return `known: ${knownText} is before the close of the bar it stands beside`;
    return { tradeDate: published.tradeDate, knownUs, openInterest };
  }

  #keep(contract: ContractId, figure: OpenInterestFigure): void {
    const list = this.figures.get(contract) ?? [];
    const last = list.at(-1);
    if (last?.knownUs === figure.knownUs && last.tradeDate === figure.tradeDate)
      list[list.length - 1] = figure;
    else list.push(figure);
    this.figures.set(contract, list);
  }

  #store(
    state: ContractState,
    openUs: number,
    closeUs: number,
    prices: readonly number[],
    volume: number,
  ): void {
    const year = yearOf(openUs);
    if (year !== state.year) {
      this.#endSegment(state);
      state.year = year;
      const { interval, isAppend } = this.#options;
      state.sink = this.#writer.beginBars(state.contract, interval, year, isAppend ?? false);
    }
    const { buffer } = state;
    const row = buffer.length;
    buffer.openUs[row] = openUs;
    buffer.closeUs[row] = closeUs;
    buffer.open[row] = prices[0]!;
    buffer.high[row] = prices[1]!;
    buffer.low[row] = prices[2]!;
    buffer.close[row] = prices[3]!;
    buffer.volume[row] = volume;
    buffer.length = row + 1;
    state.lastCloseUs = closeUs;
    this.taken += 1;
    if (buffer.length === BUFFER_ROWS) flush(state);
  }

  #endSegment(state: ContractState): void {
    if (state.sink === null) return;
    flush(state);
    this.#segments.push(state.sink.finish());
    state.sink = null;
  }

  #refuse(issue: CsvIssue): void {
    this.refused += 1;
    if (this.issues.length < LISTED) this.issues.push(issue);
    const { quarantine } = this.#options;
    if (quarantine === undefined) return;
    try {
      if (this.#issueFile < 0) this.#issueFile = fs.openSync(quarantine.issuesPath, 'w');
      fs.writeSync(this.#issueFile, `${JSON.stringify(issue)}\n`);
    } catch (cause) {
      throw errnoOf(cause) === '' ? cause : writeError(quarantine.issuesPath, cause);
    }
  }

  #closeIssues(): void {
    if (this.#issueFile >= 0) fs.closeSync(this.#issueFile);
    this.#issueFile = -1;
  }

  #rowsError(): TradingError {
    const { path } = this.#options;
    const lines = this.issues.map((issue) => `line ${issue.line}: ${issue.reason}`).join('\n  ');
    const rest = this.refused > LISTED ? `\n  … and ${this.refused - LISTED} more` : '';
    return new TradingError(
      'E_IMPORT_ROWS',
      `${this.refused} rows cannot be taken, nothing was imported\n  ${lines}${rest}`,
      {
        details: { path, refused: this.refused, valid: this.taken, issues: this.issues },
        where: `${path}:${this.issues[0]!.line}`,
        rule: 'an import is whole or nothing',
        fix:
          contractColumnFix(this.issues.map(({ reason }) => reason)) ??
          'correct the rows, or take the valid ones with --quarantine',
      },
    );
  }

  #emptyError(): TradingError {
    const { path } = this.#options;
    return new TradingError('E_IMPORT_ROWS', 'the file has no row that can be taken', {
      details: { path, refused: this.refused, valid: 0, issues: this.issues },
      where: path,
      rule: 'an import brings at least one row',
      fix: 'check the file, the delimiter and the time format',
    });
  }
}

function flush(state: ContractState): void {
  if (state.buffer.length > 0) state.sink!.push(state.buffer);
  state.buffer.length = 0;
}

function positionsOf(
  options: CsvImportOptions,
  first: readonly string[],
): Partial<Record<Field, number>> {
  const hasHeader = options.hasHeader ?? true;
  const names = first.map((name) => name.trim());
  const positions: Partial<Record<Field, number>> = {};
  for (const [field, column] of Object.entries(options.columns) as [Field, CsvColumn][]) {
    const position = typeof column === 'number' ? column : hasHeader ? names.indexOf(column) : -1;
    if (position >= 0 && position < first.length) {
      positions[field] = position;
      continue;
    }
    const near = hasHeader ? suggest(String(column), names) : null;
    throw mappingError(
      `${field}: the file has no column ${JSON.stringify(column)}`,
      { field, column, columns: hasHeader ? names : first.length },
      near !== null ? `did you mean ${near}?` : `choose from: ${names.join(', ')}`,
    );
  }
  return positions;
}

function checkOptions(dataset: Dataset, options: CsvImportOptions): void {
  const { columns, contract, zone, toUtc, timeFormat = 'iso' } = options;
  if (columns.known !== undefined && columns.openInterest === undefined)
    throw mappingError(
      'known: it is the moment of publication of open interest, which is not mapped',
      { columns },
      'map openInterest as well',
    );
  if (columns.openInterest !== undefined && options.openInterestOf === undefined)
    throw mappingError(
      'openInterest: nothing says which trade date a figure is of and when it is published',
      { columns },
      'give openInterestOf',
    );
  if ((columns.time === undefined) === (columns.date === undefined))
    throw mappingError(
      'time: give either `time`, or `date` and `clock`',
      { columns },
      'map the time',
    );
  if (columns.contract === undefined && contract === undefined)
    throw mappingError(
      'contract: give a column or one id',
      { columns, contract },
      'map the contract',
    );
  if (columns.volume === undefined && dataset.manifest.volume === 'known') {
    throw mappingError(
      'volume: the dataset states that volume is known, the mapping has no volume',
      { columns },
      'map the volume, or make a dataset whose volume is unknown',
    );
  }
  if (timeParser(timeFormat) === null)
    throw mappingError(
      `time: "${timeFormat}" is not a time format`,
      { timeFormat },
      'write iso, epoch-ms or a pattern such as DD/MM/YYYY HH:mm',
    );
  if (zone !== 'UTC' && toUtc === undefined)
    throw mappingError(
      `zone: no conversion for ${zone} was given`,
      { zone },
      'use UTC or give toUtc',
    );
  if (contract !== undefined) parseContractId(contract);
}

function mappingError(
  message: string,
  details: Readonly<Record<string, unknown>>,
  fix: string,
): TradingError {
  return new TradingError('E_IMPORT_MAPPING', message, {
    details,
    rule: 'a bar needs time, open, high, low, close, its contract, and volume where it is known',
    fix,
  });
}

function fileError(path: string, cause: unknown): TradingError {
  const reason = errnoOf(cause) || (cause instanceof Error ? cause.message : String(cause));
  return new TradingError('E_IMPORT_FILE', `cannot read ${path}: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: 'the source is read to its end',
    fix: reason === 'ENOENT' ? 'check the path' : 'check the file and its compression',
    cause,
  });
}
