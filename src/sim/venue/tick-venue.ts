/**
 * The simulated venue over recorded ticks: one replay market for each contract, behind the same port as the bar venue. It
 * translates requests and reports, lets orders wait while a market is closed or its data are old, and follows the phases of
 * the calendar. What trades, and why, is decided by `replay/` and `exchange/`.
 *
 * An order that arrives while the newest data of its contract are from before the open, or older than `staleUs`, is accepted
 * and waits for the next event of the record: it never trades at a price that is no longer there.
 */
import type { BarColumns } from '../../core/bars.ts';
import { assert } from '../../core/errors.ts';
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../core/execution.ts';
import type { ClOrdId } from '../../core/order.ts';
import type {
  ExecutionSink,
  OpeningDetails,
  SimulatedVenue,
  TickColumns,
  TickKind,
  VenuePhase,
} from '../../core/ports.ts';
import type { PriceTicks, Qty, TsUs } from '../../core/units.ts';
import { TS_MAX, TS_MIN } from '../../core/units.ts';
import type { MarketReport } from '../exchange/market-order.ts';
import { isRestated } from '../exchange/market-order.ts';
import type { FeeModel } from '../fee-model.ts';
import type { GroupEvent } from '../groups/group-desk.ts';
import { FeeTab, NO_FEES } from '../fee-model.ts';
import { ContractFeed } from './contract-feed.ts';
import type { TickVenueOptions } from './options.ts';
import { checkTickOptions, STALE_US } from './options.ts';
import type { OrderRules } from './requests.ts';
import { ACCOUNT, profileProblem, toMarketGroup, toMarketOrder } from './requests.ts';

/** Accepted, and kept until the market can take it. */
interface Waiting {
  readonly request: NewOrderRequest | OrderGroupRequest;
  readonly orders: readonly NewOrderRequest[];
  readonly arrivedUs: number;
}

/** One contract that matches on ticks. */
interface Desk {
  readonly contractIndex: number;
  readonly feed: ContractFeed;
  readonly rules: OrderRules;
  phase: VenuePhase;
  /** Since when it trades without interruption. */
  openUs: number;
  /** Of the trade date in progress: orders for the close are taken until `closeCutoffUs` before it. */
  closeUs: number;
  /** Time of its newest data. */
  dataUs: number;
  waiting: Waiting[];
  isExpired: boolean;
}

interface KnownOrder {
  readonly desk: Desk;
  readonly expireUs: number;
  readonly isTrailing: boolean;
  fillCount: number;
  readonly feeTab: FeeTab;
  isDone: boolean;
}

/** Builds a venue on ticks. Errors: E_SIM_OPTION. */
export function createTickVenue(options: TickVenueOptions): SimulatedVenue {
  checkTickOptions(options);
  return new TickVenue(options);
}

class TickVenue implements SimulatedVenue {
  readonly capabilities: VenueCapabilities;
  /** No bar wakes it. */
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  /** The mark of each contract: its last trade or, before the first, the middle of its market rounded down. */
  readonly lastTicks: Float64Array;
  readonly matchesTicks: Uint8Array;
  readonly #options: TickVenueOptions;
  readonly #staleUs: number;
  readonly #fees: FeeModel;
  readonly #desks: readonly (Desk | null)[];
  readonly #orders: Map<string, KnownOrder> = new Map();
  /** Orders with a date of expiry, for the timer. */
  readonly #dated: Set<KnownOrder> = new Set();
  #sink: ExecutionSink | null = null;
  #nowUs: number = TS_MIN;
  /** Orders that were accepted before they reached the market: its own acceptance is not told again. */
  #releasing: Set<string> | null = null;

  constructor(options: TickVenueOptions) {
    const { table, matching, profile } = options;
    const count = table.contracts.length;
    this.#options = options;
    this.#staleUs = options.staleUs ?? STALE_US;
    this.#fees = options.fees ?? NO_FEES;
    this.capabilities = profile.capabilities;
    this.wakeLow = new Float64Array(count).fill(-Infinity);
    this.wakeHigh = new Float64Array(count).fill(Infinity);
    this.lastTicks = new Float64Array(count).fill(NaN);
    this.matchesTicks = Uint8Array.from(matching, (kind) => (kind === null ? 0 : 1));
    this.#desks = matching.map((kind, contractIndex) =>
      kind === null
        ? null
        : {
            contractIndex,
            feed: new ContractFeed(kind, options, {
              onReport: (report) => this.#translate(contractIndex, report),
              onGroup: (event) => this.#onGroup(contractIndex, event),
            }),
            rules: {
              profile,
              ownMessageUs: options.ownMessageUs ?? 0,
              trigger: options.hasPrints[contractIndex] === 1 ? 'last' : 'bid-ask',
            },
            phase: 'closed',
            openUs: TS_MAX,
            closeUs: TS_MAX,
            dataUs: TS_MIN,
            waiting: [],
            isExpired: false,
          },
    );
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  // ------------------------------------------------------------------------------------------------ requests

  submit(request: NewOrderRequest): void {
    const desk = this.#deskOf(request.contractIndex, request.sentUs);
    this.#take(desk, request, [request]);
  }

  submitGroup(request: OrderGroupRequest): void {
    const orders = request.children.map((child) => child.order);
    if (request.entry !== null) orders.unshift(request.entry);
    const first = orders[0];
    if (first === undefined) return;
    const desk = this.#deskOf(first.contractIndex, request.sentUs);
    const isOne = orders.every((order) => order.contractIndex === first.contractIndex);
    const reason = isOne ? profileProblem(request, this.#options.profile) : 'invalid-group';
    if (reason !== null) for (const order of orders) this.#reject(order, reason);
    else this.#take(desk, request, orders);
  }

  replace(request: ReplaceRequest): void {
    const known = this.#orders.get(request.clOrdId);
    this.#see(request.sentUs);
    if (known === undefined || known.isDone) {
      this.#refuse('ReplaceRejected', request, known);
      return;
    }
    const { qty, limitTicks, stopTicks, sentUs } = request;
    const isPrice = (limitTicks ?? stopTicks) !== undefined;
    if (known.isTrailing && isPrice && this.#options.profile.modify.trailing === 'size') {
      this.#refuse('ReplaceRejected', request, known, 'unsupported-replace');
      return;
    }
    if (this.#findWaiting(known.desk, request.clOrdId) !== undefined) {
      this.#replaceWaiting(known.desk, request);
      return;
    }
    const change = {
      ...(qty === undefined ? {} : { qty }),
      ...(limitTicks === undefined ? {} : { limitTicks }),
      ...(stopTicks === undefined ? {} : { stopTicks }),
    };
    known.desk.feed.market.replace(ACCOUNT, request.clOrdId, change, sentUs);
  }

  cancel(request: CancelRequest): void {
    const known = this.#orders.get(request.clOrdId);
    this.#see(request.sentUs);
    if (known === undefined || known.isDone) {
      this.#refuse('CancelRejected', request, known);
      return;
    }
    const waiting = this.#findWaiting(known.desk, request.clOrdId);
    if (waiting === undefined) {
      known.desk.feed.market.cancel(ACCOUNT, request.clOrdId, request.sentUs);
      return;
    }
    known.desk.waiting = known.desk.waiting.filter((each) => each !== waiting);
    this.#endWaiting(waiting, 'Canceled', 'requested', request.sentUs);
  }

  // ------------------------------------------------------------------------------------------------- markets

  onBar(_contractIndex: number, _bars: BarColumns, _row: number, _flags: number): void {
    assert(false, 'a contract that matches on ticks gets no bars');
  }

  onTick(kind: TickKind, contractIndex: number, columns: TickColumns, row: number): void {
    const desk = this.#desks[contractIndex]!;
    if (desk === null || desk.isExpired) return;
    const tsUs = columns.tsUs[row]!;
    this.#see(tsUs);
    const isWhole = desk.feed.apply(kind, columns, row);
    if (!isWhole) return;
    // Beside quotes or levels a print is no market that an order could meet.
    const isMarket = kind !== 'trades' || this.#options.matching[contractIndex] === 'trades';
    if (isMarket) desk.dataUs = tsUs;
    if (isMarket && desk.waiting.length > 0 && desk.phase === 'open') this.#release(desk, tsUs);
    const mark = desk.feed.markTicks();
    if (mark === mark) this.lastTicks[contractIndex] = mark;
  }

  onPhase(contractIndex: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void {
    const desk = this.#desks[contractIndex];
    if (desk == null || desk.isExpired || desk.phase === phase) return;
    this.#see(tsUs);
    const { market } = desk.feed;
    const before = desk.phase;
    desk.phase = phase;
    if (phase !== 'open') {
      market.setPhase(phase === 'halted' ? 'halted' : 'closed', tsUs);
      return;
    }
    const { sinceUs = tsUs, isAuction = true, closeUs = TS_MAX } = opening ?? {};
    desk.openUs = sinceUs;
    desk.closeUs = closeUs;
    if (!isAuction) {
      // Trading goes on, or is joined: what waited meets the market as it stands, once that is known.
      market.setPhase('open', tsUs, false);
      if (!this.#mustWait(desk)) this.#release(desk, tsUs);
      return;
    }
    if (before === 'closed') {
      // What waited is there for the opening, which is the first trade of the record.
      market.setPhase('pre-open', tsUs);
      const { waiting } = desk;
      desk.waiting = [];
      for (const each of waiting) this.#enter(desk, each, tsUs);
    }
    market.setPhase('open', tsUs);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    const desk = this.#desks[contractIndex];
    if (desk == null || desk.isExpired) return;
    this.#see(closeUs);
    // An order sent at the close or later waits for the next session.
    const isOver = ({ orders, arrivedUs }: Waiting): boolean =>
      arrivedUs < closeUs && !['gtc', 'gtd'].includes(orders[0]!.spec.timeInForce ?? 'day');
    const over = desk.waiting.filter(isOver);
    desk.waiting = desk.waiting.filter((each) => !isOver(each));
    for (const each of over) this.#endWaiting(each, 'Expired', 'day-end', closeUs);
    desk.phase = 'closed';
    desk.feed.market.setPhase('closed', closeUs);
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    const desk = this.#desks[contractIndex];
    if (desk == null || desk.isExpired) return;
    this.#see(tsUs);
    for (const each of desk.waiting) this.#endWaiting(each, 'Canceled', 'contract-expired', tsUs);
    desk.waiting = [];
    desk.feed.market.setPhase('expired', tsUs);
    desk.isExpired = true;
  }

  onTime(nowUs: TsUs): void {
    this.#see(nowUs);
    for (const desk of this.#desks) {
      if (desk === null || desk.isExpired) continue;
      for (const each of desk.waiting.filter(({ orders }) => expiryOf(orders[0]!) <= nowUs)) {
        desk.waiting = desk.waiting.filter((other) => other !== each);
        this.#endWaiting(each, 'Expired', 'gtd', nowUs);
      }
      if (desk.feed.nextTimerUs() <= nowUs || this.#isDue(desk, nowUs))
        desk.feed.market.advance(nowUs);
    }
  }

  nextTimerUs(): TsUs {
    let next: number = TS_MAX;
    // A moment after the expiry: market events at the very moment come first.
    for (const order of this.#dated) next = Math.min(next, order.expireUs + 1);
    for (const desk of this.#desks)
      if (desk !== null && !desk.isExpired) next = Math.min(next, desk.feed.nextTimerUs());
    return next as TsUs;
  }

  /** The market counts its own fills; what the account settles beside it concerns an expired contract alone. */
  setPosition(): void {}

  // ------------------------------------------------------------------------------------------------- waiting

  #take(desk: Desk, request: Waiting['request'], orders: readonly NewOrderRequest[]): void {
    const reason = this.#problem(desk, orders);
    if (reason !== null) {
      for (const order of orders) this.#reject(order, reason);
      return;
    }
    for (const order of orders) this.#know(desk, order);
    const entry: Waiting = { request, orders, arrivedUs: request.sentUs };
    if (!this.#mustWait(desk)) {
      this.#enter(desk, entry, request.sentUs, false);
      return;
    }
    desk.waiting.push(entry);
    const isGroup = 'children' in request && request.entry !== null;
    orders.forEach((order, k) => {
      this.#tell(order, 'Accepted', request.sentUs, {
        working: isGroup && k > 0 ? 'held' : 'parked',
        leavesQty: order.spec.qty as Qty,
        orderQty: order.spec.qty as Qty,
        cumQty: 0 as Qty,
      });
    });
    if (desk.phase === 'open') this.#saysItWaits(desk, orders[0]!);
  }

  #problem(desk: Desk, orders: readonly NewOrderRequest[]): string | null {
    if (desk.isExpired) return 'contract-expired';
    const ids = new Set(orders.map((order) => order.clOrdId));
    const isTaken = orders.some((order) => this.#orders.has(order.clOrdId));
    if (isTaken || ids.size < orders.length) return 'duplicate-id';
    const { timeInForce } = orders[0]!.spec;
    const { closeCutoffUs = 0 } = this.#options;
    if (timeInForce === 'at-close' && desk.phase !== 'closed')
      return this.#nowUs > desk.closeUs - closeCutoffUs ? 'at-close-late' : null;
    if (desk.phase === 'open') return null;
    // What the engine or the broker sends by itself waits.
    const isRefused = this.#options.profile.closed === 'reject' && orders[0]!.sender === undefined;
    if (desk.phase === 'halted') return isRefused ? 'market-closed' : null;
    const isImmediate = timeInForce === 'ioc' || timeInForce === 'fok';
    return isImmediate || isRefused ? 'market-closed' : null;
  }

  #mustWait(desk: Desk): boolean {
    if (desk.phase !== 'open') return desk.phase === 'closed';
    return !(desk.dataUs >= desk.openUs && this.#nowUs - desk.dataUs <= this.#staleUs);
  }

  /** Fresh data are there: what waited arrives, in the order in which it came. */
  #release(desk: Desk, tsUs: number): void {
    const { waiting } = desk;
    desk.waiting = [];
    for (const each of waiting) this.#enter(desk, each, tsUs);
  }

  /** Into the market. `wasAccepted`: the strategy has been told that it was taken. */
  #enter(desk: Desk, waiting: Waiting, tsUs: number, wasAccepted: boolean = true): void {
    const { request, orders } = waiting;
    const { market } = desk.feed;
    this.#releasing = wasAccepted ? new Set(orders.map((order) => order.clOrdId)) : null;
    if ('children' in request) market.market.submitGroup(toMarketGroup(request, desk.rules), tsUs);
    else market.submit(toMarketOrder(request, desk.rules), tsUs);
    this.#releasing = null;
  }

  #findWaiting(desk: Desk, clOrdId: ClOrdId): Waiting | undefined {
    return desk.waiting.find(({ orders }) => orders.some((order) => order.clOrdId === clOrdId));
  }

  #endWaiting(waiting: Waiting, kind: 'Canceled' | 'Expired', reason: string, tsUs: number): void {
    for (const order of waiting.orders) {
      const known = this.#orders.get(order.clOrdId)!;
      if (known.isDone) continue;
      this.#finish(known);
      this.#tell(order, kind, tsUs, { reason, leavesQty: 0 as Qty });
    }
  }

  #replaceWaiting(desk: Desk, request: ReplaceRequest): void {
    const { clOrdId, qty, limitTicks, stopTicks } = request;
    const changed = (order: NewOrderRequest): NewOrderRequest => {
      if (order.clOrdId !== clOrdId) return order;
      const { spec } = order;
      return {
        ...order,
        spec: {
          ...spec,
          ...(qty === undefined ? {} : { qty }),
          ...(limitTicks === undefined || !('limitTicks' in spec) ? {} : { limitTicks }),
          ...(stopTicks === undefined || !('stopTicks' in spec) ? {} : { stopTicks }),
        } as NewOrderRequest['spec'],
      };
    };
    desk.waiting = desk.waiting.map((each) => {
      if (!each.orders.some((order) => order.clOrdId === clOrdId)) return each;
      const { request: sent } = each;
      if (!('children' in sent)) {
        const order = changed(sent);
        return { ...each, request: order, orders: [order] };
      }
      const group: OrderGroupRequest = {
        ...sent,
        entry: sent.entry === null ? null : changed(sent.entry),
        children: sent.children.map((child) => ({ ...child, order: changed(child.order) })),
      };
      const orders = each.orders.map(changed);
      return { ...each, request: group, orders };
    });
    const order = this.#findWaiting(desk, clOrdId)!.orders.find((one) => one.clOrdId === clOrdId)!;
    this.#tell(order, 'Replaced', request.sentUs, {
      orderQty: order.spec.qty as Qty,
      leavesQty: order.spec.qty as Qty,
      cumQty: 0 as Qty,
      ...(limitTicks === undefined ? {} : { limitTicks }),
      ...(stopTicks === undefined ? {} : { stopTicks }),
    });
  }

  // ------------------------------------------------------------------------------------------------- reports

  #translate(contractIndex: number, report: MarketReport): void {
    const { order, kind, clOrdId } = report;
    const known = this.#orders.get(clOrdId);
    if (kind === 'Accepted' && this.#releasing?.has(clOrdId) === true) {
      if (order?.working !== 'held') this.#sendOn('Unparked', contractIndex, report);
      return;
    }
    if (order !== null && order.place === 'done' && known !== undefined) this.#finish(known);
    if (kind === 'Rejected' && known !== undefined) this.#finish(known);
    this.#sendOn(isRestated(report) ? 'Restated' : kind, contractIndex, report);
  }

  /** Both legs of a group traded: it was held by messages, and the second was too late. */
  #onGroup(contractIndex: number, event: GroupEvent): void {
    if (event.kind !== 'oco-overfill') return;
    this.#sink?.onVenueIssue?.({
      code: 'E_GROUP_OVERFILL',
      severity: 'warning',
      message: `${event.clOrdId} filled before its cancel arrived: group ${event.groupId} traded ${event.qty} too many`,
      contractIndex,
      tsUs: event.tsUs as TsUs,
    });
  }

  #sendOn(kind: ExecutionReport['kind'], contractIndex: number, report: MarketReport): void {
    const { order, clOrdId, tsUs, reason } = report;
    const fill = kind === 'Fill' ? this.#fillOf(contractIndex, report) : undefined;
    this.#sink?.onReport({
      kind,
      clOrdId: clOrdId as ClOrdId,
      orderId: order === null ? null : this.#orderId(contractIndex, order.orderId),
      contractIndex,
      tsUs: tsUs as TsUs,
      ...(reason === '' ? {} : { reason: reason === 'user' ? 'requested' : reason }),
      ...(order === null
        ? {}
        : {
            orderQty: order.qty as Qty,
            cumQty: order.cumQty as Qty,
            leavesQty: order.leavesQty as Qty,
            working: order.working,
            ...(Number.isNaN(order.limitTicks)
              ? {}
              : { limitTicks: order.limitTicks as PriceTicks }),
            ...(Number.isNaN(order.stopTicks) ? {} : { stopTicks: order.stopTicks as PriceTicks }),
          }),
      ...(fill === undefined ? {} : { fill }),
    });
  }

  #fillOf(contractIndex: number, report: MarketReport): NonNullable<ExecutionReport['fill']> {
    const known = this.#orders.get(report.clOrdId)!;
    const { lastQty, lastPriceTicks, evidence } = report;
    const tsUs = report.tsUs as TsUs;
    const role = report.isAggressor ? 'taker' : evidence?.rule === 'auction' ? 'unknown' : 'maker';
    const { feeMicros, commissionMicros } = this.#fees.charge(
      contractIndex,
      tsUs,
      lastQty,
      role,
      known.feeTab,
    );
    known.fillCount += 1;
    const { venue } = this.capabilities;
    const id = this.#orderId(contractIndex, report.order!.orderId);
    return {
      execId: `${venue}-${id}-${known.fillCount - 1}`,
      lastQty: lastQty as Qty,
      lastPriceTicks: lastPriceTicks as PriceTicks,
      feeMicros,
      commissionMicros,
      ...(evidence === null ? {} : { evidence }),
    };
  }

  #orderId(contractIndex: number, orderId: number): string {
    return `${this.#options.table.contractAt(contractIndex).id}-${orderId}`;
  }

  #reject(order: NewOrderRequest, reason: string): void {
    this.#tell(order, 'Rejected', order.sentUs, { reason });
  }

  #refuse(
    kind: 'ReplaceRejected' | 'CancelRejected',
    request: ReplaceRequest | CancelRequest,
    known: KnownOrder | undefined,
    reason: string = known === undefined ? 'unknown-order' : 'too-late',
  ): void {
    this.#sink?.onReport({
      kind,
      clOrdId: request.clOrdId,
      orderId: request.orderId,
      contractIndex: known?.desk.contractIndex ?? -1,
      tsUs: request.sentUs,
      reason,
    });
  }

  #tell(
    order: NewOrderRequest,
    kind: ExecutionReport['kind'],
    tsUs: number,
    more: Partial<ExecutionReport>,
  ): void {
    this.#sink?.onReport({
      kind,
      clOrdId: order.clOrdId,
      orderId: null,
      contractIndex: order.contractIndex,
      tsUs: tsUs as TsUs,
      ...more,
    });
  }

  #saysItWaits(desk: Desk, order: NewOrderRequest): void {
    this.#sink?.onVenueIssue?.({
      code: 'E_TICKS_STALE',
      severity: 'info',
      message: `${order.clOrdId} waits for data: the newest are from before the open, or too old`,
      contractIndex: desk.contractIndex,
      tsUs: order.sentUs,
    });
  }

  // -------------------------------------------------------------------------------------------------- orders

  #deskOf(contractIndex: number, tsUs: number): Desk {
    this.#see(tsUs);
    const desk = this.#desks[contractIndex];
    assert(desk != null, 'an order names a contract that matches on ticks');
    return desk;
  }

  #know(desk: Desk, order: NewOrderRequest): void {
    const known = {
      desk,
      expireUs: expiryOf(order),
      isTrailing: 'trail' in order.spec,
      fillCount: 0,
      feeTab: new FeeTab(),
      isDone: false,
    };
    this.#orders.set(order.clOrdId, known);
    if (known.expireUs !== TS_MAX) this.#dated.add(known);
  }

  #finish(known: KnownOrder): void {
    known.isDone = true;
    this.#dated.delete(known);
  }

  #isDue(desk: Desk, nowUs: number): boolean {
    for (const order of this.#dated) if (order.desk === desk && order.expireUs < nowUs) return true;
    return false;
  }

  #see(tsUs: number): void {
    if (tsUs > this.#nowUs) this.#nowUs = tsUs;
  }
}

function expiryOf({ spec }: NewOrderRequest): number {
  return spec.timeInForce === 'gtd' ? (spec.expireUs ?? TS_MAX) : TS_MAX;
}
