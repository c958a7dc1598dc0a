/** Small scripted markets on ticks, run through the whole engine: what the record shows and what is sent, by the millisecond. */
import type { DepthColumns, QuoteColumns, TradeColumns } from '../../src/core/bars.ts';
import type { ClOrdId } from '../../src/core/order.ts';
import type { Strategy, StrategyContext } from '../../src/core/strategy.ts';
import type { TsUs } from '../../src/core/units.ts';
import type { SimulatedVenue } from '../../src/core/ports.ts';
import type { EngineConfig, EngineResult, TickFeed, TickSource } from '../../src/engine/config.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import type { LatencySpec } from '../../src/sim/latency/model.ts';
import { LatencyModel } from '../../src/sim/latency/model.ts';
import { LatencyVenue } from '../../src/sim/latency/venue.ts';
import { VENUE_PROFILES } from '../../src/core/venues/profiles.ts';
import type { VenueProfile } from '../../src/core/venues/types.ts';
import type { TickMatching, TickVenueOptions } from '../../src/sim/venue/options.ts';
import { createTickVenue } from '../../src/sim/venue/tick-venue.ts';
import type { World, WorldOptions } from './engine-world.ts';
import { at, hourly, makeWorld } from './engine-world.ts';

/** 11:30 of day 0, between two bars: milliseconds of a scenario count from here. */
export const T0: TsUs = at(0, 11, 30);

/** What the record tells at a millisecond. Sizes are contracts. */
export type Tick =
  | readonly [ms: number, kind: 'quote', bid: number, bidQty: number, ask: number, askQty: number]
  | readonly [ms: number, kind: 'trade', price: number, qty: number, aggressor: 1 | -1 | 0]
  | readonly [ms: number, kind: 'level', side: 1 | -1, price: number, qty: number];

export const quote = (
  ms: number,
  bid: number,
  bidQty: number,
  ask: number,
  askQty: number,
): Tick => [ms, 'quote', bid, bidQty, ask, askQty];
export const trade = (ms: number, price: number, qty: number, aggressor: 1 | -1 | 0 = 0): Tick => [
  ms,
  'trade',
  price,
  qty,
  aggressor,
];
export const level = (ms: number, side: 1 | -1, price: number, qty: number): Tick => [
  ms,
  'level',
  side,
  price,
  qty,
];

export interface TickWorldOptions {
  readonly ticks: readonly Tick[];
  /** What the strategy does at a millisecond; ids of earlier answers by name. */
  readonly script?: readonly (readonly [
    ms: number,
    act: (ctx: StrategyContext, ids: Ids) => void,
  ])[];
  readonly strategy?: Strategy;
  readonly latency?: LatencySpec;
  readonly profile?: VenueProfile;
  readonly matching?: TickMatching;
  readonly venue?: Partial<TickVenueOptions>;
  readonly chunk?: number;
  readonly world?: Partial<WorldOptions>;
  /** 0 keeps the time of a trade or quote as it is; the base of its milliseconds. */
  readonly baseUs?: number;
  /** Default `runEngine`. */
  readonly run?: (config: EngineConfig) => EngineResult;
}

export type Ids = Record<string, ClOrdId>;

export interface TickRun extends World {
  /** `ms kind order reason`, and fills as `ms fill order qty@price`: when the strategy knew it. */
  readonly told: readonly string[];
  readonly hash: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly finalEquityMicros: number;
}

function sourceOf<C>(batches: readonly C[]): TickSource<C> {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
}

function chunks<T>(rows: readonly T[], size: number): (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < rows.length; from += size) parts.push(rows.slice(from, from + size));
  return parts;
}

/** One feed a kind; the sequence is the place in the list. */
export function tickFeeds(
  ticks: readonly Tick[],
  options: {
    readonly contractIndex?: number;
    readonly chunk?: number;
    readonly isMarket?: boolean;
    readonly isDelivered?: boolean;
    readonly baseUs?: number;
  } = {},
): TickFeed[] {
  const { contractIndex = 0, chunk = 1000, isMarket = true, isDelivered = true } = options;
  const baseUs = options.baseUs ?? T0;
  const rows = ticks.map((tick, seq) => ({ tick, seq, tsUs: Math.round(baseUs + tick[0] * 1000) }));
  const part = (kind: Tick[1]): (typeof rows)[] =>
    chunks(
      rows.filter(({ tick }) => tick[1] === kind),
      chunk,
    ) as (typeof rows)[];
  const stamps = (
    each: typeof rows,
  ): { length: number; tsUs: Float64Array; seq: Float64Array } => ({
    length: each.length,
    tsUs: Float64Array.from(each, (row) => row.tsUs),
    seq: Float64Array.from(each, (row) => row.seq),
  });
  const column = (each: typeof rows, at: number): Float64Array =>
    Float64Array.from(each, ({ tick }) => tick[at] as number);
  const use = { contractIndex, isMarket, isDelivered };
  const feeds: TickFeed[] = [];
  const quotes = part('quote').map((each): QuoteColumns => ({
    ...stamps(each),
    bid: column(each, 2),
    bidQty: column(each, 3),
    ask: column(each, 4),
    askQty: column(each, 5),
  }));
  if (quotes.length > 0) feeds.push({ kind: 'quotes', ...use, source: sourceOf(quotes) });
  const trades = part('trade').map((each): TradeColumns => ({
    ...stamps(each),
    price: column(each, 2),
    qty: column(each, 3),
    aggressor: Int8Array.from(column(each, 4)),
  }));
  if (trades.length > 0) feeds.push({ kind: 'trades', ...use, source: sourceOf(trades) });
  const levels = part('level').map((each): DepthColumns => ({
    ...stamps(each),
    side: Int8Array.from(column(each, 2)),
    price: column(each, 3),
    qty: column(each, 4),
    orderCount: new Int32Array(each.length),
    isEventEnd: new Uint8Array(each.length).fill(1),
  }));
  if (levels.length > 0) feeds.push({ kind: 'depth', ...use, source: sourceOf(levels) });
  return feeds;
}

function msOf(us: number): string {
  return String((us - T0) / 1000);
}

/** Runs the scenario; an error of the strategy is thrown. */
export function runTicks(options: TickWorldOptions): TickRun {
  const told: string[] = [];
  const ids: Ids = {};
  const { script = [], strategy = {} } = options;
  const scripted: Strategy = {
    ...strategy,
    onStart: (ctx) => {
      strategy.onStart?.(ctx);
      script.forEach(([ms], k) => ctx.setTimer(`s${k}`, Math.round(T0 + ms * 1000) as TsUs));
    },
    onTimer: (name, ctx) => {
      if (/^s\d+$/.test(name)) script[Number(name.slice(1))]![1](ctx, ids);
      else strategy.onTimer?.(name, ctx);
    },
    onOrder: (event, ctx) => {
      const { kind, order, reason } = event;
      // A fill is told by its own line.
      if (kind !== 'Fill' && kind !== 'PartialFill')
        told.push([msOf(ctx.nowUs), kind, nameOf(ids, order.clOrdId), reason].join(' ').trim());
      strategy.onOrder?.(event, ctx);
    },
    onFill: (fill, ctx) => {
      told.push(
        `${msOf(ctx.nowUs)} fill ${nameOf(ids, fill.clOrdId)} ${fill.qty}@${fill.priceTicks}`,
      );
      strategy.onFill?.(fill, ctx);
    },
  };
  const world = makeWorld({
    front: hourly(0, [100, 100, 100, 100, 100, 100]),
    days: 1,
    ...options.world,
    strategy: scripted,
  });
  const matching = options.matching ?? 'quotes';
  const hasTrades = options.ticks.some((tick) => tick[1] === 'trade');
  const { table } = world.config;
  let venue: SimulatedVenue = createTickVenue({
    table,
    matching: table.contracts.map(() => matching),
    hasPrints: Uint8Array.from(table.contracts, () => (hasTrades ? 1 : 0)),
    profile: options.profile ?? VENUE_PROFILES.ideal,
    ...options.venue,
  });
  if (options.latency !== undefined)
    venue = new LatencyVenue(venue, new LatencyModel(options.latency, createRandom(7)));
  const ticks = tickFeeds(options.ticks, {
    ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
    ...(options.baseUs === undefined ? {} : { baseUs: options.baseUs }),
  });
  const config = { ...world.config, venue, ticks: [...ticks, ...(world.config.ticks ?? [])] };
  const result = (options.run ?? runEngine)(config);
  if (result.error !== null) throw result.error.cause;
  return {
    ...world,
    config,
    told,
    hash: result.eventHash,
    counts: result.counts,
    finalEquityMicros: result.finalEquityMicros,
  };
}

function nameOf(ids: Ids, clOrdId: ClOrdId): string {
  for (const [name, id] of Object.entries(ids)) if (id === clOrdId) return name;
  return clOrdId;
}
