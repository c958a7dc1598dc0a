/** Positions: signed net quantity, average price and realised profit, exact in counts and millionths. */
import type { InstrumentSpec } from './instrument.ts';
import { cashOfCounts } from './instrument.ts';
import type { CashMicros, NetQty, PriceTicks } from './units.ts';
import { toCashMicros } from './units.ts';

/** What a strategy sees. */
export interface PositionView {
  readonly netQty: NetQty;
  /** Average entry price in counts (fractional), 0 when flat. */
  readonly avgPriceTicks: number;
  /** Since the run began, gross of fees, contract currency. */
  readonly realisedMicros: CashMicros;
  /** At the last mark. */
  readonly unrealisedMicros: CashMicros;
  readonly markTicks: number;
}

/**
 * Average-cost position of one contract. `costCounts` is the signed sum of price times quantity of what is open, so that
 * no average is ever rounded: unrealised = mark × net − cost.
 */
export class Position {
  netQty: number = 0;
  /** Σ signed qty × price of the open quantity, in counts; scaled down on a partial close, half to even. */
  costCounts: number = 0;
  realisedMicros: number = 0;
  feesMicros: number = 0;
  markTicks: number = 0;
  readonly spec: InstrumentSpec;

  constructor(spec: InstrumentSpec) {
    this.spec = spec;
  }

  /** Applies a fill; returns the realised profit of it in millionths. A fill through zero closes, then opens. */
  applyFill(signedQty: number, priceTicks: PriceTicks, feeMicros: CashMicros): CashMicros {
    const before = this.netQty;
    this.feesMicros = toCashMicros(this.feesMicros + feeMicros);
    let realised = 0 as CashMicros;
    if (before === 0 || Math.sign(before) === Math.sign(signedQty)) {
      this.costCounts += signedQty * priceTicks;
    } else {
      const closing = Math.min(Math.abs(signedQty), Math.abs(before)) * Math.sign(signedQty);
      // Cost of what closes: the exact share of the open cost. Σ over partial closes equals the whole, because the last
      // close takes all that is left.
      const remaining = before + closing;
      const closedCost = remaining === 0 ? this.costCounts : (this.costCounts * -closing) / before;
      const realisedCounts = -(closedCost + closing * priceTicks);
      realised = cashOfCounts(realisedCounts, 1, this.spec);
      this.costCounts -= closedCost;
      const opening = signedQty - closing;
      if (opening !== 0) this.costCounts = opening * priceTicks;
    }
    this.netQty = before + signedQty;
    if (this.netQty === 0) this.costCounts = 0;
    this.realisedMicros = toCashMicros(this.realisedMicros + realised);
    this.markTicks = priceTicks;
    return realised;
  }

  avgPriceTicks(): number {
    return this.netQty === 0 ? 0 : this.costCounts / this.netQty;
  }

  unrealisedMicros(): CashMicros {
    if (this.netQty === 0) return 0 as CashMicros;
    return cashOfCounts(this.markTicks * this.netQty - this.costCounts, 1, this.spec);
  }
}
