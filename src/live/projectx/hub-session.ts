/**
 * One hub that stays connected: opens line after line with a growing delay and never gives up, keeps what is subscribed and
 * subscribes it again, and opens anew a line that is silent while its market is open.
 */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import type { TsUs } from '../../core/units.ts';
import type { Uniform } from '../shared/backoff.ts';
import { backoffUs } from '../shared/backoff.ts';
import { pause, within } from '../shared/wait.ts';
import type { HubLine, HubName, HubPort } from './hub.ts';

export type HubState = 'connecting' | 'up' | 'down' | 'closed';

export interface HubSessionOptions {
  readonly hub: HubName;
  readonly port: HubPort;
  readonly scheduler: Scheduler;
  readonly uniform: Uniform;
  readonly onEvent: (target: string, args: readonly unknown[]) => void;
  /** `isAgain`: it was up before, so that events were missed. */
  readonly onState: (state: HubState, reason: string, isAgain: boolean) => void;
  /** A line did not open; the token may be the reason. */
  readonly onOpenFailed: () => void;
  /** A subscription that a new line refused; the line is given up and the next one tries it again. */
  readonly onIssue: (error: TradingError) => void;
  readonly quietUs: number;
  readonly isMarketOpen: ((nowUs: TsUs) => boolean) | null;
}

interface Subscription {
  readonly method: string;
  readonly args: readonly (number | string)[];
}

const DELAY: { readonly firstUs: number; readonly maxUs: number } = {
  firstUs: 500_000,
  maxUs: 30e6,
};
const ANSWER_US = 10e6;
/** A line that stood this long is a good one: the next delay begins small again. */
const GOOD_US = 30e6;

export class HubSession {
  readonly #options: HubSessionOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  #line: HubLine | null = null;
  #state: HubState = 'closed';
  /** Numbers the runs of the loop: an old one stops when it sees that it is not the last. */
  #run = 0;
  #attempt = 0;
  #wasUp = false;
  #upUs = 0;
  #heardUs = 0;
  #quietFactor = 1;
  #undoQuiet: (() => void) | null = null;
  /** How often a line stood after the first. */
  reconnects = 0;

  constructor(options: HubSessionOptions) {
    this.#options = options;
  }

  get state(): HubState {
    return this.#state;
  }

  /** When something was heard last by our clock; 0 before. */
  get heardUs(): number {
    return this.#heardUs;
  }

  /** Opens the first line. Errors: those of it; later failures are mended in silence, told as states. */
  async open(): Promise<void> {
    if (this.#state !== 'closed') return;
    this.#run += 1;
    this.#wasUp = false;
    this.#attempt = 0;
    this.#tell('connecting', 'opening');
    try {
      await this.#connect(this.#run);
    } catch (error) {
      this.#run += 1;
      this.#tell('closed', messageOf(error));
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#run += 1;
    this.#undoQuiet?.();
    this.#undoQuiet = null;
    const line = this.#line;
    this.#line = null;
    if (this.#state !== 'closed') this.#tell('closed', 'closed by us');
    await line?.stop().catch(() => undefined);
  }

  /** Kept and asked for again on every new line. Errors: E_VENUE_REQUEST; without a line it waits for the next. */
  async subscribe(key: string, method: string, args: readonly (number | string)[]): Promise<void> {
    if (this.#subscriptions.has(key)) return;
    this.#subscriptions.set(key, { method, args });
    this.#armQuiet();
    const line = this.#line;
    if (line === null || this.#state !== 'up') return;
    try {
      await this.#ask(line, method, args);
    } catch (error) {
      // A line that went takes nothing with it: the next one subscribes.
      if (this.#line !== line) return;
      this.#subscriptions.delete(key);
      throw error;
    }
  }

  async unsubscribe(
    key: string,
    method: string,
    args: readonly (number | string)[],
  ): Promise<void> {
    if (!this.#subscriptions.delete(key)) return;
    const line = this.#line;
    if (line === null || this.#state !== 'up') return;
    await this.#ask(line, method, args);
  }

  /** Drops the line and opens another, as after a failure. */
  restart(reason: string): void {
    const line = this.#line;
    if (line === null || this.#state !== 'up') return;
    this.#lost(line, reason);
    void line.stop().catch(() => undefined);
  }

  #tell(state: HubState, reason: string, isAgain = false): void {
    this.#state = state;
    this.#options.onState(state, reason, isAgain);
  }

  #ask(line: HubLine, method: string, args: readonly (number | string)[]): Promise<void> {
    const late = (): TradingError =>
      new TradingError('E_VENUE_CONNECT', `the ${this.#options.hub} hub did not answer ${method}`, {
        details: { hub: this.#options.hub, method },
        retry: 'safe',
      });
    return within(this.#options.scheduler, ANSWER_US, line.invoke(method, args), late);
  }

  async #connect(run: number): Promise<void> {
    const { hub, port, scheduler, onEvent } = this.#options;
    const line: HubLine = port.open(hub, {
      onEvent: (target, args) => {
        if (this.#line !== line) return;
        this.#heardUs = scheduler.nowUs();
        this.#quietFactor = 1;
        onEvent(target, args);
      },
      onClosed: (reason) => this.#lost(line, reason),
    });
    this.#line = line;
    try {
      const late = (): TradingError =>
        new TradingError('E_VENUE_CONNECT', `the ${hub} hub did not open within 15 s`, {
          details: { hub },
          retry: 'safe',
        });
      await within(scheduler, 15e6, line.start(), late);
      // What is added meanwhile is found too: a map gives what was set while it is read.
      for (const { method, args } of this.#subscriptions.values())
        await this.#ask(line, method, args);
      if (this.#line !== line) throw this.#gone();
    } catch (error) {
      if (this.#line === line) this.#line = null;
      void line.stop().catch(() => undefined);
      throw error;
    }
    if (run !== this.#run) {
      void line.stop().catch(() => undefined);
      throw this.#gone();
    }
    const isAgain = this.#wasUp;
    this.#wasUp = true;
    if (isAgain) this.reconnects += 1;
    this.#upUs = scheduler.nowUs();
    this.#heardUs = this.#upUs;
    this.#tell('up', isAgain ? 'connected again' : 'connected', isAgain);
    this.#armQuiet();
  }

  #gone(): TradingError {
    const { hub } = this.#options;
    return new TradingError('E_VENUE_CONNECT', `the ${hub} hub closed while it was opened`, {
      details: { hub },
      retry: 'safe',
    });
  }

  #lost(line: HubLine, reason: string): void {
    if (this.#line !== line) return;
    this.#line = null;
    // A line that is being opened ends in `#connect`.
    if (this.#state !== 'up') return;
    if (this.#options.scheduler.nowUs() - this.#upUs >= GOOD_US) this.#attempt = 0;
    this.#tell('down', reason);
    this.#run += 1;
    void this.#again(this.#run);
  }

  async #again(run: number): Promise<void> {
    const { scheduler, uniform, onIssue } = this.#options;
    while (run === this.#run) {
      await pause(scheduler, backoffUs(this.#attempt, uniform(), DELAY));
      if (run !== this.#run) return;
      this.#attempt += 1;
      this.#tell('connecting', `attempt ${this.#attempt}`);
      try {
        await this.#connect(run);
        return;
      } catch (error) {
        if (run !== this.#run) return;
        this.#options.onOpenFailed();
        if (error instanceof TradingError && error.code !== 'E_VENUE_CONNECT') onIssue(error);
        this.#tell('down', messageOf(error));
      }
    }
  }

  /** A socket that is open proves nothing: only events do. The delay doubles while opening anew does not help. */
  #armQuiet(): void {
    const { scheduler, isMarketOpen, quietUs, hub } = this.#options;
    if (hub !== 'market' || isMarketOpen === null || this.#undoQuiet !== null) return;
    if (this.#subscriptions.size === 0 || this.#state === 'closed') return;
    this.#undoQuiet = scheduler.after(quietUs, () => {
      this.#undoQuiet = null;
      const now = scheduler.nowUs();
      const isOpen = isMarketOpen(now);
      // What was silent while it was closed is judged from its opening on.
      if (!isOpen || this.#state !== 'up') this.#heardUs = now;
      else if (now - this.#heardUs >= quietUs * this.#quietFactor) {
        this.#quietFactor = Math.min(this.#quietFactor * 2, 64);
        this.restart(`silent for ${Math.round((now - this.#heardUs) / 1e6)} s`);
      }
      this.#armQuiet();
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
