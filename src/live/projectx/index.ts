/** The ProjectX Gateway as a typed client, usable alone: `frontmonth/live/projectx`. */
export { TradingError } from '../../core/errors.ts';
export type { Scheduler } from '../../core/live.ts';
export type { TsUs } from '../../core/units.ts';
export { parseTsUs, toIsoUtc } from '../../core/units.ts';
export { redact, redactText } from '../shared/redact.ts';
export { systemScheduler } from '../shared/system-scheduler.ts';
export type { ProjectXClientOptions } from './client.ts';
export { ProjectXClient } from './client.ts';
export type { ProjectXConfig, ProjectXFirm, ProjectXOptions } from './config.ts';
export { parseVenueContractId, toVenueContractId } from './contracts.ts';
export type { ApiKeyCredentials, AppCredentials, Credentials } from './credentials.ts';
export { readCredentials, readFirm } from './credentials.ts';
export type { ModifyOrder, OrderFilter, PlaceOrder, PxBracket } from './endpoints.ts';
export type { ProjectXVenueOptions } from './execution.ts';
export { ProjectXVenue } from './execution.ts';
export type { FlattenReport, FlattenRequest } from './flatten.ts';
export type { BarsQuery, PxBarUnit } from './history.ts';
export type { HttpAnswer, HttpPort, HttpRequest } from './http.ts';
export { HttpFailure } from './http.ts';
export type { HubHandlers, HubLine, HubName, HubPort } from './hub.ts';
export type { HubState } from './hub-session.ts';
export type {
  PxAccount,
  PxBar,
  PxContract,
  PxDepth,
  PxDepthType,
  PxMarketTrade,
  PxOrder,
  PxOrderStatus,
  PxOrderType,
  PxPosition,
  PxPositionType,
  PxQuote,
  PxTrade,
} from './messages.ts';
export type { OcoPair, OcoResult } from './oco.ts';
export type { Addresses, Firm } from './presets.ts';
export { FIRMS } from './presets.ts';
export { VenueRefusal } from './rest.ts';
export type { VenueContractSpec } from './venue-contract.ts';
export type { MarketKind, StreamListener } from './streams.ts';
export { ProjectXStreams } from './streams.ts';
