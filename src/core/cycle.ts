/**
 * Cycles of contract months: which months of which years a product lists, prices or holds, and the steps between them.
 *
 * A cycle is a list of ranges, each with its month letters (milling wheat: November up to 2014X, December from 2015Z on),
 * less the months that are skipped. Between two ranges there is no member: next goes to the first of the later range,
 * previous to the last of the earlier one. Steps keep their direction over skipped months, also when they began outside
 * the cycle. Pure arithmetic; dates stand in `expiry.ts`.
 */
import { TradingError } from './errors.ts';
import { MONTH_LETTERS, monthLetter } from './symbology.ts';

/** A contract's name month; not the month in which it expires (CL, NG). */
export interface ContractMonth {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
}

/** One span of years with its letters. Null is open; only the first may be open at the left, the last at the right. */
export interface CycleRange {
  /** First contract month, inclusive. */
  readonly from: ContractMonth | null;
  /** Last contract month, inclusive. */
  readonly to: ContractMonth | null;
  /** Month letters of `FGHJKMNQUVXZ`, each once, in any order. */
  readonly letters: string;
}

/** Months since January of year 0: one number that orders contract months. */
export function monthIndexOf(month: ContractMonth): number {
  return month.year * 12 + month.month - 1;
}

/** Inverse of `monthIndexOf`. */
export function monthOfIndex(index: number): ContractMonth {
  const year = Math.floor(index / 12);
  return { year, month: index - year * 12 + 1 };
}

/** Moves by whole months, either way. */
export function addMonths(month: ContractMonth, months: number): ContractMonth {
  return monthOfIndex(monthIndexOf(month) + months);
}

/** Reads `2014X`. Errors: E_CYCLE. */
export function parseContractMonth(text: string): ContractMonth {
  const match = /^(\d{4})([FGHJKMNQUVXZ])$/.exec(text);
  if (match === null) {
    throw bad(`"${text}" is not a contract month such as 2014X`, { text }, MONTH_RULE);
  }
  return { year: Number(match[1]), month: MONTH_LETTERS.indexOf(match[2]!) + 1 };
}

/** `2014X`. */
export function formatContractMonth(month: ContractMonth): string {
  return `${String(month.year).padStart(4, '0')}${monthLetter(month.month)}`;
}

const MONTH_RULE = 'a contract month is a four-digit year and one of the letters FGHJKMNQUVXZ';

/** Ranges as columns of month indexes, so that a step is arithmetic. */
interface Span {
  readonly first: number;
  readonly last: number;
  /** Bit m is set when month m + 1 is a member. */
  readonly mask: number;
}

/**
 * An immutable cycle. Errors of the constructor: E_CYCLE naming the range: letters that are none or occur twice, ranges
 * that are out of order or overlap, an open end inside, a range or a cycle without members.
 */
export class Cycle {
  readonly ranges: readonly CycleRange[];
  readonly skipped: readonly ContractMonth[];
  readonly #spans: readonly Span[];
  readonly #skipped: ReadonlySet<number>;

  constructor(ranges: readonly CycleRange[], skipped: readonly ContractMonth[] = []) {
    this.ranges = ranges;
    this.skipped = skipped;
    this.#spans = toSpans(ranges);
    this.#skipped = new Set(skipped.map(monthIndexOf));
  }

  /** Whether a contract of this month is a member: in a range, in its letters, and not skipped. */
  has(month: ContractMonth): boolean {
    const index = monthIndexOf(month);
    return this.#isListed(index) && !this.#skipped.has(index);
  }

  /** The first member after the month, which need not be one; null after the last of a closed cycle. */
  next(month: ContractMonth): ContractMonth | null {
    return this.#walk(monthIndexOf(month), 1);
  }

  /** The last member before the month, which need not be one; null before the first of a closed cycle. */
  previous(month: ContractMonth): ContractMonth | null {
    return this.#walk(monthIndexOf(month), -1);
  }

  /** Steps `count` members ahead, or back when it is negative; 0 leaves the month as it is. Null when the cycle ends. */
  step(month: ContractMonth, count: number): ContractMonth | null {
    let at: ContractMonth | null = month;
    for (let i = 0; i < Math.abs(count) && at !== null; i += 1) {
      at = count > 0 ? this.next(at) : this.previous(at);
    }
    return at;
  }

  /** The month itself when it is a member, else the next one. */
  atOrAfter(month: ContractMonth): ContractMonth | null {
    return this.#walk(monthIndexOf(month) - 1, 1);
  }

  /** The month itself when it is a member, else the previous one. */
  atOrBefore(month: ContractMonth): ContractMonth | null {
    return this.#walk(monthIndexOf(month) + 1, -1);
  }

  /** Members from `from` to `to`, both inclusive, in order. */
  between(from: ContractMonth, to: ContractMonth): ContractMonth[] {
    const out: ContractMonth[] = [];
    const last = monthIndexOf(to);
    for (let index = monthIndexOf(from); index <= last; index += 1) {
      if (this.#isListed(index) && !this.#skipped.has(index)) out.push(monthOfIndex(index));
    }
    return out;
  }

  /**
   * Membership by year and month. Shapes: (toYear - fromYear + 1) x 12 values, row by row; 1 is a member, 0 is none,
   * 2 is a month of the letters that is skipped.
   */
  mask(fromYear: number, toYear: number): Uint8Array {
    const rows = Math.max(0, toYear - fromYear + 1);
    const out = new Uint8Array(rows * 12);
    for (let i = 0; i < out.length; i += 1) {
      const index = fromYear * 12 + i;
      if (this.#isListed(index)) out[i] = this.#skipped.has(index) ? 2 : 1;
    }
    return out;
  }

  /** A cycle with further skipped months. */
  without(skipped: readonly ContractMonth[]): Cycle {
    return new Cycle(this.ranges, [...this.skipped, ...skipped]);
  }

  /** The letters in force for a month, also when the month is none of them; null between ranges. */
  lettersAt(month: ContractMonth): string | null {
    const index = monthIndexOf(month);
    const row = this.#spans.findIndex((span) => index >= span.first && index <= span.last);
    return row < 0 ? null : this.ranges[row]!.letters;
  }

  /** `HMUZ`, or `..2014X=X,2015Z..=Z`; `parseCycle` reads it back. Skipped months are not part of it. */
  toString(): string {
    const [only] = this.ranges;
    if (this.ranges.length === 1 && only!.from === null && only!.to === null) return only!.letters;
    const bound = (month: ContractMonth | null): string =>
      month === null ? '' : formatContractMonth(month);
    return this.ranges
      .map((range) => `${bound(range.from)}..${bound(range.to)}=${range.letters}`)
      .join(',');
  }

  #isListed(index: number): boolean {
    const bit = 1 << (((index % 12) + 12) % 12);
    return this.#spans.some(
      (span) => index >= span.first && index <= span.last && (span.mask & bit) !== 0,
    );
  }

  /** One direction all the way: a skipped month is stepped over, never turned round at. */
  #walk(from: number, direction: 1 | -1): ContractMonth | null {
    let index = from;
    for (;;) {
      const found = this.#step(index, direction);
      if (found === null) return null;
      if (!this.#skipped.has(found)) return monthOfIndex(found);
      index = found;
    }
  }

  #step(from: number, direction: 1 | -1): number | null {
    const spans = this.#spans;
    for (let k = 0; k < spans.length; k += 1) {
      const span = spans[direction === 1 ? k : spans.length - 1 - k]!;
      const edge = direction === 1 ? span.first : span.last;
      // A range that begins beyond the start is entered at its edge; gaps between ranges are jumped that way.
      let index = direction === 1 ? Math.max(from + 1, edge) : Math.min(from - 1, edge);
      for (let i = 0; i < 12 && index >= span.first && index <= span.last; i += 1) {
        if ((span.mask & (1 << (((index % 12) + 12) % 12))) !== 0) return index;
        index += direction;
      }
    }
    return null;
  }
}

/**
 * Reads a cycle: `HMUZ`, or ranges `..2014X=X,2015Z..=Z` with any number of them. The short form of two ranges,
 * `2014X=X,2015Z=Z`, names the last month of the first and the first month of the last.
 * Errors: E_CYCLE naming the range.
 */
export function parseCycle(text: string, skipped: readonly (string | ContractMonth)[] = []): Cycle {
  const months = skipped.map((month) =>
    typeof month === 'string' ? parseContractMonth(month) : month,
  );
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length === 1 && !text.includes('=')) {
    return new Cycle([{ from: null, to: null, letters: text }], months);
  }
  return new Cycle(
    parts.map((part, row) => parseRange(part, row, parts.length)),
    months,
  );
}

function parseRange(part: string, row: number, count: number): CycleRange {
  const [span, letters, ...rest] = part.split('=');
  if (letters === undefined || rest.length > 0) {
    throw bad(
      `range ${row + 1} of a cycle is "${part}"`,
      { range: part, row },
      'a range is written first..last=letters, such as 2010F..2014X=X',
    );
  }
  const bounds = span!.split('..');
  if (bounds.length === 2) {
    const [from, to] = bounds as [string, string];
    return {
      from: from === '' ? null : parseContractMonth(from),
      to: to === '' ? null : parseContractMonth(to),
      letters,
    };
  }
  // A single month says which end it is only at the two ends of the list.
  if (row === 0 && count > 1) return { from: null, to: parseContractMonth(span!), letters };
  if (row === count - 1 && count > 1) return { from: parseContractMonth(span!), to: null, letters };
  throw bad(
    `range ${row + 1} of a cycle is "${part}", with one bound`,
    { range: part, row },
    'a range between two others has two bounds, such as 2010F..2014X=X',
  );
}

function toSpans(ranges: readonly CycleRange[]): Span[] {
  if (ranges.length === 0) throw bad('a cycle has no range', {}, 'a cycle has month letters');
  const spans: Span[] = [];
  ranges.forEach((range, row) => {
    const name = `range ${row + 1} (${range.letters})`;
    if (range.from === null && row > 0) {
      throw bad(`${name} is open at the left`, { row }, 'only the first range is open at the left');
    }
    if (range.to === null && row < ranges.length - 1) {
      throw bad(
        `${name} is open at the right`,
        { row },
        'only the last range is open at the right',
      );
    }
    const first = range.from === null ? -Infinity : monthIndexOf(range.from);
    const last = range.to === null ? Infinity : monthIndexOf(range.to);
    if (first > last) {
      throw bad(`${name} ends before it begins`, { row }, 'the first month is not after the last');
    }
    const before = spans.at(-1);
    if (before !== undefined && first <= before.last) {
      throw bad(
        `${name} begins at ${formatContractMonth(range.from!)}, not after the range before it`,
        { row, from: range.from },
        'ranges are in order and do not overlap',
      );
    }
    const span = { first, last, mask: maskOf(range.letters, name) };
    if (!hasMember(span)) {
      throw bad(`${name} has no month of its letters`, { row }, 'a range has at least one member');
    }
    spans.push(span);
  });
  return spans;
}

function maskOf(letters: string, name: string): number {
  let mask = 0;
  for (const letter of letters) {
    const index = MONTH_LETTERS.indexOf(letter);
    if (index < 0 || (mask & (1 << index)) !== 0) {
      throw bad(
        `${name} has "${letter}"${index < 0 ? '' : ' twice'}`,
        { letters, letter },
        `month letters are ${MONTH_LETTERS}, each once`,
      );
    }
    mask |= 1 << index;
  }
  if (mask === 0) throw bad(`${name} has no letters`, { letters }, 'a range has month letters');
  return mask;
}

function hasMember(span: Span): boolean {
  if (span.last - span.first >= 11) return true;
  for (let index = span.first; index <= span.last; index += 1) {
    if ((span.mask & (1 << (index % 12))) !== 0) return true;
  }
  return false;
}

function bad(
  message: string,
  details: Readonly<Record<string, unknown>>,
  rule: string,
): TradingError {
  return new TradingError('E_CYCLE', message, {
    details,
    rule,
    fix: 'write month letters such as HMUZ, or ranges such as ..2014X=X,2015Z..=Z',
  });
}
