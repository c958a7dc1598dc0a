/**
 * Bars of a live run, made from its trades by the builders that make them for a backtest, and joined to the venue's history
 * without a gap or an overlap.
 *
 * The interval in progress when the trades begin to flow was seen in part only: it and everything before it comes from
 * history, everything after it from the trades. The same after a line was lost. Bars are released when their end lies a
 * moment back, all that end together at once: a trade that came late is still in its bar, and the engine sees one instant.
 */
import { TimeBarBuilder } from '../../core/bar-builder/time.ts';
import type { BarColumns, BarInterval } from '../../core/bars.ts';
import { BugError } from '../../core/errors.ts';
import type { LiveVenue, MarketEvent, Scheduler } from '../../core/live.ts';
import type { TradingCalendar } from '../../core/ports.ts';
import type { TsUs } from '../../core/units.ts';
import { TS_MAX } from '../../core/units.ts';
import { PushBars } from './push-feeds.ts';

/** A bar is released this long after its end. */
const GRACE_US = 300_000;
/** The venue's history is asked for a bar this long after its end, and again where it did not answer. */
const SETTLE_US = 2_000_000;
const AGAIN_US = 5_000_000;

export interface LiveBarsOptions {
  readonly scheduler: Scheduler;
  readonly venue: Pick<LiveVenue, 'history'>;
  /** Bars were pushed: the engine is to be advanced. */
  readonly onArrival: () => void;
  readonly graceUs?: number;
  readonly settleUs?: number;
}

export interface LiveBarFeed {
  readonly contractIndex: number;
  readonly interval: BarInterval;
  readonly calendar: TradingCalendar;
  /** Begin of the history that is wanted. */
  readonly fromUs: TsUs;
}

/** One contract at one interval. Mutable; one owner. */
class Lane {
  readonly feed: LiveBarFeed;
  readonly source: PushBars = new PushBars();
  builder: TimeBarBuilder | null = null;
  /** Trades from here on make bars; TS_MAX while no trades flow. */
  joinUs: number = TS_MAX;
  /** Everything before `joinUs` is there: bars of trades may follow. */
  isJoined: boolean = false;
  /** End of the last bar that was released. */
  lastUs: number;
  /** Counts joins: what an earlier one still waits for is void. */
  round: number = 0;

  constructor(feed: LiveBarFeed) {
    this.feed = feed;
    this.lastUs = feed.fromUs;
  }

  /** Bars that end in (`lastUs`, `untilUs`]; whether there were any. */
  take(bars: BarColumns, untilUs: number): boolean {
    const before = this.lastUs;
    for (let row = 0; row < bars.length; row += 1) {
      const closeUs = bars.closeUs[row]!;
      if (closeUs > untilUs || closeUs <= this.lastUs) continue;
      this.source.pushColumns(bars, row, row + 1);
      this.lastUs = closeUs;
    }
    return this.lastUs > before;
  }

  /** Finished bars that end at or before `untilUs`. */
  release(untilUs: number): boolean {
    const { builder } = this;
    if (!this.isJoined || builder === null) return false;
    if (builder.dueUs <= untilUs) builder.advance(untilUs);
    // The next bar's first trade finishes the one before it: it has to wait for the others all the same.
    const isAny = builder.ready > 0 && this.take(builder.view(), untilUs);
    if (builder.ready > 0 && this.dueUs === TS_MAX) builder.clear();
    return isAny;
  }

  /** When its first bar that waits ends, or TS_MAX. */
  get dueUs(): number {
    const { builder } = this;
    if (!this.isJoined || builder === null) return TS_MAX;
    if (builder.ready === 0) return builder.dueUs;
    const { length, closeUs } = builder.view();
    for (let row = 0; row < length; row += 1) if (closeUs[row]! > this.lastUs) return closeUs[row]!;
    return TS_MAX;
  }
}

export class LiveBars {
  readonly #options: LiveBarsOptions;
  readonly #graceUs: number;
  readonly #settleUs: number;
  readonly #lanes: Lane[] = [];
  #undo: (() => void) | null = null;
  #alarmUs: number = TS_MAX;
  #isClosed: boolean = false;

  constructor(options: LiveBarsOptions) {
    this.#options = options;
    this.#graceUs = options.graceUs ?? GRACE_US;
    this.#settleUs = options.settleUs ?? SETTLE_US;
  }

  /** The source of a live feed of the engine. */
  add(feed: LiveBarFeed): PushBars {
    const lane = new Lane(feed);
    this.#lanes.push(lane);
    return lane.source;
  }

  /**
   * Trades flow from now on: after the subscription stands, and again when a lost line is back. History comes by itself; its
   * first part is there when this resolves, or could not be read.
   */
  async flow(): Promise<void> {
    const nowUs = this.#options.scheduler.nowUs();
    await Promise.all(this.#lanes.map((lane) => this.#join(lane, nowUs)));
  }

  /** The line is lost: the bars in the making lack trades, and come from history later. */
  lost(): void {
    for (const lane of this.#lanes) {
      lane.round += 1;
      lane.builder = null;
      lane.isJoined = false;
      lane.joinUs = TS_MAX;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#undo?.();
    this.lost();
  }

  onMarket(event: MarketEvent): void {
    if (event.kind !== 'trade') return;
    for (const lane of this.#lanes) {
      if (lane.feed.contractIndex !== event.contractIndex || event.tsUs < lane.joinUs) continue;
      lane.builder?.onTrade(event.tsUs, event.priceTicks, event.qty);
    }
    this.#arm();
  }

  async #join(lane: Lane, nowUs: TsUs): Promise<void> {
    const { scheduler } = this.#options;
    const { calendar, interval } = lane.feed;
    lane.round += 1;
    const { round } = lane;
    lane.builder = new TimeBarBuilder({ interval, calendar });
    lane.joinUs = endOfInterval(lane.feed, nowUs);
    lane.isJoined = false;
    const delayUs = lane.joinUs + this.#settleUs - nowUs;
    scheduler.after(delayUs, () => void this.#finishJoin(lane, round));
    await this.#read(lane, round, nowUs);
  }

  /** The interval that was in progress is over: history has it whole. */
  async #finishJoin(lane: Lane, round: number): Promise<void> {
    if (lane.round !== round || this.#isClosed) return;
    const isRead = await this.#read(lane, round, lane.joinUs);
    if (lane.round !== round) return;
    if (!isRead) {
      this.#options.scheduler.after(AGAIN_US, () => void this.#finishJoin(lane, round));
      return;
    }
    lane.isJoined = true;
    this.#release();
  }

  /** Bars of history up to `untilUs`; false where the venue did not answer. */
  async #read(lane: Lane, round: number, untilUs: number): Promise<boolean> {
    const { venue, onArrival } = this.#options;
    const { contractIndex, interval } = lane.feed;
    if (lane.lastUs >= untilUs) return true;
    try {
      const bars = await venue.history(
        contractIndex,
        interval,
        lane.lastUs as TsUs,
        untilUs as TsUs,
      );
      if (lane.round === round && lane.take(bars, untilUs)) onArrival();
      return true;
    } catch (cause) {
      if (cause instanceof BugError) throw cause;
      return false;
    }
  }

  #release(): void {
    const untilUs = this.#options.scheduler.nowUs() - this.#graceUs;
    let isAny = false;
    for (const lane of this.#lanes) if (lane.release(untilUs)) isAny = true;
    this.#arm();
    if (isAny) this.#options.onArrival();
  }

  /** One alarm for all: bars that end together are released together. */
  #arm(): void {
    let dueUs: number = TS_MAX;
    for (const lane of this.#lanes) dueUs = Math.min(dueUs, lane.dueUs);
    if (dueUs === this.#alarmUs) return;
    this.#undo?.();
    this.#undo = null;
    this.#alarmUs = dueUs;
    if (dueUs === TS_MAX || this.#isClosed) return;
    const delayUs = Math.max(0, dueUs + this.#graceUs - this.#options.scheduler.nowUs());
    this.#undo = this.#options.scheduler.after(delayUs, () => {
      this.#alarmUs = TS_MAX;
      this.#undo = null;
      this.#release();
    });
  }
}

/** End of the interval that an instant lies in; when closed, the next open, where the first one begins. */
function endOfInterval({ interval, calendar }: LiveBarFeed, nowUs: TsUs): number {
  const probe = new TimeBarBuilder({ interval, calendar });
  probe.onTrade(nowUs, 0, 1);
  return probe.dueUs === TS_MAX ? calendar.nextOpenUs(nowUs) : probe.dueUs;
}
