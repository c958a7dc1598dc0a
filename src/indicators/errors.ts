/** Error pages of the indicators. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const INDICATOR_ERRORS: ErrorCatalog = {
  E_INDICATOR_PARAM: {
    title: 'A setting of an indicator is out of range',
    cause:
      'A length is not a whole number in its range, or another setting is not one of the allowed.',
    cure: 'Correct the named setting; the reference page of the indicators lists the ranges.',
    exit: EXIT.strategy,
  },
  E_INDICATOR_COLUMNS: {
    title: 'The columns given to an indicator do not belong together',
    cause: 'A column that the kernel reads is missing or shorter than the others.',
    cure: 'Pass every column that the kernel reads, with one row for each bar.',
    exit: EXIT.strategy,
  },
  E_INDICATOR_STATE: {
    title: 'A saved state belongs to another indicator',
    cause:
      'The state was saved by an indicator of another kind or with other settings, or it was changed since.',
    cure: 'Make the indicator with the settings it was saved with, or start without a saved state.',
    exit: EXIT.strategy,
  },
};
