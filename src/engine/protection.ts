/**
 * Watches positions that lose their protection without the strategy having asked for it: a stop that expired with its day,
 * that an OCO rule cancelled after a partial exit, or that waits until its entry is complete. A position that never had a
 * stop is the strategy's own choice and not reported.
 */
import type { GroupId } from '../core/order.ts';
import { isTerminal } from '../core/order.ts';
import type { RunIssue } from '../core/run-events.ts';
import type { TsUs } from '../core/units.ts';
import type { AppliedReport, Order, OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';

interface Suspect {
  readonly order: Order;
  readonly why: string;
}

export class ProtectionWatch {
  readonly #orders: OrderManager;
  readonly #portfolio: Portfolio;
  readonly #issue: (issue: RunIssue) => void;
  readonly #suspects: Suspect[] = [];
  /** Members of each group; a group whose orders have all ended is forgotten. */
  readonly #groups: Map<GroupId, readonly Order[]> = new Map();
  readonly #ended: GroupId[] = [];

  constructor(orders: OrderManager, portfolio: Portfolio, issue: (issue: RunIssue) => void) {
    this.#orders = orders;
    this.#portfolio = portfolio;
    this.#issue = issue;
  }

  onGroup(groupId: GroupId, members: readonly Order[]): void {
    this.#groups.set(groupId, members);
  }

  onReport(applied: AppliedReport): void {
    const { order, kind } = applied;
    if (order.groupId !== null && isTerminal(order.status)) this.#ended.push(order.groupId);
    if (kind === 'Expired' || kind === 'Canceled') {
      const isExit = order.role === 'stop' || order.reduceOnly;
      // What the strategy cancelled itself is its own choice.
      if (isExit && order.reason !== 'requested' && order.reason !== 'contract-expired')
        this.#suspects.push({ order, why: `${order.clOrdId} ended (${order.reason})` });
    } else if (kind === 'PartialFill' && order.role === 'entry') {
      const stop = this.#heldStop(order);
      if (stop !== undefined)
        this.#suspects.push({
          order,
          why: `${stop.clOrdId} waits until ${order.clOrdId} is filled`,
        });
    }
  }

  /** After the strategy had its say about the events of an instant. */
  check(nowUs: TsUs): void {
    if (this.#suspects.length > 0) this.#judge(nowUs);
    if (this.#ended.length === 0) return;
    for (const id of this.#ended)
      if (this.#groups.get(id)?.every((member) => isTerminal(member.status)) === true)
        this.#groups.delete(id);
    this.#ended.length = 0;
  }

  #judge(nowUs: TsUs): void {
    for (const { order, why } of this.#suspects) {
      const net = this.#portfolio.netQty[order.contractIndex]!;
      const isEntry = order.role === 'entry';
      const isOpen = isEntry ? net * order.side > 0 : net * order.side < 0;
      if (!isOpen || (isEntry && this.#heldStop(order) === undefined)) continue;
      const bare = Math.min(
        Math.abs(net) - this.#covered(order.contractIndex, net),
        isEntry ? order.cumQty : this.owedBy(order),
      );
      if (bare <= 0) continue;
      this.#issue({
        code: 'E_POSITION_UNPROTECTED',
        severity: 'warning',
        message: `${bare} of ${net} ${order.contract} have no stop at work: ${why}`,
        tsUs: nowUs,
        contract: order.contract,
      });
    }
    this.#suspects.length = 0;
  }

  /** The entry's fills come before the release of its exits: a stop may still be held at that moment only. */
  #heldStop(entry: Order): Order | undefined {
    return this.#membersOf(entry).find(
      (member) => member.role === 'stop' && member.working === 'held',
    );
  }

  /** Contracts that working stops and market orders of the other side will close. */
  #covered(contractIndex: number, net: number): number {
    let qty = 0;
    for (const order of this.#orders.open()) {
      if (order.contractIndex !== contractIndex || order.side * net > 0) continue;
      if (order.working === 'held') continue;
      const isStop = order.stopTicks !== null || order.trail !== null || order.type === 'market';
      if (isStop) qty += order.leavesQty;
    }
    return qty;
  }

  /** Contracts that the group of an exit still has to close; of a single exit, its own. */
  owedBy(order: Order): number {
    const members = this.#membersOf(order);
    if (members.length === 0) return order.orderQty - order.cumQty;
    let entered = 0;
    let largest = 0;
    let exited = 0;
    for (const member of members) {
      if (member.role === 'entry') entered += member.cumQty;
      else {
        exited += member.cumQty;
        largest = Math.max(largest, member.spec.qty);
      }
    }
    const hasEntry = members.some((member) => member.role === 'entry');
    return (hasEntry ? entered : largest) - exited;
  }

  #membersOf(order: Order): readonly Order[] {
    return order.groupId === null ? [] : (this.#groups.get(order.groupId) ?? []);
  }
}
