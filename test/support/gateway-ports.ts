/** Transports of the ProjectX adapter into a simulated gateway in the same process, in virtual time. */
import type { Scheduler } from '../../src/core/live.ts';
import type { HttpAnswer, HttpPort, HttpRequest } from '../../src/live/projectx/http.ts';
import { HttpFailure } from '../../src/live/projectx/http.ts';
import type { HubHandlers, HubLine, HubName, HubPort } from '../../src/live/projectx/hub.ts';
import type { Gateway } from '../../src/sim/gateways/projectx/gateway.ts';

export interface WireDelay {
  /** µs of one message on its way. */
  (): number;
}

export function gatewayHttp(gateway: Gateway, scheduler: Scheduler, delayUs: WireDelay): HttpPort {
  return {
    send: (request: HttpRequest) =>
      new Promise<HttpAnswer>((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(new HttpFailure('aborted', true)));
        scheduler.after(delayUs(), () => {
          const answer = gateway.handle({
            method: request.method,
            path: request.path,
            headers: request.token === null ? {} : { authorization: `Bearer ${request.token}` },
            body: request.body,
          });
          if (!Number.isFinite(answer.delayUs)) return;
          scheduler.after(answer.delayUs + delayUs(), () => {
            if (answer.isCut) reject(new HttpFailure('cut', true));
            else
              resolve({ status: answer.status, headers: { ...answer.headers }, text: answer.body });
          });
        });
      }),
  };
}

const END = '\u001E';

/** A client of the JSON hub protocol that is as small as can be; messages of one direction keep their order. */
export function gatewayHubs(
  gateway: Gateway,
  scheduler: Scheduler,
  token: () => Promise<string>,
  delayUs: WireDelay,
): HubPort {
  return {
    open: (hub, handlers) => new MemoryLine(gateway, scheduler, token, delayUs, hub, handlers),
  };
}

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

class MemoryLine implements HubLine {
  readonly #parts: {
    gateway: Gateway;
    scheduler: Scheduler;
    token: () => Promise<string>;
    delayUs: WireDelay;
  };
  readonly #hub: HubName;
  readonly #handlers: HubHandlers;
  readonly #calls = new Map<string, Call>();
  #wire: { receive(text: string): void; lost(): void } | null = null;
  #ready: Call | null = null;
  #ids = 0;
  #isOver = false;
  #sentUs = 0;
  #heardUs = 0;
  #undo: (() => void)[] = [];

  constructor(
    gateway: Gateway,
    scheduler: Scheduler,
    token: () => Promise<string>,
    delayUs: WireDelay,
    hub: HubName,
    handlers: HubHandlers,
  ) {
    this.#parts = { gateway, scheduler, token, delayUs };
    this.#hub = hub;
    this.#handlers = handlers;
  }

  async start(): Promise<void> {
    const token = await this.#parts.token();
    const connection = this.#parts.gateway.openHub(
      `/hubs/${this.#hub}`,
      { authorization: `Bearer ${token}` },
      { send: (text) => this.#carry(text), end: () => this.#carry(null) },
    );
    if (typeof connection === 'number') throw new Error(`refused with ${connection}`);
    this.#wire = connection;
    const ready = new Promise<void>((resolve, reject) => (this.#ready = { resolve, reject }));
    this.#send({ protocol: 'json', version: 1 });
    await ready;
    this.#heardUs = this.#parts.scheduler.nowUs();
    this.#every(10e6, () => this.#send({ type: 6 }));
    this.#every(5e6, () => {
      if (this.#parts.scheduler.nowUs() - this.#heardUs > 30e6) this.#end('server timeout', true);
    });
  }

  invoke(method: string, args: readonly (number | string)[]): Promise<void> {
    const invocationId = String((this.#ids += 1));
    if (this.#isOver) return Promise.reject(new Error('closed'));
    const answer = new Promise<void>((resolve, reject) =>
      this.#calls.set(invocationId, { resolve, reject }),
    );
    this.#send({ type: 1, target: method, arguments: args, invocationId });
    return answer;
  }

  stop(): Promise<void> {
    this.#end('stopped', false);
    return Promise.resolve();
  }

  #every(periodUs: number, task: () => void): void {
    const at = this.#undo.length;
    const step = (): void => {
      this.#undo[at] = this.#parts.scheduler.after(periodUs, () => {
        if (this.#isOver) return;
        task();
        if (!this.#isOver) step();
      });
    };
    step();
  }

  #send(message: object): void {
    const wire = this.#wire;
    this.#parts.scheduler.after(this.#later(), () => {
      if (!this.#isOver) wire?.receive(JSON.stringify(message) + END);
    });
  }

  /** No message overtakes another of its line. */
  #later(): number {
    const { scheduler, delayUs } = this.#parts;
    this.#sentUs = Math.max(this.#sentUs, scheduler.nowUs() + delayUs());
    return this.#sentUs - scheduler.nowUs();
  }

  #carry(text: string | null): void {
    this.#parts.scheduler.after(this.#later(), () => {
      if (this.#isOver) return;
      if (text === null) return this.#end('ended by the server', true);
      this.#heardUs = this.#parts.scheduler.nowUs();
      for (const record of text.split(END).slice(0, -1))
        this.#take(JSON.parse(record) as Record<string, unknown>);
    });
  }

  #take(message: Record<string, unknown>): void {
    if (message['type'] === undefined) return this.#ready?.resolve();
    if (message['type'] === 1)
      this.#handlers.onEvent(String(message['target']), message['arguments'] as unknown[]);
    if (message['type'] === 3) {
      const call = this.#calls.get(String(message['invocationId']));
      if (typeof message['error'] === 'string') call?.reject(new Error(message['error']));
      else call?.resolve();
    }
    if (message['type'] === 7) this.#end('closed by the server', true);
  }

  #end(reason: string, isTold: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const undo of this.#undo) undo();
    this.#wire?.lost();
    this.#ready?.reject(new Error(reason));
    for (const call of this.#calls.values()) call.reject(new Error(reason));
    if (isTold) this.#handlers.onClosed(reason);
  }
}
