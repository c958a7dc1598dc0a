/** Accounts: cash per currency, margin in use, equity in the base currency. */
import type { CashMicros, TsUs } from './units.ts';

/** A margin call that has not been met. */
export interface MarginCallView {
  readonly sinceUs: TsUs;
  /** `closing`: positions are being closed; `grace`: they will be at the event that the policy names; `watching`: nothing is closed. */
  readonly state: 'closing' | 'grace' | 'watching';
  /** What equity has to reach, buffer included, and what is missing now. */
  readonly neededMicros: CashMicros;
  readonly missingMicros: CashMicros;
}

/** The account as a strategy sees it. Amounts are millionths of `baseCurrency`. */
export interface AccountView {
  readonly baseCurrency: string;
  /** Cash plus unrealised, in base currency. */
  readonly equityMicros: CashMicros;
  readonly cashMicros: CashMicros;
  /** Initial margin of the open positions. */
  readonly initialMarginMicros: CashMicros;
  readonly maintenanceMarginMicros: CashMicros;
  /** Initial margin that working orders hold back beyond that of the positions: 0 when none works. */
  readonly reservedMicros: CashMicros;
  /** Null while equity covers maintenance margin. */
  readonly marginCall: MarginCallView | null;
  /** Equity minus initial margin of the positions; a new order also needs what is reserved. */
  readonly availableMicros: CashMicros;
  /** Since the start of the trade date, realised and floating, costs in. */
  readonly dayPnlMicros: CashMicros;
}
