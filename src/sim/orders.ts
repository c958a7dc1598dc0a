/** Records of the bar venue. The flat world: mutable, owned by one venue, one shape per class. */
import type { FillEvidence, GroupChild, NewOrderRequest } from '../core/execution.ts';
import type {
  ClOrdId,
  ExitLevel,
  GroupId,
  OrderRole,
  PeerRule,
  TimeInForce,
  TrailSpec,
} from '../core/order.ts';
import { FeeTab } from '../core/money/fees.ts';
import { releaseShares, rescaleShares } from '../core/groups/shares.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';

export const Kind = {
  market: 0,
  limit: 1,
  stop: 2,
  stopLimit: 3,
  touchMarket: 4,
  touchLimit: 5,
  trailing: 6,
  /** A market order whose rest becomes a limit at the price of its first fill. */
  marketToLimit: 7,
} as const;

export const State = { held: 0, live: 1, elected: 2, done: 3 } as const;

/** What the order knows of the market at its arrival; cleared by its first bar. */
export const Fresh = {
  no: 0,
  /** A limit better than the last price: aggressive at its first open. */
  marketable: 1,
  /** The last price had reached the trigger: elected at its first open. */
  inTheMarket: 2,
  /** The last price is not known. */
  unknown: 3,
} as const;

const KIND_BY_TYPE: Readonly<Record<string, number>> = {
  market: Kind.market,
  limit: Kind.limit,
  stop: Kind.stop,
  'stop-limit': Kind.stopLimit,
  'market-if-touched': Kind.touchMarket,
  'limit-if-touched': Kind.touchLimit,
  'trailing-stop': Kind.trailing,
  'trailing-stop-limit': Kind.trailing,
  'market-to-limit': Kind.marketToLimit,
};

export class SimOrder {
  readonly clOrdId: ClOrdId;
  readonly orderId: string;
  readonly contractIndex: number;
  /** Arrival number at the venue, per contract. */
  readonly seq: number;
  readonly side: 1 | -1;
  /** A market order with a rest becomes a limit. */
  kind: number;
  readonly timeInForce: TimeInForce;
  readonly expireUs: number;
  readonly reduceOnly: boolean;
  readonly role: OrderRole;
  readonly group: SimGroup | null;
  /** Share of the entry's quantity. */
  share: number;
  level: ExitLevel | null;
  readonly trail: TrailSpec | null;
  /** Limit minus stop as submitted: kept when an exit's level follows the entry. */
  readonly limitOffset: number;
  /** Limit minus trigger of an order that gets its limit when it is elected; NaN for none. */
  readonly electOffset: number;
  /** Ticks that a market order may pay beyond the best price; NaN for no protection. */
  readonly protectionTicks: number;
  readonly postOnly: boolean;
  /** Elected by the quote: half the spread moves its trigger. */
  readonly isBidAsk: boolean;
  /** Contracts shown at a time; Infinity for all. */
  readonly displayQty: number;
  /** Price that arms the trail; NaN when it is armed. */
  activation: number;
  limit: number;
  /** Trigger; NaN for none, or for a trail that starts at its release. */
  stop: number;
  qty: number;
  cum: number = 0;
  /** Σ quantity × price of its fills. */
  costTicks: number = 0;
  state: number = State.live;
  /** Contracts released by the entry's fills; Infinity without an entry. */
  released: number = Infinity;
  /** Bars that open before this do not see the order. */
  eligibleUs: number;
  /** Time priority: lower goes first. */
  priority: number;
  fresh: number = Fresh.no;
  fillCount: number = 0;
  readonly feeTab: FeeTab = new FeeTab();
  /** Serial number of the bar in which its entry released it. */
  releasedBar: number = -1;
  /** Contracts that a bar may fill whose range ends at the limit; 0 when a touch fills nothing. */
  touchQty: number = 0;
  /** It arrived inside the bar that fills it, a moment after the open. */
  isSubBar: boolean = false;

  constructor(
    request: NewOrderRequest,
    seq: number,
    orderId: string,
    group: SimGroup | null,
    child: GroupChild | null,
  ) {
    const { spec } = request;
    this.clOrdId = request.clOrdId;
    this.orderId = orderId;
    this.contractIndex = request.contractIndex;
    this.seq = seq;
    this.priority = seq;
    this.side = spec.side;
    this.kind = KIND_BY_TYPE[spec.type]!;
    this.timeInForce = spec.timeInForce ?? 'day';
    this.expireUs = this.timeInForce === 'gtd' ? (spec.expireUs ?? TS_MAX) : TS_MAX;
    this.reduceOnly = spec.reduceOnly === true;
    this.role = request.role;
    this.group = group;
    this.share = child === null ? spec.qty : child.groupQty;
    this.level = child?.level ?? null;
    this.trail = 'trail' in spec ? spec.trail : null;
    this.limit = 'limitTicks' in spec ? spec.limitTicks : NaN;
    this.stop = 'stopTicks' in spec && spec.stopTicks !== undefined ? spec.stopTicks : NaN;
    this.limitOffset = this.limit - this.stop;
    const { protectionTicks = NaN } = spec;
    const isTriggered = this.kind !== Kind.market && this.kind !== Kind.marketToLimit;
    const beyond = spec.type === 'trailing-stop-limit' ? spec.limitOffsetTicks : protectionTicks;
    this.electOffset = isTriggered && isNaN(this.limit) ? this.side * beyond : NaN;
    this.protectionTicks = isTriggered ? NaN : protectionTicks;
    this.postOnly = spec.type === 'limit' && spec.postOnly === true;
    this.isBidAsk = spec.trigger === 'bid-ask';
    this.displayQty = spec.displayQty ?? Infinity;
    this.activation = this.trail?.activationTicks ?? NaN;
    this.qty = spec.qty;
    this.eligibleUs = request.sentUs;
  }

  get leaves(): number {
    return this.qty - this.cum;
  }

  /** Contracts that may trade now: released, and within what the group may still close. */
  liveQty(): number {
    if (this.state !== State.live && this.state !== State.elected) return 0;
    let qty = Math.min(this.qty, this.released) - this.cum;
    const { group } = this;
    if (group !== null && group.entry !== this) qty = Math.min(qty, group.exitQtyNow());
    return Math.max(0, qty);
  }

  /** Trades at once, whatever the price. */
  isMarketNow(): boolean {
    if (this.kind === Kind.market || this.kind === Kind.marketToLimit) return true;
    return this.state === State.elected && isNaN(this.limit);
  }

  /** Works as a limit order. */
  isLimitNow(): boolean {
    return this.kind === Kind.limit || (this.state === State.elected && !isNaN(this.limit));
  }

  /** Waits for a trigger: 1 when it elects at or above it, -1 at or below, 0 when it waits for none. */
  triggerDir(): number {
    if (this.state !== State.live || !isNaN(this.activation)) return 0;
    if (this.kind === Kind.stop || this.kind === Kind.stopLimit || this.kind === Kind.trailing) {
      return this.side;
    }
    if (this.kind === Kind.touchMarket || this.kind === Kind.touchLimit) return -this.side;
    return 0;
  }

  /** What the order knows of the market when it arrives; `last` is NaN where no price is known. */
  arriveAt(last: number): void {
    this.fresh = Fresh.no;
    if (this.isLimitNow()) {
      const isImmediate = this.timeInForce === 'ioc' || this.timeInForce === 'fok';
      if (isImmediate || this.side * (this.limit - last) > 0) this.fresh = Fresh.marketable;
      else if (isNaN(last)) this.fresh = Fresh.unknown;
      return;
    }
    if (this.kind === Kind.trailing) this.arm(last);
    const dir = this.triggerDir();
    if (dir !== 0 && dir * (last - this.stop) >= 0) this.fresh = Fresh.inTheMarket;
  }

  /** Waits for the price that arms its trail. */
  isDormant(): boolean {
    return !isNaN(this.activation) && this.state < State.elected;
  }

  /** A price is seen: it arms the trail or gives it its first trigger. */
  arm(price: number): void {
    if (isNaN(price)) return;
    if (this.isDormant()) {
      if (this.side * (price - this.activation) > 0) return;
      this.activation = NaN;
      const trigger = this.trailTrigger(price);
      if (isNaN(this.stop) || this.side * (trigger - this.stop) < 0) this.stop = trigger;
    } else if (isNaN(this.stop)) this.stop = this.trailTrigger(price);
  }

  /** The limit that the order has once it was elected at `trigger`; NaN for none. */
  limitAt(trigger: number): number {
    if (!isNaN(this.limit)) return this.limit;
    return (this.kind === Kind.trailing ? trigger : this.stop) + this.electOffset;
  }

  /** Trigger of the trail when `best` is the best price seen, on whole ticks, rounded away from the market. */
  trailTrigger(best: number): number {
    const { offsetTicks, offsetPpm } = this.trail!;
    const offset = offsetTicks ?? (Math.abs(best) * (offsetPpm ?? 0)) / 1_000_000;
    return this.side < 0 ? Math.floor(best - offset) : Math.ceil(best + offset);
  }

  /** The nearest price that moves the trail by a tick; -Infinity where any price may. */
  nextRatchet(): number {
    const { offsetTicks } = this.trail!;
    if (offsetTicks === undefined || isNaN(this.stop)) return -Infinity;
    return this.stop - this.side * (offsetTicks + 1);
  }
}

/** A group as the venue holds it. */
export class SimGroup {
  readonly id: GroupId;
  readonly rule: PeerRule;
  readonly release: 'partial' | 'full';
  entry: SimOrder | null = null;
  readonly exits: SimOrder[] = [];
  /** Price of the entry's last fill. */
  entryTicks: number = NaN;
  /** Contracts that exits have executed. */
  exitedQty: number = 0;
  /** Serial number of the last bar whose path it has acted on. */
  plannedBar: number = 0;

  constructor(id: GroupId, rule: PeerRule, release: 'partial' | 'full') {
    this.id = id;
    this.rule = rule;
    this.release = release;
  }

  isEntryOpen(): boolean {
    return this.entry !== null && this.entry.state !== State.done;
  }

  /** Contracts for which the group exists: the entry's, or the largest leg of a group without one. */
  targetQty(): number {
    if (this.entry !== null) return this.isEntryOpen() ? this.entry.qty : this.entry.cum;
    let qty = 0;
    for (const leg of this.exits) qty = Math.max(qty, leg.share);
    return qty;
  }

  /** Contracts that the exits may close now. */
  exitQtyNow(): number {
    if (this.entry !== null) return this.entry.cum - this.exitedQty;
    return this.rule === 'ouo' ? this.targetQty() - this.exitedQty : Infinity;
  }

  /** The entry's quantity was modified: each exit keeps its share of it. */
  resize(oldQty: number): void {
    for (const exits of this.#lanes()) rescaleShares(exits, this.entry!.qty, oldQty);
  }

  /** Shares out what the entry has filled. */
  releaseUpTo(entryCum: number): void {
    for (const exits of this.#lanes()) releaseShares(exits, entryCum, this.entry!.qty);
  }

  /** Exits of one role split the quantity between them. */
  #lanes(): SimOrder[][] {
    return [true, false].map((isStop) =>
      this.exits.filter((leg) => (leg.role === 'stop') === isStop),
    );
  }
}

/** Evidence of a fill. */
export function makeEvidence(
  rule: string,
  policy: string | null,
  roundedTicks: number,
  slippageTicks: number,
  barOpenUs: number,
  barCloseUs: number,
): FillEvidence {
  const [openUs, closeUs] = [barOpenUs as TsUs, barCloseUs as TsUs];
  const certain = policy === null;
  // The order of keys is that of the event log.
  return policy === null
    ? { rule, certain, roundedTicks, slippageTicks, barOpenUs: openUs, barCloseUs: closeUs }
    : {
        rule,
        certain,
        roundedTicks,
        slippageTicks,
        policy,
        barOpenUs: openUs,
        barCloseUs: closeUs,
      };
}
