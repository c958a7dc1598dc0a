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
 * One session each weekday, 00:00 to 24:00 as written in the stamps ("UTC" by convention), over all time. A row that a
 * source dates on a weekend keeps its own date: `sessionAt` and `tradeDateOf` answer for it, `sessions` does not list it.
 * Business days are weekdays.
 */
export function createLabelCalendar(): TradingCalendar {
  return new LabelCalendar();
}

class LabelCalendar implements TradingCalendar {
  readonly id: string = 'daily-labels';
  readonly zone: string = 'UTC';

  sessions(from: TradeDate, to: TradeDate): SessionColumns {
    const labels: number[] = [];
    const last = dateOf(to);
    for (let date: TradeDate = dateOf(from); date <= last; date = addDays(date, 1)) {
      if (!isWeekend(date)) labels.push(date);
    }
    const closeUs = Float64Array.from(labels, (label) => (label + 1) * US_PER_DAY);
    return {
      length: labels.length,
      openUs: Float64Array.from(labels, (label) => label * US_PER_DAY),
      closeUs,
      label: Int32Array.from(labels),
      tradeDate: Int32Array.from(labels),
      settleUs: closeUs,
      breakRow: EMPTY_INT,
      breakStartUs: EMPTY_FLOAT,
      breakEndUs: EMPTY_FLOAT,
    };
  }

  sessionAt(tsUs: TsUs): Session {
    const label = this.tradeDateOf(tsUs);
    const closeUs = ((label + 1) * US_PER_DAY) as TsUs;
    return {
      openUs: (label * US_PER_DAY) as TsUs,
      closeUs,
      label,
      tradeDate: label,
      settleUs: closeUs,
    };
  }

  isOpen(): boolean {
    return true;
  }

  nextOpenUs(tsUs: TsUs): TsUs {
    let date = addDays(this.tradeDateOf(tsUs), 1);
    while (isWeekend(date)) date = addDays(date, 1);
    return (date * US_PER_DAY) as TsUs;
  }

  nextCloseUs(tsUs: TsUs): TsUs {
    return ((this.tradeDateOf(tsUs) + 1) * US_PER_DAY) as TsUs;
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    return Math.floor(tsUs / US_PER_DAY) as TradeDate;
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
    return (tsUs - this.tradeDateOf(tsUs) * US_PER_DAY) / US_PER_MINUTE;
  }
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
