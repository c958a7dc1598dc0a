/** Market-data columns. This is the flat world: preallocated columns, one owner, no object per row. */
import { TradingError } from './errors.ts';

/** Counts of the price grid: Int32Array where every price is on the grid, Float64Array where a source has none. */
export type PriceColumn = Int32Array | Float64Array;

/**
 * A batch of bars of one contract and interval, sorted by closeUs.
 * Shapes: every column has at least `length` rows; only the first `length` count.
 * Units: µs UTC; prices in counts of the instrument's grid; volume in contracts, NaN where unknown.
 * Known at: row i from closeUs[i]; never before.
 */
export interface BarColumns {
  readonly length: number;
  /** Start of the interval. */
  readonly openUs: Float64Array;
  /** End of the interval: the moment from which the bar may be seen. */
  readonly closeUs: Float64Array;
  readonly open: PriceColumn;
  readonly high: PriceColumn;
  readonly low: PriceColumn;
  readonly close: PriceColumn;
  readonly volume: Float64Array;
}

export interface TradeColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  /** Order of the source among equal times. */
  readonly seq: Float64Array;
  readonly price: PriceColumn;
  readonly qty: Float64Array;
  /** 1 buyer, -1 seller, 0 unknown. */
  readonly aggressor: Int8Array;
  /** Execution ids of the venue, where a live record has them. */
  readonly execId?: readonly (string | null)[];
}

export interface QuoteColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  readonly bid: PriceColumn;
  readonly ask: PriceColumn;
  readonly bidQty: Float64Array;
  readonly askQty: Float64Array;
}

/**
 * Bars of the best bid and the best ask over an interval, each with its quantity at the end of it.
 * Known at: row i from closeUs[i]; never before.
 * Units: as in bars. A side without a quote has NaN prices and quantity 0, which is why the prices are doubles.
 */
export interface QuoteBarColumns {
  readonly length: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  readonly bidOpen: Float64Array;
  readonly bidHigh: Float64Array;
  readonly bidLow: Float64Array;
  readonly bidClose: Float64Array;
  readonly bidQty: Float64Array;
  readonly askOpen: Float64Array;
  readonly askHigh: Float64Array;
  readonly askLow: Float64Array;
  readonly askClose: Float64Array;
  readonly askQty: Float64Array;
}

/** One row per changed level. `side` 1 bid, -1 ask; qty 0 deletes the level. */
export interface DepthColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  readonly side: Int8Array;
  readonly price: PriceColumn;
  readonly qty: Float64Array;
  readonly orderCount: Int32Array;
  /** 1 on the last row of a source event: the book is consistent after it. */
  readonly isEventEnd: Uint8Array;
}

/** One row per order event. `action`: 0 add, 1 modify, 2 cancel, 3 trade, 4 fill, 5 clear. */
export interface MboColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  /** Venue order id; 64 bits. */
  readonly orderId: BigUint64Array;
  readonly action: Uint8Array;
  readonly side: Int8Array;
  readonly price: PriceColumn;
  readonly qty: Float64Array;
  readonly isEventEnd: Uint8Array;
  /** Of trades: execution ids of the venue, where a live record has them. */
  readonly execId?: readonly (string | null)[];
}

/**
 * Published open interest, one row a figure; a trade date may have several (preliminary, final, corrected).
 * Units: µs UTC, days since 1970-01-01, contracts. Known at: `tsUs[i]`, the moment of publication; never before.
 */
export interface OpenInterestColumns {
  readonly length: number;
  /** The moment from which the figure may be seen. */
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  /** The trade date at whose end that many contracts were open. */
  readonly tradeDate: Int32Array;
  readonly openInterest: Float64Array;
}

/**
 * Figures that an exchange publishes of a contract: settlements, official highs and lows, cleared volume. One row a figure; a
 * correction is a later row. Prices are plain ones, not counts: a settlement may stand between ticks.
 * Known at: `tsUs[i]`; never before.
 */
export interface StatisticColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  /** The moment or day the figure is of, µs UTC; `TS_MIN` where the source does not say. */
  readonly refUs: Float64Array;
  /** Number of the figure in its source; the reference of datasets lists them. */
  readonly statType: Int32Array;
  /** NaN where the figure is no price. */
  readonly price: Float64Array;
  /** NaN where the figure is no quantity. */
  readonly quantity: Float64Array;
  readonly flags: Uint8Array;
  /** 1 where the source takes the figure back. */
  readonly isDeleted: Uint8Array;
}

/**
 * What a source says of a contract, each time it says it anew.
 * Known at: `tsUs[i]`; never before.
 */
export interface DefinitionColumns {
  readonly length: number;
  readonly tsUs: Float64Array;
  readonly seq: Float64Array;
  /** µs UTC; `TS_MIN` where the source gives none. */
  readonly activationUs: Float64Array;
  readonly expirationUs: Float64Array;
  /** Smallest move as a plain price; NaN where the source gives none. */
  readonly increment: Float64Array;
  /** Units of the underlying in one contract; NaN where the source gives none. */
  readonly unitQty: Float64Array;
  /** Delivery month as yyyymm; 0 where the source gives none. */
  readonly maturity: Int32Array;
  /** Number of the contract in the source's records. */
  readonly instrumentId: Float64Array;
  readonly isDeleted: Uint8Array;
}

export const MARKET_DATA_KINDS = [
  'bars',
  'trades',
  'quotes',
  'quote-bars',
  'depth',
  'mbo',
  'open-interest',
  'statistics',
  'definitions',
] as const;
export type MarketDataKind = (typeof MARKET_DATA_KINDS)[number];

/** Bars that are being filled: `length` rows of the columns count. Mutable; one owner. */
export interface BarBuffer extends BarColumns {
  length: number;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

export function newBarBuffer(capacity: number): BarBuffer {
  const column = (): Float64Array => new Float64Array(capacity);
  return {
    length: 0,
    openUs: column(),
    closeUs: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
}

/** Interval names: `1m`, `5m`, `15m`, `30m`, `1h`, `4h`, `1d`; `1d` is one bar a trade date, session to session. */
export type BarInterval = `${number}${'s' | 'm' | 'h' | 'd'}`;

const UNIT_US: Readonly<Record<string, number>> = {
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** Nominal length of an interval in microseconds. Errors: E_BAR_INTERVAL. */
export function intervalUs(interval: string): number {
  const match = /^([1-9]\d*)([smhd])$/.exec(interval);
  if (match === null) {
    throw new TradingError(
      'E_BAR_INTERVAL',
      `"${interval}" is not a bar interval such as 1m, 15m, 1h or 1d`,
      { details: { interval } },
    );
  }
  return Number(match[1]) * UNIT_US[match[2]!]!;
}

/** What a dataset says of its volumes. Unknown volume switches the participation cap off, and the run says so. */
export type VolumeStatement = 'known' | 'unknown' | 'placeholder';
/** Whether stamps are instants or only ordered labels. */
export type StampStatement = 'instants' | 'labels';
/** Where the source stamped its bars. In memory and on disk a bar always has both ends. */
export type BarStamp = 'open' | 'close';
