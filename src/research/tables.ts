/** The tables of a run folder, as data: file name, columns and their kinds. Names are part of the disk schema. */
import type { RowOf } from './columns.ts';

/** One row per order, in its last state. `limitTicks` and `stopTicks` are NaN where the order has none. */
export const ORDER_COLUMNS = {
  clOrdId: 'text',
  contract: 'text',
  root: 'text',
  side: 'i32',
  type: 'text',
  timeInForce: 'text',
  orderQty: 'i32',
  cumQty: 'i32',
  avgPriceTicks: 'f64',
  limitTicks: 'f64',
  stopTicks: 'f64',
  status: 'text',
  role: 'text',
  tag: 'text',
  groupId: 'text',
  reason: 'text',
  reduceOnly: 'flag',
  createdUs: 'ts',
  updatedUs: 'ts',
} as const;
export type OrderRow = RowOf<typeof ORDER_COLUMNS>;

/** Prices at which a stop or target worked over time; NaN ends the line. */
export const LEVEL_COLUMNS = {
  clOrdId: 'text',
  root: 'text',
  role: 'text',
  tsUs: 'ts',
  priceTicks: 'f64',
} as const;
export type LevelRow = RowOf<typeof LEVEL_COLUMNS>;

/** `barOpenUs` and `barCloseUs` are NaN for fills that no bar explains. */
export const FILL_COLUMNS = {
  execId: 'text',
  clOrdId: 'text',
  contract: 'text',
  root: 'text',
  side: 'i32',
  qty: 'i32',
  priceTicks: 'f64',
  tsUs: 'ts',
  feeMicros: 'money',
  commissionMicros: 'money',
  role: 'text',
  tag: 'text',
  groupId: 'text',
  orderType: 'text',
  rule: 'text',
  isCertain: 'flag',
  policy: 'text',
  roundedTicks: 'f64',
  slippageTicks: 'f64',
  barOpenUs: 'f64',
  barCloseUs: 'f64',
} as const;
export type FillRow = RowOf<typeof FILL_COLUMNS>;

/** `fills` holds the execution ids, separated by a blank. */
export const TRADE_COLUMNS = {
  tradeId: 'i32',
  root: 'text',
  entryContract: 'text',
  exitContract: 'text',
  side: 'i32',
  maxQty: 'i32',
  entryQty: 'i32',
  entryUs: 'ts',
  exitUs: 'ts',
  entryTradeDate: 'date',
  exitTradeDate: 'date',
  entryPrice: 'f64',
  exitPrice: 'f64',
  entryTag: 'text',
  exitTag: 'text',
  grossMicros: 'money',
  feesMicros: 'money',
  commissionMicros: 'money',
  netMicros: 'money',
  currency: 'text',
  rate: 'f64',
  grossTicksPerContract: 'f64',
  slippageTicks: 'f64',
  maeTicks: 'f64',
  maeTicksBest: 'f64',
  mfeTicks: 'f64',
  mfeTicksBest: 'f64',
  initialRiskTicks: 'f64',
  bars: 'i32',
  rolls: 'i32',
  rollCostMicros: 'money',
  isAmbiguous: 'flag',
  isOpen: 'flag',
  fills: 'text',
} as const;
export type TradeRow = RowOf<typeof TRADE_COLUMNS>;

export const POSITION_COLUMNS = {
  tradeDate: 'date',
  contract: 'text',
  root: 'text',
  netQty: 'i32',
  settleTicks: 'f64',
  settleSource: 'text',
  pnlMicros: 'money',
  feesMicros: 'money',
  tradedQty: 'i32',
  rate: 'f64',
} as const;
export type PositionRow = RowOf<typeof POSITION_COLUMNS>;

export const EQUITY_COLUMNS = {
  tradeDate: 'date',
  tsUs: 'ts',
  equityMicros: 'money',
  cashMicros: 'money',
  feesMicros: 'money',
  lowEquityMicros: 'money',
  highEquityMicros: 'money',
  initialMarginMicros: 'money',
  maintenanceMarginMicros: 'money',
  grossNotional: 'f64',
  netNotional: 'f64',
  exposedUs: 'f64',
  openUs: 'f64',
} as const;
export type EquityRow = RowOf<typeof EQUITY_COLUMNS>;

export const ROLL_COLUMNS = {
  root: 'text',
  from: 'text',
  to: 'text',
  decidedUs: 'ts',
  effectiveUs: 'ts',
  tradeDate: 'date',
  fromPriceTicks: 'f64',
  toPriceTicks: 'f64',
  isInferred: 'flag',
  reason: 'text',
  netQty: 'i32',
  costMicros: 'money',
  ordersRecreated: 'i32',
  policy: 'text',
} as const;
export type RollRow = RowOf<typeof ROLL_COLUMNS>;

/** `alternatives` is JSON; `stakeTicks` is best minus worst alternative per contract. */
export const AMBIGUITY_COLUMNS = {
  groupId: 'text',
  contract: 'text',
  root: 'text',
  barOpenUs: 'ts',
  barCloseUs: 'ts',
  policy: 'text',
  chosen: 'i32',
  qty: 'i32',
  stakeTicks: 'f64',
  alternatives: 'text',
} as const;
export type AmbiguityRow = RowOf<typeof AMBIGUITY_COLUMNS>;

/** `root` is empty for a series of the whole strategy. Values are plain prices or figures, as the strategy gave them. */
export const PLOT_COLUMNS = { name: 'text', root: 'text', tsUs: 'ts', value: 'f64' } as const;
export type PlotRow = RowOf<typeof PLOT_COLUMNS>;

interface RunTableDefs {
  readonly orders: typeof ORDER_COLUMNS;
  readonly levels: typeof LEVEL_COLUMNS;
  readonly fills: typeof FILL_COLUMNS;
  readonly trades: typeof TRADE_COLUMNS;
  readonly positions: typeof POSITION_COLUMNS;
  readonly equity: typeof EQUITY_COLUMNS;
  readonly rolls: typeof ROLL_COLUMNS;
  readonly ambiguities: typeof AMBIGUITY_COLUMNS;
  readonly plots: typeof PLOT_COLUMNS;
}
export const RUN_TABLES: RunTableDefs = {
  orders: ORDER_COLUMNS,
  levels: LEVEL_COLUMNS,
  fills: FILL_COLUMNS,
  trades: TRADE_COLUMNS,
  positions: POSITION_COLUMNS,
  equity: EQUITY_COLUMNS,
  rolls: ROLL_COLUMNS,
  ambiguities: AMBIGUITY_COLUMNS,
  plots: PLOT_COLUMNS,
};
export type RunTableName = keyof typeof RUN_TABLES;
export const RUN_TABLE_NAMES: readonly RunTableName[] = Object.keys(RUN_TABLES) as RunTableName[];
