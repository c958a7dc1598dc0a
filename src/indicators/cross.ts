/** Cross-overs of two lines. */
import type { Indicator } from '../core/strategy.ts';
import { PartedIndicator } from './base.ts';
import { checkSameRows } from './check.ts';
import { Kept } from './parts.ts';

/** Anything with a value: an indicator, or a line of one, `{ get value() { return bands.upper; } }`. */
export type Line = Pick<Indicator, 'value'>;

/**
 * Whether line a crossed line b at this bar: 1 upwards, -1 downwards, 0 not. A touch is no cross: the side counts on which
 * a was last. `b` may be a number for lines that no roll moves, such as an RSI; a price level has to be a line.
 *
 * It reads the lines and does not feed them: attach it after both. Ready while both lines have values. O(1).
 */
export class CrossOver extends PartedIndicator {
  readonly #a: Line;
  readonly #b: Line;
  readonly #side: Kept;
  readonly #now: Kept;

  constructor(a: Line, b: Line | number) {
    super('cross-over', {});
    this.#a = a;
    this.#b = typeof b === 'number' ? { value: b } : b;
    this.#side = this.hold('side', new Kept(0), 'free');
    this.#now = this.hold('now', new Kept(), 'free');
  }

  update(): void {
    this.push(this.#a.value, this.#b.value);
  }

  push(a: number, b: number): void {
    if (!Number.isFinite(a - b)) return this.skip();
    this.accept();
    const last = this.#side.value;
    const side = a > b ? 1 : a < b ? -1 : last;
    this.#now.value = last === 0 || side === last ? 0 : side;
    this.#side.value = side;
    this.refresh();
  }

  protected refresh(): void {
    this.value = this.#now.value;
    this.ready = !Number.isNaN(this.value);
  }
}

/** `CrossOver` of two columns, or of a column and a number. Errors: E_INDICATOR_COLUMNS. */
export function crossOver(a: ArrayLike<number>, b: ArrayLike<number> | number): Float64Array {
  const isLevel = typeof b === 'number';
  if (!isLevel) checkSameRows(a, b);
  const cross = new CrossOver({ value: NaN }, NaN);
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i += 1) {
    cross.push(a[i]!, isLevel ? b : b[i]!);
    out[i] = cross.value;
  }
  return out;
}
