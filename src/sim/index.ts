/** Public surface of the simulated venue. */
export { createBarExchange } from './bar-exchange.ts';
export type { BarExchange, BarExchangeCounts, BarExchangeOptions } from './bar-exchange.ts';
export { PATH_POLICIES } from './bar-policies.ts';
export type { PathPolicy } from './bar-policies.ts';
export { BAR_VENUE_CAPABILITIES } from './capabilities.ts';
export { bracketOutcomes, OutcomeBit, trailingOutcomes } from './certainty.ts';
export type { BarRange, EntryKind, TrailingOutcomes } from './certainty.ts';
export { SIM_ERRORS } from './errors.ts';
export { FIFO, PRO_RATA } from './book/allocation.ts';
export type { AllocationStep } from './book/allocation.ts';
export { LimitBook } from './book/limit-book.ts';
export type {
  Aggressor,
  MatchSink,
  OrderHandle,
  RestingOrder,
  SelfTradeMode,
} from './book/limit-book.ts';
export { ContractMarket } from './exchange/contract-market.ts';
export { MARKET_SNAPSHOT_VERSION } from './exchange/snapshot.ts';
export type { MarketSnapshot } from './exchange/snapshot.ts';
export { MarketJournal, replayJournal } from './exchange/command-journal.ts';
export type { MarketCommand } from './exchange/command-journal.ts';
export { RunningHash, stateHash } from './exchange/state-hash.ts';
export type { GroupAnswer, MarketOptions, SessionTimes } from './exchange/contract-market.ts';
export { bracketOf, ocaRules, ocoOf } from './groups/group-input.ts';
export type {
  BracketInput,
  ExitInput,
  MarketGroupInput,
  MarketLegInput,
} from './groups/group-input.ts';
export type { GroupEvent, GroupMessage, LiveGroup } from './groups/group-desk.ts';
export type { GroupLeg, GroupSet, GroupState, LegRole } from '../core/groups/group-state.ts';
export { createPublishedMarket, PublishedBook } from './exchange/published-book.ts';
export type { BookFeed } from './exchange/published-book.ts';
export type { BreakerRule } from './exchange/breaker.ts';
export type { OffGrid } from './exchange/market-rules.ts';
export type { Indication } from './exchange/auction.ts';
export type {
  MarketOrder,
  MarketOrderInput,
  MarketPhase,
  MarketReplaceInput,
  MarketReport,
  MarketReportKind,
  MarketSink,
} from './exchange/market-order.ts';
export { ConsumptionLedger } from './replay/ledger.ts';
export type { LedgerMode } from './replay/ledger.ts';
export { QueuePosition } from './replay/queue-model.ts';
export type { QueueModel, QueueModelName } from './replay/queue-model.ts';
export { ReplayMarket } from './replay/replay-market.ts';
export type { ReplayCounts, ReplayFeed, ReplayOptions } from './replay/replay-market.ts';
export { createFeeModel, NO_FEES } from './fee-model.ts';
export type { FeeEntry, FeeModel } from './fee-model.ts';
export { createImitation } from './imitations/imitation-venue.ts';
export type { ImitationOptions } from './imitations/imitation-venue.ts';
export { IMITATION_CAPABILITIES, IMITATIONS } from './imitations/profiles.ts';
export type { Imitation } from './imitations/profiles.ts';
export { createMarginModel } from './margin-model.ts';
export type { MarginLevel, MarginRule } from './margin-model.ts';
export type { TicksByRoot } from './slippage.ts';
