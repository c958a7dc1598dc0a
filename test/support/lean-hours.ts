/** Reads the market-hours extract of the reference data: what it says about one product on one date. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface RawEntry {
  readonly exchangeTimeZone: string;
  readonly holidays?: readonly string[];
  readonly earlyCloses?: Readonly<Record<string, string>>;
  readonly lateOpens?: Readonly<Record<string, string>>;
}

export interface LeanDay {
  /** `closed`, `regular`, or the local time of an early close. */
  readonly close: string;
  /** Local time of a late open of the day, before the afternoon; null where none is stated. */
  readonly morningOpen: string | null;
  /** Whether trading is stated to resume on the evening: `open`, `shut`, or null where nothing is said. */
  readonly evening: 'open' | 'shut' | null;
}

/**
 * One product with the entry of its whole market, whose holidays are the stock market's: an early close of the product on such
 * a day means short, not closed. "Early closes" at or after the afternoon's end mean that no evening session follows.
 */
export class LeanHours {
  readonly zone: string;
  readonly #holidays: ReadonlySet<string>;
  readonly #early: ReadonlyMap<string, string>;
  readonly #late: ReadonlyMap<string, string>;
  readonly #dayEnd: string;

  /** `dayEnd`: local time of the regular close of a session with an evening after it. */
  constructor(dir: string, market: string, root: string, dayEnd: string) {
    const text = readFileSync(join(dir, 'lean/market_hours_futures.json'), 'utf8');
    const { entries } = JSON.parse(text) as { entries: Record<string, RawEntry> };
    const own = entries[`Future-${market}-${root}`]!;
    const all = entries[`Future-${market}-[*]`]!;
    this.zone = own.exchangeTimeZone;
    this.#holidays = new Set([...(all.holidays ?? []), ...(own.holidays ?? [])].map(isoOf));
    this.#early = byDate({ ...all.earlyCloses, ...own.earlyCloses });
    this.#late = byDate({ ...all.lateOpens, ...own.lateOpens });
    this.#dayEnd = dayEnd;
  }

  on(date: string): LeanDay {
    const early = this.#early.get(date);
    const late = this.#late.get(date);
    const isEveningOpen = late !== undefined && late >= '16:00';
    const isEveningShut = early !== undefined && early >= this.#dayEnd;
    const close =
      early !== undefined && !isEveningShut
        ? early
        : (early === undefined && isEveningOpen) ||
            (early === undefined && this.#holidays.has(date))
          ? 'closed'
          : 'regular';
    return {
      close,
      morningOpen: late !== undefined && !isEveningOpen ? late : null,
      evening: isEveningOpen ? 'open' : isEveningShut ? 'shut' : null,
    };
  }
}

function isoOf(date: string): string {
  const [month, day, year] = date.split('/');
  return `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`;
}

function byDate(times: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(times).map(([date, time]) => [isoOf(date), time.slice(0, 5)]));
}
