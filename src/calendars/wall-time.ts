/**
 * Local wall time to UTC and back, from a transition table made out of the runtime's zone data, year by year as asked for.
 * The host's own zone plays no part: every question to `Intl` names the zone.
 */
import { TradingError } from '../core/errors.ts';
import { toCivilDate, toTradeDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../core/units.ts';

/**
 * Years that a table may cover; instants outside are answered one by one by `Intl`: slower, never wrong. Before 1973 some
 * offsets had seconds.
 */
const FIRST_YEAR = 1973;
const LAST_YEAR = 2100;
const MS_PER_DAY = 86_400_000;
/** Shorter than any two neighbouring transitions of a zone, so that no pair hides between two probes. */
const PROBE_MS = 14 * MS_PER_DAY;
/** Transitions fall on whole quarter hours of UTC in every zone since 1972. */
const STEP_MS = 900_000;
/** A rule such as "second Sunday of March" comes back after 52 or 53 weeks. */
const RETURNS_MS: readonly number[] = [364 * MS_PER_DAY, 371 * MS_PER_DAY];

/** Offsets between transitions; row i holds from `sinceUs[i]` to the next row's, the last one to `endUs`. */
interface Transitions {
  readonly fromYear: number;
  readonly toYear: number;
  readonly endUs: number;
  readonly sinceUs: Float64Array;
  readonly offsetUs: Float64Array;
  /** Local times for which the row is the only reading. */
  readonly localFromUs: Float64Array;
  readonly localToUs: Float64Array;
}

export interface SteadyDates {
  readonly fromDate: TradeDate;
  readonly toDate: TradeDate;
  /** Microseconds to add to UTC to get local time. */
  readonly offsetUs: number;
}

/** One zone. */
export class ZoneTable {
  readonly zone: string;
  /** Day, hour and minute are enough where offsets are whole minutes, and half as dear as a full date. */
  readonly #short: Intl.DateTimeFormat;
  #full: Intl.DateTimeFormat | null = null;
  #table: Transitions | null = null;
  /** Row of the last answer: questions come in time order more often than not. */
  #row: number = 0;

  /** Errors: E_ZONE. */
  constructor(zone: string) {
    this.zone = zone;
    this.#short = zoneFormat(zone, { day: 'numeric', hour: '2-digit', minute: '2-digit' });
  }

  /** Microseconds to add to UTC to get local time. */
  offsetUsAt(tsUs: number): number {
    let table = this.#table;
    if (table === null || tsUs < table.sinceUs[0]! || tsUs >= table.endUs) {
      table = this.#tableFor(tsUs);
      if (table === null) return this.#askFullMs(Math.floor(tsUs / 1000)) * 1000;
    }
    const since = table.sinceUs;
    const last = since.length - 1;
    const row = this.#row;
    if (since[row]! <= tsUs && (row === last || tsUs < since[row + 1]!))
      return table.offsetUs[row]!;
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (since[middle]! <= tsUs) low = middle;
      else high = middle - 1;
    }
    this.#row = low;
    return table.offsetUs[low]!;
  }

  /**
   * Instant of a local wall time, given as a date and minutes from its midnight (may be negative or above 1440).
   * A wall time that occurs twice means the first; one that is skipped means the same span after the gap's start.
   */
  toUtcUs(date: TradeDate, minutes: number): TsUs {
    const localUs = date * US_PER_DAY + minutes * US_PER_MINUTE;
    const table = this.#table;
    const row = this.#row;
    if (table !== null && localUs >= table.localFromUs[row]! && localUs < table.localToUs[row]!)
      return (localUs - table.offsetUs[row]!) as TsUs;
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

  /**
   * The stretch of local dates around a date on which one offset holds all day, [fromDate, toDate); empty where the offset
   * changes on that date, or where no table reaches.
   */
  steadyDates(date: TradeDate): SteadyDates {
    const noonUs = date * US_PER_DAY + US_PER_DAY / 2;
    const offsetUs = this.offsetUsAt(noonUs - this.offsetUsAt(noonUs));
    const table = this.#table;
    const row = this.#row;
    if (table === null || table.offsetUs[row] !== offsetUs)
      return { fromDate: date, toDate: date, offsetUs };
    return {
      fromDate: Math.ceil(table.localFromUs[row]! / US_PER_DAY) as TradeDate,
      toDate: Math.floor(table.localToUs[row]! / US_PER_DAY) as TradeDate,
      offsetUs,
    };
  }

  /** Makes the table cover whole years at once, instead of one after the other when asked. */
  cover(fromYear: number, toYear: number): void {
    const from = Math.max(FIRST_YEAR, fromYear);
    const to = Math.min(LAST_YEAR, toYear);
    if (from > to) return;
    const table = this.#table;
    if (table !== null && table.fromYear <= from && table.toYear >= to) return;
    const [first, last] =
      table === null ? [from, to] : [Math.min(from, table.fromYear), Math.max(to, table.toYear)];
    const since: number[] = [];
    const offsets: number[] = [];
    if (table === null) {
      this.#probe(first, last, since, offsets);
    } else {
      if (first < table.fromYear) this.#probe(first, table.fromYear - 1, since, offsets);
      for (let i = 0; i < table.sinceUs.length; i += 1) {
        // The first row of the old table is a year's start, not a change.
        if (i > 0 || offsets.length === 0 || offsets.at(-1) !== table.offsetUs[0]) {
          since.push(table.sinceUs[i]!);
          offsets.push(table.offsetUs[i]!);
        }
      }
      if (last > table.toYear) this.#probe(table.toYear + 1, last, since, offsets);
    }
    this.#table = toTransitions(first, last, since, offsets);
    this.#row = 0;
  }

  /** Moments of these years at which the offset changes, for tests and documents. */
  transitionsUs(fromYear: number, toYear: number): readonly number[] {
    this.cover(fromYear, toYear);
    const from = yearStartMs(fromYear) * 1000;
    const to = yearStartMs(toYear + 1) * 1000;
    return [...(this.#table?.sinceUs ?? [])].filter((us, i) => i > 0 && us >= from && us < to);
  }

  /** The table with the year of an instant in it, a year to spare on both sides; null outside the years of tables. */
  #tableFor(tsUs: number): Transitions | null {
    const fromUs = yearStartMs(FIRST_YEAR) * 1000;
    const toUs = yearStartMs(LAST_YEAR + 1) * 1000;
    if (!(tsUs >= fromUs && tsUs < toUs)) return null;
    const { year } = toCivilDate(Math.floor(tsUs / US_PER_DAY) as TradeDate);
    this.cover(year - 1, year + 1);
    return this.#table;
  }

  /** Appends the rows of [fromYear, toYear]; its first row is left out where it goes on with the last one given. */
  #probe(fromYear: number, toYear: number, since: number[], offsets: number[]): void {
    let left = yearStartMs(fromYear);
    const end = yearStartMs(toYear + 1);
    let leftOffset = this.#askShortMs(left);
    if (offsets.length === 0 || offsets.at(-1) !== leftOffset * 1000) {
      since.push(left * 1000);
      offsets.push(leftOffset * 1000);
    }
    while (left < end) {
      const right = Math.min(end, left + PROBE_MS);
      const rightOffset = this.#askShortMs(right);
      if (rightOffset !== leftOffset) {
        const transition = this.#findTransitionMs(left, right, leftOffset, since);
        // A change at the very end of the span belongs to the years after it.
        if (transition < end) {
          since.push(transition * 1000);
          offsets.push(rightOffset * 1000);
        }
      }
      left = right;
      leftOffset = rightOffset;
    }
  }

  #findTransitionMs(
    left: number,
    right: number,
    leftOffset: number,
    knownUs: readonly number[],
  ): number {
    for (const known of knownUs.slice(-3)) {
      for (const shift of RETURNS_MS) {
        const guess = known / 1000 + shift;
        const isHit =
          guess > left &&
          guess <= right &&
          this.#askShortMs(guess) !== leftOffset &&
          this.#askShortMs(guess - STEP_MS) === leftOffset;
        if (isHit) return guess;
      }
    }
    let low = Math.floor(left / STEP_MS);
    let high = Math.ceil(right / STEP_MS);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#askShortMs(middle * STEP_MS) === leftOffset) low = middle;
      else high = middle;
    }
    return high * STEP_MS;
  }

  /** Offset at a whole minute since 1973. */
  #askShortMs(ms: number): number {
    // `31, 18:00`: the day first, the time in the last five characters.
    const text = this.#short.format(ms);
    const end = text.length;
    const hour = Number(text.slice(end - 5, end - 3));
    const minute = Number(text.slice(end - 2));
    const ahead = Number.parseInt(text, 10) - new Date(ms).getUTCDate();
    // Across a month's end the day jumps back to 1, or up from it.
    const days = ahead > 1 ? -1 : ahead < -1 ? 1 : ahead;
    return days * MS_PER_DAY + (hour * 60 + minute) * 60_000 - (ms % MS_PER_DAY);
  }

  #askFullMs(ms: number): number {
    this.#full ??= zoneFormat(this.zone, {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const [month, day, year, hour, minute, second] = this.#full
      .format(ms)
      .split(/\D+/)
      .map(Number) as [number, number, number, number, number, number];
    const floored = Math.floor(ms / 1000) * 1000;
    return Date.UTC(year, month - 1, day, hour, minute, second) - floored;
  }
}

function yearStartMs(year: number): number {
  return toTradeDate(year, 1, 1) * MS_PER_DAY;
}

function toTransitions(
  fromYear: number,
  toYear: number,
  since: readonly number[],
  offsets: readonly number[],
): Transitions {
  const endUs = yearStartMs(toYear + 1) * 1000;
  const last = since.length - 1;
  return {
    fromYear,
    toYear,
    endUs,
    sinceUs: Float64Array.from(since),
    offsetUs: Float64Array.from(offsets),
    // What lies before the first row and after the last is not known here: a day of distance keeps clear of it.
    localFromUs: Float64Array.from(since, (us, i) =>
      i === 0 ? us + offsets[0]! + US_PER_DAY : us + Math.max(offsets[i - 1]!, offsets[i]!),
    ),
    localToUs: Float64Array.from(since, (_, i) =>
      i === last
        ? endUs + offsets[last]! - US_PER_DAY
        : since[i + 1]! + Math.min(offsets[i]!, offsets[i + 1]!),
    ),
  };
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

function zoneFormat(zone: string, fields: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      ...fields,
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
