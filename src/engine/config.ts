/** What an engine is built from. Everything is injected; an engine reads no clock, file or environment. */
import type { OpeningLimits } from './risk/opening-limits.ts';
import type {
  BarInterval,
  DepthColumns,
  MboColumns,
  QuoteColumns,
  TradeColumns,
} from '../core/bars.ts';
import type { ContractTable } from '../core/instrument.ts';
import type {
  AccountGuard,
  BarSource,
  CurrencyRates,
  JournalPort,
  MarginModel,
  RandomSource,
  SimulatedVenue,
  TradingCalendar,
} from '../core/ports.ts';
import type { AccountRules } from '../core/money/account-rules.ts';
import type { Adjustment, RollSchedule } from '../core/roll.ts';
import type { RunRecorder } from '../core/run-events.ts';
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import type { CashMicros, TradeDate, TsUs } from '../core/units.ts';
import type { LiveOptions } from './live/order-truth.ts';
import type { Recovered } from './live/recovery.ts';

/** One chain of a product under one roll rule. The first chain of a root decides `ctx.contract(root)`. */
export interface ChainInput {
  readonly root: string;
  readonly schedule: RollSchedule;
}

/** One declared series: a chain seen at one interval and depth. */
export interface SeriesInput {
  readonly key: string;
  readonly root: string;
  readonly chainIndex: number;
  readonly interval: BarInterval;
  readonly adjust: Adjustment;
  readonly depth: number;
  readonly history: number;
  /** Neighbours of each contract, where the strategy asks for them. */
  readonly curve?: CurveTable;
  /** Bars that the strategy wants before it acts; default 0. The engine only says when they were there. */
  readonly warmUp?: number;
}

/** Neighbours by contract row; -1 where there is none. */
export interface CurveTable {
  readonly forward: Int32Array;
  readonly previous: Int32Array;
  readonly carry: Int32Array;
  /** Signed years from a contract to its carry contract; NaN where there is none. */
  readonly carryYears: Float64Array;
}

/** Bars of one contract at one interval. `isExecution`: these bars match orders (only the finest interval of a contract). */
export interface BarFeed {
  readonly contractIndex: number;
  readonly interval: BarInterval;
  readonly isExecution: boolean;
  readonly source: BarSource;
  readonly isVolumeKnown: boolean;
  /** An empty batch of the source means that it has nothing yet; null, that nothing more will come. */
  readonly isLive?: boolean;
}

/** A batch reader of ticks, sorted by (tsUs, seq). A batch stays valid until the second-next call. */
export interface TickSource<C> {
  next(): C | null;
  close(): void;
}

/** Ticks of one contract: for the hooks of the strategy, for the venue, or for both. */
export type TickFeed = {
  readonly contractIndex: number;
  /** The hooks see it. Default true; order by order data have no hook. */
  readonly isDelivered?: boolean;
  /** The venue matches orders on it. Default false. */
  readonly isMarket?: boolean;
  /** As on a feed of bars. */
  readonly isLive?: boolean;
} & (
  | { readonly kind: 'quotes'; readonly source: TickSource<QuoteColumns> }
  | { readonly kind: 'trades'; readonly source: TickSource<TradeColumns> }
  | { readonly kind: 'depth'; readonly source: TickSource<DepthColumns> }
  | { readonly kind: 'mbo'; readonly source: TickSource<MboColumns> }
);

export interface RiskLimits extends OpeningLimits {
  readonly orderQtyMax: number;
  readonly positionQtyMax: number;
  readonly ordersPerInterval: number;
  readonly intervalUs: number;
  /** Largest distance of a limit or stop price from the last price, in percent of it; Infinity switches it off. */
  readonly collarPct: number;
  readonly duplicateWindowUs: number;
  readonly tradingState: 'active' | 'reducing' | 'halted';
}

export interface EngineConfig {
  readonly mode: 'backtest' | 'paper' | 'live';
  readonly strategy: AnyStrategyDefinition;
  readonly params: Readonly<Record<string, unknown>>;
  readonly instruments: readonly string[];
  readonly table: ContractTable;
  /** By row of `table.instruments`. */
  readonly calendars: readonly TradingCalendar[];
  readonly chains: readonly ChainInput[];
  readonly series: readonly SeriesInput[];
  readonly feeds: readonly BarFeed[];
  /** Delivered while their contract is the one that its chain trades. */
  readonly ticks?: readonly TickFeed[];
  readonly venue: SimulatedVenue;
  readonly random: RandomSource;
  readonly journal: JournalPort;
  readonly recorder: RunRecorder;
  readonly risk: RiskLimits;
  readonly margin: MarginModel;
  /** Rules over the account that may deny orders and close positions. */
  readonly guard?: AccountGuard;
  readonly rates: CurrencyRates;
  readonly capitalMicros: CashMicros;
  /** Rules of the account; `defaultAccountRules` where absent. */
  readonly account?: AccountRules;
  /** When the run begins; with live feeds it must be given. Default: the open of the first bar. */
  readonly startUs?: TsUs;
  /**
   * Live: now. What closes before it is history, on which the strategy only warms up, whatever its trade date; what an earlier
   * run left is there from then on. Default: `from` alone decides.
   */
  readonly actFromUs?: TsUs;
  /** First and last trade date on which the strategy acts. Bars before `from` are warm-up. */
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** Versions and checksums of what the run reads; written to the first line of the journal. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Restored before `onStart`, when given. */
  readonly savedState?: unknown;
  /** Begins the ids of orders and groups (`ABCD-O-000001`), and survives restarts. Ids of a venue's account must never repeat. */
  readonly idPrefix?: string;
  /** The lines of a request are written to the journal before it leaves. Default false: they are written many at a time. */
  readonly isDurable?: boolean;
  /** With a real venue: its word is the truth. Without it a report that cannot be is a bug. */
  readonly live?: LiveOptions;
  /**
   * What an error of a hook does. `end` (default): it is the outcome of the run. `go-on`: the strategy is not called any more,
   * its state is saved, nothing new is opened, and orders and positions are looked after as before.
   */
  readonly strategyErrors?: 'end' | 'go-on';
  /** What an earlier run left; with `live` only. */
  readonly recovered?: Recovered;
  /**
   * How the two legs of a roll fill. `market` (default): on the next bars of each contract. `record`: at the prices of the
   * roll record, one microsecond after the roll; for sampled data, where the old contract has no further price.
   */
  readonly rollFills?: 'market' | 'record';
  /**
   * Called every few thousand bars, or few hundred moments, with bars seen and the current time; return true to stop
   * cleanly. It changes nothing else.
   */
  readonly onProgress?: (bars: number, nowUs: TsUs) => boolean;
}

export interface EngineResult {
  readonly outcome: 'completed' | 'stopped' | 'strategy-error';
  /** The error that the strategy threw, with the event it was handling. */
  readonly error: { readonly cause: unknown; readonly hook: string; readonly tsUs: TsUs } | null;
  readonly bars: number;
  readonly eventHash: string;
  readonly savedState: unknown;
  readonly finalEquityMicros: CashMicros;
  /** `startUs`, or the open of the first bar of any feed; null without a bar. */
  readonly firstBarUs: TsUs | null;
  /** By series: close of the bar that completed its warm-up, `firstBarUs` where it asked for none, null for never. */
  readonly warmUs: readonly (TsUs | null)[];
  readonly counts: Readonly<Record<string, number>>;
}
