/**
 * The event log: one canonical JSON line an event, `{"seq":0,"tsUs":0,"kind":"…","body":{…}}`, and a running SHA-256
 * over the bytes. Where lines are flushed is invisible in the hash, so buffering changes no result.
 */
import { createHash } from 'node:crypto';
import { assert } from '../core/errors.ts';
import type { JournalPort } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import { Fragment, LineBytes } from './line-bytes.ts';

const FLUSH_BYTES = 65_536;

const SEQ = new Fragment('{"seq":');
const TS = new Fragment(',"tsUs":');
const END = new Fragment('}\n');

export class Journal implements JournalPort {
  readonly #hash: ReturnType<typeof createHash> = createHash('sha256');
  readonly #write: ((chunk: string) => void) | null;
  readonly #onClose: () => void;
  readonly #lines: LineBytes = new LineBytes(FLUSH_BYTES);
  /** Where the last whole line ends. */
  #endAt: number = 0;
  #seq: number = 0;
  #isClosed: boolean = false;
  #failure: { readonly cause: unknown } | null = null;

  /**
   * `write` receives whole lines, many at a time; it may throw (a full disk), and the run then stops: every later call
   * throws the same, so that no line can follow a lost one. Without it lines are hashed and forgotten.
   */
  constructor(write: ((chunk: string) => void) | null, onClose: () => void = () => {}) {
    this.#write = write;
    this.#onClose = onClose;
  }

  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    const json = JSON.stringify(body);
    const line = this.begin(null, tsUs);
    line.json(`,"kind":${JSON.stringify(kind)},"body":${json}`);
    return this.end();
  }

  /**
   * Begins a line; the caller writes its body and calls `end`. `kind` is the text from the comma before the key `kind` to the
   * colon of the body. A line that was begun and not ended is lost.
   */
  begin(kind: Fragment | null, tsUs: TsUs): LineBytes {
    assert(!this.#isClosed, 'a closed journal takes no line');
    if (this.#failure !== null) throw this.#failure.cause;
    const lines = this.#lines;
    lines.length = this.#endAt;
    lines.reserve();
    lines.fragment(SEQ);
    lines.number(this.#seq);
    lines.fragment(TS);
    lines.number(tsUs);
    if (kind !== null) lines.fragment(kind);
    return lines;
  }

  /** Ends the line and returns its sequence number. */
  end(): number {
    this.#lines.fragment(END);
    this.#endAt = this.#lines.length;
    const seq = this.#seq;
    this.#seq += 1;
    if (this.#endAt >= FLUSH_BYTES) this.flush();
    return seq;
  }

  hash(): string {
    this.flush();
    return this.#hash.copy().digest('hex');
  }

  flush(): void {
    if (this.#failure !== null) throw this.#failure.cause;
    if (this.#endAt === 0) return;
    this.#lines.length = this.#endAt;
    const bytes = this.#lines.written();
    this.#hash.update(bytes);
    this.#endAt = 0;
    this.#lines.clear();
    if (this.#write === null) return;
    try {
      this.#write(bytes.toString('utf8'));
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
  return new Journal(null);
}
