import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const PLAN_ERRORS: ErrorCatalog = {
  E_DATA_PRODUCT: {
    title: 'The dataset has no data of a product',
    cause: 'No segment of the dataset belongs to the named product.',
    cure: 'Choose one of the products that the message lists, or import the product.',
    exit: EXIT.input,
  },
  E_INSTRUMENT_UNKNOWN: {
    title: 'A product has no specification',
    cause: 'There is no file of that name in catalog/instruments.',
    cure: '`frontmonth contracts` lists the products.',
    exit: EXIT.input,
  },
  E_CURRENCY_RATE: {
    title: 'A currency has no rate',
    cause:
      'A product is settled in another currency than the account and no rate is known for that date.',
    cure: 'Give a rates file (date,currency,rate) with --rates, run the product in an account of its currency, or give each currency an account with --per-currency.',
    exit: EXIT.input,
  },
  E_ACCOUNT: {
    title: 'The rules of the account contradict each other',
    cause:
      'A part of `account` in the configuration lacks what it needs, or names a product wrongly.',
    cure: 'Correct the named part; the reference of the account lists every key.',
    exit: EXIT.input,
  },
  E_ACCOUNT_FILE: {
    title: 'A file of margins or settlement prices cannot be read',
    cause: 'A line is not of the form that the header promises, or dates do not increase.',
    cure: 'Correct the named line.',
    exit: EXIT.input,
  },
  E_RATES_FILE: {
    title: 'A file of currency rates cannot be read',
    cause: 'A line is not date,currency,rate, or the dates are not increasing.',
    cure: 'Correct the named line.',
    exit: EXIT.input,
  },
  E_STRATEGY_DATA: {
    title: 'A strategy declares no data, or data that a backtest does not feed',
    cause: 'The function `requires` returned no series, or asks for quotes, trades or depth.',
    cure: 'Declare at least one series of bars, and nothing that is not fed yet.',
    exit: EXIT.strategy,
  },
};
