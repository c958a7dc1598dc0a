/** Options of the venue that matches on ticks, checked. */
import { TradingError } from '../../core/errors.ts';
import type { ContractTable } from '../../core/instrument.ts';
import type { FeeModel } from '../fee-model.ts';
import type { VenueProfile } from '../../core/venues/types.ts';
import type { LedgerMode } from '../replay/ledger.ts';
import type { QueueModelName } from '../replay/queue-model.ts';

/** What the orders of a contract match on. */
export type TickMatching = 'trades' | 'quotes' | 'depth' | 'mbo';

export interface TickVenueOptions {
  readonly table: ContractTable;
  /** By contract row; null for one that does not match on ticks. */
  readonly matching: readonly (TickMatching | null)[];
  /** 1 for each contract whose prints are among its data: without them stops follow the quote. */
  readonly hasPrints: Uint8Array;
  readonly profile: VenueProfile;
  readonly fees?: FeeModel;
  /** Default `back`. Order by order data need none: the queue is exact. */
  readonly queue?: QueueModelName;
  readonly queuePower?: number;
  readonly ledger?: LedgerMode;
  readonly throughQty?: 'all' | 'printed';
  /** Execution ids of our own live fills, where they are in the record. */
  readonly ownExecutions?: ReadonlySet<string>;
  readonly halfSpreadTicks?: number;
  /** Default: the profile's. */
  readonly protectionTicks?: number;
  readonly beyondDepth?: 'no-liquidity' | 'slip';
  /** Age of the newest data from which an order waits for newer ones, in µs. Default: 15 minutes. */
  readonly staleUs?: number;
  /** Orders for the close are rejected from so long before it, in µs. Default 0. */
  readonly closeCutoffUs?: number;
  /** Time from a fill until a message of ours that follows from it is at the exchange, in µs: for groups held by us. */
  readonly ownMessageUs?: number;
}

export const STALE_US = 900_000_000;

/** Errors: E_SIM_OPTION. */
export function checkTickOptions(options: TickVenueOptions): void {
  const whole = (
    name: 'queuePower' | 'halfSpreadTicks' | 'protectionTicks',
    least: number,
  ): void => {
    const value = options[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
    throw optionError(name, value, `a whole number from ${least}`);
  };
  whole('queuePower', 1);
  whole('halfSpreadTicks', 0);
  whole('protectionTicks', 0);
  const { staleUs } = options;
  if (staleUs !== undefined && !(staleUs > 0))
    throw optionError('staleUs', staleUs, 'a time above 0');
}

function optionError(option: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_SIM_OPTION', `${option} is ${String(value)}`, {
    details: { option, value },
    rule,
    fix: `give ${option} within its range`,
  });
}
