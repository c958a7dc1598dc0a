/**
 * Groups for a venue that cannot hold them: single orders are sent as the fills of a group ask for them. The rules are those
 * of the exchange (`core/groups`); what differs is that every step is a message, and messages can cross.
 *
 * Two states are kept apart: what the group wants of a leg, which follows from its reports alone, and what the venue was sent.
 * `#sync` sends what closes the gap, one request of an order at a time and none while the outcome of the last is unknown. So
 * a restart needs only the lines that opened the groups, announced the requests and told what came of them.
 */
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../core/execution.ts';
import type { GroupAction } from '../../core/groups/group-state.ts';
import {
  isGroupDone,
  legEnded,
  legFilled,
  legQtyProblem,
  legReplaced,
} from '../../core/groups/group-state.ts';
import type { LiveEvent, VenueOrder } from '../../core/live.ts';
import type { ClOrdId, GroupHolder, GroupId } from '../../core/order.ts';
import { isTerminal } from '../../core/order.ts';
import type {
  AmbiguityEvent,
  ExecutionSink,
  JournalPort,
  OpeningDetails,
  SimulatedVenue,
  TickColumns,
  TickKind,
  VenueIssue,
  VenuePhase,
} from '../../core/ports.ts';
import type { BarColumns } from '../../core/bars.ts';
import type { PriceTicks, Qty, TsUs } from '../../core/units.ts';
import { TS_MAX } from '../../core/units.ts';
import type { JournalLine } from '../live/recovery.ts';
import type { Held, Leg, Wire } from './held-leg.ts';
import { followEntry, openHeld, wireRequest } from './held-leg.ts';

export interface HeldGroupsOptions {
  readonly venue: SimulatedVenue;
  readonly journal: Pick<JournalPort, 'append' | 'flush'>;
  readonly nowUs: () => TsUs;
  /** Why the venue cannot hold a group that its table allows, or null. Default: it can. */
  readonly whyNotHeld?: (request: OrderGroupRequest) => string | null;
  /** How long filled contracts may stand without a stop that the venue confirmed, in µs. Default 5 s. */
  readonly confirmUs?: number;
  /** An order whose request has no answer after this long is asked for, and again, in µs. Default 1 s. */
  readonly pollUs?: number;
  /** What is done with contracts that stay without a confirmed stop. Default `flatten`. */
  readonly onUnprotected?: 'flatten' | 'tell';
  /** What is done with contracts that two exits traded too much, because their messages crossed. Default `close`. */
  readonly onOverfill?: 'close' | 'tell';
}

interface Place {
  readonly held: Held;
  readonly index: number;
  /** Null: whatever wire the leg has. */
  readonly wireId: string | null;
}

interface Single {
  readonly request: NewOrderRequest;
  cum: number;
}

const KEPT_IDS = 65_536;
const FLATTEN = 'held-flatten:';
const EXCESS = 'held-excess:';

export class HeldGroups implements SimulatedVenue, ExecutionSink {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks?: Float64Array;
  readonly matchesTicks?: Uint8Array;
  readonly onTick?: NonNullable<SimulatedVenue['onTick']>;
  readonly onPhase?: NonNullable<SimulatedVenue['onPhase']>;
  readonly hasten?: NonNullable<SimulatedVenue['hasten']>;
  readonly onTheWayUs?: NonNullable<SimulatedVenue['onTheWayUs']>;
  readonly setLag?: NonNullable<SimulatedVenue['setLag']>;
  readonly feedLagUs?: NonNullable<SimulatedVenue['feedLagUs']>;
  readonly inboxUs?: NonNullable<SimulatedVenue['inboxUs']>;
  readonly takeEvent?: NonNullable<SimulatedVenue['takeEvent']>;
  readonly ask?: NonNullable<SimulatedVenue['ask']>;
  readonly #options: HeldGroupsOptions;
  readonly #venue: SimulatedVenue;
  #sink: ExecutionSink | null = null;
  readonly #groups: Map<GroupId, Held> = new Map();
  readonly #places: Map<string, Place> = new Map();
  /** Legs of groups that are over: a fill that comes late still counts. */
  readonly #old: Recent<Place> = new Recent();
  readonly #holders: Recent<GroupHolder> = new Recent();
  readonly #execIds: Recent<true> = new Recent();
  readonly #singles: Map<string, Single> = new Map();
  readonly #net: Map<number, number> = new Map();
  /** The engine states the position: fills are not counted a second time. */
  #isTold: boolean = false;
  readonly #dirty: Set<Held> = new Set();
  #depth: number = 0;
  /** Answers that we give ourselves. */
  readonly #answers: LiveEvent[] = [];
  /** When requests without an answer are asked for next. */
  #pollUs: number = Infinity;

  constructor(options: HeldGroupsOptions) {
    const { venue } = options;
    this.#options = options;
    this.#venue = venue;
    const { features } = venue.capabilities;
    this.capabilities = {
      ...venue.capabilities,
      features: {
        ...features,
        reduceOnly: true,
        groups: ['bracket', 'oco', 'ouo', 'multi-target'],
      },
    };
    this.wakeLow = venue.wakeLow;
    this.wakeHigh = venue.wakeHigh;
    if (venue.lastTicks !== undefined) this.lastTicks = venue.lastTicks;
    if (venue.matchesTicks !== undefined) this.matchesTicks = venue.matchesTicks;
    if (venue.onTick !== undefined)
      this.onTick = (kind: TickKind, c: number, columns: TickColumns, row: number): void =>
        this.#within(() => venue.onTick!(kind, c, columns, row));
    if (venue.onPhase !== undefined)
      this.onPhase = (c: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void =>
        this.#within(() => venue.onPhase!(c, phase, tsUs, opening));
    if (venue.hasten !== undefined)
      this.hasten = (c, nowUs): void => this.#within(() => venue.hasten!(c, nowUs));
    if (venue.onTheWayUs !== undefined) this.onTheWayUs = () => venue.onTheWayUs!();
    if (venue.setLag !== undefined) this.setLag = (lagUs) => venue.setLag!(lagUs);
    if (venue.feedLagUs !== undefined) this.feedLagUs = (tsUs, seq) => venue.feedLagUs!(tsUs, seq);
    if (venue.inboxUs === undefined) return;
    this.inboxUs = () => (this.#answers[0]?.receivedUs ?? venue.inboxUs!()) as TsUs;
    this.takeEvent = (): void =>
      this.#within(() => {
        const answer = this.#answers.shift();
        if (answer === undefined) venue.takeEvent!();
        else this.#sink!.onLive?.(answer);
      });
    this.ask = (clOrdId) => this.#ask(clOrdId);
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
    this.#venue.connect(this);
  }

  /** Who holds a group; null for one that was never sent, or is long over. */
  holderOf(groupId: GroupId): GroupHolder | null {
    return this.#holders.get(groupId) ?? null;
  }

  /** Groups held by us that are not over. */
  get openGroups(): number {
    return this.#groups.size;
  }

  // ---------------------------------------------------------------------------------------------------- requests

  submit(request: NewOrderRequest): void {
    const { spec, clOrdId, contractIndex } = request;
    const hasReduceOnly = this.#venue.capabilities.features.reduceOnly;
    if (this.#places.has(clOrdId)) {
      this.#tell({ ...this.#report('Rejected', request), reason: 'duplicate-id' });
      return;
    }
    let sent = request;
    if (spec.reduceOnly === true && !hasReduceOnly) {
      const room = this.#room(contractIndex, spec.side, null);
      if (room <= 0) {
        this.#tell({ ...this.#report('Rejected', request), reason: 'reduce-only' });
        return;
      }
      const { reduceOnly: _ours, ...plain } = spec;
      const qty = Math.min(room, spec.qty) as Qty;
      sent = { ...request, spec: { ...plain, qty } as typeof spec };
      if (qty < spec.qty)
        this.#tell({ ...this.#report('Restated', request), orderQty: qty, reason: 'reduce-only' });
    }
    if (!this.#singles.has(clOrdId)) this.#singles.set(clOrdId, { request: sent, cum: 0 });
    this.#within(() => this.#venue.submit(sent));
  }

  submitGroup(request: OrderGroupRequest): void {
    const why = this.#whyUs(request);
    const holder = why === null ? 'venue' : 'us';
    const { groupId } = request;
    const orders = [
      ...(request.entry === null ? [] : [request.entry]),
      ...request.children.map(({ order }) => order),
    ];
    const problem = this.#problemOf(request, orders);
    if (problem !== null) {
      for (const order of orders)
        this.#tell({ ...this.#report('Rejected', order), reason: problem });
      return;
    }
    this.#holders.set(groupId, holder);
    if (why === null) {
      this.#options.journal.append('group-holder', this.#options.nowUs(), { groupId, holder });
      for (const order of orders) this.#singles.set(order.clOrdId, { request: order, cum: 0 });
      this.#within(() => this.#venue.submitGroup(request));
      return;
    }
    this.#options.journal.append('held-group', this.#options.nowUs(), {
      groupId,
      holder,
      why,
      request,
    });
    const held = this.#open(request);
    this.#within(() => {
      // Peers and exits of a position stand in the market at once; exits of an entry sleep until it is accepted.
      this.#touch(held);
    });
  }

  replace(request: ReplaceRequest): void {
    const place = this.#places.get(request.clOrdId);
    if (place === undefined) {
      this.#within(() => this.#venue.replace(request));
      return;
    }
    const { held, index } = place;
    const leg = held.legs[index]!;
    const { qty } = request;
    const problem =
      leg.hasEnded || held.state.legs[index]!.isTold
        ? 'already-ended'
        : qty === undefined
          ? null
          : legQtyProblem(held.state, index, qty);
    if (problem !== null || leg.wire?.isByUser === true || leg.wire?.isLost === true) {
      this.#tell({ ...this.#report('ReplaceRejected', leg.order), reason: problem ?? 'pending' });
      return;
    }
    this.#options.journal.append('held-change', this.#options.nowUs(), {
      groupId: held.state.groupId,
      leg: index,
      ...(qty === undefined ? {} : { qty }),
      ...(request.limitTicks === undefined ? {} : { limitTicks: request.limitTicks }),
      ...(request.stopTicks === undefined ? {} : { stopTicks: request.stopTicks }),
    });
    this.#within(() => {
      this.#change(held, index, request);
      if (leg.wire === null) this.#tellTerms(held, index, 'Replaced');
      else leg.wire.isByUser = true;
    });
  }

  cancel(request: CancelRequest): void {
    const place = this.#places.get(request.clOrdId);
    if (place === undefined) {
      this.#within(() => this.#venue.cancel(request));
      return;
    }
    const { held, index } = place;
    const leg = held.legs[index]!;
    if (leg.hasEnded) {
      this.#tell({ ...this.#report('CancelRejected', leg.order), reason: 'already-ended' });
      return;
    }
    this.#within(() => {
      const { wire } = leg;
      if (wire === null) {
        this.#end(held, index, 'Canceled', 'requested', { isByGroup: false, isFailure: false });
        return;
      }
      wire.isByUser = true;
      this.#send(held, index, wire, 'cancel');
    });
  }

  // ----------------------------------------------------------------------------------------------------- reports

  /** From the venue, or from a reconciliation: both are the truth of an order. */
  onReport(report: ExecutionReport): void {
    this.#within(() => this.#take(report));
  }

  /** A report that reading the account brought up. */
  hear(report: ExecutionReport): void {
    this.onReport(report);
  }

  onAmbiguity(event: AmbiguityEvent): void {
    this.#sink!.onAmbiguity(event);
  }

  onVenueIssue(event: VenueIssue): void {
    this.#sink!.onVenueIssue?.(event);
  }

  onLive(event: LiveEvent): void {
    this.#within(() => {
      const translated = this.#translate(event);
      if (translated !== null) this.#sink!.onLive?.(translated);
    });
  }

  // ------------------------------------------------------------------------------------------------------ market

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    this.#within(() => this.#venue.onBar(contractIndex, bars, row, flags));
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#within(() => {
      this.#venue.onSessionClose(contractIndex, closeUs);
      for (const held of this.#groups.values())
        held.legs.forEach((leg, index) => {
          // What sleeps here has the end of its day here.
          const isDay = (leg.order.spec.timeInForce ?? 'day') === 'day';
          const isHere = leg.order.contractIndex === contractIndex && leg.wire === null;
          if (isHere && isDay && !leg.hasEnded)
            this.#end(held, index, 'Expired', 'day-end', { isByGroup: false, isFailure: false });
        });
    });
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#within(() => {
      this.#venue.onContractExpiry(contractIndex, tsUs);
      for (const held of this.#groups.values())
        held.legs.forEach((leg, index) => {
          if (leg.order.contractIndex === contractIndex && leg.wire === null && !leg.hasEnded)
            this.#end(held, index, 'Canceled', 'contract-expired', {
              isByGroup: false,
              isFailure: false,
            });
        });
    });
  }

  onTime(nowUs: TsUs): void {
    this.#within(() => {
      if (this.#venue.nextTimerUs() <= nowUs) this.#venue.onTime(nowUs);
      if (this.#pollUs <= nowUs) this.#poll(nowUs);
      for (const held of this.#groups.values())
        if (held.bareUs + this.#confirmUs <= nowUs) this.#giveUp(held, nowUs);
    });
  }

  nextTimerUs(): TsUs {
    let us = Math.min(this.#venue.nextTimerUs(), this.#pollUs);
    for (const { bareUs } of this.#groups.values()) us = Math.min(us, bareUs + this.#confirmUs);
    return Math.min(us, TS_MAX) as TsUs;
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#within(() => {
      this.#isTold = true;
      this.#net.set(contractIndex, netQty);
      this.#venue.setPosition(contractIndex, netQty);
      for (const held of this.#groups.values())
        if (held.legs[0]!.order.contractIndex === contractIndex) this.#dirty.add(held);
    });
  }

  // ----------------------------------------------------------------------------------------------------- restart

  /**
   * Goes on with the groups of an earlier run, from all lines of its journal in order. Nothing is sent before `resume`, and
   * requests on their way at the end count as lost. `rowOf`: this run's row of a contract.
   */
  restore(lines: Iterable<JournalLine>, rowOf: (contract: string) => number): void {
    for (const line of lines) this.#fold(line.kind, line.body, rowOf);
    for (const held of this.#groups.values()) {
      for (const { wire } of held.legs)
        if (wire !== null && wire.pending !== null) wire.isLost = true;
      this.#dirty.add(held);
    }
    for (const held of this.#groups.values()) this.#retire(held);
  }

  /** Sends what is missing: after a restart, when the account has been read. */
  resume(): void {
    for (const held of this.#groups.values()) this.#dirty.add(held);
    this.#within(() => {});
  }

  #fold(
    kind: string,
    body: Readonly<Record<string, unknown>>,
    rowOf: (contract: string) => number,
  ): void {
    const {
      groupId,
      leg: index,
      request,
    } = body as { groupId: GroupId; leg: number; request: OrderGroupRequest };
    if (kind === 'group-holder') this.#holders.set(groupId, 'venue');
    if (kind === 'held-group') {
      const move = (order: NewOrderRequest): NewOrderRequest => ({
        ...order,
        contractIndex: rowOf(order.spec.contract),
      });
      this.#holders.set(groupId, 'us');
      this.#open({
        ...request,
        entry: request.entry === null ? null : move(request.entry),
        children: request.children.map((child) => ({ ...child, order: move(child.order) })),
      });
      return;
    }
    const held = this.#groups.get(groupId);
    if (kind === 'held-send' && held !== undefined) this.#foldSend(held, index, body);
    else if (kind === 'held-change' && held !== undefined)
      this.#change(held, index, body as unknown as ReplaceRequest);
    else if (kind === 'held-off' && held !== undefined) this.#takeOff(held.legs[index]!);
    else if (kind === 'held-flatten' && held !== undefined) this.#beginFlatten(held);
    else if (kind === 'held-refused' && held !== undefined) held.legs[index]!.wire = null;
    else if (kind === 'fill') this.#foldFill(body as unknown as FoldedFill);
    else if (kind === 'order') this.#foldOrder(body as unknown as FoldedOrder);
  }

  #foldSend(held: Held, index: number, body: Record<string, unknown>): void {
    const leg = held.legs[index]!;
    const what = body['what'] as NonNullable<Wire['pending']>;
    const asked = {
      qty: body['qty'] as number,
      limitTicks: body['limitTicks'] as number | null,
      stopTicks: body['stopTicks'] as number | null,
    };
    if (what === 'new') this.#addWire(held, index, asked);
    else if (leg.wire !== null) {
      leg.wire.pending = what;
      leg.wire.asked = asked;
    }
  }

  #foldFill(fill: FoldedFill): void {
    const place = this.#places.get(fill.clOrdId) ?? this.#old.get(fill.clOrdId) ?? null;
    this.#execIds.set(fill.execId, true);
    if (place !== null) this.#count(place, fill.qty, fill.priceTicks);
  }

  #foldOrder(order: FoldedOrder): void {
    const tag = order.spec?.tag ?? '';
    if (order.event === 'Submitted' && tag.startsWith(FLATTEN)) {
      const held = this.#groups.get(tag.slice(FLATTEN.length));
      if (held !== undefined) this.#closed(held, order.spec!.qty);
    }
    if (order.event === 'Submitted' && tag.startsWith(EXCESS)) {
      const held = this.#groups.get(tag.slice(EXCESS.length));
      if (held !== undefined) held.closedExcessQty += order.spec!.qty;
    }
    const place = this.#places.get(order.id);
    if (place === undefined) return;
    const { held, index } = place;
    const leg = held.legs[index]!;
    if (order.event === 'Accepted') {
      leg.isAccepted = true;
      // Exits of an entry are accepted here, asleep.
      if (held.state.legs[index]!.parent < 0) confirm(leg.wire);
    } else if (
      order.event === 'Released' ||
      order.event === 'Replaced' ||
      order.event === 'Restated'
    )
      confirm(leg.wire);
    const isEnd =
      order.event === 'Canceled' || order.event === 'Expired' || order.event === 'Rejected';
    if (isEnd && !leg.hasEnded) {
      const { isTold } = held.state.legs[index]!;
      leg.hasEnded = true;
      leg.hasFailed = order.event === 'Rejected' && !isTold;
      leg.wire = null;
      this.#act(held, (out) =>
        legEnded(
          held.state,
          index,
          { isByGroup: isTold, isFailure: order.event === 'Rejected' },
          out,
        ),
      );
    }
  }

  // ------------------------------------------------------------------------------------------------------- truth

  #take(report: ExecutionReport): void {
    const place = this.#places.get(report.clOrdId) ?? this.#old.get(report.clOrdId) ?? null;
    if (place === null) {
      this.#takeSingle(report);
      return;
    }
    const { held, index } = place;
    const leg = held.legs[index]!;
    const wire = place.wireId === null || leg.wire?.id === place.wireId ? leg.wire : null;
    const { clOrdId } = leg.order;
    if (wire !== null && report.orderId !== null) wire.orderId = report.orderId;
    const { leavesQty: _leaves, orderQty: _qty, cumQty, ...rest } = report;
    const own: ExecutionReport = {
      ...rest,
      clOrdId,
      ...(cumQty === undefined ? {} : { cumQty: (leg.priorCum + cumQty) as Qty }),
    };
    switch (report.kind) {
      case 'Fill':
        this.#takeFill(place, wire, own);
        return;
      case 'Accepted':
        if (wire === null) return;
        confirm(wire);
        this.#tellAccepted(held, index, own);
        return;
      case 'Replaced':
        if (wire === null) return;
        wire.qty = report.orderQty ?? wire.asked.qty;
        wire.limitTicks = report.limitTicks ?? wire.asked.limitTicks;
        wire.stopTicks = report.stopTicks ?? wire.asked.stopTicks;
        this.#answered(held, index, wire, 'Replaced');
        return;
      case 'ReplaceRejected':
        if (wire === null) return;
        if (wire.isByUser) {
          leg.limitTicks = wire.limitTicks;
          leg.stopTicks = wire.stopTicks;
          wire.isByUser = false;
          this.#tell(own);
          confirm(wire);
        } else {
          // It cannot be changed: it is taken off, and comes back as another.
          confirm(wire);
          this.#send(held, index, wire, 'cancel');
        }
        this.#touch(held);
        return;
      case 'CancelRejected':
        if (wire?.isByUser === true) this.#tell(own);
        if (wire === null) return;
        // Most often its fill is on the way; whether it is, the venue is asked.
        wire.isByUser = false;
        wire.isLost = true;
        this.#venue.ask?.(wire.id as ClOrdId);
        return;
      case 'Canceled':
      case 'Expired':
      case 'Rejected':
        this.#takeEnd(held, index, wire, own);
        return;
      default:
        this.#tell(own);
    }
  }

  #takeFill(place: Place, wire: Wire | null, report: ExecutionReport): void {
    const { held, index } = place;
    const leg = held.legs[index]!;
    const known = held.state.legs[index]!.cum;
    const { execId, lastQty, lastPriceTicks } = report.fill!;
    const qty = execId === '' ? Math.max(0, (report.cumQty ?? known) - known) : lastQty;
    const isSeen = execId !== '' && this.#execIds.get(execId) === true;
    if (isSeen || qty === 0) {
      this.#tell(report);
      return;
    }
    if (wire !== null && wire.pending === 'new') {
      confirm(wire);
      this.#tellAccepted(held, index, {
        ...this.#report('Accepted', leg.order),
        orderId: report.orderId,
        tsUs: report.tsUs,
      });
    }
    if (execId !== '') this.#execIds.set(execId, true);
    this.#move(leg.order.contractIndex, leg.order.spec.side * qty);
    this.#tell(report);
    this.#count(place, qty, lastPriceTicks);
    this.#touch(held);
    if (held.excessQty > 0) this.#tellExcess(held);
  }

  /** Contracts of a leg are booked; what follows from them is wanted, not sent yet. */
  #count(place: Place, qty: number, priceTicks: number): void {
    const { held, index } = place;
    const leg = held.legs[index]!;
    leg.costTicks += qty * priceTicks;
    const { wire } = leg;
    if (wire !== null && (place.wireId === null || place.wireId === wire.id)) {
      wire.cum += qty;
      if (wire.pending === 'new') confirm(wire);
      if (wire.cum >= wire.qty) this.#takeOff(leg);
    } else leg.priorCum += qty;
    this.#act(held, (out) => legFilled(held.state, index, qty, out));
    if (!held.state.legs[index]!.isOpen) leg.hasEnded = true;
    if (held.legs[index]!.order.role === 'entry')
      held.legs.forEach((each, k) => followEntry(held, each, held.state.legs[k]!.role));
  }

  #takeEnd(held: Held, index: number, wire: Wire | null, report: ExecutionReport): void {
    const leg = held.legs[index]!;
    if (leg.hasEnded || wire === null) return;
    const { isTold } = held.state.legs[index]!;
    const isOwnCancel = wire.pending === 'cancel' && !wire.isByUser && report.kind === 'Canceled';
    if (report.kind === 'Rejected' && report.reason === 'not-received' && !isTold) {
      // It never arrived, and that is sure: it is sent once more, under an id of its own.
      this.#refuse(held, index);
      return;
    }
    if (isOwnCancel && !isTold) {
      this.#options.journal.append('held-off', this.#options.nowUs(), {
        groupId: held.state.groupId,
        leg: index,
      });
      this.#takeOff(leg);
      this.#touch(held);
      return;
    }
    const isFailure = report.kind === 'Rejected';
    if (isFailure) this.#tellFailure(held, index, report);
    leg.wire = null;
    const kind = isFailure && held.state.legs[index]!.cum > 0 ? 'Canceled' : report.kind;
    const reason = isTold && kind === 'Canceled' ? leg.reason : (report.reason ?? '');
    this.#end(held, index, kind, reason, { isByGroup: isTold, isFailure }, report);
  }

  #refuse(held: Held, index: number): void {
    this.#options.journal.append('held-refused', this.#options.nowUs(), {
      groupId: held.state.groupId,
      leg: index,
    });
    held.legs[index]!.wire = null;
    this.#touch(held);
  }

  #takeSingle(report: ExecutionReport): void {
    const single = this.#singles.get(report.clOrdId);
    const { fill } = report;
    if (single !== undefined && fill !== undefined) {
      const isSeen = fill.execId !== '' && this.#execIds.get(fill.execId) === true;
      const qty =
        fill.execId === '' ? Math.max(0, (report.cumQty ?? single.cum) - single.cum) : fill.lastQty;
      if (!isSeen) {
        if (fill.execId !== '') this.#execIds.set(fill.execId, true);
        single.cum += qty;
        this.#move(single.request.contractIndex, single.request.spec.side * qty);
      }
    }
    const isOver = single !== undefined && single.cum >= single.request.spec.qty;
    if (isOver || report.kind === 'Canceled' || report.kind === 'Expired')
      this.#singles.delete(report.clOrdId);
    if (report.kind === 'Rejected' && report.reason !== 'duplicate-id')
      this.#singles.delete(report.clOrdId);
    this.#tell(report);
  }

  #move(contractIndex: number, signedQty: number): void {
    if (this.#isTold) return;
    this.#net.set(contractIndex, (this.#net.get(contractIndex) ?? 0) + signedQty);
    for (const held of this.#groups.values())
      if (held.legs[0]!.order.contractIndex === contractIndex) this.#dirty.add(held);
  }

  // ------------------------------------------------------------------------------------------------- what follows

  #act(held: Held, act: (out: GroupAction[]) => void): void {
    const out: GroupAction[] = [];
    act(out);
    for (const action of out) {
      if (action.kind === 'cancel') held.legs[action.leg]!.reason = action.reason;
      else if (action.kind === 'flag' && action.flag === 'oco-overfill')
        held.excessQty = Math.max(held.excessQty, action.qty);
    }
  }

  #end(
    held: Held,
    index: number,
    kind: ExecutionReport['kind'],
    reason: string,
    end: { readonly isByGroup: boolean; readonly isFailure: boolean },
    from?: ExecutionReport,
  ): void {
    const leg = held.legs[index]!;
    if (leg.hasEnded) return;
    leg.hasEnded = true;
    leg.hasFailed = end.isFailure;
    leg.wire = null;
    this.#tell({ ...(from ?? this.#report(kind, leg.order)), kind, reason });
    this.#act(held, (out) => legEnded(held.state, index, end, out));
    this.#touch(held);
  }

  #change(
    held: Held,
    index: number,
    change: Pick<ReplaceRequest, 'qty' | 'limitTicks' | 'stopTicks'>,
  ): void {
    const leg = held.legs[index]!;
    leg.limitTicks = change.limitTicks ?? leg.limitTicks;
    leg.stopTicks = change.stopTicks ?? leg.stopTicks;
    const { qty } = change;
    if (qty !== undefined) this.#act(held, (out) => legReplaced(held.state, index, qty, out));
    this.#touch(held);
  }

  #tellAccepted(held: Held, index: number, report: ExecutionReport): void {
    const leg = held.legs[index]!;
    const isChild = held.state.legs[index]!.parent >= 0;
    if (!leg.isAccepted) {
      leg.isAccepted = true;
      this.#tell({ ...report, kind: 'Accepted' });
      if (leg.order.role === 'entry' && !isChild)
        held.legs.forEach((child, k) => {
          if (held.state.legs[k]!.parent !== index || child.isAccepted || child.hasEnded) return;
          child.isAccepted = true;
          this.#tell({ ...this.#report('Accepted', child.order), working: 'held' });
        });
    } else if (isChild) this.#tellReleased(held, index, report.orderId);
    this.#touch(held);
  }

  #tellReleased(held: Held, index: number, orderId: string | null): void {
    const leg = held.legs[index]!;
    const { upTo } = held.state.legs[index]!;
    if (upTo > leg.toldUpTo) this.#tell({ ...this.#report('Released', leg.order), orderId });
    leg.toldUpTo = upTo;
    if (leg.offsetTicks !== null) this.#tellTerms(held, index, 'Restated');
  }

  #answered(held: Held, index: number, wire: Wire, kind: 'Replaced'): void {
    const { isByUser } = wire;
    confirm(wire);
    wire.isByUser = false;
    if (isByUser) this.#tellTerms(held, index, kind);
    else if (held.state.legs[index]!.parent >= 0) this.#tellReleased(held, index, wire.orderId);
    this.#touch(held);
  }

  #tellTerms(held: Held, index: number, kind: 'Replaced' | 'Restated'): void {
    const leg = held.legs[index]!;
    const { qty } = held.state.legs[index]!;
    leg.toldQty = qty;
    this.#tell({
      ...this.#report(kind, leg.order),
      orderId: leg.wire?.orderId ?? null,
      orderQty: qty as Qty,
      ...(leg.limitTicks === null ? {} : { limitTicks: leg.limitTicks as PriceTicks }),
      ...(leg.stopTicks === null ? {} : { stopTicks: leg.stopTicks as PriceTicks }),
    });
  }

  /** A leg failed: which orders of its group are at work is said with it. */
  #tellFailure(held: Held, index: number, report: ExecutionReport): void {
    const { clOrdId } = held.legs[index]!.order;
    const others = held.legs
      .filter((each, k) => k !== index && each.wire !== null)
      .map(({ order, wire }) => `${order.clOrdId} (${wire!.orderId ?? 'no id of the venue yet'})`);
    this.#issue(
      'E_GROUP_LEG_FAILED',
      held,
      `${clOrdId} of group ${held.state.groupId} was refused (${report.reason ?? ''}); at work: ${others.join(', ') || 'none'}`,
    );
  }

  #tellExcess(held: Held): void {
    const { excessQty, closedExcessQty } = held;
    const more = excessQty - closedExcessQty;
    if (more <= 0) return;
    const { contractIndex, spec } = exitOf(held).order;
    this.#issue(
      'E_GROUP_OVERFILL',
      held,
      `oco-overfill: exits of group ${held.state.groupId} traded ${more} contracts too many, because a fill crossed a cancel`,
    );
    if ((this.#options.onOverfill ?? 'close') === 'close')
      this.#close(held, contractIndex, spec.side === 1 ? -1 : 1, more, EXCESS);
    held.closedExcessQty = excessQty;
  }

  /** Contracts stand without a stop that the venue has confirmed, for longer than is allowed. */
  #giveUp(held: Held, nowUs: TsUs): void {
    const bare = this.#bare(held);
    held.bareUs = Infinity;
    if (bare <= 0) return;
    const isFlatten = (this.#options.onUnprotected ?? 'flatten') === 'flatten';
    const ms = Math.round(this.#confirmUs / 1000);
    this.#issue(
      'E_GROUP_UNPROTECTED',
      held,
      `${bare} contracts of group ${held.state.groupId} had no confirmed stop for ${ms} ms: ${isFlatten ? 'they are closed' : 'nothing is done, as configured'}`,
    );
    if (!isFlatten) return;
    this.#options.journal.append('held-flatten', nowUs, { groupId: held.state.groupId });
    this.#beginFlatten(held);
    this.#touch(held);
  }

  #beginFlatten(held: Held): void {
    held.isFlattening = true;
    held.bareUs = Infinity;
    held.state.legs.forEach((leg, k) => {
      if (!leg.isOpen || leg.isTold) return;
      leg.isTold = true;
      held.legs[k]!.reason = 'unprotected';
    });
  }

  #closed(held: Held, qty: number): void {
    held.flattenedQty += qty;
    // What an exit still trades after that is too much.
    for (const set of held.state.sets) set.executed += qty;
  }

  #close(held: Held, contractIndex: number, side: 1 | -1, qty: number, tag: string): void {
    this.#sink!.onMustClose?.({
      contractIndex,
      side,
      qty: qty as Qty,
      tag: `${tag}${held.state.groupId}`,
    });
  }

  // -------------------------------------------------------------------------------------------------------- sync

  #within(act: () => void): void {
    this.#depth += 1;
    try {
      act();
    } finally {
      this.#depth -= 1;
    }
    if (this.#depth > 0) return;
    this.#depth += 1;
    try {
      for (const held of this.#dirty) {
        this.#dirty.delete(held);
        this.#sync(held);
      }
    } finally {
      this.#depth -= 1;
    }
  }

  #touch(held: Held): void {
    this.#dirty.add(held);
  }

  /** Sends what the group wants and the venue does not have: stops first, for they protect. */
  #sync(held: Held): void {
    const order = held.legs
      .map((_leg, k) => k)
      .toSorted((a, b) => urgency(held, a) - urgency(held, b));
    for (const index of order) this.#syncLeg(held, index);
    if (held.isFlattening) {
      const exit = exitOf(held).order;
      const most = this.#closable(exit.contractIndex, exit.spec.side);
      const left = Math.min(most, enteredOf(held) - executedOf(held));
      if (left > 0) {
        this.#closed(held, left);
        this.#close(held, exit.contractIndex, exit.spec.side, left, FLATTEN);
      }
    }
    const isBare = this.#bare(held) > 0 && !held.isFlattening;
    if (!isBare) held.bareUs = Infinity;
    else if (held.bareUs === Infinity) held.bareUs = this.#options.nowUs();
    this.#retire(held);
  }

  #syncLeg(held: Held, index: number): void {
    const leg = held.legs[index]!;
    const state = held.state.legs[index]!;
    if (leg.hasEnded) return;
    const { wire } = leg;
    if (wire === null) {
      if (state.isTold) {
        const end = { isByGroup: true, isFailure: false };
        const isEarly = !leg.isAccepted;
        this.#end(
          held,
          index,
          isEarly ? 'Rejected' : 'Canceled',
          isEarly ? 'group-rejected' : leg.reason,
          end,
        );
        return;
      }
      const qty = this.#wanted(held, index);
      if (qty > 0) this.#sendNew(held, index, qty);
      this.#tellSize(held, index);
      return;
    }
    if (wire.pending !== null || wire.isLost) return;
    const qty = this.#wanted(held, index);
    if (state.isTold || qty <= 0) {
      this.#send(held, index, wire, 'cancel');
      return;
    }
    const isSame =
      wire.cum + qty === wire.qty &&
      wire.limitTicks === leg.limitTicks &&
      wire.stopTicks === leg.stopTicks;
    if (!isSame) {
      const what = this.#venue.capabilities.features.replace ? 'replace' : 'cancel';
      this.#send(held, index, wire, what, wire.cum + qty);
    } else if (wire.isByUser) {
      wire.isByUser = false;
      this.#tellTerms(held, index, 'Replaced');
    }
    this.#tellSize(held, index);
  }

  /** The engine hears of a leg that its peers have made smaller. */
  #tellSize(held: Held, index: number): void {
    const leg = held.legs[index]!;
    const { qty, cum } = held.state.legs[index]!;
    if (
      !leg.isAccepted ||
      leg.hasEnded ||
      qty === leg.toldQty ||
      qty <= cum ||
      leg.wire?.isByUser === true
    )
      return;
    leg.toldQty = qty;
    this.#tell({
      ...this.#report('Restated', leg.order),
      orderId: leg.wire?.orderId ?? null,
      orderQty: qty as Qty,
      reason: 'ouo-peer',
    });
  }

  /** Contracts that the leg is to work for now. */
  #wanted(held: Held, index: number): number {
    const { upTo, cum, qty } = held.state.legs[index]!;
    const { spec, contractIndex } = held.legs[index]!.order;
    const left = Math.min(upTo, qty) - cum;
    const isCapped = spec.reduceOnly === true && !this.#venue.capabilities.features.reduceOnly;
    return isCapped ? Math.min(left, this.#room(contractIndex, spec.side, held)) : left;
  }

  /** Contracts that an exit may close: the position, less what exits outside its group are working for. */
  #room(contractIndex: number, side: 1 | -1, own: Held | null): number {
    let room = this.#closable(contractIndex, side);
    for (const held of this.#groups.values()) {
      if (held === own) continue;
      const byRole = new Map<string, number>();
      for (const { order, wire } of held.legs) {
        const isExit =
          order.contractIndex === contractIndex &&
          order.spec.side === side &&
          order.spec.reduceOnly === true;
        if (isExit && wire !== null)
          byRole.set(order.role, (byRole.get(order.role) ?? 0) + wire.qty - wire.cum);
      }
      // Stop and targets of a group stand for the same contracts.
      room -= Math.max(0, ...byRole.values());
    }
    for (const { request, cum } of this.#singles.values()) {
      const isExit =
        request.contractIndex === contractIndex &&
        request.spec.side === side &&
        request.role === 'single';
      if (isExit) room -= request.spec.qty - cum;
    }
    return room;
  }

  #closable(contractIndex: number, side: 1 | -1): number {
    return Math.max(0, -side * (this.#net.get(contractIndex) ?? 0));
  }

  #sendNew(held: Held, index: number, qty: number): void {
    const leg = held.legs[index]!;
    const { limitTicks, stopTicks } = leg;
    const wire = this.#addWire(held, index, { qty, limitTicks, stopTicks });
    const request = wireRequest(
      leg,
      wire,
      this.#venue.capabilities.features.reduceOnly,
      this.#options.nowUs(),
    );
    this.#announce(held, index, wire);
    this.#venue.submit(request);
  }

  #addWire(held: Held, index: number, asked: Wire['asked']): Wire {
    const leg = held.legs[index]!;
    leg.wires += 1;
    const id = leg.wires === 1 ? leg.order.clOrdId : `${leg.order.clOrdId}.${leg.wires}`;
    const wire: Wire = {
      id,
      orderId: null,
      ...asked,
      cum: 0,
      pending: 'new',
      isByUser: false,
      isLost: false,
      asked,
    };
    leg.wire = wire;
    if (leg.wires > 1) this.#places.set(id, { held, index, wireId: id });
    return wire;
  }

  #send(
    held: Held,
    index: number,
    wire: Wire,
    what: 'replace' | 'cancel',
    qty: number = wire.qty,
  ): void {
    const leg = held.legs[index]!;
    const { limitTicks, stopTicks } = leg;
    wire.pending = what;
    wire.asked = { qty, limitTicks, stopTicks };
    this.#announce(held, index, wire);
    const base = {
      clOrdId: wire.id as ClOrdId,
      orderId: wire.orderId,
      sentUs: this.#options.nowUs(),
    };
    if (what === 'cancel') this.#venue.cancel(base);
    else
      this.#venue.replace({
        ...base,
        ...(qty === wire.qty ? {} : { qty: qty as Qty }),
        ...(limitTicks === wire.limitTicks || limitTicks === null
          ? {}
          : { limitTicks: limitTicks as PriceTicks }),
        ...(stopTicks === wire.stopTicks || stopTicks === null
          ? {}
          : { stopTicks: stopTicks as PriceTicks }),
      });
  }

  /** The line stands before the request leaves. */
  #announce(held: Held, index: number, { id, pending, asked }: Wire): void {
    const nowUs = this.#options.nowUs();
    const { journal } = this.#options;
    journal.append('held-send', nowUs, {
      groupId: held.state.groupId,
      leg: index,
      id,
      what: pending,
      ...asked,
    });
    journal.flush();
    this.#pollUs = Math.min(this.#pollUs, nowUs + (this.#options.pollUs ?? 1_000_000));
  }

  #takeOff(leg: Leg): void {
    leg.priorCum += leg.wire?.cum ?? 0;
    leg.wire = null;
  }

  #poll(nowUs: TsUs): void {
    this.#pollUs = Infinity;
    for (const held of this.#groups.values())
      for (const { wire } of held.legs) {
        if (wire === null || (wire.pending === null && !wire.isLost)) continue;
        if (this.#venue.ask !== undefined) {
          this.#venue.ask(wire.id as ClOrdId);
          this.#pollUs = nowUs + (this.#options.pollUs ?? 1_000_000);
        }
      }
  }

  #retire(held: Held): void {
    const isOver = isGroupDone(held.state) && held.legs.every(({ wire }) => wire === null);
    if (!isOver || !this.#groups.delete(held.state.groupId)) return;
    held.legs.forEach(({ order, wires }) => {
      for (let k = 1; k <= Math.max(wires, 1); k += 1) {
        const id = k === 1 ? order.clOrdId : `${order.clOrdId}.${k}`;
        const place = this.#places.get(id)!;
        this.#places.delete(id);
        this.#old.set(id, place);
      }
    });
  }

  // -------------------------------------------------------------------------------------------------------- asked

  #ask(clOrdId: ClOrdId | null): void {
    const place = clOrdId === null ? undefined : this.#places.get(clOrdId);
    if (place === undefined) {
      this.#venue.ask!(clOrdId);
      return;
    }
    const { held, index } = place;
    const { wire } = held.legs[index]!;
    if (wire !== null) {
      this.#venue.ask!(wire.id as ClOrdId);
      return;
    }
    // It sleeps here: nobody else can know it.
    const nowUs = this.#options.nowUs();
    this.#answers.push({
      kind: 'found',
      receivedUs: nowUs,
      askedUs: nowUs,
      clOrdId: clOrdId!,
      order: this.#asleep(held, index),
    });
  }

  #translate(event: LiveEvent): LiveEvent | null {
    if (event.kind === 'uncertain') {
      const place = this.#places.get(event.clOrdId);
      if (place === undefined) return event;
      const leg = place.held.legs[place.index]!;
      const { wire } = leg;
      if (wire === null || wire.id !== event.clOrdId || wire.pending !== event.request) return null;
      wire.isLost = true;
      // Ours alone: the engine never asked for it.
      const isOurs = event.request !== 'new' ? !wire.isByUser : leg.isAccepted;
      if (isOurs) this.#venue.ask?.(wire.id as ClOrdId);
      return isOurs ? null : { ...event, clOrdId: leg.order.clOrdId };
    }
    if (event.kind === 'found') {
      const place = this.#places.get(event.clOrdId);
      if (place === undefined) return event;
      return this.#takeFound(place, event);
    }
    if (event.kind !== 'snapshot') return event;
    const { snapshot } = event;
    const seen = new Set<Leg>();
    const orders: VenueOrder[] = [];
    for (const order of snapshot.orders) {
      const place = order.clOrdId === null ? undefined : this.#places.get(order.clOrdId);
      if (place === undefined) {
        orders.push(order);
        continue;
      }
      const leg = place.held.legs[place.index]!;
      if (leg.wire?.id !== order.clOrdId) {
        if (isTerminal(order.status)) continue;
        orders.push(order);
        continue;
      }
      seen.add(leg);
      const answer = this.#learn(place.held, place.index, order);
      if (answer !== null) orders.push(answer);
    }
    for (const held of this.#groups.values())
      held.legs.forEach((leg, index) => {
        if (!seen.has(leg) && !leg.hasEnded && leg.wire === null)
          orders.push(this.#asleep(held, index));
      });
    const executions = snapshot.executions.map((execution) => {
      const place = execution.clOrdId === null ? undefined : this.#places.get(execution.clOrdId);
      return place === undefined
        ? execution
        : { ...execution, clOrdId: place.held.legs[place.index]!.order.clOrdId };
    });
    return { ...event, snapshot: { ...snapshot, orders, executions } };
  }

  #takeFound(
    place: Place,
    event: Extract<LiveEvent, { readonly kind: 'found' }>,
  ): LiveEvent | null {
    const { held, index } = place;
    const leg = held.legs[index]!;
    const { wire } = leg;
    const { clOrdId } = leg.order;
    if (wire === null || wire.id !== event.clOrdId) {
      return leg.hasEnded
        ? { ...event, clOrdId }
        : { ...event, clOrdId, order: this.#asleep(held, index) };
    }
    // Whether it is sure to be absent the engine decides, for an order that it waits for; for one of ours it is the same rule.
    if (event.order === null) {
      const isOurs = leg.isAccepted && wire.pending === 'new';
      if (!isOurs) return { ...event, clOrdId };
      const isSure = event.askedUs - sentUsOf(held) >= this.#confirmUs;
      if (isSure) this.#refuse(held, index);
      else this.#venue.ask?.(wire.id as ClOrdId);
      return null;
    }
    const order = this.#learn(held, index, event.order);
    return order === null ? null : { ...event, clOrdId, order };
  }

  /** What the venue shows of a wire settles the doubt about it; the leg as the engine knows it. Null: nothing for the engine. */
  #learn(held: Held, index: number, order: VenueOrder): VenueOrder | null {
    const leg = held.legs[index]!;
    const wire = leg.wire!;
    wire.orderId = order.orderId;
    const { clOrdId } = leg.order;
    const cumQty = (leg.priorCum + order.cumQty) as Qty;
    const isAll = order.cumQty <= wire.cum;
    if (isTerminal(order.status)) {
      const isOwnCancel =
        wire.pending === 'cancel' && !wire.isByUser && !held.state.legs[index]!.isTold;
      if (isAll && isOwnCancel && order.status === 'Canceled') {
        this.#takeEnd(held, index, wire, {
          ...this.#report('Canceled', leg.order),
          orderId: order.orderId,
        });
        return this.#asleep(held, index);
      }
      return { ...order, clOrdId, cumQty, orderQty: held.state.legs[index]!.qty as Qty };
    }
    if (order.status === 'PendingNew') return { ...order, clOrdId, cumQty };
    if (isAll && order.status !== 'PendingReplace' && order.status !== 'PendingCancel') {
      const isChild = held.state.legs[index]!.parent >= 0;
      wire.qty = order.orderQty;
      wire.limitTicks = order.limitTicks ?? wire.limitTicks;
      wire.stopTicks = order.stopTicks ?? wire.stopTicks;
      confirm(wire);
      if (isChild) this.#tellReleased(held, index, order.orderId);
      this.#touch(held);
    }
    return { ...order, clOrdId, cumQty, orderQty: held.state.legs[index]!.qty as Qty };
  }

  #asleep(held: Held, index: number): VenueOrder {
    const leg = held.legs[index]!;
    const { qty, cum } = held.state.legs[index]!;
    const { clOrdId, contractIndex, spec, sentUs } = leg.order;
    return {
      clOrdId,
      orderId: '',
      contractIndex,
      side: spec.side,
      type: spec.type,
      status: cum > 0 ? 'PartiallyFilled' : 'New',
      isHeld: true,
      orderQty: qty as Qty,
      cumQty: cum as Qty,
      avgPriceTicks: cum > 0 ? leg.costTicks / cum : null,
      limitTicks: leg.limitTicks as PriceTicks | null,
      stopTicks: leg.stopTicks as PriceTicks | null,
      parentId: null,
      createdUs: sentUs,
      updatedUs: this.#options.nowUs(),
      reason: '',
    };
  }

  // ------------------------------------------------------------------------------------------------------- helpers

  /** Contracts without a confirmed stop; none where the position is gone. */
  #bare(held: Held): number {
    const { order } = exitOf(held);
    return Math.min(bareOf(held), this.#closable(order.contractIndex, order.spec.side));
  }

  get #confirmUs(): number {
    return this.#options.confirmUs ?? 5_000_000;
  }

  #open(request: OrderGroupRequest): Held {
    const held = openHeld(request);
    this.#groups.set(request.groupId, held);
    held.legs.forEach(({ order }, index) =>
      this.#places.set(order.clOrdId, { held, index, wireId: null }),
    );
    return held;
  }

  /** Why the group is ours to hold, or null. */
  #whyUs(request: OrderGroupRequest): string | null {
    const { groups } = this.#venue.capabilities.features;
    const missing = kindsOf(request).find((kind) => !groups.includes(kind));
    if (missing !== undefined)
      return `${this.#venue.capabilities.venue} holds no group \`${missing}\``;
    return this.#options.whyNotHeld?.(request) ?? null;
  }

  #problemOf(request: OrderGroupRequest, orders: readonly NewOrderRequest[]): string | null {
    const { orderTypes, timesInForce } = this.#venue.capabilities;
    if (orders.length === 0 || this.#groups.has(request.groupId)) return 'group-duplicate';
    const ids = new Set(orders.map(({ clOrdId }) => clOrdId));
    if (ids.size < orders.length || orders.some(({ clOrdId }) => this.#places.has(clOrdId)))
      return 'duplicate-id';
    for (const { spec } of orders) {
      if (!Number.isSafeInteger(spec.qty) || spec.qty < 1) return 'bad-qty';
      if (!orderTypes.includes(spec.type)) return `unsupported-type-${spec.type}`;
      const time = spec.timeInForce ?? 'day';
      if (!timesInForce.includes(time)) return `unsupported-time-${time}`;
    }
    return null;
  }

  #report(kind: ExecutionReport['kind'], order: NewOrderRequest): ExecutionReport {
    return {
      kind,
      clOrdId: order.clOrdId,
      orderId: null,
      contractIndex: order.contractIndex,
      tsUs: this.#options.nowUs(),
    };
  }

  #tell(report: ExecutionReport): void {
    this.#sink!.onReport(report);
  }

  #issue(code: string, held: Held, message: string): void {
    this.#sink!.onVenueIssue?.({
      code,
      severity: 'error',
      message,
      contractIndex: held.legs[0]!.order.contractIndex,
      tsUs: this.#options.nowUs(),
    });
  }
}

/** The latest of many keys: between one and two times `KEPT_IDS` of them. */
class Recent<V> {
  #young: Map<string, V> = new Map();
  #old: Map<string, V> = new Map();

  get(key: string): V | null {
    return this.#young.get(key) ?? this.#old.get(key) ?? null;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= KEPT_IDS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

interface FoldedFill {
  readonly execId: string;
  readonly clOrdId: string;
  readonly qty: number;
  readonly priceTicks: number;
}

interface FoldedOrder {
  readonly event: string;
  readonly id: string;
  readonly spec?: { readonly tag?: string; readonly qty: number };
}

/** The kinds of group that a request needs of whoever holds it. */
export function kindsOf({
  entry,
  children,
  peers,
}: OrderGroupRequest): VenueCapabilities['features']['groups'] {
  const targets = children.filter(({ order }) => order.role === 'target').length;
  const kind = entry !== null ? 'bracket' : peers === 'ouo' ? 'ouo' : 'oco';
  return targets > 1 ? [kind, 'multi-target'] : [kind];
}

function confirm(wire: Wire | null): void {
  if (wire === null) return;
  wire.pending = null;
  wire.isLost = false;
}

/** What shrinks or goes comes before what grows; then stops, then the rest. */
function urgency(held: Held, index: number): number {
  if (held.state.legs[index]!.isTold) return 0;
  return held.state.legs[index]!.role === 'stop' ? 1 : 2;
}

function exitOf(held: Held): Leg {
  return held.legs.at(-1)!;
}

function sentUsOf(held: Held): number {
  return held.bareUs === Infinity ? 0 : held.bareUs;
}

function enteredOf({ state, request }: Held): number {
  return request.entry === null ? 0 : state.legs[0]!.cum;
}

function executedOf({ state, request, flattenedQty }: Held): number {
  let qty = flattenedQty;
  state.legs.forEach((leg, k) => {
    if (k > 0 || request.entry === null) qty += leg.cum;
  });
  return qty;
}

/**
 * Contracts that the entry traded and that no confirmed stop covers. A group without a stop asks for none, and one whose stop
 * ended by the user, its day or its rule has none by choice.
 */
function bareOf(held: Held): number {
  const { release, legs } = held.state;
  if (release === 'full' && legs[0]!.isOpen) return 0;
  let covered = 0;
  let hasStop = false;
  legs.forEach(({ role, parent }, k) => {
    if (role !== 'stop' || parent < 0) return;
    const { wire, hasEnded, hasFailed } = held.legs[k]!;
    hasStop ||= hasFailed || !hasEnded;
    if (wire !== null && wire.pending !== 'new' && !wire.isLost) covered += wire.qty - wire.cum;
  });
  return hasStop ? Math.max(0, enteredOf(held) - executedOf(held) - covered) : 0;
}
