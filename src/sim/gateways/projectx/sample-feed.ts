/**
 * A market that makes itself: a maker who quotes ten levels around a value that wanders, and takers. Its orders stand in the
 * same book as those of the gateway's accounts, so that an order has somebody to trade with at any hour. Prices follow from
 * the seed, and from what the accounts do.
 */
import type { BarColumns } from '../../../core/bars.ts';
import type { Side } from '../../../core/order.ts';
import { US_PER_MINUTE, US_PER_SECOND } from '../../../core/units.ts';
import type { MarketOrderInput } from '../../exchange/market-order.ts';
import type { FeedTarget, MarketFeed } from './feed.ts';
import { Draws } from './feed.ts';

export interface SampleOptions {
  /** Number of the contract at the gateway. */
  readonly contract: number;
  readonly seed: number;
  readonly startUs: number;
  /** Price around which it begins, in counts. */
  readonly startTicks: number;
  /** Events of the crowd a second. Default 20. */
  readonly rate?: number;
}

const MAKER = 1;
const TAKER = 2;
const LEVELS = 10;

export class SampleFeed implements MarketFeed {
  readonly #options: SampleOptions;
  readonly #draws: Draws;
  readonly #stepUs: number;
  /** Ids of the maker's orders by price, for each side. */
  readonly #bids: Map<number, string> = new Map();
  readonly #asks: Map<number, string> = new Map();
  /** Between the two sides: bids stand below it, offers at it and above. */
  #value: number;
  #ids: number = 0;
  #nextUs: number;
  #isOpen: boolean = false;

  constructor(options: SampleOptions) {
    this.#options = options;
    this.#draws = new Draws(options.seed * 1009 + options.contract);
    this.#stepUs = US_PER_SECOND / (options.rate ?? 20);
    this.#value = options.startTicks;
    this.#nextUs = options.startUs;
  }

  nextUs(): number {
    return this.#nextUs;
  }

  next(into: FeedTarget): void {
    const tsUs = this.#nextUs;
    const draws = this.#draws;
    this.#nextUs = tsUs + 1 + Math.floor(draws.share() * 2 * this.#stepUs);
    if (!this.#isOpen) {
      this.#isOpen = true;
      for (let depth = 0; depth < LEVELS; depth += 1)
        for (const side of [1, -1] as const) this.#quote(into, side, depth, tsUs);
      this.#take(into, 1, 1, tsUs);
      return;
    }
    const what = draws.int(1, 100);
    if (what <= 6) this.#move(into, draws.oneIn(2) ? 1 : -1, tsUs);
    else if (what <= 30) this.#take(into, draws.oneIn(2) ? 1 : -1, draws.int(1, 4), tsUs);
    else {
      // Most of what happens, happens at the front.
      const depth = Math.min(draws.int(0, LEVELS - 1), draws.int(0, LEVELS - 1));
      this.#quote(into, draws.oneIn(2) ? 1 : -1, depth, tsUs);
    }
  }

  /** The value is elsewhere by one tick: what would stand across it goes, and both fronts are quoted anew. */
  #move(into: FeedTarget, by: Side, tsUs: number): void {
    this.#value += by;
    for (const side of [1, -1] as const) {
      const own = side === 1 ? this.#bids : this.#asks;
      const front = this.#frontOf(side);
      for (const price of own.keys()) {
        const distance = (front - price) * side;
        if (distance < 0 || distance > LEVELS + 2) this.#cancel(into, own, price, tsUs);
      }
    }
    this.#quote(into, 1, 0, tsUs);
    this.#quote(into, -1, 0, tsUs);
  }

  #frontOf(side: Side): number {
    return side === 1 ? this.#value - 1 : this.#value;
  }

  #quote(into: FeedTarget, side: Side, depth: number, tsUs: number): void {
    const own = side === 1 ? this.#bids : this.#asks;
    const price = this.#frontOf(side) - side * depth;
    this.#cancel(into, own, price, tsUs);
    const id = this.#submit(into, tsUs, {
      participant: MAKER,
      group: MAKER,
      side,
      type: 'limit',
      limitTicks: price,
      qty: this.#draws.int(5, 40) + depth * 3,
      timeInForce: 'gtc',
    });
    own.set(price, id);
  }

  #take(into: FeedTarget, side: Side, qty: number, tsUs: number): void {
    this.#submit(into, tsUs, {
      participant: TAKER,
      side,
      type: 'limit',
      limitTicks: this.#frontOf(side === 1 ? -1 : 1),
      qty,
      timeInForce: 'ioc',
    });
  }

  #submit(into: FeedTarget, tsUs: number, order: Omit<MarketOrderInput, 'clOrdId'>): string {
    this.#ids += 1;
    const clOrdId = `s${this.#ids}`;
    into.onCommand(this.#options.contract, { do: 'submit', tsUs, input: { ...order, clOrdId } });
    return clOrdId;
  }

  #cancel(into: FeedTarget, own: Map<number, string>, price: number, tsUs: number): void {
    const clOrdId = own.get(price);
    if (clOrdId === undefined) return;
    own.delete(price);
    into.onCommand(this.#options.contract, { do: 'cancel', tsUs, participant: MAKER, clOrdId });
  }
}

/** Minute bars of a random walk that ends at a price, up to a moment: a past for a market that has none. */
export function samplePast(
  seed: number,
  endUs: number,
  endTicks: number,
  minutes: number = 7200,
): BarColumns {
  const draws = new Draws(seed);
  const column = (): Float64Array => new Float64Array(minutes);
  const [openUs, closeUs, open, high, low, close, volume] = Array.from({ length: 7 }, column) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const lastUs = Math.floor(endUs / US_PER_MINUTE) * US_PER_MINUTE;
  let price = endTicks;
  // Backwards: each bar ends where the next one begins.
  for (let k = minutes - 1; k >= 0; k -= 1) {
    closeUs[k] = lastUs - (minutes - 1 - k) * US_PER_MINUTE;
    openUs[k] = closeUs[k]! - US_PER_MINUTE;
    close[k] = price;
    price += draws.int(-5, 5);
    open[k] = price;
    high[k] = Math.max(price, close[k]!) + draws.int(0, 3);
    low[k] = Math.min(price, close[k]!) - draws.int(0, 3);
    volume[k] = draws.int(50, 900);
  }
  return { length: minutes, openUs, closeUs, open, high, low, close, volume };
}
