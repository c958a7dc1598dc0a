/** A feed, a clock and a broker around a live chain: timers fire, requests are answered, only subscribed bars arrive. */
import type { ContractId } from '../../src/core/instrument.ts';
import { LiveChain } from '../../src/engine/chain/live-chain.ts';
import type {
  BrokerPosition,
  ChainBar,
  ChainEffect,
  ChainEvent,
  ChainRow,
  LiveChainConfig,
  LiveChainState,
  OpenInterestReading,
} from '../../src/engine/chain/types.ts';

export interface WorldOptions {
  readonly config: LiveChainConfig;
  /** Everything the market prints, in any order. */
  readonly bars: readonly ChainBar[];
  /** Between the close of a bar and its arrival; by contract and time, so that contracts arrive in mixed order. */
  readonly latencyUs?: (bar: ChainBar) => number;
  readonly positions?: readonly BrokerPosition[];
  /** Published open interest, known at once. */
  readonly interest?: readonly OpenInterestReading[];
  /** False: the position stays where it is after a roll. */
  readonly isFollowing?: boolean;
  /** What stands between the world and the chain; the chain itself when not given. */
  readonly through?: (chain: LiveChain) => Pick<LiveChain, 'handle'>;
}

export class ChainWorld {
  readonly chain: LiveChain;
  readonly effects: ChainEffect[] = [];
  readonly subscribed = new Set<ContractId>();
  readonly #options: WorldOptions;
  readonly #door: Pick<LiveChain, 'handle'>;
  readonly #arrivals: readonly {
    readonly atUs: number;
    readonly bar: ChainBar | null;
    readonly reading: OpenInterestReading | null;
  }[];
  readonly #positions: Map<ContractId, number>;
  readonly #timers = new Map<string, number>();
  #next = 0;
  nowUs = -Infinity;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.chain = new LiveChain(options.config);
    this.#door = options.through?.(this.chain) ?? this.chain;
    this.#positions = new Map(options.positions?.map((one) => [one.contract, one.netQty]));
    const bars = options.bars.map((bar) => {
      return { atUs: bar.closeUs + (options.latencyUs?.(bar) ?? 100_000), bar, reading: null };
    });
    const interest = (options.interest ?? []).map((reading) => {
      return { atUs: reading.knownUs, bar: null, reading };
    });
    this.#arrivals = [...bars, ...interest].toSorted((a, b) => a.atUs - b.atUs);
  }

  get rows(): ChainRow[] {
    return this.effects.flatMap((effect) => (effect.kind === 'row' ? [effect.row] : []));
  }
  get error(): Extract<ChainEffect, { kind: 'stopped' }>['error'] | null {
    const last = this.effects.at(-1);
    return last?.kind === 'stopped' ? last.error : null;
  }
  of<K extends ChainEffect['kind']>(kind: K): Extract<ChainEffect, { kind: K }>[] {
    return this.effects.filter((one) => one.kind === kind) as Extract<ChainEffect, { kind: K }>[];
  }

  start(nowUs: number, saved: LiveChainState | null = null, sinceUs?: number): this {
    this.nowUs = nowUs;
    while (this.#arrivals[this.#next] !== undefined && this.#arrivals[this.#next]!.atUs <= nowUs)
      this.#next += 1;
    const positions = [...this.#positions].map(([contract, netQty]) => ({ contract, netQty }));
    const event = { kind: 'start', nowUs, positions, saved } as const;
    this.send(sinceUs === undefined ? event : { ...event, sinceUs });
    return this;
  }

  /** Everything that happens up to and including a moment of the clock. */
  run(untilUs: number): this {
    for (;;) {
      const timer = [...this.#timers].toSorted((a, b) => a[1] - b[1])[0];
      const arrival = this.#arrivals[this.#next];
      const timerUs = timer?.[1] ?? Infinity;
      const barUs = arrival?.atUs ?? Infinity;
      if (Math.min(timerUs, barUs) > untilUs || Math.min(timerUs, barUs) === Infinity) break;
      if (timerUs <= barUs) {
        this.#timers.delete(timer![0]);
        this.nowUs = Math.max(this.nowUs, timerUs);
        this.send({ kind: 'time', nowUs: this.nowUs });
      } else {
        this.#next += 1;
        this.nowUs = Math.max(this.nowUs, barUs);
        const { bar, reading } = arrival!;
        if (bar !== null && this.subscribed.has(bar.contract))
          this.send({ kind: 'bar', nowUs: this.nowUs, bar });
        if (reading !== null) this.send({ kind: 'open-interest', nowUs: this.nowUs, reading });
      }
    }
    this.nowUs = Math.max(this.nowUs, untilUs);
    return this;
  }

  position(contract: ContractId, netQty: number): void {
    this.#positions.set(contract, netQty);
    this.send({ kind: 'position', nowUs: this.nowUs, position: { contract, netQty } });
  }

  send(event: ChainEvent): void {
    const queue: ChainEvent[] = [];
    for (const effect of this.#door.handle(event)) {
      this.effects.push(effect);
      if (effect.kind === 'subscribe') this.subscribed.add(effect.contract);
      if (effect.kind === 'unsubscribe') this.subscribed.delete(effect.contract);
      if (effect.kind === 'timer') {
        if (effect.atUs === null) this.#timers.delete(effect.name);
        else this.#timers.set(effect.name, effect.atUs);
      }
      if (effect.kind === 'request') queue.push(this.#answer(effect));
      if (effect.kind === 'rolled' && effect.netQty !== 0 && this.#options.isFollowing !== false) {
        const { from, to } = effect.record;
        const { nowUs } = this;
        this.#positions.delete(from).valueOf();
        this.#positions.set(to, effect.netQty);
        queue.push(
          { kind: 'position', nowUs, position: { contract: from, netQty: 0 } },
          { kind: 'position', nowUs, position: { contract: to, netQty: effect.netQty } },
        );
      }
    }
    for (const next of queue) this.send(next);
  }

  #answer(asked: Extract<ChainEffect, { kind: 'request' }>): ChainEvent {
    const bars = this.#options.bars
      .filter(
        (bar) =>
          bar.contract === asked.contract &&
          bar.closeUs > asked.fromUs &&
          bar.closeUs <= asked.toUs,
      )
      .toSorted((a, b) => a.closeUs - b.closeUs);
    const openInterest = (this.#options.interest ?? []).filter(
      (one) =>
        one.contract === asked.contract && one.knownUs > asked.fromUs && one.knownUs <= asked.toUs,
    );
    return { kind: 'history', nowUs: this.nowUs, contract: asked.contract, bars, openInterest };
  }
}

/** Through the text of a file and back. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
