/** The rules of an account, as an engine takes them: the same in a backtest and live. Plain data. */
import type { TradeDate } from '../units.ts';
import type { FeeEntry } from './fees.ts';
import type { LiquidationRule } from './liquidation.ts';
import type { ScanRules } from './scan-margin.ts';
import type { SettleChoice } from './settlement.ts';
import { SETTLE_ORDER } from './settlement.ts';

/** Cheaper margin inside a window of the exchange's local day; outside it the dated levels hold. */
export interface IntradayMargin {
  /** Per contract, in millionths of the product's currency. */
  readonly initialMicros: number;
  readonly maintenanceMicros: number;
  /** Minutes after local midnight: in force from `fromMinute` until `untilMinute`, over midnight where that is smaller. */
  readonly fromMinute: number;
  readonly untilMinute: number;
}

/** Trade dates before a deadline on which a position must be gone, in business days; null switches it off. */
export interface ForceFlat {
  readonly beforeFirstNotice: number | null;
  readonly beforeLastTrade: number | null;
}

/** Official prices in counts of the grid (they may lie between counts); NaN where there is none. */
export interface SettlementPrices {
  daily(contractIndex: number, tradeDate: TradeDate): number;
  final(contractIndex: number): number;
}

/**
 * When what stands in other currencies is exchanged into the base: after the last close of each trade date, or of the last one
 * of each calendar month; and only what is worth more than `aboveMicros` of the base, owed or owned.
 */
export interface SweepRule {
  readonly every: 'never' | 'daily' | 'monthly';
  readonly aboveMicros: number;
}

export interface SettlementRule {
  /** Length of the window before the settlement time whose trades make the average, microseconds; null: that of the class. */
  readonly windowUs: number | null;
  /** The best source first. */
  readonly order: readonly SettleChoice[];
}

export interface AccountRules {
  readonly lots: 'average' | 'fifo';
  /** When positions are marked: with the last session of the date, or at the exchange's settlement time. */
  readonly settleAt: 'session-close' | 'exchange';
  readonly settlements: SettlementPrices | null;
  readonly liquidation: LiquidationRule;
  /** By row of instrument; null where the dated levels hold all day. */
  readonly intraday: readonly (IntradayMargin | null)[];
  readonly scan: ScanRules | null;
  readonly sweep: SweepRule;
  /** By row of instrument: where the settlement price comes from. */
  readonly settlement: readonly SettlementRule[];
  readonly forceFlat: ForceFlat;
  /** By row of instrument: dated fees, of which `expiryMicros` is charged per contract at final settlement. */
  readonly expiryFees: readonly (readonly FeeEntry[])[];
  /** By row of instrument: the currency in which fees are charged; null for the product's own. */
  readonly feeCurrency: readonly (string | null)[];
  /** Fresh enough for a mid as mark, microseconds. */
  readonly quoteFreshUs: number;
}

/** What holds where nothing is configured: average cost, marks at the close, new risk refused below initial margin. */
export function defaultAccountRules(instruments: number): AccountRules {
  return {
    lots: 'average',
    settleAt: 'session-close',
    settlements: null,
    liquidation: { policy: { kind: 'rejectNewRiskOnly' }, buffer: 0 },
    intraday: Array.from({ length: instruments }, () => null),
    scan: null,
    sweep: { every: 'never', aboveMicros: 0 },
    settlement: Array.from({ length: instruments }, () => ({
      windowUs: null,
      order: SETTLE_ORDER,
    })),
    forceFlat: { beforeFirstNotice: null, beforeLastTrade: null },
    expiryFees: Array.from({ length: instruments }, () => []),
    feeCurrency: Array.from({ length: instruments }, () => null),
    quoteFreshUs: 60_000_000,
  };
}

/** Whether a minute of the local day lies in the window. Equal ends: the whole day. */
export function isInWindow(minute: number, fromMinute: number, untilMinute: number): boolean {
  if (fromMinute === untilMinute) return true;
  return fromMinute < untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute;
}
