/** Accounts: cash per currency, margin in use, equity in the base currency. */
import type { CashMicros } from './units.ts';

export interface AccountView {
  readonly baseCurrency: string;
  /** Cash plus unrealised, in base currency. */
  readonly equityMicros: CashMicros;
  readonly cashMicros: CashMicros;
  readonly initialMarginMicros: CashMicros;
  readonly availableMicros: CashMicros;
  /** Since the start of the trade date, realised and floating, costs in. */
  readonly dayPnlMicros: CashMicros;
}
