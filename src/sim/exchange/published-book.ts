/**
 * What an exchange publishes of a book: order by order, by price, and the best of both sides. It is the book itself with
 * ears: every change passes through it, so nothing is published that did not happen, and nothing happens unpublished.
 */
import { MboAction } from '../../core/book/mbo-book.ts';
import type { Side } from '../../core/order.ts';
import type { AllocationStep } from '../book/allocation.ts';
import type { Aggressor, MatchSink, OrderHandle, SelfTradeMode } from '../book/limit-book.ts';
import { LimitBook } from '../book/limit-book.ts';
import type { MarketOptions } from './contract-market.ts';
import { ContractMarket } from './contract-market.ts';
import type { Liquidity } from './liquidity.ts';
import type { MarketSink } from './market-order.ts';

/** Hears a book. Prices in ticks, quantities in contracts; hidden contracts appear when they are shown or trade. */
export interface BookFeed {
  /**
   * A row of a market-by-order feed, with the actions of `MboColumns` (`MboAction`): add; modify, when an iceberg shows its
   * next part; cancel of so many shown contracts; trade, with the aggressor's side, 0 in an auction, and no order; fill, of
   * the resting order. `orderId` is above 0 and never given twice.
   */
  onOrder?(action: number, orderId: number, side: Side | 0, priceTicks: number, qty: number): void;
  /** A price as it is after the event; 0 contracts: it is gone. */
  onLevel?(side: Side, priceTicks: number, qty: number, orderCount: number): void;
  /** The best of both sides after the event, if it changed; NaN and 0 where a side is empty. */
  onTop?(bidTicks: number, bidQty: number, askTicks: number, askQty: number): void;
  /** The end of an event: what was heard since the last one happened at this moment, and the book is consistent. */
  onEnd?(tsUs: number): void;
}

interface Shown {
  readonly id: number;
  readonly side: Side;
  readonly priceTicks: number;
  qty: number;
}

export class PublishedBook implements Liquidity {
  readonly #book: LimitBook;
  readonly #feed: BookFeed;
  readonly #orders: Map<OrderHandle, Shown> = new Map();
  /** Prices that changed since the last end. */
  readonly #bids: Set<number> = new Set();
  readonly #asks: Set<number> = new Set();
  /** Prices that stand in the feed. */
  readonly #toldBids: Set<number> = new Set();
  readonly #toldAsks: Set<number> = new Set();
  readonly #top: [number, number, number, number] = [NaN, 0, NaN, 0];
  readonly #sink: MatchSink;
  #target: MatchSink | null = null;
  #aggressor: Side | 0 = 0;
  #lastId: number = 0;

  constructor(feed: BookFeed, allocation?: readonly AllocationStep[]) {
    this.#feed = feed;
    this.#book = new LimitBook(allocation);
    this.#sink = {
      onTrade: (handle, priceTicks, qty, leaves) => {
        this.#tell(MboAction.trade, 0, this.#aggressor, priceTicks, qty);
        this.#filled(handle, qty, leaves);
        return this.#target!.onTrade(handle, priceTicks, qty, leaves);
      },
      onRefill: (handle, priceTicks, shownQty) => {
        const order = this.#orders.get(handle)!;
        order.qty = shownQty;
        this.#tell(MboAction.modify, order.id, order.side, priceTicks, shownQty);
        this.#target!.onRefill?.(handle, priceTicks, shownQty);
      },
      onSelfTrade: (handle, priceTicks, qty, leaves) => {
        this.#showAtMost(handle, leaves);
        this.#target!.onSelfTrade(handle, priceTicks, qty, leaves);
      },
      meet: (handle) => this.#target!.meet!(handle),
    };
  }

  get isPaused(): boolean {
    return this.#book.isPaused;
  }
  get orderCount(): number {
    return this.#book.orderCount;
  }
  bestTicks(side: Side): number {
    return this.#book.bestTicks(side);
  }
  shownQty(side: Side, priceTicks: number): number {
    return this.#book.shownQty(side, priceTicks);
  }
  totalQty(side: Side, priceTicks: number): number {
    return this.#book.totalQty(side, priceTicks);
  }
  countAt(side: Side, priceTicks: number): number {
    return this.#book.countAt(side, priceTicks);
  }
  worsePrice(side: Side, priceTicks: number): number {
    return this.#book.worsePrice(side, priceTicks);
  }
  forEachAt(
    side: Side,
    priceTicks: number,
    each: (handle: OrderHandle, shownQty: number, leavesQty: number) => void,
  ): void {
    this.#book.forEachAt(side, priceTicks, each);
  }
  queueAhead(handle: OrderHandle): number {
    return this.#book.queueAhead(handle);
  }
  available(aggressor: Aggressor): number {
    return this.#book.available(aggressor);
  }

  /** Number under which an order is published, or 0. */
  publicId(handle: OrderHandle): number {
    return this.#orders.get(handle)?.id ?? 0;
  }

  restAt(
    side: Side,
    priceTicks: number,
    qty: number,
    displayQty: number,
    group: number,
    isLead: boolean,
  ): OrderHandle {
    const handle = this.#book.restAt(side, priceTicks, qty, displayQty, group, isLead);
    this.#lastId += 1;
    const shown = displayQty === 0 ? qty : Math.min(displayQty, qty);
    this.#orders.set(handle, { id: this.#lastId, side, priceTicks, qty: shown });
    this.#tell(MboAction.add, this.#lastId, side, priceTicks, shown);
    return handle;
  }

  cancel(handle: OrderHandle): number {
    const leaves = this.#book.cancel(handle);
    if (leaves > 0) this.#showAtMost(handle, 0);
    return leaves;
  }

  reduce(handle: OrderHandle, leavesQty: number): boolean {
    const isDone = this.#book.reduce(handle, leavesQty);
    if (isDone) this.#showAtMost(handle, leavesQty);
    return isDone;
  }

  matchAt(
    side: Side,
    limitTicks: number,
    qty: number,
    group: number,
    mode: SelfTradeMode,
    sink: MatchSink,
  ): number {
    this.#target = sink;
    this.#aggressor = side;
    return this.#book.matchAt(side, limitTicks, qty, group, mode, this.#sink);
  }

  uncross(
    priceTicks: number,
    qty: number,
    onTrade: (bid: OrderHandle, ask: OrderHandle, qty: number) => void,
    mayTrade?: (bid: OrderHandle, ask: OrderHandle) => boolean,
  ): number {
    const tell = (bid: OrderHandle, ask: OrderHandle, part: number): void => {
      this.#tell(MboAction.trade, 0, 0, priceTicks, part);
      for (const handle of [bid, ask]) {
        const order = this.#orders.get(handle)!;
        this.#tell(MboAction.fill, order.id, order.side, order.priceTicks, part);
        this.#showAtMost(handle, this.#book.leavesQty(handle));
      }
      onTrade(bid, ask, part);
    };
    return this.#book.uncross(priceTicks, qty, tell, mayTrade);
  }

  /** Everything since the last end becomes one event of this moment; nothing where nothing changed. */
  end(tsUs: number): void {
    if (this.#bids.size + this.#asks.size === 0) return;
    this.#tellLevels(1, this.#bids, this.#toldBids);
    this.#tellLevels(-1, this.#asks, this.#toldAsks);
    this.#tellTop();
    this.#feed.onEnd?.(tsUs);
  }

  #tellLevels(side: Side, changed: Set<number>, told: Set<number>): void {
    for (const price of changed) {
      const qty = this.shownQty(side, price);
      // One that came and went within the event was never seen.
      const isNews = qty > 0 ? told.add(price).has(price) : told.delete(price);
      if (isNews) this.#feed.onLevel?.(side, price, qty, this.countAt(side, price));
    }
    changed.clear();
  }

  #tellTop(): void {
    const [bid, ask] = [this.bestTicks(1), this.bestTicks(-1)];
    const [bidQty, askQty] = [
      Number.isNaN(bid) ? 0 : this.shownQty(1, bid),
      Number.isNaN(ask) ? 0 : this.shownQty(-1, ask),
    ];
    const top = this.#top;
    const isSame =
      Object.is(bid, top[0]) && bidQty === top[1] && Object.is(ask, top[2]) && askQty === top[3];
    if (isSame) return;
    [top[0], top[1], top[2], top[3]] = [bid, bidQty, ask, askQty];
    this.#feed.onTop?.(bid, bidQty, ask, askQty);
  }

  /** A resting order traded; what is shown of an iceberg comes back with its refill. */
  #filled(handle: OrderHandle, qty: number, leaves: number): void {
    const order = this.#orders.get(handle)!;
    this.#tell(MboAction.fill, order.id, order.side, order.priceTicks, qty);
    if (leaves > 0 && qty >= order.qty) {
      order.qty = 0;
      return;
    }
    this.#showAtMost(handle, leaves === 0 ? 0 : order.qty - qty);
  }

  /** Fewer contracts of an order are shown; none: it is gone. */
  #showAtMost(handle: OrderHandle, qty: number): void {
    const order = this.#orders.get(handle);
    if (order === undefined) return;
    const less = order.qty - Math.min(order.qty, qty);
    if (less > 0) this.#tell(MboAction.cancel, order.id, order.side, order.priceTicks, less);
    order.qty -= less;
    if (qty === 0) this.#orders.delete(handle);
  }

  #tell(action: number, id: number, side: Side | 0, priceTicks: number, qty: number): void {
    if (action !== MboAction.trade) (side === 1 ? this.#bids : this.#asks).add(priceTicks);
    this.#feed.onOrder?.(action, id, side, priceTicks, qty);
  }
}

/** A market whose book is published: each command, and what follows from it, is one event of the feed. */
export function createPublishedMarket(
  sink: MarketSink,
  feed: BookFeed,
  options: MarketOptions = {},
): ContractMarket {
  const book = new PublishedBook(feed, options.allocation);
  return new ContractMarket(
    {
      onReport: (report) => sink.onReport(report),
      onPrint: (priceTicks, qty, aggressor, tsUs) =>
        sink.onPrint?.(priceTicks, qty, aggressor, tsUs),
      onPhase: (phase, tsUs) => sink.onPhase?.(phase, tsUs),
      onGroup: (event) => sink.onGroup?.(event),
      onQuiet: (tsUs) => {
        book.end(tsUs);
        sink.onQuiet?.(tsUs);
      },
    },
    options,
    book,
  );
}
