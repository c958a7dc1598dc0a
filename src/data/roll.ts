/**
 * Builds roll schedules: pure functions over daily closes. A roll is decided at a session close, from data known at that
 * close, at which both contracts have a price of the same instant; so the schedule of a history cut at any time is a
 * prefix of the full one.
 */
import type { PriceColumn } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId, ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { describeRollRule } from '../core/roll.ts';
import type { RollRecord, RollRule, RollSchedule } from '../core/roll.ts';
import { compareContractMonth } from '../core/symbology.ts';
import { addDays, toIsoDate } from '../core/trade-date.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { TradeDate, TsUs } from '../core/units.ts';

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

/** A roll whose date somebody else decided. Prices may be left out where the daily closes have both at `atUs`. */
export interface GivenRoll {
  readonly from: ContractId;
  readonly to: ContractId;
  /** The last moment of the old contract. */
  readonly atUs: TsUs;
  /** In counts. */
  readonly fromPrice?: number;
  readonly toPrice?: number;
  readonly isInferred?: boolean;
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
  /** Needed by rule `given`. */
  readonly given?: readonly GivenRoll[];
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
 * Builds the schedule of a chain.
 *
 * Calendar rules roll at the close of the last session on or before the named day; the volume rule at the close of the
 * session whose totals decide. Both wait, inside the window, for the first close that both contracts have, and the window
 * ends before the anchor date. A contract that was left is never held again.
 * Errors: E_ROLL_SCHEDULE naming the contracts and the window.
 */
export function buildRollSchedule(input: RollInput): RollSchedule {
  checkInput(input);
  return input.rule.kind === 'given' ? buildGiven(input, input.given!) : buildByRule(input);
}

interface Window {
  /** First trade date at whose close the rule may roll. */
  readonly opens: TradeDate;
  /** Exclusive. */
  readonly ends: TradeDate;
}

function buildByRule(input: RollInput): RollSchedule {
  const { chain, from, to } = input;
  const walk = new ChainWalk(input);
  const horizon = Math.min(to, walk.lastDataDate()) as TradeDate;
  let current = walk.firstWithData();
  let heldFrom = -Infinity;
  const rolls: RollRecord[] = [];
  const held: number[] = [];
  while (current < chain.length) {
    const next = chain[current + 1];
    const window = windowOf(chain[current]!, input);
    if (next === undefined) {
      if (window.ends <= horizon) throw chainEnds(chain[current]!, window, horizon);
      break;
    }
    const roll = walk.findRoll(current, window, heldFrom, horizon);
    if (roll === null && window.ends > horizon) break;
    if (roll === null) {
      // A hole before the asked span is nobody's concern; the walk starts again behind it.
      if (window.ends > from) throw noCommonPrice(chain[current]!, next, window);
      rolls.length = 0;
      heldFrom = -Infinity;
    } else {
      rolls.push(roll);
      heldFrom = roll.effectiveUs;
    }
    current += 1;
  }
  const kept = rolls.filter((roll) => roll.tradeDate >= from);
  const first = kept[0]?.fromIndex ?? walk.indexAt(current);
  held.push(first, ...kept.map((roll) => roll.toIndex));
  return { root: input.root, rule: input.rule, held, rolls: kept };
}

/** Daily closes of a chain with the merge of two neighbours. */
class ChainWalk {
  readonly #input: RollInput;
  readonly #closes: readonly (SessionCloses | null)[];
  readonly #dateOf: (closeUs: number) => TradeDate;

  constructor(input: RollInput) {
    this.#input = input;
    const { calendar } = input;
    // A session is [open, close): its close instant already belongs to the next one.
    this.#dateOf = input.tradeDateOf ?? ((closeUs) => calendar.tradeDateOf((closeUs - 1) as TsUs));
    this.#closes = input.chain.map((_, position) => input.dailyCloses(this.indexAt(position)));
  }

  indexAt(position: number): number {
    const contract = this.#input.chain[position]!;
    return this.#input.indexOf === undefined ? position : this.#input.indexOf(contract.id);
  }

  firstWithData(): number {
    const first = this.#closes.findIndex((closes) => closes !== null && closes.length > 0);
    if (first >= 0) return first;
    throw new TradingError('E_ROLL_SCHEDULE', `no contract of ${this.#input.root} has daily bars`, {
      details: { root: this.#input.root, contracts: this.#input.chain.length },
      rule: 'a schedule needs the session closes of the contracts it holds',
      fix: 'import daily bars of these contracts, or ask for a span that the dataset covers',
    });
  }

  lastDataDate(): TradeDate {
    let last = -Infinity;
    for (const closes of this.#closes) {
      if (closes !== null && closes.length > 0)
        last = Math.max(last, closes.closeUs[closes.length - 1]!);
    }
    return last === -Infinity ? (-1e9 as TradeDate) : this.#dateOf(last);
  }

  /** The roll out of `position`, or null when the rule finds none up to the horizon. */
  findRoll(
    position: number,
    window: Window,
    heldFrom: number,
    horizon: TradeDate,
  ): RollRecord | null {
    const [old, next] = [this.#closes[position] ?? null, this.#closes[position + 1] ?? null];
    const end = Math.min(window.ends, horizon + 1);
    if (old === null || next === null) return null;
    const { rule } = this.#input;
    let streak = 0;
    let volumesSeen = 0;
    for (let i = 0, j = 0; i < old.length && j < next.length;) {
      const [a, b] = [old.closeUs[i]!, next.closeUs[j]!];
      if (a < b) i += 1;
      else if (b < a) j += 1;
      else {
        const date = this.#dateOf(a);
        if (date >= end) break;
        if (a > heldFrom && hasPrices(old, i, next, j)) {
          const [front, back] = [old.volume[i]!, next.volume[j]!];
          if (!Number.isNaN(front + back)) volumesSeen += 1;
          streak = back > front ? streak + 1 : 0;
          if (rule.kind === 'volume' && streak >= rule.sessions)
            return this.#record(position, a, date, old.close[i]!, next.close[j]!, {
              reason: `volume of the next contract above the current one on ${rule.sessions} session(s)`,
            });
          if (date >= window.opens) {
            if (rule.kind === 'volume' && volumesSeen === 0)
              throw noVolumes(this.#input.chain[position]!);
            return this.#record(position, a, date, old.close[i]!, next.close[j]!, {
              reason: `${describeRollRule(rule)}: first common close from ${toIsoDate(window.opens)}`,
            });
          }
        }
        i += 1;
        j += 1;
      }
    }
    const lastDate = this.#input.calendar.addBusinessDays(window.ends, -1);
    return this.#input.allowInferred === true && lastDate <= horizon
      ? this.#inferred(position, window, heldFrom, old, next)
      : null;
  }

  /** In the window's last session one price may be that of the session before. */
  #inferred(
    position: number,
    window: Window,
    heldFrom: number,
    old: SessionCloses,
    next: SessionCloses,
  ): RollRecord | null {
    const [i, j] = [this.#lastBefore(old, window.ends), this.#lastBefore(next, window.ends)];
    if (i < 0 || j < 0) return null;
    const atUs = Math.max(old.closeUs[i]!, next.closeUs[j]!);
    const olderUs = Math.min(old.closeUs[i]!, next.closeUs[j]!);
    const date = this.#dateOf(atUs);
    const dayBefore = this.#input.calendar.addBusinessDays(date, -1);
    const lastDate = this.#input.calendar.addBusinessDays(window.ends, -1);
    if (date < lastDate || this.#dateOf(olderUs) < dayBefore || atUs <= heldFrom) return null;
    return this.#record(position, atUs, date, old.close[i]!, next.close[j]!, {
      reason: `last session of the window: a price carried from ${toIsoUtc(olderUs as TsUs)}`,
      isInferred: true,
    });
  }

  #lastBefore(closes: SessionCloses, end: TradeDate): number {
    for (let row = closes.length - 1; row >= 0; row -= 1) {
      if (this.#dateOf(closes.closeUs[row]!) < end && !Number.isNaN(closes.close[row]!)) return row;
    }
    return -1;
  }

  #record(
    position: number,
    atUs: number,
    tradeDate: TradeDate,
    fromPrice: number,
    toPrice: number,
    why: { readonly reason: string; readonly isInferred?: boolean },
  ): RollRecord {
    const us = atUs as TsUs;
    return {
      root: this.#input.root,
      from: this.#input.chain[position]!.id,
      to: this.#input.chain[position + 1]!.id,
      fromIndex: this.indexAt(position),
      toIndex: this.indexAt(position + 1),
      decidedUs: us,
      effectiveUs: us,
      tradeDate,
      fromPrice,
      toPrice,
      pricesUs: us,
      isInferred: why.isInferred ?? false,
      reason: why.reason,
    };
  }
}

function hasPrices(old: SessionCloses, i: number, next: SessionCloses, j: number): boolean {
  return !Number.isNaN(old.close[i]!) && !Number.isNaN(next.close[j]!);
}

function windowOf(contract: ContractSpec, input: RollInput): Window {
  const { rule, calendar } = input;
  const { lastTradeDate, firstNoticeDate } = contract.dates;
  const earlier = Math.min(lastTradeDate, firstNoticeDate ?? lastTradeDate) as TradeDate;
  if (rule.kind === 'volume')
    return { opens: calendar.addBusinessDays(earlier, -rule.deadlineDays), ends: earlier };
  if (rule.kind === 'given') return { opens: earlier, ends: lastTradeDate };
  if (rule.anchor === 'first-notice' && firstNoticeDate === null) {
    throw new TradingError('E_ROLL_SCHEDULE', `${contract.id} has no first notice date`, {
      details: { contract: contract.id, anchor: rule.anchor },
      rule: 'a rule anchored at first notice needs contracts that are delivered',
      fix: "anchor the rule at 'last-trade' or 'earlier'",
    });
  }
  const anchor =
    rule.anchor === 'last-trade'
      ? lastTradeDate
      : rule.anchor === 'first-notice'
        ? firstNoticeDate!
        : earlier;
  const opens =
    rule.count === 'business'
      ? calendar.addBusinessDays(anchor, -rule.days)
      : calendar.addBusinessDays(addDays(anchor, 1 - rule.days), -1);
  return { opens, ends: Math.min(anchor, lastTradeDate) as TradeDate };
}

function buildGiven(input: RollInput, given: readonly GivenRoll[]): RollSchedule {
  const position = new Map(input.chain.map((contract, index) => [contract.id, index]));
  const indexOf = input.indexOf ?? ((id: ContractId) => position.get(id) ?? -1);
  const full = toGivenSchedule({
    root: input.root,
    name: input.rule.kind === 'given' ? input.rule.name : '',
    rolls: given,
    first: input.chain[0]!.id,
    indexOf,
    priceOf: (index, atUs) => priceAt(input.dailyCloses(index), atUs),
    tradeDateOf:
      input.tradeDateOf ?? ((us: number) => input.calendar.tradeDateOf((us - 1) as TsUs)),
  });
  const kept = full.rolls.filter(
    (roll) => roll.tradeDate >= input.from && roll.tradeDate <= input.to,
  );
  const before = full.rolls.findLast((roll) => roll.tradeDate < input.from);
  const first = kept[0]?.fromIndex ?? before?.toIndex ?? full.held[0]!;
  return { ...full, held: [first, ...kept.map((roll) => roll.toIndex)], rolls: kept };
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
}): RollSchedule {
  const { root, indexOf } = input;
  const rule: RollRule = { kind: 'given', name: input.name };
  const dateOf = input.tradeDateOf ?? ((us: number) => Math.floor(us / US_PER_DAY) as TradeDate);
  const rolls: RollRecord[] = [];
  for (const [row, roll] of input.rolls.entries()) {
    const [fromIndex, toIndex] = [indexOf(roll.from), indexOf(roll.to)];
    if (fromIndex < 0 || toIndex < 0)
      throw badGiven(row, roll, `${fromIndex < 0 ? roll.from : roll.to} is not in the chain`);
    const before = input.rolls[row - 1];
    if (before !== undefined && (before.to !== roll.from || before.atUs >= roll.atUs))
      throw badGiven(row, roll, `it does not follow the roll to ${before.to}`);
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
    });
  }
  const first = rolls[0]?.fromIndex ?? (input.first === undefined ? -1 : indexOf(input.first));
  if (first < 0)
    throw badInput(`the given schedule of ${root} has no rolls and names no contract to hold`, {
      root,
    });
  return { root, rule, held: [first, ...rolls.map((roll) => roll.toIndex)], rolls };
}

function priceAt(closes: SessionCloses | null, atUs: number): number {
  if (closes === null) return NaN;
  for (let row = 0; row < closes.length; row += 1)
    if (closes.closeUs[row] === atUs) return closes.close[row]!;
  return NaN;
}

function checkInput(input: RollInput): void {
  const { chain, rule, root } = input;
  if (chain.length === 0) throw badInput(`the chain of ${root} is empty`, { root });
  for (let i = 1; i < chain.length; i += 1) {
    if (compareContractMonth(chain[i - 1]!, chain[i]!) >= 0)
      throw badInput(`${chain[i]!.id} does not come after ${chain[i - 1]!.id} in the chain`, {
        position: i,
      });
  }
  // The window ends before the anchor, so a roll on the anchor itself could never happen.
  if (rule.kind === 'calendar' && !(Number.isInteger(rule.days) && rule.days >= 1))
    throw badInput(`a calendar rule needs 1 or more whole days, not ${rule.days}`, { rule });
  if (rule.kind === 'volume' && !(Number.isInteger(rule.sessions) && rule.sessions >= 1))
    throw badInput(`a volume rule needs 1 or more sessions, not ${rule.sessions}`, { rule });
  if (rule.kind === 'volume' && !(Number.isInteger(rule.deadlineDays) && rule.deadlineDays >= 1))
    throw badInput(`a volume rule needs a deadline of 1 or more days, not ${rule.deadlineDays}`, {
      rule,
    });
  if (rule.kind === 'given' && input.given === undefined)
    throw badInput(`the given schedule "${rule.name}" has no rolls with it`, { rule });
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

function noCommonPrice(old: ContractSpec, next: ContractSpec, window: Window): TradingError {
  const span = `${toIsoDate(window.opens)} to ${toIsoDate(addDays(window.ends, -1))}`;
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `${old.id} cannot roll to ${next.id}: no session close of both from ${span}`,
    {
      details: { from: old.id, to: next.id, window: span },
      rule: 'a roll needs a price of both contracts at the same session close inside its window',
      fix: `import daily bars of ${old.id} and ${next.id} for ${span}, or choose another roll rule`,
    },
  );
}

function chainEnds(last: ContractSpec, window: Window, horizon: TradeDate): TradingError {
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `the chain ends with ${last.id}, which must be left before ${toIsoDate(window.ends)}; the data go on to ${toIsoDate(horizon)}`,
    {
      details: { contract: last.id, windowEnds: toIsoDate(window.ends) },
      rule: 'every contract but the last needs a next one to roll into',
      fix: 'import the next contract, or end the span earlier',
    },
  );
}

function noVolumes(contract: ContractSpec): TradingError {
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `${contract.id} has no known volumes, so a volume rule cannot decide`,
    {
      details: { contract: contract.id },
      rule: 'a volume crossover needs the session volumes of both contracts',
      fix: 'use a calendar rule for a dataset whose volume is unknown',
    },
  );
}
