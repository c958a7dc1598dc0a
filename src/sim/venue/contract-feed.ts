/** The record of one contract and the market that it drives: rows of columns in, a replay market out. */
import type { DepthColumns, MboColumns, QuoteColumns, TradeColumns } from '../../core/bars.ts';
import type { TickColumns, TickKind } from '../../core/ports.ts';
import { TS_MAX } from '../../core/units.ts';
import type { MarketSink } from '../exchange/market-order.ts';
import { ReplayMarket } from '../replay/replay-market.ts';
import type { TickMatching, TickVenueOptions } from './options.ts';

export class ContractFeed {
  readonly market: ReplayMarket;

  constructor(matching: TickMatching, options: TickVenueOptions, sink: MarketSink) {
    const { profile, queue = 'back', queuePower } = options;
    const protectionTicks = options.protectionTicks ?? profile.protectionTicks;
    const power = queuePower === undefined ? {} : { power: queuePower };
    this.market = new ReplayMarket(sink, {
      feed: matching,
      startPhase: 'closed',
      queueMarket: true,
      stopInMarket: profile.stopInMarket,
      ...(protectionTicks === null ? {} : { protectionTicks }),
      // Order by order data tell who stands before us.
      ...(matching === 'mbo' ? {} : { queue: { name: queue, ...power } }),
      ...(options.ledger === undefined ? {} : { ledger: options.ledger }),
      ...(options.ownExecutions === undefined ? {} : { ownExecutions: options.ownExecutions }),
      ...(options.throughQty === undefined ? {} : { throughQty: options.throughQty }),
      ...(options.beyondDepth === undefined ? {} : { depthExhausted: options.beyondDepth }),
      ...(options.halfSpreadTicks === undefined
        ? {}
        : { assumedHalfSpreadTicks: options.halfSpreadTicks }),
    });
  }

  /** Applies one row. False inside an event of the source that goes on: its book is not whole yet. */
  apply(kind: TickKind, columns: TickColumns, row: number): boolean {
    const { market } = this;
    switch (kind) {
      case 'quotes': {
        const { bid, bidQty, ask, askQty, tsUs } = columns as QuoteColumns;
        market.onQuote(bid[row]!, bidQty[row]!, ask[row]!, askQty[row]!, tsUs[row]!);
        return true;
      }
      case 'trades': {
        const { price, qty, aggressor, tsUs, execId } = columns as TradeColumns;
        const side = Math.sign(aggressor[row]!) as 1 | -1 | 0;
        market.onTrade(price[row]!, qty[row]!, side, tsUs[row]!, execId?.[row]);
        return true;
      }
      case 'depth': {
        const depth = columns as DepthColumns;
        market.onDepth(depth, row, row + 1);
        return depth.isEventEnd[row] !== 0;
      }
      case 'mbo': {
        const mbo = columns as MboColumns;
        market.onMbo(mbo, row, row + 1);
        return mbo.isEventEnd[row] !== 0;
      }
    }
  }

  /** The last trade or, before the first, the middle of the market rounded down; NaN while neither is known. */
  markTicks(): number {
    const last = this.market.market.lastTicks;
    if (!Number.isNaN(last)) return last;
    const { book } = this.market;
    return Math.floor((book.bestTicks(1) + book.bestTicks(-1)) / 2);
  }

  /** A moment after the next message between the orders of a group arrives: the market of that very moment comes first. */
  nextTimerUs(): number {
    const dueUs = this.market.market.messages()[0]?.dueUs;
    return dueUs === undefined ? TS_MAX : dueUs + 1;
  }
}
