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
  E_BAR_REFUSED: {
    title: 'A bar contradicts itself and executed no order',
    cause:
      'An open or close lies outside the range of the bar, its volume is negative, or the data were quarantined, while an order waited for it.',
    cure: 'Run `frontmonth data check` on the dataset and correct the bar.',
    exit: EXIT.ok,
  },
  E_BAR_FINER: {
    title: 'Finer bars tell other prices than the bar they are in',
    cause:
      'A drill-down found bars or trades inside a bar, and together they do not have its open, high, low and close: some are missing, or they come from another source.',
    cure: 'Nothing, when it is rare: the bar was matched as it is. Otherwise import both sizes from one source, or resample.',
    exit: EXIT.ok,
  },
  E_BAR_NO_VOLUME: {
    title: 'A bar without volume executed no order',
    cause: 'The prices of the bar reach a waiting order, but nothing was traded in it.',
    cure: 'Nothing, when the market was quiet; otherwise declare the volume of the dataset unknown.',
    exit: EXIT.ok,
  },
  E_TICKS_STALE: {
    title: 'An order waited for market data',
    cause:
      'It reached the venue when the newest data of its contract were from before the open, or older than `venue.staleMinutes`.',
    cure: 'Nothing where the market was quiet; otherwise look for a gap in the data: `frontmonth data check`.',
    exit: EXIT.ok,
  },
  E_GROUP_OVERFILL: {
    title: 'Two orders of a group traded',
    cause:
      'The group is looked after by messages, of the venue or, where it holds none, of ours: the second order filled before its cancel or change had arrived.',
    cure: 'Nothing is wrong with the run: it can happen on that venue. Watch the position, or use `reduceOnly` where the venue has it. Of a group that we hold the excess is closed at the market, unless `onOverfill` is `tell`.',
    exit: EXIT.ok,
  },
  E_BOOK_RANGE: {
    title: 'The orders of a book lie too far apart',
    cause:
      'The prices of one side span more ticks than the columns of a book may have; such an order is mostly a slip.',
    cure: 'Correct the price, or give the venue a price band, so that such an order is rejected.',
    exit: EXIT.input,
  },
  E_SIM_LOOP: {
    title: 'The orders of a simulated market elect each other without end',
    cause: 'Ten thousand elections followed from one command; a fault of the simulation.',
    cure: 'Report it with the seed and the journal: the same run shows it again.',
    exit: EXIT.bug,
  },
  E_SNAPSHOT: {
    title: 'A snapshot of a market is refused',
    cause:
      'It was written by another version of the program, is no snapshot of a market, or its parts contradict each other.',
    cure: 'Restore it with the version that wrote it, or replay the journal from its beginning.',
    exit: EXIT.input,
  },
  E_GATEWAY_OPTION: {
    title: 'An option of a simulated gateway is out of range',
    cause: 'A number is below its least value, or an id stands twice.',
    cure: 'Correct the named option.',
    exit: EXIT.input,
  },
  E_GATEWAY_CONTRACT: {
    title: 'A contract has no name at a simulated gateway',
    cause: 'The id is not of the form that the venue uses, or the venue does not list the product.',
    cure: 'Choose a product of the list that the message gives.',
    exit: EXIT.input,
  },
  E_GATEWAY_FAULTS: {
    title: 'A fault script cannot be read',
    cause: 'A fault has a name that there is not, lacks a field, or says twice when it strikes.',
    cure: 'Correct the field that the message names.',
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
