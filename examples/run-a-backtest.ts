/** Runs a strategy from a program, twice with another parameter, and compares the runs. */
import { backtest, compareRuns } from 'frontmonth/research';
import { donchianBreakout } from 'frontmonth/strategies';

const run = (entryBars: number) =>
  backtest(donchianBreakout, {
    instruments: ['ES', 'CL'],
    params: { entryBars },
    from: '2022-01-03',
    to: '2022-12-30',
    capital: 1_000_000,
    // Skips the optimistic run and the one a bar later.
    bounds: false,
    report: false,
  });

const runs = [await run(20), await run(60)];
for (const { manifest, summary, trades } of runs) {
  const net = summary.metrics['netProfit']?.value;
  console.log(`entryBars ${manifest.params['entryBars']}: ${trades.length} trades, net ${net} USD`);
}
console.log(compareRuns(runs).runs.map(({ runId }) => runId));
