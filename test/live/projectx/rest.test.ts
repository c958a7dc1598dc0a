import { describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { ProjectXClient, VenueRefusal } from '../../../src/live/projectx/index.ts';
import { HttpFailure } from '../../../src/live/projectx/http.ts';
import { FakeHttp, FakeHubs, jwt, ok, refuse, VirtualTime } from '../support.ts';

const SECRET = 'key-0123456789';

function world(): { time: VirtualTime; http: FakeHttp; client: ProjectXClient } {
  const time = new VirtualTime();
  const http = new FakeHttp(time);
  const client = new ProjectXClient({
    firm: 'demo',
    credentials: { userName: 'demo', apiKey: SECRET },
    http,
    hubs: () => new FakeHubs(),
    scheduler: time,
    uniform: () => 0.5,
  });
  return { time, http, client };
}

async function failureOf(promise: Promise<unknown>): Promise<TradingError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const ORDER = {
  accountId: 7,
  contractId: 'CON.F.US.MES.Z26',
  type: 'market',
  side: 1,
  size: 1,
} as const;

describe('the token', () => {
  it('is asked for once, however many wait for it', async () => {
    const { time, http, client } = world();
    http.on('Account/search', () => ok({ accounts: [] }));
    await time.until(
      Promise.all([client.accounts.search(), client.accounts.search(), client.login()]),
    );
    expect(http.count('Auth/loginKey')).toBe(1);
  });

  it('is renewed before its end and serves meanwhile', async () => {
    const { time, http, client } = world();
    http.on('Account/search', () => ok({ accounts: [] }));
    await time.until(client.accounts.search());
    const second = jwt({ iat: 0, exp: 86_400, n: 'renewed' });
    http.on('Auth/validate', () => ok({ newToken: second }));
    await time.advance(23.6 * 3600e6);
    await time.until(client.accounts.search());
    await time.until(client.accounts.search());
    expect(http.count('Auth/loginKey')).toBe(1);
    expect(http.asked.at(-1)?.token).toBe(second);
  });

  it('is renewed by a login where the venue gives no new one', async () => {
    const { time, http, client } = world();
    http
      .on('Account/search', () => ok({ accounts: [] }))
      .on('Auth/validate', () => ({ status: 401 }));
    await time.until(client.accounts.search());
    await time.advance(23.6 * 3600e6);
    await time.until(client.accounts.search());
    await time.until(client.accounts.search());
    expect(http.count('Auth/loginKey')).toBe(2);
  });

  it('renews by itself while nothing is asked, and stops with the client', async () => {
    const { time, http, client } = world();
    http.on('Auth/validate', () => ok({ newToken: jwt({ iat: 1, exp: 86_401, n: time.nowUs() }) }));
    await time.until(client.login());
    client.keepTokenFresh();
    await time.advance(48 * 3600e6);
    expect(http.count('Auth/validate')).toBe(2);
    await client.close();
    expect(time.timers).toBe(0);
  });

  it('is asked for anew when it is refused, and the request goes once more', async () => {
    const { time, http, client } = world();
    let isFirst = true;
    http.on('Order/place', () => {
      if (!isFirst) return ok({ orderId: 4_294_967_400 });
      isFirst = false;
      return { status: 401 };
    });
    expect(await time.until(client.orders.place(ORDER))).toBe(4_294_967_400);
    expect(http.count('Order/place')).toBe(2);
    expect(http.count('Auth/loginKey')).toBe(2);
  });

  it('refused twice is an error, not a loop', async () => {
    const { time, http, client } = world();
    http.on('Order/place', () => ({ status: 401 }));
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error.code).toBe('E_VENUE_AUTH');
    expect(http.count('Order/place')).toBe(2);
  });

  it('that the venue does not give is refused by the name of its table', async () => {
    const { time, http, client } = world();
    http.on('Auth/loginKey', () => refuse(3));
    const error = await time.until(failureOf(client.login()));
    expect(error).toMatchObject({ code: 'E_VENUE_AUTH', errorName: 'InvalidCredentials' });
    expect(JSON.stringify(error) + error.message).not.toContain(SECRET);
  });
});

describe('an answer', () => {
  it('of refusal has the name of its own table, the words of the venue and the id of the order', async () => {
    const { time, http, client } = world();
    const words = 'Specified custom tag is already in use';
    http.on('Order/place', () => refuse(2, words, { orderId: 4_294_967_403 }));
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error).toBeInstanceOf(VenueRefusal);
    expect(error).toMatchObject({
      code: 'E_VENUE_REQUEST',
      errorCode: 2,
      errorName: 'OrderRejected',
      venueText: words,
      orderId: 4_294_967_403,
      retry: 'never',
    });
  });

  it.each([
    [
      'Order/modify',
      (c: ProjectXClient) => c.orders.modify({ accountId: 1, orderId: 2 }),
      3,
      'Rejected',
    ],
    [
      'Order/cancel',
      (c: ProjectXClient) => c.orders.cancel({ accountId: 1, orderId: 2 }),
      2,
      'OrderNotFound',
    ],
    [
      'Position/partialCloseContract',
      (c: ProjectXClient) => c.positions.partialClose({ accountId: 1, contractId: 'X', size: 1 }),
      5,
      'InvalidCloseSize',
    ],
    [
      'Position/closeContract',
      (c: ProjectXClient) => c.positions.close({ accountId: 1, contractId: 'X' }),
      5,
      'OrderRejected',
    ],
    [
      'Order/cancel',
      (c: ProjectXClient) => c.orders.cancel({ accountId: 1, orderId: 2 }),
      42,
      'code 42',
    ],
  ] as const)(
    'of %s reads the code by the table of that endpoint',
    async (endpoint, call, code, name) => {
      const { time, http, client } = world();
      http.on(endpoint, () => refuse(code));
      const error = await time.until(failureOf(call(client)));
      expect((error as VenueRefusal).errorName).toContain(name);
    },
  );

  it('of HTTP 400 shows what the problem document names', async () => {
    const { time, http, client } = world();
    http.on('Order/place', () => ({
      status: 400,
      text: JSON.stringify({
        title: 'One or more validation errors occurred.',
        status: 400,
        errors: { request: ['The request field is required.'], '$.size': ['cannot be converted'] },
      }),
    }));
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error.message).toContain('$.size: cannot be converted');
    expect(error.retry).toBe('never');
  });
});

describe('an order without an answer', () => {
  it.each([
    ['late', 'silence' as const],
    ['cut', new HttpFailure('ECONNRESET', true)],
    ['of HTTP 502', { status: 502 }],
    ['that is no JSON', { status: 200, text: '<html>' }],
    ['without an id', ok({ orderId: null })],
    [
      'with an id beyond 2^53',
      { status: 200, text: '{"success":true,"errorCode":0,"orderId":9007199254740993}' },
    ],
  ])('%s may have been placed: it is looked up before it is sent again', async (_, reply) => {
    const { time, http, client } = world();
    http.on('Order/place', () => reply);
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error).toMatchObject({ retry: 'after-reconcile' });
    expect(http.count('Order/place')).toBe(1);
  });

  it('that never left may be sent again', async () => {
    const { time, http, client } = world();
    http.on('Order/place', () => new HttpFailure('ECONNREFUSED', false));
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error).toMatchObject({ code: 'E_VENUE_CONNECT', retry: 'safe' });
  });

  it('is not the fate of a reading: that is repeated', async () => {
    const { time, http, client } = world();
    let tries = 0;
    http.on('Account/search', () => ((tries += 1) < 3 ? { status: 503 } : ok({ accounts: [] })));
    expect(await time.until(client.accounts.search())).toEqual([]);
    expect(tries).toBe(3);
  });
});

describe('limits', () => {
  it('hold back the request that would be one too many, until the window has passed', async () => {
    const { time, http, client } = world();
    http.on('Account/search', () => ok({ accounts: [] }));
    await time.until(client.login());
    const all = Promise.all(Array.from({ length: 200 }, () => client.accounts.search()));
    await time.advance(1e6);
    // One login, and ten places that readings leave free.
    expect(http.count('Account/search')).toBe(189);
    await time.until(all);
    expect(http.count('Account/search')).toBe(200);
    expect(time.nowUs() - http.asked[0]!.atUs).toBeGreaterThanOrEqual(60e6);
  });

  it('let a cancel pass in front of a crowd of readings', async () => {
    const { time, http, client } = world();
    http.on('Account/search', () => ok({ accounts: [] })).on('Order/cancel', () => ok());
    await time.until(client.login());
    const readings = Promise.all(Array.from({ length: 300 }, () => client.accounts.search()));
    await time.advance(0);
    await time.until(client.orders.cancel({ accountId: 1, orderId: 2 }));
    expect(time.nowUs() - http.asked[0]!.atUs).toBe(0);
    await time.until(readings, 300e6);
  });

  it('of the venue are obeyed for as long as it says', async () => {
    const { time, http, client } = world();
    let tries = 0;
    http.on('Account/search', () =>
      (tries += 1) === 1 ? { status: 429, headers: { 'retry-after': '7' } } : ok({ accounts: [] }),
    );
    await time.until(client.accounts.search());
    expect(http.asked.at(-1)!.atUs - http.asked[0]!.atUs).toBe(7e6);
  });

  it('an order that waits too long for its turn is not sent late', async () => {
    const { time, http, client } = world();
    http.on('Order/place', () => ({ status: 429, headers: { 'retry-after': '30' } }));
    const error = await time.until(failureOf(client.orders.place(ORDER)));
    expect(error).toMatchObject({ code: 'E_VENUE_RATE', retry: 'safe' });
    expect(http.count('Order/place')).toBe(1);
  });
});

describe('the clock of the venue', () => {
  it.each([
    [0, 0],
    [-3600e6, -3600e6],
    [120e6, 120e6],
  ])('is %d µs away by the date of its answers', async (skewUs, expected) => {
    const { time, http, client } = world();
    http.on('Status/ping', () => ({
      headers: { date: new Date((time.nowUs() + skewUs) / 1000).toUTCString() },
      text: '"pong"',
    }));
    await time.until(client.ping());
    expect(Math.abs(client.clockSkewUs! - expected)).toBeLessThanOrEqual(1e6);
    expect(Math.sign(client.clockSkewUs!)).toBe(Math.sign(expected));
  });
});
