/**
 * An account for the simulated world, made of what a backtest and live trading use: order desk, order manager, risk gate, books,
 * margin calls, a programme. A strategy without sense sends what it may and what it may not; the connection to the exchange is
 * the world's.
 */
import type {
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  VenueCapabilities,
} from '../src/core/execution.ts';
import type { ContractSpec, InstrumentSpec } from '../src/core/instrument.ts';
import { ContractTable } from '../src/core/instrument.ts';
import type { AccountRules } from '../src/core/money/account-rules.ts';
import { defaultAccountRules } from '../src/core/money/account-rules.ts';
import type { ClOrdId, OrderSpec, Side } from '../src/core/order.ts';
import { toClOrdId } from '../src/core/order.ts';
import type { JournalPort, SimulatedVenue, TradingCalendar } from '../src/core/ports.ts';
import { UniformGrid } from '../src/core/price-grid.ts';
import { ProgrammeGuard } from '../src/core/programme/guard.ts';
import type { Programme } from '../src/core/programme/programme.ts';
import { PROGRAMME_SCHEMA } from '../src/core/programme/programme.ts';
import { NULL_RECORDER } from '../src/core/run-events.ts';
import { toContractId } from '../src/core/symbology.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate, TsUs } from '../src/core/units.ts';
import { toCashMicros, TS_MAX } from '../src/core/units.ts';
import { AccountDesk } from '../src/engine/account-desk.ts';
import { AccountWatch } from '../src/engine/account-watch.ts';
import { EventClock } from '../src/engine/clock.ts';
import { DayBook } from '../src/engine/day-book.ts';
import { EventLog } from '../src/engine/event-log.ts';
import { MarkBook } from '../src/engine/mark-book.ts';
import type { DraftOrder } from '../src/engine/order-desk.ts';
import { OrderDesk } from '../src/engine/order-desk.ts';
import type { Order } from '../src/engine/order-manager.ts';
import { OrderManager } from '../src/engine/order-manager.ts';
import { Portfolio } from '../src/engine/portfolio.ts';
import { RiskGate } from '../src/engine/risk.ts';
import { TradeBuilder } from '../src/engine/trade-builder.ts';
import { VENUE_PROFILES } from '../src/core/venues/profiles.ts';
import type {
  AccountCounts,
  AccountLimits,
  AccountSetup,
  SimulatedAccount,
  Told,
} from '../src/sim/simulation/account-port.ts';
import type { Chance } from '../src/sim/simulation/chance.ts';
import type { Look } from '../src/sim/simulation/desk.ts';
import type { MarketOrderInput } from '../src/sim/exchange/market-order.ts';
import { toMarketGroup, toMarketOrder } from '../src/sim/venue/requests.ts';

const PROFILE = VENUE_PROFILES.ideal;
const RULES = { profile: PROFILE, trigger: 'last', ownMessageUs: 0 } as const;
/** Of a day: from then on a programme wants its account flat. */
const FLAT_AT = 0.9;
const CLOSED_AT = 0.97;
const MICROS = 1_000_000;

export class EngineAccount implements SimulatedAccount {
  readonly limits: AccountLimits;
  readonly capitalMicros: number;
  readonly counts: AccountCounts = {
    denied: 0,
    marginCalls: 0,
    liquidations: 0,
    forcedFlats: 0,
    programmeFlats: 0,
  };
  readonly #setup: AccountSetup;
  readonly #chance: Chance;
  readonly #table: ContractTable;
  readonly #rowOf: ReadonlyMap<number, number>;
  readonly #clock: EventClock = new EventClock();
  readonly #orders: OrderManager = new OrderManager();
  readonly #portfolio: Portfolio;
  readonly #risk: RiskGate;
  readonly #book: DayBook;
  readonly #desk: OrderDesk;
  readonly #accounts: AccountDesk;
  readonly #guard: ProgrammeGuard | null;
  readonly #watch: AccountWatch | null;
  readonly #trades: TradeBuilder;
  /** Settlement prices told, by row; that of the last day. */
  readonly #settleTicks: Float64Array;
  readonly #phases: string[];
  readonly #forced: Set<string> = new Set();

  constructor(setup: AccountSetup) {
    const { chance, markets, contracts, days, dayUs } = setup;
    this.#setup = setup;
    this.#chance = chance;
    this.#table = tableOf(setup);
    this.#rowOf = new Map(contracts.map(({ contractIndex }, row) => [contractIndex, row]));
    this.#settleTicks = new Float64Array(contracts.length).fill(NaN);
    this.#phases = markets.map(() => 'closed');
    const positionQtyMax = chance.int(3, 20);
    const initialMicros = markets.map(({ tickMicros }) => tickMicros * chance.int(5, 40));
    const maintenanceMicros = initialMicros.map((each) => Math.floor(each * 0.95));
    this.limits = {
      orderQtyMax: chance.int(2, 10),
      positionQtyMax,
      ordersPerInterval: chance.int(2, 6),
      intervalUs: chance.int(1, 120) * MICROS,
      duplicateWindowUs: chance.int(0, 30) * MICROS,
      collarPct: chance.int(1, 10),
      initialMicros,
      tradingState: 'active',
    };
    const capital = positionQtyMax * Math.max(...initialMicros) * (0.2 + chance.share());
    this.capitalMicros = Math.ceil(capital / MICROS) * MICROS;
    const account = this.#rules();
    this.#portfolio = new Portfolio({
      table: this.#table,
      rates: { base: 'USD', rate: () => 1 },
      margin: {
        initialMicros: (c) => initialMicros[this.#market(c)]! as CashMicros,
        maintenanceMicros: (c) => maintenanceMicros[this.#market(c)]! as CashMicros,
      },
      capitalMicros: toCashMicros(this.capitalMicros),
      account,
    });
    this.#risk = new RiskGate({
      limits: this.limits,
      table: this.#table,
      orders: this.#orders,
      portfolio: this.#portfolio,
    });
    const journal = new EventLog(this.#journal());
    const marks = new MarkBook(contracts.length, account.quoteFreshUs);
    const closes = new Map<TradeDate, number>();
    for (let day = 0; day <= days; day += 1)
      closes.set(day as TradeDate, Math.ceil((day + CLOSED_AT) * dayUs) + 1);
    this.#book = new DayBook({
      table: this.#table,
      portfolio: this.#portfolio,
      recorder: NULL_RECORDER,
      journal,
      closes,
      account,
      marks,
    });
    this.#trades = new TradeBuilder({
      table: this.#table,
      rateOf: () => 1,
      lastTicksOf: (c) => this.#portfolio.lastTicks[c]!,
      tradeDateOf: () => this.#date(),
      onTrade: () => {},
    });
    this.#guard = chance.oneIn(2) ? this.#programme() : null;
    const capabilities: VenueCapabilities = PROFILE.capabilities;
    const tradeDateOf = (): TradeDate => this.#date();
    this.#watch =
      this.#guard === null
        ? null
        : new AccountWatch({
            guard: this.#guard,
            table: this.#table,
            clock: this.#clock,
            journal,
            orders: this.#orders,
            portfolio: this.#portfolio,
            risk: this.#risk,
            timesInForce: capabilities.timesInForce,
            isTrading: () => true,
            tradeDateOf,
            desk: () => this.#desk,
          });
    this.#desk = new OrderDesk({
      table: this.#table,
      clock: this.#clock,
      venue: this.#venue(capabilities),
      journal,
      recorder: NULL_RECORDER,
      orders: this.#orders,
      portfolio: this.#portfolio,
      risk: this.#risk,
      trades: this.#trades,
      tradeDateOf,
      onPositionChange: (c, tsUs) => {
        this.#book.onPositionChange(c, tsUs);
        this.#accounts.onPositionChange();
      },
      watch: this.#watch,
      hears: { orders: false, fills: false },
    });
    const calendar = { addBusinessDays: (date, by) => (date + by) as TradeDate } as TradingCalendar;
    this.#accounts = new AccountDesk({
      rules: account,
      table: this.#table,
      calendars: markets.map(() => calendar),
      sessions: [],
      startUs: 0 as TsUs,
      portfolio: this.#portfolio,
      risk: this.#risk,
      orders: this.#orders,
      desk: this.#desk,
      book: this.#book,
      marks,
      journal,
      capabilities,
      tradeDateOf,
      isTrading: (row) => this.#phases[row] === 'open',
    });
  }

  // ------------------------------------------------------------------------------------------------- what it is asked

  get isOver(): boolean {
    if (this.#portfolio.held.length > 0) return false;
    const least = Math.min(...this.limits.initialMicros);
    return this.equityMicros() < least || (this.#guard?.evaluator.status ?? 'open') !== 'open';
  }

  equityMicros(): number {
    return this.#portfolio.equityMicros();
  }

  feesMicros(): number {
    return this.#portfolio.feesMicros();
  }

  lastTicks(contractIndex: number): number {
    return this.#portfolio.lastTicks[this.#row(contractIndex)]!;
  }

  netOf(contractIndex: number): number {
    return this.#portfolio.netQty[this.#row(contractIndex)]!;
  }

  openIds(): readonly string[] {
    return [...this.#orders.open()].map(({ clOrdId }) => clOrdId);
  }

  isForced(clOrdId: string): boolean {
    return this.#forced.has(clOrdId);
  }

  flatReason(market: number): string | null {
    return this.#guard?.flatReason(market, this.#date()) ?? null;
  }

  // ---------------------------------------------------------------------------------------------- what happens to it

  hear(told: Told, nowUs: number): void {
    this.#advance(nowUs);
    if (told.kind === 'report') this.#onReport(told.report);
    else if (told.kind === 'phase') this.#onPhase(told.contractIndex, told.phase);
    else this.#onSettled(told);
    this.#settle();
  }

  price(contractIndex: number, ticks: number, nowUs: number): void {
    this.#advance(nowUs);
    const row = this.#row(contractIndex);
    if (this.#portfolio.netQty[row] !== 0)
      this.#book.onMove(this.#portfolio.moveMicros(row, ticks));
    this.#portfolio.lastTicks[row] = ticks;
    this.#endMoment();
    this.#settle();
  }

  lose(nowUs: number): void {
    this.#advance(nowUs);
    // What a deadline asked for at this moment leaves too, and gets lost.
    this.#settle();
    for (const order of this.#orders.open()) this.#orders.applyLost(order, nowUs as TsUs);
  }

  turn(looks: readonly Look[], nowUs: number): void {
    this.#advance(nowUs);
    this.#endMoment();
    this.#settle();
    const chance = this.#chance;
    this.#decideState();
    const look = chance.pick(looks);
    const row = this.#row(look.contractIndex);
    const last = this.#portfolio.lastTicks[row]!;
    this.#act(row, Number.isNaN(last) ? look.lastTicks : last);
    this.#settle();
  }

  #advance(nowUs: number): void {
    this.#clock.advanceTo(nowUs as TsUs);
    while (this.#watch !== null && this.#watch.nextUs() <= nowUs) this.#watch.onTime(nowUs as TsUs);
    if (this.#book.emitDue(nowUs as TsUs, this.#watch?.onDate))
      this.#accounts.onDayEnd(this.#book.lastDate, this.#book.nextDate, nowUs as TsUs);
  }

  #onReport(report: ExecutionReport): void {
    const fills = this.#desk.fillCount;
    this.#desk.onReport({ ...report, contractIndex: this.#row(report.contractIndex) });
    const isFill = this.#desk.fillCount !== fills;
    if (isFill) this.#book.resync();
    // A cancel that came to nothing is asked for again, if it must be.
    if (isFill || report.kind === 'CancelRejected') this.#endMoment();
  }

  #onPhase(contractIndex: number, phase: string): void {
    const market = this.#market(this.#row(contractIndex));
    const before = this.#phases[market];
    this.#phases[market] = phase;
    const nowUs = this.#clock.nowUs();
    if (phase === 'open' && before !== 'halted') this.#accounts.onSessionOpen(market, nowUs);
    else if (phase === 'closed' || phase === 'expired') this.#accounts.onSessionClose(nowUs);
  }

  #onSettled({ contractIndex, settleTicks, isFinal }: Told & { kind: 'settled' }): void {
    const row = this.#row(contractIndex);
    const nowUs = this.#clock.nowUs();
    this.#settleTicks[row] = settleTicks;
    if (this.#portfolio.needsMark(row))
      this.#book.settleInstrument(this.#market(row), this.#date(), nowUs);
    this.#portfolio.lastTicks[row] = settleTicks;
    if (isFinal && this.#portfolio.netQty[row] !== 0) this.#expire(row, settleTicks);
    this.#book.resync();
    this.#endMoment();
  }

  /** As a run does at the last trade of a contract. */
  #expire(row: number, settleTicks: number): void {
    const net = this.#portfolio.netQty[row]!;
    const contract = this.#table.contractAt(row).id;
    const tsUs = this.#clock.nowUs();
    this.#desk.bookFill({
      execId: `EXPIRY-${contract}`,
      clOrdId: toClOrdId('X', row),
      orderId: null,
      contract,
      contractIndex: row,
      side: net > 0 ? -1 : 1,
      qty: Math.abs(net) as Qty,
      priceTicks: settleTicks as PriceTicks,
      tsUs,
      knownUs: tsUs,
      feeMicros: 0 as CashMicros,
      commissionMicros: 0 as CashMicros,
      role: 'single',
      tag: 'expiry',
      groupId: null,
      orderType: 'market',
      evidence: null,
    });
  }

  #endMoment(): void {
    this.#book.endMoment();
    this.#watch?.endMoment();
    if (this.#book.isBelow) this.#accounts.check(this.#clock.nowUs());
  }

  #settle(): void {
    this.#desk.flush();
    while (this.#desk.takeDelivery() !== null);
    this.#trades.flush();
    this.#desk.endInstant();
  }

  // --------------------------------------------------------------------------------------------------- what it does

  /** Now and then somebody halts the account, or lets it only reduce, and lets it go again. */
  #decideState(): void {
    const { limits } = this;
    const chance = this.#chance;
    if (limits.tradingState !== 'active') {
      if (chance.oneIn(8)) limits.tradingState = 'active';
    } else if (chance.oneIn(60)) limits.tradingState = chance.pick(['halted', 'reducing'] as const);
  }

  #act(row: number, last: number): void {
    const chance = this.#chance;
    const open = [...this.#orders.open()].filter((order) => order.contractIndex === row);
    const net = this.#portfolio.netQty[row]!;
    const kind = chance.int(0, 11);
    const denied = this.#desk.deniedCount;
    if (kind < 3) this.#single(row, last);
    else if (kind < 6) this.#bracket(row, last);
    else if (kind === 6 && net === 0) this.#straddle(row, last);
    else if (kind === 7 && net !== 0) this.#flatten(row, net, open);
    else if (open.length > 0 && kind < 10) this.#change(chance.pick(open));
    else if (open.length > 0) this.#desk.cancel(chance.pick(open));
    // An impatient program sends the same again.
    if (chance.oneIn(12)) this.#single(row, last);
    this.counts.denied += this.#desk.deniedCount - denied;
  }

  #single(row: number, last: number): void {
    const chance = this.#chance;
    const side = this.#side(row);
    const type = chance.pick(['market', 'limit', 'limit', 'stop'] as const);
    // Now and then a price with a digit too many.
    const off = chance.oneIn(30) ? chance.int(80, 400) : chance.int(-3, 6);
    const qty = this.#qty();
    const spec =
      type === 'market'
        ? this.#spec(row, side, qty, { type, timeInForce: 'day' })
        : type === 'limit'
          ? this.#spec(row, side, qty, { type, limitTicks: last + side * off })
          : this.#spec(row, side, qty, { type, stopTicks: last + side * chance.int(1, 6) });
    const draft: DraftOrder = { contractIndex: row, spec, role: 'single' };
    this.#desk.submit(draft);
    if (chance.oneIn(15)) this.#desk.submit(draft);
  }

  #bracket(row: number, last: number): void {
    const chance = this.#chance;
    const side = this.#side(row);
    const exitSide: Side = side === 1 ? -1 : 1;
    const qty = this.#qty();
    const limitTicks = last - side * chance.int(0, 3);
    const entry = this.#spec(row, side, qty, { type: 'limit', limitTicks, timeInForce: 'gtc' });
    const exit = { timeInForce: 'gtc', reduceOnly: true } as const;
    const stop = { ...exit, type: 'stop', stopTicks: limitTicks - side * chance.int(2, 8) };
    const target = { ...exit, type: 'limit', limitTicks: limitTicks + side * chance.int(2, 8) };
    this.#group(
      [
        { contractIndex: row, spec: entry, role: 'entry' },
        {
          contractIndex: row,
          spec: this.#spec(row, exitSide, qty, target),
          role: 'target',
          isHeld: true,
        },
        {
          contractIndex: row,
          spec: this.#spec(row, exitSide, qty, stop),
          role: 'stop',
          isHeld: true,
        },
      ],
      chance.oneIn(3) ? 'full' : 'partial',
    );
  }

  #straddle(row: number, last: number): void {
    const qty = this.#qty();
    const away = this.#chance.int(1, 5);
    const leg = (side: Side): DraftOrder => ({
      contractIndex: row,
      spec: this.#spec(row, side, qty, { type: 'stop', stopTicks: last + side * away }),
      role: 'peer',
    });
    this.#group([leg(1), leg(-1)], 'partial');
  }

  #group(drafts: readonly DraftOrder[], release: 'partial' | 'full'): void {
    const groupId = this.#desk.nextGroupId();
    const hasEntry = drafts[0]!.role === 'entry';
    this.#desk.submitGroup(drafts, groupId, (requests): OrderGroupRequest => {
      const children = hasEntry ? requests.slice(1) : requests;
      return {
        groupId,
        entry: hasEntry ? requests[0]! : null,
        children: children.map((order) => ({ order, groupQty: order.spec.qty })),
        peers: hasEntry ? 'ouo' : 'oco',
        release,
        sentUs: this.#clock.nowUs(),
      };
    });
  }

  /** What works goes first: one of them could turn what the flattening leaves. */
  #flatten(row: number, net: number, open: readonly Order[]): void {
    for (const order of open) this.#desk.cancel(order);
    const spec = this.#spec(row, net > 0 ? -1 : 1, Math.abs(net), {
      type: 'market',
      reduceOnly: true,
    });
    this.#desk.submit({ contractIndex: row, spec, role: 'single' });
  }

  #change(order: Order): void {
    const by = this.#chance.int(-2, 2);
    if (order.type === 'limit')
      this.#desk.replace(order, { limitTicks: (order.limitTicks! + by) as PriceTicks });
    else if (order.stopTicks !== null)
      this.#desk.replace(order, { stopTicks: (order.stopTicks + by) as PriceTicks });
  }

  /**
   * Never against a position: the gate counts a reversal as what is left of it, and an exit that closes the position first
   * leaves more than that.
   */
  #side(row: number): Side {
    const net = this.#portfolio.netQty[row]!;
    if (net !== 0) return net > 0 ? 1 : -1;
    return this.#chance.oneIn(2) ? 1 : -1;
  }

  /** Sometimes more than is allowed. */
  #qty(): number {
    return this.#chance.int(1, this.limits.orderQtyMax + (this.#chance.oneIn(8) ? 3 : 0));
  }

  #spec(row: number, side: Side, qty: number, more: Readonly<Record<string, unknown>>): OrderSpec {
    return {
      contract: this.#table.contractAt(row).id,
      side,
      qty: qty as Qty,
      timeInForce: 'day',
      ...more,
    } as unknown as OrderSpec;
  }

  // --------------------------------------------------------------------------------------------------- what it is made of

  #row(contractIndex: number): number {
    return this.#rowOf.get(contractIndex)!;
  }

  #market(row: number): number {
    return this.#table.instrumentIndex[row]!;
  }

  #date(): TradeDate {
    return Math.max(0, Math.floor(this.#clock.nowUs() / this.#setup.dayUs)) as TradeDate;
  }

  #rules(): AccountRules {
    const chance = this.#chance;
    const policy = chance.pick([
      { kind: 'immediate' },
      { kind: 'immediate' },
      { kind: 'graceUntil', event: 'session-close' },
      { kind: 'graceUntil', event: 'next-session-open' },
      { kind: 'rejectNewRiskOnly' },
    ] as const);
    return {
      ...defaultAccountRules(this.#setup.markets.length),
      lots: chance.oneIn(3) ? 'fifo' : 'average',
      liquidation: { policy, buffer: chance.pick([0, 0.1, 0.5]) },
      forceFlat: { beforeFirstNotice: null, beforeLastTrade: chance.int(0, 1) },
      settlements: {
        daily: (row) => this.#settleTicks[row]!,
        final: (row) => this.#settleTicks[row]!,
      },
    };
  }

  #programme(): ProgrammeGuard {
    const { markets, days, dayUs } = this.#setup;
    const chance = this.#chance;
    const startBalance = this.capitalMicros / MICROS;
    const share = (percent: number): number => Math.max(1, (startBalance * percent) / 100);
    const programme: Programme = {
      schema: PROGRAMME_SCHEMA,
      name: 'simulated',
      currency: 'USD',
      startBalance,
      maximumLoss: {
        amount: share(chance.int(10, 60)),
        mode: chance.pick(['static', 'trailing-end-of-day', 'trailing-intraday'] as const),
        tested: 'real-time',
        includesOpen: true,
      },
      dailyLoss: {
        amount: share(chance.int(5, 30)),
        from: 'balance',
        includesOpen: true,
        trailing: 'none',
        action: chance.pick(['liquidate', 'block-day', 'close'] as const),
      },
    };
    const deadlines = Array.from({ length: days }, (_, day) =>
      markets.map((_spec, row) => ({
        tsUs: Math.floor((day + FLAT_AT) * dayUs),
        row,
        tradeDate: day as TradeDate,
      })),
    ).flat();
    return new ProgrammeGuard({
      programme,
      against: true,
      roots: this.#table.instruments.map(({ root }) => root),
      deadlines: chance.oneIn(2) ? deadlines : [],
    });
  }

  /** Counts what the account did by itself; keeps nothing. */
  #journal(): JournalPort {
    let seq = 0;
    return {
      append: (kind) => {
        seq += 1;
        if (kind === 'margin-call') this.counts.marginCalls += 1;
        if (kind === 'liquidation') this.counts.liquidations += 1;
        if (kind === 'forced-flat') this.counts.forcedFlats += 1;
        return seq;
      },
      hash: () => '',
      flush() {},
      close() {},
    };
  }

  #venue(capabilities: VenueCapabilities): SimulatedVenue {
    const { participant, contracts, send } = this.#setup;
    const own = (input: MarketOrderInput): MarketOrderInput => ({
      ...input,
      participant,
      group: participant,
    });
    const contractOf = (row: number): number => contracts[row]!.contractIndex;
    const note = ({ clOrdId, spec, sender }: NewOrderRequest): void => {
      const isProgramme = spec.tag?.startsWith('programme') === true;
      if (isProgramme) this.counts.programmeFlats += 1;
      if (isProgramme || sender === 'account') this.#forced.add(clOrdId);
    };
    const wake = new Float64Array(contracts.length);
    return {
      capabilities,
      wakeLow: wake,
      wakeHigh: wake,
      connect() {},
      submit: (request) => {
        note(request);
        const input = own(toMarketOrder(request, RULES));
        send({ kind: 'new', contractIndex: contractOf(request.contractIndex), input });
      },
      submitGroup: (request) => {
        const first = request.entry ?? request.children[0]!.order;
        const input = toMarketGroup(request, RULES);
        const legs = input.legs.map((leg) => ({ ...leg, order: own(leg.order) }));
        const contractIndex = contractOf(first.contractIndex);
        send({ kind: 'group', contractIndex, input: { ...input, legs } });
      },
      replace: ({ clOrdId, qty, limitTicks, stopTicks }) => {
        const change = {
          ...(qty === undefined ? {} : { qty }),
          ...(limitTicks === undefined ? {} : { limitTicks }),
          ...(stopTicks === undefined ? {} : { stopTicks }),
        };
        send({ kind: 'replace', contractIndex: this.#contractOfOrder(clOrdId), clOrdId, change });
      },
      cancel: ({ clOrdId }) =>
        send({ kind: 'cancel', contractIndex: this.#contractOfOrder(clOrdId), clOrdId }),
      onBar() {},
      onSessionClose() {},
      onContractExpiry() {},
      onTime() {},
      nextTimerUs: () => TS_MAX,
      setPosition() {},
    };
  }

  #contractOfOrder(clOrdId: ClOrdId): number {
    return this.#setup.contracts[this.#orders.get(clOrdId)!.contractIndex]!.contractIndex;
  }
}

function tableOf({ markets, contracts, dayUs }: AccountSetup): ContractTable {
  const instruments = markets.map(({ name, tickMicros }): InstrumentSpec => ({
    root: name,
    exchange: 'SIM',
    name,
    assetClass: 'energy',
    currency: 'USD',
    quoteUnit: 'tick',
    multiplier: tickMicros / MICROS,
    grid: new UniformGrid(1),
    countValue: { num: tickMicros, den: 1 },
    listedMonths: 'FGHJKMNQUVXZ',
    holdCycle: 'FGHJKMNQUVXZ',
    settlement: 'physical',
    sessionGroup: 'sim',
    businessCalendar: 'sim',
    lastTrade: { rule: 'sim' },
    lastTradeTime: null,
    firstNotice: null,
    rollHint: null,
    symbols: { exchange: name },
    confidence: 'high',
    sources: [],
  }));
  const specs = contracts.map(({ market, contractIndex, lastDay }): ContractSpec => {
    const k = (contractIndex % 1000) - 1;
    const [year, month] = [2000 + Math.floor(k / 12), (k % 12) + 1];
    const { name } = markets[market]!;
    return {
      id: toContractId(name, year, month),
      root: name,
      year,
      month,
      dates: {
        kind: 'exact',
        lastTradeDate: lastDay as TradeDate,
        lastTradeUs: Math.floor((lastDay + CLOSED_AT) * dayUs) as TsUs,
        firstNoticeDate: null,
      },
    };
  });
  return new ContractTable(instruments, specs);
}
