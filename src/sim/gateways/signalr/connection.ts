/**
 * One connection of a SignalR hub, server side, JSON protocol: handshake, invocations and their completions, pings, closing.
 * What carries it (a WebSocket, an array in a test) hands in text and takes text; time comes from a scheduler.
 *
 * Source: HubProtocol.md and DefaultHubDispatcher.cs of dotnet/aspnetcore, for the shapes, the error texts and that names of
 * methods are matched without regard to case.
 */
import type { Scheduler } from '../../../core/live.ts';
import { US_PER_SECOND } from '../../../core/units.ts';
import { RECORD_END, RecordReader } from './records.ts';

export interface HubTimes {
  readonly handshakeSeconds: number;
  /** Silence towards the client after which it gets a ping. */
  readonly pingSeconds: number;
  /** Silence of the client after which it is dropped. */
  readonly clientSeconds: number;
  /** Characters of one record of a client. */
  readonly recordLimit: number;
}

export const HUB_TIMES: HubTimes = {
  handshakeSeconds: 15,
  pingSeconds: 15,
  clientSeconds: 30,
  recordLimit: 32_768,
};

/** Whether the arguments fit; `wrong-arguments` is answered as the reference server does. */
export type InvokeResult = 'ok' | 'unknown-method' | 'wrong-arguments';

/** What a hub does with a connection. */
export interface HubLogic {
  /** `name` as the client wrote it. */
  invoke(name: string, args: readonly unknown[]): InvokeResult;
  /** The connection is gone; called once. */
  closed(): void;
}

/** What carries a connection. */
export interface HubCarrier {
  send(text: string): void;
  /** Ends the carrier; what was sent before goes out first. */
  end(): void;
}

const PING = `{"type":6}${RECORD_END}`;

export class HubConnection {
  readonly #carrier: HubCarrier;
  readonly #scheduler: Scheduler;
  readonly #times: HubTimes;
  readonly #reader: RecordReader;
  readonly #logic: HubLogic;
  #state: 'handshake' | 'open' | 'closed' = 'handshake';
  #sentUs: number;
  #heardUs: number;
  #cancelTimer: () => void;
  /** Half-open: the socket stands, nothing passes. */
  #isMute: boolean = false;

  constructor(
    carrier: HubCarrier,
    scheduler: Scheduler,
    logicOf: (connection: HubConnection) => HubLogic,
    times: HubTimes = HUB_TIMES,
  ) {
    this.#carrier = carrier;
    this.#scheduler = scheduler;
    this.#times = times;
    this.#reader = new RecordReader(times.recordLimit);
    this.#sentUs = this.#heardUs = scheduler.nowUs();
    this.#logic = logicOf(this);
    this.#cancelTimer = scheduler.after(times.handshakeSeconds * US_PER_SECOND, () => {
      if (this.#state === 'handshake') this.close('Handshake was canceled.');
    });
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Text from the client, cut anywhere. */
  receive(text: string): void {
    if (this.#state === 'closed' || this.#isMute) return;
    this.#heardUs = this.#scheduler.nowUs();
    let records: string[];
    try {
      records = this.#reader.push(text);
    } catch {
      this.close('Connection closed with an error.');
      return;
    }
    for (const record of records) {
      if (this.#isClosed()) return;
      if (this.#state === 'handshake') this.#shakeHands(record);
      else this.#onRecord(record);
    }
  }

  /** The carrier ended by itself. */
  lost(): void {
    this.#finish();
  }

  /** An event: a target with its arguments as JSON text, `[…]`. Dropped before the handshake is through. */
  event(target: string, args: string): void {
    this.#send(`{"type":1,"target":"${target}","arguments":${args}}${RECORD_END}`);
  }

  /** Records that are complete already, ends included. */
  raw(records: string): void {
    this.#send(records);
  }

  close(error?: string, allowReconnect?: boolean): void {
    if (this.#state === 'closed') return;
    const why = error === undefined ? {} : { error };
    const again = allowReconnect === undefined ? {} : { allowReconnect };
    if (this.#state === 'open')
      this.#send(JSON.stringify({ type: 7, ...why, ...again }) + RECORD_END);
    else if (error !== undefined) this.#carrier.send(JSON.stringify({ error }) + RECORD_END);
    this.drop();
  }

  /** Ends the carrier without a word. */
  drop(): void {
    if (this.#state === 'closed') return;
    this.#finish();
    this.#carrier.end();
  }

  /** From now on nothing is heard and nothing sent, pings included; the carrier stays. */
  mute(): void {
    this.#isMute = true;
    this.#cancelTimer();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #finish(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimer();
    this.#logic.closed();
  }

  #send(text: string): void {
    if (this.#state !== 'open' || this.#isMute) return;
    this.#sentUs = this.#scheduler.nowUs();
    this.#carrier.send(text);
  }

  #shakeHands(record: string): void {
    const message = parse(record);
    if (message === null || typeof message['protocol'] !== 'string') {
      this.close('The handshake is not a record of the protocol.');
      return;
    }
    if (message['protocol'] !== 'json') {
      this.close(`The protocol '${message['protocol'].slice(0, 40)}' is not supported.`);
      return;
    }
    // A lower version is this one: signalrcore sends the 0 that it negotiated.
    const { version } = message;
    if (!(typeof version === 'number' && Number.isInteger(version) && version <= 1)) {
      this.close(
        `The server does not support version ${JSON.stringify(version ?? null).slice(0, 20)} of the 'json' protocol.`,
      );
      return;
    }
    this.#cancelTimer();
    this.#state = 'open';
    this.#send(`{}${RECORD_END}`);
    this.#watch();
  }

  /** Pings after silence, and the end of a client that is silent itself. */
  #watch(): void {
    const { pingSeconds, clientSeconds } = this.#times;
    const now = this.#scheduler.nowUs();
    const pingUs = this.#sentUs + pingSeconds * US_PER_SECOND;
    const endUs = this.#heardUs + clientSeconds * US_PER_SECOND;
    if (now >= endUs) {
      this.close('Connection closed with an error.');
      return;
    }
    if (now >= pingUs) {
      this.#sentUs = now;
      this.#carrier.send(PING);
    }
    const nextUs = Math.min(this.#sentUs + pingSeconds * US_PER_SECOND, endUs);
    this.#cancelTimer = this.#scheduler.after(nextUs - now, () => {
      if (this.#state === 'open') this.#watch();
    });
  }

  #onRecord(record: string): void {
    const message = parse(record);
    if (message === null) {
      this.close('Connection closed with an error.');
      return;
    }
    switch (message['type']) {
      case 1:
        this.#onInvocation(message);
        return;
      case 4:
        if (typeof message['invocationId'] === 'string')
          this.#complete(message['invocationId'], `Unknown hub method '${nameOf(message)}'`);
        return;
      case 7:
        this.drop();
        return;
      default:
        // Pings, and what a later version may add.
        return;
    }
  }

  #onInvocation(message: Readonly<Record<string, unknown>>): void {
    const { target, invocationId } = message;
    const args = message['arguments'];
    if (typeof target !== 'string' || !(invocationId == null || typeof invocationId === 'string')) {
      this.close('Connection closed with an error.');
      return;
    }
    const result = Array.isArray(args) ? this.#logic.invoke(target, args) : 'wrong-arguments';
    if (typeof invocationId !== 'string') return;
    const name = nameOf(message);
    if (result === 'ok') this.#complete(invocationId, null);
    else if (result === 'unknown-method')
      this.#complete(invocationId, `Unknown hub method '${name}'`);
    else this.#complete(invocationId, `Failed to invoke '${name}' due to an error on the server.`);
  }

  #complete(invocationId: string, error: string | null): void {
    const outcome = error === null ? { result: null } : { error };
    this.#send(JSON.stringify({ type: 3, invocationId, ...outcome }) + RECORD_END);
  }
}

function nameOf(message: Readonly<Record<string, unknown>>): string {
  const { target } = message;
  return typeof target === 'string' ? target.slice(0, 100) : '';
}

function parse(record: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(record);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}
