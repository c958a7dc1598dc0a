/** The same account opened on other days: a programme over the path of a run that nothing had stopped. */
import type { AccountMark } from './evaluator.ts';
import { newAccountMark, ProgrammeEvaluator } from './evaluator.ts';
import type { MarkColumns } from './mark-log.ts';
import type { Programme, ProgrammeDecision, ProgrammeRule } from './programme.ts';
import { MICROS_PER_UNIT } from '../units.ts';

export interface StartOutcome {
  /** Trade date of the first and, where it ended, of the last day; days since 1970-01-01. */
  readonly startDate: number;
  readonly endDate: number | null;
  readonly status: 'passed' | 'closed' | 'open';
  readonly rule: ProgrammeRule | null;
  /** Trade dates up to and with the last. */
  readonly dates: number;
  readonly profitMicros: number;
  /** Smallest distance to the floor of the maximum loss, and its moment. */
  readonly closestMicros: number | null;
  readonly closestUs: number | null;
  /** Days on which the daily loss was reached. */
  readonly lossDays: number;
  readonly decisions: readonly ProgrammeDecision[];
  /** False where what the path leaves open decides: the other way, status or end would differ. */
  readonly isCertain: boolean;
}

/**
 * The outcome of an account opened before row `from`, a first row of a trade date. Results are those of the path, in millionths,
 * from the equity at that moment. A daily loss that closes positions ends the day at its level; the days after it are those
 * of the path again, although the run itself might have gone on otherwise.
 */
export function outcomeFrom(programme: Programme, marks: MarkColumns, from: number): StartOutcome {
  const against = follow(programme, marks, from, true);
  const inFavour = follow(programme, marks, from, false);
  const isCertain = against.status === inFavour.status && against.endDate === inFavour.endDate;
  return { ...against, isCertain };
}

/** Rows at which the trade dates begin that are the first of their month in the path. */
export function monthStarts(marks: MarkColumns, monthOf: (tradeDate: number) => number): number[] {
  const starts: number[] = [];
  let month = NaN;
  for (let i = 0; i < marks.length; i += 1) {
    if (i > 0 && marks.tradeDate[i] === marks.tradeDate[i - 1]) continue;
    const now = monthOf(marks.tradeDate[i]!);
    if (now !== month) starts.push(i);
    month = now;
  }
  return starts;
}

function follow(
  programme: Programme,
  marks: MarkColumns,
  from: number,
  against: boolean,
): Omit<StartOutcome, 'isCertain'> {
  const decisions: ProgrammeDecision[] = [];
  let lossDays = 0;
  const evaluator = new ProgrammeEvaluator(programme, {
    against,
    onDecision: (decision) => {
      if (decision.effect === 'floor-raised') return;
      if (decision.rule === 'daily-loss') lossDays += 1;
      decisions.push(decision);
    },
  });
  const start = programme.startBalance * MICROS_PER_UNIT;
  const { tradeDate, tsUs, balance, equity, low, high, lowSure, highSure, hasEntry } = marks;
  const stops =
    programme.dailyLoss !== undefined &&
    programme.dailyLoss.action !== 'none' &&
    programme.dailyLoss.action !== 'close';
  // The first date begins where the one before it ended: open results of earlier days are not this account's.
  const first = from === 0 ? null : from - 1;
  let shift = start - (first === null ? marks.startMicros : equity[first]!);
  /** The account's value for the rest of a day that its limit ended; NaN otherwise. */
  let flat = NaN;
  let dates = 0;
  const mark: AccountMark = newAccountMark();
  for (let i = from; i < marks.length; i += 1) {
    const isDayEnd = i + 1 === marks.length || tradeDate[i + 1] !== tradeDate[i];
    if (Number.isNaN(flat)) {
      if (hasEntry[i] === 1) evaluator.onFill('path', 0, 1);
      mark.tsUs = tsUs[i]!;
      mark.balance = balance[i]! + shift;
      mark.equity = equity[i]! + shift;
      mark.low = low[i]! + shift;
      mark.high = high[i]! + shift;
      mark.lowSure = lowSure[i]! + shift;
      mark.highSure = highSure[i]! + shift;
      evaluator.onMark(mark);
      if (evaluator.status === 'open' && stops && evaluator.mustBeFlat)
        flat =
          mark.low === mark.high ? mark.equity : Math.min(evaluator.dayFloorMicros!, mark.high);
    }
    if (evaluator.status === 'open' && isDayEnd) {
      dates += 1;
      const isFlat = !Number.isNaN(flat);
      const atEnd = isFlat ? flat : equity[i]! + shift;
      evaluator.onDayEnd(tsUs[i]!, isFlat ? flat : balance[i]! + shift, atEnd);
      shift = atEnd - equity[i]!;
      flat = NaN;
      if (evaluator.status === 'open') continue;
      dates -= 1;
    }
    if (evaluator.status !== 'open')
      return result(evaluator, {
        decisions,
        lossDays,
        start,
        dates: dates + 1,
        endDate: tradeDate[i]!,
        startDate: tradeDate[from]!,
      });
  }
  return result(evaluator, {
    decisions,
    lossDays,
    start,
    dates,
    endDate: null,
    startDate: tradeDate[from] ?? 0,
  });
}

function result(
  evaluator: ProgrammeEvaluator,
  it: {
    readonly decisions: readonly ProgrammeDecision[];
    readonly lossDays: number;
    readonly start: number;
    readonly dates: number;
    readonly startDate: number;
    readonly endDate: number | null;
  },
): Omit<StartOutcome, 'isCertain'> {
  const state = evaluator.state();
  return {
    startDate: it.startDate,
    endDate: it.endDate,
    status: state.status,
    rule: state.endedBy,
    dates: it.dates,
    profitMicros: state.equity - it.start,
    closestMicros: state.closestMicros,
    closestUs: state.closestUs,
    lossDays: it.lossDays,
    decisions: it.decisions,
  };
}

export interface StartTable {
  readonly outcomes: readonly StartOutcome[];
  readonly passed: number;
  readonly closed: number;
  readonly open: number;
  /** Outcomes that another order of prices inside a bar would change. */
  readonly uncertain: number;
  readonly medianDatesToPass: number | null;
  readonly medianDatesToClose: number | null;
  /** Of all starts, with the date of its start. */
  readonly closest: {
    readonly micros: number;
    readonly tsUs: number;
    readonly startDate: number;
  } | null;
}

/** Every start of `starts`, and what they have in common. */
export function startTable(
  programme: Programme,
  marks: MarkColumns,
  starts: readonly number[],
): StartTable {
  const outcomes = starts.map((from) => outcomeFrom(programme, marks, from));
  const of = (status: StartOutcome['status']): StartOutcome[] =>
    outcomes.filter((outcome) => outcome.status === status);
  let closest: StartTable['closest'] = null;
  for (const { closestMicros, closestUs, startDate } of outcomes)
    if (closestMicros !== null && (closest === null || closestMicros < closest.micros))
      closest = { micros: closestMicros, tsUs: closestUs!, startDate };
  return {
    outcomes,
    passed: of('passed').length,
    closed: of('closed').length,
    open: of('open').length,
    uncertain: outcomes.filter((outcome) => !outcome.isCertain).length,
    medianDatesToPass: median(of('passed').map((outcome) => outcome.dates)),
    medianDatesToClose: median(of('closed').map((outcome) => outcome.dates)),
    closest,
  };
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
