/** Recorded columns as a feed: ticks row by row, or bars as the prices that they passed. */
import type { BarColumns } from '../../../core/bars.ts';
import type { BarSource, TickColumns, TickKind } from '../../../core/ports.ts';
import type { SessionColumns } from '../../../core/session.ts';
import type { Side } from '../../../core/order.ts';
import type { FeedTarget, MarketFeed } from './feed.ts';

/** Batches in order of time; null at the end. */
export interface TickBatches {
  next(): TickColumns | null;
}

export class TickFeed implements MarketFeed {
  readonly #kind: TickKind;
  readonly #contract: number;
  readonly #source: TickBatches;
  #batch: TickColumns | null;
  #row: number = 0;

  constructor(kind: TickKind, contract: number, source: TickBatches) {
    this.#kind = kind;
    this.#contract = contract;
    this.#source = source;
    this.#batch = source.next();
  }

  nextUs(): number {
    return this.#batch === null ? Infinity : this.#batch.tsUs[this.#row]!;
  }

  next(into: FeedTarget): void {
    const batch = this.#batch;
    if (batch === null) return;
    into.onRow(this.#kind, this.#contract, batch, this.#row);
    this.#row += 1;
    if (this.#row < batch.length) return;
    this.#batch = this.#source.next();
    this.#row = 0;
  }
}

/**
 * Bars told as ticks: open, the nearer extreme, the other one, close, evenly spread over the bar, each as a quote of one tick
 * and a trade at it. The order of prices inside a bar is an assumption; a record of ticks has none.
 */
export class BarFeed implements MarketFeed {
  readonly #contract: number;
  readonly #source: BarSource;
  #batch: BarColumns | null;
  #row: number = 0;
  #step: number = 0;
  #last: number = NaN;

  constructor(contract: number, source: BarSource) {
    this.#contract = contract;
    this.#source = source;
    this.#batch = source.next();
  }

  nextUs(): number {
    const batch = this.#batch;
    if (batch === null) return Infinity;
    const openUs = batch.openUs[this.#row]!;
    const spanUs = batch.closeUs[this.#row]! - openUs;
    return openUs + Math.floor((spanUs * this.#step) / 4);
  }

  next(into: FeedTarget): void {
    const batch = this.#batch;
    if (batch === null) return;
    const row = this.#row;
    const [open, high, low, close] = [
      batch.open[row]!,
      batch.high[row]!,
      batch.low[row]!,
      batch.close[row]!,
    ].map((price) => Math.round(price)) as [number, number, number, number];
    const isLowFirst = open - low <= high - open;
    const path = isLowFirst ? [open, low, high, close] : [open, high, low, close];
    const price = path[this.#step]!;
    const volume = batch.volume[row]!;
    const share = Number.isNaN(volume) ? 25 : Math.max(1, Math.round(volume / 4));
    const side: Side = price >= this.#last || Number.isNaN(this.#last) ? 1 : -1;
    const tsUs = this.nextUs();
    const bid = side === 1 ? price - 1 : price;
    into.onQuote(this.#contract, bid, share, bid + 1, share, tsUs);
    into.onTrade(this.#contract, price, share, side, tsUs);
    this.#last = price;
    this.#step += 1;
    if (this.#step < 4) return;
    this.#step = 0;
    this.#row += 1;
    if (this.#row < batch.length) return;
    this.#batch = this.#source.next();
    this.#row = 0;
  }
}

/** Opens and closes of a calendar; breaks inside a session are halts. From `fromUs` on. */
export class SessionFeed implements MarketFeed {
  readonly #contract: number;
  readonly #events: readonly {
    readonly tsUs: number;
    readonly phase: 'open' | 'halted' | 'closed';
  }[];
  #at: number = 0;

  constructor(contract: number, sessions: SessionColumns, fromUs: number) {
    this.#contract = contract;
    const events: { tsUs: number; phase: 'open' | 'halted' | 'closed' }[] = [];
    for (let row = 0; row < sessions.length; row += 1) {
      events.push({ tsUs: sessions.openUs[row]!, phase: 'open' });
      events.push({ tsUs: sessions.closeUs[row]!, phase: 'closed' });
    }
    for (let k = 0; k < sessions.breakRow.length; k += 1) {
      events.push({ tsUs: sessions.breakStartUs[k]!, phase: 'halted' });
      events.push({ tsUs: sessions.breakEndUs[k]!, phase: 'open' });
    }
    this.#events = events
      .filter(({ tsUs }) => tsUs > fromUs)
      .sort((a, b) => a.tsUs - b.tsUs || (a.phase === 'closed' ? -1 : 1));
  }

  nextUs(): number {
    return this.#events[this.#at]?.tsUs ?? Infinity;
  }

  next(into: FeedTarget): void {
    const event = this.#events[this.#at];
    if (event === undefined) return;
    this.#at += 1;
    into.onPhase(this.#contract, event.phase, event.tsUs);
  }
}
