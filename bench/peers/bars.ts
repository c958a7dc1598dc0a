/**
 * The bars that every program of this folder gets, and the terms on which they trade. Integers only, each value from its
 * row alone but for one running sum, so that any language makes the same; `bars.py` is the same in Python.
 */
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';

/** First bar opens 2020-01-01T00:00Z; one bar a minute around the clock, so that no calendar has to agree. */
export const START_US = 1_577_836_800_000_000;
export const MINUTE_US = 60_000_000;
export const TICK_SIZE = 0.25;
/** USD a point; a tick is 12.50. */
export const MULTIPLIER = 50;
/** USD a contract and side: exact in binary, so that no program rounds it. */
export const FEE = 2.25;
export const CAPITAL = 10_000_000;
export const FAST = 10;
export const SLOW = 50;
/**
 * The first bar whose close may send an order. Programs seed an EMA in different ways (first value, or mean of the first n);
 * after a thousand bars the slow one keeps 4e-18 of its seed, less than a double can show.
 */
export const FIRST_SIGNAL = 1_000;
export const ROOT = 'PEER';
export const DATASET = 'peers';
/** One contract for the whole span: this is about orders and fills, not about rolls. */
export const CONTRACT: ContractId = 'PEERZ2048' as ContractId;
const FIRST_PRICE = 100_000;
const CHUNK = 65_536;

/** The finaliser of MurmurHash3: 32 bits in, 32 bits out. */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Bars in batches. Prices in ticks; the open lies -1 to 1 ticks from the close before it, so that the two cannot be confused. */
export function makeBars(bars: number): BarColumns[] {
  const batches: BarColumns[] = [];
  let price = FIRST_PRICE;
  for (let from = 0; from < bars; from += CHUNK) {
    const length = Math.min(CHUNK, bars - from);
    const [openUs, closeUs, volume] = [0, 0, 0].map(() => new Float64Array(length));
    const [open, high, low, close] = [0, 0, 0, 0].map(() => new Int32Array(length));
    for (let i = 0; i < length; i += 1) {
      const row = from + i;
      const first = price + (mix(4 * row) % 3) - 1;
      const last = first + (mix(4 * row + 1) % 9) - 4;
      open![i] = first;
      close![i] = last;
      high![i] = Math.max(first, last) + (mix(4 * row + 2) % 4);
      low![i] = Math.min(first, last) - (mix(4 * row + 3) % 4);
      volume![i] = 100 + ((mix(4 * row) >>> 16) % 900);
      openUs![i] = START_US + row * MINUTE_US;
      closeUs![i] = openUs![i]! + MINUTE_US;
      price = last;
    }
    batches.push({
      length,
      openUs: openUs!,
      closeUs: closeUs!,
      open: open!,
      high: high!,
      low: low!,
      close: close!,
      volume: volume!,
    });
  }
  return batches;
}

/** Sum modulo 2^32 of all values, each weighted by its column and its row: equal bars, equal number. */
export class Checksum {
  #sum: number = 0;
  #row: number = 0;

  add({ length, open, high, low, close, volume }: BarColumns): void {
    for (let i = 0; i < length; i += 1) {
      this.#row += 1;
      const row = 3 * open[i]! + 5 * high[i]! + 7 * low[i]! + 11 * close[i]! + 13 * volume[i]!;
      this.#sum = (this.#sum + Math.imul(this.#row, row)) >>> 0;
    }
  }

  get value(): number {
    return this.#sum;
  }
}

/** What one program says of one run. */
export interface PeerResult {
  readonly program: string;
  readonly version: string;
  readonly bars: number;
  readonly checksum: number;
  /** Where each fill stands: row of the bar, side, price in ticks. */
  readonly fillsFile: string;
  /** Money that the program itself accounts at the last close, open position included, in cents. */
  readonly profitCents: number;
  /** Whole process up to the end of the first run, CPU of all threads and clock, in seconds. */
  readonly coldCpu: number;
  readonly coldWall: number;
  /** Best of the later runs, the data loaded. */
  readonly warmCpu: number;
  readonly warmWall: number;
  /** Resident set at its highest up to the end of the first run, in MB. */
  readonly peakMb: number;
}
