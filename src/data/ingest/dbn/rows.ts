/**
 * From decoded records to rows of the catalog. What is decided here:
 *
 * - Known at: `ts_recv`, when the capture server saw the packet, for every record that has it; a strategy could not have known
 *   earlier. Where it is missing, `ts_event`. A bar is known at its end.
 * - Prices are units of 1e-9 and become counts of the dataset's grid; one that is off a grid of ticks is refused, never rounded.
 * - Time never runs back within a contract. A record whose receive time is marked as bad takes the time of the one before it;
 *   any other is refused.
 * - Trades are the records with the action T of every schema that has actions, so a contract has one tape whatever file it came
 *   in. `mbp-10` becomes rows of changed levels.
 * - `ohlcv-1d` are UTC days, not trade dates, so they are bars of `24h`, never of `1d`.
 */
import type { BarInterval } from '../../../core/bars.ts';
import { intervalUs } from '../../../core/bars.ts';
import type { ContractId } from '../../../core/instrument.ts';
import type { TradeDate, TsUs } from '../../../core/units.ts';
import { toIsoUtc, TS_MAX, TS_MIN, US_PER_DAY } from '../../../core/units.ts';
import { EARLIEST_KNOWN_DAYS } from '../../open-interest.ts';
import type { OpenInterestFigure } from '../../open-interest.ts';
import type {
  DbnBatch,
  DbnBboColumns,
  DbnCbboColumns,
  DbnCmbp1Columns,
  DbnDefinitionColumns,
  DbnHeaderColumns,
  DbnMboColumns,
  DbnMbp1Columns,
  DbnMbp10Columns,
  DbnOhlcvColumns,
  DbnStatisticColumns,
  DbnSymbolMappingColumns,
  DbnTradeColumns,
} from './decode.ts';
import type { DbnLane } from './lanes.ts';
import { DBN_FLAG, RTYPE } from './layout.ts';
import type { DbnResolved, DbnSkipReason, DbnSymbols } from './symbols.ts';

/** Why a record was refused. */
export type DbnRefusal =
  | 'time'
  | 'time-backwards'
  | 'price'
  | 'price-grid'
  | 'quantity'
  | 'action'
  | 'high-low';

/** Records that are no market data of a contract, beside those of `DbnSkipReason`. */
export type DbnLeftOut =
  | DbnSkipReason
  | 'gateway-message'
  /** A kind of record that the catalog has no table for. */
  | 'no-table'
  | 'no-interval'
  /** A quote before the first price of either side. */
  | 'one-sided'
  /** Another kind of record in the same file brings the same trades or quotes. */
  | 'same-rows';

/** Price grid of a contract: units of 1e-9 in one count. */
export interface DbnGrid {
  readonly nanos: number;
  readonly isTicks: boolean;
  /** Whether zero and below are prices. */
  readonly mayBeZeroOrBelow: boolean;
}

/** What the rows need of the import. */
export interface DbnRowsHost {
  readonly symbols: DbnSymbols;
  gridOf(contract: ContractId): DbnGrid | null;
  lane(contract: ContractId, kind: DbnLane['kind'], interval?: BarInterval): DbnLane;
  refuse(offset: number, reason: DbnRefusal, message: string): void;
  leaveOut(reason: DbnLeftOut, symbol: string, records: number): void;
  openInterest(contract: ContractId, figure: OpenInterestFigure): void;
  /** The trade date that a figure published at a moment is of, where the record does not say. */
  tradeDateOf(contract: ContractId, knownUs: number): TradeDate;
}

const TWO_32 = 4_294_967_296;
const SAFE_HIGH = 2_097_152;
const UNDEF_HIGH = 0x7fffffff;
const UNDEF_SIZE = 0xffffffff;
const LEVELS = 10;
/** Counts are stored in 32 bits; no future comes near. */
const COUNT_MAX = 2_147_483_647;
/** A lane is cut between events; one event longer than this is cut anyway. */
const EVENT_ROWS_MAX = 65_536;
/** Answers of `#count` that are no count: no price, and one that the product cannot have. */
const NO_PRICE = Number.NaN;
const BAD_PRICE = Number.POSITIVE_INFINITY;

const [ACTION_ADD, ACTION_MODIFY, ACTION_CANCEL, ACTION_TRADE, ACTION_FILL, ACTION_CLEAR] = [
  0, 1, 2, 3, 4, 5,
];
const T = 84;
const N = 78;

/** Codes of core by ASCII codes of the source; 255 for none. */
function actionCodes(): Uint8Array {
  const codes = new Uint8Array(256).fill(255);
  codes[65] = ACTION_ADD!;
  codes[77] = ACTION_MODIFY!;
  codes[67] = ACTION_CANCEL!;
  codes[T] = ACTION_TRADE!;
  codes[70] = ACTION_FILL!;
  codes[82] = ACTION_CLEAR!;
  return codes;
}

const BAR_INTERVALS: Readonly<Record<number, BarInterval>> = {
  [RTYPE.ohlcv1s]: '1s',
  [RTYPE.ohlcv1m]: '1m',
  [RTYPE.ohlcv1h]: '1h',
  [RTYPE.ohlcv1d]: '24h',
};
const BAR_SCHEMAS: Readonly<Record<string, BarInterval>> = {
  'ohlcv-1s': '1s',
  'ohlcv-1m': '1m',
  'ohlcv-1h': '1h',
  'ohlcv-1d': '24h',
};

/** Records of one kind and contract. */
class Stream {
  readonly contract: ContractId;
  readonly nanos: number;
  readonly isTicks: boolean;
  readonly lowest: number;
  /** Time of the last record: halves of its nanoseconds, and microseconds. */
  low = 0;
  high = 0;
  us = -Infinity;
  /** Best bid and offer of the last quote; NaN before the first. */
  readonly best = new Float64Array(4).fill(NaN);
  /** Bids, then offers: price, size and count of each level; size 0 where there is none. */
  readonly levelPrice = new Float64Array(2 * LEVELS);
  readonly levelSize = new Float64Array(2 * LEVELS);
  readonly levelCount = new Int32Array(2 * LEVELS);
  /** Where its rows go, once they have been asked for. */
  tape: DbnLane | null = null;
  book: DbnLane | null = null;
  ownsTape: boolean | null = null;
  ownsBook: boolean | null = null;

  constructor(contract: ContractId, grid: DbnGrid) {
    this.contract = contract;
    this.nanos = grid.nanos;
    this.isTicks = grid.isTicks;
    this.lowest = grid.mayBeZeroOrBelow ? -Infinity : Number.MIN_VALUE;
  }
}

type Quotes = DbnMbp1Columns | DbnBboColumns | DbnCmbp1Columns | DbnCbboColumns;

/** Turns batches into rows, in the order of the file. */
export class DbnRows {
  readonly #host: DbnRowsHost;
  readonly #codes = actionCodes();
  readonly #streams = new Map<string, Stream>();
  /** Which kind of record feeds a table of a contract: the first one that did. */
  readonly #owners = new Map<string, string>();
  #schema: string | null = null;
  /** Meaning of the numbers of the batch in hand. */
  #known = new Map<number, { readonly resolved: DbnResolved; readonly stream: Stream | null }>();
  #knownKind = '';
  #lastId = -1;
  #lastFromUs = 0;
  #lastToUs = 0;
  #lastStream: Stream | null = null;
  #lastSymbol = '';
  #lastReason: DbnSkipReason | null = null;
  // The record in hand.
  #low = 0;
  #high = 0;
  #us = 0;
  /** Records with a bad receive time that took the time of the one before. */
  clamped = 0;

  constructor(host: DbnRowsHost) {
    this.#host = host;
  }

  beginFile(schema: string | null): void {
    this.#schema = schema;
    this.#forget();
  }

  batch(batch: DbnBatch): void {
    if (batch.kind !== this.#knownKind) this.#forget();
    this.#knownKind = batch.kind;
    switch (batch.kind) {
      case 'trades':
        return this.#trades(batch);
      case 'mbo':
        return this.#mbo(batch);
      case 'mbp-10':
        return this.#depth(batch);
      case 'mbp-1':
      case 'bbo':
      case 'cmbp-1':
      case 'cbbo':
        return this.#quotes(batch);
      case 'ohlcv':
        return this.#bars(batch);
      case 'statistics':
        return this.#statistics(batch);
      case 'definition':
        return this.#definitions(batch);
      case 'symbol-mapping':
        return this.#mappings(batch);
      case 'system':
      case 'error':
        return this.#host.leaveOut('gateway-message', batch.message[0] ?? '', batch.length);
      default:
        return this.#host.leaveOut('no-table', batch.kind, batch.length);
    }
  }

  #trades(b: DbnTradeColumns): void {
    const [recv, event, price] = [halves(b.tsRecv), halves(b.tsEvent), halves(b.price)];
    for (let i = 0; i < b.length; i += 1) {
      const stream = this.#take(b, i, recv, event, b.flags[i]!);
      if (stream === null) continue;
      if (b.action[i] === T) this.#trade(stream, b, i, price);
      else this.#host.refuse(b.offset[i]!, 'action', `the action is ${shown(b.action[i]!)}, not T`);
    }
  }

  /** A record with the action T. */
  #trade(
    stream: Stream,
    b: Pick<DbnTradeColumns, 'offset' | 'size' | 'side'>,
    i: number,
    price: Int32Array,
  ): boolean {
    const count = this.#price(stream, b.offset[i]!, 'price', price, i);
    if (Number.isNaN(count)) return false;
    const size = b.size[i]!;
    if (size === UNDEF_SIZE) {
      this.#host.refuse(b.offset[i]!, 'quantity', 'the trade has no size');
      return false;
    }
    this.#putTrade(stream, count, size, b.side[i]!);
    return true;
  }

  #putTrade(stream: Stream, count: number, size: number, side: number): void {
    stream.ownsTape ??= this.#ownsTable(stream, 'trades');
    if (!stream.ownsTape) {
      this.#host.leaveOut('same-rows', stream.contract, 1);
      return;
    }
    const lane = (stream.tape ??= this.#host.lane(stream.contract, 'trades'));
    const row = lane.row(this.#us, this.#low, this.#high);
    const { c } = lane;
    c['price']![row] = count;
    c['qty']![row] = size;
    c['aggressor']![row] = sideOf(side);
    lane.flushIfFull();
  }

  #quotes(b: Quotes): void {
    const [recv, event] = [halves(b.tsRecv), halves(b.tsEvent)];
    const [price, bids, asks] = [halves(b.price), halves(b.bidPx), halves(b.askPx)];
    const actions = 'action' in b ? b.action : null;
    for (let i = 0; i < b.length; i += 1) {
      const stream = this.#take(b, i, recv, event, b.flags[i]!);
      if (stream === null) continue;
      const bid = this.#count(stream, bids[2 * i]!, bids[2 * i + 1]!);
      const ask = this.#count(stream, asks[2 * i]!, asks[2 * i + 1]!);
      if (bid === BAD_PRICE || ask === BAD_PRICE) {
        this.#badPrice(
          stream,
          b.offset[i]!,
          bid === BAD_PRICE ? 'bid' : 'ask',
          bid === BAD_PRICE ? bids : asks,
          i,
        );
        continue;
      }
      if (actions?.[i] === T && !this.#trade(stream, b, i, price)) continue;
      this.#quote(stream, bid, ask, b.bidSz[i]!, b.askSz[i]!);
    }
  }

  /** A row where the best bid or offer has changed. A side without price keeps its last one, with the quantity 0. */
  #quote(stream: Stream, bid: number, ask: number, bidQty: number, askQty: number): void {
    const { best } = stream;
    if (Number.isNaN(bid)) bidQty = 0;
    if (Number.isNaN(ask)) askQty = 0;
    if (stream.isTicks) {
      if (Number.isNaN(bid)) bid = Number.isNaN(best[0]!) ? ask : best[0]!;
      if (Number.isNaN(ask)) ask = Number.isNaN(best[1]!) ? bid : best[1]!;
      if (Number.isNaN(bid)) {
        this.#host.leaveOut('one-sided', stream.contract, 1);
        return;
      }
    }
    if (
      Object.is(bid, best[0]) &&
      Object.is(ask, best[1]) &&
      bidQty === best[2] &&
      askQty === best[3]
    )
      return;
    best[0] = bid;
    best[1] = ask;
    best[2] = bidQty;
    best[3] = askQty;
    stream.ownsBook ??= this.#ownsTable(stream, 'quotes');
    if (!stream.ownsBook) {
      this.#host.leaveOut('same-rows', stream.contract, 1);
      return;
    }
    const lane = (stream.book ??= this.#host.lane(stream.contract, 'quotes'));
    const row = lane.row(this.#us, this.#low, this.#high);
    const { c } = lane;
    c['bid']![row] = bid;
    c['ask']![row] = ask;
    c['bidQty']![row] = bidQty;
    c['askQty']![row] = askQty;
    lane.flushIfFull();
  }

  #depth(b: DbnMbp10Columns): void {
    const [recv, event, price] = [halves(b.tsRecv), halves(b.tsEvent), halves(b.price)];
    const [bids, asks] = [halves(b.bidPx), halves(b.askPx)];
    const newPrice = new Float64Array(2 * LEVELS);
    const newSize = new Float64Array(2 * LEVELS);
    const newCount = new Int32Array(2 * LEVELS);
    for (let i = 0; i < b.length; i += 1) {
      const stream = this.#take(b, i, recv, event, b.flags[i]!);
      if (stream === null) continue;
      let isOnGrid = true;
      for (let k = 0; k < LEVELS && isOnGrid; k += 1) {
        const at = i * LEVELS + k;
        const bid = this.#count(stream, bids[2 * at]!, bids[2 * at + 1]!);
        const ask = this.#count(stream, asks[2 * at]!, asks[2 * at + 1]!);
        if (bid === BAD_PRICE || ask === BAD_PRICE) {
          isOnGrid = false;
          this.#badPrice(stream, b.offset[i]!, 'level', bid === BAD_PRICE ? bids : asks, at);
        }
        newPrice[k] = bid;
        newSize[k] = Number.isNaN(bid) ? 0 : b.bidSz[at]!;
        newCount[k] = b.bidCt[at]!;
        newPrice[LEVELS + k] = ask;
        newSize[LEVELS + k] = Number.isNaN(ask) ? 0 : b.askSz[at]!;
        newCount[LEVELS + k] = b.askCt[at]!;
      }
      if (!isOnGrid) continue;
      if (b.action[i] === T && !this.#trade(stream, b, i, price)) continue;
      this.#changes(stream, newPrice, newSize, newCount, (b.flags[i]! & DBN_FLAG.last) !== 0);
    }
  }

  /** Rows of what differs between the levels before and after: levels that left the ten first, then those new or changed. */
  #changes(
    stream: Stream,
    price: Float64Array,
    size: Float64Array,
    count: Int32Array,
    isEventEnd: boolean,
  ): void {
    const { levelPrice, levelSize, levelCount } = stream;
    const lane = (stream.book ??= this.#host.lane(stream.contract, 'depth'));
    for (let side = 0; side < 2; side += 1) {
      const from = side * LEVELS;
      const sign = side === 0 ? 1 : -1;
      for (let k = from; k < from + LEVELS; k += 1) {
        if (levelSize[k] === 0 || find(price, size, from, levelPrice[k]!) >= 0) continue;
        this.#level(lane, sign, levelPrice[k]!, 0, 0);
      }
      for (let k = from; k < from + LEVELS; k += 1) {
        if (size[k] === 0) continue;
        const old = find(levelPrice, levelSize, from, price[k]!);
        if (old >= 0 && levelSize[old] === size[k] && levelCount[old] === count[k]) continue;
        this.#level(lane, sign, price[k]!, size[k]!, count[k]!);
      }
    }
    levelPrice.set(price);
    levelSize.set(size);
    levelCount.set(count);
    if (isEventEnd) lane.endEvent();
    if (isEventEnd || lane.length >= EVENT_ROWS_MAX) lane.flushIfFull();
  }

  #level(lane: DbnLane, side: number, price: number, qty: number, orders: number): void {
    const row = lane.row(this.#us, this.#low, this.#high);
    const { c } = lane;
    c['side']![row] = side;
    c['price']![row] = price;
    c['qty']![row] = qty;
    c['orderCount']![row] = orders;
    c['isEventEnd']![row] = 0;
  }

  #mbo(b: DbnMboColumns): void {
    const [recv, event, prices] = [halves(b.tsRecv), halves(b.tsEvent), halves(b.price)];
    for (let i = 0; i < b.length; i += 1) {
      const flags = b.flags[i]!;
      const stream = this.#take(b, i, recv, event, flags);
      if (stream === null) continue;
      const isEventEnd = (flags & DBN_FLAG.last) !== 0;
      const lane = (stream.book ??= this.#host.lane(stream.contract, 'mbo'));
      const action = this.#codes[b.action[i]!]!;
      if (action === 255) {
        if (b.action[i] !== N)
          this.#host.refuse(b.offset[i]!, 'action', `the action is ${shown(b.action[i]!)}`);
        else if (isEventEnd) lane.endEvent();
        continue;
      }
      const isClear = action === ACTION_CLEAR;
      // Clearing the book has neither price nor size.
      const price = isClear ? 0 : this.#price(stream, b.offset[i]!, 'price', prices, i);
      if (Number.isNaN(price)) continue;
      const size = b.size[i]!;
      if (size === UNDEF_SIZE && !isClear) {
        this.#host.refuse(b.offset[i]!, 'quantity', 'the order has no size');
        continue;
      }
      const row = lane.row(this.#us, this.#low, this.#high);
      const { c } = lane;
      (c['orderId'] as BigUint64Array)[row] = b.orderId[i]!;
      c['action']![row] = action;
      c['side']![row] = sideOf(b.side[i]!);
      c['price']![row] = price;
      c['qty']![row] = isClear ? 0 : size;
      c['isEventEnd']![row] = isEventEnd ? 1 : 0;
      if (isEventEnd || lane.length >= EVENT_ROWS_MAX) lane.flushIfFull();
      if (action === ACTION_TRADE) this.#putTrade(stream, price, size, b.side[i]!);
    }
  }

  #bars(b: DbnOhlcvColumns): void {
    const columns = [b.open, b.high, b.low, b.close].map(halves);
    const event = halves(b.tsEvent);
    const volume = halves(b.volume);
    const ohlc = new Float64Array(4);
    for (let i = 0; i < b.length; i += 1) {
      const interval =
        BAR_INTERVALS[b.rtype[i]!] ??
        (b.rtype[i] === RTYPE.ohlcvDeprecated ? BAR_SCHEMAS[this.#schema ?? ''] : undefined);
      if (interval === undefined) {
        this.#host.leaveOut('no-interval', `record type 0x${b.rtype[i]!.toString(16)}`, 1);
        continue;
      }
      this.#setTime(event[2 * i]!, event[2 * i + 1]!);
      const offset = b.offset[i]!;
      if (!this.#isTime(offset)) continue;
      const stream = this.#find(b, i);
      if (stream === null) continue;
      const lane = this.#host.lane(stream.contract, 'bars', interval);
      const openUs = this.#us;
      const closeUs = openUs + intervalUs(interval);
      if (closeUs <= lane.lastUs) {
        this.#backwards(offset, openUs, lane.lastUs, 'ends');
        continue;
      }
      let isWhole = true;
      for (let k = 0; k < 4 && isWhole; k += 1) {
        ohlc[k] = this.#price(stream, offset, BAR_PRICES[k]!, columns[k]!, i);
        isWhole = !Number.isNaN(ohlc[k]);
      }
      if (!isWhole) continue;
      const [open, high, low, close] = ohlc as unknown as [number, number, number, number];
      if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
        this.#host.refuse(
          offset,
          'high-low',
          'high is not the highest or low is not the lowest price',
        );
        continue;
      }
      const [volumeLow, volumeHigh] = [volume[2 * i]!, volume[2 * i + 1]!];
      if (volumeHigh < 0 || volumeHigh >= SAFE_HIGH) {
        this.#host.refuse(offset, 'quantity', `volume ${b.volume[i]!} is beyond 2^53`);
        continue;
      }
      const row = lane.bar(openUs, closeUs);
      const { c } = lane;
      c['open']![row] = open;
      c['high']![row] = high;
      c['low']![row] = low;
      c['close']![row] = close;
      c['volume']![row] = volumeHigh * TWO_32 + (volumeLow >>> 0);
      lane.flushIfFull();
    }
  }

  #statistics(b: DbnStatisticColumns): void {
    const [recv, event] = [halves(b.tsRecv), halves(b.tsEvent)];
    for (let i = 0; i < b.length; i += 1) {
      const stream = this.#take(b, i, recv, event, 0);
      if (stream === null) continue;
      const isDeleted = b.updateAction[i] === 2;
      const refUs = optionalUs(b.tsRef[i]!);
      const quantity = optionalInteger(b.quantity[i]!);
      if (b.statType[i] === STAT_OPEN_INTEREST && !isDeleted && !Number.isNaN(quantity))
        if (!this.#interest(stream, b.offset[i]!, refUs, quantity)) continue;
      const lane = this.#host.lane(stream.contract, 'statistics');
      const row = lane.row(this.#us, this.#low, this.#high);
      const { c } = lane;
      c['refUs']![row] = refUs;
      c['statType']![row] = b.statType[i]!;
      c['price']![row] = optionalPrice(b.price[i]!);
      c['quantity']![row] = quantity;
      c['flags']![row] = b.statFlags[i]!;
      c['isDeleted']![row] = isDeleted ? 1 : 0;
      lane.flushIfFull();
    }
  }

  #interest(stream: Stream, offset: number, refUs: number, openInterest: number): boolean {
    const tradeDate =
      refUs === TS_MIN
        ? this.#host.tradeDateOf(stream.contract, this.#us)
        : (Math.floor(refUs / US_PER_DAY) as TradeDate);
    if (openInterest < 0) {
      this.#host.refuse(offset, 'quantity', `open interest is ${openInterest}`);
      return false;
    }
    if (this.#us < (tradeDate - EARLIEST_KNOWN_DAYS) * US_PER_DAY) {
      this.#host.refuse(offset, 'time', `open interest is published before the day it is of`);
      return false;
    }
    this.#host.openInterest(stream.contract, { knownUs: this.#us, tradeDate, openInterest });
    return true;
  }

  #definitions(b: DbnDefinitionColumns): void {
    const [recv, event] = [halves(b.tsRecv), halves(b.tsEvent)];
    for (let i = 0; i < b.length; i += 1) {
      const symbol = b.rawSymbol[i]!;
      const instrumentClass = String.fromCharCode(b.instrumentClass[i]!);
      this.#setTime(recv[2 * i]!, recv[2 * i + 1]!);
      this.#host.symbols.define(b.instrumentId[i]!, { symbol, instrumentClass }, this.#us);
      this.#forget();
      if (instrumentClass !== 'F') {
        this.#host.leaveOut('not-outright', symbol, 1);
        continue;
      }
      const stream = this.#take(b, i, recv, event, 0);
      if (stream === null) continue;
      const lane = this.#host.lane(stream.contract, 'definitions');
      const row = lane.row(this.#us, this.#low, this.#high);
      const { c } = lane;
      const [year, month] = [b.maturityYear[i]!, b.maturityMonth[i]!];
      c['activationUs']![row] = optionalUs(b.activation[i]!);
      c['expirationUs']![row] = optionalUs(b.expiration[i]!);
      c['increment']![row] = optionalPrice(b.minPriceIncrement[i]!);
      c['unitQty']![row] = optionalPrice(b.unitOfMeasureQty[i]!);
      c['maturity']![row] = year < 10_000 && month >= 1 && month <= 12 ? year * 100 + month : 0;
      c['instrumentId']![row] = b.instrumentId[i]!;
      c['isDeleted']![row] = b.securityUpdateAction[i] === 68 ? 1 : 0;
      lane.flushIfFull();
    }
  }

  #mappings(b: DbnSymbolMappingColumns): void {
    const event = halves(b.tsEvent);
    for (let i = 0; i < b.length; i += 1) {
      this.#setTime(event[2 * i]!, event[2 * i + 1]!);
      this.#host.symbols.map(b.instrumentId[i]!, b.stypeOutSymbol[i]!, this.#us);
    }
    this.#forget();
    this.#host.leaveOut('gateway-message', 'symbol mapping', b.length);
  }

  // ------------------------------------------------------------------------------------------------ a record's head

  /** The stream of a record, its time being set; null where it was left out or refused. */
  #take(
    b: DbnHeaderColumns,
    i: number,
    recv: Int32Array,
    event: Int32Array,
    flags: number,
  ): Stream | null {
    const [low, high] = [recv[2 * i]!, recv[2 * i + 1]!];
    if (low === -1 && high === -1) this.#setTime(event[2 * i]!, event[2 * i + 1]!);
    else this.#setTime(low, high);
    const offset = b.offset[i]!;
    if (!this.#isTime(offset)) return null;
    const stream = this.#find(b, i);
    if (stream === null) return null;
    const isEarlier =
      this.#us < stream.us ||
      (this.#us === stream.us && this.#high === stream.high && this.#low >>> 0 < stream.low >>> 0);
    if (isEarlier && (flags & DBN_FLAG.badTsRecv) === 0) {
      this.#backwards(offset, this.#us, stream.us, 'is');
      return null;
    }
    if (isEarlier) {
      this.clamped += 1;
      this.#us = stream.us;
      this.#low = stream.low;
      this.#high = stream.high;
      return stream;
    }
    stream.us = this.#us;
    stream.low = this.#low;
    stream.high = this.#high;
    return stream;
  }

  /** Nanoseconds by halves; the microsecond is the whole part of a thousandth, exact. */
  #setTime(low: number, high: number): void {
    this.#low = low;
    this.#high = high;
    // 2^32 = 4294967 * 1000 + 296
    const top = high >>> 0;
    this.#us = top * 4_294_967 + Math.floor((top * 296 + (low >>> 0)) / 1000);
  }

  #isTime(offset: number): boolean {
    if (this.#high >= 0 && this.#us <= TS_MAX) return true;
    this.#host.refuse(offset, 'time', 'the time is missing or beyond the year 2243');
    return false;
  }

  #backwards(offset: number, us: number, lastUs: number, verb: string): void {
    const [at, last] = [toIsoUtc(us as TsUs), toIsoUtc(lastUs as TsUs)];
    this.#host.refuse(offset, 'time-backwards', `time ${at}; the record before ${verb} at ${last}`);
  }

  #find(b: DbnHeaderColumns, i: number): Stream | null {
    const id = b.instrumentId[i]!;
    if (id !== this.#lastId || this.#us < this.#lastFromUs || this.#us >= this.#lastToUs)
      this.#look(id);
    if (this.#lastStream === null)
      this.#host.leaveOut(this.#lastReason ?? 'unknown-product', this.#lastSymbol, 1);
    return this.#lastStream;
  }

  #look(id: number): void {
    let known = this.#known.get(id);
    if (
      known === undefined ||
      this.#us < known.resolved.fromUs ||
      this.#us >= known.resolved.toUs
    ) {
      const resolved = this.#host.symbols.resolve(id, this.#us);
      known = {
        resolved,
        stream: resolved.contract === null ? null : this.#streamOf(resolved.contract),
      };
      this.#known.set(id, known);
    }
    const { resolved, stream } = known;
    this.#lastId = id;
    this.#lastFromUs = resolved.fromUs;
    this.#lastToUs = resolved.toUs;
    this.#lastStream = stream;
    this.#lastSymbol = resolved.symbol === '' ? `instrument ${id}` : resolved.symbol;
    this.#lastReason = resolved.reason;
  }

  #streamOf(contract: ContractId): Stream | null {
    const key = `${this.#knownKind} ${contract}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const grid = this.#host.gridOf(contract);
    if (grid === null) return null;
    const stream = new Stream(contract, grid);
    this.#streams.set(key, stream);
    return stream;
  }

  /** Whether this kind of record feeds a table of its contract. Asked once of each stream. */
  #ownsTable(stream: Stream, table: string): boolean {
    const key = `${table} ${stream.contract}`;
    const owner = this.#owners.get(key) ?? this.#knownKind;
    this.#owners.set(key, owner);
    return owner === this.#knownKind;
  }

  #forget(): void {
    this.#known.clear();
    this.#lastId = -1;
  }

  // ------------------------------------------------------------------------------------------------ prices

  /** A price that must be there; NaN where it was refused. */
  #price(stream: Stream, offset: number, name: string, values: Int32Array, i: number): number {
    const count = this.#count(stream, values[2 * i]!, values[2 * i + 1]!);
    if (count === BAD_PRICE) {
      this.#badPrice(stream, offset, name, values, i);
      return NO_PRICE;
    }
    if (Number.isNaN(count)) this.#host.refuse(offset, 'price', `${name} is missing`);
    return count;
  }

  /** Counts of the grid; `NO_PRICE` for none, `BAD_PRICE` for one between ticks or below. Exact: whole numbers are divided. */
  #count(stream: Stream, low: number, high: number): number {
    if (high === UNDEF_HIGH && low === -1) return NO_PRICE;
    const { nanos } = stream;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) return this.#longCount(stream, low, high);
    const value = high * TWO_32 + (low >>> 0);
    if (value < stream.lowest) return BAD_PRICE;
    const count = Math.round(value / nanos);
    if (count * nanos !== value) return stream.isTicks ? BAD_PRICE : value / nanos;
    return Math.abs(count) <= COUNT_MAX ? count + 0 : BAD_PRICE;
  }

  /** Beyond 9 million: the units leave the range of exact doubles. */
  #longCount(stream: Stream, low: number, high: number): number {
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
    if (high < 0 && stream.lowest > 0) return BAD_PRICE;
    const nanos = BigInt(stream.nanos);
    const count = value / nanos;
    if (count * nanos !== value) return stream.isTicks ? BAD_PRICE : Number(value) / stream.nanos;
    return Math.abs(Number(count)) <= COUNT_MAX ? Number(count) : BAD_PRICE;
  }

  #badPrice(stream: Stream, offset: number, name: string, values: Int32Array, i: number): void {
    const value = (BigInt(values[2 * i + 1]!) << 32n) | BigInt(values[2 * i]! >>> 0);
    const price = `${name} ${Number(value) / 1e9}`;
    const { contract, nanos, lowest } = stream;
    if (Number(value) < lowest)
      this.#host.refuse(
        offset,
        'price',
        `${price} is not above zero, as prices of ${contract} are`,
      );
    else if (Math.abs(Number(value) / nanos) > COUNT_MAX)
      this.#host.refuse(offset, 'price', `${price} is too large for a price of ${contract}`);
    else
      this.#host.refuse(
        offset,
        'price-grid',
        `${price} is not a multiple of ${nanos / 1e9}, the grid of ${contract}`,
      );
  }
}

const BAR_PRICES = ['open', 'high', 'low', 'close'];
const STAT_OPEN_INTEREST = 9;

function halves(column: BigInt64Array | BigUint64Array): Int32Array {
  return new Int32Array(column.buffer, column.byteOffset, column.length * 2);
}

function sideOf(code: number): number {
  return code === 66 ? 1 : code === 65 ? -1 : 0;
}

function shown(code: number): string {
  return code > 32 && code < 127 ? `"${String.fromCharCode(code)}"` : `code ${code}`;
}

function find(price: Float64Array, size: Float64Array, from: number, wanted: number): number {
  for (let k = from; k < from + LEVELS; k += 1) if (size[k] !== 0 && price[k] === wanted) return k;
  return -1;
}

/** µs; `TS_MIN` for none and for what cannot be a time. */
function optionalUs(nanos: bigint): number {
  const us = Number(nanos / 1000n);
  return us > TS_MAX ? TS_MIN : us;
}

const UNDEF = 9_223_372_036_854_775_807n;

function optionalPrice(nanos: bigint): number {
  return nanos === UNDEF ? NaN : Number(nanos) / 1e9;
}

function optionalInteger(value: bigint): number {
  return value === UNDEF ? NaN : Number(value);
}
