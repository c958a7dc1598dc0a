/**
 * Reads a roll calendar that a user gives: CSV with a header line, or a JSON list of objects with the same names.
 *
 * `date` (a trade date: the roll is at the first common close on or after it) or `at` (the moment itself, with a zone),
 * `from`, `to` (contract ids), and where known `fromPrice`, `toPrice` (decimal), `carry`. The layout of pysystemtrade's
 * calendars (`DATE_TIME`, `current_contract`, `next_contract`, `carry_contract`) is read, too.
 * Every fault names file and line; rows that contradict each other name both.
 */
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import type { GivenRoll, RollRecord, RollRule } from '../../core/roll.ts';
import { compareContractMonth, parseContractId, toContractId } from '../../core/symbology.ts';
import { parseTradeDate } from '../../core/trade-date.ts';
import type { TsUs } from '../../core/units.ts';
import { parseTsUs, toIsoUtc, US_PER_DAY } from '../../core/units.ts';
import type { SessionCloses } from '../roll.ts';
import { guessDelimiter, parseDecimal, splitFields } from './csv-text.ts';

export interface RollCalendarOptions {
  /** Product of the calendar; every row must be of it. */
  readonly root: string;
  /** Price of one count; needed where the file has prices. */
  readonly increment: number;
  /** Name for messages. */
  readonly file: string;
}

interface Row {
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** Errors: E_ROLL_CALENDAR naming file, line and rule. */
export function parseRollCalendar(text: string, options: RollCalendarOptions): GivenRoll[] {
  const rows = rowsOf(text, options.file);
  if (rows.length === 0) throw fault(options, 1, 'it has no rows', 'a calendar names its rolls');
  const rolls: GivenRoll[] = [];
  const leftAt = new Map<ContractId, number>();
  for (const [index, row] of rows.entries()) {
    const roll = toRoll(row, options);
    const before = rolls.at(-1);
    const beforeLine = rows[index - 1]?.line ?? 0;
    const left = leftAt.get(roll.to);
    if (left !== undefined)
      throw fault(
        options,
        row.line,
        `rolls back into ${roll.to}, which line ${left} left`,
        'a contract that was left is never taken again',
      );
    if (compareContractMonth(parseContractId(roll.from), parseContractId(roll.to)) >= 0)
      throw fault(
        options,
        row.line,
        `${roll.to} does not come after ${roll.from}`,
        'a roll leads to a later contract',
      );
    if (before !== undefined && before.to !== roll.from)
      throw fault(
        options,
        row.line,
        `rolls out of ${roll.from}, but line ${beforeLine} rolled into ${before.to}`,
        'each roll leaves the contract that the roll before took',
      );
    if (before !== undefined && before.atUs >= roll.atUs)
      throw fault(
        options,
        row.line,
        `is not later than line ${beforeLine}`,
        'rolls stand in order of time',
      );
    leftAt.set(roll.from, row.line);
    rolls.push(roll);
  }
  return rolls;
}

function rowsOf(text: string, file: string): Row[] {
  const plain = text.replace(/^\uFEFF/, '');
  return /^\s*[[{]/.test(plain) ? jsonRows(plain, file) : csvRows(plain, file);
}

/** A roll calendar as a user gave it. */
export interface RollCalendarFile {
  readonly file: string;
  readonly text: string;
}

/** A rule `given` with the rolls of its file; any other rule as it is. Errors: those of `parseRollCalendar`. */
export function withCalendarRolls(
  rule: RollRule,
  calendar: RollCalendarFile | undefined,
  options: Pick<RollCalendarOptions, 'root' | 'increment'>,
): RollRule {
  if (rule.kind !== 'given' || calendar === undefined) return rule;
  return { ...rule, rolls: parseRollCalendar(calendar.text, { ...options, file: calendar.file }) };
}

/** Does something with the rolls of a file; a fault that names one of them by number gets file and line. */
export function withCalendarLines<T>(calendar: RollCalendarFile | undefined, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (calendar === undefined || !(error instanceof TradingError)) throw error;
    const row = error.code === 'E_ROLL_SCHEDULE' ? error.details['row'] : null;
    const line = typeof row === 'number' ? rowsOf(calendar.text, calendar.file)[row]?.line : null;
    if (line === undefined || line === null) throw error;
    const where = `${calendar.file}, line ${line}`;
    throw new TradingError(error.code, `${where}: ${error.message}`, {
      details: { ...error.details, file: calendar.file, line },
      where,
      ...(error.rule === undefined ? {} : { rule: error.rule }),
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error,
    });
  }
}

/**
 * Prices of a calendar stand where the data have none. `closes`: those of a contract, null where it has none; asked for once a
 * contract, and only where the file has a price. Units: counts.
 * Errors: E_ROLL_CALENDAR naming file, line and both prices, where the data say otherwise.
 */
export function checkCalendarPrices(
  calendar: RollCalendarFile,
  rolls: readonly RollRecord[],
  input: Pick<RollCalendarOptions, 'root' | 'increment'> & {
    readonly closes: (contractIndex: number) => Pick<SessionCloses, 'closeUs' | 'close'> | null;
  },
): void {
  const options = { ...input, file: calendar.file };
  const given = parseRollCalendar(calendar.text, options);
  const rows = rowsOf(calendar.text, calendar.file);
  const cache = new Map<number, Pick<SessionCloses, 'closeUs' | 'close'> | null>();
  const closeAt = (index: number, us: number): number => {
    if (!cache.has(index)) cache.set(index, input.closes(index));
    const closes = cache.get(index)!;
    return closes?.close[closes.closeUs.indexOf(us)] ?? NaN;
  };
  for (const roll of rolls) {
    const at = given.findIndex(({ from }) => from === roll.from);
    const row = given[at];
    const sides = [
      { name: 'fromPrice', id: roll.from, index: roll.fromIndex, price: row?.fromPrice },
      { name: 'toPrice', id: roll.to, index: roll.toIndex, price: row?.toPrice },
    ];
    for (const { name, id, index, price } of sides) {
      if (price === undefined) continue;
      const close = closeAt(index, roll.effectiveUs);
      if (Number.isNaN(close) || close === price) continue;
      const say = (counts: number): string => decimalOf(counts, input.increment);
      throw fault(
        options,
        rows[at]!.line,
        `${name} is ${say(price)}, but ${id} closed at ${say(close)} at ${toIsoUtc(roll.effectiveUs)} in the data`,
        'a row brings prices where the data have none; where they have, both agree',
      );
    }
  }
}

/** As many digits as the increment has. */
function decimalOf(counts: number, increment: number): string {
  const text = String(increment);
  const [digits, exponent] = text.split('e-');
  const decimals = (digits!.split('.')[1]?.length ?? 0) + Number(exponent ?? 0);
  return (counts * increment).toFixed(decimals);
}

function toRoll(row: Row, options: RollCalendarOptions): GivenRoll {
  const cell = (...names: string[]): string =>
    names.map((name) => row.cells.get(name.toLowerCase()) ?? '').find((text) => text !== '') ?? '';
  const need = (what: string, text: string): string => {
    if (text !== '') return text;
    throw fault(options, row.line, `has no ${what}`, 'a row names date or at, from and to');
  };
  const from = contractOf(need('from', cell('from', 'current_contract')), row.line, options);
  const to = contractOf(need('to', cell('to', 'next_contract')), row.line, options);
  const when = momentOf(need('date', cell('at', 'date', 'date_time')), row.line, options);
  const [fromPrice, toPrice] = [cell('fromPrice'), cell('toPrice')];
  if ((fromPrice === '') !== (toPrice === ''))
    throw fault(options, row.line, 'has one price of two', 'a row has both prices or none');
  const carry = cell('carry', 'carry_contract');
  return {
    from,
    to,
    ...when,
    ...(fromPrice === ''
      ? {}
      : {
          fromPrice: countsOf(fromPrice, row.line, options),
          toPrice: countsOf(toPrice, row.line, options),
        }),
    ...(carry === '' ? {} : { carry: contractOf(carry, row.line, options) }),
  };
}

function contractOf(text: string, line: number, options: RollCalendarOptions): ContractId {
  const { root } = options;
  try {
    // Year and month with two digits for a day that is not known: 20231200.
    const month = /^(\d{4})(\d{2})\d{2}$/.exec(text);
    if (month !== null) return toContractId(root, Number(month[1]), Number(month[2]));
    const id = parseContractId(text);
    if (id.root === root) return id.id;
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
  }
  throw fault(
    options,
    line,
    `"${text}" is not a contract of ${root}`,
    `contracts are written ${root}Z2025, or 20251200`,
  );
}

function momentOf(
  text: string,
  line: number,
  options: RollCalendarOptions,
): Pick<GivenRoll, 'atUs' | 'tradeDate'> {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
      const tradeDate = parseTradeDate(text);
      return { tradeDate, atUs: (tradeDate * US_PER_DAY) as TsUs };
    }
    // A label without a zone, as pysystemtrade writes it, is taken as if it were UTC.
    const label = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})$/.exec(text);
    return { atUs: parseTsUs(label === null ? text : `${label[1]}T${label[2]}Z`) };
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    throw fault(
      options,
      line,
      `"${text}" is no date and no moment`,
      'a date is 2025-03-14, a moment 2025-03-14T21:00:00Z',
    );
  }
}

function countsOf(text: string, line: number, options: RollCalendarOptions): number {
  const price = parseDecimal(text);
  if (Number.isNaN(price))
    throw fault(options, line, `"${text}" is not a price`, 'prices are plain decimals');
  const counts = price / options.increment;
  const whole = Math.round(counts);
  if (Math.abs(counts - whole) <= 1e-9 * Math.max(1, Math.abs(whole))) return whole;
  const { increment } = options;
  const [below, above] = [Math.floor(counts), Math.ceil(counts)];
  throw fault(
    options,
    line,
    `the price ${text} is not a multiple of ${increment}: next to it are ${decimalOf(below, increment)} and ${decimalOf(above, increment)}`,
    `prices of ${options.root} move in steps of ${increment}`,
  );
}

function csvRows(text: string, file: string): Row[] {
  const lines = text.split(/\r?\n/);
  const delimiter = guessDelimiter(lines[0] ?? '');
  const names = (lines[0] ?? '').split(delimiter).map((name) => name.trim().toLowerCase());
  const rows: Row[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const cells = splitFields(line, delimiter);
    if (cells === null || cells.length !== names.length)
      throw fault(
        { file },
        index + 1,
        `has ${cells?.length ?? 0} cells, the header ${names.length}`,
        'every row has the cells of the header',
      );
    rows.push({
      line: index + 1,
      cells: new Map(names.map((name, at) => [name, cells[at]!.trim()])),
    });
  }
  return rows;
}

function jsonRows(text: string, file: string): Row[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw fault({ file }, 1, `is not JSON: ${(cause as Error).message}`, 'a list of objects');
  }
  const list = Array.isArray(parsed) ? parsed : (parsed as { rolls?: unknown }).rolls;
  if (!Array.isArray(list)) throw fault({ file }, 1, 'holds no list of rolls', 'a list of objects');
  const lines = objectLines(text);
  return list.map((entry: unknown, index) => {
    const line = lines[lines.length - list.length + index] ?? 1;
    if (typeof entry !== 'object' || entry === null)
      throw fault({ file }, line, 'is not an object', 'a list of objects');
    return {
      line,
      cells: new Map(
        Object.entries(entry).map(([name, value]) => [name.toLowerCase(), String(value)]),
      ),
    };
  });
}

/** The line of each innermost `{`, so that a fault of a JSON entry has a place. */
function objectLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at]!;
    if (mark === '\n') line += 1;
    if (mark === '\\' && isText) at += 1;
    else if (mark === '"') isText = !isText;
    else if (mark === '{' && !isText) lines.push(line);
  }
  return lines;
}

function fault(
  where: Pick<RollCalendarOptions, 'file'>,
  line: number,
  what: string,
  rule: string,
): TradingError {
  return new TradingError('E_ROLL_CALENDAR', `${where.file}, line ${line}: ${what}`, {
    details: { file: where.file, line },
    where: `${where.file}, line ${line}`,
    rule,
    fix: 'correct this row of the roll calendar',
  });
}

/**
 * Published open interest from CSV: `known` (moment with a zone at which it was published; a bare date counts as the end of
 * that day in UTC, since nothing says earlier), `contract`, `openInterest`. Sorted by time in the answer.
 * Errors: E_ROLL_CALENDAR naming file and line.
 */
export function parseOpenInterest(
  text: string,
  options: Pick<RollCalendarOptions, 'root' | 'file'>,
): Map<ContractId, { knownUs: Float64Array; openInterest: Float64Array; length: number }> {
  const rows = csvRows(text.replace(/^\uFEFF/, ''), options.file);
  const all = new Map<ContractId, [number, number][]>();
  const known = { ...options, increment: 1 };
  for (const { line, cells } of rows) {
    const [when, contract, figure] = ['known', 'contract', 'openinterest'].map(
      (name) => cells.get(name) ?? '',
    ) as [string, string, string];
    const { atUs, tradeDate } = momentOf(when, line, known);
    const value = parseDecimal(figure);
    if (!(value >= 0))
      throw fault(options, line, `"${figure}" is no open interest`, 'contracts, zero or more');
    const id = contractOf(contract, line, known);
    const list = all.get(id) ?? [];
    list.push([tradeDate === undefined ? atUs : atUs + US_PER_DAY - 1, value]);
    all.set(id, list);
  }
  return new Map(
    [...all].map(([id, list]) => {
      list.sort((a, b) => a[0] - b[0]);
      return [
        id,
        {
          length: list.length,
          knownUs: Float64Array.from(list, (entry) => entry[0]),
          openInterest: Float64Array.from(list, (entry) => entry[1]),
        },
      ];
    }),
  );
}
