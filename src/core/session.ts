/** Sessions: one open-to-close span each, labelled by the exchange's business date. */
import type { TradeDate, TsUs } from './units.ts';

/**
 * Sessions of one product group as columns, sorted by `openUs`, disjoint. All columns have `length` rows.
 * A session is `[openUs, closeUs)`; breaks inside it are listed in the `break…` columns with the row they belong to.
 */
export interface SessionColumns {
  readonly length: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  /** Session label: the date on which the session closes. */
  readonly label: Int32Array;
  /** The clearing date; differs from the label on some holidays. */
  readonly tradeDate: Int32Array;
  /** When the day's settlement price is taken. */
  readonly settleUs: Float64Array;
  readonly breakRow: Int32Array;
  readonly breakStartUs: Float64Array;
  readonly breakEndUs: Float64Array;
}

export interface Session {
  readonly openUs: TsUs;
  readonly closeUs: TsUs;
  readonly label: TradeDate;
  readonly tradeDate: TradeDate;
  readonly settleUs: TsUs;
}

/** A named window inside a session, such as RTH, in exchange-local wall time. */
export interface SessionWindow {
  readonly name: string;
  /** `HH:MM` local. */
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}
