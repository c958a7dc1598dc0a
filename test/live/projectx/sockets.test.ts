/** The client and the venue over real sockets to the simulated gateway. Nothing sleeps: each step waits for its event. */
import { WebSocketServer } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../../src/core/live.ts';
import type { ContractId } from '../../../src/core/instrument.ts';
import type { ClOrdId, OrderRole, OrderSpec } from '../../../src/core/order.ts';
import { UniformGrid } from '../../../src/core/price-grid.ts';
import type { PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import type { PxOrder, StreamListener } from '../../../src/live/projectx/index.ts';
import {
  ProjectXClient,
  ProjectXVenue,
  systemScheduler,
} from '../../../src/live/projectx/index.ts';
import type { ServedGateway } from '../../support/gateway-served.ts';
import {
  SERVED_CONTRACT as MES,
  SERVED_KEY,
  SERVED_USER,
  serveForTest,
} from '../../support/gateway-served.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function connect(
  served: ServedGateway,
  options: { readonly skipNegotiation?: boolean; readonly apiKey?: string } = {},
): Promise<ProjectXClient> {
  const client = new ProjectXClient({
    firm: { rest: served.url, realtime: served.url },
    credentials: { userName: SERVED_USER, apiKey: options.apiKey ?? SERVED_KEY },
    skipNegotiation: options.skipNegotiation ?? true,
  });
  open.push(client);
  return client;
}

async function serve(...args: Parameters<typeof serveForTest>): Promise<ServedGateway> {
  const served = await serveForTest(...args);
  open.push(served);
  return served;
}

/** The first event that fits. */
function next<K extends keyof StreamListener>(
  client: ProjectXClient,
  name: K,
  fits: (...args: Parameters<NonNullable<StreamListener[K]>>) => boolean = () => true,
): Promise<Parameters<NonNullable<StreamListener[K]>>> {
  return new Promise((resolve) => {
    const stop = client.streams.listen({
      [name]: (...args: Parameters<NonNullable<StreamListener[K]>>) => {
        if (!fits(...args)) return;
        stop();
        resolve(args);
      },
    });
  });
}

describe('the client over sockets', () => {
  it.each([true, false])(
    'streams quotes, trades and depth (negotiation skipped: %s)',
    async (skipNegotiation) => {
      const client = await connect(await serve(), { skipNegotiation });
      const quote = next(client, 'onQuote', ({ bestBid, bestAsk }) => bestBid < bestAsk);
      const trade = next(client, 'onMarketTrade');
      const depth = next(client, 'onDepth', ({ type }) => type === 'reset');
      await client.streams.subscribe(MES, 'quotes');
      await client.streams.openMarket();
      await client.streams.subscribe(MES, 'trades');
      await client.streams.subscribe(MES, 'depth');
      expect((await quote)[0].contractId).toBe(MES);
      expect((await trade)[0].volume).toBeGreaterThan(0);
      await depth;
    },
  );

  it('finds exactly one contract and refuses what is similar', async () => {
    const client = await connect(await serve());
    expect((await client.contracts.find('MES')).id).toBe(MES);
    expect((await client.contracts.find({ product: 'MES', year: 2026, month: 12 })).id).toBe(MES);
    await expect(client.contracts.find('ES')).rejects.toMatchObject({ code: 'E_VENUE_CONTRACT' });
    await expect(client.contracts.find('CON.F.US.EP.Z26')).rejects.toMatchObject({
      code: 'E_VENUE_CONTRACT',
    });
    expect((await client.contracts.available()).map(({ id }) => id)).toEqual([MES]);
  });

  it('reads bars in pages, oldest first, without the one that forms', async () => {
    const client = await connect(await serve());
    const now = systemScheduler.nowUs();
    const query = {
      contractId: MES,
      unit: 'minute',
      fromUs: (now - 3600e6) as TsUs,
      toUs: now,
    } as const;
    const whole = await client.history.bars(query);
    const paged = await client.history.bars({ ...query, pageSize: 7 });
    expect(paged).toEqual(whole);
    expect(whole.length).toBeGreaterThan(50);
    expect(whole.every((bar, i) => i === 0 || bar.openUs > whole[i - 1]!.openUs)).toBe(true);
    expect(whole.at(-1)!.openUs + 60e6).toBeLessThanOrEqual(systemScheduler.nowUs());
  });

  it('places, changes and cancels an order, and reads it back', async () => {
    const client = await connect(await serve());
    const { id: accountId } = await client.accounts.find('PRAC-1');
    await client.streams.subscribeOrders(accountId);
    await client.streams.openUser();
    const opened = next(client, 'onOrder', ({ status }) => status === 'open');
    const orderId = await client.orders.place({
      accountId,
      contractId: MES,
      type: 'limit',
      side: 1,
      size: 2,
      limitPrice: 5900,
      customTag: 'a-1',
    });
    expect((await opened)[0]).toMatchObject({ id: orderId, limitPrice: 5900, customTag: 'a-1' });
    const changed = next(client, 'onOrder', ({ limitPrice }) => limitPrice === 5901.25);
    await client.orders.modify({ accountId, orderId, limitPrice: 5901.25, size: 1 });
    expect((await changed)[0].size).toBe(1);
    expect((await client.orders.searchOpen({ accountId })).map(({ id }) => id)).toEqual([orderId]);
    const ended = next(client, 'onOrder', ({ status }) => status === 'cancelled');
    await client.orders.cancel({ accountId, orderId });
    await ended;
    expect((await client.orders.searchById({ accountId, orderId }))?.status).toBe('cancelled');
    const { orders } = await client.orders.query({ accountId, statuses: ['cancelled'] });
    expect(orders.map(({ id }) => id)).toEqual([orderId]);
    await expect(client.orders.cancel({ accountId, orderId })).rejects.toMatchObject({
      errorName: 'OrderNotFound',
    });
    await expect(
      client.orders.place({
        accountId,
        contractId: MES,
        type: 'limit',
        side: 1,
        size: 1,
        limitPrice: 5900,
        customTag: 'a-1',
      }),
    ).rejects.toMatchObject({
      errorName: 'OrderRejected',
      venueText: 'Specified custom tag is already in use',
    });
    await expect(
      client.orders.place({
        accountId,
        contractId: MES,
        type: 'limit',
        side: 1,
        size: 1,
        limitPrice: 5900.1,
      }),
    ).rejects.toThrow('not aligned to tick size');
  });

  it('keeps a pair: what one fills cancels the other; a pair whose second is refused is taken back', async () => {
    const client = await connect(await serve());
    const { id: accountId } = await client.accounts.find('PRAC-1');
    await client.streams.subscribeOrders(accountId);
    await client.streams.openUser();
    const leg = { accountId, contractId: MES, size: 1 } as const;
    const pair = await client.oco([
      { ...leg, type: 'limit', side: 1, limitPrice: 6100 },
      { ...leg, type: 'limit', side: -1, limitPrice: 6300 },
    ]);
    const result = await pair.done;
    expect(result.filled?.id).toBe(pair.orderIds[0]);
    expect(result.isOverfilled).toBe(false);
    expect(result.orders[1].status).toBe('cancelled');
    const refused = client.oco([
      { ...leg, type: 'limit', side: -1, limitPrice: 6300 },
      { ...leg, type: 'limit', side: -1, limitPrice: 6300.1 },
    ]);
    await expect(refused).rejects.toMatchObject({
      code: 'E_VENUE_OCO',
      details: { isCancelled: true },
    });
    await client.flatten({ accountId });
    expect(await client.orders.searchOpen({ accountId })).toEqual([]);
  });

  it('makes an account flat with a bracket at work, and proves it', async () => {
    const client = await connect(await serve());
    const { id: accountId } = await client.accounts.find('PRAC-1');
    await client.streams.subscribeOrders(accountId);
    await client.streams.openUser();
    const protectedBy = next(
      client,
      'onOrder',
      ({ type, status }: PxOrder) => type === 'stop' && status === 'open',
    );
    await client.orders.place({
      accountId,
      contractId: MES,
      type: 'market',
      side: 1,
      size: 3,
      customTag: 'b-1',
      bracket: { stopTicks: 400, targetTicks: 400 },
    });
    await protectedBy;
    await client.positions.partialClose({ accountId, contractId: MES, size: 1 });
    const report = await client.flatten({ accountId });
    expect(report.closed).toEqual([{ contractId: MES, netQty: 2 }]);
    expect(report.cancelled.length).toBe(2);
    expect(await client.positions.searchOpen({ accountId })).toEqual([]);
    const trades = await client.trades.search({
      accountId,
      fromUs: (systemScheduler.nowUs() - 60e6) as TsUs,
    });
    expect(trades.reduce((sum, trade) => sum + trade.side * trade.size, 0)).toBe(0);
  });

  it('says which login failed and never shows the key', async () => {
    const client = await connect(await serve(), { apiKey: 'wrong-key-123' });
    const error = (await client.login().catch((failure: unknown) => failure)) as Error;
    expect(error).toMatchObject({ code: 'E_VENUE_AUTH' });
    expect(JSON.stringify(error) + error.message + (error.stack ?? '')).not.toContain('wrong-key');
  });

  it('says that nobody answers at an address', async () => {
    const served = await serveForTest();
    await served.close();
    const client = await connect(served);
    await expect(client.login()).rejects.toMatchObject({ code: 'E_VENUE_CONNECT', retry: 'safe' });
    await expect(client.streams.openUser()).rejects.toMatchObject({ code: 'E_VENUE_CONNECT' });
  });
});

/** A server of hubs that answers every call and, after the first, sends what a test wants. */
async function rawHub(greet: (send: (text: string) => void) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  open.push({
    close: () => {
      for (const each of server.clients) each.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
  server.on('connection', (socket) => {
    let records = 0;
    socket.on('message', (data: Buffer) => {
      for (const record of data.toString('utf8').split(RECORD_END).slice(0, -1)) {
        const { invocationId } = JSON.parse(record) as { invocationId?: string };
        records += 1;
        const answer = records === 1 ? {} : { type: 3, invocationId, result: null };
        if (records === 1 || invocationId !== undefined)
          socket.send(JSON.stringify(answer) + RECORD_END);
        if (records === 2) greet((text) => socket.send(text));
      }
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
const RECORD_END = '\u001E';

/** A client whose requests do not matter: its hubs are what is tried. */
function hubClient(realtime: string): ProjectXClient {
  const client = new ProjectXClient({
    firm: { rest: 'http://127.0.0.1:9', realtime },
    credentials: { userName: 'u', apiKey: 'k-123456' },
    http: {
      send: () =>
        Promise.resolve({
          status: 200,
          headers: {},
          text: '{"success":true,"errorCode":0,"token":"a.b.c"}',
        }),
    },
  });
  open.push(client);
  return client;
}

describe('messages of a hub', () => {
  it('may be cut at any byte', async () => {
    const quote = (bestBid: number): string =>
      JSON.stringify({
        type: 1,
        target: 'GatewayQuote',
        arguments: [MES, { bestBid, lastUpdated: '2026-11-02T15:00:00Z' }],
      }) + RECORD_END;
    const length = quote(1000).length;
    const url = await rawHub((send) => {
      for (let cut = 0; cut <= length; cut += 1) {
        const record = quote(1000 + cut);
        // Two records, the second in two pieces.
        send(quote(5000) + record.slice(0, cut));
        if (cut < length) send(record.slice(cut));
      }
    });
    const client = hubClient(url);
    const heard = new Set<number>();
    const all = next(client, 'onQuote', ({ bestBid }) => heard.add(bestBid).size === length + 2);
    await client.streams.subscribe(MES, 'quotes');
    await client.streams.openMarket();
    await all;
    expect(client.streams.reconnects).toBe(0);
  });

  it.each([
    ['is no JSON', `{"type":1,${RECORD_END}`],
    ['is huge', `"${'x'.repeat(9_000_000)}"${RECORD_END}`],
    ['never ends', 'x'.repeat(7_900_000)],
    ['is of no known type', `{"type":99}${RECORD_END}[]${RECORD_END}null${RECORD_END}`],
    [
      'has arguments of any kind',
      `{"type":1,"target":"GatewayUserOrder","arguments":[[[1]],null]}${RECORD_END}`,
    ],
  ])('that %s ends a line at most, never the program', async (_, text) => {
    let greetings = 0;
    const url = await rawHub((send) => {
      greetings += 1;
      if (greetings > 1) return;
      send(text);
      if (!text.endsWith(RECORD_END)) send(text);
      send(
        `{"type":1,"target":"GatewayUserOrder","arguments":[{"contractId":"C","id":"last"}]}${RECORD_END}`,
      );
    });
    const client = hubClient(url);
    const told = Promise.race([
      next(client, 'onState', (_hub, state, _reason, isAgain) => state === 'up' && isAgain),
      next(client, 'onError', (error) => error.message.includes('"last"')),
    ]);
    await client.streams.openUser();
    await client.streams.subscribeAccounts();
    await told;
    expect(client.streams.userState).toBe('up');
  });
});

describe('the venue over sockets', () => {
  it('logs in, trades, loses its hub, reads what it missed, and goes on', async () => {
    const served = await serve();
    const client = await connect(served);
    const venue = new ProjectXVenue({
      client,
      account: 'PRAC-1',
      contracts: [
        { contractIndex: 0, venueId: MES, grid: new UniformGrid(0.25), countValue: 1.25 },
      ],
      hasAutoOco: true,
      uniform: () => 0,
    });
    const events: LiveEvent[] = [];
    let waiting: (() => void)[] = [];
    const until = async (fits: (event: LiveEvent) => boolean, from = 0): Promise<LiveEvent> => {
      for (;;) {
        const found = events.slice(from).find(fits);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    };
    await venue.open({
      onEvent: (event) => {
        events.push(event);
        for (const wake of waiting.splice(0)) wake();
      },
    });
    await venue.snapshot(systemScheduler.nowUs());
    const request = (clOrdId: string, role: OrderRole, spec: Record<string, unknown>) => ({
      clOrdId: clOrdId as ClOrdId,
      contractIndex: 0,
      spec: {
        contract: 'MESZ2026' as ContractId,
        qty: 1 as Qty,
        timeInForce: 'gtc',
        ...spec,
      } as OrderSpec,
      role,
      groupId: null,
      sentUs: systemScheduler.nowUs(),
    });
    const report = (clOrdId: string, kind: string, from = 0) =>
      until(
        (event) =>
          event.kind === 'report' && event.report.clOrdId === clOrdId && event.report.kind === kind,
        from,
      );
    const exit = { side: -1, reduceOnly: true };
    venue.submitGroup({
      groupId: 'g',
      entry: request('T-000001', 'entry', { type: 'market', side: 1 }),
      children: [
        {
          order: request('T-000002', 'stop', { ...exit, type: 'stop', stopTicks: 0 }),
          level: { offsetTicks: 400 },
          groupQty: 1 as Qty,
        },
        {
          order: request('T-000003', 'target', { ...exit, type: 'limit', limitTicks: 0 }),
          level: { offsetTicks: 400 },
          groupQty: 1 as Qty,
        },
      ],
      peers: 'ouo',
      release: 'partial',
      sentUs: systemScheduler.nowUs(),
    });
    await report('T-000001', 'Fill');
    await report('T-000002', 'Released');
    await report('T-000003', 'Released');
    venue.submit(
      request('T-000004', 'single', { type: 'limit', side: 1, limitTicks: 23_000 as PriceTicks }),
    );
    await report('T-000004', 'Accepted');
    venue.replace({
      clOrdId: 'T-000004' as ClOrdId,
      orderId: null,
      limitTicks: 23_100 as PriceTicks,
      sentUs: 0 as TsUs,
    });
    await report('T-000004', 'Replaced');
    // The hub goes; meanwhile another client cancels the order. Whether that falls into the gap or after it is chance here.
    const from = events.length;
    const other = await connect(served);
    const { id: accountId } = await other.accounts.find('PRAC-1');
    const working = await other.orders.searchOpen({ accountId });
    const limit = working.find(({ customTag }) => customTag === 'fm:T-000004')!;
    client.streams.restart('user', 'as after a lost line');
    await other.orders.cancel({ accountId, orderId: limit.id });
    const isCancelled = (event: LiveEvent): boolean =>
      event.kind === 'snapshot'
        ? event.snapshot.orders.some(
            ({ clOrdId, status }) => clOrdId === 'T-000004' && status === 'Canceled',
          )
        : event.kind === 'report' && event.report.kind === 'Canceled';
    await until(isCancelled, from);
    const read = await until((event) => event.kind === 'snapshot', from);
    expect(read).toMatchObject({ snapshot: { positions: [{ contractIndex: 0, netQty: 1 }] } });
    await until(
      (event) => event.kind === 'link' && event.plane === 'account' && event.state === 'up',
      from,
    );
    venue.cancel({ clOrdId: 'T-000002' as ClOrdId, orderId: null, sentUs: 0 as TsUs });
    await report('T-000002', 'Canceled');
    const bars = await venue.history(
      0,
      '1m',
      (systemScheduler.nowUs() - 1800e6) as TsUs,
      systemScheduler.nowUs(),
    );
    expect(bars.length).toBeGreaterThan(20);
    await client.flatten({ accountId });
    await venue.close();
    waiting = [];
    expect(events.filter(({ kind }) => kind === 'issue')).toEqual([]);
  });
});
