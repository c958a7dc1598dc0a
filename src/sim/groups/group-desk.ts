/**
 * The groups of one market: it hears what happens to their orders, asks the rules, and has the answers carried out — at once
 * where the exchange holds the group, after its latency where a broker does.
 *
 * Cancels and reductions are carried out before any other order is looked at, also between two trades of one aggressor.
 * Releases wait until the aggressor is through: a child never acts on what came before it.
 */
import type { MarketOrder } from '../exchange/market-order.ts';
import type { MarketGroupInput } from './group-input.ts';
import { rulesOf, shapesOf } from './group-input.ts';
import type { GroupAction, GroupFlag, GroupState } from '../../core/groups/group-state.ts';
import {
  isGroupDone,
  isReleased,
  legCut,
  legEnded,
  legFilled,
  legReplaced,
  mayGrow,
  openGroup,
} from '../../core/groups/group-state.ts';

/** A group at work. */
export interface LiveGroup {
  readonly participant: number;
  readonly state: GroupState;
  /** By leg. */
  readonly orders: MarketOrder[];
  /** By leg: Σ contracts × price of its fills. */
  readonly costTicks: number[];
  /** By leg: ticks from the average price of its parent; 0 where it has a price of its own. */
  readonly offsetTicks: number[];
}

/** What the market reports of a group beside the reports of its orders. */
export interface GroupEvent {
  readonly kind: 'accepted' | 'rejected' | 'ended' | GroupFlag;
  readonly participant: number;
  readonly groupId: string;
  /** The order that it is about: the one at fault, or whose event showed it. */
  readonly clOrdId: string;
  /** Contracts too many, or without a stop; 0 otherwise. */
  readonly qty: number;
  /** Of a rejected group; empty otherwise. */
  readonly reason: string;
  readonly tsUs: number;
}

/** A group as plain data: its orders by their numbers. */
export interface GroupRow {
  readonly participant: number;
  readonly state: GroupState;
  readonly orders: readonly number[];
  readonly costTicks: readonly number[];
  readonly offsetTicks: readonly number[];
}
export interface MessageRow {
  readonly dueUs: number;
  readonly groupKey: string;
  readonly action: GroupAction;
}

/** What the desk has the market do. */
export interface GroupHost {
  cancelLeg(order: MarketOrder, reason: string): void;
  resizeLeg(order: MarketOrder, qty: number, reason: string): void;
  /** The order works for fewer contracts than before. */
  shrinkLeg(order: MarketOrder): void;
  tellGroup(kind: GroupEvent['kind'], live: LiveGroup, order: MarketOrder, qty: number): void;
}

/** An action on its way to the exchange. */
export interface GroupMessage {
  readonly dueUs: number;
  readonly live: LiveGroup;
  readonly action: GroupAction;
}

export class GroupDesk {
  readonly #host: GroupHost;
  readonly #groups: Map<string, LiveGroup> = new Map();
  /** In order of their time, then of sending. */
  readonly #messages: GroupMessage[] = [];
  #pending: { readonly live: LiveGroup; readonly action: GroupAction }[] = [];
  /** Orders whose parent released more of them. */
  readonly #releases: Set<MarketOrder> = new Set();
  readonly #touched: Set<LiveGroup> = new Set();
  #cancelled: MarketOrder | null = null;

  constructor(host: GroupHost) {
    this.#host = host;
  }

  /** Groups that are not over. Plain data but for their orders, which are named by `clOrdId`. */
  get groups(): ReadonlyMap<string, LiveGroup> {
    return this.#groups;
  }
  get messages(): readonly GroupMessage[] {
    return this.#messages;
  }
  /** When the next message arrives, or Infinity. */
  get dueUs(): number {
    return this.#messages[0]?.dueUs ?? Infinity;
  }

  /** Groups and messages as plain data, between two commands. */
  snapshot(): { readonly groups: GroupRow[]; readonly messages: MessageRow[] } {
    const groups = [...this.#groups.values()].map(({ state, orders, ...live }) => ({
      ...live,
      state: structuredClone(state),
      orders: orders.map(({ orderId }) => orderId),
    }));
    // A message to a group that is over does nothing when it arrives.
    const isLive = ({ live }: GroupMessage): boolean =>
      this.#groups.has(`${live.participant}|${live.state.groupId}`);
    const messages = this.#messages.filter(isLive).map(({ dueUs, live, action }) => ({
      dueUs,
      groupKey: `${live.participant}|${live.state.groupId}`,
      action,
    }));
    return { groups, messages };
  }

  restore(
    groups: readonly GroupRow[],
    messages: readonly MessageRow[],
    orderOf: (orderId: number) => MarketOrder,
  ): void {
    const lives = new Map<string, LiveGroup>();
    for (const row of groups) {
      const live: LiveGroup = {
        participant: row.participant,
        state: structuredClone(row.state),
        orders: row.orders.map(orderOf),
        costTicks: [...row.costTicks],
        offsetTicks: [...row.offsetTicks],
      };
      for (const order of live.orders) order.live = live;
      const key = `${live.participant}|${live.state.groupId}`;
      this.#groups.set(key, live);
      lives.set(key, live);
    }
    for (const { dueUs, groupKey, action } of messages)
      this.#messages.push({ dueUs, live: lives.get(groupKey)!, action });
  }

  open(input: MarketGroupInput, orders: readonly MarketOrder[]): LiveGroup {
    const live: LiveGroup = {
      participant: orders[0]!.input.participant,
      state: openGroup(rulesOf(input), shapesOf(input)),
      orders: [...orders],
      costTicks: orders.map(() => 0),
      offsetTicks: input.legs.map((leg) => leg.offsetTicks ?? 0),
    };
    orders.forEach((order, leg) => {
      order.live = live;
      order.leg = leg;
      if (live.state.legs[leg]!.parent >= 0) order.releasedQty = 0;
    });
    this.#groups.set(`${live.participant}|${input.groupId}`, live);
    return live;
  }

  onFill(order: MarketOrder, qty: number, priceTicks: number, nowUs: number): void {
    const { live, leg } = order;
    if (live === null) return;
    live.costTicks[leg]! += qty * priceTicks;
    this.#take(live, nowUs, (out) => legFilled(live.state, leg, qty, out));
  }

  onEnd(order: MarketOrder, isFailure: boolean, nowUs: number): void {
    const { live, leg } = order;
    if (live === null) return;
    const end = { isByGroup: this.#cancelled === order, isFailure };
    this.#take(live, nowUs, (out) => legEnded(live.state, leg, end, out));
  }

  onReplaced(order: MarketOrder, nowUs: number): void {
    const { live, leg, qty } = order;
    if (live === null) return;
    this.#take(live, nowUs, (out) => legReplaced(live.state, leg, qty, out));
    order.releasedQty = Math.max(order.releasedQty, this.#freeQty(order, qty));
  }

  onCut(order: MarketOrder, nowUs: number): void {
    const { live, leg, qty } = order;
    if (live === null) return;
    this.#take(live, nowUs, (out) => legCut(live.state, leg, qty, out));
  }

  /** Whether an order that may trade nothing now waits for more of its parent instead of ending. */
  isWaiting(order: MarketOrder): boolean {
    const { live, leg } = order;
    if (live === null) return false;
    const isOut = order.releasedQty <= order.cumQty && order.releasedQty < order.qty;
    return isOut || mayGrow(live.state, leg);
  }

  /** Carries out cancels and reductions until nothing follows from them. */
  drain(): void {
    if (this.#pending.length === 0 && this.#touched.size === 0) return;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift())
      this.#apply(next.live, next.action);
    for (const live of this.#touched) {
      this.#touched.delete(live);
      if (!isGroupDone(live.state) || live.orders.some((order) => order.place !== 'done')) continue;
      const key = `${live.participant}|${live.state.groupId}`;
      if (this.#groups.delete(key)) this.#host.tellGroup('ended', live, live.orders[0]!, 0);
    }
  }

  /** The next order that its parent released, or null. */
  nextRelease(): MarketOrder | null {
    if (this.#releases.size === 0) return null;
    for (const order of this.#releases) {
      this.#releases.delete(order);
      if (order.place !== 'done') return order;
    }
    return null;
  }

  /** The message that is due, if its time is `nowUs` or earlier, is carried out. */
  deliver(nowUs: number): void {
    while (this.dueUs <= nowUs) {
      const { live, action } = this.#messages.shift()!;
      this.#apply(live, action);
    }
    this.drain();
  }

  /** Level of an exit that follows its entry, in ticks, or NaN. */
  levelOf(order: MarketOrder): number {
    const { live, leg } = order;
    const offset = live?.offsetTicks[leg] ?? 0;
    if (live === null || offset === 0) return NaN;
    const { role, parent } = live.state.legs[leg]!;
    const average = live.costTicks[parent]! / live.state.legs[parent]!.cum;
    // Away from the market: a fractional average never brings an exit nearer.
    const isBelow = (role === 'stop') === order.input.side < 0;
    return isBelow ? Math.floor(average) - offset : Math.ceil(average) + offset;
  }

  #take(live: LiveGroup, nowUs: number, act: (out: GroupAction[]) => void): void {
    const out: GroupAction[] = [];
    act(out);
    this.#touched.add(live);
    const { messageUs } = live.state;
    for (const action of out) {
      // What is flagged is seen at once; what is done about it must travel.
      if (messageUs < 0 || action.kind === 'flag') this.#pending.push({ live, action });
      else this.#send({ dueUs: nowUs + messageUs, live, action });
    }
  }

  #send(message: GroupMessage): void {
    let at = this.#messages.length;
    while (at > 0 && this.#messages[at - 1]!.dueUs > message.dueUs) at -= 1;
    this.#messages.splice(at, 0, message);
  }

  #apply(live: LiveGroup, action: GroupAction): void {
    const order = live.orders[action.leg]!;
    if (action.kind === 'flag') {
      this.#host.tellGroup(action.flag, live, order, action.qty);
      return;
    }
    this.#touched.add(live);
    if (order.place === 'done') return;
    switch (action.kind) {
      case 'cancel':
        this.#cancel(order, action.reason);
        return;
      case 'resize':
        // One that traded more meanwhile has nothing left, and is never resurrected.
        if (action.qty <= order.cumQty) this.#cancel(order, 'oco-peer');
        else {
          order.releasedQty = Math.max(order.releasedQty, this.#freeQty(order, action.qty));
          this.#host.resizeLeg(order, action.qty, action.reason);
        }
        return;
      case 'work': {
        const isMore = action.upTo > order.releasedQty;
        order.releasedQty = action.upTo;
        if (isMore) this.#releases.add(order);
        else this.#host.shrinkLeg(order);
      }
    }
  }

  /** An order that waits for nothing more may trade all that it has. */
  #freeQty(order: MarketOrder, qty: number): number {
    const { live, leg, place } = order;
    return place !== 'held' && isReleased(live!.state, leg) ? qty : 0;
  }

  /** Of two peers that would trade with each other this one goes; the other stays. What follows from it waits for `drain`. */
  cancelPeer(order: MarketOrder): void {
    this.#cancel(order, 'oco-peer');
  }

  #cancel(order: MarketOrder, reason: string): void {
    this.#cancelled = order;
    this.#host.cancelLeg(order, reason);
    this.#cancelled = null;
  }
}
