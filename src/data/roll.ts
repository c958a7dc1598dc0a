/**
 * Builds roll schedules: pure functions over daily closes. A roll is decided at a session close, from data known at that
 * close, at which both contracts have a price of the same instant; so the schedule of a history cut at any time is a
 * prefix of the full one.
 */
import type { PriceColumn } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId, ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { describeRollRule, looksAhead } from '../core/roll.ts';
import type {
  GivenRoll,
  RollCost,
  RollRecord,
  RollRule,
  RollSchedule,
  RollUnderway,
} from '../core/roll.ts';
import { checkRollRule, needsOpenInterest } from '../core/rolls/check.ts';
import { nearestDateSchedule } from '../core/rolls/nearest.ts';
import type { RollInputEvent, RollOutput, RollStepper } from '../core/rolls/stepper.ts';
import { createRollStepper } from '../core/rolls/stepper.ts';
import { compareContractMonth } from '../core/symbology.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { TradeDate, TsUs } from '../core/units.ts';

export type { GivenRoll } from '../core/roll.ts';

/**
 * Session closes of one contract, sorted by time. Units: µs UTC, prices in counts, volume of the session in contracts
 * (NaN where unknown). The columns of a `1d` BarColumns serve as they are.
 */
export interface SessionCloses {
  readonly length: number;
  readonly closeUs: Float64Array;
  readonly close: PriceColumn;
  readonly volume: Float64Array;
}

/** Published open interest of one contract, sorted by the moment it became known. Units: µs UTC, contracts. */
export interface OpenInterestReadings {
  readonly length: number;
  readonly knownUs: Float64Array;
  readonly openInterest: Float64Array;
}

export interface RollInput {
  readonly root: string;
  /** The contracts that are held, in order; see `holdChain`. */
  readonly chain: readonly ContractSpec[];
  readonly rule: RollRule;
  readonly calendar: TradingCalendar;
  /** Session closes by contract index; null where a contract has no data. */
  readonly dailyCloses: (contractIndex: number) => SessionCloses | null;
  /** First and last trade date; rolls before `from` are worked out and left out, none is made after `to`. */
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** Index of a contract in the run's table; the position in `chain` when not given. */
  readonly indexOf?: (id: ContractId) => number;
  /** Trade date of a close. The calendar's by default; data stamped with labels needs its own. */
  readonly tradeDateOf?: (closeUs: number) => TradeDate;
  /** In the last session of a window a price one session old may stand for a missing one; the roll is marked. */
  readonly allowInferred?: boolean;
  /** Needed by rule `given` where the rule does not carry them. */
  readonly given?: readonly GivenRoll[];
  /** Needed by open-interest rules; by contract index, null where a contract has none. */
  readonly openInterest?: (contractIndex: number) => OpenInterestReadings | null;
  /** Carry contract by position in the chain, with its closes where it is not in the chain itself. */
  readonly carryOf?: (position: number) => {
    readonly id: ContractId;
    readonly closes: SessionCloses | null;
  } | null;
  /** What moving one contract costs, for the records. */
  readonly costOf?: (fromIndex: number, toIndex: number) => RollCost | null;
}

/** The rule that a product's `rollHint` asks for; five business days before the earlier anchor where it has none. */
export function defaultRollRule(spec: Pick<InstrumentSpec, 'rollHint'>): RollRule {
  const hint = spec.rollHint;
  if (hint === null) return { kind: 'calendar', anchor: 'earlier', days: 5, count: 'business' };
  return {
    kind: 'calendar',
    anchor: hint.anchor === 'firstNotice' ? 'first-notice' : 'last-trade',
    days: Math.max(1, Math.abs(hint.businessDays)),
    count: 'business',
  };
}

export { holdChain } from '../core/chain.ts';

/**
 * Builds the schedule of a chain: the roll stepper run over a history, so that a backtest and a live chain roll alike.
 *
 * Calendar rules roll at the close of the last session on or before the named day; a condition at the close of the session
 * whose totals decide. Both wait, inside the window, for the first close that both contracts have. A contract that was left
 * is never held again. The rule `nearest-date` alone looks ahead and is marked so.
 * Errors: E_ROLL_SCHEDULE naming the contracts and the window, E_ROLL_RULE, E_ROLL_DATA.
 */
export function buildRollSchedule(input: RollInput): RollSchedule {
  checkInput(input);
  const { rule } = input;
  const schedule = rule.kind === 'nearest-date' ? buildNearest(input, rule) : buildByRule(input);
  const indexOf = (_: ContractSpec, position: number): number => indexAt(input, position);
  return { ...schedule, chain: input.chain.map(indexOf), looksAhead: looksAhead(rule) };
}

function indexAt(input: RollInput, position: number): number {
  return input.indexOf === undefined ? position : input.indexOf(input.chain[position]!.id);
}

function buildByRule(input: RollInput): RollSchedule {
  const { chain, from, calendar } = input;
  const closes = chain.map((_, position) => input.dailyCloses(indexAt(input, position)));
  const given = givenOf(input);
  const stepper = createRollStepper({
    rule: input.rule,
    chain: {
      root: input.root,
      contracts: chain,
      indexOf: (position) => indexAt(input, position),
      carryOf: (position) => input.carryOf?.(position)?.id ?? null,
    },
    calendar,
    start: firstHeld(input, closes, given),
    ...(input.tradeDateOf === undefined ? {} : { tradeDateOf: input.tradeDateOf }),
    ...(input.allowInferred === undefined ? {} : { allowInferred: input.allowInferred }),
    ...(given === null ? {} : { given }),
    ...(input.costOf === undefined ? {} : { costOf: input.costOf }),
  });
  const rolls: RollRecord[] = [];
  let underway: RollUnderway | null = null;
  const take = (outputs: readonly RollOutput[]): void => {
    for (const output of outputs) {
      if (output.kind === 'part') underway = underwayOf(stepper, output.to, input);
      if (output.kind === 'roll') {
        rolls.push(output.record);
        underway = null;
      }
      if (output.kind !== 'problem') continue;
      // A hole before the asked span is nobody's concern; the walk starts again behind it.
      if (output.what === 'chain-ends' || output.window.ends > from) throw output.error;
      rolls.length = 0;
    }
  };
  let lastUs = -Infinity;
  for (const event of rollEvents(input, closes)) {
    take(stepper.push(event));
    lastUs = event.tsUs;
  }
  if (lastUs > -Infinity) take(stepper.push({ kind: 'time', tsUs: lastUs }));
  const kept = rolls.filter((roll) => roll.tradeDate >= from);
  const first = kept[0]?.fromIndex ?? indexAt(input, stepper.position);
  const held = [first, ...kept.map((roll) => roll.toIndex)];
  const open = underway === null ? {} : { underway };
  return { root: input.root, rule: input.rule, held, rolls: kept, ...open };
}

function underwayOf(stepper: RollStepper, to: ContractId, input: RollInput): RollUnderway {
  const toPosition = input.chain.findIndex((contract) => contract.id === to);
  return {
    from: stepper.current.id,
    to,
    fromIndex: indexAt(input, stepper.position),
    toIndex: indexAt(input, toPosition),
    parts: [...stepper.parts],
  };
}

/** Closes and open interest of all contracts up to the last date, in order of time. */
export function rollEvents(
  input: Pick<RollInput, 'chain' | 'calendar' | 'to' | 'openInterest' | 'tradeDateOf' | 'indexOf'>,
  closes: readonly (SessionCloses | null)[],
): RollInputEvent[] {
  const events: RollInputEvent[] = [];
  const dateOf =
    input.tradeDateOf ?? ((us: number) => input.calendar.tradeDateOf((us - 1) as TsUs));
  for (const [position, rows] of closes.entries()) {
    if (rows !== null)
      for (let row = 0; row < rows.length; row += 1)
        events.push({
          kind: 'close',
          tsUs: rows.closeUs[row]!,
          position,
          price: rows.close[row]!,
          volume: rows.volume[row]!,
        });
    const index = input.indexOf?.(input.chain[position]!.id) ?? position;
    const readings = input.openInterest?.(index) ?? null;
    if (readings !== null)
      for (let row = 0; row < readings.length; row += 1)
        events.push({
          kind: 'open-interest',
          tsUs: readings.knownUs[row]!,
          position,
          openInterest: readings.openInterest[row]!,
        });
  }
  events.sort((a, b) => a.tsUs - b.tsUs);
  // Dates grow with time, so the end is found by halving.
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (dateOf(events[middle]!.tsUs) > input.to) high = middle;
    else low = middle + 1;
  }
  events.length = low;
  return events;
}

/** The first contract with data; of a given schedule the one that its first roll leaves. */
function firstHeld(
  input: RollInput,
  closes: readonly (SessionCloses | null)[],
  given: readonly GivenRoll[] | null,
): number {
  const from = given?.[0]?.from;
  if (from !== undefined) return input.chain.findIndex((contract) => contract.id === from);
  if (given !== null) return 0;
  const first = closes.findIndex((rows) => rows !== null && rows.length > 0);
  if (first >= 0) return first;
  throw new TradingError('E_ROLL_SCHEDULE', `no contract of ${input.root} has daily bars`, {
    details: { root: input.root, contracts: input.chain.length },
    rule: 'a schedule needs the session closes of the contracts it holds',
    fix: 'import daily bars of these contracts, or ask for a span that the dataset covers',
  });
}

/** Given rolls of a rule, checked. Null for other rules. */
function givenOf(input: RollInput): readonly GivenRoll[] | null {
  const { rule } = input;
  if (rule.kind !== 'given') return null;
  const given = rule.rolls ?? input.given ?? [];
  const ids = new Set(input.chain.map((contract) => contract.id));
  for (const [row, roll] of given.entries()) {
    for (const id of [roll.from, roll.to])
      if (!ids.has(id)) throw badGiven(row, roll, `${id} is not in the chain`);
    checkFollows(row, roll, given[row - 1]);
  }
  return given;
}

function buildNearest(
  input: RollInput,
  rule: Extract<RollRule, { kind: 'nearest-date' }>,
): RollSchedule {
  const { calendar } = input;
  return nearestDateSchedule({
    root: input.root,
    rule,
    chain: input.chain,
    calendar,
    indexOf: (position) => indexAt(input, position),
    closes: (position) => input.dailyCloses(indexAt(input, position)),
    carryOf: (position) => {
      const carry = input.carryOf?.(position) ?? null;
      if (carry === null) return null;
      const at = input.chain.findIndex((contract) => contract.id === carry.id);
      const own = at < 0 ? null : input.dailyCloses(indexAt(input, at));
      return { id: carry.id, closes: carry.closes ?? own };
    },
    tradeDateOf: input.tradeDateOf ?? ((us) => calendar.tradeDateOf((us - 1) as TsUs)),
    from: input.from,
    to: input.to,
    costOf: input.costOf ?? (() => null),
  });
}

/**
 * A schedule from rolls that somebody else decided. Needs no calendar: a roll's trade date is the UTC date of its time
 * where nothing else is said, which is right for data stamped with labels.
 * Errors: E_ROLL_SCHEDULE when a roll does not follow the one before, names an unknown contract or lacks a price.
 */
export function toGivenSchedule(input: {
  readonly root: string;
  readonly name: string;
  readonly rolls: readonly GivenRoll[];
  /** The contract held before any roll; needed when there is none. */
  readonly first?: ContractId;
  /** Negative for a contract that is not known. */
  readonly indexOf: (id: ContractId) => number;
  /** Price of a contract at a moment, NaN where there is none; asked where a roll brings no price. */
  readonly priceOf?: (contractIndex: number, atUs: TsUs) => number;
  readonly tradeDateOf?: (us: number) => TradeDate;
  /** What moving one contract costs; null where not known. */
  readonly cost?: RollCost | null;
}): RollSchedule {
  const { root, indexOf } = input;
  const rule: RollRule = { kind: 'given', name: input.name };
  const dateOf = input.tradeDateOf ?? ((us: number) => Math.floor(us / US_PER_DAY) as TradeDate);
  const rolls: RollRecord[] = [];
  for (const [row, roll] of input.rolls.entries()) {
    const [fromIndex, toIndex] = [indexOf(roll.from), indexOf(roll.to)];
    if (fromIndex < 0 || toIndex < 0)
      throw badGiven(row, roll, `${fromIndex < 0 ? roll.from : roll.to} is not in the chain`);
    checkFollows(row, roll, input.rolls[row - 1]);
    const fromPrice = roll.fromPrice ?? input.priceOf?.(fromIndex, roll.atUs) ?? NaN;
    const toPrice = roll.toPrice ?? input.priceOf?.(toIndex, roll.atUs) ?? NaN;
    if (Number.isNaN(fromPrice) || Number.isNaN(toPrice))
      throw badGiven(row, roll, 'there is no price of both contracts at that time');
    rolls.push({
      root,
      from: roll.from,
      to: roll.to,
      fromIndex,
      toIndex,
      decidedUs: roll.atUs,
      effectiveUs: roll.atUs,
      tradeDate: dateOf(roll.atUs),
      fromPrice,
      toPrice,
      pricesUs: roll.atUs,
      isInferred: roll.isInferred ?? false,
      reason: describeRollRule(rule),
      ...(input.cost === undefined ? {} : { cost: input.cost }),
    });
  }
  const first = rolls[0]?.fromIndex ?? (input.first === undefined ? -1 : indexOf(input.first));
  if (first < 0)
    throw badInput(`the given schedule of ${root} has no rolls and names no contract to hold`, {
      root,
    });
  return { root, rule, held: [first, ...rolls.map((roll) => roll.toIndex)], rolls };
}

function checkFollows(row: number, roll: GivenRoll, before: GivenRoll | undefined): void {
  if (before !== undefined && (before.to !== roll.from || before.atUs >= roll.atUs))
    throw badGiven(row, roll, `it does not follow the roll to ${before.to}`);
}

function checkInput(input: RollInput): void {
  const { chain, rule, root } = input;
  if (chain.length === 0) throw badInput(`the chain of ${root} is empty`, { root });
  for (let i = 1; i < chain.length; i += 1) {
    if (chain[i]!.root !== chain[0]!.root)
      throw badInput(
        `${chain[i]!.id} is of another product than ${chain[0]!.id}: a mini and a full contract make no chain`,
        { position: i },
      );
    if (compareContractMonth(chain[i - 1]!, chain[i]!) >= 0)
      throw badInput(`${chain[i]!.id} does not come after ${chain[i - 1]!.id} in the chain`, {
        position: i,
      });
  }
  checkRollRule(rule);
  if (rule.kind === 'given' && (rule.rolls ?? input.given) === undefined)
    throw badInput(`the given schedule "${rule.name}" has no rolls with it`, { rule });
  if (needsOpenInterest(rule) && input.openInterest === undefined)
    throw new TradingError(
      'E_ROLL_DATA',
      `${describeRollRule(rule)} needs open interest, and the data of ${root} have none`,
      {
        details: { root, rule: describeRollRule(rule), missing: 'open interest' },
        rule: 'an open-interest rule compares published open interest of both contracts',
        fix: 'import open interest with `frontmonth data import --format open-interest`, or give --open-interest <file>, or use a calendar or volume rule',
      },
    );
}

function badInput(message: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('E_ROLL_SCHEDULE', message, {
    details,
    fix: 'correct the roll rule or the chain',
  });
}

function badGiven(row: number, roll: GivenRoll, why: string): TradingError {
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `given roll ${row + 1}, ${roll.from} to ${roll.to} at ${toIsoUtc(roll.atUs)}: ${why}`,
    { details: { row, from: roll.from, to: roll.to }, fix: 'correct this row of the schedule' },
  );
}
