/** What people want to see of a calendar: sessions in local times, usual hours in words, a year with its contracts. Pure. */
import { buildChain, holdChain } from '../core/chain.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { RollRule } from '../core/roll.ts';
import { formatRollRule } from '../core/rolls/syntax.ts';
import { conditionOf, dateRuleOf, rollWindow } from '../core/rolls/window.ts';
import type { CalendarBasis, SpecialDay, TimeSpan } from '../core/session.ts';
import { addDays, parseTradeDate, toIsoDate, toTradeDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { GroupCalendar } from '../calendars/group-calendar.ts';
import type { Calendars } from '../calendars/registry.ts';
import { defaultRollRule } from '../data/roll.ts';

export const WEEKDAY_NAMES: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];
export const MONTH_NAMES: readonly string[] =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

/** A session as people read it. */
export interface SessionView {
  readonly label: TradeDate;
  readonly tradeDate: TradeDate;
  /** Trading without its pauses. */
  readonly segments: readonly TimeSpan[];
  readonly settleUs: TsUs;
  readonly basis: CalendarBasis;
  /** What sets the day apart; null on a regular one. */
  readonly special: SpecialDay | null;
  /** Local times: `17:00 (Sun)–15:15, 15:30–16:00`. */
  readonly hours: string;
}

/** Sessions whose label is in [from, to]. Errors: E_CALENDAR_SPAN. */
export function sessionViews(
  calendar: GroupCalendar,
  from: TradeDate,
  to: TradeDate,
): readonly SessionView[] {
  const special = new Map(calendar.specialDays(from, to).map((day) => [day.label, day]));
  const views: SessionView[] = [];
  for (let label = from; label <= to; label = addDays(label, 1)) {
    const session = calendar.sessionOfLabel(label);
    if (session === null) continue;
    const segments = segmentsOf(calendar, session);
    views.push({
      label,
      tradeDate: session.tradeDate,
      segments,
      settleUs: session.settleUs,
      basis: calendar.confidenceOf(label),
      special: special.get(label) ?? null,
      hours: hoursText(calendar, label, segments),
    });
  }
  return views;
}

/** The stretches of trading of one session, its pauses left out. */
function segmentsOf(
  calendar: GroupCalendar,
  session: { readonly openUs: TsUs; readonly closeUs: TsUs; readonly label: TradeDate },
): readonly TimeSpan[] {
  const columns = calendar.sessionsBetween(session.openUs, session.closeUs);
  const row = columns.label.indexOf(session.label);
  const pauses = [...columns.breakRow.keys()].filter((k) => columns.breakRow[k] === row);
  const opens = [session.openUs, ...pauses.map((k) => columns.breakEndUs[k]!)];
  const closes = [...pauses.map((k) => columns.breakStartUs[k]!), session.closeUs];
  return opens.map((openUs, k) => ({ openUs: openUs as TsUs, closeUs: closes[k]! as TsUs }));
}

/** `16:00` local to the exchange. */
export function clockText(calendar: GroupCalendar, tsUs: TsUs): string {
  const minutes = Math.floor(calendar.localMinutes(tsUs));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** `Sun 2026-11-22 17:00` local to the exchange. */
export function momentText(calendar: GroupCalendar, tsUs: TsUs): string {
  return `${dayText(calendar.localDate(tsUs))} ${clockText(calendar, tsUs)}`;
}

/** `Sun 2026-11-22`. */
export function dayText(date: TradeDate): string {
  return `${WEEKDAY_NAMES[weekdayOf(date)]!.slice(0, 3)} ${toIsoDate(date)}`;
}

/** The weekday stands beside a time that is not on the label's own date. A close at midnight is `24:00` of the day it ends. */
function hoursText(
  calendar: GroupCalendar,
  label: TradeDate,
  segments: readonly TimeSpan[],
): string {
  const point = (tsUs: TsUs, isClose: boolean): string => {
    const [date, clock] = localPoint(calendar, tsUs, isClose);
    if (date === label) return clock;
    return `${clock} (${WEEKDAY_NAMES[weekdayOf(date)]!.slice(0, 3)})`;
  };
  return segments
    .map(({ openUs, closeUs }) => {
      const [open, close] = [point(openUs, false), point(closeUs, true)];
      const isOneDay = open.includes('(') && close.endsWith(open.slice(open.indexOf('(')));
      return isOneDay ? `${open.slice(0, 5)}–${close}` : `${open}–${close}`;
    })
    .join(', ');
}

function localPoint(
  calendar: GroupCalendar,
  tsUs: TsUs,
  isClose: boolean,
): readonly [TradeDate, string] {
  const clock = clockText(calendar, tsUs);
  const date = calendar.localDate(tsUs);
  return isClose && clock === '00:00' ? [addDays(date, -1), '24:00'] : [date, clock];
}

/** Hours of the days on which nothing special happens. */
export interface UsualHours {
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** Weekdays of the label, 0 Sunday to 6 Saturday. */
  readonly weekdays: readonly number[];
  /** `17:00 the day before to 16:00, pause 15:15 to 15:30`. */
  readonly text: string;
}

/** Usual hours in [from, to], apart for every set of hours that begins in it. Errors: E_CALENDAR_SPAN. */
export function usualHours(
  calendar: GroupCalendar,
  from: TradeDate,
  to: TradeDate,
): readonly UsualHours[] {
  const starts = calendar.rules.regimes
    .map((regime) => parseTradeDate(regime.from))
    .filter((date) => date > from && date <= to);
  return [from, ...starts].flatMap((begin, k) => {
    const end = (starts[k] === undefined ? to : starts[k] - 1) as TradeDate;
    return hoursByWeekday(calendar, begin, end);
  });
}

/**
 * By weekday, Monday first. A night session of Monday may be Friday's evening: where it makes fewer lines, days are counted
 * as business days.
 */
function hoursByWeekday(
  calendar: GroupCalendar,
  from: TradeDate,
  to: TradeDate,
): readonly UsualHours[] {
  const views = sessionViews(calendar, from, to);
  const rows = views.flatMap((view, k) =>
    view.special === null ? [{ view, before: views[k - 1]?.label ?? null }] : [],
  );
  const [byDay, byBusinessDay] = [false, true].map((isBusiness) =>
    groupsOf(
      rows.map(({ view, before }) => ({
        weekday: weekdayOf(view.label),
        text: relativeText(calendar, view, isBusiness ? before : null),
      })),
    ),
  );
  const groups = byBusinessDay!.length < byDay!.length ? byBusinessDay! : byDay!;
  return groups.map(({ text, weekdays }) => ({ from, to, weekdays, text }));
}

/** Weekdays with the same usual text. */
function groupsOf(
  rows: readonly { readonly weekday: number; readonly text: string }[],
): readonly { readonly text: string; readonly weekdays: readonly number[] }[] {
  const groups: { text: string; weekdays: number[] }[] = [];
  for (const weekday of [1, 2, 3, 4, 5, 6, 0]) {
    const counts = new Map<string, number>();
    for (const row of rows)
      if (row.weekday === weekday) counts.set(row.text, (counts.get(row.text) ?? 0) + 1);
    const usual = [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
    if (usual === undefined) continue;
    const group = groups.find(({ text }) => text === usual);
    if (group === undefined) groups.push({ text: usual, weekdays: [weekday] });
    else group.weekdays.push(weekday);
  }
  return groups;
}

/** Times with the day that they lie on: in calendar days or, with the label of the session before, in business days. */
function relativeText(
  calendar: GroupCalendar,
  { label, segments }: SessionView,
  before: TradeDate | null,
): string {
  const place = (date: TradeDate): string => {
    if (date === label) return '';
    if (date === before) return ' the business day before';
    if (label - date === 1) return ' the day before';
    return ` on ${WEEKDAY_NAMES[weekdayOf(date)]!}`;
  };
  return segments
    .map(({ openUs, closeUs }) => {
      const [openDate, open] = localPoint(calendar, openUs, false);
      const [closeDate, close] = localPoint(calendar, closeUs, true);
      // The close of a night is that of the next morning, whatever day that is.
      const isNight = openDate === before && closeDate === addDays(openDate, 1);
      const end = isNight ? '' : place(closeDate);
      if (closeDate === openDate && end !== '') return `${open} to ${close}${end}`;
      return `${open}${place(openDate)} to ${close}${end}`;
    })
    .join(', ');
}

/** `Mon to Fri`, `Mon, Wed`. */
export function weekdaysText(weekdays: readonly number[]): string {
  const short = weekdays.map((weekday) => WEEKDAY_NAMES[weekday]!.slice(0, 3));
  const order = weekdays.map((weekday) => (weekday + 6) % 7);
  const isRun = order.every((day, k) => k === 0 || day === order[k - 1]! + 1);
  return isRun && short.length > 2 ? `${short[0]!} to ${short.at(-1)!}` : short.join(', ');
}

/** What a special day is, in a few words: `closed`, `closes 12:15`, `opens 08:30`, or its hours. */
export function specialText(calendar: GroupCalendar, day: SpecialDay): string {
  if (day.session === null) return 'closed';
  const segments = segmentsOf(calendar, day.session);
  if (day.kind === 'early-close') return `closes ${clockText(calendar, segments.at(-1)!.closeUs)}`;
  const hours = hoursText(calendar, day.label, segments);
  if (day.kind === 'late-open') return `opens ${hours.split('–')[0]!}`;
  return day.kind === 'extra' ? `extra session ${hours}` : hours;
}

/** Dates of one contract that matter to somebody who holds it. */
export interface ContractYearRow {
  readonly contract: ContractSpec;
  /** Whether the product's hold cycle has it. */
  readonly isHeld: boolean;
  /** The session at whose close a position moves on; null for a month that is not held. */
  readonly rollDate: TradeDate | null;
  /** Contract that the roll leads to. */
  readonly rollTo: string | null;
}

export interface CalendarYear {
  readonly year: number;
  readonly calendar: GroupCalendar;
  readonly spec: InstrumentSpec | null;
  /** The part of the year that the calendar answers for. */
  readonly from: TradeDate;
  readonly to: TradeDate;
  readonly hours: readonly UsualHours[];
  readonly specialDays: readonly (SpecialDay & { readonly text: string })[];
  /** Contracts with a date in the year, by last trade date; empty for a group. */
  readonly contracts: readonly ContractYearRow[];
  readonly rollRule: string | null;
  /** What a reader must know before believing it. */
  readonly notes: readonly string[];
}

/**
 * One year of a group, or of a product with its expiries, first notices and rolls. The rule is the product's own where none
 * is given; it must be one of dates, because a calendar has no data.
 * Errors: E_CALENDAR_SPAN for a year that lies wholly outside the calendar, E_ROLL_RULE for a rule that needs data, those of
 * contract dates.
 */
export function calendarYear(
  calendars: Calendars,
  target: {
    readonly calendar: GroupCalendar;
    readonly spec: InstrumentSpec | null;
    readonly rule?: RollRule;
  },
  year: number,
): CalendarYear {
  const { calendar, spec } = target;
  const { rules } = calendar;
  const rule = spec === null ? null : (target.rule ?? defaultRollRule(spec));
  if (rule !== null) checkDatesOnly(rule);
  const [first, last] = [toTradeDate(year, 1, 1), toTradeDate(year, 12, 31)];
  const isPart =
    calendar.confidenceOf(first) === 'outside' || calendar.confidenceOf(last) === 'outside';
  const [begin, end] = [parseTradeDate(rules.from), parseTradeDate(rules.to)];
  const isTouched = begin <= last && end >= first;
  const from = isPart && isTouched ? (Math.max(first, begin) as TradeDate) : first;
  const to = isPart && isTouched ? (Math.min(last, end) as TradeDate) : last;
  const specialDays = calendar
    .specialDays(from, to)
    .map((day) => ({ ...day, text: specialText(calendar, day) }));
  const contracts =
    spec === null || rule === null
      ? []
      : contractsOfYear(calendars, { calendar, spec, rule }, [from, to]);
  return {
    year,
    calendar,
    spec,
    from,
    to,
    hours: usualHours(calendar, from, to),
    specialDays,
    contracts,
    rollRule: rule === null ? null : rollRuleText(rule),
    notes: [
      ...notesOf(calendar, { year, from, to, first, last }, contracts),
      ...(spec !== null && contracts.length === 0 ? [noContracts(spec, year)] : []),
    ],
  };
}

/** Errors: E_ROLL_RULE. */
function checkDatesOnly(rule: RollRule): void {
  const isDates =
    dateRuleOf(rule) !== null && conditionOf(rule) === null && rule.kind !== 'weighted';
  if (isDates) return;
  throw new TradingError(
    'E_ROLL_RULE',
    `the rule ${formatRollRule(rule)} cannot be told from a calendar`,
    {
      details: { rule },
      rule: 'a year without data has rolls by dates: calendar, approx, first-day, last-day',
      fix: 'choose such a rule, or ask `frontmonth rolls`, which reads data',
    },
  );
}

/** Goes on after "at the close of the session". */
function rollRuleText(rule: RollRule): string {
  if (rule.kind !== 'calendar') return `named by ${formatRollRule(rule)}`;
  const anchor = {
    'last-trade': 'last trade',
    'first-notice': 'first notice',
    earlier: 'the earlier of last trade and first notice',
  }[rule.anchor];
  return `${rule.days} ${rule.count} day${rule.days === 1 ? '' : 's'} before ${anchor}`;
}

interface RollTarget {
  readonly calendar: GroupCalendar;
  readonly spec: InstrumentSpec;
  readonly rule: RollRule;
}

function contractsOfYear(
  calendars: Calendars,
  target: RollTarget,
  [from, to]: readonly [TradeDate, TradeDate],
): readonly ContractYearRow[] {
  const { spec } = target;
  const isIn = (date: TradeDate | null): boolean => date !== null && date >= from && date <= to;
  const rolls = rollsOf(calendars, target, from, to);
  const year = Number(toIsoDate(from).slice(0, 4));
  // A contract may end the month after its name (milk), or months before it.
  const rows = [year - 1, year, year + 1].flatMap((one) => listedContracts(calendars, spec, one));
  return rows
    .map((contract): ContractYearRow => {
      const roll = rolls.get(contract.id);
      return {
        contract,
        isHeld: roll !== undefined,
        rollDate: roll?.date ?? null,
        rollTo: roll?.to ?? null,
      };
    })
    .filter(
      ({ contract: { dates }, rollDate }) =>
        isIn(dates.lastTradeDate) || isIn(dates.firstNoticeDate) || isIn(rollDate),
    )
    .toSorted((a, b) => a.contract.dates.lastTradeDate - b.contract.dates.lastTradeDate);
}

/** None where the product did not exist or its calendar does not reach. */
function listedContracts(
  calendars: Calendars,
  spec: InstrumentSpec,
  year: number,
): readonly ContractSpec[] {
  try {
    return buildChain(spec, calendars, year, year, { cycle: 'listed' });
  } catch (error) {
    const isOutside =
      error instanceof TradingError &&
      (error.code === 'E_CONTRACT_UNLISTED' || error.code === 'E_CALENDAR_SPAN');
    if (isOutside) return [];
    throw error;
  }
}

/** By contract: when a position leaves it, and where to. */
function rollsOf(
  calendars: Calendars,
  { calendar, spec, rule }: RollTarget,
  from: TradeDate,
  to: TradeDate,
): ReadonlyMap<string, { readonly date: TradeDate | null; readonly to: string | null }> {
  const rolls = new Map<string, { date: TradeDate | null; to: string | null }>();
  let chain: readonly ContractSpec[];
  try {
    chain = holdChain({ spec, calendars, from, to });
  } catch (error) {
    if (error instanceof TradingError) return rolls;
    throw error;
  }
  for (const [k, contract] of chain.entries()) {
    const next = chain[k + 1];
    if (next === undefined) continue;
    const { opens, ends } = rollWindow(rule, contract, calendar);
    // The first close of the window: the day that the rule names, or the first session after it.
    let date: TradeDate | null = null;
    for (let day = opens; day < ends && date === null; day = addDays(day, 1))
      if (hasSession(calendar, day)) date = day;
    rolls.set(contract.id, { date, to: next.id });
  }
  return rolls;
}

/** False where the calendar has no answer. */
function hasSession(calendar: GroupCalendar, day: TradeDate): boolean {
  try {
    return calendar.sessionOfLabel(day) !== null;
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_CALENDAR_SPAN') return false;
    throw error;
  }
}

function notesOf(
  calendar: GroupCalendar,
  span: {
    readonly year: number;
    readonly from: TradeDate;
    readonly to: TradeDate;
    readonly first: TradeDate;
    readonly last: TradeDate;
  },
  contracts: readonly ContractYearRow[],
): readonly string[] {
  const { rules } = calendar;
  const notes: string[] = [];
  const { from, to, first, last } = span;
  if (from > first) notes.push(`The calendar begins ${toIsoDate(from)}.`);
  if (to < last) notes.push(`The calendar ends ${toIsoDate(to)}.`);
  const bases = new Set([calendar.confidenceOf(from), calendar.confidenceOf(to)]);
  if (bases.has('outside'))
    notes.push(
      `By the nearest rules alone: nothing is sourced outside ${rules.from} to ${rules.to}.`,
    );
  else if (bases.has('rule'))
    notes.push(
      `By rule after ${rules.publishedTo ?? rules.to}, where the published tables end: check before relying on it.`,
    );
  const approximate = contracts.filter(({ contract }) => contract.dates.kind === 'approximate');
  if (approximate.length > 0)
    notes.push(`Dates marked ~ are approximate: ${whyApproximate(approximate)}.`);
  return notes;
}

function noContracts({ root, listedSince, lastContract }: InstrumentSpec, year: number): string {
  const since = listedSince === undefined ? '' : ` It has traded since ${listedSince}.`;
  const end = lastContract === undefined ? '' : ` Its last contract was ${root}${lastContract}.`;
  return `No contract of ${root} has a date in ${year}.${since}${end}`;
}

function whyApproximate(rows: readonly ContractYearRow[]): string {
  const reasons = rows.flatMap(({ contract: { dates } }) =>
    dates.kind === 'approximate' && dates.why !== undefined ? [dates.why] : [],
  );
  return [...new Set(reasons)].join('; ') || 'their rule or its holidays are not certain';
}
