/**
 * Which prices a product may have. Energies may trade at zero and below (CME Clearing Advisory 20-160 of 2020-04-15), and so
 * may a price that is itself a yield; the price of anything else is above zero.
 */
import type { InstrumentSpec } from '../../core/instrument.ts';

/** Whether prices at zero and below are prices of this product. */
export function mayBeZeroOrBelow(spec: Pick<InstrumentSpec, 'assetClass' | 'quoteUnit'>): boolean {
  return spec.assetClass === 'energy' || spec.quoteUnit.startsWith('yield');
}
