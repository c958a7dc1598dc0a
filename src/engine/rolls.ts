/**
 * Rolls: a chain moves to its next contract (decision), then the held position follows it (execution). The open leg and
 * the exits of the position go out as one group, so that the new contract is protected from the very fill that opens it.
 */
import { assert } from '../core/errors.ts';
import type { Fill } from '../core/execution.ts';
import { cashOfCounts } from '../core/instrument.ts';
import type { ClOrdId, OrderSpec, Side } from '../core/order.ts';
import { isTerminal, oppositeSide } from '../core/order.ts';
import type { RollPart, RollRecord, RollSchedule } from '../core/roll.ts';
import { contractAtDepth, gapOf, ratioOf } from '../core/roll.ts';
import type { RollEvent } from '../core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../core/units.ts';
import { toCashMicros, TS_MAX } from '../core/units.ts';
import type { ChainInput, EngineConfig } from './config.ts';
import { toGroupRequest } from './context.ts';
import type { DraftOrder, OrderDesk, RollListener } from './order-desk.ts';
import type { Order, OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';
import type { Series } from './series.ts';
import type { TradeBuilder } from './trade-builder.ts';

export type RollPolicy = 'roll' | 'flatten' | 'manual';

export interface RollParts {
  readonly config: EngineConfig;
  readonly policy: RollPolicy;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly desk: OrderDesk;
  readonly trades: TradeBuilder;
  readonly series: readonly Series[];
  readonly currentContract: Int32Array;
  readonly isActive: (instrumentIndex: number) => boolean;
  /** Calls `onRoll`. */
  readonly onRoll: (event: RollEvent) => void;
}

/** One chain and where it stands. */
interface ChainState {
  readonly input: ChainInput;
  readonly row: number;
  /** The first chain of a root decides what is traded. */
  readonly isTraded: boolean;
  at: number;
  /** Parts of the next roll that moved already. */
  part: number;
  /** The position of a roll in parts, on its way between them. */
  flight: RollInFlight | null;
}

/** A position on its way. */
interface RollInFlight {
  roll: RollRecord;
  readonly row: number;
  readonly policy: 'roll' | 'flatten';
  netQty: number;
  readonly pending: Set<ClOrdId>;
  recreated: number;
  costMicros: number;
  /** False while parts are still to come. */
  isLast: boolean;
}

export class RollDesk implements RollListener {
  readonly #parts: RollParts;
  readonly #chains: ChainState[];
  readonly #byOrder: Map<ClOrdId, RollInFlight> = new Map();
  /** Exits of an open leg, needed again when the venue refuses the group or when the bare leg fills. */
  readonly #exitsOfLeg: Map<ClOrdId, RollLeg> = new Map();
  readonly #bareLegs: Map<ClOrdId, RollLeg> = new Map();
  /** Contracts of a group that shares of its roll have moved already. */
  readonly #movedOf: Map<string, number> = new Map();
  /** Rolls whose legs wait for the prices of their record, and since when. */
  readonly #records: { readonly roll: RollRecord; readonly dueUs: number }[] = [];
  /** Rolls that were filled so. */
  recordCount: number = 0;

  constructor(parts: RollParts, startUs: TsUs) {
    this.#parts = parts;
    const { table } = parts.config;
    const seen = new Set<string>();
    this.#chains = parts.config.chains.map((input) => {
      const row = table.instruments.findIndex((spec) => spec.root === input.root);
      const { rolls } = input.schedule;
      let at = 0;
      while (at < rolls.length && rolls[at]!.effectiveUs < startUs) at += 1;
      const isTraded = !seen.has(input.root);
      seen.add(input.root);
      if (isTraded) parts.currentContract[row] = input.schedule.held[at] ?? -1;
      const shares = partsOf(input.schedule, at);
      let part = 0;
      while (part < shares.length && shares[part]!.atUs < startUs) part += 1;
      return { input, row, isTraded, at, part, flight: null };
    });
    for (const series of parts.series) {
      const chain = this.#chains[series.input.chainIndex]!;
      series.contractIndex = contractAtDepth(chain.input.schedule, chain.at, series.input.depth);
      if (series.contractIndex >= 0) series.contract = table.contractAt(series.contractIndex).id;
    }
    parts.desk.listen(this);
  }

  nextUs(): TsUs {
    let next = TS_MAX;
    for (const chain of this.#chains) {
      const { schedule } = chain.input;
      const due =
        partsOf(schedule, chain.at)[chain.part]?.atUs ?? schedule.rolls[chain.at]?.effectiveUs;
      if (due !== undefined && due < next) next = due;
    }
    return next;
  }

  /** When the next leg meets the prices of its roll record; TS_MAX when none waits. */
  nextRecordUs(): number {
    return this.#records.length === 0 ? TS_MAX : this.#records[0]!.dueUs;
  }

  takeRecords(nowUs: TsUs): RollRecord[] {
    const due: RollRecord[] = [];
    while (this.nextRecordUs() <= nowUs) due.push(this.#records.shift()!.roll);
    this.recordCount += due.length;
    return due;
  }

  /** Moves every chain whose time has come. */
  applyDue(nowUs: TsUs): void {
    for (let i = 0; i < this.#chains.length; i += 1) {
      const chain = this.#chains[i]!;
      for (;;) {
        const { schedule } = chain.input;
        const part = partsOf(schedule, chain.at)[chain.part];
        if (part !== undefined) {
          if (part.atUs > nowUs) break;
          this.#movePart(chain, partRecord(schedule, chain.at, part), part, nowUs);
          chain.part += 1;
          continue;
        }
        const roll = schedule.rolls[chain.at];
        if (roll === undefined || roll.effectiveUs > nowUs) break;
        chain.at += 1;
        chain.part = 0;
        this.#move(chain, i, roll, nowUs);
      }
    }
  }

  onRollFill(fill: Fill): void {
    const flight = this.#byOrder.get(fill.clOrdId);
    if (flight === undefined) return;
    const spec = this.#parts.config.table.instrumentOf(fill.contractIndex);
    const slippage = (fill.evidence?.slippageTicks ?? 0) * fill.qty;
    flight.costMicros += fill.feeMicros + cashOfCounts(slippage, 1, spec);
    const bare = this.#bareLegs.get(fill.clOrdId);
    if (bare === undefined) return;
    this.#bareLegs.delete(fill.clOrdId);
    this.#protectBare(bare);
  }

  onOrderDone(order: Order): void {
    const flight = this.#byOrder.get(order.clOrdId);
    if (flight === undefined) return;
    this.#byOrder.delete(order.clOrdId);
    flight.pending.delete(order.clOrdId);
    if (order.status !== 'Filled') this.#reportIncomplete(order, flight);
    const leg = this.#exitsOfLeg.get(order.clOrdId);
    this.#exitsOfLeg.delete(order.clOrdId);
    if (leg !== undefined && order.status === 'Rejected') this.#sendBare(flight, order.side, leg);
    if (flight.pending.size === 0 && flight.isLast) this.#finish(flight);
  }

  /** Both prices are known now; the new contract's own bars may only begin after this moment. */
  #know(roll: RollRecord): void {
    const { lastTicks } = this.#parts.portfolio;
    if (Number.isNaN(lastTicks[roll.toIndex]!)) lastTicks[roll.toIndex] = roll.toPrice;
    const venueTicks = this.#parts.config.venue.lastTicks;
    if (venueTicks !== undefined) venueTicks[roll.toIndex] = lastTicks[roll.toIndex]!;
  }

  /** A share of the position goes to the next contract; the chain itself stays where it is until the last share. */
  #movePart(chain: ChainState, roll: RollRecord, part: RollPart, nowUs: TsUs): void {
    const { config, policy, desk } = this.#parts;
    if (!chain.isTraded || !this.#parts.isActive(chain.row)) return;
    config.journal.append('roll-part', nowUs, {
      root: roll.root,
      from: roll.from,
      to: roll.to,
      ...part,
    });
    this.#know(roll);
    // What a delaying venue has not seen yet is part of what moves.
    if (policy === 'roll') config.venue.hasten?.(roll.fromIndex, nowUs);
    const netQty = this.#restOf(roll.fromIndex, chain.flight);
    const done = partsOf(chain.input.schedule, chain.at)
      .slice(0, chain.part)
      .reduce((sum, each) => sum + each.share, 0);
    const qty = Math.round((Math.abs(netQty) * part.share) / (part.of - done));
    if (policy !== 'roll' || qty === 0) return;
    if (config.rollFills === 'record') this.#records.push({ roll, dueUs: nowUs + 1 });
    // What a delaying venue has not seen yet changes what moves.
    config.venue.hasten?.(roll.fromIndex, nowUs);
    this.#reportBare(roll, chain.flight, nowUs);
    chain.flight ??= newFlight(chain.row, roll, 'roll');
    const signed = Math.sign(netQty) * qty;
    const legs = this.#planLegs(
      roll,
      signed,
      this.#exitsOf(roll.fromIndex, netQty),
      Math.abs(netQty),
    );
    this.#sendMove(chain.flight, roll, signed, legs);
    for (const leg of legs) this.#shrink(leg);
    this.#parts.config.journal.append('roll-position', nowUs, {
      root: roll.root,
      from: roll.from,
      to: roll.to,
      netQty: signed,
      policy,
      recreated: legs.reduce((sum, leg) => sum + leg.exits.length, 0),
    });
    desk.flush();
  }

  /** The exits of the old contract keep what stays there. */
  #shrink(leg: RollLeg): void {
    const { desk } = this.#parts;
    const groupId = leg.exits[0]?.groupId ?? null;
    if (groupId !== null) this.#movedOf.set(groupId, (this.#movedOf.get(groupId) ?? 0) + leg.qty);
    const rest = leg.size - leg.qty;
    // Exits that share the position lose the last ones first; one that closes all of it is cut to what stays.
    const over = {
      stop: Math.max(0, sumOf(leg.exits, 'stop') - rest),
      target: Math.max(0, sumOf(leg.exits, 'target') - rest),
    };
    const isShared = {
      stop: sumOf(leg.exits, 'stop') <= leg.size,
      target: sumOf(leg.exits, 'target') <= leg.size,
    };
    for (const order of leg.exits.toReversed()) {
      const role = exitRole(order);
      const leaves = order.leavesQty as number;
      const cut = isShared[role] ? Math.min(leaves, over[role]) : Math.max(0, leaves - rest);
      over[role] -= cut;
      if (cut === 0) continue;
      if (cut >= leaves) desk.cancel(order, 'roll');
      else desk.replace(order, { qty: order.orderQty - cut }, 'roll');
    }
  }

  #sendMove(
    flight: RollInFlight,
    roll: RollRecord,
    netQty: number,
    legs: readonly RollLeg[],
  ): void {
    const side: Side = netQty > 0 ? 1 : -1;
    const isRoll = flight.policy === 'roll';
    flight.netQty += netQty;
    if (isRoll) flight.recreated += legs.reduce((sum, leg) => sum + leg.exits.length, 0);
    const close = this.#leg(roll.fromIndex, oppositeSide(side), Math.abs(netQty), isRoll);
    this.#track(flight, this.#parts.desk.submit(close));
    if (isRoll) for (const leg of legs) this.#sendLeg(flight, side, leg);
  }

  #move(chain: ChainState, chainIndex: number, roll: RollRecord, nowUs: TsUs): void {
    const { config, currentContract, desk } = this.#parts;
    const next = chain.input.schedule.held[chain.at];
    assert(next === roll.toIndex, 'a roll leads to the next held contract of its schedule');
    const { fromIndex: _from, toIndex: _to, ...body } = roll;
    config.journal.append('roll', nowUs, body);
    if (chain.isTraded) currentContract[chain.row] = roll.toIndex;
    this.#know(roll);
    const keys: string[] = [];
    for (const series of this.#parts.series) {
      if (series.input.chainIndex !== chainIndex) continue;
      keys.push(series.key);
      this.#moveSeries(series, chain.input.schedule, chain.at, roll, nowUs);
    }
    if (chain.isTraded && this.#parts.isActive(chain.row)) this.#movePosition(chain, roll, nowUs);
    this.#parts.onRoll(this.#toEvent(chain, chainIndex, roll, keys));
    desk.flush();
  }

  #moveSeries(
    series: Series,
    schedule: RollSchedule,
    at: number,
    roll: RollRecord,
    nowUs: TsUs,
  ): void {
    const { depth, adjust } = series.input;
    const to = contractAtDepth(schedule, at, depth);
    const id = to < 0 ? series.contract : this.#parts.config.table.contractAt(to).id;
    const { lastTicks } = this.#parts.portfolio;
    const from = series.contractIndex;
    // Of a roll in parts the gap is the average of its parts.
    let [fromPrice, toPrice] = [roll.fromPrice, roll.fromPrice + gapOf(roll)];
    if (depth > 0) {
      // The schedule's prices of a later roll lie in the future; what is known now are the last prices of both.
      fromPrice = from < 0 ? NaN : lastTicks[from]!;
      toPrice = to < 0 ? NaN : lastTicks[to]!;
    }
    const isKnown = Number.isFinite(fromPrice) && Number.isFinite(toPrice);
    if (!isKnown && to >= 0 && adjust !== 'none') {
      this.#parts.desk.issue({
        code: 'E_SERIES_GAP',
        severity: 'warning',
        message: `series ${series.key} moves to ${id} without a known gap`,
        tsUs: nowUs,
        contract: id,
      });
    }
    const isRatio = adjust === 'back-ratio' || adjust === 'forward-ratio';
    if (isKnown && isRatio) ratioOf({ ...roll, fromPrice, toPrice });
    const move = isKnown
      ? series.roll(to, id, fromPrice, toPrice)
      : series.roll(to, id, isRatio ? 1 : 0, isRatio ? 1 : 0);
    if (move.shift === 0 && move.factor === 1) return;
    for (const indicator of series.indicators) indicator.rebase(move.shift, move.factor);
  }

  /** How levels that a strategy keeps must move; the first series of the chain tells the frame. */
  #toEvent(
    chain: ChainState,
    chainIndex: number,
    roll: RollRecord,
    keys: readonly string[],
  ): RollEvent {
    const first = this.#parts.series.find((s) => s.input.chainIndex === chainIndex);
    const adjust = first?.input.adjust ?? 'none';
    const { grid } = this.#parts.config.table.instruments[chain.row]!;
    const isShift = adjust === 'none' || adjust === 'back-difference';
    const den = 10 ** grid.decimals;
    const shift = isShift ? (gapOf(roll) * Math.round(grid.increment * den)) / den : 0;
    const factor = adjust === 'back-ratio' ? ratioOf(roll) : 1;
    return { root: roll.root, keys, roll, shift, factor };
  }

  #movePosition(chain: ChainState, roll: RollRecord, nowUs: TsUs): void {
    const { policy, config } = this.#parts;
    const begun = chain.flight;
    const netQty = this.#restOf(roll.fromIndex, begun);
    const isPriced = Number.isFinite(roll.fromPrice) && Number.isFinite(roll.toPrice);
    chain.flight = null;
    // One microsecond later: what is sent now cannot trade on the very sample that decided it.
    if (config.rollFills === 'record' && netQty !== 0 && isPriced)
      this.#records.push({ roll, dueUs: nowUs + 1 });
    // What a delaying venue has not seen yet is part of what moves.
    if (policy !== 'manual') config.venue.hasten?.(roll.fromIndex, nowUs);
    if (policy === 'roll') this.#reportBare(roll, begun, nowUs);
    if (policy === 'manual' || netQty === 0) {
      if (policy !== 'manual') this.#cancelWorking(roll.fromIndex, begun);
      if (begun !== null) {
        begun.isLast = true;
        begun.roll = roll;
        if (begun.pending.size === 0) this.#finish(begun);
        return;
      }
      config.recorder.onRoll({
        roll,
        netQty,
        costMicros: 0 as CashMicros,
        ordersRecreated: 0,
        policy: netQty === 0 ? 'flat' : 'manual',
      });
      return;
    }
    // Read before the cancels: they empty the orders.
    const exits = policy === 'roll' ? this.#exitsOf(roll.fromIndex, netQty) : [];
    this.#cancelWorking(roll.fromIndex, begun);
    // Levels of what moves now move by the gap of now, not by the average of the parts.
    const { parts: _parts, ...plain } = roll;
    const legs = this.#planLegs(plain, netQty, exits, Math.abs(netQty));
    const flight = begun ?? newFlight(chain.row, roll, policy);
    flight.isLast = true;
    flight.roll = roll;
    this.#sendMove(flight, roll, netQty, legs);
    config.journal.append('roll-position', nowUs, {
      root: roll.root,
      from: roll.from,
      to: roll.to,
      netQty,
      policy,
      recreated: policy === 'roll' ? legs.reduce((sum, leg) => sum + leg.exits.length, 0) : 0,
    });
  }

  /** A stop that came after a share was decided does not follow what that share is still moving: said, not hidden. */
  #reportBare(roll: RollRecord, flight: RollInFlight | null, nowUs: TsUs): void {
    const net = this.#parts.portfolio.netQty[roll.fromIndex]!;
    const rest = Math.abs(this.#restOf(roll.fromIndex, flight));
    if (Math.abs(net) === rest) return;
    let stops = 0;
    for (const orders of this.#exitsOf(roll.fromIndex, net)) stops += sumOf(orders, 'stop');
    const bare = Math.min(Math.abs(net), stops) - rest;
    if (bare <= 0) return;
    this.#parts.desk.issue({
      code: 'E_POSITION_UNPROTECTED',
      severity: 'warning',
      message: `${bare} of ${net} ${roll.from} are on their way to ${roll.to} without the stop that was sent after their share had left`,
      tsUs: nowUs,
      contract: roll.from,
    });
  }

  /** All but the legs of a roll in parts that still wait for their fills. */
  #cancelWorking(contractIndex: number, flight: RollInFlight | null): void {
    for (const order of this.#parts.orders.open())
      if (order.contractIndex === contractIndex && flight?.pending.has(order.clOrdId) !== true)
        this.#parts.desk.cancel(order, 'roll');
  }

  /** Position in a contract without what legs of its roll are about to close. */
  #restOf(contractIndex: number, flight: RollInFlight | null): number {
    let rest = this.#parts.portfolio.netQty[contractIndex]!;
    const side = Math.sign(rest);
    for (const id of flight?.pending ?? []) {
      const order = this.#parts.orders.get(id);
      if (order !== null && order.contractIndex === contractIndex && order.side === -side)
        rest += order.side * order.leavesQty;
    }
    return Math.sign(rest) === side ? rest : 0;
  }

  /** Released exits of the old contract by group; single stops and reduce-only orders form one more. */
  #exitsOf(contractIndex: number, netQty: number): Order[][] {
    const byGroup = new Map<string, Order[]>();
    for (const order of this.#parts.orders.open()) {
      if (order.contractIndex !== contractIndex || order.side === Math.sign(netQty)) continue;
      if (order.working === 'held' || order.status === 'PendingCancel' || order.type === 'market')
        continue;
      const isExit = order.reduceOnly || (order.groupId === null && order.type === 'stop');
      if (!isExit) continue;
      const key = order.groupId ?? '';
      byGroup.set(key, [...(byGroup.get(key) ?? []), order]);
    }
    // The position may be smaller than all of them: what holds a stop comes first, and brackets own what they entered.
    const rank = (orders: readonly Order[]): number =>
      (orders.some(isStop) ? 0 : 2) + (orders[0]!.groupId === null ? 1 : 0);
    return [...byGroup.values()].toSorted((a, b) => rank(a) - rank(b));
  }

  /** The open leg in parts: one for each group of exits, and one for what had none. `held` stands in the old contract. */
  #planLegs(roll: RollRecord, netQty: number, groups: readonly Order[][], held: number): RollLeg[] {
    let rest = Math.abs(netQty);
    let left = held;
    const legs: RollLeg[] = [];
    const { features } = this.#parts.config.venue.capabilities;
    if (features.groups.includes('bracket')) {
      for (const orders of groups) {
        const size = Math.min(left, this.#sizeOf(orders));
        left -= size;
        const qty = Math.min(rest, size);
        if (qty === 0) continue;
        rest -= qty;
        legs.push({ roll, qty, size, exits: orders });
      }
    } else if (groups.length > 0) {
      this.#parts.desk.issue({
        code: 'E_ROLL_INCOMPLETE',
        severity: 'error',
        message: `the venue holds no brackets: the exits of ${roll.from} are not re-created on ${roll.to}`,
        tsUs: roll.effectiveUs,
        contract: roll.to,
      });
    }
    if (rest > 0) legs.push({ roll, qty: rest, size: rest, exits: [] });
    return legs;
  }

  /**
   * Contracts that exits close together. Exits of one kind share the position: their sum counts. But after a partial exit
   * each target of a group may stand for all that is left of it, and then they close no more than that together.
   */
  #sizeOf(orders: readonly Order[]): number {
    const largest = Math.max(...orders.map((order) => order.leavesQty as number));
    const sum = Math.max(sumOf(orders, 'stop'), sumOf(orders, 'target'));
    const { groupId } = orders[0]!;
    if (groupId === null || largest === sum) return sum;
    const owed = this.#parts.desk.owedBy(orders[0]!) - (this.#movedOf.get(groupId) ?? 0);
    return Math.max(largest, Math.min(sum, owed));
  }

  #leg(contractIndex: number, side: Side, qty: number, isRoll: boolean): DraftOrder {
    const { config } = this.#parts;
    const { timesInForce } = config.venue.capabilities;
    const spec: OrderSpec = {
      type: 'market',
      contract: config.table.contractAt(contractIndex).id,
      side,
      qty: qty as Qty,
      timeInForce: timesInForce.includes('gtc') ? 'gtc' : 'day',
      tag: 'roll',
    };
    return { contractIndex, spec, role: 'single', isRoll, sender: 'roll' };
  }

  #sendLeg(flight: RollInFlight, side: Side, leg: RollLeg): void {
    const { desk } = this.#parts;
    const open = this.#leg(leg.roll.toIndex, side, leg.qty, true);
    if (leg.exits.length === 0) {
      this.#track(flight, desk.submit(open));
      return;
    }
    const exits = leg.exits.map((order) => ({ draft: this.#movedExit(order, leg) }));
    const groupId = desk.nextGroupId();
    const ids = desk.submitGroup(
      [{ ...open, role: 'entry' }, ...exits.map((e) => e.draft)],
      groupId,
      (requests) =>
        toGroupRequest({
          groupId,
          requests,
          exits,
          hasEntry: true,
          peers: 'ouo',
          release: 'partial',
        }),
    );
    this.#exitsOfLeg.set(ids[0]!, { ...leg, moved: exits.map((exit) => exit.draft) });
    this.#track(flight, ids[0]!);
  }

  /**
   * The venue refused the group, for instance because a moved stop already lies beyond the last price: the position still
   * moves, and its exits follow as soon as it is there, where such a stop then acts.
   */
  #sendBare(flight: RollInFlight, side: Side, leg: RollLeg): void {
    const id = this.#parts.desk.submit(this.#leg(leg.roll.toIndex, side, leg.qty, true));
    this.#bareLegs.set(id, leg);
    this.#track(flight, id);
  }

  #protectBare(leg: RollLeg): void {
    const { desk } = this.#parts;
    const exits = (leg.moved ?? []).map((draft) => ({
      draft: { ...draft, isHeld: false, sender: 'roll' as const },
    }));
    const groupId = desk.nextGroupId();
    desk.submitGroup(
      exits.map((exit) => exit.draft),
      groupId,
      (requests) =>
        toGroupRequest({
          groupId,
          requests,
          exits,
          hasEntry: false,
          peers: 'ouo',
          release: 'partial',
        }),
    );
  }

  /** The same exit on the new contract, every level moved by the gap in ticks. */
  #movedExit(order: Order, leg: RollLeg): DraftOrder {
    const gap = Math.round(gapOf(leg.roll));
    const role = exitRole(order);
    const { displayQty: _shown, ...old } = order.spec;
    const moved: Record<string, unknown> = {
      ...old,
      contract: leg.roll.to,
      qty: Math.min(order.leavesQty, leg.qty),
      reduceOnly: true,
    };
    if (order.limitTicks !== null) moved['limitTicks'] = (order.limitTicks + gap) as PriceTicks;
    if (order.stopTicks !== null) moved['stopTicks'] = (order.stopTicks + gap) as PriceTicks;
    const activation = order.trail?.activationTicks;
    if (activation !== undefined)
      moved['trail'] = { ...order.trail, activationTicks: (activation + gap) as PriceTicks };
    // Only levels, quantity and contract change: the type keeps the fields that it needs.
    const spec = moved as unknown as OrderSpec;
    return { contractIndex: leg.roll.toIndex, spec, role, isHeld: true };
  }

  #track(flight: RollInFlight, clOrdId: ClOrdId): void {
    flight.pending.add(clOrdId);
    this.#byOrder.set(clOrdId, flight);
    const order = this.#parts.orders.get(clOrdId);
    if (order !== null && isTerminal(order.status)) this.onOrderDone(order);
  }

  #reportIncomplete(order: Order, flight: RollInFlight): void {
    this.#parts.desk.issue({
      code: 'E_ROLL_INCOMPLETE',
      severity: 'error',
      message: `roll ${flight.roll.from} to ${flight.roll.to}: ${order.clOrdId} is ${order.status} with ${order.cumQty} of ${order.orderQty} filled (${order.reason})`,
      tsUs: order.updatedUs,
      contract: order.contract,
    });
  }

  #finish(flight: RollInFlight): void {
    const { config, trades, portfolio } = this.#parts;
    if (flight.policy === 'roll')
      trades.endRoll(flight.row, portfolio.netQtyOfInstrument(flight.row));
    config.recorder.onRoll({
      roll: flight.roll,
      netQty: flight.netQty,
      costMicros: toCashMicros(flight.costMicros),
      ordersRecreated: flight.recreated,
      policy: flight.policy,
    });
  }
}

interface RollLeg {
  readonly roll: RollRecord;
  readonly qty: number;
  /** Contracts that its exits close on the old contract: a share of a roll moves fewer. */
  readonly size: number;
  readonly exits: readonly Order[];
  /** The exits on the new contract: built before the cancels empty the old ones. */
  readonly moved?: readonly DraftOrder[];
}

/** An exit against a loss: what is touched on the way to a profit has a trigger too. */
function isStop(order: Order): boolean {
  return order.role === 'stop' || /stop/.test(order.type);
}

function sumOf(orders: readonly Order[], role: 'stop' | 'target'): number {
  let sum = 0;
  for (const order of orders) if (exitRole(order) === role) sum += order.leavesQty;
  return sum;
}

function exitRole(order: Order): 'stop' | 'target' {
  if (order.role === 'stop' || order.role === 'target') return order.role;
  return order.stopTicks !== null || order.trail !== null ? 'stop' : 'target';
}

function newFlight(row: number, roll: RollRecord, policy: 'roll' | 'flatten'): RollInFlight {
  return {
    roll,
    row,
    policy,
    netQty: 0,
    pending: new Set(),
    recreated: 0,
    costMicros: 0,
    isLast: false,
  };
}

/** Parts that move before the roll itself does: all but the last of a whole roll, all of one that has only begun. */
function partsOf(schedule: RollSchedule, at: number): readonly RollPart[] {
  const roll = schedule.rolls[at];
  if (roll === undefined) return schedule.underway?.parts ?? NO_PARTS;
  return roll.parts?.slice(0, -1) ?? NO_PARTS;
}

const NO_PARTS: readonly RollPart[] = [];

/** One part as a roll by itself, at its own prices. */
function partRecord(schedule: RollSchedule, at: number, part: RollPart): RollRecord {
  const { from, to, fromIndex, toIndex } = schedule.rolls[at] ?? schedule.underway!;
  return {
    root: schedule.root,
    from,
    to,
    fromIndex,
    toIndex,
    decidedUs: part.atUs,
    effectiveUs: part.atUs,
    tradeDate: part.tradeDate,
    fromPrice: part.fromPrice,
    toPrice: part.toPrice,
    pricesUs: part.atUs,
    isInferred: part.isInferred,
    reason: `${part.share} of ${part.of} parts`,
  };
}
