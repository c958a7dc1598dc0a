/** The calendar of a product group: questions over columns of sessions. */
import { TradingError } from '../core/errors.ts';
import type { CalendarCursor, ExchangeCalendar } from '../core/ports.ts';
import type {
  CalendarBasis,
  MarketState,
  Session,
  SessionColumns,
  SpecialDay,
  TimeSpan,
  WhyClosed,
} from '../core/session.ts';
import { addDays, parseTradeDate, toIsoDate, toTradeDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY, US_PER_MINUTE } from '../core/units.ts';
import { argumentError, checkDate, checkInstant } from './arguments.ts';
import { countAtOrBelow, countBelow, sliceSessions } from './columns.ts';
import { ColumnCursor } from './cursor.ts';
import { dayTitle } from './day-names.ts';
import type { BuiltSessions, DatedShape, RuleBook, Span } from './rule-book.ts';
import type { GroupRules, RegularHours } from './sessions.ts';
import { explainClosed } from './why-closed.ts';

/** What happens to a question outside the span: an error, or an answer by the nearest rules that says so. */
export type OutsidePolicy = 'error' | 'rules';

/** Answers by rule alone reach this far. */
const WIDE_FROM: TradeDate = toTradeDate(1970, 1, 5);
const WIDE_TO: TradeDate = toTradeDate(2049, 12, 31);

/** Built sessions with the span they answer for. */
export interface SessionTable extends BuiltSessions {
  readonly fromDate: TradeDate;
  readonly toDate: TradeDate;
  /** Instants that have an answer, [fromUs, toUs). */
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Sessions of one product group, label view: a holiday with a short session has its own row, and its trade date is the
 * next business day. Rows of one trade date are neighbours; the settlement of a trade date is that of its last row.
 *
 * Opens and closes of `nextOpenUs`, `nextCloseUs` and their inverses are those of matching: a break closes and reopens, and
 * two sessions that touch are one stretch.
 */
export class GroupCalendar implements ExchangeCalendar {
  readonly id: string;
  readonly zone: string;
  readonly rules: GroupRules;
  readonly #book: RuleBook;
  readonly #outside: OutsidePolicy;
  readonly #from: TradeDate;
  readonly #publishedTo: TradeDate;
  readonly #to: TradeDate;
  #table: SessionTable;
  /** Minutes of trading before each stretch. */
  #minutesBefore: Float64Array | null = null;

  /** Errors: E_CALENDAR_RULE for rules that contradict each other. */
  constructor(book: RuleBook, outside: OutsidePolicy = 'error') {
    const { rules } = book;
    this.id = rules.id;
    this.zone = rules.zone;
    this.rules = rules;
    this.#book = book;
    this.#outside = outside;
    this.#from = parseTradeDate(rules.from);
    this.#to = parseTradeDate(rules.to);
    this.#publishedTo =
      rules.publishedTo === undefined ? this.#to : parseTradeDate(rules.publishedTo);
    this.#table = tableOf(book, this.#from, this.#to);
  }

  /** Every session that there are answers for. */
  get columns(): SessionColumns {
    return this.#table.columns;
  }

  /** Sessions whose trade date is in [from, to]; an empty range when `to` is before `from`. Errors: E_CALENDAR_SPAN. */
  sessions(from: TradeDate, to: TradeDate): SessionColumns {
    this.#coverDate(from);
    const all = this.#coverDate(to).columns;
    const first = countBelow(all.tradeDate, from);
    const end = Math.max(first, countBelow(all.tradeDate, to + 1));
    return sliceSessions(all, first, end);
  }

  /** Sessions that overlap [fromUs, toUs). Errors: E_CALENDAR_SPAN. */
  sessionsBetween(fromUs: TsUs, toUs: TsUs): SessionColumns {
    this.#cover(fromUs);
    const all = this.#cover(Math.max(fromUs, toUs - 1) as TsUs).columns;
    const first = countAtOrBelow(all.closeUs, fromUs);
    return sliceSessions(all, first, Math.max(first, countBelow(all.openUs, toUs)));
  }

  /** The session that contains the instant, breaks included. Errors: E_CALENDAR_SPAN. */
  sessionAt(tsUs: TsUs): Session | null {
    const row = this.rowAt(tsUs);
    return row < 0 ? null : this.sessionOfRow(row);
  }

  /** The session that contains the instant or, when closed, the next one. Errors: E_CALENDAR_SPAN. */
  sessionOf(tsUs: TsUs): Session {
    return this.sessionOfRow(this.rowOf(tsUs));
  }

  /** Row of `columns` that contains the instant, breaks included; -1 when closed. Errors: E_CALENDAR_SPAN. */
  rowAt(tsUs: TsUs): number {
    const { columns } = this.#cover(tsUs);
    const row = countAtOrBelow(columns.openUs, tsUs) - 1;
    return row >= 0 && tsUs < columns.closeUs[row]! ? row : -1;
  }

  /** Row of `columns` that the instant belongs to: the one that contains it or, when closed, the next. Errors: E_CALENDAR_SPAN. */
  rowOf(tsUs: TsUs): number {
    const { columns } = this.#cover(tsUs);
    const row = countAtOrBelow(columns.closeUs, tsUs);
    if (row === columns.length) throw this.outsideError(toIsoUtc(tsUs));
    return row;
  }

  /** The session of a row of `columns`. */
  sessionOfRow(row: number): Session {
    const { columns } = this.#table;
    const label = columns.label[row]! as TradeDate;
    return {
      openUs: columns.openUs[row]! as TsUs,
      closeUs: columns.closeUs[row]! as TsUs,
      label,
      tradeDate: columns.tradeDate[row]! as TradeDate,
      settleUs: columns.settleUs[row]! as TsUs,
      basis: this.confidenceOf(label),
    };
  }

  /** The session with this label, or null on a closed day. Errors: E_CALENDAR_SPAN. */
  sessionOfLabel(label: TradeDate): Session | null {
    const row = this.#rowOfLabel(label);
    return row < 0 ? null : this.sessionOfRow(row);
  }

  /** Breaks count as closed. Errors: E_CALENDAR_SPAN. */
  isOpen(tsUs: TsUs): boolean {
    const table = this.#cover(tsUs);
    const row = countAtOrBelow(table.segmentOpenUs, tsUs) - 1;
    return row >= 0 && tsUs < table.segmentCloseUs[row]!;
  }

  /** The first open strictly after the instant. Errors: E_CALENDAR_SPAN. */
  nextOpenUs(tsUs: TsUs): TsUs {
    const { segmentOpenUs } = this.#cover(tsUs);
    return this.#pick(segmentOpenUs, countAtOrBelow(segmentOpenUs, tsUs), tsUs);
  }

  /** The first close strictly after the instant. Errors: E_CALENDAR_SPAN. */
  nextCloseUs(tsUs: TsUs): TsUs {
    const { segmentCloseUs } = this.#cover(tsUs);
    return this.#pick(segmentCloseUs, countAtOrBelow(segmentCloseUs, tsUs), tsUs);
  }

  /** The last open strictly before the instant. Errors: E_CALENDAR_SPAN. */
  previousOpenUs(tsUs: TsUs): TsUs {
    const { segmentOpenUs } = this.#cover(tsUs);
    return this.#pick(segmentOpenUs, countBelow(segmentOpenUs, tsUs) - 1, tsUs);
  }

  /** The last close strictly before the instant. Errors: E_CALENDAR_SPAN. */
  previousCloseUs(tsUs: TsUs): TsUs {
    const { segmentCloseUs } = this.#cover(tsUs);
    return this.#pick(segmentCloseUs, countBelow(segmentCloseUs, tsUs) - 1, tsUs);
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    const row = this.rowOf(tsUs);
    return this.#table.columns.tradeDate[row]! as TradeDate;
  }

  /** Minutes of trading in [fromUs, toUs), breaks left out; negative when the two are the other way round. */
  openMinutesBetween(fromUs: TsUs, toUs: TsUs): number {
    // Cover both before either is measured: a wider table counts from another start.
    this.#cover(fromUs);
    this.#cover(toUs);
    return (this.#openUsUntil(toUs) - this.#openUsUntil(fromUs)) / US_PER_MINUTE;
  }

  /**
   * Trading time of a session inside (`RTH`) or outside (`ETH`) the regular hours of its date, breaks left out; empty on a
   * closed day. A holiday's shortened session, cleared with the next business day, has no regular hours.
   */
  windowOf(label: TradeDate, window: 'RTH' | 'ETH'): readonly TimeSpan[] {
    if (window !== 'RTH' && window !== 'ETH') {
      throw argumentError('window', window, 'a window is RTH or ETH');
    }
    const row = this.#rowOfLabel(label);
    if (row < 0) return [];
    const pieces = piecesOfRow(this.#table.columns, row);
    const hours = this.#regularHoursOf(label);
    if (hours === null) return window === 'RTH' ? [] : pieces.map(toTimeSpan);
    const [start, end] = hours;
    const cut =
      window === 'RTH'
        ? pieces.map(([open, close]): Span => [Math.max(open, start), Math.min(close, end)])
        : pieces.flatMap(([open, close]): Span[] => [
            [open, Math.min(close, start)],
            [Math.max(open, end), close],
          ]);
    return cut.filter(([open, close]) => open < close).map(toTimeSpan);
  }

  /** When the settlement price of a label is taken; null on a closed day. Errors: E_CALENDAR_SPAN. */
  settleUs(label: TradeDate): TsUs | null {
    const row = this.#rowOfLabel(label);
    return row < 0 ? null : (this.#table.columns.settleUs[row]! as TsUs);
  }

  /** When order entry opens for a label; null on a closed day. Errors: E_CALENDAR_SPAN. */
  preOpenUs(label: TradeDate): TsUs | null {
    const row = this.#rowOfLabel(label);
    return row < 0 ? null : (this.#table.preOpenUs[row]! as TsUs);
  }

  /** What the market does at an instant, until when, and why it is closed. Errors: E_CALENDAR_SPAN. */
  stateAt(tsUs: TsUs): MarketState {
    const { columns, segmentOpenUs, segmentCloseUs, preOpenUs } = this.#cover(tsUs);
    const row = countAtOrBelow(columns.closeUs, tsUs);
    const session = row < columns.length ? this.sessionOfRow(row) : null;
    if (this.isOpen(tsUs)) {
      const untilUs = segmentCloseUs[countAtOrBelow(segmentCloseUs, tsUs)]! as TsUs;
      return { phase: 'open', session, untilUs, why: null };
    }
    const untilUs = (segmentOpenUs[countAtOrBelow(segmentOpenUs, tsUs)] ?? null) as TsUs | null;
    const why = this.whyClosed(tsUs);
    const isInside = session !== null && tsUs >= session.openUs;
    const isEntryOpen = session !== null && tsUs >= preOpenUs[row]!;
    const phase = isInside ? 'break' : isEntryOpen ? 'pre-open' : 'closed';
    return { phase, session, untilUs, why };
  }

  /** Null when the market is open. Errors: E_CALENDAR_SPAN. */
  whyClosed(tsUs: TsUs): WhyClosed | null {
    const table = this.#cover(tsUs);
    return this.isOpen(tsUs) ? null : explainClosed(this.#book, table, tsUs);
  }

  /**
   * Days in [from, to] that are not regular, by label: closed, shortened, late, or open where no session would be.
   * Errors: E_CALENDAR_SPAN.
   */
  specialDays(from: TradeDate, to: TradeDate): readonly SpecialDay[] {
    this.#coverDate(from);
    const table = this.#coverDate(to);
    const { columns } = table;
    const days: SpecialDay[] = [];
    const shapes = this.#book.shapes(table.fromDate, table.toDate);
    for (let label = from; label <= to; label = addDays(label, 1)) {
      const dated = shapes.get(label);
      if (dated === undefined) continue;
      const row = countBelow(columns.label, label);
      const session = columns.label[row] === label ? this.sessionOfRow(row) : null;
      const before = row > 0 ? (columns.label[row - 1]! as TradeDate) : null;
      const regular = this.#book.regularSpans(label, before);
      const own = session === null ? [] : piecesOfRow(columns, row);
      const kind = kindOf(regular, own);
      if (kind !== null) days.push({ ...this.#describe(label, dated), kind, session });
    }
    return days;
  }

  #describe(
    label: TradeDate,
    { origin }: DatedShape,
  ): Pick<SpecialDay, 'label' | 'name' | 'isException' | 'source' | 'basis'> {
    return {
      label,
      name: origin.name === null ? origin.why : dayTitle(origin.name, origin.offset),
      isException: origin.name === null,
      source: origin.source,
      basis: this.confidenceOf(label),
    };
  }

  addBusinessDays(date: TradeDate, days: number): TradeDate {
    return this.#book.business.add(date, days);
  }

  isBusinessDay(date: TradeDate): boolean {
    return this.#book.business.isBusinessDay(date);
  }

  localMinutes(tsUs: TsUs): number {
    return this.#book.home.localMinutes(tsUs);
  }

  /** Local calendar date of an instant at the exchange. */
  localDate(tsUs: TsUs): TradeDate {
    return this.#book.home.localDate(tsUs);
  }

  /** Whether a label or trade date lies in the sourced span. */
  covers(date: TradeDate): boolean {
    return date >= this.#from && date <= this.#to;
  }

  /** What an answer about this label rests on. Never fails. */
  confidenceOf(date: TradeDate): CalendarBasis {
    if (!this.covers(date)) return 'outside';
    return date <= this.#publishedTo ? 'published' : 'rule';
  }

  cursor(): CalendarCursor {
    return new ColumnCursor((tsUs) => this.#cover(tsUs), this);
  }

  /** The error of a question outside the span. */
  outsideError(what: string): TradingError {
    const { from, to } = this.rules;
    return new TradingError(
      'E_CALENDAR_SPAN',
      `${what} is outside the calendar ${this.id}, ${from} to ${to}`,
      {
        details: { value: what, calendar: this.id, from, to },
        rule: `sessions of ${this.id} are known from ${from} to ${to}`,
        fix:
          this.#outside === 'rules'
            ? 'choose dates from 1970 to 2049'
            : 'choose dates inside the span, or ask for answers by rule alone: createCalendars({ outside: "rules" })',
      },
    );
  }

  #rowOfLabel(label: TradeDate): number {
    const { columns } = this.#coverDate(label);
    const row = countBelow(columns.label, label);
    return columns.label[row] === label ? row : -1;
  }

  #openUsUntil(tsUs: TsUs): number {
    const { segmentOpenUs, segmentCloseUs } = this.#table;
    this.#minutesBefore ??= timeBefore(segmentOpenUs, segmentCloseUs);
    const row = countAtOrBelow(segmentOpenUs, tsUs) - 1;
    if (row < 0) return 0;
    const open = segmentOpenUs[row]!;
    return this.#minutesBefore[row]! + Math.min(tsUs, segmentCloseUs[row]!) - open;
  }

  /** [start, end) of the regular hours of a label's date; null where it has none. */
  #regularHoursOf(label: TradeDate): Span | null {
    const isNextDays = (this.rules.tradeDates ?? 'next-business-day') === 'next-business-day';
    if (isNextDays && !this.isBusinessDay(label)) return null;
    const own = this.#book.shapes(this.#table.fromDate, this.#table.toDate).get(label)?.shape;
    if (own?.kind === 'segments' && own.regularHours !== undefined) {
      const { start, end, zone } = own.regularHours;
      return [this.#book.instantOf(label, start, zone), this.#book.instantOf(label, end, zone)];
    }
    const earlier = this.rules.earlierRegularHours?.find(
      ({ until }) => label <= parseTradeDate(until),
    );
    const { start, end, zone }: RegularHours = earlier ?? this.rules.regularHours;
    return [
      this.#book.instantOf(label, start, zone),
      this.#book.instantOf(label, end, zone),
    ] as const;
  }

  #pick(column: Float64Array, row: number, tsUs: TsUs): TsUs {
    const value = column[row];
    if (value === undefined) throw this.outsideError(toIsoUtc(tsUs));
    return value as TsUs;
  }

  #coverDate(date: TradeDate): SessionTable {
    const table = this.#table;
    checkDate(date);
    if (date >= table.fromDate && date <= table.toDate) return table;
    if (this.#outside === 'rules' && date >= WIDE_FROM && date <= WIDE_TO) return this.#widen();
    throw this.outsideError(toIsoDate(date));
  }

  #cover(tsUs: TsUs): SessionTable {
    const table = this.#table;
    if (tsUs >= table.fromUs && tsUs < table.toUs && typeof tsUs === 'number') return table;
    checkInstant(tsUs);
    const isWide =
      this.#outside === 'rules' &&
      tsUs >= WIDE_FROM * US_PER_DAY &&
      tsUs < (WIDE_TO + 1) * US_PER_DAY;
    if (isWide) return this.#widen();
    throw this.outsideError(Number.isSafeInteger(tsUs) ? toIsoUtc(tsUs) : String(tsUs));
  }

  /** Answers by rule alone, from here on. Sessions inside the span stay what they were. */
  #widen(): SessionTable {
    this.#minutesBefore = null;
    this.#table = tableOf(this.#book, WIDE_FROM, WIDE_TO);
    return this.#table;
  }
}

function tableOf(book: RuleBook, fromDate: TradeDate, toDate: TradeDate): SessionTable {
  return {
    ...book.build(fromDate, toDate),
    fromDate,
    toDate,
    // Two days of grace on both sides cover the evening before the first label and the weekend after the last.
    fromUs: (fromDate - 2) * US_PER_DAY,
    toUs: (toDate + 2) * US_PER_DAY,
  };
}

/** Trading time before each stretch, in microseconds: whole numbers, so that sums are exact. */
function timeBefore(opens: Float64Array, closes: Float64Array): Float64Array {
  const before = new Float64Array(opens.length);
  for (let i = 1; i < opens.length; i += 1)
    before[i] = before[i - 1]! + closes[i - 1]! - opens[i - 1]!;
  return before;
}

/** Segments of one session. */
function piecesOfRow(columns: SessionColumns, row: number): readonly Span[] {
  const pieces: Span[] = [];
  let open = columns.openUs[row]!;
  for (let b = countBelow(columns.breakRow, row); columns.breakRow[b] === row; b += 1) {
    pieces.push([open, columns.breakStartUs[b]!]);
    open = columns.breakEndUs[b]!;
  }
  pieces.push([open, columns.closeUs[row]!]);
  return pieces;
}

/** What sets a day's segments apart from the regular ones; null when nothing does. */
function kindOf(regular: readonly Span[], own: readonly Span[]): SpecialDay['kind'] | null {
  if (own.length === 0) return regular.length === 0 ? null : 'closed';
  if (regular.length === 0) return 'extra';
  const isEqual =
    own.length === regular.length &&
    own.every(([open, close], i) => open === regular[i]![0] && close === regular[i]![1]);
  if (isEqual) return null;
  const opensLate = own[0]![0] > regular[0]![0];
  const closesEarly = own.at(-1)![1] < regular.at(-1)![1];
  const isWider = own[0]![0] < regular[0]![0] || own.at(-1)![1] > regular.at(-1)![1];
  if (isWider) return 'other-hours';
  if (opensLate && closesEarly) return 'shortened';
  return opensLate ? 'late-open' : closesEarly ? 'early-close' : 'other-hours';
}

function toTimeSpan([open, close]: Span): TimeSpan {
  return { openUs: open as TsUs, closeUs: close as TsUs };
}
