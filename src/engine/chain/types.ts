/** What goes into a live chain and what comes out of it. Plain values both ways: whoever wires it owns sockets and clocks. */
import type { BarInterval } from '../../core/bars.ts';
import type { TradingError } from '../../core/errors.ts';
import type { ContractId, ContractSpec } from '../../core/instrument.ts';
import type { TradingCalendar } from '../../core/ports.ts';
import type { RollRecord, RollRule } from '../../core/roll.ts';
import type { RollOutput, RollStepperState } from '../../core/rolls/stepper.ts';
import type { TradeDate } from '../../core/units.ts';

export interface LiveChainConfig {
  readonly root: string;
  readonly rule: RollRule;
  /** The contracts that are held, in order of delivery, far enough beyond now; `extend` adds later ones. */
  readonly contracts: readonly ContractSpec[];
  readonly calendar: TradingCalendar;
  /** Bar sizes that rows are made of. The chain moves for all of them at one instant. */
  readonly intervals: readonly BarInterval[];
  /** The bar size whose closes decide rolls; one of `intervals`. The first by default. */
  readonly decides?: BarInterval;
  /** Carry contract of a held one; it need not be held ever. Null where nobody asks. */
  readonly carryOf?: (contract: ContractSpec) => ContractId | null;
  /** How long after the close of its first bar a moment waits for the bars of the other contracts. Default two seconds. */
  readonly graceUs?: number;
  /** Rows kept in the state. Default 100. */
  readonly history?: number;
  /** As in the schedule of a history. */
  readonly tradeDateOf?: (closeUs: number) => TradeDate;
  readonly allowInferred?: boolean;
}

/** A finished bar of one contract. Prices in counts; volume NaN where unknown. */
export interface ChainBar {
  readonly contract: ContractId;
  readonly interval: BarInterval;
  readonly openUs: number;
  readonly closeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface OpenInterestReading {
  readonly contract: ContractId;
  readonly knownUs: number;
  readonly openInterest: number;
}

export interface BrokerPosition {
  readonly contract: ContractId;
  readonly netQty: number;
}

/** What happens to a chain. Times of the machine's clock are in `nowUs`; they never go back. */
export type ChainEvent =
  | {
      /**
       * The first event. Positions of the product at the broker, all of them. `saved` from the run before, or null. `sinceUs`:
       * without a saved state, replay from here, so that history and indicators are warm; now when not given.
       */
      readonly kind: 'start';
      readonly nowUs: number;
      readonly positions: readonly BrokerPosition[];
      readonly saved: LiveChainState | null;
      readonly sinceUs?: number;
    }
  | { readonly kind: 'bar'; readonly nowUs: number; readonly bar: ChainBar }
  | {
      readonly kind: 'open-interest';
      readonly nowUs: number;
      readonly reading: OpenInterestReading;
    }
  | {
      /** The answer to a `request`: bars of all sizes asked for, in order of close; none is an answer too. */
      readonly kind: 'history';
      readonly nowUs: number;
      readonly contract: ContractId;
      readonly bars: readonly ChainBar[];
      readonly openInterest?: readonly OpenInterestReading[];
    }
  /** A timer that was asked for, or any look at the clock. */
  | { readonly kind: 'time'; readonly nowUs: number }
  /** The broker's position of one contract changed. */
  | { readonly kind: 'position'; readonly nowUs: number; readonly position: BrokerPosition };

export type ChainRole = 'current' | 'forward' | 'previous' | 'carry' | 'watch';

/** What the chain asks for and tells, in order. */
export type ChainEffect =
  | {
      readonly kind: 'subscribe';
      readonly contract: ContractId;
      readonly role: ChainRole;
      readonly intervals: readonly BarInterval[];
    }
  | { readonly kind: 'unsubscribe'; readonly contract: ContractId }
  | {
      /** Bars with fromUs < closeUs <= toUs are missing; answer with `history`. */
      readonly kind: 'request';
      readonly contract: ContractId;
      readonly intervals: readonly BarInterval[];
      readonly fromUs: number;
      readonly toUs: number;
    }
  /** Wake the chain with `time` then. A later effect of the same name replaces it; null cancels it. */
  | { readonly kind: 'timer'; readonly name: ChainTimer; readonly atUs: number | null }
  | { readonly kind: 'row'; readonly row: ChainRow }
  /** The roll window of the held contract is open; `endsUs` is when it is over. */
  | {
      readonly kind: 'window-open';
      readonly contract: ContractId;
      readonly atUs: number;
      readonly endsUs: number;
    }
  /** The rule wants to leave a contract; prices of both are awaited. */
  | {
      readonly kind: 'roll-due';
      readonly decision: Extract<RollOutput, { readonly kind: 'decision' }>;
    }
  /** Part of a roll in parts. */
  | {
      readonly kind: 'roll-part';
      readonly part: Extract<RollOutput, { readonly kind: 'part' }>;
      readonly isReplayed: boolean;
    }
  /** The decision: the chain has moved. `netQty` in the old contract is what is to follow; 0 when flat. */
  | {
      readonly kind: 'rolled';
      readonly record: RollRecord;
      readonly netQty: number;
      /** It happened while nobody was looking. */
      readonly isReplayed: boolean;
    }
  /** The execution, once the old contract is flat. Partly done: `leftQty` is not 0. */
  | {
      readonly kind: 'position-moved';
      readonly from: ContractId;
      readonly to: ContractId;
      readonly leftQty: number;
      readonly netQty: number;
    }
  /** Missing bars are worked off: from here on rows are live. */
  | { readonly kind: 'live'; readonly current: ContractId; readonly nowUs: number }
  /** A bar of a moment that is over; it changes nothing. */
  | { readonly kind: 'late'; readonly bar: ChainBar }
  /** Trading must stop until a person decides. Nothing is done after it. */
  | { readonly kind: 'stopped'; readonly error: TradingError };

export type ChainTimer = 'moment' | 'window-open' | 'window-end' | 'move-deadline' | 'fold';

/** A contract's bar in a row; null where it had none. */
export interface ChainSide {
  readonly contract: ContractId;
  readonly bar: readonly [
    openUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number | null,
  ];
}

/**
 * One continuous bar: the contracts of the chain as they stood when it closed; a roll decided from it comes after it.
 * Every row keeps its own adjustment: adjusted = counts + (gap of now − gap of the row) in a back frame, counts − gap in
 * a forward frame; factors alike. Prices in counts.
 */
export interface ChainRow {
  readonly interval: BarInterval;
  readonly closeUs: number;
  readonly current: ChainSide;
  readonly forward: ChainSide | null;
  readonly previous: ChainSide | null;
  readonly carry: ChainSide | null;
  /** Sum of all gaps so far, in counts. */
  readonly gap: number;
  /** Product of all ratios so far; null once a price at or below zero made it meaningless. */
  readonly ratio: number | null;
  /** When the held contract's window opens and is over; null where the rule names none. */
  readonly windowOpensUs: number | null;
  readonly windowEndsUs: number | null;
}

/** A position that has not followed its chain yet. */
export interface PendingMove {
  readonly from: ContractId;
  readonly to: ContractId;
  readonly decidedUs: number;
  /** Position in `from` at the decision. */
  readonly netQty: number;
  readonly deadlineUs: number | null;
}

/** Plain JSON: saved, restored and continued, a chain answers as if it had never stopped. */
export interface LiveChainState {
  readonly version: 1;
  readonly root: string;
  readonly rule: string;
  readonly decides: BarInterval;
  readonly intervals: readonly BarInterval[];
  readonly stepper: RollStepperState;
  readonly previous: ContractId | null;
  /** Everything up to this moment was worked off; null before the first. */
  readonly doneUs: number | null;
  /** Bars of moments that are still open. */
  readonly pendingBars: readonly (Omit<ChainBar, 'volume'> & { readonly volume: number | null })[];
  readonly pendingInterest: readonly OpenInterestReading[];
  readonly gap: number;
  readonly ratio: number | null;
  readonly rows: readonly ChainRow[];
  readonly rolls: readonly RollRecord[];
  readonly moves: readonly PendingMove[];
  readonly positions: readonly BrokerPosition[];
  readonly isWindowTold: boolean;
  readonly lateBars: number;
  /** Why it stopped; null while it runs. */
  readonly stopped: { readonly code: string; readonly message: string } | null;
}
