/** Why a live chain stops, in words that a person can act on. */
import { TradingError } from '../../core/errors.ts';

type Details = Readonly<Record<string, unknown>>;

export function positionError(message: string, details: Details): TradingError {
  return new TradingError('E_CHAIN_POSITION', message, {
    details,
    rule: 'the broker says where we are, the calendar where we should be; they agree, or nothing is traded',
    fix: 'bring position and chain together by hand, then start again',
    retry: 'after-reconcile',
  });
}

export function stateError(message: string, details: Details): TradingError {
  return new TradingError('E_CHAIN_STATE', message, {
    details,
    rule: 'a state continues the chain, the rule and the bar sizes that it was saved from',
    fix: 'start with the state of this chain, or without one',
  });
}

export function windowError(message: string, details: Details): TradingError {
  return new TradingError('E_CHAIN_WINDOW', message, {
    details,
    rule: 'a contract is left inside its roll window, while both contracts have a price',
    fix: 'move the position by hand before the contract ends, then start again without the saved state',
    retry: 'after-reconcile',
  });
}

/** The same error, with the word that trading has stopped. */
export function chainStopped(error: TradingError, root: string): TradingError {
  return new TradingError(error.code, `the chain of ${root} has stopped: ${error.message}`, {
    details: error.details,
    retry: error.retry,
    cause: error,
    ...(error.rule === undefined ? {} : { rule: error.rule }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
  });
}
