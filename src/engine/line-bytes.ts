/**
 * Lines of JSON as bytes, for the event log. Flat world: one buffer, written by one owner.
 *
 * Fixed text is copied eight bytes at a time, as doubles: printable ASCII never forms a NaN, whose bits might not survive.
 * A copy may write up to seven bytes too many; what follows overwrites them.
 */
import { assert } from '../core/errors.ts';

/** ASCII text in words of eight bytes. */
export class Fragment {
  readonly length: number;
  readonly words: Float64Array;

  constructor(text: string) {
    assert(/^[\n\x20-\x7e]*$/.test(text), 'a fragment is ASCII');
    const bytes = new Uint8Array(Math.ceil(text.length / 8) * 8);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    this.length = text.length;
    this.words = new Float64Array(bytes.buffer);
  }
}

const NULL = new Fragment('null');
const TRUE = new Fragment('true');
const FALSE = new Fragment('false');

/** Room that a line may use without asking: fixed text, numbers and words, not texts of a strategy. */
const SLACK_BYTES = 4096;
/** Texts kept as fragments; more than a run has of statuses, roles, rules and tags. */
const KNOWN_MAX = 4096;

export class LineBytes {
  #bytes: Buffer;
  #view: DataView;
  length: number = 0;
  readonly #known: Map<string, Fragment> = new Map();
  readonly #keys: Map<string, Fragment> = new Map();

  constructor(capacity: number) {
    this.#bytes = Buffer.alloc(capacity + SLACK_BYTES);
    this.#view = viewOf(this.#bytes);
  }

  /** The bytes so far: a view that the next line overwrites after `clear`. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Call before each line. */
  reserve(bytes: number = SLACK_BYTES): void {
    if (this.length + bytes + SLACK_BYTES <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * (this.length + bytes + SLACK_BYTES));
    larger.set(this.written());
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }

  fragment(fragment: Fragment): void {
    const { words, length } = fragment;
    const view = this.#view;
    let at = this.length;
    for (let i = 0; i < words.length; i += 1) {
      view.setFloat64(at, words[i]!, true);
      at += 8;
    }
    this.length += length;
  }

  /** A number as JSON writes it: NaN and the infinities are null. */
  number(value: number): void {
    if (Number.isSafeInteger(value)) this.#integer(value);
    else if (Number.isFinite(value)) this.#ascii(String(value));
    else this.fragment(NULL);
  }

  numberOrNull(value: number | null): void {
    if (value === null) this.fragment(NULL);
    else this.number(value);
  }

  /** A text as a JSON string; for texts that differ from line to line, such as ids. */
  text(text: string): void {
    this.reserve(3 * text.length);
    const start = this.length;
    const bytes = this.#bytes;
    bytes[start] = 0x22;
    let at = start + 1;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      // Quotes, backslashes and everything outside printable ASCII are the runtime's.
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
        this.json(JSON.stringify(text));
        return;
      }
      bytes[at] = code;
      at += 1;
    }
    bytes[at] = 0x22;
    this.length = at + 1;
  }

  textOrNull(text: string | null): void {
    if (text === null) this.fragment(NULL);
    else this.text(text);
  }

  /** A text as a JSON string; for texts that repeat: they are encoded once. */
  word(word: string): void {
    const known = this.#known.get(word);
    if (known !== undefined) this.fragment(known);
    else {
      const start = this.length;
      this.text(word);
      this.#keep(this.#known, word, start);
    }
  }

  flag(value: boolean): void {
    this.fragment(value ? TRUE : FALSE);
  }

  /** JSON that is there already. */
  json(json: string): void {
    this.reserve(3 * json.length);
    this.length += this.#bytes.write(json, this.length, 'utf8');
  }

  /** An object of plain data in its own order of keys; fields that JSON does not know are left out. */
  object(value: object): void {
    const fields = value as Readonly<Record<string, unknown>>;
    const start = this.length;
    for (const key in fields) {
      const field = fields[key];
      if (typeof field === 'string') {
        this.#key(key);
        this.word(field);
      } else if (typeof field === 'number') {
        this.#key(key);
        this.number(field);
      } else if (typeof field === 'boolean') {
        this.#key(key);
        this.flag(field);
      } else {
        const json = JSON.stringify(field) as string | undefined;
        if (json === undefined) continue;
        this.#key(key);
        this.json(json);
      }
    }
    // Each key was written with a comma before it; the first comma is the brace.
    const bytes = this.#bytes;
    if (this.length === start) {
      bytes[start] = 0x7b;
      this.length += 1;
    } else bytes[start] = 0x7b;
    bytes[this.length] = 0x7d;
    this.length += 1;
  }

  /** `,"key":` */
  #key(key: string): void {
    this.reserve();
    const known = this.#keys.get(key);
    if (known !== undefined) {
      this.fragment(known);
      return;
    }
    const start = this.length;
    this.#ascii(',');
    this.text(key);
    this.#ascii(':');
    this.#keep(this.#keys, key, start);
  }

  /** Keeps what was written since `start`, where it is plain. */
  #keep(cache: Map<string, Fragment>, text: string, start: number): void {
    const written = this.#bytes.toString('latin1', start, this.length);
    if (cache.size < KNOWN_MAX && /^[\x20-\x7e]{1,128}$/.test(written))
      cache.set(text, new Fragment(written));
  }

  #ascii(text: string): void {
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i += 1) {
      bytes[at] = text.charCodeAt(i);
      at += 1;
    }
    this.length = at;
  }

  #integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.length] = 0x2d;
      this.length += 1;
      rest = -rest;
    }
    // Halves below 10^8 keep the divisions in 32 bits.
    if (rest < 100_000_000) this.#digits(rest | 0, digitsOf(rest | 0));
    else {
      const high = Math.floor(rest / 100_000_000);
      const low = rest - high * 100_000_000;
      if (high < 100_000_000) this.#digits(high | 0, digitsOf(high | 0));
      else {
        const top = Math.floor(high / 100_000_000);
        this.#digits(top | 0, digitsOf(top | 0));
        this.#digits((high - top * 100_000_000) | 0, 8);
      }
      this.#digits(low | 0, 8);
    }
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    const end = this.length + count;
    let rest = value;
    for (let at = end - 1; at >= this.length; at -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    this.length = end;
  }
}

/** Digits of a whole number below 10^8. */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  return value < 10_000_000 ? 7 : 8;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
