/**
 * Faults on demand: a script that says what goes wrong, and when: at a moment, at the n-th call or event, or by chance from a
 * seed. The same script over the same calls makes the same faults.
 */
import { z } from 'zod';
import type { Scheduler } from '../../../core/live.ts';
import { TradingError } from '../../../core/errors.ts';
import type { HubConnection } from '../signalr/connection.ts';
import type { DeskFaults } from './desk.ts';
import { Draws } from './feed.ts';
import type { HubName } from './hubs.ts';
import type { RestAnswer } from './rest.ts';
import { emptyAnswer, jsonAnswer } from './rest.ts';

/** When a fault strikes: exactly one of the first five says on what. */
export interface FaultWhen {
  /** Real milliseconds after the start. */
  readonly atMs?: number | undefined;
  /** An endpoint, such as `Order/place`; `*`: any. */
  readonly call?: string | undefined;
  /** An event of a hub, such as `GatewayUserTrade`; `*`: any. */
  readonly event?: string | undefined;
  /** The activation of an exit. */
  readonly leg?: 'stop' | 'target' | '*' | undefined;
  /** The cancel of the other exit, after one has filled. */
  readonly peerCancel?: true | undefined;
  /** The first one that it strikes, counted from 1. */
  readonly nth?: number | undefined;
  /** How many in a row. Default 1. */
  readonly times?: number | undefined;
  /** Strikes each with this probability; `times` is without limit then unless given. */
  readonly chance?: number | undefined;
}

type HubChoice = { readonly hub?: HubName | undefined };
type Lasting = { readonly ms: number };
type MayBeDone = { readonly isCarriedOut?: boolean | undefined };

export type Fault = { readonly when: FaultWhen } & (
  | ({
      readonly fault: 'status';
      readonly status: number;
      readonly retryAfterSeconds?: number | undefined;
    } & MayBeDone)
  | ({ readonly fault: 'timeout' | 'cut' } & MayBeDone)
  | {
      readonly fault: 'refuse';
      readonly errorCode: number;
      readonly message?: string | null | undefined;
    }
  | ({
      readonly fault:
        | 'slow'
        | 'late-reject'
        | 'slow-cancel'
        | 'delay'
        | 'silent-market'
        | 'refuse-hubs'
        | 'maintenance'
        | 'empty-history'
        | 'stalled-bars';
    } & Lasting)
  | { readonly fault: 'lose' | 'duplicate' | 'reorder' | 'orphan' | 'expire-tokens' }
  | { readonly fault: 'reject-leg'; readonly message?: string | undefined }
  | ({
      readonly fault: 'drop';
      /** With a close record first. */
      readonly close?: boolean | undefined;
      readonly allowReconnect?: boolean | undefined;
    } & HubChoice)
  | ({ readonly fault: 'half-open' } & HubChoice)
  | {
      readonly fault: 'clock-skew';
      /** Added to the times of stream events; may be below 0. */
      readonly skewMs: number;
      readonly ms?: number | undefined;
    }
  | {
      readonly fault: 'lock-account';
      readonly accountId: number;
      readonly canTrade?: boolean | undefined;
    }
  | { readonly fault: 'bust-trade'; readonly tradeId: number }
);

export interface FaultScript {
  readonly schema?: 'frontmonth.gateway-faults/1' | undefined;
  /** Of the draws. Default 1. */
  readonly seed?: number | undefined;
  readonly faults: readonly Fault[];
}

const ms = z.number().min(0).max(86_400_000);
const WHEN = z
  .strictObject({
    atMs: ms.optional(),
    call: z.string().optional(),
    event: z.string().optional(),
    leg: z.enum(['stop', 'target', '*']).optional(),
    peerCancel: z.literal(true).optional(),
    nth: z.int().min(1).optional(),
    times: z.int().min(1).optional(),
    chance: z.number().min(0).max(1).optional(),
  })
  .refine(
    (when) =>
      [when.atMs, when.call, when.event, when.leg, when.peerCancel].filter((x) => x !== undefined)
        .length === 1,
    { message: 'exactly one of atMs, call, event, leg and peerCancel says when' },
  );

/** Fields of each fault beside `when`, in the order of the reference page. */
const hub = { hub: z.enum(['user', 'market']).optional() };
const carried = { isCarriedOut: z.boolean().optional() };
const FIELDS: Readonly<Record<Fault['fault'], z.ZodRawShape>> = {
  status: {
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().min(0).optional(),
    ...carried,
  },
  timeout: carried,
  cut: carried,
  slow: { ms },
  refuse: { errorCode: z.int().min(1), message: z.string().nullable().optional() },
  'late-reject': { ms },
  'slow-cancel': { ms },
  lose: {},
  duplicate: {},
  delay: { ms },
  reorder: {},
  'reject-leg': { message: z.string().optional() },
  orphan: {},
  drop: { ...hub, close: z.boolean().optional(), allowReconnect: z.boolean().optional() },
  'half-open': hub,
  'silent-market': { ms },
  'refuse-hubs': { ms },
  maintenance: { ms },
  'expire-tokens': {},
  'clock-skew': {
    skewMs: z.number().min(-86_400_000).max(86_400_000),
    ms: ms.optional(),
  },
  'empty-history': { ms },
  'stalled-bars': { ms },
  'lock-account': { accountId: z.int(), canTrade: z.boolean().optional() },
  'bust-trade': { tradeId: z.int() },
};

/** What each of these faults happens to; the others happen to everybody, on whatever they are asked for. */
const STRIKES: Readonly<Partial<Record<Fault['fault'], keyof FaultWhen>>> = {
  status: 'call',
  timeout: 'call',
  cut: 'call',
  slow: 'call',
  refuse: 'call',
  'late-reject': 'call',
  'slow-cancel': 'call',
  lose: 'event',
  duplicate: 'event',
  delay: 'event',
  reorder: 'event',
  'reject-leg': 'leg',
  orphan: 'peerCancel',
};

/** Names of all faults, in the order of the reference page. */
export const FAULT_NAMES: readonly string[] = Object.keys(FIELDS);

const SHAPES: readonly z.ZodType[] = Object.entries(FIELDS).map(([fault, shape]) => {
  const on = STRIKES[fault as Fault['fault']];
  return z
    .strictObject({ fault: z.literal(fault), when: WHEN, ...shape })
    .refine(({ when }) => on === undefined || (when as FaultWhen)[on] !== undefined, {
      message: `\`${fault}\` strikes on \`when.${on}\``,
      path: ['when'],
    });
});
const SCRIPT = z.strictObject({
  schema: z.literal('frontmonth.gateway-faults/1').optional(),
  seed: z.int().min(0).optional(),
  faults: z.array(z.looseObject({ fault: z.enum(FAULT_NAMES) })).max(10_000),
});

/** Reads a script. Errors: E_GATEWAY_FAULTS with the path of the first mistake. */
export function parseFaults(value: unknown): FaultScript {
  const script = SCRIPT.safeParse(value);
  if (!script.success) throw mistake(value, script.error.issues[0], []);
  script.data.faults.forEach((fault, k) => {
    const result = SHAPES[FAULT_NAMES.indexOf(fault.fault)]!.safeParse(fault);
    if (!result.success) throw mistake(value, result.error.issues[0], ['faults', k]);
  });
  return script.data as unknown as FaultScript;
}

function mistake(
  value: unknown,
  issue: z.core.$ZodIssue | undefined,
  before: readonly PropertyKey[],
): TradingError {
  const path = [...before, ...(issue?.path ?? [])];
  const field = path.map(String).join('.');
  return new TradingError(
    'E_GATEWAY_FAULTS',
    `the fault script is not valid at ${field || 'its top'}`,
    {
      details: { field, value: at(value, path) },
      rule: issue?.message ?? 'a script is {"seed": 1, "faults": [...]}',
      fix: `see the reference of the simulated gateway; faults: ${FAULT_NAMES.join(', ')}`,
    },
  );
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) here = (here as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return here;
}

/** What a fault makes of a call. */
export interface CallFault {
  /** In place of the answer; null: the answer itself. */
  readonly answer: RestAnswer | null;
  readonly isCarriedOut: boolean;
  readonly delayUs: number;
  readonly isCut: boolean;
}

/** What the engine reaches into. */
export interface FaultHost {
  connections(hub: HubName | null): readonly HubConnection[];
  setSilent(isSilent: boolean): void;
  expireTokens(): void;
  bust(tradeId: number): boolean;
  lock(accountId: number, canTrade: boolean): boolean;
  /** The simulated clock. */
  nowUs(): number;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  fired: number;
}

const US_PER_MS = 1000;
/** How long a reordered event waits for one that may pass it. */
const REORDER_US = 1_000_000;

export class FaultEngine implements DeskFaults {
  readonly #scheduler: Scheduler;
  readonly #host: FaultHost;
  readonly #draws: Draws;
  #armed: Armed[] = [];
  readonly #timers: Set<() => void> = new Set();
  readonly #held: Map<HubConnection, (() => void)[]> = new Map();
  #isStarted: boolean = false;
  #hasEventFaults: boolean = false;
  /** Of the call in hand. */
  #lateUs: number | null = null;
  #cancelUs: number = 0;
  /** Until when, in real µs. */
  #maintenanceUs: number = -Infinity;
  #refuseUs: number = -Infinity;
  #emptyUs: number = -Infinity;
  #stalledUs: number = -Infinity;
  #stalledAtUs: number = 0;
  skewUs: number = 0;

  constructor(script: FaultScript, scheduler: Scheduler, host: FaultHost) {
    this.#scheduler = scheduler;
    this.#host = host;
    this.#draws = new Draws(script.seed ?? 1);
    this.#arm(script.faults);
  }

  get isMaintenance(): boolean {
    return this.#scheduler.nowUs() < this.#maintenanceUs;
  }
  get refusesHubs(): boolean {
    return this.#scheduler.nowUs() < this.#refuseUs;
  }

  /** Each fault with how often it has struck. */
  state(): readonly (Fault & { readonly fired: number })[] {
    return this.#armed.map(({ fault, fired }) => ({ ...fault, fired }));
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const armed of this.#armed) this.#setTimer(armed);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Takes all faults back; what they have done stays done. */
  clear(): void {
    this.stop();
    this.#armed = [];
    this.#hasEventFaults = false;
    this.#maintenanceUs = this.#refuseUs = this.#emptyUs = this.#stalledUs = -Infinity;
    this.skewUs = 0;
    this.#host.setSilent(false);
  }

  add(faults: readonly Fault[]): void {
    const before = this.#armed.length;
    this.#arm(faults);
    if (this.#isStarted) for (const armed of this.#armed.slice(before)) this.#setTimer(armed);
  }

  /** Faults as JSON: a script. What is wrong with it, or null. */
  addText(text: string): string | null {
    try {
      this.add(parseFaults(JSON.parse(text)).faults);
      return null;
    } catch (error) {
      return error instanceof TradingError
        ? `${error.message}: ${error.rule ?? ''}`
        : 'the body is not JSON';
    }
  }

  // ---------------------------------------------------------------------------------------------------- strikes

  onCall(name: string): CallFault | null {
    this.#lateUs = null;
    this.#cancelUs = 0;
    let result: CallFault | null = null;
    for (const armed of this.#armed) {
      const { call } = armed.fault.when;
      if (call === undefined || !matches(call, name) || !this.#strikes(armed)) continue;
      result = this.#callFault(armed.fault) ?? result;
    }
    return result;
  }

  #callFault(fault: Fault): CallFault | null {
    const plain = { answer: null, isCarriedOut: true, delayUs: 0, isCut: false };
    switch (fault.fault) {
      case 'status': {
        const wait = fault.retryAfterSeconds;
        const headers: Record<string, string> =
          wait === undefined ? {} : { 'retry-after': String(wait) };
        const answer = emptyAnswer(fault.status, headers);
        return { ...plain, answer, isCarriedOut: fault.isCarriedOut ?? false };
      }
      case 'timeout':
        return { ...plain, isCarriedOut: fault.isCarriedOut ?? false, delayUs: Infinity };
      case 'cut':
        return { ...plain, isCarriedOut: fault.isCarriedOut ?? false, isCut: true };
      case 'slow':
        return { ...plain, delayUs: fault.ms * US_PER_MS };
      case 'refuse': {
        const { errorCode, message = null } = fault;
        const answer = jsonAnswer(200, { success: false, errorCode, errorMessage: message });
        return { ...plain, answer, isCarriedOut: false };
      }
      case 'late-reject':
        this.#lateUs = fault.ms * US_PER_MS;
        return null;
      case 'slow-cancel':
        this.#cancelUs = fault.ms * US_PER_MS;
        return null;
      default:
        this.#act(fault);
        return null;
    }
  }

  onEvent(_hub: HubName, target: string, connection: HubConnection, send: () => void): void {
    if (!this.#hasEventFaults) {
      send();
      return;
    }
    let times = 1;
    let delayUs = 0;
    let isHeld = false;
    for (const armed of this.#armed) {
      const { fault } = armed;
      const { event } = fault.when;
      if (event === undefined || !matches(event, target) || !this.#strikes(armed)) continue;
      if (fault.fault === 'lose') times = 0;
      else if (fault.fault === 'duplicate') times = 2;
      else if (fault.fault === 'delay') delayUs = fault.ms * US_PER_MS;
      else if (fault.fault === 'reorder') isHeld = true;
      else this.#act(fault);
    }
    const go = (): void => {
      for (let k = 0; k < times; k += 1) send();
    };
    if (isHeld) {
      const held = this.#held.get(connection) ?? [];
      held.push(go);
      this.#held.set(connection, held);
      this.#later(REORDER_US, () => this.#release(connection));
      return;
    }
    if (delayUs > 0) this.#later(delayUs, go);
    else go();
    this.#release(connection);
  }

  #release(connection: HubConnection): void {
    const held = this.#held.get(connection);
    if (held === undefined) return;
    this.#held.delete(connection);
    for (const go of held) go();
  }

  rejectLeg(leg: 'stop' | 'target'): string | null {
    for (const armed of this.#armed) {
      const { fault } = armed;
      const wanted = fault.when.leg;
      if (wanted === undefined || !matches(wanted, leg) || !this.#strikes(armed)) continue;
      if (fault.fault === 'reject-leg') return fault.message ?? 'Rejected';
      this.#act(fault);
    }
    return null;
  }

  losesPeerCancel(): boolean {
    let isLost = false;
    for (const armed of this.#armed) {
      if (armed.fault.when.peerCancel !== true || !this.#strikes(armed)) continue;
      if (armed.fault.fault === 'orphan') isLost = true;
      else this.#act(armed.fault);
    }
    return isLost;
  }

  lateRejectUs(): number | null {
    return this.#lateUs;
  }

  cancelDelayUs(): number {
    return this.#cancelUs;
  }

  /** The moment as which history answers; null: it is empty. */
  historyUs(nowUs: number): number | null {
    const real = this.#scheduler.nowUs();
    if (real < this.#emptyUs) return null;
    return real < this.#stalledUs ? Math.min(nowUs, this.#stalledAtUs) : nowUs;
  }

  // ------------------------------------------------------------------------------------------------------ inside

  #arm(faults: readonly Fault[]): void {
    for (const fault of faults) this.#armed.push({ fault, seen: 0, fired: 0 });
    this.#hasEventFaults = this.#armed.some(({ fault }) => fault.when.event !== undefined);
  }

  #setTimer(armed: Armed): void {
    const { atMs } = armed.fault.when;
    if (atMs === undefined) return;
    this.#later(atMs * US_PER_MS, () => {
      armed.fired += 1;
      this.#act(armed.fault);
    });
  }

  #later(delayUs: number, act: () => void): void {
    const cancel = this.#scheduler.after(delayUs, () => {
      this.#timers.delete(cancel);
      act();
    });
    this.#timers.add(cancel);
  }

  #strikes(armed: Armed): boolean {
    const { chance, nth = 1, times = chance === undefined ? 1 : Infinity } = armed.fault.when;
    armed.seen += 1;
    if (armed.seen < nth || armed.fired >= times) return false;
    if (chance !== undefined && this.#draws.share() >= chance) return false;
    armed.fired += 1;
    return true;
  }

  /** Faults that happen to everybody. */
  #act(fault: Fault): void {
    const real = this.#scheduler.nowUs();
    switch (fault.fault) {
      case 'drop':
        for (const each of this.#host.connections(fault.hub ?? null)) {
          if (fault.close === true)
            each.close('Connection closed with an error.', fault.allowReconnect);
          else each.drop();
        }
        return;
      case 'half-open':
        for (const each of this.#host.connections(fault.hub ?? null)) each.mute();
        return;
      case 'silent-market':
        this.#host.setSilent(true);
        this.#later(fault.ms * US_PER_MS, () => this.#host.setSilent(false));
        return;
      case 'refuse-hubs':
        this.#refuseUs = real + fault.ms * US_PER_MS;
        return;
      case 'maintenance':
        this.#maintenanceUs = real + fault.ms * US_PER_MS;
        for (const each of this.#host.connections(null))
          each.close('Connection closed with an error.');
        return;
      case 'expire-tokens':
        this.#host.expireTokens();
        return;
      case 'clock-skew':
        this.skewUs = Math.round(fault.skewMs * US_PER_MS);
        if (fault.ms !== undefined) this.#later(fault.ms * US_PER_MS, () => (this.skewUs = 0));
        return;
      case 'empty-history':
        this.#emptyUs = real + fault.ms * US_PER_MS;
        return;
      case 'stalled-bars':
        this.#stalledUs = real + fault.ms * US_PER_MS;
        this.#stalledAtUs = this.#host.nowUs();
        return;
      case 'lock-account':
        this.#host.lock(fault.accountId, fault.canTrade ?? false);
        return;
      case 'bust-trade':
        this.#host.bust(fault.tradeId);
        return;
      default:
        return;
    }
  }
}

function matches(wanted: string, name: string): boolean {
  return wanted === '*' || wanted.toLowerCase() === name.toLowerCase();
}
