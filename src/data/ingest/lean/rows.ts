/** Rows of one entry of a LEAN archive as columns. A row that cannot be taken is said with its line, offset and reason. */
import type {
  BarColumns,
  QuoteBarColumns,
  QuoteColumns,
  TradeColumns,
} from '../../../core/bars.ts';
import { TradingError } from '../../../core/errors.ts';
import { GRID_TOLERANCE } from '../../../core/price-grid.ts';
import type { TradeDate, TsUs } from '../../../core/units.ts';
import { toIsoUtc, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../../core/units.ts';
import { ByteLines } from '../byte-lines.ts';
import { compactDate } from './names.ts';

export const BUFFER_ROWS = 4096;
const US_PER_MS = 1000;

/** Instant of a clock reading (µs as if UTC) of the data's zone. Throws for a reading that does not exist or happens twice. */
export type Clock = (wallUs: number) => number;

export interface LeanRowIssue {
  readonly line: number;
  /** Byte in the unpacked entry at which the line begins. */
  readonly offset: number;
  readonly reason: string;
  readonly text: string;
}

export interface LeanRowRules {
  readonly grid: { readonly kind: 'ticks' | 'float'; readonly increment: number };
  readonly mayBeZeroOrBelow: boolean;
  /** Length of a bar in µs; 0 for ticks. */
  readonly stepUs: number;
  /** Date of the entry; null where the rows hold it. */
  readonly date: TradeDate | null;
  readonly toUtc: Clock;
  /** Of an entry whose time starts over: which of its series, from 1. Without it such an entry is refused. */
  readonly series?: number;
  readonly refuse: (issue: LeanRowIssue) => void;
}

/** Counts of ticks that a reader of the data should know of. */
export interface TickRemarks {
  /** Of quantity 0. */
  empty: number;
  /** Flagged by the source. */
  suspicious: number;
  /** With a condition, for which the catalog has no column. */
  marked: number;
}

/** Walks the lines of an entry and keeps the order of time. */
export class LeanRows {
  readonly lines: ByteLines;
  readonly #rules: LeanRowRules;
  readonly #instant: (rows: LeanRows) => number | string;
  #first = NaN;
  #last = -Infinity;
  #series = 1;
  /** Time of the current row: µs UTC, and as the clock of the data's zone read it. */
  us = 0;
  wallUs = 0;

  constructor(pieces: Iterable<Uint8Array>, rules: LeanRowRules) {
    this.lines = new ByteLines(pieces);
    this.#rules = rules;
    this.#instant = rules.date === null ? dateAndClock(rules.toUtc) : sinceMidnight(rules);
  }

  /** The next row that has `fields` fields and a time in order; false at the end. Equal times pass where `mayRepeat`. */
  next(fields: readonly number[], mayRepeat: boolean): boolean {
    const { lines } = this;
    while (lines.next()) {
      const reason = this.#row(fields, mayRepeat);
      if (reason === '') return true;
      if (reason !== null) this.refuse(reason);
    }
    return false;
  }

  /** Reads to the end, times only. */
  scan(): ReturnType<typeof countSeries> {
    const { lines } = this;
    let [first, last, count, total] = [NaN, -Infinity, 1, 0];
    let restart: Pick<LeanRowIssue, 'line' | 'offset' | 'text'> | null = null;
    while (lines.next()) {
      total += 1;
      const us = this.#instant(this);
      if (typeof us === 'string') continue;
      if (us <= first && us < last) {
        count += 1;
        restart ??= { line: lines.line, offset: lines.offset, text: lines.whole() };
        last = -Infinity;
      }
      if (Number.isNaN(first)) first = us;
      last = Math.max(last, us);
    }
    return { count, rows: total, restart };
  }

  refuse(reason: string): void {
    const { line, offset } = this.lines;
    this.#rules.refuse({ line, offset, reason, text: this.lines.whole() });
  }

  /** Empty: taken. Null: of another series. Else the reason. */
  #row(fields: readonly number[], mayRepeat: boolean): string | null {
    const { lines } = this;
    if (!fields.includes(lines.fields))
      return `${lines.fields} fields instead of ${fields.join(' or ')}`;
    const us = this.#instant(this);
    if (typeof us === 'string') return us;
    const { series } = this.#rules;
    if (us <= this.#first && us < this.#last) {
      if (series === undefined)
        return `time starts over: ${iso(us)} after ${iso(this.#last)}; a second series begins here`;
      this.#series += 1;
      this.#last = -Infinity;
    }
    if (Number.isNaN(this.#first)) this.#first = us;
    if (us === this.#last && !mayRepeat) return `the time of the row before: ${iso(us)}`;
    if (us < this.#last) return `not in order: ${iso(us)} after ${iso(this.#last)}`;
    this.#last = us;
    if (series !== undefined && this.#series !== series) return null;
    this.us = us;
    return '';
  }
}

/** How often the time of an entry starts over, its rows, and the line of the first restart. */
export function countSeries(rows: LeanRows): {
  readonly count: number;
  readonly rows: number;
  readonly restart: Pick<LeanRowIssue, 'line' | 'offset' | 'text'> | null;
} {
  return rows.scan();
}

/** End of the current bar. A day ends at midnight of the data's zone, whatever its clock did meanwhile. */
function endUs(rows: LeanRows, { stepUs, toUtc }: LeanRowRules): number {
  const end = stepUs === US_PER_DAY ? midnightOf(toUtc, rows.wallUs + stepUs) : null;
  return end ?? rows.us + stepUs;
}

/** Bars of trades: time, open, high, low, close, volume. A batch is valid until the next. */
export function* tradeBars(rows: LeanRows, rules: LeanRowRules): Generator<BarColumns> {
  const out = columns(['openUs', 'closeUs', 'open', 'high', 'low', 'close', 'volume']);
  const price = priceReader(rules);
  while (rows.next([6], false)) {
    const { lines } = rows;
    const at = out.length;
    const [open, high, low, close] = [
      price(lines, 1),
      price(lines, 2),
      price(lines, 3),
      price(lines, 4),
    ];
    const volume = quantity(lines, 5);
    const reason =
      firstText(open, high, low, close) ??
      (typeof volume === 'string' ? `volume: ${volume}` : null) ??
      badRange(open as number, high as number, low as number, close as number);
    if (reason !== null) {
      rows.refuse(reason);
      continue;
    }
    out.openUs[at] = rows.us;
    out.closeUs[at] = endUs(rows, rules);
    out.open[at] = open as number;
    out.high[at] = high as number;
    out.low[at] = low as number;
    out.close[at] = close as number;
    out.volume[at] = volume as number;
    out.length = at + 1;
    if (out.length === BUFFER_ROWS) {
      yield out;
      out.length = 0;
    }
  }
  if (out.length > 0) yield out;
}

/** Trades: time, price, quantity, exchange, condition, suspicious. `remarks` counts what the catalog has no column for. */
export function* tradeTicks(
  rows: LeanRows,
  rules: LeanRowRules,
  remarks: TickRemarks,
): Generator<TradeColumns> {
  const out = columns(['tsUs', 'seq', 'price', 'qty']);
  const aggressor = new Int8Array(BUFFER_ROWS);
  const price = priceReader(rules);
  let seq = 0;
  while (rows.next([3, 4, 5, 6], true)) {
    const { lines } = rows;
    const at = out.length;
    const [value, qty] = [price(lines, 1), quantity(lines, 2)];
    const reason = firstText(value) ?? (typeof qty === 'string' ? `quantity: ${qty}` : null);
    if (reason !== null) {
      rows.refuse(reason);
      continue;
    }
    if (qty === 0) remarks.empty += 1;
    if (lines.fields > 4 && !lines.isEmpty(4)) remarks.marked += 1;
    if (lines.fields > 5 && lines.text(5) === '1') remarks.suspicious += 1;
    out.tsUs[at] = rows.us;
    out.seq[at] = seq;
    seq += 1;
    out.price[at] = value as number;
    out.qty[at] = qty as number;
    out.length = at + 1;
    if (out.length === BUFFER_ROWS) {
      yield { ...out, aggressor } as unknown as TradeColumns;
      out.length = 0;
    }
  }
  if (out.length > 0) yield { ...out, aggressor } as unknown as TradeColumns;
}

/**
 * Quote bars: time, then open, high, low, close and quantity of the bid, and of the ask. All four prices of a side may be
 * empty; its quantity is 0 then.
 */
export function* quoteBars(rows: LeanRows, rules: LeanRowRules): Generator<QuoteBarColumns> {
  const out = columns([
    ...(['openUs', 'closeUs'] as const),
    ...(['bidOpen', 'bidHigh', 'bidLow', 'bidClose', 'bidQty'] as const),
    ...(['askOpen', 'askHigh', 'askLow', 'askClose', 'askQty'] as const),
  ]);
  const side = sideReader(rules);
  const [bid, ask] = [new Float64Array(5), new Float64Array(5)];
  while (rows.next([11], false)) {
    const { lines } = rows;
    const reason = side(lines, 1, bid, 'bid') ?? side(lines, 6, ask, 'ask');
    if (reason !== null) {
      rows.refuse(reason);
      continue;
    }
    const at = out.length;
    out.openUs[at] = rows.us;
    out.closeUs[at] = endUs(rows, rules);
    out.bidOpen[at] = bid[0]!;
    out.bidHigh[at] = bid[1]!;
    out.bidLow[at] = bid[2]!;
    out.bidClose[at] = bid[3]!;
    out.bidQty[at] = bid[4]!;
    out.askOpen[at] = ask[0]!;
    out.askHigh[at] = ask[1]!;
    out.askLow[at] = ask[2]!;
    out.askClose[at] = ask[3]!;
    out.askQty[at] = ask[4]!;
    out.length = at + 1;
    if (out.length === BUFFER_ROWS) {
      yield out;
      out.length = 0;
    }
  }
  if (out.length > 0) yield out;
}

/** Quotes: time, bid, its quantity, ask, its quantity, and up to three fields that are not kept. */
export function* quoteTicks(
  rows: LeanRows,
  rules: LeanRowRules,
  remarks: TickRemarks,
): Generator<QuoteColumns> {
  const out = columns(['tsUs', 'seq', 'bid', 'ask', 'bidQty', 'askQty']);
  const price = priceReader(rules);
  // Quotes are whole counts of the tick, and those have no number for an empty side.
  const mayBeEmpty = rules.grid.kind === 'float';
  const side = (lines: ByteLines, field: number): number | string =>
    mayBeEmpty && lines.isEmpty(field) ? NaN : price(lines, field);
  let seq = 0;
  while (rows.next([5, 6, 7, 8], true)) {
    const { lines } = rows;
    const at = out.length;
    const [bid, bidQty, ask, askQty] = [
      side(lines, 1),
      quantity(lines, 2),
      side(lines, 3),
      quantity(lines, 4),
    ];
    const reason = firstText(bid, bidQty, ask, askQty);
    if (reason !== null) {
      rows.refuse(reason);
      continue;
    }
    if (lines.fields > 6 && lines.text(lines.fields - 1) === '1') remarks.suspicious += 1;
    out.tsUs[at] = rows.us;
    out.seq[at] = seq;
    seq += 1;
    out.bid[at] = bid as number;
    out.ask[at] = ask as number;
    out.bidQty[at] = bidQty as number;
    out.askQty[at] = askQty as number;
    out.length = at + 1;
    if (out.length === BUFFER_ROWS) {
      yield out;
      out.length = 0;
    }
  }
  if (out.length > 0) yield out;
}

/** Open interest: time and figure. The time is the start of the interval in which the figure was published. */
export function* openInterest(
  rows: LeanRows,
  rules: LeanRowRules,
): Generator<{ readonly startUs: number; readonly endUs: number; readonly openInterest: number }> {
  while (rows.next([2], false)) {
    const value = quantity(rows.lines, 1);
    if (typeof value === 'string') rows.refuse(`open interest: ${value}`);
    else yield { startUs: rows.us, endUs: endUs(rows, rules), openInterest: value };
  }
}

type SideReader = (
  lines: ByteLines,
  field: number,
  out: Float64Array,
  name: string,
) => string | null;

/** Four prices and a quantity into `out`; else the reason. */
function sideReader(rules: LeanRowRules): SideReader {
  const price = priceReader(rules);
  return (lines, field, out, name) => {
    let empty = 0;
    for (let k = 0; k < 4; k += 1) {
      const isEmpty = lines.isEmpty(field + k);
      if (isEmpty) empty += 1;
      const value = isEmpty ? NaN : price(lines, field + k);
      if (typeof value === 'string') return `${name} ${value}`;
      out[k] = value;
    }
    if (empty > 0 && empty < 4) return `${name}: ${empty} of its four prices are empty`;
    const qty = lines.isEmpty(field + 4) && empty === 4 ? 0 : quantity(lines, field + 4);
    if (typeof qty === 'string') return `${name} quantity: ${qty}`;
    out[4] = qty;
    if (empty === 4) return qty === 0 ? null : `${name}: ${qty} contracts without a price`;
    const bad = badRange(out[0]!, out[1]!, out[2]!, out[3]!);
    return bad === null ? null : `${name}: ${bad}`;
  };
}

function columns<N extends string>(
  names: readonly N[],
): { length: number } & Record<N, Float64Array> {
  const out: Record<string, Float64Array | number> = { length: 0 };
  for (const name of names) out[name] = new Float64Array(BUFFER_ROWS);
  return out as { length: number } & Record<N, Float64Array>;
}

type Reader = (lines: ByteLines, field: number) => number | string;

/** Counts of the grid, or why there are none. */
function priceReader(rules: LeanRowRules): Reader {
  const { grid, mayBeZeroOrBelow } = rules;
  return (lines, field) => {
    const price = lines.number(field);
    if (Number.isNaN(price)) return `price: "${lines.text(field)}" is not a number`;
    if (price <= 0 && !mayBeZeroOrBelow)
      return `price: ${lines.text(field)} is not above zero, as prices of this product are`;
    const exact = price / grid.increment;
    const count = Math.round(exact);
    if (Math.abs(exact - count) <= GRID_TOLERANCE) return count + 0;
    return grid.kind === 'float'
      ? exact
      : `price: ${lines.text(field)} is not a multiple of ${grid.increment}`;
  };
}

const quantity: Reader = (lines, field) => {
  const value = lines.number(field);
  if (Number.isNaN(value)) return `"${lines.text(field)}" is not a number`;
  if (value < 0) return `${lines.text(field)} is negative`;
  return Number.isSafeInteger(value)
    ? value
    : `${lines.text(field)} is not a whole number below 2^53`;
};

function firstText(...values: readonly (number | string)[]): string | null {
  for (const value of values) if (typeof value === 'string') return value;
  return null;
}

function badRange(open: number, high: number, low: number, close: number): string | null {
  return high < Math.max(open, low, close) || low > Math.min(open, close)
    ? 'high is not the highest or low is not the lowest of the row'
    : null;
}

/** Milliseconds since midnight of the entry's date. */
function sinceMidnight(rules: LeanRowRules): (rows: LeanRows) => number | string {
  const { toUtc, stepUs } = rules;
  const midnight = rules.date! * US_PER_DAY;
  const start = midnightOf(toUtc, midnight);
  // On a day without a change of the clock, time runs from midnight; else every reading is looked up.
  const isPlain =
    start !== null && (midnightOf(toUtc, midnight + US_PER_DAY) ?? NaN) - start === US_PER_DAY;
  return (rows) => {
    const { lines } = rows;
    const ms = lines.number(0);
    const us = Math.floor(ms * US_PER_MS + 1e-3);
    if (!(us >= 0 && us < US_PER_DAY))
      return `time: "${lines.text(0)}" is not milliseconds since midnight`;
    if (stepUs > 0 && us % stepUs !== 0)
      return `time: ${lines.text(0)} is not the start of a bar of ${stepUs / 1_000_000} seconds`;
    rows.wallUs = midnight + us;
    return isPlain ? start + us : reading(toUtc, midnight + us);
  };
}

function midnightOf(toUtc: Clock, wallUs: number): number | null {
  const us = reading(toUtc, wallUs);
  return typeof us === 'string' ? null : us;
}

const DATE_CLOCK = /^(\d{8}) (\d{2}):(\d{2})$/;

/** `20131007 06:00`. */
function dateAndClock(toUtc: Clock): (rows: LeanRows) => number | string {
  return (rows) => {
    const text = rows.lines.text(0);
    const match = DATE_CLOCK.exec(text);
    const date = match === null ? null : compactDate(match[1]!);
    const [hour, minute] = [Number(match?.[2]), Number(match?.[3])];
    if (date === null || hour > 23 || minute > 59)
      return `time: "${text}" is not a date and time such as 20131007 06:00`;
    rows.wallUs = date * US_PER_DAY + hour * US_PER_HOUR + minute * US_PER_MINUTE;
    return reading(toUtc, rows.wallUs);
  };
}

function reading(toUtc: Clock, wallUs: number): number | string {
  try {
    return toUtc(wallUs);
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    return `time: ${error.message}`;
  }
}

function iso(us: number): string {
  return toIsoUtc(us as TsUs);
}
