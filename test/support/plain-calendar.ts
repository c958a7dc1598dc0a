/** A calendar without zones or rules: sessions from 23:00 to 22:00 UTC, Monday to Friday, with the holidays it is given. */
import type { ContractDates, ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { CalendarSource, TradingCalendar } from '../../src/core/ports.ts';
import type { Session, SessionColumns } from '../../src/core/session.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { addDays, toTradeDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';

export interface PlainOptions {
  /** No session and no business day. */
  readonly holidays?: readonly TradeDate[];
  /** A session that closes at 18:00 and belongs to the next business day. */
  readonly mergedHolidays?: readonly TradeDate[];
  /** A pause in every session, in hours of the day UTC. */
  readonly pause?: readonly [number, number];
}

export class PlainCalendar implements TradingCalendar {
  readonly id: string = 'plain';
  readonly zone: string = 'UTC';
  readonly #options: PlainOptions;

  constructor(options: PlainOptions = {}) {
    this.#options = options;
  }

  #isBusinessDay(date: TradeDate): boolean {
    const weekday = weekdayOf(date);
    const { holidays = [], mergedHolidays = [] } = this.#options;
    return (
      weekday >= 1 && weekday <= 5 && !holidays.includes(date) && !mergedHolidays.includes(date)
    );
  }

  sessions(from: TradeDate, to: TradeDate): SessionColumns {
    const { mergedHolidays = [], pause } = this.#options;
    const rows: { date: TradeDate; openUs: number; closeUs: number; tradeDate: TradeDate }[] = [];
    for (let date = addDays(from, -5); date <= to; date = addDays(date, 1)) {
      const isMerged = mergedHolidays.includes(date);
      if (!isMerged && !this.#isBusinessDay(date)) continue;
      const tradeDate = isMerged ? this.addBusinessDays(date, 1) : date;
      if (tradeDate < from || tradeDate > to) continue;
      const openUs = date * US_PER_DAY - US_PER_HOUR;
      rows.push({ date, openUs, closeUs: openUs + (isMerged ? 19 : 23) * US_PER_HOUR, tradeDate });
    }
    const breaks = pause === undefined ? [] : rows.map((_, row) => row);
    return {
      length: rows.length,
      openUs: Float64Array.from(rows, (row) => row.openUs),
      closeUs: Float64Array.from(rows, (row) => row.closeUs),
      label: Int32Array.from(rows, (row) => row.date),
      tradeDate: Int32Array.from(rows, (row) => row.tradeDate),
      settleUs: Float64Array.from(rows, (row) => row.closeUs),
      breakRow: Int32Array.from(breaks),
      breakStartUs: Float64Array.from(
        breaks,
        (row) => rows[row]!.date * US_PER_DAY + pause![0] * US_PER_HOUR,
      ),
      breakEndUs: Float64Array.from(
        breaks,
        (row) => rows[row]!.date * US_PER_DAY + pause![1] * US_PER_HOUR,
      ),
    };
  }

  sessionAt(tsUs: TsUs): Session | null {
    const date = this.#dateAt(tsUs);
    const columns = this.sessions(date, addDays(date, 7));
    for (let row = 0; row < columns.length; row += 1) {
      if (columns.openUs[row]! <= tsUs && tsUs < columns.closeUs[row]!) {
        return {
          openUs: columns.openUs[row]! as TsUs,
          closeUs: columns.closeUs[row]! as TsUs,
          label: columns.label[row]! as TradeDate,
          tradeDate: columns.tradeDate[row]! as TradeDate,
          settleUs: columns.settleUs[row]! as TsUs,
        };
      }
    }
    return null;
  }

  isOpen(tsUs: TsUs): boolean {
    return this.sessionAt(tsUs) !== null;
  }

  nextOpenUs(tsUs: TsUs): TsUs {
    const date = this.#dateAt(tsUs);
    const { openUs } = this.sessions(addDays(date, -2), addDays(date, 9));
    return openUs.find((us) => us > tsUs)! as TsUs;
  }

  nextCloseUs(tsUs: TsUs): TsUs {
    const date = this.#dateAt(tsUs);
    const { closeUs } = this.sessions(addDays(date, -2), addDays(date, 9));
    return closeUs.find((us) => us > tsUs)! as TsUs;
  }

  tradeDateOf(tsUs: TsUs): TradeDate {
    const session = this.sessionAt(tsUs);
    if (session !== null) return session.tradeDate;
    return this.sessionAt(this.nextOpenUs(tsUs))!.tradeDate;
  }

  addBusinessDays(date: TradeDate, days: number): TradeDate {
    const step = days < 0 ? -1 : 1;
    let at = date;
    for (let left = Math.abs(days); left > 0;) {
      at = addDays(at, step);
      if (this.#isBusinessDay(at)) left -= 1;
    }
    return at;
  }

  localMinutes(tsUs: TsUs): number {
    return Math.floor((tsUs % US_PER_DAY) / 60_000_000);
  }

  #dateAt(tsUs: TsUs): TradeDate {
    return Math.floor((tsUs + US_PER_HOUR) / US_PER_DAY) as TradeDate;
  }
}

/** Last trade on the third Friday at 14:30 UTC; first notice, when asked for, on the month's first business day. */
export class PlainCalendars implements CalendarSource {
  readonly calendar: PlainCalendar;
  readonly #hasNotice: boolean;

  constructor(calendar: PlainCalendar = new PlainCalendar(), hasNotice = false) {
    this.calendar = calendar;
    this.#hasNotice = hasNotice;
  }

  forInstrument(): TradingCalendar {
    return this.calendar;
  }

  contractDates(_: InstrumentSpec, year: number, month: number): ContractDates {
    const first = toTradeDate(year, month, 1);
    const lastTradeDate = addDays(first, ((5 - weekdayOf(first) + 7) % 7) + 14);
    return {
      kind: 'exact',
      lastTradeDate,
      lastTradeUs: (lastTradeDate * US_PER_DAY + 14.5 * US_PER_HOUR) as TsUs,
      firstNoticeDate: this.#hasNotice
        ? this.calendar.addBusinessDays(addDays(first, -1), 1)
        : null,
    };
  }
}

export function plainInstrument(
  root: string,
  overrides: Partial<InstrumentSpec> = {},
): InstrumentSpec {
  return {
    root,
    exchange: 'XTST',
    name: root,
    assetClass: 'equity-index',
    currency: 'USD',
    quoteUnit: 'points',
    multiplier: 50,
    grid: new UniformGrid(0.25),
    countValue: { num: 12_500_000, den: 1 },
    listedMonths: 'HMUZ',
    holdCycle: 'HMUZ',
    settlement: 'cash',
    sessionGroup: 'plain',
    businessCalendar: 'plain',
    lastTrade: { rule: 'third-friday' },
    lastTradeTime: null,
    firstNotice: null,
    rollHint: { anchor: 'lastTrade', businessDays: -5 },
    symbols: { exchange: root },
    confidence: 'high',
    sources: [],
    ...overrides,
  };
}

export function plainContract(
  root: string,
  year: number,
  month: number,
  calendars: PlainCalendars = new PlainCalendars(),
): ContractSpec {
  const dates = calendars.contractDates(plainInstrument(root), year, month);
  return { id: toContractId(root, year, month), root, year, month, dates };
}
