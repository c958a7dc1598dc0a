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
    };
    for (const leg of legs) this.#byOrder.set(`${participant}|${leg.clOrdId}`, { watched, leg });
  }

  onReport({ kind, participant, clOrdId, order, reason, lastQty }: MarketReport): void {
    const key = `${participant}|${clOrdId}`;
    const found = this.#byOrder.get(key);
    if (found === undefined) return;
    const { watched, leg } = found;
    if (order === null) {
      if (kind === 'Rejected' && leg.cumQty === 0 && reason !== 'duplicate-client-order-id')
        this.#byOrder.delete(key);
      return;
    }
    this.#touched.add(watched);
    leg.cumQty += kind === 'Fill' ? lastQty : 0;
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
    const [entry] = watched.legs;
    const exits = watched.legs.filter((leg) => leg.after === 0);
    const open = entry!.cumQty - exits.reduce((sum, leg) => sum + leg.cumQty, 0);
    const held = Math.max(0, entry!.side * market.positionOf(watched.participant));
    const exposed = Math.min(open, held);
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
