/**
 * The engine: one thread, one clock, one order of events (`event-queue.ts`). Bars run in a tight loop while one feed is
 * alone and nothing else is due; every other instant is a `moment` with its phases.
 */
import type { BarColumns } from '../core/bars.ts';
import { assert, BugError, TradingError } from '../core/errors.ts';
import { Instrument } from '../core/instrument.ts';
import type { ClOrdId, OrderView } from '../core/order.ts';
import { toClOrdId } from '../core/order.ts';
import type { OpeningDetails, VenuePhase } from '../core/ports.ts';
import { BarFlag } from '../core/ports.ts';
import type { Strategy } from '../core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate, TsUs } from '../core/units.ts';
import { toCashMicros, TS_MAX, TS_MIN } from '../core/units.ts';
import { defaultAccountRules } from '../core/money/account-rules.ts';
import { feeEntryOn } from '../core/money/fees.ts';
import { AccountDesk } from './account-desk.ts';
import { AccountWatch } from './account-watch.ts';
import { EventClock } from './clock.ts';
import type { BarFeed, EngineConfig, EngineResult } from './config.ts';
import { EngineContext } from './context.ts';
import { DayBook } from './day-book.ts';
import { EventLog } from './event-log.ts';
import { FeedHeap, ROUNDS_MAX, sortFeeds, Timers } from './event-queue.ts';
import type { DeskParts } from './order-desk.ts';
import type { EngineState } from './live/recovery.ts';
import { recover, strategyStateOf } from './live/recovery.ts';
import { TradeTails } from './live/trade-tail.ts';
import { MarkBook } from './mark-book.ts';
import { OrderDesk } from './order-desk.ts';
import { OrderManager } from './order-manager.ts';
import { Portfolio } from './portfolio.ts';
import { RiskGate } from './risk.ts';
import type { OpeningGate, RiskFacts } from './risk/opening-limits.ts';
import { RollDesk } from './rolls.ts';
import { Series } from './series.ts';
import { SessionTrack } from './session-track.ts';
import type { TickMarket } from './ticks.ts';
import { TickMerge } from './ticks.ts';
import { TradeBuilder } from './trade-builder.ts';

/** Bars between two calls of the progress callback; a moment counts as several. */
const PROGRESS_BARS = 4096;
const MOMENT_WEIGHT = 8;

const NO_BARS: BarColumns = sampleOf(0 as TsUs, NaN, 0);

/** A feed and its cursor. Mutable; one owner. */
class FeedCursor {
  readonly feed: BarFeed;
  readonly contractIndex: number;
  readonly row: number;
  readonly isExecution: boolean;
  /** Would execute if its contract did not match on ticks: the bars of a trade are counted by it. */
  readonly isCounted: boolean;
  readonly isVolumeKnown: boolean;
  readonly expiryUs: number;
  /** Series that may stand on this contract at this interval. */
  readonly series: readonly Series[];
  batch: BarColumns = NO_BARS;
  at: number = 0;
  /** A live feed whose rows are all taken: it is not in the heap until it has rows again. */
  isWaiting: boolean = false;
  /** Ordinal in the tie key. */
  id: number = -1;
  /** Open of the session that the last bar belonged to. */
  sessionUs: number = NaN;

  constructor(feed: BarFeed, config: EngineConfig, series: readonly Series[]) {
    this.feed = feed;
    this.contractIndex = feed.contractIndex;
    this.row = config.table.instrumentIndex[feed.contractIndex]!;
    const onTicks = config.venue.matchesTicks?.[feed.contractIndex] === 1;
    this.isExecution = feed.isExecution && !onTicks;
    this.isCounted = feed.isExecution && onTicks;
    this.isVolumeKnown = feed.isVolumeKnown;
    const contract = config.table.contractAt(feed.contractIndex);
    this.expiryUs = contract.dates.lastTradeUs;
    this.series = series.filter((s) => s.root === contract.root && s.interval === feed.interval);
  }

  /** False at the end of the source, and where a live one has nothing yet. */
  load(): boolean {
    this.isWaiting = false;
    for (;;) {
      const next = this.feed.source.next();
      if (next === null) return false;
      if (next.length > 0) {
        this.at = 0;
        this.batch = next;
        return true;
      }
      if (this.feed.isLive === true) {
        this.isWaiting = true;
        return false;
      }
    }
  }
}

class StopRequested extends Error {}

/**
 * Runs a strategy over the feeds of a configuration and returns when they end, the strategy throws, or the progress
 * callback asks to stop. Deterministic: equal inputs give an equal `eventHash`.
 *
 * Errors: E_ENGINE_CONFIG when the parts do not fit; whatever a source, calendar, rate or journal throws. An error of the
 * strategy does not throw: it is the outcome `strategy-error`, with everything recorded up to it.
 */
export function runEngine(config: EngineConfig): EngineResult {
  return new Engine(config).run();
}

/**
 * `run` is `open`, `advance` to the end of the data, `finish`. Live, the caller advances it whenever something arrived or
 * `dueUs` has come; what it does then does not depend on how often it is asked.
 */
export class Engine {
  readonly #config: EngineConfig;
  readonly #journal: EventLog;
  readonly #clock: EventClock = new EventClock();
  readonly #orders: OrderManager;
  readonly #portfolio: Portfolio;
  readonly #trades: TradeBuilder;
  readonly #desk: OrderDesk;
  /** Null without rules over the account. */
  readonly #watch: AccountWatch | null;
  readonly #rolls: RollDesk;
  readonly #book: DayBook;
  readonly #accounts: AccountDesk;
  readonly #marks: MarkBook;
  readonly #tracks: SessionTrack[];
  readonly #series: Series[];
  readonly #feeds: FeedCursor[];
  readonly #liveFeeds: readonly FeedCursor[];
  readonly #heap: FeedHeap;
  readonly #ticks: TickMerge;
  readonly #isTickWanted: (row: number, contractIndex: number) => boolean;
  readonly #timers: Timers = new Timers();
  readonly #strategy: Strategy;
  /** The same without a guard around its hooks. */
  readonly #created: Strategy;
  readonly #ctx: EngineContext;
  /** 1 from the first trade date of the run on, by row of instrument. */
  readonly #isActive: Uint8Array;
  /** 1 until the first bar after an open or reopening that trading had stopped before, by contract row. */
  readonly #isAuction: Uint8Array;
  readonly #expiries: readonly number[];
  /** Contract rows by row of instrument. */
  readonly #contractsOf: readonly (readonly number[])[];
  readonly #startUs: TsUs;
  readonly #endUs: number;
  #expiryAt: number = 0;
  /** Nothing but bars happens before this instant: the one comparison of the tight loop. */
  #boundaryUs: number = TS_MIN;
  /** The next open, pause, reopening or close of any product. */
  #edgeUs: number = TS_MAX;
  /** Name of the hook in progress; empty outside. */
  #hook: string = '';
  #isStarted: boolean = false;
  #outcome: EngineResult['outcome'] = 'completed';
  #error: EngineResult['error'] = null;
  readonly #isLive: boolean;
  /** Fills of open trades, kept for a restart; null in a simulation. */
  readonly #tails: TradeTails | null;
  /** Time of the fill of an earlier run that is taken in once more. */
  #replayUs: TsUs | null = null;
  /** Before it there is only history; -Infinity once it has come. */
  #waitUs: number;
  #opening: OpeningGate | null = null;
  #bars: number = 0;
  #pollIn: number = PROGRESS_BARS;
  readonly #due: FeedCursor[] = [];
  readonly #hasBar: Uint8Array;
  readonly #wakeLow: Float64Array;
  readonly #wakeHigh: Float64Array;
  /** The venue's own column of last prices, or a spare one where it has none. */
  readonly #venueTicks: Float64Array;
  /** 1 for each contract that matches on ticks, or null where none does. */
  readonly #tickContracts: Uint8Array | null;
  #tickCount: number = 0;
  /** Time of the last sample that executes, by row of instrument; NaN on bars. */
  readonly #lastSampleUs: Float64Array;

  constructor(config: EngineConfig) {
    const { table } = config;
    checkConfig(config);
    this.#journal = new EventLog(config.journal, config.live !== undefined);
    this.#tails = config.live === undefined ? null : new TradeTails();
    this.#waitUs = config.actFromUs ?? -Infinity;
    this.#orders = new OrderManager({
      isLive: config.live !== undefined,
      nowUs: () => this.#clock.nowUs(),
    });
    const account = config.account ?? defaultAccountRules(table.instruments.length);
    this.#config = { ...config, account, journal: this.#journal };
    this.#portfolio = new Portfolio(this.#config);
    this.#marks = new MarkBook(table.contracts.length, account.quoteFreshUs);
    this.#portfolio.setRateDate(config.from);
    this.#isActive = new Uint8Array(table.instruments.length);
    this.#isAuction = new Uint8Array(table.contracts.length);
    this.#lastSampleUs = new Float64Array(table.instruments.length).fill(NaN);
    this.#wakeLow = config.venue.wakeLow;
    this.#wakeHigh = config.venue.wakeHigh;
    this.#venueTicks = config.venue.lastTicks ?? new Float64Array(table.contracts.length);
    const onTicks = config.venue.matchesTicks;
    this.#tickContracts = onTicks?.includes(1) === true ? onTicks : null;
    this.#series = config.series.map(
      (input, ordinal) =>
        new Series(
          input,
          config.chains[input.chainIndex]!,
          table.instruments.find((spec) => spec.root === input.root)!,
          ordinal,
          (contractIndex) => table.contractAt(contractIndex).id,
        ),
    );
    this.#hasBar = new Uint8Array(this.#series.length);
    this.#contractsOf = table.instruments.map((_, row) =>
      table.contracts.map((_c, c) => c).filter((c) => table.instrumentIndex[c] === row),
    );
    const sorted = sortFeeds(config.feeds, (c) => table.instrumentIndex[c]!);
    this.#feeds = openFeeds(sorted, config, this.#series);
    this.#heap = new FeedHeap(Math.max(1, this.#feeds.length));
    this.#feeds.forEach((feed, id) => {
      feed.id = id;
      if (!feed.isWaiting) this.#heap.push(feed.batch.closeUs[0]!, id);
    });
    this.#liveFeeds = this.#feeds.filter(({ feed }) => feed.isLive === true);
    this.#isLive =
      this.#liveFeeds.length > 0 || (config.ticks ?? []).some((feed) => feed.isLive === true);
    const startUs = config.startUs ?? firstUs(this.#feeds);
    this.#startUs = startUs;
    const sessions = config.calendars.map((calendar) =>
      calendar.sessions(
        Math.min(
          config.from,
          startUs === TS_MAX ? config.from : calendar.tradeDateOf(startUs) - 1,
        ) as TradeDate,
        config.to,
      ),
    );
    this.#tracks = sessions.map((columns) => new SessionTrack(columns, startUs));
    this.#findEdge();
    this.#endUs = Math.max(...this.#tracks.map((track) => track.lastCloseUs));
    this.#book = new DayBook({
      table,
      portfolio: this.#portfolio,
      recorder: config.recorder,
      journal: this.#journal,
      closes: lastCloses(sessions, config.from, startUs),
      account,
      marks: this.#marks,
    });
    this.#trades = new TradeBuilder({
      table,
      rateOf: (c) => this.#portfolio.rateOf(c),
      lastTicksOf: (c) => this.#portfolio.lastTicks[c]!,
      tradeDateOf: (row) =>
        this.#replayUs === null
          ? this.#tracks[row]!.tradeDate
          : config.calendars[row]!.tradeDateOf(this.#replayUs),
      onTrade: (trade) => {
        this.#journal.trade(this.#clock.nowUs(), trade);
        this.#tails?.onTrade(trade.root, trade.tradeId, trade.isOpen);
        config.recorder.onTrade(trade);
        this.#opening?.onTrade(trade, this.#clock.nowUs(), trade.exitTradeDate);
      },
    });
    const hears = { orders: false, fills: false };
    const risk = new RiskGate({
      limits: config.risk,
      table,
      orders: this.#orders,
      portfolio: this.#portfolio,
      facts: this.#riskFacts(),
    });
    this.#opening = risk.opening;
    this.#watch = this.#createWatch(risk);
    this.#desk = this.#createDesk(hears, risk);
    this.#accounts = new AccountDesk({
      rules: account,
      table,
      calendars: config.calendars,
      sessions,
      startUs,
      portfolio: this.#portfolio,
      risk,
      orders: this.#orders,
      desk: this.#desk,
      book: this.#book,
      marks: this.#marks,
      journal: this.#journal,
      capabilities: config.venue.capabilities,
      tradeDateOf: (row) => this.#tracks[row]!.tradeDate,
      isTrading: (row) => this.#tracks[row]!.isTrading,
    });
    const currentContract = new Int32Array(table.instruments.length).fill(-1);
    const params = config.params as never;
    this.#rolls = new RollDesk(
      {
        config: this.#config,
        policy: config.strategy.requires(params, config.instruments).positionsOnRoll ?? 'roll',
        orders: this.#orders,
        portfolio: this.#portfolio,
        desk: this.#desk,
        trades: this.#trades,
        series: this.#series,
        currentContract,
        isActive: (row) => this.#isActive[row] === 1,
        onRoll: (event) => {
          this.#enter('onRoll');
          this.#strategy.onRoll?.(event, this.#ctx);
          this.#leave();
        },
      },
      startUs,
    );
    this.#expiries = table.contracts
      .map((_, index) => index)
      .filter((c) => table.contractAt(c).dates.lastTradeUs >= startUs)
      .toSorted(
        (a, b) =>
          table.contractAt(a).dates.lastTradeUs - table.contractAt(b).dates.lastTradeUs || a - b,
      );
    this.#ctx = this.#createContext(currentContract);
    this.#created = config.strategy.create(params, config.instruments);
    this.#strategy =
      config.strategyErrors === 'go-on'
        ? guardHooks(this.#created, (cause, hook) => this.#onStrategyError(cause, hook))
        : this.#created;
    hears.orders = this.#strategy.onOrder !== undefined;
    hears.fills = this.#strategy.onFill !== undefined;
    this.#isTickWanted = (row, c) => currentContract[row] === c && this.#isActive[row] === 1;
    config.venue.connect(this.#desk);
    this.#ticks = this.#createTicks(startUs);
    if (startUs !== TS_MAX) this.#clock.advanceTo(startUs);
  }

  run(): EngineResult {
    this.open();
    this.advance(TS_MAX);
    return this.finish();
  }

  /** Writes the first line and calls `onStart`. */
  open(): void {
    this.#journalStart();
    if (this.#waitUs === -Infinity) this.#recover();
    this.#guard(() => this.#start());
  }

  /**
   * Everything that is due up to `toUs`, itself included: what the venue told, in order of arrival, then data and boundaries
   * by the tie key. Data that come late take the time that the clock has reached. Returns false when the run has ended:
   * the strategy threw, or the progress callback asked to stop.
   *
   * Once every feed has come to its end, nothing after the sessions in progress is due.
   */
  advance(toUs: TsUs): boolean {
    if (this.#outcome === 'completed')
      this.#guard(() => {
        this.#clock.hear(toUs);
        if (this.#waitUs !== -Infinity) {
          // History comes before anything that happens now.
          if (this.#isLive) this.#takeArrivals();
          this.#loop(Math.min(toUs, this.#waitUs) as TsUs);
          if (toUs < this.#waitUs) return;
        }
        this.#takeInbox(toUs);
        if (this.#isLive) this.#takeArrivals();
        this.#loop(toUs);
      });
    return this.#outcome === 'completed';
  }

  /** The next moment at which something is due without new events, or TS_MAX. */
  get dueUs(): TsUs {
    const { venue } = this.#config;
    const dataUs = Math.min(this.#heap.topTs(), this.#ticks.topTs(), venue.inboxUs?.() ?? TS_MAX);
    return Math.min(dataUs, this.#boundaryUs) as TsUs;
  }

  /**
   * The state as plain data, with a line in the journal that it belongs to: a restart needs it and the lines after it. Live
   * only; asked between two calls of `advance`.
   */
  state(): EngineState {
    assert(this.#tails !== null, 'the state of a run is saved where its venue is a real one');
    const tsUs = this.#clock.nowUs();
    const strategy = this.#strategy.saveState?.() ?? null;
    const seq = this.#journal.append('strategy-state', tsUs, { state: strategy });
    const { table, idPrefix } = this.#config;
    return {
      version: 1,
      seq,
      tsUs,
      idPrefix: idPrefix ?? '',
      next: this.#desk.nextNumbers,
      orders: this.#orders.save(),
      portfolio: this.#portfolio.save(),
      tails: this.#tails.toPlain(),
      nextTradeId: this.#tails.nextTradeId,
      dayStartMicros: this.#book.dayStartMicros,
      settled: this.#book.settlements().map(([c, ticks]) => [table.contractAt(c).id, ticks]),
      strategy,
    };
  }

  #recover(): void {
    const { recovered } = this.#config;
    if (recovered === undefined) return;
    assert(this.#tails !== null, 'a run goes on from a journal where its venue is a real one');
    const restored = recover(
      {
        table: this.#config.table,
        orders: this.#orders,
        portfolio: this.#portfolio,
        trades: this.#trades,
        tails: this.#tails,
        idPrefix: this.#config.idPrefix ?? '',
        nowUs: this.#clock.nowUs(),
        atUs: (tsUs) => (this.#replayUs = tsUs),
      },
      recovered,
    );
    this.#replayUs = null;
    this.#desk.nextNumbers = restored.next;
    this.#desk.restoreGroups(this.#orders.open());
    this.#book.restore(restored.dayStartMicros, restored.settled);
    const { openOrders, fills } = restored;
    this.#journal.append('recovered', this.#clock.nowUs(), {
      openOrders,
      fills,
      positions: this.#portfolio.held.map((c) => [
        this.#config.table.contractAt(c).id,
        this.#portfolio.netQty[c]!,
      ]),
    });
  }

  /** Calls `onStop`, closes the books and the sources. Nothing that is not due yet happens before it. */
  finish(): EngineResult {
    if (this.#outcome === 'completed') this.#guard(() => this.#callStop());
    this.#closeSources();
    this.#hook = '';
    if (this.#error !== null) this.#outcome = 'strategy-error';
    return this.#finish(this.#outcome, this.#error);
  }

  /** The error of a strategy whose run went on without it, or null. */
  get strategyError(): EngineResult['error'] {
    return this.#error;
  }

  /** Cancels the open orders that `isMeant`, whatever the strategy thinks of it; returns how many. Between two `advance`s. */
  cancelOrders(isMeant: (order: OrderView) => boolean): number {
    const meant = [...this.#orders.open()].filter(isMeant);
    this.#guard(() => {
      for (const order of meant) this.#desk.cancel(order, 'account');
      this.#settle();
    });
    return meant.length;
  }

  /** Sends a market order against every position; no limit stands in its way. Cancel what works first. Between two `advance`s. */
  closePositions(tag: string): readonly ClOrdId[] {
    const { table, venue } = this.#config;
    const ids: ClOrdId[] = [];
    this.#guard(() => {
      for (const contractIndex of this.#portfolio.held) {
        const netQty = this.#portfolio.netQty[contractIndex]!;
        ids.push(
          this.#desk.submit({
            contractIndex,
            role: 'single',
            isForced: true,
            sender: 'account',
            spec: {
              type: 'market',
              contract: table.contractAt(contractIndex).id,
              side: netQty > 0 ? -1 : 1,
              qty: Math.abs(netQty) as Qty,
              tag,
              ...(venue.capabilities.features.reduceOnly ? { reduceOnly: true } : {}),
            },
          }),
        );
      }
      this.#settle();
    });
    return ids;
  }

  /** The run goes on without its strategy: orders and positions are kept, and nothing new is opened. */
  #onStrategyError(cause: unknown, hook: string): void {
    if (cause instanceof BugError || cause === this.#journal.failure) throw cause;
    const tsUs = this.#clock.nowUs();
    this.#error ??= { cause, hook, tsUs };
    this.#desk.holdRisk('strategy-error', true);
    let state: unknown = null;
    try {
      state = this.#created.saveState?.() ?? null;
    } catch {
      // What cannot be saved is not: the last saved state stands.
    }
    this.#desk.issue({
      code: 'E_STRATEGY_STOPPED',
      severity: 'error',
      message: `${hook} threw: ${messageOf(cause)}; the run goes on without its strategy`,
      tsUs,
    });
    if (state !== null) this.#journal.append('strategy-state', tsUs, { state });
    this.#config.live?.onStrategyError?.(this.#error);
  }

  /** An error of the strategy is the outcome of the run; any other is thrown. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (cause) {
      if (cause instanceof StopRequested) {
        this.#outcome = 'stopped';
        this.#error = this.#tryStop();
      } else this.#error = this.#strategyError(cause);
      if (this.#error !== null) this.#outcome = 'strategy-error';
    }
  }

  #strategyError(cause: unknown): EngineResult['error'] {
    if (cause instanceof BugError || this.#hook === '' || cause === this.#journal.failure) {
      this.#closeSources();
      throw cause;
    }
    return { cause, hook: this.#hook, tsUs: this.#clock.nowUs() };
  }

  #closeSources(): void {
    for (const feed of this.#feeds) feed.feed.source.close();
    this.#ticks.close();
  }

  /** Events of a live venue, each an instant of its own. */
  #takeInbox(toUs: TsUs): void {
    const { venue } = this.#config;
    if (venue.inboxUs === undefined) return;
    const clock = this.#clock;
    for (let us = venue.inboxUs(); us <= toUs; us = venue.inboxUs()) {
      if (us > clock.nowUs()) clock.advanceTo(us);
      const fills = this.#desk.fillCount;
      venue.takeEvent!();
      if (fills !== this.#desk.fillCount) this.#book.resync();
      this.#book.endMoment();
      this.#watch?.endMoment();
      if (this.#desk.hasWork || this.#trades.hasClosed()) this.#settle();
      if (this.#book.isBelow) this.#checkMargin();
      this.#boundaryUs = this.#nextBoundaryUs();
    }
  }

  /** Feeds that have rows again join the merge; nothing in it lies before the clock. */
  #takeArrivals(): void {
    const nowUs = this.#clock.nowUs();
    for (const feed of this.#liveFeeds)
      if (feed.isWaiting && feed.load()) this.#heap.push(feed.batch.closeUs[feed.at]!, feed.id);
    while (this.#heap.topTs() < nowUs) this.#heap.replaceTop(nowUs);
    this.#ticks.takeArrivals(nowUs);
  }

  #riskFacts(): RiskFacts {
    const { calendars } = this.#config;
    return {
      dayStartMicros: () => this.#book.dayStartMicros,
      dayLowMicros: () => this.#book.dayLowMicros,
      peakMicros: () => this.#book.peakMicros,
      tradeDateOf: (row) => this.#tracks[row]!.tradeDate,
      isTrading: (row) => this.#tracks[row]!.isTrading,
      liveSinceUs: (row) => this.#tracks[row]!.liveSinceUs,
      closeUs: (row) => this.#tracks[row]!.closeUs,
      localMinutes: (row, tsUs) => calendars[row]!.localMinutes(tsUs),
    };
  }

  #createWatch(risk: RiskGate): AccountWatch | null {
    const { guard, table, venue } = this.#config;
    if (guard === undefined) return null;
    return new AccountWatch({
      guard,
      table,
      clock: this.#clock,
      journal: this.#journal,
      orders: this.#orders,
      portfolio: this.#portfolio,
      risk,
      timesInForce: venue.capabilities.timesInForce,
      tradeDateOf: (row) => this.#tracks[row]!.tradeDate,
      isTrading: (row) => this.#tracks[row]!.isTrading,
      desk: () => this.#desk,
    });
  }

  #createDesk(hears: DeskParts['hears'], risk: RiskGate): OrderDesk {
    const { table, venue, recorder, idPrefix, isDurable, live } = this.#config;
    return new OrderDesk({
      watch: this.#watch,
      table,
      clock: this.#clock,
      venue,
      journal: this.#journal,
      recorder,
      ...(idPrefix === undefined ? {} : { idPrefix }),
      ...(isDurable === undefined ? {} : { isDurable }),
      ...(live === undefined ? {} : { live, tails: this.#tails! }),
      orders: this.#orders,
      portfolio: this.#portfolio,
      risk,
      trades: this.#trades,
      tradeDateOf: (c) => this.#tracks[table.instrumentIndex[c]!]!.tradeDate,
      onPositionChange: (c, tsUs) => {
        this.#book.onPositionChange(c, tsUs);
        this.#accounts.onPositionChange();
      },
      hears,
    });
  }

  #createContext(currentContract: Int32Array): EngineContext {
    return new EngineContext({
      config: this.#config,
      instruments: this.#config.table.instruments.map((spec) => new Instrument(spec)),
      clock: this.#clock,
      portfolio: this.#portfolio,
      orders: this.#orders,
      desk: this.#desk,
      tracks: this.#tracks,
      series: new Map(this.#series.map((series) => [series.key, series])),
      currentContract,
      mayTrade: (row) => this.#isStarted && this.#isActive[row] === 1,
      dayStartEquity: () => this.#book.dayStartMicros,
      accountState: () => this.#accounts.view(),
      setTimer: (name, atUs) => {
        this.#timers.set(name, atUs);
        this.#boundaryUs = Math.min(this.#boundaryUs, Math.max(atUs, this.#clock.nowUs()));
      },
      cancelTimer: (name) => this.#timers.cancel(name),
    });
  }

  #createTicks(startUs: TsUs): TickMerge {
    const strategy = this.#strategy;
    return new TickMerge(
      this.#config.ticks ?? [],
      this.#config.table,
      startUs,
      {
        onQuote: (quote) => {
          this.#hook = 'onQuote';
          strategy.onQuote?.(quote, this.#ctx);
          this.#hook = '';
        },
        onTrade: (trade) => {
          this.#hook = 'onTrade';
          strategy.onTrade?.(trade, this.#ctx);
          this.#hook = '';
        },
        onDepth: (depth) => {
          this.#hook = 'onDepth';
          strategy.onDepth?.(depth, this.#ctx);
          this.#hook = '';
        },
      },
      this.#tickContracts === null ? null : this.#createTickMarket(),
    );
  }

  #createTickMarket(): TickMarket {
    const { venue } = this.#config;
    const portfolio = this.#portfolio;
    return {
      lagUs: (tsUs, seq) => venue.feedLagUs?.(tsUs, seq) ?? 0,
      onTick: (kind, c, columns, at) => {
        const fills = this.#desk.fillCount;
        venue.onTick!(kind, c, columns, at);
        this.#tickCount += 1;
        const last = this.#venueTicks[c]!;
        const mark = this.#marks.onTick(kind, c, columns, at, last);
        if (portfolio.netQty[c] !== 0) {
          if (fills === this.#desk.fillCount && mark !== portfolio.lastTicks[c])
            this.#book.onMove(portfolio.moveMicros(c, mark));
          // Excursions are of prices that traded; the account is worth the middle.
          this.#trades.onTick(c, last);
        }
        if (mark === mark) portfolio.lastTicks[c] = mark;
        if (this.#opening !== null) this.#opening.seenUs[c] = this.#clock.nowUs();
        if (fills !== this.#desk.fillCount) this.#book.resync();
        this.#book.seeBar(c);
      },
    };
  }

  #journalStart(): void {
    const { strategy, params, instruments, random, from, to, mode, capitalMicros, idPrefix } =
      this.#config;
    this.#journal.append('run-start', this.#clock.nowUs(), {
      strategy: strategy.id,
      version: strategy.version,
      params,
      instruments,
      mode,
      seed: random.seed,
      from,
      to,
      capitalMicros,
      inputs: this.#config.inputs ?? {},
      ...(idPrefix === undefined ? {} : { idPrefix }),
    });
  }

  #start(): void {
    this.#hook = 'create';
    refuseAsyncHooks(this.#created);
    this.#hook = '';
    for (let row = 0; row < this.#tracks.length; row += 1) this.#activate(row);
    const { recovered } = this.#config;
    const left = recovered === undefined ? null : strategyStateOf(recovered);
    const savedState = this.#config.savedState ?? left ?? null;
    if (savedState !== null) {
      this.#enter('restoreState');
      this.#strategy.restoreState?.(savedState);
      this.#leave();
    }
    this.#enter('onStart');
    this.#strategy.onStart?.(this.#ctx);
    this.#leave();
    this.#isStarted = true;
    this.#settle();
    this.#boundaryUs = this.#nextBoundaryUs();
  }

  #loop(toUs: TsUs): void {
    let endUs = this.#endUs;
    // Times are whole: nothing at or after this instant is due.
    const untilUs = Math.min(toUs + 1, TS_MAX);
    for (;;) {
      // Bars after the last session of the run are not part of it.
      while (this.#heap.length > 0 && this.#heap.topTs() > this.#endUs) this.#heap.pop();
      const barUs = this.#heap.topTs();
      let tickUs = this.#ticks.topTs();
      if (tickUs > this.#endUs) tickUs = TS_MAX;
      const dataUs = Math.min(barUs, tickUs);
      if (dataUs === TS_MAX && !this.#mayGrow()) {
        // After the last data the sessions in progress still close, and timers in them still fire.
        endUs = Math.min(endUs, this.#openUntilUs());
        // What is on its way still arrives.
        endUs = Math.max(endUs, this.#config.venue.onTheWayUs?.() ?? endUs);
        if (this.#boundaryUs > endUs) return;
      }
      if (Math.min(dataUs, this.#boundaryUs) >= untilUs) return;
      if (dataUs >= this.#boundaryUs) {
        if (this.#boundaryUs > endUs) return;
        this.#moment(Math.max(this.#boundaryUs, this.#clock.nowUs()) as TsUs);
      } else if (tickUs < barUs) {
        this.#runTicks(Math.min(barUs, untilUs));
      } else {
        const feed = this.#feeds[this.#heap.topId()]!;
        const aloneUs = Math.min(this.#heap.secondTs(), tickUs, untilUs);
        // A bar that came late stands in the merge at another time than its own.
        if (barUs < aloneUs && feed.batch.closeUs[feed.at]! >= barUs) this.#runAlone(feed, aloneUs);
        else this.#moment(barUs as TsUs);
      }
    }
  }

  /** Whether a live feed may still have rows. */
  #mayGrow(): boolean {
    if (!this.#isLive) return false;
    for (const feed of this.#liveFeeds) if (feed.isWaiting) return true;
    return this.#ticks.isWaiting;
  }

  /** Ticks until a bar or a boundary is due. */
  #runTicks(barUs: number): void {
    for (;;) {
      const tsUs = this.#ticks.topTs();
      if (tsUs >= barUs || tsUs >= this.#boundaryUs || tsUs > this.#endUs) return;
      this.#clock.advanceTo(tsUs as TsUs);
      if (this.#tickContracts === null) this.#deliverTick();
      else {
        this.#applyTicks(tsUs);
        if (this.#desk.hasWork || this.#trades.hasClosed()) this.#settle();
        if (this.#book.isBelow) this.#checkMargin();
        this.#deliverTicksDue(tsUs);
      }
      this.#pollIn -= 1;
      if (this.#pollIn <= 0) this.#poll();
    }
  }

  #deliverTick(): void {
    this.#ticks.deliver(this.#isTickWanted);
    if (this.#desk.hasWork) this.#settle();
  }

  /** A bar of a contract that matches on ticks: before the first of them it is the only price there is. */
  #countBar(c: number, close: number): void {
    if (this.#opening !== null) this.#opening.seenUs[c] = this.#clock.nowUs();
    this.#trades.countBar(c);
    if (Number.isNaN(this.#portfolio.lastTicks[c]!)) this.#portfolio.lastTicks[c] = close;
  }

  /** The venue takes in all ticks of the instant, in their order, before anything of it is delivered. */
  #applyTicks(tsUs: number): void {
    const { venue } = this.#config;
    this.#ticks.applyAt(tsUs);
    this.#book.endMoment();
    this.#watch?.endMoment();
    this.#boundaryUs = Math.min(this.#boundaryUs, venue.nextTimerUs(), this.#ticks.nextDueUs());
  }

  #deliverTicksDue(tsUs: number): void {
    while (this.#ticks.nextDueUs() <= tsUs) {
      this.#ticks.deliverDue(this.#isTickWanted);
      if (this.#desk.hasWork) this.#settle();
    }
  }

  #openUntilUs(): number {
    let until = this.#clock.nowUs() as number;
    for (const track of this.#tracks)
      if (track.isOpen && track.closeUs > until) until = track.closeUs;
    return until;
  }

  /** The tight loop: rows of one feed until another feed or a boundary is due. */
  #runAlone(feed: FeedCursor, aloneUs: number): void {
    const track = this.#tracks[feed.row]!;
    for (;;) {
      const { batch } = feed;
      const { length, closeUs } = batch;
      let at = feed.at;
      while (at < length) {
        const tsUs = closeUs[at]!;
        if (tsUs >= aloneUs || tsUs >= this.#boundaryUs) {
          feed.at = at;
          this.#heap.replaceTop(tsUs);
          return;
        }
        feed.at = at;
        this.#clock.advanceTo(tsUs as TsUs);
        if (this.#isQuiet(feed, batch, at, track)) {
          this.#passBar(feed.contractIndex, batch, at);
          if (this.#watch !== null) this.#endWatched();
          if (this.#book.isBelow) this.#checkMargin();
          this.#deliverAlone(feed, batch, at, track);
        } else if (this.#isUsable(feed, batch, at)) {
          if (feed.isExecution) {
            this.#market(feed, batch, at, track);
            if (this.#portfolio.netQty[feed.contractIndex] !== 0) this.#book.endMoment();
            this.#watch?.endMoment();
            if (this.#desk.hasWork || this.#trades.hasClosed()) {
              this.#book.endMoment();
              this.#settle();
            }
            if (this.#book.isBelow) this.#checkMargin();
          } else if (feed.isCounted) this.#countBar(feed.contractIndex, batch.close[at]!);
          this.#deliverAlone(feed, batch, at, track);
        }
        at += 1;
        this.#bars += 1;
        this.#pollIn -= 1;
        if (this.#pollIn <= 0) this.#poll();
      }
      if (!feed.load()) {
        this.#heap.pop();
        return;
      }
    }
  }

  /** A bar inside its session that wakes no order: almost every one of a run. What is doubtful is not quiet. */
  #isQuiet(feed: FeedCursor, batch: BarColumns, at: number, track: SessionTrack): boolean {
    const c = feed.contractIndex;
    const tsUs = batch.closeUs[at]!;
    const openUs = batch.openUs[at]!;
    return (
      feed.isExecution &&
      track.isTrading &&
      openUs >= track.liveSinceUs &&
      openUs < tsUs &&
      tsUs <= feed.expiryUs &&
      this.#isAuction[c] === 0 &&
      batch.low[at]! > this.#wakeLow[c]! &&
      batch.high[at]! < this.#wakeHigh[c]! &&
      batch.close[at]! === batch.close[at]!
    );
  }

  /** What a quiet bar changes: the last price, and the mark of a position. */
  #passBar(c: number, batch: BarColumns, at: number): void {
    const close = batch.close[at]!;
    if (this.#portfolio.netQty[c] === 0) this.#portfolio.lastTicks[c] = close;
    else {
      const high = batch.high[at]!;
      const low = batch.low[at]!;
      this.#book.onQuietBar(c, high, low, close);
      this.#watch?.endBar(c, high, low);
      this.#trades.endBar(c, high, low, close);
    }
    this.#venueTicks[c] = close;
    this.#book.seeBar(c);
  }

  /** After a quiet bar: the account's rules may ask for orders. */
  #endWatched(): void {
    this.#watch!.endMoment();
    if (this.#desk.hasWork) this.#settle();
  }

  #deliverAlone(feed: FeedCursor, batch: BarColumns, at: number, track: SessionTrack): void {
    const { series } = feed;
    if (series.length === 1 && series[0]!.contractIndex === feed.contractIndex) {
      this.#push(series[0]!, feed, batch, at, track);
      this.#callBar(series[0]!, feed.row);
      return;
    }
    for (let i = 0; i < series.length; i += 1) {
      const one = series[i]!;
      if (one.contractIndex === feed.contractIndex) this.#push(one, feed, batch, at, track);
      else if (one.input.curve !== undefined)
        one.see(feed.contractIndex, batch.closeUs[at]!, batch.close[at]!);
    }
    for (let i = 0; i < series.length; i += 1) {
      const one = series[i]!;
      if (one.contractIndex === feed.contractIndex) this.#callBar(one, feed.row);
    }
  }

  /** One instant with all its phases; the heap's feeds at this time are its bars. */
  #moment(tsUs: TsUs): void {
    this.#clock.advanceTo(tsUs);
    const due = this.#due;
    due.length = 0;
    if (this.#waitUs !== -Infinity && this.#waitUs <= tsUs) this.#beginActing(tsUs);
    this.#openSessions(tsUs);
    while (this.#heap.length > 0 && this.#heap.topTs() === tsUs) {
      due.push(this.#feeds[this.#heap.topId()]!);
      this.#heap.pop();
    }
    if (this.#tickContracts !== null && this.#ticks.topTs() === tsUs) this.#applyTicks(tsUs);
    this.#marketPhase(due, tsUs);
    if (this.#desk.hasWork || this.#trades.hasClosed()) this.#settle();
    if (this.#book.isBelow) this.#checkMargin();
    this.#deliverBars(due);
    // A roll is decided from the close of this moment: its bars are still those of the old contract.
    if (this.#rolls.nextUs() <= tsUs) {
      this.#rolls.applyDue(tsUs);
      this.#settle();
    }
    if (this.#tickContracts !== null) this.#deliverTicksDue(tsUs);
    else while (this.#ticks.topTs() === tsUs) this.#deliverTick();
    if (this.#accounts.nextUs() <= tsUs) {
      this.#accounts.onTime(tsUs);
      this.#settle();
    }
    this.#closeSessions(tsUs);
    this.#fireTimers(tsUs);
    this.#account(tsUs);
    if (this.#watch !== null && this.#watch.nextUs() <= tsUs) this.#watch.onTime(tsUs);
    if (this.#watch !== null && this.#desk.hasWork) this.#settle();
    this.#advanceFeeds(due);
    this.#boundaryUs = this.#nextBoundaryUs();
    this.#pollIn -= MOMENT_WEIGHT;
    if (this.#pollIn <= 0) this.#poll();
  }

  /** A margin call is judged after the events of its instant were delivered; what it sends trades at the next. */
  #checkMargin(): void {
    this.#accounts.check(this.#clock.nowUs());
    if (this.#desk.hasWork) this.#settle();
  }

  #openSessions(tsUs: TsUs): void {
    if (this.#edgeUs > tsUs) return;
    for (let row = 0; row < this.#tracks.length; row += 1) {
      const track = this.#tracks[row]!;
      if (track.nextUs > tsUs || (track.nextEdge !== 'open' && track.nextEdge !== 'reopen'))
        continue;
      const isOpen = track.nextEdge === 'open';
      const sinceUs = track.nextUs as TsUs;
      track.advance();
      this.#book.onSessionOpen(row, tsUs);
      const isAuction = !isOpen || !track.isContinued;
      if (isAuction) for (const c of this.#contractsOf[row]!) this.#isAuction[c] = 1;
      this.#tellOpening(row, sinceUs, isAuction, tsUs);
      if (!isOpen) continue;
      this.#activate(row);
      if (this.#isActive[row] === 1) this.#beginSession(row, tsUs);
    }
    this.#findEdge();
  }

  /** All bars of the instant reach the venue before anything is delivered; closes and expiries follow the last of them. */
  #marketPhase(due: readonly FeedCursor[], tsUs: TsUs): void {
    const { venue, table } = this.#config;
    if (this.#rolls.nextRecordUs() <= tsUs) this.#matchRecords(tsUs);
    for (const feed of due) {
      if (feed.isCounted) this.#countBar(feed.contractIndex, feed.batch.close[feed.at]!);
      if (feed.isExecution && this.#isUsable(feed, feed.batch, feed.at))
        this.#market(feed, feed.batch, feed.at, this.#tracks[feed.row]!);
    }
    const fills = this.#desk.fillCount;
    if (this.#edgeUs <= tsUs) this.#endDayOrders(tsUs);
    if (venue.nextTimerUs() <= tsUs) venue.onTime(tsUs);
    if (fills !== this.#desk.fillCount) this.#book.resync();
    for (;;) {
      const c = this.#expiries[this.#expiryAt];
      if (c === undefined || table.contractAt(c).dates.lastTradeUs > tsUs) break;
      this.#expiryAt += 1;
      this.#expire(c, tsUs);
    }
    this.#book.endMoment();
    this.#watch?.endMoment();
  }

  /** Orders for the day end where a session closes now. */
  #endDayOrders(tsUs: TsUs): void {
    for (let row = 0; row < this.#tracks.length; row += 1) {
      const track = this.#tracks[row]!;
      if (track.nextUs > tsUs) continue;
      // Over a break orders for the day stay; they end with their session, on a short holiday too.
      if (track.nextEdge === 'pause') this.#tellPhase(row, 'halted', tsUs);
      if (track.nextEdge !== 'close') continue;
      // Samples end with the last one: what is sent then waits for the next, as at a close, over holidays too.
      const sampleUs = this.#lastSampleUs[row]!;
      const closeUs = (Number.isNaN(sampleUs) ? tsUs : sampleUs) as TsUs;
      for (const c of this.#contractsOf[row]!) this.#config.venue.onSessionClose(c, closeUs);
    }
  }

  /** Contracts that match on ticks follow the phases of their calendar. */
  #tellPhase(row: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void {
    if (this.#tickContracts === null) return;
    for (const c of this.#contractsOf[row]!)
      if (this.#tickContracts[c] === 1) this.#config.venue.onPhase?.(c, phase, tsUs, opening);
  }

  /** What opened before the run began is joined: its first trade is long over. */
  #tellOpening(row: number, sinceUs: TsUs, isAuction: boolean, tsUs: TsUs): void {
    if (this.#tickContracts === null) return;
    const track = this.#tracks[row]!;
    const isJoined = sinceUs < this.#startUs;
    if (isJoined && !track.tradesAt(this.#startUs)) {
      this.#tellPhase(row, 'halted', tsUs);
      return;
    }
    this.#tellPhase(row, 'open', tsUs, {
      sinceUs,
      isAuction: isAuction && !isJoined,
      closeUs: track.closeUs as TsUs,
    });
  }

  #market(feed: FeedCursor, batch: BarColumns, at: number, track: SessionTrack): void {
    // Doubles handed to a call that is not inlined are boxed: the time is read from its column here instead.
    const tsUs = batch.closeUs[at]!;
    const c = feed.contractIndex;
    const openUs = batch.openUs[at]!;
    // A sample (both ends equal) is an ordered label, not an interval: it cannot lie outside a session.
    if (openUs === tsUs) this.#lastSampleUs[feed.row] = tsUs;
    const isInside =
      openUs === tsUs ||
      (track.isOpen && !track.isPaused && openUs >= track.liveSinceUs) ||
      track.contains(openUs, tsUs) ||
      (feed.feed.interval === '1d' && track.containsDay(openUs, tsUs));
    if (!isInside) this.#reportOutside(feed, tsUs as TsUs);
    let flags = 0;
    if (isInside) {
      flags =
        (this.#isAuction[c] === 1 ? BarFlag.auctionOpen : 0) |
        (tsUs >= track.closeUs ? BarFlag.sessionLast : 0);
      this.#isAuction[c] = 0;
    }
    this.#matchBar(c, batch, at, isInside ? flags : -1);
  }

  /** A bar against the venue and the books; `flags` below 0 keep it from the venue. */
  #matchBar(c: number, batch: BarColumns, at: number, flags: number): void {
    const { venue } = this.#config;
    const portfolio = this.#portfolio;
    const high = batch.high[at]!;
    const low = batch.low[at]!;
    const close = batch.close[at]!;
    const fills = this.#desk.fillCount;
    let wasWoken = false;
    if (flags >= 0 && (low <= this.#wakeLow[c]! || high >= this.#wakeHigh[c]!)) {
      wasWoken = true;
      this.#trades.beginBar(c, high, low);
      this.#watch?.beginBar(c, high, low);
      venue.onBar(c, batch, at, flags);
      this.#boundaryUs = Math.min(this.#boundaryUs, venue.nextTimerUs());
    }
    const isHeld = portfolio.netQty[c] !== 0;
    let moved = 0;
    if (isHeld && fills === this.#desk.fillCount) moved = portfolio.moveMicros(c, close);
    if (moved !== 0) this.#book.onMove(moved);
    portfolio.lastTicks[c] = close;
    this.#venueTicks[c] = close;
    if (this.#opening !== null) this.#opening.seenUs[c] = this.#clock.nowUs();
    if (fills !== this.#desk.fillCount) this.#book.resync();
    this.#book.seeBar(c);
    if (isHeld) this.#book.onBar(c, high, low, batch.openUs[at]!, moved);
    if (isHeld || wasWoken) {
      this.#trades.endBar(c, high, low, close);
      this.#watch?.endBar(c, high, low);
    }
  }

  /** The legs of a roll meet the prices of its record, as samples: through the venue, with slippage and fees. */
  #matchRecords(tsUs: TsUs): void {
    for (const roll of this.#rolls.takeRecords(tsUs)) {
      this.#matchBar(roll.fromIndex, sampleOf(tsUs, roll.fromPrice), 0, 0);
      this.#matchBar(roll.toIndex, sampleOf(tsUs, roll.toPrice), 0, 0);
    }
  }

  #reportOutside(feed: FeedCursor, tsUs: TsUs): void {
    const { id } = this.#config.table.contractAt(feed.contractIndex);
    this.#desk.issue({
      code: 'E_BAR_OUT_OF_SESSION',
      severity: 'warning',
      message: `a ${feed.feed.interval} bar of ${id} lies outside its sessions: it executes no order`,
      tsUs,
      contract: id,
    });
  }

  /** Bars after the expiry of their contract and bars without a price are left out. */
  #isUsable(feed: FeedCursor, batch: BarColumns, at: number): boolean {
    const tsUs = batch.closeUs[at]!;
    if (tsUs > feed.expiryUs) {
      const { id } = this.#config.table.contractAt(feed.contractIndex);
      this.#desk.issue({
        code: 'E_BAR_AFTER_EXPIRY',
        severity: 'warning',
        message: `a ${feed.feed.interval} bar of ${id} lies after its last trade`,
        tsUs: tsUs as TsUs,
        contract: id,
      });
      return false;
    }
    const close = batch.close[at]!;
    return close === close;
  }

  #push(
    series: Series,
    feed: FeedCursor,
    batch: BarColumns,
    at: number,
    track: SessionTrack,
  ): void {
    series.push(batch, at, feed.isVolumeKnown);
    const { bar, indicators } = series;
    bar.openUs = batch.openUs[at]! as TsUs;
    bar.tradeDate = track.tradeDate;
    bar.isSessionFirst = feed.sessionUs !== track.openUs;
    bar.isSessionLast = batch.closeUs[at]! >= track.closeUs;
    feed.sessionUs = track.openUs;
    for (let i = 0; i < indicators.length; i += 1) indicators[i]!.update(bar);
  }

  #callBar(series: Series, row: number): void {
    if (this.#isActive[row] === 1) {
      if (this.#strategy.onBar === undefined) return;
      this.#hook = 'onBar';
      this.#strategy.onBar(series.bar, this.#ctx);
      this.#hook = '';
      if (this.#desk.hasWork) this.#settleBar(series);
    } else if (this.#strategy.onWarmUpBar !== undefined) {
      this.#hook = 'onWarmUpBar';
      this.#strategy.onWarmUpBar(series.bar, this.#ctx);
      this.#hook = '';
    }
  }

  /** A bar too was on its way to the strategy: what it answers leaves that much later. */
  #settleBar(series: Series): void {
    const { venue } = this.#config;
    const lagUs = venue.feedLagUs?.(series.bar.closeUs, series.ordinal) ?? 0;
    if (lagUs > 0) venue.setLag?.(lagUs);
    this.#settle();
    if (lagUs > 0) venue.setLag?.(0);
  }

  /** History and indicators of every series move first, then the hooks run in the order of declaration. */
  #deliverBars(due: readonly FeedCursor[]): void {
    if (due.length === 0) return;
    this.#hasBar.fill(0);
    for (const feed of due) {
      const closeUs = feed.batch.closeUs[feed.at]!;
      if (closeUs > feed.expiryUs || Number.isNaN(feed.batch.close[feed.at]!)) continue;
      for (const series of feed.series) {
        if (series.contractIndex !== feed.contractIndex) {
          if (series.input.curve !== undefined)
            series.see(feed.contractIndex, closeUs, feed.batch.close[feed.at]!);
          continue;
        }
        this.#push(series, feed, feed.batch, feed.at, this.#tracks[feed.row]!);
        this.#hasBar[series.ordinal] = 1;
      }
    }
    for (let i = 0; i < this.#series.length; i += 1) {
      if (this.#hasBar[i] === 0) continue;
      const series = this.#series[i]!;
      this.#callBar(series, this.#config.table.instrumentIndex[series.contractIndex]!);
    }
  }

  #closeSessions(tsUs: TsUs): void {
    if (this.#edgeUs > tsUs) return;
    for (let row = 0; row < this.#tracks.length; row += 1) {
      const track = this.#tracks[row]!;
      if (track.nextUs > tsUs || (track.nextEdge !== 'close' && track.nextEdge !== 'pause'))
        continue;
      this.#book.onSessionPause(row, tsUs);
      if (track.nextEdge === 'pause') {
        track.advance();
        continue;
      }
      if (this.#isActive[row] === 1 && this.#strategy.onSessionClose !== undefined) {
        this.#enter('onSessionClose');
        const { root } = this.#config.table.instruments[row]!;
        this.#strategy.onSessionClose(root, track.session(), this.#ctx);
        this.#leave();
        this.#settle();
      }
      if (track.isLastOfTradeDate) {
        if (this.#accounts.isSettlingAtClose)
          this.#book.settleInstrument(row, track.tradeDate, tsUs);
        this.#book.closeInstrument(row, track.tradeDate);
      }
      this.#accounts.onSessionClose(tsUs);
      if (this.#desk.hasWork) this.#settle();
      track.advance();
      this.#activate(row);
    }
    this.#findEdge();
  }

  #fireTimers(tsUs: TsUs): void {
    for (let round = 0; ; round += 1) {
      const name = this.#timers.takeDue(tsUs);
      if (name === null) return;
      assert(round < ROUNDS_MAX, 'timers at one instant come to rest within 10000 rounds');
      this.#enter('onTimer');
      this.#strategy.onTimer?.(name, this.#ctx);
      this.#leave();
      this.#settle();
    }
  }

  #account(tsUs: TsUs): void {
    if (!this.#book.emitDue(tsUs, this.#watch?.onDate)) return;
    this.#accounts.onDayEnd(this.#book.lastDate, this.#book.nextDate, tsUs);
  }

  #advanceFeeds(due: readonly FeedCursor[]): void {
    this.#bars += due.length;
    for (const feed of due) {
      feed.at += 1;
      if (feed.at < feed.batch.length || feed.load())
        this.#heap.push(Math.max(feed.batch.closeUs[feed.at]!, this.#clock.nowUs()), feed.id);
    }
  }

  /** Sends what was asked for and delivers what came back, until nothing is left. */
  #settle(): void {
    this.#desk.flush();
    for (let round = 0; ; round += 1) {
      const delivery = this.#desk.takeDelivery();
      if (delivery === null) break;
      assert(round < ROUNDS_MAX, 'orders at one instant come to rest within 10000 rounds');
      if (delivery.kind === 'order') {
        this.#enter('onOrder');
        this.#strategy.onOrder?.(delivery.event, this.#ctx);
      } else {
        this.#enter('onFill');
        this.#strategy.onFill?.(delivery.fill, this.#ctx);
      }
      this.#leave();
      this.#desk.flush();
    }
    this.#trades.flush();
    this.#desk.endInstant();
    this.#boundaryUs = Math.min(this.#boundaryUs, this.#config.venue.nextTimerUs());
  }

  /** Last trade: working orders are cancelled, a position is settled in cash at the official final price or the last one. */
  #expire(contractIndex: number, tsUs: TsUs): void {
    const { venue, table, account } = this.#config;
    venue.onContractExpiry(contractIndex, tsUs);
    const netQty = this.#portfolio.netQty[contractIndex]!;
    if (netQty === 0) return;
    const { id } = table.contractAt(contractIndex);
    const spec = table.instrumentOf(contractIndex);
    const isCash = spec.settlement === 'cash';
    const official = account!.settlements?.final(contractIndex) ?? NaN;
    const isOfficial = isCash && !Number.isNaN(official);
    const traded = this.#marks.lastTicks(contractIndex);
    const last = Number.isNaN(traded) ? this.#portfolio.lastTicks[contractIndex]! : traded;
    const priceTicks = isOfficial ? official : last;
    if (!isCash) this.#accounts.tellDelivery(contractIndex, tsUs);
    this.#desk.issue({
      code: 'E_HELD_TO_EXPIRY',
      severity: isOfficial ? 'info' : isCash ? 'warning' : 'error',
      message: `${netQty} ${id} were held to expiry (${spec.settlement} settlement) and are settled at the ${isOfficial ? 'official final' : 'last'} price`,
      tsUs,
      contract: id,
    });
    const fees = account!.expiryFees[table.instrumentIndex[contractIndex]!]!;
    const feeMicros =
      feeEntryOn(fees, table.contractAt(contractIndex).dates.lastTradeDate)?.expiryMicros ?? 0;
    this.#desk.bookFill({
      execId: `EXPIRY-${id}`,
      clOrdId: toClOrdId('X', contractIndex),
      orderId: null,
      contract: id,
      contractIndex,
      side: netQty > 0 ? -1 : 1,
      qty: Math.abs(netQty) as Qty,
      priceTicks: priceTicks as PriceTicks,
      tsUs,
      knownUs: tsUs,
      ...this.#desk.feesOf(
        contractIndex,
        toCashMicros(feeMicros * Math.abs(netQty)),
        0 as CashMicros,
      ),
      role: 'single',
      tag: 'expiry',
      groupId: null,
      orderType: 'market',
      evidence: { rule: 'expiry-settlement', certain: true, roundedTicks: 0, slippageTicks: 0 },
    });
    venue.setPosition(contractIndex, 0);
    this.#book.resync();
  }

  #activate(row: number): void {
    const isDue = this.#tracks[row]!.tradeDate >= this.#config.from;
    this.#isActive[row] = isDue && this.#waitUs === -Infinity ? 1 : 0;
  }

  /** History has been taken in: what an earlier run left is there from now on, and the strategy acts. */
  #beginActing(tsUs: TsUs): void {
    this.#waitUs = -Infinity;
    this.#recover();
    for (let row = 0; row < this.#tracks.length; row += 1) {
      this.#activate(row);
      if (this.#isActive[row] === 1 && this.#tracks[row]!.isOpen) this.#beginSession(row, tsUs);
    }
  }

  #beginSession(row: number, tsUs: TsUs): void {
    const track = this.#tracks[row]!;
    this.#portfolio.setRateDate(track.tradeDate);
    this.#accounts.onSessionOpen(row, tsUs);
    if (this.#desk.hasWork) this.#settle();
    if (this.#strategy.onSessionOpen === undefined) return;
    this.#enter('onSessionOpen');
    const { root } = this.#config.table.instruments[row]!;
    this.#strategy.onSessionOpen(root, track.session(), this.#ctx);
    this.#leave();
    this.#settle();
  }

  #nextBoundaryUs(): number {
    let next = Math.min(
      this.#rolls.nextUs(),
      this.#rolls.nextRecordUs(),
      Math.max(this.#timers.nextUs(), this.#clock.nowUs()),
      this.#config.venue.nextTimerUs(),
      this.#watch?.nextUs() ?? TS_MAX,
    );
    next = Math.min(next, this.#edgeUs, this.#accounts.nextUs(), this.#ticks.nextDueUs());
    const c = this.#expiries[this.#expiryAt];
    if (c !== undefined) next = Math.min(next, this.#config.table.contractAt(c).dates.lastTradeUs);
    if (this.#waitUs !== -Infinity) next = Math.min(next, this.#waitUs);
    return next;
  }

  #findEdge(): void {
    let next: number = TS_MAX;
    for (const track of this.#tracks) if (track.nextUs < next) next = track.nextUs;
    this.#edgeUs = next;
  }

  #poll(): void {
    this.#pollIn = PROGRESS_BARS;
    if (this.#config.onProgress?.(this.#bars, this.#clock.nowUs()) === true)
      throw new StopRequested();
  }

  #enter(hook: string): void {
    this.#hook = hook;
  }

  #leave(): void {
    this.#hook = '';
  }

  #callStop(): void {
    this.#enter('onStop');
    this.#strategy.onStop?.(this.#ctx);
    this.#leave();
    this.#settle();
  }

  #tryStop(): EngineResult['error'] {
    try {
      this.#callStop();
      return null;
    } catch (cause) {
      return this.#strategyError(cause);
    }
  }

  #finish(outcome: EngineResult['outcome'], error: EngineResult['error']): EngineResult {
    const nowUs = this.#clock.nowUs();
    this.#reportRecordFills(nowUs);
    this.#trades.finish(nowUs, (c) => this.#portfolio.lastTicks[c]!);
    this.#book.finish(nowUs, (row) => this.#tracks[row]!.tradeDate);
    const finalEquityMicros = this.#portfolio.equityMicros();
    const counts = this.#counts();
    let savedState: unknown = null;
    try {
      savedState = this.#strategy.saveState?.() ?? null;
    } catch (cause) {
      if (error === null) {
        error = { cause, hook: 'saveState', tsUs: nowUs };
        outcome = 'strategy-error';
      }
    }
    const lastSeq = this.#journal.append('run-end', nowUs, {
      outcome,
      error: error === null ? null : { hook: error.hook, message: messageOf(error.cause) },
      finalEquityMicros,
      counts,
    });
    this.#journal.flush();
    return {
      outcome,
      error,
      bars: this.#bars,
      eventHash: this.#journal.hash(),
      savedState,
      finalEquityMicros,
      firstBarUs: this.#startUs === TS_MAX ? null : this.#startUs,
      warmUs: this.#series.map((series) => this.#warmUsOf(series)),
      // Sequence numbers begin at 0.
      counts: { ...counts, journalLines: lastSeq + 1 },
    };
  }

  #warmUsOf(series: Series): TsUs | null {
    if (this.#startUs === TS_MAX) return null;
    if ((series.input.warmUp ?? 0) === 0) return this.#startUs;
    return Number.isNaN(series.warmUs) ? null : (series.warmUs as TsUs);
  }

  #reportRecordFills(nowUs: TsUs): void {
    const count = this.#rolls.recordCount;
    if (count === 0) return;
    this.#desk.issue({
      code: 'E_ROLL_AT_RECORD',
      severity: 'info',
      message: `${count} ${count === 1 ? 'roll of a position was' : 'rolls of positions were'} filled at the prices of the roll record: the data are samples, and the old contract had no later one`,
      tsUs: nowUs,
    });
  }

  #counts(): Record<string, number> {
    const { ignored } = this.#orders;
    return {
      bars: this.#bars,
      ...(this.#tickContracts === null ? {} : { ticks: this.#tickCount }),
      submitted: this.#desk.submittedCount,
      denied: this.#desk.deniedCount,
      rejected: this.#desk.rejectedCount,
      fills: this.#desk.fillCount,
      duplicateFills: ignored.duplicateFill,
      eventsForTerminalOrders: ignored.terminalOrder,
      eventsForUnknownOrders: ignored.unknownOrder,
      illegalEvents: ignored.illegalEvent,
    };
  }
}

/** One price without volume, as a batch of one bar. */
function sampleOf(tsUs: TsUs, price: number, length: number = 1): BarColumns {
  const at = Float64Array.of(tsUs);
  const ticks = Float64Array.of(price);
  return {
    length,
    openUs: at,
    closeUs: at,
    open: ticks,
    high: ticks,
    low: ticks,
    close: ticks,
    volume: Float64Array.of(NaN),
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Feeds that have at least one bar, each on its first batch, and live ones. */
function openFeeds(
  feeds: readonly BarFeed[],
  config: EngineConfig,
  series: readonly Series[],
): FeedCursor[] {
  const cursors: FeedCursor[] = [];
  for (const feed of feeds) {
    const cursor = new FeedCursor(feed, config, series);
    if (cursor.load() || cursor.isWaiting) cursors.push(cursor);
    else feed.source.close();
  }
  return cursors;
}

function firstUs(feeds: readonly FeedCursor[]): TsUs {
  let first = TS_MAX;
  for (const { batch, isWaiting } of feeds)
    if (!isWaiting && batch.openUs[0]! < first) first = batch.openUs[0]! as TsUs;
  return first;
}

/** The last close of each trade date over all products, from the first date of the run and the first bar on. */
function lastCloses(
  sessions: readonly { length: number; tradeDate: Int32Array; closeUs: Float64Array }[],
  from: TradeDate,
  startUs: TsUs,
): Map<TradeDate, number> {
  const closes = new Map<TradeDate, number>();
  for (const { length, tradeDate, closeUs } of sessions) {
    for (let i = 0; i < length; i += 1) {
      const date = tradeDate[i]! as TradeDate;
      if (date < from || closeUs[i]! < startUs) continue;
      closes.set(date, Math.max(closes.get(date) ?? -Infinity, closeUs[i]!));
    }
  }
  return closes;
}

function configError(message: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('E_ENGINE_CONFIG', message, {
    details,
    rule: 'chains, series, calendars and feeds name rows of one contract table',
    fix: 'correct the named part of the run',
  });
}

function checkConfig(config: EngineConfig): void {
  const { table, calendars, chains, series, feeds } = config;
  if (calendars.length !== table.instruments.length) {
    throw configError(`${calendars.length} calendars for ${table.instruments.length} instruments`, {
      calendars: calendars.length,
    });
  }
  for (const { root } of chains)
    if (!table.instruments.some((spec) => spec.root === root))
      throw configError(`chain of ${root}: the table has no such instrument`, { root });
  const keys = new Set<string>();
  for (const { key, root, chainIndex } of series) {
    if (chains[chainIndex]?.root !== root)
      throw configError(`series ${key}: chain ${chainIndex} is not one of ${root}`, {
        key,
        chainIndex,
      });
    if (keys.has(key)) throw configError(`series key ${key} is used twice`, { key });
    keys.add(key);
  }
  for (const { contractIndex } of feeds)
    if (table.contracts[contractIndex] === undefined)
      throw configError(`a feed names contract row ${contractIndex}`, { contractIndex });
  const isLive = [...feeds, ...(config.ticks ?? [])].some((feed) => feed.isLive === true);
  if (isLive && config.startUs === undefined)
    throw configError('a run on live feeds has no startUs', { startUs: null });
}

const HOOKS = [
  'onStart',
  'onWarmUpBar',
  'onBar',
  'onQuote',
  'onTrade',
  'onDepth',
  'onOrder',
  'onFill',
  'onRoll',
  'onSessionOpen',
  'onSessionClose',
  'onTimer',
  'onStop',
  'saveState',
  'restoreState',
] as const satisfies readonly (keyof Strategy)[];

/** The hooks of a strategy, none of which is called any more once one has thrown; `onError` hears of it. */
function guardHooks(strategy: Strategy, onError: (cause: unknown, hook: string) => void): Strategy {
  const guarded: Record<string, unknown> = {};
  let isStopped = false;
  for (const name of HOOKS) {
    const hook = strategy[name] as ((...args: unknown[]) => unknown) | undefined;
    if (typeof hook !== 'function') continue;
    guarded[name] = (...args: unknown[]): unknown => {
      if (isStopped) return null;
      try {
        return hook.apply(strategy, args);
      } catch (cause) {
        isStopped = true;
        onError(cause, name);
        return null;
      }
    };
  }
  return guarded as Strategy;
}

/** After its first `await` a hook would act outside its event, on a context that is no longer valid. */
function refuseAsyncHooks(strategy: Strategy): void {
  for (const name of HOOKS) {
    const hook = strategy[name];
    if (typeof hook !== 'function' || hook.constructor.name === 'Function') continue;
    throw new TradingError('E_STRATEGY_ASYNC', `the hook ${name} is an ${hook.constructor.name}`, {
      details: { hook: name },
      where: name,
      rule: 'hooks are synchronous: calls return at once and outcomes arrive as events',
      fix: `remove \`async\` from ${name}; act on onOrder, onFill or onTimer instead of waiting`,
    });
  }
}
