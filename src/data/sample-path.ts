/**
 * The spot path of one sample product. Only additions, multiplications, divisions, square roots and integer hashes:
 * IEEE-754 fixes every one of them, so the same seed gives the same bits on every machine. Flat world.
 *
 * The path is laid out hour by hour; where minutes are wanted, a bridge with the same ends fills the hour, so that the
 * choice of minutes moves no close. Volatility is a product of two-valued components that switch at times from 4 minutes
 * to about 90 days (a Markov-switching multifractal), which gives clusters with long memory and fat tails. A slow
 * mean-reverting drift makes trends; a common factor and one per group make products move together.
 */
import { newBarBuffer } from '../core/bars.ts';
import type { SessionColumns } from '../core/session.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_HOUR, US_PER_MINUTE } from '../core/units.ts';
import type { SampleProduct } from './sample-model.ts';
import { draw32, gaussAt, mix32, streamKey, uniformAt } from './sample-random.ts';

const MINUTES_PER_DAY = 1440;
const SESSION_MINUTES = 1380;
const DAYS_PER_YEAR = 252;
/** Component k switches with probability 2^-SWITCH[k] an hour. */
const SWITCH: readonly number[] = [1, 2, 4, 5, 7, 8, 9, 11];
/** Half the distance of its two values; the slow ones differ most, so that quiet and wild months do. */
const SWING: readonly number[] = [0.3, 0.3, 0.3, 0.35, 0.4, 0.45, 0.45, 0.45];
/** Two more live inside an hour of minutes, switching every 4 and every 16 minutes. */
const MINUTE_SWING = 0.4;
/** One hour in 64 carries news. */
const NEWS_MASK = 0x3f;
const NEWS_RISK = 0.15;

/** Rows of a path at one step. */
export interface PathColumns {
  length: number;
  openUs: Float64Array;
  closeUs: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  /** Expected volume of all contracts together. */
  volume: Float64Array;
}

/** One trade date. Reused from day to day by its owner. */
export interface DayPath {
  /** Bounds: first open, last close. */
  openUs: number;
  closeUs: number;
  /** Hours of the clock, cut to their open part. */
  readonly hours: PathColumns;
  /** Open minutes; empty on a date without minutes. */
  readonly minutes: PathColumns;
  /** Row of `hours` of each minute. */
  hourOf: Int32Array;
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
  readonly day: DayPath = {
    openUs: 0,
    closeUs: 0,
    hours: newBarBuffer(64),
    minutes: newBarBuffer(2 * MINUTES_PER_DAY),
    hourOf: new Int32Array(2 * MINUTES_PER_DAY),
  };
  readonly #product: SampleProduct;
  readonly #keys: Readonly<
    Record<'own' | 'shape' | 'volatility' | 'daily' | 'market' | 'group', number>
  >;
  readonly #ownLoading: number;
  readonly #dayRisk: number;
  readonly #risk: Float64Array;
  readonly #activity: Float64Array;
  readonly #components: Float64Array = new Float64Array(SWITCH.length);
  /** Of the minutes of the hour in hand: move, and variance of it. */
  readonly #moves: Float64Array = new Float64Array(60);
  readonly #weights: Float64Array = new Float64Array(60);
  #variance = 1;
  #price: number;
  #trend = 0;
  #slope: number;
  #turnover = 1;
  #lastCloseUs = -1;

  constructor(product: SampleProduct, seed: number) {
    const { root, marketLoading, groupLoading } = product;
    this.#product = product;
    this.#keys = {
      own: streamKey(seed, `${root}/own`),
      shape: streamKey(seed, `${root}/shape`),
      volatility: streamKey(seed, `${root}/volatility`),
      daily: streamKey(seed, `${root}/daily`),
      market: streamKey(seed, 'market'),
      group: streamKey(seed, `group/${product.group}`),
    };
    this.#ownLoading = Math.sqrt(1 - marketLoading * marketLoading - groupLoading * groupLoading);
    this.#dayRisk = product.volatility / Math.sqrt(DAYS_PER_YEAR);
    this.#risk = riskProfile(product);
    this.#activity = activityProfile(product);
    this.#price = product.level;
    this.#slope = product.slope;
    for (let k = 0; k < SWITCH.length; k += 1)
      this.#redraw(k, draw32(this.#keys.volatility, -1 - k));
    this.#variance = this.#varianceNow();
  }

  /** Slope of the term structure on the last simulated date, a year. */
  get slope(): number {
    return this.#slope;
  }

  /** Simulates one trade date into `day`. Dates must be given in order. */
  nextDay(sessions: DaySessions, hasMinutes: boolean): DayPath {
    this.#stepDaily(sessions.date);
    const { columns, start, end } = sessions;
    const { day } = this;
    day.openUs = columns.openUs[start]!;
    day.closeUs = columns.closeUs[end - 1]!;
    reserve(day, Math.ceil((day.closeUs - day.openUs) / US_PER_MINUTE));
    for (let row = start; row < end; row += 1) {
      const sessionUs = columns.openUs[row]!;
      let fromUs = sessionUs;
      for (let b = firstBreak(columns, row); columns.breakRow[b] === row; b += 1) {
        this.#stretch(sessionUs, fromUs, columns.breakStartUs[b]!, hasMinutes);
        fromUs = columns.breakEndUs[b]!;
      }
      this.#stretch(sessionUs, fromUs, columns.closeUs[row]!, hasMinutes);
    }
    return day;
  }

  #stepDaily(date: TradeDate): void {
    const { volatility, slope, slopeRange } = this.#product;
    const key = this.#keys.daily;
    // Half-lives: trend about 40 trade dates, slope 120, turnover 20. The factors are sqrt(1 - decay²).
    this.#trend = 0.983 * this.#trend + 0.18 * volatility * gaussAt(key, 3 * date);
    this.#slope += 0.0058 * (slope - this.#slope) + 0.107 * slopeRange * gaussAt(key, 3 * date + 1);
    this.#turnover += 0.035 * (1 - this.#turnover) + 0.06 * gaussAt(key, 3 * date + 2);
    this.#turnover = Math.min(2, Math.max(0.5, this.#turnover));
  }

  /** One open stretch of a session, cut at the full hours of the clock. */
  #stretch(sessionUs: number, fromUs: number, toUs: number, hasMinutes: boolean): void {
    if (toUs <= fromUs) return;
    this.#jumpTo(fromUs);
    for (let us = fromUs; us < toUs;) {
      const endUs = Math.min(toUs, (Math.floor(us / US_PER_HOUR) + 1) * US_PER_HOUR);
      this.#hour(sessionUs, us, endUs, hasMinutes);
      us = endUs;
    }
    this.#lastCloseUs = toUs;
  }

  /** The part of an hour from `us` to `endUs`. */
  #hour(sessionUs: number, us: number, endUs: number, hasMinutes: boolean): void {
    const minute = Math.round(us / US_PER_MINUTE);
    const count = Math.round((endUs - us) / US_PER_MINUTE);
    const slot = Math.round((us - sessionUs) / US_PER_MINUTE);
    this.#switchComponents(minute);
    let [risk, activity] = [0, 0];
    for (let i = 0; i < count; i += 1) {
      const at = Math.min(slot + i, MINUTES_PER_DAY - 1);
      const weight = this.#risk[at]! * this.#risk[at]!;
      this.#weights[i] = weight;
      risk += weight;
      activity += this.#activity[at]!;
    }
    const shape = draw32(this.#keys.shape, ~minute);
    const scale = this.#dayRisk * Math.sqrt(this.#variance);
    const news = (shape & NEWS_MASK) === 0 ? NEWS_RISK * this.#dayRisk * gaussAt(shape, minute) : 0;
    const quiet = scale * Math.sqrt(risk) * this.#chance(~minute) + count * this.#driftPerMinute();
    const row = this.#openHour(us, endUs);
    const before = this.#price;
    const after = before * (1 + quiet + news);
    if (hasMinutes)
      this.#bridge(row, minute, count, slot, { before, quiet, news, after, scale, shape });
    else {
      const step = scale * Math.sqrt(risk) * before;
      const volume = activity * this.#volumeRate() * (0.7 + 0.6 * (((shape >>> 6) & 0xff) / 256));
      const over = overshoot(Math.abs(after - before), step, (shape >>> 14) & 0x1ff);
      const under = overshoot(Math.abs(after - before), step, (shape >>> 23) & 0x1ff);
      const [top, bottom] = before > after ? [before, after] : [after, before];
      this.#foldHour(row, before, top + over, bottom - under, after, volume);
    }
    this.#price = after;
  }

  /** Fills an hour with minutes that start and end where the hour does. */
  #bridge(
    row: number,
    firstMinute: number,
    count: number,
    slot: number,
    hour: {
      readonly before: number;
      readonly quiet: number;
      readonly news: number;
      readonly after: number;
      readonly scale: number;
      readonly shape: number;
    },
  ): void {
    const moves = this.#moves;
    const weights = this.#weights;
    let [fast, slow] = [swingOf(hour.shape << 1), swingOf(hour.shape << 2)];
    let [sum, total] = [0, 0];
    for (let i = 0; i < count; i += 1) {
      const bits = draw32(this.#keys.volatility, ~(firstMinute + i));
      if ((bits & 3) === 0) fast = swingOf(bits);
      if ((bits & 15) === 0) slow = swingOf(bits << 1);
      const variance = weights[i]! * fast * slow;
      const move = hour.scale * Math.sqrt(variance) * this.#chance(firstMinute + i);
      weights[i] = variance;
      moves[i] = move;
      sum += move;
      total += variance;
    }
    const excess = (hour.quiet - sum) / total;
    const newsAt = (hour.shape >>> 8) % count;
    const rate = this.#volumeRate();
    let [reach, open] = [0, hour.before];
    for (let i = 0; i < count; i += 1) {
      reach += moves[i]! + excess * weights[i]! + (i === newsAt ? hour.news : 0);
      // The last minute ends exactly where the hour does, whatever the sums have rounded.
      const close = i === count - 1 ? hour.after : hour.before * (1 + reach);
      const step = hour.scale * Math.sqrt(weights[i]!) * hour.before;
      this.#minute(
        row,
        firstMinute + i,
        open,
        close,
        step,
        rate * this.#activity[Math.min(slot + i, MINUTES_PER_DAY - 1)]!,
      );
      open = close;
    }
  }

  #minute(
    row: number,
    minute: number,
    before: number,
    close: number,
    step: number,
    volume: number,
  ): void {
    const { minutes, hourOf } = this.day;
    const at = minutes.length;
    const shape = draw32(this.#keys.shape, minute);
    const open = before + (close - before) * 0.125 * ((shape >>> 12) & 1);
    const [top, bottom] = open > close ? [open, close] : [close, open];
    const high = top + overshoot(top - bottom, step, (shape >>> 13) & 0x1ff);
    const low = bottom - overshoot(top - bottom, step, (shape >>> 22) & 0x1ff);
    const expected = volume * (0.4 + (shape & 0xfff) * (1.2 / 4096));
    minutes.openUs[at] = minute * US_PER_MINUTE;
    minutes.closeUs[at] = (minute + 1) * US_PER_MINUTE;
    minutes.open[at] = open;
    minutes.high[at] = high;
    minutes.low[at] = low;
    minutes.close[at] = close;
    minutes.volume[at] = expected;
    hourOf[at] = row;
    minutes.length = at + 1;
    this.#foldHour(row, open, high, low, close, expected);
  }

  /** The row of the clock's hour; an hour that a break divides stays one row. */
  #openHour(us: number, endUs: number): number {
    const { hours } = this.day;
    const last = hours.length - 1;
    const hourUs = Math.floor(us / US_PER_HOUR) * US_PER_HOUR;
    const row = last >= 0 && hours.openUs[last]! >= hourUs ? last : hours.length;
    if (row > last) {
      hours.openUs[row] = us;
      hours.volume[row] = 0;
      hours.length = row + 1;
    }
    hours.closeUs[row] = endUs;
    return row;
  }

  #foldHour(
    row: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    const { hours } = this.day;
    const isFirst = hours.volume[row] === 0;
    if (isFirst) hours.open[row] = open;
    hours.high[row] = isFirst ? high : Math.max(hours.high[row]!, high);
    hours.low[row] = isFirst ? low : Math.min(hours.low[row]!, low);
    hours.close[row] = close;
    hours.volume[row] = hours.volume[row]! + volume;
  }

  /** The market moves while it is closed: a little over the daily pause, more over a weekend. */
  #jumpTo(fromUs: number): void {
    if (this.#lastCloseUs < 0) return;
    const closedHours = (fromUs - this.#lastCloseUs) / US_PER_HOUR;
    const share = 0.008 + 0.1 * Math.min(1.5, closedHours / 48);
    const z = this.#chance(Math.round(this.#lastCloseUs / US_PER_MINUTE) + 0x4000_0000);
    this.#price *= 1 + this.#dayRisk * Math.sqrt(share * this.#variance) * z;
  }

  /** One draw of variance 1 with the product's loadings on the common factors. */
  #chance(index: number): number {
    const { marketLoading, groupLoading } = this.#product;
    return (
      marketLoading * gaussAt(this.#keys.market, index) +
      groupLoading * gaussAt(this.#keys.group, index) +
      this.#ownLoading * gaussAt(this.#keys.own, index)
    );
  }

  #driftPerMinute(): number {
    const { level, premium } = this.#product;
    // A weak pull towards the starting level keeps six years of a volatile product believable.
    const pull = 0.12 * (this.#price / level - 1);
    return (premium + this.#trend + 0.7 * this.#slope - pull) / (DAYS_PER_YEAR * SESSION_MINUTES);
  }

  /** Expected volume of a whole day at the present pace: lively markets trade more. */
  #volumeRate(): number {
    return this.#product.volume * this.#turnover * (0.45 + 0.55 * Math.sqrt(this.#variance));
  }

  #switchComponents(index: number): void {
    const bits = draw32(this.#keys.volatility, index);
    const fresh = mix32(bits + index);
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
}

function swingOf(bits: number): number {
  return bits < 0 ? 1 + MINUTE_SWING : 1 - MINUTE_SWING;
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

/** Empties the day and makes room for a span of minutes. */
function reserve(day: DayPath, minutes: number): void {
  day.hours.length = 0;
  day.minutes.length = 0;
  if (minutes > day.hourOf.length) {
    Object.assign(day.minutes, newBarBuffer(2 * minutes));
    day.hourOf = new Int32Array(2 * minutes);
  }
  if (minutes / 60 + 2 > day.hours.openUs.length)
    Object.assign(day.hours, newBarBuffer(Math.ceil(minutes / 30)));
}
