/** Options of the bar venue, checked and spread over the contracts of a run. */
import type { BarColumns } from '../core/bars.ts';
import type { VenueProfile } from '../core/venues/types.ts';
import type { IsTrading } from './venue/bar-profile.ts';
import type { ContractTable } from '../core/instrument.ts';
import { TradingError } from '../core/errors.ts';
import type { RandomSource, SimulatedVenue } from '../core/ports.ts';
import type { PathPolicy } from './bar-policies.ts';
import { PATH_POLICIES } from './bar-policies.ts';
import type { FeeModel } from './fee-model.ts';
import type { MatchSettings } from './group-path.ts';
import type { TicksByRoot } from './slippage.ts';
import { ticksPerContract } from './slippage.ts';

export interface BarExchangeOptions {
  readonly table: ContractTable;
  readonly random: RandomSource;
  /** Default `pessimistic`. */
  readonly policy?: PathPolicy;
  /** Ticks by which market and elected stop orders fill worse; default 0. */
  readonly slippageTicks?: TicksByRoot;
  /** Ticks that every aggressive fill pays for the spread, which trade bars do not show: half of it. Default 0. */
  readonly spreadTicks?: TicksByRoot;
  /** The same for the bar that opens at `openUs`, where it changes with the time; NaN leaves `spreadTicks`. */
  readonly spreadAt?: (contractIndex: number, openUs: number) => number;
  /** Bars of bid and ask beside the trade bars: buys are matched on the ask, sells on the bid. */
  readonly quoteBars?: QuoteBarSource;
  /** How far beyond the bar's extreme slippage may carry a fill; default 0. */
  readonly maxSlipBeyondBarTicks?: number;
  readonly fees?: FeeModel;
  /** Share of a bar's volume that all our orders may take; default 0.1, Infinity lifts the cap. */
  readonly participation?: number;
  /**
   * Where a policy follows one path: the volume after the open is that of the whole bar (`bar`, default), or it is divided over
   * the three legs of the path by their length (`path`) or by quarters, the rest to the close (`equal`). An order takes part
   * in the volume of the leg that reaches it.
   */
  readonly volumeOver?: 'bar' | 'path' | 'equal';
  /** Whether a limit fills when the price touches but does not pass it; default `never`. */
  readonly touch?: TouchRule;
  /** A limit that the market jumps over inside a session fills at the open; default false: at its own price. */
  readonly gapImprove?: boolean;
  /** Bars by which every order, change and cancel of the strategy arrives later; default 0. See `bar-transit.ts`. */
  readonly delayBars?: number;
  /** µs from the strategy to the venue; default 0. A message that arrives inside a bar takes part from the next one. */
  readonly latencyUs?: number;
  /**
   * µs after the open of a bar within which an arriving market order still gets that open (`latency-subbar`). Default: a
   * hundredth of the bar, and at least 250 ms.
   */
  readonly openSlackUs?: number;
  /** Market and marketable orders of a bar's close fill at that very close (`same-bar-close`). Default `next-open`. */
  readonly fillOn?: 'next-open' | 'close';
  /** A post-only limit beyond the last price is refused, or moved to that price; default `reject`. */
  readonly postOnly?: 'reject' | 'slide';
  /** What is left of a protected order beyond its protection rests at it, or is cancelled; default `rest`. */
  readonly protectionRest?: 'rest' | 'cancel';
  /**
   * Ticks by which prices may leave the last close of the session before; default none. A bar that stands still at such a
   * limit fills nothing on the side that everybody wants, and the other side at the limit.
   */
  readonly dailyLimitTicks?: TicksByRoot;
  /** End of the session that a moment belongs to, µs; with it, `at-close` orders have a cut-off. */
  readonly sessionCloseUs?: (contractIndex: number, tsUs: number) => number;
  /** µs before the close from which `at-close` orders are refused (`at-close-late`); default 0. */
  readonly closeCutoffUs?: number;
  /** As on this venue; default: the ideal exchange. */
  readonly profile?: VenueProfile;
  /** With a profile: whether the market is open, for what it refuses while closed. Default: always. */
  readonly isTrading?: IsTrading;
  /** Official settlement of the session that closes, in ticks: `at-close` orders fill there; NaN where there is none. */
  readonly settlementTicks?: (contractIndex: number, closeUs: number) => number;
  /** Finer bars of the same contract. Given, they replace every bar that an order could act in. */
  readonly finer?: FinerBars;
}

/**
 * `never`: a limit must be traded through. `always`: a touch is enough. `prob`: a touch is enough with this probability,
 * drawn for each order and bar. `volume`: the volume at the price is taken as the bar's, divided over its ticks; what
 * exceeds `queueQty` contracts ahead of us fills.
 */
export type TouchRule =
  | 'never'
  | 'always'
  | { readonly prob: number }
  | { readonly volume: { readonly queueQty: number } };

/** Where the venue finds what a bar hides. */
export interface FinerBars {
  /**
   * Bars or samples of the contract inside the interval, in order, of a finer interval than it; null where there are none.
   * They must tell the same open, high, low and close, or they are not used.
   */
  within(contractIndex: number, openUs: number, closeUs: number): BarColumns | null;
}

/** Bars of bid and ask over the interval of a trade bar; false where there are none. */
export interface QuoteBarSource {
  read(contractIndex: number, openUs: number, closeUs: number, into: QuotePair): boolean;
}
/** Counts of the price grid. */
export interface QuotePair {
  bidOpen: number;
  bidHigh: number;
  bidLow: number;
  bidClose: number;
  askOpen: number;
  askHigh: number;
  askLow: number;
  askClose: number;
}

/** Counters of what the venue met. */
export interface BarExchangeCounts {
  badBars: number;
  zeroVolumeBars: number;
  ambiguousGroups: number;
  roundedFills: number;
  /** Exits that an OCO rule cancelled after a partial exit, with a position left. */
  unprotectedRemainders: number;
  /** Bars that finer ones replaced, and bars whose finer ones tell other prices. */
  drilledBars: number;
  finerRefused: number;
  /** Bars that stood still at a daily limit while an order wanted its side. */
  lockedBars: number;
}

export interface BarExchange extends SimulatedVenue {
  readonly counts: Readonly<BarExchangeCounts>;
  readonly lastTicks: Float64Array;
}

function optionError(option: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_SIM_OPTION', `${option} is ${String(value)}`, {
    details: { option, value },
    rule,
    fix: `give ${option} within its range`,
  });
}

/** Policy of the venue. Errors: E_SIM_OPTION. */
export function policyOf(options: BarExchangeOptions): PathPolicy {
  const policy = options.policy ?? 'pessimistic';
  if (PATH_POLICIES.includes(policy)) return policy;
  throw optionError('policy', policy, `a policy is one of ${PATH_POLICIES.join(', ')}`);
}

/** Share of a bar's volume. Errors: E_SIM_OPTION. */
export function participationOf(options: BarExchangeOptions): number {
  const participation = options.participation ?? 0.1;
  if (participation > 0) return participation;
  throw optionError('participation', participation, 'a share above 0, or Infinity');
}

/** Whole bars. Errors: E_SIM_OPTION. */
export function delayOf(options: BarExchangeOptions): number {
  const delayBars = options.delayBars ?? 0;
  if (Number.isSafeInteger(delayBars) && delayBars >= 0) return delayBars;
  throw optionError('delayBars', delayBars, 'a whole number of bars, 0 or more');
}

/** What the price functions need of each contract. Errors: E_SIM_OPTION. */
export function settingsOf(options: BarExchangeOptions): MatchSettings[] {
  const { table } = options;
  const beyondTicks = options.maxSlipBeyondBarTicks ?? 0;
  if (!(beyondTicks >= 0)) {
    throw optionError('maxSlipBeyondBarTicks', beyondTicks, 'a number of ticks, 0 or more');
  }
  const slip = ticksPerContract('slippageTicks', options.slippageTicks ?? 0, table);
  const spread = ticksPerContract('spreadTicks', options.spreadTicks ?? 0, table);
  return table.contracts.map((_, c) => ({
    slipTicks: slip[c]!,
    spreadTicks: spread[c]!,
    beyondTicks,
    quotes: null,
    outer: null,
  }));
}

/** Checks the rule of touched limits. Errors: E_SIM_OPTION. */
export function touchOf(options: BarExchangeOptions): TouchRule {
  const touch = options.touch ?? 'never';
  if (touch === 'never' || touch === 'always') return touch;
  if (typeof touch === 'object' && 'prob' in touch && touch.prob >= 0 && touch.prob <= 1) {
    return touch;
  }
  if (typeof touch === 'object' && 'volume' in touch && touch.volume.queueQty >= 0) return touch;
  throw optionError(
    'touch',
    JSON.stringify(touch),
    'never, always, { prob: 0 to 1 } or { volume: { queueQty: 0 or more } }',
  );
}

/** µs, whole and not negative. Errors: E_SIM_OPTION. */
export function microsOf(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw optionError(option, value, 'whole microseconds, 0 or more');
}

/** A hash of the contract's id, so that a draw does not depend on the order of registration. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
