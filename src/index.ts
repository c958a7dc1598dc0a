/** The package root: what a strategy file and a configuration file import. */
export type { AccountView } from './core/account.ts';
export type { BarInterval } from './core/bars.ts';
export { EXIT, TradingError } from './core/errors.ts';
export type { ErrorCode, ExitCode, TradingErrorOptions } from './core/errors.ts';
export type { Fill, FillEvidence } from './core/execution.ts';
export { Instrument } from './core/instrument.ts';
export type {
  ContinuousId,
  ContractDates,
  ContractId,
  ContractSpec,
  InstrumentSpec,
} from './core/instrument.ts';
export { Side } from './core/order.ts';
export type {
  ClOrdId,
  ExitLevel,
  GroupId,
  OrderEventKind,
  OrderType,
  OrderView,
  OrdStatus,
  PeerRule,
  TimeInForce,
  TrailSpec,
  TriggerSource,
} from './core/order.ts';
export type { TradingCalendar } from './core/ports.ts';
export type { PositionView } from './core/position.ts';
export type { RoundMode } from './core/price-grid.ts';
export type { Adjustment, GivenRoll, RollRecord, RollRule } from './core/roll.ts';
export type { Session, SessionWindow } from './core/session.ts';
export { boolean, choice, defineStrategy, int, number, time } from './core/strategy.ts';
export type {
  AnyStrategyDefinition,
  BarView,
  BracketInput,
  DataRequirements,
  CarryView,
  CurveView,
  DepthView,
  GroupHandle,
  Indicator,
  ModifyInput,
  OrderEvent,
  OrderInput,
  ParamDef,
  ParamSchema,
  ParamValues,
  ProtectInput,
  QuoteView,
  RollEvent,
  SeriesRequest,
  SeriesView,
  Sizing,
  StopInput,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  TargetInput,
  TradeView,
} from './core/strategy.ts';
export { parseTradeDate, toIsoDate } from './core/trade-date.ts';
export { parseTsUs, toIsoUtc } from './core/units.ts';
export type {
  CashMicros,
  DurationUs,
  NetQty,
  PriceTicks,
  Qty,
  TradeDate,
  TsUs,
} from './core/units.ts';
export { defineConfig } from './research/define-config.ts';
export type { CostConfig, FrontmonthConfig, RiskConfig } from './research/define-config.ts';
export * from './strategies/indicators/index.ts';
