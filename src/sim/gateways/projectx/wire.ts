/**
 * Numbers and texts of this gateway's wire, written apart from any adapter. Enum values and shapes as in the service's swagger
 * files and in recorded streams.
 */

export const OrderType = {
  Limit: 1,
  Market: 2,
  StopLimit: 3,
  Stop: 4,
  TrailingStop: 5,
  JoinBid: 6,
  JoinAsk: 7,
} as const;

export const OrderStatus = {
  Open: 1,
  Filled: 2,
  Cancelled: 3,
  Expired: 4,
  Rejected: 5,
  Pending: 6,
  PendingCancellation: 7,
  Suspended: 8,
} as const;

export const DomType = {
  Ask: 1,
  Bid: 2,
  BestAsk: 3,
  BestBid: 4,
  Trade: 5,
  Reset: 6,
  NewBestBid: 9,
  NewBestAsk: 10,
} as const;

/** What stands in the envelope of an answer of 200. */
export interface Outcome {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}
export const OK: Outcome = { errorCode: 0, errorMessage: null };
export function failure(errorCode: number, errorMessage: string | null = null): Outcome {
  return { errorCode, errorMessage };
}

/** Error codes of `Order/place`. */
export const PlaceError = {
  AccountNotFound: 1,
  OrderRejected: 2,
  InsufficientFunds: 3,
  AccountViolation: 4,
  OutsideTradingHours: 5,
  OrderPending: 6,
  UnknownError: 7,
  ContractNotFound: 8,
  ContractNotActive: 9,
  AccountRejected: 10,
} as const;

/** Error codes of `Order/modify` and `Order/cancel`. */
export const ChangeError = {
  AccountNotFound: 1,
  OrderNotFound: 2,
  Rejected: 3,
  Pending: 4,
  UnknownError: 5,
  AccountRejected: 6,
  ContractNotFound: 7,
} as const;

/** Texts of rejects, as clients know them. */
export const REJECT = {
  offTick: (field: 'limit' | 'stop' | 'trail') =>
    `Invalid ${field} price. Price is not aligned to tick size.`,
  noPrice: (field: 'limit' | 'stop') => `Invalid ${field} price`,
  range: 'Invalid price. Price is outside allowed range.',
  noTrail: 'Trail Distance not set.',
  trailTooFar: (most: number) => `Trail Distance exceeds maximum (${most})`,
  noLast: 'Cannot trail without a last price',
  tag: 'Specified custom tag is already in use',
  bracketMode: 'Brackets cannot be used with Position Brackets. You must enable Auto OCO Brackets.',
  stopSign: (ticks: number, isLong: boolean) =>
    `Invalid stop loss ticks (${ticks}). Ticks should be ${isLong ? 'less than zero when longing' : 'greater than zero when going short'}.`,
  targetSign: (ticks: number, isLong: boolean) =>
    `Invalid take profit ticks (${ticks}). Ticks should be ${isLong ? 'greater than zero when longing' : 'less than zero when going short'}.`,
  stopNear: (ticks: number, least: number) =>
    `Invalid stop loss ticks (${ticks}). Stop loss tick value should be at least ${least} ticks.`,
  stopType: (name: string) => `Invalid stop loss type (${name})`,
  targetType: (name: string) => `Invalid take profit type (${name})`,
  type: 'Invalid order type specified',
  size: 'Invalid order size specified',
  side: 'Invalid order side specified',
  symbol: 'Invalid symbol',
  margin: 'Not enough margin.',
  closed: 'Trading is currently unavailable. The instrument is not in an active trading status.',
  hours: 'Outside of trading hours',
  follower: 'Follower accounts cannot cancel orders',
  live: 'Live accounts not supported',
} as const;

const TYPE_NAMES: readonly string[] = [
  'Unknown',
  'Limit',
  'Market',
  'StopLimit',
  'Stop',
  'TrailingStop',
  'JoinBid',
  'JoinAsk',
];
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? String(type);
}

/** Times as text, UTC with `+00:00`. Keeps the text of the last second: streams ask for the same one again and again. */
export class TimeText {
  readonly #digits: number;
  readonly #isTrimmed: boolean;
  #second: number = NaN;
  #prefix: string = '';

  /** `digits` of a second, 6 or 7; `isTrimmed`: without trailing zeros. */
  constructor(digits: number, isTrimmed: boolean) {
    this.#digits = digits;
    this.#isTrimmed = isTrimmed;
  }

  of(tsUs: number): string {
    const second = Math.floor(tsUs / 1e6);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * 1000).toISOString().slice(0, 19);
    }
    let fraction = String(tsUs - second * 1e6)
      .padStart(6, '0')
      .padEnd(this.#digits, '0');
    if (this.#isTrimmed) fraction = fraction.replace(/0+$/, '');
    return `${this.#prefix}${fraction === '' ? '' : '.'}${fraction}+00:00`;
  }
}

/** A time that a client sent, in µs, or NaN. Without a zone it is UTC. */
export function timeOf(text: string): number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?$/.exec(
      text.trim(),
    );
  if (match === null) return NaN;
  const [, day, minute = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d{4}$/.test(zone)
    ? `${zone.slice(0, 3)}:${zone.slice(3)}`
    : zone.toUpperCase();
  const ms = Date.parse(`${day}T${minute}:${second}${offset}`);
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
