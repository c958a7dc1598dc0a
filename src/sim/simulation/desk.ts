/**
 * A client of the exchange: an order manager behind a connection that delays, repeats and loses messages, breaks and comes
 * back; a strategy that sends brackets, OCO pairs and single orders, changes them and changes its mind; and a journal from
 * which it rises after its process has died.
 */
import type { ExecutionReport } from '../../core/execution.ts';
import type { ClOrdId, GroupId, OrderRole, OrderSpec, OrderType, Side } from '../../core/order.ts';
import { toClOrdId } from '../../core/order.ts';
import type { PriceTicks, Qty, TsUs } from '../../core/units.ts';
import type { MarketGroupInput } from '../groups/group-input.ts';
import { bracketOf, ocoOf } from '../groups/group-input.ts';
import type { MarketOrderInput, MarketReplaceInput } from '../exchange/market-order.ts';
import type { Chance } from './chance.ts';
import type { Line } from './line.ts';
import type { OrderStore, StoredOrder } from './world-types.ts';
import { must } from './world-types.ts';

/** What travels to the exchange. */
export type Request = { readonly contractIndex: number } & (
  | { readonly kind: 'new'; readonly input: MarketOrderInput }
  | { readonly kind: 'group'; readonly input: MarketGroupInput }
  | { readonly kind: 'cancel'; readonly clOrdId: string }
  | { readonly kind: 'replace'; readonly clOrdId: string; readonly change: MarketReplaceInput }
);

/** What the strategy saw of the market, some time ago. */
export interface Look {
  readonly contractIndex: number;
  readonly lastTicks: number;
}

type NewOrder = Parameters<OrderStore['create']>[0];
type JournalEntry =
  | { readonly kind: 'new'; readonly input: NewOrder }
  | {
      readonly kind: 'cancel' | 'replace' | 'lost';
      readonly clOrdId: ClOrdId;
      readonly nowUs: TsUs;
    }
  | { readonly kind: 'report'; readonly report: ExecutionReport };

/** Entries after which the journal begins anew, when nothing works. */
const JOURNAL_LONG = 1500;
const OPEN_MAX = 14;

export class Desk {
  readonly participant: number;
  readonly hostIndex: number;
  up!: Line<Request>;
  down!: Line<ExecutionReport>;
  isDead: boolean = false;
  groups: number = 0;
  fills: number = 0;
  restarts: number = 0;
  readonly #chance: Chance;
  readonly #makeOrders: () => OrderStore;
  #store: OrderStore;
  #journal: JournalEntry[] = [];
  /** Contracts held, by contract: as the journal begins, and now. */
  #base: Map<number, number> = new Map();
  #net: Map<number, number> = new Map();
  #ids: number = 0;

  constructor(
    participant: number,
    hostIndex: number,
    chance: Chance,
    makeOrders: () => OrderStore,
  ) {
    this.participant = participant;
    this.hostIndex = hostIndex;
    this.#chance = chance;
    this.#makeOrders = makeOrders;
    this.#store = makeOrders();
  }

  get isOnline(): boolean {
    return !this.isDead && this.up.isUp;
  }
  get openCount(): number {
    return this.#store.openCount;
  }
  netOf(contractIndex: number): number {
    return this.#net.get(contractIndex) ?? 0;
  }
  get(clOrdId: string): StoredOrder | null {
    return this.#store.get(clOrdId as ClOrdId);
  }
  open(): Iterable<StoredOrder> {
    return this.#store.open();
  }

  // ------------------------------------------------------------------------------------------ what it receives

  /** A report arrived, in order and once. */
  receive(report: ExecutionReport): void {
    this.#journal.push({ kind: 'report', report });
    this.#apply(report);
    if (this.#journal.length > JOURNAL_LONG && this.#store.openCount === 0) {
      this.#journal = [];
      this.#base = new Map(this.#net);
    }
  }

  #apply(report: ExecutionReport): void {
    const applied = this.#store.applyReport(report);
    if (applied === null || report.fill === undefined) return;
    const { order } = applied;
    this.fills += 1;
    const net = this.netOf(order.contractIndex) + order.side * report.fill.lastQty;
    this.#net.set(order.contractIndex, net);
  }

  // ----------------------------------------------------------------------------------- when something goes wrong

  /** The connection is gone: what works is not known any more. */
  lose(nowUs: number): void {
    this.up.cut();
    this.down.cut();
    if (this.isDead) return;
    for (const order of this.#store.open()) {
      this.#journal.push({ kind: 'lost', clOrdId: order.clOrdId, nowUs: nowUs as TsUs });
      this.#store.applyLost(order, nowUs as TsUs);
    }
  }

  /** Connected again: the exchange says what it received last, and sends what was not heard. Returns requests that are lost. */
  reconnect(nowUs: number): number {
    const gone = this.up.mendAndForget();
    for (const request of gone)
      for (const report of refusalsOf(request, 'never-arrived', nowUs)) this.receive(report);
    this.down.mendAndResend();
    return gone.length;
  }

  /** The process dies; nothing but its journal is left. */
  die(nowUs: number): void {
    this.lose(nowUs);
    this.isDead = true;
  }

  /** A new process reads the journal: its orders and its position are those of the old one. */
  rise(): void {
    const before = this.#state();
    this.#store = this.#makeOrders();
    this.#net = new Map(this.#base);
    const fills = this.fills;
    for (const entry of this.#journal) this.#redo(entry);
    this.fills = fills;
    must(this.#state() === before, 'a client rises from its journal as it was', () => ({
      participant: this.participant,
      before,
      after: this.#state(),
    }));
    this.isDead = false;
    this.restarts += 1;
  }

  #redo(entry: JournalEntry): void {
    if (entry.kind === 'new') {
      this.#store.create(entry.input);
      return;
    }
    if (entry.kind === 'report') {
      this.#apply(entry.report);
      return;
    }
    const order = this.#store.get(entry.clOrdId);
    if (order === null) return;
    if (entry.kind === 'cancel') this.#store.applyCancelRequest(order, entry.nowUs);
    else if (entry.kind === 'replace') this.#store.applyReplaceRequest(order, entry.nowUs);
    else this.#store.applyLost(order, entry.nowUs);
  }

  #state(): string {
    const orders = [...this.#store.open()].map((order) => [
      order.clOrdId,
      order.status,
      order.working,
      order.certainty,
      order.orderQty,
      order.cumQty,
      order.leavesQty,
      order.limitTicks,
      order.stopTicks,
      order.updatedUs,
    ]);
    return JSON.stringify([orders, [...this.#net]]);
  }

  // --------------------------------------------------------------------------------------------- what it does

  /** The strategy looks at the market and acts, or not. */
  turn(look: Look, nowUs: number): void {
    const chance = this.#chance;
    const net = this.netOf(look.contractIndex);
    const open = [...this.#store.open()];
    if (open.length > OPEN_MAX) {
      for (const order of open) this.#cancel(order, nowUs);
      return;
    }
    if (open.length === 0) {
      if (net !== 0 && chance.oneIn(2)) this.#protect(look, net, nowUs);
      else if (net !== 0) this.#flatten(look, net, nowUs);
      else this.#enter(look, nowUs);
      return;
    }
    const kind = chance.int(0, 9);
    if (kind < 3) return;
    const order = chance.pick(open);
    if (kind < 5) this.#cancel(order, nowUs);
    else if (kind < 7) this.#change(order, nowUs);
    else if (kind === 7 && net !== 0) this.#flatten(look, net, nowUs);
    else if (kind === 8) {
      // A change and a cancel at once: which one is in time is decided where they arrive.
      this.#change(order, nowUs);
      this.#cancel(order, nowUs);
    } else if (open.length < 6) this.#single(look, nowUs);
  }

  #enter(look: Look, nowUs: number): void {
    const chance = this.#chance;
    const kind = chance.int(0, 9);
    if (kind < 6) this.#bracket(look, nowUs);
    else if (kind < 8) this.#straddle(look, nowUs);
    else this.#single(look, nowUs);
  }

  #bracket(look: Look, nowUs: number): void {
    const chance = this.#chance;
    const side: Side = chance.oneIn(2) ? 1 : -1;
    const type = chance.pick<OrderType>(['market', 'limit', 'limit', 'stop', 'stop-limit']);
    const at = look.lastTicks;
    const stopTicks = at + side * chance.int(0, 5);
    const qty = chance.int(1, 12);
    const reference =
      type === 'market' ? at : type === 'limit' ? at - side * chance.int(0, 4) : stopTicks;
    const entry = this.#input({
      side,
      type,
      qty,
      timeInForce: chance.oneIn(2) ? 'day' : 'gtc',
      ...(type === 'limit' ? { limitTicks: reference } : {}),
      ...(type === 'stop' || type === 'stop-limit' ? { stopTicks } : {}),
      ...(type === 'stop-limit' ? { limitTicks: stopTicks + side * chance.int(0, 3) } : {}),
    });
    const isOffset = chance.oneIn(2);
    const level = (ticks: number): object => (isOffset ? { offsetTicks: ticks } : {});
    const stopAway = chance.int(3, 10);
    const count = Math.min(qty, chance.int(1, 3));
    const targets = Array.from({ length: count }, () => {
      const away = chance.int(4, 14);
      return { clOrdId: this.#nextId(), limitTicks: reference + side * away, ...level(away) };
    });
    const isTrail = chance.oneIn(6);
    const stop = {
      clOrdId: this.#nextId(),
      ...(isTrail
        ? { type: 'trailing-stop' as const, trail: { offsetTicks: stopAway } }
        : { stopTicks: reference - side * stopAway, ...level(stopAway) }),
    };
    const group = bracketOf({
      groupId: `g-${entry.clOrdId}`,
      entry,
      stop,
      targets,
      ...(chance.oneIn(5) ? { release: 'full' as const } : {}),
      ...(chance.oneIn(5) ? { peers: 'oco' as const } : {}),
      ...(chance.oneIn(6) ? { onChildFill: 'cancel-parent' as const } : {}),
      ...(chance.oneIn(8) ? { messageUs: chance.int(1000, 400_000) } : {}),
    });
    this.#group(look, group, nowUs);
  }

  #straddle(look: Look, nowUs: number): void {
    const chance = this.#chance;
    const qty = chance.int(1, 8);
    const legs = ([1, -1] as const).map((side) => {
      const stopTicks = look.lastTicks + side * chance.int(1, 5);
      return this.#input({ side, type: 'stop', qty, stopTicks, timeInForce: 'gtc' });
    });
    const group = ocoOf(`g-${legs[0]!.clOrdId}`, legs, {
      ...(chance.oneIn(4) ? { peers: 'ouo' as const } : {}),
      ...(chance.oneIn(8) ? { messageUs: chance.int(1000, 400_000) } : {}),
    });
    this.#group(look, group, nowUs);
  }

  /** A target and a stop for a position that is there. */
  #protect(look: Look, net: number, nowUs: number): void {
    const chance = this.#chance;
    const side: Side = net > 0 ? -1 : 1;
    const qty = Math.abs(net);
    const at = look.lastTicks;
    const common = { side, qty, timeInForce: 'gtc', reduceOnly: true } as const;
    const target = this.#input({
      ...common,
      type: 'limit',
      limitTicks: at - side * chance.int(1, 8),
    });
    const stop = this.#input({ ...common, type: 'stop', stopTicks: at + side * chance.int(2, 8) });
    const group = ocoOf(
      `g-${target.clOrdId}`,
      [
        { ...target, role: 'target' },
        { ...stop, role: 'stop' },
      ],
      { peers: chance.oneIn(2) ? 'ouo' : 'oco' },
    );
    this.#group(look, group, nowUs);
  }

  #flatten(look: Look, net: number, nowUs: number): void {
    const side: Side = net > 0 ? -1 : 1;
    this.#new(
      look,
      this.#input({ side, type: 'market', qty: Math.abs(net), reduceOnly: true }),
      nowUs,
    );
  }

  #single(look: Look, nowUs: number): void {
    const chance = this.#chance;
    const side: Side = chance.oneIn(2) ? 1 : -1;
    const at = look.lastTicks;
    const type = chance.pick<OrderType>(['limit', 'limit', 'stop', 'market', 'market-if-touched']);
    const input = this.#input({
      side,
      type,
      qty: chance.int(1, 6),
      timeInForce: type === 'limit' ? chance.pick(['day', 'gtc', 'ioc', 'fok']) : 'day',
      ...(type === 'limit' ? { limitTicks: at + side * chance.int(-6, 3) } : {}),
      ...(type === 'stop' ? { stopTicks: at + side * chance.int(0, 6) } : {}),
      ...(type === 'market-if-touched' ? { stopTicks: at - side * chance.int(0, 6) } : {}),
    });
    this.#new(look, input, nowUs);
  }

  #change(order: StoredOrder, nowUs: number): void {
    const chance = this.#chance;
    const change: { limitTicks?: number; stopTicks?: number; qty?: number } = {};
    if (order.limitTicks !== null && order.type === 'limit')
      change.limitTicks = order.limitTicks + chance.int(-3, 3);
    else if (order.stopTicks !== null) change.stopTicks = order.stopTicks + chance.int(-3, 3);
    if (order.role === 'entry' || order.role === 'single' || chance.oneIn(6))
      change.qty = order.cumQty + chance.int(1, 10);
    if (!this.#store.applyReplaceRequest(order, nowUs as TsUs)) return;
    const { clOrdId, contractIndex } = order;
    this.#journal.push({ kind: 'replace', clOrdId, nowUs: nowUs as TsUs });
    this.up.send({ kind: 'replace', contractIndex, clOrdId, change });
  }

  #cancel(order: StoredOrder, nowUs: number): void {
    if (!this.#store.applyCancelRequest(order, nowUs as TsUs)) return;
    const { clOrdId, contractIndex } = order;
    this.#journal.push({ kind: 'cancel', clOrdId, nowUs: nowUs as TsUs });
    this.up.send({ kind: 'cancel', contractIndex, clOrdId });
  }

  #new(look: Look, input: MarketOrderInput, nowUs: number): void {
    this.#create(look, input, 'single', null, false, nowUs);
    this.up.send({ kind: 'new', contractIndex: look.contractIndex, input });
  }

  #group(look: Look, input: MarketGroupInput, nowUs: number): void {
    this.groups += 1;
    for (const { order, role, after = -1 } of input.legs)
      this.#create(look, order, role, input.groupId, after >= 0, nowUs);
    this.up.send({ kind: 'group', contractIndex: look.contractIndex, input });
  }

  #create(
    look: Look,
    input: MarketOrderInput,
    role: OrderRole,
    groupId: GroupId | null,
    isHeld: boolean,
    nowUs: number,
  ): void {
    const { participant: _p, clOrdId, ...order } = input;
    const spec = { ...order, contract: `C${look.contractIndex}` } as unknown as OrderSpec;
    const entry: NewOrder = {
      clOrdId: clOrdId as ClOrdId,
      contractIndex: look.contractIndex,
      spec,
      role,
      groupId,
      nowUs: nowUs as TsUs,
      isHeld,
      isRoll: false,
    };
    // Written down before it is sent.
    this.#journal.push({ kind: 'new', input: entry });
    this.#store.create(entry);
  }

  #nextId(): string {
    this.#ids += 1;
    return toClOrdId(`d${this.participant}`, this.#ids);
  }

  #input(order: Omit<MarketOrderInput, 'participant' | 'clOrdId'>): MarketOrderInput {
    return { participant: this.participant, clOrdId: this.#nextId(), ...order };
  }
}

/** What answers a request that nobody will act on, an order of it at a time. */
export function refusalsOf(request: Request, reason: string, nowUs: number): ExecutionReport[] {
  const refusal = (kind: ExecutionReport['kind'], clOrdId: string): ExecutionReport => ({
    kind,
    clOrdId: clOrdId as ClOrdId,
    orderId: null,
    contractIndex: request.contractIndex,
    tsUs: nowUs as TsUs,
    reason,
  });
  if (request.kind === 'cancel') return [refusal('CancelRejected', request.clOrdId)];
  if (request.kind === 'replace') return [refusal('ReplaceRejected', request.clOrdId)];
  if (request.kind === 'new') return [refusal('Rejected', request.input.clOrdId)];
  return request.input.legs.map(({ order }) => refusal('Rejected', order.clOrdId));
}

/** A report of the exchange as the client's order manager knows them. */
export function asQty(value: number): Qty {
  return value as Qty;
}
export function asTicks(value: number): PriceTicks {
  return value as PriceTicks;
}
