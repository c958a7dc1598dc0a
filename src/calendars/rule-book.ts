/** Session rules read once, and the columns of sessions built from them. */
import { TradingError } from '../core/errors.ts';
import type { SessionColumns } from '../core/session.ts';
import { addDays, parseTradeDate, toCivilDate, toIsoDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import type { ParsedSegment, Point } from './clock-point.ts';
import { ANCHOR, LabelClock, parsePoint, PlainPoints } from './clock-point.ts';
import { datesOfRules } from './rules.ts';
import type { ClockPoint, DayHours, DayShape, GroupRules, Regime, Segment } from './sessions.ts';
import type { ZoneTable, ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

/** Sessions with their continuous segments: a session without a break is one segment. */
export interface BuiltSessions {
  readonly columns: SessionColumns;
  /** When order entry opens, by row; the open itself where nothing earlier is known. */
  readonly preOpenUs: Float64Array;
  /** Stretches of uninterrupted trading: sessions that touch are one stretch. */
  readonly segmentOpenUs: Float64Array;
  readonly segmentCloseUs: Float64Array;
}

/** [from, to) in microseconds UTC. */
export type Span = readonly [number, number];

/** Where a shape comes from. */
export interface ShapeOrigin {
  /** Path in the group's rules: `dayRules[3]`, `exceptions[0]`. */
  readonly entry: string;
  /** Named day of a rule; null for an exception. */
  readonly name: string | null;
  readonly offset: number;
  /** What an exception says; empty for a rule. */
  readonly why: string;
  readonly source: string | null;
}

/** A shape on its date, its points read. */
export interface DatedShape {
  readonly shape: DayShape;
  readonly origin: ShapeOrigin;
  /** Trade date by exception. */
  readonly tradeDate: TradeDate | null;
  /** Opens a day without a label of its own. */
  readonly opensDay: boolean;
  readonly open: Point | null;
  readonly close: Point | null;
  readonly segments: readonly ParsedSegment[] | null;
  readonly preOpen: Point | null;
  readonly settle: Point | null;
}

interface ParsedHours {
  readonly segments: readonly ParsedSegment[];
  readonly afterGap: readonly ParsedSegment[] | null;
  readonly preOpen: Point | null;
  /** The end of a full session. */
  readonly end: Point;
  /** Settlement, end, order entry (or the settlement again), then the segments. */
  readonly plain: PlainPoints;
  readonly plainAfterGap: PlainPoints | null;
}
interface ParsedBreak {
  readonly weekday: number;
  readonly fromMinutes: number;
  readonly toMinutes: number;
}
interface ParsedRegime {
  readonly from: TradeDate;
  readonly hours: readonly ParsedHours[];
  readonly hasLabel: readonly boolean[];
  readonly dayOpen: Point | null;
  readonly weeklyBreaks: readonly ParsedBreak[];
  readonly settle: Point;
}

const MONDAY_TO_FRIDAY: readonly number[] = [1, 2, 3, 4, 5];
const WEEKDAYS: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
/** Days before the first label that are walked without being kept: it must know what session came before it. */
const RUN_UP_DAYS = 21;

export class RuleBook {
  readonly rules: GroupRules;
  readonly home: ZoneTable;
  readonly business: BusinessCalendar;
  readonly #zones: ZoneTables;
  readonly #regimes: readonly ParsedRegime[];
  #shapes: {
    readonly from: TradeDate;
    readonly to: TradeDate;
    readonly byDate: ReadonlyMap<TradeDate, DatedShape>;
  } | null = null;

  /** Errors: E_ZONE, E_TIME, E_TRADE_DATE for rules that cannot be read. */
  constructor(rules: GroupRules, zones: ZoneTables, business: BusinessCalendar) {
    this.rules = rules;
    this.#zones = zones;
    this.home = zones.get(rules.zone);
    this.business = business;
    const settle = this.#point(rules.settle);
    this.#regimes = rules.regimes.map((regime) => this.#parseRegime(regime, settle));
  }

  /**
   * Every session with a label in [from, to]. Labels before the first regime take its hours.
   * Errors: E_CALENDAR_RULE where two segments or sessions overlap.
   */
  build(from: TradeDate, to: TradeDate): BuiltSessions {
    const start = addDays(from, -RUN_UP_DAYS);
    this.home.cover(toCivilDate(start).year - 1, toCivilDate(to).year + 1);
    const shapes = this.shapes(start, to);
    const holidays = this.business.holidayFlags(start, to);
    const isLabelPolicy = this.rules.tradeDates === 'label';
    const clock = new LabelClock(this.business);
    const out = new SessionWriter(to - from + 1, from);
    let regimeIndex = 0;
    let nextRegimeFrom = this.#regimes[1]?.from ?? Infinity;
    let fullLabel = start - 2;
    let sessionBefore: TradeDate | null = null;
    let businessBefore = this.business.add(start, -1);
    let weekday = weekdayOf(start);
    for (let label = start; label <= to; label = addDays(label, 1)) {
      const today = weekday;
      weekday = today === 6 ? 0 : today + 1;
      while (label >= nextRegimeFrom) {
        regimeIndex += 1;
        nextRegimeFrom = this.#regimes[regimeIndex + 1]?.from ?? Infinity;
      }
      const regime = this.#regimes[regimeIndex]!;
      const isBusinessDay = today !== 0 && today !== 6 && holidays[label - start] === 0;
      const dated = shapes.get(label);
      if (regime.hasLabel[today]! || dated?.opensDay === true) {
        const hours = regime.hours[today]!;
        const isGap = fullLabel !== label - 1 && hours.afterGap !== null;
        const plain = isGap ? hours.plainAfterGap! : hours.plain;
        const tradeDate =
          dated?.tradeDate ??
          (isLabelPolicy || isBusinessDay ? label : this.business.add(label, 1));
        const isPlain =
          dated === undefined &&
          label >= from &&
          regime.weeklyBreaks.length === 0 &&
          ((label >= plain.validFrom && label < plain.validTo) || plain.refresh(label));
        if (isPlain) {
          out.addPlain(plain, label, tradeDate, businessBefore, sessionBefore ?? businessBefore);
        } else {
          clock.begin(label, sessionBefore);
          const regular = isGap ? hours.afterGap! : hours.segments;
          out.begin(label, tradeDate);
          this.#addShaped(out, clock, regime, hours, regular, dated);
        }
        if (out.fault !== null) throw this.#overlap(label, regimeIndex, dated, out.fault);
        if (!out.isEmpty) sessionBefore = label;
        if (out.isFull) fullLabel = label;
      }
      if (isBusinessDay) businessBefore = label;
    }
    return out.build();
  }

  #addShaped(
    out: SessionWriter,
    clock: LabelClock,
    regime: ParsedRegime,
    hours: ParsedHours,
    regular: readonly ParsedSegment[],
    dated: DatedShape | undefined,
  ): void {
    const spans = this.#cutWeekly(shapedSpans(clock, regime, regular, dated), regime);
    if (spans.length === 0) return;
    for (const span of spans) out.segment(span[0], span[1]);
    out.finish(
      clock.toUs(hours.end),
      clock.toUs(dated?.settle ?? regime.settle),
      preOpenOf(clock, hours, regular, dated, spans[0]![0]),
    );
  }

  /** What happens on single days of [from, to], by date. A date without an entry is regular. */
  shapes(from: TradeDate, to: TradeDate): ReadonlyMap<TradeDate, DatedShape> {
    const known = this.#shapes;
    if (known !== null && known.from <= from && known.to >= to) return known.byDate;
    const byDate = this.#shapesBetween(from, to);
    this.#shapes = { from, to, byDate };
    return byDate;
  }

  /**
   * Regular trading time of a label, whatever happens on that day; empty for a weekday without labels.
   * `sessionBefore` is the label of the session before it.
   */
  regularSpans(label: TradeDate, sessionBefore: TradeDate | null): readonly Span[] {
    const regime = this.#regimeOf(label);
    const weekday = weekdayOf(label);
    if (!regime.hasLabel[weekday]!) return [];
    const hours = regime.hours[weekday]!;
    const isGap = sessionBefore !== label - 1 && hours.afterGap !== null;
    const clock = new LabelClock(this.business);
    clock.begin(label, sessionBefore);
    const points = isGap ? hours.afterGap : hours.segments;
    return this.#cutWeekly(
      points.map(([open, close]) => [clock.toUs(open), clock.toUs(close)] as const),
      regime,
    );
  }

  /** Whether the weekday of a label carries sessions. */
  hasLabel(label: TradeDate): boolean {
    return this.#regimeOf(label).hasLabel[weekdayOf(label)]!;
  }

  /** Points of a time of day on a label's date. */
  instantOf(label: TradeDate, wallTime: string, zone: string): number {
    return this.#zones.get(zone).toUtcUs(label, parseWallTime(wallTime));
  }

  #regimeOf(label: TradeDate): ParsedRegime {
    let row = 0;
    while (row + 1 < this.#regimes.length && this.#regimes[row + 1]!.from <= label) row += 1;
    return this.#regimes[row]!;
  }

  #shapesBetween(from: TradeDate, to: TradeDate): ReadonlyMap<TradeDate, DatedShape> {
    const { namedDays, dayRules, exceptions } = this.rules;
    const [firstYear, lastYear] = [toCivilDate(from).year - 1, toCivilDate(to).year + 1];
    const datesByName = datesOfRules(namedDays, firstYear, lastYear);
    const shapes = new Map<TradeDate, DatedShape>();
    dayRules.forEach((rule, i) => {
      const ruleFrom = rule.from === undefined ? -Infinity : parseTradeDate(rule.from);
      const ruleTo = rule.to === undefined ? Infinity : parseTradeDate(rule.to);
      const offset = rule.offset ?? 0;
      const parsed = this.#parseShape(rule.shape);
      for (const name of rule.on) {
        const origin = { entry: `dayRules[${i}]`, name, offset, why: '', source: null };
        const dated: DatedShape = {
          ...parsed,
          origin,
          tradeDate: null,
          opensDay: rule.weekdays !== undefined,
        };
        const dates = datesByName.get(name);
        if (dates === undefined) throw this.#unknownDay(name, i);
        for (const date of dates) {
          const label = addDays(date, offset);
          const isWeekday = rule.weekdays?.includes(weekdayOf(label)) ?? true;
          const isIn = label >= ruleFrom && label <= ruleTo && label >= from && label <= to;
          if (isWeekday && isIn) shapes.set(label, dated);
        }
      }
    });
    exceptions.forEach(({ date, shape, tradeDate, why, source }, i) => {
      const label = parseTradeDate(date);
      if (label < from || label > to) return;
      shapes.set(label, {
        ...this.#parseShape(shape),
        origin: { entry: `exceptions[${i}]`, name: null, offset: 0, why, source: source ?? null },
        tradeDate: typeof tradeDate === 'string' ? parseTradeDate(tradeDate) : null,
        opensDay: true,
      });
    });
    return shapes;
  }

  #parseShape(
    shape: DayShape,
  ): Pick<DatedShape, 'shape' | 'open' | 'close' | 'segments' | 'preOpen' | 'settle'> {
    const isShort = shape.kind === 'short';
    const hasSegments = shape.kind === 'segments';
    return {
      shape,
      open: isShort ? this.#pointOrNull(shape.open) : null,
      close: isShort ? this.#pointOrNull(shape.close) : null,
      segments: hasSegments ? shape.segments.map((segment) => this.#segment(segment)) : null,
      preOpen: hasSegments ? this.#pointOrNull(shape.preOpen) : null,
      settle: hasSegments ? this.#pointOrNull(shape.settle) : null,
    };
  }

  #parseRegime(regime: Regime, groupSettle: Point): ParsedRegime {
    const weekdays = regime.weekdays ?? MONDAY_TO_FRIDAY;
    const settle = this.#pointOrNull(regime.settle) ?? groupSettle;
    const common = this.#parseHours(regime.hours, regime.preOpen, settle);
    return {
      from: parseTradeDate(regime.from),
      hours: WEEKDAYS.map((weekday) => {
        const own = regime.byWeekday?.[weekday];
        const preOpen = regime.preOpenByWeekday?.[weekday];
        if (own === undefined && preOpen === undefined) return common;
        return this.#parseHours(own ?? regime.hours, preOpen ?? regime.preOpen, settle);
      }),
      hasLabel: WEEKDAYS.map((weekday) => weekdays.includes(weekday)),
      dayOpen: this.#pointOrNull(regime.dayOpen),
      weeklyBreaks: (regime.weeklyBreaks ?? []).map(({ weekday, from, to }) => ({
        weekday,
        fromMinutes: parseWallTime(from),
        toMinutes: parseWallTime(to),
      })),
      settle,
    };
  }

  #parseHours(hours: DayHours, preOpenText: ClockPoint | undefined, settle: Point): ParsedHours {
    const segments = hours.segments.map((segment) => this.#segment(segment));
    const afterGap = hours.afterGap?.map((segment) => this.#segment(segment)) ?? null;
    const preOpen = this.#pointOrNull(preOpenText);
    const end = segments.at(-1)![1];
    const plainOf = (parsed: readonly ParsedSegment[]): PlainPoints =>
      new PlainPoints([settle, end, preOpen ?? settle, ...parsed.flat()], preOpen !== null);
    return {
      segments,
      afterGap,
      preOpen,
      end,
      plain: plainOf(segments),
      plainAfterGap: afterGap === null ? null : plainOf(afterGap),
    };
  }

  #segment([open, close]: Segment): ParsedSegment {
    return [this.#point(open), this.#point(close)];
  }

  #point(point: ClockPoint): Point {
    return parsePoint(point, this.home, this.#zones);
  }

  #pointOrNull(point: ClockPoint | undefined): Point | null {
    return point === undefined ? null : this.#point(point);
  }

  /** Cuts the weekly breaks of a regime out of segments. */
  #cutWeekly(segments: readonly Span[], regime: ParsedRegime): readonly Span[] {
    if (regime.weeklyBreaks.length === 0) return segments;
    const zone = this.home;
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

  #unknownDay(name: string, row: number): TradingError {
    const known = [...new Set(this.rules.namedDays.map((day) => day.name))];
    return ruleError(this.rules.id, `dayRules[${row}].on`, `there is no day named "${name}"`, {
      rule: `a day rule names days of the group: ${known.join(', ')}`,
      fix: 'correct the name, or add the day to namedDays',
    });
  }

  #overlap(
    label: TradeDate,
    regimeIndex: number,
    dated: DatedShape | undefined,
    fault: string,
  ): TradingError {
    const entry = dated?.origin.entry ?? `regimes[${regimeIndex}]`;
    return ruleError(this.rules.id, entry, `on ${toIsoDate(label)} ${fault}`, {
      rule: 'segments follow each other, each ends after its start, and no session begins before the last one ended',
      fix: 'correct the times, or close the day that two sessions claim',
      label: toIsoDate(label),
    });
  }
}

/** An error about one entry of a group's rules. */
export function ruleError(
  group: string,
  entry: string,
  message: string,
  options: { readonly rule: string; readonly fix: string; readonly label?: string },
): TradingError {
  const { rule, fix, label } = options;
  return new TradingError('E_CALENDAR_RULE', `calendar ${group}, ${entry}: ${message}`, {
    details: { group, entry, ...(label === undefined ? {} : { label }) },
    rule,
    fix,
  });
}

/** Applies what happens on a day to its regular segments; an empty list means closed. */
function shapedSpans(
  clock: LabelClock,
  regime: ParsedRegime,
  regular: readonly ParsedSegment[],
  dated: DatedShape | undefined,
): readonly Span[] {
  const shape = dated?.shape;
  if (shape?.kind === 'closed') return [];
  const isShort = dated !== undefined && shape?.kind === 'short';
  let openUs = isShort && dated.open !== null ? clock.toUs(dated.open) : -Infinity;
  if (isShort && shape.dayOnly === true && regime.dayOpen !== null)
    openUs = Math.max(openUs, clock.toUs(regime.dayOpen));
  const closeUs = isShort && dated.close !== null ? clock.toUs(dated.close) : Infinity;
  const spans: Span[] = [];
  for (const segment of dated?.segments ?? regular) {
    const [start, end] = [clock.toUs(segment[0]), clock.toUs(segment[1])];
    if (!isShort) spans.push([start, end]);
    else if (Math.max(start, openUs) < Math.min(end, closeUs))
      spans.push([Math.max(start, openUs), Math.min(end, closeUs)]);
  }
  return spans;
}

/** The regular order entry belongs to the regular open; before a late open nothing is known about it. */
function preOpenOf(
  clock: LabelClock,
  hours: ParsedHours,
  regular: readonly ParsedSegment[],
  dated: DatedShape | undefined,
  openUs: number,
): number {
  if (dated !== undefined && dated.preOpen !== null)
    return Math.min(clock.toUs(dated.preOpen), openUs);
  if (hours.preOpen === null) return openUs;
  if (dated !== undefined && openUs !== clock.toUs(regular[0]![0])) return openUs;
  return Math.min(clock.toUs(hours.preOpen), openUs);
}

function without([start, end]: Span, [cutStart, cutEnd]: Span): readonly Span[] {
  const before: Span = [start, Math.min(end, cutStart)];
  const after: Span = [Math.max(start, cutEnd), end];
  return [before, after].filter(([from, to]) => from < to);
}

/** Where the points of a plan stand that are no segments. */
const PLAN = { settle: 0, end: 1, preOpen: 2, segments: 3 } as const;

/**
 * Collects rows in columns of a fixed capacity. Hot while a calendar is built: a row is `begin`, then `addPlain` or `segment`
 * and `finish`. Rows before the first label are walked and not kept.
 */
class SessionWriter {
  readonly #firstLabel: number;
  readonly #open: Float64Array;
  readonly #close: Float64Array;
  readonly #label: Int32Array;
  readonly #tradeDate: Int32Array;
  readonly #settle: Float64Array;
  readonly #preOpen: Float64Array;
  readonly #breakRow: number[] = [];
  readonly #breakStart: number[] = [];
  readonly #breakEnd: number[] = [];
  /** Stretches of trading; twice as long when full. */
  #segmentOpen: Float64Array;
  #segmentClose: Float64Array;
  #segments: number = 0;
  #rows: number = 0;
  #lastClose: number = -Infinity;
  #lastTradeDate: number = -Infinity;
  /** Of the row in hand. */
  #rowLabel: number = 0;
  #rowTradeDate: number = 0;
  #rowOpen: number = NaN;
  #rowClose: number = NaN;
  isEmpty: boolean = true;
  isFull: boolean = false;
  /** What is wrong with the row, or null. */
  fault: string | null = null;

  constructor(capacity: number, firstLabel: TradeDate) {
    this.#firstLabel = firstLabel;
    this.#open = new Float64Array(capacity);
    this.#close = new Float64Array(capacity);
    this.#label = new Int32Array(capacity);
    this.#tradeDate = new Int32Array(capacity);
    this.#settle = new Float64Array(capacity);
    this.#preOpen = new Float64Array(capacity);
    this.#segmentOpen = new Float64Array(2 * capacity);
    this.#segmentClose = new Float64Array(2 * capacity);
  }

  /**
   * A regular day far from any change of clocks. In a new process this runs interpreted: it does in one go, on locals, what
   * `begin`, `segment` and `finish` do one by one.
   */
  addPlain(
    plan: PlainPoints,
    label: number,
    tradeDate: number,
    businessBefore: number,
    sessionBefore: number,
  ): void {
    const { anchors, fromAnchorUs: points } = plan;
    const length = anchors.length;
    const labelUs = label * US_PER_DAY;
    const row = this.#rows;
    if (this.#segments + length > this.#segmentOpen.length) this.#grow();
    const opens = this.#segmentOpen;
    const closes = this.#segmentClose;
    let count = this.#segments;
    let end = this.#lastClose;
    for (let i: number = PLAN.segments; i < length; i += 2) {
      const openUs = points[i]! + dayUs(anchors[i]!, labelUs, businessBefore, sessionBefore);
      const closeUs =
        points[i + 1]! + dayUs(anchors[i + 1]!, labelUs, businessBefore, sessionBefore);
      if (openUs > end) {
        opens[count] = openUs;
        closes[count] = closeUs;
        count += 1;
        if (i > PLAN.segments) this.#addBreak(row, end, openUs);
      } else if (openUs === end) closes[count - 1] = closeUs;
      if (openUs < end || closeUs <= openUs) this.#setFault(openUs, closeUs, i === PLAN.segments);
      if (i === PLAN.segments) this.#open[row] = openUs;
      end = closeUs;
    }
    const openUs = this.#open[row]!;
    const settleUs =
      points[PLAN.settle]! + dayUs(anchors[PLAN.settle]!, labelUs, businessBefore, sessionBefore);
    const preOpenUs = plan.hasPreOpen
      ? points[PLAN.preOpen]! +
        dayUs(anchors[PLAN.preOpen]!, labelUs, businessBefore, sessionBefore)
      : openUs;
    this.isEmpty = false;
    this.isFull =
      end >= points[PLAN.end]! + dayUs(anchors[PLAN.end]!, labelUs, businessBefore, sessionBefore);
    this.#close[row] = end;
    this.#label[row] = label;
    if (tradeDate > this.#lastTradeDate) this.#lastTradeDate = tradeDate;
    this.#tradeDate[row] = this.#lastTradeDate;
    this.#settle[row] = settleUs < end ? settleUs : end;
    this.#preOpen[row] = preOpenUs < openUs ? preOpenUs : openUs;
    this.#lastClose = end;
    this.#segments = count;
    this.#rows = row + 1;
  }

  begin(label: number, tradeDate: number): void {
    this.#rowLabel = label;
    this.#rowTradeDate = tradeDate;
    this.isEmpty = true;
    this.isFull = false;
  }

  segment(openUs: number, closeUs: number): void {
    const isFirst = this.isEmpty;
    // A row of the run-up may rest on holidays that the group does not state: nothing is measured against it.
    if (this.#rowLabel >= this.#firstLabel) {
      const end = isFirst ? this.#lastClose : this.#rowClose;
      if (openUs < end || closeUs <= openUs) this.#setFault(openUs, closeUs, isFirst);
      if (!isFirst && openUs > end) this.#addBreak(this.#rows, end, openUs);
      if (openUs === end) {
        this.#segmentClose[this.#segments - 1] = closeUs;
      } else {
        if (this.#segments === this.#segmentOpen.length) this.#grow();
        this.#segmentOpen[this.#segments] = openUs;
        this.#segmentClose[this.#segments] = closeUs;
        this.#segments += 1;
      }
    }
    if (isFirst) this.#rowOpen = openUs;
    this.#rowClose = closeUs;
    this.isEmpty = false;
  }

  finish(endUs: number, settleUs: number, preOpenUs: number): void {
    this.isFull = this.#rowClose >= endUs;
    if (this.#rowLabel < this.#firstLabel) return;
    const row = this.#rows;
    this.#open[row] = this.#rowOpen;
    this.#close[row] = this.#rowClose;
    this.#label[row] = this.#rowLabel;
    // An exception may move a trade date forward; those after it must not fall behind.
    if (this.#rowTradeDate > this.#lastTradeDate) this.#lastTradeDate = this.#rowTradeDate;
    this.#tradeDate[row] = this.#lastTradeDate;
    this.#settle[row] = settleUs < this.#rowClose ? settleUs : this.#rowClose;
    this.#preOpen[row] = preOpenUs < this.#rowOpen ? preOpenUs : this.#rowOpen;
    this.#lastClose = this.#rowClose;
    this.#rows = row + 1;
  }

  #addBreak(row: number, startUs: number, endUs: number): void {
    this.#breakRow.push(row);
    this.#breakStart.push(startUs);
    this.#breakEnd.push(endUs);
  }

  #setFault(openUs: number, closeUs: number, isFirst: boolean): void {
    if (closeUs <= openUs) this.fault = 'a segment ends before it begins';
    else if (isFirst) this.fault = 'the session begins before the one before it ends';
    else this.fault = 'two segments overlap';
  }

  #grow(): void {
    const opens = new Float64Array(2 * this.#segmentOpen.length);
    const closes = new Float64Array(opens.length);
    opens.set(this.#segmentOpen);
    closes.set(this.#segmentClose);
    this.#segmentOpen = opens;
    this.#segmentClose = closes;
  }

  build(): BuiltSessions {
    const rows = this.#rows;
    return {
      columns: {
        length: rows,
        openUs: this.#open.slice(0, rows),
        closeUs: this.#close.slice(0, rows),
        label: this.#label.slice(0, rows),
        tradeDate: this.#tradeDate.slice(0, rows),
        settleUs: this.#settle.slice(0, rows),
        breakRow: Int32Array.from(this.#breakRow),
        breakStartUs: Float64Array.from(this.#breakStart),
        breakEndUs: Float64Array.from(this.#breakEnd),
      },
      preOpenUs: this.#preOpen.slice(0, rows),
      segmentOpenUs: this.#segmentOpen.slice(0, this.#segments),
      segmentCloseUs: this.#segmentClose.slice(0, this.#segments),
    };
  }
}

/** Midnight UTC of the date that a point counts from. */
function dayUs(
  anchor: number,
  labelUs: number,
  businessBefore: number,
  sessionBefore: number,
): number {
  if (anchor === ANCHOR.label) return labelUs;
  return (anchor === ANCHOR.business ? businessBefore : sessionBefore) * US_PER_DAY;
}
