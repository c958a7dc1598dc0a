/** The venue of a run: bars, ticks or both, as on a named venue, behind a connection that takes time. */
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { RandomSource, SimulatedVenue } from '../core/ports.ts';
import { createBarExchange } from '../sim/bar-exchange.ts';
import type { BarExchangeOptions } from '../sim/bar-options.ts';
import type { TsUs } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';
import { LatencyModel } from '../sim/latency/model.ts';
import { LatencyVenue } from '../sim/latency/venue.ts';
import { VENUE_PROFILES } from '../core/venues/profiles.ts';
import type { VenueProfile } from '../core/venues/types.ts';
import type { TickMatching } from '../sim/venue/options.ts';
import { RoutedVenue } from '../sim/venue/routed.ts';
import { createTickVenue } from '../sim/venue/tick-venue.ts';
import { isImitation } from '../sim/imitations/profiles.ts';
import type { BarFillConfig, VenueConfig } from './define-config.ts';
import type { RunPlan } from './plan.ts';
import type { FillPolicy } from './run-format.ts';

const US_PER_MINUTE = 60_000_000;
/** Slack of a bar's open for a market order: 1 % of the bar, at least 250 ms. */
const SLACK_MIN_US = 250_000;

export interface RunVenueInput {
  readonly plan: RunPlan;
  readonly config: VenueConfig;
  readonly bars: BarExchangeOptions;
  readonly random: RandomSource;
  /** The bound in favour of the strategy: nobody stands before its orders, where the data do not tell. */
  readonly isOptimistic: boolean;
}

/** Settings of a run that bear on one another. */
export interface VenueSettings {
  readonly fills: FillPolicy;
  readonly barFills?: BarFillConfig;
  readonly venue?: VenueConfig;
}

/**
 * Refuses settings that contradict each other, or that would quietly do nothing where the reader expects them to. Errors:
 * E_SIM_OPTION.
 */
export function checkVenueSettings(settings: VenueSettings, plan: RunPlan): void {
  const { fills, barFills = {}, venue = {} } = settings;
  if (isImitation(fills)) {
    const used = keysOf(venue).filter((key) => key !== 'matching' || venue.matching !== 'bars');
    if (used.length > 0)
      throw settingError(
        `fills ${fills} with settings of a venue: ${used.join(', ')}`,
        { fills, venue },
        'an imitation fills as that program does: it has no venue settings',
        'leave the venue settings out, or choose another fill policy',
      );
    if (keysOf(barFills).length > 0)
      throw settingError(
        `fills ${fills} with barFills: ${keysOf(barFills).join(', ')}`,
        { fills, barFills },
        'an imitation fills as that program does: it has no settings of bar matching',
        'leave `barFills` out, or choose another fill policy',
      );
    return;
  }
  const kinds = Object.values(plan.matching);
  const isAllTicks = kinds.length > 0 && kinds.every((kind) => kind !== 'bars');
  if ((barFills.latencyMs ?? 0) > 0 && (venue.latency !== undefined || isOnTicks(plan)))
    throw settingError(
      `barFills.latencyMs is ${barFills.latencyMs} beside ${venue.latency === undefined ? 'matching on ticks' : 'venue.latency'}`,
      { latencyMs: barFills.latencyMs, latency: venue.latency ?? null },
      'a run has one latency: `venue.latency`, of bars and ticks; `barFills.latencyMs` is the older one, of bars alone',
      'take barFills.latencyMs out: --latency or venue.latency.entry says the same of orders',
    );
  if (isAllTicks && fills !== 'pessimistic' && fills !== 'optimistic')
    throw settingError(
      `fills ${fills} where all orders match on ticks`,
      { fills, matching: plan.matching },
      'a policy resolves what a bar does not tell, and ticks tell it',
      'choose --fills pessimistic or optimistic, or --matching bars',
    );
}

function keysOf(settings: object): string[] {
  const entries: [string, unknown][] = Object.entries(settings);
  return entries.filter(([, value]) => value !== undefined).map(([key]) => key);
}

function settingError(
  message: string,
  details: Record<string, unknown>,
  rule: string,
  fix: string,
): TradingError {
  return new TradingError('E_SIM_OPTION', message, { details, rule, fix });
}

/** Settings that bear on nothing in this run: of bars where all is ticks, of ticks where all is bars, of a queue that is known. */
function unusedSettings(plan: RunPlan, config: VenueConfig, barFills: BarFillConfig): string[] {
  const kinds = new Set(Object.values(plan.matching));
  const onTicks = [...kinds].filter((kind) => kind !== 'bars');
  const used: Readonly<Partial<Record<keyof VenueConfig, boolean>>> = {
    queue: onTicks.some((kind) => kind !== 'mbo'),
    queuePower: config.queue === 'prob' && onTicks.some((kind) => kind !== 'mbo'),
    ledger: onTicks.length > 0,
    throughQty: onTicks.length > 0,
    halfSpreadTicks: kinds.has('trades'),
    protectionTicks: onTicks.length > 0,
    beyondDepth: onTicks.length > 0,
    staleMinutes: onTicks.length > 0,
  };
  const ofVenue = keysOf(config).filter((key) => used[key as keyof VenueConfig] === false);
  // Orders for the close are those of ticks too.
  const ofBars = kinds.has('bars')
    ? []
    : keysOf(barFills).filter((key) => key !== 'closeCutoffMinutes');
  return [...ofVenue.map((key) => `venue.${key}`), ...ofBars.map((key) => `barFills.${key}`)];
}

export function isOnTicks(plan: RunPlan): boolean {
  return Object.values(plan.matching).some((matching) => matching !== 'bars');
}

/** Passive fills depend on a model of the queue: the data show sizes, not orders. */
export function hasQueueModel(plan: RunPlan, config: VenueConfig): boolean {
  const isModelled = Object.values(plan.matching).some((kind) => kind !== 'bars' && kind !== 'mbo');
  return isModelled && config.queue !== 'front';
}

/** What the reader of a run on ticks, or as on a venue, must know before believing its fills. */
export function venueNotes(
  plan: RunPlan,
  config: VenueConfig,
  barFills: BarFillConfig,
  random: RandomSource,
): RunPlan['notes'][number][] {
  const notes: RunPlan['notes'][number][] = [];
  const { profile = 'ideal', queue = 'back', latency } = config;
  const onTicks = Object.entries(plan.matching).filter(([, matching]) => matching !== 'bars');
  if (onTicks.length > 0) {
    const kinds = onTicks.map(([root, matching]) => `${root} on ${matching}`).join(', ');
    const line = hasQueueModel(plan, config) || queue === 'front' ? `, queue \`${queue}\`` : '';
    const message = `orders match ${kinds}, venue \`${profile}\`${line}: the configured slippage is not charged`;
    notes.push({ code: 'N_MATCHING', message });
  }
  if (profile !== 'ideal' && Object.values(plan.matching).includes('bars')) {
    const message = `on bars \`${profile}\` is its types, hours, exits and changes: what it does in milliseconds is done inside the bar`;
    notes.push({ code: 'N_VENUE_BARS', message });
  }
  const isZero = latency === undefined || new LatencyModel(latency, random).isZero;
  if (isZero && (onTicks.length > 0 || latency !== undefined)) {
    const message = 'messages take no time: no account is that fast, see `--latency`';
    notes.push({ code: 'N_LATENCY_ZERO', message });
  }
  const unused = unusedSettings(plan, config, barFills);
  if (unused.length > 0) {
    const message = `settings that bear on nothing in this run: ${unused.join(', ')}`;
    notes.push({ code: 'N_SETTING_UNUSED', message });
  }
  return notes;
}

/** Errors: E_SIM_OPTION. */
export function createRunVenue(input: RunVenueInput): SimulatedVenue {
  const { plan, config } = input;
  const profile = VENUE_PROFILES[config.profile ?? 'ideal'];
  if (config.latency === undefined) return matchingVenue(input, profile, 0);
  const model = new LatencyModel(config.latency, input.random);
  // A fill comes back, a cancel goes out.
  const ownMessageUs =
    model.orderUs('response', 'new', '', 0) + model.orderUs('entry', 'cancel', '', 0);
  const venue = matchingVenue(input, profile, ownMessageUs);
  return new LatencyVenue(venue, model, { openSlackUs: slackOf(plan, input.bars.openSlackUs) });
}

function matchingVenue(
  input: RunVenueInput,
  profile: VenueProfile,
  ownMessageUs: number,
): SimulatedVenue {
  const { plan, config } = input;
  const matching = plan.table.contracts.map(({ root }): TickMatching | null => {
    const kind = plan.matching[root]!;
    return kind === 'bars' ? null : kind;
  });
  if (matching.every((kind) => kind === null)) return barVenue(input, profile);
  const ticks = createTickVenue({
    table: plan.table,
    matching,
    hasPrints: printsOf(plan),
    profile,
    ownMessageUs,
    ...(input.bars.fees === undefined ? {} : { fees: input.bars.fees }),
    queue: input.isOptimistic ? 'front' : (config.queue ?? 'back'),
    ...(config.queuePower === undefined ? {} : { queuePower: config.queuePower }),
    ...(config.ledger === undefined ? {} : { ledger: config.ledger }),
    ...(config.throughQty === undefined ? {} : { throughQty: config.throughQty }),
    ...(config.halfSpreadTicks === undefined ? {} : { halfSpreadTicks: config.halfSpreadTicks }),
    ...(config.protectionTicks === undefined ? {} : { protectionTicks: config.protectionTicks }),
    ...(config.beyondDepth === undefined ? {} : { beyondDepth: config.beyondDepth }),
    ...(config.staleMinutes === undefined ? {} : { staleUs: config.staleMinutes * US_PER_MINUTE }),
    ...(input.bars.closeCutoffUs === undefined ? {} : { closeCutoffUs: input.bars.closeCutoffUs }),
  });
  if (matching.every((kind) => kind !== null)) return ticks;
  return new RoutedVenue(barVenue(input, profile), ticks);
}

/** Bars as on the venue. Hours are known where bars have intervals: a sample, or a day, is a label of its trade date. */
function barVenue({ bars, plan }: RunVenueInput, profile: VenueProfile): SimulatedVenue {
  if (profile.name === 'ideal') return createBarExchange(bars);
  const { table, calendars } = plan;
  const hasHours = table.contracts.map(({ root }) => {
    const us = intervalUs(plan.executionInterval[root]!);
    return plan.rollFills !== 'record' && us < US_PER_DAY;
  });
  return createBarExchange({
    ...bars,
    profile,
    isTrading: (c, tsUs) =>
      !hasHours[c]! || calendars[table.instrumentIndex[c]!]!.isOpen(tsUs as TsUs),
  });
}

function printsOf(plan: RunPlan): Uint8Array {
  const has = new Uint8Array(plan.table.contracts.length);
  for (const { kind, contractIndex, isMarket } of plan.ticks)
    if (isMarket && (kind === 'trades' || kind === 'mbo')) has[contractIndex] = 1;
  return has;
}

function slackOf(plan: RunPlan, givenUs: number | undefined): Float64Array {
  return Float64Array.from(plan.table.contracts, ({ root }) => {
    if (plan.matching[root] !== 'bars') return 0;
    return givenUs ?? Math.max(SLACK_MIN_US, intervalUs(plan.executionInterval[root]!) / 100);
  });
}
