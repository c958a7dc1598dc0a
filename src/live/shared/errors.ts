/** Error pages of the adapters. A reject of an order is a report, not an error; these are the failures around it. */
import type { ErrorCatalog } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';

export const LIVE_ERRORS: ErrorCatalog = {
  E_VENUE_CONFIG: {
    title: 'The settings of a broker connection are not valid',
    cause:
      'A firm is not one of the presets, only one of two addresses is given, or a number is out of range.',
    cure: 'Correct the named setting.',
    exit: EXIT.usage,
  },
  E_VENUE_CREDENTIALS: {
    title: 'Credentials of a broker were not found or are not private',
    cause:
      'Neither the environment nor the file holds a user name and a key, the file cannot be read, or others than its owner may read it.',
    cure: 'Set the two variables that the message names, or write the file and run: chmod 600 <file>.',
    exit: EXIT.usage,
  },
  E_VENUE_AUTH: {
    title: 'The broker refused the login',
    cause:
      'The user name or the key is wrong, the access is not paid for, agreements are not signed, or the token was refused twice.',
    cure: 'Compare user name and key with the platform; the message carries the reason that the broker gave.',
    exit: EXIT.venue,
  },
  E_VENUE_ACCOUNT: {
    title: 'The account cannot be used',
    cause: 'The login sees no account of this name or id, or the account is locked for trading.',
    cure: 'Use one of the accounts that the message lists.',
    exit: EXIT.venue,
  },
  E_VENUE_CONNECT: {
    title: 'The broker could not be reached',
    cause: 'The address is wrong, the network is down, or the broker is in maintenance.',
    cure: 'Check the address; the message says what failed. A running program goes on trying.',
    exit: EXIT.venue,
  },
  E_VENUE_CLOCK: {
    title: 'The clock of this machine is far from that of the broker',
    cause: 'Times of orders, the age of data and the end of a token cannot be judged with it.',
    cure: 'Let the machine set its clock from the network.',
    exit: EXIT.venue,
  },
  E_VENUE_TIMEOUT: {
    title: 'A request was sent and no answer came',
    cause:
      'The connection was cut, the broker answered too late, or with an error of its own. The request may have been carried out.',
    cure: 'Look for the order by its own id before sending it again.',
    exit: EXIT.unknownState,
  },
  E_VENUE_RATE: {
    title: 'A request was not sent, or was refused, because there were too many',
    cause: 'The broker takes a limited number of requests; the request waited longer than it may.',
    cure: 'Ask less often, and read events from the stream instead of asking.',
    exit: EXIT.venue,
  },
  E_VENUE_REQUEST: {
    title: 'The broker refused a request',
    cause:
      'The message carries the code of the broker, its name, and the words that the broker gave.',
    cure: 'Correct what the words name; E_VENUE_TIMEOUT, not this, means that the outcome is unknown.',
    exit: EXIT.venue,
  },
  E_VENUE_DECODE: {
    title: 'A message of the broker cannot be read',
    cause:
      'A field is missing, has another type, or holds a value that the documentation does not list. Nothing is guessed in its place.',
    cure: 'Report the named field and value: the interface of the broker may have changed.',
    exit: EXIT.venue,
  },
  E_VENUE_CONTRACT: {
    title: 'A contract was not found at the broker, or is not the one that is meant',
    cause:
      'It is not listed, not active, or its tick differs from the instrument file. Searches of a broker find similar names, which are refused.',
    cure: 'Use an id that the message lists, or correct the instrument file.',
    exit: EXIT.venue,
  },
  E_VENUE_BUST: {
    title: 'A fill was taken back by the venue',
    cause: 'The exchange or the broker cancelled a trade after it had been reported.',
    cure: 'Compare position and balance with the platform; the account was read anew.',
    exit: EXIT.venue,
  },
  E_VENUE_FLATTEN: {
    title: 'An account could not be made flat',
    cause:
      'After every try a position or a working order is left. The message names what is left; it was read from the broker.',
    cure: 'Close it on the platform of the broker or call the desk, now.',
    exit: EXIT.unknownState,
  },
  E_VENUE_OCO: {
    title: 'A pair of orders could not be kept as one',
    cause: 'The second order was refused, or the first could not be cancelled after it.',
    cure: 'The message names the orders that may still work; cancel them.',
    exit: EXIT.venue,
  },
};
