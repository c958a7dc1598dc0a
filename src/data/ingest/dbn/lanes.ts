/**
 * Rows on their way into segments: one lane for each contract, kind and interval. Flat world: columns that fill and are handed
 * on. Rows of a file replace the stored ones from its first to its last moment; what lies before and after stays, so that the
 * files of single days can be imported one by one, and the same file twice without effect.
 */
import type { BarInterval, MarketDataKind } from '../../../core/bars.ts';
import { assert } from '../../../core/errors.ts';
import type { ContractId } from '../../../core/instrument.ts';
import { nodeFileIo } from '../../file-io.ts';
import { yearOf } from '../../dataset-writer.ts';
import type { DatasetWriter, SegmentSink } from '../../dataset-writer.ts';
import type { Dataset } from '../../catalog.ts';
import type { SegmentEntry } from '../../manifest.ts';
import type { KindColumns } from '../../segment-codec.ts';
import { sliceColumns, sortTimeOf } from '../../segment-codec.ts';
import { openSegments } from '../../segment-source.ts';

type Column = Float64Array | Int32Array | Int8Array | Uint8Array | BigUint64Array | BigInt64Array;
type Kind = Exclude<MarketDataKind, 'open-interest' | 'quote-bars'>;

const FLUSH_ROWS = 8192;
const FIRST_ROWS = 256;
const TWO_32 = 4_294_967_296;

type ColumnKind = 'f64' | 'i32' | 'i8' | 'u8' | 'u64' | 'i64';

const NAMES: Readonly<Record<Kind, Readonly<Record<string, ColumnKind>>>> = {
  bars: {
    openUs: 'f64',
    closeUs: 'f64',
    open: 'f64',
    high: 'f64',
    low: 'f64',
    close: 'f64',
    volume: 'f64',
  },
  trades: { tsUs: 'f64', tsNs: 'i64', seq: 'f64', price: 'f64', qty: 'f64', aggressor: 'i8' },
  quotes: {
    tsUs: 'f64',
    tsNs: 'i64',
    seq: 'f64',
    bid: 'f64',
    ask: 'f64',
    bidQty: 'f64',
    askQty: 'f64',
  },
  depth: {
    tsUs: 'f64',
    tsNs: 'i64',
    seq: 'f64',
    side: 'i8',
    price: 'f64',
    qty: 'f64',
    orderCount: 'i32',
    isEventEnd: 'u8',
  },
  mbo: {
    tsUs: 'f64',
    tsNs: 'i64',
    seq: 'f64',
    orderId: 'u64',
    action: 'u8',
    side: 'i8',
    price: 'f64',
    qty: 'f64',
    isEventEnd: 'u8',
  },
  statistics: {
    tsUs: 'f64',
    tsNs: 'i64',
    seq: 'f64',
    refUs: 'f64',
    statType: 'i32',
    price: 'f64',
    quantity: 'f64',
    flags: 'u8',
    isDeleted: 'u8',
  },
  definitions: {
    tsUs: 'f64',
    tsNs: 'i64',
    seq: 'f64',
    activationUs: 'f64',
    expirationUs: 'f64',
    increment: 'f64',
    unitQty: 'f64',
    maturity: 'i32',
    instrumentId: 'f64',
    isDeleted: 'u8',
  },
};

/** Rows of one contract and kind. The columns are public to the loops that fill them; `row()` gives the place of the next. */
export class DbnLane {
  readonly contract: ContractId;
  readonly kind: Kind;
  readonly interval: BarInterval | null;
  readonly #dataset: Dataset;
  readonly #writer: DatasetWriter;
  readonly #segments: SegmentEntry[];
  c: Readonly<Record<string, Column>>;
  #nsHalves: Int32Array = new Int32Array(0);
  #capacity = 0;
  length: number = 0;
  rows: number = 0;
  #sink: SegmentSink<KindColumns[MarketDataKind]> | null = null;
  #year = NaN;
  #yearFromUs = 0;
  #yearToUs = 0;
  lastUs: number = -Infinity;
  #seq = 0;

  constructor(
    dataset: Dataset,
    writer: DatasetWriter,
    segments: SegmentEntry[],
    contract: ContractId,
    kind: Kind,
    interval: BarInterval | null,
  ) {
    this.#dataset = dataset;
    this.#writer = writer;
    this.#segments = segments;
    this.contract = contract;
    this.kind = kind;
    this.interval = interval;
    this.c = {};
    this.#grow();
  }

  /** The place of a new row at a moment, its time and order filled in. `startUs` decides the year of a bar. */
  row(us: number, nsLow: number, nsHigh: number): number {
    const at = this.#place(us, us);
    (this.c['tsUs'] as Float64Array)[at] = us;
    this.#nsHalves[2 * at] = nsLow;
    this.#nsHalves[2 * at + 1] = nsHigh;
    this.#seq = us === this.lastUs ? this.#seq + 1 : 0;
    (this.c['seq'] as Float64Array)[at] = this.#seq;
    this.lastUs = us;
    return at;
  }

  bar(openUs: number, closeUs: number): number {
    const at = this.#place(openUs, closeUs);
    (this.c['openUs'] as Float64Array)[at] = openUs;
    (this.c['closeUs'] as Float64Array)[at] = closeUs;
    this.lastUs = closeUs;
    return at;
  }

  /** Marks the last row as the end of its event, if it has not been handed on. */
  endEvent(): void {
    if (this.length > 0) (this.c['isEventEnd'] as Uint8Array)[this.length - 1] = 1;
  }

  /** Hands the rows on when there are many; never between the rows of one event. */
  flushIfFull(): void {
    if (this.length >= FLUSH_ROWS) this.flush();
  }

  flush(): void {
    if (this.length === 0) return;
    const columns: Record<string, unknown> = { length: this.length };
    for (const [name, values] of Object.entries(this.c))
      columns[name] = values.subarray(0, this.length);
    const batch = columns as unknown as KindColumns[MarketDataKind];
    if (this.#sink === null) this.#begin(sortTimeOf(batch)[0]!);
    this.#sink!.push(batch);
    this.length = 0;
  }

  /** Ends the last segment; stored rows after the last new one follow it. */
  finish(): void {
    this.flush();
    if (this.#sink === null) return;
    this.#copyStored((time) => time > this.lastUs);
    this.#segments.push(this.#sink.finish());
    this.#sink = null;
  }

  abort(): void {
    this.#sink?.abort();
    this.#sink = null;
  }

  #place(startUs: number, endUs: number): number {
    if (startUs < this.#yearFromUs || startUs >= this.#yearToUs) this.#turnYear(startUs);
    assert(endUs >= this.lastUs, 'rows of a lane come in the order of time');
    if (this.length === this.#capacity) this.#grow();
    const at = this.length;
    this.length += 1;
    this.rows += 1;
    return at;
  }

  /** Rows of the old year that were stored and lie within the file are gone: the file replaces what it spans. */
  #turnYear(us: number): void {
    this.flush();
    if (this.#sink !== null) {
      this.#segments.push(this.#sink.finish());
      this.#sink = null;
    }
    this.#year = yearOf(us);
    this.#yearFromUs = Date.UTC(this.#year, 0) * 1000;
    this.#yearToUs = Date.UTC(this.#year + 1, 0) * 1000;
  }

  #begin(firstUs: number): void {
    this.#sink =
      this.kind === 'bars'
        ? this.#writer.beginBars(this.contract, this.interval!, this.#year)
        : (this.#writer.begin(this.kind, this.contract, this.#year) as SegmentSink<
            KindColumns[MarketDataKind]
          >);
    this.#copyStored((time) => time < firstUs);
  }

  #copyStored(isKept: (time: number) => boolean): void {
    const entry = this.#dataset.manifest.segments.find(
      (each) =>
        each.kind === this.kind &&
        each.contract === this.contract &&
        each.interval === this.interval &&
        each.year === this.#year,
    );
    if (entry === undefined) return;
    const source = openSegments(this.kind, this.#dataset.folder, [entry], {}, nodeFileIo);
    try {
      for (let batch = source.next(); batch !== null; batch = source.next()) {
        const times = sortTimeOf(batch);
        let from = 0;
        while (from < batch.length && !isKept(times[from]!)) from += 1;
        let to = from;
        while (to < batch.length && isKept(times[to]!)) to += 1;
        if (to > from) this.#sink!.push(withNanos(sliceColumns(batch, from, to)));
      }
    } finally {
      source.close();
    }
  }

  #grow(): void {
    const capacity = Math.max(FIRST_ROWS, 2 * this.#capacity);
    const grown: Record<string, Column> = {};
    for (const [name, type] of Object.entries(NAMES[this.kind])) {
      const column = newColumn(type, capacity);
      const old = this.c[name];
      if (old !== undefined) column.set(old.subarray(0, this.length) as never);
      grown[name] = column;
    }
    this.c = grown;
    const nanos = grown['tsNs'];
    this.#nsHalves =
      nanos === undefined ? new Int32Array(0) : new Int32Array(nanos.buffer as ArrayBuffer);
    this.#capacity = capacity;
  }
}

function newColumn(type: ColumnKind, rows: number): Column {
  switch (type) {
    case 'f64':
      return new Float64Array(rows);
    case 'i32':
      return new Int32Array(rows);
    case 'i8':
      return new Int8Array(rows);
    case 'u8':
      return new Uint8Array(rows);
    case 'u64':
      return new BigUint64Array(rows);
    case 'i64':
      return new BigInt64Array(rows);
  }
}

/** Stored ticks of a source without nanoseconds, with whole microseconds as theirs: one file has one type of time. */
function withNanos(batch: KindColumns[MarketDataKind]): KindColumns[MarketDataKind] {
  if (!('tsUs' in batch) || batch.tsNs !== undefined) return batch;
  const tsNs = new BigInt64Array(batch.length);
  const halves = new Int32Array(tsNs.buffer);
  for (let i = 0; i < batch.length; i += 1) {
    const us = batch.tsUs[i]!;
    // us * 1000 by halves: the product leaves the range of exact doubles.
    const high = Math.floor(us / TWO_32);
    const low = (us - high * TWO_32) * 1000;
    halves[2 * i] = (low % TWO_32) | 0;
    halves[2 * i + 1] = high * 1000 + Math.floor(low / TWO_32);
  }
  return { ...batch, tsNs } as KindColumns[MarketDataKind];
}
