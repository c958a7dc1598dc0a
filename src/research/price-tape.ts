/** Bars behind the report's price chart: the front chain at raw prices, thinned to a coarser bar size where too many. */
import type { BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import type { FeedPlan, RunPlan } from './plan.ts';
import type { PriceTape } from './run-data.ts';

/** Over all products of a run; about 1.8 bytes each in the report. */
const BARS_MAX = 350_000;

export function readPriceTapes(plan: RunPlan): PriceTape[] {
  const budget = Math.floor(BARS_MAX / plan.table.instruments.length);
  return plan.table.instruments.map((spec) => {
    const chain = plan.chains.find((each) => each.root === spec.root)!;
    const intervals = [...new Set(feedsOf(plan, spec.root).map((feed) => feed.interval))].sort(
      (a, b) => intervalUs(a) - intervalUs(b),
    );
    const fits = intervals.find((interval) => barsUpTo(plan, interval) <= budget);
    const interval = fits ?? intervals.at(-1)!;
    return readTape(plan, spec.root, interval, chain.schedule.held, budget);
  });
}

function feedsOf(plan: RunPlan, root: string): readonly FeedPlan[] {
  return plan.feeds.filter((feed) => plan.table.contractAt(feed.contractIndex).root === root);
}

/** An upper bound of the bars in the span: a market is open 23 hours on five days of seven. */
function barsUpTo(plan: RunPlan, interval: BarInterval): number {
  const days = ((plan.to - plan.from + 1) * 5) / 7;
  return days * Math.max(1, (23 * 3_600_000_000) / intervalUs(interval));
}

function readTape(
  plan: RunPlan,
  root: string,
  interval: BarInterval,
  held: readonly number[],
  budget: number,
): PriceTape {
  const chain = plan.chains.find((each) => each.root === root)!;
  const { rolls } = chain.schedule;
  const fromUs = (plan.from - 1) * 86_400_000_000;
  const columns = {
    closeUs: [] as number[],
    open: [] as number[],
    high: [] as number[],
    low: [] as number[],
    close: [] as number[],
  };
  const contracts: { fromBar: number; contract: string }[] = [];
  held.forEach((contractIndex, k) => {
    const feed = plan.feeds.find(
      (each) => each.contractIndex === contractIndex && each.interval === interval,
    );
    if (feed === undefined) return;
    const inUs = Math.max(fromUs, rolls[k - 1]?.effectiveUs ?? -Infinity);
    const outUs = rolls[k]?.effectiveUs ?? Infinity;
    contracts.push({ fromBar: columns.closeUs.length, contract: feed.contract });
    const source = plan.open(feed);
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      for (let i = 0; i < batch.length; i += 1) {
        const closeUs = batch.closeUs[i]!;
        if (closeUs <= inUs || closeUs > outUs) continue;
        columns.closeUs.push(closeUs);
        columns.open.push(batch.open[i]!);
        columns.high.push(batch.high[i]!);
        columns.low.push(batch.low[i]!);
        columns.close.push(batch.close[i]!);
      }
    }
    source.close();
  });
  const step = Math.max(1, Math.ceil(columns.closeUs.length / budget));
  const spec = plan.table.instruments.find((each) => each.root === root)!;
  return {
    root,
    interval,
    decimals: spec.grid.decimals,
    tickSize: spec.grid.increment,
    ...merge(columns, step),
    contracts: contracts.map((entry) => ({ ...entry, fromBar: Math.floor(entry.fromBar / step) })),
  };
}

/** Joins each `step` bars into one: first open, extremes, last close. Extremes are never dropped. */
function merge(
  columns: { closeUs: number[]; open: number[]; high: number[]; low: number[]; close: number[] },
  step: number,
): Pick<PriceTape, 'closeUs' | 'open' | 'high' | 'low' | 'close'> {
  const rows = Math.ceil(columns.closeUs.length / step);
  const out = {
    closeUs: new Float64Array(rows),
    open: new Float64Array(rows),
    high: new Float64Array(rows),
    low: new Float64Array(rows),
    close: new Float64Array(rows),
  };
  for (let row = 0; row < rows; row += 1) {
    const [first, end] = [row * step, Math.min(columns.closeUs.length, (row + 1) * step)];
    out.closeUs[row] = columns.closeUs[end - 1]!;
    out.open[row] = columns.open[first]!;
    out.close[row] = columns.close[end - 1]!;
    out.high[row] = columns.high[first]!;
    out.low[row] = columns.low[first]!;
    for (let i = first + 1; i < end; i += 1) {
      out.high[row] = Math.max(out.high[row]!, columns.high[i]!);
      out.low[row] = Math.min(out.low[row]!, columns.low[i]!);
    }
  }
  return out;
}
