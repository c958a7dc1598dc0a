/**
 * Orders of the gateway's accounts: what is refused and in which words, the market's reports as statuses, attached brackets,
 * fills, closing of positions, and the rules of funded accounts. Everything happens at times of the simulated clock.
 */
import type { Side } from '../../../core/order.ts';
import type { MarketOrderInput, MarketReport } from '../../exchange/market-order.ts';
import type { GatewayAccount, GatewayOrder, GatewayPosition, GatewayTrade } from './account.ts';
import { isWorking } from './account.ts';
import { Agenda } from './agenda.ts';
import type { GatewayContract } from './contracts.ts';
import { ticksOf } from './contracts.ts';
import type { MarketHost } from './market-host.ts';
import type { GatewayOptions } from './options.ts';
import type { Outcome } from './wire.ts';
import {
  ChangeError,
  failure,
  OK,
  OrderStatus,
  OrderType,
  PlaceError,
  REJECT,
  typeName,
} from './wire.ts';

export interface BracketRequest {
  readonly ticks: number;
  readonly type: number;
}

/** `Order/place` as it was bound: null where a field is absent. */
export interface PlaceRequest {
  readonly accountId: number;
  readonly contractId: string;
  readonly type: number;
  readonly side: number;
  readonly size: number;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  readonly trailPrice: number | null;
  readonly customTag: string | null;
  readonly linkedOrderId: number | null;
  readonly stopLossBracket: BracketRequest | null;
  readonly takeProfitBracket: BracketRequest | null;
}

export interface ModifyRequest {
  readonly orderId: number;
  readonly size: number | null;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  readonly trailPrice: number | null;
}

/** Hears of everything that an account's stream tells. */
export interface DeskListener {
  onOrder(order: GatewayOrder): void;
  onTrade(trade: GatewayTrade): void;
  onPosition(position: GatewayPosition, account: GatewayAccount): void;
  onAccount(account: GatewayAccount): void;
}

/** What faults may do to orders; each is asked when it could happen. */
export interface DeskFaults {
  /** Text of the reject of an exit on its activation, or null. */
  rejectLeg(leg: 'stop' | 'target', orderId: number): string | null;
  /** The cancel of the other exit is lost. */
  losesPeerCancel(orderId: number): boolean;
  /** µs after which an order that was taken is rejected all the same, or null. */
  lateRejectUs(orderId: number): number | null;
  /** Extra µs of a cancel on its way. */
  cancelDelayUs(orderId: number): number;
}

const NO_FAULTS: DeskFaults = {
  rejectLeg: () => null,
  losesPeerCancel: () => false,
  lateRejectUs: () => null,
  cancelDelayUs: () => 0,
};

/** Ids that no 32 bits hold, as those of the service have been since August 2026. */
const FIRST_ORDER_ID = 4_294_967_400;
const FIRST_TRADE_ID = 4_394_967_000;
const FIRST_POSITION_ID = 500_001;

/** What the service says where the market says this. */
const WORDS: Readonly<Record<string, string>> = {
  'stop-in-market': REJECT.noPrice('stop'),
  'no-opposite': REJECT.closed,
  'market-closed': REJECT.closed,
  'market-not-open': REJECT.closed,
  'contract-expired': REJECT.closed,
  'price-band': REJECT.range,
  'price-limit': REJECT.range,
  'max-qty': REJECT.size,
  'invalid-qty': REJECT.size,
};

export class OrderDesk {
  readonly agenda: Agenda = new Agenda();
  readonly #hosts: readonly MarketHost[];
  readonly #accounts: readonly GatewayAccount[];
  readonly #options: GatewayOptions;
  readonly #listener: DeskListener;
  readonly #faults: DeskFaults;
  readonly #byMarketId: Map<string, GatewayOrder> = new Map();
  readonly #indexOf: ReadonlyMap<string, number>;
  #orderIds: number = FIRST_ORDER_ID;
  #tradeIds: number = FIRST_TRADE_ID;
  #positionIds: number = FIRST_POSITION_ID;
  /** Exits of position brackets: by account and contract. */
  readonly #pairs: Map<string, GatewayOrder[]> = new Map();
  /** Reason of the last refusal of the market inside a command. */
  #refusal: string = '';
  #isLiquidating: boolean = false;

  constructor(
    hosts: readonly MarketHost[],
    accounts: readonly GatewayAccount[],
    options: GatewayOptions,
    listener: DeskListener,
    faults: DeskFaults = NO_FAULTS,
  ) {
    this.#hosts = hosts;
    this.#accounts = accounts;
    this.#options = options;
    this.#listener = listener;
    this.#faults = faults;
    this.#indexOf = new Map(hosts.map(({ contract }, index) => [contract.id, index]));
  }

  indexOf(contractId: string): number {
    return this.#indexOf.get(contractId) ?? -1;
  }

  // ------------------------------------------------------------------------------------------------- requests

  place(
    account: GatewayAccount,
    request: PlaceRequest,
    nowUs: number,
  ): Outcome & { readonly orderId: number | null } {
    const index = this.indexOf(request.contractId);
    const none = (code: number, text: string | null = null): Outcome & { orderId: null } => ({
      ...failure(code, text),
      orderId: null,
    });
    const host = this.#hosts[index];
    if (host === undefined) return none(PlaceError.ContractNotFound);
    if (!host.contract.isActive || host.phase === 'expired')
      return none(PlaceError.ContractNotActive);
    if (!account.canTrade) return none(PlaceError.AccountViolation);
    const { stopLossBracket, takeProfitBracket } = request;
    const hasBrackets = stopLossBracket !== null || takeProfitBracket !== null;
    const [order, problem] = this.#newOrder(account, request, index, nowUs);
    if (problem !== null) {
      this.#reject(order, problem, nowUs);
      const code =
        (problem === REJECT.closed || problem === REJECT.hours) &&
        this.#options.closedAnswer === 'outside-hours'
          ? PlaceError.OutsideTradingHours
          : PlaceError.OrderRejected;
      return { ...failure(code, problem), orderId: order.id };
    }
    if (hasBrackets) this.#attach(order, stopLossBracket, takeProfitBracket, nowUs);
    const [first, ...rest] = order.children;
    if (first !== undefined && stopLossBracket !== null) this.#tell(first, nowUs);
    this.#tell(order, nowUs);
    for (const child of stopLossBracket === null ? order.children : rest) this.#tell(child, nowUs);
    const lateUs = this.#faults.lateRejectUs(order.id);
    if (lateUs !== null) {
      this.agenda.at(nowUs + lateUs, (tsUs) => this.#reject(order, 'fault', tsUs));
      return { ...OK, orderId: order.id };
    }
    const { orderUs } = this.#options;
    if (orderUs > 0) this.agenda.at(nowUs + orderUs, (tsUs) => this.#send(order, tsUs));
    else this.#send(order, nowUs);
    this.settle(nowUs);
    if (orderUs === 0 && order.status === OrderStatus.Rejected)
      return { ...failure(PlaceError.OrderRejected, order.reason), orderId: order.id };
    return { ...OK, orderId: order.id };
  }

  modify(account: GatewayAccount, request: ModifyRequest, nowUs: number): Outcome {
    const order = account.orders.get(request.orderId);
    if (order === undefined) return failure(ChangeError.OrderNotFound);
    if (!isWorking(order) || order.isEnding) return failure(ChangeError.Rejected);
    const problem = this.#changeProblem(order, request);
    if (problem !== null) return failure(ChangeError.Rejected, problem);
    const isSuspended = order.status === OrderStatus.Suspended;
    if (isSuspended && this.#options.brackets.modifySuspended === 'refuse')
      return failure(ChangeError.Rejected);
    if (order.status === OrderStatus.Pending && !isSuspended) return failure(ChangeError.Pending);
    const outcome = this.#change(order, request, nowUs);
    this.settle(nowUs);
    return outcome;
  }

  cancel(account: GatewayAccount, orderId: number, nowUs: number): Outcome {
    const order = account.orders.get(orderId);
    if (order === undefined) return failure(ChangeError.OrderNotFound);
    if (account.config.isFollower === true)
      return failure(ChangeError.AccountRejected, REJECT.follower);
    if (!isWorking(order))
      return failure(
        this.#options.cancelEnded === 'rejected' ? ChangeError.Rejected : ChangeError.OrderNotFound,
      );
    if (order.isEnding) return failure(ChangeError.Pending);
    const delayUs = this.#options.cancelUs + this.#faults.cancelDelayUs(orderId);
    if (delayUs === 0) this.#cancelByUser(order, nowUs);
    else {
      order.isEnding = true;
      this.#setStatus(order, OrderStatus.PendingCancellation, nowUs);
      this.agenda.at(nowUs + delayUs, (tsUs) => this.#cancelByUser(order, tsUs));
    }
    this.settle(nowUs);
    return OK;
  }

  /** A market order over `size` contracts of the position, or all of it. Codes are those of the two endpoints. */
  close(account: GatewayAccount, contractId: string, size: number | null, nowUs: number): Outcome {
    const shift = size === null ? 0 : 1;
    const index = this.indexOf(contractId);
    if (index < 0) return failure(3);
    const host = this.#hosts[index]!;
    const net = account.netQty(index);
    if (net === 0) return failure(2);
    if (host.phase === 'expired') return failure(4);
    if (size !== null && !(Number.isInteger(size) && size > 0 && size <= Math.abs(net)))
      return failure(5);
    if (host.phase !== 'open') return failure(5 + shift);
    const order = this.#closing(account, index, size ?? Math.abs(net), nowUs);
    this.settle(nowUs);
    return order.status === OrderStatus.Rejected ? failure(5 + shift) : OK;
  }

  /** Every step that is due by now. */
  settle(nowUs: number): void {
    this.agenda.run(nowUs);
  }

  // -------------------------------------------------------------------------------------------------- refusals

  /** The record of an order, and why it is refused, or null. */
  #newOrder(
    account: GatewayAccount,
    request: PlaceRequest,
    index: number,
    nowUs: number,
  ): [order: GatewayOrder, problem: string | null] {
    const host = this.#hosts[index]!;
    const { contract } = host;
    const side: Side = request.side === 0 ? 1 : -1;
    const problem =
      this.#shapeProblem(account, request, host) ??
      this.#priceProblem(contract, request) ??
      this.#levelProblem(request, host) ??
      this.#bracketProblem(account, request) ??
      this.#roomProblem(account, request.size, side, index);
    const order = this.#create(account, index, {
      type: request.type,
      side,
      size: request.size,
      tag: request.customTag === '' ? null : request.customTag,
      parent: null,
      ticks: 0,
      nowUs,
    });
    const tick = (price: number | null): number =>
      price === null ? NaN : ticksOf(contract, price);
    order.limitTicks = tick(request.limitPrice);
    order.stopTicks = tick(request.stopPrice);
    if (request.type === OrderType.TrailingStop && request.trailPrice !== null)
      order.trailTicks = Math.trunc(
        Math.abs(host.lastTicks - request.trailPrice / contract.grid.increment) + 1e-6,
      );
    return [order, problem];
  }

  #shapeProblem(account: GatewayAccount, request: PlaceRequest, host: MarketHost): string | null {
    const { type, side, size, customTag } = request;
    const isKnown = type >= OrderType.Limit && type <= OrderType.JoinAsk && Number.isInteger(type);
    if (!isKnown || (type === OrderType.StopLimit && this.#options.stopLimit === 'refuse'))
      return REJECT.type;
    if (side !== 0 && side !== 1) return REJECT.side;
    if (!(Number.isInteger(size) && size > 0 && size <= 1e6)) return REJECT.size;
    if (customTag !== null && customTag !== '' && account.tags.has(customTag)) return REJECT.tag;
    if (account.isDayOver) return REJECT.hours;
    return host.phase === 'open' ? null : REJECT.closed;
  }

  #priceProblem(contract: GatewayContract, request: PlaceRequest | ModifyRequest): string | null {
    const off = (price: number | null): boolean =>
      price !== null && Number.isNaN(ticksOf(contract, price));
    if (off(request.limitPrice)) return REJECT.offTick('limit');
    if (off(request.stopPrice)) return REJECT.offTick('stop');
    if (off(request.trailPrice)) return REJECT.offTick('trail');
    return null;
  }

  #levelProblem(request: PlaceRequest, host: MarketHost): string | null {
    const { type, side, limitPrice, stopPrice, trailPrice } = request;
    const { contract, lastTicks } = host;
    const needsLimit = type === OrderType.Limit || type === OrderType.StopLimit;
    const needsStop = type === OrderType.Stop || type === OrderType.StopLimit;
    if (needsLimit && limitPrice === null) return REJECT.noPrice('limit');
    if (needsStop && stopPrice === null) return REJECT.noPrice('stop');
    if (needsLimit && this.#isFar(host, ticksOf(contract, limitPrice!))) return REJECT.range;
    if (needsStop) {
      const stopTicks = ticksOf(contract, stopPrice!);
      if (isReached(side === 0 ? 1 : -1, stopTicks, lastTicks)) return REJECT.noPrice('stop');
      if (this.#isFar(host, stopTicks)) return REJECT.range;
    }
    if (type === OrderType.TrailingStop) return this.#trailProblem(host, trailPrice, true);
    if (type === OrderType.JoinBid && Number.isNaN(host.bidTicks)) return REJECT.closed;
    if (type === OrderType.JoinAsk && Number.isNaN(host.askTicks)) return REJECT.closed;
    return null;
  }

  #trailProblem(host: MarketHost, trailPrice: number | null, isPlace: boolean): string | null {
    if (trailPrice === null) return REJECT.noTrail;
    if (Number.isNaN(host.lastTicks)) return REJECT.noLast;
    const ticks = Math.abs(host.lastTicks - ticksOf(host.contract, trailPrice));
    if (ticks === 0) return REJECT.noTrail;
    const { trailTicksMax, isTrailModifyLimited } = this.#options;
    const isLimited = isPlace || isTrailModifyLimited;
    return isLimited && ticks > trailTicksMax ? REJECT.trailTooFar(trailTicksMax) : null;
  }

  #isFar(host: MarketHost, ticks: number): boolean {
    const percent = this.#options.priceRangePercent;
    const { lastTicks } = host;
    if (percent === null || Number.isNaN(lastTicks)) return false;
    return Math.abs(ticks - lastTicks) * 100 > Math.abs(lastTicks) * percent;
  }

  #bracketProblem(account: GatewayAccount, request: PlaceRequest): string | null {
    const { stopLossBracket: stop, takeProfitBracket: target, side } = request;
    if (stop === null && target === null) return null;
    if (account.brackets.kind !== 'auto-oco') return REJECT.bracketMode;
    const isLong = side === 0;
    const sign = isLong ? 1 : -1;
    const least = this.#options.brackets.stopTicksMin;
    if (stop !== null) {
      if (stop.type !== OrderType.Stop && stop.type !== OrderType.TrailingStop)
        return REJECT.stopType(typeName(stop.type));
      if (!Number.isInteger(stop.ticks) || stop.ticks * sign >= 0)
        return REJECT.stopSign(stop.ticks, isLong);
      if (-stop.ticks * sign < least) return REJECT.stopNear(stop.ticks, least);
    }
    if (target !== null) {
      if (target.type !== OrderType.Limit) return REJECT.targetType(typeName(target.type));
      if (!Number.isInteger(target.ticks) || target.ticks * sign <= 0)
        return REJECT.targetSign(target.ticks, isLong);
    }
    return null;
  }

  /** Size limits of the account and of its programme, with everything at work on that side. */
  #roomProblem(account: GatewayAccount, size: number, side: Side, index: number): string | null {
    const net = account.netQty(index);
    let atWork = 0;
    for (const order of account.working)
      if (order.contractIndex === index && order.side === side && order.parent === null)
        atWork += order.size - order.filled;
    const most = Math.max(0, net * side + atWork + size);
    if (most <= Math.abs(net) && net * side < 0) return null;
    const { maxContracts } = account.config;
    if (maxContracts !== undefined && most > maxContracts) return REJECT.margin;
    const { evaluator } = account;
    if (evaluator === null) return null;
    const { root } = this.#hosts[index]!.contract;
    const denial = evaluator.deny(root, most * evaluator.weightOf(root));
    return denial === null ? null : (DENIALS[denial] ?? REJECT.margin);
  }

  #reject(order: GatewayOrder, text: string, tsUs: number): void {
    if (!isWorking(order)) return;
    order.reason = text;
    this.#end(order, OrderStatus.Rejected, tsUs);
  }

  // -------------------------------------------------------------------------------------------- orders at work

  #create(
    account: GatewayAccount,
    contractIndex: number,
    it: {
      readonly type: number;
      readonly side: Side;
      readonly size: number;
      readonly tag: string | null;
      readonly parent: GatewayOrder | null;
      readonly ticks: number;
      readonly nowUs: number;
    },
  ): GatewayOrder {
    const id = this.#orderIds;
    this.#orderIds += 1;
    const order: GatewayOrder = {
      id,
      account,
      contract: this.#hosts[contractIndex]!.contract,
      contractIndex,
      type: it.type,
      side: it.side,
      size: it.size,
      limitTicks: NaN,
      stopTicks: NaN,
      trailTicks: 0,
      status: it.parent === null ? OrderStatus.Pending : OrderStatus.Suspended,
      filled: 0,
      costTicks: 0,
      tag: it.tag,
      createdUs: it.nowUs,
      updatedUs: it.nowUs,
      marketId: String(id),
      isSent: false,
      parent: it.parent,
      bracketTicks: it.ticks,
      covered: 0,
      linkedId: 0,
      children: [],
      firstFillTicks: NaN,
      reason: '',
      isEnding: false,
    };
    account.working.add(order);
    account.add(order);
    if (order.tag !== null) account.tags.add(order.tag);
    return order;
  }

  /** Exits of an entry, suspended, with the numbers after its own. */
  #attach(
    entry: GatewayOrder,
    stop: BracketRequest | null,
    target: BracketRequest | null,
    nowUs: number,
  ): void {
    const { account, contractIndex, size, tag } = entry;
    const isSuffixOnly = this.#options.brackets.untaggedChildren === 'suffix';
    const child = (bracket: BracketRequest, suffix: string): GatewayOrder => {
      const order = this.#create(account, contractIndex, {
        type: bracket.type,
        side: entry.side === 1 ? -1 : 1,
        size,
        tag: tag === null ? (isSuffixOnly ? suffix : null) : `${tag}${suffix}`,
        parent: entry,
        ticks: bracket.ticks,
        nowUs,
      });
      entry.children.push(order);
      return order;
    };
    const stopOrder = stop === null ? null : child(stop, '-SL');
    const targetOrder = target === null ? null : child(target, '-TP');
    if (stopOrder !== null && targetOrder !== null) targetOrder.linkedId = stopOrder.id;
  }

  #send(order: GatewayOrder, tsUs: number): void {
    if (!isWorking(order)) return;
    const host = this.#hosts[order.contractIndex]!;
    if (order.type === OrderType.JoinBid) order.limitTicks = host.bidTicks;
    if (order.type === OrderType.JoinAsk) order.limitTicks = host.askTicks;
    if (order.status === OrderStatus.Suspended) order.status = OrderStatus.Pending;
    order.isSent = true;
    this.#byMarketId.set(order.marketId, order);
    host.submit(this.#marketInput(order, host), tsUs);
  }

  #marketInput(order: GatewayOrder, host: MarketHost): MarketOrderInput {
    const { participant } = order.account;
    const base = {
      participant,
      group: participant,
      clOrdId: order.marketId,
      side: order.side,
      qty: order.size - order.filled,
      timeInForce: 'gtc' as const,
    };
    const { trigger } = host;
    switch (order.type) {
      case OrderType.Market:
        return { ...base, type: 'market' };
      case OrderType.Stop:
        return { ...base, type: 'stop', stopTicks: order.stopTicks, trigger };
      case OrderType.StopLimit:
        return {
          ...base,
          type: 'stop-limit',
          stopTicks: order.stopTicks,
          limitTicks: order.limitTicks,
          trigger,
        };
      case OrderType.TrailingStop:
        return {
          ...base,
          type: 'trailing-stop',
          trail: { offsetTicks: order.trailTicks },
          ...(Number.isNaN(order.stopTicks) ? {} : { stopTicks: order.stopTicks }),
          trigger,
        };
      default:
        return { ...base, type: 'limit', limitTicks: order.limitTicks };
    }
  }

  #changeProblem(order: GatewayOrder, request: ModifyRequest): string | null {
    const { size, limitPrice, stopPrice, trailPrice } = request;
    const { contract, type } = order;
    if (size !== null && !(Number.isInteger(size) && size > order.filled && size <= 1e6))
      return REJECT.size;
    const off = this.#priceProblem(contract, request);
    if (off !== null) return off;
    const host = this.#hosts[order.contractIndex]!;
    const hasStop = type === OrderType.Stop || type === OrderType.StopLimit;
    if (stopPrice !== null && hasStop && order.status !== OrderStatus.Suspended) {
      const stopTicks = ticksOf(contract, stopPrice);
      const isSame = stopTicks === order.stopTicks;
      if (!isSame && isReached(order.side, stopTicks, host.lastTicks))
        return REJECT.noPrice('stop');
      if (this.#isFar(host, stopTicks)) return REJECT.range;
    }
    if (limitPrice !== null && this.#isFar(host, ticksOf(contract, limitPrice)))
      return REJECT.range;
    if (trailPrice !== null && type === OrderType.TrailingStop)
      return this.#trailProblem(host, trailPrice, false);
    return null;
  }

  /** Fields that the type does not have are passed over, as unknown fields are. */
  #change(order: GatewayOrder, request: ModifyRequest, nowUs: number): Outcome {
    const { contract, type } = order;
    const host = this.#hosts[order.contractIndex]!;
    const hasLimit =
      type !== OrderType.Market && type !== OrderType.Stop && type !== OrderType.TrailingStop;
    const hasStop = type === OrderType.Stop || type === OrderType.StopLimit;
    const size = request.size ?? order.size;
    const limitTicks =
      request.limitPrice !== null && hasLimit
        ? ticksOf(contract, request.limitPrice)
        : order.limitTicks;
    const stopTicks =
      request.stopPrice !== null && hasStop
        ? ticksOf(contract, request.stopPrice)
        : order.stopTicks;
    const before = order.size;
    if (type === OrderType.TrailingStop && request.trailPrice !== null) {
      const trailTicks = Math.abs(host.lastTicks - ticksOf(contract, request.trailPrice));
      this.#retrail(order, trailTicks, size, nowUs);
    } else if (order.isSent) {
      this.#refusal = '';
      host.replace(
        order.account.participant,
        order.marketId,
        {
          ...(size === order.size ? {} : { qty: size - this.#filledBefore(order) }),
          ...(Object.is(limitTicks, order.limitTicks) ? {} : { limitTicks }),
          ...(Object.is(stopTicks, order.stopTicks) ? {} : { stopTicks }),
        },
        nowUs,
      );
      if (this.#refusal !== '') return failure(ChangeError.Rejected, WORDS[this.#refusal] ?? null);
    }
    // What the change traded at once has been told by the market's reports already.
    order.size = size;
    order.limitTicks = limitTicks;
    order.stopTicks = stopTicks;
    if (isWorking(order)) this.#tell(order, nowUs);
    if (order.parent !== null && size !== before && this.#options.brackets.onLegResize === 'follow')
      for (const peer of order.parent.children)
        if (peer !== order && isWorking(peer) && peer.isSent) this.#resize(peer, size, nowUs);
    return OK;
  }

  /** Contracts that were filled under earlier ids at the market. */
  #filledBefore(order: GatewayOrder): number {
    const live = this.#hosts[order.contractIndex]!.orderOf(
      order.account.participant,
      order.marketId,
    );
    return order.filled - (live?.cumQty ?? 0);
  }

  /** The market has no word for another distance: the order is taken out and comes again, under the same number here. */
  #retrail(order: GatewayOrder, trailTicks: number, size: number, tsUs: number): void {
    const host = this.#hosts[order.contractIndex]!;
    this.#byMarketId.delete(order.marketId);
    host.cancel(order.account.participant, order.marketId, tsUs);
    order.marketId = `${order.marketId}+`;
    order.trailTicks = trailTicks;
    order.stopTicks = NaN;
    order.size = size;
    this.#byMarketId.set(order.marketId, order);
    host.submit(this.#marketInput(order, host), tsUs);
  }

  #resize(order: GatewayOrder, size: number, tsUs: number): void {
    if (!isWorking(order) || size === order.size) return;
    if (size <= order.filled) {
      this.#cancelNow(order, tsUs);
      return;
    }
    const host = this.#hosts[order.contractIndex]!;
    const qty = size - this.#filledBefore(order);
    order.size = size;
    host.replace(order.account.participant, order.marketId, { qty }, tsUs);
    if (isWorking(order)) this.#tell(order, tsUs);
  }

  #cancelByUser(order: GatewayOrder, tsUs: number): void {
    if (!isWorking(order)) return;
    const { parent } = order;
    this.#cancelNow(order, tsUs);
    if (parent !== null && this.#options.brackets.onLegCancel === 'cancel')
      for (const peer of parent.children) if (peer !== order) this.#cancelNow(peer, tsUs);
    this.agenda.run(tsUs);
  }

  #cancelNow(order: GatewayOrder, tsUs: number): void {
    if (!isWorking(order)) return;
    order.isEnding = true;
    if (!order.isSent) {
      this.#end(order, OrderStatus.Cancelled, tsUs);
      return;
    }
    const host = this.#hosts[order.contractIndex]!;
    host.cancel(order.account.participant, order.marketId, tsUs);
  }

  #closing(
    account: GatewayAccount,
    contractIndex: number,
    size: number,
    nowUs: number,
  ): GatewayOrder {
    const order = this.#create(account, contractIndex, {
      type: OrderType.Market,
      side: account.netQty(contractIndex) > 0 ? -1 : 1,
      size,
      tag: null,
      parent: null,
      ticks: 0,
      nowUs,
    });
    this.#tell(order, nowUs);
    this.#send(order, nowUs);
    return order;
  }

  // --------------------------------------------------------------------------------------------------- reports

  /** The market reports; what follows from it is put on the agenda, for a market must not be called from here. */
  onReport(report: MarketReport): void {
    const order = this.#byMarketId.get(report.clOrdId);
    if (order === undefined || report.participant !== order.account.participant) return;
    const { tsUs, reason } = report;
    switch (report.kind) {
      case 'Accepted':
        this.#onAccepted(order, tsUs);
        return;
      case 'Fill':
        this.#onFill(order, report.lastQty, report.lastPriceTicks, tsUs);
        return;
      case 'Rejected':
        order.reason = WORDS[reason] ?? REJECT.closed;
        this.#end(order, OrderStatus.Rejected, tsUs);
        return;
      case 'Canceled':
        this.#end(order, OrderStatus.Cancelled, tsUs);
        return;
      case 'Expired':
        this.#end(order, OrderStatus.Expired, tsUs);
        return;
      case 'ReplaceRejected':
      case 'CancelRejected':
        this.#refusal = reason;
        return;
      default:
        return;
    }
  }

  #onAccepted(order: GatewayOrder, tsUs: number): void {
    if (order.status !== OrderStatus.Pending) return;
    if (order.type === OrderType.Market && !this.#options.isOpenShownForMarket) {
      order.status = OrderStatus.Open;
      return;
    }
    this.#setStatus(order, OrderStatus.Open, tsUs);
  }

  #onFill(order: GatewayOrder, qty: number, priceTicks: number, tsUs: number): void {
    const { account, contract } = order;
    order.filled += qty;
    order.costTicks += qty * priceTicks;
    if (order.status === OrderStatus.Pending) order.status = OrderStatus.Open;
    if (Number.isNaN(order.firstFillTicks)) order.firstFillTicks = priceTicks;
    const feeMicros = account.feeMicros(contract) * qty;
    const { evaluator } = account;
    evaluator?.onFill(String(order.id), account.netQty(order.contractIndex), order.side * qty);
    const { profitMicros, position } = account.applyFill(
      order,
      qty,
      priceTicks,
      feeMicros,
      tsUs,
      () => {
        this.#positionIds += 1;
        return this.#positionIds;
      },
    );
    const trade: GatewayTrade = {
      id: this.#tradeIds,
      order,
      createdUs: tsUs,
      priceTicks,
      size: qty,
      profitMicros,
      feeMicros,
      isVoided: false,
    };
    this.#tradeIds += 1;
    account.addTrade(trade);
    const isDone = order.filled >= order.size;
    if (isDone) this.#end(order, OrderStatus.Filled, tsUs);
    else this.#tell(order, tsUs);
    this.#listener.onTrade(trade);
    this.#listener.onPosition(position, account);
    this.#listener.onAccount(account);
    if (order.children.length > 0) this.#onEntryFill(order, tsUs);
    if (order.parent !== null) this.#onExitFill(order, qty, tsUs);
    if (account.brackets.kind === 'position' && !this.#isLiquidating)
      this.agenda.at(tsUs + this.#options.brackets.activationUs, (at) =>
        this.#followPosition(account, order.contractIndex, at),
      );
    if (position.book.netQty === 0) this.#onFlat(account, order.contractIndex, tsUs);
  }

  #end(order: GatewayOrder, status: number, tsUs: number): void {
    const { account } = order;
    this.#setStatus(order, status, tsUs);
    account.working.delete(order);
    this.#byMarketId.delete(order.marketId);
    if (order.children.length > 0 && status !== OrderStatus.Filled)
      this.agenda.at(tsUs, (at) => this.#onEntryEnd(order, at));
  }

  #setStatus(order: GatewayOrder, status: number, tsUs: number): void {
    order.status = status;
    this.#tell(order, tsUs);
  }

  /** Each change of an order has a later time than the one before, so that the newest can be told. */
  #tell(order: GatewayOrder, tsUs: number): void {
    order.updatedUs = Math.max(tsUs, order.updatedUs);
    this.#listener.onOrder(order);
  }

  // -------------------------------------------------------------------------------------------------- brackets

  #onEntryFill(entry: GatewayOrder, tsUs: number): void {
    const { onPartialEntry, activationUs } = this.#options.brackets;
    if (onPartialEntry === 'wait' && entry.status !== OrderStatus.Filled) return;
    const upTo = entry.filled;
    this.agenda.at(tsUs + activationUs, (at) => this.#activate(entry, upTo, at));
  }

  /** The entry ended before all of it was filled. */
  #onEntryEnd(entry: GatewayOrder, tsUs: number): void {
    const { onEntryCancel, onPartialEntry } = this.#options.brackets;
    if (entry.filled === 0 || onEntryCancel === 'cancel') {
      for (const child of entry.children) this.#cancelNow(child, tsUs);
      return;
    }
    if (onPartialEntry === 'wait') this.#activate(entry, entry.filled, tsUs);
  }

  /** Exits work for `upTo` contracts of the entry: the target first, as recorded. */
  #activate(entry: GatewayOrder, upTo: number, tsUs: number): void {
    const { priceFrom } = this.#options.brackets;
    const from = priceFrom === 'average' ? entry.costTicks / entry.filled : entry.firstFillTicks;
    for (const child of entry.children.toReversed()) {
      const more = upTo - child.covered;
      if (!isWorking(child) || child.isEnding || more <= 0) continue;
      child.covered = upTo;
      if (child.isSent) {
        this.#resize(child, child.size + more, tsUs);
        continue;
      }
      const isStop = child.type !== OrderType.Limit;
      const text = this.#faults.rejectLeg(isStop ? 'stop' : 'target', child.id);
      if (text !== null) {
        this.#reject(child, text, tsUs);
        continue;
      }
      child.size = upTo;
      // Away from the entry where an average lies between two ticks.
      const level = from + child.bracketTicks;
      const ticks = child.bracketTicks > 0 ? Math.ceil(level - 1e-9) : Math.floor(level + 1e-9);
      // A price that was given to it while it was suspended stays.
      if (!isStop && Number.isNaN(child.limitTicks)) child.limitTicks = ticks;
      if (isStop && Number.isNaN(child.stopTicks)) child.stopTicks = ticks;
      if (child.type === OrderType.TrailingStop) child.trailTicks = Math.abs(child.bracketTicks);
      this.#send(child, tsUs);
    }
    this.agenda.run(tsUs);
  }

  #onExitFill(exit: GatewayOrder, qty: number, tsUs: number): void {
    const { cancelUs, onPartialExit } = this.#options.brackets;
    const peer = exit.parent!.children.find((each) => each !== exit);
    if (peer === undefined || !isWorking(peer)) return;
    const isDone = exit.status === OrderStatus.Filled;
    if (!isDone && onPartialExit === 'keep') return;
    if (this.#faults.losesPeerCancel(peer.id)) return;
    this.agenda.at(tsUs + cancelUs, (at) => {
      if (isDone || onPartialExit === 'cancel') this.#cancelNow(peer, at);
      else this.#resize(peer, peer.size - qty, at);
    });
  }

  #onFlat(account: GatewayAccount, contractIndex: number, tsUs: number): void {
    if (this.#options.brackets.onFlat === 'keep') return;
    this.agenda.at(tsUs + this.#options.brackets.cancelUs, (at) => {
      if (account.netQty(contractIndex) !== 0) return;
      for (const order of account.working)
        if (order.contractIndex === contractIndex && order.parent !== null)
          this.#cancelNow(order, at);
    });
  }

  /** One pair for the net position, in money: made after a fill, and again after each change of it. */
  #followPosition(account: GatewayAccount, contractIndex: number, tsUs: number): void {
    const { brackets } = account;
    if (brackets.kind !== 'position') return;
    const { stopLoss, takeProfit } = brackets;
    if (stopLoss === undefined && takeProfit === undefined) return;
    const key = `${account.id} ${contractIndex}`;
    const pair = this.#pairs.get(key) ?? [];
    const position = account.positions.get(contractIndex);
    const net = position?.book.netQty ?? 0;
    // A pair that has ended by a fill took the position with it; an orphan stays, as it does at the venue.
    const isOrphaned = net === 0 && this.#options.brackets.onFlat === 'keep';
    if (!isOrphaned) for (const order of pair) this.#cancelNow(order, tsUs);
    this.#pairs.delete(key);
    if (net === 0 || position === undefined) return;
    const side: Side = net > 0 ? -1 : 1;
    const { num, den } = position.contract.countValue;
    const ticksFor = (dollars: number): number =>
      Math.max(1, Math.round((dollars * 1e6 * den) / (num * Math.abs(net))));
    const make = (type: number, levelTicks: number): GatewayOrder => {
      const order = this.#create(account, contractIndex, {
        type,
        side,
        size: Math.abs(net),
        tag: null,
        parent: null,
        ticks: 0,
        nowUs: tsUs,
      });
      if (type === OrderType.Limit) order.limitTicks = levelTicks;
      else order.stopTicks = levelTicks;
      this.#tell(order, tsUs);
      this.#send(order, tsUs);
      return order;
    };
    const made: GatewayOrder[] = [];
    const average = position.averageTicks;
    if (stopLoss !== undefined)
      made.push(make(OrderType.Stop, Math.round(average + side * ticksFor(stopLoss))));
    if (takeProfit !== undefined)
      made.push(make(OrderType.Limit, Math.round(average - side * ticksFor(takeProfit))));
    this.#pairs.set(key, made);
  }

  // -------------------------------------------------------------------------------------------- funded accounts

  /** The market moved: accounts under a programme are looked at, and those that broke a rule are closed out. */
  onMarket(contractIndex: number, tsUs: number): void {
    for (const account of this.#accounts) {
      if (account.evaluator === null || account.netQty(contractIndex) === 0) continue;
      this.watch(account, tsUs);
    }
  }

  watch(account: GatewayAccount, tsUs: number): void {
    const { evaluator } = account;
    if (evaluator === null) return;
    account.mark((index) => this.#hosts[index]!.markTicks, tsUs);
    if (evaluator.mustBeFlat) this.liquidate(account, tsUs);
    this.#judge(account);
  }

  /** The end of a trade date: limits of the day begin anew. */
  onDayEnd(tsUs: number): void {
    for (const account of this.#accounts) {
      const { evaluator } = account;
      account.isDayOver = false;
      if (evaluator === null) continue;
      const equity =
        account.balanceMicros + account.openMicros((index) => this.#hosts[index]!.markTicks);
      evaluator.onDayEnd(tsUs, account.balanceMicros, equity);
      this.#judge(account);
    }
  }

  /** The time has come by which the programme wants the account flat. */
  flatBy(account: GatewayAccount, tsUs: number): void {
    account.isDayOver = true;
    this.liquidate(account, tsUs);
  }

  /** Cancels everything, and closes every position by a market order. */
  liquidate(account: GatewayAccount, tsUs: number): void {
    if (this.#isLiquidating) return;
    this.#isLiquidating = true;
    for (const order of account.working) this.#cancelNow(order, tsUs);
    for (const { contractIndex, book } of account.positions.values()) {
      const host = this.#hosts[contractIndex]!;
      if (book.netQty !== 0 && host.phase === 'open')
        this.#closing(account, contractIndex, Math.abs(book.netQty), tsUs);
    }
    this.#isLiquidating = false;
  }

  /** Whether the account may trade, as its programme says. */
  #judge(account: GatewayAccount): void {
    const { evaluator, config } = account;
    if (evaluator === null) return;
    const isLocked =
      evaluator.status !== 'open' || evaluator.deny('', 0) === 'programme-daily-loss';
    const canTrade = !isLocked && config.canTrade !== false;
    if (canTrade === account.canTrade) return;
    account.canTrade = canTrade;
    this.#listener.onAccount(account);
  }

  /** A trade that never was: it leaves the profit, the fees and the position. Null where there is no such trade. */
  bust(tradeId: number, tsUs: number): GatewayTrade | null {
    for (const account of this.#accounts) {
      const trade = account.trades.find(({ id }) => id === tradeId);
      if (trade === undefined || trade.isVoided) continue;
      trade.isVoided = true;
      const { order, size, priceTicks, feeMicros } = trade;
      const back = { ...order, side: order.side === 1 ? -1 : 1 } as GatewayOrder;
      const { position } = account.applyFill(back, size, priceTicks, -feeMicros, tsUs, () => {
        this.#positionIds += 1;
        return this.#positionIds;
      });
      this.#listener.onTrade(trade);
      this.#listener.onPosition(position, account);
      this.#listener.onAccount(account);
      return trade;
    }
    return null;
  }
}

const DENIALS: Readonly<Record<string, string>> = {
  'programme-scaling': REJECT.margin,
  'programme-products': REJECT.symbol,
  'programme-trade-count': 'Maximum number of trades reached.',
};

/** Whether a stop of that side would be elected at once. */
function isReached(side: Side, stopTicks: number, lastTicks: number): boolean {
  return side === 1 ? lastTicks >= stopTicks : lastTicks <= stopTicks;
}
