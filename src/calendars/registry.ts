/** Calendars by session group, and contract dates. Everything is built when first asked for and kept in the instance. */
import { Listing } from '../core/listing.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractDates, InstrumentSpec } from '../core/instrument.ts';
import type { CalendarSource } from '../core/ports.ts';
import { parseTradeDate, toCivilDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import { BusinessCalendars } from './business-days.ts';
import type { RuleDates } from './expiry.ts';
import { ruleDates } from './expiry.ts';
import type { OutsidePolicy } from './group-calendar.ts';
import { GroupCalendar } from './group-calendar.ts';
import { CFE_VIX } from './groups/cfe-vix.ts';
import {
  CME_DAIRY,
  CME_GRAINS,
  CME_LIVESTOCK,
  CME_LUMBER,
  CME_MINI_GRAINS,
  CME_RICE,
} from './groups/cme-agriculture.ts';
import { CME_CRYPTO } from './groups/cme-crypto.ts';
import { CME_ENERGY, CME_METALS, CME_METALS_BY_ROOT } from './groups/cme-energy-metals.ts';
import { CME_EQUITY_INDEX } from './groups/cme-equity-index.ts';
import { CME_FX } from './groups/cme-fx.ts';
import { CME_INTEREST_RATE } from './groups/cme-interest-rate.ts';
import { ASX_BILLS, ASX_RATES, ASX_SPI, XASX } from './groups/asx.ts';
import {
  COMPAT_XEUR,
  EUREX_DAX,
  EUREX_INDEX,
  EUREX_INDEX_2020,
  EUREX_OAT,
  EUREX_RATES,
  EUREX_RATES_SHORT,
  EUREX_SWISS,
} from './groups/eurex.ts';
import { EURONEXT_AGS, EURONEXT_INDEX } from './groups/euronext.ts';
import { HKFE_INDEX, XHKG } from './groups/hkfe.ts';
import { KRX_INDEX } from './groups/krx.ts';
import { OSE_INDEX, OSE_JGB } from './groups/ose.ts';
import { SGX_CHINA, SGX_COMMODITY, SGX_NIKKEI, SGX_TAIWAN } from './groups/sgx.ts';
import { RuleBook } from './rule-book.ts';
import { COMPAT_CMES, COMPAT_IEPA, COMPAT_XCBF } from './groups/compat-us.ts';
import {
  ICE_EU_COCOA,
  ICE_EU_ENERGY,
  ICE_EU_EQUITY,
  ICE_EU_EURIBOR,
  ICE_EU_GASOIL,
  ICE_EU_RATES,
  ICE_EU_SOFTS,
  ICE_EU_SONIA,
  ICE_EU_WHITE_SUGAR,
} from './groups/ice-eu.ts';
import {
  ICE_US_CANOLA,
  ICE_US_COCOA,
  ICE_US_COFFEE,
  ICE_US_COTTON,
  ICE_US_FINANCIAL,
  ICE_US_MSCI_EAFE,
  ICE_US_MSCI_EM,
  ICE_US_OJ,
  ICE_US_SUGAR,
} from './groups/ice-us.ts';
import { MX_INDEX, MX_RATES } from './groups/montreal.ts';
import { XLON, XNYS } from './groups/stocks-us-uk.ts';
import type { GroupRules } from './sessions.ts';
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
  EUREX_DAX,
  EUREX_INDEX_2020,
  EUREX_OAT,
  EUREX_SWISS,
  EURONEXT_INDEX,
  EURONEXT_AGS,
  HKFE_INDEX,
  SGX_NIKKEI,
  SGX_CHINA,
  SGX_TAIWAN,
  SGX_COMMODITY,
  OSE_INDEX,
  OSE_JGB,
  ASX_SPI,
  ASX_RATES,
  ASX_BILLS,
  KRX_INDEX,
  XHKG,
  XASX,
  COMPAT_XEUR,
  // More of North America, ICE and London. `group/ROOT` has the hours of one product that differ from its group's.
  ...CME_METALS_BY_ROOT,
  CME_CRYPTO,
  CME_MINI_GRAINS,
  CME_DAIRY,
  CME_LUMBER,
  ICE_US_SUGAR,
  ICE_US_COFFEE,
  ICE_US_COCOA,
  ICE_US_COTTON,
  ICE_US_OJ,
  ICE_US_FINANCIAL,
  ICE_US_MSCI_EAFE,
  ICE_US_MSCI_EM,
  ICE_US_CANOLA,
  ICE_EU_ENERGY,
  ICE_EU_GASOIL,
  ICE_EU_SOFTS,
  ICE_EU_COCOA,
  ICE_EU_WHITE_SUGAR,
  ICE_EU_EQUITY,
  ICE_EU_RATES,
  ICE_EU_SONIA,
  ICE_EU_EURIBOR,
  MX_RATES,
  MX_INDEX,
  XNYS,
  XLON,
  COMPAT_CMES,
  COMPAT_IEPA,
  COMPAT_XCBF,
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

export interface CalendarOptions {
  /** `error` when not given: a question outside a group's span fails. `rules`: it is answered by the nearest rules, marked. */
  readonly outside?: OutsidePolicy;
}

/** A calendar source with nothing built yet. */
export function createCalendars(options: CalendarOptions = {}): Calendars {
  return new CalendarRegistry(options);
}

class CalendarRegistry implements Calendars {
  readonly #zones: ZoneTables = new ZoneTables();
  readonly #business: BusinessCalendars = new BusinessCalendars();
  readonly #groups: Map<string, GroupCalendar> = new Map();
  /** Calendars that go beyond their span, for the last instants of contracts there. */
  readonly #ruleOnly: Map<string, GroupCalendar> = new Map();
  readonly #listings: WeakMap<InstrumentSpec, Listing> = new WeakMap();
  readonly #outside: OutsidePolicy;

  constructor(options: CalendarOptions) {
    this.#outside = options.outside ?? 'error';
  }

  forInstrument(spec: InstrumentSpec): GroupCalendar {
    return this.#group(groupIdOf(spec), spec.root);
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
    // Outside the span of the hours the nearest rules stand in, and the dates are marked; a closed day ends with the last session.
    const known = this.#byRules(spec);
    return (
      known.sessionOfLabel(date)?.closeUs ??
      known.previousCloseUs(this.#zones.get(known.zone).toUtcUs(date, 1440))
    );
  }

  #byRules(spec: InstrumentSpec): GroupCalendar {
    const { rules } = this.forInstrument(spec);
    let calendar = this.#ruleOnly.get(rules.id);
    if (calendar === undefined) {
      const business = this.#business.get(rules.businessCalendar);
      calendar = new GroupCalendar(new RuleBook(rules, this.#zones, business), 'rules');
      this.#ruleOnly.set(rules.id, calendar);
    }
    return calendar;
  }

  #group(id: string, root: string | null): GroupCalendar {
    let calendar = this.#groups.get(id);
    if (calendar === undefined) {
      const rules = SESSION_GROUPS.find((group) => group.id === id);
      if (rules === undefined) throw unknownGroup(id, root);
      const business = this.#business.get(rules.businessCalendar);
      calendar = new GroupCalendar(new RuleBook(rules, this.#zones, business), this.#outside);
      this.#groups.set(id, calendar);
    }
    return calendar;
  }
}

/** `group/ROOT` where the product has hours of its own inside its group. */
function groupIdOf({ sessionGroup, root }: InstrumentSpec): string {
  const own = `${sessionGroup}/${root}`;
  return SESSION_GROUPS.some(({ id }) => id === own) ? own : sessionGroup;
}

/** Without session hours the span of the holiday tables is taken as that of the other groups. */
function isSourced(calendar: GroupCalendar | null, date: TradeDate): boolean {
  if (calendar !== null) {
    const { to, publishedTo = to } = calendar.rules;
    return calendar.covers(date) && date <= parseTradeDate(publishedTo);
  }
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
