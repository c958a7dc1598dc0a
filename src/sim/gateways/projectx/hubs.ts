/**
 * The two hubs: who subscribed to what, and the events in the words of the wire. An event is written once and sent to everybody
 * who wants it; nothing is written that nobody hears.
 */
import type { HubConnection, HubLogic, InvokeResult } from '../signalr/connection.ts';
import type { Side } from '../../../core/order.ts';
import type { GatewayAccount, GatewayOrder, GatewayPosition, GatewayTrade } from './account.ts';
import { isWorking } from './account.ts';
import { readWhole } from './bodies.ts';
import { priceOf } from './contracts.ts';
import type { MarketHost } from './market-host.ts';
import type { GatewayOptions } from './options.ts';
import { accountBody, orderBody, positionBody, tradeBody } from './rest.ts';
import { DomType, TimeText } from './wire.ts';

export type HubName = 'user' | 'market';

/** Lets an event through, later, twice, or not at all. */
export type EventGate = (
  hub: HubName,
  target: string,
  connection: HubConnection,
  send: () => void,
) => void;

/** Subscriptions of one kind: connections by account or contract. */
type Rooms = Map<number, Set<HubConnection>>;

function join(rooms: Rooms, key: number, connection: HubConnection): void {
  const room = rooms.get(key) ?? new Set();
  room.add(connection);
  rooms.set(key, room);
}
function leave(rooms: Rooms, key: number, connection: HubConnection): void {
  const room = rooms.get(key);
  room?.delete(connection);
  if (room?.size === 0) rooms.delete(key);
}

/** What of a quote was told last. */
interface ToldQuote {
  last: number;
  bid: number;
  ask: number;
  open: number;
  high: number;
  low: number;
  volume: number;
}

export class Hubs {
  readonly #options: GatewayOptions;
  readonly #gate: EventGate;
  readonly #skewUs: () => number;
  readonly #hosts: readonly MarketHost[];
  readonly #indexOf: (contractId: string) => number;
  readonly #clock: TimeText;
  readonly #connections: Map<HubConnection, HubName> = new Map();
  readonly #accounts: Rooms = new Map();
  readonly #orders: Rooms = new Map();
  readonly #positions: Rooms = new Map();
  readonly #trades: Rooms = new Map();
  readonly #quotes: Rooms = new Map();
  readonly #prints: Rooms = new Map();
  readonly #depth: Rooms = new Map();
  readonly #told: ToldQuote[];
  /** Prints of the event in hand: JSON objects by contract. */
  readonly #pending: string[][];
  readonly #pendingDepth: string[][];
  /** Until when market data are held back: a fault. */
  isSilent: boolean = false;

  constructor(
    hosts: readonly MarketHost[],
    indexOf: (contractId: string) => number,
    options: GatewayOptions,
    gate: EventGate,
    skewUs: () => number,
  ) {
    this.#hosts = hosts;
    this.#indexOf = indexOf;
    this.#options = options;
    this.#gate = gate;
    this.#skewUs = skewUs;
    this.#clock = new TimeText(options.wire.streamDigits, options.wire.isTimeTrimmed);
    this.#told = hosts.map(() => ({
      last: NaN,
      bid: NaN,
      ask: NaN,
      open: NaN,
      high: NaN,
      low: NaN,
      volume: 0,
    }));
    this.#pending = hosts.map(() => []);
    this.#pendingDepth = hosts.map(() => []);
  }

  /** Connections that are open, for faults. */
  connections(hub: HubName | null): HubConnection[] {
    return [...this.#connections].flatMap(([each, name]) =>
      hub === null || hub === name ? [each] : [],
    );
  }

  /** The logic of a new connection. */
  open(name: HubName, connection: HubConnection, accounts: readonly GatewayAccount[]): HubLogic {
    this.#connections.set(connection, name);
    return {
      invoke: (method, args) =>
        name === 'user'
          ? this.#onUser(connection, accounts, method, args)
          : this.#onMarket(connection, method, args),
      closed: () => {
        this.#connections.delete(connection);
        for (const rooms of [
          this.#accounts,
          this.#orders,
          this.#positions,
          this.#trades,
          this.#quotes,
          this.#prints,
          this.#depth,
        ])
          for (const key of rooms.keys()) leave(rooms, key, connection);
      },
    };
  }

  #onUser(
    connection: HubConnection,
    accounts: readonly GatewayAccount[],
    method: string,
    args: readonly unknown[],
  ): InvokeResult {
    const match = /^(un)?subscribe(accounts|orders|positions|trades)$/i.exec(method);
    if (match === null) return 'unknown-method';
    const change = match[1] === undefined ? join : leave;
    const what = match[2]!.toLowerCase();
    if (what === 'accounts') {
      if (args.length !== 0) return 'wrong-arguments';
      for (const { id } of accounts) change(this.#accounts, id, connection);
      return 'ok';
    }
    const isLenient = this.#options.wire.argumentTypes === 'lenient';
    const id = args.length === 1 ? readWhole(args[0], 2 ** 31 - 1, isLenient) : undefined;
    if (id === undefined || !accounts.some((account) => account.id === id))
      return 'wrong-arguments';
    const rooms = { orders: this.#orders, positions: this.#positions, trades: this.#trades };
    change(rooms[what as keyof typeof rooms], id, connection);
    return 'ok';
  }

  #onMarket(connection: HubConnection, method: string, args: readonly unknown[]): InvokeResult {
    const match = /^(un)?subscribecontract(quotes|trades|marketdepth)$/i.exec(method);
    if (match === null) return 'unknown-method';
    const [contractId] = args;
    if (args.length !== 1 || typeof contractId !== 'string') return 'wrong-arguments';
    const index = this.#indexOf(contractId);
    // What is not listed simply never has anything to tell.
    if (index < 0) return 'ok';
    const what = match[2]!.toLowerCase();
    const rooms = what === 'quotes' ? this.#quotes : what === 'trades' ? this.#prints : this.#depth;
    if (match[1] !== undefined) {
      leave(rooms, index, connection);
      return 'ok';
    }
    const isNew = rooms.get(index)?.has(connection) !== true;
    join(rooms, index, connection);
    if (isNew && what === 'quotes') this.#sendFullQuote(index, connection);
    if (isNew && what === 'marketdepth') this.#sendLadder(index, connection);
    return 'ok';
  }

  // ------------------------------------------------------------------------------------------------ user events

  onAccount(account: GatewayAccount): void {
    this.#tellUser(this.#accounts, account.id, 'GatewayUserAccount', 1, () => accountBody(account));
  }

  onOrder(order: GatewayOrder): void {
    const action = isWorking(order) ? 1 : 2;
    const { id } = order.account;
    this.#tellUser(this.#orders, id, 'GatewayUserOrder', action, () =>
      this.#skewed(orderBody(order, this.#clock), ['creationTimestamp', 'updateTimestamp']),
    );
  }

  onPosition(position: GatewayPosition, account: GatewayAccount): void {
    const action = position.book.netQty === 0 ? 2 : 1;
    this.#tellUser(this.#positions, account.id, 'GatewayUserPosition', action, () =>
      positionBody(position, account, this.#clock),
    );
  }

  onTrade(trade: GatewayTrade): void {
    this.#tellUser(this.#trades, trade.order.account.id, 'GatewayUserTrade', 0, () =>
      this.#skewed(tradeBody(trade, this.#clock), ['creationTimestamp']),
    );
  }

  /** A clock that is wrong: a fault. */
  #skewed(
    body: Readonly<Record<string, unknown>>,
    fields: readonly string[],
  ): Readonly<Record<string, unknown>> {
    const skewUs = this.#skewUs();
    if (skewUs === 0) return body;
    const out: Record<string, unknown> = { ...body };
    for (const field of fields)
      out[field] = this.#clock.of(Date.parse(String(out[field])) * 1000 + skewUs);
    return out;
  }

  #tellUser(
    rooms: Rooms,
    key: number,
    target: string,
    action: number,
    bodyOf: () => Readonly<Record<string, unknown>>,
  ): void {
    const room = rooms.get(key);
    if (room === undefined) return;
    const data = JSON.stringify(bodyOf(), (_, value: unknown) =>
      value === null ? undefined : value,
    );
    const args =
      this.#options.wire.userEvents === 'bare'
        ? `[${data}]`
        : `[{"action":${action},"data":${data}}]`;
    for (const each of room) this.#gate('user', target, each, () => each.event(target, args));
  }

  // ---------------------------------------------------------------------------------------------- market events

  onPrint(
    host: MarketHost,
    priceTicks: number,
    qty: number,
    aggressor: Side | 0,
    tsUs: number,
  ): void {
    const { index, contract } = host;
    const isWanted = this.#prints.has(index);
    const isInDepth = this.#depth.has(index);
    if (!isWanted && !isInDepth) return;
    const price = priceOf(contract, priceTicks);
    const time = this.#timeOf(tsUs);
    if (isWanted)
      this.#pending[index]!.push(
        `{"symbolId":"${contract.symbolId}","price":${price},"timestamp":"${time}","type":${aggressor === -1 ? 1 : 0},"volume":${qty},"contractId":"${contract.id}"}`,
      );
    if (isInDepth) this.#pendingDepth[index]!.push(depthRow(host, DomType.Trade, price, qty, time));
  }

  onTape(host: MarketHost, tsUs: number): void {
    const { index } = host;
    const pending = this.#pending[index]!;
    if (pending.length > 0) {
      this.#tellMarket(this.#prints, host, 'GatewayTrade', pending);
      pending.length = 0;
    }
    this.#tellQuote(host, tsUs);
    this.#tellDepth(host, tsUs);
  }

  #tellQuote(host: MarketHost, tsUs: number): void {
    const told = this.#told[host.index]!;
    const { session, bidTicks, askTicks } = host;
    const room = this.#quotes.get(host.index);
    if (room === undefined) {
      // Nobody heard it: the next one who comes gets a whole quote.
      return;
    }
    let parts = '';
    const price = (name: string, ticks: number): string =>
      `,"${name}":${priceOf(host.contract, ticks)}`;
    if (changed(session.lastTicks, told.last)) {
      told.last = session.lastTicks;
      parts += price('lastPrice', told.last);
      parts += changeParts(host);
    }
    if (changed(bidTicks, told.bid)) {
      told.bid = bidTicks;
      parts += price('bestBid', told.bid);
    }
    if (changed(askTicks, told.ask)) {
      told.ask = askTicks;
      parts += price('bestAsk', told.ask);
    }
    if (changed(session.openTicks, told.open)) {
      told.open = session.openTicks;
      parts += price('open', told.open);
    }
    if (changed(session.highTicks, told.high)) {
      told.high = session.highTicks;
      parts += price('high', told.high);
    }
    if (changed(session.lowTicks, told.low)) {
      told.low = session.lowTicks;
      parts += price('low', told.low);
    }
    if (session.volume !== told.volume) {
      told.volume = session.volume;
      parts += `,"volume":${told.volume}`;
    }
    if (parts === '') return;
    const args = this.#quoteArgs(host, parts, tsUs);
    for (const each of room) this.#pass('GatewayQuote', each, args);
  }

  #sendFullQuote(index: number, connection: HubConnection): void {
    const host = this.#hosts[index]!;
    const { session, bidTicks, askTicks } = host;
    if (this.#quotes.get(index)!.size === 1)
      Object.assign(this.#told[index]!, {
        last: session.lastTicks,
        bid: bidTicks,
        ask: askTicks,
        open: session.openTicks,
        high: session.highTicks,
        low: session.lowTicks,
        volume: session.volume,
      });
    const fields: readonly (readonly [string, number])[] = [
      ['lastPrice', session.lastTicks],
      ['bestBid', bidTicks],
      ['bestAsk', askTicks],
      ['open', session.openTicks],
      ['high', session.highTicks],
      ['low', session.lowTicks],
    ];
    let parts = changeParts(host);
    for (const [name, ticks] of fields)
      if (!Number.isNaN(ticks)) parts += `,"${name}":${priceOf(host.contract, ticks)}`;
    parts += `,"volume":${session.volume}`;
    this.#pass('GatewayQuote', connection, this.#quoteArgs(host, parts, Math.max(0, host.nowUs)));
  }

  #quoteArgs(host: MarketHost, parts: string, tsUs: number): string {
    const { contract } = host;
    const time = this.#timeOf(tsUs);
    return `["${contract.id}",{"symbol":"${contract.symbolId}"${parts},"lastUpdated":"${time}","timestamp":"${time}","contract":"${contract.id}"}]`;
  }

  #tellDepth(host: MarketHost, tsUs: number): void {
    const rows = this.#pendingDepth[host.index]!;
    if (!this.#depth.has(host.index)) return;
    const time = this.#timeOf(tsUs);
    const { changed: levels } = host;
    for (let k = 0; k < levels.length; k += 3) {
      const type = levels[k] === 1 ? DomType.Bid : DomType.Ask;
      rows.push(depthRow(host, type, priceOf(host.contract, levels[k + 1]!), levels[k + 2]!, time));
    }
    if (rows.length === 0) return;
    this.#tellMarket(this.#depth, host, 'GatewayDepth', rows);
    rows.length = 0;
  }

  /** Both sides cleared, then everything that there is in one array. */
  #sendLadder(index: number, connection: HubConnection): void {
    const host = this.#hosts[index]!;
    const time = this.#timeOf(Math.max(0, host.nowUs));
    const rowsOf = (type: number, levels: ReadonlyMap<number, number>, side: Side): string[] =>
      [...levels]
        .sort(([a], [b]) => (b - a) * side)
        .map(([ticks, qty]) => depthRow(host, type, priceOf(host.contract, ticks), qty, time));
    const reset = depthRow(host, DomType.Reset, 0, 0, time);
    const ladder = [...rowsOf(DomType.Ask, host.asks, -1), ...rowsOf(DomType.Bid, host.bids, 1)];
    this.#sendRows(connection, host, 'GatewayDepth', [reset]);
    if (ladder.length > 0) this.#sendRows(connection, host, 'GatewayDepth', ladder);
  }

  #tellMarket(rooms: Rooms, host: MarketHost, target: string, rows: readonly string[]): void {
    for (const each of rooms.get(host.index) ?? []) this.#sendRows(each, host, target, rows);
  }

  #sendRows(
    connection: HubConnection,
    host: MarketHost,
    target: string,
    rows: readonly string[],
  ): void {
    const { id } = host.contract;
    if (this.#options.wire.marketEvents === 'arrays') {
      this.#pass(target, connection, `["${id}",[${rows.join(',')}]]`);
      return;
    }
    for (const row of rows) this.#pass(target, connection, `["${id}",${row}]`);
  }

  #pass(target: string, connection: HubConnection, args: string): void {
    if (this.isSilent) return;
    this.#gate('market', target, connection, () => connection.event(target, args));
  }

  #timeOf(tsUs: number): string {
    return this.#clock.of(tsUs + this.#skewUs());
  }
}

/** A change to something that is known: a side that has gone empty is not told. */
function changed(now: number, told: number): boolean {
  return now !== told && !Number.isNaN(now);
}

/** Since the last price of the session before or, in the first one, since its open. */
function changeParts({ session, contract }: MarketHost): string {
  const { lastTicks, previousTicks, openTicks } = session;
  const from = Number.isNaN(previousTicks) ? openTicks : previousTicks;
  if (Number.isNaN(lastTicks) || Number.isNaN(from)) return '';
  const percent = from === 0 ? 0 : Math.round(((lastTicks - from) / Math.abs(from)) * 1e4) / 100;
  return `,"change":${priceOf(contract, lastTicks - from)},"changePercent":${percent}`;
}

function depthRow(
  { contract }: MarketHost,
  type: number,
  price: number,
  qty: number,
  time: string,
): string {
  return `{"contractId":"${contract.id}","timestamp":"${time}","type":${type},"price":${price},"volume":${qty},"currentVolume":${qty}}`;
}
