/** A live run in virtual time: the engine, the bridge, and a venue so plain that its word can be taken for the truth. */
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../src/core/execution.ts';
import type {
  LiveEvent,
  LiveSink,
  LiveVenue,
  Scheduler,
  VenueExecution,
  VenueOrder,
  VenueSnapshot,
} from '../../src/core/live.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ClOrdId, OrdStatus } from '../../src/core/order.ts';
import { isTerminal } from '../../src/core/order.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import type { EngineConfig } from '../../src/engine/config.ts';
import { Engine } from '../../src/engine/engine.ts';
import { PushBars } from '../../src/engine/live/push-feeds.ts';
import type { Finding } from '../../src/engine/live/reconcile.ts';
import { VenueBridge } from '../../src/engine/live/venue-bridge.ts';
import type { World } from './engine-world.ts';
import { at, columns, hourly, makeWorld } from './engine-world.ts';
import { FAKE_CAPABILITIES } from './fake-venue.ts';

/** Time that stands still until it is moved. */
export class VirtualScheduler implements Scheduler {
  #nowUs: TsUs;
  #tasks: { readonly atUs: number; readonly seq: number; readonly task: () => void }[] = [];
  #seq: number = 0;

  constructor(nowUs: TsUs) {
    this.#nowUs = nowUs;
  }

  nowUs(): TsUs {
    return this.#nowUs;
  }

  after(delayUs: number, task: () => void): () => void {
    const entry = { atUs: this.#nowUs + delayUs, seq: this.#seq++, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((each) => each !== entry);
    };
  }

  /** Runs what is due in the next `us`, promises included. */
  async pass(us: number): Promise<void> {
    const untilUs = this.#nowUs + us;
    for (;;) {
      const [next] = this.#tasks.toSorted((a, b) => a.atUs - b.atUs || a.seq - b.seq);
      if (next === undefined || next.atUs > untilUs) break;
      this.#tasks = this.#tasks.filter((each) => each !== next);
      this.#nowUs = Math.max(this.#nowUs, next.atUs) as TsUs;
      next.task();
      await drain();
    }
    this.#nowUs = untilUs as TsUs;
    await drain();
  }
}

async function drain(): Promise<void> {
  for (let k = 0; k < 8; k += 1) await Promise.resolve();
}

/** What becomes of the next request. */
export type Fate =
  /** Carried out and answered. */
  | 'answered'
  /** Carried out; the answer is lost. */
  | 'unanswered'
  /** Never arrives, and nobody says so. */
  | 'lost'
  /** Carried out, and the events of it are not sent. */
  | 'silent';

interface TrueOrder {
  readonly request: NewOrderRequest;
  readonly orderId: string;
  status: OrdStatus;
  qty: number;
  cumQty: number;
  counts: number;
  limit: PriceTicks | null;
  stop: PriceTicks | null;
  updatedUs: TsUs;
  reason: string;
}

export class PlainVenue implements LiveVenue {
  readonly capabilities: VenueCapabilities = FAKE_CAPABILITIES;
  readonly orders: Map<ClOrdId, TrueOrder> = new Map();
  readonly executions: VenueExecution[] = [];
  /** Everything that arrived, in words. */
  readonly log: string[] = [];
  readonly foreign: VenueOrder[] = [];
  net: number = 0;
  /** Price times contracts of what somebody else traded. */
  counts: number = 0;
  fate: Fate = 'answered';
  /** Questions that fail before one is answered. */
  failures: number = 0;
  readonly #scheduler: Scheduler;
  #sink: LiveSink | null = null;
  #id: number = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  open(sink: LiveSink): Promise<void> {
    this.#sink = sink;
    return Promise.resolve();
  }
  close(): Promise<void> {
    this.#sink = null;
    return Promise.resolve();
  }

  send(event: LiveEvent): void {
    this.#sink?.onEvent(event);
  }

  submit(request: NewOrderRequest): void {
    this.log.push(`new ${request.clOrdId}`);
    const { fate } = this;
    if (fate !== 'lost') this.#create(request);
    if (fate === 'answered') this.#report(request.clOrdId, 'Accepted');
    if (fate === 'unanswered' || fate === 'lost') this.#uncertain(request.clOrdId, 'new');
  }

  submitGroup(group: OrderGroupRequest): void {
    for (const each of [group.entry, ...group.children.map((child) => child.order)])
      if (each !== null) this.submit(each);
  }

  replace(request: ReplaceRequest): void {
    const { clOrdId } = request;
    this.log.push(`replace ${clOrdId}`);
    const { fate } = this;
    const order = this.orders.get(clOrdId);
    const isOpen = order !== undefined && !isTerminal(order.status);
    if (fate !== 'lost' && isOpen) {
      order.qty = request.qty ?? order.qty;
      order.limit = request.limitTicks ?? order.limit;
      order.stop = request.stopTicks ?? order.stop;
      order.updatedUs = this.#scheduler.nowUs();
    }
    if (fate === 'unanswered' || fate === 'lost') this.#uncertain(clOrdId, 'replace');
    if (fate !== 'answered') return;
    if (!isOpen) this.#report(clOrdId, 'ReplaceRejected');
    else
      this.#report(clOrdId, 'Replaced', {
        orderQty: order.qty as Qty,
        ...(order.limit === null ? {} : { limitTicks: order.limit }),
      });
  }

  cancel(request: CancelRequest): void {
    const { clOrdId } = request;
    this.log.push(`cancel ${clOrdId}`);
    const { fate } = this;
    const order = this.orders.get(clOrdId);
    const isOpen = order !== undefined && !isTerminal(order.status);
    if (fate !== 'lost' && isOpen) this.#end(order, 'Canceled');
    if (fate === 'answered') this.#report(clOrdId, isOpen ? 'Canceled' : 'CancelRejected');
    if (fate === 'unanswered' || fate === 'lost') this.#uncertain(clOrdId, 'cancel');
  }

  /** The market fills an order. */
  fill(clOrdId: ClOrdId, qty: number, price: number, isTold: boolean = true): void {
    const order = this.orders.get(clOrdId)!;
    order.cumQty += qty;
    order.counts += qty * price;
    order.status = order.cumQty >= order.qty ? 'Filled' : 'PartiallyFilled';
    order.updatedUs = this.#scheduler.nowUs();
    const { side } = order.request.spec;
    this.net += side * qty;
    const execution: VenueExecution = {
      execId: `E${this.executions.length + 1}`,
      orderId: order.orderId,
      clOrdId: null,
      contractIndex: order.request.contractIndex,
      side,
      qty: qty as Qty,
      priceTicks: price as PriceTicks,
      tsUs: this.#scheduler.nowUs(),
      feeMicros: 1000 as CashMicros,
      commissionMicros: 0 as CashMicros,
      isBusted: false,
    };
    this.executions.push(execution);
    if (isTold) this.tellFill(this.executions.length - 1);
  }

  tellFill(index: number): void {
    const { execId, orderId, qty, priceTicks, feeMicros, commissionMicros, tsUs } =
      this.executions[index]!;
    const order = [...this.orders.values()].find((each) => each.orderId === orderId)!;
    this.#report(order.request.clOrdId, 'Fill', {
      tsUs,
      fill: { execId, lastQty: qty, lastPriceTicks: priceTicks, feeMicros, commissionMicros },
    });
  }

  /** Somebody else ends an order. */
  expire(clOrdId: ClOrdId, isTold: boolean): void {
    this.#end(this.orders.get(clOrdId)!, 'Expired');
    if (isTold) this.#report(clOrdId, 'Expired');
  }

  snapshot(sinceUs: TsUs): Promise<VenueSnapshot> {
    this.log.push('snapshot');
    if (this.failures > 0) return this.#fail();
    const readUs = this.#scheduler.nowUs();
    const recent = (order: VenueOrder): boolean =>
      !isTerminal(order.status) || order.updatedUs >= sinceUs;
    const total = this.executions.reduce(
      (sum, each) => sum + each.side * each.qty * each.priceTicks,
      this.counts,
    );
    return Promise.resolve({
      sinceUs,
      readUs,
      account: {
        id: '1',
        name: 'TEST',
        balanceMicros: 0 as CashMicros,
        canTrade: true,
        isSimulated: null,
      },
      orders: [...[...this.orders.values()].map(viewOf).filter(recent), ...this.foreign],
      executions: this.executions.filter((each) => each.tsUs >= sinceUs),
      positions:
        this.net === 0
          ? []
          : [{ contractIndex: 0, netQty: this.net, avgPriceTicks: total / this.net }],
      unknown: [],
    });
  }

  findOrder(clOrdId: ClOrdId): Promise<VenueOrder | null> {
    this.log.push(`find ${clOrdId}`);
    if (this.failures > 0) return this.#fail();
    const order = this.orders.get(clOrdId);
    return Promise.resolve(order === undefined ? null : viewOf(order));
  }

  subscribeMarket(): void {}
  history(): Promise<never> {
    return Promise.reject(new Error('no history here'));
  }

  /** An order that was lost on its way arrives after all. */
  arrive(request: NewOrderRequest): void {
    this.#create(request);
    this.#report(request.clOrdId, 'Accepted');
  }

  #create(request: NewOrderRequest): void {
    const { spec } = request;
    this.#id += 1;
    this.orders.set(request.clOrdId, {
      request,
      orderId: `V${this.#id}`,
      status: 'New',
      qty: spec.qty,
      cumQty: 0,
      counts: 0,
      limit: 'limitTicks' in spec ? spec.limitTicks : null,
      stop: 'stopTicks' in spec ? (spec.stopTicks ?? null) : null,
      updatedUs: this.#scheduler.nowUs(),
      reason: '',
    });
  }

  #end(order: TrueOrder, status: OrdStatus): void {
    order.status = status;
    order.updatedUs = this.#scheduler.nowUs();
  }

  #fail(): Promise<never> {
    this.failures -= 1;
    return Promise.reject(new TradingError('E_VENUE_REQUEST', 'no answer', { details: {} }));
  }

  #uncertain(clOrdId: ClOrdId, request: 'new' | 'replace' | 'cancel'): void {
    const receivedUs = this.#scheduler.nowUs();
    this.send({ kind: 'uncertain', receivedUs, clOrdId, request, reason: 'timed out' });
  }

  #report(
    clOrdId: ClOrdId,
    kind: ExecutionReport['kind'],
    more: Partial<ExecutionReport> = {},
  ): void {
    const receivedUs = this.#scheduler.nowUs();
    const orderId = this.orders.get(clOrdId)?.orderId ?? null;
    const report = { kind, clOrdId, orderId, contractIndex: 0, tsUs: receivedUs, ...more };
    this.send({ kind: 'report', receivedUs, report });
  }
}

function viewOf(order: TrueOrder): VenueOrder {
  const { request, orderId, status, qty, cumQty, limit, stop, updatedUs, reason } = order;
  return {
    clOrdId: request.clOrdId,
    orderId,
    contractIndex: request.contractIndex,
    side: request.spec.side,
    type: request.spec.type,
    status,
    isHeld: false,
    orderQty: qty as Qty,
    cumQty: cumQty as Qty,
    avgPriceTicks: cumQty === 0 ? null : order.counts / cumQty,
    limitTicks: limit,
    stopTicks: stop,
    parentId: null,
    createdUs: request.sentUs,
    updatedUs,
    reason,
  };
}

export class LiveWorld {
  readonly scheduler: VirtualScheduler;
  readonly venue: PlainVenue;
  readonly bridge: VenueBridge;
  readonly engine: Engine;
  readonly world: World;
  readonly bars: PushBars = new PushBars();
  readonly findings: Finding[][] = [];
  /** Order events as the strategy hears them. */
  readonly told: string[] = [];
  ctx!: StrategyContext;
  #acts: ((ctx: StrategyContext) => void)[] = [];

  constructor(
    options: {
      readonly strategy?: Strategy;
      readonly venue?: PlainVenue;
      readonly scheduler?: VirtualScheduler;
      readonly overrides?: Partial<EngineConfig>;
    } = {},
  ) {
    this.scheduler = options.scheduler ?? new VirtualScheduler(at(0, 11));
    this.venue = options.venue ?? new PlainVenue(this.scheduler);
    const { strategy = {} } = options;
    this.world = makeWorld({
      front: [],
      days: 1,
      strategy: {
        ...strategy,
        onStart: (ctx) => {
          this.ctx = ctx;
          strategy.onStart?.(ctx);
        },
        onTimer: (name, ctx) => {
          if (name !== 'act') return strategy.onTimer?.(name, ctx);
          const acts = this.#acts;
          this.#acts = [];
          for (const act of acts) act(ctx);
        },
        onOrder: (event, ctx) => {
          const { order, kind, reason } = event;
          this.told.push([kind, order.clOrdId, reason].join(' ').trim());
          strategy.onOrder?.(event, ctx);
        },
      },
    });
    const journal = options.overrides?.journal ?? this.world.journal;
    this.bridge = new VenueBridge({
      venue: this.venue,
      contracts: this.world.config.table.contracts.length,
      scheduler: this.scheduler,
      flush: () => {
        journal.flush();
        this.venue.log.push(`flush ${this.world.journal.chunks.length}`);
      },
      onArrival: () => {},
      sinceUs: () => at(0, 0),
    });
    this.engine = new Engine({
      ...this.world.config,
      feeds: [{ ...this.world.config.feeds[0]!, source: this.bars, isLive: true }],
      startUs: at(0, 10),
      venue: this.bridge,
      idPrefix: 'ABCD',
      isDurable: true,
      live: { onFindings: (findings) => this.findings.push([...findings]) },
      ...options.overrides,
    });
  }

  /** The first bar is there, and the strategy may trade. */
  async start(): Promise<this> {
    await this.venue.open(this.bridge);
    this.engine.open();
    this.bridge.ask(null);
    await this.scheduler.pass(600_000);
    this.bars.pushColumns(columns(hourly(0, [100]), 3_600_000_000));
    this.engine.advance(this.scheduler.nowUs());
    return this;
  }

  /** The strategy does something now. */
  act(act: (ctx: StrategyContext) => void): void {
    this.#acts.push(act);
    this.ctx.setTimer('act', this.scheduler.nowUs());
    this.engine.advance(this.scheduler.nowUs());
  }

  /** Time passes, and the engine is advanced at its end. */
  async pass(us: number = 1000): Promise<void> {
    await this.scheduler.pass(us);
    this.engine.advance(this.scheduler.nowUs());
  }

  limit(price: number = 95, qty: number = 2): ClOrdId {
    let id: ClOrdId | null = null;
    this.act((ctx) => {
      id = ctx.submit({
        contract: ctx.contract('ES'),
        side: 1,
        qty,
        type: 'limit',
        limitTicks: price as PriceTicks,
        timeInForce: 'gtc',
      });
    });
    this.engine.advance(this.scheduler.nowUs());
    return id!;
  }

  /** `status certainty cumQty` of an order. */
  state(clOrdId: ClOrdId): string {
    const order = this.ctx.order(clOrdId)!;
    return `${order.status} ${order.certainty} ${order.cumQty}`;
  }

  get net(): number {
    return this.ctx.netQty('ES');
  }

  issues(): string[] {
    return this.world.recorder.issues.map((issue) => issue.code);
  }
}
