/** The hubs through the vendor's client. The only door of `@microsoft/signalr`; everything else talks to `HubPort`. */
import * as signalr from '@microsoft/signalr';
import { WebSocket } from 'ws';
import { TradingError } from '../../core/errors.ts';
import { redactText } from '../shared/redact.ts';

export type HubName = 'user' | 'market';

export interface HubHandlers {
  /** An event of the server, its arguments not yet looked at. */
  onEvent(target: string, args: readonly unknown[]): void;
  /** Told once, after `start` resolved: this line is over. */
  onClosed(reason: string): void;
}

/** One connection. It is never opened again: after its end another line takes its place. */
export interface HubLine {
  /** Errors: E_VENUE_CONNECT, E_VENUE_AUTH. */
  start(): Promise<void>;
  /** Resolves when the server has answered. Errors: E_VENUE_REQUEST with its words, E_VENUE_CONNECT. */
  invoke(method: string, args: readonly (number | string)[]): Promise<void>;
  stop(): Promise<void>;
}

export interface HubPort {
  open(hub: HubName, handlers: HubHandlers): HubLine;
}

/** Events of the two hubs. */
export const HUB_EVENTS: Readonly<Record<HubName, readonly string[]>> = {
  user: ['GatewayUserAccount', 'GatewayUserOrder', 'GatewayUserPosition', 'GatewayUserTrade'],
  market: ['GatewayQuote', 'GatewayTrade', 'GatewayDepth'],
};

export interface SignalRPortOptions {
  /** Base address of the hubs. */
  readonly realtime: string;
  readonly skipNegotiation: boolean;
  /** A fresh token for every connection: one inside an address would grow old. */
  readonly token: () => Promise<string>;
}

/** Longer messages close the line: a ladder of the book is a hundredth of it. */
const MESSAGE_BYTES_MAX = 8_000_000;

/** The socket of the vendor's client with bounds of ours. */
class BoundedSocket extends WebSocket {
  constructor(
    address: string | URL,
    protocols?: string | string[],
    options?: ConstructorParameters<typeof WebSocket>[2],
  ) {
    super(address, protocols, {
      ...options,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
    });
  }
}

const RECORD_END = '\u001E';

/** Puts records together that come in pieces, which the vendor's client takes for a fault. */
class BufferedJson extends signalr.JsonHubProtocol {
  #rest = '';

  override parseMessages(
    input: string,
    logger: signalr.ILogger,
  ): ReturnType<signalr.JsonHubProtocol['parseMessages']> {
    // Anything else than text is refused by name in there.
    if (typeof input !== 'string') return super.parseMessages(input, logger);
    const text = this.#rest + input;
    const end = text.lastIndexOf(RECORD_END) + 1;
    if (text.length - end > MESSAGE_BYTES_MAX) throw new Error('a record is too long');
    this.#rest = text.slice(end);
    return end === 0 ? [] : super.parseMessages(text.slice(0, end), logger);
  }
}

export function signalRPort(options: SignalRPortOptions): HubPort {
  return {
    open(hub, handlers) {
      // The client takes a socket of another class, though its types do not name it.
      const http: signalr.IHttpConnectionOptions & { readonly WebSocket: typeof BoundedSocket } = {
        accessTokenFactory: options.token,
        transport: signalr.HttpTransportType.WebSockets,
        skipNegotiation: options.skipNegotiation,
        timeout: 10_000,
        WebSocket: BoundedSocket,
      };
      const connection = new signalr.HubConnectionBuilder()
        .withUrl(`${options.realtime}/hubs/${hub}`, http)
        // It writes addresses, and with them tokens, into its log.
        .configureLogging(signalr.LogLevel.None)
        .withHubProtocol(new BufferedJson())
        .build();
      connection.serverTimeoutInMilliseconds = 30_000;
      connection.keepAliveIntervalInMilliseconds = 10_000;
      for (const target of HUB_EVENTS[hub])
        connection.on(target, (...args: unknown[]) => handlers.onEvent(target, args));
      connection.onclose((error) =>
        handlers.onClosed(error === undefined ? 'closed' : redactText(error.message)),
      );
      return new SignalRLine(hub, connection);
    },
  };
}

class SignalRLine implements HubLine {
  readonly #hub: HubName;
  readonly #connection: signalr.HubConnection;

  constructor(hub: HubName, connection: signalr.HubConnection) {
    this.#hub = hub;
    this.#connection = connection;
  }

  async start(): Promise<void> {
    try {
      await this.#connection.start();
    } catch (error) {
      // The failure of a login keeps its own name.
      if (error instanceof TradingError) throw error;
      throw this.#failure(error);
    }
  }

  async invoke(method: string, args: readonly (number | string)[]): Promise<void> {
    try {
      await this.#connection.invoke(method, ...args);
    } catch (error) {
      if (this.#connection.state !== signalr.HubConnectionState.Connected)
        throw this.#failure(error);
      const words = redactText(error instanceof Error ? error.message : String(error));
      throw new TradingError(
        'E_VENUE_REQUEST',
        `the ${this.#hub} hub refused ${method}: ${words}`,
        {
          details: { hub: this.#hub, method, venueText: words },
        },
      );
    }
  }

  stop(): Promise<void> {
    return this.#connection.stop();
  }

  #failure(error: unknown): TradingError {
    const words = redactText(error instanceof Error ? error.message : String(error));
    const isRefused = /\b401\b|unauthori[sz]ed/i.test(words);
    return new TradingError(
      isRefused ? 'E_VENUE_AUTH' : 'E_VENUE_CONNECT',
      `the ${this.#hub} hub cannot be opened: ${words}`,
      { details: { hub: this.#hub, failure: words }, retry: 'safe' },
    );
  }
}
