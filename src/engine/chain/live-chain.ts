/**
 * The chain of one product, live: bars, positions and the clock go in; rows, rolls, subscriptions, requests and timers come
 * out. Synchronous and without a clock of its own, so that a replay of yesterday and the stream of today run through the
 * same code. Rolls are decided by the roll stepper that builds the schedules of a history: equal bars, equal rolls.
 *
 * A moment is everything that closes at one instant. It is worked off when its grace is over: first the rows of every bar
 * size, of the contracts as they stood, then the roll that its closes decide, for all sizes at once.
 */
import { assert, TradingError } from '../../core/errors.ts';
import type { ContractId, ContractSpec } from '../../core/instrument.ts';
import type { RollRecord } from '../../core/roll.ts';
import { describeRollRule, gapOf, ratioOf } from '../../core/roll.ts';
import { createRollStepper } from '../../core/rolls/stepper.ts';
import type {
  RollInputEvent,
  RollOutput,
  RollStepper,
  RollStepperState,
} from '../../core/rolls/stepper.ts';
import { conditionOf } from '../../core/rolls/window.ts';
import { addDays } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import { US_PER_DAY, US_PER_SECOND } from '../../core/units.ts';
import { chainStopped, positionError, stateError, windowError } from './chain-errors.ts';
import { calendarPosition, checkPositions, checkSaved, heldPositions } from './start-up.ts';
import type {
  BrokerPosition,
  ChainBar,
  ChainEffect,
  ChainEvent,
  ChainRole,
  ChainRow,
  ChainSide,
  ChainTimer,
  LiveChainConfig,
  LiveChainState,
  OpenInterestReading,
  PendingMove,
} from './types.ts';

/** Everything that closes at one instant. */
interface Moment {
  readonly closeUs: number;
  /** When it is worked off; by the machine's clock. */
  readonly dueUs: number;
  readonly bars: Map<string, ChainBar>;
  readonly interest: OpenInterestReading[];
}

type StartEvent = Extract<ChainEvent, { kind: 'start' }>;

export class LiveChain {
  readonly #config: LiveChainConfig;
  readonly #graceUs: number;
  readonly #decides: string;
  readonly #contracts: ContractSpec[];
  readonly #places: Map<ContractId, number> = new Map();
  #phase: 'new' | 'replay' | 'live' | 'stopped' = 'new';
  #stepper: RollStepper;
  #previous: ContractId | null = null;
  #doneUs: number | null = null;
  #nowUs: number = -Infinity;
  /** In order of closeUs. */
  readonly #moments: Moment[] = [];
  #gap: number = 0;
  #ratio: number | null = 1;
  readonly #rows: ChainRow[] = [];
  readonly #rolls: RollRecord[] = [];
  #move: PendingMove | null = null;
  #positions: readonly BrokerPosition[] = [];
  #isWindowTold: boolean = false;
  #lateBars: number = 0;
  #stopped: LiveChainState['stopped'] = null;
  readonly #subscribed: Map<ContractId, ChainRole> = new Map();
  readonly #timers: Map<ChainTimer, number> = new Map();
  /** Of the replay: its end, contracts whose bars were asked for, and those not answered yet. */
  #horizonUs: number = -Infinity;
  readonly #asked: Set<ContractId> = new Set();
  readonly #awaited: Set<ContractId> = new Set();
  #windowOf: ContractId | null = null;
  #opensUs: number | null = null;
  #endsUs: number | null = null;
  #out: ChainEffect[] = [];

  /** Errors: those of the roll stepper; E_CHAIN_STATE for bar sizes that contradict each other. */
  constructor(config: LiveChainConfig) {
    this.#config = config;
    this.#graceUs = config.graceUs ?? 2 * US_PER_SECOND;
    this.#decides = config.decides ?? config.intervals[0] ?? '';
    if (!config.intervals.some((interval) => interval === this.#decides))
      throw stateError(
        `the chain of ${config.root} has no bars of ${this.#decides || 'any size'}`,
        {
          intervals: config.intervals,
          decides: this.#decides,
        },
      );
    this.#contracts = [...config.contracts];
    this.#contracts.forEach(({ id }, at) => this.#places.set(id, at));
    this.#stepper = this.#makeStepper(0);
  }

  get phase(): 'new' | 'replay' | 'live' | 'stopped' {
    return this.#phase;
  }
  /** The contract to trade now. */
  get current(): ContractId {
    return this.#stepper.current.id;
  }
  /** Rolls since the state was begun. */
  get rolls(): readonly RollRecord[] {
    return this.#rolls;
  }

  /**
   * Takes one event and returns what follows from it, in order. A failure that a person must look at is the effect
   * `stopped`; after it nothing more follows. Errors thrown: none of the market's, only broken assumptions.
   */
  handle(event: ChainEvent): readonly ChainEffect[] {
    if (this.#phase === 'stopped') return [];
    this.#out = [];
    this.#nowUs = Math.max(this.#nowUs, event.nowUs);
    try {
      this.#dispatch(event);
      if (this.#isRunning()) this.#afterwards();
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#stop(error);
    }
    return this.#out;
  }

  /** Adds contracts at the end of the chain, as they are listed. Errors: E_ROLL_SCHEDULE. */
  extend(contracts: readonly ContractSpec[]): void {
    this.#stepper.extend(contracts);
    for (const contract of contracts) {
      this.#places.set(contract.id, this.#contracts.length);
      this.#contracts.push(contract);
    }
  }

  save(): LiveChainState {
    const { root, rule, intervals } = this.#config;
    const volume = (value: number): number | null => (Number.isNaN(value) ? null : value);
    return {
      version: 1,
      root,
      rule: describeRollRule(rule),
      decides: this.#decides as LiveChainState['decides'],
      intervals,
      stepper: this.#stepper.save(),
      previous: this.#previous,
      doneUs: this.#doneUs,
      pendingBars: this.#moments.flatMap((moment) =>
        barsOf(moment).map((bar) => ({ ...bar, volume: volume(bar.volume) })),
      ),
      pendingInterest: this.#moments.flatMap((moment) => moment.interest),
      gap: this.#gap,
      ratio: this.#ratio,
      rows: [...this.#rows],
      rolls: [...this.#rolls],
      moves: this.#move === null ? [] : [this.#move],
      positions: this.#positions,
      isWindowTold: this.#isWindowTold,
      lateBars: this.#lateBars,
      stopped: this.#stopped,
    };
  }

  #isRunning(): boolean {
    return this.#phase === 'replay' || this.#phase === 'live';
  }

  #dispatch(event: ChainEvent): void {
    if (event.kind === 'start') {
      assert(this.#phase === 'new', 'a chain is started once');
      this.#start(event);
      return;
    }
    assert(this.#phase !== 'new', 'a chain is started before anything else');
    switch (event.kind) {
      case 'bar':
        this.#takeBar(event.bar, false);
        break;
      case 'open-interest':
        this.#takeInterest(event.reading);
        break;
      case 'history':
        this.#takeHistory(event);
        break;
      case 'position':
        this.#takePosition(event.position);
        break;
      case 'time':
        break;
    }
  }

  /** Moments that are due, windows that are over, timers that follow. */
  #afterwards(): void {
    if (this.#phase === 'replay') this.#replay();
    else this.#workOff((moment) => moment.dueUs <= this.#nowUs);
    // Only after the last moment of a window is it over: its closes may still roll the chain.
    if (this.#phase === 'live' && this.#nowUs >= this.#windowEndsUs() + this.#graceUs) {
      const endsUs = this.#windowEndsUs();
      this.#workOff((moment) => moment.closeUs <= endsUs);
      if (this.#phase === 'live') this.#endWindow(this.#nowUs);
    }
    if (!this.#isRunning()) return;
    this.#tellWindow(this.#nowUs);
    if (this.#move?.deadlineUs != null && this.#nowUs >= this.#move.deadlineUs)
      throw windowError(
        `the position in ${this.#move.from} did not follow the chain to ${this.#move.to} in time`,
        { ...this.#move },
      );
    this.#setTimers();
  }

  // ------------------------------------------------------------------------------------------------- start-up

  #start(event: StartEvent): void {
    const config = this.#grown();
    const positions = heldPositions(event.positions, config.root);
    this.#positions = positions;
    if (event.saved !== null) this.#restore(event.saved, positions);
    else {
      const fromUs = event.sinceUs ?? event.nowUs;
      let at = calendarPosition(config, fromUs);
      if (event.sinceUs === undefined) at = this.#positionOr(at, positions);
      this.#stepper = this.#makeStepper(at);
      if (event.sinceUs !== undefined) this.#doneUs = event.sinceUs;
    }
    this.#follow();
    if (this.#doneUs === null || this.#doneUs >= event.nowUs) {
      this.#goLive();
      return;
    }
    this.#phase = 'replay';
    this.#horizonUs = event.nowUs;
    this.#askMissing();
  }

  /** The configuration with the contracts that were added meanwhile. */
  #grown(): LiveChainConfig {
    return { ...this.#config, contracts: this.#contracts };
  }

  /** Without a saved state the position says where we are, as long as the calendar can agree. */
  #positionOr(calendarAt: number, positions: readonly BrokerPosition[]): number {
    const held = positions[0];
    if (held === undefined) return calendarAt;
    const [should, next] = [this.#contracts[calendarAt]!, this.#contracts[calendarAt + 1]];
    checkPositions(positions, [should.id, ...(next === undefined ? [] : [next.id])], {
      why: `the calendar says ${should.id}${next === undefined ? '' : `, then ${next.id}`}`,
    });
    return this.#places.get(held.contract)!;
  }

  #restore(saved: LiveChainState, positions: readonly BrokerPosition[]): void {
    checkSaved(saved, this.#grown(), this.#decides);
    this.#stepper = this.#makeStepper(0, saved.stepper);
    this.#previous = saved.previous;
    this.#doneUs = saved.doneUs;
    this.#gap = saved.gap;
    this.#ratio = saved.ratio;
    this.#rows.push(...saved.rows);
    this.#rolls.push(...saved.rolls);
    this.#move = saved.moves[0] ?? null;
    this.#isWindowTold = saved.isWindowTold;
    this.#lateBars = saved.lateBars;
    for (const bar of saved.pendingBars) this.#put({ ...bar, volume: bar.volume ?? NaN });
    for (const reading of saved.pendingInterest)
      this.#momentOf(reading.knownUs).interest.push(reading);
    const known = saved.positions.map(({ contract }) => contract);
    const forward = this.#stepper.forward?.id;
    const allowed = [
      this.current,
      ...(this.#move === null ? [] : [this.#move.from, this.#move.to]),
      // A position in the forward contract agrees with the state only if the state knows of it.
      ...(forward !== undefined && known.includes(forward) ? [forward] : []),
    ];
    checkPositions(positions, allowed, {
      why: `the saved state says ${this.current}`,
      pair: this.#move === null ? null : [this.#move.from, this.#move.to],
    });
  }

  #goLive(): void {
    this.#phase = 'live';
    if (this.#move !== null && this.#netQty(this.#move.from) === 0)
      this.#moved(this.#move.from, this.#move.to);
    this.#checkPositions();
    this.#out.push({ kind: 'live', current: this.current, nowUs: this.#nowUs });
  }

  /** Asks for the bars between what was worked off and now, of every contract that a row needs. */
  #askMissing(): void {
    for (const contract of this.#subscribed.keys()) {
      if (this.#asked.has(contract)) continue;
      this.#asked.add(contract);
      this.#awaited.add(contract);
      this.#out.push({
        kind: 'request',
        contract,
        intervals: this.#config.intervals,
        fromUs: this.#doneUs!,
        toUs: this.#horizonUs,
      });
    }
  }

  #takeHistory(event: Extract<ChainEvent, { kind: 'history' }>): void {
    this.#awaited.delete(event.contract);
    for (const bar of event.bars) this.#takeBar(bar, true);
    for (const reading of event.openInterest ?? []) this.#takeInterest(reading);
  }

  /** Works off what is complete. A roll may need another contract's bars: then it waits for them. */
  #replay(): void {
    // What closed just now may still be missing from an answer and come live.
    const untilUs = this.#horizonUs - this.#graceUs;
    while (this.#awaited.size === 0 && this.#phase === 'replay') {
      const moment = this.#moments[0];
      if (moment === undefined || moment.closeUs > untilUs) {
        this.#goLive();
        return;
      }
      this.#moments.shift();
      this.#workOffMoment(moment);
      if (this.#phase === 'replay') this.#askMissing();
    }
  }

  // -------------------------------------------------------------------------------------------------- moments

  #takeBar(bar: ChainBar, isHistory: boolean): void {
    if (Number.isNaN(bar.close) || !this.#subscribed.has(bar.contract)) return;
    if (!this.#config.intervals.includes(bar.interval)) return;
    if (this.#doneUs !== null && bar.closeUs <= this.#doneUs) {
      // An answer may repeat what is known; a live bar that comes too late is told.
      if (isHistory || this.#phase === 'replay') return;
      this.#lateBars += 1;
      this.#out.push({ kind: 'late', bar });
      return;
    }
    this.#put(bar);
  }

  #put(bar: ChainBar): void {
    const { bars } = this.#momentOf(bar.closeUs);
    const key = `${bar.interval}/${bar.contract}`;
    if (!bars.has(key)) bars.set(key, bar);
  }

  #takeInterest(reading: OpenInterestReading): void {
    if (this.#doneUs !== null && reading.knownUs <= this.#doneUs) return;
    const { interest } = this.#momentOf(reading.knownUs);
    if (!interest.some((one) => one.contract === reading.contract)) interest.push(reading);
  }

  #momentOf(closeUs: number): Moment {
    let at = this.#moments.length;
    while (at > 0 && this.#moments[at - 1]!.closeUs > closeUs) at -= 1;
    const known = this.#moments[at - 1];
    if (known?.closeUs === closeUs) return known;
    const dueUs = this.#nowUs + this.#graceUs;
    const moment: Moment = { closeUs, dueUs, bars: new Map(), interest: [] };
    this.#moments.splice(at, 0, moment);
    return moment;
  }

  #workOff(isDue: (moment: Moment) => boolean): void {
    // A moment that is due takes the earlier ones with it.
    const last = this.#moments.findLastIndex(isDue);
    for (const moment of this.#moments.splice(0, last + 1))
      if (this.#isRunning()) this.#workOffMoment(moment);
  }

  #workOffMoment(moment: Moment): void {
    const { closeUs } = moment;
    // The moments before it are done: a window that was over before this one is over now.
    if (closeUs > this.#windowEndsUs()) {
      this.#endWindow(closeUs);
      if (!this.#isRunning()) return;
    }
    this.#tellWindow(closeUs);
    for (const interval of this.#config.intervals) this.#row(moment, interval);
    this.#doneUs = closeUs;
    for (const event of this.#stepperEvents(moment)) this.#apply(this.#stepper.push(event));
    if (this.#isRunning()) this.#apply(this.#stepper.push({ kind: 'time', tsUs: closeUs }));
  }

  #stepperEvents(moment: Moment): RollInputEvent[] {
    const { closeUs: tsUs } = moment;
    const place = (contract: ContractId): number => this.#places.get(contract) ?? -1;
    const closes = barsOf(moment)
      .filter((bar) => bar.interval === this.#decides && place(bar.contract) >= 0)
      .map(({ contract, close: price, volume }) => {
        return { kind: 'close', tsUs, position: place(contract), price, volume } as const;
      });
    const interest = moment.interest
      .filter((reading) => place(reading.contract) >= 0)
      .map(({ contract, openInterest }) => {
        return { kind: 'open-interest', tsUs, position: place(contract), openInterest } as const;
      });
    const byPlace = (a: { position: number }, b: { position: number }): number =>
      a.position - b.position;
    return [...closes.toSorted(byPlace), ...interest.toSorted(byPlace)];
  }

  #row(moment: Moment, interval: ChainBar['interval']): void {
    const side = (contract: ContractId | null): ChainSide | null => {
      const bar = contract === null ? undefined : moment.bars.get(`${interval}/${contract}`);
      if (bar === undefined) return null;
      const volume = Number.isNaN(bar.volume) ? null : bar.volume;
      return {
        contract: bar.contract,
        bar: [bar.openUs, bar.open, bar.high, bar.low, bar.close, volume],
      };
    };
    const current = side(this.current);
    if (current === null) return;
    const row: ChainRow = {
      interval,
      closeUs: moment.closeUs,
      current,
      forward: side(this.#stepper.forward?.id ?? null),
      previous: side(this.#previousId()),
      carry: side(this.#config.carryOf?.(this.#stepper.current) ?? null),
      gap: this.#gap,
      ratio: this.#ratio,
      windowOpensUs: this.#windowOpensUs(),
      windowEndsUs: finite(this.#windowEndsUs()),
    };
    this.#rows.push(row);
    if (this.#rows.length > (this.#config.history ?? 100)) this.#rows.shift();
    this.#out.push({ kind: 'row', row });
  }

  #previousId(): ContractId | null {
    return this.#previous ?? this.#contracts[this.#stepper.position - 1]?.id ?? null;
  }

  // ---------------------------------------------------------------------------------------------------- rolls

  #apply(outputs: readonly RollOutput[]): void {
    const isReplayed = this.#phase === 'replay';
    for (const output of outputs) {
      switch (output.kind) {
        case 'decision':
          this.#out.push({ kind: 'roll-due', decision: output });
          break;
        case 'part':
          this.#out.push({ kind: 'roll-part', part: output, isReplayed });
          break;
        case 'roll':
          this.#rolled(output.record, isReplayed);
          break;
        case 'skipped':
          this.#follow();
          break;
        case 'problem':
          throw output.error;
      }
    }
  }

  #rolled(record: RollRecord, isReplayed: boolean): void {
    if (this.#move !== null)
      throw positionError(
        `the chain moves from ${record.from} to ${record.to}, and the position of the roll before is still in ${this.#move.from}`,
        { position: this.#move.from, current: record.from, forward: record.to },
      );
    this.#gap += gapOf(record);
    const isPositive = record.fromPrice > 0 && record.toPrice > 0;
    this.#ratio = this.#ratio === null || !isPositive ? null : this.#ratio * ratioOf(record);
    this.#previous = record.from;
    this.#rolls.push(record);
    this.#isWindowTold = false;
    const netQty = this.#netQty(record.from);
    this.#out.push({ kind: 'rolled', record, netQty, isReplayed });
    if (netQty !== 0)
      this.#move = {
        from: record.from,
        to: record.to,
        decidedUs: record.effectiveUs,
        netQty,
        deadlineUs: record.window === undefined ? null : this.#sessionOpenUs(record.window.ends),
      };
    else this.#moved(record.from, record.to);
    this.#follow();
  }

  #moved(from: ContractId, to: ContractId): void {
    const leftQty = this.#netQty(from);
    this.#out.push({ kind: 'position-moved', from, to, leftQty, netQty: this.#netQty(to) });
    if (leftQty === 0) this.#move = null;
  }

  #takePosition(position: BrokerPosition): void {
    const others = this.#positions.filter(({ contract }) => contract !== position.contract);
    this.#positions = heldPositions([...others, position], this.#config.root);
    if (this.#phase === 'replay') return;
    const move = this.#move;
    if (move !== null && (position.contract === move.from || position.contract === move.to))
      this.#moved(move.from, move.to);
    this.#checkPositions();
    this.#follow();
  }

  /** The broker's positions are where the chain knows of them. Errors: E_CHAIN_POSITION. */
  #checkPositions(): void {
    const forward = this.#stepper.forward?.id;
    const allowed = [
      this.current,
      ...(forward === undefined ? [] : [forward]),
      ...(this.#move === null ? [] : [this.#move.from]),
    ];
    checkPositions(this.#positions, allowed, {
      why: `the chain holds ${this.current}${forward === undefined ? '' : `, then ${forward}`}`,
      pair:
        this.#move !== null
          ? [this.#move.from, this.#move.to]
          : forward === undefined
            ? null
            : [this.current, forward],
    });
  }

  #netQty(contract: ContractId): number {
    return this.#positions.find((one) => one.contract === contract)?.netQty ?? 0;
  }

  // -------------------------------------------------------------------------------------------- subscriptions

  /** Subscribes to what the chain needs now, and drops what it needs no more. */
  #follow(): void {
    const wanted = this.#wanted();
    for (const contract of this.#subscribed.keys()) {
      if (wanted.has(contract)) continue;
      this.#subscribed.delete(contract);
      this.#out.push({ kind: 'unsubscribe', contract });
    }
    for (const [contract, role] of wanted) {
      if (this.#subscribed.has(contract)) continue;
      const { intervals } = this.#config;
      this.#out.push({ kind: 'subscribe', contract, role, intervals });
      this.#subscribed.set(contract, role);
    }
  }

  #wanted(): Map<ContractId, ChainRole> {
    const wanted = new Map<ContractId, ChainRole>();
    const add = (contract: ContractId | null | undefined, role: ChainRole): void => {
      if (contract != null && !wanted.has(contract)) wanted.set(contract, role);
    };
    const { current, forward, position } = this.#stepper;
    add(current.id, 'current');
    add(forward?.id, 'forward');
    add(this.#previousId(), 'previous');
    add(this.#config.carryOf?.(current), 'carry');
    add(this.#move?.from, 'previous');
    const condition = conditionOf(this.#config.rule);
    // These rules read more than two contracts, or read them from before they are the next one.
    const months =
      condition?.kind === 'liquid-forward'
        ? Infinity
        : condition?.kind === 'open-interest' && condition.within === 'year'
          ? 12
          : 0;
    for (const contract of this.#contracts.slice(position + 1)) {
      const ahead = (contract.year - current.year) * 12 + contract.month - current.month;
      if (ahead <= months) add(contract.id, 'watch');
    }
    return wanted;
  }

  // --------------------------------------------------------------------------------------- windows and timers

  /** Pushes the time beyond the window's end; a chain that still stands there stops. */
  #endWindow(untilUs: number): void {
    const endsUs = this.#windowEndsUs();
    if (endsUs === Infinity || untilUs <= endsUs) return;
    const contract = this.current;
    const before: RollStepperState = this.#stepper.save();
    for (const output of this.#stepper.push({ kind: 'time', tsUs: endsUs + 1 })) {
      if (output.kind === 'problem') {
        // The state stays where the contract is, so that bars which come later can still roll it.
        this.#stepper = this.#makeStepper(0, before);
        throw output.what === 'missed'
          ? windowError(`the roll window of ${contract} is over, and the chain still holds it`, {
              contract,
              endsUs,
              cause: output.error.message,
            })
          : output.error;
      }
      this.#apply([output]);
    }
    this.#doneUs = Math.max(this.#doneUs ?? -Infinity, endsUs + 1);
    this.#windowOf = null;
    this.#follow();
  }

  #tellWindow(nowUs: number): void {
    const opensUs = this.#windowOpensUs();
    if (this.#isWindowTold || opensUs === null || nowUs < opensUs) return;
    this.#isWindowTold = true;
    const endsUs = this.#windowEndsUs();
    this.#out.push({ kind: 'window-open', contract: this.current, atUs: opensUs, endsUs });
  }

  #windowOpensUs(): number | null {
    this.#readWindow();
    return this.#opensUs;
  }

  #windowEndsUs(): number {
    this.#readWindow();
    return this.#endsUs ?? Infinity;
  }

  #readWindow(): void {
    if (this.#windowOf === this.current) return;
    this.#windowOf = this.current;
    const window = this.#stepper.window;
    this.#opensUs = window === null ? null : this.#sessionOpenUs(window.opens);
    this.#endsUs = window === null ? null : this.#sessionOpenUs(window.ends);
  }

  /** When the first session of a trade date, or of the next one that has any, opens. */
  #sessionOpenUs(date: TradeDate): number {
    const sessions = this.#config.calendar.sessions(date, addDays(date, 10));
    return sessions.length === 0 ? date * US_PER_DAY : sessions.openUs[0]!;
  }

  #setTimers(): void {
    const opensUs = this.#windowOpensUs();
    const endsUs = this.#windowEndsUs();
    const dueUs = this.#moments.reduce((first, one) => Math.min(first, one.dueUs), Infinity);
    this.#setTimer('moment', this.#phase === 'live' ? finite(dueUs) : null);
    this.#setTimer('window-open', this.#isWindowTold ? null : opensUs);
    this.#setTimer('window-end', finite(endsUs + this.#graceUs));
    this.#setTimer('move-deadline', this.#move?.deadlineUs ?? null);
  }

  #setTimer(name: ChainTimer, atUs: number | null): void {
    if ((this.#timers.get(name) ?? null) === atUs) return;
    if (atUs === null) this.#timers.delete(name);
    else this.#timers.set(name, atUs);
    this.#out.push({ kind: 'timer', name, atUs });
  }

  #stop(error: TradingError): void {
    this.#phase = 'stopped';
    this.#stopped = { code: error.code, message: error.message };
    for (const name of this.#timers.keys()) this.#setTimer(name, null);
    this.#out.push({ kind: 'stopped', error: chainStopped(error, this.#config.root) });
  }

  #makeStepper(start: number, state?: RollStepperState): RollStepper {
    const { root, rule, calendar, tradeDateOf, allowInferred, carryOf } = this.#config;
    return createRollStepper(
      {
        rule,
        chain: {
          root,
          contracts: this.#contracts,
          carryOf: (position) => carryOf?.(this.#contracts[position]!) ?? null,
        },
        calendar,
        start,
        ...(tradeDateOf === undefined ? {} : { tradeDateOf }),
        ...(allowInferred === undefined ? {} : { allowInferred }),
      },
      state,
    );
  }
}

function barsOf(moment: Moment): ChainBar[] {
  return [...moment.bars.values()];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
