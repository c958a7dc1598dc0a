/**
 * LEAN on minute bars of trades: `FutureFillModel` over `FillModel`, from the published source (see the page). A bar is seen
 * at its end; what it says is compared with each order's prices by itself. Nothing limits the quantity.
 */
import type { SimOrder } from '../orders.ts';
import { Kind, State } from '../orders.ts';
import type { Host, Matcher, PlainBar } from './matcher.ts';

export class LeanMatcher implements Matcher {
  readonly needsEveryBar = false;
  readonly cancels = 'one';
  readonly hasReducingExits = false;
  readonly #host: Host;
  readonly #orders: Set<SimOrder> = new Set();

  constructor(host: Host) {
    this.#host = host;
  }

  refusal(order: SimOrder): string | null {
    const needsPrice = order.kind === Kind.market || order.kind === Kind.trailing;
    return needsPrice && isNaN(this.#host.lastTicks()) ? 'no-market' : null;
  }

  arrive(order: SimOrder): void {
    const last = this.#host.lastTicks();
    if (order.kind === Kind.market) {
      this.#host.fill(order, order.leaves, last, 'lean-current-price', 'arrival');
      return;
    }
    if (order.kind === Kind.trailing && isNaN(order.stop)) order.stop = order.trailTrigger(last);
    this.#orders.add(order);
  }

  drop(order: SimOrder): void {
    this.#orders.delete(order);
  }

  onEntryFill(): void {
    // It has no groups.
  }

  onBar(bar: PlainBar): void {
    for (const order of this.#orders) if (order.state !== State.done) this.#match(order, bar);
  }

  #match(order: SimOrder, bar: PlainBar): void {
    const { side } = order;
    // The extreme towards which a stop of this side lies, and the one towards which its limit lies.
    const far = side > 0 ? bar.high : bar.low;
    const near = side > 0 ? bar.low : bar.high;
    switch (order.kind) {
      case Kind.limit:
        if (side * (order.limit - near) > 0)
          this.#fill(order, better(side, far, order.limit), 'lean-limit-passed');
        break;
      case Kind.stop:
        if (side * (far - order.stop) > 0)
          this.#fill(order, worse(side, order.stop, bar.close), 'lean-stop-or-close');
        break;
      case Kind.stopLimit:
        if (order.state !== State.elected) {
          if (side * (far - order.stop) <= 0) return;
          this.#host.trigger(order);
        }
        if (side * (order.limit - bar.close) > 0)
          this.#fill(order, better(side, far, order.limit), 'lean-close-within-limit');
        break;
      case Kind.touchLimit:
        if (order.state !== State.elected) {
          if (side * (order.stop - near) < 0) return;
          this.#host.trigger(order);
        }
        if (side * (order.limit - bar.close) >= 0)
          this.#fill(order, order.limit, 'lean-close-at-limit');
        break;
      default:
        if (side * (far - order.stop) >= 0) {
          this.#fill(order, worse(side, order.stop, bar.close), 'lean-trail-or-close');
          return;
        }
        // The old trigger was tested; only then it follows the bar's extreme.
        if (side * (order.stop - near) > order.trail!.offsetTicks!) {
          order.stop = order.trailTrigger(near);
          this.#host.restate(order);
        }
    }
  }

  #fill(order: SimOrder, ticks: number, rule: string): void {
    this.#host.fill(order, order.leaves, ticks, rule, 'close');
  }
}

function better(side: number, a: number, b: number): number {
  return side > 0 ? Math.min(a, b) : Math.max(a, b);
}

function worse(side: number, a: number, b: number): number {
  return side > 0 ? Math.max(a, b) : Math.min(a, b);
}
