/**
 * Continuous series: a view over the bars of real contracts, chosen by a roll schedule and shifted by its gaps. Nothing is
 * stored; raw counts stay beside the adjusted prices. Flat world: columns, one owner, no object per row.
 */
import type { BarColumns, PriceColumn } from '../core/bars.ts';
import { assert } from '../core/errors.ts';
import type { BarSource } from '../core/ports.ts';
import type { PriceGrid } from '../core/price-grid.ts';
import type { Adjustment, RollSchedule } from '../core/roll.ts';
import { TS_MAX, TS_MIN } from '../core/units.ts';
import type { TsUs } from '../core/units.ts';
import type { FrameOptions, FrameSpan } from './continuous-adjust.ts';
import { frameOf } from './continuous-adjust.ts';

/**
 * A batch of a continuous series. Shapes: every column has `length` rows. `rawX` are counts of the contract in
 * `contractIndex`, as traded; the plain names are decimal prices after adjustment. Volume is the held contract's.
 * While a roll in parts is under way a price is the blend of two contracts by the shares held: the price of nothing that can be
 * traded, at rows that both have; high and low are bounds then.
 * Known at: row i from closeUs[i]; in back modes its level also needs the rolls up to `asKnownAt`.
 *
 * The columns of a batch from `readContinuous` are views on the bars it was read from, valid until the second-next batch;
 * decimal prices are worked out when they are first read.
 */
export interface ContinuousColumns {
  readonly length: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  readonly contractIndex: Int32Array;
  readonly rawOpen: PriceColumn;
  readonly rawHigh: PriceColumn;
  readonly rawLow: PriceColumn;
  readonly rawClose: PriceColumn;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** While a roll in parts is under way, the contract that the position moves to; -1 otherwise. */
  readonly toIndex: Int32Array;
  /** Share of the price that is `toIndex`'s, 0 otherwise. */
  readonly toWeight: Float64Array;
}

/** One batch lies within one span: its adjusted counts are `raw + offset`, or `raw × factor` in ratio modes. */
export interface ContinuousSpan extends ContinuousColumns {
  readonly span: FrameSpan;
  /** Counts to add; 0 in ratio modes. Whole where the prices of the rolls are. */
  readonly offset: number;
  /** 1 in difference modes. */
  readonly factor: number;
}

export interface ContinuousInput extends FrameOptions {
  readonly schedule: RollSchedule;
  readonly grid: PriceGrid;
  readonly adjust: Adjustment;
  /** Bars of a contract that close in (fromUs, toUs], in time order. More may be given; they are left out. */
  readonly bars: (contractIndex: number, fromUs: TsUs, toUs: TsUs) => BarSource;
  /** Bars that close in (fromUs, toUs]; everything by default. */
  readonly fromUs?: TsUs;
  readonly toUs?: TsUs;
}

/**
 * Reads a continuous series batch by batch. A roll's own time stamp belongs to the old contract, unless `rollStamp` says
 * otherwise: segment k holds the bars that close after roll k-1 and not after roll k.
 * Errors: E_ROLL_RATIO in ratio modes at a roll price at or below zero.
 */
export function* readContinuous(input: ContinuousInput): Generator<ContinuousSpan, void> {
  const { schedule, adjust, grid } = input;
  assert(
    schedule.held.length === schedule.rolls.length + 1,
    'a schedule holds one contract more than it rolls',
  );
  const toUs = Math.min(input.toUs ?? TS_MAX, input.asKnownAt ?? TS_MAX);
  const fromUs = input.fromUs ?? TS_MIN;
  const { spans, isRatio } = frameOf(schedule, adjust, input);
  const scale = scaleOf(grid);
  const pool = new PricePool();
  for (const span of spans) {
    const afterUs = Math.max(fromUs, span.afterUs) as TsUs;
    const untilUs = Math.min(toUs, span.untilUs) as TsUs;
    if (afterUs >= untilUs) continue;
    const own = input.bars(span.contractIndex, afterUs, untilUs);
    const source =
      span.toIndex < 0 ? own : blendOf(own, () => input.bars(span.toIndex, afterUs, untilUs), span);
    try {
      for (let bars = source.next(); bars !== null; bars = source.next()) {
        const start = firstAfter(bars.closeUs, bars.length, afterUs);
        const end = firstAfter(bars.closeUs, bars.length, untilUs);
        if (end > start)
          yield new ContinuousBatch(bars, { start, end }, { span, isRatio }, scale, pool);
        if (end < bars.length) break;
      }
    } finally {
      source.close();
    }
  }
}

/** All batches of `readContinuous` as one, copied. For spans that fit in memory. */
export function collectContinuous(input: ContinuousInput): ContinuousColumns {
  const parts = COLUMN_NAMES.map(() => [] as Float64Array[]);
  const contracts: Int32Array[] = [];
  const towards: Int32Array[] = [];
  let length = 0;
  for (const batch of readContinuous(input)) {
    // Copied at once: the columns are views that the source may write over.
    COLUMN_NAMES.forEach((name, i) => parts[i]!.push(Float64Array.from(batch[name])));
    contracts.push(batch.contractIndex);
    towards.push(batch.toIndex);
    length += batch.length;
  }
  const columns = COLUMN_NAMES.map((name, i) => [
    name,
    joined(new Float64Array(length), parts[i]!),
  ]);
  return {
    length,
    contractIndex: joined(new Int32Array(length), contracts),
    toIndex: joined(new Int32Array(length), towards),
    ...(Object.fromEntries(columns) as Record<(typeof COLUMN_NAMES)[number], Float64Array>),
  };
}

const COLUMN_NAMES = [
  'openUs',
  'closeUs',
  'rawOpen',
  'rawHigh',
  'rawLow',
  'rawClose',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'toWeight',
] as const;

function joined<T extends Float64Array | Int32Array>(out: T, parts: readonly T[]): T {
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** First row whose time is greater than `us`; the column is sorted. */
function firstAfter(column: Float64Array, length: number, us: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! > us) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The rows at which both contracts have a bar, each price the average by the shares held. */
function blendOf(
  own: BarSource,
  openOther: () => BarSource,
  { moved, of }: Pick<FrameSpan, 'moved' | 'of'>,
): BarSource {
  let other: BarSource | null = null;
  let bars: BarColumns | null = null;
  let at = 0;
  const seek = (closeUs: number): boolean => {
    other ??= openOther();
    for (;;) {
      if (bars === null || at >= bars.length) {
        bars = other.next();
        at = 0;
        if (bars === null) return false;
      } else if (bars.closeUs[at]! < closeUs) at += 1;
      else return bars.closeUs[at]! === closeUs;
    }
  };
  return {
    next() {
      const batch = own.next();
      if (batch === null) return null;
      const rows: number[] = [];
      const prices = PRICE_NAMES.map(() => [] as number[]);
      for (let row = 0; row < batch.length; row += 1) {
        if (!seek(batch.closeUs[row]!)) continue;
        rows.push(row);
        PRICE_NAMES.forEach((name, i) =>
          prices[i]!.push(((of - moved) * batch[name][row]! + moved * bars![name][at]!) / of),
        );
      }
      const [open, high, low, close] = prices.map((values) => Float64Array.from(values));
      const pick = (column: Float64Array): Float64Array =>
        Float64Array.from(rows, (row) => column[row]!);
      return {
        length: rows.length,
        openUs: pick(batch.openUs),
        closeUs: pick(batch.closeUs),
        open: open!,
        high: high!,
        low: low!,
        close: close!,
        volume: pick(batch.volume),
      };
    },
    close() {
      own.close();
      other?.close();
    },
  };
}

const PRICE_NAMES = ['open', 'high', 'low', 'close'] as const;

interface Segment {
  readonly span: FrameSpan;
  readonly isRatio: boolean;
}

/** Prices of whole counts: `counts × num ÷ den` is one correctly rounded operation, the same double as core's `toPrice`. */
interface Scale {
  readonly num: number;
  readonly den: number;
  /** The increment is a binary fraction: one exact multiplication does it. */
  readonly isBinary: boolean;
  readonly increment: number;
}

function scaleOf(grid: PriceGrid): Scale {
  const den = 10 ** grid.decimals;
  const isBinary = Number.isInteger(grid.increment * 2 ** 30);
  return { num: Math.round(grid.increment * den), den, isBinary, increment: grid.increment };
}

/** A span of one contract's bars, seen through its offset. Columns of prices are made when they are first asked for. */
class ContinuousBatch implements ContinuousColumns {
  readonly length: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  readonly rawOpen: PriceColumn;
  readonly rawHigh: PriceColumn;
  readonly rawLow: PriceColumn;
  readonly rawClose: PriceColumn;
  readonly volume: Float64Array;
  readonly offset: number;
  readonly factor: number;
  readonly span: FrameSpan;
  readonly #scale: Scale;
  readonly #pool: PricePool;
  readonly #generation: number;
  #contractIndex: Int32Array | null = null;
  #open: Float64Array | null = null;
  #high: Float64Array | null = null;
  #low: Float64Array | null = null;
  #close: Float64Array | null = null;

  constructor(
    bars: BarColumns,
    rows: { readonly start: number; readonly end: number },
    segment: Segment,
    scale: Scale,
    pool: PricePool,
  ) {
    const { start, end } = rows;
    this.length = end - start;
    this.openUs = bars.openUs.subarray(start, end);
    this.closeUs = bars.closeUs.subarray(start, end);
    this.rawOpen = bars.open.subarray(start, end);
    this.rawHigh = bars.high.subarray(start, end);
    this.rawLow = bars.low.subarray(start, end);
    this.rawClose = bars.close.subarray(start, end);
    this.volume = bars.volume.subarray(start, end);
    this.offset = segment.isRatio ? 0 : segment.span.adjustment;
    this.factor = segment.isRatio ? segment.span.adjustment : 1;
    this.span = segment.span;
    this.#scale = scale;
    this.#pool = pool;
    this.#generation = pool.begin();
  }

  get contractIndex(): Int32Array {
    return (this.#contractIndex ??= new Int32Array(this.length).fill(this.span.contractIndex));
  }
  get toIndex(): Int32Array {
    return new Int32Array(this.length).fill(this.span.toIndex);
  }
  get toWeight(): Float64Array {
    return new Float64Array(this.length).fill(this.span.moved / this.span.of);
  }
  get open(): Float64Array {
    return (this.#open ??= this.#prices(this.rawOpen));
  }
  get high(): Float64Array {
    return (this.#high ??= this.#prices(this.rawHigh));
  }
  get low(): Float64Array {
    return (this.#low ??= this.#prices(this.rawLow));
  }
  get close(): Float64Array {
    return (this.#close ??= this.#prices(this.rawClose));
  }

  #prices(raw: PriceColumn): Float64Array {
    const out = this.#pool.take(this.#generation, this.length);
    const { offset, factor } = this;
    if (raw instanceof Int32Array && Number.isInteger(offset))
      fillWhole(out, raw, offset, factor, this.#scale);
    else fillFractional(out, raw, offset, factor, this.#scale);
    return out;
  }
}

/**
 * Columns of prices that two batches share in turn, so that a long scan stays in the cache: as with the bars themselves, a
 * column is valid until the second-next batch.
 */
class PricePool {
  readonly #even: Float64Array[] = [];
  readonly #odd: Float64Array[] = [];
  #generation: number = -1;
  #taken: number = 0;
  #takenBefore: number = 0;

  begin(): number {
    this.#takenBefore = this.#taken;
    this.#taken = 0;
    return (this.#generation += 1);
  }

  take(generation: number, length: number): Float64Array {
    const age = this.#generation - generation;
    assert(age < 2, 'a batch of a continuous series is read before the second-next one');
    const slot = age === 0 ? this.#taken++ : this.#takenBefore++;
    const columns = generation % 2 === 0 ? this.#even : this.#odd;
    const known = columns[slot];
    if (known !== undefined && known.length >= length) return known.subarray(0, length);
    const made = new Float64Array(length);
    columns[slot] = made;
    return made;
  }
}

/** Offsets are added as counts, so that a difference-adjusted price of whole counts stays exactly on the grid. */
function fillWhole(
  out: Float64Array,
  raw: Int32Array,
  offset: number,
  factor: number,
  scale: Scale,
): void {
  const { num, den, increment } = scale;
  const { length } = out;
  if (scale.isBinary && factor === 1)
    for (let i = 0; i < length; i += 1) out[i] = (raw[i]! + offset) * increment;
  else if (factor === 1)
    for (let i = 0; i < length; i += 1) out[i] = ((raw[i]! + offset) * num) / den;
  else for (let i = 0; i < length; i += 1) out[i] = ((raw[i]! * num) / den) * factor;
}

/** Sources without a grid: counts may be fractions, and NaN where there is no price. */
function fillFractional(
  out: Float64Array,
  raw: PriceColumn,
  offset: number,
  factor: number,
  scale: Scale,
): void {
  for (let i = 0; i < out.length; i += 1) {
    const counts = raw[i]! + offset;
    const price = Number.isInteger(counts)
      ? (counts * scale.num) / scale.den
      : counts * scale.increment;
    out[i] = price * factor;
  }
}
