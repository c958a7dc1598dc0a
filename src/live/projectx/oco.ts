/**
 * Two orders of which one shall trade, kept by this process: the venue has no such pair without an entry. What one fills
 * cancels the other. It lives as long as the process does; a bracket of the venue outlives it.
 */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import { pause } from '../shared/wait.ts';
import type { OrderRequests, PlaceOrder } from './endpoints.ts';
import type { PxOrder } from './messages.ts';
import { isEnded } from './messages.ts';
import { VenueRefusal } from './rest.ts';
import type { ProjectXStreams } from './streams.ts';

export interface OcoResult {
  /** The order that traded; null when both ended without a fill. */
  readonly filled: PxOrder | null;
  /** Both traded, before the cancel arrived: the excess stands in the account. */
  readonly isOverfilled: boolean;
  readonly orders: readonly [PxOrder, PxOrder];
}

export interface OcoPair {
  readonly orderIds: readonly [number, number];
  /** Resolves when both orders have ended. Errors: E_VENUE_OCO when the second cannot be cancelled. */
  readonly done: Promise<OcoResult>;
  /** Cancels both. */
  cancel(): Promise<void>;
}

export interface OcoParts {
  readonly orders: OrderRequests;
  readonly streams: ProjectXStreams;
  readonly scheduler: Scheduler;
}

/** Reading at this interval finds what no event told. */
const POLL_US = 5e6;
const CANCEL_TRIES_MAX = 20;
const CANCEL_AGAIN_US = 500_000;

/**
 * Places both and watches the user hub, which must be open and subscribed to orders of the account. Where the second is
 * refused, the first is cancelled. Errors: E_VENUE_OCO, with the id of the first and whether it was cancelled; E_VENUE_CONFIG.
 */
export async function placeOco(
  parts: OcoParts,
  pair: readonly [PlaceOrder, PlaceOrder],
  pollUs: number = POLL_US,
): Promise<OcoPair> {
  const accountId = pair[0].accountId;
  if (pair[1].accountId !== accountId || parts.streams.userState === 'closed')
    throw new TradingError(
      'E_VENUE_CONFIG',
      'a pair needs one account, and the user hub open before it is sent',
      {
        details: {
          accounts: pair.map((order) => order.accountId),
          userHub: parts.streams.userState,
        },
      },
    );
  const watch = new OcoWatch(parts, accountId, pollUs);
  try {
    const first = await parts.orders.place(pair[0]);
    watch.add(first);
    let second: number;
    try {
      second = await parts.orders.place(pair[1]);
    } catch (error) {
      throw await watch.abandon(first, error);
    }
    watch.add(second);
    return {
      orderIds: [first, second],
      done: watch.done,
      cancel: () => watch.cancelAll(),
    };
  } catch (error) {
    watch.stop();
    throw error;
  }
}

class OcoWatch {
  readonly done: Promise<OcoResult>;
  readonly #parts: OcoParts;
  readonly #accountId: number;
  readonly #ids: number[] = [];
  readonly #rows = new Map<number, PxOrder>();
  readonly #cancelling = new Set<number>();
  readonly #startUs: number;
  #resolve!: (result: OcoResult) => void;
  #reject!: (error: Error) => void;
  #isOver = false;
  #undoPoll: (() => void) | null = null;
  readonly #unlisten: () => void;

  constructor(parts: OcoParts, accountId: number, pollUs: number) {
    this.#parts = parts;
    this.#accountId = accountId;
    // The venue's clock may be behind ours.
    this.#startUs = parts.scheduler.nowUs() - 60e6;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who never waits for the end is not told of a failure; who waits is.
    this.done.catch(() => undefined);
    this.#unlisten = parts.streams.listen({
      onOrder: (order) => this.#onOrder(order),
      onState: (_hub, state, _reason, isAgain) => {
        if (state === 'up' && isAgain) void this.#read();
      },
    });
    const step = (): void => {
      this.#undoPoll = parts.scheduler.after(pollUs, () => {
        void this.#read().then(() => {
          if (!this.#isOver) step();
        });
      });
    };
    step();
  }

  /** Events may have come before the answer that tells the id. */
  add(orderId: number): void {
    this.#ids.push(orderId);
    this.#judge();
  }

  stop(): void {
    this.#isOver = true;
    this.#undoPoll?.();
    this.#unlisten();
  }

  async cancelAll(): Promise<void> {
    await Promise.all(this.#ids.map((id) => this.#cancel(id)));
  }

  async abandon(first: number, cause: unknown): Promise<TradingError> {
    const words = cause instanceof Error ? cause.message : String(cause);
    const isUnclear = cause instanceof TradingError && cause.retry === 'after-reconcile';
    const isCancelled = await this.#cancel(first).then(
      () => true,
      () => false,
    );
    return new TradingError(
      'E_VENUE_OCO',
      `the second order failed (${words}); the first, ${first}, ${isCancelled ? 'was cancelled' : 'may still work'}`,
      {
        details: { orderId: first, isCancelled, isSecondUnclear: isUnclear },
        ...(isUnclear || !isCancelled ? { fix: 'look at the working orders of the account' } : {}),
        retry: isUnclear || !isCancelled ? 'after-reconcile' : 'never',
        cause,
      },
    );
  }

  #onOrder(order: PxOrder): void {
    if (order.accountId !== this.#accountId) return;
    const known = this.#rows.get(order.id);
    if (known !== undefined) {
      if (isEnded(known.status)) return;
      if ((order.updatedUs ?? order.createdUs) < (known.updatedUs ?? known.createdUs)) return;
    } else if (this.#rows.size > 1000 && !this.#ids.includes(order.id)) return;
    this.#rows.set(order.id, order);
    this.#judge();
  }

  #judge(): void {
    if (this.#isOver || this.#ids.length < 2) return;
    const [a, b] = this.#ids.map((id) => this.#rows.get(id));
    // A part counts: the rest of the pair was meant for it, too. An order that ended leaves nothing to keep.
    const over = [a, b].map(
      (row) => row !== undefined && (row.fillVolume > 0 || isEnded(row.status)),
    );
    if (over[0] === true && !this.#isDone(b)) this.#start(this.#ids[1]!);
    if (over[1] === true && !this.#isDone(a)) this.#start(this.#ids[0]!);
    if (!this.#isDone(a) || !this.#isDone(b) || a === undefined || b === undefined) return;
    this.stop();
    const filled = [a, b].filter((row) => row.fillVolume > 0);
    this.#resolve({ filled: filled[0] ?? null, isOverfilled: filled.length > 1, orders: [a, b] });
  }

  #isDone(row: PxOrder | undefined): boolean {
    return row !== undefined && isEnded(row.status);
  }

  #start(id: number): void {
    if (this.#cancelling.has(id)) return;
    this.#cancelling.add(id);
    this.#cancel(id).catch((error: Error) => {
      this.stop();
      this.#reject(error);
    });
  }

  /** Until the order has ended, whatever the answers say. */
  async #cancel(id: number): Promise<void> {
    for (let i = 0; i < CANCEL_TRIES_MAX; i += 1) {
      let failure = '';
      try {
        await this.#parts.orders.cancel({ accountId: this.#accountId, orderId: id });
      } catch (error) {
        if (!(error instanceof TradingError)) throw error;
        failure = error.message;
      }
      if (failure === '' || this.#isDone(this.#rows.get(id))) return;
      await this.#read();
      if (this.#isDone(this.#rows.get(id))) return;
      await pause(this.#parts.scheduler, CANCEL_AGAIN_US);
    }
    throw new TradingError('E_VENUE_OCO', `order ${id} could not be cancelled and may still work`, {
      details: { orderId: id },
      fix: 'cancel it on the platform of the broker',
      retry: 'after-reconcile',
    });
  }

  async #read(): Promise<void> {
    try {
      const rows = await this.#parts.orders.search({
        accountId: this.#accountId,
        fromUs: this.#startUs as never,
      });
      for (const row of rows) if (this.#ids.includes(row.id)) this.#onOrder(row);
    } catch (error) {
      // Read again at the next turn; a refusal is the venue's and of no order.
      if (!(error instanceof TradingError) && !(error instanceof VenueRefusal)) throw error;
    }
  }
}
