/** Events of both hubs, decoded: what is subscribed stays subscribed, partial quotes are merged. */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import type { TsUs } from '../../core/units.ts';
import type { Uniform } from '../shared/backoff.ts';
import type { HubState } from './hub-session.ts';
import { HubSession } from './hub-session.ts';
import type { HubName, HubPort } from './hub.ts';
import type {
  PxAccount,
  PxDepth,
  PxMarketTrade,
  PxOrder,
  PxPosition,
  PxQuote,
  PxTrade,
} from './messages.ts';
import {
  marketRows,
  toAccount,
  toDepth,
  toMarketTrade,
  toOrder,
  toPosition,
  toQuoteChange,
  toTrade,
  userRow,
} from './messages.ts';

/** What a listener is told; all are optional. A listener that throws is told of at `onError` and ends nothing. */
export interface StreamListener {
  onAccount?(account: PxAccount): void;
  onOrder?(order: PxOrder): void;
  onPosition?(position: PxPosition): void;
  onTrade?(trade: PxTrade): void;
  /** The whole quote after a change. */
  onQuote?(quote: PxQuote): void;
  onMarketTrade?(trade: PxMarketTrade): void;
  onDepth?(depth: PxDepth): void;
  /** `isAgain` with `up`: it was up before; what happened meanwhile is not told by anybody but the requests. */
  onState?(hub: HubName, state: HubState, reason: string, isAgain: boolean): void;
  /** A message that cannot be read, or a subscription that was refused. */
  onError?(error: TradingError): void;
}

export interface StreamsOptions {
  readonly port: HubPort;
  readonly scheduler: Scheduler;
  readonly uniform: Uniform;
  readonly quietUs: number;
  readonly isMarketOpen: ((nowUs: TsUs) => boolean) | null;
  /** A hub did not open again. */
  readonly onOpenFailed?: () => void;
}

export type MarketKind = 'quotes' | 'trades' | 'depth';
const MARKET_METHODS: Readonly<Record<MarketKind, string>> = {
  quotes: 'ContractQuotes',
  trades: 'ContractTrades',
  depth: 'ContractMarketDepth',
};

export class ProjectXStreams {
  readonly #user: HubSession;
  readonly #market: HubSession;
  readonly #listeners = new Set<StreamListener>();
  readonly #quotes = new Map<string, PxQuote>();

  constructor(options: StreamsOptions) {
    const sessionOf = (hub: HubName): HubSession =>
      new HubSession({
        ...options,
        hub,
        onEvent: (target, args) => this.#onEvent(target, args),
        onState: (state, reason, isAgain) => {
          // What a quote was before a gap is not what it is after it.
          if (hub === 'market' && state === 'down') this.#quotes.clear();
          this.#each((listener) => listener.onState?.(hub, state, reason, isAgain));
        },
        onOpenFailed: () => options.onOpenFailed?.(),
        onIssue: (error) => this.#each((listener) => listener.onError?.(error)),
      });
    this.#user = sessionOf('user');
    this.#market = sessionOf('market');
  }

  get userState(): HubState {
    return this.#user.state;
  }
  get marketState(): HubState {
    return this.#market.state;
  }
  /** Lines after the first, of both hubs. */
  get reconnects(): number {
    return this.#user.reconnects + this.#market.reconnects;
  }

  /** Returns what takes it away again. */
  listen(listener: StreamListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the hub; `subscribe…` before or after it. Errors: E_VENUE_CONNECT, E_VENUE_AUTH of the first try alone. */
  openUser(): Promise<void> {
    return this.#user.open();
  }
  openMarket(): Promise<void> {
    return this.#market.open();
  }
  async close(): Promise<void> {
    await Promise.all([this.#user.close(), this.#market.close()]);
  }
  /** Opens the hub anew, as after a lost line. */
  restart(hub: HubName, reason: string): void {
    (hub === 'user' ? this.#user : this.#market).restart(reason);
  }

  subscribeAccounts(): Promise<void> {
    return this.#user.subscribe('accounts', 'SubscribeAccounts', []);
  }
  unsubscribeAccounts(): Promise<void> {
    return this.#user.unsubscribe('accounts', 'UnsubscribeAccounts', []);
  }
  subscribeOrders(accountId: number): Promise<void> {
    return this.#user.subscribe(`orders ${accountId}`, 'SubscribeOrders', [accountId]);
  }
  unsubscribeOrders(accountId: number): Promise<void> {
    return this.#user.unsubscribe(`orders ${accountId}`, 'UnsubscribeOrders', [accountId]);
  }
  subscribePositions(accountId: number): Promise<void> {
    return this.#user.subscribe(`positions ${accountId}`, 'SubscribePositions', [accountId]);
  }
  unsubscribePositions(accountId: number): Promise<void> {
    return this.#user.unsubscribe(`positions ${accountId}`, 'UnsubscribePositions', [accountId]);
  }
  subscribeTrades(accountId: number): Promise<void> {
    return this.#user.subscribe(`trades ${accountId}`, 'SubscribeTrades', [accountId]);
  }
  unsubscribeTrades(accountId: number): Promise<void> {
    return this.#user.unsubscribe(`trades ${accountId}`, 'UnsubscribeTrades', [accountId]);
  }
  /** Market data of a contract. */
  subscribe(contractId: string, kind: MarketKind): Promise<void> {
    const method = `Subscribe${MARKET_METHODS[kind]}`;
    return this.#market.subscribe(`${kind} ${contractId}`, method, [contractId]);
  }
  unsubscribe(contractId: string, kind: MarketKind): Promise<void> {
    const method = `Unsubscribe${MARKET_METHODS[kind]}`;
    if (kind === 'quotes') this.#quotes.delete(contractId);
    return this.#market.unsubscribe(`${kind} ${contractId}`, method, [contractId]);
  }

  /** The newest quote; null before the first and after a lost line. */
  quote(contractId: string): PxQuote | null {
    return this.#quotes.get(contractId) ?? null;
  }

  #each(tell: (listener: StreamListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        listener.onError?.(
          error instanceof TradingError
            ? error
            : new TradingError('E_VENUE_DECODE', `a listener failed: ${words}`, { cause: error }),
        );
      }
    }
  }

  /** One unreadable row of several costs that row alone. */
  #onEvent(target: string, args: readonly unknown[]): void {
    try {
      this.#decode(target, args);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#each((listener) => listener.onError?.(error));
    }
  }

  #decode(target: string, args: readonly unknown[]): void {
    switch (target) {
      case 'GatewayUserAccount': {
        const account = toAccount(userRow(args, target));
        return this.#each((listener) => listener.onAccount?.(account));
      }
      case 'GatewayUserOrder': {
        const order = toOrder(userRow(args, target));
        return this.#each((listener) => listener.onOrder?.(order));
      }
      case 'GatewayUserPosition': {
        const position = toPosition(userRow(args, target));
        return this.#each((listener) => listener.onPosition?.(position));
      }
      case 'GatewayUserTrade': {
        const trade = toTrade(userRow(args, target));
        return this.#each((listener) => listener.onTrade?.(trade));
      }
      default:
        return this.#decodeMarket(target, args);
    }
  }

  #decodeMarket(target: string, args: readonly unknown[]): void {
    const { contractId, rows } = marketRows(args, target);
    for (const row of rows) {
      try {
        if (target === 'GatewayQuote') {
          const quote = mergeQuote(contractId, this.#quotes.get(contractId), toQuoteChange(row));
          this.#quotes.set(contractId, quote);
          this.#each((listener) => listener.onQuote?.(quote));
        } else if (target === 'GatewayTrade') {
          const trade = toMarketTrade(row, contractId);
          this.#each((listener) => listener.onMarketTrade?.(trade));
        } else {
          const depth = toDepth(row, contractId);
          this.#each((listener) => listener.onDepth?.(depth));
        }
      } catch (error) {
        if (!(error instanceof TradingError)) throw error;
        this.#each((listener) => listener.onError?.(error));
      }
    }
  }
}

/** Absent and null leave what was; an older message than the last changes nothing but what was not known. */
export function mergeQuote(
  contractId: string,
  before: PxQuote | undefined,
  change: ReturnType<typeof toQuoteChange>,
): PxQuote {
  const isLate = before !== undefined && change.updatedUs < before.updatedUs;
  const pick = (old: number | undefined, value: number | null): number => {
    const known = old ?? NaN;
    return value === null || (isLate && !Number.isNaN(known)) ? known : value;
  };
  return {
    contractId,
    lastPrice: pick(before?.lastPrice, change.lastPrice),
    bestBid: pick(before?.bestBid, change.bestBid),
    bestAsk: pick(before?.bestAsk, change.bestAsk),
    open: pick(before?.open, change.open),
    high: pick(before?.high, change.high),
    low: pick(before?.low, change.low),
    volume: pick(before?.volume, change.volume),
    change: pick(before?.change, change.change),
    changePercent: pick(before?.changePercent, change.changePercent),
    updatedUs: isLate ? before.updatedUs : change.updatedUs,
  };
}
