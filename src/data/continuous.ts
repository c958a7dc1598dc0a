/**
 * Continuous series: a view over the bars of real contracts, chosen by a roll schedule and shifted by its gaps. Nothing is
 * stored; raw counts stay beside the adjusted prices. Flat world: columns, one owner, no object per row.
 */
import type { BarColumns, PriceColumn } from '../core/bars.ts';
import { assert } from '../core/errors.ts';
import type { BarSource } from '../core/ports.ts';
import type { PriceGrid } from '../core/price-grid.ts';
import { isRatioMode, segmentAdjustments } from '../core/roll.ts';
import type { Adjustment, RollSchedule } from '../core/roll.ts';
import { TS_MAX, TS_MIN } from '../core/units.ts';
import type { TsUs } from '../core/units.ts';

/**
 * A batch of a continuous series. Shapes: every column has `length` rows. `rawX` are counts of the contract in
 * `contractIndex`, as traded; the plain names are decimal prices after adjustment. Volume is the held contract's.
 * Known at: row i from closeUs[i]; in back modes its level also needs the rolls up to `asKnownAt`.
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
}

export interface ContinuousInput {
  readonly schedule: RollSchedule;
  readonly grid: PriceGrid;
  readonly adjust: Adjustment;
  /** Bars of a contract that close in (fromUs, toUs], in time order. More may be given; they are left out. */
  readonly bars: (contractIndex: number, fromUs: TsUs, toUs: TsUs) => BarSource;
  /** Bars that close in (fromUs, toUs]; everything by default. */
  readonly fromUs?: TsUs;
  readonly toUs?: TsUs;
  /**
   * The series as it was known at this moment: bars that close later are left out, and only rolls that were effective
   * adjust. The end of the data by default.
   */
  readonly asKnownAt?: TsUs;
}

/**
 * Reads a continuous series batch by batch. A roll's own time stamp belongs to the old contract: segment k holds the bars
 * that close after roll k-1 and not after roll k.
 * Errors: E_ROLL_RATIO in ratio modes at a roll price at or below zero.
 */
export function* readContinuous(input: ContinuousInput): Generator<ContinuousColumns, void> {
  const { schedule, adjust, grid } = input;
  const { rolls, held } = schedule;
  assert(held.length === rolls.length + 1, 'a schedule holds one contract more than it rolls');
  const toUs = Math.min(input.toUs ?? TS_MAX, input.asKnownAt ?? TS_MAX);
  const fromUs = input.fromUs ?? TS_MIN;
  const known = countKnown(schedule, input.asKnownAt ?? TS_MAX);
  const adjustments = segmentAdjustments(rolls, known, adjust);
  for (let k = 0; k <= known; k += 1) {
    const afterUs = Math.max(fromUs, k === 0 ? TS_MIN : rolls[k - 1]!.effectiveUs);
    const untilUs = Math.min(toUs, k === rolls.length ? TS_MAX : rolls[k]!.effectiveUs);
    if (afterUs >= untilUs) continue;
    const source = input.bars(held[k]!, afterUs as TsUs, untilUs as TsUs);
    const segment = {
      contractIndex: held[k]!,
      adjustment: adjustments[k]!,
      isRatio: isRatioMode(adjust),
    };
    try {
      for (let bars = source.next(); bars !== null; bars = source.next()) {
        const [start, end] = [
          firstAfter(bars.closeUs, bars.length, afterUs),
          firstAfter(bars.closeUs, bars.length, untilUs),
        ];
        if (end > start) yield adjustRows(bars, start, end, segment, grid);
        if (end < bars.length) break;
      }
    } finally {
      source.close();
    }
  }
}

/** All batches of `readContinuous` as one. For spans that fit in memory. */
export function collectContinuous(input: ContinuousInput): ContinuousColumns {
  const batches = [...readContinuous(input)];
  const length = batches.reduce((rows, batch) => rows + batch.length, 0);
  const join = (pick: (batch: ContinuousColumns) => ArrayLike<number>): Float64Array => {
    const out = new Float64Array(length);
    let at = 0;
    for (const batch of batches) {
      out.set(pick(batch), at);
      at += batch.length;
    }
    return out;
  };
  return {
    length,
    openUs: join((b) => b.openUs),
    closeUs: join((b) => b.closeUs),
    contractIndex: Int32Array.from(join((b) => b.contractIndex)),
    rawOpen: join((b) => b.rawOpen),
    rawHigh: join((b) => b.rawHigh),
    rawLow: join((b) => b.rawLow),
    rawClose: join((b) => b.rawClose),
    open: join((b) => b.open),
    high: join((b) => b.high),
    low: join((b) => b.low),
    close: join((b) => b.close),
    volume: join((b) => b.volume),
  };
}

/** Rolls that had taken effect at a moment: those whose new contract can have a bar by then. */
function countKnown(schedule: RollSchedule, atUs: number): number {
  let known = 0;
  while (known < schedule.rolls.length && schedule.rolls[known]!.effectiveUs <= atUs) known += 1;
  return known;
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

interface Segment {
  readonly contractIndex: number;
  readonly adjustment: number;
  readonly isRatio: boolean;
}

function adjustRows(
  bars: BarColumns,
  start: number,
  end: number,
  segment: Segment,
  grid: PriceGrid,
): ContinuousColumns {
  return {
    length: end - start,
    openUs: bars.openUs.slice(start, end),
    closeUs: bars.closeUs.slice(start, end),
    contractIndex: new Int32Array(end - start).fill(segment.contractIndex),
    rawOpen: bars.open.slice(start, end),
    rawHigh: bars.high.slice(start, end),
    rawLow: bars.low.slice(start, end),
    rawClose: bars.close.slice(start, end),
    open: adjustColumn(bars.open, start, end, segment, grid),
    high: adjustColumn(bars.high, start, end, segment, grid),
    low: adjustColumn(bars.low, start, end, segment, grid),
    close: adjustColumn(bars.close, start, end, segment, grid),
    volume: bars.volume.slice(start, end),
  };
}

/** Offsets are added as counts, so that a difference-adjusted price of whole counts stays exactly on the grid. */
function adjustColumn(
  column: PriceColumn,
  start: number,
  end: number,
  segment: Segment,
  grid: PriceGrid,
): Float64Array {
  const out = new Float64Array(end - start);
  const { adjustment, isRatio } = segment;
  const scale = 10 ** grid.decimals;
  const scaledStep = grid.increment * scale;
  for (let row = start; row < end; row += 1) {
    const counts = isRatio ? column[row]! : column[row]! + adjustment;
    // A whole count over a power of ten is one correctly rounded division: the same double as core's `toPrice`.
    const price = Number.isInteger(counts)
      ? Math.round(counts * scaledStep) / scale
      : counts * grid.increment;
    out[row - start] = isRatio ? price * adjustment : price;
  }
  return out;
}
