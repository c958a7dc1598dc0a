/** One neighbour of a series on the curve: its closes beside the rows of the series, in a ring of the same size. */
import type { ContractId } from '../core/instrument.ts';
import type { CarryView } from '../core/strategy.ts';
import type { Series } from './series.ts';

/** Flat world: a close, the row's contract and the neighbour's are columns by slot of the ring. */
export class CurveSide implements CarryView {
  readonly #series: Series;
  /** Neighbour by contract row. */
  readonly #rows: Int32Array;
  readonly #idOf: (contractIndex: number) => ContractId;
  readonly #close: Float64Array;
  readonly #own: Int32Array;
  readonly #contract: Int32Array;
  /** The last close seen of the neighbour: its moment, contract and counts. */
  #lastUs: number = NaN;
  #lastContract: number = -1;
  #lastClose: number = NaN;

  constructor(
    series: Series,
    rows: Int32Array,
    size: number,
    idOf: (contractIndex: number) => ContractId,
  ) {
    this.#series = series;
    this.#rows = rows;
    this.#idOf = idOf;
    this.#close = new Float64Array(size);
    this.#own = new Int32Array(size);
    this.#contract = new Int32Array(size);
  }

  get contract(): ContractId | null {
    const { contractIndex } = this.#series;
    const row = contractIndex < 0 ? -1 : this.#rows[contractIndex]!;
    return row < 0 ? null : this.#idOf(row);
  }

  contractAt(ago: number): ContractId | null {
    const row = this.#contract[this.#series.slotOf(ago)]!;
    return row < 0 ? null : this.#idOf(row);
  }

  close(ago: number): number {
    return this.#series.toDecimal(this.#close[this.#series.slotOf(ago)]!);
  }

  annualised(ago: number): number {
    const slot = this.#series.slotOf(ago);
    const difference = this.#series.countsAt(slot) - this.#close[slot]!;
    if (difference === 0) return NaN;
    return this.#series.toDecimal(difference) / this.#series.yearsOf(this.#own[slot]!);
  }

  /** A row of the series begins in this slot. */
  begin(slot: number, closeUs: number): void {
    const own = this.#series.contractIndex;
    const neighbour = this.#rows[own]!;
    this.#own[slot] = own;
    this.#contract[slot] = neighbour;
    const isHere = this.#lastUs === closeUs && this.#lastContract === neighbour && neighbour >= 0;
    this.#close[slot] = isHere ? this.#lastClose : NaN;
  }

  /** A close of another contract; `slot` and `rowUs` are the newest row of the series. */
  see(contractIndex: number, closeUs: number, close: number, slot: number, rowUs: number): void {
    const own = this.#series.contractIndex;
    if (own < 0 || this.#rows[own] !== contractIndex) return;
    this.#lastUs = closeUs;
    this.#lastContract = contractIndex;
    this.#lastClose = close;
    if (rowUs === closeUs && this.#contract[slot] === contractIndex) this.#close[slot] = close;
  }
}
