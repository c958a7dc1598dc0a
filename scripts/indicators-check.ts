/**
 * Hands bars and the results of every indicator to an independent computation: TA-Lib where it has the indicator, plain numpy
 * where it has not. Usage: indicators-check.ts <python with numpy and TA-Lib> [folder of the reference data].
 *
 * Bars: a month of minutes and decades of daily prices from the reference data; without it, a walk from a fixed seed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as lib from '../src/indicators/index.ts';

interface Bars {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  readonly session: Float64Array;
}
interface DataSet {
  readonly name: string;
  readonly tick: number;
  readonly bars: Bars;
}

const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;
/** In winter a session of the Globex day opens at 23:00 UTC. */
const OPEN_US = 23 * 60 * MINUTE_US;

type Row = readonly [open: number, high: number, low: number, close: number, volume: number];

function toBars(closeUs: readonly number[], rows: readonly Row[], lengthUs: number): Bars {
  const openUs = Float64Array.from(closeUs, (at) => at - lengthUs);
  return {
    high: Float64Array.from(rows, (row) => row[1]),
    low: Float64Array.from(rows, (row) => row[2]),
    close: Float64Array.from(rows, (row) => row[3]),
    volume: Float64Array.from(rows, (row) => row[4]),
    openUs,
    closeUs: Float64Array.from(closeUs),
    session: openUs.map((at) => Math.floor((at + DAY_US - OPEN_US) / DAY_US)),
  };
}

function readCsv(path: string): string[][] {
  const text = gunzipSync(readFileSync(path)).toString('utf8').trim();
  return text
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
}

function minutes(dir: string): DataSet {
  const rows = readCsv(join(dir, 'nautilus/6EH4.XCME_1min_bars_20240101_20240131.csv.gz'));
  const closeUs = rows.map(([at]) => Date.parse(`${at!.replace(' ', 'T')}Z`) * 1000);
  const values = rows.map((row) => row.slice(1).map(Number) as unknown as Row);
  return { name: 'minutes of 6E', tick: 0.00005, bars: toBars(closeUs, values, MINUTE_US) };
}

/** Prices alone: high, low and close are one, and there is no volume, so that volume's indicators have nothing to say. */
function days(dir: string, file: string): DataSet {
  const last = new Map<string, number>();
  for (const [at, price] of readCsv(join(dir, 'pysystemtrade/adjusted_prices', file)))
    if (price !== '' && price !== undefined) last.set(at!.slice(0, 10), Number(price));
  const dates = [...last.keys()].toSorted();
  const prices = dates.map((date) => last.get(date)!);
  // The range of a day reaches from the price before it to its own.
  const rows = prices.map((price, i): Row => {
    const before = prices[i - 1] ?? price;
    return [before, Math.max(before, price), Math.min(before, price), price, 1];
  });
  const closeUs = dates.map((date) => Date.parse(`${date}T22:00:00Z`) * 1000);
  return { name: `days of ${file}`, tick: 0.01, bars: toBars(closeUs, rows, DAY_US) };
}

function walk(): DataSet {
  let [state, price] = [1, 4000];
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
  const rows = Array.from({ length: 20_000 }, (): Row => {
    const open = price;
    price += (next(9) - 4) / 4;
    const [up, down] = [next(4) / 4, next(4) / 4];
    return [open, Math.max(open, price) + up, Math.min(open, price) - down, price, next(500)];
  });
  const closeUs = rows.map((_, i) => OPEN_US + (i + 1) * MINUTE_US);
  return { name: 'a walk', tick: 0.25, bars: toBars(closeUs, rows, MINUTE_US) };
}

function resultsOf({ bars, tick }: DataSet): Record<string, Float64Array | object> {
  const { close, high, low } = bars;
  return {
    sma: lib.sma(close, 20),
    ema: lib.ema(close, 20),
    rma: lib.rma(close, 14),
    wma: lib.wma(close, 20),
    highest: lib.highest(high, 20),
    lowest: lib.lowest(low, 20),
    donchian: lib.donchian(bars, 20),
    atr: lib.atr(bars, 14),
    keltner: lib.keltner(bars, { length: 20, atrLength: 10, multiple: 2 }),
    rsi: lib.rsi(close, 14),
    stochastic: lib.stochastic(bars, { length: 14, smoothK: 3, smoothD: 3 }),
    macd: lib.macd(close, { fast: 12, slow: 26, signal: 9 }),
    adx: lib.adx(bars, 14),
    cci: lib.cci(bars, 20),
    bollinger: lib.bollinger(close, { length: 20, deviations: 2 }),
    deviation: lib.rollingDeviation(close, 30),
    'change-stdev': lib.changeStdev(close, 30),
    'z-score': lib.zScore(close, 30),
    regression: lib.regressionSlope(close, 30),
    'percentile-rank': lib.percentileRank(close, 100),
    'realised-volatility': lib.realisedVolatility(close, 30, {
      returns: 'change',
      barsPerYear: 252,
    }),
    'realised-volatility-log': lib.realisedVolatility(close, 30, { mean: 'sample' }),
    obv: lib.obv(bars),
    'session-vwap': lib.sessionVwap(bars),
    'anchored-vwap': lib.anchoredVwap(bars, { fromRow: 100 }),
    'volume-profile': lib.volumeProfile(bars, { rowSize: tick * 4 }),
    'pivot-points': lib.pivotPoints(bars),
    camarilla: lib.pivotPoints(bars, { kind: 'camarilla' }),
    'opening-range': lib.openingRange(bars, { minutes: 30 }),
    'cross-over': lib.crossOver(lib.sma(close, 10), lib.sma(close, 50)),
  };
}

const [python, dataDir = process.env['FRONTMONTH_REFERENCE_DATA']] = process.argv.slice(2);
if (python === undefined) {
  console.error('usage: indicators-check.ts <python with numpy and TA-Lib> [reference data]');
  process.exit(2);
}
const hasData = dataDir !== undefined && dataDir !== '';
// A folder that was named and is not there is a mistake, not an absence.
if (hasData ? !existsSync(dataDir) : process.env['FRONTMONTH_REQUIRE_REFERENCE'] === '1') {
  console.error(
    hasData ? `there is no folder ${dataDir}` : 'reference data are required and absent',
  );
  process.exit(2);
}
const sets = hasData
  ? [minutes(dataDir), days(dataDir, 'GAS_US.csv.gz'), days(dataDir, 'SP500.csv.gz')]
  : [walk()];
if (!hasData) console.log('no reference data: a walk from a fixed seed stands in for real bars');
const work = mkdtempSync(join(tmpdir(), 'frontmonth-indicators-'));
let status = 0;
try {
  for (const [k, set] of sets.entries()) {
    const dir = join(work, String(k));
    mkdirSync(dir);
    const write = (name: string, column: Float64Array): void =>
      writeFileSync(
        join(dir, `${name}.f64`),
        new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
      );
    for (const name of ['high', 'low', 'close', 'volume', 'openUs', 'closeUs'] as const)
      write(`in.${name}`, set.bars[name]);
    for (const [name, result] of Object.entries(resultsOf(set))) {
      const columns = result instanceof Float64Array ? { value: result } : result;
      for (const [output, column] of Object.entries(columns))
        write(`${name}.${output}`, column as Float64Array);
    }
    console.log(`${set.name}: ${set.bars.close.length} bars`);
    const script = fileURLToPath(new URL('indicators_check.py', import.meta.url));
    const ran = spawnSync(python, [script, dir, String(set.tick)], { stdio: 'inherit' });
    if (ran.status !== 0) status = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(status);
