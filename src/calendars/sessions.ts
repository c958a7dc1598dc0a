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
import { datesOfRule } from './rules.ts';
import type { ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

/** Local wall time on the label's date: `17:00`, `-1 17:00` on the evening before; with a zone when not the group's. */
export type ClockPoint = string | { readonly at: string; readonly zone: string };
export type Segment = readonly [open: ClockPoint, close: ClockPoint];

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
}

/** What happens to a session. `regular` undoes an earlier rule. */
export type DayShape =
  | { readonly kind: 'closed' }
  | { readonly kind: 'regular' }
  /** An early close, a late open or a session without its evening; what is not given stays regular. */
  | {
      readonly kind: 'short';
      readonly close?: string;
      readonly open?: string;
      readonly dayOnly?: true;
    }
  | { readonly kind: 'segments'; readonly segments: readonly Segment[] };

export interface DayShapeRule {
  /** Names of days, from the group's holidays and named days. */
  readonly on: readonly string[];
  /** Calendar days from the named day; -3 is the Friday before a Monday. */
  readonly offset?: number;
  /** Labels in [from, to], YYYY-MM-DD. */
  readonly from?: string;
  readonly to?: string;
  /** Weekdays of the label, 0 Sunday to 6 Saturday. */
  readonly weekdays?: readonly number[];
  readonly shape: DayShape;
}

export interface SessionException {
  readonly date: string;
  readonly shape: DayShape;
  readonly why: string;
}

export interface GroupRules {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** First and last label of the sourced span, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
  readonly businessCalendar: string;
  readonly regimes: readonly Regime[];
  /** Named days that shapes refer to; being named closes nothing. */
  readonly namedDays: readonly DayRule[];
  readonly dayRules: readonly DayShapeRule[];
  readonly exceptions: readonly SessionException[];
  /** When the settlement price is taken, on the label's date; on a session that ends before, its close. */
  readonly settle: ClockPoint;
  /** Usual trading hours of the underlying, for session windows and reports. */
  readonly regularHours: { readonly start: string; readonly end: string; readonly zone: string };
  /** How sure the rules are, and by what. */
  readonly confidence: 'high' | 'medium' | 'low';
  readonly sources: readonly string[];
}

/** Sessions with their continuous segments: a session without a break is one segment. */
export interface BuiltSessions {
  readonly columns: SessionColumns;
  readonly segmentOpenUs: Float64Array;
  readonly segmentCloseUs: Float64Array;
}

interface Point {
  readonly dayOffset: number;
  readonly minutes: number;
  readonly zone: string | null;
}
type ParsedSegment = readonly [Point, Point];
interface ParsedHours {
  readonly segments: readonly ParsedSegment[];
  readonly afterGap: readonly ParsedSegment[] | null;
}
interface ParsedRegime {
  readonly from: TradeDate;
  readonly hours: readonly ParsedHours[];
  readonly dayOpen: Point | null;
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
  const settle = parsePoint(rules.settle);
  const home = zones.get(rules.zone);
  const toUs = (label: TradeDate, point: Point): number =>
    (point.zone === null ? home : zones.get(point.zone)).toUtcUs(
      addDays(label, point.dayOffset),
      point.minutes,
    );
  const out = new SessionWriter();
  let regimeIndex = 0;
  // A span's first session has no known day before it; a gap there gives the plain opening.
  let fullLabel = from - 2;
  for (let label = from; label <= to; label = addDays(label, 1)) {
    while (regimes[regimeIndex + 1] !== undefined && regimes[regimeIndex + 1]!.from <= label) {
      regimeIndex += 1;
    }
    const weekday = weekdayOf(label);
    if (weekday === 0 || weekday === 6) continue;
    const regime = regimes[regimeIndex]!;
    const isAfterGap = fullLabel !== label - 1;
    const segments = segmentsOf(regime, weekday, shapes.get(label) ?? null, isAfterGap);
    if (segments.length === 0) continue;
    const instants = segments.map(
      ([open, close]) => [toUs(label, open), toUs(label, close)] as const,
    );
    const tradeDate = business.isBusinessDay(label) ? label : business.add(label, 1);
    out.add(instants, label, tradeDate, toUs(label, settle));
    if (isFull(regime, weekday, segments)) fullLabel = label;
  }
  return out.build();
}

/** Applies a shape to the regular segments of a day; an empty list means closed. */
function segmentsOf(
  regime: ParsedRegime,
  weekday: number,
  shape: DayShape | null,
  isAfterGap: boolean,
): readonly ParsedSegment[] {
  const hours = regime.hours[weekday]!;
  const regular = isAfterGap && hours.afterGap !== null ? hours.afterGap : hours.segments;
  if (shape === null || shape.kind === 'regular') return regular;
  if (shape.kind === 'closed') return [];
  if (shape.kind === 'segments') return shape.segments.map(parseSegment);
  let segments = regular;
  if (shape.open !== undefined) segments = startAt(segments, parsePoint(shape.open));
  if (shape.dayOnly === true && regime.dayOpen !== null)
    segments = startAt(segments, regime.dayOpen);
  if (shape.close !== undefined) segments = endAt(segments, parsePoint(shape.close));
  return segments;
}

/** Local order of two points; segments that name a foreign zone are never cut. */
function positionOf(point: Point): number {
  return point.dayOffset * 1440 + point.minutes;
}

function startAt(segments: readonly ParsedSegment[], open: Point): readonly ParsedSegment[] {
  return segments
    .filter(([, end]) => positionOf(end) > positionOf(open))
    .map(([start, end]) => [positionOf(start) < positionOf(open) ? open : start, end] as const);
}

function endAt(segments: readonly ParsedSegment[], close: Point): readonly ParsedSegment[] {
  return segments
    .filter(([start]) => positionOf(start) < positionOf(close))
    .map(([start, end]) => [start, positionOf(end) > positionOf(close) ? close : end] as const);
}

function isFull(
  regime: ParsedRegime,
  weekday: number,
  segments: readonly ParsedSegment[],
): boolean {
  const regularEnd = regime.hours[weekday]!.segments.at(-1)![1];
  return positionOf(segments.at(-1)![1]) >= positionOf(regularEnd);
}

function shapesByDate(
  rules: GroupRules,
  from: TradeDate,
  to: TradeDate,
): ReadonlyMap<TradeDate, DayShape> {
  const datesByName = new Map<string, TradeDate[]>();
  for (const rule of rules.namedDays) {
    const dates = datesByName.get(rule.name) ?? [];
    for (let year = toCivilDate(from).year - 1; year <= toCivilDate(to).year + 1; year += 1) {
      dates.push(...datesOfRule(rule, year));
    }
    datesByName.set(rule.name, dates);
  }
  const shapes = new Map<TradeDate, DayShape>();
  for (const rule of rules.dayRules) {
    const ruleFrom = rule.from === undefined ? from : parseTradeDate(rule.from);
    const ruleTo = rule.to === undefined ? to : parseTradeDate(rule.to);
    for (const name of rule.on) {
      const dates = datesByName.get(name);
      assert(dates !== undefined, 'every day rule names a day that its group defines');
      for (const date of dates) {
        const label = addDays(date, rule.offset ?? 0);
        const isWeekday = rule.weekdays === undefined || rule.weekdays.includes(weekdayOf(label));
        if (isWeekday && label >= ruleFrom && label <= ruleTo) shapes.set(label, rule.shape);
      }
    }
  }
  for (const { date, shape } of rules.exceptions) shapes.set(parseTradeDate(date), shape);
  return shapes;
}

function parseRegime(regime: Regime): ParsedRegime {
  const hours = Array.from({ length: 7 }, (_, weekday) =>
    parseHours(regime.byWeekday?.[weekday] ?? regime.hours),
  );
  return {
    from: parseTradeDate(regime.from),
    hours,
    dayOpen: regime.dayOpen === undefined ? null : parsePoint(regime.dayOpen),
  };
}

function parseHours(hours: DayHours): ParsedHours {
  return {
    segments: hours.segments.map(parseSegment),
    afterGap: hours.afterGap === undefined ? null : hours.afterGap.map(parseSegment),
  };
}

function parseSegment([open, close]: Segment): ParsedSegment {
  return [parsePoint(open), parsePoint(close)];
}

function parsePoint(point: ClockPoint): Point {
  const at = typeof point === 'string' ? point : point.at;
  const zone = typeof point === 'string' ? null : point.zone;
  const isEveningBefore = at.startsWith('-1 ');
  return {
    dayOffset: isEveningBefore ? -1 : 0,
    minutes: parseWallTime(isEveningBefore ? at.slice(3) : at),
    zone,
  };
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
  readonly #segmentOpen: number[] = [];
  readonly #segmentClose: number[] = [];
  #lastClose: number = -Infinity;

  add(
    segments: readonly (readonly [number, number])[],
    label: TradeDate,
    tradeDate: TradeDate,
    settleUs: number,
  ): void {
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
      this.#segmentOpen.push(start);
      this.#segmentClose.push(end);
    }
    this.#open.push(open);
    this.#close.push(close);
    this.#lastClose = close;
    this.#label.push(label);
    this.#tradeDate.push(tradeDate);
    this.#settle.push(Math.min(settleUs, close));
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
      segmentOpenUs: Float64Array.from(this.#segmentOpen),
      segmentCloseUs: Float64Array.from(this.#segmentClose),
    };
  }
}
