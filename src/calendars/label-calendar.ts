/** A calendar for datasets whose stamps are ordered labels, not instants: the date in the stamp is the trade date. */
import { TradingError } from '../core/errors.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { Session, SessionColumns } from '../core/session.ts';
import { addDays, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../core/units.ts';

const EMPTY_INT = new Int32Array(0);
const EMPTY_FLOAT = new Float64Array(0);

/**
 * Trade date of a label. A label stands at the end of what it names, so 00:00:00 ends the date before; a label on a weekend
 * is the evening before Monday, as it is at an exchange.
 */
export function labelDate(labelUs: number): TradeDate {
  return weekdayFrom(Math.floor((labelUs - 1) / US_PER_DAY));
}

/**
 * One session each weekday, 00:00 to 24:00 as written in the stamps ("UTC" by convention), over all time; Monday's begins on
 * Saturday 00:00. Business days are weekdays.
 *
 * With `dayEnds` (the labels of a product's daily samples, increasing) there is one session for each of them, which ends
 * with that label and not at midnight. Nothing is traded between the last sample of a date and midnight, so an order sent
 * on a daily bar belongs to the next session: a DAY order lives through the next date's samples.
 */
export function createLabelCalendar(dayEnds?: Float64Array): TradingCalendar {
  return dayEnds === undefined ? new LabelCalendar() : new SampledCalendar(dayEnds);
}

class LabelCalendar implements TradingCalendar {
  readonly id: string = 'daily-labels';
  readonly zone: string = 'UTC';

  sessions(from: TradeDate, to: TradeDate): SessionColumns {
    const dates: TradeDate[] = [];
    const last = dateOf(to);
    for (let date: TradeDate = dateOf(from); date <= last; date = addDays(date, 1)) {
      if (!isWeekend(date)) dates.push(date);
    }
    return toColumns(dates.map((date) => this.sessionOf(date)));
  }

  sessionAt(tsUs: TsUs): Session | null {
    return this.sessionOf(this.tradeDateOf(tsUs));
  }

  isOpen(tsUs: TsUs): boolean {
    return this.sessionAt(tsUs) !== null;
  }

  nextOpenUs(tsUs: TsUs): TsUs {
    return this.sessionOf(nextWeekday(this.tradeDateOf(tsUs))).openUs;
  }

  nextCloseUs(tsUs: TsUs): TsUs {
    return this.sessionOf(this.tradeDateOf(tsUs)).closeUs;
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    return weekdayFrom(Math.floor(tsUs / US_PER_DAY));
  }

  addBusinessDays(date: TradeDate, days: number): TradeDate {
    const step = days < 0 ? -1 : 1;
    let at = dateOf(date);
    for (let left = Math.abs(days); left > 0;) {
      at = addDays(at, step);
      if (!isWeekend(at)) left -= 1;
    }
    return at;
  }

  localMinutes(tsUs: TsUs): number {
    return (tsUs - Math.floor(tsUs / US_PER_DAY) * US_PER_DAY) / US_PER_MINUTE;
  }

  /** Of a weekday. */
  protected sessionOf(date: TradeDate): Session {
    const openDate = weekdayOf(date) === 1 ? addDays(date, -2) : date;
    const closeUs = ((date + 1) * US_PER_DAY) as TsUs;
    return {
      openUs: (openDate * US_PER_DAY) as TsUs,
      closeUs,
      label: date,
      tradeDate: date,
      settleUs: closeUs,
    };
  }
}

/** Sessions that end with the last sample of their date; each begins at midnight after the one before. */
class SampledCalendar extends LabelCalendar {
  readonly #closeUs: Float64Array;
  readonly #dates: Int32Array;

  constructor(dayEnds: Float64Array) {
    super();
    const dates = Int32Array.from(dayEnds, labelDate);
    const firstWrong = dates.findIndex((date, i) => i > 0 && date <= dates[i - 1]!);
    if (firstWrong > 0) {
      throw new TradingError('E_TRADE_DATE', `two daily samples belong to one trade date`, {
        details: { date: dates[firstWrong], labelUs: dayEnds[firstWrong] },
        rule: 'a product has one daily sample a trade date, in order',
        fix: 'import the daily samples again',
      });
    }
    this.#closeUs = dayEnds.slice();
    this.#dates = dates;
  }

  override sessions(from: TradeDate, to: TradeDate): SessionColumns {
    const [first, last] = [dateOf(from), dateOf(to)];
    const out: Session[] = [];
    for (let row = lowerBound(this.#dates, first); row < this.#dates.length; row += 1) {
      if (this.#dates[row]! > last) break;
      out.push(this.#at(row));
    }
    return toColumns(out);
  }

  /** Null between the last sample of a date and midnight, and beyond the samples. */
  override sessionAt(tsUs: TsUs): Session | null {
    const row = lowerBound(this.#closeUs, tsUs + 1);
    if (row >= this.#dates.length) return null;
    const session = this.#at(row);
    return session.openUs <= tsUs ? session : null;
  }

  override nextOpenUs(tsUs: TsUs): TsUs {
    for (let row = lowerBound(this.#closeUs, tsUs); row < this.#dates.length; row += 1) {
      const { openUs } = this.#at(row);
      if (openUs > tsUs) return openUs;
    }
    return super.nextOpenUs(tsUs);
  }

  override nextCloseUs(tsUs: TsUs): TsUs {
    const row = lowerBound(this.#closeUs, tsUs + 1);
    return row < this.#dates.length ? (this.#closeUs[row] as TsUs) : super.nextCloseUs(tsUs);
  }

  #at(row: number): Session {
    const date = this.#dates[row]! as TradeDate;
    const closeUs = this.#closeUs[row]! as TsUs;
    const openUs =
      row === 0 ? this.sessionOf(date).openUs : (this.#dates[row - 1]! + 1) * US_PER_DAY;
    return { openUs: openUs as TsUs, closeUs, label: date, tradeDate: date, settleUs: closeUs };
  }
}

function toColumns(sessions: readonly Session[]): SessionColumns {
  const closeUs = Float64Array.from(sessions, (session) => session.closeUs);
  const dates = Int32Array.from(sessions, (session) => session.tradeDate);
  return {
    length: sessions.length,
    openUs: Float64Array.from(sessions, (session) => session.openUs),
    closeUs,
    label: dates,
    tradeDate: dates,
    settleUs: closeUs,
    breakRow: EMPTY_INT,
    breakStartUs: EMPTY_FLOAT,
    breakEndUs: EMPTY_FLOAT,
  };
}

/** First index whose value is not below `value`; the column increases. */
function lowerBound(column: Int32Array | Float64Array, value: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function weekdayFrom(day: number): TradeDate {
  const date = day as TradeDate;
  const weekday = weekdayOf(date);
  return weekday === 6 ? addDays(date, 2) : weekday === 0 ? addDays(date, 1) : date;
}

function nextWeekday(date: TradeDate): TradeDate {
  return weekdayFrom(date + 1);
}

function isWeekend(date: TradeDate): boolean {
  const weekday = weekdayOf(date);
  return weekday === 0 || weekday === 6;
}

/** Refuses what would make a loop over dates endless. */
function dateOf(date: TradeDate): TradeDate {
  if (!Number.isSafeInteger(date)) {
    throw new TradingError('E_TRADE_DATE', `${date} is not a whole number of days`, {
      details: { date },
    });
  }
  return date;
}
