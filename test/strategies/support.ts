/** Built-in intraday strategies on bars from arrays: engine and bar exchange, one product, sessions 10:00 to 16:00 UTC. */
import { expect } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { AnyStrategyDefinition, Strategy, StrategyContext } from '../../src/core/strategy.ts';
import { resolveParams } from '../../src/core/strategy.ts';
import type { TsUs } from '../../src/core/units.ts';
import { US_PER_MINUTE } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import type { BarRow, World } from '../support/engine-world.ts';
import { at, columns, makeWorld, OPEN_HOUR } from '../support/engine-world.ts';

const BAR_US = 5 * US_PER_MINUTE;
export const BARS_PER_DAY = 72;

/** Five-minute bars from the open of a day on, `open/high/low/close` in ticks each; an empty text is a minute without one. */
export function fives(day: number, texts: readonly string[], from: number = 0): BarRow[] {
  return texts.flatMap((text, i): BarRow[] => {
    if (text === '') return [];
    const [o, h, l, c] = text.split('/').map(Number) as [number, number, number, number];
    return [[at(day, OPEN_HOUR, 5 * (from + i + 1)), o, h, l, c]];
  });
}

/** A walk of five-minute bars over some days; every `hole`-th bar is missing. */
export function walk(seed: number, days: number, hole: number = Infinity): BarRow[] {
  const random = createRandom(seed);
  let last = 1000;
  const rows: BarRow[] = [];
  for (let day = 0; day < days; day += 1) {
    for (let i = 0; i < BARS_PER_DAY; i += 1) {
      const step = (k: number): number => Math.floor(random.uniform(day, i, k, 0) * 13);
      const open = last + step(0) - 6;
      const close = open + step(1) - 6;
      const [high, low] = [Math.max(open, close) + step(2), Math.min(open, close) - step(3)];
      last = close;
      if ((i + 1) % hole === 0) continue;
      rows.push([at(day, OPEN_HOUR, 5 * (i + 1)), open, high, low, close]);
    }
  }
  return rows;
}

export interface PlayOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly days?: number;
  /** Contracts of each bar; default 100, of which orders may take a tenth where `participation` says so. */
  readonly volume?: number;
  readonly participation?: number;
  readonly delayBars?: number;
  readonly initialMargin?: number;
  readonly watch?: (inner: Strategy) => Strategy;
}

/** Runs a strategy over the rows. Entries are allowed all day: the world's clock stands at midnight. */
export function play(
  definition: AnyStrategyDefinition,
  rows: readonly BarRow[],
  options: PlayOptions = {},
): World {
  const given = { interval: '5m', entryFrom: '00:00', entryTo: '00:00', ...options.params };
  const params = resolveParams(definition.params, given);
  const inner = definition.create(params, ['ES']);
  const world = makeWorld({
    front: rows,
    strategy: options.watch === undefined ? inner : options.watch(inner),
    lengthUs: BAR_US,
    days: options.days ?? 3,
    positionsOnRoll: 'flatten',
    initialMargin: options.initialMargin ?? 0,
  });
  const { table } = world.config;
  const venue = createBarExchange({
    table,
    random: createRandom(1),
    participation: options.participation ?? Infinity,
    ...(options.delayBars === undefined ? {} : { delayBars: options.delayBars }),
  });
  const result = runEngine({
    ...world.config,
    venue,
    series: [{ ...world.config.series[0]!, key: 'ES:5m', interval: '5m' }],
    feeds: [{ ...world.config.feeds[0]!, interval: '5m', source: once(rows, options.volume) }],
  });
  expect(result.error).toBe(null);
  return world;
}

function once(
  rows: readonly BarRow[],
  volume: number = 100,
): { next(): BarColumns | null; close(): void } {
  const batch = columns(rows, BAR_US);
  batch.volume.fill(volume);
  let isRead = rows.length === 0;
  return {
    next: () => {
      if (isRead) return null;
      isRead = true;
      return batch;
    },
    close: () => {},
  };
}

export const fillsOf = (world: World): string[] =>
  world.recorder.fills.map((f) => `${f.side * f.qty} @ ${f.priceTicks} ${f.tag}`);
export const countOf = (world: World, kind: string): number =>
  world.recorder.events.filter((event) => event.startsWith(`${kind} `)).length;

export interface Promised {
  readonly qty: number;
  readonly noEntryMinutes: number;
  readonly flatMinutes: number;
  /** Bars by which cancels arrive later. */
  readonly lateBars?: number;
}

/** Watches a strategy from outside, as its positions and orders stand when a bar is known. */
export function watchman(promised: Promised): {
  readonly faults: string[];
  readonly seen: { bars: number; held: number; sessions: number };
  readonly watch: (inner: Strategy) => Strategy;
} {
  const faults: string[] = [];
  const seen = { bars: 0, held: 0, sessions: 0 };
  let barsAfterFlat = 0;
  const late = promised.lateBars ?? 0;
  const check = (ctx: StrategyContext): void => {
    const net = ctx.netQty('ES');
    const open = ctx.openOrders({ root: 'ES' });
    const fault = (text: string): void => void faults.push(`${ctx.nowUs}: ${text}`);
    seen.bars += 1;
    if (Math.abs(net) > promised.qty) fault(`holds ${net} of ${promised.qty}`);
    const entries = open.filter(
      (order) => order.role === 'entry' && order.status !== 'PendingCancel',
    );
    if (entries.length > 1) fault(`${entries.length} entries work`);
    if (net !== 0) {
      seen.held += 1;
      const covered = open
        .filter((order) => order.role === 'stop' && order.working !== 'held')
        .filter((order) => order.side * net < 0)
        .reduce((sum, order) => sum + order.leavesQty, 0);
      if (covered < Math.abs(net)) fault(`${net} held, a stop for ${covered}`);
    }
    const left = (ctx.session('ES')!.closeUs - ctx.nowUs) / US_PER_MINUTE;
    if (left < promised.noEntryMinutes - 5 * late && entries.length > 0)
      fault(`an entry works ${left} minutes before the close`);
    if (left < promised.flatMinutes) barsAfterFlat += 1;
  };
  const watch = (inner: Strategy): Strategy => ({
    onStart: (ctx) => inner.onStart?.(ctx),
    onOrder: (event, ctx) => inner.onOrder?.(event, ctx),
    onFill: (fill, ctx) => inner.onFill?.(fill, ctx),
    onTimer: (name, ctx) => inner.onTimer?.(name, ctx),
    onSessionOpen: (root, session, ctx) => {
      barsAfterFlat = 0;
      inner.onSessionOpen?.(root, session, ctx);
    },
    onSessionClose: (root, session, ctx) => {
      seen.sessions += 1;
      const net = ctx.netQty(root);
      if (net !== 0 && barsAfterFlat > late)
        faults.push(`${net} held over the close of ${session.label}`);
    },
    onBar: (bar, ctx) => {
      check(ctx);
      inner.onBar?.(bar, ctx);
    },
  });
  return { faults, seen, watch };
}

export const minutesUs = (day: number, minutes: number): TsUs => at(day, OPEN_HOUR, minutes);
