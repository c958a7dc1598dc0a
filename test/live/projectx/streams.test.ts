import { describe, expect, it } from 'vitest';
import type { TradingError } from '../../../src/core/errors.ts';
import type { PxOrder, PxQuote } from '../../../src/live/projectx/index.ts';
import { ProjectXStreams } from '../../../src/live/projectx/index.ts';
import { FakeHubs, settle, START_US, VirtualTime } from '../support.ts';

const MES = 'CON.F.US.MES.Z26';

function world(isMarketOpen: (() => boolean) | null = null) {
  const time = new VirtualTime();
  const hubs = new FakeHubs();
  const streams = new ProjectXStreams({
    port: hubs,
    scheduler: time,
    uniform: () => 1,
    quietUs: 15e6,
    isMarketOpen,
  });
  const states: string[] = [];
  const errors: TradingError[] = [];
  const quotes: PxQuote[] = [];
  const orders: PxOrder[] = [];
  streams.listen({
    onState: (hub, state, _reason, isAgain) =>
      states.push(`${hub} ${state}${isAgain ? ' again' : ''}`),
    onError: (error) => errors.push(error),
    onQuote: (quote) => quotes.push(quote),
    onOrder: (order) => orders.push(order),
  });
  return { time, hubs, streams, states, errors, quotes, orders };
}

const STAMP = '2026-11-02T15:00:00.1234567+00:00';
const ORDER = {
  id: 4_294_967_400,
  accountId: 7,
  contractId: MES,
  creationTimestamp: STAMP,
  status: 1,
  type: 1,
  side: 0,
  size: 2,
  limitPrice: 6001.25,
};

describe('a hub', () => {
  it('subscribes what was asked before and after it opened, once', async () => {
    const { time, hubs, streams } = world();
    await streams.subscribeOrders(7);
    await time.until(streams.openUser());
    await streams.subscribeTrades(7);
    await streams.subscribeTrades(7);
    expect(hubs.line('user').invoked).toEqual(['SubscribeOrders 7', 'SubscribeTrades 7']);
  });

  it('that drops comes back with everything subscribed, and says that it was away', async () => {
    const { time, hubs, streams, states } = world();
    await time.until(streams.openUser());
    await streams.subscribeAccounts();
    await streams.subscribePositions(7);
    hubs.line('user').drop();
    await time.advance(5e6);
    expect(hubs.line('user').invoked).toEqual(['SubscribeAccounts', 'SubscribePositions 7']);
    expect(states).toEqual([
      'user connecting',
      'user up',
      'user down',
      'user connecting',
      'user up again',
    ]);
  });

  it('never gives up, and its attempts grow to 30 s apart', async () => {
    const { time, hubs, streams } = world();
    await time.until(streams.openUser());
    for (let i = 0; i < 200; i += 1) hubs.startFailures.push(new Error('refused'));
    hubs.line('user').drop();
    await time.advance(3600e6);
    const attempts = 200 - hubs.startFailures.length;
    expect(attempts).toBeGreaterThan(110);
    expect(attempts).toBeLessThan(130);
    hubs.startFailures.length = 0;
    await time.advance(31e6);
    expect(streams.userState).toBe('up');
  });

  it('whose first line fails says so and tries no more', async () => {
    const { time, hubs, streams } = world();
    hubs.startFailures.push(new Error('refused'));
    await expect(time.until(streams.openUser())).rejects.toThrow('refused');
    expect(streams.userState).toBe('closed');
    await time.advance(60e6);
    expect(hubs.lines.length).toBe(1);
  });

  it('that is closed stays closed, also while it was coming back', async () => {
    const { time, hubs, streams } = world();
    await time.until(streams.openUser());
    hubs.line('user').drop();
    await streams.close();
    await time.advance(120e6);
    expect(hubs.lines.length).toBe(1);
    expect(time.timers).toBe(0);
  });

  it('refuses a subscription in the words of the server', async () => {
    const { time, hubs, streams } = world();
    await time.until(streams.openUser());
    hubs.refused.add('SubscribeOrders');
    await expect(streams.subscribeOrders(7)).rejects.toThrow('Unknown hub method');
    hubs.refused.clear();
    await streams.subscribeOrders(7);
    expect(hubs.line('user').invoked).toEqual(['SubscribeOrders 7']);
  });

  it('hears nothing from a line that was given up', async () => {
    const { time, hubs, streams, orders } = world();
    await time.until(streams.openUser());
    const old = hubs.line('user');
    old.drop();
    await time.advance(5e6);
    old.handlers.onEvent('GatewayUserOrder', [ORDER]);
    expect(orders).toEqual([]);
    hubs.tell('user', 'GatewayUserOrder', ORDER);
    expect(orders.length).toBe(1);
  });
});

describe('a silent market', () => {
  it('is opened anew after 15 s while it is open', async () => {
    const { time, hubs, streams } = world(() => true);
    await time.until(streams.openMarket());
    await streams.subscribe(MES, 'quotes');
    await time.advance(40e6);
    expect(hubs.lines.length).toBe(2);
    expect(hubs.line('market').invoked).toEqual([`SubscribeContractQuotes ${MES}`]);
  });

  it('is left alone while it is closed, and while it talks', async () => {
    const { time, hubs, streams } = world(() => false);
    await time.until(streams.openMarket());
    await streams.subscribe(MES, 'quotes');
    await time.advance(3600e6);
    expect(hubs.lines.length).toBe(1);
    const talking = world(() => true);
    await talking.time.until(talking.streams.openMarket());
    await talking.streams.subscribe(MES, 'quotes');
    for (let i = 0; i < 20; i += 1) {
      await talking.time.advance(10e6);
      talking.hubs.tell('market', 'GatewayQuote', MES, { bestBid: 1, timestamp: STAMP });
    }
    expect(talking.hubs.lines.length).toBe(1);
  });
});

describe('events', () => {
  it('are read bare and wrapped alike', async () => {
    const { time, hubs, streams, orders } = world();
    await time.until(streams.openUser());
    hubs.tell('user', 'GatewayUserOrder', ORDER);
    hubs.tell('user', 'GatewayUserOrder', { action: 1, data: ORDER });
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).toMatchObject({
      id: 4_294_967_400,
      status: 'open',
      type: 'limit',
      side: 1,
      fillVolume: 0,
      limitPrice: 6001.25,
      updatedUs: null,
      createdUs: START_US + 123_456,
      symbolId: 'F.US.MES',
    });
  });

  it('with a status that nobody documented are named, not guessed', async () => {
    const { time, hubs, streams, orders, errors } = world();
    await time.until(streams.openUser());
    hubs.tell('user', 'GatewayUserOrder', { action: 1, data: { ...ORDER, status: 9 } });
    expect(orders).toEqual([]);
    expect(errors[0]).toMatchObject({ code: 'E_VENUE_DECODE' });
    expect(errors[0]!.message).toContain('GatewayUserOrder.data.status is 9');
  });

  it.each([
    ['an id as text', { id: '4294967400' }],
    ['an id beyond 2^53', { id: 2 ** 53 }],
    ['a price as text', { limitPrice: '6001.25' }],
    ['half a contract', { size: 0.5 }],
    ['no time', { creationTimestamp: undefined }],
    ['a day that is none', { creationTimestamp: '2026-02-30T00:00:00Z' }],
    ['the default time of a server', { creationTimestamp: '0001-01-01T00:00:00' }],
  ])('with %s are refused', async (_, change) => {
    const { time, hubs, streams, orders, errors } = world();
    await time.until(streams.openUser());
    hubs.tell('user', 'GatewayUserOrder', { ...ORDER, ...change });
    expect(orders).toEqual([]);
    expect(errors.length).toBe(1);
  });

  it('come as one object or as a list with gaps', async () => {
    const { time, hubs, streams, errors } = world();
    const seen: number[] = [];
    streams.listen({ onMarketTrade: ({ price }) => seen.push(price) });
    await time.until(streams.openMarket());
    const trade = { symbolId: 'F.US.MES', price: 1, timestamp: STAMP, type: 0, volume: 2 };
    hubs.tell('market', 'GatewayTrade', MES, trade);
    hubs.tell('market', 'GatewayTrade', MES, [
      null,
      { ...trade, price: 2 },
      { ...trade, type: 5 },
      { ...trade, price: 3 },
    ]);
    expect(seen).toEqual([1, 2, 3]);
    expect(errors.length).toBe(1);
  });
});

describe('a quote', () => {
  it('keeps what a message leaves out or sends as null', async () => {
    const { time, hubs, streams, quotes } = world();
    await time.until(streams.openMarket());
    const full = { lastPrice: 10, bestBid: 9, bestAsk: 11, volume: 5, lastUpdated: STAMP };
    hubs.tell('market', 'GatewayQuote', MES, full);
    hubs.tell('market', 'GatewayQuote', MES, { bestBid: 9.5, lastPrice: null, timestamp: STAMP });
    expect(quotes.at(-1)).toMatchObject({ lastPrice: 10, bestBid: 9.5, bestAsk: 11, volume: 5 });
  });

  it('that is older than the last one changes nothing that is known', async () => {
    const { time, hubs, streams, quotes } = world();
    await time.until(streams.openMarket());
    hubs.tell('market', 'GatewayQuote', MES, { bestBid: 9, lastUpdated: '2026-11-02T15:00:02Z' });
    hubs.tell('market', 'GatewayQuote', MES, {
      bestBid: 8,
      bestAsk: 12,
      lastUpdated: '2026-11-02T15:00:01Z',
    });
    expect(quotes.at(-1)).toMatchObject({ bestBid: 9, bestAsk: 12 });
  });

  it('is not known after a lost line', async () => {
    const { time, hubs, streams } = world();
    await time.until(streams.openMarket());
    hubs.tell('market', 'GatewayQuote', MES, { bestBid: 9, lastUpdated: STAMP });
    hubs.line('market').drop();
    await settle();
    expect(streams.quote(MES)).toBeNull();
  });
});
