import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../../src/core/live.ts';
import type { NewOrderRequest, OrderGroupRequest } from '../../../src/core/execution.ts';
import type { ContractId } from '../../../src/core/instrument.ts';
import type { ClOrdId, OrderRole, OrderSpec } from '../../../src/core/order.ts';
import { UniformGrid } from '../../../src/core/price-grid.ts';
import type { PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import { toIsoUtc } from '../../../src/core/units.ts';
import { ProjectXClient, ProjectXVenue } from '../../../src/live/projectx/index.ts';
import { HttpFailure } from '../../../src/live/projectx/http.ts';
import { FakeHttp, FakeHubs, ok, refuse, settle, VirtualTime } from '../support.ts';

const MES = 'CON.F.US.MES.Z26';
const CONTRACT = {
  id: MES,
  name: 'MESZ6',
  description: '',
  tickSize: 0.25,
  tickValue: 1.25,
  activeContract: true,
  symbolId: 'F.US.MES',
};
const ACCOUNT = {
  id: 7,
  name: 'PRAC-7',
  balance: 50_000,
  canTrade: true,
  isVisible: true,
  simulated: true,
};
const BRACKET_REFUSAL =
  'Brackets cannot be used with Position Brackets. You must enable Auto OCO Brackets.';

async function world(options: { readonly hasAutoOco?: boolean } = {}) {
  const time = new VirtualTime();
  const http = new FakeHttp(time);
  const hubs = new FakeHubs();
  const events: LiveEvent[] = [];
  let nextId = 4_294_967_400;
  const venueOrders: Record<string, unknown>[] = [];
  const venueTrades: Record<string, unknown>[] = [];
  const venuePositions: Record<string, unknown>[] = [];
  http
    .on('Account/search', () => ok({ accounts: [ACCOUNT] }))
    .on('Contract/searchById', () => ok({ contract: CONTRACT }))
    .on('Order/place', () => ok({ orderId: nextId++ }))
    .on('Order/modify', () => ok())
    .on('Order/cancel', () => ok())
    .on('Order/search', () => ok({ orders: venueOrders }))
    .on('Order/searchOpen', () => ok({ orders: venueOrders.filter((o) => o['status'] === 1) }))
    .on('Trade/search', () => ok({ trades: venueTrades }))
    .on('Position/searchOpen', () => ok({ positions: venuePositions }));
  const client = new ProjectXClient({
    firm: 'demo',
    credentials: { userName: 'u', apiKey: 'key-012345' },
    http,
    hubs: () => hubs,
    scheduler: time,
    uniform: () => 0.5,
  });
  const venue = new ProjectXVenue({
    client,
    account: 'PRAC-7',
    contracts: [{ contractIndex: 0, venueId: MES, grid: new UniformGrid(0.25), countValue: 1.25 }],
    uniform: () => 0.5,
    ...options,
  });
  await time.until(venue.open({ onEvent: (event) => events.push(event) }));
  await time.until(venue.snapshot(time.nowUs()));
  events.length = 0;
  const order = (fields: Record<string, unknown>): Record<string, unknown> => ({
    accountId: 7,
    contractId: MES,
    symbolId: 'F.US.MES',
    creationTimestamp: toIsoUtc(time.nowUs()),
    updateTimestamp: toIsoUtc(time.nowUs()),
    type: 1,
    side: 0,
    size: 1,
    fillVolume: 0,
    ...fields,
  });
  const trade = (fields: Record<string, unknown>): Record<string, unknown> => ({
    accountId: 7,
    contractId: MES,
    creationTimestamp: toIsoUtc(time.nowUs()),
    price: 6000,
    fees: 0.36,
    side: 0,
    size: 1,
    voided: false,
    ...fields,
  });
  const tellOrder = (fields: Record<string, unknown>): void =>
    hubs.tell('user', 'GatewayUserOrder', { action: 1, data: order(fields) });
  const tellTrade = (fields: Record<string, unknown>): void =>
    hubs.tell('user', 'GatewayUserTrade', { action: 0, data: trade(fields) });
  /** The story so far, in words. */
  const told = (): string[] =>
    events.map((event) => {
      switch (event.kind) {
        case 'report': {
          const { report } = event;
          const fill =
            report.fill === undefined
              ? ''
              : ` ${report.fill.lastQty}@${report.fill.lastPriceTicks}`;
          return `${report.clOrdId} ${report.kind}${fill}${report.reason === undefined ? '' : ` (${report.reason})`}`;
        }
        case 'uncertain':
          return `${event.clOrdId} uncertain ${event.request}`;
        case 'link':
          return `${event.plane} ${event.state}`;
        default:
          return event.kind;
      }
    });
  return {
    time,
    http,
    hubs,
    client,
    venue,
    events,
    told,
    order,
    trade,
    tellOrder,
    tellTrade,
    venueOrders,
    venueTrades,
    venuePositions,
  };
}

function request(
  clOrdId: string,
  spec: Record<string, unknown>,
  role: OrderRole = 'single',
): NewOrderRequest {
  return {
    clOrdId: clOrdId as ClOrdId,
    contractIndex: 0,
    spec: {
      contract: 'MESZ2026' as ContractId,
      side: 1,
      qty: 1 as Qty,
      timeInForce: 'gtc',
      ...spec,
    } as OrderSpec,
    role,
    groupId: null,
    sentUs: 0 as TsUs,
  };
}
const LIMIT = { type: 'limit', limitTicks: 24_000 as PriceTicks };
const FIRST = 4_294_967_400;

function bracket(qty = 1, peers: 'oco' | 'ouo' = 'ouo'): OrderGroupRequest {
  const exit = (
    id: string,
    role: OrderRole,
    spec: Record<string, unknown>,
    offsetTicks: number,
  ) => ({
    order: request(id, { side: -1, qty, reduceOnly: true, ...spec }, role),
    level: { offsetTicks },
    groupQty: qty as Qty,
  });
  return {
    groupId: 'g1',
    entry: request('A-000001', { type: 'market', qty }, 'entry'),
    children: [
      exit('A-000002', 'stop', { type: 'stop', stopTicks: 0 }, 20),
      exit('A-000003', 'target', { type: 'limit', limitTicks: 0 }, 40),
    ],
    peers,
    release: 'partial',
    sentUs: 0 as TsUs,
  };
}

describe('an order', () => {
  it('is sent with our id in its tag and a price in decimals, and told as it goes', async () => {
    const { http, venue, told, tellOrder, tellTrade } = await world();
    venue.submit(request('A-000001', { ...LIMIT, qty: 2 }));
    await settle();
    expect(http.bodies('Order/place')[0]).toEqual({
      accountId: 7,
      contractId: MES,
      type: 1,
      limitPrice: 6000,
      side: 0,
      size: 2,
      customTag: 'fm:A-000001',
    });
    expect(told()).toEqual([]);
    tellOrder({ id: FIRST, status: 6, size: 2, limitPrice: 6000, customTag: 'fm:A-000001' });
    tellOrder({ id: FIRST, status: 1, size: 2, limitPrice: 6000 });
    tellTrade({ id: 1, orderId: FIRST, price: 6000 });
    tellOrder({ id: FIRST, status: 1, size: 2, limitPrice: 6000, fillVolume: 1 });
    tellTrade({ id: 2, orderId: FIRST, price: 5999.75 });
    tellOrder({ id: FIRST, status: 2, size: 2, limitPrice: 6000, fillVolume: 2 });
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Fill 1@24000', 'A-000001 Fill 1@23999']);
  });

  it('that is told twice, late or after its end changes nothing', async () => {
    const { venue, told, tellOrder, tellTrade } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    const open = {
      id: FIRST,
      status: 1,
      limitPrice: 6000,
      updateTimestamp: '2026-11-02T15:00:01Z',
    };
    tellOrder({ ...open, status: 2, fillVolume: 1, updateTimestamp: '2026-11-02T15:00:02Z' });
    tellTrade({ id: 1, orderId: FIRST });
    tellTrade({ id: 1, orderId: FIRST });
    tellOrder(open);
    tellOrder({ ...open, status: 3, updateTimestamp: '2026-11-02T15:00:03Z' });
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Fill 1@24000']);
  });

  it('whose fill comes before the answer, the acceptance and its own event is known by its tag', async () => {
    const { time, http, venue, told, tellOrder, tellTrade } = await world();
    let answer: (value: ReturnType<typeof ok>) => void = () => undefined;
    http.on('Order/place', () => new Promise((resolve) => (answer = resolve)));
    venue.submit(request('A-000001', { type: 'market' }));
    await settle();
    tellTrade({ id: 1, orderId: FIRST });
    expect(told()).toEqual([]);
    tellOrder({ id: FIRST, type: 2, status: 2, fillVolume: 1, customTag: 'fm:A-000001' });
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Fill 1@24000']);
    answer(ok({ orderId: FIRST }));
    await time.advance(60e6);
    expect(told().length).toBe(2);
  });

  it('that is refused has a stable code and the words of the venue, once', async () => {
    const { http, venue, told, events, tellOrder } = await world();
    const words = 'Invalid limit price. Price is not aligned to tick size.';
    http.on('Order/place', () => refuse(2, words, { orderId: FIRST }));
    venue.submit(request('A-000001', LIMIT));
    await settle();
    tellOrder({ id: FIRST, status: 5, customTag: 'fm:A-000001' });
    expect(told()).toEqual(['A-000001 Rejected (off-tick)']);
    expect(events[0]).toMatchObject({ report: { text: words } });
  });

  it('that is accepted and refused a moment later is refused', async () => {
    const { venue, told, tellOrder } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    tellOrder({ id: FIRST, status: 5 });
    expect(told()).toEqual(['A-000001 Rejected (venue-rejected)']);
  });

  it.each([
    ['a stop-limit order', { type: 'stop-limit', stopTicks: 1, limitTicks: 1 }],
    ['a time in force that it lacks', { ...LIMIT, timeInForce: 'fok' }],
    ['a post-only order', { ...LIMIT, postOnly: true }],
    ['an iceberg', { ...LIMIT, displayQty: 1 }],
  ])('that the venue lacks is refused and not sent: %s', async (_, spec) => {
    const { http, venue, told } = await world();
    venue.submit(request('A-000001', spec));
    await settle();
    expect(told()).toEqual(['A-000001 Rejected (venue-capability)']);
    expect(http.count('Order/place')).toBe(0);
  });

  it('without an answer is uncertain, and its event makes it certain', async () => {
    const { time, http, venue, told, tellOrder } = await world();
    http.on('Order/place', () => 'silence');
    venue.submit(request('A-000001', LIMIT));
    await time.advance(11e6);
    expect(told()).toEqual(['requests down', 'A-000001 uncertain new']);
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000, customTag: 'fm:A-000001' });
    expect(told().slice(2)).toEqual(['A-000001 Accepted']);
    expect(http.count('Order/place')).toBe(1);
  });

  it('without an answer is found by its tag, with the fills that were missed', async () => {
    const { time, http, venue, told, order, trade, venueOrders, venueTrades } = await world();
    http.on('Order/place', () => new HttpFailure('ECONNRESET', true));
    venue.submit(request('A-000001', LIMIT));
    await settle();
    venueOrders.push(order({ id: FIRST, status: 2, fillVolume: 1, customTag: 'fm:A-000001' }));
    venueTrades.push(trade({ id: 1, orderId: FIRST }));
    const found = await time.until(venue.findOrder('A-000001' as ClOrdId));
    expect(found).toMatchObject({ orderId: String(FIRST), status: 'Filled', cumQty: 1 });
    expect(told()).toContain('A-000001 Fill 1@24000');
  });

  it('without an answer is absent only when it can no longer arrive', async () => {
    const { time, http, venue, order, venueOrders } = await world();
    http.on('Order/place', () => new HttpFailure('ECONNRESET', true));
    const sentUs = time.nowUs();
    venue.submit(request('A-000001', LIMIT));
    venue.submit(request('A-000002', LIMIT));
    await settle();
    const first = venue.findOrder('A-000001' as ClOrdId);
    const second = venue.findOrder('A-000002' as ClOrdId);
    await time.advance(10e6);
    venueOrders.push(order({ id: FIRST, status: 1, limitPrice: 6000, customTag: 'fm:A-000002' }));
    expect(await time.until(second)).toMatchObject({ orderId: String(FIRST) });
    expect(await time.until(first)).toBeNull();
    expect(time.nowUs() - sentUs).toBeGreaterThanOrEqual(20e6);
  });

  it('that never left is refused as not sent', async () => {
    const { http, venue, told } = await world();
    http.on('Order/place', () => new HttpFailure('ECONNREFUSED', false));
    venue.submit(request('A-000001', LIMIT));
    await settle();
    expect(told()).toEqual(['requests down', 'A-000001 Rejected (not-sent)']);
  });

  it('of which nothing is heard is read', async () => {
    const { time, venue, told, order, trade, venueOrders, venueTrades } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    venueOrders.push(order({ id: FIRST, status: 2, fillVolume: 1, customTag: 'fm:A-000001' }));
    venueTrades.push(trade({ id: 1, orderId: FIRST }));
    await time.advance(4e6);
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Fill 1@24000']);
  });

  it('that is cancelled after a part waits with its end for the fill that it counts', async () => {
    const { time, venue, told, trade, tellOrder, venueTrades } = await world();
    venue.submit(request('A-000001', { ...LIMIT, qty: 2 }));
    await settle();
    tellOrder({ id: FIRST, status: 1, size: 2, limitPrice: 6000 });
    venue.cancel({ clOrdId: 'A-000001' as ClOrdId, orderId: null, sentUs: 0 as TsUs });
    await settle();
    tellOrder({ id: FIRST, status: 3, size: 2, limitPrice: 6000, fillVolume: 1 });
    expect(told()).toEqual(['A-000001 Accepted']);
    venueTrades.push(trade({ id: 1, orderId: FIRST }));
    await time.advance(4e6);
    expect(told().slice(1)).toEqual(['A-000001 Fill 1@24000', 'A-000001 Canceled (requested)']);
  });

  it('is changed when the venue shows the change, and a refusal leaves it', async () => {
    const { http, venue, told, tellOrder } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000 });
    const change = { clOrdId: 'A-000001' as ClOrdId, orderId: null, sentUs: 0 as TsUs };
    venue.replace({ ...change, limitTicks: 24_001 as PriceTicks });
    await settle();
    expect(http.bodies('Order/modify')[0]).toEqual({
      accountId: 7,
      orderId: FIRST,
      limitPrice: 6000.25,
    });
    expect(told()).toEqual(['A-000001 Accepted']);
    tellOrder({
      id: FIRST,
      status: 1,
      limitPrice: 6000.25,
      updateTimestamp: '2026-11-02T15:00:01Z',
    });
    http.on('Order/modify', () => refuse(3, 'Invalid price. Price is outside allowed range.'));
    venue.replace({ ...change, limitTicks: 1 as PriceTicks });
    await settle();
    expect(told().slice(1)).toEqual(['A-000001 Replaced', 'A-000001 ReplaceRejected (price-band)']);
  });

  it('is not taken back to what it was by a row that is older', async () => {
    const { venue, told, tellOrder } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    const at = (second: number): string => `2026-11-02T15:00:0${second}Z`;
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000, updateTimestamp: at(1) });
    tellOrder({ id: FIRST, status: 1, limitPrice: 6001, updateTimestamp: at(3) });
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000.5, updateTimestamp: at(2) });
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Restated']);
  });

  it('is cancelled after its own answer, never before', async () => {
    const { http, venue } = await world();
    let answer: (value: ReturnType<typeof ok>) => void = () => undefined;
    http.on('Order/place', () => new Promise((resolve) => (answer = resolve)));
    venue.submit(request('A-000001', LIMIT));
    venue.cancel({ clOrdId: 'A-000001' as ClOrdId, orderId: null, sentUs: 0 as TsUs });
    await settle();
    expect(http.count('Order/cancel')).toBe(0);
    answer(ok({ orderId: FIRST }));
    await settle();
    expect(http.bodies('Order/cancel')).toEqual([{ accountId: 7, orderId: FIRST }]);
  });

  it('good till a date is cancelled by us at that time', async () => {
    const { time, http, venue, told, tellOrder } = await world();
    const expireUs = (time.nowUs() + 60e6) as TsUs;
    venue.submit(request('A-000001', { ...LIMIT, timeInForce: 'gtd', expireUs }));
    await settle();
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000 });
    await time.advance(59e6);
    expect(http.count('Order/cancel')).toBe(0);
    await time.advance(1e6);
    tellOrder({ id: FIRST, status: 3, limitPrice: 6000, updateTimestamp: '2026-11-02T15:01:01Z' });
    expect(told()).toEqual(['A-000001 Accepted', 'A-000001 Expired (gtd)']);
  });

  it('that trails is sent as a level away from the last price', async () => {
    const { hubs, http, venue, told } = await world();
    const trail = { type: 'trailing-stop', side: -1, trail: { offsetTicks: 8 } };
    venue.submit(request('A-000001', trail));
    hubs.tell('market', 'GatewayQuote', MES, {
      lastPrice: 6000.5,
      lastUpdated: '2026-11-02T15:00:00Z',
    });
    venue.submit(request('A-000002', trail));
    venue.submit(request('A-000003', { ...trail, trail: { offsetTicks: 1001 } }));
    await settle();
    expect(http.bodies('Order/place')).toMatchObject([{ type: 5, side: 1, trailPrice: 5998.5 }]);
    expect(told().filter((line) => line !== 'market')).toEqual([
      'A-000001 Rejected (no-last-price)',
      'A-000003 Rejected (trail-too-far)',
    ]);
  });
});

describe('a bracket', () => {
  it('goes as one order with signed ticks; its exits are held, released and ended by the venue', async () => {
    const { http, venue, events, told, tellOrder, tellTrade } = await world({ hasAutoOco: true });
    expect(venue.whyNotHeld(bracket())).toBeNull();
    venue.submitGroup(bracket());
    await settle();
    expect(http.bodies('Order/place')[0]).toMatchObject({
      customTag: 'fm:A-000001/s2/t3',
      stopLossBracket: { ticks: -20, type: 4 },
      takeProfitBracket: { ticks: 40, type: 1 },
    });
    const tag = 'fm:A-000001/s2/t3';
    const stop = { id: FIRST + 1, type: 4, side: 1, customTag: `${tag}-SL`, parentOrderId: FIRST };
    const target = {
      id: FIRST + 2,
      type: 1,
      side: 1,
      customTag: `${tag}-TP`,
      parentOrderId: FIRST,
    };
    tellOrder({ ...stop, status: 8 });
    tellOrder({ id: FIRST, type: 2, status: 6, customTag: tag });
    tellOrder({ ...target, status: 8 });
    tellOrder({ id: FIRST, type: 2, status: 2, fillVolume: 1, customTag: tag });
    tellTrade({ id: 1, orderId: FIRST });
    const later = { updateTimestamp: '2026-11-02T15:00:01Z' };
    tellOrder({ ...target, ...later, status: 1, limitPrice: 6010 });
    tellOrder({ ...stop, ...later, status: 1, stopPrice: 5995 });
    tellTrade({ id: 2, orderId: FIRST + 2, side: 1, price: 6010 });
    tellOrder({ ...target, ...later, status: 2, limitPrice: 6010, fillVolume: 1 });
    tellOrder({ ...stop, status: 3, stopPrice: 5995, updateTimestamp: '2026-11-02T15:00:02Z' });
    expect(told()).toEqual([
      'A-000002 Accepted',
      'A-000003 Accepted',
      'A-000001 Accepted',
      'A-000001 Fill 1@24000',
      'A-000003 Released',
      'A-000002 Released',
      'A-000003 Fill 1@24040',
      'A-000002 Canceled (oco-peer)',
    ]);
    expect(events[0]).toMatchObject({ report: { working: 'held' } });
    expect(events[5]).toMatchObject({ report: { working: 'live', stopTicks: 23_980 } });
  });

  it('in an account without them turns the capability off, and says so', async () => {
    const { http, venue, told } = await world({ hasAutoOco: true });
    http.on('Order/place', () => refuse(2, BRACKET_REFUSAL, { orderId: FIRST }));
    venue.submitGroup(bracket());
    await settle();
    expect(told()).toEqual([
      'A-000001 Rejected (brackets-off)',
      'A-000002 Rejected (brackets-off)',
      'A-000003 Rejected (brackets-off)',
      'capabilities',
    ]);
    expect(venue.capabilities.features.groups).toEqual([]);
    expect(venue.whyNotHeld(bracket())).toContain('Auto OCO');
  });

  it.each([
    ['a stop at three ticks', { level: { offsetTicks: 3 } }, 'at least 4'],
    ['a stop at a price', { level: { ticks: 5 as PriceTicks } }, 'not at a price'],
    ['an exit of another size', { groupQty: 2 as Qty }, 'size of its entry'],
  ])('is not the venue’s with %s', async (_, change, words) => {
    const { venue } = await world({ hasAutoOco: true });
    const group = bracket();
    const [stop, target] = group.children;
    expect(venue.whyNotHeld({ ...group, children: [{ ...stop!, ...change }, target!] })).toContain(
      words,
    );
  });

  it('of several contracts: a part of the target cuts the stop to what is left', async () => {
    const { http, venue, tellOrder, tellTrade } = await world({ hasAutoOco: true });
    venue.submitGroup(bracket(3));
    await settle();
    const tag = 'fm:A-000001/s2/t3';
    tellOrder({ id: FIRST, type: 2, status: 2, size: 3, fillVolume: 3, customTag: tag });
    tellTrade({ id: 1, orderId: FIRST, size: 3 });
    tellOrder({
      id: FIRST + 1,
      type: 4,
      side: 1,
      size: 3,
      status: 1,
      stopPrice: 5995,
      customTag: `${tag}-SL`,
    });
    tellOrder({
      id: FIRST + 2,
      type: 1,
      side: 1,
      size: 3,
      status: 1,
      limitPrice: 6010,
      customTag: `${tag}-TP`,
    });
    tellTrade({ id: 2, orderId: FIRST + 2, side: 1, price: 6010, size: 2 });
    await settle();
    expect(http.bodies('Order/modify')).toEqual([{ accountId: 7, orderId: FIRST + 1, size: 1 }]);
  });
});

describe('after a lost line', () => {
  it('the account is stale until it was read, and what was missed is in the snapshot', async () => {
    const {
      time,
      hubs,
      venue,
      events,
      told,
      order,
      trade,
      tellOrder,
      tellTrade,
      venueOrders,
      venueTrades,
      venuePositions,
    } = await world();
    venue.submit(request('A-000001', LIMIT));
    await settle();
    tellOrder({ id: FIRST, status: 1, limitPrice: 6000 });
    hubs.line('user').drop();
    await settle();
    venueOrders.push(order({ id: FIRST, status: 2, fillVolume: 1, customTag: 'fm:A-000001' }));
    venueTrades.push(trade({ id: 1, orderId: FIRST }));
    venuePositions.push({
      id: 5,
      accountId: 7,
      contractId: MES,
      creationTimestamp: toIsoUtc(time.nowUs()),
      type: 1,
      size: 1,
      averagePrice: 6000,
    });
    await time.advance(5e6);
    expect(told()).toEqual([
      'A-000001 Accepted',
      'account down',
      'account connecting',
      'account stale',
      'account up',
      'snapshot',
    ]);
    const snapshot = events.find((event) => event.kind === 'snapshot')!.snapshot;
    expect(snapshot.orders).toMatchObject([{ clOrdId: 'A-000001', status: 'Filled' }]);
    expect(snapshot.executions).toMatchObject([
      { execId: '1', clOrdId: 'A-000001', priceTicks: 24_000 },
    ]);
    expect(snapshot.positions).toEqual([{ contractIndex: 0, netQty: 1, avgPriceTicks: 24_000 }]);
    // The same fill again, by the stream this time.
    tellTrade({ id: 1, orderId: FIRST });
    expect(told().length).toBe(6);
  });

  it('a reading that fails is repeated until it succeeds', async () => {
    const { time, http, hubs, told } = await world();
    let failures = 0;
    http.on('Position/searchOpen', () =>
      (failures += 1) < 8 ? { status: 503 } : ok({ positions: [] }),
    );
    hubs.line('user').drop();
    await time.advance(60e6);
    expect(told().filter((line) => line === 'snapshot').length).toBe(1);
    expect(
      told()
        .filter((line) => line.startsWith('account'))
        .at(-1),
    ).toBe('account up');
  });
});

describe('what is not ours', () => {
  it('is told as foreign, with its fills', async () => {
    const { time, told, tellOrder, tellTrade } = await world();
    tellTrade({ id: 1, orderId: 99 });
    tellOrder({ id: 99, type: 2, status: 2, fillVolume: 1 });
    await time.advance(5e6);
    expect(told()).toEqual(['foreign-order', 'foreign-execution']);
  });

  it('in a contract that the run does not know is named', async () => {
    const { time, venue, venueOrders, venuePositions, order } = await world();
    venueOrders.push(order({ id: 5, status: 1, contractId: 'CON.F.US.EP.Z26' }));
    venuePositions.push({
      id: 5,
      accountId: 7,
      contractId: 'CON.F.US.ENQ.Z26',
      creationTimestamp: toIsoUtc(time.nowUs()),
      type: 2,
      size: 3,
      averagePrice: 1,
    });
    const snapshot = await time.until(venue.snapshot(time.nowUs()));
    expect(snapshot.unknown).toEqual([
      'order 5: open 1 CON.F.US.EP.Z26',
      'position: -3 CON.F.US.ENQ.Z26',
    ]);
  });

  it('but of an earlier life of ours is taken up under its own id', async () => {
    const { time, venue, told, order, tellTrade, venueOrders } = await world();
    venueOrders.push(order({ id: 88, status: 1, limitPrice: 6000, customTag: 'fm:B-000009' }));
    const snapshot = await time.until(venue.snapshot(time.nowUs()));
    expect(snapshot.orders).toMatchObject([{ clOrdId: 'B-000009', orderId: '88' }]);
    tellTrade({ id: 1, orderId: 88 });
    expect(told()).toEqual(['B-000009 Fill 1@24000']);
  });

  it('or was taken back is told, and the account read anew', async () => {
    const { time, told, tellTrade } = await world();
    tellTrade({ id: 1, orderId: 88, voided: true });
    tellTrade({ id: 1, orderId: 88, voided: true });
    await time.advance(5e6);
    expect(told()).toEqual(['issue', 'account stale', 'account up', 'snapshot']);
  });
});

describe('opening', () => {
  it.each([
    ['an account that is not there', { account: 'PRAC-8' }, 'E_VENUE_ACCOUNT'],
    [
      'a contract of another tick',
      { contracts: [{ contractIndex: 0, venueId: MES, grid: new UniformGrid(0.1) }] },
      'E_VENUE_CONTRACT',
    ],
    [
      'a contract of another value',
      {
        contracts: [
          { contractIndex: 0, venueId: MES, grid: new UniformGrid(0.25), countValue: 12.5 },
        ],
      },
      'E_VENUE_CONTRACT',
    ],
  ])('is refused for %s', async (_, change, code) => {
    const { time, client } = await world();
    const venue = new ProjectXVenue({
      client,
      account: 7,
      contracts: [],
      uniform: () => 0,
      ...change,
    });
    await expect(time.until(venue.open({ onEvent: () => undefined }))).rejects.toMatchObject({
      code,
    });
  });

  it('is refused with a clock that is far off', async () => {
    const { time, http, client } = await world();
    http.on('Account/search', () => ({
      ...ok({ accounts: [ACCOUNT] }),
      headers: { date: new Date(time.nowUs() / 1000 + 3600e3).toUTCString() },
    }));
    await time.until(client.accounts.search());
    const login = http.handlers.get('Auth/loginKey')!;
    http.on('Auth/loginKey', async (asked) => ({
      ...((await login(asked)) as object),
      headers: { date: new Date(time.nowUs() / 1000 + 3600e3).toUTCString() },
    }));
    const venue = new ProjectXVenue({ client, account: 7, contracts: [], uniform: () => 0 });
    await expect(time.until(venue.open({ onEvent: () => undefined }))).rejects.toThrow(
      '3600 s behind',
    );
  });
});
