/** Series of a bar size that the dataset does not store, built from a smaller one as the run goes. */
import type { BarColumns, BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TimeBarBuilder } from '../core/bar-builder/time.ts';
import type { BarSource, TradingCalendar } from '../core/ports.ts';
import type { SeriesRequest } from '../core/strategy.ts';
import { US_PER_DAY } from '../core/units.ts';
import type { DatasetManifest, SegmentEntry } from '../data/manifest.ts';

/** A bar size of one product that is built. */
export interface BuiltSize {
  readonly interval: BarInterval;
  /** The stored size that it is built from. */
  readonly from: BarInterval;
  /** The segments that it is built from, as if they held the larger bars. */
  readonly segments: readonly SegmentEntry[];
}

/** Sizes that begin or end this close together cover the same span. Units: µs. */
const SAME_SPAN_US = 6 * US_PER_DAY;

/**
 * Bar sizes that a strategy asks for and a product has not, where a smaller one divides them: of those that cover the most,
 * the finest. A stored size is never built. Samples with labels for stamps have no sessions to build in.
 */
export function builtSizes(
  root: string,
  segments: readonly SegmentEntry[],
  requests: readonly SeriesRequest[],
  manifest: Pick<DatasetManifest, 'stamps'>,
): BuiltSize[] {
  if (manifest.stamps === 'labels') return [];
  const stored = new Set(segments.map((segment) => segment.interval!));
  const asked = new Set(
    requests.filter((request) => request.root === root).map((request) => request.bars),
  );
  return [...asked].flatMap((interval) => {
    if (stored.has(interval) || !isBuildable(interval)) return [];
    const from = sourceOf(interval, [...stored], segments);
    if (from === null) return [];
    const own = segments.filter((segment) => segment.interval === from);
    return [{ interval, from, segments: own.map((segment) => ({ ...segment, interval })) }];
  });
}

/** A size within a trade date. */
function isBuildable(interval: BarInterval): boolean {
  return intervalUs(interval) < US_PER_DAY || interval === '1d';
}

function sourceOf(
  interval: BarInterval,
  stored: readonly BarInterval[],
  segments: readonly SegmentEntry[],
): BarInterval | null {
  const length = intervalUs(interval);
  const sources = stored
    .filter((each) => intervalUs(each) < length && length % intervalUs(each) === 0)
    .toSorted((a, b) => intervalUs(a) - intervalUs(b))
    .map((each) => {
      const own = segments.filter((segment) => segment.interval === each);
      const firstUs = Math.min(...own.map((segment) => segment.firstUs));
      const lastUs = Math.max(...own.map((segment) => segment.lastUs));
      return { interval: each, spanUs: lastUs - firstUs };
    });
  const longestUs = Math.max(...sources.map((source) => source.spanUs));
  return sources.find((source) => source.spanUs >= longestUs - SAME_SPAN_US)?.interval ?? null;
}

export interface BuiltSourceOptions {
  readonly interval: BarInterval;
  readonly calendar: TradingCalendar;
  /** Bars that open before it are left out: a part of them may be missing. */
  readonly fromUs: number;
  /** The smaller bars are known up to here: a bar that ends by then is finished, whether its last part traded or not. */
  readonly knownUs: number;
}

/** Reads the smaller bars and yields the larger ones, each as soon as the smaller ones read so far finish it. */
export function builtSource(source: BarSource, options: BuiltSourceOptions): BarSource {
  const { interval, calendar, fromUs, knownUs } = options;
  let builder: TimeBarBuilder | null = null;
  let isAtEnd = false;
  return {
    next: () => {
      while (!isAtEnd) {
        const batch = source.next();
        if (batch === null) {
          isAtEnd = true;
          builder?.advance(knownUs);
        } else {
          // Prices without a grid are doubles.
          const isFractional = batch.open instanceof Float64Array;
          builder ??= new TimeBarBuilder({ interval, calendar, isFractional });
          builder.onBars(batch);
        }
        if (builder === null || builder.ready === 0) continue;
        const bars = openedFrom(builder.take(), fromUs);
        if (bars.length > 0) return bars;
      }
      return null;
    },
    close: () => source.close(),
  };
}

function openedFrom(bars: BarColumns, fromUs: number): BarColumns {
  let first = 0;
  while (first < bars.length && bars.openUs[first]! < fromUs) first += 1;
  if (first === 0) return bars;
  return {
    length: bars.length - first,
    openUs: bars.openUs.subarray(first),
    closeUs: bars.closeUs.subarray(first),
    open: bars.open.subarray(first),
    high: bars.high.subarray(first),
    low: bars.low.subarray(first),
    close: bars.close.subarray(first),
    volume: bars.volume.subarray(first),
  };
}
