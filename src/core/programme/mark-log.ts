/**
 * The path of an account through a run, in bounded space: extremes are never lost, only when inside a stretch of time they
 * came. When the log is full, neighbours of one trade date and one balance are joined, and every later row takes in twice as
 * many marks. A balance is kept for every fill that changed it: a target of closed trades is reached between two rows or not.
 */
import type { AccountMark } from './evaluator.ts';
import { newAccountMark } from './evaluator.ts';

/** One row a stretch of time. Money in millionths; the last row of a trade date is its end. */
export interface MarkColumns {
  readonly length: number;
  /** Equity before the first row. */
  readonly startMicros: number;
  readonly tradeDate: Int32Array;
  readonly tsUs: Float64Array;
  readonly balance: Float64Array;
  readonly equity: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly lowSure: Float64Array;
  readonly highSure: Float64Array;
  /** 1 where a position was opened or enlarged. */
  readonly hasEntry: Uint8Array;
}

const NUMBERS = ['tsUs', 'balance', 'equity', 'low', 'high', 'lowSure', 'highSure'] as const;

export class MarkLog {
  readonly #rows: Record<(typeof NUMBERS)[number], Float64Array>;
  #date: Int32Array;
  #hasEntry: Uint8Array;
  /** Marks that each row may take in, and that the last one has. */
  #stride: number = 1;
  #inLast: number = 0;
  #isDateOpen: boolean = false;
  #length: number = 0;

  readonly #startMicros: number;

  /** `capacity` rows; more only where a run has more trade dates and balances than that. */
  constructor(startMicros: number, capacity: number = 16_384) {
    this.#startMicros = startMicros;
    const make = (): Float64Array => new Float64Array(capacity);
    this.#rows = {
      tsUs: make(),
      balance: make(),
      equity: make(),
      low: make(),
      high: make(),
      lowSure: make(),
      highSure: make(),
    };
    this.#date = new Int32Array(capacity).fill(-1);
    this.#hasEntry = new Uint8Array(capacity);
  }

  /** Trade dates are given when they end: the rows since the last end belong to the next one that is told. */
  onMark(mark: AccountMark, hasEntry: boolean): void {
    const last = this.#length - 1;
    const isJoined =
      this.#isDateOpen && this.#inLast < this.#stride && this.#rows.balance[last] === mark.balance;
    if (isJoined) this.#join(last, mark);
    else this.#append(mark);
    this.#inLast += 1;
    if (hasEntry) this.#hasEntry[this.#length - 1] = 1;
  }

  /** The end of a trade date is a row of its own. */
  onDayEnd(tradeDate: number, mark: AccountMark): void {
    this.#append(mark);
    for (let i = this.#length - 1; i >= 0 && this.#date[i] === -1; i -= 1)
      this.#date[i] = tradeDate;
    this.#isDateOpen = false;
  }

  /** Rows of trade dates that have ended. */
  columns(): MarkColumns {
    let length = this.#length;
    while (length > 0 && this.#date[length - 1] === -1) length -= 1;
    const part = (name: (typeof NUMBERS)[number]): Float64Array =>
      this.#rows[name].slice(0, length);
    return {
      length,
      startMicros: this.#startMicros,
      tradeDate: this.#date.slice(0, length),
      tsUs: part('tsUs'),
      balance: part('balance'),
      equity: part('equity'),
      low: part('low'),
      high: part('high'),
      lowSure: part('lowSure'),
      highSure: part('highSure'),
      hasEntry: this.#hasEntry.slice(0, length),
    };
  }

  #append(mark: AccountMark): void {
    if (this.#length === this.#date.length) this.#coarsen();
    const i = this.#length;
    for (const name of NUMBERS) this.#rows[name][i] = mark[name];
    this.#date[i] = -1;
    this.#hasEntry[i] = 0;
    this.#length += 1;
    this.#inLast = 0;
    this.#isDateOpen = true;
  }

  #join(i: number, mark: AccountMark): void {
    const { tsUs, balance, equity, low, high, lowSure, highSure } = this.#rows;
    tsUs[i] = mark.tsUs;
    balance[i] = mark.balance;
    equity[i] = mark.equity;
    low[i] = Math.min(low[i]!, mark.low);
    lowSure[i] = Math.min(lowSure[i]!, mark.lowSure);
    high[i] = Math.max(high[i]!, mark.high);
    highSure[i] = Math.max(highSure[i]!, mark.highSure);
  }

  /** Joins neighbours of one trade date, but not its end; where there are none, the columns grow. */
  #coarsen(): void {
    const before = this.#length;
    const row: AccountMark = { ...EMPTY };
    let to = 0;
    for (let i = 0; i < before; i += 1) {
      const isPair =
        i + 1 < before &&
        this.#date[i] === this.#date[i + 1] &&
        this.#rows.balance[i] === this.#rows.balance[i + 1] &&
        (i + 2 < before ? this.#date[i + 1] === this.#date[i + 2] : this.#date[i] === -1);
      this.#move(i, to);
      if (isPair) {
        for (const name of NUMBERS) row[name] = this.#rows[name][i + 1]!;
        this.#join(to, row);
        if (this.#hasEntry[i + 1] === 1) this.#hasEntry[to] = 1;
        i += 1;
      }
      to += 1;
    }
    this.#length = to;
    this.#stride *= 2;
    if (to > before * 0.75) this.#grow();
  }

  #move(from: number, to: number): void {
    for (const name of NUMBERS) this.#rows[name][to] = this.#rows[name][from]!;
    this.#date[to] = this.#date[from]!;
    this.#hasEntry[to] = this.#hasEntry[from]!;
  }

  #grow(): void {
    const size = this.#date.length * 2;
    const larger = <T extends Float64Array | Int32Array | Uint8Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    for (const name of NUMBERS) this.#rows[name] = larger(this.#rows[name], new Float64Array(size));
    this.#date = larger(this.#date, new Int32Array(size));
    this.#hasEntry = larger(this.#hasEntry, new Uint8Array(size));
  }
}

const EMPTY: AccountMark = newAccountMark();
