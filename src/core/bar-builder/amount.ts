/** Bars that end when enough was traded: trades, contracts or money. */
import { TradingError } from '../errors.ts';
import type { InstrumentSpec } from '../instrument.ts';
import type { EventBarOptions } from './event-bars.ts';
import { EventBarBuilder } from './event-bars.ts';
import { checkBarKind } from './kinds.ts';

function needsVolume(kind: string): TradingError {
  return new TradingError('E_BAR_SOURCE', `${kind} bars need the volume of every trade or bar`, {
    rule: 'an unknown volume ends no bar',
    fix: 'choose bars of time, of trades or of price',
  });
}

export interface TickBarOptions extends EventBarOptions {
  /** Trades in a bar. */
  readonly trades: number;
}

/** Bars of n trades. Errors: E_BAR_KIND; E_BAR_SOURCE from smaller bars, which do not say how many trades they are of. */
export class TickBarBuilder extends EventBarBuilder {
  readonly #trades: number;

  constructor(options: TickBarOptions) {
    const { trades } = checkBarKind({ kind: 'tick', trades: options.trades });
    super(`tick-${trades}`, options);
    this.#trades = trades;
    this.begin(options.state);
  }

  protected apply(price: number, qty: number): void {
    this.add(price, qty);
    if (this.inputs === this.#trades) this.finish(this.nowUs, 0);
  }

  protected applyBar(): void {
    throw new TradingError('E_BAR_SOURCE', 'tick bars are built from trades, not from bars', {
      rule: 'a bar does not say how many trades it is of',
      fix: 'import trades, or choose bars of time, volume or notional',
    });
  }

  protected cut(atUs: number): void {
    if (this.inputs > 0) this.finish(atUs, 1);
  }
}

export interface VolumeBarOptions extends EventBarOptions {
  /** Contracts in a bar. */
  readonly contracts: number;
  /**
   * A trade larger than what is left of a bar: `split` (the default) gives each bar what it lacks, so that a bar has exactly
   * `contracts`; `keep` leaves the trade whole in the bar that it ends.
   */
  readonly largeTrades?: 'split' | 'keep';
}

/**
 * Bars of n contracts. From smaller bars, which cannot be divided, a bar ends with the one that fills it.
 * Errors: E_BAR_KIND; E_BAR_SOURCE for an unknown volume.
 */
export class VolumeBarBuilder extends EventBarBuilder {
  readonly #contracts: number;
  readonly #isSplit: boolean;

  constructor(options: VolumeBarOptions) {
    const { contracts } = checkBarKind({ kind: 'volume', contracts: options.contracts });
    const { largeTrades = 'split' } = options;
    super(`volume-${contracts} ${largeTrades}`, options);
    this.#contracts = contracts;
    this.#isSplit = largeTrades === 'split';
    this.begin(options.state);
  }

  protected apply(price: number, qty: number): void {
    if (Number.isNaN(qty)) throw needsVolume('volume');
    if (!this.#isSplit || qty <= this.#contracts - this.#filled()) {
      this.add(price, qty);
      if (this.volume >= this.#contracts) this.finish(this.nowUs, 0);
      return;
    }
    this.checkCount(qty / this.#contracts, price, qty);
    for (let left = qty; left > 0;) {
      const part = Math.min(left, this.#contracts - this.#filled());
      this.add(price, part);
      left -= part;
      if (this.volume >= this.#contracts) this.finish(this.nowUs, 0);
    }
  }

  protected applyBar(
    openUs: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    if (Number.isNaN(volume)) throw needsVolume('volume');
    this.addBar(openUs, high, low, close, volume);
    if (this.volume >= this.#contracts) this.finish(this.nowUs, 0);
  }

  #filled(): number {
    return this.inputs === 0 ? 0 : this.volume;
  }

  protected cut(atUs: number): void {
    if (this.inputs > 0) this.finish(atUs, 1);
  }
}

export interface DollarBarOptions extends EventBarOptions {
  /** Notional of a bar, in units of the instrument's currency. */
  readonly amount: number;
  /** Grid and multiplier make a count and a contract worth money. */
  readonly instrument: Pick<InstrumentSpec, 'grid' | 'multiplier'>;
  /** As for volume bars; a contract is never divided: the bar ends with the one that reaches the amount. */
  readonly largeTrades?: 'split' | 'keep';
}

/**
 * Bars of so much notional: |price| × multiplier × contracts. A price of zero adds nothing. From smaller bars their notional
 * is that of the close. What a bar has too much is not carried to the next.
 * Errors: E_BAR_KIND; E_BAR_SOURCE for an unknown volume.
 */
export class DollarBarBuilder extends EventBarBuilder {
  /** The amount in counts times contracts, so that sums of counts stay whole. */
  readonly #limit: number;
  readonly #isSplit: boolean;
  #sum: number = 0;

  constructor(options: DollarBarOptions) {
    const { amount } = checkBarKind({ kind: 'dollar', amount: options.amount });
    const { instrument, largeTrades = 'split' } = options;
    const { increment } = instrument.grid;
    super(`dollar-${amount} ${largeTrades} ${increment}x${instrument.multiplier}`, options);
    const limit = amount / (increment * instrument.multiplier);
    const whole = Math.round(limit);
    this.#limit = Math.abs(limit - whole) <= limit * 1e-12 ? whole : limit;
    this.#isSplit = largeTrades === 'split';
    this.begin(options.state);
  }

  protected apply(price: number, qty: number): void {
    if (Number.isNaN(qty)) throw needsVolume('dollar');
    const each = Math.abs(price);
    if (!this.#isSplit || this.#sum + each * (qty - 1) < this.#limit) {
      this.add(price, qty);
      this.#grow(each * qty);
      return;
    }
    this.checkCount(Math.min(qty, (each * qty) / this.#limit), price, qty);
    for (let left = qty; left > 0;) {
      const part = Math.min(left, Math.ceil((this.#limit - this.#sum) / each));
      this.add(price, part);
      left -= part;
      this.#grow(each * part);
    }
  }

  protected applyBar(
    openUs: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    if (Number.isNaN(volume)) throw needsVolume('dollar');
    this.addBar(openUs, high, low, close, volume);
    this.#grow(Math.abs(close) * volume);
  }

  #grow(notional: number): void {
    this.#sum += notional;
    if (this.#sum < this.#limit) return;
    this.finish(this.nowUs, 0);
    this.#sum = 0;
  }

  protected cut(atUs: number): void {
    if (this.inputs > 0) this.finish(atUs, 1);
    this.#sum = 0;
  }

  protected override save(): Record<string, number> {
    return { sum: this.#sum };
  }

  protected override load(value: (name: string) => number): void {
    this.#sum = value('sum');
  }
}
