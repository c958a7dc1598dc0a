/** Positions: signed net quantity, average price and realised profit, exact in counts and millionths. */
import type { InstrumentSpec } from './instrument.ts';
import { cashOfCounts } from './instrument.ts';
import { LotQueue } from './money/lots.ts';
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

/** What a closing fill closes: a share of all that is open, or the oldest lots. */
export type LotMethod = 'average' | 'fifo';

/**
 * Position of one contract at average cost or first in, first out. The flow of the fills is kept in whole counts and the cost of what is open beside
 * it: realised = flow + cost. So a partial close may round by half a millionth, and a closed position never does.
 */
export class Position {
  netQty: number = 0;
  /** Σ signed qty × price of the open quantity, in counts. */
  costCounts: number = 0;
  /** −Σ signed qty × price of all fills, in counts: exact. */
  flowCounts: number = 0;
  realisedMicros: number = 0;
  feesMicros: number = 0;
  markTicks: number = 0;
  readonly spec: InstrumentSpec;
  /** The open lots; null at average cost. */
  readonly lots: LotQueue | null;

  constructor(spec: InstrumentSpec, method: LotMethod = 'average') {
    this.spec = spec;
    this.lots = method === 'fifo' ? new LotQueue() : null;
  }

  /** Applies a fill; returns the realised profit of it in millionths. A fill through zero closes, then opens. */
  applyFill(signedQty: number, priceTicks: PriceTicks, feeMicros: CashMicros): CashMicros {
    const before = this.netQty;
    const after = before + signedQty;
    this.feesMicros = toCashMicros(this.feesMicros + feeMicros);
    this.flowCounts -= signedQty * priceTicks;
    const isSameSide = before === 0 || Math.sign(before) === Math.sign(signedQty);
    if (this.lots !== null) {
      this.lots.apply(signedQty, priceTicks);
      this.costCounts = this.lots.costCounts;
    } else if (isSameSide) this.costCounts += signedQty * priceTicks;
    else if (after === 0) this.costCounts = 0;
    else if (Math.sign(after) === Math.sign(before)) this.costCounts *= after / before;
    else this.costCounts = after * priceTicks;
    this.netQty = after;
    this.markTicks = priceTicks;
    const total = cashOfCounts(this.flowCounts + this.costCounts, 1, this.spec);
    const realised = toCashMicros(total - this.realisedMicros);
    this.realisedMicros = total;
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
