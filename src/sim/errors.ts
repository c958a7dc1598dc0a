/** Error pages of the simulated venue. Market outcomes (rejects, expiries) are reports and do not stand here. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const SIM_ERRORS: ErrorCatalog = {
  E_SIM_OPTION: {
    title: 'An option of the simulated venue is out of range',
    cause: 'A slippage, spread, participation or policy is negative, not a number or unknown.',
    cure: 'Correct the named option; ticks are whole or fractional numbers of 0 or more.',
    exit: EXIT.input,
  },
  E_FEE_SCHEDULE: {
    title: 'A product has no usable fee schedule',
    cause:
      'Fees are dated; the product has no entry, entries out of order, or none in force at the fill.',
    cure: 'Add an entry for the product that starts on or before the first trade date of the run.',
    exit: EXIT.input,
  },
  E_MARGIN_SCHEDULE: {
    title: 'A product has no usable margin level',
    cause:
      'Margins are dated; the product has no entry, entries out of order, or none in force on the date.',
    cure: 'Add an earlier level, or use a percentage of the notional for this product.',
    exit: EXIT.input,
  },
};
