/** Runs a strategy from a program, twice with another parameter, and reads the run folders. */
import { fileURLToPath } from 'node:url';
import { parseTsUs } from 'frontmonth';
import { compareRuns, readRun, runBacktest, TABLE_STORE } from 'frontmonth/research';
import { donchianBreakout } from 'frontmonth/strategies';

// The specifications of the package stand beside its entry.
const instrumentsDir = fileURLToPath(
  new URL('../catalog/instruments', import.meta.resolve('frontmonth')),
);

async function run(entryBars: number) {
  const outcome = await runBacktest({
    strategyFile: 'donchian-breakout',
    strategy: donchianBreakout,
    sourceSha256: null,
    instruments: ['ES', 'CL'],
    params: { entryBars },
    catalogDir: 'catalog',
    instrumentsDir,
    dataset: 'sample',
    from: '2021-01-04',
    to: '2022-12-30',
    capital: 1_000_000,
    currency: 'USD',
    returnBase: 'equity',
    seed: 1,
    fills: 'pessimistic',
    bounds: true,
    report: false,
    runsDir: 'runs',
    command: [],
    config: {},
    // For the name of the run only; the simulation takes its time from the data.
    clock: () => parseTsUs(new Date().toISOString()),
  });
  if (outcome.error !== null) throw outcome.error.cause;
  return readRun(outcome.dir, TABLE_STORE);
}

const runs = [await run(20), await run(60)];
for (const { manifest, summary, trades } of runs) {
  const net = summary?.metrics['netProfit']?.value;
  console.log(`entryBars ${manifest.params['entryBars']}: ${trades.length} trades, net ${net} USD`);
}
console.log(compareRuns(runs).runs.map(({ runId }) => runId));
