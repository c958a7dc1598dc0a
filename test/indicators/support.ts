/** Bars to try indicators on, and each indicator three times: bar by bar, over columns, and as a naive twin. */
import type { BarView, Indicator } from '../../src/core/strategy.ts';
import * as lib from '../../src/indicators/index.ts';

/** Columns of bars. `session` is a label a row; times in µs. */
export interface Bars {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly session: Float64Array;
  readonly openUs: Float64Array;
  readonly closeUs: Float64Array;
}
export type Row = { readonly [K in keyof Bars]: number };
const NAMES = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'session',
  'openUs',
  'closeUs',
] as const satisfies readonly (keyof Bars)[];
const PRICES = ['open', 'high', 'low', 'close'] as const;

export function toBars(rows: readonly Row[]): Bars {
  const column = (name: keyof Row): Float64Array => Float64Array.from(rows, (row) => row[name]);
  return Object.fromEntries(NAMES.map((name) => [name, column(name)])) as unknown as Bars;
}
export function rowOf(bars: Bars, i: number): Row {
  return Object.fromEntries(NAMES.map((name) => [name, bars[name][i]!])) as Row;
}
export function rowsOfBars(bars: Bars): Row[] {
  return Array.from(bars.close, (_, i) => rowOf(bars, i));
}
export function slice(bars: Bars, from: number, to: number): Bars {
  return Object.fromEntries(NAMES.map((n) => [n, bars[n].slice(from, to)])) as unknown as Bars;
}
/** Every price p becomes p × factor + shift. */
export function moved(bars: Bars, shift: number, factor: number): Bars {
  const prices = PRICES.map((name) => [name, bars[name].map((p) => p * factor + shift)]);
  return { ...bars, ...Object.fromEntries(prices) };
}
export function joined(parts: readonly Bars[]): Bars {
  return toBars(parts.flatMap(rowsOfBars));
}
export function view(row: Row): BarView {
  return { ...row, tradeDate: row.session } as unknown as BarView;
}

const MINUTE = 60_000_000;

/** One bar as four small numbers; the walk starts at `level`, in quarters of a point. */
export interface Step {
  readonly move: number;
  readonly up: number;
  readonly down: number;
  readonly volume: number;
}
export function walk(steps: readonly Step[], level: number, sessionBars: number = 7): Bars {
  let close = level;
  return toBars(
    steps.map(({ move, up, down, volume }, i) => {
      const open = close;
      close += move;
      const session = Math.floor(i / sessionBars);
      const openUs = session * 1440 * MINUTE + (i % sessionBars) * MINUTE;
      return {
        open: open / 4,
        high: (Math.max(open, close) + up) / 4,
        low: (Math.min(open, close) - down) / 4,
        close: close / 4,
        volume,
        session,
        openUs,
        closeUs: openUs + MINUTE,
      };
    }),
  );
}

/** A long walk from a fixed seed. */
export function longWalk(rows: number, level: number, sessionBars: number, seed = 1): Bars {
  let state = seed;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
  const steps = Array.from({ length: rows }, () => ({
    move: next(9) - 4,
    up: next(4),
    down: next(4),
    volume: next(500),
  }));
  return walk(steps, level, sessionBars);
}

export type Columns = Readonly<Record<string, ArrayLike<number>>>;
/** Values of one row by output, from rows 0 to i, all of them whole. */
export type Naive = (rows: readonly Row[], i: number) => Readonly<Record<string, number>>;

export interface Case {
  readonly key: string;
  readonly make: () => Indicator;
  readonly kernel: (bars: Bars) => Float64Array | object;
  readonly naive: Naive;
  /** What a row must have to count. */
  readonly needs: readonly (keyof Bars)[];
  /** `level`, `difference` or `free`: how each output moves with a roll. */
  readonly outputs: Readonly<Record<string, 'level' | 'difference' | 'free'>>;
}

// ----------------------------------------------------------------------------------------------------- naive means

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
function deviation(values: readonly number[], ddof: number): number {
  const m = mean(values);
  return Math.sqrt(sum(values.map((v) => (v - m) ** 2)) / (values.length - ddof));
}
const lastOf = (rows: readonly Row[], i: number, length: number): readonly Row[] | null =>
  i + 1 < length ? null : rows.slice(i + 1 - length, i + 1);
const closes = (rows: readonly Row[]): number[] => rows.map((row) => row.close);
const typical = (row: Row): number => (row.high + row.low + row.close) / 3;
const range = (row: Row, before: Row | undefined): number =>
  before === undefined
    ? row.high - row.low
    : Math.max(
        row.high - row.low,
        Math.abs(row.high - before.close),
        Math.abs(row.low - before.close),
      );
const ranges = (rows: readonly Row[]): number[] => rows.map((row, i) => range(row, rows[i - 1]));

/** The whole recursion from the start, by its closed form: the seed and a sum of weights. */
function recursive(values: readonly number[], length: number, alpha: number): number {
  if (values.length < length) return NaN;
  const seed = mean(values.slice(0, length));
  const rest = values.slice(length);
  const n = rest.length;
  const weighted = rest.map((v, i) => alpha * (1 - alpha) ** (n - 1 - i) * v);
  return (1 - alpha) ** n * seed + sum(weighted);
}
const emaOf = (values: readonly number[], length: number): number =>
  recursive(values, length, 2 / (length + 1));
const rmaOf = (values: readonly number[], length: number): number =>
  recursive(values, length, 1 / length);
const changes = (values: readonly number[]): number[] =>
  values.slice(1).map((v, i) => v - values[i]!);
const perRow = (
  rows: readonly Row[],
  i: number,
  read: (upTo: readonly Row[]) => number,
): number[] => Array.from({ length: i + 1 }, (_, k) => read(rows.slice(0, k + 1)));
const known = (values: readonly number[]): number[] => values.filter((v) => !Number.isNaN(v));

function rawK(rows: readonly Row[], length: number): number {
  const window = lastOf(rows, rows.length - 1, length);
  if (window === null) return NaN;
  const top = Math.max(...window.map((r) => r.high));
  const bottom = Math.min(...window.map((r) => r.low));
  return top === bottom ? 50 : (100 * (window.at(-1)!.close - bottom)) / (top - bottom);
}
const meanOfLast = (values: readonly number[], length: number): number =>
  values.length < length ? NaN : mean(values.slice(-length));

function slopeOf(values: readonly number[]): { value: number; fitted: number } {
  const x = values.map((_, i) => i);
  const [mx, my] = [mean(x), mean(values)];
  const value = sum(values.map((y, i) => (i - mx) * (y - my))) / sum(x.map((i) => (i - mx) ** 2));
  return { value, fitted: my + value * (values.length - 1 - mx) };
}

function dmi(rows: readonly Row[], length: number): { plus: number; minus: number } {
  const plus: number[] = [];
  const minus: number[] = [];
  for (let i = 1; i < rows.length; i += 1) {
    const up = rows[i]!.high - rows[i - 1]!.high;
    const down = rows[i - 1]!.low - rows[i]!.low;
    plus.push(up > down && up > 0 ? up : 0);
    minus.push(down > up && down > 0 ? down : 0);
  }
  const all = rmaOf(ranges(rows).slice(1), length);
  if (all === 0) return { plus: 0, minus: 0 };
  return { plus: (100 * rmaOf(plus, length)) / all, minus: (100 * rmaOf(minus, length)) / all };
}
function dxOf(rows: readonly Row[], length: number): number {
  const { plus, minus } = dmi(rows, length);
  return plus + minus === 0 ? 0 : (100 * Math.abs(plus - minus)) / (plus + minus);
}

const ofSession = (rows: readonly Row[], i: number): readonly Row[] =>
  rows.slice(0, i + 1).filter((row) => row.session === rows[i]!.session);
function vwap(rows: readonly Row[]): { value: number; deviation: number } {
  const volume = sum(rows.map((r) => r.volume));
  if (volume === 0) return { value: NaN, deviation: NaN };
  const value = sum(rows.map((r) => r.volume * typical(r))) / volume;
  const squares = sum(rows.map((r) => r.volume * (typical(r) - value) ** 2));
  return { value, deviation: Math.sqrt(squares / volume) };
}

function profile(rows: readonly Row[], size: number, share: number): Record<string, number> {
  const byRow = new Map<number, number>();
  for (const row of rows) {
    const [from, to] = [Math.round(row.low / size), Math.round(row.high / size)];
    if (row.volume > 0)
      for (let k = from; k <= to; k += 1)
        byRow.set(k, (byRow.get(k) ?? 0) + row.volume / (to - from + 1));
  }
  if (byRow.size === 0) return { value: NaN, areaHigh: NaN, areaLow: NaN };
  const keys = [...byRow.keys()].sort((a, b) => a - b);
  const volumeOf = (k: number): number => byRow.get(k) ?? 0;
  const best = keys.reduce((a, b) => (volumeOf(b) > volumeOf(a) ? b : a));
  const wanted = share * sum(rows.map((r) => r.volume));
  let [low, high] = [best, best];
  let held = volumeOf(best);
  while (held < wanted && (low > keys[0]! || high < keys.at(-1)!)) {
    const below = low > keys[0]! ? volumeOf(low - 1) : -1;
    const above = high < keys.at(-1)! ? volumeOf(high + 1) : -1;
    if (above >= below) held += volumeOf((high += 1));
    else held += volumeOf((low -= 1));
  }
  while (high > best && volumeOf(high) === 0) high -= 1;
  while (low < best && volumeOf(low) === 0) low += 1;
  return { value: best * size, areaHigh: high * size, areaLow: low * size };
}

function crosses(a: readonly number[], b: readonly number[]): number {
  const sides = a.map((v, i) => Math.sign(v - b[i]!)).filter((s) => s === 1 || s === -1);
  const isTouch = a.at(-1) === b.at(-1);
  if (isTouch || sides.length < 2) return 0;
  return sides.at(-1) === sides.at(-2) ? 0 : sides.at(-1)!;
}

// ---------------------------------------------------------------------------------------------------------- cases

const one =
  (naive: (rows: readonly Row[], i: number) => number): Naive =>
  (rows, i) => ({
    value: naive(rows, i),
  });
const CLOSE = ['close'] as const;
const HLC = ['high', 'low', 'close'] as const;
const LEVEL = { value: 'level' } as const;
const DIFFERENCE = { value: 'difference' } as const;
const FREE = { value: 'free' } as const;
const CHANNEL = { value: 'level', upper: 'level', lower: 'level' } as const;
const windowed =
  (length: number, f: (values: readonly number[]) => number): Naive =>
  (rows, i) => {
    const window = lastOf(rows, i, length);
    return { value: window === null ? NaN : f(closes(window)) };
  };

class Crossing implements Indicator {
  readonly fast: lib.Ema = new lib.Ema(2);
  readonly slow: lib.Sma = new lib.Sma(4);
  readonly cross: lib.CrossOver = new lib.CrossOver(this.fast, this.slow);
  readonly #all: readonly Indicator[] = [this.fast, this.slow, this.cross];
  get ready(): boolean {
    return this.cross.ready;
  }
  get value(): number {
    return this.cross.value;
  }
  update(bar: BarView): void {
    for (const each of this.#all) each.update(bar);
  }
  rebase(shift: number, factor: number): void {
    for (const each of this.#all) each.rebase(shift, factor);
  }
  saveState(): unknown {
    return this.#all.map((each) => each.saveState());
  }
  restoreState(state: unknown): void {
    this.#all.forEach((each, k) => each.restoreState((state as unknown[])[k]));
  }
}

const KINDS = ['classic', 'fibonacci', 'camarilla', 'woodie'] as const;
function pivots(kind: (typeof KINDS)[number]): Naive {
  return (rows, i) => {
    const before = rows.slice(0, i + 1).filter((r) => r.session < rows[i]!.session);
    const last = before.filter((r) => r.session === before.at(-1)!.session);
    const names = ['value', 'r1', 'r2', 'r3', 's1', 's2', 's3'];
    if (last.length === 0) return Object.fromEntries(names.map((n) => [n, NaN]));
    const h = Math.max(...last.map((r) => r.high));
    const l = Math.min(...last.map((r) => r.low));
    const c = last.at(-1)!.close;
    const p = kind === 'woodie' ? (h + l + c + c) / 4 : (h + l + c) / 3;
    const table = {
      classic: [2 * p - l, p + h - l, h + 2 * (p - l), 2 * p - h, p - h + l, l - 2 * (h - p)],
      woodie: [2 * p - l, p + h - l, h + 2 * (p - l), 2 * p - h, p - h + l, l - 2 * (h - p)],
      fibonacci: [0.382, 0.618, 1, -0.382, -0.618, -1].map((f) => p + f * (h - l)),
      camarilla: [12, 6, 4, -12, -6, -4].map((d) => c + ((h - l) * 1.1) / d),
    };
    return Object.fromEntries(names.map((n, k) => [n, k === 0 ? p : table[kind][k - 1]!]));
  };
}
const PIVOTS = Object.fromEntries(
  ['value', 'r1', 'r2', 'r3', 's1', 's2', 's3'].map((name) => [name, 'level' as const]),
);

function volatility(length: number, options: lib.RealisedVolatilityOptions): Naive {
  const bars = options.barsPerYear ?? 1;
  return (rows, i) => {
    const window = lastOf(rows, i, length + 1);
    if (window === null) return { value: NaN };
    const prices = closes(window);
    const isLog = options.returns !== 'change';
    if (isLog && prices.some((p) => p <= 0)) return { value: NaN };
    const r = prices.slice(1).map((p, k) => (isLog ? Math.log(p / prices[k]!) : p - prices[k]!));
    const variance = options.mean === 'sample' ? deviation(r, 1) ** 2 : mean(r.map((v) => v * v));
    return { value: Math.sqrt(variance * bars) };
  };
}

export const CASES: readonly Case[] = [
  {
    key: 'sma',
    make: () => new lib.Sma(5),
    kernel: ({ close }) => lib.sma(close, 5),
    naive: windowed(5, mean),
    needs: CLOSE,
    outputs: LEVEL,
  },
  {
    key: 'ema',
    make: () => new lib.Ema(4),
    kernel: ({ close }) => lib.ema(close, 4),
    naive: one((rows, i) => emaOf(closes(rows.slice(0, i + 1)), 4)),
    needs: CLOSE,
    outputs: LEVEL,
  },
  {
    key: 'rma',
    make: () => new lib.Rma(3),
    kernel: ({ close }) => lib.rma(close, 3),
    naive: one((rows, i) => rmaOf(closes(rows.slice(0, i + 1)), 3)),
    needs: CLOSE,
    outputs: LEVEL,
  },
  {
    key: 'wma',
    make: () => new lib.Wma(4),
    kernel: ({ close }) => lib.wma(close, 4),
    naive: windowed(4, (v) => sum(v.map((x, k) => (k + 1) * x)) / 10),
    needs: CLOSE,
    outputs: LEVEL,
  },
  {
    key: 'atr',
    make: () => new lib.Atr(3),
    kernel: (bars) => lib.atr(bars, 3),
    naive: one((rows, i) => rmaOf(ranges(rows.slice(0, i + 1)), 3)),
    needs: HLC,
    outputs: DIFFERENCE,
  },
  {
    key: 'rsi',
    make: () => new lib.Rsi(3),
    kernel: ({ close }) => lib.rsi(close, 3),
    naive: one((rows, i) => {
      const moves = changes(closes(rows.slice(0, i + 1)));
      const gain = rmaOf(
        moves.map((m) => Math.max(m, 0)),
        3,
      );
      const loss = rmaOf(
        moves.map((m) => Math.max(-m, 0)),
        3,
      );
      return gain + loss === 0 ? 50 : 100 - 100 / (1 + gain / loss);
    }),
    needs: CLOSE,
    outputs: FREE,
  },
  {
    key: 'stochastic',
    make: () => new lib.Stochastic({ length: 4, smoothK: 2, smoothD: 3 }),
    kernel: (bars) => lib.stochastic(bars, { length: 4, smoothK: 2, smoothD: 3 }),
    naive: (rows, i) => {
      const raw = known(perRow(rows, i, (upTo) => rawK(upTo, 4)));
      const k = raw.map((_, j) => meanOfLast(raw.slice(0, j + 1), 2));
      return { value: k.at(-1) ?? NaN, d: meanOfLast(known(k), 3) };
    },
    needs: HLC,
    outputs: { value: 'free', d: 'free' },
  },
  {
    key: 'macd',
    make: () => new lib.Macd({ fast: 2, slow: 5, signal: 3 }),
    kernel: ({ close }) => lib.macd(close, { fast: 2, slow: 5, signal: 3 }),
    naive: (rows, i) => {
      const lines = perRow(rows, i, (upTo) => emaOf(closes(upTo), 2) - emaOf(closes(upTo), 5));
      const value = lines.at(-1)!;
      const signal = emaOf(known(lines), 3);
      return { value, signal, histogram: value - signal };
    },
    needs: CLOSE,
    outputs: { value: 'difference', signal: 'difference', histogram: 'difference' },
  },
  {
    key: 'bollinger',
    make: () => new lib.Bollinger({ length: 5, deviations: 1.5 }),
    kernel: ({ close }) => lib.bollinger(close, { length: 5, deviations: 1.5 }),
    naive: (rows, i) => {
      const window = lastOf(rows, i, 5);
      if (window === null) return { value: NaN, upper: NaN, lower: NaN, percentB: NaN };
      const value = mean(closes(window));
      const distance = 1.5 * deviation(closes(window), 0);
      const percentB =
        distance === 0 ? 0.5 : (rows[i]!.close - (value - distance)) / (2 * distance);
      return { value, upper: value + distance, lower: value - distance, percentB };
    },
    needs: CLOSE,
    outputs: { ...CHANNEL, percentB: 'free' },
  },
  {
    key: 'keltner',
    make: () => new lib.Keltner({ length: 4, atrLength: 3, multiple: 1.5 }),
    kernel: (bars) => lib.keltner(bars, { length: 4, atrLength: 3, multiple: 1.5 }),
    naive: (rows, i) => {
      const upTo = rows.slice(0, i + 1);
      const value = emaOf(closes(upTo), 4);
      const distance = 1.5 * rmaOf(ranges(upTo), 3);
      return { value, upper: value + distance, lower: value - distance };
    },
    needs: HLC,
    outputs: CHANNEL,
  },
  {
    key: 'donchian',
    make: () => new lib.Donchian(4),
    kernel: (bars) => lib.donchian(bars, 4),
    naive: (rows, i) => {
      const window = lastOf(rows, i, 4) ?? [];
      const upper = window.length === 0 ? NaN : Math.max(...window.map((r) => r.high));
      const lower = window.length === 0 ? NaN : Math.min(...window.map((r) => r.low));
      return { value: (upper + lower) / 2, upper, lower };
    },
    needs: ['high', 'low'],
    outputs: CHANNEL,
  },
  {
    key: 'adx',
    make: () => new lib.Adx(3),
    kernel: (bars) => lib.adx(bars, 3),
    naive: (rows, i) => {
      const { plus, minus } = dmi(rows.slice(0, i + 1), 3);
      const dx = known(perRow(rows, i, (upTo) => dxOf(upTo, 3)));
      return { value: rmaOf(dx, 3), plusDi: plus, minusDi: minus };
    },
    needs: HLC,
    outputs: { value: 'free', plusDi: 'free', minusDi: 'free' },
  },
  {
    key: 'cci',
    make: () => new lib.Cci(4),
    kernel: (bars) => lib.cci(bars, 4),
    naive: one((rows, i) => {
      const window = lastOf(rows, i, 4);
      if (window === null) return NaN;
      const values = window.map(typical);
      const m = mean(values);
      const distance = mean(values.map((v) => Math.abs(v - m)));
      return distance < 1e-9 ? 0 : (values.at(-1)! - m) / (0.015 * distance);
    }),
    needs: HLC,
    outputs: FREE,
  },
  {
    key: 'obv',
    make: () => new lib.Obv(),
    kernel: (bars) => lib.obv(bars),
    naive: one((rows, i) =>
      sum(rows.slice(1, i + 1).map((row, k) => Math.sign(row.close - rows[k]!.close) * row.volume)),
    ),
    needs: ['close', 'volume'],
    outputs: FREE,
  },
  {
    key: 'session-vwap',
    make: () => new lib.SessionVwap(),
    kernel: (bars) => lib.sessionVwap(bars),
    naive: (rows, i) => vwap(ofSession(rows, i)),
    needs: ['high', 'low', 'close', 'volume', 'session'],
    outputs: { value: 'level', deviation: 'difference' },
  },
  {
    key: 'anchored-vwap',
    make: () => new lib.AnchoredVwap(),
    kernel: (bars) => lib.anchoredVwap(bars),
    naive: (rows, i) => vwap(rows.slice(0, i + 1)),
    needs: ['high', 'low', 'close', 'volume'],
    outputs: { value: 'level', deviation: 'difference' },
  },
  {
    key: 'deviation',
    make: () => new lib.RollingDeviation(5),
    kernel: ({ close }) => lib.rollingDeviation(close, 5),
    naive: windowed(5, (v) => deviation(v, 1)),
    needs: CLOSE,
    outputs: DIFFERENCE,
  },
  {
    key: 'regression',
    make: () => new lib.RegressionSlope(5),
    kernel: ({ close }) => lib.regressionSlope(close, 5),
    naive: (rows, i) => {
      const window = lastOf(rows, i, 5);
      return window === null ? { value: NaN, fitted: NaN } : slopeOf(closes(window));
    },
    needs: CLOSE,
    outputs: { value: 'difference', fitted: 'level' },
  },
  {
    key: 'z-score',
    make: () => new lib.ZScore(5),
    kernel: ({ close }) => lib.zScore(close, 5),
    naive: windowed(5, (v) => {
      const d = deviation(v, 1);
      return d === 0 ? 0 : (v.at(-1)! - mean(v)) / d;
    }),
    needs: CLOSE,
    outputs: FREE,
  },
  {
    key: 'percentile-rank',
    make: () => new lib.PercentileRank(6),
    kernel: ({ close }) => lib.percentileRank(close, 6),
    naive: windowed(6, (v) => {
      const others = v.slice(0, -1);
      const x = v.at(-1)!;
      const below = others.filter((o) => o < x).length;
      const equal = others.filter((o) => o === x).length;
      return (100 * (below + equal / 2)) / others.length;
    }),
    needs: CLOSE,
    outputs: FREE,
  },
  {
    key: 'highest',
    make: () => new lib.Highest(4),
    kernel: ({ high }) => lib.highest(high, 4),
    naive: one((rows, i) => {
      const window = lastOf(rows, i, 4);
      return window === null ? NaN : Math.max(...window.map((r) => r.high));
    }),
    needs: ['high'],
    outputs: LEVEL,
  },
  {
    key: 'lowest',
    make: () => new lib.Lowest(4),
    kernel: ({ low }) => lib.lowest(low, 4),
    naive: one((rows, i) => {
      const window = lastOf(rows, i, 4);
      return window === null ? NaN : Math.min(...window.map((r) => r.low));
    }),
    needs: ['low'],
    outputs: LEVEL,
  },
  {
    key: 'cross-over',
    make: () => new Crossing(),
    kernel: ({ close }) => lib.crossOver(lib.ema(close, 2), lib.sma(close, 4)),
    naive: one((rows, i) => {
      // The lines are those of the library: they have twins of their own, and a touch is a matter of the last bit.
      const c = Float64Array.from(closes(rows.slice(0, i + 1)));
      const b = lib.sma(c, 4);
      const from = b.findIndex((v) => !Number.isNaN(v));
      if (from < 0) return NaN;
      return crosses(Array.from(lib.ema(c, 2).slice(from)), Array.from(b.slice(from)));
    }),
    needs: CLOSE,
    outputs: FREE,
  },
  ...KINDS.map((kind): Case => ({
    key: 'pivot-points',
    make: () => new lib.PivotPoints({ kind }),
    kernel: (bars) => lib.pivotPoints(bars, { kind }),
    naive: pivots(kind),
    needs: ['high', 'low', 'close', 'session'],
    outputs: PIVOTS,
  })),
  {
    key: 'opening-range',
    make: () => new lib.OpeningRange({ minutes: 3 }),
    kernel: (bars) => lib.openingRange(bars, { minutes: 3 }),
    naive: (rows, i) => {
      const day = ofSession(rows, i);
      const end = day[0]!.openUs + 3 * MINUTE;
      const inside = day.filter((row) => row.closeUs <= end);
      if (rows[i]!.closeUs < end || inside.length === 0)
        return { value: NaN, upper: NaN, lower: NaN };
      const upper = Math.max(...inside.map((r) => r.high));
      const lower = Math.min(...inside.map((r) => r.low));
      return { value: (upper + lower) / 2, upper, lower };
    },
    needs: ['high', 'low', 'session'],
    outputs: CHANNEL,
  },
  {
    key: 'volume-profile',
    make: () => new lib.VolumeProfile({ rowSize: 0.5 }),
    kernel: (bars) => lib.volumeProfile(bars, { rowSize: 0.5 }),
    naive: (rows, i) => profile(ofSession(rows, i), 0.5, 0.7),
    needs: ['high', 'low', 'close', 'volume', 'session'],
    outputs: { value: 'level', areaHigh: 'level', areaLow: 'level' },
  },
  ...(
    [
      { returns: 'log' },
      { returns: 'change', mean: 'sample', barsPerYear: 252 },
    ] as const satisfies lib.RealisedVolatilityOptions[]
  ).map((options): Case => ({
    key: 'realised-volatility',
    make: () => new lib.RealisedVolatility(4, options),
    kernel: ({ close }) => lib.realisedVolatility(close, 4, options),
    naive: volatility(4, options),
    needs: CLOSE,
    outputs: options.returns === 'log' ? FREE : DIFFERENCE,
  })),
  {
    key: 'change-stdev',
    make: () => new lib.ChangeStdev(4),
    kernel: ({ close }) => lib.changeStdev(close, 4),
    naive: one((rows, i) => {
      const window = lastOf(rows, i, 5);
      return window === null ? NaN : deviation(changes(closes(window)), 1);
    }),
    needs: CLOSE,
    outputs: DIFFERENCE,
  },
];

/** A kernel's result as columns by output. */
export function columnsOf(result: Float64Array | object): Columns {
  return result instanceof Float64Array ? { value: result } : (result as Columns);
}

/** The incremental indicator over all rows. */
export function incremental(
  make: () => Indicator,
  bars: Bars,
  outputs: readonly string[],
): Columns {
  const indicator = make();
  const out = Object.fromEntries(
    outputs.map((name) => [name, new Float64Array(bars.close.length)]),
  );
  for (let i = 0; i < bars.close.length; i += 1) {
    indicator.update(view(rowOf(bars, i)));
    for (const name of outputs) out[name]![i] = valueOf(indicator, name);
  }
  return out;
}

export function valueOf(indicator: Indicator, name: string): number {
  return (indicator as unknown as Readonly<Record<string, number>>)[name]!;
}

/** The naive twin over the rows that are whole; NaN on the others. */
export function naively(test: Case, bars: Bars): Columns {
  const rows = rowsOfBars(bars);
  const isWhole = (row: Row): boolean => test.needs.every((name) => Number.isFinite(row[name]));
  const whole = rows.filter(isWhole);
  const names = Object.keys(test.outputs);
  let at = -1;
  const values = rows.map((row) => {
    if (!isWhole(row)) return Object.fromEntries(names.map((n) => [n, NaN]));
    at += 1;
    return test.naive(whole, at);
  });
  return Object.fromEntries(names.map((n) => [n, Float64Array.from(values, (v) => v[n]!)]));
}
