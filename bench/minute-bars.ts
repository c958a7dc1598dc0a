/** The market and the strategies of the benchmarks of the event loop: one-minute bars from whole numbers, one product. */
import type { BarColumns } from '../src/core/bars.ts';
import type { BarSource, TradingCalendar } from '../src/core/ports.ts';
import { Side } from '../src/core/order.ts';
import type { RunRecorder } from '../src/core/run-events.ts';
import type { SessionColumns } from '../src/core/session.ts';
import type { Strategy } from '../src/core/strategy.ts';
import { toCashMicros, US_PER_DAY } from '../src/core/units.ts';
import { runEngine } from '../src/engine/engine.ts';
import { createHashJournal } from '../src/engine/journal.ts';
import { createBarExchange } from '../src/sim/bar-exchange.ts';
import { at, makeWorld, plainCalendar } from '../test/support/engine-world.ts';

export const MINUTE_US = 60_000_000;
/** Sessions from 00:00 to 23:00 UTC, every day: as long as those of index futures. */
export const HOURS = 23;
export const MINUTES: number = HOURS * 60;
const CHUNK = 65_536;
export const FAST: number = 2 / 11;
export const SLOW: number = 2 / 51;
export const STOP_TICKS = 20;
export const TARGET_TICKS = 30;

export const calendar: TradingCalendar = {
  ...plainCalendar(),
  tradeDateOf: (tsUs) => Math.floor(tsUs / US_PER_DAY) as never,
  sessions(from, to): SessionColumns {
    const days = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
    const closeUs = Float64Array.from(days, (day) => day * US_PER_DAY + HOURS * 60 * MINUTE_US);
    return {
      length: days.length,
      openUs: Float64Array.from(days, (day) => day * US_PER_DAY),
      closeUs,
      label: Int32Array.from(days),
      tradeDate: Int32Array.from(days),
      settleUs: closeUs,
      breakRow: new Int32Array(0),
      breakStartUs: new Float64Array(0),
      breakEndUs: new Float64Array(0),
    };
  },
};

/**
 * A walk of whole ticks from a generator of whole numbers, so that any language makes the same bars. `isKept` makes every batch
 * anew, for a market in memory; without it three batches take turns, as a reader of a catalog does it.
 */
export function walk(
  bars: number,
  seed: number,
  perDay: number = MINUTES,
  lengthUs: number = MINUTE_US,
  isKept: boolean = false,
): BarSource {
  let state = seed;
  let price = 20_000;
  let from = 0;
  const ring = isKept ? [] : [0, 1, 2].map(() => emptyBatch(CHUNK));
  return {
    close: (): void => {},
    next(): BarColumns | null {
      if (from >= bars) return null;
      const length = Math.min(CHUNK, bars - from);
      const batch = isKept ? emptyBatch(length) : ring[(from / CHUNK) % 3]!;
      for (let i = 0; i < length; i += 1) {
        const bar = from + i;
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const step = ((state >>> 16) % 9) - 4;
        batch.openUs[i] = at(Math.floor(bar / perDay), 0) + (bar % perDay) * lengthUs;
        batch.closeUs[i] = batch.openUs[i]! + lengthUs;
        batch.open[i] = price;
        batch.close[i] = price + step;
        batch.high[i] = Math.max(price, price + step) + 1;
        batch.low[i] = Math.min(price, price + step) - 1;
        price += step;
      }
      from += length;
      return { ...batch, length };
    },
  };
}

function emptyBatch(length: number): BarColumns & { readonly open: Int32Array } {
  const int = (): Int32Array => new Int32Array(length);
  const openUs = new Float64Array(length);
  const closeUs = new Float64Array(length);
  const volume = new Float64Array(length).fill(1000);
  return { length, openUs, closeUs, open: int(), high: int(), low: int(), close: int(), volume };
}

/** The whole walk in memory. */
export function build(bars: number, seed: number, perDay: number, lengthUs: number): BarColumns[] {
  const source = walk(bars, seed, perDay, lengthUs, true);
  const batches: BarColumns[] = [];
  for (let batch = source.next(); batch !== null; batch = source.next()) batches.push(batch);
  return batches;
}

export function sourceOf(batches: readonly BarColumns[]): BarSource {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: (): void => {} };
}

/** Always in the market from the first cross on. Its state is in fields: a captured variable would make an object a bar. */
export class EmaCross implements Strategy {
  #fast: number = NaN;
  #slow: number = NaN;
  #wanted: number = 0;

  onBar: NonNullable<Strategy['onBar']> = (bar, ctx) => {
    const close = bar.rawCloseTicks;
    this.#fast = Number.isNaN(this.#fast) ? close : this.#fast + FAST * (close - this.#fast);
    this.#slow = Number.isNaN(this.#slow) ? close : this.#slow + SLOW * (close - this.#slow);
    const side = this.#fast > this.#slow ? 1 : this.#fast < this.#slow ? -1 : this.#wanted;
    if (side === this.#wanted) return;
    this.#wanted = side;
    ctx.targetPosition(bar.contract, side);
  };
}

/** Buys with stop and target as soon as it is flat. */
export class Brackets implements Strategy {
  onBar: NonNullable<Strategy['onBar']> = (bar, ctx) => {
    if (ctx.netQty('ES') !== 0 || ctx.openOrders().length > 0) return;
    ctx.bracket({
      contract: bar.contract,
      side: Side.Buy,
      qty: 1,
      type: 'market',
      stop: { at: { offsetTicks: STOP_TICKS } },
      targets: [{ at: { offsetTicks: TARGET_TICKS } }],
    });
  };
}

/** One product through the whole engine: order manager, risk gate, accounting, journal with hash, bar exchange. Returns fills and ticks. */
export function runSingle(
  source: BarSource,
  bars: number,
  strategy: Strategy,
  recorderOf: (table: ReturnType<typeof makeWorld>['config']['table']) => RunRecorder,
): string {
  const days = Math.ceil(bars / MINUTES);
  const { config } = makeWorld({ front: [], days, frontExpiryUs: at(days + 10, 12), strategy });
  const { table, random } = config;
  const capitalMicros = toCashMicros(1e15);
  const result = runEngine({
    ...config,
    calendars: [calendar],
    feeds: [{ ...config.feeds[0]!, interval: '1m', source }],
    series: config.series.map((one) => ({ ...one, interval: '1m' as const })),
    venue: createBarExchange({ table, random }),
    journal: createHashJournal(),
    recorder: recorderOf(table),
    capitalMicros,
  });
  if (result.error !== null) throw result.error.cause;
  const ticks = (result.finalEquityMicros - capitalMicros) / 12_500_000;
  return `${result.counts['fills']} fills, ${ticks} ticks`;
}
