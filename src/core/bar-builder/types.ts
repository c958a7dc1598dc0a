/** What every bar builder is: fed by trades or smaller bars, one at a time or by the batch, live or from history. */
import type { BarColumns, TradeColumns } from '../bars.ts';
import type { BuiltBars } from './buffer.ts';

/** What was fed, and what of it is in no bar, with the reason. Plain JSON. */
export interface BuildCounts {
  /** Trades and smaller bars that went into a bar. */
  readonly used: number;
  /** Outside every session of the calendar. */
  readonly outside: number;
  /** For a bar that was already over: later trades, or the time, had closed it. */
  readonly late: number;
  /** A smaller bar that begins before the end of the one before it: a repetition, or bars of two sizes mixed. */
  readonly repeated: number;
  /** A price that is not finite, a quantity of 0 or below. */
  readonly malformed: number;
  /** Used, in the order in which they came, though their time is before that of the trade before. */
  readonly unordered: number;
  /** Contracts of the inputs that went into no bar. */
  readonly skippedVolume: number;
  /** Contracts of bars that an end of a session left unfinished and that have no bar of their own: bricks. */
  readonly abandonedVolume: number;
}

/** The bar in the making. */
export interface UnfinishedBar {
  readonly openUs: number;
  /** Time of the last input. */
  readonly lastUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly inputs: number;
}

/** Plain JSON: saved, restored and continued, a builder makes the bars it would have made. */
export interface BuilderState {
  readonly version: 1;
  /** As `formatBarKind` writes it, with the options that the state depends on. */
  readonly builder: string;
  readonly counts: BuildCounts;
  readonly values: Readonly<Record<string, number | null>>;
}

/**
 * A builder of one contract's bars. The bars do not depend on how the inputs are cut into calls, and no bar uses what came
 * after its `closeUs`.
 */
export interface BarBuilder {
  readonly counts: BuildCounts;
  /** Units: µs UTC, counts of the grid, contracts. Volume NaN: unknown. */
  onTrade(tsUs: number, price: number, qty: number): void;
  /** Rows [from, to) of a batch; all of it when not given. */
  onTrades(trades: TradeColumns, from?: number, to?: number): void;
  /** One finished smaller bar. Errors: E_BAR_ALIGN, E_BAR_SOURCE. */
  onBar(bars: BarColumns, row: number): void;
  onBars(bars: BarColumns, from?: number, to?: number): void;
  /** It is `tsUs` now, and everything up to it was fed: what ends at or before it is finished. */
  advance(tsUs: number): void;
  /** When the bar in the making ends by time alone; TS_MAX where nothing is open or no time ends it. */
  readonly dueUs: number;
  readonly unfinished: UnfinishedBar | null;
  /** How many finished bars wait to be taken. */
  readonly ready: number;
  /** Finished bars since the last call. */
  take(): BuiltBars;
  /** Finished bars without a copy: valid until the next call of the builder; `clear` forgets them. */
  view(): BuiltBars;
  clear(): void;
  /** Without the finished bars that wait: take them first. */
  state(): BuilderState;
}
