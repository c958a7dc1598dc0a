/** Business calendars: the days that expiry rules count. */
import { TradingError } from '../core/errors.ts';
import { addDays, toIsoDate, toTradeDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { AUSTRALIA_HOLIDAYS } from './holidays/australia.ts';
import { CHINA_HOLIDAYS } from './holidays/china.ts';
import { HONG_KONG_HOLIDAYS } from './holidays/hong-kong.ts';
import { JAPAN_HOLIDAYS } from './holidays/japan.ts';
import { KOREA_HOLIDAYS } from './holidays/korea.ts';
import { SINGAPORE_HOLIDAYS } from './holidays/singapore.ts';
import { TAIWAN_HOLIDAYS } from './holidays/taiwan.ts';
import type { DayRule } from './rules.ts';
import {
  datesOfRules,
  ENGLAND_HOLIDAYS,
  EUREX_HOLIDAYS,
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
  // Asia-Pacific; tables begin in 2000, those of China in 2006 and of Taiwan in 2015.
  hkex: HONG_KONG_HOLIDAYS,
  sgx: SINGAPORE_HOLIDAYS,
  jpx: JAPAN_HOLIDAYS,
  asx: AUSTRALIA_HOLIDAYS,
  krx: KOREA_HOLIDAYS,
  china: CHINA_HOLIDAYS,
  taiwan: TAIWAN_HOLIDAYS,
  weekdays: [],
};

/** Names that `BusinessCalendars.get` knows, for messages. */
export function businessCalendarNames(): readonly string[] {
  return Object.keys(RULES_BY_NAME).sort();
}

/** A set of business days over 1960 to 2050, as sorted columns. */
export class BusinessCalendar {
  readonly name: string;
  readonly #start: TradeDate;
  readonly #end: TradeDate;
  /** Business days before each date, by offset from `#start`; one more row than dates. */
  readonly #before: Int32Array;
  readonly #days: Int32Array;

  constructor(name: string, ruleSets: readonly (readonly DayRule[])[]) {
    this.name = name;
    this.#start = toTradeDate(FROM_YEAR, 1, 1);
    this.#end = toTradeDate(TO_YEAR, 12, 31);
    const closed = new Set<number>();
    for (const rules of ruleSets) {
      for (const dates of datesOfRules(rules, FROM_YEAR, TO_YEAR).values()) {
        for (const date of dates) closed.add(date);
      }
    }
    const length = this.#end - this.#start + 1;
    this.#before = new Int32Array(length + 1);
    const days = new Int32Array(length);
    let count = 0;
    for (let i = 0; i < length; i += 1) {
      this.#before[i] = count;
      const date = addDays(this.#start, i);
      const weekday = weekdayOf(date);
      if (weekday !== 0 && weekday !== 6 && !closed.has(date)) {
        days[count] = date;
        count += 1;
      }
    }
    this.#before[length] = count;
    this.#days = days.slice(0, count);
  }

  /** Errors: E_CALENDAR_SPAN. */
  isBusinessDay(date: TradeDate): boolean {
    const row = this.#rowOf(date);
    return this.#before[row + 1]! > this.#before[row]!;
  }

  /**
   * Moves by business days; the start is not counted, and 0 leaves it as it is, even on a holiday.
   * Errors: E_CALENDAR_SPAN.
   */
  add(date: TradeDate, days: number): TradeDate {
    if (days === 0) return date;
    const row = this.#rowOf(date);
    const index = days > 0 ? this.#before[row + 1]! + days - 1 : this.#before[row]! + days;
    const result = this.#days[index];
    if (result === undefined) throw this.#outside(date);
    return result as TradeDate;
  }

  /** Business days in [from, to]. Errors: E_CALENDAR_SPAN. */
  countBetween(from: TradeDate, to: TradeDate): number {
    return to < from ? 0 : this.#before[this.#rowOf(to) + 1]! - this.#before[this.#rowOf(from)]!;
  }

  /** The n-th business day of a month; negative n counts from the end. Null when the month is shorter. */
  nthOfMonth(year: number, month: number, n: number): TradeDate | null {
    const first = this.#before[this.#rowOf(toTradeDate(year, month, 1))]!;
    const nextMonth = month === 12 ? toTradeDate(year + 1, 1, 1) : toTradeDate(year, month + 1, 1);
    const end = this.#before[this.#rowOf(addDays(nextMonth, -1)) + 1]!;
    const index = n > 0 ? first + n - 1 : end + n;
    return index >= first && index < end ? (this.#days[index]! as TradeDate) : null;
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

/** Business calendars of one calendar source, each built when first asked for. */
export class BusinessCalendars {
  readonly #byName: Map<string, BusinessCalendar> = new Map();

  /** `a+b` means that both must be open. Errors: E_CALENDAR_UNKNOWN with the known names. */
  get(name: string): BusinessCalendar {
    let calendar = this.#byName.get(name);
    if (calendar === undefined) {
      calendar = new BusinessCalendar(name, name.split('+').map(rulesOf));
      this.#byName.set(name, calendar);
    }
    return calendar;
  }
}

function rulesOf(name: string): readonly DayRule[] {
  const rules = Object.hasOwn(RULES_BY_NAME, name) ? RULES_BY_NAME[name] : undefined;
  if (rules === undefined) {
    throw new TradingError(
      'E_CALENDAR_UNKNOWN',
      `business calendar "${name}" has no rules yet; known are ${businessCalendarNames().join(', ')}`,
      {
        details: { name, known: businessCalendarNames() },
        rule: 'expiry rules count business days of a known calendar',
        fix: 'choose a product of a known calendar',
      },
    );
  }
  return rules;
}
