/** Renko bricks. */
import type { EventBarOptions } from './event-bars.ts';
import { EventBarBuilder } from './event-bars.ts';
import { TS_MAX } from '../units.ts';
import { checkBarKind } from './kinds.ts';
import { toNumber } from './state.ts';

export interface RenkoOptions extends EventBarOptions {
  /** Height of a brick, in counts of the grid. */
  readonly counts: number;
  /**
   * Heights that the price must go back from the last brick's close for a brick the other way. 2 (the default): the new brick
   * begins where the last one began; 1: it begins where the last one ended.
   */
  readonly reversal?: number;
  /** `true` (the default): the side of a brick away from its close reaches to the farthest price traded while it formed. */
  readonly wicks?: boolean;
  /** `grid` (the default): bricks stand on multiples of their height, wherever the data begin; `first`: on the first price. */
  readonly base?: 'grid' | 'first';
  /** `continue` (the default): a brick may form over several sessions; `restart`: each session begins anew. */
  readonly sessions?: 'continue' | 'restart';
}

/**
 * Bricks of a fixed height, from trades or, by their closes alone, from smaller bars. A price that goes through several
 * bricks makes them all, at one time: the first has the volume and the wick, the others none.
 * Errors: E_BAR_KIND; E_BAR_SOURCE for a jump over more bricks than a market makes.
 */
export class RenkoBuilder extends EventBarBuilder {
  readonly #height: number;
  readonly #reversal: number;
  readonly #hasWicks: boolean;
  readonly #isOnGrid: boolean;
  readonly #isRestarted: boolean;
  /** Close of the last brick, or the base; NaN before the first price. */
  #level: number = NaN;
  /** Of the last brick: 1 up, -1 down, 0 before the first. */
  #direction: number = 0;
  /** Prices since the last brick, the one that ended it among them. */
  #wickHigh: number = -Infinity;
  #wickLow: number = Infinity;

  constructor(options: RenkoOptions) {
    const { counts } = checkBarKind({ kind: 'renko', counts: options.counts });
    const { reversal = 2, wicks = true, base = 'grid', sessions = 'continue' } = options;
    checkBarKind({ kind: 'renko', counts: reversal });
    super(`renko-${counts} ${reversal} ${wicks} ${base} ${sessions}`, options);
    this.#height = counts;
    this.#reversal = reversal;
    this.#hasWicks = wicks;
    this.#isOnGrid = base === 'grid';
    this.#isRestarted = sessions === 'restart';
    this.begin(options.state);
  }

  protected apply(price: number, qty: number): void {
    this.add(price, qty);
    this.#lay(price);
  }

  protected applyBar(
    openUs: number,
    _high: number,
    _low: number,
    close: number,
    volume: number,
  ): void {
    const isFirst = this.inputs === 0;
    this.add(close, volume);
    if (isFirst) this.openUs = openUs;
    this.#lay(close);
  }

  /** No time ends a brick. */
  override get dueUs(): number {
    return TS_MAX;
  }

  /** Lays the bricks that a price completes. */
  #lay(price: number): void {
    const height = this.#height;
    if (price > this.#wickHigh) this.#wickHigh = price;
    if (price < this.#wickLow) this.#wickLow = price;
    if (Number.isNaN(this.#level))
      this.#level = this.#isOnGrid ? Math.floor(price / height) * height : price;
    const isUp = price >= this.#level + height * (this.#direction < 0 ? this.#reversal : 1);
    const isDown = price <= this.#level - height * (this.#direction > 0 ? this.#reversal : 1);
    if (!isUp && !isDown) return;
    this.checkCount(Math.abs(price - this.#level) / height, price, this.volume);
    const side = isUp ? 1 : -1;
    let end = this.#level + side * height * (this.#direction === -side ? this.#reversal : 1);
    for (; side * (price - end) >= 0; end += side * height) this.#brick(end, side);
    this.#direction = side;
    this.#wickHigh = price;
    this.#wickLow = price;
  }

  #brick(end: number, side: 1 | -1): void {
    const start = end - side * this.#height;
    const isWicked = this.#hasWicks;
    const low = side < 0 ? end : isWicked ? Math.min(start, this.#wickLow) : start;
    const high = side > 0 ? end : isWicked ? Math.max(start, this.#wickHigh) : start;
    const { openUs, nowUs, volume, inputs } = this;
    this.emit(openUs, nowUs, start, high, low, end, volume, inputs, 0);
    this.#level = end;
    this.#wickHigh = -Infinity;
    this.#wickLow = Infinity;
    this.openUs = nowUs;
    this.volume = 0;
    this.inputs = 0;
  }

  protected cut(): void {
    if (!this.#isRestarted) return;
    if (this.inputs > 0 && this.volume > 0) this.counts.abandonedVolume += this.volume;
    this.inputs = 0;
    this.volume = 0;
    this.#level = NaN;
    this.#direction = 0;
    this.#wickHigh = -Infinity;
    this.#wickLow = Infinity;
  }

  protected override save(): Record<string, number | null> {
    return {
      level: toNumber(this.#level),
      direction: this.#direction,
      wickHigh: toNumber(this.#wickHigh),
      wickLow: toNumber(this.#wickLow),
    };
  }

  protected override load(value: (name: string, none?: number) => number): void {
    this.#level = value('level', NaN);
    this.#direction = value('direction');
    this.#wickHigh = value('wickHigh', -Infinity);
    this.#wickLow = value('wickLow', Infinity);
  }
}
