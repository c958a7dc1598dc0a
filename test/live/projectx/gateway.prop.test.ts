/**
 * Adapter and gateway in one process and in virtual time: random orders, a moving market, and a network that loses, repeats,
 * delays, reorders and cuts. Whoever adds up what the adapter tells has in the end what the gateway has.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { LiveEvent, VenueOrder } from '../../../src/core/live.ts';
import type { NewOrderRequest, OrderGroupRequest } from '../../../src/core/execution.ts';
import type { ContractId } from '../../../src/core/instrument.ts';
import type { ClOrdId, OrderRole, OrderSpec } from '../../../src/core/order.ts';
import { isTerminal } from '../../../src/core/order.ts';
import { UniformGrid } from '../../../src/core/price-grid.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { ProjectXClient, ProjectXVenue } from '../../../src/live/projectx/index.ts';
import { contractOfId } from '../../../src/sim/gateways/projectx/contracts.ts';
import type { Fault } from '../../../src/sim/gateways/projectx/faults.ts';
import { Gateway } from '../../../src/sim/gateways/projectx/gateway.ts';
import { gatewayHttp, gatewayHubs } from '../../support/gateway-ports.ts';
import { START_US, VirtualTime } from '../support.ts';

const MES = 'CON.F.US.MES.Z26';

/** A small generator of numbers, the same for the same seed. */
function chance(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const FAULTS: readonly Fault[] = [
  { when: { call: 'Order/place', chance: 0.08 }, fault: 'timeout', isCarriedOut: true },
  { when: { call: 'Order/place', chance: 0.08 }, fault: 'cut', isCarriedOut: false },
  { when: { call: 'Order/cancel', chance: 0.1 }, fault: 'status', status: 502, isCarriedOut: true },
  { when: { call: 'Order/modify', chance: 0.1 }, fault: 'cut', isCarriedOut: true },
  {
    when: { call: 'Order/place', chance: 0.05 },
    fault: 'status',
    status: 429,
    retryAfterSeconds: 1,
  },
  { when: { call: 'Order/search', chance: 0.05 }, fault: 'status', status: 500 },
  { when: { call: 'Trade/search', chance: 0.05 }, fault: 'cut' },
  { when: { event: 'GatewayUserOrder', chance: 0.1 }, fault: 'lose' },
  { when: { event: 'GatewayUserTrade', chance: 0.1 }, fault: 'lose' },
  { when: { event: 'GatewayUserOrder', chance: 0.1 }, fault: 'reorder' },
  { when: { event: '*', chance: 0.05 }, fault: 'duplicate' },
  { when: { event: 'GatewayUserTrade', chance: 0.1 }, fault: 'delay', ms: 400 },
  { when: { atMs: 20_000 }, fault: 'drop' },
  { when: { atMs: 45_000 }, fault: 'half-open', hub: 'user' },
  { when: { atMs: 70_000 }, fault: 'drop', close: true },
  { when: { atMs: 71_000 }, fault: 'refuse-hubs', ms: 5000 },
  { when: { atMs: 90_000 }, fault: 'expire-tokens' },
  { when: { atMs: 100_000 }, fault: 'drop', hub: 'user' },
];

interface Heard {
  cumQty: number;
  isEnded: boolean;
}

/** What a listener that trusts the adapter knows. */
class Ledger {
  readonly orders = new Map<string, Heard>();
  readonly executions = new Map<string, number>();
  readonly uncertain = new Set<ClOrdId>();
  readonly problems: string[] = [];
  netQty = 0;

  take(event: LiveEvent): void {
    if (event.kind === 'uncertain') this.uncertain.add(event.clOrdId);
    if (event.kind === 'snapshot') {
      for (const order of event.snapshot.orders) this.takeOrder(order);
      for (const each of event.snapshot.executions)
        this.#execution(each.execId, each.clOrdId, each.side * each.qty);
    }
    if (event.kind === 'foreign-execution')
      this.#execution(event.execution.execId, null, event.execution.side * event.execution.qty);
    if (event.kind !== 'report') return;
    const { report } = event;
    const heard = this.#of(report.clOrdId);
    if (report.fill !== undefined) {
      if (this.executions.has(report.fill.execId))
        this.problems.push(`fill ${report.fill.execId} was told twice`);
      const side = this.sides.get(report.clOrdId) ?? 0;
      this.#execution(report.fill.execId, report.clOrdId, side * report.fill.lastQty);
    }
    if (heard.isEnded && ['Accepted', 'Released', 'Replaced', 'Restated'].includes(report.kind))
      this.problems.push(`${report.clOrdId} ${report.kind} after its end`);
    if (['Canceled', 'Expired', 'Rejected'].includes(report.kind)) {
      if (heard.isEnded) this.problems.push(`${report.clOrdId} ended twice`);
      heard.isEnded = true;
    }
  }

  readonly sides = new Map<string, number>();

  takeOrder(order: VenueOrder): void {
    if (order.clOrdId !== null && isTerminal(order.status)) this.#of(order.clOrdId).isEnded = true;
  }

  #of(clOrdId: string): Heard {
    let heard = this.orders.get(clOrdId);
    if (heard === undefined) this.orders.set(clOrdId, (heard = { cumQty: 0, isEnded: false }));
    return heard;
  }

  #execution(execId: string, clOrdId: string | null, signedQty: number): void {
    if (this.executions.has(execId)) return;
    this.executions.set(execId, signedQty);
    this.netQty += signedQty;
    if (clOrdId !== null) this.#of(clOrdId).cumQty += Math.abs(signedQty);
  }
}

async function play(seed: number, faults: readonly Fault[], steps = 60) {
  const time = new VirtualTime(START_US);
  const draw = chance(seed);
  let ids = 0;
  const gateway = new Gateway({
    users: [
      {
        userName: 'demo',
        apiKey: 'key-0123',
        accounts: [{ name: 'PRAC-1', brackets: { kind: 'auto-oco' }, balance: 1_000_000 }],
      },
    ],
    markets: [{ contract: contractOfId(MES), host: { kind: 'quotes' } }],
    scheduler: time,
    clock: { kind: 'paced', startUs: START_US, speed: 1 },
    secret: new Uint8Array(32).fill(7),
    newId: () => `id-${(ids += 1)}`,
    faults: { seed, faults },
  });
  gateway.start();
  const delay = (): number => 500 + Math.floor(draw() * 40_000);
  const client = new ProjectXClient({
    firm: 'demo',
    credentials: { userName: 'demo', apiKey: 'key-0123' },
    http: gatewayHttp(gateway, time, delay),
    hubs: (token) => gatewayHubs(gateway, time, token, delay),
    scheduler: time,
    uniform: draw,
    requestsPerMinute: 2000,
  });
  const venue = new ProjectXVenue({
    client,
    account: 'PRAC-1',
    contracts: [{ contractIndex: 0, venueId: MES, grid: new UniformGrid(0.25) }],
    hasAutoOco: true,
    uniform: draw,
  });
  const ledger = new Ledger();
  await time.until(venue.open({ onEvent: (event) => ledger.take(event) }));
  const first = await time.until(venue.snapshot(time.nowUs()));
  expect(first.positions).toEqual([]);

  let last = 24_000;
  const move = (): void => {
    last += Math.round((draw() - 0.5) * 12);
    gateway.feed.onQuote(0, last - 1, 50, last, 50, time.nowUs());
    gateway.feed.onTrade(0, last, 1, 1, time.nowUs());
  };
  move();
  let sequence = 0;
  const sent: ClOrdId[] = [];
  const request = (role: OrderRole, spec: Record<string, unknown>): NewOrderRequest => {
    const clOrdId = `R${seed}-${String((sequence += 1)).padStart(6, '0')}` as ClOrdId;
    sent.push(clOrdId);
    ledger.sides.set(clOrdId, spec['side'] as number);
    return {
      clOrdId,
      contractIndex: 0,
      spec: { contract: 'MESZ2026' as ContractId, timeInForce: 'gtc', ...spec } as OrderSpec,
      role,
      groupId: null,
      sentUs: time.nowUs(),
    };
  };
  const act = (): void => {
    const side = draw() < 0.5 ? 1 : -1;
    const qty = (1 + Math.floor(draw() * 3)) as Qty;
    const kind = draw();
    const away = 1 + Math.floor(draw() * 6);
    if (kind < 0.2) return venue.submit(request('single', { type: 'market', side, qty }));
    if (kind < 0.45)
      return venue.submit(
        request('single', {
          type: 'limit',
          side,
          qty,
          limitTicks: (last - side * away) as PriceTicks,
        }),
      );
    if (kind < 0.55)
      return venue.submit(
        request('single', {
          type: 'stop',
          side,
          qty,
          stopTicks: (last + side * (away + 2)) as PriceTicks,
        }),
      );
    if (kind < 0.7) {
      const exit = { side: -side, qty, reduceOnly: true };
      const group: OrderGroupRequest = {
        groupId: `g${sequence}`,
        entry: request('entry', { type: 'market', side, qty }),
        children: [
          {
            order: request('stop', { ...exit, type: 'stop', stopTicks: 0 }),
            level: { offsetTicks: 6 },
            groupQty: qty,
          },
          {
            order: request('target', { ...exit, type: 'limit', limitTicks: 0 }),
            level: { offsetTicks: 5 },
            groupQty: qty,
          },
        ],
        peers: 'oco',
        release: 'partial',
        sentUs: time.nowUs(),
      };
      expect(venue.whyNotHeld(group)).toBeNull();
      return venue.submitGroup(group);
    }
    const clOrdId = sent[Math.floor(draw() * sent.length)];
    if (clOrdId === undefined) return;
    if (kind < 0.85) return venue.cancel({ clOrdId, orderId: null, sentUs: time.nowUs() });
    return venue.replace({
      clOrdId,
      orderId: null,
      limitTicks: (last - away) as PriceTicks,
      sentUs: time.nowUs(),
    });
  };
  for (let i = 0; i < steps; i += 1) {
    if (draw() < 0.5) act();
    move();
    await time.advance(Math.floor(draw() * 4e6));
  }
  // Everything that was unknown is asked for; then the account is read.
  await time.advance(120e6);
  for (const clOrdId of sent) {
    if (!ledger.uncertain.has(clOrdId)) continue;
    for (let tries = 0; ; tries += 1) {
      try {
        const found = await time.until(venue.findOrder(clOrdId));
        if (found !== null) ledger.takeOrder(found);
        else ledger.orders.set(clOrdId, { cumQty: 0, isEnded: true });
        break;
      } catch (error) {
        if (tries > 20) throw error;
      }
    }
  }
  // What is still not known is found by the adapter itself.
  await time.advance(400e6);
  await venue.close();
  gateway.stop();
  return { ledger, gateway };
}

describe('what the adapter tells', () => {
  test.prop([fc.integer({ min: 1, max: 1e9 })], { numRuns: 12 })(
    'adds up to what the gateway has, whatever the network does',
    async (seed) => {
      const { ledger, gateway } = await play(seed, FAULTS);
      expect(ledger.problems).toEqual([]);
      const truth = truthOf(gateway);
      expect([...ledger.executions.keys()].toSorted()).toEqual(truth.executions);
      expect(ledger.netQty).toBe(truth.netQty);
      for (const [clOrdId, order] of truth.orders) {
        const heard = ledger.orders.get(clOrdId) ?? { cumQty: 0, isEnded: false };
        expect([clOrdId, heard.cumQty]).toEqual([clOrdId, order.cumQty]);
        if (order.isEnded && order.cumQty < order.size)
          expect([clOrdId, heard.isEnded]).toEqual([clOrdId, true]);
        if (!order.isEnded) expect([clOrdId, heard.isEnded]).toEqual([clOrdId, false]);
      }
    },
    120_000,
  );

  test('is the same without faults, and then nothing is uncertain', async () => {
    const { ledger, gateway } = await play(7, []);
    expect(ledger.problems).toEqual([]);
    expect(ledger.uncertain.size).toBe(0);
    expect([...ledger.executions.keys()].toSorted()).toEqual(truthOf(gateway).executions);
    expect(ledger.executions.size).toBeGreaterThan(10);
  });
});

describe('a token that the venue took back', () => {
  test('is replaced when a hub refuses it, though nothing else is asked', async () => {
    const time = new VirtualTime(START_US);
    const gateway = new Gateway({
      users: [{ userName: 'demo', apiKey: 'key-0123', accounts: [{ name: 'PRAC-1' }] }],
      markets: [{ contract: contractOfId(MES), host: { kind: 'quotes' } }],
      scheduler: time,
      clock: { kind: 'paced', startUs: START_US, speed: 1 },
      secret: new Uint8Array(32).fill(7),
      newId: () => `id-${time.nowUs()}-${time.timers}`,
      faults: {
        faults: [
          { when: { atMs: 60_000 }, fault: 'expire-tokens' },
          { when: { atMs: 61_000 }, fault: 'drop' },
        ],
      },
    });
    gateway.start();
    const client = new ProjectXClient({
      firm: 'demo',
      credentials: { userName: 'demo', apiKey: 'key-0123' },
      http: gatewayHttp(gateway, time, () => 1000),
      hubs: (token) => gatewayHubs(gateway, time, token, () => 1000),
      scheduler: time,
      uniform: () => 0.5,
    });
    await time.until(client.login());
    await client.streams.subscribeOrders(7001);
    await time.until(client.streams.openUser());
    await time.advance(90e6);
    expect(client.streams.userState).toBe('up');
    expect(client.streams.reconnects).toBe(1);
    await client.close();
    gateway.stop();
  });
});

interface Truth {
  readonly executions: readonly string[];
  readonly netQty: number;
  readonly orders: ReadonlyMap<
    string,
    { readonly cumQty: number; readonly size: number; readonly isEnded: boolean }
  >;
}

/** Asked of the gateway itself, past all faults. */
function truthOf(gateway: Gateway): Truth {
  const account = gateway.accounts[0]!;
  const orders = new Map<string, { cumQty: number; size: number; isEnded: boolean }>();
  for (const order of account.orders.values()) {
    const tag = order.tag ?? '';
    const match = /^fm:(R\d+-)(\d+)(?:\/s(\d+)\/t(\d+))?(-SL|-TP)?$/.exec(tag);
    expect(match, tag).not.toBeNull();
    const number = match![5] === '-SL' ? match![3]! : match![5] === '-TP' ? match![4]! : match![2]!;
    const clOrdId = `${match![1]}${number.padStart(6, '0')}`;
    expect(orders.has(clOrdId), `${clOrdId} stands twice`).toBe(false);
    orders.set(clOrdId, {
      cumQty: order.filled,
      size: order.size,
      isEnded: [2, 3, 4, 5].includes(order.status),
    });
  }
  const { trades } = account;
  return {
    executions: trades.map(({ id }) => String(id)).toSorted(),
    netQty: trades.reduce((sum, trade) => sum + trade.order.side * trade.size, 0),
    orders,
  };
}
