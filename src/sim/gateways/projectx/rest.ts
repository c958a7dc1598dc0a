/**
 * The REST side: paths, bodies, envelopes, error codes. Everything is a pure answer to a request; what carries it comes from
 * elsewhere. Paths and names of fields are matched without regard to case, a trailing or doubled slash does not matter.
 */
import type { GatewayAccount, GatewayOrder, GatewayPosition, GatewayTrade } from './account.ts';
import type { Bar, BarUnit } from './bar-store.ts';
import type { Bound, Field, Problem } from './bodies.ts';
import { bindBody } from './bodies.ts';
import { contractBody, priceOf, searchContracts } from './contracts.ts';
import type { BracketRequest, ModifyRequest, OrderDesk, PlaceRequest } from './desk.ts';
import type { MarketHost } from './market-host.ts';
import type { GatewayOptions } from './options.ts';
import type { Session, SignIn } from './sign-in.ts';
import { LoginError } from './sign-in.ts';
import type { Outcome } from './wire.ts';
import { failure, OK, OrderStatus, OrderType, TimeText } from './wire.ts';
import { swaggerDocument } from './swagger.ts';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the endpoints read and do. */
export interface RestHost {
  readonly options: GatewayOptions;
  readonly hosts: readonly MarketHost[];
  readonly desk: OrderDesk;
  readonly signIn: SignIn;
  accountsOf(userName: string): readonly GatewayAccount[];
  /** The simulated clock. */
  nowUs(): number;
  /** Bars are empty or end at an earlier moment: faults. */
  historyUs(): number | null;
}

interface Call {
  readonly session: Session;
  readonly body: Bound;
}

interface Endpoint {
  readonly path: string;
  readonly fields: readonly Field[];
  /** The body as an envelope with its payload. */
  readonly answer: (call: Call) => Readonly<Record<string, unknown>>;
}

const text = (name: string, isOptional: boolean = false): Field => ({
  name,
  kind: 'text',
  isOptional,
});
const int = (name: string): Field => ({ name, kind: 'int' });
const bool = (name: string): Field => ({ name, kind: 'bool' });
const time = (name: string, isOptional: boolean = false): Field => ({
  name,
  kind: 'time',
  isOptional,
});
const price = (name: string): Field => ({ name, kind: 'number', isOptional: true });
const BRACKET: readonly Field[] = [int('ticks'), { name: 'type', kind: 'enum' }];

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };
const PROBLEM_HEADERS = { 'content-type': 'application/problem+json; charset=utf-8' };

export function jsonAnswer(status: number, body: unknown): RestAnswer {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(body) };
}
export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, headers, body: '' };
}

/** A path as endpoints are named: lower case, single slashes, none at the end. */
export function plainPath(path: string): string {
  const clean = path
    .split('?')[0]!
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '');
  return clean.toLowerCase();
}

export class RestDesk {
  readonly #host: RestHost;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #time: TimeText = new TimeText(6, false);
  #traces: number = 0;

  constructor(host: RestHost) {
    this.#host = host;
    this.#endpoints = new Map(this.#list().map((each) => [each.path.toLowerCase(), each]));
  }

  /** Name of the endpoint that a path names, such as `Order/place`, or null. */
  nameOf(path: string): string | null {
    const plain = plainPath(path);
    if (plain === '/api/auth/loginkey') return 'Auth/loginKey';
    if (plain === '/api/auth/loginapp') return 'Auth/loginApp';
    if (plain === '/api/status/ping') return 'Status/ping';
    return this.#endpoints.get(plain)?.path.slice('/api/'.length) ?? null;
  }

  handle(method: string, path: string, token: string | null, body: string): RestAnswer {
    const plain = plainPath(path);
    if (plain === '/swagger/v1/swagger.json' && method === 'GET')
      return jsonAnswer(200, swaggerDocument([...LOGINS, ...this.#endpoints.values()]));
    if (plain === '/api/status/ping')
      return method === 'GET' ? jsonAnswer(200, 'pong') : emptyAnswer(405, { allow: 'GET' });
    const login = LOGINS.find((each) => each.path.toLowerCase() === plain);
    const endpoint = this.#endpoints.get(plain);
    if (login === undefined && endpoint === undefined) return emptyAnswer(404);
    if (method !== 'POST') return emptyAnswer(405, { allow: 'POST' });
    if (login !== undefined) return this.#login(login, body);
    const { signIn, options } = this.#host;
    const session = signIn.sessionOf(token);
    if (session === null) return emptyAnswer(401);
    const kind = plain === '/api/history/retrievebars' ? 'history' : 'other';
    const waitSeconds = signIn.spend(session.user.userName, kind);
    if (waitSeconds > 0) return emptyAnswer(429, { 'retry-after': String(waitSeconds) });
    const { fields } = endpoint!;
    // Endpoints without fields take anything, also nothing.
    const isLenient = options.wire.argumentTypes === 'lenient';
    const result = fields.length === 0 ? { bound: {} } : bindBody(body, fields, isLenient);
    if ('problem' in result) return this.#problem(plain, result.problem);
    return jsonAnswer(200, endpoint!.answer({ session, body: result.bound }));
  }

  // ------------------------------------------------------------------------------------------------ endpoints

  #login(login: (typeof LOGINS)[number], body: string): RestAnswer {
    const { signIn, options } = this.#host;
    const result = bindBody(body, login.fields, options.wire.argumentTypes === 'lenient');
    if ('problem' in result) return this.#problem(login.path, result.problem);
    const { userName, apiKey, password, appId } = result.bound;
    if (login.path.endsWith('Key'))
      return jsonAnswer(200, tokenBody(signIn.loginKey(String(userName), String(apiKey))));
    if (appId === '')
      return jsonAnswer(200, tokenBody({ ...failure(LoginError.AppNotFound), token: null }));
    return jsonAnswer(200, tokenBody(signIn.loginApp(String(userName), String(password))));
  }

  #list(): Endpoint[] {
    const host = this.#host;
    const at = (
      path: string,
      fields: readonly Field[],
      answer: (call: Call) => Readonly<Record<string, unknown>>,
    ): Endpoint => ({ path: `/api/${path}`, fields, answer });
    /** Endpoints of one account: code 1 where the user has no such account. */
    const ofAccount = (
      path: string,
      fields: readonly Field[],
      payload: Readonly<Record<string, unknown>>,
      answer: (account: GatewayAccount, body: Bound) => Readonly<Record<string, unknown>>,
    ): Endpoint =>
      at(path, [int('accountId'), ...fields], ({ session, body }) => {
        const account = host
          .accountsOf(session.user.userName)
          .find(({ id }) => id === body['accountId']);
        return account === undefined ? envelope(failure(1), payload) : answer(account, body);
      });
    return [
      at('Auth/validate', [], ({ session }) =>
        envelope(OK, { newToken: host.signIn.renew(session) }),
      ),
      at('Auth/logout', [], ({ session }) => {
        host.signIn.logout(session);
        return envelope(OK);
      }),
      at('Account/search', [bool('onlyActiveAccounts')], ({ session, body }) => {
        const all = host.accountsOf(session.user.userName);
        const accounts =
          body['onlyActiveAccounts'] === true ? all.filter(({ canTrade }) => canTrade) : all;
        return envelope(OK, { accounts: accounts.map(accountBody) });
      }),
      at('Contract/search', [text('searchText', true), bool('live')], ({ body }) =>
        this.#contracts(body['live'] === true, (body['searchText'] as string | null) ?? ''),
      ),
      at('Contract/searchById', [text('contractId')], ({ body }) => {
        const contract = host.hosts[host.desk.indexOf(String(body['contractId']))]?.contract;
        return contract === undefined
          ? envelope(failure(1), { contract: null })
          : envelope(OK, { contract: contractBody(contract) });
      }),
      at('Contract/available', [bool('live')], ({ body }) =>
        this.#contracts(body['live'] === true),
      ),
      at('History/retrieveBars', HISTORY_FIELDS, ({ body }) => this.#bars(body)),
      ofAccount('Order/place', PLACE_FIELDS, { orderId: null }, (account, body) => {
        const { orderId, ...outcome } = host.desk.place(account, placeRequest(body), host.nowUs());
        return { orderId, ...envelope(outcome) };
      }),
      ofAccount('Order/modify', MODIFY_FIELDS, {}, (account, body) =>
        envelope(host.desk.modify(account, body as unknown as ModifyRequest, host.nowUs())),
      ),
      ofAccount('Order/cancel', [{ name: 'orderId', kind: 'long' }], {}, (account, body) =>
        envelope(host.desk.cancel(account, Number(body['orderId']), host.nowUs())),
      ),
      ofAccount(
        'Order/search',
        [time('startTimestamp'), time('endTimestamp', true)],
        { orders: null },
        (account, body) => {
          const [from, to] = spanOf(body);
          const orders = [...account.orders.values()].filter(
            ({ createdUs, status }) =>
              createdUs >= from && createdUs <= to && status !== OrderStatus.Suspended,
          );
          return envelope(OK, { orders: orders.map((each) => this.#order(each)) });
        },
      ),
      ofAccount('Order/searchOpen', [], { orders: null }, (account) => {
        const orders = [...account.working].filter(
          ({ status }) => status !== OrderStatus.Suspended,
        );
        return envelope(OK, { orders: orders.map((each) => this.#order(each)) });
      }),
      ofAccount(
        'Order/searchById',
        [{ name: 'orderId', kind: 'long' }],
        { order: null },
        (account, body) => {
          const order = account.orders.get(Number(body['orderId']));
          return order === undefined
            ? envelope(failure(1), { order: null })
            : envelope(OK, { order: this.#order(order) });
        },
      ),
      at('Order/v2/query', QUERY_FIELDS, ({ session, body }) => this.#query(session, body)),
      ofAccount('Position/searchOpen', [], { positions: null }, (account) => {
        const open = [...account.positions.values()].filter(({ book }) => book.netQty !== 0);
        return envelope(OK, {
          positions: open.map((each) => positionBody(each, account, this.#time)),
        });
      }),
      ofAccount('Position/closeContract', [text('contractId')], {}, (account, body) =>
        envelope(host.desk.close(account, String(body['contractId']), null, host.nowUs())),
      ),
      ofAccount(
        'Position/partialCloseContract',
        [text('contractId'), int('size')],
        {},
        (account, body) =>
          envelope(
            host.desk.close(
              account,
              String(body['contractId']),
              Number(body['size']),
              host.nowUs(),
            ),
          ),
      ),
      ofAccount(
        'Trade/search',
        [time('startTimestamp', true), time('endTimestamp', true)],
        { trades: null },
        (account, body) => {
          const [from, to] = spanOf(body);
          const trades = account.trades.filter(
            ({ createdUs }) => createdUs >= from && createdUs <= to,
          );
          return envelope(OK, {
            trades: trades.toReversed().map((each) => tradeBody(each, this.#time)),
          });
        },
      ),
    ];
  }

  #contracts(isLive: boolean, wanted: string = ''): Readonly<Record<string, unknown>> {
    const { hosts, options } = this.#host;
    const all = hosts.map(({ contract }) => contract);
    // Credentials of the simulated feed see nothing live: an empty list, and success.
    if (isLive && !options.hasLiveData) return envelope(OK, { contracts: [] });
    const found =
      wanted === '' ? all.filter(({ isActive }) => isActive) : searchContracts(all, wanted);
    return envelope(OK, { contracts: found.map(contractBody) });
  }

  #bars(body: Bound): Readonly<Record<string, unknown>> {
    const { hosts, desk, options } = this.#host;
    const none = (code: number): Readonly<Record<string, unknown>> =>
      envelope(failure(code), { bars: null });
    const host = hosts[desk.indexOf(String(body['contractId']))];
    if (host === undefined) return none(1);
    const unit = Number(body['unit']);
    const unitNumber = Number(body['unitNumber']);
    const limit = Number(body['limit']);
    if (!(unit >= 1 && unit <= 7)) return none(2);
    if (!(unitNumber >= 1 && unitNumber <= 10_000)) return none(3);
    if (!(limit >= 1 && limit <= options.barsCap)) {
      // The documented maximum is an error; a lower cap of ours is silent, as it was measured.
      if (limit < 1 || limit > 20_000) return none(4);
    }
    const nowUs = this.#host.historyUs();
    if (nowUs === null || (body['live'] === true && !options.hasLiveData))
      return envelope(OK, { bars: [] });
    const bars = host.bars.query({
      unit: unit as BarUnit,
      unitNumber,
      fromUs: Number(body['startTime']),
      toUs: Math.min(Number(body['endTime']), nowUs),
      limit: Math.min(limit, options.barsCap),
      nowUs,
      includesPartial: body['includePartialBar'] === true,
    });
    if (bars === null) return none(2);
    return envelope(OK, { bars: bars.map((bar) => this.#bar(host, bar)) });
  }

  #bar(host: MarketHost, bar: Bar): Readonly<Record<string, unknown>> {
    const { contract } = host;
    return {
      t: this.#time.of(bar.tsUs).replace('.000000', ''),
      o: priceOf(contract, bar.open),
      h: priceOf(contract, bar.high),
      l: priceOf(contract, bar.low),
      c: priceOf(contract, bar.close),
      v: bar.volume,
    };
  }

  #query(session: Session, body: Bound): Readonly<Record<string, unknown>> {
    const filter = body['filter'] as Bound;
    const account = this.#host
      .accountsOf(session.user.userName)
      .find(({ id }) => id === filter['accountId']);
    if (account === undefined) return envelope(failure(1), { orders: null, totalCount: null });
    const statuses = filter['statuses'] as readonly number[] | null;
    const contractId = filter['contractId'];
    const after = Number(filter['createdAfter'] ?? -Infinity);
    const before = Number(filter['createdBefore'] ?? Infinity);
    const found = [...account.orders.values()].filter(
      (order) =>
        (statuses === null || statuses.length === 0 || statuses.includes(order.status)) &&
        (contractId === null || order.contract.id === contractId) &&
        order.createdUs >= after &&
        order.createdUs <= before,
    );
    if (body['sortBy'] === 1) found.sort((a, b) => a.id - b.id);
    if (body['sortDirection'] === 1) found.reverse();
    const size = Math.min(1000, Math.max(1, Number(body['pageSize'] ?? 50)));
    const from = Math.max(0, Number(body['pageOffset'] ?? 0)) * size;
    const orders = found.slice(from, from + size).map((each) => this.#order(each));
    const totalCount = body['includeTotalCount'] === true ? found.length : null;
    return envelope(OK, { orders, totalCount });
  }

  #order(order: GatewayOrder): Readonly<Record<string, unknown>> {
    return orderBody(order, this.#time);
  }

  #problem(path: string, { errors }: Problem): RestAnswer {
    this.#traces += 1;
    const traceId = `00-${String(this.#traces).padStart(32, '0')}-0000000000000000-00`;
    const type = 'https://tools.ietf.org/html/rfc9110#section-15.5.1';
    const title = 'One or more validation errors occurred.';
    const body =
      plainPath(path) === '/api/order/v2/query'
        ? {
            type,
            title,
            status: 400,
            detail: Object.values(errors).flat().join(' '),
            instance: '/api/Order/v2/query',
          }
        : { type, title, status: 400, errors, traceId };
    return { status: 400, headers: PROBLEM_HEADERS, body: JSON.stringify(body) };
  }
}

const LOGINS: readonly { readonly path: string; readonly fields: readonly Field[] }[] = [
  { path: '/api/Auth/loginKey', fields: [text('userName'), text('apiKey')] },
  {
    path: '/api/Auth/loginApp',
    fields: ['userName', 'password', 'deviceId', 'appId', 'verifyKey'].map((name) => text(name)),
  },
];

const HISTORY_FIELDS: readonly Field[] = [
  text('contractId'),
  bool('live'),
  time('startTime'),
  time('endTime'),
  { name: 'unit', kind: 'enum' },
  int('unitNumber'),
  int('limit'),
  bool('includePartialBar'),
];
const PLACE_FIELDS: readonly Field[] = [
  text('contractId'),
  { name: 'type', kind: 'enum' },
  { name: 'side', kind: 'enum' },
  int('size'),
  price('limitPrice'),
  price('stopPrice'),
  price('trailPrice'),
  text('customTag', true),
  { name: 'linkedOrderId', kind: 'long', isOptional: true },
  { name: 'stopLossBracket', kind: 'object', isOptional: true, fields: BRACKET },
  { name: 'takeProfitBracket', kind: 'object', isOptional: true, fields: BRACKET },
];
const MODIFY_FIELDS: readonly Field[] = [
  { name: 'orderId', kind: 'long' },
  { name: 'size', kind: 'int', isOptional: true },
  price('limitPrice'),
  price('stopPrice'),
  price('trailPrice'),
];
const QUERY_FIELDS: readonly Field[] = [
  {
    name: 'filter',
    kind: 'object',
    fields: [
      int('accountId'),
      { name: 'statuses', kind: 'ints', isOptional: true },
      text('contractId', true),
      time('createdAfter', true),
      time('createdBefore', true),
    ],
  },
  { name: 'pageSize', kind: 'int', isOptional: true },
  { name: 'pageOffset', kind: 'int', isOptional: true },
  { name: 'sortBy', kind: 'enum', isOptional: true },
  { name: 'sortDirection', kind: 'enum', isOptional: true },
  { name: 'includeTotalCount', kind: 'bool', isOptional: true },
];

function placeRequest(body: Bound): PlaceRequest {
  return {
    ...(body as unknown as PlaceRequest),
    stopLossBracket: (body['stopLossBracket'] ?? null) as BracketRequest | null,
    takeProfitBracket: (body['takeProfitBracket'] ?? null) as BracketRequest | null,
  };
}

function spanOf(body: Bound): [from: number, to: number] {
  return [Number(body['startTimestamp'] ?? -Infinity), Number(body['endTimestamp'] ?? Infinity)];
}

function envelope(
  { errorCode, errorMessage }: Outcome,
  payload: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { ...payload, success: errorCode === 0, errorCode, errorMessage };
}

function tokenBody({ token, ...outcome }: Outcome & { token: string | null }): unknown {
  return envelope(outcome, { token });
}

export function accountBody(account: GatewayAccount): Readonly<Record<string, unknown>> {
  const { id, config, balanceMicros, canTrade } = account;
  return {
    id,
    name: config.name,
    balance: balanceMicros / 1e6,
    canTrade,
    isVisible: config.isVisible ?? true,
    simulated: config.simulated ?? true,
  };
}

/** The `Order` of answers and streams. The stream leaves nulls out. */
export function orderBody(order: GatewayOrder, clock: TimeText): Readonly<Record<string, unknown>> {
  const { contract, trailTicks, bracketTicks, filled, parent } = order;
  const orNull = (ticks: number): number | null =>
    Number.isNaN(ticks) ? null : priceOf(contract, ticks);
  const isTrailing = order.type === OrderType.TrailingStop;
  const distance = parent === null ? (isTrailing ? trailTicks : 0) : bracketTicks;
  const isPlaced = order.status !== OrderStatus.Suspended;
  return {
    id: order.id,
    accountId: order.account.id,
    contractId: contract.id,
    symbolId: contract.symbolId,
    creationTimestamp: clock.of(order.createdUs),
    updateTimestamp: clock.of(order.updatedUs),
    status: order.status,
    type: order.type,
    side: order.side === 1 ? 0 : 1,
    size: order.size,
    limitPrice: isPlaced ? orNull(order.limitTicks) : null,
    stopPrice: isPlaced && !isTrailing ? orNull(order.stopTicks) : null,
    fillVolume: filled,
    filledPrice: filled === 0 ? null : priceOf(contract, order.costTicks / filled),
    customTag: order.tag,
    ...(distance === 0 ? {} : { trailDistance: distance, trailPrice: priceOf(contract, distance) }),
    ...(parent === null ? {} : { parentOrderId: parent.id }),
    ...(order.linkedId === 0 ? {} : { linkedOrderId: order.linkedId }),
  };
}

export function positionBody(
  position: GatewayPosition,
  account: GatewayAccount,
  clock: TimeText,
): Readonly<Record<string, unknown>> {
  const { contract, book, id, createdUs, averageTicks } = position;
  return {
    id,
    accountId: account.id,
    contractId: contract.id,
    contractDisplayName: contract.name,
    creationTimestamp: clock.of(createdUs),
    type: book.netQty === 0 ? 0 : book.netQty > 0 ? 1 : 2,
    size: Math.abs(book.netQty),
    averagePrice: priceOf(contract, averageTicks),
  };
}

export function tradeBody(trade: GatewayTrade, clock: TimeText): Readonly<Record<string, unknown>> {
  const { order, profitMicros } = trade;
  return {
    id: trade.id,
    accountId: order.account.id,
    contractId: order.contract.id,
    creationTimestamp: clock.of(trade.createdUs),
    price: priceOf(order.contract, trade.priceTicks),
    profitAndLoss: profitMicros === null ? null : profitMicros / 1e6,
    fees: trade.feeMicros / 1e6,
    side: order.side === 1 ? 0 : 1,
    size: trade.size,
    voided: trade.isVoided,
    orderId: order.id,
  };
}
