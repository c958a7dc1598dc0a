/** Calendar answers for instants that mostly increase. Hot: nothing is allocated, and no search is made while time flows. */
import type { TradingError } from '../core/errors.ts';
import type { CalendarCursor } from '../core/ports.ts';
import type { SessionColumns } from '../core/session.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';
import { countAtOrBelow } from './columns.ts';
import type { SessionTable } from './group-calendar.ts';

/** Rows that are stepped over one by one before a search is cheaper. */
const STEPS_MAX = 8;

interface Owner {
  readonly columns: SessionColumns;
  readonly outsideError: (what: string) => TradingError;
}

export class ColumnCursor implements CalendarCursor {
  /** The table that answers for an instant. Errors: E_CALENDAR_SPAN. */
  readonly #cover: (tsUs: TsUs) => SessionTable;
  readonly #owner: Owner;
  #table: SessionTable | null = null;
  /** Stretches and rows that closed at or before the last instant, with the edges around it. */
  #segment: number = 0;
  #segmentFromUs: number = NaN;
  #segmentOpenUs: number = NaN;
  #segmentCloseUs: number = NaN;
  #row: number = 0;
  #rowFromUs: number = NaN;
  #rowOpenUs: number = NaN;
  #rowCloseUs: number = NaN;

  constructor(cover: (tsUs: TsUs) => SessionTable, owner: Owner) {
    this.#cover = cover;
    this.#owner = owner;
  }

  get columns(): SessionColumns {
    return (this.#table ?? this.#owner).columns;
  }

  isOpen(tsUs: TsUs): boolean {
    if (!(tsUs >= this.#segmentFromUs && tsUs < this.#segmentCloseUs)) this.#seekSegment(tsUs);
    return tsUs >= this.#segmentOpenUs;
  }

  rowAt(tsUs: TsUs): number {
    if (!(tsUs >= this.#rowFromUs && tsUs < this.#rowCloseUs)) this.#seekRow(tsUs);
    return tsUs >= this.#rowOpenUs ? this.#row : -1;
  }

  rowOf(tsUs: TsUs): number {
    if (!(tsUs >= this.#rowFromUs && tsUs < this.#rowCloseUs)) this.#seekRow(tsUs);
    if (this.#row === this.#table!.columns.length) throw this.#owner.outsideError(toIsoUtc(tsUs));
    return this.#row;
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    const row = this.rowOf(tsUs);
    return this.#table!.columns.tradeDate[row]! as TradeDate;
  }

  nextOpenUs(tsUs: TsUs): TsUs {
    const isOpen = this.isOpen(tsUs);
    const next = isOpen ? this.#table!.segmentOpenUs[this.#segment + 1] : this.#segmentOpenUs;
    return this.#known(next, tsUs);
  }

  nextCloseUs(tsUs: TsUs): TsUs {
    this.isOpen(tsUs);
    return this.#known(this.#segmentCloseUs, tsUs);
  }

  #known(us: number | undefined, tsUs: TsUs): TsUs {
    // Beyond the last stretch the edges are infinite.
    if (us === undefined || us === Infinity) throw this.#owner.outsideError(toIsoUtc(tsUs));
    return us as TsUs;
  }

  #seekSegment(tsUs: TsUs): void {
    const table = this.#tableFor(tsUs);
    const closes = table.segmentCloseUs;
    const at = advance(closes, this.#segment, tsUs);
    this.#segment = at;
    this.#segmentFromUs = at === 0 ? table.fromUs : closes[at - 1]!;
    this.#segmentOpenUs = at < closes.length ? table.segmentOpenUs[at]! : Infinity;
    // Past the last close nothing is cached beyond the table's end.
    this.#segmentCloseUs = at < closes.length ? closes[at]! : Infinity;
    if (at === closes.length) this.#segmentFromUs = NaN;
  }

  #seekRow(tsUs: TsUs): void {
    const table = this.#tableFor(tsUs);
    const { closeUs, openUs, length } = table.columns;
    const at = advance(closeUs, this.#row, tsUs);
    this.#row = at;
    this.#rowFromUs = at === 0 ? table.fromUs : closeUs[at - 1]!;
    this.#rowOpenUs = at < length ? openUs[at]! : Infinity;
    this.#rowCloseUs = at < length ? closeUs[at]! : Infinity;
    if (at === length) this.#rowFromUs = NaN;
  }

  /** A new table numbers its rows anew. */
  #tableFor(tsUs: TsUs): SessionTable {
    const table = this.#cover(tsUs);
    if (table !== this.#table) {
      this.#table = table;
      this.#segment = 0;
      this.#row = 0;
      this.#segmentFromUs = NaN;
      this.#rowFromUs = NaN;
    }
    return table;
  }
}

/** Rows whose close is at or before the instant: a few steps from the last answer, otherwise a search. */
function advance(closes: Float64Array, from: number, tsUs: number): number {
  if (from > 0 && closes[from - 1]! > tsUs) return countAtOrBelow(closes, tsUs);
  const end = Math.min(closes.length, from + STEPS_MAX);
  let at = from;
  while (at < end && closes[at]! <= tsUs) at += 1;
  return at === end && at < closes.length && closes[at]! <= tsUs
    ? countAtOrBelow(closes, tsUs)
    : at;
}
