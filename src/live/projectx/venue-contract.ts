/** Contracts of a run as the venue knows them: ids, and prices in counts of our grid. */
import { TradingError } from '../../core/errors.ts';
import type { PriceGrid } from '../../core/price-grid.ts';
import { GRID_TOLERANCE, toPrice, toPriceTicks } from '../../core/price-grid.ts';
import type { PriceTicks } from '../../core/units.ts';
import type { PxContract } from './messages.ts';

/** One contract that the run may trade. */
export interface VenueContractSpec {
  readonly contractIndex: number;
  /** `CON.F.US.EP.Z26` */
  readonly venueId: string;
  readonly grid: PriceGrid;
  /** Money of one count of the grid for one contract, in units of the currency; compared with the venue's where given. */
  readonly countValue?: number;
}

export class VenueContract {
  readonly contractIndex: number;
  readonly id: string;
  readonly grid: PriceGrid;
  /** Counts of our grid in one tick of the venue. */
  readonly countsPerTick: number;

  /** Errors: E_VENUE_CONTRACT when the venue's contract is another thing than ours. */
  constructor(spec: VenueContractSpec, listed: PxContract) {
    const { grid } = spec;
    const counts = listed.tickSize / grid.increment;
    const refuse = (field: string, ours: unknown, theirs: unknown): TradingError =>
      new TradingError(
        'E_VENUE_CONTRACT',
        `${spec.venueId}: our ${field} is ${String(ours)}, that of the venue ${String(theirs)}`,
        {
          details: { contract: spec.venueId, field, ours, venue: theirs },
          fix: 'correct the instrument file',
        },
      );
    if (!(Math.round(counts) >= 1 && Math.abs(counts - Math.round(counts)) <= GRID_TOLERANCE))
      throw refuse('price step', grid.increment, listed.tickSize);
    this.countsPerTick = Math.round(counts);
    const value = spec.countValue;
    if (
      value !== undefined &&
      Math.abs(value * this.countsPerTick - listed.tickValue) > listed.tickValue * 1e-6
    )
      throw refuse('value of a tick', value * this.countsPerTick, listed.tickValue);
    this.contractIndex = spec.contractIndex;
    this.id = spec.venueId;
    this.grid = grid;
  }

  toPrice(ticks: PriceTicks): number {
    return toPrice(ticks, this.grid);
  }

  /** Errors: E_PRICE_GRID for a price between counts. */
  toTicks(price: number): PriceTicks {
    return toPriceTicks(price, this.grid);
  }

  ticksOrNull(price: number | null): PriceTicks | null {
    return price === null ? null : this.toTicks(price);
  }

  /** Of an average, which may lie between counts. */
  toFractional(price: number): number {
    const exact = price / this.grid.increment;
    return Math.abs(exact - Math.round(exact)) <= GRID_TOLERANCE ? Math.round(exact) : exact;
  }

  /** Whole ticks of the venue; null when the counts lie between them. */
  toVenueTicks(counts: number): number | null {
    const ticks = counts / this.countsPerTick;
    return Number.isSafeInteger(ticks) ? ticks : null;
  }
}
