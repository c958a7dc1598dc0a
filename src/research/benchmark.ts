/**
 * What doing nothing clever would have earned: long one contract of every product of the run, from the close of the first
 * date on, moved to the next contract at the prices of each roll, no costs, never resized. A line to look at, not a yardstick:
 * the money at work is another than the strategy's.
 */
import type { PriceTape, RunData } from './run-data.ts';
import type { RunInstrument } from './run-format.ts';
import { ratesOf } from './summary.ts';
import type { RollRow } from './tables.ts';

export const BENCHMARK_LABEL = 'one contract of each, held and rolled, no costs';

type BenchmarkRun = Pick<
  RunData,
  'equity' | 'rolls' | 'prices' | 'manifest' | 'positions' | 'trades'
>;

/**
 * Profit since the close of the first date, by row of `run.equity`, in whole units of the account's currency at each
 * product's last rate. Null where the run keeps no prices of a product, knows no rate of its currency or no price of a roll.
 */
export function benchmarkOf(run: BenchmarkRun): Float64Array | null {
  const { equity, manifest } = run;
  if (equity.length === 0) return null;
  const rates = ratesOf(run as RunData);
  const total = new Float64Array(equity.length);
  for (const instrument of manifest.instruments) {
    const tape = run.prices.find((one) => one.root === instrument.root);
    const isForeign = instrument.currency !== manifest.currency;
    const rate = rates.get(instrument.root) ?? (isForeign ? undefined : 1);
    if (tape === undefined || rate === undefined) return null;
    const counts = heldCounts(
      tape,
      run.rolls.filter((roll) => roll.root === instrument.root),
      equity.map((point) => point.tsUs),
    );
    if (counts === null) return null;
    addMoney(total, counts, instrument, rate);
  }
  return total;
}

function addMoney(
  total: Float64Array,
  counts: Float64Array,
  { tickValue }: RunInstrument,
  rate: number,
): void {
  for (let d = 0; d < total.length; d += 1) total[d] = total[d]! + counts[d]! * tickValue * rate;
}

/** Counts gained since the first mark, at each of the moments; null where a roll has no price. */
function heldCounts(
  tape: PriceTape,
  rolls: readonly RollRow[],
  momentsUs: readonly number[],
): Float64Array | null {
  const gained = new Float64Array(momentsUs.length);
  const { closeUs, close } = tape;
  const sorted = rolls.toSorted((a, b) => a.effectiveUs - b.effectiveUs);
  let bar = -1;
  let roll = 0;
  let sum = 0;
  for (let d = 0; d < momentsUs.length; d += 1) {
    const before = bar;
    while (bar + 1 < closeUs.length && closeUs[bar + 1]! <= momentsUs[d]!) bar += 1;
    if (before < 0 || bar === before) {
      gained[d] = sum;
      continue;
    }
    // The bar that closes at a roll is still the old contract's.
    while (roll < sorted.length && sorted[roll]!.effectiveUs < closeUs[before]!) roll += 1;
    let last = close[before]!;
    for (; roll < sorted.length && sorted[roll]!.effectiveUs < closeUs[bar]!; roll += 1) {
      const { fromPriceTicks, toPriceTicks } = sorted[roll]!;
      if (!Number.isFinite(fromPriceTicks) || !Number.isFinite(toPriceTicks)) return null;
      sum += fromPriceTicks - last;
      last = toPriceTicks;
    }
    sum += close[bar]! - last;
    gained[d] = sum;
  }
  return gained;
}
