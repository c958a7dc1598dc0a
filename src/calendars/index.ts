/** Public entry `frontmonth/calendars`. Inside the package import the files themselves. */
export { BusinessCalendar, BusinessCalendars, businessCalendarNames } from './business-days.ts';
export type { ChainAt, ChainOptions, ContractNeighbours, InstrumentCycles } from './chain.ts';
export {
  buildChain,
  buildContract,
  chainAt,
  checkChain,
  contractNeighbours,
  cyclesOf,
  holdChain,
  Listing,
  typicalExpiryOffset,
} from './chain.ts';
export { CALENDAR_ERRORS } from './errors.ts';
export type { RuleDates } from './expiry.ts';
export { GroupCalendar } from './group-calendar.ts';
export { createLabelCalendar } from './label-calendar.ts';
export type { Calendars } from './registry.ts';
export { createCalendars, SESSION_GROUPS, sessionGroupIds } from './registry.ts';
export type {
  IbFutureFields,
  IbFutureKey,
  ResolvedSymbol,
  SymbolOptions,
  SymbolVenue,
} from './symbology.ts';
export { createSymbology, Symbology, SYMBOL_VENUES } from './symbology.ts';
export type { DayShape, DayShapeRule, GroupRules, SessionException } from './sessions.ts';
export { parseWallTime, ZoneTable } from './wall-time.ts';
