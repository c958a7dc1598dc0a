/**
 * Orders whose state is not known. A request without an answer puts its order in doubt; nothing more is sent for it until the
 * venue has been asked by our id or the whole account was read. What the strategy asks for meanwhile waits.
 */
import type { ExecutionReport } from '../../core/execution.ts';
import type { LiveEvent, VenueOrder, VenueSnapshot } from '../../core/live.ts';
import type { ContractId, ContractTable } from '../../core/instrument.ts';
import type { ClOrdId, OrderEventKind, VenueOrderId } from '../../core/order.ts';
import { isTerminal } from '../../core/order.ts';
import type { SimulatedVenue } from '../../core/ports.ts';
import type { RunIssue } from '../../core/run-events.ts';
import type { TsUs } from '../../core/units.ts';
import type { EngineResult } from '../config.ts';
import type { EventLog } from '../event-log.ts';
import type { AppliedReport, Order, OrderManager } from '../order-manager.ts';
import type { Portfolio } from '../portfolio.ts';
import type { Finding, ForeignPolicy, PositionFinding } from './reconcile.ts';
import { reconcile, reconcileOrder } from './reconcile.ts';

/** How long the venue must have gone without an order before it counts as never received: a request may still be on its way. */
const ABSENT_US = 5_000_000;

export interface LiveOptions {
  /** Of everything that the venue tells, after the engine has taken it in. */
  readonly onEvent?: (event: LiveEvent) => void;
  /** What reading the account brought up that reports cannot mend. */
  readonly onFindings?: (findings: readonly Finding[], snapshot: VenueSnapshot) => void;
  /** With `strategyErrors: 'go-on'`: inside the loop; what is to be done about it is done after `advance`. */
  readonly onStrategyError?: (error: NonNullable<EngineResult['error']>) => void;
  /** µs; default 5 s. */
  readonly absentAfterUs?: number;
  /** What is done with a position that our fills do not explain, once two readings in a row show it. Default `refuse`. */
  readonly foreign?: ForeignPolicy;
}

export interface TruthParts {
  readonly options: LiveOptions;
  readonly table: ContractTable;
  readonly venue: SimulatedVenue;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly journal: EventLog;
  readonly nowUs: () => TsUs;
  readonly apply: (report: ExecutionReport) => void;
  readonly tell: (kind: OrderEventKind, order: Order, reason: string) => void;
  readonly issue: (issue: RunIssue) => void;
  /** While held, no order that opens or enlarges a position is sent. */
  readonly holdRisk: (reason: string, isHeld: boolean) => void;
  /** Books what is held beyond our fills; with `isClosing` an order to close it follows. */
  readonly adopt: (finding: PositionFinding, isClosing: boolean) => void;
  /** Nothing about an order is in doubt: what waited for that may be sent, unless the order has ended. */
  readonly onTrusted: (order: Order) => void;
}

export class OrderTruth {
  readonly #parts: TruthParts;
  /** When the doubt about an order began. */
  readonly #lostUs: Map<ClOrdId, TsUs> = new Map();
  /** Positions that did not agree when the account was last read, as `ours theirs`, by row of contract. */
  #disputed: Map<number, string> = new Map();
  /** Those of them that a person has been told of. */
  readonly #isTold: Set<number> = new Set();

  constructor(parts: TruthParts) {
    this.#parts = parts;
    parts.holdRisk('not-reconciled', true);
  }

  onEvent(event: LiveEvent): void {
    const { options, journal, nowUs } = this.#parts;
    if (event.kind === 'uncertain') this.#onUncertain(event);
    else if (event.kind === 'found') this.#onFound(event);
    else if (event.kind === 'snapshot') this.#onSnapshot(event.snapshot);
    else if (event.kind === 'issue') {
      const { code, message } = event;
      this.#parts.issue({ code, severity: 'warning', message, tsUs: nowUs() });
    } else if (event.kind === 'link') {
      const { plane, state, reason } = event;
      journal.append('link', nowUs(), { plane, state, reason });
      // What a plane without a connection would tell is missing: no new risk until it is back and has been read again.
      if (plane !== 'market') this.#parts.holdRisk(`link-${plane}`, state !== 'up');
    }
    options.onEvent?.(event);
  }

  /** After a report was applied. */
  onApplied(applied: Pick<AppliedReport, 'order' | 'surprise'>): void {
    const { order, surprise } = applied;
    if (surprise !== undefined) this.#tellSurprise(order, surprise);
    if (order.certainty === 'known') this.#settled(order);
  }

  /** After a report that changed nothing. */
  onIgnored(report: ExecutionReport): void {
    const order = this.#parts.orders.get(report.clOrdId);
    if (order === null || !isTerminal(order.status) || order.reason !== 'not-received') return;
    // It was on its way all the time.
    if (report.kind === 'Accepted') this.#banish(order, report.orderId);
  }

  #onUncertain(event: Extract<LiveEvent, { kind: 'uncertain' }>): void {
    const { orders, nowUs, tell, venue } = this.#parts;
    const order = orders.get(event.clOrdId);
    if (order === null || isTerminal(order.status)) return;
    // An answer that came first leaves nothing to doubt.
    if (
      event.request === 'new' &&
      order.status !== 'PendingNew' &&
      order.status !== 'PendingCancel'
    )
      return;
    if (event.request === 'replace' && order.status !== 'PendingReplace') return;
    if (event.request === 'cancel' && order.status !== 'PendingCancel') return;
    if (!orders.applyLost(order, nowUs(), event.request)) return;
    if (!this.#lostUs.has(order.clOrdId)) this.#lostUs.set(order.clOrdId, event.receivedUs);
    tell('Lost', order, event.reason);
    venue.ask?.(order.clOrdId);
  }

  #onFound(event: Extract<LiveEvent, { kind: 'found' }>): void {
    const { orders, venue, options } = this.#parts;
    const order = orders.get(event.clOrdId);
    if (order === null) return;
    if (isTerminal(order.status)) {
      const isWorking = event.order !== null && !isTerminal(event.order.status);
      if (isWorking) this.#banish(order, event.order.orderId);
      return;
    }
    if (order.certainty === 'known' && order.heardUs > event.askedUs) return;
    const lostUs = this.#lostUs.get(order.clOrdId) ?? order.heardUs;
    const isTooEarly = event.askedUs - lostUs < (options.absentAfterUs ?? ABSENT_US);
    if (event.order === null && isTooEarly) {
      venue.ask?.(order.clOrdId);
      return;
    }
    this.#takeAnswer(order, event.order);
  }

  #takeAnswer(order: Order, answer: VenueOrder | null): void {
    const { venue, apply, nowUs } = this.#parts;
    const { reports, ask } = reconcileOrder(order, answer, nowUs());
    for (const report of reports) apply(report);
    if (ask === null) this.#trust(order);
    else {
      // Fills are in the account's history only.
      if (answer !== null && answer.cumQty > order.cumQty) venue.ask?.(null);
      venue.ask?.(order.clOrdId);
    }
  }

  #onSnapshot(snapshot: VenueSnapshot): void {
    const { orders, portfolio, journal, nowUs, apply, venue, options, holdRisk } = this.#parts;
    const { sinceUs, readUs, account, positions, unknown } = snapshot;
    journal.append('snapshot', nowUs(), {
      sinceUs,
      readUs,
      account: {
        name: account.name,
        balanceMicros: account.balanceMicros,
        canTrade: account.canTrade,
      },
      orders: snapshot.orders.length,
      executions: snapshot.executions.length,
      positions: positions.map(({ contractIndex, netQty, avgPriceTicks }) => ({
        contract: this.#nameOf(contractIndex),
        netQty,
        avgPriceTicks,
      })),
      unknown,
    });
    const open = [...orders.open()];
    const result = reconcile({
      snapshot,
      open,
      find: (clOrdId) => orders.get(clOrdId),
      findByOrderId: (orderId) => orders.getByOrderId(orderId),
      hasSeen: (execId) => orders.hasSeen(execId),
      held: portfolio.held,
      netQty: (c) => portfolio.netQty[c]!,
    });
    for (const report of result.reports) apply(report);
    for (const clOrdId of result.settled) {
      const order = orders.get(clOrdId)!;
      if (!isTerminal(order.status)) this.#trust(order);
    }
    let isAgain = false;
    for (const finding of result.findings) {
      if (finding.kind === 'ask') venue.ask?.(finding.clOrdId);
      else if (finding.kind === 'revenant')
        this.#banish(orders.get(finding.clOrdId)!, finding.orderId);
      else if (finding.kind === 'position' && !finding.isSure) isAgain = true;
    }
    if (this.#judgePositions(result.findings)) isAgain = true;
    holdRisk('not-reconciled', isAgain);
    if (isAgain) venue.ask?.(null);
    options.onFindings?.(result.findings, snapshot);
  }

  /**
   * A position that still differs when all is known. A fill may still be on its way, so the account is read once more; what
   * two readings in a row show is adopted, closed, or holds new risk until it agrees. True: read again.
   */
  #judgePositions(findings: readonly Finding[]): boolean {
    const { holdRisk, adopt, options } = this.#parts;
    const { foreign = 'refuse' } = options;
    const disputed = new Map<number, string>();
    let isAgain = false;
    let isRefused = false;
    for (const finding of findings) {
      if (finding.kind !== 'position' || !finding.isSure) continue;
      const { contractIndex, ours, theirs } = finding;
      const key = `${ours} ${theirs}`;
      const isSecond = this.#disputed.get(contractIndex) === key;
      if (isSecond && foreign !== 'refuse') {
        this.#tellPosition(finding, foreign);
        adopt(finding, foreign === 'flatten');
        continue;
      }
      disputed.set(contractIndex, key);
      if (!isSecond) isAgain = true;
      else {
        isRefused = true;
        if (!this.#isTold.has(contractIndex)) this.#tellPosition(finding, foreign);
        this.#isTold.add(contractIndex);
      }
    }
    this.#disputed = disputed;
    for (const c of this.#isTold) if (!disputed.has(c)) this.#isTold.delete(c);
    holdRisk('position-mismatch', isRefused);
    return isAgain;
  }

  #tellPosition({ contractIndex, ours, theirs }: PositionFinding, policy: ForeignPolicy): void {
    const id = this.#nameOf(contractIndex);
    const what = {
      adopt: 'the difference is taken over',
      flatten: 'the difference is taken over and closed',
      refuse: 'nothing is opened or enlarged until they agree',
    }[policy];
    this.#parts.issue({
      code: 'E_POSITION_MISMATCH',
      severity: policy === 'refuse' ? 'error' : 'warning',
      message: `${id}: the venue shows ${theirs} contracts, our fills come to ${ours}; ${what}`,
      tsUs: this.#parts.nowUs(),
      contract: id,
    });
  }

  #trust(order: Order): void {
    const { orders, nowUs, tell } = this.#parts;
    if (isTerminal(order.status)) return;
    if (order.certainty === 'unknown' && orders.applyReconciled(order, nowUs()))
      tell('Reconciled', order, '');
    this.#settled(order);
  }

  #settled(order: Order): void {
    this.#lostUs.delete(order.clOrdId);
    this.#parts.onTrusted(order);
  }

  /** The venue works an order that is over for us. */
  #banish(order: Order, orderId: VenueOrderId | null): void {
    const { venue, issue, nowUs, journal } = this.#parts;
    issue({
      code: 'E_ORDER_REVENANT',
      severity: 'error',
      message: `${order.clOrdId} (${order.contract}) had ended here (${order.status}, ${order.reason}), and the venue works it: it is cancelled`,
      tsUs: nowUs(),
      contract: order.contract,
    });
    journal.flush();
    venue.cancel({ clOrdId: order.clOrdId, orderId: orderId ?? order.orderId, sentUs: nowUs() });
  }

  #tellSurprise(order: Order, surprise: NonNullable<AppliedReport['surprise']>): void {
    const isLate = surprise === 'after-end';
    this.#parts.issue({
      code: isLate ? 'E_FILL_AFTER_END' : 'E_FILL_BEYOND_ORDER',
      severity: 'warning',
      message: isLate
        ? `${order.clOrdId} (${order.contract}) was filled at the venue after it had ended here (${order.status}): ${order.cumQty} of ${order.orderQty} are booked`
        : `${order.clOrdId} (${order.contract}) was filled beyond its quantity: ${order.cumQty} contracts are booked`,
      tsUs: this.#parts.nowUs(),
      contract: order.contract,
    });
  }

  #nameOf(contractIndex: number): ContractId {
    return this.#parts.table.contractAt(contractIndex).id;
  }
}
