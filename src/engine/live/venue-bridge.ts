/**
 * A broker's adapter where the engine expects a venue. Requests go through at once, after the journal was written; what the
 * adapter tells waits in one queue, and the engine takes it inside its loop. Prices never wake it.
 */
import { BugError } from '../../core/errors.ts';
import type {
  CancelRequest,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../core/execution.ts';
import type { LiveEvent, LiveSink, LiveVenue, MarketEvent, Scheduler } from '../../core/live.ts';
import type { ClOrdId } from '../../core/order.ts';
import type { TradeColumns } from '../../core/bars.ts';
import type { ExecutionSink, SimulatedVenue, TickColumns, TickKind } from '../../core/ports.ts';
import type { TsUs } from '../../core/units.ts';
import { TS_MAX } from '../../core/units.ts';

/** The venue is asked about an order after this long, then twice as long, up to the last. */
const FIRST_ASK_US = 500_000;
const LAST_ASK_US = 30_000_000;

export interface BridgeOptions {
  readonly venue: LiveVenue;
  /** Rows of the run's contract table. */
  readonly contracts: number;
  readonly scheduler: Scheduler;
  /** Writes what the journal has; called before every request. */
  readonly flush: () => void;
  /** Something waits: the engine is to be advanced soon. Called from inside a network callback; it only schedules. */
  readonly onArrival: () => void;
  /** Market data do not queue with the rest: they go to the feeds at once. */
  readonly onMarket?: (event: MarketEvent, receivedUs: TsUs) => void;
  /** From when executions are asked for; a moment before the last one that is known. */
  readonly sinceUs: () => TsUs;
  /** 1 for each contract whose ticks mark it; default none: bars do. */
  readonly matchesTicks?: Uint8Array;
}

export class VenueBridge implements SimulatedVenue, LiveSink {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly matchesTicks: Uint8Array;
  readonly #options: BridgeOptions;
  #sink: ExecutionSink | null = null;
  #queue: LiveEvent[] = [];
  #at: number = 0;
  /** Questions on their way, and how often each was asked. */
  readonly #asking: Set<ClOrdId | ''> = new Set();
  readonly #asked: Map<ClOrdId | '', { times: number; lastUs: TsUs }> = new Map();
  #isClosed: boolean = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.capabilities = options.venue.capabilities;
    this.wakeLow = new Float64Array(options.contracts).fill(-Infinity);
    this.wakeHigh = new Float64Array(options.contracts).fill(Infinity);
    this.lastTicks = new Float64Array(options.contracts).fill(NaN);
    this.matchesTicks = options.matchesTicks ?? new Uint8Array(options.contracts);
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  /** Nothing is asked any more; what waits can still be taken. */
  close(): void {
    this.#isClosed = true;
  }

  submit(request: NewOrderRequest): void {
    this.#options.flush();
    this.#options.venue.submit(request);
  }

  submitGroup(request: OrderGroupRequest): void {
    this.#options.flush();
    this.#options.venue.submitGroup(request);
  }

  replace(request: ReplaceRequest): void {
    this.#options.flush();
    this.#options.venue.replace(request);
  }

  cancel(request: CancelRequest): void {
    this.#options.flush();
    this.#options.venue.cancel(request);
  }

  /** From the adapter, at any moment. */
  onEvent(event: LiveEvent): void {
    if (event.kind === 'market') this.#options.onMarket?.(event.market, event.receivedUs);
    else this.#queue.push(event);
    this.#options.onArrival();
  }

  /** Events that wait. */
  get waiting(): number {
    return this.#queue.length - this.#at;
  }

  inboxUs(): TsUs {
    return this.#queue[this.#at]?.receivedUs ?? TS_MAX;
  }

  takeEvent(): void {
    const event = this.#queue[this.#at]!;
    this.#at += 1;
    if (this.#at === this.#queue.length) {
      this.#queue = [];
      this.#at = 0;
    }
    if (event.kind === 'report') this.#sink!.onReport(event.report);
    else this.#sink!.onLive?.(event);
  }

  /** Asks until there is an answer; the answer arrives as an event. One question of a kind at a time. */
  ask(clOrdId: ClOrdId | null): void {
    const key = clOrdId ?? '';
    if (this.#isClosed || this.#asking.has(key)) return;
    this.#asking.add(key);
    const { scheduler } = this.#options;
    const lastUs = scheduler.nowUs();
    const asked = this.#asked.get(key);
    // A doubt that comes up much later is a new one.
    const isNew = asked === undefined || lastUs - asked.lastUs > 2 * LAST_ASK_US;
    const times = isNew ? 0 : asked.times;
    this.#asked.set(key, { times: times + 1, lastUs });
    const delayUs = Math.min(FIRST_ASK_US * 2 ** Math.min(times, 10), LAST_ASK_US);
    scheduler.after(delayUs, () => void this.#askNow(clOrdId, key));
  }

  async #askNow(clOrdId: ClOrdId | null, key: ClOrdId | ''): Promise<void> {
    if (this.#isClosed) return;
    const { venue, scheduler, sinceUs } = this.#options;
    const askedUs = scheduler.nowUs();
    let event: LiveEvent;
    try {
      if (clOrdId === null) {
        const snapshot = await venue.snapshot(sinceUs());
        event = { kind: 'snapshot', receivedUs: scheduler.nowUs(), snapshot };
      } else {
        const order = await venue.findOrder(clOrdId);
        event = { kind: 'found', receivedUs: scheduler.nowUs(), askedUs, clOrdId, order };
      }
    } catch (cause) {
      // Whatever the venue or the network refuses is asked again; a bug of the program is not hidden.
      if (cause instanceof BugError) throw cause;
      this.#asking.delete(key);
      this.ask(clOrdId);
      return;
    }
    this.#asking.delete(key);
    if (!this.#isClosed) this.onEvent(event);
  }

  /** Prices move no order here; they mark positions. */
  onBar(): void {}
  onTick(kind: TickKind, contractIndex: number, columns: TickColumns, row: number): void {
    if (kind === 'trades') this.lastTicks[contractIndex] = (columns as TradeColumns).price[row]!;
  }
  onSessionClose(): void {}
  onContractExpiry(): void {}
  onTime(): void {}
  nextTimerUs(): TsUs {
    return TS_MAX;
  }
  setPosition(): void {}
}
