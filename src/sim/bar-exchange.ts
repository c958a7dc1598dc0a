/**
 * The bar-driven simulated venue. It knows one bar at a time and fills what the bar proves; where the bar leaves several
 * outcomes open, a policy chooses and the choice is reported with its alternatives.
 *
 * A bar is matched in two steps. At the open: everything that the first trade decides, in time priority. Then the path:
 * groups one after the other, by the certainty table or a search over all paths. The volume cap of the bar is one budget
 * in that order: the open may use all of it, the path gets the rest.
 *
 * An order takes part in a bar that opens at or after the order was sent. A sample (open time equal to close time) needs
 * an order sent before it, so that a decision made on a sample can never trade on that sample.
 *
 * The flat world: records are mutated by this one owner, and a bar on which nothing happens allocates nothing.
 */
import type { BarColumns } from '../core/bars.ts';
import { EndedOrders } from '../core/ended-ids.ts';
import { assert } from '../core/errors.ts';
import type {
  CancelRequest,
  ExecutionReport,
  GroupChild,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { ClOrdId } from '../core/order.ts';
import type { ExecutionSink, RandomSource } from '../core/ports.ts';
import { BarFlag } from '../core/ports.ts';
import { roundCounts } from '../core/price-grid.ts';
import type { Qty, TsUs } from '../core/units.ts';
import { TS_MAX } from '../core/units.ts';
import type {
  BarExchange,
  BarExchangeCounts,
  BarExchangeOptions,
  QuotePair,
  TouchRule,
} from './bar-options.ts';
import {
  delayOf,
  hashText,
  microsOf,
  participationOf,
  policyOf,
  settingsOf,
  touchOf,
} from './bar-options.ts';
import type { PathPolicy } from './bar-policies.ts';
import { isHighFirst, isOnePath, TOUCH_STREAM } from './bar-policies.ts';
import { isSaneBar, SeenBar, tellsTheSame } from './bar-seen.ts';
import { DelayedBarVenue, LateBarVenue } from './bar-transit.ts';
import { BAR_VENUE_CAPABILITIES } from './capabilities.ts';
import type { FeeModel } from './fee-model.ts';
import { fillRoleOf, NO_FEES } from './fee-model.ts';
import type { MatchSettings, PathPlan, PlanStep, QuoteShift } from './group-path.ts';
import {
  aggressiveTicks,
  halfSpread,
  limitShift,
  pathPrice,
  planGroup,
  planSingle,
} from './group-path.ts';
import { Fresh, Kind, makeEvidence, SimGroup, SimOrder, State } from './orders.ts';
import { ProfiledBarVenue } from './venue/bar-profile.ts';
import { groupProblem, orderProblem, replaceProblem } from './requests.ts';
import { refusalOf, rejectionOf, reportOf, wakeBounds } from './reports.ts';
import { ticksPerContract } from './slippage.ts';

export type { BarExchange, BarExchangeCounts, BarExchangeOptions } from './bar-options.ts';

/** Builds a bar venue. Errors: E_SIM_OPTION. */
export function createBarExchange(options: BarExchangeOptions): BarExchange {
  const delayBars = delayOf(options);
  const latencyUs = microsOf('latencyUs', options.latencyUs ?? 0);
  const slackUs = options.openSlackUs;
  if (slackUs !== undefined) microsOf('openSlackUs', slackUs);
  const { profile, isTrading = () => true } = options;
  const bars = new BarVenue(options);
  const venue =
    profile === undefined || profile.name === 'ideal'
      ? bars
      : new ProfiledBarVenue(bars, profile, isTrading);
  const line: BarExchange =
    latencyUs === 0 ? venue : new LateBarVenue(venue, latencyUs, slackUs ?? null);
  return delayBars === 0 ? line : new DelayedBarVenue(line, delayBars);
}

interface MutableBar {
  open: number;
  high: number;
  low: number;
  close: number;
}

class BarVenue implements BarExchange {
  readonly capabilities: VenueCapabilities = BAR_VENUE_CAPABILITIES;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly counts: BarExchangeCounts = {
    badBars: 0,
    zeroVolumeBars: 0,
    ambiguousGroups: 0,
    roundedFills: 0,
    unprotectedRemainders: 0,
    drilledBars: 0,
    finerRefused: 0,
    lockedBars: 0,
  };
  readonly #table: ContractTable;
  readonly #policy: PathPolicy;
  readonly #fees: FeeModel;
  readonly #participation: number;
  readonly #gapImprove: boolean;
  readonly #settings: readonly MatchSettings[];
  readonly #drawKeys: Float64Array;
  /** Released orders by contract, in time priority. */
  readonly #live: SimOrder[][];
  readonly #open: Map<string, SimOrder> = new Map();
  /** Contract of orders that have ended: their ids stay taken. */
  readonly #ended: EndedOrders<number> = new EndedOrders();
  readonly #nextSeq: Int32Array;
  readonly #nextPriority: Float64Array;
  readonly #netQty: Float64Array;
  readonly #isExpired: Uint8Array;
  /** Requests that arrive from inside a report wait here until the bar is done. */
  readonly #deferred: (() => void)[] = [];
  #isBusy: boolean = false;
  #sink: ExecutionSink | null = null;
  #timerUs: number = TS_MAX;

  readonly #context: { policy: PathPolicy; random: RandomSource; drawA: number; drawB: number };
  readonly #bar: MutableBar = { open: 0, high: 0, low: 0, close: 0 };
  #barOpenUs: number = 0;
  #barCloseUs: number = 0;
  #capLeft: number = 0;
  /** Serial number of the bar that is being matched. */
  #barCount: number = 0;
  /** Group whose working exits still have to follow a fill of their entry. */
  #repriced: SimGroup | null = null;
  /** The bar that is being matched has opened and its first trade is being decided. */
  #isAtOpen: boolean = false;
  readonly #options: BarExchangeOptions;
  /** A broker that holds groups by messages leaves the other orders where one is cancelled. */
  readonly #keepsPeers: boolean;
  readonly #touch: TouchRule;
  readonly #isCloseMode: boolean;
  readonly #closeCutoffUs: number;
  /** Last bar of each contract that an order could have traded in. */
  readonly #seen: readonly SeenBar[];
  readonly #baseSpread: Float64Array;
  readonly #dailyLimit: Float64Array;
  /** Last close of the session before, from which daily limits are measured. */
  readonly #sessionRef: Float64Array;
  /** 1 when the bar stands still at its upper daily limit, -1 at its lower. */
  #lock: number = 0;
  /** Contracts that each leg of the bar's path has left, the leg that a plan has come to, and whether legs are counted. */
  readonly #legLeft: Float64Array = new Float64Array(3);
  readonly #turns: Float64Array = new Float64Array(4);
  #leg: number = 0;
  #hasLegs: boolean = false;
  #legCap: number = Infinity;
  /** Volume of the bar that is being matched; NaN where it is not known. */
  #barVolume: number = NaN;
  /** Set while a message is handed over that reached the venue a moment after the open of the coming bar. */
  isSubBar: boolean = false;
  readonly #quotePair: QuotePair = newQuotePair();
  readonly #quoteShift: QuoteShift = newQuoteShift();

  constructor(options: BarExchangeOptions) {
    const { table } = options;
    const n = table.contracts.length;
    this.#table = table;
    this.#policy = policyOf(options);
    this.#context = { policy: this.#policy, random: options.random, drawA: 0, drawB: 0 };
    this.#participation = participationOf(options);
    this.#fees = options.fees ?? NO_FEES;
    this.#gapImprove = options.gapImprove === true;
    this.#settings = settingsOf(options);
    this.#drawKeys = Float64Array.from(table.contracts, (contract) => hashText(contract.id));
    this.#live = table.contracts.map(() => []);
    this.wakeLow = new Float64Array(n).fill(-Infinity);
    this.wakeHigh = new Float64Array(n).fill(Infinity);
    this.lastTicks = new Float64Array(n).fill(NaN);
    this.#nextSeq = new Int32Array(n);
    this.#nextPriority = new Float64Array(n);
    this.#netQty = new Float64Array(n);
    this.#isExpired = new Uint8Array(n);
    this.#options = options;
    this.#touch = touchOf(options);
    this.#isCloseMode = options.fillOn === 'close';
    const groups = options.profile?.groups;
    this.#keepsPeers =
      groups !== undefined &&
      !groups.isAtomic &&
      groups.onLegCancel === 'keep' &&
      !groups.blocks.includes('oco');
    this.#closeCutoffUs = microsOf('closeCutoffUs', options.closeCutoffUs ?? 0);
    this.#seen = table.contracts.map(() => new SeenBar());
    this.#baseSpread = Float64Array.from(this.#settings, (each) => each.spreadTicks);
    const limits = options.dailyLimitTicks;
    this.#dailyLimit =
      limits === undefined
        ? new Float64Array(n).fill(NaN)
        : ticksPerContract('dailyLimitTicks', limits, table);
    this.#sessionRef = new Float64Array(n).fill(NaN);
    if (this.#isCloseMode) this.wakeHigh.fill(-Infinity);
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  submit(request: NewOrderRequest): void {
    if (this.#isBusy) return this.#defer(() => this.submit(request));
    const problem = this.#admissionProblem(request) ?? orderProblem(request);
    const reason = problem ?? (this.#canReduce(request) ? null : 'reduce-only-exhausted');
    if (reason !== null) {
      this.#reject(request, reason);
      return;
    }
    const order = this.#register(request, null, null);
    this.#report('Accepted', order, request.sentUs);
    this.#slide(order, request.sentUs);
    this.#arrive(order);
    this.#fillAtClose(order);
    this.#refresh(order.contractIndex);
  }

  submitGroup(request: OrderGroupRequest): void {
    if (this.#isBusy) return this.#defer(() => this.submitGroup(request));
    const requests = request.children.map((child) => child.order);
    if (request.entry !== null) requests.unshift(request.entry);
    const problem = this.#groupAdmissionProblem(request, requests);
    if (problem !== null) {
      for (const each of requests) this.#reject(each, problem);
      return;
    }
    const group = new SimGroup(request.groupId, request.peers, request.release);
    if (request.entry !== null) group.entry = this.#register(request.entry, group, null);
    for (const child of request.children) {
      const order = this.#register(child.order, group, child);
      group.exits.push(order);
      const { level } = child;
      if (level !== undefined && 'ticks' in level) this.#setLevel(order, level.ticks);
      if (group.entry !== null) {
        order.state = State.held;
        order.released = 0;
      }
    }
    for (const order of [group.entry, ...group.exits]) {
      if (order !== null) this.#report('Accepted', order, request.sentUs);
    }
    if (group.entry !== null) {
      this.#slide(group.entry, request.sentUs);
      this.#arrive(group.entry);
      this.#fillAtClose(group.entry);
    } else for (const order of group.exits) this.#arrive(order);
    this.#refresh(requests[0]!.contractIndex);
  }

  replace(request: ReplaceRequest): void {
    if (this.#isBusy) return this.#defer(() => this.replace(request));
    const order = this.#open.get(request.clOrdId);
    const reason =
      order === undefined
        ? this.#missing(request.clOrdId)
        : (replaceProblem(order, request) ??
          (order.postOnly &&
          this.#wouldTake(order.contractIndex, order.side, request.limitTicks ?? NaN)
            ? 'post-only-would-trade'
            : null));
    if (order === undefined || reason !== null) {
      this.#reportMissing('ReplaceRejected', request, reason ?? 'unknown-order', order);
      return;
    }
    const { group } = order;
    const oldQty = order.qty;
    this.#applyReplace(order, request);
    this.#report('Replaced', order, request.sentUs);
    // The exits of an entry are as large as it is, or a larger entry would leave a position bare.
    if (group?.entry === order && order.qty !== oldQty) {
      this.#resizeExits(group, oldQty, request.sentUs);
    }
    // Two exits that reduce each other stay of one size.
    if (
      group !== null &&
      group.rule === 'ouo' &&
      group.entry !== order &&
      request.qty !== undefined
    ) {
      const peer = group.exits.length === 2 ? group.exits.find((leg) => leg !== order) : undefined;
      if (peer !== undefined && peer.state !== State.done && peer.leaves !== order.leaves) {
        peer.qty = peer.cum + order.leaves;
        peer.share = peer.qty;
        this.#report('Restated', peer, request.sentUs);
      }
    }
    this.#refresh(order.contractIndex);
  }

  cancel(request: CancelRequest): void {
    if (this.#isBusy) return this.#defer(() => this.cancel(request));
    const order = this.#open.get(request.clOrdId);
    if (order === undefined) {
      this.#reportMissing('CancelRejected', request, this.#missing(request.clOrdId), undefined);
      return;
    }
    this.#end(order, 'Canceled', 'requested', request.sentUs, !this.#keepsPeers);
    this.#compact(order.contractIndex);
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    const orders = this.#live[contractIndex]!;
    if (orders.length === 0 && !this.#isCloseMode) return;
    const volume = bars.volume[row]!;
    if ((flags & BarFlag.quarantined) !== 0 || !isSaneBar(bars, row)) {
      if (orders.length === 0) return;
      this.counts.badBars += 1;
      const prices = `${bars.open[row]!}/${bars.high[row]!}/${bars.low[row]!}/${bars.close[row]!}`;
      const text = `a bar ${prices} (ticks) contradicts itself and executes no order`;
      this.#reportIssue('E_BAR_REFUSED', text, contractIndex, bars.closeUs[row]!);
      return;
    }
    // The hair keeps a whole product whole: 0.29 × 100 is below 29 in doubles.
    this.#capLeft = isNaN(volume) ? Infinity : Math.floor(this.#participation * volume + 1e-9);
    this.#isBusy = true;
    if (volume === 0) this.#passQuiet(contractIndex, bars, row, flags);
    else this.#match(contractIndex, bars, row, flags);
    this.#isBusy = false;
    this.#compact(contractIndex);
    this.#flush();
  }

  /** A bar without volume: an official settlement alone can fill in it. */
  #passQuiet(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    if (this.#live[contractIndex]!.length === 0) return;
    this.counts.zeroVolumeBars += 1;
    const text = 'a bar without volume executes no order';
    this.#reportIssue('E_BAR_NO_VOLUME', text, contractIndex, bars.closeUs[row]!);
    if ((flags & BarFlag.sessionLast) === 0 || this.#options.settlementTicks === undefined) return;
    this.#takeBar(bars, row);
    this.#matchClose(contractIndex, bars.closeUs[row]!, NaN);
  }

  /** Matches a bar, or the finer bars that it stands for. All of them share the volume of the bar. */
  #match(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    const finer = this.#finerOf(contractIndex, bars, row);
    if (finer === null) {
      this.#takeBar(bars, row);
      this.#execute(contractIndex, flags);
      return;
    }
    this.counts.drilledBars += 1;
    const settings = this.#settings[contractIndex]!;
    const isOutermost = settings.outer === null;
    if (isOutermost) {
      settings.outer = { open: NaN, close: NaN, high: bars.high[row]!, low: bars.low[row]! };
    }
    for (let i = 0; i < finer.length; i += 1) {
      this.#compact(contractIndex);
      const [low, high] = [this.wakeLow[contractIndex]!, this.wakeHigh[contractIndex]!];
      if (finer.low[i]! > low && finer.high[i]! < high) continue;
      if (finer.volume[i]! === 0) continue;
      const isFirst = i === 0 ? BarFlag.auctionOpen : 0;
      const isLast = i === finer.length - 1 ? BarFlag.sessionLast : 0;
      this.#match(contractIndex, finer, i, flags & (isFirst | isLast));
    }
    if (isOutermost) settings.outer = null;
  }

  #finerOf(contractIndex: number, bars: BarColumns, row: number): BarColumns | null {
    const source = this.#options.finer;
    const [openUs, closeUs] = [bars.openUs[row]!, bars.closeUs[row]!];
    if (source === undefined || openUs === closeUs) return null;
    const finer = source.within(contractIndex, openUs, closeUs);
    if (finer === null || finer.length === 0) return null;
    if (tellsTheSame(finer, bars, row)) return finer;
    this.counts.finerRefused += 1;
    const text = 'finer bars tell other prices than the bar, which is matched as it is';
    this.#reportIssue('E_BAR_FINER', text, contractIndex, closeUs);
    return null;
  }

  #takeBar(bars: BarColumns, row: number): void {
    const bar = this.#bar;
    bar.open = bars.open[row]!;
    bar.high = bars.high[row]!;
    bar.low = bars.low[row]!;
    bar.close = bars.close[row]!;
    this.#barOpenUs = bars.openUs[row]!;
    this.#barCloseUs = bars.closeUs[row]!;
    this.#barVolume = bars.volume[row]!;
  }

  #execute(contractIndex: number, flags: number): void {
    const orders = this.#live[contractIndex]!;
    this.#barCount += 1;
    this.#prepare(contractIndex, orders);
    this.#divideVolume();
    this.#isAtOpen = true;
    this.#matchOpen(contractIndex, orders, (flags & BarFlag.auctionOpen) !== 0);
    this.#isAtOpen = false;
    this.#matchPath(contractIndex, orders);
    if ((flags & BarFlag.sessionLast) !== 0) {
      this.#matchClose(contractIndex, this.#barCloseUs, this.#bar.close);
    }
    this.#seen[contractIndex]!.keep(this.#bar, this.#barOpenUs, this.#barCloseUs, this.#capLeft);
  }

  /** Shares the volume of the bar out over the legs of its path, where the policy follows one. */
  #divideVolume(): void {
    const { volumeOver } = this.#options;
    this.#hasLegs =
      (volumeOver === 'path' || volumeOver === 'equal') &&
      isOnePath(this.#policy) &&
      Number.isFinite(this.#capLeft);
    if (!this.#hasLegs) return;
    const { open, high, low, close } = this.#bar;
    const isHigh = isHighFirst(this.#policy, this.#bar);
    const turns = this.#turns;
    turns[0] = open;
    turns[1] = isHigh ? high : low;
    turns[2] = isHigh ? low : high;
    turns[3] = close;
    let length = 0;
    for (let k = 0; k < 3; k += 1) length += Math.abs(turns[k + 1]! - turns[k]!);
    let left = this.#capLeft;
    for (let k = 0; k < 2; k += 1) {
      const way = Math.abs(turns[k + 1]! - turns[k]!);
      const share = volumeOver === 'equal' ? 0.25 : length === 0 ? 0 : way / length;
      const qty = Math.floor(share * this.#capLeft + 1e-9);
      this.#legLeft[k] = qty;
      left -= qty;
    }
    // A quarter belongs to the open; what rounding leaves goes to the close.
    if (volumeOver === 'equal') left -= Math.floor(0.25 * this.#capLeft + 1e-9);
    this.#legLeft[2] = left;
  }

  /** The leg that reaches a price, not before the one that the plan has come to. */
  #legAt(price: number): number {
    const turns = this.#turns;
    for (let k = this.#leg; k < 3; k += 1) {
      const [a, b] = [turns[k]!, turns[k + 1]!];
      if (price >= Math.min(a, b) && price <= Math.max(a, b)) return k;
    }
    return 2;
  }

  /** What differs from bar to bar: spread, quotes, a locked limit, and which touched limits fill. */
  #prepare(contractIndex: number, orders: readonly SimOrder[]): void {
    const { spreadAt, quoteBars } = this.#options;
    const settings = this.#settings[contractIndex]!;
    if (spreadAt !== undefined) {
      const spread = spreadAt(contractIndex, this.#barOpenUs);
      settings.spreadTicks = isNaN(spread) ? this.#baseSpread[contractIndex]! : spread;
    }
    if (quoteBars !== undefined) {
      const isRead = quoteBars.read(
        contractIndex,
        this.#barOpenUs,
        this.#barCloseUs,
        this.#quotePair,
      );
      if (isRead) shiftsOf(this.#quotePair, this.#bar, this.#quoteShift);
      settings.quotes = isRead ? this.#quoteShift : null;
    }
    const { open, high, low, close } = this.#bar;
    const away = close - this.#sessionRef[contractIndex]!;
    const isStill = high === low && open === close;
    const isLocked = isStill && Math.abs(away) >= this.#dailyLimit[contractIndex]!;
    this.#lock = isLocked ? Math.sign(away) : 0;
    if (isLocked) this.counts.lockedBars += 1;
    if (this.#touch === 'always' || (this.#touch === 'never' && !isLocked)) return;
    for (const order of orders) {
      order.touchQty = this.#touchQty(order);
      if (order.group === null || order.group.entry !== order) continue;
      for (const leg of order.group.exits) leg.touchQty = this.#touchQty(leg);
    }
  }

  /** Contracts that a bar may fill whose range ends at the order's limit. */
  #touchQty(order: SimOrder): number {
    // Everybody wants to trade with whoever stands against a locked limit.
    if (this.#lock === -order.side) return Infinity;
    const touch = this.#touch;
    if (typeof touch === 'string' || isNaN(order.limit)) return touch === 'always' ? Infinity : 0;
    if ('prob' in touch) {
      const { random } = this.#options;
      const key = this.#drawKeys[order.contractIndex]!;
      return random.uniform(TOUCH_STREAM, key, order.seq, this.#barOpenUs) < touch.prob
        ? Infinity
        : 0;
    }
    // The volume of the bar, divided over its ticks.
    const ticks = Math.max(1, this.#bar.high - this.#bar.low + 1);
    const volume = isNaN(this.#barVolume) ? 0 : this.#barVolume / ticks;
    return Math.max(0, Math.floor(volume - touch.volume.queueQty));
  }

  /** Orders for the close of the session, after everything that the path has filled. `price` is NaN for settlement only. */
  #matchClose(contractIndex: number, closeUs: number, price: number): void {
    const orders = this.#live[contractIndex]!;
    const official = this.#officialAt(contractIndex, closeUs);
    const isSettled = !isNaN(official);
    const at = isSettled ? official : price;
    if (isNaN(at)) return;
    // A settlement is no trade: it has no volume to share.
    if (isSettled) this.#capLeft = Infinity;
    for (let i = 0; i < orders.length; i += 1) {
      const order = orders[i]!;
      if (order.timeInForce !== 'at-close' || order.state === State.done) continue;
      // It needs no bar that opened after the order either.
      const isIn = isSettled ? order.eligibleUs < closeUs : this.#isEligible(order);
      if (!isIn || order.state === State.held) continue;
      const isGood = order.isMarketNow() || order.side * (order.limit - at) >= 0;
      if (isGood) {
        this.#fill(order, at, at, isSettled ? 'at-close-settlement' : 'at-close', null);
      }
      this.#end(order, 'Canceled', 'at-close-unfilled', this.#barCloseUs, true);
    }
  }

  #officialAt(contractIndex: number, closeUs: number): number {
    return this.#options.settlementTicks?.(contractIndex, closeUs) ?? NaN;
  }

  /** With `fillOn: 'close'`: an order that would trade at once does so at the close it was decided on. */
  #fillAtClose(order: SimOrder): void {
    const seen = this.#seen[order.contractIndex]!;
    if (!this.#isCloseMode || seen.closeUs !== order.eligibleUs || seen.capLeft <= 0) return;
    if (order.timeInForce === 'at-open' || order.timeInForce === 'at-close') return;
    const isLimit = order.isLimitNow();
    if (isLimit ? order.fresh !== Fresh.marketable : !order.isMarketNow()) return;
    seen.restore(this.#bar);
    this.#barOpenUs = seen.openUs;
    this.#barCloseUs = seen.closeUs;
    this.#capLeft = seen.capLeft;
    const { close } = this.#bar;
    const { side } = order;
    const settings = this.#settings[order.contractIndex]!;
    const slipped = aggressiveTicks(side, close, this.#bar, settings);
    const price = !isLimit
      ? slipped
      : side > 0
        ? Math.min(slipped, order.limit)
        : Math.max(slipped, order.limit);
    this.#isBusy = true;
    this.#fill(order, close, price, 'same-bar-close', null);
    this.#becomeLimit(order, close, price, settings);
    this.#isBusy = false;
    seen.capLeft = this.#capLeft;
    this.#compact(order.contractIndex);
    this.#flush();
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#closeUnflagged(contractIndex, closeUs);
    this.#sessionRef[contractIndex] = this.lastTicks[contractIndex]!;
    for (const order of this.#live[contractIndex]!.slice()) {
      const { timeInForce } = order;
      const isOfSession =
        timeInForce !== 'gtc' && timeInForce !== 'gtd' && timeInForce !== 'at-open';
      // An order sent at the close or later waits for the next session.
      if (isOfSession && order.eligibleUs < closeUs) {
        this.#end(order, 'Expired', 'day-end', closeUs, false);
      }
    }
    this.#compact(contractIndex);
  }

  /** The last bar of the session ended before its close: its close is the session's. */
  #closeUnflagged(contractIndex: number, closeUs: number): void {
    const isWaiting = (order: SimOrder): boolean =>
      order.timeInForce === 'at-close' && order.eligibleUs < closeUs;
    if (!this.#live[contractIndex]!.some(isWaiting)) return;
    const seen = this.#seen[contractIndex]!;
    seen.restore(this.#bar);
    // The settlement is of the close, whenever the last bar was.
    const isSettled = !isNaN(this.#officialAt(contractIndex, closeUs));
    this.#barOpenUs = isSettled ? closeUs : seen.openUs;
    this.#barCloseUs = isSettled ? closeUs : seen.closeUs;
    this.#capLeft = seen.capLeft;
    this.#isBusy = true;
    this.#matchClose(contractIndex, closeUs, this.#bar.close);
    this.#isBusy = false;
    this.#compact(contractIndex);
    this.#flush();
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#isExpired[contractIndex] = 1;
    for (const order of Array.from(this.#open.values())) {
      if (order.contractIndex === contractIndex) {
        this.#end(order, 'Canceled', 'contract-expired', tsUs, false);
      }
    }
    this.#compact(contractIndex);
  }

  onTime(nowUs: TsUs): void {
    if (this.#timerUs > nowUs) return;
    for (const order of Array.from(this.#open.values())) {
      if (order.expireUs > nowUs || order.state === State.done) continue;
      this.#end(order, 'Expired', 'gtd', order.expireUs, true);
      this.#compact(order.contractIndex);
    }
    this.#findTimer();
  }

  nextTimerUs(): TsUs {
    return this.#timerUs as TsUs;
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#netQty[contractIndex] = netQty;
  }

  // Everything that the first trade of the bar decides.
  #matchOpen(contractIndex: number, orders: SimOrder[], isAuction: boolean): void {
    // The list grows by what fills release; those arrive at the open too.
    for (let i = 0; i < orders.length; i += 1) {
      const order = orders[i]!;
      if (!this.#isEligible(order)) continue;
      const isOpening = order.timeInForce === 'at-open';
      if (order.timeInForce === 'at-close' || (isOpening && !isAuction)) continue;
      const isAggressive =
        order.fresh === Fresh.marketable || order.triggerDir() !== 0 || order.isMarketNow();
      if (order.liveQty() > 0) this.#tryOpen(order, contractIndex, isAuction);
      // What volume or position kept from filling stays aggressive and goes to the next open.
      const isLeft =
        isAggressive &&
        order.isLimitNow() &&
        order.side * (order.limit - this.#ownOpen(order)) >= 0;
      order.fresh = isLeft ? Fresh.marketable : Fresh.no;
      order.isSubBar = false;
      const isImmediate = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
      if ((isImmediate || isOpening) && order.state !== State.done) {
        this.#end(order, 'Canceled', `${order.timeInForce}-unfilled`, this.#barOpenUs, true);
      }
    }
  }

  /** The open of the side that the order trades with, where quotes tell it. */
  #ownOpen({ contractIndex, side }: SimOrder): number {
    const settings = this.#settings[contractIndex]!;
    const { open } = this.#bar;
    return settings.quotes === null ? open : open + side * halfSpread(side, settings);
  }

  #isEligible(order: SimOrder): boolean {
    if (order.state === State.done || order.state === State.held) return false;
    if (order.expireUs <= this.#barOpenUs) return false;
    return this.#barOpenUs === this.#barCloseUs
      ? order.eligibleUs < this.#barOpenUs || order.released !== Infinity
      : order.eligibleUs <= this.#barOpenUs;
  }

  #tryOpen(order: SimOrder, contractIndex: number, isAuction: boolean): void {
    const bar = this.#bar;
    const { open } = bar;
    const { side } = order;
    if (order.timeInForce === 'fok' && order.liveQty() > this.#fillable(order)) return;
    const wasElected = order.state === State.elected;
    if (order.kind === Kind.trailing && !this.#arm(order, open)) return;
    const settings = this.#settings[contractIndex]!;
    const dir = order.triggerDir();
    if (dir !== 0) {
      const price = order.isBidAsk ? open + side * halfSpread(side, settings) : open;
      const isPast = dir > 0 ? price >= order.stop : price <= order.stop;
      if (!isPast && order.fresh !== Fresh.inTheMarket) return;
      this.#elect(order, this.#barOpenUs);
    }
    if (order.isMarketNow()) {
      this.#tryMarket(order, settings, wasElected);
      return;
    }
    const own = this.#ownOpen(order);
    const through = side * (order.limit - own);
    if (through < 0) return;
    if (order.timeInForce === 'at-open') {
      this.#fill(order, own, own, 'at-open', null);
    } else if (order.fresh === Fresh.marketable || dir !== 0) {
      const slipped = aggressiveTicks(side, open, bar, settings);
      const price = side > 0 ? Math.min(slipped, order.limit) : Math.max(slipped, order.limit);
      this.#fill(order, open, price, 'limit-marketable', null);
    } else if (isAuction) {
      this.#fill(order, own, own, 'auction-open', null);
    } else if (through > 0 && this.#gapImprove) {
      this.#fill(order, own, own, 'limit-jump-improved', null);
    } else if (through > 0) {
      const at = order.fresh === Fresh.unknown ? insideBar(side, order.limit, bar) : order.limit;
      this.#fill(order, at, at, 'limit-jump', null);
    } else if (order.touchQty > 0) {
      const rule = this.#lock === -side ? 'limit-locked' : 'limit-touch';
      this.#fill(order, own, own, rule, null, true);
    }
  }

  /** False while the trail sleeps. */
  #arm(order: SimOrder, open: number): boolean {
    const wasDormant = order.isDormant();
    order.arm(open);
    if (order.isDormant()) return false;
    if (wasDormant) this.#report('Restated', order, this.#barOpenUs);
    return true;
  }

  #tryMarket(order: SimOrder, settings: MatchSettings, wasElected: boolean): void {
    const { open } = this.#bar;
    const { side } = order;
    if (order.timeInForce === 'at-open') {
      this.#fill(order, open, open, 'at-open', null);
      return;
    }
    const isPlain = order.kind === Kind.market || order.kind === Kind.marketToLimit;
    const plain = order.isSubBar ? 'latency-subbar' : 'bar-open';
    const rule = isPlain ? plain : wasElected ? 'elected-open' : 'stop-jump';
    const slipped = aggressiveTicks(side, open, this.#bar, settings);
    const limit = protectionOf(order, open, settings);
    const price = isNaN(limit)
      ? slipped
      : side > 0
        ? Math.min(slipped, limit)
        : Math.max(slipped, limit);
    this.#fill(order, open, price, rule, null);
    this.#becomeLimit(order, open, price, settings);
  }

  /** What is left of a market order rests: at its protection, or, as market-to-limit, at the price of its fill. */
  #becomeLimit(order: SimOrder, base: number, exact: number, settings: MatchSettings): void {
    if (order.state === State.done) return;
    const protection = protectionOf(order, base, settings);
    if (order.kind === Kind.marketToLimit && order.cum > 0) {
      order.limit = roundCounts(exact, order.side > 0 ? 'up' : 'down');
    } else if (!isNaN(protection)) {
      if (this.#options.protectionRest === 'cancel') {
        this.#end(order, 'Canceled', 'protection-reached', this.#barOpenUs, true);
        return;
      }
      order.limit = protection;
    } else return;
    order.kind = Kind.limit;
    this.#report('Restated', order, this.#isAtOpen ? this.#barOpenUs : this.#barCloseUs);
  }

  // What happens between the open and the close.
  #matchPath(contractIndex: number, orders: SimOrder[]): void {
    const settings = this.#settings[contractIndex]!;
    const context = this.#context;
    context.drawA = this.#drawKeys[contractIndex]!;
    context.drawB = this.#barOpenUs;
    const count = orders.length;
    for (let i = 0; i < count; i += 1) {
      const order = orders[i]!;
      const { group } = order;
      if (!this.#isInPath(order)) continue;
      if (group === null) {
        this.#apply(planSingle(order, this.#bar, settings, context), order, settings);
        continue;
      }
      // The group acts as a whole, and once, when its first order is met.
      if (group.plannedBar === this.#barCount) continue;
      group.plannedBar = this.#barCount;
      const entry = group.entry;
      if (entry !== null && this.#isInPath(entry)) this.#predictLevels(group, entry, settings);
      const legs = this.#legsOf(group);
      const hasTrail = legs.some((leg) => leg.kind === Kind.trailing);
      if (
        hasTrail &&
        legs[0] === entry &&
        legs.some((leg) => leg !== entry && leg.state !== State.held)
      ) {
        // Exits work while the entry still fills: the position first, then the rest of the entry.
        const exits = legs.filter((leg) => leg !== entry);
        this.#apply(planGroup(group, exits, this.#bar, settings, context), order, settings);
        if (this.#isInPath(entry!)) {
          this.#apply(planSingle(entry!, this.#bar, settings, context), entry!, settings);
        }
        continue;
      }
      this.#apply(planGroup(group, legs, this.#bar, settings, context), order, settings);
    }
  }

  #isInPath(order: SimOrder): boolean {
    if (!this.#isEligible(order) || order.isMarketNow()) return false;
    if (order.timeInForce === 'at-open' || order.timeInForce === 'at-close') return false;
    if (order.fresh === Fresh.marketable) return false;
    // Part of the bar lies beyond the expiry, and nothing tells which.
    return order.expireUs >= this.#barCloseUs && order.liveQty() > 0;
  }

  #legsOf(group: SimGroup): SimOrder[] {
    const legs: SimOrder[] = [];
    const { entry } = group;
    const isEntryIn = entry !== null && this.#isInPath(entry);
    if (isEntryIn) legs.push(entry);
    for (const leg of group.exits) {
      const isHeld = leg.state === State.held && isEntryIn;
      // In an entry that waits for its last fill, exits are released only if this bar can bring it.
      if (isHeld || this.#isInPath(leg)) legs.push(leg);
    }
    return legs;
  }

  #apply(plan: PathPlan | null, first: SimOrder, settings: MatchSettings): void {
    if (plan === null) return;
    this.#leg = 0;
    for (const step of plan.steps) this.#applyStep(step, settings);
    this.#repriceExits();
    const { trail, ambiguity } = plan;
    if (trail !== null && trail.state === State.live && !isNaN(plan.trailTrigger)) {
      if (trail.stop !== plan.trailTrigger) {
        trail.stop = plan.trailTrigger;
        trail.activation = NaN;
        this.#report('Restated', trail, this.#barCloseUs);
      }
    }
    if (ambiguity === null) return;
    this.counts.ambiguousGroups += 1;
    this.#sink?.onAmbiguity({
      groupId: first.group?.id ?? first.clOrdId,
      contractIndex: first.contractIndex,
      barOpenUs: this.#barOpenUs as TsUs,
      barCloseUs: this.#barCloseUs as TsUs,
      policy: this.#policy,
      chosen: ambiguity.chosen,
      alternatives: ambiguity.alternatives,
      qty: ambiguity.qty,
    });
  }

  #applyStep(step: PlanStep, settings: MatchSettings): void {
    const { order } = step;
    if (order.state === State.done || order.state === State.held) return;
    const wasLimit = order.isLimitNow();
    const base = this.#triggerBase(order, step.baseTicks);
    // Its limit follows the trigger at which it is elected.
    if (!wasLimit && !isNaN(order.electOffset) && order.kind === Kind.trailing) order.stop = base;
    const price = pathPrice(order, base, this.#bar, settings);
    if (!wasLimit) this.#elect(order, this.#barCloseUs);
    if (step.action === 'elect') return;
    // The fill of its entry lies beyond its protection already: it rests.
    if (!isNaN(order.electOffset) && order.side * (order.limit - base) < 0) return;
    // What volume or position kept from filling at a jump stays at its own price, which this bar may never have seen.
    const isInside = step.baseTicks >= this.#bar.low && step.baseTicks <= this.#bar.high;
    const isTouch = wasLimit && this.#isTouchOnly(order, settings);
    const rule =
      wasLimit && !isInside && settings.quotes === null
        ? 'limit-jump'
        : isTouch
          ? 'limit-touch'
          : PATH_RULES[order.kind]!;
    const policy = step.certain ? null : this.#policy;
    if (this.#hasLegs) {
      this.#leg = this.#legAt(step.baseTicks);
      this.#legCap = this.#legLeft[this.#leg]!;
      const before = this.#capLeft;
      this.#fill(order, base, price, rule, policy, isTouch);
      this.#legLeft[this.#leg] = this.#legCap - (before - this.#capLeft);
      this.#legCap = Infinity;
    } else this.#fill(order, base, price, rule, policy, isTouch);
    const isPastLimit = order.side * (order.limit - order.stop) >= 0;
    if (!wasLimit && order.isLimitNow() && isPastLimit) order.fresh = Fresh.marketable;
  }

  /** The bar ends at the limit and does not pass it. */
  #isTouchOnly(order: SimOrder, settings: MatchSettings): boolean {
    const { side } = order;
    const extreme = side > 0 ? this.#bar.low : this.#bar.high;
    return order.limit === extreme + limitShift(side, -side, settings);
  }

  /** A stop that its entry's fill had already passed when it was released trades from there, not from its own level. */
  #triggerBase(order: SimOrder, base: number): number {
    if (order.kind !== Kind.stop || order.releasedBar !== this.#barCount) return base;
    const { entryTicks } = order.group!;
    return order.side > 0 ? Math.max(base, entryTicks) : Math.min(base, entryTicks);
  }

  #elect(order: SimOrder, tsUs: number): void {
    if (isNaN(order.limit)) order.limit = order.stop + order.electOffset;
    order.state = State.elected;
    this.#report('Triggered', order, tsUs);
  }

  /** Contracts that may fill now by volume and reduce-only. */
  #fillable(order: SimOrder): number {
    // At a locked limit everybody wants the same side.
    if (this.#lock === order.side) return 0;
    let qty = Math.min(order.liveQty(), this.#capLeft, this.#legCap);
    if (order.reduceOnly) {
      qty = Math.min(qty, Math.max(0, -order.side * this.#netQty[order.contractIndex]!));
    }
    return qty;
  }

  #fill(
    order: SimOrder,
    base: number,
    exact: number,
    rule: string,
    policy: string | null,
    isTouch: boolean = false,
  ): void {
    let qty = this.#fillable(order);
    // A touch reaches what is shown; a price that is passed takes the hidden rest with it.
    if (isTouch) qty = Math.min(qty, order.touchQty, order.displayQty);
    if (qty <= 0) return;
    const c = order.contractIndex;
    const price = roundCounts(exact, order.side > 0 ? 'up' : 'down');
    const roundedTicks = Math.abs(price - exact);
    const tsUs = (this.#isAtOpen ? this.#barOpenUs : this.#barCloseUs) as TsUs;
    this.#capLeft -= qty;
    this.#netQty[c] = this.#netQty[c]! + order.side * qty;
    order.cum += qty;
    order.costTicks += qty * price;
    if (order.group?.entry === order) order.group.entryTicks = price;
    if (roundedTicks > 0) this.counts.roundedFills += 1;
    // The open lies in the session of the bar; its close may be the first moment of the next.
    const { feeMicros, commissionMicros } = this.#fees.charge(
      c,
      this.#barOpenUs as TsUs,
      qty,
      fillRoleOf(rule),
      order.feeTab,
    );
    const evidence = makeEvidence(
      rule,
      policy,
      roundedTicks,
      Math.abs(exact - base),
      this.#barOpenUs,
      this.#barCloseUs,
    );
    const isDone = order.leaves === 0;
    if (isDone) this.#retire(order);
    const fill = {
      execId: `${BAR_VENUE_CAPABILITIES.venue}-${order.orderId}-${order.fillCount}`,
      lastQty: qty as Qty,
      lastPriceTicks: price,
      feeMicros,
      commissionMicros,
      evidence,
    };
    this.#sink?.onReport(reportOf('Fill', order, tsUs, undefined, fill));
    order.fillCount += 1;
    this.#afterFill(order, qty, tsUs);
  }

  #afterFill(order: SimOrder, qty: number, tsUs: number): void {
    const { group } = order;
    if (group !== null) {
      if (group.entry === order) this.#release(group, tsUs);
      else this.#afterExit(group, order, qty, tsUs);
    }
    this.#sweepReduceOnly(order.contractIndex, tsUs);
  }

  /** Exits follow what the entry has filled. */
  #release(group: SimGroup, tsUs: number): void {
    const entry = group.entry!;
    const isWaiting = group.release === 'full' && entry.state !== State.done;
    if (isWaiting || entry.cum === 0) return;
    group.releaseUpTo(entry.cum);
    // Exits at work keep their level until the path of this bar is decided: the plan was made with it.
    this.#repriced = group;
    if (this.#isAtOpen || !this.#isBusy) this.#repriceExits();
    for (const leg of group.exits) {
      if (leg.state === State.done || leg.released === 0) continue;
      if (leg.state !== State.held) continue;
      this.#priceFromEntry(leg, entry.costTicks / entry.cum);
      leg.state = State.live;
      leg.releasedBar = this.#barCount;
      leg.eligibleUs = Math.max(leg.eligibleUs, this.#barOpenUs);
      leg.priority = this.#takePriority(leg.contractIndex);
      if (this.#isAtOpen) leg.arriveAt(this.#bar.open);
      this.#live[leg.contractIndex]!.push(leg);
      this.#report('Released', leg, tsUs);
    }
  }

  /** Exits at work follow the average of what the entry has filled. */
  #repriceExits(): void {
    const group = this.#repriced;
    this.#repriced = null;
    if (group === null) return;
    const entry = group.entry!;
    const tsUs = this.#isAtOpen ? this.#barOpenUs : this.#barCloseUs;
    for (const leg of group.exits) {
      if (leg.state !== State.live || leg.level === null || !('offsetTicks' in leg.level)) continue;
      const before = leg.kind === Kind.limit ? leg.limit : leg.stop;
      this.#priceFromEntry(leg, entry.costTicks / entry.cum);
      const after = leg.kind === Kind.limit ? leg.limit : leg.stop;
      if (after !== before) this.#report('Restated', leg, tsUs);
    }
  }

  #afterExit(group: SimGroup, order: SimOrder, qty: number, tsUs: number): void {
    group.exitedQty += qty;
    if (group.rule === 'none') return;
    const left = group.targetQty() - group.exitedQty;
    if (group.rule === 'oco' && left > 0 && group.entry !== null)
      this.counts.unprotectedRemainders += 1;
    for (const leg of group.exits) {
      if (leg === order || leg.state === State.done) continue;
      if (group.rule === 'oco' || left <= 0) {
        this.#end(leg, 'Canceled', 'oco-peer', tsUs, false);
      } else if (leg.leaves > left) {
        leg.qty = leg.cum + left;
        this.#report('Restated', leg, tsUs);
      }
    }
  }

  /** Reduce-only orders that have nothing left to reduce end at once. */
  #sweepReduceOnly(contractIndex: number, tsUs: number): void {
    const net = this.#netQty[contractIndex]!;
    const orders = this.#live[contractIndex]!;
    for (let i = 0; i < orders.length; i += 1) {
      const order = orders[i]!;
      if (!order.reduceOnly || order.state === State.done || order.side * net < 0) continue;
      // More of the entry may come, and its exits must then be there.
      if (order.group !== null && order.group.isEntryOpen()) continue;
      this.#end(order, 'Canceled', 'reduce-only-exhausted', tsUs, false);
    }
  }

  /** Ends an order early. `cascade` carries the rules of its group to the others. */
  #end(
    order: SimOrder,
    kind: 'Canceled' | 'Expired',
    reason: string,
    tsUs: number,
    cascade: boolean,
  ): void {
    if (order.state === State.done) return;
    this.#retire(order);
    this.#report(kind, order, tsUs, reason);
    const { group } = order;
    if (group === null) return;
    if (group.entry === order) {
      this.#afterEntryEnd(group, tsUs);
    } else if (cascade && group.rule === 'oco') {
      for (const leg of group.exits) this.#end(leg, 'Canceled', 'oco-peer', tsUs, false);
    }
  }

  /** The entry fills no more: exits stay for what it filled, and only for that. */
  #afterEntryEnd(group: SimGroup, tsUs: number): void {
    const entry = group.entry!;
    if (entry.cum > 0) this.#release(group, tsUs);
    const left = entry.cum - group.exitedQty;
    for (const leg of group.exits) {
      if (leg.state === State.done) continue;
      const qty = Math.min(leg.released, leg.cum + left);
      if (entry.cum === 0 || qty <= leg.cum) {
        this.#end(leg, 'Canceled', entry.cum === 0 ? 'parent-ended' : 'oco-peer', tsUs, false);
      } else if (leg.qty > qty) {
        leg.qty = qty;
        this.#report('Restated', leg, tsUs);
      }
    }
    this.#sweepReduceOnly(entry.contractIndex, tsUs);
  }

  #retire(order: SimOrder): void {
    order.state = State.done;
    this.#open.delete(order.clOrdId);
    this.#ended.set(order.clOrdId, order.contractIndex);
    if (order.expireUs !== TS_MAX) this.#findTimer();
  }

  #findTimer(): void {
    this.#timerUs = TS_MAX;
    for (const order of this.#open.values()) {
      if (order.expireUs < this.#timerUs) this.#timerUs = order.expireUs;
    }
  }

  /** Levels of held exits as they will be when the entry fills at its expected price in this bar. */
  #predictLevels(group: SimGroup, entry: SimOrder, settings: MatchSettings): void {
    const base = entry.isLimitNow() ? entry.limit : entry.stop;
    const price = roundCounts(
      pathPrice(entry, base, this.#bar, settings),
      entry.side > 0 ? 'up' : 'down',
    );
    const qty = entry.liveQty();
    const average = (entry.costTicks + price * qty) / (entry.cum + qty);
    for (const leg of group.exits) if (leg.state === State.held) this.#priceFromEntry(leg, average);
  }

  #priceFromEntry(leg: SimOrder, average: number): void {
    if (leg.level === null || !('offsetTicks' in leg.level)) return;
    // Away from the market: a fractional average never brings an exit nearer.
    const down = leg.role === 'stop' ? leg.side < 0 : leg.side > 0;
    const reference = roundCounts(average, down ? 'down' : 'up');
    const offset = leg.level.offsetTicks;
    this.#setLevel(leg, reference + (down ? -offset : offset));
  }

  #setLevel(leg: SimOrder, ticks: number): void {
    if (leg.kind === Kind.limit) {
      leg.limit = ticks;
      return;
    }
    // A trail that has ratcheted does not fall back to where it began.
    if (leg.kind === Kind.trailing && leg.state !== State.held && !isNaN(leg.stop)) return;
    leg.stop = ticks;
    if (!isNaN(leg.limit)) leg.limit = ticks + leg.limitOffset;
  }

  #register(request: NewOrderRequest, group: SimGroup | null, child: GroupChild | null): SimOrder {
    const c = request.contractIndex;
    const seq = this.#nextSeq[c]!;
    this.#nextSeq[c] = seq + 1;
    const orderId = `${this.#table.contractAt(c).id}-${seq}`;
    const order = new SimOrder(request, seq, orderId, group, child);
    if (this.#touch === 'always') order.touchQty = Infinity;
    if (this.isSubBar) order.isSubBar = true;
    order.priority = this.#takePriority(c);
    this.#open.set(order.clOrdId, order);
    if (order.expireUs < this.#timerUs) this.#timerUs = order.expireUs;
    return order;
  }

  #takePriority(contractIndex: number): number {
    const priority = this.#nextPriority[contractIndex]!;
    this.#nextPriority[contractIndex] = priority + 1;
    return priority;
  }

  /** A new order joins the working ones, knowing the last price if there is one. */
  #arrive(order: SimOrder): void {
    this.#live[order.contractIndex]!.push(order);
    order.arriveAt(this.lastTicks[order.contractIndex]!);
  }

  #admissionProblem(request: NewOrderRequest): string | null {
    const c = request.contractIndex;
    assert(c >= 0 && c < this.#live.length, 'an order names a contract of the table');
    if (this.#open.has(request.clOrdId) || this.#ended.has(request.clOrdId)) return 'duplicate-id';
    if (this.#isExpired[c] === 1) return 'contract-expired';
    const { spec } = request;
    if (spec.timeInForce === 'at-close' && this.#options.sessionCloseUs !== undefined) {
      const closeUs = this.#options.sessionCloseUs(c, request.sentUs);
      if (request.sentUs > closeUs - this.#closeCutoffUs) return 'at-close-late';
    }
    const isRefused = spec.type === 'limit' && spec.postOnly === true;
    if (isRefused && this.#options.postOnly !== 'slide') {
      if (this.#wouldTake(c, spec.side, spec.limitTicks)) return 'post-only-would-trade';
    }
    return null;
  }

  /** Whether a limit lies beyond the last price, so that it would trade on arrival. */
  #wouldTake(contractIndex: number, side: number, limitTicks: number): boolean {
    return side * (limitTicks - this.lastTicks[contractIndex]!) > 0;
  }

  /** A post-only limit that would trade moves to the last price, where the venue is told to do so. */
  #slide(order: SimOrder, tsUs: number): void {
    if (!order.postOnly || !this.#wouldTake(order.contractIndex, order.side, order.limit)) return;
    const last = this.lastTicks[order.contractIndex]!;
    order.limit = roundCounts(last, order.side > 0 ? 'down' : 'up');
    this.#report('Restated', order, tsUs, 'post-only-slide');
  }

  #groupAdmissionProblem(
    request: OrderGroupRequest,
    requests: readonly NewOrderRequest[],
  ): string | null {
    for (const each of requests) {
      const problem = this.#admissionProblem(each);
      if (problem !== null) return problem;
      if (request.entry === null && !this.#canReduce(each)) return 'reduce-only-exhausted';
    }
    if (new Set(requests.map((each) => each.clOrdId)).size < requests.length) return 'duplicate-id';
    return groupProblem(request, this.lastTicks[requests[0]?.contractIndex ?? 0] ?? NaN);
  }

  /** A reduce-only order needs a position to reduce, or a working order that may open one. */
  #canReduce(request: NewOrderRequest): boolean {
    if (request.spec.reduceOnly !== true) return true;
    const { side } = request.spec;
    if (side * this.#netQty[request.contractIndex]! < 0) return true;
    return this.#live[request.contractIndex]!.some(
      (order) => order.side === -side && !order.reduceOnly && order.state !== State.done,
    );
  }

  #applyReplace(order: SimOrder, request: ReplaceRequest): void {
    const isPriced = request.limitTicks !== undefined || request.stopTicks !== undefined;
    const isLarger = request.qty !== undefined && request.qty > order.qty;
    if (request.qty !== undefined) {
      order.qty = request.qty;
      // It stands for so much of its entry from now on, also when that is given another size.
      if (order.group !== null && order.group.entry !== order) order.share = request.qty;
      // A held or released exit may use all of its new size once the entry has filled.
      if (order.group?.entry != null && order.group.entry !== order && !order.group.isEntryOpen()) {
        order.released = Math.max(order.released, request.qty);
      }
    }
    if (request.limitTicks !== undefined) order.limit = request.limitTicks;
    if (request.stopTicks !== undefined) order.stop = request.stopTicks;
    if (isPriced) order.level = null;
    if (!isPriced && !isLarger) return;
    order.eligibleUs = request.sentUs;
    order.priority = this.#takePriority(order.contractIndex);
    if (order.state === State.held) return;
    order.arriveAt(this.lastTicks[order.contractIndex]!);
    this.#live[order.contractIndex]!.sort((a, b) => a.priority - b.priority);
  }

  #resizeExits(group: SimGroup, oldQty: number, tsUs: number): void {
    group.resize(oldQty);
    for (const leg of group.exits) {
      if (leg.state === State.done) continue;
      const qty = Math.min(leg.share, leg.cum + group.targetQty() - group.exitedQty);
      if (qty <= leg.cum) this.#end(leg, 'Canceled', 'parent-reduced', tsUs, false);
      else if (qty !== leg.qty) {
        leg.qty = qty;
        this.#report('Restated', leg, tsUs);
      }
    }
  }

  #missing(clOrdId: ClOrdId): string {
    return this.#ended.has(clOrdId) ? 'already-terminal' : 'unknown-order';
  }

  #defer(retry: () => void): void {
    this.#deferred.push(retry);
  }

  #flush(): void {
    while (this.#deferred.length > 0) this.#deferred.shift()!();
  }

  /** Drops ended orders and sets what must wake the contract. */
  #compact(contractIndex: number): void {
    const orders = this.#live[contractIndex]!;
    let kept = 0;
    for (let i = 0; i < orders.length; i += 1) {
      const order = orders[i]!;
      if (order.state !== State.done) {
        orders[kept] = order;
        kept += 1;
      }
    }
    // Shortening an array costs even where it changes nothing.
    if (orders.length !== kept) orders.length = kept;
    this.#refresh(contractIndex);
  }

  #refresh(contractIndex: number): void {
    const { spreadAt, quoteBars } = this.#options;
    const orders = this.#live[contractIndex]!;
    const isMoving = orders.length > 0 && (spreadAt !== undefined || quoteBars !== undefined);
    const isAlways = this.#isCloseMode || isMoving;
    const spread = this.#baseSpread[contractIndex]!;
    wakeBounds(orders, contractIndex, this.wakeLow, this.wakeHigh, isAlways, spread);
  }

  #reportIssue(code: string, message: string, contractIndex: number, tsUs: number): void {
    const severity = code === 'E_BAR_REFUSED' ? 'warning' : 'info';
    this.#sink?.onVenueIssue?.({ code, severity, message, contractIndex, tsUs: tsUs as TsUs });
  }

  #report(kind: ExecutionReport['kind'], order: SimOrder, tsUs: number, reason?: string): void {
    this.#sink?.onReport(reportOf(kind, order, tsUs, reason));
  }

  #reject(request: NewOrderRequest, reason: string): void {
    // A taken id stays the id of the order that has it.
    if (reason !== 'duplicate-id') this.#ended.set(request.clOrdId, request.contractIndex);
    this.#sink?.onReport(rejectionOf(request, reason));
  }

  #reportMissing(
    kind: 'ReplaceRejected' | 'CancelRejected',
    request: ReplaceRequest | CancelRequest,
    reason: string,
    order: SimOrder | undefined,
  ): void {
    const endedAt = this.#ended.get(request.clOrdId);
    this.#sink?.onReport(refusalOf(kind, request, reason, order, endedAt));
  }
}

const PATH_RULES: Readonly<Record<number, string>> = {
  [Kind.limit]: 'limit-through',
  [Kind.stop]: 'stop-touch',
  [Kind.stopLimit]: 'stop-limit-touch',
  [Kind.touchMarket]: 'touched',
  [Kind.touchLimit]: 'touched-limit',
  [Kind.trailing]: 'trailing-touch',
};

/** The worst price of a protected market order on whole ticks; NaN without protection. */
function protectionOf(order: SimOrder, base: number, settings: MatchSettings): number {
  const { side } = order;
  const limit = base + side * (halfSpread(side, settings) + order.protectionTicks);
  return side > 0 ? Math.floor(limit) : Math.ceil(limit);
}

function newQuotePair(): QuotePair {
  const [bidOpen, bidHigh, bidLow, bidClose] = [NaN, NaN, NaN, NaN];
  const [askOpen, askHigh, askLow, askClose] = [NaN, NaN, NaN, NaN];
  return { bidOpen, bidHigh, bidLow, bidClose, askOpen, askHigh, askLow, askClose };
}

function newQuoteShift(): QuoteShift {
  return {
    buy: { open: 0, high: 0, low: 0, close: 0 },
    sell: { open: 0, high: 0, low: 0, close: 0 },
  };
}

function shiftsOf(pair: QuotePair, bar: MutableBar, into: QuoteShift): void {
  const { buy, sell } = into;
  buy.open = pair.askOpen - bar.open;
  buy.high = pair.askHigh - bar.high;
  buy.low = pair.askLow - bar.low;
  buy.close = pair.askClose - bar.close;
  sell.open = pair.bidOpen - bar.open;
  sell.high = pair.bidHigh - bar.high;
  sell.low = pair.bidLow - bar.low;
  sell.close = pair.bidClose - bar.close;
}

/** A price kept within the bar, for an order whose arrival price is not known. */
function insideBar(side: number, price: number, bar: MutableBar): number {
  return side > 0 ? Math.min(price, bar.high) : Math.max(price, bar.low);
}
