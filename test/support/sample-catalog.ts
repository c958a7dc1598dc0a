/** A small synthetic catalog, made once per test file in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarInterval } from '../../src/core/bars.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { generateSample } from '../../src/data/sample-dataset.ts';
import type { BacktestOptions } from '../../src/research/backtest.ts';
import { BUILT_IN_STRATEGIES } from '../../src/strategies/index.ts';

export const INSTRUMENTS_DIR: string = fileURLToPath(
  new URL('../../catalog/instruments', import.meta.url),
);

export interface SampleCatalog {
  readonly dir: string;
  readonly catalogDir: string;
  readonly runsDir: string;
  /** Moves with every reading, so that each run has its own id. */
  readonly now: { us: number };
  remove(): void;
}

export function makeSampleCatalog(
  options: {
    readonly products?: readonly string[];
    readonly from?: string;
    readonly to?: string;
    readonly minuteFrom?: string;
    readonly intervals?: readonly BarInterval[];
  } = {},
): SampleCatalog {
  const dir = mkdtempSync(join(tmpdir(), 'frontmonth-sample-'));
  const catalogDir = join(dir, 'catalog');
  generateSample({
    catalog: openCatalog(catalogDir),
    createdBy: 'frontmonth test',
    instruments: [...loadInstruments(INSTRUMENTS_DIR).values()],
    calendars: createCalendars(),
    products: options.products ?? ['ES', 'CL'],
    from: parseTradeDate(options.from ?? '2021-01-04'),
    to: parseTradeDate(options.to ?? '2022-12-30'),
    minuteFrom: parseTradeDate(options.minuteFrom ?? '2022-11-01'),
    intervals: options.intervals ?? ['1h', '1d'],
  });
  return {
    dir,
    catalogDir,
    runsDir: join(dir, 'runs'),
    now: { us: 1_700_000_000_000_000 },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Options of a backtest on such a catalog. */
export function backtestOptions(
  sample: SampleCatalog,
  strategy: string,
  changes: Partial<BacktestOptions> = {},
): BacktestOptions {
  return {
    strategyFile: strategy,
    strategy: BUILT_IN_STRATEGIES[strategy]!,
    sourceSha256: null,
    instruments: ['ES', 'CL'],
    params: {},
    catalogDir: sample.catalogDir,
    instrumentsDir: INSTRUMENTS_DIR,
    dataset: 'sample',
    capital: 1_000_000,
    currency: 'USD',
    returnBase: 'equity',
    seed: 1,
    fills: 'pessimistic',
    bounds: true,
    runsDir: sample.runsDir,
    command: [],
    config: {},
    clock: () => {
      sample.now.us += 1_000_000;
      return sample.now.us as TsUs;
    },
    ...changes,
  };
}
