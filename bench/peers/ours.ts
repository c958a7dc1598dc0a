/**
 * frontmonth as its users run it: `backtest()` of the built package on a dataset of the catalog. Order manager, risk gate,
 * account with daily marks, journal and run folder are on, and the checksum of every segment read is verified.
 * Arguments: bars, runs, file for the fills, folder made by `market.ts`, folder of the built package, and `engine` for the
 * event loop alone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Root from '../../src/index.ts';
import type * as Data from '../../src/data/index.ts';
import type * as Journal from '../../src/engine/journal.ts';
import type * as Backtest from '../../src/research/backtest.ts';
import type * as Research from '../../src/research/index.ts';
import type { TsUs } from '../../src/core/units.ts';
import type * as Columns from '../../src/research/columns.ts';
import type * as Tables from '../../src/research/tables.ts';
import type { FillRow } from '../../src/research/tables.ts';
import {
  CAPITAL,
  Checksum,
  CONTRACT,
  DATASET,
  FAST,
  FEE,
  FIRST_SIGNAL,
  MINUTE_US,
  ROOT,
  SLOW,
  START_US,
} from './bars.ts';
import type { Fills } from './program.ts';
import { measure, programArguments } from './program.ts';

const { bars, runs, fillsFile, rest } = programArguments();
const [folder, built] = rest as [string, string];
const load = (entry: string): Promise<unknown> => import(pathToFileURL(join(built, entry)).href);
const { defineStrategy, Ema } = (await load('index.js')) as typeof Root;
const { openCatalog } = (await load('data/index.js')) as typeof Data;
const { backtest } = (await load('research/index.js')) as typeof Research;
const { toRows } = (await load('research/columns.js')) as typeof Columns;
const { RUN_TABLES } = (await load('research/tables.js')) as typeof Tables;

/** Long one contract while the fast average is above the slow one, else flat. */
const cross = defineStrategy({
  id: 'peer-cross',
  version: '1',
  description: 'Long while a fast average is above a slow one.',
  params: {},
  instruments: [ROOT],
  requires: () => ({ series: [{ root: ROOT, bars: '1m' }] }),
  create: () => {
    const [fast, slow] = [new Ema(FAST), new Ema(SLOW)];
    let [seen, isLong] = [0, false];
    return {
      onStart(ctx) {
        const series = ctx.series(`${ROOT}:1m`);
        series.attach(fast);
        series.attach(slow);
      },
      onBar(bar, ctx) {
        seen += 1;
        if (seen <= FIRST_SIGNAL) return;
        if (isLong ? fast.value < slow.value : fast.value > slow.value) {
          isLong = !isLong;
          ctx.targetPosition(bar.contract, isLong ? 1 : 0);
        }
      },
    };
  },
});

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };
const common = {
  bars,
  runs,
  fillsFile,
  version: `${manifest.version}, Node ${process.version}`,
  checksum: (): number => {
    const sum = new Checksum();
    const source = openCatalog(join(folder, 'catalog'))
      .dataset(DATASET)
      .bars({ contract: CONTRACT, interval: '1m' });
    for (let batch = source.next(); batch !== null; batch = source.next()) sum.add(batch);
    source.close();
    return sum.value;
  },
};
const COSTS = { default: { commissionPerSide: FEE, exchangeFeePerSide: 0, slippageTicks: 0 } };
const fillsOf = (rows: readonly FillRow[]): Fills => ({
  count: rows.length,
  row: rows.map((fill) => (fill.barOpenUs - START_US) / MINUTE_US),
  side: rows.map((fill) => fill.side * fill.qty),
  ticks: rows.map((fill) => fill.priceTicks),
});

if (rest[2] === 'engine') await runEngineAlone();
else await runWhole();

async function runWhole(): Promise<void> {
  let count = 0;
  await measure({
    ...common,
    program: 'frontmonth',
    run: () => {
      count += 1;
      return backtest(cross, {
        catalog: join(folder, 'catalog'),
        instrumentsDir: join(folder, 'instruments'),
        calendars: [join(folder, 'calendar.json')],
        dataset: DATASET,
        out: join(folder, 'runs', `${process.pid}-${count}`),
        capital: CAPITAL,
        costs: COSTS,
        bounds: false,
        report: false,
      });
    },
    fills: ({ fills }) => fillsOf(fills),
    profitCents: ({ summary }) => (summary.metrics['netProfit']?.value ?? NaN) * 100,
  });
}

/** The same engine with the same parts, its journal hashed and its tables in memory, but nothing written or summed up. */
async function runEngineAlone(): Promise<void> {
  const { prepareRun, simulate } = (await load('research/backtest.js')) as typeof Backtest;
  const { readCalendarFiles } = (await load('research/index.js')) as typeof Research;
  const { createHashJournal } = (await load('engine/journal.js')) as typeof Journal;
  await measure({
    ...common,
    program: 'frontmonth, engine',
    run: () => {
      const prepared = prepareRun({
        strategyFile: cross.id,
        strategy: cross,
        sourceSha256: null,
        params: {},
        catalogDir: join(folder, 'catalog'),
        instrumentsDir: join(folder, 'instruments'),
        calendars: readCalendarFiles([join(folder, 'calendar.json')]),
        dataset: DATASET,
        capital: CAPITAL,
        currency: 'USD',
        returnBase: 'equity',
        seed: 1,
        fills: 'pessimistic',
        bounds: false,
        costs: COSTS,
        runsDir: '',
        command: [],
        config: {},
        clock: () => 0 as TsUs,
      });
      const pass = simulate(prepared, 'pessimistic', createHashJournal());
      if (pass.result.error !== null) throw pass.result.error.cause;
      return pass;
    },
    fills: ({ recorder }) => fillsOf(toRows(recorder.tables().fills, RUN_TABLES.fills)),
    profitCents: ({ result }) => (result.finalEquityMicros - CAPITAL * 1e6) / 1e4,
  });
}
