/** The configuration of a project, as its owner writes it. No third-party package: it is part of the package root. */
import type { LatencySpec } from '../sim/latency/model.ts';
import type { VenueProfileName } from '../sim/profiles/types.ts';
import type { FillPolicy } from './run-format.ts';
import type { Matching } from './tick-plan.ts';

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

/**
 * What orders match on and how a venue behaves. Bars are matched by their own rules (`fills`, `costs`); the queue, the
 * ledger and the protection are of ticks alone.
 */
export interface VenueConfig {
  /** `bars` (default), `trades`, `quotes`, `depth`, `mbo`; `auto` takes the finest that the dataset has of a product. */
  readonly matching?: Matching;
  /** What the venue can do: `ideal` (default), `projectx`, `ib`, `cqg`. */
  readonly profile?: VenueProfileName;
  /** Who stands before our order in a queue of which only the size is known. Default `back`. */
  readonly queue?: 'front' | 'back' | 'prob' | 'never';
  /** With `prob`: weights are quantities to this power. Default 1. */
  readonly queuePower?: number;
  /** What we took of a recorded level: there again only as far as the record adds to it (default), all when it changes, always. */
  readonly ledger?: 'replenish-on-increase' | 'reset-on-change' | 'off';
  /** A trade beyond our price fills all of our order (default), or as much as was printed. */
  readonly throughQty?: 'all' | 'printed';
  /** On trades alone: ticks between the last trade and either side of the market. Default 0. */
  readonly halfSpreadTicks?: number;
  /** Ticks that a market order or elected stop may go beyond the price it meets. Default: the profile's. */
  readonly protectionTicks?: number;
  /** What is left of a market order where the record ends: cancelled (default), or filled ever worse, and flagged. */
  readonly beyondDepth?: 'no-liquidity' | 'slip';
  /** A market order waits for new data where the newest are older than this. Default 15. */
  readonly staleMinutes?: number;
  readonly latency?: LatencySpec;
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
  /** Whether the optimistic bound is simulated too. Default true. */
  readonly bounds?: boolean;
  /** By product root; `default` holds for the others. */
  readonly costs?: Readonly<Record<string, CostConfig>>;
  readonly risk?: RiskConfig;
  /** What orders match on, the venue's rules, and the time that messages take. Default: bars, ideal, none. */
  readonly venue?: VenueConfig;
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
