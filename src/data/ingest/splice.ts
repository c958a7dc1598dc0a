/**
 * Puts rows into a stored series: what a part covers is replaced by it, what lies before and after stays. Written in batches
 * of one size, so that the same rows are the same bytes whatever way they came.
 */
import type { BarInterval, MarketDataKind } from '../../core/bars.ts';
import type { ContractId } from '../../core/instrument.ts';
import type { DatasetWriter } from '../dataset-writer.ts';
import { yearOf } from '../dataset-writer.ts';
import type { SegmentEntry } from '../manifest.ts';
import type { KindColumns } from '../segment-codec.ts';
import { priceColumnsOf, sliceColumns, startTimeOf } from '../segment-codec.ts';
import type { ColumnSource } from '../segment-source.ts';

/** Rows of a batch on disk. */
export const SEGMENT_ROWS = 65_536;

type Batch = KindColumns[MarketDataKind];
type Values = Float64Array | Int32Array | Int8Array | Uint8Array | BigInt64Array | BigUint64Array;
type Fields = Record<string, Values | undefined>;

/** New rows of a series, in order. The parts of a series follow each other in time. */
export interface SplicePart<C> {
  /** Start of what the part covers, µs UTC; where it says none, its first row. */
  readonly fromUs?: number;
  /** End of it, exclusive; where it says none, its last row. */
  readonly toUs?: number;
  rows(): Iterable<C>;
}

/** The stored rows with those of the parts in their places, sorted by their start. A part without rows replaces nothing. */
export function* spliceRows<C extends Batch>(
  stored: ColumnSource<C> | null,
  parts: Iterable<SplicePart<C>>,
): Generator<C> {
  const old = new StoredRows(stored);
  for (const part of parts) {
    let last = NaN;
    for (const rows of part.rows()) {
      if (rows.length === 0) continue;
      const starts = startTimeOf(rows);
      if (Number.isNaN(last)) yield* old.before(part.fromUs ?? starts[0]!);
      last = starts[rows.length - 1]!;
      yield rows;
    }
    if (!Number.isNaN(last)) old.skip((start) => start <= last || start < (part.toUs ?? -Infinity));
  }
  yield* old.before(Infinity);
}

/** Writes sorted rows year by year. Returns the segments. Errors: those of the writer. */
export function writeYears<K extends 'bars' | 'quote-bars' | 'trades' | 'quotes'>(
  writer: DatasetWriter,
  kind: K,
  contract: ContractId,
  interval: BarInterval | null,
  rows: Iterable<KindColumns[K]>,
): SegmentEntry[] {
  const years = new YearRows<KindColumns[K]>(rows[Symbol.iterator](), kind);
  const entries: SegmentEntry[] = [];
  for (let year = years.year(); year !== null; year = years.year()) {
    const batches = years.of(year) as Iterable<never>;
    entries.push(
      kind === 'bars'
        ? writer.putBars(contract, interval!, year, batches)
        : kind === 'quote-bars'
          ? writer.putQuoteBars(contract, interval!, year, batches)
          : writer.put(kind as 'trades', contract, year, batches),
    );
  }
  return entries;
}

class StoredRows<C extends Batch> {
  readonly #source: ColumnSource<C> | null;
  #batch: C | null = null;
  #row = 0;

  constructor(source: ColumnSource<C> | null) {
    this.#source = source;
  }

  *before(us: number): Generator<C> {
    for (;;) {
      const batch = this.#current();
      if (batch === null) return;
      const from = this.#row;
      this.#pass((start) => start < us);
      if (this.#row > from) yield sliceColumns(batch, from, this.#row);
      if (this.#row < batch.length) return;
    }
  }

  skip(isCovered: (startUs: number) => boolean): void {
    for (;;) {
      const batch = this.#current();
      if (batch === null) return;
      this.#pass(isCovered);
      if (this.#row < batch.length) return;
    }
  }

  #pass(test: (startUs: number) => boolean): void {
    const starts = startTimeOf(this.#batch!);
    while (this.#row < this.#batch!.length && test(starts[this.#row]!)) this.#row += 1;
  }

  #current(): C | null {
    if (this.#batch === null || this.#row >= this.#batch.length) {
      this.#batch = this.#source?.next() ?? null;
      this.#row = 0;
    }
    return this.#batch;
  }
}

/** Cuts a stream of batches at the UTC years of its rows and joins what is left into batches of one size. */
class YearRows<C extends Batch> {
  readonly #rows: Iterator<C>;
  readonly #prices: ReadonlySet<string>;
  #batch: C | null = null;
  #row = 0;

  constructor(rows: Iterator<C>, kind: MarketDataKind) {
    this.#rows = rows;
    this.#prices = new Set(priceColumnsOf(kind));
  }

  year(): number | null {
    while (this.#batch === null || this.#row >= this.#batch.length) {
      const next = this.#rows.next();
      if (next.done === true) return null;
      [this.#batch, this.#row] = [next.value, 0];
    }
    return yearOf(startTimeOf(this.#batch)[this.#row]!);
  }

  /** Batches share their columns: each is valid until the next. */
  *of(year: number): Generator<C> {
    let out: Fields | null = null;
    let length = 0;
    while (this.year() === year) {
      const batch = this.#batch!;
      const starts = startTimeOf(batch);
      const room = Math.min(batch.length, this.#row + SEGMENT_ROWS - length);
      let end = this.#row;
      while (end < room && yearOf(starts[end]!) === year) end += 1;
      out ??= this.#columnsLike(batch);
      copyRows(batch as unknown as Fields, this.#row, end, out, length);
      length += end - this.#row;
      this.#row = end;
      if (length < SEGMENT_ROWS) continue;
      yield { ...out, length } as unknown as C;
      length = 0;
    }
    if (length > 0) yield { ...out, length } as unknown as C;
  }

  /** Prices as doubles, for batches of either type may follow; their values decide the type on disk. */
  #columnsLike(batch: C): Fields {
    const out: Fields = {};
    for (const [name, values] of Object.entries(batch as unknown as Fields)) {
      if (!ArrayBuffer.isView(values)) continue;
      const Type = this.#prices.has(name)
        ? Float64Array
        : (values.constructor as new (length: number) => Values);
      out[name] = new Type(SEGMENT_ROWS);
    }
    return out;
  }
}

function copyRows(from: Fields, start: number, end: number, to: Fields, at: number): void {
  for (const [name, target] of Object.entries(to)) {
    const source = from[name]!;
    if (source instanceof BigInt64Array || source instanceof BigUint64Array)
      (target as BigInt64Array).set(source.subarray(start, end) as BigInt64Array, at);
    else (target as Float64Array).set(source.subarray(start, end), at);
  }
}
