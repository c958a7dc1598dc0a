/** Business calendars: the days that expiry rules count. */
import { TradingError } from '../core/errors.ts';
import { didYouMeanOneOf } from '../core/suggest.ts';
import { argumentError, checkDate } from './arguments.ts';
import { addDays, toIsoDate, toTradeDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { countBelow } from './columns.ts';
import { AUSTRALIA_HOLIDAYS } from './holidays/australia.ts';
import { CHINA_HOLIDAYS } from './holidays/china.ts';
import { EUREX_SWISS_HOLIDAYS, XEUR_HOLIDAYS } from './holidays/eurex.ts';
import { HONG_KONG_HOLIDAYS } from './holidays/hong-kong.ts';
import { JAPAN_HOLIDAYS } from './holidays/japan.ts';
import { KOREA_HOLIDAYS } from './holidays/korea.ts';
import {
  SGX_CHINA_HOLIDAYS,
  SGX_COMMODITY_HOLIDAYS,
  SGX_NIKKEI_HOLIDAYS,
  SGX_TAIWAN_HOLIDAYS,
} from './holidays/sgx.ts';
import { SINGAPORE_HOLIDAYS } from './holidays/singapore.ts';
import { TAIWAN_HOLIDAYS } from './holidays/taiwan.ts';
import { CANOLA_HOLIDAYS, MONTREAL_HOLIDAYS } from './holidays/canada.ts';
import type { DayRule } from './rules.ts';
import {
  datesOfRules,
  ENGLAND_HOLIDAYS,
  EUREX_HOLIDAYS,
  ICE_ENERGY_HOLIDAYS,
  TARGET_HOLIDAYS,
  US_HOLIDAYS,
} from './rules.ts';

/** Rules carry on beyond the years of published tables. */
const FROM_YEAR = 1960;
const TO_YEAR = 2050;

const RULES_BY_NAME: Readonly<Record<string, readonly DayRule[]>> = {
  'cme-trade-date': US_HOLIDAYS,
  // Cboe and ICE Futures U.S. count expiries over the same ten days; their days of mourning did not move an expiry.
  cfe: US_HOLIDAYS,
  'ice-us': US_HOLIDAYS,
  'london-bank': ENGLAND_HOLIDAYS,
  'ice-eu': ENGLAND_HOLIDAYS,
  target: TARGET_HOLIDAYS,
  euronext: TARGET_HOLIDAYS,
  eurex: EUREX_HOLIDAYS,
  'eurex-swiss': EUREX_SWISS_HOLIDAYS,
  'compat/XEUR': XEUR_HOLIDAYS,
  // Asia-Pacific; tables begin in 2000, those of China in 2006 and of Taiwan in 2015.
  hkex: HONG_KONG_HOLIDAYS,
  sgx: SINGAPORE_HOLIDAYS,
  // Trading days of single products, which keep common holidays only.
  'sgx-nikkei': SGX_NIKKEI_HOLIDAYS,
  'sgx-china': SGX_CHINA_HOLIDAYS,
  'sgx-taiwan': SGX_TAIWAN_HOLIDAYS,
  'sgx-commodity': SGX_COMMODITY_HOLIDAYS,
  jpx: JAPAN_HOLIDAYS,
  asx: AUSTRALIA_HOLIDAYS,
  krx: KOREA_HOLIDAYS,
  china: CHINA_HOLIDAYS,
  taiwan: TAIWAN_HOLIDAYS,
  weekdays: [],
  // North America and London.
  nyse: US_HOLIDAYS,
  mx: MONTREAL_HOLIDAYS,
  'ice-canola': CANOLA_HOLIDAYS,
  'ice-eu-energy': ICE_ENERGY_HOLIDAYS,
  // Days on which no group of CME Group trades.
  'cme-closed': US_HOLIDAYS.filter(({ name }) =>
    ['new-year', 'good-friday', 'christmas'].includes(name),
  ),
};

/** Names that `BusinessCalendars.get` knows, for messages. */
export function businessCalendarNames(): readonly string[] {
  return Object.keys(RULES_BY_NAME).sort();
}

/**
 * A set of business days over 1960 to 2050. Held as its holidays: a weekday's number follows from the date, and its number
 * among business days from the holidays before it, so that building costs a few hundred holidays and not thirty thousand days.
 */
export class BusinessCalendar {
  readonly name: string;
  readonly #start: TradeDate;
  readonly #end: TradeDate;
  /** 1 on holidays that fall on weekdays, by offset from `#start`. */
  readonly #isHoliday: Uint8Array;
  /** Weekday numbers of holidays, increasing. */
  readonly #holidays: Int32Array;
  /** Business days before each holiday, increasing. */
  readonly #before: Int32Array;
  readonly #count: number;

  constructor(name: string, ruleSets: readonly (readonly DayRule[])[]) {
    this.name = name;
    this.#start = toTradeDate(FROM_YEAR, 1, 1);
    this.#end = toTradeDate(TO_YEAR, 12, 31);
    this.#isHoliday = new Uint8Array(this.#end - this.#start + 1);
    const holidays: number[] = [];
    for (const rules of ruleSets) {
      for (const dates of datesOfRules(rules, FROM_YEAR, TO_YEAR).values()) {
        for (const date of dates) {
          const row = date - this.#start;
          const isIn = row >= 0 && row < this.#isHoliday.length;
          if (!isIn || this.#isHoliday[row] === 1 || !isWeekday(date)) continue;
          this.#isHoliday[row] = 1;
          holidays.push(weekdayNumber(date));
        }
      }
    }
    this.#holidays = Int32Array.from(holidays).sort();
    this.#before = this.#holidays.map((number, i) => number - i);
    this.#count = weekdayNumber(addDays(this.#end, 1)) - holidays.length;
  }

  /** Errors: E_CALENDAR_SPAN. */
  isBusinessDay(date: TradeDate): boolean {
    checkDate(date);
    const row = this.#rowOf(date);
    return this.#isHoliday[row] === 0 && isWeekday(date);
  }

  /**
   * Moves by business days; the start is not counted, and 0 leaves it as it is, even on a holiday.
   * Errors: E_CALENDAR_SPAN; E_CALENDAR_ARGUMENT for a number that is not whole.
   */
  add(date: TradeDate, days: number): TradeDate {
    if (!Number.isInteger(days)) {
      throw argumentError('days', days, 'business days are moved by a whole number of them');
    }
    checkDate(date);
    if (days === 0) return date;
    const before = this.#countBefore(date);
    const index = days > 0 ? before + (this.isBusinessDay(date) ? 1 : 0) + days - 1 : before + days;
    const result = this.#dayAt(index);
    if (result === null) throw this.#outside(date);
    return result;
  }

  /** 1 for each date of [from, to] that is a holiday on a weekday. A view. Errors: E_CALENDAR_SPAN. */
  holidayFlags(from: TradeDate, to: TradeDate): Uint8Array {
    return this.#isHoliday.subarray(this.#rowOf(from), this.#rowOf(to) + 1);
  }

  /** Business days in [from, to]. Errors: E_CALENDAR_SPAN. */
  countBetween(from: TradeDate, to: TradeDate): number {
    if (to < from) return 0;
    return this.#countBefore(to) + (this.isBusinessDay(to) ? 1 : 0) - this.#countBefore(from);
  }

  /** The n-th business day of a month; negative n counts from the end. Null when the month is shorter. */
  nthOfMonth(year: number, month: number, n: number): TradeDate | null {
    const first = this.#countBefore(toTradeDate(year, month, 1));
    const nextMonth = month === 12 ? toTradeDate(year + 1, 1, 1) : toTradeDate(year, month + 1, 1);
    const last = addDays(nextMonth, -1);
    const end = this.#countBefore(last) + (this.isBusinessDay(last) ? 1 : 0);
    const index = n > 0 ? first + n - 1 : end + n;
    return index >= first && index < end ? this.#dayAt(index) : null;
  }

  /** Business days since the start and before a date. */
  #countBefore(date: TradeDate): number {
    this.#rowOf(date);
    const weekdays = weekdayNumber(date);
    return weekdays - countBelow(this.#holidays, weekdays);
  }

  /** The business day with a number; null beyond the span. */
  #dayAt(index: number): TradeDate | null {
    if (index < 0 || index >= this.#count) return null;
    // Every holiday with no more business days before it than this one lies before it.
    return weekdayOfNumber(index + countBelow(this.#before, index + 1));
  }

  #rowOf(date: TradeDate): number {
    if (!(date >= this.#start && date <= this.#end)) throw this.#outside(date);
    return date - this.#start;
  }

  #outside(date: TradeDate): TradingError {
    const shown = Number.isInteger(date) ? toIsoDate(date) : String(date);
    return new TradingError(
      'E_CALENDAR_SPAN',
      `${shown} is outside the business calendar ${this.name}, ${FROM_YEAR} to ${TO_YEAR}`,
      {
        details: { date, calendar: this.name },
        rule: `business days are counted from ${FROM_YEAR} to ${TO_YEAR}`,
        fix: 'choose a date inside the span',
      },
    );
  }
}

/** Monday 1959-12-28, from which weekdays are numbered. */
const FIRST_MONDAY: TradeDate = toTradeDate(1959, 12, 28);
/** Weekdays from the start of the numbering to the first day of the span, Friday 1960-01-01. */
const NUMBER_OF_START = 4;

function isWeekday(date: TradeDate): boolean {
  const weekday = weekdayOf(date);
  return weekday !== 0 && weekday !== 6;
}

/** Weekdays before a date since the start of the span; that of a weekend day is the number of the Monday after it. */
function weekdayNumber(date: TradeDate): number {
  const days = date - FIRST_MONDAY;
  const weeks = Math.floor(days / 7);
  return 5 * weeks + Math.min(5, days - 7 * weeks) - NUMBER_OF_START;
}

function weekdayOfNumber(number: number): TradeDate {
  const from = number + NUMBER_OF_START;
  const weeks = Math.floor(from / 5);
  return addDays(FIRST_MONDAY, 7 * weeks + from - 5 * weeks);
}

/** Business calendars of one calendar source, each built when first asked for. */
export class BusinessCalendars {
  readonly #byName: Map<string, BusinessCalendar> = new Map();
  readonly #own: Readonly<Record<string, readonly DayRule[]>>;

  /** `own`: holidays of further calendars by name; a name of ours is replaced. */
  constructor(own: Readonly<Record<string, readonly DayRule[]>> = {}) {
    this.#own = own;
  }

  /** `a+b` means that both must be open. Errors: E_CALENDAR_UNKNOWN with the known names. */
  get(name: string): BusinessCalendar {
    let calendar = this.#byName.get(name);
    if (calendar === undefined) {
      calendar = new BusinessCalendar(
        name,
        name.split('+').map((part) => rulesOf(part, this.#own)),
      );
      this.#byName.set(name, calendar);
    }
    return calendar;
  }
}

function rulesOf(
  name: string,
  own: Readonly<Record<string, readonly DayRule[]>>,
): readonly DayRule[] {
  const source = [own, RULES_BY_NAME].find((rules) => Object.hasOwn(rules, name));
  const rules = source?.[name];
  if (rules === undefined) {
    const known = [...new Set([...businessCalendarNames(), ...Object.keys(own)])].sort();
    throw new TradingError('E_CALENDAR_UNKNOWN', `business calendar "${name}" has no rules yet`, {
      details: { name, known },
      rule: 'expiry rules count business days of a known calendar',
      fix: didYouMeanOneOf(
        name,
        known,
        `${known.length} are known; a calendar file can bring its own under businessCalendars`,
      ),
    });
  }
  return rules;
}
