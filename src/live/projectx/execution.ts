/**
 * One account of the ProjectX Gateway as a venue of a live run. Requests go out and return at once; what comes of them arrives
 * as events, from the stream first. Reading mends what the stream did not tell: after a lost line the whole account, and a
 * single order when nothing was heard of it for a while. Nothing is told twice, a terminal order stays so, and a request
 * without an answer is called uncertain and never repeated.
 */
import type { BarColumns, BarInterval } from '../../core/bars.ts';
import { intervalUs } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../core/execution.ts';
import type {
  LinkPlane,
  LinkState,
  LiveEvent,
  LiveSink,
  LiveVenue,
  Scheduler,
  VenueAccount,
  VenueExecution,
  VenueOrder,
  VenueSnapshot,
} from '../../core/live.ts';
import type { ClOrdId, WorkingState } from '../../core/order.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../core/units.ts';
import { toCashMicros } from '../../core/units.ts';
import { backoffUs } from '../shared/backoff.ts';
import { pause } from '../shared/wait.ts';
import type { ProjectXClient } from './client.ts';
import type { PlaceOrder } from './endpoints.ts';
import { workingOrders } from './flatten.ts';
import type { PxBarUnit } from './history.ts';
import type {
  PxAccount,
  PxDepth,
  PxMarketTrade,
  PxOrder,
  PxPosition,
  PxQuote,
  PxTrade,
} from './messages.ts';
import { isEnded } from './messages.ts';
import { capabilitiesOf, pricesOf, toBracket, whyNotOrder } from './order-mapping.ts';
import { isUnclear, reasonOf } from './reasons.ts';
import { retryOf, VenueRefusal } from './rest.ts';
import type { MarketKind } from './streams.ts';
import { readTag, TAG_LENGTH_MAX, toTag } from './tags.ts';
import type { Tracked } from './tracked.ts';
import { isNewer, newTracked, toVenueOrder } from './tracked.ts';
import type { VenueContractSpec } from './venue-contract.ts';
import { VenueContract } from './venue-contract.ts';

export interface ProjectXVenueOptions {
  readonly client: ProjectXClient;
  /** Name or id. */
  readonly account: string | number;
  readonly contracts: readonly VenueContractSpec[];
  /** The account is set to Auto OCO brackets, which cannot be read. Where it is not, the first refusal tells. Default false. */
  readonly hasAutoOco?: boolean;
  /** In front of every tag: orders with it are ours. Two programs on one account need two. Default `fm:`. */
  readonly tagPrefix?: string;
  /** End of the session that an instant belongs to; without it the venue keeps no DAY orders. */
  readonly sessionEndUs?: (contractIndex: number, nowUs: TsUs) => TsUs;
  /** Seconds without an event after which an order is read. Default 3. */
  readonly doubtS?: number;
  /** Seconds between looks at all working orders, for what the stream lost without breaking; 0 does not look. Default 60. */
  readonly auditS?: number;
  /** Seconds after sending within which an order that was not answered may still arrive at the venue. Default 20. */
  readonly lateS?: number;
  /** Days that an order is looked for by its tag when it was sent in an earlier life of the program. Default 7. */
  readonly lookBackDays?: number;
  /** Seconds by which the clocks may differ; 0 does not look. Default 5. */
  readonly clockSkewS?: number;
  readonly uniform: () => number;
}

const DAY_US = 86_400e6;
const REPAIR: { readonly firstUs: number; readonly maxUs: number } = {
  firstUs: 500_000,
  maxUs: 30e6,
};
/** Read again before what was known last: rows of the venue are stamped by its own clock. */
const OVERLAP_US = 300e6;
const STRAY_US = 2e6;
const STRAYS_MAX = 1000;
const SEEN_MAX = 100_000;
/** Orders that are kept after their end, so that a late event finds them. */
const ORDERS_MAX = 20_000;
const DOUBTS_MAX = 6;
const UNITS: Readonly<Record<string, PxBarUnit>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
};

export class ProjectXVenue implements LiveVenue {
  readonly #client: ProjectXClient;
  readonly #scheduler: Scheduler;
  readonly #options: ProjectXVenueOptions;
  readonly #prefix: string;
  readonly #contracts = new Map<number, VenueContract>();
  readonly #contractsById = new Map<string, VenueContract>();
  readonly #byClOrdId = new Map<ClOrdId, Tracked>();
  readonly #byOrderId = new Map<number, Tracked>();
  /** Fills that were told or stand in a snapshot that was. */
  readonly #seenTrades = new Set<number>();
  readonly #bustedTrades = new Set<number>();
  /** Fills whose order is not known yet. */
  readonly #strays = new Map<number, PxTrade[]>();
  readonly #links = new Map<LinkPlane, LinkState>();
  #capabilities: VenueCapabilities;
  #sink: LiveSink | null = null;
  #account: PxAccount | null = null;
  #unlisten: (() => void) | null = null;
  /** Counts lost lines of the account: a snapshot that began before one does not end the doubt. */
  #gaps = 0;
  #knownUs: TsUs = 0 as TsUs;
  #isRepairing = false;
  #hasById = true;

  constructor(options: ProjectXVenueOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#scheduler = options.client.scheduler;
    this.#prefix = options.tagPrefix ?? 'fm:';
    if (!/^[A-Za-z0-9_.:-]{1,16}$/.test(this.#prefix))
      throw new TradingError('E_VENUE_CONFIG', `tagPrefix is "${this.#prefix}"`, {
        details: { field: 'tagPrefix', value: this.#prefix },
        rule: '1 to 16 letters, digits or . _ : -',
      });
    this.#capabilities = capabilitiesOf({
      hasBrackets: options.hasAutoOco ?? false,
      hasDay: options.sessionEndUs !== undefined,
    });
  }

  get capabilities(): VenueCapabilities {
    return this.#capabilities;
  }

  /** Id of the account; 0 before `open`. */
  get accountId(): number {
    return this.#account?.id ?? 0;
  }

  // ------------------------------------------------------------------------------------------------ opening, closing

  async open(sink: LiveSink): Promise<void> {
    const client = this.#client;
    this.#sink = sink;
    this.#link('requests', 'connecting', 'logging in');
    await client.login();
    this.#checkClock();
    const account = await client.accounts.find(this.#options.account);
    this.#account = account;
    for (const spec of this.#options.contracts) await this.#addContract(spec);
    this.#link('requests', 'up', 'logged in');
    client.onReach((isReached, reason) =>
      this.#link('requests', isReached ? 'up' : 'down', reason),
    );
    client.keepTokenFresh();
    this.#listen();
    const { streams } = client;
    await Promise.all([
      streams.subscribeAccounts(),
      streams.subscribeOrders(account.id),
      streams.subscribePositions(account.id),
      streams.subscribeTrades(account.id),
      // The last price is what a trailing stop is placed from.
      ...[...this.#contracts.values()].map(({ id }) => streams.subscribe(id, 'quotes')),
    ]);
    await Promise.all([streams.openUser(), streams.openMarket()]);
    this.#knownUs = this.#scheduler.nowUs();
    this.#armAudit();
    this.#tell({
      kind: 'account',
      receivedUs: this.#scheduler.nowUs(),
      account: toVenueAccount(account),
    });
  }

  async close(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = null;
    this.#undoAudit?.();
    for (const order of this.#byClOrdId.values()) {
      order.undoDoubt?.();
      order.undoExpiry?.();
    }
    await this.#client.close();
    for (const plane of ['requests', 'account', 'market'] as const)
      this.#link(plane, 'closed', 'closed by us');
    this.#sink = null;
  }

  #checkClock(): void {
    const limitUs = (this.#options.clockSkewS ?? 5) * 1e6;
    const skewUs = this.#client.clockSkewUs;
    if (limitUs === 0 || skewUs === null || Math.abs(skewUs) <= limitUs) return;
    const seconds = Math.round(Math.abs(skewUs) / 1e6);
    throw new TradingError(
      'E_VENUE_CLOCK',
      `this machine's clock is ${seconds} s ${skewUs > 0 ? 'behind' : 'before'} that of the venue`,
      { details: { skewSeconds: Math.round(skewUs / 1e6), limitSeconds: limitUs / 1e6 } },
    );
  }

  async #addContract(spec: VenueContractSpec): Promise<void> {
    const listed = await this.#client.contracts.searchById(spec.venueId);
    if (!listed.activeContract)
      throw new TradingError('E_VENUE_CONTRACT', `${spec.venueId} is not active at the venue`, {
        details: { contract: spec.venueId },
        fix: 'name a contract that is still traded',
      });
    const contract = new VenueContract(spec, listed);
    this.#contracts.set(spec.contractIndex, contract);
    this.#contractsById.set(contract.id, contract);
  }

  #listen(): void {
    this.#unlisten ??= this.#client.streams.listen({
      onAccount: (account) => this.#onAccount(account),
      onOrder: (order) => this.#onOrder(order),
      onPosition: (position) => this.#onPosition(position),
      onTrade: (trade) => this.#onTrade(trade, true),
      onQuote: (quote) => this.#onQuote(quote),
      onMarketTrade: (trade) => this.#onMarketTrade(trade),
      onDepth: (depth) => this.#onDepth(depth),
      onState: (hub, state, reason, isAgain) => {
        if (hub === 'market') return this.#link('market', state, reason);
        if (state === 'up') {
          // Nothing is replayed: until the account is read, something may have been missed.
          this.#link('account', 'stale', reason);
          if (isAgain) void this.#repair();
          return;
        }
        if (state === 'down') this.#gaps += 1;
        this.#link('account', state, reason);
      },
      onError: (error) => this.#issue(error),
    });
  }

  #link(plane: LinkPlane, state: LinkState, reason: string): void {
    if (this.#links.get(plane) === state) return;
    this.#links.set(plane, state);
    this.#tell({ kind: 'link', receivedUs: this.#scheduler.nowUs(), plane, state, reason });
  }

  #tell(event: LiveEvent): void {
    this.#sink?.onEvent(event);
  }

  #issue(error: TradingError): void {
    this.#tell({
      kind: 'issue',
      receivedUs: this.#scheduler.nowUs(),
      code: error.code,
      message: error.message,
    });
  }

  // ---------------------------------------------------------------------------------------------------------- requests

  submit(request: NewOrderRequest): void {
    const contract = this.#contracts.get(request.contractIndex);
    const why =
      contract === undefined
        ? 'the contract is not one of this venue'
        : whyNotOrder(request.spec, this.#capabilities);
    if (contract === undefined || why !== null)
      return this.#refuseNew(
        request,
        contract === undefined ? 'unknown-contract' : 'venue-capability',
        why ?? '',
      );
    this.#place(request, contract, null);
  }

  whyNotHeld(request: OrderGroupRequest): string | null {
    const contract = this.#contracts.get(request.entry?.contractIndex ?? -1);
    if (contract === undefined)
      return request.entry === null ? 'it has no entry' : 'unknown contract';
    const plan = toBracket(request, contract, this.#capabilities);
    if (typeof plan === 'string') return plan;
    const tag = this.#tagOf(request.entry!, plan.stopId, plan.targetId);
    return tag.length > TAG_LENGTH_MAX ? 'the ids do not fit into a tag' : null;
  }

  submitGroup(request: OrderGroupRequest): void {
    const orders = [
      ...(request.entry === null ? [] : [request.entry]),
      ...request.children.map((c) => c.order),
    ];
    const why = this.whyNotHeld(request);
    const contract = this.#contracts.get(request.entry?.contractIndex ?? -1);
    if (why !== null || contract === undefined) {
      for (const order of orders) this.#refuseNew(order, 'venue-capability', why ?? '');
      return;
    }
    this.#place(request.entry!, contract, request);
  }

  #refuseNew(request: NewOrderRequest, reason: string, text: string): void {
    const now = this.#scheduler.nowUs();
    this.#tell({
      kind: 'report',
      receivedUs: now,
      report: {
        kind: 'Rejected',
        clOrdId: request.clOrdId,
        orderId: null,
        contractIndex: request.contractIndex,
        tsUs: now,
        reason,
        text,
      },
    });
  }

  #tagOf(request: NewOrderRequest, stopId: ClOrdId | null, targetId: ClOrdId | null): string {
    const { timeInForce = 'day', expireUs } = request.spec;
    const isImmediate = request.spec.type === 'market';
    const ends =
      isImmediate || timeInForce === 'gtc' ? 'never' : timeInForce === 'gtd' ? expireUs! : 'day';
    return toTag(this.#prefix, { clOrdId: request.clOrdId, stopId, targetId, ends });
  }

  #place(request: NewOrderRequest, contract: VenueContract, group: OrderGroupRequest | null): void {
    const { spec, clOrdId } = request;
    if (this.#byClOrdId.has(clOrdId))
      return this.#refuseNew(request, 'duplicate-id', 'this id was sent before');
    const last = this.#client.streams.quote(contract.id)?.lastPrice ?? NaN;
    const prices = pricesOf(spec, contract, last);
    const plan = group === null ? null : toBracket(group, contract, this.#capabilities);
    if (typeof prices === 'string' || typeof plan === 'string') {
      for (const each of [request, ...(group?.children.map((child) => child.order) ?? [])])
        this.#refuseNew(each, typeof prices === 'string' ? prices : 'venue-capability', '');
      return;
    }
    const tag = this.#tagOf(request, plan?.stopId ?? null, plan?.targetId ?? null);
    const order = this.#track(
      newTracked({
        clOrdId,
        contract,
        side: spec.side,
        createdUs: this.#scheduler.nowUs(),
        parent: null,
        role: request.role,
        orderQty: spec.qty,
        limitTicks: 'limitTicks' in spec ? spec.limitTicks : null,
        stopTicks: spec.type === 'stop' ? spec.stopTicks : null,
      }),
    );
    for (const { order: child } of group?.children ?? []) {
      order.children.push(
        this.#track(
          newTracked({
            clOrdId: child.clOrdId,
            contract,
            side: child.spec.side,
            createdUs: order.createdUs,
            parent: order,
            role: child.role,
            orderQty: child.spec.qty,
          }),
        ),
      );
    }
    this.#armExpiry(order, readTag(this.#prefix, tag)!.ends);
    const body: PlaceOrder = {
      accountId: this.accountId,
      contractId: contract.id,
      ...prices,
      side: spec.side,
      size: spec.qty,
      customTag: tag,
      ...(plan === null ? {} : { bracket: plan.bracket }),
    };
    this.#enqueue(order, () => this.#send(order, body));
  }

  #track(order: Tracked): Tracked {
    this.#byClOrdId.set(order.clOrdId, order);
    if (this.#byClOrdId.size > ORDERS_MAX) this.#forgetOldest();
    return order;
  }

  #forgetOldest(): void {
    for (const old of this.#byClOrdId.values()) {
      if (!old.isEnded) continue;
      this.#byClOrdId.delete(old.clOrdId);
      if (old.orderId !== null) this.#byOrderId.delete(old.orderId);
      return;
    }
  }

  /** One after the other for one order: a cancel must not overtake the order that it is for. */
  #enqueue(order: Tracked, task: () => Promise<void>): void {
    order.chain = order.chain.then(task).catch((error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      this.#issue(
        error instanceof TradingError
          ? error
          : new TradingError('E_VENUE_REQUEST', `${order.clOrdId}: ${words}`, { cause: error }),
      );
    });
  }

  async #send(order: Tracked, body: PlaceOrder): Promise<void> {
    try {
      const orderId = await this.#client.orders.place(body);
      this.#bind(order, orderId);
      // Accepted for processing: what becomes of it is told by an event.
      this.#doubt(order);
    } catch (error) {
      this.#placeFailed(order, error);
    }
  }

  #placeFailed(order: Tracked, error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    if (error instanceof VenueRefusal) {
      const orderId = error.orderId;
      if (orderId !== null) this.#bind(order, orderId);
      if (isUnclear(error)) {
        this.#uncertain(order, 'new', words);
        return;
      }
      const reason = reasonOf(error);
      this.#reject(order, reason, error.venueText || error.errorName, this.#scheduler.nowUs());
      if (reason === 'brackets-off') this.#turnBracketsOff(error.venueText);
      return;
    }
    if (retryOf(error) === 'after-reconcile') return this.#uncertain(order, 'new', words);
    // It never left.
    this.#reject(order, 'not-sent', words, this.#scheduler.nowUs());
  }

  #turnBracketsOff(text: string): void {
    if (this.#capabilities.features.groups.length === 0) return;
    this.#capabilities = capabilitiesOf({
      hasBrackets: false,
      hasDay: this.#options.sessionEndUs !== undefined,
    });
    this.#tell({
      kind: 'capabilities',
      receivedUs: this.#scheduler.nowUs(),
      capabilities: this.#capabilities,
      reason: text,
    });
  }

  #uncertain(order: Tracked, request: 'new' | 'replace' | 'cancel', reason: string): void {
    if (order.isEnded) return;
    const receivedUs = this.#scheduler.nowUs();
    this.#tell({ kind: 'uncertain', receivedUs, clOrdId: order.clOrdId, request, reason });
    if (request !== 'new') return;
    for (const child of order.children)
      this.#tell({ kind: 'uncertain', receivedUs, clOrdId: child.clOrdId, request, reason });
  }

  replace(request: ReplaceRequest): void {
    const order = this.#byClOrdId.get(request.clOrdId);
    if (order === undefined || order.isEnded)
      return this.#refuseChange(
        'ReplaceRejected',
        request,
        order,
        order === undefined ? 'unknown-order' : 'too-late',
      );
    this.#enqueue(order, async () => {
      if (order.orderId === null || order.isEnded)
        return this.#refuseChange(
          'ReplaceRejected',
          request,
          order,
          order.isEnded ? 'too-late' : 'unknown-order',
        );
      const { contract } = order;
      const isTrailing = order.row?.type === 'trailing-stop';
      const stop =
        request.stopTicks === undefined ? undefined : contract.toPrice(request.stopTicks);
      order.replace = request;
      order.doubts = 0;
      try {
        await this.#client.orders.modify({
          accountId: this.accountId,
          orderId: order.orderId,
          ...(request.qty === undefined ? {} : { size: request.qty }),
          ...(request.limitTicks === undefined
            ? {}
            : { limitPrice: contract.toPrice(request.limitTicks) }),
          ...(stop === undefined ? {} : isTrailing ? { trailPrice: stop } : { stopPrice: stop }),
        });
        this.#doubt(order);
      } catch (error) {
        this.#changeFailed('ReplaceRejected', request, order, error);
      }
    });
  }

  cancel(request: CancelRequest): void {
    const order = this.#byClOrdId.get(request.clOrdId);
    if (order === undefined || order.isEnded)
      return this.#refuseChange(
        'CancelRejected',
        request,
        order,
        order === undefined ? 'unknown-order' : 'too-late',
      );
    this.#enqueue(order, async () => {
      if (order.orderId === null || order.isEnded)
        return this.#refuseChange(
          'CancelRejected',
          request,
          order,
          order.isEnded ? 'too-late' : 'unknown-order',
        );
      order.isCancelAsked = true;
      order.doubts = 0;
      try {
        await this.#client.orders.cancel({ accountId: this.accountId, orderId: order.orderId });
        this.#doubt(order);
      } catch (error) {
        order.isCancelAsked = false;
        this.#changeFailed('CancelRejected', request, order, error);
      }
    });
  }

  #changeFailed(
    kind: 'ReplaceRejected' | 'CancelRejected',
    request: ReplaceRequest | CancelRequest,
    order: Tracked,
    error: unknown,
  ): void {
    const words = error instanceof Error ? error.message : String(error);
    const isUnknown =
      error instanceof VenueRefusal ? isUnclear(error) : retryOf(error) === 'after-reconcile';
    if (isUnknown) {
      this.#uncertain(order, kind === 'CancelRejected' ? 'cancel' : 'replace', words);
      this.#doubt(order);
      return;
    }
    order.replace = kind === 'ReplaceRejected' ? null : order.replace;
    const reason = error instanceof VenueRefusal ? reasonOf(error) : 'not-sent';
    const text = error instanceof VenueRefusal ? error.venueText || error.errorName : words;
    this.#refuseChange(
      kind,
      request,
      order,
      reason === 'unknown-order' ? 'too-late' : reason,
      text,
    );
    // Mostly it has ended by itself, and its event is on the way.
    if (error instanceof VenueRefusal) this.#doubt(order);
  }

  #refuseChange(
    kind: 'ReplaceRejected' | 'CancelRejected',
    request: ReplaceRequest | CancelRequest,
    order: Tracked | undefined,
    reason: string,
    text = '',
  ): void {
    const now = this.#scheduler.nowUs();
    this.#tell({
      kind: 'report',
      receivedUs: now,
      report: {
        kind,
        clOrdId: request.clOrdId,
        orderId:
          order?.orderId === null || order === undefined ? request.orderId : String(order.orderId),
        contractIndex: order?.contract.contractIndex ?? -1,
        tsUs: now,
        reason,
        ...(text === '' ? {} : { text }),
      },
    });
  }

  /** DAY and GTD: the venue keeps no end of an order, so that we cancel it. */
  #armExpiry(order: Tracked, ends: 'never' | 'day' | TsUs): void {
    if (ends === 'never') return;
    const { sessionEndUs } = this.#options;
    const now = this.#scheduler.nowUs();
    const endUs =
      ends === 'day' ? sessionEndUs?.(order.contract.contractIndex, order.createdUs) : ends;
    if (endUs === undefined) return;
    order.undoExpiry = this.#scheduler.after(Math.max(0, endUs - now), () => {
      if (order.isEnded) return;
      order.isExpiring = true;
      order.expiryReason = ends === 'day' ? 'day-end' : 'gtd';
      this.cancel({ clOrdId: order.clOrdId, orderId: null, sentUs: this.#scheduler.nowUs() });
    });
  }

  // ------------------------------------------------------------------------------------------------------------ events

  #onAccount(account: PxAccount): void {
    if (account.id !== this.accountId) return;
    this.#account = account;
    this.#tell({
      kind: 'account',
      receivedUs: this.#scheduler.nowUs(),
      account: toVenueAccount(account),
    });
  }

  #onPosition(position: PxPosition): void {
    if (position.accountId !== this.accountId) return;
    const contract = this.#contractsById.get(position.contractId);
    if (contract === undefined) return this.#unknownContract('a position', position.contractId);
    this.#tell({
      kind: 'position',
      receivedUs: this.#scheduler.nowUs(),
      position: {
        contractIndex: contract.contractIndex,
        netQty: position.netQty,
        avgPriceTicks: contract.toFractional(position.averagePrice),
      },
    });
  }

  #unknownContract(what: string, contractId: string): void {
    this.#issue(
      new TradingError(
        'E_VENUE_CONTRACT',
        `${what} in ${contractId}, which this run does not know`,
        {
          details: { contract: contractId },
        },
      ),
    );
  }

  #onOrder(row: PxOrder): void {
    if (row.accountId !== this.accountId) return;
    const contract = this.#contractsById.get(row.contractId);
    if (contract === undefined) return this.#unknownContract(`order ${row.id}`, row.contractId);
    const order = this.#orderOf(row, contract);
    if (order !== null) {
      this.#apply(order, row);
      return;
    }
    this.#tell({
      kind: 'foreign-order',
      receivedUs: this.#scheduler.nowUs(),
      order: toVenueOrder(row, contract, { clOrdId: null, reason: '' }),
    });
    this.#foreignTrades(row.id);
  }

  /** By its id, by its tag, or as an exit of an entry that is known; an order of ours from an earlier life is taken up. */
  #orderOf(row: PxOrder, contract: VenueContract): Tracked | null {
    const known = this.#byOrderId.get(row.id);
    if (known !== undefined) return known;
    const tag = readTag(this.#prefix, row.customTag);
    const parent = row.parentOrderId === null ? undefined : this.#byOrderId.get(row.parentOrderId);
    const isExit = tag !== null && tag.role !== 'own';
    const clOrdId =
      tag === null
        ? this.#exitOf(parent, row)
        : tag.role === 'stop'
          ? tag.stopId
          : tag.role === 'target'
            ? tag.targetId
            : tag.clOrdId;
    if (clOrdId === null) return null;
    let order = this.#byClOrdId.get(clOrdId);
    // Two orders of one tag cannot be; the first keeps it.
    if (order !== undefined && order.orderId !== null && order.orderId !== row.id) return null;
    if (order === undefined) {
      if (tag === null) return null;
      const entry = isExit ? (parent ?? this.#byClOrdId.get(tag.clOrdId) ?? null) : null;
      order = this.#track(
        newTracked({
          clOrdId,
          contract,
          side: row.side,
          createdUs: row.createdUs,
          parent: entry,
          role: tag.role === 'own' ? 'single' : tag.role,
          orderQty: row.size,
        }),
      );
      entry?.children.push(order);
      if (!isExit && !isEnded(row.status)) this.#armExpiry(order, tag.ends);
    }
    this.#bind(order, row.id);
    return order;
  }

  /** The exit of an entry whose children carry no tag, by what it is. */
  #exitOf(parent: Tracked | undefined, row: PxOrder): ClOrdId | null {
    const role = row.type === 'limit' ? 'target' : 'stop';
    const exit = parent?.children.find((child) => child.orderId === null && child.role === role);
    return exit?.clOrdId ?? null;
  }

  #bind(order: Tracked, orderId: number): void {
    if (order.orderId === orderId) return;
    order.orderId = orderId;
    this.#byOrderId.set(orderId, order);
    const strays = this.#strays.get(orderId);
    this.#strays.delete(orderId);
    for (const trade of strays ?? []) this.#onTrade(trade, true);
  }

  /** What a newer row says that was not told yet. */
  #apply(order: Tracked, row: PxOrder): boolean {
    if (!isNewer(order.row, row)) return false;
    order.row = row;
    const tsUs = row.updatedUs ?? row.createdUs;
    const { contract } = order;
    const [limitTicks, stopTicks] = [
      contract.ticksOrNull(row.limitPrice),
      contract.ticksOrNull(row.stopPrice),
    ];
    switch (row.status) {
      case 'none':
      case 'pending':
        break;
      case 'suspended':
        this.#accept(order, tsUs, true);
        break;
      case 'open':
      case 'pending-cancel': {
        const isReleased = order.isHeld;
        const isSame =
          order.orderQty === row.size &&
          order.limitTicks === limitTicks &&
          order.stopTicks === stopTicks;
        const wasAccepted = order.isAccepted;
        order.orderQty = row.size;
        order.limitTicks = limitTicks;
        order.stopTicks = stopTicks;
        this.#accept(order, tsUs, false);
        if (isReleased) {
          order.isHeld = false;
          this.#report(order, 'Released', tsUs, { working: 'live' });
        } else if (order.replace !== null && fits(order.replace, order)) {
          order.replace = null;
          this.#report(order, 'Replaced', tsUs);
        } else if (wasAccepted && !isSame) this.#report(order, 'Restated', tsUs);
        break;
      }
      case 'filled':
        order.orderQty = row.size;
        this.#accept(order, tsUs, false);
        break;
      case 'rejected':
        this.#reject(order, order.rejectReason || 'venue-rejected', order.rejectText, tsUs);
        break;
      case 'cancelled':
      case 'expired':
        break;
    }
    if (row.fillVolume > order.cumQty) this.#doubt(order);
    this.#endIfDue(order);
    return true;
  }

  #accept(order: Tracked, tsUs: TsUs, isHeld: boolean): void {
    if (order.isAccepted) return;
    order.isAccepted = true;
    order.isHeld = isHeld;
    this.#report(order, 'Accepted', tsUs, { working: isHeld ? 'held' : 'live' });
  }

  /** An end waits for the fills that it counts, so that they come first. */
  #endIfDue(order: Tracked): void {
    const { row } = order;
    if (row === null || order.isEnded || !isEnded(row.status)) return;
    if (row.fillVolume > order.cumQty) {
      order.isEndWaiting = true;
      return;
    }
    order.isEndWaiting = false;
    const tsUs = row.updatedUs ?? row.createdUs;
    if (row.status === 'filled') return this.#ended(order);
    if (row.status === 'rejected') return;
    const isExpired = row.status === 'expired' || order.isExpiring;
    this.#accept(order, tsUs, order.isHeld);
    order.isEnded = true;
    this.#report(order, isExpired ? 'Expired' : 'Canceled', tsUs, {
      reason: isExpired
        ? order.isExpiring
          ? order.expiryReason
          : 'venue'
        : order.isCancelAsked
          ? 'requested'
          : this.#whyCancelled(order),
      leavesQty: 0 as Qty,
      working: 'none',
    });
    this.#ended(order);
  }

  #whyCancelled(order: Tracked): string {
    const peers = order.parent?.children.filter((child) => child !== order) ?? [];
    if (peers.some((peer) => peer.cumQty > 0)) return 'oco-peer';
    if (order.parent?.isEnded === true && order.parent.cumQty === 0) return 'entry-ended';
    return 'venue';
  }

  #reject(order: Tracked, reason: string, text: string, tsUs: TsUs): void {
    order.rejectReason = reason;
    order.rejectText = text;
    if (order.isEnded) return;
    order.isEnded = true;
    this.#report(order, 'Rejected', tsUs, {
      reason,
      ...(text === '' ? {} : { text }),
      working: 'none',
    });
    this.#ended(order);
  }

  /** Nothing more is expected of it; exits of an entry that never filled end with it. */
  #ended(order: Tracked): void {
    order.isEnded = true;
    order.undoExpiry?.();
    order.undoDoubt?.();
    order.undoDoubt = null;
    if (order.cumQty > 0) return;
    const isRejected = order.rejectReason !== '';
    for (const child of order.children) {
      // Those that the venue knows have rows of their own.
      if (child.isEnded || child.row !== null) continue;
      if (isRejected)
        this.#reject(child, order.rejectReason, order.rejectText, this.#scheduler.nowUs());
      else this.#doubt(child);
    }
  }

  #report(
    order: Tracked,
    kind: ExecutionReport['kind'],
    tsUs: TsUs,
    extra: Partial<ExecutionReport> = {},
  ): void {
    const working: WorkingState = order.isEnded ? 'none' : order.isHeld ? 'held' : 'live';
    this.#tell({
      kind: 'report',
      receivedUs: this.#scheduler.nowUs(),
      report: {
        kind,
        clOrdId: order.clOrdId,
        orderId: order.orderId === null ? null : String(order.orderId),
        contractIndex: order.contract.contractIndex,
        tsUs,
        orderQty: order.orderQty as Qty,
        cumQty: order.cumQty as Qty,
        leavesQty: Math.max(0, order.orderQty - order.cumQty) as Qty,
        working,
        ...(order.limitTicks === null ? {} : { limitTicks: order.limitTicks }),
        ...(order.stopTicks === null ? {} : { stopTicks: order.stopTicks }),
        ...extra,
      },
    });
  }

  #onTrade(trade: PxTrade, isLive: boolean): void {
    if (trade.accountId !== this.accountId) return;
    if (trade.voided) return this.#onBust(trade);
    if (this.#seenTrades.has(trade.id)) return;
    const contract = this.#contractsById.get(trade.contractId);
    if (contract === undefined) return this.#unknownContract(`fill ${trade.id}`, trade.contractId);
    const order = this.#byOrderId.get(trade.orderId);
    if (order === undefined) return isLive ? this.#stray(trade) : undefined;
    const priceTicks = this.#tradeTicks(trade, contract);
    if (priceTicks === null) return;
    this.#see(trade.id);
    this.#accept(order, trade.createdUs, false);
    order.isHeld = false;
    order.cumQty += trade.size;
    this.#report(order, 'Fill', trade.createdUs, {
      fill: {
        execId: String(trade.id),
        lastQty: trade.size as Qty,
        lastPriceTicks: priceTicks,
        feeMicros: toMicros(trade.fees),
        commissionMicros: 0 as CashMicros,
      },
      working: order.cumQty >= order.orderQty ? 'none' : 'live',
    });
    this.#followPeers(order);
    if (order.cumQty >= order.orderQty) return this.#ended(order);
    this.#endIfDue(order);
  }

  #see(tradeId: number): void {
    this.#seenTrades.add(tradeId);
    // The oldest are days behind anything that could come again.
    if (this.#seenTrades.size > SEEN_MAX)
      this.#seenTrades.delete(this.#seenTrades.values().next().value!);
  }

  #tradeTicks(trade: PxTrade, contract: VenueContract): PriceTicks | null {
    try {
      return contract.toTicks(trade.price);
    } catch (error) {
      if (error instanceof TradingError) this.#issue(error);
      return null;
    }
  }

  /** Exits of the venue keep their size when one of them fills in part: the other is cut to what is left. */
  #followPeers(order: Tracked): void {
    const left = order.orderQty - order.cumQty;
    if (order.parent === null || left <= 0) return;
    for (const peer of order.parent.children) {
      if (
        peer === order ||
        peer.isEnded ||
        peer.orderId === null ||
        peer.orderQty - peer.cumQty <= left
      )
        continue;
      this.replace({
        clOrdId: peer.clOrdId,
        orderId: String(peer.orderId),
        qty: (peer.cumQty + left) as Qty,
        sentUs: this.#scheduler.nowUs(),
      });
    }
  }

  /** Taken back: the account is read whole, for its position and balance are others now. */
  #onBust(trade: PxTrade): void {
    if (this.#bustedTrades.has(trade.id)) return;
    this.#bustedTrades.add(trade.id);
    this.#tell({
      kind: 'issue',
      receivedUs: this.#scheduler.nowUs(),
      code: 'E_VENUE_BUST',
      message: `fill ${trade.id} of order ${trade.orderId} was taken back by the venue`,
    });
    this.#link('account', 'stale', `fill ${trade.id} was taken back`);
    void this.#repair();
  }

  /** A fill before anything that says whose it is: it waits for that, and its order is read if nothing comes. */
  #stray(trade: PxTrade): void {
    const list = this.#strays.get(trade.orderId);
    if (list !== undefined) {
      if (!list.some(({ id }) => id === trade.id)) list.push(trade);
      return;
    }
    if (this.#strays.size >= STRAYS_MAX) return void this.#repair();
    this.#strays.set(trade.orderId, [trade]);
    this.#scheduler.after(STRAY_US, () => {
      if (!this.#strays.has(trade.orderId)) return;
      void this.#readOrder(trade.orderId, trade.createdUs)
        .then((row) => {
          if (row !== null) this.#onOrder(row);
          this.#foreignTrades(trade.orderId);
        })
        .catch(() => this.#foreignTrades(trade.orderId));
    });
  }

  #foreignTrades(orderId: number): void {
    const list = this.#strays.get(orderId);
    this.#strays.delete(orderId);
    for (const trade of list ?? []) {
      const contract = this.#contractsById.get(trade.contractId);
      const execution = contract === undefined ? null : this.#toExecution(trade, contract);
      if (execution === null || this.#seenTrades.has(trade.id)) continue;
      this.#see(trade.id);
      this.#tell({ kind: 'foreign-execution', receivedUs: this.#scheduler.nowUs(), execution });
    }
  }

  #toExecution(trade: PxTrade, contract: VenueContract): VenueExecution | null {
    const priceTicks = this.#tradeTicks(trade, contract);
    if (priceTicks === null) return null;
    return {
      execId: String(trade.id),
      orderId: String(trade.orderId),
      clOrdId: this.#byOrderId.get(trade.orderId)?.clOrdId ?? null,
      contractIndex: contract.contractIndex,
      side: trade.side,
      qty: trade.size as Qty,
      priceTicks,
      tsUs: trade.createdUs,
      feeMicros: toMicros(trade.fees),
      commissionMicros: 0 as CashMicros,
      isBusted: trade.voided,
    };
  }

  // ------------------------------------------------------------------------------------------------------------ doubts

  /** Reads the order when no event has told what is waited for; the delay doubles. */
  #doubt(order: Tracked): void {
    if (order.undoDoubt !== null || !this.#isWaiting(order)) return;
    const delayUs = (this.#options.doubtS ?? 3) * 1e6 * 2 ** Math.min(order.doubts, 5);
    order.undoDoubt = this.#scheduler.after(delayUs, () => {
      order.undoDoubt = null;
      if (!this.#isWaiting(order)) {
        order.doubts = 0;
        return;
      }
      order.doubts += 1;
      void this.#settleDoubt(order).then(() => {
        if (this.#sink !== null && order.doubts <= DOUBTS_MAX) this.#doubt(order);
      });
    });
  }

  #isWaiting(order: Tracked): boolean {
    if (order.isEnded) return false;
    const isChildOfEnded = order.parent?.isEnded === true && order.parent.cumQty === 0;
    return (
      (order.orderId !== null && !order.isAccepted) ||
      isChildOfEnded ||
      order.replace !== null ||
      order.isCancelAsked ||
      order.isEndWaiting ||
      (order.row?.fillVolume ?? 0) > order.cumQty
    );
  }

  #armAudit(): void {
    const seconds = this.#options.auditS ?? 60;
    if (seconds === 0) return;
    this.#undoAudit = this.#scheduler.after(seconds * 1e6, () => {
      const isDue = this.#links.get('account') === 'up';
      void (isDue ? this.#audit() : Promise.resolve()).then(() => {
        if (this.#sink !== null) this.#armAudit();
      });
    });
  }

  /** Compares every order that is thought to work with what the venue shows; what differs is read and told. */
  async #audit(): Promise<void> {
    try {
      const shown = await workingOrders(this.#client.orders, this.accountId);
      const ids = new Set(shown.map(({ id }) => id));
      for (const row of shown) {
        const order = this.#byOrderId.get(row.id);
        if (order === undefined || isNewer(order.row, row)) this.#onOrder(row);
      }
      for (const order of this.#byClOrdId.values()) {
        if (order.isEnded || order.orderId === null) continue;
        const isMissing = !ids.has(order.orderId) && order.undoDoubt === null;
        if (isMissing || (order.row?.fillVolume ?? 0) > order.cumQty)
          await this.#settleDoubt(order);
      }
    } catch (error) {
      // Asked again at the next look.
      if (!(error instanceof TradingError)) throw error;
    }
  }

  async #settleDoubt(order: Tracked): Promise<void> {
    try {
      const found = await this.#lookUp(order);
      const row = found ?? order.row;
      if (row === null) {
        // An exit of an entry that ended without a fill, and that the venue does not show.
        if (order.parent?.isEnded === true && order.parent.cumQty === 0 && !order.isEnded) {
          order.isEnded = true;
          this.#report(order, 'Canceled', this.#scheduler.nowUs(), {
            reason: 'entry-ended',
            leavesQty: 0 as Qty,
            working: 'none',
          });
        }
        return;
      }
      const isNews = this.#apply(order, row);
      if (row.fillVolume > order.cumQty) await this.#readFills(order);
      this.#endIfDue(order);
      // A change to what it was anyway has no event.
      if (order.replace !== null && fits(order.replace, order)) {
        order.replace = null;
        this.#report(order, 'Replaced', row.updatedUs ?? row.createdUs);
      }
      // The stream had time to tell this and did not: it may be one that is open and silent.
      if (isNews && order.doubts > 1)
        this.#client.streams.restart('user', 'an order changed in silence');
      if (order.doubts < DOUBTS_MAX) return;
      const words = 'it was accepted, and the order does not show it';
      if (!order.isAccepted) this.#uncertain(order, 'new', words);
      else if (order.replace !== null) this.#uncertain(order, 'replace', words);
      else if (order.isCancelAsked) this.#uncertain(order, 'cancel', words);
      order.replace = null;
    } catch (error) {
      if (error instanceof TradingError) this.#issue(error);
      else throw error;
    }
  }

  async #lookUp(order: Tracked): Promise<PxOrder | null> {
    if (order.orderId !== null) return this.#readOrder(order.orderId, order.createdUs);
    const rows = await this.#readAll(order.createdUs);
    return rows.find((row) => this.#isOf(row, order.clOrdId)) ?? null;
  }

  #isOf(row: PxOrder, clOrdId: ClOrdId): boolean {
    const tag = readTag(this.#prefix, row.customTag);
    if (tag === null) return this.#byOrderId.get(row.id)?.clOrdId === clOrdId;
    const id =
      tag.role === 'stop' ? tag.stopId : tag.role === 'target' ? tag.targetId : tag.clOrdId;
    return id === clOrdId;
  }

  /** One order by its id, by whatever the gateway has. */
  async #readOrder(orderId: number, createdUs: TsUs): Promise<PxOrder | null> {
    const accountId = this.accountId;
    if (this.#hasById) {
      try {
        const row = await this.#client.orders.searchById({ accountId, orderId });
        if (row !== null) return row;
      } catch (error) {
        if (!isAbsent(error)) throw error;
        this.#hasById = false;
      }
    }
    const rows = await this.#readAll(createdUs);
    return rows.find(({ id }) => id === orderId) ?? null;
  }

  /** Orders created since shortly before a moment, and all that work, suspended exits too where the gateway shows them. */
  async #readAll(sinceUs: TsUs): Promise<readonly PxOrder[]> {
    const accountId = this.accountId;
    const byId = new Map<number, PxOrder>();
    const fromUs = Math.max(0, sinceUs - OVERLAP_US);
    // There are no pages: long spans are read day by day.
    for (let atUs = fromUs; atUs <= this.#scheduler.nowUs(); atUs += DAY_US) {
      const toUs = (atUs + DAY_US) as TsUs;
      const isLast = toUs > this.#scheduler.nowUs();
      const span = { accountId, fromUs: atUs as TsUs, ...(isLast ? {} : { toUs }) };
      for (const row of await this.#client.orders.search(span)) byId.set(row.id, row);
    }
    for (const row of await workingOrders(this.#client.orders, accountId)) {
      const known = byId.get(row.id);
      if (known === undefined || isNewer(known, row)) byId.set(row.id, row);
    }
    return [...byId.values()].toSorted((a, b) => a.createdUs - b.createdUs || a.id - b.id);
  }

  async #readTrades(sinceUs: TsUs): Promise<readonly PxTrade[]> {
    const byId = new Map<number, PxTrade>();
    const fromUs = Math.max(0, sinceUs - OVERLAP_US);
    for (let atUs = fromUs; atUs <= this.#scheduler.nowUs(); atUs += DAY_US) {
      const toUs = (atUs + DAY_US) as TsUs;
      const isLast = toUs > this.#scheduler.nowUs();
      const span = { accountId: this.accountId, fromUs: atUs as TsUs, ...(isLast ? {} : { toUs }) };
      for (const trade of await this.#client.trades.search(span)) byId.set(trade.id, trade);
    }
    return [...byId.values()].toSorted((a, b) => a.createdUs - b.createdUs || a.id - b.id);
  }

  async #readFills(order: Tracked): Promise<void> {
    const trades = await this.#readTrades(order.createdUs);
    for (const trade of trades) if (trade.orderId === order.orderId) this.#onTrade(trade, false);
  }

  // ---------------------------------------------------------------------------------------------- reading the account

  /** After a lost line: reads until it is known what was missed, and tells it as a snapshot. */
  async #repair(): Promise<void> {
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    try {
      for (let attempt = 0; this.#sink !== null; attempt += 1) {
        try {
          const snapshot = await this.snapshot((this.#knownUs - OVERLAP_US) as TsUs);
          this.#tell({ kind: 'snapshot', receivedUs: this.#scheduler.nowUs(), snapshot });
          this.#settled();
          if (this.#links.get('account') === 'up') return;
          // The line went while it was read; its return begins anew.
          if (this.#client.streams.userState !== 'up') return;
        } catch (error) {
          if (!(error instanceof TradingError)) throw error;
          this.#issue(error);
        }
        await pause(this.#scheduler, backoffUs(attempt, this.#options.uniform(), REPAIR));
      }
    } finally {
      this.#isRepairing = false;
    }
  }

  #snapshotGap = -1;
  #undoAudit: (() => void) | null = null;

  /** The account is known, unless the line went since the reading began. */
  #settled(): void {
    if (this.#snapshotGap === this.#gaps && this.#client.streams.userState === 'up')
      this.#link('account', 'up', 'the account was read');
  }

  async snapshot(sinceUs: TsUs): Promise<VenueSnapshot> {
    const readUs = this.#scheduler.nowUs();
    const gaps = this.#gaps;
    const accountId = this.accountId;
    // Orders before fills before positions: what is missing in an earlier answer is an event by now.
    const accounts = await this.#client.accounts.search({ onlyActiveAccounts: false });
    const account = accounts.find(({ id }) => id === accountId);
    if (account === undefined)
      throw new TradingError('E_VENUE_ACCOUNT', `account ${accountId} is no longer listed`, {
        details: { account: accountId },
        retry: 'safe',
      });
    this.#account = account;
    const rows = [...(await this.#readAll(sinceUs))];
    // Orders of ours that are older than the span and whose end we do not know.
    for (const order of this.#byClOrdId.values()) {
      if (order.isEnded || order.orderId === null || rows.some(({ id }) => id === order.orderId))
        continue;
      const row = await this.#readOrder(order.orderId, order.createdUs);
      if (row !== null) rows.push(row);
    }
    const trades = await this.#readTrades(sinceUs);
    const positions = await this.#client.positions.searchOpen({ accountId });
    const snapshot = this.#toSnapshot(sinceUs, readUs, account, rows, trades, positions);
    this.#knownUs = readUs;
    this.#snapshotGap = gaps;
    this.#settled();
    return snapshot;
  }

  #toSnapshot(
    sinceUs: TsUs,
    readUs: TsUs,
    account: PxAccount,
    rows: readonly PxOrder[],
    trades: readonly PxTrade[],
    positions: readonly PxPosition[],
  ): VenueSnapshot {
    const unknown: string[] = [];
    const orders: VenueOrder[] = [];
    for (const row of rows) {
      const contract = this.#contractsById.get(row.contractId);
      if (contract === undefined) {
        if (!isEnded(row.status))
          unknown.push(`order ${row.id}: ${row.status} ${row.size} ${row.contractId}`);
        continue;
      }
      orders.push(this.#takeUp(row, contract));
    }
    const executions: VenueExecution[] = [];
    for (const trade of trades) {
      const contract = this.#contractsById.get(trade.contractId);
      if (contract === undefined) continue;
      const execution = this.#toExecution(trade, contract);
      if (execution === null) {
        unknown.push(
          `fill ${trade.id}: a price of ${trade.price} is between the ticks of ${trade.contractId}`,
        );
        continue;
      }
      // Fills of others before the span are in the position already.
      if (trade.createdUs < sinceUs && execution.clOrdId === null) continue;
      this.#takeUpTrade(trade);
      executions.push(execution);
    }
    for (const row of positions)
      if (!this.#contractsById.has(row.contractId))
        unknown.push(`position: ${row.netQty} ${row.contractId}`);
    for (const order of this.#byClOrdId.values()) this.#settleEnd(order);
    return {
      sinceUs,
      readUs,
      account: toVenueAccount(account),
      orders,
      executions,
      positions: positions
        .filter((row) => row.netQty !== 0 && this.#contractsById.has(row.contractId))
        .map((row) => {
          const contract = this.#contractsById.get(row.contractId)!;
          return {
            contractIndex: contract.contractIndex,
            netQty: row.netQty,
            avgPriceTicks: contract.toFractional(row.averagePrice),
          };
        }),
      unknown,
    };
  }

  /** The snapshot tells it: nothing of it is told again by an event. */
  #takeUp(row: PxOrder, contract: VenueContract): VenueOrder {
    const order = this.#orderOf(row, contract);
    if (order === null) return toVenueOrder(row, contract, { clOrdId: null, reason: '' });
    if (isNewer(order.row, row)) {
      order.row = row;
      order.orderQty = row.size;
      order.limitTicks = contract.ticksOrNull(row.limitPrice);
      order.stopTicks = contract.ticksOrNull(row.stopPrice);
      order.replace = null;
      if (row.status !== 'pending' && row.status !== 'none') order.isAccepted = true;
      order.isHeld = row.status === 'suspended';
    }
    return toVenueOrder(order.row ?? row, contract, {
      clOrdId: order.clOrdId,
      reason: order.rejectText,
    });
  }

  #takeUpTrade(trade: PxTrade): void {
    if (trade.voided) {
      this.#bustedTrades.add(trade.id);
      return;
    }
    if (this.#seenTrades.has(trade.id)) return;
    this.#see(trade.id);
    const order = this.#byOrderId.get(trade.orderId);
    if (order !== undefined) order.cumQty += trade.size;
  }

  #settleEnd(order: Tracked): void {
    const { row } = order;
    if (order.isEnded || row === null || !isEnded(row.status) || row.fillVolume > order.cumQty)
      return;
    order.isEndWaiting = false;
    this.#ended(order);
  }

  /**
   * Looks among all orders since this one was sent. Null only after the time in which a request that was not answered may still
   * arrive. Fills that were missed are told as reports first. Errors: E_VENUE_CONNECT and the like.
   */
  async findOrder(clOrdId: ClOrdId): Promise<VenueOrder | null> {
    const order = this.#byClOrdId.get(clOrdId);
    const now = this.#scheduler.nowUs();
    const sentUs = order?.createdUs ?? ((now - (this.#options.lookBackDays ?? 7) * DAY_US) as TsUs);
    const sureUs = order === undefined ? now : order.createdUs + (this.#options.lateS ?? 20) * 1e6;
    for (let attempt = 0; ; attempt += 1) {
      const askedUs = this.#scheduler.nowUs();
      const rows = await this.#readAll(sentUs);
      const row = rows.find((each) => this.#isOf(each, clOrdId));
      const contract = row === undefined ? undefined : this.#contractsById.get(row.contractId);
      if (row !== undefined && contract === undefined)
        throw new TradingError(
          'E_VENUE_CONTRACT',
          `order ${clOrdId} is in ${row.contractId}, which this run does not know`,
          {
            details: { clOrdId, contract: row.contractId },
          },
        );
      if (row !== undefined && contract !== undefined) {
        const found = this.#takeUp(row, contract);
        const tracked = this.#byClOrdId.get(clOrdId)!;
        if (row.fillVolume > tracked.cumQty) await this.#readFills(tracked);
        this.#settleEnd(tracked);
        this.#doubt(tracked);
        return found;
      }
      if (askedUs >= sureUs) {
        if (order !== undefined && order.orderId === null) {
          order.isEnded = true;
          order.undoExpiry?.();
          for (const child of order.children) child.isEnded = true;
        }
        return null;
      }
      await pause(
        this.#scheduler,
        Math.min(
          sureUs - askedUs,
          backoffUs(attempt, this.#options.uniform(), { firstUs: 1e6, maxUs: 5e6 }),
        ),
      );
    }
  }

  // ------------------------------------------------------------------------------------------------------- market data

  subscribeMarket(contractIndex: number, kinds: readonly MarketKind[]): void {
    const contract = this.#contracts.get(contractIndex);
    if (contract === undefined) return;
    for (const kind of kinds) {
      this.#client.streams.subscribe(contract.id, kind).catch((error: unknown) => {
        if (error instanceof TradingError) this.#issue(error);
      });
    }
  }

  #onQuote(quote: PxQuote): void {
    const contract = this.#contractsById.get(quote.contractId);
    if (contract === undefined) return;
    this.#tell({
      kind: 'market',
      receivedUs: this.#scheduler.nowUs(),
      market: {
        kind: 'quote',
        contractIndex: contract.contractIndex,
        tsUs: quote.updatedUs,
        bidTicks: contract.toFractional(quote.bestBid),
        askTicks: contract.toFractional(quote.bestAsk),
        bidQty: NaN,
        askQty: NaN,
      },
    });
  }

  #onMarketTrade(trade: PxMarketTrade): void {
    const contract = this.#contractsById.get(trade.contractId);
    if (contract === undefined) return;
    this.#tell({
      kind: 'market',
      receivedUs: this.#scheduler.nowUs(),
      market: {
        kind: 'trade',
        contractIndex: contract.contractIndex,
        tsUs: trade.tsUs,
        priceTicks: contract.toTicks(trade.price),
        qty: trade.volume as Qty,
        aggressor: trade.aggressor,
      },
    });
  }

  /** Levels and resets; the other entries repeat what levels, trades and quotes say. */
  #onDepth(depth: PxDepth): void {
    const contract = this.#contractsById.get(depth.contractId);
    const isReset = depth.type === 'reset';
    if (contract === undefined || !(isReset || depth.type === 'bid' || depth.type === 'ask'))
      return;
    this.#tell({
      kind: 'market',
      receivedUs: this.#scheduler.nowUs(),
      market: {
        kind: 'level',
        contractIndex: contract.contractIndex,
        tsUs: depth.tsUs,
        side: depth.type === 'ask' ? -1 : 1,
        priceTicks: isReset ? NaN : contract.toTicks(depth.price),
        qty: isReset ? 0 : depth.volume,
        reset: isReset,
      },
    });
  }

  /** A bar of a day ends 23 hours after its start, which is the open of its session. */
  async history(
    contractIndex: number,
    interval: BarInterval,
    fromUs: TsUs,
    toUs: TsUs,
  ): Promise<BarColumns> {
    const contract = this.#contracts.get(contractIndex);
    if (contract === undefined)
      throw new TradingError(
        'E_VENUE_CONTRACT',
        `contract ${contractIndex} is not one of this venue`,
        {
          details: { contractIndex },
        },
      );
    const unit = UNITS[interval.slice(-1)]!;
    const unitNumber = Number(interval.slice(0, -1));
    const lengthUs = unit === 'day' ? intervalUs(interval) - 3600e6 : intervalUs(interval);
    const bars = await this.#client.history.bars({
      contractId: contract.id,
      unit,
      unitNumber,
      fromUs,
      toUs,
    });
    const kept = bars.filter((bar) => bar.openUs + lengthUs <= toUs);
    const column = (pick: (bar: (typeof kept)[number]) => number): Float64Array =>
      Float64Array.from(kept, pick);
    return {
      length: kept.length,
      openUs: column((bar) => bar.openUs),
      closeUs: column((bar) => bar.openUs + lengthUs),
      open: column((bar) => contract.toFractional(bar.open)),
      high: column((bar) => contract.toFractional(bar.high)),
      low: column((bar) => contract.toFractional(bar.low)),
      close: column((bar) => contract.toFractional(bar.close)),
      volume: column((bar) => bar.volume),
    };
  }
}

/** Whether the order is what was asked for. */
function fits(request: ReplaceRequest, order: Tracked): boolean {
  return (
    (request.qty === undefined || request.qty === order.orderQty) &&
    (request.limitTicks === undefined || request.limitTicks === order.limitTicks) &&
    (request.stopTicks === undefined ||
      request.stopTicks === order.stopTicks ||
      order.row?.type === 'trailing-stop')
  );
}

/** The gateway has no such request. */
function isAbsent(error: unknown): boolean {
  return error instanceof VenueRefusal && /^(NotFound|MethodNotAllowed)$/.test(error.errorName);
}

function toMicros(amount: number): CashMicros {
  return toCashMicros(Math.round(amount * 1e6));
}

function toVenueAccount(account: PxAccount): VenueAccount {
  return {
    id: String(account.id),
    name: account.name,
    balanceMicros: toMicros(account.balance),
    canTrade: account.canTrade,
    isSimulated: account.simulated,
  };
}
