import { describe, expect, it } from 'vitest';
import type { Json } from '../../support/gateway-world.ts';
import { GatewayWorld } from '../../support/gateway-world.ts';

const BRACKETS = {
  stopLossBracket: { ticks: -20, type: 4 },
  takeProfitBracket: { ticks: 40, type: 1 },
};
const ready = (options?: ConstructorParameters<typeof GatewayWorld>[0]): GatewayWorld => {
  const world = new GatewayWorld(options).login();
  world.market(24_000, 24_001);
  return world;
};
const byId = (world: GatewayWorld, id: unknown): Json =>
  world.orders().find((each) => each['id'] === id)!;

describe('an order with attached brackets', () => {
  it('tells its life in the recorded order: suspended exits with the next numbers, the fill, then prices', () => {
    const world = ready();
    const ear = world.userHub();
    const { orderId, success } = world.place({ ...BRACKETS, customTag: 'T' });
    world.pass(20_000);
    expect(success).toBe(true);
    const id = Number(orderId);
    const told = ear.events
      .filter(({ target }) => target === 'GatewayUserOrder')
      .map(({ data }) => [
        Number(data['id']) - id,
        data['status'],
        data['limitPrice'] ?? data['stopPrice'] ?? null,
      ]);
    expect(told).toEqual([
      [1, 8, null],
      [0, 6, null],
      [2, 8, null],
      [0, 2, null],
      [2, 1, 6000.25 + 10],
      [1, 1, 6000.25 - 5],
    ]);
  });

  it('gives exits their tags, parent, sibling and signed distances', () => {
    const world = ready();
    const id = Number(world.place({ ...BRACKETS, customTag: 'T' })['orderId']);
    expect(byId(world, id + 1)).toMatchObject({
      customTag: 'T-SL',
      parentOrderId: id,
      type: 4,
      side: 1,
      trailDistance: -20,
      trailPrice: -5,
    });
    expect(byId(world, id + 1)).not.toHaveProperty('linkedOrderId');
    expect(byId(world, id + 2)).toMatchObject({
      customTag: 'T-TP',
      parentOrderId: id,
      linkedOrderId: id + 1,
      trailDistance: 40,
      trailPrice: 10,
    });
  });

  it('shows suspended exits in the query of version 2 alone', () => {
    const world = ready();
    const id = Number(world.place({ ...BRACKETS, type: 1, limitPrice: 5990 })['orderId']);
    const ids = (path: string): unknown[] => world.orders(path).map((each) => each['id']);
    expect(ids('Order/searchOpen')).toEqual([id]);
    expect(ids('Order/search')).toEqual([id]);
    expect(ids('Order/v2/query')).toEqual([id, id + 1, id + 2]);
  });

  it('cancels one exit after the other one filled, and not at once', () => {
    const world = ready();
    const id = Number(world.place(BRACKETS)['orderId']);
    world.pass(20_000);
    world.market(24_041, 24_042);
    expect(byId(world, id + 2)).toMatchObject({ status: 2, filledPrice: 6010.25 });
    expect(byId(world, id + 1)).toMatchObject({ status: 1 });
    world.pass(13_000);
    expect(byId(world, id + 1)).toMatchObject({ status: 3 });
    expect(world.positions()).toEqual([]);
  });

  it('lets both exits fill where the market is faster than the cancel', () => {
    const world = ready();
    world.place(BRACKETS);
    world.pass(20_000);
    world.market(24_041, 24_042);
    world.market(23_970, 23_971);
    world.pass(20_000);
    expect(world.positions()).toMatchObject([{ type: 2, size: 1 }]);
  });

  it('cancels suspended exits with an entry that never filled', () => {
    const world = ready();
    const id = Number(world.place({ ...BRACKETS, type: 1, limitPrice: 5990 })['orderId']);
    expect(world.post('Order/cancel', { accountId: 7001, orderId: id })['success']).toBe(true);
    expect([id, id + 1, id + 2].map((each) => byId(world, each)['status'])).toEqual([3, 3, 3]);
  });

  it('lets exits grow with an entry that fills in parts, priced from its first fill', () => {
    const world = ready();
    const id = Number(world.place({ ...BRACKETS, type: 1, limitPrice: 5990, size: 3 })['orderId']);
    world.quote(23_961, 23_962);
    world.quote(23_960, 23_961);
    world.trade(23_960, 100, -1);
    world.trade(23_960, 1, -1);
    world.pass(20_000);
    const parts = Number(byId(world, id)['fillVolume']);
    expect(parts).toBeGreaterThan(0);
    expect(byId(world, id + 1)).toMatchObject({ status: 1, size: parts, stopPrice: 5985 });
    world.quote(23_950, 23_955);
    world.pass(20_000);
    expect(byId(world, id)).toMatchObject({ status: 2, fillVolume: 3 });
    expect(byId(world, id + 1)).toMatchObject({ status: 1, size: 3, stopPrice: 5985 });
    expect(byId(world, id + 2)).toMatchObject({ status: 1, size: 3, limitPrice: 6000 });
  });

  it.each([
    ['keep', 1],
    ['cancel', 3],
  ] as const)('with `onLegCancel` %s leaves the other exit in status %i', (onLegCancel, status) => {
    const world = ready({ options: { brackets: { onLegCancel } } });
    const id = Number(world.place(BRACKETS)['orderId']);
    world.pass(20_000);
    world.post('Order/cancel', { accountId: 7001, orderId: id + 1 });
    expect(byId(world, id + 1)['status']).toBe(3);
    expect(byId(world, id + 2)['status']).toBe(status);
  });

  it.each([
    ['keep', 2],
    ['follow', 1],
  ] as const)('with `onLegResize` %s the other exit is for %i', (onLegResize, size) => {
    const world = ready({ options: { brackets: { onLegResize } } });
    const id = Number(world.place({ ...BRACKETS, size: 2 })['orderId']);
    world.pass(20_000);
    world.post('Order/modify', { accountId: 7001, orderId: id + 1, size: 1 });
    expect(byId(world, id + 1)['size']).toBe(1);
    expect(byId(world, id + 2)['size']).toBe(size);
  });

  it.each([
    ['refuse', 3],
    ['apply', 0],
  ] as const)(
    'with `modifySuspended` %s answers a change of a suspended exit with code %i',
    (modifySuspended, code) => {
      const world = ready({ options: { brackets: { modifySuspended } } });
      const id = Number(world.place({ ...BRACKETS, type: 1, limitPrice: 5990 })['orderId']);
      const change = { accountId: 7001, orderId: id + 1, stopPrice: 5980 };
      expect(world.post('Order/modify', change)['errorCode']).toBe(code);
    },
  );

  it('leaves exits behind when the position is closed by hand, and takes them away where asked', () => {
    for (const [onFlat, status] of [
      ['keep', 1],
      ['cancel', 3],
    ] as const) {
      const world = ready({ options: { brackets: { onFlat } } });
      const id = Number(world.place(BRACKETS)['orderId']);
      world.pass(20_000);
      world.post('Position/closeContract', { accountId: 7001, contractId: 'CON.F.US.MES.Z26' });
      world.pass(20_000);
      expect(world.positions()).toEqual([]);
      expect(byId(world, id + 1)['status']).toBe(status);
    }
  });

  it.each([
    [
      { stopLossBracket: { ticks: 20, type: 4 } },
      'Invalid stop loss ticks (20). Ticks should be less than zero when longing.',
    ],
    [
      { takeProfitBracket: { ticks: -8, type: 1 } },
      'Invalid take profit ticks (-8). Ticks should be greater than zero when longing.',
    ],
    [
      { side: 1, takeProfitBracket: { ticks: 8, type: 1 } },
      'Invalid take profit ticks (8). Ticks should be less than zero when going short.',
    ],
    [
      { stopLossBracket: { ticks: -3, type: 4 } },
      'Invalid stop loss ticks (-3). Stop loss tick value should be at least 4 ticks.',
    ],
    [{ stopLossBracket: { ticks: -8, type: 1 } }, 'Invalid stop loss type (Limit)'],
  ])('refuses %j: %s', (order, text) => {
    const world = ready();
    expect(world.place(order)).toMatchObject({ success: false, errorCode: 2, errorMessage: text });
  });

  it('are refused in an account with position brackets, which makes one pair for the position', () => {
    const world = ready({
      account: { brackets: { kind: 'position', stopLoss: 50, takeProfit: 100 } },
    });
    expect(world.place(BRACKETS)['errorMessage']).toBe(
      'Brackets cannot be used with Position Brackets. You must enable Auto OCO Brackets.',
    );
    world.place({ size: 2 });
    world.pass(20_000);
    expect(world.orders('Order/searchOpen')).toMatchObject([
      { type: 4, side: 1, size: 2, stopPrice: 6000.25 - 5 },
      { type: 1, side: 1, size: 2, limitPrice: 6000.25 + 10 },
    ]);
  });
});
