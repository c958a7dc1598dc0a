/** Bars of bid and ask from a vendor's archives to the fills of a run: import, catalog, matching. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { StrategyContext } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { toIsoUtc, US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { importLean, openLeanFile } from '../../src/data/ingest/lean/import.ts';
import type { BacktestRun, ShortBacktestOptions } from '../../src/research/short-backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import { metaOf } from '../data/support.ts';
import { makeZip } from '../support/make-zip.ts';

const DATE = '20220110';
const MINUTES = 60;
/** 08:30 in Chicago, six hours behind UTC. */
const START_MS = 8.5 * 3_600_000;

/** Price of minute i in ticks: two up, one down. */
const tradeOf = (i: number): number => 18_800 + (i % 3 === 2 ? -1 : 1) + Math.floor(i / 3) * 2;
const price = (ticks: number): string => (ticks / 4).toFixed(2);

/** Each minute trades from its price one tick up and two down; the bid lies one tick below all of it, the ask three above. */
function rows(kind: 'trade' | 'quote'): string {
  const lines = Array.from({ length: MINUTES }, (_, i) => {
    const at = START_MS + i * 60_000;
    const side = (shift: number): string =>
      [0, 1, -2, 0].map((more) => price(tradeOf(i) + more + shift)).join(',');
    return kind === 'trade' ? `${at},${side(0)},500` : `${at},${side(-1)},40,${side(3)},50`;
  });
  return `${lines.join('\n')}\n`;
}

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'frontmonth-quote-bars-'));
  const files = (['trade', 'quote'] as const).map((kind) => {
    const path = join(dir, `future/cme/minute/es/${DATE}_${kind}.zip`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, makeZip({ [`${DATE}_es_minute_${kind}_202203.csv`]: rows(kind) }));
    return openLeanFile(path);
  });
  const dataset = openCatalog(join(dir, 'catalog'), { sync: false }).createDataset(
    metaOf('lean', { grids: {}, barStamp: 'open' }),
  );
  const report = importLean(dataset, {
    files,
    productOf: (root) => ({
      root: root.toUpperCase(),
      grid: { kind: 'ticks', increment: 0.25 },
      currency: 'USD',
      mayBeZeroOrBelow: false,
      clockOf: () => (wallUs) => wallUs + 6 * US_PER_HOUR,
      endedBy: (us) => (Math.floor(us / US_PER_DAY) - 1) as TradeDate,
    }),
  });
  expect(report.rows).toBe(2 * MINUTES);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Act = (ctx: StrategyContext, contract: never) => void;

async function fillsOf(
  orders: Readonly<Record<number, Act>>,
  options: Partial<ShortBacktestOptions> = {},
): Promise<string[]> {
  const { fills } = await runOf(orders, options);
  return fills.map(
    (fill) =>
      `${toIsoUtc(fill.tsUs as TsUs).slice(11, 16)} ${fill.side > 0 ? 'buy' : 'sell'} ${fill.priceTicks} ${fill.rule}`,
  );
}

/** Orders after the bar of minute i. */
function runOf(
  orders: Readonly<Record<number, Act>>,
  options: Partial<ShortBacktestOptions>,
): Promise<BacktestRun> {
  let bar = -1;
  const strategy = defineStrategy({
    id: 'by-minute',
    version: '1',
    description: 'orders at given minutes',
    params: {},
    instruments: ['ES'],
    requires: (_, roots) => ({
      series: roots.map((root) => ({ root, bars: '1m' as const, history: 2 })),
    }),
    create: () => {
      bar = -1;
      return {
        onBar(event, ctx) {
          bar += 1;
          orders[bar]?.(ctx, ctx.contract(event.root) as never);
        },
      };
    },
  });
  return backtest(strategy, {
    catalog: join(dir, 'catalog'),
    runs: join(dir, 'runs'),
    dataset: 'lean',
    from: '2022-01-10',
    to: '2022-01-10',
    costs: { default: { slippageTicks: 0 } },
    barFills: { quoteBars: true },
    bounds: false,
    report: false,
    ...options,
  });
}

const market =
  (side: Side): Act =>
  (ctx, contract) =>
    void ctx.submit({ contract, side, qty: 1, type: 'market' });
const limit =
  (side: Side, limitTicks: number): Act =>
  (ctx, contract) =>
    void ctx.submit({ contract, side, qty: 1, type: 'limit', limitTicks: limitTicks as never });
const stop =
  (side: Side, stopTicks: number, trigger: 'last' | 'bid-ask'): Act =>
  (ctx, contract) =>
    void ctx.submit({
      contract,
      side,
      qty: 1,
      type: 'stop',
      stopTicks: stopTicks as never,
      trigger,
    });

describe('bars of bid and ask, imported and matched on', () => {
  it('P18 give a buy the open of the ask and a sell that of the bid', async () => {
    const orders = { 3: market(Side.Buy), 6: market(Side.Sell) };
    expect(await fillsOf(orders)).toEqual([
      `14:34 buy ${tradeOf(4) + 3} bar-open`,
      `14:37 sell ${tradeOf(7) - 1} bar-open`,
    ]);
    expect(await fillsOf(orders, { barFills: {} })).toEqual([
      `14:34 buy ${tradeOf(4)} bar-open`,
      `14:37 sell ${tradeOf(7)} bar-open`,
    ]);
  });

  it('keep a buy limit that trades passed and the ask did not, and fill it at its price when the ask passes', async () => {
    // The trades of minute 4 go two ticks down, the ask stays a tick above that open.
    const near = { 3: limit(Side.Buy, tradeOf(4) - 1) };
    expect(await fillsOf(near, { barFills: {} })).toEqual([
      `14:35 buy ${tradeOf(4) - 1} limit-through`,
    ]);
    expect(await fillsOf(near)).toEqual([]);
    expect((await fillsOf({ 3: limit(Side.Buy, tradeOf(4) + 2) }))[0]).toBe(
      `14:35 buy ${tradeOf(4) + 2} limit-through`,
    );
  });

  it('elect a stop by the quote where it is asked for, before a trade is there', async () => {
    const level = tradeOf(4) + 4;
    const byQuote = await fillsOf({ 3: stop(Side.Buy, level, 'bid-ask') });
    const byTrade = await fillsOf({ 3: stop(Side.Buy, level, 'last') });
    expect(byQuote[0]).toBe(`14:35 buy ${level} stop-touch`);
    expect(byTrade[0]!.slice(0, 5) > '14:35').toBe(true);
  });

  it('count in the fingerprint of the run, and nothing is said to be missing', async () => {
    const orders = { 3: market(Side.Buy) };
    const quoted = await runOf(orders, {});
    const plain = await runOf(orders, { barFills: {} });
    expect(quoted.manifest.datasets[0]!.checksum).not.toBe(plain.manifest.datasets[0]!.checksum);
    expect(quoted.issues.map(({ code }) => code)).not.toContain('W_QUOTE_BARS_NONE');
  });
});
