/** Calendars by session group, and contract dates. Everything is built when first asked for and kept in the instance. */
import { Listing } from '../core/listing.ts';
import { TradingError } from '../core/errors.ts';
import { didYouMeanOneOf } from '../core/suggest.ts';
import type { ContractDates, InstrumentSpec } from '../core/instrument.ts';
import type { CalendarSource } from '../core/ports.ts';
import { parseTradeDate, toCivilDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import { BusinessCalendars } from './business-days.ts';
import { countBelow } from './columns.ts';
import { checkRules } from './check-rules.ts';
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
import type { VenueSchedule } from './maintenance.ts';
import { VENUE_SCHEDULES, VenueMaintenance } from './maintenance.ts';
import { RuleBook, ruleError } from './rule-book.ts';
import type { DayRule } from './rules.ts';
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
import type {
  ClockPoint,
  DayShapeRule,
  GroupRules,
  RegularHours,
  SessionException,
} from './sessions.ts';
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
  /** Ids of the groups that `forGroup` knows, sorted. */
  groupIds(): readonly string[];
  /** Planned down-times of a venue. Errors: E_CALENDAR_UNKNOWN with the known venues. */
  venueMaintenance(venue: string): VenueMaintenance;
  /** Dates by rule alone; needs the business calendar but no session hours. Errors: as `contractDates`. */
  ruleDates(spec: InstrumentSpec, year: number, month: number): RuleDates;
}

export interface CalendarOptions {
  /** `error` when not given: a question outside a group's span fails. `rules`: it is answered by the nearest rules, marked. */
  readonly outside?: OutsidePolicy;
  /** Groups of the user's own. Their ids are new; a built-in group is changed by an override. */
  readonly groups?: readonly GroupRules[];
  readonly overrides?: readonly GroupOverride[];
  /** Holidays of further business calendars by name; a name of ours is replaced. */
  readonly businessCalendars?: Readonly<Record<string, readonly DayRule[]>>;
  /** Down-times by venue; a venue of ours is replaced. */
  readonly venues?: readonly VenueSchedule[];
}

/** Changes to one group: what is listed comes after the group's own entries and so wins; what is named replaces it. */
export interface GroupOverride {
  readonly group: string;
  readonly namedDays?: readonly DayRule[];
  readonly dayRules?: readonly DayShapeRule[];
  readonly exceptions?: readonly SessionException[];
  readonly settle?: ClockPoint;
  readonly regularHours?: RegularHours;
}

/**
 * A calendar source with nothing built yet. Errors: E_CALENDAR_UNKNOWN for an override of a group that is not there;
 * E_CALENDAR_RULE for groups or overrides of the user's own that break a rule.
 */
export function createCalendars(options: CalendarOptions = {}): Calendars {
  return new CalendarRegistry(options);
}

class CalendarRegistry implements Calendars {
  readonly #zones: ZoneTables = new ZoneTables();
  readonly #business: BusinessCalendars;
  readonly #groups: Map<string, GroupCalendar> = new Map();
  /** Calendars that go beyond their span, for the last instants of contracts there. */
  readonly #ruleOnly: Map<string, GroupCalendar> = new Map();
  readonly #listings: WeakMap<InstrumentSpec, Listing> = new WeakMap();
  readonly #outside: OutsidePolicy;
  /** Groups of the user and overridden ones, by id. */
  readonly #own: ReadonlyMap<string, GroupRules>;
  readonly #venues: readonly VenueSchedule[];

  constructor(options: CalendarOptions) {
    this.#outside = options.outside ?? 'error';
    this.#business = new BusinessCalendars(options.businessCalendars ?? {});
    this.#venues = [...(options.venues ?? []), ...VENUE_SCHEDULES];
    this.#own = ownGroups(options, this.#zones);
  }

  forInstrument(spec: InstrumentSpec): GroupCalendar {
    // `group/ROOT` where the product has hours of its own inside its group.
    const own = `${spec.sessionGroup}/${spec.root}`;
    const id = this.#rulesOf(own) === undefined ? spec.sessionGroup : own;
    return this.#group(id, spec.root);
  }

  forGroup(id: string): GroupCalendar {
    return this.#group(id, null);
  }

  hasCalendar(spec: Pick<InstrumentSpec, 'sessionGroup'>): boolean {
    return this.#rulesOf(spec.sessionGroup) !== undefined;
  }

  groupIds(): readonly string[] {
    return [...new Set([...sessionGroupIds(), ...this.#own.keys()])].sort();
  }

  venueMaintenance(venue: string): VenueMaintenance {
    const schedule = this.#venues.find((candidate) => candidate.venue === venue);
    if (schedule === undefined) {
      const known = [...new Set(this.#venues.map((candidate) => candidate.venue))].sort();
      throw new TradingError(
        'E_CALENDAR_UNKNOWN',
        `venue "${venue}" has no maintenance schedule; known are ${known.join(', ')}`,
        {
          details: { venue, known },
          rule: 'a schedule is listed for each venue',
          fix: 'correct the name, or list the venue in a calendar file',
        },
      );
    }
    return new VenueMaintenance(schedule, this.#zones);
  }

  businessCalendar(name: string): BusinessCalendar {
    return this.#business.get(name);
  }

  ruleDates(spec: InstrumentSpec, year: number, month: number): RuleDates {
    return ruleDates(spec, year, month, this.#business.get(spec.businessCalendar));
  }

  /**
   * `exact` inside the span of the group's sessions: the exchange's rule over its holidays. After the last published table,
   * where the holidays are rules themselves, `basis` says so. `approximate` outside the span, where nothing is sourced.
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
      (isCovered(calendar, lastTradeDate) ? undefined : 'no holiday of that year is sourced') ??
      noSessionOn(calendar, lastTradeDate);
    const dates = {
      lastTradeDate,
      lastTradeUs: this.#lastTradeUs(spec, calendar, lastTradeDate),
      firstNoticeDate,
      ...(rules.confidence === undefined ? {} : { confidence: rules.confidence }),
      ...(isPublished(calendar, lastTradeDate) ? {} : { basis: 'rule' as const }),
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
    const closeUs = calendar !== null && calendar.covers(date) ? lastCloseUs(calendar, date) : null;
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
      const rules = this.#rulesOf(id);
      if (rules === undefined) throw unknownGroup(id, root, this.groupIds());
      const business = this.#business.get(rules.businessCalendar);
      calendar = new GroupCalendar(new RuleBook(rules, this.#zones, business), this.#outside);
      this.#groups.set(id, calendar);
    }
    return calendar;
  }

  #rulesOf(id: string): GroupRules | undefined {
    return this.#own.get(id) ?? SESSION_GROUPS.find((group) => group.id === id);
  }
}

/** The user's groups and overrides, checked. */
function ownGroups(options: CalendarOptions, zones: ZoneTables): ReadonlyMap<string, GroupRules> {
  const own = new Map<string, GroupRules>();
  const find = (id: string): GroupRules | undefined =>
    own.get(id) ?? SESSION_GROUPS.find((group) => group.id === id);
  for (const rules of options.groups ?? []) {
    if (find(rules.id) !== undefined) {
      throw ruleError(rules.id, 'id', `there is a group "${rules.id}" already`, {
        rule: 'a group of your own has an id of its own',
        fix: 'choose another id, or change the group by an override',
      });
    }
    checkRules(rules, zones);
    own.set(rules.id, rules);
  }
  for (const override of options.overrides ?? []) {
    const base = find(override.group);
    if (base === undefined)
      throw unknownGroup(override.group, null, [...sessionGroupIds(), ...own.keys()].sort());
    own.set(base.id, overridden(base, override, zones));
  }
  return own;
}

function overridden(base: GroupRules, override: GroupOverride, zones: ZoneTables): GroupRules {
  const { namedDays = [], dayRules = [], exceptions = [] } = override;
  const changed: GroupRules = {
    ...base,
    namedDays: [...base.namedDays, ...namedDays],
    settle: override.settle ?? base.settle,
    regularHours: override.regularHours ?? base.regularHours,
  };
  // Only what the override brings is checked, under its own numbers; its exceptions may repeat dates of the group.
  checkRules({ ...changed, namedDays, dayRules: [], exceptions }, zones);
  checkRules({ ...changed, dayRules, exceptions: [] }, zones);
  return {
    ...changed,
    dayRules: [...base.dayRules, ...dayRules],
    exceptions: [...base.exceptions, ...exceptions],
  };
}

/** Without session hours the span of the holiday tables is taken as that of the other groups. */
function isCovered(calendar: GroupCalendar | null, date: TradeDate): boolean {
  if (calendar !== null) return calendar.covers(date);
  const { year } = toCivilDate(date);
  return year >= 2000 && year <= 2035;
}

/** The close of the date's session, or of the last one before it where the date has none. */
function lastCloseUs(calendar: GroupCalendar, date: TradeDate): TsUs | null {
  const from = Math.max(date - 30, parseTradeDate(calendar.rules.from)) as TradeDate;
  const { columns } = calendar;
  const row = countBelow(columns.label, date + 1) - 1;
  return row >= 0 && columns.label[row]! >= from ? (columns.closeUs[row]! as TsUs) : null;
}

/** A typhoon or a day of mourning does not move a date by rule, but nothing trades on it. */
function noSessionOn(calendar: GroupCalendar | null, date: TradeDate): string | undefined {
  if (calendar === null || !calendar.covers(date) || calendar.sessionOfLabel(date) !== null)
    return undefined;
  const special = calendar.specialDays(date, date)[0];
  const why = special === undefined ? '' : `, ${special.name}`;
  return `there was no session on ${toIsoDate(date)}${why}; trading ended with the one before`;
}

function isPublished(calendar: GroupCalendar | null, date: TradeDate): boolean {
  const publishedTo = calendar?.rules.publishedTo ?? calendar?.rules.to;
  return publishedTo === undefined || date <= parseTradeDate(publishedTo);
}

function unknownGroup(id: string, root: string | null, known: readonly string[]): TradingError {
  const of = root === null ? '' : ` of ${root}`;
  return new TradingError('E_CALENDAR_UNKNOWN', `session group "${id}"${of} has no calendar yet`, {
    details: { group: id, root, known },
    rule: 'sessions are built from the rules of a known group',
    fix: didYouMeanOneOf(
      id,
      known,
      `all ${known.length} are listed by \`frontmonth calendar\`; data without a calendar can be imported as ordered labels`,
    ),
  });
}
