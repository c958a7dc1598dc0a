/** The shared bars in ticks: ES of December 2013 by the minute, and 6E of March 2024. Nothing of them is written anywhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readZipNames, readZipText } from '../../test/support/zip.ts';

/** Columns of one contract's bars; prices in ticks, times in microseconds UTC. */
export interface Bars {
  readonly name: string;
  readonly rows: number;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** Ticks that a few bars span: the offsets of the orders are drawn up to it. */
  readonly reach: number;
}

const MINUTE_US = 60_000_000;

/** Both markets. `limit` keeps the first so many bars of each. */
export function readMarkets(dir: string, limit: number = Infinity): Bars[] {
  return [
    toBars('ES', 0.25, readLean(join(dir, 'lean/future/cme/minute/es'), '201312'), limit),
    toBars('6E', 0.00005, readGzip(join(dir, 'nautilus')), limit),
  ];
}

/** Rows of open time, open, high, low, close in points, volume. */
function readLean(folder: string, month: string): number[][] {
  const rows: number[][] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('_trade.zip')) continue;
    const archive = readFileSync(join(folder, file));
    const midnight = Date.UTC(
      Number(file.slice(0, 4)),
      Number(file.slice(4, 6)) - 1,
      Number(file.slice(6, 8)),
    );
    for (const name of readZipNames(archive)) {
      if (!name.endsWith(`_${month}.csv`)) continue;
      for (const line of readZipText(archive, name).trim().split(/\r?\n/)) {
        const [ms, ...values] = line.split(',').map(Number);
        rows.push([(midnight + ms!) * 1000, ...values]);
      }
    }
  }
  return rows;
}

function readGzip(folder: string): number[][] {
  const file = readdirSync(folder).find((name) => name.endsWith('.csv.gz'))!;
  const [, ...lines] = gunzipSync(readFileSync(join(folder, file)))
    .toString('utf8')
    .trim()
    .split(/\r?\n/);
  return lines.map((line) => {
    const [stamp, ...values] = line.split(',');
    const iso = stamp!
      .trim()
      .replace(' ', 'T')
      .replace(/(\+00:00|Z)?$/, 'Z');
    // Stamped at the close.
    return [Date.parse(iso) * 1000 - MINUTE_US, ...values.map(Number)];
  });
}

function toBars(name: string, tick: number, rows: readonly number[][], limit: number): Bars {
  const kept = rows.slice(0, limit);
  const column = (at: number): Float64Array => Float64Array.from(kept, (row) => row[at]!);
  const ticks = (at: number): Float64Array =>
    Float64Array.from(kept, (row) => {
      const count = Math.round(row[at]! / tick);
      if (Math.abs(count * tick - row[at]!) > tick / 1000) throw new Error(`${name}: off the grid`);
      return count;
    });
  const openUs = column(0);
  const [high, low] = [ticks(2), ticks(3)];
  const ranges = Array.from(high, (value, i) => value - low[i]!).sort((a, b) => a - b);
  const median = ranges[Math.trunc(ranges.length / 2)]!;
  return {
    name,
    rows: kept.length,
    openUs,
    closeUs: openUs.map((value) => value + MINUTE_US),
    open: ticks(1),
    high,
    low,
    close: ticks(4),
    volume: column(5),
    reach: Math.max(4, 3 * median),
  };
}
