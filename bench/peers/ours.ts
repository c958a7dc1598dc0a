/**
 * frontmonth as its users run it: `backtest()` of the built package on a dataset of the catalog. Order manager, risk gate,
 * account with daily marks, journal and run folder are on, and the checksum of every segment read is verified.
 * Arguments: bars, runs, file for the fills, folder made by `market.ts`, folder of the built package.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Root from '../../src/index.ts';
import type * as Data from '../../src/data/index.ts';
import type * as Research from '../../src/research/index.ts';
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
import { measure, programArguments } from './program.ts';

const { bars, runs, fillsFile, rest } = programArguments();
const [folder, built] = rest as [string, string];
const load = (entry: string): Promise<unknown> => import(pathToFileURL(join(built, entry)).href);
const { defineStrategy, Ema } = (await load('index.js')) as typeof Root;
const { openCatalog } = (await load('data/index.js')) as typeof Data;
const { backtest } = (await load('research/index.js')) as typeof Research;

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
let count = 0;
await measure({
  program: 'frontmonth',
  version: `${manifest.version}, Node ${process.version}`,
  bars,
  runs,
  fillsFile,
  run: () => {
    count += 1;
    return backtest(cross, {
      catalog: join(folder, 'catalog'),
      instrumentsDir: join(folder, 'instruments'),
      calendars: [join(folder, 'calendar.json')],
      dataset: DATASET,
      out: join(folder, 'runs', `${process.pid}-${count}`),
      capital: CAPITAL,
      costs: { default: { commissionPerSide: FEE, exchangeFeePerSide: 0, slippageTicks: 0 } },
      bounds: false,
      report: false,
    });
  },
  fills: ({ fills }) => ({
    count: fills.length,
    row: fills.map((fill) => (fill.barOpenUs - START_US) / MINUTE_US),
    side: fills.map((fill) => fill.side * fill.qty),
    ticks: fills.map((fill) => fill.priceTicks),
  }),
  profitCents: ({ summary }) => (summary.metrics['netProfit']?.value ?? NaN) * 100,
  checksum: () => {
    const sum = new Checksum();
    const source = openCatalog(join(folder, 'catalog'))
      .dataset(DATASET)
      .bars({ contract: CONTRACT, interval: '1m' });
    for (let batch = source.next(); batch !== null; batch = source.next()) sum.add(batch);
    source.close();
    return sum.value;
  },
});
