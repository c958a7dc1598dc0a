import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { HubConnection } from '../../../src/sim/gateways/signalr/connection.ts';
import { Negotiator } from '../../../src/sim/gateways/signalr/negotiate.ts';
import { RecordReader } from '../../../src/sim/gateways/signalr/records.ts';
import { GatewayWorld, ManualScheduler, MES, RECORD_END } from '../../support/gateway-world.ts';

const hubs = (): GatewayWorld => new GatewayWorld({ setup: {} }).login();

describe('records', () => {
  test.prop([
    fc.array(fc.string().map((text) => text.replaceAll(RECORD_END, ''))),
    fc.array(fc.nat(40)),
  ])('come out whole, however their text is cut', (records, cuts) => {
    const text = records.map((each) => each + RECORD_END).join('');
    const reader = new RecordReader(10_000);
    const out: string[] = [];
    let at = 0;
    for (const cut of cuts) {
      out.push(...reader.push(text.slice(at, at + cut)));
      at += cut;
    }
    out.push(...reader.push(text.slice(at)));
    expect(out).toEqual(records);
  });

  it('are never kept beyond their limit', () => {
    const reader = new RecordReader(100);
    reader.push('x'.repeat(100));
    expect(() => reader.push('x')).toThrow('longer than 100');
  });
});

describe('the handshake', () => {
  it.each([
    ['{"protocol":"json","version":1}', false],
    ['{"protocol":"json","version":0}', false],
    ['{"protocol":"json","version":2}', true],
    ['{"protocol":"messagepack","version":1}', true],
    ['{"type":6}', true],
    ['what', true],
  ])('answers %s', (record, isRefused) => {
    const world = hubs();
    const ear = world.socket(`/hubs/user?access_token=${world.token}`);
    ear.connection.receive(record + RECORD_END);
    expect(ear.isEnded).toBe(isRefused);
    expect(ear.records).toHaveLength(1);
    expect('error' in ear.records[0]!).toBe(isRefused);
  });

  it('has 15 seconds', () => {
    const world = hubs();
    const ear = world.socket(`/hubs/user?access_token=${world.token}`);
    world.scheduler.advance(15_000_000);
    expect([ear.isEnded, ear.records]).toEqual([true, [{ error: 'Handshake was canceled.' }]]);
  });

  it('may stand in one message with the first calls', () => {
    const world = hubs();
    const ear = world.socket(`/hubs/user?access_token=${world.token}`);
    const call = { type: 1, target: 'subscribeaccounts', arguments: [], invocationId: '1' };
    ear.connection.receive(
      `{"protocol":"json","version":1}${RECORD_END}${JSON.stringify(call)}${RECORD_END}`,
    );
    expect(ear.records).toEqual([{}, { type: 3, invocationId: '1', result: null }]);
  });
});

describe('an open connection', () => {
  it('answers every call with an id once, and none without', () => {
    const ear = hubs().hub('user');
    ear.send({ type: 1, target: 'SubscribeAccounts', arguments: [] });
    expect(ear.records).toEqual([]);
    expect(ear.invoke('SubscribeAccounts')).toEqual({ type: 3, invocationId: '0', result: null });
    expect(ear.invoke('SubscribeToUserTrades')['error']).toBe(
      "Unknown hub method 'SubscribeToUserTrades'",
    );
    expect(ear.invoke('SubscribeOrders')['error']).toBe(
      "Failed to invoke 'SubscribeOrders' due to an error on the server.",
    );
    expect(ear.invoke('SubscribeOrders', 9)['error']).toBeDefined();
    ear.send({ type: 4, target: 'x', arguments: [], invocationId: 's' });
    expect(ear.records.at(-1)).toMatchObject({
      invocationId: 's',
      error: "Unknown hub method 'x'",
    });
    expect(ear.isEnded).toBe(false);
  });

  it('is pinged after 15 seconds of silence, and dropped after 30 of its own', () => {
    const world = hubs();
    const ear = world.hub('user');
    world.scheduler.advance(15_000_000);
    expect(ear.records).toEqual([{ type: 6 }]);
    ear.send({ type: 6 });
    world.scheduler.advance(29_000_000);
    expect(ear.isEnded).toBe(false);
    world.scheduler.advance(1_000_000);
    expect(ear.isEnded).toBe(true);
  });

  it('is closed quietly when the client says so, and forgotten with its timers', () => {
    const world = hubs();
    const ear = world.userHub();
    ear.send({ type: 7 });
    expect([ear.isEnded, ear.records]).toEqual([true, []]);
    world.market(24_000, 24_001);
    world.place({});
    expect(ear.records).toEqual([]);
    expect(world.scheduler.waiting).toBe(0);
  });

  const piece = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constant(RECORD_END),
    fc.constant('x'.repeat(40_000)),
    fc
      .record({
        type: fc.oneof(fc.integer({ min: -1, max: 12 }), fc.string(), fc.constant(null)),
        target: fc.oneof(
          fc.constantFrom('SubscribeOrders', 'SubscribeContractQuotes', '__proto__'),
          fc.anything(),
        ),
        arguments: fc.oneof(fc.array(fc.anything()), fc.anything()),
        invocationId: fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)),
      })
      .map((message) => {
        try {
          return (JSON.stringify(message) ?? '') + RECORD_END;
        } catch {
          return RECORD_END;
        }
      }),
  );
  test.prop([
    fc.constantFrom('user' as const, 'market' as const),
    fc.array(piece, { maxLength: 30 }),
  ])(
    'survives whatever is sent to it: an answer, silence or a close, never a crash',
    (name, pieces) => {
      const world = hubs();
      world.market(24_000, 24_001);
      const ear = world.hub(name);
      for (const each of pieces) ear.connection.receive(each);
      world.place({});
      if (!ear.isEnded) ear.send({ type: 6 });
      for (const record of ear.records) expect(typeof record['type']).toBe('number');
    },
  );
});

describe('negotiation', () => {
  it('hides the id of the socket in version 1 and not in version 0; an id is good once', () => {
    const world = hubs();
    const negotiate = (query: string): Record<string, unknown> =>
      JSON.parse(
        world.gateway.handle({
          method: 'POST',
          path: `/hubs/user/negotiate${query}`,
          headers: { authorization: `Bearer ${world.token}` },
          body: '',
        }).body,
      ) as Record<string, unknown>;
    const one = negotiate('?negotiateVersion=1');
    expect(one).toMatchObject({ negotiateVersion: 1, connectionToken: expect.any(String) });
    const zero = negotiate('');
    expect(zero).toMatchObject({
      negotiateVersion: 0,
      availableTransports: [{ transport: 'WebSockets' }],
    });
    expect(zero).not.toHaveProperty('connectionToken');
    const open = (id: unknown): unknown =>
      world.socket(`/hubs/user?id=${String(id)}&access_token=${world.token}`);
    open(one['connectionToken']);
    expect(() => open(one['connectionToken'])).toThrow('refused with 409');
    expect(() => open(one['connectionId'])).toThrow('refused with 404');
    open(zero['connectionId']);
  });

  it('asks for a token', () => {
    const { gateway } = new GatewayWorld();
    expect(
      gateway.handle({ method: 'POST', path: '/hubs/user/negotiate', headers: {}, body: '' })
        .status,
    ).toBe(401);
  });

  it('keeps a bounded number of ids', () => {
    let ids = 0;
    const negotiator = new Negotiator(() => `i${(ids += 1)}`);
    for (let k = 0; k < 5000; k += 1) negotiator.negotiate(0, k);
    expect(negotiator.take('i1', 5000)).toBe(404);
    expect(negotiator.take('i5000', 5000)).toBe(101);
  });
});

describe('what the hubs tell', () => {
  it('sends one whole quote, then what changed', () => {
    const world = hubs();
    world.market(24_000, 24_001);
    const ear = world.hub('market');
    ear.invoke('SubscribeContractQuotes', MES);
    world.quote(24_000, 24_002);
    const [whole, partial] = ear.events.map(({ data }) => data);
    expect(whole).toMatchObject({
      symbol: 'F.US.MES',
      lastPrice: 6000.25,
      bestBid: 6000,
      bestAsk: 6000.25,
      volume: 1,
      contract: MES,
    });
    expect(Object.keys(partial!)).toEqual([
      'symbol',
      'bestAsk',
      'lastUpdated',
      'timestamp',
      'contract',
    ]);
    expect(partial!['lastUpdated']).toMatch(/\.\d{7}\+00:00$/);
  });

  it('sends a reset, the ladder and changed levels; trades with their aggressor', () => {
    const world = hubs();
    world.market(24_000, 24_001);
    const ear = world.hub('market');
    ear.invoke('SubscribeContractMarketDepth', MES);
    ear.invoke('SubscribeContractTrades', MES);
    world.quote(24_000, 24_002, 7);
    world.trade(24_000, 3, -1);
    const types = ear.events.map(({ target, data }) => [
      target,
      (data as unknown as { type: number }[]).map((row) => row.type),
    ]);
    expect(types).toEqual([
      ['GatewayDepth', [6]],
      ['GatewayDepth', [1, 2]],
      ['GatewayDepth', [2, 1, 1]],
      ['GatewayTrade', [1]],
      ['GatewayDepth', [5]],
    ]);
  });

  it('leaves nulls out, wraps user events, and bares them where asked', () => {
    for (const userEvents of ['wrapped', 'bare'] as const) {
      const world = new GatewayWorld({
        options: { wire: { userEvents, marketEvents: 'objects' } },
      }).login();
      world.market(24_000, 24_001);
      const ear = world.userHub();
      world.place({});
      const trade = ear.events.find(({ target }) => target === 'GatewayUserTrade')!;
      expect(trade.action).toBe(userEvents === 'wrapped' ? 0 : null);
      expect(trade.data).not.toHaveProperty('profitAndLoss');
      expect(world.trades()).toMatchObject([{ profitAndLoss: null }]);
    }
  });

  it('says nothing after an unsubscribe, and once after two subscriptions', () => {
    const world = hubs();
    world.market(24_000, 24_001);
    const ear = world.hub('user');
    ear.invoke('SubscribeTrades', 7001);
    ear.invoke('SubscribeTrades', 7001);
    world.place({});
    expect(ear.events).toHaveLength(1);
    ear.invoke('UnsubscribeTrades', 7001);
    world.place({});
    expect(ear.events).toHaveLength(1);
  });
});

describe('a carrier that fails', () => {
  it('ends the connection once', () => {
    const scheduler = new ManualScheduler(0);
    let closed = 0;
    const connection = new HubConnection({ send: () => {}, end: () => {} }, scheduler, () => ({
      invoke: () => 'ok',
      closed: () => (closed += 1),
    }));
    connection.lost();
    connection.lost();
    connection.close();
    expect([closed, scheduler.waiting]).toEqual([1, 0]);
  });
});
