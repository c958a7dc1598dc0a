/** Accounts: cash per currency, margin in use, equity in the base currency. */
import type { CashMicros } from './units.ts';

/** The account as a strategy sees it. Amounts are millionths of `baseCurrency`. */
export interface AccountView {
  readonly baseCurrency: string;
  /** Cash plus unrealised, in base currency. */
  readonly equityMicros: CashMicros;
  readonly cashMicros: CashMicros;
  /** Initial margin of the open positions. */
  readonly initialMarginMicros: CashMicros;
  /** Equity minus initial margin. */
  readonly availableMicros: CashMicros;
  /** Since the start of the trade date, realised and floating, costs in. */
  readonly dayPnlMicros: CashMicros;
}
