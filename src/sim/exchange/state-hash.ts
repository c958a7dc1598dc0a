/**
 * A running hash of plain data: the same for the same values in the same order, on every machine. It tells states and
 * histories apart; it protects nothing from a forger.
 */

/** Two lanes of 32 bits, each the multiply-and-mix of FNV-1a with its own start and prime. */
export class RunningHash {
  #a: number = 0x811c9dc5;
  #b: number = 0x9747b28c;

  /** Text of any length; its end is part of the hash. */
  text(text: string): this {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b);
      b ^= b >>> 13;
    }
    this.#a = Math.imul(a ^ 0xffff, 0x01000193);
    this.#b = Math.imul(b ^ text.length, 0xc2b2ae35);
    return this;
  }

  /** A number, exactly: NaN and the infinities too. */
  number(value: number): this {
    if (Number.isSafeInteger(value)) {
      this.#word(value | 0);
      this.#word(Math.floor(value / 4_294_967_296) | 0);
      return this;
    }
    return this.text(String(value));
  }

  /** Plain data. The order of the keys of an object does not matter, an absent key is an undefined one. */
  value(value: unknown): this {
    if (typeof value === 'number') return this.number(value);
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) {
      this.number(value.length);
      for (const each of value) this.value(each);
      return this;
    }
    if (typeof value !== 'object' || value === null) return this.text(String(value));
    const fields = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(fields).sort())
      if (fields[key] !== undefined) this.text(key).value(fields[key]);
    return this.text('}');
  }

  /** The hash so far, as sixteen hexadecimal digits. */
  get hex(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** The state itself, to go on from it later. */
  get state(): readonly [number, number] {
    return [this.#a, this.#b];
  }
  static from([a, b]: readonly [number, number]): RunningHash {
    const hash = new RunningHash();
    hash.#a = a;
    hash.#b = b;
    return hash;
  }

  #word(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ word, 0x85ebca6b);
    this.#b ^= this.#b >>> 13;
  }
}

/** Hash of one piece of plain data, a snapshot for instance. */
export function stateHash(state: unknown): string {
  return new RunningHash().value(state).hex;
}
