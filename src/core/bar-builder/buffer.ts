/** Finished bars as columns. The flat world: one owner, arrays that grow by doubling, nothing allocated for a bar. */
import type { BarColumns, PriceColumn } from '../bars.ts';
import { TradingError } from '../errors.ts';

/** Bars that a builder has finished. Shapes: each column has `length` rows. Known at: row i from closeUs[i]. */
export interface BuiltBars extends BarColumns {
  /** Trade date of the session in which the bar ended; 0 without a calendar. */
  readonly tradeDate: Int32Array;
  /** Trades, or smaller bars, that the bar is made of; 0 for a bar that a jump of the price went through. */
  readonly inputs: Float64Array;
  /** 1 where the end of a session cut the bar before it was complete; always 0 for bars of time. */
  readonly isCut: Uint8Array;
}

const CAPACITY_FIRST = 256;

/** Collects finished bars until they are taken. */
export class BarBuffer {
  readonly #isFractional: boolean;
  #length: number = 0;
  #capacity: number = 0;
  #openUs: Float64Array = new Float64Array(0);
  #closeUs: Float64Array = new Float64Array(0);
  #open: PriceColumn;
  #high: PriceColumn;
  #low: PriceColumn;
  #close: PriceColumn;
  #volume: Float64Array = new Float64Array(0);
  #tradeDate: Int32Array = new Int32Array(0);
  #inputs: Float64Array = new Float64Array(0);
  #isCut: Uint8Array = new Uint8Array(0);

  /** `isFractional`: prices of a source without a grid, kept as doubles. */
  constructor(isFractional: boolean) {
    this.#isFractional = isFractional;
    this.#open = this.#prices(0);
    this.#high = this.#prices(0);
    this.#low = this.#prices(0);
    this.#close = this.#prices(0);
    this.#grow(CAPACITY_FIRST);
  }

  get length(): number {
    return this.#length;
  }

  /** Errors: E_PRICE_GRID for a price that is no count, where prices are counts. */
  push(
    openUs: number,
    closeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    tradeDate: number,
    inputs: number,
    isCut: number,
  ): void {
    const at = this.#length;
    if (at === this.#capacity) this.#grow(2 * at);
    this.#openUs[at] = openUs;
    this.#closeUs[at] = closeUs;
    this.#open[at] = open;
    this.#high[at] = high;
    this.#low[at] = low;
    this.#close[at] = close;
    this.#volume[at] = volume;
    this.#tradeDate[at] = tradeDate;
    this.#inputs[at] = inputs;
    this.#isCut[at] = isCut;
    if (this.#open[at] !== open || this.#close[at] !== close) throw notCounts(open, close);
    if (this.#high[at] !== high || this.#low[at] !== low) throw notCounts(high, low);
    this.#length = at + 1;
  }

  /** The bars since the last call, as columns of their own; none is a length of 0. */
  take(): BuiltBars {
    const end = this.#length;
    this.#length = 0;
    return {
      length: end,
      openUs: this.#openUs.slice(0, end),
      closeUs: this.#closeUs.slice(0, end),
      open: this.#open.slice(0, end),
      high: this.#high.slice(0, end),
      low: this.#low.slice(0, end),
      close: this.#close.slice(0, end),
      volume: this.#volume.slice(0, end),
      tradeDate: this.#tradeDate.slice(0, end),
      inputs: this.#inputs.slice(0, end),
      isCut: this.#isCut.slice(0, end),
    };
  }

  /** The bars that wait, without taking them: columns that hold until the builder is fed again. */
  view(): BuiltBars {
    return {
      length: this.#length,
      openUs: this.#openUs,
      closeUs: this.#closeUs,
      open: this.#open,
      high: this.#high,
      low: this.#low,
      close: this.#close,
      volume: this.#volume,
      tradeDate: this.#tradeDate,
      inputs: this.#inputs,
      isCut: this.#isCut,
    };
  }

  clear(): void {
    this.#length = 0;
  }

  #prices(capacity: number): PriceColumn {
    return this.#isFractional ? new Float64Array(capacity) : new Int32Array(capacity);
  }

  #grow(capacity: number): void {
    this.#openUs = grown(this.#openUs, new Float64Array(capacity));
    this.#closeUs = grown(this.#closeUs, new Float64Array(capacity));
    this.#open = grown(this.#open, this.#prices(capacity));
    this.#high = grown(this.#high, this.#prices(capacity));
    this.#low = grown(this.#low, this.#prices(capacity));
    this.#close = grown(this.#close, this.#prices(capacity));
    this.#volume = grown(this.#volume, new Float64Array(capacity));
    this.#tradeDate = grown(this.#tradeDate, new Int32Array(capacity));
    this.#inputs = grown(this.#inputs, new Float64Array(capacity));
    this.#isCut = grown(this.#isCut, new Uint8Array(capacity));
    this.#capacity = capacity;
  }
}

function grown<Column extends Float64Array | Int32Array | Uint8Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}

function notCounts(a: number, b: number): TradingError {
  const price = Number.isInteger(a) && Math.abs(a) < 2 ** 31 ? b : a;
  return new TradingError('E_PRICE_GRID', `price ${price} is not a count of a grid`, {
    details: { price },
    rule: 'prices of a builder are whole counts of the grid, below 2^31',
    fix: 'for a source without a grid build with isFractional: true',
  });
}
