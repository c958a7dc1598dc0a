/**
 * One contract of the gateway: a market of its own with an order book, or a recorded one with our orders over it; what it
 * publishes (quotes, trades, levels), its session figures and its bars.
 */
import type { TickColumns, TickKind } from '../../../core/ports.ts';
import type { BookView } from '../../../core/book/types.ts';
import type { Side, TriggerSource } from '../../../core/order.ts';
import type { MarketCommand } from '../../exchange/command-journal.ts';
import { applyCommand } from '../../exchange/command-journal.ts';
import type { ContractMarket, MarketOptions } from '../../exchange/contract-market.ts';
import type {
  MarketOrder,
  MarketOrderInput,
  MarketPhase,
  MarketReplaceInput,
  MarketSink,
} from '../../exchange/market-order.ts';
import { createPublishedMarket } from '../../exchange/published-book.ts';
import type { ReplayFeed, ReplayOptions } from '../../replay/replay-market.ts';
import { ReplayMarket } from '../../replay/replay-market.ts';
import { US_PER_MINUTE } from '../../../core/units.ts';
import type { DaySource } from './bar-store.ts';
import { BarStore } from './bar-store.ts';
import type { GatewayContract } from './contracts.ts';

/** A market of its own, or the kind of record that ours lies over. */
export type MarketKind = 'exchange' | ReplayFeed;

export interface HostOptions {
  readonly kind: MarketKind;
  /** What elects stops. Default `last`; `bid-ask` where a record has no trades. */
  readonly trigger?: TriggerSource;
  readonly market?: Omit<MarketOptions, 'startPhase'>;
  readonly replay?: Omit<ReplayOptions, 'feed' | 'startPhase'>;
  /** Default `open`: a gateway without sessions never closes. */
  readonly startPhase?: MarketPhase;
}

/** Hears what a market publishes. */
export interface TapeListener {
  onTape(host: MarketHost, tsUs: number): void;
  onPrint(
    host: MarketHost,
    priceTicks: number,
    qty: number,
    aggressor: Side | 0,
    tsUs: number,
  ): void;
}

/** Levels of a recorded book that are published. */
const LEVELS = 10;

/** Session figures; NaN where nothing is known. */
export interface SessionFigures {
  lastTicks: number;
  openTicks: number;
  highTicks: number;
  lowTicks: number;
  volume: number;
  /** Last price of the session before. */
  previousTicks: number;
}

export class MarketHost {
  readonly contract: GatewayContract;
  readonly index: number;
  readonly kind: MarketKind;
  readonly trigger: TriggerSource;
  readonly bars: BarStore;
  readonly session: SessionFigures = {
    lastTicks: NaN,
    openTicks: NaN,
    highTicks: NaN,
    lowTicks: NaN,
    volume: 0,
    previousTicks: NaN,
  };
  /** Sizes by price, as published. */
  readonly bids: Map<number, number> = new Map();
  readonly asks: Map<number, number> = new Map();
  /** Levels that changed in the event in hand: side, price, size, one after the other. */
  readonly changed: number[] = [];
  bidTicks: number = NaN;
  askTicks: number = NaN;
  /** Of the last event or command. */
  nowUs: number = -Infinity;
  readonly #days: DaySource;
  readonly #tape: TapeListener;
  readonly #exchange: ContractMarket | null;
  readonly #replay: ReplayMarket | null;
  #dayOpenUs: number = -Infinity;
  #minute: number = NaN;

  constructor(
    contract: GatewayContract,
    index: number,
    options: HostOptions,
    days: DaySource,
    tape: TapeListener,
    sink: MarketSink,
  ) {
    this.contract = contract;
    this.index = index;
    this.kind = options.kind;
    this.trigger = options.trigger ?? 'last';
    this.bars = new BarStore(days);
    this.#days = days;
    this.#tape = tape;
    const startPhase = options.startPhase ?? 'open';
    if (options.kind === 'exchange') {
      this.#replay = null;
      this.#exchange = createPublishedMarket(
        {
          onReport: (report) => sink.onReport(report),
          onPrint: (priceTicks, qty, aggressor, tsUs) =>
            this.#onPrint(priceTicks, qty, aggressor, tsUs),
        },
        {
          onLevel: (side, priceTicks, qty) => this.#setLevel(side, priceTicks, qty),
          onTop: (bidTicks, _bidQty, askTicks) => {
            this.bidTicks = bidTicks;
            this.askTicks = askTicks;
          },
          onEnd: (tsUs) => this.#tell(tsUs),
        },
        { remainder: 'cancel', ...options.market, startPhase },
      );
    } else {
      this.#exchange = null;
      this.#replay = new ReplayMarket(sink, {
        ...options.replay,
        feed: options.kind,
        startPhase,
      });
    }
  }

  // ------------------------------------------------------------------------------------------------- orders

  /** Price of the last trade in ticks, or NaN. */
  get lastTicks(): number {
    const { lastTicks } = this.#exchange ?? this.#replay!.market;
    return Number.isNaN(lastTicks) ? this.session.lastTicks : lastTicks;
  }
  get phase(): MarketPhase {
    return (this.#exchange ?? this.#replay!).phase;
  }
  /** When something happens in the market by itself, or Infinity. */
  get dueUs(): number {
    return (this.#exchange ?? this.#replay!.market).dueUs;
  }
  submit(input: MarketOrderInput, tsUs: number): void {
    (this.#exchange ?? this.#replay!).submit(input, this.#at(tsUs));
  }
  cancel(participant: number, clOrdId: string, tsUs: number): void {
    (this.#exchange ?? this.#replay!).cancel(participant, clOrdId, this.#at(tsUs));
  }
  replace(participant: number, clOrdId: string, change: MarketReplaceInput, tsUs: number): void {
    (this.#exchange ?? this.#replay!).replace(participant, clOrdId, change, this.#at(tsUs));
  }
  orderOf(participant: number, clOrdId: string): MarketOrder | null {
    return (this.#exchange ?? this.#replay!).orderOf(participant, clOrdId);
  }
  advance(tsUs: number): void {
    (this.#exchange ?? this.#replay!).advance(this.#at(tsUs));
  }

  /** What a position is worth by: the last trade or, before the first, the middle of the market. NaN: nothing is known. */
  get markTicks(): number {
    const last = this.lastTicks;
    return Number.isNaN(last) ? (this.bidTicks + this.askTicks) / 2 : last;
  }

  // --------------------------------------------------------------------------------------------------- feed

  onQuote(bidTicks: number, bidQty: number, askTicks: number, askQty: number, tsUs: number): void {
    this.#replay?.onQuote(bidTicks, bidQty, askTicks, askQty, this.#at(tsUs));
    this.#setBest(1, bidTicks, bidQty);
    this.#setBest(-1, askTicks, askQty);
    this.#tell(tsUs);
  }

  onTrade(priceTicks: number, qty: number, aggressor: Side | 0, tsUs: number): void {
    this.#replay?.onTrade(priceTicks, qty, aggressor, this.#at(tsUs));
    this.#onPrint(priceTicks, qty, aggressor, tsUs);
    this.#tell(tsUs);
  }

  onLevel(side: Side, priceTicks: number, qty: number, tsUs: number, isEventEnd: boolean): void {
    this.#replay?.onLevel(side, priceTicks, qty, this.#at(tsUs), isEventEnd);
    this.#setLevel(side, priceTicks, qty);
    if (!isEventEnd) return;
    this.bidTicks = bestOf(this.bids, 1);
    this.askTicks = bestOf(this.asks, -1);
    this.#tell(tsUs);
  }

  onRow(kind: TickKind, columns: TickColumns, row: number): void {
    const tsUs = columns.tsUs[row]!;
    if (kind === 'quotes' && 'bid' in columns) {
      const { bid, bidQty, ask, askQty } = columns;
      this.onQuote(bid[row]!, bidQty[row]!, ask[row]!, askQty[row]!, tsUs);
    } else if (kind === 'trades' && 'aggressor' in columns) {
      const side = Math.sign(columns.aggressor[row]!) as Side | 0;
      this.onTrade(columns.price[row]!, columns.qty[row]!, side, tsUs);
    } else if (kind === 'depth' && 'orderCount' in columns) {
      const { side, price, qty, isEventEnd } = columns;
      this.onLevel(side[row]! as Side, price[row]!, qty[row]!, tsUs, isEventEnd[row] !== 0);
    } else if (kind === 'mbo' && 'orderId' in columns) {
      this.#at(tsUs);
      this.#replay?.onMbo(columns, row, row + 1);
      // The prints of the record; its book is read where an event ends.
      if (columns.action[row] === 3)
        this.#onPrint(columns.price[row]!, columns.qty[row]!, columns.side[row]! as Side | 0, tsUs);
      if (columns.isEventEnd[row] !== 0 && this.#replay !== null) {
        this.#readLevels(this.#replay.mbo.book);
        this.#tell(tsUs);
      }
    }
  }

  onCommand(command: MarketCommand): void {
    if (this.#exchange === null) return;
    applyCommand(this.#exchange, { ...command, tsUs: this.#at(command.tsUs) });
  }

  onPhase(phase: MarketPhase, tsUs: number): void {
    (this.#exchange ?? this.#replay!).setPhase(phase, this.#at(tsUs));
  }

  // -------------------------------------------------------------------------------------------------- inside

  #at(tsUs: number): number {
    if (tsUs > this.nowUs) this.nowUs = tsUs;
    return this.nowUs;
  }

  #onPrint(priceTicks: number, qty: number, aggressor: Side | 0, tsUs: number): void {
    const { session } = this;
    const minute = Math.floor(tsUs / US_PER_MINUTE);
    if (minute !== this.#minute) this.#newMinute(tsUs, minute);
    session.lastTicks = priceTicks;
    session.highTicks = Number.isNaN(session.highTicks)
      ? priceTicks
      : Math.max(session.highTicks, priceTicks);
    session.lowTicks = Number.isNaN(session.lowTicks)
      ? priceTicks
      : Math.min(session.lowTicks, priceTicks);
    if (Number.isNaN(session.openTicks)) session.openTicks = priceTicks;
    session.volume += qty;
    this.bars.onTrade(tsUs, priceTicks, qty);
    this.#tape.onPrint(this, priceTicks, qty, aggressor, tsUs);
  }

  /** Sessions begin at whole minutes: the calendar is asked once in each that trades. */
  #newMinute(tsUs: number, minute: number): void {
    this.#minute = minute;
    const openUs = this.#days.openUs(tsUs);
    if (openUs === this.#dayOpenUs) return;
    const { session } = this;
    if (this.#dayOpenUs !== -Infinity) {
      session.previousTicks = session.lastTicks;
      session.openTicks = session.highTicks = session.lowTicks = NaN;
      session.volume = 0;
    }
    this.#dayOpenUs = openUs;
  }

  #setBest(side: Side, priceTicks: number, qty: number): void {
    const levels = side === 1 ? this.bids : this.asks;
    for (const price of levels.keys()) if (price !== priceTicks) this.#setLevel(side, price, 0);
    if (qty > 0 && !Number.isNaN(priceTicks)) this.#setLevel(side, priceTicks, qty);
    if (side === 1) this.bidTicks = qty > 0 ? priceTicks : NaN;
    else this.askTicks = qty > 0 ? priceTicks : NaN;
  }

  #setLevel(side: Side, priceTicks: number, qty: number): void {
    const levels = side === 1 ? this.bids : this.asks;
    if ((levels.get(priceTicks) ?? 0) === qty) return;
    if (qty > 0) levels.set(priceTicks, qty);
    else levels.delete(priceTicks);
    this.changed.push(side, priceTicks, qty);
  }

  /** The best levels of a book, against those that were told. */
  #readLevels(view: BookView): void {
    for (const side of [1, -1] as const) {
      const levels = side === 1 ? this.bids : this.asks;
      const last = view.priceAt(side, Math.min(LEVELS, view.levelCount(side)) - 1);
      for (const price of levels.keys())
        if (!((price - last) * side >= 0) || view.depthOf(side, price) < 0)
          this.#setLevel(side, price, 0);
      for (let depth = 0; depth < LEVELS; depth += 1) {
        const price = view.priceAt(side, depth);
        if (Number.isNaN(price)) break;
        this.#setLevel(side, price, view.qtyAt(side, depth));
      }
    }
    this.bidTicks = view.bestBid;
    this.askTicks = view.bestAsk;
  }

  #tell(tsUs: number): void {
    this.#tape.onTape(this, tsUs);
    this.changed.length = 0;
  }
}

function bestOf(levels: ReadonlyMap<number, number>, side: Side): number {
  let best = NaN;
  for (const price of levels.keys()) if (!((price - best) * side <= 0)) best = price;
  return best;
}
