/** What a strategy can see and do. A thin face: it validates, then asks the desk; nothing here changes state by itself. */
import type { AccountView } from '../core/account.ts';
import { TradingError } from '../core/errors.ts';
import type { NewOrderRequest, OrderGroupRequest } from '../core/execution.ts';
import type { ContractId, ContractSpec, Instrument } from '../core/instrument.ts';
import { notionalOf } from '../core/instrument.ts';
import type { ClOrdId, ExitLevel, GroupId, OrderSpec, OrderView, Side } from '../core/order.ts';
import { isTerminal, oppositeSide } from '../core/order.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { PositionView } from '../core/position.ts';
import type { Session } from '../core/session.ts';
import type {
  BracketInput,
  GroupHandle,
  ModifyInput,
  OrderInput,
  ProtectInput,
  SeriesView,
  Sizing,
  StopInput,
  StrategyContext,
  TargetInput,
} from '../core/strategy.ts';
import type { CashMicros, NetQty, PriceTicks, Qty, TradeDate, TsUs } from '../core/units.ts';
import { toTsUs } from '../core/units.ts';
import type { EngineConfig } from './config.ts';
import type { EventClock } from './clock.ts';
import type { DraftOrder, OrderDesk } from './order-desk.ts';
import type { Order, OrderManager } from './order-manager.ts';
import {
  checkBracketLevels,
  checkPrice,
  checkQty,
  contractIndexOf,
  entryReference,
  levelTicks,
  toOrderSpec,
  tradableIndex,
} from './order-validation.ts';
import type { Portfolio } from './portfolio.ts';
import type { SessionTrack } from './session-track.ts';

/** Trading days by which a daily standard deviation becomes an annual one. */
const DAYS_PER_YEAR = 252;

export interface ContextParts {
  readonly config: EngineConfig;
  readonly instruments: readonly Instrument[];
  readonly clock: EventClock;
  readonly portfolio: Portfolio;
  readonly orders: OrderManager;
  readonly desk: OrderDesk;
  readonly tracks: readonly SessionTrack[];
  readonly series: ReadonlyMap<string, SeriesView>;
  /** Row of the contract to trade now, by row of instrument; -1 without a chain. */
  readonly currentContract: Int32Array;
  /** False during onStart and the warm-up of the instrument. */
  readonly mayTrade: (instrumentIndex: number) => boolean;
  readonly dayStartEquity: () => CashMicros;
  readonly accountState: () => Pick<AccountView, 'reservedMicros' | 'marginCall'>;
  readonly setTimer: (name: string, atUs: TsUs) => void;
  readonly cancelTimer: (name: string) => void;
}

const FLAT: PositionView = {
  netQty: 0 as NetQty,
  avgPriceTicks: 0,
  realisedMicros: 0 as CashMicros,
  unrealisedMicros: 0 as CashMicros,
  markTicks: 0,
};

export class EngineContext implements StrategyContext {
  readonly #parts: ContextParts;
  readonly mode: 'backtest' | 'paper' | 'live';
  readonly size: Sizing;

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.mode = parts.config.mode;
    this.size = {
      fixed: (qty) => Math.max(0, Math.floor(qty)),
      riskPerStop: (input) => this.#riskPerStop(input),
      volatilityTarget: (input) => this.#volatilityTarget(input),
    };
  }

  get nowUs(): TsUs {
    return this.#parts.clock.nowUs();
  }

  get account(): AccountView {
    const { portfolio, config } = this.#parts;
    const equity = portfolio.equityMicros();
    const dateOf = (c: number): TradeDate => this.#tradeDateOf(c);
    const initial = portfolio.marginMicros('initial', dateOf);
    const { reservedMicros, marginCall } = this.#parts.accountState();
    return {
      baseCurrency: config.rates.base,
      equityMicros: equity,
      cashMicros: portfolio.cashMicros(),
      initialMarginMicros: initial,
      maintenanceMarginMicros: portfolio.marginMicros('maintenance', dateOf),
      reservedMicros,
      marginCall,
      availableMicros: (equity - initial) as CashMicros,
      dayPnlMicros: (equity - this.#parts.dayStartEquity()) as CashMicros,
    };
  }

  series(key: string): SeriesView {
    const found = this.#parts.series.get(key);
    if (found !== undefined) return found;
    const known = [...this.#parts.series.keys()];
    throw new TradingError('E_SERIES_UNKNOWN', `there is no series \`${key}\``, {
      details: { key, known },
      rule: `declared series: ${known.join(', ') || 'none'}`,
      fix: 'declare it in `requires`',
    });
  }

  instrument(root: string): Instrument {
    return this.#parts.instruments[this.#rowOf(root)]!;
  }

  calendar(root: string): TradingCalendar {
    return this.#parts.config.calendars[this.#rowOf(root)]!;
  }

  session(root: string): Session | null {
    const track = this.#parts.tracks[this.#rowOf(root)]!;
    return track.isOpen ? track.session() : null;
  }

  contract(root: string): ContractId {
    const index = this.#parts.currentContract[this.#rowOf(root)]!;
    if (index >= 0) return this.#parts.config.table.contractAt(index).id;
    throw new TradingError(
      'E_CONTRACT_NOT_IN_RUN',
      `${root} has no chain of contracts in this run`,
      {
        details: { root },
        fix: `declare a series of ${root} in \`requires\``,
      },
    );
  }

  contractSpec(contract: ContractId): ContractSpec {
    const { table } = this.#parts.config;
    return table.contractAt(contractIndexOf(table, contract));
  }

  pointValue(contract: ContractId): number {
    const { table } = this.#parts.config;
    const index = contractIndexOf(table, contract);
    const spec = table.instrumentOf(index);
    return notionalOf(1 / spec.grid.increment, 1, spec) * this.#parts.portfolio.rateOf(index);
  }

  position(contract: ContractId): PositionView {
    const index = contractIndexOf(this.#parts.config.table, contract);
    const position = this.#parts.portfolio.positionOf(index);
    if (position === null) return FLAT;
    return {
      netQty: position.netQty as NetQty,
      avgPriceTicks: position.avgPriceTicks(),
      realisedMicros: position.realisedMicros as CashMicros,
      unrealisedMicros: position.unrealisedMicros(),
      markTicks: position.markTicks,
    };
  }

  netQty(root: string): number {
    return this.#parts.portfolio.netQtyOfInstrument(this.#rowOf(root));
  }

  openOrders(
    filter: {
      readonly contract?: ContractId;
      readonly root?: string;
      readonly groupId?: GroupId;
    } = {},
  ): readonly OrderView[] {
    if (this.#parts.orders.openCount === 0) return [];
    const row = filter.root === undefined ? -1 : this.#rowOf(filter.root);
    const { instrumentIndex } = this.#parts.config.table;
    const views: OrderView[] = [];
    for (const order of this.#parts.orders.open()) {
      if (filter.contract !== undefined && order.contract !== filter.contract) continue;
      if (filter.groupId !== undefined && order.groupId !== filter.groupId) continue;
      if (row >= 0 && instrumentIndex[order.contractIndex] !== row) continue;
      views.push(order.snapshot());
    }
    return views;
  }

  order(clOrdId: ClOrdId): OrderView | null {
    return this.#parts.orders.get(clOrdId)?.snapshot() ?? null;
  }

  submit(input: OrderInput): ClOrdId {
    return this.#parts.desk.submit(this.#draft(input, 'single'));
  }

  bracket(input: BracketInput): GroupHandle {
    const {
      stop,
      targets = [],
      peers = 'ouo',
      release = 'partial',
      exitTimeInForce = 'gtc',
      ...order
    } = input;
    const entry = this.#draft(order, 'entry');
    this.#needGroup(targets.length > 1 ? ['bracket', 'multi-target'] : ['bracket']);
    const last = this.#parts.portfolio.lastTicks[entry.contractIndex]!;
    const reference = entryReference(input, last);
    checkBracketLevels({
      side: input.side,
      entryTicks: reference,
      stop: stop.at,
      targets: targets.map((target) => target.at),
    });
    const exits = this.#exits({
      contract: input.contract,
      side: oppositeSide(input.side),
      qty: input.qty,
      referenceTicks: Number.isNaN(reference) ? 0 : reference,
      stop,
      targets,
      timeInForce: exitTimeInForce,
      isHeld: true,
    });
    return this.#sendGroup(entry, exits, peers, release);
  }

  oco(inputs: readonly OrderInput[]): GroupHandle {
    if (inputs.length < 2) {
      throw new TradingError('E_ORDER_GROUP', `an OCO of ${inputs.length} orders`, {
        details: { count: inputs.length },
        rule: 'an OCO has two orders or more',
        fix: 'use ctx.submit for a single order',
      });
    }
    this.#needGroup(['oco']);
    const exits = inputs.map((input) => ({ draft: this.#draft(input, 'peer') }));
    return this.#sendGroup(null, exits, 'oco', 'partial');
  }

  protect(input: ProtectInput): GroupHandle {
    const { table } = this.#parts.config;
    const index = tradableIndex(table, input.contract, this.nowUs);
    const position = this.#parts.portfolio.positionOf(index);
    const net = position?.netQty ?? 0;
    const targets = input.targets ?? [];
    if (net === 0 || (input.stop === undefined && targets.length === 0)) {
      const why = net === 0 ? `there is no position in ${input.contract}` : 'no stop and no target';
      throw new TradingError('E_ORDER_GROUP', `protect: ${why}`, {
        details: { contract: input.contract, netQty: net },
        rule: 'exits need an open position and at least one level',
        fix: 'check ctx.position(contract).netQty first',
      });
    }
    if (targets.length + Number(input.stop !== undefined) > 1) this.#needGroup(['ouo']);
    const entryTicks = position!.avgPriceTicks();
    const side: Side = net > 0 ? 1 : -1;
    const exits = this.#exits({
      contract: input.contract,
      side: oppositeSide(side),
      qty: input.qty ?? Math.abs(net),
      referenceTicks: entryTicks,
      stop: input.stop ?? null,
      targets,
      timeInForce: input.exitTimeInForce ?? 'gtc',
      isHeld: false,
    });
    return this.#sendGroup(null, exits, 'ouo', 'partial');
  }

  modify(clOrdId: ClOrdId, changes: ModifyInput): void {
    const order = this.#orderOf(clOrdId);
    if (order === null) return;
    if (!this.#parts.config.venue.capabilities.features.replace) {
      const { venue } = this.#parts.config.venue.capabilities;
      throw new TradingError(
        'E_ORDER_UNSUPPORTED',
        `${venue} does not support feature \`replace\``,
        {
          details: { venue, clOrdId },
          fix: 'cancel the order and submit another',
        },
      );
    }
    const { table } = this.#parts.config;
    const spec = table.instrumentOf(order.contractIndex);
    const tradeDate = this.#tradeDateOf(order.contractIndex);
    if (changes.qty !== undefined) checkQty(changes.qty, 'qty');
    if (changes.limitTicks !== undefined)
      checkPrice(changes.limitTicks, 'limitTicks', spec, tradeDate);
    if (changes.stopTicks !== undefined)
      checkPrice(changes.stopTicks, 'stopTicks', spec, tradeDate);
    if (!isTerminal(order.status)) this.#parts.desk.replace(order, changes);
  }

  cancel(clOrdId: ClOrdId): void {
    const order = this.#orderOf(clOrdId);
    if (order !== null && !isTerminal(order.status)) this.#parts.desk.cancel(order);
  }

  cancelAll(contract?: ContractId): void {
    const { table } = this.#parts.config;
    if (contract !== undefined) contractIndexOf(table, contract);
    for (const order of this.#parts.orders.open())
      if (contract === undefined || order.contract === contract) this.#parts.desk.cancel(order);
  }

  flatten(
    target: { readonly contract: ContractId } | { readonly root: string },
    tag: string = 'flatten',
  ): void {
    const { table } = this.#parts.config;
    const { portfolio } = this.#parts;
    const indexes =
      'contract' in target
        ? [contractIndexOf(table, target.contract)]
        : table.contracts
            .map((_, index) => index)
            .filter((c) => table.contractAt(c).root === target.root);
    if ('root' in target) this.#rowOf(target.root);
    for (const c of indexes) {
      const { id } = table.contractAt(c);
      this.cancelAll(id);
      const net = portfolio.netQty[c]!;
      if (net === 0) continue;
      const { reduceOnly } = this.#parts.config.venue.capabilities.features;
      this.submit({
        contract: id,
        side: net > 0 ? -1 : 1,
        qty: Math.abs(net),
        type: 'market',
        tag,
        ...(reduceOnly ? { reduceOnly: true } : {}),
      });
    }
  }

  targetPosition(
    contract: ContractId,
    netQty: number,
    options: { readonly tag?: string } = {},
  ): ClOrdId | null {
    if (!Number.isSafeInteger(netQty)) checkQty(netQty, 'netQty');
    const index = tradableIndex(this.#parts.config.table, contract, this.nowUs);
    let expected = this.#parts.portfolio.netQty[index]!;
    const { orders } = this.#parts;
    if (orders.openCount > 0)
      for (const order of orders.open())
        if (order.contractIndex === index && order.type === 'market' && order.working !== 'held')
          expected += order.side * order.leavesQty;
    const change = netQty - expected;
    if (change === 0) return null;
    return this.submit({
      contract,
      side: change > 0 ? 1 : -1,
      qty: Math.abs(change),
      type: 'market',
      ...(options.tag === undefined ? {} : { tag: options.tag }),
    });
  }

  setTimer(name: string, atUs: TsUs): void {
    if (!Number.isSafeInteger(atUs)) {
      throw new TradingError('E_TIMER', `timer \`${name}\` at ${atUs}`, {
        details: { name, atUs },
        rule: 'the time of a timer is a whole number of microseconds',
      });
    }
    this.#parts.setTimer(name, toTsUs(atUs));
  }

  cancelTimer(name: string): void {
    this.#parts.cancelTimer(name);
  }

  note(
    name: string,
    fields: Readonly<Record<string, string | number | boolean | null>> = {},
  ): void {
    this.#parts.config.journal.append('note', this.nowUs, { name, fields });
    this.#parts.config.recorder.onNote(name, this.nowUs, fields);
  }

  plot(name: string, value: number, options: { readonly root?: string } = {}): void {
    const root = options.root ?? null;
    if (root !== null) this.#rowOf(root);
    this.#parts.config.recorder.onPlot(name, root, this.nowUs, value);
  }

  #rowOf(root: string): number {
    const { instruments } = this.#parts.config.table;
    for (let row = 0; row < instruments.length; row += 1)
      if (instruments[row]!.root === root) return row;
    const known = instruments.map((spec) => spec.root);
    throw new TradingError('E_CONTRACT_NOT_IN_RUN', `product ${root} is not part of this run`, {
      details: { root, known },
      rule: `products of this run: ${known.join(', ')}`,
      fix: 'add the product to `requires`',
    });
  }

  #tradeDateOf(contractIndex: number): TradeDate {
    const row = this.#parts.config.table.instrumentIndex[contractIndex]!;
    return this.#parts.tracks[row]!.tradeDate;
  }

  /** Null for an order that ended so long ago that only its id is known. */
  #orderOf(clOrdId: ClOrdId): Order | null {
    const order = this.#parts.orders.get(clOrdId);
    if (order !== null || this.#parts.desk.hasEnded(clOrdId)) return order;
    throw new TradingError('E_ORDER_UNKNOWN', `there is no order ${clOrdId}`, {
      details: { clOrdId },
      fix: 'use the id that submit, bracket, oco or protect returned',
    });
  }

  #draft(input: OrderInput, role: DraftOrder['role'], isHeld: boolean = false): DraftOrder {
    const { table, venue } = this.#parts.config;
    const contractIndex = tradableIndex(table, input.contract, this.nowUs);
    this.#refuseWarmUp(contractIndex);
    // Exits of a group say that they are exits; a venue without reduce-only holds them as the plain orders that it has.
    const { capabilities } = venue;
    const isExit = role === 'stop' || role === 'target';
    const caps = isExit
      ? { ...capabilities, features: { ...capabilities.features, reduceOnly: true } }
      : capabilities;
    const spec = toOrderSpec(input, {
      caps,
      spec: table.instrumentOf(contractIndex),
      tradeDate: this.#tradeDateOf(contractIndex),
    });
    return { contractIndex, spec, role, isHeld };
  }

  #refuseWarmUp(contractIndex: number): void {
    if (this.#parts.mayTrade(this.#parts.config.table.instrumentIndex[contractIndex]!)) return;
    throw new TradingError('E_ORDER_WARM_UP', 'an order was sent during the warm-up', {
      details: { nowUs: this.nowUs, from: this.#parts.config.from },
      rule: 'orders begin with the first trade date of the run',
      fix: 'send orders from onBar, not from onStart or onWarmUpBar',
    });
  }

  #needGroup(kinds: readonly ('bracket' | 'oco' | 'ouo' | 'multi-target')[]): void {
    const { venue, features } = this.#parts.config.venue.capabilities;
    for (const kind of kinds) {
      if (features.groups.includes(kind)) continue;
      throw new TradingError('E_ORDER_UNSUPPORTED', `${venue} does not support group \`${kind}\``, {
        details: { venue, kind, supported: features.groups },
        rule: `supported groups: ${features.groups.join(', ') || 'none'}`,
        fix: 'send single orders and cancel them yourself',
      });
    }
  }

  /** Stop and targets as drafts; levels that depend on the entry's fill travel beside a placeholder. */
  #exits(input: {
    readonly contract: ContractId;
    readonly side: Side;
    readonly qty: number;
    readonly referenceTicks: number;
    readonly stop: StopInput | null;
    readonly targets: readonly TargetInput[];
    readonly timeInForce: 'day' | 'gtc';
    readonly isHeld: boolean;
  }): ExitDraft[] {
    const qty = checkQty(input.qty, 'qty');
    const { contract, side, timeInForce, isHeld } = input;
    const exits: ExitDraft[] = [];
    const add = (order: OrderInput, role: 'stop' | 'target', at: ExitLevel): void => {
      const draft = this.#draft(order, role, isHeld);
      exits.push(isHeld && 'offsetTicks' in at ? { draft, level: at } : { draft });
    };
    if (input.stop !== null) {
      const { at, limitOffsetTicks, trail, tag = 'stop' } = input.stop;
      // An exit of a long sells: its stop lies below, in the direction of its own side.
      const ticks = Math.round(levelTicks(at, input.referenceTicks, side)) as PriceTicks;
      const isPlain = limitOffsetTicks === undefined && trail === undefined;
      const common = { contract, side, timeInForce, reduceOnly: true, qty, tag };
      const order = isPlain
        ? { ...common, type: 'stop', stopTicks: ticks }
        : { ...common, ...stopFields(ticks, side, limitOffsetTicks, trail) };
      add(order as OrderInput, 'stop', at);
    }
    const shares = splitTargets(qty, input.targets);
    for (let i = 0; i < shares.length; i += 1) {
      if (shares[i] === 0) continue;
      const { at, tag = 'target' } = input.targets[i]!;
      const limitTicks = Math.round(levelTicks(at, input.referenceTicks, -side)) as PriceTicks;
      const common = { contract, side, timeInForce, reduceOnly: true } as const;
      add({ ...common, type: 'limit', qty: shares[i]!, limitTicks, tag }, 'target', at);
    }
    return exits;
  }

  #sendGroup(
    entry: DraftOrder | null,
    exits: readonly ExitDraft[],
    peers: OrderGroupRequest['peers'],
    release: OrderGroupRequest['release'],
  ): GroupHandle {
    const { desk } = this.#parts;
    const groupId = desk.nextGroupId();
    const drafts = [...(entry === null ? [] : [entry]), ...exits.map((exit) => exit.draft)];
    const ids = desk.submitGroup(drafts, groupId, (requests) =>
      toGroupRequest({ groupId, requests, exits, hasEntry: entry !== null, peers, release }),
    );
    const children = entry === null ? ids : ids.slice(1);
    const stop = exits.findIndex((exit) => exit.draft.role === 'stop');
    return {
      groupId,
      entry: entry === null ? null : ids[0]!,
      stop: stop < 0 ? null : children[stop]!,
      targets: children.filter((_, index) => exits[index]!.draft.role === 'target'),
      orders: ids,
    };
  }

  #riskPerStop(input: Parameters<Sizing['riskPerStop']>[0]): number {
    const { table } = this.#parts.config;
    const index = contractIndexOf(table, input.contract);
    const { num, den } = table.instrumentOf(index).countValue;
    const perContract = (Math.abs(input.entryTicks - input.stopTicks) * num) / den;
    const risk = this.#parts.portfolio.equityMicros() * input.riskFraction;
    return clampQty(risk / (perContract * this.#parts.portfolio.rateOf(index)), input.max);
  }

  #volatilityTarget(input: Parameters<Sizing['volatilityTarget']>[0]): number {
    const { table } = this.#parts.config;
    const index = contractIndexOf(table, input.contract);
    const spec = table.instrumentOf(index);
    const daily = notionalOf(input.dailyPriceStdev / spec.grid.increment, 1, spec) * 1_000_000;
    const annual = daily * Math.sqrt(DAYS_PER_YEAR) * this.#parts.portfolio.rateOf(index);
    const budget = this.#parts.portfolio.equityMicros() * input.annualVol;
    return clampQty(budget / annual, input.max);
  }
}

export interface ExitDraft {
  readonly draft: DraftOrder;
  readonly level?: ExitLevel;
}

/** Shapes: `requests` are the entry, when there is one, then one for each exit in order. */
export function toGroupRequest(input: {
  readonly groupId: GroupId;
  readonly requests: readonly NewOrderRequest[];
  readonly exits: readonly ExitDraft[];
  readonly hasEntry: boolean;
  readonly peers: OrderGroupRequest['peers'];
  readonly release: OrderGroupRequest['release'];
}): OrderGroupRequest {
  const { requests, hasEntry, exits } = input;
  const children = hasEntry ? requests.slice(1) : requests;
  return {
    groupId: input.groupId,
    entry: hasEntry ? requests[0]! : null,
    children: children.map((order, index) => {
      const { level } = exits[index]!;
      const groupQty = order.spec.qty as Qty;
      return level === undefined ? { order, groupQty } : { order, level, groupQty };
    }),
    peers: input.peers,
    release: input.release,
    sentUs: requests[0]!.sentUs,
  };
}

function stopFields(
  stopTicks: PriceTicks,
  side: Side,
  limitOffsetTicks: number | undefined,
  trail: StopInput['trail'],
): Partial<OrderSpec> {
  if (trail !== undefined) {
    return limitOffsetTicks === undefined
      ? { type: 'trailing-stop', trail, stopTicks }
      : { type: 'trailing-stop-limit', trail, stopTicks, limitOffsetTicks };
  }
  if (limitOffsetTicks === undefined) return { type: 'stop', stopTicks };
  const limitTicks = (stopTicks + side * limitOffsetTicks) as PriceTicks;
  return { type: 'stop-limit', stopTicks, limitTicks };
}

/** Quantity of each target: as given, or the rest split evenly with the odd contracts first. Errors: E_QTY. */
export function splitTargets(qty: number, targets: readonly TargetInput[]): number[] {
  const given = targets.reduce((sum, target) => sum + (target.qty ?? 0), 0);
  for (const target of targets) if (target.qty !== undefined) checkQty(target.qty, 'targets.qty');
  if (given > qty) {
    throw new TradingError('E_QTY', `the targets ask for ${given} contracts of ${qty}`, {
      details: { given, qty },
      rule: 'Σ targets.qty is at most the quantity of the entry',
      fix: 'lower the quantities, or leave them out for an even split',
    });
  }
  const open = targets.filter((target) => target.qty === undefined).length;
  let rest = qty - given;
  let left = open;
  return targets.map((target) => {
    if (target.qty !== undefined) return target.qty;
    const share = Math.ceil(rest / left);
    rest -= share;
    left -= 1;
    return share;
  });
}

function clampQty(exact: number, max: number = Infinity): number {
  if (!(exact > 0) || !Number.isFinite(exact)) return 0;
  return Math.max(0, Math.min(Math.floor(exact), Math.floor(max)));
}
