/** A trading calendar over session columns: every question is a binary search. */
import { TradingError } from '../core/errors.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { Session, SessionColumns } from '../core/session.ts';
import { parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import type { BuiltSessions, GroupRules } from './sessions.ts';
import type { ZoneTable } from './wall-time.ts';

/**
 * Sessions of one product group, label view: a holiday with a short session has its own row, and its trade date is the
 * next business day. Rows of one trade date are neighbours; the settlement of a trade date is that of its last row.
 *
 * Opens and closes of `nextOpenUs`, `nextCloseUs` and their inverses are those of matching: a break closes and reopens.
 */
export class GroupCalendar implements TradingCalendar {
  readonly id: string;
  readonly zone: string;
  readonly rules: GroupRules;
  readonly #zoneTable: ZoneTable;
  readonly #business: BusinessCalendar;
  readonly #all: SessionColumns;
  readonly #segmentOpen: Float64Array;
  readonly #segmentClose: Float64Array;
  readonly #fromDate: TradeDate;
  readonly #toDate: TradeDate;

  constructor(
    rules: GroupRules,
    built: BuiltSessions,
    zoneTable: ZoneTable,
    business: BusinessCalendar,
  ) {
    this.id = rules.id;
    this.zone = rules.zone;
    this.rules = rules;
    this.#zoneTable = zoneTable;
    this.#business = business;
    this.#all = built.columns;
    this.#segmentOpen = built.segmentOpenUs;
    this.#segmentClose = built.segmentCloseUs;
    this.#fromDate = parseTradeDate(rules.from);
    this.#toDate = parseTradeDate(rules.to);
  }

  /** Sessions whose trade date is in [from, to]; an empty range when `to` is before `from`. Errors: E_CALENDAR_SPAN. */
  sessions(from: TradeDate, to: TradeDate): SessionColumns {
    this.#checkDate(from);
    this.#checkDate(to);
    const first = countBelow(this.#all.tradeDate, from);
    const end = Math.max(first, countBelow(this.#all.tradeDate, to + 1));
    return sliceSessions(this.#all, first, end);
  }

  /** The session that contains the instant, breaks included. Errors: E_CALENDAR_SPAN. */
  sessionAt(tsUs: TsUs): Session | null {
    this.#checkInstant(tsUs);
    const row = countAtOrBelow(this.#all.openUs, tsUs) - 1;
    return row >= 0 && tsUs < this.#all.closeUs[row]! ? this.#sessionOfRow(row) : null;
  }

  /** The session with this label, or null on a closed day. Errors: E_CALENDAR_SPAN. */
  sessionOfLabel(label: TradeDate): Session | null {
    this.#checkDate(label);
    const row = countBelow(this.#all.label, label);
    return this.#all.label[row] === label ? this.#sessionOfRow(row) : null;
  }

  isOpen(tsUs: TsUs): boolean {
    this.#checkInstant(tsUs);
    const row = countAtOrBelow(this.#segmentOpen, tsUs) - 1;
    return row >= 0 && tsUs < this.#segmentClose[row]!;
  }

  /** The first open strictly after the instant. Errors: E_CALENDAR_SPAN. */
  nextOpenUs(tsUs: TsUs): TsUs {
    this.#checkInstant(tsUs);
    return this.#pick(this.#segmentOpen, countAtOrBelow(this.#segmentOpen, tsUs), tsUs);
  }

  /** The first close strictly after the instant. Errors: E_CALENDAR_SPAN. */
  nextCloseUs(tsUs: TsUs): TsUs {
    this.#checkInstant(tsUs);
    return this.#pick(this.#segmentClose, countAtOrBelow(this.#segmentClose, tsUs), tsUs);
  }

  /** The last open strictly before the instant. Errors: E_CALENDAR_SPAN. */
  previousOpenUs(tsUs: TsUs): TsUs {
    this.#checkInstant(tsUs);
    return this.#pick(this.#segmentOpen, countBelow(this.#segmentOpen, tsUs) - 1, tsUs);
  }

  /** The last close strictly before the instant. Errors: E_CALENDAR_SPAN. */
  previousCloseUs(tsUs: TsUs): TsUs {
    this.#checkInstant(tsUs);
    return this.#pick(this.#segmentClose, countBelow(this.#segmentClose, tsUs) - 1, tsUs);
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    this.#checkInstant(tsUs);
    const row = countAtOrBelow(this.#all.closeUs, tsUs);
    if (row === this.#all.length) throw this.#outside(toIsoUtc(tsUs));
    return this.#all.tradeDate[row]! as TradeDate;
  }

  addBusinessDays(date: TradeDate, days: number): TradeDate {
    return this.#business.add(date, days);
  }

  isBusinessDay(date: TradeDate): boolean {
    return this.#business.isBusinessDay(date);
  }

  localMinutes(tsUs: TsUs): number {
    return this.#zoneTable.localMinutes(tsUs);
  }

  /** Whether a label or trade date lies in the sourced span. */
  covers(date: TradeDate): boolean {
    return date >= this.#fromDate && date <= this.#toDate;
  }

  #sessionOfRow(row: number): Session {
    const all = this.#all;
    return {
      openUs: all.openUs[row]! as TsUs,
      closeUs: all.closeUs[row]! as TsUs,
      label: all.label[row]! as TradeDate,
      tradeDate: all.tradeDate[row]! as TradeDate,
      settleUs: all.settleUs[row]! as TsUs,
    };
  }

  #pick(column: Float64Array, row: number, tsUs: TsUs): TsUs {
    const value = column[row];
    if (value === undefined) throw this.#outside(toIsoUtc(tsUs));
    return value as TsUs;
  }

  #checkDate(date: TradeDate): void {
    if (!this.covers(date)) {
      throw this.#outside(Number.isInteger(date) ? toIsoDate(date) : String(date));
    }
  }

  #checkInstant(tsUs: TsUs): void {
    // Two days of grace on both sides cover the evening before the first label and the weekend after the last.
    const from = (this.#fromDate - 2) * US_PER_DAY;
    const to = (this.#toDate + 2) * US_PER_DAY;
    if (!(tsUs >= from && tsUs < to)) {
      throw this.#outside(Number.isSafeInteger(tsUs) ? toIsoUtc(tsUs) : String(tsUs));
    }
  }

  #outside(what: string): TradingError {
    const { from, to } = this.rules;
    return new TradingError(
      'E_CALENDAR_SPAN',
      `${what} is outside the calendar ${this.id}, ${from} to ${to}`,
      {
        details: { value: what, calendar: this.id, from, to },
        rule: `sessions of ${this.id} are known from ${from} to ${to}`,
        fix: 'choose dates inside the span',
      },
    );
  }
}

/** Rows [first, end) of session columns, breaks renumbered. Views, not copies, except for the break rows. */
export function sliceSessions(all: SessionColumns, first: number, end: number): SessionColumns {
  const firstBreak = countBelow(all.breakRow, first);
  const endBreak = countBelow(all.breakRow, end);
  return {
    length: end - first,
    openUs: all.openUs.subarray(first, end),
    closeUs: all.closeUs.subarray(first, end),
    label: all.label.subarray(first, end),
    tradeDate: all.tradeDate.subarray(first, end),
    settleUs: all.settleUs.subarray(first, end),
    breakRow: all.breakRow.subarray(firstBreak, endBreak).map((row) => row - first),
    breakStartUs: all.breakStartUs.subarray(firstBreak, endBreak),
    breakEndUs: all.breakEndUs.subarray(firstBreak, endBreak),
  };
}

/** Rows of a sorted column below `value`: the row of the first that is not. */
function countBelow(column: Float64Array | Int32Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countAtOrBelow(column: Float64Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
