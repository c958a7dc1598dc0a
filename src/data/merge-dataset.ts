/**
 * Adds the rows of one dataset to another. Rows that are stored already are left alone, so that the same source may come
 * again, longer than before: nothing is doubled and nothing is lost. One batch of each side is in memory.
 */
import type { MarketDataKind } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';
import type { Catalog, Dataset } from './catalog.ts';
import type { DatasetWriter, TickKind } from './dataset-writer.ts';
import { nodeFileIo } from './file-io.ts';
import type { SegmentEntry } from './manifest.ts';
import { segmentKey } from './manifest.ts';
import type { KindColumns } from './segment-codec.ts';
import { layoutOf, sortTimeOf } from './segment-codec.ts';
import type { ColumnSource } from './segment-source.ts';
import { openSegments } from './segment-source.ts';

export interface MergeOptions {
  readonly catalog: Catalog;
  /** Name of the dataset that gets the rows; made with the statements of the other one when it is not there. */
  readonly into: string;
  readonly from: Dataset;
  readonly description?: string;
  readonly source?: string;
  /** What the manifest keeps besides; it is committed with the rows. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface MergeReport {
  readonly dataset: Dataset;
  /** Rows that were not stored before. */
  readonly added: number;
  /** Rows that were. */
  readonly known: number;
}

/**
 * Merges and commits once, the extra statements with the rows. Two bars that end at one time must be equal; ticks are equal when
 * all their columns are.
 * Errors: E_MERGE_STATEMENT, E_MERGE_CONFLICT naming the bar, those of the writer. After any error nothing has changed.
 */
export function mergeDataset(options: MergeOptions): MergeReport {
  const { catalog, into, from } = options;
  const isNew = !catalog.names().includes(into);
  const target = isNew ? createLike(options) : catalog.dataset(into);
  checkStatements(target, from);
  const writer = target.beginWrite();
  try {
    writer.describe({
      grids: from.manifest.grids,
      ...(from.manifest.currencies === undefined ? {} : { currencies: from.manifest.currencies }),
      extra: { ...target.manifest.extra, ...from.manifest.extra, ...options.extra },
    });
    let [added, known] = [0, 0];
    const stored = new Map(target.manifest.segments.map((one) => [segmentKey(one), one]));
    for (const segment of from.manifest.segments) {
      const merge = new SegmentMerge(
        target,
        stored.get(segmentKey(segment)) ?? null,
        from,
        segment,
      );
      const counts = merge.count();
      added += counts.added;
      known += counts.known;
      if (counts.added > 0) merge.into(writer);
    }
    return { dataset: writer.commit(), added, known };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function createLike({ catalog, into, from, description, source }: MergeOptions): Dataset {
  const { schemaVersion: _v, generation: _g, segments: _s, checksum: _c, ...meta } = from.manifest;
  return catalog.createDataset({
    ...meta,
    name: into,
    ...(description === undefined ? {} : { description }),
    ...(source === undefined ? {} : { source }),
  });
}

function checkStatements(target: Dataset, from: Dataset): void {
  for (const name of ['volume', 'stamps', 'isSynthetic'] as const) {
    const [old, now] = [target.manifest[name], from.manifest[name]];
    if (old === now) continue;
    throw new TradingError(
      'E_MERGE_STATEMENT',
      `${target.name} states ${name} ${old}, the new rows ${now}`,
      {
        details: { dataset: target.name, statement: name, old, now },
        rule: 'a dataset states one thing of all its rows',
        fix: 'import them into another dataset, or with the same columns',
      },
    );
  }
}

type AnyBatch = KindColumns[MarketDataKind];
type Column = Float64Array | Int32Array | Int8Array | Uint8Array | BigInt64Array | BigUint64Array;
type Fields = Readonly<Record<string, Column>>;

interface Row {
  readonly fields: Fields;
  readonly at: number;
}

const BATCH_ROWS = 8192;

class SegmentMerge {
  readonly #target: Dataset;
  readonly #old: SegmentEntry | null;
  readonly #from: Dataset;
  readonly #segment: SegmentEntry;
  readonly #names: readonly string[];

  constructor(target: Dataset, old: SegmentEntry | null, from: Dataset, segment: SegmentEntry) {
    this.#target = target;
    this.#old = old;
    this.#from = from;
    this.#segment = segment;
    this.#names = layoutOf(segment.kind).map((column) => column.memory);
  }

  count(): { readonly added: number; readonly known: number } {
    let [added, known] = [0, 0];
    for (const { isNew, isBoth } of this.#rows()) {
      if (isNew) added += 1;
      else if (isBoth) known += 1;
    }
    return { added, known };
  }

  into(writer: DatasetWriter): void {
    const { kind, contract, interval, year } = this.#segment;
    if (kind === 'bars')
      writer.putBars(contract, interval!, year, this.#batches() as Iterable<KindColumns['bars']>);
    else if (kind === 'quote-bars')
      writer.putQuoteBars(
        contract,
        interval!,
        year,
        this.#batches() as Iterable<KindColumns['quote-bars']>,
      );
    else writer.put(kind, contract, year, this.#batches() as Iterable<KindColumns[TickKind]>);
  }

  *#batches(): Generator<AnyBatch> {
    let columns: Record<string, Column> | null = null;
    let length = 0;
    for (const { row } of this.#rows()) {
      columns ??= this.#newColumns(row.fields);
      for (const [name, values] of Object.entries(columns))
        values[length] = row.fields[name]![row.at]!;
      length += 1;
      if (length < BATCH_ROWS) continue;
      yield { length, ...columns } as unknown as AnyBatch;
      columns = null;
      length = 0;
    }
    if (columns !== null) yield { length, ...columns } as unknown as AnyBatch;
  }

  #newColumns(like: Fields): Record<string, Column> {
    const names = like['tsNs'] === undefined ? this.#names : [...this.#names, 'tsNs'];
    return Object.fromEntries(
      names.map((name) => {
        const values = like[name]!;
        // One side may have 32 bits, the other more.
        if (values instanceof Int32Array && isPrice(this.#segment.kind, name))
          return [name, new Float64Array(BATCH_ROWS)];
        return [name, new (values.constructor as new (rows: number) => Column)(BATCH_ROWS)];
      }),
    );
  }

  /** All rows in the order of time; those of one moment in the order of their `seq`. */
  *#rows(): Generator<{ readonly row: Row; readonly isNew: boolean; readonly isBoth: boolean }> {
    const old = new Cursor(this.#old === null ? null : this.#open(this.#target, this.#old));
    const now = new Cursor(this.#open(this.#from, this.#segment));
    try {
      while (old.time < Infinity || now.time < Infinity) {
        const time = Math.min(old.time, now.time);
        const [stored, fresh] = [old.take(time), now.take(time)];
        if (this.#segment.kind === 'bars') yield this.#bar(stored, fresh);
        else yield* this.#ticks(stored, fresh);
      }
    } finally {
      old.close();
      now.close();
    }
  }

  #open(dataset: Dataset, segment: SegmentEntry): ColumnSource<AnyBatch> {
    return openSegments(segment.kind, dataset.folder, [segment], {}, nodeFileIo);
  }

  #bar(stored: readonly Row[], fresh: readonly Row[]) {
    const [old, now] = [stored[0], fresh[0]];
    if (old === undefined) return { row: now!, isNew: true, isBoth: false };
    if (now !== undefined && !this.#isSame(old, now)) throw this.#conflict(old, now);
    return { row: old, isNew: false, isBoth: now !== undefined };
  }

  #ticks(stored: readonly Row[], fresh: readonly Row[]) {
    const rest = [...fresh];
    const rows = stored.map((row) => {
      const at = rest.findIndex((one) => this.#isSame(row, one));
      if (at >= 0) rest.splice(at, 1);
      return { row, isNew: false, isBoth: at >= 0 };
    });
    const all = [...rows, ...rest.map((row) => ({ row, isNew: true, isBoth: false }))];
    const seqOf = ({ fields, at }: Row): number => Number(fields['seq']![at]!);
    return all.sort((a, b) => seqOf(a.row) - seqOf(b.row));
  }

  #isSame(a: Row, b: Row): boolean {
    return this.#names.every((name) => Object.is(plain(a, name), plain(b, name)));
  }

  #conflict(old: Row, now: Row): TradingError {
    const name = this.#names.find((one) => !Object.is(plain(old, one), plain(now, one)))!;
    const { contract, interval } = this.#segment;
    const time = toIsoUtc(plain(old, 'closeUs') as TsUs);
    return new TradingError(
      'E_MERGE_CONFLICT',
      `the ${interval} bar of ${contract} that ends ${time} is stored with another ${name}`,
      {
        details: {
          contract,
          interval,
          time,
          column: name,
          stored: String(plain(old, name)),
          found: String(plain(now, name)),
        },
        rule: 'adding rows never changes stored ones',
        fix: 'if the new file is right, import it by itself: frontmonth data import replaces the year',
      },
    );
  }
}

/** -0 and 0 are one number on disk. */
function plain({ fields, at }: Row, name: string): number | bigint {
  const value = fields[name]![at]!;
  return typeof value === 'number' ? value + 0 : value;
}

function isPrice(kind: MarketDataKind, name: string): boolean {
  return layoutOf(kind).some((column) => column.memory === name && column.role === 'price');
}

/** Rows of a source, one moment at a time. */
class Cursor {
  readonly #source: ColumnSource<AnyBatch> | null;
  #batch: AnyBatch | null = null;
  #times: Float64Array = new Float64Array(0);
  #at = 0;

  constructor(source: ColumnSource<AnyBatch> | null) {
    this.#source = source;
    this.#fill();
  }

  /** Time of the next row; Infinity at the end. */
  get time(): number {
    return this.#batch === null ? Infinity : this.#times[this.#at]!;
  }

  /** The rows of a moment, which may be none. */
  take(time: number): Row[] {
    const rows: Row[] = [];
    while (this.#batch !== null && this.#times[this.#at] === time) {
      rows.push({ fields: this.#batch as unknown as Fields, at: this.#at });
      this.#at += 1;
      if (this.#at >= this.#batch.length) this.#fill();
    }
    return rows;
  }

  close(): void {
    this.#source?.close();
  }

  #fill(): void {
    this.#batch = this.#source?.next() ?? null;
    this.#at = 0;
    if (this.#batch !== null) this.#times = sortTimeOf(this.#batch);
  }
}
