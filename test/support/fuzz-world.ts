/**
 * Random worlds for the whole simulated path: several products and expiries, bars with gaps, thin volume, off-grid samples
 * and prices below zero, and a strategy that does anything a strategy may do. `FuzzWorld` watches every event of the run
 * and notes what breaks a rule.
 */
import type { BarColumns } from '../../src/core/bars.ts';
import type { AmbiguityEvent, BarSource } from '../../src/core/ports.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { Fill } from '../../src/core/execution.ts';
import type { ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import { ContractTable } from '../../src/core/instrument.ts';
import type { ClOrdId, OrderView, Side } from '../../src/core/order.ts';
import type { RollRecord, RollSchedule } from '../../src/core/roll.ts';
import type { OrderInput, Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { CashMicros, PriceTicks, TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';
import type { EngineConfig, EngineResult } from '../../src/engine/config.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { createRandom } from '../../src/engine/rng.ts';
import type { BarExchange } from '../../src/sim/bar-exchange.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { createFeeModel } from '../../src/sim/fee-model.ts';
import type { PathPolicy } from '../../src/sim/bar-policies.ts';
import { at, contract, DAY0, plainCalendar, product, TestRecorder } from './engine-world.ts';

export const ACTIONS = [
  'market',
  'limit',
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
  'trailing-stop',
  'immediate',
  'gtd',
  'reduce',
  'bracket',
  'bracket-resting',
  'bracket-trail',
  'bracket-full',
  'bracket-day',
  'oco',
  'protect',
  'modify',
  'cancel',
  'cancel-all',
  'flatten',
  'target',
  'timer',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface FuzzCase {
  readonly seed: number;
  readonly days: number;
  readonly actions: readonly Action[];
}

export interface FuzzOptions {
  /** The roll moves the position in three shares, half an hour apart. */
  readonly hasParts?: boolean;
  readonly chunk?: number;
  /** Registers a product that nothing trades, before or after the others. */
  readonly bystander?: 'first' | 'last';
  readonly policy?: PathPolicy;
  /** Adds an order that can never fill. */
  readonly hasGhost?: boolean;
  /** Bars by which the strategy's messages arrive later. */
  readonly delayBars?: number;
  /** Default `runEngine`. */
  readonly run?: (config: EngineConfig) => EngineResult;
}

const BAR_US = 30 * US_PER_MINUTE;
const CAPITAL = 1_000_000_000_000;
const RATE_EUR = 2;

interface Bar {
  readonly openUs: number;
  readonly closeUs: number;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly volume: number;
}

/** A stream of draws with its own name: what one consumer draws never shifts another. */
export class Draws {
  readonly #seed: number;
  readonly #stream: number;
  #count: number = 0;

  constructor(seed: number, stream: number) {
    this.#seed = seed;
    this.#stream = stream;
  }
  next(): number {
    this.#count += 1;
    return createRandom(this.#seed).uniform(this.#stream, this.#count, 0, 0);
  }
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }
  chance(p: number): boolean {
    return this.next() < p;
  }
}

/** Bars of one contract. `kind` 1 has fractional prices, 2 is a sample: one price at one instant. */
function makeBars(draws: Draws, days: number, base: number, kind: number): Bar[] {
  const bars: Bar[] = [];
  let last = base;
  for (let day = 0; day < days; day += 1) {
    for (let slot = 0; slot < 12; slot += 1) {
      const closeUs = at(day, 10) + (slot + 1) * BAR_US;
      // A gap in the data, now and then.
      if (draws.chance(0.08)) continue;
      const fraction = (): number => (kind === 0 ? 0 : draws.pick([0, 0.25, 0.5]));
      const o = Math.floor(last) + (draws.chance(0.3) ? draws.int(-9, 9) : 0) + fraction();
      const c = Math.floor(o) + draws.int(-5, 5) + fraction();
      const h = Math.max(o, c) + draws.int(0, 4);
      const l = Math.min(o, c) - draws.int(0, 4);
      const volume = draws.pick([0, 1, 4, 9, 30, 100, 100, 100, 1000]);
      bars.push(
        kind === 2
          ? { openUs: closeUs, closeUs, o: c, h: c, l: c, c, volume: NaN }
          : { openUs: closeUs - BAR_US, closeUs, o, h, l, c, volume },
      );
      last = c;
    }
  }
  return bars;
}

function sourceOf(bars: readonly Bar[], chunk: number): BarSource {
  let from = 0;
  return {
    next(): BarColumns | null {
      if (from >= bars.length) return null;
      const rows = bars.slice(from, from + chunk);
      from += chunk;
      return {
        length: rows.length,
        openUs: Float64Array.from(rows, (r) => r.openUs),
        closeUs: Float64Array.from(rows, (r) => r.closeUs),
        open: Float64Array.from(rows, (r) => r.o),
        high: Float64Array.from(rows, (r) => r.h),
        low: Float64Array.from(rows, (r) => r.l),
        close: Float64Array.from(rows, (r) => r.c),
        volume: Float64Array.from(rows, (r) => r.volume),
      };
    },
    close(): void {},
  };
}

interface GroupWatch {
  readonly contract: string;
  entry: string | null;
  readonly stops: string[];
  readonly exits: string[];
  readonly peers: string[];
  /** The strategy took its exits in hand, or a roll moved the position: the exits no longer owe protection. */
  isExcused: boolean;
  /** A roll re-created a stop that the strategy had sent for the day: it protects until the day ends, as it did before. */
  isForDay: boolean;
}

/** Checks every event of a run against the rules that hold for all runs. */
export class Watcher extends TestRecorder {
  readonly faults: string[] = [];
  readonly views: Map<string, OrderView> = new Map();
  readonly groups: Map<string, GroupWatch> = new Map();
  readonly ambiguities: AmbiguityEvent[] = [];
  readonly net: Map<string, number> = new Map();
  /** Last price of each contract traded, in ticks. */
  readonly marks: Map<string, number> = new Map();
  readonly excused: Set<string> = new Set();
  readonly modified: Set<string> = new Set();
  /** The policy of the run moves positions at a roll. */
  isRolling: boolean = false;
  /** It moves them in shares, of which the strategy hears nothing before the last. */
  hasParts: boolean = false;
  delayBars: number = 0;
  /** When shares of the roll of each contract move. */
  readonly partsUs: Map<string, readonly number[]> = new Map();
  rollsProtected: number = 0;
  readonly #bars: ReadonlyMap<string, Bar>;
  readonly #spread: number;

  constructor(bars: ReadonlyMap<string, Bar>, spread: number) {
    super();
    this.#bars = bars;
    this.#spread = spread;
  }

  fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text);
  }

  override onOrderEvent = (kind: string, order: OrderView, reason: string, tsUs: number): void => {
    this.events.push(
      `${kind} ${order.clOrdId} ${order.status}${reason === '' ? '' : ` ${reason}`}`,
    );
    const id = order.clOrdId as string;
    const before = this.views.get(id);
    this.views.set(id, { ...order });
    if (this.hasParts && order.tag === 'roll')
      for (const [key, group] of this.groups)
        if (group.contract === order.contract) this.excused.add(key);
    if (before !== undefined && order.cumQty < before.cumQty) this.fault(`${id} cumQty falls`);
    if (order.cumQty > order.orderQty) this.fault(`${id} cumQty above orderQty`);
    const isEnd = ['Filled', 'Canceled', 'Expired', 'Rejected', 'Denied'].includes(order.status);
    if (isEnd ? order.leavesQty !== 0 : order.leavesQty !== order.orderQty - order.cumQty)
      this.fault(
        `${id} leaves ${order.leavesQty} of ${order.orderQty} after ${order.cumQty} at ${tsUs}`,
      );
    if (kind === 'Submitted' && order.groupId !== null) this.#register(order);
    this.#excuseFlat(order.contract);
  };

  /** Other orders closed the position: the exits of a finished entry ended with it, whatever is opened later. */
  #excuseFlat(contractId: string): void {
    const net = this.net.get(contractId) ?? 0;
    for (const group of this.groups.values()) {
      if (group.contract !== contractId || group.entry === null) continue;
      const entry = this.views.get(group.entry)!;
      if (entry.leavesQty === 0 && net * entry.side <= 0 && entry.cumQty > 0)
        group.isExcused = true;
    }
  }

  #register(order: OrderView): void {
    const key = order.groupId as string;
    const group: GroupWatch = this.groups.get(key) ?? {
      contract: order.contract,
      entry: null,
      stops: [],
      exits: [],
      peers: [],
      isExcused: false,
      isForDay: false,
    };
    this.groups.set(key, group);
    if (order.role === 'entry') group.entry = order.clOrdId;
    else if (order.role === 'peer') group.peers.push(order.clOrdId);
    else group.exits.push(order.clOrdId);
    if (order.role !== 'stop') return;
    group.stops.push(order.clOrdId);
    const isMoved = group.entry !== null && this.views.get(group.entry)!.tag === 'roll';
    if (!isMoved || order.timeInForce !== 'day') return;
    // A roll keeps the time in force: only a stop for the day that still works on the old contract may become one.
    group.isForDay = [...this.views.values()].some(
      (old) =>
        old.contract !== order.contract &&
        old.contract.slice(0, 2) === order.contract.slice(0, 2) &&
        old.timeInForce === 'day' &&
        old.side === order.side &&
        old.leavesQty > 0 &&
        (old.stopTicks !== null || old.trail !== null),
    );
    if (!group.isForDay) this.fault(`${order.clOrdId}: a stop for the day, made from none`);
  }

  override onFill = (fill: Fill): void => {
    this.fills.push(fill);
    const { contract: id, side, qty, priceTicks, evidence } = fill;
    const before = this.net.get(id) ?? 0;
    this.net.set(id, before + side * qty);
    this.#excuseFlat(id);
    if (evidence?.rule === 'expiry-settlement') return;
    const what = `${fill.clOrdId} ${evidence?.rule} ${side * qty} @ ${priceTicks}`;
    if (!Number.isSafeInteger(priceTicks)) this.fault(`${what}: off the grid`);
    const order = this.views.get(fill.clOrdId)!;
    const bar = this.#bars.get(`${id} ${evidence!.barOpenUs}`);
    if (bar === undefined) return this.fault(`${what}: no such bar`);
    const isSample = bar.openUs === bar.closeUs;
    if (isSample ? order.createdUs >= bar.openUs : order.createdUs > bar.openUs)
      this.fault(`${what}: sent after its bar began`);
    this.#checkDelay(order, bar, what);
    const worst = side > 0 ? Math.ceil(bar.h) + this.#spread : Math.floor(bar.l) - this.#spread;
    const best = side > 0 ? bar.l : bar.h;
    const isOwnPrice = evidence!.rule === 'limit-jump' && priceTicks === order.limitTicks;
    if (!isOwnPrice && (side * (priceTicks - worst) > 0 || side * (best - priceTicks) > 0))
      this.fault(`${what}: outside ${bar.l}..${bar.h}`);
    if (order.limitTicks !== null && side * (priceTicks - order.limitTicks) > 0)
      this.fault(`${what}: beyond its limit ${order.limitTicks}`);
    if (order.reduceOnly && (before * side >= 0 || qty > Math.abs(before)))
      this.fault(`${what}: reduce-only with ${before}`);
    if (bar.volume === 0) this.fault(`${what}: on a bar without volume`);
    this.#checkGroup(order);
  };

  /** Orders of the strategy itself miss as many bars as the line takes. */
  #checkDelay(order: OrderView, bar: Bar, what: string): void {
    const isExit = order.role === 'stop' || order.role === 'target';
    if (this.delayBars === 0 || isExit || order.tag === 'roll') return;
    // A share of a roll hastens what is on its way for the contract that it leaves.
    const parts = this.isRolling ? (this.partsUs.get(order.contract) ?? []) : [];
    if (parts.some((us) => order.createdUs <= us && us <= bar.openUs)) return;
    let missed = 0;
    for (const [key, { openUs, closeUs }] of this.#bars) {
      if (!key.startsWith(`${order.contract} `) || openUs >= bar.openUs) continue;
      missed += Number(openUs === closeUs ? openUs > order.createdUs : openUs >= order.createdUs);
    }
    if (missed < this.delayBars) this.fault(`${what}: filled after ${missed} bars`);
  }

  #checkGroup(order: OrderView): void {
    const group = order.groupId === null ? undefined : this.groups.get(order.groupId);
    if (group === undefined) return;
    const cum = (ids: readonly string[]): number =>
      ids.reduce((sum, id) => sum + (this.views.get(id)?.cumQty ?? 0), 0);
    if (group.peers.filter((id) => (this.views.get(id)?.cumQty ?? 0) > 0).length > 1)
      this.fault(`${order.groupId}: two peers traded`);
    if (group.exits.some((id) => this.modified.has(id))) return;
    const limit =
      group.entry === null
        ? Math.max(...group.exits.map((id) => this.views.get(id)?.orderQty ?? 0))
        : cum([group.entry]);
    const first = group.entry === null ? Infinity : limit;
    if (cum(group.exits) > first)
      this.fault(`${order.groupId}: exits executed more than the entry`);
  }

  /** After all events of an instant: every position that a bracket opened has its stop at work. */
  checkProtection(when: string): void {
    for (const [key, group] of this.groups) {
      if (group.entry === null || group.isExcused || this.excused.has(key)) continue;
      if (group.stops.length === 0) continue;
      // Nothing but the end of the day may take such a stop away.
      const isOver = group.stops.every((id) => this.views.get(id)!.reason === 'day-end');
      if (group.isForDay && isOver) continue;
      const entry = this.views.get(group.entry)!;
      if (entry.cumQty === 0) continue;
      const exited = group.exits.reduce((sum, id) => sum + this.views.get(id)!.cumQty, 0);
      const net = this.net.get(group.contract) ?? 0;
      const open = Math.min(entry.cumQty - exited, Math.max(0, entry.side * net));
      if (open <= 0) continue;
      const covered = group.stops.reduce((sum, id) => {
        const stop = this.views.get(id)!;
        return sum + (stop.working === 'live' || stop.working === 'triggered' ? stop.leavesQty : 0);
      }, 0);
      if (covered < open)
        this.fault(
          `${when}: ${key} holds ${open} of ${group.contract}, its stop works for ${covered}`,
        );
    }
  }

  /** What stops protected on the old contract goes to the new one together with its stops. */
  checkRoll(from: string, to: string, nowUs: number): void {
    if (!this.isRolling) return;
    const net = this.net.get(from) ?? 0;
    let covered = 0;
    for (const order of this.views.values()) {
      const isStop = order.role === 'stop' && order.contract === from && order.side * net < 0;
      const isAtWork = order.working === 'live' || order.working === 'triggered';
      if (isStop && isAtWork && order.status !== 'PendingCancel') covered += order.leavesQty;
    }
    let moved = 0;
    for (const group of this.groups.values()) {
      const entry = group.entry === null ? undefined : this.views.get(group.entry);
      if (entry?.tag === 'roll' && entry.contract === to && group.stops.length > 0)
        moved += entry.orderQty;
    }
    const wanted = Math.min(Math.abs(net), covered);
    // A stop sent after a share was decided does not follow what is under way: then the run must say so.
    let underway = 0;
    for (const order of this.views.values())
      if (order.contract === from && order.tag === 'roll' && order.createdUs < nowUs)
        underway += order.leavesQty;
    const isSaid = this.issues.some(
      ({ code, contract, tsUs }) =>
        code === 'E_POSITION_UNPROTECTED' && contract === from && tsUs === nowUs,
    );
    if (moved < wanted - (isSaid ? underway : 0))
      this.fault(`roll to ${to}: ${moved} of ${wanted} move with a stop`);
    this.rollsProtected += Number(wanted > 0);
  }

  override onAmbiguity = (event: AmbiguityEvent): void => void this.ambiguities.push(event);
}

export interface FuzzRun {
  readonly result: EngineResult;
  readonly watcher: Watcher;
  readonly venue: BarExchange;
  readonly journal: MemoryJournal;
  /** Fills without the ids that depend on what else was sent. */
  readonly tape: readonly string[];
  readonly faults: readonly string[];
}

export function runFuzz(input: FuzzCase, options: FuzzOptions = {}): FuzzRun {
  const { seed, days } = input;
  const setup = new Draws(seed, 1);
  const roots = ['AA', 'BB'];
  const kinds = [setup.pick([0, 0, 0, 1]), setup.pick([0, 1, 2])];
  const bases = [setup.int(900, 1100), setup.int(-20, 20)];
  const expiryUs = at(Math.max(1, days - 1), setup.pick([11, 13, 16]));
  const hasEarlyExpiry = setup.chance(0.3);
  const far = at(100, 12);
  const specs: InstrumentSpec[] = [
    product('AA', 0.25, 50, 'USD'),
    product('BB', 0.01, 1000, 'EUR'),
  ];
  const contracts: ContractSpec[] = [
    contract('AA', 3, far),
    contract('AA', 6, far),
    contract('BB', 3, hasEarlyExpiry ? expiryUs : far),
    contract('BB', 6, far),
  ];
  const gap = setup.int(-6, 6);
  const bars = contracts.map((one, i) => {
    const row = roots.indexOf(one.root);
    return makeBars(new Draws(seed, 10 + i), days, bases[row]! + (i % 2) * gap, kinds[row]!);
  });
  const rollUs = at(setup.int(1, Math.max(1, days - 1)), setup.pick([10, 12, 16]));
  const spreadTicks = setup.pick([0, 0, 1]);
  const slippageTicks = setup.pick([0, 1, 2]);
  const participation = setup.pick([0.1, 0.25, Infinity]);
  const touch = setup.pick(['never', 'always'] as const);
  const gapImprove = setup.chance(0.5);
  const positionsOnRoll = setup.pick(['roll', 'roll', 'flatten'] as const);
  const policy =
    options.policy ?? setup.pick(['pessimistic', 'optimistic', 'seeded', 'ohlc'] as const);

  const bystander = product('ZZ', 1, 10, 'USD');
  const extra = contract('ZZ', 3, far);
  const allSpecs =
    options.bystander === 'first'
      ? [bystander, ...specs]
      : options.bystander === 'last'
        ? [...specs, bystander]
        : specs;
  const allContracts =
    options.bystander === 'first'
      ? [extra, ...contracts]
      : options.bystander === 'last'
        ? [...contracts, extra]
        : contracts;
  const table = new ContractTable(allSpecs, allContracts);
  const indexOf = (spec: ContractSpec): number => table.indexOf(spec.id);
  const chains = roots.map((root) => {
    const [front, next] = contracts.filter((one) => one.root === root);
    const priceOf = (one: ContractSpec): number => {
      const rows = bars[contracts.indexOf(one)]!.filter((bar) => bar.closeUs <= rollUs);
      return rows.at(-1)?.c ?? bases[roots.indexOf(root)]!;
    };
    const roll: RollRecord = {
      root,
      from: front!.id,
      to: next!.id,
      fromIndex: indexOf(front!),
      toIndex: indexOf(next!),
      decidedUs: rollUs,
      effectiveUs: rollUs,
      tradeDate: Math.floor(rollUs / US_PER_DAY) as TradeDate,
      fromPrice: priceOf(front!),
      toPrice: priceOf(next!),
      pricesUs: rollUs,
      isInferred: false,
      reason: 'test',
      ...(options.hasParts === true
        ? {
            parts: [2, 1, 0].map((halfHours) => ({
              atUs: (rollUs - halfHours * 1_800_000_000) as TsUs,
              tradeDate: Math.floor(rollUs / US_PER_DAY) as TradeDate,
              share: 1,
              of: 3,
              fromPrice: priceOf(front!),
              toPrice: priceOf(next!),
              isInferred: false,
            })),
          }
        : {}),
    };
    const schedule: RollSchedule = {
      root,
      rule: { kind: 'given', name: 'test' },
      held: [indexOf(front!), indexOf(next!)],
      rolls: [roll],
    };
    return { root, schedule };
  });
  const barMap = new Map<string, Bar>();
  contracts.forEach((one, i) => {
    for (const bar of bars[i]!) barMap.set(`${one.id} ${bar.openUs}`, bar);
  });
  const watcher = new Watcher(barMap, spreadTicks);
  watcher.isRolling = positionsOnRoll === 'roll';
  watcher.hasParts = options.hasParts === true;
  watcher.delayBars = options.delayBars ?? 0;
  for (const { schedule } of chains)
    for (const roll of schedule.rolls)
      watcher.partsUs.set(roll.from, roll.parts?.map((part) => part.atUs) ?? []);
  const journal = new MemoryJournal();
  const random = createRandom(seed);
  const fees = { from: 0 as TradeDate, commissionMicros: 1_250_001, exchangeMicros: 730_003 };
  const venue = createBarExchange({
    table,
    random,
    policy,
    slippageTicks,
    spreadTicks,
    participation,
    touch,
    gapImprove,
    delayBars: options.delayBars ?? 0,
    fees: createFeeModel(table, { AA: [fees], BB: [fees], ZZ: [fees] }),
  });
  const strategy = randomStrategy(input, watcher, options.hasGhost === true);
  const config: EngineConfig = {
    mode: 'backtest',
    strategy: {
      id: 'fuzz',
      version: '1',
      description: '',
      params: {},
      instruments: roots,
      requires: () => ({ series: roots.map((root) => ({ root, bars: '30m' })), positionsOnRoll }),
      create: () => strategy,
    },
    params: {},
    instruments: roots,
    table,
    calendars: allSpecs.map(() => plainCalendar()),
    chains,
    series: roots.map((root, chainIndex) => ({
      key: root,
      root,
      chainIndex,
      interval: '30m',
      adjust: 'back-difference',
      depth: 0,
      history: 4,
    })),
    feeds: contracts.map((one, i) => ({
      contractIndex: indexOf(one),
      interval: '30m',
      isExecution: true,
      isVolumeKnown: kinds[roots.indexOf(one.root)] !== 2,
      source: sourceOf(bars[i]!, options.chunk ?? 1000),
    })),
    venue,
    random,
    journal,
    recorder: watcher,
    risk: {
      orderQtyMax: 1000,
      positionQtyMax: 100_000,
      ordersPerInterval: Infinity,
      intervalUs: 1_000_000,
      collarPct: Infinity,
      duplicateWindowUs: 0,
      tradingState: 'active',
    },
    margin: { initialMicros: () => 0 as CashMicros, maintenanceMicros: () => 0 as CashMicros },
    rates: { base: 'USD', rate: (currency) => (currency === 'EUR' ? RATE_EUR : 1) },
    capitalMicros: CAPITAL as CashMicros,
    from: DAY0 as TradeDate,
    to: (DAY0 + days - 1) as TradeDate,
  };
  const result = (options.run ?? runEngine)(config);
  if (result.outcome !== 'completed') {
    const cause = result.error?.cause;
    watcher.fault(`${result.outcome} in ${result.error?.hook}: ${String(cause)}`);
  }
  checkMoney(watcher, result, table);
  checkBounds(watcher, policy);
  for (const name of [
    'duplicateFills',
    'eventsForTerminalOrders',
    'eventsForUnknownOrders',
    'illegalEvents',
  ]) {
    // On a line that takes time, cancels come too late, and what is still on its way cannot be changed.
    const isOfLine = name === 'eventsForTerminalOrders' || name === 'illegalEvents';
    if (isOfLine && (options.delayBars ?? 0) > 0) continue;
    if (result.counts[name] !== 0) watcher.fault(`${name}: ${result.counts[name]}`);
  }
  const tape = watcher.fills.map(
    (f) =>
      `${f.tsUs} ${f.contract} ${f.side * f.qty} @ ${f.priceTicks} ${f.evidence?.rule} ${f.feeMicros}`,
  );
  return { result, watcher, venue, journal, tape, faults: watcher.faults };
}

/** Equity is capital, plus every fill at its price, plus the position at the last close, less the fees: exactly. */
function checkMoney(watcher: Watcher, result: EngineResult, table: ContractTable): void {
  const last = new Map(watcher.marks);
  let equity = CAPITAL;
  for (const fill of watcher.fills) {
    const { countValue, currency } = table.instrumentOf(fill.contractIndex);
    const rate = currency === 'EUR' ? RATE_EUR : 1;
    const counts = -fill.side * fill.qty * fill.priceTicks;
    equity += ((counts * countValue.num) / countValue.den - fill.feeMicros) * rate;
  }
  for (const [id, net] of watcher.net) {
    if (net === 0) continue;
    const { countValue, currency } = table.instrumentOf(table.indexOf(id as never));
    const rate = currency === 'EUR' ? RATE_EUR : 1;
    equity += ((last.get(id)! * net * countValue.num) / countValue.den) * rate;
  }
  if (equity !== result.finalEquityMicros)
    watcher.fault(`equity ${result.finalEquityMicros}, the fills say ${equity}`);
  const change = result.finalEquityMicros - CAPITAL;
  const days = watcher.days.reduce((sum, day) => sum + day.pnlMicros * day.rate, 0);
  if (days !== change) watcher.fault(`position days sum to ${days}, equity moved by ${change}`);
  const trades = watcher.trades.reduce((sum, trade) => sum + trade.netMicros * trade.rate, 0);
  if (trades !== change) watcher.fault(`trades sum to ${trades}, equity moved by ${change}`);
  const end = watcher.equity.at(-1);
  if (end !== undefined && end.equityMicros !== result.finalEquityMicros)
    watcher.fault(`last equity point ${end.equityMicros}, result ${result.finalEquityMicros}`);
}

function checkBounds(watcher: Watcher, policy: string): void {
  for (const { chosen, alternatives } of watcher.ambiguities) {
    if (alternatives[chosen]!.pnlDeltaTicks !== 0)
      watcher.fault('the chosen outcome differs from itself');
    for (const { pnlDeltaTicks } of alternatives) {
      if (policy === 'pessimistic' && pnlDeltaTicks < 0) watcher.fault('pessimistic chose better');
      if (policy === 'optimistic' && pnlDeltaTicks > 0) watcher.fault('optimistic chose worse');
    }
  }
}

/** Does anything a strategy may do, at random but the same for the same case. */
function randomStrategy(input: FuzzCase, watcher: Watcher, hasGhost: boolean): Strategy {
  const draws = new Draws(input.seed, 2);
  const ghosts = new Set<string>();
  const excuse = (ids: readonly string[]): void => {
    for (const id of ids) {
      const groupId = watcher.views.get(id)?.groupId;
      if (groupId != null && watcher.views.get(id)!.role !== 'entry') watcher.excused.add(groupId);
    }
  };
  const open = (ctx: StrategyContext, root: string): OrderView[] =>
    ctx.openOrders({ root }).filter((order) => !ghosts.has(order.clOrdId));
  const act = (ctx: StrategyContext, root: string, last: number): void => {
    if (input.actions.length === 0) return;
    const action = draws.pick(input.actions);
    const id = ctx.contract(root);
    const side = draws.pick([1, -1]) as Side;
    const qty = draws.int(1, 6);
    const a = (Math.round(last) + draws.int(-8, 8)) as PriceTicks;
    const b = (a + draws.int(-4, 4)) as PriceTicks;
    const timeInForce = draws.pick(['day', 'gtc'] as const);
    const base = { contract: id, side, qty, timeInForce };
    const orders = open(ctx, root);
    const offset = draws.int(1, 8);
    const targets = Array.from({ length: draws.int(0, 3) }, () => ({
      at: { offsetTicks: draws.int(1, 9) },
    }));
    const stop = { at: { offsetTicks: offset } };
    const resting = draws.pick([
      'limit',
      'stop',
      'stop-limit',
      'market-if-touched',
      'limit-if-touched',
    ] as const);
    const prices = (type: string): Partial<OrderInput> =>
      type === 'limit'
        ? { limitTicks: a }
        : type === 'stop' || type === 'market-if-touched'
          ? { stopTicks: a }
          : { stopTicks: a, limitTicks: b };
    switch (action) {
      case 'market':
        return void ctx.submit({ ...base, type: 'market' });
      case 'limit':
      case 'stop':
      case 'stop-limit':
      case 'market-if-touched':
      case 'limit-if-touched':
        return void ctx.submit({ ...base, type: action, ...prices(action) });
      case 'trailing-stop':
        return void ctx.submit({ ...base, type: 'trailing-stop', trail: { offsetTicks: offset } });
      case 'immediate':
        return void ctx.submit({
          ...base,
          type: 'limit',
          limitTicks: a,
          timeInForce: draws.pick(['ioc', 'fok'] as const),
        });
      case 'gtd':
        return void ctx.submit({
          ...base,
          type: 'limit',
          limitTicks: a,
          timeInForce: 'gtd',
          expireUs: (ctx.nowUs + draws.int(1, 300) * US_PER_MINUTE) as TsUs,
        });
      case 'reduce':
        return void ctx.submit({ ...base, type: resting, ...prices(resting), reduceOnly: true });
      case 'bracket':
        return void ctx.bracket({ ...base, type: 'market', stop, targets });
      case 'bracket-resting':
        return void ctx.bracket({
          ...base,
          type: resting,
          ...prices(resting),
          stop,
          targets,
        } as never);
      case 'bracket-trail':
        return void ctx.bracket({
          ...base,
          type: 'market',
          stop: { ...stop, trail: { offsetTicks: offset } },
          targets: targets.slice(0, 1),
        });
      case 'bracket-full': {
        const group = ctx.bracket({ ...base, type: 'market', stop, targets, release: 'full' });
        watcher.excused.add(group.groupId);
        return;
      }
      case 'bracket-day': {
        const group = ctx.bracket({
          ...base,
          type: 'market',
          stop,
          targets,
          exitTimeInForce: 'day',
        });
        watcher.excused.add(group.groupId);
        return;
      }
      case 'oco':
        return void ctx.oco([
          { ...base, side: 1, type: 'stop', stopTicks: (Math.round(last) + offset) as PriceTicks },
          { ...base, side: -1, type: 'stop', stopTicks: (Math.round(last) - offset) as PriceTicks },
        ]);
      case 'protect':
        if (ctx.position(id).netQty === 0) return;
        return void ctx.protect({ contract: id, stop, targets });
      case 'modify': {
        if (orders.length === 0) return;
        const order = draws.pick(orders);
        watcher.modified.add(order.clOrdId);
        const what = draws.int(0, 2);
        if (what === 0) {
          excuse([order.clOrdId]);
          return ctx.modify(order.clOrdId, { qty });
        }
        if (order.stopTicks !== null && what === 1)
          return ctx.modify(order.clOrdId, { stopTicks: a });
        if (order.limitTicks !== null) return ctx.modify(order.clOrdId, { limitTicks: a });
        return;
      }
      case 'cancel': {
        if (orders.length === 0) return;
        const order = draws.pick(orders);
        excuse([order.clOrdId]);
        return ctx.cancel(order.clOrdId);
      }
      case 'cancel-all':
        excuse(orders.map((order) => order.clOrdId));
        for (const order of orders) ctx.cancel(order.clOrdId);
        return;
      case 'flatten':
        excuse(ctx.openOrders({ contract: id }).map((order) => order.clOrdId));
        for (const order of ctx.openOrders({ contract: id })) ghosts.delete(order.clOrdId);
        return ctx.flatten({ contract: id });
      case 'target':
        return void ctx.targetPosition(id, draws.int(-5, 5));
      case 'timer':
        return ctx.setTimer(
          `t${draws.int(0, 3)}`,
          (ctx.nowUs + draws.int(0, 500) * US_PER_MINUTE) as TsUs,
        );
    }
  };
  const attempt = (ctx: StrategyContext, root: string, last: number): void => {
    try {
      act(ctx, root, last);
    } catch (cause) {
      // A malformed order is refused by name; anything else is a fault.
      if (!(cause instanceof TradingError)) throw cause;
    }
  };
  const lasts = new Map<string, number>();
  let isFirst = true;
  return {
    onBar(bar, ctx): void {
      const { root } = ctx.contractSpec(bar.contract);
      const last = ctx.series(root).close(0) / ctx.instrument(root).spec.grid.increment;
      lasts.set(root, last);
      watcher.checkProtection(`onBar ${bar.contract} ${ctx.nowUs}`);
      for (const id of watcher.net.keys()) {
        const mark = ctx.position(id as never);
        if (mark.netQty !== watcher.net.get(id)) watcher.fault(`position of ${id} is not Σ fills`);
      }
      if (hasGhost && isFirst) {
        const id = ctx.submit({
          contract: ctx.contract(root),
          side: 1,
          qty: 1,
          type: 'limit',
          limitTicks: -1_000_000 as PriceTicks,
          timeInForce: 'gtc',
        });
        ghosts.add(id as ClOrdId);
      }
      isFirst = false;
      if (draws.chance(0.5)) attempt(ctx, root, last);
    },
    onOrder: () => watcher.checkProtection('onOrder'),
    onFill(fill, ctx): void {
      watcher.checkProtection('onFill');
      if (!draws.chance(0.1)) return;
      const { root } = ctx.contractSpec(fill.contract);
      attempt(ctx, root, lasts.get(root) ?? fill.priceTicks);
    },
    onRoll(event, ctx): void {
      watcher.checkRoll(event.roll.from, event.roll.to, ctx.nowUs);
      for (const [key, group] of watcher.groups)
        if (group.contract === event.roll.from) watcher.excused.add(key);
    },
    onSessionOpen: () => watcher.checkProtection('onSessionOpen'),
    onSessionClose: () => watcher.checkProtection('onSessionClose'),
    onTimer(_name, ctx): void {
      watcher.checkProtection('onTimer');
      const root = draws.pick(['AA', 'BB']);
      if (lasts.has(root)) attempt(ctx, root, lasts.get(root)!);
    },
    onStop(ctx: StrategyContext): void {
      watcher.checkProtection('onStop');
      for (const id of watcher.net.keys())
        watcher.marks.set(id, ctx.position(id as never).markTicks);
    },
  };
}
