/** Calendars by session group, and contract dates. Everything is built when first asked for and kept in the instance. */
import { Listing } from '../core/listing.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractDates, InstrumentSpec } from '../core/instrument.ts';
import type { CalendarSource } from '../core/ports.ts';
import { toCivilDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import { BusinessCalendars } from './business-days.ts';
import type { RuleDates } from './expiry.ts';
import { ruleDates } from './expiry.ts';
import { GroupCalendar } from './group-calendar.ts';
import { CFE_VIX } from './groups/cfe-vix.ts';
import { CME_GRAINS, CME_LIVESTOCK, CME_RICE } from './groups/cme-agriculture.ts';
import { CME_ENERGY, CME_METALS } from './groups/cme-energy-metals.ts';
import { CME_EQUITY_INDEX } from './groups/cme-equity-index.ts';
import { CME_FX } from './groups/cme-fx.ts';
import { CME_INTEREST_RATE } from './groups/cme-interest-rate.ts';
import { EUREX_INDEX, EUREX_RATES, EUREX_RATES_SHORT } from './groups/eurex.ts';
import type { GroupRules } from './sessions.ts';
import { buildSessions } from './sessions.ts';
import { parseWallTime, ZoneTables } from './wall-time.ts';

/** Every group with rules, in the order of the documentation. */
export const SESSION_GROUPS: readonly GroupRules[] = [
  CME_EQUITY_INDEX,
  CME_INTEREST_RATE,
  CME_FX,
  CME_ENERGY,
  CME_METALS,
  CME_GRAINS,
  CME_RICE,
  CME_LIVESTOCK,
  CFE_VIX,
  EUREX_INDEX,
  EUREX_RATES,
  EUREX_RATES_SHORT,
];

/** Ids of the groups with rules, sorted. */
export function sessionGroupIds(): readonly string[] {
  return SESSION_GROUPS.map((group) => group.id).sort();
}

/** The calendar source of the engine, with the further questions that reports and the command line ask. */
export interface Calendars extends CalendarSource {
  forInstrument(spec: InstrumentSpec): GroupCalendar;
  /** Errors: E_CALENDAR_UNKNOWN with the known ids. */
  forGroup(id: string): GroupCalendar;
  /** Whether `forInstrument` has an answer. */
  hasCalendar(spec: Pick<InstrumentSpec, 'sessionGroup'>): boolean;
  /** Errors: E_CALENDAR_UNKNOWN with the known names. */
  businessCalendar(name: string): BusinessCalendar;
  /** Dates by rule alone; needs the business calendar but no session hours. Errors: as `contractDates`. */
  ruleDates(spec: InstrumentSpec, year: number, month: number): RuleDates;
}

/** A calendar source with nothing built yet. */
export function createCalendars(): Calendars {
  return new CalendarRegistry();
}

class CalendarRegistry implements Calendars {
  readonly #zones: ZoneTables = new ZoneTables();
  readonly #business: BusinessCalendars = new BusinessCalendars();
  readonly #groups: Map<string, GroupCalendar> = new Map();
  readonly #listings: WeakMap<InstrumentSpec, Listing> = new WeakMap();

  forInstrument(spec: InstrumentSpec): GroupCalendar {
    return this.#group(spec.sessionGroup, spec.root);
  }

  forGroup(id: string): GroupCalendar {
    return this.#group(id, null);
  }

  hasCalendar(spec: Pick<InstrumentSpec, 'sessionGroup'>): boolean {
    return SESSION_GROUPS.some((group) => group.id === spec.sessionGroup);
  }

  businessCalendar(name: string): BusinessCalendar {
    return this.#business.get(name);
  }

  ruleDates(spec: InstrumentSpec, year: number, month: number): RuleDates {
    return ruleDates(spec, year, month, this.#business.get(spec.businessCalendar));
  }

  /**
   * `exact` inside the sourced span of the group's sessions, `approximate` outside it, where holidays are extrapolated.
   * Errors: E_CONTRACT_ID, E_CONTRACT_UNLISTED, E_CALENDAR_UNKNOWN, E_CALENDAR_SPAN, E_DATE_RULE.
   */
  contractDates(spec: InstrumentSpec, year: number, month: number): ContractDates {
    const listing = this.#listingOf(spec);
    listing.checkListed(year, month);
    const rules = this.ruleDates(spec, year, month);
    const { lastTradeDate, firstNoticeDate } = rules;
    listing.checkSince(year, month, lastTradeDate);
    const calendar = this.hasCalendar(spec) ? this.forInstrument(spec) : null;
    const why =
      rules.approximate ??
      (isSourced(calendar, lastTradeDate) ? undefined : 'its holidays are extrapolated by rule');
    const dates = {
      lastTradeDate,
      lastTradeUs: this.#lastTradeUs(spec, calendar, lastTradeDate),
      firstNoticeDate,
      ...(rules.confidence === undefined ? {} : { confidence: rules.confidence }),
    };
    return why === undefined ? { kind: 'exact', ...dates } : { kind: 'approximate', ...dates, why };
  }

  #listingOf(spec: InstrumentSpec): Listing {
    let listing = this.#listings.get(spec);
    if (listing === undefined) {
      listing = new Listing(spec);
      this.#listings.set(spec, listing);
    }
    return listing;
  }

  /** The stated time of day, or the session's close where none is stated or the session ends before it. */
  #lastTradeUs(spec: InstrumentSpec, calendar: GroupCalendar | null, date: TradeDate): TsUs {
    const closeUs =
      calendar !== null && calendar.covers(date)
        ? (calendar.sessionOfLabel(date)?.closeUs ?? null)
        : null;
    if (spec.lastTradeTime !== null) {
      const { local, tz } = spec.lastTradeTime;
      const statedUs = this.#zones.get(tz).toUtcUs(date, parseWallTime(local));
      return closeUs !== null && closeUs < statedUs ? closeUs : statedUs;
    }
    if (closeUs !== null) return closeUs;
    // Without hours for that day the close is that of the session before it, by the calendar's own error otherwise.
    const known = this.forInstrument(spec);
    return known.previousCloseUs(this.#zones.get(known.zone).toUtcUs(date, 1440));
  }

  #group(id: string, root: string | null): GroupCalendar {
    let calendar = this.#groups.get(id);
    if (calendar === undefined) {
      const rules = SESSION_GROUPS.find((group) => group.id === id);
      if (rules === undefined) throw unknownGroup(id, root);
      const business = this.#business.get(rules.businessCalendar);
      const built = buildSessions(rules, this.#zones, business);
      calendar = new GroupCalendar(rules, built, this.#zones.get(rules.zone), business);
      this.#groups.set(id, calendar);
    }
    return calendar;
  }
}

/** Without session hours the span of the holiday tables is taken as that of the other groups. */
function isSourced(calendar: GroupCalendar | null, date: TradeDate): boolean {
  if (calendar !== null) return calendar.covers(date);
  const { year } = toCivilDate(date);
  return year >= 2000 && year <= 2030;
}

function unknownGroup(id: string, root: string | null): TradingError {
  const known = sessionGroupIds();
  const of = root === null ? '' : ` of ${root}`;
  return new TradingError(
    'E_CALENDAR_UNKNOWN',
    `session group "${id}"${of} has no calendar yet; known are ${known.join(', ')}`,
    {
      details: { group: id, root, known },
      rule: 'sessions are built from the rules of a known group',
      fix: 'choose a product of a known group, or import the data as ordered labels',
    },
  );
}
