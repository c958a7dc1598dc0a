/** Backtests whose orders match on ticks, as a user asks for them. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuoteColumns } from '../../src/core/bars.ts';
import { TradingError } from '../../src/core/errors.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { AnyStrategyDefinition, Strategy } from '../../src/core/strategy.ts';
import type { Qty } from '../../src/core/units.ts';
import { importFiles } from '../../src/cli/import-data.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { BacktestOptions } from '../../src/research/backtest.ts';
import { prepareRun, rerunRun, runBacktest } from '../../src/research/backtest.ts';
import type { VenueConfig } from '../../src/research/define-config.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

const MINUTE = 60_000_000;
let sample: SampleCatalog;

beforeAll(() => {
  sample = makeSampleCatalog({ from: '2022-08-01', to: '2022-11-30', products: ['ES', 'CL'] });
  const from = Date.UTC(2022, 9, 3) * 1000;
  const rows = Array.from({ length: 60 * 24 * 5 }, (_, i) => from + i * MINUTE);
  const writer = openCatalog(sample.catalogDir)
    .dataset('sample')
    .beginWrite({ isValidated: false });
  writer.put('quotes', 'ESZ2022' as never, 2022, {
    length: rows.length,
    tsUs: Float64Array.from(rows),
    seq: Float64Array.from(rows, (_, i) => 2 * i),
    bid: Int32Array.from(rows, (_, i) => 15_000 + (i % 9)),
    ask: Int32Array.from(rows, (_, i) => 15_001 + (i % 9)),
    bidQty: new Float64Array(rows.length).fill(20),
    askQty: new Float64Array(rows.length).fill(20),
  });
  writer.put('trades', 'ESZ2022' as never, 2022, {
    length: rows.length,
    tsUs: Float64Array.from(rows),
    seq: Float64Array.from(rows, (_, i) => 2 * i + 1),
    price: Int32Array.from(rows, (_, i) => 15_000 + (i % 9)),
    qty: new Float64Array(rows.length).fill(4),
    aggressor: new Int8Array(rows.length).fill(-1),
  });
  writer.commit();
});
afterAll(() => sample.remove());

function definition(bars: '1h' | '1m', strategy: Strategy): AnyStrategyDefinition {
  return defineStrategy({
    id: 'one',
    version: '1',
    description: 'One thing.',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series: [{ root: 'ES', bars }] }),
    create: () => strategy,
  });
}

/** Buys and sells by turns at every bar. */
function turns(): Strategy {
  let isLong = false;
  return {
    onBar: (_, ctx) => {
      ctx.submit({
        contract: ctx.contract('ES'),
        side: isLong ? -1 : 1,
        type: 'market',
        qty: 1 as Qty,
      });
      isLong = !isLong;
    },
  };
}

function options(
  venue: VenueConfig,
  strategy: Strategy,
  more: Partial<BacktestOptions> = {},
): BacktestOptions {
  return backtestOptions(sample, 'one', {
    strategy: definition('1h', strategy),
    instruments: ['ES'],
    from: '2022-10-04',
    to: '2022-10-05',
    venue,
    config: { venue },
    ...more,
  });
}

interface FillLine {
  readonly contract: string;
  readonly side: number;
  readonly qty: number;
  readonly priceTicks: number;
  readonly tsUs: number;
  readonly evidence: { readonly rule: string; readonly flags?: readonly string[] };
}

function fillsOf(dir: string): FillLine[] {
  return readFileSync(join(dir, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"kind":"fill"'))
    .map((line) => (JSON.parse(line) as { body: FillLine }).body);
}

describe('a backtest on ticks', () => {
  it('fills a market order at the quote of its moment, and never at a bar', async () => {
    const run = await runBacktest(options({ matching: 'quotes' }, turns(), { bounds: false }));
    const fills = fillsOf(run.dir);
    expect(fills.length).toBeGreaterThan(20);
    const from = Date.UTC(2022, 9, 3) * 1000;
    // An order from before the open takes part in the opening, which is the first trade.
    for (const fill of fills.filter((each) => each.evidence.rule !== 'auction')) {
      const minute = Math.floor((fill.tsUs - from) / MINUTE);
      expect(fill.priceTicks).toBe((fill.side === 1 ? 15_001 : 15_000) + (minute % 9));
    }
    expect(run.manifest.matching).toEqual({ ES: 'quotes' });
    expect(run.summary.oneBarLater ?? null).toBeNull();
    const codes = (
      JSON.parse(readFileSync(join(run.dir, 'issues.json'), 'utf8')) as { code: string }[]
    ).map((issue) => issue.code);
    // Zero is legal, and said; what bars would have charged is not missed.
    expect(codes).toContain('N_MATCHING');
    expect(codes).toContain('N_LATENCY_ZERO');
    expect(codes).not.toContain('W_SLIPPAGE_CUT');
  });

  it('can be run again from its manifest', async () => {
    const venue: VenueConfig = {
      matching: 'auto',
      latency: { entry: { quantiles: [1, 5, 90] }, response: 2 },
    };
    const run = await runBacktest(options(venue, turns(), { bounds: false }));
    const again = await rerunRun(run.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: definition('1h', turns()),
      clock: () => 0 as never,
    });
    expect(again).toMatchObject({ same: true, firstDifference: null });
  });

  it('bounds passive fills by a second run with nobody before our orders', async () => {
    const joins: Strategy = {
      onBar: (_, ctx) => {
        ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          type: 'limit',
          qty: 1 as Qty,
          limitTicks: 15_000 as never,
        });
      },
    };
    const run = await runBacktest(options({ matching: 'quotes', queue: 'never' }, joins));
    expect(run.summary.optimistic).not.toBeNull();
    const headline = run.summary.metrics;
    expect(headline).not.toEqual(run.summary.optimistic);
  });

  it('on trades alone says of every fill that the quote was assumed', async () => {
    const venue: VenueConfig = { matching: 'trades', halfSpreadTicks: 1 };
    const run = await runBacktest(options(venue, turns(), { bounds: false }));
    const fills = fillsOf(run.dir);
    expect(fills.length).toBeGreaterThan(20);
    const from = Date.UTC(2022, 9, 3) * 1000;
    for (const fill of fills.filter((each) => each.evidence.rule !== 'auction')) {
      const minute = Math.floor((fill.tsUs - from) / MINUTE);
      expect(fill.priceTicks).toBe(15_000 + (minute % 9) + fill.side);
      expect(fill.evidence.flags).toEqual(['synthetic-quote']);
    }
  });

  it('takes the finest data that a product has', () => {
    const both = prepareRun(options({ matching: 'auto' }, turns()));
    expect(both.plan.matching).toEqual({ ES: 'quotes' });
    const bars = prepareRun(options({}, turns()));
    expect(bars.plan.matching).toEqual({ ES: 'bars' });
    expect(bars.plan.ticks).toEqual([]);
  });

  it('is refused without the data, and says what there is', () => {
    const refusal = (venue: VenueConfig, to: string): string => {
      try {
        prepareRun(options(venue, turns(), { to }));
      } catch (error) {
        if (error instanceof TradingError) return `${error.code} ${error.fix ?? ''}`;
        throw error;
      }
      return 'no error';
    };
    expect(refusal({ matching: 'mbo' }, '2022-10-05')).toContain('--matching auto');
    expect(refusal({ matching: 'quotes' }, '2022-11-20')).toContain('E_DATA_SPAN');
  });

  it.each([
    ['two latencies', { barFills: { latencyMs: 5 } }, { latency: { entry: 5 } }],
    ['a latency of bars on ticks', { barFills: { latencyMs: 5 } }, { matching: 'quotes' }],
    ['an imitation as on a venue', { fills: 'lean' }, { profile: 'ib' }],
    ['an imitation with bar settings', { fills: 'lean', barFills: { gapImprove: true } }, {}],
    ['a bar policy where all is ticks', { fills: 'ohlc' }, { matching: 'quotes' }],
  ] as const)('refuses %s before anything is run', (_, more, venue) => {
    expect(() => prepareRun(options(venue, turns(), more))).toThrow(
      expect.objectContaining({ code: 'E_SIM_OPTION' }),
    );
  });

  it.each([
    [{ barFills: { latencyMs: 5 } }, {}],
    [{ barFills: { latencyMs: 0 } }, { latency: { entry: 5 } }],
    [{ fills: 'lean' }, { matching: 'bars' }],
    [{ fills: 'optimistic' }, { matching: 'quotes' }],
    [{ fills: 'ohlc' }, { matching: 'bars' }],
  ] as const)('takes settings that agree: %j %j', (more, venue) => {
    expect(() => prepareRun(options(venue, turns(), more))).not.toThrow();
  });

  it('names the settings that bear on nothing', async () => {
    const venue: VenueConfig = { queue: 'back', latency: { entry: 1 } };
    const run = await runBacktest(options(venue, turns(), { bounds: false }));
    const issues = readFileSync(join(run.dir, 'issues.json'), 'utf8');
    expect(issues).toContain('N_SETTING_UNUSED');
    expect(issues).toContain('venue.queue');
    expect(issues).not.toContain('venue.latency,');
  });
});

const reference = referenceDataDir();
if (reference === null) console.warn(NO_REFERENCE_DATA);

describe.skipIf(reference === null)('the recorded market of an evening', () => {
  const folder = join(reference ?? '', 'databento');
  let work = '';
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'frontmonth-ticks-'));
    const files = ['futures_mbp-1', 'futures_trades', 'futures_ohlcv', 'futures_definition'].map(
      (part) =>
        join(
          folder,
          readdirSync(folder).find((name) => name.includes(part))!,
        ),
    );
    for (const file of files) expect(existsSync(file)).toBe(true);
    await importFiles(importOptions(files));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  const importOptions = (files: string[]): Parameters<typeof importFiles>[0] =>
    ({
      catalogDir: work,
      instrumentsDir: INSTRUMENTS_DIR,
      files,
      dataset: 'evening',
      quarantine: false,
    }) as never;

  /** Every quote of the record. */
  function quotes(
    contract: string,
  ): { tsUs: number; bid: number; ask: number; bidQty: number; askQty: number }[] {
    const source = openCatalog(work)
      .dataset('evening')
      .quotes({ contract: contract as never });
    const rows = [];
    for (let batch: QuoteColumns | null = source.next(); batch !== null; batch = source.next())
      for (let i = 0; i < batch.length; i += 1)
        rows.push({
          tsUs: batch.tsUs[i]!,
          bid: batch.bid[i]!,
          ask: batch.ask[i]!,
          bidQty: batch.bidQty[i]!,
          askQty: batch.askQty[i]!,
        });
    source.close();
    return rows;
  }

  it.each([0, 25, 250])(
    'fills every market order at the best price shown when it arrives, %d ms after it was sent',
    async (entry) => {
      const run = await runBacktest(
        backtestOptions(sample, 'one', {
          catalogDir: work,
          dataset: 'evening',
          strategy: definition('1m', turns()),
          instruments: ['ES'],
          venue: { matching: 'quotes', latency: { entry } },
          bounds: false,
        }),
      );
      const fills = fillsOf(run.dir);
      const rows = quotes('ESU2024');
      // Bars of the minutes with ticks: the others wait for data, or find them too old.
      const [firstUs, lastUs] = [rows[0]!.tsUs, rows.at(-1)!.tsUs];
      const inside = fills.filter((fill) => fill.tsUs > firstUs && fill.tsUs < lastUs);
      expect(inside.length).toBeGreaterThanOrEqual(3);
      for (const fill of inside) {
        const shown = rows.findLast((row) => row.tsUs <= fill.tsUs)!;
        expect(fill.contract).toBe('ESU2024');
        expect(fill.priceTicks).toBe(fill.side === 1 ? shown.ask : shown.bid);
        expect(shown.askQty).toBeGreaterThan(0);
        expect(fill.tsUs % MINUTE).toBe(entry * 1000);
      }
    },
  );

  /** A bracket at every bar, held as the venue of the profile holds it; its exits are near, so that they fill. */
  function brackets(): Strategy {
    return {
      onBar: (_, ctx) => {
        if (ctx.openOrders().length > 0 || ctx.position(ctx.contract('ES')).netQty !== 0) return;
        ctx.bracket({
          contract: ctx.contract('ES'),
          side: 1,
          type: 'market',
          qty: 2 as Qty,
          stop: { at: { offsetTicks: 4 } },
          targets: [{ at: { offsetTicks: 2 } }],
        });
      },
    };
  }

  it.each(['ideal', 'projectx', 'ib', 'cqg'] as const)(
    'joins the market in mid-session, and a bracket as on %s fills only where the record went',
    async (profile) => {
      const run = await runBacktest(
        backtestOptions(sample, 'one', {
          catalogDir: work,
          dataset: 'evening',
          strategy: definition('1m', brackets()),
          instruments: ['ES'],
          venue: { matching: 'quotes', profile, latency: { entry: 20, response: 10 } },
          bounds: false,
        }),
      );
      const rows = quotes('ESU2024');
      const [firstUs, lastUs] = [rows[0]!.tsUs, rows.at(-1)!.tsUs];
      const inside = fillsOf(run.dir).filter((fill) => fill.tsUs >= firstUs && fill.tsUs < lastUs);
      expect(inside.length).toBeGreaterThanOrEqual(2);
      // No open lies in these minutes: nothing is an auction.
      expect(inside.map((fill) => fill.evidence.rule)).not.toContain('auction');
      for (const fill of inside) {
        if (fill.side === 1) continue;
        // A sale got no more than somebody would have paid in the second around it.
        const near = rows.filter((row) => Math.abs(row.tsUs - fill.tsUs) <= 1_000_000);
        expect(Math.max(...near.map((row) => row.ask))).toBeGreaterThanOrEqual(fill.priceTicks);
      }
    },
  );
});
