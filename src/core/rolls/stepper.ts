/**
 * The roll stepper: an incremental state machine that decides when a chain moves. It is fed with session closes, open
 * interest and the passing of time, in order, and answers with decisions and roll records. A backtest feeds it a history,
 * a live chain what arrives; there is no other code that decides. Its state is plain JSON: saved, restored and continued
 * it answers as if it had never stopped. Pure: no clock, no data source.
 */
import { TradingError } from '../errors.ts';
import type { ContractId, ContractSpec } from '../instrument.ts';
import type {
  ConditionRule,
  GivenRoll,
  RollCost,
  RollEvidence,
  RollPart,
  RollRecord,
  RollRule,
  RollTrigger,
  RollWindow,
} from '../roll.ts';
import { describeRollRule } from '../roll.ts';
import { addDays, toIsoDate } from '../trade-date.ts';
import type { TradeDate, TsUs } from '../units.ts';
import { toIsoUtc } from '../units.ts';
import { checkRollRule } from './check.ts';
import {
  chainEnds,
  noCommonPrice,
  noConditionData,
  noGivenClose,
  noGivenPrice,
  outOfOrder,
} from './errors.ts';
import type { RollCalendar } from './window.ts';
import { conditionOf, rollWindow } from './window.ts';

/** The contracts that a chain holds, in order of delivery. */
export interface RollChain {
  readonly root: string;
  readonly contracts: readonly ContractSpec[];
  /** Index of a contract in the run's table, by position in `contracts`; the position itself when not given. */
  readonly indexOf?: (position: number) => number;
  /** Carry contract of a position, for the records; null or absent where nobody asks. */
  readonly carryOf?: (position: number) => ContractId | null;
}

export interface RollStepperOptions {
  readonly rule: RollRule;
  readonly chain: RollChain;
  readonly calendar: RollCalendar;
  /** Trade date of a close. The calendar's by default, where a session does not hold its own close instant. */
  readonly tradeDateOf?: (closeUs: number) => TradeDate;
  /** In the last session of a window a price one session old may stand for a missing one; the roll is marked. */
  readonly allowInferred?: boolean;
  /** Of rule `given`, where the rule itself does not carry them. */
  readonly given?: readonly GivenRoll[];
  /** Position held at the start; 0 when not given. */
  readonly start?: number;
  /** What moving one contract from one to another costs, for the records. */
  readonly costOf?: (fromIndex: number, toIndex: number) => RollCost | null;
}

/**
 * What the stepper is told. Times never go back; several events may share one. `position` counts in the chain.
 * A `close` is the close of one session of one contract (any bar size serves a rule without volumes, but one size decides
 * for all); price in counts, volume NaN where unknown. `time`: everything up to and including `tsUs` was delivered.
 */
export type RollInputEvent =
  | {
      readonly kind: 'close';
      readonly tsUs: number;
      readonly position: number;
      readonly price: number;
      readonly volume: number;
    }
  | {
      /** `tsUs` is when it became known. */
      readonly kind: 'open-interest';
      readonly tsUs: number;
      readonly position: number;
      readonly openInterest: number;
    }
  | { readonly kind: 'time'; readonly tsUs: number };

export type RollOutput =
  | {
      /** The rule wants to leave `from`; the roll follows as soon as both have a price. */
      readonly kind: 'decision';
      readonly from: ContractId;
      readonly to: ContractId;
      readonly atUs: TsUs;
      readonly tradeDate: TradeDate;
      readonly trigger: RollTrigger;
      readonly reason: string;
    }
  | {
      /** A share of a weighted roll moves now; the chain's current contract moves with the last one. */
      readonly kind: 'part';
      readonly from: ContractId;
      readonly to: ContractId;
      readonly part: RollPart;
    }
  | { readonly kind: 'roll'; readonly record: RollRecord }
  | {
      /** The first contracts of the chain never had a price; nothing was held yet. */
      readonly kind: 'skipped';
      readonly contract: ContractId;
    }
  | {
      /**
       * `missed`: the window ended while the contract was held; the stepper stands on the next one. `chain-ends`: there is no
       * next one. `no-data`: the rule lacks what it reads. A live chain stops on any of them.
       */
      readonly kind: 'problem';
      readonly what: 'missed' | 'chain-ends' | 'no-data';
      readonly contract: ContractId;
      readonly window: RollWindow;
      readonly error: TradingError;
    };

/** Plain JSON. Contracts by id, so that a chain may have grown meanwhile. */
export interface RollStepperState {
  readonly version: 1;
  readonly root: string;
  readonly rule: string;
  readonly current: ContractId;
  /** False until the first price of a current contract: before it a contract can be skipped. */
  readonly isStarted: boolean;
  /** Rolls happen after this moment. */
  readonly heldFromUs: number | null;
  /** The last moment that was worked off. */
  readonly nowUs: number | null;
  /** Events of the moment that is still open. */
  readonly pending: {
    readonly tsUs: number;
    readonly closes: readonly (readonly [ContractId, number, number | null])[];
    readonly openInterest: readonly (readonly [ContractId, number])[];
  } | null;
  /** Last price by contract, from the current one on: time, price, volume. */
  readonly last: readonly (readonly [ContractId, number, number, number | null])[];
  /** Last common close of the current contract and another: time, its price, the other's. */
  readonly common: readonly (readonly [ContractId, number, number, number])[];
  /** Open interest: time known, value. */
  readonly openInterest: readonly (readonly [ContractId, number, number])[];
  readonly smoothed: readonly (readonly [ContractId, number])[];
  readonly streak: number;
  /** How often the condition could be compared since the current contract is held. */
  readonly compared: number;
  readonly isReported: boolean;
  readonly decided: {
    readonly to: ContractId;
    readonly atUs: number;
    readonly trigger: RollTrigger;
    readonly reason: string;
  } | null;
  readonly parts: readonly RollPart[];
  /** Given rolls that are done. */
  readonly givenAt: number;
}

export interface RollStepper {
  /** Position of the contract held now; it grows only. */
  readonly position: number;
  readonly current: ContractSpec;
  /** The contract that the next roll leads to as far as is known; null at the end of the chain. */
  readonly forward: ContractSpec | null;
  /** The window out of the current contract; null when a given schedule names no further roll. */
  readonly window: RollWindow | null;
  /** Shares of a weighted roll that moved already; empty otherwise. */
  readonly parts: readonly RollPart[];
  /** Takes one event. Errors: E_ROLL_ORDER when it is earlier than what was worked off. */
  push(event: RollInputEvent): readonly RollOutput[];
  /** Adds contracts at the end of the chain. Errors: E_ROLL_SCHEDULE when one does not come after the last. */
  extend(contracts: readonly ContractSpec[]): void;
  save(): RollStepperState;
}

/**
 * Makes a stepper, new or from a saved state.
 * Errors: E_ROLL_RULE for a rule that is not valid or needs the whole history, E_ROLL_SCHEDULE for a chain that is not in
 * order, E_ROLL_STATE for a state of another chain or rule.
 */
export function createRollStepper(
  options: RollStepperOptions,
  state?: RollStepperState,
): RollStepper {
  return new Stepper(options, state);
}

interface Last {
  readonly us: number;
  readonly price: number;
  readonly volume: number;
}

interface Decision {
  readonly to: number;
  readonly atUs: number;
  readonly trigger: RollTrigger;
  readonly reason: string;
}

interface Pair {
  readonly fromPrice: number;
  readonly toPrice: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly isInferred: boolean;
}

class Stepper implements RollStepper {
  readonly #options: RollStepperOptions;
  readonly #rule: RollRule;
  readonly #condition: ReturnType<typeof conditionOf>;
  readonly #given: readonly GivenRoll[] | null;
  readonly #chain: ContractSpec[];
  readonly #dateOf: (us: number) => TradeDate;
  #position: number;
  #isStarted: boolean = false;
  #heldFromUs: number = -Infinity;
  #nowUs: number = -Infinity;
  #pendingUs: number = NaN;
  #closes: Map<number, Last> = new Map();
  #interest: Map<number, number> = new Map();
  readonly #last: Map<number, Last> = new Map();
  readonly #common: Map<number, Pair> = new Map();
  readonly #openInterest: Map<number, { readonly us: number; readonly value: number }> = new Map();
  readonly #smoothed: Map<number, number> = new Map();
  #streak: number = 0;
  #compared: number = 0;
  #isReported: boolean = false;
  #decided: Decision | null = null;
  #parts: RollPart[] = [];
  #givenAt: number = 0;
  #windowOf: number = -1;
  #window: RollWindow | null = null;

  constructor(options: RollStepperOptions, state: RollStepperState | undefined) {
    const { rule, chain, calendar } = options;
    this.#options = options;
    this.#rule = rule;
    this.#condition = conditionOf(rule);
    checkRollRule(rule);
    if (rule.kind === 'nearest-date') {
      throw new TradingError(
        'E_ROLL_RULE',
        `${describeRollRule(rule)} reads prices after its rolls, so it cannot decide as data arrive`,
        {
          details: { rule },
          rule: 'nearest-date is for history only',
          fix: 'use the rule inside it, which waits for the first common close',
        },
      );
    }
    this.#given = rule.kind === 'given' ? (rule.rolls ?? options.given ?? []) : null;
    this.#chain = [...chain.contracts];
    this.#position = options.start ?? 0;
    // A session is [open, close): its close instant already belongs to the next one.
    this.#dateOf = options.tradeDateOf ?? ((us) => calendar.tradeDateOf((us - 1) as TsUs));
    if (state !== undefined) this.#restore(state);
  }

  get position(): number {
    return this.#position;
  }

  get current(): ContractSpec {
    return this.#chain[this.#position]!;
  }

  get forward(): ContractSpec | null {
    return this.#chain[this.#target()] ?? null;
  }

  get window(): RollWindow | null {
    return this.#currentWindow();
  }

  get parts(): readonly RollPart[] {
    return this.#parts;
  }

  extend(contracts: readonly ContractSpec[]): void {
    for (const contract of contracts) {
      const last = this.#chain.at(-1)!;
      if ((contract.year - last.year || contract.month - last.month) <= 0)
        throw new TradingError(
          'E_ROLL_SCHEDULE',
          `${contract.id} does not come after ${last.id} in the chain`,
          { details: { contract: contract.id, last: last.id }, fix: 'add later contracts only' },
        );
      this.#chain.push(contract);
    }
    this.#isReported = false;
  }

  push(event: RollInputEvent): readonly RollOutput[] {
    const outputs: RollOutput[] = [];
    if (!Number.isNaN(this.#pendingUs) && event.tsUs > this.#pendingUs) this.#settle(outputs);
    if (event.tsUs < this.#nowUs || event.tsUs < this.#pendingUs)
      throw outOfOrder(event, Math.max(this.#nowUs, this.#pendingUs || -Infinity));
    if (event.kind === 'time') {
      if (!Number.isNaN(this.#pendingUs)) this.#settle(outputs);
      this.#pass(event.tsUs, outputs, true);
      return outputs;
    }
    if (event.tsUs === this.#nowUs) throw outOfOrder(event, this.#nowUs);
    // A contract that was left behind decides nothing any more, but its bars tell the time.
    this.#pendingUs = event.tsUs;
    if (event.position < this.#position) return outputs;
    if (event.kind === 'open-interest') this.#interest.set(event.position, event.openInterest);
    else if (!Number.isNaN(event.price))
      this.#closes.set(event.position, {
        us: event.tsUs,
        price: event.price,
        volume: event.volume,
      });
    return outputs;
  }

  /** The open moment is complete. */
  #settle(outputs: RollOutput[]): void {
    const us = this.#pendingUs;
    const [closes, interest] = [this.#closes, this.#interest];
    this.#pendingUs = NaN;
    this.#closes = new Map();
    this.#interest = new Map();
    const date = this.#pass(us, outputs);
    for (const [position, close] of closes) {
      this.#last.set(position, close);
      this.#smooth(position, close.volume);
    }
    for (const [position, value] of interest) this.#openInterest.set(position, { us, value });
    const own = closes.get(this.#position);
    if (own !== undefined) {
      this.#isStarted = true;
      for (const [position, other] of closes)
        if (position > this.#position)
          this.#common.set(position, {
            fromPrice: own.price,
            toPrice: other.price,
            fromUs: us,
            toUs: us,
            isInferred: false,
          });
    }
    if (us > this.#heldFromUs) this.#evaluate(us, date, closes, interest, outputs);
  }

  /** Time has reached `us`: windows that are over end, given rolls that bring their prices happen. */
  #pass(us: number, outputs: RollOutput[], isDelivered: boolean = false): TradeDate {
    const date = this.#dateOf(us);
    this.#nowUs = us;
    for (;;) {
      const given = this.#given?.[this.#givenAt];
      // At its own moment a close may still bring the prices; once all of it was delivered, none will.
      const untilUs = isDelivered ? us : us - 1;
      if (given !== undefined && given.tradeDate === undefined && given.atUs <= untilUs) {
        this.#passGiven(given, outputs);
        continue;
      }
      const window = this.#currentWindow();
      if (window === null || date < window.ends) return date;
      const next = this.#chain[this.#target()];
      const contract = this.current;
      if (next === undefined) {
        this.#report('chain-ends', window, chainEnds(contract, window, date), outputs);
        return date;
      }
      if (!this.#isStarted) outputs.push({ kind: 'skipped', contract: contract.id });
      else {
        this.#isReported = false;
        const error =
          given === undefined
            ? noCommonPrice(contract, next, window)
            : noGivenClose(this.#givenAt, given, contract, window);
        this.#report('missed', window, error, outputs);
      }
      if (given !== undefined) this.#givenAt += 1;
      this.#moveTo(this.#target());
      this.#heldFromUs = -Infinity;
    }
  }

  #evaluate(
    us: number,
    date: TradeDate,
    closes: ReadonlyMap<number, Last>,
    interest: ReadonlyMap<number, number>,
    outputs: RollOutput[],
  ): void {
    const window = this.#currentWindow();
    if (window === null) return;
    if (this.#parts.length > 0) {
      const pair = this.#pairAt(us, date, this.#decided!.to, window, closes);
      if (pair !== null) this.#takePart(us, date, window, pair, outputs);
      return;
    }
    const trigger = this.#trigger(us, date, window, closes, interest);
    if (trigger !== null && (this.#decided === null || trigger.trigger === 'condition')) {
      const isNew = this.#decided === null || this.#decided.to !== trigger.to;
      this.#decided = trigger;
      if (isNew)
        outputs.push({
          kind: 'decision',
          from: this.current.id,
          to: this.#chain[trigger.to]!.id,
          atUs: us as TsUs,
          tradeDate: date,
          trigger: trigger.trigger,
          reason: trigger.reason,
        });
    }
    const decided = this.#decided;
    if (decided === null) return;
    const pair =
      this.#pairAt(us, date, decided.to, window, closes) ??
      (interest.size > 0 ? this.#pairBefore(date, decided.to) : null);
    if (pair === null) return;
    if (decided.trigger === 'deadline' && this.#compared === 0) {
      this.#report('no-data', window, noConditionData(this.current, this.#rule), outputs);
      return;
    }
    if (this.#rule.kind === 'weighted') this.#takePart(us, date, window, pair, outputs);
    else this.#roll(us, date, window, pair, outputs);
  }

  /** Why the chain should move at this moment, or null. */
  #trigger(
    us: number,
    date: TradeDate,
    window: RollWindow,
    closes: ReadonlyMap<number, Last>,
    interest: ReadonlyMap<number, number>,
  ): Decision | null {
    const target = this.#target();
    if (this.#chain[target] === undefined) return null;
    const given = this.#given?.[this.#givenAt];
    if (given !== undefined) {
      if (date < window.opens || (given.tradeDate === undefined && us < given.atUs)) return null;
      return { to: target, atUs: us, trigger: 'given', reason: describeRollRule(this.#rule) };
    }
    const met = this.#conditionMet(us, date, window, closes, interest);
    if (met !== null) return met;
    if (date < window.opens) return null;
    const isDeadline = this.#condition !== null;
    const day = toIsoDate(window.opens);
    return {
      to: target,
      atUs: us,
      trigger: isDeadline ? 'deadline' : 'date',
      reason: isDeadline
        ? `${describeRollRule(this.#rule)}: never met, so at the deadline, first common close from ${day}`
        : `${describeRollRule(this.#rule)}: first common close from ${day}`,
    };
  }

  #conditionMet(
    us: number,
    date: TradeDate,
    window: RollWindow,
    closes: ReadonlyMap<number, Last>,
    interest: ReadonlyMap<number, number>,
  ): Decision | null {
    const rule = this.#condition;
    if (rule === null) return null;
    const isEarly = window.conditionFrom !== null && date < window.conditionFrom;
    if (rule.kind === 'open-interest')
      return interest.size === 0 ? null : this.#interestMet(us, rule, isEarly);
    const next = this.#position + 1;
    const [front, back] = [closes.get(this.#position), closes.get(next)];
    if (front === undefined || back === undefined) return null;
    if (!Number.isNaN(front.volume + back.volume)) this.#compared += 1;
    if (isEarly) return null;
    if (rule.kind === 'volume') {
      this.#streak = back.volume > front.volume ? this.#streak + 1 : 0;
      if (this.#streak < rule.sessions) return null;
      const times = rule.sessions === 1 ? 'this session' : `${rule.sessions} sessions in a row`;
      return {
        to: next,
        atUs: us,
        trigger: 'condition',
        reason: `volume of the next contract above the current one on ${times}: ${back.volume} against ${front.volume}`,
      };
    }
    const [own, other] = [this.#smoothed.get(this.#position), this.#smoothed.get(next)];
    if (own === undefined || other === undefined) return null;
    const isLiquid = other > own || (other > rule.minShare * own && other > rule.minVolume);
    if (!isLiquid) return null;
    return {
      to: next,
      atUs: us,
      trigger: 'condition',
      reason: `the next contract is liquid: smoothed volume ${round(other)} against ${round(own)}`,
    };
  }

  /** Compares what was published at one moment, so that a stale figure never decides. */
  #interestMet(
    us: number,
    rule: Extract<ConditionRule, { kind: 'open-interest' }>,
    isEarly: boolean,
  ): Decision | null {
    const own = this.#openInterest.get(this.#position);
    if (own === undefined || own.us !== us) return null;
    let best = -1;
    let most = own.value;
    let seen = 0;
    for (let at = this.#position + 1; at < this.#chain.length; at += 1) {
      if (rule.within === 'next' && at > this.#position + 1) break;
      if (monthsBetween(this.current, this.#chain[at]!) > 12) break;
      const reading = this.#openInterest.get(at);
      if (reading === undefined || reading.us !== us) continue;
      seen += 1;
      if (reading.value > most) [best, most] = [at, reading.value];
    }
    if (seen > 0) this.#compared += 1;
    if (isEarly) return null;
    this.#streak = best < 0 ? 0 : this.#streak + 1;
    if (best < 0 || this.#streak < rule.sessions) return null;
    return {
      to: best,
      atUs: us,
      trigger: 'condition',
      reason: `open interest of ${this.#chain[best]!.id} above ${this.current.id}: ${most} against ${own.value}`,
    };
  }

  /** Prices of both contracts at this moment, or in a window's last session one carried from the session before. */
  #pairAt(
    us: number,
    date: TradeDate,
    to: number,
    window: RollWindow,
    closes: ReadonlyMap<number, Last>,
  ): Pair | null {
    const given = this.#given?.[this.#givenAt];
    if (given !== undefined && given.tradeDate === undefined) {
      if (given.atUs !== us) return null;
      if (given.fromPrice !== undefined && given.toPrice !== undefined)
        return {
          fromPrice: given.fromPrice,
          toPrice: given.toPrice,
          fromUs: us,
          toUs: us,
          isInferred: given.isInferred ?? false,
        };
    }
    const [old, next] = [closes.get(this.#position), closes.get(to)];
    if (old !== undefined && next !== undefined)
      return {
        fromPrice: given?.fromPrice ?? old.price,
        toPrice: given?.toPrice ?? next.price,
        fromUs: us,
        toUs: us,
        isInferred: false,
      };
    if (this.#options.allowInferred !== true || (old === undefined && next === undefined))
      return null;
    const { calendar } = this.#options;
    const lastDate = calendar.addBusinessDays(window.ends, -1);
    const [a, b] = [this.#last.get(this.#position), this.#last.get(to)];
    if (date < lastDate || a === undefined || b === undefined) return null;
    const older = this.#dateOf(Math.min(a.us, b.us));
    if (older < calendar.addBusinessDays(date, -1)) return null;
    return { fromPrice: a.price, toPrice: b.price, fromUs: a.us, toUs: b.us, isInferred: true };
  }

  /** The last common close, when it is of this session or the one before. */
  #pairBefore(date: TradeDate, to: number): Pair | null {
    const pair = this.#common.get(to);
    if (pair === undefined) return null;
    const isFresh = this.#dateOf(pair.fromUs) >= this.#options.calendar.addBusinessDays(date, -1);
    return isFresh && pair.fromUs > this.#heldFromUs ? pair : null;
  }

  #takePart(
    us: number,
    date: TradeDate,
    window: RollWindow,
    pair: Pair,
    outputs: RollOutput[],
  ): void {
    const of = this.#rule.kind === 'weighted' ? this.#rule.days : 1;
    const before = this.#parts.at(-1);
    if (before !== undefined && before.tradeDate >= date) return;
    const done = this.#parts.reduce((sum, part) => sum + part.share, 0);
    // What is left moves in the window's last session: the contract is not held beyond it.
    const isLast = date >= this.#options.calendar.addBusinessDays(window.ends, -1);
    const share = isLast ? of - done : 1;
    const part: RollPart = {
      atUs: us as TsUs,
      tradeDate: date,
      share,
      of,
      fromPrice: pair.fromPrice,
      toPrice: pair.toPrice,
      isInferred: pair.isInferred,
    };
    this.#parts.push(part);
    const [from, to] = [this.current.id, this.#chain[this.#decided!.to]!.id];
    outputs.push({ kind: 'part', from, to, part });
    if (done + share === of) this.#roll(us, date, window, pair, outputs);
  }

  #roll(us: number, date: TradeDate, window: RollWindow, pair: Pair, outputs: RollOutput[]): void {
    const decided = this.#decided!;
    const { chain, costOf } = this.#options;
    const indexOf = chain.indexOf ?? ((position: number) => position);
    const [old, next] = [this.current, this.#chain[decided.to]!];
    const [fromIndex, toIndex] = [indexOf(this.#position), indexOf(decided.to)];
    const first = this.#parts[0];
    const carry = this.#given?.[this.#givenAt]?.carry ?? chain.carryOf?.(this.#position) ?? null;
    outputs.push({
      kind: 'roll',
      record: {
        root: chain.root,
        from: old.id,
        to: next.id,
        fromIndex,
        toIndex,
        decidedUs: (first?.atUs ?? us) as TsUs,
        effectiveUs: us as TsUs,
        tradeDate: date,
        fromPrice: pair.fromPrice,
        toPrice: pair.toPrice,
        pricesUs: Math.max(pair.fromUs, pair.toUs) as TsUs,
        isInferred: pair.isInferred || this.#parts.some((part) => part.isInferred),
        reason: this.#reasonOf(decided, pair, date, window),
        fromPriceUs: pair.fromUs as TsUs,
        toPriceUs: pair.toUs as TsUs,
        looksAhead: false,
        window,
        evidence: this.#evidence(decided),
        ...(this.#parts.length === 0 ? {} : { parts: this.#parts }),
        ...(carry === null ? {} : { carry }),
        cost: costOf?.(fromIndex, toIndex) ?? null,
      },
    });
    if (this.#given !== null) this.#givenAt += 1;
    this.#moveTo(decided.to);
    this.#heldFromUs = us;
  }

  #reasonOf(decided: Decision, pair: Pair, date: TradeDate, window: RollWindow): string {
    const parts = [decided.reason];
    if (pair.isInferred && this.#given === null)
      parts.push(
        `last session of the window: a price carried from ${toIsoUtc(Math.min(pair.fromUs, pair.toUs) as TsUs)}`,
      );
    else if (pair.fromUs < this.#nowUs)
      parts.push(`prices of the common close ${toIsoUtc(pair.fromUs as TsUs)}`);
    else if (window.desired !== null && date > window.opens && decided.trigger !== 'condition')
      parts.push(`waited until ${toIsoDate(date)}`);
    const notice = this.current.dates.firstNoticeDate;
    if (notice !== null && date >= notice)
      parts.push(`not before first notice ${toIsoDate(notice)}`);
    return parts.join('; ');
  }

  #evidence(decided: Decision): RollEvidence {
    const { dates } = this.current;
    const [old, next] = [this.#last.get(this.#position), this.#last.get(decided.to)];
    const [a, b] = [this.#openInterest.get(this.#position), this.#openInterest.get(decided.to)];
    return {
      trigger: decided.trigger,
      fromVolume: known(old?.volume),
      toVolume: known(next?.volume),
      fromOpenInterest: a?.value ?? null,
      toOpenInterest: b?.value ?? null,
      openInterestUs: (a === undefined ? null : a.us) as TsUs | null,
      lastTradeDate: dates.lastTradeDate,
      firstNoticeDate: dates.firstNoticeDate,
    };
  }

  /** A given roll whose moment is over: with its own prices it happened then, without it cannot. */
  #passGiven(given: GivenRoll, outputs: RollOutput[]): void {
    const [us, to] = [given.atUs, this.#target()];
    const date = this.#dateOf(us);
    const window = this.#currentWindow()!;
    const { fromPrice, toPrice } = given;
    if (fromPrice === undefined || toPrice === undefined || this.#chain[to] === undefined) {
      this.#isReported = false;
      this.#report('missed', window, noGivenPrice(this.#givenAt, given), outputs);
      this.#givenAt += 1;
      if (this.#chain[to] !== undefined) this.#moveTo(to);
      return;
    }
    this.#decided = {
      to,
      atUs: us,
      trigger: 'given',
      reason: describeRollRule(this.#rule),
    };
    const pair = {
      fromPrice,
      toPrice,
      fromUs: us,
      toUs: us,
      isInferred: given.isInferred ?? false,
    };
    const now = this.#nowUs;
    this.#nowUs = us;
    this.#roll(us, date, window, pair, outputs);
    this.#nowUs = now;
  }

  #moveTo(position: number): void {
    this.#position = position;
    this.#streak = 0;
    this.#compared = 0;
    this.#isReported = false;
    this.#decided = null;
    this.#parts = [];
    this.#common.clear();
    for (const map of [this.#last, this.#openInterest, this.#smoothed])
      for (const key of map.keys()) if (key < position) map.delete(key);
  }

  #report(
    what: Extract<RollOutput, { kind: 'problem' }>['what'],
    window: RollWindow,
    error: TradingError,
    outputs: RollOutput[],
  ): void {
    if (this.#isReported) return;
    this.#isReported = true;
    outputs.push({ kind: 'problem', what, contract: this.current.id, window, error });
  }

  #smooth(position: number, volume: number): void {
    const rule = this.#condition;
    if (rule?.kind !== 'liquid-forward' || Number.isNaN(volume)) return;
    const before = this.#smoothed.get(position) ?? volume;
    this.#smoothed.set(position, before + (2 / (rule.span + 1)) * (volume - before));
  }

  /** Where the next roll leads, before a condition says otherwise. */
  #target(): number {
    if (this.#decided !== null) return this.#decided.to;
    const given = this.#given?.[this.#givenAt];
    if (given === undefined) return this.#position + 1;
    const at = this.#chain.findIndex((contract) => contract.id === given.to);
    return at > this.#position ? at : this.#chain.length;
  }

  #currentWindow(): RollWindow | null {
    if (this.#given !== null) return this.#givenWindow();
    if (this.#windowOf !== this.#position) {
      this.#windowOf = this.#position;
      this.#window = rollWindow(this.#rule, this.current, this.#options.calendar);
    }
    return this.#window;
  }

  #givenWindow(): RollWindow | null {
    const given = this.#given![this.#givenAt];
    if (given === undefined) return null;
    const opens = given.tradeDate ?? this.#dateOf(given.atUs);
    const last = addDays(this.current.dates.lastTradeDate, 1);
    return {
      desired: opens,
      conditionFrom: null,
      opens,
      ends: Math.max(last, opens + 1) as TradeDate,
    };
  }

  save(): RollStepperState {
    const id = (position: number): ContractId => this.#chain[position]!.id;
    const nan = (value: number): number | null => (Number.isNaN(value) ? null : value);
    const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
    const decided = this.#decided;
    return {
      version: 1,
      root: this.#options.chain.root,
      rule: describeRollRule(this.#rule),
      current: this.current.id,
      isStarted: this.#isStarted,
      heldFromUs: finite(this.#heldFromUs),
      nowUs: finite(this.#nowUs),
      pending: Number.isNaN(this.#pendingUs)
        ? null
        : {
            tsUs: this.#pendingUs,
            closes: [...this.#closes].map(([at, c]) => [id(at), c.price, nan(c.volume)] as const),
            openInterest: [...this.#interest].map(([at, value]) => [id(at), value] as const),
          },
      last: [...this.#last].map(([at, c]) => [id(at), c.us, c.price, nan(c.volume)] as const),
      common: [...this.#common].map(
        ([at, pair]) => [id(at), pair.fromUs, pair.fromPrice, pair.toPrice] as const,
      ),
      openInterest: [...this.#openInterest].map(([at, r]) => [id(at), r.us, r.value] as const),
      smoothed: [...this.#smoothed].map(([at, value]) => [id(at), value] as const),
      streak: this.#streak,
      compared: this.#compared,
      isReported: this.#isReported,
      decided: decided === null ? null : { ...decided, to: id(decided.to) },
      parts: [...this.#parts],
      givenAt: this.#givenAt,
    };
  }

  #restore(state: RollStepperState): void {
    const positions = new Map(this.#chain.map((contract, at) => [contract.id, at]));
    const fail = (why: string): never => {
      throw new TradingError('E_ROLL_STATE', `the saved state of ${state.root} ${why}`, {
        details: { root: state.root, rule: state.rule, current: state.current },
        rule: 'a state continues the chain and the rule that it was saved from',
        fix: 'start without it, and replay the history from before the current contract',
      });
    };
    if (state.version !== 1) fail(`has version ${String(state.version)}, known is 1`);
    if (state.root !== this.#options.chain.root) fail(`is not of ${this.#options.chain.root}`);
    if (state.rule !== describeRollRule(this.#rule)) fail(`is of the rule ${state.rule}`);
    const at = (contract: ContractId): number =>
      positions.get(contract) ?? fail(`names ${contract}, which is not in the chain`);
    const volume = (value: number | null): number => value ?? NaN;
    this.#position = at(state.current);
    this.#isStarted = state.isStarted;
    this.#heldFromUs = state.heldFromUs ?? -Infinity;
    this.#nowUs = state.nowUs ?? -Infinity;
    if (state.pending !== null) {
      const us = state.pending.tsUs;
      this.#pendingUs = us;
      for (const [contract, price, size] of state.pending.closes)
        this.#closes.set(at(contract), { us, price, volume: volume(size) });
      for (const [contract, value] of state.pending.openInterest)
        this.#interest.set(at(contract), value);
    }
    for (const [contract, us, price, size] of state.last)
      this.#last.set(at(contract), { us, price, volume: volume(size) });
    for (const [contract, us, fromPrice, toPrice] of state.common)
      this.#common.set(at(contract), {
        fromPrice,
        toPrice,
        fromUs: us,
        toUs: us,
        isInferred: false,
      });
    for (const [contract, us, value] of state.openInterest)
      this.#openInterest.set(at(contract), { us, value });
    for (const [contract, value] of state.smoothed) this.#smoothed.set(at(contract), value);
    this.#streak = state.streak;
    this.#compared = state.compared;
    this.#isReported = state.isReported;
    this.#decided = state.decided === null ? null : { ...state.decided, to: at(state.decided.to) };
    this.#parts = [...state.parts];
    this.#givenAt = state.givenAt;
  }
}

function known(volume: number | undefined): number | null {
  return volume === undefined || Number.isNaN(volume) ? null : volume;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function monthsBetween(a: ContractSpec, b: ContractSpec): number {
  return (b.year - a.year) * 12 + b.month - a.month;
}
