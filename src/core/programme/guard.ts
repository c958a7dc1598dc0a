/** A programme at work on an account: the evaluator, with the moments of the calendar that it has to know. */
import type { AccountGuard } from '../ports.ts';
import type { TradeDate, TsUs } from '../units.ts';
import { MICROS_PER_UNIT, TS_MAX } from '../units.ts';
import type { AccountMark, ProgrammeState } from './evaluator.ts';
import { newAccountMark, ProgrammeEvaluator } from './evaluator.ts';
import { MarkLog } from './mark-log.ts';
import type { Programme, ProgrammeDecision } from './programme.ts';

/** From `tsUs` on nothing of the product may be held on this trade date. */
export interface FlatDeadline {
  readonly tsUs: number;
  readonly row: number;
  readonly tradeDate: TradeDate;
}

export interface GuardOptions {
  readonly programme: Programme;
  /** Decides against the account what a bar leaves open. */
  readonly against: boolean;
  /** Roots by row of instruments. */
  readonly roots: readonly string[];
  /** By time. */
  readonly deadlines: readonly FlatDeadline[];
  /**
   * Only watches, so that the account can be opened on other days: what does not depend on the day on which it was opened holds all
   * the same, which is the time to be flat, the products and the count of trades. Nothing else is denied or closed.
   */
  readonly isObserver?: boolean;
  readonly state?: GuardState;
}

/** Plain data; a saved account goes on from it. */
export interface GuardState {
  readonly account: ProgrammeState;
  /** The trade date by which each product was made flat last. */
  readonly flatDates: readonly number[];
}

/** The levels of one trade date, as they stood at its end and before they moved. Millionths; null without the rule. */
export interface ProgrammeDay {
  readonly tradeDate: number;
  readonly balanceMicros: number;
  readonly equityMicros: number;
  readonly floorMicros: number | null;
  readonly dayFloorMicros: number | null;
  /** Equity over the floor at the end of the date; the same when every working stop fills, null where one is missing. */
  readonly leftMicros: number | null;
  readonly leftAtStopsMicros: number | null;
  /** The least that was left on this date. */
  readonly closestMicros: number | null;
}

/** Decisions kept for the run folder. */
const DECISIONS_KEPT = 2000;

export class ProgrammeGuard implements AccountGuard {
  readonly evaluator: ProgrammeEvaluator;
  readonly marks: MarkLog;
  /** The first ones; raises of the floor are left out. */
  readonly decisions: ProgrammeDecision[] = [];
  /** Trade dates until the account ended. */
  readonly days: ProgrammeDay[] = [];
  readonly #roots: readonly string[];
  readonly #deadlines: readonly FlatDeadline[];
  readonly #flatDates: Int32Array;
  readonly #isObserver: boolean;
  /** For an observer: the rules of every start. It never ends. */
  readonly #always: ProgrammeEvaluator | null;
  readonly #news: ProgrammeDecision[] = [];
  #at: number = 0;
  /** Whether an order was denied or a position had to go: without it the run is as it would be without the guard. */
  hasActed: boolean = false;
  #hasEntry: boolean = false;
  #lastDayUs: number = -Infinity;
  /** Smallest distance to the floor on the date in hand. */
  #closest: number = Infinity;
  readonly #dayEnd: AccountMark = newAccountMark();

  constructor(options: GuardOptions) {
    const { programme, against, state } = options;
    this.marks = new MarkLog(programme.startBalance * MICROS_PER_UNIT);
    this.#roots = options.roots;
    this.#deadlines = options.deadlines;
    this.#isObserver = options.isObserver === true;
    this.#always = this.#isObserver
      ? new ProgrammeEvaluator(rulesOfEveryStart(programme), { against })
      : null;
    this.#flatDates = Int32Array.from(options.roots, (_, row) => state?.flatDates[row] ?? -1);
    this.evaluator = new ProgrammeEvaluator(programme, {
      against,
      onDecision: (decision) => this.#onDecision(decision),
      ...(state === undefined ? {} : { state: state.account }),
    });
  }

  state(): GuardState {
    return { account: this.evaluator.state(), flatDates: [...this.#flatDates] };
  }

  onMark(mark: AccountMark): void {
    this.marks.onMark(mark, this.#hasEntry);
    this.#hasEntry = false;
    this.evaluator.onMark(mark);
    this.#approach(mark.low);
  }

  onFill(clOrdId: string, netBefore: number, signedQty: number): void {
    if (Math.abs(netBefore + signedQty) > Math.abs(netBefore) || netBefore * signedQty >= 0)
      this.#hasEntry = true;
    this.evaluator.onFill(clOrdId, netBefore, signedQty);
    this.#always?.onFill(clOrdId, netBefore, signedQty);
  }

  onDayEnd(
    tradeDate: TradeDate,
    tsUs: TsUs,
    balance: number,
    equity: number,
    atStops: number | null,
  ): void {
    const mark = this.#dayEnd;
    mark.tsUs = tsUs;
    mark.balance = balance;
    mark.equity = mark.low = mark.high = mark.lowSure = mark.highSure = equity;
    this.marks.onDayEnd(tradeDate, mark);
    this.#keepDay(tradeDate, mark, atStops);
    this.evaluator.onDayEnd(tsUs, balance, equity);
    this.#always?.onDayEnd(tsUs, balance, equity);
    this.#closest = Infinity;
  }

  nextUs(): number {
    return this.#deadlines[this.#at]?.tsUs ?? TS_MAX;
  }

  onTime(nowUs: TsUs): void {
    for (;;) {
      const next = this.#deadlines[this.#at];
      if (next === undefined || next.tsUs > nowUs) return;
      this.#flatDates[next.row] = next.tradeDate;
      this.#at += 1;
    }
  }

  flatReason(row: number, tradeDate: TradeDate): string | null {
    const reason =
      (this.#always ?? this.evaluator).flatRule ??
      (this.#isAfterFlat(row, tradeDate) ? 'flat-by' : null);
    if (reason !== null) this.hasActed = true;
    return reason;
  }

  deny(row: number, tradeDate: TradeDate, contracts: number): string | null {
    const reason =
      (this.#always ?? this.evaluator).deny(this.#roots[row]!, contracts) ??
      (this.#isAfterFlat(row, tradeDate) ? 'programme-flat-by' : null);
    if (reason !== null) this.hasActed = true;
    return reason;
  }

  weightOf(row: number): number {
    return this.evaluator.weightOf(this.#roots[row]!);
  }

  takeDecisions(): readonly ProgrammeDecision[] {
    return this.#news.length === 0 ? [] : this.#news.splice(0);
  }

  #approach(low: number): void {
    const floor = this.evaluator.floorMicros;
    if (floor !== null) this.#closest = Math.min(this.#closest, low - floor);
  }

  /** The date on which the account ends is the last. */
  #keepDay(tradeDate: TradeDate, end: AccountMark, atStops: number | null): void {
    const { evaluator } = this;
    const endedUs = evaluator.endedUs;
    if (endedUs !== null && this.#lastDayUs >= endedUs) return;
    this.#lastDayUs = end.tsUs;
    evaluator.onMark(end);
    this.#approach(end.low);
    const { floorMicros, dayFloorMicros, leftMicros, leftAtStopsMicros } = evaluator.view(atStops);
    this.days.push({
      tradeDate,
      balanceMicros: end.balance,
      equityMicros: end.equity,
      floorMicros,
      dayFloorMicros,
      leftMicros,
      leftAtStopsMicros,
      closestMicros: floorMicros === null ? null : this.#closest,
    });
  }

  #isAfterFlat(row: number, tradeDate: TradeDate): boolean {
    return this.#flatDates[row]! >= tradeDate;
  }

  #onDecision(decision: ProgrammeDecision): void {
    if (decision.effect !== 'floor-raised' && this.decisions.length < DECISIONS_KEPT)
      this.decisions.push(decision);
    if (!this.#isObserver) this.#news.push(decision);
  }
}

/** Rules whose effect does not depend on the day on which an account was opened; the time to be flat is one more. */
function rulesOfEveryStart(programme: Programme): Programme {
  const { schema, name, currency, startBalance, products, tradeCount } = programme;
  return {
    schema,
    name,
    currency,
    startBalance,
    ...(products === undefined ? {} : { products }),
    ...(tradeCount === undefined ? {} : { tradeCount }),
  };
}
