/**
 * The sizes of trend-carry a second time, from columns of prices by the plain definitions: no engine, no indicator, no
 * strategy of the project. Slow and obvious.
 */

/** One product: daily rows in order, prices back-adjusted with the whole history known. */
export interface TwinProduct {
  readonly root: string;
  readonly closeUs: readonly number[];
  readonly close: readonly number[];
  /** Price a year; NaN where unknown. */
  readonly carry: readonly number[];
  /** Money of one point in the account's currency. */
  readonly pointValue: number;
}
export interface TwinParams {
  readonly fastest: number;
  readonly speeds: number;
  readonly trendScale: number;
  readonly carryScale: number;
  readonly carryBars: number;
  readonly trendWeight: number;
  readonly forecastDiversification: number;
  readonly cap: number;
  readonly volBars: number;
  readonly annualVol: number;
  readonly correlation: number;
  readonly diversificationMax: number;
  readonly buffer: number;
  readonly maxContracts: number;
}
export interface TwinSize {
  readonly root: string;
  readonly closeUs: number;
  readonly forecast: number;
  /** Contracts, not rounded. */
  readonly exact: number;
  readonly lower: number;
  readonly upper: number;
}

/** Exponential average of `length`, seeded with the mean of the first `length` values; NaN before. */
function emaOf(values: readonly number[], length: number): number[] {
  const out: number[] = [];
  let mean = NaN;
  values.forEach((value, i) => {
    if (i + 1 === length) mean = values.slice(0, length).reduce((a, b) => a + b, 0) / length;
    else if (i + 1 > length) mean = mean + (2 / (length + 1)) * (value - mean);
    out.push(mean);
  });
  return out;
}

/** Sample deviation of the last `length` changes; NaN before. */
function stdevOf(values: readonly number[], length: number): number[] {
  return values.map((_, i) => {
    if (i < length) return NaN;
    const changes = Array.from({ length }, (_c, k) => values[i - k]! - values[i - k - 1]!);
    const mean = changes.reduce((a, b) => a + b, 0) / length;
    return Math.sqrt(changes.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (length - 1));
  });
}

const cut = (value: number, cap: number): number => Math.max(-cap, Math.min(cap, value));

/** One forecast a row; NaN where there is none. */
export function twinForecasts(product: TwinProduct, params: TwinParams): number[] {
  const { close } = product;
  const stdev = stdevOf(close, params.volBars);
  const speeds = Array.from({ length: params.speeds }, (_, i) => {
    const fast = params.fastest * 2 ** i;
    return { fast: emaOf(close, fast), slow: emaOf(close, 4 * fast), root: Math.sqrt(fast) };
  });
  // Carry is averaged over the rows on which it could be measured.
  const measured = close.map((_, i) => product.carry[i]! / (stdev[i]! * Math.sqrt(252)));
  const rows = measured.flatMap((value, i) => (Number.isFinite(value) ? [i] : []));
  const averages = emaOf(
    rows.map((i) => measured[i]!),
    params.carryBars,
  );
  const carryAt = new Map(rows.map((i, k) => [i, averages[k]!]));
  let carry = NaN;
  let seen = -Infinity;
  let live = 0;
  return close.map((_, i) => {
    if (!(stdev[i]! > 0)) return NaN;
    live += 1;
    const average = carryAt.get(i) ?? NaN;
    if (!Number.isNaN(average)) [carry, seen] = [average * params.carryScale, live];
    const parts: [number, number][] = [];
    for (const { fast, slow, root } of speeds) {
      const value = ((fast[i]! - slow[i]!) / stdev[i]!) * (params.trendScale / root);
      if (!Number.isNaN(value))
        parts.push([cut(value, params.cap), params.trendWeight / params.speeds]);
    }
    if (live - seen <= 20) parts.push([cut(carry, params.cap), 100 - params.trendWeight]);
    const used = parts.filter(([, weight]) => weight > 0);
    if (used.length === 0) return NaN;
    const weights = used.reduce((sum, [, weight]) => sum + weight, 0);
    const mean = used.reduce((sum, [value, weight]) => sum + value * weight, 0) / weights;
    return cut(mean * (used.length > 1 ? params.forecastDiversification : 1), params.cap);
  });
}

/** Every row with a forecast, in the order in which a run sees them. */
export function twinSizes(
  products: readonly TwinProduct[],
  params: TwinParams,
  capital: number,
): TwinSize[] {
  const nearest = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
  const rows = products
    .flatMap((product, rank) => {
      const stdev = stdevOf(product.close, params.volBars);
      return twinForecasts(product, params).map((forecast, i) => ({
        product,
        rank,
        forecast,
        closeUs: product.closeUs[i]!,
        stdev: stdev[i]!,
      }));
    })
    .filter(({ forecast }) => !Number.isNaN(forecast))
    .toSorted((a, b) => a.closeUs - b.closeUs || a.rank - b.rank);
  const active = new Set<string>();
  return rows.map(({ product, forecast, closeUs, stdev }) => {
    active.add(product.root);
    const n = active.size;
    const multiplier = Math.min(
      params.diversificationMax,
      Math.sqrt(n / (1 + (n - 1) * params.correlation)),
    );
    const money = (capital * params.annualVol * multiplier) / 100 / n;
    const average = money / (stdev * Math.sqrt(252) * product.pointValue);
    const exact = (average * forecast) / 10;
    const width = (average * params.buffer) / 100;
    return {
      root: product.root,
      closeUs,
      forecast,
      exact,
      lower: cut(nearest(exact - width), params.maxContracts),
      upper: cut(nearest(exact + width), params.maxContracts),
    };
  });
}

/** What is wanted of a position that stands at `held`. */
export function twinWanted(size: TwinSize, held: number): number {
  return Math.min(size.upper, Math.max(size.lower, held));
}
