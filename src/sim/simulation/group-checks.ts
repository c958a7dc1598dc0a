/**
 * What must be true of the groups that the exchange holds: never more than one leg's worth of an OCO, exits never beyond their
 * entry, and a stop behind every contract of a bracket. Counted from reports alone.
 */
import type { MarketGroupInput } from '../groups/group-input.ts';
import type { ContractMarket } from '../exchange/contract-market.ts';
import type { MarketReport } from '../exchange/market-order.ts';
import { must } from './world-types.ts';

interface Leg {
  readonly clOrdId: string;
  readonly role: string;
  readonly after: number;
  readonly set: number;
  readonly side: number;
  qtyMax: number;
  cumQty: number;
  isOpen: boolean;
}

interface Watched {
  readonly participant: number;
  readonly legs: Leg[];
  readonly sets: number;
  /** A broker holds it: legs may trade too much before its messages arrive. */
  readonly isAtomic: boolean;
  /** A bracket whose stop follows each fill. */
  readonly isBracket: boolean;
  /** The user, or the market for a reason of its own, took the protection away. */
  isLoose: boolean;
  /** The user made an exit larger than its entry. */
  isEnlarged: boolean;
  /** Contracts of the entry that are still held: not closed by an exit, nor by anything else. */
  open: number;
}

/** Reasons for which the group itself ends or shrinks a leg. */
const BY_GROUP: ReadonlySet<string> = new Set([
  'oco-peer',
  'ouo-peer',
  'parent-ended',
  'parent-resized',
  'child-filled',
  'follows-parent',
]);

export class GroupChecks {
  readonly #byOrder: Map<string, { readonly watched: Watched; readonly leg: Leg }> = new Map();
  readonly #touched: Set<Watched> = new Set();
  /** Brackets at work, and the position, by participant. */
  readonly #brackets: Map<number, Set<Watched>> = new Map();
  readonly #net: Map<number, number> = new Map();

  /** A group that was sent; its reports come now. */
  open(input: MarketGroupInput): void {
    const participant = input.legs[0]!.order.participant;
    const legs = input.legs.map(({ order, role, after = -1, peers = -1 }): Leg => {
      const { clOrdId, qty, side } = order;
      return {
        clOrdId,
        role,
        after,
        set: peers,
        side,
        qtyMax: qty,
        cumQty: 0,
        isOpen: true,
      };
    });
    const watched: Watched = {
      participant,
      legs,
      sets: Math.max(-1, ...legs.map((leg) => leg.set)) + 1,
      isAtomic: input.messageUs === undefined,
      isBracket:
        legs[0]!.role === 'entry' &&
        (input.peers ?? 'ouo') === 'ouo' &&
        (input.release ?? 'partial') === 'partial' &&
        legs.some((leg) => leg.role === 'stop'),
      isLoose: false,
      isEnlarged: false,
      open: 0,
    };
    if (watched.isBracket) {
      const brackets = this.#brackets.get(participant) ?? new Set();
      brackets.add(watched);
      this.#brackets.set(participant, brackets);
    }
    for (const leg of legs) this.#byOrder.set(`${participant}|${leg.clOrdId}`, { watched, leg });
  }

  onReport(report: MarketReport): void {
    this.#followLegs(report);
    if (report.kind === 'Fill') this.#followPosition(report);
  }

  /** What closes a position closes what its brackets hold of it. */
  #followPosition({ participant, order, lastQty }: MarketReport): void {
    const net = (this.#net.get(participant) ?? 0) + order!.input.side * lastQty;
    this.#net.set(participant, net);
    for (const bracket of this.#brackets.get(participant) ?? [])
      bracket.open = Math.max(0, Math.min(bracket.open, bracket.legs[0]!.side * net));
  }

  #followLegs({ kind, participant, clOrdId, order, reason, lastQty }: MarketReport): void {
    const key = `${participant}|${clOrdId}`;
    const found = this.#byOrder.get(key);
    if (found === undefined) return;
    const { watched, leg } = found;
    if (order === null) {
      if (kind === 'Rejected' && leg.cumQty === 0 && reason !== 'duplicate-client-order-id') {
        this.#byOrder.delete(key);
        this.#brackets.get(participant)?.delete(watched);
      }
      return;
    }
    this.#touched.add(watched);
    if (kind === 'Fill') {
      leg.cumQty += lastQty;
      watched.open += leg.after < 0 ? lastQty : -lastQty;
    }
    leg.isOpen = order.place !== 'done';
    const isExit = leg.after >= 0;
    const isOwnDoing = kind === 'Canceled' || kind === 'Expired' || kind === 'Rejected';
    if (isExit && isOwnDoing && !BY_GROUP.has(reason)) watched.isLoose = true;
    // A change of quantity by the user, or one that self-trade prevention made.
    if (isExit && kind === 'Replaced' && !BY_GROUP.has(reason)) {
      watched.isLoose = true;
      if (order.qty > leg.qtyMax) watched.isEnlarged = true;
    }
    leg.qtyMax = Math.max(leg.qtyMax, order.qty);
    if (watched.legs.some((each) => each.isOpen)) return;
    for (const each of watched.legs) this.#byOrder.delete(`${participant}|${each.clOrdId}`);
    this.#brackets.get(participant)?.delete(watched);
  }

  /** After a command. */
  after(market: ContractMarket): void {
    for (const watched of this.#touched) {
      this.#touched.delete(watched);
      if (!watched.isAtomic) continue;
      for (let set = 0; set < watched.sets; set += 1) this.#checkSet(watched, set);
      if (watched.isBracket && !watched.isLoose) this.#checkProtection(watched, market);
    }
  }

  #checkSet(watched: Watched, set: number): void {
    const legs = watched.legs.filter((leg) => leg.set === set);
    const sum = (of: readonly Leg[], value: (leg: Leg) => number): number =>
      of.reduce((total, leg) => total + value(leg), 0);
    const lane = (role: string): Leg[] => legs.filter((leg) => leg.role === role);
    const executed = sum(legs, (leg) => leg.cumQty);
    const parent = watched.legs[legs[0]?.after ?? -1];
    const worth =
      (watched.isEnlarged ? undefined : parent?.cumQty) ??
      Math.max(
        sum(lane('target'), (leg) => leg.qtyMax),
        sum(lane('stop'), (leg) => leg.qtyMax),
        ...legs.map((leg) => leg.qtyMax),
      );
    must(
      executed <= worth,
      'no more than one leg’s worth of an OCO is executed when the exchange holds it',
      () => ({ legs: legs.map((leg) => `${leg.clOrdId} ${leg.cumQty}/${leg.qtyMax}`), worth }),
    );
  }

  #checkProtection(watched: Watched, market: ContractMarket): void {
    const exits = watched.legs.filter((leg) => leg.after === 0);
    const exposed = watched.open;
    if (exposed === 0) return;
    let covered = 0;
    for (const leg of exits) {
      if (leg.role !== 'stop' || !leg.isOpen) continue;
      const order = market.orderOf(watched.participant, leg.clOrdId);
      if (order !== null && order.place !== 'held') covered += order.leavesQty;
    }
    must(covered >= exposed, 'a position of a live bracket is never unprotected', () => ({
      legs: watched.legs.map((leg) => `${leg.role} ${leg.clOrdId} ${leg.cumQty}/${leg.qtyMax}`),
      exposed,
      covered,
    }));
  }
}
