/** Records of the SignalR JSON protocol: text that ends with byte 0x1E, cut anywhere by what carries it. */

export const RECORD_END = '\u001E';

/** More than a record may have: its sender is cut off. */
export class RecordTooLarge extends Error {
  constructor(limit: number) {
    super(`a record is longer than ${limit} characters`);
    this.name = 'RecordTooLarge';
  }
}

/** Puts records together again; keeps at most one unfinished record. */
export class RecordReader {
  readonly #limit: number;
  #rest: string = '';

  /** `limit`: characters of one record. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The records that this piece completes, without their ends. Throws `RecordTooLarge`. */
  push(piece: string): string[] {
    const parts = (this.#rest + piece).split(RECORD_END);
    this.#rest = parts.pop()!;
    for (const part of parts) this.#check(part);
    this.#check(this.#rest);
    return parts;
  }

  #check(part: string): void {
    if (part.length <= this.#limit) return;
    this.#rest = '';
    throw new RecordTooLarge(this.#limit);
  }
}
