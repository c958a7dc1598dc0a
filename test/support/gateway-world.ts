/** A simulated gateway for tests: one user, a market whose prices the test sets, and a clock that the test moves. */
import type { Scheduler } from '../../src/core/live.ts';
import type { TsUs } from '../../src/core/units.ts';
import { parseTsUs } from '../../src/core/units.ts';
import { contractOfId } from '../../src/sim/gateways/projectx/contracts.ts';
import type { FaultScript } from '../../src/sim/gateways/projectx/faults.ts';
import type { GatewayAnswer, GatewaySetup } from '../../src/sim/gateways/projectx/gateway.ts';
import { Gateway } from '../../src/sim/gateways/projectx/gateway.ts';
import type {
  AccountConfig,
  GatewayOptionsInput,
} from '../../src/sim/gateways/projectx/options.ts';
import type { HubConnection } from '../../src/sim/gateways/signalr/connection.ts';

/** Time that passes when the test says so. */
export class ManualScheduler implements Scheduler {
  #nowUs: number;
  #seq: number = 0;
  #tasks: { readonly atUs: number; readonly seq: number; readonly task: () => void }[] = [];

  constructor(startUs: number) {
    this.#nowUs = startUs;
  }
  nowUs(): TsUs {
    return this.#nowUs as TsUs;
  }
  after(delayUs: number, task: () => void): () => void {
    this.#seq += 1;
    const entry = { atUs: this.#nowUs + Math.max(0, delayUs), seq: this.#seq, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((each) => each !== entry);
    };
  }
  get waiting(): number {
    return this.#tasks.length;
  }
  advance(us: number): void {
    const until = this.#nowUs + us;
    for (;;) {
      const next = this.#tasks
        .filter(({ atUs }) => atUs <= until)
        .sort((a, b) => a.atUs - b.atUs || a.seq - b.seq)[0];
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((each) => each !== next);
      this.#nowUs = Math.max(this.#nowUs, next.atUs);
      next.task();
    }
    this.#nowUs = until;
  }
}

export const START_US: number = parseTsUs('2026-11-02T15:00:00Z');
export const MES = 'CON.F.US.MES.Z26';
export const RECORD_END = '\u001E';

export interface WorldOptions {
  readonly options?: GatewayOptionsInput;
  readonly account?: Partial<AccountConfig>;
  readonly faults?: FaultScript;
  readonly setup?: Partial<GatewaySetup>;
}

export type Json = Record<string, unknown>;

/** One event of a hub, unwrapped: target, and `data` or the payload. */
export interface HeardEvent {
  readonly target: string;
  readonly action: number | null;
  readonly data: Json;
}

export class HubEar {
  readonly records: Json[] = [];
  isEnded: boolean = false;
  connection!: HubConnection;

  take(text: string): void {
    for (const record of text.split(RECORD_END).slice(0, -1))
      this.records.push(JSON.parse(record) as Json);
  }
  send(message: unknown): void {
    this.connection.receive(JSON.stringify(message) + RECORD_END);
  }
  invoke(target: string, ...args: unknown[]): Json {
    const invocationId = String(this.records.length);
    this.send({ type: 1, target, arguments: args, invocationId });
    return this.records.findLast((each) => each['invocationId'] === invocationId)!;
  }
  get events(): HeardEvent[] {
    return this.records
      .filter((each) => each['type'] === 1)
      .map((each) => {
        const args = each['arguments'] as Json[];
        const last = args.at(-1) as Json;
        const isWrapped = args.length === 1 && 'action' in last;
        return {
          target: String(each['target']),
          action: isWrapped ? Number(last['action']) : null,
          data: isWrapped ? (last['data'] as Json) : last,
        };
      });
  }
}

export class GatewayWorld {
  readonly scheduler: ManualScheduler = new ManualScheduler(START_US);
  readonly gateway: Gateway;
  token: string = '';
  nowUs: number = START_US;

  constructor({ options, account, faults, setup }: WorldOptions = {}) {
    let ids = 0;
    this.gateway = new Gateway({
      users: [
        {
          userName: 'demo',
          apiKey: 'key',
          password: 'word',
          accounts: [{ name: 'PRAC-1', balance: 50_000, ...account }],
        },
      ],
      markets: [{ contract: contractOfId(MES), host: { kind: 'quotes' } }],
      scheduler: this.scheduler,
      clock: { kind: 'manual', startUs: START_US },
      secret: new Uint8Array(32).fill(7),
      newId: () => `id-${(ids += 1)}`,
      ...(options === undefined ? {} : { options }),
      ...(faults === undefined ? {} : { faults }),
      ...setup,
    });
    this.gateway.start();
  }

  /** Prices in ticks of 0.25. */
  quote(bid: number, ask: number, qty: number = 100): void {
    this.gateway.feed.onQuote(0, bid, qty, ask, qty, this.#tick());
  }
  trade(price: number, qty: number = 1, aggressor: 1 | -1 | 0 = 1): void {
    this.gateway.feed.onTrade(0, price, qty, aggressor, this.#tick());
  }
  /** A market at these prices that has traded at the ask. */
  market(bid: number, ask: number): void {
    this.quote(bid, ask);
    this.trade(ask);
  }
  /** Simulated and real time alike. */
  pass(us: number): void {
    this.nowUs += us;
    this.scheduler.advance(us);
    this.gateway.advanceTo(this.nowUs);
  }
  #tick(): number {
    this.nowUs += 1000;
    this.scheduler.advance(1000);
    return this.nowUs;
  }

  ask(path: string, body: unknown = {}, headers: Record<string, string> = {}): GatewayAnswer {
    const bearer: Record<string, string> =
      this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
    return this.gateway.handle({
      method: 'POST',
      path: `/api/${path}`,
      headers: { ...bearer, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }
  post(path: string, body: unknown = {}): Json {
    const answer = this.ask(path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Json;
  }
  login(): this {
    this.token = String(this.post('Auth/loginKey', { userName: 'demo', apiKey: 'key' })['token']);
    return this;
  }
  place(order: Json): Json {
    return this.post('Order/place', {
      accountId: 7001,
      contractId: MES,
      type: 2,
      side: 0,
      size: 1,
      ...order,
    });
  }
  orders(path: string = 'Order/v2/query'): Json[] {
    const body =
      path === 'Order/v2/query'
        ? { filter: { accountId: 7001 } }
        : { accountId: 7001, startTimestamp: '2026-01-01T00:00:00Z' };
    return this.post(path, body)['orders'] as Json[];
  }
  positions(): Json[] {
    return this.post('Position/searchOpen', { accountId: 7001 })['positions'] as Json[];
  }
  trades(): Json[] {
    return this.post('Trade/search', { accountId: 7001, startTimestamp: '2026-01-01T00:00:00Z' })[
      'trades'
    ] as Json[];
  }

  /** A hub connection that has shaken hands. */
  hub(name: 'user' | 'market'): HubEar {
    const ear = this.socket(`/hubs/${name}?access_token=${this.token}`);
    ear.send({ protocol: 'json', version: 1 });
    ear.records.length = 0;
    return ear;
  }
  socket(path: string): HubEar {
    const ear = new HubEar();
    const connection = this.gateway.openHub(
      path,
      {},
      { send: (text) => ear.take(text), end: () => (ear.isEnded = true) },
    );
    if (typeof connection === 'number') throw new Error(`refused with ${connection}`);
    ear.connection = connection;
    return ear;
  }
  /** A user hub with everything of the account subscribed. */
  userHub(): HubEar {
    const ear = this.hub('user');
    ear.invoke('SubscribeAccounts');
    for (const what of ['Orders', 'Positions', 'Trades']) ear.invoke(`Subscribe${what}`, 7001);
    ear.records.length = 0;
    return ear;
  }
}
