/**
 * The spot path of one sample product, minute by minute. Only additions, multiplications, divisions, square roots and
 * integer hashes: IEEE-754 fixes every one of them, so the same seed gives the same bits on every machine. Flat world.
 *
 * Volatility is a product of ten two-valued components that switch at times from 4 minutes to about 70 days (a
 * Markov-switching multifractal), which gives clusters with long memory and fat tails. A slow mean-reverting drift makes
 * trends; a common factor and one per group make products move together.
 */
import type { SessionColumns } from '../core/session.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_HOUR, US_PER_MINUTE } from '../core/units.ts';
import type { SampleProduct } from './sample-model.ts';
import { draw32, gaussAt, mix32, streamKey, uniformAt } from './sample-random.ts';

const MINUTES_PER_DAY = 1440;
const SESSION_MINUTES = 1380;
const DAYS_PER_YEAR = 252;
/** Component k switches with probability 2^-SWITCH[k] a minute. */
const SWITCH: readonly number[] = [2, 4, 5, 7, 8, 10, 11, 13, 15, 17];
const SWING: readonly number[] = [0.4, 0.4, 0.4, 0.4, 0.4, 0.35, 0.35, 0.3, 0.3, 0.3];
/** One minute in 4096 carries news. */
const NEWS_MASK = 0xfff;

/** One trade date: rows are open minutes. Reused from day to day by its owner. */
export interface DayPath {
  length: number;
  minuteUs: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  /** Expected volume of all contracts together. */
  volume: Float64Array;
  /** Row of the hour tables. */
  hour: Int32Array;
  hourCount: number;
  hourOpenUs: Float64Array;
  hourCloseUs: Float64Array;
  /** Bounds of the day: first open, last close. */
  openUs: number;
  closeUs: number;
}

/** Sessions of one trade date: rows [start, end) of the columns. */
export interface DaySessions {
  readonly date: TradeDate;
  readonly columns: SessionColumns;
  readonly start: number;
  readonly end: number;
}

/** Groups consecutive sessions by trade date: a holiday's shortened session merges into the next business day. */
export function groupByTradeDate(columns: SessionColumns): DaySessions[] {
  const days: DaySessions[] = [];
  for (let start = 0; start < columns.length;) {
    let end = start + 1;
    while (end < columns.length && columns.tradeDate[end] === columns.tradeDate[start]) end += 1;
    days.push({ date: columns.tradeDate[start]! as TradeDate, columns, start, end });
    start = end;
  }
  return days;
}

export class SpotPath {
  readonly #product: SampleProduct;
  readonly #own: number;
  readonly #shape: number;
  readonly #volatility: number;
  readonly #daily: number;
  readonly #market: number;
  readonly #group: number;
  readonly #ownLoading: number;
  readonly #risk: Float64Array;
  readonly #activity: Float64Array;
  readonly #components: Float64Array = Float64Array.from(SWITCH, () => 1);
  readonly #dayRisk: number;
  #variance = 1;
  #price: number;
  #trend = 0;
  #slope: number;
  #turnover = 1;
  #lastCloseUs = -1;
  readonly day: DayPath = emptyDay(2 * MINUTES_PER_DAY);

  constructor(product: SampleProduct, seed: number) {
    this.#product = product;
    this.#own = streamKey(seed, `${product.root}/own`);
    this.#shape = streamKey(seed, `${product.root}/shape`);
    this.#volatility = streamKey(seed, `${product.root}/volatility`);
    this.#daily = streamKey(seed, `${product.root}/daily`);
    this.#market = streamKey(seed, 'market');
    this.#group = streamKey(seed, `group/${product.group}`);
    const { marketLoading, groupLoading } = product;
    this.#ownLoading = Math.sqrt(1 - marketLoading * marketLoading - groupLoading * groupLoading);
    this.#risk = riskProfile(product);
    this.#activity = activityProfile(product);
    this.#dayRisk = product.volatility / Math.sqrt(DAYS_PER_YEAR);
    this.#price = product.level;
    this.#slope = product.slope;
    for (let k = 0; k < SWITCH.length; k += 1) this.#redraw(k, draw32(this.#volatility, -1 - k));
    this.#variance = this.#varianceNow();
  }

  /** Slope of the term structure on the last simulated date, a year. */
  get slope(): number {
    return this.#slope;
  }

  /** Simulates one trade date into `day`. Dates must be given in order. */
  nextDay(sessions: DaySessions): DayPath {
    this.#stepDaily(sessions.date);
    const { columns, start, end } = sessions;
    const { day } = this;
    const [openUs, closeUs] = [columns.openUs[start]!, columns.closeUs[end - 1]!];
    reserve(day, Math.ceil((closeUs - openUs) / US_PER_MINUTE));
    Object.assign(day, { length: 0, hourCount: 0, openUs, closeUs });
    for (let row = start; row < end; row += 1) {
      const sessionUs = columns.openUs[row]!;
      let fromUs = sessionUs;
      for (let b = firstBreak(columns, row); columns.breakRow[b] === row; b += 1) {
        this.#simulate(sessionUs, fromUs, columns.breakStartUs[b]!);
        fromUs = columns.breakEndUs[b]!;
      }
      this.#simulate(sessionUs, fromUs, columns.closeUs[row]!);
    }
    return day;
  }

  #stepDaily(date: TradeDate): void {
    const { volatility, slope, slopeRange } = this.#product;
    // Half-lives: trend about 40 trade dates, slope 120, turnover 20. The factors are sqrt(1 - decay²).
    this.#trend = 0.983 * this.#trend + 0.18 * 0.8 * volatility * gaussAt(this.#daily, 3 * date);
    this.#slope +=
      0.0058 * (slope - this.#slope) + 0.107 * slopeRange * gaussAt(this.#daily, 3 * date + 1);
    this.#turnover += 0.035 * (1 - this.#turnover) + 0.06 * gaussAt(this.#daily, 3 * date + 2);
    this.#turnover = Math.min(2, Math.max(0.5, this.#turnover));
  }

  /** One open stretch of a session. */
  #simulate(sessionOpenUs: number, fromUs: number, toUs: number): void {
    const { day } = this;
    const first = Math.round(fromUs / US_PER_MINUTE);
    const count = Math.round((toUs - fromUs) / US_PER_MINUTE);
    const elapsed = Math.round((fromUs - sessionOpenUs) / US_PER_MINUTE);
    if (count <= 0) return;
    this.#jumpTo(fromUs, first);
    const drift = this.#driftPerMinute();
    let at = day.length;
    for (let i = 0; i < count; i += 1) {
      const slot = Math.min(elapsed + i, MINUTES_PER_DAY - 1);
      this.#minute(at, first + i, slot, drift);
      at += 1;
    }
    day.length = at;
    this.#fillHours(at - count, at);
    this.#lastCloseUs = toUs;
  }

  #minute(at: number, minute: number, slot: number, drift: number): void {
    const { day } = this;
    const { marketLoading, groupLoading } = this.#product;
    this.#switchComponents(minute);
    const scale = this.#dayRisk * this.#risk[slot]! * Math.sqrt(this.#variance);
    const z =
      marketLoading * gaussAt(this.#market, minute) +
      groupLoading * gaussAt(this.#group, minute) +
      this.#ownLoading * gaussAt(this.#own, minute);
    const shape = draw32(this.#shape, minute);
    let move = scale * z;
    if ((shape & NEWS_MASK) === 0) move += 0.25 * this.#dayRisk * gaussAt(this.#shape, ~minute);
    const before = this.#price;
    const after = before * (1 + move + drift);
    const open = before + (after - before) * 0.125 * ((shape >>> 12) & 1);
    const step = scale * before;
    const [top, bottom] = open > after ? [open, after] : [after, open];
    day.minuteUs[at] = minute * US_PER_MINUTE;
    day.open[at] = open;
    day.close[at] = after;
    day.high[at] = top + overshoot(top - bottom, step, (shape >>> 13) & 0x1ff);
    day.low[at] = bottom - overshoot(top - bottom, step, (shape >>> 22) & 0x1ff);
    day.volume[at] =
      this.#product.volume *
      this.#turnover *
      this.#activity[slot]! *
      (0.45 + 0.55 * Math.sqrt(this.#variance)) *
      (0.4 + ((mix32(shape) >>> 0) / 4_294_967_296) * 1.2);
    this.#price = after;
  }

  /** The market moves while it is closed: a little over the daily pause, more over a weekend. */
  #jumpTo(fromUs: number, minute: number): void {
    if (this.#lastCloseUs < 0) return;
    const closedHours = (fromUs - this.#lastCloseUs) / US_PER_HOUR;
    const share = 0.008 + 0.1 * Math.min(1.5, closedHours / 48);
    const { marketLoading, groupLoading } = this.#product;
    const z =
      marketLoading * gaussAt(this.#market, ~minute) +
      groupLoading * gaussAt(this.#group, ~minute) +
      this.#ownLoading * gaussAt(this.#own, ~minute);
    this.#price *= 1 + this.#dayRisk * Math.sqrt(share * this.#variance) * z;
  }

  #driftPerMinute(): number {
    const { level, premium } = this.#product;
    // A weak pull towards the starting level keeps six years of a volatile product believable.
    const pull = 0.12 * (this.#price / level - 1);
    return (premium + this.#trend + 0.7 * this.#slope - pull) / (DAYS_PER_YEAR * SESSION_MINUTES);
  }

  #switchComponents(minute: number): void {
    const bits = draw32(this.#volatility, minute);
    if ((bits & 3) !== 0) return;
    const fresh = mix32(bits + minute);
    for (let k = 0; k < SWITCH.length; k += 1) {
      if ((bits & ((1 << SWITCH[k]!) - 1)) !== 0) break;
      this.#redraw(k, fresh << k);
    }
    this.#variance = this.#varianceNow();
  }

  #redraw(k: number, bits: number): void {
    this.#components[k] = bits < 0 ? 1 + SWING[k]! : 1 - SWING[k]!;
  }

  #varianceNow(): number {
    let product = 1;
    for (let k = 0; k < SWITCH.length; k += 1) product *= this.#components[k]!;
    return product;
  }

  /** Hours stand on the clock's full hours; their bounds are those of the open part. */
  #fillHours(start: number, end: number): void {
    const { day } = this;
    for (let at = start; at < end; at += 1) {
      const us = day.minuteUs[at]!;
      const last = day.hourCount - 1;
      const hourUs = Math.floor(us / US_PER_HOUR) * US_PER_HOUR;
      if (last < 0 || day.hourOpenUs[last]! < hourUs) {
        day.hourOpenUs[day.hourCount] = us;
        day.hourCount += 1;
      }
      day.hour[at] = day.hourCount - 1;
      day.hourCloseUs[day.hourCount - 1] = us + US_PER_MINUTE;
    }
  }
}

/**
 * How far the path went beyond its ends: the maximum of a Brownian bridge, with -ln(u) replaced by a rational form that
 * is near it up to 0.95 and bounded.
 */
function overshoot(range: number, step: number, bits: number): number {
  const u = bits / 512;
  const exponential = (u * (6 - u)) / (6 - 4 * u);
  return 0.5 * (Math.sqrt(range * range + 2 * step * step * exponential) - range);
}

function firstBreak(columns: SessionColumns, row: number): number {
  let [low, high] = [0, columns.breakRow.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.breakRow[middle]! >= row) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Relative weight of a minute: quiet nights, a hump when Europe opens, a U over the busy hours. */
function profile(
  product: SampleProduct,
  levels: {
    readonly night: number;
    readonly europe: number;
    readonly middle: number;
    readonly edge: number;
  },
): Float64Array {
  const [open, close] = product.busy;
  const half = (close - open) / 2;
  return Float64Array.from({ length: MINUTES_PER_DAY }, (_, slot) => {
    if (slot < open || slot >= close)
      return slot >= 540 && slot < open ? levels.europe : levels.night;
    const u = (slot + 0.5 - open - half) / half;
    return levels.middle + levels.edge * u * u;
  });
}

/** Standard deviation of a minute's return over that of a day's; the squares of a regular day add up to 0.9. */
function riskProfile(product: SampleProduct): Float64Array {
  const weights = profile(product, { night: 0.4, europe: 0.6, middle: 0.9, edge: 0.9 });
  let sum = 0;
  for (let slot = 0; slot < SESSION_MINUTES; slot += 1) sum += weights[slot]! * weights[slot]!;
  const scale = Math.sqrt(0.9 / sum);
  return weights.map((weight) => weight * scale);
}

/** Share of a minute in the day's volume; a regular day adds up to 1. */
function activityProfile(product: SampleProduct): Float64Array {
  const weights = profile(product, { night: 0.6, europe: 1.2, middle: 0.7, edge: 1.4 });
  const [open, close] = product.busy;
  let [busy, quiet] = [0, 0];
  for (let slot = 0; slot < SESSION_MINUTES; slot += 1) {
    if (slot >= open && slot < close) busy += weights[slot]!;
    else quiet += weights[slot]!;
  }
  return weights.map((weight, slot) =>
    slot >= open && slot < close
      ? (weight / busy) * product.busyShare
      : (weight / quiet) * (1 - product.busyShare),
  );
}

/** Uniform in [0, 1) of a contract, for choices made once a contract. */
export function contractChance(seed: number, contract: string): number {
  return uniformAt(streamKey(seed, contract), 0);
}

function emptyDay(capacity: number): DayPath {
  const column = (): Float64Array => new Float64Array(capacity);
  return {
    length: 0,
    minuteUs: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    hour: new Int32Array(capacity),
    hourCount: 0,
    hourOpenUs: column(),
    hourCloseUs: column(),
    openUs: 0,
    closeUs: 0,
  };
}

function reserve(day: DayPath, rows: number): void {
  if (rows > day.minuteUs.length) Object.assign(day, emptyDay(2 * rows));
}
