/**
 * backtesting.py's broker with its defaults (no trading on close, no hedging, no spread, cash enough). Orders are looked at
 * once a bar from the second bar on, in list order, each for its whole quantity; entries open trades, which orders of the
 * other side close first in, first out, exits and all.
 */
import type { SimOrder } from '../orders.ts';
import { Kind, State } from '../orders.ts';
import type { Host, Matcher, PlainBar } from './matcher.ts';

/** What one entry opened, less what was closed since. */
interface Trade {
  /** Signed contracts. */
  size: number;
  readonly stop: SimOrder | null;
  readonly target: SimOrder | null;
}

export class BacktestingPyMatcher implements Matcher {
  readonly needsEveryBar = false;
  readonly cancels = 'one';
  readonly hasReducingExits = false;
  readonly #host: Host;
  readonly #orders: SimOrder[] = [];
  readonly #trades: Trade[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  refusal(order: SimOrder): string | null {
    if (order.kind === Kind.market && isNaN(this.#host.lastTicks())) return 'no-market';
    const { group } = order;
    if (group?.entry !== order) return null;
    const reference = priceOf(order, this.#host.lastTicks());
    for (const exit of group.exits) {
      if (exit.level !== null && 'offsetTicks' in exit.level) continue;
      const away = exit.role === 'stop' ? -order.side : order.side;
      if (away * (priceOf(exit, NaN) - reference) <= 0) return 'inverted-bracket';
    }
    return null;
  }

  arrive(order: SimOrder): void {
    this.#orders.push(order);
  }

  drop(order: SimOrder): void {
    const at = this.#orders.indexOf(order);
    if (at >= 0) this.#orders.splice(at, 1);
  }

  /** Its users set the price of an exit, which makes a new order: a stop goes first, a target last. */
  onChange(order: SimOrder): void {
    if (!this.#orders.includes(order)) return;
    this.drop(order);
    if (isStop(order)) this.#orders.unshift(order);
    else this.#orders.push(order);
  }

  onEntryFill(): void {
    // The trade is opened, with its exits, where the fill is decided.
  }

  onFlat(): void {
    this.#trades.length = 0;
  }

  onBar(bar: PlainBar): void {
    let isAgain = false;
    for (const order of this.#orders.slice()) {
      if (order.state !== State.done && this.#orders.includes(order))
        isAgain = this.#process(order, bar) || isAgain;
    }
    if (isAgain) this.onBar(bar);
  }

  /** Whether everything is to be looked at again: an entry was filled whose exits may act in this bar. */
  #process(order: SimOrder, bar: PlainBar): boolean {
    const { side, limit } = order;
    const isWaiting = order.state !== State.elected && !isNaN(order.stop);
    const stop = isWaiting ? order.stop : NaN;
    if (isWaiting) {
      if (side * ((side > 0 ? bar.high : bar.low) - stop) < 0) return false;
      this.#host.trigger(order);
    }
    let price = isWaiting ? worse(side, bar.open, stop) : bar.open;
    if (!isNaN(limit)) {
      const isHit = side * (limit - (side > 0 ? bar.low : bar.high)) >= 0;
      // A limit at or beyond its stop counts as met before it.
      if (!isHit || (isWaiting && side * (limit - stop) <= 0)) return false;
      // The stop's price stands in for the open, even where the bar opened beyond it.
      price = better(side, isWaiting ? stop : bar.open, limit);
    }
    const isPlain = isNaN(limit) && !isWaiting;
    const rule = isPlain ? 'next-open' : isNaN(limit) ? 'stop-or-open' : 'limit-or-open';
    const moment = price === bar.open ? 'open' : 'close';
    const name = `backtesting.py-${rule}`;
    const own = this.#trades.find((trade) => trade.stop === order || trade.target === order);
    if (own !== undefined) {
      const qty = Math.min(Math.abs(own.size), order.leaves);
      this.#close(own, this.#host.fill(order, qty, price, name, moment), order);
      return false;
    }
    const qty = this.#host.fill(order, order.leaves, price, name, moment);
    const { group } = order;
    const isOpened = this.#net(order, qty);
    if (group?.entry !== order) return false;
    if (!isOpened) {
      // All of it closed older trades: there is none that its exits could belong to.
      for (const exit of group.exits) this.#host.end(exit, 'Canceled', 'parent-ended');
      return false;
    }
    if (isPlain) return true;
    if (!isWaiting || !isNaN(limit)) return false;
    const [sl, tp] = [group.exits.find(isStop), group.exits.find((exit) => !isStop(exit))];
    // Stop entry and target lie in one direction: certain, unless the stop was in the bar too.
    if (tp === undefined) return false;
    const slTicks = sl?.stop ?? -side * Infinity;
    return side > 0
      ? tp.limit <= bar.high && slTicks < bar.low
      : tp.limit >= bar.low && slTicks > bar.high;
  }

  /** Closes trades of the other side, oldest first; what is left opens one. Returns whether it did. */
  #net(order: SimOrder, qty: number): boolean {
    let left = qty;
    for (const trade of this.#trades.slice()) {
      if (left === 0) return false;
      if (trade.size * order.side > 0) continue;
      const closed = Math.min(left, Math.abs(trade.size));
      this.#close(trade, closed, null);
      left -= closed;
    }
    if (left === 0) return false;
    const exits = order.group?.entry === order ? order.group.exits : [];
    const stop = exits.find(isStop) ?? null;
    const target = exits.find((exit) => !isStop(exit)) ?? null;
    this.#trades.push({ size: order.side * left, stop, target });
    for (const exit of [target, stop]) {
      if (exit === null || exit.state === State.done) continue;
      exit.qty = left;
      this.#host.release(exit);
      if (exit === stop) this.#orders.unshift(exit);
      else this.#orders.push(exit);
    }
    return true;
  }

  /** Takes contracts off a trade; its exits shrink with it, and end with it. `by` is the exit that fills, if one does. */
  #close(trade: Trade, qty: number, by: SimOrder | null): void {
    trade.size -= Math.sign(trade.size) * qty;
    if (trade.size === 0) this.#trades.splice(this.#trades.indexOf(trade), 1);
    for (const exit of [trade.stop, trade.target]) {
      if (exit === null || exit === by || exit.state === State.done) continue;
      if (trade.size === 0)
        this.#host.end(exit, 'Canceled', by === null ? 'trade-closed' : 'oco-peer');
      else {
        exit.qty = exit.cum + Math.abs(trade.size);
        this.#host.restate(exit);
      }
    }
  }
}

function isStop(order: SimOrder): boolean {
  return order.role === 'stop';
}

function priceOf(order: SimOrder, otherwise: number): number {
  if (!isNaN(order.limit)) return order.limit;
  return isNaN(order.stop) ? otherwise : order.stop;
}

function better(side: number, a: number, b: number): number {
  return side > 0 ? Math.min(a, b) : Math.max(a, b);
}

function worse(side: number, a: number, b: number): number {
  return side > 0 ? Math.max(a, b) : Math.min(a, b);
}
