/** What drives the markets of a gateway: events with their times, pulled by it or pushed into it. */
import type { TickColumns, TickKind } from '../../../core/ports.ts';
import type { Side } from '../../../core/order.ts';
import type { MarketCommand } from '../../exchange/command-journal.ts';

/** Takes events. Times are µs UTC of the simulated clock and do not go back. */
export interface FeedTarget {
  /** The best bid and ask; a side that is empty has price NaN and quantity 0. */
  onQuote(
    contract: number,
    bidTicks: number,
    bidQty: number,
    askTicks: number,
    askQty: number,
    tsUs: number,
  ): void;
  onTrade(
    contract: number,
    priceTicks: number,
    qty: number,
    aggressor: Side | 0,
    tsUs: number,
  ): void;
  /** One level of the book; a quantity of 0 takes it away. */
  onLevel(
    contract: number,
    side: Side,
    priceTicks: number,
    qty: number,
    tsUs: number,
    isEventEnd: boolean,
  ): void;
  /** A row of recorded columns of any kind. */
  onRow(kind: TickKind, contract: number, columns: TickColumns, row: number): void;
  /** A command of somebody else at this exchange: where the market is one with orders of its own. */
  onCommand(contract: number, command: MarketCommand): void;
  /** `closed` is the end of a session. */
  onPhase(contract: number, phase: 'open' | 'halted' | 'closed' | 'expired', tsUs: number): void;
}

/** Events that a gateway pulls. */
export interface MarketFeed {
  /** Time of the next event; Infinity at the end. */
  nextUs(): number;
  /** Hands over the next event. */
  next(into: FeedTarget): void;
}

/** Several feeds as one: by time, then `companions` first, then in their order. It ends when all `feeds` have ended. */
export function mergeFeeds(
  feeds: readonly MarketFeed[],
  companions: readonly MarketFeed[] = [],
): MarketFeed {
  const all = [...companions, ...feeds];
  const first = (): MarketFeed | null => {
    let best: MarketFeed | null = null;
    let bestUs = Infinity;
    if (feeds.every((feed) => feed.nextUs() === Infinity)) return null;
    for (const feed of all) {
      const tsUs = feed.nextUs();
      if (tsUs < bestUs) [best, bestUs] = [feed, tsUs];
    }
    return best;
  };
  return { nextUs: () => first()?.nextUs() ?? Infinity, next: (into) => first()?.next(into) };
}

/** Draws that follow from a seed alone. */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). Source: splitmix32. */
  share(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.share() * (to - from + 1));
  }

  oneIn(n: number): boolean {
    return this.share() * n < 1;
  }
}
