/**
 * The curve beside a chain: current, forward, previous and carry contract of every row in one read, with their ids, for
 * carry and spread strategies. Raw prices: a spread is a difference of prices that can be traded.
 */
import type { BarColumns } from '../core/bars.ts';
import { carryYears } from '../core/carry.ts';
import type { ContractMonth } from '../core/cycle.ts';
import { assert } from '../core/errors.ts';
import type { BarSource } from '../core/ports.ts';
import type { PriceGrid } from '../core/price-grid.ts';
import type { RollSchedule } from '../core/roll.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MAX, TS_MIN } from '../core/units.ts';

/** Contract rows of one span of a chain; -1 where there is none. */
export interface CurveRoles {
  /** Held now. */
  readonly current: number;
  /** Next in the hold cycle: where the next roll leads. */
  readonly forward: number;
  /** Held before. */
  readonly previous: number;
  /** Neighbour of `current` in the priced cycle, one step earlier or later. */
  readonly carry: number;
}

/**
 * Rows of a curve: one for each bar of the current contract. Shapes: every column has `length` rows. Prices are raw closes as
 * decimals, NaN where the contract has no bar that closes at the same moment; a contract index is -1 where there is none.
 * Known at: row i from closeUs[i].
 */
export interface CurveColumns {
  readonly length: number;
  readonly closeUs: Float64Array;
  readonly currentIndex: Int32Array;
  readonly forwardIndex: Int32Array;
  readonly previousIndex: Int32Array;
  readonly carryIndex: Int32Array;
  readonly current: Float64Array;
  readonly forward: Float64Array;
  readonly previous: Float64Array;
  readonly carry: Float64Array;
  /** Annualised carry in price units a year; NaN where a price is missing or both are equal. See `annualisedCarry`. */
  readonly annualisedCarry: Float64Array;
}

export interface CurveInput {
  readonly schedule: Pick<RollSchedule, 'rolls' | 'held'>;
  readonly grid: PriceGrid;
  /** Roles by segment of the schedule; see `curveRoles`. */
  readonly roles: readonly CurveRoles[];
  readonly monthOf: (contractIndex: number) => ContractMonth;
  /** Bars of a contract that close in (fromUs, toUs], in time order; null where there are none. */
  readonly bars: (contractIndex: number, fromUs: TsUs, toUs: TsUs) => BarSource | null;
  /** Rows that close in (fromUs, toUs]; everything by default. */
  readonly fromUs?: TsUs;
  readonly toUs?: TsUs;
  /** Rows that close later, and rolls that took effect later, are left out. */
  readonly asKnownAt?: TsUs;
  /** Whose row closes at the moment of a roll; default `old`. */
  readonly rollStamp?: 'old' | 'new';
}

/**
 * Roles of every segment. `next`, `previous` and `carry` answer by the cycles and not by the schedule, so that a row shows
 * the forward contract that could be known then; the contract held before is the schedule's, where there is one.
 */
export function curveRoles(input: {
  readonly schedule: Pick<RollSchedule, 'held'>;
  readonly next: (contractIndex: number) => number;
  readonly previous: (contractIndex: number) => number;
  readonly carry: (contractIndex: number) => number;
}): CurveRoles[] {
  const { held } = input.schedule;
  return held.map((current, k) => ({
    current,
    forward: input.next(current),
    previous: held[k - 1] ?? input.previous(current),
    carry: input.carry(current),
  }));
}

/** Reads the curve span by span. A contract without bars gives a column of NaN, not an error. */
export function* readCurve(input: CurveInput): Generator<CurveColumns, void> {
  const { schedule, roles } = input;
  const { rolls } = schedule;
  assert(roles.length >= schedule.held.length, 'a curve has roles for every held contract');
  const toUs = Math.min(input.toUs ?? TS_MAX, input.asKnownAt ?? TS_MAX);
  const fromUs = input.fromUs ?? TS_MIN;
  const shiftUs = input.rollStamp === 'new' ? 1 : 0;
  for (let k = 0; k < schedule.held.length; k += 1) {
    const afterUs = Math.max(fromUs, k === 0 ? TS_MIN : rolls[k - 1]!.effectiveUs - shiftUs);
    const untilUs = Math.min(toUs, (rolls[k]?.effectiveUs ?? TS_MAX) - shiftUs);
    if (afterUs >= untilUs) continue;
    yield* readSpan(input, roles[k]!, afterUs as TsUs, untilUs as TsUs);
  }
}

/** All spans of `readCurve` as one. For spans that fit in memory. */
export function collectCurve(input: CurveInput): CurveColumns {
  const parts = [...readCurve(input)];
  const length = parts.reduce((rows, part) => rows + part.length, 0);
  const join = <T extends Float64Array | Int32Array>(
    out: T,
    pick: (part: CurveColumns) => T,
  ): T => {
    let at = 0;
    for (const part of parts) {
      out.set(pick(part), at);
      at += part.length;
    }
    return out;
  };
  const ints = (pick: (part: CurveColumns) => Int32Array): Int32Array =>
    join(new Int32Array(length), pick);
  const doubles = (pick: (part: CurveColumns) => Float64Array): Float64Array =>
    join(new Float64Array(length), pick);
  return {
    length,
    closeUs: doubles((p) => p.closeUs),
    currentIndex: ints((p) => p.currentIndex),
    forwardIndex: ints((p) => p.forwardIndex),
    previousIndex: ints((p) => p.previousIndex),
    carryIndex: ints((p) => p.carryIndex),
    current: doubles((p) => p.current),
    forward: doubles((p) => p.forward),
    previous: doubles((p) => p.previous),
    carry: doubles((p) => p.carry),
    annualisedCarry: doubles((p) => p.annualisedCarry),
  };
}

/** Closes of one contract, asked in the order of time. */
class CloseCursor {
  readonly #source: BarSource | null;
  #bars: BarColumns | null = null;
  #at: number = 0;

  constructor(source: BarSource | null) {
    this.#source = source;
    this.#bars = source?.next() ?? null;
  }

  /** Counts at exactly that moment, or NaN. */
  at(closeUs: number): number {
    for (;;) {
      if (this.#bars === null) return NaN;
      const { length, closeUs: times } = this.#bars;
      while (this.#at < length && times[this.#at]! < closeUs) this.#at += 1;
      if (this.#at < length) return times[this.#at] === closeUs ? this.#bars.close[this.#at]! : NaN;
      this.#bars = this.#source!.next();
      this.#at = 0;
    }
  }

  close(): void {
    this.#source?.close();
  }
}

function* readSpan(
  input: CurveInput,
  roles: CurveRoles,
  afterUs: TsUs,
  untilUs: TsUs,
): Generator<CurveColumns, void> {
  const open = (index: number): BarSource | null =>
    index < 0 ? null : input.bars(index, afterUs, untilUs);
  const source = open(roles.current);
  if (source === null) return;
  const cursors = [roles.forward, roles.previous, roles.carry].map(
    (index) => new CloseCursor(open(index)),
  );
  const years =
    roles.carry < 0 ? NaN : carryYears(input.monthOf(roles.current), input.monthOf(roles.carry));
  try {
    for (let bars = source.next(); bars !== null; bars = source.next()) {
      let [start, end] = [0, bars.length];
      while (start < end && bars.closeUs[start]! <= afterUs) start += 1;
      while (end > start && bars.closeUs[end - 1]! > untilUs) end -= 1;
      if (end > start) yield spanRows(bars, start, end, { input, roles, cursors, years });
      if (end < bars.length) break;
    }
  } finally {
    source.close();
    for (const cursor of cursors) cursor.close();
  }
}

function spanRows(
  bars: BarColumns,
  start: number,
  end: number,
  span: {
    readonly input: CurveInput;
    readonly roles: CurveRoles;
    readonly cursors: readonly CloseCursor[];
    readonly years: number;
  },
): CurveColumns {
  const length = end - start;
  const { roles, years } = span;
  const { grid } = span.input;
  const den = 10 ** grid.decimals;
  const num = Math.round(grid.increment * den);
  const column = (): Float64Array => new Float64Array(length);
  const prices = [column(), column(), column(), column()] as const;
  const annualisedCarry = column();
  for (let i = 0; i < length; i += 1) {
    const closeUs = bars.closeUs[start + i]!;
    const current = bars.close[start + i]!;
    prices[0][i] = (current * num) / den;
    let counts = NaN;
    for (let role = 0; role < 3; role += 1) {
      counts = span.cursors[role]!.at(closeUs);
      prices[role + 1]![i] = (counts * num) / den;
    }
    const difference = current - counts;
    annualisedCarry[i] = difference === 0 ? NaN : (difference * num) / den / years;
  }
  const index = (value: number): Int32Array => new Int32Array(length).fill(value);
  return {
    length,
    closeUs: bars.closeUs.slice(start, end),
    currentIndex: index(roles.current),
    forwardIndex: index(roles.forward),
    previousIndex: index(roles.previous),
    carryIndex: index(roles.carry),
    current: prices[0],
    forward: prices[1],
    previous: prices[2],
    carry: prices[3],
    annualisedCarry,
  };
}
