/** Holding one contract of each product: marks by hand, gaps of rolls left out. */
import { describe, expect, it } from 'vitest';
import { benchmarkOf } from '../../src/research/benchmark.ts';
import type { PriceTape, RunData } from '../../src/research/run-data.ts';
import { toRunData } from '../../src/research/run-data.ts';
import type { RollRow } from '../../src/research/tables.ts';
import { equityRow, instrumentOf, manifestOf, tradeDates } from './support.ts';

const DAY_US = 86_400_000_000;
const dates = tradeDates(5);
const at = (d: number, hour: number): number => dates[d]! * DAY_US + hour * 3_600_000_000;

/** Bars of `[date, hour, close in counts]`. */
function tape(root: string, bars: readonly (readonly [number, number, number])[]): PriceTape {
  const close = Float64Array.from(bars, (bar) => bar[2]);
  const closeUs = Float64Array.from(bars, ([d, hour]) => at(d, hour));
  const shape = { open: close, high: close, low: close, close, closeUs };
  return { root, interval: '1h', decimals: 2, tickSize: 0.25, contracts: [], ...shape };
}

const roll = (root: string, us: number, from: number, to: number): RollRow =>
  ({ root, effectiveUs: us, fromPriceTicks: from, toPriceTicks: to, netQty: 0 }) as RollRow;

function runOf(prices: readonly PriceTape[], rolls: readonly RollRow[] = [], eur = false): RunData {
  const manifest = manifestOf({
    instruments: prices.map(({ root }) =>
      instrumentOf(root, eur && root === 'FDAX' ? { currency: 'EUR' } : {}),
    ),
  });
  const equity = dates.map((tradeDate, d) => equityRow({ tradeDate, tsUs: at(d, 22) }));
  const bare = toRunData({ manifest, tables: {}, prices });
  return { ...bare, equity, rolls, prices, manifest, positions: [], trades: [] };
}

// 12.5 a tick.
const gains = (run: RunData): number[] | null => {
  const all = benchmarkOf(run);
  return all === null ? null : Array.from(all, (units) => units / 12.5);
};
const es = tape('ES', [
  [0, 15, 100],
  [0, 21, 110],
  [1, 21, 112],
  [2, 21, 109],
  [4, 21, 115],
]);

describe('the benchmark', () => {
  it('marks one contract at the last price of each date, from the close of the first', () => {
    // Nothing traded on date 3: its mark stays.
    expect(gains(runOf([es]))).toEqual([0, 2, -1, -1, 5]);
  });

  it('leaves the gap of a roll out, wherever in the date it lies', () => {
    const stitched = tape('ES', [
      [0, 21, 110],
      [1, 15, 111],
      [1, 21, 163],
      [2, 21, 165],
    ]);
    // At 15:00 of date 1 the old contract stood at 112, the new one at 162.
    const whole = [0, 2 + 1, 5, 5, 5];
    expect(gains(runOf([stitched], [roll('ES', at(1, 15), 112, 162)]))).toEqual(whole);
    // A roll at the mark itself, decided from the close of date 0.
    expect(gains(runOf([stitched], [roll('ES', at(0, 21), 110, 160)]))).toEqual([0, 3, 5, 5, 5]);
  });

  it('takes two rolls between two marks one after the other', () => {
    const late = tape('ES', [
      [0, 21, 100],
      [3, 21, 320],
    ]);
    const rolls = [roll('ES', at(2, 21), 210, 300), roll('ES', at(1, 21), 105, 200)];
    expect(gains(runOf([late], rolls))).toEqual([0, 0, 0, 5 + 10 + 20, 35]);
  });

  it('adds up products, and ignores rolls of others', () => {
    const nq = tape('NQ', [
      [0, 21, 50],
      [1, 21, 60],
    ]);
    const rolls = [roll('CL', at(0, 22), 1, 1000)];
    expect(gains(runOf([es, nq], rolls))).toEqual([0, 12, 9, 9, 15]);
  });

  it('is unknown without prices, without the price of a roll, or without a rate', () => {
    expect(benchmarkOf({ ...runOf([es]), prices: [] })).toBe(null);
    expect(gains(runOf([es], [roll('ES', at(1, 22), NaN, 5)]))).toBe(null);
    expect(gains(runOf([{ ...es, root: 'FDAX' }], [], true))).toBe(null);
  });
});
