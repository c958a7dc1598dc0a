/** Points of local time that a session rule names, and the instants they become for one label. */
import { TradingError } from '../core/errors.ts';
import { addDays } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../core/units.ts';
import type { BusinessCalendar } from './business-days.ts';
import type { ZoneTable, ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

/**
 * Local wall time with the day it falls on; with a zone when that is not the group's.
 *
 * | Text         | Day                                                                                     |
 * | ------------ | --------------------------------------------------------------------------------------- |
 * | `17:00`      | the label's date                                                                        |
 * | `-1 17:00`   | calendar days before it (`-2`, ...) or after it (`+1`)                                  |
 * | `-b 16:30`   | the business day before the label, by the group's business calendar                     |
 * | `-b+1 06:00` | the calendar day after that business day                                                |
 * | `-s 17:15`   | the label of the session before this one, holidays with a session of their own included |
 * | `-s+1 03:00` | the calendar day after that label                                                       |
 *
 * So a night session that belongs to the next business day is `['-b 16:30', '-b+1 06:00']`: for Monday that of Friday.
 */
export type ClockPoint = string | { readonly at: string; readonly zone: string };
export type Segment = readonly [open: ClockPoint, close: ClockPoint];

/** What a day offset counts from. */
export const ANCHOR = { label: 0, business: 1, session: 2 } as const;
type Anchor = (typeof ANCHOR)[keyof typeof ANCHOR];

export interface Point {
  readonly anchor: Anchor;
  readonly dayOffset: number;
  readonly minutes: number;
  readonly zone: ZoneTable;
}
export type ParsedSegment = readonly [Point, Point];

const POINT = /^(?:([+-]\d+|-[bs](?:[+-]\d+)?) )?(\d{2}:\d{2})$/;

/** Errors: E_TIME, E_ZONE. */
export function parsePoint(point: ClockPoint, home: ZoneTable, zones: ZoneTables): Point {
  const at = typeof point === 'string' ? point : point.at;
  const zone = typeof point === 'string' ? home : zones.get(point.zone);
  const match = POINT.exec(at);
  if (match === null) {
    throw new TradingError('E_TIME', `"${at}" is not a local time with its day`, {
      details: { text: at },
      rule: 'HH:MM, or with the day before it: -1, +1, -b, -b+1, -s, -s+1',
      fix: 'write 08:30, -1 17:00 or -b 16:30',
    });
  }
  const minutes = parseWallTime(match[2]!);
  const day = match[1];
  if (day === undefined) return { anchor: ANCHOR.label, dayOffset: 0, minutes, zone };
  const anchor = day[1] === 'b' ? ANCHOR.business : day[1] === 's' ? ANCHOR.session : ANCHOR.label;
  const offset = anchor === ANCHOR.label ? day : day.slice(2);
  return { anchor, dayOffset: offset === '' ? 0 : Number(offset), minutes, zone };
}

/** Turns points into instants for one label at a time. */
export class LabelClock {
  readonly #business: BusinessCalendar;
  #label: TradeDate = 0 as TradeDate;
  /** Label of the session before; null before the first. */
  #sessionBefore: TradeDate | null = null;

  constructor(business: BusinessCalendar) {
    this.#business = business;
  }

  begin(label: TradeDate, sessionBefore: TradeDate | null): void {
    this.#label = label;
    this.#sessionBefore = sessionBefore;
  }

  toUs(point: Point): number {
    const { anchor, zone } = point;
    const date = anchor === ANCHOR.label ? this.#label : this.#dayBefore(anchor);
    return zone.toUtcUs(addDays(date, point.dayOffset), point.minutes);
  }

  #dayBefore(anchor: Anchor): TradeDate {
    const session = anchor === ANCHOR.session ? this.#sessionBefore : null;
    return session ?? this.#business.add(this.#label, -1);
  }
}

/** Longest way from a label to the business day or session before it that plain arithmetic is trusted with. */
const ANCHOR_DAYS_MAX = 14;

/**
 * Points as microseconds from the midnight of their anchor's date as a number of days, for labels far from any change of
 * clocks: then an instant is an addition. Most labels are; the others go through `LabelClock`.
 */
export class PlainPoints {
  readonly #points: readonly Point[];
  readonly anchors: readonly Anchor[];
  readonly fromAnchorUs: Float64Array;
  /** Labels for which the numbers hold, [validFrom, validTo). */
  validFrom: number = Infinity;
  validTo: number = -Infinity;

  /** Whether there is an order entry before the open. */
  readonly hasPreOpen: boolean;

  constructor(points: readonly Point[], hasPreOpen: boolean) {
    this.#points = points;
    this.hasPreOpen = hasPreOpen;
    this.anchors = points.map(({ anchor }) => anchor);
    this.fromAnchorUs = new Float64Array(points.length);
  }

  /** Makes the numbers hold for a label; false near a change of clocks. */
  refresh(label: TradeDate): boolean {
    let [from, to] = [-Infinity, Infinity];
    for (let i = 0; i < this.#points.length; i += 1) {
      const { anchor, dayOffset, minutes, zone } = this.#points[i]!;
      const steady = zone.steadyDates(label);
      const reach = Math.abs(dayOffset) + (anchor === ANCHOR.label ? 1 : ANCHOR_DAYS_MAX);
      from = Math.max(from, steady.fromDate + reach);
      to = Math.min(to, steady.toDate - reach);
      this.fromAnchorUs[i] = dayOffset * US_PER_DAY + minutes * US_PER_MINUTE - steady.offsetUs;
    }
    const holds = label >= from && label < to;
    this.validFrom = holds ? from : Infinity;
    this.validTo = holds ? to : -Infinity;
    return holds;
  }
}
