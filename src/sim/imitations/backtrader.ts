/**
 * backtrader's broker with its defaults (no cheating on open or close, no filler, no slippage, cash enough). Orders reach its
 * queue at the next bar and are tried once a bar, in the order in which they came, each for its whole quantity.
 */
import type { SimGroup, SimOrder } from '../orders.ts';
import { Kind, State } from '../orders.ts';
import type { Host, Matcher, PlainBar } from './matcher.ts';

export class BacktraderMatcher implements Matcher {
  readonly needsEveryBar = false;
  readonly cancels = 'family';
  readonly hasReducingExits = false;
  readonly #host: Host;
  /** Sent since the last bar: not yet in the queue, and so not to be cancelled. */
  readonly #submitted: SimOrder[] = [];
  #queue: SimOrder[] = [];
  /** Exits whose entry has filled: they work from the next bar on. */
  readonly #due: SimOrder[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  refusal(order: SimOrder): string | null {
    const needsClose = order.kind === Kind.trailing && isNaN(order.stop);
    return needsClose && isNaN(this.#host.lastTicks()) ? 'no-market' : null;
  }

  arrive(order: SimOrder): void {
    if (order.kind === Kind.trailing && isNaN(order.stop))
      order.stop = order.trailTrigger(this.#host.lastTicks());
    this.#submitted.push(order);
    const { group } = order;
    // Its exits stand behind it in the queue, asleep.
    if (group?.entry === order) this.#submitted.push(...group.exits);
  }

  cancelRefusal(order: SimOrder): string | null {
    return this.#submitted.includes(order) ? 'not-yet-at-the-broker' : null;
  }

  /** Its users send a new order: it stands last in the queue. */
  onChange(order: SimOrder): void {
    const at = this.#queue.indexOf(order);
    if (at >= 0) this.#queue.push(...this.#queue.splice(at, 1));
  }

  drop(): void {
    // Ended orders leave the queue at the next bar.
  }

  onEntryFill(group: SimGroup): void {
    this.#due.push(...group.exits);
  }

  onBar(bar: PlainBar): void {
    for (const exit of this.#due) if (exit.state === State.held) this.#host.release(exit);
    this.#due.length = 0;
    this.#queue.push(...this.#submitted);
    this.#submitted.length = 0;
    for (const order of this.#queue) {
      if (order.state === State.done) continue;
      // A market order is executed even past its date.
      if (order.kind !== Kind.market && bar.closeUs > order.expireUs)
        this.#host.end(order, 'Expired', 'gtd');
      else if (order.state !== State.held) this.#try(order, bar);
    }
    this.#queue = this.#queue.filter((order) => order.state !== State.done);
  }

  #try(order: SimOrder, bar: PlainBar): void {
    if (order.kind === Kind.market) this.#fill(order, bar.open, 'backtrader-next-open', true);
    else if (order.isLimitNow()) this.#tryLimit(order, bar);
    else if (order.kind === Kind.stopLimit) this.#tryStopLimit(order, bar);
    else this.#tryStop(order, bar);
  }

  #tryLimit(order: SimOrder, bar: PlainBar): void {
    const { side, limit } = order;
    if (side * (limit - bar.open) >= 0) this.#fill(order, bar.open, 'backtrader-limit-open', true);
    else if (side * (limit - (side > 0 ? bar.low : bar.high)) >= 0)
      this.#fill(order, limit, 'backtrader-limit-touched', false);
  }

  #tryStop(order: SimOrder, bar: PlainBar): void {
    const { side, stop } = order;
    if (side * (bar.open - stop) >= 0) this.#fill(order, bar.open, 'backtrader-stop-open', true);
    else if (side * ((side > 0 ? bar.high : bar.low) - stop) >= 0)
      this.#fill(order, stop, 'backtrader-stop-touched', false);
    if (order.kind !== Kind.trailing || order.leaves === 0 || order.state === State.done) return;
    // The trail follows closes, and only after the bar was tried.
    const trigger = order.trailTrigger(bar.close);
    if (side * (order.stop - trigger) <= 0) return;
    order.stop = trigger;
    this.#host.restate(order);
  }

  #tryStopLimit(order: SimOrder, bar: PlainBar): void {
    const { side, stop, limit } = order;
    if (side * (bar.open - stop) >= 0) {
      this.#host.trigger(order);
      this.#tryLimit(order, bar);
      return;
    }
    if (side * ((side > 0 ? bar.high : bar.low) - stop) < 0) return;
    this.#host.trigger(order);
    if (side * (limit - stop) >= 0) {
      this.#fill(order, stop, 'backtrader-stop-touched', false);
      return;
    }
    // The bar came back: a buy needs a close below the open for it, a sell one at or above it.
    const cameBack = side > 0 ? bar.open > bar.close : bar.open <= bar.close;
    if (cameBack && side * (limit - bar.close) >= 0)
      this.#fill(order, limit, 'backtrader-limit-after-trigger', false);
  }

  #fill(order: SimOrder, ticks: number, rule: string, isAtOpen: boolean): void {
    this.#host.fill(order, order.leaves, ticks, rule, isAtOpen ? 'open' : 'close');
  }
}
