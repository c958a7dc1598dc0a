/**
 * Bars a second through the whole engine with a strategy that does nothing: one series, one-minute bars, sessions, marks
 * and journal on. Seeded; prints the ratio to a plain loop over the same columns.
 *
 *     node --import tsx bench/engine.bench.ts [millions of bars]
 */
import type { BarColumns } from '../src/core/bars.ts';
import { runEngine } from '../src/engine/engine.ts';
import { createRandom } from '../src/engine/rng.ts';
import { at, makeWorld } from '../test/support/engine-world.ts';

const MINUTES = 360;
const CHUNK = 65_536;

function build(bars: number): BarColumns[] {
  const random = createRandom(1);
  const batches: BarColumns[] = [];
  let price = 20_000;
  for (let from = 0; from < bars; from += CHUNK) {
    const length = Math.min(CHUNK, bars - from);
    const int = (): Int32Array => new Int32Array(length);
    const batch = {
      length,
      openUs: new Float64Array(length),
      closeUs: new Float64Array(length),
      open: int(),
      high: int(),
      low: int(),
      close: int(),
      volume: new Float64Array(length).fill(100),
    };
    for (let i = 0; i < length; i += 1) {
      const bar = from + i;
      const step = Math.floor(random.uniform(0, bar, 0, 0) * 9) - 4;
      batch.openUs[i] = at(Math.floor(bar / MINUTES), 10, bar % MINUTES);
      batch.closeUs[i] = batch.openUs[i]! + 60_000_000;
      batch.open[i] = price;
      batch.close[i] = price + step;
      batch.high[i] = Math.max(price, price + step) + 1;
      batch.low[i] = Math.min(price, price + step) - 1;
      price += step;
    }
    batches.push(batch);
  }
  return batches;
}

function plainLoop(batches: readonly BarColumns[]): number {
  let sum = 0;
  for (const { length, high, low, close, closeUs } of batches)
    for (let i = 0; i < length; i += 1)
      if (low[i]! <= close[i]! && high[i]! >= close[i]! && closeUs[i]! > 0) sum += close[i]!;
  return sum;
}

const bars = Number(process.argv[2] ?? 3) * 1_000_000;
const batches = build(bars);
for (let round = 0; round < 3; round += 1) {
  let next = 0;
  let seen = 0;
  const world = makeWorld({
    front: [],
    days: Math.ceil(bars / MINUTES),
    frontExpiryUs: at(100_000, 12),
    strategy: { onBar: () => void (seen += 1) },
  });
  const source = { next: () => batches[next++] ?? null, close: (): void => {} };
  const feeds = [{ ...world.config.feeds[0]!, source }];
  const startNs = process.hrtime.bigint();
  runEngine({ ...world.config, feeds });
  const engineNs = Number(process.hrtime.bigint() - startNs);
  const plainStart = process.hrtime.bigint();
  const sum = plainLoop(batches);
  const plainNs = Number(process.hrtime.bigint() - plainStart);
  const perSecond = ((seen / engineNs) * 1000).toFixed(1);
  process.stdout.write(
    `${seen} bars: ${perSecond} M bars/s, ${(engineNs / plainNs).toFixed(1)} x a plain loop (${sum})\n`,
  );
}
