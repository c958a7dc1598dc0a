/**
 * The event log: one canonical JSON line an event, `{"seq":0,"tsUs":0,"kind":"…","body":{…}}`, and a running SHA-256
 * over the bytes. Where lines are flushed is invisible in the hash, so buffering changes no result.
 *
 * Lines are added to one text, which the engine keeps as a list of pieces until it is hashed: cheaper than bytes of our own.
 */
import { createHash } from 'node:crypto';
import { assert } from '../core/errors.ts';
import type { JournalPort } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import { jsonNumber, quoted } from './json-text.ts';

const FLUSH_CHARS = 65_536;

export class Journal implements JournalPort {
  readonly #hash: ReturnType<typeof createHash> = createHash('sha256');
  readonly #write: (chunk: string) => void;
  readonly #onClose: () => void;
  #buffer: string = '';
  #lastUs: number = NaN;
  #lastText: string = '';
  #seq: number = 0;
  #isClosed: boolean = false;
  #failure: { readonly cause: unknown } | null = null;

  /**
   * `write` receives whole lines, many at a time; it may throw (a full disk), and the run then stops: every later call
   * throws the same, so that no line can follow a lost one.
   */
  constructor(write: (chunk: string) => void, onClose: () => void = () => {}) {
    this.#write = write;
    this.#onClose = onClose;
  }

  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    return this.appendText(quoted(kind), tsUs, JSON.stringify(body));
  }

  appendText(kind: string, tsUs: TsUs, body: string): number {
    assert(!this.#isClosed, 'a closed journal takes no line');
    if (this.#failure !== null) throw this.#failure.cause;
    const seq = this.#seq;
    this.#seq += 1;
    // Lines of one instant share its digits.
    if (tsUs !== this.#lastUs) {
      this.#lastUs = tsUs;
      this.#lastText = jsonNumber(tsUs);
    }
    this.#buffer += `{"seq":${seq},"tsUs":${this.#lastText},"kind":${kind},"body":${body}}\n`;
    if (this.#buffer.length >= FLUSH_CHARS) this.flush();
    return seq;
  }

  hash(): string {
    this.flush();
    return this.#hash.copy().digest('hex');
  }

  flush(): void {
    if (this.#failure !== null) throw this.#failure.cause;
    if (this.#buffer === '') return;
    const chunk = this.#buffer;
    this.#buffer = '';
    this.#hash.update(chunk, 'utf8');
    try {
      this.#write(chunk);
    } catch (cause) {
      this.#failure = { cause };
      throw cause;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#onClose();
  }
}

/** A journal in memory, for tests and short runs. */
export class MemoryJournal extends Journal {
  readonly chunks: string[];

  constructor() {
    const chunks: string[] = [];
    super((chunk) => chunks.push(chunk));
    this.chunks = chunks;
  }

  lines(): string[] {
    this.flush();
    return this.chunks
      .join('')
      .split('\n')
      .filter((line) => line !== '');
  }
}

/** Counts and forgets, without a hash: for a run that is compared with another by its tables only. */
export class SilentJournal implements JournalPort {
  #seq: number = 0;

  append(): number {
    this.#seq += 1;
    return this.#seq - 1;
  }
  /** Empty: nothing was hashed. */
  hash(): string {
    return '';
  }
  flush(): void {}
  close(): void {}
}

/** Hashes and forgets: for sweeps, whose runs are told apart by hash and kept as tables only. */
export function createHashJournal(): Journal {
  return new Journal(() => {});
}
