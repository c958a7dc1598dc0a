/**
 * The sole owner of order state. Reports may be late, duplicated or out of order; what the transition table does not
 * allow changes nothing and is counted.
 *
 * Live, the venue is right. A fill is booked once by its id, whatever the state of its order: one that comes after its order
 * ended, or beyond its quantity, changed the position all the same. It brings no ended order back.
 */
import type { PlainEnded } from '../core/ended-ids.ts';
import { EndedOrders } from '../core/ended-ids.ts';
import { assert } from '../core/errors.ts';
import type { ExecutionReport, VenueFill } from '../core/execution.ts';
import type { ContractId } from '../core/instrument.ts';
import type {
  Certainty,
  ClOrdId,
  GroupId,
  OrderEventKind,
  OrderRole,
  OrderSpec,
  OrderType,
  OrderView,
  OrdStatus,
  Side,
  TimeInForce,
  TrailSpec,
  VenueOrderId,
  WorkingState,
} from '../core/order.ts';
import { isTerminal, nextStatus } from '../core/order.ts';
import type { PriceTicks, Qty, TsUs } from '../core/units.ts';
import { TS_MIN } from '../core/units.ts';

/** The request that has no answer. */
export type Doubt = 'new' | 'replace' | 'cancel';

export interface ReplaceTerms {
  readonly qty?: number;
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
}

export interface NewOrder {
  readonly clOrdId: ClOrdId;
  readonly contractIndex: number;
  readonly spec: OrderSpec;
  readonly role: OrderRole;
  readonly groupId: GroupId | null;
  readonly nowUs: TsUs;
  /** A child that waits for its entry. */
  readonly isHeld: boolean;
  /** Moves a position to the next contract; does not end a trade. */
  readonly isRoll: boolean;
}

/** Mutable state of one order; only `OrderManager` writes to it. */
export class Order implements OrderView {
  readonly clOrdId: ClOrdId;
  orderId: VenueOrderId | null = null;
  readonly contract: ContractId;
  readonly contractIndex: number;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  orderQty: Qty;
  cumQty: Qty = 0 as Qty;
  leavesQty: Qty;
  avgPriceTicks: number = 0;
  limitTicks: PriceTicks | null;
  stopTicks: PriceTicks | null;
  readonly trail: TrailSpec | null;
  readonly reduceOnly: boolean;
  status: OrdStatus = 'PendingNew';
  working: WorkingState;
  certainty: Certainty = 'known';
  readonly groupId: GroupId | null;
  readonly role: OrderRole;
  readonly tag: string;
  readonly createdUs: TsUs;
  updatedUs: TsUs;
  reason: string = '';
  readonly spec: OrderSpec;
  readonly isRoll: boolean;
  /** The request whose outcome is unknown; null where the certainty is known. */
  doubt: Doubt | null = null;
  /** What the replace on its way asks for. */
  pending: ReplaceTerms | null = null;
  /** Live: when we last heard of it, by our clock; and when the venue last set its terms, by the venue's. */
  heardUs: TsUs;
  termsUs: TsUs;
  /** Σ quantity × price of its fills, in counts. */
  filledCounts: number = 0;

  constructor(input: NewOrder) {
    const { spec } = input;
    this.clOrdId = input.clOrdId;
    this.contract = spec.contract;
    this.contractIndex = input.contractIndex;
    this.side = spec.side;
    this.type = spec.type;
    this.timeInForce = spec.timeInForce ?? 'day';
    this.orderQty = spec.qty;
    this.leavesQty = spec.qty;
    this.limitTicks = 'limitTicks' in spec ? spec.limitTicks : null;
    this.stopTicks = 'stopTicks' in spec ? (spec.stopTicks ?? null) : null;
    this.trail = 'trail' in spec ? spec.trail : null;
    this.reduceOnly = spec.reduceOnly ?? false;
    this.working = input.isHeld ? 'held' : 'none';
    this.groupId = input.groupId;
    this.role = input.role;
    this.tag = spec.tag ?? '';
    this.createdUs = input.nowUs;
    this.updatedUs = input.nowUs;
    this.heardUs = input.nowUs;
    this.termsUs = TS_MIN;
    this.spec = spec;
    this.isRoll = input.isRoll;
  }

  /** A copy that stays as it is. */
  snapshot(): OrderView {
    return {
      clOrdId: this.clOrdId,
      orderId: this.orderId,
      contract: this.contract,
      side: this.side,
      type: this.type,
      timeInForce: this.timeInForce,
      orderQty: this.orderQty,
      cumQty: this.cumQty,
      leavesQty: this.leavesQty,
      avgPriceTicks: this.avgPriceTicks,
      limitTicks: this.limitTicks,
      stopTicks: this.stopTicks,
      trail: this.trail,
      reduceOnly: this.reduceOnly,
      status: this.status,
      working: this.working,
      certainty: this.certainty,
      groupId: this.groupId,
      role: this.role,
      tag: this.tag,
      createdUs: this.createdUs,
      updatedUs: this.updatedUs,
      reason: this.reason,
    };
  }
}

/** An order as plain data. */
export type PlainOrder = Pick<
  Order,
  | 'clOrdId'
  | 'orderId'
  | 'spec'
  | 'role'
  | 'groupId'
  | 'isRoll'
  | 'status'
  | 'working'
  | 'doubt'
  | 'pending'
  | 'orderQty'
  | 'cumQty'
  | 'leavesQty'
  | 'limitTicks'
  | 'stopTicks'
  | 'filledCounts'
  | 'createdUs'
  | 'updatedUs'
  | 'reason'
>;

/** The whole state of the manager. */
export interface PlainOrders {
  /** In order of creation. */
  readonly open: readonly PlainOrder[];
  readonly ended: PlainEnded<PlainOrder>;
  readonly execIds: readonly string[];
}

/** What a report did. `kind` is the order event to tell; `fill` is set when contracts changed hands. */
export interface AppliedReport {
  readonly kind: OrderEventKind;
  readonly order: Order;
  readonly fill: VenueFill | null;
  /** Live: the fill of an order that had ended, or contracts beyond what the order asked for. */
  readonly surprise?: 'after-end' | 'beyond-quantity';
}

export interface IgnoredCounts {
  duplicateFill: number;
  terminalOrder: number;
  unknownOrder: number;
  illegalEvent: number;
}

const WORKING_AFTER: Readonly<Partial<Record<ExecutionReport['kind'], WorkingState>>> = {
  Released: 'live',
  Parked: 'parked',
  Unparked: 'live',
  Triggered: 'triggered',
};

/** Ids of fills in one generation; live they are kept for ever. */
const EXEC_IDS_KEPT = 2048;
/** Ended orders of which a late fill can still be booked. */
const ENDED_KEPT_LIVE = 65_536;

/** Reports that answer a request, and so end the doubt about it. */
const ANSWERS: Readonly<Record<Doubt, readonly ExecutionReport['kind'][]>> = {
  new: [],
  replace: ['Replaced', 'ReplaceRejected'],
  cancel: ['CancelRejected'],
};

export class OrderManager {
  readonly #open: Map<ClOrdId, Order> = new Map();
  #ended: EndedOrders<Order>;
  readonly #isLive: boolean;
  readonly #execIdsKept: number;
  readonly #nowUs: () => TsUs;
  /** Live: ours by the venue's id. */
  readonly #byOrderId: Map<VenueOrderId, ClOrdId> = new Map();
  /** Ids of the latest fills, in two generations: what is older belongs to orders that ended, and changes nothing. */
  #execIds: Set<string> = new Set();
  #oldExecIds: Set<string> = new Set();
  /** The order of the last report: the next one is often of the same. */
  #last: Order | null = null;
  readonly ignored: IgnoredCounts = {
    duplicateFill: 0,
    terminalOrder: 0,
    unknownOrder: 0,
    illegalEvent: 0,
  };

  constructor(options: { readonly isLive?: boolean; readonly nowUs?: () => TsUs } = {}) {
    this.#isLive = options.isLive ?? false;
    this.#nowUs = options.nowUs ?? (() => TS_MIN);
    this.#ended = new EndedOrders(this.#isLive ? ENDED_KEPT_LIVE : undefined);
    this.#execIdsKept = this.#isLive ? Infinity : EXEC_IDS_KEPT;
  }

  create(input: NewOrder): Order {
    const { clOrdId } = input;
    assert(
      !this.#open.has(clOrdId) && !this.#ended.has(clOrdId),
      'client order ids are unique in a run',
    );
    const order = new Order(input);
    this.#open.set(order.clOrdId, order);
    return order;
  }

  /** The state as plain data. */
  save(): PlainOrders {
    return {
      open: [...this.#open.values()].map(plainOf),
      ended: this.#ended.toPlain(plainOf),
      execIds: [...this.#oldExecIds, ...this.#execIds],
    };
  }

  /** Into a new manager: the orders that had ended, and the ids of all fills. */
  restoreEnded(plain: PlainOrders, rowOf: (contract: ContractId) => number): void {
    for (const execId of plain.execIds) this.#execIds.add(execId);
    this.#ended = EndedOrders.fromPlain(
      plain.ended,
      (order) => this.#orderFrom(order, rowOf(order.spec.contract), order.updatedUs),
      ENDED_KEPT_LIVE,
    );
  }

  restoreExecId(execId: string): void {
    this.#execIds.add(execId);
  }

  /** An order as it was; an open one whose state is in doubt is unknown. `nowUs`: when the doubt began. */
  restoreOrder(plain: PlainOrder, contractIndex: number, nowUs: TsUs): Order {
    const order = this.#orderFrom(plain, contractIndex, nowUs);
    if (isTerminal(order.status)) this.#ended.set(order.clOrdId, order);
    else this.#open.set(order.clOrdId, order);
    return order;
  }

  #orderFrom(plain: PlainOrder, contractIndex: number, nowUs: TsUs): Order {
    const { clOrdId, spec, role, groupId, isRoll, createdUs } = plain;
    const order = new Order({
      clOrdId,
      contractIndex,
      spec,
      role,
      groupId,
      isRoll,
      nowUs: createdUs,
      isHeld: false,
    });
    order.orderId = plain.orderId;
    order.status = plain.status;
    order.working = plain.working;
    order.doubt = plain.doubt;
    order.certainty = plain.doubt === null ? 'known' : 'unknown';
    order.pending = plain.pending;
    order.orderQty = plain.orderQty;
    order.cumQty = plain.cumQty;
    order.leavesQty = plain.leavesQty;
    order.limitTicks = plain.limitTicks;
    order.stopTicks = plain.stopTicks;
    order.filledCounts = plain.filledCounts;
    order.avgPriceTicks = plain.cumQty === 0 ? 0 : plain.filledCounts / plain.cumQty;
    order.updatedUs = plain.updatedUs;
    order.reason = plain.reason;
    order.heardUs = nowUs;
    if (order.orderId !== null) this.#byOrderId.set(order.orderId, clOrdId);
    return order;
  }

  /** Null for an id that is not of this run, and for an order that ended long ago (`ENDED_KEPT`). */
  get(clOrdId: ClOrdId): Order | null {
    return this.#open.get(clOrdId) ?? this.#ended.get(clOrdId) ?? null;
  }

  /** Whether an order of this id has ended, however long ago. */
  hasEnded(clOrdId: ClOrdId): boolean {
    return this.#ended.has(clOrdId);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Open orders in order of creation. */
  open(): IterableIterator<Order> {
    return this.#open.values();
  }

  /** Refused by our own risk gate, before it left. */
  applyDenial(order: Order, reason: string, nowUs: TsUs): void {
    this.#move(order, 'Denied', reason, nowUs);
  }

  /** A change refused by our own risk gate: the order stays as it is. */
  applyChangeDenial(order: Order, reason: string, nowUs: TsUs): void {
    order.reason = reason;
    order.updatedUs = nowUs;
  }

  /** True when the request may be sent: the order is open and has no cancel pending. */
  applyCancelRequest(order: Order, nowUs: TsUs): boolean {
    if (order.status === 'PendingCancel') return false;
    return this.#move(order, 'CancelRequested', order.reason, nowUs);
  }

  applyReplaceRequest(order: Order, nowUs: TsUs, terms: ReplaceTerms | null = null): boolean {
    if (!this.#move(order, 'ReplaceRequested', order.reason, nowUs)) return false;
    order.pending = terms;
    return true;
  }

  /** After a time-out or a lost connection the state is unknown until it is reconciled. */
  applyLost(order: Order, nowUs: TsUs, doubt: Doubt = 'new'): boolean {
    if (!this.#move(order, 'Lost', order.reason, nowUs)) return false;
    order.certainty = 'unknown';
    // An answer to a later request answers for the order itself too, not the other way round.
    if (order.doubt === null || doubt !== 'new') order.doubt = doubt;
    return true;
  }

  /** The venue was asked, and its answer has been applied: nothing about the order is in doubt. */
  applyReconciled(order: Order, nowUs: TsUs): boolean {
    if (!this.#move(order, 'Reconciled', order.reason, nowUs)) return false;
    this.#trust(order);
    return true;
  }

  /** Live: by the venue's id. */
  getByOrderId(orderId: VenueOrderId): Order | null {
    const clOrdId = this.#byOrderId.get(orderId);
    return clOrdId === undefined ? null : this.get(clOrdId);
  }

  hasSeen(execId: string): boolean {
    return this.#execIds.has(execId) || this.#oldExecIds.has(execId);
  }

  /** Null when the report changes nothing; `ignored` then counts why. */
  applyReport(report: ExecutionReport): AppliedReport | null {
    const order = this.#orderOf(report.clOrdId);
    if (order === null) {
      if (this.#ended.has(report.clOrdId)) this.ignored.terminalOrder += 1;
      else this.ignored.unknownOrder += 1;
      return null;
    }
    if (this.#isLive) return this.#applyLive(order, report);
    const { fill } = report;
    if (fill !== undefined && this.hasSeen(fill.execId)) {
      this.ignored.duplicateFill += 1;
      return null;
    }
    if (isTerminal(order.status)) {
      this.ignored.terminalOrder += 1;
      return null;
    }
    if (report.kind === 'Fill') {
      assert(fill !== undefined, 'a fill report carries its fill');
      assert(fill.lastQty > 0, 'a fill has at least one contract');
      assert(order.cumQty + fill.lastQty <= order.orderQty, 'cumQty never exceeds orderQty');
      return this.#applyFill(order, report, fill);
    }
    return this.#applyState(order, report);
  }

  #applyState(order: Order, report: ExecutionReport): AppliedReport | null {
    // A venue restates an order by itself, for instance when a peer's fill shrinks it: no request is answered by that.
    const kind: OrderEventKind = report.kind === 'Restated' ? 'Replaced' : report.kind;
    if (report.kind === 'Restated') order.updatedUs = report.tsUs;
    else if (!this.#move(order, kind, report.reason ?? '', report.tsUs)) return null;
    this.#applyFields(order, report);
    return { kind, order, fill: null };
  }

  #applyLive(order: Order, report: ExecutionReport): AppliedReport | null {
    order.heardUs = this.#nowUs();
    // An answer may be overtaken by what it was an answer to: its id is taken all the same.
    order.orderId ??= report.orderId;
    if (report.orderId !== null) this.#byOrderId.set(report.orderId, order.clOrdId);
    if (report.kind === 'Fill') return this.#applyLiveFill(order, report);
    if (isTerminal(order.status)) {
      this.ignored.terminalOrder += 1;
      return null;
    }
    const setsTerms = report.kind === 'Restated' || report.kind === 'Replaced';
    if (setsTerms && report.tsUs < order.termsUs) {
      this.ignored.illegalEvent += 1;
      return null;
    }
    const { doubt } = order;
    const applied = this.#applyState(order, report);
    if (applied === null) return null;
    if (setsTerms) order.termsUs = report.tsUs;
    if (report.kind === 'Replaced' || report.kind === 'ReplaceRejected') order.pending = null;
    const isAnswered =
      doubt === null ||
      doubt === 'new' ||
      ANSWERS[doubt].includes(report.kind) ||
      isTerminal(order.status);
    if (isAnswered) this.#trust(order);
    else order.certainty = 'unknown';
    return applied;
  }

  #applyLiveFill(order: Order, report: ExecutionReport): AppliedReport | null {
    const fill = this.#newFill(order, report);
    if (fill === null) {
      this.ignored.duplicateFill += 1;
      return null;
    }
    const cumQty = order.cumQty + fill.lastQty;
    if (isTerminal(order.status)) {
      // Its status stays: what it did in the market is counted, what it was told to do is over.
      this.#keepExecId(fill.execId);
      this.#count(order, fill, cumQty);
      order.updatedUs = report.tsUs;
      const kind = cumQty >= order.orderQty ? 'Fill' : 'PartialFill';
      return { kind, order, fill, surprise: 'after-end' };
    }
    // The venue carried out the replace whose answer is still on its way.
    const asked = order.pending?.qty ?? 0;
    if (cumQty > order.orderQty && asked >= cumQty) order.orderQty = asked as Qty;
    const isBeyond = cumQty > order.orderQty;
    if (isBeyond) order.orderQty = cumQty as Qty;
    const applied = this.#applyFill(order, report, fill);
    if (applied === null) return null;
    if (order.doubt === 'new' || isTerminal(order.status)) this.#trust(order);
    return isBeyond ? { ...applied, surprise: 'beyond-quantity' } : applied;
  }

  /**
   * The fill of a report, or null where it is known already. A venue that gives no id of the execution says how many
   * contracts have been filled in all: what is new is the difference.
   */
  #newFill(order: Order, report: ExecutionReport): VenueFill | null {
    const { fill, cumQty } = report;
    if (fill === undefined) return null;
    if (fill.execId !== '') {
      return fill.lastQty > 0 && !this.hasSeen(fill.execId) ? fill : null;
    }
    if (cumQty === undefined || cumQty <= order.cumQty) return null;
    const lastQty = (cumQty - order.cumQty) as Qty;
    return { ...fill, execId: `${order.clOrdId}#${cumQty}`, lastQty };
  }

  #count(order: Order, fill: VenueFill, cumQty: number): void {
    order.cumQty = cumQty as Qty;
    order.filledCounts += fill.lastQty * fill.lastPriceTicks;
    order.avgPriceTicks = order.filledCounts / cumQty;
  }

  #trust(order: Order): void {
    order.certainty = 'known';
    order.doubt = null;
  }

  #applyFill(order: Order, report: ExecutionReport, fill: VenueFill): AppliedReport | null {
    const cumQty = order.cumQty + fill.lastQty;
    const kind = cumQty === order.orderQty ? 'Fill' : 'PartialFill';
    // The transition sets a terminal order's leaves to zero, so quantities follow it.
    if (!this.#move(order, kind, report.reason ?? '', report.tsUs)) return null;
    this.#keepExecId(fill.execId);
    order.cumQty = cumQty as Qty;
    order.leavesQty = (order.orderQty - cumQty) as Qty;
    order.filledCounts += fill.lastQty * fill.lastPriceTicks;
    order.avgPriceTicks = order.filledCounts / cumQty;
    if (report.orderId !== null) order.orderId = report.orderId;
    if (order.leavesQty > 0 && (order.working === 'none' || order.working === 'held'))
      order.working = 'live';
    return { kind, order, fill };
  }

  #orderOf(clOrdId: ClOrdId): Order | null {
    if (this.#last?.clOrdId !== clOrdId) this.#last = this.get(clOrdId);
    return this.#last;
  }

  #keepExecId(execId: string): void {
    if (this.#execIds.size >= this.#execIdsKept) {
      this.#oldExecIds = this.#execIds;
      this.#execIds = new Set();
    }
    this.#execIds.add(execId);
  }

  #applyFields(order: Order, report: ExecutionReport): void {
    if (report.orderId !== null) order.orderId = report.orderId;
    if (report.limitTicks !== undefined) order.limitTicks = report.limitTicks;
    if (report.stopTicks !== undefined) order.stopTicks = report.stopTicks;
    if (isTerminal(order.status)) return;
    if (report.orderQty !== undefined && report.orderQty >= order.cumQty) {
      order.orderQty = report.orderQty;
      order.leavesQty = (order.orderQty - order.cumQty) as Qty;
    }
    const byKind =
      report.kind === 'Accepted' && order.working === 'none' ? 'live' : WORKING_AFTER[report.kind];
    order.working = report.working ?? byKind ?? order.working;
    order.certainty = 'known';
  }

  #move(order: Order, event: OrderEventKind, reason: string, nowUs: TsUs): boolean {
    const next = nextStatus(order.status, event, order.cumQty > 0);
    if (next === null) {
      if (isTerminal(order.status)) this.ignored.terminalOrder += 1;
      else this.ignored.illegalEvent += 1;
      return false;
    }
    order.status = next;
    order.updatedUs = nowUs;
    if (reason !== '') order.reason = reason;
    if (isTerminal(next)) {
      order.leavesQty = 0 as Qty;
      order.working = 'none';
      order.certainty = 'known';
      order.doubt = null;
      this.#open.delete(order.clOrdId);
      this.#ended.set(order.clOrdId, order);
    }
    return true;
  }
}

function plainOf(order: Order): PlainOrder {
  return {
    clOrdId: order.clOrdId,
    orderId: order.orderId,
    spec: order.spec,
    role: order.role,
    groupId: order.groupId,
    isRoll: order.isRoll,
    status: order.status,
    working: order.working,
    doubt: order.doubt,
    pending: order.pending,
    orderQty: order.orderQty,
    cumQty: order.cumQty,
    leavesQty: order.leavesQty,
    limitTicks: order.limitTicks,
    stopTicks: order.stopTicks,
    filledCounts: order.filledCounts,
    createdUs: order.createdUs,
    updatedUs: order.updatedUs,
    reason: order.reason,
  };
}
