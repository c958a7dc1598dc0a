/**
 * Indicators over columns beside two loops of one's own: the naive one, which sums each window anew, and the fastest one that
 * we can write for the same formula, which adds and subtracts and so drifts. Then the same indicators fed bar by bar. CPU time,
 * median of several rounds in one process; the results of all are compared first.
 *
 *     node --import tsx bench/indicators.bench.ts
 */
import type { BarView, Indicator } from '../src/core/strategy.ts';
import * as lib from '../src/indicators/index.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const ROWS = IS_SMOKE ? 5000 : 1_000_000;
const ROUNDS = IS_SMOKE ? 1 : 5;
const LENGTH = 100;

const close = new Float64Array(ROWS);
const high = new Float64Array(ROWS);
const low = new Float64Array(ROWS);
const volume = new Float64Array(ROWS);
const session = new Int32Array(ROWS);
let [price, seed] = [20_000, 1];
for (let i = 0; i < ROWS; i += 1) {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  const step = (seed % 9) - 4;
  high[i] = (price + Math.max(step, 0) + 1) / 4;
  low[i] = (price + Math.min(step, 0) - 1) / 4;
  price += step;
  close[i] = price / 4;
  volume[i] = seed % 1000;
  session[i] = Math.floor(i / 1380);
}
const bars = { high, low, close, volume, session };

type Run = () => Float64Array;

function eachWindow(read: (from: number, to: number) => number): Float64Array {
  const out = new Float64Array(ROWS).fill(NaN);
  for (let i = LENGTH - 1; i < ROWS; i += 1) out[i] = read(i + 1 - LENGTH, i + 1);
  return out;
}

const naiveMean: Run = () =>
  eachWindow((from, to) => {
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += close[i]!;
    return sum / LENGTH;
  });
const naiveDeviation: Run = () =>
  eachWindow((from, to) => {
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += close[i]!;
    const mean = sum / LENGTH;
    let squares = 0;
    for (let i = from; i < to; i += 1) squares += (close[i]! - mean) * (close[i]! - mean);
    return Math.sqrt(squares / (LENGTH - 1));
  });
const naiveWeighted: Run = () =>
  eachWindow((from, to) => {
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += (i - from + 1) * close[i]!;
    return sum / ((LENGTH * (LENGTH + 1)) / 2);
  });
const naiveSlope: Run = () =>
  eachWindow((from, to) => {
    let sum = 0;
    const middle = (LENGTH - 1) / 2;
    for (let i = from; i < to; i += 1) sum += (i - from - middle) * close[i]!;
    return sum / ((LENGTH * (LENGTH * LENGTH - 1)) / 12);
  });
const naiveHighest: Run = () =>
  eachWindow((from, to) => {
    let best = -Infinity;
    for (let i = from; i < to; i += 1) if (high[i]! > best) best = high[i]!;
    return best;
  });
const naiveRank: Run = () =>
  eachWindow((from, to) => {
    const x = close[to - 1]!;
    let twice = -1;
    for (let i = from; i < to; i += 1) twice += close[i]! < x ? 2 : close[i]! === x ? 1 : 0;
    return (50 * twice) / (LENGTH - 1);
  });

const quickMean: Run = () => {
  const out = new Float64Array(ROWS).fill(NaN);
  let sum = 0;
  for (let i = 0; i < ROWS; i += 1) {
    sum += close[i]!;
    if (i >= LENGTH) sum -= close[i - LENGTH]!;
    if (i >= LENGTH - 1) out[i] = sum / LENGTH;
  }
  return out;
};
const quickDeviation: Run = () => {
  const out = new Float64Array(ROWS).fill(NaN);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < ROWS; i += 1) {
    const x = close[i]!;
    sum += x;
    squares += x * x;
    if (i >= LENGTH) {
      const old = close[i - LENGTH]!;
      sum -= old;
      squares -= old * old;
    }
    if (i >= LENGTH - 1) out[i] = Math.sqrt((squares - (sum * sum) / LENGTH) / (LENGTH - 1));
  }
  return out;
};
const quickEma: Run = () => {
  const out = new Float64Array(ROWS).fill(NaN);
  let mean = 0;
  for (let i = 0; i < ROWS; i += 1) {
    const x = close[i]!;
    if (i < LENGTH) mean += x / LENGTH;
    else mean += ((x - mean) * 2) / (LENGTH + 1);
    if (i >= LENGTH - 1) out[i] = mean;
  }
  return out;
};
const quickAtr: Run = () => {
  const out = new Float64Array(ROWS).fill(NaN);
  let mean = 0;
  let before = (high[0]! + low[0]!) / 2;
  for (let i = 0; i < ROWS; i += 1) {
    const range = Math.max(high[i]!, before) - Math.min(low[i]!, before);
    before = close[i]!;
    if (i < LENGTH) mean += range / LENGTH;
    else mean += (range - mean) / LENGTH;
    if (i >= LENGTH - 1) out[i] = mean;
  }
  return out;
};

interface Case {
  readonly name: string;
  readonly kernel: Run;
  readonly make: () => Indicator;
  readonly naive?: Run;
  readonly quick?: Run;
}

const CASES: readonly Case[] = [
  {
    name: 'sma',
    kernel: () => lib.sma(close, LENGTH),
    make: () => new lib.Sma(LENGTH),
    naive: naiveMean,
    quick: quickMean,
  },
  {
    name: 'ema',
    kernel: () => lib.ema(close, LENGTH),
    make: () => new lib.Ema(LENGTH),
    quick: quickEma,
  },
  {
    name: 'wma',
    kernel: () => lib.wma(close, LENGTH),
    make: () => new lib.Wma(LENGTH),
    naive: naiveWeighted,
  },
  {
    name: 'atr',
    kernel: () => lib.atr(bars, LENGTH),
    make: () => new lib.Atr(LENGTH),
    quick: quickAtr,
  },
  {
    name: 'highest',
    kernel: () => lib.highest(high, LENGTH),
    make: () => new lib.Highest(LENGTH),
    naive: naiveHighest,
  },
  {
    name: 'rolling deviation',
    kernel: () => lib.rollingDeviation(close, LENGTH),
    make: () => new lib.RollingDeviation(LENGTH),
    naive: naiveDeviation,
    quick: quickDeviation,
  },
  {
    name: 'regression slope',
    kernel: () => lib.regressionSlope(close, LENGTH).value,
    make: () => new lib.RegressionSlope(LENGTH),
    naive: naiveSlope,
  },
  {
    name: 'percentile rank',
    kernel: () => lib.percentileRank(close, LENGTH),
    make: () => new lib.PercentileRank(LENGTH),
    naive: naiveRank,
  },
  { name: 'rsi', kernel: () => lib.rsi(close, LENGTH), make: () => new lib.Rsi(LENGTH) },
  { name: 'macd', kernel: () => lib.macd(close).value, make: () => new lib.Macd() },
  {
    name: 'bollinger',
    kernel: () => lib.bollinger(close, { length: LENGTH }).value,
    make: () => new lib.Bollinger({ length: LENGTH }),
  },
  {
    name: 'stochastic',
    kernel: () => lib.stochastic(bars).value,
    make: () => new lib.Stochastic(),
  },
  { name: 'adx', kernel: () => lib.adx(bars).value, make: () => new lib.Adx() },
  { name: 'cci', kernel: () => lib.cci(bars), make: () => new lib.Cci() },
  {
    name: 'session vwap',
    kernel: () => lib.sessionVwap(bars).value,
    make: () => new lib.SessionVwap(),
  },
  {
    name: 'volume profile',
    kernel: () => lib.volumeProfile(bars, { rowSize: 0.25 }).value,
    make: () => new lib.VolumeProfile({ rowSize: 0.25 }),
  },
];

/** One view over the columns, moved from bar to bar. */
class ColumnBar {
  row: number = 0;
  get open(): number {
    return close[this.row]!;
  }
  get high(): number {
    return high[this.row]!;
  }
  get low(): number {
    return low[this.row]!;
  }
  get close(): number {
    return close[this.row]!;
  }
  get volume(): number {
    return volume[this.row]!;
  }
  get tradeDate(): number {
    return session[this.row]!;
  }
}

const incremental =
  (make: () => Indicator): Run =>
  () => {
    const indicator = make();
    const view = new ColumnBar();
    const bar = view as unknown as BarView;
    const out = new Float64Array(ROWS);
    for (let i = 0; i < ROWS; i += 1) {
      view.row = i;
      indicator.update(bar);
      out[i] = indicator.value;
    }
    return out;
  };

function check(name: string, seen: Float64Array, wanted: Float64Array, tolerance: number): void {
  for (let i = 0; i < ROWS; i += 1) {
    const [a, b] = [seen[i]!, wanted[i]!];
    const isSame = Object.is(a, b) || Math.abs(a - b) <= tolerance;
    if (!isSame) throw new Error(`${name}: ${a} at row ${i}, the other form says ${b}`);
  }
}

function cpuUs(run: Run): number {
  const from = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(from);
  return user + system;
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

console.log(`${ROWS} bars, windows of ${LENGTH}; M bars a CPU second`);
console.log(
  '| Indicator | columns | bar by bar | columns ÷ naive loop | columns ÷ quickest loop |',
);
console.log('|---|--:|--:|--:|--:|');
for (const { name, kernel, make, naive, quick } of CASES) {
  const runs: readonly (Run | undefined)[] = [kernel, incremental(make), naive, quick];
  const results = runs.map((run) => run?.());
  check(`${name}, bar by bar`, results[1]!, results[0]!, 0);
  for (const other of results.slice(2))
    if (other !== undefined) check(name, other, results[0]!, 1e-4);
  const times = runs.map((run) =>
    run === undefined ? NaN : median(Array.from({ length: ROUNDS }, () => cpuUs(run))),
  );
  const [columns, bit, slow, fast] = times as [number, number, number, number];
  const ratio = (us: number): string => (Number.isNaN(us) ? '' : `${(us / columns).toFixed(2)} ×`);
  const rate = (us: number): string => (ROWS / us).toFixed(1);
  console.log(`| ${name} | ${rate(columns)} | ${rate(bit)} | ${ratio(slow)} | ${ratio(fast)} |`);
}
