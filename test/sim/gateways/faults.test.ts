import { describe, expect, it } from 'vitest';
import { FAULT_NAMES, parseFaults } from '../../../src/sim/gateways/projectx/faults.ts';
import type { Fault } from '../../../src/sim/gateways/projectx/faults.ts';
import { GatewayWorld, MES } from '../../support/gateway-world.ts';

const BRACKETS = {
  stopLossBracket: { ticks: -20, type: 4 },
  takeProfitBracket: { ticks: 40, type: 1 },
};
const withFaults = (...faults: Fault[]): GatewayWorld => {
  const world = new GatewayWorld({ faults: { faults } }).login();
  world.market(24_000, 24_001);
  return world;
};
const MARKET = { accountId: 7001, contractId: MES, type: 2, side: 0, size: 1 };
const PLACE = { call: 'Order/place' };

describe('faults of calls', () => {
  it('time out an order that was accepted, and one that was not', () => {
    for (const [isCarriedOut, orders] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const world = withFaults({ fault: 'timeout', when: PLACE, isCarriedOut });
      expect(world.ask('Order/place', MARKET).delayUs).toBe(Infinity);
      expect(world.orders()).toHaveLength(orders);
      expect(world.ask('Order/place', MARKET).delayUs).toBe(0);
    }
  });

  it('cut the connection, answer 429 and 5xx, slow down and refuse', () => {
    const world = withFaults(
      { fault: 'cut', when: { ...PLACE, nth: 1 }, isCarriedOut: true },
      { fault: 'status', when: { ...PLACE, nth: 2 }, status: 429, retryAfterSeconds: 7 },
      { fault: 'status', when: { ...PLACE, nth: 3 }, status: 503, isCarriedOut: true },
      { fault: 'slow', when: { ...PLACE, nth: 4 }, ms: 250 },
      { fault: 'refuse', when: { ...PLACE, nth: 5 }, errorCode: 3, message: 'no funds' },
    );
    const answers = Array.from({ length: 5 }, () => world.ask('Order/place', MARKET));
    expect(answers.map(({ status, isCut, delayUs }) => [status, isCut, delayUs])).toEqual([
      [200, true, 0],
      [429, false, 0],
      [503, false, 0],
      [200, false, 250_000],
      [200, false, 0],
    ]);
    expect(answers[1]!.headers['retry-after']).toBe('7');
    expect(JSON.parse(answers[4]!.body)).toMatchObject({ errorCode: 3, errorMessage: 'no funds' });
    expect(world.orders()).toHaveLength(3);
  });

  it('reject an order that was taken, some time later', () => {
    const world = withFaults({ fault: 'late-reject', when: PLACE, ms: 50 });
    expect(world.place({})['success']).toBe(true);
    expect(world.orders()).toMatchObject([{ status: 6 }]);
    world.pass(50_000);
    expect(world.orders()).toMatchObject([{ status: 5 }]);
  });

  it('let a fill race a cancel', () => {
    const world = withFaults({ fault: 'slow-cancel', when: { call: 'Order/cancel' }, ms: 100 });
    const { orderId } = world.place({ type: 1, limitPrice: 5999 });
    expect(world.post('Order/cancel', { accountId: 7001, orderId })['success']).toBe(true);
    expect(world.orders()).toMatchObject([{ status: 7 }]);
    world.quote(23_990, 23_991);
    world.pass(200_000);
    expect(world.orders()).toMatchObject([{ status: 2, fillVolume: 1 }]);
  });

  it('end tokens', () => {
    const world = withFaults({ fault: 'expire-tokens', when: { call: 'Order/searchOpen' } });
    expect(world.ask('Order/searchOpen', { accountId: 7001 }).status).toBe(401);
    world.login();
    expect(world.ask('Order/searchOpen', { accountId: 7001 }).status).toBe(200);
  });

  it('empty the history, and stall bars', () => {
    const ask = (world: GatewayWorld): unknown[] =>
      world.post('History/retrieveBars', {
        contractId: MES,
        live: false,
        startTime: '2026-11-02T14:00:00Z',
        endTime: '2026-11-03T14:00:00Z',
        unit: 1,
        unitNumber: 1,
        limit: 100,
        includePartialBar: true,
      })['bars'] as unknown[];
    const empty = withFaults({ fault: 'empty-history', when: { atMs: 0 }, ms: 5000 });
    empty.pass(0);
    expect(ask(empty)).toEqual([]);
    empty.pass(6_000_000);
    expect(ask(empty)).toHaveLength(1);
    const stalled = withFaults({ fault: 'stalled-bars', when: { atMs: 100 }, ms: 60_000 });
    stalled.pass(3_000_000);
    stalled.trade(24_000);
    expect(ask(stalled)).toHaveLength(1);
    stalled.pass(60_000_000);
    expect(ask(stalled)).toHaveLength(2);
  });
});

describe('faults of events', () => {
  const trades = (world: GatewayWorld, orders: number): unknown[] => {
    const ear = world.userHub();
    for (let k = 0; k < orders; k += 1) world.place({});
    return ear.events
      .filter(({ target }) => target === 'GatewayUserTrade')
      .map(({ data }) => data['orderId']);
  };
  const on = { event: 'GatewayUserTrade' };

  it('lose, duplicate and reorder them', () => {
    const first = 4_294_967_400;
    const run = (...faults: Fault[]): unknown[] =>
      trades(withFaults(...faults), 3).map((id) => Number(id) - first);
    expect(run()).toEqual([0, 1, 2]);
    expect(run({ fault: 'lose', when: { ...on, nth: 2 } })).toEqual([0, 2]);
    expect(run({ fault: 'duplicate', when: { ...on, nth: 2 } })).toEqual([0, 1, 1, 2]);
    expect(run({ fault: 'reorder', when: { event: '*', nth: 2, times: 1 } })).toEqual([0, 1, 2]);
  });

  it('put a later event of the connection before a reordered one', () => {
    const world = withFaults({ fault: 'reorder', when: on });
    const ear = world.userHub();
    world.place({});
    const targets = ear.events.map(({ target }) => target);
    expect(targets.indexOf('GatewayUserPosition')).toBeLessThan(
      targets.indexOf('GatewayUserTrade'),
    );
  });

  it('deliver a reordered event that nothing follows, and a delayed one after its time', () => {
    const world = withFaults(
      { fault: 'reorder', when: { event: 'GatewayUserAccount' } },
      { fault: 'delay', when: { event: 'GatewayUserPosition' }, ms: 300 },
    );
    const ear = world.userHub();
    world.place({});
    const heard = (target: string): boolean => ear.events.some((each) => each.target === target);
    expect([heard('GatewayUserAccount'), heard('GatewayUserPosition')]).toEqual([false, false]);
    world.pass(300_000);
    expect(heard('GatewayUserPosition')).toBe(true);
    world.pass(1_000_000);
    expect(heard('GatewayUserAccount')).toBe(true);
  });

  it('strike by chance as the seed says, the same each time', () => {
    const run = (seed: number): unknown[] => {
      const when = { ...on, chance: 0.5 };
      const world = new GatewayWorld({
        faults: { seed, faults: [{ fault: 'lose', when }] },
      }).login();
      world.market(24_000, 24_001);
      return trades(world, 40);
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(run(1).length).toBeGreaterThan(5);
    expect(run(1).length).toBeLessThan(35);
  });
});

describe('faults of brackets', () => {
  it('reject one exit on its activation', () => {
    const world = withFaults({ fault: 'reject-leg', when: { leg: 'stop' } });
    world.place(BRACKETS);
    world.pass(20_000);
    expect(world.orders().map((each) => each['status'])).toEqual([2, 5, 1]);
  });

  it('leave an exit behind when the other one filled', () => {
    const world = withFaults({ fault: 'orphan', when: { peerCancel: true } });
    world.place(BRACKETS);
    world.pass(20_000);
    world.market(24_041, 24_042);
    world.pass(1_000_000);
    expect(world.orders('Order/searchOpen')).toMatchObject([{ type: 4, status: 1 }]);
    expect(world.positions()).toEqual([]);
  });
});

describe('faults of connections and of the whole', () => {
  it('drop hubs with a close record and without one', () => {
    const world = withFaults(
      { fault: 'drop', when: { atMs: 1000 }, hub: 'user', close: true, allowReconnect: true },
      { fault: 'drop', when: { atMs: 2000 }, hub: 'market' },
    );
    const [user, market] = [world.hub('user'), world.hub('market')];
    world.pass(2_000_000);
    expect([user.isEnded, market.isEnded]).toEqual([true, true]);
    expect(user.records).toEqual([
      { type: 7, error: 'Connection closed with an error.', allowReconnect: true },
    ]);
    expect(market.records).toEqual([]);
  });

  it('leave a connection half-open: nothing is sent, pings included, and it stands', () => {
    const world = withFaults({ fault: 'half-open', when: { atMs: 1000 } });
    const ear = world.userHub();
    world.pass(1_000_000);
    world.place({});
    world.pass(120_000_000);
    expect([ear.records, ear.isEnded]).toEqual([[], false]);
  });

  it('keep the market hub silent while pings go on', () => {
    const world = withFaults({ fault: 'silent-market', when: { atMs: 0 }, ms: 20_000 });
    const ear = world.hub('market');
    ear.invoke('SubscribeContractQuotes', MES);
    world.pass(1000);
    ear.records.length = 0;
    for (let k = 0; k < 5; k += 1) world.market(24_000 + k, 24_001 + k);
    world.pass(16_000_000);
    expect(ear.records).toEqual([{ type: 6 }]);
    ear.send({ type: 6 });
    world.pass(5_000_000);
    world.market(24_010, 24_011);
    expect(ear.events.length).toBeGreaterThan(0);
  });

  it('are in maintenance: REST answers 503, hubs are closed and refused, then all is well', () => {
    const world = withFaults({ fault: 'maintenance', when: { atMs: 0 }, ms: 10_000 });
    world.pass(1000);
    expect(world.ask('Order/searchOpen', { accountId: 7001 }).status).toBe(503);
    expect(() => world.hub('user')).toThrow('refused with 503');
    world.pass(10_000_000);
    expect(world.hub('user').isEnded).toBe(false);
    expect(world.orders()).toEqual([]);
  });

  it('skew the clock of the stream, and take a trade back', () => {
    const world = withFaults({ fault: 'clock-skew', when: { atMs: 0 }, skewMs: 3_600_000 });
    world.pass(1000);
    const ear = world.userHub();
    world.place({});
    const trade = ear.events.find(({ target }) => target === 'GatewayUserTrade')!.data;
    expect(String(trade['creationTimestamp'])).toContain('T16:00:00');
    world.gateway.faults.add([
      { fault: 'bust-trade', when: { atMs: 0 }, tradeId: Number(trade['id']) },
    ]);
    world.pass(1);
    expect(world.positions()).toEqual([]);
    expect(world.trades()).toMatchObject([{ voided: true }]);
    const { accounts } = world.post('Account/search', {});
    expect(accounts).toMatchObject([{ balance: 50_000 }]);
  });
});

describe('a fault script', () => {
  it.each([
    [{ faults: [{ fault: 'nothing', when: { atMs: 1 } }] }, 'faults.0.fault'],
    [{ faults: [{ fault: 'drop', when: {} }] }, 'faults.0.when'],
    [{ faults: [{ fault: 'drop', when: { atMs: 1, call: '*' } }] }, 'faults.0.when'],
    [{ faults: [{ fault: 'timeout', when: { atMs: 1 } }] }, 'faults.0.when'],
    [{ faults: [{ fault: 'slow', when: PLACE }] }, 'faults.0.ms'],
    [{ faults: [{ fault: 'slow', when: PLACE, ms: 1, much: 2 }] }, 'faults.0'],
    [{ fault: [] }, 'faults'],
    [7, ''],
  ])('is refused with its place: %j', (script, field) => {
    let details: unknown;
    try {
      parseFaults(script);
    } catch (error) {
      details = (error as { details: unknown }).details;
    }
    expect(details).toMatchObject({ field });
  });

  it('reaches a running gateway through the admin path, with its token alone', () => {
    const world = new GatewayWorld({ setup: { adminToken: 'secret' } }).login();
    const admin = (method: string, body: string, token: string): number =>
      world.gateway.handle({
        method,
        path: '/admin/faults',
        headers: { 'x-admin-token': token },
        body,
      }).status;
    const script = JSON.stringify({
      faults: [{ fault: 'status', when: { call: '*' }, status: 500 }],
    });
    expect(admin('POST', script, 'guess')).toBe(401);
    expect(admin('POST', '{"faults":[{}]}', 'secret')).toBe(400);
    expect(admin('POST', script, 'secret')).toBe(200);
    expect(world.ask('Order/searchOpen', { accountId: 7001 }).status).toBe(500);
    expect(admin('DELETE', '', 'secret')).toBe(200);
    expect(
      new GatewayWorld().gateway.handle({
        method: 'POST',
        path: '/admin/faults',
        headers: {},
        body: script,
      }).status,
    ).toBe(404);
  });

  it('knows every fault by name', () => {
    expect(FAULT_NAMES).toHaveLength(24);
  });
});
