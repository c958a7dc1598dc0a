/**
 * Local wall time to UTC and back, from a transition table built once per zone out of the runtime's zone data.
 * The host's own zone plays no part: every question to `Intl` names the zone.
 */
import { TradingError } from '../core/errors.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../core/units.ts';

/** Instants outside the table are answered one by one by `Intl`: slower, never wrong. */
const TABLE_FROM_MS = Date.UTC(1999, 0, 1);
const TABLE_TO_MS = Date.UTC(2038, 0, 1);
/** Shorter than any two neighbouring transitions of a zone, so that no pair hides between two probes. */
const PROBE_MS = 14 * 86_400_000;
/** Transitions fall on whole quarter hours of UTC in every zone since 1972. */
const STEP_MS = 900_000;

/** One zone: offsets between transitions. */
export class ZoneTable {
  readonly zone: string;
  readonly #format: Intl.DateTimeFormat;
  /** Moments from which `#offsetUs` of the same row holds; the first is the start of the table. */
  readonly #sinceUs: Float64Array;
  readonly #offsetUs: Float64Array;

  /** Errors: E_ZONE. */
  constructor(zone: string) {
    this.zone = zone;
    this.#format = zoneFormat(zone);
    const since: number[] = [TABLE_FROM_MS * 1000];
    const offsets: number[] = [this.#askOffsetMs(TABLE_FROM_MS) * 1000];
    let left = TABLE_FROM_MS;
    let leftOffset = offsets[0]! / 1000;
    while (left < TABLE_TO_MS) {
      const right = left + PROBE_MS;
      const rightOffset = this.#askOffsetMs(right);
      if (rightOffset !== leftOffset) {
        since.push(this.#findTransitionMs(left, right, leftOffset) * 1000);
        offsets.push(rightOffset * 1000);
      }
      [left, leftOffset] = [right, rightOffset];
    }
    this.#sinceUs = Float64Array.from(since);
    this.#offsetUs = Float64Array.from(offsets);
  }

  /** Microseconds to add to UTC to get local time. */
  offsetUsAt(tsUs: number): number {
    if (tsUs < TABLE_FROM_MS * 1000 || tsUs >= TABLE_TO_MS * 1000) {
      return this.#askOffsetMs(Math.floor(tsUs / 1000)) * 1000;
    }
    const since = this.#sinceUs;
    let low = 0;
    let high = since.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (since[middle]! <= tsUs) low = middle;
      else high = middle - 1;
    }
    return this.#offsetUs[low]!;
  }

  /**
   * Instant of a local wall time, given as a date and minutes from its midnight (may be negative or above 1440).
   * A wall time that occurs twice means the first; one that is skipped means the same span after the gap's start.
   */
  toUtcUs(date: TradeDate, minutes: number): TsUs {
    const localUs = date * US_PER_DAY + minutes * US_PER_MINUTE;
    const before = this.offsetUsAt(localUs - US_PER_DAY);
    const after = this.offsetUsAt(localUs + US_PER_DAY);
    // With the offset before the change: right ahead of it, the first of two readings, and the shifted one in a gap.
    const early = localUs - before;
    if (before === after || this.offsetUsAt(early) === before) return early as TsUs;
    const late = localUs - after;
    return (this.offsetUsAt(late) === after ? late : early) as TsUs;
  }

  /** Local calendar date of an instant. */
  localDate(tsUs: number): TradeDate {
    return Math.floor((tsUs + this.offsetUsAt(tsUs)) / US_PER_DAY) as TradeDate;
  }

  /** Minutes from local midnight, with a fraction for seconds. */
  localMinutes(tsUs: number): number {
    const localUs = tsUs + this.offsetUsAt(tsUs);
    return (localUs - Math.floor(localUs / US_PER_DAY) * US_PER_DAY) / US_PER_MINUTE;
  }

  /** Moments at which the offset changes, for tests and documents. */
  transitionsUs(): readonly number[] {
    return [...this.#sinceUs.subarray(1)];
  }

  #askOffsetMs(ms: number): number {
    const [month, day, year, hour, minute, second] = this.#format
      .format(ms)
      .split(/\D+/)
      .map(Number) as [number, number, number, number, number, number];
    const floored = Math.floor(ms / 1000) * 1000;
    return Date.UTC(year, month - 1, day, hour, minute, second) - floored;
  }

  #findTransitionMs(left: number, right: number, leftOffset: number): number {
    let low = Math.floor(left / STEP_MS);
    let high = Math.ceil(right / STEP_MS);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#askOffsetMs(middle * STEP_MS) === leftOffset) low = middle;
      else high = middle;
    }
    return high * STEP_MS;
  }
}

/** Zones of one calendar source, each built when first asked for. */
export class ZoneTables {
  readonly #tables: Map<string, ZoneTable> = new Map();

  /** Errors: E_ZONE. */
  get(zone: string): ZoneTable {
    let table = this.#tables.get(zone);
    if (table === undefined) {
      table = new ZoneTable(zone);
      this.#tables.set(zone, table);
    }
    return table;
  }
}

/** Minutes from midnight of `HH:MM`, `24:00` allowed. Errors: E_TIME. */
export function parseWallTime(text: string): number {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  const minutes = match === null ? NaN : Number(match[1]) * 60 + Number(match[2]);
  if (match === null || Number(match[2]) > 59 || minutes > 1440) {
    throw new TradingError('E_TIME', `"${text}" is not a local time HH:MM`, {
      details: { text },
      fix: 'write 08:30 or 17:00',
    });
  }
  return minutes;
}

function zoneFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new TradingError('E_ZONE', `"${zone}" is not a time zone that this runtime knows`, {
      details: { zone },
      rule: 'zones are IANA names',
      fix: 'write America/Chicago, Europe/Berlin or UTC',
      cause,
    });
  }
}
