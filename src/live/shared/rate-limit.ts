/**
 * Limits of a venue, kept before they are hit. A bucket allows `limit` requests in any window: a place is free again one
 * window after the answer of the request that held it, so that the venue, which counts at some moment between sending and
 * answering, never sees more, whatever the network does.
 */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';

export interface BucketOptions {
  readonly name: string;
  /** Requests in a window. */
  readonly limit: number;
  readonly windowUs: number;
  /** Places that requests of the lowest urgency may not take, so that one is left for a cancel. */
  readonly reserved: number;
}

/** 0 goes first: cancels; 1: orders; 2: reading. */
export type Urgency = 0 | 1 | 2;

interface Waiting {
  readonly urgency: Urgency;
  readonly run: () => void;
  readonly refuse: (error: TradingError) => void;
  undoDeadline: (() => void) | null;
}

export class RateBucket {
  readonly options: BucketOptions;
  readonly #scheduler: Scheduler;
  readonly #queues: readonly [Waiting[], Waiting[], Waiting[]] = [[], [], []];
  /** Moments at which used places are free again, ascending; `#inFlight` more are taken without one yet. */
  #freeUs: number[] = [];
  #inFlight = 0;
  #blockedUntilUs = -Infinity;
  #undoTimer: (() => void) | null = null;
  #timerUs = Infinity;

  constructor(options: BucketOptions, scheduler: Scheduler) {
    this.options = options;
    this.#scheduler = scheduler;
  }

  /** Places that are taken now, of `limit`. */
  get used(): number {
    this.#drop();
    return this.#freeUs.length + this.#inFlight;
  }

  get waiting(): number {
    return this.#queues[0].length + this.#queues[1].length + this.#queues[2].length;
  }

  /**
   * Runs `task` when a place is free. Errors: those of the task; E_VENUE_RATE, with `retry: 'safe'`, when it waited for more
   * than `patienceUs`: it was not sent then.
   */
  take<T>(urgency: Urgency, patienceUs: number, task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        urgency,
        run: () => {
          this.#inFlight += 1;
          task()
            .finally(() => {
              this.#inFlight -= 1;
              this.#freeUs.push(this.#scheduler.nowUs() + this.options.windowUs);
              this.#pump();
            })
            .then(resolve, reject);
        },
        refuse: reject,
        undoDeadline: null,
      };
      this.#queues[urgency].push(waiting);
      this.#pump();
      const queue = this.#queues[urgency];
      if (!queue.includes(waiting)) return;
      waiting.undoDeadline = this.#scheduler.after(patienceUs, () => {
        const at = queue.indexOf(waiting);
        if (at < 0) return;
        queue.splice(at, 1);
        waiting.refuse(this.#tooMany(patienceUs));
      });
    });
  }

  /** The venue refused for being asked too often: nothing is sent for so long. */
  block(durationUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, this.#scheduler.nowUs() + durationUs);
    this.#pump();
  }

  /** Refuses all that waits. */
  close(): void {
    this.#undoTimer?.();
    this.#undoTimer = null;
    this.#timerUs = Infinity;
    for (const queue of this.#queues) {
      for (const waiting of queue.splice(0)) {
        waiting.undoDeadline?.();
        waiting.refuse(
          new TradingError('E_VENUE_RATE', 'the client was closed before the request was sent', {
            details: { bucket: this.options.name },
            retry: 'safe',
          }),
        );
      }
    }
  }

  #tooMany(patienceUs: number): TradingError {
    const { name, limit, windowUs } = this.options;
    return new TradingError(
      'E_VENUE_RATE',
      `a request waited ${patienceUs / 1e6} s for its turn and was not sent`,
      {
        details: {
          bucket: name,
          limit,
          windowSeconds: windowUs / 1e6,
          patienceSeconds: patienceUs / 1e6,
        },
        rule: `${limit} requests in ${windowUs / 1e6} s`,
        fix: 'ask less often; events arrive without asking',
        retry: 'safe',
      },
    );
  }

  #drop(): void {
    const now = this.#scheduler.nowUs();
    let count = 0;
    while (count < this.#freeUs.length && this.#freeUs[count]! <= now) count += 1;
    if (count > 0) this.#freeUs = this.#freeUs.slice(count);
  }

  #pump(): void {
    const now = this.#scheduler.nowUs();
    for (;;) {
      const next = this.#queues.find((queue) => queue.length > 0)?.[0];
      if (next === undefined) return;
      const room =
        this.options.limit - (next.urgency === 2 ? this.options.reserved : 0) - this.used;
      if (now < this.#blockedUntilUs) return this.#wakeAt(this.#blockedUntilUs);
      if (room <= 0) {
        // Without a moment all places are held by requests on their way: their answers pump again.
        const free = this.#freeUs[Math.min(-room, this.#freeUs.length - 1)];
        if (free !== undefined) this.#wakeAt(free);
        return;
      }
      this.#queues[next.urgency].shift();
      next.undoDeadline?.();
      next.run();
    }
  }

  #wakeAt(tsUs: number): void {
    if (this.#timerUs <= tsUs) return;
    this.#undoTimer?.();
    this.#timerUs = tsUs;
    this.#undoTimer = this.#scheduler.after(Math.max(0, tsUs - this.#scheduler.nowUs()), () => {
      this.#undoTimer = null;
      this.#timerUs = Infinity;
      this.#pump();
    });
  }
}
