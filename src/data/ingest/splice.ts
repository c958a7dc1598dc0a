/**
 * Puts rows into a stored series: what a part covers is replaced by it, what lies before and after stays. Written in batches
 * of one size, so that the same rows are the same bytes whatever way they came.
 */
import type { BarBuffer, BarColumns, BarInterval, MarketDataKind } from '../../core/bars.ts';
import { newBarBuffer } from '../../core/bars.ts';
import type { ContractId } from '../../core/instrument.ts';
import type { DatasetWriter, SegmentSink } from '../dataset-writer.ts';
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

/** Writes sorted rows year by year, all of them with nanoseconds where `isNano` says that some have them. Returns the segments. Errors: those of the writer. */
export function writeYears<K extends 'bars' | 'quote-bars' | 'trades' | 'quotes'>(
  writer: DatasetWriter,
  kind: K,
  contract: ContractId,
  interval: BarInterval | null,
  rows: Iterable<KindColumns[K]>,
  isNano: boolean = false,
): SegmentEntry[] {
  const years = new YearRows<KindColumns[K]>(rows[Symbol.iterator](), kind, isNano);
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

const FIRST_ROWS = 1024;

/** The same as `spliceRows` and `writeYears` for bars that come one by one, of many contracts in turn. */
export class BarSeries {
  readonly #writer: DatasetWriter;
  readonly #contract: ContractId;
  readonly #interval: BarInterval;
  readonly #old: StoredRows<BarColumns>;
  #buffer: BarBuffer = newBarBuffer(FIRST_ROWS);
  #sink: SegmentSink<BarColumns> | null = null;
  #year = NaN;
  #first = NaN;
  #last = NaN;
  /** Close of the last bar that was pushed. */
  lastCloseUs: number = -Infinity;

  constructor(
    writer: DatasetWriter,
    stored: ColumnSource<BarColumns> | null,
    contract: ContractId,
    interval: BarInterval,
  ) {
    this.#writer = writer;
    this.#old = new StoredRows(stored);
    this.#contract = contract;
    this.#interval = interval;
  }

  /** Prices in counts, in the order open, high, low, close. */
  push(openUs: number, closeUs: number, counts: ArrayLike<number>, volume: number): void {
    if (Number.isNaN(this.#first)) {
      this.#first = openUs;
      this.#stored(openUs);
    }
    this.#last = openUs;
    this.lastCloseUs = closeUs;
    this.#put(openUs, closeUs, counts[0]!, counts[1]!, counts[2]!, counts[3]!, volume);
  }

  finish(): void {
    this.#old.skip((start) => start <= this.#last);
    this.#stored(Infinity);
    this.#end();
  }

  abort(): void {
    this.#sink?.abort();
    this.#sink = null;
  }

  #stored(before: number): void {
    for (const rows of this.#old.before(before))
      for (let i = 0; i < rows.length; i += 1)
        this.#put(
          rows.openUs[i]!,
          rows.closeUs[i]!,
          rows.open[i]!,
          rows.high[i]!,
          rows.low[i]!,
          rows.close[i]!,
          rows.volume[i]!,
        );
  }

  #put(
    openUs: number,
    closeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    const year = yearOf(openUs);
    if (year !== this.#year) {
      this.#end();
      this.#year = year;
      this.#sink = this.#writer.beginBars(this.#contract, this.#interval, year);
    }
    const buffer = this.#buffer;
    const row = buffer.length;
    buffer.openUs[row] = openUs;
    buffer.closeUs[row] = closeUs;
    buffer.open[row] = open;
    buffer.high[row] = high;
    buffer.low[row] = low;
    buffer.close[row] = close;
    buffer.volume[row] = volume;
    buffer.length = row + 1;
    if (buffer.length < buffer.openUs.length) return;
    if (buffer.length === SEGMENT_ROWS) this.#flush();
    else this.#buffer = grown(buffer);
  }

  #end(): void {
    if (this.#sink === null) return;
    this.#flush();
    this.#sink.finish();
    this.#sink = null;
  }

  #flush(): void {
    if (this.#buffer.length > 0) this.#sink!.push(this.#buffer);
    this.#buffer.length = 0;
  }
}

function grown(old: BarBuffer): BarBuffer {
  const next = newBarBuffer(old.openUs.length * 2);
  for (const name of ['openUs', 'closeUs', 'open', 'high', 'low', 'close', 'volume'] as const)
    next[name].set(old[name]);
  next.length = old.length;
  return next;
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
  readonly #isNano: boolean;
  #batch: C | null = null;
  #row = 0;

  constructor(rows: Iterator<C>, kind: MarketDataKind, isNano: boolean) {
    this.#rows = rows;
    this.#isNano = isNano;
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
    delete out['tsNs'];
    if (this.#isNano) out['tsNs'] = new BigInt64Array(SEGMENT_ROWS);
    return out;
  }
}

function copyRows(from: Fields, start: number, end: number, to: Fields, at: number): void {
  for (const [name, target] of Object.entries(to)) {
    const source = from[name] ?? nanosOf(from['tsUs'] as Float64Array, start, end);
    if (source instanceof BigInt64Array || source instanceof BigUint64Array)
      (target as BigInt64Array).set(source.subarray(start, end) as BigInt64Array, at);
    else (target as Float64Array).set(source.subarray(start, end), at);
  }
}

/** Nanoseconds of the rows [start, end) of microseconds, at their places. */
function nanosOf(us: Float64Array, start: number, end: number): BigInt64Array {
  const out = new BigInt64Array(end);
  for (let i = start; i < end; i += 1) out[i] = BigInt(us[i]!) * 1000n;
  return out;
}
