/** Virtual time and transports in memory for the tests of adapters. */
import type { Scheduler } from '../../src/core/live.ts';
import type { TsUs } from '../../src/core/units.ts';
import type { HttpAnswer, HttpPort, HttpRequest } from '../../src/live/projectx/http.ts';
import { HttpFailure } from '../../src/live/projectx/http.ts';
import type { HubHandlers, HubLine, HubName, HubPort } from '../../src/live/projectx/hub.ts';

/** 2026-11-02T15:00:00Z */
export const START_US = 1_793_631_600_000_000 as TsUs;

/** Time that moves only when told. Promises that are due run between two timers. */
export class VirtualTime implements Scheduler {
  #nowUs: number;
  #seq = 0;
  #timers: { atUs: number; seq: number; task: () => void }[] = [];

  constructor(startUs: number = START_US) {
    this.#nowUs = startUs;
  }

  nowUs(): TsUs {
    return this.#nowUs as TsUs;
  }

  get timers(): number {
    return this.#timers.length;
  }

  after(delayUs: number, task: () => void): () => void {
    const timer = { atUs: this.#nowUs + Math.max(0, delayUs), seq: (this.#seq += 1), task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Moves on by so much, timer by timer. */
  async advance(durationUs: number): Promise<void> {
    const endUs = this.#nowUs + durationUs;
    await settle();
    for (;;) {
      const next = this.#timers
        .filter(({ atUs }) => atUs <= endUs)
        .toSorted((a, b) => a.atUs - b.atUs || a.seq - b.seq)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowUs = Math.max(this.#nowUs, next.atUs);
      next.task();
      await settle();
    }
    this.#nowUs = endUs;
    await settle();
  }

  /** Moves on until the promise has ended, at most so much. */
  async until<T>(promise: Promise<T>, limitUs = 600e6): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    const endUs = this.#nowUs + limitUs;
    for (;;) {
      await settle();
      if (isOver) return promise;
      const next = Math.min(...this.#timers.map(({ atUs }) => atUs));
      if (!(next <= endUs)) throw new Error('the promise did not end in virtual time');
      await this.advance(Math.max(0, next - this.#nowUs));
    }
  }
}

/** Lets every promise run that is due without time passing. */
export async function settle(): Promise<void> {
  // A turn of the event loop comes after all of them.
  await new Promise((resolve) => setImmediate(resolve));
}

export interface Asked {
  readonly atUs: number;
  readonly endpoint: string;
  readonly body: Record<string, unknown>;
  readonly token: string | null;
}
export type Reply = Partial<HttpAnswer> | HttpFailure | 'silence';
export type Handler = (asked: Asked) => Reply | Promise<Reply>;

export const json = (value: unknown): Partial<HttpAnswer> => ({
  status: 200,
  text: JSON.stringify(value),
});
export const ok = (payload: Record<string, unknown> = {}): Partial<HttpAnswer> =>
  json({ success: true, errorCode: 0, errorMessage: null, ...payload });
export const refuse = (
  errorCode: number,
  errorMessage: string | null = null,
  payload: Record<string, unknown> = {},
): Partial<HttpAnswer> => json({ success: false, errorCode, errorMessage, ...payload });

/** A signed-looking token with these claims. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** Answers by endpoint; a handler may be replaced while it runs. Logs in without being told how. */
export class FakeHttp implements HttpPort {
  readonly asked: Asked[] = [];
  readonly handlers = new Map<string, Handler>();
  readonly #time: VirtualTime;
  #logins = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.on('Auth/loginKey', () => {
      this.#logins += 1;
      const now = Math.floor(this.#time.nowUs() / 1e6);
      return ok({ token: jwt({ iat: now, exp: now + 86_400, n: this.#logins }) });
    });
  }

  on(endpoint: string, handler: Handler): this {
    this.handlers.set(endpoint, handler);
    return this;
  }

  count(endpoint: string): number {
    return this.asked.filter((each) => each.endpoint === endpoint).length;
  }

  bodies(endpoint: string): Record<string, unknown>[] {
    return this.asked.filter((each) => each.endpoint === endpoint).map(({ body }) => body);
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const endpoint = request.path.replace(/^\/api\//, '');
    const asked: Asked = {
      atUs: this.#time.nowUs(),
      endpoint,
      body: request.body === '' ? {} : (JSON.parse(request.body) as Record<string, unknown>),
      token: request.token,
    };
    this.asked.push(asked);
    const handler = this.handlers.get(endpoint);
    const reply = handler === undefined ? { status: 404, text: '' } : await handler(asked);
    if (reply === 'silence')
      return new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(new HttpFailure('aborted', true)));
      });
    if (reply instanceof HttpFailure) throw reply;
    return { status: 200, headers: {}, text: '', ...reply };
  }
}

/** Lines in memory: a test tells events and closes them. */
export class FakeHubs implements HubPort {
  readonly lines: FakeLine[] = [];
  /** Failures of the next starts, in order. */
  readonly startFailures: Error[] = [];
  /** Methods that the server refuses. */
  readonly refused = new Set<string>();

  open(hub: HubName, handlers: HubHandlers): HubLine {
    const line = new FakeLine(this, hub, handlers);
    this.lines.push(line);
    return line;
  }

  /** The line that is open now. */
  line(hub: HubName): FakeLine {
    const open = this.lines.filter((line) => line.hub === hub && line.isOpen).at(-1);
    if (open === undefined) throw new Error(`no open ${hub} line`);
    return open;
  }

  tell(hub: HubName, target: string, ...args: unknown[]): void {
    this.line(hub).handlers.onEvent(target, JSON.parse(JSON.stringify(args)) as unknown[]);
  }
}

export class FakeLine implements HubLine {
  readonly hub: HubName;
  readonly handlers: HubHandlers;
  readonly invoked: string[] = [];
  isOpen = false;
  readonly #hubs: FakeHubs;

  constructor(hubs: FakeHubs, hub: HubName, handlers: HubHandlers) {
    this.#hubs = hubs;
    this.hub = hub;
    this.handlers = handlers;
  }

  async start(): Promise<void> {
    await Promise.resolve();
    const failure = this.#hubs.startFailures.shift();
    if (failure !== undefined) throw failure;
    this.isOpen = true;
  }

  async invoke(method: string, args: readonly (number | string)[]): Promise<void> {
    await Promise.resolve();
    if (!this.isOpen) throw new Error('the line is closed');
    if (this.#hubs.refused.has(method)) throw new Error(`Unknown hub method '${method}'`);
    this.invoked.push([method, ...args].join(' '));
  }

  async stop(): Promise<void> {
    await Promise.resolve();
    this.isOpen = false;
  }

  drop(reason = 'dropped'): void {
    this.isOpen = false;
    this.handlers.onClosed(reason);
  }
}
