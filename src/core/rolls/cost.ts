/** What moving a position costs: two fills in two contracts, each with its commission and its share of the spread. */
import type { InstrumentSpec } from '../instrument.ts';
import { cashOfCounts } from '../instrument.ts';
import type { RollCost, RollRecord } from '../roll.ts';
import { gapOf } from '../roll.ts';

/** Costs of one fill of one contract; null where not known. */
export interface FillCost {
  /** Commission and fees, millionths of the product's currency. */
  readonly feesMicros: number | null;
  /** Half the spread, or slippage, in counts. */
  readonly halfSpreadTicks: number | null;
}

/** Two fills per contract moved. A part that is not known stays null, and so does the total: nothing is guessed. */
export function rollCost(
  spec: Pick<InstrumentSpec, 'countValue'>,
  from: FillCost,
  to: FillCost = from,
): RollCost {
  const feesMicros = sum(from.feesMicros, to.feesMicros);
  const slippageTicks = sum(from.halfSpreadTicks, to.halfSpreadTicks);
  const slippageMicros = slippageTicks === null ? null : cashOfCounts(slippageTicks, 1, spec);
  return {
    feesMicros,
    slippageTicks,
    slippageMicros,
    totalMicros: sum(feesMicros, slippageMicros),
  };
}

/**
 * Profit of one contract held through a roll in counts, from `start` to `end`: the old contract's change up to the roll and
 * the new one's after it. Of a roll in parts each day counts with the weights of the close before. `start` is a price of
 * the old contract before the roll, `end` one of the new contract after it.
 */
export function profitAcross(roll: RollRecord, start: number, end: number): number {
  return end - start - gapOf(roll);
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
