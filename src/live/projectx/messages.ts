/**
 * The wire in our words, and the readers of every message. Prices are decimals as the venue writes them, times are µs UTC,
 * money is in units of the account's currency; numbers of the wire are words here. Null: absent on the wire.
 * Source: vendor documentation and Swagger file of the gateway, 2025 and 2026; recorded streams of July to September 2026.
 */
import { TradingError } from '../../core/errors.ts';
import type { Side } from '../../core/order.ts';
import type { TsUs } from '../../core/units.ts';
import type { Row } from './decode.ts';
import {
  asRow,
  countOf,
  countOrZero,
  decodeError,
  flagOf,
  flagOr,
  idOf,
  idOrNull,
  numberOf,
  numberOrNull,
  rowsIn,
  textOf,
  textOrEmpty,
  textOrNull,
  timeOf,
  timeOrNull,
  wholeOrNull,
  wordOf,
} from './decode.ts';

export type PxOrderType =
  | 'unknown'
  | 'limit'
  | 'market'
  | 'stop-limit'
  | 'stop'
  | 'trailing-stop'
  | 'join-bid'
  | 'join-ask';
/** `suspended`: an exit whose entry has not filled. There is no status for a part: `open` with a `fillVolume` above 0. */
export type PxOrderStatus =
  | 'none'
  | 'open'
  | 'filled'
  | 'cancelled'
  | 'expired'
  | 'rejected'
  | 'pending'
  | 'pending-cancel'
  | 'suspended';
export type PxPositionType = 'flat' | 'long' | 'short';
export type PxDepthType =
  | 'unknown'
  | 'ask'
  | 'bid'
  | 'best-ask'
  | 'best-bid'
  | 'trade'
  | 'reset'
  | 'low'
  | 'high'
  | 'new-best-bid'
  | 'new-best-ask'
  | 'fill';

const SIDES: Readonly<Record<number, 'buy' | 'sell'>> = { 0: 'buy', 1: 'sell' };
export const ORDER_TYPES: Readonly<Record<number, PxOrderType>> = {
  0: 'unknown',
  1: 'limit',
  2: 'market',
  3: 'stop-limit',
  4: 'stop',
  5: 'trailing-stop',
  6: 'join-bid',
  7: 'join-ask',
};
export const ORDER_STATUSES: Readonly<Record<number, PxOrderStatus>> = {
  0: 'none',
  1: 'open',
  2: 'filled',
  3: 'cancelled',
  4: 'expired',
  5: 'rejected',
  6: 'pending',
  7: 'pending-cancel',
  8: 'suspended',
};
const POSITION_TYPES: Readonly<Record<number, PxPositionType>> = {
  0: 'flat',
  1: 'long',
  2: 'short',
};
const DEPTH_TYPES: Readonly<Record<number, PxDepthType>> = {
  0: 'unknown',
  1: 'ask',
  2: 'bid',
  3: 'best-ask',
  4: 'best-bid',
  5: 'trade',
  6: 'reset',
  7: 'low',
  8: 'high',
  9: 'new-best-bid',
  10: 'new-best-ask',
  11: 'fill',
};

/** The number of a word, for what we send. */
export function codeOf<T extends string>(words: Readonly<Record<number, T>>, word: T): number {
  return Number(Object.keys(words).find((code) => words[Number(code)] === word));
}

export function isEnded(status: PxOrderStatus): boolean {
  return (
    status === 'filled' || status === 'cancelled' || status === 'expired' || status === 'rejected'
  );
}

export interface PxAccount {
  readonly id: number;
  readonly name: string;
  readonly balance: number;
  readonly canTrade: boolean;
  readonly isVisible: boolean;
  /** True for funded accounts too: no safety switch. Null where the venue does not say. */
  readonly simulated: boolean | null;
}

export interface PxContract {
  /** `CON.F.US.EP.Z26` */
  readonly id: string;
  /** `ESZ6` */
  readonly name: string;
  readonly description: string;
  readonly tickSize: number;
  readonly tickValue: number;
  readonly activeContract: boolean;
  /** `F.US.EP` */
  readonly symbolId: string;
}

export interface PxBar {
  /** Start of the bar. */
  readonly openUs: TsUs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface PxOrder {
  readonly id: number;
  readonly accountId: number;
  readonly contractId: string;
  readonly symbolId: string;
  readonly createdUs: TsUs;
  readonly updatedUs: TsUs | null;
  readonly status: PxOrderStatus;
  readonly type: PxOrderType;
  readonly side: Side;
  /** All contracts of the order, filled ones included. */
  readonly size: number;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  readonly fillVolume: number;
  /** Average. */
  readonly filledPrice: number | null;
  readonly customTag: string | null;
  /** Ticks; signed on the exits of a bracket. */
  readonly trailDistance: number | null;
  /** Read back it is a distance in units of price; when an order is placed it is a level. */
  readonly trailPrice: number | null;
  /** Entry of a bracket's exit. */
  readonly parentOrderId: number | null;
  readonly linkedOrderId: number | null;
}

export interface PxPosition {
  readonly id: number;
  readonly accountId: number;
  readonly contractId: string;
  readonly createdUs: TsUs;
  readonly type: PxPositionType;
  readonly size: number;
  /** Signed contracts. */
  readonly netQty: number;
  readonly averagePrice: number;
}

export interface PxTrade {
  readonly id: number;
  readonly accountId: number;
  readonly contractId: string;
  readonly createdUs: TsUs;
  readonly price: number;
  /** Before fees, of the contracts that this fill closed; null where it only opened. */
  readonly profitAndLoss: number | null;
  readonly fees: number;
  /** On the stream only; null elsewhere. */
  readonly commissions: number | null;
  readonly side: Side;
  readonly size: number;
  /** Taken back: it never happened. */
  readonly voided: boolean;
  readonly orderId: number;
}

/** A quote as it stands after every change so far. NaN: not told yet. */
export interface PxQuote {
  readonly contractId: string;
  readonly lastPrice: number;
  readonly bestBid: number;
  readonly bestAsk: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly volume: number;
  readonly change: number;
  readonly changePercent: number;
  /** When the venue updated it. */
  readonly updatedUs: TsUs;
}

/** What one message changes in a quote. */
export interface PxQuoteChange {
  readonly lastPrice: number | null;
  readonly bestBid: number | null;
  readonly bestAsk: number | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly volume: number | null;
  readonly change: number | null;
  readonly changePercent: number | null;
  readonly updatedUs: TsUs;
}

export interface PxMarketTrade {
  readonly contractId: string;
  readonly price: number;
  readonly volume: number;
  readonly tsUs: TsUs;
  /** 1: the buyer came to the seller. */
  readonly aggressor: Side;
}

export interface PxDepth {
  readonly contractId: string;
  readonly tsUs: TsUs;
  readonly type: PxDepthType;
  readonly price: number;
  /** Contracts at the price; 0 removes it. */
  readonly volume: number;
}

const sideOf = (row: Row): Side => (wordOf(row, 'side', SIDES) === 'buy' ? 1 : -1);

export function toAccount(row: Row): PxAccount {
  return {
    id: idOf(row, 'id'),
    name: textOf(row, 'name'),
    balance: numberOf(row, 'balance'),
    canTrade: flagOf(row, 'canTrade'),
    isVisible: flagOr(row, 'isVisible', true),
    simulated: row.fields['simulated'] === undefined ? null : flagOf(row, 'simulated'),
  };
}

export function toContract(row: Row): PxContract {
  const [tickSize, tickValue] = [numberOf(row, 'tickSize'), numberOf(row, 'tickValue')];
  if (!(tickSize > 0)) throw decodeError(`${row.path}.tickSize`, tickSize, 'a tick is above 0');
  if (!(tickValue > 0))
    throw decodeError(`${row.path}.tickValue`, tickValue, 'a tick is worth more than 0');
  const id = textOf(row, 'id');
  return {
    id,
    name: textOrEmpty(row, 'name'),
    description: textOrEmpty(row, 'description'),
    tickSize,
    tickValue,
    activeContract: flagOf(row, 'activeContract'),
    symbolId: textOrNull(row, 'symbolId') ?? symbolOf(id),
  };
}

/** `CON.F.US.EP.Z26` belongs to `F.US.EP`. */
export function symbolOf(contractId: string): string {
  return contractId.replace(/^CON\./, '').replace(/\.[^.]*$/, '');
}

export function toBar(row: Row): PxBar {
  const bar: PxBar = {
    openUs: timeOf(row, 't'),
    open: numberOf(row, 'o'),
    high: numberOf(row, 'h'),
    low: numberOf(row, 'l'),
    close: numberOf(row, 'c'),
    volume: countOf(row, 'v'),
  };
  if (bar.high < Math.max(bar.open, bar.close, bar.low) || bar.low > Math.min(bar.open, bar.close))
    throw decodeError(`${row.path}.h`, bar.high, 'high and low hold open and close between them');
  return bar;
}

export function toOrder(row: Row): PxOrder {
  const contractId = textOf(row, 'contractId');
  return {
    id: idOf(row, 'id'),
    accountId: idOf(row, 'accountId'),
    contractId,
    symbolId: textOrNull(row, 'symbolId') ?? symbolOf(contractId),
    createdUs: timeOf(row, 'creationTimestamp'),
    updatedUs: timeOrNull(row, 'updateTimestamp'),
    status: wordOf(row, 'status', ORDER_STATUSES),
    type: wordOf(row, 'type', ORDER_TYPES),
    side: sideOf(row),
    size: countOf(row, 'size'),
    limitPrice: numberOrNull(row, 'limitPrice'),
    stopPrice: numberOrNull(row, 'stopPrice'),
    fillVolume: countOrZero(row, 'fillVolume'),
    filledPrice: numberOrNull(row, 'filledPrice'),
    customTag: textOrNull(row, 'customTag'),
    trailDistance: wholeOrNull(row, 'trailDistance'),
    trailPrice: numberOrNull(row, 'trailPrice'),
    parentOrderId: idOrNull(row, 'parentOrderId'),
    linkedOrderId: idOrNull(row, 'linkedOrderId'),
  };
}

export function toPosition(row: Row): PxPosition {
  const type = wordOf(row, 'type', POSITION_TYPES);
  const size = countOf(row, 'size');
  if ((type === 'flat') !== (size === 0))
    throw decodeError(`${row.path}.size`, size, `a position that is ${type} cannot have this size`);
  return {
    id: idOf(row, 'id'),
    accountId: idOf(row, 'accountId'),
    contractId: textOf(row, 'contractId'),
    createdUs: timeOf(row, 'creationTimestamp'),
    type,
    size,
    netQty: type === 'short' ? -size : size,
    averagePrice: numberOf(row, 'averagePrice'),
  };
}

export function toTrade(row: Row): PxTrade {
  return {
    id: idOf(row, 'id'),
    accountId: idOf(row, 'accountId'),
    contractId: textOf(row, 'contractId'),
    createdUs: timeOf(row, 'creationTimestamp'),
    price: numberOf(row, 'price'),
    profitAndLoss: numberOrNull(row, 'profitAndLoss'),
    fees: numberOrNull(row, 'fees') ?? 0,
    commissions: numberOrNull(row, 'commissions'),
    side: sideOf(row),
    size: countOf(row, 'size'),
    voided: flagOr(row, 'voided', false),
    orderId: idOf(row, 'orderId'),
  };
}

export function toQuoteChange(row: Row): PxQuoteChange {
  return {
    lastPrice: numberOrNull(row, 'lastPrice'),
    bestBid: numberOrNull(row, 'bestBid'),
    bestAsk: numberOrNull(row, 'bestAsk'),
    open: numberOrNull(row, 'open'),
    high: numberOrNull(row, 'high'),
    low: numberOrNull(row, 'low'),
    volume: numberOrNull(row, 'volume'),
    change: numberOrNull(row, 'change'),
    changePercent: numberOrNull(row, 'changePercent'),
    updatedUs: timeOrNull(row, 'lastUpdated') ?? timeOf(row, 'timestamp'),
  };
}

/** The first argument of the message names the contract; the row carries a symbol that several contracts share. */
export function toMarketTrade(row: Row, contractId: string): PxMarketTrade {
  return {
    contractId,
    price: numberOf(row, 'price'),
    volume: countOf(row, 'volume'),
    tsUs: timeOf(row, 'timestamp'),
    aggressor: wordOf(row, 'type', SIDES) === 'buy' ? 1 : -1,
  };
}

export function toDepth(row: Row, contractId: string): PxDepth {
  const type = wordOf(row, 'type', DEPTH_TYPES);
  return {
    contractId,
    tsUs: timeOf(row, 'timestamp'),
    type,
    // A reset has nothing to price.
    price: type === 'reset' ? (numberOrNull(row, 'price') ?? NaN) : numberOf(row, 'price'),
    volume: countOrZero(row, 'volume'),
  };
}

/** One argument of the user hub: the bare object, or `{action, data}` around it. What `action` means is not relied upon. */
export function userRow(args: readonly unknown[], target: string): Row {
  const outer = asRow(args[0], target);
  const isWrapped = Object.hasOwn(outer.fields, 'data') && !Object.hasOwn(outer.fields, 'id');
  return isWrapped ? asRow(outer.fields['data'], `${target}.data`) : outer;
}

/** Two arguments of the market hub: the contract, then an object or a list of them, null entries left out. */
export function marketRows(
  args: readonly unknown[],
  target: string,
): { readonly contractId: string; readonly rows: readonly Row[] } {
  const [contractId, payload] = args;
  if (typeof contractId !== 'string' || contractId === '' || contractId.length > 100)
    throw decodeError(`${target}[0]`, contractId, 'a contract id is needed');
  if (Array.isArray(payload)) return { contractId, rows: rowsIn(payload, `${target}[1]`) };
  return { contractId, rows: [asRow(payload, `${target}[1]`)] };
}

/** Parses an answer. Errors: E_VENUE_DECODE for what is no JSON object. */
export function parseJson(text: string, path: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TradingError('E_VENUE_DECODE', `the answer of ${path} is no JSON`, {
      details: { field: path, value: `${text.length} letters` },
      rule: 'answers are JSON objects',
      cause,
    });
  }
  return asRow(value, path);
}
