/**
 * Lines and comma-separated fields straight from bytes, one line at a time, without a string for each. For generated files:
 * no quotes. A line that is longer than a record can be ends the reading, so that a bomb stays small.
 */
import { parseDecimal } from './csv-text.ts';

const COMMA = 0x2c;
const FEED = 0x0a;
const RETURN = 0x0d;
export const LINE_BYTES_MAX = 4096;
const FIELDS_MAX = 64;
const POWERS = Array.from({ length: 16 }, (_, k) => 10 ** k);
/** Digits of a number that a double holds whatever they are. */
const DIGITS_MAX = 15;

export class ByteLines {
  readonly #pieces: Iterator<Uint8Array>;
  readonly #ends = new Int32Array(FIELDS_MAX);
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #start = 0;
  #end = 0;
  #isLast = false;
  #passed = 0;
  /** Number of the current line, from 1. */
  line = 0;
  /** Fields of the current line. */
  fields = 0;

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  /** Byte offset at which the current line begins. */
  get offset(): number {
    return this.#passed + this.#start;
  }

  /** Moves to the next line that is not empty. False at the end. Errors: a RangeError for a line longer than a record can be. */
  next(): boolean {
    for (;;) {
      if (!this.#line()) return false;
      this.line += 1;
      if (this.#end > this.#start) {
        this.#split();
        return true;
      }
    }
  }

  /** The field as a decimal number, NaN for anything else, the empty text among them. */
  number(field: number): number {
    const bytes = this.#bytes;
    const [start, end] = [this.#fieldStart(field), this.#ends[field]!];
    let at = start;
    const isNegative = bytes[at] === 0x2d;
    if (isNegative) at += 1;
    let mantissa = 0;
    let digits = 0;
    let decimals = -1;
    for (; at < end; at += 1) {
      const digit = bytes[at]! - 0x30;
      if (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digits += 1;
        if (decimals >= 0) decimals += 1;
      } else if (bytes[at] === 0x2e && decimals < 0) {
        decimals = 0;
      } else {
        return parseDecimal(this.text(field));
      }
    }
    if (digits === 0) return NaN;
    if (digits > DIGITS_MAX) return parseDecimal(this.text(field));
    // Both are exact, so that the one division rounds as the decimal would.
    const value = decimals > 0 ? mantissa / POWERS[decimals]! : mantissa;
    return isNegative ? -value + 0 : value;
  }

  isEmpty(field: number): boolean {
    return this.#fieldStart(field) === this.#ends[field]!;
  }

  text(field: number): string {
    return this.#slice(this.#fieldStart(field), this.#ends[field]!);
  }

  /** The whole line, at most 200 bytes of it. */
  whole(): string {
    return this.#slice(this.#start, Math.min(this.#end, this.#start + 200));
  }

  #slice(start: number, end: number): string {
    return Buffer.from(this.#bytes.subarray(start, end)).toString('latin1');
  }

  #fieldStart(field: number): number {
    return field === 0 ? this.#start : this.#ends[field - 1]! + 1;
  }

  #split(): void {
    const bytes = this.#bytes;
    let count = 0;
    for (let at = this.#start; at < this.#end; at += 1) {
      if (bytes[at] !== COMMA) continue;
      if (count < FIELDS_MAX - 1) this.#ends[count] = at;
      count += 1;
    }
    this.#ends[Math.min(count, FIELDS_MAX - 1)] = this.#end;
    this.fields = count + 1;
  }

  #line(): boolean {
    let from = this.#at;
    for (;;) {
      const feed = this.#bytes.indexOf(FEED, from);
      if (feed >= 0) return this.#found(feed, feed + 1);
      const rest = this.#bytes.length - this.#at;
      if (rest > LINE_BYTES_MAX)
        throw new RangeError(`line ${this.line + 1} is longer than ${LINE_BYTES_MAX} bytes`);
      if (this.#isLast) return rest > 0 && this.#found(this.#bytes.length, this.#bytes.length);
      from = rest;
      this.#more();
    }
  }

  #found(end: number, next: number): boolean {
    this.#start = this.#at;
    this.#end = end > this.#start && this.#bytes[end - 1] === RETURN ? end - 1 : end;
    this.#at = next;
    if (end - this.#start > LINE_BYTES_MAX)
      throw new RangeError(`line ${this.line + 1} is longer than ${LINE_BYTES_MAX} bytes`);
    return true;
  }

  /** Keeps the bytes that are not read yet and adds the next piece. */
  #more(): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#passed += this.#at;
    this.#at = 0;
    const next = this.#pieces.next();
    if (next.done === true) {
      this.#isLast = true;
      this.#bytes = rest.slice();
      return;
    }
    const joined = new Uint8Array(rest.length + next.value.length);
    joined.set(rest);
    joined.set(next.value, rest.length);
    this.#bytes = joined;
  }
}
