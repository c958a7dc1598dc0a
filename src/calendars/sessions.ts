/**
 * Session rules as data, and the columns built from them.
 *
 * A group has regimes (regular hours with an effective-from label), day rules (what a named day does to a session, the
 * last match winning) and exceptions (single dates, winning over rules). A session is a list of one or more segments;
 * the gaps between them are its breaks.
 */
import { assert } from '../core/errors.ts';
import type { SessionColumns } from '../core/session.ts';
import { addDays, parseTradeDate, toCivilDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import type { DayRule } from './rules.ts';
import { datesOfRules } from './rules.ts';
import type { ZoneTable, ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

/**
 * Local wall time with the day it falls on; with a zone when that is not the group's.
 *
 * | Text            | Day                                                                             |
 * | --------------- | ------------------------------------------------------------------------------- |
 * | `17:00`         | the label's date                                                                |
 * | `-1 17:00`      | calendar days before it (`-2`, ...) or after it (`+1`)                          |
 * | `-b 16:30`      | the business day before the label, by the group's business calendar             |
 * | `-b+1 06:00`    | the calendar day after that business day                                        |
 * | `-s 17:15`      | the label of the session before this one, holidays with a session of their own included |
 * | `-s+1 03:00`    | the calendar day after that label                                               |
 *
 * So a night session that belongs to the next business day is `['-b 16:30', '-b+1 06:00']`: for Monday that of Friday.
 */
export type ClockPoint = string | { readonly at: string; readonly zone: string };
export type Segment = readonly [open: ClockPoint, close: ClockPoint];

/** A weekly pause, local wall time of the group's zone, cut out of whatever session lies over it. */
export interface WeeklyBreak {
  /** 0 Sunday to 6 Saturday. */
  readonly weekday: number;
  readonly from: string;
  readonly to: string;
}

/** Hours of one weekday. */
export interface DayHours {
  readonly segments: readonly Segment[];
  /** Used instead when the calendar day before had no session or a shortened one. */
  readonly afterGap?: readonly Segment[];
}

export interface Regime {
  /** First label (YYYY-MM-DD) on which these hours hold. */
  readonly from: string;
  readonly hours: DayHours;
  /** By weekday, 0 Sunday to 6 Saturday, where it differs from `hours`. */
  readonly byWeekday?: Readonly<Record<number, DayHours>>;
  /** Open of a day session without the evening before it, for shapes that say `dayOnly`. */
  readonly dayOpen?: string;
  /** Weekdays that carry labels, 0 Sunday to 6 Saturday; Monday to Friday when not given. */
  readonly weekdays?: readonly number[];
  readonly weeklyBreaks?: readonly WeeklyBreak[];
  /** When order entry opens before a session that opens at its regular time; no entry before the open when not given. */
  readonly preOpen?: ClockPoint;
  /** By weekday of the label, where it differs from `preOpen`. */
  readonly preOpenByWeekday?: Readonly<Record<number, ClockPoint>>;
  /** Settlement time of these hours, where it differs from the group's. */
  readonly settle?: ClockPoint;
}

/** What happens to a session. `regular` undoes an earlier rule. */
export type DayShape =
  | { readonly kind: 'closed' }
  | { readonly kind: 'regular' }
  /** An early close, a late open or a session without its evening; what is not given stays regular. */
  | {
      readonly kind: 'short';
      readonly close?: ClockPoint;
      readonly open?: ClockPoint;
      readonly dayOnly?: true;
    }
  /** Hours of its own: half days, a day without its night session, a Saturday session. */
  | {
      readonly kind: 'segments';
      readonly segments: readonly Segment[];
      readonly preOpen?: ClockPoint;
    };

export interface DayShapeRule {
  /** Names of days, from the group's holidays and named days. */
  readonly on: readonly string[];
  /** Calendar days from the named day; -3 is the Friday before a Monday. */
  readonly offset?: number;
  /** Labels in [from, to], YYYY-MM-DD. */
  readonly from?: string;
  readonly to?: string;
  /** Weekdays of the label, 0 Sunday to 6 Saturday. A rule opens a weekend day only when it names it here. */
  readonly weekdays?: readonly number[];
  readonly shape: DayShape;
}

/** A single date. It wins over rules, and may open a day that has no label otherwise, such as a Saturday. */
export interface SessionException {
  readonly date: string;
  readonly shape: DayShape;
  readonly why: string;
  /** Notice or publication it rests on; the sources of the group when not given. */
  readonly source?: string;
  /**
   * Trade date of this session where it is not the group's policy. `null` says that the sources do not settle it; the policy
   * is used all the same.
   */
  readonly tradeDate?: string | null;
}

/**
 * `next-business-day`: a session whose label is no business day belongs to the next one, as at CME Group.
 * `label`: the trade date is the label, as on stock exchanges.
 */
export type TradeDatePolicy = 'next-business-day' | 'label';

/** Usual trading hours of the underlying, local wall time. */
export interface RegularHours {
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}

export interface GroupRules {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** First label, YYYY-MM-DD: the first day of the first sourced regime. */
  readonly from: string;
  /** Last label of the last published holiday table; `to` when not given. Later labels rest on rules alone. */
  readonly publishedTo?: string;
  /** Last label. Beyond `publishedTo` only where the group's holidays are rules. */
  readonly to: string;
  readonly businessCalendar: string;
  /** `next-business-day` when not given. */
  readonly tradeDates?: TradeDatePolicy;
  readonly regimes: readonly Regime[];
  /** Named days that shapes refer to; being named closes nothing. */
  readonly namedDays: readonly DayRule[];
  readonly dayRules: readonly DayShapeRule[];
  readonly exceptions: readonly SessionException[];
  /** When the settlement price is taken, on the label's date; on a session that ends before, its close. */
  readonly settle: ClockPoint;
  /** Usual trading hours of the underlying, for session windows and reports. */
  readonly regularHours: RegularHours;
  /** Regular hours of earlier times, each up to and including its last label, in time order. */
  readonly earlierRegularHours?: readonly (RegularHours & { readonly until: string })[];
  /** How sure the rules are, and by what. */
  readonly confidence: 'high' | 'medium' | 'low';
  readonly sources: readonly string[];
}

/** Sessions with their continuous segments: a session without a break is one segment. */
export interface BuiltSessions {
  readonly columns: SessionColumns;
  /** When order entry opens, by row; the open itself where nothing earlier is known. */
  readonly preOpenUs: Float64Array;
  /** Stretches of uninterrupted trading: sessions that touch are one stretch. */
  readonly segmentOpenUs: Float64Array;
  readonly segmentCloseUs: Float64Array;
}

/** What a day offset counts from. */
type Anchor = 'label' | 'business' | 'session';
interface Point {
  readonly anchor: Anchor;
  readonly dayOffset: number;
  readonly minutes: number;
  readonly zone: string | null;
}
type ParsedSegment = readonly [Point, Point];
/** [from, to) in microseconds UTC. */
type Span = readonly [number, number];
interface ParsedHours {
  readonly segments: readonly ParsedSegment[];
  readonly afterGap: readonly ParsedSegment[] | null;
  readonly preOpen: Point | null;
}
interface ParsedRegime {
  readonly from: TradeDate;
  readonly hours: readonly ParsedHours[];
  readonly weekdays: readonly number[];
  readonly dayOpen: Point | null;
  readonly weeklyBreaks: readonly ParsedBreak[];
  readonly settle: Point | null;
}
interface ParsedBreak {
  readonly weekday: number;
  readonly fromMinutes: number;
  readonly toMinutes: number;
}
interface DatedShape {
  readonly shape: DayShape;
  /** Trade date by exception. */
  readonly tradeDate: TradeDate | null;
  /** Opens a day without a label of its own. */
  readonly opensDay: boolean;
}

/** Builds every session of the group's span. Errors: E_ZONE, E_TIME for rules that cannot be read. */
export function buildSessions(
  rules: GroupRules,
  zones: ZoneTables,
  business: BusinessCalendar,
): BuiltSessions {
  const from = parseTradeDate(rules.from);
  const to = parseTradeDate(rules.to);
  const regimes = rules.regimes.map(parseRegime);
  const shapes = shapesByDate(rules, from, to);
  const groupSettle = parsePoint(rules.settle);
  const isLabelPolicy = rules.tradeDates === 'label';
  const day = new DayClock(zones, rules.zone, business);
  const out = new SessionWriter();
  let regimeIndex = 0;
  // A span's first session has no known day before it; a gap there gives the plain opening.
  let fullLabel = from - 2;
  for (let label = from; label <= to; label = addDays(label, 1)) {
    while (regimes[regimeIndex + 1] !== undefined && regimes[regimeIndex + 1]!.from <= label) {
      regimeIndex += 1;
    }
    const weekday = weekdayOf(label);
    const regime = regimes[regimeIndex]!;
    const dated = shapes.get(label);
    if (!regime.weekdays.includes(weekday) && dated?.opensDay !== true) continue;
    day.begin(label);
    const hours = regime.hours[weekday]!;
    const isAfterGap = fullLabel !== label - 1;
    const regularPoints = isAfterGap && hours.afterGap !== null ? hours.afterGap : hours.segments;
    const shape = dated?.shape ?? null;
    const segments = cutWeekly(day, segmentsOf(day, regime, regularPoints, shape), regime);
    if (segments.length === 0) continue;
    const openUs = segments[0]![0];
    const closeUs = segments[segments.length - 1]![1];
    const ownPreOpen = shape?.kind === 'segments' && shape.preOpen !== undefined;
    const preOpen = ownPreOpen ? parsePoint(shape.preOpen) : hours.preOpen;
    // The regular order entry belongs to the regular open; before a late open nothing is known about it.
    const hasPreOpen = ownPreOpen || openUs === day.toUs(regularPoints[0]![0]);
    out.add({
      segments,
      label,
      tradeDate:
        dated?.tradeDate ??
        (isLabelPolicy || business.isBusinessDay(label) ? label : business.add(label, 1)),
      settleUs: day.toUs(regime.settle ?? groupSettle),
      preOpenUs: preOpen !== null && hasPreOpen ? Math.min(day.toUs(preOpen), openUs) : openUs,
    });
    day.sessionBefore = label;
    if (closeUs >= day.toUs(hours.segments.at(-1)![1])) fullLabel = label;
  }
  return out.build();
}

/** Turns points into instants for one label at a time. */
class DayClock {
  readonly #zones: ZoneTables;
  readonly #home: ZoneTable;
  readonly #business: BusinessCalendar;
  #label: TradeDate = 0 as TradeDate;
  /** Label of the session before; null before the first. */
  sessionBefore: TradeDate | null = null;

  constructor(zones: ZoneTables, zone: string, business: BusinessCalendar) {
    this.#zones = zones;
    this.#home = zones.get(zone);
    this.#business = business;
  }

  get home(): ZoneTable {
    return this.#home;
  }

  begin(label: TradeDate): void {
    this.#label = label;
  }

  toUs(point: Point): number {
    const zone = point.zone === null ? this.#home : this.#zones.get(point.zone);
    return zone.toUtcUs(addDays(this.#anchorDate(point.anchor), point.dayOffset), point.minutes);
  }

  #anchorDate(anchor: Anchor): TradeDate {
    switch (anchor) {
      case 'label':
        return this.#label;
      case 'business':
        return this.#business.add(this.#label, -1);
      case 'session':
        return this.sessionBefore ?? this.#business.add(this.#label, -1);
    }
  }
}

/** Applies a shape to the regular segments of a day; an empty list means closed. */
function segmentsOf(
  day: DayClock,
  regime: ParsedRegime,
  regular: readonly ParsedSegment[],
  shape: DayShape | null,
): readonly Span[] {
  if (shape?.kind === 'closed') return [];
  const points = shape?.kind === 'segments' ? shape.segments.map(parseSegment) : regular;
  const segments = points.map(([open, close]) => [day.toUs(open), day.toUs(close)] as const);
  if (shape?.kind !== 'short') return segments;
  let openUs = -Infinity;
  if (shape.open !== undefined) openUs = day.toUs(parsePoint(shape.open));
  if (shape.dayOnly === true && regime.dayOpen !== null)
    openUs = Math.max(openUs, day.toUs(regime.dayOpen));
  const closeUs = shape.close === undefined ? Infinity : day.toUs(parsePoint(shape.close));
  return segments
    .map(([start, end]) => [Math.max(start, openUs), Math.min(end, closeUs)] as const)
    .filter(([start, end]) => start < end);
}

/** Cuts the weekly breaks of a regime out of segments. */
function cutWeekly(
  day: DayClock,
  segments: readonly Span[],
  regime: ParsedRegime,
): readonly Span[] {
  if (regime.weeklyBreaks.length === 0) return segments;
  const zone = day.home;
  return segments.flatMap((segment) => {
    let pieces: readonly Span[] = [segment];
    const last = zone.localDate(segment[1]);
    for (let date = zone.localDate(segment[0]); date <= last; date = addDays(date, 1)) {
      for (const { weekday, fromMinutes, toMinutes } of regime.weeklyBreaks) {
        if (weekdayOf(date) !== weekday) continue;
        const cut: Span = [zone.toUtcUs(date, fromMinutes), zone.toUtcUs(date, toMinutes)];
        pieces = pieces.flatMap((piece) => without(piece, cut));
      }
    }
    return pieces;
  });
}

function without([start, end]: Span, [cutStart, cutEnd]: Span): readonly Span[] {
  const before: Span = [start, Math.min(end, cutStart)];
  const after: Span = [Math.max(start, cutEnd), end];
  return [before, after].filter(([from, to]) => from < to);
}

function shapesByDate(
  rules: GroupRules,
  from: TradeDate,
  to: TradeDate,
): ReadonlyMap<TradeDate, DatedShape> {
  const datesByName = datesOfRules(
    rules.namedDays,
    toCivilDate(from).year - 1,
    toCivilDate(to).year + 1,
  );
  const shapes = new Map<TradeDate, DatedShape>();
  for (const rule of rules.dayRules) {
    const ruleFrom = rule.from === undefined ? from : parseTradeDate(rule.from);
    const ruleTo = rule.to === undefined ? to : parseTradeDate(rule.to);
    const opensDay = rule.weekdays !== undefined;
    for (const name of rule.on) {
      const dates = datesByName.get(name);
      assert(dates !== undefined, 'every day rule names a day that its group defines');
      for (const date of dates) {
        const label = addDays(date, rule.offset ?? 0);
        const isWeekday = rule.weekdays === undefined || rule.weekdays.includes(weekdayOf(label));
        if (isWeekday && label >= ruleFrom && label <= ruleTo)
          shapes.set(label, { shape: rule.shape, tradeDate: null, opensDay });
      }
    }
  }
  for (const { date, shape, tradeDate } of rules.exceptions) {
    shapes.set(parseTradeDate(date), {
      shape,
      tradeDate: typeof tradeDate === 'string' ? parseTradeDate(tradeDate) : null,
      opensDay: true,
    });
  }
  return shapes;
}

const MONDAY_TO_FRIDAY: readonly number[] = [1, 2, 3, 4, 5];

function parseRegime(regime: Regime): ParsedRegime {
  const hours = Array.from({ length: 7 }, (_, weekday) =>
    parseHours(
      regime.byWeekday?.[weekday] ?? regime.hours,
      regime.preOpenByWeekday?.[weekday] ?? regime.preOpen,
    ),
  );
  return {
    from: parseTradeDate(regime.from),
    hours,
    weekdays: regime.weekdays ?? MONDAY_TO_FRIDAY,
    dayOpen: regime.dayOpen === undefined ? null : parsePoint(regime.dayOpen),
    weeklyBreaks: (regime.weeklyBreaks ?? []).map(({ weekday, from, to }) => ({
      weekday,
      fromMinutes: parseWallTime(from),
      toMinutes: parseWallTime(to),
    })),
    settle: regime.settle === undefined ? null : parsePoint(regime.settle),
  };
}

function parseHours(hours: DayHours, preOpen: ClockPoint | undefined): ParsedHours {
  return {
    segments: hours.segments.map(parseSegment),
    afterGap: hours.afterGap === undefined ? null : hours.afterGap.map(parseSegment),
    preOpen: preOpen === undefined ? null : parsePoint(preOpen),
  };
}

function parseSegment([open, close]: Segment): ParsedSegment {
  return [parsePoint(open), parsePoint(close)];
}

const POINT = /^(?:([+-]\d+|-[bs](?:[+-]\d+)?) )?(\d{2}:\d{2})$/;

/** Errors: E_TIME. */
function parsePoint(point: ClockPoint): Point {
  const at = typeof point === 'string' ? point : point.at;
  const zone = typeof point === 'string' ? null : point.zone;
  const match = POINT.exec(at);
  const day = match?.[1];
  // What does not match is refused by the parser of wall times, in its words.
  const minutes = parseWallTime(match?.[2] ?? at);
  if (day === undefined) return { anchor: 'label', dayOffset: 0, minutes, zone };
  const anchor = day[1] === 'b' ? 'business' : day[1] === 's' ? 'session' : 'label';
  const offset = anchor === 'label' ? day : day.slice(2);
  return { anchor, dayOffset: offset === '' ? 0 : Number(offset), minutes, zone };
}

interface SessionRow {
  readonly segments: readonly Span[];
  readonly label: TradeDate;
  readonly tradeDate: TradeDate;
  readonly settleUs: number;
  readonly preOpenUs: number;
}

/** Collects rows and turns them into columns once. */
class SessionWriter {
  readonly #open: number[] = [];
  readonly #close: number[] = [];
  readonly #label: number[] = [];
  readonly #tradeDate: number[] = [];
  readonly #settle: number[] = [];
  readonly #breakRow: number[] = [];
  readonly #breakStart: number[] = [];
  readonly #breakEnd: number[] = [];
  readonly #preOpen: number[] = [];
  readonly #segmentOpen: number[] = [];
  readonly #segmentClose: number[] = [];
  #lastClose: number = -Infinity;

  add({ segments, label, tradeDate, settleUs, preOpenUs }: SessionRow): void {
    const open = segments[0]![0];
    const close = segments[segments.length - 1]![1];
    assert(open >= this.#lastClose, 'sessions of a group do not overlap');
    for (let i = 0; i < segments.length; i += 1) {
      const [start, end] = segments[i]!;
      assert(end > start, 'a segment ends after its start');
      if (i > 0) {
        this.#breakRow.push(this.#open.length);
        this.#breakStart.push(segments[i - 1]![1]);
        this.#breakEnd.push(start);
      }
      const isTouching = this.#segmentClose.at(-1) === start;
      if (isTouching) {
        this.#segmentClose[this.#segmentClose.length - 1] = end;
      } else {
        this.#segmentOpen.push(start);
        this.#segmentClose.push(end);
      }
    }
    this.#open.push(open);
    this.#close.push(close);
    this.#lastClose = close;
    this.#label.push(label);
    this.#tradeDate.push(tradeDate);
    this.#settle.push(Math.min(settleUs, close));
    this.#preOpen.push(preOpenUs);
  }

  build(): BuiltSessions {
    return {
      columns: {
        length: this.#open.length,
        openUs: Float64Array.from(this.#open),
        closeUs: Float64Array.from(this.#close),
        label: Int32Array.from(this.#label),
        tradeDate: Int32Array.from(this.#tradeDate),
        settleUs: Float64Array.from(this.#settle),
        breakRow: Int32Array.from(this.#breakRow),
        breakStartUs: Float64Array.from(this.#breakStart),
        breakEndUs: Float64Array.from(this.#breakEnd),
      },
      preOpenUs: Float64Array.from(this.#preOpen),
      segmentOpenUs: Float64Array.from(this.#segmentOpen),
      segmentCloseUs: Float64Array.from(this.#segmentClose),
    };
  }
}
