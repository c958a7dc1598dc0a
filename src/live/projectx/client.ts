/** The typed client: every request and both hubs of the ProjectX Gateway. */
import type { Scheduler } from '../../core/live.ts';
import type { Uniform } from '../shared/backoff.ts';
import { systemScheduler } from '../shared/system-scheduler.ts';
import { systemUniform } from '../shared/system-uniform.ts';
import type { ProjectXConfig, ProjectXOptions } from './config.ts';
import { resolveConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import {
  AccountRequests,
  ContractRequests,
  HistoryRequests,
  OrderRequests,
  PositionRequests,
  TradeRequests,
} from './endpoints.ts';
import type { PlaceOrder } from './endpoints.ts';
import type { FlattenReport, FlattenRequest } from './flatten.ts';
import { flatten } from './flatten.ts';
import type { HttpPort } from './http.ts';
import { fetchPort } from './http.ts';
import type { HubPort } from './hub.ts';
import { signalRPort } from './hub.ts';
import type { OcoPair } from './oco.ts';
import { placeOco } from './oco.ts';
import { RestLine } from './rest.ts';
import { ProjectXStreams } from './streams.ts';
import { TokenKeeper } from './token.ts';

export interface ProjectXClientOptions extends ProjectXOptions {
  readonly credentials: Credentials;
  /** Transports, time and chance: those of the machine where they are left out. */
  readonly http?: HttpPort;
  /** Made with a source of fresh tokens. */
  readonly hubs?: (token: () => Promise<string>) => HubPort;
  readonly scheduler?: Scheduler;
  readonly uniform?: Uniform;
}

/**
 * @example
 * const client = new ProjectXClient({ firm: 'topstepx', credentials: readCredentials(process.env) });
 * const account = await client.accounts.find('PRAC-V2-1234');
 */
export class ProjectXClient {
  readonly config: ProjectXConfig;
  readonly accounts: AccountRequests;
  readonly contracts: ContractRequests;
  readonly history: HistoryRequests;
  readonly orders: OrderRequests;
  readonly positions: PositionRequests;
  readonly trades: TradeRequests;
  readonly streams: ProjectXStreams;
  readonly scheduler: Scheduler;
  readonly #line: RestLine;
  readonly #tokens: TokenKeeper;

  /** Opens nothing: the first request logs in. Errors: E_VENUE_CONFIG. */
  constructor(options: ProjectXClientOptions) {
    this.config = resolveConfig(options);
    this.scheduler = options.scheduler ?? systemScheduler;
    const uniform = options.uniform ?? systemUniform;
    const http = options.http ?? fetchPort(this.config.addresses.rest);
    this.#line = new RestLine(this.config, http, this.scheduler, uniform);
    this.#tokens = new TokenKeeper(this.#line, options.credentials, this.scheduler);
    this.#line.useTokens(this.#tokens);
    this.accounts = new AccountRequests(this.#line);
    this.contracts = new ContractRequests(this.#line, this.config.liveData);
    this.history = new HistoryRequests(this.#line, this.config.liveData, () =>
      this.scheduler.nowUs(),
    );
    this.orders = new OrderRequests(this.#line);
    this.positions = new PositionRequests(this.#line);
    this.trades = new TradeRequests(this.#line);
    const token = (): Promise<string> => this.#tokens.token();
    const port =
      options.hubs?.(token) ??
      signalRPort({
        realtime: this.config.addresses.realtime,
        skipNegotiation: this.config.skipNegotiation,
        token,
      });
    this.streams = new ProjectXStreams({
      port,
      scheduler: this.scheduler,
      uniform,
      quietUs: this.config.quietUs,
      isMarketOpen: this.config.isMarketOpen,
      onOpenFailed: () => this.#tokens.doubt(),
    });
  }

  /** Logs in now instead of with the first request. Errors: E_VENUE_AUTH, E_VENUE_CONNECT. */
  async login(): Promise<void> {
    await this.#tokens.login();
  }

  /** Told when requests begin to be answered, or cease to be. */
  onReach(tell: (isReached: boolean, reason: string) => void): void {
    this.#line.onReach = tell;
  }

  /** Whether the token was traded for a new one. Errors: E_VENUE_AUTH. */
  validate(): Promise<boolean> {
    return this.#tokens.validate();
  }

  logout(): Promise<void> {
    return this.#tokens.logout();
  }

  /** Renews the token before its end even while nothing is asked; until `close`. */
  keepTokenFresh(): void {
    this.#tokens.keepFresh();
  }

  /** Without a login. Errors: E_VENUE_CONNECT. */
  ping(): Promise<void> {
    return this.#line.ping();
  }

  /** Ends the hubs and refuses what waits for its turn. Orders stay as they are. */
  async close(): Promise<void> {
    this.#tokens.stop();
    this.#line.close();
    await this.streams.close();
  }

  /** Venue's clock less ours, in µs, 0 within a second; null before the first answer that tells. */
  get clockSkewUs(): number | null {
    return this.#line.clockSkewUs;
  }

  /** When the token ends, by our clock; null before the login. */
  get tokenEndUs(): number | null {
    return this.#tokens.endUs;
  }

  /** Requests in the windows of the two limits. */
  get usage(): { readonly requests: number; readonly bars: number } {
    return this.#line.usage;
  }

  /** Cancels, closes, waits and verifies; see `flatten`. Errors: E_VENUE_FLATTEN. */
  flatten(request: FlattenRequest): Promise<FlattenReport> {
    return flatten(this, request);
  }

  /** Two orders, one of which shall trade; see `placeOco`. Errors: E_VENUE_OCO. */
  oco(pair: readonly [PlaceOrder, PlaceOrder]): Promise<OcoPair> {
    return placeOco(this, pair);
  }
}
