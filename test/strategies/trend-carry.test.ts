/** Trend and carry: sizes by a naive twin, in any currency, the same forwards as with hindsight. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyStrategyDefinition } from '../../src/core/strategy.ts';
import { resolveParams } from '../../src/core/strategy.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import type { PreparedRun } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import { readContinuousSeries } from '../../src/research/continuous-series.ts';
import { FILL_COLUMNS } from '../../src/research/tables.ts';
import { trendCarry } from '../../src/strategies/index.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import type { TwinParams, TwinProduct } from '../support/trend-carry-twin.ts';
import { twinSizes, twinWanted } from '../support/trend-carry-twin.ts';

const ROOTS = ['ES', 'CL', 'ZN'];
let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ROOTS, from: '2021-01-04', to: '2022-06-30' });
});
afterAll(() => {
  sample.remove();
});

const SHORT = { fastest: 2, speeds: 3, volBars: 15, carryBars: 10, sizeOn: 'fixed' };

function prepared(params: object = {}, changes: object = {}): PreparedRun {
  return prepareRun(
    backtestOptions(sample, 'trend-carry', {
      instruments: ROOTS,
      params: { ...SHORT, ...params },
      ...changes,
    }),
  );
}

interface SizeNote {
  readonly tsUs: number;
  readonly root: string;
  readonly forecast: number;
  readonly exact: number;
  readonly held: number;
  readonly wanted: number;
  readonly pointValue: number;
}
function run(input: PreparedRun) {
  const journal = new MemoryJournal();
  const { result, recorder } = simulate(input, 'pessimistic', journal);
  if (result.error !== null) throw result.error.cause;
  const lines = journal
    .lines()
    .map((line) => JSON.parse(line) as { tsUs: number; kind: string; body: { fields: object } });
  return {
    hash: result.eventHash,
    lines: journal.lines(),
    fills: toRows(recorder.tables().fills, FILL_COLUMNS),
    sizes: lines
      .filter(({ kind }) => kind === 'note')
      .map(({ tsUs, body }) => ({ tsUs, ...body.fields }) as SizeNote),
  };
}

/** From the view outside of a run: the whole history is known here. */
function twinProducts(): TwinProduct[] {
  return ROOTS.map((root) => {
    const { columns, curve, spec } = readContinuousSeries({
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      dataset: 'sample',
      root,
      bars: '1d',
      curve: true,
    });
    expect([...curve!.closeUs]).toEqual([...columns.closeUs]);
    return {
      root,
      closeUs: [...columns.closeUs],
      close: [...columns.close],
      carry: [...curve!.annualisedCarry],
      pointValue: spec.multiplier,
    };
  });
}

function paramsOf(given: object): TwinParams {
  const { params } = trendCarry as AnyStrategyDefinition;
  return resolveParams(params, { ...SHORT, ...given }) as unknown as TwinParams;
}

describe('trend-carry', () => {
  it.each([
    ['as it comes', {}],
    ['trend alone', { trendWeight: 100 }],
    ['carry alone', { trendWeight: 0 }],
    ['without a band', { buffer: 0 }],
    ['with a low cap and no diversification', { cap: 5, correlation: 1, maxContracts: 7 }],
  ])('sizes like its naive twin: %s', (_, given) => {
    const input = prepared(given);
    const { sizes, fills } = run(input);
    const twins = twinSizes(twinProducts(), paramsOf(given), input.options.capital);
    const fromUs = Math.min(...sizes.map(({ tsUs }) => tsUs));
    let compared = 0;
    for (const root of ROOTS) {
      const own = fills.filter((fill) => fill.root === root);
      for (const twin of twins) {
        if (twin.root !== root || twin.closeUs < fromUs) continue;
        // A fill at this very moment came from an earlier bar.
        const held = own
          .filter(({ tsUs }) => tsUs <= twin.closeUs)
          .reduce((sum, { side, qty }) => sum + side * qty, 0);
        const note = sizes.find((each) => each.root === root && each.tsUs === twin.closeUs);
        const wanted = 0 + twinWanted(twin, held);
        expect([twin.closeUs, note?.wanted ?? held]).toEqual([twin.closeUs, wanted]);
        if (note === undefined) continue;
        expect(note.held).toBe(held);
        expect(note.forecast).toBeCloseTo(twin.forecast, 9);
        expect(note.exact).toBeCloseTo(twin.exact, 9);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(50);
    expect(compared).toBe(sizes.length);
  });

  it('takes twice the size with twice the capital or twice the target', () => {
    const first = (params: object, changes: object = {}): SizeNote =>
      run(prepared({ buffer: 0, ...params }, changes)).sizes[0]!;
    const { exact } = first({});
    expect(first({}, { capital: 2_000_000 }).exact).toBeCloseTo(2 * exact, 9);
    expect(first({ annualVol: 40 }).exact).toBeCloseTo(2 * exact, 9);
  });

  it('counts the same risk in another currency: half the worth of a dollar, twice the contracts', () => {
    const rates = { text: 'date,currency,rate\n2020-12-01,USD,0.5\n', file: 'rates.csv' };
    const [home, abroad] = [{}, { currency: 'EUR', rates }].map(
      (changes) => run(prepared({ buffer: 0 }, changes)).sizes[0]!,
    );
    expect(abroad!.pointValue).toBe(home!.pointValue / 2);
    expect(abroad!.exact).toBeCloseTo(2 * home!.exact, 9);
  });

  it('refuses a currency without a rate', () => {
    expect(() => prepared({}, { currency: 'EUR' })).toThrow(/no rate from USD to EUR/);
  });

  it('with half compounding never sizes on more than the start, and on less after losses', () => {
    const twins = twinSizes(twinProducts(), paramsOf({}), 1_000_000);
    const { sizes } = run(prepared({ sizeOn: 'half' }));
    const ratios = sizes.map(({ root, tsUs, exact }) => {
      const twin = twins.find((each) => each.root === root && each.closeUs === tsUs)!;
      return exact / twin.exact;
    });
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1 + 1e-9);
    expect(Math.min(...ratios)).toBeLessThan(0.999);
  });

  it('writes the beginning of the same journal when the data end earlier', () => {
    const body = (lines: readonly string[]): string[] =>
      lines.filter((line) => /"kind":"(note|fill)"/.test(line));
    const whole = body(run(prepared()).lines);
    const part = body(run(prepared({}, { to: '2022-02-28' })).lines);
    expect(part.length).toBeGreaterThan(50);
    expect(whole.slice(0, part.length)).toEqual(part);
  });

  it('has the same event log as when it was written', () => {
    expect(run(prepared()).hash).toMatchInlineSnapshot(
      `"48715b58283d3bc4956acb04ea026d9692e81049417de26446e26b101582344c"`,
    );
  });

  it.each([
    ['correlation', 1.1],
    ['speeds', 0],
    ['trendWeight', -1],
    ['sizeOn', 'all'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => prepared({ [name]: value })).toThrow(/allowed is/);
  });
});
