/**
 * The gateway without sockets: requests in, answers out, hub connections over whatever carries text. It holds the markets and
 * the simulated clock; a server or a test lends it real time, chance and wires.
 */
import type { BarColumns } from '../../../core/bars.ts';
import type { Scheduler } from '../../../core/live.ts';
import { US_PER_SECOND } from '../../../core/units.ts';
import { HubConnection } from '../signalr/connection.ts';
import type { HubCarrier } from '../signalr/connection.ts';
import { Negotiator } from '../signalr/negotiate.ts';
import { GatewayAccount } from './account.ts';
import type { DaySource } from './bar-store.ts';
import type { GatewayContract } from './contracts.ts';
import { OrderDesk } from './desk.ts';
import { FaultEngine } from './faults.ts';
import type { FaultScript } from './faults.ts';
import type { FeedTarget, MarketFeed } from './feed.ts';
import type { HubName } from './hubs.ts';
import { Hubs } from './hubs.ts';
import type { HostOptions } from './market-host.ts';
import { MarketHost } from './market-host.ts';
import type { GatewayOptionsInput, UserConfig } from './options.ts';
import { gatewayOptions, optionError } from './options.ts';
import type { RestAnswer } from './rest.ts';
import { emptyAnswer, jsonAnswer, plainPath, RestDesk } from './rest.ts';
import { SignIn } from './sign-in.ts';

export interface GatewayMarket {
  readonly contract: GatewayContract;
  readonly host: HostOptions;
  /** Bars of a minute or less from before the start, in counts of the contract's grid; oldest first. */
  readonly history?: readonly BarColumns[];
}

/**
 * The simulated clock. `paced`: it begins at `startUs` and runs `speed` times as fast as real time, no faster than the feed is
 * worked off. `manual`: it stands at the time of the last event or of `advanceTo`.
 */
export type GatewayClock =
  | {
      readonly kind: 'paced';
      readonly startUs: number;
      readonly speed: number;
      /** While every market is closed the clock goes to the next event at once: nights and weekends of a record. */
      readonly skipsClosed?: boolean;
    }
  | { readonly kind: 'manual'; readonly startUs: number };

export interface GatewaySetup {
  readonly users: readonly UserConfig[];
  readonly markets: readonly GatewayMarket[];
  readonly options?: GatewayOptionsInput;
  /** Real time: tokens, pings, limits of requests, faults. */
  readonly scheduler: Scheduler;
  readonly clock: GatewayClock;
  readonly days?: DaySource;
  /** Events that are pulled as the clock goes. Others are pushed into `feed`. */
  readonly feed?: MarketFeed;
  readonly faults?: FaultScript;
  /** Moments of the simulated clock at which an account is made flat for the rest of its trade date. By time. */
  readonly flatTimes?: readonly { readonly account: string; readonly tsUs: number }[];
  /** Signs tokens; another one at each start. */
  readonly secret: Uint8Array;
  /** A text that nobody can guess. */
  readonly newId: () => string;
  /** For `/admin`; without it there is no such path. */
  readonly adminToken?: string;
}

export interface GatewayRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** An answer, and what is done to it on its way. */
export interface GatewayAnswer extends RestAnswer {
  /** Real µs until it leaves; Infinity: never, the connection stays open. */
  readonly delayUs: number;
  /** The connection is cut in its place. */
  readonly isCut: boolean;
}

/** A day that begins at 22:00 UTC and never closes: for gateways without a calendar. */
export const PLAIN_DAYS: DaySource = {
  openUs: (tsUs) => plainDay(tsUs) * 86_400_000_000 - 7_200_000_000,
  tradeDate: plainDay,
};
function plainDay(tsUs: number): number {
  return Math.floor((tsUs + 7_200_000_000) / 86_400_000_000);
}

/** Events that are worked off before anybody else has a turn. */
const BATCH = 4000;

export class Gateway {
  readonly #setup: GatewaySetup;
  readonly #scheduler: Scheduler;
  readonly #hosts: readonly MarketHost[];
  readonly #accounts: readonly GatewayAccount[];
  readonly #desk: OrderDesk;
  readonly #signIn: SignIn;
  readonly #rest: RestDesk;
  readonly #hubs: Hubs;
  readonly #negotiator: Negotiator;
  readonly #days: DaySource;
  readonly faults: FaultEngine;
  /** Takes events of markets that are pushed. */
  readonly feed: FeedTarget;
  #simUs: number;
  /** Where real and simulated time met last. */
  #anchorRealUs: number;
  #anchorSimUs: number;
  #cancelPump: () => void = () => {};
  #isRunning: boolean = false;
  #minute: number = NaN;
  #tradeDate: number = NaN;

  /** Errors: E_GATEWAY_OPTION. */
  constructor(setup: GatewaySetup) {
    this.#setup = setup;
    this.#scheduler = setup.scheduler;
    const options = gatewayOptions(setup.options);
    this.#days = setup.days ?? PLAIN_DAYS;
    this.#simUs = this.#anchorSimUs = setup.clock.startUs;
    this.#anchorRealUs = setup.scheduler.nowUs();
    this.#accounts = makeAccounts(setup.users, options.historyKept);
    this.faults = new FaultEngine(setup.faults ?? { faults: [] }, setup.scheduler, {
      connections: (hub) => this.#hubs.connections(hub),
      setSilent: (isSilent) => {
        this.#hubs.isSilent = isSilent;
      },
      expireTokens: () => this.#signIn.expireAll(),
      bust: (tradeId) => this.#desk.bust(tradeId, this.nowUs()) !== null,
      lock: (accountId, canTrade) => this.#lock(accountId, canTrade),
      nowUs: () => this.#simUs,
    });
    const tape = {
      onTape: (host: MarketHost, tsUs: number) => this.#hubs.onTape(host, tsUs),
      onPrint: (
        host: MarketHost,
        priceTicks: number,
        qty: number,
        aggressor: 1 | -1 | 0,
        tsUs: number,
      ) => this.#hubs.onPrint(host, priceTicks, qty, aggressor, tsUs),
    };
    this.#hosts = setup.markets.map(
      ({ contract, host }, index) =>
        new MarketHost(contract, index, host, this.#days, tape, {
          onReport: (report) => this.#desk.onReport(report),
        }),
    );
    const ids = new Set(this.#hosts.map(({ contract }) => contract.id));
    if (ids.size !== this.#hosts.length)
      throw optionError('markets', [...ids].join(', '), 'a list in which no contract stands twice');
    this.#desk = new OrderDesk(
      this.#hosts,
      this.#accounts,
      options,
      {
        onOrder: (order) => this.#hubs.onOrder(order),
        onTrade: (trade) => this.#hubs.onTrade(trade),
        onPosition: (position, account) => this.#hubs.onPosition(position, account),
        onAccount: (account) => this.#hubs.onAccount(account),
      },
      this.faults,
    );
    this.#hubs = new Hubs(
      this.#hosts,
      (id) => this.#desk.indexOf(id),
      options,
      (hub, target, connection, send) => this.faults.onEvent(hub, target, connection, send),
      () => this.faults.skewUs,
    );
    this.#signIn = new SignIn(setup.users, options, setup.scheduler, setup.secret, setup.newId);
    this.#negotiator = new Negotiator(setup.newId);
    this.#rest = new RestDesk({
      options,
      hosts: this.#hosts,
      desk: this.#desk,
      signIn: this.#signIn,
      accountsOf: (userName) => this.#accounts.filter((each) => each.userName === userName),
      nowUs: () => this.nowUs(),
      historyUs: () => this.faults.historyUs(this.nowUs()),
    });
    this.feed = this.#target();
    for (const { account, tsUs } of setup.flatTimes ?? []) {
      const found = this.#accounts.find(({ config }) => config.name === account);
      if (found !== undefined) this.#desk.agenda.at(tsUs, (at) => this.#desk.flatBy(found, at));
    }
    setup.markets.forEach(({ history = [] }, index) => {
      for (const bars of history) this.#remember(this.#hosts[index]!, bars);
    });
  }

  get options(): ReturnType<typeof gatewayOptions> {
    return gatewayOptions(this.#setup.options);
  }
  get accounts(): readonly GatewayAccount[] {
    return this.#accounts;
  }
  get markets(): readonly MarketHost[] {
    return this.#hosts;
  }
  get desk(): OrderDesk {
    return this.#desk;
  }

  // --------------------------------------------------------------------------------------------------- time

  /** The simulated clock, with everything done that is due by now. */
  nowUs(): number {
    if (this.#isRunning) this.#pump();
    return this.#simUs;
  }

  /** The clock begins to run. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = this.#setup.clock.kind === 'paced';
    this.#anchorRealUs = this.#scheduler.nowUs();
    this.#anchorSimUs = this.#simUs;
    this.faults.start();
    if (this.#isRunning) this.#pump();
  }

  /** Stops the clock, and closes the hubs. */
  stop(): void {
    this.#isRunning = false;
    this.#cancelPump();
    this.faults.stop();
    for (const each of this.#hubs.connections(null)) each.close(undefined, false);
  }

  /** Everything up to this moment of the simulated clock happens. A clock of one's own: `manual`. */
  advanceTo(simUs: number): void {
    this.#runTo(simUs, Infinity);
  }

  #pump(): void {
    const { clock } = this.#setup;
    if (clock.kind !== 'paced') return;
    const nowUs = this.#scheduler.nowUs();
    const dueUs = Math.floor(this.#anchorSimUs + (nowUs - this.#anchorRealUs) * clock.speed);
    const isThrough = this.#runTo(dueUs, BATCH);
    if (!isThrough) {
      // Too much for its speed: the clock waits for the work.
      this.#anchorRealUs = nowUs;
      this.#anchorSimUs = this.#simUs;
    }
    this.#cancelPump();
    const dueNextUs = this.#nextUs();
    if (isThrough && clock.skipsClosed === true && this.#isAllClosed && dueNextUs < Infinity) {
      this.#anchorRealUs = nowUs;
      this.#anchorSimUs = Math.max(this.#simUs, dueNextUs);
    }
    const nextUs = Math.min(dueNextUs, this.#simUs + 60 * US_PER_SECOND * clock.speed);
    const atUs = Math.max(this.#simUs, this.#anchorSimUs);
    const waitUs = isThrough ? Math.max(0, (nextUs - atUs) / clock.speed) : 0;
    this.#cancelPump = this.#scheduler.after(Math.ceil(waitUs), () => {
      if (this.#isRunning) this.#pump();
    });
  }

  get #isAllClosed(): boolean {
    return this.#hosts.every(({ phase }) => phase !== 'open' && phase !== 'halted');
  }

  #nextUs(): number {
    return Math.min(this.#setup.feed?.nextUs() ?? Infinity, this.#desk.agenda.nextUs);
  }

  /** Events of the feed of a moment come before what is due at it. False where `most` events were not enough. */
  #runTo(toUs: number, most: number): boolean {
    const { feed } = this.#setup;
    for (let count = 0; ; count += 1) {
      const feedUs = feed?.nextUs() ?? Infinity;
      const dueUs = this.#desk.agenda.nextUs;
      const nextUs = Math.min(feedUs, dueUs);
      if (nextUs > toUs) break;
      if (count >= most) return false;
      if (feedUs <= dueUs) feed!.next(this.feed);
      else {
        this.#see(dueUs);
        this.#desk.settle(dueUs);
      }
    }
    this.#see(toUs);
    return true;
  }

  #see(tsUs: number): void {
    if (tsUs > this.#simUs) this.#simUs = tsUs;
    const minute = Math.floor(this.#simUs / 60_000_000);
    if (minute === this.#minute) return;
    this.#minute = minute;
    const date = this.#days.tradeDate(this.#simUs);
    if (date !== this.#tradeDate && !Number.isNaN(this.#tradeDate))
      this.#desk.onDayEnd(this.#simUs);
    this.#tradeDate = date;
  }

  // ---------------------------------------------------------------------------------------------------- feed

  #target(): FeedTarget {
    /** What is due before the event, the event, and what follows from it. */
    const on = (contract: number, tsUs: number, act: (host: MarketHost) => void): void => {
      const host = this.#hosts[contract]!;
      if (this.#desk.agenda.nextUs < tsUs) this.#desk.settle(tsUs - 1);
      this.#see(tsUs);
      act(host);
      this.#desk.onMarket(contract, this.#simUs);
      this.#desk.settle(this.#simUs);
    };
    return {
      onQuote: (contract, bidTicks, bidQty, askTicks, askQty, tsUs) =>
        on(contract, tsUs, (host) => host.onQuote(bidTicks, bidQty, askTicks, askQty, tsUs)),
      onTrade: (contract, priceTicks, qty, aggressor, tsUs) =>
        on(contract, tsUs, (host) => host.onTrade(priceTicks, qty, aggressor, tsUs)),
      onLevel: (contract, side, priceTicks, qty, tsUs, isEventEnd) =>
        on(contract, tsUs, (host) => host.onLevel(side, priceTicks, qty, tsUs, isEventEnd)),
      onRow: (kind, contract, columns, row) =>
        on(contract, columns.tsUs[row]!, (host) => host.onRow(kind, columns, row)),
      onCommand: (contract, command) =>
        on(contract, command.tsUs, (host) => host.onCommand(command)),
      onPhase: (contract, phase, tsUs) => on(contract, tsUs, (host) => host.onPhase(phase, tsUs)),
    };
  }

  #remember(host: MarketHost, bars: BarColumns): void {
    for (let row = 0; row < bars.length; row += 1)
      host.bars.onBar(
        bars.openUs[row]!,
        bars.open[row]!,
        bars.high[row]!,
        bars.low[row]!,
        bars.close[row]!,
        Number.isNaN(bars.volume[row]!) ? 0 : bars.volume[row]!,
      );
  }

  #lock(accountId: number, canTrade: boolean): boolean {
    const account = this.#accounts.find(({ id }) => id === accountId);
    if (account === undefined) return false;
    account.canTrade = canTrade;
    this.#hubs.onAccount(account);
    return true;
  }

  // ---------------------------------------------------------------------------------------------------- wires

  /** Answers a request. Nothing here waits: what takes time is said in the answer. */
  handle(request: GatewayRequest): GatewayAnswer {
    const { method, path, headers, body } = request;
    const plain = plainPath(path);
    if (plain.startsWith('/admin')) return now(this.#admin(method, plain, headers, body));
    if (this.faults.isMaintenance) return now(emptyAnswer(503, { 'retry-after': '60' }));
    const hub = /^\/hubs\/(user|market)\/negotiate$/.exec(plain);
    if (hub !== null) return now(this.#negotiate(method, path, headers));
    const name = this.#rest.nameOf(path);
    const fault = name === null ? null : this.faults.onCall(name);
    if (this.#isRunning) this.#pump();
    if (fault === null) return now(this.#rest.handle(method, path, tokenOf(path, headers), body));
    const answer = fault.isCarriedOut
      ? this.#rest.handle(method, path, tokenOf(path, headers), body)
      : emptyAnswer(500);
    return { ...(fault.answer ?? answer), delayUs: fault.delayUs, isCut: fault.isCut };
  }

  #negotiate(method: string, path: string, headers: GatewayRequest['headers']): RestAnswer {
    if (method !== 'POST') return emptyAnswer(405, { allow: 'POST' });
    if (this.faults.refusesHubs) return emptyAnswer(503);
    if (this.#signIn.sessionOf(tokenOf(path, headers)) === null) return emptyAnswer(401);
    const version = Number(queryOf(path, 'negotiateVersion') ?? 0);
    return jsonAnswer(200, this.#negotiator.negotiate(version, this.#scheduler.nowUs()));
  }

  /**
   * Opens a hub over a carrier, where path and token allow it: the connection, or the HTTP status of the refusal. The carrier
   * says `lost` when it ends, `receive` when text comes.
   */
  openHub(
    path: string,
    headers: GatewayRequest['headers'],
    carrier: HubCarrier,
  ): HubConnection | number {
    const match = /^\/hubs\/(user|market)$/.exec(plainPath(path));
    if (match === null) return 404;
    if (this.faults.isMaintenance || this.faults.refusesHubs) return 503;
    const session = this.#signIn.sessionOf(tokenOf(path, headers));
    if (session === null) return 401;
    const id = queryOf(path, 'id');
    const status = this.#negotiator.take(id, this.#scheduler.nowUs());
    if (status !== 101) return status;
    const { userName } = session.user;
    const accounts = this.#accounts.filter((each) => each.userName === userName);
    return new HubConnection(
      carrier,
      this.#scheduler,
      (connection) => {
        const logic = this.#hubs.open(match[1] as HubName, connection, accounts);
        return {
          invoke: (method, args) => {
            if (this.#isRunning) this.#pump();
            return logic.invoke(method, args);
          },
          closed: () => {
            this.#negotiator.release(id);
            logic.closed();
          },
        };
      },
      this.options.hub,
    );
  }

  #admin(
    method: string,
    plain: string,
    headers: GatewayRequest['headers'],
    body: string,
  ): RestAnswer {
    const { adminToken } = this.#setup;
    if (adminToken === undefined) return emptyAnswer(404);
    if (headers['x-admin-token'] !== adminToken) return emptyAnswer(401);
    if (plain === '/admin/state' && method === 'GET')
      return jsonAnswer(200, {
        simulatedUs: this.nowUs(),
        connections: this.#hubs.connections(null).length,
        faults: this.faults.state(),
      });
    if (plain !== '/admin/faults') return emptyAnswer(404);
    if (method === 'DELETE') {
      this.faults.clear();
      return jsonAnswer(200, { faults: this.faults.state() });
    }
    if (method !== 'POST') return emptyAnswer(405, { allow: 'POST, DELETE' });
    const problem = this.faults.addText(body);
    return problem === null
      ? jsonAnswer(200, { faults: this.faults.state() })
      : jsonAnswer(400, { error: problem });
  }
}

function now(answer: RestAnswer): GatewayAnswer {
  return { ...answer, delayUs: 0, isCut: false };
}

/** Token of a request: in the query first (the last of several), else the header. */
function tokenOf(path: string, headers: GatewayRequest['headers']): string | null {
  const tokens = queryAll(path, 'access_token');
  if (tokens.length > 0) return tokens.at(-1)!;
  const match = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '');
  return match?.[1] ?? null;
}

function queryOf(path: string, name: string): string | null {
  return queryAll(path, name)[0] ?? null;
}

function queryAll(path: string, name: string): string[] {
  const at = path.indexOf('?');
  return at < 0 ? [] : new URLSearchParams(path.slice(at + 1)).getAll(name);
}

const FIRST_ACCOUNT = 7001;
/** Numbers of accounts at the markets; those of the crowd are lower. */
const FIRST_PARTICIPANT = 10_001;

function makeAccounts(users: readonly UserConfig[], historyKept: number): GatewayAccount[] {
  const accounts: GatewayAccount[] = [];
  const ids = new Set<number>();
  for (const { userName, accounts: configs } of users) {
    for (const config of configs) {
      const id = config.id ?? FIRST_ACCOUNT + accounts.length;
      if (!(Number.isInteger(id) && id > 0 && id < 2 ** 31) || ids.has(id))
        throw optionError('id of an account', id, 'a whole number of its own, below 2,147,483,648');
      ids.add(id);
      const participant = FIRST_PARTICIPANT + accounts.length;
      accounts.push(new GatewayAccount(id, config, userName, participant, historyKept));
    }
  }
  return accounts;
}
