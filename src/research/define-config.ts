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
  /** How ambiguous bars are resolved, or the program whose fills are imitated. Default `pessimistic`. */
  readonly fills?: FillPolicy;
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
