/** What does not show in a short walk: drift, memory of what has left, exact constants, refused settings. */
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import * as lib from '../../src/indicators/index.ts';
import { INDICATOR_ERRORS } from '../../src/indicators/errors.ts';
import { INDICATOR_DEFS } from '../../src/indicators/definitions.ts';
import { CASES, longWalk, rowOf, view } from './support.ts';

type Kernel = (values: Float64Array, length: number) => Float64Array;
const WINDOWED: readonly (readonly [string, Kernel])[] = [
  ['sma', lib.sma],
  ['wma', lib.wma],
  ['rolling deviation', (v, n) => lib.rollingDeviation(v, n)],
  ['z-score', (v, n) => lib.zScore(v, n)],
  ['regression slope', (v, n) => lib.regressionSlope(v, n).value],
  ['fitted line', (v, n) => lib.regressionSlope(v, n).fitted],
  ['highest', lib.highest],
  ['lowest', lib.lowest],
  ['percentile rank', lib.percentileRank],
];

describe.each(WINDOWED)('%s', (_, kernel) => {
  const LENGTH = 17;

  it('forgets what has left the window, to the last bit', () => {
    // Values of all sizes: a running sum would keep what 1e12 took from its last digits.
    const value = fc.oneof(
      fc.integer({ min: -1000, max: 1000 }).map((v) => v / 100),
      fc.double({ min: -1e12, max: 1e12, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 60, maxLength: 120 }), fc.nat(3), (list, blocks) => {
        const values = Float64Array.from(list);
        const from = blocks * LENGTH;
        const whole = kernel(values, LENGTH);
        const later = kernel(values.slice(from), LENGTH);
        for (let i = LENGTH; i < later.length; i += 1) expect(later[i]).toBe(whole[from + i]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('over a million bars', () => {
  const ROWS = 1_000_000;
  const LENGTH = 200;
  const bars = longWalk(ROWS, 80_000_000, 1380);
  const at = [LENGTH, 12_345, 500_001, 999_800, 999_999];
  const windowOf = (i: number): Float64Array => bars.close.slice(i + 1 - LENGTH, i + 1);
  /** Exact in whole quarters, so in doubles too as long as the sums stay below 2^53. */
  const exact = (values: Float64Array): { mean: number; squares: number; slope: number } => {
    let [sum, squares, cross] = [0n, 0n, 0n];
    values.forEach((v, k) => {
      const q = BigInt(v * 4);
      sum += q;
      squares += q * q;
      cross += BigInt(2 * k - values.length + 1) * q;
    });
    const n = BigInt(values.length);
    const spread = (values.length * (values.length ** 2 - 1)) / 12;
    return {
      mean: Number(sum) / values.length / 4,
      squares: Number(n * squares - sum * sum) / values.length / 16,
      slope: Number(cross) / 2 / 4 / spread,
    };
  };

  it('keeps mean, deviation and slope exact', () => {
    const mean = lib.sma(bars.close, LENGTH);
    const deviation = lib.rollingDeviation(bars.close, LENGTH, { kind: 'population' });
    const slope = lib.regressionSlope(bars.close, LENGTH).value;
    for (const i of at) {
      const wanted = exact(windowOf(i));
      expect(Math.abs(mean[i]! / wanted.mean - 1)).toBeLessThan(1e-15);
      expect(deviation[i]! / Math.sqrt(wanted.squares / LENGTH)).toBeCloseTo(1, 9);
      expect(Math.abs(slope[i]! - wanted.slope)).toBeLessThan(1e-9);
    }
  });

  it('keeps an average price that is anchored at the first of them', () => {
    const { value } = lib.anchoredVwap(bars, { price: 'close' });
    let [volume, money] = [0n, 0n];
    for (let i = 0; i < ROWS; i += 1) {
      volume += BigInt(bars.volume[i]!);
      money += BigInt(bars.volume[i]!) * BigInt(bars.close[i]! * 4);
      if (!at.includes(i)) continue;
      const wanted = Number(money / volume) + Number(money % volume) / Number(volume);
      expect(Math.abs(value[i]! - wanted / 4) / wanted).toBeLessThan(1e-15);
    }
  });

  it('keeps volumes that are no whole numbers', () => {
    const volume = new Float64Array(ROWS).fill(0.1);
    const close = Float64Array.from({ length: ROWS }, (_, i) => i);
    const balance = lib.obv({ close, volume });
    expect(balance[ROWS - 1]).toBeCloseTo((ROWS - 1) * 0.1, 9);
  });
});

describe('a market that stands still', () => {
  const flat = new Float64Array(50).fill(0.1);
  const bars = { high: flat, low: flat, close: flat, volume: flat };
  it('has exactly its own mean, no deviation and no slope', () => {
    expect(lib.sma(flat, 7)[49]).toBe(0.1);
    expect(lib.wma(flat, 7)[49]).toBe(0.1);
    expect(lib.rollingDeviation(flat, 7)[49]).toBe(0);
    expect(lib.regressionSlope(flat, 7).value[49]).toBe(0);
    expect(lib.bollinger(flat, { length: 7 }).upper[49]).toBe(0.1);
  });
  it('is in the middle of every scale', () => {
    expect(lib.rsi(flat, 7)[49]).toBe(50);
    expect(lib.stochastic(bars).value[49]).toBe(50);
    expect(lib.percentileRank(flat, 7)[49]).toBe(50);
    expect(lib.bollinger(flat, { length: 7 }).percentB[49]).toBe(0.5);
    expect(lib.zScore(flat, 7)[49]).toBe(0);
    expect(lib.cci(bars, 7)[49]).toBe(0);
    expect(lib.adx(bars, 7).value[49]).toBe(0);
    expect(lib.realisedVolatility(flat, 7)[49]).toBe(0);
  });
});

describe('a price far from the first', () => {
  it('has no deviation of its own, also where the first bar had no volume', () => {
    const price = Float64Array.of(100.3, 4000.1, 4000.1, 4000.1);
    const volume = Float64Array.of(0, 3, 5, 7);
    const average = lib.anchoredVwap(
      { high: price, low: price, close: price, volume },
      { price: 'close' },
    );
    expect(Array.from(average.value)).toEqual([NaN, 4000.1, 4000.1, 4000.1]);
    expect(Array.from(average.deviation)).toEqual([NaN, 0, 0, 0]);
  });
});

describe('prices at zero and below', () => {
  const values = Float64Array.from([2, 1, -1, 1, 2, 3, 4]);
  it('have no log return, until they have left the window', () => {
    const out = lib.realisedVolatility(values, 2);
    expect(Array.from(out, Number.isNaN)).toEqual([true, true, true, true, true, false, false]);
  });
  it('have changes', () => {
    const out = lib.realisedVolatility(values, 2, { returns: 'change' });
    expect(out[2]).toBe(Math.sqrt((1 + 4) / 2));
  });
});

describe('the warm-up', () => {
  /** Bars until every output is there, with the settings of the cases and sessions of seven bars. */
  const READY: Readonly<Record<string, number>> = {
    sma: 5,
    ema: 4,
    rma: 3,
    wma: 4,
    atr: 3,
    rsi: 3 + 1,
    stochastic: 4 + 2 + 3 - 2,
    macd: 5 + 3 - 1,
    bollinger: 5,
    keltner: 4,
    donchian: 4,
    adx: 2 * 3,
    cci: 4,
    obv: 1,
    'session-vwap': 1,
    'anchored-vwap': 1,
    deviation: 5,
    regression: 5,
    'z-score': 5,
    'percentile-rank': 6,
    highest: 4,
    lowest: 4,
    'cross-over': 4,
    'pivot-points': 7 + 1,
    'opening-range': 3,
    'volume-profile': 1,
    'realised-volatility': 4 + 1,
    'change-stdev': 4 + 1,
  };
  it.each(CASES.map((one, i) => [`${one.key} (${i})`, one] as const))('of %s', (_, one) => {
    const indicator = one.make();
    const bars = longWalk(20, 4000, 7);
    let count = 0;
    while (!indicator.ready && count < 20) {
      indicator.update(view(rowOf(bars, count)));
      count += 1;
    }
    expect(count).toBe(READY[one.key]);
  });
});

describe('the definitions', () => {
  const classes = INDICATOR_DEFS.map((def) => def.className);
  const kernels = INDICATOR_DEFS.map((def) => def.kernel);
  const exported = Object.keys(lib);
  it('name every class and kernel that is exported, and no other', () => {
    expect([...classes, ...kernels].toSorted()).toEqual(exported.toSorted());
  });
  it('have a case in the tests each, with the outputs that they name', () => {
    for (const def of INDICATOR_DEFS) {
      const one = CASES.find(({ key }) => key === def.key);
      expect(one, def.key).toBeDefined();
      // The band width has no number at a mean of 0, so that the cases leave it out.
      const named = def.outputs.map(({ name }) => name).filter((name) => name !== 'bandwidth');
      expect(named.toSorted(), def.key).toEqual(Object.keys(one!.outputs).toSorted());
      for (const { name, frame } of def.outputs)
        if (name !== 'bandwidth' && def.key !== 'realised-volatility')
          expect(frame, `${def.key} ${name}`).toBe(one!.outputs[name]);
    }
  });
});

describe('cross-overs', () => {
  it('take a touch for no cross, and the side before it for the last', () => {
    expect([...lib.crossOver([1, 2, 3, 2, 1, 2, 2, 3], 2)]).toEqual([0, 0, 1, 0, -1, 0, 0, 1]);
  });
  it('see nothing in the first side', () => {
    expect([...lib.crossOver([2, 2, 3], [2, 2, 2])]).toEqual([0, 0, 0]);
  });
  it('go on after a value is missing', () => {
    expect([...lib.crossOver([1, NaN, 3], 2)]).toEqual([0, NaN, 1]);
  });
});

describe('settings', () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as TradingError).code;
    }
    return 'none';
  };
  it.each<[string, () => unknown, () => unknown]>([
    ['length 0', () => new lib.Sma(0), () => new lib.Sma(1)],
    ['length 2.5', () => lib.ema([1], 2.5), () => lib.ema([1], 2)],
    ['length NaN', () => new lib.Atr(NaN), () => new lib.Atr(1)],
    ['a window of all memory', () => new lib.Highest(1e9), () => new lib.Highest(1000)],
    ['a sample of one', () => new lib.RollingDeviation(1), () => new lib.RollingDeviation(2)],
    [
      'a line through one point',
      () => lib.regressionSlope([1], 1),
      () => lib.regressionSlope([1], 2),
    ],
    [
      'an unknown source',
      () => new lib.Sma(2, { source: 'mid' as 'hl2' }),
      () => new lib.Sma(2, { source: 'hl2' }),
    ],
    [
      'bands at 0',
      () => new lib.Bollinger({ deviations: 0 }),
      () => new lib.Bollinger({ deviations: 0.1 }),
    ],
    [
      'rows of no size',
      () => new lib.VolumeProfile({ rowSize: 0 }),
      () => new lib.VolumeProfile({ rowSize: 0.25 }),
    ],
    [
      'an area of 70',
      () => new lib.VolumeProfile({ rowSize: 1, valueArea: 70 }),
      () => new lib.VolumeProfile({ rowSize: 1, valueArea: 1 }),
    ],
    [
      'a range of no time',
      () => new lib.OpeningRange({ minutes: 0 }),
      () => new lib.OpeningRange({ minutes: 30 }),
    ],
  ])('refuses %s, and takes its neighbour', (_, bad, good) => {
    expect(code(bad)).toBe('E_INDICATOR_PARAM');
    expect(code(good)).toBe('none');
  });

  it('refuses rows far below the tick instead of taking all memory', () => {
    const profile = new lib.VolumeProfile({ rowSize: 1e-9 });
    expect(code(() => profile.push(5001, 5000, 5000, 1, 0))).toBe('E_INDICATOR_PARAM');
    expect(code(() => new lib.VolumeProfile({ rowSize: 0.01 }).push(5001, 5000, 5000, 1, 0))).toBe(
      'none',
    );
  });

  it('refuses columns that do not belong together', () => {
    const three = [1, 2, 3];
    expect(code(() => lib.atr({ high: three, low: three, close: [1, 2], length: 3 }, 2))).toBe(
      'E_INDICATOR_COLUMNS',
    );
    expect(code(() => lib.atr({ high: [1], low: three, close: three }, 2))).toBe(
      'E_INDICATOR_COLUMNS',
    );
    expect(code(() => lib.crossOver(three, [1]))).toBe('E_INDICATOR_COLUMNS');
    const bars = { high: three, low: three, close: three, volume: three, session: three };
    expect(code(() => lib.sessionVwap(bars, { price: 'ohlc4' }))).toBe('E_INDICATOR_COLUMNS');
    expect(code(() => lib.sessionVwap({ ...bars, open: three }, { price: 'ohlc4' }))).toBe('none');
  });

  it('reads the first `length` rows of longer columns, as a batch of bars has them', () => {
    const column = Int32Array.of(1, 2, 3, 9, 9);
    expect([...lib.donchian({ high: column, low: column, length: 3 }, 2).upper]).toEqual([
      NaN,
      2,
      3,
    ]);
  });

  it('refuses a state of another indicator, of other settings, or one that was cut', () => {
    const saved = new lib.Sma(3).saveState() as { parts: object };
    expect(code(() => new lib.Sma(3).restoreState(saved))).toBe('none');
    expect(code(() => new lib.Sma(4).restoreState(saved))).toBe('E_INDICATOR_STATE');
    expect(code(() => new lib.Ema(3).restoreState(saved))).toBe('E_INDICATOR_STATE');
    expect(code(() => new lib.Sma(3).restoreState(null))).toBe('E_INDICATOR_STATE');
    expect(code(() => new lib.Sma(3).restoreState({ ...saved, parts: {} }))).toBe(
      'E_INDICATOR_STATE',
    );
    const short = { ...saved, parts: { window: { count: 3, values: [1, 2] } } };
    expect(code(() => new lib.Sma(3).restoreState(short))).toBe('E_INDICATOR_STATE');
  });

  it('has a page for each code', () => {
    expect(Object.keys(INDICATOR_ERRORS).sort()).toEqual([
      'E_INDICATOR_COLUMNS',
      'E_INDICATOR_PARAM',
      'E_INDICATOR_STATE',
    ]);
  });
});

describe('sources', () => {
  it('reads the named value of a bar', () => {
    const bars = longWalk(3, 400, 3);
    const row = { ...rowOf(bars, 1), volume: 7 };
    const read = (source: lib.Source): number => {
      const mean = new lib.Sma(1, { source });
      mean.update(view(row));
      return mean.value;
    };
    expect(read('hl2')).toBe((row.high + row.low) / 2);
    expect(read('hlc3')).toBe((row.high + row.low + row.close) / 3);
    expect(read('ohlc4')).toBe((row.open + row.high + row.low + row.close) / 4);
    expect([read('open'), read('high'), read('low'), read('close'), read('volume')]).toEqual([
      row.open,
      row.high,
      row.low,
      row.close,
      7,
    ]);
  });

  it('leaves volumes where they are when prices roll', () => {
    const mean = new lib.Sma(1, { source: 'volume' });
    mean.update(view({ ...rowOf(longWalk(1, 400, 1), 0), volume: 7 }));
    mean.rebase(25, 1);
    expect(mean.value).toBe(7);
  });
});
