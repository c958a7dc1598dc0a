/**
 * What the venues really tell, at random: quotes, trades, levels, single orders, bars, and the book of many participants,
 * with and without the time that messages take. The table of transitions has an entry for all of it.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { DepthColumns, MboColumns, QuoteColumns, TradeColumns } from '../../src/core/bars.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ExecutionReport, GroupChild, NewOrderRequest } from '../../src/core/execution.ts';
import type { ClOrdId, OrderRole, OrderSpec, PeerRule, Side } from '../../src/core/order.ts';
import { isTerminal, nextStatus } from '../../src/core/order.ts';
import type { SimulatedVenue } from '../../src/core/ports.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import { OrderManager } from '../../src/engine/order-manager.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { ContractMarket } from '../../src/sim/exchange/contract-market.ts';
import { applyCommand } from '../../src/sim/exchange/command-journal.ts';
import type { MarketReport } from '../../src/sim/exchange/market-order.ts';
import { isRestated } from '../../src/sim/exchange/market-order.ts';
import { LatencyModel } from '../../src/sim/latency/model.ts';
import { LatencyVenue } from '../../src/sim/latency/venue.ts';
import { VENUE_PROFILES } from '../../src/core/venues/profiles.ts';
import type { TickMatching } from '../../src/sim/venue/options.ts';
import { createTickVenue } from '../../src/sim/venue/tick-venue.ts';
import { marketCommands } from '../support/market-commands.ts';
import { fixedRandom, makeTable } from '../support/sim-harness.ts';

const RUNS = Number(process.env['FRONTMONTH_REPORT_RUNS'] ?? 60);
const table = makeTable();
const { id: contract } = table.contractAt(0);

type Kind = TickMatching | 'bars';
type Step =
  | ({ readonly do: 'send'; readonly type: string; readonly tif: string } & Drawn)
  | ({ readonly do: 'bracket'; readonly type: string; readonly targets: number } & Drawn)
  | ({ readonly do: 'oco' } & Drawn)
  | ({ readonly do: 'cancel' | 'replace'; readonly pick: number } & Drawn)
  | { readonly do: 'phase'; readonly phase: 'open' | 'halted' | 'closed' }
  | ({ readonly do: 'tick' } & Drawn)
  | { readonly do: 'wait'; readonly ms: number };
interface Drawn {
  readonly side: Side;
  readonly qty: number;
  readonly at: number;
  readonly off: number;
  readonly isOdd: boolean;
}

const drawn = {
  side: fc.constantFrom<Side>(1, -1),
  qty: fc.integer({ min: 1, max: 9 }),
  at: fc.integer({ min: 390, max: 410 }),
  off: fc.integer({ min: 1, max: 5 }),
  isOdd: fc.boolean(),
};
const type = fc.constantFrom(
  'market',
  'limit',
  'limit',
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
  'trailing-stop',
  'trailing-stop-limit',
  'market-to-limit',
);
const tif = fc.constantFrom('day', 'day', 'gtc', 'gtd', 'ioc', 'fok', 'at-open', 'at-close');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('tick' as const), ...drawn }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), type, tif, ...drawn }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('bracket' as const),
      type: fc.constantFrom('market', 'limit', 'limit', 'stop'),
      targets: fc.integer({ min: 0, max: 2 }),
      ...drawn,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('oco' as const), ...drawn }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'replace' as const, 'replace' as const),
      pick: fc.nat(12),
      ...drawn,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('phase' as const),
      phase: fc.constantFrom('open', 'halted', 'open', 'closed', 'open'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 7, 40) }),
  },
);
const steps = fc.array(step, { minLength: 10, maxLength: 120, size: 'max' });

/** Sends like a strategy: no request that the table would not let out, so that what is counted are reports. */
class Owner {
  readonly orders: OrderManager = new OrderManager();
  readonly lines: string[] = [];
  readonly seen: Set<string> = new Set();
  readonly #kind: Kind;
  readonly #venue: LatencyVenue;
  readonly #sent: ClOrdId[] = [];
  #isClosed: boolean = false;
  #nowUs: number = 1_700_000_000_000_000;
  #groups: number = 0;
  #ids: number = 0;
  #middle: number = 400;

  constructor(kind: Kind, latencyMs: number, profile: 'ideal' | 'ib', seed: number) {
    this.#kind = kind;
    const venue: SimulatedVenue =
      kind === 'bars'
        ? createBarExchange({ table, random: fixedRandom(seed), policy: 'seeded' })
        : createTickVenue({
            table,
            matching: [kind],
            hasPrints: Uint8Array.of(1),
            profile: VENUE_PROFILES[profile],
            ownMessageUs: 3000,
            staleUs: 30_000,
          });
    const legs = { new: latencyMs, modify: 2 * latencyMs, cancel: latencyMs };
    this.#venue = new LatencyVenue(
      venue,
      new LatencyModel({ entry: legs, response: legs }, fixedRandom(seed)),
    );
    this.#venue.connect({ onReport: (report) => this.#take(report), onAmbiguity: () => {} });
    if (kind === 'bars') venue.lastTicks!.fill(400);
    else this.#venue.onPhase(0, 'open', this.#nowUs as TsUs);
  }

  #take(report: ExecutionReport): void {
    const order = this.orders.get(report.clOrdId);
    if (order === null) throw new Error(`a report of ${report.clOrdId}`);
    const before = order.status;
    const { illegalEvent, terminalOrder } = this.orders.ignored;
    this.orders.applyReport(report);
    const line = `${before} ${report.kind}`;
    this.seen.add(line);
    if (this.orders.ignored.illegalEvent > illegalEvent) this.lines.push(line);
    // What ended may have a request on its way, and only that is answered.
    const isAnswer = report.kind === 'CancelRejected' || report.kind === 'ReplaceRejected';
    if (this.orders.ignored.terminalOrder > terminalOrder && !isAnswer) this.lines.push(line);
  }

  /** Everything that is due before a moment happens at its own time. */
  #advance(us: number): void {
    const toUs = this.#nowUs + us;
    for (let due = this.#venue.nextTimerUs(); due <= toUs; due = this.#venue.nextTimerUs()) {
      this.#nowUs = Math.max(this.#nowUs, due);
      this.#venue.onTime(this.#nowUs as TsUs);
    }
    this.#nowUs = toUs;
  }

  #request(
    spec: Record<string, unknown>,
    role: OrderRole,
    groupId: string | null,
    isHeld = false,
  ): NewOrderRequest {
    this.#ids += 1;
    const clOrdId = `o${this.#ids}` as ClOrdId;
    const sentUs = this.#nowUs as TsUs;
    const whole = { contract, ...spec } as unknown as OrderSpec;
    const request = { clOrdId, contractIndex: 0, spec: whole, role, groupId, sentUs };
    this.#sent.push(clOrdId);
    this.orders.create({ ...request, nowUs: sentUs, isHeld, isRoll: false });
    return request;
  }

  #spec(type: string, { side, qty, at, off, isOdd }: Drawn, tif: string): Record<string, unknown> {
    const isTrail = type.startsWith('trailing');
    const waits = isTrail || type.startsWith('stop') || type.endsWith('touched');
    const isNow = tif !== 'day' && tif !== 'gtc' && tif !== 'gtd';
    return {
      type,
      side,
      qty,
      timeInForce: waits && isNow ? 'day' : tif,
      ...(tif === 'gtd' ? { expireUs: this.#nowUs + off * 20_000 } : {}),
      ...(type === 'limit' ? { limitTicks: at } : {}),
      ...(waits && !isTrail ? { stopTicks: at } : {}),
      ...(type.endsWith('-limit') && waits && !isTrail ? { limitTicks: at + side * off } : {}),
      ...(type === 'limit-if-touched' ? { limitTicks: at + side * off } : {}),
      ...(isTrail ? { trail: { offsetTicks: off } } : {}),
      ...(type === 'trailing-stop-limit' ? { limitOffsetTicks: off } : {}),
      ...(type === 'limit' && off === 5 ? { displayQty: 1 } : {}),
      ...(type === 'limit' && off === 4 && !isNow ? { postOnly: true } : {}),
      ...(isOdd && off === 3 ? { reduceOnly: true } : {}),
    };
  }

  #group(
    entry: NewOrderRequest | null,
    children: GroupChild[],
    peers: PeerRule,
    isOdd: boolean,
  ): void {
    this.#venue.submitGroup({
      groupId: `g${this.#groups}`,
      entry,
      children,
      peers,
      release: isOdd ? 'full' : 'partial',
      sentUs: this.#nowUs as TsUs,
    });
  }

  #bracket(one: Drawn, type: string, targets: number): void {
    const { side, qty, at, off, isOdd } = one;
    this.#groups += 1;
    const groupId = `g${this.#groups}`;
    const entry = this.#request(
      this.#spec(type, { ...one, isOdd: false }, isOdd ? 'gtc' : 'day'),
      'entry',
      groupId,
    );
    const base = type === 'market' ? this.#middle : at;
    const exit = { side: -side, timeInForce: 'gtc', reduceOnly: true };
    const children: GroupChild[] = [];
    const stopTicks = base - side * (off + 1);
    const stop = this.#request({ ...exit, type: 'stop', qty, stopTicks }, 'stop', groupId, true);
    children.push({ order: stop, groupQty: qty as Qty, level: { offsetTicks: off + 1 } });
    for (let k = 0; k < Math.min(targets, qty); k += 1) {
      const isLast = k === Math.min(targets, qty) - 1;
      const share = isLast ? qty - k * Math.floor(qty / 2) : Math.floor(qty / 2);
      const limitTicks = base + side * (off + k);
      const target = this.#request(
        { ...exit, type: 'limit', qty: share, limitTicks },
        'target',
        groupId,
        true,
      );
      children.push({
        order: target,
        groupQty: share as Qty,
        ...(isOdd
          ? { level: { offsetTicks: off + k } }
          : { level: { ticks: limitTicks as PriceTicks } }),
      });
    }
    this.#group(entry, children, 'ouo', off > 3);
  }

  #oco({ side, qty, at, off, isOdd }: Drawn): void {
    this.#groups += 1;
    const groupId = `g${this.#groups}`;
    const legs = [
      { type: 'limit', side, qty, limitTicks: at - side * off, timeInForce: 'gtc' },
      {
        type: 'stop',
        side: isOdd ? side : -side,
        qty,
        stopTicks: at + side * off,
        timeInForce: 'gtc',
      },
    ].map((spec) => this.#request(spec, 'peer', groupId));
    const children = legs.map((order) => ({ order, groupQty: order.spec.qty }));
    this.#group(null, children, isOdd ? 'oco' : 'ouo', false);
  }

  #change(kind: 'cancel' | 'replace', pick: number, { qty, at, isOdd, off }: Drawn): void {
    const clOrdId = this.#sent.at(-1 - (pick % Math.max(1, this.#sent.length)));
    const order = clOrdId === undefined ? null : this.orders.get(clOrdId);
    if (order === null || isTerminal(order.status)) return;
    const event = kind === 'cancel' ? 'CancelRequested' : 'ReplaceRequested';
    if (nextStatus(order.status, event, order.cumQty > 0) === null) return;
    const sentUs = this.#nowUs as TsUs;
    const { orderId } = order;
    if (kind === 'cancel') {
      if (this.orders.applyCancelRequest(order, sentUs))
        this.#venue.cancel({ clOrdId: order.clOrdId, orderId, sentUs });
      return;
    }
    this.orders.applyReplaceRequest(order, sentUs);
    this.#venue.replace({
      clOrdId: order.clOrdId,
      orderId,
      ...(isOdd ? { qty: qty as Qty } : {}),
      ...(off < 4 && order.limitTicks !== null ? { limitTicks: at as PriceTicks } : {}),
      ...(off < 3 && order.stopTicks !== null ? { stopTicks: at as PriceTicks } : {}),
      sentUs,
    });
  }

  #tick({ side, qty, at, off, isOdd }: Drawn): void {
    this.#middle = Math.max(388, Math.min(412, this.#middle + Math.sign(at - this.#middle) * off));
    const tsUs = Float64Array.of(this.#nowUs);
    const one = { length: 1, tsUs, seq: tsUs };
    const bid = this.#middle;
    const [price, lots] = [isOdd ? bid : bid + 1, Float64Array.of(qty)];
    if (this.#kind === 'bars') {
      const from = Float64Array.of(this.#nowUs);
      this.#advance(60_000_000);
      const columns: BarColumns = {
        length: 1,
        openUs: from,
        closeUs: Float64Array.of(this.#nowUs),
        open: Float64Array.of(this.#middle),
        high: Float64Array.of(this.#middle + off),
        low: Float64Array.of(this.#middle - qty),
        close: Float64Array.of(this.#middle),
        volume: Float64Array.of(isOdd ? 20 : 1000),
      };
      this.#venue.onBar(0, columns, 0, 0);
      return;
    }
    if (isOdd && off > 2 && this.#kind !== 'mbo') {
      const trade: TradeColumns = {
        ...one,
        price: Float64Array.of(price),
        qty: lots,
        aggressor: Int8Array.of(side),
      };
      this.#venue.onTick('trades', 0, trade, 0);
      return;
    }
    if (this.#kind === 'trades') {
      const trade: TradeColumns = {
        ...one,
        price: Float64Array.of(bid),
        qty: lots,
        aggressor: Int8Array.of(side),
      };
      this.#venue.onTick('trades', 0, trade, 0);
    } else if (this.#kind === 'quotes') {
      const quote: QuoteColumns = {
        ...one,
        bid: Float64Array.of(bid),
        bidQty: lots,
        ask: Float64Array.of(bid + 1),
        askQty: Float64Array.of(off),
      };
      this.#venue.onTick('quotes', 0, quote, 0);
    } else {
      // The whole book anew, so that it is never crossed: two levels a side.
      const rows: [side: number, price: number, qty: number][] = [];
      for (let k = 380; k <= 420; k += 1) {
        const near = k <= bid ? bid - k : k - bid - 1;
        if (near < 2) rows.push([k <= bid ? 1 : -1, k, near === 0 ? qty : off]);
      }
      this.#venue.onTick(
        this.#kind,
        0,
        this.#kind === 'depth' ? this.#depth(rows) : this.#mbo(rows, isOdd, side),
        0,
      );
    }
  }

  #depth(rows: readonly (readonly [number, number, number])[]): DepthColumns {
    const all = [...rows];
    for (let k = 380; k <= 420; k += 1)
      for (const way of [1, -1])
        if (!rows.some((row) => row[0] === way && row[1] === k)) all.unshift([way, k, 0]);
    const stamps = new Float64Array(all.length).fill(this.#nowUs);
    const columns: DepthColumns = {
      length: all.length,
      tsUs: stamps,
      seq: stamps,
      side: Int8Array.from(all, (row) => row[0]),
      price: Float64Array.from(all, (row) => row[1]),
      qty: Float64Array.from(all, (row) => row[2]),
      orderCount: new Int32Array(all.length),
      isEventEnd: Uint8Array.from(all, (_, k) => (k === all.length - 1 ? 1 : 0)),
    };
    for (let row = 0; row < all.length - 1; row += 1) this.#venue.onTick('depth', 0, columns, row);
    return {
      ...columns,
      length: 1,
      tsUs: stamps.slice(-1),
      side: columns.side.slice(-1),
      price: columns.price.slice(-1),
      qty: columns.qty.slice(-1),
      isEventEnd: Uint8Array.of(1),
    };
  }

  #mbo(
    rows: readonly (readonly [number, number, number])[],
    isOdd: boolean,
    side: Side,
  ): MboColumns {
    const all: (readonly [number, number, number, number])[] = [
      [0, 0, 0, 5],
      ...rows.map(([way, at, qty]) => [way, at, qty, 0] as const),
    ];
    if (isOdd) all.unshift([side, side === 1 ? this.#middle + 1 : this.#middle, 3, 3]);
    const stamps = new Float64Array(all.length).fill(this.#nowUs);
    const columns = (from: number, to: number): MboColumns => {
      const part = all.slice(from, to);
      return {
        length: part.length,
        tsUs: stamps.slice(from, to),
        seq: stamps.slice(from, to),
        orderId: BigUint64Array.from(part, (_, k) => BigInt(from + k + 1)),
        action: Uint8Array.from(part, (row) => row[3]),
        side: Int8Array.from(part, (row) => row[0]),
        price: Float64Array.from(part, (row) => row[1]),
        qty: Float64Array.from(part, (row) => row[2]),
        isEventEnd: Uint8Array.from(part, (_, k) => (from + k === all.length - 1 ? 1 : 0)),
      };
    };
    const head = columns(0, all.length - 1);
    for (let row = 0; row < head.length; row += 1) this.#venue.onTick('mbo', 0, head, row);
    return columns(all.length - 1, all.length);
  }

  do(one: Step): void {
    this.#advance(1000);
    if (one.do === 'wait') this.#advance(one.ms * 1000);
    else if (one.do === 'phase') {
      if (this.#kind === 'bars') {
        if (one.phase === 'closed') this.#venue.onSessionClose(0, this.#nowUs as TsUs);
      } else if (one.phase === 'closed') {
        if (!this.#isClosed) this.#venue.onSessionClose(0, this.#nowUs as TsUs);
        this.#isClosed = true;
      } else if (!this.#isClosed || one.phase === 'open') {
        this.#isClosed = false;
        this.#venue.onPhase(0, one.phase, this.#nowUs as TsUs);
      }
    } else if (one.do === 'tick') {
      if (!this.#isClosed) this.#tick(one);
    } else if (one.do === 'send') {
      this.#venue.submit(this.#request(this.#spec(one.type, one, one.tif), 'single', null));
    } else if (one.do === 'bracket') this.#bracket(one, one.type, one.targets);
    else if (one.do === 'oco') this.#oco(one);
    else this.#change(one.do, one.pick, one);
  }

  /** The contract expires: nothing is open after it. */
  end(): void {
    this.#advance(1_000_000);
    this.#venue.onContractExpiry(0, this.#nowUs as TsUs);
    this.#advance(1_000_000);
  }
}

function play(
  kind: Kind,
  history: readonly Step[],
  latencyMs: number,
  isByMessages: boolean,
): Owner {
  const owner = new Owner(kind, latencyMs, isByMessages ? 'ib' : 'ideal', history.length);
  for (const one of history) owner.do(one);
  owner.end();
  return owner;
}

const kinds: readonly Kind[] = ['quotes', 'trades', 'depth', 'mbo', 'bars'];
const latency = fc.constantFrom(0, 0, 1, 4, 15);

describe('every report that a venue sends is legal', () => {
  describe.each(kinds)('on %s', (kind) => {
    test.prop([steps, latency, fc.boolean()], { numRuns: RUNS })(
      'whatever is sent and whatever happens, and at the end nothing is open',
      (history, latencyMs, isByMessages) => {
        const { orders, lines } = play(kind, history, latencyMs, isByMessages);
        expect(lines).toEqual([]);
        expect(orders.ignored).toMatchObject({
          illegalEvent: 0,
          unknownOrder: 0,
          duplicateFill: 0,
        });
        expect(orders.openCount).toBe(0);
      },
    );
  });
  it('and such histories come by the pairs that were once missing', () => {
    const seen = new Set<string>();
    for (const kind of kinds)
      for (const [history, latencyMs, isByMessages] of fc.sample(
        fc.tuple(steps, latency, fc.boolean()),
        { numRuns: 60, seed: 11 },
      ))
        for (const pair of play(kind, history, latencyMs, isByMessages).seen) seen.add(pair);
    for (const pair of [
      'PartiallyFilled Released',
      'PendingCancel Unparked',
      'PendingReplace Restated',
      'PendingCancel Fill',
      'PendingReplace Triggered',
    ])
      expect([...seen]).toContain(pair);
  });
});

describe('and so is every report of the exchange of many participants', () => {
  test.prop([marketCommands(200)], { numRuns: RUNS })(
    'through every phase and limit',
    (commands) => {
      const orders = new OrderManager();
      const lines: string[] = [];
      const take = (report: MarketReport): void => {
        const { kind, clOrdId, order, tsUs, reason, lastQty, lastPriceTicks, tradeId } = report;
        const own = orders.get(clOrdId as ClOrdId);
        if (own === null) return;
        const before = own.status;
        const { illegalEvent } = orders.ignored;
        orders.applyReport({
          kind: isRestated(report) ? 'Restated' : kind,
          clOrdId: clOrdId as ClOrdId,
          orderId: null,
          contractIndex: 0,
          tsUs: tsUs as TsUs,
          reason,
          ...(order === null ? {} : { orderQty: order.qty as Qty, working: order.working }),
          ...(kind === 'Fill'
            ? {
                fill: {
                  execId: `${tradeId}-${clOrdId}`,
                  lastQty: lastQty as Qty,
                  lastPriceTicks: lastPriceTicks as PriceTicks,
                  feeMicros: 0 as CashMicros,
                  commissionMicros: 0 as CashMicros,
                },
              }
            : {}),
        });
        if (orders.ignored.illegalEvent > illegalEvent) lines.push(`${before} ${kind} ${reason}`);
        if (order?.place === 'done' && kind !== 'Fill') expect(isTerminal(own.status)).toBe(true);
      };
      const market = new ContractMarket({ onReport: take });
      for (const command of commands) {
        const nowUs = command.tsUs as TsUs;
        if (command.do === 'submit') {
          const { clOrdId, side, qty, type } = command.input;
          orders.create({
            clOrdId: clOrdId as ClOrdId,
            contractIndex: 0,
            spec: { contract, side, qty: qty as Qty, type } as unknown as OrderSpec,
            role: 'single',
            groupId: null,
            nowUs,
            isHeld: false,
            isRoll: false,
          });
        } else if (command.do === 'cancel' || command.do === 'replace') {
          const own = orders.get(command.clOrdId as ClOrdId);
          if (own === null || isTerminal(own.status)) continue;
          if (command.do === 'cancel') orders.applyCancelRequest(own, nowUs);
          else orders.applyReplaceRequest(own, nowUs);
        }
        applyCommand(market, command);
      }
      expect(lines).toEqual([]);
      expect(orders.ignored.illegalEvent).toBe(0);
      const working = new Set(market.openOrders().map(({ input }) => input.clOrdId));
      expect(new Set([...orders.open()].map(({ clOrdId }) => clOrdId as string))).toEqual(working);
      for (const order of orders.open()) expect(order.status).toMatch(/^(New|PartiallyFilled)$/);
    },
  );
});
