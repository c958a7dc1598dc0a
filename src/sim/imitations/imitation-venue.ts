/**
 * A venue over bars that fills as another program would have reported, by the rules of a matcher for each contract. It stands
 * apart from the bar venue: nothing here is claimed to be what the market proves, and the runs of it are labelled.
 */
import type { BarColumns } from '../../core/bars.ts';
import { EndedOrders } from '../../core/ended-ids.ts';
import { assert } from '../../core/errors.ts';
import type {
  CancelRequest,
  ExecutionReport,
  GroupChild,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
  VenueFill,
} from '../../core/execution.ts';
import type { ContractTable } from '../../core/instrument.ts';
import type { OrderSpec } from '../../core/order.ts';
import type { ExecutionSink, SimulatedVenue } from '../../core/ports.ts';
import { BarFlag } from '../../core/ports.ts';
import { roundCounts } from '../../core/price-grid.ts';
import type { Qty, TsUs } from '../../core/units.ts';
import { toCashMicros, TS_MAX } from '../../core/units.ts';
import type { FeeModel } from '../fee-model.ts';
import { NO_FEES } from '../fee-model.ts';
import { SimGroup, SimOrder, State } from '../orders.ts';
import { refusalOf, rejectionOf, reportOf } from '../reports.ts';
import { orderProblem, replaceProblem } from '../requests.ts';
import { BacktestingPyMatcher } from './backtesting-py.ts';
import { BacktraderMatcher } from './backtrader.ts';
import { LeanMatcher } from './lean.ts';
import type { Host, Matcher, Moment } from './matcher.ts';
import { NautilusMatcher } from './nautilus.ts';
import type { Imitation } from './profiles.ts';
import { IMITATION_CAPABILITIES } from './profiles.ts';

export interface ImitationOptions {
  readonly table: ContractTable;
  /** The program whose fills are imitated. */
  readonly program: Imitation;
  readonly fees?: FeeModel;
}

/** Builds a venue that imitates the fills of a program. Slippage, volume caps and path policies do not apply. */
export function createImitation(options: ImitationOptions): SimulatedVenue {
  return new ImitationVenue(options);
}

const MATCHERS: Readonly<Record<Imitation, new (host: Host) => Matcher>> = {
  lean: LeanMatcher,
  nautilus: NautilusMatcher,
  'backtesting.py': BacktestingPyMatcher,
  backtrader: BacktraderMatcher,
};

/**
 * Rules whose fills the bar proves: a market order, or a stop that the open lies beyond, at the open. All others decide where a
 * bar leaves something open, as the program does, or take a price that was not to be had.
 */
const PROVEN: ReadonlySet<string> = new Set([
  'backtesting.py-next-open',
  'backtrader-next-open',
  'backtrader-stop-open',
]);

class ImitationVenue implements SimulatedVenue {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly #table: ContractTable;
  readonly #fees: FeeModel;
  readonly #matchers: readonly Matcher[];
  readonly #open: Map<string, SimOrder> = new Map();
  readonly #ended: EndedOrders<number> = new EndedOrders();
  readonly #openCount: Int32Array;
  readonly #nextSeq: Int32Array;
  readonly #netQty: Float64Array;
  readonly #isExpired: Uint8Array;
  /** Requests that arrive from inside a report wait here. */
  readonly #deferred: (() => void)[] = [];
  #isBusy: boolean = false;
  #sink: ExecutionSink | null = null;
  /** Of what is being told: bounds of the bar, or twice the arrival; the time never runs back within it. */
  #openUs: number = 0;
  #closeUs: number = 0;
  #toldUs: number = 0;

  constructor({ table, program, fees }: ImitationOptions) {
    const n = table.contracts.length;
    this.capabilities = IMITATION_CAPABILITIES[program];
    this.#table = table;
    this.#fees = fees ?? NO_FEES;
    this.#matchers = table.contracts.map((_, c) => new MATCHERS[program](this.#hostOf(c)));
    this.wakeLow = new Float64Array(n).fill(-Infinity);
    this.wakeHigh = new Float64Array(n).fill(Infinity);
    this.lastTicks = new Float64Array(n).fill(NaN);
    this.#openCount = new Int32Array(n);
    this.#nextSeq = new Int32Array(n);
    this.#netQty = new Float64Array(n);
    this.#isExpired = new Uint8Array(n);
    for (let c = 0; c < n; c += 1) this.#setWake(c);
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  submit(request: NewOrderRequest): void {
    this.#atOnce(request.sentUs, () => {
      const problem = this.#problemOf(request);
      if (problem !== null) {
        this.#reject(request, problem);
        return;
      }
      const order = this.#orderOf(request, null, null);
      const matcher = this.#matchers[request.contractIndex]!;
      const refusal = matcher.refusal(order);
      if (refusal !== null) {
        this.#reject(request, refusal);
        return;
      }
      this.#register(order);
      this.#report('Accepted', order);
      matcher.arrive(order);
    });
  }

  submitGroup(request: OrderGroupRequest): void {
    this.#atOnce(request.sentUs, () => {
      const { entry, children } = request;
      const requests = [...(entry === null ? [] : [entry]), ...children.map(({ order }) => order)];
      const problem = this.#groupProblem(request, requests);
      if (problem !== null) {
        for (const each of requests) this.#reject(each, problem);
        return;
      }
      const group = new SimGroup(request.groupId, request.peers, request.release);
      if (entry !== null) group.entry = this.#orderOf(entry, group, null);
      for (const child of children) {
        const exit = this.#orderOf(child.order, group, child);
        if (entry !== null) exit.state = State.held;
        setAbsolute(exit);
        group.exits.push(exit);
      }
      // A stop before its target, as the programs send them.
      group.exits.sort((a, b) => Number(b.role === 'stop') - Number(a.role === 'stop'));
      const matcher = this.#matchers[requests[0]!.contractIndex]!;
      const first = group.entry === null ? group.exits : [group.entry];
      const orders = group.entry === null ? group.exits : [group.entry, ...group.exits];
      const refusals = first.map((order) => matcher.refusal(order));
      if (group.entry !== null && refusals[0] !== null) {
        for (const each of requests) this.#reject(each, refusals[0]!);
        return;
      }
      for (const order of orders) this.#register(order);
      // Peers are judged one by one: the program leaves the other alone at work.
      for (const [i, order] of first.entries()) {
        const refusal = refusals[i]!;
        if (refusal === null) continue;
        this.#retire(order);
        this.#reject(
          requests.find(({ clOrdId }) => clOrdId === order.clOrdId)!,
          refusal,
        );
      }
      for (const order of orders) if (order.state !== State.done) this.#report('Accepted', order);
      for (const order of first) if (order.state !== State.done) matcher.arrive(order);
    });
  }

  replace(request: ReplaceRequest): void {
    this.#atOnce(request.sentUs, () => {
      const order = this.#open.get(request.clOrdId);
      const missing = this.#ended.has(request.clOrdId) ? 'already-terminal' : 'unknown-order';
      const matcher = order === undefined ? null : this.#matchers[order.contractIndex]!;
      const reason =
        order === undefined
          ? missing
          : (replaceProblem(order, request) ?? matcher!.changeRefusal?.(order, request) ?? null);
      if (order === undefined || reason !== null) {
        this.#refuse('ReplaceRejected', request, reason ?? missing);
        return;
      }
      if (request.qty !== undefined) order.qty = request.qty;
      if (request.limitTicks !== undefined) order.limit = request.limitTicks;
      if (request.stopTicks !== undefined) order.stop = request.stopTicks;
      if (request.limitTicks !== undefined || request.stopTicks !== undefined) order.level = null;
      this.#report('Replaced', order);
      matcher!.onChange?.(order);
    });
  }

  cancel(request: CancelRequest): void {
    this.#atOnce(request.sentUs, () => {
      const order = this.#open.get(request.clOrdId);
      const reason =
        order === undefined
          ? this.#ended.has(request.clOrdId)
            ? 'already-terminal'
            : 'unknown-order'
          : (this.#matchers[order.contractIndex]!.cancelRefusal?.(order) ?? null);
      if (order === undefined || reason !== null) {
        this.#refuse('CancelRejected', request, reason ?? 'unknown-order');
        return;
      }
      this.#end(order, 'Canceled', 'requested', true);
    });
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    const [open, high, low] = [bars.open[row]!, bars.high[row]!, bars.low[row]!];
    const [close, volume] = [bars.close[row]!, bars.volume[row]!];
    const isSane = low <= Math.min(open, close) && high >= Math.max(open, close);
    if ((flags & BarFlag.quarantined) !== 0 || !isSane) {
      if (this.#openCount[contractIndex]! > 0)
        this.#sink?.onVenueIssue?.({
          code: 'E_BAR_REFUSED',
          severity: 'warning',
          message: `a bar ${open}/${high}/${low}/${close} (ticks) contradicts itself and executes no order`,
          contractIndex,
          tsUs: bars.closeUs[row]! as TsUs,
        });
      return;
    }
    this.#openUs = bars.openUs[row]!;
    this.#closeUs = bars.closeUs[row]!;
    this.#toldUs = this.#openUs;
    this.#isBusy = true;
    const { openUs, closeUs } = { openUs: this.#openUs, closeUs: this.#closeUs };
    this.#matchers[contractIndex]!.onBar({ openUs, closeUs, open, high, low, close, volume });
    this.#isBusy = false;
    this.#setWake(contractIndex);
    this.#flush();
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#tellAt(closeUs);
    for (const order of this.#ordersOf(contractIndex)) {
      const isOfSession = order.timeInForce !== 'gtc' && order.timeInForce !== 'gtd';
      if (isOfSession && order.eligibleUs < closeUs) this.#end(order, 'Expired', 'day-end', false);
    }
    this.#setWake(contractIndex);
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#isExpired[contractIndex] = 1;
    this.#tellAt(tsUs);
    for (const order of this.#ordersOf(contractIndex))
      this.#end(order, 'Canceled', 'contract-expired', false);
    this.#setWake(contractIndex);
  }

  /** The programs look at dates when they look at a bar. */
  onTime(): void {
    // Nothing is due.
  }

  nextTimerUs(): TsUs {
    return TS_MAX;
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#netQty[contractIndex] = netQty;
    if (netQty === 0) this.#matchers[contractIndex]!.onFlat?.();
  }

  #hostOf(contractIndex: number): Host {
    return {
      lastTicks: () => this.lastTicks[contractIndex]!,
      fill: (order, qty, ticks, rule, moment) => this.#fill(order, qty, ticks, rule, moment),
      trigger: (order) => {
        order.state = State.elected;
        this.#report('Triggered', order);
      },
      release: (order) => {
        order.state = State.live;
        this.#report('Released', order);
      },
      restate: (order) => this.#report('Restated', order),
      end: (order, kind, reason) => this.#end(order, kind, reason, kind === 'Expired'),
    };
  }

  /** Carries out a request between two bars; one that comes from inside a report waits. */
  #atOnce(sentUs: number, work: () => void): void {
    if (this.#isBusy) {
      this.#deferred.push(() => this.#atOnce(sentUs, work));
      return;
    }
    this.#tellAt(sentUs);
    this.#isBusy = true;
    work();
    this.#isBusy = false;
    for (let c = 0; c < this.#matchers.length; c += 1) this.#setWake(c);
    this.#flush();
  }

  #flush(): void {
    while (this.#deferred.length > 0 && !this.#isBusy) this.#deferred.shift()!();
  }

  #tellAt(tsUs: number): void {
    this.#openUs = tsUs;
    this.#closeUs = tsUs;
    this.#toldUs = tsUs;
  }

  #fill(order: SimOrder, asked: number, ticks: number, rule: string, moment: Moment): number {
    const c = order.contractIndex;
    let qty = Math.min(asked, order.leaves);
    if (this.#mustReduce(order)) qty = Math.min(qty, Math.max(0, -order.side * this.#netQty[c]!));
    if (qty <= 0) {
      this.#end(order, 'Canceled', 'reduce-only-exhausted', false);
      return 0;
    }
    if (moment === 'close') this.#toldUs = this.#closeUs;
    const tsUs = this.#toldUs as TsUs;
    const price = roundCounts(ticks, order.side > 0 ? 'up' : 'down');
    this.#netQty[c] = this.#netQty[c]! + order.side * qty;
    order.cum += qty;
    order.costTicks += qty * price;
    const { group } = order;
    if (group?.entry === order) group.entryTicks = price;
    if (order.leaves === 0) this.#retire(order);
    const commission = this.#fees.commissionMicros(c, tsUs) * qty;
    const fill: VenueFill = {
      execId: `${this.capabilities.venue}-${order.orderId}-${order.fillCount}`,
      lastQty: qty as Qty,
      lastPriceTicks: price,
      feeMicros: toCashMicros(commission + this.#fees.exchangeMicros(c, tsUs) * qty),
      commissionMicros: toCashMicros(commission),
      evidence: {
        rule,
        certain: PROVEN.has(rule),
        roundedTicks: Math.abs(price - ticks),
        slippageTicks: 0,
        barOpenUs: this.#openUs as TsUs,
        barCloseUs: this.#closeUs as TsUs,
      },
    };
    order.fillCount += 1;
    this.#sink?.onReport(reportOf('Fill', order, tsUs, undefined, fill));
    if (group !== null) this.#afterFill(group, order);
    this.#sweepReduceOnly(c);
    return qty;
  }

  #afterFill(group: SimGroup, order: SimOrder): void {
    if (group.entry === order) {
      for (const exit of group.exits) if (exit.state === State.held) priceFromEntry(exit);
      this.#matchers[order.contractIndex]!.onEntryFill(group);
      return;
    }
    for (const peer of group.exits) {
      if (peer === order || peer.state === State.done) continue;
      if (order.state === State.done || group.rule === 'oco')
        this.#end(peer, 'Canceled', 'oco-peer', false);
      else if (group.rule === 'ouo' && peer.leaves !== order.leaves) {
        peer.qty = peer.cum + order.leaves;
        this.#report('Restated', peer);
      }
    }
  }

  #mustReduce(order: SimOrder): boolean {
    if (!order.reduceOnly) return false;
    return order.group === null || this.#matchers[order.contractIndex]!.hasReducingExits;
  }

  #sweepReduceOnly(contractIndex: number): void {
    const net = this.#netQty[contractIndex]!;
    for (const order of this.#ordersOf(contractIndex)) {
      const isIdle = order.state === State.held || order.group?.isEntryOpen() === true;
      if (this.#mustReduce(order) && !isIdle && order.side * net >= 0)
        this.#end(order, 'Canceled', 'reduce-only-exhausted', false);
    }
  }

  #end(order: SimOrder, kind: 'Canceled' | 'Expired', reason: string, isByItself: boolean): void {
    if (order.state === State.done) return;
    this.#retire(order);
    this.#report(kind, order, reason);
    const { group } = order;
    if (group === null) return;
    if (group.entry === order) {
      for (const exit of group.exits)
        if (exit.state === State.held) this.#end(exit, 'Canceled', 'parent-ended', false);
      return;
    }
    const { cancels } = this.#matchers[order.contractIndex]!;
    if (!isByItself || cancels === 'one') return;
    for (const exit of group.exits) this.#end(exit, 'Canceled', 'oco-peer', false);
    if (cancels === 'family' && group.entry !== null)
      this.#end(group.entry, 'Canceled', 'oco-peer', false);
  }

  #retire(order: SimOrder): void {
    order.state = State.done;
    this.#open.delete(order.clOrdId);
    this.#ended.set(order.clOrdId, order.contractIndex);
    this.#openCount[order.contractIndex]! -= 1;
    this.#matchers[order.contractIndex]!.drop(order);
  }

  #orderOf(request: NewOrderRequest, group: SimGroup | null, child: GroupChild | null): SimOrder {
    const c = request.contractIndex;
    const seq = this.#nextSeq[c]!;
    this.#nextSeq[c] = seq + 1;
    return new SimOrder(request, seq, `${this.#table.contractAt(c).id}-${seq}`, group, child);
  }

  #register(order: SimOrder): void {
    this.#open.set(order.clOrdId, order);
    this.#openCount[order.contractIndex]! += 1;
  }

  #ordersOf(contractIndex: number): SimOrder[] {
    return Array.from(this.#open.values()).filter((order) => order.contractIndex === contractIndex);
  }

  #setWake(contractIndex: number): void {
    const isAwake =
      this.#openCount[contractIndex]! > 0 || this.#matchers[contractIndex]!.needsEveryBar;
    this.wakeHigh[contractIndex] = isAwake ? -Infinity : Infinity;
  }

  #problemOf(request: NewOrderRequest): string | null {
    const { clOrdId, contractIndex: c, spec } = request;
    assert(c >= 0 && c < this.#matchers.length, 'an order names a contract of the table');
    if (this.#open.has(clOrdId) || this.#ended.has(clOrdId)) return 'duplicate-id';
    if (this.#isExpired[c] === 1) return 'contract-expired';
    const { orderTypes, timesInForce } = this.capabilities;
    if (!orderTypes.includes(spec.type)) return 'unsupported-order-type';
    if (!timesInForce.includes(spec.timeInForce ?? 'day')) return 'unsupported-time-in-force';
    if (hasPercentTrail(spec)) return 'unsupported-trail-percent';
    const isLoose =
      spec.reduceOnly === true && request.role !== 'stop' && request.role !== 'target';
    if (isLoose && spec.side * this.#netQty[c]! >= 0) return 'reduce-only-exhausted';
    return orderProblem(request);
  }

  #groupProblem(request: OrderGroupRequest, requests: readonly NewOrderRequest[]): string | null {
    const { entry, children, peers } = request;
    const { groups } = this.capabilities.features;
    if (!groups.includes(entry === null ? (peers === 'oco' ? 'oco' : 'ouo') : 'bracket'))
      return 'unsupported-group';
    const roles = children.map(({ order }) => order.role);
    const isTwice = new Set(roles).size < roles.length && entry !== null;
    if (children.length === 0 || children.length > 2 || isTwice) return 'unsupported-group';
    if (new Set(requests.map((each) => each.clOrdId)).size < requests.length) return 'duplicate-id';
    for (const each of requests) {
      const problem = this.#problemOf(each);
      if (problem !== null) return problem;
      if (each.contractIndex !== requests[0]!.contractIndex) return 'invalid-group';
    }
    for (const { order } of children) {
      const isPlain = order.spec.type === (order.role === 'stop' ? 'stop' : 'limit');
      if (entry !== null && !isPlain) return 'unsupported-exit';
      if (entry !== null && order.spec.side === entry.spec.side) return 'invalid-group';
    }
    return null;
  }

  #reject(request: NewOrderRequest, reason: string): void {
    if (reason !== 'duplicate-id') this.#ended.set(request.clOrdId, request.contractIndex);
    this.#sink?.onReport(rejectionOf(request, reason));
  }

  #refuse(
    kind: 'ReplaceRejected' | 'CancelRejected',
    request: ReplaceRequest | CancelRequest,
    reason: string,
  ): void {
    const order = this.#open.get(request.clOrdId);
    const endedAt = this.#ended.get(request.clOrdId);
    this.#sink?.onReport(refusalOf(kind, request, reason, order, endedAt));
  }

  #report(kind: ExecutionReport['kind'], order: SimOrder, reason?: string): void {
    this.#sink?.onReport(reportOf(kind, order, this.#toldUs, reason));
  }
}

function hasPercentTrail(spec: OrderSpec): boolean {
  if (spec.type !== 'trailing-stop') return false;
  return !Number.isSafeInteger(spec.trail.offsetTicks) || spec.trail.offsetPpm !== undefined;
}

/** A level given in ticks stands at once; one given as an offset waits for the entry's price. */
function setAbsolute(exit: SimOrder): void {
  if (exit.level !== null && 'ticks' in exit.level) setPrice(exit, exit.level.ticks);
}

function priceFromEntry(exit: SimOrder): void {
  const entryTicks = exit.group?.entryTicks ?? NaN;
  if (exit.level === null || !('offsetTicks' in exit.level) || isNaN(entryTicks)) return;
  const away = exit.role === 'stop' ? exit.side : -exit.side;
  setPrice(exit, entryTicks + away * exit.level.offsetTicks);
}

function setPrice(exit: SimOrder, ticks: number): void {
  if (isNaN(exit.limit)) exit.stop = ticks;
  else exit.limit = ticks;
}
