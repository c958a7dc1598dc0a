/**
 * An account as the world sees it: whoever starts the simulation builds one from the real order path, risk gate and books, and
 * the world stands between it and the exchange, as a connection does.
 */
import type { ExecutionReport } from '../../core/execution.ts';
import type { Chance } from './chance.ts';
import type { Look, Request } from './desk.ts';
import type { MarketSpec } from './world-types.ts';

/** What the exchange tells an account, in order. */
export type Told =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  | { readonly kind: 'phase'; readonly contractIndex: number; readonly phase: string }
  | {
      readonly kind: 'settled';
      readonly contractIndex: number;
      readonly settleTicks: number;
      /** The contract has ended: its position is closed at this price. */
      readonly isFinal: boolean;
    };

/** A contract that will be listed, with the day on which it ends. */
export interface Listed {
  readonly market: number;
  readonly contractIndex: number;
  readonly lastDay: number;
}

export interface AccountSetup {
  readonly participant: number;
  readonly markets: readonly MarketSpec[];
  readonly contracts: readonly Listed[];
  readonly days: number;
  readonly dayUs: number;
  readonly chance: Chance;
  readonly send: (request: Request) => void;
}

/** Limits that must hold at all times; margin in millionths per contract, by market. */
export interface AccountLimits {
  readonly orderQtyMax: number;
  readonly positionQtyMax: number;
  readonly ordersPerInterval: number;
  readonly intervalUs: number;
  readonly duplicateWindowUs: number;
  readonly collarPct: number;
  readonly initialMicros: readonly number[];
  tradingState: 'active' | 'reducing' | 'halted';
}

export interface SimulatedAccount {
  readonly limits: AccountLimits;
  readonly capitalMicros: number;
  hear(told: Told, nowUs: number): void;
  /** A price of the market data, some time after it was made. */
  price(contractIndex: number, ticks: number, nowUs: number): void;
  turn(looks: readonly Look[], nowUs: number): void;
  /** The connection is gone; then it is back. */
  lose(nowUs: number): void;
  /** Cash and open result at the last prices that it knows, and what it paid: millionths. */
  equityMicros(): number;
  feesMicros(): number;
  lastTicks(contractIndex: number): number;
  netOf(contractIndex: number): number;
  openIds(): readonly string[];
  /** Sent by the rules of the account, not by its strategy: margin call, delivery, programme. */
  isForced(clOrdId: string): boolean;
  /** Why nothing of a market may be held now, or null. */
  flatReason(market: number): string | null;
  /** Nothing can be traded with what is left, or the programme has ended. */
  readonly isOver: boolean;
  readonly counts: AccountCounts;
}

export interface AccountCounts {
  denied: number;
  marginCalls: number;
  liquidations: number;
  forcedFlats: number;
  programmeFlats: number;
}
