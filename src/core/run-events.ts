/** What a run tells its recorder, in every mode. The recorder turns it into tables; the engine keeps none of it. */
import type { ExecutionReport, Fill } from './execution.ts';
import type { ContractId } from './instrument.ts';
import type { OrderEventKind, OrderView, Side } from './order.ts';
import type { AmbiguityEvent } from './ports.ts';
import type { RollRecord } from './roll.ts';
import type { CashMicros, TradeDate, TsUs } from './units.ts';

/** Account at the daily settlement mark. Base currency, millionths. */
export interface EquityPoint {
  readonly tradeDate: TradeDate;
  readonly tsUs: TsUs;
  readonly equityMicros: CashMicros;
  readonly cashMicros: CashMicros;
  readonly feesMicros: CashMicros;
  /** Worst and best mark inside the date. With bars they are bounds. */
  readonly lowEquityMicros: CashMicros;
  readonly highEquityMicros: CashMicros;
  /** Margin and gross notional: the highest inside the date, for positions that are gone by its close too. */
  readonly initialMarginMicros: CashMicros;
  readonly maintenanceMarginMicros: CashMicros;
  /** Whole units of the base currency. */
  readonly grossNotional: number;
  readonly netNotional: number;
  /** Microseconds of open session in which a position was held, and of open session at all (maximum over products). */
  readonly exposedUs: number;
  readonly openUs: number;
}

/** One contract on one trade date. Contract currency, millionths; `rate` converts to base. */
export interface PositionDay {
  readonly tradeDate: TradeDate;
  readonly contract: ContractId;
  readonly contractIndex: number;
  readonly netQty: number;
  readonly settleTicks: number;
  /** Where the settlement price came from: `last-bar`, `previous-settlement`, `official`. */
  readonly settleSource: string;
  /** Variation of the date: settlement marks, fills and fees included. */
  readonly pnlMicros: CashMicros;
  readonly feesMicros: CashMicros;
  readonly tradedQty: number;
  readonly rate: number;
}

/** Flat to flat of one strategy in one product; a roll does not end it. */
export interface TradeRecord {
  readonly tradeId: number;
  readonly root: string;
  /** Contract of the entry and of the exit. */
  readonly entryContract: ContractId;
  readonly exitContract: ContractId;
  readonly side: Side;
  /** Largest absolute position. */
  readonly maxQty: number;
  /** Σ contracts opened by non-roll fills. */
  readonly entryQty: number;
  readonly entryUs: TsUs;
  readonly exitUs: TsUs;
  readonly entryTradeDate: TradeDate;
  readonly exitTradeDate: TradeDate;
  /** Averages in decimals of raw contract prices; exit moved back by the roll gaps is `exitPriceAdjusted`. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly entryTag: string;
  readonly exitTag: string;
  /** Contract currency, millionths: Σ of its fills. */
  readonly grossMicros: CashMicros;
  readonly feesMicros: CashMicros;
  readonly commissionMicros: CashMicros;
  readonly netMicros: CashMicros;
  readonly currency: string;
  readonly rate: number;
  readonly grossTicksPerContract: number;
  readonly slippageTicks: number;
  /** Worst and best open result per contract in ticks; conservative and optimistic ends (entry and exit bars). */
  readonly maeTicks: number;
  readonly maeTicksBest: number;
  readonly mfeTicks: number;
  readonly mfeTicksBest: number;
  /** Ticks from entry to the first protective stop, NaN where there was none. */
  readonly initialRiskTicks: number;
  readonly bars: number;
  readonly rolls: number;
  readonly rollCostMicros: CashMicros;
  readonly isAmbiguous: boolean;
  /** True when the run ended with it open, marked at the last price. */
  readonly isOpen: boolean;
  readonly fills: readonly string[];
}

/** A roll of a chain, with what moving the position cost. */
export interface RollExecution {
  readonly roll: RollRecord;
  readonly netQty: number;
  readonly costMicros: CashMicros;
  readonly ordersRecreated: number;
  readonly policy: 'roll' | 'flatten' | 'manual' | 'flat';
}

/** Anything a reader of the report should know. Counted by code; the first few are kept. */
export interface RunIssue {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly tsUs: TsUs;
  readonly contract?: ContractId;
}

export interface RunRecorder {
  /** `order` goes on changing: copy what is kept. */
  onOrderEvent(kind: OrderEventKind, order: OrderView, reason: string, tsUs: TsUs): void;
  onFill(fill: Fill): void;
  onTrade(trade: TradeRecord): void;
  onEquity(point: EquityPoint): void;
  onPositionDay(day: PositionDay): void;
  onRoll(roll: RollExecution): void;
  onAmbiguity(event: AmbiguityEvent): void;
  onIssue(issue: RunIssue): void;
  onPlot(name: string, root: string | null, tsUs: TsUs, value: number): void;
  onNote(name: string, tsUs: TsUs, fields: Readonly<Record<string, unknown>>): void;
}

/** A recorder that keeps nothing. */
export const NULL_RECORDER: RunRecorder = {
  onOrderEvent() {},
  onFill() {},
  onTrade() {},
  onEquity() {},
  onPositionDay() {},
  onRoll() {},
  onAmbiguity() {},
  onIssue() {},
  onPlot() {},
  onNote() {},
};

export type { ExecutionReport };
