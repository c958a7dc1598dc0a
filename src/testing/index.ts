/** Helpers for the tests of a user's project: a strategy on a small synthetic market, in a temporary folder. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCalendars } from '../calendars/registry.ts';
import type { BarInterval } from '../core/bars.ts';
import type { AnyStrategyDefinition, ParamSchema, StrategyDefinition } from '../core/strategy.ts';
import { resolveParams } from '../core/strategy.ts';
import { parseTradeDate } from '../core/trade-date.ts';
import { toTsUs } from '../core/units.ts';
import { readTable, writeTable } from '../data/arrow-store.ts';
import { openCatalog } from '../data/catalog.ts';
import { loadInstruments } from '../data/instruments.ts';
import { generateSample } from '../data/sample-dataset.ts';
import { runBacktest } from '../research/backtest.ts';
import type { ProbeResult } from '../research/look-ahead.ts';
import { probeLookAhead } from '../research/look-ahead.ts';
import { PROGRAM_VERSION } from '../research/program.ts';
import type { RunManifest, RunSummary } from '../research/run-format.ts';
import { readRun } from '../research/run-store.ts';
import type { FillRow, OrderRow, TradeRow } from '../research/tables.ts';

/** The small market: two years of hours and days, minutes in the last quarter for strategies that read them. */
const FROM = '2022-01-03';
const TO = '2023-12-29';
const MINUTES_FROM = '2023-10-02';

export interface TestBacktestOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default: those of the strategy. */
  readonly instruments?: readonly string[];
  /** Trade dates, YYYY-MM-DD. */
  readonly from?: string;
  readonly to?: string;
  /** Default 1000000, so that sizing by risk finds room. */
  readonly capital?: number;
  readonly seed?: number;
}

export interface TestRun {
  readonly manifest: RunManifest;
  readonly summary: RunSummary;
  readonly eventHash: string;
  readonly trades: readonly TradeRow[];
  readonly orders: readonly OrderRow[];
  readonly fills: readonly FillRow[];
}

/**
 * Runs a strategy on the small synthetic market and reads the run back. Nothing is left behind but the market itself, which
 * stands in the temporary folder for the next call.
 * Errors: those of a backtest.
 *
 * @example
 * const run = await backtestForTest(strategy, { params: { length: 20 } });
 * assert.ok(run.trades.length > 0);
 */
export async function backtestForTest<P extends ParamSchema>(
  definition: StrategyDefinition<P>,
  options: TestBacktestOptions = {},
): Promise<TestRun> {
  // The engine passes what `resolveParams` returned, so the parameter types cannot disagree.
  const strategy = definition as unknown as AnyStrategyDefinition;
  const instruments = options.instruments ?? strategy.instruments;
  const params = resolveParams(strategy.params, options.params ?? {});
  const needs = strategy.requires(params, instruments);
  const runsDir = mkdtempSync(join(tmpdir(), 'frontmonth-test-'));
  try {
    const outcome = await runBacktest({
      strategyFile: strategy.id,
      strategy,
      sourceSha256: null,
      instruments,
      params: options.params ?? {},
      catalogDir: testCatalog(
        needs.series.map((series) => series.root),
        {
          hasMinutes: needs.series.some((series) => /[sm]$/.test(series.bars)),
        },
      ),
      instrumentsDir: INSTRUMENTS,
      dataset: 'sample',
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.to === undefined ? {} : { to: options.to }),
      capital: options.capital ?? 1_000_000,
      currency: 'USD',
      returnBase: 'equity',
      seed: options.seed ?? 1,
      fills: 'pessimistic',
      bounds: false,
      report: false,
      runsDir,
      command: [],
      config: {},
      clock: () => toTsUs(0),
    });
    if (outcome.error !== null) throw outcome.error.cause;
    const { trades, orders, fills } = readRun(outcome.dir, { readTable, writeTable });
    const { manifest, summary } = outcome;
    return { manifest, summary, eventHash: manifest.eventHash, trades, orders, fills };
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
}

/**
 * Runs twice on the small market, then on parts of it: the runs must be alike, and each part the beginning of the whole.
 * Read `isProof` too: a strategy that sends no order holds without proving anything.
 */
export function lookAheadForTest<P extends ParamSchema>(
  definition: StrategyDefinition<P>,
  options: TestBacktestOptions = {},
): Promise<ProbeResult> {
  return probeLookAhead(async (to) => {
    const run = await backtestForTest(definition, { ...options, ...(to === null ? {} : { to }) });
    const { manifest, fills, orders } = run;
    const { from, to: end, eventHash } = manifest;
    return { from, to: end, fills, orders, eventHash };
  });
}

const INSTRUMENTS: string = fileURLToPath(new URL('../../catalog/instruments', import.meta.url));

/** Folder of a catalog with the small market; made on the first call and shared by all processes after it. */
function testCatalog(roots: readonly string[], options: { readonly hasMinutes: boolean }): string {
  const products = [...new Set(roots)].toSorted();
  const key = `${PROGRAM_VERSION}-${products.join('-')}${options.hasMinutes ? '-minutes' : ''}`;
  const dir = join(tmpdir(), 'frontmonth-test-market', key);
  if (existsSync(dir)) return dir;
  mkdirSync(dirname(dir), { recursive: true });
  const made = mkdtempSync(`${dir}.new-`);
  const intervals: readonly BarInterval[] = options.hasMinutes ? ['1m', '1h', '1d'] : ['1h', '1d'];
  generateSample({
    catalog: openCatalog(made, { sync: false }),
    createdBy: `frontmonth ${PROGRAM_VERSION}`,
    instruments: [...loadInstruments(INSTRUMENTS).values()],
    calendars: createCalendars(),
    products,
    from: parseTradeDate(FROM),
    to: parseTradeDate(TO),
    minuteFrom: parseTradeDate(MINUTES_FROM),
    intervals,
  });
  try {
    renameSync(made, dir);
  } catch (error) {
    // Another process was first; its market is the same.
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
  return dir;
}
