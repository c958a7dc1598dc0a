/** The configuration of a project, as its owner writes it. No third-party package: it is part of the package root. */
import type { SettleChoice } from '../core/money/settlement.ts';
import type { LatencySpec } from '../sim/latency/model.ts';
import type { VenueProfileName } from '../core/venues/types.ts';
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
  /** `reducing`: only orders that make a position smaller; `halted`: none. Default `active`. */
  readonly tradingState?: 'active' | 'reducing' | 'halted';
  /** Contracts over all products. */
  readonly totalQtyMax?: number;
  /** Value of an order, and of all positions, in whole units of the base currency. */
  readonly orderNotionalMax?: number;
  readonly totalNotionalMax?: number;
  /** No second entry in the direction of a position, or of an order at work. */
  readonly isSingleEntry?: boolean;
  /** Loss since the trade date began, realised and open, costs in; whole units of the base currency. */
  readonly dailyLossMax?: number;
  /** Below the highest equity of the run; whole units of the base currency. */
  readonly drawdownMax?: number;
  readonly tradesPerDay?: number;
  /** What is a trade: a position from flat to flat (default), or each order that traded. */
  readonly tradesCount?: 'round-turns' | 'orders';
  /** Pause after losses; absent with `cooldownLosses`: the rest of the trade date. */
  readonly cooldownMinutes?: number;
  /** Losses in a row before the pause. Default 1. */
  readonly cooldownLosses?: number;
  /** Seconds without a market event of the contract in its session. */
  readonly staleSeconds?: number;
  /** Hours in which positions may be opened, HH:MM in the exchange's time. */
  readonly entryHours?: readonly { readonly from: string; readonly to: string }[];
  /** No openings in the last minutes of a session. */
  readonly lastMinutes?: number;
  /** Product roots that may be opened. */
  readonly products?: readonly string[];
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

/** Fees in force from a trade date on, per contract and side, in whole units of the fee currency. */
export interface FeeConfig {
  /** YYYY-MM-DD; the first entry may leave it out and holds from the beginning. */
  readonly from?: string;
  readonly commission: number;
  /** Exchange fee; `maker` and `taker` take its place for a fill that rested or took. Rebates are negative. */
  readonly exchange?: number;
  readonly clearing?: number;
  readonly regulatory?: number;
  readonly maker?: number;
  readonly taker?: number;
  /** Least commission of an order with a fill. */
  readonly minimumPerOrder?: number;
  /** Per contract at final settlement. */
  readonly expiry?: number;
}

/** Rules of the account: how positions are counted, marked, margined and closed. */
export interface AccountConfig {
  /** What a closing fill closes: a share of all (`average`, default) or the oldest lots (`fifo`). */
  readonly lots?: 'average' | 'fifo';
  /** When positions are settled: at the close of the trade date (default) or at the exchange's settlement time. */
  readonly settleAt?: 'session-close' | 'exchange';
  /** What happens when equity falls below maintenance margin. Default: new risk is refused and nothing is closed. */
  readonly liquidation?: {
    readonly policy: 'immediate' | 'graceUntil' | 'rejectNewRiskOnly';
    /** With `graceUntil`. */
    readonly until?: 'session-close' | 'settlement' | 'next-session-open';
    /** Closing stops at maintenance plus this many percent. Default 0. */
    readonly bufferPct?: number;
  };
  /** Cheaper margin inside a window of the exchange's day, per contract, by root or `default`. Times are HH:MM there. */
  readonly intraday?: Readonly<
    Record<
      string,
      {
        readonly initial: number;
        /** Default: `initial`. */
        readonly maintenance?: number;
        readonly from: string;
        readonly until: string;
      }
    >
  >;
  /** Portfolio margin by price scan in place of the levels of the products it names. */
  readonly scan?: {
    /** Loss of one contract over the scan range, and charge for a spread between months, in units of the product's currency. */
    readonly products: Readonly<
      Record<string, { readonly range: number; readonly interMonth?: number }>
    >;
    /** `[['ES', 1], ['NQ', 2]]`: contracts of one against contracts of the other; applied in order. */
    readonly credits?: readonly {
      readonly legs: readonly [readonly [string, number], readonly [string, number]];
      readonly pct: number;
      readonly sides?: 'opposite' | 'same';
    }[];
    /** Initial margin is maintenance times this. Default 1.1. */
    readonly initialFactor?: number;
  };
  /**
   * Cash in other currencies is exchanged at the end of each date, or of the last one of each month; with `above`, in units of
   * the account's currency, only what is worth more. Default `never`.
   */
  readonly sweep?:
    | 'never'
    | 'daily'
    | 'monthly'
    | { readonly every?: 'daily' | 'monthly'; readonly above: number };
  /**
   * Where settlement prices come from, by root or `default`: the length of the window whose trades make the average, and the
   * sources, the best first. After them comes the previous settlement.
   */
  readonly settlement?: Readonly<
    Record<string, { readonly windowSeconds?: number; readonly order?: readonly SettleChoice[] }>
  >;
  /** Business days before the first notice or the last trade on which a deliverable position is closed. Default: never. */
  readonly forceFlat?: { readonly beforeFirstNotice?: number; readonly beforeLastTrade?: number };
  /** Dated fees by root or `default`; they take the place of the two fees in `costs`. */
  readonly fees?: Readonly<Record<string, readonly FeeConfig[]>>;
  /** Fees are rounded to this unit, per fill or over the order. Default: exact millionths. */
  readonly feeRounding?: { readonly per: 'fill' | 'order'; readonly unit: number };
  /** Currency in which fees are charged, by root or `default`. Default: the product's own. */
  readonly feeCurrency?: Readonly<Record<string, string>>;
  /** Oldest quote whose middle is a mark, where orders match on ticks. Default 60. */
  readonly quoteFreshSeconds?: number;
}

export type AtClose = 'settlement' | 'last-bar';

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
  /** Policies of one path: that share of the whole bar (default), or of the leg of the path that reaches an order. */
  readonly volumeOver?: 'bar' | 'path' | 'equal';
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
  /** Where `settlements` has the price of the date, `at-close` orders fill at it (default), or at the close of the last bar. */
  readonly atClose?: AtClose | Readonly<Record<string, AtClose>>;
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
  /** How ambiguous bars are resolved, or the program whose fills are imitated. Default `pessimistic`. */
  readonly fills?: FillPolicy;
  /** How orders match on bars, beyond that. */
  readonly barFills?: BarFillConfig;
  /** Whether the optimistic bound is simulated too. Default true. */
  readonly bounds?: boolean;
  /** By product root; `default` holds for the others. */
  readonly costs?: Readonly<Record<string, CostConfig>>;
  readonly risk?: RiskConfig;
  /** What orders match on, the venue's rules, and the time that messages take. Default: bars, ideal, none. */
  readonly venue?: VenueConfig;
  /** Rules of the account. */
  readonly account?: AccountConfig;
  /** Dated margins: a file `root,date,initial,maintenance`, a file `ROOT.csv` of LEAN, or a folder of those. */
  readonly margins?: string;
  /** File of official settlement prices, `date,contract,price` and perhaps `kind` (daily or final). */
  readonly settlements?: string;
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
