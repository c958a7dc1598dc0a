/**
 * Messages on their way: a venue whose orders, changes and cancels arrive some bars of their contract later.
 *
 * Without it, a message takes part in the first bar that opens at or after its sending. With a delay of n it reaches the
 * venue at the close of the n-th such bar and takes part from the next one on: what was sent at the close of bar k acts
 * from the open of bar k + 1 + n. Everything else is the venue's own: it judges a message by its arrival, with the
 * position, the last price and the session of that moment. Exits that a fill releases are at the venue already and wait
 * for nothing; a GTD order whose time has passed is refused; a DAY order that arrives at a close works in the session
 * after it, as one sent then would. Messages of one contract never overtake each other.
 *
 * What the engine sends to move a position at a roll is not delayed (`sender`): the roll is no decision of the strategy,
 * and a contract may have no bar after it.
 */
import type { BarColumns } from '../core/bars.ts';
import type {
  CancelRequest,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../core/execution.ts';
import type { ClOrdId } from '../core/order.ts';
import type { ExecutionSink } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import type { BarExchange, BarExchangeCounts } from './bar-options.ts';

interface Message {
  readonly sentUs: number;
  /** A change or cancel, a new order or group, or a new market order. */
  readonly what: 'change' | 'new' | 'market';
  /** Bars of the contract that still have to end. */
  barsLeft: number;
  readonly arrive: (arrivedUs: TsUs) => void;
}

/** A bar venue behind a line on which messages wait, in order, contract by contract. */
abstract class BarLine implements BarExchange {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly counts: Readonly<BarExchangeCounts>;
  protected readonly venue: BarExchange;
  /** By contract, in the order of sending. */
  protected readonly onTheWay: readonly Message[][];
  /** Contract of every order that was ever sent: a change or cancel names only the order. */
  readonly #contractOf: Map<ClOrdId, number> = new Map();

  constructor(venue: BarExchange) {
    this.venue = venue;
    this.capabilities = venue.capabilities;
    this.counts = venue.counts;
    this.lastTicks = venue.lastTicks;
    this.wakeLow = venue.wakeLow.slice();
    this.wakeHigh = venue.wakeHigh.slice();
    this.onTheWay = Array.from(venue.wakeLow, () => []);
  }

  connect(sink: ExecutionSink): void {
    this.venue.connect(sink);
  }

  submit(request: NewOrderRequest): void {
    const { contractIndex } = request;
    this.#contractOf.set(request.clOrdId, contractIndex);
    const arrive = (sentUs: TsUs): void => this.venue.submit({ ...request, sentUs });
    if (request.sender !== undefined) this.#now(contractIndex, () => this.venue.submit(request));
    else {
      const what = request.spec.type === 'market' ? 'market' : 'new';
      this.#send(contractIndex, request.sentUs, what, arrive);
    }
  }

  submitGroup(request: OrderGroupRequest): void {
    const { entry, children } = request;
    const orders = [...(entry === null ? [] : [entry]), ...children.map((child) => child.order)];
    const first = orders[0];
    if (first === undefined) {
      this.venue.submitGroup(request);
      return;
    }
    const { contractIndex } = first;
    for (const order of orders) this.#contractOf.set(order.clOrdId, order.contractIndex);
    if (first.sender !== undefined) {
      this.#now(contractIndex, () => this.venue.submitGroup(request));
      return;
    }
    const what = entry?.spec.type === 'market' ? 'market' : 'new';
    this.#send(contractIndex, request.sentUs, what, (sentUs) =>
      this.venue.submitGroup({
        ...request,
        sentUs,
        entry: entry === null ? null : { ...entry, sentUs },
        children: children.map((child) => ({ ...child, order: { ...child.order, sentUs } })),
      }),
    );
  }

  replace(request: ReplaceRequest): void {
    const contractIndex = this.#contractOf.get(request.clOrdId);
    if (contractIndex === undefined) this.venue.replace(request);
    else if (request.sender !== undefined) {
      this.#now(contractIndex, () => this.venue.replace(request));
    } else {
      this.#send(contractIndex, request.sentUs, 'change', (sentUs) =>
        this.venue.replace({ ...request, sentUs }),
      );
    }
  }

  cancel(request: CancelRequest): void {
    const contractIndex = this.#contractOf.get(request.clOrdId);
    if (contractIndex === undefined) this.venue.cancel(request);
    else if (request.sender !== undefined) {
      this.#now(contractIndex, () => this.venue.cancel(request));
    } else {
      this.#send(contractIndex, request.sentUs, 'change', (sentUs) =>
        this.venue.cancel({ ...request, sentUs }),
      );
    }
  }

  abstract onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void;
  /** Bars that a message of now waits for. */
  protected abstract readonly delayBars: number;

  /** Waiting messages wake this venue at any bar; the one behind it sees only the bars that concern it. */
  protected passBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    const { venue } = this;
    const isItsBar =
      bars.low[row]! <= venue.wakeLow[contractIndex]! ||
      bars.high[row]! >= venue.wakeHigh[contractIndex]!;
    if (isItsBar) venue.onBar(contractIndex, bars, row, flags);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.venue.onSessionClose(contractIndex, closeUs);
    this.wake(contractIndex);
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.venue.onContractExpiry(contractIndex, tsUs);
    // No bar will come: what is on the way is refused now.
    this.deliver(contractIndex, this.onTheWay[contractIndex]!.length, tsUs);
    this.wake(contractIndex);
  }

  onTime(nowUs: TsUs): void {
    this.venue.onTime(nowUs);
    for (let c = 0; c < this.onTheWay.length; c += 1) this.wake(c);
  }

  nextTimerUs(): TsUs {
    return this.venue.nextTimerUs();
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.venue.setPosition(contractIndex, netQty);
  }

  /** What is on the way arrives now: the engine is about to move the orders of the contract. */
  hasten(contractIndex: number, nowUs: TsUs): void {
    this.deliver(contractIndex, this.onTheWay[contractIndex]!.length, nowUs);
    this.wake(contractIndex);
  }

  #send(
    contractIndex: number,
    sentUs: number,
    what: Message['what'],
    arrive: Message['arrive'],
  ): void {
    this.onTheWay[contractIndex]!.push({ sentUs, what, barsLeft: this.delayBars, arrive });
    this.wake(contractIndex);
  }

  #now(contractIndex: number, act: () => void): void {
    act();
    this.wake(contractIndex);
  }

  protected deliver(contractIndex: number, count: number, arrivedUs: TsUs): void {
    for (const message of this.onTheWay[contractIndex]!.splice(0, count)) {
      message.arrive(arrivedUs);
    }
  }

  protected wake(contractIndex: number): void {
    const isWaiting = this.onTheWay[contractIndex]!.length > 0;
    this.wakeLow[contractIndex] = this.venue.wakeLow[contractIndex]!;
    this.wakeHigh[contractIndex] = isWaiting ? -Infinity : this.venue.wakeHigh[contractIndex]!;
  }
}

/** A bar venue behind a line that takes `delayBars` bars. Errors: those of the venue. */
export class DelayedBarVenue extends BarLine {
  protected readonly delayBars: number;

  constructor(venue: BarExchange, delayBars: number) {
    super(venue);
    this.delayBars = delayBars;
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    this.passBar(contractIndex, bars, row, flags);
    this.#endBar(contractIndex, bars, row);
    this.wake(contractIndex);
  }

  /** A bar counts for the messages that could have taken part in it, whether it executed anything or not. */
  #endBar(contractIndex: number, bars: BarColumns, row: number): void {
    const messages = this.onTheWay[contractIndex]!;
    if (messages.length === 0) return;
    const openUs = bars.openUs[row]!;
    const closeUs = bars.closeUs[row]!;
    let due = 0;
    for (const message of messages) {
      const isSeen = openUs === closeUs ? message.sentUs < openUs : message.sentUs <= openUs;
      if (!isSeen) continue;
      message.barsLeft -= 1;
      // Messages before it were sent no later, so they are due too.
      if (message.barsLeft === 0) due += 1;
    }
    if (due === 0) return;
    // The engine writes the last price after the bar; what arrives now already knows it.
    this.lastTicks[contractIndex] = bars.close[row]!;
    this.deliver(contractIndex, due, closeUs as TsUs);
  }
}

/** Shortest time after an open within which a late market order still gets that open. */
const OPEN_SLACK_MIN_US = 250_000;

/**
 * A bar venue behind a line that takes `latencyUs`. What arrives by the open of a bar takes part in it. What arrives inside
 * it knows only some rest of the bar: a market order within `openSlackUs` of the open still gets the open, flagged; another
 * order starts with the next bar, or with the first finer one that opens after its arrival; a change or cancel comes after
 * whatever the bar fills. Errors: those of the venue.
 */
export class LateBarVenue extends BarLine {
  protected readonly delayBars: number = 0;
  readonly #venue: BarExchange & { isSubBar: boolean };
  readonly #latencyUs: number;
  readonly #openSlackUs: number | null;

  constructor(
    venue: BarExchange & { isSubBar: boolean },
    latencyUs: number,
    openSlackUs: number | null,
  ) {
    super(venue);
    this.#venue = venue;
    this.#latencyUs = latencyUs;
    this.#openSlackUs = openSlackUs;
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    const openUs = bars.openUs[row]!;
    const closeUs = bars.closeUs[row]!;
    const slackUs =
      openUs === closeUs
        ? 0
        : (this.#openSlackUs ?? Math.max(OPEN_SLACK_MIN_US, (closeUs - openUs) / 100));
    for (;;) {
      const message = this.onTheWay[contractIndex]![0];
      if (message === undefined) break;
      const arriveUs = message.sentUs + this.#latencyUs;
      const isInside = arriveUs > openUs;
      if (isInside && (message.what === 'change' || arriveUs > closeUs)) break;
      const isSubBar = isInside && message.what === 'market' && arriveUs - openUs < slackUs;
      this.#venue.isSubBar = isSubBar;
      this.deliver(contractIndex, 1, (isSubBar ? openUs : arriveUs) as TsUs);
      this.#venue.isSubBar = false;
    }
    this.passBar(contractIndex, bars, row, flags);
    // The engine writes the last price after the bar; what arrives now already knows it.
    this.lastTicks[contractIndex] = bars.close[row]!;
    this.#arriveBy(contractIndex, closeUs);
    this.wake(contractIndex);
  }

  override onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#arriveBy(contractIndex, closeUs);
    super.onSessionClose(contractIndex, closeUs);
  }

  #arriveBy(contractIndex: number, nowUs: number): void {
    for (;;) {
      const message = this.onTheWay[contractIndex]![0];
      if (message === undefined || message.sentUs + this.#latencyUs > nowUs) return;
      this.deliver(contractIndex, 1, (message.sentUs + this.#latencyUs) as TsUs);
    }
  }
}
