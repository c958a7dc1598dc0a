/**
 * Our state against the venue's word, as a pure function: what to book, in order, and what a person or the caller has to see
 * to. Fills first, oldest first; then what became of each order; positions last, with those fills counted.
 *
 * Nothing is concluded from silence alone. An order that the venue does not show is asked for by its id; a quantity that no
 * execution explains is asked for again; what we heard after the reading began is newer than the reading.
 */
import type { ExecutionReport } from '../../core/execution.ts';
import type { VenueExecution, VenueOrder, VenueSnapshot } from '../../core/live.ts';
import type { ClOrdId, VenueOrderId } from '../../core/order.ts';
import { isTerminal } from '../../core/order.ts';
import type { Qty, TsUs } from '../../core/units.ts';
import type { Order } from '../order-manager.ts';

/** What is done with positions and orders that we did not make: taken over, closed, or reason to stop. */
export type ForeignPolicy = 'adopt' | 'flatten' | 'refuse';

/** What reconciling needs to know of an order of ours. */
export type OwnOrder = Pick<
  Order,
  | 'clOrdId'
  | 'orderId'
  | 'contractIndex'
  | 'side'
  | 'status'
  | 'working'
  | 'certainty'
  | 'doubt'
  | 'orderQty'
  | 'cumQty'
  | 'limitTicks'
  | 'stopTicks'
  | 'pending'
  | 'heardUs'
>;

export type Finding =
  /** Ask for this order by its id: the reading does not tell what became of it. */
  | { readonly kind: 'ask'; readonly clOrdId: ClOrdId; readonly why: string }
  /** The venue works an order that has ended for us: it is to be cancelled. */
  | {
      readonly kind: 'revenant';
      readonly clOrdId: ClOrdId;
      readonly orderId: VenueOrderId;
      readonly contractIndex: number;
    }
  | { readonly kind: 'foreign-order'; readonly order: VenueOrder }
  | { readonly kind: 'foreign-execution'; readonly execution: VenueExecution }
  /** The venue took back an execution that we have booked. */
  | { readonly kind: 'busted'; readonly execution: VenueExecution }
  /** `isSure` false: what happened during the reading may explain it; read again. */
  | {
      readonly kind: 'position';
      readonly contractIndex: number;
      readonly ours: number;
      readonly theirs: number;
      readonly avgPriceTicks: number;
      readonly isSure: boolean;
    }
  /** An order or position in a contract that the run does not know, in the venue's words. */
  | { readonly kind: 'unknown-contract'; readonly text: string };

export type PositionFinding = Extract<Finding, { readonly kind: 'position' }>;

export interface Reconciliation {
  /** To be applied in this order, as if the venue had sent them. */
  readonly reports: readonly ExecutionReport[];
  /** Orders whose doubt ends with the reports. */
  readonly settled: readonly ClOrdId[];
  readonly findings: readonly Finding[];
}

export interface ReconcileInput {
  readonly snapshot: VenueSnapshot;
  /** Open orders of ours, oldest first. */
  readonly open: Iterable<OwnOrder>;
  /** Any order of ours, ended ones included. */
  readonly find: (clOrdId: ClOrdId) => OwnOrder | null;
  /** Ours by the venue's id, for executions that do not carry our own. */
  readonly findByOrderId: (orderId: VenueOrderId) => OwnOrder | null;
  readonly hasSeen: (execId: string) => boolean;
  /** Contracts with a position of ours. */
  readonly held: readonly number[];
  readonly netQty: (contractIndex: number) => number;
}

/** The whole account. */
export function reconcile(input: ReconcileInput): Reconciliation {
  const { snapshot } = input;
  const reports: ExecutionReport[] = [];
  const settled: ClOrdId[] = [];
  const findings: Finding[] = [];
  /** Contracts by order and by row that the fills below add. */
  const added = new Map<ClOrdId, number>();
  const moved = new Map<number, number>();
  const doubtful = new Set<number>();

  const idOf = new Map<VenueOrderId, ClOrdId>();
  for (const { orderId, clOrdId } of snapshot.orders)
    if (clOrdId !== null && input.find(clOrdId) !== null) idOf.set(orderId, clOrdId);
  const ownOf = (execution: VenueExecution): OwnOrder | null => {
    const clOrdId = execution.clOrdId ?? idOf.get(execution.orderId) ?? null;
    const byId = clOrdId === null ? null : input.find(clOrdId);
    return byId ?? input.findByOrderId(execution.orderId);
  };

  const seenHere = new Set<string>();
  for (const execution of snapshot.executions.toSorted((a, b) => a.tsUs - b.tsUs)) {
    const isSeen = input.hasSeen(execution.execId);
    if (execution.isBusted) {
      if (isSeen) findings.push({ kind: 'busted', execution });
      continue;
    }
    if (isSeen || seenHere.has(execution.execId)) continue;
    seenHere.add(execution.execId);
    const own = ownOf(execution);
    if (own === null) {
      findings.push({ kind: 'foreign-execution', execution });
      continue;
    }
    reports.push(fillOf(own, execution));
    added.set(own.clOrdId, (added.get(own.clOrdId) ?? 0) + execution.qty);
    const signed = execution.side * execution.qty;
    moved.set(own.contractIndex, (moved.get(own.contractIndex) ?? 0) + signed);
  }

  const theirs = new Map<ClOrdId, VenueOrder>();
  for (const order of snapshot.orders) {
    const own =
      order.clOrdId === null ? input.findByOrderId(order.orderId) : input.find(order.clOrdId);
    if (own !== null) theirs.set(own.clOrdId, order);
    else if (!isTerminal(order.status)) findings.push({ kind: 'foreign-order', order });
  }
  for (const own of input.open) {
    const order = theirs.get(own.clOrdId) ?? null;
    // What we heard since is newer; its fills above count by their ids.
    if (own.heardUs >= snapshot.readUs && own.certainty === 'known') {
      doubtful.add(own.contractIndex);
      continue;
    }
    if (order === null) {
      doubtful.add(own.contractIndex);
      findings.push({ kind: 'ask', clOrdId: own.clOrdId, why: 'the account does not show it' });
      continue;
    }
    const step = settle(own, order, own.cumQty + (added.get(own.clOrdId) ?? 0));
    reports.push(...step.reports);
    if (step.ask === null) settled.push(own.clOrdId);
    else {
      doubtful.add(own.contractIndex);
      findings.push({ kind: 'ask', clOrdId: own.clOrdId, why: step.ask });
    }
  }
  for (const [clOrdId, order] of theirs) {
    const own = input.find(clOrdId)!;
    if (!isTerminal(own.status) || isTerminal(order.status)) continue;
    // It ended while the account was read.
    if (own.heardUs >= snapshot.readUs) continue;
    findings.push({
      kind: 'revenant',
      clOrdId,
      orderId: order.orderId,
      contractIndex: order.contractIndex,
    });
    doubtful.add(order.contractIndex);
  }

  const positions = new Map(snapshot.positions.map((each) => [each.contractIndex, each]));
  const rows = new Set([...input.held, ...moved.keys(), ...positions.keys()]);
  for (const contractIndex of [...rows].toSorted((a, b) => a - b)) {
    const ours = input.netQty(contractIndex) + (moved.get(contractIndex) ?? 0);
    const position = positions.get(contractIndex);
    if (ours === (position?.netQty ?? 0)) continue;
    findings.push({
      kind: 'position',
      contractIndex,
      ours,
      theirs: position?.netQty ?? 0,
      avgPriceTicks: position?.avgPriceTicks ?? NaN,
      isSure: !doubtful.has(contractIndex),
    });
  }
  for (const text of snapshot.unknown) findings.push({ kind: 'unknown-contract', text });
  return { reports, settled, findings };
}

/** One order that was asked for by its id; null: the venue is sure that it never got it. */
export function reconcileOrder(
  own: OwnOrder,
  order: VenueOrder | null,
  nowUs: TsUs,
): { readonly reports: readonly ExecutionReport[]; readonly ask: string | null } {
  if (isTerminal(own.status)) return { reports: [], ask: null };
  if (order !== null) return settle(own, order, own.cumQty);
  // It was never there; or it was once, and its end is so long ago that the venue has forgotten it.
  const kind = own.orderId === null && own.cumQty === 0 ? 'Rejected' : 'Canceled';
  const reason = kind === 'Rejected' ? 'not-received' : 'not-found';
  return { reports: [stateOf(own, kind, nowUs, reason)], ask: null };
}

/** What the venue's state of an order says about ours, of which `cumQty` contracts will have been booked. */
function settle(
  own: OwnOrder,
  order: VenueOrder,
  cumQty: number,
): { readonly reports: readonly ExecutionReport[]; readonly ask: string | null } {
  const reports: ExecutionReport[] = [];
  const { orderId, updatedUs } = order;
  const say = (kind: ExecutionReport['kind'], more: Partial<ExecutionReport> = {}): void => {
    reports.push({ ...stateOf(own, kind, updatedUs, ''), orderId, ...more });
  };
  const isFilled = cumQty >= own.orderQty && cumQty > 0;
  if (order.cumQty > cumQty)
    return { reports, ask: `${order.cumQty} contracts were filled, of which ${cumQty} are known` };
  switch (order.status) {
    case 'Filled':
      // Its fills are all booked, and end it by themselves; contracts less than ours asked for end it here.
      if (!isFilled) say('Canceled', { reason: 'venue' });
      return { reports, ask: null };
    case 'Canceled':
    case 'Expired':
    case 'Rejected': {
      if (isFilled) return { reports, ask: null };
      const kind = order.status === 'Rejected' && cumQty > 0 ? 'Canceled' : order.status;
      say(kind, { reason: order.reason === '' ? 'venue' : order.reason });
      return { reports, ask: null };
    }
    case 'Denied':
    case 'PendingNew':
      return { reports, ask: 'the venue has not decided on it' };
    case 'New':
    case 'PartiallyFilled':
    case 'PendingReplace':
    case 'PendingCancel':
  }
  if (isFilled)
    return { reports, ask: 'the venue still works it, and all its contracts are filled' };
  if (order.status === 'PendingReplace' || order.status === 'PendingCancel')
    return { reports, ask: 'a request for it is on its way' };
  const terms = {
    orderQty: order.orderQty,
    ...(order.limitTicks === null ? {} : { limitTicks: order.limitTicks }),
    ...(order.stopTicks === null ? {} : { stopTicks: order.stopTicks }),
  };
  if (own.status === 'PendingNew') say('Accepted', order.isHeld ? { working: 'held' } : {});
  if (own.working === 'held' && !order.isHeld) say('Released');
  if (own.status === 'PendingCancel') say('CancelRejected', { reason: 'not-received' });
  if (own.status === 'PendingReplace') {
    if (isAsAsked(own, order)) say('Replaced', terms);
    else say('ReplaceRejected', { reason: 'not-received' });
  }
  if (own.status !== 'PendingReplace' && !hasTerms(own, order)) say('Restated', terms);
  return { reports, ask: null };
}

function hasTerms(own: OwnOrder, order: VenueOrder): boolean {
  return (
    own.orderQty === order.orderQty &&
    (order.limitTicks === null || own.limitTicks === order.limitTicks) &&
    (order.stopTicks === null || own.stopTicks === order.stopTicks)
  );
}

function isAsAsked(own: OwnOrder, order: VenueOrder): boolean {
  const { pending } = own;
  return (
    pending !== null &&
    (pending.qty ?? order.orderQty) === order.orderQty &&
    (pending.limitTicks ?? order.limitTicks) === order.limitTicks &&
    (pending.stopTicks ?? order.stopTicks) === order.stopTicks
  );
}

function stateOf(
  own: OwnOrder,
  kind: ExecutionReport['kind'],
  tsUs: TsUs,
  reason: string,
): ExecutionReport {
  const { clOrdId, orderId, contractIndex } = own;
  return { kind, clOrdId, orderId, contractIndex, tsUs, ...(reason === '' ? {} : { reason }) };
}

export function fillOf(own: OwnOrder, execution: VenueExecution): ExecutionReport {
  const { execId, orderId, qty, priceTicks, tsUs, feeMicros, commissionMicros } = execution;
  return {
    kind: 'Fill',
    clOrdId: own.clOrdId,
    orderId,
    contractIndex: own.contractIndex,
    tsUs,
    fill: {
      execId,
      lastQty: qty as Qty,
      lastPriceTicks: priceTicks,
      feeMicros,
      commissionMicros,
    },
  };
}
