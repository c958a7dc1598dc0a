/**
 * CSV of open interest into a dataset: `contract`, `openInterest`, and when a figure was published (`known`), which trade date it
 * is of (`date`), or both. Whole or nothing, unless the valid rows are asked for.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import { suggest } from '../../core/suggest.ts';
import { parseContractId } from '../../core/symbology.ts';
import type { TradeDate } from '../../core/units.ts';
import { US_PER_DAY } from '../../core/units.ts';
import type { Dataset } from '../catalog.ts';
import { errnoOf } from '../file-io.ts';
import type { OpenInterestFigure } from '../open-interest.ts';
import { EARLIEST_KNOWN_DAYS, putOpenInterest } from '../open-interest.ts';
import type { TimeParser } from './csv-text.ts';
import { guessDelimiter, parseDecimal, splitFields, timeParser } from './csv-text.ts';

/** Names in the header; our own names where nothing is said. */
export interface OpenInterestCsvColumns {
  readonly known?: string;
  readonly date?: string;
  readonly contract?: string;
  readonly openInterest?: string;
}

export interface OpenInterestImport {
  /** Plain or gzip. */
  readonly path: string;
  /** Product of the file; every row must be of it. */
  readonly root: string;
  readonly columns?: OpenInterestCsvColumns;
  /** The contract of all rows, where no column names it. */
  readonly contract?: ContractId;
  /** Instant of a clock reading (µs as if UTC). Throws for a reading that does not exist. */
  readonly toUtc: (wallUs: number) => number;
  /** When the figure of a trade date is published, for rows that do not say. µs UTC. */
  readonly knownOf: (tradeDate: TradeDate) => number;
  /** The trade date that a figure published at a moment is of, for rows that do not say. */
  readonly tradeDateOf: (knownUs: number) => TradeDate;
  readonly delimiter?: string;
  /** Take the valid rows; the others are only listed. */
  readonly isQuarantined?: boolean;
}

export interface OpenInterestReport {
  readonly dataset: Dataset;
  /** Figures taken. */
  readonly rows: number;
  readonly refused: number;
  /** The first twenty of them; lines count from 1, the header counted. */
  readonly issues: readonly { readonly line: number; readonly reason: string }[];
}

const LISTED = 20;
type Field = keyof OpenInterestCsvColumns;
const FIELDS: readonly Field[] = ['known', 'date', 'contract', 'openInterest'];

/**
 * Imports a file and commits. Figures add to those that are stored; the same moment and trade date replaces.
 * Errors: E_IMPORT_FILE, E_IMPORT_MAPPING, E_IMPORT_ROWS, those of the writer. After any error the dataset is as it was.
 */
export function importOpenInterest(
  dataset: Dataset,
  options: OpenInterestImport,
): OpenInterestReport {
  const { figures, issues, refused } = parseFile(options);
  const rows = [...figures.values()].reduce((sum, list) => sum + list.length, 0);
  if (rows === 0 || (refused > 0 && options.isQuarantined !== true))
    throw rowsError(options.path, rows, refused, issues);
  const writer = dataset.beginWrite();
  try {
    for (const [contract, list] of figures) putOpenInterest(writer, dataset, contract, list);
    return { dataset: writer.commit(), rows, refused, issues };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function parseFile(options: OpenInterestImport): {
  figures: Map<ContractId, OpenInterestFigure[]>;
  issues: { line: number; reason: string }[];
  refused: number;
} {
  const lines = readText(options.path).split(/\r?\n/);
  const delimiter = options.delimiter ?? guessDelimiter(lines[0] ?? '');
  const positions = positionsOf(options, splitFields(lines[0] ?? '', delimiter) ?? []);
  const reader = new RowReader(options, positions);
  const figures = new Map<ContractId, OpenInterestFigure[]>();
  const firstLine = new Map<string, number>();
  const issues: { line: number; reason: string }[] = [];
  let refused = 0;
  const refuse = (line: number, reason: string): void => {
    refused += 1;
    if (issues.length < LISTED) issues.push({ line, reason });
  };
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (index === 0 || text.trim() === '') continue;
    const fields = splitFields(text, delimiter);
    const row = fields === null ? 'a quote is not closed' : reader.read(fields);
    if (typeof row === 'string') {
      refuse(line, row);
      continue;
    }
    const key = `${row.contract}/${row.figure.knownUs}/${row.figure.tradeDate}`;
    const before = firstLine.get(key);
    if (before !== undefined) {
      refuse(line, `${row.contract} has a figure of that moment and date on line ${before}`);
      continue;
    }
    firstLine.set(key, line);
    const list = figures.get(row.contract) ?? [];
    list.push(row.figure);
    figures.set(row.contract, list);
  }
  return { figures, issues, refused };
}

class RowReader {
  readonly #options: OpenInterestImport;
  readonly #at: Partial<Record<Field, number>>;
  readonly #parse: TimeParser = timeParser('iso')!;

  constructor(options: OpenInterestImport, at: Partial<Record<Field, number>>) {
    this.#options = options;
    this.#at = at;
  }

  /** A figure, or why the row has none. */
  read(
    fields: readonly string[],
  ): { readonly contract: ContractId; readonly figure: OpenInterestFigure } | string {
    const text = (field: Field): string => (fields[this.#at[field] ?? -1] ?? '').trim();
    const contract = this.#options.contract ?? this.#contractOf(text('contract'));
    if (contract === null)
      return `contract: "${text('contract')}" is not a contract of ${this.#options.root} such as ${this.#options.root}Z2025`;
    const openInterest = parseDecimal(text('openInterest'));
    if (!Number.isSafeInteger(openInterest) || openInterest < 0)
      return `openInterest: "${text('openInterest')}" is not a whole number, zero or more`;
    try {
      const times = this.#times(text('known'), text('date'));
      if (typeof times === 'string') return times;
      return { contract, figure: { ...times, openInterest } };
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return error.message;
    }
  }

  #contractOf(text: string): ContractId | null {
    try {
      const parsed = parseContractId(text);
      return parsed.root === this.#options.root ? parsed.id : null;
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return null;
    }
  }

  #times(knownText: string, dateText: string): Omit<OpenInterestFigure, 'openInterest'> | string {
    const { knownOf, toUtc, tradeDateOf } = this.#options;
    const known = knownText === '' ? null : this.#parse(knownText);
    if (known === null && knownText !== '') return `known: "${knownText}" is not a moment`;
    const date = dateText === '' ? null : this.#parse(dateText);
    if (dateText !== '' && date?.isDateOnly !== true) return `date: "${dateText}" is not a date`;
    if (known === null && date === null) return 'known and date are both empty';
    const tradeDate = date === null ? null : (Math.floor(date.us / US_PER_DAY) as TradeDate);
    if (known === null) return { tradeDate: tradeDate!, knownUs: knownOf(tradeDate!) };
    const asUtc = (us: number): number => (known.kind === 'utc' ? us : toUtc(us));
    // A bare day says no hour: the end of that day is early for nobody.
    const knownUs = known.isDateOnly ? asUtc(known.us + US_PER_DAY) - 1 : asUtc(known.us);
    if (tradeDate === null) return { tradeDate: tradeDateOf(knownUs), knownUs };
    if (knownUs < (tradeDate - EARLIEST_KNOWN_DAYS) * US_PER_DAY)
      return `known: ${knownText} is before the trade date ${dateText}`;
    return { tradeDate, knownUs };
  }
}

function positionsOf(
  options: OpenInterestImport,
  header: readonly string[],
): Partial<Record<Field, number>> {
  const names = header.map((name) => name.trim());
  const positions: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const asked = options.columns?.[field];
    const name = asked ?? field;
    const at = names.findIndex((each) => each.toLowerCase() === name.toLowerCase());
    if (at >= 0) positions[field] = at;
    else if (asked !== undefined)
      throw mappingError(`${field}: the file has no column "${asked}"`, names, asked);
  }
  if (positions.openInterest === undefined)
    throw mappingError('openInterest: no column has this name', names, 'openInterest');
  if (positions.known === undefined && positions.date === undefined)
    throw mappingError('the file has neither `known` nor `date`', names, 'known');
  if (positions.contract === undefined && options.contract === undefined)
    throw mappingError('contract: give a column or one id', names, 'contract');
  return positions;
}

function mappingError(message: string, names: readonly string[], name: string): TradingError {
  const near = suggest(name, names);
  return new TradingError('E_IMPORT_MAPPING', message, {
    details: { columns: names },
    rule: 'a figure needs its contract, and the moment it was published or the trade date it is of',
    fix: `${near === null ? `choose from: ${names.join(', ')}` : `did you mean ${near}?`} --columns known=…,date=…,contract=…,openInterest=…`,
  });
}

function rowsError(
  path: string,
  valid: number,
  refused: number,
  issues: readonly { readonly line: number; readonly reason: string }[],
): TradingError {
  const lines = issues.map((issue) => `line ${issue.line}: ${issue.reason}`).join('\n  ');
  const rest = refused > LISTED ? `\n  … and ${refused - LISTED} more` : '';
  return new TradingError(
    'E_IMPORT_ROWS',
    refused === 0
      ? 'the file has no row that can be taken'
      : `${refused} rows cannot be taken, nothing was imported\n  ${lines}${rest}`,
    {
      details: { path, refused, valid, issues },
      where: issues.length === 0 ? path : `${path}:${issues[0]!.line}`,
      rule: 'an import is whole or nothing, and brings at least one row',
      fix: 'correct the rows, or take the valid ones with --quarantine',
    },
  );
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isPacked ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    const reason = errnoOf(cause) || (cause instanceof Error ? cause.message : String(cause));
    throw new TradingError('E_IMPORT_FILE', `cannot read ${path}: ${reason}`, {
      details: { path, reason },
      where: path,
      rule: 'the source is read to its end',
      fix: reason === 'ENOENT' ? 'check the path' : 'check the file and its compression',
      cause,
    });
  }
}
