/**
 * NautilusTrader's matching engine for one instrument with bars of trades and its defaults (one-level book, open-high-low-close,
 * stops in the market refused, a limit fills when touched). A bar becomes up to four trades of a quarter of its volume, each
 * only if the price moved. Bid, ask and last stand apart from the book: a fill moves them, and the orders looked at next see
 * that, until the next trade. All of it is kept, since it decides prices.
 */
import type { ReplaceRequest } from '../../core/execution.ts';
import type { SimGroup, SimOrder } from '../orders.ts';
import { Kind, State } from '../orders.ts';
import type { Host, Matcher, Moment, PlainBar } from './matcher.ts';

/** An order in the core, with what the engine notes on it. */
interface Working {
  readonly order: SimOrder;
  /** Trigger at which it was elected; NaN before. */
  triggered: number;
  isMaker: boolean;
}

interface Part {
  ticks: number;
  readonly qty: number;
}

export class NautilusMatcher implements Matcher {
  readonly needsEveryBar = true;
  readonly cancels = 'peers';
  readonly hasReducingExits = true;
  readonly #host: Host;
  #bids: Working[] = [];
  #asks: Working[] = [];
  #bid = NaN;
  #ask = NaN;
  #last = NaN;
  /** The book has one price on both sides, that of the last trade, with its size. */
  #book = NaN;
  #bookQty = 0;
  /** Bid, ask and last to which the market goes back once an order has filled at its own price. */
  #targets: readonly [number, number, number] | null = null;
  #moment: Moment = 'arrival';
  #seenClose = NaN;

  constructor(host: Host) {
    this.#host = host;
  }

  refusal(order: SimOrder): string | null {
    this.#catchUp();
    const needsMarket = order.kind === Kind.market || order.kind === Kind.trailing;
    if (needsMarket && isNaN(this.#bid)) return 'no-market';
    return this.#isInMarket(order) ? 'in-the-market' : null;
  }

  arrive(order: SimOrder): void {
    this.#catchUp();
    this.#moment = 'arrival';
    this.#enter(order);
  }

  changeRefusal(order: SimOrder, { stopTicks }: ReplaceRequest): string | null {
    this.#catchUp();
    // A trail may be set anywhere; other triggers must still lie ahead.
    if (stopTicks === undefined || order.kind === Kind.trailing) return null;
    if (order.state === State.held) return null;
    const isTouch = order.kind === Kind.touchMarket || order.kind === Kind.touchLimit;
    const isThere = isTouch
      ? this.#isReached(order.side, stopTicks)
      : this.#isPassed(order.side, stopTicks);
    return isThere ? 'in-the-market' : null;
  }

  onChange(order: SimOrder): void {
    const working = [...this.#bids, ...this.#asks].find((each) => each.order === order);
    if (working === undefined || !order.isLimitNow()) return;
    if (!this.#isReached(order.side, order.limit)) return;
    working.isMaker = false;
    this.#fillLimit(working);
  }

  drop(order: SimOrder): void {
    this.#bids = this.#bids.filter((working) => working.order !== order);
    this.#asks = this.#asks.filter((working) => working.order !== order);
  }

  onEntryFill(group: SimGroup): void {
    for (const exit of group.exits) {
      if (exit.state !== State.held) continue;
      // A peer that was refused takes this one with it; the position stays bare.
      const isPeerGone = group.exits.some((peer) => peer.state === State.done);
      const refusal = isPeerGone ? 'peer-refused' : this.#isInMarket(exit) ? 'in-the-market' : null;
      if (refusal !== null) {
        this.#host.end(exit, 'Canceled', refusal);
        continue;
      }
      this.#host.release(exit);
      this.#enter(exit);
    }
  }

  onBar(bar: PlainBar): void {
    this.#catchUp();
    if (bar.open !== this.#last) this.#trade(bar.open, bar, 'open');
    if (bar.high > this.#last) this.#trade(bar.high, bar, 'close');
    if (bar.low < this.#last) this.#trade(bar.low, bar, 'close');
    if (bar.close !== this.#last) this.#trade(bar.close, bar, 'close');
    this.#seenClose = bar.close;
    this.#moment = 'arrival';
  }

  /** Bars that the venue was not shown leave the market at their close. */
  #catchUp(): void {
    const last = this.#host.lastTicks();
    if (isNaN(last) || last === this.#seenClose) return;
    this.#seenClose = last;
    this.#bid = last;
    this.#ask = last;
    this.#last = last;
    this.#book = last;
    if (this.#bookQty === 0) this.#bookQty = Infinity;
  }

  #trade(ticks: number, bar: PlainBar, moment: Moment): void {
    this.#moment = moment;
    this.#book = ticks;
    // A price that stands still leaves the size of the trade before it.
    this.#bookQty = isNaN(bar.volume) ? Infinity : Math.max(1, Math.round(bar.volume / 4));
    this.#bid = ticks;
    this.#ask = ticks;
    for (const working of [...this.#bids, ...this.#asks])
      if (working.order.state !== State.done) this.#match(working);
    for (const { order } of [...this.#bids, ...this.#asks]) {
      if (order.state === State.done) continue;
      if (bar.closeUs >= order.expireUs) {
        this.#host.end(order, 'Expired', 'gtd');
        continue;
      }
      if (order.kind === Kind.trailing) this.#trail(order);
      if (this.#targets !== null) [this.#bid, this.#ask, this.#last] = this.#targets;
      this.#targets = null;
    }
    this.#targets = null;
    this.#last = ticks;
  }

  #isInMarket(order: SimOrder): boolean {
    if (order.kind === Kind.touchMarket || order.kind === Kind.touchLimit)
      return this.#isReached(order.side, order.stop);
    const isStop =
      order.kind === Kind.stop || order.kind === Kind.stopLimit || order.kind === Kind.trailing;
    return isStop && !isNaN(order.stop) && this.#isPassed(order.side, order.stop);
  }

  /** A stop's trigger. False where price or market is not known. */
  #isPassed(side: number, ticks: number): boolean {
    return side > 0 ? this.#ask >= ticks : this.#bid <= ticks;
  }

  /** A limit, or the trigger of an order that waits to be touched. */
  #isReached(side: number, ticks: number): boolean {
    return side > 0 ? this.#ask <= ticks : this.#bid >= ticks;
  }

  #enter(order: SimOrder): void {
    const working: Working = { order, triggered: NaN, isMaker: false };
    if (order.kind === Kind.market) {
      this.#fillMarket(working);
      return;
    }
    if (order.kind === Kind.trailing && isNaN(order.stop)) this.#trail(order);
    if (order.side > 0) {
      this.#bids.push(working);
      this.#bids.sort((a, b) => sortKey(b.order) - sortKey(a.order));
    } else {
      this.#asks.push(working);
      this.#asks.sort((a, b) => sortKey(a.order) - sortKey(b.order));
    }
    if (order.kind !== Kind.limit) return;
    if (this.#isReached(order.side, order.limit)) this.#fillLimit(working);
    else if (order.timeInForce === 'ioc' || order.timeInForce === 'fok')
      this.#host.end(order, 'Canceled', `${order.timeInForce}-unfilled`);
  }

  #match(working: Working): void {
    const { order } = working;
    const { side } = order;
    if (order.isLimitNow()) {
      if (!this.#isReached(side, order.limit)) return;
      working.isMaker = true;
      this.#fillLimit(working);
      return;
    }
    const isTouch = order.kind === Kind.touchMarket || order.kind === Kind.touchLimit;
    if (!(isTouch ? this.#isReached(side, order.stop) : this.#isPassed(side, order.stop))) return;
    working.triggered = order.stop;
    this.#host.trigger(order);
    if (isNaN(order.limit)) {
      this.#fillMarket(working);
      return;
    }
    const { stop, limit } = order;
    const isBetween =
      side > 0 ? stop > limit && limit > this.#ask : stop < limit && limit < this.#bid;
    if (!isBetween && !this.#isReached(side, limit)) return;
    working.isMaker = isBetween;
    this.#fillLimit(working);
  }

  #fillMarket(working: Working): void {
    const { order, triggered } = working;
    const { side } = order;
    let ticks = side > 0 ? this.#ask : this.#bid;
    if (!isNaN(triggered)) ticks = triggered;
    // A stop carries the market to its trigger; the others leave bid and ask alone.
    if (order.kind === Kind.stop || order.kind === Kind.trailing) this.#moveFar(side, ticks);
    this.#last = ticks;
    const part = { ticks, qty: Math.min(this.#bookQty, order.leaves) };
    const rule = order.kind === Kind.market ? 'nautilus-current-price' : 'nautilus-at-trigger';
    this.#apply(working, [part], rule);
  }

  #fillLimit(working: Working): void {
    const { order, triggered, isMaker } = working;
    const { side } = order;
    const parts: Part[] = [];
    // The book decides whether there is anything at or within the limit, the market whether it was tried.
    if (side * (order.limit - this.#book) >= 0)
      parts.push({ ticks: this.#book, qty: Math.min(this.#bookQty, order.leaves) });
    const part = parts[0];
    if (part !== undefined && !isMaker && side * (order.limit - triggered) > 0) {
      part.ticks = triggered;
      this.#moveAway(side, order.limit);
    } else if (part !== undefined && isMaker) {
      // The nearer of limit and trigger; a price beyond it would have been met on the way.
      const own = side * (order.limit - triggered) > 0 ? triggered : order.limit;
      if (side * (own - part.ticks) > 0) {
        this.#moveAway(side, own);
        part.ticks = own;
      }
    }
    this.#apply(working, parts, isMaker ? 'nautilus-limit-touched' : 'nautilus-limit-taken');
  }

  /** The fill happens at a price that the market left behind: it goes there, and back after this round. */
  #moveAway(side: number, ticks: number): void {
    this.#targets = [this.#bid, this.#ask, this.#last];
    this.#moveFar(side, ticks);
    this.#last = ticks;
  }

  #moveFar(side: number, ticks: number): void {
    if (side > 0) this.#ask = ticks;
    else this.#bid = ticks;
  }

  #apply(working: Working, parts: readonly Part[], rule: string): void {
    const { order } = working;
    const offered = parts.reduce((sum, part) => sum + part.qty, 0);
    if (order.timeInForce === 'fok' && order.leaves > offered) {
      this.#host.end(order, 'Canceled', 'fok-unfilled');
      return;
    }
    const part = parts[0];
    if (part === undefined) return;
    this.#host.fill(order, part.qty, part.ticks, rule, this.#moment);
    if (order.state === State.done) return;
    if (order.timeInForce === 'ioc') {
      this.#host.end(order, 'Canceled', 'ioc-unfilled');
      return;
    }
    const worse = part.ticks + order.side;
    if (isNaN(order.limit)) {
      this.#host.fill(order, order.leaves, worse, 'nautilus-next-tick', this.#moment);
      return;
    }
    const top = order.side > 0 ? this.#ask : this.#bid;
    if (this.#targets === null && order.limit === top) return;
    const rest = working.isMaker ? order.limit : worse;
    this.#host.fill(order, order.leaves, rest, 'nautilus-rest', this.#moment);
  }

  #trail(order: SimOrder): void {
    const trigger = order.trailTrigger(this.#last);
    if (!isNaN(order.stop) && order.side * (order.stop - trigger) <= 0) return;
    order.stop = trigger;
    this.#host.restate(order);
  }
}

function sortKey(order: SimOrder): number {
  return order.isLimitNow() ? order.limit : order.stop;
}
