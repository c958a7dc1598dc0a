/** Indicators that weigh by volume. A bar of unknown volume (NaN) is left out; they never guess it. */
import { TradingError } from '../core/errors.ts';
import type { BarView } from '../core/strategy.ts';
import type { TsUs } from '../core/units.ts';
import { PartedIndicator, readSource, tradeDateOf } from './base.ts';
import type { HighLowVolume, SessionOf, SessionVolumeBars } from './base.ts';
import { checkChoice, checkPositive, checkShare, rowsOf } from './check.ts';
import { CompensatedSum, Kept } from './parts.ts';
import { badState, parseSavedNumber, toJsonNumber, SAME_PRICE } from './windows.ts';
import type { Part } from './windows.ts';

/**
 * On-balance volume, in contracts: up with the volume of a bar that closes higher than the one before, down with that of a
 * lower one. 0 at the first bar: only its changes mean anything. Ready from bar 1. O(1).
 */
export class Obv extends PartedIndicator {
  readonly #sum: CompensatedSum;
  readonly #previousClose: Kept;

  constructor() {
    super('obv', {});
    this.#sum = this.hold('sum', new CompensatedSum(), 'free');
    this.#previousClose = this.hold('previousClose', new Kept(), 'level');
  }

  update(bar: BarView): void {
    this.push(bar.close, bar.volume);
  }

  push(close: number, volume: number): void {
    if (!Number.isFinite(close + volume)) return this.skip();
    this.accept();
    const previous = this.#previousClose.value;
    this.#previousClose.value = close;
    const least = SAME_PRICE * Math.abs(close);
    if (close - previous > least) this.#sum.add(volume);
    else if (previous - close > least) this.#sum.add(-volume);
    this.refresh();
  }

  protected refresh(): void {
    this.ready = !Number.isNaN(this.#previousClose.value);
    this.value = this.ready ? this.#sum.value : NaN;
  }
}

/** `Obv` of columns. Errors: E_INDICATOR_COLUMNS. */
export function obv(bars: Pick<HighLowVolume, 'length' | 'close' | 'volume'>): Float64Array {
  const out = new Float64Array(rowsOf(bars, ['close', 'volume']));
  const balance = new Obv();
  for (let i = 0; i < out.length; i += 1) {
    balance.push(bars.close[i]!, bars.volume[i]!);
    out[i] = balance.value;
  }
  return out;
}

/**
 * Sums of volume × distance from the first traded price, compensated: as exact after a million bars as after ten. Squares are
 * taken from the mean as it moves (West 1979), so that one price, however far from the first, has no deviation.
 */
class VwapSums implements Part {
  #pivot: number = NaN;
  readonly #volume: CompensatedSum = new CompensatedSum();
  readonly #moved: CompensatedSum = new CompensatedSum();
  readonly #squares: CompensatedSum = new CompensatedSum();

  get #isEmpty(): boolean {
    return this.#volume.value === 0;
  }

  clear(): void {
    this.#pivot = NaN;
    this.#volume.clear();
    this.#moved.clear();
    this.#squares.clear();
  }

  add(price: number, volume: number): void {
    if (!(volume > 0)) return;
    if (Number.isNaN(this.#pivot)) this.#pivot = price;
    const distance = price - this.#pivot;
    const before = this.#isEmpty ? distance : this.#moved.value / this.#volume.value;
    this.#volume.add(volume);
    this.#moved.add(volume * distance);
    const after = this.#moved.value / this.#volume.value;
    this.#squares.add(volume * (distance - before) * (distance - after));
  }

  /** NaN while no volume was seen. */
  mean(): number {
    return this.#pivot + this.#moved.value / this.#volume.value;
  }

  deviation(): number {
    const variance = this.#squares.value / this.#volume.value;
    // What rounding leaves below zero is zero; NaN stays.
    return variance <= 0 ? 0 : Math.sqrt(variance);
  }

  rebase(shift: number, factor: number): void {
    this.#pivot = this.#pivot * factor + shift;
    this.#moved.rebase(0, factor);
    this.#squares.rebase(0, factor * factor);
  }

  save(): unknown {
    return [
      toJsonNumber(this.#pivot),
      this.#volume.save(),
      this.#moved.save(),
      this.#squares.save(),
    ];
  }

  restore(state: unknown): void {
    if (!Array.isArray(state) || state.length !== 4) throw badState('no sums stand there', state);
    this.#pivot = parseSavedNumber(state[0], 'pivot');
    this.#volume.restore(state[1]);
    this.#moved.restore(state[2]);
    this.#squares.restore(state[3]);
  }
}

/** Price that a bar's volume is counted at: bars do not say where inside it was traded. */
export type VwapPrice = 'hlc3' | 'close' | 'ohlc4' | 'hl2';
const VWAP_PRICES: readonly VwapPrice[] = ['hlc3', 'close', 'ohlc4', 'hl2'];

export interface SessionVwapOptions {
  /** Default `hlc3`. */
  readonly price?: VwapPrice;
  /** Label of a bar's session: a new one starts again. Default the trade date; NaN leaves the bar out. */
  readonly sessionOf?: SessionOf;
}

/**
 * Volume-weighted average price since the start of the session; `deviation` is the volume-weighted standard deviation of
 * prices around it. Ready from the first volume of a session. O(1).
 */
export class SessionVwap extends PartedIndicator {
  deviation: number = NaN;
  readonly #price: VwapPrice;
  readonly #sessionOf: SessionOf;
  readonly #sums: VwapSums;
  readonly #session: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: SessionVwapOptions = {}) {
    const price = checkChoice('price', options.price ?? 'hlc3', VWAP_PRICES);
    super('session-vwap', { price });
    this.#price = price;
    this.#sessionOf = options.sessionOf ?? tradeDateOf;
    this.#sums = this.hold('sums', new VwapSums(), 'level');
    this.#session = this.hold('session', new Kept(), 'free');
  }

  update(bar: BarView): void {
    this.push(readSource(bar, this.#price), bar.volume, this.#sessionOf(bar));
  }

  push(price: number, volume: number, session: number): void {
    if (!Number.isFinite(price + volume + session)) return this.skip();
    this.accept();
    if (session !== this.#session.value) {
      this.#session.value = session;
      this.#sums.clear();
    }
    this.#sums.add(price, volume);
    this.refresh();
  }

  protected refresh(): void {
    this.value = this.#sums.mean();
    this.deviation = this.#sums.deviation();
    this.ready = !Number.isNaN(this.value);
  }

  protected override blank(): void {
    this.value = this.deviation = NaN;
  }
}

export interface VwapColumns {
  readonly value: Float64Array;
  readonly deviation: Float64Array;
}

type VwapBars = HighLowVolume & { readonly open?: ArrayLike<number> };

function priceAt(bars: VwapBars, row: number, price: VwapPrice): number {
  const [high, low, close] = [bars.high[row]!, bars.low[row]!, bars.close[row]!];
  switch (price) {
    case 'hlc3':
      return (high + low + close) / 3;
    case 'close':
      return close;
    case 'hl2':
      return (high + low) / 2;
    case 'ohlc4':
      return (bars.open![row]! + high + low + close) / 4;
  }
}

function columnsOf(price: VwapPrice): string[] {
  const names = ['high', 'low', 'close', 'volume'];
  return price === 'ohlc4' ? ['open', ...names] : names;
}

/** `SessionVwap` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function sessionVwap(
  bars: SessionVolumeBars & { readonly open?: ArrayLike<number> },
  options: Pick<SessionVwapOptions, 'price'> = {},
): VwapColumns {
  const price = options.price ?? 'hlc3';
  const average = new SessionVwap(options);
  const rows = rowsOf(bars, [...columnsOf(price), 'session']);
  const value = new Float64Array(rows);
  const deviation = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    average.push(priceAt(bars, i, price), bars.volume[i]!, bars.session[i]!);
    value[i] = average.value;
    deviation[i] = average.deviation;
  }
  return { value, deviation };
}

export interface AnchoredVwapOptions {
  /** Bars that open before it are left out; default none. */
  readonly fromUs?: TsUs;
  /** Default `hlc3`. */
  readonly price?: VwapPrice;
}

/**
 * Volume-weighted average price since an anchor: a moment, or the last call of `anchor()`. It runs over as many bars as
 * there are, rolls included, without drift. Ready from the first volume after the anchor. O(1).
 */
export class AnchoredVwap extends PartedIndicator {
  deviation: number = NaN;
  readonly #price: VwapPrice;
  readonly #fromUs: number;
  readonly #sums: VwapSums;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: AnchoredVwapOptions = {}) {
    const price = checkChoice('price', options.price ?? 'hlc3', VWAP_PRICES);
    const fromUs = options.fromUs ?? -Infinity;
    super('anchored-vwap', { price, fromUs: String(fromUs) });
    this.#price = price;
    this.#fromUs = fromUs;
    this.#sums = this.hold('sums', new VwapSums(), 'level');
  }

  /** Starts again: the next bar is the first one. */
  anchor(): void {
    this.#sums.clear();
    this.refresh();
  }

  update(bar: BarView): void {
    if (bar.openUs < this.#fromUs) return this.skip();
    this.push(readSource(bar, this.#price), bar.volume);
  }

  push(price: number, volume: number): void {
    if (!Number.isFinite(price + volume)) return this.skip();
    this.accept();
    this.#sums.add(price, volume);
    this.refresh();
  }

  protected refresh(): void {
    this.value = this.#sums.mean();
    this.deviation = this.#sums.deviation();
    this.ready = !Number.isNaN(this.value);
  }

  protected override blank(): void {
    this.value = this.deviation = NaN;
  }
}

/** `AnchoredVwap` of columns, from row `fromRow` on (default 0). Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function anchoredVwap(
  bars: VwapBars,
  options: { readonly fromRow?: number; readonly price?: VwapPrice } = {},
): VwapColumns {
  const price = options.price ?? 'hlc3';
  const average = new AnchoredVwap({ price });
  const rows = rowsOf(bars, columnsOf(price));
  const value = new Float64Array(rows).fill(NaN);
  const deviation = new Float64Array(rows).fill(NaN);
  for (let i = options.fromRow ?? 0; i < rows; i += 1) {
    average.push(priceAt(bars, i, price), bars.volume[i]!);
    value[i] = average.value;
    deviation[i] = average.deviation;
  }
  return { value, deviation };
}

/** Rows of a profile at most: a row size far below the tick would take all memory. */
const ROWS_MAX = 1_000_000;

/** Volume by price row; row k holds the prices nearest to origin + k × size. */
class VolumeRows implements Part {
  readonly #plainSize: number;
  #size: number;
  #origin: number = 0;
  /** Row of slot 0. */
  #first: number = 0;
  #volumes: Float64Array = new Float64Array(0);
  #total: number = 0;
  /** Slot of the largest volume, the lowest of equals; -1 for none. */
  #best: number = -1;

  constructor(size: number) {
    this.#plainSize = size;
    this.#size = size;
  }

  /** Rows stand at multiples of the size again, whatever rolls there were. */
  clear(): void {
    this.#size = this.#plainSize;
    this.#origin = 0;
    this.#volumes = new Float64Array(0);
    this.#total = 0;
    this.#best = -1;
  }

  /** Spreads the volume evenly over the rows from low to high. */
  add(low: number, high: number, volume: number): void {
    if (!(volume > 0)) return;
    const from = Math.round((low - this.#origin) / this.#size);
    const to = Math.round((high - this.#origin) / this.#size);
    this.#reach(from, to);
    const share = volume / (to - from + 1);
    for (let slot = from - this.#first; slot <= to - this.#first; slot += 1) {
      const now = this.#volumes[slot]! + share;
      this.#volumes[slot] = now;
      const best = this.#best < 0 ? 0 : this.#volumes[this.#best]!;
      if (now > best || (now === best && slot < this.#best)) this.#best = slot;
    }
    this.#total += volume;
  }

  /** Grows the rows to hold both ends, with room to spare on the side that grew. */
  #reach(from: number, to: number): void {
    const held = this.#volumes.length;
    const [start, end] =
      held === 0 ? [from, to] : [Math.min(from, this.#first), Math.max(to, this.#first + held - 1)];
    if (held > 0 && start === this.#first && end === this.#first + held - 1) return;
    const rows = end - start + 1;
    if (!(rows <= ROWS_MAX)) {
      throw new TradingError('E_INDICATOR_PARAM', `\`rowSize\` ${this.#size} makes ${rows} rows`, {
        details: { name: 'rowSize', value: this.#size, rows },
        rule: `a profile has at most ${ROWS_MAX} rows`,
        fix: 'give the rows the size of a tick, or of several ticks',
      });
    }
    const spare = Math.min(rows, ROWS_MAX - rows);
    const first = held > 0 && start < this.#first ? start - spare : start;
    const grown = new Float64Array(rows + spare);
    grown.set(this.#volumes, held === 0 ? 0 : this.#first - first);
    if (this.#best >= 0) this.#best += this.#first - first;
    this.#volumes = grown;
    this.#first = first;
  }

  get isEmpty(): boolean {
    return this.#best < 0;
  }

  /** Price of the row with the most volume. */
  pointOfControl(): number {
    return this.#best < 0 ? NaN : this.#priceOf(this.#best);
  }

  #priceOf(slot: number): number {
    return this.#origin + (this.#first + slot) * this.#size;
  }

  /** Lowest and highest price of the rows that hold `share` of the volume around the point of control. */
  area(share: number): readonly [number, number] {
    if (this.#best < 0) return [NaN, NaN];
    const volumes = this.#volumes;
    const wanted = share * this.#total;
    let [low, high] = [this.#best, this.#best];
    let sum = volumes[this.#best]!;
    while (sum < wanted && (low > 0 || high < volumes.length - 1)) {
      const below = low > 0 ? volumes[low - 1]! : -1;
      const above = high < volumes.length - 1 ? volumes[high + 1]! : -1;
      if (above >= below) {
        high += 1;
        sum += above;
      } else {
        low -= 1;
        sum += below;
      }
    }
    // Empty rows at the ends, met while looking for the rest, are not part of it.
    while (high > this.#best && volumes[high] === 0) high -= 1;
    while (low < this.#best && volumes[low] === 0) low += 1;
    return [this.#priceOf(low), this.#priceOf(high)];
  }

  /** Volume by row, from the lowest with volume to the highest. */
  rows(): { readonly price: number; readonly volume: number }[] {
    return Array.from(this.#volumes, (volume, slot) => ({
      price: this.#priceOf(slot),
      volume,
    })).filter(({ volume }) => volume > 0);
  }

  rebase(shift: number, factor: number): void {
    this.#origin = this.#origin * factor + shift;
    this.#size *= factor;
  }

  save(): unknown {
    return {
      size: this.#size,
      origin: this.#origin,
      first: this.#first,
      volumes: [...this.#volumes],
      total: this.#total,
      best: this.#best,
    };
  }

  restore(state: unknown): void {
    const saved = state as Record<string, unknown> | null;
    if (saved === null || typeof saved !== 'object' || !Array.isArray(saved['volumes']))
      throw badState('no profile stands there', state);
    const number = (name: string): number => parseSavedNumber(saved[name], name);
    this.#size = number('size');
    this.#origin = number('origin');
    this.#first = number('first');
    this.#volumes = Float64Array.from(saved['volumes'] as number[]);
    this.#total = number('total');
    this.#best = number('best');
  }
}

export type ProfileSpread = 'range' | 'close';

export interface VolumeProfileOptions {
  /** Height of a row as a decimal price: a tick, or several. A price belongs to the nearest multiple of it. */
  readonly rowSize: number;
  /** Share of the volume in the value area; default 0.7. */
  readonly valueArea?: number;
  /** Where a bar's volume lies: evenly over its `range` (default), or all at its `close`. An assumption: bars do not say. */
  readonly spread?: ProfileSpread;
  /** Label of a bar's session: a new one starts again. Default the trade date; NaN leaves the bar out. */
  readonly sessionOf?: SessionOf;
}

/**
 * Volume by price since the start of the session. `value`: point of control, the row with the most volume, the lower of
 * equals. `areaHigh`, `areaLow`: the rows around it that hold `valueArea` of the volume, made by taking the larger neighbour
 * again and again, the upper of equals. Ready from the first volume of a session. O(rows of the bar and of the area).
 */
export class VolumeProfile extends PartedIndicator {
  areaHigh: number = NaN;
  areaLow: number = NaN;
  readonly #share: number;
  readonly #isSpread: boolean;
  readonly #sessionOf: SessionOf;
  readonly #rows: VolumeRows;
  readonly #session: Kept;

  /** Errors: E_INDICATOR_PARAM. */
  constructor(options: VolumeProfileOptions) {
    const rowSize = checkPositive('rowSize', options.rowSize);
    const valueArea = checkShare('valueArea', options.valueArea ?? 0.7);
    const spread = checkChoice('spread', options.spread ?? 'range', ['range', 'close']);
    super('volume-profile', { rowSize, valueArea, spread });
    this.#share = valueArea;
    this.#isSpread = spread === 'range';
    this.#sessionOf = options.sessionOf ?? tradeDateOf;
    this.#rows = this.hold('rows', new VolumeRows(rowSize), 'level');
    this.#session = this.hold('session', new Kept(), 'free');
  }

  update(bar: BarView): void {
    this.push(bar.high, bar.low, bar.close, bar.volume, this.#sessionOf(bar));
  }

  push(high: number, low: number, close: number, volume: number, session: number): void {
    if (!Number.isFinite(high + low + close + volume + session)) return this.skip();
    this.accept();
    if (session !== this.#session.value) {
      this.#session.value = session;
      this.#rows.clear();
    }
    if (this.#isSpread) this.#rows.add(low, high, volume);
    else this.#rows.add(close, close, volume);
    this.refresh();
  }

  /** Volume of each row that has any, lowest price first. */
  rows(): readonly { readonly price: number; readonly volume: number }[] {
    return this.#rows.rows();
  }

  protected refresh(): void {
    this.value = this.#rows.pointOfControl();
    [this.areaLow, this.areaHigh] = this.#rows.area(this.#share);
    this.ready = !this.#rows.isEmpty;
  }

  protected override blank(): void {
    this.value = this.areaHigh = this.areaLow = NaN;
  }
}

export interface ProfileColumns {
  /** Point of control. */
  readonly value: Float64Array;
  readonly areaHigh: Float64Array;
  readonly areaLow: Float64Array;
}

/** `VolumeProfile` of columns. Errors: E_INDICATOR_PARAM, E_INDICATOR_COLUMNS. */
export function volumeProfile(
  bars: SessionVolumeBars,
  options: Omit<VolumeProfileOptions, 'sessionOf'>,
): ProfileColumns {
  const rows = rowsOf(bars, ['high', 'low', 'close', 'volume', 'session']);
  const profile = new VolumeProfile(options);
  const value = new Float64Array(rows);
  const areaHigh = new Float64Array(rows);
  const areaLow = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    profile.push(bars.high[i]!, bars.low[i]!, bars.close[i]!, bars.volume[i]!, bars.session[i]!);
    value[i] = profile.value;
    areaHigh[i] = profile.areaHigh;
    areaLow[i] = profile.areaLow;
  }
  return { value, areaHigh, areaLow };
}
