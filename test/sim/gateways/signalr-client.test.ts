import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import type { HubConnection } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import type { Scheduler } from '../../../src/core/live.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { Gateway } from '../../../src/sim/gateways/projectx/gateway.ts';
import { contractOfId } from '../../../src/sim/gateways/projectx/contracts.ts';
import { SampleFeed, samplePast } from '../../../src/sim/gateways/projectx/sample-feed.ts';
import type { RunningServer } from '../../../src/sim/gateways/projectx/server.ts';
import { serveGateway } from '../../../src/sim/gateways/projectx/server.ts';
import { MES } from '../../support/gateway-world.ts';

const wall: Scheduler = {
  nowUs: () => (Date.now() * 1000) as TsUs,
  after: (delayUs, task) => {
    const timer = setTimeout(task, delayUs / 1000);
    return () => clearTimeout(timer);
  },
};

interface Desk {
  readonly server: RunningServer;
  readonly gateway: Gateway;
  readonly token: string;
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  connect(hub: 'user' | 'market', options?: object): Promise<HubConnection>;
}

const open: { desk: Desk; hubs: HubConnection[] }[] = [];
afterEach(async () => {
  for (const { desk, hubs } of open.splice(0)) {
    await Promise.all(hubs.map((hub) => hub.stop()));
    await desk.server.close();
  }
});

async function openDesk(): Promise<Desk> {
  const startUs = wall.nowUs();
  let ids = 0;
  const gateway = new Gateway({
    users: [{ userName: 'demo', apiKey: 'key', accounts: [{ name: 'PRAC-1' }] }],
    markets: [
      {
        contract: contractOfId(MES),
        host: { kind: 'exchange' },
        history: [samplePast(1, startUs, 24_000, 500)],
      },
    ],
    scheduler: wall,
    clock: { kind: 'paced', startUs, speed: 1 },
    feed: new SampleFeed({ contract: 0, seed: 1, startUs, startTicks: 24_000, rate: 100 }),
    secret: new Uint8Array(32).fill(1),
    newId: () => `id-${(ids += 1)}`,
  });
  gateway.start();
  const server = await serveGateway(gateway, wall);
  const hubs: HubConnection[] = [];
  const send = async (
    path: string,
    body: unknown,
    token: string,
  ): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${server.url}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const { token } = await send('Auth/loginKey', { userName: 'Demo', apiKey: 'key' }, '');
  const desk: Desk = {
    server,
    gateway,
    token: String(token),
    post: (path, body) => send(path, body, String(token)),
    connect: async (hub, options = {}) => {
      const connection = new HubConnectionBuilder()
        .withUrl(`${server.url}/hubs/${hub}`, {
          accessTokenFactory: () => String(token),
          ...options,
        })
        .configureLogging(LogLevel.None)
        .build();
      await connection.start();
      hubs.push(connection);
      return connection;
    },
  };
  open.push({ desk, hubs });
  return desk;
}

/** Resolves with the first event that fits. */
function heard<T>(
  hub: HubConnection,
  target: string,
  fits: (...args: never[]) => T | undefined,
): Promise<T> {
  return new Promise((resolve) => {
    hub.on(target, (...args: never[]) => {
      const value = fits(...args);
      if (value !== undefined) resolve(value);
    });
  });
}

type Event = { action: number; data: Record<string, unknown> };

describe('the bare client of SignalR', () => {
  it('streams quotes, trades and depth over a negotiated connection', async () => {
    const desk = await openDesk();
    const hub = await desk.connect('market');
    const quote = heard(hub, 'GatewayQuote', (id: string, data: { bestBid?: number }) =>
      data.bestBid === undefined ? undefined : [id, data],
    );
    const trade = heard(hub, 'GatewayTrade', (_id: string, rows: { volume: number }[]) => rows[0]);
    const depth = heard(hub, 'GatewayDepth', (_id: string, rows: { type: number }[]) =>
      rows[0]!.type === 6 ? rows : undefined,
    );
    await hub.invoke('SubscribeContractQuotes', MES);
    await hub.invoke('SubscribeContractTrades', MES);
    await hub.invoke('SubscribeContractMarketDepth', MES);
    expect((await quote)[0]).toBe(MES);
    expect((await trade)!.volume).toBeGreaterThan(0);
    expect(await depth).toHaveLength(1);
  });

  it('trades over a connection without negotiation: places a bracket, hears it fill, closes', async () => {
    const desk = await openDesk();
    const hub = await desk.connect('user', {
      skipNegotiation: true,
      transport: HttpTransportType.WebSockets,
    });
    const exits = new Set<number>();
    const working = heard(hub, 'GatewayUserOrder', ({ data }: Event) => {
      if (data['status'] === 1 && data['parentOrderId'] !== undefined)
        exits.add(Number(data['id']));
      return exits.size === 2 ? exits : undefined;
    });
    const flat = heard(hub, 'GatewayUserPosition', ({ data }: Event) =>
      data['size'] === 0 ? data : undefined,
    );
    await hub.invoke('SubscribeOrders', 7001);
    await hub.invoke('SubscribePositions', 7001);
    const placed = await desk.post('Order/place', {
      accountId: 7001,
      contractId: MES,
      type: 2,
      side: 0,
      size: 1,
      customTag: 'one',
      stopLossBracket: { ticks: -400, type: 4 },
      takeProfitBracket: { ticks: 400, type: 1 },
    });
    expect(placed['success']).toBe(true);
    expect([...(await working)]).toEqual([
      Number(placed['orderId']) + 2,
      Number(placed['orderId']) + 1,
    ]);
    expect(
      (await desk.post('Position/closeContract', { accountId: 7001, contractId: MES }))['success'],
    ).toBe(true);
    expect((await flat)['type']).toBe(0);
  });

  it('is told of a method that does not exist, and stays connected', async () => {
    const desk = await openDesk();
    const hub = await desk.connect('user');
    await expect(hub.invoke('SubscribeToOrders', 7001)).rejects.toThrow(
      "Unknown hub method 'SubscribeToOrders'",
    );
    await expect(hub.invoke('SubscribeOrders', '7001')).rejects.toThrow(
      "Failed to invoke 'SubscribeOrders' due to an error on the server.",
    );
    await hub.invoke('SubscribeOrders', 7001);
  });

  it('is refused with a token that is not of this gateway', async () => {
    const desk = await openDesk();
    await expect(desk.connect('user', { accessTokenFactory: () => 'x.y.z' })).rejects.toThrow(
      '401',
    );
  });
});
