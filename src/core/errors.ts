/**
 * The error family. Three kinds are kept apart: bugs (`assert`), expected failures (`TradingError` with a stable code),
 * and market outcomes (a reject, an expiry), which are events and never exceptions.
 */

/** Process exit codes. Documented, tested, never renumbered. */
export const EXIT = {
  ok: 0,
  answerIsNo: 1,
  usage: 2,
  input: 3,
  strategy: 4,
  refused: 5,
  venue: 6,
  unknownState: 7,
  locked: 8,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type ErrorCode = `E_${string}`;
export type Retry = 'never' | 'safe' | 'after-reconcile';

export interface TradingErrorOptions {
  /** The values seen. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Where: file and line, flag, dataset and row, event. */
  readonly where?: string;
  /** The rule that was broken. */
  readonly rule?: string;
  /** What the reader can do about it. */
  readonly fix?: string;
  readonly retry?: Retry;
  readonly cause?: unknown;
}

/** An expected failure with a stable, greppable code that the error pages list. */
export class TradingError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly where: string | undefined;
  readonly rule: string | undefined;
  readonly fix: string | undefined;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options: TradingErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TradingError';
    this.code = code;
    this.details = options.details ?? {};
    this.where = options.where;
    this.rule = options.rule;
    this.fix = options.fix;
    this.retry = options.retry ?? 'never';
  }
}

/** A broken assumption of our own. Nothing but the top level catches it. */
export class BugError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BugError';
  }
}

/** Throws `BugError` when a rule of our own is broken. Pass constant text: a template is built even when the rule holds. */
export function assert(ok: boolean, message: string): asserts ok {
  if (!ok) throw new BugError(message);
}

/** One page of the error reference. */
export interface ErrorPage {
  /** One line, as a title. */
  readonly title: string;
  readonly cause: string;
  readonly cure: string;
  readonly exit: ExitCode;
}
/** Every layer exports its own catalog; the command line joins them. A code stands in exactly one. */
export type ErrorCatalog = Readonly<Record<ErrorCode, ErrorPage>>;

export const CORE_ERRORS: ErrorCatalog = {
  E_TIME: {
    title: 'A time is not a valid instant',
    cause: 'A time was not a whole number of microseconds, or its text carries no zone.',
    cure: 'Write instants as 2024-03-08T23:00:00Z, with Z or an offset.',
    exit: EXIT.input,
  },
  E_TRADE_DATE: {
    title: 'A trade date is not a calendar date',
    cause: 'The text is not of the form YYYY-MM-DD or names a day that does not exist.',
    cure: 'Write dates as 2024-03-08.',
    exit: EXIT.usage,
  },
  E_QTY: {
    title: 'A quantity is not a whole number of contracts',
    cause: 'Futures trade in whole contracts; an order needs at least one.',
    cure: 'Round the quantity down, and skip the order when it becomes zero.',
    exit: EXIT.strategy,
  },
  E_MONEY_RANGE: {
    title: 'An amount of money is too large or not whole',
    cause:
      'Cash is kept as whole millionths; beyond 9.007e9 units of a currency it would lose digits.',
    cure: 'Lower the capital or the position size, or keep the account in larger units.',
    exit: EXIT.strategy,
  },
  E_PRICE_GRID: {
    title: 'A price is not on the grid of the instrument',
    cause: 'An exchange accepts only multiples of the tick.',
    cure: "Round it yourself and say which way: instrument.roundToTick(price, 'down').",
    exit: EXIT.strategy,
  },
  E_INSTRUMENT: {
    title: 'An instrument specification is not valid',
    cause: 'A file in catalog/instruments breaks the schema or contradicts itself.',
    cure: 'Correct the named field.',
    exit: EXIT.input,
  },
  E_CONTRACT_ID: {
    title: 'A contract id cannot be read',
    cause: 'Contract ids are root, month letter and four-digit year, such as ESZ2025.',
    cure: 'Use the id that `frontmonth contracts <product>` prints.',
    exit: EXIT.input,
  },
  E_CYCLE: {
    title: 'A cycle of contract months is not valid',
    cause:
      'The letters are no month letters, or the ranges of years overlap, are out of order, or leave an end open inside.',
    cure: 'Write month letters such as HMUZ, or ranges such as ..2014X=X,2015Z..=Z.',
    exit: EXIT.input,
  },
  E_CHAIN: {
    title: 'A chain of contracts is not valid',
    cause:
      'A contract of the cycle is missing between two others, a contract stands twice or out of order, or two products or multipliers are mixed.',
    cure: 'Give every contract of one product and one cycle, in order of delivery.',
    exit: EXIT.input,
  },
  E_CONTRACT_DETAILS: {
    title: 'A venue lists several contracts for one month',
    cause:
      'One trading class can hold weekly and monthly deliveries, or several entries for a month; which one is meant is a matter of configuration.',
    cure: 'Give the instrument a contract filter: a pattern of the local symbol, the expiry rule, the underlying or the long name.',
    exit: EXIT.input,
  },
  E_CONTRACT_UNLISTED: {
    title: 'A contract never existed',
    cause:
      'The product does not list that month in that year, or the contract lies before the product began or after it ended.',
    cure: '`frontmonth contracts <product>` lists the contracts.',
    exit: EXIT.input,
  },
  E_EXPIRY_APPROXIMATE: {
    title: 'An exact expiry is needed and only an approximate one is known',
    cause: 'The code asked for an exact expiry, and the dates of the contract are approximate.',
    cure: 'Take the date from the broker or the exchange notice, or choose a contract inside the sourced span.',
    exit: EXIT.input,
  },
  E_EXPIRY_OFFSET: {
    title: 'An expiry or roll offset is not valid',
    cause: 'Offsets are whole calendar days; a roll offset is zero or negative.',
    cure: 'Give a whole number, such as 14 for the expiry and -5 for the roll.',
    exit: EXIT.input,
  },
  E_ORDER_CONTINUOUS: {
    title: 'An order names a continuous series',
    cause: 'Continuous and adjusted series are for signals; orders go to real contracts.',
    cure: 'Ask the context for the contract to trade now: ctx.contract(root).',
    exit: EXIT.strategy,
  },
  E_ROLL_RATIO: {
    title: 'A ratio adjustment meets a price at or below zero',
    cause: 'A ratio of such prices is undefined or changes sign.',
    cure: 'Use a difference adjustment for this instrument.',
    exit: EXIT.input,
  },
  E_ROLL_SCHEDULE: {
    title: 'A roll schedule cannot be built',
    cause:
      'Two neighbouring contracts have no common price in the roll window, or the chain has a hole.',
    cure: 'Import the missing contract, choose another roll rule, or run each stretch of the data by itself with --from and --to; the message names contract and window.',
    exit: EXIT.input,
  },
  E_ROLL_RULE: {
    title: 'A roll rule is not valid',
    cause:
      'A number of it is out of bounds, its text cannot be read, or it needs the whole history.',
    cure: 'Correct the named part; `frontmonth rolls --help` shows how rules are written.',
    exit: EXIT.usage,
  },
  E_ROLL_DATA: {
    title: 'A roll rule lacks the data that it reads',
    cause: 'A volume rule met unknown volumes, or an open-interest rule found no open interest.',
    cure: 'Give data that have them, or choose a calendar rule.',
    exit: EXIT.input,
  },
  E_ROLL_CALENDAR: {
    title: 'A given roll calendar contradicts itself',
    cause: 'Two rows of it cannot both be true, or a row cannot be read.',
    cure: 'Correct the row that the message names.',
    exit: EXIT.input,
  },
  E_ROLL_STATE: {
    title: 'A saved state of a chain does not fit',
    cause: 'It was saved from another chain or rule, or names a contract that is not in the chain.',
    cure: 'Start without it and replay the history.',
    exit: EXIT.input,
  },
  E_ROLL_ORDER: {
    title: 'Data of a chain are not in order of time',
    cause: 'A close or a figure arrived after a later moment had been worked off.',
    cure: 'Sort what is fed, and tell the time only when everything up to it was delivered.',
    exit: EXIT.input,
  },
  E_BAR_INTERVAL: {
    title: 'A bar interval cannot be read',
    cause: 'Intervals are a whole number and one of s, m, h, d.',
    cure: 'Write 1m, 15m, 1h or 1d.',
    exit: EXIT.usage,
  },
  E_BAR_KIND: {
    title: 'A kind of bar cannot be built',
    cause: 'The name or the size of the kind is not one that there is.',
    cure: 'Write 5m, 1h, 1d, tick-100, volume-1000, dollar-5000000, range-8 or renko-8.',
    exit: EXIT.usage,
  },
  E_BAR_ALIGN: {
    title: 'A bar lies in two bars of the size that is built',
    cause:
      'A bar is built from smaller ones that it holds whole; this one reaches over the end of a bar or of a session.',
    cure: 'Build from smaller bars or from trades, or aligned to the clock.',
    exit: EXIT.input,
  },
  E_BAR_SOURCE: {
    title: 'A kind of bar cannot be built from these data',
    cause: 'Some kinds need trades, some need volumes.',
    cure: 'Build from trades, or choose another kind.',
    exit: EXIT.input,
  },
  E_BAR_STATE: {
    title: 'A saved state of a builder does not fit',
    cause: 'It was saved by a builder with other options, or a value of it is missing.',
    cure: 'Start without it and feed the session again.',
    exit: EXIT.input,
  },
  E_PARAM_RANGE: {
    title: 'A parameter is out of its bounds',
    cause: 'The strategy declares bounds for each parameter.',
    cure: 'Choose a value inside the bounds; `frontmonth check <strategy>` lists them.',
    exit: EXIT.input,
  },
  E_PARAM_UNKNOWN: {
    title: 'A parameter does not exist',
    cause: 'The strategy declares no parameter of this name.',
    cure: '`frontmonth check <strategy>` lists the parameters.',
    exit: EXIT.usage,
  },
  E_PARAM_TYPE: {
    title: 'A parameter has the wrong type',
    cause: 'The text cannot be read as the declared type.',
    cure: '`frontmonth check <strategy>` lists the types.',
    exit: EXIT.input,
  },
};
