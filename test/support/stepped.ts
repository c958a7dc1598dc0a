/** Runs a configuration as if its data came from outside: pushed in random pieces, the engine advanced between them. */
import type { BarColumns, DepthColumns, QuoteColumns, TradeColumns } from '../../src/core/bars.ts';
import type { TickColumns } from '../../src/core/ports.ts';
import type { TsUs } from '../../src/core/units.ts';
import { TS_MAX } from '../../src/core/units.ts';
import type { BarFeed, EngineConfig, EngineResult, TickFeed } from '../../src/engine/config.ts';
import { Engine } from '../../src/engine/engine.ts';
import { PushBars, PushDepth, PushQuotes, PushTrades } from '../../src/engine/live/push-feeds.ts';

/** A feed whose rows are pushed when their time has come, or earlier. */
interface Supply {
  readonly timesUs: readonly number[];
  /** Time of the next row, or Infinity. */
  readonly nextUs: () => number;
  /** Pushes the next row. */
  readonly push: () => void;
  readonly end: () => void;
}

export interface Steps {
  /** A whole number in [from, to]. */
  readonly int: (from: number, to: number) => number;
  /** Times at which something happened in the whole run. */
  readonly timesUs: readonly number[];
  /** Called after each step. */
  readonly onStep?: (engine: Engine) => void;
}

/** The run of a configuration whose sources have not been read yet. */
export function runInSteps(config: EngineConfig, steps: Steps): EngineResult {
  const supplies: Supply[] = [];
  let startUs: number = TS_MAX;
  const feeds = config.feeds.map((feed): BarFeed => {
    const batches = drain<BarColumns>(feed.source);
    if (batches.length > 0) startUs = Math.min(startUs, batches[0]!.openUs[0]!);
    const source = new PushBars();
    supplies.push(
      supplyOf(
        batches,
        (batch, row) => batch.closeUs[row]!,
        (batch, row) => source.pushColumns(batch, row, row + 1),
        () => source.end(),
      ),
    );
    return { ...feed, source, isLive: true };
  });
  const ticks = (config.ticks ?? []).map((feed) => pushed(feed, supplies));
  const engine = new Engine({ ...config, startUs: startUs as TsUs, feeds, ticks });
  engine.open();
  const times = [
    ...new Set([...steps.timesUs, ...supplies.flatMap((each) => each.timesUs)]),
  ].toSorted((a, b) => a - b);
  // Nobody knows of the last data that they are the last: what follows them is due when the sources end.
  for (let at = 0; at < times.length;) {
    const toUs = times[at]!;
    for (const supply of supplies) {
      // Some rows are there before their time.
      const early = steps.int(0, 3) === 0 ? steps.int(1, 4) : 0;
      while (supply.nextUs() <= toUs) supply.push();
      for (let k = 0; k < early && supply.nextUs() < Infinity; k += 1) supply.push();
    }
    if (supplies.every((supply) => supply.nextUs() === Infinity)) break;
    engine.advance(toUs as TsUs);
    if (steps.int(0, 4) === 0) engine.advance(toUs as TsUs);
    steps.onStep?.(engine);
    at += steps.int(1, 3);
  }
  for (const supply of supplies) {
    while (supply.nextUs() < Infinity) supply.push();
    supply.end();
  }
  engine.advance(TS_MAX);
  return engine.finish();
}

function drain<C extends { readonly length: number }>(source: { next(): C | null }): C[] {
  const batches: C[] = [];
  for (let next = source.next(); next !== null; next = source.next())
    if (next.length > 0) batches.push(next);
  return batches;
}

function supplyOf<C extends { readonly length: number }>(
  batches: readonly C[],
  timeOf: (batch: C, row: number) => number,
  push: (batch: C, row: number) => void,
  end: () => void,
): Supply {
  const rows = batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => ({ batch, row, us: timeOf(batch, row) })),
  );
  let next = 0;
  return {
    timesUs: rows.map(({ us }) => us),
    nextUs: () => rows[next]?.us ?? Infinity,
    push: () => {
      const { batch, row } = rows[next++]!;
      push(batch, row);
    },
    end,
  };
}

function pushed(feed: TickFeed, supplies: Supply[]): TickFeed {
  const timeOf = (batch: TickColumns, row: number): number => batch.tsUs[row]!;
  const supply = <C extends TickColumns>(
    source: { end(): void },
    batches: readonly C[],
    push: (batch: C, row: number) => void,
  ): void => void supplies.push(supplyOf(batches, timeOf, push, () => source.end()));
  if (feed.kind === 'quotes') {
    const source = new PushQuotes();
    supply(source, drain<QuoteColumns>(feed.source), (b, i) =>
      source.push(b.tsUs[i]!, b.seq[i]!, b.bid[i]!, b.bidQty[i]!, b.ask[i]!, b.askQty[i]!),
    );
    return { ...feed, source, isLive: true };
  }
  if (feed.kind === 'trades') {
    const source = new PushTrades();
    supply(source, drain<TradeColumns>(feed.source), (b, i) =>
      source.push(b.tsUs[i]!, b.seq[i]!, b.price[i]!, b.qty[i]!, b.aggressor[i]!),
    );
    return { ...feed, source, isLive: true };
  }
  if (feed.kind === 'depth') {
    const source = new PushDepth();
    supply(source, drain<DepthColumns>(feed.source), (b, i) =>
      source.push(b.tsUs[i]!, b.seq[i]!, b.side[i]!, b.price[i]!, b.qty[i]!, b.isEventEnd[i] === 1),
    );
    return { ...feed, source, isLive: true };
  }
  throw new Error('order by order data are not pushed');
}
