/**
 * How long messages take. Three legs: `feed` from the exchange to the strategy, `entry` from the strategy to the exchange,
 * `response` back; the last two apart for new orders, changes and cancels. Every delay is a whole number of microseconds and
 * a pure function of the message, so that neither the size of batches nor another order shifts it.
 */
import { TradingError } from '../../core/errors.ts';
import type { RandomSource } from '../../core/ports.ts';
import { hashText } from '../bar-options.ts';

/**
 * One leg, in milliseconds: a constant; a distribution by its quantiles, evenly spaced from the least to the greatest, of
 * which every message draws one with linear steps between them; or, for orders, a multiple of the feed's delay of that moment.
 */
export type LegSpec =
  | number
  | { readonly quantiles: readonly number[] }
  | { readonly timesFeed: number };

/** Legs by kind of message; `new` stands in for what is not given. */
export interface OrderLegsSpec {
  readonly new: LegSpec;
  readonly modify?: LegSpec;
  readonly cancel?: LegSpec;
}

export interface LatencySpec {
  /** Default 0. */
  readonly feed?: Exclude<LegSpec, { readonly timesFeed: number }>;
  /** Default: as measured, or 0. */
  readonly entry?: LegSpec | OrderLegsSpec;
  readonly response?: LegSpec | OrderLegsSpec;
  /**
   * From the broker's own desk to the exchange: what it sends to close a position on a margin call, before a delivery or on a
   * breach of its programme. It does not come over the strategy's connection. Default 0.
   */
  readonly broker?: Exclude<LegSpec, { readonly timesFeed: number }>;
  /**
   * Measured orders in microseconds of one clock, in order of time: sent, at the exchange, answered. Delays between two of
   * them are interpolated; before the first and after the last they are those of that one.
   */
  readonly measured?: readonly (readonly [sent: number, exchange: number, answered: number])[];
}

/** What a message is about. A fill counts as `new`. */
export type MessageKind = 'new' | 'modify' | 'cancel';

const KINDS: readonly MessageKind[] = ['new', 'modify', 'cancel'];
const STREAM = { feed: 71, entry: 72, response: 73, broker: 74 } as const;
type OrderLeg = 'entry' | 'response';

function optionError(option: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_SIM_OPTION', `latency.${option} is ${JSON.stringify(value)}`, {
    details: { option: `latency.${option}` },
    rule,
    fix: `give latency.${option} in milliseconds, such as 5 or { quantiles: [2, 4, 30] }`,
  });
}

/** A delay in milliseconds that may be: no longer than a day, so that nothing is lost for ever. */
function isDelay(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 86_400_000;
}

function checkLeg(option: string, leg: LegSpec, mayFollowFeed: boolean): void {
  if (typeof leg === 'number') {
    if (!isDelay(leg)) throw optionError(option, leg, 'a delay from 0 to a day');
  } else if ('quantiles' in leg) {
    const { quantiles } = leg;
    const isSorted = quantiles.every((value, i) => isDelay(value) && !(value < quantiles[i - 1]!));
    if (quantiles.length < 2 || !isSorted)
      throw optionError(option, leg, 'two or more delays, in order');
  } else if (!mayFollowFeed || !(leg.timesFeed >= 0 && leg.timesFeed <= 1000)) {
    throw optionError(option, leg, 'a multiple of the delay of the feed, from 0 to 1000');
  }
}

function checkMeasured(rows: NonNullable<LatencySpec['measured']>): void {
  rows.forEach(([sent, exchange, answered], i) => {
    const isRow = Number.isFinite(sent) && sent <= exchange && exchange <= answered;
    if (isRow && !(i > 0 && sent < rows[i - 1]![0])) return;
    throw optionError(
      `measured[${i}]`,
      rows[i],
      'sent, at the exchange, answered; rows in order of time',
    );
  });
  if (rows.length === 0) throw optionError('measured', rows, 'at least one measured order');
}

function legsOf(spec: LegSpec | OrderLegsSpec): readonly LegSpec[] {
  if (typeof spec === 'number' || !('new' in spec)) return [spec, spec, spec];
  return KINDS.map((kind) => spec[kind] ?? spec.new);
}

/** The delays of one run. */
export class LatencyModel {
  readonly #random: RandomSource;
  readonly #feed: LegSpec;
  readonly #broker: LegSpec;
  readonly #legs: Readonly<Record<OrderLeg, readonly LegSpec[] | null>>;
  readonly #measured: LatencySpec['measured'];
  /** Delay of the last event that the feed sent. */
  #feedUs: number = 0;

  /** Errors: E_SIM_OPTION. */
  constructor(spec: LatencySpec, random: RandomSource) {
    this.#random = random;
    this.#feed = spec.feed ?? 0;
    checkLeg('feed', this.#feed, false);
    this.#broker = spec.broker ?? 0;
    checkLeg('broker', this.#broker, false);
    if (spec.measured !== undefined) checkMeasured(spec.measured);
    this.#measured = spec.measured;
    const legs = { entry: null, response: null } as Record<OrderLeg, readonly LegSpec[] | null>;
    for (const leg of ['entry', 'response'] as const) {
      const given = spec[leg];
      if (given === undefined && spec.measured !== undefined) continue;
      legs[leg] = legsOf(given ?? 0);
      for (const each of legs[leg]) checkLeg(leg, each, true);
    }
    this.#legs = legs;
    if (typeof this.#feed === 'number') this.#feedUs = Math.floor(this.#feed * 1000);
  }

  /** Nothing takes any time: legal, and to be said of the run. */
  get isZero(): boolean {
    const legs = [this.#feed, ...(this.#legs.entry ?? [1]), ...(this.#legs.response ?? [1])];
    return legs.every(
      (leg) => leg === 0 || (typeof leg === 'object' && 'timesFeed' in leg && this.#feed === 0),
    );
  }

  /** Delay of a market event, in µs; `seq` tells events of one time apart. */
  feedUs(tsUs: number, seq: number): number {
    if (typeof this.#feed !== 'number')
      this.#feedUs = this.#draw(this.#feed, STREAM.feed, tsUs, seq, 0);
    return this.#feedUs;
  }

  /** Delay of a message of the broker itself, in µs. */
  brokerUs(clOrdId: string, tsUs: number): number {
    return this.#draw(this.#broker, STREAM.broker, hashText(clOrdId), tsUs, 0);
  }

  /** Delay of a message about an order, in µs, that leaves at `tsUs`. */
  orderUs(leg: OrderLeg, kind: MessageKind, clOrdId: string, tsUs: number): number {
    const legs = this.#legs[leg];
    if (legs === null) return this.#interpolate(leg, tsUs);
    const at = KINDS.indexOf(kind);
    const spec = legs[at]!;
    if (typeof spec === 'number') return Math.floor(spec * 1000);
    return this.#draw(spec, STREAM[leg], hashText(clOrdId), tsUs, at);
  }

  #draw(spec: LegSpec, stream: number, a: number, b: number, c: number): number {
    if (typeof spec === 'number') return Math.floor(spec * 1000);
    if ('timesFeed' in spec) return Math.floor(spec.timesFeed * this.#feedUs);
    const { quantiles } = spec;
    const at = this.#random.uniform(stream, a, b, c) * (quantiles.length - 1);
    const low = Math.floor(at);
    const from = quantiles[low]!;
    return Math.floor(1000 * (from + (at - low) * (quantiles[low + 1]! - from)));
  }

  #interpolate(leg: OrderLeg, tsUs: number): number {
    const rows = this.#measured!;
    const from = leg === 'entry' ? 0 : 1;
    let low = 0;
    let high = rows.length - 1;
    if (tsUs <= rows[0]![from]!) high = 0;
    else if (tsUs >= rows[high]![from]!) low = high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (rows[middle]![from]! <= tsUs) low = middle;
      else high = middle;
    }
    const [a, b] = [rows[low]!, rows[high]!];
    const delayA = a[from + 1]! - a[from]!;
    const delayB = b[from + 1]! - b[from]!;
    const span = b[from]! - a[from]!;
    return Math.floor(
      span === 0 ? delayA : delayA + ((tsUs - a[from]!) / span) * (delayB - delayA),
    );
  }
}
