/**
 * What is left of orders that have ended. A run may send millions: the latest are kept whole, of the others only their ids,
 * which are numbered in sequence and so fit into a few ranges. A late duplicate of any of them is still known.
 */

/** Ids of the form `prefix-digits` as ranges of numbers; other ids one by one. */
export class IdSet {
  readonly #ranges: Map<string, Ranges> = new Map();
  readonly #others: Set<string> = new Set();

  add(id: string): void {
    const number = numberOf(id);
    if (number < 0) {
      this.#others.add(id);
      return;
    }
    const prefix = prefixOf(id);
    let ranges = this.#ranges.get(prefix);
    if (ranges === undefined) {
      ranges = new Ranges();
      this.#ranges.set(prefix, ranges);
    }
    ranges.add(number);
  }

  has(id: string): boolean {
    const number = numberOf(id);
    if (number < 0) return this.#others.has(id);
    return this.#ranges.get(prefixOf(id))?.has(number) ?? false;
  }

  /** The set as plain data, and back. */
  toPlain(): PlainIdSet {
    const ranges = [...this.#ranges].map(([prefix, { from, to }]) => ({
      prefix,
      from: [...from],
      to: [...to],
    }));
    return { ranges, others: [...this.#others] };
  }
  static fromPlain(plain: PlainIdSet): IdSet {
    const set = new IdSet();
    for (const { prefix, from, to } of plain.ranges) set.#ranges.set(prefix, new Ranges(from, to));
    for (const id of plain.others) set.#others.add(id);
    return set;
  }
}

/** An `IdSet` as plain data: ranges with both ends included. */
export interface PlainIdSet {
  readonly ranges: readonly {
    readonly prefix: string;
    readonly from: readonly number[];
    readonly to: readonly number[];
  }[];
  readonly others: readonly string[];
}

/** Whole numbers as ranges, both ends included, sorted and apart. */
class Ranges {
  readonly #from: number[];
  readonly #to: number[];

  constructor(from: readonly number[] = [], to: readonly number[] = []) {
    this.#from = [...from];
    this.#to = [...to];
  }

  get from(): readonly number[] {
    return this.#from;
  }
  get to(): readonly number[] {
    return this.#to;
  }

  add(value: number): void {
    const at = this.#rangeAtOrBefore(value);
    if (at >= 0 && value <= this.#to[at]!) return;
    const joinsBefore = at >= 0 && this.#to[at] === value - 1;
    const joinsAfter = this.#from[at + 1] === value + 1;
    if (joinsBefore && joinsAfter) {
      this.#to[at] = this.#to[at + 1]!;
      this.#from.splice(at + 1, 1);
      this.#to.splice(at + 1, 1);
    } else if (joinsBefore) this.#to[at] = value;
    else if (joinsAfter) this.#from[at + 1] = value;
    else {
      this.#from.splice(at + 1, 0, value);
      this.#to.splice(at + 1, 0, value);
    }
  }

  has(value: number): boolean {
    const at = this.#rangeAtOrBefore(value);
    return at >= 0 && value <= this.#to[at]!;
  }

  /** The last range that begins at or before the value, or -1. */
  #rangeAtOrBefore(value: number): number {
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#from[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The digits after the last `-`, or -1 where the id is not what `toClOrdId` writes for that number. */
function numberOf(id: string): number {
  const start = id.lastIndexOf('-') + 1;
  const digits = id.length - start;
  // Ids are padded to six digits: a longer number has no leading zero.
  const isCanonical = start > 0 && (digits === 6 || (digits > 6 && id.charCodeAt(start) !== 0x30));
  if (!isCanonical || digits > 15) return -1;
  let number = 0;
  for (let i = start; i < id.length; i += 1) {
    const digit = id.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function prefixOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

/** How many ended orders are kept whole, at least. */
export const ENDED_KEPT = 1024;

/** Values of ended orders by id: the latest are there, of the others it is known that they were. */
export class EndedOrders<V> {
  readonly #capacity: number;
  #young: Map<string, V> = new Map();
  #old: Map<string, V> = new Map();
  #gone: IdSet = new IdSet();
  /** Largest number of an id that ended: a new order, whose number is larger, asks no map. */
  #highest: number = -1;

  constructor(capacity: number = ENDED_KEPT) {
    this.#capacity = capacity;
  }

  set(id: string, value: V): void {
    if (this.#young.size >= this.#capacity) {
      for (const gone of this.#old.keys()) this.#gone.add(gone);
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, value);
    this.#highest = Math.max(this.#highest, numberOf(id));
  }

  /** The value, where it is still kept. */
  get(id: string): V | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  /** Whether an order of this id has ever ended. */
  has(id: string): boolean {
    if (numberOf(id) > this.#highest) return false;
    return this.#young.has(id) || this.#old.has(id) || this.#gone.has(id);
  }

  /** Both generations, younger last, and the ids of the others, as plain data. */
  toPlain<P>(plainOf: (value: V) => P): PlainEnded<P> {
    const rows = (from: Map<string, V>): [string, P][] =>
      [...from].map(([id, value]) => [id, plainOf(value)]);
    return { old: rows(this.#old), young: rows(this.#young), gone: this.#gone.toPlain() };
  }
  static fromPlain<V, P>(
    plain: PlainEnded<P>,
    valueOf: (row: P) => V,
    capacity: number = ENDED_KEPT,
  ): EndedOrders<V> {
    const ended = new EndedOrders<V>(capacity);
    ended.#old = new Map(plain.old.map(([id, row]) => [id, valueOf(row)]));
    ended.#young = new Map(plain.young.map(([id, row]) => [id, valueOf(row)]));
    ended.#gone = IdSet.fromPlain(plain.gone);
    for (const { to } of plain.gone.ranges) ended.#highest = Math.max(ended.#highest, ...to);
    for (const id of [...ended.#old.keys(), ...ended.#young.keys()])
      ended.#highest = Math.max(ended.#highest, numberOf(id));
    return ended;
  }
}

/** `EndedOrders` as plain data. */
export interface PlainEnded<P> {
  readonly old: readonly (readonly [id: string, row: P])[];
  readonly young: readonly (readonly [id: string, row: P])[];
  readonly gone: PlainIdSet;
}
