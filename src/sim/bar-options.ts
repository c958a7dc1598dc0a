/** Options of the bar venue, checked and spread over the contracts of a run. */
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
  /** Ticks that every aggressive fill pays for the spread, which trade bars do not show; default 0. */
  readonly spreadTicks?: TicksByRoot;
  /** How far beyond the bar's extreme slippage may carry a fill; default 0. */
  readonly maxSlipBeyondBarTicks?: number;
  readonly fees?: FeeModel;
  /** Share of a bar's volume that all our orders may take; default 0.1, Infinity lifts the cap. */
  readonly participation?: number;
  /** Whether a limit fills when the price touches but does not pass it; default `never`. */
  readonly touch?: 'never' | 'always';
  /** A limit that the market jumps over inside a session fills at the open; default false: at its own price. */
  readonly gapImprove?: boolean;
  /** Bars by which every order, change and cancel of the strategy arrives later; default 0. See `bar-transit.ts`. */
  readonly delayBars?: number;
}

/** Counters of what the venue met. */
export interface BarExchangeCounts {
  badBars: number;
  zeroVolumeBars: number;
  ambiguousGroups: number;
  roundedFills: number;
  /** Exits that an OCO rule cancelled after a partial exit, with a position left. */
  unprotectedRemainders: number;
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
    isTouchFilled: options.touch === 'always',
  }));
}

/** A hash of the contract's id, so that a draw does not depend on the order of registration. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
