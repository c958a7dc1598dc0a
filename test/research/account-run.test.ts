/** The account of a run from its configuration to its fills: dated fees, official settlements, what is refused at the start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { Side } from '../../src/core/order.ts';
import type { StrategyContext } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { TsUs } from '../../src/core/units.ts';
import { toIsoUtc } from '../../src/core/units.ts';
import type { BacktestRun, ShortBacktestOptions } from '../../src/research/short-backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'frontmonth-account-run-'));
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2022-01-03',
    to: '2022-01-14',
    minuteFrom: '2022-01-03',
    intervals: ['1h'],
  });
}, 60_000);
afterAll(() => {
  sample.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** One order after each bar that closes at one of these times, UTC. */
function at(
  orders: Readonly<Record<string, (ctx: StrategyContext, contract: never) => void>>,
): ReturnType<typeof strategyOf> {
  return strategyOf(orders);
}
function strategyOf(
  orders: Readonly<Record<string, (ctx: StrategyContext, contract: never) => void>>,
) {
  return defineStrategy({
    id: 'at-times',
    version: '1',
    description: 'orders at given times',
    params: {},
    instruments: ['ES'],
    requires: (_, roots) => ({
      series: roots.map((root) => ({ root, bars: '1h' as const, history: 2, warmUp: 1 })),
    }),
    create: () => ({
      onBar(bar, ctx) {
        orders[toIsoUtc(bar.closeUs)]?.(ctx, ctx.contract(bar.root) as never);
      },
    }),
  });
}
const buy = (ctx: StrategyContext, contract: never): void =>
  void ctx.submit({ contract, side: Side.Buy, qty: 1, type: 'market' });
const buyAtClose = (ctx: StrategyContext, contract: never): void =>
  void ctx.submit({ contract, side: Side.Buy, qty: 1, type: 'market', timeInForce: 'at-close' });

const run = (
  orders: Parameters<typeof at>[0],
  options: Partial<ShortBacktestOptions> = {},
): Promise<BacktestRun> =>
  backtest(at(orders), {
    catalog: sample.catalogDir,
    runs: sample.runsDir,
    from: '2022-01-06',
    to: '2022-01-13',
    costs: { default: { slippageTicks: 0 } },
    bounds: false,
    report: false,
    ...options,
  });
const errorOf = (made: Promise<unknown>): Promise<TradingError> =>
  made.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => {
      expect(error).toBeInstanceOf(TradingError);
      return error as TradingError;
    },
  );

describe('dated fees', () => {
  const fees = (from: string) => ({
    account: { fees: { ES: [{ commission: 1 }, { from, commission: 2 }] } },
  });

  it('hold for the evening before their date: the trade date decides, not the date in UTC', async () => {
    // Chicago 17:00 is 23:00 UTC: the fills of 22:00 and 23:00 UTC on the 10th are of two trade dates.
    const { fills } = await run(
      { '2022-01-10T21:00:00Z': buy, '2022-01-11T00:00:00Z': buy, '2022-01-10T20:00:00Z': buy },
      fees('2022-01-11'),
    );
    expect(fills.map((fill) => [toIsoUtc(fill.tsUs as TsUs), fill.feeMicros / 1e6])).toEqual([
      ['2022-01-10T20:00:00Z', 1],
      ['2022-01-10T21:00:00Z', 1],
      ['2022-01-11T00:00:00Z', 2],
    ]);
    const evening = await run({ '2022-01-10T22:00:00Z': buy }, fees('2022-01-11'));
    expect(
      evening.fills.map((fill) => [toIsoUtc(fill.tsUs as TsUs), fill.feeMicros / 1e6]),
    ).toEqual([['2022-01-10T23:00:00Z', 2]]);
  });

  it('that begin after the run are refused before it, also where nothing would be traded', async () => {
    const late = { account: { fees: { ES: [{ from: '2022-01-07', commission: 1 }] } } };
    const error = await errorOf(run({}, late));
    expect([error.code, error.message]).toEqual([
      'E_FEE_SCHEDULE',
      'the fees of ES begin on 2022-01-07, the run on 2022-01-06',
    ]);
    expect(error.fix).toContain('--from 2022-01-07');
    const onTime = await run({}, { ...late, from: '2022-01-07' });
    expect(onTime.manifest.outcome).toBe('completed');
  });
});

describe('what the run says of its fills', () => {
  const codes = ({ summary }: BacktestRun): string[] => summary.warnings.map(({ code }) => code);

  it('P16 flags an order that waited for the reopening over a closed market, with its wait', async () => {
    // Friday's last bar ends at 22:00 UTC; trading goes on on Sunday at 23:00.
    const { issues, fills } = await run({
      '2022-01-07T22:00:00Z': buy,
      '2022-01-10T15:00:00Z': buy,
    });
    expect(fills.map((fill) => toIsoUtc(fill.tsUs as TsUs))).toEqual([
      '2022-01-09T23:00:00Z',
      '2022-01-10T15:00:00Z',
    ]);
    const gap = issues.find(({ code }) => code === 'N_FILL_GAP')!;
    expect(gap.count).toBe(1);
    expect(gap.first[1]!.message).toBe(
      'O-000001 in ESH2022 waited 49.0 hours, until 2022-01-09T23:00:00Z',
    );
    expect(codes(await run({ '2022-01-10T15:00:00Z': buy }))).not.toContain('N_FILL_GAP');
  });

  it('names the options that had nothing to act on, and what those did that had', async () => {
    const orders = { '2022-01-10T15:00:00Z': buy };
    const said = async (options: Partial<ShortBacktestOptions>): Promise<string[]> =>
      (await run(orders, options)).issues
        .map(({ code }) => code)
        .filter((code) => /VOLUME_OVER|SEEDED/.test(code));
    const path = { volumeOver: 'path' } as const;
    expect(await said({ barFills: path })).toEqual(['W_VOLUME_OVER_UNUSED']);
    expect(await said({ barFills: { ...path, participation: 'all' }, fills: 'ohlc' })).toEqual([
      'W_VOLUME_OVER_UNUSED',
    ]);
    expect(await said({ barFills: path, fills: 'ohlc' })).toEqual(['N_VOLUME_OVER']);
    expect(await said({ barFills: { volumeOver: 'bar' }, fills: 'ohlc' })).toEqual([]);
    expect(await said({ barFills: { seededRuns: 5 } })).toEqual(['W_SEEDED_RUNS_UNUSED']);
    expect(await said({ barFills: { seededRuns: 5 }, fills: 'seeded' })).toEqual([
      'W_SEEDED_RUNS_UNUSED',
    ]);
    expect(await said({ barFills: { seededRuns: 2 }, fills: 'seeded', bounds: true })).toEqual([
      'N_SEEDED_ALIKE',
    ]);
  });
});

describe('orders for the close', () => {
  const settlements = (text: string): string => {
    const path = join(dir, 'settlements.csv');
    writeFileSync(path, `date,contract,price\n${text}\n`);
    return path;
  };
  const orders = { '2022-01-10T15:00:00Z': buyAtClose };

  it('fill at the official settlement of their trade date, and say that it was one', async () => {
    const plain = await run(orders);
    const [last] = plain.fills;
    expect(last!.rule).toBe('at-close');
    const price = (last!.priceTicks + 7) / 4;
    const official = await run(orders, {
      settlements: settlements(`2022-01-10,ESH2022,${price}\n2022-01-11,ESH2022,1`),
    });
    expect(
      official.fills.map(({ rule, priceTicks, policy }) => [rule, priceTicks, policy]),
    ).toEqual([['at-close-settlement', last!.priceTicks + 7, '']]);
    expect(official.fills[0]!.tsUs).toBe(last!.tsUs);
  });

  it('fill at the last bar where the date has no price, or the product is told so', async () => {
    const [last] = (await run(orders)).fills;
    const other = await run(orders, { settlements: settlements('2022-01-11,ESH2022,1') });
    expect(other.fills[0]).toMatchObject({ rule: 'at-close', priceTicks: last!.priceTicks });
    const told = await run(orders, {
      settlements: settlements('2022-01-10,ESH2022,1'),
      barFills: { atClose: { ES: 'last-bar' } },
    });
    expect(told.fills[0]).toMatchObject({ rule: 'at-close', priceTicks: last!.priceTicks });
  });

  it('are refused a word for the close that there is not', async () => {
    const error = await errorOf(run(orders, { barFills: { atClose: 'vwap' as never } }));
    expect(error.code).toBe('E_BACKTEST_OPTION');
  });
});
