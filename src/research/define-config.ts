/** The configuration of a project, as its owner writes it. No third-party package: it is part of the package root. */
import type { FillPolicy } from './run-format.ts';

export interface CostConfig {
  /** Per contract and side, in the instrument's currency. */
  readonly commissionPerSide?: number;
  readonly exchangeFeePerSide?: number;
  /** Ticks per fill of a market or stop order. */
  readonly slippageTicks?: number;
}

/** Limits of the risk gate. They combine with those of the program by the stricter value. */
export interface RiskConfig {
  readonly orderQtyMax?: number;
  readonly positionQtyMax?: number;
  readonly ordersPerInterval?: number;
  /** Largest distance of a price from the last one, in percent. */
  readonly collarPct?: number;
}

/** How orders match on bars, beside `fills` and `costs`. Ticks are by root, or one number for all. */
export interface BarFillConfig {
  /**
   * Whether a limit fills that the price touches and does not pass: `never` (default), `always`, with a probability, or for
   * what the bar's volume, divided over its ticks, leaves behind a queue of so many contracts.
   */
  readonly touch?:
    | 'never'
    | 'always'
    | { readonly prob: number }
    | { readonly volume: { readonly queueQty: number } };
  /** A limit that is jumped over inside a session gets the better open. Default false: its own price. */
  readonly gapImprove?: boolean;
  /** Share of a bar's volume that our orders may take together, or `all`. Default 0.1. */
  readonly participation?: number | 'all';
  /** Half the spread, which trade bars do not show. Default 0. */
  readonly spreadTicks?: number | Readonly<Record<string, number>>;
  /** Half the spread from a time of day (HH:MM of the exchange) on; `default` holds for other products. */
  readonly spreadByTime?: Readonly<
    Record<string, readonly { readonly from: string; readonly ticks: number }[]>
  >;
  /** Buys match on the ask and sells on the bid where the dataset has quote bars of the interval. Default false. */
  readonly quoteBars?: boolean;
  /** How far slippage may carry a fill outside its bar. Default 0. */
  readonly maxSlipBeyondBarTicks?: number;
  /** Orders of a close fill at the next open (default), or at that very close, and are flagged. */
  readonly fillOn?: 'next-open' | 'close';
  /** Milliseconds from us to the exchange. Default 0. */
  readonly latencyMs?: number;
  /** A market order this late still gets the open. Default: a hundredth of the bar, at least 250. */
  readonly openSlackMs?: number;
  /** A post-only limit that would trade is refused (default), or moved to the last price. */
  readonly postOnly?: 'reject' | 'slide';
  /** What is left of a protected market order rests at its protection (default), or is cancelled. */
  readonly protectionRest?: 'rest' | 'cancel';
  /** Daily price limit from the close of the session before. Default: none. */
  readonly dailyLimitTicks?: number | Readonly<Record<string, number>>;
  /** Minutes before the close from which `at-close` orders are refused. Default 0. */
  readonly closeCutoffMinutes?: number;
  /** With `fills: 'seeded'`: simulations whose results are given as quantiles. Default 20. */
  readonly seededRuns?: number;
}

export interface FrontmonthConfig {
  /** Folder of datasets. Default `catalog`. */
  readonly catalog?: string;
  /** Folder of product specifications. Default: those of the package. */
  readonly instruments?: string;
  /** Folder of runs. Default `runs`. */
  readonly runs?: string;
  /** Dataset that `backtest` reads. Default `sample`. */
  readonly dataset?: string;
  /** Starting capital in whole units of `currency`. Default 100000. */
  readonly capital?: number;
  /** Currency of the account. Default USD. */
  readonly currency?: string;
  /** What percentages are of: `equity` compounds, `fixed` is of the starting capital. Default `equity`. */
  readonly returnBase?: 'equity' | 'fixed';
  /** Default 1. */
  readonly seed?: number;
  /** How ambiguous bars are resolved. Default `pessimistic`. */
  readonly fills?: FillPolicy;
  /** How orders match on bars, beyond that. */
  readonly barFills?: BarFillConfig;
  /** Whether the optimistic bound is simulated too. Default true. */
  readonly bounds?: boolean;
  /** By product root; `default` holds for the others. */
  readonly costs?: Readonly<Record<string, CostConfig>>;
  readonly risk?: RiskConfig;
  /** First trade date, YYYY-MM-DD, that strategies are not fitted on: reports shade it and judge it apart. Default: none. */
  readonly outOfSample?: string;
  /** File of currency rates, `date,currency,rate`: units of `currency` of the account for one unit. */
  readonly rates?: string;
  /** Files with calendars of your own, changes to ours, and down-times of venues, read in order. */
  readonly calendars?: readonly string[];
}

/**
 * Types the default export of `frontmonth.config.ts`.
 *
 * @example
 * export default defineConfig({ dataset: 'sample', capital: 50_000, fills: 'pessimistic' });
 */
export function defineConfig(config: FrontmonthConfig): FrontmonthConfig {
  return config;
}
