import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { GatewayWorld, MES, START_US } from '../../support/gateway-world.ts';

const ready = (options?: ConstructorParameters<typeof GatewayWorld>[0]): GatewayWorld => {
  const world = new GatewayWorld(options).login();
  world.market(24_000, 24_001);
  return world;
};

describe('signing in', () => {
  it('gives a three-part token with a numeric end, whatever the case of the user name', () => {
    const world = new GatewayWorld();
    const { token } = world.post('auth/loginkey/', { USERNAME: 'DEMO', ApiKey: 'key', more: 1 });
    const [, claims] = String(token).split('.');
    const { exp } = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as { exp: number };
    expect(exp).toBe(START_US / 1e6 + 86_400);
  });

  it.each([
    [{ userName: 'nobody', apiKey: 'key' }, 1],
    [{ userName: 'demo', apiKey: 'wrong' }, 3],
  ])('answers %j with code %i and status 200', (body, errorCode) => {
    const world = new GatewayWorld();
    expect(world.post('Auth/loginKey', body)).toMatchObject({
      token: null,
      success: false,
      errorCode,
    });
  });

  it('answers a missing field with a problem document', () => {
    const answer = new GatewayWorld().ask('Auth/loginKey', { userName: 'demo' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({
      title: 'One or more validation errors occurred.',
      status: 400,
      errors: { ApiKey: ['The ApiKey field is required.'] },
    });
  });

  it('refuses a token that is missing, foreign, logged out or past its end, with an empty body', () => {
    const world = new GatewayWorld();
    expect(world.ask('Account/search')).toMatchObject({ status: 401, body: '' });
    world.login();
    const good = world.token;
    const renewed = String(world.post('Auth/validate', '')['newToken']);
    world.token = `${good.slice(0, -3)}abc`;
    expect(world.ask('Account/search').status).toBe(401);
    world.token = good;
    world.post('Auth/logout');
    expect(world.ask('Account/search').status).toBe(401);
    world.token = renewed;
    expect(world.ask('Account/search', { onlyActiveAccounts: true }).status).toBe(200);
    world.scheduler.advance(86_400_000_000);
    expect(world.ask('Account/search').status).toBe(401);
  });

  it('logs in by application and password', () => {
    const body = { userName: 'demo', password: 'word', deviceId: 'd', appId: 'a', verifyKey: 'v' };
    expect(new GatewayWorld().post('Auth/loginApp', body)['success']).toBe(true);
    expect(new GatewayWorld().post('Auth/loginApp', { ...body, password: 'x' })['errorCode']).toBe(
      2,
    );
  });
});

describe('paths and bodies', () => {
  it('knows the ping, 404 for unknown paths and 405 for a wrong method', () => {
    const { gateway } = new GatewayWorld();
    const get = (path: string): number =>
      gateway.handle({ method: 'GET', path, headers: {}, body: '' }).status;
    expect(
      gateway.handle({ method: 'GET', path: '/api/status/ping', headers: {}, body: '' }).body,
    ).toBe('"pong"');
    expect(get('/api/Account/settings')).toBe(404);
    expect(get('/api/Order/place')).toBe(405);
    expect(get('/swagger/v1/swagger.json')).toBe(200);
  });

  it.each([
    ['not json', '$'],
    ['[1]', '$'],
    [JSON.stringify({ contractId: MES, live: false, unit: 'Minute' }), '$.unit'],
    [JSON.stringify({ contractId: MES, live: 'false' }), '$.live'],
  ])('names what failed and the misleading `request` for %s', (body, path) => {
    const answer = ready().ask('History/retrieveBars', body);
    expect(answer.status).toBe(400);
    const { errors } = JSON.parse(answer.body) as { errors: Record<string, unknown> };
    expect(Object.keys(errors)).toEqual(['request', path]);
  });

  it('takes numbers in texts in lenient mode alone', () => {
    const body = { accountId: '7001' };
    expect(ready().ask('Order/searchOpen', body).status).toBe(400);
    const lenient = ready({ options: { wire: { argumentTypes: 'lenient' } } });
    expect(lenient.ask('Order/searchOpen', body).status).toBe(200);
  });

  it('has a problem document of its own for the query of version 2', () => {
    const answer = ready().ask('Order/v2/query', {});
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400, instance: '/api/Order/v2/query' });
  });

  it('limits requests by user where limits are set, and says how long to wait', () => {
    const rates = { history: { requests: 2, seconds: 30 }, other: { requests: 2, seconds: 60 } };
    const world = new GatewayWorld({ options: { rates } }).login();
    for (let k = 0; k < 2; k += 1) expect(world.ask('Account/search', {}).status).toBe(200);
    const limited = world.ask('Account/search', {});
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, '60']);
    world.scheduler.advance(60_000_000);
    expect(world.ask('Account/search', {}).status).toBe(200);
  });
});

const ENDPOINTS = [
  'Auth/loginKey',
  'Auth/loginApp',
  'Account/search',
  'Contract/search',
  'Contract/searchById',
  'History/retrieveBars',
  'Order/place',
  'Order/modify',
  'Order/cancel',
  'Order/search',
  'Order/searchById',
  'Order/v2/query',
  'Position/closeContract',
  'Position/partialCloseContract',
  'Trade/search',
];
const FIELDS = [
  'accountId',
  'contractId',
  'type',
  'side',
  'size',
  'limitPrice',
  'stopPrice',
  'trailPrice',
  'customTag',
  'stopLossBracket',
  'takeProfitBracket',
  'orderId',
  'unit',
  'unitNumber',
  'limit',
  'startTime',
  'endTime',
  'startTimestamp',
  'filter',
  'pageSize',
  'pageOffset',
];
const value = fc.oneof(
  fc.json().map((text) => JSON.parse(text) as unknown),
  fc.constantFrom<unknown>(7001, MES, 1, 2, 5, 0, -1, 1e300, 2 ** 53, '2026-11-02T15:00:00Z', null),
  fc.record({ ticks: fc.integer(), type: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ accountId: fc.constant(7001), statuses: fc.array(fc.integer()) }),
);

test.prop([
  fc.array(
    fc.tuple(
      fc.constantFrom(...ENDPOINTS),
      fc.oneof(
        { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), value) },
        { weight: 1, arbitrary: fc.anything() },
        { weight: 1, arbitrary: fc.constant('['.repeat(20_000)) },
      ),
    ),
    { maxLength: 20 },
  ),
])('every body is answered with an envelope or a problem, whatever is in it', (calls) => {
  const world = ready();
  for (const [path, body] of calls) {
    let text: string;
    try {
      text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
    } catch {
      continue;
    }
    const answer = world.ask(path, text);
    expect([200, 400]).toContain(answer.status);
    const result = JSON.parse(answer.body) as Record<string, unknown>;
    expect('errorCode' in result || result['status'] === 400).toBe(true);
  }
  world.market(24_005, 24_006);
  world.pass(1_000_000);
});

describe('accounts and contracts', () => {
  it('lists accounts with balance and rights', () => {
    expect(ready().post('Account/search', { onlyActiveAccounts: true })['accounts']).toEqual([
      {
        id: 7001,
        name: 'PRAC-1',
        balance: 50_000,
        canTrade: true,
        isVisible: true,
        simulated: true,
      },
    ]);
  });

  it('finds a contract by anything that holds the text, and by its id exactly', () => {
    const world = ready();
    expect(
      world.post('Contract/search', { searchText: 'es', live: false })['contracts'],
    ).toMatchObject([
      {
        id: MES,
        name: 'MESZ6',
        tickSize: 0.25,
        tickValue: 1.25,
        activeContract: true,
        symbolId: 'F.US.MES',
      },
    ]);
    expect(world.post('Contract/available', { live: true })).toMatchObject({
      success: true,
      contracts: [],
    });
    expect(world.post('Contract/searchById', { contractId: 'CON.F.US.MES.H27' })['errorCode']).toBe(
      1,
    );
  });
});

describe('orders', () => {
  it.each([
    ['an unknown account', { accountId: 1 }, 1, null],
    ['an unknown contract', { contractId: 'CON.F.US.EP.Z26' }, 8, null],
    [
      'a price between ticks',
      { type: 1, limitPrice: 5999.9 },
      2,
      'Invalid limit price. Price is not aligned to tick size.',
    ],
    ['a stop on the wrong side', { type: 4, stopPrice: 5990 }, 2, 'Invalid stop price'],
    ['a trail without a level', { type: 5 }, 2, 'Trail Distance not set.'],
    ['a trail too far', { type: 5, trailPrice: 5000 }, 2, 'Trail Distance exceeds maximum (1000)'],
    ['an unknown type', { type: 9 }, 2, 'Invalid order type specified'],
    [
      'a stop-limit',
      { type: 3, limitPrice: 6010, stopPrice: 6010 },
      2,
      'Invalid order type specified',
    ],
    ['a size of nothing', { size: 0 }, 2, 'Invalid order size specified'],
  ])('refuses %s', (_what, order, errorCode, errorMessage) => {
    expect(ready().place(order)).toMatchObject({ success: false, errorCode, errorMessage });
  });

  it('keeps a rejected order under its number, with status 5, and its tag for ever', () => {
    const world = ready();
    const rejected = world.place({ type: 1, limitPrice: 5999.9, customTag: 'once' });
    expect(world.orders()).toMatchObject([
      { id: rejected['orderId'], status: 5, customTag: 'once' },
    ]);
    expect(world.place({ customTag: 'once' })).toMatchObject({
      errorCode: 2,
      errorMessage: 'Specified custom tag is already in use',
    });
    expect(Number(rejected['orderId'])).toBeGreaterThan(2 ** 32);
  });

  it('refuses prices far away where a range is set', () => {
    const world = ready({ options: { priceRangePercent: 10 } });
    expect(world.place({ type: 1, limitPrice: 5000 })['errorMessage']).toBe(
      'Invalid price. Price is outside allowed range.',
    );
    expect(world.place({ type: 1, limitPrice: 5500 })['success']).toBe(true);
  });

  it('takes a level for a trailing stop and shows a distance, rounded to whole ticks by cutting off', () => {
    const world = ready();
    world.place({ type: 5, side: 1, trailPrice: 5995 });
    expect(world.orders('Order/searchOpen')).toMatchObject([
      { type: 5, trailDistance: 21, trailPrice: 5.25 },
    ]);
  });

  it('moves a trailing stop with the market, and by a modify under the same number', () => {
    const world = ready();
    world.place({});
    const { orderId } = world.place({ type: 5, side: 1, trailPrice: 5995.25 });
    world.market(24_040, 24_041);
    const change = { accountId: 7001, orderId, trailPrice: 6009 };
    expect(world.post('Order/modify', change)['success']).toBe(true);
    world.market(24_036, 24_037);
    expect(world.orders('Order/searchOpen')).toMatchObject([{ id: orderId, trailDistance: 5 }]);
    world.market(24_035, 24_036);
    expect(world.positions()).toEqual([]);
  });

  it('keeps the number of an order that is modified', () => {
    const world = ready();
    const { orderId } = world.place({ type: 1, limitPrice: 5990 });
    world.post('Order/modify', { accountId: 7001, orderId, limitPrice: 5991, size: 2 });
    expect(world.orders('Order/searchOpen')).toMatchObject([
      { id: orderId, limitPrice: 5991, size: 2, status: 1 },
    ]);
  });

  it('joins the bid and the ask', () => {
    const world = ready();
    world.place({ type: 6 });
    world.place({ type: 7, side: 1 });
    expect(world.orders('Order/searchOpen')).toMatchObject([
      { limitPrice: 6000 },
      { limitPrice: 6000.25 },
    ]);
  });

  it('answers changes of orders that are unknown or ended', () => {
    const world = ready();
    const { orderId } = world.place({});
    for (const path of ['Order/cancel', 'Order/modify']) {
      expect(world.post(path, { accountId: 7001, orderId: 1 })).toMatchObject({
        errorCode: 2,
        errorMessage: null,
      });
      expect([2, 3]).toContain(world.post(path, { accountId: 7001, orderId })['errorCode']);
      expect(world.post(path, { accountId: 1, orderId })['errorCode']).toBe(1);
    }
  });

  it('refuses orders while the market is closed, in the words of the option', () => {
    for (const [closedAnswer, errorCode] of [
      ['rejected', 2],
      ['outside-hours', 5],
    ] as const) {
      const world = ready({ options: { closedAnswer } });
      world.gateway.feed.onPhase(0, 'closed', world.nowUs + 1);
      expect(world.place({})).toMatchObject({
        errorCode,
        errorMessage:
          'Trading is currently unavailable. The instrument is not in an active trading status.',
      });
    }
  });

  it('leaves orders at work over the daily halt', () => {
    const world = ready();
    world.place({ type: 1, limitPrice: 5990 });
    world.gateway.feed.onPhase(0, 'closed', world.nowUs + 1);
    world.gateway.feed.onPhase(0, 'open', world.nowUs + 2);
    expect(world.orders('Order/searchOpen')).toHaveLength(1);
  });
});

describe('positions, trades and money', () => {
  it('keeps one net row with a weighted average, profit before fees, and fees for each side', () => {
    const world = ready();
    world.place({ size: 1 });
    world.market(24_010, 24_011);
    world.place({ size: 3 });
    expect(world.positions()).toMatchObject([
      { type: 1, size: 4, averagePrice: (6000.25 + 3 * 6002.75) / 4, contractDisplayName: 'MESZ6' },
    ]);
    world.market(24_020, 24_021);
    world.place({ side: 1, size: 4 });
    const [last, , first] = world.trades();
    expect(first).toMatchObject({ profitAndLoss: null, fees: 0.37, side: 0, voided: false });
    expect(last).toMatchObject({
      profitAndLoss: (6005 * 4 - 6000.25 - 3 * 6002.75) * 5,
      side: 1,
      size: 4,
    });
    const fees = 8 * 0.37;
    expect(
      (world.post('Account/search', {})['accounts'] as { balance: number }[])[0]!.balance,
    ).toBeCloseTo(50_000 + Number(last!['profitAndLoss']) - fees, 6);
    expect(world.positions()).toEqual([]);
  });

  it('reverses at a new average and closes in part', () => {
    const world = ready();
    world.place({ size: 2 });
    world.place({ side: 1, size: 5 });
    expect(world.positions()).toMatchObject([{ type: 2, size: 3, averagePrice: 6000 }]);
    const partial = { accountId: 7001, contractId: MES, size: 4 };
    expect(world.post('Position/partialCloseContract', partial)['errorCode']).toBe(5);
    expect(world.post('Position/partialCloseContract', { ...partial, size: 1 })['success']).toBe(
      true,
    );
    expect(world.positions()).toMatchObject([{ type: 2, size: 2 }]);
    expect(
      world.post('Position/closeContract', { accountId: 7001, contractId: MES })['success'],
    ).toBe(true);
    expect(
      world.post('Position/closeContract', { accountId: 7001, contractId: MES })['errorCode'],
    ).toBe(2);
  });

  it('locks and closes out an account that breaks its daily loss, and opens it the next trade date', () => {
    const world = ready({
      account: {
        programme: {
          schema: 'frontmonth.programme/1',
          name: 'a',
          currency: 'USD',
          startBalance: 50_000,
          dailyLoss: {
            amount: 500,
            from: 'balance',
            includesOpen: true,
            trailing: 'none',
            action: 'block-day',
          },
        },
      },
    });
    const ear = world.userHub();
    world.place({ size: 10 });
    world.place({ type: 1, limitPrice: 5900 });
    world.market(23_955, 23_956);
    expect(world.positions()).toEqual([]);
    expect(world.orders('Order/searchOpen')).toEqual([]);
    expect(
      ear.events.findLast(({ target }) => target === 'GatewayUserAccount')!.data['canTrade'],
    ).toBe(false);
    expect(world.place({})['errorCode']).toBe(4);
    world.pass(86_400_000_000);
    expect(world.login().place({})['success']).toBe(true);
  });

  it('refuses more contracts than the account may have', () => {
    const world = ready({ account: { maxContracts: 2 } });
    expect(world.place({ type: 1, limitPrice: 5990, size: 2 })['success']).toBe(true);
    expect(world.place({ size: 1 })).toMatchObject({
      errorCode: 2,
      errorMessage: 'Not enough margin.',
    });
  });
});

describe('bars', () => {
  const bars = (world: GatewayWorld, more: object): Record<string, unknown>[] =>
    world.post('History/retrieveBars', {
      contractId: MES,
      live: false,
      startTime: '2026-11-02T14:00:00Z',
      endTime: '2026-11-02T20:00:00Z',
      unit: 2,
      unitNumber: 1,
      limit: 100,
      includePartialBar: false,
      ...more,
    })['bars'] as Record<string, unknown>[];

  it('are built from what traded, newest first, stamped with their open, the forming one on request', () => {
    const world = new GatewayWorld().login();
    for (const price of [24_000, 24_004, 23_998, 24_002]) world.trade(price, 2);
    world.pass(60_000_000);
    world.trade(24_010, 5);
    const closed = { t: '2026-11-02T15:00:00+00:00', o: 6000, h: 6001, l: 5999.5, c: 6000.5, v: 8 };
    expect(bars(world, {})).toEqual([closed]);
    expect(bars(world, { includePartialBar: true })).toMatchObject([{ c: 6002.5, v: 5 }, closed]);
    expect(bars(world, { includePartialBar: true, limit: 1 })).toHaveLength(1);
  });

  it('stamp a day with the open of its session', () => {
    const world = new GatewayWorld().login();
    world.trade(24_000);
    const day = { unit: 4, startTime: '2026-10-30T00:00:00Z', includePartialBar: true };
    expect(bars(world, day)).toMatchObject([{ t: '2026-11-01T22:00:00+00:00', v: 1 }]);
  });

  it('come in every unit, with volume that adds up', () => {
    const world = new GatewayWorld().login();
    for (let k = 0; k < 200; k += 1) {
      world.trade(24_000 + (k % 7), 1);
      world.pass(1_000_000);
    }
    for (const unit of [1, 2, 3, 4, 5, 6, 7]) {
      const found = bars(world, {
        unit,
        unitNumber: unit === 7 ? 50 : 1,
        startTime: '2026-10-01T00:00:00Z',
        limit: 1000,
        includePartialBar: true,
      });
      expect([unit, found.reduce((sum, bar) => sum + Number(bar['v']), 0)]).toEqual([unit, 200]);
    }
  });

  it.each([
    [{ contractId: 'CON.F.US.EP.Z26' }, 1],
    [{ unit: 0 }, 2],
    [{ unitNumber: 0 }, 3],
    [{ limit: 20_001 }, 4],
  ])('answer %j with code %i', (more, errorCode) => {
    const world = new GatewayWorld().login();
    expect(
      world.post('History/retrieveBars', {
        contractId: MES,
        live: false,
        startTime: '2026-11-02T14:00:00Z',
        endTime: '2026-11-02T20:00:00Z',
        unit: 2,
        unitNumber: 1,
        limit: 10,
        includePartialBar: false,
        ...more,
      }),
    ).toMatchObject({ success: false, errorCode });
  });
});
