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
export type { ContractMonth, CycleRange } from '../core/cycle.ts';
export { Cycle, formatContractMonth, parseContractMonth, parseCycle } from '../core/cycle.ts';
export type { ListedContract, SelectedContract, SelectOptions } from '../core/contract-filter.ts';
export { selectContracts } from '../core/contract-filter.ts';
export { CALENDAR_ERRORS } from './errors.ts';
export type { RuleDates } from './expiry.ts';
export type { OutsidePolicy } from './group-calendar.ts';
export type {
  ApproximateExpiry,
  ExactExpiry,
  Expiry,
  ExpiryBound,
  RollWindow,
} from '../core/expiry.ts';
export {
  approximateExpiry,
  asEndExclusive,
  asLastDay,
  endOf,
  exactExpiryOf,
  lastDayOf,
  rollWindowOf,
  windowEnd,
} from '../core/expiry.ts';
export { describeDateRule } from './rule-words.ts';
export { GroupCalendar } from './group-calendar.ts';
export { createLabelCalendar } from './label-calendar.ts';
export type { MaintenanceSpan, MaintenanceWindow, VenueSchedule } from './maintenance.ts';
export { VENUE_SCHEDULES, VenueMaintenance } from './maintenance.ts';
export type { CalendarOptions, Calendars, GroupOverride } from './registry.ts';
export { createCalendars, SESSION_GROUPS, sessionGroupIds } from './registry.ts';
export type {
  IbFutureFields,
  IbFutureKey,
  ResolvedSymbol,
  SymbolOptions,
  SymbolVenue,
} from './symbology.ts';
export { createSymbology, Symbology, SYMBOL_VENUES } from './symbology.ts';
export type { DayRule, Observance } from './rules.ts';
export type {
  ClockPoint,
  DayShape,
  DayShapeRule,
  GroupRules,
  Regime,
  RegularHours,
  Segment,
  SessionException,
  TradeDatePolicy,
  WeeklyBreak,
} from './sessions.ts';
export { parseWallTime, ZoneTable } from './wall-time.ts';
