/**
 * A chain whose feed has only small bars: minutes are folded into the bars that the chain asks for, session closes above all.
 * Like the chain it has no clock and no socket; bars, answers and the time go in, and what it asks for is in small bars.
 */
import type { BarInterval } from '../../core/bars.ts';
import { Stretches } from '../../core/bar-builder/stretches.ts';
import { TimeBarBuilder } from '../../core/bar-builder/time.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import type { TradingCalendar } from '../../core/ports.ts';
import { TS_MAX, US_PER_SECOND } from '../../core/units.ts';
import type { LiveChain } from './live-chain.ts';
import type { ChainBar, ChainEffect, ChainEvent } from './types.ts';

export interface SessionCloseOptions {
  readonly calendar: TradingCalendar;
  /** The size that the feed has. */
  readonly from: BarInterval;
  /** The size that is built; `1d` by default, one bar a trade date. */
  readonly to?: BarInterval;
  /** Prices are doubles of a source without a grid. */
  readonly isFractional?: boolean;
}

/** Folds the small bars of several contracts, each by itself. Errors: those of `TimeBarBuilder`. */
export class SessionCloseFolder {
  readonly #options: SessionCloseOptions;
  readonly #to: BarInterval;
  readonly #builders: Map<ContractId, TimeBarBuilder> = new Map();

  constructor(options: SessionCloseOptions) {
    this.#options = options;
    this.#to = options.to ?? '1d';
  }

  /** The larger bars that this one finishes: none or one. */
  onBar(bar: ChainBar): ChainBar[] {
    const builder = this.#builders.get(bar.contract) ?? this.begin(bar.contract);
    builder.onBars({
      length: 1,
      openUs: Float64Array.of(bar.openUs),
      closeUs: Float64Array.of(bar.closeUs),
      open: Float64Array.of(bar.open),
      high: Float64Array.of(bar.high),
      low: Float64Array.of(bar.low),
      close: Float64Array.of(bar.close),
      volume: Float64Array.of(bar.volume),
    });
    return this.#take(bar.contract, builder);
  }

  /** Every small bar up to `tsUs` is there: what ends by then is finished, of every contract or of one. */
  advance(tsUs: number, contract?: ContractId): ChainBar[] {
    return [...this.#builders].flatMap(([id, builder]) => {
      if (contract !== undefined && id !== contract) return [];
      builder.advance(tsUs);
      return this.#take(id, builder);
    });
  }

  /** When the next bar ends, whether its last part trades or not; TS_MAX where none is in the making. */
  get dueUs(): number {
    return Math.min(TS_MAX, ...[...this.#builders.values()].map((builder) => builder.dueUs));
  }

  /** Forgets what there is of a contract: its bars come anew, from the start of a session. */
  begin(contract: ContractId): TimeBarBuilder {
    const { calendar, isFractional = false } = this.#options;
    const builder = new TimeBarBuilder({ interval: this.#to, calendar, isFractional });
    this.#builders.set(contract, builder);
    return builder;
  }

  forget(contract: ContractId): void {
    this.#builders.delete(contract);
  }

  #take(contract: ContractId, builder: TimeBarBuilder): ChainBar[] {
    if (builder.ready === 0) return [];
    const bars = builder.take();
    return Array.from({ length: bars.length }, (_, row) => ({
      contract,
      interval: this.#to,
      openUs: bars.openUs[row]!,
      closeUs: bars.closeUs[row]!,
      open: bars.open[row]!,
      high: bars.high[row]!,
      low: bars.low[row]!,
      close: bars.close[row]!,
      volume: bars.volume[row]!,
    }));
  }
}

export interface FoldingChainOptions extends SessionCloseOptions {
  /**
   * How long after a session's end its last small bar may still arrive. Shorter than the chain's own wait for the closes of
   * its other contracts; default one second.
   */
  readonly graceUs?: number;
}

type History = Extract<ChainEvent, { readonly kind: 'history' }>;

/** Small bars asked for. `isOwn`: the chain did not ask; what it asks for would be a part of a session without them. */
interface Asked {
  readonly fromUs: number;
  readonly toUs: number;
  readonly isOwn: boolean;
}

/**
 * Takes the events of a `LiveChain` and gives its effects, in small bars. A contract that comes in the middle of a session is
 * asked for from the session's start, so that no close is that of a part. Nothing needs saving beside the chain: started
 * again, it asks for the bars since its last moment. A failure is the effect `stopped`, as with the chain.
 */
export class FoldingChain {
  readonly chain: LiveChain;
  readonly #from: BarInterval;
  readonly #to: BarInterval;
  readonly #graceUs: number;
  readonly #folder: SessionCloseFolder;
  readonly #days: Stretches;
  readonly #asked: Map<ContractId, Asked> = new Map();
  /** Small bars of contracts whose history has not come yet. */
  readonly #waiting: Map<ContractId, ChainBar[]> = new Map();
  #timerUs: number = TS_MAX;
  #nowUs: number = -Infinity;
  #isStopped: boolean = false;

  constructor(chain: LiveChain, options: FoldingChainOptions) {
    this.chain = chain;
    this.#from = options.from;
    this.#to = options.to ?? '1d';
    this.#graceUs = options.graceUs ?? US_PER_SECOND;
    this.#folder = new SessionCloseFolder(options);
    this.#days = new Stretches(options.calendar, this.#to === '1d' ? 'trade-date' : 'break');
  }

  handle(event: ChainEvent): readonly ChainEffect[] {
    if (this.#isStopped) return [];
    this.#nowUs = Math.max(this.#nowUs, event.nowUs);
    const out: ChainEffect[] = [];
    try {
      for (const each of this.#translate(event))
        if (!this.#isStopped) this.#ask(this.chain.handle(each), out);
      if (!this.#isStopped) this.#setTimer(out);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#isStopped = true;
      out.push({ kind: 'stopped', error });
    }
    return out;
  }

  /** The events that the chain understands. */
  #translate(event: ChainEvent): ChainEvent[] {
    const { nowUs } = event;
    const toEvent = (bar: ChainBar): ChainEvent => ({ kind: 'bar', nowUs, bar });
    switch (event.kind) {
      case 'bar': {
        const { bar } = event;
        if (bar.interval !== this.#from) return [event];
        if (!this.#asked.has(bar.contract)) return this.#folder.onBar(bar).map(toEvent);
        const waiting = this.#waiting.get(bar.contract) ?? [];
        this.#waiting.set(bar.contract, [...waiting, bar]);
        return [];
      }
      case 'history':
        return this.#fold(event, toEvent);
      case 'time':
        return [...this.#folder.advance(nowUs - this.#graceUs).map(toEvent), event];
      default:
        return [event];
    }
  }

  #fold(event: History, toEvent: (bar: ChainBar) => ChainEvent): ChainEvent[] {
    const { contract } = event;
    const asked = this.#asked.get(contract);
    if (asked === undefined) return [event];
    this.#asked.delete(contract);
    this.#folder.begin(contract);
    const small = event.bars.filter((bar) => bar.interval === this.#from);
    const folded = small.flatMap((bar) => this.#folder.onBar(bar));
    // What ended just now may come live.
    folded.push(...this.#folder.advance(asked.toUs - this.#graceUs, contract));
    const bars = folded.filter((bar) => bar.closeUs > asked.fromUs);
    const live = (this.#waiting.get(contract) ?? []).flatMap((bar) => this.#folder.onBar(bar));
    this.#waiting.delete(contract);
    return [...(asked.isOwn ? [] : [{ ...event, bars }]), ...live.map(toEvent)];
  }

  /** What the chain asks for, in small bars. */
  #ask(effects: readonly ChainEffect[], out: ChainEffect[]): void {
    const begun: ContractId[] = [];
    for (const effect of effects) {
      if (effect.kind === 'subscribe') {
        out.push({ ...effect, intervals: [this.#from] });
        begun.push(effect.contract);
      } else if (effect.kind === 'request') {
        const { contract, fromUs, toUs } = effect;
        this.#asked.set(contract, { fromUs, toUs, isOwn: false });
        out.push({ ...effect, intervals: [this.#from], fromUs: this.#startOf(fromUs) });
      } else {
        if (effect.kind === 'unsubscribe') this.#folder.forget(effect.contract);
        if (effect.kind === 'stopped') this.#isStopped = true;
        out.push(effect);
      }
    }
    if (this.#isStopped) return;
    for (const contract of begun) {
      const fromUs = this.#startOf(this.#nowUs);
      if (this.#asked.has(contract) || fromUs === this.#nowUs) continue;
      this.#asked.set(contract, { fromUs, toUs: this.#nowUs, isOwn: true });
      const intervals = [this.#from];
      out.push({ kind: 'request', contract, intervals, fromUs, toUs: this.#nowUs });
    }
  }

  /** Start of the session in progress; between sessions the instant itself. */
  #startOf(tsUs: number): number {
    this.#days.seek(tsUs);
    return Math.min(tsUs, this.#days.startUs);
  }

  #setTimer(out: ChainEffect[]): void {
    const dueUs = this.#folder.dueUs;
    const atUs = dueUs === TS_MAX ? TS_MAX : dueUs + this.#graceUs;
    if (atUs === this.#timerUs) return;
    this.#timerUs = atUs;
    out.push({ kind: 'timer', name: 'fold', atUs: atUs === TS_MAX ? null : atUs });
  }
}
