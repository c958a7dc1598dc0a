/** The simulated gateway: what a program that serves or embeds one needs. */
export { contractOfId, contractOfSpec } from './contracts.ts';
export type { GatewayContract } from './contracts.ts';
export type { DaySource } from './bar-store.ts';
export { FAULT_NAMES, parseFaults } from './faults.ts';
export type { Fault, FaultScript, FaultWhen } from './faults.ts';
export { mergeFeeds } from './feed.ts';
export type { FeedTarget, MarketFeed } from './feed.ts';
export { Gateway, PLAIN_DAYS } from './gateway.ts';
export type {
  GatewayAnswer,
  GatewayClock,
  GatewayMarket,
  GatewayRequest,
  GatewaySetup,
} from './gateway.ts';
export type { HostOptions, MarketKind } from './market-host.ts';
export { DEFAULT_OPTIONS, DOCUMENTED_RATES, gatewayOptions } from './options.ts';
export type {
  AccountConfig,
  BracketMode,
  GatewayOptions,
  GatewayOptionsInput,
  UserConfig,
} from './options.ts';
export { PRODUCTS } from './products.ts';
export type { Product } from './products.ts';
export { SampleFeed, samplePast } from './sample-feed.ts';
export { serveGateway } from './server.ts';
export type { RunningServer, ServerOptions } from './server.ts';
export { BarFeed, SessionFeed, TickFeed } from './column-feed.ts';
