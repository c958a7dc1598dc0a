/**
 * The path of every order: validated input → risk gate → outbox → venue, and reports back → order state → portfolio →
 * trades → a queue of events for the strategy. Requests leave after the hook that made them returned, so that no hook
 * is ever entered while another runs.
 */
import type {
  ExecutionReport,
  Fill,
  MessageSender,
  NewOrderRequest,
  OrderGroupRequest,
} from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { ClOrdId, GroupId, OrderEventKind, OrderRole, OrderSpec } from '../core/order.ts';
import { isTerminal, toClOrdId } from '../core/order.ts';
import type {
  AmbiguityEvent,
  ExecutionSink,
  MustClose,
  SimulatedVenue,
  VenueIssue,
} from '../core/ports.ts';
import type { RunIssue, RunRecorder } from '../core/run-events.ts';
import type { ModifyInput, OrderEvent } from '../core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate, TsUs } from '../core/units.ts';
import type { AccountWatch } from './account-watch.ts';
import type { EventClock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import type { Order, OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';
import { ProtectionWatch } from './protection.ts';
import type { LiveOptions } from './live/order-truth.ts';
import { OrderTruth } from './live/order-truth.ts';
import type { PositionFinding } from './live/reconcile.ts';
import type { TradeTails } from './live/trade-tail.ts';
import type { LiveEvent } from '../core/live.ts';
import type { RiskGate } from './risk.ts';
import type { TradeBuilder } from './trade-builder.ts';

export type Delivery =
  | { readonly kind: 'order'; readonly event: OrderEvent }
  | { readonly kind: 'fill'; readonly fill: Fill };

type Command =
  | { readonly kind: 'new'; readonly order: Order; readonly request: NewOrderRequest }
  | {
      readonly kind: 'group';
      readonly orders: readonly Order[];
      readonly request: OrderGroupRequest;
    }
  | {
      readonly kind: 'replace';
      readonly order: Order;
      readonly changes: ModifyInput;
      readonly sender?: MessageSender;
    }
  | {
      readonly kind: 'cancel';
      readonly order: Order;
      readonly sender?: MessageSender;
      readonly by: string;
    };

type AboutOrder = Extract<Command, { readonly kind: 'replace' | 'cancel' }>;

export interface NextNumbers {
  readonly order: number;
  readonly group: number;
}

/** Whoever moves positions at a roll hears of its orders first. */
export interface RollListener {
  onRollFill(fill: Fill): void;
  onOrderDone(order: Order): void;
}

export interface DeskParts {
  readonly table: ContractTable;
  readonly clock: EventClock;
  readonly venue: SimulatedVenue;
  readonly journal: EventLog;
  readonly recorder: RunRecorder;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly risk: RiskGate;
  readonly trades: TradeBuilder;
  readonly tradeDateOf: (contractIndex: number) => TradeDate;
  readonly onPositionChange: (contractIndex: number, tsUs: TsUs) => void;
  readonly watch: AccountWatch | null;
  /** Begins every id of an order or group; none in a backtest. */
  readonly idPrefix?: string;
  /** Lines are written before the request leaves. */
  readonly isDurable?: boolean;
  /** Where the venue is a real one. */
  readonly live?: LiveOptions;
  readonly tails?: TradeTails;
  /** Hooks that the strategy has: nothing is prepared for those that it has not. */
  readonly hears: { readonly orders: boolean; readonly fills: boolean };
}

/** One order before it has an id. */
export interface DraftOrder {
  readonly contractIndex: number;
  readonly spec: OrderSpec;
  readonly role: OrderRole;
  readonly isRoll?: boolean;
  /** The account itself closes a position: no limit stands in its way. */
  readonly isForced?: boolean;
  readonly isHeld?: boolean;
  readonly sender?: MessageSender;
}

export class OrderDesk implements ExecutionSink {
  readonly #parts: DeskParts;
  readonly #queue: Delivery[] = [];
  #queueAt: number = 0;
  /** Something was told since the last delivery, whether or not the strategy hears it. */
  #hasNews: boolean = false;
  /** Commands of the last hook; the rows behind `#outboxCount` are of earlier ones. */
  readonly #outbox: Command[] = [];
  #outboxCount: number = 0;
  #outboxAt: number = 0;
  #nextOrder: number = 1;
  #nextGroup: number = 1;
  readonly #orderPrefix: string;
  readonly #groupPrefix: string;
  /** Null in a simulation. */
  readonly #truth: OrderTruth | null;
  /** What was asked for orders whose state is unknown. */
  readonly #parked: Map<ClOrdId, AboutOrder> = new Map();
  readonly #heldRisk: Set<string> = new Set();
  #rolls: RollListener | null = null;
  readonly #protection: ProtectionWatch;
  /** Grows with every fill; the market phase compares it to see whether marks must be taken anew. */
  fillCount: number = 0;
  submittedCount: number = 0;
  deniedCount: number = 0;
  rejectedCount: number = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#protection = new ProtectionWatch(parts.orders, parts.portfolio, (issue) =>
      this.issue(issue),
    );
    const prefix = parts.idPrefix === undefined ? '' : `${parts.idPrefix}-`;
    this.#orderPrefix = `${prefix}O`;
    this.#groupPrefix = `${prefix}G`;
    this.#truth = parts.live === undefined ? null : this.#createTruth(parts, parts.live);
  }

  /** Numbers of the next order and group, to be saved; ids are never used twice. */
  get nextNumbers(): NextNumbers {
    return { order: this.#nextOrder, group: this.#nextGroup };
  }

  set nextNumbers(next: NextNumbers) {
    this.#nextOrder = next.order;
    this.#nextGroup = next.group;
  }

  /** While a reason is held, no order that opens or enlarges a position passes; it is denied with that reason. */
  holdRisk(reason: string, isHeld: boolean): void {
    if (isHeld) this.#heldRisk.add(reason);
    else this.#heldRisk.delete(reason);
  }

  /** Groups of orders that an earlier run sent. */
  restoreGroups(orders: Iterable<Order>): void {
    const groups = new Map<GroupId, Order[]>();
    for (const order of orders) {
      if (order.groupId === null) continue;
      const members = groups.get(order.groupId);
      if (members === undefined) groups.set(order.groupId, [order]);
      else members.push(order);
    }
    for (const [groupId, members] of groups) this.#protection.onGroup(groupId, members);
    for (const contractIndex of this.#parts.portfolio.held) this.#showPosition(contractIndex);
  }

  /** What a live venue tells, reports left out. */
  onLive(event: LiveEvent): void {
    this.#truth?.onEvent(event);
  }

  #createTruth(parts: DeskParts, options: LiveOptions): OrderTruth {
    return new OrderTruth({
      options,
      table: parts.table,
      venue: parts.venue,
      orders: parts.orders,
      portfolio: parts.portfolio,
      journal: parts.journal,
      nowUs: () => parts.clock.nowUs(),
      apply: (report) => {
        if (parts.venue.hear === undefined) this.onReport(report);
        else parts.venue.hear(report);
      },
      tell: (kind, order, reason) => this.#tell(kind, order, reason, parts.clock.nowUs()),
      issue: (issue) => this.issue(issue),
      holdRisk: (reason, isHeld) => this.holdRisk(reason, isHeld),
      adopt: (finding, isClosing) => this.#adopt(finding, isClosing),
      onTrusted: (order) => this.#unpark(order),
    });
  }

  /** Nothing about the order is in doubt: what waited for that is sent, unless the order has ended. */
  #unpark(order: Order): void {
    const command = this.#parked.get(order.clOrdId);
    if (command === undefined) return;
    this.#parked.delete(order.clOrdId);
    if (!isTerminal(order.status)) this.#post(command);
  }

  listen(rolls: RollListener): void {
    this.#rolls = rolls;
  }

  get hasWork(): boolean {
    return this.#hasNews || this.#outboxCount > 0;
  }

  /** Whether an order of this id was sent and has ended. */
  hasEnded(clOrdId: ClOrdId): boolean {
    return this.#parts.orders.hasEnded(clOrdId);
  }

  /** Contracts that the group of an exit still has to close. */
  owedBy(order: Order): number {
    return this.#protection.owedBy(order);
  }

  nextGroupId(): GroupId {
    return toClOrdId(this.#groupPrefix, this.#nextGroup++);
  }

  /** A single order. */
  submit(draft: DraftOrder): ClOrdId {
    const order = this.#create(draft, null);
    const isExempt = draft.isRoll === true || draft.isForced === true;
    if (!this.#isAllowed([order], isExempt)) return order.clOrdId;
    this.#post({ kind: 'new', order, request: this.#toRequest(order, draft.sender) });
    return order.clOrdId;
  }

  /**
   * A group: entry and exits, or peers. The risk gate judges the entry, or every peer; one denial denies all.
   * `toGroup` gets the requests in the order of the drafts.
   */
  submitGroup(
    drafts: readonly DraftOrder[],
    groupId: GroupId,
    toGroup: (requests: readonly NewOrderRequest[]) => OrderGroupRequest,
  ): readonly ClOrdId[] {
    const orders = drafts.map((draft) => this.#create(draft, groupId));
    const ids = orders.map((order) => order.clOrdId);
    this.#protection.onGroup(groupId, orders);
    if (!this.#isAllowed(orders, drafts[0]!.isRoll === true)) return ids;
    const request = toGroup(orders.map((order, i) => this.#toRequest(order, drafts[i]!.sender)));
    this.#post({ kind: 'group', orders, request });
    return ids;
  }

  /** The risk gate judges the change; what it denies is told as `ReplaceRejected`, and the order stays as it is. */
  replace(order: Order, changes: ModifyInput, sender?: MessageSender): void {
    const nowUs = this.#parts.clock.nowUs();
    if (!isTerminal(order.status)) {
      const check = { order, nowUs, tradeDate: this.#parts.tradeDateOf };
      const isOpening = (changes.qty ?? 0) > order.orderQty && !order.isRoll && !isExit(order);
      let reason: string | null = this.#parts.risk.checkChange(check, changes);
      if (reason === null && isOpening) {
        reason = this.#denyLarger(order);
        if (reason !== null) this.#parts.risk.takeBackChange(order);
      }
      if (reason !== null) {
        this.deniedCount += 1;
        this.#parts.orders.applyChangeDenial(order, reason, nowUs);
        this.#tell('ReplaceRejected', order, reason, nowUs);
        this.#tellDenied(order, `a change of ${order.clOrdId}`, reason);
        return;
      }
    }
    const by = sender === undefined ? {} : { sender };
    this.#post({ kind: 'replace', order, changes, ...by });
  }

  /** `by`: who asks, for the journal; empty for the strategy. */
  cancel(order: Order, sender?: MessageSender, by: string = sender ?? ''): void {
    this.#post({ kind: 'cancel', order, ...(sender === undefined ? {} : { sender }), by });
  }

  /** Sends what the last hook asked for; reports may come back before this returns. */
  flush(): void {
    while (this.#outboxAt < this.#outboxCount) {
      const command = this.#outbox[this.#outboxAt]!;
      this.#outboxAt += 1;
      this.#send(command);
    }
    this.#outboxCount = 0;
    this.#outboxAt = 0;
  }

  /** The next event for the strategy, or null. */
  takeDelivery(): Delivery | null {
    if (this.#queueAt >= this.#queue.length) {
      if (this.#queueAt > 0) this.#queue.length = 0;
      this.#queueAt = 0;
      this.#hasNews = false;
      return null;
    }
    this.#queueAt += 1;
    return this.#queue[this.#queueAt - 1]!;
  }

  onReport(report: ExecutionReport): void {
    const applied = this.#parts.orders.applyReport(report);
    if (applied === null) {
      this.#truth?.onIgnored(report);
      return;
    }
    const { order, kind } = applied;
    this.#tell(kind, order, report.reason ?? '', report.tsUs);
    if (applied.fill !== null) this.#applyFill(order, report);
    if (kind === 'Rejected') this.#onRejected(order);
    if (order.role === 'stop' && order.stopTicks !== null && order.working !== 'held')
      this.#parts.trades.onProtectiveStop(order.contractIndex, order.stopTicks);
    this.#protection.onReport(applied);
    if (isTerminal(order.status)) {
      this.#parts.risk.forgetChange(order);
      this.#rolls?.onOrderDone(order);
    }
    if (this.#truth !== null) this.#truth.onApplied(applied);
    else if (order.certainty === 'known') this.#unpark(order);
  }

  /** What the data of a bar kept the venue from doing. */
  onVenueIssue(event: VenueIssue): void {
    const { id } = this.#parts.table.contractAt(event.contractIndex);
    const { code, severity, message, tsUs } = event;
    this.issue({ code, severity, message: `${id}: ${message}`, tsUs, contract: id });
  }

  /** A group held by us has contracts that may not stay: no limit stands in the way of closing them. */
  onMustClose({ contractIndex, side, qty, tag }: MustClose): void {
    const { id } = this.#parts.table.contractAt(contractIndex);
    this.submit({
      contractIndex,
      spec: { contract: id, type: 'market', side, qty, tag },
      role: 'single',
      isForced: true,
    });
  }

  /** After the events of an instant are delivered. */
  endInstant(): void {
    this.#protection.check(this.#parts.clock.nowUs());
  }

  onAmbiguity(event: AmbiguityEvent): void {
    const { journal, recorder, trades, clock } = this.#parts;
    const { contractIndex, ...body } = event;
    const { id } = this.#parts.table.contractAt(contractIndex);
    journal.append('ambiguity', clock.nowUs(), { contract: id, ...body });
    recorder.onAmbiguity(event);
    trades.onAmbiguity(event.contractIndex, event.groupId);
  }

  issue(issue: RunIssue): void {
    this.#parts.journal.append('issue', issue.tsUs, { ...issue });
    this.#parts.recorder.onIssue(issue);
  }

  /** Fees as a fill states them: in the contract's currency, and what was paid where that is another one. */
  feesOf(
    contractIndex: number,
    feeMicros: CashMicros,
    commissionMicros: CashMicros,
  ): Pick<Fill, 'feeMicros' | 'commissionMicros' | 'feePaid'> {
    const { portfolio } = this.#parts;
    const currency = portfolio.feeCurrencyOf(contractIndex);
    if (currency === null) return { feeMicros, commissionMicros };
    return {
      feeMicros: portfolio.feeInOwnCurrency(contractIndex, feeMicros),
      commissionMicros: portfolio.feeInOwnCurrency(contractIndex, commissionMicros),
      feePaid: { currency, feeMicros, commissionMicros },
    };
  }

  /** Books a fill that no order of the strategy caused: the cash settlement at expiry. */
  bookFill(fill: Fill): void {
    this.#book(fill, false);
    this.#deliverFill(fill);
  }

  /** A position that no order of ours made is booked at the venue's average, so that books and venue agree. */
  #adopt(finding: PositionFinding, isClosing: boolean): void {
    const { contractIndex, ours, theirs, avgPriceTicks } = finding;
    const { table, portfolio, clock, venue } = this.#parts;
    const { id } = table.contractAt(contractIndex);
    const tsUs = clock.nowUs();
    const side = theirs > ours ? 1 : -1;
    const own = portfolio.positionOf(contractIndex)?.avgPriceTicks() ?? 0;
    this.bookFill({
      execId: `ADOPT-${id}-${tsUs}`,
      clOrdId: toClOrdId('ADOPT', contractIndex),
      orderId: null,
      contract: id,
      contractIndex,
      side,
      qty: Math.abs(theirs - ours) as Qty,
      // What was closed elsewhere is taken out at what it cost: its result stands in the venue's balance.
      priceTicks: Math.round(theirs === 0 ? own : avgPriceTicks) as PriceTicks,
      tsUs,
      knownUs: tsUs,
      feeMicros: 0 as CashMicros,
      commissionMicros: 0 as CashMicros,
      role: 'single',
      tag: 'adopted',
      groupId: null,
      orderType: 'market',
      evidence: null,
    });
    if (!isClosing || theirs === 0) return;
    this.submit({
      contractIndex,
      role: 'single',
      isForced: true,
      sender: 'account',
      spec: {
        type: 'market',
        contract: id,
        side: theirs > 0 ? -1 : 1,
        qty: Math.abs(theirs) as Qty,
        tag: 'foreign',
        ...(venue.capabilities.features.reduceOnly ? { reduceOnly: true } : {}),
      },
    });
  }

  #create(draft: DraftOrder, groupId: GroupId | null): Order {
    const clOrdId = toClOrdId(this.#orderPrefix, this.#nextOrder++);
    return this.#parts.orders.create({
      clOrdId,
      contractIndex: draft.contractIndex,
      spec: draft.spec,
      role: draft.role,
      groupId,
      nowUs: this.#parts.clock.nowUs(),
      isHeld: draft.isHeld ?? false,
      isRoll: draft.isRoll ?? false,
    });
  }

  #toRequest(order: Order, sender: MessageSender | undefined): NewOrderRequest {
    const request = {
      clOrdId: order.clOrdId,
      contractIndex: order.contractIndex,
      spec: order.spec,
      role: order.role,
      groupId: order.groupId,
      sentUs: this.#parts.clock.nowUs(),
    };
    return sender === undefined ? request : { ...request, sender };
  }

  #isAllowed(orders: readonly Order[], isExempt: boolean): boolean {
    const nowUs = this.#parts.clock.nowUs();
    let reason: string | null = null;
    if (!isExempt) {
      for (const order of orders) {
        // Held exits follow their entry; only what can trade at once is judged.
        if (order.working === 'held') continue;
        reason ??= this.#parts.risk.check({
          order,
          tradeDate: this.#parts.tradeDateOf,
          nowUs,
        });
        reason ??= this.#parts.watch?.deny(order) ?? null;
        if (this.#heldRisk.size > 0 && !this.#parts.risk.isReducing(order))
          reason ??= this.#heldRisk.values().next().value!;
      }
    }
    for (const order of orders) {
      if (reason === null) {
        this.submittedCount += 1;
        this.#tell('Submitted', order, '', nowUs);
        continue;
      }
      this.deniedCount += 1;
      this.#parts.orders.applyDenial(order, reason, nowUs);
      this.#tell('Denied', order, reason, nowUs);
    }
    if (reason === null) return true;
    this.#tellDenied(orders[0]!, orders[0]!.clOrdId, reason);
    return false;
  }

  /** A larger quantity, by the rules beside the gate's own. */
  #denyLarger(order: Order): string | null {
    const { watch, risk } = this.#parts;
    const reason = watch?.deny(order) ?? null;
    if (reason !== null || this.#heldRisk.size === 0 || risk.isReducing(order)) return reason;
    return this.#heldRisk.values().next().value!;
  }

  #tellDenied(order: Order, what: string, reason: string): void {
    this.issue({
      code: 'E_ORDER_DENIED',
      severity: 'warning',
      message: `${what} (${order.contract}, ${order.orderQty} ${order.type}) denied: ${reason}`,
      tsUs: this.#parts.clock.nowUs(),
      contract: order.contract,
    });
  }

  #send(command: Command): void {
    const { venue, orders, clock } = this.#parts;
    const nowUs = clock.nowUs();
    switch (command.kind) {
      case 'new':
        this.#writeFirst();
        venue.submit(command.request);
        return;
      case 'group':
        this.#writeFirst();
        venue.submitGroup(command.request);
        return;
      case 'cancel': {
        const { order, sender, by } = command;
        if (this.#waits(command)) return;
        if (isTerminal(order.status) || !orders.applyCancelRequest(order, nowUs)) return;
        this.#tell('CancelRequested', order, by, nowUs);
        this.#writeFirst();
        venue.cancel({
          clOrdId: order.clOrdId,
          orderId: order.orderId,
          sentUs: nowUs,
          ...(sender === undefined ? {} : { sender }),
        });
        return;
      }
      case 'replace': {
        const { order, changes, sender } = command;
        if (this.#waits(command)) return;
        this.#parts.risk.forgetChange(order);
        if (isTerminal(order.status)) return;
        if (!orders.applyReplaceRequest(order, nowUs, changes)) return;
        this.#tell('ReplaceRequested', order, '', nowUs);
        this.#writeFirst();
        venue.replace({
          clOrdId: order.clOrdId,
          orderId: order.orderId,
          ...(changes.qty === undefined ? {} : { qty: changes.qty as Qty }),
          ...(changes.limitTicks === undefined ? {} : { limitTicks: changes.limitTicks }),
          ...(changes.stopTicks === undefined ? {} : { stopTicks: changes.stopTicks }),
          sentUs: nowUs,
          ...(sender === undefined ? {} : { sender }),
        });
      }
    }
  }

  #writeFirst(): void {
    if (this.#parts.isDurable === true) this.#parts.journal.flush();
  }

  /** Whether the command waits, because nobody knows what became of the last request for its order. A cancel comes before all. */
  #waits(command: AboutOrder): boolean {
    const { order } = command;
    if (order.certainty === 'known' || isTerminal(order.status)) return false;
    const earlier = this.#parked.get(order.clOrdId);
    if (earlier?.kind === 'cancel') return true;
    const isMerged = command.kind === 'replace' && earlier?.kind === 'replace';
    this.#parked.set(
      order.clOrdId,
      isMerged ? { ...command, changes: { ...earlier.changes, ...command.changes } } : command,
    );
    return true;
  }

  #tell(kind: OrderEventKind, order: Order, reason: string, tsUs: TsUs): void {
    this.#parts.journal.order(this.#parts.clock.nowUs(), kind, order, reason, tsUs);
    this.#parts.recorder.onOrderEvent(kind, order, reason, tsUs);
    this.#hasNews = true;
    if (this.#parts.hears.orders)
      this.#queue.push({ kind: 'order', event: { kind, order: order.snapshot(), reason, tsUs } });
  }

  #deliverFill(fill: Fill): void {
    this.#hasNews = true;
    if (this.#parts.hears.fills) this.#queue.push({ kind: 'fill', fill });
  }

  #post(command: Command): void {
    this.#outbox[this.#outboxCount] = command;
    this.#outboxCount += 1;
  }

  #applyFill(order: Order, report: ExecutionReport): void {
    const venueFill = report.fill!;
    const fill: Fill = {
      execId: venueFill.execId,
      clOrdId: order.clOrdId,
      orderId: order.orderId,
      contract: order.contract,
      contractIndex: order.contractIndex,
      side: order.side,
      qty: venueFill.lastQty,
      priceTicks: venueFill.lastPriceTicks,
      tsUs: report.tsUs,
      knownUs: this.#parts.clock.nowUs(),
      ...this.feesOf(order.contractIndex, venueFill.feeMicros, venueFill.commissionMicros),
      role: order.role,
      tag: order.tag,
      groupId: order.groupId,
      orderType: order.type,
      evidence: venueFill.evidence ?? null,
    };
    this.#book(fill, order.isRoll);
    const after = this.#parts.portfolio.netQty[fill.contractIndex]!;
    this.#parts.risk.opening?.onFill(order, fill.qty, after - fill.side * fill.qty, after);
    this.#rolls?.onRollFill(fill);
    this.#findStop(fill);
    this.#deliverFill(fill);
  }

  #book(fill: Fill, isRoll: boolean): void {
    const { portfolio, trades, journal, recorder, clock } = this.#parts;
    portfolio.applyFill(
      fill.contractIndex,
      fill.side * fill.qty,
      fill.priceTicks as PriceTicks,
      fill.feeMicros,
      fill.feePaid,
    );
    this.fillCount += 1;
    this.#showPosition(fill.contractIndex);
    journal.fill(clock.nowUs(), fill);
    recorder.onFill(fill);
    trades.onFill(fill, isRoll);
    if (this.#parts.tails !== undefined) {
      const { contractIndex, ...plain } = fill;
      this.#parts.tails.onFill(this.#parts.table.instrumentOf(contractIndex).root, plain, isRoll);
    }
    this.#parts.watch?.onFill(fill, isRoll);
    this.#parts.onPositionChange(fill.contractIndex, fill.tsUs);
  }

  /** Who holds groups for a live venue never closes more than there is. */
  #showPosition(contractIndex: number): void {
    const { live, venue, portfolio } = this.#parts;
    if (live !== undefined) venue.setPosition(contractIndex, portfolio.netQty[contractIndex]!);
  }

  /** A stop that rested before its entry filled is the initial risk too. */
  #findStop(fill: Fill): void {
    if (this.#parts.orders.openCount === 0) return;
    for (const order of this.#parts.orders.open()) {
      const isExit = order.contractIndex === fill.contractIndex && order.side !== fill.side;
      const isStop = order.role === 'stop' || (order.role === 'single' && order.type === 'stop');
      if (isExit && isStop && order.stopTicks !== null && order.working !== 'held')
        this.#parts.trades.onProtectiveStop(fill.contractIndex, order.stopTicks);
    }
  }

  #onRejected(order: Order): void {
    this.rejectedCount += 1;
    this.issue({
      code: 'E_ORDER_REJECTED',
      severity: 'warning',
      message: `${order.clOrdId} (${order.contract}, ${order.orderQty} ${order.type}) rejected: ${order.reason}`,
      tsUs: this.#parts.clock.nowUs(),
      contract: order.contract,
    });
  }
}

function isExit(order: Order): boolean {
  return order.reduceOnly || order.working === 'held';
}
