/**
 * Windows over the last `length` values. Flat world: preallocated rings, one owner.
 *
 * Nothing is ever subtracted. The values are cut into blocks of `length`; a window is the tail of the last block and the
 * head of this one. Tails are summed up once, backwards, when a block is full; the head grows by one value. So each window
 * is a sum of its own values alone: two or three operations a value on average, and no error that grows with the data.
 * Both parts are sums of distances from a value of their own block, so that a constant series has exactly its own mean.
 */
import { TradingError } from '../core/errors.ts';

/**
 * Two prices nearer than this share of themselves are equal. A roll adds the gap to what is kept, and the sum is rounded: a
 * comparison to the last bit would then see moves where there were none.
 */
export const SAME_PRICE = 1e-12;

/** What an indicator keeps: it can be moved by a roll, saved and restored. */
export interface Part {
  /** Every stored price p becomes p × factor + shift. */
  rebase(shift: number, factor: number): void;
  save(): unknown;
  restore(state: unknown): void;
}

export function badState(what: string, seen: unknown): TradingError {
  return new TradingError('E_INDICATOR_STATE', `the saved state does not fit: ${what}`, {
    details: { what, seen },
    rule: 'a state is restored into an indicator of the same kind and settings',
    fix: 'make the indicator with the settings it was saved with, or start without a saved state',
  });
}

/** A number as JSON: NaN, which JSON cannot write, is null. */
export function toJsonNumber(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

export function parseSavedNumber(value: unknown, what: string): number {
  if (value === null) return NaN;
  if (typeof value !== 'number') throw badState(`${what} is not a number`, value);
  return value;
}

/** A ring in blocks: slot `filled - 1` holds the newest value, slots from `filled` on those of the block before. */
abstract class BlockWindow implements Part {
  readonly length: number;
  /** Values seen since the start. */
  count: number = 0;
  /** Values of the current block, 1 to `length` once there is one. */
  filled: number = 0;
  protected readonly ring: Float64Array;

  constructor(length: number) {
    this.length = length;
    this.ring = new Float64Array(length);
  }

  get isFull(): boolean {
    return this.count >= this.length;
  }
  /** The newest value. */
  get last(): number {
    return this.filled === 0 ? NaN : this.ring[this.filled - 1]!;
  }

  /** Recomputes head and tails from the ring, in the order in which `push` makes them, so to the same bits. */
  protected abstract rebuild(): void;

  rebase(shift: number, factor: number): void {
    const { ring } = this;
    for (let i = 0; i < ring.length; i += 1) ring[i] = ring[i]! * factor + shift;
    this.rebuild();
  }

  /** Starts over as after `count` values, the last of which are given oldest first. */
  reload(oldestFirst: Float64Array, count: number): void {
    const { length, ring } = this;
    const held = Math.min(count, length);
    this.count = count;
    this.filled = count === 0 ? 0 : ((count - 1) % length) + 1;
    for (let i = 0; i < held; i += 1)
      ring[(count - held + i) % length] = oldestFirst[oldestFirst.length - held + i]!;
    this.rebuild();
  }

  /** Writes the values, oldest first, and returns how many there are. */
  copyTo(out: Float64Array): number {
    const { length, ring } = this;
    const held = Math.min(this.count, length);
    for (let i = 0; i < held; i += 1) out[i] = ring[(this.count - held + i) % length]!;
    return held;
  }

  save(): unknown {
    return {
      count: this.count,
      values: Array.from(this.ring.subarray(0, Math.min(this.count, this.length)), toJsonNumber),
    };
  }

  restore(state: unknown): void {
    const saved = state as { count?: unknown; values?: unknown } | null;
    const values = saved?.values;
    if (!Array.isArray(values) || !Number.isSafeInteger(saved?.count))
      throw badState('no window stands there', state);
    this.count = saved!.count as number;
    if (values.length !== Math.min(this.count, this.length))
      throw badState(`a window of ${this.length} has ${values.length} values`, saved!.count);
    this.filled = this.count === 0 ? 0 : ((this.count - 1) % this.length) + 1;
    for (let i = 0; i < values.length; i += 1)
      this.ring[i] = parseSavedNumber(values[i], 'a value of the window');
    this.rebuild();
  }

  /** Whether slots from `filled` on hold values of the block before. */
  protected get hasTail(): boolean {
    return this.count > this.filled;
  }
}

/** Sum of the window, for the mean. */
export class MeanWindow extends BlockWindow {
  readonly #tail: Float64Array;
  #tailPivot: number = 0;
  #head: number = 0;
  #headPivot: number = 0;

  constructor(length: number) {
    super(length);
    this.#tail = new Float64Array(length);
  }

  push(x: number): void {
    if (this.filled === this.length) {
      this.#sumTail(0);
      this.filled = 0;
    }
    this.ring[this.filled] = x;
    if (this.filled === 0) {
      this.#headPivot = x;
      this.#head = 0;
    } else this.#head += x - this.#headPivot;
    this.filled += 1;
    this.count += 1;
  }

  /** NaN until the window is full. */
  mean(): number {
    const { length, filled } = this;
    if (this.count < length) return NaN;
    if (filled === length) return this.#headPivot + this.#head / length;
    const gap = (length - filled) * (this.#tailPivot - this.#headPivot);
    return this.#headPivot + (this.#tail[filled]! + gap + this.#head) / length;
  }

  /** Mean of the absolute distances from `centre`: a pass over the window. */
  meanDistance(centre: number): number {
    const { length, ring, filled } = this;
    if (this.count < length) return NaN;
    let sum = 0;
    for (let i = filled; i < length; i += 1) sum += Math.abs(ring[i]! - centre);
    for (let i = 0; i < filled; i += 1) sum += Math.abs(ring[i]! - centre);
    return sum / length;
  }

  #sumTail(from: number): void {
    const { length, ring } = this;
    const pivot = ring[length - 1]!;
    let sum = 0;
    for (let i = length - 1; i >= from; i -= 1) {
      sum += ring[i]! - pivot;
      this.#tail[i] = sum;
    }
    this.#tailPivot = pivot;
  }

  protected rebuild(): void {
    if (this.hasTail) this.#sumTail(this.filled);
    this.#headPivot = this.ring[0]!;
    this.#head = 0;
    for (let i = 1; i < this.filled; i += 1) this.#head += this.ring[i]! - this.#headPivot;
  }
}

/** Sum and linearly weighted sum (1 the oldest, `length` the newest): weighted mean and regression line. */
export class LineWindow extends BlockWindow {
  readonly #tail: Float64Array;
  readonly #tailWeighted: Float64Array;
  #tailPivot: number = 0;
  #head: number = 0;
  #headWeighted: number = 0;
  #headPivot: number = 0;

  constructor(length: number) {
    super(length);
    this.#tail = new Float64Array(length);
    this.#tailWeighted = new Float64Array(length);
  }

  push(x: number): void {
    if (this.filled === this.length) {
      this.#sumTail(0);
      this.filled = 0;
    }
    this.ring[this.filled] = x;
    this.filled += 1;
    this.count += 1;
    this.#addHead(x, this.filled);
  }

  #addHead(x: number, position: number): void {
    if (position === 1) {
      this.#headPivot = x;
      this.#head = 0;
      this.#headWeighted = 0;
      return;
    }
    const distance = x - this.#headPivot;
    this.#head += distance;
    this.#headWeighted += position * distance;
  }

  #sum(): number {
    const older = this.length - this.filled;
    if (older === 0) return this.#head;
    return this.#tail[this.filled]! + older * (this.#tailPivot - this.#headPivot) + this.#head;
  }

  #weightedSum(): number {
    const older = this.length - this.filled;
    if (older === 0) return this.#headWeighted;
    const gap = (this.#tailPivot - this.#headPivot) * ((older * (older + 1)) / 2);
    return this.#tailWeighted[this.filled]! + gap + this.#headWeighted + older * this.#head;
  }

  mean(): number {
    return this.count < this.length ? NaN : this.#headPivot + this.#sum() / this.length;
  }

  weightedMean(): number {
    const { length } = this;
    if (this.count < length) return NaN;
    return this.#headPivot + this.#weightedSum() / ((length * (length + 1)) / 2);
  }

  /** Slope of the least-squares line, per value; NaN until the window is full. */
  slope(): number {
    const { length } = this;
    if (this.count < length) return NaN;
    const spread = (length * (length * length - 1)) / 12;
    return (this.#weightedSum() - ((length + 1) / 2) * this.#sum()) / spread;
  }

  #sumTail(from: number): void {
    const { length, ring } = this;
    const pivot = ring[length - 1]!;
    let sum = 0;
    let weighted = 0;
    for (let i = length - 1; i >= from; i -= 1) {
      sum += ring[i]! - pivot;
      weighted += sum;
      this.#tail[i] = sum;
      this.#tailWeighted[i] = weighted;
    }
    this.#tailPivot = pivot;
  }

  protected rebuild(): void {
    if (this.hasTail) this.#sumTail(this.filled);
    for (let i = 0; i < this.filled; i += 1) this.#addHead(this.ring[i]!, i + 1);
  }
}

/**
 * Mean and sum of squared distances from it. Head and tail are each made by Welford's recurrence and joined by Chan's
 * formula (Chan, Golub, LeVeque 1979), on distances from a value of their own, so that a constant series has a deviation of exactly 0 and no level is too high.
 */
export class MomentWindow extends BlockWindow {
  readonly #tailMean: Float64Array;
  readonly #tailSquares: Float64Array;
  readonly #inverse: Float64Array;
  #tailPivot: number = 0;
  #headPivot: number = 0;
  #headMean: number = 0;
  #headSquares: number = 0;

  constructor(length: number) {
    super(length);
    this.#tailMean = new Float64Array(length);
    this.#tailSquares = new Float64Array(length);
    this.#inverse = new Float64Array(length + 1);
    for (let i = 1; i <= length; i += 1) this.#inverse[i] = 1 / i;
  }

  push(x: number): void {
    if (this.filled === this.length) {
      this.#sumTail(0);
      this.filled = 0;
    }
    this.ring[this.filled] = x;
    this.filled += 1;
    this.count += 1;
    this.#addHead(x, this.filled);
  }

  #addHead(x: number, count: number): void {
    if (count === 1) {
      this.#headPivot = x;
      // 0, unless it is no number: then it stays in the results until it leaves the window.
      this.#headMean = x - x;
      this.#headSquares = x - x;
      return;
    }
    const y = x - this.#headPivot;
    const distance = y - this.#headMean;
    this.#headMean += distance * this.#inverse[count]!;
    this.#headSquares += distance * (y - this.#headMean);
  }

  /** Mean of the head less mean of the tail. */
  #gap(): number {
    const gap = this.#headMean - this.#tailMean[this.filled]!;
    return gap + (this.#headPivot - this.#tailPivot);
  }

  mean(): number {
    const { length, filled } = this;
    if (this.count < length) return NaN;
    if (filled === length) return this.#headPivot + this.#headMean;
    const moved = this.#tailMean[filled]! + this.#gap() * filled * this.#inverse[length]!;
    return this.#tailPivot + moved;
  }

  /** Sum of squared distances from the mean; NaN until the window is full. */
  squares(): number {
    const { length, filled } = this;
    if (this.count < length) return NaN;
    if (filled === length) return this.#headSquares;
    const gap = this.#gap();
    const weight = filled * (length - filled) * this.#inverse[length]!;
    return this.#tailSquares[filled]! + this.#headSquares + gap * gap * weight;
  }

  #sumTail(from: number): void {
    const { length, ring } = this;
    const pivot = ring[length - 1]!;
    let mean = pivot - pivot;
    let squares = mean;
    this.#tailPivot = pivot;
    this.#tailMean[length - 1] = mean;
    this.#tailSquares[length - 1] = squares;
    for (let i = length - 2; i >= from; i -= 1) {
      const y = ring[i]! - pivot;
      const distance = y - mean;
      mean += distance * this.#inverse[length - i]!;
      squares += distance * (y - mean);
      this.#tailMean[i] = mean;
      this.#tailSquares[i] = squares;
    }
  }

  protected rebuild(): void {
    if (this.hasTail) this.#sumTail(this.filled);
    for (let i = 0; i < this.filled; i += 1) this.#addHead(this.ring[i]!, i + 1);
  }
}

/** Highest (sign 1) or lowest (sign -1) of the window: one comparison a value, two on average (van Herk 1992). */
export class ExtremeWindow extends BlockWindow {
  readonly #sign: 1 | -1;
  readonly #tail: Float64Array;
  #head: number = -Infinity;

  constructor(length: number, sign: 1 | -1) {
    super(length);
    this.#sign = sign;
    this.#tail = new Float64Array(length);
  }

  push(value: number): void {
    if (this.filled === this.length) {
      this.#sumTail(0);
      this.filled = 0;
    }
    const x = this.#sign * value;
    this.ring[this.filled] = x;
    if (this.filled === 0 || x > this.#head) this.#head = x;
    this.filled += 1;
    this.count += 1;
  }

  /** NaN until the window is full. */
  extreme(): number {
    const { length, filled } = this;
    if (this.count < length) return NaN;
    const head = this.#head;
    if (filled === length) return this.#sign * head;
    const tail = this.#tail[filled]!;
    return this.#sign * (tail > head ? tail : head);
  }

  override rebase(shift: number, factor: number): void {
    super.rebase(this.#sign * shift, factor);
  }

  #sumTail(from: number): void {
    const { length, ring } = this;
    let best = ring[length - 1]!;
    for (let i = length - 1; i >= from; i -= 1) {
      if (ring[i]! > best) best = ring[i]!;
      this.#tail[i] = best;
    }
  }

  protected rebuild(): void {
    if (this.hasTail) this.#sumTail(this.filled);
    this.#head = -Infinity;
    for (let i = 0; i < this.filled; i += 1)
      if (this.ring[i]! > this.#head) this.#head = this.ring[i]!;
  }
}

/** A window of which every value is read: no sums. */
export class PlainWindow extends BlockWindow {
  push(x: number): void {
    if (this.filled === this.length) this.filled = 0;
    this.ring[this.filled] = x;
    this.filled += 1;
    this.count += 1;
  }

  /** Two passes over the slots, in their order; of a full window. */
  sampleDeviation(): number {
    const { ring } = this;
    let sum = 0;
    for (let i = 0; i < ring.length; i += 1) sum += ring[i]!;
    const mean = sum / ring.length;
    let squares = 0;
    for (let i = 0; i < ring.length; i += 1) squares += (ring[i]! - mean) * (ring[i]! - mean);
    return Math.sqrt(squares / (ring.length - 1));
  }

  protected rebuild(): void {}
}

/** The window in order beside the ring: two searches by halves a value, and one move of memory. */
export class RankWindow extends BlockWindow {
  readonly #sorted: Float64Array;

  constructor(length: number) {
    super(length);
    this.#sorted = new Float64Array(length);
  }

  push(x: number): void {
    const { length } = this;
    const sorted = this.#sorted;
    if (this.filled === length) this.filled = 0;
    let held = this.count < length ? this.count : length;
    if (held === length) {
      const gone = this.#countBelow(this.ring[this.filled]!, held);
      sorted.copyWithin(gone, gone + 1, held);
      held -= 1;
    }
    const at = this.#countBelow(x, held);
    sorted.copyWithin(at + 1, at, held);
    sorted[at] = x;
    this.ring[this.filled] = x;
    this.filled += 1;
    this.count += 1;
  }

  /** Twice the values below x and once those equal to it; NaN until the window is full. */
  twiceRankOf(x: number): number {
    if (this.count < this.length) return NaN;
    const width = SAME_PRICE * Math.abs(x);
    const below = this.#countBelow(x - width, this.length);
    const above = this.#countBelow(x + width, this.length);
    // Those that are x + width to the last bit: x itself, at a price of 0.
    let upTo = above;
    while (upTo < this.length && this.#sorted[upTo]! === x + width) upTo += 1;
    return below + upTo;
  }

  /** Number of values below x among the first `held`. */
  #countBelow(x: number, held: number): number {
    let [low, high] = [0, held];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected rebuild(): void {
    const held = Math.min(this.count, this.length);
    this.#sorted.set(this.ring.slice(0, held).sort());
  }
}
