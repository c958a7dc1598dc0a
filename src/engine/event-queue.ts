/**
 * The order of events, written down once. Flat world: the heap is two preallocated columns.
 *
 * Tie key: (tsUs, phase, rank, sequence).
 * - Phases at one instant, in order: `session` (opens, reopenings), `market` (bars reach the venue; then closes, time
 *   expiries and contract expiries, after the last market event), `deliver` (order events and fills, then bars in the
 *   order in which the series were declared, then rolls, then ticks, then close hooks, then timers), `accounting` (daily mark, equity).
 * - Rank: order of the instrument in the run. Within one instrument a bar that executes orders goes first, then the
 *   finer interval, then the contract's row; this is the ordinal that `sortFeeds` gives.
 * - Sequence: order of arrival, which for bars is the row of the source.
 */
import { intervalUs } from '../core/bars.ts';
import { assert } from '../core/errors.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';
import type { BarFeed } from './config.ts';

export const Phase = { session: 0, market: 1, deliver: 2, accounting: 3 } as const;

/** Quiescence loops end here: more rounds at one instant mean that a strategy answers its own orders for ever. */
export const ROUNDS_MAX = 10_000;

/** Feeds in the order of the tie key; the position of a feed in the result is its ordinal. */
export function sortFeeds(
  feeds: readonly BarFeed[],
  rankOf: (contractIndex: number) => number,
): BarFeed[] {
  return feeds
    .map((feed, index) => ({ feed, index }))
    .toSorted(
      (a, b) =>
        rankOf(a.feed.contractIndex) - rankOf(b.feed.contractIndex) ||
        Number(b.feed.isExecution) - Number(a.feed.isExecution) ||
        intervalUs(a.feed.interval) - intervalUs(b.feed.interval) ||
        a.feed.contractIndex - b.feed.contractIndex ||
        a.index - b.index,
    )
    .map((entry) => entry.feed);
}

/** A binary heap of (tsUs, ordinal) with a fixed capacity: k-way merge of feeds. */
export class FeedHeap {
  readonly #ts: Float64Array;
  readonly #id: Int32Array;
  #length: number = 0;

  constructor(capacity: number) {
    this.#ts = new Float64Array(capacity);
    this.#id = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  topTs(): number {
    return this.#length === 0 ? TS_MAX : this.#ts[0]!;
  }

  topId(): number {
    return this.#id[0]!;
  }

  /** Time of the second entry: until then the first feed is alone. */
  secondTs(): number {
    if (this.#length < 2) return TS_MAX;
    if (this.#length === 2) return this.#ts[1]!;
    return Math.min(this.#ts[1]!, this.#ts[2]!);
  }

  push(ts: number, id: number): void {
    assert(this.#length < this.#ts.length, 'the feed heap holds at most one entry for each feed');
    let at = this.#length;
    this.#length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(ts, id, parent)) break;
      this.#ts[at] = this.#ts[parent]!;
      this.#id[at] = this.#id[parent]!;
      at = parent;
    }
    this.#ts[at] = ts;
    this.#id[at] = id;
  }

  /** Removes the first entry. */
  pop(): void {
    this.#length -= 1;
    if (this.#length > 0) this.#sift(this.#ts[this.#length]!, this.#id[this.#length]!);
  }

  /** Gives the first entry a later time. */
  replaceTop(ts: number): void {
    this.#sift(ts, this.#id[0]!);
  }

  #isBefore(ts: number, id: number, slot: number): boolean {
    const other = this.#ts[slot]!;
    return ts < other || (ts === other && id < this.#id[slot]!);
  }

  #sift(ts: number, id: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      if (
        child + 1 < this.#length &&
        this.#isBefore(this.#ts[child + 1]!, this.#id[child + 1]!, child)
      )
        child += 1;
      if (this.#isBefore(ts, id, child)) break;
      this.#ts[at] = this.#ts[child]!;
      this.#id[at] = this.#id[child]!;
      at = child;
    }
    this.#ts[at] = ts;
    this.#id[at] = id;
  }
}

/** Named timers; those due at one instant fire in the order of (time, moment of setting). */
export class Timers {
  readonly #byName: Map<string, { readonly atUs: TsUs; readonly seq: number }> = new Map();
  #seq: number = 0;

  set(name: string, atUs: TsUs): void {
    this.#byName.set(name, { atUs, seq: this.#seq });
    this.#seq += 1;
  }

  cancel(name: string): void {
    this.#byName.delete(name);
  }

  nextUs(): TsUs {
    let next = TS_MAX;
    for (const timer of this.#byName.values()) if (timer.atUs < next) next = timer.atUs;
    return next;
  }

  /** Removes and returns the first timer due at or before `nowUs`, or null. */
  takeDue(nowUs: TsUs): string | null {
    let due: string | null = null;
    let best: { readonly atUs: TsUs; readonly seq: number } | null = null;
    for (const [name, timer] of this.#byName) {
      if (timer.atUs > nowUs) continue;
      if (
        best === null ||
        timer.atUs < best.atUs ||
        (timer.atUs === best.atUs && timer.seq < best.seq)
      ) {
        best = timer;
        due = name;
      }
    }
    if (due !== null) this.#byName.delete(due);
    return due;
  }
}
